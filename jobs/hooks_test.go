package jobs

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/ratelimit"
	"sluice/internal/sandbox"
	"sluice/internal/testenv"
	"sluice/jobs/flow"
	"sluice/jobs/storefront"
	"sluice/tenants"
)

// addByCredentials makes a store one of an API account, as sluice store add does.
func (m *mall) addByCredentials(hash string, a sandbox.APIAccount) {
	m.t.Helper()
	_, err := m.db.UpsertInstalledStore(m.of(hash), tenants.Install{
		StoreHash: hash, AccessToken: a.AccessToken, ClientID: a.ClientID, ClientSecret: a.ClientSecret, Origin: tenants.OriginCredentials,
	})
	m.must(err)
}

// Deliveries of an API account count against its store, since its merchant can sign as many as he
// likes, and not against the address, which BigCommerce delivers for all stores from.
func TestWebhooksOfAnAPIAccountCountAgainstItsStore(t *testing.T) {
	m := newMall(t)
	account, other := m.stores[testStore].APIAccount(), m.stores[otherStore].APIAccount()
	m.addByCredentials(testStore, account)
	m.addByCredentials(otherStore, other)
	now := time.Now()
	limiter := ratelimit.New(nil, ratelimit.Options{Now: func() time.Time { return now }})
	m.svc.cfg.Limiter, m.svc.cfg.StoreRate = limiter, &ratelimit.Limit{Name: "store-rate", Every: time.Minute, Burst: 8}
	m.svc.cfg.Gate = ratelimit.NewGate(limiter, &ratelimit.Limit{Name: "address-rate", Every: time.Minute, Burst: 3})
	send := func(secret, store string) *httptest.ResponseRecorder {
		return m.deliver(delivery{id: tenants.NewID(), secret: secret, body: productDeleted(store, 205), at: time.Now()})
	}
	count := func(secret, store string, want int) (admitted int) {
		t.Helper()
		for range 30 {
			w := send(secret, store)
			if w.Code == want {
				admitted++
			} else if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
				t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
			}
		}
		return admitted
	}
	if n := count(account.ClientSecret, testStore, http.StatusOK); n != 9 { // the first is looked up, and counts by address
		t.Errorf("one store: %d of 30 deliveries were taken, want 9", n)
	}
	if n := len(m.events(testStore)); n != 9 {
		t.Errorf("%d rows", n)
	}
	if n := count(other.ClientSecret, otherStore, http.StatusOK); n != 9 {
		t.Errorf("another store: %d", n)
	}
	if n := count(m.cfg.ClientSecret, testStore, http.StatusOK); n != 30 {
		t.Errorf("the app's: %d", n)
	}
	if n := count("a secret of nobody's", testStore, http.StatusUnauthorized); n != 1 {
		t.Errorf("forged ones: %d came through, what is left of the address' rate is 1", n)
	}
	now = now.Add(time.Hour)
	if n := count(account.ClientSecret, testStore, http.StatusOK); n < 8 {
		t.Errorf("an hour later: %d", n)
	}
}

// A store that was added by an API account has webhooks of that account, signed with its secret,
// which tells of no other store.
func TestWebhooksOfAnAPIAccount(t *testing.T) {
	m := newMall(t)
	account := m.stores[testStore].APIAccount()
	m.addByCredentials(testStore, account)
	r := gin.New()
	m.svc.Register(r)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	m.cfg.AppURL = server.URL
	m.sandbox.SetApp(server.URL+"/auth", "", "", "")
	_, err := m.attemptHooks(testStore)
	m.must(err)
	client, err := m.cfg.Clients.Client(t.Context(), testStore, nil)
	m.must(err)
	store, err := m.db.Store(m.ctx, testStore)
	m.must(err)
	wanted, err := WantedHooks(m.ctx, m.db, store, m.svc.kinds())
	m.must(err)
	report, err := CheckHooks(t.Context(), client, server.URL, wanted)
	m.must(err)
	if diff := cmp.Diff(HookReport{Clients: []string{account.ClientID}}, report); diff != "" {
		t.Error(diff)
	}
	made, err := client.Products.Create(t.Context(), bigcommerce.Fields{"name": "Bolt", "type": "physical", "weight": 1, "price": 1})
	m.must(err)
	id, err := made["id"].(json.Number).Int64()
	m.must(err)
	m.must(client.Products.Delete(t.Context(), []int64{id}))
	m.must(m.sandbox.SettleHooks(t.Context()))
	events := m.events(testStore)
	if len(events) != 1 || events[0].Scope != scopeGoneGood || !strings.Contains(events[0].Body, `"hash":"`+events[0].DeliveryID+`"`) {
		t.Fatalf("%d events: %+v", len(events), events)
	}

	signed := func(secret, store string) int {
		return m.deliver(delivery{id: tenants.NewID(), secret: secret, body: productDeleted(store, 205), at: time.Now()}).Code
	}
	plain := m.stores[otherStore].APIAccount()
	for what, c := range map[string]struct {
		secret, store string
		status        int
	}{
		"of its store":              {account.ClientSecret, testStore, http.StatusOK},
		"the app's":                 {m.cfg.ClientSecret, testStore, http.StatusOK},
		"of another store":          {account.ClientSecret, otherStore, http.StatusUnauthorized},
		"of a store nobody knows":   {account.ClientSecret, "unknown1", http.StatusUnauthorized},
		"another account's":         {plain.ClientSecret, testStore, http.StatusUnauthorized},
		"of a store without secret": {plain.ClientSecret, otherStore, http.StatusUnauthorized},
	} {
		if got := signed(c.secret, c.store); got != c.status {
			t.Errorf("a webhook with the secret %s: status %d, want %d", what, got, c.status)
		}
	}
	if n := len(m.events(otherStore)); n != 0 {
		t.Errorf("%d events of the other store", n)
	}

	// Without the secret there are none, since nobody could tell whose they are.
	plain.ClientSecret = ""
	m.addByCredentials(otherStore, plain)
	_, err = m.attemptHooks(otherStore)
	m.must(err)
	if client, err = m.cfg.Clients.Client(t.Context(), otherStore, nil); err != nil {
		t.Fatal(err)
	}
	if report, err = CheckHooks(t.Context(), client, server.URL, ownHooks); err != nil || len(report.Missing) != len(ownHooks) {
		t.Errorf("%+v, %v", report, err)
	}
	// The secret goes with the token, at an uninstall and when the app is installed instead.
	m.must(m.db.MarkUninstalled(t.Context(), testStore, time.Now().Add(time.Hour)))
	if got := signed(account.ClientSecret, testStore); got != http.StatusUnauthorized {
		t.Errorf("after the store left: status %d", got)
	}
	m.addByCredentials(testStore, account)
	m.grant(testStore, storefront.Scopes...)
	if got := signed(account.ClientSecret, testStore); got != http.StatusUnauthorized {
		t.Errorf("after an install of the app: status %d", got)
	}
}

// What webhooks did not tell of, before they were there and while they were new, is looked at once
// they hear.
func TestWhatNewWebhooksMissed(t *testing.T) {
	m := newMall(t)
	later := func() (rows []*tenants.Job) {
		for _, row := range m.jobRows(testStore) {
			if row.Kind == kindHooksHeard {
				rows = append(rows, &row)
			}
		}
		return rows
	}
	for range 2 { // the second time nothing is missing
		_, err := m.attemptHooks(testStore)
		m.must(err)
		if rows := later(); len(rows) != 1 || time.Until(rows[0].RunAt) < time.Minute {
			t.Fatalf("%d jobs look later: %+v", len(rows), rows)
		}
	}
	records := []tenants.Record{
		{Kind: "products", FlowID: m.flow.ID, Key: "a", TargetID: 205, SourceHash: "h1", State: "ok"},
		{Kind: "products", FlowID: m.flow.ID, Key: "b", TargetID: 206, SourceHash: "h2", State: "ok"},
	}
	for i := range 1200 { // more than one piece
		records = append(records, tenants.Record{Kind: "products", FlowID: m.flow.ID, Key: "k" + tenants.NewID(), TargetID: int64(1000 + i), SourceHash: "h", State: "ok"})
	}
	m.must(m.db.UpsertRecords(m.ctx, records))
	other := m.of(otherStore)
	flow := &tenants.Flow{Kind: "products", Name: "Parts", SnapshotID: tenants.NewID(),
		Mapping: tenants.Mapping{Fields: []tenants.FieldMapping{{Target: "sku", Expression: "PartNum"}}}}
	m.must(m.db.CreateFlow(other, flow))
	m.must(m.db.UpsertRecords(other, []tenants.Record{{FlowID: flow.ID, Key: "a", TargetID: 205, SourceHash: "h1", State: "ok"}}))
	m.must(m.db.SaveReferences(m.ctx, tenants.StoreReferences{Kind: "shelf", Data: []byte("x"), LoadedAt: time.Now()}))

	row := later()[0]
	store, err := m.db.Store(m.ctx, testStore)
	m.must(err)
	m.must(NewWorkers(m.cfg).kinds[row.Kind](m.ctx, &job{row: row, store: store, log: m.cfg.Log}))
	var doubted int64
	m.must(m.db.Scoped(m.ctx).Model(&tenants.Record{}).Where("source_hash = '' AND target_id <> 0").Count(&doubted).Error)
	if doubted != int64(len(records)) {
		t.Errorf("%d of %d records are doubted", doubted, len(records))
	}
	if kept, err := m.db.RecordsByKeys(other, flow.ID, []string{"a"}); err != nil || kept["a"].SourceHash != "h1" {
		t.Errorf("the other store's: %+v, %v", kept, err)
	}
	if refs, err := m.db.References(m.ctx, "shelf", time.Now().Add(-time.Hour)); err != nil || refs != nil {
		t.Errorf("categories: %v, %v", refs, err)
	}
	var kinds []string
	for _, r := range m.jobRows(testStore) {
		if r.Kind != kindHooksHeard {
			kinds = append(kinds, r.Kind)
		}
	}
	slices.Sort(kinds)
	if diff := cmp.Diff([]string{kindStoreRefresh, kindStorefrontChannels}, kinds); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
}

// A delivery that BigCommerce makes twice, under the same webhook-id, counts once; so does one
// event that two of the app's hooks hear of.
func TestARepeatedDeliveryCountsOnce(t *testing.T) {
	m := newMall(t)
	r := gin.New()
	m.svc.Register(r)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	m.cfg.AppURL = server.URL
	m.sandbox.SetApp(server.URL+"/auth", "", "", "")
	m.addByCredentials(testStore, m.stores[testStore].APIAccount())
	_, err := m.attemptHooks(testStore)
	m.must(err)
	client, err := m.cfg.Clients.Client(t.Context(), testStore, nil)
	m.must(err)
	_, err = client.Hooks.Create(t.Context(), bigcommerce.Hook{Scope: "store/product/*", Destination: Destination(server.URL), IsActive: true})
	m.must(err)
	if _, err := m.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultHookDuplicate, PathPrefix: scopeGoneGood}); err != nil {
		t.Fatal(err)
	}
	made, err := client.Products.Create(t.Context(), bigcommerce.Fields{"name": "Bolt", "type": "physical", "weight": 1, "price": 1})
	m.must(err)
	id, err := made["id"].(json.Number).Int64()
	m.must(err)
	m.must(client.Products.Delete(t.Context(), []int64{id}))
	testenv.Eventually(t, "four deliveries of the deletion", func() bool {
		n := 0
		for _, d := range m.stores[testStore].Deliveries() {
			if d.Scope == scopeGoneGood && d.Status == http.StatusOK {
				n++
			}
		}
		return n == 4
	})
	if n := len(m.events(testStore)); n != 1 {
		t.Errorf("%d events", n)
	}
	forgets := 0
	for _, row := range m.jobRows(testStore) {
		if row.Kind == kindEvent {
			forgets++
		}
	}
	if forgets != 1 {
		t.Errorf("%d jobs", forgets)
	}
}

// A kind that the store has not granted the scopes of has no webhooks: its flows do not run.
func TestNoWebhooksWithoutScopes(t *testing.T) {
	m := newMall(t)
	needs := goods
	needs.spec.Scopes = []string{"store_inventory"}
	m.engine.kinds = []flow.Kind{needs}
	for scopes, want := range map[string]bool{"store_v2_products": false, "store_v2_products store_inventory": true} {
		m.grant(testStore, strings.Fields(scopes)...)
		store, err := m.db.Store(m.ctx, testStore)
		m.must(err)
		wanted, err := WantedHooks(m.ctx, m.db, store, m.svc.kinds())
		m.must(err)
		if slices.Contains(wanted, scopeGoneGood) != want || !slices.Contains(wanted, scopeAppUninstalled) {
			t.Errorf("%s: %v", scopes, wanted)
		}
	}
}

// A kind's webhooks are there while the store has a flow of it: they come with the first, and go
// with the last. The app's own stay, and so do those of the same app that are no business of ours.
func TestWebhooksFollowFlows(t *testing.T) {
	m := newMall(t)
	m.addByCredentials(testStore, m.stores[testStore].APIAccount())
	client, err := m.cfg.Clients.Client(t.Context(), testStore, nil)
	m.must(err)
	_, err = client.Hooks.Create(t.Context(), bigcommerce.Hook{Scope: "store/order/created", Destination: Destination(m.cfg.AppURL), IsActive: true})
	m.must(err)
	_, err = client.Hooks.Create(t.Context(), bigcommerce.Hook{Scope: scopeGoneGood, Destination: "https://other.example.com/hooks", IsActive: true})
	m.must(err)
	kept := []string{scopeAppUninstalled, scopeStoreUpdated, scopeChannelCreated, scopeChannelUpdated, "store/order/created", scopeGoneGood + " elsewhere"}
	second := &tenants.Flow{Kind: "products", Name: "More parts"}
	for _, step := range []struct {
		what string
		do   func() error
		job  bool
		want []string
	}{
		{"one flow", func() error { return nil }, true, append([]string{scopeGoneGood, scopeShelf}, kept...)},
		{"two flows", func() error { return m.db.CreateFlow(m.ctx, second) }, false, append([]string{scopeGoneGood, scopeShelf}, kept...)},
		{"one flow again", func() error { return m.db.DeleteFlow(m.ctx, second.ID) }, true, append([]string{scopeGoneGood, scopeShelf}, kept...)},
		{"none", func() error { return m.db.DeleteFlow(m.ctx, m.flow.ID) }, true, kept},
		{"one of a kind without webhooks", func() error { return m.db.CreateFlow(m.ctx, &tenants.Flow{Kind: "stock", Name: "Stock"}) }, true, kept},
		{"a first one", func() error { return m.db.CreateFlow(m.ctx, &tenants.Flow{Kind: "products", Name: "Parts"}) }, true, append([]string{scopeGoneGood, scopeShelf}, kept...)},
	} {
		m.must(step.do())
		m.must(m.db.Scoped(m.ctx).Where("kind = ?", kindHooksRegister).Delete(&tenants.Job{}).Error)
		kind := "products"
		if step.what == "one of a kind without webhooks" {
			kind = "stock"
		}
		m.must(m.svc.FlowsChanged(m.ctx, kind))
		asked := false
		for _, row := range m.jobRows(testStore) {
			asked = asked || row.Kind == kindHooksRegister
		}
		if asked != step.job {
			t.Errorf("%s: the webhooks are looked after: %v", step.what, asked)
		}
		_, err := m.attemptHooks(testStore)
		m.must(err)
		var got []string
		for hook, err := range client.Hooks.List(t.Context()) {
			m.must(err)
			if hook.Destination != Destination(m.cfg.AppURL) {
				hook.Scope += " elsewhere"
			}
			got = append(got, hook.Scope)
		}
		slices.Sort(got)
		slices.Sort(step.want)
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.what, diff)
		}
	}
}

// An install and a first flow, at the same time, each ask for a look at the webhooks. One after the
// other they make each webhook once; beside one another each would make all of them.
func TestWebhooksAreMadeOnce(t *testing.T) {
	m := newMall(t)
	m.addByCredentials(testStore, m.stores[testStore].APIAccount())
	m.must(m.svc.Installed(m.ctx, testStore))
	m.must(m.svc.FlowsChanged(m.ctx, "products"))
	log := m.stores[testStore].Log()
	before := len(log.Recent())
	m.work()
	testenv.Eventually(t, "both looks are done", func() bool {
		done := 0
		for _, row := range m.jobRows(testStore) {
			if row.Kind == kindHooksRegister && row.State == tenants.JobDone {
				done++
			}
		}
		return done == 2
	})
	posts := 0
	for _, r := range log.Recent()[before:] {
		if r.Method == http.MethodPost && strings.Contains(r.Path, "/hooks") {
			posts++
		}
	}
	if want := 6; posts != want { // two of Sluice's own, two of channels, two of the kind
		t.Errorf("%d webhooks were asked for, want %d", posts, want)
	}
}
