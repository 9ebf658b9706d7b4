package database

import (
	"time"

	"gorm.io/gorm"
)

// migrate0004 adds the history of jobs.
func migrate0004(tx *gorm.DB) error { return tx.Migrator().CreateTable(&jobAttempt0004{}) }

type jobAttempt0004 struct {
	ID        string `gorm:"primaryKey;size:36;index:job_attempts_job,priority:2"`
	JobID     string `gorm:"size:80;index:job_attempts_job,priority:1"`
	StoreHash string `gorm:"size:32;index"`
	Attempt   int
	Error     string `gorm:"size:1000"`
	FailedAt  time.Time
}

func (jobAttempt0004) TableName() string { return "job_attempts" }
