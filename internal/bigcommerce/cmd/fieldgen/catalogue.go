package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// field is bigcommerce.Field; the generator does not import the package that its output belongs to.
type field struct {
	name, kind, items, format    string
	required, readOnly, nullable bool
	unselectable                 bool
	minLength, maxLength         int
	maxItems                     int
	minimum, maximum             *float64
	enum                         []string
}

// catalogue merges what POST, PUT and GET of a collection say of each field. POST describes a field
// first, then PUT, then GET. A field is read-only when any of them flags it so, when the prose of
// POST or PUT lists it, or when neither takes it. It is unselectable when GET says what
// include_fields may name, and that is not among it.
func catalogue(d *document, path string) ([]field, error) {
	item, ok := d.Paths[path]
	if !ok || item.Post == nil || item.Put == nil || item.Get == nil {
		return nil, fmt.Errorf("%s does not have a GET, a POST and a PUT", path)
	}
	create, err := d.element(item.Post.RequestBody.json())
	if err != nil {
		return nil, fmt.Errorf("body of POST %s: %w", path, err)
	}
	update, err := d.element(item.Put.RequestBody.json())
	if err != nil {
		return nil, fmt.Errorf("body of PUT %s: %w", path, err)
	}
	read, err := d.data(item.Get.Responses["200"].json())
	if err != nil {
		return nil, fmt.Errorf("answer of GET %s: %w", path, err)
	}
	prose := append(readOnlyProse(item.Post.Description), readOnlyProse(item.Put.Description)...)

	selectable, err := d.listOf(item.Get.Parameters, "include_fields")
	if err != nil {
		return nil, fmt.Errorf("parameters of GET %s: %w", path, err)
	}

	byName := map[string]field{}
	for _, source := range []struct {
		schema   *schema
		writable bool
	}{{create, true}, {update, true}, {read, false}} {
		for name, property := range source.schema.Properties {
			f, err := d.field(name, property)
			if err != nil {
				return nil, fmt.Errorf("field %s: %w", name, err)
			}
			if known, ok := byName[name]; ok {
				known.readOnly = known.readOnly || f.readOnly
				byName[name] = known
				continue
			}
			f.readOnly = f.readOnly || !source.writable
			byName[name] = f
		}
	}
	if len(byName) == 0 {
		return nil, errors.New(path + " has no fields")
	}
	for name, f := range byName {
		f.readOnly = f.readOnly || slices.Contains(prose, name)
		f.required = slices.Contains(create.Required, name) && !f.readOnly
		f.unselectable = len(selectable) > 0 && !slices.Contains(selectable, name)
		byName[name] = f
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b field) int { return cmp.Compare(a.name, b.name) }), nil
}

// element returns the schema of one object where the body is a list of them, else the body's own.
func (d *document) element(s *schema) (*schema, error) {
	s, err := d.resolve(s)
	if err != nil || s.Items == nil {
		return s, err
	}
	return d.resolve(s.Items)
}

// data returns the schema of one object of an answer's "data".
func (d *document) data(s *schema) (*schema, error) {
	s, err := d.resolve(s)
	if err != nil {
		return nil, err
	}
	return d.element(s.Properties["data"])
}

func (d *document) field(name string, property *schema) (field, error) {
	s, err := d.resolve(property)
	if err != nil {
		return field{}, err
	}
	f := field{
		name: name, kind: orObject(s.Type), format: s.Format,
		readOnly: s.ReadOnly, nullable: s.Nullable, enum: s.Enum,
	}
	switch f.kind {
	case "array":
		// The files write the most items of an array as "maximum" in places.
		f.maxItems = s.MaxItems
		if f.maxItems == 0 && s.Maximum != nil {
			f.maxItems = int(*s.Maximum)
		}
		f.items = "object"
		if s.Items != nil {
			items, err := d.resolve(s.Items)
			if err != nil {
				return field{}, err
			}
			f.items = wholeID(orObject(items.Type), strings.Contains(s.Description, "IDs"))
		}
	case "string":
		f.minLength, f.maxLength = s.MinLength, s.MaxLength
	case "integer", "number":
		f.kind = wholeID(f.kind, strings.HasSuffix(name, "_id"))
		f.minimum, f.maximum = s.Minimum, s.Maximum
	}
	return f, nil
}

// wholeID returns "integer" for the ids that the files call a "number".
func wholeID(kind string, isID bool) string {
	if kind == "number" && isID {
		return "integer"
	}
	return kind
}

// orObject is for schemas without a type, which describe objects.
func orObject(kind string) string { return cmp.Or(kind, "object") }

// readOnlyProse returns the names in the list under an operation's heading "Read-Only Fields".
func readOnlyProse(description string) []string {
	var names []string
	listing := false
	for line := range strings.Lines(description) {
		line = strings.TrimSpace(line)
		bullet := strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "* ")
		switch {
		case strings.HasPrefix(line, "**"):
			listing = strings.Contains(strings.ToLower(line), "read-only fields")
		case listing && bullet:
			if _, rest, ok := strings.Cut(line, "`"); ok {
				if name, _, ok := strings.Cut(rest, "`"); ok {
					names = append(names, name)
				}
			}
		case line != "":
			listing = false
		}
	}
	return names
}
