package tenants

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"sluice/internal/problem"
)

const rotateRows = 100

// RotateKeys seals every secret that was sealed with another key again with the current one and
// returns how many. It may be interrupted and repeated, and runs beside a working Sluice: a value
// that changed in the meantime is left to whoever changed it, who used the current key. When it has
// returned without an error, the other keys can be taken out of ENCRYPTION_KEYS.
func (d *DB) RotateKeys(ctx context.Context) (int, error) {
	stores, err := rotate(ctx, d, columnAccessToken,
		func(after string) (rows []Store, err error) {
			err = d.AcrossStores(ctx).Select("hash", "access_token").Where("access_token IS NOT NULL AND hash > ?", after).
				Order("hash").Limit(rotateRows).Find(&rows).Error
			return rows, err
		},
		func(s Store) (string, string, []byte) { return s.Hash, s.Hash, s.AccessToken },
		func(s Store, sealed []byte) *gorm.DB {
			return d.AcrossStores(ctx).Model(&Store{}).Where("hash = ? AND access_token = ?", s.Hash, s.AccessToken).
				UpdateColumn("access_token", sealed)
		})
	if err != nil {
		return stores, err
	}
	accounts, err := rotate(ctx, d, columnClientSecret,
		func(after string) (rows []Store, err error) {
			err = d.AcrossStores(ctx).Select("hash", "client_secret").Where("client_secret IS NOT NULL AND hash > ?", after).
				Order("hash").Limit(rotateRows).Find(&rows).Error
			return rows, err
		},
		func(s Store) (string, string, []byte) { return s.Hash, s.Hash, s.ClientSecret },
		func(s Store, sealed []byte) *gorm.DB {
			return d.AcrossStores(ctx).Model(&Store{}).Where("hash = ? AND client_secret = ?", s.Hash, s.ClientSecret).
				UpdateColumn("client_secret", sealed)
		})
	stores += accounts
	if err != nil {
		return stores, err
	}
	connections, err := rotate(ctx, d, columnSecret,
		func(after string) (rows []Connection, err error) {
			err = d.AcrossStores(ctx).Select("id", "store_hash", "secret").Where("secret IS NOT NULL AND id > ?", after).
				Order("id").Limit(rotateRows).Find(&rows).Error
			return rows, err
		},
		func(c Connection) (string, string, []byte) { return c.ID, c.StoreHash, c.Secret },
		func(c Connection, sealed []byte) *gorm.DB {
			return d.AcrossStores(ctx).Model(&Connection{}).Where("id = ? AND secret = ?", c.ID, c.Secret).
				UpdateColumn("secret", sealed)
		})
	if err != nil {
		return stores + connections, err
	}
	addresses, err := rotate(ctx, d, columnAddress,
		func(after string) (rows []Connection, err error) {
			err = d.AcrossStores(ctx).Select("id", "store_hash", "address").Where("address IS NOT NULL AND id > ?", after).
				Order("id").Limit(rotateRows).Find(&rows).Error
			return rows, err
		},
		func(c Connection) (string, string, []byte) { return c.ID, c.StoreHash, c.Address },
		func(c Connection, sealed []byte) *gorm.DB {
			return d.AcrossStores(ctx).Model(&Connection{}).Where("id = ? AND address = ?", c.ID, c.Address).
				UpdateColumn("address", sealed)
		})
	connections += addresses
	if err != nil {
		return stores + connections, err
	}
	providers, err := rotate(ctx, d, columnProviderSecret,
		func(after string) (rows []IdentityProvider, err error) {
			err = d.AcrossStores(ctx).Select("id", "store_hash", "client_secret").Where("client_secret IS NOT NULL AND id > ?", after).
				Order("id").Limit(rotateRows).Find(&rows).Error
			return rows, err
		},
		func(p IdentityProvider) (string, string, []byte) { return p.ID, p.StoreHash, p.ClientSecret },
		func(p IdentityProvider, sealed []byte) *gorm.DB {
			return d.AcrossStores(ctx).Model(&IdentityProvider{}).Where("id = ? AND client_secret = ?", p.ID, p.ClientSecret).
				UpdateColumn("client_secret", sealed)
		})
	if err != nil {
		return stores + connections + providers, err
	}
	channels := 0
	for _, c := range []struct {
		vault, column string
		of            func(AlertChannel) []byte
	}{
		{columnAlertAddress, "address", func(c AlertChannel) []byte { return c.Address }},
		{columnAlertSecret, "secret", func(c AlertChannel) []byte { return c.Secret }},
	} {
		n, err := rotate(ctx, d, c.vault,
			func(after string) (rows []AlertChannel, err error) {
				err = d.AcrossStores(ctx).Select("id", "store_hash", c.column).Where(c.column+" IS NOT NULL AND id > ?", after).
					Order("id").Limit(rotateRows).Find(&rows).Error
				return rows, err
			},
			func(row AlertChannel) (string, string, []byte) { return row.ID, row.StoreHash, c.of(row) },
			func(row AlertChannel, sealed []byte) *gorm.DB {
				return d.AcrossStores(ctx).Model(&AlertChannel{}).Where("id = ? AND "+c.column+" = ?", row.ID, c.of(row)).UpdateColumn(c.column, sealed)
			})
		channels += n
		if err != nil {
			return stores + connections + providers + channels, err
		}
	}
	return stores + connections + providers + channels, nil
}

// rotate pages through rows with a sealed column and replaces what another key sealed. of returns a
// row's id, store and sealed value; replace writes the new value if the old one is still there.
func rotate[T any](ctx context.Context, d *DB, column string, page func(after string) ([]T, error),
	of func(T) (id, store string, sealed []byte), replace func(T, []byte) *gorm.DB,
) (n int, err error) {
	after := ""
	for {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		rows, err := page(after)
		if err != nil {
			return n, wrap(err, "rotate keys")
		}
		for _, row := range rows {
			id, store, old := of(row)
			after = id
			if len(old) == 0 || d.vault.KeyID(old) == d.vault.Current() {
				continue
			}
			plain, err := d.vault.Open(store, column, old)
			if err != nil {
				return n, sealed(err, fmt.Sprintf("%s of store %s", column, store))
			}
			again, err := d.vault.Seal(store, column, plain)
			clear(plain)
			if err != nil {
				return n, err
			}
			res := replace(row, again)
			if res.Error != nil {
				return n, wrap(res.Error, "rotate keys")
			}
			n += int(res.RowsAffected)
		}
		if len(rows) < rotateRows {
			return n, nil
		}
	}
}

// CheckKeys opens one secret of each key that the database's secrets were sealed with, and says
// which key is missing or wrong. It is for the start of a process: better not to start than to fail
// store by store.
func (d *DB) CheckKeys(ctx context.Context) error {
	checked := map[string]bool{}
	after := ""
	for {
		var rows []Store
		err := d.AcrossStores(ctx).Select("hash", "access_token").Where("access_token IS NOT NULL AND hash > ?", after).
			Order("hash").Limit(rotateRows).Find(&rows).Error
		if err != nil {
			return wrap(err, "check keys")
		}
		for _, s := range rows {
			id := d.vault.KeyID(s.AccessToken)
			if after = s.Hash; checked[id] {
				continue
			}
			if _, err := d.vault.Open(s.Hash, columnAccessToken, s.AccessToken); err != nil {
				return problem.Wrap(err, problem.Invalid, "ENCRYPTION_KEYS cannot open the secrets in the database: they were sealed with key %q. Put that key back into the list.", id)
			}
			checked[id] = true
		}
		if len(rows) < rotateRows {
			return nil
		}
	}
}
