package queue

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"sluice/internal/bigcommerce"
	"sluice/internal/testenv"
)

// trips counts the calls to Redis; a pipeline is one.
type trips struct{ n atomic.Int64 }

func (c *trips) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (c *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmd)
	}
}

func (c *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmds)
	}
}

// onEach runs a benchmark on each kind of Redis; it reports round trips per operation. The
// benchmark calls start when its stores are set up.
func onEach(b *testing.B, bench func(b *testing.B, q *Queue, start func())) {
	run := func(b *testing.B, url string) {
		rdb := client(b, url)
		q := ready(b, rdb, Options{StoreCap: 1000, MaxWaiting: 1 << 30})
		count := &trips{}
		rdb.AddHook(count)
		b.ReportAllocs()
		b.Cleanup(func() { b.ReportMetric(float64(count.n.Load())/float64(b.N), "trips/op") })
		bench(b, q, func() {
			count.n.Store(0)
			b.ResetTimer()
		})
	}
	b.Run("embedded", func(b *testing.B) { run(b, testenv.EmbeddedRedis(b)) })
	b.Run("server", func(b *testing.B) {
		url, ok := testenv.RealRedis(b)
		if !ok {
			b.Skip("no redis-server here")
		}
		run(b, url)
	})
}

// BenchmarkJob is one job's whole life, with as many stores in the queue as its name says.
func BenchmarkJob(b *testing.B) {
	for _, stores := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprintf("stores=%d", stores), func(b *testing.B) {
			onEach(b, func(b *testing.B, q *Queue, start func()) {
				backlog := make([]Job, stores)
				for i := range backlog {
					backlog[i] = job(fmt.Sprintf("s%d", i), fmt.Sprintf("backlog%d", i))
				}
				must(b, q.Enqueue(b.Context(), backlog...))
				n := 0
				start()
				for b.Loop() {
					n++
					must(b, q.Enqueue(b.Context(), job(fmt.Sprintf("s%d", n%stores), fmt.Sprint(n))))
					l, err := q.Claim(b.Context(), 0)
					must(b, err)
					must(b, q.Ack(b.Context(), l))
				}
			})
		})
	}
}

// BenchmarkParkedStores claims from one store while ten thousand others wait for their windows.
func BenchmarkParkedStores(b *testing.B) {
	onEach(b, func(b *testing.B, q *Queue, start func()) {
		for i := range 10_000 {
			s := fmt.Sprintf("s%d", i)
			must(b, q.rdb.HSet(b.Context(), q.shardKey(0, "t:"+s),
				"Q", 150, "W", 30_000, "L", 0, "E", time.Now().Add(time.Hour).UnixMilli()).Err())
		}
		backlog := make([]Job, 10_000)
		for i := range backlog {
			backlog[i] = job(fmt.Sprintf("s%d", i), fmt.Sprintf("backlog%d", i))
		}
		must(b, q.Enqueue(b.Context(), backlog...))
		n := 0
		start()
		for b.Loop() {
			n++
			must(b, q.Enqueue(b.Context(), job("busy", fmt.Sprint(n))))
			l, err := q.Claim(b.Context(), 0)
			must(b, err)
			must(b, q.Ack(b.Context(), l))
		}
	})
}

// BenchmarkRequest is what the governor adds to one request in a chain of them.
func BenchmarkRequest(b *testing.B) {
	onEach(b, func(b *testing.B, q *Queue, start func()) {
		l := q.Limiter("abc", time.Minute)
		answer := bigcommerce.Answer{Status: 200, HasQuota: true, Quota: 1 << 30, Left: 1 << 29, Window: time.Hour, Reset: time.Hour}
		start()
		for b.Loop() {
			done, err := l.Wait(b.Context(), bulk)
			must(b, err)
			done(answer)
		}
	})
}
