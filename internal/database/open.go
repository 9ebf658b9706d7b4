package database

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gorm.io/gorm"

	"sluice/internal/problem"
)

// Open connects to the database that url names and checks that it answers:
//
//	postgres://user:password@host:port/name?sslmode=…   also postgresql://; pool_max_conns=N is understood
//	sqlite:PATH                                         the file is created, readable by its owner only
//	sqlite::memory:                                     a private database that is gone after Close
//
// It does not migrate. The url is never part of an error: it may hold a password.
func Open(ctx context.Context, url string, log *slog.Logger) (*gorm.DB, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	config := &gorm.Config{
		Logger:         newLogger(log),
		NowFunc:        Now,
		TranslateError: true,
		// One statement is atomic by itself and our models have no associations: the transaction that
		// gorm would put around each write only adds two round trips. tenants.DB.Tx is for more than one.
		SkipDefaultTransaction: true,
		// PrepareStmt stays off: pgx caches prepared statements per connection by itself, and the
		// multi-row statements of a sync have as many texts as they have sizes.
		DisableForeignKeyConstraintWhenMigrating: true,
	}
	scheme, rest, _ := strings.Cut(url, ":")
	switch scheme {
	case "postgres", "postgresql":
		return openPostgres(ctx, url, config)
	case "sqlite":
		return openSQLite(ctx, rest, config)
	default:
		return nil, problem.New(problem.Invalid, "DATABASE_URL must start with postgres:// or sqlite:")
	}
}

// Close ends all connections of g.
func Close(g *gorm.DB) error {
	pool, err := g.DB()
	if err != nil {
		return fmt.Errorf("database: close: %w", err)
	}
	if err := pool.Close(); err != nil {
		return fmt.Errorf("database: close: %w", err)
	}
	return removeTemporary(pool)
}

// Now is the time as both databases keep it: UTC, whole microseconds (PostgreSQL has no finer).
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
