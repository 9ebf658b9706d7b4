package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// longestSleep bounds one BZPOPMIN: it must stay below go-redis' read timeout (3 s by default), it
// is how long a cancelled Claim may take to return, and after it a wake-up lost with another
// process is noticed.
const longestSleep = time.Second

// Who waits for work sleeps on the shards' mark keys. One server takes them all in one BZPOPMIN. A
// cluster refuses keys in different slots, so there each shard has a goroutine of its own that
// sleeps on it while anybody in this process waits. They block a connection each, at most half of a
// node's pool together: with more shards than that they take turns, and the others' work is found
// after up to longestSleep.

// shardSleepers says which shards have a goroutine that sleeps on them, and which of these have
// been woken.
type shardSleepers struct {
	mu      sync.Mutex
	waiting int    // goroutines in Claim
	taken   []bool // by shard
	used    int    // of taken
	turn    int    // the shard whose turn is next
	woken   chan int
	pending []bool // by shard: it is in woken
}

func newShardSleepers(shards int) *shardSleepers {
	return &shardSleepers{taken: make([]bool, shards), pending: make([]bool, shards), woken: make(chan int, shards)}
}

func (b *shardSleepers) enter() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting++
}

// leaveShards ends a wait. A wake-up that nobody here is left to follow goes back to Redis, for
// other processes.
func (q *Queue) leaveShards(ctx context.Context) {
	var back []int
	b := q.sleepers
	b.mu.Lock()
	b.waiting--
	for b.waiting == 0 && len(b.woken) > 0 {
		s := <-b.woken
		b.pending[s] = false
		back = append(back, s)
	}
	b.mu.Unlock()
	for _, s := range back {
		q.wakeAgain(ctx, s)
	}
}

func (q *Queue) wakeAgain(ctx context.Context, shard int) {
	err := q.rdb.ZAdd(context.WithoutCancel(ctx), q.shardKey(shard, "mark"), redis.Z{Member: "w"}).Err()
	if err != nil { // sleepers look by themselves after longestSleep
		q.o.Log.DebugContext(ctx, "a wake-up was lost", "shard", shard, "error", err)
	}
}

// sleep waits until a shard is woken, which it returns, or for d, which is -1.
func (q *Queue) sleep(ctx context.Context, d time.Duration) (woke int, err error) {
	cluster, ok := q.rdb.(*redis.ClusterClient)
	if !ok {
		woke, err = q.sleepOn(ctx, d, q.marks...)
		return woke, err
	}
	q.sleepOnShards(max(1, cluster.Options().PoolSize/2))
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return -1, ctx.Err()
	case <-timer.C:
		return -1, nil
	case s := <-q.sleepers.woken:
		q.sleepers.mu.Lock()
		q.sleepers.pending[s] = false
		q.sleepers.mu.Unlock()
		return s, nil
	}
}

// sleepOn is one BZPOPMIN.
func (q *Queue) sleepOn(ctx context.Context, d time.Duration, marks ...string) (woke int, err error) {
	// As raw arguments: go-redis' own method rounds timeouts below a second up to one. "0" would mean
	// for ever.
	args := make([]any, 0, len(marks)+2)
	args = append(args, "bzpopmin")
	for _, mark := range marks {
		args = append(args, mark)
	}
	args = append(args, strconv.FormatFloat(max(d, time.Millisecond).Seconds(), 'f', 3, 64))
	v, err := q.rdb.Do(ctx, args...).Slice()
	switch {
	case errors.Is(err, redis.Nil):
		return -1, nil
	case err != nil:
		return -1, fmt.Errorf("queue: sleep: %w", err)
	}
	if len(v) > 0 {
		if key, ok := v[0].(string); ok {
			return q.shardOfMark[key], nil
		}
	}
	return -1, fmt.Errorf("queue: sleep: unexpected answer %v", v)
}

// sleepOnShards has up to limit goroutines sleep on a shard each that nobody sleeps on yet and
// whose node answers.
func (q *Queue) sleepOnShards(limit int) {
	for _, s := range q.sleepers.take(limit, func(s int) bool { return !q.inTrouble(s) }) {
		go q.sleepIn(s, limit)
	}
}

// take takes free shards until limit are taken, beginning where it ended the last time.
func (b *shardSleepers) take(limit int, fit func(shard int) bool) (got []int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	shards := len(b.taken)
	first := b.turn
	for i := range shards {
		s := (first + i) % shards
		if b.used >= limit {
			break
		}
		if !b.taken[s] && fit(s) {
			b.taken[s] = true
			b.used++
			b.turn = (s + 1) % shards
			got = append(got, s)
		}
	}
	return got
}

// sleepIn sleeps on a shard while anybody waits; once only, if shards take turns.
func (q *Queue) sleepIn(shard, limit int) {
	ctx := context.Background() // it serves whoever waits, one after the other
	for {
		woke, err := q.sleepOn(ctx, q.longestSleep, q.marks[shard])
		if err != nil {
			q.setTrouble(shard)
			q.o.Log.DebugContext(ctx, "cannot sleep on a shard of the queue", "shard", shard, "error", err)
		}
		if done := q.wokeIn(shard, woke >= 0, err != nil || limit < q.o.Shards); done {
			return
		}
	}
}

// wokeIn passes a wake-up on, and says whether the shard is left.
func (q *Queue) wokeIn(shard int, woke, leave bool) bool {
	b := q.sleepers
	b.mu.Lock()
	back := woke && b.waiting == 0
	if woke && !back && !b.pending[shard] {
		b.pending[shard] = true
		b.woken <- shard // has room for all shards once
	}
	done := leave || b.waiting == 0
	if done {
		b.taken[shard] = false
		b.used--
	}
	b.mu.Unlock()
	if back {
		q.wakeAgain(context.Background(), shard)
	}
	return done
}
