package products

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"sluice/jobs/flow"
	"sluice/tenants"
)

// A store's categories and brands are remembered beside the runs, so that a run that changes a price does not
// read them. What is remembered is believed as long as it has all that the documents name: a run that misses
// something reads the store again before it creates anything, and so does one whose write is refused because
// of a category or brand that is gone. Webhooks tell of changed and deleted categories (BigCommerce describes none of
// brands, webhooks.v3.yml); because those get lost, and a name that moved to another meaning is no error that
// anybody would notice, nothing is believed for longer than maxReferenceAge.
const (
	maxReferenceAge = 7 * 24 * time.Hour
	// maxReferences is the most bytes of one kind that are kept, compressed: some 100,000 names.
	maxReferences = 2 << 20
	// maxReferencesJSON bounds what is read back.
	maxReferencesJSON = 64 << 20
)

// Kinds of references, as tenants.StoreReferences has them.
const (
	ReferenceCategory = "category"
	ReferenceBrand    = "brand"
)

type savedCategories struct {
	Tree  int64           `json:"tree"`
	Nodes []savedCategory `json:"nodes"`
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

// recallReferences decodes into v what is remembered of a kind; false if nothing is, or it is too old.
func recallReferences(ctx context.Context, s *flow.Step, kind string, v any) (loaded time.Time, ok bool, err error) {
	row, err := s.DB().References(ctx, kind, s.Now().Add(-maxReferenceAge))
	if err != nil || row == nil {
		return time.Time{}, false, err
	}
	zip, err := gzip.NewReader(bytes.NewReader(row.Data))
	if err != nil {
		return time.Time{}, false, fmt.Errorf("upsert: remembered %s: %w", kind, err)
	}
	if err := json.NewDecoder(io.LimitReader(zip, maxReferencesJSON)).Decode(v); err != nil {
		return time.Time{}, false, fmt.Errorf("upsert: remembered %s: %w", kind, err)
	}
	return row.LoadedAt, true, nil
}

func recallCategories(ctx context.Context, s *flow.Step) (*categoryTable, error) {
	var saved savedCategories
	loaded, ok, err := recallReferences(ctx, s, ReferenceCategory, &saved)
	if err != nil || !ok {
		return nil, err
	}
	t := newCategoryTable()
	t.tree, t.loaded, t.recalled = saved.Tree, loaded, true
	for _, n := range saved.Nodes {
		t.put(n.ID, n.Parent, n.Name)
	}
	return t, nil
}

func recallBrands(ctx context.Context, s *flow.Step) (*brandTable, error) {
	var saved []savedBrand
	loaded, ok, err := recallReferences(ctx, s, ReferenceBrand, &saved)
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
	out := savedCategories{Tree: t.tree, Nodes: make([]savedCategory, 0, len(t.nodes))}
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
		return saveReferences(ctx, tx, ReferenceCategory, t.cats.saved(), t.cats.loaded)
	})
}

// keepBrands is keepCategories for brands.
func (t *refTable) keepBrands(s *flow.Step) {
	s.OnCommitOnce(ReferenceBrand, func(ctx context.Context, tx *tenants.DB) error {
		return saveReferences(ctx, tx, ReferenceBrand, t.brands.saved(), t.brands.loaded)
	})
}

func saveReferences(ctx context.Context, tx *tenants.DB, kind string, v any, loaded time.Time) error {
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	if err := json.NewEncoder(zip).Encode(v); err != nil {
		return fmt.Errorf("upsert: remember %s: %w", kind, err)
	}
	if err := zip.Close(); err != nil {
		return fmt.Errorf("upsert: remember %s: %w", kind, err)
	}
	if b.Len() > maxReferences {
		return tx.ForgetReferences(ctx, kind)
	}
	return tx.SaveReferences(ctx, tenants.StoreReferences{Kind: kind, Data: b.Bytes(), LoadedAt: loaded})
}
