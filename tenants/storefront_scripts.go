package tenants

import (
	"context"

	"gorm.io/gorm/clause"
)

// maxScriptError is the size of StorefrontScript.Error.
const maxScriptError = 500

// StorefrontScripts returns the scripts of ctx's store by channel, also those that are no longer
// wanted.
func (d *DB) StorefrontScripts(ctx context.Context) ([]StorefrontScript, error) {
	var scripts []StorefrontScript
	err := d.Scoped(ctx).Order("channel_id").Find(&scripts).Error
	return scripts, wrap(err, "storefront scripts")
}

// WantStorefrontScript notes that the merchant wants a channel's script, or no longer does. It is
// pending from then on; what is known of BigCommerce's script stays.
func (d *DB) WantStorefrontScript(ctx context.Context, channelID int64, wanted bool) error {
	row := StorefrontScript{StoreHash: StoreHash(ctx), ChannelID: channelID, Wanted: wanted, State: ScriptPending}
	return wrap(d.Scoped(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "store_hash"}, {Name: "channel_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"wanted", "state", "error"}),
	}).Create(&row).Error, "storefront script")
}

// PendStorefrontScripts makes every wanted script of ctx's store pending: what it should be has
// changed. It returns how many there are.
func (d *DB) PendStorefrontScripts(ctx context.Context) (int64, error) {
	res := d.Scoped(ctx).Model(&StorefrontScript{}).Where("wanted = ?", true).
		Updates(map[string]any{"state": ScriptPending, "error": ""})
	return res.RowsAffected, wrap(res.Error, "storefront scripts")
}

// PutStorefrontScript records what BigCommerce has for a channel whose script the merchant wants,
// or not, as s.Wanted says. If they changed their mind meanwhile only the uuid and the version are
// recorded, and the script stays pending.
func (d *DB) PutStorefrontScript(ctx context.Context, s StorefrontScript) error {
	s.StoreHash, s.Error, s.CheckedAt = StoreHash(ctx), Clean(s.Error, maxScriptError), utc(s.CheckedAt)
	return wrap(d.Tx(ctx, func(tx *DB) error {
		err := tx.Scoped(ctx).Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "store_hash"}, {Name: "channel_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"script_uuid", "version"}),
		}).Create(&s).Error
		if err != nil {
			return err
		}
		return tx.Scoped(ctx).Model(&StorefrontScript{}).Where("channel_id = ? AND wanted = ?", s.ChannelID, s.Wanted).
			Updates(map[string]any{"state": s.State, "error": s.Error, "checked_at": s.CheckedAt}).Error
	}), "storefront script")
}
