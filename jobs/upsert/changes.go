package upsert

import (
	"encoding/json"
	"fmt"
	"maps"
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

// uniqueOf returns the field that no two records may have alike, and what d's record is to have in it. It is "", "" for a
// target without one.
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

// Differing returns the sent fields that the answer shows with another value. A field that the answer
// does not have says nothing.
func Differing(t Target, sent, answer bigcommerce.Fields) []string {
	var out []string
	for _, field := range slices.Sorted(maps.Keys(sent)) {
		if have, shown := answer[field]; shown && field != "id" && !t.Same(field, have, sent[field]) {
			out = append(out, field)
		}
	}
	return out
}
