package database

import (
	"time"

	"gorm.io/gorm"
)

// migrate0005 adds what a store's pending jobs are read by, oldest first, a page at a time.
func migrate0005(tx *gorm.DB) error { return tx.Migrator().CreateIndex(&job0005{}, "jobs_paging") }

// job0005 has the columns of the index; the others are job0001's.
type job0005 struct {
	ID        string    `gorm:"index:jobs_paging,priority:3,where:state = 'pending'"`
	StoreHash string    `gorm:"index:jobs_paging,priority:1"`
	CreatedAt time.Time `gorm:"index:jobs_paging,priority:2"`
}

func (job0005) TableName() string { return "jobs" }
