package sandbox

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPriceRecords(t *testing.T) {
	now := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	r, _ := priceRig(t, Options{Now: func() time.Time { return now }})
	a := r.want(200, "PUT", "/v3/pricelists/1/records", `[
		{"variant_id":1,"currency":"USD","price":10.12345,"sale_price":8,"retail_price":null,"bulk_pricing_tiers":[
			{"quantity_min":5,"quantity_max":9,"type":"percent","amount":1},{"quantity_min":10,"type":"fixed","amount":7.5}]},
		{"sku":"shirt-s","currency":"eur","price":0},
		{"variant_id":4,"sku":"SHIRT-L","currency":"usd","price":5,"sale_price":0,"map_price":4,"calculated_price":1,"price_list_id":7}]`)
	if a.raw != `{"data":{},"meta":{}}` {
		t.Errorf("%s", a.raw)
	}
	rows := r.want(200, "GET", "/v3/pricelists/1/records?include=bulk_pricing_tiers,sku,and_more", nil).data()
	want := []map[string]any{
		{"price_list_id": 1., "variant_id": 1., "product_id": 77., "sku": "BOLT", "currency": "usd", "price": 10.1235, "sale_price": 8., "retail_price": nil,
			"map_price": nil, "calculated_price": 8., "date_created": "2026-05-01T10:00:00Z", "date_modified": "2026-05-01T10:00:00Z", "bulk_pricing_tiers": []any{
				map[string]any{"quantity_min": 5., "quantity_max": 9., "type": "percent", "amount": 1.},
				map[string]any{"quantity_min": 10., "quantity_max": nil, "type": "fixed", "amount": 7.5}}},
		{"price_list_id": 1., "variant_id": 3., "product_id": 78., "sku": "SHIRT-S", "currency": "eur", "price": 0., "sale_price": nil, "retail_price": nil,
			"map_price": nil, "calculated_price": 0., "date_created": "2026-05-01T10:00:00Z", "date_modified": "2026-05-01T10:00:00Z", "bulk_pricing_tiers": []any{}},
		{"price_list_id": 1., "variant_id": 4., "product_id": 78., "sku": "SHIRT-L", "currency": "usd", "price": 5., "sale_price": 0., "retail_price": nil,
			"map_price": 4., "calculated_price": 5., "date_created": "2026-05-01T10:00:00Z", "date_modified": "2026-05-01T10:00:00Z", "bulk_pricing_tiers": []any{}},
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Error(d)
	}
	if plain := r.want(200, "GET", "/v3/pricelists/1/records", nil).data()[0]; plain["sku"] != nil || plain["bulk_pricing_tiers"] != nil {
		t.Errorf("not asked for: %v", plain)
	}

	// An upsert changes what it names of what is there, and adds the rest.
	now = now.Add(time.Hour)
	r.want(200, "PUT", "/v3/pricelists/1/records", `[{"sku":"BOLT","currency":"usd","sale_price":null,"bulk_pricing_tiers":[]},{"sku":"BOLT","currency":"eur","price":9}]`)
	of := r.want(200, "GET", "/v3/pricelists/1/records/1?include=bulk_pricing_tiers", nil).data()
	if len(of) != 2 || of[0]["price"] != 10.1235 || of[0]["sale_price"] != nil || of[0]["calculated_price"] != 10.1235 || len(of[0]["bulk_pricing_tiers"].([]any)) != 0 ||
		of[0]["date_created"] != "2026-05-01T10:00:00Z" || of[0]["date_modified"] != "2026-05-01T11:00:00Z" || of[1]["currency"] != "eur" {
		t.Errorf("%v", of)
	}
	now = now.Add(time.Hour)
	r.want(200, "PUT", "/v3/pricelists/1/records", `[{"sku":"BOLT","currency":"eur","price":9}]`)
	if one := r.want(200, "GET", "/v3/pricelists/1/records/1/EUR?include=sku", nil).one(); one["date_modified"] != "2026-05-01T11:00:00Z" || one["sku"] != "BOLT" {
		t.Errorf("a write without news: %v", one)
	}

	for query, want := range map[string]int{
		"": 4, "variant_id:in=1,3": 3, "product_id:in=78": 2, "currency=EUR": 2, "currency:in=usd,eur": 4, "currency=gbp": 0, "sku=BOLT": 2, "sku:in=bolt,SHIRT-S": 3,
		"price=5": 1, "price:min=9": 2, "price:max=9": 3, "sale_price=0": 1, "sale_price:min=0": 1, "retail_price:min=0": 0, "map_price:max=4": 1,
		"calculated_price=5": 1, "calculated_price:min=9&currency=usd": 1, "date_modified:min=2026-05-01T10:30:00Z": 2, "date_created:max=2026-05-01T10:30:00Z": 3,
		"date_created=2026-05-01": 4, "limit=3&page=2": 4,
	} {
		if a := r.want(200, "GET", "/v3/pricelists/1/records?"+query, nil); a.total() != want {
			t.Errorf("%s: %d, want %d", query, a.total(), want)
		}
	}
	for _, query := range []string{"price:greater=1", "variant_id=1", "price=x", "date_modified:min=soon", "page=0"} {
		r.want(422, "GET", "/v3/pricelists/1/records?"+query, nil)
	}

	r.want(204, "DELETE", "/v3/pricelists/1/records?sku:in=BOLT&currency=eur", nil)
	r.want(204, "DELETE", "/v3/pricelists/1/records?variant_id:in=3", nil)
	r.want(204, "DELETE", "/v3/pricelists/1/records/9/usd", nil)
	if n := r.want(200, "GET", "/v3/pricelists/1/records", nil).total(); n != 2 {
		t.Errorf("%d records", n)
	}
	r.want(204, "DELETE", "/v3/catalog/products/78", nil) // its variants' records go with it
	if got := r.st.PriceRecords(); len(got) != 1 || got[0].SKU != "BOLT" || got[0].PriceList != "Wholesale" || string(got[0].Price) != "10.1235" || string(got[0].SalePrice) != "null" {
		t.Errorf("%+v", got)
	}
	r.want(204, "DELETE", "/v3/pricelists/1/records", nil) // described: without a filter all
	if got := r.st.PriceRecords(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// What is wrong with a record, by the field that is named for it.
func TestPriceRecordRules(t *testing.T) {
	r, _ := priceRig(t, Options{})
	r.want(200, "PUT", "/v3/pricelists/1/records", `[{"sku":"BOLT","currency":"usd","price":3}]`)
	tier := func(list string) string {
		return `{"sku":"SHIRT-S","currency":"usd","price":1,"bulk_pricing_tiers":[` + list + `]}`
	}
	for name, tc := range map[string]struct{ record, field string }{
		"no currency":                    {`{"sku":"BOLT","price":1}`, "currency"},
		"a currency of another store":    {`{"sku":"BOLT","currency":"gbp","price":1}`, "currency"},
		"a currency that is none":        {`{"sku":"BOLT","currency":"","price":1}`, "currency"},
		"no variant":                     {`{"currency":"usd","price":1}`, "variant_id"},
		"a variant that is not there":    {`{"variant_id":99,"currency":"usd","price":1}`, "variant_id"},
		"a product's id":                 {`{"variant_id":77,"currency":"usd","price":1}`, "variant_id"},
		"the base variant that was":      {`{"variant_id":2,"currency":"usd","price":1}`, "variant_id"},
		"a SKU that is not there":        {`{"sku":"NUT","currency":"usd","price":1}`, "sku"},
		"a padded SKU":                   {`{"sku":"BOLT ","currency":"usd","price":1}`, "sku"},
		"the SKU of a parent":            {`{"sku":"SHIRT","currency":"usd","price":1}`, "sku"},
		"an empty SKU":                   {`{"sku":"","currency":"usd","price":1}`, "sku"},
		"a variant and another's SKU":    {`{"variant_id":1,"sku":"SHIRT-S","currency":"usd","price":1}`, "sku"},
		"a price below zero":             {`{"sku":"BOLT","currency":"usd","price":-0.01}`, "price"},
		"a sale price below zero":        {`{"sku":"BOLT","currency":"usd","sale_price":-1}`, "sale_price"},
		"a retail price below zero":      {`{"sku":"BOLT","currency":"usd","retail_price":-1}`, "retail_price"},
		"a MAP price below zero":         {`{"sku":"BOLT","currency":"usd","map_price":-1}`, "map_price"},
		"a price as text":                {`{"sku":"BOLT","currency":"usd","price":"1"}`, "price"},
		"a new record without a price":   {`{"sku":"BOLT","currency":"eur","sale_price":1}`, "price"},
		"a new record without price":     {`{"sku":"BOLT","currency":"eur","price":null}`, "price"},
		"a price taken away":             {`{"sku":"BOLT","currency":"usd","price":null}`, "price"},
		"tiers that are none":            {`{"sku":"BOLT","currency":"usd","bulk_pricing_tiers":{}}`, "bulk_pricing_tiers"},
		"a tier that is none":            {tier(`1`), "bulk_pricing_tiers.0"},
		"a tier of no type":              {tier(`{"quantity_min":1,"amount":1}`), "bulk_pricing_tiers.0.type"},
		"a tier of another type":         {tier(`{"quantity_min":1,"amount":1,"type":"relative"}`), "bulk_pricing_tiers.0.type"},
		"a tier from zero":               {tier(`{"quantity_min":0,"amount":1,"type":"fixed"}`), "bulk_pricing_tiers.0.quantity_min"},
		"a tier without a beginning":     {tier(`{"quantity_max":2,"amount":1,"type":"fixed"}`), "bulk_pricing_tiers.0.quantity_min"},
		"a tier of parts":                {tier(`{"quantity_min":1.5,"amount":1,"type":"fixed"}`), "bulk_pricing_tiers.0.quantity_min"},
		"a tier without an amount":       {tier(`{"quantity_min":1,"type":"price"}`), "bulk_pricing_tiers.0.amount"},
		"a tier below zero":              {tier(`{"quantity_min":1,"type":"price","amount":-1}`), "bulk_pricing_tiers.0.amount"},
		"more than everything off":       {tier(`{"quantity_min":1,"type":"percent","amount":100.5}`), "bulk_pricing_tiers.0.amount"},
		"a tier that ends first":         {tier(`{"quantity_min":5,"quantity_max":4,"type":"price","amount":1}`), "bulk_pricing_tiers.0.quantity_max"},
		"tiers that overlap":             {tier(`{"quantity_min":1,"quantity_max":5,"type":"price","amount":1},{"quantity_min":5,"type":"price","amount":2}`), "bulk_pricing_tiers.1.quantity_min"},
		"tiers after one without an end": {tier(`{"quantity_min":1,"type":"price","amount":1},{"quantity_min":5,"type":"price","amount":2}`), "bulk_pricing_tiers.1.quantity_min"},
		"tiers in another order":         {tier(`{"quantity_min":5,"type":"price","amount":2},{"quantity_min":1,"quantity_max":4,"type":"price","amount":1}`), "bulk_pricing_tiers.1.quantity_min"},
	} {
		t.Run(name, func(t *testing.T) {
			var sent map[string]any
			if err := json.Unmarshal([]byte(tc.record), &sent); err != nil {
				t.Fatal(err)
			}
			identity := map[string]any{"price_list_id": 1.}
			for _, f := range []string{"variant_id", "sku", "currency"} {
				if sent[f] != nil {
					identity[f] = sent[f]
				}
			}
			a := r.want(422, "PUT", "/v3/pricelists/1/records", `[`+tc.record+`]`)
			list, _ := a.json["batch_errors"].([]any)
			if len(list) != 1 {
				t.Fatalf("%s", a.raw)
			}
			failure := list[0].(map[string]any)
			if d := cmp.Diff(identity, failure["data"]); d != "" {
				t.Error(d)
			}
			if fields := failure["field_errors"].(map[string]any); len(fields) != 1 || fields[tc.field] == nil {
				t.Errorf("%v, want %s", fields, tc.field)
			}
		})
	}
	if got := r.st.PriceRecords(); len(got) != 1 || string(got[0].Price) != "3" {
		t.Errorf("something was saved: %+v", got)
	}
}

func TestPriceRecordBatches(t *testing.T) {
	r, _ := priceRig(t, Options{})
	r.want(200, "POST", "/v3/pricelists", `{"name":"Second"}`)
	batch := func(n int) string {
		return `[` + strings.TrimSuffix(strings.Repeat(`{"variant_id":1,"currency":"usd","price":1},`, n), ",") + `]`
	}
	for name, tc := range map[string]struct {
		status             int
		method, path, body string
	}{
		"too many":               {413, "PUT", "/v3/pricelists/1/records", batch(1001)},
		"too many to create":     {413, "POST", "/v3/pricelists/1/records", batch(101)},
		"too many across":        {413, "PUT", "/v3/pricelists/records", batch(1001)},
		"too many to create two": {413, "POST", "/v3/pricelists/records", batch(101)},
		"none":                   {422, "PUT", "/v3/pricelists/1/records", `[]`},
		"one alone":              {422, "PUT", "/v3/pricelists/1/records", `{"variant_id":1,"currency":"usd","price":1}`},
		"not JSON":               {400, "PUT", "/v3/pricelists/1/records", `[`},
		"of no list":             {404, "PUT", "/v3/pricelists/9/records", batch(1)},
		"created in no list":     {404, "POST", "/v3/pricelists/9/records", batch(1)},
	} {
		if a := r.do(tc.method, tc.path, tc.body); a.status != tc.status {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	for path, status := range map[string]int{"/v3/pricelists/9/records": 404, "/v3/pricelists/9/records/1": 404, "/v3/pricelists/1/records/1/usd": 404, "/v3/pricelists/1/records/99": 200} {
		r.want(status, "GET", path, nil)
	}

	// Creating refuses what is there, also in the batch itself.
	r.want(200, "POST", "/v3/pricelists/1/records", `[{"variant_id":1,"currency":"usd","price":1}]`)
	if a := r.want(422, "POST", "/v3/pricelists/1/records", `[{"sku":"BOLT","currency":"USD","price":2},{"sku":"BOLT","currency":"eur","price":2},{"variant_id":1,"currency":"eur","price":3}]`); len(a.json["batch_errors"].([]any)) != 2 {
		t.Errorf("%s", a.raw)
	}

	// Across lists each record names its own; what is wrong is answered alone, as described.
	r.want(200, "PUT", "/v3/pricelists/records", `[{"price_list_id":1,"sku":"BOLT","currency":"eur","price":2},{"price_list_id":2,"sku":"BOLT","currency":"eur","price":3}]`)
	a := r.want(422, "PUT", "/v3/pricelists/records", `[{"price_list_id":7,"sku":"BOLT","currency":"eur","price":2},{"sku":"BOLT","currency":"eur","price":3},{"price_list_id":1,"sku":"BOLT","currency":"eur","map_price":-1}]`)
	if a.json["batch_errors"] != nil || a.json["data"].(map[string]any)["price_list_id"] != 7. || a.json["field_errors"].(map[string]any)["price_list_id"] == nil {
		t.Errorf("%s", a.raw)
	}
	r.want(422, "POST", "/v3/pricelists/records", `[{"price_list_id":2,"sku":"BOLT","currency":"eur","price":2}]`)
	r.want(200, "POST", "/v3/pricelists/records", `[{"price_list_id":2,"sku":"BOLT","currency":"usd","price":2}]`)
	if n := len(r.st.PriceRecords()); n != 4 {
		t.Errorf("%d records", n)
	}
	r.want(204, "DELETE", "/v3/pricelists/2", nil)
	if n := len(r.st.PriceRecords()); n != 2 {
		t.Errorf("%d records after their list was deleted", n)
	}
}

// Part of a refused batch may have been saved.
func TestPriceRecordsSavedInPart(t *testing.T) {
	const batch = `[{"sku":"BOLT","currency":"usd","price":1},{"sku":"NUT","currency":"usd","price":1},{"sku":"SHIRT-S","currency":"usd","price":2},{"sku":"SHIRT-L","currency":"xxx","price":2}]`
	for name, tc := range map[string]struct {
		choices Choices
		saved   []string
	}{
		"nothing":  {Choices{}, nil},
		"the good": {Choices{GoodOfBatchSaved: true}, []string{"BOLT", "SHIRT-S"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := priceRig(t, Options{Choices: tc.choices})
			a := r.want(422, "PUT", "/v3/pricelists/1/records", batch)
			if list := a.json["batch_errors"].([]any); len(list) != 2 {
				t.Errorf("%s", a.raw)
			}
			var saved []string
			for _, rec := range r.st.PriceRecords() {
				saved = append(saved, rec.SKU)
			}
			if !slices.Equal(saved, tc.saved) {
				t.Errorf("saved %v, want %v", saved, tc.saved)
			}
			// A fault makes the last one fail.
			if _, err := r.s.AddFault(Fault{Kind: FaultPartial, Method: "PUT", Times: 1}); err != nil {
				t.Fatal(err)
			}
			if a := r.want(422, "PUT", "/v3/pricelists/1/records", `[{"sku":"BOLT","currency":"usd","price":1},{"sku":"SHIRT-L","currency":"usd","price":2}]`); len(a.json["batch_errors"].([]any)) != 1 {
				t.Errorf("%s", a.raw)
			}
			r.want(200, "PUT", "/v3/pricelists/1/records", `[{"sku":"SHIRT-L","currency":"usd","price":2}]`)
		})
	}
}

// Each choice the other way.
func TestPriceRecordChoices(t *testing.T) {
	r, _ := priceRig(t, Options{Choices: Choices{RecordFailuresListed: true, RecordsReplaced: true, RecordsWithoutPrice: true,
		RepeatedRecordsTaken: true, TiersInAnyOrder: true, UnsetPricesLeftOut: true, ZeroSalePriceCounts: true}})
	const path = "/v3/pricelists/1/records"
	r.want(200, "PUT", path, `[{"sku":"BOLT","currency":"usd","sale_price":0,"map_price":1,"bulk_pricing_tiers":[
		{"quantity_min":5,"type":"price","amount":2},{"quantity_min":1,"quantity_max":4,"type":"price","amount":1}]}]`)
	one := r.want(200, "GET", path+"/1/usd?include=bulk_pricing_tiers", nil).one()
	if _, there := one["price"]; there || one["calculated_price"] != 0. || one["bulk_pricing_tiers"].([]any)[0].(map[string]any)["quantity_min"] != 1. {
		t.Errorf("%v", one)
	}
	r.want(200, "PUT", path, `[{"sku":"BOLT","currency":"usd","price":4},{"variant_id":1,"currency":"usd","price":5}]`)
	one = r.want(200, "GET", path+"/1/usd?include=bulk_pricing_tiers", nil).one()
	if one["price"] != 5. || one["map_price"] != nil || one["sale_price"] != nil || len(one["bulk_pricing_tiers"].([]any)) != 0 {
		t.Errorf("%v", one)
	}
	if a := r.want(422, "PUT", "/v3/pricelists/records", `[{"price_list_id":1,"sku":"NUT","currency":"usd","price":4},{"sku":"BOLT","currency":"usd"}]`); len(a.json["batch_errors"].([]any)) != 2 {
		t.Errorf("%s", a.raw)
	}
}

func TestOnePriceRecord(t *testing.T) {
	r, _ := priceRig(t, Options{})
	const path = "/v3/pricelists/1/records/1/EUR"
	got := r.want(200, "PUT", path, `{"price":12.99,"sale_price":10.99,"retail_price":15.99,"map_price":17.99,"bulk_pricing_tiers":[{"quantity_min":5,"quantity_max":10,"type":"percent","amount":1}]}`).one()
	delete(got, "date_created")
	delete(got, "date_modified")
	want := map[string]any{"price_list_id": 1., "variant_id": 1., "product_id": 77., "currency": "eur", "price": 12.99, "sale_price": 10.99, "retail_price": 15.99,
		"map_price": 17.99, "calculated_price": 10.99, "bulk_pricing_tiers": []any{map[string]any{"quantity_min": 5., "quantity_max": 10., "type": "percent", "amount": 1.}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if one := r.want(200, "PUT", path, `{"sale_price":null}`).one(); one["price"] != 12.99 || one["sale_price"] != nil {
		t.Errorf("%v", one)
	}
	for name, tc := range map[string]struct {
		status     int
		path, body string
		field      string
	}{
		"no such list":     {404, "/v3/pricelists/9/records/1/usd", `{"price":1}`, ""},
		"no such variant":  {404, "/v3/pricelists/1/records/99/usd", `{"price":1}`, ""},
		"no such currency": {422, "/v3/pricelists/1/records/1/gbp", `{"price":1}`, "currency"},
		"below zero":       {422, path, `{"retail_price":-1}`, "retail_price"},
		"no price":         {422, "/v3/pricelists/1/records/1/usd", `{"sale_price":1}`, "price"},
		"tiers":            {422, path, `{"bulk_pricing_tiers":[{"quantity_min":2,"quantity_max":1,"type":"price","amount":1}]}`, "bulk_pricing_tiers.0.quantity_max"},
	} {
		if a := r.do("PUT", tc.path, tc.body); a.status != tc.status || tc.field != "" && a.errorsOf()[tc.field] == nil {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	r.want(204, "DELETE", path, nil)
	r.want(404, "GET", path, nil)
}

// Requests that are slow meet: of upserts one may run, whichever list it names.
func TestPriceRecordsAtOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		choices Choices
		again   int // another upsert of a list
	}{"one": {Choices{}, 429}, "two": {Choices{TwoPriceUpserts: true}, 200}} {
		t.Run(name, func(t *testing.T) {
			r, _ := priceRig(t, Options{Choices: tc.choices})
			r.want(200, "POST", "/v3/pricelists", `{"name":"Second"}`)
			if !r.st.enter(classPriceRecordsPut, 2) {
				t.Fatal("no place")
			}
			const records = `[{"variant_id":1,"currency":"usd","price":1}]`
			r.want(tc.again, "PUT", "/v3/pricelists/2/records", records)
			r.want(429, "PUT", "/v3/pricelists/records", `[{"price_list_id":1,"variant_id":1,"currency":"usd","price":1}]`)
			r.want(200, "GET", "/v3/pricelists/2/records", nil)
			r.want(200, "PUT", "/v3/pricelists/2/records/1/usd", `{"price":1}`)
			r.st.leave(classPriceRecordsPut)
			r.want(200, "PUT", "/v3/pricelists/records", `[{"price_list_id":1,"variant_id":1,"currency":"usd","price":1}]`)
		})
	}
}

// A request has its place from its beginning, however long it lasts.
func TestSlowRequestsMeet(t *testing.T) {
	r, _ := priceRig(t, Options{})
	r.want(200, "POST", "/v3/pricelists", `{"name":"Second"}`)
	if _, err := r.s.AddFault(Fault{Kind: FaultLatency, PathPrefix: "/v3/pricelists/1/", MS: 3_600_000}); err != nil {
		t.Fatal(err)
	}
	const records = `[{"variant_id":1,"currency":"usd","price":1}]`
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = r.try("PUT", "/v3/pricelists/1/records", records) // ends when the sandbox closes
	}()
	for ctx := within(t); r.do("PUT", "/v3/pricelists/2/records", records).status != http.StatusTooManyRequests; {
		if ctx.Err() != nil {
			t.Fatal("two upserts ran at a time")
		}
	}
	if err := r.s.Close(); err != nil {
		t.Error(err)
	}
	<-done
}

func TestPriceListsSurvive(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sandbox.json")
	r, _ := priceRig(t, Options{StateFile: file})
	r.want(200, "PUT", "/v3/pricelists/1/records", `[{"sku":"BOLT","currency":"usd","price":1},{"sku":"BOLT","currency":"eur","price":2,"bulk_pricing_tiers":[{"quantity_min":2,"type":"price","amount":1}]}]`)
	r.want(200, "PUT", "/v3/pricelists/1/records", `[{"sku":"SHIRT-S","currency":"usd","price":3}]`)
	r.want(204, "DELETE", "/v3/pricelists/1/records/1/usd", nil)
	r.want(200, "POST", "/v3/pricelists/assignments", `[{"price_list_id":1,"channel_id":1}]`)
	paths := []string{"/v3/pricelists", "/v3/pricelists/1/records?include=bulk_pricing_tiers", "/v3/pricelists/assignments", "/v2/currencies"}
	picture := func() map[string]string {
		out := map[string]string{}
		for _, p := range paths {
			out[p] = r.want(200, "GET", p, nil).raw
		}
		return out
	}
	before := picture()
	raw, err := Dump(file, "")
	var dump struct {
		Records json.RawMessage `json:"price_records"`
	}
	if err == nil {
		err = json.Unmarshal(raw, &dump)
	}
	const records = `[{"price_list_id":1,"price_list":"Wholesale","variant_id":1,"sku":"BOLT","currency":"eur","price":2,"sale_price":null,"retail_price":null,"map_price":null,` +
		`"bulk_pricing_tiers":[{"amount":1,"quantity_max":null,"quantity_min":2,"type":"price"}]},` +
		`{"price_list_id":1,"price_list":"Wholesale","variant_id":3,"sku":"SHIRT-S","currency":"usd","price":3,"sale_price":null,"retail_price":null,"map_price":null,"bulk_pricing_tiers":[]}]`
	if err != nil || string(dump.Records) != records {
		t.Errorf("the account has %s, %v", dump.Records, err)
	}
	for _, stop := range []func(*Sandbox){kill, func(s *Sandbox) { _ = s.Close() }} {
		stop(r.s)
		s, err := New(Options{StateFile: file, Plan: "enterprise"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.s, r.st = s, s.Store("abc123")
		if d := cmp.Diff(before, picture()); d != "" {
			t.Error(d)
		}
	}
	r.want(200, "PUT", "/v3/pricelists/1/records", `[{"sku":"SHIRT-S","currency":"usd","price":4}]`) // found by its key, not made again
	if n := len(r.st.PriceRecords()); n != 2 {
		t.Errorf("%d records", n)
	}
}

func FuzzPriceRecords(f *testing.F) {
	for _, seed := range []string{
		`[{"sku":"BOLT","currency":"usd","price":1,"bulk_pricing_tiers":[{"quantity_min":1,"quantity_max":null,"type":"fixed","amount":1}]}]`,
		`[{"variant_id":1e0,"currency":"EUR","price":null},{"variant_id":1,"sku":"bolt","currency":"usd"}]`, `[{"price_list_id":1,"variant_id":-1}]`,
		`[{"sku":null,"currency":7,"bulk_pricing_tiers":[[],{"quantity_min":9e99}]}]`, `[{}]`, `[]`, `{"price":1e308}`, `[{"variant_id":9223372036854775808}]`,
	} {
		f.Add(seed)
	}
	s, err := New(Options{Choices: Choices{GoodOfBatchSaved: true}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, body string) {
		st := newStore(s, StoreSpec{Hash: "fuzz"})
		st.defaultsLocked()
		st.beginKept()
		st.SeedProducts(1)
		p := st.cat.order[0].clone()
		p.sku = "BOLT"
		st.cat.replace(st.cat.order[0], p)
		st.priceLists().put(1, &priceList{ID: 1, Name: "One"})
		tok := &token{ClientID: "c", Scopes: s.allScopes()}
		for name, handle := range map[string]func(*call) reply{"list": createPriceList, "upsert": upsertRecords, "create": createRecords, "across": upsertRecordsAcross,
			"one": setPriceRecord, "assign": createAssignments, "reassign": upsertAssignment, "currency": createCurrency} {
			c := fuzzCall(st, tok, "PUT", body)
			c.r.SetPathValue("id", "1")
			c.r.SetPathValue("variant_id", strconv.FormatInt(p.variant, 10))
			c.r.SetPathValue("currency", "usd")
			if rep := handle(c); rep.status >= 500 || !json.Valid(rep.body) {
				t.Fatalf("%s: %d %s", name, rep.status, rep.body)
			}
		}
		for _, r := range st.PriceRecords() {
			if n, err := strconv.ParseFloat(string(r.Price), 64); err != nil || n < 0 || !json.Valid(r.Tiers) {
				t.Errorf("%+v", r)
			}
		}
	})
}
