package queue

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/testenv"
)

func TestJobComesBackAsEnqueued(t *testing.T) {
	each(t, Options{}, func(t *testing.T, q *Queue, c *clock) {
		want := Job{
			ID: "1", Store: "abc", Kind: "run", Payload: []byte{0, 1, 0xff, '\n'}, Lane: LaneOrders, Class: ClassCustomers,
			Cost: 7, RunAt: c.Now(), Coalesce: "flow:1",
		}
		must(t, q.Enqueue(t.Context(), want))
		must(t, q.Enqueue(t.Context(), want)) // again: nothing happens
		l := claim(t, q)
		must(t, q.Enqueue(t.Context(), want)) // not while it runs either
		if d := cmp.Diff(want, l.Job); d != "" {
			t.Errorf("job changed (-want +got):\n%s", d)
		}
		if l.Attempt != 1 || l.Token == "" || !l.Expires.Equal(c.Now().Add(30*time.Second)) {
			t.Errorf("lease = attempt %d, token %q, expires %v", l.Attempt, l.Token, l.Expires)
		}
		claimNothing(t, q)
		must(t, q.Ack(t.Context(), l))
		claimNothing(t, q)
		if err := q.Ack(t.Context(), l); !errors.Is(err, ErrLeaseLost) {
			t.Errorf("second Ack = %v, want ErrLeaseLost", err)
		}
		noAudit(t, q)
		for _, k := range keys(t, q) {
			if strings.Contains(k, ":j:") || strings.Contains(k, ":q:") || strings.Contains(k, ":k:") || strings.HasSuffix(k, "lease") {
				t.Errorf("%s is left over", k)
			}
		}
	})
}

func TestEnqueueRefuses(t *testing.T) {
	each(t, Options{MaxWaiting: 3}, func(t *testing.T, q *Queue, _ *clock) {
		for _, bad := range []Job{
			{Store: "abc", Kind: "k"}, {ID: "1", Kind: "k"}, {ID: "1", Store: "abc"},
			{ID: "1", Store: "abc", Kind: "k", Class: "a\nb"}, {ID: "1", Store: "abc", Kind: "k", Class: "a|b"},
		} {
			if err := q.Enqueue(t.Context(), bad); err == nil {
				t.Errorf("%+v was taken", bad)
			}
		}
		ids, err := q.EnqueueIDs(t.Context(), append(jobs("abc", 5), job("other", "o"))...)
		must(t, err)
		if d := cmp.Diff([]string{"abc-0", "abc-1", "abc-2", "", "", "o"}, ids); d != "" {
			t.Error(d)
		}
		if err := q.Enqueue(t.Context(), job("abc", "late")); !errors.Is(err, ErrFull) {
			t.Errorf("Enqueue = %v, want ErrFull", err)
		}
		must(t, q.Ack(t.Context(), claim(t, q)))
		must(t, q.Ack(t.Context(), claim(t, q))) // one of them was abc's
		must(t, q.Enqueue(t.Context(), job("abc", "late")))
	})
}

func TestOrder(t *testing.T) {
	each(t, Options{StoreCap: 100}, func(t *testing.T, q *Queue, c *clock) {
		add := func(id string, lane Lane, at time.Time) {
			must(t, q.Enqueue(t.Context(), Job{ID: id, Store: "abc", Kind: "k", Lane: lane, RunAt: at}))
		}
		now := c.Now()
		add("bulk1", LaneBulk, now)
		add("bulk2", "", now)
		add("later", LaneInteractive, now.Add(time.Minute))
		add("orders1", LaneOrders, now)
		add("person", LaneInteractive, time.Time{})
		add("orders2", LaneOrders, now)
		var got []string
		for range 5 {
			got = append(got, claim(t, q).ID)
		}
		claimNothing(t, q)
		c.Add(time.Minute - time.Millisecond)
		claimNothing(t, q)
		c.Add(time.Millisecond)
		got = append(got, claim(t, q).ID)
		if d := cmp.Diff([]string{"person", "orders1", "orders2", "bulk1", "bulk2", "later"}, got); d != "" {
			t.Errorf("order (-want +got):\n%s", d)
		}
		noAudit(t, q)
	})
}

// TestFairness: a store with one job does not wait for a store with ten thousand.
func TestFairness(t *testing.T) {
	each(t, Options{StoreCap: 1000}, func(t *testing.T, q *Queue, _ *clock) {
		must(t, q.Enqueue(t.Context(), jobs("big", 10_000)...))
		for range 5 {
			must(t, q.Ack(t.Context(), claim(t, q)))
		}
		must(t, q.Enqueue(t.Context(), job("small", "one")))
		claims := 0
		for l := claim(t, q); l.Store != "small"; l = claim(t, q) {
			if claims++; claims > 1 {
				t.Fatal("the small store waited for more than one claim")
			}
		}
	})
}

// TestWeights: over many claims, stores are served in proportion to weight and in inverse
// proportion to cost.
func TestWeights(t *testing.T) {
	each(t, Options{StoreCap: 1000}, func(t *testing.T, q *Queue, _ *clock) {
		must(t, q.SetWeight(t.Context(), "heavy", 3))
		must(t, q.Enqueue(t.Context(), jobs("heavy", 100)...))
		must(t, q.Enqueue(t.Context(), jobs("light", 100)...))
		costly := jobs("costly", 100)
		for i := range costly {
			costly[i].Cost = 2
		}
		must(t, q.Enqueue(t.Context(), costly...))
		n := map[string]int{}
		for range 90 {
			n[claim(t, q).Store]++
		}
		want := map[string]int{"heavy": 60, "light": 20, "costly": 10}
		for s, w := range want {
			if n[s] < w-2 || n[s] > w+2 {
				t.Errorf("%s was served %d times of 90, want about %d", s, n[s], w)
			}
		}
	})
}

func TestCaps(t *testing.T) {
	each(t, Options{StoreCap: 4}, func(t *testing.T, q *Queue, _ *clock) {
		list := jobs("abc", 10)
		for i := range 5 {
			list[i].Class = ClassCustomers // 3 at once
		}
		must(t, q.Enqueue(t.Context(), list...))
		a, b, c, other := claim(t, q), claim(t, q), claim(t, q), claim(t, q)
		if a.Class != ClassCustomers || b.Class != ClassCustomers || c.Class != ClassCustomers || other.Class != "" {
			t.Errorf("classes %q, %q, %q, %q: want the class's 3, then one without", a.Class, b.Class, c.Class, other.Class)
		}
		claimNothing(t, q) // the store's cap
		must(t, q.SetCap(t.Context(), "abc", 5))
		if l := claim(t, q); l.Class != "" {
			t.Errorf("claimed class %q over its cap", l.Class)
		}
		claimNothing(t, q)
		must(t, q.Ack(t.Context(), a))
		if l := claim(t, q); l.Class != ClassCustomers {
			t.Errorf("claimed class %q, want the older jobs of the class that has room", l.Class)
		}
		must(t, q.SetCap(t.Context(), "abc", 0)) // back to 4
		must(t, q.Ack(t.Context(), b))
		claimNothing(t, q)
		noAudit(t, q)
	})
}

func TestFailSnoozeGiveBack(t *testing.T) {
	each(t, Options{}, func(t *testing.T, q *Queue, c *clock) {
		must(t, q.Enqueue(t.Context(), job("abc", "1"), job("abc", "2")))
		next := func(attempt int) *Lease {
			t.Helper()
			l := claim(t, q)
			if l.ID != "1" || l.Attempt != attempt {
				t.Fatalf("claimed %s, attempt %d; want 1, attempt %d", l.ID, l.Attempt, attempt)
			}
			return l
		}
		l := next(1)
		must(t, q.GiveBack(t.Context(), l)) // keeps its place in the order
		l = next(1)
		must(t, q.Snooze(t.Context(), l, c.Now().Add(time.Second)))
		two := claim(t, q)
		claimNothing(t, q)
		c.Add(time.Second)
		l = next(1)
		must(t, q.Fail(t.Context(), l, c.Now().Add(time.Minute)))
		for what, err := range map[string]error{
			"Ack": q.Ack(t.Context(), l), "Fail": q.Fail(t.Context(), l, c.Now()), "Dead": q.Dead(t.Context(), l),
			"Snooze": q.Snooze(t.Context(), l, c.Now()), "GiveBack": q.GiveBack(t.Context(), l),
		} {
			if !errors.Is(err, ErrLeaseLost) {
				t.Errorf("%s of a job that is no longer held = %v, want ErrLeaseLost", what, err)
			}
		}
		must(t, q.Ack(t.Context(), two))
		c.Add(time.Minute)
		l = next(2)
		must(t, q.Dead(t.Context(), l))
		c.Add(time.Hour)
		claimNothing(t, q)
		must(t, q.Enqueue(t.Context(), job("abc", "1"))) // a person retries it
		next(1)
		noAudit(t, q)
	})
}

func TestLostLease(t *testing.T) {
	each(t, Options{LeaseFor: 10 * time.Second}, func(t *testing.T, q *Queue, c *clock) {
		must(t, q.Enqueue(t.Context(), job("abc", "1"), job("xyz", "2")))
		a, b := claim(t, q), claim(t, q)
		beat := func(want ...string) {
			t.Helper()
			lost, err := q.Heartbeat(t.Context(), []*Lease{a, b})
			must(t, err)
			if d := cmp.Diff(want, lost); d != "" {
				t.Errorf("lost (-want +got):\n%s", d)
			}
		}
		reap := func(want int) {
			t.Helper()
			n, err := q.Reap(t.Context())
			must(t, err)
			if n != want {
				t.Errorf("reaped %d, want %d", n, want)
			}
		}
		c.Add(9 * time.Second)
		beat()
		c.Add(9 * time.Second)
		reap(0)
		c.Add(2 * time.Second)
		if _, err := q.Heartbeat(t.Context(), []*Lease{b}); err != nil { // late, but before anyone noticed
			t.Fatal(err)
		}
		reap(1)
		beat("1")
		reap(0)
		again := claim(t, q)
		if again.ID != "1" || again.Attempt != 2 || again.Token == a.Token {
			t.Errorf("claimed %s attempt %d, want 1 for the second time under another token", again.ID, again.Attempt)
		}
		if err := q.Ack(t.Context(), a); !errors.Is(err, ErrLeaseLost) {
			t.Errorf("the old holder's Ack = %v, want ErrLeaseLost", err)
		}
		must(t, q.Ack(t.Context(), again))
		must(t, q.Ack(t.Context(), b))
		noAudit(t, q)
	})
}

func TestCoalescing(t *testing.T) {
	each(t, Options{}, func(t *testing.T, q *Queue, c *clock) {
		event := func(id, payload, wantID string) {
			t.Helper()
			ids, err := q.EnqueueIDs(t.Context(), Job{ID: id, Store: "abc", Kind: "k", Payload: []byte(payload), Coalesce: "product:7"})
			must(t, err)
			if ids[0] != wantID {
				t.Errorf("event %s is under %q, want %q", id, ids[0], wantID)
			}
		}
		next := func(id, payload string) *Lease {
			t.Helper()
			l := claim(t, q)
			if l.ID != id || string(l.Payload) != payload {
				t.Errorf("claimed %s with %q, want %s with %q", l.ID, l.Payload, id, payload)
			}
			return l
		}
		event("1", "a", "1")
		event("2", "b", "1") // waits already: newer payload
		l := next("1", "b")
		event("3", "c", "3") // runs: once more afterwards
		event("4", "d", "3")
		claimNothing(t, q)
		must(t, q.Fail(t.Context(), l, c.Now().Add(time.Minute)))
		claimNothing(t, q)
		event("5", "e", "3")
		c.Add(time.Minute)
		l = next("1", "b")
		must(t, q.Ack(t.Context(), l))
		l = next("3", "e")
		event("6", "f", "6")
		must(t, q.Dead(t.Context(), l)) // given up, but what came later is not
		l = next("6", "f")
		must(t, q.Ack(t.Context(), l))
		claimNothing(t, q)
		event("7", "g", "7")
		must(t, q.Enqueue(t.Context(), Job{ID: "8", Store: "other", Kind: "k", Coalesce: "product:7"})) // another store's is another
		for range 2 {
			must(t, q.Ack(t.Context(), claim(t, q)))
		}
		claimNothing(t, q)
		noAudit(t, q)
	})
}

func TestCoalescingTakesTheEarlierTime(t *testing.T) {
	each(t, Options{}, func(t *testing.T, q *Queue, c *clock) {
		must(t, q.Enqueue(t.Context(), Job{ID: "1", Store: "abc", Kind: "k", Coalesce: "x", RunAt: c.Now().Add(time.Hour)}))
		claimNothing(t, q)
		must(t, q.Enqueue(t.Context(), Job{ID: "2", Store: "abc", Kind: "k", Coalesce: "x", Payload: []byte("now")}))
		if l := claim(t, q); l.ID != "1" || string(l.Payload) != "now" {
			t.Errorf("claimed %s with %q", l.ID, l.Payload)
		}
	})
}

func TestPauseAndPurge(t *testing.T) {
	each(t, Options{}, func(t *testing.T, q *Queue, c *clock) {
		must(t, q.Enqueue(t.Context(), jobs("gone", 1200)...))
		must(t, q.Enqueue(t.Context(),
			Job{ID: "c", Store: "gone", Kind: "k", Coalesce: "x", Lane: LaneInteractive},
			Job{ID: "d", Store: "gone", Kind: "k", RunAt: c.Now().Add(time.Hour), Class: ClassCustomers},
			Job{ID: "e", Store: "gone", Kind: "k", Class: ClassCustomers},
		))
		l := claim(t, q)
		if l.ID != "c" {
			t.Fatalf("claimed %s", l.ID)
		}
		must(t, q.Enqueue(t.Context(), Job{ID: "held", Store: "gone", Kind: "k", Coalesce: "x"}))
		must(t, q.Pause(t.Context(), "gone"))
		claimNothing(t, q)
		must(t, q.Enqueue(t.Context(), job("gone", "more")))
		claimNothing(t, q)
		s, err := q.Quota(t.Context(), "gone")
		must(t, err)
		if !s.Paused || s.Waiting != 1202 || s.Delayed != 1 || s.InFlight != 1 {
			t.Errorf("state = %+v", s)
		}
		must(t, q.Resume(t.Context(), "gone"))
		dead := claim(t, q)
		must(t, q.Dead(t.Context(), dead))
		if d, err := q.Reserve(t.Context(), "gone", call("customers")); err != nil || !d.Admitted {
			t.Fatal(d, err)
		} else {
			must(t, q.Observe(t.Context(), "gone", d, ok(150, 149, 30*time.Second))) // has a history now
		}
		if d, err := q.Reserve(t.Context(), "gone", call("customers")); err != nil || !d.Admitted {
			t.Fatal(d, err)
		}

		must(t, q.Enqueue(t.Context(), job("stays", "s")))
		must(t, q.Purge(t.Context(), "gone"))
		if lost, err := q.Heartbeat(t.Context(), []*Lease{l}); err != nil || len(lost) != 1 {
			t.Errorf("after the purge: lost %v, %v; want the lease", lost, err)
		}
		for _, k := range keys(t, q) {
			if strings.Contains(k, "gone") {
				t.Errorf("key %s names the store", k)
			}
			if strings.Contains(k, ":j:") && !strings.HasSuffix(k, ":s") {
				t.Errorf("job %s is left over", k)
			}
		}
		for _, z := range []string{"ready", "park", "lease", "dead"} {
			members, err := q.rdb.ZRange(t.Context(), q.shardKey(0, z), 0, -1).Result()
			must(t, err)
			if s := strings.Join(members, " "); strings.Contains(s, "gone") || z != "ready" && s != "" {
				t.Errorf("%s holds %s", z, s)
			}
		}
		must(t, q.Ack(t.Context(), claim(t, q)))
		claimNothing(t, q)
		noAudit(t, q)
	})
}

// A step elsewhere that has not noticed yet sends nothing more; an installation anew may at once,
// and in time anyone.
func TestPurgedStoreSendsNothing(t *testing.T) {
	each(t, Options{}, func(t *testing.T, q *Queue, c *clock) {
		told := ""
		defer q.OnPurge(func(store string) { told += store })()
		limiter := q.Limiter("abc", time.Minute)
		answered, err := limiter.Wait(t.Context(), call(""))
		must(t, err)
		answered(ok(150, 149, 30*time.Second))
		must(t, q.Purge(t.Context(), "abc"))
		if told != "abc" {
			t.Errorf("told of %q", told)
		}
		if _, err := limiter.Wait(t.Context(), call("")); !errors.Is(err, ErrLeaseLost) {
			t.Errorf("after the purge: %v, want ErrLeaseLost", err)
		}
		admitted := func(store string) {
			t.Helper()
			d, err := q.Reserve(t.Context(), store, call(""))
			if must(t, err); !d.Admitted {
				t.Errorf("%s: %+v", store, d)
			}
		}
		admitted("other")
		must(t, q.Resume(t.Context(), "abc"))
		admitted("abc")
		must(t, q.Purge(t.Context(), "abc"))
		c.Add(requestTTL - time.Millisecond)
		if _, err := q.Reserve(t.Context(), "abc", call("")); !errors.Is(err, ErrLeaseLost) {
			t.Errorf("two minutes later: %v, want ErrLeaseLost", err)
		}
		c.Add(time.Millisecond)
		admitted("abc")
	})
}

func TestDeadJobsAreTrimmed(t *testing.T) {
	each(t, Options{}, func(t *testing.T, q *Queue, c *clock) {
		pipe := q.rdb.Pipeline()
		for i := range deadKept {
			pipe.ZAdd(t.Context(), q.shardKey(0, "dead"), z(float64(i), fmt.Sprint("old", i)))
		}
		_, err := pipe.Exec(t.Context())
		must(t, err)
		must(t, q.Enqueue(t.Context(), job("abc", "new")))
		must(t, q.Dead(t.Context(), claim(t, q)))
		ids, err := q.rdb.ZRange(t.Context(), q.shardKey(0, "dead"), 0, -1).Result()
		must(t, err)
		if len(ids) != deadKept || ids[0] != "old1" || ids[deadKept-1] != "new" {
			t.Errorf("%d dead jobs from %s to %s", len(ids), ids[0], ids[len(ids)-1])
		}
	})
}

// TestClaimWakes: a sleeping worker is woken by a job, by a delay that ends and by a resume, and
// not before.
func TestClaimWakes(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		q := ready(t, client(t, url), Options{})
		type claimed struct {
			id   string
			took time.Duration
			err  error
		}
		got := make(chan claimed)
		sleep := func() {
			go func() {
				start := time.Now()
				l, err := q.Claim(t.Context(), 20*time.Second)
				if l == nil {
					got <- claimed{err: fmt.Errorf("nothing: %w", err)}
					return
				}
				got <- claimed{l.ID, time.Since(start), err}
			}()
		}
		expect := func(id string, least, most time.Duration) {
			t.Helper()
			c := <-got
			if c.err != nil || c.id != id || c.took < least || c.took > most {
				t.Errorf("claimed %q after %v, %v; want %s after %v", c.id, c.took, c.err, id, least)
			}
		}
		// Most is far more than it takes and far less than the second after which a sleeper looks by
		// itself, times the number of claims, so a lost wake-up shows.
		const most = 900 * time.Millisecond
		must(t, q.Enqueue(t.Context(), Job{ID: "later", Store: "abc", Kind: "k", RunAt: time.Now().Add(150 * time.Millisecond)}))
		sleep()
		expect("later", 100*time.Millisecond, most)
		sleep()
		must(t, q.Enqueue(t.Context(), job("abc", "now")))
		expect("now", 0, most)
		sleep()
		must(t, q.Enqueue(t.Context(), Job{ID: "far", Store: "abc", Kind: "k", RunAt: time.Now().Add(time.Hour)}))
		must(t, q.Enqueue(t.Context(), Job{ID: "near", Store: "abc", Kind: "k", RunAt: time.Now().Add(100 * time.Millisecond)}))
		expect("near", 0, most)
		must(t, q.Pause(t.Context(), "abc"))
		must(t, q.Enqueue(t.Context(), job("abc", "paused")))
		sleep()
		must(t, q.Resume(t.Context(), "abc"))
		expect("paused", 0, most)
		for range 3 { // several sleepers, several jobs: each gets one
			sleep()
		}
		must(t, q.Enqueue(t.Context(), jobs("a", 1)[0], jobs("b", 1)[0], jobs("c", 1)[0]))
		seen := map[string]bool{}
		for range 3 {
			c := <-got
			if c.err != nil || c.took > most {
				t.Errorf("claimed %q after %v, %v", c.id, c.took, c.err)
			}
			seen[c.id] = true
		}
		if len(seen) != 3 {
			t.Errorf("claimed %v", seen)
		}
	})
}

func TestClaimEndsWithItsWait(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue) {
		start := time.Now()
		l, err := q.Claim(t.Context(), 2500*time.Millisecond)
		must(t, err)
		if took := time.Since(start); l != nil || took < 2400*time.Millisecond || took > 2600*time.Millisecond {
			t.Errorf("Claim = %v after %v, want nothing after 2.5 s", l, took)
		}
		synctest.Wait()
	})
}

func TestShards(t *testing.T) {
	each(t, Options{Shards: 4, StoreCap: 10}, func(t *testing.T, q *Queue, c *clock) {
		want := map[string]bool{}
		var list []Job
		for i := range 20 {
			s := fmt.Sprintf("store%d", i)
			list = append(list, jobs(s, 2)...)
			want[s] = true
		}
		must(t, q.Enqueue(t.Context(), list...))
		var leases []*Lease
		for range list {
			l := claim(t, q)
			leases = append(leases, l)
			delete(want, l.Store)
		}
		if len(want) != 0 {
			t.Errorf("stores %v were not served", want)
		}
		claimNothing(t, q)
		lost, err := q.Heartbeat(t.Context(), leases)
		must(t, err)
		if len(lost) != 0 {
			t.Errorf("lost %v", lost)
		}
		c.Add(time.Minute)
		n, err := q.Reap(t.Context())
		must(t, err)
		if n != len(list) {
			t.Errorf("reaped %d, want %d", n, len(list))
		}
		noAudit(t, q)
	})
}

// TestFirstComeFirstServed: of stores that come back while others are being served, the first to
// come is served first, whatever its name; one where a person or an order waits goes before all of
// them, once.
func TestFirstComeFirstServed(t *testing.T) {
	each(t, Options{}, func(t *testing.T, q *Queue, c *clock) {
		for range 3 { // virtual time has begun
			must(t, q.Enqueue(t.Context(), job("before", "before")))
			must(t, q.Ack(t.Context(), claim(t, q)))
		}
		for _, store := range []string{"z", "m", "a"} {
			must(t, q.Enqueue(t.Context(), job(store, store+"1"), job(store, store+"2")))
			c.Add(2 * time.Millisecond)
		}
		late := job("y", "order")
		late.Lane = LaneOrders
		must(t, q.Enqueue(t.Context(), late))
		more := job("y", "more")
		more.Lane = LaneOrders
		must(t, q.Enqueue(t.Context(), more))
		var order []string
		for range 8 {
			l := claim(t, q)
			order = append(order, l.ID)
			must(t, q.Ack(t.Context(), l))
			c.Add(time.Millisecond)
		}
		if want := []string{"order", "z1", "m1", "a1", "more", "z2", "m2", "a2"}; !slices.Equal(order, want) {
			t.Errorf("served %v, want %v", order, want)
		}
	})
}
