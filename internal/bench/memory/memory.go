// Package memory watches how much memory the app holds while it syncs a feed of a million rows.
package memory

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"sluice/internal/bench/harness"
	"sluice/internal/bench/stage"
	"sluice/internal/testenv"
)

const (
	store = "million"
	rows  = 1_000_000
	fresh = 500 // rows of products that the store does not have
	every = 100 // one of so many products has another price in the feed
)

// Benchmarks has the one benchmark.
func Benchmarks() []harness.Benchmark {
	about := fmt.Sprintf(`The app, a process of its own with a real PostgreSQL and Redis, syncs a feed of %d rows into a store (a sandbox in a process
of its own, Enterprise quota) that has all but %d of the products, one of %d with another price: the feed is fetched, mapped, matched with
the whole catalogue (a request for 250 products), compared and written. One run, because it takes many minutes: the time is PostgreSQL's for the most part, which keeps
a record and a line of the work list for each row. It looks for tables to look at anew every 5 s here, not every minute, because the database is
new: until its statistics know of the first rows, the queries of a first run are planned as for empty tables. VmRSS of the app is
read four times a second from the run's start to its end.`, rows, fresh, every)
	return []harness.Benchmark{{
		Name: "memory/a million rows", About: about, Timeout: 40 * time.Minute, Rounds: 1,
		Metrics: []harness.Metric{
			{Name: "most resident", Unit: "MB", Better: harness.Lower, Means: "the largest VmRSS that was seen, in 10⁶ bytes"},
			{Name: "median resident", Unit: "MB", Better: harness.Neither, Means: "the median of VmRSS"},
			{Name: "growth", Unit: "MB", Better: harness.Lower, Means: "the median of the last third of the run less that of its first third: about nothing if memory is flat"},
			{Name: "time", Unit: "min", Better: harness.Lower, Means: "from the run's start to its end"},
		},
		Contenders: []harness.Contender{{Name: "ours", Round: round}},
		Targets: []harness.Target{
			{Contender: "ours", Metric: "most resident", Op: harness.AtMost, Bound: 200},
			{Contender: "ours", Metric: "growth", Op: harness.AtMost, Bound: 10},
		},
	}}
}

func round(ctx context.Context, _ harness.Round) (harness.Values, error) {
	databaseURL, stopPostgres, err := testenv.StartPostgres("autovacuum_naptime=5s")
	if err != nil {
		return nil, err
	}
	defer stopPostgres()
	redisURL, stopRedis, err := testenv.StartRedis()
	if err != nil {
		return nil, err
	}
	defer stopRedis()
	sandbox, err := stage.Start(ctx, stage.SandboxWorker, stage.SandboxTask{
		Window: 30 * time.Second, Stores: []stage.StoreTask{{Hash: store, Plan: "enterprise", Products: rows - fresh}},
	})
	if err != nil {
		return nil, err
	}
	defer func() { _ = sandbox.Stop() }() // the figures are the app's
	var info stage.SandboxInfo
	if err := sandbox.Hear(&info); err != nil {
		return nil, err
	}
	url, stopFeed, err := stage.ServeFeed(ctx, func(w io.Writer) error { return write(w, rows-fresh, fresh) })
	if err != nil {
		return nil, err
	}
	defer stopFeed()
	app, err := stage.StartApp(ctx, databaseURL, redisURL, info.URL, store, info.Stores[store].Token)
	if err != nil {
		return nil, err
	}
	defer app.Stop()
	flow, err := app.Flow(ctx, "products", url, nil)
	if err != nil {
		return nil, err
	}
	var seen []float64
	began := time.Now()
	run, err := app.Sync(ctx, flow, func() {
		if mb, err := resident(app.PID()); err == nil { // none: the process ended, and Sync tells
			seen = append(seen, mb)
		}
	})
	if err != nil {
		return nil, err
	}
	took := time.Since(began)
	changed := int64((rows - fresh) / every)
	if run.Read != rows || run.Created != fresh || run.Updated != changed || run.Unchanged != rows-fresh-changed || run.Failed != 0 {
		return nil, fmt.Errorf("the run was not as expected: %+v", run)
	}
	return harness.Values{
		"most resident": harness.Percentile(seen, 1), "median resident": harness.Median(seen), "growth": growth(seen), "time": took.Minutes(),
	}, nil
}

// growth is by how much the median of the last third lies above that of the first third.
func growth(seen []float64) float64 {
	third := len(seen) / 3
	return harness.Median(seen[len(seen)-third:]) - harness.Median(seen[:third])
}

// resident is a process's VmRSS in MB.
func resident(pid int) (float64, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	var kb float64
	_, err = fmt.Sscan(rest, &kb)
	return kb * 1024 / 1e6, err
}

// write writes a feed: the first products that sandbox.SeedProducts makes, some with another price,
// and new ones.
func write(to io.Writer, known, fresh int) error {
	out := bufio.NewWriter(to)
	_, _ = fmt.Fprintln(out, "sku,name,type,weight,price") // Flush tells of an error
	for i := 1; i <= known; i++ {
		price := i % 1000
		if i%every == 0 {
			price++
		}
		_, _ = fmt.Fprintf(out, "SEED-%06d,Seeded product %06d,physical,1,%d.5\n", i, i, price)
	}
	for i := 1; i <= fresh; i++ {
		_, _ = fmt.Fprintf(out, "NEW-%06d,New product %06d,physical,1,9.5\n", i, i)
	}
	return out.Flush()
}
