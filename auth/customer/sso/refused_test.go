package sso

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

// again brings the shop back to how newShop made it, with ada as a customer of store A.
func (s *shop) again() {
	s.t.Helper()
	s.advance(5 * time.Minute) // nobody is over a limit
	s.idp.reset()
	s.platform.Clear()
	s.platform.Add(storeA, bigcommerce.Customer{Email: "ada@example.com"})
	s.sso.providers = newProviders(s.sso.http, true, s.now)
	for _, store := range []string{storeA, storeB} {
		ctx := s.ctx(store)
		for _, model := range []any{&tenants.SubjectLink{}, &tenants.SignIn{}, &tenants.IdentityProvider{}} {
			if err := s.db.Scoped(ctx).Where("store_hash <> ''").Delete(model).Error; err != nil {
				s.t.Fatal(err)
			}
		}
		s.install(store, "store_v2_customers store_v2_customers_login")
		if err := s.db.PutStorefrontSettings(ctx, tenants.StorefrontSettings{ConsentCategory: "functional", AllowSignIn: true}); err != nil {
			s.t.Fatal(err)
		}
		s.setProvider(store, func(*tenants.IdentityProvider) {})
	}
}

// setRow changes the provider's row as no page of ours would.
func (s *shop) setRow(change map[string]any) {
	s.t.Helper()
	if err := s.db.Scoped(s.ctx(storeA)).Model(&tenants.IdentityProvider{}).Where("id <> ''").Updates(change).Error; err != nil {
		s.t.Fatal(err)
	}
}

// TestLoginRefused begins sign-ins that nobody may begin.
func TestLoginRefused(t *testing.T) {
	s := newShop(t)
	plain := "/sso/" + storeA + "/login"
	to := func(redirect string) string { return plain + "?redirect_to=" + url.QueryEscape(redirect) }
	document := func(change func(map[string]any)) func() { return func() { s.idp.document = change } }
	tests := []struct {
		name   string
		path   string
		spoil  func()
		code   string
		silent bool // the store gets no line in its log
	}{
		{"an unknown store", "/sso/zzz999/login", nil, "store_not_installed", true},
		{"no store's hash", "/sso/AAA_111/login", nil, "store_not_installed", true},
		{"a store that left", plain, func() {
			if err := s.db.MarkUninstalled(s.ctx(storeA), storeA, s.now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}, "store_not_installed", true},
		{"a store to be installed again", plain, func() {
			if _, err := s.db.MarkNeedsReinstall(s.ctx(storeA), storeA, "x"); err != nil {
				t.Fatal(err)
			}
		}, "needs_reinstall", true},
		{"a store added by credentials", plain, func() {
			_, err := s.db.UpsertInstalledStore(s.ctx(storeA), tenants.Install{StoreHash: storeA, AccessToken: "t", Origin: tenants.OriginCredentials})
			if err != nil {
				t.Fatal(err)
			}
		}, "login_unavailable", true},
		{"no scope for logins", plain, func() { s.install(storeA, "store_v2_customers") }, "scope_missing", true},
		{"no scope for customers", plain, func() { s.install(storeA, "store_v2_customers_login") }, "scope_missing", false},
		{"sign-in switched off", plain, func() {
			if err := s.db.PutStorefrontSettings(s.ctx(storeA), tenants.StorefrontSettings{ConsentCategory: "functional"}); err != nil {
				t.Fatal(err)
			}
		}, codeOff, false},
		{"no provider", plain, func() {
			if err := s.db.DeleteIdentityProvider(s.ctx(storeA)); err != nil {
				t.Fatal(err)
			}
		}, codeNoProvider, false},
		{"a provider switched off", plain, func() { s.setRow(map[string]any{"enabled": false}) }, codeNoProvider, false},
		{"an unknown channel", plain + "?channel_id=9", nil, "channel_unknown", false},
		{"a channel in words", plain + "?channel_id=main", nil, "channel_unknown", true},
		{"a negative channel", plain + "?channel_id=-1", nil, "channel_unknown", true},
		{"a huge channel", plain + "?channel_id=99999999999999999999", nil, "channel_unknown", true},
		{"redirect to another host", to("https://evil.example/"), nil, codeRedirect, false},
		{"redirect without a scheme", to("//evil.example"), nil, codeRedirect, false},
		{"redirect with a backslash", to(`/\evil.example`), nil, codeRedirect, false},
		{"redirect with an encoded backslash", to("/%5cevil.example"), nil, codeRedirect, false},
		{"redirect with encoded slashes", to("/%2f%2fevil.example"), nil, codeRedirect, false},
		{"redirect to a script", to("javascript:alert(1)"), nil, codeRedirect, false},
		{"redirect with a line end", to("/a\r\nSet-Cookie: x=1"), nil, codeRedirect, false},
		{"redirect with an encoded line end", to("/a%0d%0aSet-Cookie:x"), nil, codeRedirect, false},
		{"redirect upwards", to("/a/../../b"), nil, codeRedirect, false},
		{"redirect in another alphabet", to("/café"), nil, codeRedirect, false},
		{"a long redirect", to("/" + strings.Repeat("a", 2000)), nil, codeRedirect, false},
		{"a document of another issuer", plain, document(func(d map[string]any) { d["issuer"] = "https://evil.example" }), codeProviderConfig, false},
		{"a document without keys", plain, document(func(d map[string]any) { delete(d, "jwks_uri") }), codeProviderConfig, false},
		{"a document with an odd endpoint", plain, document(func(d map[string]any) { d["authorization_endpoint"] = "javascript:alert(1)" }), codeProviderConfig, false},
		{"a document with a user name", plain, document(func(d map[string]any) { d["token_endpoint"] = "https://a:b@evil.example/" }), codeProviderConfig, false},
		{"a document with shared keys only", plain, document(func(d map[string]any) { d["id_token_signing_alg_values_supported"] = []string{"HS256", "none"} }), codeProviderConfig, false},
		{"a document that is large", plain, document(func(d map[string]any) { d["padding"] = strings.Repeat("x", maxProviderBody) }), codeProviderConfig, false},
		{"no document", plain, func() { s.setRow(map[string]any{"issuer": s.idp.server.URL + "/elsewhere"}) }, codeProviderConfig, false},
		{"a provider inside the network", plain, func() { s.setRow(map[string]any{"issuer": "https://169.254.169.254"}) }, codeProviderConfig, false},
		{"a provider inside the network by another loopback", plain, func() { s.setRow(map[string]any{"issuer": "http://127.0.0.2:6379"}) }, codeProviderConfig, false},
		{"a provider without a host", plain, func() { s.setRow(map[string]any{"issuer": "https:///x"}) }, codeProviderConfig, false},
		{"a provider that does not listen", plain, func() { s.setRow(map[string]any{"issuer": "http://127.0.0.1:1"}) }, codeProviderAway, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.t = t
			s.again()
			if tt.spoil != nil {
				tt.spoil()
			}
			w := s.browser().get(tt.path)
			s.refusedWith(tt.name, w, tt.code)
			rows, _, err := s.db.SignIns(s.ctx(storeA), tenants.Page{})
			switch {
			case err != nil:
				t.Fatal(err)
			case tt.silent && len(rows) != 0 && tt.code != "channel_unknown":
				t.Errorf("recorded %+v", rows)
			case !tt.silent && (len(rows) != 1 || rows[0].Result != tt.code || rows[0].Detail == ""):
				t.Errorf("recorded %+v", rows)
			}
			if !tt.silent && tt.code != "channel_unknown" && !strings.Contains(w.Body.String(), `href="https://aaa111.example.com/"`) {
				t.Errorf("no link back to the shop: %s", w.Body)
			}
		})
	}
}

// TestCallbackRefused spoils each step of a sign-in that would otherwise work.
func TestCallbackRefused(t *testing.T) {
	s := newShop(t)
	edit := func(change func(jwt.MapClaims)) func() { return func() { s.idp.edit = change } }
	set := func(name string, value any) func() { return edit(func(c jwt.MapClaims) { c[name] = value }) }
	unset := func(name string) func() { return edit(func(c jwt.MapClaims) { delete(c, name) }) }
	user := func(name string, value any) func() { return func() { s.idp.user[name] = value } }
	sign := func(f func(jwt.MapClaims) string) func() { return func() { s.idp.sign = f } }
	token := func(status int, body string) func() {
		return func() {
			s.idp.token = func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			}
		}
	}
	linkTo := func(subject string, customer int64) {
		t.Helper()
		if linked, err := s.db.LinkSubject(s.ctx(storeA), s.idp.server.URL, subject, customer, true); err != nil || !linked {
			t.Fatal(linked, err)
		}
	}
	ada := func() int64 { return s.platform.Customers(storeA)[0].ID }
	tests := []struct {
		name   string
		spoil  func()             // before the shopper comes back
		answer func(q url.Values) // changes the provider's answer
		code   string
	}{
		// the answer
		{"no state", nil, func(q url.Values) { q.Del("state") }, codeStateMissing},
		{"an odd state", nil, func(q url.Values) { q.Set("state", "../"+q.Get("state")) }, codeStateMissing},
		{"a long state", nil, func(q url.Values) { q.Set("state", strings.Repeat("a", 5000)) }, codeStateMissing},
		{"an unknown state", nil, func(q url.Values) { q.Set("state", storeA+"."+strings.Repeat("A", 26)) }, codeStateUnknown},
		{"another store's state", nil, func(q url.Values) { q.Set("state", storeB+q.Get("state")[len(storeA):]) }, codeStoreMixUp},
		{"two states", nil, func(q url.Values) { q.Add("state", q.Get("state")) }, codeStateMissing},
		{"two issuers", nil, func(q url.Values) { q["iss"] = []string{s.idp.server.URL, "https://evil.example"} }, codeNoCode},
		{"two codes", nil, func(q url.Values) { q.Add("code", "x") }, codeNoCode},
		{"a state in another case", nil, func(q url.Values) { q.Set("state", strings.ToLower(q.Get("state"))) }, codeStateMissing},
		{"the shopper said no", nil, func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") }, codeDenied},
		{"the provider says no", nil, func(q url.Values) { q.Del("code"); q.Set("error", "invalid_scope") }, codeProviderError},
		{"an error that is a script", nil, func(q url.Values) { q.Set("error", "<script>alert(1)</script>") }, codeProviderError},
		{"neither code nor error", nil, func(q url.Values) { q.Del("code") }, codeNoCode},
		{"a huge code", nil, func(q url.Values) { q.Set("code", strings.Repeat("a", 5000)) }, codeNoCode},
		{"an answer of another issuer", nil, func(q url.Values) { q.Set("iss", "https://evil.example") }, codeMixUp},
		{"an unknown code", nil, func(q url.Values) { q.Set("code", "x") }, codeExchange},
		// the token endpoint
		{"a wrong client secret", func() {
			other := "another"
			p, _ := s.db.IdentityProvider(s.ctx(storeA))
			if err := s.db.SaveIdentityProvider(s.ctx(storeA), p, &other); err != nil {
				t.Fatal(err)
			}
		}, nil, codeExchange},
		{"the token endpoint fails", token(503, "busy"), nil, codeProviderAway},
		{"the token endpoint redirects", token(302, ""), nil, codeExchange},
		{"the token endpoint talks nonsense", token(200, "<html>"), nil, codeProviderAway},
		{"the token endpoint says an odd error", token(400, `{"error":"<b>"}`), nil, codeExchange},
		{"no ID token", func() { s.idp.answer = func(m map[string]any) { delete(m, "id_token") } }, nil, codeTokenMissing},
		{"an ID token that is a number", func() { s.idp.answer = func(m map[string]any) { m["id_token"] = 7 } }, nil, codeTokenMissing},
		// algorithms and keys
		{"algorithm none", sign(func(c jwt.MapClaims) string {
			return signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "k1", c)
		}), nil, codeTokenAlgorithm},
		{"HS256 with the client secret", sign(func(c jwt.MapClaims) string { return signed(jwt.SigningMethodHS256, []byte(clientSecret), "k1", c) }), nil, codeTokenAlgorithm},
		{"HS256 with a key from the key set", sign(func(c jwt.MapClaims) string {
			return signed(jwt.SigningMethodHS256, []byte("a-key-that-everybody-can-read-0123456789"), "shared", c)
		}), nil, codeTokenAlgorithm},
		{"an algorithm that was not announced", sign(func(c jwt.MapClaims) string { return signed(jwt.SigningMethodRS512, signingKey(), "k1", c) }), nil, codeTokenAlgorithm},
		{"a stranger's key", sign(func(c jwt.MapClaims) string { return signed(jwt.SigningMethodRS256, strangeKey(), "k1", c) }), nil, codeTokenInvalid},
		{"an unknown key", sign(func(c jwt.MapClaims) string { return signed(jwt.SigningMethodRS256, strangeKey(), "k9", c) }), nil, codeTokenInvalid},
		{"another key's name", sign(func(c jwt.MapClaims) string { return signed(jwt.SigningMethodRS256, signingKey(), "k2", c) }), nil, codeTokenInvalid},
		{"claims that were changed", sign(func(c jwt.MapClaims) string {
			parts := strings.Split(signed(jwt.SigningMethodRS256, signingKey(), "k1", c), ".")
			c["sub"] = "ben"
			payload, _ := json.Marshal(c)
			return parts[0] + "." + base64.RawURLEncoding.EncodeToString(payload) + "." + parts[2]
		}), nil, codeTokenInvalid},
		{"a signature that was cut off", sign(func(c jwt.MapClaims) string {
			return strings.TrimRight(signed(jwt.SigningMethodRS256, signingKey(), "k1", c), "=-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
		}), nil, codeTokenInvalid},
		{"no token at all", sign(func(jwt.MapClaims) string { return "x.y.z" }), nil, codeTokenInvalid},
		{"a huge token", set("groups", strings.Repeat("x", maxIDToken)), nil, codeTokenInvalid},
		{"the keys cannot be read", func() { s.idp.keys = func([]any) []any { return []any{"x"} } }, nil, codeTokenInvalid},
		// claims
		{"another issuer", set("iss", "https://evil.example"), nil, codeTokenIssuer},
		{"the issuer with a slash", edit(func(c jwt.MapClaims) { c["iss"] = c["iss"].(string) + "/" }), nil, codeTokenIssuer},
		{"no issuer", unset("iss"), nil, codeTokenIssuer},
		{"another app", set("aud", "another-app"), nil, codeTokenAudience},
		{"no audience", unset("aud"), nil, codeTokenAudience},
		{"two apps and no azp", set("aud", []string{"another-app", clientID}), nil, codeTokenAudience},
		{"made for another app", edit(func(c jwt.MapClaims) { c["aud"], c["azp"] = []string{clientID, "another-app"}, "another-app" }), nil, codeTokenAudience},
		{"expired", edit(func(c jwt.MapClaims) { c["exp"] = s.now().Add(-time.Minute).Unix() }), nil, codeTokenExpired},
		{"too far ahead", edit(func(c jwt.MapClaims) { c["iat"] = s.now().Add(clockLeeway + time.Second).Unix() }), nil, codeTokenEarly},
		{"valid too late", edit(func(c jwt.MapClaims) { c["nbf"] = s.now().Add(clockLeeway + time.Second).Unix() }), nil, codeTokenEarly},
		{"no expiry", unset("exp"), nil, codeTokenExpired},
		{"not valid yet", edit(func(c jwt.MapClaims) { c["nbf"] = s.now().Add(time.Hour).Unix() }), nil, codeTokenEarly},
		{"from the future", edit(func(c jwt.MapClaims) { c["iat"] = s.now().Add(time.Hour).Unix() }), nil, codeTokenEarly},
		{"an old one", edit(func(c jwt.MapClaims) { c["iat"] = s.now().Add(-time.Hour).Unix() }), nil, codeTokenEarly},
		{"without a time", unset("iat"), nil, codeTokenEarly},
		{"another nonce", set("nonce", "x"), nil, codeTokenNonce},
		{"no nonce", unset("nonce"), nil, codeTokenNonce},
		{"no subject", unset("sub"), nil, codeTokenSubject},
		{"an empty subject", set("sub", ""), nil, codeTokenSubject},
		{"a long subject", set("sub", strings.Repeat("a", 256)), nil, codeTokenSubject},
		{"a subject outside ASCII", set("sub", "ädä"), nil, codeTokenSubject},
		{"another access token's hash", set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), nil, codeTokenHash},
		// who it is
		{"no e-mail", func() { delete(s.idp.user, "email") }, nil, codeEmailMissing},
		{"an e-mail that is a list", user("email", []string{"ada@example.com"}), nil, codeEmailMissing},
		{"two e-mails in one", user("email", "ada@example.com,ben@example.com"), nil, codeEmailMissing},
		{"an e-mail that is not verified", user("email_verified", false), nil, codeEmailUnverified},
		{"an e-mail that is not verified, as text", user("email_verified", "false"), nil, codeEmailUnverified},
		{"an e-mail about which nothing is said", func() { delete(s.idp.user, "email_verified") }, nil, codeEmailUnverified},
		{"an e-mail of Entra's without xms_edov", func() { s.setRow(map[string]any{"preset": "entra"}) }, nil, codeEmailUnverified},
		{"nobody's e-mail", user("email", "nobody@example.com"), nil, codeCustomerMissing},
		{"another store's customer", func() {
			s.platform.Add(storeB, bigcommerce.Customer{Email: "ben@example.com"})
			s.idp.user["email"] = "ben@example.com"
		}, nil, codeCustomerMissing},
		{"a second subject for a customer", func() { linkTo("ada-before", ada()) }, nil, codeCustomerLinked},
		{"a customer who was deleted", func() {
			linkTo("ada", ada())
			s.platform.Delete(storeA, ada())
		}, nil, codeCustomerDeleted},
		{"a deleted customer's e-mail taken by another", func() {
			linkTo("ada", 9999)
		}, nil, codeCustomerDeleted},
		{"a linked subject with another's e-mail", func() {
			linkTo("ada", s.platform.Add(storeA, bigcommerce.Customer{Email: "old@example.com"}))
		}, nil, codeEmailOther},
		{"a linked subject with another's e-mail, unverified", func() {
			linkTo("ada", s.platform.Add(storeA, bigcommerce.Customer{Email: "old@example.com"}))
			s.idp.user["email_verified"] = false
		}, nil, codeEmailOther},
		{"a customer of another channel", func() {
			s.platform.Clear()
			s.platform.Add(storeA, bigcommerce.Customer{Email: "ada@example.com", ChannelIDs: []int64{2}})
		}, nil, "customer_other_channel"},
		{"a linked customer of another channel", func() {
			linkTo("ada", s.platform.Add(storeA, bigcommerce.Customer{Email: "b2b@example.com", ChannelIDs: []int64{2}}))
		}, nil, "customer_other_channel"},
		{"two customers with the e-mail", func() { s.platform.Add(storeA, bigcommerce.Customer{Email: "ADA@example.com"}) }, nil, "customer_ambiguous"},
		{"a customer to create, without the scope", func() {
			s.platform.Clear()
			s.setRow(map[string]any{"create_customers": true})
			s.install(storeA, "store_v2_customers_read_only store_v2_customers_login")
		}, nil, "scope_missing"},
		{"a customer to take over, without the scope", func() {
			s.install(storeA, "store_v2_customers_read_only store_v2_customers_login")
		}, nil, "scope_missing"},
		{"a password that BigCommerce does not take", func() { s.platform.RefusePasswords(true) }, nil, codePassword},
		// what changes meanwhile
		{"the provider was changed", func() { s.setRow(map[string]any{"client_id": "another"}) }, nil, codeProviderChanged},
		{"the provider was switched off", func() { s.setRow(map[string]any{"enabled": false}) }, nil, codeNoProvider},
		{"sign-in was switched off", func() {
			if err := s.db.PutStorefrontSettings(s.ctx(storeA), tenants.StorefrontSettings{ConsentCategory: "functional"}); err != nil {
				t.Fatal(err)
			}
		}, nil, codeOff},
		{"the app was uninstalled", func() {
			if err := s.db.MarkUninstalled(s.ctx(storeA), storeA, s.now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}, nil, "store_not_installed"},
		{"the shopper took too long", func() { s.advance(stateFor + time.Second) }, nil, codeStateUnknown},
		{"BigCommerce is away", func() { s.platform.SetAway(true) }, nil, "unavailable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.t = t
			s.again()
			b := s.browser()
			back := s.idp.authorize(t, b.begin(storeA, "redirect_to=/account.php"))
			q := back.Query()
			if tt.spoil != nil {
				tt.spoil()
			}
			if tt.answer != nil {
				tt.answer(q)
			}
			links := s.links()
			w := b.get("/sso/" + storeA + "/callback?" + q.Encode())
			s.refusedWith(tt.name, w, tt.code)
			if after := s.links(); after != links {
				t.Errorf("%d links, then %d", links, after)
			}
			if strings.Contains(w.Body.String(), "<script") || (len(q.Get("code")) > 1 && strings.Contains(w.Body.String(), q.Get("code"))) {
				t.Errorf("the page repeats what came: %s", w.Body)
			}
			if tt.code != codeStateMissing && tt.code != "store_not_installed" {
				if row := s.lastSignIn(storeA); row.Result != tt.code || row.Detail == "" {
					t.Errorf("recorded %+v", row)
				}
			}
			// It was this, and nothing else, that was refused; and what was refused cannot be used again.
			again := b.get("/sso/" + storeA + "/callback?" + back.RawQuery)
			if again.Header().Get("Location") != "" && tt.code != codeStateMissing && tt.code != codeStateUnknown && tt.code != codeStoreMixUp {
				t.Errorf("the state worked afterwards: %s", again.Header().Get("Location"))
			}
		})
	}
	s.t = t
	s.mustNotLog("an-access-token", clientSecret, "eyJ", "ada@example.com")
}

func (s *shop) links() (n int64) {
	s.t.Helper()
	if err := s.db.AcrossStores(s.t.Context()).Model(&tenants.SubjectLink{}).Count(&n).Error; err != nil {
		s.t.Fatal(err)
	}
	return n
}

// TestMixUps are answers in the wrong place: another browser, another tab's code, another store's
// Redis.
func TestMixUps(t *testing.T) {
	s := newShop(t)
	s.platform.Add(storeA, bigcommerce.Customer{Email: "ada@example.com"})
	s.platform.Add(storeB, bigcommerce.Customer{Email: "ada@example.com"})
	b := s.browser()

	back := s.idp.authorize(t, b.begin(storeA, ""))
	s.refusedWith("a browser without a cookie", s.browser().get(back.String()), codeStateBrowser)
	s.refusedWith("and then the right one", b.get(back.String()), codeStateUnknown)

	back = s.idp.authorize(t, b.begin(storeA, ""))
	other := s.browser()
	other.begin(storeA, "")
	s.refusedWith("another browser, which signs in too", other.get(back.String()), codeStateBrowser)

	back = s.idp.authorize(t, b.begin(storeA, ""))
	s.signedIn(b.get(back.String()))
	s.refusedWith("a second time", b.get(back.String()), codeStateUnknown)

	// The attacker's code in the victim's answer: PKCE and the nonce are those of another sign-in.
	mine := s.idp.authorize(t, b.begin(storeA, "")).Query()
	theirs := s.idp.authorize(t, s.browser().begin(storeA, "")).Query()
	s.refusedWith("another sign-in's code", b.get("/sso/"+storeA+"/callback?"+url.Values{"state": {mine.Get("state")}, "code": {theirs.Get("code")}}.Encode()), codeExchange)

	// A code that was used.
	back = s.idp.authorize(t, b.begin(storeA, ""))
	s.signedIn(b.get(back.String()))
	next := s.idp.authorize(t, b.begin(storeA, "")).Query()
	s.refusedWith("a used code", b.get("/sso/"+storeA+"/callback?"+url.Values{"state": {next.Get("state")}, "code": {back.Query().Get("code")}}.Encode()), codeExchange)

	// Whoever can write to Redis cannot make one store's sign-in another's: it is sealed for its
	// store.
	q := s.idp.authorize(t, b.begin(storeA, "")).Query()
	id := q.Get("state")[len(storeA)+1:]
	sealed, err := s.rdb.Get(t.Context(), stateKey(storeA, id)).Bytes()
	if err != nil || strings.Contains(string(sealed), "verifier") {
		t.Fatal(err, "what waits in Redis is not sealed")
	}
	if err := s.rdb.Set(t.Context(), stateKey(storeB, id), sealed, time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	q.Set("state", storeB+"."+id)
	s.refusedWith("a sign-in of another store", b.get("/sso/"+storeB+"/callback?"+q.Encode()), codeStateUnknown)
	if ttl := s.rdb.TTL(t.Context(), stateKey(storeA, id)).Val(); ttl <= 0 || ttl > stateFor {
		t.Errorf("waits for %s", ttl)
	}

	// RFC 9207: a provider that promises iss has to send it.
	s.idp.document = func(d map[string]any) { d["authorization_response_iss_parameter_supported"] = true }
	s.sso.providers = newProviders(s.sso.http, true, s.now)
	back = s.idp.authorize(t, b.begin(storeA, ""))
	s.refusedWith("an issuer that was promised", b.get(back.String()), codeMixUp)
	back = s.idp.authorize(t, b.begin(storeA, ""))
	s.signedIn(b.get(back.String() + "&iss=" + url.QueryEscape(s.idp.server.URL)))
}

// TestStoresNeverMeet signs the same person with the same e-mail in at two stores with one
// provider.
func TestStoresNeverMeet(t *testing.T) {
	s := newShop(t)
	ids := map[string]int64{}
	for _, store := range []string{storeA, storeB} {
		ids[store] = s.platform.Add(store, bigcommerce.Customer{Email: "ada@example.com", Company: "of " + store})
	}
	b := s.browser()
	for range 2 {
		for _, store := range []string{storeA, storeB} {
			origin, claims := s.signedIn(b.signIn(store, ""))
			if origin != "https://"+store+".example.com" || claims["store_hash"] != store || claims["customer_id"] != float64(ids[store]) {
				t.Errorf("%s: %s %v", store, origin, claims)
			}
			if row := s.lastSignIn(store); row.CustomerID != ids[store] {
				t.Errorf("%s: %+v", store, row)
			}
		}
	}
	// What one store does to its link, customer or provider is nothing to the other.
	s.platform.Delete(storeA, ids[storeA])
	if _, err := s.db.UnlinkCustomer(s.ctx(storeA), ids[storeB]); err != nil {
		t.Fatal(err)
	}
	s.refusedWith("the deleted one", b.signIn(storeA, ""), codeCustomerDeleted)
	if _, claims := s.signedIn(b.signIn(storeB, "")); claims["customer_id"] != float64(ids[storeB]) {
		t.Error(claims)
	}
	if err := s.db.DeleteIdentityProvider(s.ctx(storeA)); err != nil {
		t.Fatal(err)
	}
	s.refusedWith("without a provider", b.get("/sso/"+storeA+"/login"), codeNoProvider)
	s.signedIn(b.signIn(storeB, ""))
	// An ID token as a hint is of its store: the cookie of one opens nothing at the other.
	hint := b.cookies["__Secure-sluice_hint/sso/"+storeB+"/"]
	r := httptest.NewRequest(http.MethodGet, "/sso/"+storeA+"/logout", nil)
	s.setProvider(storeA, func(*tenants.IdentityProvider) {})
	r.AddCookie(&http.Cookie{Name: hint.Name, Value: hint.Value})
	w := httptest.NewRecorder()
	s.router.ServeHTTP(w, r)
	if u, _ := url.Parse(w.Header().Get("Location")); u.Path != "/end" || u.Query().Has("id_token_hint") {
		t.Error(w.Header())
	}
	for _, r := range s.platform.Requests() {
		if parts := strings.Fields(r); parts[1] != storeA && parts[1] != storeB {
			t.Error(r)
		}
	}
}
