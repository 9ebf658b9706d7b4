package database_test

import (
	"testing"
	"time"

	"sluice/internal/database"
)

// TestMigrateAccess: keys of people who are gone, or look only, end with the upgrade, and the audit
// log says so; those of others, of the operator, and of people of the same id in another store go
// on.
func TestMigrateAccess(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		g := open(t, url, nil)
		if err := database.MigrateTo(t.Context(), g, "0011_traces"); err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		insert := func(table string, row map[string]any) {
			t.Helper()
			if err := g.Table(table).Create(row).Error; err != nil {
				t.Fatal(err)
			}
		}
		insert("stores", map[string]any{"hash": "aaa", "state": "active", "installed_at": at})
		for id, user := range map[string]struct {
			number int
			role   string
			gone   any
		}{"owner": {1, "owner", nil}, "clerk": {2, "viewer", nil}, "left": {3, "admin", at}, "admin": {4, "admin", nil}} {
			insert("users", map[string]any{"id": id, "store_hash": "aaa", "user_id": user.number, "role": user.role, "removed_at": user.gone})
		}
		revoked := at.Add(time.Hour)
		for _, key := range []struct {
			id, store, by string
			revoked       any
		}{
			{"of owner", "aaa", "owner", nil}, {"of clerk", "aaa", "clerk", nil}, {"of left", "aaa", "left", nil}, {"of admin", "aaa", "admin", nil},
			{"of operator", "aaa", "operator", nil}, {"elsewhere", "bbb", "left", nil}, {"revoked long ago", "aaa", "left", revoked},
		} {
			insert("api_keys", map[string]any{"id": key.id, "store_hash": key.store, "name": key.id, "secret_hash": key.id, "created_by": key.by, "revoked_at": key.revoked})
		}
		if err := database.Migrate(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		var keys []struct {
			ID, RevokedBecause string
			RevokedAt          *time.Time
		}
		if err := g.Table("api_keys").Order("id").Find(&keys).Error; err != nil {
			t.Fatal(err)
		}
		because := map[string]string{"of clerk": "maker_demoted", "of left": "maker_removed"}
		for _, k := range keys {
			old := k.ID == "revoked long ago"
			if k.RevokedBecause != because[k.ID] || (k.RevokedAt != nil) != (because[k.ID] != "" || old) || (old && !k.RevokedAt.Equal(revoked)) {
				t.Errorf("%+v", k)
			}
		}
		var entries []struct{ StoreHash, Actor, Action, Subject, Detail string }
		if err := g.Table("audit").Order("subject").Find(&entries).Error; err != nil {
			t.Fatal(err)
		}
		if len(keys) != 7 || len(entries) != 2 || entries[0].Subject != "of clerk" || entries[1].Subject != "of left" || entries[1].Action != "api_key.revoked" ||
			entries[1].Detail != "of left: the key's maker was removed" {
			t.Errorf("%d keys; audit %+v", len(keys), entries)
		}
		var none int64
		if err := g.Table("stores").Where("sessions_valid_after IS NULL AND owner_as_of IS NULL").Count(&none).Error; err != nil || none != 1 {
			t.Errorf("%d stores, %v", none, err)
		}
	})
}
