package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/tenants"
)

// ErrStepLost is returned when the run moved on without this step: another worker carried it out,
// or the run became final. Nothing was saved.
var ErrStepLost = tenants.ErrStaleRun

// Config is what an Engine needs. DB and Client are required.
type Config struct {
	DB *tenants.DB
	// Client returns a client of one store. count must be called with every answer (its
	// Config.OnRequest).
	Client func(ctx context.Context, storeHash string, count func(bigcommerce.Answer)) (*bigcommerce.Client, error)
	// Quota says how many requests a store may make per window; 0 when not known yet. Optional.
	Quota func(ctx context.Context, storeHash string) (perWindow int, window time.Duration)
	Log   *slog.Logger
	// StepBudget is how long a step goes on starting new work. Default 1 s, so that progress is live.
	StepBudget time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

const defaultStepBudget = time.Second

// Engine carries out steps of runs. It is safe for concurrent use by many runs.
type Engine struct {
	cfg   Config
	kinds []Kind
}

// New returns an Engine of the given kinds.
func New(cfg Config, kinds ...Kind) *Engine {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.StepBudget <= 0 {
		cfg.StepBudget = defaultStepBudget
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Quota == nil {
		cfg.Quota = func(context.Context, string) (int, time.Duration) { return 0, 0 }
	}
	return &Engine{cfg: cfg, kinds: kinds}
}

// Kinds returns every kind, in the order in which they are listed.
func (e *Engine) Kinds() []Kind { return e.kinds }

// Kind returns a kind by its name. Fails with a Conflict that is ErrUnknownKind.
func (e *Engine) Kind(name string) (Kind, error) {
	for _, k := range e.kinds {
		if k.Spec().Name == name {
			return k, nil
		}
	}
	return nil, unknownKind(name)
}

// StepResult says how to go on after a step.
type StepResult struct {
	Done      bool      // the run is final
	Asking    bool      // the run waits for an answer: there is no next step until then
	NotBefore time.Time // out of quota or backing off: the next step not before; zero: at once
}

// Step carries out the next step of run: at most about StepBudget of work, or to the end of quota.
// In one transaction it saves what the step did, the run's counts and checkpoint, and Run.Step+1,
// and calls inTx, in which jobs finishes its job row and inserts the next. *run is then the saved
// run.
//
// An error means that nothing was saved and inTx had no effect: the same step may be carried out
// again. It is a *bigcommerce.UnauthorizedError when the store's token is no longer accepted. A run
// that cannot go on for a reason of its own (no such file, a mapping that does not compile) is no
// error: it is saved as failed, with the reason.
func (e *Engine) Step(ctx context.Context, run *tenants.Run, inTx func(tx *tenants.DB, run *tenants.Run) error) (StepResult, error) {
	if run.State.Final() || run.State == tenants.RunAsking {
		return StepResult{Done: run.State.Final(), Asking: !run.State.Final()}, nil
	}
	kind, err := e.Kind(run.Kind)
	if err != nil {
		return StepResult{}, err
	}
	ctx = tenants.WithStore(ctx, run.StoreHash)
	s, err := e.newStep(ctx, run)
	if err != nil {
		return StepResult{}, err
	}
	if err := kind.Step(ctx, s); err != nil {
		message, ends := Ends(err)
		if !ends {
			return StepResult{}, err
		}
		// What the step had begun is dropped; only the verdict and the requests that it made are saved.
		e.cfg.Log.InfoContext(ctx, "run failed", "store", run.StoreHash, "run", run.ID, "error", err)
		requests, throttled := s.requests.Load(), s.throttled.Load()
		if s, err = e.newStep(ctx, run); err != nil {
			return StepResult{}, err
		}
		s.requests.Store(requests)
		s.throttled.Store(throttled)
		s.Finish(tenants.RunFailed, message)
	}
	if err := s.commit(ctx, inTx); err != nil {
		return StepResult{}, err
	}
	*run = s.run
	for _, fn := range s.after {
		fn(ctx)
	}
	if run.State.Final() {
		e.tidy(ctx, kind, run)
	}
	return StepResult{Done: run.State.Final(), Asking: run.State == tenants.RunAsking, NotBefore: s.notBefore}, nil
}

// Fail ends a run that jobs gave up on. message is for the merchant. The checkpoint stays, for
// Revive.
func (e *Engine) Fail(ctx context.Context, run *tenants.Run, message string, inTx func(tx *tenants.DB, run *tenants.Run) error) error {
	if run.State.Final() {
		return nil
	}
	kind, err := e.Kind(run.Kind)
	if err != nil {
		return err
	}
	ctx = tenants.WithStore(ctx, run.StoreHash)
	s, err := e.newStep(ctx, run)
	if err != nil {
		return err
	}
	checkpoint := s.run.Checkpoint
	s.Finish(tenants.RunFailed, message)
	s.run.Checkpoint = checkpoint
	if err := s.commit(ctx, inTx); err != nil {
		return err
	}
	*run = s.run
	e.tidy(ctx, kind, run)
	return nil
}

// verdict is an error that ends the run; message tells the merchant why.
type verdict struct {
	message string
	err     error // for logs, may be nil
}

func (v *verdict) Error() string { return v.message }
func (v *verdict) Unwrap() error { return v.err }

// Verdict returns an error that ends the run as failed. message is for the merchant, cause for
// logs; it may be nil.
func Verdict(cause error, message string) error { return &verdict{message, cause} }

// Ends says whether err ends the run, and how that is told to the merchant.
func Ends(err error) (message string, ends bool) {
	var v *verdict
	if errors.As(err, &v) {
		return v.message, true
	}
	var forbidden *bigcommerce.ForbiddenError
	if errors.As(err, &forbidden) {
		return "BigCommerce does not let Sluice do this in your store: a permission is missing. Open Sluice from the control panel's app list to grant it, then start the run again.", true
	}
	if errors.Is(err, ErrUnknownKind) {
		return "", false
	}
	var p *problem.Error
	if errors.As(err, &p) {
		switch p.Code {
		case problem.Invalid, problem.NotFound, problem.TooLarge, problem.LimitReached, problem.Conflict, problem.Forbidden:
			return p.Message, true
		}
	}
	return "", false
}

func (e *Engine) cancelRequested(ctx context.Context, runID string) (bool, error) {
	var row tenants.Run
	err := e.cfg.DB.Scoped(ctx).Select("cancel_requested").Where("id = ?", runID).Take(&row).Error
	if err != nil {
		return false, fmt.Errorf("flow: read run %s: %w", runID, err)
	}
	return row.CancelRequested, nil
}
