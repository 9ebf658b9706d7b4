package main

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"sluice/tenants"
	"sluice/tenants/vault"
)

// A start that fails says why, and leaves nothing open.
func TestAssembleSaysWhatIsMissing(t *testing.T) {
	key, err := vault.GenerateKey("k")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"redis is away":    {func(c *Config) { c.RedisURL = "redis://127.0.0.1:1" }, "REDIS_URL: Redis does not answer"},
		"redis address":    {func(c *Config) { c.RedisURL = "http://:secret@x" }, "REDIS_URL"},
		"unknown database": {func(c *Config) { c.DatabaseURL = "mysql://x" }, "DATABASE_URL"},
		"no folder":        {func(c *Config) { c.DatabaseURL = "sqlite:/no/such/folder/x.db" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := &Config{
				ClientID: "id", ClientSecret: "secret", AppURL: "https://x.example", EncryptionKeys: key,
				DatabaseURL: "sqlite:" + filepath.Join(t.TempDir(), "x.db"), LoginURL: "https://login.example", APIURL: "https://api.example",
			}
			test.change(cfg)
			p, err := assemble(t.Context(), cfg, slog.New(slog.DiscardHandler))
			if err == nil {
				p.close()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "secret@") {
				t.Fatalf("it says %q", err)
			}
		})
	}
}

func TestAForeignEncryptionKeyDoesNotStart(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "x.db")
	open := func(id string) *program {
		t.Helper()
		key, err := vault.GenerateKey(id)
		if err != nil {
			t.Fatal(err)
		}
		p, err := assemble(t.Context(), &Config{
			ClientID: "id", ClientSecret: "secret", AppURL: "https://x.example", EncryptionKeys: key, DatabaseURL: url,
		}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.close)
		return p
	}
	first := open("first")
	if err := first.migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := tenants.WithStore(t.Context(), "abc")
	if _, err := first.db.UpsertInstalledStore(ctx, tenants.Install{StoreHash: "abc", AccessToken: "t", Origin: tenants.OriginMarketplace}); err != nil {
		t.Fatal(err)
	}
	serve := &serveCommand{Work: true}
	if _, err := serve.prepare(t.Context(), open("second")); err == nil || !strings.Contains(err.Error(), `sealed with key "first"`) {
		t.Fatalf("a foreign key: %v", err)
	}
}
