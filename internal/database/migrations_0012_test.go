package database_test

import (
	"testing"
	"time"

	"sluice/internal/database"
)

// TestMigrateStrangers: a provider of a database from before goes on with the shared redirect URI
// for 30 days, takes no risk that its merchant did not choose, and no customer who is linked counts
// as secured.
func TestMigrateStrangers(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		g := open(t, url, nil)
		if err := database.MigrateTo(t.Context(), g, "0011_traces"); err != nil {
			t.Fatal(err)
		}
		for _, sql := range []string{
			"INSERT INTO identity_providers (id, store_hash, preset, issuer, client_id, enabled, version) VALUES ('p1', 'abc123', 'custom', 'https://id.example', 'c', true, 4)",
			"INSERT INTO subject_links (store_hash, issuer, subject, customer_id, email) VALUES ('abc123', 'https://id.example', 's', 7, 'a@example.com')",
		} {
			if err := g.Exec(sql).Error; err != nil {
				t.Fatal(err)
			}
		}
		before := time.Now()
		if err := database.Migrate(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		var p struct {
			Issuer, EmailClaim                                    string
			Version                                               int
			SharedUntil                                           *time.Time
			TrustEmail, KeepPasswords, RequestIP, AnnouncesIssuer *bool
		}
		if err := g.Table("identity_providers").Where("id = ? AND email_claim = ?", "p1", "").Take(&p).Error; err != nil {
			t.Fatal(err)
		}
		const month = 30 * 24 * time.Hour
		if p.Version != 4 || p.SharedUntil == nil || p.SharedUntil.Before(before.Add(month-time.Second)) || p.SharedUntil.After(time.Now().Add(month+time.Second)) {
			t.Errorf("%+v", p)
		}
		for name, v := range map[string]*bool{"trust": p.TrustEmail, "keep": p.KeepPasswords, "ip": p.RequestIP, "announces": p.AnnouncesIssuer} {
			if v == nil || *v {
				t.Errorf("%s is %v", name, v)
			}
		}
		var n int64
		if err := g.Table("subject_links").Where("customer_id = 7 AND secured = ?", false).Count(&n).Error; err != nil || n != 1 {
			t.Errorf("%d links, %v", n, err)
		}
	})
}
