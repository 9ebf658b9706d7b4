package products

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode"

	"sluice/internal/expression"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// targetPriceDifference is what a variant costs more than the product.
const targetPriceDifference = "variant_price_difference"

// variantFields are the fields of a variant that are the product's own where it has no options, by
// target.
var variantFields = map[string]string{
	"variant_sku": "sku", "variant_price": "price", "variant_cost_price": "cost_price", "variant_sale_price": "sale_price", "variant_retail_price": "retail_price",
	"variant_weight": "weight", "variant_width": "width", "variant_height": "height", "variant_depth": "depth", "variant_upc": "upc", "variant_gtin": "gtin",
	"variant_mpn": "mpn", "variant_inventory_level": "inventory_level", "variant_bin_picking_number": "bin_picking_number",
}

func jsonNumber(decimal string) json.Number { return json.Number(decimal) }

// addVariants makes variants of the rows that have options. Without any, what rows say of variants
// is the product's own.
func (a *assembly) addVariants() {
	rows := make([]int, 0, len(a.parts))
	for i := range a.parts {
		if len(a.options[i]) > 0 && !a.isParent(i) {
			rows = append(rows, i)
		}
	}
	if len(rows) == 0 {
		a.simple()
		return
	}
	m := making{assembly: a, skus: map[string]bool{}, combinations: map[string]bool{}, values: map[string]map[string]bool{}}
	m.name(rows)
	for i, p := range a.parts {
		if len(a.options[i]) == 0 && i != a.own && (p.Fields["variant_sku"] != nil || p.Fields["variant_price"] != nil) {
			a.fault(i, targetOptionValues, "has no value of an option, which tells the variants of a product apart: fill "+strings.Join(m.names, ", "), "")
		}
	}
	for _, i := range rows {
		for _, options := range a.multiplied(i) {
			m.add(i, options)
		}
	}
	m.finish()
}

// simple makes the product of rows that have no options.
func (a *assembly) simple() {
	if n := slices.IndexFunc(a.parts, func(p upsert.Part) bool { return !p.Own }); n >= 0 && a.layout != nil && a.layout.Kind == tenants.LayoutParent {
		a.fault(n, targetAttributes, "is a variant, but no value of an option tells it from the others: match the options, such as Size", "")
		return
	}
	first := -1
	for i, p := range a.parts {
		has := false
		for target := range p.Fields {
			has = has || strings.HasPrefix(target, variantPrefix)
		}
		if !has {
			continue
		}
		if first >= 0 && (p.Fields["variant_sku"] != nil || p.Fields["variant_price"] != nil) {
			a.fault(i, targetOptionValues, "is of the same product as an earlier row, but no value of an option tells the two apart: match the options, such as Size", "")
			continue
		}
		if first < 0 {
			first = i
		}
		for target, v := range p.Fields {
			if field, ok := variantFields[target]; ok && first == i {
				a.ownField(field, v)
			}
		}
		if disabled, ok := p.Fields["variant_purchasing_disabled"].(bool); ok && disabled && first == i && a.doc["availability"] == nil {
			a.doc["availability"] = "disabled"
		}
		a.addImage(upsert.Text(p.Fields["variant_image"]))
	}
	if _, stocked := a.doc["inventory_level"]; stocked && a.doc["inventory_tracking"] == nil {
		a.doc["inventory_tracking"] = "product"
	}
}

// ownField fills a field of a product without options with what its row says of a variant. An empty
// one of a variant means the product's own; a product has a price and a weight.
func (a *assembly) ownField(field string, v any) {
	switch {
	case v != nil:
		a.doc[field] = v
	case field != "price" && field != "weight":
		a.doc[field] = jsonNumber("0")
	}
}

// addImage adds a picture, unless the product has it.
func (a *assembly) addImage(url string) {
	list, _ := a.doc["images"].([]any)
	if url == "" || slices.ContainsFunc(list, func(v any) bool { return v.(map[string]any)["image_url"] == url }) { //nolint:forcetypeassert // images makes them
		return
	}
	a.doc["images"] = append(list, map[string]any{"image_url": url, "is_thumbnail": len(list) == 0, "sort_order": int64(len(list))})
}

// multiplied returns the options of each variant that row i stands for: one, unless it has lists.
func (a *assembly) multiplied(i int) [][]pair {
	options := a.options[i]
	if a.layout == nil || a.layout.Kind != tenants.LayoutLists {
		return [][]pair{options}
	}
	separator := a.layout.Separator
	if separator == "" {
		separator = ","
	}
	out := [][]pair{nil}
	for _, o := range options {
		var next [][]pair
		for _, before := range out {
			for value := range strings.SplitSeq(o.value, separator) {
				if value = expression.TrimText(value); value != "" {
					next = append(next, append(slices.Clone(before), pair{o.name, value}))
				}
			}
		}
		if out = next; len(out) > maxVariants {
			return out // add says so
		}
	}
	return out
}

// making makes variants.
type making struct {
	*assembly
	names        []string // of the options, in their order
	skus         map[string]bool
	combinations map[string]bool // of values
	values       map[string]map[string]bool
	variants     []any
	stocked      bool
	full         bool
}

// name finds the options' names.
func (m *making) name(rows []int) {
	for _, i := range rows {
		for _, o := range m.options[i] {
			if !slices.ContainsFunc(m.names, func(n string) bool { return strings.EqualFold(n, o.name) }) {
				m.names = append(m.names, o.name)
			}
		}
	}
}

// add makes a variant of row i.
func (m *making) add(i int, options []pair) {
	if len(m.variants) >= maxVariants {
		if !m.full {
			m.fault(i, targetOptionValues, fmt.Sprintf("this product has more than %d variants, the most that BigCommerce takes", maxVariants), "")
		}
		m.full = true
		return
	}
	fields := m.parts[i].Fields
	variant := map[string]any{}
	for target, field := range variantFields {
		if v, ok := fields[target]; ok {
			variant[field] = v
		}
	}
	if v, ok := fields["variant_purchasing_disabled"]; ok {
		variant["purchasing_disabled"] = v
	}
	if url := upsert.Text(fields["variant_image"]); url != "" {
		variant["image_url"] = url
	}
	m.difference(i, variant)
	values, combination, ok := m.optionValues(i, options)
	if !ok {
		return
	}
	if m.combinations[combination] {
		m.fault(i, targetOptionValues, "another row of this product has the same options: "+shownOptions(options)+". Change one of the two", "")
		return
	}
	m.combinations[combination] = true
	variant["option_values"] = values
	sku := upsert.Text(variant["sku"])
	if sku == "" || m.layout != nil && m.layout.Kind == tenants.LayoutLists {
		sku = madeSKU(upsert.Text(m.doc["sku"]), options)
		variant["sku"] = sku
	}
	if sku != "" && m.skus[foldKey(sku)] {
		m.fault(i, "variant_sku", "another variant of this product has the same SKU: change one of the two", sku)
		return
	}
	m.skus[foldKey(sku)] = true
	if sku == "" {
		delete(variant, "sku")
	}
	_, has := variant["inventory_level"]
	m.stocked = m.stocked || has
	m.variants = append(m.variants, variant)
}

// difference adds the product's price to what a variant costs more.
func (m *making) difference(i int, variant map[string]any) {
	more, ok := upsert.Number(m.parts[i].Fields[targetPriceDifference])
	if !ok || variant["price"] != nil {
		return
	}
	base, ok := upsert.Number(m.doc["price"])
	if !ok {
		return // the product lacks its price, which is said of it
	}
	x, ok1 := new(big.Rat).SetString(base)
	y, ok2 := new(big.Rat).SetString(more)
	if !ok1 || !ok2 {
		return
	}
	sum := new(big.Rat).Add(x, y)
	if sum.Sign() < 0 {
		m.fault(i, targetPriceDifference, "makes the variant's price less than 0", more)
		return
	}
	digits, _ := sum.FloatPrec()
	variant["price"] = json.Number(sum.FloatString(digits))
}

// optionValues are those of a variant in the order of the names, and one text of them all.
func (m *making) optionValues(i int, options []pair) (values []any, combination string, ok bool) {
	for _, name := range m.names {
		n := slices.IndexFunc(options, func(o pair) bool { return strings.EqualFold(o.name, name) })
		switch {
		case name == "":
			m.fault(i, targetOptionValues, "has a value of an option without a name: fill the option's name in the first row of the product", options[0].value)
			return nil, "", false
		case n < 0:
			m.fault(i, targetOptionValues, "has no value of "+expression.Quote(name)+", which other variants of this product have: fill it", "")
			return nil, "", false
		}
		value := options[n].value
		if len([]rune(value)) > maxOptionText || len([]rune(name)) > maxOptionText {
			m.fault(i, targetOptionValues, fmt.Sprintf("the option %s or its value is longer than %d characters", expression.Quote(expression.Clip(name, 60)), maxOptionText), value)
			return nil, "", false
		}
		key := strings.ToLower(name)
		if m.values[key] == nil {
			m.values[key] = map[string]bool{}
		}
		if m.values[key][value] = true; len(m.values[key]) == maxOptionValues+1 {
			m.fault(i, targetOptionValues, fmt.Sprintf("the option %s has more than %d values, the most that BigCommerce takes", expression.Quote(name), maxOptionValues), "")
		}
		values = append(values, map[string]any{"option_display_name": name, "label": value})
		combination += strings.ToLower(value) + "\x00"
	}
	return values, combination, true
}

// shownOptions are options as people read them.
func shownOptions(options []pair) string {
	texts := make([]string, len(options))
	for i, o := range options {
		texts[i] = expression.Quote(o.name + " " + o.value)
	}
	return strings.Join(texts, ", ")
}

// madeSKU makes the SKU of a variant that has none of its product's and its options; "" if the
// product has none either.
func madeSKU(product string, options []pair) string {
	if product == "" {
		return ""
	}
	sku := product
	for _, o := range options {
		sku += "-" + slug(o.value)
	}
	if len([]rune(sku)) > maxKey {
		return ""
	}
	return sku
}

// slug is s with everything but letters and digits made one hyphen.
func slug(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), "-")
}

// finish puts the variants into the product, and what a product needs that only they have.
func (m *making) finish() {
	m.doc["variants"] = m.variants
	if m.stocked {
		delete(m.doc, "inventory_level")
		if now := upsert.Text(m.doc["inventory_tracking"]); now == "" || now == "product" {
			m.doc["inventory_tracking"] = "variant"
		}
	}
	if len(m.variants) == 0 {
		delete(m.doc, "variants")
		return
	}
	first, _ := m.variants[0].(map[string]any)
	for _, field := range []string{"price", "weight"} {
		if _, have := m.doc[field]; !have && first[field] != nil {
			m.doc[field] = first[field]
		}
	}
}
