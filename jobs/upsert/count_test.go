package upsert

import (
	"slices"
	"testing"

	"sluice/jobs/source"
)

// TestSpread: what is kept of any number of rows is of all parts of them.
func TestSpread(t *testing.T) {
	for _, n := range []int64{0, 1, 29, 30, 31, 59, 60, 61, 1000, 123_457} {
		s := &spread{keep: func(r *source.Row) []string { return []string{string(rune('a' + r.Line*20/n))} }}
		for i := range n {
			s.see(&source.Row{Line: i})
		}
		if len(s.rows) > spreadRows || int64(len(s.rows)) < min(n, spreadRows/2) {
			t.Errorf("%d of %d rows", len(s.rows), n)
		}
		var parts []string // of twenty
		for _, r := range s.rows {
			parts = append(parts, r[0])
		}
		if !slices.IsSorted(parts) {
			t.Errorf("%d rows: not in order: %v", n, parts)
		}
		if parts = slices.Compact(parts); n >= 60 && len(parts) < 14 {
			t.Errorf("%d rows: only of the parts %v", n, parts)
		}
	}
}
