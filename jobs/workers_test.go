package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/internal/testenv"
	"sluice/jobs/flow"
	"sluice/jobs/queue"
	"sluice/tenants"
)

func unauthorized() error {
	return fmt.Errorf("step: %w", &bigcommerce.UnauthorizedError{APIError: &bigcommerce.APIError{Status: 401, Method: "GET", Path: "/v3/catalog/products"}})
}

// once returns a step hook that does fn at the first try of step 1.
func once(fn func() error) func(context.Context, *tenants.Run) error {
	var tried atomic.Bool
	return func(_ context.Context, run *tenants.Run) error {
		if run.Step == 1 && tried.CompareAndSwap(false, true) {
			return fn()
		}
		return nil
	}
}

func TestStepErrors(t *testing.T) {
	tests := map[string]struct {
		before   func(context.Context, *tenants.Run) error
		state    tenants.RunState
		runError string
		row      tenants.JobState // of step 1
		attempts int              // of step 1
		saved    []int
	}{
		"an error once": {
			before: once(func() error { return errors.New("database is away") }),
			state:  tenants.RunDone, row: tenants.JobDone, attempts: 1, saved: []int{1, 1, 1, 1},
		},
		"a panic once": {
			before: once(func() error { panic("boom") }),
			state:  tenants.RunDone, row: tenants.JobDone, attempts: 1, saved: []int{1, 1, 1, 1},
		},
		"no quota": {
			before: once(func() error { return &bigcommerce.NoQuotaError{Until: time.Now()} }),
			state:  tenants.RunDone, row: tenants.JobDone, attempts: 0, saved: []int{1, 1, 1, 1},
		},
		"429 with a time": {
			before: once(func() error {
				return &bigcommerce.RateLimitError{APIError: &bigcommerce.APIError{Status: 429}, HasQuota: true, Reset: 10 * time.Millisecond}
			}),
			state: tenants.RunDone, row: tenants.JobDone, attempts: 0, saved: []int{1, 1, 1, 1},
		},
		"the step ran out of quota half-way": {
			before: once(func() error { return notBefore{time.Now().Add(50 * time.Millisecond)} }),
			state:  tenants.RunDone, row: tenants.JobDone, attempts: 0, saved: []int{1, 1, 1, 1},
		},
		"a source that is not there": {
			before: once(func() error { return problem.New(problem.NotFound, "The address answers 404.") }),
			state:  tenants.RunFailed, runError: "The address answers 404.", row: tenants.JobDone, attempts: 0, saved: []int{1, 1, 0, 0},
		},
		"always the same error": {
			before: func(_ context.Context, run *tenants.Run) error {
				if run.Step == 1 {
					return errors.New("cannot be")
				}
				return nil
			},
			state: tenants.RunFailed, runError: runFailure(errors.New("cannot be")), row: tenants.JobDead, attempts: 3, saved: []int{1, 1, 0, 0},
		},
		"always unavailable": {
			before: func(_ context.Context, run *tenants.Run) error {
				if run.Step == 1 {
					return &bigcommerce.UnavailableError{APIError: &bigcommerce.APIError{Status: 503}}
				}
				return nil
			},
			state: tenants.RunFailed, runError: runFailure(&bigcommerce.UnavailableError{APIError: &bigcommerce.APIError{Status: 503}}),
			row: tenants.JobDead, attempts: 3, saved: []int{1, 1, 0, 0},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t, testenv.EmbeddedRedis(t))
			e.engine.on(tt.before)
			e.work(func(c *Config) { c.MaxAttempts = 3 })
			run := e.start()
			got := e.waitRun(run.ID, tt.state)
			if got.Error != tt.runError {
				t.Errorf("error %q, want %q", got.Error, tt.runError)
			}
			row := e.jobRows(testStore)[runJobID(run.ID, 1)]
			if row.State != tt.row || row.Attempts != tt.attempts {
				t.Errorf("row %s with %d attempts, want %s with %d (%s)", row.State, row.Attempts, tt.row, tt.attempts, row.LastError)
			}
			// Fail is saved as the end of step 1.
			if diff := cmp.Diff(tt.saved, e.engine.saved(run.ID)); diff != "" {
				t.Errorf("saved steps (-want +got):\n%s", diff)
			}
			testenv.Eventually(t, "run.finished in the audit log", func() bool {
				n := 0
				for _, action := range e.audited() {
					if action == "run.finished" {
						n++
					}
				}
				return n == 1
			})
		})
	}
}

func TestPausedUntilReinstalled(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		e := newEnv(t, url)
		e.withAPI()
		e.engine.on(once(unauthorized))
		e.work()
		run := e.start()
		e.waitRun(run.ID, tenants.RunPaused)
		store, err := e.db.Store(t.Context(), testStore)
		if err != nil {
			t.Fatal(err)
		}
		if store.State != tenants.StoreNeedsReinstall || store.StateReason != reinstallReason {
			t.Errorf("store is %s: %s", store.State, store.StateReason)
		}
		testenv.Eventually(t, "paused queue, job given back", func() bool {
			q, err := e.svc.Quota(t.Context(), testStore)
			return err == nil && q.Paused && q.InFlight == 0 && q.Waiting+q.Delayed == 1
		})
		if err := e.svc.ResumeStore(t.Context(), testStore); problem.CodeOf(err) != problem.NeedsReinstall {
			t.Errorf("resumed without a token: %v", err)
		}
		e.install(testStore)
		if err := e.svc.Installed(t.Context(), testStore); err != nil {
			t.Fatal(err)
		}
		e.waitRun(run.ID, tenants.RunDone)
		if row := e.jobRows(testStore)[runJobID(run.ID, 1)]; row.Attempts != 0 {
			t.Errorf("the pause counted as %d attempts", row.Attempts)
		}
		want := []string{"run.started", "store.paused", "store.resumed", "run.finished"}
		testenv.Eventually(t, "audit entries", func() bool { return cmp.Equal(want, e.audited()) })
	})
}

// A 401 to the token of before a reinstall says nothing about the new one.
func TestReinstalledDuringAStep(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.engine.on(once(func() error {
		e.install(testStore)
		return unauthorized()
	}))
	e.work()
	run := e.start()
	e.waitRun(run.ID, tenants.RunDone)
	if diff := cmp.Diff([]int{1, 1, 1, 1}, e.engine.saved(run.ID)); diff != "" {
		t.Errorf("saved steps (-want +got):\n%s", diff)
	}
}

// A worker that dies with a job in hand, before and after the step was saved.
func TestDeadWorker(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		t.Run("before the step", func(t *testing.T) {
			e := newEnv(t, url)
			e.ready()
			run := e.start()
			e.claim() // and never heard of again
			e.work()
			e.waitRun(run.ID, tenants.RunDone)
			if diff := cmp.Diff([]int{1, 1, 1, 1}, e.engine.saved(run.ID)); diff != "" {
				t.Errorf("saved steps (-want +got):\n%s", diff)
			}
		})
		t.Run("between the step and its end in Redis", func(t *testing.T) {
			e := newEnv(t, url)
			if err := e.rdb.FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			e.ready()
			run := e.start()
			lease := e.claim()
			dead := NewWorkers(e.cfg)
			j := &job{log: e.cfg.Log}
			if err := dead.attempt(tenants.WithStore(t.Context(), testStore), lease, j); err != nil {
				t.Fatal(err)
			}
			// The step is saved, its successor is a row, and the process ends here. Without a sweeper
			// the repeated step must find its successor.
			e.work(func(c *Config) { c.SweepEvery = time.Hour })
			e.waitRun(run.ID, tenants.RunDone)
			if diff := cmp.Diff([]int{1, 1, 1, 1}, e.engine.saved(run.ID)); diff != "" {
				t.Errorf("saved steps (-want +got):\n%s", diff)
			}
		})
	})
}

func TestRedisLosesEverything(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		e := newEnv(t, url)
		g := e.gateAt(2)
		e.work()
		run := e.start()
		ctx := g.wait(t)
		if err := e.rdb.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		// The rebuilt queue gives the step to someone else: this one must stop.
		select {
		case <-ctx.Done():
		case <-time.After(30 * time.Second):
			t.Fatal("the step goes on although its lease is lost")
		}
		if !errors.Is(context.Cause(ctx), queue.ErrLeaseLost) {
			t.Errorf("stopped because of %v", context.Cause(ctx))
		}
		g.wait(t)
		close(g.release)
		got := e.waitRun(run.ID, tenants.RunDone)
		if diff := cmp.Diff([]int{1, 1, 1, 1}, e.engine.saved(run.ID)); diff != "" || got.Created != 4 {
			t.Errorf("created %d, saved steps (-want +got):\n%s", got.Created, diff)
		}
		if row := e.jobRows(testStore)[runJobID(run.ID, 2)]; row.Attempts != 0 {
			t.Errorf("the loss counted as %d attempts", row.Attempts)
		}
	})
}

func TestGracefulStop(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		t.Run("a step that ends in time is saved", func(t *testing.T) {
			e := newEnv(t, url)
			g := e.gateAt(1)
			ctx, cancel := context.WithCancel(t.Context())
			stopped := make(chan error, 1)
			go func() { stopped <- NewWorkers(e.cfg).Run(ctx) }()
			run := e.start()
			g.wait(t)
			cancel()
			close(g.release)
			if err := <-stopped; err != nil {
				t.Fatal(err)
			}
			got := e.run(run.ID)
			if got.Step != 2 || got.State != tenants.RunRunning {
				t.Errorf("step %d, state %s", got.Step, got.State)
			}
			if row := e.jobRows(testStore)[runJobID(run.ID, 2)]; row.State != tenants.JobPending {
				t.Errorf("the next step's row is %q", row.State)
			}
			e.work()
			e.waitRun(run.ID, tenants.RunDone)
			if diff := cmp.Diff([]int{1, 1, 1, 1}, e.engine.saved(run.ID)); diff != "" {
				t.Errorf("saved steps (-want +got):\n%s", diff)
			}
		})
		t.Run("a step that does not is given back", func(t *testing.T) {
			e := newEnv(t, url)
			if err := e.rdb.FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			g := e.gateAt(1)
			stop := e.work(func(c *Config) { c.Grace = 10 * time.Millisecond })
			run := e.start()
			ctx := g.wait(t)
			stop()
			if !errors.Is(context.Cause(ctx), errStopping) {
				t.Errorf("stopped because of %v", context.Cause(ctx))
			}
			lease := e.claim() // at once, by whoever comes
			for lease.Store == SystemStore {
				lease = e.claim() // housekeeping may have been given back as well
			}
			if lease.ID != runJobID(run.ID, 1) || lease.Attempt != 1 {
				t.Errorf("claimed %s, attempt %d", lease.ID, lease.Attempt)
			}
			if row := e.jobRows(testStore)[lease.ID]; row.State != tenants.JobPending || row.Attempts != 0 {
				t.Errorf("row %s with %d attempts", row.State, row.Attempts)
			}
		})
	})
}

// A heartbeat that finds a lease gone stops the job, unless the job's own end has ended it
// meanwhile.
func TestHeartbeatBesideAnEnd(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.ready()
	if err := e.svc.Submit(e.ctx, e.forgetRow("ends"), e.forgetRow("lost")); err != nil {
		t.Fatal(err)
	}
	w := NewWorkers(e.cfg)
	running := map[string]context.Context{}
	for range 2 {
		lease := e.claim()
		ctx, stop := context.WithCancelCause(t.Context())
		defer stop(nil)
		if !w.begin(lease, stop) {
			t.Fatalf("%s runs already", lease.ID)
		}
		if running[lease.ID] = ctx; lease.ID == "ends" {
			w.settling(lease.ID)
		}
		if err := e.queue.Ack(t.Context(), lease); err != nil {
			t.Fatal(err)
		}
	}
	w.heartbeat(t.Context())
	if err := context.Cause(running["ends"]); err != nil {
		t.Errorf("the job that ends was stopped: %v", err)
	}
	if err := context.Cause(running["lost"]); !errors.Is(err, queue.ErrLeaseLost) {
		t.Errorf("the job that lost its lease was stopped because of %v", err)
	}
}

// Purging a store's queue, as an uninstall does, stops the step that is under way.
func TestLostLeaseStopsTheStep(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		e := newEnv(t, url)
		g := e.gateAt(1)
		e.work(func(c *Config) { c.HeartbeatEvery = time.Hour }) // which would notice as well, later
		run := e.start()
		ctx := g.wait(t)
		if err := e.svc.Uninstall(t.Context(), testStore); err != nil {
			t.Fatal(err)
		}
		if !errors.Is(context.Cause(ctx), queue.ErrLeaseLost) {
			t.Errorf("after the uninstall the step's context has ended because of %v", context.Cause(ctx))
		}
		if _, err := e.queue.Limiter(testStore, time.Second).Wait(t.Context(), bigcommerce.Call{Cost: 1}); !errors.Is(err, queue.ErrLeaseLost) {
			t.Errorf("a step that goes on elsewhere is admitted: %v", err)
		}
		if got := e.run(run.ID); got.State != tenants.RunCancelled || got.Created != 1 {
			t.Errorf("state %s, created %d", got.State, got.Created)
		}
	})
}

// A row whose entry was never made, because the process ended between both.
func TestSweeperFindsForgottenRows(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.ready()
	run := e.start()
	if err := e.queue.Purge(t.Context(), testStore); err != nil {
		t.Fatal(err)
	}
	e.work()
	e.waitRun(run.ID, tenants.RunDone)
}

// What Redis knows is not sent there again, however old its rows are.
func TestSweepSendsOnlyWhatIsMissing(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.ready()
	for i := range 3 {
		row, err := newRow(fmt.Sprintf("forget:%d", i), kindEvent, queue.LaneBulk, time.Now().Add(-time.Hour), event{Scope: scopeGoneGood})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := insertRow(e.ctx, e.db, row); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			e.svc.enqueue(e.ctx, row)
		}
	}
	var enqueued []string
	e.rdb.AddHook(enqueueHook(func(args []any) {
		for _, a := range args {
			if id, ok := a.(string); ok && strings.HasPrefix(id, "forget:") {
				enqueued = append(enqueued, id)
			}
		}
	}))
	w := NewWorkers(e.cfg)
	narrow := due(time.Now())
	if err := w.requeue(t.Context(), narrow); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"forget:0"}, enqueued); diff != "" {
		t.Errorf("enqueued (-want +got):\n%s", diff)
	}
	if err := w.requeue(t.Context(), narrow); err != nil {
		t.Fatal(err)
	}
	if len(enqueued) != 1 {
		t.Errorf("enqueued again: %v", enqueued)
	}
	if q, err := e.queue.Quota(t.Context(), testStore); err != nil || q.Waiting != 3 {
		t.Errorf("%+v, %v", q, err)
	}
}

// Rows whose entry failed while Redis was away are brought in when it is back, not when the sweeper
// comes.
func TestRowsOfATroubleAreBroughtIn(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.ready()
	var away atomic.Bool
	e.rdb.AddHook(awayHook{&away})
	e.work(func(c *Config) { c.SweepEvery = time.Hour })
	away.Store(true)
	run := e.start()
	if q := e.jobRows(testStore)[runJobID(run.ID, 0)]; q.State != tenants.JobPending {
		t.Fatalf("row is %q", q.State)
	}
	testenv.Eventually(t, "claims fail", func() bool { return away.Load() && awaySeen.Load() > 3 })
	away.Store(false)
	e.waitRun(run.ID, tenants.RunDone)
}

// awaySeen counts what awayHook has refused.
var awaySeen atomic.Int64

// awayHook refuses every command while away is true.
type awayHook struct{ away *atomic.Bool }

func (h awayHook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h awayHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h awayHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if h.away.Load() {
			awaySeen.Add(1)
			return io.ErrUnexpectedEOF
		}
		return next(ctx, cmd)
	}
}

// enqueueHook is told the arguments of scripts that have as many as enqueue has.
type enqueueHook func(args []any)

func (h enqueueHook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h enqueueHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h enqueueHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		// evalsha, hash, 1, key, time, rebuilding, room, and nine a job
		if a := cmd.Args(); cmd.Name() == "evalsha" && len(a) >= 16 && (len(a)-7)%9 == 0 {
			h(a[7:])
		}
		return next(ctx, cmd)
	}
}

func TestRebuildTakesWhatMayBeWorkedOn(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	insert := func(store string, n int, runAt time.Time) {
		t.Helper()
		for i := range n {
			row, err := newRow(fmt.Sprintf("forget:%s:%d:%d", store, runAt.Unix(), i), kindEvent, queue.LaneBulk, runAt, event{Scope: scopeGoneGood})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := insertRow(tenants.WithStore(t.Context(), store), e.db, row); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, hash := range []string{"paused1", "left1", "small1"} {
		e.install(hash)
	}
	now := time.Now()
	insert(testStore, 7, now)
	insert("small1", 2, now)
	insert("small1", 3, now.Add(2*time.Hour)) // SQL keeps it till then
	insert("paused1", 2, now)
	insert("left1", 2, now)
	insert(SystemStore, 1, now)
	if err := e.svc.PauseStore(t.Context(), "paused1", "no access"); err != nil {
		t.Fatal(err)
	}
	if err := e.db.MarkUninstalled(t.Context(), "left1", now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	e.queue = queue.New(e.rdb, queue.Options{MaxWaiting: 5, LeaseFor: time.Second, Log: e.cfg.Log})
	e.cfg.Queue = e.queue
	e.svc = NewService(e.cfg)
	e.ready()
	got := map[string]int{}
	for _, store := range []string{testStore, "small1", "paused1", "left1", SystemStore} {
		q, err := e.queue.Quota(t.Context(), store)
		if err != nil {
			t.Fatal(err)
		}
		got[store] = q.Waiting + q.Delayed
	}
	if diff := cmp.Diff(map[string]int{testStore: 5, "small1": 2, "paused1": 0, "left1": 0, SystemStore: 1}, got); diff != "" {
		t.Errorf("jobs in Redis (-want +got):\n%s", diff)
	}
	e.install("paused1")
	if err := e.svc.ResumeStore(t.Context(), "paused1"); err != nil {
		t.Fatal(err)
	}
	if q, err := e.queue.Quota(t.Context(), "paused1"); err != nil || q.Waiting+q.Delayed != 2 || q.Paused {
		t.Errorf("after the resume: %+v, %v", q, err)
	}
	// The rest is brought in as the queue empties, without the sweeper.
	e.work(func(c *Config) { c.SweepEvery = time.Hour })
	testenv.Eventually(t, "all due jobs done", func() bool {
		for _, store := range []string{testStore, "small1", "paused1"} {
			n, err := e.svc.PendingJobs(tenants.WithStore(t.Context(), store))
			if err != nil || n > 0 {
				return false
			}
		}
		return true
	})
}

// A newer version of Sluice made the job, or the flow: it is neither lost nor failed while older
// processes are still there, or there again.
func TestUnknownKindsAreKept(t *testing.T) {
	t.Run("of a job", func(t *testing.T) {
		e := newEnv(t, testenv.EmbeddedRedis(t))
		e.ready()
		row, err := newRow("odd:1", "from.the.future", queue.LaneBulk, time.Now(), struct{}{})
		if err != nil {
			t.Fatal(err)
		}
		row.StoreHash = testStore
		if err := e.svc.Submit(e.ctx, row); err != nil {
			t.Fatal(err)
		}
		NewWorkers(e.cfg).execute(t.Context(), e.claim())
		if row := e.jobRows(testStore)["odd:1"]; row.State != tenants.JobPending || row.Attempts != 0 {
			t.Errorf("row is %s after %d attempts", row.State, row.Attempts)
		}
	})
	t.Run("of a run", func(t *testing.T) {
		e := newEnv(t, testenv.EmbeddedRedis(t))
		e.ready()
		run := e.start()
		if err := e.db.Scoped(e.ctx).Model(run).Update("kind", "orders").Error; err != nil {
			t.Fatal(err)
		}
		lease := e.claim()
		NewWorkers(e.cfg).execute(t.Context(), lease)
		row := e.jobRows(testStore)[lease.ID]
		if run := e.run(run.ID); run.State != tenants.RunQueued || run.Step != 0 || row.State != tenants.JobPending || row.Attempts != 0 {
			t.Errorf("run is %s at step %d, row %s after %d attempts", run.State, run.Step, row.State, row.Attempts)
		}
		e.engine.kinds = []flow.Kind{fakeKind{spec: flow.Spec{Name: "orders"}}} // a newer version
		NewWorkers(e.cfg).execute(t.Context(), lease)
		if run := e.run(run.ID); run.Step != 1 {
			t.Errorf("a version that knows the kind left the run at step %d", run.Step)
		}
	})
}

// A job that ends the process each time must not go on doing so.
func TestJobThatKillsItsWorkers(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.ready()
	run := e.start()
	lease := e.claim()
	lease.Attempt = maxCrashes + 1
	NewWorkers(e.cfg).execute(t.Context(), lease)
	if got := e.run(run.ID); got.State != tenants.RunFailed || got.Error == "" {
		t.Errorf("run is %s: %q", got.State, got.Error)
	}
	if row := e.jobRows(testStore)[lease.ID]; row.State != tenants.JobDead {
		t.Errorf("row is %s", row.State)
	}
}

// A process that is given a job which it still runs under a lease that it lost ends the old one
// first.
func TestSameJobTwiceInOneProcess(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.ready()
	g := e.gateAt(0)
	run := e.start()
	w := NewWorkers(e.cfg)
	first := make(chan struct{})
	lease := e.claim()
	go func() { defer close(first); w.execute(t.Context(), lease) }()
	ctx := g.wait(t)
	testenv.Eventually(t, "lease reaped", func() bool {
		n, err := e.queue.Reap(t.Context())
		return err == nil && n == 1
	})
	w.execute(t.Context(), e.claim())
	<-first
	if !errors.Is(context.Cause(ctx), queue.ErrLeaseLost) {
		t.Errorf("the old one ended because of %v", context.Cause(ctx))
	}
	close(g.release)
	e.work()
	e.waitRun(run.ID, tenants.RunDone)
	if diff := cmp.Diff([]int{1, 1, 1, 1}, e.engine.saved(run.ID)); diff != "" {
		t.Errorf("saved steps (-want +got):\n%s", diff)
	}
}

func TestBackoff(t *testing.T) {
	for n, most := range map[int]time.Duration{0: time.Second, 1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 9: 256 * time.Second, 10: 5 * time.Minute, 1000: 5 * time.Minute} {
		if d := backoff(n); d < most/2 || d > most {
			t.Errorf("backoff(%d) = %s, want between %s and %s", n, d, most/2, most)
		}
	}
}
