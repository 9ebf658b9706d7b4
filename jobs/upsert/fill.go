package upsert

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/tenants"
)

// fills are FieldMapping.Fill by target, without those that are always filled.
func (s *step) fills() map[string]string {
	if s.fill == nil {
		s.fill = make(map[string]string)
		for _, f := range s.run.Mapping.Fields {
			if f.Fill != "" {
				s.fill[f.Target] = f.Fill
			}
		}
	}
	return s.fill
}

// filled returns those of an existing record's changes that the mapping wants: not of fields that
// are only filled of new records, nor of those that only empty ones get. What the store does not
// show may be anything, so that it is not filled then. What a record gets back because it came back
// is wanted.
func (s *step) filled(d itemDoc, changes []Change) []Change {
	if len(s.fills()) == 0 {
		return changes
	}
	out := make([]Change, 0, len(changes))
	for _, c := range changes {
		from, with := s.filledBy(c, changes)
		if slices.Contains(d.back, c.Field) || slices.ContainsFunc(with, func(x Change) bool { return allows(s.fill[from], x) }) {
			out = append(out, c)
		}
	}
	return out
}

func of(changes []Change, field string) []Change {
	return slices.DeleteFunc(slices.Clone(changes), func(c Change) bool { return c.Field != field })
}

// allows reports whether a change of an existing record is one that a field's filling wants.
func allows(fill string, c Change) bool {
	switch fill {
	case tenants.FillCreated:
		return false
	case tenants.FillEmpty:
		return !c.Unknown && zero(c.Before)
	}
	return true
}

// filledBy returns the mapping's target that a changed field comes of, and the changes that it goes
// with: those of the field that it comes of, if that changes, else itself.
func (s *step) filledBy(c Change, changes []Change) (from string, with []Change) {
	from, with = c.Field, []Change{c}
	d, ok := s.k.target.(Deriver)
	if !ok {
		return from, with
	}
	mapped := func(target string) bool {
		return slices.ContainsFunc(s.run.Mapping.Fields, func(f tenants.FieldMapping) bool { return f.Target == target })
	}
	for !mapped(from) {
		next := d.Derived(from, mapped)
		if next == "" {
			return c.Field, []Change{c}
		}
		from = next
		if others := of(changes, from); len(others) > 0 {
			with = others
		}
	}
	return from, with
}

// lacking says why no record can be created of a document, nil if one can.
func (s *step) lacking(ctx context.Context, d itemDoc) (*flow.Issue, error) {
	if s.catalogue == nil {
		var err error
		if s.catalogue, err = s.k.Catalogue(ctx); err != nil {
			return nil, err
		}
	}
	constants, err := s.otherwise(ctx)
	if err != nil {
		return nil, err
	}
	missing := without(s.catalogue.Lacking(d.Fields), constants)
	if len(missing) == 0 {
		return nil, nil
	}
	if bad := badLacks(d); len(bad) > 0 {
		why := bad[0]
		why.Message = strings.TrimSuffix(why.Message, mapping.Left)
		return &why, nil
	}
	labels := make([]string, len(missing))
	for i, m := range missing {
		labels[i] = m.Label
	}
	key := s.k.target.Key(d.Fields)
	return &flow.Issue{
		Field: key.Field, Value: key.Shown, Cure: tenants.CureStore,
		Message: fmt.Sprintf("the store has no %s with this %s, and the row does not have what a new one needs: %s", s.k.spec.Singular, s.k.target.KeyName(), strings.Join(labels, ", ")),
	}, nil
}

// badLacks are what to say of a row that exists in the store: values which only a new record needs,
// and that cannot be used.
func badLacks(d itemDoc) (out []flow.Issue) {
	for _, l := range d.lacks {
		if l.Bad {
			out = append(out, flow.Issue{Field: l.Field, Message: l.Message + mapping.Left, Value: l.Value, Cure: tenants.CureMatching})
		}
	}
	return out
}

// warnLacks says which values of a row whose record exists were not used.
func (s *step) warnLacks(item tenants.RunItem, d itemDoc) {
	for _, i := range badLacks(d) {
		s.Warn(s.about(item, d, i))
	}
}

// tellNotes warns of what a row's values are, and counts the words that were taken for no value.
func (s *step) tellNotes(m *mapped, notes []mapping.Note) {
	for _, n := range notes {
		if n.Message != "" {
			s.warn(m, tenants.CureMatching, n.Field, n.Message, n.Value)
			continue
		}
		if s.cp.Nothing == nil {
			s.cp.Nothing = make(map[string]int64)
		}
		if key := n.Field + nothingSign + n.Nothing; len(s.cp.Nothing) < maxNothing || s.cp.Nothing[key] > 0 {
			s.cp.Nothing[key]++
		}
	}
}

const (
	nothingSign = "\n"
	maxNothing  = 200 // fields and words that are counted
)

// tellNothing says which words were taken for no value, of each field.
func (s *step) tellNothing() {
	words := map[string][]string{}
	for _, key := range slices.Sorted(maps.Keys(s.cp.Nothing)) {
		field, word, _ := strings.Cut(key, nothingSign)
		words[field] = append(words[field], fmt.Sprintf("%s in %d", word, s.cp.Nothing[key]))
	}
	for _, field := range slices.Sorted(maps.Keys(words)) {
		s.Warn(flow.Issue{Field: field, Cure: tenants.CureMatching, Message: "cells were taken as empty: " + strings.Join(words[field], ", ")})
	}
}
