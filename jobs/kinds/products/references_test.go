package products

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// deleteCategory deletes a category of the first level, with what is in it, by another hand.
func (w *world) deleteCategory(name string) {
	w.Helper()
	for c, err := range w.Hand().Categories.List(w.Ctx, bigcommerce.CategoryFilter{}) {
		if err != nil {
			w.Fatal(err)
		}
		if c.Name == name && c.ParentID == 0 {
			w.Call(http.MethodDelete, fmt.Sprintf("/v3/catalog/trees/categories?category_id:in=%d", c.ID), nil)
			return
		}
	}
	w.Fatalf("no category %s", name)
}

// TestStaleReferences: what others did to categories and brands is found out when a write is
// refused or a document names what is not there, and then once.
func TestStaleReferences(t *testing.T) {
	p := upserttest.NewPlatform(t)
	tests := map[string]struct {
		others func(w *world)
		rows   []string // of the second run
		want   upserttest.Counts
		routes map[string]int
	}{
		"a category that a create names": {
			others: func(w *world) { w.deleteCategory("bags") },
			rows:   []string{part("A", "First", "1", "1"), part("B", "Second", "1", "1"), part("N", "New", "1", "1")},
			want:   upserttest.Counts{Read: 3, Created: 1, Unchanged: 2},
			// N is looked for, plain, padded and among variants; refused; categories and, as there are none, their tree; two
			// levels; again.
			routes: map[string]int{"GET/products": 2, "GET/variants": 1, "POST/products": 2, "GET/categories": 1, "GET/trees": 1, "GET/brands": 1, "POST/categories": 2},
		},
		"a brand that a create names": {
			others: func(w *world) { w.deleteBrands() },
			rows:   []string{part("A", "First", "1", "1"), part("B", "Second", "1", "1"), part("N", "New", "1", "1")},
			want:   upserttest.Counts{Read: 3, Created: 1, Unchanged: 2},
			routes: map[string]int{"GET/products": 2, "GET/variants": 1, "POST/products": 2, "GET/categories": 1, "GET/brands": 1},
		},
		"a category that an update moves to": {
			others: func(w *world) {
				w.Feed.Body = csv(part("A", "First", "1", "1"), part("B", "Second", "1", "1"), "C,Third,1,1,bags,sling")
				w.Want(w.Run(), upserttest.Counts{Read: 3, Created: 1, Unchanged: 2})
				w.remove("C")
				w.deleteCategory("bags")
			},
			rows: []string{"A,First,1,1,bags,sling", "B,Second,1,1,bags,sling"},
			want: upserttest.Counts{Read: 2, Updated: 2},
			// Two of the batch are not tried alone: it is no record's fault.
			routes: map[string]int{"PUT/products": 2, "GET/categories": 1, "GET/trees": 1, "GET/brands": 1, "POST/categories": 2},
		},
		"a category that is new": { // and its parent is not: memory is read from the store anew
			others: func(w *world) { w.deleteCategory("bags") },
			rows:   []string{"A,First,1,1,bags,sling", part("B", "Second", "1", "1")},
			want:   upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1},
			routes: map[string]int{"PUT/products": 1, "GET/categories": 1, "GET/trees": 1, "POST/categories": 2},
		},
		"a category that others made meanwhile": {
			others: func(w *world) {
				for c, err := range w.Hand().Categories.List(w.Ctx, bigcommerce.CategoryFilter{}) {
					if err != nil {
						w.Fatal(err)
					}
					if c.Name == "bags" {
						if _, err := w.Hand().Categories.Create(w.Ctx, []bigcommerce.Category{{Name: "sling", ParentID: c.ID, TreeID: c.TreeID}}); err != nil {
							w.Fatal(err)
						}
					}
				}
			},
			rows:   []string{"A,First,1,1,bags,sling", part("B", "Second", "1", "1")},
			want:   upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1},
			routes: map[string]int{"PUT/products": 1, "GET/categories": 1},
		},
		"what is old is read again": {
			others: func(w *world) { w.WaitUntil(time.Now().Add(maxReferenceAge + time.Hour)) },
			rows:   []string{part("A", "First", "2", "1"), part("B", "Second", "1", "1")},
			want:   upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1},
			routes: map[string]int{"PUT/products": 1, "GET/categories": 1, "GET/brands": 1},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, p)
			w.Flow.Mapping = branded
			w.Feed.Body = csv(part("A", "First", "1", "1"), part("B", "Second", "1", "1"))
			w.Want(w.Run(), upserttest.Counts{Read: 2, Created: 2})
			tt.others(w)
			w.Feed.Body = csv(tt.rows...)
			var r *tenants.Run
			got := w.Routes(func() { r = w.Run() })
			w.Want(r, tt.want)
			if d := cmp.Diff(tt.routes, got); d != "" {
				t.Error(d)
			}
			// The next run that needs them believes what this one read.
			w.Feed.Body = csv(append(tt.rows, strings.Replace(tt.rows[0], "A,First", "Z,Last", 1))...)
			got = w.Routes(func() { r = w.Run() })
			if got["GET/categories"]+got["GET/brands"]+got["GET/trees"] > 0 || r.Failed != 0 {
				t.Errorf("read again: %v, %d failed", got, r.Failed)
			}
		})
	}
}

func (w *world) deleteBrands() {
	w.Helper()
	for b, err := range w.Hand().Brands.List(w.Ctx, bigcommerce.BrandFilter{}) {
		if err != nil {
			w.Fatal(err)
		}
		w.Call(http.MethodDelete, fmt.Sprintf("/v3/catalog/brands/%d", b.ID), nil)
	}
}
