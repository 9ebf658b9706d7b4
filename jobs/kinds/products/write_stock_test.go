package products

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// TestStockInBatches: the stock of products and variants that are there takes one request, and how a
// product tracks its stock stays. A store that has not granted the permission has it written to its
// products.
func TestStockInBatches(t *testing.T) {
	for name, tc := range map[string]struct {
		scopes []string
		routes map[string]int
	}{
		"with the permission": {nil, map[string]int{"PUT/absolute": 1}},
		"without":             {[]string{"store_v2_products", "store_v2_information_read_only"}, map[string]int{"PUT/absolute": 1, "PUT/products": 3, "PUT/variants": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, upserttest.NewPlatform(t))
			if tc.scopes != nil {
				w.Token = w.Store.Token(tc.scopes...)
			}
			w.Flow.Mapping.Fields = without(partsMapping, "category")
			w.shirt("SH", "S", "M")
			rows := func(stock string) (out []string) {
				for i := range 25 {
					out = append(out, part(fmt.Sprintf("P-%02d", i), fmt.Sprint("Part ", i), "1", stock))
				}
				return append(out, part("SH-S", "S", "11", stock), part("SH-M", "M", "11", stock))
			}
			w.Feed.Body = csv(rows("5")...)
			w.Want(w.Run(), upserttest.Counts{Read: 27, Created: 25, Updated: 2})
			w.Feed.Body = csv(rows("6")...)
			var r *tenants.Run
			if d := cmp.Diff(tc.routes, w.Routes(func() { r = w.Run() })); d != "" {
				t.Errorf("requests: %s", d)
			}
			w.Want(r, upserttest.Counts{Read: 27, Updated: 27})
			for sku, p := range w.products() {
				if strings.HasPrefix(sku, "P-") && (p.InventoryLevel != 6 || p.InventoryTracking != "product") {
					t.Errorf("%s has %d, tracked by %s", sku, p.InventoryLevel, p.InventoryTracking)
				}
			}
			shirt := w.whole("SH")
			for _, v := range partsOf(shirt[fieldVariants]) {
				if fmt.Sprint(v[fieldLevel]) != "6" || shirt[fieldTracking] != trackVariants {
					t.Errorf("%v has %v, tracked by %v", v["sku"], v[fieldLevel], shirt[fieldTracking])
				}
			}
			if n := w.Requests(func() { w.Run() }); n != 0 {
				t.Errorf("%d requests though nothing changed", n)
			}
		})
	}
}

// TestStockThatIsRefused: one product that does not track its stock any more keeps nobody else's
// from being set.
func TestStockThatIsRefused(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Flow.Mapping.Fields = append(without(partsMapping, "category"), tenants.FieldMapping{Target: "inventory_tracking", Expression: `"product"`, Fill: tenants.FillCreated})
	w.Feed.Body = csv(part("A", "First", "1", "1"), part("B", "Second", "1", "1"), part("C", "Third", "1", "1"))
	w.Want(w.Run(), upserttest.Counts{Read: 3, Created: 3})
	w.edit("B", bigcommerce.Fields{"inventory_tracking": "none"})
	w.Feed.Body = csv(part("A", "First", "1", "2"), part("B", "Second", "1", "2"), part("C", "Third", "1", "2"))
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 3, Updated: 2, Failed: 1})
	if _, messages := w.Issues(r, "error"); !strings.Contains(fmt.Sprint(messages), "does not track its stock") {
		t.Errorf("%v", messages)
	}
	if now := w.products(); now["A"].InventoryLevel != 2 || now["C"].InventoryLevel != 2 {
		t.Errorf("%+v %+v", now["A"], now["C"])
	}
}
