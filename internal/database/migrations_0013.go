package database

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// migrate0013 adds what ends sessions and API keys with the people they are of, and ends at once
// the keys of people who were removed, or made viewers, before keys followed their makers.
func migrate0013(tx *gorm.DB) error {
	for _, add := range []struct {
		table any
		field string
	}{
		{&store0013{}, "SessionsValidAfter"}, {&store0013{}, "OwnerAsOf"},
		{&user0013{}, "SessionsValidAfter"},
		{&apiKey0013{}, "RevokedBecause"},
	} {
		if err := tx.Migrator().AddColumn(add.table, add.field); err != nil {
			return err
		}
	}
	return revokeOrphans0013(tx)
}

// revokeOrphans0013 revokes keys whose maker may not have them any more, with a line each in the
// audit log.
func revokeOrphans0013(tx *gorm.DB) error {
	var orphans []struct {
		ID, StoreHash, Name string
		Gone                bool
	}
	err := tx.Table("api_keys AS k").Joins("JOIN users AS u ON u.store_hash = k.store_hash AND u.id = k.created_by").
		Where("k.revoked_at IS NULL AND (u.removed_at IS NOT NULL OR u.role = ?)", "viewer").Order("k.id").
		Select("k.id, k.store_hash, k.name, u.removed_at IS NOT NULL AS gone").Scan(&orphans).Error
	if err != nil {
		return fmt.Errorf("keys of people who are gone: %w", err)
	}
	now := tx.NowFunc()
	for _, k := range orphans {
		because, detail := "maker_demoted", "the key's maker is a viewer"
		if k.Gone {
			because, detail = "maker_removed", "the key's maker was removed"
		}
		set := map[string]any{"revoked_at": now, "revoked_because": because}
		if err := tx.Table("api_keys").Where("id = ?", k.ID).Updates(set).Error; err != nil {
			return err
		}
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		entry := audit0013{ID: id.String(), StoreHash: k.StoreHash, Actor: "system", Action: "api_key.revoked", Subject: k.ID,
			Detail: fmt.Sprintf("%s: %s", k.Name, detail), CreatedAt: now}
		if err := tx.Create(&entry).Error; err != nil {
			return err
		}
	}
	return nil
}

// store0013 has the columns that this migration adds.
type store0013 struct {
	SessionsValidAfter *time.Time
	OwnerAsOf          *time.Time
}

func (store0013) TableName() string { return "stores" }

// user0013 has the column that this migration adds.
type user0013 struct{ SessionsValidAfter *time.Time }

func (user0013) TableName() string { return "users" }

// apiKey0013 has the column that this migration adds.
type apiKey0013 struct {
	RevokedBecause string `gorm:"size:16;default:''"`
}

func (apiKey0013) TableName() string { return "api_keys" }

// audit0013 is a row of the table audit.
type audit0013 struct {
	ID, StoreHash, Actor, Action, Subject, Detail string
	CreatedAt                                     time.Time
}

func (audit0013) TableName() string { return "audit" }
