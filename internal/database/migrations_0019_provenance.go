package database

import (
	"time"

	"gorm.io/gorm"
)

// migrate0019 adds when the owner kept an API key that is theirs to make, and who said which
// customer an account is of. Nothing tells what the identity provider said before single sign-on
// replaced passwords from what the back-office system sent: where the customer is, or was, linked
// to a user of the provider, without which its word was never taken, it counts as the provider's.
func migrate0019(tx *gorm.DB) error {
	if err := tx.Migrator().AddColumn(&apiKey0019{}, "KeptAt"); err != nil {
		return err
	}
	if err := tx.Migrator().AddColumn(&account0019{}, "GivenBy"); err != nil {
		return err
	}
	linked := "(store_hash, customer_id) IN (SELECT store_hash, customer_id FROM subject_links)" +
		" OR (store_hash, 'customer:' || CAST(customer_id AS TEXT)) IN" +
		" (SELECT store_hash, subject FROM audit WHERE action = 'subject_link.deleted' AND subject IS NOT NULL)"
	return tx.Exec("UPDATE accounts SET given_by = CASE WHEN " + linked + " THEN 'claim' ELSE 'back_office' END WHERE customer_id <> 0").Error
}

// apiKey0019 has the column that this migration adds; the others are apiKey0001's and later.
type apiKey0019 struct{ KeptAt *time.Time }

func (apiKey0019) TableName() string { return "api_keys" }

// account0019 has the column that this migration adds; the others are account0006's.
type account0019 struct {
	GivenBy string `gorm:"size:16;default:''"`
}

func (account0019) TableName() string { return "accounts" }
