package bigcommerce_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
)

func TestSandboxInventory(t *testing.T) {
	w := newWorldOf(t, sandbox.Options{InventoryDelay: -1})
	ctx := t.Context()
	w.store.SeedProducts(1200)
	w.store.SetTracking("product")
	west := w.store.AddLocation("WEST", "West")
	var locations []string
	for l, err := range w.Locations.List(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		locations = append(locations, fmt.Sprint(l.ID, l.Code, l.Label, l.Type, l.Enabled))
	}
	if want := []string{"1BC-LOCATION-1Default locationPHYSICALtrue", "2WESTWestPHYSICALtrue"}; !slices.Equal(locations, want) {
		t.Errorf("%q", locations)
	}

	before := w.store.Log().Counts().Total
	var adjustments []bigcommerce.Adjustment
	for page := 1; ; page++ {
		items, at, err := w.Inventory.Items(ctx, bigcommerce.InventoryFilter{}, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			adjustments = append(adjustments, bigcommerce.Adjustment{LocationID: west, StockIdentity: bigcommerce.StockIdentity{SKU: item.Identity.SKU}, Quantity: item.Identity.ProductID})
		}
		if page >= at.TotalPages {
			break
		}
	}
	landed, err := w.Inventory.SetAbsolute(ctx, "test", adjustments)
	if err != nil || len(landed) != 1200 || landed[7].State != bigcommerce.StockAccepted {
		t.Fatalf("%d adjustments: %d, %v", len(adjustments), len(landed), err)
	}
	if n := w.store.Log().Counts().Total - before; n != 3 {
		t.Errorf("%d requests, want 2 to read and 1 to write", n)
	}
	n, bin := int64(4), "A7"
	if _, err := w.Inventory.SetSettings(ctx, west, []bigcommerce.StockSetting{{Identity: bigcommerce.StockIdentity{SKU: "SEED-000001"}, SafetyStock: &n, BinPickingNumber: &bin}}); err != nil {
		t.Fatal(err)
	}
	items, _, err := w.Inventory.Items(ctx, bigcommerce.InventoryFilter{SKUs: []string{"SEED-000001"}, LocationCodes: []string{"WEST"}}, 1)
	if err != nil || len(items) != 1 || items[0].Identity.SKUID != nil {
		t.Fatalf("%+v, %v", items, err)
	}
	got, id := items[0].Locations[0], items[0].Identity.ProductID
	if want := (bigcommerce.InventoryLevel{LocationID: west, LocationCode: "WEST", LocationName: "West", Enabled: true, OnHand: id, Available: id - 4,
		Settings: bigcommerce.InventoryRules{SafetyStock: 4, InStock: true, BinPickingNumber: "A7"}}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	settings, err := w.Inventory.Settings(ctx, 0)
	if err != nil || *settings.UpdateStock != "order_placed" || settings.EditOrder == nil {
		t.Errorf("%+v, %v", settings, err)
	}
	if channel, err := w.Inventory.Settings(ctx, 1); err != nil || channel.UpdateStock != nil {
		t.Errorf("%+v, %v", channel, err)
	}
	// A write that got no answer may be sent again.
	w.fault(t, sandbox.Fault{Kind: sandbox.FaultCutAfter, Method: "PUT", Times: 2})
	if _, err := w.Inventory.SetAbsolute(ctx, "test", adjustments); err != nil {
		t.Error(err)
	}
}

// TestSandboxRefusesStock: whatever way the title is worded in, what it names is found.
func TestSandboxRefusesStock(t *testing.T) {
	for name, choices := range map[string]sandbox.Choices{
		"listed": {}, "each": {StockTitles: sandbox.StockTitlesEach}, "one": {StockTitleOfOne: true}, "silent": {StockTitles: sandbox.StockTitlesSilent},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorldOf(t, sandbox.Options{InventoryDelay: -1, Choices: choices})
			ctx := t.Context()
			tracked := func(sku, tracking string) int64 {
				p := part(sku)
				p["inventory_tracking"] = tracking
				made, err := w.Products.Create(ctx, p)
				if err != nil {
					t.Fatal(err)
				}
				var id int64
				if _, err := fmt.Sscan(fmt.Sprint(made["id"]), &id); err != nil {
					t.Fatal(err)
				}
				return id
			}
			product, variant := tracked("BY PRODUCT, 1", "product"), tracked("by-variant", "variant")
			tracked("none", "none")
			if err := w.store.SetLocationEnabled(w.store.AddLocation("OLD", "Old"), false); err != nil {
				t.Fatal(err)
			}
			good := bigcommerce.Adjustment{LocationID: 1, StockIdentity: bigcommerce.StockIdentity{SKU: "BY PRODUCT, 1"}, Quantity: 1}
			sku := func(s string) bigcommerce.StockIdentity { return bigcommerce.StockIdentity{SKU: s} }
			described := map[bigcommerce.StockCause]bool{bigcommerce.StockByProduct: true, bigcommerce.StockByVariant: true}
			for _, tc := range []struct {
				cause bigcommerce.StockCause
				bad   []bigcommerce.Adjustment
			}{
				{bigcommerce.StockItemUnknown, []bigcommerce.Adjustment{{LocationID: 1, StockIdentity: sku("X")}, {LocationID: 1, StockIdentity: sku("X 1")}}},
				{bigcommerce.StockNotTracked, []bigcommerce.Adjustment{{LocationID: 1, StockIdentity: sku("none")}}},
				{bigcommerce.StockByProduct, []bigcommerce.Adjustment{{LocationID: 1, StockIdentity: bigcommerce.StockIdentity{VariantID: product - 76}}}},
				{bigcommerce.StockByVariant, []bigcommerce.Adjustment{{LocationID: 1, StockIdentity: bigcommerce.StockIdentity{ProductID: variant}}}},
				{bigcommerce.StockLocationUnknown, []bigcommerce.Adjustment{{LocationID: 9, StockIdentity: sku("by-variant")}, {LocationID: 9, StockIdentity: sku("BY PRODUCT, 1")}}},
				{bigcommerce.StockLocationDisabled, []bigcommerce.Adjustment{{LocationID: 2, StockIdentity: sku("by-variant")}}},
			} {
				batch := append([]bigcommerce.Adjustment{good}, tc.bad...)
				got, err := w.Inventory.SetAbsolute(ctx, "test", batch)
				if choices.StockTitles == sandbox.StockTitlesSilent && !described[tc.cause] {
					var invalid *bigcommerce.ValidationError
					if !errors.As(err, &invalid) {
						t.Errorf("%+v, %v: the title says nothing", got, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s: %v", tc.cause, err)
					continue
				}
				refused := []int{1}
				if len(tc.bad) == 2 && (!choices.StockTitleOfOne || tc.cause == bigcommerce.StockLocationUnknown) {
					refused = []int{1, 2}
				}
				for i, r := range got {
					want := bigcommerce.StockResult{State: bigcommerce.StockUnsaved}
					if slices.Contains(refused, i) {
						want = bigcommerce.StockResult{State: bigcommerce.StockRefused, Cause: tc.cause, Title: r.Title}
					}
					if r != want || (r.State == bigcommerce.StockRefused) != (r.Title != "") {
						t.Errorf("%s, item %d: %+v, want %+v", tc.cause, i, r, want)
					}
				}
			}
			if got := w.store.Stock(); len(got) != 0 {
				t.Errorf("part of a refused batch was written: %+v", got)
			}
		})
	}
}
