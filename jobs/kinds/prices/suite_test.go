package prices

import (
	"fmt"
	"testing"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

func ceil(n, d int) int { return (n + d - 1) / d }

func suiteSKU(i int) string { return fmt.Sprintf("P-%03d", i) }

// suiteRow is record i of a version. Its cost is the same in all.
func suiteRow(i, version int) []string {
	return []string{suiteSKU(i), fmt.Sprintf("%d.%d5", i+10, version), fmt.Sprint(i + version + 1), "0.5"}
}

// seedProducts makes n products, some of them with options, of which a variant has the SKU.
func seedProducts(w *upserttest.World, n int) {
	for i := range n {
		if _, err := w.Hand().Products.Create(w.Ctx, bigcommerce.Fields{"name": suiteSKU(i), "sku": suiteSKU(i), "type": "physical", "weight": 0, "price": 9999}); err != nil {
			w.Fatal(err)
		}
	}
}

func variantNamed(w *upserttest.World, sku string) (out bigcommerce.Variant) {
	w.Helper()
	for v, err := range w.Hand().Variants.List(w.Ctx, bigcommerce.VariantFilter{}) {
		if err != nil {
			w.Fatal(err)
		}
		if v.SKU == sku {
			out = *v
		}
	}
	return out
}

// TestCatalogueIsAKind holds prices of the catalogue against what every kind must do.
func TestCatalogueIsAKind(t *testing.T) {
	upserttest.Run(t, upserttest.Config{
		Setup: upserttest.Setup{
			Target: New, Options: tenants.Options{optionDestination: toCatalogue},
			Mapping: tenants.Mapping{Fields: []tenants.FieldMapping{
				{Target: targetSKU, Expression: "SKU"}, {Target: targetPrice, Expression: "Price"}, {Target: "sale_price", Expression: "Sale"}, {Target: targetCost, Expression: "Cost"},
			}},
		},
		Header: []string{"SKU", "Price", "Sale", "Cost"}, Row: suiteRow,
		Seed: seedProducts,
		Landed: func(w *upserttest.World) (out []upserttest.Record) {
			for v, err := range w.Hand().Variants.List(w.Ctx, bigcommerce.VariantFilter{}) {
				if err != nil {
					w.Fatal(err)
				}
				out = append(out, upserttest.Record{Key: v.SKU, Fields: map[string]string{"price": v.Price.String(), "sale": v.SalePrice.String()}})
			}
			return out
		},
		Want: func(i, version int) upserttest.Record {
			row := suiteRow(i, version)
			return upserttest.Record{Key: row[0], Fields: map[string]string{"price": row[1], "sale": row[2]}}
		},
		Bad: []upserttest.Bad{
			{Name: "a price that is no number", Row: func(i int) []string { return []string{suiteSKU(i), "much", "1", "1"} }, Field: targetPrice},
			{Name: "no price", Row: func(i int) []string { return []string{suiteSKU(i), "", "", ""} }, Field: targetPrice},
			{Name: "an unknown SKU", Row: func(int) []string { return []string{"LOST", "1", "1", "1"} }, Key: func(int) string { return "LOST" }, Field: targetSKU},
			{
				Name: "a product with options", Row: func(i int) []string { return suiteRow(i, 0) }, Field: targetSKU,
				Before: func(w *upserttest.World, i int) {
					if _, err := w.Store.AddVariants(variantNamed(w, suiteSKU(i)).ProductID, sandbox.VariantSpec{SKU: "OTHER", Choices: []sandbox.Choice{{Option: "Size", Value: "S"}}}); err != nil {
						w.Fatal(err)
					}
				},
			},
		},
		Edit: func(w *upserttest.World, i int) {
			if _, err := w.Hand().Variants.Update(w.Ctx, []bigcommerce.Fields{{"id": variantNamed(w, suiteSKU(i)).ID, "price": 7777, "sale_price": 7776}}); err != nil {
				w.Fatal(err)
			}
		},
		Remove: func(w *upserttest.World, i int) {
			if err := w.Hand().Products.Delete(w.Ctx, []int64{variantNamed(w, suiteSKU(i)).ProductID}); err != nil {
				w.Fatal(err)
			}
		},
		First:   func(n int) int { return ceil(n, 250) + ceil(n, 50) },
		Changed: func(changed, _ int) int { return ceil(changed, 50) },
	})
}

// TestListsAreAKind holds records of price lists against what every kind must do.
func TestListsAreAKind(t *testing.T) {
	for _, first := range []string{firstWrite, firstRead} {
		t.Run(first, func(t *testing.T) { upserttest.Run(t, listConfig(first)) })
	}
}

func listConfig(first string) upserttest.Config {
	const list, other = "Dealers", "Staff"
	named := func(i int) string {
		if i%3 == 2 {
			return other
		}
		return list
	}
	key := func(i int) string { return suiteSKU(i) + keySign + named(i) + keySign + "EUR" }
	row := func(i, version int) []string {
		return append(suiteRow(i, version), named(i), fmt.Sprintf("10:%d.5", version+1))
	}
	cfg := upserttest.Config{
		Setup: upserttest.Setup{
			Target: New,
			Options: tenants.Options{
				optionDestination: toLists, optionFirst: first, optionCreateLists: no,
			},
			Mapping: tenants.Mapping{Fields: []tenants.FieldMapping{
				{Target: targetSKU, Expression: "SKU"}, {Target: targetPrice, Expression: "Price"}, {Target: "sale_price", Expression: "Sale"},
				{Target: targetCost, Expression: "Cost"}, {Target: targetList, Expression: "List"},
				{Target: targetCurrency, Expression: `"EUR"`}, {Target: targetTiers, Expression: "Bulk"},
			}},
		},
		Header: []string{"SKU", "Price", "Sale", "Cost", "List", "Bulk"}, Row: row,
		Seed: func(w *upserttest.World, n int) {
			seedProducts(w, n)
			if err := w.Store.AddCurrency("EUR"); err != nil {
				w.Fatal(err)
			}
			for _, name := range []string{list, other} {
				if _, err := w.Hand().PriceLists.Create(w.Ctx, name, true); err != nil {
					w.Fatal(err)
				}
			}
		},
		Landed: func(w *upserttest.World) (out []upserttest.Record) {
			for _, r := range w.Store.PriceRecords() {
				out = append(out, upserttest.Record{Key: r.SKU + keySign + r.PriceList + keySign + "EUR", Fields: map[string]string{
					"price": string(r.Price), "sale": string(r.SalePrice), "tiers": string(r.Tiers),
				}})
			}
			return out
		},
		Want: func(i, version int) upserttest.Record {
			r := row(i, version)
			return upserttest.Record{Key: key(i), Fields: map[string]string{
				"price": r[1], "sale": r[2], "tiers": fmt.Sprintf(`[{"amount":%d.5,"quantity_max":null,"quantity_min":10,"type":"fixed"}]`, version+1),
			}}
		},
		Bad: []upserttest.Bad{
			{Name: "a price that is no number", Row: func(i int) []string { return []string{suiteSKU(i), "much", "1", "1", named(i), ""} }, Field: targetPrice},
			{Name: "no price", Row: func(i int) []string { return []string{suiteSKU(i), "", "1", "1", named(i), ""} }, Field: targetPrice},
			{Name: "bulk prices that are none", Row: func(i int) []string { return []string{suiteSKU(i), "1", "1", "1", named(i), "10"} }, Field: targetTiers},
			{
				Name: "a list that is not there", Row: func(i int) []string { return []string{suiteSKU(i), "1", "1", "1", "Nobody", ""} },
				Key: func(i int) string { return suiteSKU(i) + keySign + "Nobody" + keySign + "EUR" }, Field: targetList,
			},
			{
				Name: "an unknown SKU", Row: func(i int) []string { return []string{"LOST", "1", "1", "1", named(i), ""} },
				Key: func(i int) string { return "LOST" + keySign + named(i) + keySign + "EUR" }, Field: targetSKU,
			},
		},
		Edit: func(w *upserttest.World, i int) {
			id, err := listNamed(w.Ctx, w.Hand(), named(i))
			if err == nil {
				err = w.Hand().PriceLists.UpsertRecords(w.Ctx, id, []bigcommerce.Fields{{"sku": suiteSKU(i), "currency": "EUR", "price": 7777, "sale_price": 7776}})
			}
			if err != nil {
				w.Fatal(err)
			}
		},
		// The store's lists and currencies, and a request for each of the two lists.
		First:   func(n int) int { return 2 + min(n, 2)*ceil(n, 2000) },
		Changed: func(changed, _ int) int { return min(changed, 2) },
	}
	if first == firstRead { // and of each list its id and its records
		cfg.First = func(n int) int { return 2 + 3*min(n, 2) }
	}
	return cfg
}
