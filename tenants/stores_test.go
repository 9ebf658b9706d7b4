package tenants_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"sluice/internal/problem"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
	"sluice/tenants/vault"
)

const accessToken = "plain-access-token-0123456789"

func install(t *testing.T, db *tenants.DB, in tenants.Install) *tenants.Store {
	t.Helper()
	if in.AccessToken == "" {
		in.AccessToken = accessToken
	}
	s, err := db.UpsertInstalledStore(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wantCode(t *testing.T, err error, code problem.Code) {
	t.Helper()
	if problem.CodeOf(err) != code {
		t.Errorf("%v, want a problem of code %q", err, code)
	}
}

func TestInstallUninstallReinstall(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		s := install(t, db, tenants.Install{
			StoreHash: "aaa", Scopes: "store_v2_products", AccountUUID: "u-u", Origin: tenants.OriginMarketplace,
			OwnerID: 7, OwnerEmail: "owner@example.com", UserID: 8, UserEmail: "who@example.com", Locale: "en-GB",
		})
		if s.State != tenants.StoreActive || s.OwnerID != 7 || s.Timezone != "UTC" || s.Scopes != "store_v2_products" || s.InstalledAt.IsZero() {
			t.Errorf("%+v", s)
		}
		users, err := db.Users(ctx)
		if err != nil || len(users) != 2 || users[0].Role != tenants.RoleOwner || users[1].Role != tenants.RoleAdmin || users[1].Locale != "en-GB" {
			t.Fatalf("%+v, %v", users, err)
		}
		if got, err := db.AccessToken(t.Context(), "aaa"); err != nil || got != accessToken {
			t.Fatalf("%q, %v", got, err)
		}

		// BigCommerce refuses the token: told once.
		for _, want := range []bool{true, false} {
			changed, err := db.MarkNeedsReinstall(t.Context(), "aaa", "Open Sluice again.\x00")
			if err != nil || changed != want {
				t.Fatalf("changed %v, %v", changed, err)
			}
		}
		_, err = db.AccessToken(t.Context(), "aaa")
		wantCode(t, err, problem.NeedsReinstall)

		if err := db.SetStoreInfo(t.Context(), "aaa", tenants.StoreInfo{Name: "A", Timezone: "Europe/Berlin", Currency: "EUR"}); err != nil {
			t.Fatal(err)
		}
		again := install(t, db, tenants.Install{StoreHash: "aaa", AccessToken: "second", Scopes: "more", OwnerID: 8, OwnerEmail: "who@example.com"})
		if again.State != tenants.StoreActive || again.StateReason != "" || again.Name != "A" || again.Scopes != "more" || again.AccountUUID != "u-u" {
			t.Errorf("%+v", again)
		}
		if got, _ := db.AccessToken(t.Context(), "aaa"); got != "second" {
			t.Errorf("token %q", got)
		}
		if !again.CreatedAt.Equal(s.CreatedAt) {
			t.Errorf("made %v, then %v", s.CreatedAt, again.CreatedAt)
		}
		users, _ = db.Users(ctx)
		if users[0].Role != tenants.RoleAdmin || users[1].Role != tenants.RoleOwner {
			t.Errorf("ownership did not move: %+v", users)
		}

		// Uninstalled: no token, no user, no key, at once.
		key := &tenants.APIKey{Name: "k", SecretHash: strings.Repeat("0", 64)}
		if err := db.CreateAPIKey(ctx, key); err != nil {
			t.Fatal(err)
		}
		deleteAfter := time.Now().Add(time.Hour)
		for range 2 {
			if err := db.MarkUninstalled(t.Context(), "aaa", deleteAfter); err != nil {
				t.Fatal(err)
			}
			deleteAfter = deleteAfter.Add(24 * time.Hour) // a repeat must not put the deletion off
		}
		gone, err := db.Store(t.Context(), "aaa")
		if err != nil || gone.State != tenants.StoreUninstalled || len(gone.AccessToken) != 0 || gone.UninstalledAt == nil {
			t.Fatalf("%+v, %v", gone, err)
		}
		if due, _ := db.StoresToPurge(t.Context(), time.Now()); len(due) != 0 {
			t.Errorf("due already: %v", due)
		}
		if due, _ := db.StoresToPurge(t.Context(), time.Now().Add(2*time.Hour)); len(due) != 1 || due[0] != "aaa" {
			t.Errorf("due: %v", due)
		}
		if users, _ := db.Users(ctx); len(users) != 0 {
			t.Errorf("users stay: %+v", users)
		}
		_, err = db.APIKeyByHash(t.Context(), key.SecretHash)
		wantCode(t, err, problem.Unauthenticated)
		if changed, err := db.MarkNeedsReinstall(t.Context(), "aaa", "x"); changed || err != nil {
			t.Errorf("an uninstalled store needs a reinstall: %v, %v", changed, err)
		}

		back := install(t, db, tenants.Install{StoreHash: "aaa", OwnerID: 7})
		if back.State != tenants.StoreActive || back.UninstalledAt != nil || back.DeleteAfter != nil {
			t.Errorf("%+v", back)
		}
		if due, _ := db.StoresToPurge(t.Context(), time.Now().Add(1000*time.Hour)); len(due) != 0 {
			t.Errorf("a reinstalled store is to be deleted: %v", due)
		}
	})
}

func TestStoreRefuses(t *testing.T) {
	db := tenantstest.NewDB(t)
	_, err := db.Store(t.Context(), "nope")
	wantCode(t, err, problem.NotFound)
	wantCode(t, db.SetStoreInfo(t.Context(), "nope", tenants.StoreInfo{}), problem.NotFound)
	_, err = db.AccessToken(t.Context(), "nope")
	wantCode(t, err, problem.NotFound)
	for _, hash := range []string{"", "AAA", "a/b", "stores/aaa", strings.Repeat("a", 33), "a'b"} {
		_, err := db.UpsertInstalledStore(t.Context(), tenants.Install{StoreHash: hash, AccessToken: accessToken})
		wantCode(t, err, problem.Invalid)
	}
	_, err = db.UpsertInstalledStore(t.Context(), tenants.Install{StoreHash: "aaa"})
	wantCode(t, err, problem.Invalid)
	if err := db.MarkUninstalled(t.Context(), "nope", time.Now()); err != nil {
		t.Errorf("uninstall of an unknown store: %v", err)
	}
	install(t, db, tenants.Install{StoreHash: "aaa"})
	if err := db.SetStoreInfo(t.Context(), "aaa", tenants.StoreInfo{Timezone: "Not/AZone"}); err != nil {
		t.Fatal(err)
	}
	if s, _ := db.Store(t.Context(), "aaa"); s.Timezone != "UTC" {
		t.Errorf("time zone %q", s.Timezone)
	}
}

// TestSecretsAreNowhereInPlain greps the database's files for a token and a connection's secret.
func TestSecretsAreNowhereInPlain(t *testing.T) {
	db, url := tenantstest.NewDBAt(t)
	ctx := tenants.WithStore(t.Context(), "aaa")
	install(t, db, tenants.Install{StoreHash: "aaa"})
	secret := "Bearer plain-connection-secret"
	if err := db.SaveConnection(ctx, &tenants.Connection{Name: "c", URL: "https://erp.example"}, &secret); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(strings.TrimPrefix(url, "sqlite:") + "*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	found := false
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{accessToken, secret} {
			if bytes.Contains(data, []byte(s)) {
				t.Errorf("%s holds %q", filepath.Base(file), s)
			}
		}
		found = found || bytes.Contains(data, []byte("https://erp.example"))
	}
	if !found {
		t.Error("the rows are in none of the files: the test looks in the wrong place")
	}
}

func TestConnectionSecret(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		secretOf := func(id string) string {
			t.Helper()
			s, err := db.ConnectionSecret(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		first, none := "first", ""
		c := &tenants.Connection{Name: "erp", Kind: "url", URL: "https://erp.example/a.csv"}
		save := func(secret *string) {
			t.Helper()
			if err := db.SaveConnection(ctx, c, secret); err != nil {
				t.Fatal(err)
			}
			stored, err := db.Connection(ctx, c.ID)
			if err != nil || stored.URL != c.URL || stored.HasSecret != c.HasSecret || stored.HasSecret != (secretOf(c.ID) != "") {
				t.Fatalf("%+v and %+v, %v", stored, c, err)
			}
		}
		save(nil)
		if c.HasSecret {
			t.Error("has a secret from nowhere")
		}
		save(&first)
		c.URL, c.Secret = "https://erp.example/b.csv", []byte("what a caller puts here does not matter")
		save(nil)
		if got := secretOf(c.ID); got != first {
			t.Errorf("%q: a secret is kept on the same host", got)
		}
		c.URL = "https://elsewhere.example/b.csv"
		save(nil)
		if got := secretOf(c.ID); got != "" {
			t.Errorf("%q went to another host", got)
		}
		save(&first)
		save(&none)
		save(&first)
		c.URL, c.Kind = "", "drawer"
		save(nil)
		if got := secretOf(c.ID); got != "" {
			t.Errorf("%q went to where has no address", got)
		}
		save(&first)
		save(nil)
		if got := secretOf(c.ID); got != first {
			t.Errorf("%q: a secret is kept without an address", got)
		}
		c.Kind = "cupboard"
		save(nil)
		if got := secretOf(c.ID); got != "" {
			t.Errorf("%q went to another kind", got)
		}

		other := tenants.WithStore(t.Context(), "bbb")
		_, err := db.ConnectionSecret(other, c.ID)
		wantCode(t, err, problem.NotFound)
		wantCode(t, db.SaveConnection(other, &tenants.Connection{ID: c.ID}, &first), problem.NotFound)

		flow := &tenants.Flow{Name: "f", ConnectionID: c.ID}
		if err := db.CreateFlow(ctx, flow); err != nil {
			t.Fatal(err)
		}
		wantCode(t, db.DeleteConnection(ctx, c.ID), problem.Conflict)
		if err := db.DeleteFlow(ctx, flow.ID); err != nil {
			t.Fatal(err)
		}
		_, err = db.Connection(ctx, c.ID)
		wantCode(t, err, problem.NotFound)
		if err := db.DeleteConnection(ctx, c.ID); err != nil {
			t.Errorf("a repeat: %v", err)
		}
	})
}

func TestRotateKeys(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		const stores = 120 // more than one page
		secret := "secret of "
		for i := range stores {
			hash := "s" + strings.Repeat("x", i%3) + string(rune('a'+i%26)) + strings.Repeat("y", i/26)
			install(t, db, tenants.Install{StoreHash: hash, AccessToken: accessToken + hash})
			if i%2 == 0 {
				s := secret + hash
				if err := db.SaveConnection(tenants.WithStore(t.Context(), hash), &tenants.Connection{URL: "https://x/?token=" + s}, &s); err != nil {
					t.Fatal(err)
				}
			}
			if i%4 == 0 {
				settings := tenants.AlertSettings{Version: 1}
				channel := tenants.AlertChannelChange{Kind: tenants.ChannelWebhook, Address: "https://x/" + secret + hash, Secret: secret + hash}
				if err := db.SaveAlerts(tenants.WithStore(t.Context(), hash), settings, []tenants.AlertChannelChange{channel}); err != nil {
					t.Fatal(err)
				}
			}
		}
		fresh, err := vault.GenerateKey("fresh")
		if err != nil {
			t.Fatal(err)
		}
		with := func(keys string) *tenants.DB {
			t.Helper()
			v, err := vault.New(keys)
			if err != nil {
				t.Fatal(err)
			}
			return db.WithVault(v)
		}
		if err := db.CheckKeys(t.Context()); err != nil {
			t.Errorf("the right keys: %v", err)
		}
		wantCode(t, with(fresh).CheckKeys(t.Context()), problem.Invalid)
		// Without the old key nothing opens, and nothing is lost.
		n, err := with(fresh).RotateKeys(t.Context())
		wantCode(t, err, problem.Unavailable)
		if n != 0 {
			t.Errorf("%d rotated", n)
		}
		// Interrupted: the context ends before the second page.
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := with(fresh + "," + tenantstest.Keys).RotateKeys(ended); err == nil {
			t.Error("an ended context is no error")
		}
		all, err := db.Stores(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := len(all) + 2*connections(t, db) + 2*stores/4 // a secret and an address each, of webhooks too
		both := with(fresh + "," + tenantstest.Keys)
		if n, err = both.RotateKeys(t.Context()); err != nil || n != want {
			t.Fatalf("%d rotated, want %d: %v", n, want, err)
		}
		if n, err = both.RotateKeys(t.Context()); err != nil || n != 0 {
			t.Errorf("a repeat rotated %d: %v", n, err)
		}
		only := with(fresh)
		for _, s := range all {
			if got, err := only.AccessToken(t.Context(), s.Hash); err != nil || got != accessToken+s.Hash {
				t.Fatalf("%s: %q, %v", s.Hash, got, err)
			}
		}
		var c tenants.Connection
		if err := db.AcrossStores(t.Context()).Take(&c).Error; err != nil {
			t.Fatal(err)
		}
		if got, err := only.ConnectionSecret(tenants.WithStore(t.Context(), c.StoreHash), c.ID); err != nil || got != secret+c.StoreHash {
			t.Errorf("%q, %v", got, err)
		}
		if got, err := only.ConnectionAddress(tenants.WithStore(t.Context(), c.StoreHash), &c); err != nil || got != "https://x/?token="+secret+c.StoreHash {
			t.Errorf("%q, %v", got, err)
		}
		var hook tenants.AlertChannel
		if err := db.AcrossStores(t.Context()).Where("address IS NOT NULL").Take(&hook).Error; err != nil {
			t.Fatal(err)
		}
		address, signs, err := only.OpenChannel(tenants.WithStore(t.Context(), hook.StoreHash), &hook)
		if err != nil || address != "https://x/"+secret+hook.StoreHash || signs != secret+hook.StoreHash {
			t.Errorf("%q, %q, %v", address, signs, err)
		}
		_, err = db.AccessToken(t.Context(), all[0].Hash)
		wantCode(t, err, problem.Unavailable) // the old key alone
	})
}

func connections(t *testing.T, db *tenants.DB) int {
	t.Helper()
	var n int64
	if err := db.AcrossStores(t.Context()).Model(&tenants.Connection{}).Count(&n).Error; err != nil {
		t.Fatal(err)
	}
	return int(n)
}

func TestPurgeStore(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		twoStores(t, db)
		aaa := tenants.WithStore(t.Context(), "aaa")
		fill(aaa, t, db)
		fill(tenants.WithStore(t.Context(), "bbb"), t, db)
		before := rowsOf(t, db, "bbb")

		wantCode(t, db.PurgeStore(t.Context(), "aaa"), problem.Conflict) // still installed
		if n := rowsOf(t, db, "aaa"); n["records"] == 0 {
			t.Error("rows of an installed store are gone")
		}
		if err := db.MarkUninstalled(t.Context(), "aaa", time.Now()); err != nil {
			t.Fatal(err)
		}
		for range 2 { // a repeat does nothing
			if err := db.PurgeStore(t.Context(), "aaa"); err != nil {
				t.Fatal(err)
			}
		}
		for table, n := range rowsOf(t, db, "aaa") {
			if n != 0 {
				t.Errorf("%d rows stay in %s", n, table)
			}
		}
		_, err := db.Store(t.Context(), "aaa")
		wantCode(t, err, problem.NotFound)
		for table, n := range rowsOf(t, db, "bbb") {
			if n != before[table] || n == 0 {
				t.Errorf("%s of the other store: %d rows, before %d", table, n, before[table])
			}
		}
	})
}

// fill gives a store rows in every table, of records and chunks more than one batch.
func fill(ctx context.Context, t *testing.T, db *tenants.DB) {
	t.Helper()
	for _, model := range tenants.AllModels() {
		switch model := model.(type) {
		case *tenants.Store, *tenants.Record, *tenants.Run, *tenants.User:
		default:
			if err := db.Scoped(ctx).Create(withKeys(model, tenants.StoreHash(ctx))).Error; err != nil {
				t.Fatalf("%T: %v", model, err)
			}
		}
	}
	records := make([]tenants.Record, 2300)
	for i := range records {
		records[i] = tenants.Record{FlowID: tenants.StoreHash(ctx) + "-flow", Key: tenants.NewID()}
	}
	if err := db.UpsertRecords(ctx, records); err != nil {
		t.Fatal(err)
	}
}

// withKeys sets the string keys of a model so that two stores' rows differ.
func withKeys(model any, hash string) any {
	switch m := model.(type) {
	case *tenants.Channel:
		m.ID = tenants.NewID()
	case *tenants.APIKey:
		m.ID, m.SecretHash = tenants.NewID(), hash
	case *tenants.UsedToken:
		m.JTI = tenants.NewID()
	case *tenants.Connection:
		m.ID = tenants.NewID()
	case *tenants.Flow:
		m.ID = tenants.NewID()
	case *tenants.RunItem:
		m.RunID = tenants.NewID()
	case *tenants.RunIssue:
		m.ID, m.RunID = tenants.NewID(), hash
	case *tenants.JournalEntry:
		m.ID, m.RunID = tenants.NewID(), hash
	case *tenants.Snapshot:
		m.ID = tenants.NewID()
	case *tenants.SnapshotChunk:
		m.SnapshotID = tenants.NewID()
	case *tenants.JobAttempt:
		m.ID = tenants.NewID()
	case *tenants.Attention:
		m.ID = tenants.NewID()
	case *tenants.AlertChannel:
		m.ID = tenants.NewID()
	case *tenants.AlertMessage:
		m.ID = tenants.NewID()
	case *tenants.Job:
		m.ID = tenants.NewID()
	case *tenants.WebhookEvent:
		m.DeliveryID = tenants.NewID()
	case *tenants.AuditEntry:
		m.ID = tenants.NewID()
	case *tenants.IdentityProvider:
		m.ID = tenants.NewID()
	case *tenants.SignIn:
		m.ID = tenants.NewID()
	}
	return model
}

// rowsOf counts a store's rows by table, in the tables that the database has, not those of
// AllModels.
func rowsOf(t *testing.T, db *tenants.DB, hash string) map[string]int64 {
	t.Helper()
	g := db.AcrossStores(t.Context())
	tables, err := g.Migrator().GetTables()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int64{}
	for _, table := range tables {
		column := "store_hash"
		switch table {
		case "migrations", "sqlite_sequence":
			continue
		case "stores":
			column = "hash"
		}
		var n int64
		if err := g.Session(&gorm.Session{}).Table(table).Where(column+" = ?", hash).Count(&n).Error; err != nil {
			t.Fatal(err)
		}
		counts[table] = n
	}
	if len(counts) != len(tenants.AllModels()) {
		t.Fatalf("%d tables, %d models", len(counts), len(tenants.AllModels()))
	}
	return counts
}
