package tenants

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"sluice/internal/problem"
)

// purgeRows is how many rows of a table one transaction deletes.
const purgeRows = 1000

// StoresToPurge returns the uninstalled stores whose data may be kept no longer.
func (d *DB) StoresToPurge(ctx context.Context, now time.Time) ([]string, error) {
	var hashes []string
	err := d.AcrossStores(ctx).Model(&Store{}).Where("state = ? AND delete_after <= ?", StoreUninstalled, now.UTC()).
		Order("delete_after, hash").Pluck("hash", &hashes).Error
	return hashes, wrap(err, "stores to purge")
}

// PurgeStore deletes everything of an uninstalled store from every table of AllModels, the store
// itself last, in small transactions. It may be repeated after a crash and does nothing for a store
// that is gone. problem.Conflict when the store is not, or no longer, uninstalled: what is left is
// kept.
func (d *DB) PurgeStore(ctx context.Context, hash string) error {
	for _, model := range AllModels() {
		if _, ok := model.(*Store); ok {
			continue
		}
		stmt := &gorm.Statement{DB: d.gorm}
		if err := stmt.Parse(model); err != nil {
			return wrap(err, "purge")
		}
		rows := purgeRows
		if _, ok := model.(*SnapshotChunk); ok {
			rows = chunkBatch // a megabyte each
		}
		for {
			n, err := d.purgeBatch(ctx, hash, stmt.Schema.Table, rows)
			if err != nil {
				return wrap(err, "purge "+stmt.Schema.Table)
			}
			if n < int64(rows) {
				break
			}
		}
	}
	return wrap(d.Tx(ctx, func(tx *DB) error {
		if err := tx.mayPurge(ctx, hash); err != nil {
			return err
		}
		return tx.AcrossStores(ctx).Where("hash = ?", hash).Delete(&Store{}).Error
	}), "purge store")
}

// purgeBatch deletes up to limit rows of a store. Holding the store's row keeps a reinstall from
// slipping in between the check and the deletion.
func (d *DB) purgeBatch(ctx context.Context, hash, table string, limit int) (deleted int64, err error) {
	err = d.Tx(ctx, func(tx *DB) error {
		if err := tx.mayPurge(ctx, hash); err != nil {
			return err
		}
		row := "rowid"
		if tx.postgres() {
			row = "ctid"
		}
		res := tx.AcrossStores(ctx).Exec(
			fmt.Sprintf("DELETE FROM %[1]s WHERE %[2]s IN (SELECT %[2]s FROM %[1]s WHERE store_hash = ? LIMIT %[3]d)", table, row, limit), hash)
		deleted = res.RowsAffected
		return res.Error
	})
	return deleted, err
}

func (d *DB) mayPurge(ctx context.Context, hash string) error {
	s, err := maybe[Store](forUpdate(d.AcrossStores(ctx)).Where("hash = ?", hash), "store")
	if err == nil && s != nil && s.State != StoreUninstalled {
		err = problem.New(problem.Conflict, "The store %s is installed. Uninstall it before its data is deleted.", hash)
	}
	return err
}
