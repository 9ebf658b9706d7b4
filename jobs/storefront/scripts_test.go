package storefront

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/internal/sandbox"
	"sluice/tenants"
)

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

// want asks for a script on a channel, and has it seen to.
func (m *mall) want(hash string, channelID int64, wanted bool) {
	m.t.Helper()
	m.must(m.wish(m.of(hash), channelID, wanted))
	m.fix(hash)
}

const (
	listCall   = "GET /v3/content/scripts"
	createCall = "POST /v3/content/scripts"
)

func TestScriptLifecycle(t *testing.T) {
	m := newMall(t)
	two := m.addChannel(testStore, sandbox.ChannelSpec{Name: "Trade"})
	for _, hash := range []string{testStore, otherStore} {
		m.look(hash)
	}
	shop := m.stores[testStore]
	look := func() []string {
		return m.sent(testStore, func() { m.fix(testStore) })
	}
	installed := func(channelID int64) string {
		t.Helper()
		sc := m.script(testStore, channelID)
		if sc.State != tenants.ScriptInstalled || sc.Error != "" || sc.CheckedAt == nil || sc.ScriptUUID == "" || !sc.Wanted {
			t.Errorf("channel %d: %+v", channelID, sc)
		}
		return sc.ScriptUUID
	}
	check := func(what string, calls []string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, calls); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}

	check("nobody wants one", look())
	m.want(testStore, 1, true)
	m.want(otherStore, 1, true)
	check("a second", m.sent(testStore, func() { m.want(testStore, two, true) }), listCall, createCall)
	first, second := installed(1), installed(two)
	var want, got sandbox.Script
	got = shop.Scripts()[0]
	want = got
	want.Name, want.Kind, want.Src, want.AutoUninstall, want.LoadMethod, want.Location = scriptName, "script_tag", "", true, "default", "head"
	want.Visibility, want.ConsentCategory, want.Enabled, want.ChannelID, want.UUID = "storefront", "functional", true, 1, first
	want.HTML = `<script src="https://app.example.com/storefront/abc123/sluice.js?v=v1" data-channel="1" data-sign-in="false" defer></script>`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	check("all is well", look(), listCall)

	// Settings and releases change the script that is there.
	m.must(m.db.SaveIdentityProvider(m.ctx, &tenants.IdentityProvider{Preset: "custom", Issuer: "https://id.example", ClientID: "c", Enabled: true}, nil))
	settings := tenants.StorefrontSettings{ConsentCategory: "essential", AllowSignIn: true}
	m.must(m.save(settings))
	if sc := m.script(testStore, 1); sc.State != tenants.ScriptPending || sc.ScriptUUID != first {
		t.Errorf("after a change of settings: %+v", sc)
	}
	update := func(uuid string) string { return "PUT /v3/content/scripts/" + uuid }
	check("settings", look(), listCall, update(first), update(second))
	m.version = "v2"
	check("a release", look(), listCall, update(first), update(second))
	if sc := shop.Scripts()[1]; sc.ConsentCategory != "essential" || !strings.Contains(sc.HTML, `?v=v2" data-channel="`+fmt.Sprint(two)+`" data-sign-in="true"`) {
		t.Errorf("%+v", sc)
	}
	if sc := m.script(testStore, two); sc.Version != "v2essentialtrue" {
		t.Errorf("%+v", sc)
	}
	settings.CardFields = []tenants.CardField{{Key: "terms", Label: "Terms", Format: "text"}}
	m.must(m.save(settings))
	if sc := m.script(testStore, 1); sc.State != tenants.ScriptInstalled {
		t.Errorf("the card is no part of the script: %+v", sc)
	}

	// Without a provider nobody can be signed in, whatever the settings say.
	m.must(m.db.DeleteIdentityProvider(m.ctx))
	m.must(m.renew())
	check("no provider", look(), listCall, update(first), update(second))
	if sc := shop.Scripts()[1]; !strings.Contains(sc.HTML, `data-sign-in="false"`) {
		t.Errorf("%+v", sc)
	}

	// What a merchant altered or deleted is put right.
	client, err := m.cfg.Clients.Client(t.Context(), testStore, nil)
	m.must(err)
	altered := storefrontScript(two, ScriptTag{HTML: "<script>alert(1)</script>"}, "targeting")
	altered.Name, altered.Enabled = "Mine now", false
	_, err = client.Scripts.Update(t.Context(), second, altered)
	m.must(err)
	if !shop.RemoveScript(first) {
		t.Fatal("the script was not there")
	}
	check("repair", look(), listCall, createCall, update(second))
	if again := installed(1); again == first {
		t.Error("the uuid of the script that was deleted is still known")
	}
	if installed(two) != second {
		t.Error("an altered script became another one")
	}
	check("repaired", look(), listCall)

	// And what is no longer wanted is removed; that it is gone already is fine.
	m.want(testStore, two, false)
	if sc := m.script(testStore, two); sc.State != tenants.ScriptRemoved || sc.ScriptUUID != "" || sc.Wanted {
		t.Errorf("%+v", sc)
	}
	m.must(m.wish(m.ctx, 1, false))
	shop.RemoveScript(m.script(testStore, 1).ScriptUUID)
	check("gone already", look(), listCall)
	if sc := m.script(testStore, 1); sc.State != tenants.ScriptRemoved || len(shop.Scripts()) != 0 {
		t.Errorf("%+v, %d scripts left", sc, len(shop.Scripts()))
	}
	if theirs := m.stores[otherStore].Scripts(); len(theirs) != 1 || !strings.Contains(theirs[0].HTML, "/storefront/other1/") || theirs[0].ConsentCategory != "functional" {
		t.Errorf("the other store's scripts: %+v", theirs)
	}
	if sc := m.script(otherStore, 1); sc.State != tenants.ScriptInstalled {
		t.Errorf("the other store's: %+v", sc)
	}
}

// A create whose answer never came, or whose process ended before it was remembered, is found
// again.
func TestScriptIsCreatedOnce(t *testing.T) {
	t.Run("no answer", func(t *testing.T) {
		m := newMall(t)
		m.look(testStore)
		_, err := m.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultCutAfter, Method: "POST", PathPrefix: "/v3/content/scripts", Times: 1})
		m.must(err)
		m.must(m.wish(m.ctx, 1, true))
		if err := m.attempt(testStore, false); err == nil {
			t.Fatal("a create without an answer is no success")
		}
		if sc := m.script(testStore, 1); sc.State != tenants.ScriptPending || len(m.stores[testStore].Scripts()) != 1 {
			t.Fatalf("%+v, %d scripts", sc, len(m.stores[testStore].Scripts()))
		}
		m.fix(testStore)
		m.adopted(1)
	})
	t.Run("a crash", func(t *testing.T) {
		m := newMall(t)
		m.look(testStore)
		m.want(testStore, 1, true)
		// Nothing of what the job did after BigCommerce's answer is there.
		m.must(m.db.Scoped(m.ctx).Where("1 = 1").Delete(&tenants.StorefrontScript{}).Error)
		m.want(testStore, 1, true)
		m.adopted(1)
	})
	t.Run("two already", func(t *testing.T) {
		m := newMall(t)
		m.look(testStore)
		client, err := m.cfg.Clients.Client(t.Context(), testStore, nil)
		m.must(err)
		m.want(testStore, 1, true)
		keep := m.script(testStore, 1).ScriptUUID
		for range 2 {
			_, err := client.Scripts.Create(t.Context(), storefrontScript(1, m.cfg.ScriptTag(testStore, 1, tenants.StorefrontSettings{}), "functional"))
			m.must(err)
		}
		m.fix(testStore)
		if m.adopted(1) != keep {
			t.Error("another script was kept than the one that is known")
		}
	})
}

// adopted checks that the store has one script, that which is recorded as installed, and returns
// its id.
func (m *mall) adopted(channelID int64) string {
	m.t.Helper()
	scripts, sc := m.stores[testStore].Scripts(), m.script(testStore, channelID)
	if len(scripts) != 1 || sc.State != tenants.ScriptInstalled || sc.ScriptUUID != scripts[0].UUID {
		m.t.Errorf("%d scripts, recorded %+v", len(scripts), sc)
	}
	return sc.ScriptUUID
}

func TestScriptRefusals(t *testing.T) {
	m := newMall(t)
	till := m.addChannel(testStore, sandbox.ChannelSpec{Name: "Till", Type: "pos", Platform: "square"})
	trade := m.addChannel(testStore, sandbox.ChannelSpec{Name: "Trade", Platform: "catalyst"})
	old := m.addChannel(testStore, sandbox.ChannelSpec{Name: "Old shop", Status: "inactive"})
	m.must(m.stores[testStore].SetChannelStatus(old, "archived"))
	m.look(testStore)
	for _, channelID := range []int64{till, old, trade} {
		wantCode(t, m.wish(m.ctx, channelID, true), problem.Conflict)
	}
	wantCode(t, m.wish(m.ctx, 4711, true), problem.NotFound)
	m.must(m.wish(m.ctx, till, false)) // there never was one
	m.grant(testStore, bigcommerce.ScopeChannelsRead)
	err := m.wish(m.ctx, 1, true)
	wantCode(t, err, problem.ScopeMissing)
	if !strings.Contains(problem.MessageOf(err), bigcommerce.ScopeScripts) {
		t.Errorf("%q does not name the scope", problem.MessageOf(err))
	}
	if rows, err := m.db.StorefrontScripts(m.ctx); err != nil || len(rows) != 0 {
		t.Errorf("%v, %v after refusals", rows, err)
	}
}

// What BigCommerce does not let happen is told to the merchant, and is no failure of the job.
func TestScriptFailures(t *testing.T) {
	failed := func(t *testing.T, m *mall, channelID int64, text string) {
		t.Helper()
		if sc := m.script(testStore, channelID); sc.State != tenants.ScriptFailed || !strings.Contains(sc.Error, text) || sc.CheckedAt == nil {
			t.Errorf("%+v, want a failure with %q", sc, text)
		}
	}
	t.Run("the scope was taken away", func(t *testing.T) {
		m := newMall(t)
		m.look(testStore)
		m.want(testStore, 1, true)
		m.grant(testStore, bigcommerce.ScopeChannelsRead)
		if calls := m.sent(testStore, func() { m.fix(testStore) }); len(calls) != 0 {
			t.Errorf("%q without a scope", calls)
		}
		failed(t, m, 1, bigcommerce.ScopeScripts)
		m.grant(testStore, Scopes...)
		m.fix(testStore)
		if sc := m.script(testStore, 1); sc.State != tenants.ScriptInstalled || sc.Error != "" {
			t.Errorf("granted again: %+v", sc)
		}
	})
	t.Run("forbidden", func(t *testing.T) {
		m := newMall(t)
		m.look(testStore)
		_, err := m.db.UpsertInstalledStore(m.ctx, tenants.Install{StoreHash: testStore, AccessToken: m.stores[testStore].Token("store_v2_products"), Origin: tenants.OriginCredentials})
		m.must(err)
		m.want(testStore, 1, true)
		failed(t, m, 1, bigcommerce.ScopeScripts)
	})
	t.Run("no such channel", func(t *testing.T) {
		m := newMall(t)
		m.must(m.db.UpsertChannels(m.ctx, []tenants.Channel{{ChannelID: 77, Name: "Gone", Type: tenants.TypeStorefront, Status: "active"}}))
		m.want(testStore, 77, true)
		failed(t, m, 77, "channel_id")
	})
	t.Run("a headless storefront that got it before Sluice knew", func(t *testing.T) {
		m := newMall(t)
		trade := m.addChannel(testStore, sandbox.ChannelSpec{Name: "Trade", Platform: "catalyst"})
		m.look(testStore)
		m.must(m.db.AcrossStores(m.ctx).Model(&tenants.Channel{}).Where("channel_id = ?", trade).Update("platform", "").Error)
		m.want(testStore, trade, true)
		if sc := m.script(testStore, trade); sc.State != tenants.ScriptInstalled || len(m.stores[testStore].Scripts()) != 1 {
			t.Fatalf("%+v", sc)
		}
		m.look(testStore)
		m.fix(testStore)
		failed(t, m, trade, "current.jwt")
		if left := m.stores[testStore].Scripts(); len(left) != 0 {
			t.Errorf("it stays in the store: %+v", left)
		}
	})
	t.Run("a channel that was closed", func(t *testing.T) {
		m := newMall(t)
		two := m.addChannel(testStore, sandbox.ChannelSpec{Name: "Trade"})
		m.look(testStore)
		m.must(m.wish(m.ctx, two, true))
		m.must(m.stores[testStore].SetChannelStatus(two, "archived"))
		m.look(testStore)
		if calls := m.sent(testStore, func() { m.fix(testStore) }); len(calls) != 1 {
			t.Errorf("%q", calls)
		}
		failed(t, m, two, "Trade is archived")
	})
	t.Run("no room", func(t *testing.T) {
		m := newMall(t)
		var ids []int64
		for i := range bigcommerce.MaxScripts {
			ids = append(ids, m.addChannel(testStore, sandbox.ChannelSpec{Name: fmt.Sprint("Shop ", i)}))
		}
		m.look(testStore)
		for _, id := range ids {
			m.must(m.wish(m.ctx, id, true))
		}
		wantCode(t, m.wish(m.ctx, 1, true), problem.Conflict)
		m.must(m.db.WantStorefrontScript(m.ctx, 1, true)) // as two at once can
		m.fix(testStore)
		last := ids[len(ids)-1]
		failed(t, m, last, "10 scripts")
		if n := len(m.stores[testStore].Scripts()); n != bigcommerce.MaxScripts {
			t.Errorf("%d scripts", n)
		}
		m.want(testStore, ids[0], false) // makes room
		if sc := m.script(testStore, last); sc.State != tenants.ScriptInstalled {
			t.Errorf("%+v", sc)
		}
	})
	t.Run("no answer until nobody tries again", func(t *testing.T) {
		m := newMall(t)
		m.look(testStore)
		_, err := m.sandbox.AddFault(sandbox.Fault{Kind: sandbox.Fault503, PathPrefix: "/v3/content/scripts"})
		m.must(err)
		m.must(m.wish(m.ctx, 1, true))
		if err := m.attempt(testStore, false); err == nil || m.script(testStore, 1).State != tenants.ScriptPending {
			t.Errorf("first attempt: %v, %+v", err, m.script(testStore, 1))
		}
		if err := m.attempt(testStore, true); err == nil {
			t.Error("the last attempt is a success")
		}
		failed(t, m, 1, "did not answer")
	})
}

func wantCode(t *testing.T, err error, code problem.Code) {
	t.Helper()
	if problem.CodeOf(err) != code {
		t.Errorf("%v, want a problem of code %q", err, code)
	}
}
