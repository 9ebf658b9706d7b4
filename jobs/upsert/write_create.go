package upsert

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm/clause"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/tenants"
)

// createGroup is the most creates that are marked as sending at once: what a crash makes the next
// step look up, in one request.
const createGroup = pageSize

// writeCreates creates a group of products, one POST each. Before the first POST the group is marked
// as sending; what a crash leaves in that state is looked up before anything else happens.
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
	all, refs, err := s.prepare(ctx, items)
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
	o := s.outcome()
	var ready []*sending
	for _, x := range all {
		payload, missing := x.doc.payload(nil, refs)
		if len(missing) > 0 {
			paths, brand := refs.missing(x.doc)
			field, message := refs.refused(paths, brand)
			o.failed(x.item, x.doc, field, message, text(x.doc.fields[field]))
			continue
		}
		if _, stocked := payload["inventory_level"]; stocked && payload["inventory_tracking"] == nil {
			payload["inventory_tracking"] = "product"
		}
		x.sent = payload
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
		if x.kind != notSent && x.kind != unsent {
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
func passed(ready []*sending, cursor int64, items []tenants.RunItem) int64 {
	for _, x := range ready {
		if x.item.State == tenants.ItemCreate {
			return x.item.Line - 1
		}
	}
	return max(cursor, items[len(items)-1].Line)
}

// markSending notes in a transaction of its own that these creates may be sent from now on. It fails
// if the run moved on without this step, or if any of them is marked already.
func (s *step) markSending(ctx context.Context, all []*sending) error {
	lines := make([]int64, len(all))
	for i, x := range all {
		lines[i] = x.item.Line
	}
	return s.DB().Tx(ctx, func(tx *tenants.DB) error {
		var now tenants.Run
		if err := tx.Scoped(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).
			Select("step", "state").Where("id = ?", s.run.ID).Take(&now).Error; err != nil {
			return fmt.Errorf("upsert: lock run %s: %w", s.run.ID, err)
		}
		if now.Step != s.run.Step || now.State.Final() {
			return flow.ErrStepLost
		}
		res := tx.Scoped(ctx).Model(&tenants.RunItem{}).
			Where("run_id = ? AND line IN ? AND state = ?", s.run.ID, lines, tenants.ItemCreate).
			Update("state", tenants.ItemSending)
		if res.Error != nil {
			return fmt.Errorf("upsert: mark creates of run %s: %w", s.run.ID, res.Error)
		}
		// Another worker, whose lease was lost without its knowing, is at this very step and may be sending
		// them. The next attempt looks up what it sent.
		if res.RowsAffected < int64(len(lines)) {
			return fmt.Errorf("upsert: %d of %d creates of run %s are being sent by another worker at the same step",
				int64(len(lines))-res.RowsAffected, len(lines), s.run.ID)
		}
		return nil
	})
}

// post sends creates concurrently until the step is spent.
func (s *step) post(ctx context.Context, c *bigcommerce.Client, all []*sending, refs *refTable) {
	requests, stop := graceful(ctx)
	defer stop()
	w := creator{client: c, pipe: s.newPipe(ctx), include: liveFields(s.run.Mapping), unique: s.run.Options.Text(optionRepeatedNames) != repeatedFail, recalled: refs.recalled()}
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
func (s *step) wasSent(ctx context.Context, o *outcome, x *sending, refs *refTable) error {
	switch x.kind {
	case landed:
		return s.accept(o, x, intOf(x.answer["id"]), actionCreate)
	case exists:
		return s.meet(ctx, o, x, refs)
	case refused:
		o.failed(x.item, x.doc, x.field, x.message, "")
		return nil
	case lost:
		x.item.State = tenants.ItemSending // already so in SQL; the next step looks it up
		return nil
	case staleRef:
		s.stale(x, refs)
		fallthrough
	default: // notSent, unsent
		if s.exhausted(x.item) {
			o.failed(x.item, x.doc, "", exhaustedMessage, "")
			return nil
		}
		x.item.State = tenants.ItemCreate
		o.put(x.item)
		return nil
	}
}

// meet concludes from a create that met a product with its SKU.
func (s *step) meet(ctx context.Context, o *outcome, x *sending, refs *refTable) error {
	id := intOf(x.answer["id"])
	owners, err := s.owners(ctx, []int64{id})
	if err != nil {
		return err
	}
	if owner, ok := owners[id]; ok && owner != x.item.Key {
		o.failed(x.item, x.doc, "sku", fmt.Sprintf("product %d has this SKU in the store, but another row of the feed is that product: mend one of the SKUs", id), "")
		return nil
	}
	return s.adoptLive(o, x, x.answer, refs)
}

// adoptLive concludes from a product that is there although the item was to be created. One that is
// exactly what a create of this item would have made, after such a create may have been sent, is taken
// as made by it. Any other was there before, or somebody else made it: it is updated where it differs.
func (s *step) adoptLive(o *outcome, x *sending, live bigcommerce.Fields, refs *refTable) error {
	id := intOf(live["id"])
	changes := diff(x.doc, live, refs)
	if len(changes) == 0 && x.doc.sent {
		made := &sending{item: x.item, doc: x.doc, answer: live}
		if unique := uniqueName(x.doc.name(), x.doc.sku()); text(live["name"]) == unique && x.doc.effectiveName() != unique {
			made.doc.rename, made.renamed = unique, true // the answer that was lost had said so
		}
		return s.accept(o, made, id, actionCreate)
	}
	s.run.ToCreate--
	if len(changes) == 0 {
		return o.landed(x.item, id, actionUnchanged, x.doc, live)
	}
	var err error
	if x.item.Changes, err = encodeChanges(changes); err != nil {
		return err
	}
	s.warnPadded(x.item, x.doc, live)
	x.item.State, x.item.Action, x.item.TargetID = tenants.ItemUpdate, actionUpdate, id
	s.run.ToUpdate++
	o.put(x.item)
	return nil
}

// lookBack finds out about creates that may have been sent: those whose product is there were
// created, the others are to be sent again.
func (s *step) lookBack(ctx context.Context, begun []tenants.RunItem) error {
	docs := make(map[int64]itemDoc, len(begun))
	skus := make([]string, len(begun))
	for i, item := range begun {
		d, err := decodeDoc(item.Document)
		if err != nil {
			return err
		}
		docs[item.Line], skus[i] = d, d.sku()
	}
	var live []bigcommerce.Fields
	for _, f := range bigcommerce.SKULookups(skus) {
		part, err := s.lookup(ctx, f)
		if s.Held(err) {
			return nil
		}
		if err != nil {
			return err
		}
		live = append(live, part...)
	}
	found, err := s.byKey(ctx, live, begun)
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
	o := s.outcome()
	for _, item := range begun {
		d := docs[item.Line]
		d.sent = true
		if p, ok := found[item.Key]; ok {
			if err := s.adoptLive(o, &sending{item: item, doc: d}, p, refs); err != nil {
				return err
			}
			continue
		}
		if s.exhausted(item) {
			o.failed(item, d, "", exhaustedMessage, "")
			continue
		}
		if item.Document, err = d.encode(); err != nil {
			return err
		}
		item.State = tenants.ItemCreate
		o.put(item)
		s.cp.Cursor = min(s.cp.Cursor, item.Line-1)
	}
	return nil
}

// creator sends creates.
type creator struct {
	client   *bigcommerce.Client
	pipe     *pipe
	include  []string
	unique   bool // make a repeated name unique
	recalled bool // categories or brands were only recalled: a refusal because of one is no record's fault
}

// create posts one product. A name that is taken is made unique, once; a SKU that is taken leads to
// the product that has it.
func (w *creator) create(ctx context.Context, x *sending) {
	answer, err := w.client.Products.Create(ctx, x.sent, w.include...)
	var partial *bigcommerce.PartialError
	if err == nil || errors.As(err, &partial) && intOf(answer["id"]) != 0 {
		w.pipe.told(nil)
		x.kind, x.answer = landed, answer
		if partial != nil {
			x.partial = explain(partial.Title, partial.Fields)
		}
		return
	}
	var api *bigcommerce.APIError
	if !blames(err) || !errors.As(err, &api) {
		w.pipe.told(err)
		x.unanswered(err)
		return
	}
	w.pipe.told(nil)
	if w.recalled && aboutReference(err, api) {
		w.pipe.halt.Store(true)
		x.kind = staleRef
		return
	}
	var conflict *bigcommerce.ConflictError
	if !errors.As(err, &conflict) {
		x.refuse(api)
		return
	}
	switch conflictAbout(api) {
	case takenSKU:
		w.meet(ctx, x, err)
	case takenReference:
		x.kind = staleRef
	case takenName:
		w.rename(ctx, x)
	default:
		x.refuse(api)
	}
}

// rename concludes from a name that is taken. The product that has it may be this very one.
func (w *creator) rename(ctx context.Context, x *sending) {
	if x.doc.sent {
		if p, lookErr := w.whoHas(ctx, x.doc.sku()); lookErr != nil {
			w.pipe.told(lookErr)
			x.unanswered(lookErr)
			return
		} else if p != nil {
			x.kind, x.answer = exists, p
			return
		}
	}
	unique := uniqueName(x.doc.name(), x.doc.sku())
	if !w.unique || x.sent["name"] == unique {
		x.kind, x.field, x.message = refused, "name", nameTaken
		return
	}
	x.doc.rename, x.renamed = unique, true
	x.sent["name"] = unique
	w.create(ctx, x)
}
