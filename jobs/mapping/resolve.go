package mapping

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"sluice/internal/expression"
)

// slot is the name of column i inside a compiled expression. No merchant can write it: it is no
// identifier.
func slot(i int) string { return strconv.Itoa(i) }

// slotOf is the column of a slot.
func slotOf(name string) (int, error) { return strconv.Atoi(name) }

// resolver walks a parsed expression once, bottom up. It replaces PartNum, row["Part No"], row.a.b
// and a.b by the slot of the column, and refuses other names and calls of anything but a function.
type resolver struct {
	header  map[string]int // nil: any name may be a column's
	names   *columnNames
	places  map[string]int      // of columns, where header is nil
	columns map[int]bool        // that the expression uses
	open    map[ast.Node]string // names that stand for nothing yet: a, or row, or the a.b of a.b.c
	err     *file.Error
}

func (r *resolver) fail(n ast.Node, format string, args ...any) {
	if r.err == nil {
		r.err = &file.Error{Location: n.Location(), Message: fmt.Sprintf(format, args...)}
	}
}

// Visit implements ast.Visitor.
func (r *resolver) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if !r.column(node, n.Value) {
			r.open[n] = n.Value
		}
	case *ast.MemberNode:
		r.member(node, n)
	case *ast.CallNode:
		callee, ok := n.Callee.(*ast.IdentifierNode)
		switch name := r.open[n.Callee]; {
		case !ok || n.Callee == nil:
			r.fail(n, "only the functions of Sluice can be called")
		case !expression.Known(name):
			if name == "" {
				name = "a column"
			}
			r.fail(callee, "there is no function %s: there are %s", name, expression.FunctionNames())
		}
		delete(r.open, n.Callee)
	}
}

// column replaces node by the slot of the column called name, if there is one that this name
// reaches.
func (r *resolver) column(node *ast.Node, name string) bool {
	i, ok := r.header[name]
	if r.header == nil {
		i, ok = r.invented(name), true
	}
	if _, bare := (*node).(*ast.IdentifierNode); !ok || (bare && (expression.Reserved(name) || expression.Known(name))) {
		return false
	}
	r.columns[i] = true
	ast.Patch(node, &ast.IdentifierNode{Value: slot(i)})
	return true
}

// invented gives a column a place where nobody knows the columns.
func (r *resolver) invented(name string) int {
	if r.places == nil {
		r.places = make(map[string]int)
	}
	i, ok := r.places[name]
	if !ok {
		i = len(r.places)
		r.places[name] = i
	}
	return i
}

// member resolves row["x"], row.x and the paths of nested objects.
func (r *resolver) member(node *ast.Node, n *ast.MemberNode) {
	base, isOpen := r.open[n.Node]
	if !isOpen {
		return // an item of a list, or of a column's value
	}
	property, ok := n.Property.(*ast.StringNode)
	if !ok {
		if base == "row" {
			r.fail(n, `row needs the name of a column in quotes: row["Name"]`)
		}
		return
	}
	name := base + "." + property.Value
	if base == "row" {
		name = property.Value
	}
	delete(r.open, n.Node)
	if !r.column(node, name) {
		r.open[n] = name
	}
}

// check returns what is wrong after the walk.
func (r *resolver) check() *file.Error {
	if r.err != nil || len(r.open) == 0 {
		return r.err
	}
	var first ast.Node
	for n := range r.open {
		if first == nil || n.Location().From < first.Location().From {
			first = n
		}
	}
	switch name := r.open[first]; {
	case name == "row":
		r.fail(first, `row needs the name of a column in quotes: row["Name"]`)
	case expression.Known(name):
		r.fail(first, "%s is a function: write %s for the column of that name", name, expression.Name(name))
	default:
		r.fail(first, "there is no column %s%s", name, r.near(name))
	}
	return r.err
}

// near names the columns that a merchant may have meant.
func (r *resolver) near(name string) string {
	const most = 12
	all := r.names.ordered
	same := r.names.like(name)
	if len(same) > 0 {
		all = same
	}
	var names []string
	for _, h := range all[:min(most, len(all))] {
		names = append(names, expression.Name(h))
	}
	switch {
	case len(same) > 0:
		return ": did you mean " + either(names) + "?"
	case len(names) == 0:
		return ": the source has no columns"
	case len(all) > most:
		return fmt.Sprintf(": the source has %s and %d more", strings.Join(names, ", "), len(all)-most)
	}
	return ": the source has " + strings.Join(names, ", ")
}

// columnNames are a source's columns, of which there may be very many, for the errors of a whole
// mapping.
type columnNames struct {
	ordered []string
	normals map[string][]string // by normal name; made when it is first asked for
}

// like returns the columns whose names differ from name in nothing that counts.
func (c *columnNames) like(name string) []string {
	if c.normals == nil {
		c.normals = make(map[string][]string, len(c.ordered))
		for _, h := range c.ordered {
			n := normal(h)
			c.normals[n] = append(c.normals[n], h)
		}
	}
	return c.normals[normal(name)]
}
