package tenants_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/problem"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// TestSessionsAreToldApart whatever the clocks of the processes say: each session of before ends,
// each of afterwards holds, also when many events and sessions come at one moment.
func TestSessionsAreToldApart(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		install(t, db, tenants.Install{StoreHash: "aaa", OwnerID: 1})
		ctx := tenants.WithStore(t.Context(), "aaa")
		if _, err := db.EnsureUser(ctx, tenants.UserSeen{UserID: 2}); err != nil {
			t.Fatal(err)
		}
		state := func() (*tenants.Store, *tenants.User) {
			t.Helper()
			s, err := db.Store(ctx, "aaa")
			if err != nil {
				t.Fatal(err)
			}
			users, err := db.Users(ctx)
			if err != nil || len(users) != 2 {
				t.Fatalf("%+v, %v", users, err)
			}
			return s, &users[1]
		}
		s, u := state()
		var old []time.Time
		// Another process' clock is some seconds behind, then some ahead.
		for _, skew := range []time.Duration{0, -8 * time.Second, 8 * time.Second, 0} {
			opened := tenants.SessionOpened(time.Now().Add(skew), s, u)
			if !tenants.SessionHolds(opened, s, u) {
				t.Fatalf("a session opened by a clock that is off by %v does not hold", skew)
			}
			old = append(old, opened)
			for _, role := range []tenants.Role{tenants.RoleViewer, tenants.RoleAdmin} {
				if _, err := db.SetRole(ctx, u.ID, role, "user:x"); err != nil {
					t.Fatal(err)
				}
			}
			s, u = state()
			for i, o := range old {
				if tenants.SessionHolds(o, s, u) {
					t.Errorf("session %d of before holds, clock off by %v", i, skew)
				}
			}
			// A claim has microseconds.
			next := tenants.SessionOpened(time.Now().Add(skew), s, u)
			if !next.Equal(next.Truncate(time.Microsecond)) || !tenants.SessionHolds(next, s, u) {
				t.Errorf("the next session, opened at %v, does not hold", next)
			}
		}
	})
}

// TestAKeyMadeWhileItsMakerIsRemoved is either not made, or revoked with the others.
func TestAKeyMadeWhileItsMakerIsRemoved(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		install(t, db, tenants.Install{StoreHash: "aaa", OwnerID: 1})
		ctx := tenants.WithStore(t.Context(), "aaa")
		for i := range 8 {
			u, err := db.EnsureUser(ctx, tenants.UserSeen{UserID: int64(10 + i)})
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			wg.Go(func() {
				err := db.Tx(ctx, func(tx *tenants.DB) error {
					if _, err := tx.KeyMaker(ctx, u.ID); err != nil {
						return err
					}
					return tx.CreateAPIKey(ctx, &tenants.APIKey{Name: "k", SecretHash: strings.Repeat(string(rune('a'+i)), 64), CreatedBy: u.ID})
				})
				if err != nil && problem.CodeOf(err) != problem.NotFound {
					t.Error(err)
				}
			})
			wg.Go(func() {
				if err := db.RemoveUser(ctx, u.UserID, time.Now(), "bigcommerce"); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			keys, err := db.ListAPIKeys(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range keys {
				if k.RevokedAt == nil || k.RevokedBecause != tenants.RevokedMakerRemoved {
					t.Errorf("%+v", k)
				}
			}
		}
	})
}

// TestAStoreThatWasInstalledAgainIsNotUninstalled: what BigCommerce refused was another token.
func TestAStoreThatWasInstalledAgainIsNotUninstalled(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		asked := install(t, db, tenants.Install{StoreHash: "aaa", AccessToken: "first"})
		install(t, db, tenants.Install{StoreHash: "aaa", AccessToken: "second"})
		wantCode(t, db.MarkRefused(t.Context(), asked, time.Now()), problem.Conflict)
		now, err := db.Store(t.Context(), "aaa")
		if err != nil || now.State != tenants.StoreActive {
			t.Fatalf("%+v, %v", now, err)
		}
		if err := db.MarkRefused(t.Context(), now, time.Now()); err != nil {
			t.Fatal(err)
		}
		if now, err = db.Store(t.Context(), "aaa"); err != nil || now.State != tenants.StoreUninstalled || now.SessionsValidAfter == nil {
			t.Errorf("%+v, %v", now, err)
		}
	})
}

// TestKeysForTheOwner: the list of one store and the numbers of all agree on which keys an owner
// has yet to look at.
func TestKeysForTheOwner(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, bbb := stores(t)
		for _, ctx := range []context.Context{aaa, bbb} {
			if _, err := db.UpsertInstalledStore(ctx, tenants.Install{StoreHash: tenants.StoreHash(ctx), AccessToken: "t", Origin: tenants.OriginMarketplace}); err != nil {
				t.Fatal(err)
			}
			key := &tenants.APIKey{Name: "x", Prefix: "sluice_X", SecretHash: "x" + tenants.StoreHash(ctx), Scopes: "flows:read identity:login", CreatedBy: "admin"}
			if err := db.CreateAPIKey(ctx, key); err != nil {
				t.Fatal(err)
			}
		}
		// The owner of one store is nobody at the other.
		owner, err := db.EnsureUser(aaa, tenants.UserSeen{UserID: 1, Owner: true})
		if err != nil {
			t.Fatal(err)
		}
		for name, ctx := range map[string]context.Context{"own": aaa, "foreign": bbb} {
			key := &tenants.APIKey{Name: name, Prefix: "sluice_X", SecretHash: name, Scopes: "flows:read", CreatedBy: owner.ID}
			if err := db.CreateAPIKey(ctx, key); err != nil {
				t.Fatal(err)
			}
		}
		for ctx, want := range map[context.Context]int{aaa: 1, bbb: 2} {
			keys, err := db.ListAPIKeys(ctx)
			n := 0
			for _, k := range keys {
				if k.NeedsReview {
					n++
				}
			}
			numbers, err2 := db.KeysToReview(t.Context())
			if err != nil || err2 != nil || n != want || numbers[tenants.StoreHash(ctx)] != want {
				t.Errorf("%s: %d marked, %v, want %d: %v %v", tenants.StoreHash(ctx), n, numbers, want, err, err2)
			}
		}
		if err := db.KeepAPIKey(aaa, "none"); problem.CodeOf(err) != problem.NotFound {
			t.Error(err)
		}
	})
}
