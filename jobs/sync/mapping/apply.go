package mapping

import (
	"encoding/json"
	"strconv"
	"strings"

	"sluice/internal/expression"
	"sluice/internal/problem"
	"sluice/jobs/source"
)

// Apply maps a CSV row, whose values are aligned to the header; missing ones are empty. The document
// holds every field that is right, also when errors name others: its SKU says which record they are
// about.
func (p *Program) Apply(values []string) (Document, []problem.Field) {
	return p.apply(&row{header: p.header, values: values})
}

// ApplyObject maps an NDJSON row.
func (p *Program) ApplyObject(object map[string]any) (Document, []problem.Field) {
	return p.apply(&row{header: p.header, object: object, typed: true})
}

// Key returns the SKU of a CSV row that may be damaged: values may be fewer than the header. It is ""
// when the columns that the SKU comes from are not all there.
func (p *Program) Key(values []string) string {
	if p.key == nil {
		return ""
	}
	for _, c := range p.key.columns {
		if c >= len(values) {
			return ""
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r := &row{header: p.header, values: values}
	if p.key.direct < 0 {
		p.fill(r)
	}
	v, _, _ := p.eval(p.key, r)
	key, _ := v.(string)
	return key
}

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
func (p *Program) fill(r *row) {
	for i, c := range p.used {
		p.env[p.slots[i]] = r.operand(c)
	}
}

func (p *Program) apply(r *row) (Document, []problem.Field) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fill(r)
	doc := make(Document, len(p.fields)+1)
	var wrong []problem.Field
	for _, f := range p.fields {
		v, empty, msg := p.eval(f, r)
		switch {
		case msg != "":
			wrong = append(wrong, problem.Field{Field: f.target, Message: msg})
		case !empty:
			doc[f.target] = v
		case f.required:
			wrong = append(wrong, problem.Field{Field: f.target, Message: "is required: " + p.fillHint(f)})
		}
	}
	// A stock level means nothing to BigCommerce while the product does not track its stock.
	if _, ok := doc["inventory_level"]; ok && !p.tracking {
		doc["inventory_tracking"] = "product"
	}
	return doc, wrong
}

// eval returns a field's typed value for a row. The environment is filled.
func (p *Program) eval(f *field, r *row) (v any, empty bool, msg string) {
	switch {
	case f.constant != nil:
		return f.constant, false, ""
	case f.direct >= 0:
		return convert(f.spec, r.at(f.direct), p.header[f.direct])
	}
	program := f.text
	if r.typed {
		program = f.object
	}
	out, err := p.machine.Run(program, p.env)
	if err != nil {
		return nil, false, expression.RunMessage(err)
	}
	return convert(f.spec, out, "")
}

func (p *Program) fillHint(f *field) string {
	names := make([]string, len(f.columns))
	for i, c := range f.columns {
		names[i] = p.header[c]
	}
	if len(names) == 1 {
		return "map it or fill the column " + names[0]
	}
	return "map it or fill the columns " + strings.Join(names, ", ")
}
