package products

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/sandbox"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// TestStatisticsOfAFirstRun: PostgreSQL is told to look at the tables that a large first run fills,
// once, and never where it knows them already.
func TestStatisticsOfAFirstRun(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		gathered := func() map[string]int64 {
			t.Helper()
			out := map[string]int64{}
			g := db.AcrossStores(t.Context())
			if g.Name() != "postgres" {
				return out // and a run goes its way without
			}
			var rows []struct {
				Relname      string
				AnalyzeCount int64
			}
			if err := g.Raw("SELECT relname, analyze_count FROM pg_stat_user_tables WHERE analyze_count > 0").Scan(&rows).Error; err != nil { //nolint:misspell // PostgreSQL's
				t.Fatal(err)
			}
			for _, r := range rows {
				out[r.Relname] = r.AnalyzeCount
			}
			return out
		}
		once := map[string]int64{"records": 1, "run_items": 1}
		if db.AcrossStores(t.Context()).Name() != "postgres" {
			once = map[string]int64{}
		}
		w := newWorld(t, upserttest.PlatformOn(t, db, sandbox.Choices{}))
		w.Config.WindowRows = 10
		w.Feed.Body = csv(parts(8)...)
		w.Want(w.Run(), upserttest.Counts{Read: 8, Created: 8})
		if d := cmp.Diff(map[string]int64{}, gathered()); d != "" {
			t.Errorf("after a small run: %s", d)
		}
		w = newWorld(t, w.Platform)
		w.Config.WindowRows = 10
		w.Feed.Body = csv(parts(60)...)
		w.Want(w.Run(), upserttest.Counts{Read: 60, Created: 60})
		if d := cmp.Diff(once, gathered()); d != "" {
			t.Errorf("after a large first run: %s", d)
		}
		rows := parts(60)
		for i := range rows {
			rows[i] += fmt.Sprint(" ", i) // another style
		}
		w.Feed.Body = csv(rows...)
		w.Want(w.Run(), upserttest.Counts{Read: 60, Updated: 60})
		if d := cmp.Diff(once, gathered()); d != "" {
			t.Errorf("after the next run: %s", d)
		}
	})
}
