package prices

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

const (
	// pageSize is the most that a page of products, variants or records holds.
	pageSize = bigcommerce.MaxPageSize
	// alone is how many SKUs one Lookup asks for that are none of products: each takes a request, for
	// variants cannot be asked for by a list of SKUs.
	alone = 25
	// maxVariantPages is how many pages of products' variants one Lookup reads: quota that ends in the
	// middle has all of it done again.
	maxVariantPages = 20
)

func (prices) LookupBatch() int { return pageSize }

func (p prices) Lookup(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, want []upsert.Want) (found []upsert.Live, left []upsert.Want, err error) {
	switch {
	case len(want) == 0:
		return nil, nil, nil
	case want[0].ID == 0 && writesLists(run):
		return p.records(ctx, c, run, want)
	case want[0].ID == 0:
		return p.variants(ctx, c, run, want)
	case writesLists(run): // records have no id: their keys find them
		return nil, nil, nil
	}
	return p.variantsOf(ctx, c, want)
}

// variants looks for SKUs among products, whose base variants are only found so, and then among
// variants.
func (p prices) variants(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, want []upsert.Want) (found []upsert.Live, left []upsert.Want, err error) {
	skus := make([]string, len(want))
	for i, w := range want {
		skus[i] = w.Key
	}
	filter := bigcommerce.SKULookups(skus)[0]
	asked := map[string]bool{filter.SKU: true}
	for _, sku := range filter.SKUs {
		asked[sku] = true
	}
	products, err := p.products(ctx, c, run, filter)
	if err != nil {
		return nil, nil, err
	}
	known := make(map[string]bool, len(products))
	for _, l := range products {
		known[p.LiveKey(l).Folded] = true
		if l.ID != 0 {
			found = append(found, l)
		}
	}
	singly, stopped := 0, error(nil)
	for _, w := range want {
		switch {
		case asked[w.Key] && known[upsert.Fold(w.Key)]:
			continue // what a product with options is, Absent says
		case !asked[w.Key] || singly == alone || stopped != nil:
			left = append(left, w)
			continue
		}
		singly++
		page, _, err := c.Variants.ListPage(ctx, bigcommerce.VariantFilter{SKU: w.Key, IncludeFields: variantFields(run)}, 1)
		if err != nil { // what was found until then is not to be asked for again
			stopped, left = err, append(left, w)
			continue
		}
		found = append(found, liveVariants(page)...)
	}
	if len(left) == len(want) && stopped != nil {
		return nil, nil, stopped
	}
	return found, left, nil
}

// products returns what a filter finds as base variants. A product with options has none: its ID is
// 0.
func (prices) products(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, f bigcommerce.ProductFilter) ([]upsert.Live, error) {
	f.Limit, f.IncludeFields = pageSize, append([]string{targetSKU, "base_variant_id"}, mappedPrices(run.Mapping)...)
	page, _, err := c.Products.ListPage(ctx, f, 1)
	if err != nil {
		return nil, err
	}
	out := make([]upsert.Live, len(page))
	for i, fields := range page {
		product := upsert.Int(fields["id"])
		out[i] = upsert.Live{ID: upsert.Int(fields["base_variant_id"]), Parent: product, Ref: strconv.FormatInt(product, 10), Fields: fields}
	}
	return out, nil
}

// variantFields lists what is asked of variants: the mapped prices and what identifies one.
func variantFields(run *tenants.Run) []string {
	return append([]string{targetSKU, fieldParent}, mappedPrices(run.Mapping)...)
}

// liveVariants are variants as answers show them. Ref is the product's id, by which many are asked
// for at once.
func liveVariants(page []bigcommerce.Fields) []upsert.Live {
	out := make([]upsert.Live, len(page))
	for i, fields := range page {
		product := upsert.Int(fields[fieldParent])
		out[i] = upsert.Live{ID: upsert.Int(fields["id"]), Parent: product, Ref: strconv.FormatInt(product, 10), Fields: fields}
	}
	return out
}

// variantsOf looks variants up by the products that they are of.
func (prices) variantsOf(ctx context.Context, c *bigcommerce.Client, want []upsert.Want) (found []upsert.Live, left []upsert.Want, err error) {
	var products []int64
	have := make(map[string]bool, len(want))
	for _, w := range want {
		if id, err := strconv.ParseInt(w.Ref, 10, 64); err == nil && !have[w.Ref] {
			have[w.Ref] = true
			products = append(products, id)
		}
	}
	if len(products) == 0 {
		return nil, nil, nil
	}
	for page, pages := 1, 1; page <= min(pages, maxVariantPages); page++ {
		some, at, err := c.Variants.ListPage(ctx, bigcommerce.VariantFilter{ProductIDs: products}, page)
		if err != nil {
			return nil, nil, err
		}
		if n := len(products); page == 1 && at.TotalPages > maxVariantPages && n > 1 { // the first of them
			products, page = products[:max(n*maxVariantPages/at.TotalPages, 1)], 0
			continue
		}
		found, pages = append(found, liveVariants(some)...), at.TotalPages
	}
	for _, w := range want {
		if id, err := strconv.ParseInt(w.Ref, 10, 64); err == nil && !slices.Contains(products, id) {
			left = append(left, w)
		}
	}
	return found, left, nil
}

// records looks records of a price list up: of the first one that want names.
func (p prices) records(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, want []upsert.Want) (found []upsert.Live, left []upsert.Want, err error) {
	list := upsert.Text(want[0].Doc[targetList])
	id, err := p.lists.find(ctx, c, run, list)
	if err != nil {
		return nil, nil, err
	}
	var skus, currencies set
	costs := make(map[int64]any) // which records do not have
	for i, w := range want {
		sku, currency := upsert.Text(w.Doc[targetSKU]), upsert.Text(w.Doc[targetCurrency])
		moreSKUs, moreCurrencies := skus.with(sku), currencies.with(currency)
		switch {
		case i == 0: // a SKU that cannot be in a list goes alone
		case upsert.Fold(upsert.Text(w.Doc[targetList])) != upsert.Fold(list),
			!bigcommerce.ListableSKU(skus[0]), !bigcommerce.ListableSKU(sku),
			len(moreSKUs)*len(moreCurrencies) > pageSize, bigcommerce.SKUsPerLookup(moreSKUs) < len(moreSKUs):
			left = append(left, w)
			continue
		}
		skus, currencies = moreSKUs, moreCurrencies
		if cost, mapped := w.Doc[targetCost]; mapped {
			costs[recordID(p.Key(w.Doc))] = cost
		}
	}
	if id == 0 {
		return nil, left, nil
	}
	f := bigcommerce.PriceRecordFilter{SKUs: skus, Currencies: currencies}
	if !bigcommerce.ListableSKU(skus[0]) {
		f.SKU, f.SKUs = skus[0], nil
	}
	for page, pages := 1, 1; page <= pages; page++ {
		some, at, err := c.PriceLists.Records(ctx, id, f, page)
		var missing *bigcommerce.NotFoundError
		if errors.As(err, &missing) { // the list was deleted meanwhile: the write tells
			p.lists.forget(run, list)
			return nil, left, nil
		}
		if err != nil {
			return nil, nil, err
		}
		for _, fields := range some {
			fields[targetList], fields[fieldList] = list, id
			live := upsert.Live{Fields: fields}
			live.ID = recordID(p.LiveKey(live))
			if cost, known := costs[live.ID]; known {
				fields[targetCost] = cost
			}
			for _, name := range listPrices { // BigCommerce may leave out what is not set
				if _, shown := fields[name]; !shown {
					fields[name] = nil
				}
			}
			found = append(found, live)
		}
		pages = at.TotalPages
	}
	return found, left, nil
}

// set is texts, each of them once.
type set []string

func (s set) with(text string) set {
	if slices.Contains(s, text) {
		return s
	}
	return append(s[:len(s):len(s)], text)
}

// listIDs are the ids of price lists that runs of this process read. Losing one costs a request.
type listIDs struct {
	mu sync.Mutex
	of map[string]int64 // by run and folded name
}

// maxListIDs is how many are kept.
const maxListIDs = 200

func (l *listIDs) key(run *tenants.Run, name string) string { return run.ID + " " + upsert.Fold(name) }

// find returns the id of the price list with a name, 0 for none.
func (l *listIDs) find(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, name string) (int64, error) {
	l.mu.Lock()
	id, ok := l.of[l.key(run, name)]
	l.mu.Unlock()
	if ok {
		return id, nil
	}
	id, err := listNamed(ctx, c, name)
	if err != nil || id == 0 {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.of) >= maxListIDs {
		clear(l.of)
	}
	l.of[l.key(run, name)] = id
	return id, nil
}

func (l *listIDs) forget(run *tenants.Run, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.of, l.key(run, name))
}

// listNamed returns the id of the price list with a name, 0 for none.
func listNamed(ctx context.Context, c *bigcommerce.Client, name string) (int64, error) {
	for l, err := range c.PriceLists.List(ctx, bigcommerce.PriceListFilter{Name: name}) {
		if err != nil {
			return 0, err
		}
		if upsert.Fold(l.Name) == upsert.Fold(name) {
			return l.ID, nil
		}
	}
	return 0, nil
}

func (prices) PageSize() int { return pageSize }

// Scan reads all variants, by page: the description has no other order. What moves to another page
// meanwhile Absent finds. Records of price lists are not to be had so: there are others' lists, and
// their SKUs find them as cheaply.
func (prices) Scan(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, after int64) (live []upsert.Live, next int64, total int, err error) {
	if writesLists(run) {
		return nil, 1, math.MaxInt32, nil
	}
	page, at, err := c.Variants.ListPage(ctx, bigcommerce.VariantFilter{IncludeFields: variantFields(run)}, int(after)+1)
	if err != nil {
		return nil, 0, 0, err
	}
	if len(page) > 0 && at.CurrentPage < at.TotalPages {
		next = after + 1
	}
	return liveVariants(page), next, max(at.Total-int(after)*pageSize, 0), nil
}

const unknownSKU = "the store has no product or variant with this SKU: add it there, or correct the SKU at the source"

// Absent finds SKUs with a space before or after them, which filters tell from the plain ones, and
// tells those of products with options.
func (p prices) Absent(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, want []upsert.Want) ([]upsert.Absence, error) {
	out := make([]upsert.Absence, len(want))
	if writesLists(run) {
		for i, w := range want {
			out[i] = upsert.Absence{Live: &upsert.Live{ID: recordID(p.Key(w.Doc))}}
		}
		return out, nil
	}
	skus := make([]string, 0, 3*len(want))
	for _, w := range want {
		skus = append(skus, w.Key)
		if bigcommerce.ListableSKU(w.Key) {
			skus = append(skus, w.Key+" ", " "+w.Key)
		}
	}
	found := make(map[string]upsert.Live)
	for _, f := range bigcommerce.SKULookups(skus) {
		products, err := p.products(ctx, c, run, f)
		if err != nil {
			return nil, err
		}
		for _, l := range products {
			found[p.LiveKey(l).Folded] = l
		}
	}
	for i, w := range want {
		live, ok := found[upsert.Fold(w.Key)]
		switch {
		case !ok:
			out[i] = upsert.Absence{Field: targetSKU, Message: unknownSKU}
		case live.ID == 0:
			out[i] = upsert.Absence{Field: targetSKU, Message: "this is the SKU of product " + live.Ref + ", which has options, so that its variants have the prices: give the SKUs of the variants"}
		default:
			out[i] = upsert.Absence{Live: &live}
		}
	}
	return out, nil
}

// Remark is about a store's SKU with spaces around it.
func (prices) Remark(_ upsert.Doc, live upsert.Live) (field, message, value string) {
	sku := upsert.Text(live.Fields[targetSKU])
	if sku == strings.TrimSpace(sku) {
		return "", "", ""
	}
	return targetSKU, "the store's SKU has spaces around it, which hides it from look-ups: remove them in the control panel", sku
}
