package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// MinRounds is how many rounds a report needs: with fewer, a median hides nothing.
const MinRounds = 5

// Direction says which values of a metric are the better ones.
type Direction int

// The directions of a metric.
const (
	Higher Direction = iota
	Lower
	Neither // it is shown to explain the others
)

// Metric is a quantity that a benchmark measures.
type Metric struct {
	Name   string // short: the table's column and what Targets and Values name
	Unit   string // as printed behind a number: "jobs/s", "ms", "%"; "" for a count
	Better Direction
	Means  string // for the report: what exactly is counted, from where to where
}

// Values are what one round of one contender measured, by the metrics' names. A metric that does
// not apply is left out.
type Values map[string]float64

// Round is what a contender is told about the round it is to run.
type Round struct {
	N        int           // 1 for the first
	Duration time.Duration // how long one timed measurement should take
	Dir      string        // a folder of this round's own; the harness deletes it
}

// Contender is one way to do what the benchmark is about.
type Contender struct {
	Name  string
	About string // for the report: configuration, and what it is there for; optional
	// Round runs one round from a fresh state. An error means that the contender could not be
	// measured.
	Round func(ctx context.Context, r Round) (Values, error)
}

// Op compares a value with a bound.
type Op int

// The comparisons of a target; both include the bound itself.
const (
	AtLeast Op = iota
	AtMost
)

// Target is what a contender's metric has to be. With Of, Bound is a factor: Bound 0.8 of another
// contender's value.
type Target struct {
	Contender string
	Metric    string
	Op        Op
	Bound     float64
	Of        string // a contender; "" if Bound is absolute, in the metric's unit
	OfMetric  string // "" if the same
}

// Benchmark is one question to several contenders.
type Benchmark struct {
	Name       string // "queue/throughput"; ONLY=queue selects all that start so
	About      string // for the report: what is done, in one paragraph
	Metrics    []Metric
	Contenders []Contender
	Targets    []Target
	// Setup prepares what all rounds share; optional. stop is called at the end, also after an error
	// of a round.
	Setup func(ctx context.Context) (stop func(), err error)
	// Timeout ends one round of one contender; default five minutes.
	Timeout time.Duration
	// Rounds is how many rounds are run at most, for a benchmark that takes many minutes; 0: as many
	// as asked for. The table shows how many there were.
	Rounds int
}

// Check reports what is wrong with the benchmark's declaration.
func (b *Benchmark) Check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(b.Name+": "+format, args...)) }
	if b.Name == "" || len(b.Metrics) == 0 || len(b.Contenders) == 0 {
		bad("a benchmark needs a name, metrics and contenders")
	}
	seen := map[string]bool{}
	for _, m := range b.Metrics {
		if m.Name == "" || seen[m.Name] {
			bad("metric %q has no name or has it twice", m.Name)
		}
		seen[m.Name] = true
	}
	names := map[string]bool{}
	for _, c := range b.Contenders {
		if c.Name == "" || names[c.Name] || c.Round == nil {
			bad("contender %q has no name, has it twice, or has no Round", c.Name)
		}
		names[c.Name] = true
	}
	for _, t := range b.Targets {
		if !names[t.Contender] || !seen[t.Metric] || t.Of != "" && !names[t.Of] || t.OfMetric != "" && !seen[t.OfMetric] {
			bad("target on %q of %q (of %q %q) names what is not there", t.Metric, t.Contender, t.Of, t.OfMetric)
		}
	}
	return errors.Join(errs...)
}

func (b *Benchmark) metric(name string) Metric {
	i := slices.IndexFunc(b.Metrics, func(m Metric) bool { return m.Name == name })
	return b.Metrics[i]
}
