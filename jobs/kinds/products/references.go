package products

import (
	"context"
	"maps"
	"slices"
	"time"

	"sluice/jobs/flow"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// A store's categories and brands are remembered beside the runs, so that a run that changes a
// price does not read them. What is remembered is believed as long as it has all that the documents
// name: a run that misses something reads the store again before it creates anything, and so does
// one whose write is refused because of a category or brand that is gone. Webhooks tell of changed
// and deleted categories (BigCommerce describes none of brands, webhooks.v3.yml); because those get
// lost, and a name that moved to another meaning is no error that anybody would notice, nothing is
// believed for longer than maxReferenceAge.
const maxReferenceAge = 7 * 24 * time.Hour

// Kinds of references, as tenants.StoreReferences has them.
const (
	ReferenceCategory = "category"
	ReferenceBrand    = "brand"
)

type savedCategories struct {
	Tree  int64           `json:"tree"`
	Nodes []savedCategory `json:"nodes"`

	Others []int64 `json:"others,omitempty"` // ids in other trees
}

type savedCategory struct {
	ID     int64  `json:"id"`
	Parent int64  `json:"parent,omitempty"`
	Name   string `json:"name"`
}

type savedBrand struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func recallCategories(ctx context.Context, s *flow.Step) (*categoryTable, error) {
	var saved savedCategories
	loaded, ok, err := upsert.RecallReferences(ctx, s, ReferenceCategory, maxReferenceAge, &saved)
	if err != nil || !ok {
		return nil, err
	}
	t := newCategoryTable()
	t.tree, t.loaded, t.recalled = saved.Tree, loaded, true
	for _, n := range saved.Nodes {
		t.put(n.ID, n.Parent, n.Name)
	}
	for _, id := range saved.Others {
		t.others[id] = true
	}
	return t, nil
}

func recallBrands(ctx context.Context, s *flow.Step) (*brandTable, error) {
	var saved []savedBrand
	loaded, ok, err := upsert.RecallReferences(ctx, s, ReferenceBrand, maxReferenceAge, &saved)
	if err != nil || !ok {
		return nil, err
	}
	t := newBrandTable()
	t.loaded, t.recalled = loaded, true
	for _, b := range saved {
		t.put(b.ID, b.Name)
	}
	return t, nil
}

func (t *categoryTable) saved() any {
	out := savedCategories{Tree: t.tree, Nodes: make([]savedCategory, 0, len(t.nodes)), Others: slices.Sorted(maps.Keys(t.others))}
	for _, id := range slices.Sorted(maps.Keys(t.nodes)) {
		out.Nodes = append(out.Nodes, savedCategory{id, t.nodes[id].parent, t.nodes[id].name})
	}
	return out
}

func (t *brandTable) saved() any {
	out := make([]savedBrand, 0, len(t.names))
	for _, id := range slices.Sorted(maps.Keys(t.names)) {
		out = append(out, savedBrand{id, t.names[id]})
	}
	return out
}

// keepCategories remembers the table, as it is at the step's end, with the step.
func (t *refTable) keepCategories(s *flow.Step) {
	s.OnCommitOnce(ReferenceCategory, func(ctx context.Context, tx *tenants.DB) error {
		return upsert.SaveReferences(ctx, tx, ReferenceCategory, t.cats.saved(), t.cats.loaded)
	})
}

// keepBrands is keepCategories for brands.
func (t *refTable) keepBrands(s *flow.Step) {
	s.OnCommitOnce(ReferenceBrand, func(ctx context.Context, tx *tenants.DB) error {
		return upsert.SaveReferences(ctx, tx, ReferenceBrand, t.brands.saved(), t.brands.loaded)
	})
}
