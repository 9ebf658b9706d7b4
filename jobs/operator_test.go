package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"

	"sluice/internal/problem"
	"sluice/internal/testenv"
	"sluice/jobs/queue"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// kill makes a run die at its second step; the returned function fixes what killed it.
func (e *env) kill(maxAttempts int) (run *tenants.Run, fix func()) {
	e.t.Helper()
	var broken atomic.Bool
	broken.Store(true)
	e.engine.on(func(_ context.Context, run *tenants.Run) error {
		if run.Step == 1 && broken.Load() {
			return errors.New("cannot be")
		}
		return nil
	})
	stop := e.work(func(c *Config) { c.MaxAttempts = maxAttempts })
	run = e.start()
	e.waitRun(run.ID, tenants.RunFailed)
	testenv.Eventually(e.t, "the burial", func() bool {
		dead, err := e.svc.DeadJobs(e.t.Context(), "", 10)
		q, qErr := e.svc.Quota(e.t.Context(), testStore)
		return err == nil && qErr == nil && len(dead) == 1 && q.InFlight == 0
	})
	stop()
	return run, func() { broken.Store(false) }
}

func operator(ctx context.Context) context.Context { return WithActor(ctx, "operator") }

// TestRetryDeadRun: a run that died goes on with the step that it died of, once.
func TestRetryDeadRun(t *testing.T) {
	test := func(t *testing.T, e *env, svc *Service) {
		run, fix := e.kill(3)
		dead, err := svc.DeadJobs(t.Context(), testStore, 10)
		if err != nil || len(dead) != 1 {
			t.Fatalf("dead jobs: %v, %v", dead, err)
		}
		want := DeadJob{ID: runJobID(run.ID, 1), Store: testStore, Kind: kindRunStep, Attempts: 3, Error: "cannot be", History: []Attempt{
			{Attempt: 1, Error: "cannot be"}, {Attempt: 2, Error: "cannot be"}, {Attempt: 3, Error: "cannot be"},
		}}
		if diff := cmp.Diff(want, dead[0], cmpopts.IgnoreFields(DeadJob{}, "Created", "Died"), cmpopts.IgnoreFields(Attempt{}, "At")); diff != "" {
			t.Errorf("dead job (-want +got):\n%s", diff)
		}
		for i, a := range dead[0].History {
			if a.At.IsZero() || (i > 0 && a.At.Before(dead[0].History[i-1].At)) {
				t.Errorf("attempt %d was at %s", a.Attempt, a.At)
			}
		}

		fix()
		got, err := svc.RetryDead(operator(t.Context()), want.ID)
		if diff := cmp.Diff(Outcome{ID: want.ID, Store: testStore, Kind: kindRunStep, State: tenants.JobPending, Changed: true, Run: run.ID}, got); err != nil || diff != "" {
			t.Fatalf("retry: %v (-want +got):\n%s", err, diff)
		}
		revived := e.run(run.ID)
		if revived.State != tenants.RunRunning || revived.Error != "" || revived.FinishedAt != nil || revived.Step != 1 {
			t.Errorf("revived run is %s at step %d, error %q, finished %v", revived.State, revived.Step, revived.Error, revived.FinishedAt)
		}
		if _, err := e.svc.StartRun(e.ctx, StartRun{FlowID: e.flow.ID}); problem.CodeOf(err) != problem.Conflict {
			t.Errorf("another run of the flow was let in: %v", err)
		}
		if got, err = svc.RetryDead(operator(t.Context()), want.ID); err != nil || got.Changed || got.State != tenants.JobPending {
			t.Errorf("a second retry: %+v, %v", got, err)
		}
		e.work()
		done := e.waitRun(run.ID, tenants.RunDone)
		if done.Created != 4 {
			t.Errorf("%d steps had their effect, want 4", done.Created)
		}
		// Giving the run up was saved as an end of step 1 too.
		if diff := cmp.Diff([]int{1, 2, 1, 1}, e.engine.saved(run.ID)); diff != "" {
			t.Errorf("saved steps (-want +got):\n%s", diff)
		}
		if got, err = svc.RetryDead(operator(t.Context()), want.ID); err != nil || got.Changed || got.State != tenants.JobDone {
			t.Errorf("a retry of a job that is done: %+v, %v", got, err)
		}
		audit := []string{"run.started", "run.finished", "job.dead", "job.retried", "run.finished"}
		testenv.Eventually(t, "audit entries", func() bool {
			return cmp.Diff(audit, e.audited(), cmpopts.SortSlices(strings.Compare)) == ""
		})
		wantOperator(t, e, "job.retried")
	}
	testenv.EachRedis(t, func(t *testing.T, url string) {
		e := newEnv(t, url)
		test(t, e, e.svc)
	})
	t.Run("another process's embedded Redis", func(t *testing.T) { // as `sluice queue retry` beside a serve without REDIS_URL
		e := newEnv(t, testenv.EmbeddedRedis(t))
		o, err := redis.ParseURL(testenv.EmbeddedRedis(t))
		if err != nil {
			t.Fatal(err)
		}
		rdb := redis.NewClient(o)
		t.Cleanup(func() { _ = rdb.Close() })
		cfg := e.cfg
		cfg.Queue = queue.New(rdb, queue.Options{Log: slog.New(slog.DiscardHandler)})
		test(t, e, NewService(cfg))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		db, ok := tenantstest.NewPostgres(t)
		if !ok {
			return
		}
		e := newEnvOn(t, testenv.EmbeddedRedis(t), db)
		test(t, e, e.svc)
	})
}

// wantOperator checks that an action was audited once, as an operator's.
func wantOperator(t *testing.T, e *env, action string) {
	t.Helper()
	entries, _, err := e.db.AuditLog(e.ctx, tenants.Page{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, entry := range entries {
		if entry.Action == action {
			n++
			if entry.Actor != "operator" {
				t.Errorf("%s by %q", action, entry.Actor)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d entries of %s, want 1", n, action)
	}
}

// TestRetryDiesAgain: the attempts count anew, and the history has both lives.
func TestRetryDiesAgain(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	run, _ := e.kill(2)
	if _, err := e.svc.RetryDead(e.ctx, runJobID(run.ID, 1)); err != nil {
		t.Fatal(err)
	}
	e.work(func(c *Config) { c.MaxAttempts = 2 })
	e.waitRun(run.ID, tenants.RunFailed)
	dead, err := e.svc.DeadJobs(t.Context(), "", 10)
	if err != nil || len(dead) != 1 {
		t.Fatalf("dead jobs: %v, %v", dead, err)
	}
	var attempts []int
	for _, a := range dead[0].History {
		attempts = append(attempts, a.Attempt)
	}
	if diff := cmp.Diff([]int{1, 2, 1, 2}, attempts); diff != "" || dead[0].Attempts != 2 {
		t.Errorf("%d attempts, history (-want +got):\n%s", dead[0].Attempts, diff)
	}
}

func TestDropDead(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		e := newEnv(t, url)
		run, _ := e.kill(1)
		id := runJobID(run.ID, 1)
		for i := range 2 { // the second changes nothing
			got, err := e.svc.DropDead(operator(t.Context()), id)
			if diff := cmp.Diff(Outcome{ID: id, Store: testStore, Kind: kindRunStep, State: tenants.JobDropped, Changed: i == 0}, got); err != nil || diff != "" {
				t.Errorf("drop: %v (-want +got):\n%s", err, diff)
			}
		}
		if got := e.run(run.ID); got.State != tenants.RunFailed {
			t.Errorf("the run is %s", got.State)
		}
		if dead, err := e.svc.DeadJobs(t.Context(), "", 10); err != nil || len(dead) != 0 {
			t.Errorf("dead jobs: %v, %v", dead, err)
		}
		if _, err := e.svc.RetryDead(operator(t.Context()), id); problem.CodeOf(err) != problem.Conflict {
			t.Errorf("a dropped job was retried: %v", err)
		}
		wantOperator(t, e, "job.dropped")
	})
}

func TestRetryAndDropRefuse(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	add := func(row tenants.Job) string {
		t.Helper()
		row.ID, row.RunAt = "job-"+tenants.NewID(), time.Now().Add(time.Hour)
		if row.Payload == "" {
			row.Payload = "{}"
		}
		if row.StoreHash == "" {
			row.StoreHash = testStore
		}
		if err := e.db.Scoped(tenants.WithStore(t.Context(), row.StoreHash)).Create(&row).Error; err != nil {
			t.Fatal(err)
		}
		return row.ID
	}
	finished := e.start()
	if err := e.svc.CancelRun(e.ctx, finished.ID); err != nil {
		t.Fatal(err)
	}
	e.install("left1")
	if err := e.svc.Uninstall(t.Context(), "left1"); err != nil {
		t.Fatal(err)
	}
	e.install("paused1")
	if err := e.svc.PauseStore(t.Context(), "paused1", "no access"); err != nil {
		t.Fatal(err)
	}
	retry, drop := e.svc.RetryDead, e.svc.DropDead
	tests := map[string]struct {
		act     func(context.Context, string) (Outcome, error)
		id      string
		code    problem.Code
		message string
	}{
		"retry of no job":       {retry, "nothing", problem.NotFound, "sluice queue dead"},
		"drop of no job":        {drop, "nothing", problem.NotFound, "sluice queue dead"},
		"drop of a waiting job": {drop, add(tenants.Job{Kind: kindStoreRefresh, State: tenants.JobPending}), problem.Conflict, "not dead"},
		"drop of a done job":    {drop, add(tenants.Job{Kind: kindStoreRefresh, State: tenants.JobDone}), problem.Conflict, "is done"},
		"retry of a dropped job": {
			retry, add(tenants.Job{Kind: kindStoreRefresh, State: tenants.JobDropped}), problem.Conflict, "was dropped",
		},
		"retry in a store that left": {
			retry, add(tenants.Job{StoreHash: "left1", Kind: kindStoreRefresh, State: tenants.JobDead}), problem.Conflict, "uninstalled",
		},
		"retry in a store that is paused": {
			retry, add(tenants.Job{StoreHash: "paused1", Kind: kindStoreRefresh, State: tenants.JobDead}), problem.NeedsReinstall, "no access",
		},
		"retry in a store that is gone": {
			retry, add(tenants.Job{StoreHash: "gone1", Kind: kindStoreRefresh, State: tenants.JobDead}), problem.Conflict, "is gone",
		},
		"retry of an uninstall from before a reinstall": {
			retry, add(tenants.Job{StoreHash: SystemStore, Kind: kindStoreUninstall, State: tenants.JobDead,
				Payload: `{"store":"` + testStore + `"}`, CreatedAt: time.Now().Add(-time.Hour)}), problem.Conflict, "installed again",
		},
		"retry of a step of no run": {
			retry, add(tenants.Job{Kind: kindRunStep, State: tenants.JobDead, Payload: `{"run_id":"nothing","step":1}`}), problem.Conflict, "is gone",
		},
		"retry of a step of a run that ended otherwise": {
			retry, add(tenants.Job{Kind: kindRunStep, State: tenants.JobDead, Payload: `{"run_id":"` + finished.ID + `","step":0}`}), problem.Conflict, "did not end because of",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := e.allRows()
			_, err := tt.act(operator(t.Context()), tt.id)
			if problem.CodeOf(err) != tt.code || !strings.Contains(problem.MessageOf(err), tt.message) {
				t.Errorf("error %v, want code %s and %q", err, tt.code, tt.message)
			}
			if diff := cmp.Diff(before, e.allRows()); diff != "" {
				t.Errorf("the refusal changed rows:\n%s", diff)
			}
		})
	}
	t.Run("retry of a job that is no run's step", func(t *testing.T) {
		id := add(tenants.Job{Kind: kindStoreRefresh, State: tenants.JobDead, Attempts: 8})
		got, err := retry(operator(t.Context()), id)
		if err != nil || !got.Changed || got.State != tenants.JobPending || got.Run != "" {
			t.Errorf("%+v, %v", got, err)
		}
		if row := e.jobRows(testStore)[id]; row.Attempts != 0 || row.RunAt.After(time.Now()) {
			t.Errorf("%d attempts, due at %s", row.Attempts, row.RunAt)
		}
	})
}

// allRows returns every job's state by id.
func (e *env) allRows() map[string]tenants.JobState {
	e.t.Helper()
	var rows []tenants.Job
	if err := e.db.AcrossStores(e.t.Context()).Find(&rows).Error; err != nil {
		e.t.Fatal(err)
	}
	states := map[string]tenants.JobState{}
	for _, r := range rows {
		states[r.ID] = r.State
	}
	return states
}

func TestHistoryIsBounded(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), testStore)
		for _, id := range []string{"one", "other"} {
			if err := db.Scoped(ctx).Create(&tenants.Job{ID: id, Kind: "x", State: tenants.JobPending}).Error; err != nil {
				t.Fatal(err)
			}
		}
		now := time.Now()
		fail := func(ctx context.Context, id string, n int) {
			t.Helper()
			if err := noteFailure(ctx, db, id, n, now, now, fmt.Sprint("failure ", n)); err != nil {
				t.Fatal(err)
			}
		}
		fail(ctx, "other", 1)
		for n := range keptAttempts + 5 {
			fail(ctx, "one", n+1)
		}
		fail(tenants.WithStore(t.Context(), "another1"), "one", 99) // not its job: nothing happens
		if err := db.Scoped(ctx).Model(&tenants.Job{}).Where("1 = 1").Updates(map[string]any{"state": tenants.JobDead}).Error; err != nil {
			t.Fatal(err)
		}
		fail(ctx, "one", 100) // nor is it pending now
		dead, err := NewService(Config{DB: db}).DeadJobs(ctx, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][]int{}
		for _, d := range dead {
			for _, a := range d.History {
				got[d.ID] = append(got[d.ID], a.Attempt)
			}
		}
		want := map[string][]int{"other": {1}}
		for n := range keptAttempts {
			want["one"] = append(want["one"], n+6)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("history (-want +got):\n%s", diff)
		}
	})
}

func TestBacklogs(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		svc := NewService(Config{DB: db})
		if n, err := svc.Totals(t.Context()); err != nil || n != (JobTotals{}) {
			t.Errorf("totals of nothing: %+v, %v", n, err)
		}
		now := time.Now()
		for store, states := range map[string][]tenants.JobState{
			"big1":   {tenants.JobPending, tenants.JobPending, tenants.JobPending, tenants.JobDone},
			"small1": {tenants.JobPending, tenants.JobDead, tenants.JobDropped},
			"dead1":  {tenants.JobDead},
			"done1":  {tenants.JobDone},
		} {
			for i, state := range states {
				row := tenants.Job{ID: fmt.Sprint(store, i), Kind: "x", State: state, RunAt: now.Add(-time.Minute)}
				if i == 2 {
					row.RunAt = now.Add(time.Hour)
				}
				if err := db.Scoped(tenants.WithStore(t.Context(), store)).Create(&row).Error; err != nil {
					t.Fatal(err)
				}
			}
		}
		ctx := tenants.WithStore(t.Context(), "small1")
		if _, err := db.UpsertInstalledStore(ctx, tenants.Install{StoreHash: "small1", AccessToken: "t", Origin: tenants.OriginCredentials}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.MarkNeedsReinstall(ctx, "small1", "no access"); err != nil {
			t.Fatal(err)
		}
		got, err := svc.Backlogs(t.Context(), 2, "dead1", "big1", "done1")
		want := []Backlog{
			{Store: "big1", Due: 2, Later: 1},
			{Store: "small1", State: "needs_reinstall", Why: "no access", Due: 1, Dead: 1},
			{Store: "dead1", Dead: 1},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if n, err := svc.Totals(t.Context()); err != nil || n != (JobTotals{Stores: 3, Due: 3, Later: 1, Dead: 2}) {
			t.Errorf("totals: %+v, %v", n, err)
		}
	})
}
