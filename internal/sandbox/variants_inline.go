package sandbox

import (
	"slices"
	"strconv"
	"strings"
)

// inlineVariant is a variant as it came in the POST of its product, checked by itself.
type inlineVariant struct {
	vals  []fieldValue
	wants []Choice
}

// inlineVariants checks the variants of a new product. They name their options and values by
// words, and those come of them.
func inlineVariants(in any, errs map[string]string) []inlineVariant {
	list, ok := in.([]any)
	switch {
	case in == nil:
		return nil
	case !ok:
		errs["variants"] = msgArray
		return nil
	case len(list) > maxVariants:
		errs["variants"] = msgTooMany
		return nil
	}
	out := make([]inlineVariant, len(list))
	for i, e := range list {
		at := "variants[" + strconv.Itoa(i) + "]"
		m, ok := e.(map[string]any)
		if !ok {
			errs[at] = msgObject
			continue
		}
		vals, es := validate(variantFields, variantIndex, m, true, at+".")
		for k, msg := range es {
			errs[k] = msg
		}
		checkVariantSKU(m, at+".", errs)
		for _, name := range []string{"upc", "mpn", "gtin"} { // nullable of a variant, not of an inline one
			if v, sent := m[name]; sent && v == nil {
				errs[at+"."+name] = msgString
			}
		}
		out[i] = inlineVariant{vals: vals, wants: choicesByName(m["option_values"], at+".option_values", errs)}
	}
	if len(errs) == 0 {
		checkCombinations(out, errs)
	}
	return out
}

// checkVariantSKU: a variant needs a SKU of its own.
func checkVariantSKU(in map[string]any, at string, errs map[string]string) {
	switch sku, sent := in["sku"]; {
	case !sent:
		errs[at+"sku"] = msgMissing
	case sku == "":
		errs[at+"sku"] = msgMinLen
	}
}

// choicesByName reads option_values that name options and values by words, which need not be
// there.
func choicesByName(in any, at string, errs map[string]string) []Choice {
	list, ok := in.([]any)
	switch {
	case in == nil:
		errs[at] = msgMissing
		return nil
	case !ok:
		errs[at] = msgArray
		return nil
	case len(list) == 0:
		errs[at] = msgMinItems
		return nil
	}
	out := make([]Choice, len(list))
	for i, e := range list {
		at := at + "[" + strconv.Itoa(i) + "]"
		m, ok := e.(map[string]any)
		if !ok {
			errs[at] = msgObject
			continue
		}
		vals, es := validate(choiceFields, choiceIndex, m, true, at+".")
		for k, msg := range es {
			errs[k] = msg
		}
		for _, v := range vals {
			if choiceFields[v.field].name == "label" {
				out[i].Value = unquote(v.raw)
			} else {
				out[i].Option = unquote(v.raw)
			}
		}
	}
	return out
}

// choiceFields are those of productVariantOptionValue_Base (products_catalog.v3.yml).
var choiceFields = []fieldSpec{
	{name: "option_display_name", kind: kString, minLen: 1, maxLen: 255, required: true},
	{name: "label", kind: kString, minLen: 1, maxLen: 255, required: true},
}

var choiceIndex = index(choiceFields)

// checkCombinations: every variant has one value of each option of its product, and an option has
// as many values as it may have. The words are the sandbox's own.
func checkCombinations(list []inlineVariant, errs map[string]string) {
	at := func(i int) string { return "variants[" + strconv.Itoa(i) + "].option_values" }
	labels := map[string]map[string]bool{} // by option
	for i, v := range list {
		for _, c := range v.wants {
			if labels[c.Option] == nil {
				labels[c.Option] = map[string]bool{}
			}
			labels[c.Option][c.Value] = true
			if len(labels[c.Option]) > maxOptionValues {
				errs[at(i)] = msgTooMany
			}
		}
	}
	for i, v := range list {
		own := map[string]bool{}
		for _, c := range v.wants {
			own[c.Option] = true
		}
		switch {
		case len(own) < len(v.wants):
			errs[at(i)] = "A variant can have only one value of an option"
		case len(own) < len(labels):
			errs[at(i)] = "All variants of a product need a value of each of its options"
		}
	}
}

// addInline gives a new product its variants. Their SKUs are checked with the product's.
func (st *Store) addInline(p *product, list []inlineVariant) *reply {
	taken := map[string]bool{}
	for i, in := range list {
		v := &variant{}
		for _, val := range in.vals {
			v.take(val)
		}
		for _, want := range in.wants {
			v.choices = append(v.choices, st.choose(p, want))
		}
		key := v.combination()
		if taken[key] {
			return takenCombination("variants[" + strconv.Itoa(i) + "].option_values")
		}
		taken[key] = true
		p.variants = append(p.variants, v)
	}
	return nil
}

// take sets a checked field of a variant with options.
func (v *variant) take(val fieldValue) {
	switch variantFields[val.field].name {
	case "id", "product_id", "option_values":
	case "sku":
		v.sku = unquote(val.raw)
	default:
		v.vals = set(variantFields, v.vals, val)
	}
}

// combination is the same for variants that are made up of the same values, in any order.
func (v *variant) combination() string {
	ids := make([]string, len(v.choices))
	for i, c := range v.choices {
		ids[i] = strconv.FormatInt(c.ID, 10)
	}
	slices.Sort(ids)
	return strings.Join(ids, ",")
}

// takenCombination is the 409 of a variant whose values another has; the words are the sandbox's
// own.
func takenCombination(at string) *reply {
	r := conflict(at, "A variant with these option values exists already")
	return &r
}
