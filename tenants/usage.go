package tenants

import (
	"context"

	"gorm.io/gorm/clause"

	"sluice/internal/limits"
)

// lockUsage returns what ctx's store keeps and holds its row until the transaction ends. It comes
// first in a transaction, so that two which need it wait for each other and for nothing else.
func (d *DB) lockUsage(ctx context.Context) (*StoreUsage, error) {
	if err := d.Scoped(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&StoreUsage{}).Error; err != nil {
		return nil, wrap(err, "usage")
	}
	return one[StoreUsage](forUpdate(d.Scoped(ctx)), "usage")
}

// saveUsage writes what lockUsage returned and the transaction changed.
func (d *DB) saveUsage(ctx context.Context, u *StoreUsage) error {
	return wrap(d.Scoped(ctx).Model(&StoreUsage{}).Where("store_hash = ?", u.StoreHash).
		Updates(map[string]any{"account_rows": u.AccountRows, "account_bytes": u.AccountBytes}).Error, "usage")
}

// roomFor refuses one more row of model when the rows that query chooses are as many as the limit.
// It must run in a transaction, which then holds the store's usage.
func (d *DB) roomFor(ctx context.Context, name limits.Name, model any, query string, args ...any) error {
	if _, err := d.lockUsage(ctx); err != nil {
		return err
	}
	var n int64
	q := d.Scoped(ctx).Model(model)
	if query != "" {
		q = q.Where(query, args...)
	}
	if err := q.Count(&n).Error; err != nil {
		return wrap(err, "count "+string(name))
	}
	return d.limits.Check(name, n, 1)
}
