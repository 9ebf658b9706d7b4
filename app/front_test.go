package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestFrontPage: who goes to the app's address with a browser learns what it is and how it opens.
func TestFrontPage(t *testing.T) {
	p, _ := healthProgram(t, func(c *Config) { c.SupportURL = "https://help.example/sluice?a=1&b=2" })
	r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	body := w.Body.String()
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", w.Code, w.Header().Get("Content-Type"))
	}
	for _, want := range []string{`<html lang="en">`, "Sluice for BigCommerce", "My Apps", `href="https://help.example/sluice?a=1&amp;b=2"`, `href="/docs"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s:\n%s", want, body)
		}
	}
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "style-src 'sha256-") || strings.Contains(policy, "unsafe") || w.Header().Get("X-Frame-Options") != "DENY" {
		t.Errorf("headers %v", w.Header())
	}

	p, _ = healthProgram(t, nil)
	w = httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	if strings.Contains(w.Body.String(), "Get help") {
		t.Error("without SUPPORT_URL the page links to no help")
	}
}
