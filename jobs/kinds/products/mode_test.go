package products

import (
	"strings"
	"testing"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// TestModes: a flow that only creates leaves what is there alone, one that only updates makes
// nothing, not even categories; a preview says the same.
func TestModes(t *testing.T) {
	for mode, tc := range map[string]struct {
		want    upserttest.Counts
		skipped int64
		price   string // of what was there
		made    bool   // what was not
	}{
		"create": {upserttest.Counts{Read: 2, Created: 1}, 1, "1", true},
		"update": {upserttest.Counts{Read: 2, Updated: 1}, 1, "2", false},
	} {
		t.Run(mode, func(t *testing.T) {
			w := newWorld(t, upserttest.NewPlatform(t))
			w.Flow.Options = tenants.Options{"mode": mode}
			w.add(bigcommerce.Fields{"name": "Theirs", "sku": "OLD", "type": "physical", "weight": 0, "price": 1, "inventory_tracking": "product", "inventory_level": 1})
			w.Feed.Body = csv(part("OLD", "Ours", "2", "1"), "NEW,New,3,1,socks,warm")
			for _, dry := range []bool{true, false} {
				r := w.Run(func(r *tenants.Run) { r.DryRun = dry })
				w.Want(r, tc.want)
				if r.Skipped != tc.skipped {
					t.Errorf("dry run %t: %d were passed by", dry, r.Skipped)
				}
			}
			products := w.products()
			if old := products["OLD"]; old.Price.String() != tc.price || (products["NEW"] != nil) != tc.made {
				t.Errorf("%+v", products)
			}
			socks := false
			for c, err := range w.Hand().Categories.List(w.Ctx, bigcommerce.CategoryFilter{}) {
				if err != nil {
					t.Fatal(err)
				}
				socks = socks || c.Name == "socks"
			}
			if socks != tc.made {
				t.Errorf("the new product's category is there: %t", socks)
			}
			var r *tenants.Run
			for route := range w.Routes(func() { r = w.Run() }) {
				if !strings.HasPrefix(route, "GET/") {
					t.Errorf("what was passed by is written: %s", route)
				}
			}
			if r.Skipped != 1 || r.Unchanged != 1 {
				t.Errorf("%+v", r.Counts)
			}
			// Another choice later finds what was passed by.
			w.Flow.Options = nil
			if r = w.Run(); r.Created+r.Updated != 1 || r.Unchanged != 1 {
				t.Errorf("%+v", r.Counts)
			}
		})
	}
}

// TestCreatesOnlyItsOwn: a product that appears while the run is under way is passed by, and one
// that the run's own lost create made is its own.
func TestCreatesOnlyItsOwn(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Flow.Options = tenants.Options{"mode": "create"}
	w.Flow.Mapping.Fields = without(partsMapping, "category")
	w.Feed.Body = csv(part("A", "Ours", "2", "1"))
	w.beforeFirst("POST", func() {
		w.add(bigcommerce.Fields{"name": "Theirs", "sku": "A", "type": "physical", "weight": 0, "price": 1})
	})
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 1})
	if p := w.products()["A"]; r.Skipped != 1 || p.Name != "Theirs" || p.Price.String() != "1" {
		t.Errorf("%+v, %+v", r.Counts, p)
	}
}
