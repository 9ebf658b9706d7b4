package products

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
)

// variantIndex finds the variants of a product.
type variantIndex struct {
	bySKU   map[string]object
	byValue map[string]object
}

func indexVariants(list []object) variantIndex {
	out := variantIndex{bySKU: make(map[string]object, len(list)), byValue: make(map[string]object, len(list))}
	for _, v := range list {
		if !hasOptions(v) {
			continue
		}
		if sku := foldKey(upsert.Text(v["sku"])); sku != "" {
			out.bySKU[sku] = v
		}
		out.byValue[combination(v)] = v
	}
	return out
}

// find returns the variant of the store that one of a document is: the one with its SKU, or else
// with its values; nil if there is none.
func (x variantIndex) find(want object) object {
	if v := x.bySKU[foldKey(upsert.Text(want["sku"]))]; v != nil {
		return v
	}
	return x.byValue[combination(want)]
}

// diffVariants compares the variants that a document has with those of the store. Those that it
// does not have stay as they are.
func (p products) diffVariants(d upsert.Doc, live upsert.Live) (out []upsert.Change) {
	want := partsOf(d.Fields[fieldVariants])
	list, shown := live.Fields[fieldVariants]
	if !shown {
		return []upsert.Change{{Field: fieldVariants, After: listed(want), Unknown: true, Route: routeVariants}}
	}
	index, noted := indexVariants(partsOf(list)), readNote(d.Note)
	if haveStock(want) && d.Fields[fieldTracking] == nil && upsert.Text(live.Fields[fieldTracking]) != trackVariants {
		tracking, known := live.Fields[fieldTracking]
		out = append(out, upsert.Change{Field: fieldTracking, Before: tracking, After: trackVariants, Unknown: !known})
	}
	for _, w := range want {
		name, v := variantName(w), index.find(w)
		if v == nil {
			out = append(out, upsert.Change{Field: fieldVariants, Part: name, Op: upsert.OpAdd, After: w, Route: routeAdd})
			continue
		}
		for _, field := range slices.Sorted(maps.Keys(w)) {
			have, known := v[field]
			c := upsert.Change{Field: targetOfVariant(field), Part: name, Child: partID(v), Before: have, After: w[field], Unknown: !known, Route: routeVariants}
			switch {
			case !ofVariant[field]:
				continue
			case field == "image_url":
				c.Route = routeImages
				if noted.Variants[strconv.FormatInt(partID(v), 10)] == urlKey(upsert.Text(w[field])) {
					continue
				}
			case known && p.sameOfVariant(field, have, w[field]):
				continue
			case field == fieldLevel:
				c.Route = routeStock
			}
			out = append(out, c)
		}
	}
	return out
}

// inherited are fields of a variant of which null means the product's own, and 0 something else.
var inherited = map[string]bool{"price": true, "weight": true, "width": true, "height": true, "depth": true}

func (p products) sameOfVariant(field string, have, want any) bool {
	if inherited[field] && (have == nil) != (want == nil) {
		return false
	}
	return p.Same(field, have, want)
}

// trackVariants is the inventory_tracking of a product that counts the stock of each variant.
const trackVariants = "variant"

// haveStock reports whether variants have a stock level.
func haveStock(variants []object) bool {
	return slices.ContainsFunc(variants, func(v object) bool { return v[fieldLevel] != nil })
}

// fieldsOfRow are the fields of a product that its variants have too: a row whose SKU is a
// variant's fills those.
var fieldsOfRow = map[string]bool{
	"price": true, "cost_price": true, "sale_price": true, "retail_price": true, "weight": true, "width": true, "height": true, "depth": true,
	"upc": true, "gtin": true, "mpn": true, fieldLevel: true, "inventory_warning_level": true, "bin_picking_number": true,
	"is_free_shipping": true, "fixed_cost_shipping_price": true, fieldNotForSale: true,
}

// refOf is the Ref of a record that is a variant with options; its ID is the product's, which is
// what webhooks name.
func refOf(variant int64) string { return "v" + strconv.FormatInt(variant, 10) }

// variantOfRef is the variant that a record is, 0 for a product.
func variantOfRef(ref string) int64 {
	id, _ := strconv.ParseInt(strings.TrimPrefix(ref, "v"), 10, 64) // our own; "" is none
	return id
}

// variantLives are the variants of products as records of their own. What only products have of the
// fields that are kept is known to be nothing of theirs.
func variantLives(page []bigcommerce.Fields, kept []string) (out []upsert.Live) {
	for _, product := range page {
		for _, v := range partsOf(product[fieldVariants]) {
			if !hasOptions(v) {
				continue
			}
			fields := rowFields(v)
			for _, name := range kept {
				if !fieldsOfRow[name] && fields[name] == nil {
					fields[name] = nil
				}
			}
			fields[fieldTracking] = product[fieldTracking]
			out = append(out, upsert.Live{ID: upsert.Int(product["id"]), Ref: refOf(partID(v)), Fields: fields})
		}
	}
	return out
}

// rowFields are the fields of a variant that a row can fill.
func rowFields(v object) bigcommerce.Fields {
	fields := make(bigcommerce.Fields, len(v)+1)
	for name, value := range v {
		if fieldsOfRow[name] || name == "sku" || name == "id" {
			fields[name] = value
		}
	}
	return fields
}

// diffRow compares a document of one row with the variant whose SKU it has.
func (p products) diffRow(d upsert.Doc, live upsert.Live) (out []upsert.Change) {
	for _, target := range d.Fields.Targets() {
		if !fieldsOfRow[target] {
			continue
		}
		have, shown := live.Fields[target]
		want := d.Fields[target]
		if target == fieldLevel && upsert.Text(live.Fields[fieldTracking]) != trackVariants || shown && p.Same(target, have, want) || d.Explains(target, want, have, shown) {
			continue
		}
		c := upsert.Change{Field: target, Before: have, After: want, Unknown: !shown, Child: variantOfRef(live.Ref), Route: routeVariants}
		if target == fieldLevel {
			c.Route = routeStock
		}
		out = append(out, c)
	}
	return out
}

// Object is about variants that a product cannot be given.
func (products) Object(d upsert.Doc, live upsert.Live) (field, message string) {
	want := partsOf(d.Fields[fieldVariants])
	if len(want) > 0 && live.Ref != "" {
		return "sku", fmt.Sprintf("this SKU belongs to a variant of product %d in the store, and the file has a product with variants by it: change one of the SKUs", live.ID)
	}
	list, shown := live.Fields[fieldVariants]
	if len(want) == 0 || !shown {
		return "", ""
	}
	have := partsOf(list)
	index, all := indexVariants(have), 0
	options := make(map[string]map[string]bool) // name → values
	for _, v := range have {
		if hasOptions(v) {
			all++
			addOptions(options, v)
		}
	}
	fixed := len(options) > 0
	for _, w := range want {
		if index.find(w) != nil {
			continue
		}
		all++
		for _, o := range partsOf(w["option_values"]) {
			name := upsert.Text(o["option_display_name"])
			if fixed && options[optionKey(name)] == nil {
				return familyOption + name, fmt.Sprintf("the product's variants in the store are not chosen by %q, so that %s cannot be one of them: correct the option's name, or add the option in the control panel", name, variantName(w))
			}
		}
		if n := len(partsOf(w["option_values"])); fixed && n != len(options) {
			return fieldVariants, fmt.Sprintf("%s has %d options, and the product's variants in the store have %d: fill an option for each", variantName(w), n, len(options))
		}
		addOptions(options, w)
	}
	if all > bigcommerce.MaxVariants {
		return fieldVariants, fmt.Sprintf("the product would have %d variants; the limit is %d", all, bigcommerce.MaxVariants)
	}
	for name, values := range options {
		if len(values) > bigcommerce.MaxOptionValues {
			return familyOption + name, fmt.Sprintf("the option would have %d values; the limit is %d", len(values), bigcommerce.MaxOptionValues)
		}
	}
	return "", ""
}

// addOptions adds the values of a variant to those of options, by their keys.
func addOptions(options map[string]map[string]bool, v object) {
	for _, o := range partsOf(v["option_values"]) {
		name := optionKey(upsert.Text(o["option_display_name"]))
		if options[name] == nil {
			options[name] = make(map[string]bool)
		}
		options[name][optionKey(upsert.Text(o["label"]))] = true
	}
}
