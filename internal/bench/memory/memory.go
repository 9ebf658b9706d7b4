// Package memory watches how much memory the app holds while it syncs a feed of a million rows.
package memory

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
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
of its own, Enterprise quota) that has all but %d of the products, one of %d with another price: it is fetched, mapped, matched with the
whole catalogue and compared. Then the same feed again, when every record is known. VmRSS of the app is read four times a second from the
first run's start to the end.`, rows, fresh, every)
	return []harness.Benchmark{{
		Name: "memory/a million rows", About: about, Timeout: time.Hour, Rounds: 1,
		Metrics: []harness.Metric{
			{Name: "most resident", Unit: "MB", Better: harness.Lower, Means: "the largest VmRSS that was seen, in 10⁶ bytes"},
			{Name: "median resident", Unit: "MB", Better: harness.Neither, Means: "the median of VmRSS"},
			{Name: "growth", Unit: "MB", Better: harness.Lower, Means: "the median of the last third of the first run less that of its first third: about nothing if memory is flat"},
			{Name: "first run", Unit: "s", Better: harness.Lower, Means: "from its start to its end"},
			{Name: "second run", Unit: "s", Better: harness.Lower, Means: "the same, with nothing changed"},
		},
		Contenders: []harness.Contender{{Name: "ours", Round: round}},
		Targets: []harness.Target{
			{Contender: "ours", Metric: "most resident", Op: harness.AtMost, Bound: 200},
			{Contender: "ours", Metric: "growth", Op: harness.AtMost, Bound: 10},
		},
	}}
}

func round(ctx context.Context, _ harness.Round) (harness.Values, error) {
	databaseURL, stopPostgres, err := testenv.StartPostgres()
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
	url, stopFeed, err := serveFeed()
	if err != nil {
		return nil, err
	}
	defer stopFeed()
	app, err := stage.StartApp(ctx, databaseURL, redisURL, info.URL, store, info.Stores[store].Token)
	if err != nil {
		return nil, err
	}
	defer app.Stop()
	flow, err := app.Flow(ctx, url)
	if err != nil {
		return nil, err
	}
	var seen []float64
	sample := func() {
		if mb, err := resident(app.PID()); err == nil {
			seen = append(seen, mb)
		}
	}
	took := [2]float64{}
	var first []float64
	for i := range took {
		began := time.Now()
		run, err := app.Sync(ctx, flow, sample)
		if err != nil {
			return nil, err
		}
		took[i] = time.Since(began).Seconds()
		if i == 0 {
			first = seen[:len(seen):len(seen)]
		}
		want := [2]int64{rows - fresh - (rows-fresh)/every, rows}[i]
		if run.Read != rows || run.Failed != 0 || run.Unchanged != want {
			return nil, fmt.Errorf("run %d is not what it should be: %+v", i+1, run)
		}
	}
	third := len(first) / 3
	return harness.Values{
		"most resident": harness.Percentile(seen, 1), "median resident": harness.Median(seen),
		"growth":    harness.Median(first[len(first)-third:]) - harness.Median(first[:third]),
		"first run": took[0], "second run": took[1],
	}, nil
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

// serveFeed serves the rows: the products that sandbox.SeedProducts makes, some prices changed, and the new ones.
func serveFeed() (url string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		out := bufio.NewWriter(w)
		fmt.Fprintln(out, "sku,name,type,weight,price")
		for i := 1; i <= rows-fresh; i++ {
			price := i % 1000
			if i%every == 0 {
				price++
			}
			fmt.Fprintf(out, "SEED-%06d,Seeded product %06d,physical,1,%d.5\n", i, i, price)
		}
		for i := 1; i <= fresh; i++ {
			fmt.Fprintf(out, "NEW-%06d,New product %06d,physical,1,9.5\n", i, i)
		}
		_ = out.Flush() // the app went away: the run tells
	})}
	go func() { _ = server.Serve(l) }() // until it is closed
	return "http://" + l.Addr().String() + "/feed.csv", func() { _ = server.Close() }, nil
}
