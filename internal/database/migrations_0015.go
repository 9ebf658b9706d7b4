package database

import "gorm.io/gorm"

// migrate0015 adds from where an audited deed was done, and a place for feed addresses that have to
// be sealed. It seals none, for it has no key: the first process that has one does
// (tenants.DB.SealAddresses). Old entries get "" as the column's default, for which no database
// writes them anew.
func migrate0015(tx *gorm.DB) error {
	if err := tx.Migrator().AddColumn(&audit0015{}, "Address"); err != nil {
		return err
	}
	return tx.Migrator().AddColumn(&connection0015{}, "Address")
}

// audit0015 has the column that this migration adds; the others are audit0001's.
type audit0015 struct {
	Address string `gorm:"size:45;default:''"`
}

func (audit0015) TableName() string { return "audit" }

// connection0015 has the column that this migration adds; the others are connection0001's.
type connection0015 struct {
	Address []byte
}

func (connection0015) TableName() string { return "connections" }
