package products

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
)

// conflict is what a conflict is about.
type conflict int

const (
	takenOther conflict = iota
	takenName
	takenSKU
	takenReference // a category or brand that does not exist any more
)

// conflictAbout reads from a conflict's fields, or else from its title, what it is about.
func conflictAbout(api *bigcommerce.APIError) conflict {
	for _, field := range slices.Sorted(maps.Keys(api.Fields)) {
		switch lastPart(field) {
		case "sku":
			return takenSKU
		case "name":
			return takenName
		case "categories", "category_id", "category_ids", "brand_id":
			return takenReference
		}
	}
	text := strings.ToLower(upsert.Explain(api.Title, api.Fields))
	switch {
	case strings.Contains(text, "sku"):
		return takenSKU
	case strings.Contains(text, "name"):
		return takenName
	case strings.Contains(text, "categor"), strings.Contains(text, "brand"):
		return takenReference
	}
	return takenOther
}

// aboutReference reports whether a refusal is because of a category or brand.
func aboutReference(err error, api *bigcommerce.APIError) bool {
	var conflict *bigcommerce.ConflictError
	if errors.As(err, &conflict) {
		return conflictAbout(api) == takenReference
	}
	f := refusedField(api.Fields)
	return f == targetCategory || f == targetBrand
}

// lastPart returns the field of a key like "0.sku".
func lastPart(key string) string {
	return key[strings.LastIndexByte(key, '.')+1:]
}

// refusedField returns the field that a refusal is about, as the mapping names it, or "".
func refusedField(fields map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch f := lastPart(name); f {
		case "": // what is said about none
		case "categories", "category_id", "category_ids":
			return targetCategory
		case "brand_id":
			return targetBrand
		default:
			return f
		}
	}
	return ""
}
