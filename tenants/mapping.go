package tenants

// Mapping turns a row of a source into a document.
type Mapping struct {
	Fields []FieldMapping `json:"fields"`
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
	Bad     string `json:"bad,omitempty"`     // BadFails; "": a value that cannot be used leaves the field as it is, with a warning
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
