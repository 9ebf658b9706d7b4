package jobs

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/internal/testenv"
	"sluice/jobs/flow"
	"sluice/jobs/queue"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

func TestRunIsAChainOfJobs(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		e := newEnv(t, url)
		events, stop, err := e.svc.Watch(t.Context(), testStore)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		e.work()
		run := e.start()
		got := e.waitRun(run.ID, tenants.RunDone)
		if got.Created != e.engine.steps || got.StartedAt == nil {
			t.Errorf("created %d, started %v", got.Created, got.StartedAt)
		}
		if diff := cmp.Diff([]int{1, 1, 1, 1}, e.engine.saved(run.ID)); diff != "" {
			t.Errorf("saved steps (-want +got):\n%s", diff)
		}
		testenv.Eventually(t, "every job acknowledged", func() bool {
			q, err := e.svc.Quota(t.Context(), testStore)
			return err == nil && q.Waiting+q.Delayed+q.InFlight == 0
		})
		for id, row := range e.jobRows(testStore) {
			if row.Kind != kindRunStep {
				continue
			}
			if row.State != tenants.JobDone || row.Attempts != 0 {
				t.Errorf("row %s: state %s, attempts %d", id, row.State, row.Attempts)
			}
		}
		testenv.Eventually(t, "audit entries", func() bool {
			return cmp.Equal([]string{"run.started", "run.finished"}, e.audited())
		})
		if event := <-events; event != EventRun+run.ID {
			t.Errorf("event %q", event)
		}
	})
}

func TestRunOnPostgres(t *testing.T) {
	db, ok := tenantstest.NewPostgres(t)
	if !ok {
		t.Log("covered on SQLite only")
		return
	}
	e := newEnvOn(t, testenv.Redis(t), db)
	e.work()
	run := e.start()
	e.waitRun(run.ID, tenants.RunDone)
	if diff := cmp.Diff([]int{1, 1, 1, 1}, e.engine.saved(run.ID)); diff != "" {
		t.Errorf("saved steps (-want +got):\n%s", diff)
	}
	if err := e.svc.Uninstall(t.Context(), testStore); err != nil {
		t.Fatal(err)
	}
}

func TestStartRunRefuses(t *testing.T) {
	tests := map[string]struct {
		arrange func(e *env)
		request func(e *env) StartRun
		code    problem.Code
		message string
	}{
		"a second run of the flow": {
			arrange: func(e *env) { e.start() },
			code:    problem.Conflict, message: "already",
		},
		"an unknown flow": {
			request: func(*env) StartRun { return StartRun{FlowID: tenants.NewID()} },
			code:    problem.NotFound,
		},
		"a flow without mapping": {
			arrange: func(e *env) {
				e.flow.Mapping = tenants.Mapping{}
				if err := e.db.UpdateFlow(e.ctx, e.flow); err != nil {
					e.t.Fatal(err)
				}
			},
			code: problem.Invalid, message: "matched",
		},
		"a flow of an unknown kind": {
			arrange: func(e *env) {
				if err := e.db.Scoped(e.ctx).Model(e.flow).Update("kind", "orders").Error; err != nil {
					e.t.Fatal(err)
				}
			},
			code: problem.Conflict, message: "orders",
		},
		"a flow without source": {
			arrange: func(e *env) {
				e.flow.SnapshotID = ""
				if err := e.db.UpdateFlow(e.ctx, e.flow); err != nil {
					e.t.Fatal(err)
				}
			},
			code: problem.Invalid, message: "source",
		},
		"a store that needs a reinstall": {
			arrange: func(e *env) {
				if err := e.svc.PauseStore(e.t.Context(), testStore, "no access"); err != nil {
					e.t.Fatal(err)
				}
			},
			code: problem.NeedsReinstall,
		},
		"a retry of an unknown run": {
			request: func(e *env) StartRun { return StartRun{FlowID: e.flow.ID, RetryOf: tenants.NewID()} },
			code:    problem.NotFound,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t, testenv.EmbeddedRedis(t))
			if tt.arrange != nil {
				tt.arrange(e)
			}
			before := len(e.jobRows(testStore))
			req := StartRun{FlowID: e.flow.ID}
			if tt.request != nil {
				req = tt.request(e)
			}
			_, err := e.svc.StartRun(e.ctx, req)
			if problem.CodeOf(err) != tt.code || !strings.Contains(problem.MessageOf(err), tt.message) {
				t.Errorf("error %v, want code %s and %q", err, tt.code, tt.message)
			}
			if n := len(e.jobRows(testStore)); n != before {
				t.Errorf("%d jobs after the refusal, %d before", n, before)
			}
		})
	}
}

// TestStartOfACompareRun: it is kept with the run, and the audit tells it from others.
func TestStartOfACompareRun(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	run, err := e.svc.StartRun(e.ctx, StartRun{FlowID: e.flow.ID, Compare: true, DryRun: true, StartedBy: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	if got := e.run(run.ID); !got.Compare || !got.DryRun {
		t.Errorf("run %+v", got)
	}
	entries, _, err := e.db.AuditLog(e.ctx, tenants.Page{Limit: 1})
	if err != nil || len(entries) != 1 || entries[0].Detail != "preview that compares with the store, trigger manual" {
		t.Errorf("audit %+v, %v", entries, err)
	}
}

func TestTwoStartsAtOnce(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		code = map[problem.Code]int{}
	)
	for range 4 {
		wg.Go(func() {
			_, err := e.svc.StartRun(e.ctx, StartRun{FlowID: e.flow.ID})
			mu.Lock()
			defer mu.Unlock()
			code[problem.CodeOf(err)]++
		})
	}
	wg.Wait()
	if diff := cmp.Diff(map[problem.Code]int{"": 1, problem.Conflict: 3}, code); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

func TestCancel(t *testing.T) {
	t.Run("a queued run ends at once", func(t *testing.T) {
		e := newEnv(t, testenv.EmbeddedRedis(t))
		run := e.start()
		for range 2 { // the second changes nothing
			if err := e.svc.CancelRun(e.ctx, run.ID); err != nil {
				t.Fatal(err)
			}
		}
		got := e.run(run.ID)
		if got.State != tenants.RunCancelled || got.FinishedAt == nil {
			t.Errorf("state %s, finished %v", got.State, got.FinishedAt)
		}
		if row := e.jobRows(testStore)[runJobID(run.ID, 0)]; row.State != tenants.JobDropped {
			t.Errorf("row is %s", row.State)
		}
		if diff := cmp.Diff([]string{"run.started", "run.cancelled", "run.finished"}, e.audited()); diff != "" {
			t.Errorf("audit (-want +got):\n%s", diff)
		}
		e.work()
		second := e.start() // the flow is free again
		e.waitRun(second.ID, tenants.RunDone)
		if n := e.engine.saved(run.ID)[0]; n != 0 {
			t.Errorf("the cancelled run did a step")
		}
	})
	t.Run("a running run ends at its step's end", func(t *testing.T) {
		e := newEnv(t, testenv.EmbeddedRedis(t))
		g := e.gateAt(1)
		e.work()
		run := e.start()
		g.wait(t)
		if err := e.svc.CancelRun(e.ctx, run.ID); err != nil {
			t.Fatal(err)
		}
		if got := e.run(run.ID); got.State != tenants.RunCancelling {
			t.Errorf("state %s", got.State)
		}
		close(g.release)
		got := e.waitRun(run.ID, tenants.RunCancelled)
		if got.Created != 2 {
			t.Errorf("created %d; what was done stays and is counted", got.Created)
		}
	})
	t.Run("a run that waits for quota ends at once", func(t *testing.T) {
		e := newEnv(t, testenv.EmbeddedRedis(t))
		e.engine.on(once(func() error { return notBefore{time.Now().Add(time.Hour)} }))
		e.work()
		run := e.start()
		testenv.Eventually(t, "step 2 put off", func() bool {
			return e.jobRows(testStore)[runJobID(run.ID, 2)].RunAt.After(time.Now().Add(time.Minute))
		})
		if err := e.svc.CancelRun(WithActor(e.ctx, "user:u7"), run.ID); err != nil {
			t.Fatal(err)
		}
		if got := e.run(run.ID); got.State != tenants.RunCancelled || got.Created != 2 {
			t.Errorf("state %s, created %d", got.State, got.Created)
		}
		entries, _, err := e.db.AuditLog(e.ctx, tenants.Page{})
		if err != nil || len(entries) != 3 || entries[1].Actor != "user:u7" {
			t.Errorf("audit %+v, %v", entries, err)
		}
	})
	t.Run("a run whose step fails for good is cancelled, not failed", func(t *testing.T) {
		e := newEnv(t, testenv.EmbeddedRedis(t))
		e.engine.on(func(_ context.Context, run *tenants.Run) error {
			if run.Step < 1 {
				return nil
			}
			if err := e.svc.CancelRun(e.ctx, run.ID); err != nil {
				return err
			}
			return errors.New("the API is away")
		})
		e.work(func(c *Config) { c.MaxAttempts = 2 })
		run := e.start()
		if got := e.waitRun(run.ID, tenants.RunCancelled); got.Error != "" {
			t.Errorf("error %q", got.Error)
		}
	})
	t.Run("a run that is over", func(t *testing.T) {
		e := newEnv(t, testenv.EmbeddedRedis(t))
		e.work()
		run := e.start()
		e.waitRun(run.ID, tenants.RunDone)
		if err := e.svc.CancelRun(e.ctx, run.ID); problem.CodeOf(err) != problem.Conflict {
			t.Errorf("error %v", err)
		}
	})
	t.Run("another store's run", func(t *testing.T) {
		e := newEnv(t, testenv.EmbeddedRedis(t))
		run := e.start()
		e.install("other1")
		ctx := tenants.WithStore(t.Context(), "other1")
		if err := e.svc.CancelRun(ctx, run.ID); problem.CodeOf(err) != problem.NotFound {
			t.Errorf("error %v", err)
		}
		if got := e.run(run.ID); got.State != tenants.RunQueued {
			t.Errorf("state %s", got.State)
		}
	})
}

func TestRetryRun(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	set := func(id string, columns map[string]any) {
		t.Helper()
		if err := e.db.Scoped(e.ctx).Model(&tenants.Run{}).Where("id = ?", id).Updates(columns).Error; err != nil {
			t.Fatal(err)
		}
	}
	old := e.start()
	refused := func(why string) {
		t.Helper()
		if _, err := e.svc.RetryRun(e.ctx, old.ID, "manual", "u2"); problem.CodeOf(err) != problem.Conflict {
			t.Errorf("%s: error %v", why, err)
		}
	}
	refused("not final")
	set(old.ID, map[string]any{"state": tenants.RunDone})
	refused("nothing failed")
	set(old.ID, map[string]any{"failed": 3})
	refused("no snapshot")
	set(old.ID, map[string]any{"snapshot_id": "snap-1", "dry_run": true, "compare": true})
	run, err := e.svc.RetryRun(e.ctx, old.ID, "manual", "u2")
	if err != nil {
		t.Fatal(err)
	}
	got := e.run(run.ID)
	if got.RetryOf != old.ID || got.SnapshotID != "snap-1" || got.StartedBy != "u2" || !got.DryRun || !got.Compare || got.State != tenants.RunQueued {
		t.Errorf("retry: %+v", got)
	}
}

// A store that did not grant what a kind needs runs no flow of it, which says so, and everything
// else. Once it grants it, the runs that were under way go on where they stood.
func TestRunsWaitForScopes(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.ready()
	needs := goods
	needs.spec.Scopes = []string{"store_inventory"}
	e.engine.kinds = []flow.Kind{needs, fakeKind{spec: flow.Spec{Name: "others", Plural: "others"}}}
	other := &tenants.Flow{Kind: "others", Name: "Others", SnapshotID: tenants.NewID(), Mapping: e.flow.Mapping}
	if err := e.db.CreateFlow(e.ctx, other); err != nil {
		t.Fatal(err)
	}
	grant := func(scopes string) {
		t.Helper()
		_, err := e.db.UpsertInstalledStore(e.ctx, tenants.Install{StoreHash: testStore, AccessToken: "token-" + tenants.NewID(), Scopes: scopes, Origin: tenants.OriginMarketplace})
		if err == nil {
			err = e.svc.ResumeStore(t.Context(), testStore)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := e.svc.StartRun(e.ctx, StartRun{FlowID: e.flow.ID})
	if problem.CodeOf(err) != problem.ScopeMissing || !strings.Contains(err.Error(), "store_inventory") {
		t.Errorf("started without the scope: %v", err)
	}
	if _, err := e.svc.StartRun(e.ctx, StartRun{FlowID: other.ID}); err != nil {
		t.Errorf("a flow that does not need it: %v", err)
	}
	NewWorkers(e.cfg).execute(t.Context(), e.claim()) // the first step of that one

	grant("store_inventory")
	run := e.start()
	grant("store_v2_products") // accepted again, with less
	m := &endings{}
	e.cfg.Meter = m
	var lease *queue.Lease
	for lease = e.claim(); !strings.Contains(lease.ID, run.ID); lease = e.claim() {
		NewWorkers(e.cfg).execute(t.Context(), lease)
	}
	NewWorkers(e.cfg).execute(t.Context(), lease)
	row := e.jobRows(testStore)[lease.ID]
	if got := e.run(run.ID); got.State != tenants.RunPaused || got.Step != 0 || row.State != tenants.JobPending || row.Attempts != 0 || m.list[len(m.list)-1] != EndPaused {
		t.Errorf("run is %s at step %d, its job %s after %d attempts, which ended %v", got.State, got.Step, row.State, row.Attempts, m.list)
	}
	grant("store_v2_products")
	if got := e.run(run.ID); got.State != tenants.RunPaused {
		t.Errorf("run is %s, though the scope is still missing", got.State)
	}
	grant("store_inventory")
	if got := e.run(run.ID); got.State != tenants.RunQueued {
		t.Errorf("run is %s after the scope was granted", got.State)
	}
	NewWorkers(e.cfg).execute(t.Context(), lease)
	if got := e.run(run.ID); got.State != tenants.RunRunning || got.Step != 1 {
		t.Errorf("run is %s at step %d", got.State, got.Step)
	}
	if store, err := e.db.Store(e.ctx, testStore); err != nil || store.State != tenants.StoreActive {
		t.Errorf("store is %s, %v", store.State, err)
	}
}

// TestRowsOfRunSteps: what writes in bulk does so one step of a store at a time.
func TestRowsOfRunSteps(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	for phase, class := range map[tenants.Phase]string{tenants.PhaseMatch: "", tenants.PhaseWrite: queue.ClassBulkWrite} {
		row, err := e.svc.newRunRow(&tenants.Run{ID: "0190a", Kind: "products", Step: 7, Phase: phase}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		row.StoreHash = testStore
		j := queueJob(row)
		if j.ID != "run:0190a:7" || j.Lane != queue.LaneBulk || j.Store != testStore || string(j.Payload) != `{"run_id":"0190a","step":7}` || j.Class != class {
			t.Errorf("%s: %+v", phase, j)
		}
	}
}
