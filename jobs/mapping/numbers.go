package mapping

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"sluice/internal/expression"
	"sluice/internal/values"
	"sluice/tenants"
)

// reading says how the texts of one field are read.
type reading struct {
	sign  values.Sign // of numbers
	order string      // of dates: tenants.DateDay, tenants.DateMonth; "" while it is not known
	unit  string      // of numbers without one; "" if nothing says, which means the store's
	to    string      // the unit, or the currency, in which the store counts what the field measures; "" if it is not known
	loose bool        // a text that can be two numbers or dates is either
}

// conversion converts the values of one field of one row.
type conversion struct {
	reading
	column string  // that the expression is nothing but; "" for a longer one
	noUnit string  // what is wrong with the unit of this row's number, if that has none itself; "" for nothing
	field  string  // the target
	notes  *[]Note // nil: nobody is told
}

// note tells something about a value.
func (c *conversion) note(n Note) {
	if n.Field = c.field; c.notes != nil {
		*c.notes = append(*c.notes, n)
	}
}

// Note is something to be told about a value that was used, or about one that was not, where the
// row goes on.
type Note struct {
	Field   string
	Message string // "" with Nothing
	Value   string // what the source has, as far as that is known
	Nothing string // the word that was taken for no value
}

// convert is what Suggest tries: whether a value may be one of a field.
func convert(f *Field, v any, column string) (out any, empty bool, msg string) {
	c := conversion{reading: reading{loose: true}, column: column}
	return c.convert(f, v)
}

// convertNumber reads a number. exact says that it is one, in plain decimals.
func (c *conversion) convertNumber(f *Field, s string, exact bool) (any, string) {
	d, msg := c.number(f, s, exact)
	if msg == "" {
		d, msg = c.limited(f, d)
	}
	if msg != "" {
		return nil, msg
	}
	return json.Number(d), ""
}

func (c *conversion) convertInteger(f *Field, s string, exact bool) (any, string) {
	d, msg := c.number(f, s, exact)
	if msg != "" {
		return nil, msg
	}
	if strings.Contains(d, ".") {
		name := "…"
		if c.column != "" {
			name = expression.Name(c.column)
		}
		return nil, fmt.Sprintf("%s is not a whole number: round it in the source, or use the formula floor(number(%s))", d, name)
	}
	if d, msg = c.limited(f, d); msg != "" {
		return nil, msg
	}
	n, err := strconv.ParseInt(d, 10, 64)
	if err != nil {
		return nil, expression.Quote(s) + " is too large"
	}
	return n, ""
}

// limited returns a number that is in the field's limits.
func (c *conversion) limited(f *Field, d string) (string, string) {
	if f.Floor && strings.HasPrefix(d, "-") {
		c.note(Note{Message: d + " is below zero: it counts as 0", Value: d})
		d = "0"
	}
	return d, outOfRange(f, d)
}

// number reads what a text has as a number in the store's unit, in plain decimals.
func (c *conversion) number(f *Field, s string, exact bool) (d, msg string) {
	unit, noUnit := c.unit, c.noUnit
	if exact {
		var ok bool
		if d, ok = expression.Decimal(s); !ok {
			return "", expression.NotNumber(s)
		}
	} else {
		a, ok := values.Split(values.Visible(s))
		if !ok {
			return "", expression.NotNumber(s)
		}
		if msg := c.about(f, a, s); msg != "" {
			return "", msg
		}
		if d, msg = c.digits(a, s); msg != "" {
			return "", msg
		}
		if a.Unit != "" {
			unit, noUnit = a.Unit, ""
		}
	}
	if noUnit != "" && d != "0" {
		return "", expression.Quote(s) + " " + noUnit
	}
	if values.TooLong(d) {
		return "", fmt.Sprintf("%s has more than %d digits", expression.Quote(s), values.MaxDigits)
	}
	return c.inUnit(f, d, s, unit)
}

// about says what is wrong with what stands beside the digits of a number, for a field.
func (c *conversion) about(f *Field, a values.Amount, s string) string {
	switch {
	case a.Unit != "" && f.Measure != string(values.MeasureOf(a.Unit)):
		return expression.Quote(s) + " has a unit, " + a.Unit + ", that this field does not have"
	case a.Currency != "" && f.Measure != tenants.MeasureMoney:
		return expression.Quote(s) + " is an amount of money, and this field is none"
	case a.Percent && f.Measure != "":
		return expression.Quote(s) + " is a percentage, and this field is none"
	case a.Currency != "" && c.to != "" && !values.SameCurrency(a.Currency, c.to):
		c.note(Note{Message: expression.Quote(s) + " is not in the store's currency, " + c.to + ": it was taken without converting it", Value: s})
	}
	return ""
}

// digits reads the digits of a number by the decimal sign that the column has.
func (c *conversion) digits(a values.Amount, s string) (d, msg string) {
	d, ok, two := a.Number(c.sign)
	switch {
	case two && c.loose:
		d, _ = a.Under(values.Point)
	case two:
		point, comma := a.Readings()
		return "", fmt.Sprintf("%s is %s or %s: say which decimal sign the column has", expression.Quote(s), point, comma)
	case !ok && c.sign != values.Unknown:
		return "", fmt.Sprintf("%s is not a number with a %s as its decimal sign, which the column has", expression.Quote(s), signNames[c.sign])
	case !ok:
		return "", expression.NotNumber(s)
	}
	return d, ""
}

var signNames = map[values.Sign]string{values.Point: "point", values.Comma: "comma"}

// inUnit converts a number to the store's unit.
func (c *conversion) inUnit(f *Field, d, s, unit string) (converted, msg string) {
	if unit == "" || unit == c.to || values.MeasureOf(unit) == "" || f.Measure != string(values.MeasureOf(unit)) || c.loose {
		return d, ""
	}
	if c.to == "" && d != "0" {
		return "", expression.Quote(s) + " is in " + unit + ", and Sluice does not know yet in which unit the store counts: try again when the store was read"
	}
	converted, ok := values.Convert(d, unit, c.to)
	if !ok && d != "0" {
		return "", fmt.Sprintf("%s %s is too small to be written in %s", d, unit, c.to)
	}
	if d == "0" {
		return "0", ""
	}
	return converted, ""
}
