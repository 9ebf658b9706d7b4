package expression

import (
	"fmt"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
)

// maxTree is the most nodes of an expression once each part that the parser uses twice is there
// twice: it makes a < b and b < c of a < b < c, and both of them hold the same b.
const maxTree = 2 * maxNodes

// refusedNode says why a kind of node that the parser makes is not in the language.
func refusedNode(node ast.Node) string {
	switch node.(type) {
	case *ast.SliceNode:
		return "use left(…, 10) or right(…, 10) for a part of a text"
	case *ast.VariableDeclaratorNode:
		return "variables (let) are not available here"
	case *ast.SequenceNode:
		return "a formula is one value: ; is not available here"
	}
	return "this is not available here"
}

// admission copies a parsed expression, so that no node is in it twice, and refuses what is not in
// the language. It names everything that is: what the library adds is refused until it is added
// here.
//
// Everything that follows walks the tree. In a tree whose nodes hold one another twice it would
// take twice as long for each level: 1<(1<(1<(…)<1)<1)<1.
type admission struct {
	nodes int
	err   *file.Error
}

// admit returns the copy.
func admit(node ast.Node) (ast.Node, *file.Error) {
	var a admission
	out := a.copy(node)
	return out, a.err
}

func (a *admission) fail(n ast.Node, format string, args ...any) ast.Node {
	if a.err == nil {
		a.err = &file.Error{Location: n.Location(), Message: fmt.Sprintf(format, args...)}
	}
	return n
}

func (a *admission) copy(node ast.Node) ast.Node {
	if a.err != nil {
		return node
	}
	if a.nodes++; a.nodes > maxTree {
		return a.fail(node, "the formula is too long")
	}
	switch n := node.(type) {
	case *ast.NilNode:
		return new(*n)
	case *ast.IdentifierNode:
		return new(*n)
	case *ast.IntegerNode:
		return new(*n)
	case *ast.FloatNode:
		return new(*n)
	case *ast.BoolNode:
		return new(*n)
	case *ast.StringNode:
		return new(*n)
	case *ast.UnaryNode:
		if _, known := unary[n.Operator]; !known {
			return a.fail(n, "the operator %s is not available here", n.Operator)
		}
		out := *n
		out.Node = a.copy(n.Node)
		return &out
	case *ast.BinaryNode:
		return a.binary(n)
	case *ast.ChainNode:
		out := *n
		out.Node = a.copy(n.Node)
		return &out
	case *ast.MemberNode:
		out := *n
		out.Node, out.Property = a.copy(n.Node), a.copy(n.Property)
		return &out
	case *ast.CallNode:
		out := *n
		out.Callee, out.Arguments = a.copy(n.Callee), a.list(n.Arguments)
		return &out
	case *ast.BuiltinNode:
		if _, known := builtins[n.Name]; !known {
			return a.fail(n, "the function %s is not available here", n.Name)
		}
		out := *n
		out.Arguments = a.list(n.Arguments)
		return &out
	case *ast.ConditionalNode:
		out := *n
		out.Cond, out.Exp1, out.Exp2 = a.copy(n.Cond), a.copy(n.Exp1), a.copy(n.Exp2)
		return &out
	case *ast.ArrayNode:
		out := *n
		out.Nodes = a.list(n.Nodes)
		return &out
	case *ast.MapNode:
		out := *n
		out.Pairs = a.list(n.Pairs)
		return &out
	case *ast.PairNode:
		out := *n
		out.Key, out.Value = a.copy(n.Key), a.copy(n.Value)
		return &out
	}
	return a.fail(node, "%s", refusedNode(node))
}

func (a *admission) binary(n *ast.BinaryNode) ast.Node {
	_, constant := n.Right.(*ast.StringNode)
	switch _, known := binary[n.Operator]; {
	case n.Operator == "..":
		return a.fail(n, "ranges (..) are not available here")
	case !known:
		return a.fail(n, "the operator %s is not available here", n.Operator)
	case n.Operator == "matches" && !constant:
		return a.fail(n, "the pattern after matches must be a text in quotes")
	}
	out := *n
	out.Left, out.Right = a.copy(n.Left), a.copy(n.Right)
	return &out
}

func (a *admission) list(nodes []ast.Node) []ast.Node {
	out := make([]ast.Node, len(nodes))
	for i, n := range nodes {
		out[i] = a.copy(n)
	}
	return out
}
