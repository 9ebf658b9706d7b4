package tenants

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A list is one argument of a statement, however long it is: the statement's text is then always
// the same, and it is prepared and planned once a connection. PostgreSQL takes it as an array, or
// where there is more than one value in an entry, and SQLite always, as JSON.

// among is the condition that column is in the list that is its argument.
func (d *DB) among(column string) string {
	if d.postgres() {
		return column + " = ANY(?)"
	}
	return column + " IN (SELECT value FROM json_each(?))"
}

// list is among's argument.
func (d *DB) list(values []string) string {
	if !d.postgres() {
		return jsonOf(values)
	}
	var b strings.Builder
	b.WriteByte('{')
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		_, _ = arrayEscape.WriteString(&b, v) // a Builder takes anything
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

// arrayEscape is for a quoted element of PostgreSQL's array syntax.
var arrayEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// tuples is the query that yields the rows of its argument, made by jsonOf: values of the types
// that PostgreSQL calls by these names.
func (d *DB) tuples(types ...string) string {
	values := make([]string, len(types))
	for i, t := range types {
		if d.postgres() {
			values[i] = fmt.Sprintf("(value->>%d)::%s", i, t)
		} else {
			values[i] = fmt.Sprintf("value->>%d", i)
		}
	}
	list := strings.Join(values, ", ")
	if d.postgres() {
		return "SELECT " + list + " FROM json_array_elements(CAST(? AS json)) AS e(value)"
	}
	return "SELECT " + list + " FROM json_each(?)"
}

// jsonOf is the JSON of strings, numbers and rows.
func jsonOf(values any) string {
	b, err := json.Marshal(values)
	if err != nil {
		panic(err) // these always have one
	}
	return string(b)
}

// containing is the condition that a column has the text that is its argument, made by likeText,
// somewhere in it, in any case.
func containing(column string) string { return "LOWER(" + column + ") LIKE ? ESCAPE '!'" }

// likeText is containing's argument.
func likeText(text string) string {
	return "%" + likeEscape.Replace(strings.ToLower(text)) + "%"
}

// likeEscape is for text in a pattern of LIKE … ESCAPE '!'.
var likeEscape = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")
