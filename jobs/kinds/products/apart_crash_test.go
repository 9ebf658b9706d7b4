package products

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// apart is grouped for files in which other rows stand between the rows of one product.
func apart() tenants.Mapping {
	m := grouped
	layout := *grouped.Layout
	layout.Apart = true
	m.Layout, m.Fields = &layout, slices.Clone(grouped.Fields)
	return m
}

// dealt deals the rows of products out in turn, as no system sorts them.
func dealt(products ...[]string) (rows []string) {
	for i := 0; ; i++ {
		n := len(rows)
		for _, p := range products {
			if i < len(p) {
				rows = append(rows, p[i])
			}
		}
		if len(rows) == n {
			return rows
		}
	}
}

// sizes are the variants of products, by SKU.
func (w *world) sizes(skus ...string) map[string]any {
	w.Helper()
	out := make(map[string]any)
	for _, sku := range skus {
		out[sku] = brief(w.whole(sku))["variants"]
	}
	return out
}

// TestSoakApartKilledAnywhere: killed while rows that stand apart are put together, or anywhere
// else, each product has each of its variants once.
func TestSoakApartKilledAnywhere(t *testing.T) {
	p := upserttest.NewPlatform(t)
	p.Killable(t)
	upserttest.KilledAnywhere(t, upserttest.Scenario{
		Points: 50, Stride: 5,
		New: func(t testing.TB, _ int) *upserttest.World {
			w := newWorld(t, p)
			w.Flow.Mapping = apart()
			w.Feed.Body = groupedCSV(tee(1, "10", "S", "M")...)
			w.Want(w.Run(), upserttest.Counts{Read: 1, Created: 1})
			w.Feed.Body = groupedCSV(dealt(tee(1, "11", "S", "M", "XL"), tee(2, "12", "S", "M"), tee(3, "13", "S", "L", "M"))...)
			return w.World
		},
		Settled: func(base *upserttest.World, r *tenants.Run, note string) {
			w := &world{base}
			w.Want(r, upserttest.Counts{Read: 3, Created: 2, Updated: 1})
			want := map[string]any{
				"tee-1": []string{"T1-M 11 Size=M", "T1-S 11 Size=S", "T1-XL 11 Size=XL"},
				"tee-2": []string{"T2-M 12 Size=M", "T2-S 12 Size=S"},
				"tee-3": []string{"T3-L 13 Size=L", "T3-M 13 Size=M", "T3-S 13 Size=S"},
			}
			if d := cmp.Diff(want, w.sizes("tee-1", "tee-2", "tee-3")); d != "" {
				w.Fatalf("%s: (-want +got):\n%s", note, d)
			}
			if n := w.Requests(func() { w.Run() }); n != 0 {
				w.Fatalf("%s: %d requests though nothing changed", note, n)
			}
		},
	})
}

// TestRetryOfAGroup: one row that is wrong leaves its product out, and a retry takes all of the
// product's rows, where they stand together and where they do not.
func TestRetryOfAGroup(t *testing.T) {
	for name, m := range map[string]tenants.Mapping{"together": grouped, "apart": apart()} {
		t.Run(name, func(t *testing.T) {
			w := newGrouped(t)
			w.Flow.Mapping = m
			w.Flow.Mapping.Fields = slices.Clone(m.Fields)
			price := slices.IndexFunc(m.Fields, func(f tenants.FieldMapping) bool { return f.Target == "variant_price" })
			w.Flow.Mapping.Fields[price].Bad = tenants.BadFails
			rows := [][]string{tee(1, "10", "S", "M", "L"), tee(2, "12", "S", "M")}
			rows[0][1] = strings.Replace(rows[0][1], ",10,", ",ten,", 1)
			if name == "apart" {
				w.Feed.Body = groupedCSV(dealt(rows...)...)
			} else {
				w.Feed.Body = groupedCSV(slices.Concat(rows...)...)
			}
			r := w.Run()
			w.Want(r, upserttest.Counts{Read: 2, Created: 1, Failed: 1})
			w.Flow.Mapping.Fields[price].Expression = `Price == "ten" ? "10" : Price`
			if err := w.DB.UpdateFlow(w.Ctx, w.Flow); err != nil {
				t.Fatal(err)
			}
			again := w.Run(func(next *tenants.Run) { next.RetryOf, next.SnapshotID = r.ID, r.SnapshotID })
			if again.State != tenants.RunDone || again.Created != 1 || again.Failed != 0 {
				_, messages := w.Issues(again, "")
				t.Fatalf("the retry: %s %+v: %v", again.State, again.Counts, messages)
			}
			want := map[string]any{"tee-1": []string{"T1-L 10 Size=L", "T1-M 10 Size=M", "T1-S 10 Size=S"}, "tee-2": []string{"T2-M 12 Size=M", "T2-S 12 Size=S"}}
			if d := cmp.Diff(want, w.sizes("tee-1", "tee-2")); d != "" {
				t.Error(d)
			}
			if n := fmt.Sprint(w.Journal(again)); n != "map[tee-1:create]" {
				t.Error(n)
			}
		})
	}
}
