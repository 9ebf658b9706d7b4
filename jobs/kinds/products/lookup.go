package products

import (
	"context"
	"errors"
	"maps"
	"slices"

	"sluice/internal/bigcommerce"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// pageSize is the most products a page holds, hence the most ids or SKUs that a request can ask
// for.
const pageSize = bigcommerce.MaxPageSize

// fewProducts is how many are asked for where the variants of pageSize make too large an answer.
const fewProducts = 25

func (products) LookupBatch() int { return pageSize }

func (p products) Lookup(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, want []upsert.Want) (found []upsert.Live, left []upsert.Want, err error) {
	if len(want) == 0 {
		return nil, nil, nil
	}
	if want[0].ID != 0 {
		found, err = p.known(ctx, c, run, want)
		return found, nil, err
	}
	skus := make([]string, len(want))
	for i, w := range want {
		skus[i] = w.Key
	}
	filter := bigcommerce.SKULookups(skus)[0]
	asked := map[string]bool{filter.SKU: true}
	for _, sku := range filter.SKUs {
		asked[sku] = true
	}
	if found, err = p.list(ctx, c, run, filter); err != nil {
		return nil, nil, err
	}
	have := keysOf(p, found)
	// Filters tell a SKU with a space before or after it from the plain one, but a create would meet
	// it. Looking for those costs a hundredth of the creates it is for.
	var padded []string
	for _, w := range want {
		switch {
		case !asked[w.Key]:
			left = append(left, w)
		case !have[foldKey(w.Key)] && bigcommerce.ListableSKU(w.Key):
			padded = append(padded, w.Key+" ", " "+w.Key)
		}
	}
	for _, f := range bigcommerce.SKULookups(padded) {
		part, err := p.list(ctx, c, run, f)
		if err != nil {
			return nil, nil, err
		}
		found = append(found, part...)
	}
	have = keysOf(p, found)
	var absent []upsert.Want
	for _, w := range want {
		if asked[w.Key] && !have[foldKey(w.Key)] {
			absent = append(absent, w)
		}
	}
	variants, more, err := p.amongVariants(ctx, c, run, absent)
	return append(found, variants...), append(left, more...), err
}

func keysOf(p products, live []upsert.Live) map[string]bool {
	out := make(map[string]bool, len(live))
	for _, l := range live {
		out[p.LiveKey(l).Folded] = true
	}
	return out
}

// known looks up records by their ids: products, and variants by their products.
func (p products) known(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, want []upsert.Want) ([]upsert.Live, error) {
	var ids []int64
	refs := make(map[string]bool)
	for _, w := range want {
		if w.Ref != "" {
			refs[w.Ref] = true
		}
		if !slices.Contains(ids, w.ID) {
			ids = append(ids, w.ID)
		}
	}
	f := bigcommerce.ProductFilter{IDs: ids}
	if len(refs) > 0 {
		f.Include = []string{fieldVariants}
	}
	page, err := p.page(ctx, c, run, f)
	if errors.Is(err, bigcommerce.ErrAnswerTooLarge) {
		page, err = nil, nil
		for few := range slices.Chunk(ids, fewProducts) {
			f.IDs = few
			part, err := p.page(ctx, c, run, f)
			if err != nil {
				return nil, err
			}
			page = append(page, part...)
		}
	}
	if err != nil {
		return nil, err
	}
	variants := slices.DeleteFunc(variantLives(page, p.Kept(run.Mapping)), func(l upsert.Live) bool { return !refs[l.Ref] })
	return append(p.liveOf(page, run.Mapping), variants...), nil
}

// Variants cannot be asked for by a list of SKUs: each takes a request. A create of one that a
// variant has says so, which takes no more; so only some are asked for, to find out whether the
// rows are about variants. Then, and of rows that no product can be made of, alone are asked for,
// and how much that took tells the engine whether reading all products is cheaper.
const (
	probes    = 2
	askedFor  = 25
	leastNeed = 4 // what BigCommerce requires to make a product: name, type, weight and price
)

// amongVariants looks for SKUs that no product has.
func (p products) amongVariants(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, want []upsert.Want) (found []upsert.Live, left []upsert.Want, err error) {
	asked, met := 0, false
	for _, w := range want {
		if hasParts(w.Doc) && w.Doc[fieldVariants] != nil || creates(w.Doc) && !met && asked >= probes {
			continue
		}
		if asked >= askedFor {
			left = append(left, w)
			continue
		}
		asked++
		live, err := p.variant(ctx, c, run, w.Key)
		if err != nil {
			return nil, nil, err
		}
		if live != nil {
			found, met = append(found, *live), true
		}
	}
	return found, left, nil
}

// creates reports whether a document has what BigCommerce requires to make a product.
func creates(d mapping.Document) bool {
	n := 0
	for _, f := range []string{"name", "type", "weight", "price"} {
		if d[f] != nil {
			n++
		}
	}
	return n == leastNeed
}

// variant returns the variant with options that has a SKU; nil if there is none.
func (p products) variant(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, sku string) (*upsert.Live, error) {
	page, _, err := c.Variants.ListPage(ctx, bigcommerce.VariantFilter{SKU: sku}, 1)
	if err != nil {
		return nil, err
	}
	for _, v := range page {
		if foldKey(upsert.Text(v["sku"])) != foldKey(sku) || !hasOptions(v) {
			continue
		}
		product := []bigcommerce.Fields{{"id": v["product_id"]}}
		if hasTarget(run.Mapping, fieldLevel) { // which of the two has the stock, the product says
			product, _, err = c.Products.ListPage(ctx, bigcommerce.ProductFilter{IDs: []int64{upsert.Int(v["product_id"])}, IncludeFields: []string{fieldTracking}}, 1)
			if err != nil || len(product) == 0 {
				return nil, err
			}
		}
		product[0][fieldVariants] = []any{v}
		for _, live := range variantLives(product, p.Kept(run.Mapping)) {
			return &live, nil
		}
	}
	return nil, nil //nolint:nilnil // as said
}

// list returns the first page of the products that a filter finds.
func (p products) list(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, f bigcommerce.ProductFilter) ([]upsert.Live, error) {
	page, err := p.page(ctx, c, run, f)
	return p.liveOf(page, run.Mapping), err
}

// page asks for products with what the match looks at.
func (p products) page(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, f bigcommerce.ProductFilter) ([]bigcommerce.Fields, error) {
	f.Limit, f.IncludeFields = pageSize, p.liveFields(run.Mapping)
	for _, name := range p.includes(run.Mapping) {
		if !slices.Contains(f.Include, name) {
			f.Include = append(f.Include, name)
		}
	}
	if len(f.Include) > 0 && f.IncludeFields != nil && !slices.Contains(f.IncludeFields, fieldTracking) {
		f.IncludeFields = append(f.IncludeFields, fieldTracking)
	}
	page, _, err := c.Products.ListPage(ctx, f, 1)
	return page, err
}

// liveOf is products as records. What is not compared of their parts is left out.
func (products) liveOf(page []bigcommerce.Fields, m tenants.Mapping) []upsert.Live {
	out, fields := make([]upsert.Live, len(page)), variantFieldsOf(m)
	for i, p := range page {
		out[i] = upsert.Live{ID: upsert.Int(p["id"]), Fields: trim(maps.Clone(p), fields)}
	}
	return out
}

func (products) PageSize() int { return pageSize }

// Scan walks by id instead of by page number, which leaves no gap when products are deleted
// meanwhile. A SKU may be a variant's, so that variants come along.
func (p products) Scan(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, after int64) (live []upsert.Live, next int64, total int, err error) {
	f := bigcommerce.ProductFilter{IDGreater: after, Sort: "id", Direction: "asc", Limit: pageSize, IncludeFields: p.liveFields(run.Mapping), Include: p.includes(run.Mapping)}
	if !slices.Contains(f.Include, fieldVariants) {
		f.Include = append(f.Include, fieldVariants)
	}
	if f.IncludeFields != nil && !slices.Contains(f.IncludeFields, fieldTracking) {
		f.IncludeFields = append(f.IncludeFields, fieldTracking)
	}
	page, at, err := c.Products.ListPage(ctx, f, 1)
	if errors.Is(err, bigcommerce.ErrAnswerTooLarge) {
		f.Limit = fewProducts
		page, at, err = c.Products.ListPage(ctx, f, 1)
	}
	if err != nil {
		return nil, 0, 0, err
	}
	live = append(p.liveOf(page, run.Mapping), variantLives(page, p.Kept(run.Mapping))...)
	if len(page) > 0 && at.Total > len(page) {
		next = upsert.Int(page[len(page)-1]["id"])
	}
	return live, next, at.Total, nil
}
