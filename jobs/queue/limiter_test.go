package queue

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"sluice/internal/bigcommerce"
	"sluice/internal/testenv"
)

// store is a BigCommerce store as far as quotas go: fixed windows, counted when a request arrives.
type store struct {
	quota  int
	window time.Duration
	// floating: a window begins with the first request after the last one ended, not by the clock.
	floating bool
	// late: the rate headers are written when the answer is, not when the request is counted.
	late bool
	// there and back are the longest ways of a request and its answer, work is how long the server
	// takes at most.
	there, work, back time.Duration

	mu     sync.Mutex
	rnd    *rand.Rand
	ends   time.Time
	used   int
	total  int
	over   int
	others int
}

func (s *store) roll(now time.Time) {
	if now.Before(s.ends) {
		return
	}
	s.used = 0
	if s.floating {
		s.ends = now.Add(s.window)
	} else {
		s.ends = now.Truncate(s.window).Add(s.window)
	}
}

func (s *store) upTo(d time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d <= 0 {
		return 0
	}
	return time.Duration(s.rnd.Int64N(int64(d)))
}

func (s *store) headers(a *bigcommerce.Answer) {
	a.HasQuota, a.Quota, a.Left = true, s.quota, s.quota-s.used
	a.Window, a.Reset = s.window, time.Until(s.ends).Truncate(time.Millisecond)
}

// call is one request of ours, on its way and back.
func (s *store) call(wait func(time.Duration)) bigcommerce.Answer {
	wait(s.upTo(s.there))
	a := bigcommerce.Answer{Status: 200}
	s.mu.Lock()
	s.roll(time.Now())
	s.total++
	if s.used >= s.quota {
		a.Status = 429
		s.over++
	} else {
		s.used++
	}
	s.headers(&a)
	s.mu.Unlock()
	wait(s.upTo(s.work))
	if s.late {
		s.mu.Lock()
		s.roll(time.Now())
		s.headers(&a)
		s.mu.Unlock()
	}
	wait(s.upTo(s.back))
	return a
}

// other is a request of another app, which the server counts if there is room.
func (s *store) other() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roll(time.Now())
	if s.used < s.quota {
		s.used++
		s.others++
	}
}

func (s *store) counts() (total, over int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total, s.over
}

// socket gives a pipe what a socket has: room for what is written until it is read. Without it a
// client that writes a pipeline and a server that answers its first command wait for each other for
// ever.
type socket struct {
	net.Conn
	out  chan []byte
	done chan struct{}
}

func newSocket(c net.Conn) *socket {
	s := &socket{Conn: c, out: make(chan []byte, 1024), done: make(chan struct{})}
	go func() {
		for {
			select {
			case b := <-s.out:
				_, _ = c.Write(b) // a pipe that was closed: reading fails too
			case <-s.done:
				return
			}
		}
	}()
	return s
}

func (s *socket) Write(b []byte) (int, error) {
	select {
	case s.out <- bytes.Clone(b):
		return len(b), nil
	case <-s.done:
		return 0, net.ErrClosed
	}
}

func (s *socket) Close() error {
	close(s.done)
	return s.Conn.Close()
}

// bubble runs test with an embedded Redis that lives in simulated time, as the test does.
func bubble(t *testing.T, test func(t *testing.T, q *Queue)) {
	synctest.Test(t, func(t *testing.T) {
		m := miniredis.NewMiniRedis()
		defer m.Close()
		rdb := redis.NewClient(&redis.Options{
			Addr:                     "127.0.0.1:6379", // never dialled; a name would be looked up outside the bubble
			MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
			Dialer: func(context.Context, string, string) (net.Conn, error) {
				c, err := m.Dial()
				if err != nil {
					return nil, err
				}
				return newSocket(c), nil
			},
		})
		defer rdb.Close()
		test(t, ready(t, rdb, Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))}))
	})
}

// send has n goroutines send requests through limiters until the time is up; it returns how many
// were refused a slot.
func send(t *testing.T, l func() bigcommerce.Limiter, s *store, n int, d time.Duration, call bigcommerce.Call, wait func(time.Duration)) {
	var all sync.WaitGroup
	end := time.Now().Add(d)
	for range n {
		all.Go(func() {
			limiter := l()
			for time.Now().Before(end) {
				done, err := limiter.Wait(t.Context(), call)
				var none *bigcommerce.NoQuotaError
				if errors.As(err, &none) {
					wait(max(time.Until(none.Until), time.Millisecond))
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				done(s.call(wait))
			}
		})
	}
	all.Wait()
}

// TestLimiterNeverExceedsTheQuota: whatever the server's windows, the ways and the clocks are like,
// no request of ours is refused, and what the store allows is used.
func TestLimiterNeverExceedsTheQuota(t *testing.T) {
	const ms = time.Millisecond
	for name, tc := range map[string]struct {
		s       *store
		senders int
		apart   bool    // a Limiter for each sender, as in several processes
		least   float64 // of the quota that must be used
	}{
		"demo":               {s: &store{quota: 300, window: time.Second, there: 2 * ms, work: 6 * ms, back: 2 * ms}, senders: 8, least: 0.95},
		"apart":              {s: &store{quota: 80, window: time.Second, there: 2 * ms, work: 6 * ms, back: 2 * ms}, senders: 4, apart: true, least: 0.95},
		"late headers":       {s: &store{quota: 80, window: time.Second, late: true, there: 2 * ms, work: 40 * ms, back: 2 * ms}, senders: 40, least: 0.95},
		"floating":           {s: &store{quota: 80, window: time.Second, floating: true, there: 5 * ms, work: 10 * ms, back: 5 * ms}, senders: 16, least: 0.9},
		"slow":               {s: &store{quota: 60, window: time.Second, there: 100 * ms, work: 300 * ms, back: 100 * ms}, senders: 36, least: 0.6},
		"slow, late":         {s: &store{quota: 60, window: time.Second, late: true, there: 100 * ms, work: 300 * ms, back: 100 * ms}, senders: 36, least: 0.6},
		"slower than window": {s: &store{quota: 40, window: time.Second, there: 500 * ms, work: 1000 * ms, back: 500 * ms}, senders: 60, least: 0.3},
		"standard":           {s: &store{quota: 150, window: 30 * time.Second, there: 20 * ms, work: 200 * ms, back: 20 * ms}, senders: 8, least: 0.95},
		"tiny":               {s: &store{quota: firstRequests, window: time.Second, there: 2 * ms, work: 6 * ms, back: 2 * ms}, senders: 8, least: 0.9},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, q *Queue) {
				s := tc.s
				s.rnd = rand.New(rand.NewPCG(1, 2))
				shared := q.Limiter("abc", 5*time.Second)
				limiter := func() bigcommerce.Limiter {
					if tc.apart {
						return q.Limiter("abc", 0)
					}
					return shared
				}
				const windows = 2.2
				start := time.Now()
				send(t, limiter, s, tc.senders, time.Duration(windows*float64(s.window)), bigcommerce.Call{Cost: 1}, time.Sleep)
				total, over := s.counts()
				passed := float64(time.Since(start)) / float64(s.window)
				used := float64(total) / (float64(s.quota) * passed)
				t.Logf("%d requests, %d refused, %.0f %% of the quota in %.1f windows", total, over, 100*used, passed)
				if over != 0 {
					t.Errorf("%d of %d requests were over the quota", over, total)
				}
				if used < tc.least {
					t.Errorf("only %.0f %% of the quota was used", 100*used)
				}
				synctest.Wait()
				time.Sleep(reportAfter) // the last answers travel alone
				synctest.Wait()
				state, err := q.Quota(t.Context(), "abc")
				must(t, err)
				if state.Out != 0 {
					t.Errorf("%d requests are still counted as on their way", state.Out)
				}
			})
		})
	}
}

// waitReal lets real time pass, as the way to a server does.
func waitReal(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}

// TestLimiterOnRealClocks is the demo's case once more, on each kind of Redis and on real time.
func TestLimiterOnRealClocks(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		q := ready(t, client(t, url), Options{})
		s := &store{
			quota: 100, window: 400 * time.Millisecond, rnd: rand.New(rand.NewPCG(1, 2)),
			there: time.Millisecond, work: 5 * time.Millisecond, back: time.Millisecond,
		}
		l := q.Limiter("abc", 5*time.Second)
		start := time.Now()
		send(t, func() bigcommerce.Limiter { return l }, s, 8, 3*s.window, bigcommerce.Call{Cost: 1}, waitReal)
		total, over := s.counts()
		windows := float64(time.Since(start)) / float64(s.window)
		t.Logf("%d requests, %d refused in %.1f windows of %d", total, over, windows, s.quota)
		if over != 0 {
			t.Errorf("%d of %d requests were over the quota", over, total)
		}
		if total < s.quota/4 { // a loaded machine must not fail the test: one that works on much else has sent 73 of 340
			t.Errorf("only %d requests", total)
		}
	})
}

// TestLimiterLeavesRoomForOthers: another app takes a third of the quota; ours settles for the
// rest, nearly without refusals.
func TestLimiterLeavesRoomForOthers(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue) {
		s := &store{
			quota: 150, window: time.Second, rnd: rand.New(rand.NewPCG(1, 2)),
			there: 2 * time.Millisecond, work: 6 * time.Millisecond, back: 2 * time.Millisecond,
		}
		ctx, stop := context.WithCancel(t.Context())
		var other sync.WaitGroup
		other.Go(func() {
			for ctx.Err() == nil {
				s.other()
				time.Sleep(s.window / 50)
			}
		})
		l := q.Limiter("abc", 5*time.Second)
		const windows = 20
		send(t, func() bigcommerce.Limiter { return l }, s, 8, windows*s.window, bigcommerce.Call{Cost: 1}, time.Sleep)
		stop()
		other.Wait()
		total, over := s.counts()
		t.Logf("%d requests, %d refused, others %d", total, over, s.others)
		if over > 1+total/1000 { // one may go wrong before anything is known of the other
			t.Errorf("%d of %d requests were refused", over, total)
		}
		if used := total - over + s.others; used < windows*s.quota*97/100 {
			t.Errorf("%d of %d were used", used, windows*s.quota)
		}
		if s.others < windows*45 {
			t.Errorf("the other app got %d of its %d", s.others, windows*50)
		}
	})
}

// TestInteractiveCallsGoFirst: while bulk work waits for the window's end, a person's request is
// sent at once.
func TestInteractiveCallsGoFirst(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue) {
		s := &store{quota: 100, window: 30 * time.Second, rnd: rand.New(rand.NewPCG(1, 2)), back: 10 * time.Millisecond}
		time.Sleep(time.Until(time.Now().Truncate(s.window).Add(s.window))) // begin with a whole window
		l := q.Limiter("abc", 0)
		bulk := 0
		for {
			done, err := l.Wait(t.Context(), bigcommerce.Call{Cost: 1})
			var none *bigcommerce.NoQuotaError
			if errors.As(err, &none) {
				if wait := time.Until(none.Until); wait < 20*time.Second || wait > 24*time.Second {
					t.Errorf("bulk is told to come back in %v, want at the window's last fifth", wait)
				}
				break
			}
			must(t, err)
			done(s.call(time.Sleep))
			bulk++
		}
		if bulk != 90 {
			t.Errorf("bulk work sent %d requests, want 90 of 100", bulk)
		}
		for range 10 {
			done, err := l.Wait(t.Context(), bigcommerce.Call{Cost: 1, Interactive: true})
			must(t, err)
			done(s.call(time.Sleep))
		}
		if _, err := l.Wait(t.Context(), bigcommerce.Call{Cost: 1, Interactive: true}); !errors.Is(err, bigcommerce.ErrNoQuota) {
			t.Errorf("with nothing left: %v, want ErrNoQuota", err)
		}
	})
}

// TestLimiterStopsWithItsContext: a wait for the window's end is left at once.
func TestLimiterStopsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue) {
		l := q.Limiter("abc", time.Minute)
		done, err := l.Wait(t.Context(), bigcommerce.Call{})
		must(t, err)
		done(bigcommerce.Answer{Status: 200, HasQuota: true, Quota: 10, Left: 0, Window: 30 * time.Second, Reset: 30 * time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		if _, err := l.Wait(ctx, bigcommerce.Call{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait = %v, want the context's error", err)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("it took %v", took)
		}
		if _, err := l.Wait(t.Context(), bigcommerce.Call{}); err != nil {
			t.Errorf("Wait = %v, want success in the next window", err)
		}
	})
}
