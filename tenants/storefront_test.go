package tenants_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sluice/internal/problem"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// stores returns the contexts of two stores.
func stores(t *testing.T) (aaa, bbb context.Context) {
	return tenants.WithStore(t.Context(), "aaa"), tenants.WithStore(t.Context(), "bbb")
}

func TestStorefrontSettings(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, bbb := stores(t)
		read := func(ctx context.Context) tenants.StorefrontSettings {
			t.Helper()
			s, err := db.StorefrontSettings(ctx)
			if err != nil {
				t.Fatal(err)
			}
			s.UpdatedAt = time.Time{}
			return s
		}
		defaults := func(hash string) tenants.StorefrontSettings {
			return tenants.StorefrontSettings{StoreHash: hash, CardFields: []tenants.CardField{}, ConsentCategory: "functional"}
		}
		if diff := cmp.Diff(defaults("aaa"), read(aaa)); diff != "" {
			t.Error(diff)
		}
		want := tenants.StorefrontSettings{
			StoreHash: "bbb", // the context's counts
			CardFields: []tenants.CardField{
				{Key: "terms", Label: "Zahlungsziel", Format: "text"}, {Key: "credit.limit", Label: "Credit limit", Format: "money"},
			},
			ConsentCategory: "essential", AllowSignIn: true,
		}
		if err := db.PutStorefrontSettings(aaa, want); err != nil {
			t.Fatal(err)
		}
		want.StoreHash = "aaa"
		if diff := cmp.Diff(want, read(aaa)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(defaults("bbb"), read(bbb)); diff != "" {
			t.Error(diff)
		}
		want.AllowSignIn, want.CardFields, want.ConsentCategory = false, nil, "targeting"
		if err := db.PutStorefrontSettings(aaa, want); err != nil {
			t.Fatal(err)
		}
		want.CardFields = []tenants.CardField{}
		if diff := cmp.Diff(want, read(aaa)); diff != "" {
			t.Error(diff)
		}
		wantCode(t, db.PutStorefrontSettings(aaa, tenants.StorefrontSettings{ConsentCategory: "unknown"}), problem.Invalid)
		if diff := cmp.Diff(want, read(aaa)); diff != "" {
			t.Errorf("a refused change was saved: %s", diff)
		}
	})
}

func TestStorefrontSettingsCheck(t *testing.T) {
	fields := func(n int) []tenants.CardField {
		list := make([]tenants.CardField, n)
		for i := range list {
			list[i] = tenants.CardField{Key: fmt.Sprint("f", i), Label: "L", Format: "text"}
		}
		return list
	}
	one := func(key, label, format string) tenants.StorefrontSettings {
		return tenants.StorefrontSettings{ConsentCategory: "functional", CardFields: []tenants.CardField{{Key: key, Label: label, Format: format}}}
	}
	twice := one("terms", "Terms", "text")
	twice.CardFields = append(twice.CardFields, tenants.CardField{Key: "terms", Label: "Again", Format: "date"})
	for name, tt := range map[string]struct {
		settings tenants.StorefrontSettings
		refused  []string // fields
	}{
		"most":               {tenants.StorefrontSettings{ConsentCategory: "analytics", CardFields: fields(tenants.MaxCardFields)}, nil},
		"too many":           {tenants.StorefrontSettings{ConsentCategory: "analytics", CardFields: fields(tenants.MaxCardFields + 1)}, []string{"card_fields"}},
		"no category":        {tenants.StorefrontSettings{}, []string{"consent_category"}},
		"longest":            {one(strings.Repeat("k", 64), strings.Repeat("ü", tenants.MaxCardLabel), "percent"), nil},
		"long key":           {one(strings.Repeat("k", 65), "L", "text"), []string{"card_fields.0.key"}},
		"no key":             {one("", "L", "text"), []string{"card_fields.0.key"}},
		"key with a space":   {one("credit limit", "L", "text"), []string{"card_fields.0.key"}},
		"key of two lines":   {one("a\n", "L", "text"), []string{"card_fields.0.key"}},
		"key twice":          {twice, []string{"card_fields.1.key"}},
		"blank label":        {one("k", " \t", "text"), []string{"card_fields.0.label"}},
		"long label":         {one("k", strings.Repeat("l", tenants.MaxCardLabel+1), "text"), []string{"card_fields.0.label"}},
		"label of two lines": {one("k", "a\nb", "text"), []string{"card_fields.0.label"}},
		"label no UTF-8":     {one("k", "a\xff", "text"), []string{"card_fields.0.label"}},
		"format":             {one("k", "L", "Money"), []string{"card_fields.0.format"}},
		"everything":         {tenants.StorefrontSettings{CardFields: []tenants.CardField{{}}}, []string{"consent_category", "card_fields.0.key", "card_fields.0.label", "card_fields.0.format"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := tt.settings.Check()
			var got []string
			var refusal *problem.Error
			if errors.As(err, &refusal) {
				for _, f := range refusal.Fields {
					got = append(got, f.Field)
				}
			}
			if !slices.Equal(got, tt.refused) || (err == nil) != (tt.refused == nil) {
				t.Errorf("%v, want a refusal of %q", err, tt.refused)
			}
		})
	}
}

func TestCard(t *testing.T) {
	settings := tenants.StorefrontSettings{CardFields: []tenants.CardField{
		{Key: "limit", Label: "Credit limit", Format: "money"}, {Key: "none", Label: "Not there", Format: "text"},
		{Key: "empty", Label: "Empty", Format: "text"}, {Key: "terms", Label: "Terms", Format: "text"},
	}}
	account := tenants.Account{Fields: map[string]string{"terms": "30 days", "limit": "5000.00", "empty": "", "margin": "secret"}}
	want := []tenants.CardValue{{"limit", "Credit limit", "money", "5000.00"}, {"terms", "Terms", "text", "30 days"}}
	if diff := cmp.Diff(want, settings.Card(&account)); diff != "" {
		t.Error(diff)
	}
	if got := settings.Card(&tenants.Account{}); got == nil || len(got) != 0 {
		t.Errorf("%v of an account without fields", got)
	}
}

func TestChannelOrigins(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, bbb := stores(t)
		replace := func(ctx context.Context, channel int64, origins ...string) {
			t.Helper()
			if err := db.ReplaceChannelOrigins(ctx, channel, origins); err != nil {
				t.Fatal(err)
			}
		}
		check := func(ctx context.Context, want ...string) {
			t.Helper()
			rows, err := db.ChannelOrigins(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range rows {
				if o.StoreHash != tenants.StoreHash(ctx) {
					t.Errorf("row of store %s", o.StoreHash)
				}
				got = append(got, fmt.Sprint(o.ChannelID, " ", o.Origin))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		}
		check(aaa)
		replace(aaa, 1, "https://b.example", "https://a.example", "https://b.example")
		replace(aaa, 2, "https://c.example")
		replace(bbb, 1, "https://a.example") // two stores may claim one: each believes only its own
		check(aaa, "1 https://a.example", "1 https://b.example", "2 https://c.example")
		check(bbb, "1 https://a.example")
		replace(aaa, 1, "https://b.example", "https://d.example")
		check(aaa, "1 https://b.example", "1 https://d.example", "2 https://c.example")
		replace(aaa, 1)
		check(aaa, "2 https://c.example")
		check(bbb, "1 https://a.example")
		if err := db.ReplaceChannelOrigins(aaa, 2, []string{"https://" + strings.Repeat("x", 255)}); err == nil {
			t.Error("an origin that no column takes was taken")
		}
		check(aaa, "2 https://c.example")
	})
}

func TestStorefrontScripts(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, bbb := stores(t)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		check := func(ctx context.Context, want ...tenants.StorefrontScript) {
			t.Helper()
			got, err := db.StorefrontScripts(ctx)
			must(err)
			for i := range want {
				want[i].StoreHash = tenants.StoreHash(ctx)
			}
			for i := range got {
				if c := got[i].CheckedAt; c != nil {
					got[i].CheckedAt = new(c.UTC())
				}
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		}
		type script = tenants.StorefrontScript
		at := new(quotaDay)
		check(aaa)
		must(db.WantStorefrontScript(aaa, 2, true))
		must(db.WantStorefrontScript(aaa, 1, true))
		must(db.WantStorefrontScript(bbb, 1, true))
		check(aaa, script{ChannelID: 1, Wanted: true, State: tenants.ScriptPending}, script{ChannelID: 2, Wanted: true, State: tenants.ScriptPending})

		installed := script{ChannelID: 1, Wanted: true, ScriptUUID: "u1", Version: "v1", State: tenants.ScriptInstalled, CheckedAt: at}
		must(db.PutStorefrontScript(aaa, installed))
		failed := script{ChannelID: 2, Wanted: true, State: tenants.ScriptFailed, Error: strings.Repeat("é", 600), CheckedAt: at}
		must(db.PutStorefrontScript(aaa, failed))
		failed.Error = strings.Repeat("é", 499) + "…"
		check(aaa, installed, failed)

		// A change of what scripts are reaches those that are wanted; uuids stay known.
		must(db.WantStorefrontScript(aaa, 2, false))
		n, err := db.PendStorefrontScripts(aaa)
		if must(err); n != 1 {
			t.Errorf("%d scripts pending, want 1", n)
		}
		installed.State = tenants.ScriptPending
		unwanted := script{ChannelID: 2, State: tenants.ScriptPending, CheckedAt: at}
		check(aaa, installed, unwanted)

		// What a job found for a wish that is no longer there does not end the new wish.
		must(db.WantStorefrontScript(aaa, 1, false))
		must(db.PutStorefrontScript(aaa, script{ChannelID: 1, Wanted: true, ScriptUUID: "u9", Version: "v9", State: tenants.ScriptInstalled, CheckedAt: new(at.Add(time.Hour))}))
		check(aaa, script{ChannelID: 1, ScriptUUID: "u9", Version: "v9", State: tenants.ScriptPending, CheckedAt: at}, unwanted)
		must(db.PutStorefrontScript(aaa, script{ChannelID: 1, State: tenants.ScriptRemoved, CheckedAt: at}))
		check(aaa, script{ChannelID: 1, State: tenants.ScriptRemoved, CheckedAt: at}, unwanted)
		check(bbb, script{ChannelID: 1, Wanted: true, State: tenants.ScriptPending})
	})
}

func TestReplaceStorefronts(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, bbb := stores(t)
		replace := func(ctx context.Context, origins map[int64][]string, channels ...tenants.Channel) {
			t.Helper()
			if err := db.ReplaceStorefronts(ctx, channels, origins); err != nil {
				t.Fatal(err)
			}
		}
		check := func(ctx context.Context, want ...string) {
			t.Helper()
			channels, err := db.Channels(ctx)
			if err != nil {
				t.Fatal(err)
			}
			origins, err := db.ChannelOrigins(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range channels {
				line := fmt.Sprint(c.ChannelID, " ", c.Name, " ", c.Status, " ", c.SiteURL)
				for _, o := range origins {
					if o.ChannelID == c.ChannelID {
						line += " " + o.Origin
					}
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		one := tenants.Channel{ChannelID: 1, Name: "One", Type: tenants.TypeStorefront, Status: "active", SiteURL: "https://one.example"}
		two := tenants.Channel{ChannelID: 2, Name: "Two", Type: tenants.TypeStorefront, Status: "active", SiteURL: "https://two.example"}
		origins := map[int64][]string{1: {"https://one.example"}, 2: {"https://two.example"}}
		replace(aaa, origins, one, two)
		replace(bbb, origins, one)
		check(aaa, "1 One active https://one.example https://one.example", "2 Two active https://two.example https://two.example")
		check(bbb, "1 One active https://one.example https://one.example")
		one.Name = "Uno"
		replace(aaa, map[int64][]string{1: {"https://uno.example"}}, one)
		check(aaa, "1 Uno active https://one.example https://uno.example", "2 Two deleted ")
		check(bbb, "1 One active https://one.example https://one.example")
	})
}

func TestScriptSettings(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, bbb := stores(t)
		signsIn := func(ctx context.Context) bool {
			t.Helper()
			s, err := db.ScriptSettings(ctx)
			if err != nil || s.ConsentCategory != "essential" {
				t.Fatal(s, err)
			}
			return s.AllowSignIn
		}
		provider := &tenants.IdentityProvider{Preset: "custom", Issuer: "https://id.example", ClientID: "c"}
		for _, ctx := range []context.Context{aaa, bbb} {
			if err := db.PutStorefrontSettings(ctx, tenants.StorefrontSettings{ConsentCategory: "essential", AllowSignIn: true}); err != nil {
				t.Fatal(err)
			}
		}
		if signsIn(aaa) {
			t.Error("signs in without a provider")
		}
		for _, enabled := range []bool{false, true} {
			provider.Enabled = enabled
			if err := db.SaveIdentityProvider(aaa, provider, nil); err != nil {
				t.Fatal(err)
			}
			if signsIn(aaa) != enabled || signsIn(bbb) {
				t.Errorf("provider enabled %t: %t, the other store %t", enabled, signsIn(aaa), signsIn(bbb))
			}
		}
		if err := db.PutStorefrontSettings(aaa, tenants.StorefrontSettings{ConsentCategory: "essential"}); err != nil {
			t.Fatal(err)
		}
		if signsIn(aaa) {
			t.Error("signs in although the merchant does not want it")
		}
	})
}
