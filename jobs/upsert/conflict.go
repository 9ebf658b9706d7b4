package upsert

import (
	"context"
	"fmt"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

// meet finds the product that a create's SKU belongs to.
func (w *creator) meet(ctx context.Context, x *sending, conflict error) {
	p, err := w.whoHas(ctx, x.doc.sku())
	if err == nil && p != nil {
		x.kind, x.answer = exists, p
		return
	}
	if err != nil {
		w.pipe.told(err)
		x.unanswered(err)
		if x.kind == lost {
			x.kind = unsent // the create itself was answered: it did not happen
		}
		return
	}
	id, err := w.variantOf(ctx, x.doc.sku())
	if err != nil {
		w.pipe.told(err)
		x.unanswered(err)
		if x.kind == lost {
			x.kind = unsent
		}
		return
	}
	x.kind, x.field = refused, "sku"
	if id != 0 {
		x.message = fmt.Sprintf("this SKU belongs to a variant of product %d in the store: change one of the SKUs", id)
		return
	}
	x.message = "BigCommerce says that this SKU is taken, but no product with it can be found: " + reason(conflict) + ". Look for it in the control panel, also with spaces before or after it"
}

// whoHas returns the product whose SKU is sku, however it is padded and whatever its letter case;
// nil if there is none. BigCommerce's filters tell "FOO" from "FOO ", its uniqueness does not.
func (w *creator) whoHas(ctx context.Context, sku string) (bigcommerce.Fields, error) {
	filters := []bigcommerce.ProductFilter{{SKU: sku}, {SKU: sku + " "}, {SKU: " " + sku}}
	if bigcommerce.ListableSKU(sku) {
		filters = append(filters, bigcommerce.ProductFilter{
			SKUs: []string{sku, sku + " ", " " + sku, " " + sku + " ", strings.ToUpper(sku), strings.ToLower(sku)},
		})
	}
	// However many spaces there are: a search does not compare whole values.
	filters = append(filters, bigcommerce.ProductFilter{Keyword: sku})
	for _, f := range filters {
		f.IncludeFields, f.Limit = w.include, pageSize
		live, _, err := w.client.Products.ListPage(ctx, f, 1)
		if err != nil {
			return nil, err
		}
		for _, p := range live {
			if foldKey(text(p["sku"])) == foldKey(sku) {
				return p, nil
			}
		}
	}
	// A simple product's SKU is also its base variant's.
	for v, err := range w.client.Variants.List(ctx, bigcommerce.VariantFilter{SKU: sku}) {
		if err != nil {
			return nil, err
		}
		if len(v.OptionValues) > 0 || foldKey(v.SKU) != foldKey(sku) {
			continue
		}
		f := bigcommerce.ProductFilter{IDs: []int64{v.ProductID}, IncludeFields: w.include}
		live, _, err := w.client.Products.ListPage(ctx, f, 1)
		if err != nil {
			return nil, err
		}
		if len(live) > 0 {
			return live[0], nil
		}
	}
	return nil, nil
}

// variantOf returns the product one of whose variants has sku, 0 if there is none.
func (w *creator) variantOf(ctx context.Context, sku string) (int64, error) {
	for v, err := range w.client.Variants.List(ctx, bigcommerce.VariantFilter{SKU: sku}) {
		if err != nil {
			return 0, err
		}
		if foldKey(v.SKU) == foldKey(sku) {
			return v.ProductID, nil
		}
	}
	return 0, nil
}

// warnPadded warns about a store's SKU with spaces around it, which the update mends.
func (s *step) warnPadded(item tenants.RunItem, d itemDoc, live bigcommerce.Fields) {
	if sku := text(live["sku"]); sku != strings.TrimSpace(sku) {
		s.Warn(item.Line, d.sku(), "sku", fmt.Sprintf("the store's SKU %q has spaces around it, which hides the product from exact look-ups: it is written as %q", sku, d.sku()), sku)
	}
}
