package auth

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/internal/refusals"
	"sluice/tenants"
)

// TestRefusalsNameTheirCaller asks for everything that is refused here and reads the line of it.
func TestRefusalsNameTheirCaller(t *testing.T) {
	f := newFixture(t)
	session := f.install()
	ctx := tenants.WithStore(t.Context(), testStore)
	key, secret, err := CreateAPIKey(ctx, f.db, "operator", NewAPIKey{Name: "ERP", Scopes: []string{ScopeFlowsRead}})
	if err != nil {
		t.Fatal(err)
	}
	users, err := f.db.Users(ctx)
	if err != nil {
		t.Fatal(err)
	}
	viewer, err := f.db.EnsureUser(ctx, tenants.UserSeen{UserID: 8})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.db.SetRole(ctx, viewer.ID, tenants.RoleViewer, "test"); err != nil {
		t.Fatal(err)
	}
	viewing := f.session(f.get("/load", f.payload(map[string]any{"user": map[string]any{"id": 8}})))

	var lines bytes.Buffer
	options := refusals.Options{Log: slog.New(slog.NewJSONHandler(&lines, nil)), Store: tenants.StoreHash}
	router := gin.New()
	router.Use(func(c *gin.Context) {
		c.Set(problem.RequestIDKey, "request-1")
		refusals.New(options).Middleware(c) // a new one: this is not of repeats
	})
	f.auth.Register(router)
	for _, access := range []Access{AccessRead, AccessWrite} {
		router.GET(map[Access]string{AccessRead: "/read", AccessWrite: "/write"}[access], f.auth.Require(access), func(c *gin.Context) { c.Status(http.StatusOK) })
	}
	refused := func(path string, query url.Values, token string) map[string]any {
		t.Helper()
		lines.Reset()
		r := httptest.NewRequest(http.MethodGet, path+"?"+query.Encode(), nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r)
		if w.Code < 400 {
			t.Fatalf("%s answered %d", path, w.Code)
		}
		for _, hidden := range []string{secret, session.Token, query.Get("signed_payload_jwt"), query.Get("code"), "ada@example.com"} {
			if hidden != "" && strings.Contains(lines.String(), hidden) {
				t.Errorf("%s: the log has %s: %s", path, hidden, &lines)
			}
		}
		var line map[string]any
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v in %q", path, err, &lines)
		}
		for name, want := range map[string]any{"msg": "refused", "level": "INFO", "request_id": "request-1", "address": "192.0.2.1", "route": path} {
			if line[name] != want {
				t.Errorf("%s: %s is %v, want %v", path, name, line[name], want)
			}
		}
		if line["code"] == "" || line["reason"] == "" {
			t.Errorf("%s: no reason: %v", path, line)
		}
		return line
	}
	is := func(what string, line map[string]any, want map[string]any) {
		t.Helper()
		for name, v := range want {
			if line[name] != v {
				t.Errorf("%s: %s is %v, want %v", what, name, line[name], v)
			}
		}
	}
	is("nobody", refused("/read", nil, ""), map[string]any{"kind": "request", "status": 401.0, "caller": nil})
	is("a made-up key", refused("/read", nil, keyPrefix+"ABCD"+strings.Repeat("Z", 22)), map[string]any{"caller": "key sluice_ABCD…"})
	is("no key at all", refused("/read", nil, keyPrefix+"ada@example.com"), map[string]any{"caller": "key sluice_…, of no key's form"})
	is("a key that may not", refused("/write", nil, secret), map[string]any{"status": 403.0, "caller": "key:" + key.ID, "store": testStore})
	is("a viewer", refused("/write", nil, viewing.Token), map[string]any{"status": 403.0, "caller": "user:" + viewer.ID, "store": testStore})
	if err := f.db.RevokeAPIKey(ctx, key.ID); err != nil {
		t.Fatal(err)
	}
	is("a revoked key", refused("/read", nil, secret), map[string]any{"caller": "key " + key.Prefix + "…"})
	if err := f.db.RemoveUser(ctx, 7, f.clock.Now(), "test"); err != nil {
		t.Fatal(err)
	}
	is("a removed user", refused("/read", nil, session.Token), map[string]any{"status": 401.0, "caller": "user:" + users[0].ID, "store": testStore})
	is("a forged session", refused("/read", nil, session.Token[:len(session.Token)-4]+"AAAA"), map[string]any{"caller": nil, "cause": "token signature is invalid"})

	expired := f.payload(map[string]any{"exp": f.clock.Now().Add(-time.Hour).Unix()})
	is("an expired page", refused("/load", expired, ""), map[string]any{"kind": "page", "claimed_store": testStore, "cause": "token is expired"})
	is("no payload", refused("/load", nil, ""), map[string]any{"kind": "page", "status": 422.0, "code": "invalid"})
	is("an install of nothing", refused("/auth", url.Values{"context": {"stores/" + otherStore}}, ""), map[string]any{"kind": "page", "claimed_store": otherStore})
	is("an uninstall", refused("/uninstall", expired, ""), map[string]any{"kind": "callback", "claimed_store": testStore})
	is("a removal", refused("/remove_user", expired, ""), map[string]any{"kind": "callback", "claimed_store": testStore})
}
