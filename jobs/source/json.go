package source

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"sluice/internal/problem"
)

const typeJSON = "json"

// maxListDepth is how deep in a document a list of records is looked for.
const maxListDepth = 4

// maxNesting is how deep a document is looked at.
const maxNesting = 100

// documentOf tells a JSON document from NDJSON by its beginning. path is where its records are, the
// keys to it with points between them; "" is the document itself. found are the lists of it, the
// longest first, also if it may be a record of its own.
func documentOf(text []byte, whole bool) (path string, found []Choice, ok bool) {
	text = bytes.TrimLeft(text, " \t\r\n")
	if text[0] == '[' {
		rest := bytes.TrimLeft(text[1:], " \t\r\n")
		return "", nil, len(rest) > 0 && (rest[0] == '{' || rest[0] == ']')
	}
	if text[0] != '{' {
		return "", nil, false
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	l := lists{seen: map[string]*list{}}
	ended := l.value(dec, nil)
	if ended && len(bytes.TrimSpace(text[dec.InputOffset():])) > 0 {
		return "", nil, false // another object follows: a line each
	}
	all := slices.SortedFunc(maps.Values(l.seen), func(a, b *list) int {
		return cmp.Or(cmp.Compare(b.records, a.records), cmp.Compare(a.path, b.path))
	})
	if len(all) == 0 {
		return "", nil, false
	}
	for _, list := range all[:min(len(all), maxChoices)] {
		c := choiceOf(list.path, list.names, false)
		c.Count = int64(list.records)
		found = append(found, c)
	}
	// One object with a list in it may be a record of its own, with images for example: then it has
	// more values than those in the list.
	return all[0].path, found, !ended || !whole || all[0].keys >= l.values
}

// lists finds the lists of objects in a document.
type lists struct {
	seen   map[string]*list
	values int // keys of the document with a value that is no list and no object
}

type list struct {
	path    string
	records int
	keys    int // of the first record
	names   []string
}

// value walks a value whose keys from the document's are path.
func (l *lists) value(dec *json.Decoder, path []string) bool {
	t, err := dec.Token()
	if err != nil || len(path) > maxNesting {
		return false
	}
	switch t {
	case json.Delim('{'):
		for dec.More() {
			t, err := dec.Token()
			key, ok := t.(string)
			if err != nil || !ok || !l.value(dec, append(path, key)) {
				return false
			}
		}
	case json.Delim('['):
		for dec.More() {
			if !l.element(dec, path) {
				return false
			}
		}
	default:
		if len(path) == 1 {
			l.values++
		}
		return true
	}
	_, err = dec.Token()
	return err == nil
}

// element walks one element of a list at path. What lies inside records is no list of records.
func (l *lists) element(dec *json.Decoder, keys []string) bool {
	t, err := dec.Token()
	if err != nil {
		return false
	}
	var found *list
	if t == json.Delim('{') && len(keys) <= maxListDepth {
		path := strings.Join(keys, ".")
		if found = l.seen[path]; found == nil {
			found = &list{path: path}
			l.seen[path] = found
		}
		found.records++
	}
	open, names, at := 0, 0, t
	first, key := found != nil && found.records == 1, true
	for {
		switch at {
		case json.Delim('{'), json.Delim('['):
			open++
		case json.Delim('}'), json.Delim(']'):
			open--
			key = true
		default:
			if open == 1 {
				if name, ok := at.(string); ok && key && first && len(found.names) < maxExamples {
					found.names = append(found.names, name)
				}
				key = !key
				names++ // keys and values, so twice; more of nested ones
			}
		}
		if open == 0 {
			break
		}
		if at, err = dec.Token(); err != nil {
			return false
		}
	}
	if first {
		found.keys = (names + 1) / 2
	}
	return true
}

// convertJSON writes the records at path, the elements of a list, and returns their keys.
func convertJSON(ctx context.Context, text io.Reader, path string, out *rowWriter) (header []string, err error) {
	guard := &elementGuard{from: text, left: MaxRowBytes}
	dec := json.NewDecoder(guard)
	dec.UseNumber()
	for _, key := range strings.FieldsFunc(path, func(c rune) bool { return c == '.' }) {
		if err := seekKey(dec, guard, key); err != nil {
			return nil, errJSON(err, path)
		}
	}
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return nil, errJSON(err, path)
	}
	names := headerOf{seen: map[string]bool{}}
	for n := int64(1); dec.More(); n++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		guard.left = MaxRowBytes
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, errJSON(err, path)
		}
		row := Row{Line: n, NextLine: n + 1, Number: n}
		if row.Object, err = decodeObject(raw); err != nil {
			row.Err = &RowError{Message: "the record is not a JSON object: write {\"column\": value, …} for each", Value: shorten(strings.ToValidUTF8(string(raw[:min(len(raw), 8*valueRunes)]), "\uFFFD"))}
		} else {
			objectKeys(json.NewDecoder(bytes.NewReader(raw)), "", 1, names.add)
		}
		if err := out.row(&row); err != nil {
			return nil, err
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, errJSON(err, path)
	}
	if path == "" {
		switch _, err := dec.Token(); {
		case err == nil:
			return nil, problem.New(problem.Invalid, "The JSON file goes on after its list of records: export it again.")
		case !errors.Is(err, io.EOF):
			return nil, errJSON(err, path)
		}
	}
	return names.names, nil
}

// seekKey moves dec to the value of a key of the object that it is at.
func seekKey(dec *json.Decoder, guard *elementGuard, key string) error {
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return err
	}
	for dec.More() {
		t, err := dec.Token()
		if err != nil || t == key {
			return err
		}
		for open := 0; ; { // pass the value by
			guard.left = MaxRowBytes
			t, err := dec.Token()
			if err != nil {
				return err
			}
			switch t {
			case json.Delim('{'), json.Delim('['):
				open++
			case json.Delim('}'), json.Delim(']'):
				open--
			}
			if open == 0 {
				break
			}
		}
	}
	return nil
}

// errJSON says why a document cannot be read; err is nil if it has no list at path.
func errJSON(err error, path string) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return problem.New(problem.Invalid, "The JSON file ends too early: export it again.")
	case errors.As(err, &syntax):
		return problem.New(problem.Invalid, "The file is not valid JSON, at character %d: %s. Export it again.", syntax.Offset, syntax.Error())
	case err != nil:
		return err
	case path == "":
		return problem.New(problem.Invalid, "The JSON file has no list of records: write [{\"column\": value, …}, …], or one object on each line.")
	}
	return problem.New(problem.Invalid, "The JSON file has no list at %.100s: say where its records are.", path)
}

// elementGuard bounds what one record may take.
type elementGuard struct {
	from io.Reader
	left int64
}

func (g *elementGuard) Read(p []byte) (int, error) {
	if g.left <= 0 {
		return 0, problem.New(problem.TooLarge, "A record of the JSON file is longer than %d MiB.", MaxRowBytes>>20)
	}
	n, err := g.from.Read(p[:min(int64(len(p)), g.left)])
	g.left -= int64(n)
	return n, err
}

// headerOf gathers the names of columns in the order in which they appear.
type headerOf struct {
	names []string
	seen  map[string]bool
	size  int
}

func (h *headerOf) add(prefix, key string) bool {
	if len(h.names) >= MaxColumns || h.size+len(prefix)+len(key) > maxHeaderBytes {
		return false
	}
	if name := prefix + key; !h.seen[name] {
		h.size += len(name)
		h.seen[name] = true
		h.names = append(h.names, name)
	}
	return true
}
