package tenants

import (
	"context"
	"time"
)

// SetSchedule sets when a flow runs by itself; next is nil unless enabled. It leaves Version alone.
// The caller has checked cron.
func (d *DB) SetSchedule(ctx context.Context, flowID, cron string, enabled bool, next *time.Time) error {
	if !enabled {
		next = nil
	}
	res := d.Scoped(ctx).Model(&Flow{}).Where("id = ?", flowID).
		Updates(map[string]any{"schedule": cron, "schedule_enabled": enabled, "next_run_at": utc(next)})
	if res.Error == nil && res.RowsAffected == 0 {
		_, err := d.Flow(ctx, flowID)
		return err
	}
	return wrap(res.Error, "set schedule")
}

// ClaimSchedule moves a flow's schedule from a time that has come to next, and reports whether it did:
// of any number of callers at the same time one. Belongs in the transaction that starts the run. It
// changes nothing of what a merchant edits, Version and UpdatedAt among it.
func (d *DB) ClaimSchedule(ctx context.Context, flowID string, now, next time.Time) (bool, error) {
	res := d.Scoped(ctx).Model(&Flow{}).
		Where("id = ? AND schedule_enabled = ? AND next_run_at <= ?", flowID, true, now.UTC()).
		UpdateColumns(map[string]any{"next_run_at": next.UTC(), "last_scheduled_at": now.UTC()})
	return res.RowsAffected > 0, wrap(res.Error, "claim schedule")
}

// DueFlow is a flow whose scheduled time has come.
type DueFlow struct {
	ID        string
	StoreHash string
	NextRunAt time.Time
}

// DueFlows returns up to limit flows of active stores that are due, the longest due first, after the
// flow after (nil: from the start).
func (d *DB) DueFlows(ctx context.Context, now time.Time, after *DueFlow, limit int) ([]DueFlow, error) {
	active := d.AcrossStores(ctx).Model(&Store{}).Select("hash").Where("state = ?", StoreActive)
	q := d.AcrossStores(ctx).Model(&Flow{}).
		Where("next_run_at <= ? AND schedule_enabled = ? AND store_hash IN (?)", now.UTC(), true, active)
	if after != nil {
		q = q.Where("next_run_at > ? OR (next_run_at = ? AND id > ?)", after.NextRunAt.UTC(), after.NextRunAt.UTC(), after.ID)
	}
	var due []DueFlow
	err := q.Order("next_run_at, id").Limit(limit).Find(&due).Error
	return due, wrap(err, "due flows")
}

// ScheduledFlows returns the flows of ctx's store with an enabled schedule.
func (d *DB) ScheduledFlows(ctx context.Context) ([]Flow, error) {
	var flows []Flow
	err := d.Scoped(ctx).Where("schedule_enabled = ?", true).Order("id").Find(&flows).Error
	return flows, wrap(err, "scheduled flows")
}

// LockFlow returns a flow and holds it until the end of the transaction.
func (d *DB) LockFlow(ctx context.Context, id string) (*Flow, error) {
	return one[Flow](forUpdate(d.Scoped(ctx)).Where("id = ?", id), "flow")
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
