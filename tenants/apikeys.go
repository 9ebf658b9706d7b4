package tenants

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"sluice/internal/limits"
	"sluice/internal/problem"
)

// KeyMakerOperator is the maker of keys that the operator made by command.
const KeyMakerOperator = "operator"

// keyTouchEvery bounds how often a key's last use is written.
const keyTouchEvery = time.Minute

// KeyMaker returns the user who makes an API key in this transaction: the user is neither removed
// nor given another role before it ends. problem.NotFound for one who was removed.
func (d *DB) KeyMaker(ctx context.Context, userID string) (*User, error) {
	return d.lockUser(ctx, userID)
}

// CreateAPIKey keeps a key whose secret the caller made and hashed. It fills ID and CreatedAt.
// problem.LimitReached when the store has as many keys that work as it may. Of keys that ended as
// many are remembered; the oldest go.
func (d *DB) CreateAPIKey(ctx context.Context, k *APIKey) error {
	if k.SecretHash == "" {
		return problem.New(problem.Invalid, "An API key needs a secret.")
	}
	k.ID = NewID()
	k.Name = cleanName(k.Name, 100)
	return wrap(d.Tx(ctx, func(tx *DB) error {
		now := tx.now()
		if err := tx.roomFor(ctx, limits.APIKeys, &APIKey{}, "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)", now); err != nil {
			return err
		}
		var ended []string
		err := tx.Scoped(ctx).Model(&APIKey{}).Where("revoked_at IS NOT NULL OR expires_at <= ?", now).
			Order("id DESC").Offset(int(tx.limits.Of(limits.APIKeys))).Limit(bulkRows).Pluck("id", &ended).Error
		if err != nil {
			return err
		}
		if len(ended) > 0 {
			if err := tx.Scoped(ctx).Where("id IN ?", ended).Delete(&APIKey{}).Error; err != nil {
				return err
			}
		}
		return tx.Scoped(ctx).Create(k).Error
	}), "create API key")
}

// APIKeyByHash returns the key, of any store, whose secret has this hash. One that does not exist,
// was revoked, has expired, or is of an uninstalled store is problem.Unauthenticated: the caller
// learns no more.
func (d *DB) APIKeyByHash(ctx context.Context, secretHash string) (*APIKey, error) {
	refused := problem.New(problem.Unauthenticated, "The API key is not valid. Make a new one in Sluice's settings.")
	k, err := maybe[APIKey](d.AcrossStores(ctx).Where("secret_hash = ?", secretHash), "API key")
	if err != nil {
		return nil, err
	}
	if k == nil || k.RevokedAt != nil || (k.ExpiresAt != nil && !k.ExpiresAt.After(d.now())) {
		return nil, refused
	}
	s, err := maybe[Store](d.AcrossStores(ctx).Where("hash = ? AND state <> ?", k.StoreHash, StoreUninstalled), "store")
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, refused
	}
	return k, nil
}

// APIKeyByID returns a key of ctx's store, whatever its state.
func (d *DB) APIKeyByID(ctx context.Context, id string) (*APIKey, error) {
	return one[APIKey](d.Scoped(ctx).Where("id = ?", id), "API key")
}

// ListAPIKeys returns all of the store's keys, revoked ones too, the newest first. It is for an
// operator: merchants get pages.
func (d *DB) ListAPIKeys(ctx context.Context) ([]APIKey, error) {
	var keys []APIKey
	if err := d.Scoped(ctx).Order("id DESC").Find(&keys).Error; err != nil {
		return nil, wrap(err, "API keys")
	}
	return keys, d.markForReview(ctx, keys)
}

// APIKeyPage returns keys of the store, revoked ones too, the newest first, and the value of Before
// for the next page ("" at the end).
func (d *DB) APIKeyPage(ctx context.Context, p Page) (keys []APIKey, cursor string, err error) {
	limit := pageSize(p.Limit)
	q := d.Scoped(ctx).Order("id DESC").Limit(limit + 1)
	if p.Before != "" {
		q = q.Where("id < ?", p.Before)
	}
	if err := q.Find(&keys).Error; err != nil {
		return nil, "", wrap(err, "API keys")
	}
	keys, cursor = next(keys, limit, func(k APIKey) string { return k.ID })
	return keys, cursor, d.markForReview(ctx, keys)
}

// theOwners narrows a query to keys that work and are the owner's to make, which the owner has not
// said may go on. Administrators made such keys before they were the owner's.
func (d *DB) theOwners(q *gorm.DB) *gorm.DB {
	return q.Model(&APIKey{}).Where("revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?) AND kept_at IS NULL", d.now()).
		Where("(expires_at IS NULL OR ' ' || scopes || ' ' LIKE ?)", "% "+ScopeIdentityLogin+" %")
}

// forReview returns the query of those of ctx's store that neither the owner nor the operator made.
func (d *DB) forReview(ctx context.Context) (*gorm.DB, error) {
	var owners []string
	if err := d.Scoped(ctx).Model(&User{}).Where("role = ?", RoleOwner).Pluck("id", &owners).Error; err != nil {
		return nil, wrap(err, "owners")
	}
	return d.theOwners(d.Scoped(ctx)).Where("created_by NOT IN ?", append(owners, KeyMakerOperator)), nil
}

// markForReview sets NeedsReview of keys of ctx's store.
func (d *DB) markForReview(ctx context.Context, keys []APIKey) error {
	q, err := d.forReview(ctx)
	if err != nil {
		return err
	}
	var ids []string
	if err := q.Pluck("id", &ids).Error; err != nil {
		return wrap(err, "API keys to review")
	}
	for i := range keys {
		keys[i].NeedsReview = slices.Contains(ids, keys[i].ID)
	}
	return nil
}

// KeysToReview returns how many keys the owners of stores that have the app have yet to review, by
// store.
func (d *DB) KeysToReview(ctx context.Context) (map[string]int, error) {
	var stores []string
	err := d.theOwners(d.AcrossStores(ctx)).
		Where("created_by <> ? AND NOT EXISTS (SELECT 1 FROM users WHERE users.store_hash = api_keys.store_hash AND users.id = api_keys.created_by AND users.role = ?)", KeyMakerOperator, RoleOwner).
		Where("store_hash IN (SELECT hash FROM stores WHERE state <> ?)", StoreUninstalled).Pluck("store_hash", &stores).Error
	if err != nil {
		return nil, wrap(err, "API keys to review")
	}
	numbers := map[string]int{}
	for _, s := range stores {
		numbers[s]++
	}
	return numbers, nil
}

// KeepAPIKey records that the owner lets a key go on that is theirs to make. A repeat, and a key
// that needs no such word, is no error.
func (d *DB) KeepAPIKey(ctx context.Context, id string) error {
	q, err := d.forReview(ctx)
	if err != nil {
		return err
	}
	res := q.Where("id = ?", id).Update("kept_at", d.now())
	if res.Error != nil || res.RowsAffected > 0 {
		return wrap(res.Error, "keep API key")
	}
	_, err = d.APIKeyByID(ctx, id)
	return err
}

// RevokeAPIKey ends a key for good. A repeat is no error.
func (d *DB) RevokeAPIKey(ctx context.Context, id string) error {
	res := d.Scoped(ctx).Model(&APIKey{}).Where("id = ? AND revoked_at IS NULL", id).Update("revoked_at", d.now())
	if res.Error != nil {
		return wrap(res.Error, "revoke API key")
	}
	if res.RowsAffected == 0 {
		_, err := d.APIKeyByID(ctx, id)
		return err
	}
	return nil
}

// TouchAPIKey records that a key was used, at most once a minute.
func (d *DB) TouchAPIKey(ctx context.Context, id string, now time.Time) error {
	now = now.UTC()
	err := d.Scoped(ctx).Model(&APIKey{}).
		Where("id = ? AND (last_used_at IS NULL OR last_used_at < ?)", id, now.Add(-keyTouchEvery)).
		Update("last_used_at", now).Error
	return wrap(err, "touch API key")
}
