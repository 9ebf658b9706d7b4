package sandbox

import (
	"slices"
	"strconv"
)

// selection is which fields an answer shows.
type selection struct {
	show    [256]bool // by field index
	include []string  // sub-resources, in the order of productIncludes
}

// productIncludes are the sub-resources of the include parameter.
var productIncludes = []string{"bulk_pricing_rules", "channels", "custom_fields", "images", "modifiers", "options",
	"parent_relations", "primary_image", "reviews", "variants", "videos"}

// alwaysShown are documented as not subject to include_fields and exclude_fields.
var alwaysShown = []string{"gift_wrapping_options_type", "gift_wrapping_options_list"}

// subResources are fields that are shown by include only.
var subResources = []string{"custom_fields", "bulk_pricing_rules", "images", "videos"}

func shownField(name string) bool {
	return name != "brand_name" && !slices.Contains(subResources, name)
}

// notInIncludeFields are fields of a product that the list of include_fields does not have
// (products_catalog.v3.yml, IncludeFieldsParam). The id is not in it either: it is always shown.
var notInIncludeFields = append([]string{"sort_order"}, alwaysShown...)

// selection reads include, include_fields and exclude_fields.
func (q *query) selection(withInclude bool) *selection {
	known := func(n string) bool { _, ok := productIndex[n]; return ok && shownField(n) }
	only := q.names("include_fields", func(n string) bool { return known(n) && !slices.Contains(notInIncludeFields, n) })
	without := q.names("exclude_fields", known)
	var sel selection
	for i := range productFields {
		n := productFields[i].name
		sel.show[i] = shownField(n) && (slices.Contains(alwaysShown, n) ||
			(only == nil || slices.Contains(only, n)) && !slices.Contains(without, n))
	}
	if withInclude {
		want := q.names("include", func(n string) bool { return slices.Contains(productIncludes, n) })
		for _, n := range productIncludes {
			if slices.Contains(want, n) {
				sel.include = append(sel.include, n)
			}
		}
	}
	return &sel
}

// answersWhole makes the answer to a write show the sub-resources too, as its example does, unless
// fields were named: see Choices.PartsNotAnswered.
func (s *selection) answersWhole(st *Store, q *query) *selection {
	if !q.has("include_fields") && len(s.include) == 0 && !st.sb.opts.Choices.PartsNotAnswered {
		s.include = append(slices.Clone(subResources), "variants")
	}
	return s
}

// bulky reports whether the page is limited to ten, as documented for options and modifiers.
func (s *selection) bulky() bool {
	return slices.Contains(s.include, "options") || slices.Contains(s.include, "modifiers")
}

// computedFields are the fields whose value is not stored as such, by place.
var computedFields = func() [256]func(*product, []byte) []byte {
	var m [256]func(*product, []byte) []byte
	for name, f := range map[string]func(*product, []byte) []byte{
		"name":             func(p *product, b []byte) []byte { return append(b, jsonString(p.name)...) },
		"sku":              func(p *product, b []byte) []byte { return append(b, jsonString(p.sku)...) },
		"date_created":     func(p *product, b []byte) []byte { return append(b, jsonString(timeString(p.created))...) },
		"date_modified":    func(p *product, b []byte) []byte { return append(b, jsonString(timeString(p.modified))...) },
		"calculated_price": func(p *product, b []byte) []byte { return strconv.AppendFloat(b, p.calculatedPrice(), 'f', -1, 64) },
		"base_variant_id": func(p *product, b []byte) []byte {
			if p.variant == 0 {
				return append(b, "null"...)
			}
			return strconv.AppendInt(b, p.variant, 10)
		},
		"custom_url": func(p *product, b []byte) []byte {
			b = append(append(b, `{"url":`...), jsonString(p.url)...)
			return append(strconv.AppendBool(append(b, `,"is_customized":`...), p.customURL), '}')
		},
	} {
		m[fieldIndex(name)] = f
	}
	return m
}()

// append writes a product as the API shows it.
func (p *product) append(b []byte, sel *selection) []byte {
	b = append(b, `{"id":`...)
	b = strconv.AppendInt(b, p.id, 10)
	next := 0 // vals are sorted as the fields are
	for i := range productFields {
		raw := productFields[i].def
		if next < len(p.vals) && int(p.vals[next].field) == i {
			raw = p.vals[next].raw
			next++
		}
		compute := computedFields[i]
		if !sel.show[i] || raw == "" && compute == nil {
			continue
		}
		b = append(append(append(b, `,"`...), productFields[i].name...), `":`...)
		if compute != nil {
			b = compute(p, b)
		} else {
			b = append(b, raw...)
		}
	}
	for _, inc := range sel.include {
		b = append(append(append(b, `,"`...), inc...), `":`...)
		b = p.appendInclude(b, inc)
	}
	return append(b, '}')
}

func (p *product) appendInclude(b []byte, inc string) []byte {
	switch inc {
	case "variants":
		b = append(b, '[')
		for n, i := range p.items() {
			if n > 0 {
				b = append(b, ',')
			}
			b = i.append(b, nil)
		}
		return append(b, ']')
	case "channels":
		return append(b, compact(p.onChannels())...)
	case "primary_image":
		return append(b, p.primaryImage()...)
	case "options":
		views := make([]map[string]any, len(p.options))
		for i, o := range p.options {
			views[i] = o.view(p.id)
		}
		return append(b, compact(views)...)
	case "modifiers":
		return append(b, compact(p.modifierViews())...)
	case "custom_fields", "bulk_pricing_rules", "images", "videos":
		return p.appendParts(b, inc)
	}
	return append(b, "[]"...)
}

func orEmpty(raw string) string {
	if raw == "" {
		return "[]"
	}
	return raw
}
