package stock

import (
	"context"
	"errors"
	"slices"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// Routes, as Change has them.
const (
	routeTracking = "tracking"
	routeStock    = "stock"
	routeSettings = "settings"
)

// Values of a product's inventory_tracking.
const (
	trackingNone    = "none"
	trackingProduct = "product"
	trackingVariant = "variant"
)

// reason is what BigCommerce's history of a level shows of our writes.
const reason = "Sluice"

// Routes: BigCommerce asks that the inventory is not written at the same time as anything else in
// bulk, and at one location after the other.
func (stock) Routes() []upsert.Route {
	return []upsert.Route{
		{Name: routeTracking, Batch: bigcommerce.MaxProductsPerUpdate, Blind: true}, // it shows a product, and no level
		{Name: routeStock, Batch: bigcommerce.MaxInventoryBatch, Serial: true, Blind: true},
		{Name: routeSettings, Batch: bigcommerce.MaxInventoryBatch, Serial: true, Blind: true, Group: func(w upsert.Write) string {
			_, location := addressOf(w.Ref)
			return placeOf(location)
		}},
	}
}

func (s stock) Update(ctx context.Context, c *bigcommerce.Client, _ *tenants.Run, route string, w []upsert.Write) ([]upsert.Result, error) {
	switch route {
	case routeTracking:
		return track(ctx, c, w)
	case routeSettings:
		return set(ctx, c, w)
	}
	order := make([]int, len(w)) // of the request, grouped by location
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(locationOf(w[a]) - locationOf(w[b])) })
	items := make([]bigcommerce.Adjustment, len(w))
	for n, i := range order {
		items[n] = adjustment(w[i])
	}
	got, err := c.Inventory.SetAbsolute(ctx, reason, items)
	if err != nil {
		return nil, err
	}
	if n := onlyRefused(got); n >= 0 && len(w) > maxOneByOne && w[0].Resent >= maxResent {
		return judged(ctx, c, w, order[n], got[n])
	}
	return results(w, order, got), nil
}

// onlyRefused is the place of the one item of a request that was refused; -1 if none was, or more.
func onlyRefused(got []bigcommerce.StockResult) int {
	only := -1
	for i, r := range got {
		if r.State != bigcommerce.StockRefused {
			continue
		}
		if only >= 0 {
			return -1
		}
		only = i
	}
	return only
}

// Where titles name no more than the first of the items that are refused, a batch may be sent again
// for each of its items. One of more than maxOneByOne items is so maxResent times; then its
// products are looked at, 250 in a request.
const (
	maxOneByOne = 50
	maxResent   = 3
)

// judged tells what became of a refused batch of which the title names one item, by how its
// products track their stock.
func judged(ctx context.Context, c *bigcommerce.Client, w []upsert.Write, named int, refusal bigcommerce.StockResult) ([]upsert.Result, error) {
	var ids []int64
	tracking := make(map[int64]string) // "" for a product that is gone
	for _, x := range w {
		if _, asked := tracking[x.Parent]; !asked {
			tracking[x.Parent] = ""
			ids = append(ids, x.Parent)
		}
	}
	for part := range slices.Chunk(ids, bigcommerce.MaxPageSize) {
		page, _, err := c.Products.ListPage(ctx, bigcommerce.ProductFilter{IDs: part, IncludeFields: []string{fieldTracking}, Limit: bigcommerce.MaxPageSize}, 1)
		if err != nil {
			return nil, err
		}
		for _, p := range page {
			tracking[upsert.Int(p["id"])] = upsert.Text(p[fieldTracking])
		}
	}
	out := make([]upsert.Result, len(w))
	for i, x := range w {
		address, _ := addressOf(x.Ref)
		out[i] = upsert.Result{State: upsert.Again}
		switch how := tracking[x.Parent]; {
		case i == named:
			out[i] = concluded(x, refusal)
		case x.Parent == 0: // its product is not known
		case how == "":
			out[i] = concluded(x, bigcommerce.StockResult{Cause: bigcommerce.StockItemUnknown})
		case how == trackingNone:
			out[i] = concluded(x, bigcommerce.StockResult{Cause: bigcommerce.StockNotTracked})
		case how == trackingVariant && address == byProduct:
			out[i] = concluded(x, bigcommerce.StockResult{Cause: bigcommerce.StockByVariant})
		case how == trackingProduct && (address == byBaseVariant || address == byVariant):
			out[i] = concluded(x, bigcommerce.StockResult{Cause: bigcommerce.StockByProduct})
		}
	}
	return out, nil
}

func locationOf(w upsert.Write) int64 {
	_, location := addressOf(w.Ref)
	return location
}

func adjustment(w upsert.Write) bigcommerce.Adjustment {
	return bigcommerce.Adjustment{LocationID: locationOf(w), StockIdentity: identity(w), Quantity: upsert.Int(w.Fields[targetQuantity])}
}

// identity is how BigCommerce is told which item a write is about.
func identity(w upsert.Write) bigcommerce.StockIdentity {
	switch address, _ := addressOf(w.Ref); address {
	case byProduct:
		return bigcommerce.StockIdentity{ProductID: w.Parent}
	case whole:
		return bigcommerce.StockIdentity{ProductID: w.ID}
	}
	return bigcommerce.StockIdentity{VariantID: w.ID}
}

// set writes settings of one location.
func set(ctx context.Context, c *bigcommerce.Client, w []upsert.Write) ([]upsert.Result, error) {
	order := make([]int, len(w))
	settings := make([]bigcommerce.StockSetting, len(w))
	for i, x := range w {
		order[i] = i
		settings[i] = bigcommerce.StockSetting{Identity: identity(x)}
		if v, mapped := x.Fields[targetSafety]; mapped {
			n := upsert.Int(v)
			settings[i].SafetyStock = &n
		}
		if v, mapped := x.Fields[targetWarning]; mapped {
			n := upsert.Int(v)
			settings[i].WarningLevel = &n
		}
		if v, mapped := x.Fields[targetBin]; mapped {
			text := upsert.Text(v)
			settings[i].BinPickingNumber = &text
		}
	}
	got, err := c.Inventory.SetSettings(ctx, locationOf(w[0]), settings)
	if err != nil {
		return nil, err
	}
	return results(w, order, got), nil
}

// results tells what became of a request that sent w in the given order.
func results(w []upsert.Write, order []int, got []bigcommerce.StockResult) []upsert.Result {
	out := make([]upsert.Result, len(w))
	for n, i := range order {
		switch x := w[i]; got[n].State {
		case bigcommerce.StockAccepted:
			out[i] = upsert.Result{State: upsert.Landed, Live: upsert.Live{ID: x.ID, Parent: x.Parent, Ref: x.Ref}}
		case bigcommerce.StockRefused:
			out[i] = concluded(x, got[n])
		default:
			out[i] = upsert.Result{State: upsert.Again}
		}
	}
	return out
}

// concluded is what the refusal of an item means: it goes by its other name, or is refused.
func concluded(w upsert.Write, refusal bigcommerce.StockResult) upsert.Result {
	address, location := addressOf(w.Ref)
	refused := upsert.Result{State: upsert.Refused, Field: targetSKU, Certain: true}
	switch refusal.Cause {
	case bigcommerce.StockByProduct:
		if address == byBaseVariant && w.Parent != 0 {
			return upsert.Result{State: upsert.Again, Live: upsert.Live{Ref: refOf(byProduct, location)}}
		}
		refused.Message = "the store counts the stock of the whole product, not of this variant: give the product's SKU, or have the product track its stock by variant"
	case bigcommerce.StockByVariant:
		if address == byProduct {
			return upsert.Result{State: upsert.Again, Live: upsert.Live{Ref: refOf(byBaseVariant, location)}}
		}
		refused.Message = "the store counts the stock of each variant of this product: give the variants' SKUs"
	case bigcommerce.StockNotTracked:
		refused.Message = notTracked
	case bigcommerce.StockItemUnknown:
		refused.Message = unknownItem
	case bigcommerce.StockLocationUnknown:
		refused.Field, refused.Message = targetLocation, "the store does not have this location any more: correct it, then retry the record"
	case bigcommerce.StockLocationDisabled:
		refused.Field, refused.Message = targetLocation, "the location is disabled, and BigCommerce does not change the stock of such: enable it in the control panel, then retry the record"
	default:
		refused.Field, refused.Message = "", "BigCommerce refused it: "+refusal.Title
	}
	return refused
}

// Refusal of a single write whose answer did not say which item it is about.
func (stock) Refusal(_ *tenants.Run, _ upsert.Write, err error) upsert.Result {
	var missing *bigcommerce.NotFoundError
	if errors.As(err, &missing) {
		return upsert.Result{State: upsert.Refused, Field: targetSKU, Message: unknownItem}
	}
	return upsert.Result{State: upsert.Refused, Message: "BigCommerce refused it: " + upsert.Reason(err)}
}

// trackingOf is how a product is to track its stock for a level to be one of its.
func trackingOf(ref string) string {
	if address, _ := addressOf(ref); address == byVariant {
		return trackingVariant
	}
	return trackingProduct
}

// track has products track their stock, each once, though several of its levels may be in the
// request.
func track(ctx context.Context, c *bigcommerce.Client, w []upsert.Write) ([]upsert.Result, error) {
	var docs []bigcommerce.Fields
	asked := make(map[int64]bool)
	out := make([]upsert.Result, len(w))
	for i, x := range w {
		out[i] = upsert.Result{State: upsert.Landed, Live: upsert.Live{ID: x.ID, Parent: x.Parent, Ref: x.Ref}}
		if !asked[x.Parent] {
			asked[x.Parent] = true
			docs = append(docs, bigcommerce.Fields{"id": x.Parent, fieldTracking: trackingOf(x.Ref)})
		}
	}
	res, err := c.Products.Update(ctx, docs, fieldTracking)
	if err != nil {
		return nil, err
	}
	tracked := make(map[int64]bool, len(res.Data))
	for _, p := range res.Data {
		tracked[upsert.Int(p["id"])] = upsert.Text(p[fieldTracking]) != trackingNone
	}
	for i, x := range w {
		switch {
		case tracked[x.Parent]:
		case len(docs) > 1:
			out[i] = upsert.Result{State: upsert.Unsure}
		default:
			out[i] = upsert.Result{State: upsert.Refused, Field: targetSKU, Message: "BigCommerce did not switch on that the product tracks its stock: do it in the control panel, then retry the record"}
		}
	}
	return out, nil
}
