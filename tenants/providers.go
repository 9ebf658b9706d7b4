package tenants

import (
	"context"
	"time"

	"sluice/internal/problem"
)

// IdentityProvider returns the provider that signs the store's shoppers in, nil if it has none. Its
// ClientSecret is sealed: see IdentityProviderSecret.
func (d *DB) IdentityProvider(ctx context.Context) (*IdentityProvider, error) {
	return maybe[IdentityProvider](d.Scoped(ctx), "identity provider")
}

// SaveIdentityProvider makes the store's provider or changes it. p.Version is the one that the
// caller last saw, 0 for none: another is problem.Conflict. secret nil keeps the client secret and
// "" clears it. A kept secret is dropped when issuer or client id change: it must not be sent to
// whoever the new one is.
//
// A provider that is new, or another client than before, gets the store's own redirect URI. One
// that is on the shared URI stays there for as long as p.SharedUntil is set, and never comes back
// to it.
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
			p.ID, p.ClientSecret, p.SharedUntil, p.AnnouncesIssuer = NewID(), nil, nil, false
		case old.Issuer != p.Issuer || old.ClientID != p.ClientID:
			p.ID, p.ClientSecret, p.CreatedAt, p.SharedUntil, p.AnnouncesIssuer = old.ID, nil, old.CreatedAt, nil, false
		default:
			p.ID, p.ClientSecret, p.CreatedAt, p.AnnouncesIssuer = old.ID, old.ClientSecret, old.CreatedAt, old.AnnouncesIssuer
			if p.SharedUntil != nil {
				p.SharedUntil = old.SharedUntil
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
				"end_session", "email_claim", "trust_email", "keep_passwords", "request_ip", "shared_until", "announces_issuer", "version", "updated_at").Updates(p)
		if res.Error == nil && res.RowsAffected == 0 {
			return stale
		}
		return res.Error
	}), "save identity provider")
}

// NoteAnnouncement records what the document of the store's provider says of RFC 9207, if issuer is
// still that provider's. It is no change of the merchant's: Version stays.
func (d *DB) NoteAnnouncement(ctx context.Context, issuer string, announces bool) error {
	return wrap(d.Scoped(ctx).Model(&IdentityProvider{}).Where("issuer = ? AND announces_issuer <> ?", issuer, announces).
		UpdateColumn("announces_issuer", announces).Error, "note what a provider announces")
}

// SharedAddressUntil returns until when the store's shoppers may come back by the redirect URI that
// all stores share, nil if the provider knows the store's own or names itself in its answers.
func (d *DB) SharedAddressUntil(ctx context.Context) (*time.Time, error) {
	p, err := maybe[IdentityProvider](d.Scoped(ctx).Select("shared_until").Where("shared_until IS NOT NULL AND announces_issuer = ?", false), "identity provider")
	if err != nil || p == nil {
		return nil, err
	}
	return p.SharedUntil, nil
}

// ProvidersOnSharedAddress returns the providers of all stores that have the app and whose shoppers
// come back by the redirect URI that all stores share, the first to end first.
func (d *DB) ProvidersOnSharedAddress(ctx context.Context) ([]IdentityProvider, error) {
	var list []IdentityProvider
	err := d.AcrossStores(ctx).Where("shared_until IS NOT NULL AND store_hash IN (SELECT hash FROM stores WHERE state <> ?)", StoreUninstalled).
		Order("shared_until, store_hash").Find(&list).Error
	return list, wrap(err, "providers on the shared address")
}

// IdentityProviderSecret returns the client secret of the store's provider in plain text, "" if
// there is none.
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

// DeleteIdentityProvider deletes the store's provider. What links subjects to customers is kept:
// they count again should the merchant come back to the same issuer. A repeat is no error.
func (d *DB) DeleteIdentityProvider(ctx context.Context) error {
	return wrap(d.Scoped(ctx).Where("id <> ''").Delete(&IdentityProvider{}).Error, "delete identity provider")
}
