package expression

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/optimizer"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// NewConfig returns a configuration of the compiler that knows the functions of this package and no
// others.
func NewConfig() *conf.Config {
	config := conf.CreateNew()
	for _, option := range options {
		option(config)
	}
	for name := range config.Disabled {
		delete(config.Builtins, name)
	}
	return config
}

// Refused says why a node may not be in an expression, "" if it may. It leaves names and calls to its
// caller.
func Refused(node ast.Node) string {
	switch n := node.(type) {
	case *ast.BuiltinNode:
		if !knownFunctions[n.Name] {
			return fmt.Sprintf("the function %s is not available here", n.Name)
		}
	case *ast.BinaryNode:
		switch _, constant := n.Right.(*ast.StringNode); {
		case n.Operator == "..":
			return "ranges (..) are not available here"
		case n.Operator == "matches" && !constant:
			return "the pattern after matches must be a text in quotes"
		}
	case *ast.SliceNode:
		return "use left(…, 10) or right(…, 10) for a part of a text"
	case *ast.VariableDeclaratorNode:
		return "variables (let) are not available here"
	case *ast.SequenceNode:
		return "an expression is one value: ; is not available here"
	case *ast.BytesNode, *ast.PointerNode, *ast.PredicateNode:
		return "this is not available here"
	}
	return ""
}

// Finish checks the types of a parsed tree and compiles it.
func Finish(tree *parser.Tree, config *conf.Config) (*vm.Program, error) {
	if _, err := checker.Check(tree, config); err != nil {
		return nil, err
	}
	if err := optimizer.Optimize(&tree.Node, config); err != nil { //nolint:misspell // the library's name
		return nil, err
	}
	return compiler.Compile(tree, config)
}

// Program is a compiled expression over values whose names are not known beforehand. It is safe for
// concurrent use.
type Program struct {
	program *vm.Program
	root    string
	names   []string
}

// Compile compiles an expression over an object that is called root: its members are reached by their
// name alone, or as root["a name with signs"]. msg says what is wrong and where, "" if nothing is.
func Compile(source, root string) (p *Program, msg string) {
	defer func() { // expr's parser and checker see what a merchant typed: a fault of theirs must stay here
		if r := recover(); r != nil {
			p, msg = nil, "the expression cannot be read"
		}
	}()
	if strings.TrimSpace(source) == "" {
		return nil, "the expression is empty"
	}
	if len(source) > MaxLength {
		return nil, fmt.Sprintf("the expression is longer than %d characters", MaxLength)
	}
	config := NewConfig()
	config.WithEnv(map[string]any{})
	config.Strict = false // any name may be there
	tree, err := parser.ParseWithConfig(source, config)
	if err != nil {
		return nil, CompileMessage(err)
	}
	v := visitor{root: root}
	ast.Walk(&tree.Node, &v)
	if v.err != nil {
		return nil, CompileMessage(v.err.Bind(tree.Source))
	}
	program, err := Finish(tree, config)
	if err != nil {
		return nil, CompileMessage(err)
	}
	return &Program{program: program, root: root, names: v.used()}, ""
}

// Names returns the names of the members that the expression uses, as far as it names them.
func (p *Program) Names() []string { return p.names }

// Run returns the expression's value for an object as encoding/json decodes one. msg says what is
// wrong, "" if nothing is.
func (p *Program) Run(object map[string]any) (value any, msg string) {
	env := make(map[string]any, len(object)+1)
	for name, v := range object {
		env[name] = v
	}
	env[p.root] = object
	value, err := (&vm.VM{MemoryBudget: MemoryBudget}).Run(p.program, env)
	if err != nil {
		return nil, RunMessage(err)
	}
	return value, ""
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
	default:
		if why := Refused(n); why != "" {
			v.fail(n, "%s", why)
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
