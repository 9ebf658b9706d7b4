package expression

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/internal/values"
)

// Limits of one expression. What those of a row may cost together is in meter.go.
const (
	MaxLength    = 2000      // bytes
	MaxFields    = 250       // expressions of one mapping
	maxTotal     = 100000    // bytes of all expressions of one mapping
	maxNodes     = 200       // of the syntax tree
	maxText      = 256 << 10 // bytes of any text that goes into or comes out of a function
	maxParts     = 10000     // of a split
	maxNumber    = 200       // bytes of a text that may be a number
	memoryBudget = 20000     // elements of lists in the expression itself, see expr's vm
)

// Function describes a function of expressions, for the panel's help.
type Function struct {
	Name string `json:"name"`
	Form string `json:"form"`
	Help string `json:"help"`
}

// Functions lists the functions of expressions: ours, then those of the library by name.
func Functions() []Function {
	out := make([]Function, 0, len(functions)+len(builtins))
	for _, f := range functions {
		out = append(out, Function{Name: f.name, Form: f.form, Help: f.help})
	}
	for _, name := range slices.Sorted(maps.Keys(builtins)) {
		out = append(out, Function{Name: name, Form: builtins[name].form, Help: builtins[name].help})
	}
	return out
}

// Example is an expression that is no call of a function, for the panel's help.
type Example struct {
	Form string `json:"form"`
	Help string `json:"help"`
}

// Examples shows the language without its functions.
func Examples() []Example {
	return []Example{
		{`row["Unit Price"]`, "a column whose name has blanks or signs"},
		{`"physical"`, "the same text for every row"},
		{`number(OnHand) > 0 ? "available" : "disabled"`, "one value or another"},
	}
}

// valueError is a failure of a function that its message tells a merchant all about.
type valueError string

func (e valueError) Error() string { return string(e) }

// Fault is an error whose message tells a merchant all about it.
func Fault(message string) error { return valueError(message) }

func failf(format string, args ...any) error { return valueError(fmt.Sprintf(format, args...)) }

// function is one of ours. They take any value, so that the same expression works on the text of a
// CSV column and on the number of an NDJSON one; its type only says how many arguments there are
// and what comes out. It has one type: the library's checker looks at all arguments anew for each
// that does not fit, which takes for ever where calls are nested.
type function struct {
	name, form, help string
	cost             cost
	fn               func(args ...any) (any, error)
	typ              any
}

var functions = slices.Concat(textFunctions, pairFunctions)

var textFunctions = []function{
	{"number", `number(Price) or number(Price, ",")`, "the number in a text; the second form says what its decimal sign is", textsCost, nil, new(func(any, ...string) any)},
	{"bool", "bool(Active)", "true for yes, true, 1; false for no, false, 0; in many languages", textsCost, fnBool, new(func(any) any)},
	{"string", "string(Code)", "the value as text", textsCost, text1(func(s string) string { return s }), new(func(any) string)},
	{"trim", "trim(Name)", "without white space around it", textsCost, text1(TrimText), new(func(any) string)},
	{"upper", "upper(Name)", "in upper case", caseCost, text1(strings.ToUpper), new(func(any) string)},
	{"lower", "lower(Name)", "in lower case", caseCost, text1(strings.ToLower), new(func(any) string)},
	{"left", "left(Name, 250)", "the first characters", textsCost, fnLeft, new(func(any, int) string)},
	{"right", "right(Code, 4)", "the last characters", textsCost, fnRight, new(func(any, int) string)},
	{"replace", `replace(Price, "$", "")`, "with every occurrence of one text replaced by another", replaceCost, fnReplace, new(func(any, string, string) string)},
	{"split", `split(Tags, ";")`, "a list of the parts between separators; split(Tags, \";\")[0] is the first", splitCost, fnSplit, new(func(any, string) []string)},
	{"join", `join([Brand, Name], " ")`, "the parts of a list with a separator between them", listCost, fnJoin, new(func(any, ...string) string)},
	{"first", "first(Title, Name)", "the first value that is not empty", textsCost, fnFirst, new(func(any, ...any) any)},
	{"path", "path(Group, Style)", "a category path, Group > Style; empty parts are left out", listCost, fnPath, new(func(any, ...any) string)},
}

// mostArguments limits the functions whose type does not.
var mostArguments = map[string]int{"number": 2, "join": 2, "trimPrefix": 2, "trimSuffix": 2}

// oneType is the type of those of builtins that have several, see function.
var oneType = map[string]any{"trimPrefix": new(func(string, ...string) string), "trimSuffix": new(func(string, ...string) string)}

// builtins are expr's own functions that are kept: pure, and no larger in their result than in
// their arguments. One that is not here is refused.
var builtins = map[string]libraryWord{
	"abs":         {weighCost, "abs(number(Price))", "a number without its sign"},
	"ceil":        {weighCost, "ceil(number(Price))", "rounded up to a whole number"},
	"float":       {numberCost, "float(Price)", "a text with a decimal point as a number"},
	"floor":       {weighCost, "floor(number(Price))", "rounded down to a whole number"},
	"hasPrefix":   {weighCost, `hasPrefix(Code, "A-")`, "true if a text begins so"},
	"hasSuffix":   {weighCost, `hasSuffix(Code, "-XL")`, "true if a text ends so"},
	"indexOf":     {weighCost, `indexOf(Code, "-")`, "where one text begins in another; 0 is its start, -1 nowhere"},
	"int":         {numberCost, "int(Stock)", "a text or a number as a whole number"},
	"last":        {weighCost, `last(split(Tags, ";"))`, "the last part of a list"},
	"lastIndexOf": {weighCost, `lastIndexOf(Code, "-")`, "as indexOf, looked for from the end"},
	"len":         {weighCost, "len(Name)", "how many characters a text has, or parts a list"},
	"max":         {weighCost, "max(number(Price), 1)", "the largest of some numbers"},
	"min":         {weighCost, "min(number(Price), 999)", "the smallest of some numbers"},
	"round":       {weighCost, "round(number(Price))", "rounded to a whole number"},
	"trimPrefix":  {weighCost, `trimPrefix(Code, "A-")`, "without a beginning, where it is there"},
	"trimSuffix":  {weighCost, `trimSuffix(Code, "-XL")`, "without an end, where it is there"},
}

// libraryWord is a function of the library's.
type libraryWord struct {
	cost       cost
	form, help string
}

// knownFunctions are the names of both. It is filled by init because a function's error may suggest
// an expression, which depends on the names.
var knownFunctions = make(map[string]bool)

func init() {
	for _, f := range functions {
		knownFunctions[f.name] = true
	}
	for b := range builtins {
		knownFunctions[b] = true
	}
}

// Text returns any value as text; an empty value is "".
func Text(v any) (string, error) {
	var s string
	switch v := v.(type) {
	case nil:
	case string:
		s = v
	case bool:
		s = strconv.FormatBool(v)
	case json.Number:
		s = v.String()
	case int:
		s = strconv.Itoa(v)
	case float64:
		d, ok := FromFloat(v)
		if !ok {
			return "", failf("the result is not a number that can be written")
		}
		s = d
	default:
		return "", failf("a list is no text: use join(…, \", \")")
	}
	if len(s) > maxText {
		return "", failf("the text is longer than %d KiB: take the column without a function", maxText>>10)
	}
	return s, nil
}

// text1 makes a function of one text.
func text1(f func(string) string) func(...any) (any, error) {
	return func(args ...any) (any, error) {
		s, err := Text(args[0])
		if err != nil {
			return nil, err
		}
		return f(s), nil
	}
}

// number is number(…) of the language. Without a second argument the decimal sign is the machine's.
func (m *Machine) number(args ...any) (any, error) {
	if len(args) < 2 {
		return numberOf(args[0], m.Sign, m.Seen)
	}
	switch args[1] {
	case ",":
		return numberOf(args[0], values.Comma, nil)
	case ".":
		return numberOf(args[0], values.Point, nil)
	}
	return nil, failf(`the decimal sign of number() must be "," or "."`)
}

// numberOf reads a number. With seen, which is told of the text, one that can be two numbers is
// either.
func numberOf(v any, sign values.Sign, seen func(text string)) (any, error) {
	switch v.(type) {
	case int, float64:
		return v, nil
	}
	s, err := Text(v)
	if err != nil {
		return nil, err
	}
	if s = TrimText(s); s == "" || values.Nothing(s) {
		return nil, nil
	}
	if seen != nil {
		seen(s)
	}
	a, ok := values.Split(values.Visible(s))
	if !ok {
		return nil, valueError(NotNumber(s))
	}
	if a.Unit != "" {
		return nil, failf("%s has a unit: choose the column without a formula, so that it is converted", Quote(s))
	}
	d, ok, two := a.Number(sign)
	switch {
	case two && seen != nil:
		d, _ = a.Under(values.Point)
	case two:
		point, comma := a.Readings()
		return nil, failf("%s is %s or %s: say which decimal sign the column has", Quote(s), point, comma)
	case !ok && sign != values.Unknown:
		return nil, failf("%s is not a number with a %s as its decimal sign", Quote(s), map[values.Sign]string{values.Point: "point", values.Comma: "comma"}[sign])
	case !ok || len(d) > MaxDigits:
		return nil, valueError(NotNumber(s))
	}
	f, err := strconv.ParseFloat(d, 64)
	if err != nil {
		return nil, failf("%s is not a number", Quote(s))
	}
	return f, nil
}

func fnBool(args ...any) (any, error) {
	if b, ok := args[0].(bool); ok {
		return b, nil
	}
	s, err := Text(args[0])
	if err != nil {
		return nil, err
	}
	if s = TrimText(s); s == "" || values.Nothing(s) {
		return nil, nil
	}
	b, msg := ParseBool(s)
	if msg != "" {
		return nil, valueError(msg)
	}
	return b, nil
}

func fnLeft(args ...any) (any, error) {
	s, err := Text(args[0])
	if err != nil {
		return nil, err
	}
	n, _ := args[1].(int)
	for i := range s {
		if n <= 0 {
			return s[:i], nil
		}
		n--
	}
	return s, nil
}

func fnRight(args ...any) (any, error) {
	s, err := Text(args[0])
	if err != nil {
		return nil, err
	}
	n, _ := args[1].(int)
	i := len(s)
	for ; n > 0 && i > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:i])
		i -= size
	}
	return s[i:], nil
}

func fnReplace(args ...any) (any, error) {
	s, err := Text(args[0])
	if err != nil {
		return nil, err
	}
	old, with := args[1].(string), args[2].(string)
	if old == "" {
		return nil, failf("replace() needs the text to look for")
	}
	if grow := len(with) - len(old); grow > 0 && len(s)+strings.Count(s, old)*grow > maxText {
		return nil, failf("replace() makes the text longer than %d KiB", maxText>>10)
	}
	return strings.ReplaceAll(s, old, with), nil
}

func fnSplit(args ...any) (any, error) {
	s, err := Text(args[0])
	if err != nil {
		return nil, err
	}
	sep := args[1].(string)
	if sep == "" {
		return nil, failf("split() needs a separator")
	}
	if strings.Count(s, sep) >= maxParts {
		return nil, failf("split() makes more than %d parts", maxParts)
	}
	parts := strings.Split(s, sep)
	for i := range parts {
		parts[i] = TrimText(parts[i])
	}
	return parts, nil
}

// List returns the non-empty texts of a list, or of a single value.
func List(v any) ([]string, error) {
	var items []any
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []string:
		for _, s := range v {
			items = append(items, s)
		}
	case []any:
		items = v
	default:
		items = []any{v}
	}
	out := make([]string, 0, len(items))
	for _, item := range items {
		s, err := Text(item)
		if err != nil {
			return nil, err
		}
		if s = TrimText(s); s != "" {
			out = append(out, s)
		}
	}
	return out, nil
}

func joined(parts []string, sep string) (any, error) {
	size := 0
	for _, p := range parts {
		size += len(p) + len(sep)
	}
	if size > maxText {
		return nil, failf("the text becomes longer than %d KiB", maxText>>10)
	}
	return strings.Join(parts, sep), nil
}

func fnJoin(args ...any) (any, error) {
	parts, err := List(args[0])
	if err != nil {
		return nil, err
	}
	sep := ""
	if len(args) == 2 {
		sep = args[1].(string)
	}
	return joined(parts, sep)
}

func fnFirst(args ...any) (any, error) {
	for _, a := range args {
		if s, ok := a.(string); a != nil && (!ok || TrimText(s) != "") {
			return a, nil
		}
	}
	return nil, nil
}

func fnPath(args ...any) (any, error) {
	var parts []string
	for _, a := range args {
		list, err := List(a)
		if err != nil {
			return nil, err
		}
		parts = append(parts, list...)
	}
	return joined(parts, " > ")
}
