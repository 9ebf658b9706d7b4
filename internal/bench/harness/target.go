package harness

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Verdict is a target with what was measured.
type Verdict struct {
	Target Target
	Met    bool
	Text   string // "≥ 80 % of ours, 1 store"
	Got    string // "93 %"; why it could not be judged, if it could not
}

// Verdicts judges the benchmark's targets.
func (r *Result) Verdicts() []Verdict {
	list := make([]Verdict, 0, len(r.Benchmark.Targets))
	for _, t := range r.Benchmark.Targets {
		list = append(list, r.judge(t))
	}
	return list
}

func (r *Result) judge(t Target) Verdict {
	m := r.Benchmark.metric(t.Metric)
	v := Verdict{Target: t, Text: t.text(m)}
	if err := r.err(t.Contender); err != nil {
		v.Got = "failed"
		return v
	}
	mine := r.values(t.Contender, t.Metric)
	if len(mine) == 0 {
		v.Got = "not measured"
		return v
	}
	if t.Of == "" {
		got := Median(slices.Collect(maps.Values(mine)))
		v.Met, v.Got = t.holds(got), quantity(got, m.Unit)
		return v
	}
	if r.err(t.Of) != nil {
		v.Got = "nothing to compare with: " + t.Of + " failed"
		return v
	}
	metric := t.OfMetric
	if metric == "" {
		metric = t.Metric
	}
	theirs := r.values(t.Of, metric)
	var ratios []float64
	for i, v := range mine {
		if w := theirs[i]; w > 0 {
			ratios = append(ratios, v/w)
		}
	}
	if len(ratios) == 0 {
		v.Got = "nothing to compare with"
		return v
	}
	got := Median(ratios)
	v.Met, v.Got = t.holds(got), factor(got)
	return v
}

func (t Target) holds(got float64) bool {
	if t.Op == AtMost {
		return got <= t.Bound
	}
	return got >= t.Bound
}

func (t Target) text(m Metric) string {
	op := "≥"
	if t.Op == AtMost {
		op = "≤"
	}
	if t.Of == "" {
		return op + " " + quantity(t.Bound, m.Unit)
	}
	of := t.Of
	if t.OfMetric != "" {
		of = t.OfMetric + " of " + of
	}
	if t.Bound < 2 {
		return fmt.Sprintf("%s %s of %s", op, factor(t.Bound), of)
	}
	return fmt.Sprintf("%s %s %s", op, factor(t.Bound), of)
}

// factor prints a ratio: as a percentage up to 2, as a multiple above.
func factor(f float64) string {
	if f < 2 {
		return number(100*f) + " %"
	}
	return number(f) + " ×"
}

// quantity prints a value with its unit.
func quantity(v float64, unit string) string {
	if unit == "" {
		return number(v)
	}
	return number(v) + " " + unit
}

// number prints three significant digits, and no fewer than the whole number: 0.0123, 4.56, 78.9,
// 12,345.
func number(v float64) string {
	digits := 0
	switch a := max(v, -v); {
	case a == 0 || a >= 100:
	case a >= 10:
		digits = 1
	case a >= 1:
		digits = 2
	case a >= 0.1:
		digits = 3
	default:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if digits > 0 {
		return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}
