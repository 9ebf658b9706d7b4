package upsert

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

// What a flow remembers of its products saves the look before a change: for 100 changed products of 10,000
// the write is 10 requests, and the look would be one more, two with categories and brands.
//
// A product is remembered as its last answer showed it: the answer to our own write, or to the last look.
// Only what was seen is ever taken for "before". What is guaranteed, although nobody looks first:
//
//   - In the end the product is what its row says. The answer to the write shows all mapped fields: one that
//     was not sent and is no longer what is remembered was changed by somebody else, and is set right by a
//     second write, with its true "before" in the journal.
//   - A write that is refused, or whose product is gone, sends the record back to the look-up, once: by id,
//     then by SKU. Nothing is created without that look-up, nor refused for what memory did not know.
//   - What would be no change by memory is looked at, as is everything that is not remembered: products not
//     yet written by this version, whose last write failed, that another flow wrote since, larger than
//     maxRemembered, or with a field that was mapped since.
//
// What is given up: if somebody else changed the very field that the source changes, the value of "before"
// is the one Sluice saw last, not theirs; and a field that somebody changed to what the source wants is
// written once more, for nothing. A dry run, too, shows what Sluice saw last.

// maxRemembered is the most bytes of one product that are kept; the text of a long description is not worth
// its room, in a database that holds a million of them.
const maxRemembered = 8 << 10

// basis is what an item's changes were worked out from.
type basis string

const (
	basisLive   basis = ""       // the product as the store showed it in this run
	basisMemory basis = "memory" // the product as it was remembered
	basisDoubt  basis = "doubt"  // as it was remembered, which was wrong: look before anything is sent
)

// remembered returns what to keep of a product: the given fields as they were seen, "" if that is too much or
// if it is not known which product it is.
func remembered(seen bigcommerce.Fields, fields []string) (string, error) {
	if intOf(seen["id"]) == 0 {
		return "", nil
	}
	keep := make(bigcommerce.Fields, len(fields))
	for _, f := range fields {
		if v, shown := seen[f]; shown {
			keep[f] = v
		}
	}
	b, err := json.Marshal(keep)
	if err != nil {
		return "", fmt.Errorf("upsert: remember product %d: %w", intOf(seen["id"]), err)
	}
	if len(b) > maxRemembered {
		return "", nil
	}
	return string(b), nil
}

// afterWrite returns what a product is after a write: what the answer shows. What it does not show is not known,
// though it was sent. Stock is written asynchronously, so that the answer may show the old level: what was sent is what
// it will be. A nil answer leaves nothing to remember.
func afterWrite(sent, answer bigcommerce.Fields) bigcommerce.Fields {
	if len(answer) == 0 {
		return nil
	}
	out := maps.Clone(answer)
	if stock, ok := sent["inventory_level"]; ok {
		out["inventory_level"] = stock
	}
	return out
}

// recall returns the products of items that are remembered, by key.
func (s *step) recall(ctx context.Context, items []tenants.RunItem) (map[string]bigcommerce.Fields, error) {
	keys := make([]string, len(items))
	for i, item := range items {
		keys[i] = item.Key
	}
	kept, err := s.DB().RememberedRecords(ctx, s.run.FlowID, keys)
	if err != nil {
		return nil, err
	}
	out := make(map[string]bigcommerce.Fields, len(kept))
	for _, item := range items {
		text, ok := kept[item.Key]
		if !ok {
			continue
		}
		var p bigcommerce.Fields
		if err := decodeJSON(text, &p); err != nil {
			return nil, fmt.Errorf("upsert: remembered product of %s: %w", item.Key, err)
		}
		if intOf(p["id"]) == item.TargetID { // else the record found another product since
			out[item.Key] = p
		}
	}
	return out, nil
}

// matchMemory works out what changes of the known products that are remembered. The others stay planned and
// are looked for.
func (s *step) matchMemory(ctx context.Context) error {
	items, err := s.find(ctx, query{state: tenants.ItemPlanned, after: s.cp.Cursor, known: isKnown, limit: restWindow})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		s.stage(stageFind)
		return nil
	}
	products, err := s.recall(ctx, items)
	if err != nil {
		return err
	}
	o := s.outcome()
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
func (s *step) compareMemory(ctx context.Context, o *outcome, item tenants.RunItem, p bigcommerce.Fields) error {
	d, err := decodeDoc(item.Document)
	if err != nil {
		return err
	}
	for target := range d.fields {
		if _, known := p[fieldFor(target)]; !known {
			return nil
		}
	}
	refs, err := s.refs(ctx, d)
	if err != nil {
		return err
	}
	if paths, brand := refs.missing(d); !s.run.DryRun && (len(paths) > 0 || brand != "") {
		return nil
	}
	changes := diff(d, p, refs)
	if len(changes) == 0 {
		return nil
	}
	d.basis = basisMemory
	return s.toUpdate(o, item, d, p, changes)
}

// toUpdate makes an update of an item. live is its product, as it was seen or is remembered.
func (s *step) toUpdate(o *outcome, item tenants.RunItem, d itemDoc, live bigcommerce.Fields, changes []change) error {
	s.warnPadded(item, d, live)
	var err error
	if item.Changes, err = encodeChanges(changes); err != nil {
		return err
	}
	if item.Document, err = d.encode(); err != nil {
		return err
	}
	item.State, item.Action, item.TargetID = tenants.ItemUpdate, actionUpdate, intOf(live["id"])
	s.run.ToUpdate++
	o.put(item)
	return nil
}

// drifted returns what has to be set right of a product after an update from memory: the mapped fields that
// were not sent and that the answer shows with another value than the remembered one.
func drifted(x *sending, memory bigcommerce.Fields, refs resolver) []change {
	var out []change
	for _, c := range diff(x.doc, x.answer, refs) {
		field := fieldFor(c.Field)
		_, sent := x.sent[field]
		now, shown := x.answer[field]
		if !sent && shown && !same(now, memory[field]) {
			out = append(out, c)
		}
	}
	return out
}

// mend notes the changes that others made to an updated product, to be written over by a second update.
func (s *step) mend(o *outcome, x *sending, drift []change) error {
	var changes []change
	if err := decodeJSON(x.item.Changes, &changes); err != nil {
		return fmt.Errorf("upsert: changes of line %d: %w", x.item.Line, err)
	}
	var err error
	if x.item.Changes, err = encodeChanges(append(changes, drift...)); err != nil {
		return err
	}
	if x.renamed {
		if err := s.tellRenamed(x); err != nil {
			return err
		}
	}
	x.doc.basis, x.doc.written = basisLive, len(changes)
	if x.item.Document, err = x.doc.encode(); err != nil {
		return err
	}
	o.put(x.item)
	return nil
}

// doubt sends an update that memory was wrong about back to the look-up.
func (s *step) doubt(o *outcome, x *sending) error {
	x.doc.basis = basisDoubt
	var err error
	if x.item.Document, err = x.doc.encode(); err != nil {
		return err
	}
	o.put(x.item)
	return nil
}

// lookAgain looks up the products of updates that memory was wrong about, by id and then by SKU, and decides
// about them anew. It is a step's whole work, so that a crash repeats nothing but reading.
func (s *step) lookAgain(ctx context.Context, all []*sending) error {
	all = all[:min(len(all), pageSize)]
	c, err := s.Client(ctx)
	if err != nil {
		return err
	}
	ids := make([]int64, len(all))
	for i, x := range all {
		ids[i] = x.item.TargetID
	}
	live, _, err := c.Products.ListPage(ctx, bigcommerce.ProductFilter{
		IDs: ids, Limit: pageSize, IncludeFields: liveFields(s.run.Mapping),
	}, 1)
	if err != nil {
		return err
	}
	byID := make(map[int64]bigcommerce.Fields, len(live))
	for _, p := range live {
		byID[intOf(p["id"])] = p
	}
	var gone []tenants.RunItem
	for _, x := range all {
		if byID[x.item.TargetID] == nil {
			gone = append(gone, x.item)
		}
	}
	successors, err := s.findBySKU(ctx, gone)
	if err != nil {
		return err
	}
	o := s.outcome()
	for _, x := range all {
		s.run.ToUpdate--
		x.doc.basis = basisLive
		if x.item.Document, err = x.doc.encode(); err != nil {
			return err
		}
		p := byID[x.item.TargetID]
		if p == nil {
			p = successors[x.item.Key]
		}
		if p != nil {
			err = s.compare(ctx, o, x.item, p)
		} else {
			err = s.toCreate(ctx, o, x.item)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// findBySKU returns the products that have the SKUs of items, padded ones too, by key.
func (s *step) findBySKU(ctx context.Context, items []tenants.RunItem) (map[string]bigcommerce.Fields, error) {
	if len(items) == 0 {
		return nil, nil
	}
	skus := make([]string, len(items))
	for i, item := range items {
		d, err := decodeDoc(item.Document)
		if err != nil {
			return nil, err
		}
		skus[i] = d.sku()
	}
	var live []bigcommerce.Fields
	for _, f := range bigcommerce.SKULookups(skus) {
		part, err := s.lookup(ctx, f)
		if err != nil {
			return nil, err
		}
		live = append(live, part...)
	}
	found, err := s.byKey(ctx, live, items)
	if err != nil {
		return nil, err
	}
	return found, s.findPadded(ctx, items, found)
}
