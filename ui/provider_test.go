package ui

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"sluice/auth/customer/sso"
	"sluice/internal/problem"
	"sluice/internal/ratelimit"
	"sluice/internal/testenv"
	"sluice/tenants"
)

type providerAnswer struct {
	Provider *tenants.IdentityProvider `json:"provider"`
}

func TestProviderSettings(t *testing.T) {
	p := newPanel(t)
	owner := p.open(storeA, 1)
	var got providerAnswer
	p.call("GET", "/storefront/provider", owner, nil, 200, &got)
	if got.Provider != nil {
		t.Fatal(got)
	}
	in := map[string]any{
		"version": 0, "preset": "google", "issuer": "https://accounts.google.com", "client_id": "id", "client_secret": "a-secret-to-keep", "enabled": true,
		"claims": []map[string]string{{"target": "company", "expression": "hd"}},
	}
	p.call("PUT", "/storefront/provider", owner, in, 200, &got)
	if got.Provider.Version != 1 || !got.Provider.HasSecret || got.Provider.Scopes != "openid profile email" || got.Provider.Claims[0].Target != "company" {
		t.Errorf("%+v", got.Provider)
	}
	w := p.do("GET", Prefix+"/storefront/provider", owner, "")
	if strings.Contains(w.Body.String(), "a-secret-to-keep") || strings.Contains(w.Body.String(), "client_secret") {
		t.Errorf("the secret is shown: %s", w.Body)
	}
	secret := func() string {
		t.Helper()
		s, err := p.db.IdentityProviderSecret(p.ctx(storeA))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	in["version"], in["client_secret"] = 1, nil
	p.call("PUT", "/storefront/provider", owner, in, 200, &got)
	if secret() != "a-secret-to-keep" || got.Provider.Version != 2 {
		t.Error("null did not keep the secret")
	}
	p.call("PUT", "/storefront/provider", owner, in, 409, nil) // version 1 again
	in["version"], in["client_secret"] = 2, ""
	p.call("PUT", "/storefront/provider", owner, in, 200, &got)
	if secret() != "" || got.Provider.HasSecret {
		t.Error("an empty text did not clear the secret")
	}
	in["version"], in["issuer"] = 3, "https://login.microsoftonline.com/common/v2.0"
	w = p.do("PUT", Prefix+"/storefront/provider", owner, mustJSON(in))
	if w.Code != 422 || !strings.Contains(w.Body.String(), "every organisation") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	p.call("PUT", "/storefront/provider", owner, map[string]any{"issuer_url": "x"}, 422, nil)
	p.call("DELETE", "/storefront/provider", p.open(storeB, 1), nil, 204, nil)
	p.call("GET", "/storefront/provider", owner, nil, 200, &got)
	if got.Provider == nil {
		t.Fatal("another store deleted the provider")
	}
	p.call("DELETE", "/storefront/provider", owner, nil, 204, nil)
	got = providerAnswer{}
	p.call("GET", "/storefront/provider", owner, nil, 200, &got)
	if got.Provider != nil {
		t.Error("still there")
	}
	var log struct {
		Entries []tenants.AuditEntry `json:"entries"`
	}
	p.call("GET", "/audit", owner, nil, 200, &log)
	if len(log.Entries) != 4 || log.Entries[0].Action != "identity_provider.deleted" || strings.Contains(mustJSON(log), "a-secret") {
		t.Errorf("%+v", log.Entries)
	}
}

// TestOwnAddress: a provider that is new has the store's own redirect URI. One from before is moved
// by the merchant's word or by another client, never back, and a warning ends with it.
func TestOwnAddress(t *testing.T) {
	p := newPanel(t)
	owner := p.open(storeA, 1)
	in := map[string]any{"version": 0, "preset": "google", "issuer": "https://accounts.google.com", "client_id": "id"}
	var got providerAnswer
	save := func(change map[string]any) *tenants.IdentityProvider {
		t.Helper()
		maps.Copy(in, change)
		p.call("PUT", "/storefront/provider", owner, in, 200, &got)
		in["version"] = got.Provider.Version
		return got.Provider
	}
	if one := save(nil); one.SharedUntil != nil {
		t.Errorf("%+v", one)
	}
	until := p.clock.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
	before := func(announces bool) { // as the migration left it
		t.Helper()
		err := p.db.Scoped(p.ctx(storeA)).Model(&tenants.IdentityProvider{}).Where("id <> ''").
			Updates(map[string]any{"shared_until": until, "announces_issuer": announces}).Error
		if err != nil {
			t.Fatal(err)
		}
	}
	warned := func(token string) bool {
		t.Helper()
		var session struct {
			Until *time.Time `json:"shared_address_until"`
		}
		p.call("GET", "/session", token, nil, 200, &session)
		if session.Until != nil && !session.Until.Equal(until) {
			t.Errorf("until %s", session.Until)
		}
		return session.Until != nil
	}
	before(false)
	if !warned(owner) || warned(p.open(storeB, 1)) {
		t.Error("not warned, or the wrong store")
	}
	before(true)
	if warned(owner) {
		t.Error("warned although the provider names itself")
	}
	before(false)
	if one := save(map[string]any{"scopes": "openid email"}); one.SharedUntil == nil || !one.SharedUntil.Equal(until) {
		t.Errorf("another change moved it: %+v", one)
	}
	if one := save(map[string]any{"own_address": true}); one.SharedUntil != nil || warned(owner) {
		t.Errorf("not moved: %+v", one)
	}
	if one := save(map[string]any{"own_address": false}); one.SharedUntil != nil {
		t.Errorf("moved back: %+v", one)
	}
	before(false)
	if one := save(map[string]any{"client_id": "another"}); one.SharedUntil != nil {
		t.Errorf("another client is on the shared address: %+v", one)
	}
	before(false)
	p.call("DELETE", "/storefront/provider", owner, nil, 204, nil)
	in["version"] = 0
	if one := save(nil); one.SharedUntil != nil {
		t.Errorf("a new one is on the shared address: %+v", one)
	}
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestProviderTest sends the saved secret to nobody but the issuer that it was saved for.
func TestProviderTest(t *testing.T) {
	p := newPanel(t)
	options, err := redis.ParseURL(testenv.EmbeddedRedis(t))
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(options)
	t.Cleanup(func() { _ = rdb.Close() })
	p.api.cfg.SSO, err = sso.New(sso.Config{
		AppURL: "https://sluice.example", DB: p.db, Redis: rdb, SignIn: p.api.cfg.SignIn, Limiter: ratelimit.New(nil, ratelimit.Options{}), Now: p.clock.Now,
		AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.api.cfg.SSO.Close)
	secrets := make(chan string, 10)
	var base string
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		issuer := base + strings.TrimSuffix(strings.TrimSuffix(r.URL.Path, "/.well-known/openid-configuration"), "/token")
		switch {
		case strings.HasSuffix(r.URL.Path, "/openid-configuration"):
			fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"jwks_uri":%q,"code_challenge_methods_supported":["S256"]}`,
				issuer, issuer+"/authorize", issuer+"/token", base+"/keys")
		case r.URL.Path == "/keys":
			fmt.Fprint(w, `{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`)
		default:
			_, secret, _ := r.BasicAuth()
			secrets <- secret
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"error":"invalid_grant"}`)
		}
	}))
	t.Cleanup(idp.Close)
	base = idp.URL
	owner := p.open(storeA, 1)
	in := map[string]any{"preset": "custom", "issuer": base + "/one", "client_id": "id", "client_secret": "the-saved-one"}
	p.call("PUT", "/storefront/provider", owner, in, 200, nil)
	delete(in, "client_secret")
	var got struct{ Checks []sso.Check }
	tried := func(want string) {
		t.Helper()
		p.call("POST", "/storefront/provider/test", owner, in, 200, &got)
		select {
		case s := <-secrets:
			if s != want {
				t.Errorf("the secret %q was sent", s)
			}
		default:
			if want != "" {
				t.Errorf("no secret was sent: %+v", got.Checks)
			}
		}
	}
	tried("the-saved-one")
	for _, c := range got.Checks {
		if !c.OK || c.Message == "" {
			t.Errorf("%+v", c)
		}
	}
	in["issuer"] = base + "/two"
	tried("")
	in["client_secret"] = "a-new-one"
	tried("a-new-one")
	delete(in, "client_secret")
	in["issuer"] = base + "/one"
	p.call("POST", "/storefront/provider/test", p.open(storeB, 1), in, 200, &got)
	if len(secrets) != 0 {
		t.Errorf("another store's test sent %q", <-secrets)
	}
	in["issuer"] = "http://10.0.0.1"
	p.call("POST", "/storefront/provider/test", owner, in, 200, &got)
	if last := got.Checks[len(got.Checks)-2]; last.Name != "discovery" || last.OK || !strings.Contains(last.Message, "private network") {
		t.Errorf("%+v", got.Checks)
	}
}

func TestSignInLog(t *testing.T) {
	p := newPanel(t)
	owner := p.open(storeA, 1)
	for i := range 3 {
		if err := p.db.RecordSignIn(p.ctx(storeA), tenants.SignIn{Method: tenants.MethodSSO, Result: tenants.SignInOK, CustomerID: int64(i), Email: "ada@example.com"}); err != nil {
			t.Fatal(err)
		}
	}
	var got struct {
		SignIns []tenants.SignIn `json:"sign_ins"`
		Next    string           `json:"next"`
	}
	p.call("GET", "/storefront/sign-ins?limit=2", owner, nil, 200, &got)
	if len(got.SignIns) != 2 || got.SignIns[0].CustomerID != 2 || got.Next == "" {
		t.Fatalf("%+v", got)
	}
	p.call("GET", "/storefront/sign-ins?limit=2&before="+got.Next, owner, nil, 200, &got)
	if len(got.SignIns) != 1 || got.SignIns[0].CustomerID != 0 || got.Next != "" {
		t.Errorf("%+v", got)
	}
	p.call("GET", "/storefront/sign-ins", p.open(storeB, 1), nil, 200, &got)
	if len(got.SignIns) != 0 {
		t.Errorf("another store sees %+v", got)
	}
	p.call("GET", "/storefront/sign-ins", p.key(storeA, "flows:read", "identity:login"), nil, 403, nil)
	p.call("GET", "/storefront/sign-ins?limit=0", owner, nil, 422, nil)
}

func TestUnlinkAndGroups(t *testing.T) {
	p := newPanel(t)
	p.platform.AddGroup(3, "Wholesale")
	owner := p.open(storeA, 1)
	if _, err := p.db.LinkSubject(p.ctx(storeA), "https://id.example", "ada", 7, true); err != nil {
		t.Fatal(err)
	}
	p.call("DELETE", "/storefront/subject-links/7", p.open(storeB, 1), nil, 404, nil)
	p.call("DELETE", "/storefront/subject-links/x", owner, nil, 404, nil)
	p.call("DELETE", "/storefront/subject-links/7", owner, nil, 204, nil)
	p.call("DELETE", "/storefront/subject-links/7", owner, nil, 404, nil)
	var groups struct{ Groups []struct{ Name string } }
	p.call("GET", "/storefront/customer-groups", owner, nil, 200, &groups)
	if len(groups.Groups) != 1 || groups.Groups[0].Name != "Wholesale" {
		t.Error(groups)
	}
	p.reinstall(storeA, "store_v2_products", tenants.OriginMarketplace)
	w := p.do("GET", Prefix+"/storefront/customer-groups", owner, "")
	if w.Code != problem.Status(problem.New(problem.ScopeMissing, "")) || !strings.Contains(w.Body.String(), "store_v2_customers_read_only") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	var presets struct {
		Presets     []sso.Preset
		CallbackURL string `json:"callback_url"`
	}
	p.call("GET", "/storefront/provider/presets", owner, nil, 200, &presets)
	if len(presets.Presets) != 6 || presets.CallbackURL != "https://sluice.example/sso/aaa111/callback" {
		t.Errorf("%+v", presets)
	}
}
