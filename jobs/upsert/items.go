package upsert

import (
	"context"
	"fmt"

	"sluice/jobs/flow"
	"sluice/tenants"
)

// shown is the document's key as the source writes it.
func (s *step) shown(d itemDoc) string { return s.k.target.Key(d.Fields).Shown }

// about makes an issue one about an item.
func (s *step) about(item tenants.RunItem, d itemDoc, i flow.Issue) flow.Issue {
	i.Line, i.Row, i.Key = item.Line, item.Row, s.shown(d)
	if i.Key == "" {
		i.Key = item.Key
	}
	return i
}

// maxTitle is the size of the names of records, in characters.
const maxTitle = 255

// title is what people call a record, "" if that is not known.
func (s *step) title(d itemDoc, live Live) string {
	if t, ok := s.k.target.(Titler); ok {
		return tenants.Clean(t.Title(d.Doc, live), maxTitle)
	}
	return ""
}

// uniqueKey is what no other record of the flow may have, in the form in which that is compared; ""
// for nothing.
func (s *step) uniqueKey(d itemDoc) string {
	if _, value := uniqueOf(s.k.target, d.Doc); value != "" {
		return s.k.target.(Renamer).UniqueKey(value) //nolint:forcetypeassert // unique says so
	}
	return ""
}

// changeset is what a step found out about items; it is saved with the step.
type changeset struct {
	step    *step
	items   []tenants.RunItem
	records map[string]func(r *tenants.Record) // by key
	journal []tenants.JournalEntry
	memory  map[string]string // by key: the product to remember, "" for one to forget
	updated []int64           // products that were changed
	dropped []int64           // lines of items that the run does not have any more
	back    []identity        // records that were put right after they came back
}

func (s *step) changeset() *changeset {
	o := &changeset{step: s, records: make(map[string]func(*tenants.Record)), memory: make(map[string]string)}
	s.OnCommit(o.write)
	return o
}

// put saves an item as it now is.
func (o *changeset) put(item tenants.RunItem) { o.items = append(o.items, item) }

// landed ends an item whose record now is what its document says. action is what it took; seen is
// the record as far as it was seen, with no fields if it was not.
func (o *changeset) landed(item tenants.RunItem, action string, d itemDoc, seen Live) error {
	if d.vanish != nil {
		return o.vanished(item, d, seen, action)
	}
	run := o.step.run
	setTarget(&item, seen)
	item.State, item.Action, item.Document = tenants.ItemDone, action, ""
	switch action {
	case actionCreate:
		run.Created++
	case actionUpdate:
		run.Updated++
	default:
		run.Unchanged++
		item.Changes = "[]"
	}
	o.put(item)
	if run.DryRun {
		return nil
	}
	var err error
	if o.memory[item.Key], err = remembered(seen, o.step.k.target.Kept(run.Mapping)); err != nil {
		return err
	}
	key := o.step.uniqueKey(d)
	cleaned, err := encodeCleaned(o.step.k.target, d.Doc)
	if err != nil {
		return err
	}
	o.records[item.Key] = func(r *tenants.Record) {
		r.TargetID, r.ParentID, r.TargetRef = seen.ID, seen.Parent, seen.Ref
		r.SourceHash, r.State, r.Error, r.Cleaned, r.Note = item.Hash, recordOK, "", cleaned, seen.Note
		r.RefusedHash, r.RefusedField, r.Landed, r.Vanished = "", "", true, ""
		if key != "" {
			r.UniqueKey = key
		}
	}
	if action == actionUpdate {
		o.updated = append(o.updated, seen.ID)
	}
	if len(d.back) > 0 {
		o.back = append(o.back, seen.identity())
	}
	if action != actionUnchanged {
		o.note(item, d, seen, action, item.Changes)
	}
	return nil
}

// note writes changes that were made to the journal.
func (o *changeset) note(item tenants.RunItem, d itemDoc, live Live, action, changes string) {
	run := o.step.run
	o.journal = append(o.journal, tenants.JournalEntry{
		ID: tenants.NewID(), StoreHash: run.StoreHash, RunID: run.ID, Key: o.step.shown(d), Row: item.Row, Name: o.step.title(d, live),
		TargetID: item.TargetID, ParentID: item.ParentID, Action: action, Changes: changes, CreatedAt: o.step.Now().UTC(),
	})
}

// goesOn saves an update of which something is still to be written.
func (o *changeset) goesOn(x *write) error {
	var err error
	if x.item.Changes, err = encodeChanges(x.changes); err != nil {
		return err
	}
	if x.item.Document, err = x.doc.encode(); err != nil {
		return err
	}
	o.put(x.item)
	return nil
}

// noteWritten writes to the journal what had been written of an item that fails now.
func (o *changeset) noteWritten(x *write) error {
	landed := doneOf(x.changes)
	if len(landed) == 0 {
		return nil
	}
	written, err := encodeChanges(settled(landed))
	if err != nil {
		return err
	}
	o.note(x.item, x.doc, x.answer, x.item.Action, written)
	o.step.countFields(landed)
	return nil
}

// failed ends an item that the store does not take.
func (o *changeset) failed(item tenants.RunItem, d itemDoc, field, message, value string) {
	o.fail(item, d, flow.Issue{Field: field, Message: message, Value: value, Cure: tenants.CureStore})
}

// refused ends an item that BigCommerce refused.
func (o *changeset) refused(x *write) {
	if x.note != "" {
		x.doc.Note = x.note
	}
	o.failed(x.item, x.doc, x.field, x.message, "")
	if fail := o.records[x.item.Key]; fail != nil {
		o.records[x.item.Key] = func(r *tenants.Record) {
			fail(r)
			r.RefusedHash, r.RefusedField = x.item.Hash, x.field
		}
	}
}

// unanswered ends an item that was sent often enough.
func (o *changeset) unanswered(item tenants.RunItem, d itemDoc) {
	o.fail(item, d, flow.Issue{Message: exhaustedMessage, Cure: tenants.CureRetry})
}

// fail ends an item that cannot land.
func (o *changeset) fail(item tenants.RunItem, d itemDoc, why flow.Issue) {
	o.step.Fault(o.step.about(item, d, why))
	o.step.run.Failed++
	item.State, item.Document = tenants.ItemFailed, ""
	o.put(item)
	if o.step.run.DryRun {
		return
	}
	o.memory[item.Key] = ""
	o.records[item.Key] = func(r *tenants.Record) {
		r.State, r.Error = recordFailed, tenants.Clean(why.Message, maxMessage)
		r.RefusedHash, r.RefusedField = "", "" // of another document
		if d.Note != "" {
			r.Note = d.Note
		}
		if item.TargetID != 0 {
			r.TargetID, r.ParentID, r.TargetRef = item.TargetID, item.ParentID, item.TargetRef
		}
	}
}

func (o *changeset) write(ctx context.Context, tx *tenants.DB) error {
	if err := tx.UpdateRunItems(ctx, o.items); err != nil {
		return err
	}
	var keys []string
	for _, item := range o.items {
		if o.records[item.Key] != nil {
			keys = append(keys, item.Key)
		}
	}
	if len(keys) > 0 {
		flow := o.step.run.FlowID
		found, err := tx.RecordsByKeys(ctx, flow, keys)
		if err != nil {
			return err
		}
		records := make([]tenants.Record, 0, len(keys))
		for _, key := range keys {
			r, ok := found[key]
			if !ok {
				r = tenants.Record{Kind: o.step.run.Kind, FlowID: flow, Key: key}
			}
			o.records[key](&r)
			records = append(records, r)
		}
		if err := tx.UpsertRecords(ctx, records); err != nil {
			return err
		}
	}
	if err := forgetBefore(ctx, tx, o.step.run.Kind, o.back); err != nil {
		return err
	}
	if len(o.dropped) > 0 {
		err := tx.Scoped(ctx).Where("run_id = ? AND line IN ?", o.step.run.ID, o.dropped).Delete(&tenants.RunItem{}).Error
		if err != nil {
			return fmt.Errorf("upsert: items of run %s: %w", o.step.run.ID, err)
		}
	}
	if err := o.remember(ctx, tx); err != nil {
		return err
	}
	return tx.AddJournal(ctx, o.journal)
}

// remember saves what is known of products now.
func (o *changeset) remember(ctx context.Context, tx *tenants.DB) error {
	kind, flow := o.step.run.Kind, o.step.run.FlowID
	products := make(map[string]string, len(o.memory))
	var forgotten []string
	for key, p := range o.memory {
		if p == "" {
			forgotten = append(forgotten, key)
		} else {
			products[key] = p
		}
	}
	if err := tx.RememberRecords(ctx, kind, flow, products); err != nil {
		return err
	}
	if err := tx.ForgetRecords(ctx, flow, forgotten); err != nil {
		return err
	}
	return tx.ForgetRecordsElsewhere(ctx, kind, flow, o.updated)
}

// query narrows the run's items; zero fields narrow nothing.
type query struct {
	state  tenants.ItemState
	after  int64 // lines after this one
	target targetFilter
	keys   []string
	ids    []int64
	limit  int
}

// targetFilter is which items a query takes: those whose record is known, those whose is not, or
// both.
type targetFilter int

const (
	either targetFilter = iota
	known
	unknown
)

// find returns the run's items that q describes, by line.
func (s *step) find(ctx context.Context, q query) ([]tenants.RunItem, error) {
	g := s.DB().Scoped(ctx).Where("run_id = ? AND state = ? AND line > ?", s.run.ID, q.state, q.after)
	switch q.target {
	case known:
		g = g.Where("target_id <> 0")
	case unknown:
		g = g.Where("target_id = 0")
	case either:
	}
	if q.keys != nil {
		g = g.Where("key IN ?", q.keys)
	}
	if q.ids != nil {
		g = g.Where("target_id IN ?", q.ids)
	}
	if q.limit > 0 {
		g = g.Limit(q.limit)
	}
	var items []tenants.RunItem
	if err := g.Order("line").Find(&items).Error; err != nil {
		return nil, fmt.Errorf("upsert: items of run %s: %w", s.run.ID, err)
	}
	return items, nil
}

// tally is how many items are planned, for the planner.
type tally struct{ unknown, known, keyBytes int64 }

func (s *step) tally(ctx context.Context) (tally, error) {
	var t tally
	err := s.DB().Scoped(ctx).Model(&tenants.RunItem{}).
		Select("COALESCE(SUM(CASE WHEN target_id = 0 THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN target_id <> 0 THEN 1 ELSE 0 END), 0), "+
			"COALESCE(SUM(CASE WHEN target_id = 0 THEN LENGTH(key) + 3 ELSE 0 END), 0)").
		Where("run_id = ? AND state = ?", s.run.ID, tenants.ItemPlanned).
		Row().Scan(&t.unknown, &t.known, &t.keyBytes)
	if err != nil {
		return t, fmt.Errorf("upsert: count items of run %s: %w", s.run.ID, err)
	}
	return t, nil
}
