package tenants

// Mapping turns a row of a source into a document.
type Mapping struct {
	Fields []FieldMapping `json:"fields"`
	Layout *Layout        `json:"layout,omitempty"` // how rows make records; nil: each row is one
	// Ignored are columns that are meant to fill nothing: the panel does not offer them. Nothing else
	// asks for them.
	Ignored []string `json:"ignored,omitempty"`
}

// OfRun is the mapping as runs have it: with what decides which documents come of it.
func (m Mapping) OfRun() Mapping {
	m.Ignored = nil
	return m
}

// FieldMapping fills one target field from one expression over the row. What it does not say about
// the values is read from the file, or asked; what it does not say about records is the usual.
type FieldMapping struct {
	Target     string `json:"target"`     // a name of the catalogue of the kind of flow (jobs/mapping)
	Expression string `json:"expression"` // expr-lang over the row's columns

	Decimal string `json:"decimal,omitempty"` // of its numbers: DecimalPoint, DecimalComma; "": as the file proves
	Unit    string `json:"unit,omitempty"`    // of numbers without one: kg, g, lb, oz, cm, mm, m, in …; "": as the file says
	Date    string `json:"date,omitempty"`    // of dates as 3/4/2026: DateDay, DateMonth; "": as the file proves
	Fill    string `json:"fill,omitempty"`    // FillCreated, FillEmpty; "": always
	Empty   string `json:"empty,omitempty"`   // EmptyClears; "": an empty cell leaves the field as it is
	// Otherwise is a constant for records that the run creates and whose expression has nothing.
	Otherwise string `json:"otherwise,omitempty"`
	Bad       string `json:"bad,omitempty"` // BadFails; "": a value that cannot be used leaves the field as it is, with a warning
}

// The values of FieldMapping's choices.
const (
	DecimalPoint = "point"   // 1,299.50
	DecimalComma = "comma"   // 1.299,50
	DateDay      = "day"     // the day comes first
	DateMonth    = "month"   // the month comes first
	FillCreated  = "created" // of records that the run creates only
	FillEmpty    = "empty"   // of records that have nothing there only
	EmptyClears  = "clears"  // an empty cell empties the field
	BadFails     = "fail"    // a value that cannot be used fails the row
)

// Layout says how rows of a source make records. Mapping has none where each row is a record.
type Layout struct {
	Kind LayoutKind `json:"kind"`

	// Key is an expression over the row: rows of one value are one record. With Parent it is the key
	// of a record's own row. Of LayoutGroup it may be empty if Start is not.
	Key string `json:"key,omitempty"`
	// Start is an expression that is true of the first row of each record; the rows after it are that
	// record's.
	Start string `json:"start,omitempty"`
	// Parent is an expression: the key of the record that the row is a part of, empty on a record's
	// own row.
	Parent string `json:"parent,omitempty"`
	// Children is an expression over a record's own row: a list of the keys of the rows that are parts
	// of it, where these do not say so themselves.
	Children string `json:"children,omitempty"`
	// Apart: other rows may stand between the rows of one record.
	Apart bool `json:"apart,omitempty"`
	// Leave is an expression that is true of rows that are no records; Why tells people what they are.
	Leave string `json:"leave,omitempty"`
	Why   string `json:"why,omitempty"`
	// Separator stands between the values of a list, of LayoutLists; "" is a comma.
	Separator string `json:"separator,omitempty"`
}

// LayoutKind is one way in which rows make records.
type LayoutKind string

// The kinds of layouts.
const (
	LayoutRows   LayoutKind = "rows"   // each row is a record; only Leave means something
	LayoutGroup  LayoutKind = "group"  // rows with the same key
	LayoutParent LayoutKind = "parent" // a record's own row, and rows that name it or that it names
	LayoutLists  LayoutKind = "lists"  // each row is a record; lists of values in it multiply
)

// Groups reports whether several rows may make one record.
func (l *Layout) Groups() bool {
	return l != nil && (l.Kind == LayoutGroup || l.Kind == LayoutParent)
}

// OpenQuestion is what only a person knows about a field's values.
type OpenQuestion struct {
	Field string `json:"field"` // the target
	Kind  string `json:"kind"`  // the choice of FieldMapping that answers it: decimal, unit, date
	Text  string `json:"text"`  // for people
}

// Answered reports whether a mapping answers the question, or does not fill the field any more.
func (q OpenQuestion) Answered(m Mapping) bool {
	for _, f := range m.Fields {
		if f.Target == q.Field {
			return map[string]string{"decimal": f.Decimal, "unit": f.Unit, "date": f.Date}[q.Kind] != ""
		}
	}
	return true
}
