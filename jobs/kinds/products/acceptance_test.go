package products

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// TestRequestsOfProductsWithVariants counts what a file of n products with v variants costs.
func TestRequestsOfProductsWithVariants(t *testing.T) {
	w := newGrouped(t)
	w.Flow.Mapping.Fields = append(slices.Clone(grouped.Fields), tenants.FieldMapping{Target: targetCategory, Expression: `"Clothes > Tees"`})
	const n, others = 60, 300
	for i := range others {
		w.add(bigcommerce.Fields{"sku": fmt.Sprint("X", i), "name": fmt.Sprint("Other ", i), "type": "physical", "weight": 1, "price": 5})
	}
	sizes := []string{"XS", "S", "M", "L", "XL", "2XL"}
	var rows []string
	for i := range n {
		rows = append(rows, tee(i, "10", sizes...)...)
	}
	w.Feed.Body = groupedCSV(rows...)
	var r *tenants.Run
	got := w.Requests(func() { r = w.Run() })
	w.Want(r, upserttest.Counts{Read: n, Created: n})
	const pages, references, levels = (others + 249) / 250, 3, 2 // categories, their tree, brands; two levels of categories
	if most := n*105/100 + pages + references + levels; got > most {
		t.Errorf("the first run took %d requests, %d are allowed", got, most)
	}
	if got := w.Requests(func() { w.Run() }); got != 0 {
		t.Errorf("%d requests though nothing changed", got)
	}
	// One price of each product, so that no two variants that change are of one product.
	for i := range n {
		w.Feed.Body = strings.Replace(w.Feed.Body, fmt.Sprintf("tee-%d,,10,,T%d-L,", i, i), fmt.Sprintf("tee-%d,,12,,T%d-L,", i, i), 1)
	}
	routes := w.Routes(func() { r = w.Run() })
	w.Want(r, upserttest.Counts{Read: n, Updated: n})
	if d := cmp.Diff(map[string]int{"PUT/variants": (n + 49) / 50}, routes); d != "" {
		t.Errorf("%d prices of variants: %s", n, d)
	}
	// What changes of a product sends no picture again.
	w.Feed.Body = strings.ReplaceAll(w.Feed.Body, ",Tee ", ",Shirt ")
	routes = w.Routes(func() { r = w.Run() })
	if d := cmp.Diff(map[string]int{"PUT/products": n / 10}, routes); d != "" {
		t.Errorf("%d names: %s", n, d)
	}
}

// optional are what random mappings fill beside what each must.
var optional = []tenants.FieldMapping{
	{Target: "description", Expression: "Text"}, {Target: "cost_price", Expression: "Number"}, {Target: "retail_price", Expression: "Number"},
	{Target: "is_visible", Expression: "Yes"}, {Target: "page_title", Expression: "Text"}, {Target: "inventory_level", Expression: "Number"},
	{Target: "search_keywords", Expression: "Text"}, {Target: targetCategory, Expression: "Text"}, {Target: targetBrand, Expression: "Text"},
	{Target: "custom_field:Fabric", Expression: "Text"}, {Target: targetImages, Expression: "Picture"}, {Target: targetBulkPrices, Expression: "Bulk"},
	{Target: targetVideos, Expression: "Video"}, {Target: targetCustomURL, Expression: "Path"}, {Target: "variant_weight", Expression: "Number"},
	{Target: "variant_upc", Expression: "Code"}, {Target: targetRelated, Expression: "Code"}, {Target: "variant_price", Expression: "Number"}, {Target: "upc", Expression: "Code"},
}

// TestNothingUnasked: whatever a mapping fills and a store has, a run changes no field of a product
// that was there which the mapping does not fill.
func TestNothingUnasked(t *testing.T) {
	p := upserttest.NewPlatform(t)
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 36)) //nolint:gosec // repeatable
			w := newWorld(t, p)
			m := tenants.Mapping{Layout: &tenants.Layout{Kind: tenants.LayoutGroup, Key: "P"}, Fields: []tenants.FieldMapping{
				{Target: "sku", Expression: "P"}, {Target: "name", Expression: "Name"}, {Target: "type", Expression: `"physical"`}, {Target: "weight", Expression: "2"}, {Target: "price", Expression: "Number"},
				{Target: "variant_sku", Expression: "SKU"}, {Target: "option:Size", Expression: "Size"},
			}}
			for _, f := range optional {
				if random.IntN(3) == 0 {
					if random.IntN(4) == 0 {
						f.Fill = tenants.FillCreated
					}
					m.Fields = append(m.Fields, f)
				}
			}
			w.Flow.Mapping = m
			w.Flow.Options = tenants.Options{optionImages: []string{imagesIfNone, imagesAdd, imagesReplace}[random.IntN(3)]}
			rows := []string{"P,Name,SKU,Size,Number,Text,Yes,Picture,Bulk,Video,Path,Code"}
			value := func(of ...string) string {
				if random.IntN(4) == 0 {
					return ""
				}
				return of[random.IntN(len(of))]
			}
			row := func(product, name, sku, size string) {
				rows = append(rows, strings.Join([]string{product, name, sku, size, fmt.Sprint(random.IntN(90) + 1), value("words", "others"), value("yes", "no"),
					value("https://img.example/a.jpg", "https://img.example/b.jpg"), value("10: 5%", "5: 1"), value("dQw4w9WgXcQ", "abcdefghijk"), value("/" + strings.ToLower(product) + "-new/"), value("012345678905")}, ","))
			}
			before := make(map[string]bigcommerce.Fields)
			for i := range 4 {
				sku := fmt.Sprint("P", i)
				product := bigcommerce.Fields{"sku": sku, "name": "Product " + sku, "type": "physical", "weight": 1, "price": 10, "description": "theirs", "cost_price": 3, "page_title": "theirs",
					"inventory_level": 4, "inventory_tracking": []string{"none", "product"}[random.IntN(2)], "upc": "4006381333931", "search_keywords": "theirs", "is_visible": random.IntN(2) == 0,
					"custom_url":         object{"url": "/theirs-" + strings.ToLower(sku) + "/", "is_customized": true}, // one that is not follows the name
					"custom_fields":      []any{object{"name": "Theirs", "value": "1"}, object{"name": "Fabric", "value": "Silk"}},
					"bulk_pricing_rules": []any{object{"quantity_min": 7, "quantity_max": 0, "type": "percent", "amount": 3}},
					"videos":             []any{object{"video_id": "theirstheir"}}, "images": []any{object{"image_url": "https://img.example/theirs.jpg"}}}
				if i%2 == 1 {
					product["variants"] = []any{
						object{"sku": sku + "-S", "price": 8, "weight": 1, "upc": "4006381333931", "option_values": []any{object{"option_display_name": "Size", "label": "S"}}},
						object{"sku": sku + "-M", "option_values": []any{object{"option_display_name": "Size", "label": "M"}}},
					}
					for _, size := range []string{"S", "M", "XL"}[:1+random.IntN(3)] {
						row(sku, "New "+sku, sku+"-"+size, size)
					}
				} else {
					row(sku, "New "+sku, "", "")
				}
				w.add(product)
				before[sku] = w.whole(sku)
			}
			w.Feed.Body = strings.Join(rows, "\n") + "\n"
			r := w.Run()
			if r.Created != 0 || r.Failed != 0 {
				_, messages := w.Issues(r, "error")
				t.Fatalf("%d created, %d failed: %v", r.Created, r.Failed, messages)
			}
			for sku, was := range before {
				if d := cmp.Diff(unasked(m, was), unasked(m, w.whole(sku))); d != "" {
					t.Errorf("%s of mapping %v (-before +after):\n%s", sku, m.Fields[7:], d)
				}
			}
		})
	}
}

// unasked leaves of a product what a mapping does not fill. What BigCommerce works out by itself is
// left out too.
func unasked(m tenants.Mapping, p bigcommerce.Fields) map[string]any {
	fills := map[string]bool{"date_modified": true, "calculated_price": true, "primary_image": true, "options": true, "base_variant_id": true}
	names, ofVariant := make(map[string]bool), map[string]bool{"calculated_price": true, "calculated_weight": true}
	for _, f := range m.Fields {
		if f.Fill == tenants.FillCreated {
			continue
		}
		fills[products{}.FieldOf(f.Target)] = true
		if name, ok := strings.CutPrefix(f.Target, familyCustomField); ok {
			names[name] = true
		}
		if name, ok := strings.CutPrefix(f.Target, variantPrefix); ok {
			ofVariant[name], fills[name] = true, true // of a product without variants they are its own
			if name == fieldLevel {
				fills[fieldTracking] = true
			}
		}
		if f.Target == fieldLevel {
			fills[fieldTracking] = true
		}
	}
	out := make(map[string]any)
	for name, v := range p {
		if !fills[name] || name == fieldVariants || name == fieldCustomFields {
			out[name] = v
		}
	}
	var custom, variants []any
	for _, f := range partsOf(p[fieldCustomFields]) {
		if !names[upsert.Text(f["name"])] {
			custom = append(custom, f)
		}
	}
	for _, v := range partsOf(p[fieldVariants]) {
		sku := upsert.Text(v["sku"])
		if !strings.HasSuffix(sku, "-S") && !strings.HasSuffix(sku, "-M") { // the base variant is the product; others are new
			continue
		}
		left := maps.Clone(v)
		maps.DeleteFunc(left, func(name string, _ any) bool { return ofVariant[name] || name == "weight" && left[name] == nil })
		variants = append(variants, left)
	}
	out[fieldCustomFields], out[fieldVariants] = custom, variants
	return out
}
