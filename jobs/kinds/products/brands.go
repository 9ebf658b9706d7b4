package products

import (
	"context"
	"strings"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/jobs/upsert"
)

// brandTable is a store's brands.
type brandTable struct {
	ids   map[string]int64 // folded name → id
	plain map[string]int64 // the same without accents
	names map[int64]string
	sent  map[string]string // folded name without accents → how the first write of the run spelled it

	loaded   time.Time // when it was read from the store
	recalled bool      // not by this run
}

func newBrandTable() *brandTable {
	return &brandTable{ids: make(map[string]int64), plain: make(map[string]int64), names: make(map[int64]string), sent: make(map[string]string)}
}

func (t *brandTable) add(b *bigcommerce.Brand) {
	if b != nil && b.ID != 0 {
		t.put(b.ID, b.Name)
	}
}

func (t *brandTable) put(id int64, name string) {
	if _, have := t.ids[upsert.Fold(name)]; !have {
		t.ids[upsert.Fold(name)] = id
	}
	if _, have := t.plain[unaccent(upsert.Fold(name))]; !have {
		t.plain[unaccent(upsert.Fold(name))] = id
	}
	t.names[id] = name
}

// find returns the brand of this name; if there is none, that whose name differs by accents alone,
// beside which BigCommerce makes no other.
func (t *brandTable) find(name string) (int64, bool) {
	if id, ok := t.ids[upsert.Fold(name)]; ok {
		return id, true
	}
	id, ok := t.plain[unaccent(upsert.Fold(name))]
	return id, ok
}

// spelled is how a brand that the store does not have is written: as the first row of the run that
// names it, for several writes may be on their way at once.
func (t *brandTable) spelled(name string) string {
	name = strings.TrimSpace(name)
	key := unaccent(upsert.Fold(name))
	if _, sent := t.sent[key]; !sent {
		t.sent[key] = name
	}
	return t.sent[key]
}

// loadBrands reads the store's brands, one request per 250.
func loadBrands(ctx context.Context, s *flow.Step) (*brandTable, error) {
	c, err := s.Client(ctx)
	if err != nil {
		return nil, err
	}
	t := newBrandTable()
	t.loaded = s.Now()
	for b, err := range c.Brands.List(ctx, bigcommerce.BrandFilter{IncludeFields: []string{"name"}}) {
		if err != nil {
			return nil, err
		}
		t.add(b)
	}
	return t, nil
}
