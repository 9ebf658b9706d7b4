package tenants_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"sluice/internal/problem"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

func TestAccounts(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, bbb := stores(t)
		put := func(ctx context.Context, accounts ...tenants.Account) {
			t.Helper()
			if err := db.PutAccounts(ctx, accounts); err != nil {
				t.Fatal(err)
			}
		}
		put(aaa, tenants.Account{ExternalID: "D-1", CustomerID: 7, Fields: map[string]string{"terms": "old"}})
		put(aaa,
			tenants.Account{ExternalID: "D-1", CustomerID: 9},
			tenants.Account{ExternalID: "D-2", Email: " Ann@Example.COM ", Fields: map[string]string{"limit": "5"}},
			tenants.Account{ExternalID: "D-1", CustomerID: 8, Fields: map[string]string{"limit": "1e3"}}, // the last counts
		)
		put(bbb, tenants.Account{ExternalID: "D-1", CustomerID: 8, Email: "ann@example.com", Fields: map[string]string{"limit": "b"}})

		for name, test := range map[string]struct {
			ctx    context.Context
			filter tenants.AccountFilter
			limits []string
		}{
			"by id":                 {aaa, tenants.AccountFilter{ExternalID: "D-1"}, []string{"1e3"}},
			"by customer":           {aaa, tenants.AccountFilter{CustomerID: 8}, []string{"1e3"}},
			"by a customer of old":  {aaa, tenants.AccountFilter{CustomerID: 7}, nil},
			"by e-mail":             {aaa, tenants.AccountFilter{Email: "ANN@example.com"}, []string{"5"}},
			"another store's":       {bbb, tenants.AccountFilter{Email: "ann@example.com"}, []string{"b"}},
			"nothing in that store": {bbb, tenants.AccountFilter{ExternalID: "D-2"}, nil},
		} {
			accounts, err := db.Accounts(test.ctx, test.filter)
			if err != nil || len(accounts) != len(test.limits) {
				t.Errorf("%s: %+v, %v", name, accounts, err)
				continue
			}
			for i, want := range test.limits {
				if got := accounts[i].Fields["limit"]; got != want {
					t.Errorf("%s: %q", name, got)
				}
			}
		}
		if err := db.DeleteAccount(bbb, "D-2"); problem.CodeOf(err) != problem.NotFound {
			t.Errorf("another store's account: %v", err)
		}
		if err := db.DeleteAccount(aaa, "D-1"); err != nil {
			t.Error(err)
		}
		if left, err := db.Accounts(bbb, tenants.AccountFilter{ExternalID: "D-1"}); err != nil || len(left) != 1 {
			t.Errorf("the other store's D-1: %v, %v", left, err)
		}
		// A transfer that does not know the customer leaves the account with whom it was given to, unless
		// it came to somebody else.
		put(aaa, tenants.Account{ExternalID: "D-3", Email: "cid@example.com"})
		if whose, err := db.GiveAccount(aaa, "D-3", 33); err != nil || whose != 33 {
			t.Fatalf("given to %d, %v", whose, err)
		}
		for _, step := range []struct {
			account tenants.Account
			whose   int64
		}{
			{tenants.Account{ExternalID: "D-3", Email: "CID@example.com"}, 33},
			{tenants.Account{ExternalID: "D-3", CustomerID: 34, Email: "cid@example.com"}, 34},
			{tenants.Account{ExternalID: "D-3", Email: "other@example.com"}, 0},
		} {
			put(aaa, step.account)
			if got, err := db.Accounts(aaa, tenants.AccountFilter{ExternalID: "D-3"}); err != nil || got[0].CustomerID != step.whose {
				t.Errorf("after %+v: %+v, %v", step.account, got, err)
			}
		}
		many := make([]tenants.Account, 1200)
		for i := range many {
			many[i] = tenants.Account{ExternalID: fmt.Sprint("M-", i), Email: "many@example.com"}
		}
		put(aaa, many...)
		if got, err := db.Accounts(aaa, tenants.AccountFilter{Email: "many@example.com"}); err != nil || len(got) != 250 {
			t.Errorf("%d accounts, %v", len(got), err)
		}
	})
}

// TestWhoseCard: an e-mail alone is nobody's proof.
func TestWhoseCard(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, bbb := stores(t)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(db.PutAccounts(aaa, []tenants.Account{
			{ExternalID: "by-id", CustomerID: 1, Email: "one@example.com"},
			{ExternalID: "by-mail", Email: "two@example.com"},
			{ExternalID: "victim", Email: "victim@example.com"},
			{ExternalID: "of-another", CustomerID: 9, Email: "three@example.com"},
		}))
		must(db.PutAccounts(bbb, []tenants.Account{{ExternalID: "b", Email: "two@example.com"}, {ExternalID: "b1", CustomerID: 1}}))
		link := func(ctx context.Context, subject string, customer int64, email string) {
			t.Helper()
			must(db.Scoped(ctx).Create(&tenants.SubjectLink{Issuer: "https://idp.example", Subject: subject, CustomerID: customer, Secured: true}).Error)
			must(db.NoteVerifiedEmail(ctx, "https://idp.example", subject, email))
		}
		link(aaa, "two", 2, "Two@example.com")
		link(aaa, "unverified", 4, "")
		link(aaa, "three", 3, "three@example.com")
		link(bbb, "five", 5, "two@example.com")
		link(aaa, "before", 10, "two@example.com")
		must(db.Scoped(aaa).Model(&tenants.SubjectLink{}).Where("subject = ?", "before").Update("secured", false).Error)
		link(aaa, "lookalike", 11, "\u212aim@example.com") // the Kelvin sign, whose lower case is k
		must(db.PutAccounts(aaa, []tenants.Account{{ExternalID: "kim", Email: "kim@example.com"}}))
		for name, test := range map[string]struct {
			ctx      context.Context
			customer int64
			email    string
			want     string
		}{
			"by the customer's id":                    {aaa, 1, "whatever@example.com", "by-id"},
			"by a verified e-mail":                    {aaa, 2, "TWO@example.com", "by-mail"},
			"e-mail alone":                            {aaa, 6, "two@example.com", ""},
			"an e-mail changed after the sign-in":     {aaa, 2, "victim@example.com", ""},
			"a link without a verified e-mail":        {aaa, 4, "two@example.com", ""},
			"an account that is another customer's":   {aaa, 3, "three@example.com", ""},
			"a link whose old password may be known":  {aaa, 10, "two@example.com", ""},
			"a lookalike":                             {aaa, 11, "\u212aim@example.com", ""},
			"a lookalike's other case":                {aaa, 11, "kim@example.com", ""},
			"a link of another store":                 {aaa, 5, "two@example.com", ""},
			"another store's account by link":         {bbb, 5, "two@example.com", "b"},
			"another store's account by id":           {bbb, 1, "one@example.com", "b1"},
			"nobody":                                  {aaa, 0, "", ""},
			"nobody, with the e-mail of an account":   {aaa, 0, "two@example.com", ""},
			"a customer without e-mail, without card": {aaa, 77, "", ""},
		} {
			account, err := db.AccountOf(test.ctx, test.customer, test.email)
			got := ""
			if account != nil {
				got = account.ExternalID
			}
			if err != nil || got != test.want {
				t.Errorf("%s: %q, %v; want %q", name, got, err, test.want)
			}
		}
	})
}

// TestWhoGaveTheAccount: one that the provider's word made a customer's is shown once nobody else
// can know the customer's password; what the back-office system says counts whatever the provider
// said.
func TestWhoGaveTheAccount(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, bbb := stores(t)
		const issuer = "https://idp.example"
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		shown := func(step, want string) {
			t.Helper()
			account, err := db.AccountOf(aaa, 7, "ada@example.com")
			got := ""
			if account != nil {
				got = account.ExternalID
			}
			if err != nil || got != want {
				t.Errorf("%s: %q, %v; want %q", step, got, err, want)
			}
		}
		put := func(a tenants.Account) { t.Helper(); must(db.PutAccounts(aaa, []tenants.Account{a})) }
		give := func() {
			t.Helper()
			if whose, err := db.GiveAccount(aaa, "K-1", 7); whose != 7 || err != nil {
				t.Fatal(whose, err)
			}
		}
		link := func(secured bool) {
			t.Helper()
			if linked, err := db.LinkSubject(aaa, issuer, "ada", 7, secured); !linked || err != nil {
				t.Fatal(linked, err)
			}
		}
		// The customer of the same id at another store is of no meaning.
		_, err := db.LinkSubject(bbb, issuer, "ada", 7, true)
		must(err)
		secret := "s"
		keep := &tenants.IdentityProvider{Issuer: issuer, ClientID: "c", KeepPasswords: true}
		must(db.SaveIdentityProvider(bbb, keep, &secret))

		put(tenants.Account{ExternalID: "K-1"})
		link(false)
		give()
		shown("given, old password", "")
		put(tenants.Account{ExternalID: "K-1"})
		shown("sent again without a customer", "")
		put(tenants.Account{ExternalID: "K-0", CustomerID: 7})
		put(tenants.Account{ExternalID: "K-1"}) // the one changed last
		shown("another, of the back-office system", "K-0")
		must(db.DeleteAccount(aaa, "K-0"))
		must(db.SecureLink(aaa, issuer, "ada", 7))
		shown("password replaced", "K-1")
		_, err = db.UnlinkCustomer(aaa, 7)
		must(err)
		shown("link undone", "")
		link(false)
		shown("linked again, old password", "")
		keep = &tenants.IdentityProvider{Issuer: issuer, ClientID: "c", KeepPasswords: true}
		must(db.SaveIdentityProvider(aaa, keep, &secret))
		shown("the merchant runs the risk", "K-1")
		keep.KeepPasswords = false
		must(db.SaveIdentityProvider(aaa, keep, &secret))
		shown("and no more", "")
		put(tenants.Account{ExternalID: "K-1", CustomerID: 7})
		shown("the back-office system says so too", "K-1")
		put(tenants.Account{ExternalID: "K-1"})
		shown("and sends it without a customer afterwards", "K-1")
		put(tenants.Account{ExternalID: "K-1", Email: "other@example.com"})
		shown("it came to somebody else", "")

		// What a version writes that keeps no note of it, while processes are replaced.
		put(tenants.Account{ExternalID: "K-1", CustomerID: 7})
		must(db.Scoped(aaa).Model(&tenants.Account{}).Where("external_id = ?", "K-1").Update("given_by", "").Error)
		shown("not noted, linked, old password", "")
		_, err = db.UnlinkCustomer(aaa, 7)
		must(err)
		shown("not noted, never linked", "K-1")
	})
}

func TestAccountFieldKeys(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, bbb := stores(t)
		check := func(ctx context.Context, want ...string) {
			t.Helper()
			got, err := db.AccountFieldKeys(ctx)
			if err != nil || got == nil || !slices.Equal(got, want) {
				t.Errorf("%q, %v, want %q", got, err, want)
			}
		}
		check(aaa)
		var accounts []tenants.Account
		for i := range 250 {
			accounts = append(accounts, tenants.Account{ExternalID: fmt.Sprintf("C%03d", i), Fields: map[string]string{fmt.Sprintf("f%03d", i/50): "x", "terms": ""}})
		}
		if err := db.PutAccounts(aaa, accounts); err != nil {
			t.Fatal(err)
		}
		if err := db.PutAccounts(bbb, []tenants.Account{{ExternalID: "C000", Fields: map[string]string{"theirs": "x"}}, {ExternalID: "none"}}); err != nil {
			t.Fatal(err)
		}
		check(aaa, "f000", "f001", "f003", "f004", "terms") // those in the middle are not looked at
		check(bbb, "theirs")
		wide := tenants.Account{ExternalID: "A", Fields: map[string]string{}}
		for i := range 300 {
			wide.Fields[fmt.Sprintf("k%03d", i)] = "x"
		}
		if err := db.PutAccounts(bbb, []tenants.Account{wide}); err != nil {
			t.Fatal(err)
		}
		if got, err := db.AccountFieldKeys(bbb); err != nil || len(got) != 200 || !slices.IsSorted(got) {
			t.Errorf("%d keys, %v", len(got), err)
		}
	})
}
