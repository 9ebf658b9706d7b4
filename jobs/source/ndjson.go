package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxDepth is how deep nested keys are offered as a.b.c; deeper ones are still in the row.
const maxDepth = 8

// maxLookups is how many keys Lookup asks for: in an object whose keys have points there are very
// many ways to read a.a.a.a.
const maxLookups = 1000

// objectRow reads the NDJSON line at the window's start: n bytes and a terminator of term.
func (r *Reader) objectRow(n, term int) *Row {
	line := r.in.window()[:n]
	row := &Row{Line: r.line, Number: r.number}
	switch msg := r.notText(line); {
	case msg != "":
		row.Err = &RowError{Message: "the line cannot be read: " + msg, Value: r.sample(line)}
	default:
		var err error
		if row.Object, err = decodeObject(line); err != nil {
			row.Err = &RowError{Message: err.Error(), Value: r.sample(line)}
			if r.incomplete && term == 0 {
				row.Err.Message = "the file was cut off in this row"
			}
		}
	}
	r.advance(row, n+term, 1)
	return row
}

// decodeObject decodes one JSON object with its numbers as they are written.
func decodeObject(b []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		var syntax *json.SyntaxError
		switch {
		case errors.As(err, &syntax):
			return nil, fmt.Errorf("the line is not valid JSON, at character %d: %s", syntax.Offset, syntax.Error())
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errors.New("the line is not valid JSON: it ends too early; each record must be on one line")
		}
		return nil, errors.New("the line is not valid JSON")
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New(`the line is not a JSON object: write {"column": value, …} on each line`)
	}
	if len(bytes.TrimLeft(b[dec.InputOffset():], " \t\r")) > 0 {
		return nil, errors.New("there is text after the JSON object: write one object on each line")
	}
	return object, nil
}

// objectHeader returns the keys of the first HeaderLines rows in the order in which they appear.
func objectHeader(r *Reader) ([]string, error) {
	names := headerOf{names: []string{}, seen: map[string]bool{}}
	for range HeaderLines {
		n, _, long, err := r.in.eol(0, true)
		if err != nil {
			return nil, fmt.Errorf("read the source: %w", err)
		}
		if line := r.in.window()[:n]; !long && r.notText(line) == "" {
			if _, err := decodeObject(line); err == nil {
				objectKeys(json.NewDecoder(bytes.NewReader(line)), "", 1, names.add)
			}
		}
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
	}
	return names.names, nil
}

// objectKeys walks the object that dec is at and adds its keys in order, until add returns false.
// The text was decoded before, so there is nothing to fail.
func objectKeys(dec *json.Decoder, prefix string, depth int, add func(prefix, key string) bool) bool {
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return true
	}
	for dec.More() {
		t, err := dec.Token()
		key, ok := t.(string)
		if err != nil || !ok {
			return true
		}
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			return true
		}
		var more bool
		if len(value) > 2 && value[0] == '{' && depth < maxDepth {
			more = objectKeys(json.NewDecoder(bytes.NewReader(value)), prefix+key+".", depth+1, add)
		} else {
			more = add(prefix, key)
		}
		if !more {
			return false
		}
	}
	_, _ = dec.Token()
	return true
}

// Lookup returns the value of a column of an NDJSON row. A name with points is first a key of its
// own, then a path into nested objects. After a thousand keys it gives up.
func Lookup(object map[string]any, name string) (any, bool) {
	left := maxLookups
	return lookup(object, name, &left)
}

func lookup(object map[string]any, name string, left *int) (any, bool) {
	if v, ok := object[name]; ok {
		return v, true
	}
	for i := 0; i < len(name) && *left > 0; i++ {
		if name[i] != '.' {
			continue
		}
		*left--
		if inner, ok := object[name[:i]].(map[string]any); ok {
			if v, ok := lookup(inner, name[i+1:], left); ok {
				return v, true
			}
		}
	}
	return nil, false
}

// Strings returns the row as text, aligned to the header, for showing it to a person. A CSV row is
// padded; what NDJSON has nested is written as JSON.
func (row *Row) Strings(header []string) []string {
	out := make([]string, len(header))
	if row.Object == nil {
		copy(out, row.Values)
		return out
	}
	for i, name := range header {
		v, _ := Lookup(row.Object, name)
		out[i] = textOf(v)
	}
	return out
}

func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}
