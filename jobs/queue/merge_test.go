package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/testenv"
)

// Claiming several jobs in one call serves stores as claims one after the other do.
func TestClaimedTogetherIsAsFair(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		rdb := client(t, url)
		order := func(claim func(*Queue) []string) (all []string) {
			must(t, rdb.FlushAll(t.Context()).Err())
			c := newClock()
			q := ready(t, rdb, Options{Now: c.Now, StoreCap: 4})
			must(t, q.SetWeight(t.Context(), "b", 2))
			for _, store := range []string{"a", "b", "c"} {
				for i := range 8 {
					j := job(store, fmt.Sprintf("%s%d", store, i))
					j.Cost = 1 + i%3
					if i == 7 {
						j.Lane = LaneInteractive
					}
					must(t, q.Enqueue(t.Context(), j))
				}
			}
			return claim(q)
		}
		single := order(func(q *Queue) (ids []string) {
			for l, err := q.Claim(t.Context(), 0); ; l, err = q.Claim(t.Context(), 0) {
				must(t, err)
				if l == nil {
					return ids
				}
				ids = append(ids, l.ID)
			}
		})
		together := order(func(q *Queue) (ids []string) {
			for {
				list, err := q.claimOn(t.Context(), 0, 5)
				must(t, err)
				for _, c := range list {
					if c.lease == nil {
						return ids
					}
					ids = append(ids, c.lease.ID)
				}
			}
		})
		if len(single) != 12 { // three stores at their caps
			t.Errorf("%d jobs claimed, want 12", len(single))
		}
		if diff := cmp.Diff(single, together); diff != "" {
			t.Errorf("order (-single +together):\n%s", diff)
		}
	})
}

// Of calls that were merged each gets its own answer: a lost lease or a full store is told to
// nobody else.
func TestMergedCallsKeepTheirAnswers(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		q := ready(t, client(t, url), Options{StoreCap: 1000, MaxWaiting: 2})
		const stores = 40
		var group sync.WaitGroup
		for i := range stores {
			store := fmt.Sprintf("s%d", i)
			full := i%4 == 0
			if full {
				must(t, q.Enqueue(t.Context(), job(store, store+"-x"), job(store, store+"-y")))
			}
			group.Go(func() {
				err := q.Enqueue(t.Context(), job(store, store+"-job"))
				if full != errors.Is(err, ErrFull) || !full && err != nil {
					t.Errorf("%s: Enqueue = %v; full: %v", store, err, full)
				}
			})
		}
		group.Wait()
		var mu sync.Mutex
		claimedOnce := map[string]bool{}
		for range stores + stores/4 {
			group.Go(func() {
				l, err := q.Claim(t.Context(), 0)
				if err != nil || l == nil {
					t.Errorf("Claim = %v, %v", l, err)
					return
				}
				mu.Lock()
				if claimedOnce[l.ID] {
					t.Errorf("%s was claimed twice", l.ID)
				}
				claimedOnce[l.ID] = true
				n := len(claimedOnce)
				mu.Unlock()
				stale := *l
				if n%3 == 0 {
					stale.Token = "another's"
				}
				if err := q.Ack(t.Context(), &stale); errors.Is(err, ErrLeaseLost) != (n%3 == 0) {
					t.Errorf("Ack = %v; the token was another's: %v", err, n%3 == 0)
				}
			})
		}
		group.Wait()
		if len(claimedOnce) != stores+stores/4 {
			t.Errorf("%d jobs claimed, want %d", len(claimedOnce), stores+stores/4)
		}
	})
}

// A claim whose context has ended takes no job: nobody would do it before its lease runs out.
func TestClaimAfterTheEnd(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		q := ready(t, client(t, url), Options{})
		must(t, q.Enqueue(t.Context(), job("abc", "1")))
		ended, end := context.WithCancel(t.Context())
		end()
		if l, err := q.Claim(ended, time.Second); l != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("Claim = %v, %v", l, err)
		}
		if l := claim(t, q); l.ID != "1" {
			t.Errorf("claimed %s", l.ID)
		}
	})
}
