package jobs

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/internal/sandbox"
	"sluice/internal/testenv"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// mall is an env whose stores are in the simulated platform.
type mall struct {
	*env
	sandbox *sandbox.Sandbox
	stores  map[string]*sandbox.Store
	version string // of the script that is current
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
	m := &mall{env: newEnv(t, testenv.EmbeddedRedis(t)), stores: map[string]*sandbox.Store{}, version: "v1"}
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
	m.cfg.ScriptTag = func(store string, channelID int64, settings tenants.StorefrontSettings) ScriptTag {
		version := fmt.Sprint(m.version, settings.ConsentCategory, settings.AllowSignIn)
		return ScriptTag{Version: version, HTML: fmt.Sprintf(`<script src="https://app.example.com%s?v=%s" data-channel="%d" data-sign-in="%t" defer></script>`,
			scriptPath(store), m.version, channelID, settings.AllowSignIn)}
	}
	m.svc = NewService(m.cfg)
	for _, hash := range []string{testStore, otherStore} {
		m.stores[hash] = s.AddStore(sandbox.StoreSpec{Hash: hash, Name: "Store " + hash})
		m.grant(hash, StorefrontScopes...)
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

// channelLines tells a store's channels and origins, one a line.
func (m *mall) channelLines(hash string) string {
	m.t.Helper()
	channels, err := m.db.Channels(m.of(hash))
	m.must(err)
	origins, err := m.db.ChannelOrigins(m.of(hash))
	m.must(err)
	var b strings.Builder
	for _, c := range channels {
		fmt.Fprintf(&b, "%d %s %s %s %s:", c.ChannelID, c.Name, c.Type, c.Status, c.SiteURL)
		for _, o := range origins {
			if o.ChannelID == c.ChannelID {
				b.WriteString(" " + o.Origin)
			}
		}
		b.WriteByte('\n')
	}
	return strings.TrimSpace(b.String())
}

func (m *mall) addChannel(hash string, spec sandbox.ChannelSpec) int64 {
	m.t.Helper()
	c, err := m.stores[hash].AddChannel(spec)
	m.must(err)
	return c.ID
}

func TestStorefrontChannels(t *testing.T) {
	m := newMall(t)
	two := m.addChannel(testStore, sandbox.ChannelSpec{Name: "Trade", Platform: "catalyst", URL: "http://Trade.Example.com/"})
	three := m.addChannel(testStore, sandbox.ChannelSpec{Name: "Till", Type: "pos", Platform: "square"})
	other := m.addChannel(otherStore, sandbox.ChannelSpec{Name: "Theirs", Platform: "custom", URL: "https://theirs.example:8443"})
	for _, hash := range []string{testStore, otherStore} {
		m.do(hash, kindStorefrontChannels)
	}
	own := m.channelLines(testStore)
	at := func(hash string, channel int64) string { return m.stores[hash].StorefrontURL(channel) }
	ownWant := fmt.Sprintf("1 Store abc123 storefront active %[3]s: %[3]s\n"+
		"%[1]d Trade storefront active https://trade.example.com: %[4]s https://trade.example.com\n"+
		"%[2]d Till pos connected :", two, three, at(testStore, 1), at(testStore, two))
	if diff := cmp.Diff(ownWant, own); diff != "" {
		t.Error(diff)
	}
	theirs := fmt.Sprintf("1 Store other1 storefront active %[2]s: %[2]s\n"+
		"%[1]d Theirs storefront active https://theirs.example:8443: %[3]s https://theirs.example:8443", other, at(otherStore, 1), at(otherStore, other))
	if diff := cmp.Diff(theirs, m.channelLines(otherStore)); diff != "" {
		t.Error(diff)
	}

	// What the merchant changes is found by the next look; a channel that is not in use loses its
	// origins.
	m.must(m.stores[testStore].SetSite(1, "https://shop.example.com"))
	m.must(m.stores[testStore].SetChannelStatus(two, "archived"))
	m.do(testStore, kindStorefrontChannels)
	ownWant = fmt.Sprintf("1 Store abc123 storefront active https://shop.example.com: %s https://shop.example.com\n"+
		"%d Trade storefront archived https://trade.example.com:\n%d Till pos connected :", at(testStore, 1), two, three)
	if diff := cmp.Diff(ownWant, m.channelLines(testStore)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(theirs, m.channelLines(otherStore)); diff != "" {
		t.Errorf("the other store: %s", diff)
	}

	// Without a scope nothing is asked for that it would take, and what is known stays.
	m.grant(testStore, bigcommerce.ScopeChannelsRead)
	m.must(m.stores[testStore].SetChannelStatus(two, "active"))
	calls := m.sent(testStore, func() { m.do(testStore, kindStorefrontChannels) })
	if diff := cmp.Diff([]string{"GET /v3/channels"}, calls); diff != "" {
		t.Error(diff)
	}
	ownWant = fmt.Sprintf("1 Store abc123 storefront active https://shop.example.com: %s https://shop.example.com\n"+
		"%d Trade storefront active https://trade.example.com:\n%d Till pos connected :", at(testStore, 1), two, three)
	if diff := cmp.Diff(ownWant, m.channelLines(testStore)); diff != "" {
		t.Error(diff)
	}
}

// A store that grants nothing of storefronts still has its own one.
func TestStorefrontChannelsWithoutScopes(t *testing.T) {
	m := newMall(t)
	m.grant(testStore)
	m.must(m.db.SetStoreInfo(t.Context(), testStore, tenants.StoreInfo{Name: "Parts Ltd", SecureURL: "https://parts.example/"}))
	store, err := m.db.Store(t.Context(), testStore)
	m.must(err)
	if diff := cmp.Diff(StorefrontScopes, store.MissingScopes(StorefrontScopes...)); diff != "" {
		t.Error(diff)
	}
	calls := m.sent(testStore, func() { m.do(testStore, kindStorefrontChannels) })
	const want = "1 Parts Ltd storefront active https://parts.example: https://parts.example"
	if got := m.channelLines(testStore); got != want || len(calls) != 0 {
		t.Errorf("%q after %q", got, calls)
	}

	// Store-level credentials do not say what they grant: BigCommerce's no is taken for an answer.
	_, err = m.db.UpsertInstalledStore(m.ctx, tenants.Install{StoreHash: testStore, AccessToken: m.stores[testStore].Token("store_v2_products"), Origin: tenants.OriginCredentials})
	m.must(err)
	calls = m.sent(testStore, func() { m.do(testStore, kindStorefrontChannels) })
	if diff := cmp.Diff([]string{"GET /v3/channels", "GET /v3/sites"}, calls); diff != "" {
		t.Error(diff)
	}
	if got := m.channelLines(testStore); got != want {
		t.Errorf("%q", got)
	}
	if store, err = m.db.Store(t.Context(), testStore); err != nil || store.State != tenants.StoreActive {
		t.Errorf("store %+v, %v", store, err)
	}
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
}

func wantCode(t *testing.T, err error, code problem.Code) {
	t.Helper()
	if problem.CodeOf(err) != code {
		t.Errorf("%v, want a problem of code %q", err, code)
	}
}
