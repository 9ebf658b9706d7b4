package expression

import (
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	goast "go/ast"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	operators "github.com/expr-lang/expr/parser/operator"
)

// nodes are all kinds of nodes that the library's parser makes, with an expression that holds one.
// "" in refused: it is in the language.
var nodes = map[string]struct{ source, refused string }{
	"NilNode":                {`nil`, ""},
	"IdentifierNode":         {`x`, ""},
	"IntegerNode":            {`1`, ""},
	"FloatNode":              {`1.5`, ""},
	"BoolNode":               {`true`, ""},
	"StringNode":             {`"a"`, ""},
	"ConstantNode":           {`x in ["a", "b"]`, ""}, // the optimiser makes it
	"UnaryNode":              {`-1`, ""},
	"BinaryNode":             {`x + 1`, ""},
	"ChainNode":              {`x?.y`, ""},
	"MemberNode":             {`x.y`, ""},
	"CallNode":               {`trim(x)`, ""},
	"BuiltinNode":            {`len(x)`, ""},
	"ConditionalNode":        {`x ? 1 : 2`, ""},
	"ArrayNode":              {`[x]`, ""},
	"MapNode":                {`{a: x}`, ""},
	"PairNode":               {`{a: x}`, ""},
	"BytesNode":              {`b"a"`, "not available"},
	"SliceNode":              {`x[1:2]`, "left("},
	"PredicateNode":          {`filter(x, true)`, "not available"},
	"PointerNode":            {`any(x, #)`, "not available"},
	"VariableDeclaratorNode": {`let a = 1; a`, "let"},
	"SequenceNode":           {`1; 2`, "one value"},
}

// TestEveryNode holds the kinds of nodes against the library's own source: a new one fails here
// until somebody says what it costs.
func TestEveryNode(t *testing.T) {
	for _, kind := range libraryNodes(t) {
		n, known := nodes[kind]
		if !known {
			t.Errorf("the library has a node %s: admission, charging and this test must say whether it is in the language", kind)
			continue
		}
		_, msg := NewMachine().Compile(n.source, "claim")
		if (msg == "") != (n.refused == "") || !strings.Contains(msg, n.refused) {
			t.Errorf("%s, %s: %q", kind, n.source, msg)
		}
	}
	type strange struct{ ast.NilNode }
	if _, err := admit(&strange{}); err == nil {
		t.Error("a node that nobody knows is admitted")
	}
	c := charging{machine: NewMachine()}
	for _, n := range []ast.Node{&strange{}, &ast.SliceNode{}, &ast.UnaryNode{Operator: "~"}, &ast.BinaryNode{Operator: ".."}, &ast.BuiltinNode{Name: "repeat"},
		&ast.CallNode{Callee: &ast.IdentifierNode{Value: "repeat"}}} {
		c.err = nil
		if c.Visit(&n); c.err == nil {
			t.Errorf("%T %+v is not charged and not refused", n, n)
		}
	}
}

// libraryNodes reads the names of the library's nodes from its source: types with the field base.
func libraryNodes(t *testing.T) (names []string) {
	t.Helper()
	at, _ := runtime.FuncForPC(reflect.ValueOf(ast.Walk).Pointer()).FileLine(0)
	files, err := filepath.Glob(filepath.Join(filepath.Dir(at), "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the library's source is not at %s: %v", at, err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		goast.Inspect(f, func(n goast.Node) bool {
			spec, ok := n.(*goast.TypeSpec)
			if !ok {
				return true
			}
			if s, ok := spec.Type.(*goast.StructType); ok && len(s.Fields.List) > 0 {
				if embedded, ok := s.Fields.List[0].Type.(*goast.Ident); ok && len(s.Fields.List[0].Names) == 0 && embedded.Name == "base" {
					names = append(names, spec.Name.Name)
				}
			}
			return true
		})
	}
	if len(names) < len(nodes) {
		t.Fatalf("only %d nodes were found: %v", len(names), names)
	}
	return names
}

// large is a row with values that are costly to look at.
func large() map[string]any {
	text := strings.Repeat("x ", 50_000)
	list := make([]any, 5000)
	for i := range list {
		list[i] = strings.Clone("an item of a list")
	}
	object := map[string]any{}
	for i := range 1000 {
		object[fmt.Sprint("key", i)] = strings.Repeat("v", 100)
	}
	return map[string]any{"text": text, "same": strings.Clone(text), "list": list, "twin": slices.Clone(list), "object": object, "other": maps.Clone(object), "number": 1.5}
}

// spent evaluates an expression and returns the steps and bytes that it took.
func spent(t *testing.T, source string, object map[string]any) (steps, bytes int64) {
	t.Helper()
	m := NewMachine()
	p, msg := m.Compile(source, "claim")
	if msg != "" {
		t.Fatalf("%s: %s", source, msg)
	}
	m.Begin(t.Context())
	defer m.End()
	_, _ = p.Run(object)
	return m.Spent()
}

// TestEveryOperator: what the library's parser knows as an operator is refused, takes the same
// whatever its operands are, or is charged for by their size.
func TestEveryOperator(t *testing.T) {
	row := large()
	size := int64(len(row["text"].(string)))
	fixed := []string{"or", "||", "and", "&&", "??", "-", "*", "/", "%", "**", "^"}
	operands := map[string]string{"matches": `text matches "x+y"`, "in": "text in list", "|": "text | upper()"}
	for op := range operators.Binary {
		source := operands[op]
		if source == "" {
			source = "text " + op + " same"
		}
		p, msg := NewMachine().Compile(source, "claim")
		switch {
		case op == "..":
			if msg == "" {
				t.Error("ranges are not refused")
			}
			continue
		case p == nil:
			t.Errorf("%s: %s", source, msg)
			continue
		}
		steps, _ := spent(t, source, row)
		if constant := slices.Contains(fixed, op); constant != (steps < 1000) || (!constant && steps < size/2) {
			t.Errorf("%s takes %d steps on texts of %d bytes", source, steps, size)
		}
	}
	for op := range operators.Unary {
		if steps, _ := spent(t, op+" text", row); steps > 1000 {
			t.Errorf("%s takes %d steps", op, steps)
		}
	}
	for source, least := range map[string]int64{
		"text + same": size * 2, "text == same": size, "text != same": size, "text <= same": size, "list == twin": 5000 * 8, "object != other": 1000 * 32,
		`"x" in list`: 5000 * 8, "text in object": size, "text in claim": size, "object[text]": size, "{(text): 1}": size, `text contains "y"`: size,
		"claim == claim": 5000, `[text, same] == [same, text]`: size, `text in ["a", "b"]`: size, "not (text contains same)": size,
		"(object.key1 ?? text) + same": size, "true ? text + same : 1": size, "[text + same][0]": size, "{a: text + same}.a": size, "object?.key1 + text": size,
	} {
		if steps, _ := spent(t, source, row); steps < least {
			t.Errorf("%s takes %d steps, at least %d are due", source, steps, least)
		}
	}
}

// TestEveryFunction is the same for functions, the library's and ours.
func TestEveryFunction(t *testing.T) {
	row := large()
	size := int64(len(row["text"].(string)))
	calls := map[string]string{
		"hasPrefix": "hasPrefix(text, same)", "hasSuffix": "hasSuffix(text, same)", "trimPrefix": "trimPrefix(text, same)", "trimSuffix": "trimSuffix(text, same)",
		"indexOf": "indexOf(text, same)", "lastIndexOf": "lastIndexOf(text, same)", "left": "left(text, 100000)", "right": "right(text, 100000)",
		"replace": `replace(text, "x", "yy")`, "split": `split(text, "y")`, "pairs": `pairs("a", text)`, "pairsOf": `pairsOf(text, "y", "=")`, "pairValues": `pairValues(text, "a")`, "prefixed": `prefixed(text, "p")`, "min": "min(list, list)", "max": "max(list, list)", "join": "join(list)",
	}
	names := append(slices.Clone(builtin.Names), slices.Collect(maps.Keys(knownFunctions))...)
	if len(builtin.Names) < 60 {
		t.Fatalf("the library has %d functions", len(builtin.Names))
	}
	for _, name := range names {
		source := calls[name]
		if source == "" {
			source = name + "(text)"
		}
		if !knownFunctions[name] {
			for _, source := range []string{source, name + "()", name + "(list)", name + "(list, # == 1)", name + "(text, 2)", "list | " + name + "()", "claim." + name + "(text)"} {
				if _, msg := NewMachine().Compile(source, "claim"); msg == "" {
					t.Errorf("%s is not refused", source)
				}
			}
			continue
		}
		if steps, _ := spent(t, source, row); steps < min(size, 5000*8) {
			t.Errorf("%s takes %d steps on a text of %d bytes", source, steps, size)
		}
	}
	for _, f := range functions {
		if kind := reflect.TypeOf(f.typ); kind.Kind() != reflect.Pointer || kind.Elem().Kind() != reflect.Func {
			t.Errorf("the type of %s", f.name)
		}
	}
	for name := range builtins { // several types: the checker would visit nested calls twice for each level
		if f := builtin.Builtins[builtin.Index[name]]; len(f.Types) > 1 && oneType[name] == nil {
			t.Errorf("%s has %d types", name, len(f.Types))
		}
	}
}

// TestNestingIsLinear: what holds itself twice, or is looked at twice, on each level must not take
// twice as long for each.
func TestNestingIsLinear(t *testing.T) {
	forms := map[string][2]string{
		"comparisons": {"1<(", ")<1"}, "elvis": {"(", "?:true)"}, "conditional": {"(", "?true:false)"}, "parentheses": {"(", ")"}, "not": {"not ", ""}, "minus": {"-", ""},
		"list": {"[", "]"}, "object": {"{a:", "}"}, "key": {"x[", "]"}, "member": {"", ".a"}, "optional": {"", "?.a"}, "coalesce": {"(", "??1)"},
		"if": {"if true {", "} else {1}"}, "else if": {"if true {1} else ", ""}, "pipe": {"", "|number(\",\")"}, "negated": {"(x not in ", ")"},
	}
	for op := range operators.Binary {
		forms[op+" left"] = [2]string{"(", op + " x)"}
		forms[op+" right"] = [2]string{"(x " + op + " ", ")"}
		forms[op+" thrice"] = [2]string{"(x " + op + " (", ") " + op + " x)"}
	}
	for name := range knownFunctions {
		for _, rest := range []string{"", `,","`, `,1`, `,"a","b"`, `,x,x,x`} {
			forms[name+rest] = [2]string{name + "(", rest + ")"}
			forms[name+rest+" second"] = [2]string{name + "(x,", rest + ")"}
		}
	}
	done := make(chan struct{})
	var at string
	go func() {
		defer close(done)
		for name, form := range forms {
			for _, depth := range []int{10, 24, 60, 200, 1000} {
				at = name
				source := strings.Repeat(form[0], depth) + "x" + strings.Repeat(form[1], depth)
				if p, msg := NewMachine().Compile(source, "claim"); (p == nil) == (msg == "") {
					t.Errorf("%.100s: %v %q", source, p, msg)
				}
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatalf("%s does not end", at)
	}
}

func TestChainsOfComparisonsStay(t *testing.T) {
	for source, want := range map[string]any{
		"1 < number(level) < 5": true, "1 < number(level) < 3": false, "1 < level + 1 <= 4 < 5": true, `name ?: "none"`: nil, `active ?: false`: true,
	} {
		p, msg := NewMachine().Compile(source, "claim")
		if msg != "" {
			t.Errorf("%s: %s", source, msg)
			continue
		}
		if got, msg := run(t, p, claims); got != want && want != nil {
			t.Errorf("%s is %v %s", source, got, msg)
		}
	}
}
