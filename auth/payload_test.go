package auth

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sluice/tenants"
)

// refusedPayloads are signed payloads that no callback may accept.
func refusedPayloads(t *testing.T, f *fixture) map[string]string {
	t.Helper()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	secret, now := []byte(testSecret), f.clock.Now()
	hs256 := func(edits map[string]any) string { return f.sign(jwt.SigningMethodHS256, secret, f.claims(edits)) }
	good := hs256(nil)
	parts := strings.Split(good, ".")
	return map[string]string{
		"missing":               "",
		"garbage":               "not-a-token",
		"wrong secret":          f.sign(jwt.SigningMethodHS256, []byte("another secret"), f.claims(nil)),
		"no secret":             f.sign(jwt.SigningMethodHS256, []byte{}, f.claims(nil)),
		"alg none":              f.sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, f.claims(nil)),
		"RS256":                 f.sign(jwt.SigningMethodRS256, rsaKey, f.claims(nil)),
		"HS384":                 f.sign(jwt.SigningMethodHS384, secret, f.claims(nil)),
		"HS512":                 f.sign(jwt.SigningMethodHS512, secret, f.claims(nil)),
		"no signature":          parts[0] + "." + parts[1] + ".",
		"legacy two-part":       parts[1] + "." + parts[2],
		"four parts":            good + ".x",
		"wrong aud":             hs256(map[string]any{"aud": "another-app"}),
		"no aud":                hs256(map[string]any{"aud": nil}),
		"wrong iss":             hs256(map[string]any{"iss": "bc/apps"}),
		"no iss":                hs256(map[string]any{"iss": nil}),
		"no exp":                hs256(map[string]any{"exp": nil}),
		"expired":               hs256(map[string]any{"exp": now.Add(-time.Minute).Unix()}),
		"future nbf":            hs256(map[string]any{"nbf": now.Add(time.Minute).Unix()}),
		"no iat":                hs256(map[string]any{"iat": nil}),
		"no jti":                hs256(map[string]any{"jti": nil}),
		"oversized jti":         hs256(map[string]any{"jti": strings.Repeat("j", 65)}),
		"no sub":                hs256(map[string]any{"sub": nil}),
		"sub is no store":       hs256(map[string]any{"sub": "users/7"}),
		"sub with a path":       hs256(map[string]any{"sub": "stores/abc123/../xyz"}),
		"no user":               hs256(map[string]any{"user": nil}),
		"user of another shape": hs256(map[string]any{"user": "ada"}),
		"oversized":             hs256(map[string]any{"padding": strings.Repeat("x", maxPayload)}),
		"store not installed":   hs256(map[string]any{"sub": "stores/" + otherStore}),
	}
}

func TestRefusedPayloads(t *testing.T) {
	f := newFixture(t)
	f.install()
	before := f.lifecycle.String()
	for name, raw := range refusedPayloads(t, f) {
		query := url.Values{"signed_payload_jwt": {raw}}
		if name == "legacy two-part" {
			query = url.Values{"signed_payload": {raw}}
		}
		t.Run("load/"+name, func(t *testing.T) {
			w := f.get("/load", query)
			if w.Code < 400 || w.Code >= 500 {
				t.Fatalf("status %d", w.Code)
			}
			if ct := w.Header().Get("Content-Type"); !strings.HasPrefix(ct, "text/html") {
				t.Fatalf("a browser got %s", ct)
			}
			if !strings.Contains(w.Body.String(), "Sluice could not be opened") || strings.Contains(w.Body.String(), `"token"`) {
				t.Fatalf("page: %s", w.Body)
			}
			mustNotContain(t, w.Body.String(), raw)
		})
		for _, callback := range []string{"/uninstall", "/remove_user"} {
			t.Run(callback[1:]+"/"+name, func(t *testing.T) {
				w := f.get(callback, query)
				if w.Code < 400 || w.Code >= 500 {
					t.Fatalf("status %d", w.Code)
				}
				if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
					t.Fatalf("a server got %s", ct)
				}
				mustNotContain(t, w.Body.String(), raw)
			})
		}
		mustNotContain(t, f.log.String(), raw)
	}
	if got := f.lifecycle.String(); got != before {
		t.Fatalf("a refused payload had an effect: %s", got)
	}
	if s := f.store(testStore); s.State != tenants.StoreActive {
		t.Fatalf("the store is %s", s.State)
	}
}

// mustNotContain looks for any of a token's parts that is long enough to be told from chance.
func mustNotContain(t *testing.T, text, token string) {
	t.Helper()
	for _, part := range strings.Split(token, ".") {
		if len(part) > 12 && strings.Contains(text, part) {
			t.Errorf("a part of the token is in %.200q", text)
		}
	}
}

func TestLoadTellsThePanelWhereAndWho(t *testing.T) {
	f := newFixture(t)
	f.install()
	s := f.session(f.get("/load", f.payload(map[string]any{"url": "/runs/42?tab=errors", "channel_id": 667159})))
	if s.DeepLink != "/runs/42?tab=errors" || s.ChannelID == nil || *s.ChannelID != 667159 || s.Locale != "de-DE" || s.StoreHash != testStore {
		t.Fatalf("session %+v", s)
	}
	for _, hostile := range []string{"//evil.example", "https://evil.example", `/\evil`, "javascript:alert(1)", "/a\nb", ""} {
		if s := f.session(f.get("/load", f.payload(map[string]any{"url": hostile}))); s.DeepLink != "/" {
			t.Errorf("url %q became %q", hostile, s.DeepLink)
		}
	}
}

func TestAnUnknownUserOfAnInstalledStoreIsItsNewUser(t *testing.T) {
	f := newFixture(t)
	f.install()
	f.session(f.get("/load", f.payload(map[string]any{"user": map[string]any{"id": 8, "email": "bob@example.com", "locale": "en"}})))
	users, err := f.db.Users(tenants.WithStore(context.Background(), testStore))
	if err != nil || len(users) != 2 {
		t.Fatalf("users %+v, %v", users, err)
	}
	f.mustNotLog("bob@example.com")
}

func TestALoadTokenWorksAgainForTenMinutesOnly(t *testing.T) {
	f := newFixture(t)
	f.install()
	q := f.payload(nil)
	f.session(f.get("/load", q))
	f.clock.advance(reloadGrace - time.Second)
	f.session(f.get("/load", q))
	f.clock.advance(2 * time.Second)
	w := f.get("/load", q)
	if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "opened before") {
		t.Fatalf("a replay: %d %s", w.Code, w.Body)
	}
	// The same jti in another token is the same token.
	if w := f.get("/load", f.payload(map[string]any{"jti": jtiOf(t, q)})); w.Code != http.StatusUnauthorized {
		t.Fatalf("a reused jti: %d", w.Code)
	}
}

func jtiOf(t *testing.T, q url.Values) string {
	t.Helper()
	var c jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(q.Get("signed_payload_jwt"), &c); err != nil {
		t.Fatal(err)
	}
	return c.ID
}

func TestUninstall(t *testing.T) {
	f := newFixture(t)
	s := f.install()
	q := f.payload(nil)
	if w := f.get("/uninstall", q); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	store := f.store(testStore)
	if store.State != tenants.StoreUninstalled || len(store.AccessToken) != 0 || store.DeleteAfter == nil {
		t.Fatalf("store %+v", store)
	}
	if !strings.HasSuffix(f.lifecycle.String(), "uninstalled "+testStore) {
		t.Fatalf("lifecycle: %s", f.lifecycle)
	}
	if w := f.get("/read", nil, "Authorization", "Bearer "+s.Token); w.Code != http.StatusUnauthorized {
		t.Fatalf("an open panel still works: %d", w.Code)
	}
	if w := f.get("/load", f.payload(nil)); w.Code != http.StatusNotFound {
		t.Fatalf("load after uninstall: %d", w.Code)
	}
	// Installed again, the old payload must not uninstall it.
	f.session(f.get("/auth", installQuery("again")))
	if w := f.get("/uninstall", q); w.Code != http.StatusUnauthorized {
		t.Fatalf("a replayed uninstall: %d", w.Code)
	}
	if store := f.store(testStore); store.State != tenants.StoreActive {
		t.Fatalf("the replay uninstalled the store: %s", store.State)
	}
}

func TestRemoveUserEndsTheirSessionsInThisStoreOnly(t *testing.T) {
	f := newFixture(t)
	f.install()
	f.login.answer["context"] = "stores/" + otherStore
	other := installQuery("other")
	other.Set("context", "stores/"+otherStore)
	f.session(f.get("/auth", other))
	bob := map[string]any{"user": map[string]any{"id": 8, "email": "bob@example.com", "locale": "en"}}
	reload := f.payload(bob)
	here := f.session(f.get("/load", reload))
	bob["sub"] = "stores/" + otherStore
	there := f.session(f.get("/load", f.payload(bob)))

	// A user whom only the other store has.
	carol := map[string]any{"user": map[string]any{"id": 9, "email": "carol@example.com", "locale": "en"}, "sub": "stores/" + otherStore}
	carols := f.session(f.get("/load", f.payload(carol)))
	carol["sub"] = "stores/" + testStore
	if w := f.get("/remove_user", f.payload(carol)); w.Code != http.StatusNotFound {
		t.Fatalf("another store's user: %d %s", w.Code, w.Body)
	}
	if w := f.get("/read", nil, "Authorization", "Bearer "+carols.Token); w.Code != http.StatusOK {
		t.Fatalf("another store's user lost access: %d", w.Code)
	}

	bob["sub"] = "stores/" + testStore
	q := f.payload(bob)
	if w := f.get("/remove_user", q); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := f.get("/read", nil, "Authorization", "Bearer "+here.Token); w.Code != http.StatusUnauthorized {
		t.Fatalf("a removed user's session works: %d", w.Code)
	}
	if w := f.get("/read", nil, "Authorization", "Bearer "+there.Token); w.Code != http.StatusOK {
		t.Fatalf("the same person lost the other store: %d", w.Code)
	}
	if w := f.get("/remove_user", q); w.Code != http.StatusUnauthorized {
		t.Fatalf("a replay: %d", w.Code)
	}
	// A payload from before the removal, used or not, does not bring bob back; one from after it does.
	if w := f.get("/load", reload); w.Code != http.StatusUnauthorized {
		t.Fatalf("a reload after the removal: %d", w.Code)
	}
	if w := f.get("/load", f.payload(bob)); w.Code != http.StatusUnauthorized {
		t.Fatalf("an unused payload from before the removal: %d", w.Code)
	}
	if w := f.get("/read", nil, "Authorization", "Bearer "+here.Token); w.Code != http.StatusUnauthorized {
		t.Fatalf("the old session works again: %d", w.Code)
	}
	f.clock.now = time.Now().Add(time.Minute)
	f.session(f.get("/load", f.payload(bob)))
	f.mustNotLog("bob@example.com", "carol@example.com")
}

func FuzzSignedPayload(f *testing.F) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	a := &Auth{cfg: Config{ClientID: testClientID, ClientSecret: testSecret}, now: func() time.Time { return now }}
	sign := func(secret string, c jwt.MapClaims) string {
		s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString([]byte(secret))
		if err != nil {
			f.Fatal(err)
		}
		return s
	}
	good := jwt.MapClaims{"aud": testClientID, "iss": "bc", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "jti": "j", "sub": "stores/abc", "user": map[string]any{"id": 1}}
	seed := sign(testSecret, good)
	f.Add(seed)
	f.Add(sign("other", good))
	f.Add("a.b")
	f.Add("..")
	f.Add("")
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := a.verifyPayload(raw)
		if (err == nil) == (p == nil) {
			t.Fatalf("payload %v and error %v", p, err)
		}
		// Nobody but us can sign: whatever is accepted was signed above.
		if err == nil && raw != seed {
			t.Fatalf("accepted %q", raw)
		}
		if err != nil && len(raw) > 24 && strings.Contains(err.Error(), raw) {
			t.Fatalf("the error repeats the token: %v", err)
		}
	})
}
