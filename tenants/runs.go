package tenants

import (
	"context"
	"errors"
	"slices"

	"gorm.io/gorm"

	"sluice/internal/problem"
)

// ErrStaleRun is SaveRunStep's failure when another worker saved the same step before.
var ErrStaleRun = errors.New("tenants: the run's step was carried out already")

var finalStates = []RunState{RunDone, RunFailed, RunCancelled}

// CreateRun keeps a new run. It fills ID and, where empty, State (queued) and Phase (fetch).
// problem.Conflict when the flow has a run that is not final; the database itself sees to that.
func (d *DB) CreateRun(ctx context.Context, r *Run) error {
	if r.ID == "" {
		r.ID = NewID()
	}
	if r.State == "" {
		r.State = RunQueued
	}
	if r.Phase == "" {
		r.Phase = PhaseFetch
	}
	err := d.Scoped(ctx).Create(r).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return problem.Wrap(err, problem.Conflict, "A run of this sync is going on already. Wait for its end, or cancel it.")
	}
	return wrap(err, "create run")
}

// Run returns a run of the store.
func (d *DB) Run(ctx context.Context, id string) (*Run, error) {
	return one[Run](d.Scoped(ctx).Where("id = ?", id), "run")
}

// Runs returns the store's runs, the newest first.
func (d *DB) Runs(ctx context.Context, f RunFilter) ([]Run, error) {
	q := d.Scoped(ctx).Order("id DESC").Limit(pageSize(f.Limit))
	if f.FlowID != "" {
		q = q.Where("flow_id = ?", f.FlowID)
	}
	if f.Before != "" {
		q = q.Where("id < ?", f.Before)
	}
	var runs []Run
	err := q.Find(&runs).Error
	return runs, wrap(err, "runs")
}

// RunsByID returns those runs of ids that there are, the oldest first.
func (d *DB) RunsByID(ctx context.Context, ids []string) ([]Run, error) {
	var all []Run
	for piece := range chunks(ids, bulkRows) {
		var runs []Run
		if err := d.Scoped(ctx).Where("id IN ?", piece).Order("id").Find(&runs).Error; err != nil {
			return nil, wrap(err, "runs")
		}
		all = append(all, runs...)
	}
	return all, nil
}

// ActiveRun returns the flow's run that is not final, nil if there is none.
func (d *DB) ActiveRun(ctx context.Context, flowID string) (*Run, error) {
	return maybe[Run](d.Scoped(ctx).Where("flow_id = ? AND state NOT IN ?", flowID, finalStates), "run")
}

// SaveRunStep writes r at the end of a step and adds one to Step, if Step is still the stored one;
// else ErrStaleRun, and the caller must undo the step's effects (they belong in the same Tx). What
// others ask of the run meanwhile is kept and told to r: a cancel request, and a pause unless r is
// final or asks now.
func (d *DB) SaveRunStep(ctx context.Context, r *Run) error {
	return wrap(d.Tx(ctx, func(tx *DB) error {
		stored, err := one[Run](forUpdate(tx.Scoped(ctx)).Where("id = ?", r.ID), "run")
		if err != nil {
			return err
		}
		if stored.Step != r.Step || stored.State.Final() {
			return ErrStaleRun
		}
		set := *r
		set.Step = r.Step + 1
		set.CancelRequested = stored.CancelRequested
		set.Error = Clean(r.Error, 1000)
		set.UpdatedAt = tx.now()
		switch {
		case set.State.Final():
		case set.State == RunAsking && stored.State == RunPaused: // it waits anyhow, and nothing else resumes it
		case stored.State == RunPaused, stored.State == RunCancelling:
			set.State = stored.State
		}
		err = tx.Scoped(ctx).Model(&Run{}).Where("id = ?", r.ID).Select("*").
			Omit("id", "store_hash", "flow_id", "kind", "created_at").Updates(&set).Error
		if err != nil {
			return err
		}
		if set.State.Final() || set.State == RunAsking {
			if err := tx.LookAgain(ctx, stored.FlowID); err != nil {
				return err
			}
		}
		*r = set
		return nil
	}), "save run")
}

// RequestCancel asks a run to stop after its current step. problem.Conflict when it has ended; a
// repeat is no error.
func (d *DB) RequestCancel(ctx context.Context, id string) (*Run, error) {
	var run *Run
	err := d.Tx(ctx, func(tx *DB) error {
		var err error
		if run, err = one[Run](forUpdate(tx.Scoped(ctx)).Where("id = ?", id), "run"); err != nil {
			return err
		}
		if run.State.Final() {
			return problem.New(problem.Conflict, "This run has ended already.")
		}
		run.CancelRequested, run.State, run.UpdatedAt = true, RunCancelling, tx.now()
		return tx.Scoped(ctx).Model(&Run{}).Where("id = ?", id).Updates(map[string]any{
			"cancel_requested": true, "state": RunCancelling, "updated_at": run.UpdatedAt,
		}).Error
	})
	if err != nil {
		return nil, wrap(err, "cancel run")
	}
	return run, nil
}

// MoveRun sets a run's state to to, with reason as its error ("" clears it), if it is one of from.
// It reports whether it was. A final state also sets FinishedAt.
func (d *DB) MoveRun(ctx context.Context, id string, to RunState, reason string, from ...RunState) (bool, error) {
	if len(from) == 0 || slices.ContainsFunc(from, RunState.Final) {
		return false, errors.New("tenants: a run moves from states that are named and not final")
	}
	set := map[string]any{"state": to, "error": Clean(reason, 1000)}
	if to.Final() {
		set["finished_at"] = d.now()
	}
	res := d.Scoped(ctx).Model(&Run{}).Where("id = ? AND state IN ?", id, from).Updates(set)
	return res.RowsAffected > 0, wrap(res.Error, "move run")
}
