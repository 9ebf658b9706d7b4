package products

import (
	"fmt"
	"slices"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
)

// diffCustomFields compares the custom fields that a document has, by name; others of the product
// stay. An empty value takes the field away.
func diffCustomFields(d upsert.Doc, live upsert.Live) (out []upsert.Change) {
	list, shown := live.Fields[fieldCustomFields]
	have := partsOf(list)
	for _, w := range partsOf(d.Fields[fieldCustomFields]) {
		name, value := upsert.Text(w["name"]), upsert.Text(w["value"])
		own := named(have, name)
		c := upsert.Change{Field: familyCustomField + name, After: w["value"], Unknown: !shown}
		if len(own) > 0 {
			c.Before, c.Child = own[0]["value"], partID(own[0])
		}
		switch {
		case slices.ContainsFunc(own, func(p object) bool { return upsert.Text(p["value"]) == value }):
			continue
		case value == "" && len(own) == 0:
			continue
		case value == "":
			for _, p := range own {
				out = append(out, upsert.Change{Field: c.Field, Before: p["value"], Child: partID(p), Op: upsert.OpRemove, Route: routeRemove})
			}
			continue
		}
		out = append(out, c)
	}
	return out
}

// named returns the custom fields of a name.
func named(list []object, name string) (out []object) {
	for _, p := range list {
		if upsert.Fold(upsert.Text(p["name"])) == upsert.Fold(name) {
			out = append(out, p)
		}
	}
	return out
}

// customFields is the whole list of a product's custom fields, which means the same whether
// BigCommerce takes it in place of what there is or adds it to that. seen is nil for a new product;
// targets are the fields that are to be written, nil for all.
func customFields(d upsert.Doc, seen any, targets []string) []any {
	have := partsOf(seen)
	out := make([]object, 0, len(have))
	for _, p := range have {
		out = append(out, object{"id": p["id"], "name": p["name"], "value": p["value"]})
	}
	for _, w := range partsOf(d.Fields[fieldCustomFields]) {
		name, value := upsert.Text(w["name"]), upsert.Text(w["value"])
		own := named(out, name)
		switch {
		case targets != nil && !slices.Contains(targets, familyCustomField+name):
		case slices.ContainsFunc(own, func(p object) bool { return upsert.Text(p["value"]) == value }):
		case value == "":
			out = slices.DeleteFunc(out, func(p object) bool { return upsert.Fold(upsert.Text(p["name"])) == upsert.Fold(name) })
		case len(own) > 0:
			own[0]["value"] = value
		default:
			out = append(out, object{"name": name, "value": value})
		}
	}
	return listed(out)
}

// wholeLists are parts of which a document has all that the product is to have: what tells one, and
// what is compared of it.
var wholeLists = map[string]struct {
	key    func(p object) string
	fields []string
	target string
}{
	fieldBulkPrices: {func(p object) string { return fmt.Sprint(upsert.Int(p["quantity_min"])) }, []string{"quantity_min", "quantity_max", "type", "amount"}, targetBulkPrices},
	fieldVideos:     {func(p object) string { return upsert.Text(p["video_id"]) }, []string{"video_id", "title", "description", "sort_order"}, targetVideos},
}

// diffWhole compares such a list. What it lacks is taken away.
func diffWhole(field string, d upsert.Doc, live upsert.Live) (out []upsert.Change) {
	of := wholeLists[field]
	list, shown := live.Fields[field]
	have, want := partsOf(list), partsOf(d.Fields[field])
	differs := !shown
	kept := make(map[int64]bool)
	for _, w := range want {
		p := keyed(have, w, of.key)
		if p == nil {
			differs = true
			continue
		}
		kept[partID(p)] = true
		differs = differs || slices.ContainsFunc(of.fields, func(name string) bool {
			value, mapped := w[name]
			return mapped && !upsert.Same(p[name], value)
		})
	}
	for _, p := range have {
		if !kept[partID(p)] {
			out = append(out, upsert.Change{Field: of.target, Part: of.key(p), Child: partID(p), Op: upsert.OpRemove, Before: shownPart(field, p), Route: routeRemove})
		}
	}
	if differs {
		out = append(out, upsert.Change{Field: of.target, Before: shownParts(field, have), After: shownParts(field, want), Unknown: !shown})
	}
	return out
}

func keyed(list []object, like object, key func(p object) string) object {
	at := slices.IndexFunc(list, func(p object) bool { return key(p) == key(like) })
	if at < 0 {
		return nil
	}
	return list[at]
}

// whole is such a list as it is sent: with the ids of those that the product has.
func whole(field string, d upsert.Doc, seen any) []any {
	of := wholeLists[field]
	have := partsOf(seen)
	var out []object
	for _, w := range partsOf(d.Fields[field]) {
		sent := make(object, len(w)+1)
		for name, v := range w {
			sent[name] = v
		}
		if p := keyed(have, w, of.key); p != nil {
			sent["id"] = p["id"]
		}
		out = append(out, sent)
	}
	return listed(out)
}

// shownParts is a list for people.
func shownParts(field string, list []object) string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = shownPart(field, p)
	}
	return strings.Join(out, " | ")
}

func shownPart(field string, p object) string {
	if field == fieldVideos {
		return upsert.Text(p["video_id"])
	}
	amount := upsert.Text(p["amount"])
	if n, ok := upsert.Number(p["amount"]); ok {
		amount = n
	}
	switch upsert.Text(p["type"]) {
	case "percent":
		amount = strings.TrimSuffix(amount, "%") + "%"
	case "price":
		amount = "-" + amount
	}
	return fmt.Sprintf("%d: %s", upsert.Int(p["quantity_min"]), amount)
}

// diffImages compares pictures by the addresses that they were sent with. What of a picture's
// description and place the document says is compared too.
func (t *refTable) diffImages(d upsert.Doc, live upsert.Live) (out []upsert.Change) {
	list, shown := live.Fields[fieldImages]
	if !shown {
		return []upsert.Change{{Field: fieldImages, After: d.Fields[fieldImages], Unknown: true, Route: routeImages}}
	}
	have, noted := partsOf(list), readNote(d.Note)
	if t.fillsEmpty[targetImages] && len(have) > 0 {
		return nil
	}
	own := have
	for _, id := range noted.Images {
		if byID(have, id) != nil {
			own = nil // some are known: what differs is added and taken away
			break
		}
	}
	if len(own) > 0 { // none is known to be of this file
		switch t.images {
		case imagesReplace:
			for _, p := range have {
				out = append(out, removed(p))
			}
		case imagesAdd:
		default:
			return nil
		}
	}
	wanted := make(map[string]bool)
	for _, w := range partsOf(d.Fields[fieldImages]) {
		url := upsert.Text(w["image_url"])
		if wanted[urlKey(url)] {
			continue
		}
		wanted[urlKey(url)] = true
		p := byID(have, noted.Images[urlKey(url)])
		if p == nil {
			out = append(out, upsert.Change{Field: fieldImages, Part: url, Op: upsert.OpAdd, After: w, Route: routeImages})
			continue
		}
		place := upsert.Change{Field: targetImages, Part: url, Child: partID(p), Route: routeImages}
		before, after := make(object), make(object)
		for _, name := range []string{"is_thumbnail", "sort_order"} {
			if unlike(p, w, name) {
				before[name], after[name] = p[name], w[name]
			}
		}
		if len(after) > 0 {
			place.Before, place.After = before, after
			out = append(out, place)
		}
		if unlike(p, w, "description") {
			out = append(out, upsert.Change{Field: targetImageAlt, Part: url, Child: partID(p), Before: p["description"], After: w["description"], Route: routeImages})
		}
	}
	for key, id := range noted.Images {
		if p := byID(have, id); p != nil && !wanted[key] {
			out = append(out, removed(p))
		}
	}
	slices.SortStableFunc(out, func(a, b upsert.Change) int { return int(rankOf(a) - rankOf(b)) })
	return out
}

// unlike reports whether a part of the store shows another value of a field than the wanted one.
func unlike(have, want object, field string) bool {
	value, mapped := want[field]
	now, shown := have[field]
	return mapped && shown && !upsert.Same(now, value)
}

// rankOf puts what takes pictures away first, in the order of their ids, and then the rest in the
// document's order.
func rankOf(c upsert.Change) int64 {
	if c.Op == upsert.OpRemove {
		return c.Child - 1<<60
	}
	return 0
}

func removed(p object) upsert.Change {
	return upsert.Change{Field: fieldImages, Child: partID(p), Op: upsert.OpRemove, Before: upsert.Text(p["image_file"]), Route: routeImages}
}

// pathOf is the path of a product's page.
func pathOf(customURL any) string {
	fields, _ := customURL.(bigcommerce.Fields)
	return upsert.Text(fields["url"])
}
