package products

import (
	"context"
	"errors"
	"slices"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
)

const (
	// defaultLocation is the store's default location: each store has it, and its stock is what a
	// product's inventory_level is.
	defaultLocation = 1
	// stockReason is what BigCommerce's history of stock shows of our writes.
	stockReason = "Sluice"
)

// updateStock sets the stock of products and of variants at the default location, all or nothing:
// what is refused is told, and the rest is sent again.
func updateStock(ctx context.Context, c *bigcommerce.Client, w []upsert.Write) ([]upsert.Result, error) {
	out := make([]upsert.Result, len(w))
	var items []bigcommerce.Adjustment
	var owner []int // of items: which of w
	for i, x := range w {
		out[i] = landed(x)
		for _, change := range x.Changes {
			id := bigcommerce.StockIdentity{VariantID: change.Child}
			if change.Child == 0 {
				id.ProductID = x.ID
			}
			items = append(items, bigcommerce.Adjustment{LocationID: defaultLocation, StockIdentity: id, Quantity: upsert.Int(change.After)})
			owner = append(owner, i)
		}
	}
	for from := 0; from < len(items); from += bigcommerce.MaxInventoryBatch {
		to := min(from+bigcommerce.MaxInventoryBatch, len(items))
		got, err := c.Inventory.SetAbsolute(ctx, stockReason, items[from:to])
		var forbidden *bigcommerce.ForbiddenError
		if errors.As(err, &forbidden) {
			return stockOfCatalogue(ctx, c, w)
		}
		if err != nil {
			return nil, err
		}
		for n, result := range got {
			i := owner[from+n]
			switch {
			case out[i].State == upsert.Refused:
			case result.State == bigcommerce.StockRefused:
				out[i] = refusedStock(w[i], result)
			case result.State == bigcommerce.StockUnsaved:
				out[i] = upsert.Result{State: upsert.Again}
			}
		}
	}
	return out, nil
}

// stockOfCatalogue sets stock in a store that was installed before Sluice asked for permission to
// write the inventory, and whose owner has not accepted it since.
func stockOfCatalogue(ctx context.Context, c *bigcommerce.Client, w []upsert.Write) ([]upsert.Result, error) {
	out := make([]upsert.Result, len(w))
	var products, variants []bigcommerce.Fields
	owner := make(map[int64]int) // of products and variants, whose ids are below 0 here: which of w
	for i, x := range w {
		out[i] = landed(x)
		for _, change := range x.Changes {
			doc := bigcommerce.Fields{"id": x.ID, fieldLevel: change.After}
			if change.Child == 0 {
				products, owner[x.ID] = append(products, doc), i
				continue
			}
			doc["id"] = change.Child
			variants, owner[-change.Child] = append(variants, doc), i
		}
	}
	put := func(docs []bigcommerce.Fields, sign int64, send func() (bigcommerce.BatchResult, error)) error {
		res, err := send()
		if err != nil || len(res.Errors) == 0 {
			return err
		}
		shown := make(map[int64]bool, len(res.Data))
		for _, d := range res.Data {
			shown[upsert.Int(d["id"])] = true
		}
		for _, doc := range docs {
			switch i := owner[sign*upsert.Int(doc["id"])]; {
			case shown[upsert.Int(doc["id"])]:
			case len(w) > 1:
				out[i] = upsert.Result{State: upsert.Unsure}
			default:
				out[i] = upsert.Result{State: upsert.Refused, Field: w[i].Changes[0].Field, Message: "BigCommerce refused it: " + upsert.Explain(res.Errors[0].Title, res.Errors[0].Fields)}
			}
		}
		return nil
	}
	for batch := range slices.Chunk(products, bigcommerce.MaxProductsPerUpdate) {
		if err := put(batch, 1, func() (bigcommerce.BatchResult, error) { return c.Products.Update(ctx, batch, fieldLevel) }); err != nil {
			return nil, err
		}
	}
	for batch := range slices.Chunk(variants, bigcommerce.MaxVariantsPerUpdate) {
		if err := put(batch, -1, func() (bigcommerce.BatchResult, error) { return c.Variants.Update(ctx, batch) }); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// refusedStock says why BigCommerce did not take a product's stock.
func refusedStock(w upsert.Write, refusal bigcommerce.StockResult) upsert.Result {
	out := upsert.Result{State: upsert.Refused, Field: w.Changes[0].Field}
	switch refusal.Cause {
	case bigcommerce.StockItemUnknown:
		return upsert.Result{State: upsert.Gone}
	case bigcommerce.StockByProduct:
		out.Message = "the store counts the stock of the whole product, not of its variants: give the product's SKU, or have the product track its stock by variant"
	case bigcommerce.StockByVariant:
		out.Message = "the store counts the stock of each variant of this product: give the variants' SKUs"
	case bigcommerce.StockNotTracked:
		out.Message = "the product does not track its stock, so there is nothing to set: switch tracking on in the control panel"
	case bigcommerce.StockLocationUnknown, bigcommerce.StockLocationDisabled:
		out.Message = "the stock of the store's default location cannot be changed: enable it in the control panel, then retry the record"
	default:
		out.Message = "BigCommerce refused it: " + refusal.Title
	}
	return out
}
