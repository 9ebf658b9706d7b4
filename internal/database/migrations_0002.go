package database

import (
	"time"

	"gorm.io/gorm"
)

// migrate0002 gives flows a schedule. Flows that exist have none.
func migrate0002(tx *gorm.DB) error {
	for _, column := range []string{"Schedule", "ScheduleEnabled", "NextRunAt", "LastScheduledAt"} {
		if err := tx.Migrator().AddColumn(&flow0002{}, column); err != nil {
			return err
		}
	}
	if err := tx.Exec("UPDATE flows SET schedule = ?, schedule_enabled = ?", "", false).Error; err != nil {
		return err
	}
	return tx.Migrator().CreateIndex(&flow0002{}, "NextRunAt")
}

// flow0002 has the columns that this migration adds; the others are flow0001's.
type flow0002 struct {
	Schedule        string `gorm:"size:100"`
	ScheduleEnabled bool
	NextRunAt       *time.Time `gorm:"index"`
	LastScheduledAt *time.Time
}

func (flow0002) TableName() string { return "flows" }
