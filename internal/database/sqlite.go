package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	// gorm's dialect on modernc.org/sqlite, which is SQLite in Go. gorm.io/driver/sqlite brings the C
	// of mattn/go-sqlite3 into every cgo build, glebarez/sqlite a driver of 2024, and a dialect of our
	// own would repeat this one's migrator, which gorm's own tests check.
	"github.com/libtnb/sqlite"
	"gorm.io/gorm"

	"sluice/internal/problem"
)

// sqliteConns bounds the connections to one SQLite file. Readers never wait for each other or for
// the one writer; the bound keeps the number of writers that poll for the write lock small, and the
// rest queue, in order, for a connection.
const sqliteConns = 8

// temporaries are the directories of in-memory databases, by *sql.DB: Close removes them.
var temporaries sync.Map

func openSQLite(ctx context.Context, path string, config *gorm.Config) (*gorm.DB, error) {
	var temporary string
	if path == ":memory:" {
		// SQLite's shared in-memory databases have no WAL: a reader blocks the writer, which is not
		// how a file behaves. A private file behaves like the real thing.
		dir, err := os.MkdirTemp("", "sluice-*")
		if err != nil {
			return nil, fmt.Errorf("database: %w", err)
		}
		temporary, path = dir, filepath.Join(dir, "sluice.db")
	}
	g, err := openSQLiteFile(ctx, strings.TrimPrefix(path, "//"), temporary != "", config)
	if err != nil {
		if temporary != "" {
			err = errors.Join(err, os.RemoveAll(temporary))
		}
		return nil, err
	}
	if temporary != "" {
		pool, err := g.DB()
		if err != nil {
			return nil, fmt.Errorf("database: %w", err)
		}
		temporaries.Store(pool, temporary)
	}
	return g, nil
}

func openSQLiteFile(ctx context.Context, path string, temporary bool, config *gorm.Config) (*gorm.DB, error) {
	if path == "" {
		return nil, problem.New(problem.Invalid, "DATABASE_URL names no file: write it as sqlite:PATH")
	}
	// Created here and not by SQLite, which would let everyone on the machine read it; the -wal and
	// -shm files inherit the mode.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, problem.Wrap(err, problem.Invalid,
			"The database file %s cannot be opened: check that its directory exists and that Sluice may write there", path)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	pool, err := sql.Open(sqlite.DriverName, sqliteDSN(path, temporary))
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	pool.SetMaxOpenConns(sqliteConns)
	pool.SetMaxIdleConns(sqliteConns)
	if err := pool.PingContext(ctx); err != nil {
		_ = pool.Close()
		return nil, problem.Wrap(err, problem.Unavailable, "The database file %s cannot be used: is it a SQLite database?", path)
	}
	g, err := gorm.Open(sqlite.New(sqlite.Config{Conn: pool}), config)
	if err != nil {
		_ = pool.Close()
		return nil, fmt.Errorf("database: %w", err)
	}
	return g, nil
}

// sqliteDSN is the file's URI with what every connection needs: a writer waits up to 10 s for
// another, a transaction takes the write lock when it begins (so that it never fails half-way
// because someone else wrote in between), and times are UTC text that sorts.
func sqliteDSN(path string, temporary bool) string {
	synchronous := "NORMAL" // with WAL: safe against a crash of the process, consistent after a power loss
	if temporary {
		synchronous = "OFF"
	}
	q := url.Values{
		"_pragma": {
			"busy_timeout(10000)",
			"journal_mode(WAL)",
			"synchronous(" + synchronous + ")",
			"foreign_keys(1)",
			"journal_size_limit(67108864)", // give the space of a large WAL back
		},
		"_txlock":      {"immediate"},
		"_time_format": {"sqlite"},
		"_timezone":    {"UTC"},
		"_texttotime":  {"1"},
		"_dqs":         {"0"}, // a misspelt "column" is an error, not a string
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func removeTemporary(pool *sql.DB) error {
	dir, ok := temporaries.LoadAndDelete(pool)
	if !ok {
		return nil
	}
	return os.RemoveAll(dir.(string))
}
