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

// objectRow reads the NDJSON line at the window's start: n bytes and a terminator of term.
func (r *Reader) objectRow(n, term int) *Row {
	line := r.in.window()[:n]
	row := &Row{Line: r.line}
	switch msg := r.notText(line); {
	case msg != "":
		row.Err = &RowError{Message: "the line cannot be read: " + msg, Value: r.sample(line)}
	default:
		text := line
		if r.decode != nil {
			text = r.decode(line)
		}
		var err error
		if row.Object, err = decodeObject(text); err != nil {
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
	header := []string{}
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] && len(header) < MaxColumns {
			seen[name] = true
			header = append(header, name)
		}
	}
	for range HeaderLines {
		n, _, long, err := r.in.eol(0, true)
		if err != nil {
			return nil, fmt.Errorf("read the source: %w", err)
		}
		if line := r.in.window()[:n]; !long && r.notText(line) == "" {
			if r.decode != nil {
				line = r.decode(line)
			}
			if _, err := decodeObject(line); err == nil {
				objectKeys(json.NewDecoder(bytes.NewReader(line)), "", 1, add)
			}
		}
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
	}
	return header, nil
}

// objectKeys walks the object that dec is at and adds its keys in order. The text was decoded before,
// so there is nothing to fail.
func objectKeys(dec *json.Decoder, prefix string, depth int, add func(string)) {
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return
	}
	for dec.More() {
		t, err := dec.Token()
		key, ok := t.(string)
		if err != nil || !ok {
			return
		}
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			return
		}
		if len(value) > 2 && value[0] == '{' && depth < maxDepth {
			objectKeys(json.NewDecoder(bytes.NewReader(value)), prefix+key+".", depth+1, add)
		} else {
			add(prefix + key)
		}
	}
	_, _ = dec.Token()
}

// Lookup returns the value of a column of an NDJSON row. A name with points is first a key of its
// own, then a path into nested objects.
func Lookup(object map[string]any, name string) (any, bool) {
	if v, ok := object[name]; ok {
		return v, true
	}
	for i := 0; i < len(name); i++ {
		if name[i] != '.' {
			continue
		}
		if inner, ok := object[name[:i]].(map[string]any); ok {
			if v, ok := Lookup(inner, name[i+1:]); ok {
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
