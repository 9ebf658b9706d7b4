package tenants

import (
	"cmp"
	"context"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// What follows is for workers, which carry out the jobs of all stores: one statement does for many
// jobs, of whatever stores, what would otherwise be a statement and a commit for each. Each row
// names its store, so that none meets another's.

// JobsByID returns those of the jobs that exist, by id.
func (d *DB) JobsByID(ctx context.Context, ids []string) (map[string]*Job, error) {
	var rows []*Job
	if err := d.AcrossStores(ctx).Where(d.among("id"), d.list(ids)).Find(&rows).Error; err != nil {
		return nil, wrap(err, "jobs")
	}
	found := make(map[string]*Job, len(rows))
	for _, r := range rows {
		found[r.ID] = r
	}
	return found, nil
}

// StoresByHash returns those of the stores that exist, by hash.
func (d *DB) StoresByHash(ctx context.Context, hashes []string) (map[string]*Store, error) {
	var rows []*Store
	if err := d.AcrossStores(ctx).Where(d.among("hash"), d.list(hashes)).Find(&rows).Error; err != nil {
		return nil, wrap(err, "stores")
	}
	found := make(map[string]*Store, len(rows))
	for _, r := range rows {
		found[r.Hash] = r
	}
	return found, nil
}

// InsertJobs adds pending jobs with the stores that they name, and returns how many: those whose
// ids exist are left as they are.
func (d *DB) InsertJobs(ctx context.Context, rows []*Job) (inserted int64, err error) {
	if slices.ContainsFunc(rows, func(r *Job) bool { return r.StoreHash == "" }) {
		return 0, ErrNoScope
	}
	for piece := range chunks(rows, bulkRows) {
		var res *gorm.DB
		if d.postgres() {
			// One text for any number of rows: it is prepared once a connection, and needs no placeholder
			// for each value.
			now := d.now()
			for _, r := range piece { // what Create sets
				r.CreatedAt, r.UpdatedAt = cmp.Or(r.CreatedAt, now), cmp.Or(r.UpdatedAt, now)
			}
			res = d.AcrossStores(ctx).Exec("INSERT INTO jobs SELECT * FROM json_populate_recordset(NULL::jobs, CAST(? AS json)) ON CONFLICT DO NOTHING", jsonOf(piece))
		} else {
			res = d.AcrossStores(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(piece)
		}
		if res.Error != nil {
			return inserted, wrap(res.Error, "insert jobs")
		}
		inserted += res.RowsAffected
	}
	return inserted, nil
}

// FinishJobs moves those of the jobs that are pending to JobDone, and says which these were.
func (d *DB) FinishJobs(ctx context.Context, ids []string) (done map[string]bool, err error) {
	var finished []string
	// Not "state = pending": that would make the small index of pending jobs look good, which is full
	// of those that were finished since the last VACUUM.
	err = d.AcrossStores(ctx).Raw("UPDATE jobs SET state = ?, updated_at = ? WHERE "+d.among("id")+" AND state NOT IN ? RETURNING id",
		JobDone, d.now(), d.list(ids), []JobState{JobDone, JobDead, JobDropped}).Scan(&finished).Error
	if err != nil {
		return nil, wrap(err, "finish jobs")
	}
	done = make(map[string]bool, len(finished))
	for _, id := range finished {
		done[id] = true
	}
	return done, nil
}
