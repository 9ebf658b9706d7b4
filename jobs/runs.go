package jobs

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm/clause"

	"sluice/internal/problem"
	"sluice/jobs/flow"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// StartRun says which run to start.
type StartRun struct {
	FlowID    string
	DryRun    bool
	Compare   bool   // with the store, not with what is remembered of it; a retry is as its run was
	Preview   string // a dry run of the flow that was looked at: what it would ask is answered with yes
	RetryOf   string // a final run of the flow: only its failed records, from its snapshot
	Trigger   string // "manual", "api", "demo", "schedule"
	StartedBy string // User.ID or APIKey.ID; "" for the program itself
}

// kindRunStep is one step of a run.
const kindRunStep = "run.step"

// runStep is the payload of kindRunStep.
type runStep struct {
	RunID string `json:"run_id"`
	Step  int64  `json:"step"`
}

func runJobID(runID string, step int64) string {
	return "run:" + runID + ":" + strconv.FormatInt(step, 10)
}

// newRunRow is the job of a run's next step.
func (s *Service) newRunRow(run *tenants.Run, runAt time.Time) (*tenants.Job, error) {
	row, err := newRow(runJobID(run.ID, run.Step), kindRunStep, queue.LaneBulk, runAt, runStep{RunID: run.ID, Step: run.Step})
	if err != nil || run.Phase != tenants.PhaseWrite {
		return row, err
	}
	if kind, err := s.cfg.Engine.Kind(run.Kind); err == nil && kind.Spec().Bulk { // a kind that is not known here does nothing
		row.Class = queue.ClassBulkWrite
	}
	return row, nil
}

// StartRun starts a run of a flow of ctx's store. The run and its first job are in SQL when it
// returns. Fails with Conflict while another run of the flow is not final, with NeedsReinstall when
// the store's token is no longer accepted, with ScopeMissing when the store has not granted what
// the kind needs, and with Invalid when the flow has no source or mapping.
func (s *Service) StartRun(ctx context.Context, req StartRun) (*tenants.Run, error) {
	var (
		run *tenants.Run
		row *tenants.Job
	)
	err := s.db.Tx(ctx, func(tx *tenants.DB) error {
		// The lock on the flow makes two starts at once queue up, so that the second sees the first's
		// run.
		_, err := tx.LockFlow(ctx, req.FlowID)
		if err != nil && problem.CodeOf(err) != problem.NotFound { // newRun says what is missing
			return err
		}
		if run, err = s.newRun(ctx, tx, req); err != nil {
			return err
		}
		if err = tx.CreateRun(ctx, run); err != nil {
			return err
		}
		if row, err = s.newRunRow(run, s.now()); err != nil {
			return err
		}
		_, err = insertRow(ctx, tx, row)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.audit(ctx, actorOf(ctx, run.Trigger, run.StartedBy), "run.started", "run:"+run.ID, describeStart(run))
	s.enqueue(ctx, row)
	s.publish(ctx, run.StoreHash, EventRun+run.ID)
	return run, nil
}

func describeStart(run *tenants.Run) string {
	what := "run"
	if run.DryRun {
		what = "preview"
	}
	if run.Compare {
		what += " that compares with the store"
	}
	if run.RetryOf != "" {
		what += " of the failed records of run " + run.RetryOf
	}
	for _, a := range run.Answers {
		what += fmt.Sprintf(", answered before: %s, %d", a.Guard, a.Count)
	}
	return what + ", trigger " + run.Trigger
}

// newRun checks that the flow may run now and returns the run, not saved yet.
func (s *Service) newRun(ctx context.Context, tx *tenants.DB, req StartRun) (*tenants.Run, error) {
	hash := tenants.StoreHash(ctx)
	store, err := tx.Store(ctx, hash)
	if err != nil {
		return nil, err
	}
	if store.State != tenants.StoreActive {
		return nil, needsReinstall("start")
	}
	flow, err := tx.Flow(ctx, req.FlowID)
	if err != nil {
		return nil, err
	}
	if flow.OffAt != nil {
		return nil, problem.New(problem.Conflict, "This sync is switched off. Switch it on first, then start it.")
	}
	kind, err := s.cfg.Engine.Kind(flow.Kind)
	if err != nil {
		return nil, err
	}
	if err := kind.Spec().Granted(store); err != nil {
		return nil, err
	}
	options, err := kind.Spec().CheckOptions(flow.Options)
	if err != nil {
		return nil, err
	}
	active, err := tx.ActiveRun(ctx, flow.ID)
	if err != nil && problem.CodeOf(err) != problem.NotFound {
		return nil, err
	}
	switch {
	case err != nil || active == nil:
	case active.State != tenants.RunAsking:
		return nil, problem.New(problem.Conflict, "A run of this sync is already under way. Wait until it ends, or cancel it first.")
	case !replaces(req.Trigger):
		return nil, problem.New(problem.Conflict, "A run of this sync waits for your answer. Open it and answer, or cancel it; then start the next one.")
	}
	if err := runnable(ctx, kind, flow); err != nil {
		return nil, err
	}
	run := &tenants.Run{
		ID: tenants.NewID(), StoreHash: hash, FlowID: flow.ID, Kind: flow.Kind,
		State: tenants.RunQueued, Phase: tenants.PhaseFetch, DryRun: req.DryRun, Compare: req.Compare,
		RetryOf: req.RetryOf, Trigger: req.Trigger, StartedBy: req.StartedBy,
		// The mapping is the flow's of today also in a retry: fixing it is how failed records are fixed.
		Format: flow.Format, Mapping: flow.Mapping.OfRun(), Options: options, FlowVersion: flow.Version,
	}
	if run.Trigger == "" {
		run.Trigger = "manual"
	}
	if run.Answers, err = s.answered(ctx, tx, flow, req); err != nil {
		return nil, err
	}
	if req.RetryOf != "" {
		return run, s.retryFrom(ctx, tx, run, flow, kind.Spec())
	}
	if flow.ConnectionID == "" && flow.SnapshotID == "" {
		return nil, problem.New(problem.Invalid, "This sync has no source yet. Give the address of a file or upload one first.")
	}
	return run, nil
}

// runnable refuses a flow whose mapping or options cannot write anything, whatever its file has.
// What only does not fit the file that was read last is left to the run: the file may be another by
// now.
func runnable(ctx context.Context, kind flow.Kind, f *tenants.Flow) error {
	anyFile := *f
	anyFile.Header = nil
	problems, err := kind.Problems(ctx, &anyFile)
	if err != nil || len(problems) == 0 {
		return err
	}
	refuse := problem.New(problem.Invalid, "This sync cannot run yet. %s", problems[0].Message)
	for _, p := range problems {
		if p.Field != "" {
			refuse = refuse.WithField(p.Field, "%s", p.Message)
		}
	}
	return refuse
}

// needsReinstall says that BigCommerce must accept the store's token before somebody can do (start,
// answer) the run.
func needsReinstall(do string) error {
	return problem.New(problem.NeedsReinstall, "BigCommerce no longer accepts Sluice's access to this store. Open Sluice from the control panel's app list to install it again; then %s the run.", do)
}

// retryFrom makes run one of the failed records of run.RetryOf.
func (s *Service) retryFrom(ctx context.Context, tx *tenants.DB, run *tenants.Run, f *tenants.Flow, kind flow.Spec) error {
	old, err := tx.Run(ctx, run.RetryOf)
	if err != nil {
		return err
	}
	if old.FlowID != run.FlowID {
		return problem.New(problem.Invalid, "Run %s belongs to another sync.", old.ID)
	}
	if ok, reason := Retryable(old, f, kind); !ok {
		return problem.New(problem.Conflict, "%s", reason)
	}
	run.SnapshotID, run.Format, run.DryRun, run.Compare = old.SnapshotID, old.Format, old.DryRun, old.Compare
	return nil
}

// RetryRun starts a run of only the failed records of a final run, from the same snapshot.
// trigger and startedBy are those of StartRun.
func (s *Service) RetryRun(ctx context.Context, id, trigger, startedBy string) (*tenants.Run, error) {
	old, err := s.db.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.StartRun(ctx, StartRun{FlowID: old.FlowID, RetryOf: old.ID, Trigger: trigger, StartedBy: startedBy})
}

// CancelRun ends a run. One that is queued, paused, asking or waiting between two steps before its
// first write ends at once; any other ends at its next step's boundary, and what it wrote stays and
// is counted. Cancelling a cancelled run changes nothing; a run that is done or failed is a
// Conflict.
func (s *Service) CancelRun(ctx context.Context, id string) error {
	var ended, asked bool
	err := s.db.Tx(ctx, func(tx *tenants.DB) error {
		ended, asked = false, false
		run, err := lockRun(ctx, tx, id)
		if err != nil {
			return err
		}
		switch {
		case run.State == tenants.RunCancelled, run.State == tenants.RunCancelling:
			return nil
		case run.State.Final():
			return problem.New(problem.Conflict, "This run is already over; there is nothing to cancel.")
		case run.State == tenants.RunQueued, run.State == tenants.RunPaused, run.State == tenants.RunAsking:
			ended = true
			return s.endCancelled(ctx, tx, run, "")
		}
		// A create that may have been sent is looked up by the engine first, so that it is counted.
		if run.Phase != tenants.PhaseWrite || run.DryRun {
			row, err := loadRow(ctx, tx, runJobID(run.ID, run.Step))
			if err != nil {
				return err
			}
			if row != nil && row.RunAt.After(s.now()) { // out of quota or backing off: nobody is at it
				ended = true
				return s.endCancelled(ctx, tx, run, "")
			}
		}
		asked = true
		return tx.Scoped(ctx).Model(&tenants.Run{}).Where("id = ?", id).
			Updates(map[string]any{"cancel_requested": true, "state": tenants.RunCancelling}).Error
	})
	if err != nil {
		return err
	}
	if ended || asked {
		s.audit(ctx, actorFrom(ctx), "run.cancelled", "run:"+id, "")
	}
	if ended {
		s.audit(ctx, actorSystem, "run.finished", "run:"+id, string(tenants.RunCancelled))
	}
	if ended || asked {
		s.publish(ctx, tenants.StoreHash(ctx), EventRun+id)
	}
	return nil
}

// lockRun loads a run of ctx's store and holds it until the transaction ends.
func lockRun(ctx context.Context, tx *tenants.DB, id string) (*tenants.Run, error) {
	var rows []tenants.Run
	err := tx.Scoped(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", id).Limit(1).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("lock run %s: %w", id, err)
	}
	if len(rows) == 0 {
		return nil, problem.New(problem.NotFound, "There is no such run in this store.")
	}
	return &rows[0], nil
}

// endCancelled ends a run that no worker may go on with. Moving Step makes a step that is under way
// all the same lose its transaction.
func (s *Service) endCancelled(ctx context.Context, tx *tenants.DB, run *tenants.Run, reason string) error {
	now := s.now()
	err := tx.Scoped(ctx).Model(&tenants.Run{}).Where("id = ?", run.ID).Updates(map[string]any{
		"state": tenants.RunCancelled, "cancel_requested": true, "step": run.Step + 1,
		"error": reason, "finished_at": &now,
	}).Error
	if err != nil {
		return fmt.Errorf("cancel run %s: %w", run.ID, err)
	}
	if err := tx.LookAgain(ctx, run.FlowID); err != nil {
		return err
	}
	if run.DryRun { // a dry run's records are its own, under its id; the engine drops them at the end, as here
		if err := tx.Scoped(ctx).Where("flow_id = ?", run.ID).Delete(&tenants.Record{}).Error; err != nil {
			return fmt.Errorf("forget dry run %s: %w", run.ID, err)
		}
	}
	err = finishRow(ctx, tx, runJobID(run.ID, run.Step), tenants.JobDropped, "")
	if errors.Is(err, errStale) {
		return nil
	}
	return err
}
