package products

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/jobs/upsert"
)

// brandTable is a store's brands.
type brandTable struct {
	ids    map[string]int64 // folded name → id
	plain  map[string]int64 // the same without accents
	names  map[int64]string
	failed map[string]string // folded name → why it cannot be created

	loaded   time.Time // when it was read from the store
	recalled bool      // not by this run
}

func newBrandTable() *brandTable {
	return &brandTable{ids: make(map[string]int64), plain: make(map[string]int64), names: make(map[int64]string), failed: make(map[string]string)}
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

// createBrand creates a brand. One that cannot be created is noted in the table; only quota, cut
// connections and the like are returned. A brand that appeared meanwhile is taken as it is.
func (r *refTable) createBrand(ctx context.Context, s *flow.Step, name string) error {
	t := r.brands
	name = strings.TrimSpace(name)
	if _, have := t.find(name); have {
		return nil // one with other accents was made meanwhile
	}
	if n := utf8.RuneCountInString(name); n > bigcommerce.MaxBrandName {
		t.failed[upsert.Fold(name)] = fmt.Sprintf("the brand name has %d characters; the limit is %d", n, bigcommerce.MaxBrandName)
		return nil
	}
	c, err := s.Client(ctx)
	if err != nil {
		return err
	}
	made, err := c.Brands.Create(ctx, bigcommerce.Brand{Name: name})
	t.add(made)
	r.keepBrands(s)
	if err == nil || !refusal(err) {
		return err
	}
	if _, have := t.find(name); have {
		return nil // a 207: it exists, something beside its name does not
	}
	why := upsert.Reason(err)
	for b, err := range c.Brands.List(ctx, bigcommerce.BrandFilter{Name: name}) {
		if err != nil {
			return err
		}
		t.add(b)
	}
	if _, have := t.find(name); !have {
		t.failed[upsert.Fold(name)] = fmt.Sprintf("BigCommerce refused to create the brand %q: %s", name, why)
	}
	return nil
}
