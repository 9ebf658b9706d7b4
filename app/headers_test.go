package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/internal/sandbox"
)

func TestTLSIsForAYear(t *testing.T) {
	for https, want := range map[bool]string{true: "max-age=31536000", false: ""} {
		w := httptest.NewRecorder()
		secured(http.NotFoundHandler(), https).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if got := w.Header().Get("Strict-Transport-Security"); got != want {
			t.Errorf("https %v: Strict-Transport-Security %q", https, got)
		}
	}
	env := goodEnvironment(t)
	env["APP_URL"] = "https://sluice.example"
	setEnvironment(t, env)
	cfg, err := loadConfig()
	if err != nil {
		t.Fatal(err)
	}
	p, err := assemble(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	if w.Header().Get("Strict-Transport-Security") == "" {
		t.Errorf("the program answers without Strict-Transport-Security: %v", w.Header())
	}
}

// TestEveryAnswerIsSecured asks the assembled program for one answer of each kind, also for those
// that the router and the server make.
func TestEveryAnswerIsSecured(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{log: slog.New(slog.DiscardHandler)})
	s := h.newShop(t)
	page, err := s.store.LoadURL(0, sandbox.LoadOptions{})
	s.do(err)
	framed := strings.TrimPrefix(page, h.app)
	for _, test := range []struct{ method, path string }{
		{http.MethodGet, "/nothing/here"}, {http.MethodGet, "/healthz/"}, {http.MethodDelete, "/healthz"}, {http.MethodGet, "/healthz"},
		{http.MethodGet, "/api/v1/session"}, {http.MethodGet, "/"}, {http.MethodGet, "/assets/"}, {http.MethodGet, "/assets/none.js"}, {http.MethodGet, "/load"},
		{http.MethodGet, "/auth"}, {http.MethodGet, "/uninstall"}, {http.MethodGet, "/docs"}, {http.MethodPost, "/webhooks"},
		{http.MethodGet, "/sso/none/login"}, {http.MethodGet, "/storefront/" + s.store.Hash + "/sluice.js"}, {http.MethodGet, framed},
	} {
		req, err := http.NewRequestWithContext(t.Context(), test.method, h.app+test.path, http.NoBody)
		s.do(err)
		res, err := http.DefaultTransport.RoundTrip(req)
		s.do(err)
		_ = res.Body.Close()
		name, _, _ := strings.Cut(test.path, "?")
		for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
			if got := res.Header.Get(header); got != want {
				t.Errorf("%s %s: %s %q", test.method, name, header, got)
			}
		}
		policy, frame := res.Header.Get("Content-Security-Policy"), res.Header.Get("X-Frame-Options")
		if mayFrame := name == "/load" || name == "/auth"; mayFrame {
			if frame != "" || !strings.Contains(policy, "frame-ancestors "+h.cfg.FrameAncestors[0]) {
				t.Errorf("%s %s cannot be framed by the control panel: %q %q", test.method, name, policy, frame)
			}
		} else if frame != "DENY" || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s %s: %q %q", test.method, name, policy, frame)
		}
		// The house is reached by http: a browser must not be told otherwise.
		if got := res.Header.Get("Strict-Transport-Security"); got != "" {
			t.Errorf("%s %s: Strict-Transport-Security %q", test.method, name, got)
		}
	}
}
