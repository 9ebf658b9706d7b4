package database

import (
	"time"

	"gorm.io/gorm"
)

// migrate0025 adds that a person switched a flow off, and the columns that its file had: flows of
// before are on, and the next run tells their columns. Stores get the units that they count in,
// which the next look at their settings fills.
func migrate0025(tx *gorm.DB) error {
	for _, column := range []string{"OffAt", "Header"} {
		if err := tx.Migrator().AddColumn(&flow0025{}, column); err != nil {
			return err
		}
	}
	for _, column := range []string{"WeightUnits", "LengthUnits"} {
		if err := tx.Migrator().AddColumn(&store0025{}, column); err != nil {
			return err
		}
	}
	return nil
}

// flow0025 and store0025 have the columns that this migration adds.
type flow0025 struct {
	OffAt  *time.Time
	Header *string `gorm:"type:text"`
}

func (flow0025) TableName() string { return "flows" }

type store0025 struct {
	WeightUnits string `gorm:"size:16;default:''"`
	LengthUnits string `gorm:"size:16;default:''"`
}

func (store0025) TableName() string { return "stores" }
