package mapping

import (
	"slices"

	"sluice/internal/expression"
)

// KeyColumns returns the columns of which one may be the key of a file with this header, the surest
// first: several only for files of a known system whose profile names several. nil if the key is not
// one column.
func (c *Catalogue) KeyColumns(header []string) []int {
	columns := newColumnSet(header, nil)
	p := c.profiles.find(columns)
	if p == nil || len(c.keys) != 1 {
		return nil
	}
	columns = columns.of(p)
	if p.layout(columns) != nil {
		return nil // rows of one key are one record
	}
	var out []int
	for _, f := range p.Fields {
		if f.Target != c.keys[0] {
			continue
		}
		source, used, ok := columns.expand(f.Expression)
		if ok && len(used) == 1 && source == expression.Name(header[used[0]]) && !slices.Contains(out, used[0]) {
			out = append(out, used[0])
		}
	}
	return out
}

// Rekey has a suggestion take its key from another column than it did: one that tells all rows of
// the file apart, which from does not. It is to be looked at.
func (c *Catalogue) Rekey(s *Suggestion, header []string, from, to int) {
	for i, f := range s.Fields {
		if slices.Contains(c.keys, f.Target) && f.Expression == expression.Name(header[from]) {
			s.Fields[i].Expression, s.Fields[i].Guessed = expression.Name(header[to]), true
		}
	}
	if s.Profile == nil {
		return
	}
	seen := *s.Profile
	seen.Note = joinSentences(seen.Note, "The column "+header[from]+" is empty or repeated in some rows, so that "+header[to]+" tells the records apart: it is filled in all rows, and different in each.")
	s.Profile = &seen
}

func joinSentences(a, b string) string {
	if a == "" {
		return b
	}
	return a + " " + b
}
