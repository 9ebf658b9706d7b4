package products

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// Fields of a product that are lists of its parts.
const (
	fieldVariants     = "variants"
	fieldImages       = "images"
	fieldCustomFields = "custom_fields"
	fieldBulkPrices   = "bulk_pricing_rules"
	fieldVideos       = "videos"
	fieldTracking     = "inventory_tracking"
	fieldLevel        = "inventory_level"
)

// partLists are what a product is asked for with include, for none of them is among the fields that
// include_fields names.
var partLists = []string{fieldVariants, fieldImages, fieldCustomFields, fieldBulkPrices, fieldVideos}

// keptOfPart is what a part that is no variant is remembered by, and compared.
var keptOfPart = map[string][]string{
	fieldImages:       {"id", "description", "sort_order", "is_thumbnail", "image_file"},
	fieldCustomFields: {"id", "name", "value"},
	fieldBulkPrices:   {"id", "quantity_min", "quantity_max", "type", "amount"},
	fieldVideos:       {"id", "video_id", "title", "description", "sort_order", "type"},
}

// object is one object of such a list.
type object = map[string]any

// partsOf reads a list of parts.
func partsOf(v any) []object {
	switch list := v.(type) {
	case []object:
		return list
	case []any:
		out := make([]object, 0, len(list))
		for _, item := range list {
			if p, ok := item.(object); ok {
				out = append(out, p)
			}
		}
		return out
	}
	return nil
}

// listed is parts as documents have them.
func listed(parts []object) []any {
	out := make([]any, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return out
}

// partID is the id of a part in the store.
func partID(p object) int64 { return upsert.Int(p["id"]) }

// byID finds a part; nil if there is none.
func byID(list []object, id int64) object {
	for _, p := range list {
		if partID(p) == id {
			return p
		}
	}
	return nil
}

// ofVariant are what a mapping may fill of a variant beside its options, as the API names them.
var ofVariant = func() map[string]bool {
	out := make(map[string]bool)
	for _, f := range partFields() {
		if name, ok := strings.CutPrefix(f.Name, variantPrefix); ok {
			out[name] = true
		}
	}
	out["image_url"] = true
	delete(out, "image")
	return out
}()

// targetOfVariant is the mapping's target of a variant's field.
func targetOfVariant(field string) string {
	if field == "image_url" {
		return variantPrefix + "image"
	}
	return variantPrefix + field
}

// hasParts reports whether a document has any.
func hasParts(d mapping.Document) bool {
	return slices.ContainsFunc(partLists, func(name string) bool { return d[name] != nil })
}

// trim leaves of the parts of a product what is compared and remembered: an answer has thousands of
// characters of each variant. fields is changed.
func trim(fields bigcommerce.Fields, kept map[string]bool) bigcommerce.Fields {
	for _, name := range partLists {
		list, shown := fields[name]
		if !shown {
			continue
		}
		parts := partsOf(list)
		out := make([]any, len(parts))
		for i, p := range parts {
			if name == fieldVariants {
				out[i] = trimVariant(p, kept)
				continue
			}
			small := make(object, len(keptOfPart[name]))
			for _, key := range keptOfPart[name] {
				if v, ok := p[key]; ok {
					small[key] = v
				}
			}
			out[i] = small
		}
		fields[name] = out
	}
	return fields
}

func trimVariant(v object, fields map[string]bool) object {
	out := object{"id": v["id"], "sku": v["sku"]}
	for name := range fields {
		if have, ok := v[name]; ok && name != "image_url" {
			out[name] = have
		}
	}
	options := partsOf(v["option_values"])
	values := make([]any, len(options))
	for i, o := range options {
		values[i] = object{"id": o["id"], "option_id": o["option_id"], "option_display_name": o["option_display_name"], "label": o["label"]}
	}
	out["option_values"] = values
	return out
}

// variantFieldsOf are the fields of variants that a mapping fills.
func variantFieldsOf(m tenants.Mapping) map[string]bool {
	out := make(map[string]bool)
	for _, f := range m.Fields {
		if f.Target == targetPriceDifference {
			out["price"] = true
		} else if name, ok := strings.CutPrefix(f.Target, variantPrefix); ok {
			out[name] = true
		}
	}
	return out
}

// fieldsOfVariants are the fields that the variants of a document have.
func fieldsOfVariants(d mapping.Document) map[string]bool {
	out := make(map[string]bool)
	for _, v := range partsOf(d[fieldVariants]) {
		for name := range v {
			out[name] = true
		}
	}
	return out
}

// withoutNulls is variants as a new product is given them: what is empty is not sent.
func withoutNulls(variants []object) []any {
	out := make([]any, len(variants))
	for i, v := range variants {
		v = maps.Clone(v)
		maps.DeleteFunc(v, func(_ string, value any) bool { return value == nil })
		out[i] = v
	}
	return out
}

// hasOptions reports whether a variant is one that shoppers choose, and not the base variant of a
// product without options.
func hasOptions(v object) bool { return len(partsOf(v["option_values"])) > 0 }

// combination is the same for variants that are made up of the same values, in any order.
func combination(v object) string {
	var out []string
	for _, o := range partsOf(v["option_values"]) {
		out = append(out, optionKey(upsert.Text(o["option_display_name"]))+"\x00"+optionKey(upsert.Text(o["label"])))
	}
	slices.Sort(out)
	return strings.Join(out, "\x01")
}

// optionKey is the form in which names of options and values are compared.
func optionKey(s string) string { return upsert.Fold(s) }

// variantName is what people call a variant: its SKU, or else its values.
func variantName(v object) string {
	if sku := upsert.Text(v["sku"]); sku != "" {
		return sku
	}
	var labels []string
	for _, o := range partsOf(v["option_values"]) {
		labels = append(labels, upsert.Text(o["label"]))
	}
	return strings.Join(labels, ", ")
}

// urlKey identifies an address in a note.
func urlKey(address string) string {
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:8])
}
