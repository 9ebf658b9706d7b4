package products

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// TestSoakSuite: products pass what every kind must pass, with categories and brands.
func TestSoakSuite(t *testing.T) {
	sku := func(i int) string { return fmt.Sprintf("P-%03d", i) }
	row := func(i, version int) []string {
		return []string{sku(i), fmt.Sprint("Part ", i), fmt.Sprintf("%d.%d", i+1, 25+version), strconv.Itoa(i + version), "bags", "backpack"}
	}
	upserttest.Run(t, upserttest.Config{
		Setup:  upserttest.Setup{Target: New, Mapping: branded, Options: tenants.Options{optionRepeatedNames: repeatedFail}},
		Header: strings.Split(header, ","), Row: row,
		Landed: func(w *upserttest.World) (out []upserttest.Record) {
			for p, err := range w.Hand().Products.List(w.Ctx, bigcommerce.ProductFilter{}) {
				if err != nil {
					w.Fatal(err)
				}
				out = append(out, upserttest.Record{Key: p.SKU, Fields: map[string]string{
					"name": p.Name, "price": p.Price.String(), "stock": strconv.FormatInt(p.InventoryLevel, 10), "weight": p.Weight.String(),
					"categories": strconv.Itoa(len(p.Categories)), "brand": strconv.FormatBool(p.BrandID != 0),
				}})
			}
			return out
		},
		Want: func(i, version int) upserttest.Record {
			r := row(i, version)
			return upserttest.Record{Key: r[0], Fields: map[string]string{
				"name": r[1], "price": r[2], "stock": r[3], "weight": "0", "categories": "1", "brand": "true",
			}}
		},
		Bad: []upserttest.Bad{
			{Name: "a price that is no number", Row: func(i int) []string { return []string{sku(i), "Bad", "x", "1", "bags", "backpack"} }, Field: "price"},
			{
				Name: "a name that another product has", Field: "name",
				Row:    func(i int) []string { return []string{sku(i), "Taken", "1", "1", "bags", "backpack"} },
				Before: func(w *upserttest.World, _ int) { (&world{w}).add(stocked("OTHER", "Taken", 1)) },
			},
		},
		Edit: func(w *upserttest.World, i int) {
			(&world{w}).edit(sku(i), bigcommerce.Fields{"name": "Theirs", "weight": 3})
		},
		Remove: func(w *upserttest.World, i int) { (&world{w}).remove(sku(i)) },
		// Trees, categories and two levels of new ones, brands and a new one, and two look-ups.
		First:   func(n int) int { return n + 8 },
		Changed: func(changed, _ int) int { return (changed+9)/10 + 1 }, // prices and stock
	})
}
