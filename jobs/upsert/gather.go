package upsert

import (
	"context"
	"errors"
	"fmt"
	"io"

	"sluice/internal/limits"
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/source"
	"sluice/tenants"
)

// gathered is what a plan step read of a source whose records may have several rows.
type gathered struct {
	rows      []mapped
	fragments []tenants.RunItem // of rows that may stand anywhere
	at        source.Position   // where the next step begins
	read      int64             // rows
	end       bool
}

// gather reads rows until the window is full, and makes records of those that stand together. The
// next step begins with the first row of the record that was not closed, so that nothing of it has
// to be kept. A record that is larger than a window is read to its end, or to where it is too
// large.
func (s *step) gather(ctx context.Context, r *source.Reader, program *mapping.Program, header []string, tail tailInfo) (out gathered, err error) {
	g := gatherer{step: s, program: program, out: &out}
	columns := columnsOf(s.run.Mapping, header)
	began := r.Position().Offset
	for n := int64(0); ; n++ {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		at := r.Position()
		full := n >= int64(s.k.cfg.WindowRows) || at.Offset-began >= windowBytes || g.made >= windowBytes || n > 0 && s.Spent(ctx)
		if full && g.moved() {
			if out.at = at; g.open != nil {
				out.at, out.read = g.since, g.sinceRead
			}
			return out, nil
		}
		if full && g.open.over > 0 {
			key := Fold(g.open.key)
			g.close()
			s.cp.Over, out.at = &key, at
			return out, nil
		}
		row, err := r.Next()
		if errors.Is(err, io.EOF) || err == nil && tail.drops(row) {
			if tail.cut && g.open != nil && program.Layout().Groups() {
				g.open.pieces[0].fault("", "the source stopped before its end, and the next rows may have been of this "+s.k.spec.Singular+": it is not written. Start a new run when the source is well again", "", tenants.CureSource)
			}
			g.close()
			out.at, out.end = r.Position(), true
			return out, nil
		}
		if err != nil {
			return out, fmt.Errorf("upsert: read snapshot %s: %w", s.run.SnapshotID, err)
		}
		s.cp.LastLine, s.cp.LastRow = row.Line, row.Number
		out.read++
		p, err := s.k.pieceOf(ctx, row, program, columns)
		if err != nil {
			return out, err
		}
		if err := g.take(p, at); err != nil {
			return out, err
		}
	}
}

// gatherer puts the rows of a window together.
type gatherer struct {
	step      *step
	program   *mapping.Program
	out       *gathered
	made      int64 // bytes of what was made
	passed    bool  // rows were read that are no part of the open group
	open      *group
	since     source.Position // where open begins
	sinceRead int64           // rows before it
	loose     []piece         // rows after open that say nothing of their record
}

// moved reports whether the next step may begin elsewhere than this one did.
func (g *gatherer) moved() bool {
	return g.open == nil || g.passed || len(g.out.rows) > 0 || len(g.out.fragments) > 0
}

// take adds a row, which begins at at.
func (g *gatherer) take(p piece, at source.Position) error {
	s, layout := g.step, g.program.Layout()
	g.made += int64(p.Fields.Size())
	switch {
	case p.left:
		if s.run.RetryOf == "" { // the run that is retried has told of it
			s.Warn(flow.Issue{Line: p.line, Row: p.row, Key: s.k.shownPiece(p), Message: leftOut(layout), Cure: tenants.CureNone})
		}
		g.passed = g.passed || g.open == nil
		return nil
	case !layout.Groups():
		g.begin(p, at)
		g.close()
		return nil
	case p.key == "" && layout.Key != "":
		g.keyless(p)
		return nil
	case layout.Apart:
		return g.fragment(p)
	}
	if over := s.cp.Over; over != nil && g.open == nil {
		if layout.Start == "" && Fold(p.key) == *over || layout.Start != "" && !p.start {
			g.passed = true
			return nil
		}
		s.cp.Over = nil
	}
	if g.begins(p) {
		g.close()
		g.begin(p, at)
		return nil
	}
	for _, l := range g.loose { // they stand among the rows of the record, and may have been its
		g.open.add(l, s.k.mostParts())
	}
	g.loose = nil
	g.open.add(p, s.k.mostParts())
	return nil
}

// leftOut says why a row is left out.
func leftOut(l *tenants.Layout) string {
	if l.Why != "" {
		return l.Why
	}
	return "is left out, as the matching says"
}

// begins reports whether a record begins with p.
func (g *gatherer) begins(p piece) bool {
	switch {
	case g.open == nil:
		return true
	case g.program.Layout().Start != "":
		return p.start
	}
	return Fold(p.key) != Fold(g.open.key)
}

func (g *gatherer) begin(p piece, at source.Position) {
	g.open, g.since, g.sinceRead = &group{key: p.key}, at, g.out.read-1
	g.open.add(p, max(1, g.step.k.mostParts()))
}

// keyless takes a row that does not say which record it is of. It fails by itself, unless it stands
// among the rows of one.
func (g *gatherer) keyless(p piece) {
	if len(p.Faults) == 0 {
		p.fault("", "has no key by which the rows of one "+g.step.k.spec.Singular+" are told: fill "+g.program.Layout().Key, "", tenants.CureFile)
	}
	if g.open != nil {
		g.loose = append(g.loose, p)
		if len(g.loose) > maxLoose {
			g.close()
		}
		return
	}
	g.alone(p)
}

// maxLoose is how many rows without a key may stand among the rows of one record.
const maxLoose = 100

// alone fails a row.
func (g *gatherer) alone(p piece) {
	s := g.step
	m := mapped{place: p.place, shown: s.k.shownPiece(p), bad: true}
	for _, f := range p.Faults {
		s.fault(&m, f.Cure, f.Field, f.Message, f.Value)
	}
	g.out.rows = append(g.out.rows, m)
}

// close makes a record of the open group.
func (g *gatherer) close() {
	if g.open != nil {
		g.out.rows = append(g.out.rows, g.step.mapGroup(g.program, g.open))
		g.open = nil
	}
	for _, p := range g.loose {
		g.alone(p)
	}
	g.loose = nil
}

// fragment keeps a row until all rows were read.
func (g *gatherer) fragment(p piece) error {
	document, err := p.encode()
	if err != nil {
		return err
	}
	run := g.step.run
	item := tenants.RunItem{
		RunID: run.ID, StoreHash: run.StoreHash, Line: p.line, Row: p.row, Key: Fold(p.key), State: tenants.ItemFragment, Document: document,
	}
	if len(p.Children) > 0 {
		item.Action = actionClaims
	}
	g.out.fragments = append(g.out.fragments, item)
	return nil
}

// actionClaims is RunItem.Action of a fragment that names other rows as parts of its record.
const actionClaims = "claims"

// planGroups is plan of a source whose records may have several rows.
func (s *step) planGroups(ctx context.Context, r *source.Reader, program *mapping.Program, header []string, tail tailInfo) error {
	from := s.cp.Rows
	out, err := s.gather(ctx, r, program, header, tail)
	if err != nil {
		return err
	}
	s.tellPassed(r)
	if err := s.k.cfg.Limits.Check(limits.FeedRows, from, out.read); err != nil {
		return err
	}
	if len(out.fragments) > 0 {
		s.OnCommit(func(ctx context.Context, tx *tenants.DB) error { return tx.InsertRunItems(ctx, out.fragments) })
	}
	if err := s.prepareRows(ctx, out.rows); err != nil {
		if s.Held(err) {
			return nil // the window is read again when there is quota
		}
		return err
	}
	if err := s.sortRows(ctx, out.rows); err != nil {
		return err
	}
	s.cp.Rows += out.read
	s.passed(out.at)
	switch {
	case !out.end:
		return nil
	case program.Layout().Apart:
		s.cp = checkpoint{Fixed: s.cp.Fixed, Keyless: s.cp.Keyless, Settled: s.cp.Settled, LastLine: s.cp.LastLine, LastRow: s.cp.LastRow}
		s.Enter(tenants.PhaseAssemble)
		return nil
	}
	return s.planned(ctx)
}
