package tenants_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/problem"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

func TestEnsureUser(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		see := func(seen tenants.UserSeen) *tenants.User {
			t.Helper()
			u, err := db.EnsureUser(ctx, seen)
			if err != nil {
				t.Fatal(err)
			}
			stored, err := db.UserByID(ctx, u.ID)
			if err != nil || stored.Role != u.Role || stored.Email != u.Email {
				t.Fatalf("%+v and %+v, %v", stored, u, err)
			}
			return u
		}
		first := see(tenants.UserSeen{UserID: 1, Email: "one@example.com", Locale: "de-DE", Owner: true})
		second := see(tenants.UserSeen{UserID: 2, Email: "two@example.com"})
		if first.Role != tenants.RoleOwner || second.Role != tenants.RoleAdmin {
			t.Errorf("roles %s and %s", first.Role, second.Role)
		}
		if again := see(tenants.UserSeen{UserID: 1, Email: "new@example.com", Owner: true}); again.ID != first.ID || again.Email != "new@example.com" || again.Locale != "de-DE" {
			t.Errorf("%+v", again)
		}
		// A viewer stays one, also after having been removed.
		if _, err := db.SetRole(ctx, second.ID, tenants.RoleViewer, "user:x"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := db.RemoveUser(ctx, 2, time.Now(), "bigcommerce:2"); err != nil {
				t.Fatal(err)
			}
		}
		_, err := db.UserByID(ctx, second.ID)
		wantCode(t, err, problem.NotFound)
		_, err = db.SetRole(ctx, second.ID, tenants.RoleAdmin, "user:x")
		wantCode(t, err, problem.NotFound)
		if back := see(tenants.UserSeen{UserID: 2}); back.ID != second.ID || back.Role != tenants.RoleViewer || back.Email != "two@example.com" {
			t.Errorf("%+v", back)
		}
		// Ownership moves with what BigCommerce says.
		if now := see(tenants.UserSeen{UserID: 2, Owner: true}); now.Role != tenants.RoleOwner {
			t.Errorf("%+v", now)
		}
		if was := see(tenants.UserSeen{UserID: 1}); was.Role != tenants.RoleAdmin {
			t.Errorf("%+v", was)
		}
		if was := see(tenants.UserSeen{UserID: 2}); was.Role != tenants.RoleAdmin {
			t.Errorf("not the owner any more: %+v", was)
		}
		_, err = db.EnsureUser(ctx, tenants.UserSeen{})
		wantCode(t, err, problem.Invalid)

		if u, err := db.EnsureUser(tenants.WithStore(t.Context(), "bbb"), tenants.UserSeen{UserID: 1}); err != nil || u.ID == first.ID {
			t.Errorf("one person in two stores: %+v, %v", u, err)
		}
	})
}

func TestSetRole(t *testing.T) {
	db := tenantstest.NewDB(t)
	ctx := tenants.WithStore(t.Context(), "aaa")
	owner, _ := db.EnsureUser(ctx, tenants.UserSeen{UserID: 1, Owner: true})
	other, err := db.EnsureUser(ctx, tenants.UserSeen{UserID: 2})
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.SetRole(ctx, owner.ID, tenants.RoleViewer, "user:x")
	wantCode(t, err, problem.Conflict)
	for _, role := range []tenants.Role{tenants.RoleOwner, "", "root"} {
		_, err = db.SetRole(ctx, other.ID, role, "user:x")
		wantCode(t, err, problem.Invalid)
	}
	_, err = db.SetRole(tenants.WithStore(t.Context(), "bbb"), other.ID, tenants.RoleViewer, "user:x")
	wantCode(t, err, problem.NotFound)
	if u, _ := db.UserByID(ctx, other.ID); u.Role != tenants.RoleAdmin {
		t.Errorf("another store changed the role: %+v", u)
	}
}

// TestEnsureUserAtOnce: a person opens the panel in several tabs, for the first time.
func TestEnsureUserAtOnce(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := db.EnsureUser(ctx, tenants.UserSeen{UserID: 5, Owner: true}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if users, err := db.Users(ctx); err != nil || len(users) != 1 {
			t.Errorf("%+v, %v", users, err)
		}
	})
}

func TestUseToken(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
		until := start.Add(24 * time.Hour)
		for _, jti := range []string{"j1", strings.Repeat("long ", 100), "nul\x00\xff"} {
			if used, err := db.TokenUsed(ctx, jti); used || err != nil {
				t.Errorf("%q: used %v, %v", jti, used, err)
			}
			if err := db.UseToken(ctx, jti, until, start); err != nil {
				t.Errorf("%q: %v", jti, err)
			}
			if used, err := db.TokenUsed(ctx, jti); !used || err != nil {
				t.Errorf("%q: used %v, %v", jti, used, err)
			}
			wantCode(t, db.UseToken(ctx, jti, until, start), problem.Unauthenticated)
			wantCode(t, db.UseToken(ctx, jti, until, start.Add(time.Hour)), problem.Unauthenticated)
		}
		wantCode(t, db.UseToken(ctx, "", start, start), problem.Unauthenticated)
		if err := db.UseToken(tenants.WithStore(t.Context(), "bbb"), "j1", start.Add(time.Hour), start.Add(time.Hour)); err != nil {
			t.Errorf("another store's id: %v", err)
		}
		if n, err := db.SweepUsedTokens(t.Context(), start.Add(2*time.Hour)); n != 1 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
		wantCode(t, db.UseToken(ctx, "j1", until, start.Add(2*time.Hour)), problem.Unauthenticated)

		// Exactly one of several calls at the same time is the first.
		var wg sync.WaitGroup
		var accepted atomic.Int64
		for range 8 {
			wg.Go(func() {
				if db.UseToken(ctx, "race", start.Add(time.Hour), start) == nil {
					accepted.Add(1)
				}
			})
		}
		wg.Wait()
		if accepted.Load() != 1 {
			t.Errorf("accepted %d times", accepted.Load())
		}
	})
}

func TestAPIKeys(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		install(t, db, tenants.Install{StoreHash: "aaa"})
		ctx := tenants.WithStore(t.Context(), "aaa")
		past := time.Now().Add(-time.Hour)
		keys := map[string]*tenants.APIKey{
			"good":    {Name: "good", SecretHash: strings.Repeat("a", 64)},
			"revoked": {Name: "revoked", SecretHash: strings.Repeat("b", 64)},
			"expired": {Name: "expired", SecretHash: strings.Repeat("c", 64), ExpiresAt: &past},
		}
		for _, k := range keys {
			if err := db.CreateAPIKey(ctx, k); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := db.RevokeAPIKey(ctx, keys["revoked"].ID); err != nil {
				t.Fatal(err)
			}
		}
		got, err := db.APIKeyByHash(t.Context(), keys["good"].SecretHash)
		if err != nil || got.ID != keys["good"].ID || got.StoreHash != "aaa" {
			t.Fatalf("%+v, %v", got, err)
		}
		messages := map[string]bool{}
		for _, hash := range []string{keys["revoked"].SecretHash, keys["expired"].SecretHash, "unknown", ""} {
			_, err := db.APIKeyByHash(t.Context(), hash)
			wantCode(t, err, problem.Unauthenticated)
			messages[problem.MessageOf(err)] = true
		}
		if len(messages) != 1 {
			t.Errorf("the answers tell the reasons apart: %v", messages)
		}
		wantCode(t, db.CreateAPIKey(ctx, &tenants.APIKey{Name: "no secret"}), problem.Invalid)
		if err := db.CreateAPIKey(ctx, &tenants.APIKey{SecretHash: keys["good"].SecretHash}); err == nil {
			t.Error("two keys with one secret")
		}
		wantCode(t, db.RevokeAPIKey(tenants.WithStore(t.Context(), "bbb"), keys["good"].ID), problem.NotFound)

		now := time.Now().UTC().Truncate(time.Second)
		for _, after := range []time.Duration{0, 30 * time.Second} { // the second is within the minute
			if err := db.TouchAPIKey(ctx, keys["good"].ID, now.Add(after)); err != nil {
				t.Fatal(err)
			}
		}
		list, err := db.ListAPIKeys(ctx)
		if err != nil || len(list) != 3 {
			t.Fatalf("%+v, %v", list, err)
		}
		for _, k := range list {
			if k.Name == "good" && (k.LastUsedAt == nil || !k.LastUsedAt.Equal(now)) {
				t.Errorf("used at %v, want %v", k.LastUsedAt, now)
			}
		}
		if err := db.MarkUninstalled(t.Context(), "aaa", now); err != nil {
			t.Fatal(err)
		}
		_, err = db.APIKeyByHash(t.Context(), keys["good"].SecretHash)
		wantCode(t, err, problem.Unauthenticated)
	})
}

func TestChannels(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		for _, name := range []string{"old", "new"} {
			channels := []tenants.Channel{{ChannelID: 2, Name: "x"}, {ChannelID: 1, Name: "y"}, {ChannelID: 2, Name: name}}
			if err := db.UpsertChannels(ctx, channels); err != nil {
				t.Fatal(err)
			}
		}
		got, err := db.Channels(ctx)
		if err != nil || len(got) != 2 || got[0].ChannelID != 1 || got[1].Name != "new" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestAuditLog(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		for i := range 7 {
			e := tenants.AuditEntry{Actor: "system", Action: string(rune('a' + i)), Detail: strings.Repeat("ü\x00\xff", 500)}
			if err := db.Audit(ctx, e); err != nil {
				t.Fatal(err)
			}
		}
		var order strings.Builder
		page := tenants.Page{Limit: 3}
		for {
			entries, next, err := db.AuditLog(ctx, page)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				order.WriteString(e.Action)
			}
			if next == "" {
				break
			}
			page.Before = next
			order.WriteByte(' ')
		}
		if order.String() != "gfe dcb a" {
			t.Errorf("pages %q", order.String())
		}
		if entries, _, err := db.AuditLog(tenants.WithStore(t.Context(), "bbb"), tenants.Page{}); err != nil || len(entries) != 0 {
			t.Errorf("%v, %v", entries, err)
		}
	})
}
