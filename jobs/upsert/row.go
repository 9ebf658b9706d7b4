package upsert

import (
	"context"
	"fmt"
	"slices"

	"sluice/internal/problem"
	"sluice/jobs/mapping"
	"sluice/jobs/source"
)

// made is what a mapping makes of a row: in a run, a preview and a check alike.
type made struct {
	fields mapping.Document
	wrong  []problem.Field // fields that the row does not fill as they must be
	warned []PartProblem
	lacks  []mapping.Lack // of a record that is created
	notes  []mapping.Note
	key    Key
}

// mapRow maps a row that could be read. Without a layout it is a whole record. The error is ctx's.
func mapRow(ctx context.Context, t Target, program *mapping.Program, row *source.Row) (m made, err error) {
	if row.Object != nil {
		m.fields, m.wrong, err = program.ApplyObject(ctx, row.Object)
	} else {
		m.fields, m.wrong, err = program.Apply(ctx, row.Values)
	}
	if err != nil {
		return m, err
	}
	m.lacks, m.notes = program.Lacks(), program.Notes()
	if a, ok := t.(Assembler); ok && program.Layout() == nil {
		made := a.Assemble(nil, []Part{{Fields: m.fields, Own: true}})
		m.fields = made.Fields
		for _, p := range made.Problems {
			if p.Warning {
				m.warned = append(m.warned, p)
			} else {
				m.wrong = append(m.wrong, problem.Field{Field: p.Field, Message: p.Message})
			}
		}
	}
	m.key = t.Key(m.fields)
	return m, nil
}

// keyWrong reports whether wrong says already what is wrong with the key.
func (m *made) keyWrong() bool {
	return slices.ContainsFunc(m.wrong, func(f problem.Field) bool { return f.Field == m.key.Field })
}

// sameKey says that the record of a row is in an earlier one already.
func (k *Kind) sameKey(first place) string {
	return fmt.Sprintf("this %s is already in %s: the first is used. Remove one of them at the source", k.target.KeyName(), first)
}
