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
	"sluice/internal/testenv"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// compare has a run compare with the store.
func compare(r *tenants.Run) { r.Compare = true }

// remembered returns what the flow remembers, by key.
func (w *world) remembered() map[string]string {
	w.Helper()
	var rows []tenants.RememberedRecord
	if err := w.db.Scoped(context.WithoutCancel(w.ctx)).Where("flow_id = ?", w.flow.ID).Find(&rows).Error; err != nil {
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
		w := newWorld(t, platformOn(t, db))
		w.feed.body = csv(part("A", "First", "1", "1"), part("B", "Second", "1", "1"), part("C", "Third", "1", "1"))
		w.want(w.run(), counts{Read: 3, Created: 3})
		w.edit("A", bigcommerce.Fields{"price": 7, "inventory_level": 0})
		w.edit("B", bigcommerce.Fields{"description": "Theirs"}) // not mapped

		var r *tenants.Run
		if n := w.requests(func() { r = w.run() }); n != 0 {
			t.Errorf("a run from memory: %d requests", n)
		}
		w.want(r, counts{Read: 3, Unchanged: 3})

		before := w.remembered()
		looks := map[string]int{"GET/products": 1, "GET/categories": 1}
		if d := cmp.Diff(looks, w.routes(func() { r = w.run(compare, dryRun) })); d != "" {
			t.Errorf("a dry run that compares: %s", d)
		}
		w.want(r, counts{Read: 3, Updated: 1, Unchanged: 2})
		shown := map[string]string{}
		for _, c := range w.changes(r)["a"] {
			shown[c.Field] = fmt.Sprintf("%v → %v", c.Before, c.After)
		}
		if d := cmp.Diff(map[string]string{"price": "7 → 1", "inventory_level": "0 → 1"}, shown); d != "" {
			t.Errorf("a dry run shows: %s", d)
		}
		if r.PlannedRequests != 3 { // its two looks and one write
			t.Errorf("planned %d requests", r.PlannedRequests)
		}
		if d := cmp.Diff(before, w.remembered()); d != "" {
			t.Errorf("a dry run remembers: %s", d)
		}
		if p := w.products()["A"]; p.Price != "7" {
			t.Errorf("a dry run wrote: %+v", p)
		}
		if n := w.requests(func() { w.want(w.run(), counts{Read: 3, Unchanged: 3}) }); n != 0 {
			t.Errorf("a run from memory after the dry run: %d requests", n)
		}

		looks["PUT/products"] = 1
		if d := cmp.Diff(looks, w.routes(func() { r = w.run(compare) })); d != "" {
			t.Errorf("a run that compares: %s", d)
		}
		w.want(r, counts{Read: 3, Updated: 1, Unchanged: 2})
		if r.Requests != 3 || r.PlannedRequests != 3 || r.ToUpdate != 1 || r.ToCreate != 0 {
			t.Errorf("%d requests, %d planned, %d to update, %d to create", r.Requests, r.PlannedRequests, r.ToUpdate, r.ToCreate)
		}
		if d := cmp.Diff([]string{"inventory_level: 0 → 1", "price: 7 → 1"}, w.journalled(r, "A")); d != "" {
			t.Errorf("journal: %s", d)
		}
		if p := w.products()["A"]; p.Price != "1" || p.InventoryLevel != 1 {
			t.Errorf("not set right: %+v", p)
		}
		if n := w.requests(func() { w.want(w.run(), counts{Read: 3, Unchanged: 3}) }); n != 0 {
			t.Errorf("a run from memory afterwards: %d requests", n)
		}
	})
}

// TestACompareRunFindsWhateverDiffers: what others did, and what the source changed since, in one
// run.
func TestACompareRunFindsWhateverDiffers(t *testing.T) {
	p := newPlatform(t)
	rows := []string{part("A", "First", "1", "1"), part("B", "Second", "1", "1")}
	tests := map[string]struct {
		others  func(w *world)
		rows    []string // of the second run; nil: as before
		want    counts
		routes  map[string]int
		journal []string // of A
	}{
		"nothing": {
			want: counts{Read: 2, Unchanged: 2}, routes: map[string]int{"GET/products": 1, "GET/categories": 1, "GET/brands": 1},
		},
		"the same field changed at both ends": {
			others: func(w *world) { w.edit("A", bigcommerce.Fields{"price": 7}) },
			rows:   []string{part("A", "First", "2", "1"), rows[1]},
			want:   counts{Read: 2, Updated: 1, Unchanged: 1}, routes: map[string]int{"GET/products": 1, "GET/categories": 1, "GET/brands": 1, "PUT/products": 1},
			journal: []string{"price: 7 → 2"},
		},
		"others were there first": {
			others: func(w *world) { w.edit("A", bigcommerce.Fields{"price": 2}) },
			rows:   []string{part("A", "First", "2", "1"), rows[1]},
			want:   counts{Read: 2, Unchanged: 2}, routes: map[string]int{"GET/products": 1, "GET/categories": 1, "GET/brands": 1},
		},
		"a product that is gone": { // looked up by id, by SKU and by padded SKU
			others: func(w *world) { w.remove("A") },
			want:   counts{Read: 2, Created: 1, Unchanged: 1}, routes: map[string]int{"GET/products": 3, "GET/categories": 1, "GET/brands": 1, "POST/products": 1},
			journal: []string{"brand: <nil> → bags", "category: <nil> → bags > backpack", "inventory_level: <nil> → 1", "inventory_tracking: <nil> → product",
				"name: <nil> → First", "price: <nil> → 1", "sku: <nil> → A", "type: <nil> → physical", "weight: <nil> → 0"},
		},
		"a new row": {
			rows: []string{rows[0], rows[1], part("N", "New", "1", "1")},
			want: counts{Read: 3, Created: 1, Unchanged: 2},
			// The first page of the catalogue is all of it, and N is not there.
			routes: map[string]int{"GET/products": 1, "GET/categories": 1, "GET/brands": 1, "POST/products": 1},
		},
		"a category that has another name now": { // its products are still in it
			others:  func(w *world) { w.renameCategory("backpack", "rucksack") },
			want:    counts{Read: 2, Updated: 2},
			routes:  map[string]int{"GET/products": 1, "GET/categories": 1, "GET/brands": 1, "POST/categories": 1, "PUT/products": 1},
			journal: []string{"category: bags > rucksack → bags > backpack"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, p)
			w.flow.Mapping = branded
			w.feed.body = csv(rows...)
			w.want(w.run(), counts{Read: 2, Created: 2})
			if tt.others != nil {
				tt.others(w)
			}
			if tt.rows != nil {
				w.feed.body = csv(tt.rows...)
			}
			var r *tenants.Run
			got := w.routes(func() { r = w.run(compare) })
			w.want(r, tt.want)
			if d := cmp.Diff(tt.routes, got); d != "" {
				t.Errorf("requests: %s", d)
			}
			if tt.journal != nil {
				if d := cmp.Diff(tt.journal, w.journalled(r, "A")); d != "" {
					t.Errorf("journal: %s", d)
				}
			}
			// What it saw is the new memory: a change costs its write, and nothing has to be set
			// right after it.
			w.feed.body = csv(part("A", "First", "9", "1"), rows[1])
			if d := cmp.Diff(map[string]int{"PUT/products": 1}, w.routes(func() { r = w.run() })); d != "" {
				t.Errorf("the next change: %s", d)
			}
			w.want(r, counts{Read: 2, Updated: 1, Unchanged: 1})
		})
	}
}

// renameCategory gives a category another name, by another hand.
func (w *world) renameCategory(from, to string) {
	w.Helper()
	for c, err := range w.api().Categories.List(w.ctx, bigcommerce.CategoryFilter{}) {
		if err != nil {
			w.Fatal(err)
		}
		if c.Name == from {
			w.call(http.MethodPut, "/v3/catalog/trees/categories", []any{map[string]any{"category_id": c.ID, "name": to}})
			return
		}
	}
	w.Fatalf("no category %s", from)
}

// TestACompareRunLooksInTheCheaperWay: all known products by id are as many requests as a catalogue
// that has no others.
func TestACompareRunLooksInTheCheaperWay(t *testing.T) {
	w := newWorld(t, newPlatform(t))
	w.flow.Mapping.Fields = without(partsMapping, "category")
	rows := make([]string, 2*pageSize+1)
	for i := range rows {
		sku := fmt.Sprintf("P-%05d", i)
		rows[i] = part(sku, "Part "+sku, "1", "1")
		w.add(stocked(sku, "Part "+sku, 1))
	}
	w.feed.body = csv(rows...)
	n := int64(len(rows))
	w.want(w.run(), counts{Read: n, Unchanged: n})
	w.edit("P-00400", bigcommerce.Fields{"price": 7})
	var r *tenants.Run
	got := w.routes(func() { r = w.run(compare) })
	w.want(r, counts{Read: n, Updated: 1, Unchanged: n - 1})
	if d := cmp.Diff(map[string]int{"GET/products": 3, "PUT/products": 1}, got); d != "" {
		t.Errorf("by id: %s", d)
	}
	// A store whose products are not known is read page by page.
	other := *w.flow
	other.ID, other.Name = "", "Again"
	if err := w.db.CreateFlow(w.ctx, &other); err != nil {
		t.Fatal(err)
	}
	w.flow = &other
	got = w.routes(func() { r = w.run(compare) })
	w.want(r, counts{Read: n, Unchanged: n})
	if d := cmp.Diff(map[string]int{"GET/products": 3}, got); d != "" {
		t.Errorf("by pages: %s", d)
	}
}

// TestARetryOfACompareRunCompares: the failed record is looked up again, and only that.
func TestARetryOfACompareRunCompares(t *testing.T) {
	w := newWorld(t, newPlatform(t))
	w.feed.body = csv(part("A", "First", "1", "1"), part("B", "Second", "1", "1"))
	w.want(w.run(), counts{Read: 2, Created: 2})
	w.edit("A", bigcommerce.Fields{"price": 7})
	w.edit("B", bigcommerce.Fields{"price": 8})
	w.feed.body = csv(part("A", "First", "x", "1"), part("B", "Second", "1", "1"))
	first := w.run(compare)
	w.want(first, counts{Read: 2, Updated: 1, Failed: 1})
	w.edit("B", bigcommerce.Fields{"price": 9})
	w.feed.body = csv(part("A", "First", "1", "1"), part("B", "Second", "1", "1"))
	retry := w.run(compare, func(r *tenants.Run) { r.RetryOf, r.SnapshotID = first.ID, first.SnapshotID })
	w.want(retry, counts{Read: 1, Updated: 1})
	if d := cmp.Diff([]string{"price: 7 → 1"}, w.journalled(retry, "A")); d != "" {
		t.Error(d)
	}
	if p := w.products(); p["A"].Price != "1" || p["B"].Price != "9" {
		t.Errorf("A costs %s, B %s", p["A"].Price, p["B"].Price)
	}
}

// TestACancelledComparisonCostsTheNextRunNothing: what it did not come to is known as it was
// before.
func TestACancelledComparisonCostsTheNextRunNothing(t *testing.T) {
	w := newWorld(t, newPlatform(t))
	w.feed.body = csv(part("A", "First", "1", "1"), part("B", "Second", "1", "1"))
	w.want(w.run(), counts{Read: 2, Created: 2})
	r := w.start(compare)
	e := w.engine()
	for r.Phase != tenants.PhaseMatch {
		if _, err := e.Step(w.ctx, r, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.db.RequestCancel(w.ctx, r.ID); err != nil {
		t.Fatal(err)
	}
	if r = w.finish(r); r.State != tenants.RunCancelled || r.Read != 2 {
		t.Fatalf("state %s, %d read", r.State, r.Read)
	}
	if n := w.requests(func() { w.want(w.run(), counts{Read: 2, Unchanged: 2}) }); n != 0 {
		t.Errorf("the next run made %d requests", n)
	}
}

// TestSoakKilledAnywhereComparing is TestSoakKilledAnywhere for a run that compares an unchanged
// source with a store in which others were at work.
func TestSoakKilledAnywhereComparing(t *testing.T) {
	soak := testenv.NewSoak(t)
	stride := pointStride(soak)
	p := newPlatform(t)
	p.killable(t)
	settled := func(w *world, r *tenants.Run, note string) {
		w.Helper()
		r = w.saved(r)
		if got := countsOf(r); r.State != tenants.RunDone || got != (counts{Read: 6, Created: 1, Updated: 3, Unchanged: 2}) {
			_, messages := w.issues(r, "")
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
		if d := cmp.Diff(want, w.journal(r)); d != "" {
			w.Fatalf("%s: journal %s", note, d)
		}
		if n := w.requests(func() { w.want(w.run(), counts{Read: 6, Unchanged: 6}) }); n != 0 {
			w.Fatalf("%s: the next run made %d requests", note, n)
		}
	}
	for at, trials := soak.Rand().IntN(stride), 0; ; at, trials = at+stride, trials+1 {
		w := newWorld(t, p)
		w.cfg.Concurrency, w.cfg.WindowRows = 1+at%4, 5
		w.feed.body = csv(part("SAME", "SAME", "1", "1"), part("EDIT", "EDIT", "1", "1"), part("GONE", "GONE", "1", "1"),
			part("ANEW", "ANEW", "1", "1"), part("PLAIN", "PLAIN", "1", "1"), "CAT,CAT,1,1,other,style")
		w.want(w.run(), counts{Read: 6, Created: 6})
		w.edit("EDIT", bigcommerce.Fields{"name": "Theirs", "price": 7})
		w.remove("GONE")
		w.remove("ANEW")
		w.add(stocked("ANEW", "ANEW", 5))
		w.deleteCategory("other")
		r := w.start(compare)
		k, done := w.live(r, at)
		if done {
			settled(w, r, "never killed")
			if at < 40 {
				t.Fatalf("only %d points: is the killer wired up?", at)
			}
			soak.Figure("kills", float64(trials), "")
			return
		}
		w.live(r, 1<<30)
		settled(w, r, fmt.Sprintf("killed at point %d, %s", at, k.at))
	}
}

// TestACompareRunForgivesWhatBigCommerceCleans: a value that the store keeps in another form is no
// drift.
func TestACompareRunForgivesWhatBigCommerceCleans(t *testing.T) {
	w := newWorld(t, newPlatform(t))
	w.flow.Mapping = tenants.Mapping{Fields: append(slices.Clone(partsMapping.Fields),
		tenants.FieldMapping{Target: "description", Expression: `"<p>One<script>alert(1)</script></p>"`})}
	w.feed.body = csv(part("A", "First", "1.23456", "1"))
	w.want(w.run(), counts{Read: 1, Created: 1})
	var r *tenants.Run
	got := w.routes(func() { r = w.run(compare) })
	w.want(r, counts{Read: 1, Unchanged: 1})
	if got["PUT/products"] != 0 {
		t.Errorf("%v", got)
	}
	w.edit("A", bigcommerce.Fields{"description": "<p>Theirs</p>"})
	w.want(w.run(compare), counts{Read: 1, Updated: 1})
}
