package sso

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

func TestSignIn(t *testing.T) {
	s := newShop(t)
	ada := s.platform.Add(storeA, bigcommerce.Customer{Email: "Ada@example.com", FirstName: "A", LastName: "L"})
	b := s.browser()
	location := b.begin(storeA, "redirect_to="+url.QueryEscape("/cart.php?x=1")+"&channel_id=1")
	q, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"response_type": "code", "client_id": clientID, "redirect_uri": appURL + "/sso/" + storeA + "/callback", "scope": defaultScopes, "code_challenge_method": "S256",
	} {
		if q.Query().Get(name) != want {
			t.Errorf("%s is %q", name, q.Query().Get(name))
		}
	}
	cookie := b.cookies["__Host-sluice_sso/"]
	if cookie == nil || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" {
		t.Fatalf("cookie %+v", cookie)
	}
	w := b.get(s.idp.authorize(t, location).String())
	origin, claims := s.signedIn(w)
	if origin != "https://aaa111.example.com" || claims["customer_id"] != float64(ada) || claims["store_hash"] != storeA || claims["redirect_to"] != "/cart.php?x=1" ||
		claims["channel_id"] != 1.0 || claims["iat"] != float64(s.now().Unix()) {
		t.Error(origin, claims)
	}
	if w.Header().Get("Referrer-Policy") != "no-referrer" || w.Header().Get("Cache-Control") != "no-store" {
		t.Error(w.Header())
	}
	if row := s.lastSignIn(storeA); row.Result != "ok" || row.Method != "sso" || row.CustomerID != ada || row.Email != "ada@example.com" || row.ChannelID != 1 {
		t.Errorf("%+v", row)
	}
	link, err := s.db.SubjectLink(s.ctx(storeA), s.idp.server.URL, "ada")
	if err != nil || link == nil || link.CustomerID != ada || link.Email != "ada@example.com" {
		t.Error(link, err)
	}
	// From now on the subject counts: its e-mail may change, even to one that is not verified.
	s.idp.user["email"], s.idp.user["email_verified"] = "new@example.com", false
	if _, claims := s.signedIn(b.signIn(storeA, "")); claims["customer_id"] != float64(ada) {
		t.Error(claims)
	}
	s.mustNotLog(cookie.Value, "an-access-token", clientSecret, "eyJ", "ada@example.com", "new@example.com")
}

// mustNotLog checks that none of the texts is in the log or in any store's record of sign-ins.
func (s *shop) mustNotLog(texts ...string) {
	s.t.Helper()
	var rows []tenants.SignIn
	if err := s.db.AcrossStores(s.t.Context()).Find(&rows).Error; err != nil {
		s.t.Fatal(err)
	}
	for _, text := range texts {
		if strings.Contains(s.log.String(), text) {
			s.t.Errorf("the log has %q", text)
		}
		for _, r := range rows {
			if !strings.Contains(text, "@") && strings.Contains(r.Detail+r.Email+r.Result, text) {
				s.t.Errorf("a sign-in has %q: %+v", text, r)
			}
		}
	}
}

func TestSignInCreates(t *testing.T) {
	s := newShop(t)
	s.platform.AddGroup(4, "Wholesale")
	account := tenants.Account{ExternalID: "K-7", Fields: map[string]string{}}
	if err := s.db.Scoped(s.ctx(storeA)).Create(&account).Error; err != nil {
		t.Fatal(err)
	}
	s.setProvider(storeA, func(p *tenants.IdentityProvider) {
		p.CreateCustomers, p.GroupID = true, 3
		p.Claims = []tenants.ClaimMapping{
			{Target: TargetFirstName, Expression: "given_name"}, {Target: TargetLastName, Expression: "family_name"},
			{Target: TargetCompany, Expression: `company`}, {Target: TargetGroup, Expression: `"gold" in groups ? 4 : 3`},
			{Target: TargetPhone, Expression: `claim["https://acme.example/phone"]`}, {Target: TargetExternalID, Expression: `number_of_account`},
		}
	})
	s.idp.user["groups"] = []string{"gold"}
	s.idp.user["https://acme.example/phone"] = " 555 1234 "
	s.idp.user["number_of_account"] = "K-7"
	b := s.browser()
	_, claims := s.signedIn(b.signIn(storeA, "channel_id=2"))
	got := s.platform.Customers(storeA)
	if len(got) != 1 {
		t.Fatal(got)
	}
	c := got[0]
	if c.Email != "ada@example.com" || c.FirstName != "Ada" || c.LastName != "Lovelace" || c.Company != "Engines Ltd" || c.GroupID != 4 || c.Phone != "555 1234" ||
		c.OriginChannelID != 2 || len(c.ChannelIDs) != 1 || c.ChannelIDs[0] != 2 || claims["customer_id"] != float64(c.ID) || claims["channel_id"] != 2.0 {
		t.Errorf("%+v %v", c, claims)
	}
	if a, err := s.db.Accounts(s.ctx(storeA), tenants.AccountFilter{ExternalID: "K-7"}); err != nil || a[0].CustomerID != c.ID {
		t.Error(a, err)
	}
	// What the provider says later is written too, and only what changed.
	before := len(s.platform.Requests())
	s.idp.user["company"], s.idp.user["groups"] = "New Ltd", []string{}
	s.signedIn(b.signIn(storeA, "channel_id=2"))
	if c := s.platform.Customers(storeA)[0]; c.Company != "New Ltd" || c.GroupID != 3 {
		t.Errorf("%+v", c)
	}
	s.signedIn(b.signIn(storeA, "channel_id=2"))
	var puts int
	for _, r := range s.platform.Requests()[before:] {
		if strings.HasPrefix(r, "PUT") {
			puts++
		}
	}
	if puts != 1 {
		t.Errorf("%d changes were sent", puts)
	}
	// A claim that cannot be used leaves its field alone and is noted.
	s.idp.user["company"], s.idp.user["groups"], s.idp.user["number_of_account"] = strings.Repeat("x", 300), []string{}, "K-8"
	s.signedIn(b.signIn(storeA, "channel_id=2"))
	if row := s.lastSignIn(storeA); row.Result != "ok" || !strings.Contains(row.Detail, "company was left as it is") || !strings.Contains(row.Detail, "No account K-8") {
		t.Errorf("%+v", row)
	}
}

// TestSignInNames makes customers of users about whom little is known: BigCommerce needs two names.
func TestSignInNames(t *testing.T) {
	s := newShop(t)
	s.setProvider(storeA, func(p *tenants.IdentityProvider) { p.CreateCustomers = true; p.Claims = nil })
	for subject, tt := range map[string]struct {
		claims      map[string]any
		first, last string
	}{
		"whole":   {map[string]any{"name": "Grace Brewster Hopper"}, "Grace", "Brewster Hopper"},
		"one":     {map[string]any{"name": "Prince"}, "Prince", "-"},
		"nothing": {map[string]any{}, "nothing", "-"},
		"control": {map[string]any{"given_name": "A\x00\nB", "family_name": 7}, "A  B", "-"},
	} {
		s.idp.user = map[string]any{"sub": subject, "email": subject + "@example.com", "email_verified": "true"}
		for k, v := range tt.claims {
			s.idp.user[k] = v
		}
		_, claims := s.signedIn(s.browser().signIn(storeA, ""))
		for _, c := range s.platform.Customers(storeA) {
			if float64(c.ID) == claims["customer_id"] && (c.FirstName != tt.first || c.LastName != tt.last || len(c.ChannelIDs) != 0) {
				t.Errorf("%s: %+v", subject, c)
			}
		}
	}
}

// TestUserInfo takes claims that are not in the ID token from the userinfo endpoint, of the same
// subject.
func TestUserInfo(t *testing.T) {
	s := newShop(t)
	ada := s.platform.Add(storeA, bigcommerce.Customer{Email: "ada@example.com"})
	s.idp.user = map[string]any{"sub": "ada"}
	s.idp.userInfo = map[string]any{"sub": "ada", "email": "ada@example.com", "email_verified": true, "iss": "https://evil.example"}
	if _, claims := s.signedIn(s.browser().signIn(storeA, "")); claims["customer_id"] != float64(ada) {
		t.Error(claims)
	}
	s.idp.userInfo["sub"] = "ben"
	s.refusedWith("userinfo of another subject", s.browser().signIn(storeA, ""), codeUserInfo)
}

// TestTwoTabs begins two sign-ins in one browser: both work, in any order.
func TestTwoTabs(t *testing.T) {
	s := newShop(t)
	s.platform.Add(storeA, bigcommerce.Customer{Email: "ada@example.com"})
	b := s.browser()
	first, second := b.begin(storeA, "redirect_to=/one"), b.begin(storeA, "redirect_to=/two")
	for location, want := range map[string]string{second: "/two", first: "/one"} {
		if _, claims := s.signedIn(b.get(s.idp.authorize(t, location).String())); claims["redirect_to"] != want {
			t.Error(claims)
		}
	}
}

// TestES256 takes the other common algorithm, and a key that appeared after the first look.
func TestES256(t *testing.T) {
	s := newShop(t)
	s.platform.Add(storeA, bigcommerce.Customer{Email: "ada@example.com"})
	s.idp.keys = func(keys []any) []any { return keys[:1] }
	s.signedIn(s.browser().signIn(storeA, ""))
	s.idp.keys = nil
	s.idp.sign = func(c jwt.MapClaims) string { return signed(jwt.SigningMethodES256, curveKey(), "k2", c) }
	s.signedIn(s.browser().signIn(storeA, ""))
	if n := s.idp.requests["/.well-known/openid-configuration"]; n != 1 {
		t.Errorf("the document was read %d times", n)
	}
}

func TestSignOut(t *testing.T) {
	s := newShop(t)
	s.platform.Add(storeA, bigcommerce.Customer{Email: "ada@example.com"})
	b := s.browser()
	s.signedIn(b.signIn(storeA, ""))
	hint := b.cookies["__Secure-sluice_hint/sso/"+storeA+"/"]
	if hint == nil || !hint.HttpOnly || !hint.Secure || strings.Contains(hint.Value, "eyJ") {
		t.Fatalf("hint %+v", hint)
	}
	w := b.get("/sso/" + storeA + "/logout?redirect_to=/bye&channel_id=2")
	u, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusFound || u.Path != "/end" {
		t.Fatal(w.Code, u)
	}
	q := u.Query()
	if q.Get("client_id") != clientID || q.Get("post_logout_redirect_uri") != appURL+"/sso/"+storeA+"/logged-out" || !strings.HasPrefix(q.Get("id_token_hint"), "eyJ") {
		t.Error(q)
	}
	if b.cookies["__Secure-sluice_hint/sso/"+storeA+"/"] != nil {
		t.Error("the hint stayed")
	}
	back := "/sso/" + storeA + "/logged-out?state=" + url.QueryEscape(q.Get("state"))
	if w = b.get(back); w.Header().Get("Location") != "https://b2b.aaa111.example.com/login.php?action=logout" {
		t.Error(w.Code, w.Header())
	}
	if w = b.get(back); w.Code != http.StatusOK || w.Header().Get("Location") != "" {
		t.Error("the state works twice", w.Code)
	}
	// A page that ended the storefront's session itself is led on to where the shopper wants.
	w = b.get("/sso/" + storeA + "/logout?redirect_to=/bye&storefront=done")
	u, _ = url.Parse(w.Header().Get("Location"))
	if w = b.get("/sso/" + storeA + "/logged-out?state=" + u.Query().Get("state")); w.Header().Get("Location") != "https://aaa111.example.com/bye" {
		t.Error(w.Header())
	}
	// A sign-out's state signs nobody in, and a sign-in's no one out.
	w = b.get("/sso/" + storeA + "/logout")
	u, _ = url.Parse(w.Header().Get("Location"))
	s.refusedWith("a sign-out's state", b.get("/sso/"+storeA+"/callback?code=x&state="+u.Query().Get("state")), codeStateBrowser)
	in, _ := url.Parse(b.begin(storeA, ""))
	if w = b.get("/sso/" + storeA + "/logged-out?state=" + in.Query().Get("state")); w.Code != http.StatusOK || w.Header().Get("Location") != "" {
		t.Error(w.Code, w.Header())
	}
	// Without a provider's sign-out, without a provider, and with one that is away, the shop's session
	// ends.
	shop := "https://aaa111.example.com/login.php?action=logout"
	s.setProvider(storeA, func(p *tenants.IdentityProvider) { p.EndSession = false })
	if w = b.get("/sso/" + storeA + "/logout"); w.Header().Get("Location") != shop {
		t.Error(w.Header())
	}
	s.setProvider(storeA, func(p *tenants.IdentityProvider) { p.EndSession = true; p.Issuer += "/elsewhere" })
	if w = b.get("/sso/" + storeA + "/logout"); w.Header().Get("Location") != shop {
		t.Error(w.Header())
	}
	if err := s.db.DeleteIdentityProvider(s.ctx(storeA)); err != nil {
		t.Fatal(err)
	}
	if w = b.get("/sso/" + storeA + "/logout?storefront=done"); w.Header().Get("Location") != "https://aaa111.example.com/" {
		t.Error(w.Header())
	}
	s.refusedWith("sign out to another host", b.get("/sso/"+storeA+"/logout?redirect_to=//evil.example"), codeRedirect)
	s.refusedWith("sign out of an unknown store", b.get("/sso/zzz999/logout"), "store_not_installed")
	s.refusedWith("sign out of an unknown channel", b.get("/sso/"+storeA+"/logout?channel_id=9"), "channel_unknown")
}

// TestSignOutOfAHeadlessStorefront ends the session where that storefront does, which has no
// /login.php.
func TestSignOutOfAHeadlessStorefront(t *testing.T) {
	s := newShop(t)
	if err := s.db.UpsertChannels(s.ctx(storeA), []tenants.Channel{
		{ChannelID: 5, Name: "Trade", Type: tenants.TypeStorefront, Platform: "catalyst", Status: "active", SiteURL: "https://trade.aaa111.example.com"},
		{ChannelID: 6, Name: "Theme", Type: tenants.TypeStorefront, Platform: tenants.PlatformStencil, Status: "active", SiteURL: "https://theme.aaa111.example.com"},
	}); err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	for query, want := range map[string]string{
		"channel_id=5":                                         "https://trade.aaa111.example.com/logout",
		"channel_id=5&redirect_to=/bye%3Fa=b":                  "https://trade.aaa111.example.com/logout?redirectTo=%2Fbye%3Fa%3Db",
		"channel_id=5&redirect_to=/bye&storefront=done":        "https://trade.aaa111.example.com/bye",
		"channel_id=6&redirect_to=/bye":                        "https://theme.aaa111.example.com/login.php?action=logout",
		"channel_id=2&redirect_to=/of-a-platform-not-yet-read": "https://b2b.aaa111.example.com/login.php?action=logout",
	} {
		// By way of the provider, and straight on when it has no session to end.
		w := b.get("/sso/" + storeA + "/logout?" + query)
		u, err := url.Parse(w.Header().Get("Location"))
		if err != nil || u.Path != "/end" {
			t.Fatal(w.Code, w.Header())
		}
		if w = b.get("/sso/" + storeA + "/logged-out?state=" + url.QueryEscape(u.Query().Get("state"))); w.Header().Get("Location") != want {
			t.Errorf("%s: %d %s, want %s", query, w.Code, w.Header().Get("Location"), want)
		}
		s.setProvider(storeA, func(p *tenants.IdentityProvider) { p.EndSession = false })
		if w = b.get("/sso/" + storeA + "/logout?" + query); w.Header().Get("Location") != want {
			t.Errorf("%s: straight on to %s, want %s", query, w.Header().Get("Location"), want)
		}
		s.setProvider(storeA, func(p *tenants.IdentityProvider) { p.EndSession = true })
	}
}

// TestTooOften answers 429 with Retry-After, per address and store, on every address.
func TestTooOften(t *testing.T) {
	for _, path := range []string{"/sso/" + storeA + "/login", "/sso/callback?state=" + storeA + ".AAAAAAAAAAAAAAAAAAAAAAAAAA", "/sso/" + storeA + "/callback", "/sso/" + storeA + "/logout", "/sso/logged-out", "/sso/" + storeA + "/logged-out"} {
		s := newShop(t)
		b := s.browser()
		for range perAddress.Burst {
			if w := b.get(path); w.Code == http.StatusTooManyRequests {
				t.Fatalf("%s: refused too early", path)
			}
		}
		w := b.get(path)
		s.refusedWith(path, w, codeTooOften)
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		other := s.browser()
		other.addr = "203.0.113.8:1"
		if w := other.get(path); w.Code == http.StatusTooManyRequests {
			t.Errorf("%s: another address is refused", path)
		}
		s.advance(time.Duration(perAddress.Burst) * perAddress.Every)
		if w := b.get(path); w.Code == http.StatusTooManyRequests {
			t.Errorf("%s: still refused", path)
		}
	}
}
