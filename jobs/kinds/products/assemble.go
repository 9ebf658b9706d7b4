package products

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sluice/internal/expression"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// mostParts is the most rows of one product: its variants, pictures, and its own.
const mostParts = maxVariants + maxImages + 1

func (products) MostParts() int { return mostParts }

// Assemble makes one product of rows. Fields of the product are those of the first row that has
// them, and with a parent layout of the product's own row alone.
func (products) Assemble(l *tenants.Layout, parts []upsert.Part) upsert.Assembled {
	a := assembly{layout: l, parts: parts, doc: mapping.Document{}}
	a.own = max(0, slices.IndexFunc(parts, func(p upsert.Part) bool { return p.Own }))
	a.sortAttributes()
	a.productFields()
	a.images()
	a.customFields()
	a.addVariants()
	a.videos()
	a.bulkPrices()
	a.customURL()
	a.relatedSKUs()
	return upsert.Assembled{Fields: a.doc, Problems: a.problems}
}

// assembly is a product that is being made.
type assembly struct {
	layout   *tenants.Layout
	parts    []upsert.Part
	own      int // the product's own row
	doc      mapping.Document
	options  [][]pair // by part
	fixed    []pair   // attributes in which the variants do not differ
	problems []upsert.PartProblem
}

// pair is an option or an attribute: its name, and the row's value of it.
type pair struct{ name, value string }

func (a *assembly) fault(part int, field, message, value string) {
	a.problems = append(a.problems, upsert.PartProblem{Part: part, Field: field, Message: message, Value: value})
}

func (a *assembly) warn(part int, field, message, value string) {
	a.problems = append(a.problems, upsert.PartProblem{Part: part, Field: field, Message: message, Value: value, Warning: true})
}

// isPart reports whether a target of the mapping is no field of an assembled product.
func isPart(target string) bool {
	switch target {
	case targetImages, targetImageAlt, targetOptionValues, targetOptionNames, targetAttributes, targetVideos, targetBulkPrices, targetCustomURL, targetRelated:
		return true
	}
	return strings.HasPrefix(target, variantPrefix) || strings.HasPrefix(target, familyOption) || strings.HasPrefix(target, familyCustomField)
}

// tells reports whether part i tells of the product itself.
func (a *assembly) tells(i int) bool {
	return a.layout == nil || a.layout.Kind != tenants.LayoutParent || a.parts[i].Own || i == a.own
}

func (a *assembly) productFields() {
	for i, p := range a.parts {
		if !a.tells(i) {
			continue
		}
		for target, v := range p.Fields {
			if _, have := a.doc[target]; !have && !isPart(target) {
				a.doc[target] = v
			}
		}
	}
}

// images puts the pictures of all rows one after the other, each address once. Those of variants
// are theirs.
func (a *assembly) images() {
	var out []any
	seen := map[string]bool{}
	for i, p := range a.parts {
		urls, _ := p.Fields[targetImages].([]any)
		alts, _ := p.Fields[targetImageAlt].([]any)
		if !a.tells(i) && len(urls) > 0 && p.Fields["variant_image"] != nil {
			continue
		}
		for n, u := range urls {
			url := upsert.Text(u)
			if url == "" || seen[url] {
				continue
			}
			seen[url] = true
			image := map[string]any{"image_url": url, "is_thumbnail": len(out) == 0, "sort_order": int64(len(out))}
			if n < len(alts) && upsert.Text(alts[n]) != "" {
				image["description"] = upsert.Text(alts[n])
			}
			out = append(out, image)
		}
	}
	if len(out) > maxImages {
		a.fault(a.own, targetImages, fmt.Sprintf("%d pictures; BigCommerce takes %d of a product", len(out), maxImages), "")
	}
	if out != nil || a.cleared(targetImages) {
		a.doc["images"] = append([]any{}, out...)
	}
}

// cleared reports whether a list is to be emptied: the source has nothing, and the mapping says that
// this means none.
func (a *assembly) cleared(target string) bool {
	for i, p := range a.parts {
		switch v := p.Fields[target].(type) {
		case string:
			return v == "" && a.tells(i)
		case []any:
			return len(v) == 0 && a.tells(i)
		}
	}
	return false
}

// customFields are those that the mapping names, then the attributes in which no variants differ.
func (a *assembly) customFields() {
	var out []any
	seen := map[string]bool{}
	add := func(part int, target string, p pair) {
		key := strings.ToLower(p.name)
		if seen[key] || p.name == "" {
			return
		}
		seen[key] = true
		if n := max(len([]rune(p.name)), len([]rune(p.value))); n > maxCustomFieldText {
			a.warn(part, target, fmt.Sprintf("custom field %s: %d characters; BigCommerce takes %d of its name and of its value, so that it is left out", expression.Quote(expression.Clip(p.name, 60)), n, maxCustomFieldText), p.value)
			return
		}
		out = append(out, map[string]any{"name": p.name, "value": p.value})
	}
	for i, p := range a.parts {
		if !a.tells(i) {
			continue
		}
		for _, target := range p.Fields.Targets() {
			if name, ok := strings.CutPrefix(target, familyCustomField); ok {
				add(i, target, pair{name, upsert.Text(p.Fields[target])})
			}
		}
	}
	for _, p := range a.fixed {
		add(a.own, targetAttributes, p)
	}
	if len(out) > maxCustomFields {
		a.fault(a.own, familyCustomField, fmt.Sprintf("%d custom fields; BigCommerce takes %d of a product", len(out), maxCustomFields), "")
	}
	if out != nil {
		a.doc["custom_fields"] = out
	}
}

// videos are ids at YouTube.
func (a *assembly) videos() {
	var out []any
	seen := map[string]bool{}
	for i, p := range a.parts {
		list, _ := p.Fields[targetVideos].([]any)
		for _, v := range list {
			id := videoID(upsert.Text(v))
			switch {
			case id == "":
				a.warn(i, targetVideos, "is no video at YouTube, the only ones that BigCommerce shows: it is left out", upsert.Text(v))
			case !seen[id]:
				seen[id] = true
				out = append(out, map[string]any{"type": "youtube", "video_id": id, "sort_order": int64(len(out))})
			}
		}
	}
	if out != nil || a.cleared(targetVideos) {
		a.doc["videos"] = append([]any{}, out...)
	}
}

// videoID returns the id of a video at YouTube of its address or itself, "" if it is neither.
func videoID(s string) string {
	s = strings.TrimSpace(s)
	if _, rest, ok := strings.Cut(s, "://"); ok {
		host, path, _ := strings.Cut(rest, "/")
		host = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(host), "www."), "m.")
		switch host {
		case "youtu.be":
			s = path
		case "youtube.com", "youtube-nocookie.com":
			var found bool
			if _, s, found = strings.Cut(path, "v="); !found {
				for _, at := range []string{"embed/", "shorts/", "v/"} {
					if rest, ok := strings.CutPrefix(path, at); ok {
						s = rest
					}
				}
			}
		default:
			return ""
		}
		s, _, _ = strings.Cut(s, "&")
		s, _, _ = strings.Cut(s, "?")
		s = strings.TrimSuffix(s, "/")
	}
	ok := s != "" && len(s) <= maxVideoID && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	})
	if !ok {
		return ""
	}
	return s
}

// bulkPrices are read from "10: 9.50 | 50: 8.75": from how many pieces which price each. As in price
// lists there may be semicolons between them, and a minus takes so much off each piece.
func (a *assembly) bulkPrices() {
	text, part := "", 0
	for i, p := range a.parts {
		if t := upsert.Text(p.Fields[targetBulkPrices]); t != "" && a.tells(i) && text == "" {
			text, part = t, i
		}
	}
	if text == "" {
		if a.cleared(targetBulkPrices) {
			a.doc["bulk_pricing_rules"] = []any{}
		}
		return
	}
	rules, message := bulkRules(text)
	if message != "" {
		a.fault(part, targetBulkPrices, message, text)
		return
	}
	a.doc["bulk_pricing_rules"] = rules
}

// bulkRules reads rules. message says what is wrong with them.
func bulkRules(text string) (rules []any, message string) {
	const how = "write it as 10: 9.50 | 50: 8.75, or 10: 5% for 5 percent off"
	type rule struct {
		from int
		kind string
		sum  string
	}
	var list []rule
	for _, one := range strings.FieldsFunc(text, func(r rune) bool { return r == '|' || r == ';' || r == '\n' }) {
		if strings.TrimSpace(one) == "" {
			continue
		}
		left, right, ok := strings.Cut(one, ":")
		from, err := strconv.Atoi(strings.TrimSpace(left))
		right = strings.TrimSpace(right)
		kind := "fixed"
		if percent, is := strings.CutSuffix(right, "%"); is {
			kind, right = "percent", strings.TrimSpace(percent)
		}
		if off, is := strings.CutPrefix(right, "-"); is && kind == "fixed" {
			kind, right = "price", strings.TrimSpace(off)
		}
		sum, number := expression.Decimal(right)
		if !ok || err != nil || from < 2 || !number || strings.HasPrefix(sum, "-") {
			return nil, expression.Quote(strings.TrimSpace(one)) + " is no bulk price: " + how
		}
		list = append(list, rule{from, kind, sum})
	}
	slices.SortFunc(list, func(a, b rule) int { return a.from - b.from })
	for i, r := range list {
		most := int64(0) // no end
		if i+1 < len(list) {
			if most = int64(list[i+1].from - 1); most < int64(r.from) {
				return nil, fmt.Sprintf("two bulk prices begin at %d pieces: %s", r.from, how)
			}
		}
		rules = append(rules, map[string]any{"quantity_min": int64(r.from), "quantity_max": most, "type": r.kind, "amount": jsonNumber(r.sum)})
	}
	return rules, ""
}

func (a *assembly) customURL() {
	for i, p := range a.parts {
		if path := upsert.Text(p.Fields[targetCustomURL]); path != "" && a.tells(i) {
			a.doc["custom_url"] = map[string]any{"url": path, "is_customized": true}
			return
		}
	}
}
