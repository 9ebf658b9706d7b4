// Package harness runs benchmarks side by side and reports them in one table, with the targets they
// have to meet.
//
// # What it is
//
// A Benchmark is a question ("how many jobs a second with 10,000 stores?"), asked of two or more
// Contenders. The harness asks all of them once, which is a round, then again in another order, at
// least MinRounds times, so that whatever else the machine does meets all of them alike. It reports
// the median and the range (lowest to highest) of each Metric over the rounds, and whether each
// Target was met.
//
// A target that compares two contenders is judged by the median of the ratios within each round,
// since the two were measured within moments of one another; an absolute one by the metric's
// median.
//
// # What it never does
//
// It never drops a round, an outlier or a contender: a contender that fails is reported as failed,
// and its targets as missed. It never writes the report of a partial run over that of a whole one.
//
// # Use
//
//	harness.Benchmark{
//		Name:  "queue/throughput",
//		About: "What is measured, how, and what is not.",
//		Metrics: []harness.Metric{{Name: "jobs", Unit: "jobs/s", Better: harness.Higher, Means: "…"}},
//		Contenders: []harness.Contender{
//			{Name: "ours, 1 store", Round: func(ctx context.Context, r harness.Round) (harness.Values, error) {
//				… measure for r.Duration …
//				return harness.Values{"jobs": n / seconds}, nil
//			}},
//		},
//		Targets: []harness.Target{{Contender: "ours, 10,000 stores", Metric: "jobs", Op: harness.AtLeast, Bound: 0.8, Of: "ours, 1 store"}},
//	}
//
// Packages of benchmarks have a func Benchmarks() []harness.Benchmark; the command lists them.
// Servers come from internal/testenv (StartRedis, StartPostgres); start them in Setup or in a
// Round, and stop them there.
package harness
