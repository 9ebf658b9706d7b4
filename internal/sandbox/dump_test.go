package sandbox

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDump: everything of a store, of a sandbox that runs, which the look does not disturb.
func TestDump(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	r, c := newInventory(t, Options{StateFile: file})
	tree := r.want(201, "POST", "/v3/catalog/trees/categories", `[{"name":"Tools","tree_id":1}]`).data()[0]["category_id"]
	saws := r.want(201, "POST", "/v3/catalog/trees/categories", []map[string]any{{"name": "Saws", "tree_id": 1, "parent_id": tree}}).data()[0]["category_id"]
	r.want(200, "PUT", "/v3/catalog/products/77", map[string]any{"brand_name": "Acme", "categories": []any{saws, tree}, "custom_fields": []any{map[string]any{"name": "a", "value": "b"}}})
	r.want(200, "POST", "/v3/customers", `[{"email":"a@x.example","first_name":"A","last_name":"B","addresses":[{"first_name":"A","last_name":"B","address1":"1","city":"C","country_code":"DE"}]}]`)
	r.want(200, "POST", "/v3/hooks", `{"scope":"store/product/inventory/updated","destination":"https://x.example/h"}`)
	r.want(200, "PUT", adjustAbsolutePath, adjust(`{"location_id":2,"product_id":77,"quantity":4}`))
	c.add(inventoryDelay)
	r.want(200, "PUT", adjustAbsolutePath, adjust(`{"location_id":1,"sku":"BY-PRODUCT","quantity":5}`)) // under way

	journal, err := os.ReadFile(file + ".wal")
	if err != nil || len(journal) == 0 {
		t.Fatal(err)
	}
	for _, hash := range []string{"", "abc123"} {
		raw, err := Dump(file, hash)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Hash     string `json:"store_hash"`
			Products []struct {
				SKU      string   `json:"sku"`
				Level    int      `json:"inventory_level"`
				Brand    string   `json:"brand_name"`
				Paths    []string `json:"category_paths"`
				Fields   []any    `json:"custom_fields"`
				Images   []any    `json:"images"`
				Variants []struct {
					SKU string `json:"sku"`
				} `json:"variants"`
			}
			Customers []struct {
				Email                 string
				Addresses, Attributes []any
			}
			Orders  []any
			Records []any `json:"price_records"`
			Stock   json.RawMessage
		}
		if err := json.Unmarshal(raw, &got); err != nil {
			t.Fatal(err)
		}
		if p := got.Products[0]; got.Hash != "abc123" || len(got.Products) != 4 || p.SKU != "BY-PRODUCT" || p.Level != 5 || p.Brand != "Acme" ||
			strings.Join(p.Paths, ", ") != "Tools > Saws, Tools" || len(p.Fields) != 1 || p.Images == nil || p.Variants[0].SKU != "BY-PRODUCT" {
			t.Errorf("%+v", got.Products)
		}
		if len(got.Customers) != 1 || got.Customers[0].Email != "a@x.example" || len(got.Customers[0].Addresses) != 1 || got.Customers[0].Attributes == nil {
			t.Errorf("%+v", got.Customers)
		}
		if got.Orders == nil || got.Records == nil {
			t.Errorf("a list is missing: %.100s", raw)
		}
		if want := `[{"sku":"BY-PRODUCT","location_id":1,"quantity":5},{"sku":"BY-PRODUCT","location_id":2,"quantity":4}]`; string(got.Stock) != want {
			t.Errorf("stock %s, want %s", got.Stock, want)
		}
	}
	if after, err := os.ReadFile(file + ".wal"); err != nil || string(after) != string(journal) {
		t.Errorf("the look changed the journal: %v", err)
	}
	if n, _ := r.shown(byProduct, 1); n != 0 {
		t.Error("the look carried something out")
	}
	r.s.AddStore(StoreSpec{Hash: "other"})
	for hash, want := range map[string]string{"": "has 2 stores", "none": `no store "none"`} {
		if _, err := Dump(file, hash); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", hash, err)
		}
	}
	if _, err := Dump(filepath.Join(t.TempDir(), "none.json"), ""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// TestDumpOfAWholeProduct: what belongs to a product is in the account, and where its pictures came
// from, which no answer shows.
func TestDumpOfAWholeProduct(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	r := newRig(t, Options{StateFile: file})
	r.want(200, "POST", "/v3/catalog/products", strings.TrimSuffix(shirtWith(shirtOf("S-R", "S", "Red", `,"price":25`), shirtOf("M-R", "M", "Red", "")), "}")+
		`,"images":[{"image_url":"https://x.example/front.png","is_thumbnail":true,"description":"Front"}],"bulk_pricing_rules":[{"quantity_min":2,"quantity_max":0,"type":"price","amount":1}],"videos":[{"video_id":"v"}]}`)
	r.want(200, "POST", "/v3/catalog/products/77/modifiers", `{"display_name":"Engraving","type":"text","required":false}`)
	r.want(200, "POST", "/v3/catalog/products/77/metafields", `{"namespace":"erp","key":"id","value":"7","permission_set":"app_only"}`)
	site, _ := r.st.SiteOf(1)
	r.want(201, "PUT", "/v3/storefront/redirects", sprint(`[{"site_id":%d,"from_path":"/old/","to":{"type":"product","entity_id":77}}]`, site.ID))
	raw, err := Dump(file, "")
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Products []struct {
			Variants []struct {
				SKU    string `json:"sku"`
				Price  *float64
				Values []struct {
					Option string `json:"option_display_name"`
					Label  string
				} `json:"option_values"`
			}
			Images []struct {
				URL         string `json:"image_url"`
				Description string
				Thumbnail   bool `json:"is_thumbnail"`
			}
			Options, Modifiers, Videos []any
			Rules                      []any `json:"bulk_pricing_rules"`
			Channels                   []int64
		}
		Metafields, Redirects []any
	}
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	p := got.Products[0]
	if v := p.Variants[0]; len(p.Variants) != 2 || v.SKU != "S-R" || *v.Price != 25 || v.Values[0].Option+" "+v.Values[0].Label != "Size S" || p.Variants[1].Price != nil {
		t.Errorf("%+v", p.Variants)
	}
	if im := p.Images[0]; im.URL != "https://x.example/front.png" || im.Description != "Front" || !im.Thumbnail {
		t.Errorf("%+v", im)
	}
	if len(p.Options) != 2 || len(p.Modifiers) != 1 || len(p.Videos) != 1 || len(p.Rules) != 1 || len(p.Channels) != 1 || len(got.Metafields) != 1 || len(got.Redirects) != 1 {
		t.Errorf("something is missing: %s", raw)
	}
}
