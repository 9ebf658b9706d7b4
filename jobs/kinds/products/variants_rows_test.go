package products

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/jobs/flow"
	"sluice/jobs/upsert"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// shirt adds a product with variants to the store by another hand.
func (w *world) shirt(sku string, sizes ...string) int64 {
	var variants []any
	for _, size := range sizes {
		variants = append(variants, object{"sku": sku + "-" + size, "price": 10, "inventory_level": 3, "option_values": []any{object{"option_display_name": "Size", "label": size}}})
	}
	return w.add(bigcommerce.Fields{"sku": sku, "name": "Shirt " + sku, "type": "physical", "weight": 1, "price": 10, "inventory_tracking": "variant", "variants": variants})
}

// TestASKUOfAVariantIsThatVariant: a file with a row for each thing that is sold updates variants,
// found in bulk; of a product's fields that they do not have nothing is written.
func TestASKUOfAVariantIsThatVariant(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	for i := range 20 {
		w.shirt(fmt.Sprintf("SH%02d", i), "S", "M", "L")
	}
	w.add(bigcommerce.Fields{"sku": "MUG", "name": "Mug", "type": "physical", "weight": 1, "price": 5})
	w.Flow.Mapping.Fields = without(partsMapping, "category")
	rows := []string{part("MUG", "Mug", "6", "1")}
	for i := range 20 {
		for _, size := range []string{"S", "M", "L"} {
			rows = append(rows, part(fmt.Sprintf("SH%02d-%s", i, size), "Shirt "+size, "11", "7"))
		}
	}
	w.Feed.Body = csv(rows...)
	var r *tenants.Run
	got := w.Routes(func() { r = w.Run() })
	w.Want(r, upserttest.Counts{Read: 61, Updated: 61})
	if got["PUT/variants"] != 2 || got["PUT/products"] != 1 || got["POST/products"] != 0 || w.total(got) > 3+8+52 {
		t.Errorf("%v", got)
	}
	p := w.whole("SH07")
	if p["name"] != "Shirt SH07" || fmt.Sprint(p["price"]) != "10" {
		t.Errorf("the product itself was changed: %v %v", p["name"], p["price"])
	}
	for _, v := range partsOf(p[fieldVariants]) {
		if fmt.Sprint(v["price"], " ", v["inventory_level"]) != "11 7" {
			t.Errorf("%v: %v, %v", v["sku"], v["price"], v["inventory_level"])
		}
	}
	if n := w.Requests(func() { w.Run() }); n != 0 {
		t.Errorf("%d requests though nothing changed", n)
	}
	w.Feed.Body = strings.Replace(w.Feed.Body, "SH03-M,Shirt M,11", "SH03-M,Shirt M,12", 1)
	got = w.Routes(func() { r = w.Run() })
	if d := cmp.Diff(map[string]int{"PUT/variants": 1}, got); d != "" {
		t.Errorf("requests of one change: %s", d)
	}
	if d := cmp.Diff([]string{"price: 11 → 12"}, w.Journalled(r, "SH03-M")); d != "" {
		t.Error(d)
	}
}

// TestARowWhoseSKUAVariantHas: although the look-up did not ask for it, its create finds it, in two
// requests more.
func TestARowWhoseSKUAVariantHas(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.shirt("SH", "S", "M")
	w.Flow.Mapping.Fields = without(partsMapping, "category", "inventory_level")
	w.Feed.Body = csv(part("N1", "New 1", "1", ""), part("N2", "New 2", "1", ""), part("N3", "New 3", "1", ""), part("SH-M", "Shirt M", "12", ""))
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 4, Created: 3, Updated: 1})
	if d := cmp.Diff([]string{"price: 10 → 12"}, w.Journalled(r, "SH-M")); d != "" {
		t.Error(d)
	}
}

// TestTrackingByVariantStays is case 13: a product whose variants have stock of their own keeps it so,
// and the row is warned.
func TestTrackingByVariantStays(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.shirt("SHIRT", "S", "M")
	w.Flow.Mapping.Fields = without(partsMapping, "category")
	w.Feed.Body = csv(part("SHIRT", "Shirt SHIRT", "9", "5"))
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 1, Updated: 1})
	p := w.whole("SHIRT")
	if p[fieldTracking] != "variant" || fmt.Sprint(p["price"]) != "9" {
		t.Errorf("tracking %v, price %v", p[fieldTracking], p["price"])
	}
	for _, v := range partsOf(p[fieldVariants]) {
		if fmt.Sprint(v[fieldLevel]) != "3" {
			t.Errorf("%v has %v pieces", v["sku"], v[fieldLevel])
		}
	}
	if kinds, _ := w.Issues(r, flow.SeverityWarning); !cmp.Equal(kinds, []string{"2 SHIRT inventory_level"}) {
		t.Errorf("warnings %v", kinds)
	}
}

// TestVariantsForAProductWithout: it gets the options that its variants need, in the order of the
// file; one whose options are others is refused.
func TestVariantsForAProductWithout(t *testing.T) {
	w := newGrouped(t)
	w.add(bigcommerce.Fields{"sku": "tee-1", "name": "Tee 1", "type": "physical", "weight": 1, "price": 10})
	w.add(bigcommerce.Fields{"sku": "tee-2", "name": "Tee 2", "type": "physical", "weight": 1, "price": 10, "variants": []any{
		object{"sku": "R", "option_values": []any{object{"option_display_name": "Colour", "label": "Red"}}},
	}})
	w.Feed.Body = groupedCSV(append(tee(1, "10", "S", "M"), tee(2, "10", "S")...)...)
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 2, Updated: 1, Failed: 1})
	if d := cmp.Diff([]string{"T1-M 10 Size=M", "T1-S 10 Size=S"}, brief(w.whole("tee-1"))["variants"]); d != "" {
		t.Error(d)
	}
	if kinds, messages := w.Issues(r, flow.SeverityError); len(kinds) != 1 || !strings.Contains(fmt.Sprint(messages), "not chosen by") {
		t.Errorf("%v %v", kinds, messages)
	}
}

// TestListsMeanTheSameHoweverTheyAreTaken: whether BigCommerce puts a list in the place of what
// there is, or adds it to that, a product ends as the file says, and what it does not say stays.
func TestListsMeanTheSameHoweverTheyAreTaken(t *testing.T) {
	for name, merged := range map[string]bool{"replaced": false, "merged": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, upserttest.PlatformOn(t, tenantstest.AnyDB(t), sandbox.Choices{ListsMerged: merged}))
			w.Flow.Mapping = grouped
			w.Feed.Body = groupedCSV(tee(1, "10", "S", "M")...)
			w.Want(w.Run(), upserttest.Counts{Read: 1, Created: 1})
			id := upsert.Int(w.whole("tee-1")["id"])
			if _, err := w.Hand().CustomFields.Create(w.Ctx, id, bigcommerce.Fields{"name": "Theirs", "value": "1"}); err != nil {
				t.Fatal(err)
			}
			w.forgetMemory()
			w.Feed.Body = strings.NewReplacer("Cotton", "Wool", "10: 5%", "20: 7%", "dQw4w9WgXcQ", "abcdefghijk").Replace(w.Feed.Body)
			w.Want(w.Run(), upserttest.Counts{Read: 1, Updated: 1})
			got := brief(w.whole("tee-1"))
			want := map[string]any{"fields": []string{"Fabric=Wool", "Theirs=1"}, "bulk": []string{"20-0 percent 7"}, "videos": []string{"abcdefghijk"}}
			for name, v := range want {
				if d := cmp.Diff(v, got[name]); d != "" {
					t.Errorf("%s: %s", name, d)
				}
			}
		})
	}
}

// TestPicturesThatAreNotOurs: by option they stay, are added to or are replaced; and none is sent
// twice, whatever is known of the product.
func TestPicturesThatAreNotOurs(t *testing.T) {
	for option, want := range map[string][]string{
		"":            {"theirs  true"},
		imagesIfNone:  {"theirs  true"},
		imagesAdd:     {"1-a  true", "1-b  false", "theirs  false"},
		imagesReplace: {"1-a  true", "1-b  false"},
	} {
		t.Run(option, func(t *testing.T) {
			w := newGrouped(t)
			w.Flow.Options = tenants.Options{optionImages: option}
			if option == "" {
				w.Flow.Options = nil
			}
			w.add(bigcommerce.Fields{"sku": "tee-1", "name": "Tee 1", "type": "physical", "weight": 1, "price": 10, "images": []any{object{"image_url": "https://img.example/theirs.jpg", "is_thumbnail": true}}})
			w.Feed.Body = groupedCSV(tee(1, "10", "S")...)
			w.Want(w.Run(), upserttest.Counts{Read: 1, Updated: 1})
			if d := cmp.Diff(want, brief(w.whole("tee-1"))["images"]); d != "" {
				t.Error(d)
			}
			w.forget()
			got := w.Routes(func() { w.Run() })
			if got["POST/images"] > 0 {
				t.Errorf("sent again: %v", got)
			}
		})
	}
}

// TestCategoriesOfOtherTreesStay is case 15: whichever way a run sets categories, a product stays in
// those of other storefronts; with the option it also stays in all others that it is in.
func TestCategoriesOfOtherTreesStay(t *testing.T) {
	for option, want := range map[string][]string{"": {"Boots", "Other shop"}, categoriesAdd: {"Boots", "Other shop", "Sale"}} {
		t.Run(option, func(t *testing.T) {
			w := newWorld(t, upserttest.NewPlatform(t))
			w.Flow.Options = tenants.Options{}
			if option != "" {
				w.Flow.Options[optionCategories] = option
			}
			w.Call(http.MethodPost, "/v3/channels", object{"name": "Outlet", "platform": "catalyst", "type": "storefront", "status": "active"})
			var outlet int64
			for c, err := range w.Hand().Channels.List(w.Ctx) {
				if err != nil {
					t.Fatal(err)
				}
				outlet = max(outlet, c.ID)
			}
			w.Call(http.MethodPut, "/v3/catalog/trees", []any{object{"name": "Second", "channels": []int64{outlet}}})
			trees, err := w.Hand().Categories.Trees(w.Ctx)
			if err != nil || len(trees) != 2 {
				t.Fatalf("trees %v, %v", trees, err)
			}
			made, err := w.Hand().Categories.Create(w.Ctx, []bigcommerce.Category{{Name: "Sale", TreeID: trees[0].ID}, {Name: "Other shop", TreeID: trees[1].ID}})
			if err != nil {
				t.Fatal(err)
			}
			w.add(bigcommerce.Fields{"sku": "B1", "name": "Boot", "type": "physical", "weight": 0, "price": 20, "categories": []int64{made[0].ID, made[1].ID}})
			w.Flow.Mapping.Fields = append(without(partsMapping, "category", "inventory_level"), tenants.FieldMapping{Target: "category", Expression: `"Boots"`})
			for price := range 2 { // the second time from memory
				w.Feed.Body = csv(part("B1", "Boot", fmt.Sprint(21+price), ""))
				w.Want(w.Run(), upserttest.Counts{Read: 1, Updated: 1})
			}
			names := make(map[int64]string)
			for c, err := range w.Hand().Categories.List(w.Ctx, bigcommerce.CategoryFilter{}) {
				if err != nil {
					t.Fatal(err)
				}
				names[c.ID] = c.Name
			}
			var got []string
			for _, id := range upsert.Ints(w.whole("B1")["categories"]) {
				got = append(got, names[id])
			}
			slices.Sort(got)
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestEmptyClearsParts: with the option that an empty cell empties a field, a product loses what
// the file had said of it, and nothing else; a new product is given nothing empty.
func TestEmptyClearsParts(t *testing.T) {
	w := newGrouped(t)
	w.Flow.Mapping.Fields = slices.Clone(grouped.Fields)
	for i, f := range w.Flow.Mapping.Fields {
		if slices.Contains([]string{targetImages, "custom_field:Fabric", targetBulkPrices, targetVideos}, f.Target) {
			w.Flow.Mapping.Fields[i].Empty = tenants.EmptyClears
		}
	}
	w.Feed.Body = groupedCSV(tee(1, "10", "S")...)
	w.Want(w.Run(), upserttest.Counts{Read: 1, Created: 1})
	if _, err := w.Hand().CustomFields.Create(w.Ctx, upsert.Int(w.whole("tee-1")["id"]), bigcommerce.Fields{"name": "Theirs", "value": "1"}); err != nil {
		t.Fatal(err)
	}
	w.forgetMemory()
	w.Feed.Body = groupedCSV("tee-1,Tee 1,10,Acme,T1-S,S,,,,", "tee-2,Tee 2,10,Acme,T2-S,S,,,,")
	w.Want(w.Run(), upserttest.Counts{Read: 2, Created: 1, Updated: 1})
	want := map[string]any{"name": "Tee 1", "variants": []string{"T1-S 10 Size=S"}, "fields": []string{"Theirs=1"}}
	if d := cmp.Diff(want, brief(w.whole("tee-1"))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
