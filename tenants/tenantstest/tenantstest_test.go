package tenantstest

import (
	"testing"

	"sluice/tenants"
)

func TestEachDBIsMigratedAndEmpty(t *testing.T) {
	EachDB(t, func(t *testing.T, db *tenants.DB) {
		pending, err := db.Pending(t.Context())
		if err != nil || len(pending) != 0 {
			t.Fatalf("pending %v, %v", pending, err)
		}
		stores, err := db.Stores(t.Context())
		if err != nil || len(stores) != 0 {
			t.Fatalf("stores %v, %v", stores, err)
		}
	})
}
