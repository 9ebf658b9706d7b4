package upsert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"sluice/internal/limits"
	"sluice/internal/problem"
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/source"
	"sluice/tenants"
)

const (
	// windowBytes ends a plan step's window early when its rows are large, or the documents that are
	// made of them, so that memory stays bounded.
	windowBytes = 16 << 20

	// statisticsAfter is the window after which the database is to look at what a first run fills it
	// with: its tables are not tiny then, and by far the most windows of a large feed are still to
	// come.
	statisticsAfter = 2

	recordOK      = "ok"
	recordPending = "pending"
	recordFailed  = "failed"

	actionCreate    = "create"
	actionUpdate    = "update"
	actionUnchanged = "unchanged"
)

// mapped is a row that became a document.
type mapped struct {
	place
	shown string // its key as written
	key   string
	doc   itemDoc
	hash  string
	bad   bool // a fault was noted: the row fails, but its key counts as seen
	pass  bool // a retry only passes it by: it did not fail last time

	rows   []int64          // lines of all of its rows, if there may be several
	why    string           // the first fault of any of them
	merged bool             // another row was added to it
	item   *tenants.RunItem // of a row of an earlier window: what was planned of it
}

// place is where a row stands in the source.
type place struct{ line, row int64 }

// seen is what a record keeps of the place: the row, if that is known.
func (p place) seen() int64 {
	if p.row == 0 {
		return p.line
	}
	return p.row
}

// String names the place for people: by the row of the spreadsheet, if that is known.
func (p place) String() string {
	if p.row == 0 {
		return fmt.Sprintf("line %d", p.line)
	}
	return fmt.Sprintf("row %d", p.row)
}

// fault notes an error about a row.
func (s *step) fault(m *mapped, cure tenants.Cure, field, message, value string) {
	s.Fault(flow.Issue{Line: m.line, Row: m.row, Key: m.shown, Field: field, Message: message, Value: value, Cure: cure})
}

// warn notes a warning about a row.
func (s *step) warn(m *mapped, cure tenants.Cure, field, message, value string) {
	s.Warn(flow.Issue{Line: m.line, Row: m.row, Key: m.shown, Field: field, Message: message, Value: value, Cure: cure})
}

// plan reads a window of rows and sorts them: refused, unchanged since it last landed, or to be
// matched with the store.
func (s *step) plan(ctx context.Context) error {
	from, err := s.DB().Snapshot(ctx, s.run.SnapshotID)
	if err == nil {
		from, err = s.k.rows(ctx, from, s.run.Format)
	}
	if problem.CodeOf(err) == problem.NotFound {
		return errFileGone
	}
	if err != nil {
		return err
	}
	r, err := s.k.reader(ctx, from, s.run.Format, s.cp.At)
	if err != nil {
		return err
	}
	defer r.Close()
	header := r.Header()
	if s.cp.At != nil {
		header = s.cp.At.Header
	} else {
		s.OnCommit(func(ctx context.Context, tx *tenants.DB) error { return tx.SetFlowHeader(ctx, s.run.FlowID, header) })
	}
	catalogue, err := s.k.Catalogue(ctx)
	if err != nil {
		return err
	}
	program, err := catalogue.Compile(s.mapping(), header)
	if err != nil {
		return compileVerdict(err)
	}
	var tail tailInfo
	if s.run.Incomplete {
		if tail, err = tailOf(ctx, s.DB(), from); err != nil {
			return err
		}
	}
	if program.Layout() != nil {
		return s.planGroups(ctx, r, program, header, tail)
	}
	rows, end, err := s.readWindow(ctx, r, program, header, tail)
	if err != nil {
		return err
	}
	s.tellPassed(r)
	if err := s.prepareRows(ctx, rows); err != nil {
		if s.Held(err) {
			return nil // the window is read again when there is quota
		}
		return err
	}
	if err := s.k.cfg.Limits.Check(limits.FeedRows, s.run.Read, int64(len(rows))); err != nil {
		return err
	}
	if err := s.sortRows(ctx, rows); err != nil {
		return err
	}
	s.passed(r.Position())
	if end {
		return s.planned(ctx)
	}
	return nil
}

// tellPassed warns of what the reader passed by.
func (s *step) tellPassed(r *source.Reader) {
	if s.run.RetryOf != "" { // the run that is retried has told of it
		return
	}
	for _, p := range r.Passed() {
		s.Warn(flow.Issue{Line: p.Line, Row: p.Number, Message: p.Message, Value: p.Value, Cure: tenants.CureFile})
	}
}

// passed notes where the next window begins.
func (s *step) passed(at source.Position) {
	s.cp.At = &at
	s.run.BytesRead = at.Offset
	s.cp.Windows++
	if s.cp.Windows == statisticsAfter {
		s.AfterCommit(s.statistics)
	}
}

// statistics lets the database plan by what is in the tables that the plan phase fills and reads.
// Without it the run is only slower.
func (s *step) statistics(ctx context.Context) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer stop()
	if err := s.DB().GatherStatistics(ctx, s.run.Read, &tenants.Record{}, &tenants.RunItem{}); err != nil {
		s.Log().WarnContext(ctx, "no statistics gathered", "store", s.run.StoreHash, "run", s.run.ID, "error", err)
	}
}

// planned ends the phase: every row was read.
func (s *step) planned(ctx context.Context) error {
	s.run.Total = s.run.Read
	if s.run.Incomplete {
		s.Warn(flow.Issue{Cure: tenants.CureSource, Message: fmt.Sprintf("The source stopped before its end: %s is the last that came whole. The rows up to there were used, and no %s was treated as missing because of it. Start a new run when the source is well again.", place{s.cp.LastLine, s.cp.LastRow}, s.k.spec.Singular)})
	}
	if s.run.Total == 0 && s.run.RetryOf == "" {
		s.Warn(flow.Issue{Cure: tenants.CureSource, Message: fmt.Sprintf("There is no row with data below the header, so there is nothing to write. The %s stay in the store as they are.", s.k.spec.Plural)})
	}
	if s.run.RetryOf == "" { // the run that is retried has told of them
		s.tellNothing()
	}
	s.cp = checkpoint{Keyless: s.cp.Keyless}
	s.Enter(tenants.PhaseMatch)
	return s.weighRows(ctx)
}

// compileVerdict ends the run because of its mapping.
func compileVerdict(err error) error {
	var p *problem.Error
	if !errors.As(err, &p) {
		return err
	}
	message := p.Message
	if len(p.Fields) > 0 {
		message = fmt.Sprintf("What %s comes from does not fit the source: %s", p.Fields[0].Field, p.Fields[0].Message)
	}
	return flow.Verdict(err, message)
}

// tailInfo says how an incomplete snapshot ends.
type tailInfo struct {
	cut  bool  // the snapshot is incomplete
	size int64 // of the snapshot
	open bool  // its last byte does not end a line, so the last row may lack characters
}

// tailOf says how a snapshot that is not complete ends.
func tailOf(ctx context.Context, db *tenants.DB, snap *tenants.Snapshot) (tailInfo, error) {
	t := tailInfo{cut: true, size: snap.Size}
	if snap.Size == 0 {
		return t, nil
	}
	r, err := db.OpenSnapshot(ctx, snap.ID, snap.Size-1)
	if err != nil {
		return tailInfo{}, err
	}
	defer r.Close()
	var last [1]byte
	if _, err := io.ReadFull(r, last[:]); err != nil {
		return tailInfo{}, fmt.Errorf("upsert: end of snapshot %s: %w", snap.ID, err)
	}
	t.open = last[0] != '\n' && last[0] != '\r'
	return t, nil
}

// drops reports whether row, of an incomplete snapshot, may only be the beginning of a row: the
// last one without its line end, or one whose quoted field was never closed (then what follows is
// the inside of that field, not rows). A price cut from 12.50 to 1 must not be believed.
func (t tailInfo) drops(row *source.Row) bool {
	if !t.cut {
		return false
	}
	if row.Err != nil && strings.Contains(row.Err.Message, "is never closed") {
		return true
	}
	return t.open && row.Next >= t.size
}

// readWindow maps rows until the window is full or the step's time is over: an expression may take
// long. end reports that there are no more.
func (s *step) readWindow(ctx context.Context, r *source.Reader, program *mapping.Program, header []string, tail tailInfo) (rows []mapped, end bool, err error) {
	columns := columnsOf(s.run.Mapping, header)
	var first, bytes, made int64
	for n := 0; n < s.k.cfg.WindowRows && bytes < windowBytes && made < windowBytes; n++ {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		if n > 0 && s.Spent(ctx) {
			break
		}
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, true, nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("upsert: read snapshot %s: %w", s.run.SnapshotID, err)
		}
		if tail.drops(row) {
			return rows, true, nil
		}
		if n == 0 {
			first = row.Next
		}
		bytes = row.Next - first
		s.cp.LastLine, s.cp.LastRow = row.Line, row.Number
		m, err := s.mapRow(ctx, row, program, columns)
		if err != nil {
			return nil, false, err
		}
		made += int64(m.doc.Fields.Size())
		rows = append(rows, m)
	}
	return rows, false, nil
}

// mapRow turns a row into a document, or notes what is wrong with it. The error is ctx's.
func (s *step) mapRow(ctx context.Context, row *source.Row, program *mapping.Program, columns map[string]int) (mapped, error) {
	m := mapped{place: place{row.Line, row.Number}}
	if row.Err != nil {
		// What could be read of a bad row often has its key, which tells people more than a line does.
		fields := documentOfBad(row, columns)
		key := s.k.target.Key(fields)
		t, ok := s.k.target.(Merger)
		merges := ok && t.Merges(s.run)
		if merges && key.Folded == "" && row.Values != nil { // an expression makes the key
			made, _, err := program.Apply(ctx, row.Values)
			if err != nil {
				return m, err
			}
			fields, key = made, s.k.target.Key(made)
		}
		s.Fault(flow.Issue{Line: row.Line, Row: row.Number, Key: key.Shown, Field: row.Err.Field, Message: row.Err.Message, Value: row.Err.Value, Cure: tenants.CureFile})
		m.bad = true
		if merges {
			m.key, m.shown, m.doc.Fields = key.Folded, key.Shown, fields // the others of its record are not all of it
		}
		return m, nil //nolint:nilerr // the row is wrong, not the reading of it
	}
	made, err := mapRow(ctx, s.k.target, program, row)
	if err != nil {
		return m, err
	}
	m.doc = itemDoc{Doc: Doc{Fields: made.fields}, lacks: made.lacks}
	m.shown = made.key.Shown
	s.tellNotes(&m, made.notes)
	for _, w := range made.wrong {
		m.bad = true
		s.fault(&m, tenants.CureMatching, w.Field, w.Message, valueOf(row, columns, w.Field))
	}
	for _, w := range made.warned {
		s.warn(&m, tenants.CureMatching, w.Field, w.Message, w.Value)
	}
	if made.key.Problem != "" {
		if !made.keyWrong() {
			s.fault(&m, tenants.CureMatching, made.key.Field, made.key.Problem, m.shown)
		}
		m.bad = true
		return m, nil
	}
	m.key = made.key.Folded
	if !m.bad {
		m.hash = made.fields.Hash()
	}
	return m, nil
}

// documentOfBad is what can be told of a row that cannot be read.
func documentOfBad(row *source.Row, columns map[string]int) mapping.Document {
	d := make(mapping.Document, len(columns))
	for target := range columns {
		if v := valueOf(row, columns, target); v != "" {
			d[target] = tenants.Clean(v, maxKey)
		}
	}
	return d
}

// columnsOf finds the targets that are mapped from one column as it is, to show what the source
// had.
func columnsOf(m tenants.Mapping, header []string) map[string]int {
	at := make(map[string]int, len(header))
	for i, h := range header {
		at[h] = i
	}
	out := make(map[string]int)
	for _, f := range m.Fields {
		expression := strings.TrimSpace(f.Expression)
		i, found := at[expression]
		if !found {
			name, isRow := strings.CutPrefix(expression, `row["`)
			name, closed := strings.CutSuffix(name, `"]`)
			i, found = at[name]
			found = found && isRow && closed
		}
		if found {
			out[f.Target] = i
		}
	}
	return out
}

func valueOf(row *source.Row, columns map[string]int, target string) string {
	if i, ok := columns[target]; ok && i < len(row.Values) {
		return row.Values[i]
	}
	return ""
}

// prepareRows has the target look at the rows, and takes their keys again from what it makes of
// them.
func (s *step) prepareRows(ctx context.Context, rows []mapped) error {
	p, ok := s.k.target.(Preparer)
	if !ok {
		return nil
	}
	var known []*mapped
	var prepared []*Row
	for i := range rows {
		if rows[i].key != "" { // bad ones too: it is the key by which they are known
			known = append(known, &rows[i])
			prepared = append(prepared, &Row{Fields: rows[i].doc.Fields})
		}
	}
	if len(prepared) == 0 {
		return nil
	}
	if err := p.Prepare(ctx, s.Step, prepared); err != nil {
		return err
	}
	for i, m := range known {
		m.doc.Fields = prepared[i].Fields
		key := s.k.target.Key(m.doc.Fields)
		m.key, m.shown = key.Folded, key.Shown
		for _, n := range prepared[i].notes {
			if !n.refused {
				s.warn(m, n.cure, n.field, n.message, n.value)
				continue
			}
			s.fault(m, n.cure, n.field, n.message, n.value)
			m.bad = true
		}
		if key.Problem != "" && !m.bad {
			s.fault(m, tenants.CureMatching, key.Field, key.Problem, m.shown)
			m.bad = true
		}
		m.hash = ""
		if !m.bad {
			m.hash = m.doc.Fields.Hash()
		}
	}
	return nil
}

// sortRows decides about a window's rows with a handful of queries, whatever their number.
func (s *step) sortRows(ctx context.Context, rows []mapped) error {
	window, err := s.openWindow(ctx, rows)
	if err != nil {
		return err
	}
	if window.merger == nil { // a part of the rows is not the whole of a record
		if err := s.passRetried(ctx, rows); err != nil {
			return err
		}
	}
	var work []*mapped // to be planned, if their names permit
	for i := range rows {
		m := &rows[i]
		if !m.pass {
			s.run.Read++
		}
		if m.key != "" {
			if first, seen := window.firstPlace(m); seen {
				if window.merger != nil {
					window.merge(m)
					s.run.Read-- // it is part of a record that was counted
				} else if !m.pass {
					m.bad = true
					s.fault(m, tenants.CureFile, s.k.target.Key(m.doc.Fields).Field, s.repeated(first), m.shown)
					s.run.Failed++
				}
				continue
			}
			window.seen(m)
			window.first[m.key] = m
		} else {
			s.cp.Keyless++
		}
		switch {
		case m.pass:
		case m.bad:
			s.run.Failed++
			window.failed(m)
		case window.unchanged(m):
			s.run.Unchanged++
			for _, i := range badLacks(m.doc) {
				s.warn(m, i.Cure, i.Field, i.Message, i.Value)
			}
		default:
			field, why, refused := window.refused(m)
			if !refused {
				work = append(work, m)
				continue
			}
			s.fault(m, tenants.CureRetry, field, why, "")
			s.run.Failed++
		}
	}
	if work, err = window.mergeAll(work); err != nil {
		return err
	}
	if err := window.admit(ctx, work, s); err != nil {
		return err
	}
	s.OnCommit(window.write)
	return nil
}

// passRetried marks the rows that a retry only passes by: those that did not fail last time. In a
// file that was fixed since, rows may have moved, so a failed row is known by its key as well.
func (s *step) passRetried(ctx context.Context, rows []mapped) error {
	if s.run.RetryOf == "" || len(rows) == 0 {
		return nil
	}
	failed, err := s.failedLines(ctx, rows)
	if err != nil {
		return err
	}
	keys, err := s.failedKeys(ctx, rows)
	if err != nil {
		return err
	}
	passed := make(map[int64]bool)
	for i := range rows {
		lines := rows[i].lines()
		if !slices.ContainsFunc(lines, func(l int64) bool { return failed[l] }) && !keys[rows[i].key] {
			rows[i].pass = true
			for _, l := range lines {
				passed[l] = true
			}
		}
	}
	s.DropIssues(passed) // faults of rows that only pass by are not this run's
	return nil
}

// failedLines returns which lines of a window failed in the run that this one retries.
func (s *step) failedLines(ctx context.Context, rows []mapped) (map[int64]bool, error) {
	least, most := rows[0].line, rows[0].line
	for i := range rows {
		for _, l := range rows[i].lines() {
			least, most = min(least, l), max(most, l)
		}
	}
	var lines []int64
	err := s.DB().Scoped(ctx).Model(&tenants.RunIssue{}).Distinct().
		Where("run_id = ? AND severity = ? AND line BETWEEN ? AND ?", s.run.RetryOf, flow.SeverityError, least, most).
		Pluck("line", &lines).Error
	if err != nil {
		return nil, fmt.Errorf("upsert: failed rows of run %s: %w", s.run.RetryOf, err)
	}
	failed := make(map[int64]bool, len(lines))
	for _, l := range lines {
		failed[l] = true
	}
	return failed, nil
}

// lines are those of all of the record's rows.
func (m *mapped) lines() []int64 {
	if m.rows == nil {
		return []int64{m.line}
	}
	return m.rows
}

// repeated says that the record of a row is in an earlier one already.
func (s *step) repeated(first place) string {
	if l := s.run.Mapping.Layout; l.Groups() && !l.Apart {
		return fmt.Sprintf("other rows of this %s begin in %s, and rows of others stand between: only those were used. Sort the file so that the rows of one %s stand together, or choose that they may stand apart", s.k.spec.Singular, first, s.k.spec.Singular)
	}
	return s.k.sameKey(first)
}

// failedKeys returns which keys of a window failed in the run that this one retries; none unless
// the file was fixed.
func (s *step) failedKeys(ctx context.Context, rows []mapped) (map[string]bool, error) {
	if !s.cp.Fixed {
		return nil, nil
	}
	var shown []string
	byShown := make(map[string]string, len(rows))
	for i := range rows {
		if rows[i].shown != "" {
			shown = append(shown, rows[i].shown)
			byShown[rows[i].shown] = rows[i].key
		}
	}
	if len(shown) == 0 {
		return nil, nil
	}
	var failed []string
	err := s.DB().Scoped(ctx).Model(&tenants.RunIssue{}).Distinct().
		Where("run_id = ? AND severity = ? AND key IN ?", s.run.RetryOf, flow.SeverityError, shown).Pluck("key", &failed).Error
	if err != nil {
		return nil, fmt.Errorf("upsert: failed keys of run %s: %w", s.run.RetryOf, err)
	}
	keys := make(map[string]bool, len(failed))
	for _, shown := range failed {
		keys[byShown[shown]] = true
	}
	return keys, nil
}
