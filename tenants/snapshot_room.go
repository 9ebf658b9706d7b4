package tenants

import (
	"context"
	"errors"
	"slices"
	"time"

	"sluice/internal/limits"
	"sluice/internal/problem"
)

const (
	// reserveStep is how much a snapshot that is being received may grow by at a time, in bytes: the
	// store's files are counted once for so much.
	reserveStep = 64 << 20
	// keptForUse is how long a copy that nothing needs yet is left alone: somebody may just be mapping
	// it.
	keptForUse = time.Hour
	// receiveAtMost is how long a snapshot may take to be received, at the very most; one that is
	// older and was never committed was left behind by a process that died.
	receiveAtMost = 24 * time.Hour
)

// reserve lets s grow to end bytes and somewhat further, making its row if it has none yet. Room
// that is missing is made (makeRoom). It may be called at once by any number of writers: each holds
// the store's usage while it counts.
func (d *DB) reserve(ctx context.Context, s *Snapshot, end int64) error {
	for {
		err := d.Tx(ctx, func(tx *DB) error { return tx.tryReserve(ctx, s, end) })
		if problem.CodeOf(err) != problem.LimitReached {
			return err
		}
		if made, failed := d.makeRoom(ctx); failed != nil || !made {
			return errors.Join(err, failed)
		}
	}
}

// tryReserve is reserve with the room that there is. It runs in a transaction.
func (d *DB) tryReserve(ctx context.Context, s *Snapshot, end int64) error {
	files, bytes, err := d.snapshotsKept(ctx)
	if err != nil {
		return err
	}
	isNew, others := s.Reserved == 0, bytes-s.Reserved
	if isNew {
		if err := d.limits.Check(limits.Snapshots, files, 1); err != nil {
			return err
		}
	}
	if err := d.limits.Check(limits.SnapshotBytes, others, max(1, end)); err != nil {
		return err
	}
	row := *s
	row.Reserved = min(end+reserveStep, max(end, d.limits.Of(limits.SnapshotBytes)-others))
	if isNew {
		err = d.Scoped(ctx).Create(&row).Error
	} else {
		res := d.Scoped(ctx).Model(&Snapshot{}).Where("id = ?", s.ID).Update("reserved", row.Reserved)
		if err = res.Error; err == nil && res.RowsAffected == 0 {
			err = problem.New(problem.Conflict, "The file was deleted while it was being received. Send it again.")
		}
	}
	if err == nil {
		*s = row
	}
	return err
}

// RoomForSnapshot refuses a file of size bytes that the store has no room for, before any of it is
// read.
func (d *DB) RoomForSnapshot(ctx context.Context, size int64) error {
	for {
		_, bytes, err := d.snapshotsKept(ctx)
		if err != nil {
			return err
		}
		refused := d.limits.Check(limits.SnapshotBytes, bytes, size)
		if refused == nil {
			return nil
		}
		if made, err := d.makeRoom(ctx); err != nil || !made {
			return errors.Join(refused, err)
		}
	}
}

// snapshotsKept counts the store's files and what they take or may grow to. In a transaction it
// holds the store's usage.
func (d *DB) snapshotsKept(ctx context.Context) (files, bytes int64, err error) {
	if _, err := d.lockUsage(ctx); err != nil {
		return 0, 0, err
	}
	var kept struct{ Files, Bytes int64 }
	err = d.Scoped(ctx).Model(&Snapshot{}).
		Select("COUNT(*) AS files, COALESCE(SUM(CASE WHEN reserved > size THEN reserved ELSE size END), 0) AS bytes").Scan(&kept).Error
	return kept.Files, kept.Bytes, wrap(err, "count snapshots")
}

// makeRoom deletes the oldest snapshot of the store that nothing needs (snapshotNeeded) and that is
// not quite new, and reports whether there was one.
func (d *DB) makeRoom(ctx context.Context) (made bool, err error) {
	needed, err := d.neededSnapshots(ctx)
	if err != nil {
		return false, err
	}
	now, after := d.now(), ""
	for {
		var old []Snapshot
		err := d.Scoped(ctx).Select("id", "flow_id", "committed_at", "complete", "created_at", "rows_of").
			Where("id > ? AND created_at < ?", after, now.Add(-keptForUse)).Order("id").Limit(maxPage).Find(&old).Error
		if err != nil {
			return false, wrap(err, "make room")
		}
		for _, s := range old {
			if slices.Contains(needed, s.ID) || slices.Contains(needed, s.RowsOf) && s.RowsOf != "" || s.CommittedAt == nil && s.CreatedAt.After(now.Add(-receiveAtMost)) {
				continue
			}
			if gone, err := d.retire(ctx, s); err != nil || gone {
				return gone, err
			}
		}
		if len(old) < maxPage {
			return false, nil
		}
		after = old[len(old)-1].ID
	}
}

// neededSnapshots returns the snapshots of the store that something needs, in a few queries for
// them all.
func (d *DB) neededSnapshots(ctx context.Context) ([]string, error) {
	var flows []Flow
	if err := d.Scoped(ctx).Select("id", "snapshot_id").Find(&flows).Error; err != nil {
		return nil, wrap(err, "needed snapshots")
	}
	var needed, ids []string
	for _, f := range flows {
		needed, ids = append(needed, f.SnapshotID), append(ids, f.ID)
	}
	var runs, newest []string
	if err := d.Scoped(ctx).Model(&Run{}).Where("state NOT IN ?", finalStates).Pluck("snapshot_id", &runs).Error; err != nil {
		return nil, wrap(err, "needed snapshots")
	}
	for piece := range chunks(ids, bulkRows) {
		var some []string
		err := d.Scoped(ctx).Model(&Snapshot{}).Where("flow_id IN ? AND complete = ? AND committed_at IS NOT NULL", piece, true).
			Group("flow_id").Pluck("MAX(id)", &some).Error
		if err != nil {
			return nil, wrap(err, "needed snapshots")
		}
		newest = append(newest, some...)
	}
	return append(append(needed, runs...), newest...), nil
}

// retire deletes a snapshot unless something came to need it meanwhile. Whoever binds one holds the
// store's usage too (HoldSnapshot), so that a flow never gets one that is being deleted.
func (d *DB) retire(ctx context.Context, s Snapshot) (gone bool, err error) {
	err = d.Tx(ctx, func(tx *DB) error {
		if _, err := tx.lockUsage(ctx); err != nil {
			return err
		}
		needed, err := tx.snapshotNeeded(ctx, s)
		if err != nil || needed {
			return err
		}
		gone = true
		return tx.Scoped(ctx).Model(&Snapshot{}).Where("id = ?", s.ID).Update("committed_at", nil).Error
	})
	if err != nil || !gone {
		return false, wrap(err, "make room")
	}
	return true, d.DeleteSnapshot(context.WithoutCancel(ctx), s.ID)
}

// HoldSnapshot is Snapshot for a transaction that binds it to something: it is not deleted to make
// room until the transaction ends.
func (d *DB) HoldSnapshot(ctx context.Context, id string) (*Snapshot, error) {
	if _, err := d.lockUsage(ctx); err != nil {
		return nil, err
	}
	return d.Snapshot(ctx, id)
}
