package sandbox

import (
	"fmt"
	"testing"
)

func TestProductAssignments(t *testing.T) {
	r := newRig(t, Options{})
	r.product("One", "S1")
	r.product("Two", "S2")
	ch, err := r.st.AddChannel(ChannelSpec{Name: "Second", URL: "platform"})
	if err != nil {
		t.Fatal(err)
	}
	cat := r.want(201, "POST", "/v3/catalog/trees/categories", `[{"name":"Bath","tree_id":1}]`).data()[0]["category_id"]
	for path, tc := range map[string]struct {
		name   string
		id     any
		before int
	}{"channel": {"channel_id", ch.ID, 2}, "category": {"category_id", cat, 0}} {
		at := "/v3/catalog/products/" + path + "-assignments"
		count := func(query string) int { return r.want(200, "GET", at+query, nil).total() }
		body := fmt.Sprintf(`[{"product_id":77,%q:%v}]`, tc.name, tc.id)
		for range 2 { // twice is once
			r.want(204, "PUT", at, body)
		}
		if n := count(""); n != tc.before+1 {
			t.Errorf("%s: %d", path, n)
		}
		if n := count(sprint("?product_id:in=77&%s:in=%v", tc.name, tc.id)); n != 1 {
			t.Errorf("%s: %d", path, n)
		}
		a := r.want(422, "PUT", at, fmt.Sprintf(`[{"product_id":78,%q:%v},{"product_id":99,%q:%v},{"product_id":78,%q:999}]`, tc.name, tc.id, tc.name, tc.id, tc.name))
		if a.errorsOf()["1.product_id"] == nil || a.errorsOf()["2."+tc.name] == nil || count("") != tc.before+1 {
			t.Errorf("%s: %s", path, a.raw)
		}
		r.want(422, "DELETE", at, nil)
		r.want(204, "DELETE", at+sprint("?product_id:in=77,78&%s:in=%v", tc.name, tc.id), nil)
		if n := count(""); n != tc.before {
			t.Errorf("%s: %d left", path, n)
		}
	}
	r.want(204, "DELETE", "/v3/catalog/products/channel-assignments?product_id:in=77", nil)
	if p := r.want(200, "GET", "/v3/catalog/products/77?include=channels", nil).one(); fmt.Sprint(p["channels"]) != "[]" {
		t.Errorf("%v", p["channels"])
	}
}

func TestRedirects(t *testing.T) {
	r := newRig(t, Options{})
	r.product("One", "S1")
	site, _ := r.st.SiteOf(1)
	const path = "/v3/storefront/redirects"
	put := func(status int, from, to string) *answer {
		return r.want(status, "PUT", path, fmt.Sprintf(`[{"site_id":%d,"from_path":%q,"to":%s}]`, site.ID, from, to))
	}
	put(201, "/old/", `{"type":"product","entity_id":77}`)
	if again := put(201, "/old/", `{"type":"url","url":"/new/"}`).data()[0]; again["id"] != 1.0 {
		t.Errorf("a path has one redirect: %v", again)
	}
	put(201, "/older/", `{"type":"product","entity_id":77}`)
	for query, want := range map[string]int{"": 2, "?keyword=old": 2, "?keyword=older": 1, "?id:in=2": 1, "?site_id=99": 0, "?id:min=2&include=to_url&sort=from_path&direction=desc": 1} {
		if n := r.want(200, "GET", path+query, nil).total(); n != want {
			t.Errorf("%q: %d, want %d", query, n, want)
		}
	}
	for from, to := range map[string]string{"old": `{"type":"url","url":"/"}`, "/a": `{}`, "/b": `{"type":"product","entity_id":99}`, "/c": `{"type":"url"}`, "/d": `{"type":"cart"}`} {
		put(422, from, to)
	}
	r.want(422, "PUT", path, `[{"site_id":9,"from_path":"/x","to":{"type":"url","url":"/"}}]`)
	r.want(422, "DELETE", path, nil)
	r.want(204, "DELETE", path+"?id:in=1", nil)
	if n := r.want(200, "GET", path, nil).total(); n != 1 {
		t.Errorf("%d left", n)
	}
}
