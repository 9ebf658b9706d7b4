package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"sluice/tenants"
)

const (
	// checkTime bounds each check; probes of Kubernetes wait 1 s unless told otherwise, so the chart
	// says 3 s.
	checkTime = 2 * time.Second
	// checkFor is how long an answer stands: anybody may ask, and must not make the database work.
	checkFor = time.Second

	readyPath = "/readyz"
)

// health answers the two questions of whoever runs the process. /healthz: does it still answer at
// all (if not, restart it)? It asks nothing of others, because a restart does not fix a database.
// /readyz: should it get requests now? Not while the database, its migrations or Redis are missing,
// nor once the process was asked to stop.
type health struct {
	db       *tenants.DB
	rdb      redis.UniversalClient
	log      *slog.Logger
	draining atomic.Bool
	// unknownProxy: a request came through a proxy that TRUSTED_PROXIES does not have (noteProxy).
	unknownProxy atomic.Bool

	mu       sync.Mutex
	last     []check
	at       time.Time
	migrated bool
}

// check is one line of /readyz. The reason of a failure is in the log, for it may name hosts.
type check struct {
	Name string `json:"name"` // database, migrations, redis or process
	OK   bool   `json:"ok"`
}

// report is the answer of both addresses.
type report struct {
	Status  string  `json:"status"` // ok, ready, not_ready or draining
	Version string  `json:"version"`
	Checks  []check `json:"checks,omitempty"`
	// UnknownProxy: requests come through a proxy that TRUSTED_PROXIES does not have. Only /healthz
	// tells.
	UnknownProxy bool `json:"unknown_proxy,omitempty"`
}

// register mounts the two addresses for the public; probes of a worker ask on METRICS_ADDR.
func (h *health) register(r gin.IRouter) {
	r.GET("/healthz", gin.WrapF(h.alive))
	r.GET(readyPath, gin.WrapF(h.ready))
}

func (h *health) alive(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, report{Status: "ok", Version: version, UnknownProxy: h.unknownProxy.Load()})
}

func (h *health) ready(w http.ResponseWriter, r *http.Request) {
	if h.draining.Load() {
		answer(w, http.StatusServiceUnavailable, report{Status: "draining", Version: version, Checks: []check{{"process", false}}})
		return
	}
	checks := h.checks(r.Context())
	for _, c := range checks {
		if !c.OK {
			answer(w, http.StatusServiceUnavailable, report{Status: "not_ready", Version: version, Checks: checks})
			return
		}
	}
	answer(w, http.StatusOK, report{Status: "ready", Version: version, Checks: checks})
}

// checks asks database and Redis, or repeats what they said less than checkFor ago.
func (h *health) checks(ctx context.Context) []check {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.at) < checkFor {
		return h.last
	}
	// One caller that goes away must not make it fail for those who wait.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTime)
	defer cancel()
	h.last = []check{
		h.check(ctx, "database", h.db.Ping),
		h.check(ctx, "migrations", h.checkMigrations),
		h.check(ctx, "redis", func(ctx context.Context) error { return h.rdb.Ping(ctx).Err() }),
	}
	h.at = time.Now()
	return h.last
}

func (h *health) check(ctx context.Context, name string, ask func(context.Context) error) check {
	err := ask(ctx)
	if err != nil {
		h.log.WarnContext(ctx, "not ready", "check", name, "error", err)
	}
	return check{name, err == nil}
}

// checkMigrations asks once: migrations that ran never go away.
func (h *health) checkMigrations(ctx context.Context) error {
	if h.migrated {
		return nil
	}
	pending, err := h.db.Pending(ctx)
	if err != nil {
		return err
	}
	if len(pending) > 0 {
		return errBehind(len(pending))
	}
	h.migrated = true
	return nil
}

// closing makes every answer of a draining process the last of its connection. The server's own way
// (SetKeepAlivesEnabled) would also cut idle connections, on which a proxy may be sending just now.
func (h *health) closing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

func answer(w http.ResponseWriter, status int, r report) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(r) // a probe that has gone needs no answer
}
