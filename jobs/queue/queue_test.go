package queue

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"sluice/internal/bigcommerce"
	"sluice/internal/testenv"
)

// clock is a test's time. It stands still unless it is told to move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.UnixMilli(1_800_000_000_000)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func client(t testing.TB, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(o)
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// ready returns a queue that needs no rebuild.
func ready(t testing.TB, rdb redis.UniversalClient, o Options) *Queue {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	q := New(rdb, o)
	must(t, q.Rebuild(t.Context(), func(context.Context, func(Job) error) error { return nil }))
	return q
}

// each runs test with a fresh queue on a test's clock, on every kind of Redis.
func each(t *testing.T, o Options, test func(t *testing.T, q *Queue, c *clock)) {
	t.Helper()
	on := func(t *testing.T, rdb redis.UniversalClient) {
		c := newClock()
		o := o
		o.Now = c.Now
		test(t, ready(t, rdb, o), c)
	}
	testenv.EachRedis(t, func(t *testing.T, url string) { on(t, client(t, url)) })
	t.Run("cluster", func(t *testing.T) {
		if c, ok := testenv.SharedRedisCluster(t); ok {
			on(t, clusterClient(t, c))
		}
	})
}

// clusterClient reads the URL as app does.
func clusterClient(t testing.TB, c *testenv.RedisCluster) *redis.ClusterClient {
	t.Helper()
	o, err := redis.ParseClusterURL(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClusterClient(o)
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// masters calls fn with each server that has keys.
func masters(t testing.TB, rdb redis.UniversalClient, fn func(context.Context, *redis.Client) error) {
	t.Helper()
	switch rdb := rdb.(type) {
	case *redis.ClusterClient:
		var mu sync.Mutex
		must(t, rdb.ForEachMaster(t.Context(), func(ctx context.Context, c *redis.Client) error {
			mu.Lock()
			defer mu.Unlock()
			return fn(ctx, c)
		}))
	case *redis.Client:
		must(t, fn(t.Context(), rdb))
	}
}

// flushRedis empties Redis.
func flushRedis(t testing.TB, q *Queue) {
	t.Helper()
	masters(t, q.rdb, func(ctx context.Context, c *redis.Client) error { return c.FlushAll(ctx).Err() })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func job(store, id string) Job { return Job{ID: id, Store: store, Kind: "test", Cost: 1} }

// claim returns the next job's lease, which must be there.
func claim(t testing.TB, q *Queue) *Lease {
	t.Helper()
	l, err := q.Claim(t.Context(), 0)
	must(t, err)
	if l == nil {
		t.Fatal("nothing to claim")
	}
	return l
}

func claimNothing(t testing.TB, q *Queue) {
	t.Helper()
	l, err := q.Claim(t.Context(), 0)
	must(t, err)
	if l != nil {
		t.Fatalf("claimed %s of %s, want nothing", l.ID, l.Store)
	}
}

func jobs(store string, n int) []Job {
	out := make([]Job, n)
	for i := range out {
		out[i] = job(store, fmt.Sprintf("%s-%d", store, i))
	}
	return out
}

// noAudit checks that all counters are what they count.
func noAudit(t testing.TB, q *Queue) {
	t.Helper()
	n, err := q.Audit(t.Context())
	must(t, err)
	if n != 0 {
		t.Errorf("audit found %d wrong counters", n)
	}
}

// keys returns every key there is.
func keys(t testing.TB, q *Queue) []string {
	t.Helper()
	var all []string
	masters(t, q.rdb, func(ctx context.Context, c *redis.Client) error {
		k, err := c.Keys(ctx, "*").Result()
		all = append(all, k...)
		return err
	})
	return all
}

func z(score float64, member string) redis.Z { return redis.Z{Score: score, Member: member} }

func call(class string) bigcommerce.Call { return bigcommerce.Call{Class: class, Cost: 1} }
