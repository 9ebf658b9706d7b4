package upsert

import (
	"encoding/json"
	"fmt"
	"slices"

	"sluice/internal/bigcommerce"
)

// created returns the changes of a record that does not exist yet.
func created(t Target, d Doc) []Change {
	out := make([]Change, 0, len(d.Fields))
	unique, _ := uniqueOf(t, d)
	for _, target := range d.Fields.Targets() {
		after := d.Fields[target]
		if target == unique && d.Unique != "" {
			after = d.Unique
		}
		out = append(out, Change{Field: target, After: after})
	}
	return out
}

// uniqueOf returns the field that no two records may have alike, and what d's record is to have in
// it. It is "", "" for a target without one.
func uniqueOf(t Target, d Doc) (field, value string) {
	r, ok := t.(Renamer)
	if !ok {
		return "", ""
	}
	field, value, _ = r.Unique(d.Fields)
	if d.Unique != "" {
		value = d.Unique
	}
	return field, value
}

// changedFields is how often each field was changed so far.
func (s *step) changedFields() map[string]int64 {
	if s.run.ChangedFields == nil {
		s.run.ChangedFields = make(map[string]int64)
	}
	return s.run.ChangedFields
}

// countDoc counts the fields of a record that is created as its document says.
func (s *step) countDoc(d itemDoc) {
	counts := s.changedFields()
	for target := range d.Fields {
		counts[target]++
	}
}

// countFields counts the fields that changes are of, each once.
func (s *step) countFields(changes []Change) {
	counts := s.changedFields()
	for i, c := range changes {
		if !slices.ContainsFunc(changes[:i], func(before Change) bool { return before.Field == c.Field }) {
			counts[c.Field]++
		}
	}
}

// doneOf returns those of changes that landed.
func doneOf(changes []Change) []Change {
	return slices.DeleteFunc(slices.Clone(changes), func(c Change) bool { return !c.Done })
}

// settled returns changes as they are shown once nothing of them is to be written.
func settled(changes []Change) []Change {
	out := slices.Clone(changes)
	for i := range out {
		out[i].Route, out[i].Done = "", false
	}
	return out
}

func encodeChanges(c []Change) (string, error) {
	if len(c) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("upsert: changes: %w", err)
	}
	return string(b), nil
}

// Differing returns the sent fields that the answer shows with another value. A field that the
// answer does not have says nothing.
func Differing(t Target, sent, answer bigcommerce.Fields) []string {
	var out []string
	for field, want := range sent {
		if have, shown := answer[field]; shown && field != "id" && !t.Same(field, have, want) {
			out = append(out, field)
		}
	}
	slices.Sort(out)
	return out
}

// routeOf returns the route by which a change is written.
func routeOf(t Target, c Change) Route {
	routes := t.Routes()
	for _, r := range routes {
		if r.Name == c.Route {
			return r
		}
	}
	return routes[0]
}

// next returns the first route by which something of changes is still to be written.
func next(t Target, changes []Change) (Route, bool) {
	for _, r := range t.Routes() {
		if slices.ContainsFunc(changes, func(c Change) bool { return !c.Done && routeOf(t, c).Name == r.Name }) {
			return r, true
		}
	}
	return Route{}, false
}

// writtenBy returns those of changes that a route is still to write.
func writtenBy(t Target, changes []Change, route Route) []Change {
	return slices.DeleteFunc(slices.Clone(changes), func(c Change) bool { return c.Done || routeOf(t, c).Name != route.Name })
}

// weight is how much of its batch a route's changes of one record take.
func (r Route) weight(changes []Change) int {
	if r.Weight == nil {
		return 1
	}
	return max(r.Weight(changes), 1)
}

// planWrites counts n records with these changes for the cost of writing.
func (s *step) planWrites(changes []Change, n int64) {
	if s.cp.Writes == nil {
		s.cp.Writes = make(map[string]int64)
	}
	seen := make(map[string]bool)
	for _, c := range changes {
		if r := routeOf(s.k.target, c); !seen[r.Name] && !c.Done {
			seen[r.Name] = true
			s.cp.Writes[r.Name] += n * int64(r.weight(writtenBy(s.k.target, changes, r)))
		}
	}
}
