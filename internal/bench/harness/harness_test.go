package harness

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStatistics(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   Summary
	}{
		{[]float64{5}, Summary{5, 5, 5, 1}},
		{[]float64{9, 1, 5}, Summary{5, 1, 9, 3}},
		{[]float64{4, 1, 2, 3}, Summary{2.5, 1, 4, 4}},
		{nil, Summary{}},
	} {
		if diff := cmp.Diff(c.want, Summarise(c.values)); diff != "" {
			t.Errorf("%v: %s", c.values, diff)
		}
	}
	if !math.IsNaN(Median(nil)) {
		t.Error("the median of nothing is a number")
	}
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100 - i)
	}
	for p, want := range map[float64]time.Duration{0.5: 50, 0.99: 99, 1: 100, 0.001: 1} {
		if got := Percentile(hundred, p); got != want {
			t.Errorf("percentile %v of 1…100 is %d", p, got)
		}
	}
	if hundred[0] != 100 {
		t.Error("Percentile sorted its argument")
	}
	if got := Percentile[int](nil, 0.5); got != 0 {
		t.Errorf("percentile of nothing: %d", got)
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.01234: "0.0123", 0.5: "0.5", 4.5678: "4.57", 78.94: "78.9", 100: "100", 1234.5: "1,234", 1234567: "1,234,567",
		-2500: "-2,500", 3: "3", 10: "10", 0.0000123: "1.23e-05",
	} {
		if got := number(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}

func TestOrderChangesAndLosesNobody(t *testing.T) {
	for _, k := range []int{1, 2, 5, 13} {
		first := map[int]bool{}
		for n := 1; n <= 6; n++ {
			o := order(k, n)
			first[o[0]] = true
			if sorted := slices.Sorted(slices.Values(o)); len(slices.Compact(sorted)) != k || sorted[0] != 0 || sorted[k-1] != k-1 {
				t.Fatalf("round %d of %d: %v", n, k, o)
			}
		}
		if k > 2 && len(first) < 3 {
			t.Errorf("of %d only %v ran first", k, first)
		}
	}
}

// fake is a contender that measures what it is told, round by round.
func fake(name string, values ...float64) Contender {
	return Contender{Name: name, Round: func(_ context.Context, r Round) (Values, error) {
		v := values[r.N-1]
		if v < 0 {
			return nil, errors.New("broken")
		}
		return Values{"jobs": v}, nil
	}}
}

func example() Benchmark {
	return Benchmark{
		Name: "queue/x", About: "An example.",
		Metrics:    []Metric{{Name: "jobs", Unit: "jobs/s", Better: Higher, Means: "jobs"}},
		Contenders: []Contender{fake("ours", 100, 200, 300), fake("theirs", 10, 50, 20), fake("broken", 1, -1, 1)},
		Targets: []Target{
			{Contender: "ours", Metric: "jobs", Op: AtLeast, Bound: 200},
			{Contender: "ours", Metric: "jobs", Op: AtMost, Bound: 199},
			{Contender: "ours", Metric: "jobs", Op: AtLeast, Bound: 10, Of: "theirs"}, // ratios 10, 4, 15
			{Contender: "theirs", Metric: "jobs", Op: AtLeast, Bound: 0.8, Of: "ours"},
			{Contender: "broken", Metric: "jobs", Op: AtLeast, Bound: 0},
			{Contender: "ours", Metric: "jobs", Op: AtLeast, Bound: 1, Of: "broken"},
		},
	}
}

func TestTargets(t *testing.T) {
	results, err := Run(t.Context(), []Benchmark{example()}, Options{Rounds: 3})
	if err != nil {
		t.Fatal(err)
	}
	type verdict struct {
		Met       bool
		Text, Got string
	}
	var got []verdict
	for _, v := range results[0].Verdicts() {
		got = append(got, verdict{v.Met, v.Text, v.Got})
	}
	if diff := cmp.Diff([]verdict{
		{true, "≥ 200 jobs/s", "200 jobs/s"},
		{false, "≤ 199 jobs/s", "200 jobs/s"},
		{true, "≥ 10 × theirs", "10 ×"},
		{false, "≥ 80 % of ours", "10 %"},
		{false, "≥ 0 jobs/s", "failed"},
		{false, "≥ 100 % of broken", "nothing to compare with: broken failed"},
	}, got); diff != "" {
		t.Error(diff)
	}
	missed := strings.Join(Missed(results), "\n")
	if n := strings.Count(missed, "\n") + 1; n != 5 { // four targets, and the one that broke
		t.Errorf("%d missed:\n%s", n, missed)
	}
	if !strings.Contains(missed, "broken failed: broken") {
		t.Errorf("why it failed is not told:\n%s", missed)
	}
}

func TestOneTableTellsAll(t *testing.T) {
	results, err := Run(t.Context(), []Benchmark{example()}, Options{Rounds: 3})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimLeft(`
benchmark  metric         contender  median  lowest – highest  target             result
queue/x    jobs (jobs/s)  ours          200         100 – 300  ≥ 200 jobs/s       met: 200 jobs/s
queue/x    jobs (jobs/s)  ours                                 ≤ 199 jobs/s       MISSED: 200 jobs/s
queue/x    jobs (jobs/s)  ours                                 ≥ 10 × theirs      met: 10 ×
queue/x    jobs (jobs/s)  ours                                 ≥ 100 % of broken  MISSED: nothing to compare with: broken failed
queue/x    jobs (jobs/s)  theirs         20           10 – 50  ≥ 80 % of ours     MISSED: 10 %
queue/x    jobs (jobs/s)  broken     failed                    ≥ 0 jobs/s         MISSED: failed
`, "\n")
	if diff := cmp.Diff(want, Text(results)); diff != "" {
		t.Error(diff)
	}
	report := Report{Options: Options{Rounds: 3}, Versions: []Version{{"Go", "go1"}}}.Markdown(results)
	for _, part := range []string{"**5 missed:**", "| queue/x | jobs (jobs/s) | theirs | 20 | 10 – 50 | ≥ 80 % of ours | **MISSED: 10 %** |", "| Go | go1 |", "An example."} {
		if !strings.Contains(report, part) {
			t.Errorf("the report lacks %q:\n%s", part, report)
		}
	}
}

func TestWrongDeclarationsAreRefused(t *testing.T) {
	for name, change := range map[string]func(*Benchmark){
		"no name":            func(b *Benchmark) { b.Name = "" },
		"a metric twice":     func(b *Benchmark) { b.Metrics = append(b.Metrics, b.Metrics[0]) },
		"a contender twice":  func(b *Benchmark) { b.Contenders = append(b.Contenders, b.Contenders[0]) },
		"no such contender":  func(b *Benchmark) { b.Targets[0].Contender = "nobody" },
		"no such metric":     func(b *Benchmark) { b.Targets[0].Metric = "nothing" },
		"no such comparison": func(b *Benchmark) { b.Targets[0].Of = "nobody" },
	} {
		b := example()
		change(&b)
		if _, err := Run(t.Context(), []Benchmark{b}, Options{}); err == nil {
			t.Error(name)
		}
	}
	if _, err := Run(t.Context(), []Benchmark{example()}, Options{Only: "nothing"}); err == nil {
		t.Error("ONLY that selects nothing")
	}
}

func TestWhatIsNotDeclaredOrPanicsFails(t *testing.T) {
	b := example()
	b.Targets = nil
	b.Contenders = []Contender{
		{Name: "undeclared", Round: func(context.Context, Round) (Values, error) { return Values{"what": 1}, nil }},
		{Name: "panics", Round: func(context.Context, Round) (Values, error) { panic("no") }},
	}
	results, err := Run(t.Context(), []Benchmark{b}, Options{Rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(Missed(results)); n != 2 {
		t.Errorf("%d missed: %v", n, Missed(results))
	}
}

// A run that is interrupted keeps what it has, and says what it has not.
func TestAnInterruptedRunIsReported(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	first, second := example(), example()
	first.Targets, second.Name = nil, "queue/y"
	for i := range first.Contenders {
		round := first.Contenders[i].Round
		first.Contenders[i].Round = func(ctx context.Context, r Round) (Values, error) {
			defer cancel()
			return round(ctx, r)
		}
	}
	results, err := Run(ctx, []Benchmark{first, second}, Options{Rounds: 1})
	if !errors.Is(err, ErrInterrupted) || len(results) != 2 || len(results[0].Rounds) != 1 {
		t.Fatalf("%d results, %v: %+v", len(results), err, results)
	}
	report := Report{Interrupted: true}.Markdown(results)
	for _, part := range []string{"**The run was interrupted**", "queue/y: not run: interrupted"} {
		if !strings.Contains(report, part) {
			t.Errorf("the report lacks %q:\n%s", part, report)
		}
	}
}

func TestSetupThatFailsIsMissed(t *testing.T) {
	b := example()
	stopped := false
	b.Setup = func(context.Context) (func(), error) { return func() { stopped = true }, errors.New("no server") }
	results, err := Run(t.Context(), []Benchmark{b}, Options{Rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	if missed := Missed(results); len(missed) != 1 || !strings.Contains(missed[0], "no server") || !stopped {
		t.Errorf("missed %v, stopped %v", missed, stopped)
	}
	if !strings.Contains(Text(results), "failed") {
		t.Error("the table does not say so:\n" + Text(results))
	}
}
