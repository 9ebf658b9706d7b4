package products

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// compare has a run compare with the store.
func compare(r *tenants.Run) { r.Compare = true }

// remembered returns what the flow remembers, by key.
func (w *world) remembered() map[string]string {
	w.Helper()
	var rows []tenants.RememberedRecord
	if err := w.DB.Scoped(context.WithoutCancel(w.Ctx)).Where("flow_id = ?", w.Flow.ID).Find(&rows).Error; err != nil {
		w.Fatal(err)
	}
	out := make(map[string]string, len(rows))
	for _, r := range rows {
		out[r.Key] = r.Fields
	}
	return out
}

// TestOnlyACompareRunSeesWhatNobodyTold: others change a product and no webhook tells of it. A run
// from memory takes it for unchanged; a run that compares with the store shows it, and sets it
// right.
func TestOnlyACompareRunSeesWhatNobodyTold(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		w := newWorld(t, upserttest.PlatformOn(t, db, sandbox.Choices{}))
		w.Feed.Body = csv(part("A", "First", "1", "1"), part("B", "Second", "1", "1"), part("C", "Third", "1", "1"))
		w.Want(w.Run(), upserttest.Counts{Read: 3, Created: 3})
		w.edit("A", bigcommerce.Fields{"price": 7, "inventory_level": 0})
		w.edit("B", bigcommerce.Fields{"description": "Theirs"}) // not mapped

		var r *tenants.Run
		if n := w.Requests(func() { r = w.Run() }); n != 0 {
			t.Errorf("a run from memory: %d requests", n)
		}
		w.Want(r, upserttest.Counts{Read: 3, Unchanged: 3})

		before := w.remembered()
		looks := map[string]int{"GET/products": 1, "GET/categories": 1}
		if d := cmp.Diff(looks, w.Routes(func() { r = w.Run(compare, upserttest.DryRun) })); d != "" {
			t.Errorf("a dry run that compares: %s", d)
		}
		w.Want(r, upserttest.Counts{Read: 3, Updated: 1, Unchanged: 2})
		shown := map[string]string{}
		for _, c := range w.ItemChanges(r)["a"] {
			shown[c.Field] = fmt.Sprintf("%v → %v", c.Before, c.After)
		}
		if d := cmp.Diff(map[string]string{"price": "7 → 1", "inventory_level": "0 → 1"}, shown); d != "" {
			t.Errorf("a dry run shows: %s", d)
		}
		if r.PlannedRequests != 4 { // its two looks, and a write of the product and of its stock
			t.Errorf("planned %d requests", r.PlannedRequests)
		}
		if d := cmp.Diff(before, w.remembered()); d != "" {
			t.Errorf("a dry run remembers: %s", d)
		}
		if p := w.products()["A"]; p.Price != "7" {
			t.Errorf("a dry run wrote: %+v", p)
		}
		if n := w.Requests(func() { w.Want(w.Run(), upserttest.Counts{Read: 3, Unchanged: 3}) }); n != 0 {
			t.Errorf("a run from memory after the dry run: %d requests", n)
		}

		looks["PUT/products"], looks["PUT/absolute"] = 1, 1
		if d := cmp.Diff(looks, w.Routes(func() { r = w.Run(compare) })); d != "" {
			t.Errorf("a run that compares: %s", d)
		}
		w.Want(r, upserttest.Counts{Read: 3, Updated: 1, Unchanged: 2})
		if r.Requests != 4 || r.PlannedRequests != 4 || r.ToUpdate != 1 || r.ToCreate != 0 {
			t.Errorf("%d requests, %d planned, %d to update, %d to create", r.Requests, r.PlannedRequests, r.ToUpdate, r.ToCreate)
		}
		if d := cmp.Diff([]string{"inventory_level: 0 → 1", "price: 7 → 1"}, w.Journalled(r, "A")); d != "" {
			t.Errorf("journal: %s", d)
		}
		if p := w.products()["A"]; p.Price != "1" || p.InventoryLevel != 1 {
			t.Errorf("not set right: %+v", p)
		}
		if n := w.Requests(func() { w.Want(w.Run(), upserttest.Counts{Read: 3, Unchanged: 3}) }); n != 0 {
			t.Errorf("a run from memory afterwards: %d requests", n)
		}
	})
}

// TestACompareRunFindsWhateverDiffers: what others did, and what the source changed since, in one
// run.
func TestACompareRunFindsWhateverDiffers(t *testing.T) {
	p := upserttest.NewPlatform(t)
	rows := []string{part("A", "First", "1", "1"), part("B", "Second", "1", "1")}
	tests := map[string]struct {
		others  func(w *world)
		rows    []string // of the second run; nil: as before
		want    upserttest.Counts
		routes  map[string]int
		journal []string // of A
	}{
		"nothing": {
			want: upserttest.Counts{Read: 2, Unchanged: 2}, routes: map[string]int{"GET/products": 1, "GET/categories": 1, "GET/brands": 1},
		},
		"the same field changed at both ends": {
			others: func(w *world) { w.edit("A", bigcommerce.Fields{"price": 7}) },
			rows:   []string{part("A", "First", "2", "1"), rows[1]},
			want:   upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1}, routes: map[string]int{"GET/products": 1, "GET/categories": 1, "GET/brands": 1, "PUT/products": 1},
			journal: []string{"price: 7 → 2"},
		},
		"others were there first": {
			others: func(w *world) { w.edit("A", bigcommerce.Fields{"price": 2}) },
			rows:   []string{part("A", "First", "2", "1"), rows[1]},
			want:   upserttest.Counts{Read: 2, Unchanged: 2}, routes: map[string]int{"GET/products": 1, "GET/categories": 1, "GET/brands": 1},
		},
		"a product that is gone": { // looked up by id, by SKU and by padded SKU
			others: func(w *world) { w.remove("A") },
			want:   upserttest.Counts{Read: 2, Created: 1, Unchanged: 1}, routes: map[string]int{"GET/products": 3, "GET/variants": 1, "GET/categories": 1, "GET/brands": 1, "POST/products": 1},
			journal: []string{"brand: <nil> → bags", "category: <nil> → bags > backpack", "inventory_level: <nil> → 1", "inventory_tracking: <nil> → product",
				"name: <nil> → First", "price: <nil> → 1", "sku: <nil> → A", "type: <nil> → physical", "weight: <nil> → 0"},
		},
		"a new row": {
			rows: []string{rows[0], rows[1], part("N", "New", "1", "1")},
			want: upserttest.Counts{Read: 3, Created: 1, Unchanged: 2},
			// The first page of the catalogue is all of it, and N is not there.
			routes: map[string]int{"GET/products": 1, "GET/categories": 1, "GET/brands": 1, "POST/products": 1},
		},
		"a category that has another name now": { // its products are still in it
			others:  func(w *world) { w.renameCategory("backpack", "rucksack") },
			want:    upserttest.Counts{Read: 2, Updated: 2},
			routes:  map[string]int{"GET/products": 1, "GET/categories": 1, "GET/brands": 1, "POST/categories": 1, "PUT/products": 1},
			journal: []string{"category: bags > rucksack → bags > backpack"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, p)
			w.Flow.Mapping = branded
			w.Feed.Body = csv(rows...)
			w.Want(w.Run(), upserttest.Counts{Read: 2, Created: 2})
			if tt.others != nil {
				tt.others(w)
			}
			if tt.rows != nil {
				w.Feed.Body = csv(tt.rows...)
			}
			var r *tenants.Run
			got := w.Routes(func() { r = w.Run(compare) })
			w.Want(r, tt.want)
			if d := cmp.Diff(tt.routes, got); d != "" {
				t.Errorf("requests: %s", d)
			}
			if tt.journal != nil {
				if d := cmp.Diff(tt.journal, w.Journalled(r, "A")); d != "" {
					t.Errorf("journal: %s", d)
				}
			}
			// What it saw is the new memory: a change costs its write, and nothing has to be set
			// right after it.
			w.Feed.Body = csv(part("A", "First", "9", "1"), rows[1])
			if d := cmp.Diff(map[string]int{"PUT/products": 1}, w.Routes(func() { r = w.Run() })); d != "" {
				t.Errorf("the next change: %s", d)
			}
			w.Want(r, upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1})
		})
	}
}

// renameCategory gives a category another name, by another hand.
func (w *world) renameCategory(from, to string) {
	w.Helper()
	for c, err := range w.Hand().Categories.List(w.Ctx, bigcommerce.CategoryFilter{}) {
		if err != nil {
			w.Fatal(err)
		}
		if c.Name == from {
			w.Call(http.MethodPut, "/v3/catalog/trees/categories", []any{map[string]any{"category_id": c.ID, "name": to}})
			return
		}
	}
	w.Fatalf("no category %s", from)
}

// TestACompareRunLooksInTheCheaperWay: all known products by id are as many requests as a catalogue
// that has no others.
func TestACompareRunLooksInTheCheaperWay(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Flow.Mapping.Fields = without(partsMapping, "category")
	rows := make([]string, 2*pageSize+1)
	for i := range rows {
		sku := fmt.Sprintf("P-%05d", i)
		rows[i] = part(sku, "Part "+sku, "1", "1")
		w.add(stocked(sku, "Part "+sku, 1))
	}
	w.Feed.Body = csv(rows...)
	n := int64(len(rows))
	w.Want(w.Run(), upserttest.Counts{Read: n, Unchanged: n})
	w.edit("P-00400", bigcommerce.Fields{"price": 7})
	var r *tenants.Run
	got := w.Routes(func() { r = w.Run(compare) })
	w.Want(r, upserttest.Counts{Read: n, Updated: 1, Unchanged: n - 1})
	if d := cmp.Diff(map[string]int{"GET/products": 3, "PUT/products": 1}, got); d != "" {
		t.Errorf("by id: %s", d)
	}
	// A store whose products are not known is read page by page.
	other := *w.Flow
	other.ID, other.Name = "", "Again"
	if err := w.DB.CreateFlow(w.Ctx, &other); err != nil {
		t.Fatal(err)
	}
	w.Flow = &other
	got = w.Routes(func() { r = w.Run(compare) })
	w.Want(r, upserttest.Counts{Read: n, Unchanged: n})
	if d := cmp.Diff(map[string]int{"GET/products": 3}, got); d != "" {
		t.Errorf("by pages: %s", d)
	}
}

// TestARetryOfACompareRunCompares: the failed record is looked up again, and only that.
func TestARetryOfACompareRunCompares(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = csv(part("A", "First", "1", "1"), part("B", "Second", "1", "1"))
	w.Want(w.Run(), upserttest.Counts{Read: 2, Created: 2})
	w.edit("A", bigcommerce.Fields{"price": 7})
	w.edit("B", bigcommerce.Fields{"price": 8})
	w.Feed.Body = csv(part("A", "First", "x", "1"), part("B", "Second", "1", "1"))
	first := w.Run(compare)
	w.Want(first, upserttest.Counts{Read: 2, Updated: 1, Failed: 1})
	w.edit("B", bigcommerce.Fields{"price": 9})
	w.Feed.Body = csv(part("A", "First", "1", "1"), part("B", "Second", "1", "1"))
	retry := w.Run(compare, func(r *tenants.Run) { r.RetryOf, r.SnapshotID = first.ID, first.SnapshotID })
	w.Want(retry, upserttest.Counts{Read: 1, Updated: 1})
	if d := cmp.Diff([]string{"price: 7 → 1"}, w.Journalled(retry, "A")); d != "" {
		t.Error(d)
	}
	if p := w.products(); p["A"].Price != "1" || p["B"].Price != "9" {
		t.Errorf("A costs %s, B %s", p["A"].Price, p["B"].Price)
	}
}

// TestACancelledComparisonCostsTheNextRunNothing: what it did not come to is known as it was
// before.
func TestACancelledComparisonCostsTheNextRunNothing(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = csv(part("A", "First", "1", "1"), part("B", "Second", "1", "1"))
	w.Want(w.Run(), upserttest.Counts{Read: 2, Created: 2})
	r := w.Start(compare)
	e := w.Engine()
	for r.Phase != tenants.PhaseMatch {
		if _, err := e.Step(w.Ctx, r, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.DB.RequestCancel(w.Ctx, r.ID); err != nil {
		t.Fatal(err)
	}
	if r = w.Finish(r); r.State != tenants.RunCancelled || r.Read != 2 {
		t.Fatalf("state %s, %d read", r.State, r.Read)
	}
	if n := w.Requests(func() { w.Want(w.Run(), upserttest.Counts{Read: 2, Unchanged: 2}) }); n != 0 {
		t.Errorf("the next run made %d requests", n)
	}
}

// TestSoakKilledAnywhereComparing is TestSoakKilledAnywhere for a run that compares an unchanged
// source with a store in which others were at work.
func TestSoakKilledAnywhereComparing(t *testing.T) {
	p := upserttest.NewPlatform(t)
	p.Killable(t)
	upserttest.KilledAnywhere(t, upserttest.Scenario{
		Points: 40, Stride: 9, Start: []func(*tenants.Run){compare},
		New: func(t testing.TB, seed int) *upserttest.World {
			w := newWorld(t, p)
			w.Config.Concurrency, w.Config.WindowRows = 1+seed%4, 5
			w.Feed.Body = csv(part("SAME", "SAME", "1", "1"), part("EDIT", "EDIT", "1", "1"), part("GONE", "GONE", "1", "1"),
				part("ANEW", "ANEW", "1", "1"), part("PLAIN", "PLAIN", "1", "1"), "CAT,CAT,1,1,other,style")
			w.Want(w.Run(), upserttest.Counts{Read: 6, Created: 6})
			w.edit("EDIT", bigcommerce.Fields{"name": "Theirs", "price": 7})
			w.remove("GONE")
			w.remove("ANEW")
			w.add(stocked("ANEW", "ANEW", 5))
			w.deleteCategory("other")
			return w.World
		},
		Settled: func(base *upserttest.World, r *tenants.Run, note string) {
			w := &world{base}
			r = w.Saved(r)
			if got := upserttest.CountsOf(r); r.State != tenants.RunDone || got != (upserttest.Counts{Read: 6, Created: 1, Updated: 3, Unchanged: 2}) {
				_, messages := w.Issues(r, "")
				w.Fatalf("%s: state %s %q, counts %+v, issues %v", note, r.State, r.Error, got, messages)
			}
			products := w.products()
			for sku, product := range products {
				if product.Price.String() != "1" || product.Name != sku || len(product.Categories) != 1 {
					w.Fatalf("%s: %+v", note, product)
				}
			}
			if skus := slices.Sorted(maps.Keys(products)); !slices.Equal(skus, []string{"ANEW", "CAT", "EDIT", "GONE", "PLAIN", "SAME"}) {
				w.Fatalf("%s: products %v", note, skus)
			}
			want := map[string]string{"edit": "update", "gone": "create", "anew": "update", "cat": "update"}
			if d := cmp.Diff(want, w.Journal(r)); d != "" {
				w.Fatalf("%s: journal %s", note, d)
			}
			if n := w.Requests(func() { w.Want(w.Run(), upserttest.Counts{Read: 6, Unchanged: 6}) }); n != 0 {
				w.Fatalf("%s: the next run made %d requests", note, n)
			}
		},
	})
}

// TestACompareRunForgivesWhatBigCommerceCleans: a value that the store keeps in another form is no
// drift.
func TestACompareRunForgivesWhatBigCommerceCleans(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Flow.Mapping = tenants.Mapping{Fields: append(slices.Clone(partsMapping.Fields),
		tenants.FieldMapping{Target: "description", Expression: `"<p>One<script>alert(1)</script></p>"`})}
	w.Feed.Body = csv(part("A", "First", "1.23456", "1"))
	w.Want(w.Run(), upserttest.Counts{Read: 1, Created: 1})
	var r *tenants.Run
	got := w.Routes(func() { r = w.Run(compare) })
	w.Want(r, upserttest.Counts{Read: 1, Unchanged: 1})
	if got["PUT/products"] != 0 {
		t.Errorf("%v", got)
	}
	w.edit("A", bigcommerce.Fields{"description": "<p>Theirs</p>"})
	w.Want(w.Run(compare), upserttest.Counts{Read: 1, Updated: 1})
}
