package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// v2Error holds an answer to the form of V2 errors: [{"status":404,"message":"…"}], and nothing
// else.
func (a *answer) v2Error(t *testing.T, what string, status int) {
	t.Helper()
	if a.status != status {
		t.Errorf("%s: status %d, want %d: %s", what, a.status, status, a.raw)
		return
	}
	var list []struct {
		Status  int    `json:"status"`
		Message string `json:"message"`
	}
	dec := json.NewDecoder(strings.NewReader(a.raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&list); err != nil || len(list) != 1 || list[0].Status != status || list[0].Message == "" {
		t.Errorf("%s: %d is no V2 error: %s", what, a.status, a.raw)
	}
	if ct := a.header.Get("Content-Type"); ct != "application/json" {
		t.Errorf("%s: content type %q", what, ct)
	}
}

// TestV2ErrorsAreArrays walks over every V2 route and all that may refuse a request, whichever part
// of the sandbox does it.
func TestV2ErrorsAreArrays(t *testing.T) {
	r := newRig(t, Options{})
	methods := map[string][]string{}
	for _, rt := range r.s.apiRoutes() {
		if strings.HasPrefix(rt.path, "/v2/") {
			methods[rt.path] = append(methods[rt.path], rt.method)
		}
	}
	if len(methods) < 5 {
		t.Fatalf("%d V2 paths", len(methods))
	}
	good, none := r.token, r.st.Token("store_v2_content")
	body := func(method string) any {
		if hasBody(method) {
			return `{}`
		}
		return nil
	}
	for path, list := range methods {
		at := strings.ReplaceAll(path, "{id}", "99")
		for _, method := range list {
			what := method + " " + at
			for kind, status := range map[string]int{Fault500: 500, Fault503: 503, Fault503RetryAfter: 503, Fault429: 429, Fault429Bare: 429, Fault429RetryAfter: 429, Fault401: 401} {
				if _, err := r.s.AddFault(Fault{Kind: kind, Times: 1}); err != nil {
					t.Fatal(err)
				}
				r.do(method, at, body(method)).v2Error(t, what+" with fault "+kind, status)
			}
			r.token = "unknown"
			r.do(method, at, body(method)).v2Error(t, what+" with an unknown token", 401)
			r.token = none
			r.do(method, at, body(method)).v2Error(t, what+" without the scope", 403)
			r.token = good
			r.do(method, at+"?a=%zz", body(method)).v2Error(t, what+" with a malformed query", 400)
			if hasBody(method) {
				r.do(method, at, `{"name":`).v2Error(t, what+" with malformed JSON", 400)
				r.do(method, at, nil).v2Error(t, what+" without a media type", 415)
				r.do(method, at, strings.Repeat(" ", maxBody+1)).v2Error(t, what+" with too long a body", 413)
			}
			if strings.Contains(path, "{id}") {
				a := r.do(method, at, `{"name":"x"}`)
				a.v2Error(t, what, 404)
				if a.raw != `[{"status":404,"message":"The requested resource was not found."}]` {
					t.Errorf("%s: %s", what, a.raw)
				}
			}
			st := r.st
			r.st = &Store{Hash: "nobody"}
			r.do(method, at, body(method)).v2Error(t, what+" of an unknown store", 401)
			r.st = st
			r.st.quota.setLimit(0)
			r.do(method, at, body(method)).v2Error(t, what+" without quota", 429)
			r.st.quota.setLimit(planQuota["enterprise"])
		}
		r.do("PATCH", at, nil).v2Error(t, "PATCH "+at, http.StatusMethodNotAllowed)
		r.st.mu.Lock()
		r.st.busy[path] = 1000
		r.st.mu.Unlock()
		for _, rt := range r.s.apiRoutes() {
			if rt.path == path && rt.concurrent > 0 {
				r.do(rt.method, at, body(rt.method)).v2Error(t, rt.method+" "+at+" beside too many others", 429)
			}
		}
		r.st.mu.Lock()
		r.st.busy[path] = 0
		r.st.mu.Unlock()
	}
	for _, path := range []string{"/v2", "/v2/", "/v2/nonsense", "/v2/orders/1/products", "/v2/customer_groups/1/members"} {
		a := r.do("GET", path, nil)
		if a.status != 404 && a.status != 501 {
			t.Errorf("GET %s: status %d", path, a.status)
		}
		a.v2Error(t, "GET "+path, a.status)
	}
	r.do("GET", "/v2/tax_classes?color=red", nil).v2Error(t, "an unknown filter", 400)
	r.do("GET", "/v2/customer_groups?color=red", nil).v2Error(t, "an unknown filter", 400)
	// What is no V2 path keeps the form of V3.
	if a := r.want(404, "GET", "/v3/v2", nil); a.json["title"] == nil {
		t.Errorf("%s", a.raw)
	}
}
