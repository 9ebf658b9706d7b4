package flow

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"sluice/internal/problem"
	"sluice/tenants"
)

// Revive undoes Fail, inside the caller's transaction: the run goes on with step, the one that was
// given up, as if that had never been. The caller holds the run's row locked and inserts or revives
// the job.
//
// A real run goes on from its checkpoint with its counts. A dry run begins anew: what it had noted
// for itself went when it ended, and it has changed nothing. problem.Conflict when going on would
// be wrong: a newer run of the flow has been through with newer data, or what the run works from is
// gone.
func Revive(ctx context.Context, tx *tenants.DB, run *tenants.Run, step int64) error {
	// The lock that a start takes: either it sees this run as active, or we see the new run.
	var flows []tenants.Flow
	err := tx.Scoped(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Select("id").Where("id = ?", run.FlowID).Limit(1).Find(&flows).Error
	if err != nil {
		return fmt.Errorf("flow: lock flow %s: %w", run.FlowID, err)
	}
	if len(flows) == 0 {
		return problem.New(problem.Conflict, "The flow of run %s was deleted, so the run cannot go on. Drop the job.", run.ID)
	}
	newer, err := tx.Runs(ctx, tenants.RunFilter{FlowID: run.FlowID, Limit: 1})
	if err != nil {
		return err
	}
	if len(newer) > 0 && newer[0].ID != run.ID {
		return problem.New(problem.Conflict, "Run %s was followed by run %s of the same flow; going on with it would bring older data back. Drop the job.", run.ID, newer[0].ID)
	}
	set := map[string]any{
		"state": tenants.RunRunning, "step": step, "error": "", "finished_at": nil, "cancel_requested": false,
	}
	if run.StartedAt == nil {
		set["state"] = tenants.RunQueued
	}
	if err := checkSource(ctx, tx, run, set); err != nil {
		return err
	}
	if run.DryRun {
		if err := forgetDryRun(ctx, tx, run, set); err != nil {
			return err
		}
	}
	if err := tx.Scoped(ctx).Model(&tenants.Run{}).Where("id = ?", run.ID).Updates(set).Error; err != nil {
		return fmt.Errorf("flow: revive run %s: %w", run.ID, err)
	}
	return nil
}

// checkSource sees to it that the run still has the file that it reads, or can fetch it again.
func checkSource(ctx context.Context, tx *tenants.DB, run *tenants.Run, set map[string]any) error {
	if run.SnapshotID == "" {
		return nil
	}
	_, err := tx.Snapshot(ctx, run.SnapshotID)
	switch {
	case err == nil:
		return nil
	case problem.CodeOf(err) != problem.NotFound:
		return err
	case run.DryRun && run.RetryOf == "":
		set["snapshot_id"] = ""
		return nil
	}
	return problem.New(problem.Conflict, "The file that run %s reads is no longer kept, so the run cannot go on. Drop the job and start a new run.", run.ID)
}

// forgetDryRun takes back what a dry run found out, so that it can begin anew. Its requests were
// made.
func forgetDryRun(ctx context.Context, tx *tenants.DB, run *tenants.Run, set map[string]any) error {
	for _, of := range []struct {
		model  any
		column string
	}{{&tenants.RunItem{}, "run_id"}, {&tenants.RunIssue{}, "run_id"}, {&tenants.Record{}, "flow_id"}} {
		if err := tx.Scoped(ctx).Where(map[string]any{of.column: run.ID}).Delete(of.model).Error; err != nil {
			return fmt.Errorf("flow: forget dry run %s: %w", run.ID, err)
		}
	}
	for _, column := range []string{
		"total", "read", "to_create", "to_update", "created", "updated", "unchanged", "failed", "warnings",
		"planned_requests", "planned_seconds",
	} {
		set[column] = 0
	}
	set["phase"], set["checkpoint"], set["incomplete"], set["question"] = tenants.PhaseFetch, "", false, nil
	return nil
}
