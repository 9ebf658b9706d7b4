package upsert

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
	// maxRunError is the size of Run.Error, in characters.
	maxRunError = 1000
)

// finish ends the run; what it leaves behind is tidied up after that is saved.
func (s *step) finish(state tenants.RunState, message string) {
	now := s.e.cfg.Now().UTC()
	s.run.State, s.run.Error, s.run.FinishedAt = state, clip(storable(message), maxRunError), &now
	if state == tenants.RunDone {
		s.run.Phase = tenants.PhaseFinish
	}
	s.cp = checkpoint{}
	s.e.refs.forget(s.run.ID)
	s.tidy = true
}

const (
	// tidyTimeout bounds the tidying of one run. What it does not reach, the next run of the flow does.
	tidyTimeout = 2 * time.Minute
	// tidyBatch is how many rows one statement deletes: a million at once would hold SQLite's one write
	// lock, or outlast the step's transaction.
	tidyBatch = 2000
)

// tidyUp deletes what only the run needed. The run is over and saved: a failure here is logged, and
// made good by the next run.
func (s *step) tidyUp(ctx context.Context) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), tidyTimeout)
	defer stop()
	for _, drop := range []func(context.Context, *tenants.DB) error{s.dropBooks, s.dropItems, s.dropSnapshots, s.dropRecords} {
		if err := drop(ctx, s.e.cfg.DB); err != nil {
			s.e.cfg.Log.WarnContext(ctx, "run not tidied up", "store", s.run.StoreHash, "run", s.run.ID, "error", err)
			return
		}
	}
}

// olderRuns returns the flow's final runs, newest first, without the first skip; at most 100.
func (s *step) olderRuns(ctx context.Context, db *tenants.DB, skip int) (ids []string, err error) {
	err = db.Scoped(ctx).Model(&tenants.Run{}).
		Where("flow_id = ? AND state IN ?", s.run.FlowID, []tenants.RunState{tenants.RunDone, tenants.RunFailed, tenants.RunCancelled}).
		Order("id DESC").Offset(skip).Limit(100).Pluck("id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("upsert: older runs of flow %s: %w", s.run.FlowID, err)
	}
	return ids, nil
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

// dropBooks deletes what dry runs noted for themselves: this one, and any that was killed before it
// could tidy up.
func (s *step) dropBooks(ctx context.Context, db *tenants.DB) error {
	runs, err := s.olderRuns(ctx, db, 0)
	if err != nil {
		return err
	}
	for _, id := range runs {
		for {
			var keys []string
			if err := db.Scoped(ctx).Model(&tenants.Record{}).Where("flow_id = ?", id).Limit(tidyBatch).Pluck("key", &keys).Error; err != nil {
				return fmt.Errorf("upsert: book of run %s: %w", id, err)
			}
			if len(keys) == 0 {
				break
			}
			if err := db.Scoped(ctx).Where("flow_id = ? AND key IN ?", id, keys).Delete(&tenants.Record{}).Error; err != nil {
				return fmt.Errorf("upsert: forget dry run %s: %w", id, err)
			}
		}
	}
	return nil
}

// dropItems deletes the work lists of the flow's older runs.
func (s *step) dropItems(ctx context.Context, db *tenants.DB) error {
	runs, err := s.olderRuns(ctx, db, keptRuns)
	if err != nil {
		return err
	}
	for _, id := range runs {
		for {
			var lines []int64
			if err := db.Scoped(ctx).Model(&tenants.RunItem{}).Where("run_id = ?", id).Limit(tidyBatch).Pluck("line", &lines).Error; err != nil {
				return fmt.Errorf("upsert: items of run %s: %w", id, err)
			}
			if len(lines) == 0 {
				break
			}
			if err := db.Scoped(ctx).Where("run_id = ? AND line IN ?", id, lines).Delete(&tenants.RunItem{}).Error; err != nil {
				return fmt.Errorf("upsert: items of older runs: %w", err)
			}
		}
	}
	return nil
}

// dropRecords keeps what is remembered of a store's records to its limit. A run that met nothing new adds
// no record.
func (s *step) dropRecords(ctx context.Context, db *tenants.DB) error {
	if s.run.Read == s.run.Unchanged {
		return nil
	}
	_, err := db.TrimRecords(ctx)
	return err
}

// dropSnapshots deletes the flow's snapshots that nothing needs: neither this run or one under way,
// nor the next conditional fetch, nor the panel's look at a newer one.
func (s *step) dropSnapshots(ctx context.Context, db *tenants.DB) error {
	var snaps []tenants.Snapshot
	if err := db.Scoped(ctx).Where("flow_id = ?", s.run.FlowID).Order("id DESC").Find(&snaps).Error; err != nil {
		return fmt.Errorf("upsert: snapshots of flow %s: %w", s.run.FlowID, err)
	}
	var keep []string
	err := db.Scoped(ctx).Model(&tenants.Run{}).
		Where("flow_id = ? AND state NOT IN ?", s.run.FlowID, []tenants.RunState{tenants.RunDone, tenants.RunFailed, tenants.RunCancelled}).
		Pluck("snapshot_id", &keep).Error
	if err != nil {
		return fmt.Errorf("upsert: runs of flow %s: %w", s.run.FlowID, err)
	}
	keep = append(keep, s.run.SnapshotID)
	var flow []string
	if err := db.Scoped(ctx).Model(&tenants.Flow{}).Where("id = ?", s.run.FlowID).Pluck("snapshot_id", &flow).Error; err != nil {
		return fmt.Errorf("upsert: flow %s: %w", s.run.FlowID, err)
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
		if err := db.DeleteSnapshot(ctx, snap.ID); err != nil {
			return err
		}
	}
	return nil
}
