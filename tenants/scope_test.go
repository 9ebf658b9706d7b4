package tenants_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// TestNoGrant walks over every model and operation on the bare *gorm.DB: each is refused.
func TestNoGrant(t *testing.T) {
	db := tenantstest.NewDB(t)
	g := db.Gorm().(*gorm.DB)
	ops := map[string]func(model any) error{
		"find":   func(m any) error { return g.Take(m).Error },
		"count":  func(m any) error { var n int64; return g.Model(m).Count(&n).Error },
		"create": func(m any) error { return g.Create(m).Error },
		"save":   func(m any) error { return g.Save(m).Error },
		"update": func(m any) error { return g.Model(m).Where("1 = 1").Updates(map[string]any{"state": "x"}).Error },
		"delete": func(m any) error { return g.Where("1 = 1").Delete(m).Error },
		"rows":   func(m any) error { _, err := g.Model(m).Rows(); return err },
		"raw":    func(m any) error { return g.Raw("SELECT 1").Scan(m).Error },
		"exec":   func(any) error { return g.Exec("DELETE FROM runs").Error },
	}
	for name, op := range ops {
		t.Run(name, func(t *testing.T) {
			for _, model := range tenants.AllModels() {
				func() {
					defer func() {
						if err, ok := recover().(error); !ok || !errors.Is(err, tenants.ErrNoScope) {
							t.Errorf("%T: recovered %v, want a panic with ErrNoScope", model, err)
						}
					}()
					t.Errorf("%T: %v instead of a panic", model, op(model))
				}()
			}
			tenants.AsInProduction(t)
			for _, model := range tenants.AllModels() {
				if err := op(model); !errors.Is(err, tenants.ErrNoScope) {
					t.Errorf("%T: %v, want ErrNoScope", model, err)
				}
			}
		})
	}
}

// TestScopedWithoutStore: a context without a store never sees anything.
func TestScopedWithoutStore(t *testing.T) {
	db := tenantstest.NewDB(t)
	func() {
		defer func() {
			if err, _ := recover().(error); !errors.Is(err, tenants.ErrNoScope) {
				t.Errorf("recovered %v", err)
			}
		}()
		db.Scoped(t.Context())
	}()
	tenants.AsInProduction(t)
	if _, err := db.Users(t.Context()); !errors.Is(err, tenants.ErrNoScope) {
		t.Errorf("read: %v", err)
	}
	if err := db.Audit(t.Context(), tenants.AuditEntry{Actor: "x"}); !errors.Is(err, tenants.ErrNoScope) {
		t.Errorf("write: %v", err)
	}
}

// TestTransactionBegunByHand: gorm's own transactions keep the grant and gain nothing.
func TestTransactionBegunByHand(t *testing.T) {
	tenants.AsInProduction(t)
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, _ := twoStores(t, db)
		before := dump(t, db, "bbb")
		tx := db.Scoped(aaa).Begin()
		var runs []tenants.Run
		if err := tx.Find(&runs).Error; err != nil || len(runs) != 1 {
			t.Fatalf("%d runs, %v", len(runs), err)
		}
		if err := tx.Exec("DELETE FROM runs").Error; !errors.Is(err, tenants.ErrScopeForm) {
			t.Errorf("exec: %v", err)
		}
		if err := tx.Commit().Error; err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, dump(t, db, "bbb")); diff != "" {
			t.Error(diff)
		}
	})
}

// TestScopedIsReusable: a builder kept in a variable does not collect conditions.
func TestScopedIsReusable(t *testing.T) {
	db := tenantstest.NewDB(t)
	aaa, _ := twoStores(t, db)
	g := db.Scoped(aaa)
	for range 2 {
		var none, all []tenants.Run
		if err := errors.Join(g.Where("id = 'x'").Find(&none).Error, g.Find(&all).Error); err != nil {
			t.Fatal(err)
		}
		if len(none) != 0 || len(all) != 1 {
			t.Fatalf("%d and %d rows, want 0 and 1", len(none), len(all))
		}
	}
}

// TestTxUndoesEverything: an error or a panic leaves nothing, a nested failure only its own part.
func TestTxUndoesEverything(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, _ := twoStores(t, db)
		audit := func(tx *tenants.DB, action string) {
			t.Helper()
			if err := tx.Audit(aaa, tenants.AuditEntry{Action: action}); err != nil {
				t.Fatal(err)
			}
		}
		func() {
			defer func() { _ = recover() }()
			_ = db.Tx(aaa, func(tx *tenants.DB) error { audit(tx, "panicked"); panic("now") })
		}()
		failed := errors.New("failed")
		if err := db.Tx(aaa, func(tx *tenants.DB) error { audit(tx, "failed"); return failed }); !errors.Is(err, failed) {
			t.Fatal(err)
		}
		err := db.Tx(aaa, func(tx *tenants.DB) error {
			audit(tx, "outer")
			if err := tx.Tx(aaa, func(tx *tenants.DB) error { audit(tx, "inner"); return failed }); !errors.Is(err, failed) {
				return err
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		entries, _, err := db.AuditLog(aaa, tenants.Page{})
		if err != nil || len(entries) != 1 || entries[0].Action != "outer" {
			t.Fatalf("%v, %v", entries, err)
		}
	})
}

// TestTableNamesAreNoColumns: the guard tells another table by its name, so no column may have it.
func TestTableNamesAreNoColumns(t *testing.T) {
	g := tenantstest.NewDB(t).Gorm().(*gorm.DB)
	tables, columns := map[string]bool{}, map[string]bool{}
	for _, model := range tenants.AllModels() {
		stmt := &gorm.Statement{DB: g}
		if err := stmt.Parse(model); err != nil {
			t.Fatal(err)
		}
		tables[stmt.Schema.Table] = true
		for _, name := range stmt.Schema.DBNames {
			columns[name] = true
		}
	}
	for name := range tables {
		if columns[name] {
			t.Errorf("%s is a table and a column", name)
		}
	}
}
