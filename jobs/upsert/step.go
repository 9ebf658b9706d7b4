package upsert

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/tenants"
)

// ErrStepLost is returned when the run moved on without this step: another worker carried it out, or
// the run became final. Nothing was saved.
var ErrStepLost = tenants.ErrStaleRun

// saveTimeout bounds the last transaction of a step. It also runs when the step's context has ended,
// so that a stopping process keeps what the step did.
const saveTimeout = 20 * time.Second

// Step carries out the next step of run: at most about StepBudget of work, or to the end of quota. In
// one transaction it saves what the step did, the run's counts and checkpoint, and Run.Step+1, and
// calls inTx, in which jobs finishes its job row and inserts the next. *run is then the saved run.
//
// An error means that nothing was saved and inTx had no effect: the same step may be carried out
// again. It is a *bigcommerce.UnauthorizedError when the store's token is no longer accepted.
// A run that cannot go on for a reason of its own (no such file, a mapping that does not compile) is
// no error: it is saved as failed, with the reason.
func (e *Engine) Step(ctx context.Context, run *tenants.Run, inTx func(tx *tenants.DB, run *tenants.Run) error) (StepResult, error) {
	if run.State.Final() {
		return StepResult{Done: true}, nil
	}
	ctx = tenants.WithStore(ctx, run.StoreHash)
	s, err := e.newStep(ctx, run)
	if err != nil {
		return StepResult{}, err
	}
	if err := s.work(ctx); err != nil {
		message, fatal := fatalMessage(err)
		if !fatal {
			return StepResult{}, err
		}
		// What the step had begun is dropped; only the verdict and the requests that it made are saved.
		e.cfg.Log.InfoContext(ctx, "run failed", "store", run.StoreHash, "run", run.ID, "error", err)
		requests, throttled := s.requests.Load(), s.throttle.Load()
		if s, err = e.newStep(ctx, run); err != nil {
			return StepResult{}, err
		}
		s.requests.Store(requests)
		s.throttle.Store(throttled)
		s.finish(tenants.RunFailed, message)
	}
	if err := s.commit(ctx, inTx); err != nil {
		return StepResult{}, err
	}
	*run = s.run
	if s.grew {
		s.statistics(ctx)
	}
	if s.tidy {
		s.tidyUp(ctx)
	}
	return StepResult{Done: run.State.Final(), NotBefore: s.notBefore}, nil
}

// Fail ends a run that jobs gave up on. message is for the merchant. The checkpoint stays, for Revive.
func (e *Engine) Fail(ctx context.Context, run *tenants.Run, message string, inTx func(tx *tenants.DB, run *tenants.Run) error) error {
	if run.State.Final() {
		return nil
	}
	ctx = tenants.WithStore(ctx, run.StoreHash)
	s, err := e.newStep(ctx, run)
	if err != nil {
		return err
	}
	cp := s.cp
	s.finish(tenants.RunFailed, message)
	s.cp = cp
	if err := s.commit(ctx, inTx); err != nil {
		return err
	}
	*run = s.run
	s.tidyUp(ctx)
	return nil
}

// verdict is an error that ends the run; message tells the merchant why.
type verdict struct {
	message string
	err     error // for logs, may be nil
}

func (v *verdict) Error() string { return v.message }
func (v *verdict) Unwrap() error { return v.err }

// fatalMessage says whether err ends the run, and how that is told to the merchant.
func fatalMessage(err error) (string, bool) {
	var v *verdict
	if errors.As(err, &v) {
		return v.message, true
	}
	var forbidden *bigcommerce.ForbiddenError
	if errors.As(err, &forbidden) {
		return "BigCommerce does not let Sluice do this in your store: a permission (OAuth scope) is missing. Open Sluice from the control panel's app list to grant it, then start the run again.", true
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

// step is one step under way. Its methods run on one goroutine unless they say otherwise.
type step struct {
	e        *Engine
	was      int64 // Run.Step when it began
	run      tenants.Run
	cp       checkpoint
	client   *bigcommerce.Client
	until    time.Time // start nothing new after this
	polled   time.Time // when cancel_requested was last read
	cancel   bool
	requests atomic.Int64
	throttle atomic.Int64

	save      []func(ctx context.Context, tx *tenants.DB) error // effects, in order, of the last transaction
	kept      map[string]func() (any, time.Time)                // references to be remembered, by kind
	staleRefs bool                                              // or to be forgotten
	issues    []tenants.RunIssue
	notBefore time.Time
	grew      bool // the run has begun to fill the tables that it plans by
	tidy      bool // the run ends with this step
}

func (e *Engine) newStep(ctx context.Context, run *tenants.Run) (*step, error) {
	now := e.cfg.Now()
	s := &step{e: e, was: run.Step, run: *run, until: now.Add(e.cfg.StepBudget), polled: now}
	if run.Checkpoint != "" {
		if err := json.Unmarshal([]byte(run.Checkpoint), &s.cp); err != nil {
			return nil, fmt.Errorf("upsert: checkpoint of run %s: %w", run.ID, err)
		}
	}
	cancel, err := e.cancelRequested(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	s.cancel = cancel
	if s.run.Phase == "" {
		s.run.Phase = tenants.PhaseFetch
	}
	if s.run.State == tenants.RunQueued || s.run.State == tenants.RunPaused {
		s.run.State = tenants.RunRunning
	}
	if s.run.StartedAt == nil {
		t := now.UTC()
		s.run.StartedAt = &t
	}
	return s, nil
}

// work does the step's part of the run: one unit, and before it whatever only finds out that a stage
// or phase has nothing to do.
func (s *step) work(ctx context.Context) error {
	if s.cancel {
		return s.cancelRun(ctx)
	}
	for {
		phase, stage := s.run.Phase, s.cp.Stage
		if err := s.unit(ctx); err != nil {
			return err
		}
		moved := s.run.Phase != phase || s.cp.Stage != stage
		// A fetch ends its step, so that nothing after it makes the source be fetched again.
		if !moved || len(s.save) > 0 || phase == tenants.PhaseFetch || s.spent(ctx) {
			return nil
		}
	}
}

func (s *step) unit(ctx context.Context) error {
	switch s.run.Phase {
	case tenants.PhaseFetch:
		return s.fetch(ctx)
	case tenants.PhasePlan:
		return s.plan(ctx)
	case tenants.PhaseMatch:
		return s.match(ctx)
	case tenants.PhaseWrite:
		return s.write(ctx)
	case tenants.PhaseFinish:
		s.finish(tenants.RunDone, "")
		return nil
	}
	return fmt.Errorf("upsert: run %s is in an unknown phase %q", s.run.ID, s.run.Phase)
}

// enter moves the run to the next phase; the next step begins it.
func (s *step) enter(p tenants.Phase) { s.run.Phase = p }

// spent reports whether the step should start nothing new: its time is over, its process is
// stopping, quota ended, or the run is to be cancelled (asked of SQL at most once a second).
func (s *step) spent(ctx context.Context) bool {
	now := s.e.cfg.Now()
	if ctx.Err() != nil || !s.notBefore.IsZero() || !now.Before(s.until) || s.cancel {
		return true
	}
	if now.Sub(s.polled) >= time.Second {
		s.polled = now
		if asked, err := s.e.cancelRequested(ctx, s.run.ID); err == nil && asked {
			s.cancel = true
			return true
		}
	}
	return false
}

func (e *Engine) cancelRequested(ctx context.Context, runID string) (bool, error) {
	var row tenants.Run
	err := e.cfg.DB.Scoped(ctx).Select("cancel_requested").Where("id = ?", runID).Take(&row).Error
	if err != nil {
		return false, fmt.Errorf("upsert: read run %s: %w", runID, err)
	}
	return row.CancelRequested, nil
}

// api returns the store's client, made on first use in the step. Its requests are counted.
func (s *step) api(ctx context.Context) (*bigcommerce.Client, error) {
	if s.client != nil {
		return s.client, nil
	}
	c, err := s.e.cfg.Client(ctx, s.run.StoreHash, func(a bigcommerce.Answer) {
		s.requests.Add(1)
		if a.Status == 429 {
			s.throttle.Add(1)
		}
	})
	if err != nil {
		return nil, err
	}
	s.client = c
	return c, nil
}

// held reports whether err only says that quota is used up. The run then waits until it is not.
func (s *step) held(err error) bool {
	until, ok := s.e.heldUntil(err)
	if ok && until.After(s.notBefore) {
		s.notBefore = until
	}
	return ok
}

// later is a change of the database that belongs to the step's transaction.
func (s *step) later(fn func(ctx context.Context, tx *tenants.DB) error) { s.save = append(s.save, fn) }

// commit saves the step in one transaction.
func (s *step) commit(ctx context.Context, inTx func(tx *tenants.DB, run *tenants.Run) error) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer stop()
	cp, err := json.Marshal(s.cp)
	if err != nil {
		return fmt.Errorf("upsert: checkpoint: %w", err)
	}
	s.run.Checkpoint = string(cp)
	s.run.Step = s.was
	s.run.Requests += s.requests.Load()
	s.run.Throttled += s.throttle.Load()
	s.run.UpdatedAt = s.e.cfg.Now().UTC()
	return s.e.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		for _, save := range s.save {
			if err := save(ctx, tx); err != nil {
				return err
			}
		}
		if err := s.saveIssues(ctx, tx); err != nil {
			return err
		}
		if err := tx.SaveRunStep(ctx, &s.run); err != nil { // what was asked of the run meanwhile stays
			return err
		}
		if inTx != nil {
			return inTx(tx, &s.run)
		}
		return nil
	})
}
