package refusals

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
)

// world is a router with a handler for each way to refuse.
type world struct {
	t      *testing.T
	log    *Log
	router *gin.Engine

	mu    sync.Mutex
	lines bytes.Buffer
}

// Write takes what is logged, also by the Log's timer.
func (w *world) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lines.Write(line)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	gin.SetMode(gin.TestMode)
	w := &world{t: t, router: gin.New()}
	w.log = New(Options{Log: slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelInfo})), Store: func(context.Context) string { return "" }})
	if err := w.router.SetTrustedProxies(nil); err != nil {
		t.Fatal(err)
	}
	w.router.Use(func(c *gin.Context) { c.Set(problem.RequestIDKey, "request-1") }, w.log.Middleware)
	refuse := func(err error) gin.HandlerFunc { return func(c *gin.Context) { problem.Write(c, err) } }
	w.router.GET("/401", refuse(problem.Wrap(errors.New("token is expired"), problem.Unauthenticated, "Sign in.")))
	w.router.GET("/403", func(c *gin.Context) {
		Caller(c, "aaa111", "key:k1")
		problem.Write(c, problem.Wrap(errors.New("quotes a secret"), problem.Forbidden, "Not allowed."))
	})
	w.router.GET("/429", refuse(problem.New(problem.RateLimited, "Too often.")))
	w.router.GET("/404", refuse(problem.New(problem.NotFound, "Nothing.")))
	w.router.GET("/page", func(c *gin.Context) {
		Kind(c, Page)
		Claimed(c, "bbb222")
		Reason(c, "conflict", "Used already.", nil)
		c.String(http.StatusConflict, "no")
	})
	w.router.POST("/webhook", func(c *gin.Context) {
		Kind(c, Webhook)
		problem.Write(c, problem.New(problem.TooLarge, "Too large."))
	})
	w.router.GET("/sso/:store_hash/login", func(c *gin.Context) {
		Kind(c, SignIn)
		Reason(c, "state_unknown", "", nil)
		c.String(http.StatusBadRequest, "no")
	})
	w.router.GET("/ok", func(c *gin.Context) { Kind(c, Page); c.String(http.StatusOK, "yes") })
	return w
}

func (w *world) get(path, address string) {
	method := http.MethodGet
	if path == "/webhook" {
		method = http.MethodPost
	}
	r := httptest.NewRequest(method, path+"?code=secret", nil)
	r.RemoteAddr = address
	w.router.ServeHTTP(httptest.NewRecorder(), r)
}

// read returns the lines since it was called last.
func (w *world) read() (lines []map[string]any) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	d := json.NewDecoder(&w.lines)
	for d.More() {
		var line map[string]any
		if err := d.Decode(&line); err != nil {
			w.t.Fatal(err)
		}
		lines = append(lines, line)
	}
	w.lines.Reset()
	return lines
}

func TestRefusalsAreLogged(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		path string
		want map[string]string // nil: no line
	}{
		{"/401", map[string]string{"kind": "request", "status": "401", "code": "unauthenticated", "reason": "Sign in.", "cause": "token is expired"}},
		{"/403", map[string]string{"kind": "request", "status": "403", "code": "forbidden", "reason": "Not allowed.", "caller": "key:k1", "store": "aaa111"}},
		{"/429", map[string]string{"kind": "request", "status": "429", "code": "rate_limited"}},
		{"/page", map[string]string{"kind": "page", "status": "409", "code": "conflict", "reason": "Used already.", "claimed_store": "bbb222"}},
		{"/webhook", map[string]string{"kind": "webhook", "status": "413", "code": "too_large"}},
		{"/sso/ccc333/login", map[string]string{"kind": "sign-in", "code": "state_unknown", "claimed_store": "ccc333"}},
		{"/sso/C%0A/login", map[string]string{"kind": "sign-in"}},
		{"/404", nil},
		{"/ok", nil},
	} {
		w.get(test.path, "198.51.100.7:1234")
		lines := w.read()
		if test.want == nil {
			if len(lines) != 0 {
				t.Errorf("%s: %v", test.path, lines)
			}
			continue
		}
		if len(lines) != 1 {
			t.Errorf("%s: %d lines: %v", test.path, len(lines), lines)
			continue
		}
		line := lines[0]
		for key, want := range map[string]string{"level": "INFO", "msg": "refused", "request_id": "request-1", "address": "198.51.100.7"} {
			if got := fmt.Sprint(line[key]); got != want {
				t.Errorf("%s: %s is %q, want %q", test.path, key, got, want)
			}
		}
		for key, want := range test.want {
			if got := fmt.Sprint(line[key]); got != want {
				t.Errorf("%s: %s is %q, want %q", test.path, key, got, want)
			}
		}
		if test.want["cause"] == "" && line["cause"] != nil || test.want["claimed_store"] == "" && line["claimed_store"] != nil {
			t.Errorf("%s says too much: %v", test.path, line)
		}
	}
}

func TestRepeatsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range 100 {
			w.get("/401", "198.51.100.7:1")
		}
		w.get("/403", "198.51.100.7:1")
		w.get("/401", "198.51.100.8:1")
		if n := len(w.read()); n != linesEach+2 {
			t.Fatalf("%d lines", n)
		}
		time.Sleep(window + time.Second)
		synctest.Wait()
		lines := w.read()
		if len(lines) != 1 || lines[0]["msg"] != "refusals suppressed" || lines[0]["count"] != float64(100-linesEach) || lines[0]["address"] != "198.51.100.7" {
			t.Fatalf("after a minute: %v", lines)
		}
		w.get("/401", "198.51.100.7:1")
		if lines := w.read(); len(lines) != 1 || lines[0]["msg"] != "refused" {
			t.Fatalf("in the next minute: %v", lines)
		}
		// An IPv6 customer has a /64 of addresses.
		for i := range 100 {
			w.get("/401", fmt.Sprintf("[2001:470:1:2::%x]:1", i+1))
		}
		if n := len(w.read()); n != linesEach {
			t.Fatalf("%d lines of one /64", n)
		}
		w.log.Close()
		if lines := w.read(); len(lines) != 1 || lines[0]["count"] != float64(100-linesEach) || lines[0]["address"] != "2001:470:1:2::/64" {
			t.Fatalf("at the end: %v", lines)
		}
	})
}

// TestManyAddressesFillNeitherMemoryNorLog: a botnet.
func TestManyAddressesFillNeitherMemoryNorLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const many = 3 * maxSubjects
		for i := range many {
			w.get("/401", fmt.Sprintf("11.%d.%d.%d:1", i>>16, i>>8&255, i&255))
		}
		w.log.mu.Lock()
		kept := len(w.log.counts)
		w.log.mu.Unlock()
		if kept > maxSubjects+1 {
			t.Errorf("%d addresses are kept", kept)
		}
		written := len(w.read())
		if written != linesInAll {
			t.Errorf("%d lines", written)
		}
		w.log.Close()
		sum := 0
		for _, line := range w.read() {
			sum += int(line["count"].(float64))
		}
		if sum != many-written {
			t.Errorf("%d suppressed, %d written, of %d", sum, written, many)
		}
	})
}
