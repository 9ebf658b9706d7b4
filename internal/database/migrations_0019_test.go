package database_test

import (
	"testing"

	"sluice/internal/database"
)

// TestMigrateProvenance: of accounts from before, those of customers who are or were linked to a
// user of the provider may have been given by its word; the others were sent by the back-office
// system, which goes on as it was.
func TestMigrateProvenance(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		g := open(t, url, nil)
		if err := database.MigrateTo(t.Context(), g, "0018_api_accounts"); err != nil {
			t.Fatal(err)
		}
		for _, sql := range []string{
			"INSERT INTO accounts (store_hash, external_id, customer_id, email, fields) VALUES ('abc123', 'sent', 1, '', '{}'), ('abc123', 'linked', 2, '', '{}')," +
				" ('abc123', 'unlinked', 3, '', '{}'), ('abc123', 'nobodys', 0, 'a@example.com', '{}'), ('xyz789', 'same-id', 2, '', '{}'), ('xyz789', 'same-id-3', 3, '', '{}')",
			"INSERT INTO subject_links (store_hash, issuer, subject, customer_id, email) VALUES ('abc123', 'https://id.example', 's', 2, '')",
			"INSERT INTO audit (id, store_hash, actor, action, subject, detail) VALUES ('a1', 'abc123', 'user:u', 'subject_link.deleted', 'customer:3', '')," +
				" ('a2', 'abc123', 'user:u', 'api_key.revoked', 'customer:1', '')",
		} {
			if err := g.Exec(sql).Error; err != nil {
				t.Fatal(err)
			}
		}
		if err := database.Migrate(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		var rows []struct{ ExternalID, GivenBy string }
		if err := g.Table("accounts").Find(&rows).Error; err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"sent": "back_office", "linked": "claim", "unlinked": "claim", "nobodys": "", "same-id": "back_office", "same-id-3": "back_office"}
		for _, r := range rows {
			if got, ok := want[r.ExternalID]; !ok || got != r.GivenBy {
				t.Errorf("%s: %q, want %q", r.ExternalID, r.GivenBy, got)
			}
		}
		if len(rows) != len(want) {
			t.Errorf("%d accounts", len(rows))
		}
	})
}
