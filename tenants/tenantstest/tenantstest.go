package tenantstest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"sluice/internal/testenv"
	"sluice/tenants"
)

// Keys is what NewDB gives the vault. It protects nothing.
const Keys = "test:c2x1aWNlLXRlc3Qta2V5LW9mLTMyLWJ5dGVzLWxvbmc="

// sqliteTemplate is the file of a migrated, empty SQLite database, made once a process: a copy of
// it costs less than a migration.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "tenantstest-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "sluice.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// postgresTemplate is the same for PostgreSQL.
var postgresTemplate = testenv.PostgresTemplate{Fill: migrate}

// migrate migrates the empty database at url and closes it, which also brings SQLite's write-ahead
// log home.
func migrate(url string) error {
	db, err := tenants.Open(context.Background(), url, Keys, nil)
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(context.Background()), db.Close())
}

// NewDB returns a migrated, empty SQLite database of its own, closed when the test ends.
func NewDB(t testing.TB) *tenants.DB {
	t.Helper()
	db, _ := NewDBAt(t)
	return db
}

// NewDBAt is NewDB that also tells the database's URL, for tests that open it again.
func NewDBAt(t testing.TB) (db *tenants.DB, url string) {
	t.Helper()
	empty, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "sluice.db")
	if err := os.WriteFile(path, empty, 0o600); err != nil {
		t.Fatal(err)
	}
	url = "sqlite:" + path
	return Open(t, url), url
}

// NewPostgres returns a migrated, empty PostgreSQL database of its own, closed when the test ends;
// ok is false when PostgreSQL is not installed (see testenv).
func NewPostgres(t testing.TB) (db *tenants.DB, ok bool) {
	t.Helper()
	db, _, ok = NewPostgresAt(t)
	return db, ok
}

// NewPostgresAt is NewPostgres that also tells the database's URL, for tests that open it again.
func NewPostgresAt(t testing.TB) (db *tenants.DB, url string, ok bool) {
	t.Helper()
	if url, ok = postgresTemplate.Copy(t); !ok {
		return nil, "", false
	}
	return Open(t, url), url, true
}

// Open opens the database at url with Keys, closed when the test ends. It does not migrate.
func Open(t testing.TB, url string) *tenants.DB {
	t.Helper()
	db, err := tenants.Open(t.Context(), url, Keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// EachDB runs fn as a subtest on SQLite, and on PostgreSQL where it is installed (see testenv),
// each time with a migrated, empty database.
func EachDB(t *testing.T, fn func(t *testing.T, db *tenants.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, NewDB(t)) })
	t.Run("postgres", func(t *testing.T) {
		db, ok := NewPostgres(t)
		if !ok {
			t.Skip("PostgreSQL is not installed")
		}
		fn(t, db)
	})
}

// AnyDB returns a migrated, empty database of its own, closed when the test ends: PostgreSQL where it
// is installed (see testenv), else SQLite. It is for what is the same on both and takes long: with
// the race detector SQLite, which is Go, is the slower one by far.
func AnyDB(t testing.TB) *tenants.DB {
	t.Helper()
	if db, ok := NewPostgres(t); ok {
		return db
	}
	return NewDB(t)
}

// OneDB runs fn on PostgreSQL where it is installed (see testenv), else on SQLite: for what is slow
// and was proved on both elsewhere.
func OneDB(t *testing.T, fn func(t *testing.T, db *tenants.DB)) {
	t.Helper()
	fn(t, AnyDB(t))
}
