package storefront

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mall is two stores in the simulated platform.
type mall struct {
	t       *testing.T
	db      *tenants.DB
	cfg     Config
	ctx     context.Context // of testStore
	sandbox *sandbox.Sandbox
	stores  map[string]*sandbox.Store
	version string // of the script that is current
}

const (
	testStore  = "abc123"
	otherStore = "other1"
)

// clients makes clients of the simulated platform that do not wait between retries.
type clients struct {
	*mall
	http *http.Client
}

func (f clients) Client(ctx context.Context, hash string, count func(bigcommerce.Answer)) (*bigcommerce.Client, error) {
	token, err := f.db.AccessToken(ctx, hash)
	if err != nil {
		return nil, err
	}
	return bigcommerce.New(bigcommerce.Config{
		APIURL: f.sandbox.URLs().API, StoreHash: hash, AccessToken: token, HTTP: f.http, OnRequest: count, Log: f.cfg.Log,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
}

// newMall returns two installed stores. Every scope is granted.
func newMall(t *testing.T) *mall {
	t.Helper()
	m := &mall{t: t, db: tenantstest.NewDB(t), ctx: tenants.WithStore(t.Context(), testStore), stores: map[string]*sandbox.Store{}, version: "v1"}
	s, err := sandbox.New(sandbox.Options{Plan: "enterprise", HookStart: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	m.sandbox = s
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	m.cfg = Config{
		DB: m.db, Clients: clients{m, &http.Client{Transport: transport}}, Now: time.Now,
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
		ScriptTag: func(store string, channelID int64, settings tenants.StorefrontSettings) ScriptTag {
			version := fmt.Sprint(m.version, settings.ConsentCategory, settings.AllowSignIn)
			return ScriptTag{Version: version, HTML: fmt.Sprintf(`<script src="https://app.example.com%s?v=%s" data-channel="%d" data-sign-in="%t" defer></script>`,
				scriptPath(store), m.version, channelID, settings.AllowSignIn)}
		},
		Changed: func(context.Context) {},
		Audit:   func(context.Context, string, string, string) {},
	}
	for _, hash := range []string{testStore, otherStore} {
		m.stores[hash] = s.AddStore(sandbox.StoreSpec{Hash: hash, Name: "Store " + hash})
		m.grant(hash, Scopes...)
	}
	return m
}

// grant installs a store anew with scopes and a token that has no others.
func (m *mall) grant(hash string, scopes ...string) {
	m.t.Helper()
	scopes = append([]string{"store_v2_products"}, scopes...)
	_, err := m.db.UpsertInstalledStore(m.of(hash), tenants.Install{
		StoreHash: hash, AccessToken: m.stores[hash].Token(scopes...), Scopes: strings.Join(scopes, " "), Origin: tenants.OriginMarketplace,
		OwnerID: 1, OwnerEmail: "owner@example.com", UserID: 1, UserEmail: "owner@example.com",
	})
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *mall) of(hash string) context.Context { return tenants.WithStore(m.t.Context(), hash) }

func (m *mall) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// look reads a store's channels and sites, and records them.
func (m *mall) look(hash string) {
	m.t.Helper()
	store, err := m.db.Store(m.t.Context(), hash)
	m.must(err)
	sight, err := New(m.cfg).Look(m.of(hash), store)
	m.must(err)
	m.must(m.db.Tx(m.of(hash), func(tx *tenants.DB) error {
		_, err := sight.Save(m.of(hash), tx)
		return err
	}))
}

// attempt looks after a store's scripts. last: nobody tries again.
func (m *mall) attempt(hash string, last bool) error {
	m.t.Helper()
	store, err := m.db.Store(m.t.Context(), hash)
	m.must(err)
	return New(m.cfg).FixScripts(m.of(hash), store, func(error) bool { return last })
}

func (m *mall) fix(hash string) {
	m.t.Helper()
	m.must(m.attempt(hash, false))
}

// wish asks for a script on a channel.
func (m *mall) wish(ctx context.Context, channelID int64, wanted bool) error {
	return m.db.Tx(ctx, func(tx *tenants.DB) error {
		_, err := WantScript(ctx, tx, channelID, wanted)
		return err
	})
}

func (m *mall) save(settings tenants.StorefrontSettings) error {
	return m.db.Tx(m.ctx, func(tx *tenants.DB) error {
		_, err := SaveSettings(m.ctx, tx, settings)
		return err
	})
}

func (m *mall) renew() error {
	return m.db.Tx(m.ctx, func(tx *tenants.DB) error {
		_, err := RenewScripts(m.ctx, tx)
		return err
	})
}

// sent does something and returns the requests that the store's clients sent meanwhile, oldest
// first.
func (m *mall) sent(hash string, fn func()) []string {
	m.t.Helper()
	before := len(m.stores[hash].Log().Recent())
	fn()
	var calls []string
	for _, r := range m.stores[hash].Log().Recent()[before:] {
		path, _, _ := strings.Cut(r.Path, "?")
		calls = append(calls, r.Method+" "+path)
	}
	return calls
}

func (m *mall) addChannel(hash string, spec sandbox.ChannelSpec) int64 {
	m.t.Helper()
	c, err := m.stores[hash].AddChannel(spec)
	m.must(err)
	return c.ID
}
