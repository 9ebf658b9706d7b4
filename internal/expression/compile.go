package expression

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
)

// Program is a compiled expression over values whose names are not known beforehand. It belongs to
// a Machine.
type Program struct {
	machine *Machine
	code    *Code
	root    string
	names   []string
}

// Compile compiles an expression over an object that is called root: its members are reached by
// their name alone, or as root["a name with signs"]. msg says what is wrong and where, "" if
// nothing is.
func (m *Machine) Compile(source, root string) (p *Program, msg string) {
	defer func() { // expr's parser and checker see what a merchant typed: a fault of theirs must stay here
		if r := recover(); r != nil {
			p, msg = nil, "the formula cannot be read"
		}
	}()
	if strings.TrimSpace(source) == "" {
		return nil, "the formula is empty"
	}
	if msg := m.Admit(source); msg != "" {
		return nil, msg
	}
	tree, err := Parse(source)
	if err != nil {
		return nil, CompileMessage(err)
	}
	v := visitor{root: root}
	if err := walk(tree, &v, &v.err); err != nil {
		return nil, CompileMessage(err)
	}
	code, err := m.Finish(tree, map[string]any{}, false) // any name may be there
	if err != nil {
		return nil, CompileMessage(err)
	}
	return &Program{machine: m, code: code, root: root, names: v.used()}, ""
}

// Names returns the names of the members that the expression uses, as far as it names them.
func (p *Program) Names() []string { return p.names }

// Run returns the expression's value for an object as encoding/json decodes one, between Begin and
// End of its machine. The error is for Stopped and RunMessage.
func (p *Program) Run(object map[string]any) (any, error) {
	env := make(map[string]any, len(object)+1)
	for name, v := range object {
		env[name] = v
	}
	env[p.root] = object
	return p.machine.Run(p.code, env)
}

// visitor refuses what an expression may not hold and notes the names in it, bottom up.
type visitor struct {
	root  string
	names []string
	err   *file.Error
}

func (v *visitor) fail(n ast.Node, format string, args ...any) {
	if v.err == nil {
		v.err = &file.Error{Location: n.Location(), Message: fmt.Sprintf(format, args...)}
	}
}

// Visit implements ast.Visitor.
func (v *visitor) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if strings.HasPrefix(n.Value, "$") { // the library's own: all values at once
			v.fail(n, "there is no value %s", n.Value)
		}
		v.names = append(v.names, n.Value)
	case *ast.MemberNode:
		property, ok := n.Property.(*ast.StringNode)
		if base, isName := n.Node.(*ast.IdentifierNode); isName && base.Value == v.root {
			if !ok {
				v.fail(n, `%s needs a name in quotes: %s["name"]`, v.root, v.root)
				return
			}
			v.names = append(v.names, property.Value)
		}
	case *ast.CallNode:
		if callee, ok := n.Callee.(*ast.IdentifierNode); !ok {
			v.fail(n, "only the functions of Sluice can be called")
		} else if !knownFunctions[callee.Value] {
			v.fail(callee, "there is no function %s: there are %s", callee.Value, FunctionNames())
		}
	}
}

// used returns the names without those of functions and of the object itself.
func (v *visitor) used() (out []string) {
	for _, name := range v.names {
		if name != v.root && !knownFunctions[name] {
			out = append(out, name)
		}
	}
	return out
}
