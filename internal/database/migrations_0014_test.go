package database_test

import (
	"testing"

	"sluice/internal/database"
)

// TestMigrateLimits: what the accounts of each store take is counted, in bytes as the program
// counts them, and files that are there count by their size.
func TestMigrateLimits(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		g := open(t, url, nil)
		if err := database.MigrateTo(t.Context(), g, "0011_traces"); err != nil {
			t.Fatal(err)
		}
		for _, insert := range []string{
			`INSERT INTO accounts (store_hash, external_id, customer_id, email, fields) VALUES ('aaa', 'D-1', 1, '', '{"x":"ä"}')`,
			`INSERT INTO accounts (store_hash, external_id, customer_id, email, fields) VALUES ('aaa', 'D-2', 0, 'a@b.de', '{}')`,
			`INSERT INTO accounts (store_hash, external_id, customer_id, email, fields) VALUES ('bbb', 'D', 1, '', '{}')`,
			`INSERT INTO snapshots (id, store_hash, size) VALUES ('s', 'aaa', 7)`,
		} {
			if err := g.Exec(insert).Error; err != nil {
				t.Fatal(err)
			}
		}
		if err := database.Migrate(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		var usage []struct {
			StoreHash                 string
			AccountRows, AccountBytes int64
		}
		if err := g.Table("store_usage").Order("store_hash").Find(&usage).Error; err != nil {
			t.Fatal(err)
		}
		want := int64(len("D-1") + len(`{"x":"ä"}`) + len("D-2") + len("a@b.de") + len("{}"))
		if len(usage) != 2 || usage[0].AccountRows != 2 || usage[0].AccountBytes != want || usage[1].AccountRows != 1 || usage[1].AccountBytes != 3 {
			t.Errorf("%+v, want %d bytes of two accounts first", usage, want)
		}
		var reserved *int64
		if err := g.Table("snapshots").Select("reserved").Where("id = 's'").Scan(&reserved).Error; err != nil || reserved == nil || *reserved != 0 {
			t.Errorf("reserved %v, %v", reserved, err)
		}
	})
}
