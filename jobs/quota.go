package jobs

import (
	"context"

	"sluice/jobs/queue"
	"sluice/tenants"
)

// flushQuota moves the finished minutes of every store's quota from Redis to the database. The
// queue sees to it that one process does so at a time; a minute that comes twice overwrites itself.
func (w *Workers) flushQuota(ctx context.Context) {
	n, err := w.queue.FlushMinutes(ctx, w.saveQuota)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		w.log.WarnContext(ctx, "quota history not saved; it waits in Redis for a day", "error", err)
	case n > 0:
		w.log.DebugContext(ctx, "quota history saved", "minutes", n)
	}
}

func (w *Workers) saveQuota(ctx context.Context, minutes []queue.Minute) error {
	rows := make([]tenants.QuotaMinute, len(minutes))
	for i, m := range minutes {
		row := tenants.NewQuotaMinute(m.Store, m.At)
		row.Used, row.Others, row.Quota, row.WindowMS = m.Used, m.Others, m.Quota, m.Window.Milliseconds()
		row.ThrottledQuota, row.ThrottledConcurrency, row.ThrottledLoad = m.ByQuota, m.ByConcurrency, m.ByLoad
		if m.LeftMin >= 0 {
			row.LeftMin = &m.LeftMin
		}
		rows[i] = row
	}
	return w.db.SaveQuotaMinutes(ctx, rows)
}
