package products

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// variantFilled is a file of products with and without variants, whose fields are all filled the
// same way.
func variantFilled(fill, empty string) tenants.Mapping {
	m := tenants.Mapping{Layout: &tenants.Layout{Kind: tenants.LayoutGroup, Key: "P"}, Fields: []tenants.FieldMapping{
		{Target: "sku", Expression: "P"}, {Target: "name", Expression: "P"}, {Target: "type", Expression: `"physical"`}, {Target: "weight", Expression: "1"},
		{Target: "price", Expression: "5", Fill: tenants.FillCreated}, {Target: "variant_sku", Expression: "SKU"}, {Target: "option:Size", Expression: "Size"},
	}}
	for _, target := range []string{"variant_cost_price", "variant_price", "variant_inventory_level", targetImages, "variant_upc"} {
		m.Fields = append(m.Fields, tenants.FieldMapping{Target: target, Expression: target, Fill: fill})
	}
	for i := range m.Fields[7:] {
		if target := m.Fields[7+i].Target; target == "variant_price" || target == "variant_upc" || target == "variant_cost_price" {
			m.Fields[7+i].Empty = empty
		}
	}
	return m
}

const variantFilledHeader = "P,SKU,Size,variant_cost_price,variant_price,variant_inventory_level,images,variant_upc\n"

// told is what a store has of the fields that variantFilled fills.
func told(p bigcommerce.Fields) string {
	out := fmt.Sprint(p["price"], " cost ", p["cost_price"], " ", p[fieldTracking], " ", p[fieldLevel], " pictures ", len(partsOf(p[fieldImages])))
	for _, v := range partsOf(p[fieldVariants]) {
		if hasOptions(v) {
			out += fmt.Sprint("; ", v["sku"], " ", v["price"], " cost ", v["cost_price"], " stock ", v[fieldLevel], " upc ", v["upc"])
		}
	}
	return out
}

// TestFillingVariants: what only new products, or only empty fields, are given holds for variants
// too, for products that have none, and for lists.
func TestFillingVariants(t *testing.T) {
	p := upserttest.NewPlatform(t)
	for fill, want := range map[string][2]string{
		"":                  {"5 cost 3 product 7 pictures 1", "5 cost 0 variant 14 pictures 0; A-S 9 cost 3 stock 7 upc 012345678905; A-M 9 cost 3 stock 7 upc "},
		tenants.FillCreated: {"5 cost 0 none 0 pictures 1", "5 cost 0 none 0 pictures 0; A-S 8 cost 2 stock 0 upc ; A-M 9 cost 3 stock 7 upc "},
		tenants.FillEmpty:   {"5 cost 3 product 7 pictures 1", "5 cost 0 variant 14 pictures 0; A-S 8 cost 2 stock 7 upc 012345678905; A-M 9 cost 3 stock 7 upc "},
	} {
		t.Run("fill "+fill, func(t *testing.T) {
			w := newWorld(t, p)
			w.Flow.Mapping, w.Flow.Options = variantFilled(fill, ""), tenants.Options{optionImages: imagesAdd}
			w.add(bigcommerce.Fields{"sku": "S", "name": "S", "type": "physical", "weight": 1, "price": 5, "images": []any{object{"image_url": "https://img.example/theirs.jpg"}}})
			w.add(bigcommerce.Fields{"sku": "A", "name": "A", "type": "physical", "weight": 1, "price": 5, "variants": []any{
				object{"sku": "A-S", "price": 8, "cost_price": 2, "option_values": []any{object{"option_display_name": "Size", "label": "S"}}},
			}})
			pictures := "https://img.example/ours.jpg"
			if fill == "" {
				pictures = ""
			}
			w.Feed.Body = variantFilledHeader + "S,,,3,,7," + pictures + ",\nA,A-S,S,3,9,7,,012345678905\nA,A-M,M,3,9,7,,\n"
			r := w.Run()
			if r.Failed > 0 {
				_, messages := w.Issues(r, "error")
				t.Fatal(messages)
			}
			if d := cmp.Diff(want, [2]string{told(w.whole("S")), told(w.whole("A"))}); d != "" {
				t.Errorf("(-want +got):\n%s\n%v", d, w.ItemChanges(r))
			}
		})
	}
}

// TestEmptyVariantPrice: a variant whose price is emptied has its product's, and is not free.
func TestEmptyVariantPrice(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Flow.Mapping = variantFilled("", tenants.EmptyClears)
	w.Feed.Body = variantFilledHeader + "A,A-S,S,3,9,7,,012345678905\nA,A-M,M,,,7,,\nS,,,3,4,7,,\n"
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 2, Created: 2})
	w.Feed.Body = variantFilledHeader + "A,A-S,S,,,7,,\nA,A-M,M,,0,7,,\nA,,,,,,https://img.example/a.jpg,\nS,,,,,7,,\n"
	r = w.Run()
	if r.Failed > 0 {
		_, messages := w.Issues(r, "error")
		t.Fatal(messages)
	}
	if got, want := told(w.whole("A")), "5 cost 0 variant 0 pictures 1; A-S <nil> cost <nil> stock 7 upc ; A-M 0 cost <nil> stock 7 upc "; got != want {
		t.Errorf("A is %s, not %s", got, want)
	}
	if got, want := told(w.whole("S")), "4 cost 0 product 7 pictures 0"; got != want {
		t.Errorf("S is %s, not %s", got, want)
	}
	w.forget()
	if n := w.writes(func() { r = w.Run() }); n != 0 || r.Updated != 0 {
		t.Errorf("%d writes though nothing changed: %v", n, w.ItemChanges(r))
	}
}
