package upsert

import (
	"hash/maphash"

	"sluice/internal/expression"
	"sluice/jobs/source"
)

// distinctRows is how many rows of a file are remembered to see whether a column repeats itself.
const distinctRows = 100_000

// distinct finds out which columns are filled in every row, and different in each.
type distinct struct {
	header  []string
	columns []int
	seed    maphash.Seed
	seen    []map[uint64]struct{} // by column, nil for one that is not
	rows    int
}

func newDistinct(header []string, columns []int) *distinct {
	d := &distinct{header: header, columns: columns, seed: maphash.MakeSeed(), seen: make([]map[uint64]struct{}, len(columns))}
	for i := range d.seen {
		d.seen[i] = make(map[uint64]struct{})
	}
	return d
}

func (d *distinct) see(row *source.Row) {
	if len(d.columns) < 2 || d.rows == distinctRows {
		return
	}
	d.rows++
	for i, column := range d.columns {
		if d.seen[i] == nil {
			continue
		}
		value := expression.TrimText(cellAt(row, d.header, column))
		hash := maphash.String(d.seed, value)
		if _, again := d.seen[i][hash]; again || value == "" {
			d.seen[i] = nil
			continue
		}
		d.seen[i][hash] = struct{}{}
	}
}

// better returns the first column, and the one that may stand in its place because it alone is
// distinct; false if the first is as good as any.
func (d *distinct) better() (from, to int, ok bool) {
	if len(d.columns) < 2 || d.seen[0] != nil {
		return 0, 0, false
	}
	for i, column := range d.columns {
		if d.seen[i] != nil {
			return d.columns[0], column, true
		}
	}
	return 0, 0, false
}

// cellAt returns the value of one column of a row, as text.
func cellAt(row *source.Row, header []string, column int) string {
	if row.Object == nil {
		if column < len(row.Values) {
			return row.Values[column]
		}
		return ""
	}
	v, _ := source.Lookup(row.Object, header[column])
	return cell(v)
}
