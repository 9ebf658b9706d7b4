package bigcommerce

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// aProduct is BigCommerce's own example of a product, shortened.
const aProduct = `{
	"id":174,"name":"1L Le Parfait Jar","type":"physical","sku":"JAR-1","description":"<p>Lorem ipsum</p>",
	"weight":1,"width":0,"price":7.95,"cost_price":0,"retail_price":10,"sale_price":0,"map_price":0,"tax_class_id":0,
	"calculated_price":7.95,"categories":[23,21],"brand_id":36,"option_set_id":55,"option_set_display":"right",
	"inventory_level":4,"inventory_warning_level":1,"inventory_tracking":"product","is_visible":true,
	"related_products":[-1],"upc":"","mpn":"","gtin":"","availability":"available","condition":"New",
	"date_created":"2018-08-15T14:48:46+00:00","date_modified":"2018-09-05T20:42:07+00:00",
	"custom_url":{"url":"/all/1l-le-parfait-jar/","is_customized":true},"base_variant_id":345,
	"variants":[{"id":345,"product_id":174,"sku":"JAR-1","price":null,"weight":1.5,"inventory_level":4,"option_values":[]}]
}`

func TestListDecodesProducts(t *testing.T) {
	f := newFixture(t, answer(200, `{"data":[`+aProduct+`,{"id":175,"base_variant_id":null,"price":null}],"meta":{"pagination":{"total":2,"count":2,"per_page":250,"current_page":1,"total_pages":1,"links":{"current":"?page=1&limit=250"}}}}`))
	want := []*Product{
		{
			ID: 174, Name: "1L Le Parfait Jar", Type: "physical", SKU: "JAR-1", Description: "<p>Lorem ipsum</p>",
			Weight: "1", Price: "7.95", CostPrice: "0", RetailPrice: "10", SalePrice: "0",
			Categories: []int64{23, 21}, BrandID: 36, InventoryLevel: 4, InventoryWarningLevel: 1, InventoryTracking: "product",
			IsVisible: true, Availability: "available", Condition: "New", BaseVariantID: 345,
			DateCreated:  time.Date(2018, 8, 15, 14, 48, 46, 0, time.UTC),
			DateModified: time.Date(2018, 9, 5, 20, 42, 7, 0, time.UTC),
			Variants:     []Variant{{ID: 345, ProductID: 174, SKU: "JAR-1", Weight: "1.5", InventoryLevel: 4, OptionValues: []OptionValue{}}},
		},
		{ID: 175},
	}
	var got []*Product
	for p, err := range f.Products.List(t.Context(), ProductFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestListPage(t *testing.T) {
	f := newFixture(t, answer(200, `{"data":[{"id":9007199254740993,"price":12.50,"categories":[1]}],"meta":{"pagination":{"total":501,"count":1,"per_page":250,"current_page":3,"total_pages":3,"links":{"previous":"?page=2","current":"?page=3"}}}}`))
	data, at, err := f.Products.ListPage(t.Context(), ProductFilter{}, 3)
	if err != nil {
		t.Fatal(err)
	}
	wantData := []Fields{{"id": json.Number("9007199254740993"), "price": json.Number("12.50"), "categories": []any{json.Number("1")}}}
	wantAt := Pagination{Total: 501, Count: 1, PerPage: 250, CurrentPage: 3, TotalPages: 3, Links: Links{Previous: "?page=2", Current: "?page=3"}}
	if diff := cmp.Diff(wantData, data) + cmp.Diff(wantAt, at); diff != "" {
		t.Error(diff)
	}
	if q := f.log()[0].Query; q != "page=3&limit=250" {
		t.Errorf("query %s", q)
	}
	t.Run("without pagination", func(t *testing.T) {
		f := newFixture(t, answer(200, `{"data":[]}`))
		if _, _, err := f.Products.ListPage(t.Context(), ProductFilter{}, 0); err == nil {
			t.Error("an answer without pagination was taken for a page")
		}
		if q := f.log()[0].Query; q != "page=1&limit=250" {
			t.Errorf("query %s", q)
		}
	})
}

func TestProductFilter(t *testing.T) {
	for name, tc := range map[string]struct {
		filter ProductFilter
		want   string
	}{
		"nothing": {ProductFilter{}, "page=1&limit=250"},
		"everything": {
			ProductFilter{
				IDs: []int64{1, 2}, IDGreater: 7, SKU: "A,B", SKUs: []string{"A B", "a/b", "Ä&=?#+%"}, Name: "Bolt, M8", Keyword: "x",
				BrandID: 3, Categories: []int64{4}, DateModifiedMin: time.Date(2025, 1, 15, 1, 3, 17, 5, time.FixedZone("CET", 3600)),
				Include: []string{"variants", "images"}, IncludeFields: []string{"sku", "price"}, ExcludeFields: []string{"description"},
				Sort: "id", Direction: "asc", Limit: 50,
			},
			"id:in=1,2&id:greater=7&sku=A%2CB&sku:in=A+B,a%2Fb,%C3%84%26%3D%3F%23%2B%25&name=Bolt%2C+M8&keyword=x&brand_id=3&categories:in=4" +
				"&date_modified:min=2025-01-15T00%3A03%3A17Z&include=variants,images&include_fields=sku,price&exclude_fields=description" +
				"&sort=id&direction=asc&page=1&limit=50",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, products(0))
			for _, err := range f.Products.List(t.Context(), tc.filter) {
				t.Fatal(err)
			}
			if q := queries(f); len(q) != 1 || q[0] != tc.want {
				t.Errorf("query\n%s, want\n%s", q, tc.want)
			}
		})
	}
	t.Run("a SKU that cannot be in a list", func(t *testing.T) {
		for _, sku := range []string{"A,B", ""} {
			f := newFixture(t, products(0))
			var errs []error
			for _, err := range f.Products.List(t.Context(), ProductFilter{SKUs: []string{"OK", sku}}) {
				errs = append(errs, err)
			}
			if len(errs) != 1 || errs[0] == nil || len(f.log()) != 0 {
				t.Errorf("SKU %q: %v, %d requests", sku, errs, len(f.log()))
			}
		}
	})
}

func TestCreate(t *testing.T) {
	partial := `"errors":{"status":207,"title":"Multi-status","type":"x","errors":{"inventory_level":"must not be negative"}}`
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		want    Fields
		check   func(error) bool
	}{
		"200":               {answer(200, `{"data":{"id":7},"meta":{}}`), Fields{"id": json.Number("7")}, isNil},
		"207 with a list":   {answer(207, `{"data":[{"id":7}],`+partial+`}`), Fields{"id": json.Number("7")}, as[*PartialError]},
		"207 with one":      {answer(207, `{"data":{"id":7},`+partial+`}`), Fields{"id": json.Number("7")}, as[*PartialError]},
		"207 with none":     {answer(207, `{"data":[],`+partial+`}`), nil, as[*ValidationError]},
		"200 without data":  {answer(200, `{"meta":{}}`), nil, sentButUnclear},
		"200 with null":     {answer(200, `{"data":null}`), nil, sentButUnclear},
		"200 with nonsense": {answer(200, `{"data":"created"}`), nil, sentButUnclear},
		"204":               {answer(204, ``), nil, sentButUnclear},
		"cut half-way":      {cutHalfway(`{"data":{"id":7`), nil, sentButUnclear},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, tc.handler)
			got, err := f.Products.Create(t.Context(), Fields{"name": "Bolt"})
			if diff := cmp.Diff(tc.want, got); diff != "" || !tc.check(err) {
				t.Errorf("error %v; %s", err, diff)
			}
			var p *PartialError
			if errors.As(err, &p) && p.Fields["inventory_level"] != "must not be negative" {
				t.Errorf("%+v does not say what was not saved", p.APIError)
			}
			if n := len(f.log()); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestUpdate(t *testing.T) {
	body := []Fields{{"id": 1, "price": json.Number("12.50")}, {"id": json.Number("2"), "name": "Nut"}}
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		want    BatchResult
	}{
		"200": {
			answer(200, `{"data":[{"id":1},{"id":2}],"meta":{}}`),
			BatchResult{Data: []Fields{{"id": json.Number("1")}, {"id": json.Number("2")}}},
		},
		"207": {
			answer(207, `{"data":[{"id":1}],"errors":{"status":422,"title":"Some failed","errors":{"1.name":"taken"}},"meta":{}}`),
			BatchResult{
				Data:   []Fields{{"id": json.Number("1")}},
				Errors: []BatchError{{Status: 422, Title: "Some failed", Fields: map[string]string{"1.name": "taken"}}},
			},
		},
		"207 with a list": {
			answer(207, `{"data":[],"errors":[{"status":409,"title":"Conflict","errors":{"name":"taken"}},{"status":422,"title":"Invalid"}]}`),
			BatchResult{Data: []Fields{}, Errors: []BatchError{
				{Status: 409, Title: "Conflict", Fields: map[string]string{"name": "taken"}}, {Status: 422, Title: "Invalid"},
			}},
		},
		"207 that says nothing":  {answer(207, `{"data":[]}`), BatchResult{Data: []Fields{}, Errors: []BatchError{{Title: "Multi-Status"}}}},
		"207 with an empty list": {answer(207, `{"data":[],"errors":[]}`), BatchResult{Data: []Fields{}, Errors: []BatchError{{Title: "Multi-Status"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, tc.handler)
			got, err := f.Products.Update(t.Context(), body, "id", "sku")
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Errorf("error %v; %s", err, diff)
			}
			r := f.log()[0]
			if r.Method != http.MethodPut || r.Query != "include_fields=id,sku" || r.Body != `[{"id":1,"price":12.50},{"id":2,"name":"Nut"}]` {
				t.Errorf("%s ?%s %s", r.Method, r.Query, r.Body)
			}
		})
	}
}

func TestBatchesThatBigCommerceWouldRefuseAreNotSent(t *testing.T) {
	f := newFixture(t, answer(500, ``))
	many := func(n int) []Fields {
		batch := make([]Fields, n)
		for i := range batch {
			batch[i] = Fields{"id": i + 1}
		}
		return batch
	}
	for name, call := range map[string]func() error{
		"no products":       func() error { _, err := f.Products.Update(t.Context(), nil); return err },
		"11 products":       func() error { _, err := f.Products.Update(t.Context(), many(11)); return err },
		"product sans id":   func() error { _, err := f.Products.Update(t.Context(), []Fields{{"name": "Nut"}}); return err },
		"51 variants":       func() error { _, err := f.Variants.Update(t.Context(), many(51)); return err },
		"no variants":       func() error { _, err := f.Variants.Update(t.Context(), nil); return err },
		"delete everything": func() error { return f.Products.Delete(t.Context(), nil) },
		"delete 251":        func() error { return f.Products.Delete(t.Context(), make([]int64, 251)) },
		"not JSON":          func() error { _, err := f.Products.Create(t.Context(), Fields{"price": func() {}}); return err },
		"nameless category": func() error { _, err := f.Categories.Create(t.Context(), []Category{{TreeID: 1}}); return err },
		"treeless category": func() error { _, err := f.Categories.Create(t.Context(), []Category{{Name: "Bath"}}); return err },
	} {
		if err := call(); err == nil || errors.As(err, new(*APIError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(f.log()) + len(f.limiter.calls); n != 0 {
		t.Errorf("%d requests and questions to the limiter", n)
	}
}

func TestDelete(t *testing.T) {
	f := newFixture(t, answer(204, ``))
	if err := f.Products.Delete(t.Context(), []int64{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	if r := f.log()[0]; r.Method != http.MethodDelete || r.Query != "id:in=1,2,3" || r.Body != "" {
		t.Errorf("%s ?%s %s", r.Method, r.Query, r.Body)
	}
}

func isNil(err error) bool { return err == nil }

func as[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func sentButUnclear(err error) bool {
	var e *UnavailableError
	return errors.As(err, &e) && e.Sent && e.Err != nil
}

// BigCommerce answers deletions with 204, and with 202 and a body where its recorded answers say
// otherwise.
func TestDeletionsTakeAnySuccess(t *testing.T) {
	for status, body := range map[int]string{http.StatusNoContent: "", http.StatusAccepted: `{"meta":{"total":1,"success":1,"failed":0}}`, http.StatusOK: `{}`} {
		f := newFixture(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
		for name, gone := range map[string]func() error{
			"products": func() error { return f.Products.Delete(t.Context(), []int64{1}) },
			"hook":     func() error { return f.Hooks.Delete(t.Context(), 1) },
			"script":   func() error { return f.Scripts.Delete(t.Context(), "1f0e4c5e-5f0a-4b5e-8d42-0c5a5f3b9f01") },
		} {
			if err := gone(); err != nil {
				t.Errorf("%s, %d: %v", name, status, err)
			}
		}
	}
}
