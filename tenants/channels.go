package tenants

import (
	"context"

	"gorm.io/gorm/clause"
)

// Channels returns the store's sales channels by BigCommerce's id.
func (d *DB) Channels(ctx context.Context) ([]Channel, error) {
	var channels []Channel
	err := d.Scoped(ctx).Order("channel_id").Find(&channels).Error
	return channels, wrap(err, "channels")
}

// UpsertChannels records channels as BigCommerce listed them. Others are kept.
func (d *DB) UpsertChannels(ctx context.Context, channels []Channel) error {
	return bulk(ctx, d, lastOf(channels, func(c Channel) int64 { return c.ChannelID }), "channels", func(tx *DB, rows []Channel) error {
		for i := range rows {
			rows[i].ID = NewID()
			rows[i].Name, rows[i].SiteURL = Clean(rows[i].Name, 255), Clean(rows[i].SiteURL, 255)
			rows[i].Type, rows[i].Platform = Clean(rows[i].Type, 64), Clean(rows[i].Platform, 64)
			rows[i].Status = Clean(rows[i].Status, 32)
		}
		return tx.Scoped(ctx).Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "store_hash"}, {Name: "channel_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"name", "type", "platform", "status", "site_url", "updated_at"}),
		}).Create(&rows).Error
	})
}
