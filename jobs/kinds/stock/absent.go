package stock

import (
	"context"
	"fmt"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

const (
	unknownItem = "the store has no product and no variant with this SKU: create it there, or correct the SKU at the source"
	notTracked  = "the product does not track its stock, so there is nothing to set: switch tracking on in the control panel, or let the sync do it"

	// maxVariantLookups is how many SKUs of one batch are looked for among variants that are no items,
	// which takes a request each.
	maxVariantLookups = 25
)

// Absent looks for SKUs that are no items: with spaces around them, or of products that do not
// track their stock.
func (s stock) Absent(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, want []upsert.Want) ([]upsert.Absence, error) {
	out := make([]upsert.Absence, len(want))
	bySKU := make(map[string][]int)
	var skus, padded []string
	for i, w := range want {
		sku := skuOf(w)
		if bySKU[upsert.Fold(sku)] == nil {
			skus = append(skus, sku)
			padded = append(padded, sku, sku+" ", " "+sku)
		}
		bySKU[upsert.Fold(sku)] = append(bySKU[upsert.Fold(sku)], i)
	}
	if err := s.padded(ctx, c, want, padded, bySKU, out); err != nil {
		return nil, err
	}
	found, err := inCatalogue(ctx, c, padded)
	if err != nil {
		return nil, err
	}
	asked := 0
	for _, sku := range skus {
		for _, i := range bySKU[upsert.Fold(sku)] {
			if out[i].Live != nil {
				continue
			}
			owner, ok := found[upsert.Fold(sku)]
			if !ok && asked < maxVariantLookups {
				asked++
				if owner, ok, err = variantOf(ctx, c, sku); err != nil {
					return nil, err
				}
				found[upsert.Fold(sku)] = owner
			}
			out[i] = absence(run, want[i], owner, asked >= maxVariantLookups && !ok)
		}
	}
	return out, nil
}

// padded fills in what items there are of SKUs with and without spaces around them.
func (s stock) padded(ctx context.Context, c *bigcommerce.Client, want []upsert.Want, skus []string, bySKU map[string][]int, out []upsert.Absence) error {
	var listable []string
	for _, sku := range skus {
		if bigcommerce.ListableSKU(sku) {
			listable = append(listable, sku)
		}
	}
	for len(listable) > 0 {
		n := bigcommerce.SKUsPerLookup(listable)
		page, _, err := levels(ctx, c, bigcommerce.InventoryFilter{SKUs: listable[:n]}, 1)
		if err != nil {
			return err
		}
		listable = listable[n:]
		for _, l := range page {
			for _, i := range bySKU[upsert.Fold(upsert.Text(l.Fields[targetSKU]))] {
				if s.Key(want[i].Doc).Folded == s.LiveKey(l).Folded {
					out[i].Live = &l
				}
			}
		}
	}
	return nil
}

// owner is what has a SKU in the catalogue: a product, or a variant of one. Its zero value is
// nothing.
type owner struct {
	product, variant int64 // variant: the base variant of a product
	sku              string
	tracking         string // of the product; "" if it is not known
	option           bool   // a variant with options
	options          bool   // a product with variants, whose own SKU it is
}

// inCatalogue returns the products that have SKUs, by folded SKU.
func inCatalogue(ctx context.Context, c *bigcommerce.Client, skus []string) (map[string]owner, error) {
	found := make(map[string]owner)
	for _, f := range bigcommerce.SKULookups(skus) {
		f.Limit, f.IncludeFields = bigcommerce.MaxPageSize, []string{"sku", fieldTracking, "base_variant_id"}
		page, _, err := c.Products.ListPage(ctx, f, 1)
		if err != nil {
			return nil, err
		}
		for _, p := range page {
			o := owner{product: upsert.Int(p["id"]), variant: upsert.Int(p["base_variant_id"]), sku: upsert.Text(p["sku"]), tracking: upsert.Text(p[fieldTracking])}
			o.options = o.variant == 0
			found[upsert.Fold(o.sku)] = o
		}
	}
	return found, nil
}

// variantOf looks for a variant with a SKU.
func variantOf(ctx context.Context, c *bigcommerce.Client, sku string) (owner, bool, error) {
	page, _, err := c.Variants.ListPage(ctx, bigcommerce.VariantFilter{SKU: sku, IncludeFields: []string{"product_id", "sku", "option_values"}}, 1)
	if err != nil || len(page) == 0 {
		return owner{}, false, err
	}
	v := page[0]
	values, _ := v["option_values"].([]any)
	o := owner{product: upsert.Int(v["product_id"]), variant: upsert.Int(v["id"]), sku: upsert.Text(v["sku"]), option: len(values) > 0}
	products, _, err := c.Products.ListPage(ctx, bigcommerce.ProductFilter{IDs: []int64{o.product}, IncludeFields: []string{fieldTracking}}, 1)
	if err != nil {
		return owner{}, false, err
	}
	if len(products) == 1 {
		o.tracking = upsert.Text(products[0][fieldTracking])
	}
	return o, true, nil
}

// absence is what follows from who has the SKU of a level that is none. unsure says that not every
// variant was asked for.
func absence(run *tenants.Run, w upsert.Want, o owner, unsure bool) upsert.Absence {
	refused := upsert.Absence{Field: targetSKU}
	switches := run.Options.Text(optionTracking) == trackingSwitch
	switch {
	case o.product == 0 && unsure:
		refused.Message = "the store has no stock of this SKU: there is no product with it, and either no variant or one that does not track its stock"
	case o.product == 0:
		refused.Message = unknownItem
	case o.tracking == trackingNone && !switches:
		refused.Message = notTracked
	case o.options && o.tracking != trackingProduct:
		refused.Message = "this is the SKU of a product with variants, each of which has its own stock: give the variants' SKUs"
	case o.option && o.tracking == trackingProduct:
		refused.Message = "the store counts the stock of the whole product, not of this variant: give the product's SKU, or have the product track its stock by variant"
	default:
		live := liveOf(o.identity(), upsert.Int(w.Doc[fieldLocation]))
		if o.tracking == trackingNone {
			live.Fields[fieldTracking] = trackingNone
		}
		return upsert.Absence{Live: &live}
	}
	return refused
}

// identity is what the item of an owner is, or would be once its stock is tracked.
func (o owner) identity() bigcommerce.InventoryIdentity {
	id := bigcommerce.InventoryIdentity{SKU: strings.TrimSpace(o.sku), VariantID: o.variant, ProductID: o.product}
	if o.option {
		id.SKUID = &o.variant
	}
	return id
}

// Remark names a product that tracks its stock from now on, and a store's SKU with spaces around
// it.
func (stock) Remark(_ upsert.Doc, live upsert.Live) (field, message, value string) {
	sku := upsert.Text(live.Fields[targetSKU])
	switch {
	case upsert.Text(live.Fields[fieldTracking]) == trackingNone:
		return targetSKU, "the product does not track its stock: the sync switches that on", sku
	case sku != strings.TrimSpace(sku):
		return targetSKU, fmt.Sprintf("the store's SKU %q has spaces around it, which hides it from exact look-ups: correct it there", sku), sku
	}
	return "", "", ""
}
