package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"sync/atomic"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

// saveTimeout bounds the last transaction of a step. It also runs when the step's context has
// ended, so that a stopping process keeps what the step did.
const saveTimeout = 20 * time.Second

// Step is one step of a run under way. Its methods are called from one goroutine unless they say
// otherwise.
type Step struct {
	e         *Engine
	was       int64 // Run.Step when it began
	run       tenants.Run
	client    *bigcommerce.Client
	until     time.Time // start nothing new after this
	polled    time.Time // when cancel_requested was last read
	cancel    bool
	requests  atomic.Int64
	throttled atomic.Int64

	save      []func(ctx context.Context, tx *tenants.DB) error // effects, in order, of the last transaction
	once      map[string]bool
	after     []func(ctx context.Context)
	issues    []tenants.RunIssue
	notBefore time.Time
}

func (e *Engine) newStep(ctx context.Context, run *tenants.Run) (*Step, error) {
	now := e.cfg.Now()
	s := &Step{e: e, was: run.Step, run: *run, until: now.Add(e.cfg.StepBudget), polled: now}
	s.run.ChangedFields = maps.Clone(run.ChangedFields) // a step that is not saved counts nothing
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
		s.run.StartedAt, s.run.PhaseAt = &t, &t
	}
	return s, nil
}

// Run is the run as the step leaves it. What the kind changes of its counts and plan is saved with
// the step.
func (s *Step) Run() *tenants.Run { return &s.run }

// DB is the database. What is to be saved with the step goes through OnCommit.
func (s *Step) DB() *tenants.DB { return s.e.cfg.DB }

// Log is the log.
func (s *Step) Log() *slog.Logger { return s.e.cfg.Log }

// Now is the engine's clock.
func (s *Step) Now() time.Time { return s.e.cfg.Now() }

// Quota says how many requests the store may make per window; 0 when not known yet.
func (s *Step) Quota(ctx context.Context) (perWindow int, window time.Duration) {
	return s.e.cfg.Quota(ctx, s.run.StoreHash)
}

// Requests is how many API requests the step has made so far.
func (s *Step) Requests() int64 { return s.requests.Load() }

// Checkpoint reads into v, as JSON, what the kind saved last; nothing at the begin of a run.
func (s *Step) Checkpoint(v any) error {
	if s.run.Checkpoint == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(s.run.Checkpoint), v); err != nil {
		return fmt.Errorf("flow: checkpoint of run %s: %w", s.run.ID, err)
	}
	return nil
}

// SetCheckpoint saves v, as JSON, with the step.
func (s *Step) SetCheckpoint(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("flow: checkpoint of run %s: %w", s.run.ID, err)
	}
	s.run.Checkpoint = string(b)
	return nil
}

// Cancelled reports whether the run is to be cancelled: the kind then calls Finish as soon as it
// knows what became of all that it sent.
func (s *Step) Cancelled() bool { return s.cancel }

// Enter moves the run to the next phase; the next unit of work begins it.
func (s *Step) Enter(p tenants.Phase) {
	now := s.e.cfg.Now().UTC()
	s.run.Phase, s.run.PhaseAt, s.run.PhaseRequests = p, &now, s.run.Requests+s.requests.Load()
}

// Ask ends the step with a question: the run waits for its answer, which is the last of Run.Answers
// when the kind is called again. A dry run never asks: it only keeps the question, and goes on.
func (s *Step) Ask(q tenants.Question) {
	q.AskedAt = s.e.cfg.Now().UTC()
	s.run.Question = &q
	if !s.run.DryRun {
		s.run.State = tenants.RunAsking
	}
}

// maxRunError is the size of Run.Error, in characters.
const maxRunError = 1000

// Finish ends the run; what it leaves behind is tidied up after that is saved.
func (s *Step) Finish(state tenants.RunState, message string) {
	now := s.e.cfg.Now().UTC()
	s.run.State, s.run.Error, s.run.FinishedAt = state, tenants.Clean(message, maxRunError), &now
	if state == tenants.RunDone {
		s.run.Phase = tenants.PhaseFinish
	}
	s.run.Checkpoint = ""
}

// Spent reports whether the step should start nothing new: its time is over, its process is
// stopping, quota ended, or the run is to be cancelled (asked of SQL at most once a second).
func (s *Step) Spent(ctx context.Context) bool {
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

// Stopping reports whether the step should not even do the least that makes it worth its while: its
// process is stopping, quota ended, or the run is to be cancelled. What takes all of a step's time
// before its first request would else never get to it.
func (s *Step) Stopping(ctx context.Context) bool {
	return ctx.Err() != nil || !s.notBefore.IsZero() || s.cancel
}

// Client returns the store's client, made on first use in the step. Its requests are counted. The
// client may be used by many goroutines.
func (s *Step) Client(ctx context.Context) (*bigcommerce.Client, error) {
	if s.client != nil {
		return s.client, nil
	}
	c, err := s.e.cfg.Client(ctx, s.run.StoreHash, func(a bigcommerce.Answer) {
		s.requests.Add(1)
		if a.Status == 429 {
			s.throttled.Add(1)
		}
	})
	if err != nil {
		return nil, err
	}
	s.client = c
	return c, nil
}

// NotBefore puts the next step off until t at least.
func (s *Step) NotBefore(t time.Time) {
	if t.After(s.notBefore) {
		s.notBefore = t
	}
}

// Held reports whether err only says that quota is used up. The run then waits until it is not.
func (s *Step) Held(err error) bool {
	until, ok := heldUntil(err, s.e.cfg.Now())
	if ok {
		s.NotBefore(until)
	}
	return ok
}

// OnCommit has fn change the database in the step's transaction.
func (s *Step) OnCommit(fn func(ctx context.Context, tx *tenants.DB) error) {
	s.save = append(s.save, fn)
}

// OnCommitOnce is OnCommit for what need not be done twice: it does nothing if the step has an fn
// of this key.
func (s *Step) OnCommitOnce(key string, fn func(ctx context.Context, tx *tenants.DB) error) {
	if s.once[key] {
		return
	}
	if s.once == nil {
		s.once = make(map[string]bool)
	}
	s.once[key] = true
	s.OnCommit(fn)
}

// Pending reports whether the step has something to save.
func (s *Step) Pending() bool { return len(s.save) > 0 || len(s.issues) > 0 }

// AfterCommit has fn called once the step is saved. Whatever it does may be lost.
func (s *Step) AfterCommit(fn func(ctx context.Context)) { s.after = append(s.after, fn) }

// commit saves the step in one transaction.
func (s *Step) commit(ctx context.Context, inTx func(tx *tenants.DB, run *tenants.Run) error) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer stop()
	s.run.Step = s.was
	s.run.Requests += s.requests.Load()
	s.run.Throttled += s.throttled.Load()
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
