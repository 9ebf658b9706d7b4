package tenants

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm/clause"
)

// Webhooks of all stores, one statement for many, as in jobs.go.

// InsertWebhooks adds deliveries with the stores that they name, and returns how many: those that
// were taken before are left as they are.
func (d *DB) InsertWebhooks(ctx context.Context, rows []*WebhookEvent) (inserted int64, err error) {
	if slices.ContainsFunc(rows, func(r *WebhookEvent) bool { return r.StoreHash == "" }) {
		return 0, ErrNoScope
	}
	for piece := range chunks(rows, bulkRows) {
		res := d.AcrossStores(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(piece)
		if res.Error != nil {
			return inserted, wrap(res.Error, "insert webhooks")
		}
		inserted += res.RowsAffected
	}
	return inserted, nil
}

// Delivery names a webhook.
type Delivery struct{ StoreHash, DeliveryID string }

// HandledWebhooks marks webhooks as worked off.
func (d *DB) HandledWebhooks(ctx context.Context, deliveries []Delivery, at time.Time) error {
	pairs := make([][2]any, len(deliveries))
	for i, v := range deliveries {
		pairs[i] = [2]any{v.StoreHash, v.DeliveryID}
	}
	return wrap(d.AcrossStores(ctx).Model(&WebhookEvent{}).Where("(store_hash, delivery_id) IN ("+d.tuples("text", "text")+")", jsonOf(pairs)).
		Updates(map[string]any{"handled_at": at}).Error, "handled webhooks")
}

// DeletedRecord is a record that a store has no more.
type DeletedRecord struct {
	StoreHash, Kind string
	TargetID        int64
}

// ForgetDeleted has the flows' records that were these be none, so that their keys are looked up
// again and created if they are gone.
func (d *DB) ForgetDeleted(ctx context.Context, deleted []DeletedRecord) error {
	rows := make([][3]any, len(deleted))
	for i, r := range deleted {
		rows[i] = [3]any{r.StoreHash, r.Kind, r.TargetID}
	}
	which := "(store_hash, kind, target_id) IN (" + d.tuples("text", "text", "bigint") + ")"
	if d.postgres() { // putRecords takes rows in this order, an UPDATE as it finds them
		which = `(flow_id, key) IN (SELECT flow_id, key FROM records WHERE ` + which + ` ORDER BY flow_id COLLATE "C", key COLLATE "C" FOR UPDATE)`
	}
	return wrap(d.AcrossStores(ctx).Model(&Record{}).Where(which, jsonOf(rows)).
		Updates(map[string]any{"target_id": 0, "source_hash": "", "refused_hash": ""}).Error, "forget deleted records")
}
