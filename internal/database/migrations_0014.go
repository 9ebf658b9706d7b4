package database

import (
	"fmt"

	"gorm.io/gorm"
)

// migrate0014 adds what limits are counted by: what each store's accounts take, and how many bytes
// a file that is being received may grow to. Files that are there count by their size.
func migrate0014(tx *gorm.DB) error {
	if err := tx.Migrator().CreateTable(&storeUsage0014{}); err != nil {
		return err
	}
	octets := "LENGTH(CAST(%s AS BLOB))"
	if tx.Name() == "postgres" {
		octets = "OCTET_LENGTH(%s)"
	}
	size := ""
	for i, column := range []string{"external_id", "email", "fields"} {
		if i > 0 {
			size += " + "
		}
		size += "COALESCE(" + fmt.Sprintf(octets, column) + ", 0)"
	}
	err := tx.Exec("INSERT INTO store_usage (store_hash, account_rows, account_bytes) " +
		"SELECT store_hash, COUNT(*), SUM(" + size + ") FROM accounts GROUP BY store_hash").Error
	if err != nil {
		return err
	}
	return tx.Migrator().AddColumn(&snapshot0014{}, "Reserved")
}

type storeUsage0014 struct {
	StoreHash    string `gorm:"primaryKey;size:32"`
	AccountRows  int64
	AccountBytes int64
}

func (storeUsage0014) TableName() string { return "store_usage" }

// snapshot0014 has the column that this migration adds; the others are snapshot0001's.
type snapshot0014 struct {
	Reserved int64 `gorm:"default:0"`
}

func (snapshot0014) TableName() string { return "snapshots" }
