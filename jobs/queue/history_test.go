package queue

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/testenv"
)

// saved is where a test's flushes go: the minutes by store and time, the last one counts.
type saved map[string]Minute

func (s saved) save(_ context.Context, minutes []Minute) error {
	for _, m := range minutes {
		s[fmt.Sprint(m.Store, " ", m.At.Unix()/60)] = m
	}
	return nil
}

func flush(t *testing.T, q *Queue, save func(context.Context, []Minute) error) int {
	t.Helper()
	n, err := q.FlushMinutes(t.Context(), save)
	must(t, err)
	return n
}

// over moves the clock to where every minute so far is over.
func over(c *clock) { c.Add(time.Minute + flushGrace) }

// ended is what the history has of store abc, whose minutes are all over.
func (g governor) ended() []Minute {
	g.t.Helper()
	over(g.c)
	var all []Minute
	flush(g.t, g.q, func(_ context.Context, minutes []Minute) error {
		all = append(all, minutes...)
		return nil
	})
	for i := range all {
		all[i].Store, all[i].At = "", time.Time{}
	}
	return all
}

func (g governor) want(want ...Minute) {
	g.t.Helper()
	if diff := cmp.Diff(want, g.ended()); diff != "" {
		g.t.Errorf("history (-want +got):\n%s", diff)
	}
}

const window = 30 * time.Second

func TestHistoryTellsOursFromOthers(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(g governor)
		want Minute
	}{
		{"alone", func(g governor) {
			for left := 149; left >= 140; left-- {
				g.observe(g.admitted(bulk), ok(150, left, 20*time.Second))
			}
		}, Minute{Used: 10, LeftMin: 140, Quota: 150, Window: window}},
		{"what was used before the first answer is nobody's", func(g governor) {
			g.observe(g.admitted(bulk), ok(150, 50, 20*time.Second))
			g.observe(g.admitted(bulk), ok(150, 49, 20*time.Second))
		}, Minute{Used: 2, LeftMin: 49, Quota: 150, Window: window}},
		{"others between our answers", func(g governor) {
			g.observe(g.admitted(bulk), ok(150, 149, 20*time.Second))
			g.observe(g.admitted(bulk), ok(150, 138, 20*time.Second)) // ten were not ours
			g.observe(g.admitted(bulk), ok(150, 130, 20*time.Second)) // seven
		}, Minute{Used: 3, Others: 17, LeftMin: 130, Quota: 150, Window: window}},
		{"requests on their way are ours", func(g governor) {
			a := g.admitted(bulk)
			g.observe(a, ok(150, 149, 20*time.Second))
			a, b := g.admitted(bulk), g.admitted(bulk)
			g.observe(b, ok(150, 147, 20*time.Second))
			g.observe(a, ok(150, 148, 20*time.Second)) // answered before, seen later
		}, Minute{Used: 3, LeftMin: 147, Quota: 150, Window: window}},
		{"others in a window that we come to late", func(g governor) {
			g.observe(g.admitted(bulk), ok(150, 149, time.Second))
			g.c.Add(3 * time.Second)
			g.observe(g.admitted(bulk), ok(150, 109, 20*time.Second))
		}, Minute{Used: 2, Others: 40, LeftMin: 109, Quota: 150, Window: window}},
		{"each window anew", func(g governor) {
			g.observe(g.admitted(bulk), ok(150, 149, 2*time.Second))
			g.observe(g.admitted(bulk), ok(150, 143, 2*time.Second))
			g.c.Add(3 * time.Second)
			g.observe(g.admitted(bulk), ok(150, 144, 29*time.Second))
			g.observe(g.admitted(bulk), ok(150, 141, 29*time.Second))
		}, Minute{Used: 4, Others: 5 + 5 + 2, LeftMin: 141, Quota: 150, Window: window}},
		{"lost and failed requests are used and not others'", func(g governor) {
			g.observe(g.admitted(bulk), ok(150, 149, 20*time.Second))
			g.observe(g.admitted(bulk), bigcommerce.Answer{Lost: true})
			g.observe(g.admitted(bulk), bigcommerce.Answer{Status: 503})
			g.observe(g.admitted(bulk), ok(150, 146, 20*time.Second))
		}, Minute{Used: 4, LeftMin: 146, Quota: 150, Window: window}},
		{"an answer told twice counts once", func(g governor) {
			d := g.admitted(bulk)
			g.observe(d, ok(150, 149, 20*time.Second))
			g.observe(d, ok(150, 149, 20*time.Second))
		}, Minute{Used: 1, LeftMin: 149, Quota: 150, Window: window}},
		{"cost", func(g governor) {
			g.observe(g.admitted(bulk), ok(150, 149, 20*time.Second))
			g.observe(g.admitted(bigcommerce.Call{Cost: 5}), ok(150, 140, 20*time.Second))
		}, Minute{Used: 6, Others: 4, LeftMin: 140, Quota: 150, Window: window}},
		{"answers without headers", func(g governor) {
			g.observe(g.admitted(bulk), bigcommerce.Answer{Status: 200})
		}, Minute{Used: 1, LeftMin: -1}},
		{"a plan that changes", func(g governor) {
			g.observe(g.admitted(bulk), ok(150, 149, 2*time.Second))
			g.c.Add(3 * time.Second)
			g.observe(g.admitted(bulk), ok(450, 449, 29*time.Second))
			g.observe(g.admitted(bulk), ok(450, 448, 29*time.Second))
		}, Minute{Used: 3, LeftMin: 149, Quota: 450, Window: window}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			governed(t, func(t *testing.T, g governor) {
				tt.do(g)
				g.want(tt.want)
			})
		})
	}
}

func TestHistoryOfRefusals(t *testing.T) {
	const tooMany = http.StatusTooManyRequests
	for _, tt := range []struct {
		name    string
		answers []bigcommerce.Answer
		want    Minute
	}{
		// Others took the whole window: the refused requests used nothing of it.
		{"quota", []bigcommerce.Answer{status(ok(150, 0, 20*time.Second), tooMany), status(ok(150, 0, 20*time.Second), tooMany)},
			Minute{Used: 3, Others: 147, Quota: 150, Window: window, ByQuota: 2}},
		{"concurrency", []bigcommerce.Answer{status(ok(150, 146, 20*time.Second), tooMany), status(ok(150, 145, 20*time.Second), tooMany)},
			Minute{Used: 5, LeftMin: 145, Quota: 150, Window: window, ByConcurrency: 2}},
		{"platform load", []bigcommerce.Answer{{Status: tooMany}, retryAfter(bigcommerce.Answer{Status: tooMany}, time.Second)},
			Minute{Used: 5, LeftMin: 147, Quota: 150, Window: window, ByLoad: 2}},
		{"one of each", []bigcommerce.Answer{{Status: tooMany}, status(ok(150, 145, 20*time.Second), tooMany), status(ok(150, 0, 20*time.Second), tooMany)},
			Minute{Used: 5, Others: 145, Quota: 150, Window: window, ByQuota: 1, ByConcurrency: 1, ByLoad: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			governed(t, func(t *testing.T, g governor) {
				for left := 149; left >= 147; left-- {
					g.observe(g.admitted(bulk), ok(150, left, 20*time.Second))
				}
				// All are on their way before the first is refused.
				sent := make([]Decision, len(tt.answers))
				for i := range sent {
					sent[i] = g.admitted(bulk)
				}
				for i, a := range tt.answers {
					g.observe(sent[i], a)
				}
				g.want(tt.want)
			})
		})
	}
}

func TestHistoryMinutesRoll(t *testing.T) {
	governed(t, func(t *testing.T, g governor) {
		begin := g.c.Now().Truncate(time.Minute)
		g.c.Add(begin.Add(59 * time.Second).Sub(g.c.Now()))
		kept := saved{}
		g.observe(g.admitted(bulk), ok(150, 149, 20*time.Second))
		g.c.Add(time.Second - time.Millisecond)
		g.observe(g.admitted(bulk), ok(150, 148, 19*time.Second))
		g.c.Add(time.Millisecond)
		g.observe(g.admitted(bulk), ok(150, 146, 19*time.Second)) // the next minute; another app has come
		if n := flush(t, g.q, kept.save); n != 0 {
			t.Errorf("%d minutes were flushed at the turn of the minute", n)
		}
		g.c.Add(flushGrace)
		if n := flush(t, g.q, kept.save); n != 1 {
			t.Errorf("%d minutes were flushed, want the one that is over", n)
		}
		g.observe(g.admitted(bulk), ok(150, 145, 17*time.Second)) // the second minute goes on
		over(g.c)
		if n := flush(t, g.q, kept.save); n != 1 {
			t.Errorf("%d minutes were flushed, want 1", n)
		}
		at := begin.UTC()
		want := saved{}
		must(t, want.save(t.Context(), []Minute{
			{Store: "abc", At: at, Used: 2, LeftMin: 148, Quota: 150, Window: window},
			{Store: "abc", At: at.Add(time.Minute), Used: 2, Others: 1, LeftMin: 145, Quota: 150, Window: window},
		}))
		if diff := cmp.Diff(want, kept); diff != "" {
			t.Errorf("minutes (-want +got):\n%s", diff)
		}
		for _, k := range keys(t, g.q) {
			if strings.HasSuffix(k, ":m:abc") || strings.HasSuffix(k, ":minutes") {
				t.Errorf("key %s is left", k)
			}
		}
	})
}

// TestHistoryFlush: whatever fails on the way, each minute arrives with its final values and is
// forgotten after that.
func TestHistoryFlush(t *testing.T) {
	each(t, Options{Shards: 3}, func(t *testing.T, q *Queue, c *clock) {
		stores := make([]string, flushStores+50)
		for i := range stores {
			stores[i] = fmt.Sprintf("s%d", i)
			d, err := q.Reserve(t.Context(), stores[i], bulk)
			must(t, err)
			must(t, q.Observe(t.Context(), stores[i], d, ok(150, 149, time.Minute)))
		}
		over(c)
		failed := errors.New("the database is away")
		if _, err := q.FlushMinutes(t.Context(), func(context.Context, []Minute) error { return failed }); !errors.Is(err, failed) {
			t.Fatalf("error %v", err)
		}
		// A process dies between saving and forgetting: its Redis goes away in its hands.
		kept := saved{}
		dying, die := context.WithCancel(t.Context())
		_, err := q.FlushMinutes(dying, func(ctx context.Context, minutes []Minute) error {
			die()
			return kept.save(ctx, minutes)
		})
		if !errors.Is(err, context.Canceled) || len(kept) == 0 {
			t.Fatalf("error %v, %d minutes saved", err, len(kept))
		}
		first := len(kept)
		if n := flush(t, q, kept.save); n != len(stores) {
			t.Errorf("%d minutes were flushed, want all %d: the %d that were saved before come again", n, len(stores), first)
		}
		if len(kept) != len(stores) {
			t.Errorf("%d minutes were saved, want %d", len(kept), len(stores))
		}
		for at, m := range kept {
			if m.Used != 1 || m.LeftMin != 149 {
				t.Fatalf("%s: %+v", at, m)
			}
		}
		if n := flush(t, q, func(context.Context, []Minute) error { return failed }); n != 0 {
			t.Errorf("%d minutes came again", n)
		}
	})
}

// TestHistoryFlushOneAtATime: while one process saves, others find nothing to do, until it dies and
// its lock runs out.
func TestHistoryFlushOneAtATime(t *testing.T) {
	each(t, Options{}, func(t *testing.T, q *Queue, c *clock) {
		d, err := q.Reserve(t.Context(), "abc", bulk)
		must(t, err)
		must(t, q.Observe(t.Context(), "abc", d, ok(150, 149, time.Minute)))
		over(c)
		n := flush(t, q, func(ctx context.Context, minutes []Minute) error {
			n, err := q.FlushMinutes(ctx, func(context.Context, []Minute) error { return errors.New("twice") })
			if n != 0 || err != nil {
				t.Errorf("another process flushed %d, %v", n, err)
			}
			return nil
		})
		if n != 1 {
			t.Errorf("%d minutes were flushed, want 1", n)
		}
		if got, err := q.lockShard(t.Context(), 0, "flush", "of a process that died", flushLock); err != nil || !got {
			t.Fatalf("the lock was not let go: %v, %v", got, err)
		}
		d, err = q.Reserve(t.Context(), "abc", bulk)
		must(t, err)
		must(t, q.Observe(t.Context(), "abc", d, ok(150, 148, time.Minute)))
		c.Add(flushLock - time.Second)
		if n := flush(t, q, saved{}.save); n != 0 {
			t.Errorf("%d minutes were flushed in spite of the lock", n)
		}
		over(c)
		if n := flush(t, q, saved{}.save); n != 1 {
			t.Errorf("%d minutes were flushed after the lock ran out, want 1", n)
		}
	})
}

// TestHistoryThatChangesMeanwhile: Redis' clock is set back after a minute was listed, so it goes
// on. It must come again.
func TestHistoryThatChangesMeanwhile(t *testing.T) {
	governed(t, func(t *testing.T, g governor) {
		g.observe(g.admitted(bulk), ok(150, 149, 20*time.Second))
		over(g.c)
		back := time.Minute + flushGrace
		kept := saved{}
		n := flush(t, g.q, func(ctx context.Context, minutes []Minute) error {
			g.c.Add(-back)
			g.observe(g.admitted(bulk), ok(150, 148, 20*time.Second))
			g.c.Add(back)
			return kept.save(ctx, minutes)
		})
		if n != 0 {
			t.Errorf("%d minutes were forgotten", n)
		}
		flush(t, g.q, kept.save)
		if len(kept) != 1 {
			t.Fatalf("minutes %v", kept)
		}
		for _, m := range kept {
			if m.Used != 2 {
				t.Errorf("used %d, want 2", m.Used)
			}
		}
	})
}

// TestHistoryIsBounded: when nothing takes the minutes to SQL, a store keeps those of a day, and
// the key expires.
func TestHistoryIsBounded(t *testing.T) {
	const day = 24 * 60
	testenv.EachRedis(t, func(t *testing.T, url string) {
		c := newClock()
		q := ready(t, client(t, url), Options{Now: c.Now})
		c.Add(30 * time.Second)
		key, this := q.shardKey(0, "m:abc"), c.Now().Unix()/60
		old := map[string]any{}
		for i := range day + 10 {
			old[fmt.Sprint(this-1-int64(i))] = "1,0,149,150,30000,0,0,0"
		}
		must(t, q.rdb.HSet(t.Context(), key, old).Err())
		must(t, q.rdb.ZAdd(t.Context(), q.shardKey(0, "minutes"), z(0, "abc"), z(0, "expired")).Err())
		d, err := q.Reserve(t.Context(), "abc", bulk)
		must(t, err)
		must(t, q.Observe(t.Context(), "abc", d, ok(150, 149, 20*time.Second)))
		if n := q.rdb.HLen(t.Context(), key).Val(); n != day {
			t.Errorf("%d minutes are kept, want %d", n, day)
		}
		if ttl := q.rdb.TTL(t.Context(), key).Val(); ttl < 23*time.Hour || ttl > 24*time.Hour {
			t.Errorf("the key expires in %v", ttl)
		}
		if n := flush(t, q, saved{}.save); n != day-1 {
			t.Errorf("%d minutes were flushed, want %d: all but the one that goes on", n, day-1)
		}
		if left := q.rdb.ZRange(t.Context(), q.shardKey(0, "minutes"), 0, -1).Val(); len(left) != 1 || left[0] != "abc" {
			t.Errorf("stores with minutes: %v, want abc alone", left)
		}
	})
}

// TestHistoryCostsNoTrips: a chain of requests is one round trip each, as it was before there was a
// history.
func TestHistoryCostsNoTrips(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		rdb := client(t, url)
		q := ready(t, rdb, Options{})
		count := &trips{}
		l := q.Limiter("abc", time.Minute).(*limiter)
		answer := bigcommerce.Answer{Status: 200, HasQuota: true, Quota: 1 << 20, Left: 1 << 19, Window: time.Hour, Reset: time.Hour}
		request := func() {
			done, err := l.Wait(t.Context(), bulk)
			must(t, err)
			done(answer)
			l.mu.Lock() // what no request takes along within some ms would be a trip of its own, on a slow machine
			l.timer.Stop()
			l.mu.Unlock()
		}
		request() // loads the script
		rdb.AddHook(count)
		for range 100 {
			request()
		}
		if n := count.n.Load(); n != 100 {
			t.Errorf("100 requests took %d round trips", n)
		}
		l.flush()
	})
}
