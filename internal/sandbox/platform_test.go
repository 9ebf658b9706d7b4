package sandbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// What recorded answers of the platform have, and what one would not guess.

// errorsOf returns the errors object of an answer, wherever it stands.
func errorsOf(a *answer) map[string]any {
	errs, _ := a.json["errors"].(map[string]any)
	if inner, ok := errs["errors"].(map[string]any); ok {
		return inner
	}
	return errs
}

func TestTrees(t *testing.T) {
	r := newRig(t, Options{})
	const categories, trees = "/v3/catalog/trees/categories", "/v3/catalog/trees"
	refused := func(method, path string, body any, want map[string]string) *answer {
		t.Helper()
		a := r.want(422, method, path, body)
		errs := errorsOf(a)
		if len(errs) != len(want) {
			t.Errorf("%s %s: %s", method, path, a.raw)
		}
		for k, m := range want {
			if errs[k] != m {
				t.Errorf("%s %s: %s is %q, want %q", method, path, k, errs[k], m)
			}
		}
		return a
	}
	const noTreeID = "Tree Id is required and can't be empty"
	a := refused("POST", categories, []any{map[string]any{"name": "Root", "parent_id": 0}}, map[string]string{"0.tree_id": noTreeID})
	if data, ok := a.json["data"].([]any); !ok || len(data) != 0 || !strings.HasPrefix(a.json["errors"].(map[string]any)["type"].(string), "https://") {
		t.Errorf("%s", a.raw)
	}
	refused("POST", categories, []any{map[string]any{"name": "Root"}}, map[string]string{"0.tree_id": noTreeID})
	refused("POST", categories, []any{map[string]any{"name": "Lost", "parent_id": 4487, "tree_id": 1}},
		map[string]string{"0.parent_id": "A parent category with the id: 4487 was not found"})
	refused("POST", categories, []any{map[string]any{"name": "Lost", "parent_id": 4487}},
		map[string]string{"0.parent_id": "A parent category with the id: 4487 was not found", "0.tree_id": noTreeID})
	refused("POST", categories, []any{map[string]any{"name": "Lost", "tree_id": 42}}, map[string]string{"0.tree_id": "Entity with id tree [42] was not found "})

	r.want(201, "POST", categories, []any{map[string]any{"name": "Crème", "tree_id": 1}})
	refused("POST", categories, []any{map[string]any{"name": "CREME", "tree_id": 1}}, // accents make no difference
		map[string]string{"0.name": "A duplicate category with the name: 'CREME' was found in the same parent"})
	r.want(201, "POST", categories, []any{map[string]any{"name": "Child", "parent_id": 24, "tree_id": 42}}) // the parent's tree
	refused("PUT", categories, []any{map[string]any{"name": "x"}}, map[string]string{"0.category_id": "Category does not exist."})

	if a := r.want(404, "GET", trees+"/42/categories", nil); a.json["title"] != "Entity with id tree [42] was not found " {
		t.Error(a.raw)
	}
	if a := r.want(200, "GET", trees, nil); len(a.json["data"].([]any)) != 1 {
		t.Error(a.raw)
	}
	r.want(422, "GET", trees+"?limit=5", nil) // it takes no pages

	many := func(n int, one map[string]any) []any {
		out := make([]any, n)
		for i := range out {
			out[i] = one
		}
		return out
	}
	if a := r.want(413, "PUT", trees, many(51, map[string]any{"id": 1, "name": "Main"})); !strings.Contains(a.json["title"].(string), "50") {
		t.Error(a.raw)
	}
	r.want(413, "PUT", categories, many(51, map[string]any{"category_id": 24, "name": "x"}))
	r.want(200, "PUT", trees, many(50, map[string]any{"id": 1, "name": "Main"}))
	refused("PUT", trees, []any{map[string]any{"id": 42, "name": "x"}}, map[string]string{"0.id": "Entity with id tree [42] was not found "})
	refused("PUT", trees, []any{map[string]any{"id": 1, "channels": []int{1}}}, map[string]string{"0.channels": "The channels of a tree cannot be changed"})
	refused("PUT", trees, []any{map[string]any{"channels": []int{1}}},
		map[string]string{"0.name": "error.path.missing", "0.channels": "Channel with id [1] has a category tree already"})

	ch := r.want(200, "POST", "/v3/channels", map[string]any{"name": "Second", "type": "storefront", "platform": "custom"})
	id := ch.json["data"].(map[string]any)["id"]
	r.want(200, "PUT", trees, []any{map[string]any{"name": "Second", "channels": []any{id}}})
	r.want(201, "POST", categories, []any{map[string]any{"name": "Crème", "tree_id": 2}}) // the other tree's
	if a := r.want(200, "GET", trees+"/2/categories", nil); len(a.json["data"].([]any)) != 1 {
		t.Error(a.raw)
	}
	r.want(422, "DELETE", trees, nil)
	r.want(422, "DELETE", trees+"?id:in=1", nil)
	r.want(204, "DELETE", trees+"?id:in=2", nil)
	if a := r.want(200, "GET", categories, nil); len(a.json["data"].([]any)) != 2 {
		t.Error(a.raw)
	}
	r.want(202, "DELETE", categories+"?category_id:in=24", nil)

	r = newRig(t, Options{Choices: Choices{DeletedNoContent: true}})
	r.want(201, "POST", categories, []any{map[string]any{"name": "One", "tree_id": 1}})
	r.want(204, "DELETE", categories+"?category_id:in=24", nil)
}

func TestTreesAreKept(t *testing.T) {
	file := t.TempDir() + "/state.json"
	r := newRig(t, Options{StateFile: file})
	ch := r.want(200, "POST", "/v3/channels", map[string]any{"name": "Second", "type": "storefront", "platform": "custom"})
	id := ch.json["data"].(map[string]any)["id"]
	r.want(200, "PUT", "/v3/catalog/trees", []any{map[string]any{"name": "Second", "channels": []any{id}}, map[string]any{"id": 1, "name": "Main"}})
	want := r.want(200, "GET", "/v3/catalog/trees", nil).raw
	if err := r.s.Close(); err != nil {
		t.Fatal(err)
	}
	r = newRig(t, Options{StateFile: file})
	if got := r.want(200, "GET", "/v3/catalog/trees", nil).raw; got != want {
		t.Errorf("%s, was %s", got, want)
	}
}

func TestProductsThatThePlatformRefuses(t *testing.T) {
	r := newRig(t, Options{})
	r.product("Café", "S0")
	product := func(with map[string]any) map[string]any {
		p := map[string]any{"name": "New", "type": "physical", "weight": 1, "price": 1}
		for k, v := range with {
			p[k] = v
		}
		return p
	}
	rule := func(from, to int, kind string, amount any) map[string]any {
		return map[string]any{"quantity_min": from, "quantity_max": to, "type": kind, "amount": amount}
	}
	const noURL = "url must be an actual URL or an empty string"
	image := func(url any) map[string]any { return map[string]any{"images": []any{map[string]any{"image_url": url}}} }
	for name, tc := range map[string]struct {
		with       map[string]any
		status     int
		key, error string
	}{
		"an unknown tax class":     {map[string]any{"tax_class_id": 9}, 409, "tax_class_id", "The tax_class_id 9 is invalid"},
		"overlapping rules":        {map[string]any{"bulk_pricing_rules": []any{rule(2, 10, "price", 1), rule(10, 20, "price", 2)}}, 409, "bulk_pricing_rules", ""},
		"a rule without end":       {map[string]any{"bulk_pricing_rules": []any{rule(2, 0, "price", 1), rule(50, 60, "price", 2)}}, 409, "bulk_pricing_rules", ""},
		"a rule without amount":    {map[string]any{"bulk_pricing_rules": []any{rule(2, 3, "price", nil)}}, 422, "bulk_pricing_rules[0].amount", "error.path.missing"},
		"a rule without range":     {map[string]any{"bulk_pricing_rules": []any{map[string]any{"type": "price", "amount": 1}}}, 422, "bulk_pricing_rules[0].quantity_min", "error.path.missing"},
		"a rule that goes down":    {map[string]any{"bulk_pricing_rules": []any{rule(5, 3, "price", 1)}}, 422, "bulk_pricing_rules[0].quantity_max", ""},
		"a fixed price for one":    {map[string]any{"bulk_pricing_rules": []any{rule(1, 3, "fixed", 1)}}, 422, "bulk_pricing_rules[0].quantity_min", ""},
		"an amount that is none":   {map[string]any{"bulk_pricing_rules": []any{rule(1, 3, "price", "ten")}}, 422, "bulk_pricing_rules[0].amount", ""},
		"an image without address": {map[string]any{"images": []any{map[string]any{"description": "x"}}}, 422, "images[0].image_url", noURL},
		"a relative address":       {image("/a.png"), 422, "images[0].image_url", noURL},
		"a space in it":            {image("https://shop.example/a b.png"), 422, "images[0].image_url", noURL},
		"another scheme":           {image("ftp://shop.example/a.png"), 422, "images[0].image_url", noURL},
		"a number":                 {image(3), 422, "images[0].image_url", "error.expected.jsstring"},
		"an address too long":      {image("https://shop.example/" + strings.Repeat("x", 255)), 422, "images[0].image_url", "error.maxLength"},
		"two thumbnails": {map[string]any{"images": []any{
			map[string]any{"image_url": "https://shop.example/a.png", "is_thumbnail": true}, map[string]any{"image_url": "https://shop.example/b.png", "is_thumbnail": true},
		}}, 422, "images", ""},
		"another accent":  {map[string]any{"name": "cafè "}, 409, "name", "The product name is a duplicate"},
		"no accent":       {map[string]any{"name": "CAFE"}, 409, "name", "The product name is a duplicate"},
		"combined accent": {map[string]any{"name": "Cafe\u0301"}, 409, "name", "The product name is a duplicate"},
	} {
		a := r.want(tc.status, "POST", "/v3/catalog/products", product(tc.with))
		if got, _ := errorsOf(a)[tc.key].(string); got == "" || tc.error != "" && got != tc.error {
			t.Errorf("%s: %s", name, a.raw)
		}
		if a.json["type"] != "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes" {
			t.Errorf("%s: type %v", name, a.json["type"])
		}
		if r.st.Products() != 1 {
			t.Fatalf("%s: it was made all the same", name)
		}
	}
	r.want(200, "POST", "/v3/catalog/products", product(map[string]any{"tax_class_id": 3,
		"bulk_pricing_rules": []any{rule(11, 0, "percent", ".10"), rule(2, 10, "fixed", 1)},
		"images": []any{
			map[string]any{"image_url": "https://shop.example/a.png", "is_thumbnail": true}, map[string]any{"image_url": ""}, map[string]any{"image_file": "b.png"},
		}}))
	for _, a := range []*answer{
		r.want(404, "GET", "/v3/catalog/products/999", nil), r.want(404, "PUT", "/v3/catalog/products/999", map[string]any{"price": 1}),
		r.want(404, "PUT", "/v3/catalog/products", []any{map[string]any{"id": 999, "price": 1}}),
	} {
		if a.json["title"] != "A product with the id of 999 was not found" {
			t.Error(a.raw)
		}
	}
}

func TestFiltersAsRecorded(t *testing.T) {
	clock := newClock() // noon
	r := newRig(t, Options{Now: clock.now})
	r.product("One", "S1")
	at := clock.now().Unix()
	count := func(query string) int {
		t.Helper()
		return len(r.want(200, "GET", "/v3/catalog/products?"+query, nil).json["data"].([]any))
	}
	for query, want := range map[string]int{
		fmt.Sprintf("date_modified:min=%d", at): 1, fmt.Sprintf("date_modified:min=%d", at+1): 0,
		fmt.Sprintf("date_modified:max=%d", at): 1, fmt.Sprintf("date_modified:max=%d", at-1): 0,
		"date_modified:min=1700000000": 1,
		// Noon of the day, the time of the request, is when it was made.
		"date_modified:min=2026-03-01": 1, "date_modified:max=2026-03-01": 1, "date_modified=2026-03-01": 1, "date_modified=2026-02-28": 0,
	} {
		if got := count(query); got != want {
			t.Errorf("%s: %d products, want %d", query, got, want)
		}
	}
	clock.add(time.Hour)
	if got := count("date_modified:min=2026-03-01"); got != 0 {
		t.Errorf("an hour later, %d products were changed since that day at this time", got)
	}
	for _, path := range []string{"/v3/catalog/products?&limit=1", "/v3/catalog/trees/categories?&page=2&limit=250", "/v3/catalog/products?limit=1&&page=1"} {
		if a := r.want(422, "GET", path, nil); a.json["title"] != "The filter(s):  are not valid filter parameter(s)." {
			t.Errorf("%s: %s", path, a.raw)
		}
	}
	r.want(422, "GET", "/v3/catalog/products?date_modified:min=soon", nil)
}

func TestIncludeFieldsTakesTheListOfTheDescription(t *testing.T) {
	strict, lax := newRig(t, Options{}), newRig(t, Options{Choices: Choices{FieldsLeftOut: true}})
	for _, r := range []*rig{strict, lax} {
		r.product("One", "S1")
	}
	const path = "/v3/catalog/products?include_fields=sku,"
	for _, field := range []string{"id", "sort_order", "gift_wrapping_options_type", "images", "brand_name", "nonsense"} {
		strict.want(422, "GET", path+field, nil)
		p := lax.want(200, "GET", path+field, nil).json["data"].([]any)[0].(map[string]any)
		_, shown := p[field]
		if always := field == "id" || field == "gift_wrapping_options_type"; shown != always || p["sku"] != "S1" {
			t.Errorf("%s: %v", field, p)
		}
	}
	strict.want(200, "GET", path+"price", nil)
	strict.want(422, "GET", "/v3/catalog/products?include=nonsense", nil)
	lax.want(422, "GET", "/v3/catalog/products?include=nonsense", nil)
}

func TestWhatThePlatformMakesOfValues(t *testing.T) {
	r := newRig(t, Options{})
	id := r.product("One", "S1")
	put := func(field string, value any) any {
		t.Helper()
		a := r.want(200, "PUT", fmt.Sprintf("/v3/catalog/products/%d", id), map[string]any{field: value})
		return a.json["data"].(map[string]any)[field]
	}
	for _, field := range []string{"price", "cost_price", "retail_price", "sale_price", "map_price", "fixed_cost_shipping_price"} {
		if got := put(field, json.Number("1.23456")); got != 1.2346 {
			t.Errorf("%s: %v", field, got)
		}
	}
	for in, want := range map[string]string{
		"plain & simple": "plain & simple", `<p title="5 > 4">as it is & stays</p>`: `<p title="5 > 4">as it is & stays</p>`,
		"<P>a<script>b</script>c": "<p>ac</p>", `<a href="javascript:x()" onclick='y()' title=z>t</a>`: `<a title="z">t</a>`,
		"<b>x</b><!-- y -->": "<b>x</b>", "<script>x</script>": "",
	} {
		if got := put("description", in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	v := r.want(200, "PUT", "/v3/catalog/variants", []any{map[string]any{"id": 1, "price": json.Number("2.00006")}}).json["data"].([]any)[0].(map[string]any)
	if v["price"] != 2.0001 {
		t.Errorf("a variant's price: %v", v["price"])
	}
}

func FuzzCleanHTML(f *testing.F) {
	for _, s := range []string{"<p>x", "<script", "<a href=javascript:x>", "<svg><script>x</script></svg>", "<table><tr>", "</p>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := cleanHTML(s); !strings.Contains(s, "<") && got != s {
			t.Errorf("%q became %q", s, got)
		}
	})
}
