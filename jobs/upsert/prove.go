package upsert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"sluice/internal/problem"
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/source"
	"sluice/tenants"
)

// What bounds the look at a source's values before any is used: all of it if it is not large, else
// its head, its middle and its end.
const (
	proveRows  = 200_000
	proveParts = 3
	proveTime  = 4 * time.Second
	lineSearch = 1 << 20 // bytes in which the beginning of a row is looked for
)

// settlement is what the values of a source prove about a field.
type settlement struct {
	Target  string `json:"target"`
	Decimal string `json:"decimal,omitempty"`
	Date    string `json:"date,omitempty"`
}

// settle gives a mapping what is known of its values.
func settle(m tenants.Mapping, known []settlement) tenants.Mapping {
	if len(known) == 0 {
		return m
	}
	m.Fields = slices.Clone(m.Fields)
	for i := range m.Fields {
		f := &m.Fields[i]
		for _, k := range known {
			if k.Target != f.Target {
				continue
			}
			if f.Decimal == "" {
				f.Decimal = k.Decimal
			}
			if f.Date == "" {
				f.Date = k.Date
			}
		}
	}
	return m
}

// mapping is the run's, with what its source proves.
func (s *step) mapping() tenants.Mapping { return settle(s.run.Mapping, s.cp.Settled) }

// provenOf is what a source said about the values of a mapping.
type provenOf struct {
	known []settlement
	asked []mapping.Question
}

// proofs remembers what sources said: previews and checks of one matching come in quick succession.
type proofs struct {
	mu   sync.Mutex
	rows map[string]provenOf
}

// maxProofs is after how many all are forgotten.
const maxProofs = 500

// prove finds out how the values of a source are to be read, as far as the mapping does not say it.
// What is wrong with the mapping is for others to tell.
func (k *Kind) prove(ctx context.Context, catalogue *mapping.Catalogue, rows *tenants.Snapshot, format tenants.Format, m tenants.Mapping) (provenOf, error) {
	name, err := json.Marshal([]any{k.spec.Name, rows.ID, rows.Size, format, m, catalogue.Units()})
	if err != nil {
		return provenOf{}, fmt.Errorf("upsert: mapping: %w", err)
	}
	k.proofs.mu.Lock()
	known, ok := k.proofs.rows[string(name)]
	k.proofs.mu.Unlock()
	if ok {
		return known, nil
	}
	r, err := k.reader(ctx, rows, format, nil)
	if err != nil {
		return provenOf{}, err
	}
	header := r.Header()
	program, _, err := catalogue.Try(m, header)
	var faulty *problem.Error
	if errors.As(err, &faulty) {
		return provenOf{}, r.Close()
	}
	if err != nil {
		return provenOf{}, errors.Join(err, r.Close())
	}
	proof := program.Proof()
	if proof == nil {
		return provenOf{}, r.Close()
	}
	if err := k.look(ctx, proof, r, rows, format); err != nil {
		return provenOf{}, err
	}
	var out provenOf
	var as tenants.Mapping
	as, out.asked = proof.Settle(m)
	for i, f := range as.Fields {
		if was := m.Fields[i]; f.Decimal != was.Decimal || f.Date != was.Date {
			out.known = append(out.known, settlement{f.Target, f.Decimal, f.Date})
		}
	}
	k.proofs.mu.Lock()
	defer k.proofs.mu.Unlock()
	if k.proofs.rows == nil || len(k.proofs.rows) >= maxProofs {
		k.proofs.rows = make(map[string]provenOf)
	}
	k.proofs.rows[string(name)] = out
	return out, nil
}

// look shows a proof the rows of a source. It closes r, which is at the first.
func (k *Kind) look(ctx context.Context, proof *mapping.Proof, r *source.Reader, rows *tenants.Snapshot, format tenants.Format) error {
	start := r.Position()
	began := time.Now()
	for part := int64(0); ; part++ {
		end, err := lookAt(ctx, proof, r, proveRows/proveParts, func() bool { return time.Since(began) < proveTime })
		if part == 0 && err == nil && !end { // it may be read to its end in the time that is there
			end, err = lookAt(ctx, proof, r, 0, func() bool { return rows.Size < windowBytes && time.Since(began) < proveTime })
		}
		at := r.Position()
		if err = errors.Join(err, r.Close()); err != nil || end || part == proveParts-1 {
			return err
		}
		next := max(at.Offset, rows.Size*(part+1)/proveParts)
		if part == proveParts-2 {
			next = max(at.Offset, rows.Size-windowBytes)
		}
		from, err := k.rowAfter(ctx, rows, next)
		if err != nil || from >= rows.Size {
			return err
		}
		start.Offset, start.Line, start.Row = from, 0, 0
		if r, err = k.reader(ctx, rows, format, &start); err != nil {
			return err
		}
	}
}

// lookAt shows a proof the next rows, at most n if that is not 0. end says that there are no more.
func lookAt(ctx context.Context, proof *mapping.Proof, r *source.Reader, n int, goesOn func() bool) (end bool, err error) {
	for i := 0; (n == 0 || i < n) && (i%256 != 0 || goesOn()); i++ {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("upsert: read a snapshot: %w", err)
		}
		if row.Err != nil {
			continue
		}
		if err := proof.Look(ctx, row.Line, row.Number, row.Values, row.Object); err != nil {
			return false, err
		}
	}
	return false, ctx.Err()
}

// rowAfter is where a row may begin after an offset: behind the next line end.
func (k *Kind) rowAfter(ctx context.Context, rows *tenants.Snapshot, offset int64) (int64, error) {
	in, err := k.cfg.DB.OpenSnapshot(ctx, rows.ID, offset)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, lineSearch))
	if err != nil {
		return 0, fmt.Errorf("upsert: read snapshot %s: %w", rows.ID, err)
	}
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return offset + int64(i) + 1, nil
	}
	return rows.Size, nil
}

// errQuestions asks for what only the merchant can tell: no number is written that may be wrong.
func errQuestions(asked []mapping.Question) error {
	q := asked[0]
	more := ""
	if len(asked) > 1 {
		more = fmt.Sprintf(" There are %d such questions.", len(asked))
	}
	return flow.Verdict(nil, tenants.Clean(fmt.Sprintf("Some values can be read in two ways, so nothing was written. %s: %s. Open the matching, answer there, then start the run again.%s", q.Label, q.Asks(), more), 1000))
}

// open returns what only a person knows about the values that a mapping takes of rows.
func (k *Kind) open(ctx context.Context, rows *tenants.Snapshot, format tenants.Format, m tenants.Mapping) ([]tenants.OpenQuestion, error) {
	catalogue, err := k.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	proven, err := k.prove(ctx, catalogue, rows, format, m)
	return openOf(proven.asked), err
}

func openOf(asked []mapping.Question) (open []tenants.OpenQuestion) {
	for _, q := range asked {
		open = append(open, tenants.OpenQuestion{Field: q.Field, Kind: q.Kind, Text: q.Asks()})
	}
	return open
}

// tellQuestions ends a run whose values can be read in several ways, and has its flow say why until
// somebody answers.
func (s *step) tellQuestions(ctx context.Context, asked []mapping.Question) error {
	if err := s.DB().SetFlowQuestions(ctx, s.run.FlowID, openOf(asked)); err != nil {
		return err
	}
	if len(asked) == 0 {
		return nil
	}
	return errQuestions(asked)
}
