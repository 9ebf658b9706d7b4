package tenants_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// mark is in every row of store bbb and in none of store aaa: an answer to aaa with it is a leak.
const mark = "MARK-OF-BBB"

// twoStores fills stores aaa and bbb with one row of several kinds each; ids are "<store>-<kind>".
func twoStores(t *testing.T, db *tenants.DB) (aaa, bbb context.Context) {
	t.Helper()
	when := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, hash := range []string{"aaa", "bbb"} {
		ctx := tenants.WithStore(t.Context(), hash)
		name := "plain"
		if hash == "bbb" {
			name = mark
		}
		rows := []any{
			&tenants.Store{Hash: hash, Name: name, State: tenants.StoreActive, InstalledAt: when},
			&tenants.User{ID: hash + "-user", UserID: 1, Email: name, Role: tenants.RoleAdmin},
			&tenants.Flow{ID: hash + "-flow", Name: name, Kind: "products", Version: 1},
			&tenants.Run{ID: hash + "-run", FlowID: hash + "-flow", State: tenants.RunRunning, Error: name},
			&tenants.RunItem{RunID: hash + "-run", Line: 2, Key: name, State: tenants.ItemCreate, Document: name},
			&tenants.Record{FlowID: hash + "-flow", Key: "k", Error: name},
			&tenants.UsedToken{JTI: hash + "-jti", FirstUsed: when, ExpiresAt: when},
		}
		for _, row := range rows {
			if err := db.Scoped(ctx).Create(row).Error; err != nil {
				t.Fatalf("%T: %v", row, err)
			}
		}
	}
	return tenants.WithStore(t.Context(), "aaa"), tenants.WithStore(t.Context(), "bbb")
}

// dump returns every row of a store as JSON, table by table.
func dump(t *testing.T, db *tenants.DB, hash string) map[string][]map[string]any {
	t.Helper()
	all := map[string][]map[string]any{}
	for table, column := range map[string]string{
		"stores": "hash", "users": "store_hash", "flows": "store_hash", "runs": "store_hash",
		"run_items": "store_hash", "records": "store_hash", "used_tokens": "store_hash",
	} {
		var rows []map[string]any
		err := db.AcrossStores(t.Context()).Table(table).Where(clause.Eq{Column: column, Value: hash}).Find(&rows).Error
		if err != nil {
			t.Fatal(err)
		}
		all[table] = rows
	}
	return all
}

// attack tries to read or change rows of bbb through g, which is scoped to aaa. What it returns is
// searched for bbb's rows.
type attack struct {
	name string
	err  error // what it must fail with; nil if it may succeed, having seen and done nothing
	try  func(g *gorm.DB) (any, error)
}

func reads() []attack {
	find := func(q func(g *gorm.DB) *gorm.DB) func(*gorm.DB) (any, error) {
		return func(g *gorm.DB) (any, error) {
			var rows []tenants.Run
			err := q(g).Find(&rows).Error
			return rows, err
		}
	}
	maps := func(q func(g *gorm.DB) *gorm.DB) func(*gorm.DB) (any, error) {
		return func(g *gorm.DB) (any, error) {
			var rows []map[string]any
			err := q(g).Find(&rows).Error
			return rows, err
		}
	}
	form := tenants.ErrScopeForm
	return []attack{
		{"find all", nil, find(func(g *gorm.DB) *gorm.DB { return g })},
		{"by the other's id", nil, find(func(g *gorm.DB) *gorm.DB { return g.Where("id = ?", "bbb-run") })},
		{"by the other's hash", nil, find(func(g *gorm.DB) *gorm.DB { return g.Where("store_hash = ?", "bbb") })},
		{"or", nil, find(func(g *gorm.DB) *gorm.DB { return g.Where("id = ?", "x").Or("store_hash = ?", "bbb") })},
		{"first or", nil, find(func(g *gorm.DB) *gorm.DB { return g.Or("1 = 1") })},
		{"or in text", nil, find(func(g *gorm.DB) *gorm.DB { return g.Where("id = 'x' OR 1 = 1") })},
		{"not", nil, find(func(g *gorm.DB) *gorm.DB { return g.Not("store_hash = ?", "aaa") })},
		{"or of a group", nil, find(func(g *gorm.DB) *gorm.DB { return g.Where("id = 'x'").Or(clause.Or(clause.Expr{SQL: "1 = 1"})) })},
		{"clause or", nil, find(func(g *gorm.DB) *gorm.DB {
			return g.Clauses(clause.Where{Exprs: []clause.Expression{clause.Or(clause.Expr{SQL: "1 = 1"})}})
		})},
		{"closing parenthesis", form, find(func(g *gorm.DB) *gorm.DB { return g.Where("id = 'x') OR (1 = 1") })},
		{"comment", form, find(func(g *gorm.DB) *gorm.DB { return g.Where("1 = 1) OR 1 = 1 --") })},
		{"comment in order", form, find(func(g *gorm.DB) *gorm.DB { return g.Order("id /* */") })},
		{"second statement", form, find(func(g *gorm.DB) *gorm.DB { return g.Where("1 = 1); DELETE FROM runs; --") })},
		{"inline condition", nil, func(g *gorm.DB) (any, error) {
			var row tenants.Run
			err := g.First(&row, "id = ?", "bbb-run").Error
			return row, ignoreNotFound(err)
		}},
		{"primary key of the destination", nil, func(g *gorm.DB) (any, error) {
			row := tenants.Run{ID: "bbb-run"}
			err := g.Take(&row).Error
			return row.Error, ignoreNotFound(err)
		}},
		{"last", nil, func(g *gorm.DB) (any, error) {
			var row tenants.Run
			err := g.Last(&row).Error
			return row, err
		}},
		{"count", nil, func(g *gorm.DB) (any, error) {
			var n int64
			err := g.Model(&tenants.Run{}).Count(&n).Error
			if n != 1 {
				return mark, err
			}
			return n, err
		}},
		{"count again on one builder", nil, func(g *gorm.DB) (any, error) {
			var n, m int64
			q := g.Model(&tenants.Run{}).Where("1 = 1")
			err := errors.Join(q.Count(&n).Error, q.Count(&m).Error)
			if n != 1 || m != 1 {
				return mark, err
			}
			return n, err
		}},
		{"group", nil, func(g *gorm.DB) (any, error) {
			var rows []map[string]any
			err := g.Model(&tenants.Run{}).Select("error, count(*) AS n").Group("error").Having("count(*) > 0").Find(&rows).Error
			return rows, err
		}},
		{"pluck", nil, func(g *gorm.DB) (any, error) {
			var names []string
			err := g.Model(&tenants.Run{}).Pluck("error", &names).Error
			return names, err
		}},
		{"scan into another type", nil, func(g *gorm.DB) (any, error) {
			var rows []struct{ Error string }
			err := g.Model(&tenants.Run{}).Scan(&rows).Error
			return rows, err
		}},
		{"rows", nil, func(g *gorm.DB) (any, error) {
			rows, err := g.Model(&tenants.Run{}).Select("error").Rows()
			if err != nil {
				return nil, err
			}
			defer rows.Close()
			var all []string
			for rows.Next() {
				var s string
				if err := rows.Scan(&s); err != nil {
					return nil, err
				}
				all = append(all, s)
			}
			return all, rows.Err()
		}},
		{"row", nil, func(g *gorm.DB) (any, error) {
			var s string
			err := g.Model(&tenants.Run{}).Select("max(error)").Row().Scan(&s)
			return s, err
		}},
		{"row with a subquery", form, func(g *gorm.DB) (any, error) {
			q := g.Model(&tenants.Run{}).Select("(SELECT max(name) FROM stores)")
			var s string
			err := q.Row().Scan(&s)
			return s, errors.Join(err, q.Error)
		}},
		{"find in batches", nil, func(g *gorm.DB) (any, error) {
			var rows, all []tenants.Run
			err := g.FindInBatches(&rows, 1, func(*gorm.DB, int) error { all = append(all, rows...); return nil }).Error
			return all, err
		}},
		{"first or create by the other's id", nil, func(g *gorm.DB) (any, error) {
			row := tenants.UsedToken{JTI: "bbb-jti"}
			err := g.Where("jti = ?", "bbb-jti").FirstOrInit(&row).Error
			return row.StoreHash, err
		}},
		{"stores", nil, func(g *gorm.DB) (any, error) {
			var rows []tenants.Store
			err := g.Find(&rows).Error
			if len(rows) != 1 {
				return mark, err
			}
			return rows, err
		}},
		{"table without a model", form, maps(func(g *gorm.DB) *gorm.DB { return g.Table("runs") })},
		{"table that is none of ours", form, maps(func(g *gorm.DB) *gorm.DB { return g.Table("migrations") })},
		{"own type for the table", form, func(g *gorm.DB) (any, error) {
			type Run struct{ ID, Error string }
			var rows []Run
			err := g.Find(&rows).Error
			return rows, err
		}},
		{"own type and table", form, func(g *gorm.DB) (any, error) {
			var rows []struct{ ID, Error string }
			err := g.Table("runs").Find(&rows).Error
			return rows, err
		}},
		{"alias", form, find(func(g *gorm.DB) *gorm.DB { return g.Table("runs AS r") })},
		{"two tables", form, find(func(g *gorm.DB) *gorm.DB { return g.Table("runs, run_items") })},
		{"another table for the model", form, find(func(g *gorm.DB) *gorm.DB { return g.Table("stores") })},
		{"subquery as table", form, find(func(g *gorm.DB) *gorm.DB {
			return g.Table("(?) AS runs", g.Model(&tenants.Run{}))
		})},
		{"join", form, find(func(g *gorm.DB) *gorm.DB { return g.Joins("JOIN runs r2 ON 1 = 1").Select("r2.*") })},
		{"comma join", form, find(func(g *gorm.DB) *gorm.DB { return g.Joins(", runs AS r2").Select("r2.*") })},
		{"from clause", form, find(func(g *gorm.DB) *gorm.DB {
			return g.Clauses(clause.From{Tables: []clause.Table{{Name: "runs"}, {Name: "stores"}}})
		})},
		{"select subquery", form, find(func(g *gorm.DB) *gorm.DB { return g.Select("id, (SELECT max(name) FROM stores) AS error") })},
		{"where subquery", form, find(func(g *gorm.DB) *gorm.DB { return g.Where("EXISTS (SELECT 1 FROM runs WHERE store_hash = 'bbb')") })},
		{"where gorm subquery", form, find(func(g *gorm.DB) *gorm.DB {
			return g.Where("flow_id IN (?)", g.Model(&tenants.Flow{}).Select("id"))
		})},
		{"order by subquery", form, find(func(g *gorm.DB) *gorm.DB { return g.Order("(SELECT max(name) FROM stores)") })},
		{"union in order", form, find(func(g *gorm.DB) *gorm.DB { return g.Order("1 UNION SELECT * FROM runs") })},
		{"union without select", form, find(func(g *gorm.DB) *gorm.DB { return g.Group("id UNION TABLE runs") })},
		{"raw", form, func(g *gorm.DB) (any, error) {
			var names []string
			err := g.Raw("SELECT error FROM runs").Scan(&names).Error
			return names, err
		}},
		{"raw find", form, func(g *gorm.DB) (any, error) {
			var rows []tenants.Run
			err := g.Raw("SELECT * FROM runs").Find(&rows).Error
			return rows, err
		}},
		{"new session", tenants.ErrNoScope, func(g *gorm.DB) (any, error) {
			var rows []tenants.Run
			err := g.Session(&gorm.Session{NewDB: true}).Find(&rows).Error
			return rows, err
		}},
		{"unscoped, without hooks", nil, find(func(g *gorm.DB) *gorm.DB { return g.Session(&gorm.Session{SkipHooks: true}).Unscoped() })},
		{"forged grant", tenants.ErrNoScope, find(func(g *gorm.DB) *gorm.DB { return g.Set("tenants:grant", "bbb") })},
		{"another store's context", nil, find(func(g *gorm.DB) *gorm.DB {
			return g.WithContext(tenants.WithStore(g.Statement.Context, "bbb"))
		})},
		{"own where clause", form, find(func(g *gorm.DB) *gorm.DB {
			q := g.Where("1 = 1")
			c := q.Statement.Clauses["WHERE"]
			c.AfterExpression = clause.Expr{SQL: " OR 1 = 1"}
			q.Statement.Clauses["WHERE"] = c
			return q
		})},
	}
}

func writes() []attack {
	form, other := tenants.ErrScopeForm, tenants.ErrOtherStore
	done := func(q func(g *gorm.DB) *gorm.DB) func(*gorm.DB) (any, error) {
		return func(g *gorm.DB) (any, error) { return nil, q(g).Error }
	}
	return []attack{
		{"update by the other's id", nil, done(func(g *gorm.DB) *gorm.DB {
			return g.Model(&tenants.Run{}).Where("id = ?", "bbb-run").Update("error", "x")
		})},
		{"update by the model's key", nil, done(func(g *gorm.DB) *gorm.DB {
			return g.Model(&tenants.Run{ID: "bbb-run", StoreHash: "bbb"}).Update("error", "x")
		})},
		{"update or", nil, done(func(g *gorm.DB) *gorm.DB {
			return g.Model(&tenants.Run{}).Where("id = 'x'").Or("1 = 1").Updates(map[string]any{"incomplete": true})
		})},
		{"update columns", nil, done(func(g *gorm.DB) *gorm.DB {
			return g.Model(&tenants.Run{}).Where("1 = 1").UpdateColumns(map[string]any{"incomplete": true})
		})},
		{"update without conditions", gorm.ErrMissingWhereClause, done(func(g *gorm.DB) *gorm.DB {
			return g.Model(&tenants.Run{}).Update("error", "x")
		})},
		{"update everything on purpose", nil, done(func(g *gorm.DB) *gorm.DB {
			return g.Session(&gorm.Session{AllowGlobalUpdate: true}).Model(&tenants.Run{}).Update("incomplete", true)
		})},
		{"update of a table", form, done(func(g *gorm.DB) *gorm.DB {
			return g.Table("runs").Where("1 = 1").Updates(map[string]any{"error": "x"})
		})},
		{"give a row away", other, done(func(g *gorm.DB) *gorm.DB {
			return g.Model(&tenants.Run{}).Where("id = ?", "aaa-run").Update("store_hash", "bbb")
		})},
		{"give a row away by field name", other, done(func(g *gorm.DB) *gorm.DB {
			return g.Model(&tenants.Run{}).Where("id = ?", "aaa-run").Updates(map[string]any{"StoreHash": "bbb"})
		})},
		{"give a row away by struct", other, done(func(g *gorm.DB) *gorm.DB {
			return g.Model(&tenants.Run{}).Where("id = ?", "aaa-run").Updates(tenants.Run{StoreHash: "bbb"})
		})},
		{"give a row away by another struct", form, done(func(g *gorm.DB) *gorm.DB {
			return g.Model(&tenants.Run{}).Where("id = ?", "aaa-run").Updates(struct{ StoreHash string }{"bbb"})
		})},
		{"take the store away by zero struct", other, done(func(g *gorm.DB) *gorm.DB {
			return g.Model(&tenants.Run{}).Where("id = ?", "aaa-run").Select("*").Updates(tenants.Run{ID: "aaa-run", FlowID: "f", State: "done"})
		})},
		{"rename the store", other, done(func(g *gorm.DB) *gorm.DB {
			return g.Model(&tenants.Store{}).Where("hash = ?", "aaa").Update("hash", "ccc")
		})},
		{"set clause", form, done(func(g *gorm.DB) *gorm.DB {
			return g.Model(&tenants.Run{}).Where("1 = 1").Clauses(clause.Set{{Column: clause.Column{Name: "store_hash"}, Value: "bbb"}}).Update("error", "x")
		})},
		{"update from a subquery", form, done(func(g *gorm.DB) *gorm.DB {
			return g.Model(&tenants.Run{}).Where("1 = 1").Update("error", gorm.Expr("(SELECT max(name) FROM stores)"))
		})},
		{"save the other's row", other, done(func(g *gorm.DB) *gorm.DB {
			return g.Save(&tenants.Run{ID: "bbb-run", StoreHash: "bbb", FlowID: "bbb-flow"})
		})},
		{"save over the other's row", other, done(func(g *gorm.DB) *gorm.DB {
			return g.Save(&tenants.Run{ID: "bbb-run", FlowID: "new-flow"})
		})},
		{"save many over the other's row", other, done(func(g *gorm.DB) *gorm.DB {
			return g.Save([]tenants.Run{{ID: "bbb-run", FlowID: "new-flow", State: "done"}})
		})},
		{"create for the other", other, done(func(g *gorm.DB) *gorm.DB {
			return g.Create(&tenants.Run{ID: "n", StoreHash: "bbb"})
		})},
		{"create several, one for the other", other, done(func(g *gorm.DB) *gorm.DB {
			return g.Create([]*tenants.Run{{ID: "n"}, {ID: "m", StoreHash: "bbb"}})
		})},
		{"create in batches for the other", other, done(func(g *gorm.DB) *gorm.DB {
			return g.CreateInBatches([]tenants.Run{{ID: "n", StoreHash: "bbb", State: "done"}}, 1)
		})},
		{"create from a map", form, done(func(g *gorm.DB) *gorm.DB {
			return g.Model(&tenants.Run{}).Create(map[string]any{"id": "n", "store_hash": "bbb"})
		})},
		{"create from maps", form, done(func(g *gorm.DB) *gorm.DB {
			return g.Model(&tenants.Run{}).Create([]map[string]any{{"id": "n", "store_hash": "bbb"}})
		})},
		{"create without the column", form, done(func(g *gorm.DB) *gorm.DB {
			return g.Omit("store_hash").Create(&tenants.Run{ID: "n"})
		})},
		{"create with chosen columns", form, done(func(g *gorm.DB) *gorm.DB {
			return g.Select("id").Create(&tenants.Run{ID: "n"})
		})},
		{"create in another table", form, done(func(g *gorm.DB) *gorm.DB {
			return g.Table("users").Create(&tenants.Run{ID: "n"})
		})},
		{"insert clause", form, done(func(g *gorm.DB) *gorm.DB {
			return g.Clauses(clause.Insert{Table: clause.Table{Name: "users"}}).Create(&tenants.Run{ID: "n"})
		})},
		{"create another store", other, done(func(g *gorm.DB) *gorm.DB {
			return g.Create(&tenants.Store{Hash: "ccc"})
		})},
		{"upsert on the other's row, all columns", other, done(func(g *gorm.DB) *gorm.DB {
			return g.Clauses(clause.OnConflict{UpdateAll: true}).Create(&tenants.Run{ID: "bbb-run", FlowID: "n"})
		})},
		{"upsert on the other's row", other, done(func(g *gorm.DB) *gorm.DB {
			return g.Clauses(clause.OnConflict{
				Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns([]string{"error", "store_hash"}),
			}).Create([]tenants.Run{{ID: "bbb-run", FlowID: "n", Error: "x"}, {ID: "fresh", FlowID: "n2"}})
		})},
		{"upsert with an or", nil, done(func(g *gorm.DB) *gorm.DB {
			return g.Clauses(clause.OnConflict{
				Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns([]string{"error"}),
				Where: clause.Where{Exprs: []clause.Expression{clause.Or(clause.Expr{SQL: "1 = 1"})}},
			}).Create(&tenants.Run{ID: "bbb-run", FlowID: "n", Error: "x"})
		})},
		{"upsert that gives the row away", other, done(func(g *gorm.DB) *gorm.DB {
			return g.Clauses(clause.OnConflict{
				Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.Assignments(map[string]any{"store_hash": "bbb"}),
			}).Create(&tenants.Run{ID: "aaa-run"})
		})},
		{"upsert that reads elsewhere", form, done(func(g *gorm.DB) *gorm.DB {
			return g.Clauses(clause.OnConflict{
				Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.Assignments(map[string]any{"error": gorm.Expr("(SELECT max(name) FROM stores)")}),
			}).Create(&tenants.Run{ID: "aaa-run"})
		})},
		{"do nothing on the other's row", nil, done(func(g *gorm.DB) *gorm.DB {
			return g.Clauses(clause.OnConflict{DoNothing: true}).Create(&tenants.Run{ID: "bbb-run"})
		})},
		{"delete by the other's id", nil, done(func(g *gorm.DB) *gorm.DB { return g.Delete(&tenants.Run{}, "id = ?", "bbb-run") })},
		{"delete the other's row", nil, done(func(g *gorm.DB) *gorm.DB { return g.Delete(&tenants.Run{ID: "bbb-run", StoreHash: "bbb"}) })},
		{"delete by hash", nil, done(func(g *gorm.DB) *gorm.DB { return g.Where("store_hash = 'bbb'").Delete(&tenants.RunItem{}) })},
		{"delete or", nil, done(func(g *gorm.DB) *gorm.DB {
			return g.Where("key = 'x'").Or("store_hash = ?", "bbb").Delete(&tenants.Record{})
		})},
		{"delete without conditions", gorm.ErrMissingWhereClause, done(func(g *gorm.DB) *gorm.DB { return g.Delete(&tenants.Run{}) })},
		{"delete from a table", form, done(func(g *gorm.DB) *gorm.DB { return g.Table("runs").Where("1 = 1").Delete(nil) })},
		{"delete another store", nil, done(func(g *gorm.DB) *gorm.DB { return g.Delete(&tenants.Store{Hash: "bbb"}) })},
		{"delete returning", nil, func(g *gorm.DB) (any, error) {
			var rows []tenants.UsedToken
			err := g.Clauses(clause.Returning{}).Where("1 = 1").Delete(&rows).Error
			return rows, err
		}},
		{"exec", form, done(func(g *gorm.DB) *gorm.DB { return g.Exec("DELETE FROM runs WHERE store_hash = ?", "bbb") })},
		{"exec hidden behind a savepoint", form, done(func(g *gorm.DB) *gorm.DB { return g.Exec("SAVEPOINT sp1; DELETE FROM runs") })},
		{"drop", form, func(g *gorm.DB) (any, error) { return nil, g.Migrator().DropTable(&tenants.Run{}) }},
		{"nested transactions", nil, func(g *gorm.DB) (any, error) {
			return nil, g.Transaction(func(tx *gorm.DB) error {
				return tx.Transaction(func(tx *gorm.DB) error {
					return tx.Model(&tenants.Run{}).Where("1 = 1").Update("incomplete", true).Error
				})
			})
		}},
	}
}

func ignoreNotFound(err error) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil
	}
	return err
}

func TestStoresCannotMeet(t *testing.T) {
	tenants.AsInProduction(t)
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, bbb := twoStores(t, db)
		before := dump(t, db, "bbb")
		for _, a := range append(reads(), writes()...) {
			t.Run(a.name, func(t *testing.T) {
				undo := errors.New("undo")
				// In a transaction that is undone, so that every attack meets the same rows.
				err := db.Tx(aaa, func(tx *tenants.DB) error {
					got, err := a.try(tx.Scoped(aaa))
					text, _ := json.Marshal(got)
					if strings.Contains(string(text), mark) || strings.Contains(string(text), "bbb") {
						t.Errorf("saw another store's row: %s", text)
					}
					if !errors.Is(err, a.err) || (a.err == nil && err != nil) {
						t.Errorf("error %v, want %v", err, a.err)
					}
					if err != nil && db.Scoped(aaa).Name() == "postgres" {
						return undo // PostgreSQL refuses statements after a failed one
					}
					if diff := cmp.Diff(before, dump(t, tx, "bbb")); diff != "" {
						t.Errorf("changed another store's rows:\n%s", diff)
					}
					return undo
				})
				if !errors.Is(err, undo) {
					t.Fatal(err)
				}
				if diff := cmp.Diff(before, dump(t, db, "bbb")); diff != "" {
					t.Errorf("changed another store's rows:\n%s", diff)
				}
			})
		}
		if _, err := db.Run(bbb, "bbb-run"); err != nil {
			t.Fatal(err) // the store itself still sees its row
		}
	})
}
