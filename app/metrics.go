package main

import (
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"sluice/internal/bigcommerce"
	"sluice/internal/limits"
	"sluice/jobs"
	"sluice/tenants"
)

// metrics are what the program tells Prometheus. No label carries a store: ten thousand stores
// times every series would be too many, and a store's hash is nobody's business but ours. What a
// store needs to be told apart for is in the panel, and in `sluice queue show`.
type metrics struct {
	registry *prometheus.Registry

	attempts     *prometheus.CounterVec
	attemptTime  *prometheus.HistogramVec
	stepTime     *prometheus.HistogramVec
	claimWait    prometheus.Histogram
	reaped       prometheus.Counter
	rebuilds     prometheus.Counter
	wrong        prometheus.Counter
	rebuildTime  prometheus.Histogram
	reservations *prometheus.CounterVec
	apiRequests  *prometheus.CounterVec
	apiTime      prometheus.Histogram
	throttled    *prometheus.CounterVec
	httpRequests *prometheus.CounterVec
	httpTime     *prometheus.HistogramVec
	refusals     *prometheus.CounterVec
}

var _ jobs.Meter = (*metrics)(nil)

// Buckets in seconds. Jobs take from milliseconds to their budget of some seconds; waits are up to
// several quota windows of 30 s.
var (
	workBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
	waitBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600}
)

func newMetrics() *metrics {
	r := prometheus.NewRegistry()
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "sluice", Name: name, Help: help}, labels)
		r.MustRegister(c)
		return c
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "sluice", Name: name, Help: help, Buckets: buckets}, labels)
		r.MustRegister(h)
		return h
	}
	one := func(h *prometheus.HistogramVec) prometheus.Histogram {
		return h.WithLabelValues().(prometheus.Histogram) //nolint:errcheck // client_golang's histograms are Histograms
	}
	m := &metrics{
		registry: r,
		attempts: counter("job_attempts_total",
			"Attempts of jobs by kind and ending: done, failed (tried again), dead (given up), held (no quota), paused (store needs a reinstall), returned (process stops), lost (lease lost).", "kind", "ending"),
		attemptTime: histogram("job_attempt_duration_seconds", "How long attempts of jobs take.", workBuckets, "kind"),
		stepTime:    histogram("run_step_duration_seconds", "How long steps of runs take, by phase.", workBuckets, "phase"),
		claimWait:   one(histogram("job_claim_wait_seconds", "How long jobs were due before a worker claimed them.", waitBuckets)),
		reaped:      counter("queue_leases_reaped_total", "Leases of workers that died, taken back.").WithLabelValues(),
		rebuilds:    counter("queue_rebuilds_total", "Rebuilds of an empty Redis from SQL.").WithLabelValues(),
		wrong:       counter("queue_wrong_counters_total", "Counters in Redis that an audit found wrong and put right: each is a bug of Sluice.").WithLabelValues(),
		rebuildTime: one(histogram("queue_rebuild_duration_seconds", "How long rebuilds take.", waitBuckets)),
		reservations: counter("quota_reservations_total",
			"Requests for quota by outcome: admitted, or why held: quota, kept (for those who wait and for other apps), pace (a backlog is spread over the window), margin (others use the store), first (quota unknown), class (endpoint's concurrency), cool (BigCommerce asked for a pause).", "outcome"),
		apiRequests: counter("api_requests_total", "HTTP requests to BigCommerce by class of status; lost: no answer came.", "status"),
		apiTime:     one(histogram("api_request_duration_seconds", "Time until BigCommerce's answer.", workBuckets)),
		throttled: counter("api_throttled_total",
			"429 answers of BigCommerce by kind: quota (window used up), concurrency (too many at once for the endpoint), platform (no rate headers: its own load).", "kind"),
		httpRequests: counter("http_requests_total", "Requests to Sluice by route and status.", "route", "method", "status"),
		refusals: counter("limit_refusals_total",
			"Requests, uploads, rows and log lines refused because a limit was reached, by limit (docs/operators.md lists them).", "limit"),
		httpTime: histogram("http_request_duration_seconds", "Time that requests to Sluice take, event streams left out.", workBuckets, "route"),
	}
	for _, l := range limits.All() {
		m.refusals.WithLabelValues(string(l.Name))
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "sluice", Name: "build_info", Help: "Always 1; the labels say what runs.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()}})
	info.Set(1)
	r.MustRegister(info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Claimed, Attempted, Stepped, Reaped, Rebuilt and Audited implement jobs.Meter.

func (m *metrics) Claimed(waited time.Duration) { m.claimWait.Observe(waited.Seconds()) }

func (m *metrics) Attempted(kind string, how jobs.Ending, took time.Duration) {
	m.attempts.WithLabelValues(kind, string(how)).Inc()
	m.attemptTime.WithLabelValues(kind).Observe(took.Seconds())
}

func (m *metrics) Stepped(phase tenants.Phase, took time.Duration) {
	m.stepTime.WithLabelValues(string(phase)).Observe(took.Seconds())
}

func (m *metrics) Reaped(leases int) { m.reaped.Add(float64(leases)) }

func (m *metrics) Rebuilt(_ int, took time.Duration) {
	m.rebuilds.Inc()
	m.rebuildTime.Observe(took.Seconds())
}

func (m *metrics) Audited(wrong int) { m.wrong.Add(float64(wrong)) }

// reserved is a queue.Options.OnReserve.
func (m *metrics) reserved(outcome string) { m.reservations.WithLabelValues(outcome).Inc() }

// answered is told every HTTP attempt towards BigCommerce.
func (m *metrics) answered(a bigcommerce.Answer) {
	status := "lost"
	if !a.Lost {
		status = strconv.Itoa(a.Status/100) + "xx"
	}
	m.apiRequests.WithLabelValues(status).Inc()
	m.apiTime.Observe(a.Latency.Seconds())
	if a.Status == http.StatusTooManyRequests {
		m.throttled.WithLabelValues(throttleKind(a)).Inc()
	}
}

// throttleKind tells the three kinds of 429 apart, as the governor does.
func throttleKind(a bigcommerce.Answer) string {
	switch {
	case !a.HasQuota:
		return "platform"
	case a.Left > 0:
		return "concurrency"
	}
	return "quota"
}

// limited is told of everything that a limit refused.
func (m *metrics) limited(name limits.Name) { m.refusals.WithLabelValues(string(name)).Inc() }

// limitedRate is limited for internal/ratelimit, whose limits are more than those of the table.
func (m *metrics) limitedRate(name string) {
	m.limited(limits.Name(strings.ReplaceAll(name, "-", "_")))
}

// watchSlots reports what this process holds open of what has a limit.
func (m *metrics) watchSlots(l *limits.Limits) error {
	var list []prometheus.Collector
	for _, row := range limits.All() {
		if !row.Process() {
			continue
		}
		name := row.Name
		list = append(list, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: "sluice", Name: "limit_held", Help: "What this process holds open of what has a limit.",
			ConstLabels: prometheus.Labels{"limit": string(name)},
		}, func() float64 { return float64(l.Held(name)) }))
	}
	return registerAll(m.registry, list...)
}

// countRequests counts requests by the route's template, never the path: paths carry ids.
func (m *metrics) countRequests(c *gin.Context) {
	start := time.Now()
	c.Next()
	route := c.FullPath()
	if route == "" {
		route = "none"
	}
	method := c.Request.Method
	switch method { // anyone can send any word
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		method = "other"
	}
	m.httpRequests.WithLabelValues(route, method, strconv.Itoa(c.Writer.Status())).Inc()
	if c.Writer.Header().Get("Content-Type") != "text/event-stream" {
		m.httpTime.WithLabelValues(route).Observe(time.Since(start).Seconds())
	}
}
