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
	page := "/login.php?action=check_login"
	if origin == sr.headless.URL {
		page = "/login"
	}
	return sr.see(sr.c.PostForm(origin+page, url.Values{"login_email": {email}, "login_pass": {password}}))
}

func (sr *shopRig) name(origin string) string {
	sr.t.Helper()
	var out struct{ Name string }
	if err := json.Unmarshal([]byte(sr.visit(origin+"/app/session.json").body), &out); err != nil {
		sr.t.Fatal(err)
	}
	return out.Name
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

// TestCatalystRoutes: a headless storefront has Catalyst's addresses, and none of those of a theme.
func TestCatalystRoutes(t *testing.T) {
	sr := newShop(t)
	front := sr.headless.URL
	for _, path := range []string{"/customer/current.jwt?app_client_id=" + sr.s.ClientID(), "/login.php", "/login.php?action=logout", "/account.php"} {
		if a := sr.visit(front + path); a.status != 404 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := sr.see(sr.c.PostForm(front+"/login.php", url.Values{"login_email": {sr.sam.Email}, "login_pass": {ShopperPassword}})); a.status != 404 || sr.name(front) != "" {
		t.Errorf("POST /login.php: %d", a.status)
	}
	if a := sr.visit(front + "/account/orders"); a.status != 302 || a.location != "/login?from=account%2Forders" {
		t.Errorf("a guest's account: %d %q", a.status, a.location)
	}
	for _, out := range []struct{ query, leads string }{
		{"", "/login"}, {"?redirectTo=/cart", "/cart"}, {"?redirectTo=%2Fcart%3Fa%3Db%23c", "/cart"}, {"?redirectTo=https://evil.example/cart", "/cart"},
		{"?redirectTo=https://evil.example//evil.example", "/login"}, {"?redirectTo=%2F%2Fevil.example", "/login"}, {"?redirectTo=%zz", "/login"},
	} {
		if a := sr.signIn(front, sr.sam.Email, ShopperPassword); a.location != "/account/orders" || sr.name(front) != "Sam Shopper" {
			t.Fatalf("sign-in: %d %q", a.status, a.location)
		}
		if a := sr.visit(front + "/account/orders"); a.status != 200 || !strings.Contains(a.body, `href="/logout">Sign out`) {
			t.Errorf("account: %d %s", a.status, a.body)
		}
		if a := sr.visit(front + "/logout" + out.query); a.status != 307 || a.location != out.leads || sr.name(front) != "" {
			t.Errorf("/logout%s: %d %q", out.query, a.status, a.location)
		}
	}
	if a := sr.visit(front + "/login?action=logout"); strings.Contains(a.body, "signed out") {
		t.Error("a theme's sign-out works")
	}
	for _, path := range []string{"/logout", "/account/orders"} { // pages like any other there
		if a := sr.visit(sr.url + path); a.status != 200 || !strings.Contains(a.body, "a page of a simulated storefront") {
			t.Errorf("Stencil %s: %d", path, a.status)
		}
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

func TestIdentityAddressIsKeptTo(t *testing.T) {
	r := newRig(t, Options{})
	taken := strings.TrimPrefix(r.s.URLs().Issuer, "http://")
	s, err := New(Options{IdentityAddr: taken})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Start(within(t)); err == nil {
		t.Error("an address that was asked for is taken, and another is used silently")
	}
}
