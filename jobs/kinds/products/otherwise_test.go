package products

import (
	"strings"
	"testing"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// TestConstantsForNewProducts: a product that is created gets the constant of a field that its row
// leaves empty, which its change tells, and one that exists never does.
func TestConstantsForNewProducts(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	m := tenants.Mapping{Fields: without(partsMapping, "category", "weight")}
	m.Fields = append(m.Fields, tenants.FieldMapping{Target: "weight", Expression: "ProductGroup", Otherwise: "2.5"})
	w.Flow.Mapping = m
	w.add(bigcommerce.Fields{"name": "Old", "sku": "OLD", "type": "physical", "weight": 7, "price": 1})
	w.Feed.Body = csv("OLD,Old,2,1,,", "NEW,New,2,1,,", "OWN,Own,2,1,4,")
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 3, Created: 2, Updated: 1})
	for sku, want := range map[string]string{"OLD": "7", "NEW": "2.5", "OWN": "4"} {
		if got := w.products()[sku].Weight.String(); got != want {
			t.Errorf("%s weighs %s, want %s", sku, got, want)
		}
	}
	told := 0
	for _, item := range w.Items(r) {
		if strings.Contains(item.Changes, `"weight"`) {
			told++
		}
	}
	if told != 2 {
		t.Errorf("the weight is among the changes of %d products", told)
	}
	if n := w.Requests(func() { w.Want(w.Run(), upserttest.Counts{Read: 3, Unchanged: 3}) }); n != 0 {
		t.Errorf("the next run made %d requests", n)
	}
	w.Flow.Mapping.Fields[len(m.Fields)-1] = tenants.FieldMapping{Target: "category", Expression: "Style", Otherwise: `"Any"`}
	catalogue, err := New().Catalogue(w.Ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := catalogue.Compile(w.Flow.Mapping, strings.Split(header, ",")); err == nil {
		t.Error("a path is a constant for new products")
	}
}
