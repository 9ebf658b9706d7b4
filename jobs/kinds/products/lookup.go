package products

import (
	"context"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// pageSize is the most products a page holds, hence the most ids or SKUs that a request can ask
// for.
const pageSize = bigcommerce.MaxPageSize

func (products) LookupBatch() int { return pageSize }

func (p products) Lookup(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, want []upsert.Want) (found []upsert.Live, left []upsert.Want, err error) {
	if len(want) == 0 {
		return nil, nil, nil
	}
	if want[0].ID != 0 {
		ids := make([]int64, len(want))
		for i, w := range want {
			ids[i] = w.ID
		}
		found, err = p.list(ctx, c, run, bigcommerce.ProductFilter{IDs: ids})
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
	have := make(map[string]bool, len(found))
	for _, l := range found {
		have[p.LiveKey(l).Folded] = true
	}
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
	return found, left, nil
}

// list returns the first page of the products that a filter finds.
func (p products) list(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, f bigcommerce.ProductFilter) ([]upsert.Live, error) {
	f.Limit, f.IncludeFields = pageSize, p.liveFields(run.Mapping)
	page, _, err := c.Products.ListPage(ctx, f, 1)
	return liveOf(page), err
}

func liveOf(page []bigcommerce.Fields) []upsert.Live {
	out := make([]upsert.Live, len(page))
	for i, p := range page {
		out[i] = upsert.Live{ID: upsert.Int(p["id"]), Fields: p}
	}
	return out
}

func (products) PageSize() int { return pageSize }

// Scan walks by id instead of by page number, which leaves no gap when products are deleted
// meanwhile.
func (p products) Scan(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, after int64) (live []upsert.Live, next int64, total int, err error) {
	page, at, err := c.Products.ListPage(ctx, bigcommerce.ProductFilter{
		IDGreater: after, Sort: "id", Direction: "asc", Limit: pageSize, IncludeFields: p.liveFields(run.Mapping),
	}, 1)
	if err != nil {
		return nil, 0, 0, err
	}
	live = liveOf(page)
	if len(live) > 0 && at.Total > len(live) {
		next = live[len(live)-1].ID
	}
	return live, next, at.Total, nil
}
