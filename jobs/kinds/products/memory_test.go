package products

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/testenv"
	"sluice/jobs/upsert"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// call sends a request by another hand and returns its answer's data.
func (w *world) call(method, path string, in any) json.RawMessage {
	w.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		w.Fatal(err)
	}
	r, err := http.NewRequestWithContext(w.ctx, method, w.sb.URLs().API+"/stores/"+w.store.Hash+path, strings.NewReader(string(body)))
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("X-Auth-Token", w.store.Token())
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		w.Fatalf("%s %s: %s %s, %v", method, path, res.Status, answer, err)
	}
	var out struct {
		Data json.RawMessage `json:"data"`
	}
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &out); err != nil {
			w.Fatal(err)
		}
	}
	return out.Data
}

// edit changes a product by another hand.
func (w *world) edit(sku string, fields bigcommerce.Fields) {
	w.Helper()
	fields["id"] = w.products()[sku].ID
	if _, err := w.api().Products.Update(w.ctx, []bigcommerce.Fields{fields}); err != nil {
		w.Fatal(err)
	}
}

func (w *world) remove(sku string) {
	w.Helper()
	if err := w.api().Products.Delete(w.ctx, []int64{w.products()[sku].ID}); err != nil {
		w.Fatal(err)
	}
}

// routes counts what fn sends, as "METHOD last part of the path".
func (w *world) routes(fn func()) map[string]int {
	mark := w.store.Log().Mark()
	fn()
	out := make(map[string]int)
	for route, n := range w.store.Log().Since(mark).ByMethodPath {
		method, path, _ := strings.Cut(route, " ")
		out[method+path[strings.LastIndex(path, "/"):]] += n
	}
	return out
}

// journalled returns what a run's journal says of a SKU, as "field: before → after".
func (w *world) journalled(r *tenants.Run, sku string) []string {
	w.Helper()
	var e tenants.JournalEntry
	if err := w.db.Scoped(w.ctx).Where("run_id = ? AND key = ?", r.ID, sku).Take(&e).Error; err != nil {
		w.Fatalf("journal of %s: %v", sku, err)
	}
	var changes []upsert.Change
	dec := json.NewDecoder(strings.NewReader(e.Changes))
	dec.UseNumber()
	if err := dec.Decode(&changes); err != nil {
		w.Fatal(err)
	}
	out := make([]string, len(changes))
	for i, c := range changes {
		out[i] = fmt.Sprintf("%s: %v → %v", c.Field, c.Before, c.After)
	}
	return out
}

// branded is partsMapping with the product group as brand.
var branded = tenants.Mapping{Fields: append(slices.Clone(partsMapping.Fields), tenants.FieldMapping{Target: "brand", Expression: "ProductGroup"})}

// TestOneInAHundredCostsItsWrites: 1 % of a catalogue with categories and brands changes, in as many requests as
// writing takes.
func TestOneInAHundredCostsItsWrites(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		size, changed := 500, 100
		if raceDetector {
			size, changed = 200, 40
		}
		w := newWorld(t, platformOn(t, db))
		w.flow.Mapping = branded
		rows := parts(size)
		w.feed.body = csv(rows...)
		w.want(w.run(), counts{Read: int64(size), Created: int64(size)})
		for round := range 2 {
			var r *tenants.Run
			if n := w.requests(func() { r = w.run() }); n != 0 {
				t.Errorf("nothing changed: %d requests", n)
			}
			for i := range changed {
				rows[i*size/changed] = strings.Replace(rows[i*size/changed], []string{".99,", ".49,"}[round], []string{".49,", ".29,"}[round], 1)
			}
			w.feed.body = csv(rows...)
			dry := w.requests(func() { r = w.run(dryRun) })
			w.want(r, counts{Read: int64(size), Updated: int64(changed), Unchanged: int64(size - changed)})
			if dry != 0 || r.PlannedRequests != int64(changed/10) {
				t.Errorf("a dry run: %d requests, %d planned", dry, r.PlannedRequests)
			}
			got := w.routes(func() { r = w.run() })
			w.want(r, counts{Read: int64(size), Updated: int64(changed), Unchanged: int64(size - changed)})
			if d := cmp.Diff(map[string]int{"PUT/products": changed / 10}, got); d != "" {
				t.Error(d)
			}
			if r.PlannedRequests != int64(changed/10) || r.Requests != int64(changed/10) {
				t.Errorf("planned %d, counted %d requests", r.PlannedRequests, r.Requests)
			}
			want := []string{[]string{"price: 1.99 → 1.49", "price: 1.49 → 1.29"}[round]}
			if d := cmp.Diff(want, w.journalled(r, "P-00000")); d != "" {
				t.Error(d)
			}
		}
	})
}

// TestOthersChangeWhatIsRemembered: whatever others did to a product, the row is in the store after the run.
func TestOthersChangeWhatIsRemembered(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		p := platformOn(t, db)
		tests := map[string]struct {
			others  func(w *world) // between the first run and the second
			want    counts
			routes  map[string]int
			journal []string
		}{
			"nothing": {
				want: counts{Read: 2, Updated: 1, Unchanged: 1}, routes: map[string]int{"PUT/products": 1}, journal: []string{"price: 1 → 2"},
			},
			"another field": {
				others: func(w *world) { w.edit("A", bigcommerce.Fields{"name": "Theirs", "weight": 3}) },
				want:   counts{Read: 2, Updated: 1, Unchanged: 1}, routes: map[string]int{"PUT/products": 2},
				journal: []string{"price: 1 → 2", "name: Theirs → First", "weight: 3 → 0"},
			},
			"stock that was sold": {
				others: func(w *world) { w.edit("A", bigcommerce.Fields{"inventory_level": 0}) },
				want:   counts{Read: 2, Updated: 1, Unchanged: 1}, routes: map[string]int{"PUT/products": 2},
				journal: []string{"price: 1 → 2", "inventory_level: 0 → 1"},
			},
			"a field that is not mapped": {
				others: func(w *world) { w.edit("A", bigcommerce.Fields{"description": "Theirs"}) },
				want:   counts{Read: 2, Updated: 1, Unchanged: 1}, routes: map[string]int{"PUT/products": 1}, journal: []string{"price: 1 → 2"},
			},
			"the same field": { // "before" is what Sluice saw last
				others: func(w *world) { w.edit("A", bigcommerce.Fields{"price": 7}) },
				want:   counts{Read: 2, Updated: 1, Unchanged: 1}, routes: map[string]int{"PUT/products": 1}, journal: []string{"price: 1 → 2"},
			},
			"its categories": {
				others: func(w *world) { w.edit("A", bigcommerce.Fields{"categories": []int64{}}) },
				want:   counts{Read: 2, Updated: 1, Unchanged: 1}, routes: map[string]int{"PUT/products": 2},
				journal: []string{"price: 1 → 2", "category:  → bags > backpack"},
			},
			"deleted": { // looked up by id, by SKU and by padded SKU
				others: func(w *world) { w.remove("A") },
				want:   counts{Read: 2, Created: 1, Unchanged: 1}, routes: map[string]int{"PUT/products": 1, "GET/products": 3, "POST/products": 1},
				journal: []string{"category: <nil> → bags > backpack", "inventory_level: <nil> → 1", "inventory_tracking: <nil> → product",
					"name: <nil> → First", "price: <nil> → 2", "sku: <nil> → A", "type: <nil> → physical", "weight: <nil> → 0"},
			},
			"deleted and made anew": {
				others: func(w *world) {
					w.remove("A")
					w.add(stocked(" A", "Theirs", 1))
				},
				want: counts{Read: 2, Updated: 1, Unchanged: 1}, routes: map[string]int{"PUT/products": 2, "GET/products": 3},
				journal: []string{"category:  → bags > backpack", "name: Theirs → First", "price: 1 → 2", "sku:  A → A"},
			},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t, p)
				w.feed.body = csv(part("A", "First", "1", "1"), part("B", "Second", "1", "1"))
				w.want(w.run(), counts{Read: 2, Created: 2})
				if tt.others != nil {
					tt.others(w)
				}
				w.feed.body = csv(part("A", "First", "2", "1"), part("B", "Second", "1", "1"))
				var r *tenants.Run
				got := w.routes(func() { r = w.run() })
				w.want(r, tt.want)
				if d := cmp.Diff(tt.routes, got); d != "" {
					t.Errorf("requests: %s", d)
				}
				if d := cmp.Diff(tt.journal, w.journalled(r, "A")); d != "" {
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
				w.feed.body = csv(part("A", "First", "3", "1"), part("B", "Second", "1", "1"))
				if d := cmp.Diff(map[string]int{"PUT/products": 1}, w.routes(func() { r = w.run() })); d != "" {
					t.Errorf("the next change: %s", d)
				}
				if d := cmp.Diff([]string{"price: 2 → 3"}, w.journalled(r, "A")); d != "" {
					t.Errorf("the next journal: %s", d)
				}
			})
		}
	})
}

// TestManyOfTheRememberedAreGone: a batch in which products are gone is looked up as one, not split.
func TestManyOfTheRememberedAreGone(t *testing.T) {
	w := newWorld(t, newPlatform(t))
	w.flow.Mapping.Fields = without(partsMapping, "category")
	rows := make([]string, 30)
	for i := range rows {
		rows[i] = part(fmt.Sprintf("P-%02d", i), fmt.Sprintf("Part %02d", i), "1", "1")
	}
	w.feed.body = csv(rows...)
	w.want(w.run(), counts{Read: 30, Created: 30})
	for i := range 20 {
		w.remove(fmt.Sprintf("P-%02d", i))
	}
	w.feed.body = strings.ReplaceAll(w.feed.body, ",1,1,", ",2,1,")
	var r *tenants.Run
	got := w.routes(func() { r = w.run() })
	w.want(r, counts{Read: 30, Created: 20, Updated: 10})
	// Of three batches two are refused; their 20 products are looked up by id, SKU and padded SKU.
	if d := cmp.Diff(map[string]int{"PUT/products": 3, "GET/products": 3, "POST/products": 20}, got); d != "" {
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
	p := newPlatform(t)
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
				w.flow.Mapping = tenants.Mapping{Fields: append(slices.Clone(partsMapping.Fields), tenants.FieldMapping{Target: "description", Expression: `"new"`})}
			},
			want: look,
		},
		"a field that is mapped no more": { // nothing to write, and that is not taken from memory
			change: func(w *world) { w.flow.Mapping = tenants.Mapping{Fields: without(partsMapping, "inventory_level")} },
			want:   map[string]int{"GET/products": 1},
		},
		"a long product": {
			before: func(w *world) {
				w.flow.Mapping = tenants.Mapping{Fields: append(slices.Clone(partsMapping.Fields), tenants.FieldMapping{Target: "description", Expression: long})}
			},
			change: func(w *world) { w.feed.body = csv(part("A", wordy, "2", "1")) },
			want:   look,
		},
		"a product that another flow wrote": {
			change: func(w *world) {
				mine := w.flow
				other := &tenants.Flow{Kind: "products", Name: "Prices", ConnectionID: mine.ConnectionID, Mapping: partsMapping}
				if err := w.db.CreateFlow(w.ctx, other); err != nil {
					w.Fatal(err)
				}
				w.flow, w.feed.body = other, csv(part("A", "Other", "5", "1"))
				w.want(w.run(), counts{Read: 1, Updated: 1})
				w.flow, w.feed.body = mine, csv(part("A", "First", "2", "1"))
			},
			want: look,
		},
		"a product that the first version wrote": {
			change: func(w *world) {
				if err := w.db.Scoped(w.ctx).Where("1 = 1").Delete(&tenants.RememberedRecord{}).Error; err != nil {
					w.Fatal(err)
				}
				w.feed.body = csv(part("A", "First", "2", "1"))
			},
			want: look,
		},
		"a record that found another product": {
			change: func(w *world) {
				w.remove("A")
				id := w.add(stocked("A", "First", 1))
				if err := w.db.Scoped(w.ctx).Model(&tenants.Record{}).Where("key = ?", "a").Update("target_id", id).Error; err != nil {
					w.Fatal(err)
				}
				w.feed.body = csv(part("A", "First", "2", "1"))
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
			w.feed.body = csv(part("A", wordy, "1", "1"))
			w.want(w.run(), counts{Read: 1, Created: 1})
			tt.change(w)
			var r *tenants.Run
			if d := cmp.Diff(tt.want, w.routes(func() { r = w.run() })); d != "" {
				t.Error(d)
			}
			if r.State != tenants.RunDone || r.Failed != 0 {
				t.Errorf("state %s, %d failed", r.State, r.Failed)
			}
		})
	}
}

// memoryWorld is a store that a run has filled, with everything in it that others can do to a remembered product.
func memoryWorld(t testing.TB, p *platform, concurrency int) *world {
	w := newWorld(t, p)
	w.cfg.Concurrency, w.cfg.WindowRows = concurrency, 5
	w.feed.body = csv(part("SAME", "Same", "1", "1"), part("EDIT", "Edit", "1", "1"), part("GONE", "Gone", "1", "1"),
		part("ANEW", "Anew", "1", "1"), part("PLAIN", "Plain", "1", "1"), "CAT,Cat,1,1,other,style")
	w.want(w.run(), counts{Read: 6, Created: 6})
	w.edit("EDIT", bigcommerce.Fields{"name": "Theirs"})
	w.remove("GONE")
	w.remove("ANEW")
	w.add(stocked("ANEW", "Anew", 5))
	w.deleteCategory("other")
	w.feed.body = csv(part("SAME", "Same", "1", "1"), part("EDIT", "Edit", "2", "1"), part("GONE", "Gone", "2", "1"),
		part("ANEW", "Anew", "2", "1"), part("PLAIN", "Plain", "2", "1"), "CAT,Cat,2,1,other,style")
	return w
}

// TestSoakKilledAnywhereWithMemory is TestSoakKilledAnywhere for a second run, which works from what the first remembered.
func TestSoakKilledAnywhereWithMemory(t *testing.T) {
	soak := testenv.NewSoak(t)
	stride := pointStride(soak)
	p := newPlatform(t)
	p.killable(t)
	settled := func(w *world, r *tenants.Run, note string) {
		w.Helper()
		r = w.saved(r)
		if got := countsOf(r); r.State != tenants.RunDone || got != (counts{Read: 6, Created: 1, Updated: 4, Unchanged: 1}) {
			_, messages := w.issues(r, "")
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
		if n := w.store.Products(); n != 6 {
			w.Fatalf("%s: %d products", note, n)
		}
		want := map[string]string{"edit": "update", "gone": "create", "anew": "update", "plain": "update", "cat": "update"}
		if d := cmp.Diff(want, w.journal(r)); d != "" {
			w.Fatalf("%s: journal %s", note, d)
		}
		if n := w.requests(func() { r = w.run() }); n != 0 {
			w.Fatalf("%s: the next run made %d requests", note, n)
		}
	}
	trials := 0
	for at := soak.Rand().IntN(stride); ; at += stride {
		w := memoryWorld(t, p, 1+at%4)
		r := w.start()
		k, done := w.live(r, at)
		if done {
			settled(w, r, "never killed")
			if at < 40 {
				t.Fatalf("only %d points: is the killer wired up?", at)
			}
			soak.Figure("kills", float64(trials), "")
			return
		}
		trials++
		w.live(r, 1<<30)
		settled(w, r, fmt.Sprintf("killed at point %d, %s", at, k.at))
	}
}

// TestADryRunRemembersNothing: what it saw of the products would be news to the run after it.
func TestADryRunRemembersNothing(t *testing.T) {
	w := newWorld(t, newPlatform(t))
	w.add(stocked("A", "First", 1))
	w.feed.body = csv(part("A", "First", "1", "1"))
	w.run(dryRun)
	var n int64
	if err := w.db.Scoped(context.WithoutCancel(w.ctx)).Model(&tenants.RememberedRecord{}).Count(&n).Error; err != nil || n != 0 {
		t.Errorf("%d products, %v", n, err)
	}
}
