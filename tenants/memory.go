package tenants

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gorm.io/gorm/clause"
)

// RememberedProducts returns the fields (JSON) of the products that a flow remembers of keys, by key.
func (d *DB) RememberedProducts(ctx context.Context, flowID string, keys []string) (map[string]string, error) {
	found := make(map[string]string, len(keys))
	for piece := range chunks(keys, bulkRows) {
		var rows []RememberedProduct
		err := d.Scoped(ctx).Select("store_hash", "flow_id", "key", "fields").Where("flow_id = ? AND key IN ?", flowID, piece).Find(&rows).Error
		if err != nil {
			return nil, wrap(err, "remembered products")
		}
		for _, r := range rows {
			found[r.Key] = r.Fields
		}
	}
	return found, nil
}

// RememberProducts notes products as they were just seen: their fields (JSON) by key.
func (d *DB) RememberProducts(ctx context.Context, flowID string, fields map[string]string) error {
	now := d.now()
	rows := make([]RememberedProduct, 0, len(fields))
	for key, f := range fields {
		rows = append(rows, RememberedProduct{FlowID: flowID, Key: key, Fields: f, SeenAt: now})
	}
	// One order for everyone, so that two writers cannot wait for each other's rows.
	slices.SortFunc(rows, func(a, b RememberedProduct) int { return cmp.Compare(a.Key, b.Key) })
	return bulk(ctx, d, rows, "remember products", func(tx *DB, rows []RememberedProduct) error {
		return tx.Scoped(ctx).Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "store_hash"}, {Name: "flow_id"}, {Name: "key"}},
			DoUpdates: clause.AssignmentColumns([]string{"fields", "seen_at"}),
		}).Create(&rows).Error
	})
}

// ForgetProducts makes the next change of these keys look their products up.
func (d *DB) ForgetProducts(ctx context.Context, flowID string, keys []string) error {
	return bulk(ctx, d, slices.Sorted(slices.Values(keys)), "forget products", func(tx *DB, keys []string) error {
		return tx.Scoped(ctx).Where("flow_id = ? AND key IN ?", flowID, keys).Delete(&RememberedProduct{}).Error
	})
}

// ForgetProductsElsewhere is ForgetProducts for every other flow that knows one of these products, which
// flowID has just changed.
func (d *DB) ForgetProductsElsewhere(ctx context.Context, flowID string, productIDs []int64) error {
	keys := make(map[string][]string)
	for piece := range chunks(productIDs, bulkRows) {
		var rows []Record
		err := d.Scoped(ctx).Select("flow_id", "key").Where("target_id IN ? AND flow_id <> ?", piece, flowID).Find(&rows).Error
		if err != nil {
			return wrap(err, "products of other flows")
		}
		for _, r := range rows {
			keys[r.FlowID] = append(keys[r.FlowID], r.Key)
		}
	}
	flows := make([]string, 0, len(keys))
	for id := range keys {
		flows = append(flows, id)
	}
	slices.Sort(flows)
	for _, id := range flows {
		if err := d.ForgetProducts(ctx, id, keys[id]); err != nil {
			return err
		}
	}
	return nil
}

// References returns what is remembered of a store's categories or brands, nil if nothing is that was read
// after since.
func (d *DB) References(ctx context.Context, kind string, since time.Time) (*StoreReferences, error) {
	return maybe[StoreReferences](d.Scoped(ctx).Where("kind = ? AND loaded_at > ?", kind, since.UTC()), "references")
}

// SaveReferences replaces what is remembered of a store's categories or brands.
func (d *DB) SaveReferences(ctx context.Context, r StoreReferences) error {
	r.LoadedAt = r.LoadedAt.UTC()
	return wrap(d.Scoped(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "store_hash"}, {Name: "kind"}},
		DoUpdates: clause.AssignmentColumns([]string{"data", "loaded_at"}),
	}).Create(&r).Error, "save references")
}

// ForgetReferences makes the next run that needs them read these kinds from the store.
func (d *DB) ForgetReferences(ctx context.Context, kinds ...string) error {
	return wrap(d.Scoped(ctx).Where("kind IN ?", kinds).Delete(&StoreReferences{}).Error, "forget references")
}
