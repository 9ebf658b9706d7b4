package queue

import (
	"fmt"
	"testing"
	"time"
)

// answerAfter makes one request that takes d.
func (g governor) answerAfter(d time.Duration) {
	g.t.Helper()
	dec := g.admitted(person)
	g.c.Add(d)
	g.observe(dec, ok(7_000_000, 6_000_000, 10*time.Second))
}

// running is how many jobs of the store may run at once now.
func (g governor) running() int {
	g.t.Helper()
	states, err := g.q.States(g.t.Context(), "abc")
	must(g.t, err)
	return states[0].Cap
}

func TestCapFollowsLatency(t *testing.T) {
	each(t, Options{StoreCap: 8}, func(t *testing.T, q *Queue, c *clock) {
		g := governor{t, q, c}
		for range 50 {
			g.answerAfter(100 * time.Millisecond)
		}
		if n := g.running(); n != 8 {
			t.Fatalf("at its usual speed %d jobs may run, want 8", n)
		}
		for range 10 { // one slow call among others is nothing
			g.answerAfter(600 * time.Millisecond)
			for range 9 {
				g.answerAfter(100 * time.Millisecond)
			}
		}
		if n := g.running(); n != 8 {
			t.Errorf("with slow calls among quick ones %d jobs may run, want 8", n)
		}
		for range 12 {
			g.answerAfter(3 * time.Second)
		}
		low := g.running()
		if low > 2 {
			t.Errorf("with answers of 3 s %d jobs may run, want 1 or 2", low)
		}
		// The cap holds for claims: the store's jobs beyond it wait, another store's do not.
		for i := range 4 {
			must(t, q.Enqueue(t.Context(), job("abc", fmt.Sprintf("a%d", i)), job("other", fmt.Sprintf("o%d", i))))
		}
		got := map[string]int{}
		for {
			l, err := q.Claim(t.Context(), 0)
			must(t, err)
			if l == nil {
				break
			}
			got[l.Store]++
		}
		if got["abc"] != low || got["other"] != 4 {
			t.Errorf("claimed %v, want %d of abc and 4 of other", got, low)
		}
		for range 400 {
			g.answerAfter(100 * time.Millisecond)
		}
		if n := g.running(); n != 8 {
			t.Errorf("40 s after it recovered %d jobs may run, want 8", n)
		}
	})
}

// TestCapOfAnOverloadedStore: 429s for the platform's load halve the cap, once for each burst of
// them.
func TestCapOfAnOverloadedStore(t *testing.T) {
	each(t, Options{StoreCap: 8}, func(t *testing.T, q *Queue, c *clock) {
		g := governor{t, q, c}
		g.answerAfter(100 * time.Millisecond)
		a, b := g.admitted(person), g.admitted(person)
		overloaded := ok(0, 0, 0)
		overloaded.Status, overloaded.HasQuota = 429, false
		g.observe(a, overloaded)
		g.observe(b, overloaded)
		if n := g.running(); n != 4 {
			t.Errorf("%d jobs may run, want 4", n)
		}
		must(t, q.SetCap(t.Context(), "abc", 2))
		if n := g.running(); n != 1 {
			t.Errorf("of a cap of 2 %d may run, want 1: never none", n)
		}
	})
}
