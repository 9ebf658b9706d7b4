package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"sluice/internal/testenv"
	"sluice/jobs/queue"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// countStatements has every statement that db sends counted.
func countStatements(b *testing.B, db *tenants.DB) *atomic.Int64 {
	b.Helper()
	n := new(atomic.Int64)
	count := func(*gorm.DB) { n.Add(1) }
	cb := db.AcrossStores(b.Context()).Callback()
	for _, err := range []error{
		cb.Query().After("gorm:query").Register("bench:count", count), cb.Update().After("gorm:update").Register("bench:count", count),
		cb.Create().After("gorm:create").Register("bench:count", count), cb.Delete().After("gorm:delete").Register("bench:count", count),
		cb.Raw().After("gorm:raw").Register("bench:count", count), cb.Row().After("gorm:row").Register("bench:count", count),
	} {
		if err != nil {
			b.Fatal(err)
		}
	}
	return n
}

// commits returns how many transactions PostgreSQL has committed in this database; it tells with
// some delay.
func commits(b *testing.B, db *tenants.DB) float64 {
	b.Helper()
	var n float64
	err := db.AcrossStores(b.Context()).Raw("SELECT pg_stat_force_next_flush(), xact_commit FROM pg_stat_database WHERE datname = current_database()").
		Row().Scan(new(any), &n)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkRows is a job's whole life with its row: Submit, claim, read, do, end, ack, by 8 workers
// while 64 goroutines submit. It reports the statements and commits of PostgreSQL and the calls of
// Redis a job.
func BenchmarkRows(b *testing.B) {
	url, ok := testenv.RealRedis(b)
	if !ok {
		b.Skip("no redis-server here")
	}
	at, stopPostgres, err := testenv.StartPostgres("fsync=on", "synchronous_commit=on", "full_page_writes=on")
	if err != nil {
		b.Skip("no PostgreSQL here: ", err)
	}
	b.Cleanup(stopPostgres)
	db, err := tenants.Open(b.Context(), at, tenantstest.Keys, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	const stores = 100
	for i := range stores {
		hash := fmt.Sprintf("s%d", i)
		if _, err := db.UpsertInstalledStore(tenants.WithStore(b.Context(), hash), tenants.Install{StoreHash: hash, AccessToken: "t"}); err != nil {
			b.Fatal(err)
		}
	}
	o, err := redis.ParseURL(url)
	if err != nil {
		b.Fatal(err)
	}
	o.PoolSize = 64
	rdb := redis.NewClient(o)
	b.Cleanup(func() { _ = rdb.Close() })
	q := queue.New(rdb, queue.Options{StoreCap: 1000, Log: slog.New(slog.DiscardHandler)})
	done := &doneMeter{left: make(chan struct{}, 1)}
	cfg := Config{DB: db, Queue: q, Meter: done}
	if err := q.Rebuild(b.Context(), func(context.Context, func(queue.Job) error) error { return nil }); err != nil {
		b.Fatal(err)
	}
	s := NewService(cfg)
	w := NewWorkers(cfg)
	ctx, stop := context.WithCancel(b.Context())
	var group sync.WaitGroup
	group.Go(func() { _ = w.Run(ctx) })
	b.Cleanup(func() { stop(); group.Wait() })

	statements, calls := countStatements(b, db), countCalls(rdb)
	var n atomic.Int64
	run := func(jobs int) {
		done.want.Store(int64(jobs))
		var producers sync.WaitGroup
		var next atomic.Int64
		for range 64 {
			producers.Go(func() {
				for next.Add(1) <= int64(jobs) {
					id := n.Add(1)
					row, err := newRow(fmt.Sprintf("forget:%d", id), kindEvent, queue.LaneBulk, time.Now(), event{DeliveryID: fmt.Sprint(id), Scope: scopeGoneGood, ID: id})
					if err == nil {
						row.StoreHash = fmt.Sprintf("s%d", id%stores)
						err = s.Submit(b.Context(), row)
					}
					if err != nil {
						b.Error(err)
					}
				}
			})
		}
		producers.Wait()
		<-done.left
	}
	run(200) // connections are open, statements prepared
	before := commits(b, db)
	statements.Store(0)
	calls.n.Store(0)
	b.ReportAllocs()
	b.ResetTimer()
	run(b.N)
	b.StopTimer()
	per := func(n float64, unit string) { b.ReportMetric(n/float64(b.N), unit) }
	per(float64(statements.Load()), "statements/op")
	per(float64(calls.n.Load()), "redis/op")
	per(commits(b, db)-before, "commits/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}

// doneMeter tells when so many jobs are done.
type doneMeter struct {
	noMeter
	want atomic.Int64
	left chan struct{}
}

func (m *doneMeter) Attempted(kind string, how Ending, _ time.Duration) {
	if kind == kindEvent && how == EndDone && m.want.Add(-1) == 0 {
		m.left <- struct{}{}
	}
}

// callCounter counts the calls of Redis; a pipeline is one.
type callCounter struct{ n atomic.Int64 }

func countCalls(rdb *redis.Client) *callCounter {
	c := &callCounter{}
	rdb.AddHook(c)
	return c
}

func (c *callCounter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *callCounter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmd)
	}
}

func (c *callCounter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmds)
	}
}
