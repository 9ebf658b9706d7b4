package main

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/internal/testenv"
)

// healthProgram is a program on a SQLite file that was not migrated, and on a Redis that can be
// stopped.
func healthProgram(t *testing.T, change func(*Config)) (*program, *miniredis.Miniredis) {
	t.Helper()
	rdb := miniredis.RunT(t)
	cfg := &Config{
		ClientID: "id", ClientSecret: "secret", AppURL: "https://x.example", EncryptionKeys: testKey, JobLease: time.Minute,
		DatabaseURL: "sqlite:" + filepath.Join(t.TempDir(), "x.db"), RedisConfig: RedisConfig{RedisURL: "redis://" + rdb.Addr(), RedisShards: 1},
	}
	if change != nil {
		change(cfg)
	}
	p, err := assemble(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p, rdb
}

func askProgram(t *testing.T, p *program, path string) (int, report) {
	t.Helper()
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	var r report
	if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil {
		t.Fatalf("%s answered %d %s: %v", path, w.Code, w.Body, err)
	}
	return w.Code, r
}

// failing names the checks that are not in order.
func (r report) failing() string {
	var names []string
	for _, c := range r.Checks {
		if !c.OK {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, " ")
}

// TestReadiness goes through what can be missing. Liveness depends on none of it.
func TestReadiness(t *testing.T) {
	p, rdb := healthProgram(t, nil)
	ask := func(status int, failing string) {
		t.Helper()
		p.health.at = time.Time{} // the second for which an answer stands is over
		if code, r := askProgram(t, p, "/readyz"); code != status || r.failing() != failing {
			t.Errorf("%d %+v, want %d and failing %q", code, r, status, failing)
		}
		if code, r := askProgram(t, p, "/healthz"); code != http.StatusOK || r.Status != "ok" || r.Version != version {
			t.Errorf("healthz: %d %+v", code, r)
		}
	}
	ask(http.StatusServiceUnavailable, "migrations")
	if err := p.migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask(http.StatusOK, "")
	rdb.SetError("LOADING Redis is loading the dataset in memory")
	ask(http.StatusServiceUnavailable, "redis")
	rdb.SetError("")
	ask(http.StatusOK, "")
	p.health.draining.Store(true)
	ask(http.StatusServiceUnavailable, "process")
	p.health.draining.Store(false)
	if err := p.db.Close(); err != nil {
		t.Fatal(err)
	}
	ask(http.StatusServiceUnavailable, "database")
}

// TestReadinessIsNotAskedAnew: strangers who ask often do not reach the database.
func TestReadinessIsNotAskedAnew(t *testing.T) {
	p, rdb := healthProgram(t, nil)
	if err := p.migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.health.at = time.Now().Add(time.Hour) // the first answer has not come: what stands is empty
	before := rdb.CommandCount()
	for range 100 {
		if code, _ := askProgram(t, p, "/readyz"); code != http.StatusOK {
			t.Fatal(code)
		}
	}
	if n := rdb.CommandCount() - before; n != 0 {
		t.Errorf("%d commands to Redis", n)
	}
}

// TestDraining: a process that was asked to stop says so, still answers, and closes what it
// answered on.
func TestDraining(t *testing.T) {
	p, _ := healthProgram(t, func(c *Config) { c.DrainDelay = 5 * time.Minute })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- p.serve(ctx, l) }()
	get := func(path string) (status int, closed bool) {
		t.Helper()
		res, err := http.Get("http://" + l.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
		return res.StatusCode, res.Close
	}
	if _, closed := get("/healthz"); closed {
		t.Error("a connection is closed though nobody stops")
	}
	stop()
	testenv.Eventually(t, "it drains", func() bool { return p.health.draining.Load() })
	if status, _ := get("/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("while it drains it is ready: %d", status)
	}
	if status, closed := get("/healthz"); status != http.StatusOK || !closed {
		t.Errorf("while it drains: %d, close %v", status, closed)
	}
	select {
	case err := <-served:
		t.Errorf("it stopped before its delay: %v", err)
	default:
	}
	_ = l.Close() // ends Serve, and with it the wait
	<-served
}

// TestHealthCommand asks a web process on PORT, a worker on METRICS_ADDR, and nobody.
func TestHealthCommand(t *testing.T) {
	p, _ := healthProgram(t, nil)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", p.health.alive)
	mux.HandleFunc("GET /readyz", p.health.ready)
	server := httptest.NewServer(mux)
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, nobody, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	for _, test := range []struct {
		name, port, metrics string
		ready               bool
		says                string // "" is well
	}{
		{"web", port, "", false, ""},
		{"worker", nobody, ":" + port, false, ""},
		{"worker on an address", nobody, "127.0.0.1:" + port, false, ""},
		{"nobody", nobody, "", false, "does not answer"},
		{"migrations are missing", port, "", true, "not_ready"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("PORT", test.port)
			t.Setenv("METRICS_ADDR", test.metrics)
			err := (&healthCommand{Ready: test.ready}).Run(t.Context())
			if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v, want %q", err, test.says)
			}
		})
	}
}

// TestClientAddress: a proxy's word for the client's address counts only if the proxy is ours.
func TestClientAddress(t *testing.T) {
	for _, test := range []struct {
		proxies   string
		forwarded string
		want      string
	}{
		{"", "203.0.113.9", "192.0.2.1"},
		{"198.51.100.0/24", "203.0.113.9", "192.0.2.1"},
		{"192.0.2.0/24", "203.0.113.9", "203.0.113.9"},
		// What the client wrote itself stands left of what our proxy added.
		{"192.0.2.0/24", "10.9.9.9, 203.0.113.9", "203.0.113.9"},
		{"192.0.2.0/24", "not an address", "192.0.2.1"},
	} {
		var proxies []netip.Prefix
		if test.proxies != "" {
			proxies = append(proxies, netip.MustParsePrefix(test.proxies))
		}
		r, err := newRouter(slog.New(slog.DiscardHandler), proxies)
		if err != nil {
			t.Fatal(err)
		}
		r.GET("/", func(c *gin.Context) { c.String(http.StatusOK, c.ClientIP()) })
		req := httptest.NewRequest(http.MethodGet, "/", nil) // comes from 192.0.2.1
		req.Header.Set("X-Forwarded-For", test.forwarded)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		if w.Body.String() != test.want {
			t.Errorf("proxies %q, forwarded %q: %s, want %s", test.proxies, test.forwarded, w.Body, test.want)
		}
	}
}

// TestCompression: long texts shrink for those who accept it; pages with a session never, streams
// not at all.
func TestCompression(t *testing.T) {
	long := strings.Repeat("Sluice ", 1000)
	r, err := newRouter(slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.GET("/:kind", func(c *gin.Context) {
		body := long
		if c.Query("short") != "" {
			body = "short"
		}
		c.Data(http.StatusOK, map[string]string{
			"json": "application/json; charset=utf-8", "problem": problem.ContentType, "js": "text/javascript; charset=utf-8",
			"html": "text/html; charset=utf-8", "stream": "text/event-stream", "csv": "text/csv", "font": "font/woff2",
		}[c.Param("kind")], []byte(body))
	})
	handler, err := compressed(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path, accept string
		want         bool
	}{
		{"/json", "gzip", true}, {"/json", "br, gzip;q=0.5", true}, {"/problem", "gzip", true}, {"/js", "gzip", true}, {"/csv", "gzip", true},
		{"/json", "", false}, {"/json", "gzip;q=0", false}, {"/json?short=1", "gzip", false},
		{"/html", "gzip", false}, {"/stream", "gzip", false}, {"/font", "gzip", false},
	} {
		req := httptest.NewRequest(http.MethodGet, test.path, nil)
		req.Header.Set("Accept-Encoding", test.accept)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != test.want {
			t.Errorf("%s for %q: compressed %v", test.path, test.accept, got)
			continue
		}
		if !test.want {
			continue
		}
		if vary := w.Header().Get("Vary"); !strings.Contains(vary, "Accept-Encoding") {
			t.Errorf("%s: Vary %q", test.path, vary)
		}
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(z); err != nil || string(body) != long {
			t.Errorf("%s: %d bytes, %v", test.path, len(body), err)
		}
	}
}
