package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/redis/go-redis/v9"

	"sluice/jobs"
	"sluice/jobs/queue"
	"sluice/tenants"
)

const (
	// gaugesEvery is how often queue and database are counted, however often the metrics are read.
	gaugesEvery = 10 * time.Second
	// gaugesTimeout bounds a count: Prometheus gives up after 10 s by default, and the rest must not
	// be lost.
	gaugesTimeout = 5 * time.Second
)

// watchPools reports the connection pools of database and Redis.
func (m *metrics) watchPools(db *tenants.DB, rdb redis.UniversalClient) error {
	pool, err := db.AcrossStores(context.Background()).DB()
	if err != nil {
		return err
	}
	return registerAll(m.registry, collectors.NewDBStatsCollector(pool, "sluice"), newRedisPool(rdb))
}

// watchQueue reports what waits and runs in all stores together.
func (m *metrics) watchQueue(service *jobs.Service, q *queue.Queue, log *slog.Logger) error {
	return registerAll(m.registry, &queueGauges{service: service, queue: q, log: log})
}

// watchWorkers reports what this process is at.
func (m *metrics) watchWorkers(w *jobs.Workers) error {
	return registerAll(m.registry, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "sluice", Name: "jobs_running", Help: "Jobs that this process is carrying out.",
	}, func() float64 { return float64(w.Running()) }))
}

func registerAll(r *prometheus.Registry, list ...prometheus.Collector) error {
	for _, c := range list {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return nil
}

// redisPool collects go-redis' pool statistics.
type redisPool struct {
	rdb  redis.UniversalClient
	list []poolStat
}

type poolStat struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	of   func(*redis.PoolStats) uint32
}

func newRedisPool(rdb redis.UniversalClient) *redisPool {
	stat := func(name, help string, kind prometheus.ValueType, of func(*redis.PoolStats) uint32) poolStat {
		return poolStat{prometheus.NewDesc("sluice_redis_pool_"+name, help, nil, nil), kind, of}
	}
	return &redisPool{rdb: rdb, list: []poolStat{
		stat("hits_total", "Times a free connection to Redis was found.", prometheus.CounterValue, func(s *redis.PoolStats) uint32 { return s.Hits }),
		stat("misses_total", "Times none was.", prometheus.CounterValue, func(s *redis.PoolStats) uint32 { return s.Misses }),
		stat("timeouts_total", "Times none came in time.", prometheus.CounterValue, func(s *redis.PoolStats) uint32 { return s.Timeouts }),
		stat("stale_total", "Connections that were found dead.", prometheus.CounterValue, func(s *redis.PoolStats) uint32 { return s.StaleConns }),
		stat("connections", "Connections to Redis.", prometheus.GaugeValue, func(s *redis.PoolStats) uint32 { return s.TotalConns }),
		stat("idle_connections", "Of them, idle ones.", prometheus.GaugeValue, func(s *redis.PoolStats) uint32 { return s.IdleConns }),
	}}
}

// Describe implements prometheus.Collector.
func (p *redisPool) Describe(ch chan<- *prometheus.Desc) {
	for _, s := range p.list {
		ch <- s.desc
	}
}

// Collect implements prometheus.Collector.
func (p *redisPool) Collect(ch chan<- prometheus.Metric) {
	stats := p.rdb.PoolStats()
	for _, s := range p.list {
		ch <- prometheus.MustNewConstMetric(s.desc, s.kind, float64(s.of(stats)))
	}
}

// queueGauges counts jobs and stores when the metrics are read. What cannot be counted now is left
// out, which Prometheus shows as a gap.
type queueGauges struct {
	service *jobs.Service
	queue   *queue.Queue
	log     *slog.Logger

	mu    sync.Mutex
	at    time.Time
	sql   *jobs.JobTotals
	redis *queue.Totals
}

var (
	queueJobs = prometheus.NewDesc("sluice_queue_jobs",
		"Jobs of all stores: waiting (due, not in flight), later, in_flight, overdue (in flight beyond their lease), dead.", []string{"state"}, nil)
	queueStores = prometheus.NewDesc("sluice_queue_stores",
		"Stores in Redis: ready (their next job may start), parked (they wait for quota or a time).", []string{"state"}, nil)
	queueComplete = prometheus.NewDesc("sluice_queue_complete", "1 if Redis holds the whole queue, 0 until it is rebuilt.", nil, nil)
)

// Describe implements prometheus.Collector.
func (g *queueGauges) Describe(ch chan<- *prometheus.Desc) {
	ch <- queueJobs
	ch <- queueStores
	ch <- queueComplete
}

// Collect implements prometheus.Collector.
func (g *queueGauges) Collect(ch chan<- prometheus.Metric) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.at.IsZero() || time.Since(g.at) >= gaugesEvery {
		g.count()
	}
	gauge := func(desc *prometheus.Desc, n int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(n), labels...)
	}
	if r := g.redis; r != nil {
		gauge(queueJobs, int64(r.InFlight), "in_flight")
		gauge(queueJobs, int64(r.Overdue), "overdue")
		gauge(queueStores, int64(r.Ready), "ready")
		gauge(queueStores, int64(r.Parked), "parked")
		complete := int64(0)
		if r.Complete {
			complete = 1
		}
		gauge(queueComplete, complete)
	}
	if s := g.sql; s != nil {
		inFlight := int64(0)
		if g.redis != nil {
			inFlight = int64(g.redis.InFlight)
		}
		gauge(queueJobs, max(0, s.Due-inFlight), "waiting") // counted a moment apart
		gauge(queueJobs, s.Later, "later")
		gauge(queueJobs, s.Dead, "dead")
	}
}

func (g *queueGauges) count() {
	ctx, cancel := context.WithTimeout(context.Background(), gaugesTimeout)
	defer cancel()
	g.at, g.sql, g.redis = time.Now(), nil, nil
	if totals, err := g.queue.Totals(ctx); err == nil {
		g.redis = &totals
	} else {
		g.log.WarnContext(ctx, "metrics: the queue cannot be counted", "error", err)
	}
	if totals, err := g.service.Totals(ctx); err == nil {
		g.sql = &totals
	} else {
		g.log.WarnContext(ctx, "metrics: jobs cannot be counted", "error", err)
	}
}
