package upsert

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"time"

	"sluice/internal/expression"
	"sluice/internal/problem"
	"sluice/jobs/mapping"
	"sluice/jobs/source"
	"sluice/tenants"
)

// Check is what a mapping makes of a whole file, counted.
type Check struct {
	Rows       int64             `json:"rows"`
	Complete   bool              `json:"complete"` // the whole file was read
	Ready      bool              `json:"ready"`    // a flow with this mapping can run
	Lines      []CheckLine       `json:"lines"`    // of the fields that can be filled, in the mapping's order
	Unused     []string          `json:"unused"`   // columns
	Missing    []mapping.Missing `json:"missing"`
	Errors     []problem.Field   `json:"errors"` // formulas that cannot be used; Field is the target
	FailedRows int64             `json:"failed_rows"`

	Questions []mapping.Question `json:"questions"` // what only a person knows about the values; a run waits for the answers
}

// CheckLine counts what becomes of one field. Rows that cannot be read, and fields that were not
// looked at because the row took too much work, are in none of the counts.
type CheckLine struct {
	Target   string         `json:"target"`
	Filled   int64          `json:"filled"`
	Empty    int64          `json:"empty"`  // rows that may leave it empty, and do
	Failed   int64          `json:"failed"` // rows whose value is wrong, or that leave it empty and must not
	Examples []CheckExample `json:"examples"`
	Warned   int64          `json:"warned"`  // rows that go on with a warning about it: the value is left out, or may be wrong
	Nothing  []CheckWord    `json:"nothing"` // words that were taken for no value

	empties, warnings []CheckExample
}

// CheckWord is a word that was taken for no value.
type CheckWord struct {
	Word  string `json:"word"`
	Count int64  `json:"count"` // cells
}

// CheckExample is a row that does not fill a field.
type CheckExample struct {
	Row     int64  `json:"row"` // of a spreadsheet
	Line    int64  `json:"line"`
	Key     string `json:"key"`
	Value   string `json:"value"` // what the file has there; "" if it is not one column
	Message string `json:"message"`
}

// What bounds a check: one is made for each change of a mapping, while somebody waits.
const (
	checkRows     = 200_000
	checkTime     = 10 * time.Second
	checkExamples = 3
	checkUnused   = 500 // columns that it names
)

// CheckMapping counts what a mapping makes of a snapshot, as a run would read it, without a request
// to the store: what only the store knows, as prices of goods that do not exist, shows in a dry
// run. ctx has the store.
func (k *Kind) CheckMapping(ctx context.Context, snapshotID string, format tenants.Format, m tenants.Mapping) (*Check, error) {
	scan, err := k.openScan(ctx, snapshotID, format, m)
	if err != nil {
		return nil, err
	}
	defer scan.close()
	c := newChecker(scan, m)
	for began := time.Now(); c.out.Rows < checkRows && time.Since(began) < checkTime; {
		row, made, err := scan.next(ctx)
		if errors.Is(err, io.EOF) {
			c.out.Complete = true
			break
		}
		if err != nil {
			return nil, err
		}
		c.count(row, made)
	}
	return c.result(), nil
}

// checker counts.
type checker struct {
	scan    *scan
	out     Check
	lines   map[string]*CheckLine
	order   []string         // of lines
	columns map[string]int   // see columnsOf
	seen    map[uint64]place // by the hash of the key; nil where rows may share one
	seed    maphash.Seed
}

func newChecker(s *scan, m tenants.Mapping) *checker {
	c := &checker{scan: s, lines: map[string]*CheckLine{}, columns: columnsOf(m, s.header), seed: maphash.MakeSeed()}
	c.out = Check{Lines: []CheckLine{}, Unused: []string{}, Missing: []mapping.Missing{}, Errors: []problem.Field{}, Ready: s.faults.None() && len(s.asked) == 0, Questions: append([]mapping.Question{}, s.asked...)}
	c.out.Errors = append(c.out.Errors, s.faults.Wrong...)
	c.out.Missing = append(c.out.Missing, s.faults.Missing...)
	unused := s.program.Unused()
	c.out.Unused = append(c.out.Unused, unused[:min(len(unused), checkUnused)]...)
	fills := make(map[string]bool)
	for _, target := range s.program.Targets() {
		fills[target] = true
	}
	for _, f := range m.Fields {
		if fills[f.Target] && c.lines[f.Target] == nil {
			c.lines[f.Target], c.order = &CheckLine{Target: f.Target}, append(c.order, f.Target)
		}
	}
	_, merges := s.k.target.(Merger)
	_, prepares := s.k.target.(Preparer)
	_, keeps := s.k.target.(KeepsKeys)
	if !merges && (!prepares || keeps) && !s.program.Layout().Groups() {
		c.seen = make(map[uint64]place)
	}
	return c
}

// count takes a row into account.
func (c *checker) count(row *source.Row, m *made) {
	c.out.Rows++
	if m == nil {
		c.out.FailedRows++
		return
	}
	wrong := c.scan.wrong(row, m)
	if again := c.repeated(row, m); again != nil && len(wrong) == 0 {
		wrong = append(wrong, *again)
	}
	if len(wrong) > 0 {
		c.out.FailedRows++
	}
	bad := make(map[string]bool, len(wrong))
	for _, w := range wrong {
		if l := c.lines[w.Field]; l != nil && !bad[w.Field] {
			l.Failed++
			l.Examples = c.example(l.Examples, row, m, w)
		}
		bad[w.Field] = true
	}
	warned := c.notes(row, m)
	for _, target := range c.scan.program.Looked() {
		l := c.lines[target]
		switch _, filled := m.fields[target]; {
		case bad[target]:
		case filled:
			l.Filled++
		case warned[target]:
		default:
			l.Empty++
			l.empties = c.example(l.empties, row, m, problem.Field{Field: target, Message: "is empty"})
		}
	}
}

// notes counts what is to be said of values, and returns the fields that are warned about.
func (c *checker) notes(row *source.Row, m *made) map[string]bool {
	var warned map[string]bool
	for _, n := range m.notes {
		l := c.lines[n.Field]
		switch {
		case l == nil:
		case n.Nothing != "":
			l.word(n.Nothing)
		case !warned[n.Field]:
			if warned == nil {
				warned = make(map[string]bool)
			}
			warned[n.Field] = true
			l.Warned++
			l.warnings = c.example(l.warnings, row, m, problem.Field{Field: n.Field, Message: n.Message})
		}
	}
	return warned
}

// word counts a word that was taken for no value.
func (l *CheckLine) word(word string) {
	for i := range l.Nothing {
		if l.Nothing[i].Word == word {
			l.Nothing[i].Count++
			return
		}
	}
	if len(l.Nothing) < maxWords {
		l.Nothing = append(l.Nothing, CheckWord{word, 1})
	}
}

// maxWords is how many words of a field a check counts.
const maxWords = 20

// repeated says what is wrong with a row whose key another row has.
func (c *checker) repeated(row *source.Row, m *made) *problem.Field {
	if c.seen == nil || m.key.Folded == "" {
		return nil
	}
	h := maphash.String(c.seed, m.key.Folded)
	first, ok := c.seen[h]
	if !ok {
		c.seen[h] = place{row.Line, row.Number}
		return nil
	}
	return &problem.Field{Field: m.key.Field, Message: c.scan.k.sameKey(first)}
}

// example adds a row to examples if there is room.
func (c *checker) example(examples []CheckExample, row *source.Row, m *made, w problem.Field) []CheckExample {
	if len(examples) >= checkExamples {
		return examples
	}
	return append(examples, CheckExample{
		Row: row.Number, Line: row.Line, Key: expression.Clip(m.key.Shown, maxKey), Value: expression.Clip(c.value(row, w.Field), shownValue), Message: w.Message,
	})
}

// value is what the source has for a target that is filled from one column as it is.
func (c *checker) value(row *source.Row, target string) string {
	i, ok := c.columns[target]
	if !ok || row.Object == nil {
		return valueOf(row, c.columns, target)
	}
	v, _ := source.Lookup(row.Object, c.scan.header[i])
	return cell(v)
}

func (c *checker) result() *Check {
	for _, target := range c.order {
		l := c.lines[target]
		if l.Examples == nil {
			l.Examples = l.warnings
		}
		if l.Examples == nil {
			l.Examples = l.empties
		}
		if l.Nothing == nil {
			l.Nothing = []CheckWord{}
		}
		if l.Examples == nil {
			l.Examples = []CheckExample{}
		}
		c.out.Lines = append(c.out.Lines, *l)
	}
	return &c.out
}
