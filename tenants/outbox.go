package tenants

import (
	"context"
	"time"

	"sluice/internal/problem"
)

// Bounds of the outbox.
const (
	// AlertsKept is how many messages to one channel may wait. The oldest go.
	AlertsKept = 500
	// alertsAtOnce is how many messages leave together.
	alertsAtOnce = 100
	// alertHold is how long one attempt may take. Then another process may make the next.
	alertHold = 3 * time.Minute
	// AlertGroup is how long news waits for more, and what leaves with news whose time has come.
	AlertGroup = time.Minute
	// AlertSpacing lies between two batches to one channel.
	AlertSpacing = 5 * time.Minute
)

// News is what a store's channels are to be told.
type News struct {
	AttentionID string // "" of a digest
	Event       AlertEvent
	Body        string
	NotBefore   time.Time
}

// PutNews leaves news for every channel of ctx's store that is on and that reach says can be
// reached. That a problem has healed whose opening nobody was told of yet is no news: the opening is
// taken back, on those channels where it waits. It belongs in the transaction of what is told.
func (d *DB) PutNews(ctx context.Context, news News, reach func(AlertChannelKind) bool) error {
	channels, err := d.AlertChannels(ctx)
	if err != nil {
		return err
	}
	untold := map[string]bool{}
	if news.Event == AlertHealed {
		if untold, err = d.takeBack(ctx, news.AttentionID, AlertOpened); err != nil {
			return err
		}
	}
	for _, c := range channels {
		if !c.Enabled || !reach(c.Kind) || untold[c.ID] {
			continue
		}
		row := AlertMessage{ID: NewID(), ChannelID: c.ID, AttentionID: news.AttentionID, Event: news.Event, Body: news.Body,
			State: AlertPending, NotBefore: news.NotBefore.UTC()}
		if err := d.Scoped(ctx).Create(&row).Error; err != nil {
			return wrap(err, "put news")
		}
		if err := d.trimOutbox(ctx, c.ID); err != nil {
			return err
		}
	}
	return nil
}

// takeBack deletes news of a problem that nobody has begun to tell, and returns the channels that
// it was for.
func (d *DB) takeBack(ctx context.Context, attentionID string, events ...AlertEvent) (map[string]bool, error) {
	var rows []AlertMessage
	q := d.Scoped(ctx).Where("attention_id = ? AND event IN ? AND state = ? AND batch = ''", attentionID, events, AlertPending)
	if err := q.Select("id", "channel_id").Find(&rows).Error; err != nil {
		return nil, wrap(err, "take news back")
	}
	back := map[string]bool{}
	for _, r := range rows {
		res := d.Scoped(ctx).Where("id = ? AND batch = ''", r.ID).Delete(&AlertMessage{})
		if res.Error != nil {
			return nil, wrap(res.Error, "take news back")
		}
		back[r.ChannelID] = res.RowsAffected > 0
	}
	return back, nil
}

// trimOutbox deletes the oldest of what waits for a channel beyond AlertsKept.
func (d *DB) trimOutbox(ctx context.Context, channelID string) error {
	var last []string
	q := d.Scoped(ctx).Model(&AlertMessage{}).Where("channel_id = ? AND state = ?", channelID, AlertPending)
	if err := q.Order("id DESC").Offset(AlertsKept).Limit(1).Pluck("id", &last).Error; err != nil || len(last) == 0 {
		return wrap(err, "trim outbox")
	}
	return wrap(d.Scoped(ctx).Where("channel_id = ? AND state = ? AND id <= ?", channelID, AlertPending, last[0]).
		Delete(&AlertMessage{}).Error, "trim outbox")
}

// DueChannel is a channel that has something to tell.
type DueChannel struct {
	StoreHash string
	ChannelID string
}

// DueChannels returns up to limit channels of all stores with news whose time has come.
func (d *DB) DueChannels(ctx context.Context, now time.Time, limit int) ([]DueChannel, error) {
	var due []DueChannel
	err := d.AcrossStores(ctx).Model(&AlertMessage{}).Select("store_hash, channel_id").
		Where("state = 'pending' AND not_before <= ?", now.UTC()).Group("store_hash, channel_id").Order("MIN(not_before)").
		Limit(limit).Find(&due).Error
	return due, wrap(err, "due channels")
}

// AlertBatch is what one process is to send by one channel now.
type AlertBatch struct {
	ID       string // the same for every attempt
	Channel  AlertChannel
	Messages []AlertMessage // the oldest first
	Attempts int            // that failed
}

// ClaimNews takes what a channel of ctx's store is to tell now; nil for nothing, or while another
// process is at it. What was tried before is tried again as it was, alone. The batch must be
// settled; if it is not, somebody else claims it later.
func (d *DB) ClaimNews(ctx context.Context, channelID string, now time.Time) (batch *AlertBatch, err error) {
	err = d.Tx(ctx, func(tx *DB) error {
		batch = nil
		c, err := maybe[AlertChannel](forUpdate(tx.Scoped(ctx)).Where("id = ?", channelID), "channel")
		if err != nil || c != nil && c.HeldUntil != nil && c.HeldUntil.After(now) {
			return err
		}
		store, err := tx.Store(ctx, StoreHash(ctx))
		if err != nil && problem.CodeOf(err) != problem.NotFound {
			return err
		}
		pending := tx.Scoped(ctx).Where("channel_id = ? AND state = ?", channelID, AlertPending)
		if c == nil || !c.Enabled || store == nil || store.State == StoreUninstalled {
			return pending.Delete(&AlertMessage{}).Error
		}
		rows, err := tx.newsFor(ctx, c, now)
		if err != nil || len(rows) == 0 {
			return err
		}
		batch = &AlertBatch{ID: rows[0].Batch, Channel: *c, Messages: rows, Attempts: rows[0].Attempts}
		if batch.ID == "" {
			batch.ID = NewID()
			ids := make([]string, len(rows))
			for i, r := range rows {
				ids[i] = r.ID
			}
			if err := tx.Scoped(ctx).Model(&AlertMessage{}).Where("id IN ?", ids).UpdateColumn("batch", batch.ID).Error; err != nil {
				return err
			}
		}
		return tx.Scoped(ctx).Model(&AlertChannel{}).Where("id = ?", channelID).UpdateColumn("held_until", now.Add(alertHold).UTC()).Error
	})
	return batch, wrap(err, "claim news")
}

// newsFor chooses what leaves next.
func (d *DB) newsFor(ctx context.Context, c *AlertChannel, now time.Time) (rows []AlertMessage, err error) {
	pending := func() *AlertMessage { return &AlertMessage{ChannelID: c.ID, State: AlertPending} }
	if err := d.Scoped(ctx).Where(pending()).Where("batch <> ''").Order("batch, id").Find(&rows).Error; err != nil {
		return nil, err
	}
	if len(rows) > 0 {
		n := 0
		for n < len(rows) && rows[n].Batch == rows[0].Batch {
			n++
		}
		if rows[0].NotBefore.After(now) {
			return nil, nil
		}
		return rows[:n], nil
	}
	if c.SentAt != nil && c.SentAt.Add(AlertSpacing).After(now) {
		return nil, d.Scoped(ctx).Model(&AlertMessage{}).Where("channel_id = ? AND state = ? AND not_before <= ?", c.ID, AlertPending, now.UTC()).
			UpdateColumn("not_before", c.SentAt.Add(AlertSpacing).UTC()).Error
	}
	err = d.Scoped(ctx).Where(pending()).Where("not_before <= ?", now.Add(AlertGroup).UTC()).Order("id").Limit(alertsAtOnce).Find(&rows).Error
	due := false
	for _, r := range rows {
		due = due || !r.NotBefore.After(now)
	}
	if !due {
		return nil, err
	}
	return rows, err
}

// NewsSent notes that a batch has left.
func (d *DB) NewsSent(ctx context.Context, b *AlertBatch, now time.Time) error {
	return d.settleNews(ctx, b, map[string]any{"state": AlertSent}, map[string]any{"failure": "", "sent_at": now.UTC()})
}

// NewsFailed notes that an attempt failed, and why; again nil gives the batch up.
func (d *DB) NewsFailed(ctx context.Context, b *AlertBatch, why string, now time.Time, again *time.Time) error {
	rows := map[string]any{"attempts": b.Attempts + 1, "state": AlertFailed}
	channel := map[string]any{"failure": Clean(why, 500)}
	if again != nil {
		rows["state"], rows["not_before"] = AlertPending, again.UTC()
	} else {
		channel["sent_at"] = now.UTC() // the next waits its time all the same
	}
	return d.settleNews(ctx, b, rows, channel)
}

func (d *DB) settleNews(ctx context.Context, b *AlertBatch, rows, channel map[string]any) error {
	channel["held_until"] = nil
	return wrap(d.Tx(ctx, func(tx *DB) error {
		if err := tx.Scoped(ctx).Model(&AlertChannel{}).Where("id = ?", b.Channel.ID).UpdateColumns(channel).Error; err != nil {
			return err
		}
		return tx.Scoped(ctx).Model(&AlertMessage{}).Where("batch = ? AND state = ?", b.ID, AlertPending).UpdateColumns(rows).Error
	}), "settle news")
}

// SweepAlerts deletes, in all stores, messages from before old that wait for nothing.
func (d *DB) SweepAlerts(ctx context.Context, old time.Time) (int64, error) {
	res := d.AcrossStores(ctx).Where("created_at < ? AND state <> ?", old.UTC(), AlertPending).Delete(&AlertMessage{})
	return res.RowsAffected, wrap(res.Error, "sweep alerts")
}
