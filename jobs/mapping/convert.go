package mapping

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sluice/internal/bigcommerce"
	"sluice/internal/expression"
	"sluice/internal/values"
	"sluice/tenants"
)

// convert makes a typed value of what an expression gave. empty says that the row has nothing for
// the field; msg is what is wrong and what to do.
func (c *conversion) convert(f *Field, v any) (out any, empty bool, msg string) {
	switch f.Type {
	case "array":
		return c.convertArray(f, v)
	case "boolean":
		if b, ok := v.(bool); ok {
			return b, false, ""
		}
	}
	if f.Format == FormatPath {
		return c.convertPaths(f, v)
	}
	var s string
	exact := true // it is a number, not a text that may be one
	switch v := v.(type) {
	case nil:
		return nil, true, ""
	case string:
		exact = false
		if s = expression.TrimText(v); c.nothing(f, s) {
			return nil, true, ""
		}
	case json.Number:
		s = v.String()
		if d, ok := expression.CanonicalLiteral(s); f.Type != "string" && ok {
			s = d
		} else if f.Type != "string" {
			return nil, false, expression.Quote(s) + " is not a number that can be used"
		}
	case bool:
		if f.Type != "string" {
			return nil, false, fmt.Sprintf("%t is not a number", v)
		}
		s = strconv.FormatBool(v)
	case int:
		s = strconv.Itoa(v)
	case float64:
		var ok bool
		if s, ok = expression.FromFloat(v); !ok {
			return nil, false, "the result is not a number that can be used: is something divided by zero?"
		}
	default:
		return nil, false, "the value is a list or an object, not one value: use join(…, \", \") or one of its parts"
	}
	if s == "" {
		return nil, true, ""
	}
	switch f.Type {
	case "integer":
		out, msg = c.convertInteger(f, s, exact)
	case "number":
		out, msg = c.convertNumber(f, s, exact)
	case "boolean":
		out, msg = expression.ParseBool(s)
	default:
		out, msg = c.convertString(f, s)
	}
	return out, msg == "" && out == "", msg
}

// nothing reports whether a text is a word for no value, and notes it. A word that the field may
// have is none.
func (c *conversion) nothing(f *Field, s string) bool {
	if !values.Nothing(s) || slices.ContainsFunc(f.Enum, func(e string) bool { return strings.EqualFold(e, s) }) {
		return false
	}
	c.note(Note{Nothing: s})
	return true
}

func (c *conversion) convertString(f *Field, s string) (any, string) {
	if f.Key && strings.ContainsAny(s, "\r\n\t") {
		return nil, "there is a line break or tab in it: remove it"
	}
	if msg := controls(s); msg != "" {
		return nil, msg
	}
	if s = f.text(s); s == "" {
		return s, ""
	}
	if msg := controls(s); msg != "" { // that an entity stood for
		return nil, msg
	}
	if f.Key && values.Scientific(s) {
		return nil, expression.Quote(s) + " is what a spreadsheet made of a long number, whose other digits are lost: format the column as text and fill it anew"
	}
	if f.Code {
		var msg string
		if s, msg = c.code(s); msg != "" {
			return nil, msg
		}
	}
	if n := len(s); f.MaxLength > 0 && n > f.MaxLength {
		if n = utf8.RuneCountInString(s); n > f.MaxLength {
			return nil, fmt.Sprintf("%d characters; the limit is %d", n, f.MaxLength)
		}
	}
	if f.MinLength > 1 {
		if n := utf8.RuneCountInString(s); n < f.MinLength {
			return nil, fmt.Sprintf("%d characters; at least %d are needed", n, f.MinLength)
		}
	}
	if len(f.Enum) > 0 {
		for _, e := range f.Enum {
			if strings.EqualFold(e, s) {
				return e, ""
			}
		}
		return nil, expression.Quote(s) + " is not allowed: use " + either(f.Enum)
	}
	switch f.Format {
	case "date-time":
		return c.convertTime(s)
	case FormatPathname:
		if s[0] != '/' || strings.ContainsAny(s, " \t\r\n") {
			return nil, expression.Quote(s) + " is not a path of the store: it begins with / and has no spaces, such as /blue-shirt/"
		}
	}
	return s, ""
}

// text is a text as the field holds it: HTML as it is, a line folded, entities decoded.
func (f *Field) text(s string) string {
	switch {
	case f.HTML:
		return s
	case f.Key:
		return values.Line(s)
	}
	s = values.Decoded(s)
	if f.Format == FormatPath || f.MaxLength > 0 && f.MaxLength <= longestLine {
		return values.Line(s)
	}
	return expression.TrimText(values.Lines(s))
}

// longestLine is the limit up to which a text is one of a single line, in characters.
const longestLine = 255

// code reads an article number.
func (c *conversion) code(s string) (code, msg string) {
	code, damaged, warning := values.GTIN(s)
	if damaged {
		return "", expression.Quote(s) + " is what a spreadsheet made of a long number, whose other digits are lost: format the column as text and fill it anew"
	}
	if warning != "" {
		c.note(Note{Message: expression.Quote(s) + " " + warning + ": it is written as it is. Check it", Value: s})
	}
	return code, ""
}

// controls says which control character is in a text that none may hold.
func controls(s string) string {
	i := strings.IndexFunc(s, forbidden)
	if i < 0 {
		return ""
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return fmt.Sprintf("there is a control character (U+%04X) in it: remove it", r)
}

// forbidden reports a character that no field may hold. Text may have tabs and line breaks.
func forbidden(c rune) bool {
	return (c < ' ' && c != '\t' && c != '\n' && c != '\r') || (c >= 0x7f && c < 0xa0)
}

func either(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

// convertTime reads a date by the order of day and month that the column has.
func (c *conversion) convertTime(s string) (any, string) {
	month, day, ok := values.ReadDate(s)
	if !ok {
		return nil, expression.Quote(s) + notATime
	}
	t := month
	switch {
	case c.order == tenants.DateDay, c.order == "" && month.IsZero():
		t = day
	case c.order == "" && !day.IsZero() && !day.Equal(month) && !c.loose:
		return nil, fmt.Sprintf("%s is %s or %s: say whether the day or the month comes first", expression.Quote(s), day.Format(shownDate), month.Format(shownDate))
	}
	if t.IsZero() {
		return nil, expression.Quote(s) + " is no date with the " + c.order + " first" + strings.TrimPrefix(notATime, " is not a date")
	}
	return t.Format(time.RFC3339), ""
}

const (
	notATime  = " is not a date: write it as 2026-12-31 or 2026-12-31T18:00:00Z"
	shownDate = "2 January 2006"
)

func outOfRange(f *Field, d string) string {
	n, err := strconv.ParseFloat(d, 64)
	switch {
	case err != nil:
		return expression.Quote(d) + " is too large"
	case f.Minimum != nil && n < *f.Minimum:
		return fmt.Sprintf("%s is below the smallest value, %s", d, strconv.FormatFloat(*f.Minimum, 'f', -1, 64))
	case f.Maximum != nil && n > *f.Maximum:
		return fmt.Sprintf("%s is above the largest value, %s", d, strconv.FormatFloat(*f.Maximum, 'f', -1, 64))
	}
	return ""
}

// convertArray takes a list, or a text with | between the items.
func (c *conversion) convertArray(f *Field, v any) (any, bool, string) {
	if s, ok := v.(string); ok && f.Format == FormatLinks {
		v = splitLinks(s)
	} else if ok {
		v = strings.Split(s, "|")
	}
	items, err := expression.List(v)
	if err != nil {
		return nil, false, err.Error()
	}
	if len(items) == 0 {
		return nil, true, ""
	}
	if f.MaxItems > 0 && len(items) > f.MaxItems {
		return nil, false, fmt.Sprintf("%d items; the limit is %d", len(items), f.MaxItems)
	}
	item := Field{Field: bigcommerce.Field{Type: f.Items}}
	out := make([]any, 0, len(items))
	for i, s := range items {
		one, empty, msg := c.convert(&item, s)
		if msg != "" {
			return nil, false, fmt.Sprintf("item %d: %s", i+1, msg)
		}
		if !empty {
			out = append(out, one)
		}
	}
	return out, len(out) == 0, ""
}

// convertPaths normalises paths: "A>B | C" is "A > B|C". A list has one path an item.
func (c *conversion) convertPaths(f *Field, v any) (any, bool, string) {
	if s, ok := v.(string); ok {
		v = strings.Split(s, "|")
	}
	items, err := expression.List(v)
	if err != nil {
		return nil, false, err.Error()
	}
	var paths []string
	seen := map[string]bool{}
	for _, item := range items {
		for _, one := range strings.Split(values.Decoded(item), "|") {
			var names []string
			for _, name := range strings.Split(one, ">") {
				if msg := controls(expression.TrimText(name)); msg != "" {
					return nil, false, msg
				}
				if name = values.Line(name); name == "" || c.nothing(f, name) {
					continue
				}
				if n := utf8.RuneCountInString(name); f.MaxLength > 0 && n > f.MaxLength {
					return nil, false, fmt.Sprintf("the %s %s has %d characters; the limit is %d", f.Name, expression.Quote(name), n, f.MaxLength)
				}
				names = append(names, name)
			}
			if path := strings.Join(names, " > "); path != "" && !seen[path] {
				seen[path] = true
				paths = append(paths, path)
			}
		}
	}
	if len(paths) == 0 {
		return nil, true, ""
	}
	return strings.Join(paths, "|"), false, ""
}
