package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"sluice/internal/bigcommerce"
	"sluice/internal/expression"
	"sluice/tenants"
)

// Catalogue lists the fields of one kind of record that mappings may fill. It is safe for
// concurrent use.
type Catalogue struct {
	fields  []*Field
	names   map[string]*Field
	keys    []string
	first   []string
	implied func(doc Document, mapped func(target string) bool)

	profiles Profiles
	store    Store
}

// Store is what reading values takes of a store, and of what is done with them.
type Store struct {
	Unit    func(measure string) string // in which it counts a measure, "" if that is not known; nil: no measure's is
	Creates bool                        // records may be created: only then fields that BigCommerce requires must be filled
}

// For returns the catalogue as it is for a store.
func (c *Catalogue) For(s Store) *Catalogue {
	of := *c
	of.store = s
	return &of
}

// Units are the units of the store, for who remembers what depends on them.
func (c *Catalogue) Units() (units []string) {
	for _, m := range []string{tenants.MeasureMoney, tenants.MeasureWeight, tenants.MeasureLength} {
		units = append(units, c.unit(&Field{Measure: m}))
	}
	return units
}

// unit is the unit in which the store counts what a field measures, "" if it is not known.
func (c *Catalogue) unit(f *Field) string {
	if c.store.Unit == nil || f.Measure == "" {
		return ""
	}
	return c.store.Unit(f.Measure)
}

// WithProfiles has Suggest know files. It returns c, which nobody may use yet.
func (c *Catalogue) WithProfiles(p Profiles) *Catalogue {
	c.profiles = p
	return c
}

// Profiles are the files that Suggest knows.
func (c *Catalogue) Profiles() Profiles { return c.profiles }

// Field is a field of a Catalogue. Nothing in it may be changed once the catalogue is made.
type Field struct {
	bigcommerce.Field // type and limits; MaxLength of a FormatPath is that of each name in it

	Key     bool   // one of those that together identify a record: each mapping fills it
	Instead string // why it cannot be mapped, and what to map instead; "" if it can
	Label   string // as the control panel names it; "" makes one of Name
	Help    string // a sentence
	Hint    string // follows "is required: match it", for example ", for example to 0"

	// Columns are names that sources give the column, the surest first; what differs from one in case,
	// accents, spaces and signs alone is the same. Of a FormatPath, Levels has such a list for each
	// level of the path.
	Columns []string
	Levels  [][]string
	// Attributes are those of Columns that may name an attribute too: they fit only if their values
	// differ.
	Attributes []string
	Fallback   string // the expression that is suggested when no column fits; "" for none

	Group   Group  // where it is shown; "" leaves that to the catalogue
	Measure string // what a number measures: one of tenants' measures, "" for none

	HTML   bool // a text that is written as it comes
	Code   bool // a text that is an article number: GTIN, UPC, EAN
	Floor  bool // a number of which one below zero counts as 0
	Strict bool // a value that cannot be used always fails the row: without it the row means another record

	Family *Family // the field is many, one for each name that a mapping gives; nil if it is one
}

// Family says which names a field may have of which each makes a target of its own: its target is
// the field's name, which ends with a colon, and the name.
type Family struct {
	Names   string // what the names are of, as the control panel calls it, such as "Name of the custom field"
	Most    int    // of one mapping
	MaxName int    // characters
}

// Group is where people look for a field.
type Group string

// The groups of fields.
const (
	GroupRequired Group = "required"
	GroupCommon   Group = "common"
	GroupSEO      Group = "seo"
	GroupVariants Group = "variants"
	GroupMedia    Group = "media"
	GroupShipping Group = "shipping"
	GroupMore     Group = "more"
)

// FormatPath is the Format of a field that is a path of names, "A > B", or several, "A > B|C".
const FormatPath = "path"

// FormatLinks is the Format of an array of addresses, which sources write with |, commas,
// semicolons or line breaks between them.
const FormatLinks = "links"

// FormatPathname is the Format of a text that is the path of a page of the store.
const FormatPathname = "pathname"

// NewCatalogue returns a catalogue of fields. Suggest gives a column to the first field that wants
// it. Targets shows the fields named first before all others. implied, if it is not nil, adds to a
// document what its fields imply; mapped says whether the mapping fills a target.
func NewCatalogue(fields []Field, first []string, implied func(doc Document, mapped func(target string) bool)) *Catalogue {
	c := &Catalogue{names: make(map[string]*Field, len(fields)), first: first, implied: implied}
	for _, f := range fields {
		f.Columns = normals(f.Columns)
		f.Levels = slices.Clone(f.Levels)
		for i, level := range f.Levels {
			f.Levels[i] = normals(level)
		}
		c.fields = append(c.fields, &f)
		c.names[f.Name] = &f
		if f.Key {
			c.keys = append(c.keys, f.Name)
		}
	}
	return c
}

func normals(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = normal(name)
	}
	return out
}

// Has reports whether a mapping may fill target.
func (c *Catalogue) Has(target string) bool {
	f, _ := c.field(target)
	return f != nil && f.unmappable() == ""
}

// Base returns the target that the catalogue lists, of which another may be one of a family.
func (c *Catalogue) Base(target string) string {
	if i := strings.IndexByte(target, ':'); i >= 0 {
		return target[:i+1]
	}
	return target
}

// field returns the field of a target, one made of its family for a name in it. It is nil if there
// is none; then problem says what is wrong with the name, if that is it.
func (c *Catalogue) field(target string) (f *Field, problem string) {
	base := c.Base(target)
	f = c.names[base]
	switch {
	case f == nil:
		return nil, ""
	case f.Family == nil && base != target:
		return nil, ""
	case f.Family == nil:
		return f, ""
	}
	name := target[len(base):]
	n := utf8.RuneCountInString(name)
	switch {
	case name == "":
		return nil, "needs a name: write one"
	case name != expression.TrimText(name):
		return nil, "has a name with spaces around it: remove them"
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return forbidden(r) || r < ' ' }):
		return nil, "has a name with a character that cannot be seen: write the name anew"
	case n > f.Family.MaxName:
		return nil, fmt.Sprintf("has a name of %d characters; the limit is %d", n, f.Family.MaxName)
	}
	one := *f
	one.Name, one.Label, one.Family = target, f.label()+" "+name, nil
	return &one, ""
}

// unmappable says why a field cannot be mapped, "" if it can.
func (f *Field) unmappable() string {
	switch {
	case f.Instead != "":
		return f.Instead
	case f.ReadOnly:
		return "BigCommerce sets this field itself"
	case f.Type == "object" || (f.Type == "array" && f.Items != "string" && f.Items != "integer" && f.Items != "number"):
		return "this field has parts of its own and cannot be filled from one column or formula"
	}
	return ""
}

// required reports whether a mapping must fill f: what identifies a record, and what BigCommerce
// needs to create one.
func (f *Field) required() bool { return f.Key || (f.Required && f.unmappable() == "") }

// created reports whether f must be filled only of records that are created.
func (c *Catalogue) created(f *Field) bool { return c.store.Creates && !f.Key }

// Lacking returns what doc does not fill and a record that is created must have.
func (c *Catalogue) Lacking(doc Document) (out []Missing) {
	return c.missing(func(target string) bool { _, ok := doc[target]; return ok })
}

// label is what people know f by.
func (f *Field) label() string {
	if f.Label != "" {
		return f.Label
	}
	words := strings.ReplaceAll(f.Name, "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// Label is what people know a field by: its name, if there is no such field.
func (c *Catalogue) Label(name string) string {
	if f, _ := c.field(name); f != nil {
		return f.label()
	}
	return name
}

// Target is a field that a mapping may fill, as it is shown.
type Target struct {
	Name      string   `json:"name"`
	Label     string   `json:"label"`
	Type      string   `json:"type"` // string, integer, number, boolean or array
	Required  bool     `json:"required"`
	Key       bool     `json:"key"`                  // records are told apart by it
	MaxLength int      `json:"max_length,omitempty"` // characters
	Enum      []string `json:"enum,omitempty"`
	Help      string   `json:"help,omitempty"`
	Group     Group    `json:"group"`
	Synonyms  []string `json:"synonyms"` // lower case letters and digits only
	Unit      string   `json:"unit"`     // of a number: who shows it fills it from Measure
	Measure   string   `json:"-"`
	Family    *Names   `json:"family,omitempty"`
	Clears    bool     `json:"clears"` // an empty cell may empty it in the store
	Strict    bool     `json:"strict"` // a value that cannot be used always fails the row
}

// Names says which names may follow Target.Name, each of which is a target of its own.
type Names struct {
	Label     string `json:"label"`
	Most      int    `json:"most"`       // of one mapping
	MaxLength int    `json:"max_length"` // characters
}

// Targets lists the fields that a mapping may fill: the usual ones first, the others by label.
func (c *Catalogue) Targets() []Target {
	var out []Target
	for _, f := range c.fields {
		if f.unmappable() != "" {
			continue
		}
		t := Target{Name: f.Name, Label: f.label(), Type: f.Type, Required: f.required(), Key: f.Key, MaxLength: f.MaxLength, Enum: f.Enum, Help: f.Help,
			Group: c.group(f), Synonyms: f.synonyms(), Measure: f.Measure, Clears: f.clears(), Strict: c.strict(f)}
		if f.Format == FormatPath {
			t.MaxLength = 0 // it is of each name
		}
		if f.Family != nil {
			t.Family = &Names{Label: f.Family.Names, Most: f.Family.Most, MaxLength: f.Family.MaxName}
		}
		out = append(out, t)
	}
	rank := func(name string) int {
		if i := slices.Index(c.first, name); i >= 0 {
			return i
		}
		return len(c.first)
	}
	slices.SortFunc(out, func(a, b Target) int {
		if d := rank(a.Name) - rank(b.Name); d != 0 {
			return d
		}
		return strings.Compare(a.Label, b.Label)
	})
	return out
}

// strict reports whether a value of f that cannot be used fails the row, whatever a mapping says.
func (c *Catalogue) strict(f *Field) bool {
	return f.Key || f.Strict || f.required() && !c.created(f)
}

// group returns where f is shown.
func (c *Catalogue) group(f *Field) Group {
	switch {
	case f.required():
		return GroupRequired
	case f.Group != "":
		return f.Group
	case slices.Contains(c.first, f.Name):
		return GroupCommon
	}
	return GroupMore
}

// synonyms are the names that systems give f, each once; never nil.
func (f *Field) synonyms() []string {
	out := []string{}
	for _, names := range append([][]string{f.Columns}, f.Levels...) {
		for _, name := range names {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// Measure is what a field's number measures: one of tenants' measures, "" for none.
func (c *Catalogue) Measure(name string) string {
	if f, _ := c.field(name); f != nil {
		return f.Measure
	}
	return ""
}

// missing returns the fields that a mapping must fill and does not, by name.
func (c *Catalogue) missing(mapped func(target string) bool) (out []Missing) {
	for _, name := range slices.Sorted(maps.Keys(c.names)) {
		f := c.names[name]
		if !f.required() || mapped(name) {
			continue
		}
		m := Missing{Field: f.Name, Label: f.label(), Message: "is required: match it" + f.Hint}
		if c.created(f) {
			m.Created, m.Message = true, "is required to create a record: match it"+f.Hint
		}
		out = append(out, m)
	}
	return out
}
