package sync

import (
	"context"
	"fmt"
	"slices"

	"sluice/tenants"
)

const (
	// keptRuns is how many runs of a flow keep their items, which show what changed.
	keptRuns = 5
	// maxRunError is the size of Run.Error, in characters.
	maxRunError = 1000
)

// finish ends the run and tidies up after it.
func (s *step) finish(state tenants.RunState, message string) {
	now := s.e.cfg.Now().UTC()
	s.run.State, s.run.Error, s.run.FinishedAt = state, clip(storable(message), maxRunError), &now
	if state == tenants.RunDone {
		s.run.Phase = tenants.PhaseFinish
	}
	s.cp = checkpoint{}
	s.e.refs.forget(s.run.ID)
	s.later(s.dropBook)
	s.later(s.dropItems)
	s.later(s.dropSnapshots)
}

// cancelRun ends a run that the merchant cancelled. Creates that may have been sent are looked up
// first, so that what the store has is known.
func (s *step) cancelRun(ctx context.Context) error {
	if s.run.Phase == tenants.PhaseWrite && !s.run.DryRun {
		begun, err := s.find(ctx, query{state: tenants.ItemSending, limit: createGroup})
		if err != nil {
			return err
		}
		if len(begun) > 0 {
			return s.lookBack(ctx, begun)
		}
	}
	s.finish(tenants.RunCancelled, "")
	return nil
}

// dropBook deletes what a dry run noted for itself.
func (s *step) dropBook(ctx context.Context, tx *tenants.DB) error {
	if !s.run.DryRun {
		return nil
	}
	if err := tx.Scoped(ctx).Where("flow_id = ?", s.run.ID).Delete(&tenants.Record{}).Error; err != nil {
		return fmt.Errorf("sync: forget dry run %s: %w", s.run.ID, err)
	}
	return nil
}

// dropItems deletes the work lists of the flow's older runs.
func (s *step) dropItems(ctx context.Context, tx *tenants.DB) error {
	var old []string
	err := tx.Scoped(ctx).Model(&tenants.Run{}).
		Where("flow_id = ? AND id <> ? AND state IN ?", s.run.FlowID, s.run.ID,
			[]tenants.RunState{tenants.RunDone, tenants.RunFailed, tenants.RunCancelled}).
		Order("id DESC").Offset(keptRuns-1).Limit(100).Pluck("id", &old).Error
	if err != nil {
		return fmt.Errorf("sync: older runs of flow %s: %w", s.run.FlowID, err)
	}
	if len(old) == 0 {
		return nil
	}
	if err := tx.Scoped(ctx).Where("run_id IN ?", old).Delete(&tenants.RunItem{}).Error; err != nil {
		return fmt.Errorf("sync: items of older runs: %w", err)
	}
	return nil
}

// dropSnapshots deletes the flow's snapshots that nothing needs: neither this run or one under way,
// nor the next conditional fetch, nor the panel's look at a newer one.
func (s *step) dropSnapshots(ctx context.Context, tx *tenants.DB) error {
	var snaps []tenants.Snapshot
	if err := tx.Scoped(ctx).Where("flow_id = ?", s.run.FlowID).Order("id DESC").Find(&snaps).Error; err != nil {
		return fmt.Errorf("sync: snapshots of flow %s: %w", s.run.FlowID, err)
	}
	var keep []string
	err := tx.Scoped(ctx).Model(&tenants.Run{}).
		Where("flow_id = ? AND state NOT IN ?", s.run.FlowID, []tenants.RunState{tenants.RunDone, tenants.RunFailed, tenants.RunCancelled}).
		Pluck("snapshot_id", &keep).Error
	if err != nil {
		return fmt.Errorf("sync: runs of flow %s: %w", s.run.FlowID, err)
	}
	keep = append(keep, s.run.SnapshotID)
	var flow []string
	if err := tx.Scoped(ctx).Model(&tenants.Flow{}).Where("id = ?", s.run.FlowID).Pluck("snapshot_id", &flow).Error; err != nil {
		return fmt.Errorf("sync: flow %s: %w", s.run.FlowID, err)
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
		if receiving || slices.Contains(keep, snap.ID) || snap.CreatedAt.After(s.run.CreatedAt) {
			continue
		}
		if err := tx.DeleteSnapshot(ctx, snap.ID); err != nil {
			return err
		}
	}
	return nil
}
