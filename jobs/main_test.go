package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
	"gorm.io/gorm/clause"

	"sluice/internal/problem"
	"sluice/internal/testenv"
	"sluice/jobs/flow"
	"sluice/jobs/queue"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	goleak.VerifyTestMain(m)
}

const testStore = "abc123"

// env is a store with a flow, a queue and a fake engine.
type env struct {
	t      *testing.T
	db     *tenants.DB
	rdb    redis.UniversalClient
	queue  *queue.Queue
	engine *fakeEngine
	cfg    Config
	svc    *Service
	ctx    context.Context // of testStore
	flow   *tenants.Flow
}

func newEnv(t *testing.T, redisURL string) *env {
	t.Helper()
	return newEnvOn(t, redisURL, tenantstest.NewDB(t))
}

func newEnvOn(t *testing.T, redisURL string, db *tenants.DB) *env {
	t.Helper()
	o, err := redis.ParseURL(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(o)
	t.Cleanup(func() { _ = rdb.Close() })
	e := &env{t: t, db: db, rdb: rdb, ctx: tenants.WithStore(t.Context(), testStore)}
	log := slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	// A lease is short, so that a dead worker is noticed within the test.
	e.queue = queue.New(rdb, queue.Options{LeaseFor: 400 * time.Millisecond, Log: log})
	e.engine = &fakeEngine{db: db, steps: 4, kinds: []flow.Kind{goods}, now: time.Now, done: map[string]int{}}
	e.cfg = Config{
		DB: db, Queue: e.queue, Engine: e.engine, Clients: NewClients(db, e.queue, "http://127.0.0.1:1", "test", log), Log: log,
		AppURL: "https://app.example.com", ClientSecret: "secret-of-the-app", Concurrency: 3, Grace: 5 * time.Second,
		ClaimWait: 100 * time.Millisecond, HeartbeatEvery: 50 * time.Millisecond, ReapEvery: 50 * time.Millisecond,
		SweepEvery: 50 * time.Millisecond, SweepAge: time.Millisecond,
		Backoff: func(int) time.Duration { return time.Millisecond },
	}
	e.svc = NewService(e.cfg)
	e.install(testStore)
	e.flow = e.newFlow()
	return e
}

// testWriter logs until the test is over; what background goroutines say later is dropped.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	if w.t.Context().Err() == nil {
		w.t.Logf("%s", p)
	}
	return len(p), nil
}

func (e *env) install(hash string) {
	e.t.Helper()
	_, err := e.db.UpsertInstalledStore(tenants.WithStore(e.t.Context(), hash), tenants.Install{
		StoreHash: hash, AccessToken: "token-" + tenants.NewID(), Scopes: "store_v2_products", Origin: tenants.OriginMarketplace,
		OwnerID: 1, OwnerEmail: "owner@example.com", UserID: 1, UserEmail: "owner@example.com",
	})
	if err != nil {
		e.t.Fatal(err)
	}
}

func (e *env) newFlow() *tenants.Flow {
	e.t.Helper()
	f := &tenants.Flow{Kind: "products", Name: "Parts", SnapshotID: tenants.NewID(),
		Mapping: tenants.Mapping{Fields: []tenants.FieldMapping{{Target: "sku", Expression: "PartNum"}}}}
	if err := e.db.CreateFlow(e.ctx, f); err != nil {
		e.t.Fatal(err)
	}
	return f
}

func (e *env) start() *tenants.Run {
	e.t.Helper()
	run, err := e.svc.StartRun(e.ctx, StartRun{FlowID: e.flow.ID, StartedBy: "u1"})
	if err != nil {
		e.t.Fatal(err)
	}
	return run
}

// work starts Workers; the returned function stops them and waits.
func (e *env) work(change ...func(*Config)) (stop func()) {
	cfg := e.cfg
	for _, c := range change {
		c(&cfg)
	}
	ctx, cancel := context.WithCancel(e.t.Context())
	done := make(chan error, 1)
	go func() { done <- NewWorkers(cfg).Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				e.t.Errorf("Run: %v", err)
			}
		})
	}
	e.t.Cleanup(stop)
	return stop
}

func (e *env) run(id string) *tenants.Run {
	e.t.Helper()
	r, err := e.db.Run(e.ctx, id)
	if err != nil {
		e.t.Fatal(err)
	}
	return r
}

func (e *env) waitRun(id string, state tenants.RunState) *tenants.Run {
	e.t.Helper()
	var last *tenants.Run
	testenv.Eventually(e.t, fmt.Sprintf("run in state %s", state), func() bool {
		last = e.run(id)
		return last.State == state
	})
	return last
}

// jobRows returns the rows of a store by id.
func (e *env) jobRows(store string) map[string]tenants.Job {
	e.t.Helper()
	var rows []tenants.Job
	if err := e.db.Scoped(tenants.WithStore(e.t.Context(), store)).Find(&rows).Error; err != nil {
		e.t.Fatal(err)
	}
	byID := map[string]tenants.Job{}
	for _, r := range rows {
		byID[r.ID] = r
	}
	return byID
}

func (e *env) audited() []string {
	e.t.Helper()
	entries, _, err := e.db.AuditLog(e.ctx, tenants.Page{Limit: 100})
	if err != nil {
		e.t.Fatal(err)
	}
	var actions []string
	for i := len(entries) - 1; i >= 0; i-- {
		actions = append(actions, entries[i].Action)
	}
	return actions
}

// ready makes the empty Redis a queue, as the first worker does.
func (e *env) ready() {
	e.t.Helper()
	if err := NewWorkers(e.cfg).rebuild(e.t.Context()); err != nil {
		e.t.Fatal(err)
	}
}

// claim takes the next job, which must come.
func (e *env) claim() *queue.Lease {
	e.t.Helper()
	l, err := e.queue.Claim(e.t.Context(), 5*time.Second)
	if err != nil || l == nil {
		e.t.Fatalf("claim: %v, %v", l, err)
	}
	return l
}

// fakeEngine does runs of a fixed number of steps, whose effect is that each adds one to
// Run.Created.
type fakeEngine struct {
	db    *tenants.DB
	steps int64
	kinds []flow.Kind
	now   func() time.Time
	asks  int64 // the run asks at the end of this step, unless it was answered; 0 for never
	// before, if set, is called at the beginning of each step, outside the transaction.
	before func(ctx context.Context, run *tenants.Run) error

	mu   sync.Mutex
	done map[string]int // saved steps, by job id
}

func (f *fakeEngine) Step(ctx context.Context, run *tenants.Run, inTx func(*tenants.DB, *tenants.Run) error) (flow.StepResult, error) {
	f.mu.Lock()
	before := f.before
	f.mu.Unlock()
	res := flow.StepResult{}
	if before != nil {
		err := before(ctx, run)
		var later notBefore
		if errors.As(err, &later) {
			res.NotBefore = later.at
		} else if err != nil {
			return res, err
		}
	}
	next := *run
	next.Step++
	next.Created++
	next.State = tenants.RunRunning
	if f.asks != 0 && next.Step == f.asks && len(run.Answers) == 0 {
		next.State = tenants.RunAsking
		next.Question = &tenants.Question{Guard: "lost", Message: "Records are missing.", Count: 30, Of: 100, Limit: 20, Examples: []string{"A-1"}, AskedAt: f.now().UTC()}
	}
	if next.Step == f.steps {
		next.State = tenants.RunDone
	}
	if err := f.save(ctx, run, &next, inTx); err != nil {
		return res, err
	}
	*run = next
	res.Done, res.Asking = next.State.Final(), next.State == tenants.RunAsking
	return res, nil
}

func (f *fakeEngine) Kinds() []flow.Kind { return f.kinds }

func (f *fakeEngine) Kind(name string) (flow.Kind, error) {
	for _, k := range f.kinds {
		if k.Spec().Name == name {
			return k, nil
		}
	}
	return nil, problem.Wrap(flow.ErrUnknownKind, problem.Conflict, "no kind %q", name)
}

// fakeKind is a kind of flow whose steps are the engine's.
type fakeKind struct {
	flow.Kind
	spec flow.Spec
}

func (k fakeKind) Spec() flow.Spec { return k.spec }

// Problems has one for a flow without a mapping.
func (k fakeKind) Problems(_ context.Context, f *tenants.Flow) ([]flow.Problem, error) {
	if len(f.Mapping.Fields) == 0 {
		return []flow.Problem{{Part: flow.PartMapping, Message: "Nothing is matched yet."}}, nil
	}
	return nil, nil
}

// Events that goods act on.
const (
	scopeGoneGood = "store/product/deleted"
	scopeShelf    = "store/category/updated"
)

// goods is the kind of the tests' flows. Its records are forgotten when they are deleted, and its
// shelves are read anew when one was changed.
var goods = fakeKind{spec: flow.Spec{Name: "products", Singular: "good", Plural: "goods", Bulk: true,
	Webhooks: []flow.Webhook{
		{Scope: scopeGoneGood, Handle: func(ctx context.Context, tx *tenants.DB, events []flow.Event) error {
			var gone []tenants.DeletedRecord
			for _, e := range events {
				gone = append(gone, tenants.DeletedRecord{StoreHash: e.StoreHash, Kind: "products", TargetID: e.ID})
			}
			return tx.ForgetDeleted(ctx, gone)
		}},
		{Scope: scopeShelf, Handle: func(ctx context.Context, tx *tenants.DB, events []flow.Event) error {
			for _, e := range events {
				if err := tx.ForgetReferences(tenants.WithStore(ctx, e.StoreHash), "shelf"); err != nil {
					return err
				}
			}
			return nil
		}},
	},
	CatchUp: func(ctx context.Context, db *tenants.DB) error {
		return errors.Join(db.ForgetReferences(ctx, "shelf"), db.DoubtRecords(ctx, "products"))
	},
}}

func (f *fakeEngine) Fail(ctx context.Context, run *tenants.Run, message string, inTx func(*tenants.DB, *tenants.Run) error) error {
	next := *run
	next.Step++
	next.State, next.Error = tenants.RunFailed, message
	if err := f.save(ctx, run, &next, inTx); err != nil {
		return err
	}
	*run = next
	return nil
}

func (f *fakeEngine) save(ctx context.Context, was, next *tenants.Run, inTx func(*tenants.DB, *tenants.Run) error) error {
	ctx = context.WithoutCancel(ctx)
	now := time.Now().UTC()
	// Held over the commit, so that whoever sees a step in SQL finds it counted.
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.db.Tx(ctx, func(tx *tenants.DB) error {
		var have tenants.Run
		if err := tx.Scoped(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", was.ID).Take(&have).Error; err != nil {
			return err
		}
		if have.Step != was.Step || have.State.Final() {
			return flow.ErrStepLost
		}
		if have.CancelRequested && !next.State.Final() {
			next.State = tenants.RunCancelled
		}
		if !next.State.Final() && next.State != tenants.RunAsking && have.State == tenants.RunPaused {
			next.State = tenants.RunPaused
		}
		if next.State.Final() {
			next.FinishedAt = &now
		}
		err := tx.Scoped(ctx).Model(&tenants.Run{}).Where("id = ?", was.ID).
			Select("step", "created", "state", "error", "question", "started_at", "finished_at").Updates(next).Error
		if err != nil {
			return err
		}
		return inTx(tx, next)
	})
	if err == nil {
		f.done[runJobID(was.ID, was.Step)]++
	}
	return err
}

// on sets what happens at the beginning of a run's n-th step.
func (f *fakeEngine) on(fn func(ctx context.Context, run *tenants.Run) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = fn
}

// saved returns how often each step of a run was saved, in order.
func (f *fakeEngine) saved(runID string) []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	var n []int
	for step := range f.steps {
		n = append(n, f.done[runJobID(runID, step)])
	}
	return n
}

// notBefore, as an error of fakeEngine.before, is a step that is saved and ran out of quota.
type notBefore struct{ at time.Time }

func (notBefore) Error() string { return "not before" }

// gate stops step n of a run until open is called, or the step's context ends.
type gate struct {
	step    int64
	entered chan context.Context
	release chan struct{}
}

func (e *env) gateAt(step int64) *gate {
	g := &gate{step: step, entered: make(chan context.Context, 16), release: make(chan struct{})}
	e.engine.on(func(ctx context.Context, run *tenants.Run) error {
		if run.Step != g.step {
			return nil
		}
		g.entered <- ctx
		select {
		case <-g.release:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return g
}

func (g *gate) wait(t *testing.T) context.Context {
	t.Helper()
	select {
	case ctx := <-g.entered:
		return ctx
	case <-time.After(30 * time.Second):
		t.Fatal("the step did not begin")
		return nil
	}
}
