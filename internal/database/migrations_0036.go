package database

import "gorm.io/gorm"

// migrate0036 adds to records what their kinds note of them.
func migrate0036(tx *gorm.DB) error {
	return tx.Migrator().AddColumn(&record0036{}, "Note")
}

// record0036 has the column that this migration adds.
type record0036 struct {
	Note string `gorm:"type:text;default:''"`
}

func (record0036) TableName() string { return "records" }
