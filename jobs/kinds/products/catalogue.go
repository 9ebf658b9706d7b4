package products

import (
	"sluice/internal/bigcommerce"
	"sluice/jobs/mapping"
	"sluice/tenants"
)

// catalogue is what a mapping of products may fill.
var catalogue = newCatalogue()

func newCatalogue() *mapping.Catalogue {
	fields := map[string]bigcommerce.Field{
		// No fields of a product: ids are made of them.
		targetCategory: {Name: targetCategory, Type: "string", Format: mapping.FormatPath, MaxLength: bigcommerce.MaxCategoryName},
		targetBrand:    {Name: targetBrand, Type: "string", MaxLength: bigcommerce.MaxBrandName},
	}
	for _, f := range bigcommerce.ProductFields() {
		fields[f.Name] = f
	}
	list := make([]mapping.Field, 0, len(fields))
	add := func(name string, columns []string) {
		f := mapping.Field{Field: fields[name], Columns: columns}
		f.Key = name == "sku"
		f.Instead, f.Label, f.Help, f.Hint, f.Fallback = insteadOf[name], labels[name], help[name], hints[name], fallbacks[name]
		f.Group, f.Measure = groups[name], measures[name]
		if name == targetCategory {
			f.Levels = categoryColumns
		}
		list = append(list, f)
		delete(fields, name)
	}
	for _, c := range columns {
		add(c.field, c.names)
	}
	for _, f := range bigcommerce.ProductFields() {
		if _, left := fields[f.Name]; left {
			add(f.Name, nil)
		}
	}
	return mapping.NewCatalogue(list, shownFirst, implied)
}

// implied: a stock level means nothing to BigCommerce while the product does not track its stock.
func implied(doc mapping.Document, mapped func(target string) bool) {
	if _, ok := doc["inventory_level"]; ok && !mapped("inventory_tracking") {
		doc["inventory_tracking"] = "product"
	}
}

// insteadOf says which field to map instead of one, or why it is not for mapping.
var insteadOf = map[string]string{
	"categories":         "match category instead: paths are made into categories",
	"brand_id":           "match brand instead: names are made into brands",
	"brand_name":         "match brand instead",
	"custom_url":         "BigCommerce makes the URL from the name",
	"view_count":         "BigCommerce counts this itself",
	"total_sold":         "BigCommerce counts this itself",
	"reviews_count":      "BigCommerce counts this itself",
	"reviews_rating_sum": "BigCommerce counts this itself",
	"date_last_imported": "BigCommerce sets this itself",
}

// hints say what to map a required field to.
var hints = map[string]string{
	"type":   `, for example to "physical"`,
	"weight": ", for example to 0",
	"sku":    ": it is what a record is recognised by",
}

// fallbacks are the constants of fields that BigCommerce requires and many sources lack.
var fallbacks = map[string]string{"type": `"physical"`, "weight": "0"}

// groups are where fields are looked for that are neither required nor usual.
var groups = map[string]mapping.Group{
	"page_title": mapping.GroupSEO, "meta_description": mapping.GroupSEO, "meta_keywords": mapping.GroupSEO, "search_keywords": mapping.GroupSEO,
	"open_graph_type": mapping.GroupSEO, "open_graph_title": mapping.GroupSEO, "open_graph_description": mapping.GroupSEO,
	"open_graph_use_image": mapping.GroupSEO, "open_graph_use_meta_description": mapping.GroupSEO, "open_graph_use_product_name": mapping.GroupSEO,
	"width": mapping.GroupShipping, "height": mapping.GroupShipping, "depth": mapping.GroupShipping,
	"is_free_shipping": mapping.GroupShipping, "fixed_cost_shipping_price": mapping.GroupShipping,
}

// measures are what numbers measure.
var measures = map[string]string{
	"price": tenants.MeasureMoney, "cost_price": tenants.MeasureMoney, "retail_price": tenants.MeasureMoney, "sale_price": tenants.MeasureMoney,
	"map_price": tenants.MeasureMoney, "fixed_cost_shipping_price": tenants.MeasureMoney,
	"weight": tenants.MeasureWeight, "width": tenants.MeasureLength, "height": tenants.MeasureLength, "depth": tenants.MeasureLength,
}

// shownFirst are the fields that nearly every mapping has, in the order in which they are shown.
var shownFirst = []string{
	"sku", "name", "price", "description", targetCategory, targetBrand, "inventory_level", "type", "weight",
	"cost_price", "retail_price", "sale_price", "upc", "gtin", "mpn", "is_visible", "width", "height", "depth", "condition", "search_keywords",
}

// labels are BigCommerce's own words in the control panel, where a name with spaces is not enough.
var labels = map[string]string{
	"sku": "SKU", "upc": "UPC", "gtin": "GTIN", "mpn": "MPN", "inventory_level": "Stock", "price": "Default price", "cost_price": "Cost",
	"retail_price": "MSRP", "map_price": "MAP", "is_visible": "Visible", "is_featured": "Featured", "is_free_shipping": "Free shipping",
	"bin_picking_number": "Bin picking number (BPN)", "product_tax_code": "Tax code",
}

var help = map[string]string{
	"sku":                "Identifies the record: the product with this SKU is updated, or created.",
	"name":               "Must be unique in the store.",
	"type":               "physical or digital; the formula can be the constant \"physical\".",
	"weight":             "In the store's unit; 0 if you do not ship by weight.",
	targetCategory:       "A path such as Shoes > Boots; several with |. What is missing is created.",
	targetBrand:          "The brand's name. A missing brand is created.",
	"inventory_level":    "Pieces in stock. The product tracks its stock from then on.",
	"inventory_tracking": "none, product or variant; product is the default when stock is matched.",
	"is_visible":         "yes or no; without it, BigCommerce's default.",
	"price":              "Without tax, as the store is set up.",
}
