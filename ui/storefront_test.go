package ui

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/testenv"
	"sluice/jobs"
	"sluice/jobs/queue"
	"sluice/tenants"

	"github.com/redis/go-redis/v9"
)

// withJobs puts the real service behind the panel; nobody works on its jobs.
func (p *panel) withJobs() {
	p.t.Helper()
	o, err := redis.ParseURL(testenv.EmbeddedRedis(p.t))
	if err != nil {
		p.t.Fatal(err)
	}
	rdb := redis.NewClient(o)
	p.t.Cleanup(func() { _ = rdb.Close() })
	p.api.cfg.Jobs = jobs.NewService(jobs.Config{DB: p.db, Queue: queue.New(rdb, queue.Options{}), Now: p.clock.Now})
}

// kinds returns the kinds of a store's jobs.
func (p *panel) kinds(store string) []string {
	p.t.Helper()
	var kinds []string
	if err := p.db.Scoped(p.ctx(store)).Model(&tenants.Job{}).Order("kind").Pluck("kind", &kinds).Error; err != nil {
		p.t.Fatal(err)
	}
	return kinds
}

func TestStorefront(t *testing.T) {
	p := newPanel(t)
	p.withJobs()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	a := p.ctx(storeA)
	_, err := p.db.UpsertInstalledStore(a, tenants.Install{StoreHash: storeA, AccessToken: "t", Origin: tenants.OriginMarketplace,
		Scopes: "store_v2_products store_channel_settings store_v2_content store_v2_customers_login store_v2_customers"})
	must(err)
	must(p.db.UpsertChannels(a, []tenants.Channel{
		{ChannelID: 77, Name: "Shop", Type: "storefront", Platform: "bigcommerce", Status: "active", SiteURL: "https://shop.example"},
		{ChannelID: 2, Name: "Till", Type: "pos", Platform: "square", Status: "connected"},
		{ChannelID: 3, Name: "Old", Type: "storefront", Platform: "bigcommerce", Status: "deleted"},
		{ChannelID: 4, Name: "Trade", Type: "storefront", Platform: "catalyst", Status: "prelaunch"},
	}))
	must(p.db.ReplaceChannelOrigins(a, 77, []string{"https://shop.example", "https://store-aaa111.mybigcommerce.com"}))
	must(p.db.PutAccounts(a, []tenants.Account{{ExternalID: "C1", Fields: map[string]string{"terms": "30 days", "limit": "5000"}}, {ExternalID: "C2", Fields: map[string]string{"tier": "A"}}}))
	token := p.open(storeA, 1)
	var got storefrontView
	p.call("GET", "/storefront", token, nil, http.StatusOK, &got)
	tag := scriptTag(storeA, 1, tenants.StorefrontSettings{})
	none := scriptView{State: tenants.ScriptRemoved}
	want := storefrontView{
		Settings: tenants.StorefrontSettings{CardFields: []tenants.CardField{}, ConsentCategory: "functional"},
		Channels: []channelView{
			{4, "Trade", "storefront", "catalyst", "prelaunch", "", []string{}, none},
			{77, "Shop", "storefront", "bigcommerce", "active", "https://shop.example", []string{"https://shop.example", "https://store-aaa111.mybigcommerce.com"}, none},
		},
		MissingScopes: []string{"store_sites_read_only"}, ScopeHelp: got.ScopeHelp,
		Script:    scriptFileView{tag.URL, tag.Integrity, tag.Gzip},
		SSO:       ssoView{"https://sluice.example/sso/aaa111/login", "https://sluice.example/sso/aaa111/logout", "https://sluice.example/sso/aaa111/callback"},
		FieldKeys: []string{"limit", "terms", "tier"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if help := got.ScopeHelp["store_sites_read_only"]; len(got.ScopeHelp) != 1 || !strings.Contains(help, "channels' addresses") || !strings.Contains(help, "control panel") {
		t.Errorf("help %q", got.ScopeHelp)
	}

	// The script is pending until a job was there, and current as long as it is what would be
	// installed.
	p.call("PUT", "/storefront/channels/77/script", token, map[string]bool{"wanted": true}, http.StatusOK, &got)
	if s := got.Channels[1].Script; s.State != tenants.ScriptPending || !s.Wanted || s.VersionCurrent {
		t.Errorf("%+v", s)
	}
	now := p.clock.Now()
	must(p.db.PutStorefrontScript(a, tenants.StorefrontScript{ChannelID: 77, Wanted: true, ScriptUUID: "u", State: tenants.ScriptInstalled, CheckedAt: &now,
		Version: scriptTag(storeA, 77, tenants.StorefrontSettings{ConsentCategory: "functional"}).Version}))
	p.call("GET", "/storefront", token, nil, http.StatusOK, &got)
	if s := got.Channels[1].Script; s.State != tenants.ScriptInstalled || !s.VersionCurrent || s.CheckedAt == nil || !s.CheckedAt.Equal(now) {
		t.Errorf("%+v", s)
	}
	fields := []tenants.CardField{{Key: "terms", Label: "Terms", Format: "text"}}
	p.call("PUT", "/storefront", token, map[string]any{"card_fields": fields, "consent_category": "essential", "allow_sign_in": true}, http.StatusOK, &got)
	if s := got.Channels[1].Script; s.State != tenants.ScriptPending || s.VersionCurrent {
		t.Errorf("%+v", s)
	}
	if diff := cmp.Diff(tenants.StorefrontSettings{CardFields: fields, ConsentCategory: "essential", AllowSignIn: true, UpdatedAt: got.Settings.UpdatedAt}, got.Settings); diff != "" {
		t.Error(diff)
	}
	if w := p.do("POST", Prefix+"/storefront/channels/refresh", token, ""); w.Code != http.StatusAccepted {
		t.Errorf("refresh: %d %s", w.Code, w.Body)
	}
	if diff := cmp.Diff([]string{"storefront.channels", "storefront.scripts"}, p.kinds(storeA)); diff != "" {
		t.Error(diff)
	}

	// The other store has none of it, and may not touch it.
	other := p.open(storeB, 1)
	p.call("GET", "/storefront", other, nil, http.StatusOK, &got)
	if len(got.Channels) != 0 || len(got.FieldKeys) != 0 || len(got.Settings.CardFields) != 0 || strings.Contains(got.Script.URL, storeA) || strings.Contains(got.SSO.LoginURL, storeA) {
		t.Errorf("the other store sees %+v", got)
	}
	if w := p.do("PUT", Prefix+"/storefront/channels/77/script", other, `{"wanted":false}`); w.Code != http.StatusNotFound {
		t.Errorf("the other store: %d %s", w.Code, w.Body)
	}
	if len(p.kinds(storeB)) != 0 {
		t.Errorf("the other store's jobs: %q", p.kinds(storeB))
	}
	scripts, err := p.db.StorefrontScripts(a)
	if must(err); len(scripts) != 1 || !scripts[0].Wanted {
		t.Errorf("%+v", scripts)
	}

	entries, _, err := p.db.AuditLog(a, tenants.Page{Limit: 50})
	must(err)
	var actions []string
	for _, e := range entries {
		if strings.HasPrefix(e.Action, "storefront.") && strings.HasPrefix(e.Actor, "user:") {
			actions = append(actions, e.Action)
		}
	}
	slices.Sort(actions)
	if diff := cmp.Diff([]string{"storefront.script_wanted", "storefront.settings_changed"}, actions); diff != "" {
		t.Error(diff)
	}
}

func TestStorefrontRefusals(t *testing.T) {
	p := newPanel(t)
	p.withJobs()
	if err := p.db.UpsertChannels(p.ctx(storeA), []tenants.Channel{{ChannelID: 1, Name: "Shop", Type: "storefront", Status: "active"}}); err != nil {
		t.Fatal(err)
	}
	token := p.open(storeA, 1)
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"PUT", "/storefront", `{"card_fields":[],"consent_category":"all"}`, 422, `"field":"consent_category"`},
		{"PUT", "/storefront", `{"card_fields":[{"key":"a b","label":"","format":"x"}],"consent_category":"essential"}`, 422, `"field":"card_fields.0.format"`},
		{"PUT", "/storefront", `{"consent":"essential"}`, 422, `unknown field`},
		{"PUT", "/storefront/channels/1/script", `{"wanted":true}`, 409, `"code":"scope_missing"`},
		{"PUT", "/storefront/channels/1/script", `{}`, 422, `"field":"wanted"`},
		{"PUT", "/storefront/channels/x/script", `{"wanted":true}`, 404, `"code":"not_found"`},
		{"PUT", "/storefront/channels/78/script", `{"wanted":true}`, 404, `"code":"not_found"`},
		{"POST", "/storefront/preview", `{"card_fields":[]}`, 422, "external_id, customer_id and email"},
		{"POST", "/storefront/preview", `{"card_fields":[],"email":"a@b.example","customer_id":7}`, 422, "external_id, customer_id and email"},
		{"POST", "/storefront/preview", `{"card_fields":[{"key":""}],"email":"a@b.example"}`, 422, `"field":"card_fields.0.key"`},
		{"POST", "/storefront/preview", `{"card_fields":[],"email":"a@b.example"}`, 404, "customer-accounts"},
	} {
		w := p.do(tt.method, Prefix+tt.path, token, tt.body)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s %s %s: %d %s, want %d and %s", tt.method, tt.path, tt.body, w.Code, w.Body, tt.status, tt.want)
		}
	}
	if got, err := p.db.StorefrontSettings(p.ctx(storeA)); err != nil || !got.UpdatedAt.IsZero() || len(p.kinds(storeA)) != 0 {
		t.Errorf("a refused change was saved: %+v, %v, jobs %q", got, err, p.kinds(storeA))
	}
}

func TestStorefrontPreview(t *testing.T) {
	p := newPanel(t)
	a, b := p.ctx(storeA), p.ctx(storeB)
	if err := p.db.SetStoreInfo(a, storeA, tenants.StoreInfo{Name: "A", Currency: "EUR"}); err != nil {
		t.Fatal(err)
	}
	// The same shopper in both stores.
	for ctx, terms := range map[any]string{a: "30 days", b: markerA} {
		accounts := []tenants.Account{
			{ExternalID: "C1", CustomerID: 7, Email: "Ann@Shop.example", Fields: map[string]string{"terms": terms, "limit": "5000", "margin": markerA}},
			{ExternalID: "C2", Email: "bob@shop.example", Fields: map[string]string{"terms": "net"}},
			{ExternalID: "C3", Fields: map[string]string{"terms": "cash"}},
		}
		c := a
		if ctx == b {
			c = b
		}
		if err := p.db.PutAccounts(c, accounts); err != nil {
			t.Fatal(err)
		}
	}
	token := p.open(storeA, 1)
	fields := []tenants.CardField{{Key: "limit", Label: "Credit limit", Format: "money"}, {Key: "terms", Label: "Terms", Format: "text"}}
	for _, tt := range []struct {
		name    string
		by      map[string]any
		shownTo string
		values  []string
	}{
		{"external id", map[string]any{"external_id": "C1"}, "customer", []string{"€ 5,000.00", "30 days"}},
		{"customer", map[string]any{"customer_id": 7}, "customer", []string{"€ 5,000.00", "30 days"}},
		{"e-mail, folded", map[string]any{"email": " ANN@shop.example"}, "customer", []string{"€ 5,000.00", "30 days"}},
		{"e-mail only", map[string]any{"email": "bob@shop.example"}, "verified_email", []string{"net"}},
		{"nothing known", map[string]any{"external_id": "C3"}, "nobody", []string{"cash"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := map[string]any{"card_fields": fields}
			for k, v := range tt.by {
				body[k] = v
			}
			var got cardView
			p.call("POST", "/storefront/preview", token, body, http.StatusOK, &got)
			var values []string
			for _, f := range got.Fields {
				values = append(values, f.Value)
			}
			if diff := cmp.Diff(tt.values, values); diff != "" || got.ShownTo != tt.shownTo || got.Account.ExternalID == "" || time.Since(got.UpdatedAt) > time.Hour {
				t.Errorf("%+v %s", got, diff)
			}
		})
	}
}
