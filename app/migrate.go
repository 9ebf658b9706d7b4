package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/caarlos0/env/v11"

	"sluice/internal/database"
	"sluice/tenants"
)

type migrateCommand struct {
	DryRun     bool `help:"List what is missing and change nothing."`
	OldStopped bool `help:"Say that no process of an older version runs any more: needed when a migration renames what they use."`
}

// Run needs the database's address only, so that a release step can do without the other secrets.
func (c *migrateCommand) Run(ctx context.Context) error {
	var cfg struct {
		DatabaseURL string `env:"DATABASE_URL" envDefault:"sqlite:sluice.db"`
	}
	if err := env.Parse(&cfg); err != nil {
		return err
	}
	db, err := database.Open(ctx, cfg.DatabaseURL, newLogger(os.Stderr, 0))
	if err != nil {
		return err
	}
	defer func() { _ = database.Close(db) }()
	pending, err := database.Pending(ctx, db)
	if err != nil {
		return err
	}
	for _, id := range pending {
		fmt.Println(id)
	}
	if len(pending) == 0 {
		fmt.Println("The database is up to date.")
		return nil
	}
	breaks := database.Breaks(pending)
	if breaks {
		fmt.Println("Processes of the older version fail after this: stop them first.")
	}
	if c.DryRun {
		return nil
	}
	if breaks && !c.OldStopped {
		return errors.New("nothing was changed: stop all processes of the older version, then run `sluice migrate --old-stopped`")
	}
	return database.Migrate(ctx, db)
}

// bringUpToDate migrates a SQLite file, which has one process anyway, and refuses to go on with a
// shared database that is behind: that one is migrated by whoever deploys.
func bringUpToDate(ctx context.Context, db *tenants.DB, databaseURL string) error {
	pending, err := db.Pending(ctx)
	if err != nil || len(pending) == 0 {
		return err
	}
	if !strings.HasPrefix(databaseURL, "sqlite:") {
		return errBehind(len(pending))
	}
	return db.Migrate(ctx)
}

func errBehind(n int) error {
	return fmt.Errorf("the database is %d migrations behind: run `sluice migrate` first", n)
}
