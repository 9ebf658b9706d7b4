package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/jobs/flow"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// doRunStep carries out one step of a run.
func (w *Workers) doRunStep(ctx context.Context, j *job) error {
	var p runStep
	if err := j.payload(&p); err != nil {
		return err
	}
	j.log = j.log.With("run", p.RunID)
	run, err := w.db.Run(ctx, p.RunID)
	if problem.CodeOf(err) == problem.NotFound {
		j.settled = true
		return finishRow(ctx, w.db, j.row.ID, tenants.JobDropped, "there is no such run")
	}
	if err != nil {
		return err
	}
	if run.State.Final() || run.Step != p.Step {
		return w.staleStep(ctx, j, run)
	}
	kind, err := w.cfg.Engine.Kind(run.Kind)
	if err != nil {
		return err
	}
	if err := kind.Spec().Granted(j.store); err != nil && run.State != tenants.RunCancelling {
		return w.pauseRun(ctx, run, err)
	}
	if err := w.markRunning(ctx, run); err != nil {
		return err
	}
	var next *tenants.Job
	// The engine saves a step also when its context has ended; so must what is saved with it.
	keep := context.WithoutCancel(ctx)
	phase, start := run.Phase, time.Now()
	res, err := w.cfg.Engine.Step(ctx, run, func(tx *tenants.DB, run *tenants.Run) error {
		next = nil
		if err := finishRow(keep, tx, j.row.ID, tenants.JobDone, ""); err != nil {
			return err
		}
		if run.State.Final() || run.State == tenants.RunAsking { // an answer inserts the next row
			return nil
		}
		row, err := w.s.newRunRow(run, w.s.now())
		if err != nil {
			return err
		}
		next = row
		_, err = insertRow(keep, tx, row)
		return err
	})
	w.cfg.Meter.Stepped(phase, time.Since(start))
	if errors.Is(err, flow.ErrStepLost) {
		if run, err = w.db.Run(keep, p.RunID); err != nil {
			return err
		}
		return w.staleStep(keep, j, run)
	}
	if err != nil {
		if message, fatal := fatalToRun(err); fatal {
			return w.failRun(keep, j, tenants.JobDone, problem.Wrap(err, problem.Invalid, "%s", message))
		}
		return err
	}
	j.settled = true
	if next != nil && !res.NotBefore.IsZero() {
		next.RunAt = res.NotBefore.UTC()
		if err := postpone(keep, w.db, next.ID, next.RunAt); err != nil {
			j.log.WarnContext(ctx, "next step may begin before there is quota", "error", err)
		}
	}
	if next != nil {
		j.next = append(j.next, next)
	}
	j.after = w.afterStep(keep, run)
	return nil
}

// staleStep ends a job whose step was carried out already, or whose run is final. The successor may
// be missing in Redis: the process may have ended between the step and its entry.
func (w *Workers) staleStep(ctx context.Context, j *job, run *tenants.Run) error {
	j.log.DebugContext(ctx, "step was carried out already", "run", run.ID, "step", run.Step, "state", run.State)
	if run.State.Final() {
		return nil
	}
	next, err := loadRow(ctx, w.db, runJobID(run.ID, run.Step))
	if err != nil {
		return err
	}
	if next != nil && next.State == tenants.JobPending && next.ID != j.row.ID {
		j.next = append(j.next, next)
	}
	return nil
}

// enqueueSuccessor is staleStep for a job whose row is finished.
func (w *Workers) enqueueSuccessor(ctx context.Context, lease *queue.Lease) error {
	id, ok := strings.CutPrefix(lease.ID, "run:")
	if !ok {
		return nil
	}
	id, _, _ = strings.Cut(id, ":")
	run, err := w.db.Run(ctx, id)
	if problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	if err != nil || run.State.Final() {
		return err
	}
	next, err := loadRow(ctx, w.db, runJobID(run.ID, run.Step))
	if err == nil && next != nil && next.State == tenants.JobPending && next.ID != lease.ID {
		w.s.enqueue(ctx, next)
	}
	return err
}

// errRunPaused is of a step whose run waits for scopes.
var errRunPaused = errors.New("jobs: the store has not granted what the run needs")

// scopeWait is when the step of such a run is looked at again.
const scopeWait = time.Minute

// pauseRun shows that a run waits until its store grants what it needs; why is ScopeMissing.
func (w *Workers) pauseRun(ctx context.Context, run *tenants.Run, why error) error {
	res := w.db.Scoped(ctx).Model(&tenants.Run{}).Where("id = ? AND step = ?", run.ID, run.Step).
		Where("state IN ?", []tenants.RunState{tenants.RunQueued, tenants.RunRunning}).Updates(map[string]any{"state": tenants.RunPaused})
	if res.Error != nil {
		return fmt.Errorf("pause run %s: %w", run.ID, res.Error)
	}
	if res.RowsAffected > 0 {
		if err := w.db.LookAgain(ctx, run.FlowID); err != nil {
			return err
		}
		w.s.audit(ctx, actorSystem, "run.paused", "run:"+run.ID, messageOf(why))
		w.s.publish(ctx, run.StoreHash, EventRun+run.ID)
	}
	return fmt.Errorf("%w: %w", errRunPaused, why)
}

// markRunning shows that the first step of a run, or the first after a pause, has begun.
func (w *Workers) markRunning(ctx context.Context, run *tenants.Run) error {
	if run.State != tenants.RunQueued && run.State != tenants.RunPaused {
		return nil
	}
	set := map[string]any{"state": tenants.RunRunning}
	if run.StartedAt == nil {
		now := w.s.now()
		run.StartedAt = &now
		set["started_at"] = now
	}
	res := w.db.Scoped(ctx).Model(&tenants.Run{}).Where("id = ? AND state = ? AND step = ?", run.ID, run.State, run.Step).Updates(set)
	if res.Error != nil {
		return fmt.Errorf("mark run %s as running: %w", run.ID, res.Error)
	}
	if res.RowsAffected > 0 { // else it was cancelled this moment, and the engine sees that
		run.State = tenants.RunRunning
		w.s.publish(ctx, run.StoreHash, EventRun+run.ID)
	}
	return nil
}

// afterStep tells live pages of a step, and the audit log of the last one.
func (w *Workers) afterStep(ctx context.Context, run *tenants.Run) func() {
	return func() {
		if run.State.Final() {
			detail := fmt.Sprintf("%s: read %d, created %d, updated %d, unchanged %d, failed %d, requests %d",
				run.State, run.Read, run.Created, run.Updated, run.Unchanged, run.Failed, run.Requests)
			w.log.InfoContext(ctx, "run finished", "store", run.StoreHash, "run", run.ID, "state", run.State, "read", run.Read,
				"created", run.Created, "updated", run.Updated, "unchanged", run.Unchanged, "failed", run.Failed,
				"requests", run.Requests, "throttled", run.Throttled, "error", run.Error)
			w.s.audit(ctx, actorSystem, "run.finished", "run:"+run.ID, detail)
		}
		if run.State == tenants.RunAsking {
			w.log.InfoContext(ctx, "run asks", "store", run.StoreHash, "run", run.ID, "guard", run.Question.Guard,
				"count", run.Question.Count, "of", run.Question.Of)
			w.s.audit(ctx, actorSystem, "run.asked", "run:"+run.ID, describeQuestion(run.Question))
		}
		w.s.publish(ctx, run.StoreHash, EventRun+run.ID)
	}
}

// fatalToRun says whether trying again cannot help, and how that is told to the merchant.
func fatalToRun(err error) (message string, fatal bool) {
	if isUnauthorized(err) {
		return "", false
	}
	var p *problem.Error
	if !errors.As(err, &p) {
		return "", false
	}
	switch p.Code {
	case problem.Unavailable, problem.RateLimited, problem.Internal:
		return "", false
	}
	return p.Message, true
}

// failRun ends a run and its job row, in one transaction. A run that was to be cancelled is.
func (w *Workers) failRun(ctx context.Context, j *job, row tenants.JobState, cause error) error {
	var p runStep
	if err := j.payload(&p); err != nil {
		return err
	}
	run, err := w.db.Run(ctx, p.RunID)
	if err != nil {
		return err
	}
	finish := func(tx *tenants.DB, _ *tenants.Run) error {
		return finishRow(ctx, tx, j.row.ID, row, cause.Error())
	}
	if run.State.Final() || run.Step != p.Step {
		return finish(w.db, run)
	}
	if run.CancelRequested {
		return w.cancelInstead(ctx, j, run)
	}
	if err := w.cfg.Engine.Fail(ctx, run, runFailure(cause), finish); err != nil {
		return err
	}
	j.settled = true
	j.after = w.afterStep(ctx, run)
	return nil
}

func (w *Workers) cancelInstead(ctx context.Context, j *job, run *tenants.Run) error {
	err := w.db.Tx(ctx, func(tx *tenants.DB) error {
		have, err := lockRun(ctx, tx, run.ID)
		if err != nil {
			return err
		}
		if have.State.Final() || have.Step != run.Step {
			return flow.ErrStepLost
		}
		return w.s.endCancelled(ctx, tx, have, "")
	})
	if err != nil {
		return err
	}
	j.settled = true
	run.State = tenants.RunCancelled
	j.after = w.afterStep(ctx, run)
	return nil
}

// runFailure is what the merchant reads of a run that was given up.
func runFailure(cause error) string {
	var p *problem.Error
	if errors.As(cause, &p) {
		return p.Message
	}
	var away *bigcommerce.UnavailableError
	if errors.As(cause, &away) {
		return "BigCommerce's API did not answer, although Sluice tried for some minutes. What was written so far stays. Start the run again later: it goes on with what is missing."
	}
	return "Sluice tried this run several times and could not finish it. What was written so far stays. Start the run again; if it fails again, contact support with the run's id."
}
