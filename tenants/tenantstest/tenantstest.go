package tenantstest

import (
	"testing"

	"sluice/tenants"
	"sluice/tenants/vault"
)

// NewDB returns a migrated, empty database of its own, closed when the test ends.
func NewDB(t testing.TB) *tenants.DB {
	t.Helper()
	key, err := vault.GenerateKey("test")
	if err != nil {
		t.Fatal(err)
	}
	db, err := tenants.Open(t.Context(), "sqlite:"+t.TempDir()+"/sluice.db", key, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}
