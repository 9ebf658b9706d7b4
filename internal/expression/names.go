package expression

import (
	"maps"
	"slices"
	"strings"
)

// reserved words of the expression language: a column with such a name is only row["name"].
var reserved = map[string]bool{
	"not": true, "in": true, "or": true, "and": true, "matches": true, "contains": true, "startsWith": true, "endsWith": true,
	"let": true, "if": true, "else": true, "true": true, "false": true, "nil": true, "row": true,
	"all": true, "none": true, "any": true, "one": true, "filter": true, "map": true, "count": true, "sum": true, "find": true,
	"findIndex": true, "findLast": true, "findLastIndex": true, "groupBy": true, "sortBy": true, "reduce": true,
}

// Words lists the words of the language, sorted: a column with the name of one, or of a function,
// is only row["name"].
func Words() []string { return slices.Sorted(maps.Keys(reserved)) }

// Known reports whether a function has this name.
func Known(name string) bool { return knownFunctions[name] }

// Reserved reports whether a word of the language has this name.
func Reserved(name string) bool { return reserved[name] }

// Name returns the expression that is a column's value: its name when that can stand
// alone, row["name"] otherwise.
func Name(name string) string {
	identifier := name != "" && !reserved[name] && !knownFunctions[name]
	for i, c := range name {
		letter := c == '_' || (c|0x20 >= 'a' && c|0x20 <= 'z')
		if !letter && (i == 0 || c < '0' || c > '9') {
			identifier = false
			break
		}
	}
	if identifier {
		return name
	}
	return "row[" + QuoteName(name) + "]"
}

// QuoteName writes a name as a text of the expression language. It escapes no more than that needs:
// a merchant is shown the name as it stands in the file.
func QuoteName(name string) string { return `"` + nameEscapes.Replace(name) + `"` }

var nameEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

// FunctionNames lists the functions of expressions.
func FunctionNames() string { return strings.Join(slices.Sorted(maps.Keys(knownFunctions)), ", ") }
