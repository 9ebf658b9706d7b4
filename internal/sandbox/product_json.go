package sandbox

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
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

// selection reads include, include_fields and exclude_fields.
func (q *query) selection(withInclude bool) *selection {
	known := func(n string) bool { _, ok := productIndex[n]; return n == "id" || ok && shownField(n) }
	only, without := q.names("include_fields", known), q.names("exclude_fields", known)
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
		"base_variant_id":  func(p *product, b []byte) []byte { return strconv.AppendInt(b, p.variant, 10) },
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
		b = p.appendVariant(b, nil, false)
		return append(b, ']')
	case "channels":
		return append(b, "[1]"...)
	case "primary_image":
		var images []json.RawMessage
		_ = json.Unmarshal([]byte(orEmpty(p.get("images"))), &images)
		for _, im := range images {
			if bytes.Contains(im, []byte(`"is_thumbnail":true`)) {
				return append(b, im...)
			}
		}
		return append(b, "{}"...)
	case "custom_fields", "bulk_pricing_rules", "images", "videos":
		return append(b, orEmpty(p.get(inc))...)
	}
	return append(b, "[]"...)
}

func orEmpty(raw string) string {
	if raw == "" {
		return "[]"
	}
	return raw
}

// appendVariant writes the base variant; show nil shows everything. Only /catalog/variants documents
// sku_id as nullable, so only there it is shown.
func (p *product) appendVariant(b []byte, show func(string) bool, skuID bool) []byte {
	b = append(b, `{"id":`...)
	b = strconv.AppendInt(b, p.variant, 10)
	field := func(name, raw string) {
		if show != nil && !show(name) {
			return
		}
		b = append(append(append(append(b, `,"`...), name...), `":`...), raw...)
	}
	field("product_id", strconv.FormatInt(p.id, 10))
	field("sku", jsonString(p.sku))
	if skuID {
		field("sku_id", "null")
	}
	for _, f := range variantFields[3:] {
		switch f.name {
		case "purchasing_disabled", "purchasing_disabled_message", "image_url":
			raw := f.def
			for _, v := range p.variantVals {
				if variantFields[v.field].name == f.name {
					raw = v.raw
				}
			}
			field(f.name, raw)
		case "option_values":
			field(f.name, "[]")
		default:
			field(f.name, p.get(f.name))
		}
	}
	field("calculated_price", strconv.FormatFloat(p.calculatedPrice(), 'f', -1, 64))
	field("calculated_weight", p.get("weight"))
	return append(b, '}')
}

// subObjects checks and completes the objects of a sub-resource field: each gets its id.
func (st *Store) subObjects(p *product, name, raw, prefix string, errs map[string]string) string {
	var list []map[string]any
	dec := json.NewDecoder(strings.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&list); err != nil {
		errs[prefix+name] = msgArray
		return ""
	}
	seen := map[string]bool{}
	for i, o := range list {
		at := prefix + name + "[" + strconv.Itoa(i) + "]."
		_, oe := validate(subFields[name], subIndex[name], o, true, at)
		for k, m := range oe {
			errs[k] = m
		}
		if len(oe) > 0 {
			continue
		}
		if name == "custom_fields" {
			key := compact([]any{o["name"], o["value"]})
			if seen[key] {
				errs[at+"name"] = "The custom field is a duplicate"
				continue
			}
			seen[key] = true
		}
		if o["id"] == nil {
			o["id"] = st.nextID(name, 1)
		}
		if name == "images" {
			st.completeImage(p, o)
		}
	}
	return compact(list)
}

func (st *Store) completeImage(p *product, o map[string]any) {
	url, _ := o["image_url"].(string)
	o["product_id"] = p.id
	for _, k := range []string{"url_zoom", "url_standard", "url_thumbnail", "url_tiny"} {
		o[k] = url
	}
	def := map[string]any{"is_thumbnail": false, "sort_order": 0, "description": "", "image_url": ""}
	for k, v := range def {
		if o[k] == nil {
			o[k] = v
		}
	}
	o["date_modified"] = timeString(st.sb.now().Unix())
}

// subFields describe the objects of each sub-resource.
var subFields = map[string][]fieldSpec{
	"custom_fields": {
		{name: "id", kind: kInteger, min: num(1)},
		{name: "name", kind: kString, minLen: 1, maxLen: 250, required: true},
		{name: "value", kind: kString, minLen: 1, maxLen: 250, required: true},
	},
	"bulk_pricing_rules": {
		{name: "id", kind: kInteger},
		{name: "quantity_min", kind: kInteger, min: num(0), required: true},
		{name: "quantity_max", kind: kInteger, min: num(0), required: true},
		{name: "type", kind: kString, enum: []string{"price", "percent", "fixed"}, required: true},
	},
	"images": {
		{name: "id", kind: kInteger},
		{name: "image_url", kind: kString},
		{name: "image_file", kind: kString},
		{name: "is_thumbnail", kind: kBool},
		{name: "sort_order", kind: kInteger, min: num(-2147483648), max: num(maxInt32)},
		{name: "description", kind: kString},
	},
	"videos": {
		{name: "id", kind: kInteger},
		{name: "title", kind: kString, maxLen: 255},
		{name: "description", kind: kString},
		{name: "sort_order", kind: kInteger, min: num(-2147483648), max: num(maxInt32)},
		{name: "type", kind: kString, enum: []string{"youtube"}},
		{name: "video_id", kind: kString},
	},
}

var subIndex = func() map[string]map[string]uint8 {
	m := map[string]map[string]uint8{}
	for name, specs := range subFields {
		m[name] = index(specs)
	}
	return m
}()
