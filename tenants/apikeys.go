package tenants

import (
	"context"
	"time"

	"sluice/internal/limits"
	"sluice/internal/problem"
)

// keyTouchEvery bounds how often a key's last use is written.
const keyTouchEvery = time.Minute

// KeyMaker returns the user who makes an API key in this transaction: the user is neither removed nor given another
// role before it ends. problem.NotFound for one who was removed.
func (d *DB) KeyMaker(ctx context.Context, userID string) (*User, error) {
	return d.lockUser(ctx, userID)
}

// CreateAPIKey keeps a key whose secret the caller made and hashed. It fills ID and CreatedAt.
// problem.LimitReached when the store has as many keys that work as it may. Of keys that ended as many are
// remembered; the oldest go.
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

// APIKeyByHash returns the key, of any store, whose secret has this hash. One that does not exist, was
// revoked, has expired, or is of an uninstalled store is problem.Unauthenticated: the caller learns no more.
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

// ListAPIKeys returns all of the store's keys, revoked ones too, the newest first. It is for an operator:
// merchants get pages.
func (d *DB) ListAPIKeys(ctx context.Context) ([]APIKey, error) {
	var keys []APIKey
	err := d.Scoped(ctx).Order("id DESC").Find(&keys).Error
	return keys, wrap(err, "API keys")
}

// APIKeyPage returns keys of the store, revoked ones too, the newest first, and the value of Before for the
// next page ("" at the end).
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
	return keys, cursor, nil
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
