package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/sync/errgroup"

	"sluice/auth"
	"sluice/internal/limits"
	"sluice/internal/openapi"
	"sluice/internal/ratelimit"
	"sluice/internal/refusals"
	"sluice/internal/tracing"
	"sluice/jobs"
	"sluice/jobs/alerts"
	"sluice/jobs/connector"
	"sluice/jobs/flow"
	"sluice/jobs/queue"
	"sluice/tenants"
	"sluice/ui"
)

// shutdownGrace is how long open requests may go on once the process was asked to stop. Hosts give
// 30 s between SIGTERM and SIGKILL.
const shutdownGrace = 20 * time.Second

// traceGrace is how long the last spans may take to leave: a collector that is away must not hold
// the end.
const traceGrace = 3 * time.Second

// program is Sluice, assembled: everything shares one database, one Redis and one engine.
type program struct {
	cfg     *Config
	log     *slog.Logger
	db      *tenants.DB
	service *jobs.Service
	workers *jobs.Workers
	sources *connector.Sources
	alerts  *alerts.Sender
	kinds   []flow.Kind
	engine  *flow.Engine
	metrics *metrics
	limits  *limits.Limits
	limiter *ratelimit.Limiter
	gate    *ratelimit.Gate
	health  *health
	router  *gin.Engine
	handler http.Handler // router, compressed, with the headers of every answer
	closers []func()

	// Live event streams never finish by themselves: endStreams ends them when the server stops.
	streams    context.Context
	endStreams context.CancelFunc
}

func userAgent() string { return "Sluice/" + version }

// assemble builds the program; close must be called. It starts nothing and migrates nothing.
func assemble(ctx context.Context, cfg *Config, log *slog.Logger) (*program, error) {
	p := &program{cfg: cfg, log: log, metrics: newMetrics()}
	p.limits = limits.New(cfg.Limits, p.metrics.limited)
	p.streams, p.endStreams = context.WithCancel(context.Background())
	if err := p.build(ctx); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *program) build(ctx context.Context) (err error) {
	cfg, log := p.cfg, p.log
	stopTracing, err := tracing.Start(ctx, version)
	if err != nil {
		return err
	}
	p.closers = append(p.closers, func() {
		ctx, done := context.WithTimeout(context.Background(), traceGrace)
		defer done()
		if err := stopTracing(ctx); err != nil {
			log.Warn("the last spans were not sent", "error", err)
		}
	})
	if p.db, err = tenants.Open(ctx, cfg.DatabaseURL, cfg.EncryptionKeys, log); err != nil {
		return err
	}
	p.db.SetLimits(p.limits)
	p.closers = append(p.closers, func() {
		if err := p.db.Close(); err != nil {
			log.Error("database not closed", "error", err)
		}
	})
	rdb, closeRedis, err := openRedis(ctx, cfg.RedisConfig, log)
	if err != nil {
		return err
	}
	p.closers = append(p.closers, closeRedis)
	p.health = &health{db: p.db, rdb: rdb, log: log}
	private, err := cfg.privatePrefixes()
	if err != nil {
		return err
	}

	q := queue.New(rdb, queue.Options{Shards: cfg.RedisShards, LeaseFor: cfg.JobLease, Log: log, OnReserve: p.metrics.reserved})
	clients := jobs.NewClients(p.db, q, cfg.APIURL, userAgent(), log)
	clients.Observe(p.metrics.answered)
	p.closers = append(p.closers, clients.Close)
	p.alerts, err = alerts.New(alerts.Config{
		DB: p.db, SMTPURL: cfg.SMTPURL, From: cfg.AlertFrom, AllowPrivate: private, UserAgent: userAgent(),
	})
	if err != nil {
		return err
	}
	p.closers = append(p.closers, p.alerts.Close)
	p.assembleSources(private)
	p.assembleKinds()
	p.engine = flow.New(flow.Config{
		DB:     p.db,
		Client: clients.Client,
		Quota: func(ctx context.Context, store string) (int, time.Duration) {
			state, err := q.Quota(ctx, store)
			if err != nil || !state.Known {
				return 0, 0
			}
			return state.Quota, state.Window
		},
		Log: log,
	}, p.kinds...)
	p.limiter = ratelimit.New(rdb, ratelimit.Options{Log: log, Refused: p.metrics.limitedRate})
	p.gate = ratelimit.NewGate(p.limiter, p.limits.Rate(limits.AddressRate))
	shoppers, err := p.assembleIdentity(rdb, clients, private)
	if err != nil {
		return err
	}
	jobsConfig := jobs.Config{
		DB: p.db, Queue: q, Engine: p.engine, Clients: clients, Log: log, Meter: p.metrics,
		AppURL: cfg.AppURL, ClientSecret: cfg.ClientSecret, ScriptTag: cfg.jobsScriptTag, PurgeAfter: auth.DefaultRetention,
		AnnouncesIssuer: shoppers.sso.Announces, Concurrency: cfg.WorkerConcurrency, Gate: p.gate,
		Limiter: p.limiter, StoreRate: p.limits.Rate(limits.StoreRate), Alerts: p.alerts,
		// A late heartbeat, or two, must not lose a lease.
		HeartbeatEvery: cfg.JobLease / 4, ReapEvery: cfg.JobLease / 6,
	}
	p.service = jobs.NewService(jobsConfig)
	p.workers = jobs.NewWorkers(jobsConfig)
	if err := errors.Join(p.metrics.watchPools(p.db, rdb), p.metrics.watchQueue(p.service, q, log), p.metrics.watchWorkers(p.workers), p.metrics.watchSlots(p.limits)); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	return p.assembleHTTP(shoppers)
}

func (p *program) assembleHTTP(shoppers *identity) error {
	cfg := p.cfg
	assets, built := ui.Assets()
	if !built {
		p.log.Warn("the panel is not built into this program: build it with make")
		assets = nil
	}
	panel, err := ui.NewPanel(assets, cfg.FrameAncestors, version, p.log)
	if err != nil {
		return err
	}
	panel.LimitReports(p.limiter, p.limits)
	authority, err := auth.New(auth.Config{
		ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, AppURL: cfg.AppURL, LoginURL: cfg.LoginURL,
		FrameAncestors: cfg.FrameAncestors, RetainFor: auth.DefaultRetention,
		DB: p.db, Lifecycle: lifecycle{p.service, shoppers.current}, Panel: panel.Page, Log: p.log,
		Gate: p.gate, Limiter: p.limiter, Limits: p.limits,
	})
	if err != nil {
		return err
	}
	api := ui.New(ui.Config{
		DB: p.db, Auth: authority, Jobs: p.service, Kinds: p.engine, Sources: p.sources, Scopes: cfg.Scopes,
		SignIn: shoppers.signIn, SSO: shoppers.sso, ScriptTag: cfg.scriptTag, AppURL: cfg.AppURL,
		Version: version, Sandbox: cfg.sandboxed(), SupportURL: cfg.SupportURL, Log: p.log, Stopping: p.streams.Done(),
		Limits: p.limits, Limiter: p.limiter, Alerts: p.alerts,
	})
	docs, err := openapi.New()
	if err != nil {
		return err
	}
	proxies, err := cfg.proxyPrefixes()
	if err != nil {
		return err
	}
	refused := refusals.New(refusals.Options{Log: p.log, Store: tenants.StoreHash})
	p.closers = append(p.closers, refused.Close)
	router, err := newRouter(p.log, proxies, refused.Middleware, p.metrics.countRequests, p.health.noteProxy(proxies), p.gate.Front(provesItself), tracing.Middleware(tenants.StoreHash))
	if err != nil {
		return err
	}
	p.health.register(router)
	authority.Register(router)
	panel.Register(router)
	api.Register(router)
	shoppers.sso.Register(router)
	shoppers.current.Register(router)
	p.service.Register(router)
	docs.Register(router)
	if err := registerFront(router, cfg.SupportURL); err != nil {
		return err
	}
	p.router = router
	handler, err := compressed(router)
	p.handler = secured(handler, strings.HasPrefix(cfg.AppURL, "https://"))
	return err
}

// migrate brings the database up to date.
func (p *program) migrate(ctx context.Context) error {
	if err := p.db.Migrate(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// serve answers on l until ctx ends, goes on for the drain delay with /readyz saying no, and then
// lets open requests finish. A connection that is used during the delay is closed with its answer,
// so that none is cut while a proxy sends the next request on it.
func (p *program) serve(ctx context.Context, l net.Listener) error {
	server := newHTTPServer(p.health.closing(p.handler), p.log)
	server.RegisterOnShutdown(p.endStreams)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(moving{l}) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	p.health.draining.Store(true)
	select {
	case err := <-failed:
		return err
	case <-time.After(p.cfg.DrainDelay):
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	err := server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		// Whoever sends slowly must not make a stop a failure.
		p.log.Warn("requests were cut off: they were still open at the end of the grace", "grace", shutdownGrace)
		return server.Close()
	}
	return err
}

// run serves on l (nil: no web), serves metrics on METRICS_ADDR (if set) and works jobs (if asked
// to) until ctx ends or one of them fails.
func (p *program) run(ctx context.Context, l net.Listener, work bool) error {
	metrics, err := listenMetrics(ctx, p.cfg.MetricsAddr)
	if err != nil {
		if l != nil {
			_ = l.Close()
		}
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	if metrics != nil {
		p.log.Info("serving metrics", "address", metrics.Addr().String())
		g.Go(func() error { return p.serveMetrics(ctx, metrics) })
	}
	if l != nil {
		g.Go(func() error { return p.serve(ctx, l) })
	}
	if work {
		g.Go(func() error { return p.workers.Run(ctx) })
	}
	return g.Wait()
}

func (p *program) close() {
	p.endStreams()
	for i := len(p.closers) - 1; i >= 0; i-- {
		p.closers[i]()
	}
	p.closers = nil
}
