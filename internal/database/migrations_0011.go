package database

import "gorm.io/gorm"

// migrate0011 adds what a job's row keeps of the trace that it belongs to.
// Old rows get "" as the column's default, for which no database writes them anew.
func migrate0011(tx *gorm.DB) error { return tx.Migrator().AddColumn(&job0011{}, "Trace") }

// job0011 has the column that this migration adds; the others are job0001's.
type job0011 struct {
	Trace string `gorm:"size:55;default:''"`
}

func (job0011) TableName() string { return "jobs" }
