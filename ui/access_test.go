package ui

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/auth"
	"sluice/internal/problem"
	"sluice/tenants"
)

// stream opens a live stream with token and returns its lines, after the first event.
func (p *panel) stream(token string) *bufio.Scanner {
	p.t.Helper()
	server := httptest.NewServer(p.router)
	p.t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	p.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", server.URL+Prefix+"/events", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = res.Body.Close() })
	lines := bufio.NewScanner(res.Body)
	if res.StatusCode != http.StatusOK || !lines.Scan() {
		p.t.Fatalf("stream: %s, %v", res.Status, lines.Err())
	}
	return lines
}

// TestStreamsEndWithTheirCallers: an open stream ends as soon as the session or the key that it was
// opened with does, as every request of theirs would be refused.
func TestStreamsEndWithTheirCallers(t *testing.T) {
	for name, test := range map[string]struct {
		key bool
		end func(p *panel, owner, token, id string)
	}{
		"demoted": {false, func(p *panel, owner, _, id string) {
			p.call("PUT", "/users/"+id, owner, map[string]any{"role": "viewer"}, 200, nil)
		}},
		"signed out": {false, func(p *panel, _, token, _ string) { p.call("POST", "/session/sign-out", token, nil, 204, nil) }},
		"a key that is revoked": {true, func(p *panel, owner, _, id string) {
			p.call("DELETE", "/api-keys/"+id, owner, nil, 204, nil)
		}},
		"uninstalled": {false, func(p *panel, _, _, _ string) {
			if err := p.db.MarkUninstalled(p.ctx(storeA), storeA, time.Now().Add(time.Hour)); err != nil {
				p.t.Fatal(err)
			}
			p.jobs.events <- "store" // as jobs tell it
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPanel(t)
			p.clock.now = time.Now()
			p.jobs.announce = true
			owner, token := p.open(storeA, 1), p.open(storeA, 61)
			users, err := p.db.Users(p.ctx(storeA))
			if err != nil {
				t.Fatal(err)
			}
			id := users[len(users)-1].ID
			if test.key {
				key, secret, err := auth.CreateAPIKey(p.ctx(storeA), p.db, "user:"+id, auth.NewAPIKey{Name: "x", Scopes: []string{auth.ScopeFlowsRead}})
				if err != nil {
					t.Fatal(err)
				}
				token, id = secret, key.ID
			}
			lines := p.stream(token)
			p.jobs.events <- "access" // of somebody else: it goes on
			p.jobs.events <- "store"
			for lines.Text() != "event:store" {
				if !lines.Scan() {
					t.Fatalf("the stream ended too early: %v", lines.Err())
				}
			}
			test.end(p, owner, token, id)
			for lines.Scan() {
			}
			if err := lines.Err(); err != nil {
				t.Errorf("the stream did not end by itself: %v", err)
			}
			if w := p.do("GET", Prefix+"/session", token, ""); w.Code != http.StatusUnauthorized {
				t.Errorf("its caller: %d", w.Code)
			}
		})
	}
}

// TestTheOwnerIsAskedAboutOldKeys: keys that administrators made before they were the owner's to
// make go on, are marked, and stay so until the owner says that they may, or they are revoked. So
// are those of an owner who is one no more.
func TestTheOwnerIsAskedAboutOldKeys(t *testing.T) {
	p := newPanel(t)
	ctx := p.ctx(storeA)
	owner, admin := p.open(storeA, 1), p.open(storeA, 61)
	user := func(bigcommerceID int64) string {
		t.Helper()
		u, err := p.db.EnsureUser(ctx, tenants.UserSeen{UserID: bigcommerceID, Owner: bigcommerceID == 1})
		if err != nil {
			t.Fatal(err)
		}
		return u.ID
	}
	later := time.Now().Add(time.Hour)
	old := map[string]*tenants.APIKey{
		"login":      {Scopes: "flows:read identity:login", CreatedBy: user(61), ExpiresAt: &later},
		"never":      {Scopes: "flows:read", CreatedBy: user(61)},
		"nobody's":   {Scopes: "flows:read", CreatedBy: "gone"},
		"ordinary":   {Scopes: "flows:read", CreatedBy: user(61), ExpiresAt: &later},
		"operator's": {Scopes: "identity:login", CreatedBy: "operator"},
		"owner's":    {Scopes: "identity:login", CreatedBy: user(1)},
	}
	for name, k := range old {
		k.Name, k.Prefix, k.SecretHash = name, "sluice_OLD", name
		if err := p.db.CreateAPIKey(ctx, k); err != nil {
			t.Fatal(err)
		}
	}
	marked := func(who string, want ...string) {
		t.Helper()
		var list struct {
			APIKeys []struct {
				Name        string `json:"name"`
				NeedsReview bool   `json:"needs_review"`
			} `json:"api_keys"`
		}
		p.call("GET", "/api-keys", who, nil, 200, &list)
		var got []string
		for _, k := range list.APIKeys {
			if k.NeedsReview {
				got = append(got, k.Name)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) || len(list.APIKeys) != len(old) {
			t.Errorf("marked %q of %d keys, want %q", got, len(list.APIKeys), want)
		}
	}
	marked(owner, "login", "never", "nobody's")
	marked(admin, "login", "never", "nobody's")
	if numbers, err := p.db.KeysToReview(t.Context()); err != nil || numbers[storeA] != 3 || len(numbers) != 1 {
		t.Errorf("%v, %v", numbers, err)
	}
	keep := func(name string) string { return "/api-keys/" + old[name].ID + "/keep" }
	p.call("POST", keep("login"), admin, nil, 403, nil)
	p.call("POST", keep("login"), p.open(storeB, 1), nil, 404, nil)
	p.call("POST", keep("login"), owner, nil, 204, nil)
	p.call("POST", keep("login"), owner, nil, 204, nil)
	p.call("DELETE", "/api-keys/"+old["never"].ID, owner, nil, 204, nil)
	marked(owner, "nobody's")
	// The store has another owner: what the former one made for ever is theirs to look at. Keys that
	// sign in are revoked.
	forever := &tenants.APIKey{Name: "forever", Prefix: "sluice_OLD", SecretHash: "forever", Scopes: "flows:read", CreatedBy: user(1)}
	if err := p.db.CreateAPIKey(ctx, forever); err != nil {
		t.Fatal(err)
	}
	old["forever"] = forever
	marked(owner, "nobody's")
	if err := p.db.Scoped(ctx).Model(&tenants.User{}).Where("id = ?", user(1)).Update("role", tenants.RoleAdmin).Error; err != nil {
		t.Fatal(err)
	}
	marked(admin, "forever", "nobody's", "owner's")
}

// TestAdministratorsAndTheOwnersKeys: what lets somebody act as any shopper is the owner's to make.
func TestAdministratorsAndTheOwnersKeys(t *testing.T) {
	p := newPanel(t)
	owner, admin := p.open(storeA, 1), p.open(storeA, 61)
	var made struct {
		ExpiresAt *time.Time `json:"expires_at"`
	}
	key := func(scope string, more map[string]any) map[string]any {
		body := map[string]any{"name": "x", "scopes": []string{scope}}
		for k, v := range more {
			body[k] = v
		}
		return body
	}
	never := map[string]any{"expires_in_days": 0}
	p.call("POST", "/api-keys", admin, key(auth.ScopeFlowsRead, nil), 201, &made)
	if made.ExpiresAt == nil || made.ExpiresAt.Before(time.Now().AddDate(0, 11, 0)) || made.ExpiresAt.After(time.Now().AddDate(1, 1, 0)) {
		t.Errorf("a key expires at %v by default", made.ExpiresAt)
	}
	p.call("POST", "/api-keys", admin, key(auth.ScopeIdentityLogin, nil), 403, nil)
	p.call("POST", "/api-keys", admin, key(auth.ScopeFlowsRead, never), 403, nil)
	p.call("POST", "/api-keys", owner, key(auth.ScopeIdentityLogin, nil), 201, nil)
	made.ExpiresAt = nil
	p.call("POST", "/api-keys", owner, key(auth.ScopeFlowsRead, never), 201, &made)
	if made.ExpiresAt != nil {
		t.Errorf("never is %v", made.ExpiresAt)
	}
	provider := map[string]any{"preset": "google", "issuer": "https://accounts.google.com", "client_id": "x"}
	w := p.do("PUT", Prefix+"/storefront/provider", admin, mustJSON(provider))
	if w.Code != 403 || !strings.Contains(w.Body.String(), "owner") {
		t.Errorf("an administrator sets the provider up: %d %s", w.Code, w.Body)
	}
	p.call("DELETE", "/storefront/provider", admin, nil, 403, nil)
	var session struct {
		Permissions map[string]bool `json:"permissions"`
	}
	p.call("GET", "/session", admin, nil, 200, &session)
	if !session.Permissions["admin"] || session.Permissions["owner"] {
		t.Errorf("an administrator's permissions: %v", session.Permissions)
	}
}

// TestSigningOut: the session is over with all that was renewed from it, and a key is not signed
// out of.
func TestSigningOut(t *testing.T) {
	p := newPanel(t)
	token, other := p.open(storeA, 1), p.open(storeA, 1)
	var renewed struct {
		Token string `json:"token"`
	}
	p.call("POST", "/session/renew", token, nil, 200, &renewed)
	p.call("POST", "/session/sign-out", renewed.Token, nil, 204, nil)
	for who, test := range map[string]struct {
		token string
		want  int
	}{"the token": {token, 401}, "a renewed one": {renewed.Token, 401}, "another window": {other, 200}} {
		if w := p.do("GET", Prefix+"/session", test.token, ""); w.Code != test.want {
			t.Errorf("%s: %d", who, w.Code)
		}
		if w := p.do("POST", Prefix+"/session/renew", test.token, ""); w.Code != test.want {
			t.Errorf("%s renews itself: %d", who, w.Code)
		}
	}
	_, secret, err := auth.CreateAPIKey(p.ctx(storeA), p.db, "operator", auth.NewAPIKey{Name: "x", Scopes: []string{auth.ScopeFlowsRead}})
	if err != nil {
		t.Fatal(err)
	}
	if w := p.do("POST", Prefix+"/session/sign-out", secret, ""); w.Code != 403 || w.Header().Get("Content-Type") != problem.ContentType {
		t.Errorf("an API key: %d %s", w.Code, w.Body)
	}
	if _, err := p.db.Store(p.ctx(storeA), storeA); err != nil {
		t.Fatal(err)
	}
}

// TestDemotingEndsWhatTheUserHad, as the panel's settings do it.
func TestDemotingEndsWhatTheUserHad(t *testing.T) {
	p := newPanel(t)
	p.clock.now = time.Now()
	owner, admin := p.open(storeA, 1), p.open(storeA, 61)
	var key struct{ ID, Secret string }
	p.call("POST", "/api-keys", admin, map[string]any{"name": "ERP", "scopes": []string{auth.ScopeFlowsWrite}}, 201, &key)
	users, err := p.db.Users(p.ctx(storeA))
	if err != nil {
		t.Fatal(err)
	}
	p.call("PUT", "/users/"+users[len(users)-1].ID, owner, map[string]any{"role": "viewer"}, 200, nil)
	for who, token := range map[string]string{"the session": admin, "the key": key.Secret} {
		if w := p.do("GET", Prefix+"/flows", token, ""); w.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d", who, w.Code)
		}
	}
	if w := p.do("GET", Prefix+"/flows", p.open(storeA, 61), ""); w.Code != http.StatusOK {
		t.Errorf("the viewer's next session: %d", w.Code)
	}
	var list struct {
		Keys []struct {
			ID      string
			Because tenants.RevokedBecause `json:"revoked_because"`
		} `json:"api_keys"`
	}
	p.call("GET", "/api-keys", owner, nil, 200, &list)
	if len(list.Keys) != 1 || list.Keys[0].Because != tenants.RevokedMakerDemoted {
		t.Errorf("the owner sees %+v", list.Keys)
	}
}
