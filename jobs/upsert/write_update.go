package upsert

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

// updateBatches is the most batches that one step takes on.
const updateBatches = 40

// writeUpdates sends a group of updates in batches of ten. A batch that BigCommerce refuses is split
// until the bad record stands alone.
func (s *step) writeUpdates(ctx context.Context) error {
	items, err := s.find(ctx, query{state: tenants.ItemUpdate, limit: updateBatches * updateBatch})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return s.leave(ctx, stageCreates, tenants.ItemSending, tenants.ItemCreate)
	}
	all, refs, err := s.prepare(ctx, items)
	if s.Held(err) {
		return nil
	}
	if err != nil {
		return err
	}
	doubted := slices.DeleteFunc(slices.Clone(all), func(x *sending) bool { return x.doc.basis != basisDoubt })
	if len(doubted) > 0 {
		if err := s.lookAgain(ctx, doubted); !s.Held(err) {
			return err
		}
		return nil
	}
	c, err := s.Client(ctx)
	if err != nil {
		return err
	}
	o := s.outcome()
	var ready []*sending
	for _, x := range all {
		if s.exhausted(x.item) {
			if err := o.noteWritten(x); err != nil {
				return err
			}
			o.failed(x.item, x.doc, "", exhaustedMessage, "")
			continue
		}
		if x.sent, err = updatePayload(x, refs); err != nil {
			return err
		}
		if paths, brand := refs.missing(x.doc); len(paths) > 0 || brand != "" {
			field, message := refs.refused(paths, brand)
			o.failed(x.item, x.doc, field, message, text(x.doc.fields[field]))
			continue
		}
		ready = append(ready, x)
	}
	requests, stop := graceful(ctx)
	defer stop()
	w := updater{products: c.Products, pipe: s.newPipe(ctx), include: liveFields(s.run.Mapping), unique: s.run.Options.Text(optionRepeatedNames) != repeatedFail, recalled: refs.recalled()}
	for _, batch := range s.batches(ready) {
		if w.pipe.full(ctx) {
			break
		}
		w.pipe.group.Go(func() error { w.put(requests, batch); return nil })
	}
	_ = w.pipe.group.Wait() // units report through their sendings
	if err := s.settle(ready); err != nil {
		return err
	}
	var fromMemory []tenants.RunItem
	for _, x := range ready {
		if x.kind == landed && x.doc.basis == basisMemory {
			fromMemory = append(fromMemory, x.item)
		}
	}
	memory, err := s.recall(ctx, fromMemory)
	if err != nil {
		return err
	}
	for _, x := range ready {
		if err := s.updated(o, x, memory[x.item.Key], refs); err != nil {
			return err
		}
	}
	return nil
}

// prepare decodes items and loads what their documents refer to.
func (s *step) prepare(ctx context.Context, items []tenants.RunItem) ([]*sending, *refTable, error) {
	all := make([]*sending, len(items))
	docs := make([]itemDoc, len(items))
	for i, item := range items {
		d, err := decodeDoc(item.Document)
		if err != nil {
			return nil, nil, err
		}
		all[i], docs[i] = &sending{item: item, doc: d}, d
	}
	refs, err := s.refs(ctx, docs...)
	if err != nil {
		return nil, nil, err
	}
	return all, refs, s.ensureRefs(ctx, refs, all)
}

// suspectAfter is how many steps without any answer make every update go alone: perhaps it is not the
// platform that is away, but one record that breaks every batch it is in.
const suspectAfter = 2

// batches cuts updates into tens. What failed without an answer before goes alone, in case it is the reason.
func (s *step) batches(all []*sending) [][]*sending {
	var together []*sending
	var out [][]*sending
	for _, x := range all {
		if s.cp.Tries[x.item.Line] > 0 || s.cp.Fruitless >= suspectAfter {
			out = append(out, []*sending{x})
		} else {
			together = append(together, x)
		}
	}
	return slices.AppendSeq(out, slices.Chunk(together, updateBatch))
}

// updatePayload returns the fields of x that differ, and its product's id.
func updatePayload(x *sending, refs *refTable) (bigcommerce.Fields, error) {
	var changes []change
	if err := decodeJSON(x.item.Changes, &changes); err != nil {
		return nil, fmt.Errorf("upsert: changes of line %d: %w", x.item.Line, err)
	}
	targets := make([]string, len(changes))
	for i, c := range changes {
		targets[i] = c.Field
	}
	out, _ := x.doc.payload(targets, refs)
	out["id"] = x.item.TargetID
	return out, nil
}

// updated draws the conclusion of one update. memory is its product as it was remembered, if its changes were
// worked out from that.
func (s *step) updated(o *outcome, x *sending, memory bigcommerce.Fields, refs *refTable) error {
	if x.doc.basis == basisMemory {
		switch x.kind {
		case landed:
			if drift := drifted(x, memory, refs); len(drift) > 0 {
				return s.mend(o, x, drift)
			}
		case refused, gone, doubtful:
			return s.doubt(o, x)
		}
	}
	switch x.kind {
	case landed:
		return s.accept(o, x, x.item.TargetID, actionUpdate)
	case refused:
		if err := o.noteWritten(x); err != nil {
			return err
		}
		o.failed(x.item, x.doc, x.field, x.message, "")
	case gone:
		changes, err := encodeChanges(created(x.doc))
		if err != nil {
			return err
		}
		x.item.State, x.item.Action, x.item.TargetID, x.item.Changes = tenants.ItemCreate, actionCreate, 0, changes
		s.run.ToUpdate--
		s.run.ToCreate++
		o.put(x.item)
	case staleRef:
		s.stale(x, refs)
	}
	return nil // unanswered: it stays an update, and PUT may be repeated
}

// updater sends updates.
type updater struct {
	products *bigcommerce.ProductsService
	pipe     *pipe
	include  []string
	unique   bool // make a repeated name unique
	recalled bool // categories or brands were only recalled: a refusal because of one is no record's fault
}

// put sends a batch and notes in each of its sendings what became of it.
func (w *updater) put(ctx context.Context, batch []*sending) {
	docs := make([]bigcommerce.Fields, len(batch))
	for i, x := range batch {
		docs[i] = x.sent
	}
	res, err := w.products.Update(ctx, docs, w.include...)
	if err == nil {
		w.pipe.told(nil)
		w.sort(ctx, batch, res)
		return
	}
	var api *bigcommerce.APIError
	if !blames(err) || !errors.As(err, &api) {
		w.pipe.told(err)
		for _, x := range batch {
			x.unanswered(err)
		}
		return
	}
	w.pipe.told(nil)
	if w.recalled && aboutReference(err, api) {
		w.pipe.halt.Store(true)
		for _, x := range batch {
			x.kind = staleRef
		}
		return
	}
	if sure := withoutMemory(batch); len(batch) > 1 && len(sure) < len(batch) {
		for _, x := range batch {
			if x.doc.basis == basisMemory {
				x.kind = doubtful
			}
		}
		if len(sure) > 0 {
			w.put(ctx, sure)
		}
		return
	}
	if len(batch) > 1 {
		w.put(ctx, batch[:len(batch)/2])
		w.put(ctx, batch[len(batch)/2:])
		return
	}
	w.alone(ctx, batch[0], err, api)
}

// withoutMemory returns those of a batch whose changes were worked out from live products. If BigCommerce refuses
// a batch, it is cheaper to look the others up, 250 in a request, than to split it: several of their products may
// be gone.
func withoutMemory(batch []*sending) []*sending {
	return slices.DeleteFunc(slices.Clone(batch), func(x *sending) bool { return x.doc.basis == basisMemory })
}

// blames reports whether err is about what was sent.
func blames(err error) bool {
	var missing *bigcommerce.NotFoundError
	return refusal(err) || errors.As(err, &missing)
}

// alone concludes from a refusal of a single record.
func (w *updater) alone(ctx context.Context, x *sending, err error, api *bigcommerce.APIError) {
	var missing *bigcommerce.NotFoundError
	var conflict *bigcommerce.ConflictError
	switch {
	case errors.As(err, &missing), refusedField(api.Fields) == "id":
		x.kind = gone
		return
	case errors.As(err, &conflict):
		switch conflictAbout(api) {
		case takenName:
			if w.unique && x.doc.rename == "" || w.unique && x.sent["name"] != x.doc.rename {
				x.doc.rename, x.renamed = uniqueName(x.doc.name(), x.doc.sku()), true
				x.sent["name"] = x.doc.rename
				w.put(ctx, []*sending{x})
				return
			}
			x.kind, x.field, x.message = refused, "name", nameTaken
			return
		case takenSKU:
			x.kind, x.field, x.message = refused, "sku", "another product of the store already has this SKU: "+reason(err)
			return
		case takenReference:
			x.kind = staleRef
			return
		}
	}
	x.refuse(api)
}

const nameTaken = "another product of the store has the same name, and BigCommerce wants names unique: change the name, or let the flow append the SKU"

// sort reads the answer to a batch. After a 207 whatever is not surely saved is sent again alone, to
// learn its own fault.
func (w *updater) sort(ctx context.Context, batch []*sending, res bigcommerce.BatchResult) {
	byID := make(map[int64]bigcommerce.Fields, len(res.Data))
	for _, p := range res.Data {
		byID[intOf(p["id"])] = p
	}
	var unsure []*sending
	for _, x := range batch {
		p, ok := byID[x.item.TargetID]
		x.kind, x.answer = landed, p
		if len(res.Errors) > 0 && (!ok || len(differing(x.sent, p)) > 0) {
			unsure = append(unsure, x)
		}
	}
	switch {
	case len(unsure) == 0:
	case len(batch) == 1:
		e := res.Errors[0]
		x := batch[0]
		x.kind, x.field = refused, refusedField(e.Fields)
		x.message = "BigCommerce did not save all of it: " + explain(e.Title, e.Fields)
	default:
		for _, x := range unsure {
			w.put(ctx, []*sending{x})
		}
	}
}
