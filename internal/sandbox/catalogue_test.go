package sandbox

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const minimal = `"name":"Smith Journal 13","type":"physical","weight":0,"price":9.95`

func TestCreateProductAnswersLikeTheOfficialExample(t *testing.T) {
	r := newRig(t, Options{})
	a := r.want(200, "POST", "/v3/catalog/products", `{"name":"1L Le Parfait Jar","type":"physical","weight":1,"price":7.95,"retail_price":10,"search_keywords":"jar, glass","id":5,"calculated_price":1,"unknown":true}`)
	got := a.one()
	// The fields and defaults of the example of GET /catalog/products/{id}; option_set_id needs an
	// option set.
	want := `{"type":"physical","sku":"","description":"","weight":1,"width":0,"depth":0,"height":0,"price":7.95,"cost_price":0,
	"retail_price":10,"sale_price":0,"map_price":0,"tax_class_id":0,"product_tax_code":"","calculated_price":7.95,"categories":[],
	"brand_id":0,"option_set_display":"right","inventory_level":0,"inventory_warning_level":0,"inventory_tracking":"none",
	"reviews_rating_sum":0,"reviews_count":0,"total_sold":0,"fixed_cost_shipping_price":0,"is_free_shipping":false,"is_visible":true,
	"is_featured":false,"related_products":[-1],"warranty":"","bin_picking_number":"","layout_file":"product.html","upc":"","mpn":"",
	"gtin":"","search_keywords":"jar, glass","availability":"available","availability_description":"","gift_wrapping_options_type":"any",
	"gift_wrapping_options_list":[],"sort_order":0,"condition":"New","is_condition_shown":false,"order_quantity_minimum":0,
	"order_quantity_maximum":0,"page_title":"","meta_keywords":[],"meta_description":"","view_count":0,"preorder_release_date":null,
	"preorder_message":"","is_preorder_only":false,"is_price_hidden":false,"price_hidden_label":"","custom_url":{"url":"/1l-le-parfait-jar/","is_customized":false},
	"open_graph_type":"product","open_graph_title":"","open_graph_description":"","open_graph_use_meta_description":true,
	"open_graph_use_product_name":true,"open_graph_use_image":true,"name":"1L Le Parfait Jar"}`
	var wantMap map[string]any
	if err := json.Unmarshal([]byte(want), &wantMap); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"id", "base_variant_id", "date_created", "date_modified", "variants", "images", "custom_fields", "bulk_pricing_rules", "videos"} {
		if got[k] == nil {
			t.Errorf("no %s", k)
		}
		delete(got, k)
	}
	if d := cmp.Diff(wantMap, got); d != "" {
		t.Error(d)
	}
}

func TestProductValidation(t *testing.T) {
	r := newRig(t, Options{})
	long := strings.Repeat("é", 251)
	for _, tc := range []struct {
		name, body string
		errs       map[string]any
	}{
		{"nothing", `{}`, map[string]any{"name": msgMissing, "type": msgMissing, "weight": msgMissing, "price": msgMissing}},
		{"name too long", `{"name":"` + long + `","type":"physical","weight":0,"price":1}`, map[string]any{"name": msgMaxLen}},
		{"name empty", `{"name":"","type":"physical","weight":0,"price":1}`, map[string]any{"name": msgMinLen}},
		{"name blank", `{"name":"  ","type":"physical","weight":0,"price":1}`, map[string]any{"name": msgMinLen}},
		{"name is a number", `{"name":5,"type":"physical","weight":0,"price":1}`, map[string]any{"name": msgString}},
		{"price is text", `{"name":"x","type":"physical","weight":0,"price":"1.5"}`, map[string]any{"price": msgNumber}},
		{"price negative", `{"name":"x","type":"physical","weight":0,"price":-1}`, map[string]any{"price": msgMin}},
		{"price null", `{"name":"x","type":"physical","weight":0,"price":null}`, map[string]any{"price": msgNumber}},
		{"weight too big", `{"name":"x","type":"physical","weight":1e10,"price":1}`, map[string]any{"weight": msgMax}},
		{"wrong type", `{"name":"x","type":"virtual","weight":0,"price":1}`, map[string]any{"type": msgEnum}},
		{"negative stock", `{` + minimal + `,"inventory_level":-5}`, map[string]any{"inventory_level": msgMin}},
		{"half a piece", `{` + minimal + `,"inventory_level":1.5}`, map[string]any{"inventory_level": msgInteger}},
		{"boolean as text", `{` + minimal + `,"is_visible":"true"}`, map[string]any{"is_visible": msgBool}},
		{"categories no list", `{` + minimal + `,"categories":12}`, map[string]any{"categories": msgArray}},
		{"upc of 15", `{` + minimal + `,"upc":"123456789012345"}`, map[string]any{"upc": msgMaxLen}},
		{"condition in lower case", `{` + minimal + `,"condition":"new"}`, map[string]any{"condition": msgEnum}},
		{"bad date", `{` + minimal + `,"preorder_release_date":"tomorrow"}`, map[string]any{"preorder_release_date": msgDate}},
		{"hidden price of an available product", `{` + minimal + `,"is_price_hidden":true}`, map[string]any{"is_price_hidden": "is_price_hidden needs availability to be disabled"}},
		{"bad custom URL", `{` + minimal + `,"custom_url":{"url":"no spaces"}}`, map[string]any{"custom_url.url": "error.pattern"}},
		{"custom field without value", `{` + minimal + `,"custom_fields":[{"name":"ISBN"}]}`, map[string]any{"custom_fields[0].value": msgMissing}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := r.want(422, "POST", "/v3/catalog/products", tc.body)
			if d := cmp.Diff(tc.errs, a.errorsOf()); d != "" {
				t.Error(d)
			}
			if a.json["title"] != titleFields || a.json["status"] != 422.0 {
				t.Errorf("body %s", a.raw)
			}
		})
	}
	if r.st.Products() != 0 {
		t.Errorf("%d products after refusals only", r.st.Products())
	}
}

func TestProductConflicts(t *testing.T) {
	r := newRig(t, Options{})
	r.want(200, "POST", "/v3/catalog/products", `{`+minimal+`,"sku":"FOO ","custom_url":{"url":"/taken/"}}`)
	other := `"type":"physical","weight":0,"price":1`
	for _, tc := range []struct{ name, body, field, title string }{
		{"same name, other case", `{"name":"SMITH journal 13",` + other + `}`, "name", "The product name is a duplicate"},
		{"same SKU but for the padding and case", `{"name":"x","sku":"foo",` + other + `}`, "sku", "The product sku is a duplicate"},
		{"unknown category", `{"name":"x","categories":[999],` + other + `}`, "categories", "The category id 999 is invalid"},
		{"unknown brand", `{"name":"x","brand_id":999,` + other + `}`, "brand_id", "The brand_id 999 is invalid"},
		{"taken URL", `{"name":"x","custom_url":{"url":"/taken/"},` + other + `}`, "custom_url", "The custom_url is a duplicate"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := r.want(409, "POST", "/v3/catalog/products", tc.body)
			if a.json["title"] != tc.title || a.errorsOf()[tc.field] != tc.title {
				t.Errorf("body %s", a.raw)
			}
		})
	}
	// Filters mind the padding that creation ignores.
	for sku, n := range map[string]int{"FOO": 0, "FOO ": 1, "foo ": 1} {
		if got := r.want(200, "GET", "/v3/catalog/products?sku="+url.QueryEscape(sku), nil).total(); got != n {
			t.Errorf("sku=%q finds %d, want %d", sku, got, n)
		}
	}
	// An empty SKU is no SKU.
	r.product("no sku 1", "")
	r.product("no sku 2", "")
}

func TestListProducts(t *testing.T) {
	r := newRig(t, Options{})
	cat := r.want(201, "POST", "/v3/catalog/trees/categories", `[{"name":"Bath","tree_id":1}]`).data()[0]["category_id"]
	r.want(200, "POST", "/v3/catalog/products", map[string]any{"name": "Alpha soap", "sku": "A-1", "type": "physical", "weight": 1, "price": 3,
		"categories": []any{cat}, "brand_name": "Acme", "inventory_level": 7, "inventory_tracking": "product", "upc": "123"})
	r.want(200, "POST", "/v3/catalog/products", map[string]any{"name": "Beta towel", "sku": "B-1", "type": "digital", "weight": 2, "price": 1, "is_visible": false})
	r.want(200, "POST", "/v3/catalog/products", map[string]any{"name": "Gamma", "sku": "C,1", "type": "physical", "weight": 3, "price": 2, "description": "<b>soap</b> & more"})
	for query, want := range map[string]string{
		"":                             "Alpha soap|Beta towel|Gamma",
		"id:in=77,79,500":              "Alpha soap|Gamma",
		"id=78":                        "Beta towel",
		"id=78&id:in=77":               "",
		"sku=A-1":                      "Alpha soap",
		"sku:in=B-1,A-1,nothing":       "Alpha soap|Beta towel",
		"sku=C,1":                      "Gamma",
		"sku=A-1&is_visible=false":     "",
		"name=alpha soap":              "Alpha soap",
		"name:like=ta":                 "Beta towel",
		"keyword=soap":                 "Alpha soap|Gamma",
		"keyword=acme":                 "Alpha soap",
		"is_visible=false":             "Beta towel",
		"type=digital":                 "Beta towel",
		"price=2":                      "Gamma",
		"upc=123":                      "Alpha soap",
		"inventory_level:min=1":        "Alpha soap",
		"inventory_level:in=0":         "Beta towel|Gamma",
		"out_of_stock=1":               "",
		"categories:in=24":             "Alpha soap",
		"id:greater=77&id:max=78":      "Beta towel",
		"id:not_in=78":                 "Alpha soap|Gamma",
		"date_modified:min=2001-01-01": "Alpha soap|Beta towel|Gamma",
		"date_modified:max=2001-01-01T00:00:00+00:00": "",
		"sort=price":               "Beta towel|Gamma|Alpha soap",
		"sort=name&direction=desc": "Gamma|Beta towel|Alpha soap",
		"direction=desc&limit=2":   "Gamma|Beta towel",
		"limit=2&page=2":           "Gamma",
		"page=9":                   "",
	} {
		t.Run(query, func(t *testing.T) {
			var names []string
			for _, p := range r.want(200, "GET", "/v3/catalog/products?"+strings.ReplaceAll(query, " ", "%20"), nil).data() {
				names = append(names, p["name"].(string))
			}
			if got := strings.Join(names, "|"); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestListProductsRefusals(t *testing.T) {
	r := newRig(t, Options{})
	for _, query := range []string{"limit=251", "limit=0", "page=0", "page=x", "id:in=1,b", "sort=colour", "direction=up", "is_visible=maybe",
		"date_modified:min=soon", "include_fields=nonsense", "include=nonsense", "price=cheap", "type=virtual"} {
		t.Run(query, func(t *testing.T) {
			name, _, _ := strings.Cut(query, "=")
			a := r.want(422, "GET", "/v3/catalog/products?"+query, nil)
			if a.errorsOf()[name] == nil {
				t.Errorf("errors do not name %s: %s", name, a.raw)
			}
		})
	}
	a := r.want(422, "GET", "/v3/catalog/products?colour=red&skus=x", nil)
	if a.json["title"] != "The filter(s): colour,skus are not valid filter parameter(s)." {
		t.Errorf("title %v", a.json["title"])
	}
}

func TestPagination(t *testing.T) {
	r := newRig(t, Options{})
	r.st.SeedProducts(7)
	a := r.want(200, "GET", "/v3/catalog/products?limit=3&page=2&is_visible=true", nil)
	got := a.json["meta"].(map[string]any)["pagination"]
	want := map[string]any{"total": 7.0, "count": 3.0, "per_page": 3.0, "current_page": 2.0, "total_pages": 3.0, "links": map[string]any{
		"previous": "?is_visible=true&limit=3&page=1", "current": "?is_visible=true&limit=3&page=2", "next": "?is_visible=true&limit=3&page=3"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if n := len(r.want(200, "GET", "/v3/catalog/products?include=options&limit=250", nil).data()); n != 7 {
		t.Errorf("%d", n)
	}
}

func TestFieldSelection(t *testing.T) {
	r := newRig(t, Options{})
	r.want(200, "POST", "/v3/catalog/products", `{`+minimal+`,"sku":"S1","custom_fields":[{"name":"ISBN","value":"1"}],"images":[{"image_url":"https://x.example/a.png","is_thumbnail":true}]}`)
	p := r.want(200, "GET", "/v3/catalog/products?include_fields=sku,price", nil).data()[0]
	want := map[string]any{"id": 77.0, "sku": "S1", "price": 9.95, "gift_wrapping_options_type": "any", "gift_wrapping_options_list": []any{}}
	if d := cmp.Diff(want, p); d != "" {
		t.Error(d)
	}
	p = r.want(200, "GET", "/v3/catalog/products/77?exclude_fields=description,price&include=variants,custom_fields,images,primary_image", nil).one()
	for _, gone := range []string{"description", "price"} {
		if _, there := p[gone]; there {
			t.Errorf("%s is there", gone)
		}
	}
	v := p["variants"].([]any)[0].(map[string]any)
	if v["sku"] != "S1" || v["product_id"] != 77.0 || v["price"] != 9.95 {
		t.Errorf("variant %v", v)
	}
	if f := p["custom_fields"].([]any)[0].(map[string]any); f["name"] != "ISBN" || f["id"] == nil {
		t.Errorf("custom field %v", f)
	}
	if im := p["primary_image"].(map[string]any); im["image_url"] != nil || !strings.HasPrefix(im["url_standard"].(string), "https://cdn11.bigcommerce.com/s-abc123/products/77/images/1/a__") {
		t.Errorf("image %v", im)
	}
	if p := r.want(200, "GET", "/v3/catalog/products", nil).data()[0]; p["variants"] != nil || p["custom_fields"] != nil {
		t.Error("sub-resources without include")
	}
}

func TestUpdateProduct(t *testing.T) {
	r := newRig(t, Options{})
	id := r.product("One", "S1")
	r.product("Two", "S2")
	p := r.want(200, "PUT", "/v3/catalog/products/77", `{"price":5,"sale_price":4}`).one()
	if p["price"] != 5.0 || p["calculated_price"] != 4.0 || p["name"] != "One" || p["id"] != float64(id) {
		t.Errorf("%v", p)
	}
	r.want(409, "PUT", "/v3/catalog/products/77", `{"name":"two"}`)
	r.want(409, "PUT", "/v3/catalog/products/77", `{"sku":"s2 "}`)
	r.want(200, "PUT", "/v3/catalog/products/77", `{"name":"ONE","sku":"s1"}`) // its own
	r.want(422, "PUT", "/v3/catalog/products/77", `{"price":"5"}`)
	r.want(404, "PUT", "/v3/catalog/products/999", `{"price":5}`)
	r.want(404, "GET", "/v3/catalog/products/999", nil)
	r.want(501, "PUT", "/v3/catalog/products/77", `{"options":[{}]}`)
}

func TestBatchUpdate(t *testing.T) {
	r := newRig(t, Options{})
	for _, n := range []string{"A", "B", "C"} {
		r.product(n, "sku-"+n)
	}
	a := r.want(200, "PUT", "/v3/catalog/products", `[{"id":77,"price":1},{"id":78,"price":2}]`)
	if len(a.data()) != 2 || a.data()[1]["price"] != 2.0 {
		t.Errorf("%s", a.raw)
	}
	eleven := `[` + strings.TrimSuffix(strings.Repeat(`{"id":77,"price":1},`, 11), ",") + `]`
	a = r.want(413, "PUT", "/v3/catalog/products", eleven)
	if a.json["title"] != "The request payload is too large. The maximum items allowed in the array is 10." {
		t.Errorf("%s", a.raw)
	}
	a = r.want(422, "PUT", "/v3/catalog/products", `[{"id":77,"price":50},{"price":"x"}]`)
	if d := cmp.Diff(map[string]any{"1.price": msgNumber, "1.id": msgMissing}, a.errorsOf()); d != "" {
		t.Error(d)
	}
	// Refused batches leave nothing behind, not even in the indexes.
	for _, body := range []string{
		`[{"id":77,"price":50,"name":"new"},{"id":78,"name":"C"}]`,
		`[{"id":77,"name":"X"},{"id":78,"name":"A"},{"id":77,"name":"Y"},{"id":79,"sku":"SKU-a"}]`,
		`[{"id":77,"name":"X","brand_name":"New brand"},{"id":78,"name":"C"}]`,
	} {
		r.want(409, "PUT", "/v3/catalog/products", body)
	}
	r.want(404, "PUT", "/v3/catalog/products", `[{"id":77,"name":"X"},{"id":999}]`)
	for id, name := range map[string]string{"77": "A", "78": "B", "79": "C"} {
		p := r.want(200, "GET", "/v3/catalog/products?name="+name, nil).data()
		if len(p) != 1 || sprint("%v", p[0]["id"]) != id || p[0]["price"] == 50.0 {
			t.Errorf("%s is not as before: %v", name, p)
		}
	}
	if n := r.want(200, "GET", "/v3/catalog/brands", nil).total(); n != 0 {
		t.Errorf("%d brands after a refused batch", n)
	}
	// Names may move within a batch when the place is free by then.
	r.want(200, "PUT", "/v3/catalog/products", `[{"id":77,"name":"Z"},{"id":78,"name":"A"}]`)
}

func TestDeleteProducts(t *testing.T) {
	r := newRig(t, Options{})
	r.st.SeedProducts(300)
	r.want(422, "DELETE", "/v3/catalog/products", nil)
	ids := make([]string, 251)
	for i := range ids {
		ids[i] = sprint("%d", 77+i)
	}
	r.want(422, "DELETE", "/v3/catalog/products?id:in="+strings.Join(ids, ","), nil)
	if a := r.want(204, "DELETE", "/v3/catalog/products?id:in="+strings.Join(ids[:250], ","), nil); a.raw != "" {
		t.Errorf("body %q", a.raw)
	}
	if r.st.Products() != 50 {
		t.Errorf("%d left", r.st.Products())
	}
	r.want(204, "DELETE", "/v3/catalog/products/330", nil)
	r.want(404, "GET", "/v3/catalog/products/330", nil)
	if r.product("after", "SEED-000001") != 377 {
		t.Error("ids are given twice")
	}
}

func TestVariants(t *testing.T) {
	r := newRig(t, Options{})
	r.product("One", "S1")
	r.product("Two", "S2")
	v := r.want(200, "GET", "/v3/catalog/variants?product_id:in=78", nil).data()
	if len(v) != 1 || v[0]["product_id"] != 78.0 || v[0]["sku_id"] != nil {
		t.Fatalf("%v", v)
	}
	a := r.want(200, "PUT", "/v3/catalog/variants", `[{"id":2,"sku":"S3","price":4,"purchasing_disabled":true}]`)
	if a.data()[0]["sku"] != "S3" || a.data()[0]["purchasing_disabled"] != true {
		t.Errorf("%s", a.raw)
	}
	if p := r.want(200, "GET", "/v3/catalog/products?sku=S3", nil).data(); len(p) != 1 || p[0]["price"] != 4.0 {
		t.Errorf("the product did not follow: %v", p)
	}
	for _, body := range []string{`[{"id":2,"sku":"s1"}]`, `[{"id":2,"price":"4"}]`, `[{"id":99,"price":4}]`, `[{"id":1,"sku":"S9"},{"id":2,"sku":"s9"}]`} {
		if a := r.want(422, "PUT", "/v3/catalog/variants", body); a.json["batch_errors"] == nil {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	if r.want(200, "GET", "/v3/catalog/products?sku=S1", nil).total() != 1 {
		t.Error("a refused batch left something behind")
	}
	r.want(413, "PUT", "/v3/catalog/variants", `[`+strings.TrimSuffix(strings.Repeat(`{"id":1},`, 51), ",")+`]`)
	r.want(422, "PUT", "/v3/catalog/variants", `[{"product_id":77,"sku":"x","option_values":[]}]`)
}

func TestSummary(t *testing.T) {
	r := newRig(t, Options{})
	r.want(200, "GET", "/v3/catalog/summary", nil)
	r.product("One", "S1")
	s := r.want(200, "GET", "/v3/catalog/summary", nil).one()
	if s["variant_count"] != 1.0 || s["lowest_variant_price"] != "9.5" || s["highest_variant_price"] != 9.5 {
		t.Errorf("%v", s)
	}
}

func TestBrands(t *testing.T) {
	r := newRig(t, Options{})
	b := r.want(200, "POST", "/v3/catalog/brands", `{"name":"Common Good","meta_keywords":["a"]}`).one()
	want := map[string]any{"id": 35.0, "name": "Common Good", "page_title": "", "meta_keywords": []any{"a"}, "meta_description": "",
		"image_url": "", "search_keywords": "", "custom_url": map[string]any{"url": "/brands/common-good.html", "is_customized": false}}
	if d := cmp.Diff(want, b); d != "" {
		t.Error(d)
	}
	r.want(409, "POST", "/v3/catalog/brands", `{"name":"common good"}`)
	r.want(422, "POST", "/v3/catalog/brands", `{}`)
	r.want(422, "POST", "/v3/catalog/brands", `{"name":"x","custom_url":{"url":"a b"}}`)
	p := r.want(200, "POST", "/v3/catalog/products", `{`+minimal+`,"brand_name":"COMMON GOOD"}`).one()
	if p["brand_id"] != 35.0 {
		t.Errorf("brand_id %v", p["brand_id"])
	}
	r.want(200, "PUT", "/v3/catalog/products/77", `{"brand_name":"Another"}`)
	if n := r.want(200, "GET", "/v3/catalog/brands?name=another", nil).total(); n != 1 {
		t.Errorf("%d brands called another", n)
	}
	r.want(200, "PUT", "/v3/catalog/brands/36", `{"name":"Renamed"}`)
	r.want(422, "DELETE", "/v3/catalog/brands", nil)
	r.want(204, "DELETE", "/v3/catalog/brands?name=Renamed", nil)
	if p := r.want(200, "GET", "/v3/catalog/products/77", nil).one(); p["brand_id"] != 0.0 {
		t.Errorf("brand_id %v after the brand is gone", p["brand_id"])
	}
	r.want(404, "GET", "/v3/catalog/brands/36", nil)
	r.want(204, "DELETE", "/v3/catalog/brands/35", nil)
}

func TestCategories(t *testing.T) {
	r := newRig(t, Options{})
	a := r.want(201, "POST", "/v3/catalog/trees/categories", `[{"name":"Garden","tree_id":1},{"name":"Kitchen","tree_id":1}]`)
	if d := cmp.Diff(map[string]any{"total": 2.0, "success": 2.0, "failed": 0.0}, a.json["meta"]); d != "" {
		t.Error(d)
	}
	bath := r.want(201, "POST", "/v3/catalog/trees/categories", `[{"name":"Bath","parent_id":24}]`).data()[0]
	if bath["parent_id"] != 24.0 || bath["tree_id"] != 1.0 || bath["url"].(map[string]any)["path"] != "/garden/bath/" || bath["category_uuid"] == "" {
		t.Errorf("%v", bath)
	}
	r.want(201, "POST", "/v3/catalog/trees/categories", `[{"name":"Bath","parent_id":25}]`) // another level
	r.want(422, "POST", "/v3/catalog/trees/categories", `[{"name":"bath","parent_id":24}]`)
	a = r.want(207, "POST", "/v3/catalog/trees/categories", `[{"name":"garden","tree_id":1},{"name":"New","tree_id":1}]`)
	if len(a.data()) != 1 || a.json["meta"].(map[string]any)["failed"] != 1.0 {
		t.Errorf("%s", a.raw)
	}
	for _, body := range []string{`[{"name":"x"}]`, `[{"name":"x","tree_id":9}]`, `[{"name":"x","parent_id":999}]`,
		`[{"name":"` + strings.Repeat("x", 51) + `","tree_id":1}]`} {
		r.want(422, "POST", "/v3/catalog/trees/categories", body)
	}
	r.want(400, "POST", "/v3/catalog/trees/categories", `{"name":"x"}`)
	for query, n := range map[string]int{"": 5, "parent_id:in=0": 3, "name=bath": 2, "name:like=ARD": 1, "category_id:in=24,25": 2, "tree_id:in=2": 0} {
		if got := r.want(200, "GET", "/v3/catalog/trees/categories?"+query, nil).total(); got != n {
			t.Errorf("%s: %d, want %d", query, got, n)
		}
	}
	r.want(200, "PUT", "/v3/catalog/trees/categories", `[{"category_id":25,"is_visible":false}]`)
	r.want(422, "PUT", "/v3/catalog/trees/categories", `[{"category_id":24,"parent_id":26}]`) // under its own child
	r.want(207, "PUT", "/v3/catalog/trees/categories", `[{"category_id":25,"views":3},{"category_id":999}]`)
	r.want(200, "GET", "/v3/catalog/trees", nil)
	tree := r.want(200, "GET", "/v3/catalog/trees/1/categories", nil).data()
	if len(tree) != 3 || tree[0]["children"].([]any)[0].(map[string]any)["name"] != "Bath" {
		t.Errorf("%v", tree)
	}
	r.want(200, "POST", "/v3/catalog/products", `{`+minimal+`,"categories":[24,26]}`)
	r.want(422, "DELETE", "/v3/catalog/trees/categories", nil)
	r.want(202, "DELETE", "/v3/catalog/trees/categories?category_id:in=24", nil)
	if p := r.want(200, "GET", "/v3/catalog/products/77", nil).one(); len(p["categories"].([]any)) != 0 {
		t.Errorf("categories %v", p["categories"])
	}
}

func TestCategoryDepth(t *testing.T) {
	r := newRig(t, Options{})
	parent := 0
	for range maxCategoryDepth {
		body := sprint(`[{"name":"deep","tree_id":1,"parent_id":%d}]`, parent)
		parent = int(r.want(201, "POST", "/v3/catalog/trees/categories", body).data()[0]["category_id"].(float64))
	}
	r.want(422, "POST", "/v3/catalog/trees/categories", sprint(`[{"name":"deep","parent_id":%d}]`, parent))
}

func TestLegacyCategories(t *testing.T) {
	r := newRig(t, Options{})
	c := r.want(200, "POST", "/v3/catalog/categories", `{"name":"Garden","parent_id":0,"custom_url":{"url":"/g/"}}`).one()
	if c["id"] != 24.0 || c["custom_url"].(map[string]any)["url"] != "/g/" {
		t.Errorf("%v", c)
	}
	r.want(409, "POST", "/v3/catalog/categories", `{"name":"garden","parent_id":0}`)
	r.want(422, "POST", "/v3/catalog/categories", `{"name":"garden"}`)
	if n := r.want(200, "GET", "/v3/catalog/categories?name=Garden&parent_id=0&sort=name", nil).total(); n != 1 {
		t.Errorf("%d", n)
	}
	r.want(200, "GET", "/v3/catalog/categories/24", nil)
	r.want(404, "GET", "/v3/catalog/categories/99", nil)
}

func TestStoresAreApart(t *testing.T) {
	r := newRig(t, Options{})
	r.product("One", "S1")
	other := r.s.AddStore(StoreSpec{Hash: "other1"})
	if other.Products() != 0 {
		t.Error("the other store has products")
	}
	r.st, r.token = other, other.Token()
	r.product("One", "S1")
}
