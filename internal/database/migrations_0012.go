package database

import (
	"time"

	"gorm.io/gorm"
)

// sharedFor0012 is how long a provider from before this migration may use the redirect URI that all
// stores share without naming itself in its answers (RFC 9207).
const sharedFor0012 = 30 * 24 * time.Hour

// migrate0012 gives each store a redirect URI of its own, and links a mark that nobody knows a
// password of the customer. Providers that are set up go on with the shared URI for a time. Nothing
// is known of the passwords of customers who are linked already. Old rows, and those that the old
// version still writes, get the columns' defaults.
func migrate0012(tx *gorm.DB) error {
	for _, column := range []string{"EmailClaim", "TrustEmail", "KeepPasswords", "RequestIP", "SharedUntil", "AnnouncesIssuer"} {
		if err := tx.Migrator().AddColumn(&identityProvider0012{}, column); err != nil {
			return err
		}
	}
	until := tx.NowFunc().Add(sharedFor0012).UTC()
	if err := tx.Model(&identityProvider0012{}).Where("1 = 1").UpdateColumn("shared_until", until).Error; err != nil {
		return err
	}
	return tx.Migrator().AddColumn(&subjectLink0012{}, "Secured")
}

// identityProvider0012 has the columns that this migration adds; the others are
// identityProvider0006's.
type identityProvider0012 struct {
	EmailClaim      string `gorm:"size:200;default:''"`
	TrustEmail      bool   `gorm:"default:false"`
	KeepPasswords   bool   `gorm:"default:false"`
	RequestIP       bool   `gorm:"default:false"`
	SharedUntil     *time.Time
	AnnouncesIssuer bool `gorm:"default:false"`
}

func (identityProvider0012) TableName() string { return "identity_providers" }

// subjectLink0012 has the column that this migration adds; the others are subjectLink0006's and
// later.
type subjectLink0012 struct {
	Secured bool `gorm:"default:false"`
}

func (subjectLink0012) TableName() string { return "subject_links" }
