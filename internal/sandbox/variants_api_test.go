package sandbox

import (
	"fmt"
	"strings"
	"testing"
)

// TestVariantsJoinAProduct: a product with variants gets a value more and a variant of it, alone
// and in the batch; a product without gets its first.
func TestVariantsJoinAProduct(t *testing.T) {
	r := newRig(t, Options{})
	k := newSink(t, r)
	r.hook("store/sku/*", k.URL+"/hooks")
	r.want(200, "POST", "/v3/catalog/products", shirtWith(shirtOf("S-R", "S", "Red", "")))
	product := "/v3/catalog/products/77"
	options := r.want(200, "GET", product+"/options", nil).data()
	size, colour := options[0], options[1]
	first := func(o map[string]any) map[string]any { return o["option_values"].([]any)[0].(map[string]any) }
	large := r.want(200, "POST", sprint("%s/options/%v/values", product, size["id"]), `{"label":"L","sort_order":2}`).one()
	by := func(o, v map[string]any) string { return fmt.Sprintf(`{"option_id":%v,"id":%v}`, o["id"], v["id"]) }
	values := `"option_values":[` + by(size, large) + `,` + by(colour, first(colour)) + `]`
	v := r.want(200, "POST", product+"/variants", `{"sku":"L-R","price":30,"mpn":"M-1","image_url":"https://x.example/l.png",`+values+`}`).one()
	if v["sku"] != "L-R" || v["price"] != 30.0 || v["mpn"] != "M-1" || !strings.Contains(fmt.Sprint(v["option_values"]), "L") {
		t.Errorf("%v", v)
	}
	for name, tc := range map[string]struct {
		status int
		body   string
	}{
		"the same values":         {409, `{"sku":"X",` + values + `}`},
		"the same SKU":            {409, `{"sku":"l-r","option_values":[` + by(size, first(size)) + `,` + by(colour, first(colour)) + `]}`},
		"no SKU":                  {422, `{` + values + `}`},
		"an option less":          {422, `{"sku":"X","option_values":[` + by(size, large) + `]}`},
		"a value of no option":    {422, `{"sku":"X","option_values":[` + by(colour, large) + `,` + by(colour, first(colour)) + `]}`},
		"words alone":             {422, `{"sku":"X","option_values":[{"option_display_name":"Size","label":"S"},{"option_display_name":"Colour","label":"Red"}]}`},
		"no picture to be had":    {422, `{"sku":"X","image_url":"https://gone.invalid/x.png",` + values + `}`},
		"values that are no list": {422, `{"sku":"X","option_values":5}`},
	} {
		if a := r.do("POST", product+"/variants", tc.body); a.status != tc.status {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	blue := r.want(200, "POST", sprint("%s/options/%v/values", product, colour["id"]), `{"label":"Blue","sort_order":3}`).one()
	// The batch changes one and makes another.
	a := r.want(200, "PUT", "/v3/catalog/variants", fmt.Sprintf(`[{"id":%v,"price":31,"mpn":"M-2"},{"product_id":77,"sku":"L-B","gtin":"42","option_values":[%s,%s]}]`, v["id"], by(size, large), by(colour, blue))).data()
	if a[0]["price"] != 31.0 || a[0]["mpn"] != "M-1" || a[1]["sku"] != "L-B" || a[1]["gtin"] != "" {
		t.Errorf("its description has no mpn and no gtin: %v", a)
	}
	one := sprint("%s/variants/%v", product, v["id"])
	if v := r.want(200, "PUT", one, `{"mpn":"M-2"}`).one(); v["mpn"] != "M-2" {
		t.Errorf("%v", v)
	}
	r.want(200, "POST", one+"/image", `{"image_url":"https://x.example/n.png"}`)
	r.want(400, "POST", one+"/image", `{"image_url":"https://gone.invalid/n.png"}`)
	r.want(404, "PUT", product+"/variants/99", `{"mpn":"M-2"}`)
	if v := r.want(200, "GET", one, nil).one(); v["image_url"] != "https://x.example/n.png" {
		t.Errorf("%v", v)
	}
	if n := r.want(200, "GET", product+"/variants", nil).total(); n != 3 {
		t.Errorf("%d variants", n)
	}
	// A renamed option is renamed in variants too.
	r.want(200, "PUT", sprint("%s/options/%v", product, size["id"]), `{"display_name":"Grösse"}`)
	if v := r.want(200, "GET", one, nil).one(); !strings.Contains(fmt.Sprint(v["option_values"]), "Grösse") {
		t.Errorf("%v", v)
	}
	// A product without variants gets its first: its base variant is gone.
	plain := r.product("Plain", "PLAIN")
	o := r.want(200, "POST", sprint("/v3/catalog/products/%d/options", plain), `{"display_name":"Size","type":"dropdown","option_values":[{"label":"S","sort_order":0}]}`).one()
	r.want(200, "POST", sprint("/v3/catalog/products/%d/variants", plain), `{"sku":"P-S","option_values":[`+by(o, first(o))+`]}`)
	if p := r.want(200, "GET", sprint("/v3/catalog/products/%d?include=variants", plain), nil).one(); p["base_variant_id"] != nil || len(p["variants"].([]any)) != 1 {
		t.Errorf("%v", p)
	}
	if err := r.s.SettleHooks(within(t)); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for len(k.got) > 0 {
		got[(<-k.got).body["scope"].(string)]++
	}
	if got["store/sku/created"] != 4 || got["store/sku/updated"] != 2 {
		t.Errorf("%v", got)
	}
}

// Whether the good ones of a refused batch are saved no document says, nor what it takes.
func TestVariantBatchIsAChoice(t *testing.T) {
	for _, saved := range []bool{false, true} {
		r := newRig(t, Options{Choices: Choices{GoodOfBatchSaved: saved, BatchTakesAll: true, VariantsByWords: true}})
		r.want(200, "POST", "/v3/catalog/products", shirtWith(shirtOf("S-R", "S", "Red", "")))
		a := r.want(422, "PUT", "/v3/catalog/variants", `[{"id":1,"price":5,"mpn":"M"},{"id":99,"price":5},{"id":1,"price":-1},{"product_id":88,"sku":"X","option_values":[]}]`)
		for _, key := range []string{`"1.id"`, `"2.price"`, `"3.product_id"`} {
			if !strings.Contains(a.raw, key) {
				t.Errorf("%s is not in %s", key, a.raw)
			}
		}
		v := r.want(200, "GET", "/v3/catalog/variants?id=1", nil).data()[0]
		if (v["mpn"] == "M") != saved {
			t.Errorf("saved %t: %v", saved, v)
		}
		r.want(422, "POST", "/v3/catalog/products/77/variants", `{"sku":"X","option_values":[{"option_display_name":"Size","label":"New"},{"option_display_name":"Colour","label":"Red"}]}`)
		r.want(409, "POST", "/v3/catalog/products/77/variants", `{"sku":"X","option_values":[{"option_display_name":"Size","label":"S"},{"option_display_name":"Colour","label":"Red"}]}`)
	}
}

func TestOptions(t *testing.T) {
	r := newRig(t, Options{})
	path := sprint("/v3/catalog/products/%d/options", r.product("One", "S1"))
	values := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf(`{"label":"%d","sort_order":%d}`, i, i)
		}
		return `"option_values":[` + strings.Join(list, ",") + `]`
	}
	o := r.want(200, "POST", path, `{"display_name":"Size","type":"swatch",`+values(250)+`}`).one()
	one := sprint("%s/%v/values", path, o["id"])
	for name, tc := range map[string]struct {
		status int
		path   string
		body   string
	}{
		"a name that is taken": {409, path, `{"display_name":"Size","type":"dropdown",` + values(1) + `}`},
		"no values":            {422, path, `{"display_name":"A","type":"dropdown","option_values":[]}`},
		"251 values":           {422, path, `{"display_name":"A","type":"dropdown",` + values(251) + `}`},
		"another type":         {422, path, `{"display_name":"A","type":"text",` + values(1) + `}`},
		"a label twice":        {422, path, `{"display_name":"A","type":"dropdown","option_values":[{"label":"a","sort_order":1},{"label":"a","sort_order":2}]}`},
		"no order":             {422, path, `{"display_name":"A","type":"dropdown","option_values":[{"label":"a"}]}`},
		"a value more":         {422, one, `{"label":"new","sort_order":1}`},
		"an option of nothing": {404, path + "/9/values", `{"label":"new","sort_order":1}`},
	} {
		if a := r.do("POST", tc.path, tc.body); a.status != tc.status {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	v := r.want(200, "GET", one+"?limit=1", nil)
	id := v.data()[0]["id"]
	if v.total() != 250 || r.want(200, "GET", sprint("%s/%v", one, id), nil).one()["label"] != "0" {
		t.Errorf("%s", v.raw)
	}
	r.want(422, "PUT", sprint("%s/%v", one, id), `{"label":"x"}`) // its description wants sort_order too
	r.want(422, "PUT", sprint("%s/%v", one, id), `{"label":"1","sort_order":1}`)
	if v := r.want(200, "PUT", sprint("%s/%v", one, id), `{"label":"x","sort_order":9,"value_data":{"image_url":"https://x.example/red.png"}}`).one(); v["label"] != "x" || v["id"] != id {
		t.Errorf("%v", v)
	}
	r.want(501, "PUT", sprint("%s/%v", path, o["id"]), `{`+values(1)+`}`)
	r.want(501, "DELETE", sprint("%s/%v", path, o["id"]), nil)
}
