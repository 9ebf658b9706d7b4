package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// typeOf says in words what a schema takes.
func typeOf(s *schema) typeView {
	if s.Ref != "" {
		return typeView{Link: refName(s.Ref)}
	}
	if len(s.OneOf) == 2 { // a named schema or null
		return typeView{Link: refName(s.OneOf[0].Ref), After: " or null"}
	}
	names, nullable := s.types()
	v := typeView{Before: strings.Join(names, " or ")}
	switch {
	case s.Items != nil && s.Items.Ref != "":
		v = typeView{Before: "array of ", Link: refName(s.Items.Ref)}
	case s.Items != nil:
		v = typeOf(s.Items)
		v.Before = "array of " + v.Before
	case len(names) == 0 && !nullable:
		v.Before = "any"
	}
	if s.Format != "" {
		v.After += ", " + s.Format
	}
	for _, bound := range []struct {
		name  string
		value *string
	}{
		{"at least", s.Minimum}, {"at most", s.Maximum}, {"length at least", s.MinLength}, {"length at most", s.MaxLength},
		{"entries at least", s.MinItems}, {"entries at most", s.MaxItems}, {"unless given", s.Default},
	} {
		if bound.value != nil {
			v.After += ", " + bound.name + " " + *bound.value
		}
	}
	if s.Pattern != "" {
		v.After += ", " + s.Pattern
	}
	if len(s.Enum) > 0 {
		quoted := make([]string, len(s.Enum))
		for i, e := range s.Enum {
			quoted[i] = fmt.Sprintf("%q", e)
		}
		v.After += ": " + strings.Join(quoted, ", ")
	}
	if nullable {
		v.After += " or null"
	}
	return v
}

// exampleText returns an example as it is sent: JSON, or a text as it is.
func exampleText(node *yaml.Node) (string, error) {
	switch node.Kind {
	case 0: // absent
		return "", nil
	case yaml.ScalarNode:
		return node.Value, nil
	}
	var b bytes.Buffer
	if err := writeJSON(&b, node); err != nil {
		return "", err
	}
	var indented bytes.Buffer
	err := json.Indent(&indented, b.Bytes(), "", "  ")
	return indented.String(), err
}

// writeJSON writes a node with its fields in the order of the file, which a Go map would lose.
func writeJSON(b *bytes.Buffer, node *yaml.Node) error {
	switch node.Kind {
	case yaml.MappingNode:
		separator := byte('{')
		err := each(node, func(key string, value *yaml.Node) error {
			b.WriteByte(separator)
			separator = ','
			fmt.Fprintf(b, "%q:", key)
			return writeJSON(b, value)
		})
		if separator == '{' {
			b.WriteByte('{')
		}
		b.WriteByte('}')
		return err
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, child := range node.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSON(b, child); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	}
	var scalar any
	if err := node.Decode(&scalar); err != nil {
		return err
	}
	text, err := json.Marshal(scalar)
	b.Write(text)
	return err
}

// paragraphs splits a text at empty lines, and into text and `code`.
func paragraphs(text string) (all []paragraph) {
	for part := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		var p paragraph
		for i, piece := range strings.Split(part, "`") {
			if piece != "" {
				p = append(p, span{piece, i%2 == 1})
			}
		}
		if len(p) > 0 {
			all = append(all, p)
		}
	}
	return all
}

func size(bytes int64) string {
	for _, unit := range []struct {
		bytes int64
		name  string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if bytes >= unit.bytes {
			return fmt.Sprintf("%d %s", bytes/unit.bytes, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", bytes)
}
