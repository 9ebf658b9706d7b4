package tenants

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"sluice/internal/limits"
	"sluice/internal/problem"
)

// Columns as the vault knows them. Never rename them.
const (
	columnAlertAddress = "alert_channels.address"
	columnAlertSecret  = "alert_channels.secret"
)

// defaultAlerts are the settings of a store that has chosen none.
func defaultAlerts() AlertSettings {
	return AlertSettings{Rules: map[string]AlertRule{}, QuietFrom: "22:00", QuietTo: "07:00", DigestAt: "08:00", Version: 1}
}

// AlertSettings returns the choices of ctx's store.
func (d *DB) AlertSettings(ctx context.Context) (AlertSettings, error) {
	row, err := maybe[AlertSettings](d.Scoped(ctx), "alert settings")
	if err != nil {
		return AlertSettings{}, err
	}
	if row == nil {
		return defaultAlerts(), nil
	}
	if row.Rules == nil {
		row.Rules = map[string]AlertRule{}
	}
	return *row, nil
}

// EnsureAlerts gives ctx's store its settings if it has none, with a channel to the mail address of
// whoever installed; "" is the owner's. A store that has settings keeps them, however few.
func (d *DB) EnsureAlerts(ctx context.Context, mail string) error {
	return wrap(d.Tx(ctx, func(tx *DB) error {
		row := defaultAlerts()
		row.UpdatedAt = tx.now()
		res := tx.Scoped(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		if mail == "" {
			owner, err := maybe[User](tx.Scoped(ctx).Where("role = ? AND removed_at IS NULL", RoleOwner).Order("id"), "owner")
			if err != nil || owner == nil {
				return err
			}
			mail = owner.Email
		}
		if mail = cleanName(mail, 255); mail == "" {
			return nil
		}
		return tx.Scoped(ctx).Create(&AlertChannel{ID: NewID(), Kind: ChannelMail, Recipient: mail, Enabled: true}).Error
	}), "default alerts")
}

// AlertChannels returns the channels of ctx's store, the oldest first. Their secrets are sealed:
// see OpenChannel.
func (d *DB) AlertChannels(ctx context.Context) ([]AlertChannel, error) {
	var channels []AlertChannel
	err := d.Scoped(ctx).Order("id").Find(&channels).Error
	return channels, wrap(err, "alert channels")
}

// AlertChannel returns one channel of ctx's store.
func (d *DB) AlertChannel(ctx context.Context, id string) (*AlertChannel, error) {
	return one[AlertChannel](d.Scoped(ctx).Where("id = ?", id), "channel")
}

// OpenChannel returns where a channel's messages are posted, and what signs them, in plain text.
func (d *DB) OpenChannel(ctx context.Context, c *AlertChannel) (address, secret string, err error) {
	for _, s := range []struct {
		column string
		sealed []byte
		plain  *string
	}{{columnAlertAddress, c.Address, &address}, {columnAlertSecret, c.Secret, &secret}} {
		if len(s.sealed) == 0 {
			continue
		}
		plain, err := d.vault.Open(StoreHash(ctx), s.column, s.sealed)
		if err != nil {
			return "", "", sealed(err, "address of the alert channel")
		}
		*s.plain = string(plain)
	}
	return address, secret, nil
}

// AlertChannelChange is a channel as it is to be.
type AlertChannelChange struct {
	ID        string // "" for a new one
	Kind      AlertChannelKind
	Recipient string // what is shown: of mail the addresses, else the masked address
	Address   string // plain; "" keeps it
	Secret    string // plain; "" keeps it
	Enabled   bool
}

// SaveAlerts replaces the settings of ctx's store, if s.Version is still the stored one, and its
// channels: those that are not among channels are deleted. Everything is looked at again.
func (d *DB) SaveAlerts(ctx context.Context, s AlertSettings, channels []AlertChannelChange) error {
	return wrap(d.Tx(ctx, func(tx *DB) error {
		if err := tx.EnsureAlerts(ctx, ""); err != nil {
			return err
		}
		have, err := one[AlertSettings](forUpdate(tx.Scoped(ctx)), "alert settings")
		if err != nil {
			return err
		}
		if have.Version != s.Version {
			return problem.New(problem.Conflict, "Somebody else changed the alerts meanwhile. Reload the page and make your change again.")
		}
		s.StoreHash, s.Version, s.UpdatedAt = StoreHash(ctx), s.Version+1, tx.now()
		if err := tx.Scoped(ctx).Select("*").Where("version = ?", have.Version).Updates(&s).Error; err != nil {
			return err
		}
		if err := tx.saveChannels(ctx, channels); err != nil {
			return err
		}
		return tx.LookAgainAtAll(ctx)
	}), "save alerts")
}

func (d *DB) saveChannels(ctx context.Context, changes []AlertChannelChange) error {
	if most := d.limits.Of(limits.AlertChannels); int64(len(changes)) > most {
		return d.limits.Refuse(limits.AlertChannels)
	}
	old, err := d.AlertChannels(ctx)
	if err != nil {
		return err
	}
	known := map[string]*AlertChannel{}
	for i := range old {
		known[old[i].ID] = &old[i]
	}
	for _, change := range changes {
		row, made := known[change.ID], false
		delete(known, change.ID)
		switch {
		case change.ID == "":
			row, made = &AlertChannel{ID: NewID(), Kind: change.Kind}, true
		case row == nil || row.Kind != change.Kind:
			return problem.New(problem.Conflict, "Somebody else changed the alerts meanwhile. Reload the page and make your change again.")
		}
		if err := d.saveChannel(ctx, row, change, made); err != nil {
			return err
		}
	}
	for id := range known {
		if err := d.Scoped(ctx).Where("channel_id = ?", id).Delete(&AlertMessage{}).Error; err != nil {
			return err
		}
		if err := d.Scoped(ctx).Where("id = ?", id).Delete(&AlertChannel{}).Error; err != nil {
			return err
		}
	}
	return nil
}

func (d *DB) saveChannel(ctx context.Context, row *AlertChannel, change AlertChannelChange, made bool) (err error) {
	if change.Recipient != row.Recipient || change.Address != "" || change.Enabled != row.Enabled {
		row.Failure = "" // it was of another
	}
	row.Recipient, row.Enabled = change.Recipient, change.Enabled
	if change.Address != "" {
		if row.Address, err = d.vault.Seal(StoreHash(ctx), columnAlertAddress, []byte(change.Address)); err != nil {
			return err
		}
	}
	if change.Secret != "" {
		if row.Secret, err = d.vault.Seal(StoreHash(ctx), columnAlertSecret, []byte(change.Secret)); err != nil {
			return err
		}
	}
	if made {
		return d.Scoped(ctx).Create(row).Error
	}
	if !row.Enabled {
		if err := d.Scoped(ctx).Where("channel_id = ? AND state = ?", row.ID, AlertPending).Delete(&AlertMessage{}).Error; err != nil {
			return err
		}
	}
	return d.Scoped(ctx).Model(&AlertChannel{}).Where("id = ?", row.ID).
		Select("recipient", "address", "secret", "enabled", "failure", "updated_at").Updates(row).Error
}

// dropRecipient takes the mail address of somebody who left out of the channels of ctx's store.
func (d *DB) dropRecipient(ctx context.Context, mail string) error {
	if mail == "" {
		return nil
	}
	channels, err := d.AlertChannels(ctx)
	if err != nil {
		return err
	}
	for _, c := range channels {
		if c.Kind != ChannelMail {
			continue
		}
		var left []string
		for _, to := range strings.Split(c.Recipient, ", ") {
			if !strings.EqualFold(to, mail) {
				left = append(left, to)
			}
		}
		set := map[string]any{"recipient": strings.Join(left, ", ")}
		if len(left) == 0 {
			set["enabled"] = false
		}
		if set["recipient"] == c.Recipient {
			continue
		}
		if err := d.Scoped(ctx).Model(&AlertChannel{}).Where("id = ?", c.ID).Updates(set).Error; err != nil {
			return err
		}
	}
	return nil
}

// DueDigests returns the stores, up to limit, whose daily message is due.
func (d *DB) DueDigests(ctx context.Context, now time.Time, limit int) (stores []string, err error) {
	err = d.AcrossStores(ctx).Model(&AlertSettings{}).Where("digest_next_at <= ?", now.UTC()).Order("digest_next_at").Limit(limit).Pluck("store_hash", &stores).Error
	return stores, wrap(err, "due digests")
}

// ClaimDigest moves the daily message of ctx's store from a time that has come to next, and reports
// whether it did: of any number of callers at the same time one. Belongs in the transaction that
// puts the message out.
func (d *DB) ClaimDigest(ctx context.Context, now, next time.Time) (bool, error) {
	res := d.Scoped(ctx).Model(&AlertSettings{}).Where("digest_next_at <= ?", now.UTC()).UpdateColumn("digest_next_at", next.UTC())
	return res.RowsAffected > 0, wrap(res.Error, "claim digest")
}
