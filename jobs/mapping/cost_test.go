package mapping

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"sluice/internal/expression"
	"sluice/internal/problem"
	"sluice/jobs/source"
	"sluice/tenants"
)

// allocated returns the MiB that f allocates, those that it lets go again too.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc-before.TotalAlloc) >> 20
}

// TestARowHasABudget: an expression that takes too much is one field's error, the row is known by
// its SKU, and the next row has a budget of its own.
func TestARowHasABudget(t *testing.T) {
	large := strings.Repeat("d", 2<<20)
	bars := strings.Repeat("|>", 1<<20)
	text := strings.Repeat("aé ", 60<<10)
	plus := strings.TrimSuffix(strings.Repeat("d+", 90), "+")
	for _, tt := range []struct{ name, target, expression, cell string }{
		{"adding", "description", plus, large},
		{"matching", "description", `d matches "([^b]{0,90}c|x)$" ? "yes" : "no"`, text},
		{"a direct category", "category", `d`, bars},
		{"a direct list", "meta_keywords", `d`, bars},
		{"a list in an expression", "meta_keywords", `d + "|"`, bars},
		{"quoting", "name", strings.TrimSuffix(strings.Repeat("int(d)+", 60), "+"), large},
	} {
		p, err := parts.Compile(whole("sku", "id", tt.target, tt.expression), []string{"id", "d"})
		if err != nil {
			t.Errorf("%s: %v", tt.name, fieldsOf(err))
			continue
		}
		for kind, once := range map[string]func(cell string) (Document, []problem.Field){
			"text": func(cell string) (Document, []problem.Field) { return apply(t, p, []string{"A-1", cell}) },
			"object": func(cell string) (Document, []problem.Field) {
				return applyObject(t, p, map[string]any{"id": "A-1", "d": cell})
			},
		} {
			var doc Document
			var wrong []problem.Field
			if mb := allocated(func() { doc, wrong = once(tt.cell) }); mb > 24 {
				t.Errorf("%s, %s: %d MiB", tt.name, kind, mb)
			}
			if len(wrong) != 1 || wrong[0].Field != tt.target || !strings.Contains(wrong[0].Message, "more work than one row may") {
				t.Errorf("%s, %s: %.300v", tt.name, kind, wrong)
			}
			if doc["sku"] != "A-1" {
				t.Errorf("%s, %s: the row is known as %v", tt.name, kind, doc["sku"])
			}
			if steps, bytes := p.Spent(); steps != expression.MaxSteps+1 || bytes != expression.MaxBytes+1 {
				t.Errorf("%s, %s: %d steps and %d bytes", tt.name, kind, steps, bytes)
			}
			if _, wrong := once("1"); len(wrong) > 0 && strings.Contains(wrong[0].Message, "more work") {
				t.Errorf("%s, %s: the next row: %v", tt.name, kind, wrong)
			}
		}
	}
}

// TestTheBudgetIsOfAllFields: many fields that each stay within it do not together.
func TestTheBudgetIsOfAllFields(t *testing.T) {
	m := tenants.Mapping{}
	for _, f := range parts.fields {
		if f.unmappable() == "" && f.Type == "string" {
			m.Fields = append(m.Fields, tenants.FieldMapping{Target: f.Name, Expression: `left(d + d + d, 10)`})
		}
	}
	m = wholeOf(m)
	p, err := parts.Compile(m, []string{"d"})
	if err != nil {
		t.Fatal(fieldsOf(err))
	}
	var wrong []problem.Field
	if mb := allocated(func() { _, wrong = apply(t, p, []string{strings.Repeat("d", 80<<10)}) }); mb > 16 {
		t.Errorf("%d MiB", mb)
	}
	if len(wrong) == 0 || !strings.Contains(wrong[len(wrong)-1].Message, "more work than one row may") {
		t.Errorf("%d fields: %v", len(m.Fields), wrong)
	}
}

// wholeOf adds what a mapping needs.
func wholeOf(m tenants.Mapping) tenants.Mapping {
	for _, f := range whole().Fields {
		has := false
		for _, g := range m.Fields {
			has = has || g.Target == f.Target
		}
		if !has {
			m.Fields = append(m.Fields, f)
		}
	}
	return m
}

// TestCompilingHasABudget: a mapping costs little before any row is read.
func TestCompilingHasABudget(t *testing.T) {
	nested := func(n int, open, shut string) string { return strings.Repeat(open, n) + "d" + strings.Repeat(shut, n) }
	var patterns, many []string
	for i, f := range parts.fields {
		if f.unmappable() == "" && f.Type == "string" {
			patterns = append(patterns, f.Name, fmt.Sprintf(`d matches "(%d%s){900}" ? "a" : "b"`, i, strings.Repeat("x", 1000)))
		}
		many = append(many, f.Name, `"x"`)
	}
	for range expression.MaxFields {
		many = append(many, "name", "d")
	}
	for name, tt := range map[string]struct {
		fields []string
		part   string // of the message, "" for a mapping that is right
	}{
		"numbers":     {[]string{"name", nested(60, "number(", `,",")`)}, ""},
		"comparisons": {[]string{"name", nested(40, "1<(", `)<1`)}, "too long"},
		"elvis":       {[]string{"name", nested(60, "(", `?:"x")`)}, "too long"},
		"a pattern":   {[]string{"name", `d matches "(` + strings.Repeat("x", 1000) + `){900}" ? "a" : "b"`}, "pattern is too large"},
		"patterns":    {patterns, "pattern is too large"},
		"fields":      {many, "more than 250 fields"},
	} {
		var err error
		mb := allocated(func() { _, err = parts.Compile(wholeOf(mappingOf(tt.fields...)), []string{"d"}) })
		if mb > 32 {
			t.Errorf("%s: %d MiB", name, mb)
		}
		if (err == nil) != (tt.part == "") || (err != nil && !strings.Contains(fmt.Sprint(err, fieldsOf(err)), tt.part)) {
			t.Errorf("%s: %v %v", name, err, fieldsOf(err))
		}
	}
}

// TestErrorsOfAWideSourceAreCheap: each of many wrong names suggests columns of a source that has
// very many.
func TestErrorsOfAWideSourceAreCheap(t *testing.T) {
	header := make([]string, source.MaxColumns)
	for i := range header {
		header[i] = fmt.Sprint("Column ", i)
	}
	var fields []string
	for _, f := range parts.fields {
		if f.unmappable() == "" {
			fields = append(fields, f.Name, "column_77")
		}
	}
	var err error
	mb := allocated(func() { _, err = parts.Compile(wholeOf(mappingOf(fields...)), header) })
	if mb > 16 {
		t.Errorf("%d MiB for %d errors", mb, len(fieldsOf(err)))
	}
	for _, w := range fieldsOf(err) {
		if !strings.Contains(w.Message, `did you mean row["Column 77"]?`) {
			t.Fatal(w)
		}
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

// TestARowEndsWithItsContext: a row that takes long is left in its middle, and it is not wrong
// then.
func TestARowEndsWithItsContext(t *testing.T) {
	p, err := parts.Compile(whole("name", `d matches "(a|b|[^c]){20}$" ? "yes" : "no"`), []string{"d"})
	if err != nil {
		t.Fatal(fieldsOf(err))
	}
	values := []string{strings.Repeat("a", 200<<10)}
	doc, wrong, err := p.Apply(&ending{Context: t.Context(), last: 3}, values)
	if !errors.Is(err, context.Canceled) || doc != nil || wrong != nil {
		t.Errorf("%v %v %v", doc, wrong, err)
	}
	if steps, _ := p.Spent(); steps > expression.MaxSteps/2 {
		t.Errorf("it went on for %d steps", steps)
	}
	if _, _, err := p.Apply(&ending{Context: t.Context(), last: 1}, []string{"a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("a short row after the end: %v", err)
	}
	if doc, wrong := apply(t, p, []string{"c"}); doc["name"] != "no" || wrong != nil {
		t.Errorf("the next row: %v %v", doc, wrong)
	}
}

// TestMessagesAreShort: what a value is quoted in is cut.
func TestMessagesAreShort(t *testing.T) {
	cell := strings.Repeat("é", 60<<10)
	digits := strings.Repeat("7", 60<<10)
	for _, e := range []string{"d", "number(d)", `number(d, ",")`, "int(d)", "float(d)", "bool(d)", "{a: 1}[d]", "d.a", "string(d)", "-d"} {
		for _, f := range parts.fields {
			if f.unmappable() != "" {
				continue
			}
			p, err := parts.Compile(wholeOf(mappingOf(f.Name, e)), []string{"d"})
			if err != nil { // text cannot be calculated with
				if problem.CodeOf(err) != problem.Invalid {
					t.Fatal(e, err)
				}
				continue
			}
			for _, v := range []any{cell, digits, digits + ".5", json.Number(digits), []any{cell}, map[string]any{cell: cell}} {
				_, wrong := applyObject(t, p, map[string]any{"d": v})
				for _, w := range wrong {
					if len(w.Message) > 4100 {
						t.Errorf("%s for %s: a message of %d bytes", e, f.Name, len(w.Message))
					}
				}
			}
		}
	}
}

// TestDeepNamesAreFoundSoon: keys with points can be read in very many ways.
func TestDeepNamesAreFoundSoon(t *testing.T) {
	name := strings.TrimSuffix(strings.Repeat("a.", 900), ".")
	header := []string{name}
	p, err := parts.Compile(whole("name", `row["`+name+`"]`), header)
	if err != nil {
		t.Fatal(fieldsOf(err))
	}
	applyObject(t, p, map[string]any{"a": map[string]any{}})
	if steps, _ := p.Spent(); steps < int64(len(name))*900 {
		t.Errorf("looking for a name of %d bytes takes %d steps", len(name), steps)
	}
}
