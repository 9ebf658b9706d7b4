package products

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/jobs/flow"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// asking notes the include_fields of each request about products.
type asking struct {
	http.RoundTripper
	asked *[]string
}

func (a asking) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/catalog/products") {
		*a.asked = append(*a.asked, r.URL.Query().Get("include_fields"))
	}
	return a.RoundTripper.RoundTrip(r)
}

// TestFieldsOutsideTheList: a field that include_fields may not name is read, compared and written
// as any other, whether BigCommerce refuses such a name or leaves the field out.
func TestFieldsOutsideTheList(t *testing.T) {
	for name, leftOut := range map[string]bool{"refused": false, "left out": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, upserttest.PlatformOn(t, tenantstest.AnyDB(t), sandbox.Choices{FieldsLeftOut: leftOut}))
			var asked []string
			w.Wrap = func(rt http.RoundTripper) http.RoundTripper { return asking{rt, &asked} }
			w.Flow.Mapping = tenants.Mapping{Fields: append([]tenants.FieldMapping{
				{Target: "sort_order", Expression: "number(Cost)"}, {Target: "gift_wrapping_options_type", Expression: `"none"`},
			}, described.Fields[:5]...)}
			w.add(bigcommerce.Fields{"sku": "A", "name": "Bag A", "type": "physical", "weight": 0, "price": 1, "sort_order": 5, "gift_wrapping_options_type": "none"})
			w.add(bigcommerce.Fields{"sku": "B", "name": "Bag B", "type": "physical", "weight": 0, "price": 1, "sort_order": 4, "gift_wrapping_options_type": "none"})
			w.Feed.Body = describedHeader + describedRow("A", "1", "5", "") + describedRow("B", "1", "5", "") + describedRow("C", "1", "5", "")
			r := w.Run()
			w.Want(r, upserttest.Counts{Read: 3, Created: 1, Updated: 1, Unchanged: 1})
			if d := cmp.Diff([]string{"sort_order: 4 → 5"}, w.Journalled(r, "B")); d != "" {
				t.Error(d)
			}
			w.forget()
			if n := w.writes(func() { r = w.Run() }); n != 0 {
				t.Errorf("%d writes though nothing changed: %v", n, w.ItemChanges(r))
			}
			w.Feed.Body = strings.Replace(w.Feed.Body, "Bag C,1,5", "Bag C,1,6", 1) // from memory
			r = w.Run()
			w.Want(r, upserttest.Counts{Read: 3, Updated: 1, Unchanged: 2})
			if d := cmp.Diff([]string{"sort_order: 5 → 6"}, w.Journalled(r, "C")); d != "" {
				t.Error(d)
			}
			if slices.ContainsFunc(asked, func(f string) bool { return f != "" }) {
				t.Errorf("asked for %q", asked)
			}
		})
	}
}

// TestIncludeFieldsAreListed: what a run asks for is what the description lets it ask for, whatever
// is mapped.
func TestIncludeFieldsAreListed(t *testing.T) {
	for _, f := range bigcommerce.ProductFields() {
		if slices.Contains(partLists, f.Name) || f.Name == targetChannels { // asked for with include
			continue
		}
		got := products{}.liveFields(tenants.Mapping{Fields: []tenants.FieldMapping{{Target: f.Name}, {Target: targetCategory}, {Target: targetBrand}}})
		if f.Unselectable && f.Name != "id" { // which comes unasked
			if got != nil {
				t.Errorf("%s cannot be asked for, but %v are", f.Name, got)
			}
			continue
		}
		if f.Name != "id" && !slices.Contains(got, f.Name) || !slices.Contains(got, "categories") || !slices.Contains(got, "brand_id") {
			t.Errorf("%s is mapped, but %v is asked for", f.Name, got)
		}
		for _, name := range got {
			if field, ok := bigcommerce.ProductField(name); !ok || field.Unselectable {
				t.Errorf("%s is asked for", name)
			}
		}
	}
}

// TestNamesThatDifferByAccents: BigCommerce takes them for one, and so does the plan: no request is
// refused.
func TestNamesThatDifferByAccents(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Flow.Mapping = branded
	w.Feed.Body = csv("A,Café crème,1,1,Möbel,Été", "B,CAFE CREME,1,1,Mobel,Ete", "C,Cafe\u0301 cre\u0300me,1,1,möbel,été", "D,Kaffee,1,1,Möbel,ete")
	var r *tenants.Run
	routes := w.Routes(func() { r = w.Run() })
	w.Want(r, upserttest.Counts{Read: 4, Created: 4})
	if routes["POST/products"] != 4 || routes["POST/brands"] != 0 || routes["POST/categories"] != 2 {
		t.Errorf("%v", routes)
	}
	var names []string
	for _, p := range w.products() {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	if d := cmp.Diff([]string{"CAFE CREME (B)", "Café crème", "Café crème (C)", "Kaffee"}, names); d != "" {
		t.Error(d)
	}
	w.forget()
	if n := w.writes(func() { r = w.Run() }); n != 0 {
		t.Errorf("%d writes though nothing changed: %v", n, w.ItemChanges(r))
	}
	// Those of the store, too: the run meets a name that it did not know of.
	w.add(bigcommerce.Fields{"sku": "Z", "name": "Früh", "type": "physical", "weight": 0, "price": 1})
	w.Feed.Body += part("E", "Fruh", "1", "1") + "\n"
	w.Want(w.Run(), upserttest.Counts{Read: 5, Created: 1, Unchanged: 4})
	if got := w.products()["E"].Name; got != "Fruh (E)" {
		t.Errorf("%q", got)
	}
}

// TestABrandBesideItsOwnAccents: where the store has both, each name finds its own.
func TestABrandBesideItsOwnAccents(t *testing.T) {
	brands, cats := newBrandTable(), newCategoryTable()
	for id, name := range []string{"Cafe", "Café", "Thé"} {
		brands.put(int64(id+1), name)
		cats.put(int64(id+1), 0, name)
	}
	for name, want := range map[string]int64{"CAFE": 1, "café": 2, "the": 3, "Tee": 0} {
		if got, ok := brands.find(name); got != want || ok != (want != 0) {
			t.Errorf("%s: brand %d, %t", name, got, ok)
		}
	}
	if id, ok := cats.find([]string{"CAFÉ"}); id != 2 || !ok {
		t.Errorf("category %d, %t", id, ok)
	}
}

// TestAnUnknownTaxClassFailsItsRecord: it is no category or brand that went away meanwhile, and the
// others land.
func TestAnUnknownTaxClassFailsItsRecord(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Flow.Mapping = tenants.Mapping{Fields: append([]tenants.FieldMapping{{Target: "tax_class_id", Expression: "number(Cost)"}}, described.Fields[:5]...)}
	w.Feed.Body = describedHeader + describedRow("A", "1", "1", "") + describedRow("B", "1", "9", "") + describedRow("C", "1", "2", "")
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 3, Created: 2, Failed: 1})
	if kinds, messages := w.Issues(r, flow.SeverityError); len(kinds) != 1 || kinds[0] != "3 B tax_class_id" || !strings.Contains(messages[kinds[0]], "tax_class_id 9") {
		t.Errorf("%v", messages)
	}
	w.Feed.Body = strings.Replace(w.Feed.Body, "Bag A,1,1", "Bag A,1,9", 1)
	r = w.Run()
	w.Want(r, upserttest.Counts{Read: 3, Unchanged: 1, Failed: 2})
}
