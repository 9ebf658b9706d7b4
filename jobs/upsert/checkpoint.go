package upsert

import "sluice/jobs/source"

// checkpoint is what a run must remember between two steps; it is Run.Checkpoint as JSON.
type checkpoint struct {
	// fetch
	Attempts int    `json:"attempts,omitempty"` // cut streams so far
	Longest  string `json:"longest,omitempty"`  // snapshot of the attempt that got furthest
	Bytes    int64  `json:"bytes,omitempty"`    // its size

	// plan
	Fixed    bool             `json:"mended,omitempty"`    // a retry whose file changed: failed rows are known by key too
	At       *source.Position `json:"at,omitempty"`        // where the next row starts; nil: at the beginning
	LastLine int64            `json:"last_line,omitempty"` // line of the last row that came whole
	LastRow  int64            `json:"last_row,omitempty"`  // and its number in the spreadsheet
	Windows  int              `json:"windows,omitempty"`   // of rows that were planned
	Rows     int64            `json:"rows,omitempty"`      // of a source whose records have several
	Settled  []settlement     `json:"settled,omitempty"`   // what the source proves about its values
	Nothing  map[string]int64 `json:"nothing,omitempty"`   // cells by target and the word in them that was taken for no value
	Keyless  int64            `json:"keyless,omitempty"`   // rows of which nobody knows which record they are of
	Over     *string          `json:"over,omitempty"`      // key of a record that failed for its size, the rest of whose rows is passed by

	// match and write: stages are constants of match.go and write.go
	Stage  string `json:"stage,omitempty"`
	Cursor int64  `json:"cursor,omitempty"`  // line of the last item that the stage has passed
	LastID int64  `json:"last_id,omitempty"` // last product of the catalogue that was seen
	Pages  int    `json:"pages,omitempty"`   // of the whole catalogue, 0 while unknown
	// Of look-ups by key: what they took so far, for those that take more requests than one.
	Asked int `json:"asked,omitempty"` // records
	Took  int `json:"took,omitempty"`  // requests

	// records that left the source
	Left          bool  `json:"left,omitempty"`           // they were looked for
	Lines         int64 `json:"lines,omitempty"`          // how many were found
	KeptElsewhere int64 `json:"kept_elsewhere,omitempty"` // how many stay, because something else has them

	// guards
	Sums     map[string]*weights `json:"sums,omitempty"`     // by guard
	After    string              `json:"after,omitempty"`    // key of the last record that the stage has passed
	Answered int                 `json:"answered,omitempty"` // answers that were considered

	// what a dry run would create besides the records themselves
	NewRefs []Ref `json:"new_refs,omitempty"`
	// what is created when nothing is left to be asked
	LateRefs []Ref `json:"late_refs,omitempty"`
	// how many records each route is to write to
	Writes map[string]int64 `json:"writes,omitempty"`

	// write
	Pace      int           `json:"pace,omitempty"`      // creates that the last step sent
	Fruitless int           `json:"fruitless,omitempty"` // steps in a row in which BigCommerce was unavailable
	Tries     map[int64]int `json:"tries,omitempty"`     // line → requests of that item which got no usable answer
}
