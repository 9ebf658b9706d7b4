package sandbox

import (
	"fmt"
	"strings"
	"testing"
)

// shirtWith is a product with variants; with replaces or adds fields.
func shirtWith(variants ...string) string {
	return `{"name":"Shirt","type":"physical","weight":1,"price":20,"sku":"SHIRT","variants":[` + strings.Join(variants, ",") + `]}`
}

func shirtOf(sku, size, colour, more string) string {
	return fmt.Sprintf(`{"sku":%q,"option_values":[{"option_display_name":"Size","label":%q},{"option_display_name":"Colour","label":%q}]%s}`, sku, size, colour, more)
}

// TestInlineVariants: a product, its variants, their options, its pictures, its brand and the rest
// of it are made by one request, and all is in the answer.
func TestInlineVariants(t *testing.T) {
	r := newRig(t, Options{})
	k := newSink(t, r)
	r.hook("store/sku/created", k.URL+"/hooks")
	body := strings.TrimSuffix(shirtWith(shirtOf("S-R", "S", "Red", `,"price":25.5,"upc":"42"`), shirtOf("M-R", "M", "Red", ""), shirtOf("M-B", "M", "Blue", "")), "}") +
		`,"brand_name":"Acme","custom_url":{"url":"/the-shirt/"},"custom_fields":[{"name":"Fabric","value":"Linen"}],"videos":[{"video_id":"v1"}],` +
		`"images":[{"image_url":"https://x.example/front.png","is_thumbnail":true,"description":"Front"}],"bulk_pricing_rules":[{"quantity_min":2,"quantity_max":0,"type":"price","amount":1}]}`
	p := r.want(200, "POST", "/v3/catalog/products", body).one()
	if p["base_variant_id"] != nil || p["brand_id"] == 0.0 || len(p["variants"].([]any)) != 3 {
		t.Fatalf("%v", p)
	}
	for _, name := range []string{"custom_fields", "videos", "images", "bulk_pricing_rules"} {
		if list, _ := p[name].([]any); len(list) != 1 || list[0].(map[string]any)["id"] == nil {
			t.Errorf("%s: %v", name, p[name])
		}
	}
	if im := p["images"].([]any)[0].(map[string]any); im["image_url"] != nil || im["description"] != "Front" || im["product_id"] != p["id"] {
		t.Errorf("%v", im)
	}
	first := p["variants"].([]any)[0].(map[string]any)
	if first["sku"] != "S-R" || first["price"] != 25.5 || first["upc"] != "42" || first["product_id"] != p["id"] || len(first["option_values"].([]any)) != 2 {
		t.Errorf("%v", first)
	}
	var got []string
	for _, o := range r.want(200, "GET", "/v3/catalog/products/77?include=options", nil).one()["options"].([]any) {
		o := o.(map[string]any)
		line := o["display_name"].(string) + ":"
		for _, v := range o["option_values"].([]any) {
			line += " " + v.(map[string]any)["label"].(string)
		}
		got = append(got, line)
	}
	if want := "Size: S M, Colour: Red Blue"; strings.Join(got, ", ") != want {
		t.Errorf("options %v, want %s", got, want)
	}
	if err := r.s.SettleHooks(within(t)); err != nil {
		t.Fatal(err)
	}
	if n := len(k.got); n != 3 {
		t.Errorf("%d SKUs were told of", n)
	}
	// Found by SKU, as any variant, and SKUs are unique among all.
	if a := r.want(200, "GET", "/v3/catalog/variants?sku=m-b", nil); a.total() != 1 {
		t.Errorf("%s", a.raw)
	}
	r.want(409, "POST", "/v3/catalog/products", `{"name":"Other","type":"physical","weight":1,"price":1,"sku":"m-b"}`)
	// include_fields has no sub-resources.
	if p := r.want(200, "POST", "/v3/catalog/products?include_fields=sku", `{"name":"Plain","type":"physical","weight":1,"price":1}`).one(); p["variants"] != nil {
		t.Errorf("%v", p)
	}
}

func TestInlineVariantsRefused(t *testing.T) {
	r := newRig(t, Options{})
	var crowd, sizes []string
	for i := range 601 {
		crowd = append(crowd, shirtOf(fmt.Sprint("C", i), fmt.Sprint(i%25), fmt.Sprint(i/25), ""))
		if i < 251 {
			sizes = append(sizes, shirtOf(fmt.Sprint("Z", i), fmt.Sprint(i), "Red", ""))
		}
	}
	for name, tc := range map[string]struct {
		status int
		body   string
		key    string
	}{
		"no SKU":              {422, shirtWith(`{"option_values":[{"option_display_name":"Size","label":"S"}]}`), "variants[0].sku"},
		"an empty SKU":        {422, shirtWith(shirtOf("", "S", "Red", "")), "variants[0].sku"},
		"no values":           {422, shirtWith(`{"sku":"A"}`), "variants[0].option_values"},
		"empty values":        {422, shirtWith(`{"sku":"A","option_values":[]}`), "variants[0].option_values"},
		"a value by id":       {422, shirtWith(`{"sku":"A","option_values":[{"id":1,"option_id":2}]}`), "variants[0].option_values[0].label"},
		"a label too long":    {422, shirtWith(shirtOf("A", strings.Repeat("x", 256), "Red", "")), "variants[0].option_values[0].label"},
		"a price below zero":  {422, shirtWith(shirtOf("A", "S", "Red", `,"price":-1`)), "variants[0].price"},
		"a GTIN of null":      {422, shirtWith(shirtOf("A", "S", "Red", `,"gtin":null`)), "variants[0].gtin"},
		"another option":      {422, shirtWith(shirtOf("A", "S", "Red", ""), `{"sku":"B","option_values":[{"option_display_name":"Size","label":"M"}]}`), "variants[1].option_values"},
		"one option more":     {422, shirtWith(`{"sku":"B","option_values":[{"option_display_name":"Size","label":"M"}]}`, shirtOf("A", "S", "Red", "")), "variants[0].option_values"},
		"an option twice":     {422, shirtWith(`{"sku":"B","option_values":[{"option_display_name":"Size","label":"M"},{"option_display_name":"Size","label":"L"}]}`), "variants[0].option_values"},
		"601 variants":        {422, shirtWith(crowd...), "variants"},
		"251 values":          {422, shirtWith(sizes...), "variants[250].option_values"},
		"the same values":     {409, shirtWith(shirtOf("A", "S", "Red", ""), shirtOf("B", "S", "Red", "")), "variants[1].option_values"},
		"the same SKU":        {409, shirtWith(shirtOf("A", "S", "Red", ""), shirtOf("a", "M", "Red", "")), "sku"},
		"its product's SKU":   {409, shirtWith(shirtOf("shirt", "S", "Red", "")), "sku"},
		"no image to be had":  {422, strings.TrimSuffix(shirtWith(), "}") + `,"images":[{"image_url":"https://gone.invalid/a.png"}]}`, "images[0].image_url"},
		"a field of no known": {422, strings.TrimSuffix(shirtWith(), "}") + `,"custom_fields":[{"id":5,"name":"a","value":"b"}]}`, "custom_fields[0].id"},
	} {
		a := r.want(tc.status, "POST", "/v3/catalog/products", tc.body)
		if a.errorsOf()[tc.key] == nil {
			t.Errorf("%s: %.300s", name, a.raw)
		}
	}
	if n := r.st.Products(); n != 0 {
		t.Errorf("%d products were made all the same", n)
	}
	if p := r.want(200, "POST", "/v3/catalog/products", shirtWith(crowd[:600]...)).one(); len(p["variants"].([]any)) != 600 {
		t.Error("600 variants are allowed")
	}
}

// TestOptionsOutliveTheProcess: what a state file holds comes back, and one from before options
// were kept has them of its variants.
func TestOptionsOutliveTheProcess(t *testing.T) {
	r := newRig(t, Options{})
	r.want(200, "POST", "/v3/catalog/products", shirtWith(shirtOf("S-R", "S", "Red", ""), shirtOf("M-R", "M", "Red", "")))
	p := r.st.cat.byID[77]
	raw, err := p.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	old := []byte(strings.Replace(string(raw), `"Options":`, `"Was":`, 1))
	for name, raw := range map[string][]byte{"now": raw, "before": old} {
		back := new(product)
		if err := back.UnmarshalJSON(raw); err != nil || back.unlike(p) {
			t.Errorf("%s: %v, %+v", name, err, back.options)
		}
	}
}

// What no document says of lists and pictures is a choice.
func TestListsOfProductsAreAChoice(t *testing.T) {
	for _, merged := range []bool{false, true} {
		r := newRig(t, Options{Choices: Choices{ListsMerged: merged, PartsNotAnswered: true, FirstImageThumbnail: true, BadImagesLeftOut: true}})
		a := r.want(207, "POST", "/v3/catalog/products", `{`+minimal+`,"custom_fields":[{"name":"a","value":"1"},{"name":"b","value":"2"}],
			"images":[{"image_url":"https://x.example/a.png"},{"image_url":"https://gone.invalid/b.png"}]}`)
		if !strings.Contains(a.raw, `"images[1].image_url"`) || a.data()[0]["custom_fields"] != nil {
			t.Errorf("%s", a.raw)
		}
		show := func() (fields []string, image map[string]any) {
			p := r.want(200, "GET", "/v3/catalog/products/77?include=custom_fields,primary_image", nil).one()
			for _, f := range p["custom_fields"].([]any) {
				f := f.(map[string]any)
				fields = append(fields, fmt.Sprint(f["id"], f["name"], f["value"]))
			}
			return fields, p["primary_image"].(map[string]any)
		}
		if fields, image := show(); image["id"] != 1.0 || len(fields) != 2 {
			t.Errorf("%v %v", fields, image)
		}
		// The whole list with its ids means the same either way.
		r.want(200, "PUT", "/v3/catalog/products", `[{"id":77,"custom_fields":[{"id":1,"name":"a","value":"9"},{"id":2,"name":"b","value":"2"},{"name":"c","value":"3"}]}]`)
		if fields, _ := show(); strings.Join(fields, " ") != "1a9 2b2 3c3" {
			t.Errorf("merged %t: %v", merged, fields)
		}
		r.want(200, "PUT", "/v3/catalog/products/77", `{"custom_fields":[{"id":2,"name":"b","value":"8"}]}`)
		want := map[bool]string{false: "2b8", true: "1a9 2b8 3c3"}[merged]
		if fields, _ := show(); strings.Join(fields, " ") != want {
			t.Errorf("merged %t: %v, want %s", merged, fields, want)
		}
		if a := r.want(422, "PUT", "/v3/catalog/products/77", `{"custom_fields":[{"id":99,"name":"b","value":"8"}]}`); a.errorsOf()["custom_fields[0].id"] == nil {
			t.Errorf("%s", a.raw)
		}
	}
}
