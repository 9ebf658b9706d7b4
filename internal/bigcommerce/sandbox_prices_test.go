package bigcommerce_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
)

// variants gives the store a product without options (SKU BOLT) and one with two variants, and
// returns the ids.
func (w *world) variants(t *testing.T) (base int64, shirts []int64) {
	t.Helper()
	bolt, err := w.Products.Create(t.Context(), part("BOLT"))
	if err != nil {
		t.Fatal(err)
	}
	shirt, err := w.Products.Create(t.Context(), part("SHIRT"))
	if err != nil {
		t.Fatal(err)
	}
	number := func(v any) int64 {
		n, err := v.(json.Number).Int64()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	shirts, err = w.store.AddVariants(number(shirt["id"]), sandbox.VariantSpec{SKU: "SHIRT-S", Choices: []sandbox.Choice{{Option: "Size", Value: "S"}}},
		sandbox.VariantSpec{SKU: "SHIRT-L", Choices: []sandbox.Choice{{Option: "Size", Value: "L"}}})
	if err != nil {
		t.Fatal(err)
	}
	return number(bolt["base_variant_id"]), shirts
}

func TestSandboxVariants(t *testing.T) {
	w := newWorld(t)
	base, shirts := w.variants(t)
	ctx := t.Context()
	page, at, err := w.Variants.ListPage(ctx, bigcommerce.VariantFilter{Limit: 2}, 2)
	if err != nil || len(page) != 1 || at.Total != 3 || page[0]["sku"] != "SHIRT-L" || page[0]["price"] != nil {
		t.Errorf("%v, %+v, %v", page, at, err)
	}
	// Base variants are looked up by their products' SKUs.
	for p, err := range w.Products.List(ctx, bigcommerce.ProductFilter{SKUs: []string{"BOLT", "SHIRT", "SHIRT-S"}, Include: []string{"variants"}}) {
		if err != nil || p.SKU == "BOLT" && p.BaseVariantID != base || p.SKU == "SHIRT" && (p.BaseVariantID != 0 || len(p.Variants) != 2) || p.SKU == "SHIRT-S" {
			t.Errorf("%+v, %v", p, err)
		}
	}
	res, err := w.Variants.Update(ctx, []bigcommerce.Fields{{"id": base, "price": json.Number("4.5"), "sale_price": 4}, {"id": shirts[0], "price": nil, "map_price": 3}})
	if err != nil || len(res.Data) != 2 || fmt.Sprintf("%v %v", res.Data[0]["calculated_price"], res.Data[1]["map_price"]) != "4 3" {
		t.Errorf("%+v, %v", res, err)
	}
	var invalid *bigcommerce.ValidationError
	_, err = w.Variants.Update(ctx, []bigcommerce.Fields{{"id": base, "price": 1}, {"id": shirts[0], "price": -1}, {"id": shirts[1], "cost_price": "x"}})
	if !errors.As(err, &invalid) || invalid.Fields["1.price"] == "" || invalid.Fields["2.cost_price"] == "" {
		t.Errorf("%v", err)
	}
}

func TestSandboxPriceLists(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	list, err := w.PriceLists.Create(ctx, "Wholesale", true)
	if err != nil || list.ID == 0 || list.Name != "Wholesale" || !list.Active || list.DateModified.IsZero() {
		t.Fatalf("%+v, %v", list, err)
	}
	if _, err := w.PriceLists.Create(ctx, "wholesale", true); !errors.As(err, new(*bigcommerce.ConflictError)) {
		t.Errorf("%v", err)
	}
	second, err := w.PriceLists.Create(ctx, "Second", false)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for l, err := range w.PriceLists.List(ctx, bigcommerce.PriceListFilter{Limit: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, l.Name)
	}
	if !slices.Equal(names, []string{"Wholesale", "Second"}) {
		t.Errorf("%v", names)
	}

	group, err := w.store.AddCustomerGroup("Trade")
	if err != nil {
		t.Fatal(err)
	}
	assignments := []bigcommerce.PriceListAssignment{{PriceListID: list.ID, CustomerGroupID: group.ID}, {PriceListID: list.ID, CustomerGroupID: group.ID, ChannelID: 1}}
	if err := w.PriceLists.Assign(ctx, assignments); err != nil {
		t.Fatal(err)
	}
	var invalid *bigcommerce.ValidationError
	if err := w.PriceLists.Assign(ctx, assignments); !errors.As(err, &invalid) || invalid.Fields["1.price_list_id"] == "" {
		t.Errorf("%v", err)
	}
	moved, err := w.PriceLists.Reassign(ctx, second.ID, group.ID, 1)
	if err != nil || moved.PriceListID != second.ID || moved.ChannelID != 1 {
		t.Errorf("%+v, %v", moved, err)
	}
	if _, err := w.PriceLists.Reassign(ctx, second.ID, group.ID, 99); !errors.As(err, new(*bigcommerce.NotFoundError)) {
		t.Errorf("%v", err)
	}
	var found []bigcommerce.PriceListAssignment
	for a, err := range w.PriceLists.Assignments(ctx, bigcommerce.AssignmentFilter{CustomerGroupIDs: []int64{group.ID}, Limit: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, *a)
	}
	if want := []bigcommerce.PriceListAssignment{{ID: 1, PriceListID: list.ID, CustomerGroupID: group.ID}, moved}; !slices.Equal(found, want) {
		t.Errorf("%+v", found)
	}

	if err := w.store.AddCurrency("EUR"); err != nil {
		t.Fatal(err)
	}
	var codes []string
	for c, err := range w.Currencies.List(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, fmt.Sprintf("%s default %t enabled %t places %d", c.Code, c.IsDefault, c.Enabled, c.DecimalPlaces))
	}
	if !slices.Equal(codes, []string{"USD default true enabled true places 2", "EUR default false enabled true places 2"}) {
		t.Errorf("%v", codes)
	}
}

// Whatever a refused batch has saved, to send the rest again without what was named ends in the
// same state.
func TestSandboxPriceRecords(t *testing.T) {
	for name, choices := range map[string]sandbox.Choices{"nothing saved": {}, "the good saved": {GoodOfBatchSaved: true}} {
		t.Run(name, func(t *testing.T) {
			w := newWorldOf(t, sandbox.Options{Choices: choices})
			ctx := t.Context()
			base, _ := w.variants(t)
			list, err := w.PriceLists.Create(ctx, "Wholesale", true)
			if err != nil {
				t.Fatal(err)
			}
			batch := []bigcommerce.Fields{
				{"variant_id": base, "currency": "USD", "price": json.Number("10.50"), "bulk_pricing_tiers": []map[string]any{{"quantity_min": 10, "quantity_max": nil, "type": "percent", "amount": 5}}},
				{"sku": "NUT@M8", "currency": "usd", "price": 1},
				{"sku": "SHIRT", "currency": "usd", "price": 1},
				{"sku": "SHIRT-S", "currency": "usd", "price": 7},
				{"sku": "SHIRT-L", "currency": "gbp", "price": 7},
				{"sku": "SHIRT-L", "currency": "usd", "price": -7},
			}
			var named *bigcommerce.RecordsError
			if err := w.PriceLists.UpsertRecords(ctx, list.ID, batch); !errors.As(err, &named) {
				t.Fatalf("%v", err)
			}
			wrong := map[int]string{}
			for _, r := range named.Records {
				for field := range r.Fields {
					wrong[r.Index] = field
				}
			}
			if want := map[int]string{1: "sku", 2: "sku", 4: "currency", 5: "price"}; fmt.Sprint(wrong) != fmt.Sprint(want) {
				t.Fatalf("%v, want %v", wrong, want)
			}
			rest := []bigcommerce.Fields{batch[0], batch[3]}
			if err := w.PriceLists.UpsertRecords(ctx, list.ID, rest); err != nil {
				t.Fatal(err)
			}
			page, at, err := w.PriceLists.Records(ctx, list.ID, bigcommerce.PriceRecordFilter{Currencies: []string{"usd"}, Limit: 1}, 1)
			if err != nil || at.Total != 2 || len(page) != 1 || page[0]["sku"] != "BOLT" || fmt.Sprint(page[0]["price"]) != "10.5" || len(page[0]["bulk_pricing_tiers"].([]any)) != 1 {
				t.Errorf("%v, %+v, %v", page, at, err)
			}
			if page, _, err := w.PriceLists.Records(ctx, list.ID, bigcommerce.PriceRecordFilter{SKUs: []string{"SHIRT-S", "BOLT"}}, 1); err != nil || len(page) != 2 {
				t.Errorf("%v, %v", page, err)
			}
			if page, _, err := w.PriceLists.Records(ctx, list.ID, bigcommerce.PriceRecordFilter{}, 2); err != nil || len(page) != 0 {
				t.Errorf("%v, %v", page, err)
			}
			if err := w.PriceLists.UpsertRecords(ctx, 99, rest); !errors.As(err, new(*bigcommerce.NotFoundError)) {
				t.Errorf("%v", err)
			}

			// What is lost on the way is sent again by itself: an upsert may be repeated.
			for _, kind := range []string{sandbox.Fault500, sandbox.Fault503RetryAfter, sandbox.FaultCutBefore, sandbox.FaultCutAfter} {
				w.fault(t, sandbox.Fault{Kind: kind, Method: "PUT", MS: 1000})
				if err := w.PriceLists.UpsertRecords(ctx, list.ID, rest); err != nil {
					t.Errorf("%s: %v", kind, err)
				}
			}
			if n := len(w.store.PriceRecords()); n != 2 {
				t.Errorf("%d records", n)
			}
		})
	}
}

func TestSandboxPriceRecordsByTheThousand(t *testing.T) {
	w := newWorld(t)
	const n = 3 * bigcommerce.MaxPriceRecordsPerUpsert
	w.store.SeedProducts(n)
	list, err := w.PriceLists.Create(t.Context(), "All", true)
	if err != nil {
		t.Fatal(err)
	}
	batch := make([]bigcommerce.Fields, n)
	for i := range batch {
		batch[i] = bigcommerce.Fields{"sku": fmt.Sprintf("SEED-%06d", i+1), "currency": "usd", "price": i}
	}
	mark := w.store.Log().Mark()
	for part := range slices.Chunk(batch, bigcommerce.MaxPriceRecordsPerUpsert) {
		if err := w.PriceLists.UpsertRecords(t.Context(), list.ID, part); err != nil {
			t.Fatal(err)
		}
	}
	read := map[string]string{}
	for page := 1; len(read) < n; page++ {
		records, at, err := w.PriceLists.Records(t.Context(), list.ID, bigcommerce.PriceRecordFilter{}, page)
		if err != nil || len(records) == 0 {
			t.Fatalf("%+v, %v", at, err)
		}
		for _, r := range records {
			read[r["sku"].(string)] = fmt.Sprint(r["price"])
		}
	}
	if read["SEED-002500"] != "2499" {
		t.Errorf("%v", read["SEED-002500"])
	}
	if c := w.store.Log().Since(mark); c.Total != n/bigcommerce.MaxPriceRecordsPerUpsert+n/bigcommerce.MaxPageSize {
		t.Errorf("%v", strings.TrimSpace(fmt.Sprint(c)))
	}
}
