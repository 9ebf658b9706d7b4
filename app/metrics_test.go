package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"

	"sluice/internal/bigcommerce"
	"sluice/internal/testenv"
	"sluice/jobs/kinds/products"
)

// value returns the sum of a family's samples whose labels are all of want; histograms count.
func value(families map[string]*dto.MetricFamily, name string, want ...string) float64 {
	sum := 0.0
	for _, m := range families[name].GetMetric() {
		labels := map[string]bool{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()+"="+l.GetValue()] = true
		}
		match := true
		for _, w := range want {
			match = match && labels[w]
		}
		if match {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return sum
}

func gather(t *testing.T, m *metrics) map[string]*dto.MetricFamily {
	t.Helper()
	list, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	families := map[string]*dto.MetricFamily{}
	for _, f := range list {
		families[f.GetName()] = f
	}
	return families
}

// TestMetrics runs the demo and looks at every series: what it must say, and that no label names a
// store.
func TestMetrics(t *testing.T) {
	test := func(t *testing.T, database, redis string) {
		t.Setenv("DATABASE_URL", database)
		t.Setenv("REDIS_URL", redis)
		t.Setenv("ENCRYPTION_KEYS", "")
		dir := t.TempDir()
		feed := filepath.Join(dir, "parts.csv")
		writeCatalogue(t, feed, catalogue(40))
		c := &demoCommand{Once: true, Kind: products.Name, Feed: feed, Plan: "pro", Window: time.Second}
		ctx, cancel := context.WithCancel(t.Context())
		d, err := c.start(ctx, dir, slog.New(slog.DiscardHandler))
		if err != nil {
			cancel()
			t.Fatal(err)
		}
		defer d.close()
		d.program.cfg.MetricsAddr = "127.0.0.1:" + stablePort(t)
		ended := make(chan error, 1)
		go func() { ended <- d.program.run(ctx, d.listener, true) }()
		defer func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}()
		var result *demoResult
		err = d.sync(ctx, io.Discard, func(r *demoResult) error { result = r; return nil })
		if err != nil || result.State != "done" || result.Created != 40 {
			t.Fatalf("the demo: %+v, %v", result, err)
		}
		// The last attempt is told once the queue was.
		testenv.Eventually(t, "the last job", func() bool {
			return value(gather(t, d.program.metrics), "sluice_job_attempts_total", "kind=run.step", "ending=done") >=
				value(gather(t, d.program.metrics), "sluice_run_step_duration_seconds")
		})

		families := gather(t, d.program.metrics)
		for name, f := range families {
			for _, m := range f.GetMetric() {
				for _, l := range m.GetLabel() {
					if strings.Contains(l.GetValue(), d.store.Hash) || strings.Contains(l.GetName(), "store") {
						t.Errorf("%s has the label %s=%s", name, l.GetName(), l.GetValue())
					}
				}
			}
		}
		for _, some := range [][]string{
			{"sluice_job_attempts_total", "kind=run.step", "ending=done"}, {"sluice_job_attempts_total", "kind=hooks.register"},
			{"sluice_job_attempt_duration_seconds", "kind=run.step"},
			{"sluice_run_step_duration_seconds", "phase=fetch"}, {"sluice_run_step_duration_seconds", "phase=plan"},
			{"sluice_run_step_duration_seconds", "phase=write"},
			{"sluice_job_claim_wait_seconds"}, {"sluice_queue_complete"}, {"sluice_queue_rebuild_duration_seconds"},
			{"sluice_quota_reservations_total", "outcome=admitted"},
			{"sluice_api_requests_total", "status=2xx"}, {"sluice_api_request_duration_seconds"},
			{"sluice_http_requests_total", "route=/auth", "status=200"}, {"sluice_http_requests_total", "route=/api/v1/runs/:id"},
			{"sluice_http_request_duration_seconds", "route=/auth"},
			{"sluice_build_info", "version=" + version}, {"go_goroutines"}, {"go_sql_open_connections", "db_name=sluice"},
			{"sluice_redis_pool_connections"},
		} {
			if value(families, some[0], some[1:]...) == 0 {
				t.Errorf("%v says nothing", some)
			}
		}
		for name, want := range map[string]float64{"sluice_queue_rebuilds_total": 1, "sluice_queue_leases_reaped_total": 0, "sluice_queue_wrong_counters_total": 0, "sluice_api_throttled_total": 0} {
			if got := value(families, name); got != want {
				t.Errorf("%s = %v, want %v", name, got, want)
			}
		}
		for _, state := range []string{"waiting", "later", "in_flight", "overdue", "dead"} {
			found := false
			for _, m := range families["sluice_queue_jobs"].GetMetric() {
				found = found || m.GetLabel()[0].GetValue() == state
			}
			if !found {
				t.Errorf("jobs that are %s are not counted", state)
			}
		}
		// The sandbox's count is from the start of the run; the metrics have the install's requests too.
		if got := value(families, "sluice_api_requests_total"); got < float64(result.APIRequests) || got != value(families, "sluice_quota_reservations_total", "outcome=admitted") {
			t.Errorf("%v API requests with %v reservations, the sandbox has %d", got, value(families, "sluice_quota_reservations_total", "outcome=admitted"), result.APIRequests)
		}

		body := get(t, "http://"+d.program.cfg.MetricsAddr+"/metrics", http.StatusOK)
		for name := range families {
			if !strings.Contains(body, "# TYPE "+name+" ") {
				t.Errorf("%s is not served", name)
			}
		}
		if strings.Contains(body, d.store.Hash) {
			t.Error("the served metrics name the store")
		}
		get(t, "http://"+d.program.cfg.MetricsAddr+"/load", http.StatusNotFound)
		get(t, d.merchant.app+"/metrics", http.StatusNotFound)
	}
	t.Run("SQLite and embedded Redis", func(t *testing.T) { test(t, "", "") })
	t.Run("PostgreSQL and Redis", func(t *testing.T) {
		s, ok := realStack(t, "covered with SQLite and the embedded Redis only")
		if !ok {
			return
		}
		test(t, s.database, s.redis)
	})
}

// get returns a body and checks the status.
func get(t *testing.T, url string, status int) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		t.Fatalf("%s: %s, want %d; %v", url, res.Status, status, err)
	}
	return string(b)
}

// TestAnswersByKind: each kind of 429 and of answer has its own label.
func TestAnswersByKind(t *testing.T) {
	m := newMetrics()
	for _, a := range []bigcommerce.Answer{
		{Status: 200, HasQuota: true, Left: 5}, {Status: 204}, {Status: 404}, {Status: 503}, {Lost: true},
		{Status: 429, HasQuota: true, Left: 0}, {Status: 429, HasQuota: true, Left: 7}, {Status: 429}, {Status: 429, HasRetryAfter: true},
	} {
		m.answered(a)
	}
	families := gather(t, m)
	got := map[string]float64{}
	for _, status := range []string{"2xx", "4xx", "5xx", "lost"} {
		got[status] = value(families, "sluice_api_requests_total", "status="+status)
	}
	for _, kind := range []string{"quota", "concurrency", "platform"} {
		got[kind] = value(families, "sluice_api_throttled_total", "kind="+kind)
	}
	want := map[string]float64{"2xx": 2, "4xx": 5, "5xx": 1, "lost": 1, "quota": 1, "concurrency": 1, "platform": 2}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestRequestLabelsAreBounded: what strangers send makes no new series, and panics are counted.
func TestRequestLabelsAreBounded(t *testing.T) {
	m := newMetrics()
	router, err := newRouter(slog.New(slog.DiscardHandler), nil, m.countRequests)
	if err != nil {
		t.Fatal(err)
	}
	router.GET("/things/:id", func(*gin.Context) { panic("boom") })
	for _, r := range [][2]string{{"GET", "/things/1"}, {"GET", "/things/2"}, {"GET", "/nowhere/abc"}, {"BREW", "/nowhere/def"}} {
		router.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(r[0], r[1], nil))
	}
	families := gather(t, m)
	for _, want := range [][]string{
		{"route=/things/:id", "method=GET", "status=500"}, {"route=none", "method=GET", "status=404"}, {"route=none", "method=other", "status=404"},
	} {
		if value(families, "sluice_http_requests_total", want...) == 0 {
			t.Errorf("no request with %v", want)
		}
	}
	if n := len(families["sluice_http_requests_total"].GetMetric()); n != 3 {
		t.Errorf("%d series, want 3", n)
	}
}

func TestMetricsAddr(t *testing.T) {
	for addr, ok := range map[string]bool{"": true, ":9090": true, "127.0.0.1:9090": true, "[::1]:9090": true, "9090": false, "localhost": false, "localhost:": false} {
		err := (&Config{MetricsAddr: addr}).check(nil)
		if wrong := strings.Contains(err.Error(), "METRICS_ADDR"); wrong == ok {
			t.Errorf("%q: %v", addr, err)
		}
	}
}
