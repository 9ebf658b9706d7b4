package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/caarlos0/env/v11"

	"sluice/auth"
	"sluice/internal/bigcommerce"
	"sluice/jobs"
	"sluice/jobs/queue"
	"sluice/tenants"
)

type storeCommand struct {
	Add     storeAddCommand     `cmd:"" help:"Add a store by its store-level API credentials, without an install."`
	List    storeListCommand    `cmd:"" help:"List the stores."`
	Show    storeShowCommand    `cmd:"" help:"Show a store: its state, scopes, users, keys, flows and last runs."`
	Refresh storeRefreshCommand `cmd:"" help:"Register a store's webhooks again, read its settings, and let paused work go on."`
	Remove  storeRemoveCommand  `cmd:"" help:"Take a store out: its token and work at once, its data after a month."`
}

type storeAddCommand struct {
	File   string `help:"The credentials file that BigCommerce downloads." type:"existingfile" xor:"how" placeholder:"FILE"`
	Store  string `help:"The store hash; the access token is then read from standard input." xor:"how" placeholder:"HASH"`
	APIKey string `help:"Also make an API key of this name and print it, once: the store has no control panel entry." placeholder:"NAME"`
	Days   *int   `name:"api-key-days" help:"How many days the API key works; 0 is for ever. Default: 365." placeholder:"DAYS"`
}

// Run checks the credentials against the store before it keeps them. The token is never an
// argument: other users of the machine could read it.
func (c *storeAddCommand) Run(ctx context.Context) error {
	var cfg struct {
		APIURL string `env:"BIGCOMMERCE_API_URL" envDefault:"https://api.bigcommerce.com"`
	}
	if err := env.Parse(&cfg); err != nil {
		return err
	}
	rs, err := loadRedisConfig()
	if err != nil {
		return err
	}
	creds, err := c.credentials()
	if err != nil {
		return err
	}
	client, err := bigcommerce.New(bigcommerce.Config{
		APIURL: cfg.APIURL, StoreHash: creds.StoreHash, AccessToken: creds.AccessToken, UserAgent: userAgent(),
	})
	if err != nil {
		return err
	}
	info, err := client.Store.Get(ctx)
	var unauthorized *bigcommerce.UnauthorizedError
	switch {
	case errors.As(err, &unauthorized):
		return fmt.Errorf("BigCommerce does not accept this access token for store %s: make a new store-level API account and try again", creds.StoreHash)
	case err != nil:
		return fmt.Errorf("the store could not be read with these credentials: %w", err)
	}
	db, err := openForOperator(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if err := c.keep(ctx, db, creds, info, rs); err != nil {
		return err
	}
	fmt.Printf("Added %s (%s).\n", creds.StoreHash, info.Name)
	if creds.ClientSecret == "" {
		fmt.Println("Without the account's client secret its webhooks cannot be verified, so none are registered: " +
			"changes in the store are noticed later. Add it with --file and the file that BigCommerce downloads to have them.")
	}
	return nil
}

func (c *storeAddCommand) credentials() (tenants.Credentials, error) {
	switch {
	case c.File != "":
		f, err := os.Open(c.File)
		if err != nil {
			return tenants.Credentials{}, err
		}
		defer f.Close()
		return tenants.ParseCredentialsFile(f)
	case c.Store != "":
		fmt.Fprintln(os.Stderr, "Paste the access token and end with Enter and Ctrl-D:")
		token, err := io.ReadAll(io.LimitReader(os.Stdin, 1024))
		if err != nil {
			return tenants.Credentials{}, err
		}
		creds := tenants.Credentials{StoreHash: c.Store, AccessToken: strings.TrimSpace(string(token))}
		if creds.AccessToken == "" {
			return creds, errors.New("no access token came on standard input")
		}
		return creds, nil
	default:
		return tenants.Credentials{}, errors.New("give --file, or --store and the token on standard input")
	}
}

func (c *storeAddCommand) keep(ctx context.Context, db *tenants.DB, creds tenants.Credentials, info *bigcommerce.StoreInfo, rs RedisConfig) error {
	ctx = tenants.WithStore(ctx, creds.StoreHash)
	_, err := db.UpsertInstalledStore(ctx, tenants.Install{
		StoreHash: creds.StoreHash, AccessToken: creds.AccessToken, Origin: tenants.OriginCredentials,
		ClientID: creds.ClientID, ClientSecret: creds.ClientSecret,
	})
	if err != nil {
		return err
	}
	err = db.Audit(ctx, tenants.AuditEntry{Actor: "operator", Action: "store.added", Subject: creds.StoreHash, Detail: info.Name})
	if err != nil {
		return err
	}
	// With an embedded Redis the running server has another one: it finds the job rows in SQL.
	log := newLogger(os.Stderr, 8)
	rdb, closeRedis, err := openRedis(ctx, rs, log)
	if err != nil {
		return err
	}
	defer closeRedis()
	service := jobs.NewService(jobs.Config{DB: db, Queue: queue.New(rdb, queue.Options{Shards: rs.RedisShards, Log: log}), Log: log})
	if err := service.Installed(ctx, creds.StoreHash); err != nil {
		return err
	}
	if c.APIKey == "" {
		return nil
	}
	return c.makeKey(ctx, db)
}

func (c *storeAddCommand) makeKey(ctx context.Context, db *tenants.DB) error {
	key, secret, err := auth.CreateAPIKey(ctx, db, "operator", auth.NewAPIKey{Name: c.APIKey, Scopes: auth.KeyScopes(), ExpiresInDays: c.Days})
	if err != nil {
		return err
	}
	fmt.Printf("API key %s (shown this once): %s\n", key.Name, secret)
	if key.ExpiresAt != nil {
		fmt.Printf("It works until %s.\n", day(key.ExpiresAt))
	}
	return nil
}

type storeListCommand struct{}

// Run prints a line a store.
func (c *storeListCommand) Run(ctx context.Context) error {
	db, err := openForOperator(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	stores, err := db.Stores(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "STORE\tNAME\tPLAN\tSTATE\tORIGIN\tINSTALLED")
	for _, s := range stores {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Hash, s.Name, s.PlanName, s.State, s.Origin, s.InstalledAt.Format("2006-01-02"))
	}
	return w.Flush()
}
