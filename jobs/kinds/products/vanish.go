package products

import (
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
)

// What becomes of products that left the source.
const (
	vanishHidden      = "hidden"
	vanishUnavailable = "unavailable"
	vanishStock       = "stock_0"

	fieldVisible      = "is_visible"
	fieldAvailability = "availability"
	fieldNotForSale   = "purchasing_disabled" // of a variant
)

// Vanishings is part of upsert.Vanisher.
func (products) Vanishings() []flow.Value {
	return []flow.Value{
		{Name: vanishHidden, Label: "Hide the product. Of a variant: stop selling it"},
		{Name: vanishUnavailable, Label: "Stop selling it, and leave its page"},
		{Name: vanishStock, Label: "Set its stock to 0"},
	}
}

// VanishTargets is part of upsert.Vanisher.
func (products) VanishTargets(state string) []string {
	switch state {
	case vanishHidden:
		return []string{fieldVisible}
	case vanishUnavailable:
		return []string{fieldAvailability}
	}
	return []string{fieldLevel, fieldTracking, variantPrefix + fieldLevel}
}

// Restores is part of upsert.Vanisher: nobody knows how many there are of what comes back.
func (products) Restores(target string) bool {
	return target == fieldVisible || target == fieldAvailability || target == fieldNotForSale
}

// Vanish is part of upsert.Vanisher.
func (products) Vanish(state string, live upsert.Live) (d mapping.Document, problem string) {
	d = mapping.Document{"sku": upsert.Text(live.Fields["sku"])}
	switch {
	case state == vanishStock:
		return d, emptied(d, live)
	case live.Ref != "":
		d[fieldNotForSale] = true
	case state == vanishHidden:
		d[fieldVisible] = false
	default:
		d[fieldAvailability] = "disabled"
	}
	return d, ""
}

// emptied adds to d that there is nothing of a product in stock; or tells why that cannot be.
func emptied(d mapping.Document, live upsert.Live) (problem string) {
	tracking := upsert.Text(live.Fields[fieldTracking])
	switch {
	case tracking == trackVariants && live.Ref == "":
		var variants []object
		for _, v := range partsOf(live.Fields[fieldVariants]) {
			if hasOptions(v) {
				variants = append(variants, object{"sku": v["sku"], "option_values": v["option_values"], fieldLevel: int64(0)})
			}
		}
		d[fieldVariants] = listed(variants)
	case tracking == trackVariants, tracking == "product" && live.Ref == "":
		d[fieldLevel] = int64(0)
	case tracking == "product":
		return "is not in the file any more, but the store counts the stock of the whole product, not of this variant: its stock is left as it is"
	default:
		return "is not in the file any more, but the store does not track its stock, so that there is nothing to set to 0: choose something else for what is not in the file any more, or have the product track its stock"
	}
	return ""
}
