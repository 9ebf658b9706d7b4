package products

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// related is a file whose last column names other products.
var related = tenants.Mapping{Fields: []tenants.FieldMapping{
	{Target: "sku", Expression: "PartNum"}, {Target: "name", Expression: "PartDescription"}, {Target: "price", Expression: "number(ListPrice)"},
	{Target: "type", Expression: `"physical"`}, {Target: "weight", Expression: "0"}, {Target: targetRelated, Expression: "Style"},
}}

func relatedCSV(rows ...string) string {
	for i, row := range rows { // SKU: those beside it
		sku, beside, _ := strings.Cut(row, ": ")
		rows[i] = fmt.Sprintf("%s,Name of %s,1,,,%q", sku, sku, beside)
	}
	return csv(rows...)
}

// beside returns the SKUs of the products that are shown beside each.
func (w *world) beside() map[string]string {
	w.Helper()
	page, _, err := w.Hand().Products.ListPage(w.Ctx, bigcommerce.ProductFilter{}, 1)
	if err != nil {
		w.Fatal(err)
	}
	skus, out := map[int64]string{-1: "any"}, make(map[string]string)
	for _, p := range page {
		skus[upsert.Int(p["id"])] = upsert.Text(p["sku"])
	}
	for _, p := range page {
		var list []string
		for _, id := range upsert.Ints(p[fieldRelated]) {
			list = append(list, skus[id])
		}
		slices.Sort(list)
		out[upsert.Text(p["sku"])] = strings.Join(list, " ")
	}
	return out
}

// TestRelatedProducts: they are named by SKU, before they are made too. What is nowhere is told and
// left out; what the store picks itself stays where a file says nothing.
func TestRelatedProducts(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Flow.Mapping = related
	w.add(bigcommerce.Fields{"sku": "OLD", "name": "Old", "type": "physical", "weight": 1, "price": 5})
	w.Feed.Body = relatedCSV("A: old, B", "B: OLD|a", "C: ", "D: NOWHERE", "E: OLD, E, NOWHERE")
	var r *tenants.Run
	got := w.Routes(func() { r = w.Run() })
	w.Want(r, upserttest.Counts{Read: 5, Created: 5})
	want := map[string]string{"OLD": "any", "A": "B OLD", "B": "A OLD", "C": "any", "D": "any", "E": "OLD"}
	if d := cmp.Diff(want, w.beside()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got["POST/products"] != 5 || got["PUT/products"] != 1 {
		t.Errorf("%v", got)
	}
	_, messages := w.Issues(r, "warning")
	if all := fmt.Sprint(messages); strings.Count(all, `has the SKU "NOWHERE"`) != 1 {
		t.Errorf("%s", all)
	}
	if n := w.Requests(func() { w.Run() }); n != 0 {
		t.Errorf("%d requests though nothing changed", n)
	}
	w.forget()
	if n := w.writes(func() { r = w.Run() }); n != 0 {
		t.Errorf("%d writes though nothing changed: %v", n, w.ItemChanges(r))
	}
	// One that is taken out, one that is new and made by the same run, which is told.
	w.Feed.Body = relatedCSV("A: B", "B: OLD, a, F", "C: ", "D: NOWHERE", "E: OLD, E, NOWHERE", "F: A")
	r = w.Run()
	w.Want(r, upserttest.Counts{Read: 6, Created: 1, Updated: 2, Unchanged: 3})
	want["A"], want["F"] = "B", "A"
	if d := cmp.Diff(want, w.beside()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, messages := w.Issues(r, "warning"); !strings.Contains(fmt.Sprint(messages), "no product yet with the SKU F") {
		t.Errorf("%v", messages)
	}
	r = w.Run(func(r *tenants.Run) { r.Compare = true })
	w.Want(r, upserttest.Counts{Read: 6, Updated: 1, Unchanged: 5})
	if want["B"] = "A F OLD"; w.beside()["B"] != want["B"] {
		t.Errorf("beside B: %s", w.beside()["B"])
	}
}

func TestTooManyRelatedProducts(t *testing.T) {
	var cells []any
	for i := range maxRelated + 1 {
		cells = append(cells, fmt.Sprint("S", i))
	}
	row := upsert.Part{Fields: map[string]any{"sku": "A", targetRelated: cells}}
	got := products{}.Assemble(nil, []upsert.Part{row})
	if len(got.Problems) != 1 || got.Problems[0].Field != targetRelated || got.Problems[0].Warning {
		t.Errorf("%v", got.Problems)
	}
	row.Fields[targetRelated] = cells[1:]
	if got := (products{}).Assemble(nil, []upsert.Part{row}); len(got.Problems) != 0 {
		t.Errorf("%v", got.Problems)
	}
}
