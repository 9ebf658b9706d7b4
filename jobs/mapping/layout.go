package mapping

import (
	"context"
	"fmt"

	"sluice/internal/bigcommerce"
	"sluice/internal/expression"
	"sluice/internal/problem"
	"sluice/tenants"
)

// Place is what a row is of a record, by the mapping's layout.
type Place struct {
	Key      string   // of the record that the row is of, as written; "" if it has none
	Own      string   // the row's own key, of LayoutParent
	Part     bool     // the row is a part of the record of another row
	Start    bool     // a record begins with the row
	Children []string // keys of rows that are parts of this one's record
	Left     bool     // the row is no record and no part of one
	Wrong    string   // why none of this is known, "" if it is
}

// The longest key of a layout, and the most children that one row may name.
const (
	maxLayoutKey = 255
	maxChildren  = 2000
)

// fieldLayout is what a fault of the layout is about.
const fieldLayout = "layout"

// layout is a compiled tenants.Layout.
type layout struct {
	spec                                *tenants.Layout
	key, start, parent, children, leave *field
}

var (
	layoutText = &Field{Field: bigcommerce.Field{Name: fieldLayout, Type: "string", MaxLength: maxLayoutKey}, Key: true}
	layoutBool = &Field{Field: bigcommerce.Field{Name: fieldLayout, Type: "boolean"}}
	layoutList = &Field{Field: bigcommerce.Field{Name: fieldLayout, Type: "array", Items: "string", MaxItems: maxChildren}}
)

// compileLayout compiles l. It returns what is wrong with it, to be read after "layout".
func (p *Program) compileLayout(l *tenants.Layout, index map[string]int) (faults []problem.Field) {
	if l == nil {
		return nil
	}
	fail := func(format string, args ...any) {
		faults = append(faults, problem.Field{Field: fieldLayout, Message: fmt.Sprintf(format, args...)})
	}
	switch l.Kind {
	case tenants.LayoutRows, tenants.LayoutLists:
	case tenants.LayoutGroup:
		if l.Key == "" && l.Start == "" {
			fail("has no key: say which column tells the rows of one record")
		}
	case tenants.LayoutParent:
		if l.Key == "" || l.Parent == "" && l.Children == "" {
			fail("has no parent: say which column names the record that a row is a part of")
		}
	default:
		fail("is of no kind that there is: choose rows, group, parent or lists")
	}
	out := &layout{spec: l}
	for _, part := range []struct {
		into   **field
		source string
		spec   *Field
	}{{&out.key, l.Key, layoutText}, {&out.start, l.Start, layoutBool}, {&out.parent, l.Parent, layoutText}, {&out.children, l.Children, layoutList}, {&out.leave, l.Leave, layoutBool}} {
		if part.source == "" {
			continue
		}
		f, msg := p.compileField(part.spec, part.source, index)
		if msg != "" {
			fail("%s: %s", part.source, msg)
			continue
		}
		p.use(f)
		*part.into = f
	}
	p.layout = out
	return faults
}

// Layout is how rows make records, nil if each row is one.
func (p *Program) Layout() *tenants.Layout {
	if p.layout == nil {
		return nil
	}
	return p.layout.spec
}

// Place says what the row that was mapped last is of a record.
func (p *Program) Place() Place { return p.place }

// locate finds the place of a row. The environment is filled. The error is one that ends the row's
// work.
func (p *Program) locate(r *row) (Place, error) {
	var out Place
	text := func(f *field) (string, error) {
		if f == nil {
			return "", nil
		}
		v, _, err := p.eval(f, r)
		s, _ := v.(string)
		return s, err
	}
	yes := func(f *field) (bool, error) {
		if f == nil {
			return false, nil
		}
		v, _, err := p.eval(f, r)
		b, _ := v.(bool)
		return b, err
	}
	l := p.layout
	var err error
	if out.Left, err = yes(l.leave); err != nil || out.Left {
		return out, err
	}
	if out.Own, err = text(l.key); err != nil {
		return out, err
	}
	out.Key = out.Own
	if parent, err := text(l.parent); err != nil {
		return out, err
	} else if parent != "" {
		out.Key, out.Part = parent, true
	}
	if out.Start, err = yes(l.start); err != nil {
		return out, err
	}
	if l.children == nil || out.Part {
		return out, nil
	}
	v, _, err := p.eval(l.children, r)
	if err != nil {
		return out, err
	}
	list, _ := v.([]any)
	for _, item := range list {
		if s, ok := item.(string); ok {
			out.Children = append(out.Children, s)
		}
	}
	return out, nil
}

// setPlace locates the row that is being mapped. What cannot be told stands in Place.Wrong.
func (p *Program) setPlace(r *row) error {
	if p.layout == nil {
		return nil
	}
	var err error
	if p.place, err = p.locate(r); err == nil {
		return nil
	}
	if stopped := expression.Stopped(err); stopped != nil {
		return stopped
	}
	p.place.Wrong = expression.RunMessage(err)
	return nil
}

// Required returns the fields that every record must fill and doc does not: those which a row of it
// need not fill.
func (p *Program) Required(doc Document) (wrong []problem.Field) {
	for _, f := range p.fields {
		if _, filled := doc[f.spec.Name]; !filled && f.spec.required() && !p.catalogue.created(f.spec) {
			wrong = append(wrong, problem.Field{Field: f.spec.Name, Message: "is required: " + p.fillHint(f)})
		}
	}
	return wrong
}

// fields are those of the layout's expressions.
func (l *layout) fields() (out []*field) {
	if l == nil {
		return nil
	}
	for _, f := range []*field{l.key, l.start, l.parent, l.children, l.leave} {
		if f != nil {
			out = append(out, f)
		}
	}
	return out
}

// Otherwise returns the constants that a mapping has for new records whose own value is empty, by
// target. What is wrong with one is told by Compile.
func (c *Catalogue) Otherwise(ctx context.Context, m tenants.Mapping) (Document, error) {
	constants := tenants.Mapping{}
	for _, f := range m.Fields {
		if f.Otherwise != "" {
			constants.Fields = append(constants.Fields, tenants.FieldMapping{Target: f.Target, Expression: f.Otherwise})
		}
	}
	if constants.Fields == nil {
		return Document{}, nil
	}
	p, _, err := c.Try(constants, []string{})
	if err != nil {
		return nil, err
	}
	doc, _, err := p.Apply(ctx, nil)
	for target := range doc { // what a field implies is not asked for
		if !p.mapped[target] {
			delete(doc, target)
		}
	}
	return doc, err
}
