package queue

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"sluice/internal/testenv"
)

// scriptCount counts the scripts that were carried out.
type scriptCount struct{ n atomic.Int64 }

func (c *scriptCount) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (c *scriptCount) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if name := cmd.Name(); err == nil && (name == "evalsha" || name == "eval") {
			c.n.Add(1)
		}
		return err
	}
}

func (c *scriptCount) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// TestOneWorkerHearsEveryShard: one worker waits, and a job in any shard wakes it. That nothing
// else did is seen from the claims it makes: it looked into every shard before it slept, and into
// the right one, at once, when it was woken.
func TestOneWorkerHearsEveryShard(t *testing.T) {
	const shards = 16
	on := func(t *testing.T, rdb redis.UniversalClient) {
		ctx := t.Context()
		other := ready(t, rdb, Options{Shards: shards})
		count := &scriptCount{}
		worker, sleeping := sleepyClient(t, rdb)
		worker.AddHook(count)
		q := New(worker, Options{Shards: shards, Log: other.o.Log})
		q.longestSleep = 10 * time.Minute
		asleep := int64(0)
		for s := range shards {
			got := make(chan *Lease, 1)
			go func() {
				l, err := q.Claim(ctx, time.Minute)
				if err != nil {
					t.Error(err)
				}
				got <- l
			}()
			asleep += 2 * shards // as it came, and as the one who looks out
			testenv.Eventually(t, "the worker has looked into every shard", func() bool { return count.n.Load() >= asleep })
			testenv.Eventually(t, "the worker sleeps on every shard", func() bool { return sleeping(q) })
			id := fmt.Sprint("job", s)
			must(t, other.Enqueue(ctx, job(storeIn(other, s), id)))
			l := <-got
			if l == nil || l.ID != id {
				t.Fatalf("shard %d: claimed %v, want %s", s, l, id)
			}
			asleep++
			if n := count.n.Load(); n != asleep {
				t.Fatalf("shard %d: %d scripts since it slept, want 1: it was not the wake-up that brought the job", s, n-asleep+1)
			}
			must(t, other.Ack(ctx, l))
		}
	}
	testenv.EachRedis(t, func(t *testing.T, url string) { on(t, client(t, url)) })
	t.Run("cluster", func(t *testing.T) {
		if c, ok := testenv.SharedRedisCluster(t); ok {
			on(t, clusterClient(t, c))
		}
	})
}

// sleepyClient is another client of the same Redis whose reads may take as long as a test, with
// room for every shard's sleeper. sleeping says whether a queue on it has one in each shard, as far
// as that can be seen.
func sleepyClient(t *testing.T, rdb redis.UniversalClient) (c redis.UniversalClient, sleeping func(*Queue) bool) {
	t.Helper()
	sleeping = func(*Queue) bool { return true }
	switch rdb := rdb.(type) {
	case *redis.ClusterClient:
		o := *rdb.Options()
		o.PoolSize, o.ReadTimeout = 64, 10*time.Minute
		c = redis.NewClusterClient(&o)
		sleeping = func(q *Queue) bool {
			q.sleepers.mu.Lock()
			defer q.sleepers.mu.Unlock()
			return q.sleepers.used == q.o.Shards
		}
	case *redis.Client:
		o := *rdb.Options()
		o.ReadTimeout = 10 * time.Minute
		c = redis.NewClient(&o)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, sleeping
}

// storeIn is the name of a store that lives in shard s.
func storeIn(q *Queue, s int) string {
	for i := 0; ; i++ {
		if store := fmt.Sprint("store", i); q.storeShard(store) == s {
			return store
		}
	}
}

// TestUnheardWakeUpsGoBack: what woke a process in which nobody waits any more wakes another.
func TestUnheardWakeUpsGoBack(t *testing.T) {
	c, ok := testenv.SharedRedisCluster(t)
	if !ok {
		return
	}
	q := ready(t, clusterClient(t, c), Options{Shards: 4})
	for name, hear := range map[string]func(){
		"woken before the last one left": func() {
			q.sleepers.enter()
			q.sleepers.taken[2], q.sleepers.used = true, 1
			if q.wokeIn(2, true, false) {
				t.Error("the shard is left though somebody waits")
			}
			q.leaveShards(t.Context())
		},
		"woken after the last one left": func() {
			if !q.wokeIn(2, true, false) {
				t.Error("the shard is kept though nobody waits")
			}
		},
	} {
		must(t, q.rdb.Del(t.Context(), q.marks[2]).Err())
		q.sleepers.taken[2], q.sleepers.used = true, 1
		hear()
		if n, err := q.rdb.ZCard(t.Context(), q.marks[2]).Result(); err != nil || n != 1 {
			t.Errorf("%s: %d marks, %v; want 1", name, n, err)
		}
	}
}

// TestSleepersLeaveConnections: with more shards than half of a node's connections the sleepers
// take turns, and every shard has its.
func TestSleepersLeaveConnections(t *testing.T) {
	const shards, limit = 5, 2
	q := New(nil, Options{Shards: shards}) // each shard is taken and left by hand
	slept := map[int]int{}
	for range shards {
		for _, s := range q.sleepers.take(limit, func(int) bool { return true }) {
			slept[s]++
			q.wokeIn(s, false, true)
		}
	}
	for s := range shards {
		if slept[s] != limit {
			t.Errorf("shard %d had %d turns, want %d: %v", s, slept[s], limit, slept)
		}
	}
}

func TestClaimOrder(t *testing.T) {
	before := map[bool]int{}
	for range 4000 {
		order := claimOrder(4, -1)
		at := make([]int, 4)
		for i, s := range order {
			at[s] = i
		}
		before[at[2] < at[3]]++ // two busy shards after two idle ones
		if first := claimOrder(4, 3)[0]; first != 3 {
			t.Fatalf("shard %d is first, want 3", first)
		}
	}
	if before[true] < 1700 || before[true] > 2300 { // nine standard deviations
		t.Errorf("one shard goes before the other %d times in 4000", before[true])
	}
}
