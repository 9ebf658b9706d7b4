package upsert

import (
	"context"
	"fmt"

	"sluice/tenants"
)

// In a run that merges rows a record is the sum of all rows with its key, so that nothing is known
// of it before the last row was read: each key has an item, later rows are added to it, and
// matchSums drops the items whose sum is what landed last. A record of which one row is bad fails:
// what the others add up to is not what the source means.

// findEarlier reads what earlier windows planned of keys.
func (w *window) findEarlier(ctx context.Context, keys []string) error {
	var met []string
	for _, key := range keys {
		if r, ok := w.mine[key]; ok && r.SeenRunID == w.step.run.ID {
			met = append(met, key)
		}
	}
	if len(met) == 0 {
		return nil
	}
	items, err := w.step.find(ctx, query{state: tenants.ItemPlanned, keys: met})
	if err != nil {
		return err
	}
	for _, item := range items {
		d, err := decodeDoc(item.Document)
		if err != nil {
			return err
		}
		w.earlier[item.Key] = &mapped{place: place{item.Line, item.Row}, shown: w.step.shown(d), key: item.Key, doc: d, item: &item}
	}
	return nil
}

// merge adds a row to the first one with its key.
func (w *window) merge(m *mapped) {
	first := w.first[m.key]
	if first == nil {
		first = w.earlier[m.key]
	}
	if first == nil || first.bad {
		return // it failed before
	}
	first.merged = true
	if m.bad {
		first.bad = true
		w.step.fault(first, tenants.CureFile, "", fmt.Sprintf("%s has the same key and cannot be read, so what the rows add up to is not known: nothing is written. Correct that row", m.place), "")
		return
	}
	if field, message := w.merger.Merge(first.doc.Fields, m.doc.Fields); message != "" {
		first.bad = true
		w.step.fault(first, tenants.CureFile, field, message, "")
	}
}

// mergeAll draws the conclusions of all that was merged, and returns what is left to be planned of
// work.
func (w *window) mergeAll(work []*mapped) ([]*mapped, error) {
	if w.merger == nil {
		return work, nil
	}
	left := work[:0]
	for _, m := range work {
		if m.bad {
			w.step.run.Failed++
			w.failed(m)
			continue
		}
		m.hash = m.doc.Fields.Hash()
		left = append(left, m)
	}
	for key, m := range w.earlier {
		if !m.merged {
			continue
		}
		item := *m.item
		if m.bad {
			w.step.run.Failed++
			item.State, item.Document = tenants.ItemFailed, ""
			w.failed(m)
		} else {
			var err error
			if item.Document, err = m.doc.encode(); err != nil {
				return nil, err
			}
			item.Hash = m.doc.Fields.Hash()
		}
		w.changedItems[key] = item
	}
	return left, nil
}

// matchSums drops the items whose sum is what landed last, unless the run compares with the store.
func (s *step) matchSums(ctx context.Context) error {
	items, err := s.find(ctx, query{state: tenants.ItemPlanned, after: s.cp.Cursor, limit: restWindow})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return s.matchStart(ctx)
	}
	keys := make([]string, len(items))
	for i, item := range items {
		keys[i] = item.Key
	}
	records, err := s.DB().RecordsByKeys(ctx, s.run.FlowID, keys)
	if err != nil {
		return err
	}
	o := s.changeset()
	for _, item := range items {
		known := landed(records[item.Key], item.Hash)
		if known && !s.run.Compare {
			item.State, item.Action, item.Document = tenants.ItemDone, actionUnchanged, ""
			s.run.Unchanged++
			o.put(item)
			continue
		}
		if known || s.run.DryRun {
			continue
		}
		o.put(item)
		o.records[item.Key] = func(r *tenants.Record) { r.State, r.Error = recordPending, "" }
	}
	s.cp.Cursor = items[len(items)-1].Line
	return nil
}

// landed reports whether a record is known to be what a document of this hash says.
func landed(r tenants.Record, hash string) bool {
	return r.State == recordOK && r.TargetID != 0 && r.SourceHash == hash
}
