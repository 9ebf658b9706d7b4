package tenants

import (
	"context"
	"time"

	"gorm.io/gorm"

	"sluice/internal/problem"
)

// Snapshot returns a snapshot of the store whose bytes are all there (Complete says whether the
// source had more).
func (d *DB) Snapshot(ctx context.Context, id string) (*Snapshot, error) {
	s, err := one[Snapshot](d.Scoped(ctx).Where("id = ?", id), "file")
	if err != nil {
		return nil, err
	}
	if s.CommittedAt == nil {
		return nil, problem.New(problem.Conflict, "The file is still being received. Try again in a moment.")
	}
	return s, nil
}

// LatestSnapshot returns the newest complete snapshot that a flow took from url, nil if there is
// none: what a conditional request compares with.
func (d *DB) LatestSnapshot(ctx context.Context, flowID, url string) (*Snapshot, error) {
	return maybe[Snapshot](d.Scoped(ctx).
		Where("flow_id = ? AND url = ? AND complete = ? AND committed_at IS NOT NULL", flowID, d.sourceOf(StoreHash(ctx), url), true).
		Order("id DESC"), "snapshot")
}

// RowsOf returns the snapshot with the rows that were made of another by a format, nil if there is
// none yet.
func (d *DB) RowsOf(ctx context.Context, id, format string) (*Snapshot, error) {
	return maybe[Snapshot](d.Scoped(ctx).Where("rows_of = ? AND rows_as = ? AND committed_at IS NOT NULL", id, format).Order("id DESC"), "rows")
}

// KeepRows deletes the other rows of the snapshot that rows were made of, unless a run is under way
// that may read them.
func (d *DB) KeepRows(ctx context.Context, rows *Snapshot) error {
	var runs int64
	err := d.Scoped(ctx).Model(&Run{}).Where("snapshot_id = ? AND state NOT IN ?", rows.RowsOf, finalStates).Count(&runs).Error
	if err != nil || runs > 0 {
		return wrap(err, "keep rows")
	}
	return d.deleteRows(ctx, rows.RowsOf, rows.ID)
}

// deleteRows deletes the rows of a snapshot but those with id keep.
func (d *DB) deleteRows(ctx context.Context, of, keep string) error {
	var ids []string
	if err := d.Scoped(ctx).Model(&Snapshot{}).Where("rows_of = ? AND id <> ?", of, keep).Pluck("id", &ids).Error; err != nil {
		return wrap(err, "delete rows")
	}
	for _, id := range ids {
		if err := d.DeleteSnapshot(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// DeleteSnapshot deletes a snapshot, its bytes and the rows that were made of it. A repeat is no
// error.
func (d *DB) DeleteSnapshot(ctx context.Context, id string) error {
	if err := d.deleteRows(ctx, id, ""); err != nil {
		return err
	}
	// The chunks first, few at a time: a row without bytes is swept, bytes without a row would stay.
	for {
		var offsets []int64
		err := d.Scoped(ctx).Model(&SnapshotChunk{}).Where("snapshot_id = ?", id).Limit(chunkBatch).Pluck("offset", &offsets).Error
		if err != nil {
			return wrap(err, "delete snapshot")
		}
		if len(offsets) == 0 {
			break
		}
		err = d.Scoped(ctx).Where(map[string]any{"snapshot_id": id, "offset": offsets}).Delete(&SnapshotChunk{}).Error
		if err != nil {
			return wrap(err, "delete snapshot")
		}
	}
	return wrap(d.Scoped(ctx).Where("id = ?", id).Delete(&Snapshot{}).Error, "delete snapshot")
}

// SweepSnapshots deletes, in all stores, snapshots made before olderThan that nothing needs any
// more, and returns how many. Needed are: the file of a flow, what a run that is not final works
// from, and the newest complete snapshot of each flow (a 304 answer means it). Uploads that were
// never committed and files that were only looked at go.
func (d *DB) SweepSnapshots(ctx context.Context, olderThan time.Time) (int, error) {
	swept, after := 0, ""
	for {
		var old []Snapshot
		q := d.AcrossStores(ctx).Select("id", "store_hash", "flow_id", "committed_at", "complete", "rows_of").
			Where("created_at < ? AND id > ?", olderThan.UTC(), after).Order("id").Limit(maxPage)
		if err := q.Find(&old).Error; err != nil {
			return swept, wrap(err, "sweep snapshots")
		}
		for _, s := range old {
			ctx := WithStore(ctx, s.StoreHash)
			needed, err := d.snapshotNeeded(ctx, s)
			if err != nil {
				return swept, wrap(err, "sweep snapshots")
			}
			if needed {
				continue
			}
			if err := d.DeleteSnapshot(ctx, s.ID); err != nil {
				return swept, err
			}
			swept++
		}
		if len(old) < maxPage {
			return swept, nil
		}
		after = old[len(old)-1].ID
	}
}

func (d *DB) snapshotNeeded(ctx context.Context, s Snapshot) (bool, error) {
	if s.CommittedAt == nil {
		return false, nil
	}
	if s.RowsOf != "" {
		of, err := maybe[Snapshot](d.Scoped(ctx).Where("id = ?", s.RowsOf), "snapshot")
		if err != nil || of == nil {
			return false, err
		}
		return d.snapshotNeeded(ctx, *of)
	}
	uses := []*gorm.DB{
		d.Scoped(ctx).Model(&Flow{}).Where("snapshot_id = ?", s.ID),
		d.Scoped(ctx).Model(&Run{}).Where("snapshot_id = ? AND state NOT IN ?", s.ID, finalStates),
	}
	for _, q := range uses {
		var n int64
		if err := q.Count(&n).Error; err != nil {
			return false, err
		}
		if n > 0 {
			return true, nil
		}
	}
	if s.FlowID == "" || !s.Complete {
		return false, nil
	}
	flow, err := maybe[Flow](d.Scoped(ctx).Where("id = ?", s.FlowID), "flow")
	if err != nil || flow == nil {
		return false, err
	}
	newest, err := maybe[Snapshot](d.Scoped(ctx).Where("flow_id = ? AND complete = ? AND committed_at IS NOT NULL", s.FlowID, true).
		Order("id DESC"), "snapshot")
	if err != nil {
		return false, err
	}
	return newest != nil && newest.ID == s.ID, nil
}
