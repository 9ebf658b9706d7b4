package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sluice/internal/tracing"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// errStale says that a job's row is no longer pending: another worker finished it, or the run was
// cancelled, or the store left. Whatever the job did in the same transaction is undone.
var errStale = errors.New("jobs: the job's row is not pending any more")

// maxLastError is the size of tenants.Job.LastError.
const maxLastError = 1000

// newRow returns a pending job row; payload is made JSON.
func newRow(id, kind string, lane queue.Lane, runAt time.Time, payload any) (*tenants.Job, error) {
	b, err := json.Marshal(payload)
	if err != nil {
		return nil, fmt.Errorf("payload of job %s: %w", id, err)
	}
	return &tenants.Job{ID: id, Kind: kind, State: tenants.JobPending, Payload: string(b), Lane: string(lane), Cost: 1, RunAt: runAt.UTC()}, nil
}

// queueJob returns the queue's form of a row. The row's coalescing key is left out: rows are
// coalesced in SQL (insertCoalesced), and an entry that Redis merged away would leave its row
// behind.
func queueJob(r *tenants.Job) queue.Job {
	return queue.Job{ID: r.ID, Store: r.StoreHash, Kind: r.Kind, Payload: []byte(r.Payload), Lane: queue.Lane(r.Lane),
		Class: r.Class, Cost: r.Cost, RunAt: r.RunAt}
}

// insertRow inserts a row for ctx's store unless one of that id exists, and reports which.
func insertRow(ctx context.Context, db *tenants.DB, row *tenants.Job) (inserted bool, err error) {
	row.StoreHash = tenants.StoreHash(ctx)
	inTrace(ctx, row)
	res := db.Scoped(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(row)
	if res.Error != nil {
		return false, fmt.Errorf("insert job %s: %w", row.ID, res.Error)
	}
	return res.RowsAffected > 0, nil
}

// inTrace makes rows parts of ctx's trace, if there is one and they are of none yet.
func inTrace(ctx context.Context, rows ...*tenants.Job) {
	for _, row := range rows {
		if row.Trace == "" {
			row.Trace = tracing.Save(ctx)
		}
	}
}

// insertCoalesced inserts a row unless a pending one of the same coalescing key has yet to become
// due and so will see what the new one would see.
func insertCoalesced(ctx context.Context, db *tenants.DB, row *tenants.Job, now time.Time) (inserted bool, err error) {
	var n int64
	err = db.Scoped(ctx).Model(&tenants.Job{}).
		Where(map[string]any{"coalesce": row.Coalesce, "state": tenants.JobPending}).Where("run_at > ?", now).Count(&n).Error
	if err != nil || n > 0 {
		return false, err
	}
	return insertRow(ctx, db, row)
}

// finishRow moves a pending row of ctx's store to a final state. It returns errStale if the row is
// not pending.
func finishRow(ctx context.Context, db *tenants.DB, id string, state tenants.JobState, lastError string) error {
	set := map[string]any{"state": state}
	if lastError != "" {
		set["last_error"] = tenants.Clean(lastError, maxLastError)
	}
	res := db.Scoped(ctx).Model(&tenants.Job{}).Where("id = ? AND state = ?", id, tenants.JobPending).Updates(set)
	if res.Error != nil {
		return fmt.Errorf("finish job %s: %w", id, res.Error)
	}
	if res.RowsAffected == 0 {
		return errStale
	}
	return nil
}

// postpone moves a pending row's due time.
func postpone(ctx context.Context, db *tenants.DB, id string, runAt time.Time) error {
	return db.Scoped(ctx).Model(&tenants.Job{}).Where("id = ? AND state = ?", id, tenants.JobPending).
		Updates(map[string]any{"run_at": runAt.UTC()}).Error
}

// loadRow returns a job row of ctx's store, or nil if there is none.
func loadRow(ctx context.Context, db *tenants.DB, id string) (*tenants.Job, error) {
	var rows []tenants.Job
	if err := db.Scoped(ctx).Where("id = ?", id).Limit(1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load job %s: %w", id, err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

// pageSize is how many rows are read and enqueued at a time.
const pageSize = 500

// errNextStore, returned by an emit function, skips the rest of a store's rows.
var errNextStore = errors.New("jobs: enough of this store")

// eachUnfinished calls emit with the unfinished rows of every active store, oldest first and at
// most limit of one store. narrow restricts the rows further.
func eachUnfinished(ctx context.Context, db *tenants.DB, narrow func(*gorm.DB) *gorm.DB, limit int, emit func([]*tenants.Job) error) error {
	return eachStore(ctx, db, narrow, func(ctx context.Context) error {
		err := eachOfStore(ctx, db, narrow, limit, emit)
		if errors.Is(err, errNextStore) {
			return nil
		}
		return err
	})
}

// eachStore calls fn in the context of every active store that has an unfinished row which narrow
// leaves, and of the system. Stores are asked one by one for such a row: going through the rows for
// their stores would read all of one that has a million.
func eachStore(ctx context.Context, db *tenants.DB, narrow func(*gorm.DB) *gorm.DB, fn func(ctx context.Context) error) error {
	row := narrow(db.AcrossStores(ctx).Model(&tenants.Job{}).Select("1").Where("jobs.store_hash = stores.hash AND jobs.state = 'pending'"))
	var stores []string
	err := db.AcrossStores(ctx).Model(&tenants.Store{}).Where("stores.state = ? AND EXISTS (?)", tenants.StoreActive, row).
		Order("hash").Pluck("hash", &stores).Error
	if err != nil {
		return fmt.Errorf("stores with unfinished jobs: %w", err)
	}
	for _, store := range append(stores, SystemStore) {
		if err := fn(tenants.WithStore(ctx, store)); err != nil {
			return err
		}
	}
	return nil
}

// eachOfStore is eachUnfinished for ctx's store, whatever its state.
func eachOfStore(ctx context.Context, db *tenants.DB, narrow func(*gorm.DB) *gorm.DB, limit int, emit func([]*tenants.Job) error) error {
	var last *tenants.Job
	for limit > 0 {
		// The state is part of the text: that of a parameter would not prove to SQLite that the index
		// jobs_paging will do.
		q := narrow(db.Scoped(ctx).Where("state = 'pending'"))
		if last != nil {
			q = q.Where("created_at >= ? AND (created_at > ? OR id > ?)", last.CreatedAt, last.CreatedAt, last.ID)
		}
		var rows []*tenants.Job
		if err := q.Order("created_at, id").Limit(min(pageSize, limit)).Find(&rows).Error; err != nil {
			return fmt.Errorf("unfinished jobs of store %s: %w", tenants.StoreHash(ctx), err)
		}
		if len(rows) == 0 {
			return nil
		}
		if err := emit(rows); err != nil {
			return err
		}
		limit -= len(rows)
		last = rows[len(rows)-1]
	}
	return nil
}
