package jobs

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"gorm.io/gorm/clause"

	"sluice/jobs/queue"
	"sluice/tenants"
)

// scheduleHousekeeping inserts the housekeeping job of the current interval; processes agree on its
// id.
func (w *Workers) scheduleHousekeeping(ctx context.Context) {
	now := w.s.now()
	slot := now.Truncate(w.cfg.HousekeepEvery)
	row, err := newRow(fmt.Sprintf("housekeeping:%d", slot.Unix()), kindHousekeeping, queue.LaneBulk, now, struct{}{})
	if err == nil {
		row.StoreHash = SystemStore
		err = w.s.Submit(ctx, row)
	}
	if err != nil && ctx.Err() == nil {
		w.log.WarnContext(ctx, "housekeeping not scheduled", "error", err)
	}
}

// doHousekeeping deletes what nobody needs any more and schedules the checks of stores. No payload.
// What fails does not keep the rest from being done.
func (w *Workers) doHousekeeping(ctx context.Context, j *job) error {
	now := w.s.now()
	old := now.Add(-w.cfg.KeepFinished)
	var errs []error
	note := func(what string, n int64, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
		} else if n > 0 {
			j.log.InfoContext(ctx, "housekeeping", "deleted", what, "rows", n)
		}
	}
	snapshots, err := w.db.SweepSnapshots(ctx, old)
	note("snapshots", int64(snapshots), err)
	tokens, err := w.db.SweepUsedTokens(ctx, now)
	note("used tokens", tokens, err)
	jobs, err := w.sweepJobs(ctx, old)
	note("finished jobs", jobs, err)
	events, err := w.sweepEvents(ctx, old)
	note("webhook events", events, err)
	minutes, err := w.db.SweepQuotaMinutes(ctx, now.Add(-tenants.QuotaKept))
	note("quota minutes", minutes, err)
	signIns, err := w.db.SweepSignIns(ctx, now.Add(-tenants.SignInsKept))
	note("sign-ins", signIns, err)
	told, err := w.db.SweepAlerts(ctx, old)
	note("alerts", told, err)
	history, err := w.db.TrimHistory(ctx)
	note("history beyond the limits", history, err)
	note("stores", 0, w.purgeLeftStores(ctx, now))
	note("unanswered questions", 0, w.endUnanswered(ctx, now))
	for _, check := range storeChecks {
		note("checks of "+check.prefix, 0, w.scheduleChecks(ctx, now, check))
	}
	return errors.Join(errs...)
}

// sweepBatch bounds one DELETE, so that it holds no lock for long.
const sweepBatch = 1000

// sweepJobs deletes old finished rows with their history.
func (w *Workers) sweepJobs(ctx context.Context, old time.Time) (total int64, err error) {
	for ctx.Err() == nil {
		var ids []string
		err := w.db.AcrossStores(ctx).Model(&tenants.Job{}).Where("state <> ? AND updated_at < ?", tenants.JobPending, old).
			Limit(sweepBatch).Pluck("id", &ids).Error
		if err != nil || len(ids) == 0 {
			return total, err
		}
		err = w.db.Tx(ctx, func(tx *tenants.DB) error {
			if err := tx.AcrossStores(ctx).Where("job_id IN ?", ids).Delete(&tenants.JobAttempt{}).Error; err != nil {
				return err
			}
			return tx.AcrossStores(ctx).Where("id IN ?", ids).Delete(&tenants.Job{}).Error
		})
		if err != nil {
			return total, err
		}
		total += int64(len(ids))
	}
	return total, ctx.Err()
}

// sweepEvents deletes old webhooks. One that was never handled has lost its job as a dead letter.
func (w *Workers) sweepEvents(ctx context.Context, old time.Time) (int64, error) {
	res := w.db.AcrossStores(ctx).Where("received_at < ?", old).Delete(&tenants.WebhookEvent{})
	return res.RowsAffected, res.Error
}

// purgeLeftStores deletes the data of stores whose purge job was lost or dead.
func (w *Workers) purgeLeftStores(ctx context.Context, now time.Time) error {
	hashes, err := w.db.StoresToPurge(ctx, now)
	if err != nil {
		return err
	}
	for _, hash := range hashes {
		if err := w.s.PurgeStore(ctx, hash); err != nil {
			return err
		}
	}
	return nil
}

const day = 24 * time.Hour

// storeCheck is a look at something of each active store, once in so long.
type storeCheck struct {
	prefix string // of the job's id
	kind   string
	class  string
	every  time.Duration
	where  string // of the stores that it is for; "" for each
}

// storeChecks: BigCommerce puts a hook to sleep after 90 idle days and deactivates one whose
// destination was away for two. It has no webhooks for sites and scripts, which merchants change as
// they like; and a new release of Sluice may bring another script.
var storeChecks = []storeCheck{
	{"hooks", kindHooksRegister, queue.ClassHooks, day, ""},
	{"channels", kindStorefrontChannels, queue.ClassStorefront, day, ""},
	{"shared-address", kindSharedAddress, "", day, "hash IN (SELECT store_hash FROM identity_providers WHERE shared_until IS NOT NULL)"},
}

// scheduleChecks inserts each active store's next check. They are spread over the interval; the
// sweeper brings them into Redis when they are due.
func (w *Workers) scheduleChecks(ctx context.Context, now time.Time, check storeCheck) error {
	next := now.Truncate(check.every).Add(check.every)
	var hashes []string
	q := w.db.AcrossStores(ctx).Model(&tenants.Store{}).Where("state = ?", tenants.StoreActive)
	if check.where != "" {
		q = q.Where(check.where)
	}
	if err := q.Pluck("hash", &hashes).Error; err != nil {
		return err
	}
	rows := make([]*tenants.Job, 0, len(hashes))
	for _, hash := range hashes {
		row, err := newRow(fmt.Sprintf("%s:%s:%d", check.prefix, hash, next.Unix()), check.kind, queue.LaneBulk, next.Add(spread(hash, check.every)), struct{}{})
		if err != nil {
			return err
		}
		row.StoreHash, row.Class = hash, check.class
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil
	}
	return w.db.AcrossStores(ctx).Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(rows, 200).Error
}

// spread returns a duration below d that is always the same for a store.
func spread(hash string, d time.Duration) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte(hash))
	return time.Duration(h.Sum64() % uint64(d))
}
