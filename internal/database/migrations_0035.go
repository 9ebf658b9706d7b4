package database

import "gorm.io/gorm"

// migrate0035 adds to runs how many records they passed by because of the flow's options.
func migrate0035(tx *gorm.DB) error {
	return tx.Migrator().AddColumn(&run0035{}, "Skipped")
}

type run0035 struct {
	Skipped int64 `gorm:"default:0"`
}

func (run0035) TableName() string { return "runs" }
