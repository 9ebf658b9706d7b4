package upsert

import (
	"context"
	"sync"
)

// refTable is a store's categories and brands, as far as a run needs them. It is recalled or loaded once
// per run and process, and grows with what the run creates. A step has it to itself: a run's steps follow
// one another.
type refTable struct {
	cats   *categoryTable // nil until loaded
	brands *brandTable    // nil until loaded
	last   int64          // when it was last used, in the cache's own count
}

// refCache keeps the tables of the runs under way in this process. Losing one costs the requests that
// load it again, nothing else.
type refCache struct {
	mu   sync.Mutex
	most int
	tick int64
	runs map[string]*refTable
}

func newRefCache(most int) *refCache {
	return &refCache{most: most, runs: make(map[string]*refTable)}
}

func (c *refCache) of(runID string) *refTable {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tick++
	t, ok := c.runs[runID]
	if !ok {
		t = &refTable{}
		c.runs[runID] = t
		if len(c.runs) > c.most {
			oldest := ""
			for id, other := range c.runs {
				if id != runID && (oldest == "" || other.last < c.runs[oldest].last) {
					oldest = id
				}
			}
			delete(c.runs, oldest)
		}
	}
	t.last = c.tick
	return t
}

func (c *refCache) forget(runID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.runs, runID)
}

// refs returns the tables that the run's mapping needs. What they miss of docs' references the store does not
// have: a table that was only recalled and misses something is read from the store first.
func (s *step) refs(ctx context.Context, docs ...itemDoc) (*refTable, error) {
	t := s.k.refs.of(s.run.ID)
	var err error
	if t.cats == nil && hasTarget(s.run.Mapping, targetCategory) {
		if t.cats, err = s.recallCategories(ctx); err != nil {
			return nil, err
		}
		if t.cats == nil {
			if err := s.reloadCategories(ctx, t); err != nil {
				return nil, err
			}
		}
	}
	if t.brands == nil && hasTarget(s.run.Mapping, targetBrand) {
		if t.brands, err = s.recallBrands(ctx); err != nil {
			return nil, err
		}
		if t.brands == nil {
			if err := s.reloadBrands(ctx, t); err != nil {
				return nil, err
			}
		}
	}
	for _, d := range docs {
		if !t.recalled() {
			break
		}
		paths, brand := t.missing(d)
		if len(paths) > 0 && t.cats.recalled {
			if err := s.reloadCategories(ctx, t); err != nil {
				return nil, err
			}
		}
		if brand != "" && t.brands.recalled {
			if err := s.reloadBrands(ctx, t); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

func (s *step) reloadCategories(ctx context.Context, t *refTable) error {
	cats, err := s.loadCategories(ctx)
	if err != nil {
		return err
	}
	t.cats = cats
	s.keepCategories(cats)
	return nil
}

func (s *step) reloadBrands(ctx context.Context, t *refTable) error {
	brands, err := s.loadBrands(ctx)
	if err != nil {
		return err
	}
	t.brands = brands
	s.keepBrands(brands)
	return nil
}

// recalled reports whether something of the table was not read from the store by this run.
func (t *refTable) recalled() bool {
	return t.cats != nil && t.cats.recalled || t.brands != nil && t.brands.recalled
}

func (t *refTable) categories(paths string) (ids []int64, missing []string) {
	ids = []int64{} // sent as [], which takes a product out of every category
	if t.cats == nil {
		return ids, nil
	}
	have := make(map[int64]bool)
	for _, p := range splitPaths(paths) {
		id, ok := t.cats.find(p)
		if !ok {
			missing = append(missing, joinPath(p))
		} else if !have[id] {
			have[id] = true
			ids = append(ids, id)
		}
	}
	return ids, missing
}

func (t *refTable) brand(name string) (int64, bool) {
	if t.brands == nil || fold(name) == "" {
		return 0, true
	}
	return t.brands.find(name)
}

func (t *refTable) paths(ids []int64) string {
	if t.cats == nil {
		return ""
	}
	return t.cats.text(ids)
}

func (t *refTable) brandName(id int64) string {
	if t.brands == nil {
		return ""
	}
	return t.brands.names[id]
}

// missing returns the category paths and brand that d needs and the store does not have.
func (t *refTable) missing(d itemDoc) (paths []string, brand string) {
	if v, ok := d.fields[targetCategory]; ok {
		_, paths = t.categories(text(v))
	}
	if v, ok := d.fields[targetBrand]; ok {
		if _, known := t.brand(text(v)); !known {
			brand = text(v)
		}
	}
	return paths, brand
}

// refused says why a missing reference could not be created.
func (t *refTable) refused(paths []string, brand string) (field, message string) {
	if len(paths) > 0 {
		if why := t.cats.failed[foldPath(paths[0])]; why != "" {
			return targetCategory, why
		}
		return targetCategory, `the category "` + paths[0] + `" could not be created: create it in the control panel, then retry the record`
	}
	if why := t.brands.failed[fold(brand)]; why != "" {
		return targetBrand, why
	}
	return targetBrand, `the brand "` + brand + `" could not be created: create it in the control panel, then retry the record`
}
