package flow

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sluice/tenants"
)

const (
	// keptRuns is how many runs of a flow keep their items, which show what changed.
	keptRuns = 5
	// tidyTimeout bounds the tidying of one run. What it does not reach, the next run of the flow
	// does.
	tidyTimeout = 2 * time.Minute
	// tidyBatch is how many rows one statement deletes: a million at once would hold SQLite's one
	// write lock, or outlast the step's transaction.
	tidyBatch = 2000
)

var finalStates = []tenants.RunState{tenants.RunDone, tenants.RunFailed, tenants.RunCancelled}

// tidy deletes what only the run needed. The run is over and saved: a failure here is logged, and
// made good by the next run.
func (e *Engine) tidy(ctx context.Context, kind Kind, run *tenants.Run) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), tidyTimeout)
	defer stop()
	for _, drop := range []func(context.Context, *tenants.Run) error{e.dropItems, e.dropSnapshots, kind.Tidy} {
		if err := drop(ctx, run); err != nil {
			e.cfg.Log.WarnContext(ctx, "run not tidied up", "store", run.StoreHash, "run", run.ID, "error", err)
			return
		}
	}
}

// OlderRuns returns the final runs of run's flow, newest first, without the first skip; at most
// 100.
func OlderRuns(ctx context.Context, db *tenants.DB, run *tenants.Run, skip int) (ids []string, err error) {
	err = db.Scoped(ctx).Model(&tenants.Run{}).Where("flow_id = ? AND state IN ?", run.FlowID, finalStates).
		Order("id DESC").Offset(skip).Limit(100).Pluck("id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("flow: older runs of flow %s: %w", run.FlowID, err)
	}
	return ids, nil
}

// dropItems deletes the work lists of the flow's older runs.
func (e *Engine) dropItems(ctx context.Context, run *tenants.Run) error {
	db := e.cfg.DB
	runs, err := OlderRuns(ctx, db, run, keptRuns)
	if err != nil {
		return err
	}
	for _, id := range runs {
		for {
			var lines []int64
			if err := db.Scoped(ctx).Model(&tenants.RunItem{}).Where("run_id = ?", id).Limit(tidyBatch).Pluck("line", &lines).Error; err != nil {
				return fmt.Errorf("flow: items of run %s: %w", id, err)
			}
			if len(lines) == 0 {
				break
			}
			if err := db.Scoped(ctx).Where("run_id = ? AND line IN ?", id, lines).Delete(&tenants.RunItem{}).Error; err != nil {
				return fmt.Errorf("flow: items of older runs: %w", err)
			}
		}
	}
	return nil
}

// dropSnapshots deletes the flow's snapshots that nothing needs: neither this run or one under way,
// nor the next conditional fetch, nor the panel's look at a newer one.
func (e *Engine) dropSnapshots(ctx context.Context, run *tenants.Run) error {
	db := e.cfg.DB
	var snaps []tenants.Snapshot
	if err := db.Scoped(ctx).Where("flow_id = ?", run.FlowID).Order("id DESC").Find(&snaps).Error; err != nil {
		return fmt.Errorf("flow: snapshots of flow %s: %w", run.FlowID, err)
	}
	var keep []string
	err := db.Scoped(ctx).Model(&tenants.Run{}).Where("flow_id = ? AND state NOT IN ?", run.FlowID, finalStates).Pluck("snapshot_id", &keep).Error
	if err != nil {
		return fmt.Errorf("flow: runs of flow %s: %w", run.FlowID, err)
	}
	keep = append(keep, run.SnapshotID)
	var flow []string
	if err := db.Scoped(ctx).Model(&tenants.Flow{}).Where("id = ?", run.FlowID).Pluck("snapshot_id", &flow).Error; err != nil {
		return fmt.Errorf("flow: flow %s: %w", run.FlowID, err)
	}
	keep = append(keep, flow...)
	for _, snap := range snaps {
		if snap.Complete {
			keep = append(keep, snap.ID) // the newest complete one
			break
		}
	}
	for _, snap := range snaps {
		receiving := snap.CommittedAt == nil // perhaps still; if not, SweepSnapshots has it
		if receiving || slices.Contains(keep, snap.ID) || snap.CreatedAt.After(run.CreatedAt) {
			continue
		}
		if err := db.DeleteSnapshot(ctx, snap.ID); err != nil {
			return err
		}
	}
	return nil
}
