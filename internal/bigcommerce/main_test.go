package bigcommerce

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testHash  = "abc123"
	testToken = "tok3n-of-the-store-nobody-may-see"
)

// recordedRequest is what the server saw of a request.
type recordedRequest struct {
	Method, Path, Query, Body string
	Header                    http.Header
	Connection                string // the client's address
}

// fixture is a client of a server made for one test. Its limiter checks the protocol of Limiter in
// every test, its sleep returns at once.
type fixture struct {
	*Client
	server  *httptest.Server
	limiter *testLimiter

	mu       sync.Mutex
	requests []recordedRequest
	slept    []time.Duration
	seen     []Answer // by OnRequest
}

func newFixture(t *testing.T, handler http.HandlerFunc, change ...func(*Config)) *fixture {
	t.Helper()
	f := &fixture{limiter: &testLimiter{t: t}}
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.mu.Lock()
		f.requests = append(f.requests, recordedRequest{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header, r.RemoteAddr})
		f.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		handler(w, r)
	}))
	t.Cleanup(f.server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	cfg := Config{
		APIURL: f.server.URL, StoreHash: testHash, AccessToken: testToken, HTTP: &http.Client{Transport: transport},
		Limiter: f.limiter, UserAgent: "Sluice/test", Log: slog.New(slog.DiscardHandler),
		OnRequest: func(a Answer) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.seen = append(f.seen, a)
		},
		Sleep: func(ctx context.Context, d time.Duration) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.slept = append(f.slept, d)
			return ctx.Err()
		},
	}
	for _, c := range change {
		c(&cfg)
	}
	client, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	f.Client = client
	t.Cleanup(f.limiter.verify)
	return f
}

// log returns the requests that reached the server.
func (f *fixture) log() []recordedRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]recordedRequest(nil), f.requests...)
}

// testLimiter admits everything, or what its wait function says, and fails the test unless done is
// called exactly once for each admitted call.
type testLimiter struct {
	t    testing.TB
	wait func(n int, ctx context.Context) error // n counts from 0

	mu      sync.Mutex
	calls   []Call
	done    []int // times done was called, by admitted call
	answers []Answer
	waits   int
}

func (l *testLimiter) Wait(ctx context.Context, call Call) (func(Answer), error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.waits
	l.waits++
	if l.wait != nil {
		if err := l.wait(n, ctx); err != nil {
			return nil, err
		}
	}
	l.calls = append(l.calls, call)
	i := len(l.done)
	l.done = append(l.done, 0)
	return func(a Answer) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.done[i]++
		l.answers = append(l.answers, a)
	}, nil
}

func (l *testLimiter) verify() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, n := range l.done {
		if n != 1 {
			l.t.Errorf("done of admitted call %d was called %d times, want once", i, n)
		}
	}
}

// script answers the nth request with its nth handler and the rest with the last.
func script(handlers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := handlers[min(n, len(handlers)-1)]
		n++
		mu.Unlock()
		h(w, r)
	}
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// cut closes the connection without an answer.
func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// cutHalfway promises more of a body than it sends.
func cutHalfway(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100000")
		_, _ = io.WriteString(w, body)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// mustJSON is json.Marshal for what is known to be JSON.
func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
