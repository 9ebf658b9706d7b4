package expression

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm/runtime"
)

// operator says what one operator of the language costs and, where that depends on its operands,
// what does it instead of the library's virtual machine.
type operator struct {
	cost cost                           // nil: it takes the same time whatever its operands are
	fn   func(args ...any) (any, error) // called after cost; nil with cost nil
	free func(l, r ast.Node) bool       // reports that the operands bound its cost, so that it needs no call
}

// unary are the operators with one operand.
var unary = map[string]operator{"not": {}, "!": {}, "-": {}, "+": {}}

// binary are the operators with two. An operator that is not here is refused. "|" is never in a
// tree: the parser makes a call of it.
var binary = map[string]operator{
	"or": {}, "||": {}, "and": {}, "&&": {}, "??": {},
	"-": {}, "*": {}, "/": {}, "%": {}, "**": {}, "^": {}, // of numbers; anything else is an error
	"+":          {concatCost, pair(runtime.Add), numbers},
	"==":         {equalCost, pair(func(a, b any) any { return runtime.Equal(a, b) }), literal},
	"!=":         {equalCost, pair(func(a, b any) any { return !runtime.Equal(a, b) }), literal},
	"<":          {orderCost, pair(func(a, b any) any { return runtime.Less(a, b) }), literal},
	">":          {orderCost, pair(func(a, b any) any { return runtime.More(a, b) }), literal},
	"<=":         {orderCost, pair(func(a, b any) any { return runtime.LessOrEqual(a, b) }), literal},
	">=":         {orderCost, pair(func(a, b any) any { return runtime.MoreOrEqual(a, b) }), literal},
	"in":         {inCost, pair(func(a, b any) any { return runtime.In(a, b) }), never},
	"contains":   {textsCost, texts(strings.Contains), never},
	"startsWith": {textsCost, texts(strings.HasPrefix), literal},
	"endsWith":   {textsCost, texts(strings.HasSuffix), literal},
	"matches":    {nil, nil, never}, // bindPatterns has made a call of it
}

func never(_, _ ast.Node) bool { return false }

// numbers reports that both operands can be nothing but numbers.
func numbers(l, r ast.Node) bool { return l.Nature().IsNumber() && r.Nature().IsNumber() }

// literal reports that an operand is a single value that stands in the expression, which bounds
// what is compared, or that both are numbers.
func literal(l, r ast.Node) bool { return isLiteral(l) || isLiteral(r) || numbers(l, r) }

func isLiteral(n ast.Node) bool {
	switch n.(type) {
	case *ast.NilNode, *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.StringNode:
		return true
	}
	return false
}

func pair(f func(a, b any) any) func(...any) (any, error) {
	return func(args ...any) (any, error) { return f(args[0], args[1]), nil }
}

// texts makes a function of two texts that is false when one is nil, as in the library.
func texts(f func(a, b string) bool) func(...any) (any, error) {
	return func(args ...any) (any, error) {
		if args[0] == nil || args[1] == nil {
			return false, nil
		}
		return f(args[0].(string), args[1].(string)), nil
	}
}

// What is called instead of the library's own code for a key that is calculated, a pattern, and
// each of builtins. No merchant can write these names: they are no identifiers.
const (
	keyName     = "[]"
	matchesName = "=~"
)

func builtinName(name string) string { return name + "()" }

// key is a calculated key of an object: it costs what hashing it does.
func key(args ...any) (any, error) { return args[0], nil }

// libraryFunction is one of builtins, called as the virtual machine does.
func libraryFunction(name string) func(args ...any) (any, error) {
	f := builtin.Builtins[builtin.Index[name]]
	if f.Fast != nil {
		return func(args ...any) (any, error) { return f.Fast(args[0]), nil }
	}
	return f.Func
}

// charging puts a call of a function that charges the budget in the place of all whose cost depends
// on values. The tree is checked and optimised. Like admission it names what it lets through.
type charging struct {
	machine *Machine
	nodes   int
	err     *file.Error
}

func (c *charging) fail(n ast.Node, format string, args ...any) {
	if c.err == nil {
		c.err = &file.Error{Location: n.Location(), Message: fmt.Sprintf(format, args...)}
	}
}

// call replaces node by a call, which has its type.
func call(node *ast.Node, name string, args ...ast.Node) {
	n := &ast.CallNode{Callee: &ast.IdentifierNode{Value: name}, Arguments: args}
	n.SetNature(*(*node).Nature())
	ast.Patch(node, n)
}

// Visit implements ast.Visitor.
func (c *charging) Visit(node *ast.Node) {
	c.nodes++
	switch n := (*node).(type) {
	case *ast.NilNode, *ast.IdentifierNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode, *ast.ConstantNode,
		*ast.ChainNode, *ast.ConditionalNode, *ast.ArrayNode, *ast.MapNode:
	case *ast.UnaryNode:
		if _, known := unary[n.Operator]; !known {
			c.fail(n, "the operator %s is not available here", n.Operator)
		}
	case *ast.BinaryNode:
		switch op, known := binary[n.Operator]; {
		case !known || n.Operator == "matches":
			c.fail(n, "the operator %s is not available here", n.Operator)
		case op.cost != nil && !op.free(n.Left, n.Right):
			call(node, n.Operator, n.Left, n.Right)
		}
	case *ast.BuiltinNode:
		if _, known := builtins[n.Name]; !known {
			c.fail(n, "the function %s is not available here", n.Name)
			return
		}
		call(node, builtinName(n.Name), n.Arguments...)
	case *ast.MemberNode:
		if !isLiteral(n.Property) && !n.Property.Nature().IsInteger {
			call(&n.Property, keyName, n.Property)
		}
	case *ast.PairNode:
		if !isLiteral(n.Key) {
			call(&n.Key, keyName, n.Key)
		}
	case *ast.CallNode:
		name := ""
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok {
			name = callee.Value
		}
		if c.machine.functions[name] == nil {
			c.fail(n, "there is no function %s: there are %s", name, FunctionNames())
		} else if most, limited := mostArguments[name]; limited && len(n.Arguments) > most {
			c.fail(n, "too many arguments to call %s", name)
		}
	default:
		c.fail(n, "this is not available here")
	}
}

// bindPatterns compiles the patterns after matches, before the library's checker would: that has no
// limits.
type bindPatterns struct {
	machine *Machine
	err     *file.Error
}

// Visit implements ast.Visitor.
func (b *bindPatterns) Visit(node *ast.Node) {
	n, ok := (*node).(*ast.BinaryNode)
	if !ok || n.Operator != "matches" || b.err != nil {
		return
	}
	source, _ := n.Right.(*ast.StringNode)
	if source == nil {
		b.err = &file.Error{Location: n.Location(), Message: "the pattern after matches must be a text in quotes"}
		return
	}
	p, msg := b.machine.pattern(source.Value)
	if msg != "" {
		b.err = &file.Error{Location: n.Location(), Message: msg}
		return
	}
	right := &ast.ConstantNode{Value: p}
	right.SetLocation(source.Location())
	ast.Patch(node, &ast.CallNode{Callee: &ast.IdentifierNode{Value: matchesName}, Arguments: []ast.Node{n.Left, right}})
}
