package source

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"sluice/internal/problem"
)

const (
	typeXML = "xml"

	maxElements = 100_000 // of one record
)

// isXML tells an XML document by its beginning.
func isXML(text []byte) bool {
	s := strings.TrimLeft(string(text[:min(len(text), 1024)]), "\ufeff \t\r\n")
	if hasPrefixFold([]byte(s), "<?xml", "<!doctype") {
		return true
	}
	return len(s) > 1 && s[0] == '<' && (s[1] == '_' || isAlphanumeric(s[1]) && s[1] > '9')
}

// charsetOf is the encoding that a file is declared to have, "" if it is not: by its server, or by
// the declaration that an XML document begins with.
func charsetOf(head []byte, contentType string) string {
	if name := declared(contentType); name != "" {
		return name
	}
	text := string(head[:min(len(head), 256)])
	if !hasPrefixFold([]byte(text), "<?xml") {
		return ""
	}
	text, _, _ = strings.Cut(text, "?>")
	_, value, ok := strings.Cut(text, "encoding")
	value = strings.TrimLeft(value, " \t\r\n=")
	if !ok || value == "" {
		return ""
	}
	value, _, _ = strings.Cut(value[1:], value[:1])
	return charsetNamed(value)
}

// element is one of a record.
type element struct {
	name  string
	attrs []xml.Attr
	parts []part // what is in it, in its order
	// Set by settle:
	text     string // its own, or all of it if it is markup
	children []*element
}

type part struct {
	text  string
	child *element // nil for text
}

// recordReader reads the elements at a path.
type recordReader struct {
	x    *xmlTokens
	path []string
	left int // what the record may still take, in bytes and elements
	many int
}

func newRecordReader(text io.Reader, path string) *recordReader {
	return &recordReader{x: newXMLTokens(text), path: strings.Split(path, "/")}
}

// next returns the next record, or io.EOF. A record that is too large is nil.
func (r *recordReader) next() (*element, error) {
	for {
		t, err := r.x.next()
		if err != nil {
			return nil, err
		}
		start, ok := t.(xml.StartElement)
		if !ok || !r.at() {
			continue
		}
		r.left, r.many = MaxRowBytes, maxElements
		e, err := r.element(start.Copy())
		if errors.Is(err, errLargeRecord) {
			for len(r.x.open) >= len(r.path) && err != nil {
				if _, err := r.x.next(); err != nil {
					return nil, err
				}
			}
			return nil, nil
		}
		return e, err
	}
}

// at reports whether the element that began last is a record.
func (r *recordReader) at() bool {
	return len(r.x.open) == len(r.path) && slices.EqualFunc(r.x.open, r.path, func(n xml.Name, name string) bool { return nameOf(n) == name })
}

var errLargeRecord = errors.New("source: the record is too large")

// element reads the rest of the element that began last.
func (r *recordReader) element(start xml.StartElement) (*element, error) {
	e := &element{name: nameOf(start.Name), attrs: start.Attr}
	r.many -= 1 + len(start.Attr)
	for _, a := range start.Attr {
		r.left -= len(a.Value)
	}
	for depth := len(r.x.open); len(r.x.open) >= depth; {
		if r.left < 0 || r.many < 0 {
			return nil, errLargeRecord
		}
		t, err := r.x.next()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			child, err := r.element(t.Copy())
			if err != nil {
				return nil, err
			}
			e.parts = append(e.parts, part{child: child})
		case xml.CharData:
			r.left -= len(t)
			r.many--
			e.parts = append(e.parts, part{text: string(t)})
		}
	}
	return e, nil
}

// settle tells what in an element is text and what are elements of their own. A record is never
// markup.
func (e *element) settle(record bool) {
	text := ""
	for _, p := range e.parts {
		if p.child != nil {
			e.children = append(e.children, p.child)
		} else {
			text += p.text
		}
	}
	if !record && e.markup() {
		var out strings.Builder
		e.source(&out)
		e.text, e.children = strings.TrimSpace(out.String()), nil
		return
	}
	e.text = strings.TrimSpace(text)
	for _, c := range e.children {
		c.settle(false)
	}
}

// Elements of HTML: texts may hold them without saying so. The sure ones are no names of data.
var (
	sureHTML = []string{"br", "div", "span", "ul", "ol", "strong", "em", "p"}
	anyHTML  = append([]string{"a", "b", "i", "u", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "img", "font", "sub", "sup"}, sureHTML...)
)

// markup reports whether the elements in an element are the markup of its text: they stand before
// or around text, or all of them are of HTML.
func (e *element) markup() bool {
	text, after, sure, html, all := false, false, false, false, true
	for _, p := range e.parts {
		if p.child == nil {
			is := strings.TrimSpace(p.text) != ""
			text, after = text || is, after || is && (html || !all)
			continue
		}
		name := strings.ToLower(p.child.name)
		sure = sure || slices.Contains(sureHTML, name)
		if slices.Contains(anyHTML, name) {
			html = true
		} else {
			all = false
		}
	}
	return after || html && all && (sure || text)
}

var escapeXML = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// source writes what is in an element as XML again.
func (e *element) source(out *strings.Builder) {
	for _, p := range e.parts {
		if p.child == nil {
			_, _ = escapeXML.WriteString(out, p.text)
			continue
		}
		out.WriteString("<" + p.child.name)
		for _, a := range p.child.attrs {
			out.WriteString(" " + nameOf(a.Name) + `="` + escapeXML.Replace(a.Value) + `"`)
		}
		if len(p.child.parts) == 0 {
			out.WriteString("/>")
			continue
		}
		out.WriteString(">")
		p.child.source(out)
		out.WriteString("</" + p.child.name + ">")
	}
}

// convertXML writes the records at path and returns the names of their columns.
func convertXML(ctx context.Context, text io.Reader, path string, out *rowWriter) (header []string, err error) {
	r := newRecordReader(text, path)
	names := headerOf{names: []string{}, seen: map[string]bool{}}
	for n := int64(1); ; n++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e, err := r.next()
		if errors.Is(err, io.EOF) {
			if n == 1 {
				return nil, problem.New(problem.Invalid, "The XML has no records at %.100s: choose where they are.", path)
			}
			return names.names, nil
		}
		if err != nil {
			return nil, err
		}
		row := Row{Line: n, NextLine: n + 1, Number: n}
		if e == nil {
			row.Err = &RowError{Message: fmt.Sprintf("the record is longer than %d MiB or has more than %d elements", MaxRowBytes>>20, maxElements)}
		} else {
			columns := columnsOf(e)
			row.Object = make(map[string]any, len(columns))
			for _, c := range columns {
				row.Object[c.name] = c.value()
				names.add("", c.name)
			}
		}
		if err := out.row(&row); err != nil {
			return nil, err
		}
	}
}
