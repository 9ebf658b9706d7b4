package kinds

import (
	"context"
	"fmt"
	"net/http"

	"sluice/internal/bench/stage"
)

// What a request of BigCommerce takes at most.
const (
	itemsPage     = 1000 // inventory items, with their levels at all locations
	levelsWrite   = 2000
	recordsWrite  = 1000
	variantsPage  = 250
	variantsWrite = 50
)

func ceil(n, d int) int { return (n + d - 1) / d }

// slack is what a run may take over the least.
const slack = 1.05

var currencies = []string{"USD", "EUR", "GBP", "CAD"}

func jobs() []*job { return []*job{stock(), lists(), catalogue()} }

func stock() *job {
	j := &job{
		name: "stock", kind: "stock", skus: 25_000, of: 4, header: "sku,location,quantity",
		store: stage.StoreTask{Tracking: "product", Locations: []string{"North", "East", "South"}},
	}
	j.about = fmt.Sprintf("The stock of %d SKUs at %d locations, %d levels, all of them others than the store has. The plain loop sets the levels of a SKU in one request.", j.skus, j.of, j.rows())
	quantity := func(sku, k int, changed bool) int {
		n := 1 + (7*sku+k)%500
		if changed {
			n++
		}
		return n
	}
	j.row = func(sku, k int, changed bool) string {
		return fmt.Sprintf("%d,%d", k+1, quantity(sku, k, changed))
	}
	j.most = map[string]float64{
		firstRun:  slack*float64(ceil(j.skus, itemsPage)+ceil(j.rows(), levelsWrite)) + 2, // and the locations, and the settings
		onePer100: float64(ceil(j.rows()/every, levelsWrite)),
	}
	j.prepare = func(_ context.Context, c *stage.Client) (func(context.Context, int, bool) error, error) {
		type level struct {
			SKU      string `json:"sku"`
			Location int    `json:"location_id"`
			Quantity int    `json:"quantity"`
		}
		return func(ctx context.Context, sku int, changed bool) error {
			var items []level
			for k := range j.of {
				items = append(items, level{name(sku), k + 1, quantity(sku, k, changed && j.changes(sku, k))})
			}
			_, _, err := c.Do(ctx, http.MethodPut, "/v3/inventory/adjustments/absolute", map[string]any{"reason": "loop", "items": items}, nil)
			return err
		}, nil
	}
	return j
}

func price(sku, k int, changed bool) string {
	units := 2 + sku%1000 + k // SeedProducts makes other ones
	if changed {
		units++
	}
	return fmt.Sprintf("%d.5", units)
}

func lists() *job {
	j := &job{
		name: "prices/list", kind: "prices", skus: 25_000, of: len(currencies), header: "sku,currency,price",
		store:   stage.StoreTask{Currencies: currencies[1:]},
		options: map[string]any{"destination": "lists", "price_list": "Dealers", "create_lists": "yes"},
	}
	j.about = fmt.Sprintf("%d records of a price list, which is not there yet: %d SKUs in %d currencies. The plain loop writes the records of a SKU in one request.", j.rows(), j.skus, j.of)
	j.row = func(sku, k int, changed bool) string { return currencies[k] + "," + price(sku, k, changed) }
	j.most = map[string]float64{
		firstRun:  slack * float64(ceil(j.rows(), recordsWrite)),
		onePer100: float64(ceil(j.rows()/every, recordsWrite)),
	}
	j.prepare = func(ctx context.Context, c *stage.Client) (func(context.Context, int, bool) error, error) {
		var list struct{ ID int64 }
		if _, _, err := c.Do(ctx, http.MethodPost, "/v3/pricelists", map[string]any{"name": "Dealers", "active": true}, &list); err != nil {
			return nil, err
		}
		type record struct {
			SKU      string      `json:"sku"`
			Currency string      `json:"currency"`
			Price    jsonDecimal `json:"price"`
		}
		return func(ctx context.Context, sku int, changed bool) error {
			var records []record
			for k := range j.of {
				records = append(records, record{name(sku), currencies[k], jsonDecimal(price(sku, k, changed && j.changes(sku, k)))})
			}
			_, _, err := c.Do(ctx, http.MethodPut, fmt.Sprintf("/v3/pricelists/%d/records", list.ID), records, nil)
			return err
		}, nil
	}
	return j
}

func catalogue() *job {
	j := &job{name: "prices/catalogue", kind: "prices", skus: 10_000, of: 1, header: "sku,price"}
	j.about = fmt.Sprintf("The catalogue's prices of %d SKUs, all of them others than the store has. The plain loop reads the ids of all variants once, by pages, and writes each in one request.", j.skus)
	j.row = price
	j.most = map[string]float64{
		firstRun:  slack * float64(ceil(j.skus, variantsPage)+ceil(j.skus, variantsWrite)),
		onePer100: float64(ceil(j.skus/every, variantsWrite)),
	}
	j.prepare = func(ctx context.Context, c *stage.Client) (func(context.Context, int, bool) error, error) {
		ids := map[string]int64{}
		for page := 1; len(ids) < j.skus; page++ {
			var found []struct {
				ID  int64
				SKU string
			}
			if _, _, err := c.Do(ctx, http.MethodGet, fmt.Sprintf("/v3/catalog/variants?limit=%d&page=%d", variantsPage, page), nil, &found); err != nil {
				return nil, err
			}
			if len(found) == 0 {
				return nil, fmt.Errorf("the store has %d variants only", len(ids))
			}
			for _, v := range found {
				ids[v.SKU] = v.ID
			}
		}
		return func(ctx context.Context, sku int, changed bool) error {
			change := map[string]any{"id": ids[name(sku)], "price": jsonDecimal(price(sku, 0, changed && j.changes(sku, 0)))}
			_, _, err := c.Do(ctx, http.MethodPut, "/v3/catalog/variants", []any{change}, nil)
			return err
		}, nil
	}
	return j
}

// jsonDecimal is a number as it is written.
type jsonDecimal string

// MarshalJSON implements json.Marshaler.
func (d jsonDecimal) MarshalJSON() ([]byte, error) { return []byte(d), nil }
