package tenants_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// schemaOf returns what a database has of a table: columns with their types, and index definitions.
func schemaOf(t *testing.T, g *gorm.DB, table string) (columns map[string]string, indexes []string) {
	t.Helper()
	types, err := g.Migrator().ColumnTypes(table)
	if err != nil {
		t.Fatal(err)
	}
	columns = map[string]string{}
	for _, c := range types {
		text := strings.ToLower(c.DatabaseTypeName())
		if n, ok := c.Length(); ok && n > 0 && text == "varchar" {
			text = fmt.Sprintf("varchar(%d)", n)
		}
		columns[c.Name()] = text
	}
	query := "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
	if g.Name() == "postgres" {
		query = "SELECT indexdef FROM pg_indexes WHERE tablename = ?"
	}
	if err := g.Raw(query, table).Scan(&indexes).Error; err != nil {
		t.Fatal(err)
	}
	slices.Sort(indexes)
	return columns, indexes
}

// TestMigrationsMatchModels makes a second set of tables straight from the models and compares: a
// field, a size or an index that has no migration fails here, as does one that no model has.
func TestMigrationsMatchModels(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		g := db.AcrossStores(t.Context())
		type schema struct {
			Columns map[string]string
			Indexes []string
		}
		migrated := map[string]schema{}
		for _, model := range tenants.AllModels() {
			stmt := &gorm.Statement{DB: g}
			if err := stmt.Parse(model); err != nil {
				t.Fatal(err)
			}
			columns, indexes := schemaOf(t, g, stmt.Schema.Table)
			migrated[stmt.Schema.Table] = schema{columns, indexes}
		}
		for _, model := range tenants.AllModels() {
			if err := g.Migrator().DropTable(model); err != nil {
				t.Fatal(err)
			}
			if err := g.Migrator().CreateTable(model); err != nil {
				t.Fatal(err)
			}
		}
		for table, have := range migrated {
			columns, indexes := schemaOf(t, g, table)
			if diff := cmp.Diff(schema{columns, indexes}, have); diff != "" {
				t.Errorf("table %s: the model (-) and the migrations (+) differ:\n%s", table, diff)
			}
		}
	})
}

// TestColumnTypes pins the types that a wrong tag would silently change.
func TestColumnTypes(t *testing.T) {
	want := map[string]map[string]string{
		"sqlite":   {"stores.access_token": "blob", "snapshot_chunks.data": "blob", "stores.installed_at": "datetime", "runs.step": "integer", "run_items.document": "text", "runs.dry_run": "numeric"},
		"postgres": {"stores.access_token": "bytea", "snapshot_chunks.data": "bytea", "stores.installed_at": "timestamptz", "runs.step": "int8", "run_items.document": "text", "runs.dry_run": "bool"},
	}
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		g := db.AcrossStores(t.Context())
		for name, typ := range want[g.Name()] {
			table, column, _ := strings.Cut(name, ".")
			columns, _ := schemaOf(t, g, table)
			if columns[column] != typ {
				t.Errorf("%s is %s, want %s", name, columns[column], typ)
			}
		}
	})
}

// TestAllModelsIsComplete reads the files of models: a struct with a StoreHash that AllModels
// leaves out would escape the guard and the purge.
func TestAllModelsIsComplete(t *testing.T) {
	want := []string{"Store"}
	inspect := func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, f := range s.Fields.List {
				for _, name := range f.Names {
					if name.Name == "StoreHash" {
						want = append(want, spec.Name.Name)
					}
				}
			}
		}
		return true
	}
	names, err := filepath.Glob("models*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("no files of models: %v", err)
	}
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, inspect)
	}
	var have []string
	for _, m := range tenants.AllModels() {
		have = append(have, reflect.TypeOf(m).Elem().Name())
	}
	slices.Sort(want)
	slices.Sort(have)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Fatalf("the files of models (-) and AllModels (+) differ:\n%s", diff)
	}
}
