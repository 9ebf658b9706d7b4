// Package expression measures what the budget of mapping expressions is in time: it is counted in
// steps and bytes, which are the same on every machine.
package expression

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sluice/internal/bench/harness"
	"sluice/internal/expression"
	"sluice/jobs/kinds/products"
	"sluice/tenants"
)

const (
	whole    = "whole budget"
	ordinary = "ordinary row"
	compiled = "compiling"
)

// Benchmarks has the one benchmark.
func Benchmarks() []harness.Benchmark {
	about := fmt.Sprintf(`One row may take %d Mi steps and %d MiB in all its expressions, then it is refused. Hostile contenders evaluate one expression over a row
with large values until that happens, each with operators of one kind; an ordinary one maps a row of 8 columns to 9 fields, three of them with an
expression. A run maps rows until its step's second is over and asks for its end between rows and every Mi steps within one.`,
		expression.MaxSteps>>20, expression.MaxBytes>>20)
	b := harness.Benchmark{
		Name: "expression/budget", About: about,
		Metrics: []harness.Metric{
			{Name: whole, Unit: "ms", Better: harness.Lower, Means: "from the row's beginning to the error that its budget is used up"},
			{Name: ordinary, Unit: "µs", Better: harness.Lower, Means: "one row from its values to its document, within its budget"},
			{Name: compiled, Unit: "ms", Better: harness.Lower, Means: "the largest patterns that a mapping may have, compiled"},
		},
	}
	for _, h := range hostile {
		b.Contenders = append(b.Contenders, harness.Contender{Name: h.name, About: h.source, Round: h.round})
		b.Targets = append(b.Targets, harness.Target{Contender: h.name, Metric: whole, Op: harness.AtMost, Bound: 1000})
	}
	b.Contenders = append(b.Contenders, harness.Contender{Name: "an ordinary mapping", Round: ordinaryRound}, harness.Contender{Name: "the largest patterns", Round: compileRound})
	b.Targets = append(b.Targets, harness.Target{Contender: "the largest patterns", Metric: compiled, Op: harness.AtMost, Bound: 1000})
	return []harness.Benchmark{b}
}

// attack is an expression that uses up the budget.
type attack struct{ name, source string }

func times(n int, separator, of string) string {
	return strings.TrimSuffix(strings.Repeat(of+separator, n), separator)
}

var hostile = []attack{
	{"adding texts", times(90, "+", "text")},
	{"comparing texts", times(45, "and", " text==same ")},
	{"looking through lists", times(45, "or", ` "y" in list `)},
	{"comparing lists", times(45, "and", " list==twin ")},
	{"upper case beyond ASCII", times(30, "+", "upper(accents)")},
	{"replacing", times(30, "+", `replace(accents,"a","b")`)},
	{"searching", times(45, "or", ` text contains "xy" `)},
	{"a pattern", times(10, "or", ` accents matches "([^b]{0,90}c|x)$" `)},
	{"a pattern of letters", times(10, "or", ` accents matches "(?i)(\\pL|é){1,15}[^a]$" `)},
}

// row has large values, as large as texts and rows may be.
func row() map[string]any {
	text, list := strings.Repeat("x", 4<<20), make([]any, 100_000)
	for i := range list {
		list[i] = "item"
	}
	return map[string]any{
		"text": text, "same": strings.Clone(text), "accents": strings.Repeat("aé", 80<<10), "list": list, "twin": append([]any(nil), list...),
	}
}

// round evaluates the expression over and over and reports the median time.
func (a attack) round(ctx context.Context, r harness.Round) (harness.Values, error) {
	m := expression.NewMachine()
	p, msg := m.Compile(a.source, "row")
	if msg != "" {
		return nil, errors.New(msg)
	}
	object := row()
	var took []float64
	for end := time.Now().Add(r.Duration); len(took) == 0 || time.Now().Before(end); {
		began := time.Now()
		m.Begin(ctx)
		_, err := p.Run(object)
		m.End()
		if !errors.Is(err, expression.ErrBudget) {
			return nil, fmt.Errorf("%s: %w", a.source, errors.Join(err, ctx.Err()))
		}
		took = append(took, time.Since(began).Seconds()*1e3)
	}
	return harness.Values{whole: harness.Median(took)}, nil
}

func ordinaryRound(ctx context.Context, r harness.Round) (harness.Values, error) {
	header := []string{"SKU", "Name", "Description", "Group", "Style", "Price", "Stock", "Brand"}
	var m tenants.Mapping
	for _, f := range [][2]string{
		{"sku", "SKU"}, {"name", "left(trim(Name), 250)"}, {"description", "Description"}, {"category", "path(Group, Style)"}, {"price", "number(Price) * 1.2"}, {"inventory_level", "Stock"},
		{"brand", "Brand"}, {"type", `"physical"`}, {"weight", "0"},
	} {
		m.Fields = append(m.Fields, tenants.FieldMapping{Target: f[0], Expression: f[1]})
	}
	catalogue, err := products.New().Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	program, err := catalogue.Compile(m, header)
	if err != nil {
		return nil, err
	}
	values := []string{"BAC-0001", "Rugged Expedition Backpack", strings.Repeat("Compartments keep your gear in order. ", 10), "bags", "backpack", "49.99", "7", "Acme"}
	n, began := 0, time.Now()
	for end := began.Add(r.Duration); time.Now().Before(end); n++ {
		_, wrong, err := program.Apply(ctx, values)
		if err != nil || len(wrong) > 0 {
			return nil, fmt.Errorf("%v: %w", wrong, err)
		}
	}
	return harness.Values{ordinary: time.Since(began).Seconds() * 1e6 / float64(n)}, nil
}

// compileRound compiles ten patterns of 990 characters each, many times in one mapping.
func compileRound(context.Context, harness.Round) (harness.Values, error) {
	began := time.Now()
	m := expression.NewMachine()
	for i := range expression.MaxFields {
		source := times(8, "or", fmt.Sprintf(` text matches "%dx{980}" `, i%10))
		if _, msg := m.Compile(source, "row"); msg != "" {
			return nil, errors.New(msg)
		}
	}
	return harness.Values{compiled: time.Since(began).Seconds() * 1e3}, nil
}
