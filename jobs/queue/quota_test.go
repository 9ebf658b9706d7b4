package queue

import (
	"context"
	"strconv"
	"testing"
	"time"

	"sluice/internal/bigcommerce"
)

// governor drives Reserve and Observe of one store.
type governor struct {
	t *testing.T
	q *Queue
	c *clock
}

func (g governor) reserve(call bigcommerce.Call) Decision {
	g.t.Helper()
	d, err := g.q.Reserve(g.t.Context(), "abc", call)
	must(g.t, err)
	return d
}

func (g governor) admitted(call bigcommerce.Call) Decision {
	g.t.Helper()
	d := g.reserve(call)
	if !d.Admitted {
		g.t.Fatalf("not admitted: %s, wait %v", d.Reason, d.Wait)
	}
	return d
}

func (g governor) refused(call bigcommerce.Call, reason string, least, most time.Duration) {
	g.t.Helper()
	d := g.reserve(call)
	if d.Admitted || d.Reason != reason || d.Wait < least || d.Wait > most {
		g.t.Fatalf("admitted %v, reason %q, wait %v; want reason %q and a wait of %v to %v", d.Admitted, d.Reason, d.Wait, reason, least, most)
	}
}

func (g governor) observe(d Decision, a bigcommerce.Answer) {
	g.t.Helper()
	must(g.t, g.q.Observe(g.t.Context(), "abc", d, a))
}

func (g governor) state() QuotaState {
	g.t.Helper()
	s, err := g.q.Quota(g.t.Context(), "abc")
	must(g.t, err)
	return s
}

// field reads a number of the store's state as Redis has it.
func (g governor) field(name string) int {
	g.t.Helper()
	s := g.q.rdb.HGet(g.t.Context(), g.q.shardKey(g.q.storeShard("abc"), "t:abc"), name).Val()
	n, err := strconv.Atoi("0" + s)
	must(g.t, err)
	return n
}

func governed(t *testing.T, test func(t *testing.T, g governor)) {
	each(t, Options{}, func(t *testing.T, q *Queue, c *clock) { test(t, governor{t, q, c}) })
}

// ok is an answer with rate headers of a 30 s window.
func ok(quota, left int, reset time.Duration) bigcommerce.Answer {
	return bigcommerce.Answer{Status: 200, HasQuota: true, Quota: quota, Left: left, Window: 30 * time.Second, Reset: reset}
}

func status(a bigcommerce.Answer, code int) bigcommerce.Answer {
	a.Status = code
	return a
}

func retryAfter(a bigcommerce.Answer, d time.Duration) bigcommerce.Answer {
	a.HasRetryAfter, a.RetryAfter = true, d
	return a
}

var (
	bulk   = bigcommerce.Call{Cost: 1}
	person = bigcommerce.Call{Cost: 1, Interactive: true}
)

func TestUnknownQuotaBeginsWithAFew(t *testing.T) {
	governed(t, func(t *testing.T, g governor) {
		var out []Decision
		for range firstRequests {
			out = append(out, g.admitted(bulk))
		}
		g.refused(bulk, "first", time.Millisecond, time.Second)
		g.observe(out[0], bigcommerce.Answer{Status: 200}) // an answer without headers teaches nothing
		out[0] = g.admitted(bulk)
		g.refused(bulk, "first", time.Millisecond, time.Second)
		if g.state().Known {
			t.Error("the quota counts as known")
		}
		g.observe(out[0], ok(150, 149, 20*time.Second))
		s := g.state()
		if !s.Known || s.Quota != 150 || s.Left != 148 || /* one was sent that no headers told of */ s.Out != 4 || s.Window != 30*time.Second || s.Reset < 20*time.Second || s.Reset > 20*time.Second+5*time.Millisecond {
			t.Errorf("state = %+v", s)
		}
		g.admitted(bulk)
	})
}

func TestOutOfOrderAnswers(t *testing.T) {
	governed(t, func(t *testing.T, g governor) {
		a, b, c := g.admitted(bulk), g.admitted(bulk), g.admitted(bulk)
		g.observe(c, ok(150, 100, 30*time.Second))
		g.observe(a, ok(150, 102, 30*time.Second)) // older, seen later
		g.observe(b, ok(150, 101, 30*time.Second))
		g.observe(b, ok(150, 3, 30*time.Second)) // told twice
		if s := g.state(); s.Left != 100 || s.Out != 0 {
			t.Errorf("left %d, out %d; want 100, 0", s.Left, s.Out)
		}
		g.observe(g.admitted(bulk), bigcommerce.Answer{Lost: true})
		g.observe(g.admitted(bulk), bigcommerce.Answer{Status: 500})
		if s := g.state(); s.Left != 98 || s.Out != 0 {
			t.Errorf("left %d, out %d; want 98, 0: both may have been counted", s.Left, s.Out)
		}
	})
}

func TestWindowRolls(t *testing.T) {
	governed(t, func(t *testing.T, g governor) {
		g.observe(g.admitted(person), ok(10, 2, 5*time.Second))
		a, b := g.admitted(person), g.admitted(person)
		g.refused(person, "quota", 5*time.Second, 5*time.Second+10*time.Millisecond)
		g.c.Add(5 * time.Second)
		g.refused(person, "quota", time.Millisecond, 10*time.Millisecond) // the safety of a millisecond
		g.c.Add(10 * time.Millisecond)
		// A new window, but the two may be counted in it.
		var out []Decision
		for range 8 {
			out = append(out, g.admitted(person))
		}
		g.refused(person, "quota", time.Second, 31*time.Second)
		g.observe(a, ok(10, 0, 3*time.Millisecond)) // counted in the old window: room for one more
		g.c.Add(time.Millisecond)
		if s := g.state(); s.Left != 10 || s.Out != 9 {
			t.Errorf("left %d, out %d; want 10, 9", s.Left, s.Out)
		}
		g.observe(b, ok(10, 9, 30*time.Second-15*time.Millisecond)) // counted in the new one
		if s := g.state(); s.Left != 9 || s.Out != 8 || s.Reset > 30*time.Second {
			t.Errorf("left %d, out %d, reset %v; want 9, 8, below 30 s", s.Left, s.Out, s.Reset)
		}
		for i, d := range out {
			g.observe(d, ok(10, 8-i, 29*time.Second))
		}
		if s := g.state(); s.Left != 1 || s.Out != 0 {
			t.Errorf("left %d, out %d; want 1, 0", s.Left, s.Out)
		}
		g.c.Add(time.Hour) // many windows later
		if s := g.state(); s.Left != 10 || s.Out != 0 || s.Reset != 30*time.Second {
			t.Errorf("an hour later: %+v", s)
		}
	})
}

// TestQuotaChanges: a store's share moves as other apps come and go, and with its plan.
func TestQuotaChanges(t *testing.T) {
	governed(t, func(t *testing.T, g governor) {
		g.observe(g.admitted(bulk), ok(450, 449, 30*time.Second))
		g.observe(g.admitted(bulk), ok(150, 140, 29*time.Second))
		if s := g.state(); s.Quota != 150 || s.Left != 140 {
			t.Errorf("state = %+v", s)
		}
		g.c.Add(31 * time.Second)
		if s := g.state(); s.Left != 150 {
			t.Errorf("the next window begins with %d", s.Left)
		}
		g.observe(g.admitted(bulk), ok(7_000_000, 6_999_999, 25*time.Second))
		if s := g.state(); s.Quota != 7_000_000 || s.Left != 150 {
			t.Errorf("state = %+v: what is left never grows within a window", s)
		}
		g.c.Add(31 * time.Second)
		if s := g.state(); s.Left != 7_000_000 {
			t.Errorf("the next window begins with %d", s.Left)
		}
	})
}

func TestAbandonedRequests(t *testing.T) {
	governed(t, func(t *testing.T, g governor) {
		g.observe(g.admitted(person), ok(1000, 999, 5*time.Second))
		d := g.admitted(bigcommerce.Call{Class: ClassCustomers})
		g.admitted(bigcommerce.Call{Class: ClassCustomers, Cost: 3}) // its process dies
		if s := g.state(); s.Out != 4 {
			t.Errorf("out %d, want 4", s.Out)
		}
		g.c.Add(requestTTL)
		if s := g.state(); s.Out != 0 {
			t.Errorf("after %v %d requests are still on their way", requestTTL, s.Out)
		}
		if n := g.field("c:" + ClassCustomers); n != 0 {
			t.Errorf("%d slots of the class are lost", n)
		}
		before := g.state()
		g.observe(d, ok(1000, 1, 5*time.Second)) // far too late
		if after := g.state(); after != before {
			t.Errorf("state changed from %+v to %+v", before, after)
		}
		noAudit(t, g.q)
	})
}

// TestReservationSentTwice: go-redis sends a script again when the connection broke before its
// answer came.
func TestReservationSentTwice(t *testing.T) {
	governed(t, func(t *testing.T, g governor) {
		g.observe(g.admitted(person), ok(10, 9, 30*time.Second))
		for range 2 {
			v, err := g.q.run(t.Context(), g.q.storeShard("abc"), "reserve", "abc", 0, "again|1|", 1, "", 1)
			must(t, err)
			if r := texts(v); len(r) != 1 {
				t.Fatalf("not admitted: %v", r)
			}
		}
		if s := g.state(); s.Out != 1 {
			t.Errorf("%d requests count as on their way, want 1", s.Out)
		}
		noAudit(t, g.q)
	})
}

func TestRefusalWindowUsedUp(t *testing.T) {
	governed(t, func(t *testing.T, g governor) {
		must(t, g.q.Enqueue(t.Context(), job("abc", "1"), job("other", "2")))
		g.observe(g.admitted(person), status(ok(150, 0, 12*time.Second), 429))
		g.refused(person, "cool", 11*time.Second, 13*time.Second)
		if l := claim(t, g.q); l.Store != "other" {
			t.Error("a store without quota was served")
		}
		claimNothing(t, g.q)
		g.c.Add(12*time.Second + 10*time.Millisecond)
		if l := claim(t, g.q); l.Attempt != 1 {
			t.Errorf("attempt %d", l.Attempt)
		}
		g.observe(g.admitted(person), status(retryAfter(ok(150, 0, 5*time.Second), 20*time.Second), 429)) // the longer of the two
		g.refused(person, "cool", 19*time.Second, 21*time.Second)
	})
}

func TestRefusalConcurrency(t *testing.T) {
	governed(t, func(t *testing.T, g governor) {
		class := bigcommerce.Call{Class: "price-list-reads", Interactive: true} // 10 at once
		g.observe(g.admitted(person), ok(1000, 900, 30*time.Second))
		var out []Decision
		for range 10 {
			out = append(out, g.admitted(class))
		}
		g.refused(class, "class", time.Millisecond, time.Second)
		elsewhere := g.admitted(person) // other endpoints go on
		g.observe(out[0], status(ok(1000, 890, 30*time.Second), 429))
		g.observe(out[1], status(ok(1000, 890, 30*time.Second), 429)) // of the same burst: no further halving
		if h := g.field("h:price-list-reads"); h != 5 {
			t.Errorf("the class runs %d at once, want 5", h)
		}
		g.observe(elsewhere, ok(1000, 890, 30*time.Second))
		g.refused(class, "class", time.Millisecond, time.Second)
		for _, d := range out[2:] {
			g.observe(d, ok(1000, 880, 30*time.Second))
		}
		g.refused(class, "class", 100*time.Millisecond, time.Second) // and not at once again
		g.c.Add(time.Second)
		out = nil
		for range 5 {
			out = append(out, g.admitted(class))
		}
		g.refused(class, "class", time.Millisecond, time.Second)
		for _, d := range out {
			g.observe(d, ok(1000, 870, 28*time.Second))
		}
		for range 20 * 12 { // it recovers, slowly
			g.observe(g.admitted(class), ok(1000, 800, 28*time.Second))
		}
		if h := g.field("h:price-list-reads"); h != 0 && h < 7 {
			t.Errorf("the class runs %d at once after 240 successes", h)
		}
		// A class whose limit nobody told us, and no class at all.
		for _, call := range []bigcommerce.Call{{Class: "unheard-of", Interactive: true}, person} {
			a, b := g.admitted(call), g.admitted(call)
			g.observe(a, status(ok(1000, 800, 28*time.Second), 429))
			g.observe(b, ok(1000, 800, 28*time.Second))
			g.c.Add(time.Second)
			g.admitted(call)
		}
	})
}

func TestRefusalPlatformLoad(t *testing.T) {
	governed(t, func(t *testing.T, g governor) {
		none := bigcommerce.Answer{Status: 429}
		longest := time.Duration(0)
		for n := range 8 {
			a, b := g.admitted(person), g.admitted(person)
			g.observe(a, none)
			first := g.state().Cooling
			g.observe(b, none) // of the same burst
			if again := g.state().Cooling; again != first {
				t.Errorf("a second answer of a burst moved the pause from %v to %v", first, again)
			}
			limit := min(30*time.Second, time.Second<<n)
			if first < 50*time.Millisecond || first > limit {
				t.Errorf("pause %d is %v, want 50 ms to %v", n+1, first, limit)
			}
			g.refused(person, "cool", first, first)
			g.c.Add(first)
			longest = max(longest, first)
		}
		if longest < 1500*time.Millisecond { // all 6 of the later ones that low: less than once in a hundred thousand runs
			t.Errorf("the pauses did not grow: longest %v", longest)
		}
		g.observe(g.admitted(person), ok(150, 140, 30*time.Second))
		if n := g.field("load"); n != 0 {
			t.Errorf("load = %d after a success", n)
		}
		g.observe(g.admitted(person), retryAfter(none, 7*time.Second))
		g.refused(person, "cool", 7*time.Second, 7*time.Second)
		g.c.Add(7 * time.Second)
		g.observe(g.admitted(person), retryAfter(bigcommerce.Answer{Status: 503}, 3*time.Second))
		g.refused(person, "cool", 3*time.Second, 3*time.Second)
	})
}

func TestMarginFollowsOthers(t *testing.T) {
	governed(t, func(t *testing.T, g governor) {
		g.observe(g.admitted(person), ok(100, 99, 30*time.Second))
		g.c.Add(10 * time.Second)
		g.observe(g.admitted(person), ok(100, 58, 20*time.Second)) // 40 in 10 s were not ours
		late := g.admitted(person)                                 // something is on its way, so there is news to come
		if m := g.state().Margin; m != 0 {
			t.Errorf("margin %d right after an answer", m)
		}
		g.c.Add(5 * time.Second)
		// 17 on average, since the rate is not all believed after ten seconds; and one and a half
		// deviations more.
		if m := g.state().Margin; m < 20 || m > 28 {
			t.Errorf("margin %d after 5 s at some 4 a second, want about 24", m)
		}
		g.refused(person, "margin", time.Millisecond, time.Second) // one request at a time after a silence
		g.observe(late, ok(100, 57, 15*time.Second))               // they have stopped
		if m := g.state().Margin; m > 12 {
			t.Errorf("margin %d right after an answer that took 5 s, want about 11: what may come while the next one takes as long", m)
		}
		g.c.Add(time.Hour)
		g.c.Add(requestTTL)
		g.admitted(bulk)
	})
}

// TestTimesKeepTheirPrecision: times are 13 digits; a digit lost anywhere would show as a wait that
// is off.
func TestTimesKeepTheirPrecision(t *testing.T) {
	governed(t, func(t *testing.T, g governor) {
		at := g.c.Now().Add(123457 * time.Millisecond)
		must(t, g.q.Enqueue(t.Context(), Job{ID: "1", Store: "abc", Kind: "k", RunAt: at}))
		g.c.Add(123456 * time.Millisecond)
		claimNothing(t, g.q)
		g.c.Add(time.Millisecond)
		if l := claim(t, g.q); !l.RunAt.Equal(at) || !l.Expires.Equal(at.Add(30*time.Second)) {
			t.Errorf("run at %v, expires %v", l.RunAt, l.Expires)
		}
	})
}

// TestGovernorNeedsNoEpoch: an install calls the API before any worker has filled Redis.
func TestGovernorNeedsNoEpoch(t *testing.T) {
	governed(t, func(t *testing.T, g governor) {
		must(t, g.q.rdb.FlushAll(t.Context()).Err())
		done, err := g.q.Limiter("abc", time.Second).Wait(context.Background(), bulk)
		must(t, err)
		done(ok(150, 149, time.Second))
	})
}
