package database

import (
	"time"

	"gorm.io/gorm"
)

// migrate0023 adds runs that compare with the store instead of with what is remembered of it, and a
// flow's schedule of such runs. Runs and flows of before have neither.
func migrate0023(tx *gorm.DB) error {
	m := tx.Migrator()
	if err := m.AddColumn(&run0023{}, "Compare"); err != nil {
		return err
	}
	for _, column := range []string{"CompareSchedule", "CompareEnabled", "CompareNextAt", "CompareLastAt"} {
		if err := m.AddColumn(&flow0023{}, column); err != nil {
			return err
		}
	}
	return m.CreateIndex(&flow0023{}, "CompareNextAt")
}

// run0023 and flow0023 have the columns that this migration adds. The defaults are for old rows,
// which no database writes anew for them.
type run0023 struct {
	Compare bool `gorm:"default:false"`
}

func (run0023) TableName() string { return "runs" }

type flow0023 struct {
	CompareSchedule string     `gorm:"size:100;default:''"`
	CompareEnabled  bool       `gorm:"default:false"`
	CompareNextAt   *time.Time `gorm:"index"`
	CompareLastAt   *time.Time
}

func (flow0023) TableName() string { return "flows" }
