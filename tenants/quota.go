package tenants

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm/clause"
)

// QuotaKept is how long the minutes of a store's quota are kept.
const QuotaKept = 30 * 24 * time.Hour

// minuteOf is the QuotaMinute.Minute that at lies in.
func minuteOf(at time.Time) int64 { return at.Unix() / 60 }

// NewQuotaMinute returns the empty minute of a store that began at at.
func NewQuotaMinute(storeHash string, at time.Time) QuotaMinute {
	return QuotaMinute{StoreHash: storeHash, Minute: minuteOf(at)}
}

// SaveQuotaMinutes writes minutes of any stores, all or none; one that is there is overwritten.
// Those of stores that are unknown or uninstalled are left out: nothing may be written behind a
// purge.
func (d *DB) SaveQuotaMinutes(ctx context.Context, minutes []QuotaMinute) error {
	type id struct {
		store  string
		minute int64
	}
	minutes = lastOf(minutes, func(m QuotaMinute) id { return id{m.StoreHash, m.Minute} })
	// One order for everyone, so that two writers cannot wait for each other's rows.
	slices.SortFunc(minutes, func(a, b QuotaMinute) int {
		return cmp.Or(cmp.Compare(a.StoreHash, b.StoreHash), cmp.Compare(a.Minute, b.Minute))
	})
	return wrap(d.Tx(ctx, func(tx *DB) error {
		for piece := range chunks(minutes, bulkRows) {
			if err := tx.saveQuotaMinutes(ctx, piece); err != nil {
				return err
			}
		}
		return nil
	}), "quota minutes")
}

// saveQuotaMinutes writes one statement's worth of sorted minutes. The stores' rows are held
// meanwhile, so that none is uninstalled, and so none purged, before these rows are there to be
// purged.
func (d *DB) saveQuotaMinutes(ctx context.Context, minutes []QuotaMinute) error {
	hashes := make([]string, len(minutes))
	for i, m := range minutes {
		hashes[i] = m.StoreHash
	}
	var known []string
	err := d.AcrossStores(ctx).Model(&Store{}).Clauses(clause.Locking{Strength: clause.LockingStrengthShare}).
		Where("hash IN ? AND state <> ?", slices.Compact(hashes), StoreUninstalled).Order("hash").Pluck("hash", &known).Error
	if err != nil {
		return err
	}
	slices.Sort(known) // a database may sort in its own way
	rows := slices.DeleteFunc(slices.Clone(minutes), func(m QuotaMinute) bool {
		_, found := slices.BinarySearch(known, m.StoreHash)
		return !found
	})
	if len(rows) == 0 {
		return nil
	}
	return d.AcrossStores(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "store_hash"}, {Name: "minute"}},
		DoUpdates: clause.AssignmentColumns([]string{
			"used", "others", "left_min", "quota", "window_ms", "throttled_quota", "throttled_concurrency", "throttled_load",
		}),
	}).Create(&rows).Error
}

// QuotaPoint is what a store's quota did in some minutes.
type QuotaPoint struct {
	At           time.Time // when they began
	Used, Others int64
	LeftMin      *int64 // the fewest left; nil when no answer told
	Quota        int64  // requests a window, the most of these minutes; 0 when no answer told
	WindowMS     int64

	ThrottledQuota, ThrottledConcurrency, ThrottledLoad int64
}

// QuotaHistory returns what the quota of ctx's store did from from (inclusive) to to (exclusive),
// added up over steps of so many minutes counted from 1970-01-01 UTC, oldest first. Steps without a
// request are left out.
func (d *DB) QuotaHistory(ctx context.Context, from, to time.Time, step int) ([]QuotaPoint, error) {
	if step < 1 {
		return nil, fmt.Errorf("tenants: quota history: step of %d minutes", step)
	}
	group := fmt.Sprintf("minute / %d", step)
	var rows []struct {
		Bucket int64
		QuotaPoint
	}
	err := d.Scoped(ctx).Model(&QuotaMinute{}).
		Select(group+" AS bucket, SUM(used) AS used, SUM(others) AS others, MIN(left_min) AS left_min, MAX(quota) AS quota, "+
			"MAX(window_ms) AS window_ms, SUM(throttled_quota) AS throttled_quota, "+
			"SUM(throttled_concurrency) AS throttled_concurrency, SUM(throttled_load) AS throttled_load").
		Where("minute >= ? AND minute < ?", minuteOf(from), minuteOf(to)).Group(group).Order("bucket").Scan(&rows).Error
	if err != nil {
		return nil, wrap(err, "quota history")
	}
	points := make([]QuotaPoint, len(rows))
	for i, r := range rows {
		points[i] = r.QuotaPoint
		points[i].At = time.Unix(r.Bucket*int64(step)*60, 0).UTC()
	}
	return points, nil
}

// sweepMinutes is how many rows one DELETE of SweepQuotaMinutes takes, so that it holds no lock for
// long.
const sweepMinutes = 5000

// SweepQuotaMinutes deletes the minutes of all stores before before.
func (d *DB) SweepQuotaMinutes(ctx context.Context, before time.Time) (total int64, err error) {
	row := "rowid"
	if d.postgres() {
		row = "ctid"
	}
	for {
		res := d.AcrossStores(ctx).Exec(fmt.Sprintf("DELETE FROM quota_minutes WHERE %[1]s IN (SELECT %[1]s FROM quota_minutes WHERE minute < ? LIMIT %[2]d)",
			row, sweepMinutes), minuteOf(before))
		total += res.RowsAffected
		if res.Error != nil || res.RowsAffected < sweepMinutes {
			return total, wrap(res.Error, "sweep quota minutes")
		}
	}
}
