package upsert

import (
	"context"
	"fmt"

	"sluice/jobs/flow"
	"sluice/tenants"
)

// tidyBatch is how many rows one statement deletes.
const tidyBatch = 2000

// Tidy deletes what dry runs noted for themselves, and keeps what is remembered of records to its
// limit.
func (k *Kind) Tidy(ctx context.Context, run *tenants.Run) error {
	k.refs.forget(run.ID)
	if err := k.dropBooks(ctx, run); err != nil {
		return err
	}
	if run.Read == run.Unchanged { // it met nothing new, and so added no record
		return nil
	}
	_, err := k.cfg.DB.TrimRecords(ctx)
	return err
}

// dropBooks deletes what dry runs noted for themselves: this one, and any that was killed before it
// could tidy up.
func (k *Kind) dropBooks(ctx context.Context, run *tenants.Run) error {
	db := k.cfg.DB
	runs, err := flow.OlderRuns(ctx, db, run, 0)
	if err != nil {
		return err
	}
	for _, id := range runs {
		for {
			var keys []string
			if err := db.Scoped(ctx).Model(&tenants.Record{}).Where("flow_id = ?", id).Limit(tidyBatch).Pluck("key", &keys).Error; err != nil {
				return fmt.Errorf("upsert: records of dry run %s: %w", id, err)
			}
			if len(keys) == 0 {
				break
			}
			if err := db.Scoped(ctx).Where("flow_id = ? AND key IN ?", id, keys).Delete(&tenants.Record{}).Error; err != nil {
				return fmt.Errorf("upsert: forget dry run %s: %w", id, err)
			}
		}
	}
	return nil
}
