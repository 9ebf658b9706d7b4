package sso

import (
	"strings"
	"testing"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/tenants"
)

func TestCheckProvider(t *testing.T) {
	const tenant = "https://login.microsoftonline.com/0a1b2c3d-0000-4000-8000-0123456789ab/v2.0"
	tests := []struct {
		name   string
		change func(*tenants.IdentityProvider)
		field  string // that is wrong; "" for none
	}{
		{"as it is", func(*tenants.IdentityProvider) {}, ""},
		{"no preset", func(p *tenants.IdentityProvider) { p.Preset = "" }, "preset"},
		{"an unknown preset", func(p *tenants.IdentityProvider) { p.Preset = "facebook" }, "preset"},
		{"no issuer", func(p *tenants.IdentityProvider) { p.Issuer = "" }, "issuer"},
		{"plain http", func(p *tenants.IdentityProvider) { p.Issuer = "http://id.example" }, "issuer"},
		{"a script", func(p *tenants.IdentityProvider) { p.Issuer = "javascript:alert(1)" }, "issuer"},
		{"a password", func(p *tenants.IdentityProvider) { p.Issuer = "https://a:b@id.example" }, "issuer"},
		{"the document's address", func(p *tenants.IdentityProvider) { p.Issuer = "https://id.example/.well-known/openid-configuration" }, "issuer"},
		{"a query", func(p *tenants.IdentityProvider) { p.Issuer = "https://id.example/?p=x" }, "issuer"},
		{"a template", func(p *tenants.IdentityProvider) { p.Issuer = "https://{tenant}.auth0.com/" }, "issuer"},
		{"a long issuer", func(p *tenants.IdentityProvider) { p.Issuer = "https://id.example/" + strings.Repeat("a", 500) }, "issuer"},
		{"Google", func(p *tenants.IdentityProvider) { p.Preset, p.Issuer = "google", "https://accounts.google.com" }, ""},
		{"Google elsewhere", func(p *tenants.IdentityProvider) {
			p.Preset, p.Issuer = "google", "https://accounts.google.com.evil.example"
		}, "issuer"},
		{"Entra", func(p *tenants.IdentityProvider) { p.Preset, p.Issuer = "entra", tenant }, ""},
		{"Entra as another provider", func(p *tenants.IdentityProvider) { p.Issuer = tenant }, "issuer"},
		{"Entra, common", func(p *tenants.IdentityProvider) {
			p.Preset, p.Issuer = "entra", "https://login.microsoftonline.com/common/v2.0"
		}, "issuer"},
		{"Entra, all companies", func(p *tenants.IdentityProvider) {
			p.Preset, p.Issuer = "entra", "https://login.microsoftonline.com/Organizations/v2.0" //nolint:misspell // Entra's name
		}, "issuer"},
		{"Entra, consumers, as another provider", func(p *tenants.IdentityProvider) { p.Issuer = "https://LOGIN.microsoftonline.com/consumers/v2.0" }, "issuer"},
		{"Entra, personal accounts by their id", func(p *tenants.IdentityProvider) {
			p.Preset, p.Issuer = "entra", "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"
		}, "issuer"},
		{"Entra, version 1", func(p *tenants.IdentityProvider) {
			p.Preset, p.Issuer = "entra", "https://sts.windows.net/0a1b2c3d-0000-4000-8000-0123456789ab/"
		}, "issuer"},
		{"an e-mail in a list", func(p *tenants.IdentityProvider) { p.EmailClaim = "emails[0]" }, ""},
		{"an e-mail by an expression", func(p *tenants.IdentityProvider) { p.EmailClaim = `"ada@" + host` }, "email_claim"},
		{"an e-mail nowhere", func(p *tenants.IdentityProvider) { p.EmailClaim = "emails[" }, "email_claim"},
		{"e-mails on trust", func(p *tenants.IdentityProvider) { p.TrustEmail = true }, ""},
		{"Entra's e-mails on trust", func(p *tenants.IdentityProvider) {
			p.Preset, p.Issuer, p.TrustEmail = "entra", tenant, true
		}, "trust_email"},
		{"no client id", func(p *tenants.IdentityProvider) { p.ClientID = "" }, "client_id"},
		{"a client id with a line end", func(p *tenants.IdentityProvider) { p.ClientID = "a\nb" }, "client_id"},
		{"no scopes: the usual ones", func(p *tenants.IdentityProvider) { p.Scopes = "  " }, ""},
		{"no openid", func(p *tenants.IdentityProvider) { p.Scopes = "profile email" }, "scopes"},
		{"odd scopes", func(p *tenants.IdentityProvider) { p.Scopes = `openid "x"` }, "scopes"},
		{"a negative group", func(p *tenants.IdentityProvider) { p.GroupID = -1 }, "group_id"},
		{"an unknown target", func(p *tenants.IdentityProvider) {
			p.Claims = []tenants.ClaimMapping{{Target: "email", Expression: "email"}}
		}, "claims.0.target"},
		{"a target twice", func(p *tenants.IdentityProvider) {
			p.Claims = []tenants.ClaimMapping{{Target: "phone", Expression: "a"}, {Target: "phone", Expression: "b"}}
		}, "claims.1.target"},
		{"an expression that is none", func(p *tenants.IdentityProvider) {
			p.Claims = []tenants.ClaimMapping{{Target: "phone", Expression: "now("}}
		}, "claims.0.expression"},
		{"too many", func(p *tenants.IdentityProvider) { p.Claims = make([]tenants.ClaimMapping, 7) }, "claims"},
	}
	s := &Service{providers: newProviders(nil, false, nil)}
	for _, tt := range tests {
		p := tenants.IdentityProvider{Preset: custom, Issuer: "https://id.example", ClientID: "x", Scopes: defaultScopes}
		tt.change(&p)
		err := s.CheckProvider(&p)
		var fields []string
		for _, f := range problem.BodyOf(err).Errors {
			fields = append(fields, f.Field)
		}
		if got := strings.Join(fields, ","); got != tt.field || (err == nil) != (tt.field == "") {
			t.Errorf("%s: %v, fields %q", tt.name, err, got)
		}
		if err == nil && (p.Scopes == "" || p.Claims == nil) {
			t.Errorf("%s: %+v", tt.name, p)
		}
	}
}

func TestPresets(t *testing.T) {
	for _, p := range Presets() {
		if p.Name == "" || p.Help == "" || p.verifiedBy == "" {
			t.Errorf("%+v", p)
		}
		if _, wrong := compileClaims(p.Claims); len(wrong) > 0 {
			t.Error(p.Preset, wrong)
		}
	}
}

// TestTestProvider spoils one thing after the other: each is named, and says what to do.
func TestTestProvider(t *testing.T) {
	s := newShop(t)
	s.platform.AddGroup(3, "Wholesale")
	document := func(change func(map[string]any)) func(*tenants.IdentityProvider) {
		return func(*tenants.IdentityProvider) { s.idp.document = change }
	}
	tests := []struct {
		name   string
		spoil  func(*tenants.IdentityProvider)
		secret string
		wrong  string // the checks that fail, with commas
		part   string // of the message of the first
	}{
		{"nothing", func(p *tenants.IdentityProvider) { p.GroupID, p.CreateCustomers = 3, true }, clientSecret, "", ""},
		{"the issuer has a slash", func(p *tenants.IdentityProvider) { p.Issuer += "/" }, clientSecret, "discovery", "exactly"},
		{"no such path", func(p *tenants.IdentityProvider) { p.Issuer += "/realms/x" }, clientSecret, "discovery", "404"},
		{"nobody listens", func(p *tenants.IdentityProvider) { p.Issuer = "http://127.0.0.1:1" }, clientSecret, "discovery", "did not answer"},
		{"inside the network", func(p *tenants.IdentityProvider) { p.Issuer = "https://10.0.0.1" }, clientSecret, "discovery", "private network"},
		{"no PKCE", document(func(d map[string]any) { d["code_challenge_methods_supported"] = []string{"plain"} }), clientSecret, "pkce", "S256"},
		{"PKCE unknown", document(func(d map[string]any) { delete(d, "code_challenge_methods_supported") }), clientSecret, "", ""},
		{"implicit flow only", document(func(d map[string]any) { d["response_types_supported"] = []string{"id_token"} }), clientSecret, "authorization_code", "code"},
		{"no sign-out", document(func(d map[string]any) { delete(d, "end_session_endpoint") }), clientSecret, "end_session", "Switch it off"},
		{"keys that cannot be used", func(*tenants.IdentityProvider) { s.idp.keys = func(k []any) []any { return k[2:] } }, clientSecret, "keys", "signing key"},
		{"no keys", document(func(d map[string]any) { d["jwks_uri"] = s.idp.server.URL + "/none" }), clientSecret, "keys", "404"},
		{"a wrong secret", func(*tenants.IdentityProvider) {}, "wrong", "client_credentials", "copy both"},
		{"no secret", func(*tenants.IdentityProvider) {}, "", "client_secret", "enter it"},
		{"no e-mail", func(p *tenants.IdentityProvider) { p.Scopes = "openid" }, clientSecret, "scopes", "email"},
		{"a group that is gone", func(p *tenants.IdentityProvider) { p.GroupID = 9 }, clientSecret, "customer_group", "choose another"},
		{"no scope to sign in", func(*tenants.IdentityProvider) { s.install(storeA, "store_v2_customers") }, clientSecret, "store", "store_v2_customers_login"},
		{"no scope to create", func(p *tenants.IdentityProvider) {
			p.CreateCustomers = true
			s.install(storeA, "store_v2_customers_read_only store_v2_customers_login")
		}, clientSecret, "create_customers,passwords", "store_v2_customers"},
		{"no scope to create, and passwords stay", func(p *tenants.IdentityProvider) {
			p.CreateCustomers, p.KeepPasswords = true, true
			s.install(storeA, "store_v2_customers_read_only store_v2_customers_login")
		}, clientSecret, "create_customers", "store_v2_customers"},
		{"the shared address", func(p *tenants.IdentityProvider) { until := s.now().Add(time.Hour); p.SharedUntil = &until }, clientSecret, "redirect_uri", appURL + "/sso/" + storeA + "/callback"},
		{"the shared address, over", func(p *tenants.IdentityProvider) { until := s.now(); p.SharedUntil = &until }, clientSecret, "redirect_uri", "nobody can sign in"},
		{"the shared address with RFC 9207", func(p *tenants.IdentityProvider) {
			until := s.now()
			p.SharedUntil = &until
			s.idp.document = func(d map[string]any) { d["authorization_response_iss_parameter_supported"] = true }
		}, clientSecret, "", ""},
		{"BigCommerce is away", func(p *tenants.IdentityProvider) { p.GroupID = 3; s.platform.SetAway(true) }, clientSecret, "customer_group", "did not answer"},
	}
	for _, tt := range tests {
		s.again()
		p, err := s.db.IdentityProvider(s.ctx(storeA))
		if err != nil {
			t.Fatal(err)
		}
		tt.spoil(p)
		var wrong []string
		part := tt.part == ""
		for _, c := range s.sso.TestProvider(s.ctx(storeA), p, tt.secret) {
			if c.Name == "" || c.Message == "" || strings.Contains(c.Message, clientSecret) {
				t.Errorf("%s: %+v", tt.name, c)
			}
			if !c.OK {
				wrong = append(wrong, c.Name)
				part = part || strings.Contains(c.Message, tt.part)
			}
		}
		if got := strings.Join(wrong, ","); got != tt.wrong || !part {
			t.Errorf("%s: %q is wrong: %+v", tt.name, got, s.sso.TestProvider(s.ctx(storeA), p, tt.secret))
		}
	}
	// It is a test: no customer was made, nobody was linked.
	if n := s.links(); n != 0 || len(s.platform.Customers(storeA)) != 1 {
		t.Error(n, s.platform.Customers(storeA))
	}
}

func TestNewCustomerOfClaims(t *testing.T) {
	m, wrong := compileClaims([]tenants.ClaimMapping{{Target: TargetGroup, Expression: "group"}, {Target: TargetPhone, Expression: "phone"}})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	for name, tt := range map[string]struct {
		claims map[string]any
		group  int64
		notes  int
	}{
		"a number":          {map[string]any{"group": 4.0}, 4, 0},
		"a text":            {map[string]any{"group": " 4 "}, 4, 0},
		"nothing":           {map[string]any{}, 7, 0},
		"a name":            {map[string]any{"group": "Gold"}, 7, 1},
		"a fraction":        {map[string]any{"group": 1.5}, 7, 1},
		"a negative one":    {map[string]any{"group": -1.0}, 7, 1},
		"a list":            {map[string]any{"group": []any{1.0}}, 7, 1},
		"a phone with NUL":  {map[string]any{"phone": "1\x002"}, 7, 1},
		"a phone of 51":     {map[string]any{"phone": strings.Repeat("1", 51)}, 7, 1},
		"an empty phone":    {map[string]any{"phone": " "}, 7, 0},
		"no group any more": {map[string]any{"group": 0.0}, 0, 0},
	} {
		says := m.apply(t.Context(), tt.claims)
		c := bigcommerce.Customer{ID: 1, GroupID: 7, Phone: "1"}
		if change := says.change(&c); change != nil && change.GroupID != nil {
			c.GroupID = *change.GroupID
		} else if change != nil {
			t.Errorf("%s changes %+v", name, change)
		}
		if c.GroupID != tt.group || len(says.notes) != tt.notes {
			t.Errorf("%s: group %d, %q", name, c.GroupID, says.notes)
		}
	}
}

// TestClaimsHaveABudget: what a merchant writes about claims is compiled and evaluated for each
// shopper.
func TestClaimsHaveABudget(t *testing.T) {
	deep := strings.Repeat("number(", 60) + "x" + strings.Repeat(`,",")`, 60)
	m, wrong := compileClaims([]tenants.ClaimMapping{
		{Target: TargetPhone, Expression: strings.TrimSuffix(strings.Repeat("x+", 90), "+")}, {Target: TargetCompany, Expression: `"Acme"`}, {Target: TargetGroup, Expression: deep},
	})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	says := m.apply(t.Context(), map[string]any{"x": strings.Repeat("x", 1<<20)})
	if len(says.notes) != 3 || !strings.Contains(says.notes[0], "more work") || !strings.Contains(says.notes[1], "more work") {
		t.Errorf("%q", says.notes)
	}
	if says = m.apply(t.Context(), map[string]any{"x": "1"}); says.text[TargetCompany] != "Acme" || len(says.notes) != 1 {
		t.Errorf("the next shopper: %+v", says)
	}
	if _, wrong = compileClaims([]tenants.ClaimMapping{{Target: TargetPhone, Expression: `x matches "(` + strings.Repeat("x", 1000) + `){900}" ? "a" : "b"`}}); len(wrong) != 1 || !strings.Contains(wrong[0].Message, "too large") {
		t.Errorf("%v", wrong)
	}
}
