package products

import (
	"maps"
	"slices"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
)

// Composes reports whether a product has parts, or categories: those of other storefronts stay. Of a
// variant no answer says how its product tracks its stock, and none shows stock that was written.
func (products) Composes(d upsert.Doc, ref string) bool {
	return ref != "" || hasParts(d.Fields) || d.Fields[targetCategory] != nil || d.Fields[targetRelated] != nil || d.Fields[targetChannels] != nil || d.Fields[fieldLevel] != nil
}

// Compose is part of Composer.
func (p products) Compose(w upsert.Write, route string, answer upsert.Live) upsert.Live {
	noted := readNote(w.Doc.Note)
	if answer.Note != "" {
		noted = readNote(answer.Note)
	}
	fields := make(bigcommerce.Fields, len(w.Doc.Seen)+len(answer.Fields))
	maps.Copy(fields, w.Doc.Seen)
	switch route {
	case routeVariants:
		p.wroteVariants(fields, w)
	case routeStock:
		if w.Ref == "" && len(w.Changes) > 0 && w.Changes[0].Child == 0 {
			fields[fieldLevel] = w.Changes[0].After
		} else {
			p.wroteVariants(fields, w)
		}
	case routeRemove:
		for _, c := range w.Changes {
			name := p.FieldOf(c.Field)
			fields[name] = listed(slices.DeleteFunc(slices.Clone(partsOf(fields[name])), func(p object) bool { return partID(p) == c.Child }))
		}
	case routeAdd:
		have := slices.DeleteFunc(slices.Clone(partsOf(fields[fieldVariants])), func(v object) bool { return !hasOptions(v) })
		fields[fieldVariants] = listed(append(have, partsOf(answer.Fields[fieldVariants])...))
	case routeImages:
		fields[fieldImages] = answer.Fields[fieldImages]
	default:
		shown := trim(maps.Clone(answer.Fields), fieldsOfVariants(w.Doc.Fields))
		created := w.ID == 0
		switch images, ok := shown[fieldImages]; {
		case ok:
			noted.resolve(partsOf(images))
			p.adoptImages(noted, w, partsOf(images), created)
		case created:
			for _, image := range partsOf(w.Doc.Fields[fieldImages]) {
				noted.Sent = append(noted.Sent, urlKey(upsert.Text(image["image_url"])))
			}
		}
		if created {
			noted.noteVariants(w.Doc.Fields, partsOf(shown[fieldVariants]))
		}
		for name := range w.Fields { // what was sent and is not shown is not known
			delete(fields, name)
			if p.Blind(name) {
				fields[name] = w.Fields[name]
			}
		}
		for name, v := range shown {
			if _, sent := w.Fields[name]; !sent || !p.Blind(name) {
				fields[name] = v
			}
		}
	}
	answer.Fields, answer.Note = fields, noted.text()
	return answer
}

// adoptImages notes which pictures came of a write whose answer did not say so, or was not heard.
func (products) adoptImages(noted note, w upsert.Write, images []object, created bool) {
	made := noted.without(images)
	if !created {
		if w.Doc.Seen == nil {
			return
		}
		before := partsOf(w.Doc.Seen[fieldImages])
		made = slices.DeleteFunc(made, func(p object) bool { return byID(before, partID(p)) != nil })
	}
	if len(made) > 0 {
		noted.adopt(w.Doc.Fields, made)
	}
}

// wroteVariants puts what was written of variants into what was seen of them, or of the one that is
// the record.
func (products) wroteVariants(fields bigcommerce.Fields, w upsert.Write) {
	if w.Ref != "" {
		for _, c := range w.Changes {
			fields[c.Field] = c.After
		}
		return
	}
	list := slices.Clone(partsOf(fields[fieldVariants]))
	for i, v := range list {
		for _, c := range w.Changes {
			if c.Child == partID(v) {
				list[i] = maps.Clone(list[i])
				list[i][fieldOfVariant(c.Field)] = c.After
			}
		}
	}
	fields[fieldVariants] = listed(list)
}
