package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// inventory is a rig with one product of each way of tracking, a second and a disabled third
// location, and a clock.
func newInventory(t *testing.T, o Options) (*rig, *clock) {
	t.Helper()
	c := newClock()
	o.Now = c.now
	r := newRig(t, o)
	for _, p := range []struct{ sku, tracking string }{{"BY-PRODUCT", "product"}, {"BY-VARIANT", "variant"}, {"NONE", "none"}, {" padded ", "product"}} {
		r.want(200, "POST", "/v3/catalog/products", map[string]any{"name": "P " + p.sku, "sku": p.sku, "type": "physical", "weight": 1, "price": 1,
			"inventory_tracking": p.tracking})
	}
	if id := r.st.AddLocation("WEST", "West"); id != 2 {
		t.Fatal(id)
	}
	r.st.AddLocation("OLD", "Old")
	if err := r.st.SetLocationEnabled(3, false); err != nil {
		t.Fatal(err)
	}
	return r, c
}

// ids of the products of newInventory, and of their variants.
const (
	byProduct, byVariant, untracked, padded           = 77, 78, 79, 80
	variantByProduct, variantByVariant, variantOfNone = 1, 2, 3
	adjustAbsolutePath, adjustRelativePath            = "/v3/inventory/adjustments/absolute", "/v3/inventory/adjustments/relative"
)

func adjust(items string) string { return `{"reason":"test","items":[` + items + `]}` }

// shown returns what a location shows of a product: on hand, to sell.
func (r *rig) shown(product, at int64) (onHand, available float64) {
	r.t.Helper()
	a := r.want(200, "GET", fmt.Sprintf("/v3/inventory/items?product_id:in=%d&location_id:in=%d", product, at), nil)
	one := a.data()[0]["locations"].([]any)[0].(map[string]any)
	return one["total_inventory_onhand"].(float64), one["available_to_sell"].(float64)
}

func TestStockIsSeenLater(t *testing.T) {
	r, c := newInventory(t, Options{})
	a := r.want(200, "PUT", adjustAbsolutePath, adjust(`{"location_id":1,"sku":"by-product","quantity":5},{"location_id":2,"product_id":77,"quantity":6}`))
	if id, _ := a.json["transaction_id"].(string); id == "" || a.json["data"] != nil {
		t.Error(a.raw)
	}
	c.add(inventoryDelay - time.Millisecond)
	if n, _ := r.shown(byProduct, 1); n != 0 {
		t.Errorf("%v is seen at once", n)
	}
	c.add(time.Millisecond)
	if n, _ := r.shown(byProduct, 1); n != 5 {
		t.Errorf("%v at location 1, want 5", n)
	}
	if n, _ := r.shown(byProduct, 2); n != 6 {
		t.Errorf("%v at location 2, want 6", n)
	}
	// Each write in its time.
	r.want(200, "PUT", adjustAbsolutePath, adjust(`{"location_id":1,"product_id":77,"quantity":1}`))
	c.add(inventoryDelay / 2)
	r.want(200, "PUT", adjustAbsolutePath, adjust(`{"location_id":1,"product_id":77,"quantity":2}`))
	c.add(inventoryDelay / 2)
	if n, _ := r.shown(byProduct, 1); n != 1 {
		t.Errorf("%v, want 1: the second is not due", n)
	}
	c.add(inventoryDelay / 2)
	if n, _ := r.shown(byProduct, 1); n != 2 {
		t.Errorf("%v, want 2", n)
	}
	// Two of the same: the later ends it. Stock tells of everything that was accepted.
	r.want(200, "PUT", adjustAbsolutePath, adjust(`{"location_id":2,"product_id":77,"quantity":7}`))
	r.want(200, "PUT", adjustAbsolutePath, adjust(`{"location_id":2,"product_id":77,"quantity":8}`))
	if got := r.st.Stock(); len(got) != 2 || got[1] != (StockLevel{"BY-PRODUCT", 2, 8}) {
		t.Errorf("%+v", got)
	}
	at := newRigDelay(t, -1)
	at.want(200, "PUT", adjustAbsolutePath, adjust(`{"location_id":1,"product_id":77,"quantity":3}`))
	if n, _ := at.shown(byProduct, 1); n != 3 {
		t.Errorf("%v without a delay, want 3", n)
	}
}

func newRigDelay(t *testing.T, d time.Duration) *rig {
	r, _ := newInventory(t, Options{InventoryDelay: d})
	return r
}

// TestStockIsRefusedAsAWhole: each rule, each wording. The first element is good and must not take
// effect.
func TestStockIsRefusedAsAWhole(t *testing.T) {
	const good = `{"location_id":1,"sku":"BY-VARIANT","quantity":1}`
	many := strings.TrimSuffix(strings.Repeat(good+",", 2001), ",")
	for _, tc := range []struct {
		name, path, items string
		choices           Choices
		title             string // "" is accepted
		errors            string // keys, if not in the title alone
	}{
		{"unknown SKU", adjustAbsolutePath, `{"location_id":1,"sku":"X","quantity":1},{"location_id":1,"sku":"Y","quantity":1}`, Choices{}, "Items not found, identities: [sku X, sku Y]", ""},
		{"one named", adjustAbsolutePath, `{"location_id":1,"sku":"X","quantity":1},{"location_id":1,"sku":"Y","quantity":1}`, Choices{StockTitleOfOne: true}, "Items not found, identities: [sku X]", ""},
		{"one sentence each", adjustAbsolutePath, `{"location_id":1,"sku":"X","quantity":1},{"location_id":1,"variant_id":99,"quantity":1}`, Choices{StockTitles: StockTitlesEach}, "[Item with sku X not found, Item with variant_id 99 not found]", ""},
		{"silent", adjustAbsolutePath, `{"location_id":1,"sku":"X","quantity":1}`, Choices{StockTitles: StockTitlesSilent}, "Stock could not be updated", ""},
		{"no trimming", adjustAbsolutePath, `{"location_id":1,"sku":"padded","quantity":1}`, Choices{}, "Items not found, identities: [sku padded]", ""},
		{"padded", adjustAbsolutePath, `{"location_id":1,"sku":" PADDED ","quantity":1}`, Choices{}, "", ""},
		{"unknown product", adjustAbsolutePath, `{"location_id":1,"product_id":5,"quantity":1}`, Choices{}, "Items not found, identities: [product_id 5]", ""},
		{"unknown location", adjustAbsolutePath, `{"location_id":9,"sku":"X","quantity":1},{"location_id":8,"sku":"NONE","quantity":1},{"location_id":9,"product_id":77,"quantity":1}`, Choices{}, "Location not found, identities: [9, 8]", ""},
		{"disabled location", adjustAbsolutePath, `{"location_id":3,"product_id":77,"quantity":1}`, Choices{}, "Location is disabled, identities: [3]", ""},
		{"disabled, each", adjustAbsolutePath, `{"location_id":3,"product_id":77,"quantity":1}`, Choices{StockTitles: StockTitlesEach}, "[Location with id 3 is disabled, please enable it to update stock]", ""},
		{"variant of a product by product", adjustAbsolutePath, `{"location_id":1,"variant_id":1,"quantity":1}`, Choices{StockTitles: StockTitlesSilent}, "[Item with variant_id 1 is tracked by product, please update stock by product id]", ""},
		{"base variant taken", adjustAbsolutePath, `{"location_id":1,"variant_id":1,"quantity":1}`, Choices{BaseVariantTaken: true}, "", ""},
		{"SKU of a product by product", adjustAbsolutePath, `{"location_id":1,"sku":"BY-PRODUCT","quantity":1}`, Choices{}, "", ""},
		{"… refused", adjustAbsolutePath, `{"location_id":1,"sku":"BY-PRODUCT","quantity":1}`, Choices{SKUByProductRefused: true}, "[Item with sku BY-PRODUCT is tracked by product, please update stock by product id]", ""},
		{"product by variant", adjustAbsolutePath, `{"location_id":1,"product_id":78,"quantity":1}`, Choices{}, "[Item with product_id 78 is tracked by variant, please update stock by variant id]", ""},
		{"… taken", adjustAbsolutePath, `{"location_id":1,"product_id":78,"quantity":1}`, Choices{VariantByProductTaken: true}, "", ""},
		{"variant by variant", adjustAbsolutePath, `{"location_id":1,"variant_id":2,"quantity":1}`, Choices{}, "", ""},
		{"not tracked", adjustAbsolutePath, `{"location_id":1,"sku":"NONE","quantity":1},{"location_id":1,"product_id":79,"quantity":1},{"location_id":1,"variant_id":3,"quantity":1}`, Choices{}, "Items with identity: [sku NONE, product_id 79, variant_id 3] have inventory tracking disabled", ""},
		{"negative", adjustAbsolutePath, `{"location_id":1,"product_id":77,"quantity":-1}`, Choices{}, "Items with identity: [product_id 77] have a negative quantity", ""},
		{"largest", adjustAbsolutePath, `{"location_id":1,"product_id":77,"quantity":2147483647}`, Choices{}, "", ""},
		{"beyond int32", adjustAbsolutePath, `{"location_id":1,"product_id":77,"quantity":2147483648}`, Choices{}, "Items with identity: [product_id 77] exceed the inventory limit", ""},
		{"beyond int64", adjustAbsolutePath, `{"location_id":1,"product_id":77,"quantity":1e30}`, Choices{}, "Payload contains invalid fields", "items"},
		{"fraction", adjustAbsolutePath, `{"location_id":1,"product_id":77,"quantity":1.5}`, Choices{}, "Payload contains invalid fields", "items.1.quantity"},
		{"text", adjustAbsolutePath, `{"location_id":1,"product_id":77,"quantity":"1"}`, Choices{}, "Payload contains invalid fields", "items.1.quantity"},
		{"no quantity", adjustAbsolutePath, `{"location_id":1,"product_id":77}`, Choices{}, "Payload contains invalid fields", "items.1.quantity"},
		{"no location", adjustAbsolutePath, `{"product_id":77,"quantity":1}`, Choices{}, "Payload contains invalid fields", "items.1.location_id"},
		{"nameless", adjustAbsolutePath, `{"location_id":1,"quantity":1}`, Choices{}, "Payload contains invalid fields", "items.1"},
		{"two names", adjustAbsolutePath, `{"location_id":1,"quantity":1,"product_id":77,"sku":"BY-PRODUCT"}`, Choices{}, "Payload contains invalid fields", "items.1"},
		{"2,001", adjustAbsolutePath, many, Choices{}, "Payload contains invalid fields", "items"},
		{"relative without absolute", adjustRelativePath, `{"location_id":1,"product_id":77,"quantity":1}`, Choices{StockTitles: StockTitlesEach}, "Items with identity: [sku BY-VARIANT, product_id 77] requires absolute adjustment before relative", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, c := newInventory(t, Options{Choices: tc.choices})
			a := r.do(map[string]string{adjustAbsolutePath: "PUT", adjustRelativePath: "POST"}[tc.path], tc.path, adjust(good+","+tc.items))
			c.add(time.Minute)
			n, _ := r.shown(byVariant, 1)
			if tc.title == "" {
				if a.status != http.StatusOK || n != 1 {
					t.Errorf("%d %s, then %v", a.status, a.raw, n)
				}
				return
			}
			if a.status != http.StatusUnprocessableEntity || a.json["title"] != tc.title || n != 0 || a.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%d %.300s, want %q; then %v", a.status, a.raw, tc.title, n)
			}
			if got := strings.Join(sortedKeys(a.errorsOf()), " "); got != tc.errors {
				t.Errorf("errors of %s, want %s", got, tc.errors)
			}
		})
	}
	r, _ := newInventory(t, Options{})
	for _, body := range []string{`{}`, `{"items":[]}`, `{"items":{}}`, `[]`, `{"items":[1]}`} {
		r.want(422, "PUT", adjustAbsolutePath, body)
	}
	r.want(400, "PUT", adjustAbsolutePath, `{"items":`)
	r.want(422, "PUT", adjustAbsolutePath+"?x=1", adjust(good))
	r.want(200, "PUT", adjustAbsolutePath, adjust(strings.TrimSuffix(strings.Repeat(good+",", 2000), ",")))
}

func TestRelativeAdjustments(t *testing.T) {
	r, c := newInventory(t, Options{})
	step := func() { c.add(inventoryDelay) }
	by := func(n int) string { return adjust(fmt.Sprintf(`{"location_id":2,"product_id":77,"quantity":%d}`, n)) }
	r.want(200, "PUT", adjustAbsolutePath, by(50))
	r.want(422, "POST", adjustRelativePath, by(-1)) // the absolute one is under way
	step()
	r.want(200, "PUT", "/v3/inventory/locations/2/items", `{"settings":[{"identity":{"product_id":77},"safety_stock":10}]}`)
	step()
	// The guide's own examples: 50 on hand, 10 of them safety.
	r.want(422, "POST", adjustRelativePath, by(-41))
	r.want(200, "POST", adjustRelativePath, by(-20))
	if a := r.want(422, "POST", adjustRelativePath, by(-21)); a.json["title"] != "Items with identity: [product_id 77] have insufficient stock" {
		t.Error(a.raw) // the first is under way and counts
	}
	step()
	if onHand, available := r.shown(byProduct, 2); onHand != 30 || available != 20 {
		t.Errorf("%v on hand, %v to sell; want 30 and 20", onHand, available)
	}
	r.want(422, "POST", adjustRelativePath, adjust(`{"location_id":2,"product_id":77,"quantity":-10},{"location_id":2,"product_id":77,"quantity":-11}`))
	r.want(422, "POST", adjustRelativePath, by(maxInt32))
	r.want(200, "POST", adjustRelativePath, by(-20))
	r.want(200, "PUT", adjustAbsolutePath, by(0)) // never refused for what there is
	step()
	if onHand, available := r.shown(byProduct, 2); onHand != 0 || available != -10 {
		t.Errorf("%v on hand, %v to sell", onHand, available)
	}
	// At another location it needs an absolute one of its own.
	r.want(422, "POST", adjustRelativePath, adjust(`{"location_id":1,"product_id":77,"quantity":1}`))
}

func TestStockSettings(t *testing.T) {
	r, c := newInventory(t, Options{})
	const path = "/v3/inventory/locations/2/items"
	a := r.want(422, "PUT", path, `{"settings":[{"identity":{"sku":"BY-PRODUCT"},"bin_picking_number":"A1"}]}`)
	if a.json["title"] != "Payload contains invalid fields" || a.errorsOf()["setting.0.settings"] != "At least one setting must be specified: warning_level, is_in_stock or safety_stock" {
		t.Error(a.raw)
	}
	for body, want := range map[string]int{
		`{}`: 422, `{"settings":[]}`: 422,
		`{"settings":[{"safety_stock":1}]}`:                                                                                         422,
		`{"settings":[{"identity":{},"safety_stock":1}]}`:                                                                           422,
		`{"settings":[{"identity":{"sku":"BY-PRODUCT","product_id":77},"safety_stock":1}]}`:                                         422,
		`{"settings":[{"identity":{"sku":"BY-PRODUCT"},"safety_stock":-1}]}`:                                                        422,
		`{"settings":[{"identity":{"sku":"BY-PRODUCT"},"warning_level":2147483648}]}`:                                               422,
		`{"settings":[{"identity":{"sku":"X"},"warning_level":1}]}`:                                                                 422,
		`{"settings":[{"identity":{"variant_id":1},"warning_level":1}]}`:                                                            422,
		`{"settings":[{"identity":{"sku":"NONE"},"warning_level":1}]}`:                                                              422,
		`{"settings":[` + strings.TrimSuffix(strings.Repeat(`{"identity":{"product_id":77},"warning_level":1},`, 2001), ",") + `]}`: 422,
	} {
		r.want(want, "PUT", path, body)
	}
	r.want(422, "PUT", "/v3/inventory/locations/9/items", `{"settings":[{"identity":{"product_id":77},"safety_stock":1}]}`)
	r.want(422, "PUT", "/v3/inventory/locations/3/items", `{"settings":[{"identity":{"product_id":77},"safety_stock":1}]}`)
	r.want(200, "PUT", path, `{"settings":[{"identity":{"product_id":77},"safety_stock":4,"warning_level":9,"is_in_stock":false,"bin_picking_number":"A1"}]}`)
	c.add(inventoryDelay)
	r.want(200, "PUT", path, `{"settings":[{"identity":{"product_id":77},"safety_stock":5}]}`)
	r.want(200, "PUT", adjustAbsolutePath, adjust(`{"location_id":2,"product_id":77,"quantity":30}`))
	c.add(inventoryDelay)
	one := r.want(200, "GET", path+"?product_id:in=77", nil).data()[0]
	want := `{"available_to_sell":25,"identity":{"product_id":77,"sku":"BY-PRODUCT","variant_id":1},"settings":{"bin_picking_number":"A1","is_in_stock":false,"safety_stock":5,"warning_level":9},"total_inventory_onhand":30}`
	if got := compact(one); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	r.want(404, "GET", "/v3/inventory/locations/9/items", nil)
	r.s.opts.Choices.OnHandWithoutSafety = true
	if one := r.want(200, "GET", path+"?product_id:in=77", nil).data()[0]; one["total_inventory_onhand"] != 25.0 {
		t.Errorf("%v", one)
	}
}

func TestItemsOfTheInventory(t *testing.T) {
	r, _ := newInventory(t, Options{InventoryDelay: -1})
	r.want(200, "PUT", adjustAbsolutePath, adjust(`{"location_id":2,"product_id":77,"quantity":30}`))
	for query, want := range map[string]string{
		"":                                  "77 78 80", // what is not tracked is no item
		"?sku:in=by-variant,NONE":           "78",
		"?sku:in=padded":                    "",
		"?sku:in=%20padded%20":              "80",
		"?variant_id:in=1,2,3":              "77 78",
		"?product_id:in=78,80":              "78 80",
		"?product_id:in=78,80&sku:in=x":     "",
		"?limit=2":                          "77 78",
		"?limit=2&page=2":                   "80",
		"?limit=1000":                       "77 78 80",
		"?location_id:in=2&variant_id:in=1": "77",
	} {
		var got []string
		for _, one := range r.want(200, "GET", "/v3/inventory/items"+query, nil).data() {
			got = append(got, fmt.Sprint(one["identity"].(map[string]any)["product_id"]))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", query, got, want)
		}
	}
	for _, query := range []string{"?limit=1001", "?limit=0", "?page=0", "?variant_id:in=x", "?sku=BY-PRODUCT", "?date_modified:min=1"} {
		r.want(422, "GET", "/v3/inventory/items"+query, nil)
	}
	r.want(422, "GET", "/v3/inventory/locations/2/items?location_id:in=1", nil)
	one := r.want(200, "GET", "/v3/inventory/items?product_id:in=77&location_code:in=WEST,OLD", nil).data()[0]
	want := `{"identity":{"product_id":77,"sku":"BY-PRODUCT","sku_id":null,"variant_id":1},"locations":[` +
		`{"available_to_sell":30,"location_code":"WEST","location_enabled":true,"location_id":2,"location_name":"West","settings":{"bin_picking_number":"","is_in_stock":true,"safety_stock":0,"warning_level":0},"total_inventory_onhand":30},` +
		`{"available_to_sell":0,"location_code":"OLD","location_enabled":false,"location_id":3,"location_name":"Old","settings":{"bin_picking_number":"","is_in_stock":true,"safety_stock":0,"warning_level":0},"total_inventory_onhand":0}]}`
	if got := compact(one); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestStockOfVariants: a product with options has an item for each variant, or one of its own.
func TestStockOfVariants(t *testing.T) {
	r, _ := newInventory(t, Options{InventoryDelay: -1})
	variants := func(id int64, names ...string) []int64 {
		t.Helper()
		var specs []VariantSpec
		for _, n := range names {
			specs = append(specs, VariantSpec{SKU: n, Choices: []Choice{{"Size", n}}})
		}
		ids, err := r.st.AddVariants(id, specs...)
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	r.want(200, "PUT", adjustAbsolutePath, adjust(`{"location_id":1,"variant_id":2,"quantity":3},{"location_id":2,"product_id":77,"quantity":3}`))
	sizes, colours := variants(byVariant, "V-S", "V-M"), variants(byProduct, "P-S", "P-M")
	if got := r.st.Stock(); len(got) != 0 {
		t.Errorf("stock of base variants that are gone: %+v", got)
	}
	var ids []string
	for _, one := range r.want(200, "GET", "/v3/inventory/items", nil).data() {
		ids = append(ids, compact(one["identity"]))
	}
	want := []string{
		`{"product_id":77,"sku":"BY-PRODUCT","sku_id":null,"variant_id":null}`,
		fmt.Sprintf(`{"product_id":78,"sku":"V-S","sku_id":%d,"variant_id":%d}`, r.st.cat.byID[byVariant].variants[0].skuID, sizes[0]),
		fmt.Sprintf(`{"product_id":78,"sku":"V-M","sku_id":%d,"variant_id":%d}`, r.st.cat.byID[byVariant].variants[1].skuID, sizes[1]),
		`{"product_id":80,"sku":" padded ","sku_id":null,"variant_id":4}`,
	}
	if !slices.Equal(ids, want) {
		t.Errorf("%s\nwant %s", strings.Join(ids, "\n"), strings.Join(want, "\n"))
	}
	for body, title := range map[string]string{
		`{"location_id":1,"sku":"v-s","quantity":4}`:                                                     "",
		fmt.Sprintf(`{"location_id":1,"variant_id":%d,"quantity":5}`, sizes[1]):                          "",
		`{"location_id":1,"product_id":77,"quantity":6}`:                                                 "",
		`{"location_id":2,"sku":"BY-PRODUCT","quantity":7}`:                                              "",
		`{"location_id":1,"variant_id":2,"quantity":1}`:                                                  "Items not found, identities: [variant_id 2]", // the base variant is gone
		`{"location_id":1,"sku":"BY-VARIANT","quantity":1}`:                                              "Items not found, identities: [sku BY-VARIANT]",
		`{"location_id":1,"product_id":78,"quantity":1}`:                                                 "[Item with product_id 78 is tracked by variant, please update stock by variant id]",
		`{"location_id":1,"sku":"P-S","quantity":1}`:                                                     "[Item with sku P-S is tracked by product, please update stock by product id]",
		fmt.Sprintf(`{"location_id":1,"variant_id":%d,"quantity":1}`, colours[0]):                        fmt.Sprintf("[Item with variant_id %d is tracked by product, please update stock by product id]", colours[0]),
		`{"location_id":2,"sku":"V-S","quantity":1},{"location_id":2,"sku":"V-M","quantity":2147483647}`: "Items with identity: [sku V-S, sku V-M] exceed the inventory limit",
	} {
		a := r.do("PUT", adjustAbsolutePath, adjust(body))
		if got, _ := a.json["title"].(string); got != title || (a.status == 200) != (title == "") {
			t.Errorf("%s: %d %s, want %q", body, a.status, a.raw, title)
		}
	}
	p := r.want(200, "GET", "/v3/catalog/products/78?include=variants", nil).one()
	if v := p["variants"].([]any); p["inventory_level"] != 9.0 || v[0].(map[string]any)["inventory_level"] != 4.0 || v[1].(map[string]any)["inventory_level"] != 5.0 {
		t.Errorf("the catalogue shows %v", p)
	}
	r.want(200, "PUT", "/v3/catalog/variants", fmt.Sprintf(`[{"id":%d,"inventory_level":8}]`, sizes[0]))
	if got, want := compact(r.st.Stock()), `[{"sku":"BY-PRODUCT","location_id":1,"quantity":6},{"sku":"BY-PRODUCT","location_id":2,"quantity":7},{"sku":"V-M","location_id":1,"quantity":5},{"sku":"V-S","location_id":1,"quantity":8}]`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	for query, want := range map[string]int{"?sku:in=v-s,P-S": 1, "?product_id:in=78": 2, fmt.Sprintf("?variant_id:in=%d", sizes[1]): 1, fmt.Sprintf("?variant_id:in=%d", colours[1]): 0, "?sku:in=by-product": 1} {
		if n := r.want(200, "GET", "/v3/inventory/items"+query, nil).total(); n != want {
			t.Errorf("%s: %d items, want %d", query, n, want)
		}
	}
}

// TestCatalogueAndInventory: the catalogue's level is what the default location has to sell, both
// ways.
func TestCatalogueAndInventory(t *testing.T) {
	r, _ := newInventory(t, Options{InventoryDelay: -1})
	level := func() any {
		return r.want(200, "GET", "/v3/catalog/products/77", nil).one()["inventory_level"]
	}
	r.want(200, "PUT", adjustAbsolutePath, adjust(`{"location_id":1,"product_id":77,"quantity":12},{"location_id":2,"product_id":77,"quantity":99}`))
	if got := level(); got != 12.0 {
		t.Errorf("the catalogue shows %v, want 12", got)
	}
	r.want(200, "PUT", "/v3/inventory/locations/1/items", `{"settings":[{"identity":{"product_id":77},"safety_stock":2,"warning_level":3,"bin_picking_number":"B7"}]}`)
	if got := level(); got != 10.0 {
		t.Errorf("the catalogue shows %v, want 10", got)
	}
	if p := r.want(200, "GET", "/v3/catalog/products/77", nil).one(); p["inventory_warning_level"] != 3.0 || p["bin_picking_number"] != "B7" {
		t.Errorf("%v", p)
	}
	r.want(200, "PUT", "/v3/catalog/products", `[{"id":77,"inventory_level":20,"inventory_warning_level":4}]`)
	if onHand, available := r.shown(byProduct, 1); onHand != 22 || available != 20 {
		t.Errorf("%v on hand, %v to sell; want 22 and 20", onHand, available)
	}
	r.want(200, "POST", adjustRelativePath, adjust(`{"location_id":1,"product_id":77,"quantity":-1}`)) // the catalogue's write was an absolute one
	if got := level(); got != 19.0 {
		t.Errorf("the catalogue shows %v, want 19", got)
	}
	r.want(200, "PUT", "/v3/catalog/variants", `[{"id":1,"inventory_level":0}]`)
	if onHand, _ := r.shown(byProduct, 1); onHand != 2 {
		t.Errorf("%v on hand, want the safety stock", onHand)
	}
	if onHand, _ := r.shown(byProduct, 2); onHand != 99 {
		t.Errorf("%v at the other location", onHand)
	}
	r.want(204, "DELETE", "/v3/catalog/products/77", nil)
	if a := r.want(422, "PUT", adjustAbsolutePath, adjust(`{"location_id":1,"product_id":77,"quantity":1}`)); a.json["title"] != "Items not found, identities: [product_id 77]" {
		t.Error(a.raw)
	}
}

func TestLocations(t *testing.T) {
	r, c := newInventory(t, Options{Plan: "plus"}) // five may be active
	const path = "/v3/inventory/locations"
	step := func() { c.add(inventoryDelay) }
	one := r.want(200, "GET", path+"?location_id:in=1", nil).data()[0]
	for field, want := range map[string]any{"id": 1.0, "code": "BC-LOCATION-1", "label": "Default location", "enabled": true, "type_id": "PHYSICAL",
		"managed_by_external_source": false, "storefront_visibility": true, "time_zone": "Etc/UTC"} {
		if one[field] != want {
			t.Errorf("%s is %v, want %v", field, one[field], want)
		}
	}
	body := func(code string, more string) string {
		return `[{"code":"` + code + `","label":"Central","managed_by_external_source":true,"type_id":"PHYSICAL","time_zone":"Etc/UTC","address":{"address1":"5th Ave",
			"city":"New York","state":"NY","zip":"10021","email":"a@x.example","country_code":"US","geo_coordinates":{"latitude":40.7,"longitude":-73.9}}` + more + `}]`
	}
	for name, bad := range map[string]string{
		"no label":    strings.Replace(body("A", ""), `"label":"Central",`, "", 1),
		"no address":  `[{"label":"x","managed_by_external_source":false,"type_id":"VIRTUAL","time_zone":"Etc/UTC"}]`,
		"no city":     strings.Replace(body("A", ""), `"city":"New York",`, "", 1),
		"latitude":    strings.Replace(body("A", ""), `40.7`, "90.1", 1),
		"type":        strings.Replace(body("A", ""), `PHYSICAL`, "MOBILE", 1),
		"taken code":  body("WEST", ""),
		"day":         body("A", `,"special_hours":[{"label":"x"}]`),
		"empty":       `[]`,
		"empty label": strings.Replace(body("A", ""), `Central`, " ", 1),
	} {
		if a := r.do("POST", path, bad); a.status != 422 {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	if a := r.want(200, "POST", path, body("CENTRAL", "")); a.json["transaction_id"] == "" {
		t.Error(a.raw)
	}
	r.want(422, "POST", path, body("CENTRAL", "")) // the code is taken though nothing is visible yet
	if n := r.want(200, "GET", path, nil).total(); n != 3 {
		t.Errorf("%d locations at once, want 3", n)
	}
	r.want(422, "PUT", adjustAbsolutePath, adjust(`{"location_id":4,"product_id":77,"quantity":1}`))
	step()
	one = r.want(200, "GET", path+"?location_code:in=CENTRAL", nil).data()[0]
	if one["id"] != 4.0 || one["managed_by_external_source"] != true || one["address"].(map[string]any)["city"] != "New York" {
		t.Errorf("%v", one)
	}
	r.want(200, "PUT", adjustAbsolutePath, adjust(`{"location_id":4,"product_id":77,"quantity":7}`))
	for query, want := range map[string]int{"": 4, "?is_active=true": 3, "?is_active=false": 1, "?is_default=true": 1, "?is_default=false": 3,
		"?managed_by_external_source=true": 1, "?storefront_visibility=true": 4, "?type_id:in=VIRTUAL": 0, "?type_id:in=PHYSICAL": 4, "?location_id:in=2,4": 2, "?limit=1000": 4} {
		if n := r.want(200, "GET", path+query, nil).total(); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
	r.want(422, "GET", path+"?limit=1001", nil)
	r.want(200, "POST", path, body("FIFTH-1", ""))
	r.want(200, "POST", path, body("FIFTH-2", "")) // five are active: 1, 2, 4, 5, 6
	r.want(422, "POST", path, body("SIXTH", ""))
	r.want(200, "POST", path, body("SIXTH", `,"enabled":false`))
	r.want(422, "PUT", path, `[{"id":3,"enabled":true}]`)
	r.want(422, "PUT", path, `[{"id":99,"label":"x"}]`)
	r.want(422, "PUT", path, `[{"label":"x"}]`)
	r.want(422, "PUT", path, `[{"id":1,"enabled":false}]`)
	r.want(200, "PUT", path, `[{"id":4,"enabled":false,"label":"Closed"}]`)
	step()
	if a := r.want(422, "PUT", adjustAbsolutePath, adjust(`{"location_id":4,"product_id":77,"quantity":1}`)); a.json["title"] != "Location is disabled, identities: [4]" {
		t.Error(a.raw)
	}
	if n, _ := r.shown(byProduct, 4); n != 7 {
		t.Errorf("%v, want 7: what a disabled location has is kept", n)
	}
	r.want(422, "DELETE", path, nil)
	r.want(404, "DELETE", path+"?location_id:in=99", nil)
	if a := r.want(422, "DELETE", path+"?location_id:in=4,1", nil); a.json["title"] != "Location canʼt be deleted. Default location is set as a shipping origin for this store and canʼt be deleted." {
		t.Error(a.raw)
	}
	r.want(200, "DELETE", path+"?location_id:in=4", nil)
	step()
	if n := r.want(200, "GET", path+"?location_id:in=4", nil).total(); n != 0 {
		t.Error("it is still there")
	}
	for key, kept := range r.st.stock().byID {
		if l, ok := kept.At[4]; ok {
			t.Errorf("its stock is still there: %d has %d", key, l.onHand())
		}
	}
}

func TestInventorySettings(t *testing.T) {
	r := newRig(t, Options{})
	const path = "/v3/settings/inventory"
	if one := r.want(200, "GET", path, nil).one(); one["update_stock_behavior"] != "order_placed" || one["edit_order_stock_adjustment"] != true || one["show_pre_order_stock_levels"] != false {
		t.Errorf("%v", one)
	}
	if one := r.want(200, "GET", path+"?channel_id=1", nil).one(); one["update_stock_behavior"] != nil || len(one) != len(inventorySettingFields) {
		t.Errorf("%v", one)
	}
	r.want(200, "PUT", path, `{"update_stock_behavior":"order_completed_or_shipped"}`)
	r.want(200, "PUT", path+"?channel_id=1", `{"update_stock_behavior":"order_placed","refund_order_stock_adjustment":false}`)
	r.want(200, "PUT", path+"?channel_id=1", `{"refund_order_stock_adjustment":null}`)
	if one := r.want(200, "GET", path+"?channel_id=1", nil).one(); one["update_stock_behavior"] != "order_placed" || one["refund_order_stock_adjustment"] != nil {
		t.Errorf("%v", one)
	}
	if one := r.want(200, "GET", path, nil).one(); one["update_stock_behavior"] != "order_completed_or_shipped" || one["refund_order_stock_adjustment"] != true {
		t.Errorf("%v", one)
	}
	for _, body := range []string{`{"update_stock_behavior":"never"}`, `{"update_stock_behavior":null}`, `{"edit_order_stock_adjustment":"yes"}`} {
		r.want(422, "PUT", path, body)
	}
	r.want(422, "GET", path+"?channel_id=99", nil)
	r.want(422, "PUT", path+"?channel_id=99", `{}`)
}

func TestInventoryScopes(t *testing.T) {
	r, _ := newInventory(t, Options{})
	for _, tc := range []struct{ scope, may, mayNot string }{
		{"store_inventory_read_only", "GET /v3/inventory/items", "PUT " + adjustAbsolutePath},
		{"store_inventory", "PUT " + adjustAbsolutePath, "GET /v3/inventory/locations"},
		{"store_locations_read_only", "GET /v3/inventory/locations", "POST /v3/inventory/locations"},
		{"store_locations", "DELETE /v3/inventory/locations", "GET /v3/inventory/items"},
		{"store_v2_information_read_only", "GET /v3/settings/inventory", "PUT /v3/settings/inventory"},
		{"store_v2_products", "GET /v3/catalog/products", "PUT /v3/inventory/locations/1/items"},
	} {
		r.token = r.st.Token(tc.scope)
		for call, forbidden := range map[string]bool{tc.may: false, tc.mayNot: true} {
			method, path, _ := strings.Cut(call, " ")
			if a := r.do(method, path, "{}"); (a.status == 403) != forbidden {
				t.Errorf("%s with %s: %d", call, tc.scope, a.status)
			}
		}
	}
	for _, scope := range []string{"store_inventory", "store_locations"} {
		if !slices.Contains(r.s.allScopes(), scope) {
			t.Errorf("%s is not in %v", scope, r.s.allScopes())
		}
	}
}

// TestInventoryWritesGoOneAtATime: a second one is refused though quota is left, and beside bulk
// writes of the catalogue it is counted.
func TestInventoryWritesGoOneAtATime(t *testing.T) {
	r, _ := newInventory(t, Options{})
	const good = `{"location_id":1,"product_id":77,"quantity":1}`
	if !r.st.enter("inventory-writes", 1) {
		t.Fatal("it is busy")
	}
	for method, path := range map[string]string{"PUT": adjustAbsolutePath, "POST": adjustRelativePath} {
		if a := r.want(429, method, path, adjust(good)); a.header.Get("X-Rate-Limit-Requests-Left") == "0" {
			t.Error("the quota is used up")
		}
	}
	r.want(429, "PUT", "/v3/inventory/locations/1/items", `{"settings":[]}`)
	r.want(200, "GET", "/v3/inventory/items", nil)
	r.st.leave("inventory-writes")
	r.want(200, "PUT", adjustAbsolutePath, adjust(good))
	if n := r.st.BulkOverlaps(); n != 0 {
		t.Errorf("%d overlaps", n)
	}
	r.st.enterBulk(bulkCatalogue)
	r.want(200, "PUT", adjustAbsolutePath, adjust(good))
	r.want(200, "PUT", "/v3/catalog/products", `[{"id":77,"price":2}]`)
	r.st.leave(bulkCatalogue)
	r.st.enterBulk(bulkStock)
	r.want(200, "PUT", "/v3/catalog/variants", `[{"id":1,"price":2}]`)
	r.st.leave(bulkStock)
	if n := r.st.BulkOverlaps(); n != 2 {
		t.Errorf("%d overlaps, want 2", n)
	}
}

// TestInventoryOutlivesTheProcess: what was answered and is not visible yet is carried out by the
// next process.
func TestInventoryOutlivesTheProcess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	r, c := newInventory(t, Options{StateFile: file})
	r.want(200, "PUT", adjustAbsolutePath, adjust(`{"location_id":2,"product_id":77,"quantity":4}`))
	c.add(inventoryDelay)
	if n, _ := r.shown(byProduct, 2); n != 4 {
		t.Fatal(n)
	}
	r.want(200, "PUT", adjustAbsolutePath, adjust(`{"location_id":1,"product_id":77,"quantity":5}`))
	r.want(200, "PUT", "/v3/settings/inventory", `{"stock_level_display":"show"}`)
	if err := r.s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := New(Options{StateFile: file, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	st := again.Store(r.st.Hash)
	st.carryOut(c.now())
	if l := st.stock().level(item{p: st.cat.byID[byProduct]}, 1); l.OnHand != nil {
		t.Error("carried out too early")
	}
	c.add(inventoryDelay)
	st.carryOut(c.now())
	if l := st.stock().level(item{p: st.cat.byID[byProduct]}, 1); l.onHand() != 5 {
		t.Errorf("%d, want 5: what the last process accepted is not carried out", l.onHand())
	}
	if got, want := compact(st.Stock()), `[{"sku":"BY-PRODUCT","location_id":1,"quantity":5},{"sku":"BY-PRODUCT","location_id":2,"quantity":4}]`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := st.inventorySettings().view(0)["stock_level_display"]; compact(got) != `"show"` {
		t.Errorf("%v", got)
	}
	if len(st.locations().byID) != 3 || st.locations().byID[3].enabled() {
		t.Errorf("%v", st.locations().byID)
	}
}

func TestInventoryTellsOfChanges(t *testing.T) {
	c := newClock()
	s, err := New(Options{Now: c.now}) // not started: events stay where they are pushed
	if err != nil {
		t.Fatal(err)
	}
	st := s.AddStore(StoreSpec{Hash: "abc123"})
	st.SeedProducts(2)
	tok := &token{ClientID: "c", Scopes: s.allScopes()}
	send := func(handle func(*call) reply, method, body string) {
		t.Helper()
		one := fuzzCall(st, tok, method, body)
		one.r.SetPathValue("id", "2")
		if rep := handle(one); rep.status != http.StatusOK {
			t.Fatalf("%d %s", rep.status, rep.body)
		}
	}
	send(s.updateProducts, "PUT", `[{"id":77,"inventory_tracking":"product"},{"id":78,"inventory_tracking":"variant"}]`)
	st.AddLocation("WEST", "West")
	st.hookCount.Store(1)
	tells := func(handle func(*call) reply, method, body string, want ...string) {
		t.Helper()
		send(handle, method, body)
		c.add(inventoryDelay)
		st.carryOut(c.now())
		var got []string
		for _, e := range s.hooks.ready {
			var body struct{ Data json.RawMessage }
			if err := json.Unmarshal(e.body, &body); err != nil {
				t.Fatal(err)
			}
			got = append(got, e.scope+" "+string(body.Data))
		}
		if s.hooks.ready = nil; !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", body, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	tells(adjustAbsolute, "PUT", adjust(`{"location_id":1,"product_id":77,"quantity":5},{"location_id":2,"variant_id":2,"quantity":2}`),
		`store/product/inventory/updated {"id":77,"inventory":{"method":"absolute","product_id":77,"value":5},"type":"product"}`,
		`store/channel/*/inventory/product/stock_changed {"location_id":1,"product_id":77,"variant_id":1}`,
		`store/sku/inventory/updated {"id":2,"inventory":{"method":"absolute","product_id":78,"value":2,"variant_id":2},"type":"sku"}`,
		`store/channel/*/inventory/product/stock_changed {"location_id":2,"product_id":78,"variant_id":2}`)
	tells(adjustAbsolute, "PUT", adjust(`{"location_id":1,"product_id":77,"quantity":5}`))
	tells(adjustRelative, "POST", adjust(`{"location_id":1,"product_id":77,"quantity":-3}`),
		`store/product/inventory/updated {"id":77,"inventory":{"method":"relative","product_id":77,"value":-3},"type":"product"}`,
		`store/channel/*/inventory/product/stock_changed {"location_id":1,"product_id":77,"variant_id":1}`)
	tells(setStockSettings, "PUT", `{"settings":[{"identity":{"product_id":77},"safety_stock":1}]}`,
		`store/channel/*/inventory/product/settings_changed {"location_id":2,"product_id":77,"variant_id":1}`)
	tells(setStockSettings, "PUT", `{"settings":[{"identity":{"product_id":77},"safety_stock":1,"bin_picking_number":"X"}]}`)
	tells(updateLocations, "PUT", `[{"id":2,"label":"Far west"}]`, `store/inventory/location/updated {"location_id":2}`)
	tells(updateLocations, "PUT", `[{"id":2,"label":"Far west"}]`)

	for scope, want := range map[string]bool{"store/channel/*/inventory/product/stock_changed": true, "store/inventory/location/*": true,
		"store/product/inventory/updated": true, "store/inventory/location/deleted": false} {
		if got := s.mayHear(scope); got != want {
			t.Errorf("a hook of %s: %v", scope, got)
		}
	}
}

// FuzzStockWrites: any body is refused and leaves nothing under way, or is accepted and can be
// carried out.
func FuzzStockWrites(f *testing.F) {
	f.Add(adjust(`{"location_id":1,"sku":"SEED-000001","quantity":1},{"location_id":1,"product_id":77,"quantity":-2147483648}`))
	f.Add(adjust(`{"location_id":1e0,"variant_id":1,"quantity":1e99}`))
	f.Add(`{"settings":[{"identity":{"sku":"SEED-000001"},"safety_stock":5,"bin_picking_number":"A"}]}`)
	f.Add(`[{"id":1,"label":"x","address":{"country_code":"US","geo_coordinates":{"latitude":1,"longitude":null}}}]`)
	f.Add(`{"update_stock_behavior":null}`)
	s, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, body string) {
		st := newStore(s, StoreSpec{Hash: "fuzz"})
		st.defaultsLocked()
		st.beginKept()
		st.SeedProducts(1)
		tok := &token{ClientID: "c", Scopes: s.allScopes()}
		underWay := func() int { return len(st.stock().writes.byID) + len(st.locations().writes.byID) }
		for name, handle := range map[string]func(*call) reply{"absolute": adjustAbsolute, "relative": adjustRelative, "settings": setStockSettings,
			"new locations": createLocations, "locations": updateLocations, "inventory settings": updateInventorySettings} {
			before := underWay()
			c := fuzzCall(st, tok, "PUT", body)
			c.r.SetPathValue("id", "1")
			rep := handle(c)
			if now := underWay(); rep.status >= 300 && now != before || now < before {
				t.Fatalf("%s: %d writes under way became %d with %d %s", name, before, now, rep.status, rep.body)
			}
			if rep.status >= 500 || !json.Valid(rep.body) {
				t.Fatalf("%s: %d %s", name, rep.status, rep.body)
			}
		}
		st.carryOut(farFuture)
		if underWay() != 0 {
			t.Fatal("something is never carried out")
		}
	})
}
