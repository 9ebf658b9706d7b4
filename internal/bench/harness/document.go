package harness

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The parts of BENCHMARKS.md, each below a heading of the first level.
const (
	PartWhole = "# Benchmarks"     // of the last whole run
	PartSince = "# Measured since" // of runs of some benchmarks after it, one section each
	PartSoak  = "# Soak"           // of the last make soak
)

// Document is BENCHMARKS.md by its parts. The zero value has none.
type Document struct{ whole, since, soak string }

// ParseDocument reads a file that String made; what is in no part is dropped.
func ParseDocument(text string) Document {
	var d Document
	var part *string
	for line := range strings.Lines(text) {
		switch strings.TrimSpace(line) {
		case PartWhole:
			part = &d.whole
		case PartSince:
			part = &d.since
		case PartSoak:
			part = &d.soak
		}
		if part != nil {
			*part += line
		}
	}
	return d
}

// SetWhole replaces the whole run's report, and drops what was measured between the last one and
// this.
func (d *Document) SetWhole(report string) { d.whole, d.since = report, "" }

// SetSoak replaces the report of the soak.
func (d *Document) SetSoak(report string) { d.soak = report }

// SetSince puts in the sections of benchmarks that were run by themselves, in place of older ones
// of the same benchmarks.
func (d *Document) SetSince(sections map[string]string) {
	all := map[string]string{}
	name := ""
	for line := range strings.Lines(d.since) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			name = strings.TrimSpace(title)
		}
		if name != "" {
			all[name] += line
		}
	}
	maps.Copy(all, sections)
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n\nSome benchmarks were run by themselves after the whole run above, because what they measure changed.\n", PartSince)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&out, "\n%s\n", strings.TrimSpace(all[name]))
	}
	d.since = out.String()
}

// String is the file.
func (d Document) String() string {
	var parts []string
	for _, part := range []string{d.whole, d.since, d.soak} {
		if part != "" {
			parts = append(parts, strings.TrimSpace(part)+"\n")
		}
	}
	return strings.Join(parts, "\n")
}

// Sections returns what SetSince takes: of each benchmark when, on what and with what result it was
// run.
func (r Report) Sections(results []Result) map[string]string {
	sections := map[string]string{}
	for i := range results {
		b := results[i].Benchmark
		rounds := fmt.Sprintf("%d rounds", r.Options.Rounds)
		if b.Rounds == 1 {
			rounds = "one round"
		}
		var out strings.Builder
		fmt.Fprintf(&out, "## %s\n\n%s; %s; %s, %d cores; load average before %s, after %s", b.Name,
			r.Began.UTC().Format("2006-01-02 15:04 MST"), rounds, r.Before.CPU, r.Before.Cores, r.Before.Load, r.After.Load)
		for _, v := range r.Versions {
			fmt.Fprintf(&out, "; %s %s", v.Name, v.Version)
		}
		fmt.Fprintf(&out, ".%s\n\n%s\n\n%s\n", r.Before.shared(), strings.TrimSpace(b.About), markdown(results[i:i+1]))
		for _, m := range b.Metrics {
			fmt.Fprintf(&out, "- **%s**%s: %s\n", m.Name, better(m.Better), m.Means)
		}
		sections[b.Name] = out.String()
	}
	return sections
}
