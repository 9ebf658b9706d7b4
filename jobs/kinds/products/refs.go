package products

import (
	"context"
	"errors"
	"slices"

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
	needsRelated                 bool
	fillsEmpty                   map[string]bool // targets of which only products without any are given some
	setsChannels                 bool            // to those of the document alone
	related                      *relatedTable
	mapped                       map[string]bool // targets of the mapping; nil for all
	images                       string          // what becomes of pictures of which it is not known where they came from
	adds                         bool            // categories are added to those that a product is in
	cats                         *categoryTable  // nil until loaded
	brands                       *brandTable     // nil until loaded
	told                         map[string]bool // warnings about ids
}

func newRefTable(run *tenants.Run) *refTable {
	m := run.Mapping
	t := &refTable{needsCategories: hasTarget(m, targetCategory) || hasTarget(m, targetCategories), needsBrands: hasTarget(m, targetBrand) || hasTarget(m, targetBrandID),
		images: run.Options.Text(optionImages), adds: run.Options.Text(optionCategories) == categoriesAdd, setsChannels: run.Options.Text(optionChannels) == channelsSet, mapped: make(map[string]bool, len(m.Fields)), fillsEmpty: make(map[string]bool)}
	for _, f := range m.Fields {
		t.mapped[f.Target] = true
		t.fillsEmpty[f.Target] = f.Fill == tenants.FillEmpty
		t.needsRelated = t.needsRelated || f.Target == targetRelated
	}
	return t
}

// Idle is part of IdleRefs.
func (t *refTable) Idle() bool { return !t.needsCategories && !t.needsBrands && !t.needsRelated }

// fills reports whether a field of a document is to be written to products that exist. A new
// product with variants is given a price or a weight that only the first of them has.
func (t *refTable) fills(d mapping.Document, target string) bool {
	return target != "price" && target != "weight" || t.mapped == nil || t.mapped[target] || d[fieldVariants] == nil
}

// Inline: a brand is made by the write that names it.
func (t *refTable) Inline(r upsert.Ref) bool { return r.Field == targetBrand }

// Learn is part of InlineRefs.
func (t *refTable) Learn(s *flow.Step, sent, answer bigcommerce.Fields) {
	if sku, id := upsert.Text(sent["sku"]), upsert.Int(answer["id"]); t.related != nil && sku != "" && id != 0 {
		t.related.learn(sku, id)
	}
	name, id := upsert.Text(sent["brand_name"]), upsert.Int(answer["brand_id"])
	if name != "" && id != 0 && t.brands != nil {
		t.brands.put(id, name)
		t.keepBrands(s)
	}
}

// Renew is part of InlineRefs.
func (t *refTable) Renew(ctx context.Context, s *flow.Step) error {
	if !t.needsBrands {
		return nil
	}
	before := t.brands
	if err := t.reloadBrands(ctx, s); err != nil {
		return err
	}
	if before != nil {
		t.brands.sent = before.sent
	}
	return nil
}

// placed returns the categories that a product is to have: those of its document, those of other
// trees, and with the option to add, all that it is in.
func (t *refTable) placed(ids, now []int64) []int64 {
	out := slices.Clone(ids)
	for _, id := range now {
		if (t.adds || t.cats != nil && t.cats.stays(id)) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
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
	if t.needsRelated {
		if err := t.loadRelated(ctx, s, docs); err != nil {
			return err
		}
	}
	for _, d := range docs {
		if err := t.loadIDs(ctx, s, d); err != nil {
			return err
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

// Create is part of Refs: categories, a level at a time. Brands are made by the writes that name
// them.
func (t *refTable) Create(ctx context.Context, s *flow.Step, missing []upsert.Ref) error {
	var paths []string
	for _, r := range missing {
		if r.Field == targetCategory {
			paths = append(paths, r.Name)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	return t.createCategories(ctx, s, paths)
}

// Refused is part of Refs.
func (t *refTable) Refused(r upsert.Ref) string {
	if r.Field == targetCategory {
		return t.cats.failed[foldPath(r.Name)]
	}
	return ""
}

// Requests is part of Refs.
func (t *refTable) Requests(missing []upsert.Ref) int {
	paths := 0
	for _, r := range missing {
		if r.Field == targetCategory {
			paths++
		}
	}
	return (paths + categoryBatch - 1) / categoryBatch
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
