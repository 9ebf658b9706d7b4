package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sluice/internal/expression"
	"sluice/tenants"
)

// Profile is what is known of the files of one system: how to tell one, and what is in it. It is
// data: a JSON file of it each.
//
// Its expressions name columns as {{Column}}, whatever their case, spaces and signs. What stands in
// [[ ]] is repeated for each number that # in it stands for and that there are columns for, with
// commas between. In a field whose target ends with ":*" the column's name has a * too: it is one
// field for each column that fits.
type Profile struct {
	Name  string `json:"name"`  // never changes
	Label string `json:"label"` // after "This looks like"
	// Header tells the files: they have all columns of All, at least Some of Any, and none of None.
	Header struct {
		All  []string `json:"all"`
		Any  []string `json:"any"`
		Some int      `json:"some"`
		None []string `json:"none"`
	} `json:"header"`
	// Prefixes are what may stand before the names of the columns, as the g: of XML; none is "".
	Prefixes []string `json:"prefixes"`
	// Layouts are in order: the first counts whose columns are there.
	Layouts []tenants.Layout `json:"layouts"`
	// Fields are in order: of those of one target the first counts whose columns are there and not
	// empty in the rows that were looked at, or else the first whose columns are there.
	Fields  []ProfileField  `json:"fields"`
	Options tenants.Options `json:"options"` // of the flow
	Note    string          `json:"note"`    // what people should know of such files
	Asks    []Ask           `json:"asks"`
}

// Ask is what only the merchant knows, and some fields need: its answer is put in the place of
// {ANSWER} in their expressions.
type Ask struct {
	Name    string `json:"name"`
	Label   string `json:"label"`
	Help    string `json:"help"`
	Example string `json:"example"`
}

// ProfileField fills one target.
type ProfileField struct {
	tenants.FieldMapping
	Guessed bool `json:"guessed"` // to be looked at
	// Ask is the name of what has to be asked, unless all values of the field's columns are whole
	// addresses.
	Ask string `json:"ask"`
}

// Profiles are the profiles of one kind of record, the most particular first.
type Profiles []*Profile

// ReadProfiles reads the profiles in a folder. Those whose header asks for more columns come first.
func ReadProfiles(files fs.FS, folder string) (Profiles, error) {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		return nil, fmt.Errorf("mapping: profiles: %w", err)
	}
	var out Profiles
	for _, e := range entries {
		b, err := fs.ReadFile(files, path.Join(folder, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("mapping: profile %s: %w", e.Name(), err)
		}
		p := &Profile{}
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.DisallowUnknownFields()
		if err := dec.Decode(p); err != nil {
			return nil, fmt.Errorf("mapping: profile %s: %w", e.Name(), err)
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b *Profile) int { return b.weight() - a.weight() })
	return out, nil
}

// weight is how many columns the header must have.
func (p *Profile) weight() int { return len(p.Header.All) + p.Header.Some }

// columnSet finds columns of a header by name.
type columnSet struct {
	header []string
	index  map[string]int // by normal name
	sample [][]string

	prefixes []string // what may stand before a name
}

func newColumnSet(header []string, sample [][]string) *columnSet {
	c := &columnSet{header: header, index: make(map[string]int, len(header)), sample: sample}
	for i := len(header) - 1; i >= 0; i-- { // the first of two alike wins
		c.index[normal(header[i])] = i
	}
	return c
}

// find returns the place of a column, -1 if there is none.
func (c *columnSet) find(name string) int {
	if c.prefixes == nil {
		return c.exactly(name)
	}
	for _, prefix := range c.prefixes {
		if i := c.exactly(prefix + name); i >= 0 {
			return i
		}
	}
	return -1
}

func (c *columnSet) exactly(name string) int {
	if i := slices.Index(c.header, name); i >= 0 {
		return i
	}
	if i, ok := c.index[normal(name)]; ok && normal(name) != "" {
		return i
	}
	return -1
}

// of returns c with a profile's prefixes.
func (c columnSet) of(p *Profile) *columnSet {
	c.prefixes = p.Prefixes
	return &c
}

func (c *columnSet) has(name string) bool { return c.find(name) >= 0 }

// filled reports whether any row of the sample has something in the column.
func (c *columnSet) filled(column int) bool {
	return slices.ContainsFunc(c.sample, func(row []string) bool {
		return column < len(row) && expression.TrimText(row[column]) != ""
	})
}

// tells reports whether a file with these columns is one of the profile's.
func (p *Profile) tells(c *columnSet) bool {
	some := 0
	for _, name := range p.Header.Any {
		if c.has(name) {
			some++
		}
	}
	return some >= p.Header.Some &&
		!slices.ContainsFunc(p.Header.All, func(name string) bool { return !c.has(name) }) &&
		!slices.ContainsFunc(p.Header.None, c.has)
}

// find returns the profile of a file with these columns, nil if there is none.
func (p Profiles) find(c *columnSet) *Profile {
	for _, one := range p {
		if one.tells(c.of(one)) {
			return one
		}
	}
	return nil
}

var (
	columnMark = regexp.MustCompile(`\{\{(.+?)\}\}`)
	repeatMark = regexp.MustCompile(`\[\[(.+?)\]\]`)
)

// mostRepeats is the largest number that # stands for.
const mostRepeats = 100

// expand writes an expression of a profile for a file. It returns the columns in it; false if one
// is not there.
func (c *columnSet) expand(source string) (out string, columns []int, ok bool) {
	ok = true
	out = repeatMark.ReplaceAllStringFunc(source, func(mark string) string {
		inner := mark[2 : len(mark)-2]
		var parts []string
		for n := range mostRepeats {
			part, used, there := c.fill(strings.ReplaceAll(inner, "#", strconv.Itoa(n)))
			if there {
				parts, columns = append(parts, part), append(columns, used...)
			}
		}
		if parts == nil {
			ok = false
		}
		return strings.Join(parts, ", ")
	})
	out, used, there := c.fill(out)
	return out, append(columns, used...), ok && there
}

// fill puts columns in the place of their names.
func (c *columnSet) fill(source string) (out string, columns []int, ok bool) {
	ok = true
	out = columnMark.ReplaceAllStringFunc(source, func(mark string) string {
		i := c.find(mark[2 : len(mark)-2])
		if i < 0 {
			ok = false
			return ""
		}
		columns = append(columns, i)
		return expression.Name(c.header[i])
	})
	return out, columns, ok
}

// suggest proposes what the profile says of a file with these columns.
func (p *Profile) suggest(c *columnSet) Suggestion {
	out := Suggestion{Fields: []SuggestedField{}, Profile: &ProfileSeen{Name: p.Name, Label: p.Label, Note: p.Note}, Options: p.Options}
	c = c.of(p)
	out.Layout = p.layout(c)
	at := make(map[string]int)     // where the field of a target is
	empty := make(map[string]bool) // targets whose columns are empty so far
	add := func(f ProfileField, target, source string, columns []int) {
		s := SuggestedField{FieldMapping: f.FieldMapping, Guessed: f.Guessed}
		s.Target, s.Expression = target, source
		blank := len(columns) > 0 && c.sample != nil && !slices.ContainsFunc(columns, c.filled)
		i, have := at[target]
		switch {
		case !have:
			at[target], empty[target] = len(out.Fields), blank
			out.Fields = append(out.Fields, s)
		case empty[target] && !blank && (len(columns) > 0 || out.Fields[i].Otherwise == ""): // for what is empty there is Otherwise
			empty[target], out.Fields[i] = false, s
		}
	}
	for _, f := range p.Fields {
		if family, ok := strings.CutSuffix(f.Target, ":*"); ok {
			c.family(f, family+":", add)
			continue
		}
		source, columns, ok := c.expand(f.Expression)
		switch {
		case !ok:
		case f.Ask != "" && !c.whole(columns):
			out.ask(p, f, source)
		default:
			add(f, f.Target, strings.ReplaceAll(source, answerMark, ""), columns)
		}
	}
	return out
}

// answerMark stands in an expression for the answer to an Ask.
const answerMark = "{ANSWER}"

// ask adds a field that needs an answer.
func (s *Suggestion) ask(p *Profile, f ProfileField, source string) {
	f.Expression = source
	i := slices.IndexFunc(s.Asks, func(a Asked) bool { return a.Name == f.Ask })
	if i < 0 {
		n := slices.IndexFunc(p.Asks, func(a Ask) bool { return a.Name == f.Ask })
		if n < 0 {
			return
		}
		s.Asks = append(s.Asks, Asked{Ask: p.Asks[n]})
		i = len(s.Asks) - 1
	}
	s.Asks[i].Fields = append(s.Asks[i].Fields, f.FieldMapping)
}

// layout returns that of a file with these columns, nil if each row is a record.
func (p *Profile) layout(c *columnSet) *tenants.Layout {
	for _, l := range p.Layouts {
		all := true
		for _, e := range []*string{&l.Key, &l.Start, &l.Parent, &l.Children, &l.Leave} {
			var ok bool
			*e, _, ok = c.expand(*e)
			all = all && ok
		}
		if all {
			return &l
		}
	}
	return nil
}

// whole reports whether all values in some columns are whole addresses.
func (c *columnSet) whole(columns []int) bool {
	for _, row := range c.sample {
		for _, i := range columns {
			if i < len(row) && expression.TrimText(row[i]) != "" && !strings.Contains(row[i], "//") {
				return false
			}
		}
	}
	return true
}

// family adds a field for each column that fits the one with a * in f's expression.
func (c *columnSet) family(f ProfileField, family string, add func(f ProfileField, target, source string, columns []int)) {
	mark := columnMark.FindStringSubmatch(f.Expression)
	if mark == nil {
		return
	}
	before, after, _ := strings.Cut(mark[1], "*")
	for i, column := range c.header {
		name, ok := strings.CutPrefix(column, before)
		name, ends := strings.CutSuffix(name, after)
		if name = expression.TrimText(name); ok && ends && name != "" {
			add(f, family+name, columnMark.ReplaceAllLiteralString(f.Expression, expression.Name(column)), []int{i})
		}
	}
}
