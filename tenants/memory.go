package tenants

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gorm.io/gorm/clause"
)

// RememberedRecords returns the fields (JSON) of the records that a flow remembers of keys, by key.
func (d *DB) RememberedRecords(ctx context.Context, flowID string, keys []string) (map[string]string, error) {
	found := make(map[string]string, len(keys))
	for piece := range chunks(keys, bulkRows) {
		var rows []RememberedRecord
		err := d.Scoped(ctx).Select("store_hash", "flow_id", "key", "fields").Where("flow_id = ? AND key IN ?", flowID, piece).Find(&rows).Error
		if err != nil {
			return nil, wrap(err, "remembered records")
		}
		for _, r := range rows {
			found[r.Key] = r.Fields
		}
	}
	return found, nil
}

// RememberedAfter returns the next records that a flow remembers, at most limit, in the order of
// their keys. after is the last key of those before, "" for none.
func (d *DB) RememberedAfter(ctx context.Context, flowID, after string, limit int) ([]RememberedRecord, error) {
	var rows []RememberedRecord
	err := d.Scoped(ctx).Select("key", "fields").Where("flow_id = ? AND key > ?", flowID, after).Order("key").Limit(limit).Find(&rows).Error
	return rows, wrap(err, "remembered records")
}

// RememberRecords notes records of a kind as they were just seen: their fields (JSON) by key.
func (d *DB) RememberRecords(ctx context.Context, kind, flowID string, fields map[string]string) error {
	now := d.now()
	rows := make([]RememberedRecord, 0, len(fields))
	for key, f := range fields {
		rows = append(rows, RememberedRecord{Kind: kind, FlowID: flowID, Key: key, Fields: f, SeenAt: now})
	}
	// One order for everyone, so that two writers cannot wait for each other's rows.
	slices.SortFunc(rows, func(a, b RememberedRecord) int { return cmp.Compare(a.Key, b.Key) })
	return bulk(ctx, d, rows, "remember records", func(tx *DB, rows []RememberedRecord) error {
		return tx.Scoped(ctx).Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "store_hash"}, {Name: "flow_id"}, {Name: "key"}},
			DoUpdates: clause.AssignmentColumns([]string{"fields", "seen_at"}),
		}).Create(&rows).Error
	})
}

// ForgetRecords makes the next change of these keys look their records up.
func (d *DB) ForgetRecords(ctx context.Context, flowID string, keys []string) error {
	return bulk(ctx, d, slices.Sorted(slices.Values(keys)), "forget records", func(tx *DB, keys []string) error {
		return tx.Scoped(ctx).Where("flow_id = ? AND key IN ?", flowID, keys).Delete(&RememberedRecord{}).Error
	})
}

// ForgetRecordsElsewhere is ForgetRecords for every other flow of the kind that knows one of these
// records, which flowID has just changed.
func (d *DB) ForgetRecordsElsewhere(ctx context.Context, kind, flowID string, targetIDs []int64) error {
	keys := make(map[string][]string)
	for piece := range chunks(targetIDs, bulkRows) {
		var rows []Record
		err := d.Scoped(ctx).Select("flow_id", "key").Where("kind = ? AND target_id IN ? AND flow_id <> ?", kind, piece, flowID).Find(&rows).Error
		if err != nil {
			return wrap(err, "records of other flows")
		}
		for _, r := range rows {
			keys[r.FlowID] = append(keys[r.FlowID], r.Key)
		}
	}
	flows := make([]string, 0, len(keys))
	for id := range keys {
		flows = append(flows, id)
	}
	slices.Sort(flows)
	for _, id := range flows {
		if err := d.ForgetRecords(ctx, id, keys[id]); err != nil {
			return err
		}
	}
	return nil
}

// References returns what is remembered of a store's categories or brands, nil if nothing is that
// was read after since.
func (d *DB) References(ctx context.Context, kind string, since time.Time) (*StoreReferences, error) {
	return maybe[StoreReferences](d.Scoped(ctx).Where("kind = ? AND loaded_at > ?", kind, since.UTC()), "references")
}

// SaveReferences replaces what is remembered of a store's categories or brands.
func (d *DB) SaveReferences(ctx context.Context, r StoreReferences) error {
	r.LoadedAt = r.LoadedAt.UTC()
	return wrap(d.Scoped(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "store_hash"}, {Name: "kind"}},
		DoUpdates: clause.AssignmentColumns([]string{"data", "loaded_at"}),
	}).Create(&r).Error, "save references")
}

// ForgetReferences makes the next run that needs them read these kinds from the store.
func (d *DB) ForgetReferences(ctx context.Context, kinds ...string) error {
	return wrap(d.Scoped(ctx).Where("kind IN ?", kinds).Delete(&StoreReferences{}).Error, "forget references")
}
