package sandbox

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// part is one object of a sub-resource of a product: an image, a custom field, a rule or a video,
// with numbers as json.Number.
type part = map[string]any

// partLimits are how many of a sub-resource a product may have.
var partLimits = map[string]int{"custom_fields": 200, "images": 1000}

// parts are the objects of a sub-resource of the product; nobody changes them.
func (p *product) parts(name string) []part {
	list := []part{}
	raw := p.get(name)
	if raw == "" {
		return list
	}
	dec := json.NewDecoder(strings.NewReader(raw))
	dec.UseNumber()
	_ = dec.Decode(&list) // written by putParts
	return list
}

func (p *product) putParts(name string, list []part) { p.put(name, compact(list)) }

// partID is the id of a part; 0 for one that has none yet.
func partID(o part) int64 { return integerOf(o, "id") }

// integerOf is a whole number of a part; 0 when it has none.
func integerOf(o part, name string) int64 {
	n, _ := o[name].(json.Number)
	f, _ := n.Float64()
	return int64(f)
}

// findPart is the place of a part by its id; -1 when it is not there.
func findPart(list []part, id int64) (at int) {
	return slices.IndexFunc(list, func(o part) bool { return partID(o) == id })
}

// assignParts makes a list that came with its product what the product has of a sub-resource: an
// object with the id of one that is there changes that, any other is new. What is there and not in
// the list goes, or stays: Choices.ListsMerged.
func (st *Store) assignParts(p *product, name, raw, prefix string, errs map[string]string) {
	var list []part
	dec := json.NewDecoder(strings.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&list); err != nil {
		errs[prefix+name] = msgArray
		return
	}
	have, before := p.parts(name), len(errs)
	next := []part{}
	if st.sb.opts.Choices.ListsMerged {
		next = slices.Clone(have)
	}
	thumbnails := 0
	for i, o := range list {
		at := prefix + name + "[" + strconv.Itoa(i) + "]."
		var old part
		if id := partID(o); o["id"] != nil && findPart(have, id) < 0 {
			errs[at+"id"] = "There is no " + name + " with this id on the product"
			continue
		} else if o["id"] != nil {
			old = have[findPart(have, id)]
		}
		made := st.makePart(name, old, o, at, true, errs)
		if made["is_thumbnail"] == true {
			if thumbnails++; thumbnails == 1 {
				next = oneThumbnail(next, 0)
			}
		}
		if old != nil && st.sb.opts.Choices.ListsMerged {
			next[findPart(next, partID(old))] = made
		} else {
			next = append(next, made)
		}
	}
	if thumbnails > 1 {
		errs[prefix+name] = "Only one image can be the thumbnail of a product"
	}
	if len(errs) == before {
		if key, msg := checkParts(name, next); msg != "" {
			errs[prefix+key] = msg
		}
	}
	if name == "images" {
		st.firstThumbnail(next)
	}
	p.putParts(name, next)
}

// makePart checks an object of a sub-resource and completes it: old with what was sent, or a new one
// where old is nil. whole asks for what the description requires. What is wrong goes into errs,
// each key led by at.
func (st *Store) makePart(name string, old, sent part, at string, whole bool, errs map[string]string) part {
	specs := partFields[name]
	vals, es := validate(specs, partIndex[name], sent, whole, at)
	switch name {
	case "images":
		checkImage(old, sent, at, es)
	case "bulk_pricing_rules":
		if amount, there := sent["amount"]; there || whole {
			checkAmount(amount, at, es)
		}
	}
	made := part{}
	maps.Copy(made, partDefaults[name])
	maps.Copy(made, old)
	for _, v := range vals {
		var value any
		dec := json.NewDecoder(strings.NewReader(v.raw))
		dec.UseNumber()
		_ = dec.Decode(&value) // canonical
		made[specs[v.field].name] = value
	}
	if amount, there := sent["amount"]; there && name == "bulk_pricing_rules" {
		made["amount"] = amount
	}
	if name == "bulk_pricing_rules" && len(es) == 0 {
		checkRange(made, at, es)
	}
	maps.Copy(errs, es)
	delete(made, "id")
	if old != nil {
		made["id"] = old["id"]
	} else if len(es) == 0 {
		made["id"] = json.Number(strconv.FormatInt(st.nextID(name, 1), 10))
	}
	if name == "images" {
		made["date_modified"], made["store"] = timeString(st.sb.now().Unix()), st.Hash
	}
	return made
}

// checkParts checks what holds for all parts of a sub-resource together; msg is "" when it does.
func checkParts(name string, list []part) (key, msg string) {
	if most := partLimits[name]; most > 0 && len(list) > most {
		return name, msgTooMany
	}
	if name != "custom_fields" {
		return "", ""
	}
	seen := map[string]bool{}
	for i, o := range list {
		pair := compact([]any{o["name"], o["value"]})
		if seen[pair] {
			return name + "[" + strconv.Itoa(i) + "].name", "The custom field is a duplicate"
		}
		seen[pair] = true
	}
	return "", ""
}

// checkAmount: the amount of a bulk pricing rule is a number, or the text of one.
func checkAmount(amount any, at string, errs map[string]string) {
	switch amount := amount.(type) {
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
}

// checkRange checks what the description says of a bulk pricing rule in words: its range is none or
// goes up.
func checkRange(o part, at string, errs map[string]string) {
	from, to := bulkRange(o)
	if to <= from {
		errs[at+"quantity_max"] = "quantity_max must be greater than quantity_min"
	}
	if o["type"] == "fixed" && from < 2 {
		errs[at+"quantity_min"] = "quantity_min of a fixed rule must be 2 or more"
	}
}

// bulkRange is the range of quantities of a rule; 0 as its end means none.
func bulkRange(o part) (from, to int64) {
	from, to = integerOf(o, "quantity_min"), integerOf(o, "quantity_max")
	if to == 0 {
		to = math.MaxInt64
	}
	return from, to
}

// bulkConflict is the 409 of rules whose ranges overlap, or nil.
func (p *product) bulkConflict(prefix string) *reply {
	rules := p.parts("bulk_pricing_rules")
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

// appendParts writes a sub-resource as answers have it.
func (p *product) appendParts(b []byte, name string) []byte {
	if name != "images" && name != "videos" {
		return append(b, orEmpty(p.get(name))...)
	}
	list := p.parts(name)
	for i, o := range list {
		list[i] = p.partView(name, o)
	}
	return append(b, compact(list)...)
}

// partView is a part as answers have it.
func (p *product) partView(name string, o part) part {
	switch name {
	case "images":
		return p.imageView(o)
	case "videos":
		o = maps.Clone(o)
		o["product_id"] = p.id
	}
	return o
}

// partFields describe the objects of each sub-resource.
var partFields = map[string][]fieldSpec{
	"custom_fields": {
		{name: "name", kind: kString, minLen: 1, maxLen: 250, required: true},
		{name: "value", kind: kString, minLen: 1, maxLen: 250, required: true},
	},
	"bulk_pricing_rules": {
		{name: "quantity_min", kind: kInteger, min: num(0), required: true},
		{name: "quantity_max", kind: kInteger, min: num(0), required: true},
		{name: "type", kind: kString, enum: []string{"price", "percent", "fixed"}, required: true},
	},
	"images": {
		{name: "image_url", kind: kString, maxLen: 255},
		{name: "image_file", kind: kString},
		{name: "is_thumbnail", kind: kBool},
		{name: "sort_order", kind: kInteger, min: num(-2147483648), max: num(maxInt32)},
		{name: "description", kind: kString},
	},
	"videos": {
		{name: "title", kind: kString, maxLen: 255},
		{name: "description", kind: kString},
		{name: "sort_order", kind: kInteger, min: num(-2147483648), max: num(maxInt32)},
		{name: "type", kind: kString, enum: []string{"youtube"}},
		{name: "video_id", kind: kString},
	},
}

// partDefaults are what a part has that was not sent.
var partDefaults = map[string]part{
	"images": {"is_thumbnail": false, "sort_order": json.Number("0"), "description": "", "image_url": ""},
	"videos": {"title": "", "description": "", "sort_order": json.Number("0"), "type": "youtube", "video_id": "", "length": ""},
}

var partIndex = func() map[string]map[string]uint8 {
	m := map[string]map[string]uint8{}
	for name, specs := range partFields {
		m[name] = index(specs)
	}
	return m
}()
