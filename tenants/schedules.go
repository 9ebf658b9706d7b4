package tenants

import (
	"context"
	"time"
)

// Timetable names one of the two schedules that a flow has.
type Timetable string

// The schedules of a flow.
const (
	TimetableRuns    Timetable = "runs"    // of runs that trust what is remembered of the store
	TimetableCompare Timetable = "compare" // of runs that compare with the store
)

// Timetables are both.
var Timetables = []Timetable{TimetableRuns, TimetableCompare}

// Schedule is when a flow runs by itself.
type Schedule struct {
	Cron    string // of five fields (see jobs/schedule), "" for none
	Enabled bool
	Next    *time.Time // nil unless enabled; in the past while it waits for a process or for the store
	Last    *time.Time // when it was last due and dealt with, run or skipped
	Since   *time.Time // when it was switched on
}

// Timetable returns one of the flow's schedules.
func (f *Flow) Timetable(t Timetable) Schedule {
	if t == TimetableCompare {
		return Schedule{f.CompareSchedule, f.CompareEnabled, f.CompareNextAt, f.CompareLastAt, f.CompareSince}
	}
	return Schedule{f.Schedule, f.ScheduleEnabled, f.NextRunAt, f.LastScheduledAt, f.ScheduleSince}
}

// columns are where a flow keeps the schedule.
func (t Timetable) columns() (cron, enabled, next, last string) {
	if t == TimetableCompare {
		return "compare_schedule", "compare_enabled", "compare_next_at", "compare_last_at"
	}
	return "schedule", "schedule_enabled", "next_run_at", "last_scheduled_at"
}

// sinceColumn is where a flow keeps when the schedule was switched on.
func (t Timetable) sinceColumn() string {
	if t == TimetableCompare {
		return "compare_since"
	}
	return "schedule_since"
}

// SetSchedule sets when a flow runs by itself; next is nil unless enabled. It leaves Version alone.
// The caller has checked cron.
func (d *DB) SetSchedule(ctx context.Context, t Timetable, flowID, cron string, enabled bool, next *time.Time) error {
	if !enabled {
		next = nil
	}
	cronColumn, enabledColumn, nextColumn, _ := t.columns()
	var since *time.Time
	if enabled {
		now := d.now()
		since = &now
	}
	res := d.Scoped(ctx).Model(&Flow{}).Where("id = ?", flowID).
		Updates(map[string]any{cronColumn: cron, enabledColumn: enabled, nextColumn: utc(next), t.sinceColumn(): since})
	if res.Error == nil && res.RowsAffected == 0 {
		_, err := d.Flow(ctx, flowID)
		return err
	}
	if res.Error != nil {
		return wrap(res.Error, "set schedule")
	}
	return d.LookAgain(ctx, flowID)
}

// ClaimSchedule moves a flow's schedule from a time that has come to next, and reports whether it
// did: of any number of callers at the same time one. Belongs in the transaction that starts the
// run. It changes nothing of what a merchant edits, Version and UpdatedAt among it.
func (d *DB) ClaimSchedule(ctx context.Context, t Timetable, flowID string, now, next time.Time) (bool, error) {
	_, enabledColumn, nextColumn, lastColumn := t.columns()
	res := d.Scoped(ctx).Model(&Flow{}).
		Where("id = ? AND "+enabledColumn+" = ? AND "+nextColumn+" <= ?", flowID, true, now.UTC()).
		UpdateColumns(map[string]any{nextColumn: next.UTC(), lastColumn: now.UTC()})
	return res.RowsAffected > 0, wrap(res.Error, "claim schedule")
}

// DueFlow is a flow whose scheduled time has come.
type DueFlow struct {
	ID        string
	StoreHash string
	Next      time.Time
}

// DueFlows returns up to limit flows of active stores that are due, the longest due first, after
// the flow after (nil: from the start).
func (d *DB) DueFlows(ctx context.Context, t Timetable, now time.Time, after *DueFlow, limit int) ([]DueFlow, error) {
	_, enabledColumn, nextColumn, _ := t.columns()
	active := d.AcrossStores(ctx).Model(&Store{}).Select("hash").Where("state = ?", StoreActive)
	q := d.AcrossStores(ctx).Model(&Flow{}).Select("id, store_hash, "+nextColumn+" AS next").
		Where(nextColumn+" <= ? AND "+enabledColumn+" = ? AND off_at IS NULL AND store_hash IN (?)", now.UTC(), true, active)
	if after != nil {
		q = q.Where(nextColumn+" > ? OR ("+nextColumn+" = ? AND id > ?)", after.Next.UTC(), after.Next.UTC(), after.ID)
	}
	var due []DueFlow
	err := q.Order(nextColumn + ", id").Limit(limit).Find(&due).Error
	return due, wrap(err, "due flows")
}

// ScheduledFlows returns the flows of ctx's store that are on and of which a schedule is enabled.
func (d *DB) ScheduledFlows(ctx context.Context) ([]Flow, error) {
	var flows []Flow
	err := d.Scoped(ctx).Where("(schedule_enabled = ? OR compare_enabled = ?) AND off_at IS NULL", true, true).Order("id").Find(&flows).Error
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
