package mapping

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sluice/internal/bigcommerce"
	"sluice/internal/expression"
)

// convert makes a typed value of what an expression gave. empty says that the row has nothing for
// the field; msg is what is wrong and what to do. column is the column that the expression is
// nothing but, "" for a longer one.
func convert(f *Field, v any, column string) (out any, empty bool, msg string) {
	switch f.Type {
	case "array":
		return convertArray(f, v, column)
	case "boolean":
		if b, ok := v.(bool); ok {
			return b, false, ""
		}
	}
	if f.Format == FormatPath {
		return convertPaths(f, v)
	}
	var s string
	switch v := v.(type) {
	case nil:
		return nil, true, ""
	case string:
		s = expression.TrimText(v)
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
		out, msg = convertInteger(f, s, column)
	case "number":
		out, msg = convertNumber(f, s, column)
	case "boolean":
		out, msg = expression.ParseBool(s)
	default:
		out, msg = convertString(f, s)
	}
	return out, false, msg
}

func convertString(f *Field, s string) (any, string) {
	if i := strings.IndexFunc(s, forbidden); i >= 0 {
		c, _ := utf8.DecodeRuneInString(s[i:])
		return nil, fmt.Sprintf("there is a control character (U+%04X) in it: remove it", c)
	}
	if f.Key && strings.ContainsAny(s, "\r\n\t") {
		return nil, "there is a line break or tab in it: remove it"
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
		return convertTime(s)
	case FormatPathname:
		if s[0] != '/' || strings.ContainsAny(s, " \t\r\n") {
			return nil, expression.Quote(s) + " is not a path of the store: it begins with / and has no spaces, such as /blue-shirt/"
		}
	}
	return s, ""
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

func convertTime(s string) (any, string) {
	if len(s) > longestTime { // each layout would quote it in an error
		return nil, expression.Quote(s) + notATime
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly, time.RFC1123Z, time.RFC1123} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Format(time.RFC3339), ""
		}
	}
	return nil, expression.Quote(s) + notATime
}

const (
	longestTime = 100 // bytes
	notATime    = " is not a date: write it as 2026-12-31 or 2026-12-31T18:00:00Z"
)

func convertNumber(f *Field, s, column string) (any, string) {
	d, ok := expression.Decimal(s)
	if !ok {
		return nil, expression.NotNumber(s, column)
	}
	if len(d) > expression.MaxDigits {
		return nil, fmt.Sprintf("%s has more than %d digits", expression.Quote(s), expression.MaxDigits)
	}
	return json.Number(d), outOfRange(f, d)
}

func convertInteger(f *Field, s, column string) (any, string) {
	d, ok := expression.Decimal(s)
	if !ok {
		return nil, expression.NotNumber(s, column)
	}
	if strings.Contains(d, ".") {
		if column == "" {
			column = "…"
		} else {
			column = expression.Name(column)
		}
		return nil, fmt.Sprintf("%s is not a whole number: round it in the source, or use the formula floor(number(%s))", d, column)
	}
	if msg := outOfRange(f, d); msg != "" {
		return nil, msg
	}
	n, err := strconv.ParseInt(d, 10, 64)
	if err != nil {
		return nil, expression.Quote(s) + " is too large"
	}
	return n, ""
}

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
func convertArray(f *Field, v any, column string) (any, bool, string) {
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
	out := make([]any, len(items))
	for i, s := range items {
		one, _, msg := convert(&item, s, column)
		if msg != "" {
			return nil, false, fmt.Sprintf("item %d: %s", i+1, msg)
		}
		out[i] = one
	}
	return out, false, ""
}

// anyText is a field without limits.
var anyText = &Field{}

// convertPaths normalises paths: "A>B | C" is "A > B|C". A list has one path an item.
func convertPaths(f *Field, v any) (any, bool, string) {
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
		for _, one := range strings.Split(item, "|") {
			var names []string
			for _, name := range strings.Split(one, ">") {
				if name = expression.TrimText(name); name == "" {
					continue
				}
				if n := utf8.RuneCountInString(name); f.MaxLength > 0 && n > f.MaxLength {
					return nil, false, fmt.Sprintf("the %s %s has %d characters; the limit is %d", f.Name, expression.Quote(name), n, f.MaxLength)
				}
				if _, msg := convertString(anyText, name); msg != "" {
					return nil, false, msg
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
