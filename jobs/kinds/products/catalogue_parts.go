package products

import (
	"sluice/internal/bigcommerce"
	"sluice/jobs/mapping"
)

// Targets of a mapping that make parts of a product. No document that was assembled has them: it
// has what the API calls these parts.
const (
	targetImages     = "images"      // addresses
	targetImageAlt   = "image_alt"   // beside them
	targetVideos     = "videos"      // addresses or ids at YouTube
	targetBulkPrices = "bulk_prices" // "10: 9.50 | 50: 8.75"
	targetCustomURL  = "custom_url"  // path

	familyCustomField = "custom_field:" // and its name
	familyOption      = "option:"       // and its name: the value of the row's variant

	variantPrefix = "variant_" // and the variant's field
)

// What BigCommerce takes at most, by its descriptions.
const (
	maxVariants         = 600
	maxOptionValues     = 250 // of an option
	maxOptionText       = 255 // characters of an option's name, and of a value
	maxCustomFields     = 200
	maxCustomFieldText  = 250 // characters of a name, and of a value
	maxImages           = 1000
	maxImageURL         = 255 // characters
	maxVideoID          = 25  // characters
	maxURL              = 255 // characters of a product's path
	maxBinPickingNumber = 255
	maxMappedOptions    = 50 // what a mapping may name: nobody has as many
)

// families are the fields of which a mapping has one for each name.
var families = map[string]*mapping.Family{
	familyCustomField: {Names: "Name of the custom field", Most: maxCustomFields, MaxName: maxCustomFieldText},
	familyOption:      {Names: "Name of the option", Most: maxMappedOptions, MaxName: maxOptionText},
}

// partFields are the fields that make parts of a product.
func partFields() []bigcommerce.Field {
	zero, most := 0.0, 2147483647.0
	number := func(name string) bigcommerce.Field {
		return bigcommerce.Field{Name: variantPrefix + name, Type: "number", Minimum: &zero, Nullable: true} // null: as the product
	}
	text := func(name string, most int) bigcommerce.Field {
		return bigcommerce.Field{Name: variantPrefix + name, Type: "string", MaxLength: most}
	}
	return []bigcommerce.Field{
		{Name: targetImages, Type: "array", Items: "string", Format: mapping.FormatLinks, MaxItems: maxImages},
		{Name: targetImageAlt, Type: "array", Items: "string", MaxItems: maxImages},
		{Name: targetVideos, Type: "array", Items: "string", Format: mapping.FormatLinks},
		{Name: targetBulkPrices, Type: "string"},
		{Name: targetCustomURL, Type: "string", Format: mapping.FormatPathname, MaxLength: maxURL},
		{Name: familyCustomField, Type: "string", MaxLength: maxCustomFieldText},
		{Name: familyOption, Type: "string", MaxLength: maxOptionText},
		{Name: targetOptionValues, Type: "array", Items: "string"},
		{Name: targetAttributes, Type: "array", Items: "string"},
		{Name: targetOptionNames, Type: "array", Items: "string"},
		{Name: targetPriceDifference, Type: "number"},
		{Name: targetChannels, Type: "array", Items: "string"},
		{Name: targetRelated, Type: "array", Items: "string"},
		text("sku", maxKey),
		number("price"), number("cost_price"), number("sale_price"), number("retail_price"),
		number("weight"), number("width"), number("height"), number("depth"),
		text("upc", 14), text("gtin", 14), text("mpn", 0),
		{Name: variantPrefix + "inventory_level", Type: "integer", Minimum: &zero, Maximum: &most},
		{Name: variantPrefix + "image", Type: "string", MinLength: 1, MaxLength: maxImageURL}, // no write takes it away
		{Name: variantPrefix + "purchasing_disabled", Type: "boolean"},
		text("bin_picking_number", maxBinPickingNumber),
	}
}
