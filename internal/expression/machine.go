package expression

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/optimizer"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"sluice/internal/values"
)

// What a run of the virtual machine costs beside the calls that charge for themselves: its steps,
// boxed numbers, the list of arguments, and the place in the source that an error has.
const (
	nodeSteps = 4
	nodeBytes = 32
	runBytes  = 8 << 10
)

// Machine compiles and runs the expressions of one mapping. They share two budgets: one for what is
// compiled, and one, from Begin to End, for what is evaluated. It is safe for concurrent use; one
// evaluation is under way at a time.
type Machine struct {
	Meter // of the evaluation under way

	// Sign is the decimal sign of the texts that number(…) is given without one. Seen, if it is not
	// nil, is told of them, and one that can be two numbers is either then.
	Sign values.Sign
	Seen func(text string)

	mu          sync.Mutex
	vm          vm.VM
	functions   conf.FunctionsTable // all that an expression may call, bound to the meter
	patterns    map[string]*pattern
	patternSize int // instructions of all patterns
	fields      int // expressions
	total       int // bytes of all expressions
}

// NewMachine returns a machine with nothing compiled.
func NewMachine() *Machine {
	m := &Machine{vm: vm.VM{MemoryBudget: memoryBudget}, functions: make(conf.FunctionsTable), patterns: make(map[string]*pattern)}
	for _, f := range functions {
		if f.fn == nil {
			f.fn = m.number
		}
		m.bind(f.name, f.cost, f.fn, reflect.TypeOf(f.typ).Elem())
	}
	for name, word := range builtins {
		if typ := oneType[name]; typ != nil {
			m.bind(name, word.cost, libraryFunction(name), reflect.TypeOf(typ).Elem())
			continue
		}
		m.bind(builtinName(name), word.cost, libraryFunction(name))
	}
	for name, op := range binary {
		if op.cost != nil {
			m.bind(name, op.cost, op.fn)
		}
	}
	m.bind(keyName, keyCost, key)
	m.functions[matchesName] = &builtin.Function{
		Name: matchesName, Func: func(args ...any) (any, error) { return match(&m.Meter, args) },
		Types: []reflect.Type{reflect.TypeFor[func(string, *pattern) bool]()},
	}
	return m
}

// bind makes a function of the language: it charges, then it works.
func (m *Machine) bind(name string, cost cost, fn func(...any) (any, error), types ...reflect.Type) {
	m.functions[name] = &builtin.Function{Name: name, Types: types, Func: func(args ...any) (any, error) {
		if err := m.Charge(callSteps, callBytes); err != nil {
			return nil, err
		}
		if err := cost(&m.Meter, args); err != nil {
			return nil, err
		}
		return fn(args...)
	}}
}

// Begin starts an evaluation with a new budget: of one row, or one set of claims. It ends with End,
// or when ctx does.
func (m *Machine) Begin(ctx context.Context) {
	m.mu.Lock()
	m.begin(ctx)
}

// End ends an evaluation.
func (m *Machine) End() {
	clear(m.vm.Stack[:cap(m.vm.Stack)]) // the row's values
	m.mu.Unlock()
}

// Admit counts an expression in before it is parsed. msg says why it is not, "" if it is.
func (m *Machine) Admit(source string) (msg string) {
	m.fields++
	m.total += len(source)
	switch {
	case len(source) > MaxLength:
		return fmt.Sprintf("the formula is longer than %d characters", MaxLength)
	case m.fields > MaxFields:
		return fmt.Sprintf("there are more than %d formulas: remove some", MaxFields)
	case m.total > maxTotal:
		return fmt.Sprintf("all formulas together are longer than %d characters: shorten some", maxTotal)
	}
	return ""
}

// Parse returns the syntax tree of an expression that was admitted, with nothing in it that is not
// in the language. Names, and calls of functions that are none, are its caller's to refuse. The
// error is for CompileMessage.
func Parse(source string) (*parser.Tree, error) {
	config := conf.CreateNew()
	config.MaxNodes = maxNodes
	for name := range config.Builtins {
		if _, kept := builtins[name]; !kept {
			config.Disabled[name] = true
		}
	}
	for _, f := range functions { // they go before the library's of the same name
		config.Functions[f.name] = &builtin.Function{Name: f.name}
	}
	for name := range oneType {
		config.Functions[name] = &builtin.Function{Name: name}
	}
	tree, err := parser.ParseWithConfig(source, config)
	if err != nil {
		return nil, err
	}
	node, refused := admit(tree.Node)
	if refused != nil {
		return nil, refused.Bind(tree.Source)
	}
	tree.Node = node
	return tree, nil
}

// Code is a compiled expression of a Machine.
type Code struct {
	program *vm.Program
	nodes   int
}

// Finish checks the types of a parsed tree and compiles it. env is what conf.Config.WithEnv takes;
// any other name may be there as well unless strict is set. The error is for CompileMessage.
func (m *Machine) Finish(tree *parser.Tree, env any, strict bool) (*Code, error) {
	config := conf.CreateNew()
	config.Functions = m.functions
	config.WithEnv(env)
	config.Strict = strict
	for name := range config.Builtins {
		if _, kept := builtins[name]; !kept {
			delete(config.Builtins, name)
		}
	}
	patterns := &bindPatterns{machine: m}
	if err := walk(tree, patterns, &patterns.err); err != nil {
		return nil, err
	}
	if _, err := checker.Check(tree, config); err != nil {
		return nil, err
	}
	if err := optimizer.Optimize(&tree.Node, config); err != nil { //nolint:misspell // the library's name
		return nil, err
	}
	charges := &charging{machine: m}
	if err := walk(tree, charges, &charges.err); err != nil {
		return nil, err
	}
	program, err := compiler.Compile(tree, config)
	if err != nil {
		return nil, err
	}
	return &Code{program, charges.nodes}, nil
}

// walk visits the tree and returns what the visitor found wrong.
func walk(tree *parser.Tree, v ast.Visitor, wrong **file.Error) error {
	ast.Walk(&tree.Node, v)
	if *wrong != nil {
		return (*wrong).Bind(tree.Source)
	}
	return nil
}

// Run evaluates an expression between Begin and End. The error is for Stopped and RunMessage.
func (m *Machine) Run(code *Code, env map[string]any) (any, error) {
	if err := m.Charge(nodeSteps*code.nodes, nodeBytes*code.nodes+runBytes); err != nil {
		return nil, err
	}
	return m.vm.Run(code.program, env)
}
