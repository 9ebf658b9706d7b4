package mapping

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"sluice/internal/expression"
	"sluice/tenants"
)

// sampleLook is how many sample rows are looked at, and a column fits a numeric field when at most
// one in suspectShare of its values does not: some bad prices must not hide which column has the
// prices.
const (
	sampleLook   = 50
	suspectShare = 2
	// repeatShare: a column of an attribute's name may be a key if at most one in so many repeats.
	repeatShare = 5
)

// normal is a column's name as the dictionary spells it: lower case, letters and digits only,
// without accents. "Part No.", "PART_NO" and "partNo" are the same.
func normal(name string) string {
	var b strings.Builder
	for _, c := range norm.NFKD.String(strings.ReplaceAll(name, "ß", "ss")) {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			b.WriteRune(unicode.ToLower(c))
		}
	}
	return b.String()
}

// Suggestion is a proposed mapping.
type Suggestion struct {
	Fields []SuggestedField `json:"fields"`
	Layout *tenants.Layout  `json:"layout,omitempty"`

	Profile *ProfileSeen    `json:"profile,omitempty"` // of the system that the file comes from
	Options tenants.Options `json:"options,omitempty"` // of the flow, for such files
	Without *Suggestion     `json:"without,omitempty"` // what is proposed without the profile
	Asks    []Asked         `json:"asks,omitempty"`    // what only the merchant knows
	Unfit   []Unfit         `json:"unfit,omitempty"`   // fields whose column is there but does not fit
}

// ProfileSeen is the profile of a file.
type ProfileSeen struct {
	Name  string `json:"name"`
	Label string `json:"label"` // after "This looks like"
	Note  string `json:"note,omitempty"`
}

// Asked is a question, and the fields that its answer makes possible: it is put into their
// expressions, as it would stand in quotation marks, in the place of {ANSWER}.
type Asked struct {
	Ask
	Fields []tenants.FieldMapping `json:"fields"`
}

// Unfit is a field that has to be filled and whose own column does not fit it.
type Unfit struct {
	Target  string `json:"target"`
	Label   string `json:"label"`
	Column  string `json:"column"`
	Value   string `json:"value"`   // one that does not fit; "" if the column is empty
	Message string `json:"message"` // why not, and what to do
}

// SuggestedField proposes from what to fill a target.
type SuggestedField struct {
	tenants.FieldMapping
	// Guessed: nothing in the source says so. It is a value that many stores use, a column that might
	// as well be another field's, or one of several that this field might be.
	Guessed bool `json:"guessed"`
}

// Mapping is the proposal as it is saved.
func (s Suggestion) Mapping() tenants.Mapping {
	m := tenants.Mapping{Fields: make([]tenants.FieldMapping, len(s.Fields)), Layout: s.Layout}
	for i, f := range s.Fields {
		m.Fields[i] = f.FieldMapping
	}
	return m
}

// Suggest proposes a mapping from the names of the columns and a look at some rows. Each target
// comes at most once and only if its column's values fit. A field that BigCommerce needs and no
// column fits becomes its Fallback. What cannot be known (a price, a name) is left out and Compile
// names it.
func (c *Catalogue) Suggest(header []string, sample [][]string) Suggestion {
	plain := c.suggest(header, sample)
	columns := newColumnSet(header, sample)
	p := c.profiles.find(columns)
	if p == nil {
		return plain
	}
	out := p.suggest(columns)
	out.Without = &plain
	return out
}

// suggest is Suggest without profiles.
func (c *Catalogue) suggest(header []string, sample [][]string) Suggestion {
	s := suggester{header: header, sample: sample[:min(len(sample), sampleLook)], used: make(map[int]bool)}
	s.names = make(map[string]int, len(header))
	for i := len(header) - 1; i >= 0; i-- { // the first of two alike wins
		s.names[normal(header[i])] = i
	}
	out := Suggestion{Fields: []SuggestedField{}}
	from := make(map[string]int) // column by target
	add := func(target, expression string) {
		out.Fields = append(out.Fields, SuggestedField{FieldMapping: tenants.FieldMapping{Target: target, Expression: expression}})
	}
	for _, f := range c.fields {
		if f.unmappable() != "" || f.Family != nil {
			continue
		}
		if f.Levels != nil {
			if e := s.path(f); e != "" {
				add(f.Name, e)
			}
		} else if i, own := s.own(f); own && f.required() && !f.Key && len(f.Enum) == 0 && !s.used[i] && !s.fits(i, f) {
			// Another column, or a constant, would be written without a word in place of this one.
			from[f.Name], s.used[i] = i, true
			add(f.Name, expression.Name(header[i]))
			out.Unfit = append(out.Unfit, s.unfit(f, i))
		} else if i := s.find(f.Columns, f); i >= 0 {
			from[f.Name] = i
			add(f.Name, s.text(i, f))
		} else if f.Fallback != "" {
			add(f.Name, f.Fallback)
			out.Fields[len(out.Fields)-1].Fill = tenants.FillCreated
		}
	}
	for i, f := range out.Fields {
		spec := c.names[f.Target]
		column, isColumn := from[f.Target]
		unfit := slices.ContainsFunc(out.Unfit, func(u Unfit) bool { return u.Target == f.Target })
		out.Fields[i].Guessed = unfit || f.Expression == spec.Fallback || isColumn && (s.oneOfSeveral(spec) || c.wantedElsewhere(normal(header[column]), out))
	}
	return out
}

// oneOfSeveral reports whether a column that nothing uses might be spec as well.
func (s *suggester) oneOfSeveral(spec *Field) bool {
	return slices.ContainsFunc(spec.Columns, func(name string) bool {
		i, ok := s.names[name]
		return ok && !s.used[i] && s.fits(i, spec)
	})
}

// wantedElsewhere reports whether a field that was given nothing might be the column of that name.
func (c *Catalogue) wantedElsewhere(name string, given Suggestion) bool {
	return slices.ContainsFunc(c.fields, func(f *Field) bool {
		return f.unmappable() == "" && slices.Contains(f.Columns, name) &&
			!slices.ContainsFunc(given.Fields, func(g SuggestedField) bool { return g.Target == f.Name })
	})
}

type suggester struct {
	header []string
	sample [][]string
	names  map[string]int
	used   map[int]bool
}

// find returns the best free column for a field, -1 for none. names are in order of preference.
func (s *suggester) find(names []string, spec *Field) int {
	for _, name := range names {
		if i, ok := s.names[name]; ok && !s.used[i] && s.fits(i, spec) {
			s.used[i] = true
			return i
		}
	}
	return -1
}

// own returns the column whose name is surest a field's of those that are there and hold something.
func (s *suggester) own(spec *Field) (int, bool) {
	for _, name := range spec.Columns {
		if i, ok := s.names[name]; ok && s.holds(i) {
			return i, true
		}
	}
	return 0, false
}

// holds reports whether a column has a value in the sample, or nobody knows.
func (s *suggester) holds(i int) bool {
	return len(s.sample) == 0 || slices.ContainsFunc(s.sample, func(row []string) bool { return i < len(row) && expression.TrimText(row[i]) != "" })
}

// unfit says why column i does not fit a field.
func (s *suggester) unfit(spec *Field, i int) Unfit {
	out := Unfit{Target: spec.Name, Label: spec.label(), Column: s.header[i]}
	for _, row := range s.sample {
		if i >= len(row) || expression.TrimText(row[i]) == "" {
			continue
		}
		if _, _, msg := convert(spec, row[i], ""); msg != "" {
			out.Value = expression.Clip(row[i], 100)
			out.Message = "many values of the column " + expression.Quote(s.header[i]) + " do not fit, for example: " + msg + ". Correct them in the file, or choose another column; rows with such values are left out"
			break
		}
	}
	return out
}

// text is the expression of a field whose column is i: a list becomes a text with commas, if the
// field is a text.
func (s *suggester) text(i int, spec *Field) string {
	name := expression.Name(s.header[i])
	lists := false
	for _, row := range s.sample {
		if i >= len(row) || row[i] == "" {
			continue
		}
		var list []any
		switch {
		case json.Unmarshal([]byte(row[i]), &list) == nil:
			lists = true
		case !strings.HasPrefix(row[i], "[") || !strings.HasSuffix(row[i], "…"): // what is long was cut
			return name
		}
	}
	if spec.Type != "string" || len(spec.Enum) > 0 || !lists {
		return name
	}
	return "join(" + name + `, ", ")`
}

// repeats reports whether more than a few values of a column stand in it more than once.
func (s *suggester) repeats(i int) bool {
	seen, again := make(map[string]bool), 0
	for _, row := range s.sample {
		if i >= len(row) || expression.TrimText(row[i]) == "" {
			continue
		}
		if v := expression.TrimText(row[i]); seen[v] {
			again++
		} else {
			seen[v] = true
		}
	}
	return again*repeatShare > len(seen)+again
}

// fits looks at the column's values: nearly all of them must be right for the field.
func (s *suggester) fits(i int, spec *Field) bool {
	seen, bad := 0, 0
	for _, row := range s.sample {
		if i >= len(row) || expression.TrimText(row[i]) == "" {
			continue
		}
		seen++
		if _, _, msg := convert(spec, row[i], ""); msg != "" {
			bad++
		}
	}
	if seen == 0 && len(s.sample) > 0 || slices.Contains(spec.Attributes, normal(s.header[i])) && s.repeats(i) {
		return false // an empty column fits nothing, and an attribute tells no records apart
	}
	return bad*suspectShare <= seen
}

// path returns a path of the columns that together are the field's levels, as far as they are
// there: a whole path if one column has that.
func (s *suggester) path(spec *Field) string {
	var columns []string
	for _, level := range spec.Levels {
		if i := s.find(level, spec); i >= 0 {
			columns = append(columns, expression.Name(s.header[i]))
			if len(columns) == 1 && s.holdsPaths(i) {
				return columns[0]
			}
		}
	}
	switch len(columns) {
	case 0:
		return ""
	case 1:
		return columns[0]
	}
	return "path(" + strings.Join(columns, ", ") + ")"
}

// holdsPaths reports whether a column's values are whole paths already.
func (s *suggester) holdsPaths(i int) bool {
	for _, row := range s.sample {
		if i < len(row) && strings.Contains(row[i], ">") {
			return true
		}
	}
	return false
}
