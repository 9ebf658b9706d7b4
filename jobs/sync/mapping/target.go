package mapping

import (
	"slices"
	"strings"

	"sluice/internal/bigcommerce"
)

// Target is a field that a mapping may fill.
type Target struct {
	Name      string   `json:"name"`
	Label     string   `json:"label"`
	Type      string   `json:"type"` // string, integer, number, boolean or array
	Required  bool     `json:"required"`
	MaxLength int      `json:"max_length,omitempty"` // characters
	Enum      []string `json:"enum,omitempty"`
	Help      string   `json:"help,omitempty"`
}

// ownFields are the targets that are no field of a product: jobs/sync makes ids of them.
var ownFields = []bigcommerce.Field{
	{Name: targetCategory, Type: "string"},
	{Name: targetBrand, Type: "string", MaxLength: maxBrandName},
}

// insteadOf says which target to use instead of a field, or why it is not for mapping.
var insteadOf = map[string]string{
	"categories":         "map category instead: paths are made into categories",
	"brand_id":           "map brand instead: names are made into brands",
	"brand_name":         "map brand instead",
	"custom_url":         "BigCommerce makes the URL from the name",
	"view_count":         "BigCommerce counts this itself",
	"total_sold":         "BigCommerce counts this itself",
	"reviews_count":      "BigCommerce counts this itself",
	"reviews_rating_sum": "BigCommerce counts this itself",
	"date_last_imported": "BigCommerce sets this itself",
}

// unmappable says why a field cannot be mapped, "" if it can.
func unmappable(f *bigcommerce.Field) string {
	switch {
	case insteadOf[f.Name] != "":
		return insteadOf[f.Name]
	case f.ReadOnly:
		return "BigCommerce sets this field itself"
	case f.Type == "object" || (f.Type == "array" && f.Items != "string" && f.Items != "integer" && f.Items != "number"):
		return "this field has parts of its own and cannot be filled from one expression"
	}
	return ""
}

// requiredTarget reports whether a mapping must fill f: what BigCommerce needs to create a product,
// and the SKU, by which a record is recognised.
func requiredTarget(f *bigcommerce.Field) bool {
	return f.Name == targetSKU || (f.Required && unmappable(f) == "")
}

// shownFirst are the targets that nearly every mapping has, in the order in which they are shown.
var shownFirst = []string{
	targetSKU, "name", "price", "description", targetCategory, targetBrand, "inventory_level", "type", "weight",
	"cost_price", "retail_price", "sale_price", "upc", "gtin", "mpn", "is_visible", "width", "height", "depth", "condition", "search_keywords",
}

// labels are BigCommerce's own words in the control panel, where a name with spaces is not enough.
var labels = map[string]string{
	targetSKU: "SKU", "upc": "UPC", "gtin": "GTIN", "mpn": "MPN", "inventory_level": "Stock", "price": "Default price", "cost_price": "Cost",
	"retail_price": "MSRP", "map_price": "MAP", "is_visible": "Visible", "is_featured": "Featured", "is_free_shipping": "Free shipping",
	"bin_picking_number": "Bin picking number (BPN)", "product_tax_code": "Tax code",
}

var help = map[string]string{
	targetSKU:            "Identifies the record: the product with this SKU is updated, or created.",
	"name":               "Must be unique in the store.",
	"type":               "physical or digital; the expression can be the constant \"physical\".",
	"weight":             "In the store's unit; 0 if you do not ship by weight.",
	targetCategory:       "A path such as Shoes > Boots; several with |. What is missing is created.",
	targetBrand:          "The brand's name. A missing brand is created.",
	"inventory_level":    "Pieces in stock. The product tracks its stock from then on.",
	"inventory_tracking": "none, product or variant; product is the default when stock is mapped.",
	"is_visible":         "yes or no; without it, BigCommerce's default.",
	"price":              "Without tax, as the store is set up.",
}

// Targets lists the fields that a mapping may fill: the usual ones first, the others by name.
func Targets() []Target {
	var out []Target
	for _, f := range append(slices.Clone(ownFields), bigcommerce.ProductFields()...) {
		if unmappable(&f) != "" {
			continue
		}
		label := labels[f.Name]
		if label == "" {
			label = strings.ReplaceAll(f.Name, "_", " ")
			label = strings.ToUpper(label[:1]) + label[1:]
		}
		out = append(out, Target{Name: f.Name, Label: label, Type: f.Type, Required: requiredTarget(&f), MaxLength: f.MaxLength, Enum: f.Enum, Help: help[f.Name]})
	}
	rank := func(name string) int {
		if i := slices.Index(shownFirst, name); i >= 0 {
			return i
		}
		return len(shownFirst)
	}
	slices.SortFunc(out, func(a, b Target) int {
		if d := rank(a.Name) - rank(b.Name); d != 0 {
			return d
		}
		return strings.Compare(a.Label, b.Label)
	})
	return out
}
