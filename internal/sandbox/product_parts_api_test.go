package sandbox

import (
	"fmt"
	"strings"
	"testing"
)

func TestImages(t *testing.T) {
	r := newRig(t, Options{})
	path := sprint("/v3/catalog/products/%d/images", r.product("One", "S1"))
	r.want(204, "GET", path, nil) // as described: there are none
	add := func(body string) map[string]any { return r.want(200, "POST", path, body).one() }
	front := add(`{"image_url":"https://x.example/a/front.png","is_thumbnail":true,"description":"Front"}`)
	back := add(`{"image_url":"https://x.example/back.jpg?v=2","sort_order":1}`)
	for _, im := range []map[string]any{front, back} {
		if im["image_url"] != nil || im["product_id"] != 77.0 || !strings.Contains(im["url_zoom"].(string), "/products/77/images/") {
			t.Errorf("%v", im)
		}
	}
	if !strings.HasSuffix(front["image_file"].(string), ".png") || !strings.Contains(back["url_tiny"].(string), "/back__") {
		t.Errorf("%v %v", front, back)
	}
	// Another thumbnail takes the place of the first, and whoever goes back makes room.
	add(`{"image_url":"https://x.example/c.png","sort_order":2,"is_thumbnail":true}`)
	r.want(200, "PUT", path+"/1", `{"sort_order":1}`)
	var got []string
	for _, im := range r.want(200, "GET", path+"?include_fields=is_thumbnail,sort_order", nil).data() {
		if len(im) != 3 {
			t.Errorf("%v", im)
		}
		got = append(got, fmt.Sprint(im["id"], im["is_thumbnail"], im["sort_order"]))
	}
	if want := "1 false 1, 2 false 2, 3 true 3"; strings.Join(got, ", ") != want {
		t.Errorf("%v, want %s", got, want)
	}
	for name, tc := range map[string]struct {
		status       int
		method, path string
		body         any
	}{
		"no address":           {422, "POST", path, `{"description":"x"}`},
		"a file":               {422, "POST", path, `{"image_file":"x.png"}`},
		"not to be downloaded": {400, "POST", path, `{"image_url":"https://gone.invalid/a.png"}`},
		"too long":             {422, "POST", path, `{"image_url":"https://x.example/` + strings.Repeat("x", 255) + `"}`},
		"no such image":        {404, "PUT", path + "/99", `{"description":"x"}`},
		"no such product":      {404, "POST", "/v3/catalog/products/99/images", `{"image_url":"https://x.example/a.png"}`},
		"a filter of no use":   {422, "GET", path + "?is_thumbnail=true", nil},
	} {
		if a := r.do(tc.method, tc.path, tc.body); a.status != tc.status {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	r.want(204, "DELETE", path+"/3", nil)
	r.want(204, "DELETE", path+"/3", nil) // the only answer that is described
	list := make([]string, partLimits["images"]-2)
	for i := range list {
		list[i] = fmt.Sprintf(`{"image_url":"https://x.example/%d.png"}`, i)
	}
	r.want(200, "PUT", "/v3/catalog/products/77", `{"images":[{"id":1},{"id":2},`+strings.Join(list, ",")+`]}`)
	r.want(422, "POST", path, `{"image_url":"https://x.example/one-more.png"}`)
}

func TestCustomFieldsRulesAndVideos(t *testing.T) {
	r := newRig(t, Options{})
	k := newSink(t, r)
	product := sprint("/v3/catalog/products/%d", r.product("One", "S1"))
	r.hook("store/product/updated", k.URL+"/hooks")
	fields, rules, videos := product+"/custom-fields", product+"/bulk-pricing-rules", product+"/videos"
	r.want(200, "POST", fields, `{"name":"Fabric","value":"Linen"}`)
	r.want(200, "POST", fields, `{"name":"Fabric","value":"Wool"}`)
	r.want(200, "PUT", fields+"/1", `{"value":"Silk"}`)
	r.want(200, "POST", rules, `{"quantity_min":2,"quantity_max":9,"type":"price","amount":1}`)
	r.want(200, "PUT", rules+"/1", `{"amount":2}`)
	r.want(200, "POST", videos, `{"video_id":"abc"}`)
	r.want(200, "PUT", videos+"/1", `{"title":"T"}`)
	for path, want := range map[string]string{
		fields: "[map[id:1 name:Fabric value:Silk] map[id:2 name:Fabric value:Wool]]",
		rules:  "[map[amount:2 id:1 quantity_max:9 quantity_min:2 type:price]]",
		videos: "[map[description: id:1 length: product_id:77 sort_order:0 title:T type:youtube video_id:abc]]",
	} {
		if got := fmt.Sprint(r.want(200, "GET", path, nil).data()); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	for name, tc := range map[string]struct {
		status       int
		method, path string
		body         any
	}{
		"a pair twice":              {422, "POST", fields, `{"name":"Fabric","value":"Wool"}`},
		"a pair made twice":         {422, "PUT", fields + "/1", `{"value":"Wool"}`},
		"no value":                  {422, "POST", fields, `{"name":"x"}`},
		"251 characters":            {422, "POST", fields, `{"name":"x","value":"` + strings.Repeat("é", 251) + `"}`},
		"ranges that meet":          {409, "POST", rules, `{"quantity_min":9,"quantity_max":0,"type":"price","amount":1}`},
		"a range that ends early":   {422, "PUT", rules + "/1", `{"quantity_max":1}`},
		"rules have no pages":       {422, "GET", rules + "?limit=5", nil},
		"a video of no name":        {422, "POST", videos, `{"title":"x"}`},
		"a video id too long":       {422, "POST", videos, `{"video_id":"` + strings.Repeat("v", 26) + `"}`},
		"a field that is not there": {404, "DELETE", fields + "/9", nil},
		"a rule that is not there":  {404, "DELETE", rules + "/9", nil},
		"a video that is not there": {204, "DELETE", videos + "/9", nil},
	} {
		if a := r.do(tc.method, tc.path, tc.body); a.status != tc.status {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	list := make([]string, 198)
	for i := range list {
		list[i] = fmt.Sprintf(`{"name":"n%d","value":"v"}`, i)
	}
	r.want(200, "PUT", product, `{"custom_fields":[{"id":1,"name":"a","value":"b"},{"id":2,"name":"c","value":"d"},`+strings.Join(list, ",")+`]}`)
	r.want(422, "POST", fields, `{"name":"one","value":"more"}`)
	r.want(204, "DELETE", fields+"/1", nil)
	r.want(200, "POST", fields, `{"name":"one","value":"more"}`)
	if err := r.s.SettleHooks(within(t)); err != nil {
		t.Fatal(err)
	}
	if n := len(k.got); n != 10 {
		t.Errorf("%d updates were told of", n)
	}
}

func TestModifiers(t *testing.T) {
	r := newRig(t, Options{})
	product := sprint("/v3/catalog/products/%d", r.product("One", "S1"))
	path := product + "/modifiers"
	r.want(200, "POST", product+"/options", `{"display_name":"Size","type":"dropdown","option_values":[{"label":"S","sort_order":0}]}`)
	m := r.want(200, "POST", path, `{"display_name":"Engraving","type":"text","required":false,"config":{"text_max_length":20}}`).one()
	choice := r.want(200, "POST", path, `{"display_name":"Wrap","type":"radio_buttons","required":true,"option_values":[{"label":"Yes","sort_order":0,"adjusters":{"price":{"adjuster":"relative","adjuster_value":5}}}]}`).one()
	if v := choice["option_values"].([]any)[0].(map[string]any); v["id"] == nil || v["option_id"] != choice["id"] || m["product_id"] != 77.0 {
		t.Errorf("%v %v", m, choice)
	}
	one := sprint("%s/%v", path, m["id"])
	r.want(200, "PUT", one, `{"type":"text","required":true}`)
	if got := r.want(200, "GET", one, nil).one(); got["required"] != true || got["display_name"] != "Engraving" {
		t.Errorf("%v", got)
	}
	r.want(422, "PUT", one, `{"display_name":"X"}`) // its description wants required and type
	r.want(422, "POST", path, `{"display_name":"X","type":"slider","required":true}`)
	r.want(409, "POST", path, `{"display_name":"Wrap","type":"text","required":true}`)
	r.want(409, "POST", path, `{"display_name":"Size","type":"text","required":true}`) // an option's
	r.want(204, "DELETE", one, nil)
	if list := r.want(200, "GET", product+"?include=modifiers", nil).one()["modifiers"].([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
}
