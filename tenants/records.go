package tenants

import (
	"cmp"
	"context"
	"slices"

	"gorm.io/gorm/clause"
)

// What a run does with its records in bulk. Each works inside a Tx too, takes any number of rows,
// and does all of them or none. Where rows repeat a key the last one counts.

// RecordsByKeys returns the records that exist of keys, by key.
func (d *DB) RecordsByKeys(ctx context.Context, flowID string, keys []string) (map[string]Record, error) {
	found := make(map[string]Record, len(keys))
	for piece := range chunks(keys, bulkRows) {
		var rows []Record
		if err := d.Scoped(ctx).Where("flow_id = ? AND key IN ?", flowID, piece).Find(&rows).Error; err != nil {
			return nil, wrap(err, "records")
		}
		for _, r := range rows {
			found[r.Key] = r
		}
	}
	return found, nil
}

// RecordsByUniqueKeys returns the records that have one of nameKeys; several may share one.
func (d *DB) RecordsByUniqueKeys(ctx context.Context, flowID string, nameKeys []string) ([]Record, error) {
	var found []Record
	for piece := range chunks(nameKeys, bulkRows) {
		var rows []Record
		if err := d.Scoped(ctx).Where("flow_id = ? AND unique_key IN ?", flowID, piece).Order("key").Find(&rows).Error; err != nil {
			return nil, wrap(err, "records by unique key")
		}
		found = append(found, rows...)
	}
	return found, nil
}

// UpsertRecords writes every column of records.
func (d *DB) UpsertRecords(ctx context.Context, records []Record) error {
	return d.putRecords(ctx, records, "kind", "target_id", "parent_id", "target_ref", "source_hash", "unique_key", "state", "error", "cleaned", "note", "refused_hash", "refused_field", "landed", "vanished", "seen_run_id", "seen_line", "updated_at")
}

// MarkSeen sets SeenRunID and SeenLine of keys, making records (state "pending") that do not exist.
func (d *DB) MarkSeen(ctx context.Context, kind, flowID, runID string, seen []SeenKey) error {
	records := make([]Record, len(seen))
	for i, s := range seen {
		records[i] = Record{Kind: kind, FlowID: flowID, Key: s.Key, State: "pending", SeenRunID: runID, SeenLine: s.Line}
	}
	return d.putRecords(ctx, records, "seen_run_id", "seen_line")
}

// DoubtRecords makes the next run of each flow of a kind of ctx's store look all its records up,
// whether their source changed or not: something may have happened to them that nobody told of. It
// goes through the records piece by piece, and may be interrupted and repeated.
func (d *DB) DoubtRecords(ctx context.Context, kind string) error {
	var flows []string
	if err := d.Scoped(ctx).Model(&Flow{}).Where("kind = ?", kind).Order("id").Pluck("id", &flows).Error; err != nil {
		return wrap(err, "doubt records")
	}
	which := "flow_id = ? AND key IN ?"
	if d.postgres() { // putRecords takes rows in this order, an UPDATE as it finds them
		which = `(flow_id, key) IN (SELECT flow_id, key FROM records WHERE ` + which + ` ORDER BY flow_id COLLATE "C", key COLLATE "C" FOR UPDATE)`
	}
	for _, flow := range flows {
		for after, more := "", true; more; {
			var keys []string
			err := d.Scoped(ctx).Model(&Record{}).Where("flow_id = ? AND key > ?", flow, after).Order("key").Limit(bulkRows).Pluck("key", &keys).Error
			if more = err == nil && len(keys) > 0; more {
				after = keys[len(keys)-1]
				err = d.AcrossStores(ctx).Model(&Record{}).Where("store_hash = ?", StoreHash(ctx)).Where(which, flow, keys).Updates(map[string]any{"source_hash": "", "refused_hash": ""}).Error
			}
			if err != nil {
				return wrap(err, "doubt records")
			}
		}
	}
	return nil
}

func (d *DB) putRecords(ctx context.Context, records []Record, set ...string) error {
	type id struct{ flow, key string }
	records = lastOf(records, func(r Record) id { return id{r.FlowID, r.Key} })
	now := d.now()
	for i := range records {
		records[i].Error, records[i].UpdatedAt = Clean(records[i].Error, 1000), now
	}
	// One order for everyone, so that two writers cannot wait for each other's rows.
	slices.SortFunc(records, func(a, b Record) int { return cmp.Or(cmp.Compare(a.FlowID, b.FlowID), cmp.Compare(a.Key, b.Key)) })
	return bulk(ctx, d, records, "records", func(tx *DB, rows []Record) error {
		return tx.Scoped(ctx).Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "flow_id"}, {Name: "key"}}, DoUpdates: clause.AssignmentColumns(set),
		}).Create(&rows).Error
	})
}
