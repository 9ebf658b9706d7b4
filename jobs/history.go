package jobs

import (
	"context"
	"fmt"
	"time"

	"sluice/tenants"
)

// keptAttempts is how many failures of one job are kept: a job that dies and is retried again and
// again must not grow without end, and the newest ones tell why it fails.
const keptAttempts = 20

// noteFailure counts a failed attempt of a pending row of ctx's store and adds it to the job's
// history. A row that is not pending any more is left as it is.
func noteFailure(ctx context.Context, db *tenants.DB, id string, attempts int, now, runAt time.Time, lastError string) error {
	lastError = tenants.Clean(lastError, maxLastError)
	return db.Tx(ctx, func(tx *tenants.DB) error {
		res := tx.Scoped(ctx).Model(&tenants.Job{}).Where("id = ? AND state = ?", id, tenants.JobPending).
			Updates(map[string]any{"attempts": attempts, "run_at": runAt.UTC(), "last_error": lastError})
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		err := tx.Scoped(ctx).Create(&tenants.JobAttempt{
			ID: tenants.NewID(), JobID: id, Attempt: attempts, Error: lastError, FailedAt: now.UTC(),
		}).Error
		if err != nil {
			return fmt.Errorf("history of job %s: %w", id, err)
		}
		return forgetAttempts(ctx, tx, id)
	})
}

// forgetAttempts drops what is beyond keptAttempts of a job's history.
func forgetAttempts(ctx context.Context, tx *tenants.DB, id string) error {
	var old []string
	err := tx.Scoped(ctx).Model(&tenants.JobAttempt{}).Where("job_id = ?", id).Order("id DESC").
		Offset(keptAttempts).Limit(keptAttempts).Pluck("id", &old).Error
	if err == nil && len(old) > 0 {
		err = tx.Scoped(ctx).Where("id IN ?", old).Delete(&tenants.JobAttempt{}).Error
	}
	if err != nil {
		return fmt.Errorf("history of job %s: %w", id, err)
	}
	return nil
}
