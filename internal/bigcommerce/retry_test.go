package bigcommerce

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// calls are one call of each method, whose answers below suit all of them.
var calls = []struct {
	method string
	call   func(context.Context, *Client) error
}{
	{http.MethodGet, func(ctx context.Context, c *Client) error {
		_, _, err := c.Products.ListPage(ctx, ProductFilter{}, 1)
		return err
	}},
	{http.MethodPut, func(ctx context.Context, c *Client) error {
		_, err := c.Products.Update(ctx, []Fields{{"id": 7, "price": 1}})
		return err
	}},
	{http.MethodDelete, func(ctx context.Context, c *Client) error { return c.Products.Delete(ctx, []int64{7}) }},
	{http.MethodPost, func(ctx context.Context, c *Client) error {
		_, err := c.Products.Create(ctx, Fields{"name": "Bolt"})
		return err
	}},
}

// ok answers a method the way its call above expects.
func ok(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
		answer(200, `{"data":{"id":7},"meta":{}}`)(w, r)
	case http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	default:
		answer(200, `{"data":[{"id":7}],"meta":{"pagination":{"total":1,"count":1,"current_page":1,"total_pages":1}}}`)(w, r)
	}
}

func TestRetryOfWhatMayPass(t *testing.T) {
	failures := map[string]http.HandlerFunc{
		"500":             answer(500, `{"status":500,"title":"Internal Server Error"}`),
		"502 with a page": answer(502, `<html><title>Bad Gateway</title></html>`),
		"503":             answer(503, `{"status":503,"title":"Service Unavailable","type":"/api-docs/getting-started/api-status-codes"}`),
		"504":             answer(504, `{"status":504,"title":"Gateway Timeout","errors":{}}`),
		"cut":             cut,
		"cut half-way":    cutHalfway(`{"data":[{"id":1},`),
		"empty 200":       answer(200, ``),
		"page for JSON":   answer(200, `<html>Maintenance</html>`),
	}
	for name, failure := range failures {
		for _, tc := range calls {
			if tc.method == http.MethodDelete && (name == "empty 200" || name == "page for JSON") {
				continue // a delete's answer is not read
			}
			t.Run(tc.method+" "+name, func(t *testing.T) {
				f := newFixture(t, script(failure, failure, ok))
				err := tc.call(t.Context(), f.Client)
				sent := len(f.log())
				if tc.method == http.MethodPost {
					var e *UnavailableError
					if !errors.As(err, &e) || !e.Sent {
						t.Errorf("error %v, want an UnavailableError that was sent", err)
					}
					if sent != 1 {
						t.Errorf("a POST was sent %d times", sent)
					}
					return
				}
				if tc.method == http.MethodDelete && name == "cut half-way" {
					if err != nil || sent != 1 { // its status came: the rest does not matter
						t.Errorf("%d requests, %v", sent, err)
					}
					return
				}
				if err != nil || sent != 3 {
					t.Errorf("%d requests, want 3; error %v", sent, err)
				}
				if len(f.limiter.calls) != 3 || len(f.seen) != 3 || len(f.slept) != 2 {
					t.Errorf("limiter asked %d times, OnRequest told %d times, slept %d times; want 3, 3, 2",
						len(f.limiter.calls), len(f.seen), len(f.slept))
				}
			})
		}
	}
}

// On a connection that was used before, net/http repeats by itself what it thinks harmless.
func TestCutPostOnAUsedConnectionIsNotResent(t *testing.T) {
	f := newFixture(t, script(answer(200, `{"time":1}`), cut, ok))
	if _, err := f.Store.Time(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := f.Products.Create(t.Context(), Fields{"name": "Bolt"})
	var e *UnavailableError
	if !errors.As(err, &e) || !e.Sent {
		t.Fatalf("%v, want an UnavailableError that was sent", err)
	}
	if n := len(f.log()); n != 2 {
		t.Errorf("%d requests, want the first and one POST", n)
	}
}

// An answer whose body nobody reads, or whose body is cut short in an error, keeps its connection.
func TestConnectionsAreUsedAgain(t *testing.T) {
	long := `{"data":{"id":1},"meta":"` + strings.Repeat("x", 20<<10) + `"}`
	f := newFixture(t, script(answer(200, long), answer(404, long), answer(200, long), answer(200, `{"time":1}`+strings.Repeat(" ", 20<<10)), ok))
	_ = f.Hooks.Delete(t.Context(), 1)
	_ = f.Hooks.Delete(t.Context(), 2)
	_ = f.Products.Delete(t.Context(), []int64{1})
	_, _ = f.Store.Time(t.Context())
	_ = f.Products.Delete(t.Context(), []int64{1})
	requests := f.log()
	for i, r := range requests {
		if r.Connection != requests[0].Connection {
			t.Errorf("request %d came on another connection", i)
		}
	}
	if len(requests) != 5 {
		t.Errorf("%d requests", len(requests))
	}
}

func TestRetriesEnd(t *testing.T) {
	f := newFixture(t, answer(503, `{"status":503,"title":"Service Unavailable"}`))
	_, err := f.Store.Get(t.Context())
	var e *UnavailableError
	if !errors.As(err, &e) || e.Status != 503 || !e.Sent || e.Err != nil {
		t.Fatalf("%v", err)
	}
	if n := len(f.log()); n != 1+maxRetries {
		t.Errorf("%d requests, want %d", n, 1+maxRetries)
	}
	for i, d := range f.slept {
		if limit := min(retryBase<<i, retryCap); d < 0 || d >= limit {
			t.Errorf("wait %d was %v, want below %v", i, d, limit)
		}
	}
}

func TestWaitsGrowWithFullJitter(t *testing.T) {
	f := newFixture(t, cut)
	var limits []time.Duration
	f.jitter = func(limit time.Duration) time.Duration {
		limits = append(limits, limit)
		return limit / 2
	}
	if _, err := f.Store.Get(t.Context()); err == nil {
		t.Fatal("no error")
	}
	want := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second}
	for i, limit := range limits {
		if limit != want[i] || f.slept[i] != want[i]/2 {
			t.Errorf("wait %d: slept %v of %v, want %v", i, f.slept[i], limit, want[i])
		}
	}
	if len(limits) != len(want) {
		t.Errorf("%d waits, want %d", len(limits), len(want))
	}
}

func TestNotRetried(t *testing.T) {
	for name, failure := range map[string]http.HandlerFunc{
		"401":        answer(401, `Unauthorized`),
		"422":        answer(422, `{"status":422,"title":"no"}`),
		"429":        answer(429, `{"status":429,"title":"Too Many Requests"}`),
		"501":        answer(501, `{}`),
		"wrong type": answer(200, `{"data":[{"id":"seven"}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, failure)
			n := 0
			var err error
			for _, err = range f.Products.List(t.Context(), ProductFilter{}) {
				n++
			}
			if err == nil || n != 1 {
				t.Fatalf("%d items, error %v", n, err)
			}
			if sent := len(f.log()); sent != 1 {
				t.Errorf("sent %d times", sent)
			}
		})
	}
}

func TestNothingWasSentWhenNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	f := newFixture(t, ok, func(c *Config) { c.APIURL = "http://" + address })
	for _, tc := range calls {
		err := tc.call(t.Context(), f.Client)
		var e *UnavailableError
		if !errors.As(err, &e) || e.Sent || e.Status != 0 || e.Err == nil {
			t.Errorf("%s: %v, want an UnavailableError that was not sent", tc.method, err)
		}
	}
	for _, a := range f.limiter.answers {
		if !a.Lost || a.Status != 0 || a.HasQuota {
			t.Errorf("the limiter was told %+v, want a lost answer", a)
		}
	}
}

func TestLimiterIsAskedBeforeEachAttempt(t *testing.T) {
	until := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for refused, wantSent := range []int{0, 1, 2} {
		f := newFixture(t, answer(503, `{}`))
		f.limiter.wait = func(n int, _ context.Context) error {
			if n == refused {
				return &NoQuotaError{Until: until}
			}
			return nil
		}
		_, err := f.Store.Get(t.Context())
		var e *NoQuotaError
		if !errors.Is(err, ErrNoQuota) || !errors.As(err, &e) || !e.Until.Equal(until) {
			t.Errorf("refused at attempt %d: error %v", refused, err)
		}
		if sent := len(f.log()); sent != wantSent {
			t.Errorf("refused at attempt %d: %d requests, want %d", refused, sent, wantSent)
		}
	}
}

func TestContextThatEndsWhileWaitingForQuota(t *testing.T) {
	f := newFixture(t, ok)
	ctx, cancel := context.WithCancel(t.Context())
	f.limiter.wait = func(_ int, ctx context.Context) error {
		cancel()
		return ctx.Err()
	}
	_, err := f.Products.Create(ctx, Fields{"name": "Bolt"})
	if !errors.Is(err, context.Canceled) || len(f.log()) != 0 {
		t.Fatalf("%v, %d requests", err, len(f.log()))
	}
	var e *UnavailableError
	if errors.As(err, &e) {
		t.Errorf("%v reads as if BigCommerce were away", err)
	}
}

func TestContextThatEndsDuringACall(t *testing.T) {
	for _, tc := range calls {
		t.Run(tc.method, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			f := newFixture(t, func(_ http.ResponseWriter, r *http.Request) {
				cancel()
				<-r.Context().Done()
			})
			err := tc.call(ctx, f.Client)
			var e *UnavailableError
			if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || !e.Sent {
				t.Fatalf("%v, want a cancelled call that was sent", err)
			}
			if len(f.limiter.calls) != 1 || len(f.slept) != 0 {
				t.Errorf("%d attempts and %d waits, although the context ended", len(f.limiter.calls), len(f.slept))
			}
		})
	}
}

func TestContextThatEndsBeforeARetry(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := newFixture(t, answer(503, `{}`), func(c *Config) {
		c.Sleep = func(ctx context.Context, _ time.Duration) error {
			cancel()
			return ctx.Err()
		}
	})
	_, err := f.Store.Get(ctx)
	var e *UnavailableError
	if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || len(f.log()) != 1 {
		t.Fatalf("%v, %d requests", err, len(f.log()))
	}
}

// pipes is an HTTP client whose connections are pipes to serve: waiting for one is simulated time
// in a bubble of testing/synctest, which it is not for a socket.
func pipes(serve func(net.Conn)) *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer func() { _ = far.Close() }()
			serve(far)
		}()
		return near, nil
	}}}
}

// The attempt's own time is not the caller's: a caller who checks its context must not be misled.
func TestAttemptTimeout(t *testing.T) {
	f := newFixture(t, ok, func(c *Config) {
		c.Timeout = 20 * time.Second
		c.HTTP = pipes(func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	})
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := f.Store.Get(t.Context())
		var e *UnavailableError
		if !errors.As(err, &e) || !e.Sent || errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%v", err)
		}
		if !strings.Contains(err.Error(), "no whole answer within 20s") {
			t.Errorf("the error does not say why: %v", err)
		}
		if n := len(f.limiter.calls); n != 1+maxRetries {
			t.Errorf("%d attempts, want %d", n, 1+maxRetries)
		}
		if took := time.Since(began); took != (1+maxRetries)*20*time.Second {
			t.Errorf("the attempts took %s, want 20s each", took)
		}
	})
}

func TestWaitForQuotaDoesNotUseUpTheTimeout(t *testing.T) {
	f := newFixture(t, ok, func(c *Config) {
		c.Timeout = 20 * time.Second
		c.HTTP = pipes(func(conn net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
		})
	})
	f.limiter.wait = func(_ int, ctx context.Context) error {
		time.Sleep(25 * time.Second)
		return ctx.Err()
	}
	synctest.Test(t, func(t *testing.T) {
		if err := f.Products.Delete(t.Context(), []int64{1}); err != nil || len(f.limiter.calls) != 1 {
			t.Errorf("%v after %d attempts", err, len(f.limiter.calls))
		}
	})
}

func TestDefaultSleepEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := sleep(t.Context(), time.Nanosecond); err != nil {
		t.Errorf("%v", err)
	}
}
