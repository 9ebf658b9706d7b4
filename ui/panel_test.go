package ui

import (
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func TestPageCarriesItsNonceAndSession(t *testing.T) {
	p := newPanel(t)
	first, second := p.page(storeA, 1), p.page(storeA, 1)
	csp := first.Header().Get("Content-Security-Policy")
	nonce := regexp.MustCompile(`'nonce-([A-Z2-7]+)'`).FindStringSubmatch(csp)
	if nonce == nil {
		t.Fatalf("policy %q", csp)
	}
	body := first.Body.String()
	if !strings.Contains(body, `<script nonce="`+nonce[1]+`">`) || strings.Contains(body, noncePlaceholder) {
		t.Fatalf("page %s", body)
	}
	if strings.Contains(second.Body.String(), nonce[1]) {
		t.Fatal("two pages share a nonce")
	}
	for _, want := range []string{"default-src 'none'", "frame-ancestors https://store-" + storeA + ".panel.example;", "base-uri 'none'", "object-src 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("the policy lacks %s: %s", want, csp)
		}
	}
	for _, never := range []string{"unsafe-inline", "unsafe-eval", "*"} {
		if strings.Contains(csp, never) {
			t.Errorf("the policy has %s: %s", never, csp)
		}
	}
	if first.Header().Get("Cache-Control") != "no-store" || first.Header().Get("Set-Cookie") != "" {
		t.Errorf("headers %v", first.Header())
	}
	if !strings.Contains(body, `"deep_link":"/runs"`) || !strings.Contains(body, `"locale":"en-GB"`) || !strings.Contains(body, `"version":"v1"`) {
		t.Errorf("session in %s", body)
	}
}

func TestPanelThatIsNotBuiltSaysSo(t *testing.T) {
	shell, err := NewPanel(nil, nil, "v", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if shell.assets != nil || shell.index != nil {
		t.Fatal("a panel out of nothing")
	}
	if _, err := NewPanel(fstest.MapFS{"index.html": {Data: []byte("<html>")}}, nil, "v", nil); err == nil {
		t.Fatal("an index.html without placeholders was taken")
	}
}

func TestAssetsAreCachedForEver(t *testing.T) {
	p := newPanel(t)
	w := p.do(http.MethodGet, "/assets/app-1a2B_c-4.js", "", "")
	if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	for _, path := range []string{
		"/assets/", "/assets", "/assets/.", "/assets/app.js", "/assets/notes.txt", "/assets/sub/", "/assets/sub/app-1a2B_c-4.js", "/assets/app-00000000.js",
		"/assets/../index.html", "/assets/%2e%2e/index.html", "/assets//app-1a2B_c-4.js", "/assets/app-1a2B_c-4.js/",
	} {
		w := p.do(http.MethodGet, path, "", "")
		if w.Code == http.StatusOK || strings.Contains(w.Body.String(), "SLUICE") || strings.Contains(w.Body.String(), "app-1a2B") {
			t.Errorf("%s answered %d %s", path, w.Code, w.Body)
		}
		if cache := w.Header().Get("Cache-Control"); strings.Contains(cache, "immutable") {
			t.Errorf("%s is no file, and kept as %s", path, cache)
		}
	}
}

func TestViolationReports(t *testing.T) {
	p := newPanel(t)
	good := `{"csp-report":{"effective-directive":"script-src","blocked-uri":"https://evil.example/x.js?token=1"}}`
	if w := p.do(http.MethodPost, "/csp-report", "", good); w.Code != http.StatusNoContent {
		t.Fatalf("%d", w.Code)
	}
	for bad, status := range map[string]int{"": 400, "[]": 400, strings.Repeat("x", maxReport+1): 413} {
		if w := p.do(http.MethodPost, "/csp-report", "", bad); w.Code != status {
			t.Errorf("%.20q: %d, want %d", bad, w.Code, status)
		}
	}
}
