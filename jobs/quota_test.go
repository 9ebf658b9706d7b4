package jobs

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/testenv"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// quotaEnv is an env whose queue goes by a clock that the test moves.
func quotaEnv(t *testing.T, url string) (e *env, advance func(time.Duration)) {
	t.Helper()
	e = newEnv(t, url)
	var ahead atomic.Int64
	start := time.Now().Truncate(time.Minute).Add(30 * time.Second)
	e.queue = queue.New(e.rdb, queue.Options{LeaseFor: 400 * time.Millisecond, Log: e.cfg.Log, Now: func() time.Time {
		return start.Add(time.Duration(ahead.Load()))
	}})
	e.cfg.Queue = e.queue
	return e, func(d time.Duration) { ahead.Add(int64(d)) }
}

// request sends one request for a store, with an answer that says how many are left of 150.
func (e *env) request(store string, status, left int) {
	e.t.Helper()
	d, err := e.queue.Reserve(e.t.Context(), store, bigcommerce.Call{Cost: 1, Interactive: true})
	if err != nil || !d.Admitted {
		e.t.Fatalf("reserve: %+v, %v", d, err)
	}
	a := bigcommerce.Answer{Status: status, HasQuota: true, Quota: 150, Left: left, Window: 30 * time.Second, Reset: 25 * time.Second}
	if err := e.queue.Observe(e.t.Context(), store, d, a); err != nil {
		e.t.Fatal(err)
	}
}

// minutes returns the quota history of all stores in the database, without its times.
func (e *env) minutes() []tenants.QuotaMinute {
	e.t.Helper()
	var rows []tenants.QuotaMinute
	if err := e.db.AcrossStores(e.t.Context()).Order("minute, store_hash").Find(&rows).Error; err != nil {
		e.t.Fatal(err)
	}
	for i := range rows {
		rows[i].Minute = 0
	}
	return rows
}

func left(n int64) *int64 { return &n }

// TestQuotaHistory runs two processes, which share the work of bringing the history home.
func TestQuotaHistory(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		e, advance := quotaEnv(t, url)
		e.install("other1")
		e.ready()
		quick := func(c *Config) { c.FlushEvery = 10 * time.Millisecond }
		e.work(quick)
		e.work(quick)
		e.request(testStore, 200, 149)
		e.request(testStore, 200, 139)
		e.request("other1", 200, 100)
		e.request("gone99", 200, 100) // no such store: nothing of it may reach the database
		advance(time.Minute)
		e.request(testStore, 200, 148)
		e.request(testStore, 429, 0)
		advance(2 * time.Minute)
		want := []tenants.QuotaMinute{
			{StoreHash: testStore, Used: 2, Others: 9, LeftMin: left(139), Quota: 150, WindowMS: 30_000},
			{StoreHash: "other1", Used: 1, LeftMin: left(100), Quota: 150, WindowMS: 30_000},
			{StoreHash: testStore, Used: 1, Others: 1 + 148, LeftMin: left(0), Quota: 150, WindowMS: 30_000, ThrottledQuota: 1},
		}
		testenv.Eventually(t, "history in the database", func() bool { return len(e.minutes()) >= len(want) })
		if diff := cmp.Diff(want, e.minutes()); diff != "" {
			t.Errorf("history (-want +got):\n%s", diff)
		}
	})
}

// TestQuotaHistoryAfterACrash: the process dies when the database has the minutes and Redis still
// has them too.
func TestQuotaHistoryAfterACrash(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		e, advance := quotaEnv(t, url)
		e.request(testStore, 200, 149)
		e.request(testStore, 200, 120)
		advance(2 * time.Minute)
		w := NewWorkers(e.cfg)
		dying, die := context.WithCancel(t.Context())
		_, err := e.queue.FlushMinutes(dying, func(ctx context.Context, minutes []queue.Minute) error {
			defer die()
			return w.saveQuota(ctx, minutes)
		})
		want := []tenants.QuotaMinute{{StoreHash: testStore, Used: 2, Others: 28, LeftMin: left(120), Quota: 150, WindowMS: 30_000}}
		if diff := cmp.Diff(want, e.minutes()); !errors.Is(err, context.Canceled) || diff != "" {
			t.Fatalf("error %v, history (-want +got):\n%s", err, diff)
		}
		again := 0
		if n, err := e.queue.FlushMinutes(t.Context(), func(ctx context.Context, minutes []queue.Minute) error {
			again += len(minutes)
			return w.saveQuota(ctx, minutes)
		}); err != nil || n != 1 || again != 1 {
			t.Errorf("%d minutes came again, %d forgotten, %v; want 1, 1", again, n, err)
		}
		w.flushQuota(t.Context()) // nothing is left
		if diff := cmp.Diff(want, e.minutes()); diff != "" {
			t.Errorf("history after the repeat (-want +got):\n%s", diff)
		}
	})
}
