package products

import (
	"strings"

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
	for _, f := range partFields() {
		fields[f.Name] = f
	}
	list := make([]mapping.Field, 0, len(fields))
	add := func(name string, columns []string) {
		f := mapping.Field{Field: fields[name], Columns: columns}
		if f.Key = name == "sku"; f.Key {
			f.Attributes = attributeColumns
		}
		f.Instead, f.Label, f.Help, f.Hint, f.Fallback = insteadOf[name], labels[name], help[name], hints[name], fallbacks[name]
		f.Group, f.Measure, f.Family = groups[name], measures[name], families[name]
		plain := strings.TrimPrefix(name, variantPrefix)
		f.HTML, f.Code, f.Floor = name == "description", plain == "upc" || plain == "gtin", plain == "inventory_level"
		f.Strict = name == "variant_sku" || name == familyOption
		if variant, ok := strings.CutPrefix(name, variantPrefix); ok {
			f.Group, f.Measure = mapping.GroupVariants, measures[variant]
		}
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
	for _, f := range partFields() {
		if _, left := fields[f.Name]; left {
			add(f.Name, nil)
		}
	}
	return mapping.NewCatalogue(list, shownFirst, implied).WithProfiles(profiles())
}

// implied: a stock level means nothing to BigCommerce while the product does not track its stock.
func implied(doc mapping.Document, mapped func(target string) bool) {
	if _, ok := doc["inventory_level"]; ok && !mapped("inventory_tracking") {
		doc["inventory_tracking"] = "product"
	}
}

// insteadOf says which field to map instead of one, or why it is not for mapping.
var insteadOf = map[string]string{
	"brand_name":         "match brand instead",
	"variants":           "match the fields of variants instead, such as Variant price",
	"custom_fields":      "match a custom field by its name instead",
	"bulk_pricing_rules": "match Bulk prices instead",
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
	targetCustomURL: mapping.GroupSEO, targetImages: mapping.GroupMedia, targetImageAlt: mapping.GroupMedia, targetVideos: mapping.GroupMedia,
	targetOptionValues: mapping.GroupVariants, targetAttributes: mapping.GroupVariants, targetOptionNames: mapping.GroupVariants,
	familyOption: mapping.GroupVariants, familyCustomField: mapping.GroupCommon,
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
	"categories": "Category ids", "brand_id": "Brand id", "sku": "SKU", "upc": "UPC", "gtin": "GTIN", "mpn": "MPN", "inventory_level": "Stock", "price": "Default price", "cost_price": "Cost",
	"retail_price": "MSRP", "map_price": "MAP", "is_visible": "Visible", "is_featured": "Featured", "is_free_shipping": "Free shipping",
	"bin_picking_number": "Bin picking number (BPN)", "product_tax_code": "Tax code",
	targetCustomURL: "Product URL", targetImages: "Images", targetImageAlt: "Image descriptions", targetVideos: "Videos", targetBulkPrices: "Bulk prices",
	targetOptionValues: "Options and their values", targetAttributes: "Attributes", targetOptionNames: "Attributes that are options",
	targetPriceDifference: "Variant price difference",
	targetChannels:        "Channels",
	targetRelated:         "Related products", fieldRelated: "Related product ids",
	familyCustomField: "Custom field", familyOption: "Option",
	"variant_sku": "Variant SKU", "variant_price": "Variant price", "variant_cost_price": "Variant cost", "variant_retail_price": "Variant MSRP",
	"variant_upc": "Variant UPC", "variant_gtin": "Variant GTIN", "variant_mpn": "Variant MPN", "variant_inventory_level": "Variant stock",
	"variant_image": "Variant image", "variant_purchasing_disabled": "Variant cannot be bought", "variant_bin_picking_number": "Variant bin picking number (BPN)",
	"variants": "Variants", "custom_fields": "Custom fields", "bulk_pricing_rules": "Bulk prices",
}

var help = map[string]string{
	"sku":                "Identifies the record: the product with this SKU is updated, or created.",
	"name":               "Must be unique in the store.",
	"type":               "physical or digital; the formula can be the constant \"physical\".",
	"weight":             "In the store's unit; 0 if you do not ship by weight.",
	"categories":         "Ids of categories of this store, as its own exports have them. For names match category.",
	"brand_id":           "The id of a brand of this store, as its own exports have it. For a name match brand.",
	targetCategory:       "A path such as Shoes > Boots; several with |. What is missing is created.",
	targetBrand:          "The brand's name. A missing brand is created.",
	"inventory_level":    "Pieces in stock. The product tracks its stock from then on.",
	"inventory_tracking": "none, product or variant; product is the default when stock is matched.",
	"is_visible":         "yes or no; without it, BigCommerce's default.",
	"price":              "Without tax, as the store is set up.",

	targetImages:              "Addresses of pictures, the first is the main one; several with | or commas.",
	targetImageAlt:            "What the pictures show, in the same order; several with |.",
	targetVideos:              "YouTube videos: their addresses or ids; several with |.",
	targetBulkPrices:          "From how many pieces which price each: 10: 9.50 | 50: 8.75. 10: 5% takes 5 percent off.",
	targetCustomURL:           "The page's address in the store, such as /blue-shirt/.",
	targetChannels:            "Names or numbers of the channels that the product is sold on; several with |. Without it a new product is on your own storefront.",
	targetRelated:             "SKUs of products that are shown beside this one, several with commas or |.",
	fieldRelated:              "Ids of products of this store, as its own exports have them. For SKUs match Related products.",
	familyCustomField:         "Shown on the product's page under the name that you give it.",
	familyOption:              "What shoppers choose, such as Size: the value that this row's variant has.",
	targetOptionValues:        "What this row's variant has of the product's options, names and values: pairs(OptionName, OptionValue).",
	targetAttributes:          "Names and values such as pairs(\"Color\", Color): options where the variants of a product differ in them, else custom fields.",
	targetOptionNames:         "On a product's own row: which of its attributes tell its variants apart.",
	targetPriceDifference:     "What this row's variant costs more than the product.",
	"variant_sku":             "The SKU of this row's variant.",
	"variant_price":           "If it is not the product's own.",
	"variant_image":           "The address of the picture of this row's variant.",
	"variant_inventory_level": "Pieces of this row's variant in stock. The product tracks the stock of its variants from then on.",
}
