package mapping

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

// parts is a catalogue of products, which have fields of every type.
var parts = func() *Catalogue {
	fields := []Field{
		{Field: bigcommerce.Field{Name: "category", Type: "string", Format: FormatPath, MaxLength: bigcommerce.MaxCategoryName},
			Levels: [][]string{{"category path"}, {"Group"}, {"Style"}}},
		{Field: bigcommerce.Field{Name: "brand", Type: "string", MaxLength: bigcommerce.MaxBrandName}, Columns: []string{"Brand"}, Help: "The brand's name."},
	}
	for _, f := range bigcommerce.ProductFields() {
		field := Field{Field: f, Columns: []string{f.Name}}
		switch f.Name {
		case "sku":
			field.Key, field.Label, field.Hint = true, "SKU", ": it is what a record is recognised by"
			field.Columns = append(field.Columns, "Part No.", "Größe")
		case "price":
			field.Measure = tenants.MeasureMoney
		case "description":
			field.HTML = true
		case "upc", "gtin":
			field.Code = true
		case "inventory_level":
			field.Floor = true
		case "width":
			field.Measure = tenants.MeasureLength
		case "weight":
			field.Measure = tenants.MeasureWeight
			field.Hint, field.Fallback = ", for example to 0", "0"
		case "categories":
			field.Instead = "match category instead: paths are made into categories"
		}
		fields = append(fields, field)
	}
	return NewCatalogue(fields, []string{"sku", "name"}, nil).For(Store{Unit: func(measure string) string {
		return map[string]string{tenants.MeasureMoney: "USD", tenants.MeasureWeight: "oz", tenants.MeasureLength: "in"}[measure]
	}})
}()

func TestNormal(t *testing.T) {
	for in, want := range map[string]string{"Höhe (cm)": "hohecm", "Part No.": "partno", "PART_NO": "partno", "Größe": "grosse", "Catégorie": "categorie", "": ""} {
		if got := normal(in); got != want {
			t.Errorf("normal(%q) = %q", in, got)
		}
	}
}

// TestImplied: what a kind adds to documents knows what is mapped.
func TestImplied(t *testing.T) {
	fields := []Field{{Field: bigcommerce.Field{Name: "code", Type: "string"}, Key: true}, {Field: bigcommerce.Field{Name: "unit", Type: "string"}}}
	c := NewCatalogue(fields, nil, func(doc Document, mapped func(string) bool) {
		if !mapped("unit") {
			doc["unit"] = "each"
		}
	})
	for expression, want := range map[string]any{"": "each", `"box"`: "box"} {
		m := mappingOf("code", "A")
		if expression != "" {
			m = mappingOf("code", "A", "unit", expression)
		}
		p, err := c.Compile(m, []string{"A"})
		if err != nil {
			t.Fatal(fieldsOf(err))
		}
		if doc, _ := apply(t, p, []string{"1"}); doc["unit"] != want {
			t.Errorf("%q: %v", expression, doc)
		}
	}
}

func TestSuggestFromACatalogue(t *testing.T) {
	s := parts.Suggest([]string{"PART_NO", "style", "group", "brand", "price"}, [][]string{{"A", "x", "y", "Acme", "cheap"}})
	want := mappingOf("category", "path(group, style)", "brand", "brand", "price", "price", "sku", "PART_NO", "weight", "0")
	want.Fields[4].Fill = tenants.FillCreated
	if diff := cmp.Diff(want, s.Mapping()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(s.Unfit) != 1 || s.Unfit[0].Column != "price" || s.Unfit[0].Value != "cheap" || s.Unfit[0].Message == "" || !s.Fields[2].Guessed {
		t.Errorf("%+v", s)
	}
}

// TestSuggestJoinsLists: a list that a text is to be filled from is joined, unless it only looks like
// one.
func TestSuggestJoinsLists(t *testing.T) {
	c := NewCatalogue([]Field{
		{Field: bigcommerce.Field{Name: "keywords", Type: "string"}, Columns: []string{"tags"}},
		{Field: bigcommerce.Field{Name: "images", Type: "array", Items: "string"}, Columns: []string{"images"}},
	}, nil, nil)
	for name, sample := range map[string][][]string{
		`join(tags, ", ")`: {{`["a","b"]`, `["u"]`}, {"", ""}, {`["c"]`, `["v"]`}},
		"tags":             {{`["a","b"]`, `["u"]`}, {"[c] d", ""}},
	} {
		got := c.Suggest([]string{"tags", "images"}, sample).Mapping().Fields
		if len(got) != 2 || got[0].Expression != name || got[1].Expression != "images" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
