package tenants

import (
	"context"

	"gorm.io/gorm"
)

// GatherStatistics has PostgreSQL gather statistics of models' tables where it has none, or none
// from when the table had at least half of rows. A new table that fills fast is else planned by
// guesswork until autovacuum comes round (a minute by default), and by the wrong index. It samples
// at most 30,000 rows of a table (PostgreSQL's default target), locks nobody out, and does nothing
// where statistics are good, or on SQLite, which keeps none.
func (d *DB) GatherStatistics(ctx context.Context, rows int64, models ...any) error {
	if !d.postgres() {
		return nil
	}
	for _, model := range models {
		stmt := &gorm.Statement{DB: d.gorm}
		if err := stmt.Parse(model); err != nil {
			return wrap(err, "statistics")
		}
		table := stmt.Schema.Table
		var counted float64 // -1: never; before PostgreSQL 14 it is 0
		if err := d.AcrossStores(ctx).Raw("SELECT reltuples FROM pg_class WHERE oid = to_regclass(?)", table).Scan(&counted).Error; err != nil {
			return wrap(err, "statistics of "+table)
		}
		if 2*counted >= float64(rows) {
			continue
		}
		if err := d.AcrossStores(ctx).Exec("ANALYZE " + table).Error; err != nil { //nolint:misspell // PostgreSQL's command
			return wrap(err, "statistics of "+table)
		}
	}
	return nil
}
