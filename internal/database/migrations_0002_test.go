package database_test

import (
	"testing"
	"time"

	"sluice/internal/database"
)

// TestMigrateSchedules: flows of a database that 0001 made have no schedule after 0002, and are otherwise as they were.
func TestMigrateSchedules(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		g := open(t, url, nil)
		if err := database.Migrate(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		for _, sql := range []string{ // back to 0001
			"DROP INDEX idx_flows_next_run_at",
			"ALTER TABLE flows DROP COLUMN schedule", "ALTER TABLE flows DROP COLUMN schedule_enabled",
			"ALTER TABLE flows DROP COLUMN next_run_at", "ALTER TABLE flows DROP COLUMN last_scheduled_at",
			"DELETE FROM migrations WHERE id = '0002_schedules'",
			"INSERT INTO flows (id, store_hash, name, version) VALUES ('f1', 'abc123', 'Parts', 3)",
		} {
			if err := g.Exec(sql).Error; err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
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
