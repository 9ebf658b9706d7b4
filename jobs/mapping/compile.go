package mapping

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/types"

	"sluice/internal/expression"
	"sluice/internal/problem"
	"sluice/tenants"
)

// Program is a compiled mapping. It is safe for concurrent use; one row is mapped at a time.
type Program struct {
	catalogue *Catalogue
	machine   *expression.Machine
	header    []string
	names     columnNames
	fields    []*field
	targets   []string        // of fields
	looked    int             // how many of fields were looked at in the last row
	mapped    map[string]bool // by target
	used      []int           // columns that expressions need, those that are nothing but a column left out
	slots     []string        // their names in env
	env       map[string]any
	layout    *layout // nil: each row is a record
	place     Place   // of the last row
	notes     []Note  // of the last row
	lacks     []Lack  // of the last row
}

// field is one target with its expression.
type field struct {
	spec     *Field
	columns  []int            // that the expression uses, in order
	direct   int              // the only column when the expression is nothing but it, else -1
	other    any              // with direct, the value of rows that leave it empty; nil for none
	constant any              // the value when the expression uses no column
	text     *expression.Code // compiled for columns of text; nil when direct or constant
	object   *expression.Code // compiled for columns of any type

	option  tenants.FieldMapping
	reading reading
	beside  int  // column that has the unit of direct, -1 for none
	clash   bool // the column's name says two units
}

// Faults are what keeps a mapping from making records.
type Faults struct {
	Wrong   []problem.Field // fields that cannot be filled; Field is the target, Message begins with a verb
	Missing []Missing       // fields that have to be filled and are not
}

// Missing is a field that a mapping has to fill.
type Missing struct {
	Field   string `json:"field"`
	Label   string `json:"label"`
	Message string `json:"message"` // to be read after the label
	Created bool   `json:"created"` // only of records that are created
}

// must are those without which no record can be written.
func must(missing []Missing) (out []Missing) {
	for _, m := range missing {
		if !m.Created {
			out = append(out, m)
		}
	}
	return out
}

// None reports whether the mapping can be used.
func (f Faults) None() bool { return len(f.Wrong) == 0 && len(must(f.Missing)) == 0 }

// err is what Compile fails with.
func (f Faults) err() error {
	if f.None() {
		return nil
	}
	fields := slices.Clone(f.Wrong)
	for _, m := range must(f.Missing) {
		fields = append(fields, problem.Field{Field: m.Field, Message: m.Message})
	}
	return &problem.Error{Code: problem.Invalid, Message: "The matching has errors: fix the fields named here.", Fields: fields}
}

// Compile checks a mapping of a kind's fields and compiles it for a source with the given columns.
// Columns of text are text: a calculation must say number(Price). The program maps rows of objects
// as well. The error is a *problem.Error with code Invalid; its Fields name each wrong target and
// the place in its expression.
func (c *Catalogue) Compile(m tenants.Mapping, header []string) (*Program, error) {
	p, faults, err := c.Try(m, header)
	if err == nil {
		err = faults.err()
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Try is Compile of a mapping that may have faults: the program fills the fields that have none.
// The error is a *problem.Error about the mapping as a whole.
func (c *Catalogue) Try(m tenants.Mapping, header []string) (*Program, Faults, error) {
	index := make(map[string]int, len(header))
	for i, name := range header {
		index[name] = i
	}
	p := &Program{catalogue: c, machine: expression.NewMachine(), header: header, names: columnNames{ordered: header}, env: make(map[string]any)}
	faults, err := p.compile(m, index)
	if err != nil {
		return nil, Faults{}, err
	}
	// What identifies a record comes first: it says which row it is that took too much for the others.
	slices.SortStableFunc(p.fields, func(a, b *field) int {
		switch {
		case a.spec.Key == b.spec.Key:
			return 0
		case a.spec.Key:
			return -1
		}
		return 1
	})
	for _, f := range p.fields {
		p.targets = append(p.targets, f.spec.Name)
	}
	return p, faults, nil
}

// Check finds the faults that a mapping has whatever the source's columns are. The error is a
// *problem.Error about the mapping as a whole.
func (c *Catalogue) Check(m tenants.Mapping) (Faults, error) {
	p := &Program{catalogue: c, machine: expression.NewMachine()}
	return p.compile(m, nil)
}

// compile fills p with the fields of m that can be used. index is of the source's columns, nil if
// any may be there.
func (p *Program) compile(m tenants.Mapping, index map[string]int) (faults Faults, err error) {
	if len(m.Fields) > expression.MaxFields {
		return faults, problem.New(problem.Invalid, "The matching has more than %d fields: remove some.", expression.MaxFields)
	}
	p.machine.Begin(context.Background()) // for the expressions without a column: they have a row's budget together
	defer p.machine.End()
	p.mapped = make(map[string]bool, len(m.Fields))
	folded := make(map[string]bool, len(m.Fields)) // names of families: letter case makes no other
	families := make(map[string]int)
	for _, fm := range m.Fields {
		fail := func(format string, args ...any) {
			faults.Wrong = append(faults.Wrong, problem.Field{Field: fm.Target, Message: fmt.Sprintf(format, args...)})
		}
		spec, named := p.catalogue.field(fm.Target)
		switch {
		case p.mapped[fm.Target] || folded[strings.ToLower(fm.Target)]:
			fail("is matched twice: remove one of the two")
			continue
		case named != "":
			fail("%s", named)
			continue
		case spec == nil:
			fail("there is no such field: choose one from the list")
			continue
		case spec.unmappable() != "":
			fail("%s", spec.unmappable())
			continue
		}
		if base := p.catalogue.Base(fm.Target); base != fm.Target {
			most := p.catalogue.names[base].Family.Most
			if families[base]++; families[base] > most {
				fail("is one of more than %d: remove some", most)
				continue
			}
			folded[strings.ToLower(fm.Target)] = true
		}
		p.mapped[fm.Target] = true
		if fm.Otherwise != "" {
			if other, wrong := p.compileField(spec, fm.Otherwise, nil); wrong != "" || other.constant == nil || spec.Format == FormatPath {
				fail("has something for new records that is no constant: write a text in quotation marks, or a number")
				continue
			}
		}
		f, msg := p.compileField(spec, fm.Expression, index)
		if msg == "" {
			msg = p.setReading(f, fm)
		}
		if msg != "" {
			fail("%s", msg)
			continue
		}
		p.use(f)
		p.fields = append(p.fields, f)
	}
	faults.Wrong = append(faults.Wrong, p.compileLayout(m.Layout, index)...)
	faults.Missing = p.catalogue.missing(p.isMapped)
	return faults, nil
}

// use has the columns of a field's expression put into its environment.
func (p *Program) use(f *field) {
	if f.direct >= 0 {
		return
	}
	for _, c := range f.columns {
		if !slices.Contains(p.used, c) {
			p.used, p.slots = append(p.used, c), append(p.slots, slot(c))
		}
	}
}

// Targets lists what the program fills, what identifies a record first.
func (p *Program) Targets() []string { return p.targets }

// Looked lists those of Targets that were looked at in the last row: all but those after the one at
// which it had taken too much work.
func (p *Program) Looked() []string { return p.targets[:p.looked] }

// Unused returns the columns that no field is filled from.
func (p *Program) Unused() []string {
	used := make(map[int]bool, len(p.header))
	for _, f := range slices.Concat(p.fields, p.layout.fields()) {
		for _, c := range f.columns {
			used[c] = true
		}
	}
	var out []string
	for i, name := range p.header {
		if !used[i] {
			out = append(out, name)
		}
	}
	return out
}

func (p *Program) isMapped(target string) bool { return p.mapped[target] }

// compileField compiles one expression; msg says what is wrong with it and where.
func (p *Program) compileField(spec *Field, source string, index map[string]int) (f *field, msg string) {
	defer func() { // expr's parser and checker see what a merchant typed: a fault of theirs must stay here
		if r := recover(); r != nil {
			f, msg = nil, "the formula cannot be read"
		}
	}()
	if strings.TrimSpace(source) == "" {
		return nil, "the formula is empty: choose a column or remove the field"
	}
	if msg := p.machine.Admit(source); msg != "" {
		return nil, msg
	}
	f = &field{spec: spec, direct: -1, beside: -1}
	object, node, columns, err := p.compileExpression(source, index, types.Any)
	f.text = object // where the columns are not known, nor is what they hold
	if err == nil && index != nil {
		f.text, node, columns, err = p.compileExpression(source, index, types.String)
	}
	if err != nil {
		return nil, expression.CompileMessage(err)
	}
	f.object, f.columns = object, columns
	if id, ok := node.(*ast.IdentifierNode); ok && len(columns) == 1 && id.Value == slot(columns[0]) {
		f.direct, f.text, f.object = columns[0], nil, nil
		return f, ""
	}
	if column, other := otherwise(node); column >= 0 {
		value, empty, msg := constant(spec, other)
		if msg == "" && !empty {
			f.direct, f.other, f.text, f.object = column, value, nil, nil
			return f, ""
		}
	}
	if len(columns) == 0 {
		v, err := p.machine.Run(f.text, map[string]any{})
		if err != nil {
			return nil, expression.RunMessage(err)
		}
		value, empty, msg := constant(spec, v)
		switch {
		case msg != "":
			return nil, msg
		case empty:
			return nil, "the formula is always empty: choose a column or remove the field"
		}
		f.constant, f.text, f.object = value, nil, nil
	}
	return f, ""
}

// compileExpression compiles source for columns of one type. It returns the checked syntax tree's
// root and the columns that are used, in order.
func (p *Program) compileExpression(source string, index map[string]int, column types.Type) (*expression.Code, ast.Node, []int, error) {
	tree, err := expression.Parse(source)
	if err != nil {
		return nil, nil, nil, err
	}
	r := resolver{header: index, names: &p.names, columns: make(map[int]bool), open: make(map[ast.Node]string)}
	ast.Walk(&tree.Node, &r)
	if err := r.check(); err != nil {
		return nil, nil, nil, err.Bind(tree.Source)
	}
	columns := make([]int, 0, len(r.columns))
	env := make(types.Map, len(r.columns))
	for c := range r.columns {
		columns = append(columns, c)
		env[slot(c)] = column
	}
	slices.Sort(columns)
	root := tree.Node // before it is optimised
	code, err := p.machine.Finish(tree, env, true)
	return code, root, columns, err
}
