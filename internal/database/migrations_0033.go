package database

import "gorm.io/gorm"

// migrate0033 adds to flows what only a person knows about the values of their file.
func migrate0033(tx *gorm.DB) error { return tx.Migrator().AddColumn(&flow0033{}, "Questions") }

// flow0033 has the column that this migration adds.
type flow0033 struct {
	Questions string `gorm:"type:text"`
}

func (flow0033) TableName() string { return "flows" }
