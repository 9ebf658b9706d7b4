package products

import (
	"slices"
	"strings"

	"sluice/internal/expression"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// Targets whose values are pairs, "Size=S": the names stand in the source too.
const (
	targetOptionValues = "option_values" // what the row's variant has of the product's options
	targetAttributes   = "attributes"    // options, if variants differ in them, else custom fields
	targetOptionNames  = "option_names"  // which attributes are options
)

// pairsOf reads a list of pairs.
func pairsOf(v any) (out []pair) {
	list, _ := v.([]any)
	for _, item := range list {
		name, value, _ := strings.Cut(upsert.Text(item), "=")
		out = append(out, pair{expression.TrimText(name), expression.TrimText(value)})
	}
	return out
}

// sortAttributes decides which options the rows have, and what is a custom field.
func (a *assembly) sortAttributes() {
	a.options = make([][]pair, len(a.parts))
	attributes := make([][]pair, len(a.parts))
	var first []pair // names of options stand in the first row only, of Shopify
	for i, p := range a.parts {
		pairs := pairsOf(p.Fields[targetOptionValues])
		for n := range pairs {
			if pairs[n].name == "" && n < len(first) {
				pairs[n].name = first[n].name
			}
		}
		if first == nil {
			first = slices.Clone(pairs)
		}
		for _, target := range p.Fields.Targets() {
			if name, ok := strings.CutPrefix(target, familyOption); ok {
				pairs = append(pairs, pair{name, upsert.Text(p.Fields[target])})
			}
		}
		a.options[i] = slices.DeleteFunc(pairs, func(o pair) bool { return o.value == "" })
		attributes[i] = pairsOf(p.Fields[targetAttributes])
	}
	vary := a.varying(attributes)
	seen := map[string]bool{}
	for i := range a.parts {
		for _, o := range attributes[i] {
			key := strings.ToLower(o.name)
			switch {
			case o.name == "" || o.value == "":
			case vary[key] && (len(a.parts) == 1 || !a.isParent(i)):
				a.options[i] = append(a.options[i], o)
			case !vary[key] && a.tells(i) && !seen[key]:
				seen[key] = true
				a.fixed = append(a.fixed, o)
			}
		}
	}
	a.withoutDefaults()
}

// isParent reports whether part i is the product's own row, which is no variant.
func (a *assembly) isParent(i int) bool {
	return a.layout != nil && a.layout.Kind == tenants.LayoutParent && a.parts[i].Own
}

// varying returns the names, in lower case, of the attributes that are options: those that the
// product's own row names, or that any row of a variant has, or in which the rows differ.
func (a *assembly) varying(attributes [][]pair) map[string]bool {
	vary := map[string]bool{}
	if len(a.parts) == 1 {
		return vary
	}
	if list, _ := a.parts[a.own].Fields[targetOptionNames].([]any); len(list) > 0 {
		for _, name := range list {
			vary[strings.ToLower(upsert.Text(name))] = true
		}
		return vary
	}
	values := map[string]string{}
	for i := range a.parts {
		for _, o := range attributes[i] {
			key := strings.ToLower(o.name)
			switch {
			case o.value == "" || a.isParent(i):
			case a.layout != nil && a.layout.Kind == tenants.LayoutParent:
				vary[key] = true
			default:
				if was, known := values[key]; known && was != o.value {
					vary[key] = true
				}
				values[key] = o.value
			}
		}
	}
	return vary
}

// withoutDefaults drops what Shopify writes of a product without options.
func (a *assembly) withoutDefaults() {
	for _, options := range a.options {
		for _, o := range options {
			if len(options) != 1 || !strings.EqualFold(o.name, "Title") || !strings.EqualFold(o.value, "Default Title") {
				return
			}
		}
	}
	for i := range a.options {
		a.options[i] = nil
	}
}
