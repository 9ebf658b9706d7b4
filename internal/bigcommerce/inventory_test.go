package bigcommerce

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInventoryRequests(t *testing.T) {
	f := newFixture(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Method + " " + strings.TrimPrefix(r.URL.Path, "/stores/"+testHash) {
		case "GET /v3/inventory/items":
			answer(200, `{"data":[{"identity":{"sku":"A","variant_id":5,"product_id":4,"sku_id":null},"locations":[{"location_id":1,"location_code":"L","location_name":"N",
				"available_to_sell":8,"total_inventory_onhand":10,"location_enabled":true,"settings":{"safety_stock":2,"is_in_stock":true,"warning_level":3,"bin_picking_number":null}}]},
				{"identity":{"sku":"B","variant_id":6,"product_id":4,"sku_id":9},"locations":[]}],"meta":{"pagination":{"total":2,"total_pages":1,"current_page":1}}}`)(w, r)
		case "GET /v3/settings/inventory":
			answer(200, `{"data":{"update_stock_behavior":"order_placed","edit_order_stock_adjustment":null,"refund_order_stock_adjustment":true},"meta":{}}`)(w, r)
		case "GET /v3/inventory/locations":
			answer(200, `{"data":[{"id":1,"code":"L","label":"N","type_id":"PHYSICAL","enabled":true,"managed_by_external_source":true,"storefront_visibility":true}],"meta":{}}`)(w, r)
		default:
			answer(200, `{"transaction_id":"t-1"}`)(w, r)
		}
	})
	ctx := t.Context()
	items, at, err := f.Inventory.Items(ctx, InventoryFilter{SKUs: []string{"a b", "c"}, LocationIDs: []int64{1, 2}}, 3)
	if err != nil || at.Total != 2 || len(items) != 2 {
		t.Fatalf("%v, %+v, %v", items, at, err)
	}
	if diff := cmp.Diff(InventoryLevel{1, "L", "N", true, 10, 8, InventoryRules{2, true, 3, ""}}, items[0].Locations[0]); diff != "" {
		t.Error(diff)
	}
	if items[0].Identity.Stock() != (StockIdentity{ProductID: 4}) || items[1].Identity.Stock() != (StockIdentity{VariantID: 6}) {
		t.Errorf("%+v", items)
	}
	if got, err := f.Inventory.SetAbsolute(ctx, "why", []Adjustment{{1, StockIdentity{SKU: "A"}, 0}, {2, StockIdentity{ProductID: 4}, 7}}); err != nil || got[0].State != StockAccepted {
		t.Errorf("%+v, %v", got, err)
	}
	n, bin, in := int64(0), "A7", false
	if got, err := f.Inventory.SetSettings(ctx, 2, []StockSetting{{Identity: StockIdentity{VariantID: 5}, SafetyStock: &n, InStock: &in, BinPickingNumber: &bin}}); err != nil || got[0].State != StockAccepted {
		t.Errorf("%+v, %v", got, err)
	}
	set, err := f.Inventory.Settings(ctx, 1)
	if err != nil || *set.UpdateStock != "order_placed" || set.EditOrder != nil || !*set.RefundOrder {
		t.Errorf("%+v, %v", set, err)
	}
	for l, err := range f.Locations.List(ctx) {
		if err != nil || *l != (Location{1, "L", "N", "PHYSICAL", true, true, true}) {
			t.Errorf("%+v, %v", l, err)
		}
	}
	var got []string
	for _, r := range f.log() {
		got = append(got, r.Method+" "+strings.TrimPrefix(r.Path, "/stores/"+testHash)+"?"+r.Query+" "+r.Body)
	}
	want := []string{
		"GET /v3/inventory/items?sku:in=a+b,c&location_id:in=1,2&page=3&limit=1000 ",
		`PUT /v3/inventory/adjustments/absolute? {"reason":"why","items":[{"location_id":1,"sku":"A","quantity":0},{"location_id":2,"product_id":4,"quantity":7}]}`,
		`PUT /v3/inventory/locations/2/items? {"settings":[{"identity":{"variant_id":5},"safety_stock":0,"is_in_stock":false,"bin_picking_number":"A7"}]}`,
		"GET /v3/settings/inventory?channel_id=1 ",
		"GET /v3/inventory/locations?page=1&limit=1000 ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestInventoryRefusesWithoutARequest(t *testing.T) {
	f := newFixture(t, answer(200, `{}`))
	ctx, n, bin := t.Context(), int64(1), "A"
	good := Adjustment{1, StockIdentity{SKU: "A"}, 1}
	many := make([]Adjustment, MaxInventoryBatch+1)
	for i := range many {
		many[i] = good
	}
	for name, list := range map[string][]Adjustment{
		"none": nil, "too many": many, "no name": {{LocationID: 1}}, "two names": {{1, StockIdentity{SKU: "A", ProductID: 1}, 1}}, "no location": {{0, StockIdentity{SKU: "A"}, 1}},
	} {
		if _, err := f.Inventory.SetAbsolute(ctx, "", list); err == nil {
			t.Errorf("%s: sent", name)
		}
	}
	id := StockIdentity{ProductID: 1}
	for name, list := range map[string][]StockSetting{
		"none": nil, "too many": make([]StockSetting, MaxInventoryBatch+1), "no name": {{SafetyStock: &n}}, "bin alone": {{Identity: id, BinPickingNumber: &bin}},
	} {
		if _, err := f.Inventory.SetSettings(ctx, 1, list); err == nil {
			t.Errorf("%s: sent", name)
		}
	}
	if _, _, err := f.Inventory.Items(ctx, InventoryFilter{SKUs: []string{"a,b"}}, 1); err == nil {
		t.Error("a SKU with a comma was sent in a list")
	}
	if len(f.log()) != 0 {
		t.Errorf("%d requests", len(f.log()))
	}
}

// TestRefusedStock reads titles: the documented two, one that an integrator recorded, and what
// others might be.
func TestRefusedStock(t *testing.T) {
	items := []Adjustment{
		{1, StockIdentity{SKU: "A"}, 1}, {1, StockIdentity{SKU: "A-1"}, 1}, {2, StockIdentity{SKU: "A 1"}, 1}, {2, StockIdentity{SKU: " padded "}, 1},
		{1, StockIdentity{VariantID: 106}, 1}, {3, StockIdentity{ProductID: 113}, 1}, {3, StockIdentity{ProductID: 106}, 1}, {2, StockIdentity{SKU: "a-1"}, 1},
		{2, StockIdentity{SKU: "Location disabled"}, 1}, {2, StockIdentity{SKU: "3"}, 1},
	}
	for title, want := range map[string]stockRefusal{
		"[Item with variant_id 106 is tracked by product, please update stock by product id]": {cause: StockByProduct, items: []int{4}},
		"Items with identity: [product_id 113] requires absolute adjustment before relative":  {items: []int{5}},
		"Location not found, identities: [3,2]":                                               {cause: StockLocationUnknown, items: []int{2, 3, 5, 6, 7, 8, 9}},
		"[Location with id 3 is disabled, please enable it to update stock]":                  {cause: StockLocationDisabled, items: []int{5, 6}},
		"Items not found, identities: [sku A, product_id 106]":                                {cause: StockItemUnknown, items: []int{0, 6}},
		"Items not found, identities: [A-1]":                                                  {cause: StockItemUnknown, items: []int{1, 7}},
		"[Item with sku A 1 not found, Item with sku  padded  not found]":                     {cause: StockItemUnknown, items: []int{2, 3}},
		`SKU: "A-1" does not exist`:                                                           {cause: StockItemUnknown, items: []int{1, 7}},
		"Item with sku Location disabled not found":                                           {cause: StockItemUnknown, items: []int{8}},
		"[Item with sku 3 is not tracked, please enable inventory tracking]":                  {cause: StockNotTracked, items: []int{9}},
		"[Item with product_id 113 is tracked by variant, please update stock by variant id]": {cause: StockByVariant, items: []int{5}},
		"Items with identity: [sku B, sku A-12] have insufficient stock":                      {},
		"Stock could not be updated":                                                          {},
		"sku":                                                                                 {},
		"":                                                                                    {},
	} {
		f := newFixture(t, answer(422, `{"status":422,"title":`+quoteJSON(title)+`,"errors":{}}`))
		err := f.Inventory.write(t.Context(), absolutePath, nil)
		got, ok := refusedStock(err, items)
		want.title = orDefault(title, http.StatusText(http.StatusUnprocessableEntity))
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(stockRefusal{})); diff != "" || !ok {
			t.Errorf("%q: %s", title, diff)
		}
	}
	// The form of the request: by the place.
	f := newFixture(t, answer(422, `{"status":422,"title":"Payload contains invalid fields","errors":{"items.4.quantity":"x","items.99":"y","items.x":"z","items":"w"}}`))
	err := f.Inventory.write(t.Context(), absolutePath, nil)
	if got, ok := refusedStock(err, items); !ok || !cmp.Equal(got.items, []int{4}) {
		t.Errorf("%+v", got)
	}
	f = newFixture(t, answer(429, `{"title":"Items not found, identities: [sku A]"}`))
	err = f.Inventory.write(t.Context(), absolutePath, nil)
	if _, ok := refusedStock(err, items); ok {
		t.Error("a 429 is no refusal of the batch")
	}
}

// TestRefusedStockInWhole: what an error prints is short, what a title names is read to its end.
func TestRefusedStockInWhole(t *testing.T) {
	var items []Adjustment
	var names []string
	for range MaxInventoryBatch {
		sku := "SKU-" + strings.Repeat("0", 40) + string(rune('A'+len(items)%26)) + strings.Repeat("x", len(items)/26)
		items, names = append(items, Adjustment{1, StockIdentity{SKU: sku}, 1}), append(names, "sku "+sku)
	}
	f := newFixture(t, answer(422, `{"status":422,"title":`+quoteJSON("Items not found, identities: ["+strings.Join(names, ", ")+"]")+`,"errors":{}}`))
	err := f.Inventory.write(t.Context(), absolutePath, nil)
	got, ok := refusedStock(err, items)
	if !ok || len(got.items) != len(items) || got.cause != StockItemUnknown {
		t.Errorf("%d of %d items, %q", len(got.items), len(items), got.cause)
	}
	if n := len(err.Error()); n > 2*maxErrorText {
		t.Errorf("the error prints %d bytes", n)
	}
}

// TestStockResults: one result an item, of a title alone.
func TestStockResults(t *testing.T) {
	items := []Adjustment{{1, StockIdentity{SKU: "A"}, 1}, {1, StockIdentity{SKU: "B"}, 1}}
	title := "Items not found, identities: [sku B]"
	f := newFixture(t, answer(422, `{"status":422,"title":"`+title+`","errors":{}}`))
	got, err := f.Inventory.SetAbsolute(t.Context(), "", items)
	if want := []StockResult{{State: StockUnsaved}, {StockRefused, StockItemUnknown, title}}; err != nil || !cmp.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	// What names nothing is told of one item alone, if the words say why.
	f = newFixture(t, answer(422, `{"status":422,"title":"Location is disabled","errors":{}}`))
	var invalid *ValidationError
	if got, err := f.Inventory.SetAbsolute(t.Context(), "", items); !errors.As(err, &invalid) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := f.Inventory.SetAbsolute(t.Context(), "", items[:1]); err != nil || got[0].Cause != StockLocationDisabled {
		t.Errorf("%+v, %v", got, err)
	}
	f = newFixture(t, answer(422, `{"status":422,"title":"Stock could not be updated","errors":{}}`))
	if got, err := f.Inventory.SetAbsolute(t.Context(), "", items[:1]); !errors.As(err, &invalid) {
		t.Errorf("%+v, %v", got, err)
	}
}

func quoteJSON(s string) string {
	b, err := encode(s)
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(b))
}

// FuzzRefusedStock: any title names items of the batch, or none.
func FuzzRefusedStock(f *testing.F) {
	for _, title := range []string{"[Item with variant_id 106 is tracked by product, please update stock by product id]", "sku ", "sku: [a, \"b\"", "Location not found, identities: [3,2]",
		"product_id999999999999999999999", "sku K\u212A sku \u0130"} {
		f.Add(title, "a-1", "K")
	}
	f.Fuzz(func(t *testing.T, title, a, b string) {
		items := []Adjustment{{1, StockIdentity{SKU: a}, 1}, {2, StockIdentity{SKU: b}, 1}, {3, StockIdentity{VariantID: 106}, 1}, {3, StockIdentity{ProductID: 5}, 1}}
		got, ok := refusedStock(&ValidationError{&APIError{Title: title}}, items)
		if !ok {
			t.Fatal("not read")
		}
		last := -1
		for _, i := range got.items {
			if i <= last || i >= len(items) {
				t.Fatalf("%v", got.items)
			}
			last = i
		}
	})
}
