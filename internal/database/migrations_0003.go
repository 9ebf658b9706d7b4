package database

import "gorm.io/gorm"

// migrate0003 adds the history of each store's API quota.
func migrate0003(tx *gorm.DB) error { return tx.Migrator().CreateTable(&quotaMinute0003{}) }

type quotaMinute0003 struct {
	StoreHash            string `gorm:"primaryKey;size:32"`
	Minute               int64  `gorm:"primaryKey;autoIncrement:false;index"`
	Used                 int64
	Others               int64
	LeftMin              *int64
	Quota                int64
	WindowMS             int64
	ThrottledQuota       int64
	ThrottledConcurrency int64
	ThrottledLoad        int64
}

func (quotaMinute0003) TableName() string { return "quota_minutes" }
