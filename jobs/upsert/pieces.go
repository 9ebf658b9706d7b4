package upsert

import (
	"context"
	"encoding/json"
	"fmt"

	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/source"
	"sluice/tenants"
)

// piece is one row of a record that several rows may make. Its JSON is RunItem.Document of a
// fragment.
type piece struct {
	place    `json:"-"`
	Fields   mapping.Document `json:"fields"`
	Own      string           `json:"own,omitempty"`      // the row's own key, folded
	Part     bool             `json:"part,omitempty"`     // it names another row's record as its own
	Children []string         `json:"children,omitempty"` // keys of the rows that are parts of its record
	Faults   []pieceFault     `json:"faults,omitempty"`

	key   string // of the record, as written
	start bool
	left  bool
}

// pieceFault is what is wrong with a piece by itself.
type pieceFault struct {
	Field   string       `json:"field,omitempty"`
	Message string       `json:"message"`
	Value   string       `json:"value,omitempty"`
	Cure    tenants.Cure `json:"cure,omitempty"`
	Warning bool         `json:"warning,omitempty"`
}

func (p piece) encode() (string, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("upsert: fragment: %w", err)
	}
	return string(b), nil
}

func decodePiece(item tenants.RunItem) (piece, error) {
	p := piece{place: place{item.Line, item.Row}}
	if err := decodeJSON(item.Document, &p); err != nil {
		return p, fmt.Errorf("upsert: fragment: %w", err)
	}
	return p, nil
}

// size is about how much memory the piece takes.
func (p piece) size() int { return p.Fields.Size() + 256 }

// pieceOf makes a piece of a row. The error is ctx's.
func (k *Kind) pieceOf(ctx context.Context, row *source.Row, program *mapping.Program, columns map[string]int) (piece, error) {
	p := piece{place: place{row.Line, row.Number}}
	values := row.Values
	if row.Err != nil && values == nil {
		p.fault(row.Err.Field, row.Err.Message, row.Err.Value, tenants.CureFile)
		return p, nil //nolint:nilerr // the row is wrong, not the reading of it
	}
	var made made
	var err error
	if row.Err != nil { // what could be read of it may say which record it is of
		made.fields, _, err = program.Apply(ctx, values)
	} else {
		made, err = mapRow(ctx, k.target, program, row)
	}
	if err != nil {
		return p, err
	}
	p.Fields = made.fields
	at := program.Place()
	p.key, p.Own, p.Part, p.start, p.Children, p.left = at.Key, Fold(at.Own), at.Part, at.Start, at.Children, at.Left
	switch {
	case row.Err != nil:
		p.left = false
		p.fault(row.Err.Field, row.Err.Message, row.Err.Value, tenants.CureFile)
	case at.Wrong != "":
		p.fault("", at.Wrong, "", tenants.CureMatching)
	default:
		for _, w := range made.wrong {
			p.fault(w.Field, w.Message, valueOf(row, columns, w.Field), tenants.CureMatching)
		}
		for _, n := range made.notes {
			if n.Message != "" {
				p.Faults = append(p.Faults, pieceFault{Field: n.Field, Message: n.Message, Value: n.Value, Cure: tenants.CureMatching, Warning: true})
			}
		}
	}
	return p, nil
}

func (p *piece) fault(field, message, value string, cure tenants.Cure) {
	p.Faults = append(p.Faults, pieceFault{Field: field, Message: message, Value: value, Cure: cure})
}

// shown is what people know the piece's row by.
func (k *Kind) shownPiece(p piece) string {
	if shown := k.target.Key(p.Fields).Shown; shown != "" {
		return shown
	}
	return p.key
}

// group is a record whose rows are being gathered.
type group struct {
	key    string // of the layout, as written
	pieces []piece
	size   int
	over   int64 // rows that there was no room for
}

// groupBytes is the most that the rows of one record may hold.
const groupBytes = 8 << 20

func (g *group) add(p piece, most int) {
	if len(g.pieces) >= most || g.size+p.size() > groupBytes {
		g.over++
		return
	}
	g.pieces, g.size = append(g.pieces, p), g.size+p.size()
}

// mostParts is the most rows that a record may have.
func (k *Kind) mostParts() int {
	if a, ok := k.target.(Assembler); ok {
		return a.MostParts()
	}
	return 1
}

// made is what a group makes: in a run, a preview and a check alike.
type madeGroup struct {
	made
	notes []groupNote
	bad   bool
}

// groupNote is what is to be said about one row of a group.
type groupNote struct {
	piece int
	pieceFault
	alone bool // the row fails by itself; the record does without it
}

// makeGroup makes a record of a group.
func (k *Kind) makeGroup(program *mapping.Program, g *group) madeGroup {
	var out madeGroup
	note := func(piece int, f pieceFault) {
		out.notes = append(out.notes, groupNote{piece: piece, pieceFault: f})
		out.bad = out.bad || !f.Warning
	}
	layout := program.Layout()
	for i, p := range g.pieces {
		for _, f := range p.Faults {
			note(i, f)
		}
	}
	if g.over > 0 {
		note(0, pieceFault{Message: fmt.Sprintf("the rows of this %s are too many or too large: at most %d rows and %d MiB make one. Is the right column its key?", k.spec.Singular, k.mostParts(), groupBytes>>20), Cure: tenants.CureMatching})
	}
	parts := make([]Part, 0, len(g.pieces))
	of := make([]int, 0, len(g.pieces)) // piece by part
	own := -1
	for i, p := range g.pieces {
		mine := layout.Kind != tenants.LayoutParent || p.Own == Fold(g.key) && !p.Part
		if mine && layout.Kind == tenants.LayoutParent && own >= 0 {
			out.notes = append(out.notes, groupNote{piece: i, alone: true, pieceFault: pieceFault{Message: k.sameKey(g.pieces[own].place), Cure: tenants.CureFile}})
			continue
		}
		if mine && own < 0 {
			own = i
		}
		parts, of = append(parts, Part{Fields: p.Fields, Own: mine}), append(of, i)
	}
	if own < 0 {
		for i := range g.pieces {
			note(i, pieceFault{Message: fmt.Sprintf("it is a part of %q, and no row is that %s: add the row, or correct what this one names", g.key, k.spec.Singular), Cure: tenants.CureFile})
		}
		own = 0
	} else {
		for _, child := range missingChildren(g.pieces, own) {
			note(own, pieceFault{Message: fmt.Sprintf("the row of its part %q is not in the file, or is another's part: the %s goes on without it", child, k.spec.Singular), Value: child, Cure: tenants.CureFile, Warning: true})
		}
	}
	made := k.assemble(layout, parts)
	out.fields = made.Fields
	for _, p := range made.Problems {
		note(of[p.Part], pieceFault{p.Field, p.Message, p.Value, tenants.CureMatching, p.Warning})
	}
	out.key = k.target.Key(out.fields)
	if out.bad {
		return out // what else it lacks is because of that
	}
	for _, w := range program.Required(out.fields) {
		out.wrong = append(out.wrong, w)
		note(own, pieceFault{Field: w.Field, Message: w.Message, Cure: tenants.CureMatching})
	}
	if out.key.Problem != "" && !out.keyWrong() {
		note(own, pieceFault{Field: out.key.Field, Message: out.key.Problem, Value: out.key.Shown, Cure: tenants.CureMatching})
	}
	return out
}

// missingChildren returns the keys that a record's own row names and no piece has.
func missingChildren(pieces []piece, own int) (missing []string) {
	have := make(map[string]bool, len(pieces))
	for _, p := range pieces {
		have[p.Own] = true
	}
	for _, child := range pieces[own].Children {
		if !have[Fold(child)] {
			missing = append(missing, child)
		}
	}
	return missing
}

// mapGroup makes a record of a group, and notes what is wrong with its rows.
func (s *step) mapGroup(program *mapping.Program, g *group) mapped {
	made := s.k.makeGroup(program, g)
	m := mapped{place: g.pieces[0].place, shown: made.key.Shown, bad: made.bad, key: made.key.Folded, doc: itemDoc{Doc: Doc{Fields: made.fields}}}
	if m.shown == "" {
		m.shown = g.key
	}
	for _, p := range g.pieces {
		m.rows = append(m.rows, p.line)
	}
	for _, n := range made.notes {
		at := g.pieces[n.piece].place
		issue := flow.Issue{Line: at.line, Row: at.row, Key: m.shown, Field: n.Field, Message: n.Message, Value: n.Value, Cure: n.Cure}
		if n.Warning {
			s.Warn(issue)
			continue
		}
		s.Fault(issue)
		if m.why == "" && !n.alone {
			m.why = n.Message
		}
		if n.alone {
			s.run.Read++
			s.run.Failed++
		}
	}
	if !m.bad {
		m.hash = made.fields.Hash()
	}
	return m
}
