package bigcommerce

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPriceLists(t *testing.T) {
	f := newFixture(t, answer(200, `{"data":[{"id":3,"name":"Wholesale","active":true,"date_created":"2022-04-05T16:05:12Z","date_modified":"2022-04-05T16:05:12Z"}],"meta":{"pagination":{"total":1,"current_page":1,"total_pages":1}}}`))
	at := time.Date(2022, 4, 5, 16, 5, 12, 0, time.UTC)
	want := PriceList{ID: 3, Name: "Wholesale", Active: true, DateCreated: at, DateModified: at}
	for list, err := range f.PriceLists.List(t.Context(), PriceListFilter{IDs: []int64{3, 4}, Name: "Wholesale & more"}) {
		if diff := cmp.Diff(want, *list); err != nil || diff != "" {
			t.Fatalf("%v %s", err, diff)
		}
	}
	created, err := f.PriceLists.Create(t.Context(), "Wholesale", false)
	if diff := cmp.Diff(want, created); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	log := f.log()
	if log[0].Query != "id:in=3,4&name=Wholesale+%26+more&page=1&limit=250" || log[1].Body != `{"name":"Wholesale","active":false}` {
		t.Errorf("%q, %q", log[0].Query, log[1].Body)
	}
}

func TestPriceListAssignments(t *testing.T) {
	f := newFixture(t, answer(200, `{"data":{"id":9,"price_list_id":2,"customer_group_id":3,"channel_id":1},"meta":{}}`))
	if err := f.PriceLists.Assign(t.Context(), []PriceListAssignment{{ID: 9, PriceListID: 2, CustomerGroupID: 3}, {PriceListID: 2, ChannelID: 1}}); err != nil {
		t.Error(err)
	}
	got, err := f.PriceLists.Reassign(t.Context(), 2, 3, 1)
	if want := (PriceListAssignment{9, 2, 3, 1}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	log := f.log()
	if log[0].Method != "POST" || log[0].Body != `[{"price_list_id":2,"customer_group_id":3},{"price_list_id":2,"channel_id":1}]` {
		t.Errorf("%+v", log[0])
	}
	if log[1].Method != "PUT" || !strings.HasSuffix(log[1].Path, "/v3/pricelists/2/assignments") || log[1].Body != `{"customer_group_id":3,"channel_id":1}` {
		t.Errorf("%+v", log[1])
	}
	for name, bad := range map[string][]PriceListAssignment{
		"none": {}, "too many": make([]PriceListAssignment, 26), "no list": {{ChannelID: 1}}, "to nobody": {{PriceListID: 1}},
	} {
		if err := f.PriceLists.Assign(t.Context(), bad); err == nil || len(f.log()) != 2 {
			t.Errorf("%s: %v", name, err)
		}
	}
	f = newFixture(t, answer(200, `{"data":[{"id":9,"price_list_id":2,"customer_group_id":3,"channel_id":null}],"meta":{}}`))
	n := 0
	for a, err := range f.PriceLists.Assignments(t.Context(), AssignmentFilter{PriceListIDs: []int64{2}, CustomerGroupIDs: []int64{3, 4}, ChannelIDs: []int64{1}}) {
		if n++; err != nil || *a != (PriceListAssignment{ID: 9, PriceListID: 2, CustomerGroupID: 3}) {
			t.Errorf("%+v, %v", a, err)
		}
	}
	if q := f.log()[0].Query; n != 1 || q != "price_list_id:in=2&customer_group_id:in=3,4&channel_id:in=1&page=1&limit=250" {
		t.Errorf("%d, %s", n, q)
	}
}

func TestPriceRecordsPage(t *testing.T) {
	f := newFixture(t, answer(200, `{"data":[{"variant_id":358,"price":25.480,"sale_price":null,"bulk_pricing_tiers":[]}],"meta":{"pagination":{"total":251,"count":1,"per_page":250,"current_page":2,"total_pages":2}}}`))
	data, at, err := f.PriceLists.Records(t.Context(), 3, PriceRecordFilter{
		VariantIDs: []int64{1, 2}, ProductIDs: []int64{7}, SKU: "A,B", SKUs: []string{"a b"}, Currencies: []string{"usd", "eur"},
	}, 2)
	if err != nil || at.Total != 251 || len(data) != 1 || textOf(data[0]["price"]) != "25.480" {
		t.Errorf("%v, %+v, %v", data, at, err)
	}
	want := "variant_id:in=1,2&product_id:in=7&sku=A%2CB&sku:in=a+b&currency:in=usd,eur&include=bulk_pricing_tiers,sku&page=2&limit=250"
	if q := f.log()[0].Query; q != want {
		t.Errorf("query\n%s, want\n%s", q, want)
	}
	if _, _, err := f.PriceLists.Records(t.Context(), 3, PriceRecordFilter{SKUs: []string{"A,B"}}, 1); err == nil || len(f.log()) != 1 {
		t.Errorf("a SKU with a comma in a list: %v", err)
	}
	f = newFixture(t, answer(200, `{"data":[]}`))
	if _, _, err := f.PriceLists.Records(t.Context(), 3, PriceRecordFilter{}, 0); err == nil {
		t.Error("an answer without pagination was taken for a page")
	}
}

// theBatch is what the refusals below are about.
var theBatch = []Fields{
	{"variant_id": 7, "currency": "USD", "price": 1},
	{"sku": "Bolt@M8", "currency": "usd", "price": -1},
	{"sku": "Bolt@M8", "currency": "eur", "price": 1},
	{"variant_id": 7, "currency": "USD", "price": 2},
}

func TestUpsertRecordsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		want   []RecordError // nil for a refusal that names no record
		kind   func(error) bool
	}{
		"one by its SKU": {422, `{"batch_errors":[{"data":{"sku":"bolt@m8 ","currency":"USD"},"field_errors":{"price":"must not be negative"}}]}`,
			[]RecordError{{1, 0, "bolt@m8 ", "USD", map[string]string{"price": "must not be negative"}}}, as[*ValidationError]},
		"one by its SKU, and what that is": {422, `{"batch_errors":[{"data":{"price_list_id":2,"variant_id":99,"sku":"Bolt@M8","currency":"eur"},"field_errors":{"a":{"b":"c"}}}]}`,
			[]RecordError{{2, 99, "Bolt@M8", "eur", map[string]string{"a.b": "c"}}}, as[*ValidationError]},
		"both of two": {422, `{"batch_errors":[{"data":{"variant_id":7,"currency":"usd"},"field_errors":{}},{"data":{"variant_id":7,"currency":"usd"},"field_errors":{"x":"y"}}]}`,
			[]RecordError{{0, 7, "", "usd", nil}, {3, 7, "", "usd", map[string]string{"x": "y"}}}, as[*ValidationError]},
		"one that was not sent": {422, `{"batch_errors":[{"data":{"variant_id":8,"currency":"usd"},"field_errors":["no"]}]}`,
			[]RecordError{{-1, 8, "", "usd", map[string]string{"": "no"}}}, as[*ValidationError]},
		"without the list": {422, `{"data":{"variant_id":7,"currency":"usd"},"field_errors":{"price":"x"}}`,
			[]RecordError{{0, 7, "", "usd", map[string]string{"price": "x"}}}, as[*ValidationError]},
		"cut short": {422, `{"batch_errors":[{"data":{"sku":"Bolt@M8","currency":"eur"},"field_errors":{"p":"x"}},{"data":{"sku":"Bo`,
			[]RecordError{{2, 0, "Bolt@M8", "eur", map[string]string{"p": "x"}}}, as[*ValidationError]},
		"by their places": {422, `{"status":422,"title":"JSON data is missing or invalid","errors":{"3.price":"error.min","1.price":"error.min","1.sku":"?","9.price":"?","obj":"?"}}`,
			[]RecordError{
				{1, 0, "Bolt@M8", "usd", map[string]string{"price": "error.min", "sku": "?"}},
				{3, 7, "", "USD", map[string]string{"price": "error.min"}},
			}, as[*ValidationError]},
		"names none":         {422, `{"status":422,"title":"no","errors":{}}`, nil, as[*ValidationError]},
		"names no record":    {422, `{"batch_errors":[{"data":{},"field_errors":{"price":"x"}},{"status":422}]}`, nil, as[*ValidationError]},
		"not JSON":           {400, `oops`, nil, as[*ValidationError]},
		"a wrong list":       {422, `{"batch_errors":{"a":1}}`, nil, as[*ValidationError]},
		"no list of that id": {404, `{"status":404,"title":"Not Found"}`, nil, as[*NotFoundError]},
		"two at once":        {429, `{"status":429,"title":"Too many requests"}`, nil, as[*RateLimitError]},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, answer(tc.status, tc.body))
			err := f.PriceLists.UpsertRecords(t.Context(), 2, theBatch)
			var named *RecordsError
			if errors.As(err, &named) != (tc.want != nil) || !tc.kind(err) {
				t.Fatalf("%T %v", err, err)
			}
			if named == nil {
				return
			}
			if diff := cmp.Diff(tc.want, named.Records); diff != "" {
				t.Error(diff)
			}
			if named.Status != tc.status || !strings.Contains(err.Error(), "/v3/pricelists/2/records") {
				t.Errorf("%v", err)
			}
		})
	}
}

// A refusal of a whole batch is far longer than other errors, and is read whole.
func TestUpsertRecordsNamesAThousand(t *testing.T) {
	var batch []Fields
	var said []string
	for i := range MaxPriceRecordsPerUpsert {
		sku := "SKU-" + strings.Repeat("x", 60) + strconv.Itoa(i)
		batch = append(batch, Fields{"sku": sku, "currency": "usd"})
		said = append(said, `{"data":{"sku":"`+sku+`","currency":"usd"},"field_errors":{"price":"`+strings.Repeat("is wrong ", 5)+`"}}`)
	}
	f := newFixture(t, answer(422, `{"batch_errors":[`+strings.Join(said, ",")+`]}`))
	var named *RecordsError
	if err := f.PriceLists.UpsertRecords(t.Context(), 2, batch); !errors.As(err, &named) || len(named.Records) != len(batch) {
		t.Fatalf("%.200v", err)
	}
	for i, r := range named.Records {
		if r.Index != i {
			t.Fatalf("the %dth is taken for the %dth", i, r.Index)
		}
	}
}

func TestUpsertRecords(t *testing.T) {
	f := newFixture(t, script(answer(503, `{"error":{"code":"SERVICE_DEGRADED","message":"Service temporarily unavailable","retry_after_seconds":3}}`),
		answer(200, `{"data":{},"meta":{}}`)))
	if err := f.PriceLists.UpsertRecords(t.Context(), 2, theBatch[:1]); err != nil {
		t.Error(err)
	}
	if log := f.log(); len(log) != 2 || log[1].Body != `[{"currency":"USD","price":1,"variant_id":7}]` {
		t.Errorf("%+v", log)
	}
	if len(f.slept) != 1 || f.slept[0] < 3*time.Second || f.limiter.calls[0].Class != "price-records-put" {
		t.Errorf("slept %v as %q", f.slept, f.limiter.calls[0].Class)
	}
	for name, bad := range map[string][]Fields{
		"none": {}, "too many": make([]Fields, 1001), "no currency": {{"sku": "A"}}, "no variant": {{"currency": "usd"}},
	} {
		if err := f.PriceLists.UpsertRecords(t.Context(), 2, bad); err == nil || len(f.log()) != 2 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRecordsError(f *testing.F) {
	for _, seed := range []string{
		`{"batch_errors":[{"data":{"sku":"Bolt@M8","currency":"USD"},"field_errors":{"price":"x"}},{"data":{"variant_id":7`,
		`{"data":{"variant_id":"7","currency":"usd"},"field_errors":[["a"],{"b":1}]}`, `{"batch_errors":null}`, `{"batch_errors":[1,[],null]}`,
		`{"errors":{"1.price":"x","99.sku":"y"}}`, `[`, `{"a":`, "{\"batch_errors\":[{\"data\":{\"sku\":\"" + testToken + "\"}}]}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c := &Client{token: func() string { return testToken }}
		clean := c.redactor(request{path: priceListsPath})
		refusal := &ValidationError{&APIError{Status: http.StatusUnprocessableEntity, Fields: parseErrorBody(body, clean).fields}}
		err := recordsError(body, refusal, theBatch, clean)
		var named *RecordsError
		if !errors.As(err, &named) {
			if !errors.Is(err, refusal) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		if len(named.Records) == 0 {
			t.Error("names none")
		}
		for _, r := range named.Records {
			if r.Index < -1 || r.Index >= len(theBatch) || strings.Contains(r.SKU, testToken) {
				t.Errorf("%+v", r)
			}
		}
	})
}

func TestCurrencies(t *testing.T) {
	f := newFixture(t, answer(200, `[{"id":1,"is_default":true,"currency_code":"USD","currency_exchange_rate":"1.0000000000","decimal_places":2,"name":"US Dollar","enabled":true,"is_transactional":true,"last_updated":"Tue, 12 Jun 2018 14:41:56 +0000"}]`))
	n := 0
	for c, err := range f.Currencies.List(t.Context()) {
		if n++; err != nil || *c != (Currency{ID: 1, Code: "USD", Name: "US Dollar", DecimalPlaces: 2, IsDefault: true, Enabled: true, IsTransactional: true}) {
			t.Errorf("%+v, %v", c, err)
		}
	}
	if n != 1 {
		t.Errorf("%d currencies", n)
	}
}
