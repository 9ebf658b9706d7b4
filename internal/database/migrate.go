package database

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"

	"sluice/internal/problem"
)

// migrations in the order in which they run. Never change one that was released: add another.
func migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{
		{ID: "0001_initial", Migrate: migrate0001},
		{ID: "0002_schedules", Migrate: migrate0002},
		{ID: "0003_quota_minutes", Migrate: migrate0003},
		{ID: "0004_job_attempts", Migrate: migrate0004},
		{ID: "0005_jobs_paging", Migrate: migrate0005},
		{ID: "0006_identity", Migrate: migrate0006},
		{ID: "0007_memory", Migrate: migrate0007},
		{ID: "0008_one_subject", Migrate: migrate0008},
		{ID: "0010_verified_email", Migrate: migrate0010},
		{ID: "0011_traces", Migrate: migrate0011},
		{ID: "0012_identity_strangers", Migrate: migrate0012},
		{ID: "0013_access", Migrate: migrate0013},
		{ID: "0014_limits", Migrate: migrate0014},
		{ID: "0015_surface", Migrate: migrate0015},
		{ID: "0017_cleaned_values", Migrate: migrate0017},
		{ID: "0018_api_accounts", Migrate: migrate0018},
		{ID: "0019_provenance", Migrate: migrate0019},
		{ID: "0020_kinds", Migrate: migrate0020},
		{ID: "0021_questions", Migrate: migrate0021},
		{ID: "0022_events", Migrate: migrate0022},
		{ID: "0023_compare", Migrate: migrate0023},
		{ID: "0024_causes", Migrate: migrate0024},
		{ID: "0025_flows_off", Migrate: migrate0025},
		{ID: "0026_attention", Migrate: migrate0026},
		{ID: "0030_rows", Migrate: migrate0030},
		{ID: "0033_values", Migrate: migrate0033},
		{ID: "0035_skipped", Migrate: migrate0035},
		{ID: "0036_notes", Migrate: migrate0036},
		{ID: "0031_vanished", Migrate: migrate0031},
	}
}

// breaking are the migrations after which processes of older versions fail: they rename or take
// away. All others only add.
var breaking = map[string]bool{"0020_kinds": true}

// Breaks reports whether one of the pending migrations makes processes of the version that the
// database has fail. A new database has no such processes.
func Breaks(pending []string) bool {
	return !slices.Contains(pending, migrations()[0].ID) && slices.ContainsFunc(pending, func(id string) bool { return breaking[id] })
}

var options = gormigrate.Options{
	TableName:                 "migrations",
	IDColumnName:              "id",
	IDColumnSize:              255,
	ValidateUnknownMigrations: true,
}

// migrateLock is the PostgreSQL advisory lock of a migration: any number of our own, the same in
// every version.
const migrateLock = 0x51_15CE

// Migrate runs the migrations that did not run yet, all or none. Processes that call it at the same
// time wait for one another.
func Migrate(ctx context.Context, g *gorm.DB) error {
	return migrate(ctx, g, (*gormigrate.Gormigrate).Migrate)
}

// MigrateTo is Migrate up to the migration id, such as "0001_initial", and no further: it makes the
// database of an older version, from which an upgrade can be rehearsed. An id that does not exist
// is an error.
func MigrateTo(ctx context.Context, g *gorm.DB, id string) error {
	return migrate(ctx, g, func(m *gormigrate.Gormigrate) error { return m.MigrateTo(id) })
}

func migrate(ctx context.Context, g *gorm.DB, run func(*gormigrate.Gormigrate) error) error {
	err := g.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		// SQLite's transactions begin with the write lock already (see sqliteDSN).
		if tx.Name() == "postgres" {
			if err := tx.Exec("SELECT pg_advisory_xact_lock(?)", migrateLock).Error; err != nil {
				return err
			}
		}
		return run(gormigrate.New(tx, &options, migrations()))
	})
	if errors.Is(err, gormigrate.ErrUnknownPastMigration) {
		return problem.Wrap(err, problem.Conflict, "The database was migrated by a newer version of Sluice: run that version, or restore a backup from before it")
	}
	if err != nil {
		return fmt.Errorf("database: migrate: %w", err)
	}
	return nil
}

// Pending returns the ids of the migrations that did not run yet, in order.
func Pending(ctx context.Context, g *gorm.DB) ([]string, error) {
	g = g.WithContext(ctx)
	var done []string
	// Asked first: HasTable says no when it gets no answer.
	if err := g.Exec("SELECT 1").Error; err != nil {
		return nil, fmt.Errorf("database: pending migrations: %w", err)
	}
	if g.Migrator().HasTable(options.TableName) {
		if err := g.Table(options.TableName).Pluck(options.IDColumnName, &done).Error; err != nil {
			return nil, fmt.Errorf("database: pending migrations: %w", err)
		}
	}
	ran := map[string]bool{}
	for _, id := range done {
		ran[id] = true
	}
	var pending []string
	for _, m := range migrations() {
		if !ran[m.ID] {
			pending = append(pending, m.ID)
		}
	}
	return pending, nil
}
