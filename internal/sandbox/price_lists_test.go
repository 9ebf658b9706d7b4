package sandbox

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// priceRig is a store with a product without options (variant 1, BOLT), one with two variants
// (SHIRT-S and SHIRT-L), two currencies, and the price list 1.
func priceRig(t *testing.T, o Options) (r *rig, shirts []int64) {
	t.Helper()
	r = newRig(t, o)
	r.product("Bolt", "BOLT")
	_, shirts = r.shirt()
	if err := r.st.AddCurrency("eur"); err != nil {
		t.Fatal(err)
	}
	r.want(200, "POST", "/v3/pricelists", `{"name":"Wholesale"}`)
	return r, shirts
}

func TestPriceLists(t *testing.T) {
	now := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	r := newRig(t, Options{Now: func() time.Time { return now }})
	a := r.want(200, "POST", "/v3/pricelists", `{"name":"Wholesale"}`)
	if want := `{"data":{"active":true,"date_created":"2026-05-01T10:00:00Z","date_modified":"2026-05-01T10:00:00Z","id":1,"name":"Wholesale"},"meta":{}}`; a.raw != want {
		t.Errorf("%s", a.raw)
	}
	now = now.Add(24 * time.Hour)
	r.want(200, "POST", "/v3/pricelists", `{"name":"Trade","active":false,"id":99}`)
	r.want(200, "PUT", "/v3/pricelists/1", `{"name":"Wholesale B2B","active":false}`)
	if p := r.want(200, "GET", "/v3/pricelists/1", nil).one(); p["name"] != "Wholesale B2B" || p["active"] != false || p["date_modified"] != "2026-05-02T10:00:00Z" {
		t.Errorf("%v", p)
	}
	for query, want := range map[string][]float64{
		"": {1, 2}, "name=Trade": {2}, "name=trad": nil, "name:like=whole": {1}, "id:in=2,7": {2}, "date_created:min=2026-05-02T00:00:00Z": {2},
		"date_modified=2026-05-02": {1, 2}, "date_created:max=2026-05-01T23:00:00Z": {1}, "limit=1&page=2": {2},
	} {
		var got []float64
		for _, p := range r.want(200, "GET", "/v3/pricelists?"+query, nil).data() {
			got = append(got, p["id"].(float64))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", query, got, want)
		}
	}
	for name, tc := range map[string]struct {
		status       int
		method, path string
		body         any
	}{
		"a name that is taken":         {409, "POST", "/v3/pricelists", `{"name":"trade "}`},
		"a name that another has":      {409, "PUT", "/v3/pricelists/1", `{"name":"Trade"}`},
		"no name":                      {422, "POST", "/v3/pricelists", `{"active":true}`},
		"no name in an update":         {422, "PUT", "/v3/pricelists/1", `{"active":true}`},
		"an empty name":                {422, "POST", "/v3/pricelists", `{"name":"  "}`},
		"active as text":               {422, "POST", "/v3/pricelists", `{"name":"x","active":"yes"}`},
		"a list of lists":              {422, "POST", "/v3/pricelists", `[{"name":"x"}]`},
		"an update of none":            {404, "PUT", "/v3/pricelists/9", `{"name":"x"}`},
		"none":                         {404, "GET", "/v3/pricelists/9", nil},
		"a filter that is not there":   {422, "GET", "/v3/pricelists?active=true", nil},
		"two ways to page":             {422, "GET", "/v3/pricelists?page=1&after=MQ==", nil},
		"both cursors":                 {422, "GET", "/v3/pricelists?before=MQ==&after=MQ==", nil},
		"a cursor that is none":        {422, "GET", "/v3/pricelists?after=x", nil},
		"a page that is too large":     {422, "GET", "/v3/pricelists?limit=251", nil},
		"a deletion that names no one": {204, "DELETE", "/v3/pricelists/9", nil},
	} {
		if a := r.do(tc.method, tc.path, tc.body); a.status != tc.status {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	r.want(204, "DELETE", "/v3/pricelists?name=Trade", nil)
	r.want(204, "DELETE", "/v3/pricelists?id:in=7", nil)
	if n := r.want(200, "GET", "/v3/pricelists", nil).total(); n != 1 {
		t.Errorf("%d lists", n)
	}
	r.want(204, "DELETE", "/v3/pricelists", nil) // described: without a filter all
	if n := r.want(200, "GET", "/v3/pricelists", nil).total(); n != 0 {
		t.Errorf("%d lists", n)
	}
}

// An answer has the meta of the way in which the request pages, or of both.
func TestPriceListPagesAndCursors(t *testing.T) {
	r := newRig(t, Options{})
	for i := range 5 {
		r.want(200, "POST", "/v3/pricelists", `{"name":"L`+strconv.Itoa(i)+`"}`)
	}
	metaOf := func(query string) (kinds []string, cursors map[string]any, ids []float64) {
		a := r.want(200, "GET", "/v3/pricelists?"+query, nil)
		meta := a.json["meta"].(map[string]any)
		for k := range meta {
			kinds = append(kinds, k)
		}
		slices.Sort(kinds)
		cursors, _ = meta["cursor_pagination"].(map[string]any)
		for _, p := range a.data() {
			ids = append(ids, p["id"].(float64))
		}
		return kinds, cursors, ids
	}
	kinds, at, ids := metaOf("limit=2")
	if !slices.Equal(kinds, []string{"cursor_pagination", "pagination"}) || at["end_cursor"] != "Mg==" || at["start_cursor"] != "MQ==" || !slices.Equal(ids, []float64{1, 2}) {
		t.Errorf("%v %v %v", kinds, at, ids)
	}
	kinds, at, ids = metaOf("limit=2&after=Mg==")
	if !slices.Equal(kinds, []string{"cursor_pagination"}) || !slices.Equal(ids, []float64{3, 4}) {
		t.Errorf("%v %v", kinds, ids)
	}
	links := at["links"].(map[string]any)
	_, at, ids = metaOf(strings.TrimPrefix(links["next"].(string), "?"))
	if !slices.Equal(ids, []float64{5}) || at["links"].(map[string]any)["next"] != nil {
		t.Errorf("%v %v", at, ids)
	}
	if _, _, ids = metaOf(strings.TrimPrefix(links["previous"].(string), "?")); !slices.Equal(ids, []float64{1, 2}) {
		t.Errorf("%v", ids)
	}
	if kinds, _, _ = metaOf("page=3&limit=2"); !slices.Equal(kinds, []string{"pagination"}) {
		t.Errorf("%v", kinds)
	}
	r.want(204, "DELETE", "/v3/pricelists/2", nil) // the cursor of what is gone still says where it was
	if _, _, ids = metaOf("after=Mg=="); !slices.Equal(ids, []float64{3, 4, 5}) {
		t.Errorf("%v", ids)
	}
}

func TestPriceListEvents(t *testing.T) {
	r, _ := priceRig(t, Options{})
	k := newSink(t, r)
	scopes := []string{"store/priceList/created", "store/priceList/updated", "store/priceList/activated", "store/priceList/deactivated", "store/priceList/deleted",
		"store/priceLists/deleted", "store/priceList/record/created", "store/priceList/record/updated", "store/priceList/record/deleted",
		"store/priceList/records/created", "store/priceList/records/updated", "store/priceList/records/deleted",
		"store/priceList/assignment/updated", "store/priceList/assignment/deleted"}
	for _, scope := range append(scopes, "store/product/*", "store/sku/*") {
		r.hook(scope, k.URL+"/hooks")
	}
	if _, err := r.st.AddCustomerGroup("Trade"); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		status             int
		method, path, body string
		want               map[string]string // the events that fire, with their data
	}{
		{200, "POST", "/v3/pricelists", `{"name":"Two"}`, map[string]string{"store/priceList/created": `{"price_list_id":2}`}},
		{200, "PUT", "/v3/pricelists/2", `{"name":"Two"}`, nil},
		{200, "PUT", "/v3/pricelists/2", `{"name":"2","active":false}`, map[string]string{"store/priceList/updated": `{"price_list_id":2}`, "store/priceList/deactivated": `{"price_list_id":2}`}},
		{200, "PUT", "/v3/pricelists/1/records", `[{"sku":"BOLT","currency":"usd","price":1},{"sku":"SHIRT-S","currency":"EUR","price":2}]`, map[string]string{
			"store/priceList/records/created": `[{"currency":"USD","price_list_id":1,"variant_id":1},{"currency":"EUR","price_list_id":1,"variant_id":3}]`}},
		{200, "PUT", "/v3/pricelists/1/records", `[{"sku":"BOLT","currency":"usd","price":1},{"sku":"SHIRT-S","currency":"eur","price":3},{"sku":"SHIRT-L","currency":"eur","price":3}]`, map[string]string{
			"store/priceList/records/created": `[{"currency":"EUR","price_list_id":1,"variant_id":4}]`, "store/priceList/records/updated": `[{"currency":"EUR","price_list_id":1,"variant_id":3}]`}},
		{200, "PUT", "/v3/pricelists/1/records/1/usd", `{"price":1}`, nil},
		{200, "PUT", "/v3/pricelists/1/records/1/usd", `{"price":1.5}`, map[string]string{"store/priceList/record/updated": `{"currency":"USD","price_list_id":1,"variant_id":1}`}},
		{200, "PUT", "/v3/pricelists/2/records/1/EUR", `{"price":1.5}`, map[string]string{"store/priceList/record/created": `{"currency":"EUR","price_list_id":2,"variant_id":1}`}},
		{204, "DELETE", "/v3/pricelists/2/records/1/eur", "", map[string]string{"store/priceList/record/deleted": `{"currency":"EUR","price_list_id":2,"variant_id":1}`}},
		{204, "DELETE", "/v3/pricelists/1/records?currency=eur", "", map[string]string{
			"store/priceList/records/deleted": `[{"currency":"EUR","price_list_id":1,"variant_id":3},{"currency":"EUR","price_list_id":1,"variant_id":4}]`}},
		{200, "POST", "/v3/pricelists/assignments", `[{"price_list_id":1,"customer_group_id":1,"channel_id":1}]`, map[string]string{
			"store/priceList/assignment/updated": `{"channel_id":1,"customer_group_id":1,"price_list_id":1}`}},
		{200, "PUT", "/v3/pricelists/2/assignments", `{"customer_group_id":1,"channel_id":1}`, map[string]string{
			"store/priceList/assignment/updated": `{"channel_id":1,"customer_group_id":1,"price_list_id":2}`}},
		{204, "DELETE", "/v3/pricelists/assignments?channel_id=1", "", map[string]string{
			"store/priceList/assignment/deleted": `{"channel_id":1,"customer_group_id":1,"price_list_id":2}`}},
		{204, "DELETE", "/v3/pricelists/2", "", map[string]string{"store/priceList/deleted": `{"price_list_id":2}`}},
		{204, "DELETE", "/v3/pricelists?id:in=1", "", map[string]string{"store/priceLists/deleted": `{"price_list_ids":[1]}`}},
	} {
		var body any
		if step.body != "" {
			body = step.body
		}
		r.want(step.status, step.method, step.path, body)
		if err := r.s.SettleHooks(within(t)); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for len(k.got) > 0 {
			h := <-k.got
			raw, err := json.Marshal(h.body["data"])
			if err != nil {
				t.Fatal(err)
			}
			got[h.body["scope"].(string)] = string(raw)
		}
		if step.want == nil {
			step.want = map[string]string{}
		}
		if d := cmp.Diff(step.want, got); d != "" {
			t.Errorf("%s %s %s: %s", step.method, step.path, step.body, d)
		}
	}
}

func TestPriceListScopes(t *testing.T) {
	r, _ := priceRig(t, Options{})
	r.token = r.st.Token("store_v2_products_read_only")
	for path, status := range map[string]int{"/v3/pricelists": 200, "/v3/pricelists/1": 200, "/v3/pricelists/1/records": 200, "/v3/pricelists/assignments": 200, "/v2/currencies": 403} {
		r.want(status, "GET", path, nil)
	}
	r.want(403, "POST", "/v3/pricelists", `{"name":"x"}`)
	r.want(403, "PUT", "/v3/pricelists/1/records", `[{"sku":"BOLT","currency":"usd","price":1}]`)
	r.want(403, "PUT", "/v3/pricelists/records", `[{"price_list_id":1,"sku":"BOLT","currency":"usd","price":1}]`)
	r.want(403, "POST", "/v3/pricelists/assignments", `[{"price_list_id":1,"channel_id":1}]`)
	r.want(403, "DELETE", "/v3/pricelists", nil)
	r.token = r.st.Token("store_v2_information_read_only")
	r.want(200, "GET", "/v2/currencies", nil)
	r.want(403, "DELETE", "/v2/currencies", nil)
}
