package bigcommerce

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const onePage = `"meta":{"pagination":{"total":1,"count":1,"per_page":250,"current_page":1,"total_pages":1,"links":{"current":"?page=1"}}}`

func TestVariants(t *testing.T) {
	f := newFixture(t, answer(200, `{"data":[{"id":345,"product_id":174,"sku":"JAR-1-B","price":null,"weight":0.25,"inventory_level":3,
		"option_values":[{"id":146,"label":"Beige","option_id":151,"option_display_name":"Color"}]}],`+onePage+`}`))
	var got []*Variant
	for v, err := range f.Variants.List(t.Context(), VariantFilter{ID: 345, SKU: "JAR-1-B", UPC: "1", ProductIDs: []int64{174}, IncludeFields: []string{"sku"}}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, v)
	}
	want := []*Variant{{
		ID: 345, ProductID: 174, SKU: "JAR-1-B", Weight: "0.25", InventoryLevel: 3,
		OptionValues: []OptionValue{{ID: 146, Label: "Beige", OptionID: 151, OptionDisplayName: "Color"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := f.Variants.Update(t.Context(), []Fields{{"id": 345, "price": 2}}); err != nil {
		t.Fatal(err)
	}
	checkRequests(t, f,
		recordedRequest{Method: "GET", Path: "/stores/abc123/v3/catalog/variants", Query: "id=345&sku=JAR-1-B&upc=1&product_id:in=174&include_fields=sku&page=1&limit=250"},
		recordedRequest{Method: "PUT", Path: "/stores/abc123/v3/catalog/variants", Body: `[{"id":345,"price":2}]`},
	)
}

func TestBrands(t *testing.T) {
	const brand = `{"custom_url":{"is_customized":false,"url":"/brands/Common-Good.html"},"id":50,"image_url":"","meta_keywords":["modern","clean"],"name":"Common Good"}`
	f := newFixture(t, script(
		answer(200, `{"data":[`+brand+`],`+onePage+`}`),
		answer(200, `{"data":`+brand+`,"meta":{}}`),
		answer(409, `{"status":409,"title":"The brand name is a duplicate","errors":{"name":"taken"}}`),
	))
	want := &Brand{ID: 50, Name: "Common Good", MetaKeywords: []string{"modern", "clean"}, CustomURL: &CustomURL{URL: "/brands/Common-Good.html"}}
	for b, err := range f.Brands.List(t.Context(), BrandFilter{IDs: []int64{50}, Name: "Common Good", IncludeFields: []string{"name"}}) {
		if diff := cmp.Diff(want, b); diff != "" || err != nil {
			t.Errorf("error %v; %s", err, diff)
		}
	}
	b, err := f.Brands.Create(t.Context(), Brand{ID: 7, Name: "Common Good"})
	if diff := cmp.Diff(want, b); diff != "" || err != nil {
		t.Errorf("error %v; %s", err, diff)
	}
	if _, err := f.Brands.Create(t.Context(), Brand{Name: "Common Good"}); !errors.As(err, new(*ConflictError)) {
		t.Errorf("%v", err)
	}
	const path = "/stores/abc123/v3/catalog/brands"
	checkRequests(t, f,
		recordedRequest{Method: "GET", Path: path, Query: "id:in=50&name=Common+Good&include_fields=name&page=1&limit=250"},
		recordedRequest{Method: "POST", Path: path, Body: `{"name":"Common Good"}`},
		recordedRequest{Method: "POST", Path: path, Body: `{"name":"Common Good"}`},
	)
}

func TestCategories(t *testing.T) {
	const bath = `{"category_id":36,"category_uuid":"d2de0756-5e1d-4c72-9480-e1a3f7be4a34","parent_id":0,"tree_id":1,"name":"Bath","views":1050,
		"is_visible":true,"url":{"path":"/bath/","is_customized":false}}`
	visible := true
	f := newFixture(t, script(
		answer(200, `{"data":[{"id":1,"name":"Default","channels":[1]}],`+onePage+`}`),
		answer(200, `{"data":[`+bath+`],`+onePage+`}`),
		answer(201, `{"data":[`+bath+`],"meta":{"total":1,"success":1,"failed":0}}`),
		answer(207, `{"data":[`+bath+`],"errors":{"status":422,"title":"Bulk operation has failed","errors":{"1.name":"must be unique"}},"meta":{"total":2,"success":1,"failed":1}}`),
		cut,
	))
	trees, err := f.Categories.Trees(t.Context())
	if diff := cmp.Diff([]CategoryTree{{ID: 1, Name: "Default", Channels: []int64{1}}}, trees); diff != "" || err != nil {
		t.Errorf("error %v; %s", err, diff)
	}
	want := Category{
		ID: 36, UUID: "d2de0756-5e1d-4c72-9480-e1a3f7be4a34", TreeID: 1, Name: "Bath", IsVisible: &visible, URL: &CategoryURL{Path: "/bath/"},
	}
	filter := CategoryFilter{IDs: []int64{36}, TreeIDs: []int64{1}, ParentIDs: []int64{0}, Name: "Bath", NameLike: "at", IsVisible: &visible, IncludeFields: []string{"name"}}
	for c, err := range f.Categories.List(t.Context(), filter) {
		if diff := cmp.Diff(&want, c); diff != "" || err != nil {
			t.Errorf("error %v; %s", err, diff)
		}
	}
	given := []Category{{ID: 9, UUID: "x", TreeID: 1, Name: "Bath"}}
	created, err := f.Categories.Create(t.Context(), given)
	if diff := cmp.Diff([]Category{want}, created); diff != "" || err != nil {
		t.Errorf("error %v; %s", err, diff)
	}
	if given[0].ID != 9 {
		t.Error("Create changed what it was given")
	}
	created, err = f.Categories.Create(t.Context(), []Category{{TreeID: 1, Name: "Bath"}, {TreeID: 1, ParentID: 36, Name: "Soap"}})
	var partial *PartialError
	if diff := cmp.Diff([]Category{want}, created); diff != "" || !errors.As(err, &partial) || partial.Fields["1.name"] != "must be unique" {
		t.Errorf("error %v; %s", err, diff)
	}
	var away *UnavailableError
	if _, err = f.Categories.Create(t.Context(), []Category{{TreeID: 1, Name: "Bath"}}); !errors.As(err, &away) || !away.Sent {
		t.Errorf("%v", err)
	}
	const path = "/stores/abc123/v3/catalog/trees/categories"
	checkRequests(t, f,
		recordedRequest{Method: "GET", Path: "/stores/abc123/v3/catalog/trees"},
		recordedRequest{Method: "GET", Path: path, Query: "category_id:in=36&tree_id:in=1&parent_id:in=0&name=Bath&name:like=at&is_visible=true&include_fields=name&page=1&limit=250"},
		recordedRequest{Method: "POST", Path: path, Body: `[{"parent_id":0,"tree_id":1,"name":"Bath"}]`},
		recordedRequest{Method: "POST", Path: path, Body: `[{"parent_id":0,"tree_id":1,"name":"Bath"},{"parent_id":36,"tree_id":1,"name":"Soap"}]`},
		recordedRequest{Method: "POST", Path: path, Body: `[{"parent_id":0,"tree_id":1,"name":"Bath"}]`},
	)
}

func TestHooks(t *testing.T) {
	const hook = `{"id":18048287,"client_id":"m9r6keqmo7h7f23btnpwernbez1kglkl","store_hash":"sftg45fsd","created_at":1561488106,"updated_at":1561488107,
		"scope":"store/order/created","destination":"https://app.example/webhooks","is_active":true,"headers":{"custom-key":"value"}}`
	f := newFixture(t, script(
		answer(200, `{"data":[`+hook+`,{"id":2,"headers":null}],`+onePage+`}`),
		answer(200, `{"data":`+hook+`,"meta":{}}`),
		answer(200, `{"data":`+hook+`,"meta":{}}`),
		answer(200, `{"data":`+hook+`,"meta":{}}`),
		answer(404, `{"status":404,"title":"Webhook with id [7] not found"}`),
		answer(422, `{"status":422,"title":"JSON data is missing or invalid","errors":{"destination":"error.path.missing."}}`),
	))
	want := &Hook{
		ID: 18048287, ClientID: "m9r6keqmo7h7f23btnpwernbez1kglkl", StoreHash: "sftg45fsd", Scope: "store/order/created",
		Destination: "https://app.example/webhooks", Headers: map[string]string{"custom-key": "value"}, IsActive: true,
		CreatedAt: 1561488106, UpdatedAt: 1561488107,
	}
	var listed []*Hook
	for h, err := range f.Hooks.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, h)
	}
	if diff := cmp.Diff([]*Hook{want, {ID: 2}}, listed); diff != "" {
		t.Error(diff)
	}
	created, err := f.Hooks.Create(t.Context(), *want) // read-only fields are not sent
	if diff := cmp.Diff(want, created); diff != "" || err != nil {
		t.Errorf("error %v; %s", err, diff)
	}
	updated, err := f.Hooks.Update(t.Context(), Hook{ID: 18048287, IsActive: true})
	if diff := cmp.Diff(want, updated); diff != "" || err != nil {
		t.Errorf("error %v; %s", err, diff)
	}
	if err := f.Hooks.Delete(t.Context(), 18048287); err != nil {
		t.Error(err)
	}
	if err := f.Hooks.Delete(t.Context(), 7); !errors.As(err, new(*NotFoundError)) {
		t.Errorf("%v", err)
	}
	var invalid *ValidationError
	if _, err := f.Hooks.Create(t.Context(), Hook{Scope: "store/*"}); !errors.As(err, &invalid) || invalid.Fields["destination"] == "" {
		t.Errorf("%v", err)
	}
	const path = "/stores/abc123/v3/hooks"
	checkRequests(t, f,
		recordedRequest{Method: "GET", Path: path, Query: "page=1&limit=250"},
		recordedRequest{Method: "POST", Path: path, Body: `{"scope":"store/order/created","destination":"https://app.example/webhooks","headers":{"custom-key":"value"},"is_active":true}`},
		recordedRequest{Method: "PUT", Path: path + "/18048287", Body: `{"is_active":true}`},
		recordedRequest{Method: "DELETE", Path: path + "/18048287"},
		recordedRequest{Method: "DELETE", Path: path + "/7"},
		recordedRequest{Method: "POST", Path: path, Body: `{"scope":"store/*","is_active":false}`},
	)
}

func TestStore(t *testing.T) {
	f := newFixture(t, script(
		answer(200, `{"id":"abc123","account_uuid":"8d4d492f-17a1-4d95-b396-e1c5720815a5","domain":"my-awesome.store","secure_url":"https://my-awesome.store",
			"control_panel_base_url":"https://store-abc123.mybigcommerce.com","status":"live","name":"BigCommerce","country_code":"US",
			"timezone":{"name":"America/Chicago","raw_offset":-21600,"date_format":{"display":"M jS Y"}},"language":"en","currency":"USD","decimal_places":2,
			"weight_units":"Ounces","dimension_units":"Inches","plan_name":"Standard","plan_level":"Standard","plan_is_trial":false,"logo":[],
			"is_price_entered_with_tax":true,"store_id":4884484848484,"default_channel_id":1,"default_site_id":1000,"features":{"multi_storefront_enabled":true}}`),
		answer(200, `{"time":1529512970}`),
		answer(204, ``),
	))
	info, err := f.Store.Get(t.Context())
	want := &StoreInfo{
		Hash: "abc123", AccountUUID: "8d4d492f-17a1-4d95-b396-e1c5720815a5", StoreID: 4884484848484, Name: "BigCommerce",
		Domain: "my-awesome.store", SecureURL: "https://my-awesome.store", ControlPanelBaseURL: "https://store-abc123.mybigcommerce.com",
		Status: "live", PlanName: "Standard", PlanLevel: "Standard", Timezone: Timezone{Name: "America/Chicago"}, Language: "en",
		CountryCode: "US", Currency: "USD", DecimalPlaces: 2, WeightUnits: "Ounces", DimensionUnits: "Inches",
		DefaultChannelID: 1, DefaultSiteID: 1000, PriceWithTax: true, Features: Features{MultiStorefront: true},
	}
	if diff := cmp.Diff(want, info); diff != "" || err != nil {
		t.Errorf("error %v; %s", err, diff)
	}
	now, err := f.Store.Time(t.Context())
	if err != nil || now.String() != "2018-06-20 16:42:50 +0000 UTC" {
		t.Errorf("%v, %v", now, err)
	}
	if info, err := f.Store.Get(t.Context()); info != nil || !sentButUnclear(err) {
		t.Errorf("an empty answer gave %v, %v", info, err)
	}
	checkRequests(t, f,
		recordedRequest{Method: "GET", Path: "/stores/abc123/v2/store"},
		recordedRequest{Method: "GET", Path: "/stores/abc123/v2/time"},
		recordedRequest{Method: "GET", Path: "/stores/abc123/v2/store"},
	)
}

func checkRequests(t *testing.T, f *fixture, want ...recordedRequest) {
	t.Helper()
	got := f.log()
	for i := range got {
		got[i].Header, got[i].Connection = nil, ""
		if got[i].Body != "" && !json.Valid([]byte(got[i].Body)) {
			t.Errorf("request %d is not JSON: %s", i, got[i].Body)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
