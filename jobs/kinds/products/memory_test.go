package products

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// edit changes a product by another hand.
func (w *world) edit(sku string, fields bigcommerce.Fields) {
	w.Helper()
	fields["id"] = w.products()[sku].ID
	if _, err := w.Hand().Products.Update(w.Ctx, []bigcommerce.Fields{fields}); err != nil {
		w.Fatal(err)
	}
}

func (w *world) remove(sku string) {
	w.Helper()
	if err := w.Hand().Products.Delete(w.Ctx, []int64{w.products()[sku].ID}); err != nil {
		w.Fatal(err)
	}
}

// branded is partsMapping with the product group as brand.
var branded = tenants.Mapping{Fields: append(slices.Clone(partsMapping.Fields), tenants.FieldMapping{Target: "brand", Expression: "ProductGroup"})}

// TestOneInAHundredCostsItsWrites: 1 % of a catalogue with categories and brands changes, in as
// many requests as writing takes.
func TestOneInAHundredCostsItsWrites(t *testing.T) {
	size, changed := 500, 100
	if raceDetector {
		size, changed = 200, 40
	}
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Flow.Mapping = branded
	rows := parts(size)
	w.Feed.Body = csv(rows...)
	w.Want(w.Run(), upserttest.Counts{Read: int64(size), Created: int64(size)})
	for round := range 2 {
		var r *tenants.Run
		if n := w.Requests(func() { r = w.Run() }); n != 0 {
			t.Errorf("nothing changed: %d requests", n)
		}
		for i := range changed {
			rows[i*size/changed] = strings.Replace(rows[i*size/changed], []string{".99,", ".49,"}[round], []string{".49,", ".29,"}[round], 1)
		}
		w.Feed.Body = csv(rows...)
		dry := w.Requests(func() { r = w.Run(upserttest.DryRun) })
		w.Want(r, upserttest.Counts{Read: int64(size), Updated: int64(changed), Unchanged: int64(size - changed)})
		if dry != 0 || r.PlannedRequests != int64(changed/10) {
			t.Errorf("a dry run: %d requests, %d planned", dry, r.PlannedRequests)
		}
		got := w.Routes(func() { r = w.Run() })
		w.Want(r, upserttest.Counts{Read: int64(size), Updated: int64(changed), Unchanged: int64(size - changed)})
		if d := cmp.Diff(map[string]int{"PUT/products": changed / 10}, got); d != "" {
			t.Error(d)
		}
		if r.PlannedRequests != int64(changed/10) || r.Requests != int64(changed/10) {
			t.Errorf("planned %d, counted %d requests", r.PlannedRequests, r.Requests)
		}
		want := []string{[]string{"price: 1.99 → 1.49", "price: 1.49 → 1.29"}[round]}
		if d := cmp.Diff(want, w.Journalled(r, "P-00000")); d != "" {
			t.Error(d)
		}
	}
}

// TestOthersChangeWhatIsRemembered: whatever others did to a product, the row is in the store after
// the run.
func TestOthersChangeWhatIsRemembered(t *testing.T) {
	p := upserttest.NewPlatform(t)
	tests := map[string]struct {
		others  func(w *world) // between the first run and the second
		want    upserttest.Counts
		routes  map[string]int
		journal []string
	}{
		"nothing": {
			want: upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1}, routes: map[string]int{"PUT/products": 1}, journal: []string{"price: 1 → 2"},
		},
		"another field": {
			others: func(w *world) { w.edit("A", bigcommerce.Fields{"name": "Theirs", "weight": 3}) },
			want:   upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1}, routes: map[string]int{"PUT/products": 2},
			journal: []string{"price: 1 → 2", "name: Theirs → First", "weight: 3 → 0"},
		},
		"stock that was sold": {
			others: func(w *world) { w.edit("A", bigcommerce.Fields{"inventory_level": 0}) },
			want:   upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1}, routes: map[string]int{"PUT/products": 1, "PUT/absolute": 1},
			journal: []string{"price: 1 → 2", "inventory_level: 0 → 1"},
		},
		"a field that is not mapped": {
			others: func(w *world) { w.edit("A", bigcommerce.Fields{"description": "Theirs"}) },
			want:   upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1}, routes: map[string]int{"PUT/products": 1}, journal: []string{"price: 1 → 2"},
		},
		"the same field": { // "before" is what Sluice saw last
			others: func(w *world) { w.edit("A", bigcommerce.Fields{"price": 7}) },
			want:   upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1}, routes: map[string]int{"PUT/products": 1}, journal: []string{"price: 1 → 2"},
		},
		"its categories": {
			others: func(w *world) { w.edit("A", bigcommerce.Fields{"categories": []int64{}}) },
			want:   upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1}, routes: map[string]int{"PUT/products": 2},
			journal: []string{"price: 1 → 2", "category:  → bags > backpack"},
		},
		"deleted": { // looked up by id, by SKU and by padded SKU
			others: func(w *world) { w.remove("A") },
			want:   upserttest.Counts{Read: 2, Created: 1, Unchanged: 1}, routes: map[string]int{"PUT/products": 1, "GET/products": 3, "GET/variants": 1, "POST/products": 1},
			journal: []string{"category: <nil> → bags > backpack", "inventory_level: <nil> → 1", "inventory_tracking: <nil> → product",
				"name: <nil> → First", "price: <nil> → 2", "sku: <nil> → A", "type: <nil> → physical", "weight: <nil> → 0"},
		},
		"deleted and made anew": {
			others: func(w *world) {
				w.remove("A")
				w.add(stocked(" A", "Theirs", 1))
			},
			want: upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1}, routes: map[string]int{"PUT/products": 2, "GET/products": 3},
			journal: []string{"category:  → bags > backpack", "name: Theirs → First", "price: 1 → 2", "sku:  A → A"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, p)
			w.Feed.Body = csv(part("A", "First", "1", "1"), part("B", "Second", "1", "1"))
			w.Want(w.Run(), upserttest.Counts{Read: 2, Created: 2})
			if tt.others != nil {
				tt.others(w)
			}
			w.Feed.Body = csv(part("A", "First", "2", "1"), part("B", "Second", "1", "1"))
			var r *tenants.Run
			got := w.Routes(func() { r = w.Run() })
			w.Want(r, tt.want)
			if d := cmp.Diff(tt.routes, got); d != "" {
				t.Errorf("requests: %s", d)
			}
			if d := cmp.Diff(tt.journal, w.Journalled(r, "A")); d != "" {
				t.Errorf("journal: %s", d)
			}
			products := w.products()
			a := products["A"]
			if len(products) != 2 || a == nil || a.Name != "First" || a.Price != "2" || a.Weight != "0" || a.InventoryLevel != 1 || len(a.Categories) != 1 {
				t.Errorf("%d products, A: %+v", len(products), a)
			}
			if r.ToCreate != tt.want.Created || r.ToUpdate != tt.want.Updated {
				t.Errorf("to create %d, to update %d", r.ToCreate, r.ToUpdate)
			}
			// What came of it is remembered.
			w.Feed.Body = csv(part("A", "First", "3", "1"), part("B", "Second", "1", "1"))
			if d := cmp.Diff(map[string]int{"PUT/products": 1}, w.Routes(func() { r = w.Run() })); d != "" {
				t.Errorf("the next change: %s", d)
			}
			if d := cmp.Diff([]string{"price: 2 → 3"}, w.Journalled(r, "A")); d != "" {
				t.Errorf("the next journal: %s", d)
			}
		})
	}
}

// TestManyOfTheRememberedAreGone: a batch in which products are gone is looked up as one, not
// split.
func TestManyOfTheRememberedAreGone(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Flow.Mapping.Fields = without(partsMapping, "category")
	rows := make([]string, 30)
	for i := range rows {
		rows[i] = part(fmt.Sprintf("P-%02d", i), fmt.Sprintf("Part %02d", i), "1", "1")
	}
	w.Feed.Body = csv(rows...)
	w.Want(w.Run(), upserttest.Counts{Read: 30, Created: 30})
	for i := range 20 {
		w.remove(fmt.Sprintf("P-%02d", i))
	}
	w.Feed.Body = strings.ReplaceAll(w.Feed.Body, ",1,1,", ",2,1,")
	var r *tenants.Run
	got := w.Routes(func() { r = w.Run() })
	w.Want(r, upserttest.Counts{Read: 30, Created: 20, Updated: 10})
	// Of three batches two are refused; their 20 products are looked up by id, SKU and padded SKU, and
	// some of the SKUs among variants.
	if d := cmp.Diff(map[string]int{"PUT/products": 3, "GET/products": 3, "GET/variants": 2, "POST/products": 20}, got); d != "" {
		t.Error(d)
	}
	for sku, p := range w.products() {
		if p.Price != "2" {
			t.Errorf("%s costs %s", sku, p.Price)
		}
	}
}

// TestWhatIsNotRememberedIsLookedAt lists what memory is not trusted with.
func TestWhatIsNotRememberedIsLookedAt(t *testing.T) {
	p := upserttest.NewPlatform(t)
	look := map[string]int{"GET/products": 1, "PUT/products": 1}
	wordy := strings.TrimSpace(strings.Repeat("long ", 45))
	long := "PartDescription" + strings.Repeat("+PartDescription", maxRemembered/len(wordy))
	tests := map[string]struct {
		before func(w *world)
		change func(w *world)
		want   map[string]int
	}{
		"a field that was mapped since": {
			change: func(w *world) {
				w.Flow.Mapping = tenants.Mapping{Fields: append(slices.Clone(partsMapping.Fields), tenants.FieldMapping{Target: "description", Expression: `"new"`})}
			},
			want: look,
		},
		"a field that is mapped no more": { // nothing to write, and that is not taken from memory
			change: func(w *world) { w.Flow.Mapping = tenants.Mapping{Fields: without(partsMapping, "inventory_level")} },
			want:   map[string]int{"GET/products": 1},
		},
		"a long product": {
			before: func(w *world) {
				w.Flow.Mapping = tenants.Mapping{Fields: append(slices.Clone(partsMapping.Fields), tenants.FieldMapping{Target: "description", Expression: long})}
			},
			change: func(w *world) { w.Feed.Body = csv(part("A", wordy, "2", "1")) },
			want:   look,
		},
		"a product that another flow wrote": {
			change: func(w *world) {
				mine := w.Flow
				other := &tenants.Flow{Kind: "products", Name: "Prices", ConnectionID: mine.ConnectionID, Mapping: partsMapping}
				if err := w.DB.CreateFlow(w.Ctx, other); err != nil {
					w.Fatal(err)
				}
				w.Flow, w.Feed.Body = other, csv(part("A", "Other", "5", "1"))
				w.Want(w.Run(), upserttest.Counts{Read: 1, Updated: 1})
				w.Flow, w.Feed.Body = mine, csv(part("A", "First", "2", "1"))
			},
			want: look,
		},
		"a product that the first version wrote": {
			change: func(w *world) {
				if err := w.DB.Scoped(w.Ctx).Where("1 = 1").Delete(&tenants.RememberedRecord{}).Error; err != nil {
					w.Fatal(err)
				}
				w.Feed.Body = csv(part("A", "First", "2", "1"))
			},
			want: look,
		},
		"a record that found another product": {
			change: func(w *world) {
				w.remove("A")
				id := w.add(stocked("A", "First", 1))
				if err := w.DB.Scoped(w.Ctx).Model(&tenants.Record{}).Where("key = ?", "a").Update("target_id", id).Error; err != nil {
					w.Fatal(err)
				}
				w.Feed.Body = csv(part("A", "First", "2", "1"))
			},
			want: look,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, p)
			if tt.before != nil {
				tt.before(w)
			}
			w.Feed.Body = csv(part("A", wordy, "1", "1"))
			w.Want(w.Run(), upserttest.Counts{Read: 1, Created: 1})
			tt.change(w)
			var r *tenants.Run
			if d := cmp.Diff(tt.want, w.Routes(func() { r = w.Run() })); d != "" {
				t.Error(d)
			}
			if r.State != tenants.RunDone || r.Failed != 0 {
				t.Errorf("state %s, %d failed", r.State, r.Failed)
			}
		})
	}
}

// memoryWorld is a store that a run has filled, with everything in it that others can do to a
// remembered product.
func memoryWorld(t testing.TB, p *upserttest.Platform, concurrency int) *world {
	w := newWorld(t, p)
	w.Config.Concurrency, w.Config.WindowRows = concurrency, 5
	w.Feed.Body = csv(part("SAME", "Same", "1", "1"), part("EDIT", "Edit", "1", "1"), part("GONE", "Gone", "1", "1"),
		part("ANEW", "Anew", "1", "1"), part("PLAIN", "Plain", "1", "1"), "CAT,Cat,1,1,other,style")
	w.Want(w.Run(), upserttest.Counts{Read: 6, Created: 6})
	w.edit("EDIT", bigcommerce.Fields{"name": "Theirs"})
	w.remove("GONE")
	w.remove("ANEW")
	w.add(stocked("ANEW", "Anew", 5))
	w.deleteCategory("other")
	w.Feed.Body = csv(part("SAME", "Same", "1", "1"), part("EDIT", "Edit", "2", "1"), part("GONE", "Gone", "2", "1"),
		part("ANEW", "Anew", "2", "1"), part("PLAIN", "Plain", "2", "1"), "CAT,Cat,2,1,other,style")
	return w
}

// TestSoakKilledAnywhereWithMemory is TestSoakKilledAnywhere for a second run, which works from
// what the first remembered.
func TestSoakKilledAnywhereWithMemory(t *testing.T) {
	p := upserttest.NewPlatform(t)
	p.Killable(t)
	upserttest.KilledAnywhere(t, upserttest.Scenario{
		Points: 40, Stride: 9,
		New: func(t testing.TB, seed int) *upserttest.World { return memoryWorld(t, p, 1+seed%4).World },
		Settled: func(base *upserttest.World, r *tenants.Run, note string) {
			w := &world{base}
			r = w.Saved(r)
			if got := upserttest.CountsOf(r); r.State != tenants.RunDone || got != (upserttest.Counts{Read: 6, Created: 1, Updated: 4, Unchanged: 1}) {
				_, messages := w.Issues(r, "")
				w.Fatalf("%s: state %s %q, counts %+v, issues %v", note, r.State, r.Error, got, messages)
			}
			for sku, product := range w.products() {
				want := "2"
				if sku == "SAME" {
					want = "1"
				}
				if product.Price.String() != want || !strings.EqualFold(product.Name, sku) || len(product.Categories) != 1 {
					w.Fatalf("%s: %+v", note, product)
				}
			}
			if n := w.Store.Products(); n != 6 {
				w.Fatalf("%s: %d products", note, n)
			}
			want := map[string]string{"edit": "update", "gone": "create", "anew": "update", "plain": "update", "cat": "update"}
			if d := cmp.Diff(want, w.Journal(r)); d != "" {
				w.Fatalf("%s: journal %s", note, d)
			}
			if n := w.Requests(func() { r = w.Run() }); n != 0 {
				w.Fatalf("%s: the next run made %d requests", note, n)
			}
		},
	})
}
