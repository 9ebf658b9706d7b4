package sandbox

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// shirt is a product with options and two variants: its id, and theirs.
func (r *rig) shirt() (product int64, variants []int64) {
	r.t.Helper()
	product = r.product("Shirt", "SHIRT")
	variants, err := r.st.AddVariants(product,
		VariantSpec{SKU: "SHIRT-S", Choices: []Choice{{"Size", "S"}, {"Colour", "Red"}}},
		VariantSpec{SKU: "SHIRT-L", Choices: []Choice{{"Size", "L"}, {"Colour", "Red"}}, Price: "11.50"})
	if err != nil {
		r.t.Fatal(err)
	}
	return product, variants
}

func TestVariantsOfOptions(t *testing.T) {
	r := newRig(t, Options{})
	r.product("Bolt", "BOLT")
	product, ids := r.shirt()
	p := r.want(200, "GET", "/v3/catalog/products?sku=SHIRT&include=variants", nil).data()[0]
	if p["base_variant_id"] != nil || len(p["variants"].([]any)) != 2 {
		t.Errorf("%v", p)
	}
	all := r.want(200, "GET", "/v3/catalog/variants", nil)
	if all.total() != 3 {
		t.Fatalf("%s", all.raw)
	}
	small, large := all.data()[1], all.data()[2]
	if small["price"] != nil || small["calculated_price"] != 9.5 || large["price"] != 11.5 || large["calculated_price"] != 11.5 || small["sku_id"] == nil {
		t.Errorf("%v\n%v", small, large)
	}
	values := func(v map[string]any) (labels []string, options []any) {
		for _, c := range v["option_values"].([]any) {
			c := c.(map[string]any)
			labels, options = append(labels, c["option_display_name"].(string)+" "+c["label"].(string)), append(options, c["option_id"])
		}
		return labels, options
	}
	labels, options := values(large)
	_, others := values(small)
	if !slices.Equal(labels, []string{"Size L", "Colour Red"}) || !slices.Equal(options, others) {
		t.Errorf("%v of options %v and %v", labels, options, others)
	}
	for query, want := range map[string]int{
		"sku=shirt-l": 1, "sku=SHIRT": 0, "sku=BOLT": 0, "id=1": 1, "product_id:in=77,78": 3, "product_id:in=78&sku=SHIRT-S": 1,
		"id=1&product_id:in=78": 0, "upc=": 3, "sku=SHIRT-S&id=1": 0,
	} {
		if a := r.want(200, "GET", "/v3/catalog/variants?"+query, nil); a.total() != want {
			t.Errorf("%s: %s", query, a.raw)
		}
	}
	if a := r.want(200, "GET", "/v3/catalog/variants?limit=2&page=2&include_fields=sku", nil); a.total() != 3 || len(a.data()) != 1 || len(a.data()[0]) != 2 {
		t.Errorf("%s", a.raw)
	}
	r.want(422, "GET", "/v3/catalog/variants?sku:in=BOLT", nil) // not described
	r.want(422, "GET", "/v3/catalog/variants?id:in=1", nil)

	body := []map[string]any{{"id": ids[0], "sale_price": 8.12345, "upc": "42"}, {"id": ids[1], "price": nil, "cost_price": 3, "retail_price": 20, "map_price": 7}}
	a := r.want(200, "PUT", "/v3/catalog/variants", body).data()
	if a[0]["calculated_price"] != 8.1235 || a[0]["upc"] != "42" || a[1]["price"] != nil || a[1]["calculated_price"] != 9.5 || a[1]["map_price"] != 7.0 {
		t.Errorf("%v", a)
	}
	if p := r.want(200, "GET", "/v3/catalog/products?id=78", nil).data()[0]; p["price"] != 9.5 || p["sale_price"] != 0.0 {
		t.Errorf("a variant's price became its product's: %v", p)
	}
	// SKUs are unique among products and variants of all kinds.
	for name, bad := range map[string]string{
		"a product's": `[{"id":2,"sku":"bolt"}]`, "its product's": `[{"id":2,"sku":"shirt"}]`, "another variant's": `[{"id":2,"sku":"SHIRT-L"}]`,
		"a variant's for a base variant": `[{"id":1,"sku":" shirt-s"}]`, "below zero": `[{"id":2,"price":-1}]`, "text": `[{"id":3,"sale_price":"1"}]`,
		"no such variant": `[{"id":3,"price":5},{"id":99,"price":1}]`,
	} {
		bad = strings.NewReplacer(`"id":2,`, `"id":`+strconv.FormatInt(ids[0], 10)+`,`, `"id":3,`, `"id":`+strconv.FormatInt(ids[1], 10)+`,`).Replace(bad)
		if a := r.want(422, "PUT", "/v3/catalog/variants", bad); a.json["batch_errors"] == nil {
			t.Errorf("%s: %s", name, a.raw)
		}
	}
	if v := r.want(200, "GET", "/v3/catalog/variants?sku=SHIRT-L", nil).data()[0]; v["price"] != nil {
		t.Errorf("a refused batch left something behind: %v", v)
	}
	if s := r.want(200, "GET", "/v3/catalog/summary", nil).one(); s["variant_count"] != 3.0 {
		t.Errorf("%v", s)
	}
	r.want(204, "DELETE", "/v3/catalog/products/"+strconv.FormatInt(product, 10), nil)
	if a := r.want(200, "GET", "/v3/catalog/variants", nil); a.total() != 1 {
		t.Errorf("%s", a.raw)
	}
	r.product("After", "SHIRT-S") // which is free again
}

// What no document says is a choice.
func TestBaseVariantChoices(t *testing.T) {
	r := newRig(t, Options{Choices: Choices{BaseVariantsBySKU: true, BaseVariantNullClears: true}})
	r.product("Bolt", "BOLT")
	if a := r.want(200, "GET", "/v3/catalog/variants?sku=bolt", nil); a.total() != 1 {
		t.Errorf("%s", a.raw)
	}
	if v := r.want(200, "PUT", "/v3/catalog/variants", `[{"id":1,"price":null}]`).data()[0]; v["price"] != 0.0 {
		t.Errorf("%v", v)
	}
	r = newRig(t, Options{})
	r.product("Bolt", "BOLT")
	if v := r.want(200, "PUT", "/v3/catalog/variants", `[{"id":1,"price":null,"sale_price":5}]`).data()[0]; v["price"] != 9.5 || v["sale_price"] != 5.0 {
		t.Errorf("%v", v)
	}
	if p := r.want(200, "GET", "/v3/catalog/products/77", nil).one(); p["sale_price"] != 5.0 {
		t.Errorf("the product did not follow its base variant: %v", p)
	}
}

func TestAddVariantsRefuses(t *testing.T) {
	r := newRig(t, Options{})
	id := r.product("Shirt", "SHIRT")
	size := []Choice{{"Size", "S"}}
	for name, specs := range map[string][]VariantSpec{
		"no choice": {{SKU: "A"}}, "its product's SKU": {{SKU: "Shirt", Choices: size}}, "one SKU twice": {{SKU: "A", Choices: size}, {SKU: "a", Choices: size}},
		"a price that is none": {{SKU: "A", Choices: size, Price: "-1"}},
	} {
		if ids, err := r.st.AddVariants(id, specs...); err == nil {
			t.Errorf("%s: %v", name, ids)
		}
	}
	if _, err := r.st.AddVariants(99, VariantSpec{SKU: "A", Choices: size}); err == nil {
		t.Error("a product that is not there has variants")
	}
	if a := r.want(200, "GET", "/v3/catalog/variants", nil); a.total() != 1 {
		t.Errorf("%s", a.raw)
	}
}
