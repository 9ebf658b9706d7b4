package auth

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sluice/internal/problem"
	"sluice/tenants"
)

func TestSessionsExpireAndRenewForADay(t *testing.T) {
	f := newFixture(t)
	s := f.install()
	read := func(token string) int { return f.get("/read", nil, "Authorization", "Bearer "+token).Code }
	if got := read(s.Token); got != http.StatusOK {
		t.Fatalf("a new session: %d", got)
	}
	f.clock.advance(sessionFor - time.Second)
	p, err := f.auth.principal(context.Background(), "Bearer "+s.Token)
	if err != nil {
		t.Fatal(err)
	}
	renewed, err := f.auth.RenewSession(p)
	if err != nil {
		t.Fatal(err)
	}
	f.clock.advance(2 * time.Second)
	if got := read(s.Token); got != http.StatusUnauthorized {
		t.Fatalf("an expired session: %d", got)
	}
	if got := read(renewed.Token); got != http.StatusOK {
		t.Fatalf("a renewed session: %d", got)
	}
	for range 24 * 60 / 10 {
		p, err := f.auth.principal(context.Background(), "Bearer "+renewed.Token)
		if err != nil {
			t.Fatal(err)
		}
		f.clock.advance(10 * time.Minute)
		if renewed, err = f.auth.RenewSession(p); err != nil {
			return // a day has passed: the merchant opens the app again
		}
	}
	t.Fatal("a session renewed itself for more than a day")
}

func TestRefusedSessions(t *testing.T) {
	f := newFixture(t)
	s := f.install()
	claims, err := f.auth.parseSession(s.Token)
	if err != nil {
		t.Fatal(err)
	}
	forge := func(method jwt.SigningMethod, key any, edit func(*sessionClaims)) string {
		c := *claims
		if edit != nil {
			edit(&c)
		}
		return f.sign(method, key, c)
	}
	key := f.auth.sessionKey
	for name, header := range map[string]string{
		"none":               "",
		"basic":              "Basic abc",
		"empty bearer":       "Bearer ",
		"garbage":            "Bearer garbage",
		"unknown key":        "Bearer " + keyPrefix + "ABCDEF",
		"client secret":      "Bearer " + forge(jwt.SigningMethodHS256, []byte(testSecret), nil),
		"alg none":           "Bearer " + forge(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil),
		"HS512":              "Bearer " + forge(jwt.SigningMethodHS512, key, nil),
		"a load token":       "Bearer " + f.payload(nil).Get("signed_payload_jwt"),
		"another audience":   "Bearer " + forge(jwt.SigningMethodHS256, key, func(c *sessionClaims) { c.Audience = jwt.ClaimStrings{"x"} }),
		"no expiry":          "Bearer " + forge(jwt.SigningMethodHS256, key, func(c *sessionClaims) { c.ExpiresAt = nil }),
		"another store":      "Bearer " + forge(jwt.SigningMethodHS256, key, func(c *sessionClaims) { c.Subject = otherStore }),
		"a user of no store": "Bearer " + forge(jwt.SigningMethodHS256, key, func(c *sessionClaims) { c.UserID = tenants.NewID() }),
		"oversized":          "Bearer " + strings.Repeat("x", maxPayload+1),
	} {
		t.Run(name, func(t *testing.T) {
			w := f.get("/read", nil, "Authorization", header)
			if w.Code != http.StatusUnauthorized {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		})
	}
	f.mustNotLog(s.Token)
}

func TestRolesDecideWhatAPersonMayDo(t *testing.T) {
	f := newFixture(t)
	f.install()
	s := f.session(f.get("/load", f.payload(map[string]any{"user": map[string]any{"id": 8, "email": "b@example.com", "locale": "en"}})))
	p, err := f.auth.principal(context.Background(), "Bearer "+s.Token)
	if err != nil {
		t.Fatal(err)
	}
	status := func(path string) int { return f.get(path, nil, "Authorization", "Bearer "+s.Token).Code }
	if status("/read") != 200 || status("/write") != 200 || status("/admin") != 200 {
		t.Fatal("a new user is an administrator")
	}
	if status("/owner") != 403 {
		t.Fatal("an administrator may do what is the owner's")
	}
	if _, err := f.db.SetRole(tenants.WithStore(context.Background(), testStore), p.UserID, tenants.RoleViewer, "user:x"); err != nil {
		t.Fatal(err)
	}
	if status("/read") != 401 {
		t.Fatalf("the administrator's session lives on: %d", status("/read"))
	}
	s = f.session(f.get("/load", f.payload(map[string]any{"user": map[string]any{"id": 8, "email": "b@example.com", "locale": "en"}})))
	if status("/read") != 200 || status("/write") != 403 || status("/admin") != 403 {
		t.Fatalf("a viewer: read %d, write %d, admin %d", status("/read"), status("/write"), status("/admin"))
	}
}

func TestAPIKeys(t *testing.T) {
	f := newFixture(t)
	f.install()
	ctx := tenants.WithStore(context.Background(), testStore)
	make := func(scopes ...string) (*tenants.APIKey, string) {
		t.Helper()
		k, secret, err := CreateAPIKey(ctx, f.db, operator, NewAPIKey{Name: "ERP", Scopes: scopes})
		if err != nil {
			t.Fatal(err)
		}
		return k, secret
	}
	status := func(path, secret string) int {
		return f.get(path, nil, "Authorization", "Bearer "+secret).Code
	}
	reader, readSecret := make(ScopeFlowsRead)
	_, writeSecret := make(ScopeFlowsWrite)
	for _, test := range []struct {
		path, secret string
		want         int
	}{
		{"/read", readSecret, 200}, {"/write", readSecret, 403}, {"/admin", readSecret, 403},
		{"/read", writeSecret, 200}, {"/write", writeSecret, 200}, {"/admin", writeSecret, 403},
		{"/read", readSecret + "x", 401},
	} {
		if got := status(test.path, test.secret); got != test.want {
			t.Errorf("%s: %d, want %d", test.path, got, test.want)
		}
	}
	if w := f.get("/read", nil, "Authorization", "Bearer "+readSecret); w.Body.String() != testStore+" "+testStore {
		t.Fatalf("the key's store is %q", w.Body)
	}
	keys, err := f.db.ListAPIKeys(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if k.SecretHash == readSecret || !strings.HasPrefix(readSecret+writeSecret, keyPrefix) || len(k.Prefix) != shownPrefix {
			t.Fatalf("key %+v", k)
		}
	}
	if err := f.db.RevokeAPIKey(ctx, reader.ID); err != nil {
		t.Fatal(err)
	}
	if got := status("/read", readSecret); got != 401 {
		t.Fatalf("a revoked key: %d", got)
	}
	f.mustNotLog(readSecret, writeSecret)
}

func TestAPIKeyExpires(t *testing.T) {
	f := newFixture(t)
	f.install()
	ctx := tenants.WithStore(context.Background(), testStore)
	_, secret, err := CreateAPIKey(ctx, f.db, operator, NewAPIKey{Name: "ERP", Scopes: []string{ScopeFlowsRead}, ExpiresInDays: new(1)})
	if err != nil {
		t.Fatal(err)
	}
	if w := f.get("/read", nil, "Authorization", "Bearer "+secret); w.Code != 200 {
		t.Fatalf("a new key: %d", w.Code)
	}
	f.clock.advance(25 * time.Hour)
	if w := f.get("/read", nil, "Authorization", "Bearer "+secret); w.Code != 401 {
		t.Fatalf("an expired key: %d", w.Code)
	}
}

func TestNewAPIKeyNamesTheWrongField(t *testing.T) {
	db := newFixture(t).db
	for field, want := range map[string]NewAPIKey{
		"name":            {Scopes: []string{ScopeFlowsRead}},
		"scopes":          {Name: "x", Scopes: []string{"everything"}},
		"expires_in_days": {Name: "x", Scopes: []string{ScopeFlowsRead}, ExpiresInDays: new(-1)},
	} {
		_, _, err := CreateAPIKey(tenants.WithStore(context.Background(), testStore), db, operator, want)
		if err == nil || !strings.Contains(fieldsOf(err), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func fieldsOf(err error) string {
	var names string
	for _, f := range problem.BodyOf(err).Errors {
		names += f.Field + " "
	}
	return names
}
