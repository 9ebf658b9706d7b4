package database

import (
	"time"

	"gorm.io/gorm"
)

// migrate0006 adds storefront identity: settings, origins and scripts of storefronts, accounts of
// the back-office system, identity providers and sign-ins. Channels get a status.
func migrate0006(tx *gorm.DB) error {
	if err := tx.Migrator().AddColumn(&channel0006{}, "Status"); err != nil {
		return err
	}
	if err := tx.Exec("UPDATE channels SET status = ?", "").Error; err != nil {
		return err
	}
	return tx.Migrator().CreateTable(
		&storefrontSettings0006{},
		&channelOrigin0006{},
		&storefrontScript0006{},
		&account0006{},
		&identityProvider0006{},
		&subjectLink0006{},
		&signIn0006{},
	)
}

// channel0006 has the column that this migration adds; the others are channel0001's.
type channel0006 struct {
	Status string `gorm:"size:32"`
}

func (channel0006) TableName() string { return "channels" }

type storefrontSettings0006 struct {
	StoreHash       string `gorm:"primaryKey;size:32"`
	CardFields      string `gorm:"type:text"`
	ConsentCategory string `gorm:"size:16"`
	AllowSignIn     bool
	UpdatedAt       time.Time
}

func (storefrontSettings0006) TableName() string { return "storefront_settings" }

type channelOrigin0006 struct {
	StoreHash string `gorm:"primaryKey;size:32"`
	ChannelID int64  `gorm:"primaryKey;autoIncrement:false"`
	Origin    string `gorm:"primaryKey;size:255"`
}

func (channelOrigin0006) TableName() string { return "channel_origins" }

type storefrontScript0006 struct {
	StoreHash  string `gorm:"primaryKey;size:32"`
	ChannelID  int64  `gorm:"primaryKey;autoIncrement:false"`
	Wanted     bool
	ScriptUUID string `gorm:"size:36"`
	Version    string `gorm:"size:64"`
	State      string `gorm:"size:16"`
	Error      string `gorm:"size:500"`
	CheckedAt  *time.Time
}

func (storefrontScript0006) TableName() string { return "storefront_scripts" }

type account0006 struct {
	StoreHash  string `gorm:"primaryKey;size:32;index:accounts_customer,priority:1;index:accounts_email,priority:1"`
	ExternalID string `gorm:"primaryKey;size:100"`
	CustomerID int64  `gorm:"index:accounts_customer,priority:2"`
	Email      string `gorm:"size:255;index:accounts_email,priority:2"`
	Fields     string `gorm:"type:text"`
	UpdatedAt  time.Time
}

func (account0006) TableName() string { return "accounts" }

type identityProvider0006 struct {
	ID              string `gorm:"primaryKey;size:36"`
	StoreHash       string `gorm:"size:32;uniqueIndex"`
	Preset          string `gorm:"size:16"`
	Issuer          string `gorm:"size:500"`
	ClientID        string `gorm:"size:255"`
	ClientSecret    []byte
	HasSecret       bool
	Scopes          string `gorm:"size:500"`
	Enabled         bool
	CreateCustomers bool
	GroupID         int64
	Claims          string `gorm:"type:text"`
	EndSession      bool
	Version         int
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

func (identityProvider0006) TableName() string { return "identity_providers" }

type subjectLink0006 struct {
	StoreHash  string `gorm:"primaryKey;size:32;index:subject_links_customer,priority:1"`
	Issuer     string `gorm:"primaryKey;size:500"`
	Subject    string `gorm:"primaryKey;size:255"`
	CustomerID int64  `gorm:"index:subject_links_customer,priority:2"`
	CreatedAt  time.Time
	LastUsedAt time.Time
}

func (subjectLink0006) TableName() string { return "subject_links" }

type signIn0006 struct {
	ID         string    `gorm:"primaryKey;size:36;index:sign_ins_store_id,priority:2"`
	StoreHash  string    `gorm:"size:32;index:sign_ins_store_id,priority:1"`
	At         time.Time `gorm:"index"`
	Method     string    `gorm:"size:8"`
	Result     string    `gorm:"size:32"`
	CustomerID int64
	Email      string `gorm:"size:255"`
	ChannelID  int64
	Detail     string `gorm:"size:500"`
}

func (signIn0006) TableName() string { return "sign_ins" }
