package upsert

import (
	"context"
	"fmt"

	"sluice/tenants"
)

// compareAll compares a page of records with the items that are about them: by id if the item knows
// one, else by key.
func (s *step) compareAll(ctx context.Context, live []Live) error {
	if len(live) == 0 {
		return nil
	}
	ids := make([]int64, 0, len(live))
	keys := make([]string, 0, len(live))
	byID := make(map[identity]Live, len(live))
	for _, l := range live {
		byID[l.identity()] = l
		ids = append(ids, l.ID)
		if key := s.k.target.LiveKey(l).Folded; key != "" {
			keys = append(keys, key)
		}
	}
	o := s.changeset()
	sure, err := s.known(ctx, ids)
	if err != nil {
		return err
	}
	for _, item := range sure {
		live, ok := byID[identityOf(item)]
		if !ok {
			continue // another part of the same thing
		}
		if err := s.compare(ctx, o, item, live); err != nil {
			return err
		}
	}
	items, err := s.find(ctx, query{state: tenants.ItemPlanned, keys: keys, target: unknown})
	if err != nil || len(items) == 0 {
		return err
	}
	found, err := s.byKey(ctx, live, items)
	if err != nil {
		return err
	}
	for _, item := range items {
		if p, ok := found[item.Key]; ok {
			if err := s.compare(ctx, o, item, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// known returns the planned items that are known to be one of these records. An item has its
// record's id from the flow's record, so the records lead to it by its key: the work list itself
// has no index by record, and reading all of a million items for each of the store's pages takes
// hours.
func (s *step) known(ctx context.Context, ids []int64) ([]tenants.RunItem, error) {
	var keys []string
	err := s.DB().Scoped(ctx).Model(&tenants.Record{}).Where("kind = ? AND flow_id = ? AND target_id IN ?", s.run.Kind, s.run.FlowID, ids).Pluck("key", &keys).Error
	if err != nil {
		return nil, fmt.Errorf("upsert: known records: %w", err)
	}
	if len(keys) == 0 {
		return nil, nil
	}
	return s.find(ctx, query{state: tenants.ItemPlanned, ids: ids, keys: keys})
}

// byKey pairs records with items by folded key, the exactly equal key first. A record that another
// row of this run is known to be is not taken from it, even if somebody gave it this key meanwhile.
func (s *step) byKey(ctx context.Context, live []Live, items []tenants.RunItem) (map[string]Live, error) {
	want := make(map[string]string, len(items))
	for _, item := range items {
		d, err := decodeDoc(item.Document)
		if err != nil {
			return nil, err
		}
		want[item.Key] = s.shown(d)
	}
	found := make(map[string]Live)
	var ids []int64
	for _, l := range live {
		key := s.k.target.LiveKey(l)
		exact, wanted := want[key.Folded]
		if !wanted {
			continue
		}
		if _, have := found[key.Folded]; have && key.Shown != exact {
			continue
		}
		found[key.Folded] = l
		ids = append(ids, l.ID)
	}
	owners, err := s.owners(ctx, ids)
	if err != nil {
		return nil, err
	}
	for key, l := range found {
		if owner, ok := owners[l.identity()]; ok && owner != key {
			delete(found, key)
		}
	}
	return found, nil
}

// owners returns the keys of the records that rows of this run are known to be.
func (s *step) owners(ctx context.Context, ids []int64) (map[identity]string, error) {
	out := make(map[identity]string)
	if len(ids) == 0 {
		return out, nil
	}
	var records []tenants.Record
	err := s.DB().Scoped(ctx).Where("kind = ? AND flow_id = ? AND target_id IN ?", s.run.Kind, s.run.FlowID, ids).Find(&records).Error
	if err != nil {
		return nil, fmt.Errorf("upsert: owners of records: %w", err)
	}
	var copies map[string]tenants.Record
	if s.run.DryRun && len(records) > 0 {
		keys := make([]string, len(records))
		for i, r := range records {
			keys[i] = r.Key
		}
		if copies, err = s.DB().RecordsByKeys(ctx, s.run.ID, keys); err != nil {
			return nil, err
		}
	}
	for _, r := range records {
		_, copied := copies[r.Key]
		if r.SeenRunID == s.run.ID || copied {
			out[identity{r.TargetID, r.TargetRef}] = r.Key
		}
	}
	return out, nil
}

// compare decides about one item whose record was found.
func (s *step) compare(ctx context.Context, o *changeset, item tenants.RunItem, live Live) error {
	return s.compareAfter(ctx, o, item, live, nil)
}

// compareAfter is compare for an item of which this run has written something already.
func (s *step) compareAfter(ctx context.Context, o *changeset, item tenants.RunItem, live Live, written []Change) error {
	d, err := decodeDoc(item.Document)
	if err != nil {
		return err
	}
	refs, err := s.refs(ctx, d)
	if err != nil {
		return err
	}
	live = s.look(&d, live.ID, live)
	if s.only(modeCreate) && len(written) == 0 && !d.Sent {
		return o.skipped(item, d, live)
	}
	if objection, ok := s.object(d, live); ok {
		setTarget(&item, live)
		if err := o.noteWritten(&write{item: item, doc: d, changes: written}); err != nil {
			return err
		}
		o.failed(item, d, objection.Field, objection.Message, objection.Value)
		return nil
	}
	s.remark(item, d, live)
	setTarget(&item, live)
	if missing, message := unresolved(refs, d); message != "" && !s.run.DryRun && !s.waits(refs, d) {
		if err := o.noteWritten(&write{item: item, doc: d, changes: written}); err != nil {
			return err
		}
		o.failed(item, d, missing.Field, message, Text(d.Fields[missing.Field]))
		return nil
	}
	changes := s.filled(d, s.k.target.Diff(d.Doc, live, refs))
	s.warnLacks(item, d)
	switch {
	case len(changes) > 0:
		return s.toUpdate(o, item, d, live, append(written, changes...))
	case len(written) > 0:
		if item.Changes, err = encodeChanges(settled(written)); err != nil {
			return err
		}
		s.run.ToUpdate++
		s.countFields(written)
		return o.landed(item, actionUpdate, d, live)
	}
	s.weighSame(live)
	return o.landed(item, actionUnchanged, d, live)
}

// absent decides about items that have no record, as far as pages and look-ups tell.
func (s *step) absent(ctx context.Context, o *changeset, items []tenants.RunItem) error {
	a, ok := s.k.target.(Absenter)
	if !ok || len(items) == 0 {
		for _, item := range items {
			if err := s.toCreate(ctx, o, item); err != nil {
				return err
			}
		}
		return nil
	}
	c, err := s.Client(ctx)
	if err != nil {
		return err
	}
	docs, want := make([]itemDoc, len(items)), make([]Want, len(items))
	for i, item := range items {
		if docs[i], err = decodeDoc(item.Document); err != nil {
			return err
		}
		want[i] = Want{Key: s.shown(docs[i]), Doc: docs[i].Fields}
	}
	found, err := a.Absent(ctx, c, s.run, want)
	if err != nil {
		return err
	}
	if len(found) != len(want) {
		return fmt.Errorf("upsert: %d answers about %d %s that are absent", len(found), len(want), s.k.spec.Plural)
	}
	for i, item := range items {
		if f := found[i]; f.Live != nil {
			if err := s.compare(ctx, o, item, *f.Live); err != nil {
				return err
			}
		} else {
			o.failed(item, docs[i], f.Field, f.Message, want[i].Key)
		}
	}
	return nil
}

// toCreate decides about one item that has no record.
func (s *step) toCreate(ctx context.Context, o *changeset, item tenants.RunItem) error {
	d, err := decodeDoc(item.Document)
	if err != nil {
		return err
	}
	if s.only(modeUpdate) && !d.Sent {
		forgetTarget(&item)
		return o.skipped(item, d, Live{})
	}
	refs, err := s.refs(ctx, d)
	if err != nil {
		return err
	}
	if missing, message := unresolved(refs, d); message != "" && !s.run.DryRun && !s.waits(refs, d) {
		o.failed(item, d, missing.Field, message, Text(d.Fields[missing.Field]))
		return nil
	}
	if _, creates := s.k.target.(Creator); !creates {
		key := s.k.target.Key(d.Fields)
		o.failed(item, d, key.Field, fmt.Sprintf("the store has no such %s: create it there, or correct the key at the source", s.k.spec.Singular), key.Shown)
		return nil
	}
	if lacking, err := s.lacking(ctx, d); err != nil || lacking != nil {
		if err == nil {
			o.fail(item, d, *lacking)
		}
		return err
	}
	constants, err := s.otherwise(ctx)
	if err != nil {
		return err
	}
	changes := created(s.k.target, supplied(d.Doc, constants))
	if item.Changes, err = encodeChanges(changes); err != nil {
		return err
	}
	forgetTarget(&item)
	item.State, item.Action = tenants.ItemCreate, actionCreate
	s.run.ToCreate++
	if s.run.DryRun {
		item.Name = s.title(d, Live{})
		s.countDoc(d)
	}
	s.weigh(d, Live{}, changes)
	o.put(item)
	return nil
}
