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

func TestIdentityProvider(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx, other := tenants.WithStore(t.Context(), "abc123"), tenants.WithStore(t.Context(), "xyz789")
		if p, err := db.IdentityProvider(ctx); p != nil || err != nil {
			t.Fatal(p, err)
		}
		secret := "the-client-secret"
		p := &tenants.IdentityProvider{Preset: "custom", Issuer: "https://id.example", ClientID: "shop", Claims: []tenants.ClaimMapping{{Target: "company", Expression: "org"}}}
		if err := db.SaveIdentityProvider(ctx, p, &secret); err != nil {
			t.Fatal(err)
		}
		got, err := db.IdentityProvider(ctx)
		if err != nil || got.Version != 1 || !got.HasSecret || strings.Contains(string(got.ClientSecret), secret) || len(got.Claims) != 1 {
			t.Fatal(got, err)
		}
		if s, err := db.IdentityProviderSecret(ctx); s != secret || err != nil {
			t.Error(s, err)
		}
		if s, err := db.IdentityProviderSecret(other); s != "" || err != nil {
			t.Error("another store has the secret:", s, err)
		}
		got.Enabled = true
		if err := db.SaveIdentityProvider(ctx, got, nil); err != nil {
			t.Fatal(err)
		}
		if s, _ := db.IdentityProviderSecret(ctx); s != secret || got.Version != 2 {
			t.Error("the secret was not kept", got.Version)
		}
		stale := *p
		stale.Version = 1
		if err := db.SaveIdentityProvider(ctx, &stale, nil); problem.CodeOf(err) != problem.Conflict {
			t.Error("a stale write went through:", err)
		}
		fresh := tenants.IdentityProvider{Issuer: "https://id.example"}
		if err := db.SaveIdentityProvider(ctx, &fresh, nil); problem.CodeOf(err) != problem.Conflict {
			t.Error("a second provider was made:", err)
		}
		got.Issuer = "https://elsewhere.example"
		if err := db.SaveIdentityProvider(ctx, got, nil); err != nil {
			t.Fatal(err)
		}
		if s, err := db.IdentityProviderSecret(ctx); s != "" || err != nil || got.HasSecret {
			t.Error("the secret went along to another issuer:", err)
		}
		for _, announces := range []bool{true, false, true} {
			if err := db.NoteAnnouncement(other, got.Issuer, announces); err != nil {
				t.Fatal(err)
			}
			if err := db.NoteAnnouncement(ctx, "https://id.example", !announces); err != nil { // of the one before
				t.Fatal(err)
			}
			if err := db.NoteAnnouncement(ctx, got.Issuer, announces); err != nil {
				t.Fatal(err)
			}
			if p, err := db.IdentityProvider(ctx); err != nil || p.AnnouncesIssuer != announces || p.Version != got.Version {
				t.Errorf("%+v, %v", p, err)
			}
		}
		if err := db.DeleteIdentityProvider(other); err != nil {
			t.Fatal(err)
		}
		if p, _ := db.IdentityProvider(ctx); p == nil {
			t.Error("another store deleted the provider")
		}
		if err := db.DeleteIdentityProvider(ctx); err != nil {
			t.Fatal(err)
		}
		if p, err := db.IdentityProvider(ctx); p != nil || err != nil {
			t.Error(p, err)
		}
	})
}

func TestSubjectLinks(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx, other := tenants.WithStore(t.Context(), "abc123"), tenants.WithStore(t.Context(), "xyz789")
		const issuer = "https://id.example"
		tests := []struct {
			ctx      context.Context
			issuer   string
			subject  string
			customer int64
			linked   bool
		}{
			{ctx, issuer, "s1", 7, true},
			{ctx, issuer, "s1", 7, true},
			{ctx, issuer, "s1", 8, false}, // the subject is 7's
			{ctx, issuer, "s2", 7, false}, // 7 is s1's
			{ctx, "https://other.example", "s1", 7, true},
			{other, issuer, "s1", 8, true},
			{other, issuer, "s2", 7, true},
		}
		for _, tt := range tests {
			linked, err := db.LinkSubject(tt.ctx, tt.issuer, tt.subject, tt.customer, true)
			if err != nil || linked != tt.linked {
				t.Errorf("%s %s to %d: %v %v", tt.issuer, tt.subject, tt.customer, linked, err)
			}
		}
		if l, err := db.SubjectLink(ctx, issuer, "s2"); l != nil || err != nil {
			t.Error(l, err)
		}
		if l, err := db.LinkOfCustomer(other, issuer, 7); err != nil || l.Subject != "s2" {
			t.Error(l, err)
		}
		if linked, err := db.LinkSubject(ctx, issuer, "s3", 9, false); err != nil || !linked {
			t.Fatal(linked, err)
		}
		for customer, secured := range map[int64]bool{8: false, 9: true} { // 8 is not the subject's
			if err := db.SecureLink(ctx, issuer, "s3", customer); err != nil {
				t.Fatal(err)
			}
			if l, err := db.SubjectLink(ctx, issuer, "s3"); customer == 9 && (err != nil || l.Secured != secured) {
				t.Error(l, err)
			}
		}
		if n, err := db.UnlinkCustomer(ctx, 7); n != 2 || err != nil {
			t.Error(n, err)
		}
		if l, err := db.LinkOfCustomer(ctx, issuer, 7); l != nil || err != nil {
			t.Error("still linked", err)
		}
		if l, err := db.LinkOfCustomer(other, issuer, 7); l == nil || err != nil {
			t.Error("another store's link is gone", err)
		}
	})
}

// TestLinksAtOnce lets many subjects want one customer at the same time: one gets it.
func TestLinksAtOnce(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "abc123")
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for i := range 8 {
			wg.Go(func() {
				linked, err := db.LinkSubject(ctx, "https://id.example", string(rune('a'+i)), 7, false)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if linked {
					won++
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d subjects got the customer", won)
		}
	})
}

func TestSignIns(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx, other := tenants.WithStore(t.Context(), "abc123"), tenants.WithStore(t.Context(), "xyz789")
		now := time.Now()
		for i, at := range []time.Time{now.Add(-2 * tenants.SignInsKept), now.Add(-time.Hour), now} {
			if err := db.RecordSignIn(ctx, tenants.SignIn{At: at, Method: tenants.MethodSSO, Result: tenants.SignInOK, CustomerID: int64(i + 1), Email: "ada@example.com"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.RecordSignIn(other, tenants.SignIn{Method: tenants.MethodAPI, Result: "email_unverified"}); err != nil {
			t.Fatal(err)
		}
		if n, err := db.SweepSignIns(t.Context(), now.Add(-tenants.SignInsKept)); n != 1 || err != nil {
			t.Error(n, err)
		}
		rows, next, err := db.SignIns(ctx, tenants.Page{Limit: 1})
		if err != nil || len(rows) != 1 || rows[0].CustomerID != 3 || next == "" {
			t.Fatal(rows, next, err)
		}
		rows, next, err = db.SignIns(ctx, tenants.Page{Limit: 1, Before: next})
		if err != nil || len(rows) != 1 || rows[0].CustomerID != 2 || next != "" {
			t.Error(rows, next, err)
		}
	})
}
