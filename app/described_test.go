package main

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"sluice/internal/openapi"
	"sluice/internal/openapi/openapitest"
)

// undescribed are the routes that are no API: callbacks that BigCommerce's control panel makes,
// what the panel's page loads and reports, the page at the app's address, and the description
// itself.
var undescribed = []string{
	"GET /auth", "GET /load", "GET /uninstall", "GET /remove_user",
	"POST /csp-report", "GET /assets/*path", "GET /", "HEAD /",
	"GET " + openapi.PagePath, "HEAD " + openapi.PagePath, "GET " + openapi.YAMLPath, "HEAD " + openapi.YAMLPath,
}

// TestEveryRouteIsDescribed walks the routes of the program as it runs: each is described, and
// nothing is described that is not there.
func TestEveryRouteIsDescribed(t *testing.T) {
	p, _ := healthProgram(t, nil)
	missing := map[string]bool{}
	openapitest.Load(t).Operations(func(method, path string, _ *openapi3.Operation) { missing[method+" "+path] = true })
	if len(missing) == 0 {
		t.Fatal("nothing is described")
	}
	for _, route := range p.router.Routes() {
		if slices.Contains(undescribed, route.Method+" "+route.Path) {
			continue
		}
		name := route.Method + " " + openapitest.Path(route.Path)
		if !missing[name] {
			t.Errorf("%s is not in openapi.yaml: describe it", name)
		}
		delete(missing, name)
	}
	for name := range missing {
		t.Errorf("%s is described, and there is no such route", name)
	}
}

// TestProbesAnswerAsDescribed: before the migrations, after them, and while the process stops.
func TestProbesAnswerAsDescribed(t *testing.T) {
	p, _ := healthProgram(t, nil)
	ask := func(path string, want int) {
		t.Helper()
		r, w := httptest.NewRequest(http.MethodGet, path, nil), httptest.NewRecorder()
		p.handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
		openapitest.CheckResponse(t, r, w)
	}
	ask("/healthz", http.StatusOK)
	ask("/readyz", http.StatusServiceUnavailable)
	if err := p.migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.health.at = p.health.at.Add(-checkFor)
	ask("/readyz", http.StatusOK)
	p.health.draining.Store(true)
	ask("/readyz", http.StatusServiceUnavailable)
}

// TestDescriptionIsServed by the program, also to who asks for it compressed.
func TestDescriptionIsServed(t *testing.T) {
	p, _ := healthProgram(t, nil)
	for _, path := range []string{openapi.PagePath, openapi.YAMLPath} {
		for _, coding := range []string{"", "gzip"} {
			r, w := httptest.NewRequest(http.MethodGet, path, nil), httptest.NewRecorder()
			r.Header.Set("Accept-Encoding", coding)
			p.handler.ServeHTTP(w, r)
			if got := strings.Join(w.Header().Values("Content-Encoding"), ","); w.Code != http.StatusOK || got != coding {
				t.Errorf("%s for %q: %d %q", path, coding, w.Code, got)
			}
		}
	}
}
