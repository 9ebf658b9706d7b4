package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// What follows only reads, for operators. It is bounded however many stores and jobs there are, and
// sees each shard at a slightly different time.

const (
	lookBatch = 200    // stores or members a call
	lookScan  = 10_000 // members of one sorted set that are looked at; counts cover all
)

// Totals is what Redis holds of all stores together.
type Totals struct {
	Complete   bool `json:"complete"`   // false: Redis lost its content, or has none yet, and the queue must be rebuilt
	Rebuilding bool `json:"rebuilding"` // a process is doing that now
	Stores     int  `json:"stores"`     // that have had a job
	Ready      int  `json:"ready"`      // stores whose next job may start
	Parked     int  `json:"parked"`     // stores that wait for a time: quota, a cool-down, a delayed job
	InFlight   int  `json:"in_flight"`  // jobs
	Overdue    int  `json:"overdue"`    // of them, jobs whose lease is over; the reaper takes them back
	Dead       int  `json:"dead"`       // the newest dead jobs, which Redis keeps for a look; SQL has all
}

// Totals counts what Redis holds.
func (q *Queue) Totals(ctx context.Context) (Totals, error) {
	sum := Totals{Complete: true}
	for s := range q.o.Shards {
		v, err := q.run(ctx, s, "totals")
		if other := (*ShardsError)(nil); errors.As(err, &other) && other.Redis == closed {
			sum.Complete, sum.Rebuilding = false, true
			continue
		}
		if err != nil {
			return Totals{}, err
		}
		r := texts(v)
		if len(r) != 8 {
			return Totals{}, fmt.Errorf("queue: totals: unexpected answer %v", v)
		}
		n := func(i int) int { return int(integer(r[i])) }
		sum.Complete = sum.Complete && n(0) == 1
		sum.Stores, sum.Ready, sum.Parked = sum.Stores+n(1), sum.Ready+n(2), sum.Parked+n(3)
		sum.InFlight, sum.Overdue, sum.Dead = sum.InFlight+n(4), sum.Overdue+n(5), sum.Dead+n(6)
		sum.Rebuilding = sum.Rebuilding || n(7) == 1
	}
	return sum, nil
}

// StoreState is a store's quota and queue, and where it stands in the queue of stores.
type StoreState struct {
	Store string
	QuotaState
	Ready  bool          // its next job may start
	Parked bool          // it waits for a time,
	Wakes  time.Duration // from now
	Cap    int           // jobs of it that may run at once
}

// Backlog is how many of the store's jobs are in Redis and not done.
func (s StoreState) Backlog() int { return s.Waiting + s.Delayed + s.InFlight }

// States looks at stores, in the order given. A store that Redis does not know has a zero state.
func (q *Queue) States(ctx context.Context, stores ...string) ([]StoreState, error) {
	const fields = 15
	out := make([]StoreState, len(stores))
	byShard := map[int][]int{}
	for i, store := range stores {
		s := q.storeShard(store)
		byShard[s] = append(byShard[s], i)
	}
	for s, all := range byShard {
		for some := range slices.Chunk(all, lookBatch) {
			args := make([]any, len(some))
			for k, i := range some {
				args[k] = stores[i]
			}
			v, err := q.run(ctx, s, "peek", args...)
			if err != nil {
				return nil, err
			}
			r := texts(v)
			if len(r) != fields*len(some) {
				return nil, fmt.Errorf("queue: peek: %d values for %d stores", len(r), len(some))
			}
			for k, i := range some {
				out[i] = storeState(stores[i], r[k*fields:(k+1)*fields])
			}
		}
	}
	return out, nil
}

func storeState(store string, r []string) StoreState {
	n := func(i int) int { return int(integer(r[i])) }
	ms := func(i int) time.Duration { return time.Duration(integer(r[i])) * time.Millisecond }
	return StoreState{
		Store: store,
		QuotaState: QuotaState{
			Known: n(0) == 1, Quota: n(1), Left: n(2), Out: n(3), Window: ms(4), Reset: ms(5), Waiting: n(6), Delayed: n(7),
			InFlight: n(8), Paused: n(9) == 1, Cooling: ms(10), Margin: n(11),
		},
		Ready: n(12) == 1, Parked: n(13) >= 0, Wakes: max(0, ms(13)), Cap: n(14),
	}
}

// Busiest returns the n stores with the largest backlog in Redis, largest first, of those that are
// ready, parked or have a job in flight. A paused store with nothing in flight is in none of these:
// ask States for it. whole is false if there were too many stores to look at all.
func (q *Queue) Busiest(ctx context.Context, n int) (top []StoreState, whole bool, err error) {
	whole = true
	for s := range q.o.Shards {
		seen := map[string]bool{}
		look := func(stores []string) error {
			fresh := slices.DeleteFunc(slices.Clone(stores), func(store string) bool {
				before := seen[store]
				seen[store] = true
				return before || store == ""
			})
			states, err := q.States(ctx, fresh...)
			if err != nil {
				return err
			}
			top = append(top, states...)
			slices.SortFunc(top, func(a, b StoreState) int {
				return cmp.Or(cmp.Compare(b.Backlog(), a.Backlog()), cmp.Compare(a.Store, b.Store))
			})
			top = top[:min(len(top), n)]
			return nil
		}
		for _, name := range []string{"ready", "park"} {
			all, err := q.members(ctx, q.shardKey(s, name), func(part []redis.Z) error { return look(names(part)) })
			if err != nil {
				return nil, false, err
			}
			whole = whole && all
		}
		all, err := q.members(ctx, q.shardKey(s, "lease"), func(part []redis.Z) error {
			owners, err := q.jobs(ctx, s, part)
			if err != nil {
				return err
			}
			stores := make([]string, len(owners))
			for i, l := range owners {
				stores[i] = l.Store
			}
			return look(stores)
		})
		if err != nil {
			return nil, false, err
		}
		whole = whole && all
	}
	return slices.DeleteFunc(top, func(s StoreState) bool { return s.Backlog() == 0 }), whole, nil
}

// LeaseState is a job in flight as Redis has it.
type LeaseState struct {
	Job     string    `json:"job"`
	Store   string    `json:"store"`
	Kind    string    `json:"kind"`
	Attempt int       `json:"attempt"`
	Expires time.Time `json:"expires"`
}

// Leases returns the n jobs in flight whose leases end first. A store narrows it unless it is "",
// among the first lookScan of its shard.
func (q *Queue) Leases(ctx context.Context, store string, n int) ([]LeaseState, error) {
	var found []LeaseState
	for s := range q.o.Shards {
		if store != "" && s != q.storeShard(store) {
			continue
		}
		of := 0
		enough := errors.New("enough")
		_, err := q.members(ctx, q.shardKey(s, "lease"), func(part []redis.Z) error {
			leases, err := q.jobs(ctx, s, part)
			if err != nil {
				return err
			}
			for _, l := range leases {
				if l.Store == "" || (store != "" && l.Store != store) { // the first: done since
					continue
				}
				found = append(found, l)
				if of++; of == n {
					return enough
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, enough) {
			return nil, err
		}
	}
	slices.SortStableFunc(found, func(a, b LeaseState) int { return a.Expires.Compare(b.Expires) })
	return found[:min(len(found), n)], nil
}

// jobs reads who the leased jobs of a shard are; one that is done meanwhile has no store.
func (q *Queue) jobs(ctx context.Context, shard int, part []redis.Z) ([]LeaseState, error) {
	pipe := q.rdb.Pipeline()
	answers := make([]*redis.SliceCmd, len(part))
	for i, z := range part {
		answers[i] = pipe.HMGet(ctx, q.shardKey(shard, "j:"+member(z)), "store", "kind", "attempt")
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("queue: leases: %w", err)
	}
	out := make([]LeaseState, len(part))
	for i, z := range part {
		r := texts(answers[i].Val())
		out[i] = LeaseState{Job: member(z), Store: r[0], Kind: r[1], Attempt: int(integer(r[2])), Expires: fromMillis(int64(z.Score))}
	}
	return out, nil
}

// members calls fn with pieces of a sorted set, lowest scores first; all is false if it has more
// than lookScan members.
func (q *Queue) members(ctx context.Context, key string, fn func([]redis.Z) error) (all bool, err error) {
	for start := int64(0); start < lookScan; start += lookBatch {
		part, err := q.rdb.ZRangeWithScores(ctx, key, start, start+lookBatch-1).Result()
		if err != nil {
			return false, fmt.Errorf("queue: %w", err)
		}
		if len(part) > 0 {
			if err := fn(part); err != nil {
				return false, err
			}
		}
		if len(part) < lookBatch {
			return true, nil
		}
	}
	n, err := q.rdb.ZCard(ctx, key).Result()
	if err != nil {
		return false, fmt.Errorf("queue: %w", err)
	}
	return n <= lookScan, nil
}

func names(part []redis.Z) []string {
	out := make([]string, len(part))
	for i, z := range part {
		out[i] = member(z)
	}
	return out
}

func member(z redis.Z) string {
	s, _ := z.Member.(string)
	return s
}
