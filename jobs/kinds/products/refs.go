package products

import (
	"context"
	"errors"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// refTable is a store's categories and brands, as far as a run needs them. It is recalled or loaded
// once per run and process, and grows with what the run creates. A step has it to itself: a run's
// steps follow one another.
type refTable struct {
	needsCategories, needsBrands bool
	cats                         *categoryTable // nil until loaded
	brands                       *brandTable    // nil until loaded
}

func newRefTable(m tenants.Mapping) *refTable {
	return &refTable{needsCategories: hasTarget(m, targetCategory), needsBrands: hasTarget(m, targetBrand)}
}

// Load is part of Refs. A table that was only recalled and misses something is read from the store
// first.
func (t *refTable) Load(ctx context.Context, s *flow.Step, docs ...mapping.Document) (err error) {
	if t.cats == nil && t.needsCategories {
		if t.cats, err = recallCategories(ctx, s); err != nil {
			return err
		}
		if t.cats == nil {
			if err := t.reloadCategories(ctx, s); err != nil {
				return err
			}
		}
	}
	if t.brands == nil && t.needsBrands {
		if t.brands, err = recallBrands(ctx, s); err != nil {
			return err
		}
		if t.brands == nil {
			if err := t.reloadBrands(ctx, s); err != nil {
				return err
			}
		}
	}
	for _, d := range docs {
		if !t.Recalled() {
			break
		}
		for _, missing := range t.Missing(d) {
			switch {
			case missing.Field == targetCategory && t.cats.recalled:
				err = t.reloadCategories(ctx, s)
			case missing.Field == targetBrand && t.brands.recalled:
				err = t.reloadBrands(ctx, s)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *refTable) reloadCategories(ctx context.Context, s *flow.Step) error {
	cats, err := loadCategories(ctx, s)
	if err != nil {
		return err
	}
	t.cats = cats
	t.keepCategories(s)
	return nil
}

func (t *refTable) reloadBrands(ctx context.Context, s *flow.Step) error {
	brands, err := loadBrands(ctx, s)
	if err != nil {
		return err
	}
	t.brands = brands
	t.keepBrands(s)
	return nil
}

// Recalled reports whether something of the table was not read from the store by this run.
func (t *refTable) Recalled() bool {
	return t.cats != nil && t.cats.recalled || t.brands != nil && t.brands.recalled
}

// Missing returns the category paths and the brand that d needs and the store does not have.
func (t *refTable) Missing(d mapping.Document) (out []upsert.Ref) {
	if v, ok := d[targetCategory]; ok {
		_, paths := t.categories(upsert.Text(v))
		for _, p := range paths {
			out = append(out, upsert.Ref{Field: targetCategory, Name: p})
		}
	}
	if v, ok := d[targetBrand]; ok {
		if _, known := t.brand(upsert.Text(v)); !known {
			out = append(out, upsert.Ref{Field: targetBrand, Name: upsert.Text(v)})
		}
	}
	return out
}

// Create is part of Refs: categories a level at a time, then brands one by one.
func (t *refTable) Create(ctx context.Context, s *flow.Step, missing []upsert.Ref) error {
	var paths []string
	for _, r := range missing {
		if r.Field == targetCategory {
			paths = append(paths, r.Name)
		}
	}
	if len(paths) > 0 {
		if err := t.createCategories(ctx, s, paths); err != nil {
			return err
		}
	}
	for _, r := range missing {
		if r.Field != targetBrand {
			continue
		}
		if s.Spent(ctx) {
			return nil
		}
		if err := t.createBrand(ctx, s, r.Name); err != nil {
			return err
		}
	}
	return nil
}

// Refused is part of Refs.
func (t *refTable) Refused(r upsert.Ref) string {
	if r.Field == targetCategory {
		return t.cats.failed[foldPath(r.Name)]
	}
	return t.brands.failed[upsert.Fold(r.Name)]
}

// Requests is part of Refs.
func (t *refTable) Requests(missing []upsert.Ref) int {
	paths, brands := 0, 0
	for _, r := range missing {
		if r.Field == targetCategory {
			paths++
		} else {
			brands++
		}
	}
	return (paths+categoryBatch-1)/categoryBatch + brands
}

// Plural is part of Refs.
func (t *refTable) Plural(field string) string {
	if field == targetCategory {
		return "categories"
	}
	return "brands"
}

// Same reports whether two names are of one thing.
func (t *refTable) Same(a, b upsert.Ref) bool {
	if a.Field != b.Field {
		return false
	}
	if a.Field == targetCategory {
		return foldPath(a.Name) == foldPath(b.Name)
	}
	return upsert.Fold(a.Name) == upsert.Fold(b.Name)
}

// Blames is part of Refs.
func (t *refTable) Blames(err error) bool {
	var api *bigcommerce.APIError
	return errors.As(err, &api) && aboutReference(err, api)
}

// Forget is part of Refs. The next step loads the tables again.
func (t *refTable) Forget(s *flow.Step) {
	s.OnCommit(func(ctx context.Context, tx *tenants.DB) error {
		return tx.ForgetReferences(ctx, ReferenceCategory, ReferenceBrand)
	})
}

func (t *refTable) categories(paths string) (ids []int64, missing []string) {
	if t.cats == nil {
		return []int64{}, nil
	}
	return t.cats.ids(paths)
}

func (t *refTable) brand(name string) (int64, bool) {
	if t.brands == nil || upsert.Fold(name) == "" {
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

// hasTarget reports whether the run's mapping fills target.
func hasTarget(m tenants.Mapping, target string) bool {
	for _, f := range m.Fields {
		if f.Target == target {
			return true
		}
	}
	return false
}
