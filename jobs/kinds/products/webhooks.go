package products

import (
	"context"
	"slices"

	"sluice/jobs/flow"
	"sluice/tenants"
)

// webhooks are the events that products act on.
//
// Products changed in the store are not among them: our own writes would be told of as well, one by
// one, and no event says whose it is. What others changed shows in the answer to the next write
// (jobs/upsert).
var webhooks = []flow.Webhook{
	{Scope: "store/product/deleted", Handle: forgetDeleted},
	{Scope: "store/category/updated", Handle: forgetCategories},
	{Scope: "store/category/deleted", Handle: forgetCategories},
}

// forgetDeleted forgets that records were products which were deleted in their stores, so that the
// next run looks their keys up and creates what is gone.
func forgetDeleted(ctx context.Context, tx *tenants.DB, events []flow.Event) error {
	var deleted []tenants.DeletedRecord
	for _, e := range events {
		if e.ID > 0 {
			deleted = append(deleted, tenants.DeletedRecord{StoreHash: e.StoreHash, Kind: Name, TargetID: e.ID})
		}
	}
	if len(deleted) == 0 {
		return nil
	}
	return tx.ForgetDeleted(ctx, deleted)
}

// forgetCategories has the next run that needs categories read them. A merchant who sorts them
// sends an event for each.
func forgetCategories(ctx context.Context, tx *tenants.DB, events []flow.Event) error {
	stores := make([]string, len(events))
	for i, e := range events {
		stores[i] = e.StoreHash
	}
	slices.Sort(stores) // one order for everyone, so that two transactions cannot wait for each other's rows
	for _, store := range slices.Compact(stores) {
		if err := tx.ForgetReferences(tenants.WithStore(ctx, store), ReferenceCategory); err != nil {
			return err
		}
	}
	return nil
}

// catchUp forgets the categories of ctx's store, and has the next run of each flow look all its
// products up, in case one was deleted.
func catchUp(ctx context.Context, db *tenants.DB) error {
	if err := db.ForgetReferences(ctx, ReferenceCategory); err != nil {
		return err
	}
	return db.DoubtRecords(ctx, Name)
}
