package tenants

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sluice/internal/bigcommerce"
	"sluice/internal/limits"
)

// FoldEmail is the form in which e-mails are compared: without spaces around, and with the letters
// A to Z in lower case. Nothing else is folded: Unicode has letters of which the lower case is
// another person's (the Kelvin sign's is k), and what else a mail server takes for the same mailbox
// is its own business.
func FoldEmail(email string) string { return bigcommerce.FoldEmail(strings.TrimSpace(email)) }

// PutAccounts writes accounts as the back-office system has them, each replacing the one with its
// ExternalID as a whole. An account without a customer stays that customer's whom it was given to
// (GiveAccount), as long as its e-mail is the same. Where rows repeat an ExternalID the last one
// counts. All are written or none. problem.LimitReached when they would be more, or larger, than a
// store may keep.
func (d *DB) PutAccounts(ctx context.Context, accounts []Account) error {
	rows := lastOf(accounts, func(a Account) string { return a.ExternalID })
	now := d.now()
	for i := range rows {
		rows[i].StoreHash, rows[i].UpdatedAt = StoreHash(ctx), now
		rows[i].Email = FoldEmail(rows[i].Email)
		rows[i].GivenBy = ""
		if rows[i].CustomerID != 0 {
			rows[i].GivenBy = GivenByBackOffice
		}
		if rows[i].Fields == nil {
			rows[i].Fields = map[string]string{}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return wrap(d.Tx(ctx, func(tx *DB) error {
		usage, err := tx.lockUsage(ctx)
		if err != nil {
			return err
		}
		for piece := range chunks(rows, bulkRows) {
			if err := tx.putAccounts(ctx, usage, piece); err != nil {
				return err
			}
		}
		return tx.saveUsage(ctx, usage)
	}), "accounts")
}

// putAccounts writes rows, whose ids differ, and adds what they take more than those they replace
// to usage, which the transaction holds.
func (d *DB) putAccounts(ctx context.Context, usage *StoreUsage, rows []Account) error {
	ids := make([]string, len(rows))
	bytes := int64(0)
	for i, a := range rows {
		size, err := accountBytes(a)
		if err != nil {
			return err
		}
		ids[i], bytes = a.ExternalID, bytes+size
	}
	var replaced []Account
	if err := d.Scoped(ctx).Where("external_id IN ?", ids).Find(&replaced).Error; err != nil {
		return err
	}
	for _, a := range replaced {
		size, err := accountBytes(a)
		if err != nil {
			return err
		}
		bytes -= size
	}
	more := int64(len(rows) - len(replaced))
	if err := errors.Join(d.limits.Check(limits.Accounts, usage.AccountRows, more), d.limits.Check(limits.AccountBytes, usage.AccountBytes, bytes)); err != nil {
		return err
	}
	usage.AccountRows, usage.AccountBytes = usage.AccountRows+more, usage.AccountBytes+bytes
	update := clause.AssignmentColumns([]string{"email", "fields", "updated_at"})
	for _, column := range []string{"customer_id", "given_by"} {
		update = append(update, clause.Assignment{Column: clause.Column{Name: column}, Value: gorm.Expr(
			"CASE WHEN excluded.customer_id = 0 AND excluded.email = accounts.email THEN accounts." + column + " ELSE excluded." + column + " END")})
	}
	return d.Scoped(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "store_hash"}, {Name: "external_id"}}, DoUpdates: update,
	}).Create(&rows).Error
}

// accountBytes is what an account takes of the store's limit: its id, e-mail and fields as they are
// stored.
func accountBytes(a Account) (int64, error) {
	fields, err := json.Marshal(a.Fields)
	return int64(len(a.ExternalID) + len(a.Email) + len(fields)), err
}

// DeleteAccount forgets an account, problem.NotFound if there is none.
func (d *DB) DeleteAccount(ctx context.Context, externalID string) error {
	return d.Tx(ctx, func(tx *DB) error {
		usage, err := tx.lockUsage(ctx)
		if err != nil {
			return err
		}
		a, err := one[Account](forUpdate(tx.Scoped(ctx)).Where("external_id = ?", externalID), "account")
		if err != nil {
			return err
		}
		size, err := accountBytes(*a)
		if err != nil {
			return err
		}
		if err := tx.Scoped(ctx).Where("external_id = ?", a.ExternalID).Delete(&Account{}).Error; err != nil {
			return wrap(err, "account")
		}
		// A version from before the count may have written accounts that were never added.
		usage.AccountRows, usage.AccountBytes = max(0, usage.AccountRows-1), max(0, usage.AccountBytes-size)
		return tx.saveUsage(ctx, usage)
	})
}

// AccountFilter chooses accounts; exactly one of its fields is set.
type AccountFilter struct {
	ExternalID string
	CustomerID int64
	Email      string
}

func (d *DB) accountsOf(ctx context.Context, f AccountFilter) *gorm.DB {
	switch q := d.Scoped(ctx); {
	case f.ExternalID != "":
		return q.Where("external_id = ?", f.ExternalID)
	case f.CustomerID != 0:
		return q.Where("customer_id = ?", f.CustomerID)
	default:
		return q.Where("email = ?", FoldEmail(f.Email))
	}
}

// Accounts returns the accounts that f chooses, the last changed first, 250 at most.
func (d *DB) Accounts(ctx context.Context, f AccountFilter) ([]Account, error) {
	var accounts []Account
	err := d.accountsOf(ctx, f).Order("updated_at DESC, external_id").Limit(maxPage).Find(&accounts).Error
	return accounts, wrap(err, "accounts")
}

// AccountPage returns accounts that f chooses by ExternalID, and the value of After for the next
// page ("" at the end).
func (d *DB) AccountPage(ctx context.Context, f AccountFilter, p Page) (accounts []Account, cursor string, err error) {
	limit, q := pageSize(p.Limit), d.accountsOf(ctx, f)
	if p.After != "" {
		q = q.Where("external_id > ?", p.After)
	}
	if err := q.Order("external_id").Limit(limit + 1).Find(&accounts).Error; err != nil {
		return nil, "", wrap(err, "accounts")
	}
	accounts, cursor = next(accounts, limit, func(a Account) string { return a.ExternalID })
	return accounts, cursor, nil
}

// AccountOf returns the account to show to a customer with this e-mail, nil if there is none; of
// several the one changed last.
//
// One with the customer's id is shown as MayBeShown says. One that is known by e-mail only is shown
// when the merchant's identity provider verified that very e-mail for the customer
// (SubjectLink.Email) and nobody else can know the customer's password (SubjectLink.Secured),
// unless the merchant chose to run that risk (IdentityProvider.KeepPasswords): BigCommerce lets
// anybody write any e-mail into their account, and would show them a stranger's terms.
func (d *DB) AccountOf(ctx context.Context, customerID int64, email string) (*Account, error) {
	if customerID <= 0 {
		return nil, nil // 0 is what accounts have that are not known to be a customer's
	}
	newest := func() *gorm.DB { return d.Scoped(ctx).Order("updated_at DESC, external_id") }
	account, err := maybe[Account](newest().Where("customer_id = ?", customerID), "account")
	if err != nil {
		return nil, err
	}
	if account != nil {
		shown, err := d.MayBeShown(ctx, account)
		if err != nil || shown {
			return account, err
		}
		return maybe[Account](newest().Where("customer_id = ? AND given_by = ?", customerID, GivenByBackOffice), "account")
	}
	if email = FoldEmail(email); email == "" {
		return nil, nil
	}
	link, err := maybe[SubjectLink](d.Scoped(ctx).Where("customer_id = ? AND email = ?", customerID, email), "subject link")
	if err != nil || link == nil {
		return nil, err
	}
	if !link.Secured {
		if keep, err := d.keepsPasswords(ctx); err != nil || !keep {
			return nil, err
		}
	}
	return maybe[Account](newest().Where("customer_id = 0 AND email = ?", email), "account")
}

// MayBeShown reports whether an account is shown to the customer whose id it has. It is when the
// back-office system sent it with that id. What the customer's provider said (GiveAccount) counts
// once nobody else can know the customer's password, as for AccountOf: whoever registered with the
// e-mail before its owner came would see it.
func (d *DB) MayBeShown(ctx context.Context, a *Account) (bool, error) {
	if a.CustomerID == 0 || a.GivenBy == GivenByBackOffice {
		return a.CustomerID != 0, nil
	}
	var links []SubjectLink
	if err := d.Scoped(ctx).Where("customer_id = ?", a.CustomerID).Find(&links).Error; err != nil {
		return false, wrap(err, "subject links")
	}
	if slices.ContainsFunc(links, func(l SubjectLink) bool { return l.Secured }) || len(links) == 0 && a.GivenBy == "" {
		return true, nil // without a link no provider can have said it
	}
	return d.keepsPasswords(ctx)
}

// keepsPasswords reports whether the merchant runs the risk of passwords from before single
// sign-on.
func (d *DB) keepsPasswords(ctx context.Context) (bool, error) {
	p, err := d.IdentityProvider(ctx)
	return p != nil && p.KeepPasswords, err
}

// NoteVerifiedEmail records that a linked subject signed in just now, with the e-mail that the
// provider verified, "" if it verified none: see AccountOf. Call it at each sign-in.
func (d *DB) NoteVerifiedEmail(ctx context.Context, issuer, subject, email string) error {
	return wrap(d.Scoped(ctx).Model(&SubjectLink{}).Where("issuer = ? AND subject = ?", issuer, subject).
		Updates(map[string]any{"email": FoldEmail(email), "last_used_at": d.now()}).Error, "verified e-mail")
}

// GiveAccount says that an account is a customer's, by their provider's word, if it is nobody's
// yet, and returns whose it is then: 0 for an account that does not exist.
func (d *DB) GiveAccount(ctx context.Context, externalID string, customerID int64) (whose int64, err error) {
	err = d.Scoped(ctx).Model(&Account{}).Where("external_id = ? AND customer_id = 0", externalID).
		Updates(map[string]any{"customer_id": customerID, "given_by": GivenByClaim}).Error
	if err != nil {
		return 0, wrap(err, "account")
	}
	account, err := maybe[Account](d.Scoped(ctx).Where("external_id = ?", externalID), "account")
	if err != nil || account == nil {
		return 0, err
	}
	return account.CustomerID, nil
}

// seenAccounts is how many accounts AccountFieldKeys looks at from each end, and seenKeys how many
// keys it returns at most: accounts of one back-office system are alike.
const (
	seenAccounts = 100
	seenKeys     = 200
)

// AccountFieldKeys returns the keys of fields that the store's accounts have, sorted: those of the
// first and the last accounts by id, because a store may have a hundred thousand. Never nil.
func (d *DB) AccountFieldKeys(ctx context.Context) ([]string, error) {
	seen := map[string]struct{}{}
	for _, order := range []string{"external_id", "external_id DESC"} {
		var accounts []Account
		if err := d.Scoped(ctx).Select("fields").Order(order).Limit(seenAccounts).Find(&accounts).Error; err != nil {
			return nil, wrap(err, "account fields")
		}
		for _, a := range accounts {
			for key := range a.Fields {
				seen[key] = struct{}{}
			}
		}
	}
	keys := slices.AppendSeq(make([]string, 0, len(seen)), maps.Keys(seen))
	slices.Sort(keys)
	return keys[:min(len(keys), seenKeys)], nil
}
