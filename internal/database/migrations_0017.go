package database

import "gorm.io/gorm"

// migrate0017 adds what a record keeps of values that BigCommerce rounds or cleans. Old rows get ""
// as the column's default, for which no database writes them anew: the first write of such a value
// tells what becomes of it.
func migrate0017(tx *gorm.DB) error { return tx.Migrator().AddColumn(&record0017{}, "Cleaned") }

// record0017 has the column that this migration adds; the others are record0001's.
type record0017 struct {
	Cleaned string `gorm:"type:text;default:''"`
}

func (record0017) TableName() string { return "records" }
