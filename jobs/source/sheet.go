package source

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

const maxSheetRow = 1 << 20 // the last row that a sheet has

// sheetRows are the rows of a sheet.
type sheetRows struct {
	book  *workbook
	texts *sharedStrings
	part  io.ReadCloser
	x     *xmlTokens
	row   cellRow
	size  int // bytes of the row's cells
	value []byte
}

func (w *workbook) rows(s sheet, texts *sharedStrings) (*sheetRows, error) {
	part, err := w.open(s.part)
	if err != nil {
		return nil, err
	}
	return &sheetRows{book: w, texts: texts, part: part, x: newXMLTokens(part)}, nil
}

// Close closes the sheet.
func (r *sheetRows) Close() error { return r.part.Close() }

func (r *sheetRows) next() (*cellRow, error) {
	row, err := r.read()
	if err != nil && !errors.Is(err, io.EOF) {
		err = inWorkbook(err)
	}
	return row, err
}

func (r *sheetRows) read() (*cellRow, error) {
	for {
		t, err := r.x.next()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Local == "row" {
				return &r.row, r.cells(t)
			}
		case xml.EndElement:
			if t.Name.Local == "sheetData" {
				return nil, io.EOF
			}
		}
	}
}

// cells reads the cells of a row. Programs may leave out the places of rows and cells that follow
// the last.
func (r *sheetRows) cells(start xml.StartElement) error {
	number := r.row.number + 1
	if s := attr(start, "r"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < number {
			return r.x.invalid("row " + shorten(s) + " is out of order")
		}
		number = n
	}
	if number > maxSheetRow {
		return r.x.invalid("a sheet has no row " + strconv.FormatInt(number, 10))
	}
	clear(r.row.cells)
	r.row = cellRow{number: number, cells: r.row.cells[:0], badAt: -1}
	r.size = 0
	for depth := len(r.x.open); ; {
		t, err := r.x.next()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Local == "c" {
				if err := r.cell(t); err != nil {
					return err
				}
			}
		case xml.EndElement:
			if len(r.x.open) < depth {
				return nil
			}
		}
	}
}

func (r *sheetRows) cell(start xml.StartElement) error {
	at := len(r.row.cells)
	if ref := attr(start, "r"); ref != "" {
		column, ok := columnOf(ref)
		if !ok || column < at {
			return r.x.invalid("cell " + shorten(ref) + " is out of order")
		}
		at = column
	}
	if at >= MaxColumns {
		return r.x.invalid("a sheet has at most " + strconv.Itoa(MaxColumns) + " columns")
	}
	kind, style := attr(start, "t"), attr(start, "s")
	formula, saved := false, false
	r.value = r.value[:0]
	for depth := len(r.x.open); len(r.x.open) >= depth; {
		t, err := r.x.next()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "f":
				formula = true
			case "v":
				saved = true
			case "is":
				saved = true
				if r.value, err = richText(r.x, r.value); err != nil {
					return err
				}
			}
		case xml.CharData:
			if r.x.open[len(r.x.open)-1].Local == "v" && len(r.value) <= MaxRowBytes {
				r.value = append(r.value, t...)
			}
		}
	}
	if formula && !saved {
		r.spoil(at, "the formula in this cell has no saved result: open the workbook in Excel, save it, and give that", "")
		return nil
	}
	if len(r.value) == 0 && kind != "s" {
		return nil
	}
	text, err := r.text(kind, style)
	if err != nil {
		return err
	}
	return r.put(at, text)
}

// put sets a cell of the row.
func (r *sheetRows) put(at int, text string) error {
	if r.size += len(text); r.size > MaxRowBytes {
		r.row.bad, r.row.badAt = errLongRow(), -1
		r.row.cells = r.row.cells[:0:cap(r.row.cells)]
		return nil
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		r.spoil(at, "there is a character in it that is no text: enter it again", "")
		return nil
	}
	for len(r.row.cells) <= at {
		r.row.cells = append(r.row.cells, "")
	}
	r.row.cells[at] = text
	return nil
}

// spoil notes the first cell for which the row cannot be used.
func (r *sheetRows) spoil(at int, message, value string) {
	if r.row.bad == nil {
		r.row.bad, r.row.badAt = &RowError{Message: message, Value: value}, at
	}
}

// text is what a cell holds whose value is in r.value.
func (r *sheetRows) text(kind, style string) (string, error) {
	value := string(r.value)
	switch kind {
	case "s":
		n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		if err != nil {
			return "", r.x.invalid("a cell names the text " + shorten(value))
		}
		text, ok, err := r.texts.get(n)
		switch {
		case err != nil:
			return "", err
		case ok:
			return unescapeCell(string(text)), nil
		case r.texts.cut:
			return "…", nil // one that was not read to look at the workbook
		}
		return "", r.x.invalid("a cell names text " + shorten(value) + ", which the workbook does not have")
	case "str", "inlineStr":
		return unescapeCell(value), nil
	case "b":
		if isTrue(strings.TrimSpace(value)) {
			return "TRUE", nil
		}
		return "FALSE", nil
	case "e":
		return value, nil
	case "d":
		return strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(value), "Z"), "T00:00:00"), nil
	}
	var f numberFormat
	if n, err := strconv.Atoi(style); err == nil && n >= 0 && n < len(r.book.formats) {
		f = r.book.formats[n]
	}
	return numberText(value, f, r.book.date1904), nil
}

// columnOf returns the column of a cell's place, 0 for A1.
func columnOf(ref string) (column int, ok bool) {
	i := 0
	for ; i < len(ref) && i < 4; i++ {
		c := ref[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		column = 26*column + int(c-'A') + 1
	}
	return column - 1, i > 0 && column <= MaxColumns
}
