package bigcommerce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

const (
	itemsPath             = "/v3/inventory/items"
	absolutePath          = "/v3/inventory/adjustments/absolute"
	inventorySettingsPath = "/v3/settings/inventory"
)

// The most of the inventory that one request takes or gives.
const (
	MaxInventoryPage  = 1000
	MaxInventoryBatch = 2000
)

// InventoryService is a store's stock (V3). Scope ScopeInventory; Settings needs
// ScopeInformationRead.
//
// Writes are carried out after they were answered: a read right after one may show what was before.
// There is no relative adjustment here: whether one that got no answer was carried out cannot be
// found out.
type InventoryService struct{ service }

// InventoryItem is one thing of which there is stock: what is tracked by product or by variant.
// What is not tracked is no item.
type InventoryItem struct {
	Identity  InventoryIdentity `json:"identity"`
	Locations []InventoryLevel  `json:"locations"`
}

// InventoryIdentity is what an item is called.
type InventoryIdentity struct {
	SKU       string `json:"sku"`
	VariantID int64  `json:"variant_id"`
	ProductID int64  `json:"product_id"`
	SKUID     *int64 `json:"sku_id"` // nil for a base variant: the product has no options, or is tracked as one
}

// Stock is how a write names the item: a base variant by its product, as documented of products
// without variants, any other by its variant. Items do not show how a product is tracked: where
// BigCommerce wants the other name after all, the StockCause of a write tells it.
func (id InventoryIdentity) Stock() StockIdentity {
	if id.SKUID == nil && id.ProductID != 0 {
		return StockIdentity{ProductID: id.ProductID}
	}
	return StockIdentity{VariantID: id.VariantID}
}

// InventoryLevel is what there is of an item at a location.
type InventoryLevel struct {
	LocationID   int64          `json:"location_id"`
	LocationCode string         `json:"location_code"`
	LocationName string         `json:"location_name"`
	Enabled      bool           `json:"location_enabled"`
	OnHand       int64          `json:"total_inventory_onhand"` // what SetAbsolute sets; 0 also where it was never set
	Available    int64          `json:"available_to_sell"`      // OnHand less the safety stock
	Settings     InventoryRules `json:"settings"`
}

// InventoryRules are an item's settings at a location.
type InventoryRules struct {
	SafetyStock      int64  `json:"safety_stock"`
	InStock          bool   `json:"is_in_stock"`
	WarningLevel     int64  `json:"warning_level"`
	BinPickingNumber string `json:"bin_picking_number"`
}

// InventoryFilter narrows a list of items; a zero field filters nothing.
type InventoryFilter struct {
	SKUs          []string // sku:in; none of them with a comma, see ListableSKU
	VariantIDs    []int64  // variant_id:in
	ProductIDs    []int64  // product_id:in
	LocationIDs   []int64  // location_id:in: which levels are shown
	LocationCodes []string // location_code:in
	Limit         int      // items a page; 0 means MaxInventoryPage
}

func (f InventoryFilter) writeTo(q *query) error {
	for _, sku := range f.SKUs {
		if !ListableSKU(sku) {
			return fmt.Errorf("bigcommerce: SKU %q cannot be in a list of SKUs", sku)
		}
	}
	q.list("sku:in", f.SKUs)
	q.nums("variant_id:in", f.VariantIDs)
	q.nums("product_id:in", f.ProductIDs)
	q.nums("location_id:in", f.LocationIDs)
	q.list("location_code:in", f.LocationCodes)
	return nil
}

// Items returns one page, counted from 1, of the items that match. A page after the last is empty.
func (s *InventoryService) Items(ctx context.Context, f InventoryFilter, page int) ([]InventoryItem, Pagination, error) {
	env, err := fetchPage[InventoryItem](ctx, s.client, itemsPath, f.Limit, position{page: max(page, 1)}, f.writeTo)
	if err != nil {
		return nil, Pagination{}, err
	}
	if env.Meta.Pagination == nil {
		return nil, Pagination{}, errors.New("bigcommerce: GET " + itemsPath + ": the answer has no pagination")
	}
	return env.Data, *env.Meta.Pagination, nil
}

// StockIdentity names an item in a write: exactly one of its fields is set.
type StockIdentity struct {
	SKU       string `json:"sku,omitempty"`
	VariantID int64  `json:"variant_id,omitempty"`
	ProductID int64  `json:"product_id,omitempty"`
}

func (id StockIdentity) check() error {
	set := 0
	for _, there := range []bool{id.SKU != "", id.VariantID != 0, id.ProductID != 0} {
		if there {
			set++
		}
	}
	if set != 1 {
		return errors.New("an item is named by exactly one of SKU, variant and product")
	}
	return nil
}

// Adjustment is what there is of an item at a location from now on.
type Adjustment struct {
	LocationID int64 `json:"location_id"`
	StockIdentity
	Quantity int64 `json:"quantity"` // on hand, 0 to 2,147,483,647
}

// SetAbsolute sets up to MaxInventoryBatch levels, best grouped by location, and returns what became
// of each, in their order. BigCommerce accepts all of them or none: if it refuses some, and says
// which, the others are StockUnsaved. A refusal that says nothing of any item is an error. It may be
// repeated.
func (s *InventoryService) SetAbsolute(ctx context.Context, reason string, items []Adjustment) ([]StockResult, error) {
	if len(items) == 0 || len(items) > MaxInventoryBatch {
		return nil, fmt.Errorf("bigcommerce: %d adjustments in one request, must be 1 to %d", len(items), MaxInventoryBatch)
	}
	for i, item := range items {
		if err := item.check(); err != nil {
			return nil, fmt.Errorf("bigcommerce: adjustment %d: %w", i, err)
		}
		if item.LocationID == 0 {
			return nil, fmt.Errorf("bigcommerce: adjustment %d has no location", i)
		}
	}
	return stockResults(items, s.write(ctx, absolutePath, struct {
		Reason string       `json:"reason,omitempty"`
		Items  []Adjustment `json:"items"`
	}{reason, items}))
}

// StockSetting changes settings of an item at a location; nil ones stay as they are. BigCommerce
// refuses one that has nothing but a BinPickingNumber.
type StockSetting struct {
	Identity         StockIdentity `json:"identity"`
	SafetyStock      *int64        `json:"safety_stock,omitempty"`
	WarningLevel     *int64        `json:"warning_level,omitempty"`
	InStock          *bool         `json:"is_in_stock,omitempty"`
	BinPickingNumber *string       `json:"bin_picking_number,omitempty"`
}

// SetSettings changes the settings of up to MaxInventoryBatch items at one location, and returns
// what became of each as SetAbsolute does.
func (s *InventoryService) SetSettings(ctx context.Context, locationID int64, settings []StockSetting) ([]StockResult, error) {
	if len(settings) == 0 || len(settings) > MaxInventoryBatch {
		return nil, fmt.Errorf("bigcommerce: settings of %d items in one request, must be 1 to %d", len(settings), MaxInventoryBatch)
	}
	items := make([]Adjustment, len(settings))
	for i, one := range settings {
		if err := one.Identity.check(); err != nil {
			return nil, fmt.Errorf("bigcommerce: setting %d: %w", i, err)
		}
		if one.SafetyStock == nil && one.WarningLevel == nil && one.InStock == nil {
			return nil, fmt.Errorf("bigcommerce: setting %d has none of safety stock, warning level and in stock", i)
		}
		items[i] = Adjustment{LocationID: locationID, StockIdentity: one.Identity}
	}
	return stockResults(items, s.write(ctx, fmt.Sprintf("%s/%d/items", locationsPath, locationID), struct {
		Settings []StockSetting `json:"settings"`
	}{settings}))
}

// write sends a write of the inventory. Its answer is a transaction, about which nothing can be
// asked.
func (s *InventoryService) write(ctx context.Context, path string, body any) error {
	_, _, err := send[none](ctx, s.client, request{method: http.MethodPut, path: path, body: body})
	return err
}

// InventorySettings are when a store's orders change its stock. Of a channel a field is nil that it
// does not override.
type InventorySettings struct {
	// UpdateStock is "order_placed" or "order_completed_or_shipped".
	UpdateStock *string `json:"update_stock_behavior"`
	EditOrder   *bool   `json:"edit_order_stock_adjustment"`   // editing an order adjusts stock
	RefundOrder *bool   `json:"refund_order_stock_adjustment"` // refunding or cancelling one does
	// OutOfStock is what storefronts do with a product that is out of stock: "do_nothing",
	// "hide_product" …
	OutOfStock *string `json:"product_out_of_stock_behavior"`
}

// Settings returns the settings of a channel, or of the store for channel 0.
func (s *InventoryService) Settings(ctx context.Context, channel int64) (InventorySettings, error) {
	var q query
	q.num("channel_id", channel)
	r := request{method: http.MethodGet, path: inventorySettingsPath, query: q.String()}
	env, status, err := send[envelope[one[InventorySettings]]](ctx, s.client, r)
	if err == nil && !env.Data.found {
		err = s.client.unavailable(ctx, r, status, true, errNoData)
	}
	return env.Data.value, err
}
