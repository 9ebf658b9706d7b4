package database

import (
	"time"

	"gorm.io/gorm"
)

// migrate0007 adds what is remembered of products, categories and brands. It begins empty: the
// first change of each product looks it up, as before.
func migrate0007(tx *gorm.DB) error {
	return tx.Migrator().CreateTable(&rememberedProduct0007{}, &storeReferences0007{})
}

type rememberedProduct0007 struct {
	StoreHash string `gorm:"primaryKey;size:32"`
	FlowID    string `gorm:"primaryKey;size:36"`
	Key       string `gorm:"primaryKey;size:512"`
	Fields    string `gorm:"type:text"`
	SeenAt    time.Time
}

func (rememberedProduct0007) TableName() string { return "remembered_products" }

type storeReferences0007 struct {
	StoreHash string `gorm:"primaryKey;size:32"`
	Kind      string `gorm:"primaryKey;size:16"`
	Data      []byte
	LoadedAt  time.Time
}

func (storeReferences0007) TableName() string { return "store_references" }
