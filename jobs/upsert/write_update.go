package upsert

import (
	"context"
	"fmt"
	"slices"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

// A step takes on at most updateBatches batches, and no more than some updateItems items: those of
// a batch are all in memory, and saved together.
const (
	updateBatches = 40
	updateItems   = 4000
	// groupedItems is how many a step looks at to fill the batches of a route that groups them.
	groupedItems = 10_000
)

// writeUpdates sends a group of updates in batches. A batch that BigCommerce refuses is split
// until the bad record stands alone.
func (s *step) writeUpdates(ctx context.Context) error {
	items, limit, err := s.toUpdateNow(ctx)
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return s.leave(ctx, stageCreates, tenants.ItemSending, tenants.ItemCreate)
	}
	all, refs, err := s.prepare(ctx, items, decodeWrite)
	if s.Held(err) {
		return nil
	}
	if err != nil {
		return err
	}
	doubted := slices.DeleteFunc(slices.Clone(all), func(x *write) bool { return x.doc.basis != basisDoubt })
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
	o := s.changeset()
	var ready []*write
	for _, x := range all {
		if s.exhausted(x.item) {
			if err := o.noteWritten(x); err != nil {
				return err
			}
			o.unanswered(x.item, x.doc)
			continue
		}
		if missing, message := unresolved(refs, x.doc); message != "" {
			o.failed(x.item, x.doc, missing.Field, message, Text(x.doc.Fields[missing.Field]))
			continue
		}
		var pending bool
		if x.route, pending = next(s.k.target, x.changes); !pending {
			return fmt.Errorf("upsert: nothing of line %d of run %s is left to be written", x.item.Line, s.run.ID)
		}
		x.due = writtenBy(s.k.target, x.changes, x.route)
		x.sent = s.k.target.Payload(x.doc.Doc, targetsOf(x.due), refs)
		ready = append(ready, x)
	}
	if err := s.markUnsafe(ctx, ready); err != nil {
		return err
	}
	s.send(ctx, c, ready, refs, len(items) < limit)
	if err := s.settle(ready); err != nil {
		return err
	}
	var fromMemory []tenants.RunItem
	for _, x := range ready {
		if x.state == Landed && x.doc.basis == basisMemory {
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

// toUpdateNow returns the updates that the step looks at, at most limit: whole batches of the
// largest route, or enough to fill those of groups.
func (s *step) toUpdateNow(ctx context.Context) (items []tenants.RunItem, limit int, err error) {
	largest := 1
	for _, r := range s.k.target.Routes() {
		largest = max(largest, r.Batch)
	}
	limit = largest * takenOn(largest)
	if _, composes := s.k.target.(Composer); composes {
		if limit, err = s.bounded(ctx, limit); err != nil {
			return nil, 0, err
		}
	}
	items, err = s.find(ctx, query{state: tenants.ItemUpdate, limit: limit})
	if err != nil || len(items) < limit {
		return items, limit, err
	}
	var changes []Change
	if err := decodeJSON(items[0].Changes, &changes); err != nil {
		return nil, 0, fmt.Errorf("upsert: changes of line %d: %w", items[0].Line, err)
	}
	if route, _ := next(s.k.target, changes); route.Group == nil || limit >= groupedItems {
		return items, limit, nil
	}
	items, err = s.find(ctx, query{state: tenants.ItemUpdate, limit: groupedItems})
	return items, groupedItems, err
}

// takenOn is how many batches of a size one step takes on.
func takenOn(batch int) int { return max(1, min(updateBatches, updateItems/batch)) }

// send sends updates, a route after the other, until the step is spent. last says that none come
// after these. While an earlier route has something to write, whose records may follow, a later one
// sends whole batches only.
func (s *step) send(ctx context.Context, c *bigcommerce.Client, all []*write, refs Refs, last bool) {
	requests, stop := graceful(ctx)
	defer stop()
	waits := false
	for _, route := range s.k.target.Routes() {
		batches := s.batches(all, route, refs, last)
		if waits {
			batches = slices.DeleteFunc(batches, func(b []*write) bool { return route.size(b) < route.Batch })
		}
		waits = waits || slices.ContainsFunc(all, func(x *write) bool { return x.route.Name == route.Name })
		limit := s.k.cfg.Concurrency
		if route.Serial {
			limit = 1
		}
		w := updater{target: s.k.target, run: s.run, client: c, pipe: s.newPipe(ctx, limit), refs: refs, route: route}
		for _, batch := range batches {
			if w.pipe.full(ctx) {
				break
			}
			w.pipe.group.Go(func() error {
				if !w.pipe.halt.Load() {
					w.put(requests, batch)
				}
				return nil
			})
		}
		_ = w.pipe.group.Wait() // units report through their sendings
	}
}

// targetsOf lists what changes are of.
func targetsOf(changes []Change) []string {
	out := make([]string, len(changes))
	for i, c := range changes {
		out[i] = c.Field
	}
	return out
}

// prepare decodes items and loads what their documents refer to.
func (s *step) prepare(ctx context.Context, items []tenants.RunItem, decode func(tenants.RunItem) (*write, error)) ([]*write, Refs, error) {
	all := make([]*write, len(items))
	docs := make([]itemDoc, len(items))
	for i, item := range items {
		x, err := decode(item)
		if err != nil {
			return nil, nil, err
		}
		all[i], docs[i] = x, x.doc
	}
	refs, err := s.refs(ctx, docs...)
	if err != nil {
		return nil, nil, err
	}
	if missing := creatable(refs, docs...); len(missing) > 0 { // deleted since they were matched
		return all, refs, refs.Create(ctx, s.Step, missing)
	}
	return all, refs, nil
}

// decodeWrite returns an item with its document and changes.
func decodeWrite(item tenants.RunItem) (*write, error) {
	d, err := decodeDoc(item.Document)
	if err != nil {
		return nil, err
	}
	x := &write{item: item, doc: d}
	return x, x.decodeChanges()
}

// decodeCreate is decodeWrite without the changes, which few creates need: see decodeChanges.
func decodeCreate(item tenants.RunItem) (*write, error) {
	d, err := decodeDoc(item.Document)
	return &write{item: item, doc: d}, err
}

// updated draws the conclusion of one update. memory is its product as it was remembered, if its
// changes were worked out from that.
func (s *step) updated(o *changeset, x *write, memory Live, refs Refs) error {
	if x.doc.basis == basisMemory {
		switch x.state {
		case Landed:
			if drift := s.drifted(x, memory, refs); len(drift) > 0 {
				return s.fix(o, x, drift, refs)
			}
		case Refused, Gone, doubtful:
			if !x.certain {
				return s.doubt(o, x)
			}
		}
	}
	switch x.state {
	case Landed:
		return s.landed(o, x, refs)
	case Refused:
		if err := o.noteWritten(x); err != nil {
			return err
		}
		o.refused(x)
	case Gone:
		if x.doc.vanish != nil { // who deleted it wanted that
			s.run.ToUpdate--
			return o.vanished(x.item, x.doc, Live{}, actionUnchanged)
		}
		if _, creates := s.k.target.(Creator); !creates {
			if err := o.noteWritten(x); err != nil {
				return err
			}
			o.failed(x.item, x.doc, "", "the store's "+s.k.spec.Singular+" was deleted while the run was under way", "")
			return nil
		}
		changes, err := encodeChanges(created(s.k.target, x.doc.Doc))
		if err != nil {
			return err
		}
		if x.item.Action == actionUpdate {
			s.run.ToUpdate--
			s.run.ToCreate++
		}
		forgetTarget(&x.item)
		x.item.State, x.item.Action, x.item.Changes = tenants.ItemCreate, actionCreate, changes
		x.doc.Seen, x.doc.Note = nil, ""
		if x.item.Document, err = x.doc.encode(); err != nil {
			return err
		}
		o.put(x.item)
	case StaleRef:
		s.stale(x, refs)
	case notSent:
		if x.route.Unsafe { // it is safe to send it
			return o.goesOn(x)
		}
	}
	return nil // unanswered: it stays an update, which may be repeated or is looked at first
}

// landed notes what a route wrote, and ends the item if that was all.
func (s *step) landed(o *changeset, x *write, refs Refs) error {
	s.wrote(x)
	live := Live{ID: x.item.TargetID, Parent: x.item.ParentID, Ref: x.item.TargetRef, Fields: x.answer.Fields}
	if _, more := next(s.k.target, x.changes); !more {
		return s.accept(o, x, live, x.item.Action, refs)
	}
	s.compareAnswer(x)
	s.compose(x, live, refs)
	delete(s.cp.Tries, x.item.Line)
	return o.goesOn(x)
}

// wrote notes that what x sent by its route was written.
func (s *step) wrote(x *write) {
	for i, c := range x.changes {
		if routeOf(s.k.target, c).Name == x.route.Name {
			x.changes[i].Done = true
		}
	}
}

// updater sends updates by one route.
type updater struct {
	target Target
	run    *tenants.Run
	client *bigcommerce.Client
	pipe   *pipe
	refs   Refs
	route  Route
}

// put sends a batch and notes in each of its sendings what became of it.
func (w *updater) put(ctx context.Context, batch []*write) {
	writes := make([]Write, len(batch))
	for i, x := range batch {
		writes[i] = x.write(w.refs.Recalled())
	}
	results, err := w.target.Update(ctx, w.client, w.run, w.route.Name, writes)
	if err == nil && len(results) != len(batch) {
		err = fmt.Errorf("upsert: %d results of %d writes", len(results), len(batch))
	}
	if err == nil {
		w.pipe.told(nil)
		w.sort(ctx, batch, results)
		return
	}
	if !Refuses(err) {
		w.pipe.told(err)
		for _, x := range batch {
			x.unanswered(err)
		}
		return
	}
	w.pipe.told(nil)
	if w.refs.Recalled() && w.refs.Blames(err) {
		w.pipe.halt.Store(true)
		for _, x := range batch {
			x.state = StaleRef
		}
		return
	}
	if sure := withoutMemory(batch); !w.route.Blind && len(batch) > 1 && len(sure) < len(batch) {
		for _, x := range batch {
			if x.doc.basis == basisMemory {
				x.state = doubtful
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
	x := batch[0]
	result := w.target.Refusal(w.run, writes[0], err)
	if result.State == Renamed {
		x.rename(w.target, result.Unique)
		w.put(ctx, batch)
		return
	}
	x.take(result)
}

// maxMoves is how often a step follows a record to another Ref.
const maxMoves = 3

// sort takes the results of a batch. What is not surely saved is sent again alone, to learn its own
// fault; what surely is not, because of others, is sent again together.
func (w *updater) sort(ctx context.Context, batch []*write, results []Result) {
	var again []*write
	moved := false
	for i, x := range batch {
		x.take(results[i])
		if x.state != Again {
			continue
		}
		x.resent++
		if ref := x.answer.Ref; ref != "" && ref != x.item.TargetRef {
			if x.moves == maxMoves {
				x.state, x.message = Refused, "BigCommerce said again and again that it is kept somewhere else. Retry the record later."
				continue
			}
			x.item.TargetRef, x.moves, moved = ref, x.moves+1, true
		}
		again = append(again, x)
	}
	if len(again) == len(batch) && !moved { // the target would go on for ever
		for _, x := range again {
			x.state, x.message = Refused, "BigCommerce refused the request, and did not say why."
		}
		return
	}
	if len(again) > 0 {
		w.put(ctx, again)
	}
	for _, x := range batch {
		if x.state == Unsure {
			w.put(ctx, []*write{x})
		}
	}
}

// withoutMemory returns those of a batch whose changes were worked out from live records. If
// BigCommerce refuses a batch, it is cheaper to look the others up, many in a request, than to
// split it: several of their records may be gone.
func withoutMemory(batch []*write) []*write {
	return slices.DeleteFunc(slices.Clone(batch), func(x *write) bool { return x.doc.basis == basisMemory })
}
