package source

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/text/transform"

	"sluice/internal/problem"
	"sluice/tenants"
)

// File is a merchant's file as a connector copied it.
type File struct {
	Open        func(offset int64) (io.ReadCloser, error) // its bytes from an offset on
	Size        int64
	Complete    bool // false: it was cut half-way
	ContentType string
	Filename    string
}

// Converts reports whether a file of a format is not read as it is: Convert makes rows of it first,
// once, and a Reader reads those.
func Converts(f tenants.Format) bool {
	return f.Encoding != encUTF8 || f.Archive != "" || len(f.Delimiter) > 1 || slices.Contains([]string{typeJSON, typeXML, typeXLSX}, f.Type)
}

// Convert writes the rows of a file whose format is complete to w, for a Reader that starts at
// Start. It returns the names of the columns. The last row of a file that was cut is left out if it
// may not be whole. A *problem.Error says why the file cannot be read at all.
func Convert(ctx context.Context, f File, format tenants.Format, w io.Writer) (header []string, err error) {
	out := rowWriter{w: bufio.NewWriter(w)}
	switch format.Type {
	case typeXLSX:
		header, err = convertWorkbook(ctx, f, format, &out)
	case typeJSON, typeXML:
		header, err = convertDocument(ctx, f, format, &out)
	default:
		header, err = convertLines(ctx, f, format, &out)
	}
	if err != nil {
		return nil, err
	}
	return header, out.w.Flush()
}

// openText opens the text of a file whose encoding is known.
func openText(f File, format tenants.Format) (io.ReadCloser, error) {
	e, ok := encodingNamed(format.Encoding)
	if !ok {
		return nil, errEncoding()
	}
	src, err := unpack(f, format)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{transform.NewReader(src, e.code.NewDecoder()), src}, nil
}

// alsoClose closes c, and adds to err what went wrong.
func alsoClose(c io.Closer, err *error) { *err = errors.Join(*err, c.Close()) }

// convertWorkbook writes the rows of a sheet.
func convertWorkbook(ctx context.Context, f File, format tenants.Format, out *rowWriter) (header []string, err error) {
	w, err := openWorkbook(f)
	if err != nil {
		return nil, err
	}
	defer alsoClose(w, &err)
	s, err := w.sheetNamed(format.Sheet)
	if err != nil {
		return nil, err
	}
	texts, err := w.strings(0)
	if err != nil {
		return nil, err
	}
	defer alsoClose(texts, &err)
	rows, err := w.rows(s, texts)
	if err != nil {
		return nil, err
	}
	defer alsoClose(rows, &err)
	return convertCells(ctx, rows, format.HeaderRow, out)
}

// convertDocument writes the records of a document, which is of no use if it is not whole.
func convertDocument(ctx context.Context, f File, format tenants.Format, out *rowWriter) (header []string, err error) {
	if !f.Complete {
		return nil, problem.New(problem.Unavailable, "The file did not come whole. Start the run again when the source is well.")
	}
	text, err := openText(f, format)
	if err != nil {
		return nil, err
	}
	defer text.Close()
	from := bufio.NewReader(text)
	if mark, err := from.Peek(len(utf8BOM)); err == nil && bytes.Equal(mark, utf8BOM) {
		_, _ = from.Discard(len(utf8BOM))
	}
	if format.Type == typeXML {
		return convertXML(ctx, from, format.Path, out)
	}
	return convertJSON(ctx, from, format.Path, out)
}

// convertLines writes the rows of a text with a row a line.
func convertLines(ctx context.Context, f File, format tenants.Format, out *rowWriter) (header []string, err error) {
	separator := separatorOf(format.Delimiter)
	open := func(offset int64) (io.ReadCloser, error) {
		src, err := openText(f, format)
		if err != nil {
			return nil, err
		}
		text := separator.single(src)
		if _, err := io.CopyN(io.Discard, text, offset); err != nil {
			return nil, errors.Join(err, src.Close())
		}
		return struct {
			io.Reader
			io.Closer
		}{text, src}, nil
	}
	plain := format
	plain.Encoding, plain.Archive, plain.Member = encUTF8, "", ""
	plain.Delimiter = separator.byte()
	r, err := NewReader(open, plain, nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if e, ok := encodingNamed(format.Encoding); ok && e.Name != encUTF8 {
		r.foreign = e.Label
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := out.pass(separator.passed(r.Passed())); err != nil {
			return nil, err
		}
		if !f.Complete && !r.ended {
			break
		}
		separator.restore(row.Values)
		if row.Err != nil {
			row.Err.Value = separator.shown(row.Err.Value)
		}
		if err := out.row(row); err != nil {
			return nil, err
		}
	}
	separator.restore(r.header)
	return r.header, out.pass(separator.passed(r.Passed()))
}

// Start is where the rows begin that Convert wrote.
func Start(header []string) *Position {
	if header == nil {
		header = []string{}
	}
	return &Position{Line: 1, Row: 1, Header: header, Format: tenants.Format{Type: typeRows, Encoding: encUTF8}}
}

// Converted reports whether a position is one in rows that Convert wrote.
func (p *Position) Converted() bool { return p.Format.Type == typeRows }

// converted is a row as Convert writes it, a line of JSON each.
type converted struct {
	Line   int64          `json:"l"`
	Next   int64          `json:"m"` // Row.NextLine
	Number int64          `json:"n,omitempty"`
	Values []string       `json:"v,omitempty"`
	Object map[string]any `json:"o,omitzero"` // {} is a record too
	Err    *RowError      `json:"e,omitempty"`
	Passed *Passed        `json:"p,omitempty"`
}

type rowWriter struct {
	w   *bufio.Writer
	buf bytes.Buffer
}

func (o *rowWriter) pass(passed []Passed) error {
	for _, p := range passed {
		if err := o.write(converted{Line: p.Line, Next: p.Line + 1, Number: p.Number, Passed: &p}); err != nil {
			return err
		}
	}
	return nil
}

func (o *rowWriter) row(r *Row) error {
	return o.write(converted{Line: r.Line, Next: r.NextLine, Number: r.Number, Values: r.Values, Object: r.Object, Err: r.Err})
}

func (o *rowWriter) write(c converted) error {
	o.buf.Reset()
	enc := json.NewEncoder(&o.buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c); err != nil {
		return fmt.Errorf("convert a row: %w", err)
	}
	if o.buf.Len() > MaxRowBytes {
		return o.write(converted{Line: c.Line, Next: c.Next, Number: c.Number, Err: errLongRow()})
	}
	_, err := o.w.Write(o.buf.Bytes())
	return err
}

// convertedRow reads the row at the window's start; nil for one that is no record.
func (r *Reader) convertedRow(n, term int) (*Row, error) {
	dec := json.NewDecoder(bytes.NewReader(r.in.window()[:n]))
	dec.UseNumber()
	var c converted
	if err := dec.Decode(&c); err != nil {
		return nil, fmt.Errorf("a converted row: %w", err)
	}
	r.advance(&Row{}, n+term, 0)
	r.line, r.number = c.Next, c.Number+1
	if c.Passed != nil {
		c.Passed.Line, c.Passed.Number = c.Line, c.Number
		r.pass(*c.Passed)
		return nil, nil
	}
	if c.Err == nil && c.Object == nil {
		for len(c.Values) < len(r.header) { // cells after the last that is filled
			c.Values = append(c.Values, "")
		}
	}
	return &Row{Line: c.Line, Number: c.Number, Next: r.off, NextLine: c.Next, Values: c.Values, Object: c.Object, Err: c.Err}, nil
}

func errLongRow() *RowError {
	return &RowError{Message: fmt.Sprintf("the row is longer than %d MiB", MaxRowBytes>>20)}
}

func errEncoding() error {
	return problem.New(problem.Invalid, "Sluice does not know this encoding. Choose one of the list, or leave it empty to have it found.")
}
