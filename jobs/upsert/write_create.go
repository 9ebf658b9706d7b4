package upsert

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm/clause"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/tenants"
)

// createGroup is the most creates that are marked as sending at once: what a crash makes the next
// step look up, in one request.
const createGroup = 250

// writeCreates creates a group of products, one POST each. Before the first POST the group is
// marked as sending; what a crash leaves in that state is looked up before anything else happens.
func (s *step) writeCreates(ctx context.Context) error {
	begun, err := s.find(ctx, query{state: tenants.ItemSending, limit: createGroup})
	if err != nil {
		return err
	}
	if len(begun) > 0 {
		return s.lookBack(ctx, begun)
	}
	size := min(createGroup, max(2*s.k.cfg.Concurrency, 2*s.cp.Pace))
	items, err := s.find(ctx, query{state: tenants.ItemCreate, after: s.cp.Cursor, limit: size})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		if s.cp.Cursor > 0 { // what was passed over may be there still
			s.cp.Cursor = 0
			return nil
		}
		return s.leave(ctx, stageUpdates, tenants.ItemUpdate)
	}
	all, refs, err := s.prepare(ctx, items, decodeCreate)
	if s.Held(err) {
		return nil
	}
	if err != nil {
		return err
	}
	c, err := s.Client(ctx)
	if err != nil {
		return err
	}
	constants, err := s.otherwise(ctx)
	if err != nil {
		return err
	}
	o := s.changeset()
	var ready []*write
	for _, x := range all {
		if missing, message := unresolved(refs, x.doc); message != "" {
			o.failed(x.item, x.doc, missing.Field, message, Text(x.doc.Fields[missing.Field]))
			continue
		}
		x.sent = s.k.target.Payload(supplied(x.doc.Doc, constants), nil, refs)
		ready = append(ready, x)
	}
	if len(ready) > 0 && !s.Spent(ctx) {
		if err := s.markSending(ctx, ready); err != nil {
			return err
		}
		s.post(ctx, c, ready, refs)
	}
	if err := s.settle(ready); err != nil {
		return err
	}
	s.cp.Pace = 0
	for _, x := range ready {
		if x.state != notSent && x.state != unsent {
			s.cp.Pace++
		}
		if err := s.wasSent(ctx, o, x, refs); err != nil {
			return err
		}
	}
	s.cp.Cursor = passed(ready, s.cp.Cursor, items)
	return nil
}

// passed is the line up to which no create is left.
func passed(ready []*write, cursor int64, items []tenants.RunItem) int64 {
	for _, x := range ready {
		if x.item.State == tenants.ItemCreate {
			return x.item.Line - 1
		}
	}
	return max(cursor, items[len(items)-1].Line)
}

// markSending notes in a transaction of its own that these creates may be sent from now on. It
// fails if the run moved on without this step, or if any of them is marked already.
func (s *step) markSending(ctx context.Context, all []*write) error {
	lines := make([]int64, len(all))
	for i, x := range all {
		lines[i] = x.item.Line
	}
	return s.DB().Tx(ctx, func(tx *tenants.DB) error {
		if err := s.stillOurs(ctx, tx); err != nil {
			return err
		}
		res := tx.Scoped(ctx).Model(&tenants.RunItem{}).
			Where("run_id = ? AND line IN ? AND state = ?", s.run.ID, lines, tenants.ItemCreate).
			Update("state", tenants.ItemSending)
		if res.Error != nil {
			return fmt.Errorf("upsert: mark creates of run %s: %w", s.run.ID, res.Error)
		}
		// Another worker, whose lease was lost without its knowing, is at this very step and may be
		// sending them. The next attempt looks up what it sent.
		if res.RowsAffected < int64(len(lines)) {
			return fmt.Errorf("upsert: %d of %d creates of run %s are being sent by another worker at the same step",
				int64(len(lines))-res.RowsAffected, len(lines), s.run.ID)
		}
		return nil
	})
}

// stillOurs locks the run, and fails if it moved on without this step.
func (s *step) stillOurs(ctx context.Context, tx *tenants.DB) error {
	var now tenants.Run
	if err := tx.Scoped(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).
		Select("step", "state").Where("id = ?", s.run.ID).Take(&now).Error; err != nil {
		return fmt.Errorf("upsert: lock run %s: %w", s.run.ID, err)
	}
	if now.Step != s.run.Step || now.State.Final() {
		return flow.ErrStepLost
	}
	return nil
}

// post sends creates concurrently until the step is spent.
func (s *step) post(ctx context.Context, c *bigcommerce.Client, all []*write, refs Refs) {
	requests, stop := graceful(ctx)
	defer stop()
	target, ok := s.k.target.(Creator)
	if !ok {
		return // nothing was planned to be created
	}
	w := creator{target: s.k.target, creates: target, run: s.run, client: c, pipe: s.newPipe(ctx, s.k.cfg.Concurrency), refs: refs}
	for _, x := range all {
		if w.pipe.full(ctx) {
			break
		}
		w.pipe.group.Go(func() error {
			if !w.pipe.halt.Load() {
				w.create(requests, x)
			}
			return nil
		})
	}
	_ = w.pipe.group.Wait() // units report through their sendings
}

// wasSent draws the conclusion of one create.
func (s *step) wasSent(ctx context.Context, o *changeset, x *write, refs Refs) error {
	switch x.state {
	case Landed:
		return s.made(o, x, refs)
	case Exists:
		return s.meet(ctx, o, x, refs)
	case Refused:
		o.refused(x)
		return nil
	case lost:
		x.item.State = tenants.ItemSending // already so in SQL; the next step looks it up
		return nil
	case StaleRef:
		s.stale(x, refs)
		fallthrough
	default: // notSent, unsent
		if s.exhausted(x.item) {
			o.unanswered(x.item, x.doc)
			return nil
		}
		x.item.State = tenants.ItemCreate
		o.put(x.item)
		return nil
	}
}

// made concludes from a create that landed: other routes write what it could not carry.
func (s *step) made(o *changeset, x *write, refs Refs) error {
	if len(x.left) == 0 {
		return s.accept(o, x, x.answer, actionCreate, refs)
	}
	if err := x.decodeChanges(); err != nil {
		return err
	}
	for _, c := range x.left { // it was not sent, so that the answer says nothing of it
		delete(x.sent, s.k.target.FieldOf(c.Field))
	}
	s.compareAnswer(x)
	s.compose(x, x.answer, refs)
	x.changes = slices.DeleteFunc(x.changes, func(c Change) bool {
		return slices.ContainsFunc(x.left, func(l Change) bool { return l.Field == c.Field })
	})
	for i := range x.changes {
		x.changes[i].Done = true
	}
	x.changes = append(x.changes, x.left...)
	setTarget(&x.item, x.answer)
	x.item.State = tenants.ItemUpdate
	return o.goesOn(x)
}

// meet concludes from a create that met a product with its SKU.
func (s *step) meet(ctx context.Context, o *changeset, x *write, refs Refs) error {
	id := x.answer.ID
	owners, err := s.owners(ctx, []int64{id})
	if err != nil {
		return err
	}
	if owner, ok := owners[x.answer.identity()]; ok && owner != x.item.Key {
		field := s.k.target.Key(x.doc.Fields).Field
		o.failed(x.item, x.doc, field, fmt.Sprintf("%s %d has this %s in the store, but another row of the file is that %s: correct one of the two", s.k.spec.Singular, id, s.k.target.KeyName(), s.k.spec.Singular), "")
		return nil
	}
	return s.adoptLive(o, x, x.answer, refs)
}

// adoptLive concludes from a product that is there although the item was to be created. One that is
// exactly what a create of this item would have made, after such a create may have been sent, is
// taken as made by it: what other routes are to write, a create may have left. Any other was there
// before, or somebody else made it: it is updated where it differs.
func (s *step) adoptLive(o *changeset, x *write, live Live, refs Refs) error {
	of := live.ID
	if x.doc.Sent {
		of = 0
	}
	live = s.look(&x.doc, of, live)
	if s.only(modeCreate) && !x.doc.Sent {
		s.run.ToCreate--
		return o.skipped(x.item, x.doc, live)
	}
	if objection, ok := s.object(x.doc, live); ok {
		o.failed(x.item, x.doc, objection.Field, objection.Message, objection.Value)
		return nil
	}
	changes := s.k.target.Diff(x.doc.Doc, live, refs)
	first := mainRoute(s.k.target)
	if x.doc.Sent && !slices.ContainsFunc(changes, func(c Change) bool { return routeOf(s.k.target, c).Name == first.Name }) {
		if err := x.decodeChanges(); err != nil {
			return err
		}
		made := &write{item: x.item, doc: x.doc, changes: x.changes, answer: live, left: changes}
		if r, ok := s.k.target.(Renamer); ok {
			field, value, unique := r.Unique(x.doc.Fields)
			if value != "" && Text(live.Fields[s.k.target.FieldOf(field)]) == unique && x.doc.Unique != unique && value != unique {
				made.doc.Unique, made.renamed = unique, true // the answer that was lost had said so
			}
		}
		return s.made(o, made, refs)
	}
	s.run.ToCreate--
	if changes = s.filled(x.doc, changes); len(changes) == 0 {
		return o.landed(x.item, actionUnchanged, x.doc, live)
	}
	var err error
	if x.item.Changes, err = encodeChanges(changes); err != nil {
		return err
	}
	s.remark(x.item, x.doc, live)
	s.see(&x.doc, live)
	if x.item.Document, err = x.doc.encode(); err != nil {
		return err
	}
	setTarget(&x.item, live)
	x.item.State, x.item.Action = tenants.ItemUpdate, actionUpdate
	s.run.ToUpdate++
	o.put(x.item)
	return nil
}

// mainRoute is the one by which a record is written that has no parts.
func mainRoute(t Target) Route {
	routes := t.Routes()
	for _, r := range routes {
		if r.Name == "" {
			return r
		}
	}
	return routes[0]
}

// lookBack finds out about creates that may have been sent: those whose product is there were
// created, the others are to be sent again.
func (s *step) lookBack(ctx context.Context, begun []tenants.RunItem) error {
	found, err := s.findAllByKey(ctx, begun)
	if s.Held(err) {
		return nil
	}
	if err != nil {
		return err
	}
	refs, err := s.refs(ctx)
	if s.Held(err) {
		return nil
	}
	if err != nil {
		return err
	}
	all := make([]*write, len(begun))
	for i, item := range begun {
		if all[i], err = decodeWrite(item); err != nil {
			return err
		}
		all[i].doc.Sent = true
	}
	if err := s.renew(ctx, refs, all, found); s.Held(err) {
		return nil
	} else if err != nil {
		return err
	}
	o := s.changeset()
	for i, item := range begun {
		x := all[i]
		if p, ok := found[item.Key]; ok {
			if err := s.adoptLive(o, x, p, refs); err != nil {
				return err
			}
			continue
		}
		if s.exhausted(item) {
			o.unanswered(item, x.doc)
			continue
		}
		if item.Document, err = x.doc.encode(); err != nil {
			return err
		}
		item.State = tenants.ItemCreate
		o.put(item)
		s.cp.Cursor = min(s.cp.Cursor, item.Line-1)
	}
	return nil
}

// renew sees to it that what the lost creates made beside their records is known, or it would be
// taken for a difference.
func (s *step) renew(ctx context.Context, refs Refs, all []*write, found map[string]Live) error {
	inline, ok := refs.(InlineRefs)
	if !ok {
		return nil
	}
	for _, x := range all {
		if _, landed := found[x.item.Key]; landed && slices.ContainsFunc(refs.Missing(x.doc.Fields), inline.Inline) {
			return inline.Renew(ctx, s.Step)
		}
	}
	return nil
}

// creator sends creates.
type creator struct {
	target  Target
	creates Creator
	run     *tenants.Run
	client  *bigcommerce.Client
	pipe    *pipe
	refs    Refs
}

// create sends one create. A unique value that another record has is written in another form, once.
func (w *creator) create(ctx context.Context, x *write) {
	result, err := w.creates.Create(ctx, w.client, w.run, x.write(w.refs.Recalled()))
	w.pipe.told(err)
	switch {
	case err != nil:
		x.unanswered(err)
		if result.State == Refused && x.state == lost {
			x.state = unsent // the create itself was answered: it did not happen
		}
		return
	case result.State == Renamed:
		x.rename(w.target, result.Unique)
		w.create(ctx, x)
		return
	case result.State == StaleRef && w.refs.Recalled():
		w.pipe.halt.Store(true)
	}
	x.take(result)
}
