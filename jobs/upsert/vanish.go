package upsert

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"gorm.io/gorm/clause"

	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/tenants"
)

// vanished is tenants.Record.Vanished: what was done to a record since it left the source.
type vanished struct {
	State  string           `json:"state"`
	Before mapping.Document `json:"before,omitempty"` // of what gets it back when the record returns
}

func (v vanished) encode() (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("upsert: what a record was before it left: %w", err)
	}
	return string(b), nil
}

func decodeVanished(text string) (v vanished, err error) {
	if err = decodeJSON(text, &v); err != nil {
		return v, fmt.Errorf("upsert: what a record was before it left: %w", err)
	}
	return v, nil
}

// matchVanished looks for records that left the source, a window of the flow's records at once, and
// plans what becomes of them. They are looked at in the store, whatever is remembered: what they
// were before is kept.
func (s *step) matchVanished(ctx context.Context) error {
	if s.cp.Keyless > 0 {
		s.Warn(flow.Issue{Cure: tenants.CureFile, Message: fmt.Sprintf("%d rows do not say which %s they are of, so that nobody knows which are missing: nothing was done about %s that are not in the file any more.", s.cp.Keyless, s.k.spec.Singular, s.k.spec.Plural)})
		return s.vanishedAll(ctx)
	}
	records, err := s.recordsAfter(ctx, s.cp.After, leftWindow)
	if err != nil {
		return err
	}
	if len(records) == 0 {
		return s.vanishedAll(ctx)
	}
	seen, err := s.seenKeys(ctx, records)
	if err != nil {
		return err
	}
	gone := slices.DeleteFunc(slices.Clone(records), func(r tenants.Record) bool {
		return seen[r.Key] || !r.Landed || r.TargetID == 0 || r.Vanished != ""
	})
	kept, err := s.keptElsewhere(ctx, gone)
	if err != nil {
		return err
	}
	gone = slices.DeleteFunc(gone, func(r tenants.Record) bool { return kept[r.Key] })
	if most := s.k.target.LookupBatch(); len(gone) > most {
		next := slices.IndexFunc(records, func(r tenants.Record) bool { return r.Key == gone[most].Key })
		gone, records = gone[:most], records[:next]
	}
	o := s.changeset()
	if err := s.vanish(ctx, o, gone); err != nil {
		return err
	}
	for _, r := range records {
		switch {
		case seen[r.Key] && r.TargetID != 0:
			s.sum(guardLeft).Weighed++
		case kept[r.Key]: // from now on it is the other's: both may lose it
			s.cp.KeptElsewhere++
			if err := o.vanished(s.goneItem(r), itemDoc{vanish: &vanished{State: s.vanishing()}}, Live{}, actionUnchanged); err != nil {
				return err
			}
		}
	}
	s.cp.After = records[len(records)-1].Key
	return nil
}

// vanishedAll ends the stage.
func (s *step) vanishedAll(ctx context.Context) error {
	if n := s.cp.KeptElsewhere; n > 0 {
		s.Warn(flow.Issue{Cure: tenants.CureNone, Message: fmt.Sprintf("%d of the %s that are not in the file any more stay as they are: they are part of something that still is, or another sync has them.", n, s.k.spec.Plural)})
	}
	s.cp.Left = true
	s.stage(stageCost)
	return s.stateCost(ctx)
}

// vanish plans what becomes of records that left.
func (s *step) vanish(ctx context.Context, o *changeset, gone []tenants.Record) error {
	if len(gone) == 0 {
		return nil
	}
	found, err := s.lookVanished(ctx, gone)
	if err != nil {
		return err
	}
	refs, err := s.refs(ctx)
	if err != nil {
		return err
	}
	v, state := s.k.target.(Vanisher), s.vanishing() //nolint:forcetypeassert,errcheck // vanishing says so
	for _, r := range gone {
		item := s.goneItem(r)
		live, there := found[identityOf(item)]
		if !there { // who deleted it wanted that
			if err := o.vanished(item, itemDoc{vanish: &vanished{State: state}}, Live{}, actionUnchanged); err != nil {
				return err
			}
			continue
		}
		live.Note = r.Note
		fields, problem := v.Vanish(state, live)
		d := itemDoc{Doc: Doc{Fields: fields, Note: r.Note}, vanish: &vanished{State: state}}
		if problem != "" {
			s.Warn(s.about(item, d, flow.Issue{Message: problem, Cure: tenants.CureStore}))
		}
		changes := s.k.target.Diff(d.Doc, live, refs)
		if len(changes) == 0 {
			s.sum(guardLeft).Weighed++
			if err := o.vanished(item, d, live, actionUnchanged); err != nil {
				return err
			}
			continue
		}
		for _, c := range changes {
			if v.Restores(c.Field) && !c.Unknown {
				if d.vanish.Before == nil {
					d.vanish.Before = make(mapping.Document)
				}
				d.vanish.Before[c.Field] = c.Before
			}
		}
		s.sum(guardLeft).add(true, s.shown(d))
		if s.run.DryRun {
			s.run.Vanished++
		}
		if err := s.toUpdate(o, item, d, live, changes); err != nil {
			return err
		}
	}
	return nil
}

// goneItem makes an item of a record that left.
func (s *step) goneItem(r tenants.Record) tenants.RunItem {
	s.cp.Lines++
	return tenants.RunItem{
		RunID: s.run.ID, StoreHash: s.run.StoreHash, Line: tenants.NoLine + s.cp.Lines, Key: r.Key,
		TargetID: r.TargetID, ParentID: r.ParentID, TargetRef: r.TargetRef,
	}
}

// lookVanished looks up records that left, with what their target has to see of them.
func (s *step) lookVanished(ctx context.Context, gone []tenants.Record) (map[identity]Live, error) {
	c, err := s.Client(ctx)
	if err != nil {
		return nil, err
	}
	run := *s.run
	run.Mapping.Fields = slices.Clone(run.Mapping.Fields)
	for _, target := range s.k.target.(Vanisher).VanishTargets(s.vanishing()) { //nolint:forcetypeassert // vanishing says so
		run.Mapping.Fields = append(run.Mapping.Fields, tenants.FieldMapping{Target: target})
	}
	want := make([]Want, len(gone))
	for i, r := range gone {
		want[i] = Want{ID: r.TargetID, Ref: r.TargetRef}
	}
	found := make(map[identity]Live, len(gone))
	for len(want) > 0 {
		live, left, err := s.k.target.Lookup(ctx, c, &run, want)
		if err != nil {
			return nil, err
		}
		if len(left) >= len(want) {
			return nil, fmt.Errorf("upsert: a look-up of %s asked for none", s.k.spec.Plural)
		}
		for _, l := range live {
			found[l.identity()] = l
		}
		want = left
	}
	return found, nil
}

// recordsAfter returns the flow's records after a key, by key.
func (s *step) recordsAfter(ctx context.Context, after string, limit int) ([]tenants.Record, error) {
	var records []tenants.Record
	err := s.DB().Scoped(ctx).Where("flow_id = ? AND key > ?", s.run.FlowID, after).Order("key").Limit(limit).Find(&records).Error
	if err != nil {
		return nil, fmt.Errorf("upsert: records of flow %s: %w", s.run.FlowID, err)
	}
	return records, nil
}

// seenKeys returns which of the flow's records the run met. A real run marked them, a dry run has
// copies of them.
func (s *step) seenKeys(ctx context.Context, records []tenants.Record) (map[string]bool, error) {
	seen := make(map[string]bool, len(records))
	keys := make([]string, len(records))
	for i, r := range records {
		keys[i], seen[r.Key] = r.Key, r.SeenRunID == s.run.ID
	}
	if !s.run.DryRun || len(keys) == 0 {
		return seen, nil
	}
	copies, err := s.DB().RecordsByKeys(ctx, s.run.ID, keys)
	for key := range copies {
		seen[key] = true
	}
	return seen, err
}

// keptElsewhere returns which records that left are still needed: another flow has them, or the
// source has them under another key, as the variants of a product whose rows were grouped since.
func (s *step) keptElsewhere(ctx context.Context, gone []tenants.Record) (map[string]bool, error) {
	kept := make(map[string]bool)
	for part := range slices.Chunk(gone, keysOfQuery) {
		ids := make([]int64, len(part))
		for i, r := range part {
			ids[i] = r.TargetID
		}
		var others []tenants.Record
		err := s.DB().Scoped(ctx).Where("kind = ? AND target_id IN ? AND landed = ? AND vanished = ''", s.run.Kind, ids, true).Find(&others).Error
		if err != nil {
			return nil, fmt.Errorf("upsert: owners of records: %w", err)
		}
		own := slices.DeleteFunc(slices.Clone(others), func(r tenants.Record) bool { return r.FlowID != s.run.FlowID })
		seen, err := s.seenKeys(ctx, own)
		if err != nil {
			return nil, err
		}
		byID := make(map[int64][]tenants.Record, len(others))
		for _, o := range others {
			if o.FlowID != s.run.FlowID || seen[o.Key] {
				byID[o.TargetID] = append(byID[o.TargetID], o)
			}
		}
		for _, r := range part {
			kept[r.Key] = slices.ContainsFunc(byID[r.TargetID], func(o tenants.Record) bool {
				return o.TargetRef == r.TargetRef || o.TargetRef == "" || r.TargetRef == ""
			})
		}
	}
	return kept, nil
}

// vanished ends an item whose record left the source. action is what it took. What was remembered of
// it is not believed when it comes back.
func (o *changeset) vanished(item tenants.RunItem, d itemDoc, live Live, action string) error {
	run := o.step.run
	item.State, item.Action, item.Document = tenants.ItemDone, action, ""
	if action == actionUnchanged {
		item.Changes = "[]"
	} else {
		run.Updated++
		run.Vanished++
	}
	o.put(item)
	if run.DryRun {
		return nil
	}
	note, err := d.vanish.encode()
	if err != nil {
		return err
	}
	o.memory[item.Key] = ""
	o.records[item.Key] = func(r *tenants.Record) {
		r.SourceHash, r.RefusedHash, r.RefusedField, r.State, r.Error, r.Vanished = "", "", "", recordOK, "", note
		if live.Note != "" {
			r.Note = live.Note
		}
	}
	if action == actionUpdate {
		o.updated = append(o.updated, item.TargetID)
		o.note(item, d, live, action, item.Changes)
	}
	return nil
}

// returned gives rows whose records had left what these were before, where the mapping does not say
// what they are to be. Another flow may have changed the record when it left that one.
func (w *window) returned(ctx context.Context, work []*mapped) error {
	var ids []int64
	for _, m := range work {
		if r := w.records[m.key]; r.Vanished != "" && r.TargetID != 0 {
			ids = append(ids, r.TargetID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	others := make(map[identity][]tenants.Record)
	for part := range slices.Chunk(ids, keysOfQuery) {
		var found []tenants.Record
		err := w.step.DB().Scoped(ctx).Where("kind = ? AND target_id IN ? AND vanished <> ''", w.step.run.Kind, part).Order("updated_at").Find(&found).Error
		if err != nil {
			return fmt.Errorf("upsert: records that had left: %w", err)
		}
		for _, r := range found {
			id := identity{r.TargetID, r.TargetRef}
			others[id] = append(others[id], r)
		}
	}
	for _, m := range work {
		known := w.records[m.key]
		if known.Vanished == "" {
			continue
		}
		before := make(mapping.Document)
		for _, r := range others[identity{known.TargetID, known.TargetRef}] {
			v, err := decodeVanished(r.Vanished)
			if err != nil {
				return err
			}
			maps.Copy(before, v.Before)
		}
		fills := w.step.fills()
		for target, value := range before {
			if _, mapped := m.doc.Fields[target]; !mapped || fills[target] != "" {
				m.doc.Fields[target] = value
				m.doc.back = append(m.doc.back, target)
			}
		}
		slices.Sort(m.doc.back)
	}
	return nil
}

// forgetBefore drops what records were before they left other flows: they have it again.
func forgetBefore(ctx context.Context, tx *tenants.DB, kind string, back []identity) error {
	for _, id := range back {
		var records []tenants.Record
		err := tx.Scoped(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).
			Where("kind = ? AND target_id = ? AND target_ref = ? AND vanished <> ''", kind, id.id, id.ref).Find(&records).Error
		if err != nil {
			return fmt.Errorf("upsert: records that had left: %w", err)
		}
		for i := range records {
			v, err := decodeVanished(records[i].Vanished)
			if err != nil {
				return err
			}
			v.Before = nil
			if records[i].Vanished, err = v.encode(); err != nil {
				return err
			}
		}
		if err := tx.UpsertRecords(ctx, records); err != nil {
			return err
		}
	}
	return nil
}
