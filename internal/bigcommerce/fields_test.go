package bigcommerce

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the rest of Sluice relies on in the generated catalogue.
func TestProductFields(t *testing.T) {
	for _, want := range []Field{
		{Name: "name", Type: "string", Required: true, MinLength: 1, MaxLength: 250},
		{Name: "type", Type: "string", Required: true, Enum: []string{"physical", "digital"}},
		{Name: "weight", Type: "number", Format: "float", Required: true, Minimum: limit(0), Maximum: limit(9999999999)},
		{Name: "price", Type: "number", Format: "float", Required: true, Minimum: limit(0)},
		{Name: "sku", Type: "string", MaxLength: 255},
		{Name: "inventory_level", Type: "integer", Minimum: limit(0), Maximum: limit(2147483647)},
		{Name: "inventory_tracking", Type: "string", Enum: []string{"none", "product", "variant"}},
		{Name: "categories", Type: "array", Items: "integer", MaxItems: MaxCategoriesPerProduct},
		{Name: "brand_id", Type: "integer", Minimum: limit(0), Maximum: limit(1000000000)},
		{Name: "tax_class_id", Type: "integer", Minimum: limit(0), Maximum: limit(255)},
		{Name: "images", Type: "array", Items: "object", Unselectable: true},
		{Name: "meta_keywords", Type: "array", Items: "string"},
		{Name: "is_visible", Type: "boolean"},
		{Name: "condition", Type: "string", Enum: []string{"New", "Used", "Refurbished"}},
		{Name: "custom_url", Type: "object"},
		{Name: "preorder_release_date", Type: "string", Format: "date-time", Nullable: true},
		{Name: "sort_order", Type: "integer", Unselectable: true, Minimum: limit(-2147483648), Maximum: limit(2147483647)},
		{Name: "id", Type: "integer", ReadOnly: true, Unselectable: true},
		{Name: "date_created", Type: "string", Format: "date-time", ReadOnly: true},
		{Name: "calculated_price", Type: "number", Format: "float", ReadOnly: true},
		{Name: "base_variant_id", Type: "integer", ReadOnly: true},
	} {
		got, ok := ProductField(want.Name)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s: %s", want.Name, diff)
		}
	}
	if f, ok := ProductField("no_such_field"); ok || f.Name != "" {
		t.Errorf("found %+v", f)
	}
}

func TestProductFieldsAreSoundAndSorted(t *testing.T) {
	fields := ProductFields()
	var required []string
	for i, f := range fields {
		if i > 0 && fields[i-1].Name >= f.Name {
			t.Errorf("%s comes after %s", f.Name, fields[i-1].Name)
		}
		if !slices.Contains([]string{"string", "integer", "number", "boolean", "array", "object"}, f.Type) {
			t.Errorf("%s has type %q", f.Name, f.Type)
		}
		if (f.Type == "array") != (f.Items != "") {
			t.Errorf("%s is a %s of %q", f.Name, f.Type, f.Items)
		}
		if f.Required {
			required = append(required, f.Name)
		}
		if f.Required && f.ReadOnly {
			t.Errorf("%s is required and read-only", f.Name)
		}
	}
	if want := []string{"name", "price", "type", "weight"}; !slices.Equal(required, want) {
		t.Errorf("required to create: %v, want %v", required, want)
	}
	fields[0] = Field{}
	if ProductFields()[0].Name == "" {
		t.Error("a caller can change the catalogue")
	}
}
