package ui

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/redis/go-redis/v9"

	"sluice/auth"
	"sluice/auth/customer/login"
	"sluice/auth/customer/signin"
	"sluice/auth/customer/signin/signintest"
	"sluice/auth/customer/sso"
	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/internal/ratelimit"
	"sluice/internal/testenv"
	"sluice/tenants"
)

// loginScopes is what a store grants whose shoppers may be signed in.
const loginScopes = "store_v2_customers store_v2_customers_login"

// withSignIn gives the panel a platform with customers, single sign-on, and its two stores
// storefronts.
func withSignIn(t *testing.T, p *panel) *signintest.Platform {
	t.Helper()
	platform := signintest.New(t, func() time.Time { return p.clock.Now().Add(40 * time.Second) })
	minter, err := login.NewMinter(clientID, clientSecret)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	p.api.cfg.SignIn = &signin.Service{DB: p.db, Clients: platform, Minter: minter, Clock: login.NewClock(p.clock.Now, log), Log: log}
	options, err := redis.ParseURL(testenv.EmbeddedRedis(t))
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(options)
	t.Cleanup(func() { _ = rdb.Close() })
	p.api.cfg.SSO, err = sso.New(sso.Config{
		AppURL: "https://sluice.example", DB: p.db, Redis: rdb, SignIn: p.api.cfg.SignIn, Limiter: ratelimit.New(nil, ratelimit.Options{}), Log: log, Now: p.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.api.cfg.SSO.Close)
	for _, store := range []string{storeA, storeB} {
		err := p.db.UpsertChannels(p.ctx(store), []tenants.Channel{
			{ChannelID: 1, Name: "Main", Status: "active", SiteURL: "https://" + store + ".example.com/"},
			{ChannelID: 2, Name: "B2B", Status: "active", SiteURL: "https://b2b." + store + ".example.com"},
			{ChannelID: 3, Name: "Till", Type: "pos", Status: "active"},
			{ChannelID: 4, Name: "Old", Status: "terminated", SiteURL: "https://old." + store + ".example.com"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return platform
}

func (p *panel) reinstall(store, scopes string, origin tenants.Origin) {
	p.t.Helper()
	_, err := p.db.UpsertInstalledStore(p.ctx(store), tenants.Install{StoreHash: store, AccessToken: "t", Scopes: scopes, Origin: origin})
	if err != nil {
		p.t.Fatal(err)
	}
}

// key makes an API key of a store.
func (p *panel) key(store string, scopes ...string) string {
	p.t.Helper()
	_, secret, err := auth.CreateAPIKey(p.ctx(store), p.db, "operator", auth.NewAPIKey{Name: "ERP", Scopes: scopes})
	if err != nil {
		p.t.Fatal(err)
	}
	return secret
}

// claimsOf reads the login token in an address.
func claimsOf(t *testing.T, address string) (origin string, claims jwt.MapClaims) {
	t.Helper()
	origin, token, ok := strings.Cut(address, "/login/token/")
	if !ok {
		t.Fatalf("no login address: %s", address)
	}
	claims = jwt.MapClaims{}
	_, err := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithoutClaimsValidation()).
		ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return []byte(clientSecret), nil })
	if err != nil {
		t.Fatal(err)
	}
	return origin, claims
}

func TestCustomerLogin(t *testing.T) {
	p := newPanel(t)
	platform := p.platform
	ada := platform.Add(storeA, bigcommerce.Customer{Email: "Ada@Example.com"})
	platform.Add(storeA, bigcommerce.Customer{Email: "both@example.com"})
	bothB2B := platform.Add(storeA, bigcommerce.Customer{Email: "both@example.com", ChannelIDs: []int64{2}})
	account := tenants.Account{ExternalID: "K-1", CustomerID: ada}
	if err := p.db.Scoped(p.ctx(storeA)).Create(&account).Error; err != nil {
		t.Fatal(err)
	}
	byMail := tenants.Account{ExternalID: "K-2", Email: "both@example.com"}
	if err := p.db.Scoped(p.ctx(storeA)).Create(&byMail).Error; err != nil {
		t.Fatal(err)
	}
	key := p.key(storeA, auth.ScopeIdentityLogin)
	tests := []struct {
		name     string
		body     map[string]any
		customer int64
		origin   string
		claims   map[string]any
	}{
		{"by id", map[string]any{"customer_id": ada}, ada, "https://aaa111.example.com", map[string]any{"channel_id": 1.0, "redirect_to": nil, "request_ip": nil}},
		{"by e-mail in another case", map[string]any{"email": "ada@example.com", "redirect_to": "/cart.php?a=b"}, ada, "https://aaa111.example.com", map[string]any{"redirect_to": "/cart.php?a=b"}},
		{"by the back-office system's id", map[string]any{"external_id": "K-1", "request_ip": "203.0.113.7", "enable_persistent_cart": false}, ada,
			"https://aaa111.example.com", map[string]any{"request_ip": "203.0.113.7", "enable_persistent_cart": false}},
		{"an account known by e-mail, at a channel", map[string]any{"external_id": "K-2", "channel_id": 2}, bothB2B, "https://b2b.aaa111.example.com", map[string]any{"channel_id": 2.0}},
	}
	jtis := map[any]bool{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out loginAnswer
			p.call("POST", "/customer-login", key, tt.body, 200, &out)
			origin, claims := claimsOf(t, out.LoginURL)
			// The platform's clock is 40 s ahead of ours.
			theirs := p.clock.Now().Add(40 * time.Second)
			if origin != tt.origin || claims["customer_id"] != float64(tt.customer) || claims["store_hash"] != storeA || claims["iss"] != clientID ||
				claims["operation"] != "customer_login" || claims["iat"] != float64(theirs.Unix()) {
				t.Errorf("%s %v", origin, claims)
			}
			if jtis[claims["jti"]] || claims["jti"] == "" {
				t.Error("the jti is not fresh")
			}
			jtis[claims["jti"]] = true
			if !out.ExpiresAt.Equal(theirs.Add(30 * time.Second)) {
				t.Error("expires", out.ExpiresAt)
			}
			for name, want := range tt.claims {
				if claims[name] != want {
					t.Errorf("%s is %v", name, claims[name])
				}
			}
		})
	}
	rows, _, err := p.db.SignIns(p.ctx(storeA), tenants.Page{})
	if err != nil || len(rows) != len(tests) {
		t.Fatal(rows, err)
	}
	for _, r := range rows {
		if text, _ := json.Marshal(r); r.Result != "ok" || r.Method != "api" || r.CustomerID == 0 || r.Email == "" || strings.Contains(string(text), "eyJ") {
			t.Errorf("%s", text)
		}
	}
}

// TestCustomerLoginRefuses has each refusal with the code it gets.
func TestCustomerLoginRefuses(t *testing.T) {
	p := newPanel(t)
	platform := p.platform
	ada := platform.Add(storeA, bigcommerce.Customer{Email: "ada@example.com"})
	ben := platform.Add(storeB, bigcommerce.Customer{Email: "ben@example.com"})
	b2b := platform.Add(storeA, bigcommerce.Customer{Email: "b2b@example.com", ChannelIDs: []int64{2}})
	for range 2 {
		platform.Add(storeA, bigcommerce.Customer{Email: "twice@example.com", ChannelIDs: []int64{1}})
	}
	empty := tenants.Account{ExternalID: "empty"}
	theirs := tenants.Account{ExternalID: "theirs", CustomerID: ben}
	for store, account := range map[string]*tenants.Account{storeA: &empty, storeB: &theirs} {
		if err := p.db.Scoped(p.ctx(store)).Create(account).Error; err != nil {
			t.Fatal(err)
		}
	}
	key := p.key(storeA, auth.ScopeIdentityLogin)
	type body = map[string]any
	tests := []struct {
		name string
		body any
		code problem.Code
	}{
		{"nobody named", body{}, problem.Invalid},
		{"two named", body{"customer_id": ada, "email": "ada@example.com"}, problem.Invalid},
		{"an unknown field, redirect_url", body{"customer_id": ada, "redirect_url": "/x"}, problem.Invalid},
		{"a negative id", body{"customer_id": -1}, problem.Invalid},
		{"an id as text", body{"customer_id": "7"}, problem.Invalid},
		{"no address", body{"email": "ada"}, problem.Invalid},
		{"two addresses", body{"email": "ada@example.com,ben@example.com"}, problem.Invalid},
		{"an address with a line end", body{"email": "ada@example.com\n"}, problem.Invalid},
		{"a long address", body{"email": strings.Repeat("a", 250) + "@example.com"}, problem.Invalid},
		{"a long external id", body{"external_id": strings.Repeat("a", 101)}, problem.Invalid},
		{"another host", body{"customer_id": ada, "redirect_to": "https://evil.example/"}, problem.Invalid},
		{"another host without a scheme", body{"customer_id": ada, "redirect_to": "//evil.example"}, problem.Invalid},
		{"a backslash", body{"customer_id": ada, "redirect_to": `/\evil.example`}, problem.Invalid},
		{"a script", body{"customer_id": ada, "redirect_to": "javascript:alert(1)"}, problem.Invalid},
		{"an encoded line end", body{"customer_id": ada, "redirect_to": "/a%0d%0aSet-Cookie:x"}, problem.Invalid},
		{"a relative path without a slash", body{"customer_id": ada, "redirect_to": "account.php"}, problem.Invalid},
		{"no IP address", body{"customer_id": ada, "request_ip": "example.com"}, problem.Invalid},
		{"an IP address with a zone", body{"customer_id": ada, "request_ip": "fe80::1%eth0"}, problem.Invalid},
		{"a negative channel", body{"customer_id": ada, "channel_id": -1}, problem.Invalid},
		{"an unknown channel", body{"customer_id": ada, "channel_id": 99}, problem.ChannelUnknown},
		{"a channel without a storefront", body{"customer_id": ada, "channel_id": 3}, problem.ChannelUnknown},
		{"a channel that ended", body{"customer_id": ada, "channel_id": 4}, problem.ChannelUnknown},
		{"an unknown customer", body{"customer_id": 9999}, problem.CustomerNotFound},
		{"another store's customer", body{"customer_id": ben}, problem.CustomerNotFound},
		{"another store's e-mail", body{"email": "ben@example.com"}, problem.CustomerNotFound},
		{"another store's account", body{"external_id": "theirs"}, problem.CustomerNotFound},
		{"an unknown account", body{"external_id": "K-9"}, problem.CustomerNotFound},
		{"an account of nobody", body{"external_id": "empty"}, problem.CustomerNotFound},
		{"a customer of another channel", body{"customer_id": b2b}, problem.CustomerOtherChannel},
		{"an e-mail of another channel", body{"email": "b2b@example.com", "channel_id": 1}, problem.CustomerOtherChannel},
		{"an e-mail of two customers", body{"email": "twice@example.com"}, problem.CustomerAmbiguous},
	}
	refused := func(name, token string, in any, code problem.Code) {
		t.Helper()
		text, _ := json.Marshal(in)
		w := p.do(http.MethodPost, Prefix+"/customer-login", token, string(text))
		var got problem.Body
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Code != code || got.Detail == "" || strings.Contains(w.Body.String(), "login/token") {
			t.Errorf("%s: %d %s, want %s", name, w.Code, w.Body, code)
		}
	}
	for _, tt := range tests {
		refused(tt.name, key, tt.body, tt.code)
	}
	in := body{"customer_id": ada}
	refused("no key", "", in, problem.Unauthenticated)
	refused("a key for flows", p.key(storeA, auth.ScopeFlowsWrite, auth.ScopeFlowsRead), in, problem.Forbidden)
	refused("the owner's session", p.open(storeA, 1), in, problem.Forbidden)
	refused("another store's key", p.key(storeB, auth.ScopeIdentityLogin), in, problem.CustomerNotFound)
	platform.SetAway(true)
	refused("BigCommerce is away", key, in, problem.Unavailable)
	platform.SetAway(false)
	p.reinstall(storeA, "store_v2_customers_read_only", tenants.OriginMarketplace)
	refused("the scope of logins was not granted", key, in, problem.ScopeMissing)
	p.reinstall(storeA, "store_v2_customers_login", tenants.OriginMarketplace)
	refused("the scope of customers was not granted", key, body{"email": "ada@example.com"}, problem.ScopeMissing)
	var out loginAnswer
	p.call("POST", "/customer-login", key, in, 200, &out) // an id needs no look-up
	p.reinstall(storeA, "", tenants.OriginCredentials)
	refused("a store added with credentials", key, in, problem.LoginUnavailable)
	if _, err := p.db.MarkNeedsReinstall(p.ctx(storeA), storeA, "x"); err != nil {
		t.Fatal(err)
	}
	refused("a store to be installed again", key, in, problem.NeedsReinstall)
}

// TestCustomerLoginTenancy signs the same e-mail in at two stores: each gets its own customer.
func TestCustomerLoginTenancy(t *testing.T) {
	p := newPanel(t)
	platform := p.platform
	for _, store := range []string{storeA, storeB} {
		id := platform.Add(store, bigcommerce.Customer{Email: "same@example.com"})
		account := tenants.Account{ExternalID: "same", CustomerID: id}
		if err := p.db.Scoped(p.ctx(store)).Create(&account).Error; err != nil {
			t.Fatal(err)
		}
		for _, in := range []map[string]any{{"email": "same@example.com"}, {"external_id": "same"}} {
			var out loginAnswer
			p.call("POST", "/customer-login", p.key(store, auth.ScopeIdentityLogin), in, 200, &out)
			origin, claims := claimsOf(t, out.LoginURL)
			if claims["customer_id"] != float64(id) || claims["store_hash"] != store || origin != "https://"+store+".example.com" {
				t.Errorf("%s %v: %s %v", store, in, origin, claims)
			}
		}
	}
	for _, r := range platform.Requests() {
		if !strings.Contains(r, storeA) && !strings.Contains(r, storeB) {
			t.Error(r)
		}
	}
}
