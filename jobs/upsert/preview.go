package upsert

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"sluice/internal/expression"
	"sluice/internal/problem"
	"sluice/jobs/connector"
	"sluice/jobs/mapping"
	"sluice/jobs/source"
	"sluice/tenants"
)

// InspectRequest says which source to look at.
type InspectRequest struct {
	FlowID   string             // the flow that the source is for, "" if none yet
	Kind     string             // of the connector
	Settings connector.Settings // of which the connector takes what it has fields for
	Secret   string             // "" uses the one that the flow's connection has for the same host
	Format   tenants.Format     // empty fields are detected
}

// Inspection is what the panel shows of a source before it is mapped.
type Inspection struct {
	SnapshotID       string             `json:"snapshot_id"`
	Format           tenants.Format     `json:"format"`
	Ask              string             `json:"ask,omitempty"`      // what is to be chosen, and is empty in Format: encoding, sheet or member; the rest is as the first says
	Readings         []source.Reading   `json:"readings,omitempty"` // by which the encoding is to be chosen
	Sheets           []source.Choice    `json:"sheets,omitempty"`   // of a workbook
	Paths            []source.Choice    `json:"paths,omitempty"`    // of JSON and XML, where records may be
	Members          []source.Choice    `json:"members,omitempty"`  // of a zip archive
	Header           []string           `json:"header"`
	Expressions      []string           `json:"expressions"` // of each column of Header, that which is its value
	Rows             [][]string         `json:"rows"`        // at most 20, long values cut
	RowCount         *int64             `json:"row_count"`   // rows with data in the whole file; nil if it is too large to be counted at once
	RowErrors        []RowError         `json:"row_errors"`
	Size             int64              `json:"size"`
	SuggestedMapping mapping.Suggestion `json:"suggested_mapping"`
	Questions        []mapping.Question `json:"questions"` // about the values that it takes, see Check
}

// RowError is a row that cannot be used.
type RowError struct {
	Line    int64  `json:"line"`
	Field   string `json:"field"`
	Message string `json:"message"`
	Value   string `json:"value"`
}

// Preview is a mapping applied to rows of a snapshot.
type Preview struct {
	Rows          []PreviewRow    `json:"rows"`
	CompileErrors []problem.Field `json:"errors"` // Field is the target

	Questions []mapping.Question `json:"questions"` // see Check
}

// PreviewRow is one row and what the mapping makes of it.
type PreviewRow struct {
	Line     int64             `json:"line"`
	Row      int64             `json:"row"`      // of a spreadsheet
	Key      string            `json:"key"`      // as written
	Source   map[string]string `json:"source"`   // long values cut
	Document mapping.Document  `json:"document"` // as above
	Errors   []problem.Field   `json:"errors"`
	Warnings []problem.Field   `json:"warnings"` // the row goes on
}

const (
	previewRows  = 20
	maxPreview   = 50
	maxRowErrors = 100

	// shownValue is the most characters that an inspection or a preview shows of one value.
	shownValue = 500
	// shownBytes ends an inspection or a preview after the row with which it has shown so much.
	shownBytes = 2 << 20
	// previewWork ends a preview after the row with which its expressions took so many steps: rows
	// that each use up their budget show what is wrong after a few of them.
	previewWork = 5 * expression.MaxSteps
)

// Inspect reads the beginning of a source. What is elsewhere is copied into a snapshot, so that the
// mapping can be tried on it and a run may reuse it. ctx has the store.
func (k *Kind) Inspect(ctx context.Context, req InspectRequest) (*Inspection, error) {
	snap, err := k.sourceOf(ctx, req)
	if err != nil {
		return nil, err
	}
	found, err := source.Detect(k.file(ctx, snap), req.Format)
	if err != nil {
		return nil, err
	}
	format := found.Format
	rows, err := k.rows(ctx, snap, format)
	if err != nil {
		return nil, err
	}
	from, err := k.reader(ctx, rows, format, nil)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	r := &counter{Reader: from}
	switch found.Ask {
	case source.AskEncoding:
		format.Encoding = ""
	case source.AskSheet:
		format.Sheet = ""
	case source.AskMember:
		format.Member = ""
	}
	out := &Inspection{
		SnapshotID: snap.ID, Format: format, Ask: found.Ask, Readings: found.Readings, Sheets: found.Sheets, Paths: found.Paths, Members: found.Members,
		Rows: [][]string{}, RowErrors: []RowError{}, Size: snap.Size,
	}
	out.Header = r.Header()
	out.Expressions = make([]string, len(out.Header))
	for i, column := range out.Header {
		out.Expressions[i] = expression.Name(column)
	}
	l := look{target: k.target}
	shown := func(row *source.Row) []string {
		values := cells(row, out.Header)
		for i, v := range values {
			values[i] = l.value(v)
		}
		return values
	}
	catalogue, err := k.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	keys := newDistinct(out.Header, catalogue.KeyColumns(out.Header))
	for len(out.Rows) < previewRows && len(out.RowErrors) < maxRowErrors && l.goesOn() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("upsert: read snapshot %s: %w", snap.ID, err)
		}
		l.read = r.Position().Offset
		if row.Err != nil {
			out.RowErrors = append(out.RowErrors, RowError{Line: row.Line, Field: row.Err.Field, Message: row.Err.Message, Value: row.Err.Value})
			continue
		}
		keys.see(row)
		out.Rows = append(out.Rows, shown(row))
	}
	further := &spread{keep: shown}
	if out.RowCount, err = r.rest(ctx, func(row *source.Row) { further.see(row); keys.see(row) }); err != nil {
		return nil, fmt.Errorf("upsert: count rows of snapshot %s: %w", snap.ID, err)
	}
	for _, p := range r.Passed() {
		out.RowErrors = append(out.RowErrors, RowError{Line: p.Line, Message: p.Message, Value: p.Value})
	}
	out.SuggestedMapping = catalogue.Suggest(out.Header, slices.Concat(out.Rows, further.rows))
	if from, to, ok := keys.better(); ok {
		catalogue.Rekey(&out.SuggestedMapping, out.Header, from, to)
	}
	proven, err := k.prove(ctx, catalogue, rows, found.Format, out.SuggestedMapping.Mapping())
	out.Questions = append([]mapping.Question{}, proven.asked...)
	return out, err
}

// sourceOf returns the snapshot that a request is about, fetched if need be.
func (k *Kind) sourceOf(ctx context.Context, req InspectRequest) (*tenants.Snapshot, error) {
	o := origin{settings: req.Settings, secret: req.Secret}
	var err error
	if o.source, err = k.cfg.Sources.Source(req.Kind); err != nil {
		return nil, err
	}
	if err := o.source.Check(req.Settings); err != nil {
		return nil, err
	}
	conn, err := k.savedConnection(ctx, req.FlowID)
	if err != nil {
		return nil, err
	}
	spec := o.source.Spec()
	if spec.Has(connector.Address) {
		if o.settings.URL, err = k.cfg.DB.ResolveAddress(ctx, conn, req.Settings.URL); err != nil {
			return nil, err
		}
	}
	if o.secret == "" && spec.Has(connector.Secret) && conn != nil && conn.HasSecret && givenFor(conn, req.Kind, o.settings.URL) {
		if o.secret, err = k.cfg.DB.ConnectionSecret(ctx, conn.ID); err != nil {
			return nil, err
		}
	}
	snap, given, err := k.fetch(ctx, req.FlowID, o)
	if err == nil && given != "" {
		return k.cfg.DB.Snapshot(ctx, given)
	}
	return snap, err
}

// Header returns the columns of what a request is about, as it was read last, and what only a
// person knows about the values that a mapping takes of it: nothing is fetched. Nil if it never was
// read, or cannot be. ctx has the store.
func (k *Kind) Header(ctx context.Context, req InspectRequest, m tenants.Mapping) (header []string, open []tenants.OpenQuestion, err error) {
	snap, err := k.lastRead(ctx, req)
	if err != nil || snap == nil {
		return nil, nil, err
	}
	found, err := source.Detect(k.file(ctx, snap), req.Format)
	if err == nil {
		snap, err = k.rows(ctx, snap, found.Format)
	}
	if err == nil {
		var r *source.Reader
		if r, err = k.reader(ctx, snap, found.Format, nil); err == nil {
			header = r.Header()
			err = r.Close()
		}
	}
	if err == nil {
		open, err = k.open(ctx, snap, found.Format, m)
	}
	var unreadable *problem.Error
	if errors.As(err, &unreadable) { // which a run of it will say
		return nil, nil, nil
	}
	return header, open, err
}

// lastRead returns the snapshot that a request's source was last copied to, nil if there is none.
// What the request leaves out is as the flow has it.
func (k *Kind) lastRead(ctx context.Context, req InspectRequest) (*tenants.Snapshot, error) {
	f, err := k.cfg.DB.Flow(ctx, req.FlowID)
	if err != nil {
		return nil, err
	}
	conn, err := k.savedConnection(ctx, req.FlowID)
	if err != nil {
		return nil, err
	}
	if req.Kind == "" && conn != nil {
		req.Kind, req.Settings.URL = conn.Kind, conn.URL
	}
	from, err := k.cfg.Sources.Source(req.Kind)
	if err != nil {
		return nil, nil //nolint:nilerr // whoever saves it is told
	}
	if from.Spec().Has(connector.File) {
		id := req.Settings.Snapshot
		if id == "" {
			id = f.SnapshotID
		}
		snap, err := k.cfg.DB.Snapshot(ctx, id)
		if problem.CodeOf(err) == problem.NotFound {
			return nil, nil
		}
		return snap, err
	}
	address, err := k.cfg.DB.ResolveAddress(ctx, conn, req.Settings.URL)
	if err != nil {
		return nil, nil //nolint:nilerr // whoever saves it is told
	}
	return k.cfg.DB.LatestSnapshot(ctx, req.FlowID, address)
}

// savedConnection returns the connection of a flow, nil if it has none.
func (k *Kind) savedConnection(ctx context.Context, flowID string) (*tenants.Connection, error) {
	if flowID == "" {
		return nil, nil
	}
	flow, err := k.cfg.DB.Flow(ctx, flowID)
	if err != nil || flow.ConnectionID == "" {
		return nil, err
	}
	return k.cfg.DB.Connection(ctx, flow.ConnectionID)
}

// givenFor reports whether a connection's secret was given for where a source of kind goes, which
// has no address if that is "". A saved secret must never go to an address that somebody typed in
// later.
func givenFor(conn *tenants.Connection, kind, address string) bool {
	if address == "" {
		return conn.Kind == kind
	}
	return sameHost(conn.URL, address)
}

func sameHost(a, b string) bool {
	x, err1 := url.Parse(a)
	y, err2 := url.Parse(b)
	return err1 == nil && err2 == nil && x.Scheme == y.Scheme && x.Host != "" && strings.EqualFold(x.Host, y.Host)
}

// cells returns a row's values in the header's order, as text.
func cells(row *source.Row, header []string) []string {
	if row.Object == nil {
		return row.Values
	}
	out := make([]string, len(header))
	for i, h := range header {
		v, _ := source.Lookup(row.Object, h)
		out[i] = cell(v)
	}
	return out
}

func cell(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case map[string]any, []any:
		b, err := json.Marshal(x)
		if err != nil {
			return ""
		}
		return string(b)
	default:
		return fmt.Sprint(x)
	}
}

// look counts what was read and shown of a source.
type look struct {
	target             Target
	read, shown, steps int64
}

// goesOn reports whether there is room for another row.
func (l *look) goesOn() bool {
	return l.read < windowBytes && l.shown < shownBytes && l.steps < previewWork
}

// value is a value as it is shown. What is cut is copied: it must not keep the whole row in memory.
func (l *look) value(v string) string {
	if short := expression.Clip(v, shownValue); short != v {
		v = strings.Clone(short)
	}
	l.shown += int64(len(v))
	return v
}

// document is a document as it is shown.
func (l *look) document(d mapping.Document) {
	for target, v := range d {
		l.shown += int64(len(target))
		switch v := v.(type) {
		case string:
			d[target] = l.value(v)
		case []any:
			for i, item := range v {
				if s, ok := item.(string); ok {
					v[i] = l.value(s)
				}
			}
		}
	}
}

// PreviewMapping applies a mapping to rows of a snapshot, at most 50, and fewer of large rows or of
// ones that take much work. They are spread over the file's beginning, windowBytes of it at most;
// rows that would fail come first. A mapping that does not compile is no error: CompileErrors say
// where, and the documents lack those fields. ctx has the store.
func (k *Kind) PreviewMapping(ctx context.Context, snapshotID string, format tenants.Format, m tenants.Mapping, limit int) (*Preview, error) {
	if limit <= 0 || limit > maxPreview {
		limit = maxPreview
	}
	scan, err := k.openScan(ctx, snapshotID, format, m)
	if err != nil {
		return nil, err
	}
	defer scan.close()
	out := &Preview{CompileErrors: scan.errors(), Questions: append([]mapping.Question{}, scan.asked...)}
	p := picker{look: look{target: k.target}, limit: limit, every: max(1, min(scan.size, windowBytes)/int64(limit)), faults: map[string]int{}}
	began := time.Now()
	for p.goesOn() && time.Since(began) < previewTime {
		row, made, err := scan.next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		p.take(scan, row, made)
	}
	out.Rows = p.rows()
	return out, nil
}

// previewTime is how long a preview looks for rows.
const previewTime = 2 * time.Second

// picker chooses the rows of a preview.
type picker struct {
	look
	limit     int
	every     int64 // bytes from one row that is shown to the next
	due       int64 // where the next begins
	good, bad []PreviewRow
	faults    map[string]int // rows in bad, by the first field that is wrong
}

// take shows a row if it would fail, or if it is one of those that are spread over the file. Of
// rows that fail because of the same field a few are enough.
func (p *picker) take(scan *scan, row *source.Row, m *made) {
	p.read = row.Next
	steps, _ := scan.program.Spent()
	p.steps += steps
	wrong := scan.wrong(row, m)
	if len(wrong) == 0 {
		if row.Next > p.due {
			p.due = row.Next - row.Next%p.every + p.every
			p.good = append(p.good, p.row(scan.header, row, m, wrong))
		}
		return
	}
	if p.faults[wrong[0].Field]++; p.faults[wrong[0].Field] <= max(3, p.limit/8) && len(p.bad) < p.limit {
		p.bad = append(p.bad, p.row(scan.header, row, m, wrong))
	}
}

// rows are those that are shown: half of them may be ones that would fail, more if there are too
// few others.
func (p *picker) rows() []PreviewRow {
	bad := p.bad[:min(len(p.bad), max(p.limit/2, p.limit-len(p.good)))]
	room := p.limit - len(bad)
	out := append(make([]PreviewRow, 0, p.limit), bad...)
	for i := range min(room, len(p.good)) {
		out = append(out, p.good[i*len(p.good)/min(room, len(p.good))])
	}
	return out
}

// row shows a row and what the mapping makes of it.
func (l *look) row(header []string, row *source.Row, m *made, wrong []problem.Field) PreviewRow {
	out := PreviewRow{Line: row.Line, Row: row.Number, Source: make(map[string]string, len(header)), Errors: wrong, Warnings: []problem.Field{}}
	for i, v := range cells(row, header) {
		if i < len(header) {
			l.shown += int64(len(header[i]))
			out.Source[header[i]] = l.value(v)
		}
	}
	if m != nil {
		for _, n := range m.notes {
			if n.Message == "" {
				n.Message = n.Nothing + " was taken as empty"
			}
			out.Warnings = append(out.Warnings, problem.Field{Field: n.Field, Message: n.Message})
		}
		out.Document, out.Key = m.fields, l.value(m.key.Shown)
		l.document(out.Document)
	}
	return out
}
