package stock_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/sandbox"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// TestOnlyACompareRunSeesStockOfOthers: no webhook tells of stock, and a write's answer shows none.
// What others set, only a run that compares with the store sets right: also of sums of rows.
func TestOnlyACompareRunSeesStockOfOthers(t *testing.T) {
	for name, options := range map[string][]func(*upserttest.Setup){
		"a row each":   nil,
		"sums of rows": {with("sum", "sum"), with("location", "1")},
	} {
		t.Run(name, func(t *testing.T) {
			w := world(t, 3, sandbox.Choices{}, options...)
			w.Feed.Body = feed(sku(0)+",1,6", sku(1)+",1,10")
			want := map[string]string{sku(0) + " @ 1": "6", sku(1) + " @ 1": "10"}
			w.Want(w.Run(), upserttest.Counts{Read: 2, Updated: 2})
			levels(w) // what was accepted is carried out
			if err := w.Store.SetStock(sku(0), 1, 99); err != nil {
				t.Fatal(err)
			}
			var r *tenants.Run
			if n := w.Requests(func() { r = w.Run() }); n != 0 {
				t.Errorf("a run from memory: %d requests", n)
			}
			w.Want(r, upserttest.Counts{Read: 2, Unchanged: 2})
			r = w.Run(func(r *tenants.Run) { r.Compare, r.DryRun = true, true })
			w.Want(r, upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1})
			if got := levels(w)[sku(0)+" @ 1"]; got != "99" {
				t.Errorf("a dry run wrote %s", got)
			}
			got := w.Routes(func() { r = w.Run(func(r *tenants.Run) { r.Compare = true }) })
			w.Want(r, upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1})
			if got["PUT/absolute"] != 1 || r.Requests != int64(sum(got)) {
				t.Errorf("%v, %d requests counted", got, r.Requests)
			}
			if diff := cmp.Diff(want, levels(w)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if n := w.Requests(func() { r = w.Run() }); n != 0 {
				t.Errorf("the run after it: %d requests", n)
			}
			w.Want(r, upserttest.Counts{Read: 2, Unchanged: 2})
		})
	}
}

func sum(routes map[string]int) (n int) {
	for _, times := range routes {
		n += times
	}
	return n
}

// TestMixedItemsAreAllCompared: items that a look-up by ids leaves out, as it asks for products
// with options or for variants, are asked for by the next one.
func TestMixedItemsAreAllCompared(t *testing.T) {
	w := world(t, 5, sandbox.Choices{})
	for i := range 5 {
		if i%2 == 0 {
			if _, err := w.Store.AddVariants(productID(w, sku(i)), sandbox.VariantSpec{SKU: "V-" + sku(i), Choices: []sandbox.Choice{{Option: "Size", Value: "S"}}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.Store.SetTracking("product")
	var rows []string
	for i := range 5 {
		rows = append(rows, sku(i)+",1,7")
	}
	w.Feed.Body = feed(rows...)
	w.Want(w.Run(), upserttest.Counts{Read: 5, Updated: 5})
	levels(w) // what was accepted is carried out
	r := w.Run(func(r *tenants.Run) { r.Compare = true })
	w.Want(r, upserttest.Counts{Read: 5, Unchanged: 5})
}
