package mapping

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/types"

	"sluice/internal/bigcommerce"
	"sluice/internal/expression"
	"sluice/internal/problem"
	"sluice/tenants"
)

// Program is a compiled mapping. It is safe for concurrent use; one row is mapped at a time.
type Program struct {
	machine  *expression.Machine
	header   []string
	names    columnNames
	fields   []*field
	key      *field   // of the SKU
	used     []int    // columns that expressions need, those that are nothing but a column left out
	slots    []string // their names in env
	env      map[string]any
	tracking bool // inventory_tracking is mapped
}

// field is one target with its expression.
type field struct {
	spec     *bigcommerce.Field
	target   string
	required bool
	columns  []int            // that the expression uses, in order
	direct   int              // the only column when the expression is nothing but it, else -1
	constant any              // the value when the expression uses no column
	text     *expression.Code // compiled for columns of text; nil when direct or constant
	object   *expression.Code // compiled for columns of any type
}

// Compile checks a mapping and compiles it for a source with the given columns. Columns are text: a
// calculation must say number(Price). The program maps NDJSON rows as well. The error is a
// *problem.Error with code Invalid; its Fields name each wrong target and the place in its expression.
func Compile(m tenants.Mapping, header []string, fields []bigcommerce.Field) (*Program, error) {
	return compileMapping(m, header, fields, true)
}

// CompileObject is Compile for NDJSON: columns have the types of each row's values, so that price * 2
// is allowed and fails for the rows where price is no number.
func CompileObject(m tenants.Mapping, header []string, fields []bigcommerce.Field) (*Program, error) {
	return compileMapping(m, header, fields, false)
}

func compileMapping(m tenants.Mapping, header []string, catalogue []bigcommerce.Field, text bool) (*Program, error) {
	specs := make(map[string]*bigcommerce.Field, len(catalogue)+2)
	for i := range catalogue {
		specs[catalogue[i].Name] = &catalogue[i]
	}
	for i := range ownFields {
		specs[ownFields[i].Name] = &ownFields[i]
	}
	index := make(map[string]int, len(header))
	for i, name := range header {
		index[name] = i
	}

	if len(m.Fields) > expression.MaxFields {
		return nil, problem.New(problem.Invalid, "The mapping has more than %d fields: remove some.", expression.MaxFields)
	}
	p := &Program{machine: expression.NewMachine(), header: header, names: columnNames{ordered: header}, env: make(map[string]any)}
	p.machine.Begin(context.Background()) // for the expressions without a column: they have a row's budget together
	defer p.machine.End()
	var wrong []problem.Field
	seen := make(map[string]bool)
	for _, fm := range m.Fields {
		fail := func(format string, args ...any) {
			wrong = append(wrong, problem.Field{Field: fm.Target, Message: fmt.Sprintf(format, args...)})
		}
		spec := specs[fm.Target]
		switch {
		case seen[fm.Target]:
			fail("is mapped twice: remove one of the two")
			continue
		case spec == nil:
			fail("there is no such field: choose one from the list")
			continue
		case unmappable(spec) != "":
			fail("%s", unmappable(spec))
			continue
		}
		seen[fm.Target] = true
		f, msg := p.compileField(spec, fm.Expression, index, text)
		if msg != "" {
			fail("%s", msg)
			continue
		}
		if f.direct < 0 {
			for _, c := range f.columns {
				if !slices.Contains(p.used, c) {
					p.used, p.slots = append(p.used, c), append(p.slots, slot(c))
				}
			}
		}
		p.fields = append(p.fields, f)
		if fm.Target == targetSKU {
			p.key = f
		}
	}
	if i := slices.Index(p.fields, p.key); i > 0 { // it says which row it is that took too much for the others
		p.fields = slices.Insert(slices.Delete(p.fields, i, i+1), 0, p.key)
	}
	p.tracking = seen["inventory_tracking"]
	for _, spec := range catalogue {
		if requiredTarget(&spec) && !seen[spec.Name] {
			wrong = append(wrong, problem.Field{Field: spec.Name, Message: "is required: map it" + requiredHint[spec.Name]})
		}
	}
	if len(wrong) > 0 {
		return nil, &problem.Error{Code: problem.Invalid, Message: "The mapping has errors: mend the fields named here.", Fields: wrong}
	}
	return p, nil
}

var requiredHint = map[string]string{
	"type":    `, for example to "physical"`,
	"weight":  ", for example to 0",
	targetSKU: ": it is what a record is recognised by",
}

// compileField compiles one expression; msg says what is wrong with it and where.
func (p *Program) compileField(spec *bigcommerce.Field, source string, index map[string]int, text bool) (f *field, msg string) {
	defer func() { // expr's parser and checker see what a merchant typed: a fault of theirs must stay here
		if r := recover(); r != nil {
			f, msg = nil, "the expression cannot be read"
		}
	}()
	if strings.TrimSpace(source) == "" {
		return nil, "the expression is empty: choose a column or remove the field"
	}
	if msg := p.machine.Admit(source); msg != "" {
		return nil, msg
	}
	f = &field{spec: spec, target: spec.Name, required: requiredTarget(spec), direct: -1}
	object, node, columns, err := p.compileExpression(source, index, types.Any)
	if err == nil && text {
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
	if f.text == nil {
		f.text = object
	}
	if len(columns) == 0 {
		v, err := p.machine.Run(f.text, map[string]any{})
		if err != nil {
			return nil, expression.RunMessage(err)
		}
		value, empty, msg := convert(spec, v, "")
		switch {
		case msg != "":
			return nil, msg
		case empty:
			return nil, "the expression is always empty: choose a column or remove the field"
		}
		f.constant, f.text, f.object = value, nil, nil
	}
	return f, ""
}

// compileExpression compiles source for columns of one type. It returns the checked syntax tree's root
// and the columns that are used, in order.
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
