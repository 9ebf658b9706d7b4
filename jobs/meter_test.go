package jobs

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/testenv"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// countingMeter counts what it is told.
type countingMeter struct {
	mu      sync.Mutex
	counts  map[string]int
	waited  []time.Duration
	rebuilt []int
}

func (m *countingMeter) add(what string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts == nil {
		m.counts = map[string]int{}
	}
	m.counts[what] += n
}

func (m *countingMeter) Claimed(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waited = append(m.waited, d)
}

func (m *countingMeter) Rebuilt(n int, _ time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rebuilt = append(m.rebuilt, n)
}

func (m *countingMeter) Attempted(kind string, how Ending, _ time.Duration) {
	m.add(kind+" "+string(how), 1)
}
func (m *countingMeter) Stepped(phase tenants.Phase, _ time.Duration) {
	m.add("step "+string(phase), 1)
}
func (m *countingMeter) Reaped(n int)  { m.add("reaped", n) }
func (m *countingMeter) Audited(n int) { m.add("audited", n) }

func TestAuditIsMetered(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.ready()
	e.start()
	if err := e.rdb.HSet(t.Context(), "sluice:{0}:t:"+testStore, "inflight", 3).Err(); err != nil {
		t.Fatal(err)
	}
	m := &countingMeter{}
	e.cfg.Meter = m
	for range 2 { // the second is another process, whose turn it is not
		NewWorkers(e.cfg).audit(t.Context())
	}
	if diff := cmp.Diff(map[string]int{"audited": 1}, m.told()); diff != "" {
		t.Errorf("metered (-want +got):\n%s", diff)
	}
	if q, err := e.queue.Quota(t.Context(), testStore); err != nil || q.InFlight != 0 {
		t.Errorf("%+v, %v", q, err)
	}
}

func (m *countingMeter) told() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]int{}
	for k, n := range m.counts {
		if k != "housekeeping done" {
			out[k] = n
		}
	}
	return out
}

func TestMeter(t *testing.T) {
	tests := map[string]struct {
		before func(tries int) error // what the n-th try of step 1 ends with, from 1
		want   map[string]int
	}{
		"all well": {
			before: func(int) error { return nil },
			want:   map[string]int{"run.step done": 4, "step fetch": 4},
		},
		"a failure": {
			before: func(n int) error {
				if n == 1 {
					return errors.New("database is away")
				}
				return nil
			},
			want: map[string]int{"run.step done": 4, "run.step failed": 1, "step fetch": 5},
		},
		"no quota": {
			before: func(n int) error {
				if n <= 2 {
					return &bigcommerce.NoQuotaError{Until: time.Now()}
				}
				return nil
			},
			want: map[string]int{"run.step done": 4, "run.step held": 2, "step fetch": 6},
		},
		"dead": {
			before: func(int) error { return errors.New("cannot be") },
			want:   map[string]int{"run.step done": 1, "run.step failed": 2, "run.step dead": 1, "step fetch": 4},
		},
		"paused": {
			before: func(int) error { return unauthorized() },
			want:   map[string]int{"run.step done": 1, "run.step paused": 1, "step fetch": 2},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t, testenv.EmbeddedRedis(t))
			tries := 0 // one run has one step at a time
			e.engine.on(func(_ context.Context, run *tenants.Run) error {
				if run.Step != 1 {
					return nil
				}
				tries++
				return tt.before(tries)
			})
			m := &countingMeter{}
			e.work(func(c *Config) { c.MaxAttempts, c.Meter = 3, m })
			e.start()
			testenv.Eventually(t, "what is told", func() bool { return cmp.Equal(tt.want, m.told()) })
			m.mu.Lock()
			defer m.mu.Unlock()
			if len(m.rebuilt) != 1 || len(m.waited) == 0 {
				t.Errorf("rebuilt %v, waited %v", m.rebuilt, m.waited)
			}
			for _, d := range m.waited {
				if d < 0 || d > time.Minute {
					t.Errorf("a job waited %s", d)
				}
			}
		})
	}
}

// TestMeterOfLostWork: what other processes' ends look like.
func TestMeterOfLostWork(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.ready()
	e.start()
	e.claim() // and never heard of again
	m := &countingMeter{}
	g := e.gateAt(0)
	stop := e.work(func(c *Config) { c.Meter, c.Grace = m, time.Millisecond })
	g.wait(t)
	testenv.Eventually(t, "the lost lease is told", func() bool { return m.told()["reaped"] == 1 })
	stop()
	want := map[string]int{"reaped": 1, "run.step returned": 1, "step fetch": 1}
	if diff := cmp.Diff(want, m.told()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if got := NewWorkers(e.cfg).kindOf(testStore); got != "unknown" {
		t.Errorf("a kind that is none became the label %q", got)
	}
}

// TestReservationsAreTold: each request for quota, with its outcome.
func TestReservationsAreTold(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	var told []string
	q := queue.New(e.rdb, queue.Options{OnReserve: func(outcome string) { told = append(told, outcome) }})
	for range 7 {
		if _, err := q.Reserve(t.Context(), testStore, bigcommerce.Call{Cost: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"admitted", "admitted", "admitted", "admitted", "admitted", "first", "first"}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}
