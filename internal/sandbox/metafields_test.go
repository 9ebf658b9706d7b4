package sandbox

import (
	"fmt"
	"strings"
	"testing"
)

func TestMetafields(t *testing.T) {
	r := newRig(t, Options{})
	r.product("One", "S1")
	other := r.st.Token()
	field := func(more, space, key, permission string) string {
		return fmt.Sprintf(`{%s"namespace":%q,"key":%q,"value":"v","permission_set":%q}`, more, space, key, permission)
	}
	const one, batch, variants = "/v3/catalog/products/77/metafields", "/v3/catalog/products/metafields", "/v3/catalog/variants/metafields"
	r.want(200, "POST", one, field("", "erp", "id", "app_only"))
	r.want(409, "POST", one, field("", "erp", "id", "read"))
	r.want(422, "POST", one, `{"namespace":"erp","key":"x","value":""}`)
	r.want(200, "POST", "/v3/catalog/products/77/variants/1/metafields", field("", "erp", "id", "read"))
	r.want(404, "POST", "/v3/catalog/products/77/variants/9/metafields", field("", "erp", "id", "read"))
	a := r.want(422, "POST", batch, "["+field(`"resource_id":77,`, "erp", "b", "read")+","+field(`"resource_id":99,`, "erp", "b", "read")+","+field(`"resource_id":77,`, "erp", "id", "read")+"]")
	if len(a.data()) != 1 || !strings.Contains(a.raw, `"1":"The product does not exist"`) || !strings.Contains(a.raw, `"2":"key:`) || !strings.Contains(a.raw, `"success":1`) {
		t.Errorf("%s", a.raw)
	}
	for query, want := range map[string]int{"": 2, "?key=b": 1, "?key:in=b,id": 2, "?namespace=x": 0, "?direction=desc&limit=1": 2} {
		if n := r.want(200, "GET", batch+query, nil).total(); n != want {
			t.Errorf("%q: %d, want %d", query, n, want)
		}
	}
	r.want(200, "PUT", batch, `[{"id":1,"value":"w"}]`)
	if m := r.want(200, "GET", one+"/1", nil).one(); m["value"] != "w" || m["resource_id"] != 77.0 || m["owner_client_id"] != r.owner.ClientID {
		t.Errorf("%v", m)
	}
	if n := r.want(200, "GET", variants, nil).total(); n != 1 {
		t.Errorf("%d of variants", n)
	}
	// Another client sees what it may, and changes nothing.
	mine := r.token
	r.token = other
	if n := r.want(200, "GET", one, nil).total(); n != 1 {
		t.Errorf("another client sees %d", n)
	}
	r.want(404, "GET", one+"/1", nil)
	r.want(403, "PUT", one+"/3", `{"value":"w"}`)
	if a := r.want(422, "DELETE", batch, `[3,1]`); !strings.Contains(a.raw, `"0":"Unauthorized to delete"`) || !strings.Contains(a.raw, `"1":"Metafield does not exist"`) {
		t.Errorf("%s", a.raw)
	}
	r.want(200, "POST", one, field("", "erp", "id", "app_only")) // it is unique for each client
	r.token = mine
	r.want(204, "DELETE", one+"/1", nil)
	r.want(200, "DELETE", batch, `[3]`)
	list := make([]string, 251)
	for i := range list {
		list[i] = field(`"resource_id":77,`, "many", fmt.Sprint(i), "read")
	}
	if a := r.want(422, "POST", batch, "["+strings.Join(list, ",")+"]"); len(a.data()) != 250 {
		t.Errorf("%d were saved", len(a.data()))
	}
	r.want(204, "DELETE", "/v3/catalog/products/77", nil)
	if n := r.want(200, "GET", batch, nil).total() + r.want(200, "GET", variants, nil).total(); n != 0 {
		t.Errorf("%d metafields outlive their product", n)
	}
}
