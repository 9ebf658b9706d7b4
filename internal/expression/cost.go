package expression

import (
	"encoding/json"
	"reflect"
	"strings"
	"unicode/utf8"
)

// cost charges for a call with these arguments, before it is made. It may overrate, never
// underrate.
type cost func(m *Meter, args []any) error

// size is how many bytes a single value has as text, about.
func size(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case json.Number:
		return len(v)
	}
	return 32
}

// weighCost is for what looks at each byte of its arguments once and makes nothing.
func weighCost(m *Meter, args []any) error {
	for _, a := range args {
		if err := m.weigh(a); err != nil {
			return err
		}
	}
	return nil
}

// textsCost is weighCost for what takes no lists.
func textsCost(m *Meter, args []any) error {
	n := 0
	for _, a := range args {
		n += size(a)
	}
	return m.Charge(n, 0)
}

// quoted is how often a value is copied that the library quotes in an error: by strconv, by fmt
// into a buffer that grows, and by the virtual machine twice.
const quoted = 8

// numberCost is for the library's int and float.
func numberCost(m *Meter, args []any) error {
	return m.Charge(quoted*size(args[0]), quoted*size(args[0]))
}

// caseCost is for upper and lower. Beyond ASCII each character is looked up in tables, and the
// result may be three times as long, in a buffer that grows.
func caseCost(m *Meter, args []any) error {
	n := size(args[0])
	if err := m.Charge(n, n); err != nil {
		return err
	}
	if s, ok := args[0].(string); ok && !isASCII(s) {
		return m.Charge(8*n, 8*n)
	}
	return nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func replaceCost(m *Meter, args []any) error {
	n := size(args[0])
	if err := m.Charge(2*n, 0); err != nil {
		return err
	}
	s, _ := args[0].(string)
	old, _ := args[1].(string)
	with, _ := args[2].(string)
	if grow := len(with) - len(old); grow > 0 && old != "" {
		n += strings.Count(s, old) * grow
	}
	if n > maxText {
		n = 0 // refused
	}
	return m.Charge(n, n)
}

func splitCost(m *Meter, args []any) error {
	n := size(args[0])
	if err := m.Charge(3*n, 0); err != nil {
		return err
	}
	s, _ := args[0].(string)
	parts := 1
	if sep, _ := args[1].(string); sep != "" {
		parts += strings.Count(s, sep)
	}
	if parts > maxParts {
		parts = 0 // refused
	}
	return m.Charge(itemSteps*parts, itemBytes*parts)
}

// listCost is for join and path: all texts of their arguments are put into lists and then into one.
func listCost(m *Meter, args []any) error {
	before := m.steps
	if err := weighCost(m, args); err != nil {
		return err
	}
	items := len(args)
	for _, a := range args {
		switch a := a.(type) {
		case []string:
			items += len(a)
		case []any:
			items += len(a)
		}
	}
	separator := len(" > ")
	if len(args) == 2 {
		separator = max(separator, size(args[1]))
	}
	made := int(before-m.steps) + items*separator // no less than the texts
	if items*separator > maxText {
		made = int(before - m.steps) // refused
	}
	return m.Charge(itemSteps*items, made+2*itemBytes*items)
}

func concatCost(m *Meter, args []any) error {
	a, _ := args[0].(string)
	b, _ := args[1].(string)
	return m.Charge(len(a)+len(b), len(a)+len(b))
}

// equalCost is for == and !=. Lists and objects are compared by reflection, which notes what it has
// seen.
func equalCost(m *Meter, args []any) error {
	a, text1 := args[0].(string)
	b, text2 := args[1].(string)
	if text1 || text2 {
		return m.Charge(min(len(a), len(b)), 0)
	}
	before := m.steps
	if err := weighCost(m, args); err != nil {
		return err
	}
	return m.Charge(0, 16*int(before-m.steps))
}

func orderCost(m *Meter, args []any) error {
	a, _ := args[0].(string)
	b, _ := args[1].(string)
	return m.Charge(min(len(a), len(b)), 0)
}

// inCost is for in: a list is looked through, an object is asked for a key.
func inCost(m *Meter, args []any) error {
	if err := m.Charge(size(args[0]), 0); err != nil {
		return err
	}
	switch args[1].(type) {
	case []string, []any:
		return equalCost(m, []any{nil, args[1]})
	}
	return nil
}

// keyCost is for a key that is calculated: it is hashed, and quoted if it does not fit. A list or
// an object is no key, and would be written out whole to say so.
func keyCost(m *Meter, args []any) error {
	switch reflect.ValueOf(args[0]).Kind() {
	case reflect.Slice, reflect.Array, reflect.Map, reflect.Struct, reflect.Pointer, reflect.Func:
		return failf("a list or an object cannot be a key")
	}
	return m.Charge(quoted*size(args[0]), quoted*size(args[0]))
}
