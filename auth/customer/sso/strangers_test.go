package sso

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

// shared has a store's provider be one from before each store had its own redirect URI.
func (s *shop) shared(store string, until time.Time) {
	s.t.Helper()
	err := s.db.Scoped(s.ctx(store)).Model(&tenants.IdentityProvider{}).Where("id <> ''").Update("shared_until", until.UTC()).Error
	if err != nil {
		s.t.Fatal(err)
	}
}

// announce has the provider's document say whether its answers name it, in this process too.
func (s *shop) announce(announces bool) {
	s.idp.mu.Lock()
	s.idp.document = func(d map[string]any) { d["authorization_response_iss_parameter_supported"] = announces }
	s.idp.mu.Unlock()
	s.sso.providers = newProviders(s.sso.http, true, s.now)
}

// victim has somebody sign in at the provider by an address that an attacker made: request changed
// by the attacker, back is where the answer is sent to.
func (s *shop) victim(location string, change func(url.Values)) *url.URL {
	s.t.Helper()
	u, err := url.Parse(location)
	if err != nil {
		s.t.Fatal(err)
	}
	q := u.Query()
	change(q)
	u.RawQuery = q.Encode()
	return s.idp.authorize(s.t, u.String())
}

// exchanges counts the codes that were sent to the token endpoint.
func (s *shop) exchanges() int {
	s.idp.mu.Lock()
	defer s.idp.mu.Unlock()
	return s.idp.requests["/token"]
}

// TestStoresHaveTheirOwnAddress is the mix-up of RFC 9700, section 4.4.2, in all its directions: no
// answer of one store's provider is taken for another store, and nothing is sent to anybody before
// that is known.
func TestStoresHaveTheirOwnAddress(t *testing.T) {
	s := newShop(t)
	for _, store := range []string{storeA, storeB} {
		s.platform.Add(store, bigcommerce.Customer{Email: "ada@example.com"})
	}
	own := func(store string) string { return "/sso/" + store + "/callback" }
	for name, tt := range map[string]struct {
		begin, back string // the store of the state, the path of the answer
		code        string
	}{
		"another store's address":    {storeA, own(storeB), codeStoreMixUp},
		"the other way round":        {storeB, own(storeA), codeStoreMixUp},
		"the shared address":         {storeA, sharedCallbackPath, codeStoreMixUp},
		"a store nobody knows":       {storeA, own("zzz999"), codeStoreMixUp},
		"a store in another case":    {storeA, own("AAA111"), "store_not_installed"},
		"a store that is none":       {storeA, own("aaa_111"), "store_not_installed"},
		"a sign-out's own address":   {storeA, "/sso/" + storeA + "/logged-out", ""},
		"a sign-out's other address": {storeA, "/sso/" + storeB + "/logged-out", codeStoreMixUp},
	} {
		s.advance(5 * time.Minute)
		b := s.browser()
		before := s.exchanges()
		back := s.idp.authorize(t, b.begin(tt.begin, ""))
		w := b.get(tt.back + "?" + back.RawQuery)
		if tt.code != "" {
			s.refusedWith(name, w, tt.code)
		}
		if w.Header().Get("Location") != "" || s.exchanges() != before {
			t.Errorf("%s: went to %q, %d codes were sent", name, w.Header().Get("Location"), s.exchanges()-before)
		}
		if tt.code == codeStoreMixUp && strings.HasPrefix(tt.back, own(storeB)) {
			if row := s.lastSignIn(storeB); row.Result != codeStoreMixUp || strings.Contains(row.Detail, storeA) {
				t.Errorf("%s: recorded %+v", name, row)
			}
		}
	}
	// A browser that has begun at both stores proves nothing of one to the other.
	b := s.browser()
	a, other := b.begin(storeA, ""), b.begin(storeB, "")
	s.signedIn(b.get(s.idp.authorize(t, other).String()))
	s.signedIn(b.get(s.idp.authorize(t, a).String()))
	if one, two := s.flowOf(a).Browser, s.flowOf(b.begin(storeB, "")).Browser; one == two {
		t.Error("the cookie proves the same of two stores")
	}
}

// flowOf reads what waits for the answer to a request.
func (s *shop) flowOf(location string) *flow {
	s.t.Helper()
	u, err := url.Parse(location)
	if err != nil {
		s.t.Fatal(err)
	}
	m := statePattern.FindStringSubmatch(u.Query().Get("state"))
	f, err := s.sso.take(s.ctx(m[1]), m[2])
	if err != nil {
		return &flow{Browser: "used"}
	}
	return f
}

// TestAttackersProvider is the attack as it was carried out: the merchant of store A has their own
// provider, which sends a shopper of store B on to store B's provider, with an address that brings
// the code back under store A's state. Nowhere may the code get into the attacker's hands, or sign
// anybody in at store B.
func TestAttackersProvider(t *testing.T) {
	for name, tt := range map[string]struct {
		announces bool // the attacker's provider
		prepare   func(s *shop)
	}{
		"both have their own address":              {false, func(*shop) {}},
		"both have, the attacker's names itself":   {true, func(*shop) {}},
		"the attacker is on the shared one":        {true, func(s *shop) { s.shared(storeA, s.now()) }},
		"both are, and each provider names itself": {true, func(s *shop) { s.shared(storeA, s.now()); s.shared(storeB, s.now()); s.announce(true) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.platform.Add(storeB, bigcommerce.Customer{Email: "ada@example.com"})
			evil := newIDP(t, s.now)
			evil.document = func(d map[string]any) { d["authorization_response_iss_parameter_supported"] = tt.announces }
			s.setRow(map[string]any{"issuer": evil.server.URL})
			tt.prepare(s)
			attacker, victim := s.browser(), s.browser()
			mine, err := url.Parse(attacker.begin(storeB, "")) // to finish with the victim's code
			if err != nil {
				t.Fatal(err)
			}
			trap, err := url.Parse(victim.begin(storeA, ""))
			if err != nil {
				t.Fatal(err)
			}
			callbacks := []string{mine.Query().Get("redirect_uri"), appURL + sharedCallbackPath}
			if tt.announces { // else it is for store B's provider to know which addresses are store B's
				callbacks = append(callbacks, trap.Query().Get("redirect_uri"))
			}
			for _, callback := range callbacks {
				back := s.victim(mine.String(), func(q url.Values) {
					q.Set("redirect_uri", callback)
					q.Set("state", trap.Query().Get("state"))
				})
				if w := victim.get(back.String()); w.Header().Get("Location") != "" {
					t.Errorf("by %s the victim came to %s", callback, w.Header().Get("Location"))
				}
				evil.mu.Lock()
				if len(evil.forms) > 0 {
					t.Errorf("by %s the attacker got the code: %v", callback, evil.forms)
				}
				evil.forms = nil
				evil.mu.Unlock()
				trap, _ = url.Parse(victim.begin(storeA, ""))
			}
		})
	}
}

// TestSharedAddress: a provider from before goes on with the shared address as long as its answers
// name it, else for a time; what the merchant switched to the store's own is refused there.
func TestSharedAddress(t *testing.T) {
	s := newShop(t)
	s.platform.Add(storeA, bigcommerce.Customer{Email: "ada@example.com"})
	b := s.browser()
	shared := appURL + sharedCallbackPath
	signIn := func(iss string) func() {
		return func() {
			t.Helper()
			location := b.begin(storeA, "")
			back := s.idp.authorize(t, location)
			if !strings.HasPrefix(back.String(), shared+"?") {
				t.Fatalf("comes back to %s", back)
			}
			if iss != "" {
				back.RawQuery += "&iss=" + url.QueryEscape(iss)
			}
			s.signedIn(b.get(back.String()))
		}
	}
	refused := func(code string) {
		t.Helper()
		s.refusedWith(code, b.get("/sso/"+storeA+"/login"), code)
	}
	until := s.now().Add(time.Hour)
	s.shared(storeA, until)
	signIn("")() // not announced, in time
	s.advance(time.Hour - time.Second)
	signIn("")()
	s.advance(time.Second)
	refused(codeSharedAddress)
	row := s.lastSignIn(storeA)
	for _, part := range []string{appURL + "/sso/" + storeA + "/callback", appURL + "/sso/" + storeA + "/logged-out", until.UTC().Format(time.DateOnly)} {
		if !strings.Contains(row.Detail, part) {
			t.Errorf("%q does not say %s", row.Detail, part)
		}
	}
	// Signing out ends the shop's session; the provider would lead nowhere.
	if w := b.get("/sso/" + storeA + "/logout"); w.Header().Get("Location") != "https://aaa111.example.com/login.php?action=logout" {
		t.Error(w.Code, w.Header())
	}
	// A provider that names itself goes on, and has to go on naming itself.
	s.announce(true)
	signIn(s.idp.server.URL)()
	w := b.get("/sso/" + storeA + "/logout")
	if u, _ := url.Parse(w.Header().Get("Location")); u.Query().Get("post_logout_redirect_uri") != appURL+sharedLoggedOutPath {
		t.Error(w.Header())
	}
	s.refusedWith("an answer without iss", b.signIn(storeA, ""), codeMixUp)
	if p, err := s.db.IdentityProvider(s.ctx(storeA)); err != nil || !p.AnnouncesIssuer {
		t.Errorf("%+v, %v", p, err)
	}
	// It cannot be announced to begin with, and taken back for the answer.
	back := s.idp.authorize(t, b.begin(storeA, ""))
	s.shared(storeA, s.now().Add(time.Hour))
	s.announce(false)
	s.refusedWith("an announcement that was taken back", b.get(back.String()), codeMixUp)
	s.shared(storeA, s.now())
	refused(codeSharedAddress)
	// What is under way when the merchant switches has to begin again; then only the own address
	// counts.
	s.announce(true)
	back = s.idp.authorize(t, b.begin(storeA, ""))
	s.setProvider(storeA, func(p *tenants.IdentityProvider) { p.SharedUntil = nil })
	s.refusedWith("switched meanwhile", b.get(back.String()+"&iss="+url.QueryEscape(s.idp.server.URL)), codeProviderChanged)
	s.announce(false)
	back = s.idp.authorize(t, b.begin(storeA, ""))
	if !strings.HasPrefix(back.String(), appURL+"/sso/"+storeA+"/callback?") {
		t.Errorf("comes back to %s", back)
	}
	s.signedIn(b.get(back.String()))
}

// TestPreHijacking: whoever registered with somebody else's address cannot sign in any more once
// its owner has come by single sign-on, and sees nothing that was meant for the owner.
func TestPreHijacking(t *testing.T) {
	const stranger = "the-stranger-knows-this-1"
	s := newShop(t)
	account := tenants.Account{ExternalID: "K-1", Email: "ada@example.com", Fields: map[string]string{"terms": "Net 30"}}
	if err := s.db.PutAccounts(s.ctx(storeA), []tenants.Account{account}); err != nil {
		t.Fatal(err)
	}
	card := func(id int64) bool {
		t.Helper()
		a, err := s.db.AccountOf(s.ctx(storeA), id, "ada@example.com")
		if err != nil {
			t.Fatal(err)
		}
		return a != nil
	}
	ada := s.platform.Add(storeA, bigcommerce.Customer{Email: "ada@example.com"})
	s.platform.SetPassword(ada, stranger)
	if card(ada) {
		t.Error("a card is shown to whoever registered")
	}
	// BigCommerce takes no password: nobody is linked, nobody is signed in.
	s.platform.RefusePasswords(true)
	s.refusedWith("no new password", s.browser().signIn(storeA, ""), codePassword)
	if s.links() != 0 || card(ada) || s.platform.Password(ada) != stranger {
		t.Error("linked before the password was replaced")
	}
	s.platform.RefusePasswords(false)
	s.signedIn(s.browser().signIn(storeA, ""))
	first := s.platform.Password(ada)
	if first == stranger || len(first) < 20 || !card(ada) {
		t.Errorf("password %q, card %v", first, card(ada))
	}
	// Once: what the owner chooses later stays.
	s.platform.SetPassword(ada, "what-ada-chose-2")
	s.signedIn(s.browser().signIn(storeA, ""))
	if got := s.platform.Password(ada); got != "what-ada-chose-2" {
		t.Errorf("replaced again: %q", got)
	}
	// A second user with the address gets nothing, and changes nothing.
	s.idp.user["sub"] = "ada-again"
	s.refusedWith("a second user", s.browser().signIn(storeA, ""), codeCustomerLinked)
	if got := s.platform.Password(ada); got != "what-ada-chose-2" {
		t.Errorf("a refused user replaced the password: %q", got)
	}
	// Undone and linked anew, it is another person's password again.
	if _, err := s.db.UnlinkCustomer(s.ctx(storeA), ada); err != nil {
		t.Fatal(err)
	}
	s.signedIn(s.browser().signIn(storeA, ""))
	if got := s.platform.Password(ada); got == "what-ada-chose-2" || got == first {
		t.Errorf("not replaced for the new link: %q", got)
	}
	s.mustNotLog(first, s.platform.Password(ada), "what-ada-chose-2")

	// Whom Sluice creates has no password to replace.
	s.setProvider(storeA, func(p *tenants.IdentityProvider) { p.CreateCustomers = true })
	s.idp.user = map[string]any{"sub": "new", "email": "new@example.com", "email_verified": true}
	_, claims := s.signedIn(s.browser().signIn(storeA, ""))
	if got := s.platform.Password(int64(claims["customer_id"].(float64))); got != "" {
		t.Errorf("a new customer has the password %q", got)
	}
	if link, err := s.db.SubjectLink(s.ctx(storeA), s.idp.server.URL, "new"); err != nil || !link.Secured {
		t.Errorf("%+v, %v", link, err)
	}
}

// TestLinkedBefore: a link from before this was known shows no card by e-mail until its customer
// has a new password, and keeps nobody from signing in.
func TestLinkedBefore(t *testing.T) {
	s := newShop(t)
	ctx := s.ctx(storeA)
	accounts := []tenants.Account{{ExternalID: "K-1", Email: "ada@example.com"}, {ExternalID: "K-2"}}
	if err := s.db.PutAccounts(ctx, accounts); err != nil {
		t.Fatal(err)
	}
	s.setProvider(storeA, func(p *tenants.IdentityProvider) {
		p.Claims = []tenants.ClaimMapping{{Target: TargetExternalID, Expression: "number"}}
	})
	s.idp.user["number"] = "K-2"
	shown := func(id int64) string {
		t.Helper()
		a, err := s.db.AccountOf(ctx, id, "ada@example.com")
		if err != nil {
			t.Fatal(err)
		}
		if a == nil {
			return ""
		}
		return a.ExternalID
	}
	ada := s.platform.Add(storeA, bigcommerce.Customer{Email: "ada@example.com"})
	s.platform.SetPassword(ada, "old")
	if _, err := s.db.LinkSubject(ctx, s.idp.server.URL, "ada", ada, false); err != nil {
		t.Fatal(err)
	}
	if err := s.db.NoteVerifiedEmail(ctx, s.idp.server.URL, "ada", "ada@example.com"); err != nil {
		t.Fatal(err)
	}
	if got := shown(ada); got != "" {
		t.Errorf("a link from before shows %s", got)
	}
	s.install(storeA, "store_v2_customers_read_only store_v2_customers_login")
	s.signedIn(s.browser().signIn(storeA, ""))
	if row := s.lastSignIn(storeA); shown(ada) != "" || !strings.Contains(row.Detail, "password could not be replaced") || !strings.Contains(row.Detail, "K-2 was not given") {
		t.Errorf("shows %q, %q", shown(ada), row.Detail)
	}
	s.install(storeA, "store_v2_customers store_v2_customers_login")
	s.signedIn(s.browser().signIn(storeA, ""))
	if got := s.platform.Password(ada); got == "old" || shown(ada) != "K-2" {
		t.Errorf("password %q, shows %q", got, shown(ada))
	}
}

// TestGivenBefore: the account that the claim gave to a customer, before single sign-on replaced
// passwords, is shown to nobody who may have registered with the shopper's e-mail, until the
// shopper comes again and that password is gone.
func TestGivenBefore(t *testing.T) {
	s := newShop(t)
	ctx := s.ctx(storeA)
	if err := s.db.PutAccounts(ctx, []tenants.Account{{ExternalID: "K-2", Fields: map[string]string{"terms": "Net 30"}}}); err != nil {
		t.Fatal(err)
	}
	s.setProvider(storeA, func(p *tenants.IdentityProvider) {
		p.Claims = []tenants.ClaimMapping{{Target: TargetExternalID, Expression: "number"}}
	})
	s.idp.user["number"] = "K-2"
	ada := s.platform.Add(storeA, bigcommerce.Customer{Email: "ada@example.com"})
	s.platform.SetPassword(ada, "the-stranger-knows-this-1")
	// As an older version left it.
	if _, err := s.db.LinkSubject(ctx, s.idp.server.URL, "ada", ada, false); err != nil {
		t.Fatal(err)
	}
	if whose, err := s.db.GiveAccount(ctx, "K-2", ada); err != nil || whose != ada {
		t.Fatal(whose, err)
	}
	card := func() bool {
		t.Helper()
		a, err := s.db.AccountOf(ctx, ada, "ada@example.com")
		if err != nil {
			t.Fatal(err)
		}
		return a != nil
	}
	if card() {
		t.Error("shown while the old password works")
	}
	s.platform.RefusePasswords(true)
	s.signedIn(s.browser().signIn(storeA, ""))
	if card() {
		t.Error("shown though the password could not be replaced")
	}
	s.platform.RefusePasswords(false)
	s.signedIn(s.browser().signIn(storeA, ""))
	if !card() || s.platform.Password(ada) == "the-stranger-knows-this-1" {
		t.Errorf("card %v, password %q", card(), s.platform.Password(ada))
	}
}

// TestKeepPasswords: the merchant may choose the risk, and choose otherwise later.
func TestKeepPasswords(t *testing.T) {
	s := newShop(t)
	ctx := s.ctx(storeA)
	if err := s.db.PutAccounts(ctx, []tenants.Account{{ExternalID: "K-1", Email: "ada@example.com"}}); err != nil {
		t.Fatal(err)
	}
	ada := s.platform.Add(storeA, bigcommerce.Customer{Email: "ada@example.com"})
	s.platform.SetPassword(ada, "old")
	shown := func() bool {
		a, err := s.db.AccountOf(ctx, ada, "ada@example.com")
		if err != nil {
			t.Fatal(err)
		}
		return a != nil
	}
	s.setProvider(storeA, func(p *tenants.IdentityProvider) { p.KeepPasswords = true })
	s.install(storeA, "store_v2_customers_read_only store_v2_customers_login")
	s.signedIn(s.browser().signIn(storeA, ""))
	if s.platform.Password(ada) != "old" || !shown() {
		t.Errorf("password %q, card %v", s.platform.Password(ada), shown())
	}
	s.install(storeA, "store_v2_customers store_v2_customers_login")
	s.setProvider(storeA, func(p *tenants.IdentityProvider) { p.KeepPasswords = false })
	if shown() {
		t.Error("the risk is still run")
	}
	s.signedIn(s.browser().signIn(storeA, ""))
	if s.platform.Password(ada) == "old" || !shown() {
		t.Errorf("password %q, card %v", s.platform.Password(ada), shown())
	}
}

// TestShopperAddress binds the login address to the address that the shopper came from, if that is
// wanted.
func TestShopperAddress(t *testing.T) {
	s := newShop(t)
	s.platform.Add(storeA, bigcommerce.Customer{Email: "ada@example.com"})
	for _, tt := range []struct {
		bound      bool
		addr, want string
	}{
		{false, "203.0.113.7:1", ""},
		{true, "203.0.113.7:1", "203.0.113.7"},
		{true, "[2001:db8::7]:1", "2001:db8::7"},
		{true, "[::ffff:203.0.113.7]:1", "203.0.113.7"},
	} {
		s.setProvider(storeA, func(p *tenants.IdentityProvider) { p.RequestIP = tt.bound })
		b := s.browser()
		b.addr = tt.addr
		if _, claims := s.signedIn(b.signIn(storeA, "")); (claims["request_ip"] == nil) != (tt.want == "") || tt.want != "" && claims["request_ip"] != tt.want {
			t.Errorf("%+v: %v", tt, claims)
		}
	}
}

// TestAHintIsOfItsProvider: the ID token that a shopper's browser keeps says who they are, to the
// provider and the client that it is of. After the merchant has moved to another it goes nowhere,
// and is gone.
func TestAHintIsOfItsProvider(t *testing.T) {
	s := newShop(t)
	s.platform.Add(storeA, bigcommerce.Customer{Email: "ada@example.com"})
	another := newIDP(t, s.now)
	for name, tt := range map[string]struct {
		change func(*tenants.IdentityProvider)
		end    string
		sent   bool
	}{
		"another issuer":          {func(p *tenants.IdentityProvider) { p.Issuer = another.server.URL }, another.server.URL, false},
		"another client":          {func(p *tenants.IdentityProvider) { p.ClientID = "new-client" }, s.idp.server.URL, false},
		"other settings, no more": {func(p *tenants.IdentityProvider) { p.CreateCustomers = true }, s.idp.server.URL, true},
	} {
		s.setProvider(storeA, func(p *tenants.IdentityProvider) { p.Issuer, p.ClientID = s.idp.server.URL, clientID })
		b, cookie := s.browser(), "__Secure-sluice_hint/sso/"+storeA+"/"
		s.signedIn(b.signIn(storeA, ""))
		if b.cookies[cookie] == nil {
			t.Fatalf("%s: no hint was kept", name)
		}
		s.setProvider(storeA, tt.change)
		u, err := url.Parse(b.get("/sso/" + storeA + "/logout").Header().Get("Location"))
		if err != nil || !strings.HasPrefix(u.String(), tt.end+"/end?") {
			t.Fatalf("%s: signed out at %s, %v", name, u, err)
		}
		if sent := u.Query().Has("id_token_hint"); sent != tt.sent {
			t.Errorf("%s: the hint was sent: %v", name, sent)
		}
		if b.cookies[cookie] != nil {
			t.Errorf("%s: the hint stayed", name)
		}
	}
}

// TestClockOfTheProvider: a provider's clock may be a minute ahead, in iat and nbf.
func TestClockOfTheProvider(t *testing.T) {
	s := newShop(t)
	s.platform.Add(storeA, bigcommerce.Customer{Email: "ada@example.com"})
	for ahead, ok := range map[time.Duration]bool{30 * time.Second: true, time.Minute: true, 61 * time.Second: false, 4 * time.Minute: false} {
		for _, claim := range []string{"iat", "nbf"} {
			s.idp.edit = func(c jwt.MapClaims) { c[claim] = s.now().Add(ahead).Unix() }
			w := s.browser().signIn(storeA, "")
			if ok {
				s.signedIn(w)
			} else {
				s.refusedWith(claim, w, codeTokenEarly)
			}
		}
	}
}
