package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// shopRig is a store with a Stencil and a headless storefront, the app installed, and one browser.
type shopRig struct {
	*rig
	c        *http.Client
	url      string // of the Stencil storefront
	headless Storefront
	sam      Customer
	mu       sync.Mutex
	clock    time.Time
}

func newShop(t *testing.T) *shopRig {
	t.Helper()
	sr := &shopRig{clock: time.Now()}
	sr.rig = newRig(t, Options{Now: func() time.Time { sr.mu.Lock(); defer sr.mu.Unlock(); return sr.clock }})
	sr.open(sr.st)
	sr.url, sr.headless = sr.st.Storefronts()[0].URL, sr.st.Storefronts()[1]
	sr.sam, _ = sr.st.CustomerByEmail("sam.shopper@example.com")
	sr.c = sr.browser()
	return sr
}

// open seeds a store and installs the app with every scope.
func (sr *shopRig) open(st *Store) {
	sr.t.Helper()
	if err := st.SeedStorefronts(); err != nil {
		sr.t.Fatal(err)
	}
	sr.install(st, "store_v2_products", loginScope)
}

func (sr *shopRig) install(st *Store, scopes ...string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.info.Install = &install{Scopes: scopes}
}

func (sr *shopRig) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		sr.t.Fatal(err)
	}
	return &http.Client{Jar: jar, Transport: sr.http.Transport, CheckRedirect: sr.http.CheckRedirect}
}

func (sr *shopRig) pass(d time.Duration) {
	sr.mu.Lock()
	defer sr.mu.Unlock()
	sr.clock = sr.clock.Add(d)
}

// seen is an answer whose body is read.
type seen struct {
	status   int
	location string
	header   http.Header
	body     string
}

func (sr *shopRig) see(res *http.Response, err error) seen {
	sr.t.Helper()
	if err != nil {
		sr.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		sr.t.Fatal(err)
	}
	return seen{res.StatusCode, res.Header.Get("Location"), res.Header, string(raw)}
}

func (sr *shopRig) visit(u string) seen { sr.t.Helper(); return sr.see(sr.c.Get(u)) }

func (sr *shopRig) signIn(origin, email, password string) seen {
	sr.t.Helper()
	return sr.see(sr.c.PostForm(origin+"/login.php?action=check_login", url.Values{"login_email": {email}, "login_pass": {password}}))
}

func (sr *shopRig) name(origin string) string {
	sr.t.Helper()
	var out struct{ Name string }
	if err := json.Unmarshal([]byte(sr.visit(origin+"/app/session.json").body), &out); err != nil {
		sr.t.Fatal(err)
	}
	return out.Name
}

// token signs a login token as the app does, changed as the test asks.
func (sr *shopRig) token(change func(jwt.MapClaims)) string {
	sr.mu.Lock()
	now := sr.clock
	sr.mu.Unlock()
	claims := jwt.MapClaims{"iss": sr.s.ClientID(), "iat": now.Unix(), "jti": uuid.NewString(), "operation": "customer_login",
		"store_hash": sr.st.Hash, "customer_id": sr.sam.ID}
	if change != nil {
		change(claims)
	}
	return sr.st.SignPayload(claims)
}

func TestStorefrontPages(t *testing.T) {
	sr := newShop(t)
	if !strings.HasPrefix(sr.url, "http://localhost:") || sr.headless.Platform != "catalyst" || sr.headless.URL == sr.url {
		t.Fatalf("storefronts %v", sr.st.Storefronts())
	}
	for _, sf := range sr.st.Storefronts() {
		if got := sr.st.PrimaryURL(sf.ChannelID); got != sf.URL {
			t.Errorf("site of channel %d is %s, storefront %s", sf.ChannelID, got, sf.URL)
		}
	}
	for path, want := range map[string]string{"/": "<h1>Home</h1>", "/products/rope-12mm/": "<h1>products/rope-12mm</h1>", "/login.php": "sam.shopper@example.com",
		"/app": "/shop/app.js", "/app/account": "/shop/app.js", "/shop/shop.css": "body {"} {
		if a := sr.visit(sr.url + path); a.status != 200 || !strings.Contains(a.body, want) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := sr.visit(sr.headless.URL + "/products/x"); a.status != 200 || !strings.Contains(a.body, "/shop/app.js") {
		t.Errorf("headless: %d %s", a.status, a.body)
	}
	for _, path := range []string{"/api/storefront/carts", "/customer/other", "/login/token", "/login/token/a/b", "/shop/shop.html"} {
		if a := sr.visit(sr.url + path); a.status != 404 && path != "/shop/shop.html" || strings.Contains(a.body, "{{") {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if a := sr.visit(sr.url + "/<b>x"); strings.Contains(a.body, "<b>") {
		t.Error("a path is shown as markup")
	}
	if err := sr.st.SetChannelStatus(1, "inactive"); err != nil {
		t.Fatal(err)
	}
	if a := sr.visit(sr.url + "/"); a.status != 404 || len(sr.st.Storefronts()) != 1 {
		t.Errorf("an inactive channel: %d", a.status)
	}
}

func TestStorefrontSignIn(t *testing.T) {
	sr := newShop(t)
	if a := sr.visit(sr.url + "/account.php"); a.status != 302 || a.location != "/login.php?from=account.php" {
		t.Errorf("a guest's account: %d %q", a.status, a.location)
	}
	if a := sr.visit(sr.url + "/"); !strings.Contains(a.body, `<a href="/login.php">Sign in</a>`) {
		t.Error("a guest is not offered to sign in")
	}
	for _, wrong := range [][2]string{{"sam.shopper@example.com", "x"}, {"nobody@example.com", ShopperPassword}, {"", ""}} {
		a := sr.signIn(sr.url, wrong[0], wrong[1])
		if a.status != 302 || a.location != "/login.php?error=credentials" {
			t.Errorf("%v: %d %q", wrong, a.status, a.location)
		}
		if page := sr.visit(sr.url + a.location); !strings.Contains(page.body, `role="alert">Your email address or password is incorrect`) {
			t.Errorf("no message: %s", page.body)
		}
	}
	if a := sr.signIn(sr.url, "SAM.shopper@example.com", ShopperPassword); a.status != 302 || a.location != "/account.php" {
		t.Fatalf("%d %q", a.status, a.location)
	}
	if a := sr.visit(sr.url + "/account.php"); a.status != 200 || !strings.Contains(a.body, "Halyard &amp; Co.") || !strings.Contains(a.body, "Sam Shopper") {
		t.Errorf("account: %d %s", a.status, a.body)
	}
	if got := sr.name(sr.headless.URL); got != "" {
		t.Errorf("a session of one storefront is one of another: %q", got)
	}
	if a := sr.visit(sr.url + "/login.php?action=logout"); !strings.Contains(a.body, "You are signed out") || strings.Contains(a.body, "Sam Shopper</span>") || sr.name(sr.url) != "" {
		t.Errorf("sign-out: %s", a.body)
	}
	// Back to the page that asked, and nowhere else.
	for from, want := range map[string]string{"products/rope": "/products/rope", "/evil.example": "/account.php", `\evil.example`: "/account.php", "": "/account.php"} {
		a := sr.see(sr.c.PostForm(sr.url+"/login.php", url.Values{"login_email": {"sam.shopper@example.com"}, "login_pass": {ShopperPassword}, "from": {from}}))
		if a.location != want {
			t.Errorf("from %q leads to %q", from, a.location)
		}
	}
	sr.pass(visitLife + time.Second)
	if sr.name(sr.url) != "" {
		t.Error("a session does not end")
	}
	sr.signIn(sr.url, "sam.shopper@example.com", ShopperPassword)
	sr.st.DeleteCustomer(sr.sam.ID)
	if sr.name(sr.url) != "" {
		t.Error("a deleted customer is signed in")
	}
	req, _ := http.NewRequest("POST", sr.url+"/login.php", strings.NewReader("login_email=x"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if a := sr.see(sr.c.Do(req)); a.status != 403 {
		t.Errorf("another site posts the form: %d", a.status)
	}
}

func TestForcedPasswordReset(t *testing.T) {
	sr := newShop(t)
	sr.st.mu.Lock()
	next := *sr.st.shop.customers[sr.sam.ID]
	next.ForcePasswordReset = true
	sr.st.replaceCustomerLocked(&next)
	sr.st.mu.Unlock()
	if a := sr.signIn(sr.url, next.Email, ShopperPassword); a.location != "/login.php?error=reset" || sr.name(sr.url) != "" {
		t.Errorf("%d %q", a.status, a.location)
	}
}

func TestCurrentCustomer(t *testing.T) {
	sr := newShop(t)
	group, err := sr.st.AddCustomerGroup("Trade")
	if err != nil {
		t.Fatal(err)
	}
	trade, err := sr.st.AddCustomer(CustomerSpec{Email: "trade@example.com", Password: "pw", GroupID: group.ID})
	if err != nil {
		t.Fatal(err)
	}
	current := sr.url + "/customer/current.jwt?app_client_id="
	if a := sr.visit(current + sr.s.ClientID()); a.status != 404 || strings.Contains(a.body, ".") {
		t.Errorf("a guest: %d %s", a.status, a.body)
	}
	sr.signIn(sr.url, trade.Email, "pw")
	for _, app := range []string{"", "unknown", strings.ToUpper(sr.s.ClientID())} {
		if a := sr.visit(current + app); a.status != 400 {
			t.Errorf("app %q: %d %s", app, a.status, a.body)
		}
	}
	sr.st.mu.Lock()
	sr.st.info.Install = nil // the app need not be installed
	sr.st.mu.Unlock()
	a := sr.visit(current + sr.s.ClientID())
	if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") || a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Fatalf("%d %v", a.status, a.header)
	}
	claims := jwt.MapClaims{}
	if _, err := jwt.ParseWithClaims(a.body, claims, func(*jwt.Token) (any, error) { return []byte(sr.s.ClientSecret()), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithAudience(sr.s.ClientID()), jwt.WithIssuer("bc/apps"), jwt.WithExpirationRequired()); err != nil {
		t.Fatal(err)
	}
	who, _ := claims["customer"].(map[string]any)
	if who["id"] != float64(trade.ID) || who["email"] != trade.Email || who["group_id"] != sprint("%d", group.ID) {
		t.Errorf("customer %v", who)
	}
	for name, want := range map[string]any{"sub": "abc123", "store_hash": "abc123", "operation": "current_customer", "version": 1.0} {
		if claims[name] != want {
			t.Errorf("%s = %v, want %v", name, claims[name], want)
		}
	}
	if life := claims["exp"].(float64) - claims["iat"].(float64); life != 900 || claims["application_id"] == claims["aud"] {
		t.Errorf("lives %v s; application %v", life, claims["application_id"])
	}
}

// Every way to be refused, each for its own reason: a browser sees the sign-in page and stays a guest.
func TestLoginTokenRefuses(t *testing.T) {
	sr := newShop(t)
	other := sr.s.AddStore(StoreSpec{Hash: "other1"})
	sr.open(other)
	outsider, err := sr.st.AddCustomer(CustomerSpec{Email: "headless.only@example.com", ChannelIDs: []int64{sr.headless.ChannelID}})
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, v any) func() string {
		return func() string { return sr.token(func(c jwt.MapClaims) { c[name] = v }) }
	}
	drop := func(name string) func() string {
		return func() string { return sr.token(func(c jwt.MapClaims) { delete(c, name) }) }
	}
	at := func(d time.Duration) func() string {
		return func() string {
			return sr.token(func(c jwt.MapClaims) { c["iat"] = time.Unix(c["iat"].(int64), 0).Add(d).Unix() })
		}
	}
	signed := func(m jwt.SigningMethod, key any) func() string {
		return func() string {
			claims := jwt.MapClaims{}
			_, _, _ = jwt.NewParser().ParseUnverified(sr.token(nil), claims)
			s, err := jwt.NewWithClaims(m, claims).SignedString(key)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	}
	for _, tc := range []struct {
		name  string
		token func() string
		want  string // of the reason
		front string // default the Stencil storefront
	}{
		{name: "not a token", token: func() string { return "nonsense" }, want: "malformed"},
		{name: "spoiled", token: func() string { s := sr.token(nil); return s[:len(s)-4] + "AAAA" }, want: "signature"},
		{name: "HS384", token: signed(jwt.SigningMethodHS384, []byte(sr.s.ClientSecret())), want: "signing method"},
		{name: "HS512", token: signed(jwt.SigningMethodHS512, []byte(sr.s.ClientSecret())), want: "signing method"},
		{name: "none", token: signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType), want: "signing method"},
		{name: "another secret", token: signed(jwt.SigningMethodHS256, []byte("x")), want: "signature"},
		{name: "another app", token: set("iss", "another"), want: "iss is not"},
		{name: "no iss", token: drop("iss"), want: "iss is not"},
		{name: "iss of another type", token: set("iss", 1), want: "iss is not"},
		{name: "31 seconds old", token: at(-31 * time.Second), want: "iat is 31"},
		{name: "of the future", token: at(time.Second), want: "iat is -1"},
		{name: "no iat", token: drop("iat"), want: "iat is not an integer"},
		{name: "iat as text", token: set("iat", "now"), want: "iat"},
		{name: "expired", token: set("exp", 1), want: "expired"},
		{name: "not valid yet", token: func() string {
			return sr.token(func(c jwt.MapClaims) { c["nbf"] = c["iat"].(int64) + 60 })
		}, want: "not valid yet"},
		{name: "no jti", token: drop("jti"), want: "jti is missing"},
		{name: "empty jti", token: set("jti", ""), want: "jti is missing"},
		{name: "jti as number", token: set("jti", 7), want: "jti is missing"},
		{name: "no operation", token: drop("operation"), want: "operation"},
		{name: "another operation", token: set("operation", "current_customer"), want: "operation"},
		{name: "no store", token: drop("store_hash"), want: "store_hash"},
		{name: "another store", token: set("store_hash", "other1"), want: "store_hash"},
		{name: "at another store", token: func() string { return sr.token(nil) }, want: "store_hash", front: other.Storefronts()[0].URL},
		{name: "no customer", token: drop("customer_id"), want: "customer_id is not an integer"},
		{name: "customer as text", token: set("customer_id", "1"), want: "customer_id is not an integer"},
		{name: "half a customer", token: set("customer_id", 1.5), want: "customer_id is not an integer"},
		{name: "unknown customer", token: set("customer_id", 999), want: "customer_id is not a customer"},
		{name: "customer of another channel", token: set("customer_id", outsider.ID), want: "customer_id is not a customer"},
		{name: "another channel", token: set("channel_id", sr.headless.ChannelID), want: "channel_id is not this"},
		{name: "channel as text", token: set("channel_id", "1"), want: "channel_id is not an integer"},
		{name: "headless without a channel", token: func() string { return sr.token(nil) }, want: "channel_id is not this", front: sr.headless.URL},
		{name: "absolute redirect", token: set("redirect_to", "https://evil.example/"), want: "redirect_to"},
		{name: "redirect to a host", token: set("redirect_to", "//evil.example/"), want: "redirect_to"},
		{name: "redirect with a backslash", token: set("redirect_to", `/\evil.example/`), want: "redirect_to"},
		{name: "redirect without slash", token: set("redirect_to", "account.php"), want: "redirect_to"},
		{name: "redirect with a line break", token: set("redirect_to", "/a\r\nSet-Cookie: x=y"), want: "redirect_to"},
		{name: "redirect as number", token: set("redirect_to", 1), want: "redirect_to"},
		{name: "another address", token: set("request_ip", "203.0.113.9"), want: "request_ip"},
		{name: "no address", token: set("request_ip", ""), want: "request_ip"},
		{name: "cart as text", token: set("enable_persistent_cart", "yes"), want: "enable_persistent_cart"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			front := tc.front
			if front == "" {
				front = sr.url
			}
			a := sr.visit(front + "/login/token/" + tc.token())
			if u, err := url.Parse(a.location); err != nil || a.status != 302 || u.Path != "/login.php" || u.Host != "" {
				t.Fatalf("%d %q", a.status, a.location)
			}
			if sr.name(front) != "" {
				t.Error("signed in all the same")
			}
			st := sr.st
			if front == other.Storefronts()[0].URL {
				st = other
			}
			last := st.SignIns()[len(st.SignIns())-1]
			if last.Method != "token" || !strings.Contains(last.Refused, tc.want) {
				t.Errorf("refused because %q, want %q", last.Refused, tc.want)
			}
			if page := sr.visit(front + a.location); !strings.Contains(page.body, `role="alert">Invalid login`) {
				t.Error("the sign-in page does not say so")
			}
		})
	}
	for name, change := range map[string]func(){
		"not installed": func() { sr.st.mu.Lock(); sr.st.info.Install = nil; sr.st.mu.Unlock() },
		"no scope":      func() { sr.install(sr.st, "store_v2_customers") },
		"granted not":   func() { sr.install(sr.st, "store_v2_products") },
	} {
		change()
		want := "not granted " + loginScope
		if name == "not installed" {
			want = "not installed"
		}
		a := sr.visit(sr.url + "/login/token/" + sr.token(nil))
		if last := sr.st.SignIns()[len(sr.st.SignIns())-1]; a.location != "/login.php?error=token" || !strings.Contains(last.Refused, want) {
			t.Errorf("%s: %q %q", name, a.location, last.Refused)
		}
	}
}

func TestLoginTokenAccepts(t *testing.T) {
	sr := newShop(t)
	for _, tc := range []struct {
		name, where, front string
		change             func(jwt.MapClaims)
	}{
		{"plain", "/account.php", sr.url, nil},
		{"30 seconds old", "/account.php", sr.url, func(c jwt.MapClaims) { c["iat"] = c["iat"].(int64) - 30 }},
		{"everything", "/cart.php?x=1#top", sr.url, func(c jwt.MapClaims) {
			c["channel_id"], c["redirect_to"], c["request_ip"], c["enable_persistent_cart"] = 1, "/cart.php?x=1#top", "127.0.0.1", true
		}},
		{"mapped address", "/account.php", sr.url, func(c jwt.MapClaims) { c["request_ip"] = "::ffff:127.0.0.1" }},
		{"the wrong claim is no claim", "/account.php", sr.url, func(c jwt.MapClaims) { c["redirect_url"] = "/cart.php" }},
		{"headless", "/account.php", sr.headless.URL, func(c jwt.MapClaims) { c["channel_id"] = sr.headless.ChannelID }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sr.c = sr.browser()
			token := sr.token(tc.change)
			if a := sr.visit(tc.front + "/login/token/" + token); a.status != 302 || a.location != tc.where {
				t.Fatalf("%d %q: %v", a.status, a.location, sr.st.SignIns())
			}
			if got := sr.name(tc.front); got != "Sam Shopper" {
				t.Errorf("signed in as %q", got)
			}
			// Once: another browser with the same address in its hands stays outside.
			sr.c = sr.browser()
			if a := sr.visit(tc.front + "/login/token/" + token); a.location != "/login.php?error=token" || sr.name(tc.front) != "" {
				t.Errorf("a second time: %d %q", a.status, a.location)
			}
			if last := sr.st.SignIns()[len(sr.st.SignIns())-1]; last.Refused != "jti was used before" {
				t.Errorf("refused because %q", last.Refused)
			}
		})
	}
	// A token that was refused for another reason is not spent, and its jti works for that browser.
	jti := uuid.NewString()
	sr.visit(sr.url + "/login/token/" + sr.token(func(c jwt.MapClaims) { c["jti"], c["request_ip"] = jti, "203.0.113.9" }))
	if a := sr.visit(sr.url + "/login/token/" + sr.token(func(c jwt.MapClaims) { c["jti"] = jti })); a.location != "/account.php" {
		t.Errorf("%q", a.location)
	}
	// The documented way to sign somebody out.
	a := sr.visit(sr.url + "/login/token/" + sr.token(func(c jwt.MapClaims) { c["redirect_to"] = "/login.php?action=logout" }))
	if sr.visit(sr.url + a.location); sr.name(sr.url) != "" {
		t.Error("still signed in")
	}
}

func TestStorefrontState(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	start := func() *Sandbox {
		s, err := New(Options{StateFile: file})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Start(within(t)); err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := start()
	st := s.AddStore(StoreSpec{Hash: "abc123"})
	if err := st.SeedStorefronts(); err != nil {
		t.Fatal(err)
	}
	st.SetConsentBanner(true)
	st.SetTheme("<p>mine</p>")
	fronts, issuer, client := st.Storefronts(), s.URLs().Issuer, s.IdentityProviderClient()
	keys := func(s *Sandbox) string {
		tr := &http.Transport{}
		defer tr.CloseIdleConnections()
		res, err := (&http.Client{Transport: tr}).Get(s.URLs().Issuer + "/jwks")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		raw, _ := io.ReadAll(res.Body)
		return string(raw)
	}
	key := keys(s)
	// As after a kill: the journal is read, not the folded file. Only its ports are given back.
	for _, srv := range append(s.servers, s.fronts.stop()...) {
		_ = srv.Close()
	}
	journal := s
	defer func() { _ = journal.Close() }()
	s2 := start()
	defer func() { _ = s2.Close() }()
	st2 := s2.Store("abc123")
	if got := st2.Storefronts(); len(got) != 2 || got[0] != fronts[0] || got[1] != fronts[1] {
		t.Errorf("storefronts %v, were %v", got, fronts)
	}
	if got := s2.URLs().Issuer; got != issuer || s2.IdentityProviderClient().Secret != client.Secret || keys(s2) != key {
		t.Errorf("issuer %s, was %s", got, issuer)
	}
	if !st2.ConsentBanner() || st2.Theme() != "<p>mine</p>" || len(st2.Shoppers()) != 3 {
		t.Error("settings or shoppers are lost")
	}
	if err := st2.SeedStorefronts(); err != nil || len(st2.Shoppers()) != 3 || len(st2.Channels()) != 2 {
		t.Errorf("seeded twice: %v", err)
	}
}
