package sandbox

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// ask sends a request to the API without a connection.
func (r *rig) ask(h http.Handler, method, path string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, "/stores/"+r.st.Hash+path, strings.NewReader("{}"))
	req.Header.Set("X-Auth-Token", r.token)
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

// documented returns the methods of every documented path, and the paths in order.
func documented() (map[string][]string, []string) {
	all := map[string][]string{}
	for line := range strings.Lines(documentedCalls + documentedElsewhere) {
		if methods, path, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			all[path] = strings.Split(methods, ",")
		}
	}
	return all, sortedKeys(all)
}

// shape is a path whose parameters are all written the same.
func shape(path string) string {
	words := strings.Split(path, "/")
	for i, w := range words {
		if strings.HasPrefix(w, "{") {
			words[i] = "{}"
		}
	}
	return strings.Join(words, "/")
}

func TestEveryRouteIsDocumented(t *testing.T) {
	r := newRig(t, Options{})
	known := map[string]bool{}
	all, _ := documented()
	for path, methods := range all {
		for _, m := range methods {
			known[m+" "+shape(path)] = true
		}
	}
	for _, rt := range r.s.apiRoutes() {
		if !known[rt.method+" "+shape(rt.path)] {
			t.Errorf("%s %s is simulated, and no description has it", rt.method, rt.path)
		}
	}
}

// TestWholeRouter asks for every documented path: what is not simulated says so, other methods are
// refused, and an id that is none leads nowhere.
func TestWholeRouter(t *testing.T) {
	r := newRig(t, Options{})
	h := r.s.apiHandler()
	simulated := map[string]bool{}
	for _, rt := range r.s.apiRoutes() {
		simulated[rt.method+" "+shape(rt.path)] = true
	}
	all, paths := documented()
	words := map[string]bool{}
	for _, path := range paths {
		words[shape(path)] = true
	}
	for _, path := range paths {
		real := strings.NewReplacer("{#}", "7", "{*}", "7").Replace(path)
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH"} {
			key := method + " " + shape(path)
			w := r.ask(h, method, real)
			switch {
			case !slices.Contains(all[path], method):
				if w.Code != http.StatusMethodNotAllowed {
					t.Errorf("%s %s: %d, want 405", method, path, w.Code)
				}
			case simulated[key]:
				if w.Code == http.StatusNotImplemented || w.Code == http.StatusMethodNotAllowed {
					t.Errorf("%s %s is simulated: %d %s", method, path, w.Code, w.Body)
				}
			default:
				if w.Code != http.StatusNotImplemented || !strings.Contains(w.Body.String(), "does not simulate this documented call") ||
					!strings.Contains(w.Body.String(), `"status":501`) {
					t.Errorf("%s %s: %d %s, want a 501 that says why", method, path, w.Code, w.Body)
				}
			}
		}
		for _, bad := range []string{"abc", "7x", "-7", "7.0", "99999999999999999999", "null"} {
			if at := strings.LastIndex(path, "{#}"); at >= 0 && !words[shape(path[:at]+bad+path[at+3:])] {
				real := strings.ReplaceAll(strings.ReplaceAll(path[:at], "{#}", "7"), "{*}", "x") + bad + strings.ReplaceAll(path[at+3:], "{*}", "x")
				for _, method := range all[path] {
					if w := r.ask(h, method, real); w.Code != http.StatusNotFound {
						t.Errorf("%s %s: %d %s, want 404", method, real, w.Code, w.Body)
					}
				}
			}
		}
	}
}

func TestPathsUnderACollection(t *testing.T) {
	r := newRig(t, Options{})
	id := r.product("One", "S1")
	for path, want := range map[string]int{
		"/v3/catalog/products/abc":                           404,
		"/v3/catalog/products/":                              404,
		"/v3/catalog/products/category-assignments":          422, // no filter
		"/v3/catalog/products/channel-assignments":           422,
		"/v3/catalog/products/metafields":                    400, // no ids
		"/v3/catalog/brands/metafields":                      501,
		fmt.Sprintf("/v3/catalog/products/%d", id):           204,
		fmt.Sprintf("/v3/catalog/products/%d/x", id):         404,
		fmt.Sprintf("/v3/catalog/products/%d/images/3", id):  204,
		fmt.Sprintf("/v3/catalog/products/%d/reviews/3", id): 501,
		"/v3/hooks/events":                                   405,
		"/v3/hooks/abc":                                      404,
		"/v3/sites/abc":                                      404,
		"/v3/catalog/brands/abc":                             404,
		"/v3/catalog/variants/metafields":                    400,
		"/v3/customers/metafields":                           501,
		"/v3/customers/subscribers":                          501,
		"/v3/content/scripts/abc":                            422, // documented for an id that is no UUID
		"/v2/customer_groups/abc":                            404,
		"/v2/customer_groups/count":                          405,
		"/v3/nothing":                                        404,
		"/":                                                  404,
	} {
		if a := r.do("DELETE", path, nil); a.status != want {
			t.Errorf("DELETE %s: %d %s, want %d", path, a.status, a.raw, want)
		}
	}
	r.want(501, "GET", "/v3/hooks/events", nil)
	r.want(501, "POST", "/graphql", "{}")
	r.want(200, "GET", "/v2/customer_groups/count", nil)
	if a := r.want(405, "PATCH", "/v3/catalog/products", "{}"); a.json["detail"] != "Allowed: DELETE, GET, POST, PUT" || a.json["status"] != 405.0 {
		t.Error(a.raw)
	}
	r.token = "unknown"
	r.want(401, "GET", "/v3/hooks/events", nil)
}
