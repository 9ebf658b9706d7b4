package upsert

import (
	"context"
	"errors"
	"fmt"
	"io"

	"sluice/internal/problem"
	"sluice/jobs/mapping"
	"sluice/jobs/source"
	"sluice/tenants"
)

// scan reads a snapshot from its beginning and maps its rows as a run would, without the store.
type scan struct {
	k       *Kind
	reader  *source.Reader
	program *mapping.Program
	faults  mapping.Faults
	header  []string
	tail    tailInfo
	size    int64 // of the snapshot
	asked   []mapping.Question
	faulty  map[string]bool // targets that the program does not fill, though the mapping should
}

// openScan opens a snapshot of ctx's store. The mapping may have faults; the error names what is
// wrong with it as a whole, or with the file.
func (k *Kind) openScan(ctx context.Context, snapshotID string, format tenants.Format, m tenants.Mapping) (*scan, error) {
	snap, err := k.cfg.DB.Snapshot(ctx, snapshotID)
	if err != nil {
		return nil, err
	}
	found, err := source.Detect(k.file(ctx, snap), format)
	if err != nil {
		return nil, err
	}
	format = found.Format
	if snap, err = k.rows(ctx, snap, format); err != nil {
		return nil, err
	}
	catalogue, err := k.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	s := &scan{k: k, size: snap.Size, faulty: map[string]bool{}}
	if !snap.Complete {
		if s.tail, err = tailOf(ctx, k.cfg.DB, snap); err != nil {
			return nil, err
		}
	}
	proven, err := k.prove(ctx, catalogue, snap, format, m)
	if err != nil {
		return nil, err
	}
	s.asked, m = proven.asked, settle(m, proven.known)
	if s.reader, err = k.reader(ctx, snap, format, nil); err != nil {
		return nil, err
	}
	s.header = s.reader.Header()
	if s.program, s.faults, err = catalogue.Try(m, s.header); err != nil {
		return nil, errors.Join(err, s.reader.Close())
	}
	for _, f := range s.errors() {
		s.faulty[f.Field] = true
	}
	return s, nil
}

func (s *scan) close() { _ = s.reader.Close() }

// errors are the faults of the mapping; never nil.
func (s *scan) errors() []problem.Field {
	out := append([]problem.Field{}, s.faults.Wrong...)
	for _, m := range s.faults.Missing {
		out = append(out, problem.Field{Field: m.Field, Message: m.Message})
	}
	return out
}

// next returns the next row and what the mapping makes of it, nil of a row that cannot be read. The
// error is io.EOF after the last.
func (s *scan) next(ctx context.Context) (*source.Row, *made, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	row, err := s.reader.Next()
	if errors.Is(err, io.EOF) || err == nil && s.tail.drops(row) {
		return nil, nil, io.EOF
	}
	if err != nil {
		return nil, nil, fmt.Errorf("upsert: read a snapshot: %w", err)
	}
	if row.Err != nil {
		return row, nil, nil //nolint:nilerr // as in a run: the row is wrong
	}
	m, err := mapRow(ctx, s.k.target, s.program, row)
	if err != nil {
		return nil, nil, err
	}
	return row, &m, nil
}

// wrong says why no record would be written of a row; never nil. A key that no row has because the
// mapping does not fill it is the mapping's fault, not the row's.
func (s *scan) wrong(row *source.Row, m *made) []problem.Field {
	if m == nil {
		return []problem.Field{{Field: row.Err.Field, Message: row.Err.Message}}
	}
	out := append([]problem.Field{}, m.wrong...)
	for _, l := range m.lacks {
		out = append(out, problem.Field{Field: l.Field, Message: l.Message})
	}
	if s.program.Layout().Groups() {
		return out // other rows of the record may have its key
	}
	if m.key.Problem != "" && !m.keyWrong() && !s.faulty[m.key.Field] {
		out = append(out, problem.Field{Field: m.key.Field, Message: m.key.Problem})
	}
	return out
}
