package products

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
)

func n(s string) json.Number { return json.Number(s) }

// testRefs is a store with two categories and a brand.
func testRefs() *refTable {
	c := newCategoryTable()
	c.tree = 1
	c.add(bigcommerce.Category{ID: 10, TreeID: 1, Name: "Bags"})
	c.add(bigcommerce.Category{ID: 11, TreeID: 1, ParentID: 10, Name: "Backpacks"})
	brands := newBrandTable()
	brands.put(7, "ACME")
	return &refTable{needsCategories: true, needsBrands: true, cats: c, brands: brands}
}

func TestDiff(t *testing.T) {
	doc := upsert.Doc{Fields: mapping.Document{
		"sku": "B-1", "name": "Bag", "price": n("12.5"), "category": "bags > Backpacks", "brand": "Acme", "is_visible": true,
	}}
	live := func(with bigcommerce.Fields) bigcommerce.Fields {
		out := bigcommerce.Fields{
			"id": n("5"), "sku": "B-1", "name": "Bag", "price": n("12.50"), "categories": []any{n("11")}, "brand_id": n("7"),
			"is_visible": true, "description": "not mapped, so not looked at",
		}
		for k, v := range with {
			out[k] = v
		}
		return out
	}
	tests := []struct {
		name string
		live bigcommerce.Fields
		want []upsert.Change
	}{
		{"nothing differs", live(nil), nil},
		{"the unique form of the name is no difference", live(bigcommerce.Fields{"name": "Bag (B-1)"}), nil},
		{"another name", live(bigcommerce.Fields{"name": "Sack"}), []upsert.Change{{Field: "name", Before: "Sack", After: "Bag"}}},
		{"price", live(bigcommerce.Fields{"price": n("13")}), []upsert.Change{{Field: "price", Before: n("13"), After: n("12.5")}}},
		{"category, shown by path", live(bigcommerce.Fields{"categories": []any{n("10"), n("99")}}), []upsert.Change{{Field: "category", Before: "#99|Bags", After: "bags > Backpacks"}}},
		{"brand, shown by name", live(bigcommerce.Fields{"brand_id": n("0")}), []upsert.Change{{Field: "brand", Before: "", After: "Acme"}}},
		{"a padded SKU is fixed", live(bigcommerce.Fields{"sku": "B-1 "}), []upsert.Change{{Field: "sku", Before: "B-1 ", After: "B-1"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, products{}.Diff(doc, upsert.Live{ID: 5, Fields: tt.live}, testRefs())); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPayload(t *testing.T) {
	doc := upsert.Doc{Unique: "Bag (B-1)", Fields: mapping.Document{"sku": "B-1", "name": "Bag", "category": "Bags|Bags > Backpacks|bags", "brand": "", "price": n("1")}}
	refs := testRefs()
	want := bigcommerce.Fields{"sku": "B-1", "name": "Bag (B-1)", "categories": []int64{10, 11}, "brand_id": int64(0), "price": n("1")}
	if d := cmp.Diff(want, products{}.Payload(doc, nil, refs)); d != "" {
		t.Error(d)
	}
	if missing := refs.Missing(doc.Fields); missing != nil {
		t.Errorf("missing = %v", missing)
	}
	if d := cmp.Diff(bigcommerce.Fields{"price": n("1")}, products{}.Payload(doc, []string{"price", "weight"}, refs)); d != "" {
		t.Error("only the named targets that are mapped:", d)
	}
	doc.Fields["category"], doc.Fields["brand"] = "Bags > Totes", "Nobody"
	if d := cmp.Diff([]upsert.Ref{{Field: "category", Name: "Bags > Totes"}, {Field: "brand", Name: "Nobody"}}, refs.Missing(doc.Fields)); d != "" {
		t.Error(d)
	}
}

func TestConflictAbout(t *testing.T) {
	tests := []struct {
		api  bigcommerce.APIError
		want conflict
	}{
		{bigcommerce.APIError{Title: "x", Fields: map[string]string{"0.sku": "dup"}}, takenSKU},
		{bigcommerce.APIError{Title: "The product name is a duplicate"}, takenName},
		{bigcommerce.APIError{Title: "Product SKU already exists"}, takenSKU},
		{bigcommerce.APIError{Fields: map[string]string{"name": "The product name is a duplicate"}}, takenName},
		{bigcommerce.APIError{Fields: map[string]string{"categories": "gone"}}, takenReference},
		{bigcommerce.APIError{Fields: map[string]string{"custom_url": "taken"}}, takenOther},
	}
	for _, tt := range tests {
		if got := conflictAbout(&tt.api); got != tt.want {
			t.Errorf("conflictAbout(%+v) = %v, want %v", tt.api, got, tt.want)
		}
	}
}

func TestCategoryPaths(t *testing.T) {
	if d := cmp.Diff([][]string{{"A", "B"}, {"C"}}, splitPaths(" A>B | C|| > ")); d != "" {
		t.Error(d)
	}
	refs := testRefs()
	ids, missing := refs.categories("BAGS > backpacks")
	if !cmp.Equal(ids, []int64{11}) || missing != nil {
		t.Errorf("ids %v, missing %v", ids, missing)
	}
	if why := pathProblem([]string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}); why == "" {
		t.Error("nine levels pass")
	}
	if why := pathProblem([]string{string(make([]byte, 51))}); why == "" {
		t.Error("51 characters pass")
	}
}

func FuzzSplitPaths(f *testing.F) {
	f.Add("A > B|C")
	f.Add("||>>")
	f.Fuzz(func(t *testing.T, s string) {
		for _, path := range splitPaths(s) {
			if len(path) == 0 {
				t.Fatal("an empty path")
			}
			if again := splitPaths(joinPath(path)); len(again) != 1 || !cmp.Equal(again[0], path) {
				t.Fatalf("%q does not survive being joined: %q", path, again)
			}
		}
	})
}
