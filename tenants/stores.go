package tenants

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/tenants/vault"
)

// Columns as the vault knows them: part of what a sealed value is bound to. Never rename them.
const (
	columnAccessToken    = "stores.access_token"
	columnClientSecret   = "stores.client_secret"
	columnSecret         = "connections.secret"
	columnAddress        = "connections.address"
	columnProviderSecret = "identity_providers.client_secret"
)

var storeHash = regexp.MustCompile(`^[a-z0-9]{1,32}$`)

// ValidStoreHash reports whether s has the form of a BigCommerce store hash.
func ValidStoreHash(s string) bool { return storeHash.MatchString(s) }

// UpsertInstalledStore records an install, a reinstall or store-level credentials: the token
// (sealed), the granted scopes, the owner and the user who installed. A reinstall ends the states
// needs_reinstall and uninstalled and calls a scheduled deletion off; what the store had is kept.
func (d *DB) UpsertInstalledStore(ctx context.Context, in Install) (*Store, error) {
	if !ValidStoreHash(in.StoreHash) {
		return nil, problem.New(problem.Invalid, "This is not a BigCommerce store hash. It is the part after /stores/ in the API path.")
	}
	if in.AccessToken == "" {
		return nil, problem.New(problem.Invalid, "BigCommerce sent no access token. Install the app again.")
	}
	ctx = WithStore(ctx, in.StoreHash)
	sealed, err := d.vault.Seal(in.StoreHash, columnAccessToken, []byte(in.AccessToken))
	if err != nil {
		return nil, err
	}
	var secret []byte // of the app's installs it is the operator's
	if in.ClientSecret != "" {
		if secret, err = d.vault.Seal(in.StoreHash, columnClientSecret, []byte(in.ClientSecret)); err != nil {
			return nil, err
		}
	}
	var store *Store
	err = d.Tx(ctx, func(tx *DB) error {
		now := tx.now()
		set := []string{"state", "state_reason", "origin", "scopes", "access_token", "client_id", "client_secret", "installed_at",
			"uninstalled_at", "delete_after", "updated_at"}
		if in.AccountUUID != "" {
			set = append(set, "account_uuid")
		}
		if in.OwnerID != 0 {
			set = append(set, "owner_id")
		}
		row := Store{
			Hash: in.StoreHash, Timezone: "UTC", State: StoreActive, Origin: in.Origin, Scopes: in.Scopes,
			AccountUUID: in.AccountUUID, OwnerID: in.OwnerID, AccessToken: sealed, ClientID: Clean(in.ClientID, 64), ClientSecret: secret, InstalledAt: now,
		}
		err := tx.Scoped(ctx).Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "hash"}}, DoUpdates: clause.AssignmentColumns(set),
		}).Create(&row).Error
		if err != nil {
			return err
		}
		if in.OwnerID != 0 {
			if _, err := tx.EnsureUser(ctx, UserSeen{UserID: in.OwnerID, Email: in.OwnerEmail, Owner: true}); err != nil {
				return err
			}
		}
		if in.UserID != 0 {
			seen := UserSeen{UserID: in.UserID, Email: in.UserEmail, Locale: in.Locale, Owner: in.UserID == in.OwnerID}
			if _, err := tx.EnsureUser(ctx, seen); err != nil {
				return err
			}
		}
		store, err = tx.Store(ctx, in.StoreHash)
		return err
	})
	return store, wrap(err, "install")
}

// Store returns a store by its hash, whichever store ctx belongs to.
func (d *DB) Store(ctx context.Context, hash string) (*Store, error) {
	s, err := maybe[Store](d.AcrossStores(ctx).Where("hash = ?", hash), "store")
	if err == nil && s == nil {
		err = problem.New(problem.NotFound, "Sluice does not know this store. Install the app from the BigCommerce control panel.")
	}
	return s, err
}

// Stores returns all stores, by hash: for the operator.
func (d *DB) Stores(ctx context.Context) ([]Store, error) {
	var stores []Store
	err := d.AcrossStores(ctx).Order("hash").Find(&stores).Error
	return stores, wrap(err, "stores")
}

// AccessToken returns the token to call BigCommerce with for a store, problem.NeedsReinstall if
// there is none that BigCommerce accepts.
func (d *DB) AccessToken(ctx context.Context, hash string) (string, error) {
	s, err := d.Store(ctx, hash)
	if err != nil {
		return "", err
	}
	if s.State != StoreActive || len(s.AccessToken) == 0 {
		return "", problem.New(problem.NeedsReinstall, "BigCommerce no longer accepts this store's access token. Open Sluice from the control panel to install it again.")
	}
	return d.StoredToken(s)
}

// StoredToken is AccessToken for a store in whatever state: to ask BigCommerce whether it accepts
// the token.
func (d *DB) StoredToken(s *Store) (string, error) {
	token, err := d.vault.Open(s.Hash, columnAccessToken, s.AccessToken)
	if err != nil {
		return "", sealed(err, "access token of store "+s.Hash)
	}
	return string(token), nil
}

// WebhookSecret returns the client secret of the API account that a store was added with, which
// signs the webhooks that the account made; "" if there is none.
func (d *DB) WebhookSecret(ctx context.Context, hash string) (string, error) {
	s, err := d.Store(ctx, hash)
	if err != nil || len(s.ClientSecret) == 0 {
		return "", err
	}
	secret, err := d.vault.Open(hash, columnClientSecret, s.ClientSecret)
	if err != nil {
		return "", sealed(err, "client secret of store "+hash)
	}
	return string(secret), nil
}

// sealed turns an error of the vault into what an operator can do about it.
func sealed(err error, what string) error {
	if errors.Is(err, vault.ErrUnknownKey) {
		return problem.Wrap(err, problem.Unavailable, "Sluice cannot read the %s: the encryption key it was sealed with is missing from ENCRYPTION_KEYS.", what)
	}
	return fmt.Errorf("tenants: %s: %w", what, err)
}

// SetStoreInfo records what BigCommerce says of a store. An unknown time zone becomes UTC.
func (d *DB) SetStoreInfo(ctx context.Context, hash string, info StoreInfo) error {
	if _, err := time.LoadLocation(info.Timezone); err != nil || info.Timezone == "" {
		info.Timezone = "UTC"
	}
	return d.updateStore(ctx, hash, map[string]any{
		"name": cleanName(info.Name, 255), "domain": cleanName(info.Domain, 255), "secure_url": cleanName(info.SecureURL, 255),
		"plan_name": cleanName(info.PlanName, 64), "timezone": cleanName(info.Timezone, 64), "currency": cleanName(info.Currency, 8),
		"weight_units": cleanName(info.WeightUnits, 16), "length_units": cleanName(info.LengthUnits, 16),
	})
}

// Unit is the unit in which a store counts a measure, as people write it: "USD", "kg", "cm". It is
// "" for a measure without one, and while the store's is not known.
func (s *Store) Unit(measure string) string {
	switch measure {
	case MeasureMoney:
		return s.Currency
	case MeasureWeight:
		return shortUnit(s.WeightUnits)
	case MeasureLength:
		return shortUnit(s.LengthUnits)
	}
	return ""
}

// What numbers of records measure.
const (
	MeasureMoney  = "money"
	MeasureWeight = "weight"
	MeasureLength = "length"
)

// shortUnit is a unit that BigCommerce names.
func shortUnit(name string) string {
	short := map[string]string{
		"ounces": "oz", "lbs": "lb", "pounds": "lb", "grams": "g", "kgs": "kg", "kilograms": "kg", "tonnes": "t", "inches": "in", "centimeters": "cm", //nolint:misspell // as BigCommerce spells it
	}
	if unit, ok := short[strings.ToLower(name)]; ok {
		return unit
	}
	return name
}

// MissingScopes returns which of the OAuth scopes the store is known not to have granted.
// Store-level credentials do not say what they grant: of such a store none is known to be missing.
func (s *Store) MissingScopes(scopes ...string) []string {
	if s.Origin == OriginCredentials {
		return nil
	}
	return bigcommerce.MissingScopes(scopes, s.Scopes)
}

// MarkNeedsReinstall says that BigCommerce refuses the store's token. It
// reports whether that was news: a store that is not active stays as it is.
func (d *DB) MarkNeedsReinstall(ctx context.Context, hash, reason string) (changed bool, err error) {
	res := d.AcrossStores(ctx).Model(&Store{}).Where("hash = ? AND state = ?", hash, StoreActive).
		Updates(map[string]any{"state": StoreNeedsReinstall, "state_reason": Clean(reason, 500)})
	return res.RowsAffected > 0, wrap(res.Error, "mark for reinstall")
}

// MarkUninstalled deletes a store's token and client secret at once, ends its users' sessions and
// API keys, and schedules the deletion of its data. A repeat changes nothing; a store nobody knows
// is no error.
func (d *DB) MarkUninstalled(ctx context.Context, hash string, deleteAfter time.Time) error {
	return d.markUninstalled(ctx, hash, deleteAfter, nil)
}

// MarkRefused is MarkUninstalled for a store as it was when BigCommerce refused its token. One that
// was installed again since, and has another token, stays as it is: problem.Conflict.
func (d *DB) MarkRefused(ctx context.Context, store *Store, deleteAfter time.Time) error {
	return d.markUninstalled(ctx, store.Hash, deleteAfter, store)
}

func (d *DB) markUninstalled(ctx context.Context, hash string, deleteAfter time.Time, refused *Store) error {
	ctx = WithStore(ctx, hash)
	return wrap(d.Tx(ctx, func(tx *DB) error {
		store, err := maybe[Store](tx.Scoped(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).
			Where("hash = ? AND state <> ?", hash, StoreUninstalled), "store")
		if err != nil || store == nil {
			return err
		}
		if refused != nil && !bytes.Equal(refused.AccessToken, store.AccessToken) {
			return problem.New(problem.Conflict, "Sluice was installed again meanwhile. Nothing was uninstalled.")
		}
		now := tx.now()
		err = tx.Scoped(ctx).Model(&Store{}).Where("hash = ?", hash).Updates(map[string]any{
			"state": StoreUninstalled, "state_reason": "", "access_token": nil, "client_secret": nil, "scopes": "",
			"uninstalled_at": now, "delete_after": deleteAfter.UTC(), "sessions_valid_after": tx.endingNow(store.SessionsValidAfter),
		}).Error
		if err != nil {
			return err
		}
		if err := tx.Scoped(ctx).Model(&User{}).Where("removed_at IS NULL").Update("removed_at", now).Error; err != nil {
			return err
		}
		return tx.Scoped(ctx).Model(&APIKey{}).Where("revoked_at IS NULL").
			Updates(map[string]any{"revoked_at": now, "revoked_because": RevokedUninstalled}).Error
	}), "uninstall")
}

func (d *DB) updateStore(ctx context.Context, hash string, set map[string]any) error {
	res := d.AcrossStores(ctx).Model(&Store{}).Where("hash = ?", hash).Updates(set)
	if res.Error != nil {
		return wrap(res.Error, "store")
	}
	if res.RowsAffected == 0 {
		_, err := d.Store(ctx, hash)
		return err
	}
	return nil
}
