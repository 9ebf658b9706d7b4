package products

import (
	"sluice/jobs/upsert"
)

// warnOfFree tells of a product that would be sold for nothing: systems write 0 for what has no
// price. One that cannot be bought, or whose price is not shown, is meant so.
func warnOfFree(row *upsert.Row) {
	if row.Fields["availability"] == "disabled" || row.Fields["is_price_hidden"] == true {
		return
	}
	if price, has := row.Fields["price"]; has && upsert.Same(price, 0) {
		row.Warn("price", "its price is 0: it is written as it is, and sold for nothing. Leave the price empty in the file, or make the product unavailable", "")
		return
	}
	for _, v := range partsOf(row.Fields[fieldVariants]) {
		if price, has := v["price"]; has && upsert.Same(price, 0) {
			row.Warn(variantPrefix+"price", variantName(v)+": its price is 0: it is written as it is, and sold for nothing", "")
			return
		}
	}
}
