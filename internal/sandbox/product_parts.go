package sandbox

import (
	"encoding/json"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

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
		switch name {
		case "images":
			p.checkImage(o, at, oe)
		case "bulk_pricing_rules":
			checkBulkRule(o, at, oe)
		}
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
	if name == "images" {
		thumbnails := slices.DeleteFunc(slices.Clone(list), func(o map[string]any) bool { return o["is_thumbnail"] != true })
		if len(thumbnails) > 1 {
			errs[prefix+name] = "Only one image can be the thumbnail of a product"
		}
	}
	return compact(list)
}

// checkImage checks that an image has somewhere to come from, unless it is one that the product
// has.
func (p *product) checkImage(o map[string]any, at string, errs map[string]string) {
	var have []struct{ ID json.Number }
	_ = json.Unmarshal([]byte(orEmpty(p.get("images"))), &have)
	id, _ := o["id"].(json.Number)
	for _, im := range have {
		if im.ID == id && o["image_url"] == nil {
			return
		}
	}
	if file, _ := o["image_file"].(string); file != "" && o["image_url"] == nil {
		return
	}
	if errs[at+"image_url"] != "" {
		return
	}
	raw, ok := o["image_url"].(string)
	u, err := url.Parse(raw)
	if !ok || raw != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.ContainsAny(raw, " \t\r\n")) {
		errs[at+"image_url"] = "url must be an actual URL or an empty string"
	}
}

// checkBulkRule checks what the description says of a rule in words: an amount, as a number or as
// the text of one, and a range that is none or goes up.
func checkBulkRule(o map[string]any, at string, errs map[string]string) {
	switch amount := o["amount"].(type) {
	case nil:
		errs[at+"amount"] = msgMissing
	case json.Number:
	case string:
		if n, err := strconv.ParseFloat(amount, 64); err != nil || n < 0 || math.IsInf(n, 0) {
			errs[at+"amount"] = msgNumber
		}
	default:
		errs[at+"amount"] = msgNumber
	}
	if len(errs) > 0 {
		return
	}
	from, to := bulkRange(o)
	if to <= from {
		errs[at+"quantity_max"] = "quantity_max must be greater than quantity_min"
	}
	if o["type"] == "fixed" && from < 2 {
		errs[at+"quantity_min"] = "quantity_min of a fixed rule must be 2 or more"
	}
}

// bulkRange is the range of quantities of a rule; 0 as its end means none.
func bulkRange(o map[string]any) (from, to int64) {
	of := func(name string) int64 {
		n, _ := o[name].(json.Number)
		v, _ := n.Float64()
		return int64(v)
	}
	from, to = of("quantity_min"), of("quantity_max")
	if to == 0 {
		to = math.MaxInt64
	}
	return from, to
}

// bulkConflict is the 409 of rules whose ranges overlap, or nil.
func (p *product) bulkConflict(prefix string) *reply {
	var rules []map[string]any
	dec := json.NewDecoder(strings.NewReader(orEmpty(p.get("bulk_pricing_rules"))))
	dec.UseNumber()
	_ = dec.Decode(&rules) // checked by subObjects
	for i := range rules {
		from, to := bulkRange(rules[i])
		for _, other := range rules[:i] {
			if f, t := bulkRange(other); from <= t && f <= to {
				r := conflict(prefix+"bulk_pricing_rules", "The quantity ranges of the bulk pricing rules overlap")
				return &r
			}
		}
	}
	return nil
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
		{name: "image_url", kind: kString, maxLen: 255},
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
