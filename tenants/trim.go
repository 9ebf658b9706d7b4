package tenants

import (
	"context"
	"fmt"
	"slices"

	"sluice/internal/limits"
)

const (
	// trimRows is how many rows one DELETE takes, so that it holds no lock for long.
	trimRows = 2000
	// trimRuns is how many runs of a store are forgotten at a time.
	trimRuns = 100
)

// TrimHistory deletes, in all stores, the oldest of what a store may keep only so much of:
// sign-ins, entries of the audit log, ended runs with everything of them. It returns how many rows
// of those went.
func (d *DB) TrimHistory(ctx context.Context) (trimmed int64, err error) {
	for _, log := range []struct {
		limit limits.Name
		model any
		table string
	}{{limits.SignIns, &SignIn{}, "sign_ins"}, {limits.AuditEntries, &AuditEntry{}, "audit"}} {
		n, err := d.trimLog(ctx, log.model, log.table, d.limits.Of(log.limit))
		trimmed += n
		if err != nil {
			return trimmed, wrap(err, "trim "+log.table)
		}
	}
	stores, err := d.storesWithMore(ctx, &Run{}, d.limits.Of(limits.Runs))
	if err != nil {
		return trimmed, wrap(err, "trim runs")
	}
	for _, store := range stores {
		n, err := d.trimRuns(WithStore(ctx, store))
		trimmed += n
		if err != nil {
			return trimmed, wrap(err, "trim runs")
		}
	}
	return trimmed, nil
}

// storesWithMore returns the stores that have more than most rows of model.
func (d *DB) storesWithMore(ctx context.Context, model any, most int64) (stores []string, err error) {
	err = d.AcrossStores(ctx).Model(model).Group("store_hash").Having("COUNT(*) > ?", most).Pluck("store_hash", &stores).Error
	return stores, err
}

// trimLog deletes the oldest rows of a table whose ids sort by when they were made.
func (d *DB) trimLog(ctx context.Context, model any, table string, most int64) (total int64, err error) {
	stores, err := d.storesWithMore(ctx, model, most)
	if err != nil {
		return 0, err
	}
	row := "rowid"
	if d.postgres() {
		row = "ctid"
	}
	for _, store := range stores {
		ctx := WithStore(ctx, store)
		var last []string // the newest that goes
		if err := d.Scoped(ctx).Model(model).Order("id DESC").Offset(int(most)).Limit(1).Pluck("id", &last).Error; err != nil {
			return total, err
		}
		for len(last) > 0 {
			res := d.AcrossStores(ctx).Exec(fmt.Sprintf(
				"DELETE FROM %[1]s WHERE %[2]s IN (SELECT %[2]s FROM %[1]s WHERE store_hash = ? AND id <= ? LIMIT %[3]d)", table, row, trimRows), store, last[0])
			total += res.RowsAffected
			if res.Error != nil {
				return total, res.Error
			}
			if res.RowsAffected < trimRows {
				break
			}
		}
	}
	return total, nil
}

// trimRuns forgets the oldest ended runs of ctx's store. One that is being retried stays.
func (d *DB) trimRuns(ctx context.Context) (total int64, err error) {
	var retried []string
	if err := d.Scoped(ctx).Model(&Run{}).Where("state NOT IN ?", finalStates).Pluck("retry_of", &retried).Error; err != nil {
		return 0, err
	}
	for {
		var old []string
		err := d.Scoped(ctx).Model(&Run{}).Where("state IN ?", finalStates).Order("id DESC").
			Offset(int(d.limits.Of(limits.Runs))).Limit(trimRuns).Pluck("id", &old).Error
		if err != nil {
			return total, err
		}
		old = slices.DeleteFunc(old, func(id string) bool { return slices.Contains(retried, id) })
		for _, id := range old {
			if err := d.forgetRun(ctx, id); err != nil {
				return total, err
			}
			total++
		}
		if len(old) == 0 {
			return total, nil
		}
	}
}

// forgetRun deletes a run: first what belongs to it, in small transactions, so that a run which is
// there has all of it or is being forgotten.
func (d *DB) forgetRun(ctx context.Context, id string) error {
	row := "rowid"
	if d.postgres() {
		row = "ctid"
	}
	for _, of := range []struct{ table, column string }{{"run_items", "run_id"}, {"run_issues", "run_id"}, {"journal", "run_id"}, {"records", "flow_id"}} {
		for {
			res := d.AcrossStores(ctx).Exec(fmt.Sprintf(
				"DELETE FROM %[1]s WHERE %[2]s IN (SELECT %[2]s FROM %[1]s WHERE %[3]s = ? AND store_hash = ? LIMIT %[4]d)", of.table, row, of.column, trimRows),
				id, StoreHash(ctx))
			if res.Error != nil {
				return res.Error
			}
			if res.RowsAffected < trimRows {
				break
			}
		}
	}
	return d.Scoped(ctx).Where("id = ?", id).Delete(&Run{}).Error
}

// TrimRecords forgets, while ctx's store remembers more records than it may, those that no source
// has had for the longest: run by run, as they were last seen. What a run under way has seen stays.
// A forgotten record is looked up in the store when its key comes back.
func (d *DB) TrimRecords(ctx context.Context) (trimmed int64, err error) {
	var n int64
	if err := d.Scoped(ctx).Model(&Record{}).Count(&n).Error; err != nil {
		return 0, wrap(err, "trim records")
	}
	row := "rowid"
	if d.postgres() {
		row = "ctid"
	}
	more := n - d.limits.Of(limits.Records)
	if more <= 0 {
		return 0, nil
	}
	var underWay []string // one a flow at most
	if err := d.Scoped(ctx).Model(&Run{}).Where("state NOT IN ?", finalStates).Pluck("id", &underWay).Error; err != nil {
		return 0, wrap(err, "trim records")
	}
	underWay = append(underWay, "") // so that the list is never empty
	for last := ""; more > 0; {
		var oldest []string
		err := d.Scoped(ctx).Model(&Record{}).Where("seen_run_id > ? AND seen_run_id NOT IN ?", last, underWay).
			Order("seen_run_id").Limit(1).Pluck("seen_run_id", &oldest).Error
		if err != nil || len(oldest) == 0 {
			return trimmed, wrap(err, "trim records")
		}
		last = oldest[0]
		for more > 0 {
			res := d.AcrossStores(ctx).Exec(fmt.Sprintf(
				"DELETE FROM records WHERE %[1]s IN (SELECT %[1]s FROM records WHERE store_hash = ? AND seen_run_id = ? LIMIT %[2]d)", row, min(trimRows, more)),
				StoreHash(ctx), last)
			if res.Error != nil {
				return trimmed, wrap(res.Error, "trim records")
			}
			trimmed, more = trimmed+res.RowsAffected, more-res.RowsAffected
			if res.RowsAffected == 0 {
				break
			}
		}
	}
	return trimmed, nil
}
