package queue

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStoresWithRoomTellsOfAStoreWhenItIsHalfEmpty(t *testing.T) {
	each(t, Options{MaxWaiting: 4, Shards: 3, StoreCap: 100}, func(t *testing.T, q *Queue, c *clock) {
		roomy := func(want ...string) {
			t.Helper()
			c.Add(time.Second)
			got, err := q.StoresWithRoom(t.Context(), time.Second)
			must(t, err)
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("roomy = %v, want %v", got, want)
			}
		}
		refused := func(store string, want bool) {
			t.Helper()
			if _, got, err := q.Missing(t.Context(), store, "x"); err != nil || got != want {
				t.Errorf("%s: refused = %v, %v; want %v", store, got, err, want)
			}
		}
		over := func(want ...string) {
			t.Helper()
			got, err := q.Over(t.Context())
			if slices.Sort(got); err != nil || !slices.Equal(got, want) {
				t.Errorf("over = %v, %v, want %v", got, err, want)
			}
		}
		over()
		_, err := q.EnqueueIDs(t.Context(), slices.Concat(jobs("big", 5), jobs("full", 4), jobs("gone", 9))...)
		must(t, err)
		refused("big", true)
		refused("full", false)
		over("big", "gone")
		roomy()
		if got, err := q.StoresWithRoom(t.Context(), time.Second); err != nil || got != nil { // another process in the same second
			t.Errorf("roomy = %v, %v", got, err)
		}
		must(t, q.Pause(t.Context(), "full")) // only big gets room
		must(t, q.Pause(t.Context(), "gone"))
		for left := map[string]int{"big": 4, "full": 4, "gone": 4}; left["big"] > 2; {
			if left["big"] == 3 {
				roomy()
			}
			l := claim(t, q)
			left[l.Store]--
			must(t, q.Ack(t.Context(), l))
		}
		must(t, q.Purge(t.Context(), "gone"))
		roomy("big")
		roomy() // told once
		refused("big", false)
		over()
		_, err = q.EnqueueIDs(t.Context(), Job{ID: "a", Store: "big", Kind: "k"}, Job{ID: "b", Store: "big", Kind: "k", RunAt: c.Now().Add(time.Hour)},
			Job{ID: "c", Store: "big", Kind: "k"})
		must(t, err)
		refused("big", true)
		roomy()
	})
}

func TestMissing(t *testing.T) {
	each(t, Options{Shards: 2}, func(t *testing.T, q *Queue, c *clock) {
		must(t, q.Enqueue(t.Context(), job("abc", "dead"), job("abc", "runs"), job("abc", "waits"), Job{ID: "later", Store: "abc", Kind: "k", RunAt: c.Now().Add(time.Hour)}))
		must(t, q.Dead(t.Context(), claim(t, q)))
		if l := claim(t, q); l.ID != "runs" {
			t.Fatalf("claimed %s", l.ID)
		}
		got, _, err := q.Missing(t.Context(), "abc", "new", "waits", "runs", "dead", "later", "other")
		must(t, err)
		if d := cmp.Diff([]string{"new", "dead", "other"}, got); d != "" {
			t.Error(d)
		}
		flushRedis(t, q)
		if _, _, err := q.Missing(t.Context(), "abc", "new"); err == nil {
			t.Error("an empty Redis misses everything, and is to be rebuilt first")
		}
	})
}

func TestTurn(t *testing.T) {
	each(t, Options{}, func(t *testing.T, q *Queue, c *clock) {
		for i, want := range []bool{true, false, true, false} {
			if got, err := q.Turn(t.Context(), "sweep", 10*time.Second); err != nil || got != want {
				t.Errorf("turn %d = %v, %v", i, got, err)
			}
			if !want {
				c.Add(9 * time.Second)
			}
		}
	})
}
