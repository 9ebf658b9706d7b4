package database

import (
	"time"

	"gorm.io/gorm"
)

// migrate0025 adds that a person switched a flow off, and the columns that its file had. Flows of
// before are on, and the next run tells their columns.
func migrate0025(tx *gorm.DB) error {
	for _, column := range []string{"OffAt", "Header"} {
		if err := tx.Migrator().AddColumn(&flow0025{}, column); err != nil {
			return err
		}
	}
	return nil
}

// flow0025 has the columns that this migration adds.
type flow0025 struct {
	OffAt  *time.Time
	Header *string `gorm:"type:text"`
}

func (flow0025) TableName() string { return "flows" }
