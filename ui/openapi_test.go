package ui

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"sluice/auth"
	"sluice/internal/limits"
	"sluice/internal/openapi/openapitest"
	"sluice/tenants"
)

// accessNames are how the API's description writes what a route needs.
var accessNames = map[auth.Access]string{
	auth.AccessRead: "read", auth.AccessWrite: "write", auth.AccessAdmin: "admin", auth.AccessAccounts: "accounts", auth.AccessLogin: "login",
	auth.AccessOwner: "owner",
}

// TestDescriptionSaysWhoMayCall holds what the description says of access against what auth
// decides, for every route and every kind of caller.
func TestDescriptionSaysWhoMayCall(t *testing.T) {
	d := openapitest.Load(t)
	described := map[string]bool{}
	d.Operations(func(method, path string, _ *openapi3.Operation) {
		if strings.HasPrefix(path, Prefix+"/") {
			described[method+" "+path] = true
		}
	})
	for _, route := range new(API).Routes() {
		name := route.Method + " " + openapitest.Path(Prefix+route.Path)
		op := d.Operation(route.Method, Prefix+route.Path)
		if op == nil {
			t.Errorf("%s is not in openapi.yaml: describe it", name)
			continue
		}
		delete(described, name)
		var access string
		if openapitest.Extension(t, op, "x-access", &access); access != accessNames[route.Access] {
			t.Errorf("%s: described as for %q, and it is for %q", name, access, accessNames[route.Access])
		}
		for _, scope := range auth.KeyScopes() {
			may := auth.Principal{KeyID: "k", Scopes: []string{scope}}.Can(route.Access)
			if says := allows(op, "apiKey", scope); says != may {
				t.Errorf("%s with a key of scope %s: described as %v, and it is %v", name, scope, says, may)
			}
		}
		may := auth.Principal{UserID: "u", Role: tenants.RoleOwner}.Can(route.Access)
		if says := allows(op, "panelSession", ""); says != may {
			t.Errorf("%s in the panel: described as %v, and it is %v", name, says, may)
		}
	}
	for name := range described {
		t.Errorf("%s is described, and there is no such route", name)
	}
}

// allows reports whether one of an operation's alternatives is this scheme, and this scope of it.
func allows(op *openapi3.Operation, scheme, scope string) bool {
	return op.Security != nil && slices.ContainsFunc(*op.Security, func(alternative openapi3.SecurityRequirement) bool {
		scopes, ok := alternative[scheme]
		return ok && (scope == "" || slices.Equal(scopes, []string{scope}))
	})
}

// TestDescriptionSaysHowLargeBodiesMayBe: every operation with a body says so.
func TestDescriptionSaysHowLargeBodiesMayBe(t *testing.T) {
	openapitest.Load(t).Operations(func(method, path string, op *openapi3.Operation) {
		route, ours := strings.CutPrefix(path, Prefix)
		if !ours {
			return
		}
		want := 0
		switch {
		case route == "/uploads":
			want = int(limits.New(nil, nil).Of(limits.UploadBytes))
		case op.RequestBody != nil:
			want = maxBody
		}
		var most int
		if openapitest.Extension(t, op, "x-max-body-bytes", &most); most != want {
			t.Errorf("%s %s: bodies of %d bytes are described, and %d are read", method, path, most, want)
		}
	})
}

// TestEveryRouteAnswersAsDescribed calls every route as somebody who may, with the body that the
// rules have; panel.do holds the answers against the description. Routes that delete come last.
func TestEveryRouteAnswersAsDescribed(t *testing.T) {
	p := newPanel(t)
	a := fill(t, p)
	close(p.jobs.events) // a live stream ends by itself
	owner := p.open(storeA, 1)
	_, key, err := auth.CreateAPIKey(p.ctx(storeA), p.db, "operator", auth.NewAPIKey{Name: "x", Scopes: []string{auth.ScopeIdentityLogin}})
	if err != nil {
		t.Fatal(err)
	}
	routes := p.api.Routes()
	slices.SortStableFunc(routes, func(x, y Route) int { return deletes(x) - deletes(y) })
	for _, route := range routes {
		name, token := route.Method+" "+route.Path, owner
		switch {
		case route.Access == auth.AccessLogin:
			token = key
		case name == "POST /session/sign-out":
			token = p.open(storeA, 1)
		}
		target := Prefix + strings.NewReplacer(":kind", "products", ":id", a.id(route.Path), "*id", strings.TrimPrefix(a.id(route.Path), "/")).Replace(route.Path)
		body := strings.ReplaceAll(rules[name].body, "SNAPSHOT", a.snapshot)
		if name == "GET /customer-accounts" {
			target += "?customer_id=5"
		}
		r := httptest.NewRequest(route.Method, target, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
			if route.Path == "/uploads" {
				r.Header.Set("Content-Type", "text/csv")
			}
		}
		openapitest.CheckRequest(t, r, body)
		if w := p.do(route.Method, target, token, body); w.Code == 401 || w.Code == 403 || w.Code >= 500 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func deletes(r Route) int {
	if r.Method == "DELETE" {
		return 1
	}
	return 0
}
