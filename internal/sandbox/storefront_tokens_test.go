package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

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
		jwt.WithValidMethods([]string{"HS512"}), jwt.WithAudience(sr.s.ClientID()), jwt.WithIssuer("bc/apps"), jwt.WithExpirationRequired()); err != nil {
		t.Fatal(err)
	}
	// As three recorded tokens of real stores have it.
	header, _, _ := strings.Cut(a.body, ".")
	if text, err := base64.RawURLEncoding.DecodeString(header); err != nil || string(text) != `{"typ":"JWT","alg":"HS512"}` {
		t.Errorf("header %s, %v", text, err)
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
	if life := claims["exp"].(float64) - claims["iat"].(float64); life != 900 || claims["application_id"] != sr.s.ClientID() {
		t.Errorf("lives %v s; application %v", life, claims["application_id"])
	}
}

// Every way to be refused, each for its own reason: a browser sees the sign-in page and stays a
// guest.
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
			status, location := 302, "/login.php?error=token"
			if front == sr.headless.URL {
				status, location = 307, "/login?error=InvalidToken"
			}
			if a.status != status || a.location != location {
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
		{"headless", "/account/orders", sr.headless.URL, func(c jwt.MapClaims) { c["channel_id"] = sr.headless.ChannelID }},
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
			if a := sr.visit(tc.front + "/login/token/" + token); !strings.HasPrefix(a.location, "/login") || !strings.Contains(a.location, "?error=") || sr.name(tc.front) != "" {
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

// FuzzLoginToken feeds anything to the check of login tokens: nothing but a token of ours is
// accepted, and what is accepted leads to a page of the storefront.
func FuzzLoginToken(f *testing.F) {
	s, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	st := s.AddStore(StoreSpec{Hash: "abc123"})
	c, err := st.AddCustomer(CustomerSpec{Email: "a@example.com"})
	if err != nil {
		f.Fatal(err)
	}
	st.info.Install = &install{Scopes: []string{loginScope}}
	front := &storefront{s: s, st: st, key: frontKey{st.Hash, 1}}
	f.Add(`{"customer_id":1,"redirect_to":"/cart.php"}`, false)
	f.Add(`{"customer_id":1e0,"channel_id":1.0,"request_ip":"::1","enable_persistent_cart":true}`, false)
	f.Add(`{"redirect_to":"/\\\\evil"}`, false)
	f.Add("a.b.c", true)
	f.Fuzz(func(t *testing.T, text string, raw bool) {
		token := text
		if !raw {
			// The rest of the token is right, so that what is fuzzed decides.
			claims := jwt.MapClaims{"iss": s.ClientID(), "iat": s.now().Unix(), "jti": uuid.NewString(), "operation": "customer_login",
				"store_hash": st.Hash, "customer_id": c.ID}
			var more map[string]any
			if json.Unmarshal([]byte(text), &more) != nil {
				return
			}
			for k, v := range more {
				claims[k] = v
			}
			token = st.SignPayload(claims)
		}
		got, err := front.acceptToken(token, "127.0.0.1")
		if err != nil {
			return
		}
		if raw {
			t.Fatalf("accepted %q", text)
		}
		if got.customer != c.ID || !staysHere(got.redirect) {
			t.Fatalf("%s leads customer %d to %q", text, got.customer, got.redirect)
		}
	})
}

// staysHere reads an address as browsers do: tabs and line breaks vanish, a backslash is a slash.
func staysHere(path string) bool {
	read := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(strings.TrimSpace(path))
	base, _ := url.Parse("http://shop.example")
	u, err := base.Parse(read)
	return err == nil && u.Host == base.Host && u.Scheme == base.Scheme && strings.HasPrefix(read, "/") && !strings.HasPrefix(read, "//")
}
