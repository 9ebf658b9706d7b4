package source

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
)

// cellRow is a row of a table whose cells are told apart already, as a sheet's are.
type cellRow struct {
	number int64 // counted from 1; rows without a cell may be left out
	cells  []string
	bad    *RowError // it cannot be used; Field is empty
	badAt  int       // the column of bad, -1 for the row as a whole
}

// cellRows gives the rows of a table one after the other, and io.EOF after the last. A row is valid
// until the next.
type cellRows interface {
	next() (*cellRow, error)
}

// convertCells writes the rows below the header and returns its names. A column without a name gets
// one, also if a later row is the first to fill it.
func convertCells(ctx context.Context, rows cellRows, headerRow int, out *rowWriter) (header []string, err error) {
	var names []string // as they stand in the header
	if headerRow == NoHeader {
		names = []string{}
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c, err := rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		blank := c.bad == nil && allBlank(c.cells)
		switch {
		case blank:
		case names == nil && c.number < int64(headerRow):
		case names == nil:
			names = make([]string, width(c.cells))
			for i := range names {
				names[i] = strings.TrimSpace(c.cells[i])
			}
			header = headerNames(names)
		default:
			if w := width(c.cells); w > len(names) {
				names = append(names, make([]string, w-len(names))...)
				header = headerNames(names)
			}
			if err := writeCells(c, header, out); err != nil {
				return nil, err
			}
		}
	}
	if names == nil {
		return nil, ErrEmpty()
	}
	return header, nil
}

func writeCells(c *cellRow, header []string, out *rowWriter) error {
	row := Row{Line: c.number, NextLine: c.number + 1, Number: c.number, Values: c.cells[:width(c.cells)]}
	if c.bad != nil {
		bad := *c.bad
		if c.badAt >= 0 && c.badAt < len(header) {
			bad.Field = header[c.badAt]
		}
		row.Err = &bad
		return out.row(&row)
	}
	if msg := noRecord(c.cells, len(header)); msg != "" {
		return out.pass([]Passed{{Line: c.number, Number: c.number, Message: msg, Value: shorten(strings.Join(slices.DeleteFunc(slices.Clone(c.cells), func(s string) bool { return s == "" }), ", "))}})
	}
	return out.row(&row)
}

// sampleCells returns the first rows for headerRow: a blank one is nil. first is the number of the
// first that is not blank, 0 if there is none.
func sampleCells(rows cellRows) (sample [][]string, first int64, err error) {
	for {
		c, err := rows.next()
		if errors.Is(err, io.EOF) {
			return sample, first, nil
		}
		if err != nil {
			return nil, 0, err
		}
		if c.bad == nil && allBlank(c.cells) {
			continue
		}
		if first == 0 {
			first = c.number
		}
		at := int(c.number - first)
		if at >= sampleRows {
			return sample, first, nil
		}
		for len(sample) < at {
			sample = append(sample, nil)
		}
		cells := make([]string, len(c.cells))
		for i, s := range c.cells {
			cells[i] = strings.TrimSpace(s)
		}
		sample = append(sample, cells)
	}
}
