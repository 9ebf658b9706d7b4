package stock

import (
	"context"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// lookupBatch is how many levels a look-up asks for: their SKUs have to fit into a URL.
const lookupBatch = 250

func (stock) LookupBatch() int { return lookupBatch }

// Lookup asks for items, each of which comes with its levels at all locations.
func (stock) Lookup(ctx context.Context, c *bigcommerce.Client, _ *tenants.Run, want []upsert.Want) (found []upsert.Live, left []upsert.Want, err error) {
	if len(want) == 0 {
		return nil, nil, nil
	}
	var filter bigcommerce.InventoryFilter
	if want[0].ID != 0 {
		filter, left = filterOfIDs(want)
	} else {
		filter, left = filterOfSKUs(want)
	}
	if len(filter.SKUs)+len(filter.VariantIDs)+len(filter.ProductIDs) == 0 {
		return nil, left, nil // a SKU that no filter takes: Absent looks for it
	}
	found, _, err = levels(ctx, c, filter, 1)
	return found, left, err
}

// filterOfIDs asks for items by the id that the first of want is known by.
func filterOfIDs(want []upsert.Want) (f bigcommerce.InventoryFilter, left []upsert.Want) {
	first, _ := addressOf(want[0].Ref)
	asked := make(map[int64]bool)
	for _, w := range want {
		address, _ := addressOf(w.Ref)
		if (address == whole) != (first == whole) {
			left = append(left, w)
			continue
		}
		if asked[w.ID] {
			continue
		}
		asked[w.ID] = true
		if address == whole {
			f.ProductIDs = append(f.ProductIDs, w.ID)
		} else {
			f.VariantIDs = append(f.VariantIDs, w.ID)
		}
	}
	return f, left
}

// filterOfSKUs asks for as many SKUs as fit.
func filterOfSKUs(want []upsert.Want) (f bigcommerce.InventoryFilter, left []upsert.Want) {
	var skus []string
	seen := make(map[string]bool)
	for _, w := range want {
		if sku := skuOf(w); !seen[sku] && bigcommerce.ListableSKU(sku) {
			seen[sku] = true
			skus = append(skus, sku)
		}
	}
	if len(skus) == 0 {
		return f, nil
	}
	f.SKUs = skus[:bigcommerce.SKUsPerLookup(skus)]
	asked := make(map[string]bool, len(f.SKUs))
	for _, sku := range f.SKUs {
		asked[sku] = true
	}
	for _, w := range want {
		if sku := skuOf(w); seen[sku] && !asked[sku] {
			left = append(left, w)
		}
	}
	return f, left
}

func skuOf(w upsert.Want) string { return strings.TrimSpace(upsert.Text(w.Doc[targetSKU])) }

func (stock) PageSize() int { return bigcommerce.MaxInventoryPage }

// Scan walks by page number: the list takes no other position. What a deletion moves from one page
// to the one before is found by Absent.
func (stock) Scan(ctx context.Context, c *bigcommerce.Client, _ *tenants.Run, after int64) (live []upsert.Live, next int64, total int, err error) {
	live, at, err := levels(ctx, c, bigcommerce.InventoryFilter{}, int(after)+1)
	if err != nil {
		return nil, 0, 0, err
	}
	if int(after)+1 < at.TotalPages {
		next = after + 1
	}
	return live, next, at.Total, nil
}

func levels(ctx context.Context, c *bigcommerce.Client, f bigcommerce.InventoryFilter, page int) ([]upsert.Live, bigcommerce.Pagination, error) {
	items, at, err := c.Inventory.Items(ctx, f, page)
	if err != nil {
		return nil, at, err
	}
	out := make([]upsert.Live, 0, len(items))
	for _, item := range items {
		for _, l := range item.Locations {
			live := liveOf(item.Identity, l.LocationID)
			live.Fields[targetQuantity], live.Fields[targetSafety] = l.OnHand, l.Settings.SafetyStock
			live.Fields[targetWarning], live.Fields[targetBin] = l.Settings.WarningLevel, l.Settings.BinPickingNumber
			out = append(out, live)
		}
	}
	return out, at, nil
}

// liveOf is a level of which only the item and the location are known.
func liveOf(id bigcommerce.InventoryIdentity, location int64) upsert.Live {
	address := byVariant
	switch {
	case id.VariantID == 0:
		address = whole
	case id.SKUID == nil && id.ProductID == 0:
		address = byBaseVariant
	case id.SKUID == nil:
		address = byProduct
	}
	live := upsert.Live{ID: id.VariantID, Parent: id.ProductID, Ref: refOf(address, location)}
	if address == whole {
		live.ID = id.ProductID
	}
	live.Fields = bigcommerce.Fields{targetSKU: id.SKU, fieldLocation: location}
	return live
}
