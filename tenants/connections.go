package tenants

import (
	"context"
	"net/url"

	"sluice/internal/problem"
)

// SaveConnection makes a connection (empty ID, which it fills) or changes one. c.URL is the whole
// address, or what was shown of it: masks mean what they hide. It is left as it is to be shown.
// secret nil keeps the secret and "" clears it. A kept secret is dropped when the URL moves to
// another host or, without one, the kind changes: it was given for the old one and must not be sent
// to whoever the new one is.
func (d *DB) SaveConnection(ctx context.Context, c *Connection, secret *string) error {
	return wrap(d.Tx(ctx, func(tx *DB) error {
		c.Name = cleanName(c.Name, 100)
		made := c.ID == ""
		var address string
		if made {
			var err error
			if address, err = unmask(c.URL, ""); err != nil {
				return err
			}
			c.ID, c.Secret, c.SecretSetAt = NewID(), nil, nil
		} else {
			old, err := tx.Connection(ctx, c.ID)
			if err != nil {
				return err
			}
			c.Secret, c.SecretSetAt, c.CreatedAt = old.Secret, old.SecretSetAt, old.CreatedAt
			if address, err = tx.ResolveAddress(ctx, old, c.URL); err != nil {
				return err
			}
			if origin(old.URL) != origin(address) || address == "" && old.Kind != c.Kind {
				c.Secret = nil
			}
		}
		if err := tx.setAddress(ctx, c, address); err != nil {
			return err
		}
		if secret != nil {
			c.Secret = nil
			if *secret != "" {
				var err error
				if c.Secret, err = tx.vault.Seal(StoreHash(ctx), columnSecret, []byte(*secret)); err != nil {
					return err
				}
				now := tx.now()
				c.SecretSetAt = &now
			}
		}
		if c.HasSecret = len(c.Secret) > 0; !c.HasSecret {
			c.SecretSetAt = nil
		}
		if made {
			return tx.Scoped(ctx).Create(c).Error
		}
		return tx.Scoped(ctx).Model(&Connection{}).Where("id = ?", c.ID).
			Select("name", "kind", "url", "address", "secret", "has_secret", "secret_set_at", "updated_at").Updates(c).Error
	}), "save connection")
}

// Connection returns a connection of the store. Its Secret and Address are sealed: see
// ConnectionSecret and ConnectionAddress.
func (d *DB) Connection(ctx context.Context, id string) (*Connection, error) {
	return one[Connection](d.Scoped(ctx).Where("id = ?", id), "connection")
}

// ConnectionSecret returns a connection's secret in plain text, "" if it has none.
func (d *DB) ConnectionSecret(ctx context.Context, id string) (string, error) {
	c, err := d.Connection(ctx, id)
	if err != nil || len(c.Secret) == 0 {
		return "", err
	}
	plain, err := d.vault.Open(StoreHash(ctx), columnSecret, c.Secret)
	if err != nil {
		return "", sealed(err, "secret of the connection")
	}
	return string(plain), nil
}

// DeleteConnection deletes a connection that no flow uses. A repeat is no error.
func (d *DB) DeleteConnection(ctx context.Context, id string) error {
	return wrap(d.Tx(ctx, func(tx *DB) error {
		used, err := maybe[Flow](tx.Scoped(ctx).Where("connection_id = ?", id), "flow")
		if err != nil {
			return err
		}
		if used != nil {
			return problem.New(problem.Conflict, "The sync %q reads from this connection. Give it another source first.", used.Name)
		}
		return tx.Scoped(ctx).Where("id = ?", id).Delete(&Connection{}).Error
	}), "delete connection")
}

// origin is the scheme and host that a secret is sent to.
func origin(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
