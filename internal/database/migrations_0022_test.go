package database_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/database"
)

// TestMigrateEvents: what webhooks of deleted products asked for before is done after; what is over
// stays as it was.
func TestMigrateEvents(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		g := open(t, url, nil)
		if err := database.MigrateTo(t.Context(), g, "0020_kinds"); err != nil {
			t.Fatal(err)
		}
		type job struct{ ID, Kind, State, Payload string }
		const odd = `{"delivery_id":"\"product_id\":1","product_id":206}`
		for _, j := range []job{
			{"a", "record.forget", "pending", `{"delivery_id":"msg_1","product_id":205}`},
			{"b", "record.forget", "pending", odd},
			{"c", "record.forget", "done", odd},
			{"d", "run.step", "pending", `{"run_id":"r","step":0}`},
		} {
			if err := g.Table("jobs").Create(&j).Error; err != nil {
				t.Fatal(err)
			}
		}
		if err := database.Migrate(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		var rows []job
		if err := g.Table("jobs").Order("id").Find(&rows).Error; err != nil {
			t.Fatal(err)
		}
		want := []job{
			{"a", "event", "pending", `{"delivery_id":"msg_1","scope":"store/product/deleted","id":205}`},
			{"b", "event", "pending", `{"delivery_id":"\"product_id\":1","scope":"store/product/deleted","id":206}`},
			{"c", "record.forget", "done", odd},
			{"d", "run.step", "pending", `{"run_id":"r","step":0}`},
		}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Errorf("jobs (-want +got):\n%s", diff)
		}
	})
}
