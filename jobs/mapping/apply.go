package mapping

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"sluice/internal/expression"
	"sluice/internal/problem"
	"sluice/jobs/source"
	"sluice/tenants"
)

// Apply maps a CSV row, whose values are aligned to the header; missing ones are empty. The
// document holds every field that is right, also when errors name others: its key says which record
// they are about. A row that takes more work than one may is refused with the field at which it
// did; the fields after it are not looked at. The error is ctx's: the row was not mapped to its
// end.
func (p *Program) Apply(ctx context.Context, values []string) (Document, []problem.Field, error) {
	return p.apply(ctx, &row{header: p.header, values: values})
}

// ApplyObject is Apply for an NDJSON row.
func (p *Program) ApplyObject(ctx context.Context, object map[string]any) (Document, []problem.Field, error) {
	return p.apply(ctx, &row{header: p.header, object: object, typed: true})
}

// Spent returns the steps and bytes that the last row took of its budget.
func (p *Program) Spent() (steps, bytes int64) { return p.machine.Spent() }

// row gives an expression its columns.
type row struct {
	header []string
	values []string
	object map[string]any
	typed  bool
}

// at returns the value of a column: trimmed text, or what the NDJSON row has.
func (r *row) at(i int) any {
	if !r.typed {
		if i < len(r.values) {
			return expression.TrimText(r.values[i])
		}
		return ""
	}
	v, _ := source.Lookup(r.object, r.header[i])
	return v
}

// operand is at for calculations: numbers become Go's.
func (r *row) operand(i int) any {
	v := r.at(i)
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String()
	case string:
		if r.typed {
			return expression.TrimText(v)
		}
	}
	return v
}

// fill puts the columns that expressions need into their environment.
func (p *Program) fill(r *row) error {
	for i, c := range p.used {
		if err := p.find(r, c); err != nil {
			return err
		}
		p.env[p.slots[i]] = r.operand(c)
	}
	return nil
}

// find charges for finding a column of a row. A nested one, a.b.c, is looked for at each of its
// points.
func (p *Program) find(r *row, column int) error {
	if !r.typed {
		return nil
	}
	name := p.header[column]
	return p.machine.Charge(len(name)*(1+strings.Count(name, ".")), 0)
}

func (p *Program) apply(ctx context.Context, r *row) (Document, []problem.Field, error) {
	p.machine.Begin(ctx)
	defer p.machine.End()
	doc := make(Document, len(p.fields)+1)
	p.looked, p.place, p.notes, p.lacks = 0, Place{}, nil, nil
	if err := p.fill(r); expression.Stopped(err) != nil {
		return nil, nil, expression.Stopped(err)
	} else if err != nil {
		return doc, []problem.Field{{Field: p.fields[0].spec.Name, Message: expression.RunMessage(err)}}, nil
	}
	if err := p.setPlace(r); err != nil {
		return nil, nil, err
	}
	var wrong []problem.Field
	for i, f := range p.fields {
		p.looked = i + 1
		v, empty, err := p.eval(f, r)
		if stopped := expression.Stopped(err); stopped != nil {
			return nil, nil, stopped
		}
		if errors.Is(err, expression.ErrBudget) {
			return doc, append(wrong, problem.Field{Field: f.spec.Name, Message: expression.RunMessage(err)}), nil
		}
		switch {
		case err != nil && p.fails(f):
			wrong = append(wrong, problem.Field{Field: f.spec.Name, Message: expression.RunMessage(err)})
		case err != nil:
			p.leave(f, r, expression.RunMessage(err))
		case !empty:
			doc[f.spec.Name] = v
		case p.catalogue.created(f.spec) && f.spec.required():
			p.lack(Lack{Field: f.spec.Name, Message: "is required: " + p.fillHint(f)})
		case f.option.Empty == tenants.EmptyClears:
			doc[f.spec.Name], _ = f.spec.cleared()
		case f.spec.required() && !p.Layout().Groups(): // else another row of the record may fill it: see Required
			wrong = append(wrong, problem.Field{Field: f.spec.Name, Message: "is required: " + p.fillHint(f)})
		}
	}
	if p.catalogue.implied != nil {
		p.catalogue.implied(doc, p.isMapped)
	}
	return doc, wrong, nil
}

// fails reports whether a value that cannot be used fails the row.
func (p *Program) fails(f *field) bool {
	return f.option.Bad == tenants.BadFails || p.catalogue.strict(f.spec)
}

// leave takes a row for one that says nothing of a field, because its value cannot be used.
func (p *Program) leave(f *field, r *row, msg string) {
	value := ""
	if f.direct >= 0 {
		value, _ = expression.Text(r.at(f.direct))
	}
	if f.spec.required() && !p.Layout().Groups() {
		p.lack(Lack{Field: f.spec.Name, Message: msg, Value: value, Bad: true})
		return
	}
	p.notes = append(p.notes, Note{Field: f.spec.Name, Message: msg + Left, Value: value})
}

// Left follows what is wrong with a value where the row goes on.
const Left = ": the field was left as it is"

// Lack is a field that only a record which is created must have, and that the row does not fill.
type Lack struct {
	Field   string `json:"field"`
	Message string `json:"message"`
	Value   string `json:"value,omitempty"` // of Bad, as far as it is known
	Bad     bool   `json:"bad,omitempty"`   // the row has a value, which cannot be used
}

func (p *Program) lack(l Lack) {
	if !p.Layout().Groups() { // else another row of the record may fill it
		p.lacks = append(p.lacks, l)
	}
}

// Notes tells of values of the last row: those that were not used, and the row goes on, and those
// that were and may be wrong.
func (p *Program) Notes() []Note { return p.notes }

// Lacks tells what the last row lacks of a record that is created.
func (p *Program) Lacks() []Lack { return p.lacks }

// eval returns a field's typed value for a row. The environment is filled.
func (p *Program) eval(f *field, r *row) (v any, empty bool, err error) {
	switch {
	case f.constant != nil:
		return f.constant, false, p.charge(f.spec, f.constant)
	case f.direct >= 0:
		if err := p.find(r, f.direct); err != nil {
			return nil, false, err
		}
		c := p.conversion(f, p.header[f.direct])
		msg := p.unitBeside(f, r, &c)
		if v, empty, err = p.convert(f.spec, r.at(f.direct), c, msg); empty && err == nil && f.other != nil {
			return f.other, false, nil
		}
		return v, empty, err
	}
	code := f.text
	if r.typed {
		code = f.object
	}
	p.machine.Sign = f.reading.sign
	out, err := p.machine.Run(code, p.env)
	if err != nil {
		return nil, false, err
	}
	return p.convert(f.spec, out, p.conversion(f, ""), "")
}

// conversion is how the values of a field of the last row are read.
func (p *Program) conversion(f *field, column string) conversion {
	return conversion{reading: f.reading, column: column, field: f.spec.Name, notes: &p.notes}
}

// convert is conversion.convert within the row's budget. unit says what is wrong with the row's
// unit, "" for nothing: it is only asked for where there is a number other than 0 without one.
func (p *Program) convert(f *Field, v any, c conversion, unit string) (out any, empty bool, err error) {
	if err := p.charge(f, v); err != nil {
		return nil, false, err
	}
	c.noUnit = unit
	out, empty, msg := c.convert(f, v)
	if msg != "" {
		return nil, false, expression.Fault(msg)
	}
	return out, empty, nil
}

// What converting a value costs beside reading it.
const (
	convertSteps = 2       // a byte: it is trimmed and looked through for characters that may not be there
	partBytes    = 256     // of a list, or of a category path: it is split, boxed and put together again
	numberBytes  = 4 << 10 // of a JSON number: it may have an exponent and is written out
)

// charge charges for converting v to a value of f, and for what the document holds of it.
func (p *Program) charge(f *Field, v any) error {
	switch v := v.(type) {
	case string:
		parts := 1
		if f.Type == "array" || f.Format == FormatPath {
			parts += strings.Count(v, "|") + strings.Count(v, ">")
		}
		if f.Format == FormatLinks {
			parts += strings.Count(v, ",") + strings.Count(v, ";") + strings.Count(v, "\n")
		}
		return p.machine.Charge(convertSteps*len(v), len(v)+partBytes*parts)
	case json.Number:
		return p.machine.Charge(convertSteps*len(v), len(v)+numberBytes)
	case []string:
		for _, s := range v {
			if err := p.charge(f, s); err != nil {
				return err
			}
		}
	case []any:
		for _, item := range v {
			if err := p.charge(f, item); err != nil {
				return err
			}
		}
	}
	return p.machine.Charge(convertSteps, partBytes)
}

func (p *Program) fillHint(f *field) string {
	names := make([]string, len(f.columns))
	for i, c := range f.columns {
		names[i] = p.header[c]
	}
	if len(names) == 1 {
		return "match it or fill the column " + names[0]
	}
	return "match it or fill the columns " + strings.Join(names, ", ")
}
