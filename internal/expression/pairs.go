package expression

import (
	"encoding/json"
	"strings"
)

// Pairs are texts "Name=Value", as options and attributes have them. A name has no "=".

var pairFunctions = []function{
	{"pairs", `pairs("Color", Color, "Size", Size)`, "names and their values, as options and attributes have them; those without a value are left out at the end", listCost, fnPairs, new(func(any, ...any) []string)},
	{"pairsOf", `pairsOf(Attributes, ",", "=")`, "the names and values that stand in one text: what is between two of them, and what is between a name and its value", pairsCost, fnPairsOf, new(func(any, ...string) []string)},
	{"pairNames", "pairNames(pairsOf(Attributes, \",\", \"=\"))", "the names of a list of pairs, each once", listCost, fnPairNames, new(func(any) []string)},
	{"pairValues", `pairValues(pairsOf(Options, "|", "="), "Value")`, "the values that a list of pairs has for a name", listCost, fnPairValues, new(func(any, string) []string)},
	{"pairsWithout", `pairsWithout(pairsOf(Attributes, ",", "="), "internal")`, "a list of pairs without those of some names", listCost, fnPairsWithout, new(func(any, ...string) []string)},
	{"prefixed", `prefixed(split(Images, ","), "https://example.com/media/")`, "the addresses of a list, each with a beginning where it has none of its own", prefixCost, fnPrefixed, new(func(any, string) []string)},
}

// pairsCost is for pairsOf: the text is split, or objects are looked through.
func pairsCost(m *Meter, args []any) error {
	if err := listCost(m, args); err != nil {
		return err
	}
	s, ok := args[0].(string)
	if !ok {
		return m.weigh(args[0])
	}
	if err := m.Charge(4*len(s), 4*len(s)); err != nil {
		return err
	}
	parts := 1
	if len(args) > 1 {
		if sep, _ := args[1].(string); sep != "" {
			parts += strings.Count(s, sep)
		}
	}
	return m.Charge(itemSteps*parts, 2*itemBytes*parts)
}

// prefixCost is for prefixed, whose beginning is repeated for each item.
func prefixCost(m *Meter, args []any) error {
	if err := listCost(m, args); err != nil {
		return err
	}
	items := 1
	switch a := args[0].(type) {
	case []string:
		items = len(a)
	case []any:
		items = len(a)
	}
	return m.Charge(items*size(args[1]), items*size(args[1]))
}

// textsOf returns the texts of a list or of one value, empty ones too.
func textsOf(v any) ([]string, error) {
	var items []any
	switch v := v.(type) {
	case nil:
		return []string{""}, nil
	case []string:
		out := make([]string, len(v))
		for i, s := range v {
			out[i] = TrimText(s)
		}
		return out, nil
	case []any:
		items = v
	default:
		items = []any{v}
	}
	out := make([]string, len(items))
	for i, item := range items {
		s, err := Text(item)
		if err != nil {
			return nil, err
		}
		out[i] = TrimText(s)
	}
	return out, nil
}

func pairText(name, value string) (string, error) {
	if strings.Contains(name, "=") {
		return "", failf("%s has an = in it, which no name may have", Quote(name))
	}
	return name + "=" + value, nil
}

func fnPairs(args ...any) (any, error) {
	if len(args)%2 != 0 {
		return nil, failf("pairs() needs a value for each name: pairs(\"Color\", Color)")
	}
	out := []string{}
	for i := 0; i < len(args); i += 2 {
		names, err := textsOf(args[i])
		if err != nil {
			return nil, err
		}
		values, err := textsOf(args[i+1])
		if err != nil {
			return nil, err
		}
		if len(names) != len(values) {
			return nil, failf("pairs() has %d names and %d values", len(names), len(values))
		}
		for n, name := range names {
			if values[n] == "" {
				name = "" // its place counts: later rows may leave out the names
			}
			p, err := pairText(name, values[n])
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
	}
	for len(out) > 0 && out[len(out)-1] == "=" {
		out = out[:len(out)-1]
	}
	return out, nil
}

func fnPairsOf(args ...any) (any, error) {
	if len(args) != 3 {
		return nil, failf(`pairsOf() needs what is between two pairs and what is between a name and its value: pairsOf(Attributes, ",", "=")`)
	}
	between, is := args[1].(string), args[2].(string)
	if list, ok := objects(args[0]); ok {
		return pairsOfObjects(list, between, is)
	}
	s, err := Text(args[0])
	switch {
	case err != nil:
		return nil, err
	case between == "" || is == "":
		return nil, failf("pairsOf() needs a separator")
	case strings.Count(s, between) >= maxParts:
		return nil, failf("pairsOf() makes more than %d pairs", maxParts)
	case strings.HasPrefix(TrimText(s), "[{"):
		var list []any
		if err := json.Unmarshal([]byte(s), &list); err != nil {
			return nil, failf("%s is no list of pairs in JSON", Quote(s))
		}
		return pairsOfObjects(list, "name", "value")
	}
	out := []string{}
	for part := range strings.SplitSeq(s, between) {
		name, value, found := strings.Cut(part, is)
		switch {
		case found:
			out = append(out, strings.ReplaceAll(TrimText(name), "=", " ")+"="+TrimText(value))
		case TrimText(part) == "":
		case len(out) > 0: // a value with a separator in it
			out[len(out)-1] += between + part
		default:
			return nil, failf("%s has no %s: it is no name with a value", Quote(part), Quote(is))
		}
	}
	return out, nil
}

// objects are v if it is a list of objects, or one.
func objects(v any) ([]any, bool) {
	switch v := v.(type) {
	case map[string]any:
		return []any{v}, true
	case []any:
		if len(v) > 0 {
			_, ok := v[0].(map[string]any)
			return v, ok
		}
	}
	return nil, false
}

// pairsOfObjects takes the members name and value of each object.
func pairsOfObjects(list []any, name, value string) (any, error) {
	out := []string{}
	for _, item := range list {
		object, ok := item.(map[string]any)
		if !ok {
			continue
		}
		n, err := textsOf(object[name])
		if err != nil {
			return nil, err
		}
		values, err := textsOf(object[value])
		if err != nil {
			return nil, err
		}
		if len(n) == 1 && n[0] != "" {
			out = append(out, strings.ReplaceAll(n[0], "=", " ")+"="+strings.Join(values, ", "))
		}
	}
	return out, nil
}

func fnPairNames(args ...any) (any, error) {
	list, err := List(args[0])
	if err != nil {
		return nil, err
	}
	out, seen := []string{}, map[string]bool{}
	for _, p := range list {
		if name, _, ok := strings.Cut(p, "="); ok && name != "" && !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	return out, nil
}

func fnPairValues(args ...any) (any, error) {
	list, err := List(args[0])
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, p := range list {
		if name, value, ok := strings.Cut(p, "="); ok && strings.EqualFold(name, args[1].(string)) {
			out = append(out, value)
		}
	}
	return out, nil
}

func fnPairsWithout(args ...any) (any, error) {
	list, err := List(args[0])
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, p := range list {
		name, _, _ := strings.Cut(p, "=")
		drop := false
		for _, a := range args[1:] {
			drop = drop || strings.EqualFold(name, a.(string))
		}
		if !drop {
			out = append(out, p)
		}
	}
	return out, nil
}

func fnPrefixed(args ...any) (any, error) {
	list, err := List(args[0])
	if err != nil {
		return nil, err
	}
	prefix := args[1].(string)
	for i, s := range list {
		switch {
		case strings.Contains(s, "://"):
		case strings.HasPrefix(s, "//"):
			list[i] = "https:" + s
		case strings.HasSuffix(prefix, "/"):
			list[i] = prefix + strings.TrimPrefix(s, "/")
		default:
			list[i] = prefix + s
		}
	}
	return list, nil
}
