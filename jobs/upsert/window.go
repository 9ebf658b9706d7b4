package upsert

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"sluice/tenants"
)

// window is what the flow's records say about some rows that stand together, and what these change
// in them.
//
// A real run writes to the flow's own records. A dry run must not alter what a later run does: it
// reads those, and writes copies of its own, whose FlowID is the run's ID and which Tidy deletes.
type window struct {
	step    *step
	own     string                    // FlowID that this run writes
	records map[string]tenants.Record // the flow's, by key
	mine    map[string]tenants.Record // this run's: the same map for a real run
	places  map[string]place          // by key, of this window
	changed map[string]tenants.Record // to be written whole
	marks   []tenants.SeenKey         // to be marked as seen only
	items   []tenants.RunItem
	first   map[string]*mapped // the rows of the window, by key

	// Of a run that merges rows.
	merger       Merger
	earlier      map[string]*mapped         // what earlier windows planned of the same keys
	changedItems map[string]tenants.RunItem // those of it that the window changes
}

func (s *step) openWindow(ctx context.Context, rows []mapped) (*window, error) {
	keys := make([]string, 0, len(rows))
	for _, m := range rows {
		if m.key != "" {
			keys = append(keys, m.key)
		}
	}
	w := &window{step: s, own: s.run.FlowID, places: make(map[string]place, len(keys)), changed: make(map[string]tenants.Record), first: make(map[string]*mapped, len(keys))}
	var err error
	if w.records, err = s.DB().RecordsByKeys(ctx, s.run.FlowID, keys); err != nil {
		return nil, err
	}
	w.mine = w.records
	if s.run.DryRun {
		w.own = s.run.ID
		if w.mine, err = s.DB().RecordsByKeys(ctx, w.own, keys); err != nil {
			return nil, err
		}
	}
	if m, ok := s.k.target.(Merger); ok && m.Merges(s.run) {
		w.merger, w.earlier, w.changedItems = m, make(map[string]*mapped), make(map[string]tenants.RunItem)
		return w, w.findEarlier(ctx, keys)
	}
	return w, nil
}

// firstPlace returns where this run met the row's key before.
func (w *window) firstPlace(m *mapped) (place, bool) {
	if at, ok := w.places[m.key]; ok {
		return at, true
	}
	r, ok := w.mine[m.key]
	if ok && r.SeenRunID == w.step.run.ID && r.SeenLine != m.seen() {
		if m.row == 0 {
			return place{line: r.SeenLine}, true
		}
		return place{row: r.SeenLine}, true
	}
	return place{}, false
}

// seen notes that the run met the row's key.
func (w *window) seen(m *mapped) {
	w.places[m.key] = m.place
	w.marks = append(w.marks, tenants.SeenKey{Key: m.key, Line: m.seen()})
}

// unchanged reports whether the row needs no look: the store is believed to have what was last
// written to it.
func (w *window) unchanged(m *mapped) bool {
	return w.merger == nil && !w.step.run.Compare && w.landed(m)
}

// refused reports whether BigCommerce refused the very document of the row. It is not sent again
// before the row changes, or somebody asks for it: by retrying the run, or by comparing with the
// store.
func (w *window) refused(m *mapped) (field, why string, ok bool) {
	r := w.records[m.key]
	ok = w.merger == nil && r.State == recordFailed && r.RefusedHash != "" && r.RefusedHash == m.hash && w.step.run.RetryOf == "" && !w.step.run.Compare
	return r.RefusedField, r.Error, ok
}

// landed reports whether the row's document is what was last written to its product.
func (w *window) landed(m *mapped) bool {
	return landed(w.records[m.key], m.hash)
}

// failed notes that the row was refused. What landed earlier is still what the store has.
func (w *window) failed(m *mapped) {
	if m.key == "" || w.step.run.DryRun || w.records[m.key].State == recordOK {
		return
	}
	r := w.record(m)
	r.State, r.RefusedHash, r.RefusedField = recordFailed, "", "" // Error is no longer about what was refused
	r.Error = tenants.Clean(cmp.Or(m.why, w.step.FirstFault(m.line)), maxMessage)
	w.changed[m.key] = r
}

// record returns the record that this run writes for the row.
func (w *window) record(m *mapped) tenants.Record {
	r, ok := w.mine[m.key]
	if !ok {
		r = tenants.Record{Kind: w.step.run.Kind, FlowID: w.own, Key: m.key, State: recordPending}
		if known, ok := w.records[m.key]; ok { // a dry run's copy of the flow's record
			r.TargetID, r.ParentID, r.TargetRef, r.UniqueKey = known.TargetID, known.ParentID, known.TargetRef, known.UniqueKey
		}
	}
	r.SeenRunID, r.SeenLine = w.step.run.ID, m.seen()
	return r
}

// admit gives each row to be planned a name, or whatever else must be unique, that no other key of
// the flow has, and plans it. A row whose target does not rename fails.
func (w *window) admit(ctx context.Context, work []*mapped, s *step) error {
	if len(work) == 0 {
		return nil
	}
	renamer, unique := s.k.target.(Renamer)
	var holders uniqueHolders
	if unique {
		var err error
		if holders, err = w.holders(ctx, renamer, work); err != nil {
			return err
		}
	}
	if err := w.returned(ctx, work); err != nil {
		return err
	}
	for _, m := range work {
		own := ""
		if unique {
			field, value, other := renamer.Unique(m.doc.Fields)
			if value != "" {
				own = renamer.UniqueKey(value)
			}
			if own != "" && holders.other(own, m.key) {
				if !renamer.Renames(s.run) {
					s.fault(m, tenants.CureRules, field, renamer.Taken(), value)
					s.run.Failed++
					w.failed(m)
					continue
				}
				m.doc.Unique = other
				own = renamer.UniqueKey(other)
				s.warn(m, tenants.CureNone, field, renamer.Renamed(other), value)
			}
		}
		r := w.record(m)
		// matchSums tells whether the sum of rows changed. What a comparison looks up although it
		// landed stays so, else one that is cancelled makes the next run look it up.
		if r.State != recordOK || w.merger == nil && !w.landed(m) {
			r.State, r.Error = recordPending, ""
		}
		if own != "" {
			holders.drop(r.UniqueKey, m.key)
			holders.add(own, m.key)
			r.UniqueKey = own
		}
		w.changed[m.key] = r
		var err error
		if m.doc.cleaned, err = decodeCleaned(w.records[m.key].Cleaned); err != nil {
			return err
		}
		known := w.records[m.key]
		m.doc.Note = known.Note
		document, err := m.doc.encode()
		if err != nil {
			return err
		}
		w.items = append(w.items, tenants.RunItem{
			RunID: s.run.ID, StoreHash: s.run.StoreHash, Line: m.line, Row: m.row, Key: m.key,
			State: tenants.ItemPlanned, TargetID: known.TargetID, ParentID: known.ParentID, TargetRef: known.TargetRef, Document: document, Hash: m.hash,
		})
	}
	return nil
}

// uniqueHolders is which keys have which unique values.
type uniqueHolders map[string]map[string]bool

func (h uniqueHolders) add(value, key string) {
	if h[value] == nil {
		h[value] = make(map[string]bool, 1)
	}
	h[value][key] = true
}

func (h uniqueHolders) drop(value, key string) { delete(h[value], key) }

func (h uniqueHolders) other(value, key string) bool {
	keys := h[value]
	return len(keys) > 1 || len(keys) == 1 && !keys[key]
}

// holders finds who has the names of the rows to be planned: products of the flow that exist, and
// rows that this run met before. A record that never landed and was not met holds nothing.
func (w *window) holders(ctx context.Context, renamer Renamer, work []*mapped) (uniqueHolders, error) {
	names := make([]string, 0, 2*len(work))
	for _, m := range work {
		if _, value, _ := renamer.Unique(m.doc.Fields); value != "" {
			names = append(names, renamer.UniqueKey(value))
		}
	}
	out := make(uniqueHolders)
	db, run := w.step.DB(), w.step.run
	records, err := db.RecordsByUniqueKeys(ctx, run.FlowID, names)
	if err != nil {
		return nil, err
	}
	var planned map[string]tenants.Record // a dry run's own view of the same keys
	if run.DryRun {
		keys := make([]string, 0, len(records))
		for _, r := range records {
			keys = append(keys, r.Key)
		}
		if planned, err = db.RecordsByKeys(ctx, w.own, keys); err != nil {
			return nil, err
		}
		mine, err := db.RecordsByUniqueKeys(ctx, w.own, names)
		if err != nil {
			return nil, err
		}
		for _, r := range mine {
			out.add(r.UniqueKey, r.Key)
		}
	}
	for _, r := range records {
		if p, ok := planned[r.Key]; ok && p.UniqueKey != "" {
			continue // counted with the name that the run would give it
		}
		if r.TargetID != 0 || r.SeenRunID == run.ID {
			out.add(r.UniqueKey, r.Key)
		}
	}
	return out, nil
}

// write saves the window.
func (w *window) write(ctx context.Context, tx *tenants.DB) error {
	marks := w.marks[:0:0]
	for _, m := range w.marks {
		if _, whole := w.changed[m.Key]; !whole {
			marks = append(marks, m)
		}
	}
	if err := tx.MarkSeen(ctx, w.step.run.Kind, w.own, w.step.run.ID, marks); err != nil {
		return err
	}
	records := make([]tenants.Record, 0, len(w.changed))
	for _, m := range w.marks { // in the order of the feed, so that runs lock rows in one order
		if r, ok := w.changed[m.Key]; ok {
			records = append(records, r)
		}
	}
	if err := tx.UpsertRecords(ctx, records); err != nil {
		return err
	}
	if err := tx.InsertRunItems(ctx, w.items); err != nil {
		return err
	}
	return tx.UpdateRunItems(ctx, slices.Collect(maps.Values(w.changedItems)))
}
