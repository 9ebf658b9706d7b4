package jobs

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/internal/sandbox"
	"sluice/internal/testenv"
	"sluice/jobs/queue"
	"sluice/jobs/storefront"
	"sluice/tenants"
)

// mall is an env whose stores are in the simulated platform.
type mall struct {
	*env
	sandbox *sandbox.Sandbox
	stores  map[string]*sandbox.Store
}

const otherStore = "other1"

// storefrontClients makes clients of the simulated platform that do not wait between retries.
type storefrontClients struct {
	ClientFactory // of what these jobs do not ask
	*mall
	http *http.Client
}

func (f storefrontClients) Client(ctx context.Context, hash string, count func(bigcommerce.Answer)) (*bigcommerce.Client, error) {
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
	m := &mall{env: newEnv(t, testenv.EmbeddedRedis(t)), stores: map[string]*sandbox.Store{}}
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
	m.cfg.Clients = storefrontClients{m.cfg.Clients, m, &http.Client{Transport: transport}}
	m.cfg.ScriptTag = func(store string, channelID int64, settings tenants.StorefrontSettings) storefront.ScriptTag {
		version := fmt.Sprint("v1", settings.ConsentCategory, settings.AllowSignIn)
		return storefront.ScriptTag{Version: version, HTML: fmt.Sprintf(`<script src="https://app.example.com/storefront/%s/sluice.js?v=v1" data-channel="%d" data-sign-in="%t" defer></script>`,
			store, channelID, settings.AllowSignIn)}
	}
	m.svc = NewService(m.cfg)
	for _, hash := range []string{testStore, otherStore} {
		m.stores[hash] = s.AddStore(sandbox.StoreSpec{Hash: hash, Name: "Store " + hash})
		m.grant(hash, storefront.Scopes...)
	}
	m.ready()
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

// attempt carries a job of a store out, without the queue. attempts counts those before it.
func (m *mall) attempt(hash, kind string, attempts int) (*job, error) {
	m.t.Helper()
	store, err := m.db.Store(m.t.Context(), hash)
	m.must(err)
	row, err := newStorefrontRow(hash, kind, queue.LaneBulk, time.Now())
	m.must(err)
	row.StoreHash, row.Attempts = hash, attempts
	j := &job{row: row, store: store, log: m.cfg.Log}
	w := NewWorkers(m.cfg)
	return j, w.kinds[kind](m.of(hash), j)
}

func (m *mall) do(hash, kind string) {
	m.t.Helper()
	if _, err := m.attempt(hash, kind, 0); err != nil {
		m.t.Fatal(err)
	}
}

func (m *mall) addChannel(hash string, spec sandbox.ChannelSpec) int64 {
	m.t.Helper()
	c, err := m.stores[hash].AddChannel(spec)
	m.must(err)
	return c.ID
}

// A store's webhooks include those of channels if its scopes let it have them; several in a moment
// are one look, by the worker.
func TestStorefrontWebhooks(t *testing.T) {
	m := newMall(t)
	for i, scope := range []string{scopeChannelCreated, scopeChannelUpdated, scopeChannelUpdated} {
		d := delivery{id: fmt.Sprint("msg_", i), secret: m.cfg.ClientSecret, at: time.Now(),
			body: fmt.Sprintf(`{"scope":%q,"producer":"stores/abc123","data":{"type":"channel","id":7}}`, scope)}
		if w := m.deliver(d); w.Code != http.StatusOK {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
	}
	rows := m.jobRows(testStore)
	if len(rows) != 1 || len(m.events(testStore)) != 3 {
		t.Fatalf("%d jobs and %d events", len(rows), len(m.events(testStore)))
	}
	for _, row := range rows {
		if row.Kind != kindStorefrontChannels || row.Class != queue.ClassStorefront || len(row.ID) > 80 {
			t.Errorf("%+v", row)
		}
	}
	_, err := m.attemptHooks(testStore)
	m.must(err)
	m.grant(otherStore, bigcommerce.ScopeScripts)
	_, err = m.attemptHooks(otherStore)
	m.must(err)
	scopes := func(hash string) []string {
		var list []string
		client, err := m.cfg.Clients.Client(t.Context(), hash, nil)
		m.must(err)
		for h, err := range client.Hooks.List(t.Context()) {
			m.must(err)
			list = append(list, h.Scope)
		}
		slices.Sort(list)
		return list
	}
	if diff := cmp.Diff([]string{scopeAppUninstalled, scopeShelf, scopeChannelCreated, scopeChannelUpdated, scopeStoreUpdated, scopeGoneGood}, scopes(testStore)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{scopeAppUninstalled, scopeStoreUpdated}, scopes(otherStore)); diff != "" {
		t.Error(diff)
	}
}

func (m *mall) attemptHooks(hash string) (*job, error) {
	m.t.Helper()
	row, err := newRow("hooks:"+hash, kindHooksRegister, queue.LaneBulk, time.Now(), struct{}{})
	m.must(err)
	row.StoreHash = hash
	j := &job{row: row, log: m.cfg.Log}
	return j, NewWorkers(m.cfg).doHooksRegister(m.of(hash), j)
}

// What a merchant does goes through the queue: an install, a refresh and a wish, each to its end.
func TestStorefrontThroughTheQueue(t *testing.T) {
	m := newMall(t)
	m.work()
	m.must(m.svc.Installed(t.Context(), testStore))
	testenv.Eventually(t, "channel 1 is known", func() bool {
		channels, err := m.db.Channels(m.ctx)
		return err == nil && len(channels) == 1
	})
	m.must(m.svc.WantScript(m.ctx, 1, true))
	testenv.Eventually(t, "script installed", func() bool { return m.script(testStore, 1).State == tenants.ScriptInstalled })
	two := m.addChannel(testStore, sandbox.ChannelSpec{Name: "Trade"})
	m.must(m.svc.RefreshStorefront(m.ctx))
	testenv.Eventually(t, "the new channel is known", func() bool {
		channels, err := m.db.Channels(m.ctx)
		return err == nil && len(channels) == 2 && channels[1].ChannelID == two
	})
	if n := len(m.stores[testStore].Scripts()); n != 1 {
		t.Errorf("%d scripts", n)
	}
	wantCode(t, m.svc.WantScript(m.ctx, two+1, true), problem.NotFound)
	m.must(m.svc.SaveStorefront(m.ctx, tenants.StorefrontSettings{ConsentCategory: "essential"}))
	testenv.Eventually(t, "the settings are the script's", func() bool { return m.script(testStore, 1).Version == "v1essentialfalse" })
	looked := m.script(testStore, 1).CheckedAt
	m.must(m.svc.RenewScripts(m.ctx))
	testenv.Eventually(t, "the script is looked at again", func() bool {
		sc := m.script(testStore, 1)
		return sc.State == tenants.ScriptInstalled && sc.CheckedAt.After(*looked)
	})
	if actions := m.audited(); !slices.Contains(actions, "storefront.script_installed") {
		t.Errorf("audited %q", actions)
	}
}

func (m *mall) scripts(hash string) []tenants.StorefrontScript {
	m.t.Helper()
	scripts, err := m.db.StorefrontScripts(m.of(hash))
	m.must(err)
	return scripts
}

// script is what is recorded of a channel's script.
func (m *mall) script(hash string, channelID int64) tenants.StorefrontScript {
	m.t.Helper()
	for _, sc := range m.scripts(hash) {
		if sc.ChannelID == channelID {
			return sc
		}
	}
	return tenants.StorefrontScript{}
}

// Jobs at the same time create a script once.
func TestScriptIsCreatedOnceByManyJobs(t *testing.T) {
	m := newMall(t)
	m.do(testStore, kindStorefrontChannels)
	_, err := m.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultLatency, PathPrefix: "/v3/content/scripts", MS: 50})
	m.must(err)
	m.must(m.db.WantStorefrontScript(m.ctx, 1, true))
	for range 6 {
		row, err := newStorefrontRow(testStore, kindStorefrontScripts, queue.LaneInteractive, time.Now())
		m.must(err)
		_, err = insertRow(m.ctx, m.db, row)
		m.must(err)
		m.svc.enqueue(m.ctx, row)
	}
	m.work()
	m.waitIdle()
	if scripts, sc := m.stores[testStore].Scripts(), m.script(testStore, 1); len(scripts) != 1 || sc.State != tenants.ScriptInstalled || sc.ScriptUUID != scripts[0].UUID {
		t.Errorf("%d scripts, recorded %+v", len(scripts), sc)
	}
	creates := 0
	for _, r := range m.stores[testStore].Log().Recent() {
		if r.Method == "POST" {
			creates++
		}
	}
	if creates != 1 {
		t.Errorf("%d creates", creates)
	}
}

// The merchant is told before the job is dead, and not for want of quota.
func TestScriptJobsLastAttempt(t *testing.T) {
	t.Run("no answer until the job is dead", func(t *testing.T) {
		m := newMall(t)
		m.do(testStore, kindStorefrontChannels)
		_, err := m.sandbox.AddFault(sandbox.Fault{Kind: sandbox.Fault503, PathPrefix: "/v3/content/scripts"})
		m.must(err)
		m.must(m.svc.WantScript(m.ctx, 1, true))
		if _, err := m.attempt(testStore, kindStorefrontScripts, 0); err == nil || m.script(testStore, 1).State != tenants.ScriptPending {
			t.Errorf("first attempt: %v, %+v", err, m.script(testStore, 1))
		}
		if _, err := m.attempt(testStore, kindStorefrontScripts, 7); err == nil {
			t.Error("the last attempt is a success")
		}
		if sc := m.script(testStore, 1); sc.State != tenants.ScriptFailed || !strings.Contains(sc.Error, "did not answer") || sc.CheckedAt == nil {
			t.Errorf("%+v", sc)
		}
	})
	t.Run("out of quota on the last attempt", func(t *testing.T) {
		m := newMall(t)
		m.do(testStore, kindStorefrontChannels)
		_, err := m.sandbox.AddFault(sandbox.Fault{Kind: sandbox.Fault429, PathPrefix: "/v3/content/scripts"})
		m.must(err)
		m.must(m.svc.WantScript(m.ctx, 1, true))
		if _, err := m.attempt(testStore, kindStorefrontScripts, 7); err == nil || m.script(testStore, 1).State != tenants.ScriptPending {
			t.Errorf("%v, %+v", err, m.script(testStore, 1))
		}
	})
}

// Clicks in one go are one look, and both stores' looks are their own.
func TestScriptWishesAreCoalesced(t *testing.T) {
	m := newMall(t)
	for range 3 {
		m.addChannel(testStore, sandbox.ChannelSpec{Name: "Shop " + tenants.NewID()})
	}
	for _, hash := range []string{testStore, otherStore} {
		m.do(hash, kindStorefrontChannels)
	}
	channels, err := m.db.Channels(m.ctx)
	m.must(err)
	var clicks sync.WaitGroup
	for _, hash := range []string{testStore, otherStore} {
		clicks.Go(func() {
			for _, c := range channels {
				if hash == testStore || c.ChannelID == 1 {
					if err := m.svc.WantScript(m.of(hash), c.ChannelID, true); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	clicks.Wait()
	for _, hash := range []string{testStore, otherStore} {
		if rows := m.jobRows(hash); len(rows) != 1 {
			t.Errorf("store %s: %d jobs", hash, len(rows))
		}
	}
	m.work()
	for hash, want := range map[string]int{testStore: len(channels), otherStore: 1} {
		testenv.Eventually(t, "scripts installed", func() bool {
			for _, sc := range m.scripts(hash) {
				if sc.State != tenants.ScriptInstalled {
					return false
				}
			}
			return true
		})
		if got := len(m.stores[hash].Scripts()); got != want || len(m.scripts(hash)) != want {
			t.Errorf("store %s: %d scripts and %d recorded, want %d", hash, got, len(m.scripts(hash)), want)
		}
	}
}

func wantCode(t *testing.T, err error, code problem.Code) {
	t.Helper()
	if problem.CodeOf(err) != code {
		t.Errorf("%v, want a problem of code %q", err, code)
	}
}
