package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/internal/problem"
	"sluice/tenants"
)

const (
	typeCSV    = "csv"
	typeNDJSON = "ndjson"
	typeRows   = "rows" // what Convert writes

	valueRunes = 200 // longest RowError.Value, as long as its column
	maxPassed  = 100 // rows that were passed by and are told of
)

var utf8BOM = []byte("\xef\xbb\xbf")

// Reader reads rows from a snapshot's bytes. It is for one goroutine.
type Reader struct {
	closer     io.Closer
	in         *input
	split      splitter
	format     tenants.Format
	header     []string
	off, line  int64 // where the next row starts; the window may be ahead of it after a failed read
	number     int64 // of the next row, 0 if that is not known
	table      int   // columns that the first rows fill, 0 if that is not known
	passed     []Passed
	incomplete bool
	ended      bool   // the last row has its line end
	foreign    string // the encoding that the text was decoded from, in which U+FFFD was a byte of none
}

// NewReader returns a Reader that starts at the file's first row, or at a position that an earlier
// Reader gave. open opens the file's raw bytes from an offset on; NewReader opens it more than
// once. What format leaves empty is detected. A *problem.Error says why a file cannot be read at
// all: it is empty, HTML, a spreadsheet's own format, or its header is unusable. The caller closes
// the Reader.
func NewReader(open func(offset int64) (io.ReadCloser, error), format tenants.Format, at *Position) (*Reader, error) {
	table := 0
	if at == nil {
		first, columns, err := firstPosition(open, format)
		if err != nil {
			return nil, err
		}
		at, table = first, columns
	}
	r, err := newReader(open, at)
	if err != nil {
		return nil, err
	}
	r.table = table
	if at.Header != nil {
		return r, nil
	}
	if r.format.Type == typeNDJSON {
		// The header is the first rows' keys; the rows themselves are read again from the start.
		header, err := objectHeader(r)
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		if err := r.Close(); err != nil {
			return nil, fmt.Errorf("close the source: %w", err)
		}
		again := *at
		again.Header = header
		return newReader(open, &again)
	}
	if err := r.readHeader(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// firstPosition looks at the file's beginning: its format, and what comes before the first row. It
// also returns how many columns the first rows of a CSV fill.
func firstPosition(open func(int64) (io.ReadCloser, error), format tenants.Format) (at *Position, table int, err error) {
	src, err := open(0)
	if err != nil {
		return nil, 0, fmt.Errorf("open the source: %w", err)
	}
	head, err := io.ReadAll(io.LimitReader(src, DetectBytes))
	if err = errors.Join(err, src.Close()); err != nil {
		return nil, 0, fmt.Errorf("read the source: %w", err)
	}
	found, err := detect(head, nil, File{}, format)
	if err != nil {
		return nil, 0, err
	}
	if format = found.Format; Converts(format) {
		return nil, 0, errors.New("source: a file of this format is converted first")
	}
	at = &Position{Line: 1, Row: 1, Format: format}
	text := bytes.TrimPrefix(head, utf8BOM)
	if format.Type == typeCSV {
		if _, size := sepLine(text); size > 0 {
			text, at.Line = text[size:], 2
		}
		for _, cells := range sampleOf(text, format.Delimiter, len(head) < DetectBytes) {
			table = max(table, width(cells))
		}
	}
	at.Offset = int64(len(head) - len(text))
	if format.HeaderRow == NoHeader {
		at.Header = headerNames(make([]string, max(table, 1)))
	}
	return at, table, nil
}

// newReader returns a Reader at a position whose format is complete.
func newReader(open func(int64) (io.ReadCloser, error), at *Position) (*Reader, error) {
	delimiter := byte(',')
	if at.Format.Delimiter != "" {
		delimiter = at.Format.Delimiter[0]
	}
	if at.Offset < 0 || at.Line < 1 || !slices.Contains([]string{typeCSV, typeNDJSON, typeRows}, at.Format.Type) {
		return nil, fmt.Errorf("source: no position: offset %d, line %d, type %q", at.Offset, at.Line, at.Format.Type)
	}
	src, err := open(at.Offset)
	if err != nil {
		return nil, fmt.Errorf("open the source at %d: %w", at.Offset, err)
	}
	in := newInput(src, at.Offset)
	r := &Reader{
		closer: src, in: in, format: at.Format, header: at.Header, off: at.Offset, line: at.Line, number: at.Row,
		split: splitter{in: in, delimiter: delimiter, rescanned: at.Rescanned},
	}
	return r, nil
}

// Incomplete tells the Reader that the file was cut half-way: a last row without a line end is then
// a RowError, because half a price is a price too.
func (r *Reader) Incomplete() { r.incomplete = true }

// Header returns the column names: never empty, never twice the same. NDJSON names nested keys a.b.
func (r *Reader) Header() []string { return r.header }

// Format returns how the file is read, complete with what was detected.
func (r *Reader) Format() tenants.Format { return r.format }

// Position returns where the row after the last one starts.
func (r *Reader) Position() Position {
	return Position{Offset: r.off, Line: r.line, Row: r.number, Header: r.header, Format: r.format, Rescanned: r.split.rescanned}
}

// Close closes the bytes that open gave.
func (r *Reader) Close() error { return r.closer.Close() }

// Next returns the next row, good or bad, or io.EOF after the last. Any other error is one of
// reading the bytes; the position is then still that of the row that could not be read.
func (r *Reader) Next() (*Row, error) {
	row, err := r.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the source near line %d: %w", r.line, err)
	}
	return row, err
}

func (r *Reader) next() (*Row, error) {
	ndjson := r.format.Type != typeCSV
	for {
		if err := r.blankRows(ndjson); err != nil {
			return nil, err
		}
		n, term, long, err := r.in.eol(0, ndjson)
		if err != nil {
			return nil, err
		}
		switch {
		case long:
			return r.longRow(ndjson)
		case n+term == 0:
			return nil, io.EOF
		}
		r.ended = term > 0
		read := r.csvRow
		switch r.format.Type {
		case typeNDJSON:
			return r.objectRow(n, term), nil
		case typeRows:
			read = r.convertedRow
		}
		if row, err := read(n, term); row != nil || err != nil {
			return row, err
		}
	}
}

// blankRows passes by the blank lines at the window's start, in constant memory. Spreadsheets and
// people leave them everywhere.
func (r *Reader) blankRows(ndjson bool) error {
	for {
		n, term, long, err := r.in.eol(0, ndjson)
		if err != nil {
			return err
		}
		if long || n+term == 0 || !r.blank(r.in.window()[:n]) {
			return nil
		}
		r.advance(&Row{}, n+term, 1)
	}
}

// Passed is a row that is no record, and why.
type Passed struct {
	Line    int64  `json:"-"` // this and Number as those of a Row
	Number  int64  `json:"-"`
	Message string `json:"message"`
	Value   string `json:"value"` // what stood there, shortened
}

func (r *Reader) pass(p Passed) {
	if len(r.passed) < maxPassed {
		r.passed = append(r.passed, p)
	}
}

// Passed returns the rows that were passed by since it was called last, at most maxPassed: rules
// and totals that reports have among their rows.
func (r *Reader) Passed() []Passed {
	out := r.passed
	r.passed = nil
	return out
}

// blank reports whether a line holds nothing but white space and delimiters. Spreadsheets export
// empty rows so.
func (r *Reader) blank(line []byte) bool {
	for _, c := range line {
		if c != ' ' && c != '\t' && c != '\r' && (c != r.split.delimiter || r.format.Type != typeCSV) {
			return false
		}
	}
	return true
}

// longRow skips a line over MaxRowBytes. Its first fields are kept: the key is often among them.
func (r *Reader) longRow(ndjson bool) (*Row, error) {
	row := &Row{Line: r.line, Number: r.number, Err: errLongRow()}
	if !ndjson {
		row.Values = r.firstFields(r.in.window()[:64<<10])
	}
	if err := r.in.skipLine(ndjson); err != nil {
		return nil, err
	}
	r.advance(row, 0, 1)
	return row, nil
}

// firstFields splits the beginning of a line and leaves out what may be cut.
func (r *Reader) firstFields(line []byte) []string {
	if i := bytes.IndexByte(line, '"'); i >= 0 {
		line = line[:i]
	}
	i := bytes.LastIndexByte(line, r.split.delimiter)
	if i < 0 {
		return nil
	}
	var out []string
	for _, f := range bytes.Split(line[:i], []byte{r.split.delimiter}) {
		if len(out) == len(r.header) {
			break
		}
		out = append(out, r.clean(f))
	}
	return out
}

// csvRow reads the row at the window's start, whose first line has n bytes and a terminator of
// term. It returns nil for one that is no record.
func (r *Reader) csvRow(n, term int) (*Row, error) {
	s, err := r.split.split(n, term, len(r.header), len(r.header))
	if err != nil {
		return nil, err
	}
	r.ended = s.term > 0
	raw := r.in.window()[:s.size-s.term]
	row := &Row{Line: r.line, Number: r.number}
	row.Values, row.Err = r.text(s, raw)
	whole := s.bad == "" && row.Err == nil && !s.extra
	msg := ""
	if whole {
		msg = noRecord(row.Values, len(r.header))
	}
	switch {
	case s.bad != "":
		row.Err = &RowError{Field: r.column(s.badAt), Message: s.bad, Value: r.sample(raw)}
	case row.Err != nil:
	case whole && allBlank(row.Values):
		r.advance(row, s.size, s.lines)
		return nil, nil
	case msg != "":
		r.pass(Passed{Line: row.Line, Number: row.Number, Message: msg, Value: r.sample(raw)})
		r.advance(row, s.size, s.lines)
		return nil, nil
	case s.extra || s.columns == 1 && len(r.header) > 1:
		row.Err = &RowError{Message: fmt.Sprintf("%s; the header has %d", columns(s.columns), len(r.header)), Value: r.sample(raw)}
	case r.incomplete && s.term == 0:
		row.Err = &RowError{Message: "the file was cut off in this row", Value: r.sample(raw)}
	default: // Excel leaves out the empty cells at the end of a row
		for len(row.Values) < len(r.header) {
			row.Values = append(row.Values, "")
		}
	}
	r.advance(row, s.size, s.lines)
	return row, nil //nolint:nilerr // a bad row is no failure of reading
}

// advance consumes size more bytes and sets where the row after row starts.
func (r *Reader) advance(row *Row, size int, lines int64) {
	r.in.skip(size)
	r.off = r.in.off
	r.line += lines
	if r.number > 0 {
		r.number++
	}
	row.Next, row.NextLine = r.off, r.line
}

// text makes strings of the split fields, with one allocation for all of them. The RowError, if
// any, is about bytes that are no text.
func (r *Reader) text(s *csvRow, raw []byte) ([]string, *RowError) {
	values := make([]string, len(s.ends))
	if r.notText(raw) == "" {
		all, from := string(s.text[:lastEnd(s)]), 0
		for i, end := range s.ends {
			values[i] = cellText(all[from:end])
			from = end
		}
		return values, nil
	}
	var bad *RowError
	from := 0
	for i, end := range s.ends {
		field := s.text[from:end]
		from = end
		values[i] = cellText(r.clean(field))
		if msg := r.notText(field); msg != "" && bad == nil {
			bad = &RowError{Field: r.column(i), Message: msg, Value: shorten(values[i])}
		}
	}
	if bad == nil { // the bytes may lie in a field that was not kept
		if msg := r.notText(raw); msg != "" {
			bad = &RowError{Message: msg}
		}
	}
	return values, bad
}

func lastEnd(s *csvRow) int {
	if len(s.ends) == 0 {
		return 0
	}
	return s.ends[len(s.ends)-1]
}

// notText says what is wrong with bytes that are not text in the file's encoding.
func (r *Reader) notText(b []byte) string {
	switch {
	case bytes.IndexByte(b, 0) >= 0:
		return "there is a NUL byte in it: export the file again as plain text"
	case r.foreign != "" && bytes.Contains(b, []byte("\uFFFD")):
		return "there is a byte in it that is no character of " + r.foreign + ": choose another encoding, or save the file as UTF-8"
	case !utf8.Valid(b):
		return "it is not valid UTF-8: save the file as UTF-8, or choose its encoding"
	}
	return ""
}

// clean returns b as text that may be shown: without NUL, invalid bytes replaced.
func (r *Reader) clean(b []byte) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(b), "\uFFFD"), "\x00", "")
}

// sample returns the beginning of b for a RowError's Value.
func (r *Reader) sample(b []byte) string { return shorten(r.clean(b[:min(len(b), 8*valueRunes)])) }

// column returns the name of column i, "" beyond the header.
func (r *Reader) column(i int) string {
	if i < 0 || i >= len(r.header) {
		return ""
	}
	return r.header[i]
}

// readHeader reads the header row; what is above it is passed by.
func (r *Reader) readHeader() error {
	if err := r.skipTo(int64(r.format.HeaderRow)); err != nil {
		return err
	}
	if err := r.blankRows(false); err != nil {
		return fmt.Errorf("read the source: %w", err)
	}
	n, term, long, err := r.in.eol(0, false)
	if err != nil {
		return fmt.Errorf("read the source: %w", err)
	}
	if n+term == 0 && !long {
		return ErrEmpty()
	}
	if long || n > maxHeaderBytes {
		return problem.New(problem.TooLarge, "The first line is longer than %d KiB: it must be a header with the names of the columns.", maxHeaderBytes>>10)
	}
	s, err := r.split.split(n, term, MaxColumns, 0)
	if err != nil {
		return fmt.Errorf("read the source: %w", err)
	}
	if s.columns > MaxColumns {
		return problem.New(problem.TooLarge, "The header in line %d has %d columns; the limit is %d.", r.line, s.columns, MaxColumns)
	}
	if s.bad != "" {
		return problem.New(problem.Invalid, "The header in line %d cannot be read: in column %d, %s.", r.line, s.badAt+1, s.bad)
	}
	names, bad := r.text(s, r.in.window()[:s.size-s.term])
	if bad != nil {
		return problem.New(problem.Invalid, "The header in line %d cannot be read: %s.", r.line, bad.Message)
	}
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	r.header = headerNames(names[:max(1, width(names), min(len(names), r.table))])
	r.advance(&Row{}, s.size, s.lines)
	return nil
}

// skipTo passes by the rows above that of the header.
func (r *Reader) skipTo(number int64) error {
	for r.number < number {
		n, term, long, err := r.in.eol(0, false)
		if err != nil {
			return fmt.Errorf("read the source: %w", err)
		}
		if n+term == 0 && !long {
			return problem.New(problem.Invalid, "The header cannot be in row %d: the file has only %d rows.", number, r.number-1)
		}
		if long {
			if err := r.in.skipLine(false); err != nil {
				return fmt.Errorf("read the source: %w", err)
			}
			r.advance(&Row{}, 0, 1)
			continue
		}
		s, err := r.split.split(n, term, 0, 0)
		if err != nil {
			return fmt.Errorf("read the source: %w", err)
		}
		r.advance(&Row{}, s.size, s.lines)
	}
	return nil
}

// headerNames makes each of the names usable: an empty one is called after its
// place, a repeated one gets a number. Identifiers stay identifiers.
func headerNames(names []string) []string {
	out := make([]string, len(names))
	used := make(map[string]bool, len(names)) // false: a name of the file that no column has yet
	last := make(map[string]int)              // name → its last number
	for _, name := range names {
		used[name] = false
	}
	for i, name := range names {
		if name == "" {
			name = "column_" + strconv.Itoa(i+1)
		}
		unique := name
		for n := max(last[name], 1) + 1; ; n++ {
			taken, known := used[unique]
			if !taken && (unique == name || !known) {
				break
			}
			unique = name + "_" + strconv.Itoa(n)
			last[name] = n
		}
		used[unique] = true
		out[i] = unique
	}
	return out
}

func allBlank(values []string) bool {
	return !slices.ContainsFunc(values, func(s string) bool { return strings.TrimSpace(s) != "" })
}

// shorten cuts s to what a RowError may carry.
func shorten(s string) string {
	if len(s) <= valueRunes {
		return s
	}
	n := 0
	for i := range s {
		if n++; n == valueRunes {
			return s[:i] + "…"
		}
	}
	return s
}

// ErrEmpty returns the *problem.Error of a file without a byte.
func ErrEmpty() error {
	return problem.New(problem.Invalid, "The file is empty: export it again, with a header line and one line for each record.")
}
