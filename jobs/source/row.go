package source

import (
	"fmt"

	"sluice/tenants"
)

// Limits of what a source may hold. They bound memory, not what a merchant may have: a row over one
// of them is refused with its line number and the rows after it are read.
const (
	// MaxRowBytes is the longest row, in raw bytes. A product with a very long description is some
	// 100 KiB; a row of megabytes is a broken quote or a file that is no table.
	MaxRowBytes = 4 << 20
	// MaxColumns is the most columns that a header may have: what the widest spreadsheet program
	// allows.
	MaxColumns = 16384
	// maxHeaderBytes is the longest header line: every checkpoint of a run carries the header.
	maxHeaderBytes = 1 << 20
	// DetectBytes is how much of a file's beginning Detect looks at.
	DetectBytes = 1 << 20
	// maxHeaderRow is the last row that a merchant may say the header is in.
	maxHeaderRow = 1000
	// HeaderLines is how many NDJSON lines make up the header: later keys are still read into the
	// rows, but they are not offered for mapping.
	HeaderLines = 100
	// rescanFree and rescanFactor bound the bytes that are read twice because a quote was never
	// closed: rescanFree plus rescanFactor times the bytes read so far. Beyond it a row may not span
	// several lines any more, so that a hostile file costs linear time.
	rescanFree   = 16 << 20
	rescanFactor = 4
)

// Row is one record of a source, good or bad.
type Row struct {
	Line     int64          // first physical line, the file's first line is 1
	Number   int64          // of the row as a spreadsheet counts: the first is 1, and a row counts once however many lines it has; 0 if that is not known
	Next     int64          // byte offset in the raw bytes where the next row starts
	NextLine int64          // the line at Next
	Values   []string       // CSV: aligned to the header. With Err: what could be read of them, perhaps fewer
	Object   map[string]any // NDJSON: as decoded, numbers are json.Number; nil with Err
	Err      *RowError      // the row is bad, and why
}

// RowError says why a row cannot be used. Reading goes on after it.
type RowError struct {
	Field   string `json:"field,omitempty"` // the column that is wrong, "" when it is the row as a whole
	Message string `json:"message"`         // for the merchant
	Value   string `json:"value,omitempty"` // what stood there, shortened
}

func (e *RowError) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return fmt.Sprintf("%s: %s", e.Field, e.Message)
}

// Position is where reading goes on: the start of a row that was not returned yet. It survives as
// JSON, and a Reader made from it returns exactly the rows that the first one would have returned.
type Position struct {
	Offset    int64          `json:"offset"`
	Line      int64          `json:"line"`
	Row       int64          `json:"row,omitempty"` // Row.Number of it; 0 if that is not known
	Header    []string       `json:"header"`
	Format    tenants.Format `json:"format"`
	Rescanned int64          `json:"rescanned,omitempty"` // bytes read twice so far, see rescanFree
}
