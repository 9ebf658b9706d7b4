package mapping

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"sluice/internal/expression"
	"sluice/internal/values"
	"sluice/tenants"
)

// Proof looks at the values of a source before any of them is used, and finds out how they are
// read: their decimal sign, the order of their dates. What both readings fit, only a person knows.
// The program of a mapping makes one; it may not map rows meanwhile.
type Proof struct {
	p      *Program
	fields []*proof
}

// proof is what the values of one field say.
type proof struct {
	*field
	numbers, dates bool  // that are looked at
	point, comma   tally // numbers that only have this decimal sign; dates whose month, whose day comes first
	open           tally // both readings fit
	bare, united   tally // numbers without and with a unit
}

// tally counts values, and keeps some.
type tally struct {
	n        int64
	examples []Example
}

// Example is a value of a source as the question about it shows it.
type Example struct {
	Row      int64    `json:"row"`
	Line     int64    `json:"line"`
	Value    string   `json:"value"`
	Readings []string `json:"readings"` // by choice; "" where it has none
}

// maxExamples is how many values a question shows.
const maxExamples = 5

func (t *tally) add(line, row int64, value string) {
	t.n++
	if len(t.examples) < maxExamples && !slices.ContainsFunc(t.examples, func(e Example) bool { return e.Value == value }) {
		t.examples = append(t.examples, Example{Line: line, Row: row, Value: expression.Clip(value, 60)})
	}
}

// Proof returns one about those fields of the mapping whose readings it does not say; nil if it
// says all.
func (p *Program) Proof() *Proof {
	out := &Proof{p: p}
	for _, f := range p.fields {
		number := f.spec.Type == "number" || f.spec.Type == "integer"
		one := &proof{field: f, numbers: number && f.reading.sign == values.Unknown, dates: f.spec.Format == "date-time" && f.reading.order == ""}
		units := number && f.spec.Measure != "" && len(values.Units(values.Measure(f.spec.Measure))) > 0
		if f.constant == nil && (one.numbers || one.dates || units) {
			out.fields = append(out.fields, one)
		}
	}
	if len(out.fields) == 0 {
		return nil
	}
	return out
}

// Look takes a row into account. values are those of a CSV row, object those of another. The error
// is ctx's.
func (pr *Proof) Look(ctx context.Context, line, number int64, values []string, object map[string]any) error {
	p := pr.p
	r := &row{header: p.header, values: values, object: object, typed: object != nil}
	p.machine.Begin(ctx)
	defer p.machine.End()
	defer func() { p.machine.Seen = nil }()
	if err := p.fill(r); err != nil {
		return expression.Stopped(err)
	}
	for _, f := range pr.fields {
		look := func(text string, exact bool) { f.look(line, number, text, exact) }
		if f.direct >= 0 {
			if err := p.find(r, f.direct); err != nil {
				return expression.Stopped(err)
			}
			text(r.at(f.direct), look)
			continue
		}
		code := f.text
		if r.typed {
			code = f.object
		}
		p.machine.Seen = func(text string) {
			if f.numbers {
				look(text, false)
			}
		}
		out, err := p.machine.Run(code, p.env)
		if stopped := expression.Stopped(err); stopped != nil {
			return stopped
		}
		if err == nil {
			text(out, look)
		}
	}
	return nil
}

// text gives look a value, if it is one that says something.
func text(v any, look func(text string, exact bool)) {
	switch v := v.(type) {
	case string:
		if s := expression.TrimText(v); s != "" && !values.Nothing(s) {
			look(s, false)
		}
	case json.Number:
		look(v.String(), true)
	}
}

// look takes a value into account. exact says that it is a number, not a text that may be one.
func (f *proof) look(line, row int64, s string, exact bool) {
	if f.dates {
		month, day, ok := values.ReadDate(s)
		switch {
		case !ok || month.Equal(day):
		case day.IsZero():
			f.point.add(line, row, s)
		case month.IsZero():
			f.comma.add(line, row, s)
		default:
			f.open.add(line, row, s)
		}
		return
	}
	a, ok := values.Split(values.Visible(s))
	if !ok {
		return
	}
	point, comma := a.Readings()
	switch {
	case a.Unit != "":
		f.united.add(line, row, s)
	case point != "0" && comma != "0":
		f.bare.add(line, row, s)
	}
	switch {
	case exact || !f.numbers || point == comma:
	case comma == "":
		f.point.add(line, row, s)
	case point == "":
		f.comma.add(line, row, s)
	default:
		f.open.add(line, row, s)
	}
}

// Question is what only a person knows about a field's values: its answer is a choice of
// tenants.FieldMapping.
type Question struct {
	Field    string    `json:"field"` // the target
	Label    string    `json:"label"`
	Kind     string    `json:"kind"`   // QuestionDecimal, QuestionDate or QuestionUnit
	Column   string    `json:"column"` // "" if the field is not filled from one column as it is
	Text     string    `json:"text"`
	Choices  []Choice  `json:"choices"`
	Examples []Example `json:"examples"` // at most 5
}

// Choice is one answer to a Question.
type Choice struct {
	Value string `json:"value"` // of the mapping's field
	Label string `json:"label"`
}

// The kinds of questions are the names of the choices of tenants.FieldMapping.
const (
	QuestionDecimal = "decimal"
	QuestionDate    = "date"
	QuestionUnit    = "unit"
)

// few is the share of values that speak against a reading from which on it is asked: a slip is no
// second reading.
const few = 20

// proven is what values that speak for two readings say: 1 for the first, 2 for the second, 0 for
// neither, -1 if only a person knows.
func (f *proof) proven() int {
	a, b, open := f.point.n, f.comma.n, f.open.n
	switch {
	case a > 0 && b*few <= a:
		return 1
	case b > 0 && a*few <= b:
		return 2
	case open > 0:
		return -1
	}
	return 0 // each can be read by itself
}

// Settle returns the mapping with what the values prove, and asks what they do not.
func (pr *Proof) Settle(m tenants.Mapping) (tenants.Mapping, []Question) {
	m.Fields = slices.Clone(m.Fields)
	var asked []Question
	for _, f := range pr.fields {
		i := slices.IndexFunc(m.Fields, func(fm tenants.FieldMapping) bool { return fm.Target == f.spec.Name })
		if i < 0 {
			continue
		}
		fm := &m.Fields[i]
		switch proven := f.proven(); {
		case proven < 0:
			asked = append(asked, pr.ask(f, map[bool]string{false: QuestionDecimal, true: QuestionDate}[f.dates]))
		case proven > 0 && f.dates:
			fm.Date = []string{tenants.DateMonth, tenants.DateDay}[proven-1]
		case proven > 0:
			fm.Decimal = []string{tenants.DecimalPoint, tenants.DecimalComma}[proven-1]
		}
		if f.unitUnknown() {
			asked = append(asked, pr.ask(f, QuestionUnit))
		}
	}
	return m, asked
}

// unitUnknown reports whether some of the numbers have a unit and others do not, and nothing says
// theirs; or whether the column's name says two.
func (f *proof) unitUnknown() bool {
	measured := len(values.Units(values.Measure(f.spec.Measure))) > 0
	return measured && f.option.Unit == "" && f.reading.unit == "" && f.beside < 0 && f.bare.n > 0 && (f.clash || f.united.n > 0)
}

// ask makes a question about a field.
func (pr *Proof) ask(f *proof, kind string) Question {
	q := Question{Field: f.spec.Name, Label: f.spec.label(), Kind: kind, Examples: []Example{}}
	if f.direct >= 0 {
		q.Column = pr.p.header[f.direct]
	}
	examples := slices.Concat(f.open.examples, f.point.examples[:min(2, len(f.point.examples))], f.comma.examples[:min(2, len(f.comma.examples))])
	switch kind {
	case QuestionDecimal:
		q.Text = "Which sign stands before the decimals of these numbers?"
		q.Choices = []Choice{{tenants.DecimalPoint, "A point: 1,299.50"}, {tenants.DecimalComma, "A comma: 1.299,50"}}
	case QuestionDate:
		q.Text = "What comes first in these dates?"
		q.Choices = []Choice{{tenants.DateMonth, "The month: 12/31/2026"}, {tenants.DateDay, "The day: 31/12/2026"}}
	case QuestionUnit:
		q.Text = "In which unit are these numbers?"
		examples = f.bare.examples
		for _, unit := range values.Units(values.Measure(f.spec.Measure)) {
			q.Choices = append(q.Choices, Choice{unit, unit})
		}
	}
	for _, e := range examples[:min(maxExamples, len(examples))] {
		for _, c := range q.Choices {
			e.Readings = append(e.Readings, f.as(e.Value, kind, c.Value))
		}
		q.Examples = append(q.Examples, e)
	}
	return q
}

// as is how a value reads with an answer, "" if it does not.
func (f *proof) as(value, kind, answer string) string {
	month, day, _ := values.ReadDate(value)
	a, _ := values.Split(values.Visible(value))
	shown := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(shownDate)
	}
	switch {
	case kind == QuestionDate && answer == tenants.DateMonth:
		return shown(month)
	case kind == QuestionDate:
		return shown(day)
	case kind == QuestionDecimal && answer == tenants.DecimalPoint:
		number, _ := a.Under(values.Point)
		return number
	case kind == QuestionDecimal:
		number, _ := a.Under(values.Comma)
		return number
	}
	number, ok, _ := a.Number(f.reading.sign)
	if !ok || f.reading.to == "" {
		return number
	}
	converted, ok := values.Convert(number, answer, f.reading.to)
	if !ok {
		return ""
	}
	return converted + " " + f.reading.to
}

// Asks says in one sentence what is asked, for who cannot answer it here.
func (q Question) Asks() string {
	example := ""
	if len(q.Examples) > 0 {
		e := q.Examples[0]
		example = expression.Quote(e.Value)
		var readings []string
		for _, r := range e.Readings {
			if r != "" && !slices.Contains(readings, r) {
				readings = append(readings, r)
			}
		}
		if len(readings) > 1 && q.Kind != QuestionUnit {
			example += " is " + either(readings)
		}
	}
	what := map[string]string{
		QuestionDecimal: "choose the decimal sign of its numbers", QuestionDate: "choose whether the day or the month comes first in its dates", QuestionUnit: "choose the unit of its numbers",
	}[q.Kind]
	if q.Kind == QuestionUnit {
		return example + " has no unit, and others have: " + what
	}
	return example + ": " + what
}
