package upsert

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/tenants"
)

// What a flow remembers of its products saves the look before a change: for 100 changed products of
// 10,000 the write is 10 requests, and the look would be one more, two with categories and brands.
//
// A product is remembered as its last answer showed it: the answer to our own write, or to the last
// look. Only what was seen is ever taken for "before". What is guaranteed, although nobody looks
// first:
//
//   - In the end the product is what its row says. The answer to the write shows all mapped fields: one that
//     was not sent and is no longer what is remembered was changed by somebody else, and is set right by a
//     second write, with its true "before" in the journal.
//   - A write that is refused, or whose product is gone, sends the record back to the look-up, once: by id,
//     then by SKU. Nothing is created without that look-up, nor refused for what memory did not know.
//   - What would be no change by memory is looked at, as is everything that is not remembered: products not
//     yet written by this version, whose last write failed, that another flow wrote since, larger than
//     maxRemembered, or with a field that was mapped since. A run that writes unseen (Upserter) does not look:
//     it believes memory.
//
// What is given up: if somebody else changed the very field that the source changes, the value of
// "before" is the one Sluice saw last, not theirs; and a field that somebody changed to what the
// source wants is written once more, for nothing. A dry run, too, shows what Sluice saw last.

// maxRemembered is the most bytes of one product that are kept, and maxRememberedParts of the lists
// in it, as its variants; the text of a long description is not worth its room, in a database that
// holds a million of them.
const (
	maxRemembered      = 8 << 10
	maxRememberedParts = 64 << 10
)

// basis is what an item's changes were worked out from.
type basis string

const (
	basisLive   basis = ""       // the product as the store showed it in this run
	basisMemory basis = "memory" // the product as it was remembered
	basisDoubt  basis = "doubt"  // as it was remembered, which was wrong: look before anything is sent
)

// remembered returns what to keep of a record: the given fields as they were seen, "" if that is
// too much or if it was not seen.
func remembered(seen Live, fields []string) (string, error) {
	if seen.ID == 0 || len(seen.Fields) == 0 {
		return "", nil
	}
	keep := make(bigcommerce.Fields, len(fields)+1)
	for _, f := range fields {
		if v, shown := seen.Fields[f]; shown {
			keep[f] = v
		}
	}
	keep["id"] = seen.ID
	b, err := json.Marshal(keep)
	if err != nil {
		return "", fmt.Errorf("upsert: remember record %d: %w", seen.ID, err)
	}
	if len(b) <= maxRemembered {
		return string(b), nil
	}
	parts := 0
	for _, v := range keep {
		if list, ok := v.([]any); ok {
			part, err := json.Marshal(list)
			if err != nil {
				return "", fmt.Errorf("upsert: remember record %d: %w", seen.ID, err)
			}
			parts += len(part)
		}
	}
	if parts > maxRememberedParts || len(b)-parts > maxRemembered {
		return "", nil
	}
	return string(b), nil
}

// afterWrite returns the fields of a record after a write: what the answer shows. What it does not
// show is not known, though it was sent, but for the fields of which the answer may show the old
// value. A nil answer leaves nothing to remember.
func afterWrite(t Target, sent, answer bigcommerce.Fields) bigcommerce.Fields {
	if len(answer) == 0 {
		return nil
	}
	out := maps.Clone(answer)
	for field, v := range sent {
		if t.Blind(field) {
			out[field] = v
		}
	}
	return out
}

// recall returns the products of items that are remembered, by key.
func (s *step) recall(ctx context.Context, items []tenants.RunItem) (map[string]Live, error) {
	keys := make([]string, len(items))
	for i, item := range items {
		keys[i] = item.Key
	}
	kept, err := s.DB().RememberedRecords(ctx, s.run.FlowID, keys)
	if err != nil {
		return nil, err
	}
	out := make(map[string]Live, len(kept))
	for _, item := range items {
		text, ok := kept[item.Key]
		if !ok {
			continue
		}
		var p bigcommerce.Fields
		if err := decodeJSON(text, &p); err != nil {
			return nil, fmt.Errorf("upsert: remembered product of %s: %w", item.Key, err)
		}
		if Int(p["id"]) == item.TargetID { // else the record found another product since
			out[item.Key] = Live{ID: item.TargetID, Parent: item.ParentID, Ref: item.TargetRef, Fields: p}
		}
	}
	return out, nil
}

// matchMemory works out what changes of the known products that are remembered. The others stay
// planned and are looked for.
func (s *step) matchMemory(ctx context.Context) error {
	items, err := s.find(ctx, query{state: tenants.ItemPlanned, after: s.cp.Cursor, target: known, limit: restWindow})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		s.stage(stageUnseen)
		return nil
	}
	products, err := s.recall(ctx, items)
	if err != nil {
		return err
	}
	o := s.changeset()
	for _, item := range items {
		if p, ok := products[item.Key]; ok {
			if err := s.compareMemory(ctx, o, item, p); err != nil {
				return err
			}
		}
	}
	s.cp.Cursor = items[len(items)-1].Line
	return nil
}

// compareMemory makes an update of an item whose product is remembered, if memory has all it takes.
func (s *step) compareMemory(ctx context.Context, o *changeset, item tenants.RunItem, p Live) error {
	d, err := decodeDoc(item.Document)
	if err != nil {
		return err
	}
	for target := range d.Fields {
		if _, known := p.Fields[s.k.target.FieldOf(target)]; !known {
			return nil
		}
	}
	if s.only(modeCreate) {
		return o.skipped(item, d, p)
	}
	refs, err := s.refs(ctx, d)
	if err != nil {
		return err
	}
	if !s.run.DryRun && len(absentRefs(refs, d)) > 0 {
		return nil
	}
	if _, objects := s.object(d, p); objects { // a look may tell otherwise
		return nil
	}
	p.Note = d.Note
	changes := s.filled(d, s.k.target.Diff(d.Doc, p, refs))
	if len(changes) == 0 {
		if u, ok := s.k.target.(Upserter); ok && u.Unseen(s.run) { // nobody would look
			return o.landed(item, actionUnchanged, d, p)
		}
		return nil
	}
	d.basis = basisMemory
	s.remark(item, d, p)
	return s.toUpdate(o, item, d, p, changes)
}

// toUpdate makes an update of an item. live is its product, as it was seen or is remembered.
func (s *step) toUpdate(o *changeset, item tenants.RunItem, d itemDoc, live Live, changes []Change) error {
	s.see(&d, live)
	var err error
	if item.Changes, err = encodeChanges(changes); err != nil {
		return err
	}
	if item.Document, err = d.encode(); err != nil {
		return err
	}
	setTarget(&item, live)
	item.State, item.Action = tenants.ItemUpdate, actionUpdate
	s.run.ToUpdate++
	if s.run.DryRun {
		item.Name = s.title(d, live)
		s.countFields(changes)
	}
	s.planWrites(changes, 1)
	s.weigh(d, live, changes)
	o.put(item)
	return nil
}

// drifted returns what has to be set right of a product after an update from memory: the mapped
// fields that were not sent and that the answer shows with another value than the remembered one.
func (s *step) drifted(x *write, memory Live, refs Refs) []Change {
	var out []Change
	for _, c := range s.filled(x.doc, s.k.target.Diff(x.doc.Doc, x.answer, refs)) {
		field := s.k.target.FieldOf(c.Field)
		_, sent := x.sent[field]
		now, shown := x.answer.Fields[field]
		if !sent && shown && !Same(now, memory.Fields[field]) {
			out = append(out, c)
		}
	}
	return out
}

// see keeps what was seen of a record that is composed, until all of it is written.
func (s *step) see(d *itemDoc, live Live) {
	if c, ok := s.k.target.(Composer); !ok || !c.Composes(d.Doc, live.Ref) {
		return
	}
	fields := s.k.target.Kept(s.run.Mapping)
	d.Seen = make(bigcommerce.Fields, len(fields))
	for _, f := range fields {
		if v, shown := live.Fields[f]; shown {
			d.Seen[f] = v
		}
	}
	d.Note = live.Note
}

// look returns a record that was looked at, with what is noted of it: what a write that got no
// answer did is part of that. id is the record's, 0 if this run may have created it.
func (s *step) look(d *itemDoc, id int64, live Live) Live {
	live.Note = d.Note
	c, ok := s.k.target.(Composer)
	if !ok || !c.Composes(d.Doc, live.Ref) {
		return live
	}
	live.Note = c.Compose(Write{ID: id, Doc: d.Doc}, "", live).Note
	d.Note = live.Note
	return live
}

// object returns what the target has against writing d to a record.
func (s *step) object(d itemDoc, live Live) (flow.Issue, bool) {
	o, ok := s.k.target.(Objector)
	if !ok {
		return flow.Issue{}, false
	}
	field, message := o.Object(d.Doc, live)
	return flow.Issue{Field: field, Message: message, Value: Text(d.Fields[field])}, message != ""
}

// remark warns about what the target has to say of a record that is to be updated.
func (s *step) remark(item tenants.RunItem, d itemDoc, live Live) {
	r, ok := s.k.target.(Remarker)
	if !ok {
		return
	}
	if field, message, value := r.Remark(d.Doc, live); message != "" {
		s.Warn(s.about(item, d, flow.Issue{Field: field, Message: message, Value: value}))
	}
}

// fix notes the changes that others made to an updated record, to be written over by a second
// update. What other routes have yet to write goes with it.
func (s *step) fix(o *changeset, x *write, drift []Change, refs Refs) error {
	s.wrote(x)
	s.compose(x, Live{ID: x.item.TargetID, Parent: x.item.ParentID, Ref: x.item.TargetRef}, refs)
	x.changes = slices.DeleteFunc(x.changes, func(c Change) bool { // drift knows better what was before
		return !c.Done && slices.ContainsFunc(drift, func(d Change) bool { return d.Field == c.Field })
	})
	x.changes = append(x.changes, drift...)
	if x.renamed {
		s.tellRenamed(x)
	}
	x.doc.basis = basisLive
	return o.goesOn(x)
}

// doubt sends an update that memory was wrong about back to the look-up.
func (s *step) doubt(o *changeset, x *write) error {
	x.doc.basis = basisDoubt
	var err error
	if x.item.Document, err = x.doc.encode(); err != nil {
		return err
	}
	o.put(x.item)
	return nil
}

// replace decides about updates whose records are gone. The journal has one entry of a record: its
// create, or what had been written of it.
func (s *step) replace(ctx context.Context, o *changeset, all []*write) error {
	_, creates := s.k.target.(Creator)
	items := make([]tenants.RunItem, len(all))
	for i, x := range all {
		items[i] = x.item
		if creates {
			continue
		}
		if err := o.noteWritten(x); err != nil {
			return err
		}
	}
	return s.absent(ctx, o, items)
}

// lookAgain looks up the records of updates that memory was wrong about, by id and then by key, and
// decides about them anew. It is a step's whole work, so that a crash repeats nothing but reading.
func (s *step) lookAgain(ctx context.Context, all []*write) error {
	all = all[:min(len(all), s.k.target.LookupBatch())]
	items := make([]tenants.RunItem, len(all))
	for i, x := range all {
		items[i] = x.item
	}
	byID, asked, err := s.findByID(ctx, items)
	if err != nil {
		return err
	}
	looked := make(map[int64]bool, len(asked))
	var gone []tenants.RunItem
	for _, item := range asked {
		looked[item.Line] = true
		if _, ok := byID[identityOf(item)]; !ok {
			gone = append(gone, item)
		}
	}
	successors, err := s.findAllByKey(ctx, gone)
	if err != nil {
		return err
	}
	o := s.changeset()
	var missing []*write
	for _, x := range all {
		if !looked[x.item.Line] {
			continue // the next step begins with it
		}
		s.run.ToUpdate--
		s.planWrites(x.changes, -1)
		x.doc.basis = basisLive
		if x.item.Document, err = x.doc.encode(); err != nil {
			return err
		}
		live, ok := byID[identityOf(x.item)]
		if !ok {
			live, ok = successors[x.item.Key]
		}
		if !ok {
			missing = append(missing, x)
			continue
		}
		if err := s.compareAfter(ctx, o, x.item, live, doneOf(x.changes)); err != nil {
			return err
		}
	}
	return s.replace(ctx, o, missing)
}
