package stock_test

import (
	"fmt"
	"strconv"
	"testing"

	"sluice/jobs/kinds/stock"
	"sluice/jobs/upsert"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

var header = []string{"SKU", "Warehouse", "OnHand"}

var stockMapping = tenants.Mapping{Fields: []tenants.FieldMapping{
	{Target: "sku", Expression: "SKU"},
	{Target: "location", Expression: "Warehouse"},
	{Target: "quantity", Expression: "number(OnHand)"},
}}

// sku is a seeded product's.
func sku(i int) string { return fmt.Sprintf("SEED-%06d", i+1) }

// Record i is the stock of a product at one of two locations.
func location(i int) (id int64, name string) {
	if i%2 == 1 {
		return 2, "West"
	}
	return 1, "1"
}

func key(i int) string {
	id, _ := location(i)
	return fmt.Sprintf("%s @ %d", sku(i), id)
}

func row(i, version int) []string {
	_, name := location(i)
	return []string{sku(i), name, strconv.Itoa(quantity(i, version))}
}

func quantity(i, version int) int { return 10*i + version + 1 }

// seed makes n products that track their stock, and two locations.
func seed(w *upserttest.World, n int) {
	w.Store.AddLocation("WEST", "West")
	w.Store.SeedProducts(n)
	w.Store.SetTracking("product")
	for i := range n {
		at, _ := location(i)
		if err := w.Store.SetStock(sku(i), at, 7777); err != nil {
			w.Fatal(err)
		}
	}
}

func landed(w *upserttest.World) (out []upserttest.Record) {
	for _, l := range w.Store.Stock() {
		out = append(out, upserttest.Record{Key: fmt.Sprintf("%s @ %d", l.SKU, l.LocationID), Fields: map[string]string{"quantity": strconv.FormatInt(l.Quantity, 10)}})
	}
	return out
}

func setup() upserttest.Setup {
	return upserttest.Setup{Target: stock.New, Mapping: stockMapping, Options: tenants.Options{}}
}

// TestConformance: stock passes what every kind must pass.
func TestConformance(t *testing.T) {
	upserttest.Run(t, upserttest.Config{
		Setup: setup(), Header: header, Row: row, Seed: seed, Landed: landed,
		Want: func(i, version int) upserttest.Record {
			return upserttest.Record{Key: key(i), Fields: map[string]string{"quantity": strconv.Itoa(quantity(i, version))}}
		},
		Bad: []upserttest.Bad{
			{Name: "a quantity that is no number", Row: func(i int) []string { return []string{sku(i), "1", "many"} }, Field: "quantity", Key: func(i int) string { return sku(i) + " @ 1" }},
			{Name: "no SKU", Row: func(int) []string { return []string{"", "1", "1"} }, Field: "sku", Key: func(int) string { return "" }},
			{Name: "an unknown location", Row: func(i int) []string { return []string{sku(i), "Atlantis", "1"} }, Field: "location", Key: sku},
			{Name: "an unknown SKU", Row: func(i int) []string { return []string{"NONE-" + strconv.Itoa(i), "1", "1"} }, Field: "sku", Key: func(i int) string { return "NONE-" + strconv.Itoa(i) + " @ 1" }, Before: func(*upserttest.World, int) {}},
		},
		Edit: func(w *upserttest.World, i int) {
			at, _ := location(i)
			if err := w.Store.SetStock(sku(i), at, 4444); err != nil {
				w.Fatal(err)
			}
		},
		First:   func(int) int { return 2 + 1 + 1 }, // locations, settings; items; levels
		Changed: func(int, int) int { return 1 },
	})
}

var _ upsert.Target = stock.New()
