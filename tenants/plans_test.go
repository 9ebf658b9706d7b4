package tenants_test

import (
	"fmt"
	"strings"
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// TestLookupsUseTheirIndex: on a fresh SQLite database, without statistics, the queries of a sync
// must not read every row of the store.
func TestLookupsUseTheirIndex(t *testing.T) {
	db := tenantstest.NewDB(t)
	ctx := tenants.WithStore(t.Context(), "aaa")
	keys := make([]string, 500)
	ids := make([]int64, 250)
	for i := range keys {
		keys[i] = fmt.Sprint("k", i)
	}
	for _, tt := range []struct {
		name  string
		query func(g *gorm.DB) *gorm.DB
		want  string
	}{
		{"records by key", func(g *gorm.DB) *gorm.DB {
			return g.Where("flow_id = ? AND key IN ?", "f", keys).Find(&[]tenants.Record{})
		}, "(flow_id=? AND key=?)"},
		{"records by unique key", func(g *gorm.DB) *gorm.DB {
			return g.Where("flow_id = ? AND unique_key IN ?", "f", keys).Find(&[]tenants.Record{})
		}, "(flow_id=? AND unique_key=?)"},
		{"records by target", func(g *gorm.DB) *gorm.DB {
			return g.Where("kind = ? AND flow_id = ? AND target_id IN ?", "products", "f", ids).Find(&[]tenants.Record{})
		}, "records_target (kind=? AND target_id=? AND flow_id=?)"},
		{"a deleted record", func(g *gorm.DB) *gorm.DB {
			return g.Where("kind = ? AND target_id = ?", "products", 7).Find(&[]tenants.Record{})
		}, "records_target (kind=? AND target_id=?)"},
		{"records one after the other", func(g *gorm.DB) *gorm.DB {
			return g.Where("flow_id = ? AND key > ?", "f", "k").Order("key").Limit(500).Find(&[]tenants.Record{})
		}, "(flow_id=? AND key>?)"},
		{"what is remembered, one after the other", func(g *gorm.DB) *gorm.DB {
			return g.Where("flow_id = ? AND key > ?", "f", "k").Order("key").Limit(500).Find(&[]tenants.RememberedRecord{})
		}, "(store_hash=? AND flow_id=? AND key>?)"},
		{"items of a key that were compared", func(g *gorm.DB) *gorm.DB {
			return g.Where("run_id = ? AND key IN ? AND changes <> ''", "r", keys).Find(&[]tenants.RunItem{})
		}, "run_items_key (run_id=? AND key=?)"},
		{"next items", func(g *gorm.DB) *gorm.DB {
			return g.Where("run_id = ? AND state = ? AND line > ?", "r", "create", 5).Order("line").Find(&[]tenants.RunItem{})
		}, "run_items_next (run_id=? AND state=? AND line>?)"},
		{"items of a key", func(g *gorm.DB) *gorm.DB {
			return g.Where("run_id = ? AND key IN ?", "r", keys).Find(&[]tenants.RunItem{})
		}, "run_items_key (run_id=? AND key=?)"},
		{"issues of a run", func(g *gorm.DB) *gorm.DB {
			return g.Where("run_id = ?", "r").Order("line, id").Find(&[]tenants.RunIssue{})
		}, "run_issues_row (run_id=?)"},
		{"journal of a run", func(g *gorm.DB) *gorm.DB {
			return g.Where("run_id = ?", "r").Order("id").Find(&[]tenants.JournalEntry{})
		}, "journal_run_key (run_id=?)"},
		{"chunk of a snapshot", func(g *gorm.DB) *gorm.DB {
			return g.Where("snapshot_id = ?", "s").Where(clause.Lte{Column: "offset", Value: 5}).Limit(1).Find(&[]tenants.SnapshotChunk{})
		}, "(snapshot_id=? AND offset<?)"},
		{"runs of the store", func(g *gorm.DB) *gorm.DB {
			return g.Order("id DESC").Limit(10).Find(&[]tenants.Run{})
		}, "runs_store_id (store_hash=?)"},
		{"quota of the store", func(g *gorm.DB) *gorm.DB {
			return g.Where("minute >= ? AND minute < ?", 5, 9).Find(&[]tenants.QuotaMinute{})
		}, "(store_hash=? AND minute>? AND minute<?)"},
		{"audit of the store", func(g *gorm.DB) *gorm.DB {
			return g.Order("id DESC").Limit(10).Find(&[]tenants.AuditEntry{})
		}, "audit_store_id (store_hash=?)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stmt := tt.query(db.Scoped(ctx).Session(&gorm.Session{DryRun: true})).Statement
			var plan []struct{ Detail string }
			err := db.AcrossStores(ctx).Raw("EXPLAIN QUERY PLAN "+stmt.SQL.String(), stmt.Vars...).Scan(&plan).Error
			if err != nil || len(plan) == 0 {
				t.Fatalf("%v: %s", err, stmt.SQL.String())
			}
			if !strings.HasPrefix(plan[0].Detail, "SEARCH") || !strings.Contains(plan[0].Detail, tt.want) {
				t.Errorf("%s, want %s", plan[0].Detail, tt.want)
			}
		})
	}
}
