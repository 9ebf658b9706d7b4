package mapping

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"sluice/internal/expression"
	"sluice/internal/values"
	"sluice/tenants"
)

// setReading takes what the mapping says about the values of a field; msg says what of it is not
// right.
func (p *Program) setReading(f *field, fm tenants.FieldMapping) (msg string) {
	f.option = fm
	if msg := f.spec.wrongOption(fm); msg != "" {
		return msg
	}
	signs := map[string]values.Sign{tenants.DecimalPoint: values.Point, tenants.DecimalComma: values.Comma}
	f.reading = reading{sign: signs[fm.Decimal], order: fm.Date, unit: fm.Unit, to: p.catalogue.unit(f.spec)}
	if f.spec.Measure == tenants.MeasureMoney && p.catalogue.names[fieldCurrency] != nil {
		f.reading.to = "" // each record says which
	}
	measure := values.Measure(f.spec.Measure)
	if f.direct < 0 || fm.Unit != "" || len(values.Units(measure)) == 0 || p.header == nil {
		return ""
	}
	if f.reading.unit, f.clash = values.UnitOfColumn(p.header[f.direct], measure); f.reading.unit == "" {
		f.beside = unitColumn(p.header, f.direct, measure)
	}
	return ""
}

// fieldCurrency is the target that says in which currency a record is.
const fieldCurrency = "currency"

// wrongOption says which choice of a mapping a field does not have, "" if it has all.
func (f *Field) wrongOption(fm tenants.FieldMapping) string {
	one := func(value string, of ...string) bool { return value == "" || slices.Contains(of, value) }
	units := values.Units(values.Measure(f.Measure))
	switch {
	case !one(fm.Decimal, tenants.DecimalPoint, tenants.DecimalComma):
		return "has no such decimal sign: choose point or comma"
	case !one(fm.Date, tenants.DateDay, tenants.DateMonth):
		return "has no such order of dates: choose day or month"
	case !one(fm.Unit, units...) && len(units) == 0:
		return "is no weight and no size: remove the unit"
	case !one(fm.Unit, units...):
		return "has no such unit: choose " + either(units)
	case !one(fm.Fill, tenants.FillCreated, tenants.FillEmpty):
		return "cannot be filled so: choose created or empty"
	case fm.Fill != "" && f.Key:
		return "is what a record is recognised by: it is always filled"
	case !one(fm.Empty, tenants.EmptyClears):
		return "cannot treat empty cells so: choose clears"
	case fm.Empty != "" && !f.clears():
		return "cannot be emptied in the store: let empty cells leave it as it is"
	case !one(fm.Bad, tenants.BadFails):
		return "cannot treat wrong values so: choose fail"
	}
	return ""
}

// cleared is the value of a field that has none; false if it must have one. It is nil, which is
// written as null, of a number that is nullable: there 0 would say something else.
func (f *Field) cleared() (v any, ok bool) {
	switch {
	case f.required() || f.Strict || len(f.Enum) > 0 || f.MinLength > 0 || f.Format == "date-time" || f.Format == FormatPathname:
		return nil, false
	case f.Type == "string":
		return "", true
	case f.Type == "array":
		return []any{}, true
	case f.Type == "number" && f.Nullable:
		return nil, true
	case (f.Type == "number" || f.Type == "integer") && outOfRange(f, "0") == "":
		if f.Type == "integer" {
			return int64(0), true
		}
		return json.Number("0"), true
	}
	return nil, false
}

func (f *Field) clears() bool {
	_, ok := f.cleared()
	return ok
}

// Clears reports whether an empty cell may empty a target.
func (c *Catalogue) Clears(target string) bool {
	f, _ := c.field(target)
	return f != nil && f.unmappable() == "" && f.clears()
}

// besideWords are what the names of columns with units hold: what is measured, and that it is a
// unit.
var (
	besideWords = map[values.Measure][]string{
		values.Weight: {"weight", "gewicht", "poids", "peso", "mass"},
		values.Length: {"dimension", "length", "width", "height", "depth", "lange", "breite", "hohe", "tiefe", "abmess", "masseinheit"},
	}
	unitWords = []string{"unit", "uom", "einheit", "unite", "unidad", "unita"}
)

// unitColumn is the column that has the unit of another one's numbers, -1 for none: the one nearest
// to it.
func unitColumn(header []string, column int, measure values.Measure) int {
	best := -1
	distance := func(i int) int { return max(i-column, column-i) }
	for i, name := range header {
		n := normal(name)
		has := func(words []string) bool {
			return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(n, w) })
		}
		if i != column && has(unitWords) && has(besideWords[measure]) && (best < 0 || distance(i) < distance(best)) {
			best = i
		}
	}
	return best
}

// unitBeside takes the unit of a row's number from the column beside it; msg says what is wrong with
// that, "" for nothing.
func (p *Program) unitBeside(f *field, r *row, c *conversion) (msg string) {
	if f.beside < 0 {
		return ""
	}
	text, _ := expression.Text(r.at(f.beside))
	text = expression.TrimText(text)
	switch unit := values.UnitNamed(text); {
	case text == "" || values.Nothing(text):
		return "has no unit: fill the column " + p.header[f.beside] + ", or choose the unit"
	case unit == "" || string(values.MeasureOf(unit)) != f.spec.Measure:
		return fmt.Sprintf("is in %s, which is no unit that Sluice knows: correct the column %s, or choose the unit", expression.Quote(text), p.header[f.beside])
	default:
		c.unit = unit
	}
	return ""
}

// constant converts a value that the mapping itself gives: its decimal sign is a point, and its unit
// the store's.
func constant(f *Field, v any) (value any, empty bool, msg string) {
	c := conversion{reading: reading{sign: values.Point, order: tenants.DateMonth}}
	if s, ok := v.(string); ok && f.Type == "string" && f.Format == "" && !f.Code && values.Nothing(s) {
		return s, false, "" // whoever wrote it means it
	}
	return c.convert(f, v)
}

// otherwise is the column and the constant of first(Column, constant); column is -1 of anything
// else.
func otherwise(node ast.Node) (column int, constant any) {
	call, ok := node.(*ast.CallNode)
	if !ok || len(call.Arguments) != 2 {
		return -1, nil
	}
	name, isName := call.Callee.(*ast.IdentifierNode)
	first, isColumn := call.Arguments[0].(*ast.IdentifierNode)
	if !isName || name.Value != "first" || !isColumn {
		return -1, nil
	}
	column, err := slotOf(first.Value)
	if err != nil {
		return -1, nil
	}
	switch c := call.Arguments[1].(type) {
	case *ast.StringNode:
		return column, c.Value
	case *ast.IntegerNode:
		return column, c.Value
	case *ast.FloatNode:
		return column, c.Value
	case *ast.BoolNode:
		return column, c.Value
	}
	return -1, nil
}
