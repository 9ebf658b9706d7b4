package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/internal/testenv"
	"sluice/jobs/queue"
	"sluice/tenants"
)

func (e *env) forgetRow(id string) *tenants.Job {
	e.t.Helper()
	row, err := newRow(id, kindEvent, queue.LaneBulk, time.Now(), event{DeliveryID: id, Scope: scopeGoneGood})
	if err != nil {
		e.t.Fatal(err)
	}
	row.StoreHash = testStore
	return row
}

// What is saved together with a row that exists, a delivery that was taken before, or one that
// cannot be saved, is saved.
func TestSavedTogetherAndApart(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	hook := func(id string) *tenants.WebhookEvent {
		return &tenants.WebhookEvent{StoreHash: testStore, DeliveryID: id, Scope: scopeGoneGood, Body: "{}", ReceivedAt: time.Now().UTC()}
	}
	if err := e.svc.Submit(e.ctx, e.forgetRow("known")); err != nil {
		t.Fatal(err)
	}
	nobodys := e.forgetRow("nobody's")
	nobodys.StoreHash = ""
	list := []saving{
		{rows: []*tenants.Job{e.forgetRow("a")}},
		{rows: []*tenants.Job{e.forgetRow("known")}},
		{event: hook("1"), rows: []*tenants.Job{e.forgetRow("b")}},
		{event: hook("1"), rows: []*tenants.Job{e.forgetRow("c")}}, // the same delivery, twice at once
		{event: hook("2")},
		{rows: []*tenants.Job{nobodys}},
		{rows: []*tenants.Job{e.forgetRow("d"), e.forgetRow("e")}},
	}
	out, err := oneByOne(list, func(list []saving) ([]saved, error) { return e.svc.saveAll(t.Context(), list) }, func(err error) saved { return saved{err: err} })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range out {
		ids := ""
		for _, row := range v.inserted {
			ids += row.ID
		}
		if v.err != nil {
			ids = "failed"
		}
		got = append(got, ids)
	}
	if diff := cmp.Diff([]string{"a", "", "b", "", "", "failed", "de"}, got); diff != "" {
		t.Errorf("saved (-want +got):\n%s", diff)
	}
	rows := e.jobRows(testStore)
	for _, id := range []string{"a", "b", "d", "e", "known"} {
		if rows[id].State != tenants.JobPending {
			t.Errorf("row %s is %q", id, rows[id].State)
		}
	}
	if len(rows) != 5 || len(e.events(testStore)) != 2 {
		t.Errorf("%d rows and %d deliveries, want 5 and 2", len(rows), len(e.events(testStore)))
	}
}

// While the database is away nothing is tried one by one: each would wait for it.
func TestNotApartWhileAway(t *testing.T) {
	calls := 0
	_, err := oneByOne([]int{1, 2, 3}, func([]int) ([]int, error) {
		calls++
		return nil, problem.New(problem.Unavailable, "away")
	}, func(error) int { return 0 })
	if calls != 1 || problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("%d calls, %v", calls, err)
	}
}

// Of ends that are saved together each is told whether its row was pending.
func TestFinishedTogether(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	if err := e.svc.Submit(e.ctx, e.forgetRow("a"), e.forgetRow("b"), e.forgetRow("c")); err != nil {
		t.Fatal(err)
	}
	if err := finishRow(e.ctx, e.db, "b", tenants.JobDropped, ""); err != nil {
		t.Fatal(err)
	}
	w := NewWorkers(e.cfg)
	got, err := w.finishAll(t.Context(), []finishing{{id: "a"}, {id: "b"}, {id: "c", hook: &tenants.Delivery{StoreHash: testStore, DeliveryID: "none"}}, {id: "none"}})
	if err != nil || len(got) != 4 || got[0] != nil || !errors.Is(got[1], errStale) || got[2] != nil || !errors.Is(got[3], errStale) {
		t.Errorf("finishAll = %v, %v", got, err)
	}
	rows := e.jobRows(testStore)
	if rows["a"].State != tenants.JobDone || rows["b"].State != tenants.JobDropped || rows["c"].State != tenants.JobDone {
		t.Errorf("rows %s, %s, %s", rows["a"].State, rows["b"].State, rows["c"].State)
	}
}

// Many submit at once; a stop waits until the ends of the jobs that were done are saved and told,
// and the rest is done afterwards.
func TestManySubmitAtOnce(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	m := &doneCounter{}
	stop := e.work(func(c *Config) { c.Meter = m })
	const jobs = 100
	var group sync.WaitGroup
	for i := range jobs {
		row := e.forgetRow(fmt.Sprintf("job%d", i))
		group.Go(func() {
			if err := e.svc.Submit(context.WithoutCancel(e.ctx), row); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	testenv.Eventually(t, "half of the jobs done", func() bool { return m.count() >= jobs/2 })
	stop()
	state, err := e.queue.Quota(t.Context(), testStore)
	if err != nil || state.InFlight != 0 {
		t.Errorf("%d jobs in flight after the stop, %v", state.InFlight, err)
	}
	e.work()
	testenv.Eventually(t, "every job done", func() bool {
		done := 0
		for _, row := range e.jobRows(testStore) {
			if row.State == tenants.JobDone {
				done++
			}
		}
		return done == jobs
	})
}

// doneCounter counts the jobs about deleted products that were done.
type doneCounter struct {
	noMeter
	mu sync.Mutex
	n  int
}

func (c *doneCounter) Attempted(kind string, how Ending, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kind == kindEvent && how == EndDone {
		c.n++
	}
}

func (c *doneCounter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}
