package harness

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// row is one line of the table: a metric of a contender, with its targets.
type row struct {
	benchmark, metric, contender string
	median, spread               string
	target, verdict              string
}

var header = row{"benchmark", "metric", "contender", "median", "lowest – highest", "target", "result"}

func (r row) cells() []string {
	return []string{r.benchmark, r.metric, r.contender, r.median, r.spread, r.target, r.verdict}
}

// rows lays a result out by metric, so that the contenders stand under one another. A contender
// that failed has one row that says so; a further target of the same metric has a row of its own.
func (r *Result) rows() []row {
	b := r.Benchmark
	verdicts := r.Verdicts()
	var list []row
	for _, m := range b.Metrics {
		for _, c := range b.Contenders {
			line := row{benchmark: b.Name, metric: m.Name, contender: c.Name}
			if m.Unit != "" {
				line.metric += " (" + m.Unit + ")"
			}
			var mine []Verdict
			for _, v := range verdicts {
				if v.Target.Contender == c.Name && v.Target.Metric == m.Name {
					mine = append(mine, v)
				}
			}
			s := Summarise(slices.Collect(maps.Values(r.values(c.Name, m.Name))))
			failed := r.err(c.Name) != nil
			if s.N == 0 && len(mine) == 0 && (!failed || m.Name != b.Metrics[0].Name) {
				continue // does not apply
			}
			switch {
			case failed:
				line.median = "failed"
			case s.N > 0:
				line.median, line.spread = number(s.Median), number(s.Min)+" – "+number(s.Max)
				if s.N == 1 {
					line.spread = "one round"
				}
			}
			for i, v := range mine {
				if i > 0 {
					list = append(list, line)
					line = row{benchmark: b.Name, metric: line.metric, contender: c.Name}
				}
				line.target = v.Text
				line.verdict = "MISSED: " + v.Got
				if v.Met {
					line.verdict = "met: " + v.Got
				}
			}
			list = append(list, line)
		}
	}
	return list
}

func table(results []Result) []row {
	list := []row{header}
	for i := range results {
		list = append(list, results[i].rows()...)
	}
	return list
}

// Text returns the table for a terminal.
func Text(results []Result) string {
	rows := table(results)
	var width [7]int
	for _, r := range rows {
		for i, c := range r.cells() {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	var out strings.Builder
	for _, r := range rows {
		var line strings.Builder
		for i, c := range r.cells() {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i == 3 || i == 4 { // numbers stand right
				line.WriteString(pad + c + "  ")
			} else {
				line.WriteString(c + pad + "  ")
			}
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return out.String()
}

// markdown returns the same table for the report.
func markdown(results []Result) string {
	var out strings.Builder
	for i, r := range table(results) {
		out.WriteString("|")
		for k, c := range r.cells() {
			c = strings.ReplaceAll(c, "|", "\\|")
			if i > 0 && k == 6 && strings.HasPrefix(c, "MISSED") {
				c = "**" + c + "**"
			}
			out.WriteString(" " + c + " |")
		}
		out.WriteString("\n")
		if i == 0 {
			out.WriteString("|---|---|---|--:|--:|---|---|\n")
		}
	}
	return out.String()
}

// Missed lists the targets that were not met and the contenders that failed, one line each; none:
// all is well.
func Missed(results []Result) []string {
	var list []string
	for i := range results {
		r := &results[i]
		if r.Err != nil {
			list = append(list, fmt.Sprintf("%s: %v", r.Benchmark.Name, r.Err))
			continue
		}
		for _, c := range r.Benchmark.Contenders {
			if err := r.err(c.Name); err != nil {
				list = append(list, fmt.Sprintf("%s: %s failed: %v", r.Benchmark.Name, c.Name, err))
			}
		}
		for _, v := range r.Verdicts() {
			if !v.Met {
				list = append(list, fmt.Sprintf("%s: %s, %s: %s wanted, %s measured", r.Benchmark.Name, v.Target.Contender, v.Target.Metric, v.Text, v.Got))
			}
		}
	}
	return list
}
