package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// Options of a run.
type Options struct {
	Rounds   int           // at least MinRounds for a report; below 1: MinRounds
	Duration time.Duration // of one timed measurement; default 2 s
	Only     string        // run the benchmarks whose names start so, comma-separated; "" = all
	Progress io.Writer     // a line a measurement, and errors
}

// Result is what a benchmark measured.
type Result struct {
	Benchmark *Benchmark
	Err       error                // Setup failed: nothing was measured
	Rounds    map[string][]Outcome // by contender
	Took      time.Duration
}

// Outcome is one contender's outcome of one round.
type Outcome struct {
	Values Values
	Err    error
}

// ErrInterrupted is the error of a run that was stopped. Its results are all there: those of
// benchmarks that were not run say so.
var ErrInterrupted = errors.New("interrupted")

// Run runs the benchmarks one after another. Its error is about the declarations, or ErrInterrupted
// when ctx ended: what goes wrong in a benchmark is in its Result.
func Run(ctx context.Context, benchmarks []Benchmark, o Options) ([]Result, error) {
	if o.Rounds < 1 {
		o.Rounds = MinRounds
	}
	if o.Duration <= 0 {
		o.Duration = 2 * time.Second
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	var chosen []*Benchmark
	var errs []error
	for i := range benchmarks {
		errs = append(errs, benchmarks[i].Check())
		if selected(benchmarks[i].Name, o.Only) {
			chosen = append(chosen, &benchmarks[i])
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no benchmark's name starts with %q", o.Only)
	}
	results := make([]Result, 0, len(chosen))
	for _, b := range chosen {
		if ctx.Err() != nil {
			results = append(results, Result{Benchmark: b, Err: errors.New("not run: " + ErrInterrupted.Error())})
			continue
		}
		results = append(results, runOne(ctx, b, o))
	}
	if ctx.Err() != nil {
		return results, ErrInterrupted
	}
	return results, nil
}

func selected(name, only string) bool {
	if only == "" {
		return true
	}
	for prefix := range strings.SplitSeq(only, ",") {
		if prefix = strings.TrimSpace(prefix); prefix != "" && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func runOne(ctx context.Context, b *Benchmark, o Options) (res Result) {
	res = Result{Benchmark: b, Rounds: map[string][]Outcome{}}
	start := time.Now()
	defer func() { res.Took = time.Since(start) }()
	if b.Setup != nil {
		stop, err := b.Setup(ctx)
		if stop != nil {
			defer stop()
		}
		if err != nil {
			res.Err = fmt.Errorf("setup: %w", err)
			fmt.Fprintf(o.Progress, "%s: %v\n", b.Name, res.Err)
			return res
		}
	}
	rounds := b.rounds(o.Rounds)
	for n := 1; n <= rounds; n++ {
		for _, i := range order(len(b.Contenders), n) {
			c := &b.Contenders[i]
			if ctx.Err() != nil {
				return res
			}
			began := time.Now()
			values, err := oneRound(ctx, b, c, Round{N: n, Duration: o.Duration})
			res.Rounds[c.Name] = append(res.Rounds[c.Name], Outcome{Values: values, Err: err})
			fmt.Fprintf(o.Progress, "%s  round %d/%d  %s  (%.1f s)  %s\n", b.Name, n, rounds, c.Name, time.Since(began).Seconds(), outcome(b, values, err))
		}
	}
	return res
}

// rounds returns how many rounds are run of a benchmark when so many are asked for.
func (b *Benchmark) rounds(asked int) int {
	if b.Rounds > 0 {
		return min(b.Rounds, asked)
	}
	return asked
}

// order is the order of round n (from 1) for k contenders: begun one further each time, and
// backwards every other time, so that no one always runs first or always after the same one.
func order(k, n int) []int {
	list := make([]int, k)
	for i := range k {
		list[i] = (i + n - 1) % k
		if n%2 == 0 {
			list[i] = (2*k - 1 - i + n - 1) % k
		}
	}
	return list
}

func oneRound(ctx context.Context, b *Benchmark, c *Contender, r Round) (values Values, err error) {
	timeout := b.Timeout
	if timeout == 0 {
		timeout = 5 * time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if r.Dir, err = os.MkdirTemp("", "sluice-bench-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.Dir)) }()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	runtime.GC() // what the one before left behind is not this one's to collect
	values, err = c.Round(ctx, r)
	for name := range values {
		known := false
		for _, m := range b.Metrics {
			known = known || m.Name == name
		}
		if !known {
			err = errors.Join(err, fmt.Errorf("metric %q is not declared", name))
		}
	}
	return values, err
}

func outcome(b *Benchmark, values Values, err error) string {
	if err != nil {
		return "FAILED: " + err.Error()
	}
	var parts []string
	for _, m := range b.Metrics {
		if v, ok := values[m.Name]; ok {
			parts = append(parts, fmt.Sprintf("%s %s", m.Name, quantity(v, m.Unit)))
		}
	}
	return strings.Join(parts, ", ")
}

// values returns what a contender measured of a metric, by round; a round that failed or did not
// measure it is left out.
func (r *Result) values(contender, metric string) map[int]float64 {
	out := map[int]float64{}
	for i, round := range r.Rounds[contender] {
		if v, ok := round.Values[metric]; ok && round.Err == nil {
			out[i] = v
		}
	}
	return out
}

// err returns the first error of a contender.
func (r *Result) err(contender string) error {
	if r.Err != nil {
		return r.Err
	}
	for _, round := range r.Rounds[contender] {
		if round.Err != nil {
			return round.Err
		}
	}
	return nil
}
