package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/internal/testenv"
)

func TestWithoutEpochNothingIsTaken(t *testing.T) {
	each(t, Options{Shards: 2}, func(t *testing.T, q *Queue, c *clock) {
		must(t, q.Enqueue(t.Context(), job("abc", "1")))
		l := claim(t, q)
		flushRedis(t, q)
		_, claimErr := q.Claim(t.Context(), 0)
		_, beatErr := q.Heartbeat(t.Context(), []*Lease{l})
		_, reapErr := q.Reap(t.Context())
		for what, err := range map[string]error{
			"Enqueue": q.Enqueue(t.Context(), job("abc", "2")), "Claim": claimErr, "Heartbeat": beatErr, "Reap": reapErr,
			"Ack": q.Ack(t.Context(), l), "Fail": q.Fail(t.Context(), l, c.Now()), "Dead": q.Dead(t.Context(), l),
			"Snooze": q.Snooze(t.Context(), l, c.Now()), "GiveBack": q.GiveBack(t.Context(), l),
		} {
			if !errors.Is(err, ErrNoEpoch) {
				t.Errorf("%s = %v, want ErrNoEpoch", what, err)
			}
		}
		needed, err := q.NeedsRebuild(t.Context())
		must(t, err)
		if !needed {
			t.Error("no rebuild is needed?")
		}
	})
}

func TestRebuild(t *testing.T) {
	each(t, Options{Shards: 2, StoreCap: 2000}, func(t *testing.T, q *Queue, c *clock) {
		flushRedis(t, q)
		away := errors.New("the database is away")
		if err := q.Rebuild(t.Context(), func(_ context.Context, emit func(Job) error) error {
			must(t, emit(job("abc", "abc-0")))
			return away
		}); !errors.Is(err, away) {
			t.Fatalf("Rebuild = %v, want the loader's error", err)
		}
		if _, err := q.Claim(t.Context(), 0); !errors.Is(err, ErrNoEpoch) {
			t.Fatalf("after half a rebuild Claim = %v, want ErrNoEpoch", err)
		}
		must(t, q.Rebuild(t.Context(), func(ctx context.Context, emit func(Job) error) error {
			must(t, q.Pause(ctx, "paused"))
			for _, j := range append(jobs("abc", 600), jobs("paused", 3)...) {
				if err := emit(j); err != nil {
					return err
				}
			}
			return nil
		}))
		must(t, q.Rebuild(t.Context(), func(context.Context, func(Job) error) error {
			t.Error("loaded twice")
			return nil
		}))
		seen := map[string]bool{}
		for range 600 {
			seen[claim(t, q).ID] = true
		}
		claimNothing(t, q)
		if len(seen) != 600 {
			t.Errorf("%d different jobs, want 600", len(seen))
		}
		noAudit(t, q)
	})
}

// TestOneProcessRebuilds: all meet ErrNoEpoch at once, one loads, all go on.
func TestOneProcessRebuilds(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		rdb := client(t, url)
		var loads atomic.Int32
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				q := New(rdb, Options{})
				err := q.Rebuild(t.Context(), func(_ context.Context, emit func(Job) error) error {
					loads.Add(1)
					return emit(job("abc", "1"))
				})
				if err == nil {
					_, err = q.Claim(t.Context(), 0)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := loads.Load(); n != 1 {
			t.Errorf("loaded %d times", n)
		}
	})
}

// TestRebuildLockRunsOut: a process that died while loading does not keep the others waiting for
// ever.
func TestRebuildLockRunsOut(t *testing.T) {
	each(t, Options{}, func(t *testing.T, q *Queue, c *clock) {
		flushRedis(t, q)
		if ok, err := q.lock(t.Context(), "dead", rebuildLock); err != nil || !ok {
			t.Fatal(ok, err)
		}
		if ok, err := q.lock(t.Context(), "other", rebuildLock); err != nil || ok {
			t.Fatal("two hold the lock", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		nothing := func(context.Context, func(Job) error) error { return nil }
		if err := q.Rebuild(ctx, nothing); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Rebuild = %v, want it to wait", err)
		}
		c.Add(rebuildLock)
		must(t, q.Rebuild(t.Context(), nothing))
	})
}

func TestAuditFixesCounters(t *testing.T) {
	each(t, Options{StoreCap: 2}, func(t *testing.T, q *Queue, _ *clock) {
		list := jobs("abc", 4)
		for i := range list {
			list[i].Class = ClassCustomers
		}
		must(t, q.Enqueue(t.Context(), list...))
		claim(t, q)
		key := q.shardKey(0, "t:abc")
		must(t, q.rdb.HSet(t.Context(), key, "inflight", 9, "jc:"+ClassCustomers, 9, "out", 9, "c:x", 2).Err())
		must(t, q.rdb.Del(t.Context(), q.shardKey(0, "ready")).Err())
		claimNothing(t, q)
		n, err := q.Audit(t.Context())
		must(t, err)
		if n != 5 { // and where the store stands
			t.Errorf("audit fixed %d fields, want 5", n)
		}
		claim(t, q)
		claimNothing(t, q) // the cap of 2
		noAudit(t, q)
	})
}

// A store's hash says where the store stands, how many jobs wait and when the first delayed one is
// due. If it is wrong, audit puts it right.
func TestAuditFixesWhatAHashSays(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, q *Queue, store string){
		"not in ready": func(t *testing.T, q *Queue, store string) {
			must(t, q.rdb.ZRem(t.Context(), q.shardKey(0, "ready"), store).Err())
		},
		"not parked": func(t *testing.T, q *Queue, store string) {
			must(t, q.rdb.ZRem(t.Context(), q.shardKey(0, "park"), store).Err())
		},
		"nothing due": func(t *testing.T, q *Queue, store string) {
			must(t, q.rdb.HDel(t.Context(), q.shardKey(0, "t:"+store), "due").Err())
		},
		"too few waiting": func(t *testing.T, q *Queue, store string) {
			must(t, q.rdb.HSet(t.Context(), q.shardKey(0, "t:"+store), "n", 1, "st", 0).Err())
			must(t, q.rdb.ZRem(t.Context(), q.shardKey(0, "ready"), store).Err())
		},
		"too many waiting": func(t *testing.T, q *Queue, store string) {
			must(t, q.rdb.HSet(t.Context(), q.shardKey(0, "t:"+store), "n", 7).Err())
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, Options{}, func(t *testing.T, q *Queue, c *clock) {
				now, later := job("abc", "now"), job("def", "later")
				later.RunAt = c.Now().Add(time.Minute)
				must(t, q.Enqueue(t.Context(), now, later))
				noAudit(t, q)
				spoil(t, q, "abc")
				spoil(t, q, "def")
				if n, err := q.Audit(t.Context()); err != nil || n == 0 {
					t.Errorf("audit fixed %d fields, %v", n, err)
				}
				noAudit(t, q)
				if l := claim(t, q); l.ID != "now" {
					t.Errorf("claimed %s", l.ID)
				}
				claimNothing(t, q)
				c.Add(time.Minute)
				if l := claim(t, q); l.ID != "later" {
					t.Errorf("claimed %s", l.ID)
				}
			})
		})
	}
}

// A process of a version that does not count what waits may put a store into ready: that it is
// there is believed.
func TestReadyIsBelieved(t *testing.T) {
	each(t, Options{}, func(t *testing.T, q *Queue, _ *clock) {
		must(t, q.Enqueue(t.Context(), job("abc", "a"), job("abc", "b"), job("abc", "c")))
		none := func() { must(t, q.rdb.HSet(t.Context(), q.shardKey(0, "t:abc"), "n", 1).Err()) }
		none()
		l := claim(t, q)
		none()
		must(t, q.Ack(t.Context(), l))
		if next := claim(t, q); l.ID != "a" || next.ID != "b" {
			t.Errorf("claimed %s, then %s", l.ID, next.ID)
		}
	})
}

func TestEvents(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		q := ready(t, client(t, url), Options{})
		events, stop, err := q.Subscribe(t.Context(), "abc")
		must(t, err)
		defer stop()
		must(t, q.Publish(t.Context(), "other", "not for abc"))
		must(t, q.Publish(t.Context(), "abc", "one"))
		must(t, q.Publish(t.Context(), "abc", "two"))
		if d := cmp.Diff([]string{"one", "two"}, []string{<-events, <-events}); d != "" {
			t.Error(d)
		}
		stop()
		stop()
		if e, open := <-events; open {
			t.Errorf("got %q after stop", e)
		}
		ctx, cancel := context.WithCancel(t.Context())
		events, stop, err = q.Subscribe(ctx, "abc")
		must(t, err)
		cancel()
		if e, open := <-events; open {
			t.Errorf("got %q after the context's end", e)
		}
		stop()
	})
}

// TestSlowSubscriber: the newest event is never the one that is dropped.
func TestSlowSubscriber(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		q := ready(t, client(t, url), Options{})
		events, stop, err := q.Subscribe(t.Context(), "abc")
		must(t, err)
		defer stop()
		const last = 3 * eventBuffer
		for i := range last + 1 {
			must(t, q.Publish(t.Context(), "abc", fmt.Sprint(i)))
		}
		for n := 0; ; n++ {
			if <-events == fmt.Sprint(last) {
				return
			}
			if n > last {
				t.Fatal("the last event is missing")
			}
		}
	})
}

func TestRedisAway(t *testing.T) {
	rdb := client(t, testenv.EmbeddedRedis(t))
	q := ready(t, rdb, Options{})
	must(t, rdb.Close())
	_, subErr := errOf3(q.Subscribe(t.Context(), "abc"))
	_, claimErr := q.Claim(t.Context(), 0)
	_, waitErr := q.Limiter("abc", time.Second).Wait(t.Context(), bulk)
	_, quotaErr := q.Quota(t.Context(), "abc")
	_, needErr := q.NeedsRebuild(t.Context())
	_, auditErr := q.Audit(t.Context())
	for what, err := range map[string]error{
		"Enqueue": q.Enqueue(t.Context(), job("abc", "1")), "Claim": claimErr, "Subscribe": subErr, "Wait": waitErr,
		"Quota": quotaErr, "NeedsRebuild": needErr, "Audit": auditErr, "Publish": q.Publish(t.Context(), "abc", "x"),
		"Purge": q.Purge(t.Context(), "abc"),
	} {
		if err == nil || errors.Is(err, ErrNoEpoch) {
			t.Errorf("%s = %v, want Redis' error", what, err)
		}
		if what != "NeedsRebuild" && what != "Audit" && problem.CodeOf(err) != problem.Unavailable {
			t.Errorf("%s = %v, want that it is unavailable", what, err)
		}
	}
}

func TestOnlyAnAbsentRedisIsUnavailable(t *testing.T) {
	refused := client(t, "redis://127.0.0.1:1/0")
	for name, tt := range map[string]struct {
		err  error
		want problem.Code
	}{
		"nobody listens": {refused.Ping(t.Context()).Err(), problem.Unavailable},
		"deadline":       {context.DeadlineExceeded, problem.Unavailable},
		"cut":            {io.EOF, problem.Unavailable},
		"a bug of ours":  {errors.New("ERR wrong number of arguments"), problem.Internal},
		"caller left":    {context.Canceled, problem.CodeOf(context.Canceled)},
	} {
		if got := problem.CodeOf(failure("state", tt.err)); got != tt.want {
			t.Errorf("%s: %v is %s, want %s", name, tt.err, got, tt.want)
		}
	}
}

func errOf3[A, B any](_ A, _ B, err error) (A, error) { var zero A; return zero, err }
