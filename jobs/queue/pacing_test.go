package queue

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"sluice/internal/bigcommerce"
)

// backlog sends bulk requests, one after the other, until the time is up, and counts them by tenths
// of a window.
func backlog(t *testing.T, l bigcommerce.Limiter, s *store, d time.Duration) map[int]int {
	t.Helper()
	start, sent := time.Now(), map[int]int{}
	for time.Since(start) < d {
		done, err := l.Wait(t.Context(), bulk)
		var none *bigcommerce.NoQuotaError
		if errors.As(err, &none) {
			time.Sleep(max(time.Until(none.Until), time.Millisecond))
			continue
		}
		must(t, err)
		done(s.call(time.Sleep))
		sent[int(10*time.Since(start)/s.window)]++
	}
	return sent
}

// TestBacklogIsSpread: the first window's quota goes at once, since the work may be done with it;
// the windows after it are spread, whole, and a person's request finds room at any time.
func TestBacklogIsSpread(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue) {
		s := &store{quota: 150, window: 30 * time.Second, rnd: rand.New(rand.NewPCG(1, 2)), there: 10 * time.Millisecond, work: 60 * time.Millisecond, back: 10 * time.Millisecond}
		time.Sleep(time.Until(time.Now().Truncate(s.window).Add(s.window)))
		person, start, asked := q.Limiter("abc", 0), time.Now(), 0
		go func() {
			for range 30 { // at odd times
				time.Sleep(2900 * time.Millisecond)
				if ms := time.Now().UnixMilli() % 30_000; time.Since(start) < s.window || ms > 24_000 {
					continue // the first window and the last fifth of any may be used up
				}
				asked++
				done, err := person.Wait(t.Context(), bigcommerce.Call{Cost: 1, Interactive: true})
				if err != nil {
					t.Errorf("a person's request at %d ms of a window: %v", time.Now().UnixMilli()%30_000, err)
					continue
				}
				done(s.call(time.Sleep))
			}
		}()
		sent := backlog(t, q.Limiter("abc", 0), s, 3*s.window)
		if asked < 15 {
			t.Errorf("a person asked %d times only", asked)
		}
		if total, over := s.counts(); over != 0 || total < 3*147 {
			t.Errorf("%d requests, %d over the quota; want 441 to 450, 0", total, over)
		}
		if n := sent[0] + sent[1] + sent[2]; n < 120 {
			t.Errorf("%d requests in the first window's first third: it should not be paced", n)
		}
		for window := 1; window < 3; window++ {
			for tenth := range 10 {
				n, most := sent[10*window+tenth], 30
				if tenth == 0 {
					most = 60 // the quarter that may go at once, and a portion
				}
				if n > most {
					t.Errorf("window %d: %d requests in tenth %d, want at most %d: %v", window, n, tenth, most, sent)
				}
			}
			half := 0
			for tenth := range 5 {
				half += sent[10*window+tenth]
			}
			if half > 105 {
				t.Errorf("window %d: %d requests in its first half: %v", window, half, sent)
			}
		}
	})
}

// TestPacingEndsWithTheBacklog: work that fits into a window is never held back, also after a busy
// time.
func TestPacingEndsWithTheBacklog(t *testing.T) {
	governed(t, func(t *testing.T, g governor) {
		g.observe(g.admitted(bulk), ok(100, 99, 30*time.Second))
		for left := 98; left >= 10; left-- {
			g.observe(g.admitted(bulk), ok(100, left, 30*time.Second))
		}
		g.refused(bulk, "kept", 23*time.Second, 25*time.Second)
		g.c.Add(31 * time.Second)
		for left := 99; left >= 72; left-- { // a quarter at once
			g.observe(g.admitted(bulk), ok(100, left, 29*time.Second))
		}
		g.refused(bulk, "pace", 2*time.Second, 5*time.Second)
		g.observe(g.admitted(person), ok(100, 71, 29*time.Second))
		g.c.Add(30 * time.Second) // held back once more, but nobody came for the portions: then again, and it is over
		for range 2 {
			g.observe(g.admitted(bulk), ok(100, 99, 29*time.Second))
			g.c.Add(30 * time.Second)
		}
		for left := 99; left >= 30; left-- {
			g.observe(g.admitted(bulk), ok(100, left, 29*time.Second))
		}
	})
}
