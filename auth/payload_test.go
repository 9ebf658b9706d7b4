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
		"expired":               hs256(map[string]any{"exp": now.Add(-payloadLeeway).Unix()}),
		"future nbf":            hs256(map[string]any{"nbf": now.Add(payloadLeeway + time.Second).Unix()}),
		"future iat":            hs256(map[string]any{"iat": now.Add(payloadLeeway + time.Second).Unix()}),
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

// TestClocksMayDiffer: a payload that was made by a clock which is a minute ahead or behind opens
// the panel, one from further ahead does not, whatever its nbf says.
func TestClocksMayDiffer(t *testing.T) {
	f := newFixture(t)
	f.install()
	now := f.clock.Now()
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	for name, test := range map[string]struct {
		edits map[string]any
		want  int
	}{
		"iat and nbf 60 s ahead":         {map[string]any{"iat": at(time.Minute), "nbf": at(time.Minute)}, 200},
		"iat 61 s ahead":                 {map[string]any{"iat": at(61 * time.Second)}, 401},
		"iat an hour ahead, without nbf": {map[string]any{"iat": at(time.Hour), "nbf": nil}, 401},
		"iat a year ahead":               {map[string]any{"iat": at(365 * 24 * time.Hour), "exp": at(366 * 24 * time.Hour)}, 401},
		"nbf 61 s ahead":                 {map[string]any{"nbf": at(61 * time.Second)}, 401},
		"expired 59 s ago":               {map[string]any{"iat": at(-24 * time.Hour), "exp": at(-59 * time.Second)}, 200},
		"expired 60 s ago":               {map[string]any{"iat": at(-24 * time.Hour), "exp": at(-time.Minute)}, 401},
	} {
		for _, callback := range []string{"/load", "/remove_user"} {
			if callback == "/remove_user" && test.want == 200 {
				continue
			}
			if w := f.get(callback, f.payload(test.edits)); w.Code != test.want {
				t.Errorf("%s %s: %d, want %d", callback, name, w.Code, test.want)
			}
		}
	}
}

// TestAPayloadCountsOnce goes through every callback after every other: a payload that one accepted
// is refused by all, as long as it would be accepted by its times.
func TestAPayloadCountsOnce(t *testing.T) {
	callbacks := []string{"/load", "/uninstall", "/remove_user"}
	for _, first := range callbacks {
		for _, second := range callbacks {
			t.Run(first[1:]+" then "+second[1:], func(t *testing.T) {
				f := newFixture(t)
				f.install()
				f.lifecycle.accepts = true // so that the store is there for the second
				bob := map[string]any{"user": map[string]any{"id": 8, "email": "bob@example.com", "locale": "en"}}
				f.session(f.get("/load", f.payload(bob)))
				q := f.payload(bob)
				want := map[string]int{"/load": 200, "/uninstall": 409, "/remove_user": 200}[first]
				if w := f.get(first, q); w.Code != want {
					t.Fatalf("first: %d %s", w.Code, w.Body)
				}
				if w := f.get(second, q); w.Code != http.StatusUnauthorized {
					t.Errorf("second: %d %s", w.Code, w.Body)
				}
				// The same jti in another token is the same token.
				again := map[string]any{"jti": jtiOf(t, q), "user": bob["user"]}
				if w := f.get(second, f.payload(again)); w.Code != http.StatusUnauthorized {
					t.Errorf("a reused jti: %d", w.Code)
				}
				// While its age alone does not refuse it, it is remembered.
				f.clock.advance(24*time.Hour + payloadLeeway - time.Second)
				if _, err := f.db.SweepUsedTokens(context.Background(), f.clock.Now()); err != nil {
					t.Fatal(err)
				}
				if w := f.get(second, q); w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "too long ago") {
					t.Errorf("after the sweep: %d %s", w.Code, w.Body)
				}
			})
		}
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
	unused := f.payload(bob)
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
	if w := f.get("/load", unused); w.Code != http.StatusUnauthorized {
		t.Fatalf("an unused payload from before the removal: %d", w.Code)
	}
	if w := f.get("/read", nil, "Authorization", "Bearer "+here.Token); w.Code != http.StatusUnauthorized {
		t.Fatalf("the old session works again: %d", w.Code)
	}
	f.clock.advance(time.Second)
	f.session(f.get("/load", f.payload(bob)))
	if w := f.get("/read", nil, "Authorization", "Bearer "+here.Token); w.Code != http.StatusUnauthorized {
		t.Fatalf("the old session works again now that the user is back: %d", w.Code)
	}
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
