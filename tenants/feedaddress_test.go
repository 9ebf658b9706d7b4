package tenants_test

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"sluice/internal/problem"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

const (
	feedToken = "s3cr3t-T0ken-of-the-feed"
	feedWhole = "https://erp.example/export.csv?format=csv&token=" + feedToken + "&lang=en"
)

func TestMaskAddress(t *testing.T) {
	for _, test := range []struct{ in, all, tokens string }{
		{"https://erp.example/a.csv", "https://erp.example/a.csv", "https://erp.example/a.csv"},
		{feedWhole, "https://erp.example/export.csv?format=•••&token=•••&lang=•••", "https://erp.example/export.csv?format=csv&token=•••&lang=en"},
		{"https://u:p@erp.example/a.csv", "https://erp.example/a.csv", "https://erp.example/a.csv"},
		{"https://erp.example/a.csv?" + feedToken, "https://erp.example/a.csv?•••", "https://erp.example/a.csv?•••"},
		{"https://erp.example/a.csv?all&x=", "https://erp.example/a.csv?•••&•••", "https://erp.example/a.csv?all&x="},
		{"https://erp.example/a.csv?" + feedToken + "=&" + feedToken + "=1", "https://erp.example/a.csv?•••&•••", "https://erp.example/a.csv?•••&•••"},
		{"https://erp.example/a.csv?v=0123456789abcdef", "https://erp.example/a.csv?v=•••", "https://erp.example/a.csv?v=•••"},
		{"https://erp.example/a.csv#" + feedToken, "https://erp.example/a.csv", "https://erp.example/a.csv"},
		{"https://b.example/x?X-Amz-Credential=A&X-Amz-Signature=B&sig=C&pass=D", "https://b.example/x?X-Amz-Credential=•••&X-Amz-Signature=•••&sig=•••&pass=•••",
			"https://b.example/x?X-Amz-Credential=•••&X-Amz-Signature=•••&sig=•••&pass=•••"},
		{"https://erp.example/%zz?token=x", "•••", "•••"},
	} {
		if got := tenants.MaskAddress(test.in, true); got != test.all {
			t.Errorf("%s is shown to all as %s", test.in, got)
		}
		if got := tenants.MaskAddress(test.in, false); got != test.tokens {
			t.Errorf("%s is shown as %s", test.in, got)
		}
	}
}

// TestFeedAddressesAreSealed: nothing in the database tells a credential of an address, and what is
// shown of one can be sent back.
func TestFeedAddressesAreSealed(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa111")
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		secret := "Bearer x"
		c := &tenants.Connection{Kind: "url", Name: "ERP", URL: feedWhole}
		must(db.SaveConnection(ctx, c, &secret))
		whole := func() string {
			t.Helper()
			saved, err := db.Connection(ctx, c.ID)
			must(err)
			if strings.Contains(fmt.Sprintf("%+v", saved), feedToken) || bytes.Contains(saved.Address, []byte(feedToken)) {
				t.Fatalf("the row has the token: %+v", saved)
			}
			address, err := db.ConnectionAddress(ctx, saved)
			must(err)
			return address
		}
		if c.URL != tenants.MaskAddress(feedWhole, true) || whole() != feedWhole {
			t.Fatalf("saved as %s, read as %s", c.URL, whole())
		}
		for _, step := range []struct{ send, want string }{
			{tenants.MaskAddress(feedWhole, true), feedWhole},
			{tenants.MaskAddress(feedWhole, false), feedWhole},
			{strings.ReplaceAll(tenants.MaskAddress(feedWhole, false), "•", "%E2%80%a2"), feedWhole},
			{"https://erp.example/export.csv?lang=de&token=•••", "https://erp.example/export.csv?lang=de&token=" + feedToken},
			{"https://erp.example/export.csv?token=•••&page=2", "https://erp.example/export.csv?token=" + feedToken + "&page=2"},
			{"https://erp.example/other.csv", "https://erp.example/other.csv"},
			{feedWhole, feedWhole},
		} {
			c.URL = step.send
			must(db.SaveConnection(ctx, c, nil))
			if got := whole(); got != step.want {
				t.Errorf("%s was taken as %s, want %s", step.send, got, step.want)
			}
		}
		// What is hidden goes nowhere else, and nothing is made up.
		for _, send := range []string{
			"https://evil.example/export.csv?token=•••", "http://erp.example/export.csv?token=•••", "https://erp.example:444/export.csv?token=•••",
			"https://erp.example/evil.csv?token=•••", "https://erp.example/export.csv?other=•••", "https://erp.example/export.csv?token=•••&token=•••",
			"https://erp.example/export.csv?token=x•••", "https://erp.example/•••", "https://erp.example/export.csv?•••",
		} {
			wantCode(t, db.SaveConnection(ctx, &tenants.Connection{ID: c.ID, Kind: "url", URL: send}, nil), problem.Invalid)
			wantCode(t, db.SaveConnection(ctx, &tenants.Connection{Kind: "url", URL: send}, nil), problem.Invalid)
		}
		if whole() != feedWhole {
			t.Errorf("a refused change was saved: %s", whole())
		}
		// Another store's key opens nothing.
		saved, err := db.Connection(ctx, c.ID)
		must(err)
		if _, err := db.ConnectionAddress(tenants.WithStore(t.Context(), "bbb222"), saved); err == nil {
			t.Error("another store opened the address")
		}
		// A snapshot tells apart what differs in the token only, without having it.
		keep(ctx, t, db, tenants.Snapshot{FlowID: "f", URL: feedWhole}, []byte("x"))
		latest, err := db.LatestSnapshot(ctx, "f", feedWhole)
		must(err)
		other, err := db.LatestSnapshot(ctx, "f", strings.Replace(feedWhole, feedToken, "another", 1))
		must(err)
		if latest == nil || other != nil || strings.Contains(latest.URL, feedToken) {
			t.Errorf("snapshots: %+v, %+v", latest, other)
		}
	})
}

// TestAddressesOfOlderVersionsAreSealed: rows that were written before there was a seal.
func TestAddressesOfOlderVersionsAreSealed(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa111")
		plain, withUser := "https://erp.example/plain.csv", "https://u:"+feedToken+"@erp.example/a.csv"
		old := map[string]string{"c1": feedWhole, "c2": plain, "c3": withUser, "c4": "https://erp.example/?"}
		for id, url := range old {
			row := map[string]any{"id": id, "store_hash": "aaa111", "kind": "url", "url": url}
			if err := db.AcrossStores(ctx).Model(&tenants.Connection{}).Create(row).Error; err != nil {
				t.Fatal(err)
			}
			row = map[string]any{"id": "s" + id, "store_hash": "aaa111", "flow_id": "f", "url": url, "complete": true, "committed_at": db.AcrossStores(ctx).NowFunc()}
			if err := db.AcrossStores(ctx).Model(&tenants.Snapshot{}).Create(row).Error; err != nil {
				t.Fatal(err)
			}
		}
		if n, err := db.SealAddresses(t.Context()); err != nil || n != 4 {
			t.Fatalf("%d rows sealed, %v", n, err)
		}
		if n, err := db.SealAddresses(t.Context()); err != nil || n != 0 {
			t.Fatalf("%d rows sealed again, %v", n, err)
		}
		for id, url := range old {
			c, err := db.Connection(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := db.ConnectionAddress(ctx, c); err != nil || got != url || strings.Contains(c.URL, feedToken) {
				t.Errorf("%s: shown as %s, read as %s, %v", id, c.URL, got, err)
			}
			if s, err := db.LatestSnapshot(ctx, "f", url); err != nil || s == nil || s.ID != "s"+id || strings.Contains(s.URL, feedToken) {
				t.Errorf("%s: snapshot %+v, %v", id, s, err)
			}
		}
	})
}

func FuzzMaskAddress(f *testing.F) {
	f.Add("https://u:p@erp.example/a?x=1&token=2&3#4")
	f.Fuzz(func(t *testing.T, s string) {
		for _, all := range []bool{true, false} {
			shown := tenants.MaskAddress(s, all)
			if again := tenants.MaskAddress(shown, all); again != shown {
				t.Fatalf("%q is shown as %q, and that as %q", s, shown, again)
			}
			if _, err := url.Parse(s); err != nil || strings.Contains(s, "•") || strings.Contains(strings.ToUpper(s), "%E2%80%A2") {
				continue
			}
			if back, err := tenants.Unmask(shown, s); err != nil || back != s {
				t.Fatalf("%q is shown as %q, which means %q, %v", s, shown, back, err)
			}
		}
	})
}
