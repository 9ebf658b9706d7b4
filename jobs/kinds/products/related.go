package products

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/internal/expression"
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// Products that are shown beside a product. A source names them by their SKUs, a store by their
// ids. Some may be of the same source and not made yet, so that what a new product cannot be given
// goes by a route of its own once all are made.
const (
	targetRelated = "related_skus" // → related_products
	fieldRelated  = "related_products"
)

const (
	maxRelated = pageSize // of a product: one look-up finds them
	// maxRelatedKnown bounds relatedTable; what is forgotten is asked for again.
	maxRelatedKnown = 50_000
)

// relatedTable is what a run found out about SKUs that its documents name.
type relatedTable struct {
	ids     map[string]int64 // folded SKU → product
	pending map[string]bool  // rows of this run, of which the store has no product yet
	absent  map[string]bool  // neither
}

func newRelatedTable() *relatedTable {
	return &relatedTable{ids: make(map[string]int64), pending: make(map[string]bool), absent: make(map[string]bool)}
}

// learn notes a product that was found or made.
func (t *relatedTable) learn(sku string, id int64) {
	t.ids[foldKey(sku)] = id
	delete(t.pending, foldKey(sku))
}

// find returns the products of a document's list, and the SKUs that no product has yet.
func (t *relatedTable) find(skus any) (ids []int64, pending []string) {
	ids = []int64{}
	for _, sku := range texts(skus) {
		id, known := t.ids[foldKey(sku)]
		switch {
		case !known:
			pending = append(pending, sku)
		case !slices.Contains(ids, id):
			ids = append(ids, id)
		}
	}
	return ids, pending
}

// loadRelated finds the products that documents name, many in a request, and takes out of the
// documents those that neither the store nor the source has.
func (t *refTable) loadRelated(ctx context.Context, s *flow.Step, docs []mapping.Document) error {
	if t.related == nil || len(t.related.ids)+len(t.related.absent) > maxRelatedKnown {
		t.related = newRelatedTable()
	}
	want := make(map[string]string) // folded → as written
	for _, d := range docs {
		for _, sku := range texts(d[targetRelated]) {
			key := foldKey(sku)
			if _, known := t.related.ids[key]; !known && !t.related.pending[key] && !t.related.absent[key] {
				want[key] = sku
			}
		}
	}
	if len(want) > 0 {
		if err := t.findRelated(ctx, s, want); err != nil {
			return err
		}
	}
	for _, d := range docs {
		t.withoutAbsent(s, d)
	}
	return nil
}

// findRelated asks the store for SKUs, and looks in the run for those that it does not have.
func (t *refTable) findRelated(ctx context.Context, s *flow.Step, want map[string]string) error {
	c, err := s.Client(ctx)
	if err != nil {
		return err
	}
	found, err := productsBySKU(ctx, c, slices.Sorted(maps.Values(want)))
	if err != nil {
		return err
	}
	var left []string
	for key, sku := range want {
		if id := found[key]; id != 0 {
			t.related.learn(sku, id)
		} else {
			left = append(left, key)
		}
	}
	for keys := range slices.Chunk(left, pageSize) {
		var rows []string
		if err := s.DB().Scoped(ctx).Model(&tenants.RunItem{}).Where("run_id = ? AND key IN ?", s.Run().ID, keys).Pluck("key", &rows).Error; err != nil {
			return fmt.Errorf("products: rows of related products: %w", err)
		}
		for _, key := range keys {
			if slices.Contains(rows, key) {
				t.related.pending[key] = true
			} else {
				t.related.absent[key] = true
			}
		}
	}
	return nil
}

// productsBySKU returns the ids of products by their folded SKUs.
func productsBySKU(ctx context.Context, c *bigcommerce.Client, skus []string) (map[string]int64, error) {
	out := make(map[string]int64, len(skus))
	for _, f := range bigcommerce.SKULookups(skus) {
		f.IncludeFields = []string{"sku"}
		page, _, err := c.Products.ListPage(ctx, f, 1)
		if err != nil {
			return nil, err
		}
		for _, p := range page {
			out[foldKey(upsert.Text(p["sku"]))] = upsert.Int(p["id"])
		}
	}
	return out, nil
}

// withoutAbsent takes out of a document what is nowhere, and says so.
func (t *refTable) withoutAbsent(s *flow.Step, d mapping.Document) {
	list, has := d[targetRelated]
	if !has {
		return
	}
	var left []any
	skus := texts(list)
	for _, sku := range skus {
		if t.related.absent[foldKey(sku)] {
			t.unknownID(s, targetRelated, fmt.Sprintf("no product of this store or of this file has the SKU %s: it is left out of the related products", expression.Quote(sku)))
			continue
		}
		left = append(left, sku)
	}
	switch {
	case len(left) > 0:
		d[targetRelated] = left
	case len(skus) > 0: // what it names is nowhere, which is not to have none
		delete(d, targetRelated)
	}
}

// diffRelated compares the products that are shown beside one. BigCommerce shows [-1] where it
// picks them itself.
func (t *refTable) diffRelated(want, have any, shown bool) (c upsert.Change, differs bool) {
	var ids []int64
	pending := texts(want)
	if t.related != nil {
		ids, pending = t.related.find(want)
	}
	if shown && len(pending) == 0 && sameRelated(have, ids) {
		return upsert.Change{}, false
	}
	return upsert.Change{Field: targetRelated, Before: chosenRelated(have), After: want, Unknown: !shown, Route: routeRelated}, true
}

// sameRelated reports whether a product has these beside it. An empty list leaves the choice to
// BigCommerce.
func sameRelated(have any, ids []int64) bool {
	return upsert.SameSet(chosenRelated(have), ids)
}

// chosenRelated are those of a list that somebody chose.
func chosenRelated(list any) []int64 {
	return slices.DeleteFunc(upsert.Ints(list), func(id int64) bool { return id < 0 })
}

// updateRelated gives products those that are shown beside them. The ones that were made meanwhile
// are looked for first.
func (p products) updateRelated(ctx context.Context, c *bigcommerce.Client, w []upsert.Write) ([]upsert.Result, error) {
	var skus []string
	for _, x := range w {
		if _, ready := x.Fields[fieldRelated]; !ready {
			skus = append(skus, texts(x.Doc.Fields[targetRelated])...)
		}
	}
	found, err := productsBySKU(ctx, c, skus)
	if err != nil {
		return nil, err
	}
	table := newRelatedTable()
	table.ids = found
	out := make([]upsert.Result, len(w))
	var docs []bigcommerce.Fields
	var sent []upsert.Write
	var at []int
	for i, x := range w {
		out[i] = landed(x)
		ids, ready := x.Fields[fieldRelated]
		if !ready {
			known, missing := table.find(x.Doc.Fields[targetRelated])
			if ids = known; len(missing) > 0 {
				out[i].Partial = "the store has no product yet with the SKU " + strings.Join(missing, ", ") + ", which is to be shown beside it: run the sync again, comparing with the store"
			}
			if len(known) == 0 && len(missing) > 0 {
				continue
			}
		}
		x.Fields = bigcommerce.Fields{fieldRelated: ids}
		docs, sent, at = append(docs, bigcommerce.Fields{"id": x.ID, fieldRelated: ids}), append(sent, x), append(at, i)
	}
	if len(docs) == 0 {
		return out, nil
	}
	res, err := c.Products.Update(ctx, docs, fieldRelated)
	if err != nil {
		return nil, err
	}
	live := make([]upsert.Live, len(res.Data))
	for i, doc := range res.Data {
		live[i] = upsert.Live{ID: upsert.Int(doc["id"]), Fields: bigcommerce.Fields{fieldRelated: doc[fieldRelated]}}
	}
	for n, result := range upsert.BatchResults(p, sent, live, res.Errors, refusedField) {
		result.Partial = out[at[n]].Partial
		out[at[n]] = result
	}
	return out, nil
}

// texts are the items of a list of texts.
func texts(v any) (out []string) {
	list, _ := v.([]any)
	for _, item := range list {
		out = append(out, upsert.Text(item))
	}
	return out
}

// relatedSKUs reads the SKUs of a product's own rows: each once, and not its own.
func (a *assembly) relatedSKUs() {
	var out []any
	seen := map[string]bool{foldKey(upsert.Text(a.doc["sku"])): true}
	for i, p := range a.parts {
		if !a.tells(i) {
			continue
		}
		for _, cell := range texts(p.Fields[targetRelated]) {
			for _, sku := range strings.FieldsFunc(cell, func(r rune) bool { return r == ',' || r == ';' || r == '\n' || r == '\r' }) {
				if sku = expression.TrimText(sku); sku != "" && !seen[foldKey(sku)] {
					seen[foldKey(sku)] = true
					out = append(out, sku)
				}
			}
		}
	}
	if len(out) > maxRelated {
		a.fault(a.own, targetRelated, fmt.Sprintf("%d related products; Sluice writes %d of a product: name fewer", len(out), maxRelated), "")
	}
	if out != nil || a.cleared(targetRelated) {
		a.doc[targetRelated] = append([]any{}, out...)
	}
}
