package auth

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"sluice/internal/problem"
	"sluice/tenants"
)

// admin is a load by user 8, whom BigCommerce's owner let in.
func admin() map[string]any {
	return map[string]any{"user": map[string]any{"id": 8, "email": "b@example.com", "locale": "en"}}
}

func (f *fixture) principal(s PanelSession) Principal {
	f.t.Helper()
	p, err := f.auth.principal(context.Background(), "Bearer "+s.Token)
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

func (f *fixture) renewed(s PanelSession) PanelSession {
	f.t.Helper()
	r, err := f.auth.RenewSession(f.principal(s))
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// TestSessionsEndWithWhatTheyStandOn: neither a session nor what was renewed from it lives on, or
// comes back to life, when its user is removed or demoted, its store uninstalled, or it was signed
// out of; all within one second, the finest time that a token's own iat tells. The next session of
// the same person works at once.
func TestSessionsEndWithWhatTheyStandOn(t *testing.T) {
	ctx := tenants.WithStore(context.Background(), testStore)
	for name, test := range map[string]struct {
		end  func(*fixture, PanelSession)
		back func(*fixture) // undoes what ended it
	}{
		"removed and let in again": {
			func(f *fixture, _ PanelSession) {
				if w := f.get("/remove_user", f.payload(admin())); w.Code != http.StatusOK {
					f.t.Fatalf("%d %s", w.Code, w.Body)
				}
			},
			func(f *fixture) { f.clock.advance(time.Second) }, // a payload's iat has whole seconds
		},
		"demoted and promoted again": {
			func(f *fixture, s PanelSession) {
				if _, err := f.db.SetRole(ctx, f.principal(s).UserID, tenants.RoleViewer, "user:x"); err != nil {
					f.t.Fatal(err)
				}
			},
			func(f *fixture) {
				users, err := f.db.Users(ctx)
				if err != nil {
					f.t.Fatal(err)
				}
				if _, err := f.db.SetRole(ctx, users[1].ID, tenants.RoleAdmin, "user:x"); err != nil {
					f.t.Fatal(err)
				}
			},
		},
		"uninstalled and installed again": {
			func(f *fixture, _ PanelSession) {
				if w := f.get("/uninstall", f.payload(nil)); w.Code != http.StatusOK {
					f.t.Fatalf("%d %s", w.Code, w.Body)
				}
			},
			func(f *fixture) {
				f.session(f.get("/auth", installQuery(tenants.NewID())))
				f.clock.advance(time.Since(f.clock.Now()) + time.Second) // after the removal of all users, by the database's clock
			},
		},
		"signed out": {
			func(f *fixture, s PanelSession) {
				if err := f.auth.SignOut(context.Background(), f.principal(s)); err != nil {
					f.t.Fatal(err)
				}
			},
			func(*fixture) {},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.install()
			status := func(s PanelSession) int {
				return f.get("/read", nil, "Authorization", "Bearer "+s.Token).Code
			}
			for round := range 3 { // twice in one second is not once
				old := f.session(f.get("/load", f.payload(admin())))
				renewed := f.renewed(old)
				p := f.principal(old)
				if status(old) != 200 || status(renewed) != 200 || f.auth.Holds(context.Background(), p) != nil {
					t.Fatalf("round %d: a new session: %d, renewed %d", round, status(old), status(renewed))
				}
				test.end(f, old)
				if status(old) != 401 || status(renewed) != 401 {
					t.Errorf("ended: %d, renewed %d", status(old), status(renewed))
				}
				if err := f.auth.Holds(context.Background(), p); problem.CodeOf(err) != problem.Unauthenticated {
					t.Errorf("a stream of the session goes on: %v", err)
				}
				test.back(f)
				if status(old) != 401 || status(renewed) != 401 {
					t.Errorf("back: the old session %d, renewed %d", status(old), status(renewed))
				}
				if s := f.session(f.get("/load", f.payload(admin()))); status(s) != 200 || status(f.renewed(s)) != 200 {
					t.Errorf("back: the next session: %d", status(s))
				}
				if status(old) != 401 || status(renewed) != 401 {
					t.Errorf("opened again: the old session %d, renewed %d", status(old), status(renewed))
				}
			}
		})
	}
}

// TestSigningOutEndsOneSession: another window goes on, and so does another person.
func TestSigningOutEndsOneSession(t *testing.T) {
	f := newFixture(t)
	owner := f.install()
	one, two := f.session(f.get("/load", f.payload(admin()))), f.session(f.get("/load", f.payload(admin())))
	p := f.principal(one)
	for range 2 { // two clicks
		if err := f.auth.SignOut(context.Background(), p); err != nil {
			t.Fatal(err)
		}
	}
	for s, want := range map[PanelSession]int{one: 401, two: 200, owner: 200} {
		if w := f.get("/read", nil, "Authorization", "Bearer "+s.Token); w.Code != want {
			t.Errorf("%d, want %d", w.Code, want)
		}
	}
	// It stays so for as long as a renewal could live.
	f.clock.advance(sessionFor - time.Second)
	if _, err := f.db.SweepUsedTokens(context.Background(), f.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if w := f.get("/read", nil, "Authorization", "Bearer "+one.Token); w.Code != 401 {
		t.Errorf("later: %d", w.Code)
	}
	if err := f.auth.SignOut(context.Background(), Principal{KeyID: "k"}); problem.CodeOf(err) != problem.Forbidden {
		t.Errorf("an API key: %v", err)
	}
}

// TestATokenOfBeforeSessionsHadIDs is renewed, and signed out of, as an upgrade finds it.
func TestATokenOfBeforeSessionsHadIDs(t *testing.T) {
	f := newFixture(t)
	claims := *f.principal(f.install()).session
	claims.SessionID, claims.OpenedMicros = "", 0
	old, err := f.auth.newSession(claims)
	if err != nil {
		t.Fatal(err)
	}
	renewed := f.renewed(old)
	if err := f.auth.SignOut(context.Background(), f.principal(renewed)); err != nil {
		t.Fatal(err)
	}
	for _, s := range []PanelSession{old, renewed} {
		if w := f.get("/read", nil, "Authorization", "Bearer "+s.Token); w.Code != 401 {
			t.Errorf("%d", w.Code)
		}
	}
}

// TestKeysEndWithTheirMakers: what somebody made may not do what its maker may not.
func TestKeysEndWithTheirMakers(t *testing.T) {
	ctx := tenants.WithStore(context.Background(), testStore)
	for name, test := range map[string]struct {
		end     func(*fixture, Principal)
		because tenants.RevokedBecause
	}{
		"removed": {func(f *fixture, _ Principal) { f.get("/remove_user", f.payload(admin())) }, tenants.RevokedMakerRemoved},
		"demoted": {func(f *fixture, p Principal) {
			if _, err := f.db.SetRole(ctx, p.UserID, tenants.RoleViewer, "user:x"); err != nil {
				f.t.Fatal(err)
			}
		}, tenants.RevokedMakerDemoted},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			owner := f.principal(f.install())
			maker := f.principal(f.session(f.get("/load", f.payload(admin()))))
			key, secret, err := CreateAPIKey(ctx, f.db, maker.Actor(), NewAPIKey{Name: "ERP", Scopes: []string{ScopeFlowsWrite}})
			if err != nil {
				t.Fatal(err)
			}
			_, others, err := CreateAPIKey(ctx, f.db, owner.Actor(), NewAPIKey{Name: "other", Scopes: []string{ScopeFlowsWrite}})
			if err != nil {
				t.Fatal(err)
			}
			caller, err := f.auth.principal(ctx, "Bearer "+secret)
			if err != nil {
				t.Fatal(err)
			}
			test.end(f, maker)
			if w := f.get("/write", nil, "Authorization", "Bearer "+secret); w.Code != 401 {
				t.Errorf("the key: %d", w.Code)
			}
			if err := f.auth.Holds(ctx, caller); problem.CodeOf(err) != problem.Unauthenticated {
				t.Errorf("a stream of the key goes on: %v", err)
			}
			if w := f.get("/write", nil, "Authorization", "Bearer "+others); w.Code != 200 {
				t.Errorf("somebody else's key: %d", w.Code)
			}
			kept, err := f.db.APIKeyByID(ctx, key.ID)
			if err != nil || kept.RevokedBecause != test.because {
				t.Errorf("%+v, %v", kept, err)
			}
			if !strings.Contains(strings.Join(f.audited(), ","), "api_key.revoked") {
				t.Errorf("the owner does not learn of it: %v", f.audited())
			}
			if _, _, err := CreateAPIKey(ctx, f.db, maker.Actor(), NewAPIKey{Name: "late", Scopes: []string{ScopeFlowsRead}}); err == nil {
				t.Error("the maker makes another one: a request that was let in before")
			}
		})
	}
}

// TestOwnershipMoves: the former owner keeps what an administrator may, and a payload from before
// does not move it back.
func TestOwnershipMoves(t *testing.T) {
	f := newFixture(t)
	f.install()
	ctx := tenants.WithStore(context.Background(), testStore)
	owner := f.session(f.get("/load", f.payload(nil)))
	unused := f.payload(nil) // by it, user 7 is the owner
	make := func(by Principal, scope string) string {
		t.Helper()
		_, secret, err := CreateAPIKey(ctx, f.db, by.Actor(), NewAPIKey{Name: scope, Scopes: []string{scope}})
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	login, write := make(f.principal(owner), ScopeIdentityLogin), make(f.principal(owner), ScopeFlowsWrite)
	f.clock.advance(time.Second)
	heir := admin()
	heir["owner"] = map[string]any{"id": 8, "email": "b@example.com"}
	now := f.session(f.get("/load", f.payload(heir)))

	if p := f.principal(now); p.Role != tenants.RoleOwner {
		t.Fatalf("the new owner is %s", p.Role)
	}
	if w := f.get("/read", nil, "Authorization", "Bearer "+owner.Token); w.Code != 401 {
		t.Errorf("the former owner's session: %d", w.Code)
	}
	if _, err := f.auth.principal(ctx, "Bearer "+login); problem.CodeOf(err) != problem.Unauthenticated {
		t.Errorf("the former owner signs shoppers in: %v", err)
	}
	if w := f.get("/write", nil, "Authorization", "Bearer "+write); w.Code != 200 {
		t.Errorf("what an administrator may have: %d", w.Code)
	}
	if w := f.get("/owner", nil, "Authorization", "Bearer "+f.session(f.get("/load", unused)).Token); w.Code != 403 {
		t.Errorf("an old payload made its user the owner again: %d", w.Code)
	}
	if w := f.get("/owner", nil, "Authorization", "Bearer "+now.Token); w.Code != 200 {
		t.Errorf("an old payload took the owner's role: %d", w.Code)
	}
}

func TestWhoMayMakeWhichKey(t *testing.T) {
	f := newFixture(t)
	owner := f.principal(f.install()).Actor()
	ctx := tenants.WithStore(context.Background(), testStore)
	other := f.principal(f.session(f.get("/load", f.payload(admin())))).Actor()
	for _, test := range []struct {
		by     string
		scope  string
		days   *int
		want   problem.Code
		expiry time.Duration
	}{
		{owner, ScopeFlowsRead, nil, "", 365 * day}, {other, ScopeFlowsWrite, nil, "", 365 * day}, {operator, ScopeFlowsWrite, nil, "", 365 * day},
		{other, ScopeAccountsWrite, new(30), "", 30 * day},
		{owner, ScopeIdentityLogin, nil, "", 365 * day}, {operator, ScopeIdentityLogin, nil, "", 365 * day}, {other, ScopeIdentityLogin, nil, problem.Forbidden, 0},
		{owner, ScopeFlowsRead, new(0), "", 0}, {operator, ScopeFlowsRead, new(0), "", 0}, {other, ScopeFlowsRead, new(0), problem.Forbidden, 0},
		{owner, ScopeFlowsRead, new(maxKeyDays + 1), problem.Invalid, 0},
		{"user:" + tenants.NewID(), ScopeFlowsRead, nil, problem.Unauthenticated, 0},
	} {
		key, _, err := CreateAPIKey(ctx, f.db, test.by, NewAPIKey{Name: "x", Scopes: []string{ScopeFlowsRead, test.scope}, ExpiresInDays: test.days})
		if test.want != "" {
			if problem.CodeOf(err) != test.want {
				t.Errorf("%s %s %v: %v", test.by, test.scope, test.days, err)
			}
			continue
		}
		switch {
		case err != nil:
			t.Errorf("%s %s: %v", test.by, test.scope, err)
		case (key.ExpiresAt == nil) != (test.expiry == 0):
			t.Errorf("%s %s expires at %v", test.by, test.scope, key.ExpiresAt)
		case key.ExpiresAt != nil && key.ExpiresAt.Sub(key.CreatedAt).Round(day) != test.expiry:
			t.Errorf("%s %s expires after %v", test.by, test.scope, key.ExpiresAt.Sub(key.CreatedAt))
		}
	}
}

const day = 24 * time.Hour
