package tenants

import (
	"context"

	"sluice/internal/problem"
)

// IdentityProvider returns the provider that signs the store's shoppers in, nil if it has none. Its
// ClientSecret is sealed: see IdentityProviderSecret.
func (d *DB) IdentityProvider(ctx context.Context) (*IdentityProvider, error) {
	return maybe[IdentityProvider](d.Scoped(ctx), "identity provider")
}

// SaveIdentityProvider makes the store's provider or changes it. p.Version is the one that the caller
// last saw, 0 for none: another is problem.Conflict. secret nil keeps the client secret and "" clears it. A
// kept secret is dropped when issuer or client id change: it must not be sent to whoever the new one is.
func (d *DB) SaveIdentityProvider(ctx context.Context, p *IdentityProvider, secret *string) error {
	stale := problem.New(problem.Conflict, "Somebody else changed the identity provider meanwhile. Reload the page and make your change again.")
	return wrap(d.Tx(ctx, func(tx *DB) error {
		old, err := maybe[IdentityProvider](forUpdate(tx.Scoped(ctx)), "identity provider")
		if err != nil {
			return err
		}
		was := p.Version
		switch {
		case (old == nil && was != 0) || (old != nil && old.Version != was):
			return stale
		case old == nil:
			p.ID, p.ClientSecret = NewID(), nil
		default:
			p.ID, p.ClientSecret, p.CreatedAt = old.ID, old.ClientSecret, old.CreatedAt
			if old.Issuer != p.Issuer || old.ClientID != p.ClientID {
				p.ClientSecret = nil
			}
		}
		if secret != nil {
			p.ClientSecret = nil
			if *secret != "" {
				if p.ClientSecret, err = tx.vault.Seal(StoreHash(ctx), columnProviderSecret, []byte(*secret)); err != nil {
					return err
				}
			}
		}
		p.HasSecret, p.Version = len(p.ClientSecret) > 0, was+1
		if old == nil {
			return tx.Scoped(ctx).Create(p).Error
		}
		res := tx.Scoped(ctx).Model(&IdentityProvider{}).Where("id = ? AND version = ?", p.ID, was).
			Select("preset", "issuer", "client_id", "client_secret", "has_secret", "scopes", "enabled", "create_customers", "group_id", "claims",
				"end_session", "version", "updated_at").Updates(p)
		if res.Error == nil && res.RowsAffected == 0 {
			return stale
		}
		return res.Error
	}), "save identity provider")
}

// IdentityProviderSecret returns the client secret of the store's provider in plain text, "" if there
// is none.
func (d *DB) IdentityProviderSecret(ctx context.Context) (string, error) {
	p, err := d.IdentityProvider(ctx)
	if err != nil || p == nil || len(p.ClientSecret) == 0 {
		return "", err
	}
	plain, err := d.vault.Open(StoreHash(ctx), columnProviderSecret, p.ClientSecret)
	if err != nil {
		return "", sealed(err, "client secret of the identity provider")
	}
	return string(plain), nil
}

// DeleteIdentityProvider deletes the store's provider. What links subjects to customers is kept: they
// count again should the merchant come back to the same issuer. A repeat is no error.
func (d *DB) DeleteIdentityProvider(ctx context.Context) error {
	return wrap(d.Scoped(ctx).Where("id <> ''").Delete(&IdentityProvider{}).Error, "delete identity provider")
}
