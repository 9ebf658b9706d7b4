package products

import "strings"

// Derived is part of upsert.Deriver: of a product without options what rows say of its variant is
// the product's own; attributes become custom fields, and a level has stock tracked.
func (products) Derived(field string, mapped func(target string) bool) string {
	first := func(targets ...string) string {
		for _, t := range targets {
			if mapped(t) {
				return t
			}
		}
		return ""
	}
	switch {
	case field == fieldTracking && first(fieldLevel, variantPrefix+fieldLevel) != "":
		return fieldLevel
	case field == "availability":
		return first(variantPrefix + "purchasing_disabled")
	case field == targetImages:
		return first(variantPrefix + "image")
	case field == variantPrefix+"price":
		return first(targetPriceDifference)
	case strings.HasPrefix(field, familyCustomField):
		return first(targetAttributes)
	case variantFields[variantPrefix+field] == field:
		return first(variantPrefix + field)
	}
	return ""
}
