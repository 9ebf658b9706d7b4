package upsert

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"sluice/internal/bigcommerce"
	"sluice/jobs/mapping"
)

// BigCommerce keeps some values otherwise than they were sent: prices with four decimals, HTML
// without what it does not allow. Such a value landed, for as long as the source sends the same and
// the store shows what became of it; else every look at the product would find a difference, and
// write it anew.
//
// The rounding of prices is known, so that even the first look makes nothing of it. What becomes of
// other values is learned from the answer to a write, and remembered with the record: a digest of
// what was sent, and one of what came back. This memory does not depend on what is remembered of
// the product (memory.go), which large products are not.
//
// The same is remembered of a value that the answer did not show: whether it landed cannot be seen,
// so it is sent once and not in each run.

// cleaned is what became of the values that were sent, by field, where that is something else. Its
// JSON is tenants.Record.Cleaned.
type cleaned map[string]cleanedValue

type cleanedValue struct {
	Sent string `json:"sent"`           // digest
	Kept string `json:"kept,omitempty"` // digest of what came back; "" if nothing did
}

// digest identifies a value by its content. A list of numbers is a set.
func digest(v any) string {
	if list, ok := listOf(v); ok && len(list) > 0 && allNumbers(list) { // a set
		ids := Ints(v)
		slices.Sort(ids)
		v = slices.Compact(ids)
	}
	return mapping.Document{"": v}.Hash()[:32]
}

// explains reports whether live, or that it is not shown, is what became of want.
func (c cleaned) explains(field string, want, live any, shown bool) bool {
	known, ok := c[field]
	if !ok || known.Sent != digest(want) {
		return false
	}
	if !shown {
		return known.Kept == ""
	}
	return known.Kept == digest(live)
}

// learn returns what is known of d's values after a write of sent, which was answered with answer.
// Of what failed in part it cannot be said what the platform would have made of it.
func (c cleaned) learn(t Target, d mapping.Document, sent, answer bigcommerce.Fields, partial bool) cleaned {
	out := maps.Clone(c)
	if out == nil {
		out = make(cleaned)
	}
	for field, want := range sent {
		delete(out, field)
		target := t.TargetOf(field)
		if _, mapped := d[target]; !mapped || partial || t.Blind(field) || t.FieldOf(target) != field { // what a name is sent as, another field shows
			continue
		}
		have, shown := answer[field]
		switch {
		case !shown:
			out[field] = cleanedValue{Sent: digest(want)}
		case !t.Same(field, have, want):
			out[field] = cleanedValue{digest(want), digest(have)}
		}
	}
	return out
}

// encodeCleaned returns what is worth keeping: of the fields that are still mapped, as long as they
// are to have the value that was sent.
func encodeCleaned(t Target, d Doc) (string, error) {
	keep := make(cleaned)
	unique, value := uniqueOf(t, d)
	for field, v := range d.cleaned {
		target := t.TargetOf(field)
		want, mapped := d.Fields[target]
		if target == unique {
			want = value
		}
		if mapped && (target != field || v.Sent == digest(want)) { // what a path or brand is to be, only the store tells
			keep[field] = v
		}
	}
	if len(keep) == 0 {
		return "", nil
	}
	b, err := json.Marshal(keep)
	if err != nil {
		return "", fmt.Errorf("upsert: cleaned values: %w", err)
	}
	return string(b), nil
}

func decodeCleaned(text string) (cleaned, error) {
	if text == "" {
		return nil, nil
	}
	var c cleaned
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return nil, fmt.Errorf("upsert: cleaned values: %w", err)
	}
	return c, nil
}
