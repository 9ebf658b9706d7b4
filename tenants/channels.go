package tenants

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm/clause"
)

// Channel statuses that matter here; BigCommerce has more.
const (
	ChannelArchived     = "archived"
	ChannelDeleted      = "deleted"
	ChannelTerminated   = "terminated"
	ChannelDisconnected = "disconnected"
)

// TypeStorefront is the Channel.Type of channels that have pages of their own.
const TypeStorefront = "storefront"

// PlatformStencil is the Channel.Platform of channels whose pages BigCommerce renders.
const PlatformStencil = "bigcommerce"

// DefaultChannel is the channel of the store's own storefront. Every store has it.
const DefaultChannel = 1

// Available reports whether the channel is in use, as BigCommerce's filter "available" has it.
func (c *Channel) Available() bool {
	switch c.Status {
	case ChannelArchived, ChannelDeleted, ChannelTerminated, ChannelDisconnected:
		return false
	}
	return true
}

// Headless reports whether the channel's pages are an application of the merchant's, such as
// Catalyst. It has addresses of its own for signing in and out, and no /customer/current.jwt. A
// channel whose platform is not known is BigCommerce's.
func (c *Channel) Headless() bool { return c.Platform != "" && c.Platform != PlatformStencil }

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
			rows[i].Name, rows[i].SiteURL = cleanName(rows[i].Name, 255), cleanName(rows[i].SiteURL, 255)
			rows[i].Type, rows[i].Platform = cleanName(rows[i].Type, 64), cleanName(rows[i].Platform, 64)
			rows[i].Status = cleanName(rows[i].Status, 32)
		}
		return tx.Scoped(ctx).Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "store_hash"}, {Name: "channel_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"name", "type", "platform", "status", "site_url", "updated_at"}),
		}).Create(&rows).Error
	})
}

// ReplaceStorefronts records all channels of ctx's store and their origins (as
// ReplaceChannelOrigins takes them, by channel). A channel that is not among them is deleted in
// BigCommerce: it keeps its row, with that status, and loses its address and origins.
func (d *DB) ReplaceStorefronts(ctx context.Context, channels []Channel, origins map[int64][]string) error {
	return wrap(d.Tx(ctx, func(tx *DB) error {
		known, err := tx.Channels(ctx)
		if err != nil {
			return err
		}
		listed := make(map[int64]bool, len(channels))
		for _, c := range channels {
			listed[c.ChannelID] = true
		}
		for _, c := range known {
			if !listed[c.ChannelID] {
				c.Status, c.SiteURL = ChannelDeleted, ""
				channels = append(channels, c)
			}
		}
		if err := tx.UpsertChannels(ctx, channels); err != nil {
			return err
		}
		for _, c := range channels {
			if err := tx.ReplaceChannelOrigins(ctx, c.ChannelID, origins[c.ChannelID]); err != nil {
				return err
			}
		}
		return nil
	}), "storefronts")
}

// ChannelOrigins returns the origins of every channel of ctx's store, by channel and origin.
func (d *DB) ChannelOrigins(ctx context.Context) ([]ChannelOrigin, error) {
	var origins []ChannelOrigin
	err := d.Scoped(ctx).Order("channel_id, origin").Find(&origins).Error
	return origins, wrap(err, "channel origins")
}

// ReplaceChannelOrigins makes origins, each as ChannelOrigin.Origin says, those of a channel of
// ctx's store and no others.
func (d *DB) ReplaceChannelOrigins(ctx context.Context, channelID int64, origins []string) error {
	origins = slices.Compact(slices.Sorted(slices.Values(origins)))
	rows := make([]ChannelOrigin, len(origins))
	for i, o := range origins {
		if len(o) > 255 {
			return fmt.Errorf("tenants: channel %d: origin of %d bytes", channelID, len(o))
		}
		rows[i] = ChannelOrigin{StoreHash: StoreHash(ctx), ChannelID: channelID, Origin: o}
	}
	return wrap(d.Tx(ctx, func(tx *DB) error {
		gone := tx.Scoped(ctx).Where("channel_id = ?", channelID)
		if len(origins) > 0 {
			gone = gone.Where("origin NOT IN ?", origins)
		}
		if err := gone.Delete(&ChannelOrigin{}).Error; err != nil || len(rows) == 0 {
			return err
		}
		return tx.Scoped(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error
	}), "channel origins")
}
