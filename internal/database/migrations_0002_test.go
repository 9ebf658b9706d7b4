package database_test

import (
	"testing"
	"time"

	"sluice/internal/database"
)

// TestMigrateSchedules: flows of a database that 0001 made have no schedule after 0002, and are
// otherwise as they were.
func TestMigrateSchedules(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		g := open(t, url, nil)
		if err := database.MigrateTo(t.Context(), g, "0001_initial"); err != nil {
			t.Fatal(err)
		}
		if g.Migrator().HasColumn("flows", "schedule") {
			t.Fatal("0001 made a schedule")
		}
		if err := g.Exec("INSERT INTO flows (id, store_hash, name, version) VALUES ('f1', 'abc123', 'Parts', 3)").Error; err != nil {
			t.Fatal(err)
		}
		if err := database.Migrate(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		var flow struct {
			Name, Schedule  string
			Version         int
			ScheduleEnabled *bool
			NextRunAt       *time.Time
			LastScheduledAt *time.Time
		}
		if err := g.Table("flows").Where("id = ? AND schedule = ? AND schedule_enabled = ?", "f1", "", false).Take(&flow).Error; err != nil {
			t.Fatal(err)
		}
		if flow.Name != "Parts" || flow.Version != 3 || flow.NextRunAt != nil || flow.LastScheduledAt != nil {
			t.Errorf("%+v", flow)
		}
		if !g.Migrator().HasIndex("flows", "idx_flows_next_run_at") {
			t.Error("no index on next_run_at")
		}
	})
}
