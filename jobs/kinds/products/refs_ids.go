package products

import (
	"context"
	"fmt"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// Targets that name categories and a brand by their ids in the store, as its own exports do.
const (
	targetCategories = "categories"
	targetBrandID    = "brand_id"
)

// loadIDs sees to it that ids which a document has are known if the store has them, and takes the
// others out: a file may be another store's.
func (t *refTable) loadIDs(ctx context.Context, s *flow.Step, d mapping.Document) error {
	if ids, ok := d[targetCategories]; ok && t.cats != nil {
		if len(t.knownCategories(ids)) < len(upsert.Ints(ids)) && t.cats.recalled {
			if err := t.reloadCategories(ctx, s); err != nil {
				return err
			}
		}
		for _, id := range upsert.Ints(ids) {
			if _, known := t.cats.nodes[id]; !known {
				t.unknownID(s, targetCategories, fmt.Sprintf("this store has no category with the id %d: it is left out", id))
			}
		}
		if known := t.knownCategories(ids); len(known) > 0 {
			d[targetCategories] = known
		} else {
			delete(d, targetCategories)
		}
	}
	id, ok := d[targetBrandID]
	if !ok || t.brands == nil {
		return nil
	}
	if !t.knownBrand(id) && t.brands.recalled {
		if err := t.reloadBrands(ctx, s); err != nil {
			return err
		}
	}
	if n := upsert.Int(id); n != 0 && !t.knownBrand(id) {
		t.unknownID(s, targetBrandID, fmt.Sprintf("this store has no brand with the id %d: it is left out", n))
		delete(d, targetBrandID)
	}
	return nil
}

// maxUnknownIDs is how many ids a run names that are not in the store.
const maxUnknownIDs = 100

// unknownID warns once of an id.
func (t *refTable) unknownID(s *flow.Step, field, message string) {
	if t.told == nil {
		t.told = make(map[string]bool)
	}
	if !t.told[message] && len(t.told) < maxUnknownIDs {
		t.told[message] = true
		s.Warn(flow.Issue{Field: field, Message: message, Cure: tenants.CureStore})
	}
}

// knownCategories are those of ids that the store has.
func (t *refTable) knownCategories(ids any) []any {
	out := []any{}
	for _, id := range upsert.Ints(ids) {
		if _, known := t.cats.nodes[id]; known {
			out = append(out, id)
		}
	}
	return out
}

func (t *refTable) knownBrand(id any) bool {
	_, known := t.brands.names[upsert.Int(id)]
	return known
}

// putID adds ids to a payload, as far as the store has them.
func (t *refTable) putID(out bigcommerce.Fields, target string, v any, d upsert.Doc) {
	switch {
	case target == targetCategories && t.cats != nil:
		out[target] = t.placed(upsert.Ints(t.knownCategories(v)), upsert.Ints(d.Seen[targetCategories]))
	case target == targetBrandID && t.brands != nil && !t.knownBrand(v):
	default:
		out[target] = v
	}
}
