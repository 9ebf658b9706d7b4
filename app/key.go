package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/caarlos0/env/v11"

	"sluice/tenants"
	"sluice/tenants/vault"
)

type keyCommand struct {
	New    keyNewCommand    `cmd:"" help:"Print a new encryption key for ENCRYPTION_KEYS."`
	Rotate keyRotateCommand `cmd:"" help:"Seal every stored secret anew with the first key of ENCRYPTION_KEYS."`
}

type keyNewCommand struct {
	ID string `arg:"" optional:"" help:"The key's id; today's date when left out."`
}

// Run prints "id:key".
func (c *keyNewCommand) Run() error {
	id := c.ID
	if id == "" {
		id = time.Now().UTC().Format("20060102")
	}
	key, err := vault.GenerateKey(id)
	if err != nil {
		return err
	}
	fmt.Println(key)
	return nil
}

type keyRotateCommand struct{}

// Run may be repeated, and stopped half-way, at will.
func (c *keyRotateCommand) Run(ctx context.Context) error {
	db, err := openForOperator(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	n, err := db.RotateKeys(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%d secrets are sealed with key %s now. Older keys may leave ENCRYPTION_KEYS.\n", n, db.Vault().Current())
	return nil
}

// openForOperator opens the database for commands that need no BigCommerce app.
func openForOperator(ctx context.Context) (*tenants.DB, error) {
	var cfg struct {
		DatabaseURL    string `env:"DATABASE_URL" envDefault:"sqlite:sluice.db"`
		EncryptionKeys string `env:"ENCRYPTION_KEYS"`
	}
	if err := env.Parse(&cfg); err != nil {
		return nil, err
	}
	if cfg.EncryptionKeys == "" {
		return nil, errors.New("ENCRYPTION_KEYS: is required: give the keys that the server has; `sluice key new` makes the first")
	}
	db, err := tenants.Open(ctx, cfg.DatabaseURL, cfg.EncryptionKeys, newLogger(os.Stderr, 0))
	if err != nil {
		return nil, err
	}
	if err := bringUpToDate(ctx, db, cfg.DatabaseURL); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}
