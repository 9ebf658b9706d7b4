package products

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/jobs/upsert"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// add creates a product in the store by another hand.
func (w *world) add(f bigcommerce.Fields) int64 {
	w.Helper()
	p, err := w.Hand().Products.Create(w.Ctx, f)
	if err != nil {
		w.Fatal(err)
	}
	return upsert.Int(p["id"])
}

func TestProductsThatAreThereAlready(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	same := bigcommerce.Fields{"name": "Same", "sku": "S-1", "type": "physical", "weight": 0, "price": 1, "inventory_level": 1, "inventory_tracking": "product"}
	id := w.add(same)
	padded := w.add(bigcommerce.Fields{"name": "Padded", "sku": "P-1 ", "type": "physical", "weight": 0, "price": 1})
	cased := w.add(bigcommerce.Fields{"name": "Cased", "sku": "c-1", "type": "physical", "weight": 0, "price": 1, "inventory_level": 1, "inventory_tracking": "product"})
	w.Flow.Mapping.Fields = without(partsMapping, "category")
	w.Feed.Body = csv(part("S-1", "Same", "1", "1"), part("P-1", "Padded", "1", "1"), part("C-1", "Cased", "1", "1"), part("N-1", "New", "1", "1"))
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 4, Created: 1, Updated: 2, Unchanged: 1})
	products := w.products()
	if got := products["P-1"]; got == nil || got.ID != padded || got.InventoryTracking != "product" {
		t.Errorf("padded: %+v", got)
	}
	if got := products["C-1"]; got == nil || got.ID != cased {
		t.Errorf("cased: %+v", got)
	}
	if got := products["S-1"]; got == nil || got.ID != id {
		t.Errorf("same: %+v", got)
	}
	if kinds, _ := w.Issues(r, flow.SeverityWarning); !cmp.Equal(kinds, []string{"3 P-1 sku"}) {
		t.Errorf("warnings %v", kinds)
	}
	if d := cmp.Diff(map[string]string{"p-1": "update", "c-1": "update", "n-1": "create"}, w.Journal(r)); d != "" {
		t.Error(d)
	}
}

// beforeFirst calls fn before the first request with the given method is sent.
func (w *world) beforeFirst(method string, fn func()) {
	var once sync.Once
	w.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return upserttest.Tripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == method {
				once.Do(fn)
			}
			return next.RoundTrip(r)
		})
	}
}

// TestConflictsFindTheirProducts has somebody else make the products after they were looked for, so
// that the creates meet them.
func TestConflictsFindTheirProducts(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Flow.Mapping.Fields = without(partsMapping, "category")
	w.Feed.Body = csv(part("P-1", "Padded", "1", "1"), part("S-1", "Same", "1", "1"), part("D-1", "Differs", "2", "1"))
	w.beforeFirst(http.MethodPost, func() {
		w.add(stocked(" P-1", "Padded", 1))
		w.add(stocked("S-1", "Same", 1))
		w.add(stocked("D-1", "Differs", 1))
	})
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 3, Updated: 2, Unchanged: 1})
	products := w.products()
	if len(products) != 3 || products["P-1"] == nil || products["D-1"].Price.String() != "2" {
		t.Errorf("products %v", products)
	}
	if r.ToCreate != 0 || r.ToUpdate != 2 {
		t.Errorf("to create %d, to update %d", r.ToCreate, r.ToUpdate)
	}
}

// stocked is a product with one piece in stock.
func stocked(sku, name string, price any) bigcommerce.Fields {
	return bigcommerce.Fields{"sku": sku, "name": name, "price": price, "type": "physical", "weight": 0, "inventory_level": 1, "inventory_tracking": "product"}
}

// TestProductsDeletedMeanwhile has somebody delete products before a run, and between its look and
// its write.
func TestProductsDeletedMeanwhile(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = csv(part("A", "First", "1", "1"), part("B", "Second", "1", "1"), part("C", "Third", "1", "1"))
	w.Want(w.Run(), upserttest.Counts{Read: 3, Created: 3})
	before := w.products()
	remove := func(sku string) {
		if err := w.Hand().Products.Delete(w.Ctx, []int64{before[sku].ID}); err != nil {
			t.Error(err)
		}
	}
	remove("A")
	w.Feed.Body = strings.ReplaceAll(w.Feed.Body, ",1,1,", ",2,1,")
	w.beforeFirst(http.MethodPut, func() { remove("B") })
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 3, Created: 2, Updated: 1})
	for sku, p := range w.products() {
		if p.Price.String() != "2" {
			t.Errorf("%s costs %s", sku, p.Price)
		}
	}
	if n := w.Requests(func() { r = w.Run() }); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func without(m tenants.Mapping, targets ...string) []tenants.FieldMapping {
	var out []tenants.FieldMapping
	for _, f := range m.Fields {
		if !slices.Contains(targets, f.Target) {
			out = append(out, f)
		}
	}
	return out
}
