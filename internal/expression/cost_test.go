package expression

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"
)

// allocated returns the bytes that f allocates, those that it lets go again too.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// TestBudgetOfARow: whatever an expression does with a large cell, it stops within the budget.
func TestBudgetOfARow(t *testing.T) {
	cell := strings.Repeat("x", 4<<20)
	short := strings.Repeat("aé", 80<<10)
	list := make([]any, 100_000)
	for i := range list {
		list[i] = "item"
	}
	row := map[string]any{"twin": append([]any(nil), list...), "d": cell, "e": strings.Clone(cell), "s": short, "list": list}
	times := func(n int, sep, of string) string { return strings.TrimSuffix(strings.Repeat(of+sep, n), sep) }
	for name, source := range map[string]string{
		"adding":    times(90, "+", "d"),
		"comparing": times(45, "and", " d==e "),
		"ordering":  times(45, "and", " d<=e "),
		"contains":  times(45, "or", ` d contains "y" `),
		"in":        times(45, "or", ` "y" in list `),
		"lists":     times(45, "and", " list==twin "),
		"upper":     times(20, "+", "upper(s)"),
		"replace":   times(30, "+", `replace(s,"a","b")`),
		"split":     "[" + times(27, ",", `split(left(s,9999),"a")`) + "]",
		"join":      "[" + times(40, ",", `join(list)`) + "]",
		"int":       "first(" + times(2, ",", "int(d)") + ")",
		"key":       "[" + times(40, ",", "{(d):1}") + "]",
		"len":       "[" + times(40, ",", "len(d)") + "]",
		"matches":   times(10, "or", ` s matches "(a|b|[^c]){100}$" `),
	} {
		m := NewMachine()
		p, msg := m.Compile(source, "claim")
		if msg != "" {
			t.Errorf("%s: %s", name, msg)
			continue
		}
		var err error
		made := allocated(func() {
			m.Begin(t.Context())
			defer m.End()
			_, err = p.Run(row)
		})
		if !errors.Is(err, ErrBudget) {
			t.Errorf("%s: %.200v", name, err)
		}
		if made > MaxBytes+1<<20 {
			t.Errorf("%s allocates %d MiB", name, made>>20)
		}
		if err != nil && len(RunMessage(err)) > 2000 {
			t.Errorf("%s: a message of %d bytes", name, len(RunMessage(err)))
		}
	}
}

func TestBudgetIsTheRows(t *testing.T) {
	m := NewMachine()
	p, msg := m.Compile(`d + d + "."`, "claim")
	if msg != "" {
		t.Fatal(msg)
	}
	row := map[string]any{"d": strings.Repeat("x", 1<<20)}
	m.Begin(t.Context())
	n := 0
	for ; n < 100; n++ {
		if _, err := p.Run(row); err != nil {
			if !errors.Is(err, ErrBudget) {
				t.Error(err)
			}
			break
		}
	}
	if n != 1 {
		t.Errorf("a row's expressions make %d times 4 MiB", n)
	}
	if _, err := p.Run(map[string]any{"d": "x"}); !errors.Is(err, ErrBudget) {
		t.Errorf("after the budget is used up: %v", err)
	}
	m.End()
	m.Begin(t.Context())
	defer m.End()
	if v, err := p.Run(map[string]any{"d": "x"}); v != "xx." || err != nil {
		t.Errorf("the next row: %v %v", v, err)
	}
}

func TestPatternsAreMeasuredFirst(t *testing.T) {
	large := []string{
		"x{1000}", "(abc){400}", "(x{31}){32}", "(((a?){10}){10}){9}", "(" + strings.Repeat("x", 300) + "){900}", strings.Repeat(`.{999}`, 300), `((((a{0,9}){0,9}){0,9}){0,1}){1}`,
		`(x{1,}){999}`, strings.Repeat(`\pL`, 400), `((|a){99}|b){10}`, "(?i)" + strings.Repeat(`[\pL\pN]`, 150),
	}
	for _, source := range large {
		m := NewMachine()
		var msg string
		made := allocated(func() { _, msg = m.Compile(`d matches "`+strings.ReplaceAll(source, `\`, `\\`)+`"`, "claim") })
		if !strings.Contains(msg, "too large") {
			t.Errorf("%.60s: %q", source, msg)
		}
		if made > 8<<20 {
			t.Errorf("%.60s takes %d MiB to be refused", source, made>>20)
		}
	}
	m := NewMachine()
	total := 0
	made := allocated(func() {
		for i := range 200 {
			_, msg := m.Compile(fmt.Sprintf(`d matches "%dx{900}"`, i), "claim")
			if msg == "" {
				total++
			} else if !strings.Contains(msg, "patterns of the matching") {
				t.Errorf("pattern %d: %s", i, msg)
			}
		}
	})
	if total != 11 || made > 16<<20 {
		t.Errorf("a mapping may have %d patterns of 900 characters; they took %d MiB", total, made>>20)
	}
	for range 40 {
		if _, msg := m.Compile(`d matches "0x{900}"`, "claim"); msg != "" {
			t.Fatalf("the same pattern again: %s", msg)
		}
	}
	for _, honest := range []string{`^[A-Z]{3}-\d{4,8}$`, `(?i)\b(sale|clearance|discontinued)\b`, `^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$`, `[\p{L}\p{N} ]+`} {
		if _, msg := NewMachine().Compile("d matches `"+honest+"`", "claim"); msg != "" {
			t.Errorf("%s: %s", honest, msg)
		}
	}
}

func TestExpressionsOfAMapping(t *testing.T) {
	m := NewMachine()
	for i := range MaxFields + 1 {
		if _, msg := m.Compile("d", "claim"); (msg == "") != (i < MaxFields) {
			t.Errorf("expression %d: %q", i, msg)
		}
	}
	m, long := NewMachine(), `d+"`+strings.Repeat("x", 1900)+`"`
	n := 0
	for ; n < MaxFields; n++ {
		if _, msg := m.Compile(long, "claim"); msg != "" {
			break
		}
	}
	if n != maxTotal/len(long) {
		t.Errorf("%d long expressions", n)
	}
}

// ending is a context that ends when it is asked for the nth time.
type ending struct {
	context.Context
	asked, last int
}

func (c *ending) Err() error {
	if c.asked++; c.asked >= c.last {
		return context.Canceled
	}
	return nil
}

// TestContextInsideARow: the context is asked within a long operator and between the operators of a
// row.
func TestContextInsideARow(t *testing.T) {
	text := strings.Repeat("a", 200<<10)
	for _, source := range []string{
		`text matches "(a|b|[^c]){20}$"`,
		strings.TrimSuffix(strings.Repeat(` text == same and `, 30), "and "),
		"[" + strings.Repeat(`upper(text),`, 30) + "1]",
	} {
		m := NewMachine()
		p, msg := m.Compile(source, "claim")
		if msg != "" {
			t.Fatal(msg)
		}
		ctx := &ending{Context: t.Context(), last: 3}
		m.Begin(ctx)
		_, err := p.Run(map[string]any{"text": text, "same": strings.Clone(text)})
		if Stopped(err) != context.Canceled { //nolint:errorlint // exactly the context's
			t.Errorf("%.40s: %v", source, err)
		}
		steps, _ := m.Spent()
		if steps > 3*askEvery {
			t.Errorf("%.40s went on for %d steps", source, steps)
		}
		if _, err := p.Run(map[string]any{"text": "a", "same": "a"}); Stopped(err) == nil {
			t.Errorf("%.40s goes on after the end: %v", source, err)
		}
		m.End()
	}
	if Stopped(ErrBudget) != nil || Stopped(nil) != nil {
		t.Error("the budget is not the context's end")
	}
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{"a", "(a+)+$", "[a-z]{3,7}", `\pL+|x?`, "(?i)straße", "(?:(a|b)*c){0,3}", "x{1000}", "(){9}", `^$\b`, "(?s).{2,}?", "a**", "[^\x00-\U0010FFFF]"} {
		f.Add(s, "aaabc")
	}
	f.Fuzz(func(t *testing.T, source, text string) {
		p, msg := NewMachine().pattern(source)
		if p == nil {
			if msg == "" {
				t.Fatal("neither a pattern nor a reason")
			}
			return
		}
		tree, err := syntax.Parse(source, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		prog, err := syntax.Compile(tree.Simplify())
		if err != nil {
			t.Fatal(err)
		}
		if matchSteps*len(prog.Inst) > p.cost {
			t.Fatalf("%q has %d instructions, %d were reckoned with", source, len(prog.Inst), p.cost/matchSteps)
		}
		var m Meter
		m.begin(t.Context())
		r := &meteredText{text: text, meter: &m, each: 1}
		if got, want := p.re.MatchReader(r), regexp.MustCompile(source).MatchString(text); got != want {
			t.Fatalf("%q on %q: %t, piecemeal %t", source, text, want, got)
		}
	})
}

// FuzzCost evaluates expressions that are made of data: what they allocate is never more than what
// they are charged for, and they never go beyond the budget.
func FuzzCost(f *testing.F) {
	for i := range 40 {
		data := make([]byte, 60)
		for j := range data {
			data[j] = byte(i*31 + j*j*7)
		}
		f.Add(data, "aé|>1,2 ", uint16(9000+i*500))
	}
	f.Fuzz(func(t *testing.T, data []byte, unit string, times uint16) {
		if unit == "" || !utf8.ValidString(unit) || len(unit) > 100 {
			return
		}
		text := strings.Repeat(unit, 1+int(times)%(400_000/len(unit)))
		list := []any{text, 1.5, nil, true, []any{"x", text}, map[string]any{"k": text}}
		for range int(times) % 3000 {
			list = append(list, unit)
		}
		row := map[string]any{"d": text, "e": strings.Clone(text), "n": 12.5, "i": 3, "list": list, "twin": append([]any(nil), list...), "object": map[string]any{"a": text, unit: "b"}}
		g := &generator{data: data}
		source := g.expression(5)
		if len(source) > MaxLength {
			return
		}
		m := NewMachine()
		p, msg := m.Compile(source, "claim")
		if msg != "" {
			return
		}
		m.Begin(t.Context()) // once before: the regexp package keeps memory for the next match, the machine its stack
		_, _ = p.Run(row)
		m.End()
		var err error
		made := allocated(func() {
			m.Begin(t.Context())
			_, err = p.Run(row)
		})
		steps, bytes := m.Spent()
		m.End()
		slack := int64(96 << 10) // of the runtime, and what the caller's row takes
		if strings.Contains(source, "matches") {
			slack += 100 * backtracked // the collector may have taken what was kept
		}
		if errors.Is(err, ErrBudget) {
			bytes = MaxBytes
		} else if steps < 0 || steps > MaxSteps || bytes > MaxBytes {
			t.Fatalf("%s went beyond the budget: %d steps, %d bytes", source, steps, bytes)
		}
		if made > bytes+bytes/8+slack { // an eighth: allocations are rounded up
			t.Fatalf("%s on %d bytes and %d items: %d bytes made, %d charged (%v)", source, len(text), len(list), made, bytes, err)
		}
		if err != nil && len(RunMessage(err)) > 4*messageRunes+100 {
			t.Fatalf("%s: a message of %d bytes", source, len(RunMessage(err)))
		}
	})
}

// generator makes an expression of bytes.
type generator struct{ data []byte }

func (g *generator) pick(n int) int {
	if len(g.data) == 0 {
		return 0
	}
	b := int(g.data[0])
	g.data = g.data[1:]
	return b % n
}

var (
	fuzzValues = []string{"d", "e", "list", "object", "n", "twin", "i", `"x"`, `","`, "nil", "true", "1", "claim", `list[0]`, `object["a"]`, "[d, e]", `{"k": d}`, `["a","b"]`}
	fuzzBinary = []string{"+", "==", "!=", "<", ">=", "in", "contains", "startsWith", "endsWith", "and", "or", "??", "-", "*", "/", "%", "**", "not in"}
	fuzzCalls  = []string{"number", "bool", "string", "trim", "upper", "lower", "len", "int", "float", "abs", "round", "min", "max", "last", "first", "path", "join", "not "}
	fuzzMany   = []string{"left(%s, %s)", "right(%s, 5000)", `replace(%s, "a", "bb")`, `replace(string(%s), left(string(%s), 1), "ccc")`, `split(%s, ",")`, `split(%s, left(string(%s), 1))`, `join(%s, ", ")`,
		`join([%s, %s], string(%s))`, `number(%s, ",")`, "first(%s, %s)", "path(%s, %s)", "hasPrefix(%s, %s)", "trimSuffix(%s, %s)", "indexOf(%s, %s)", "min(%s, %s)", "max([%s, %s])", `%s matches "(a|é)+$"`,
		`%s matches "[^b]{0,90}c"`, "[%s, %s, %s]", "{(%s): %s}", "{a: %s}.a", "%s[%s]", "%s[0]", "%s?.a", "(%s ? %s : %s)", "(%s ?: %s)", "(%s < %s < %s)", "-%s", "split(string(%s), \"|\")[0]"}
)

func (g *generator) expression(depth int) string {
	if depth == 0 {
		return fuzzValues[g.pick(len(fuzzValues))]
	}
	switch g.pick(4) {
	case 0:
		return fuzzValues[g.pick(len(fuzzValues))]
	case 1:
		op := fuzzBinary[g.pick(len(fuzzBinary))]
		return "(" + g.expression(depth-1) + " " + op + " " + g.expression(depth-1) + ")"
	case 2:
		return fuzzCalls[g.pick(len(fuzzCalls))] + "(" + g.expression(depth-1) + ")"
	}
	form := fuzzMany[g.pick(len(fuzzMany))]
	args := make([]any, strings.Count(form, "%s"))
	for i := range args {
		args[i] = g.expression(depth - 1)
	}
	return fmt.Sprintf(form, args...)
}

// TestAListIsNoKey: a message about it would write the list out, however large it is.
func TestAListIsNoKey(t *testing.T) {
	large := make([]any, 100_000)
	for i := range large {
		large[i] = []any{}
	}
	// What has no keys says which one it has not; a list and an object say of what kind the key is.
	for _, source := range []string{"missing[key]", "flag[key]", "object.a[key]", "first(list)[key]", "list[key]", "object[key]", "{(key): 1}", "key in object"} {
		m := NewMachine()
		p, msg := m.Compile(source, "claim")
		if msg != "" {
			t.Fatalf("%s: %s", source, msg)
		}
		for _, key := range []any{large, map[string]any{"a": large}} {
			m.Begin(t.Context())
			got := allocated(func() {
				if v, err := p.Run(map[string]any{"list": []any{1}, "flag": true, "object": map[string]any{"a": 1.5}, "key": key}); err == nil {
					t.Errorf("%s: %T is a key: %v", source, key, v)
				}
			})
			m.End()
			if got > 64<<10 {
				t.Errorf("%s: %d KiB were allocated to refuse a %T", source, got>>10, key)
			}
		}
	}
}
