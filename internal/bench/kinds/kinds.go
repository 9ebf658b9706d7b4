// Package kinds compares runs of stock and of prices with the loop that one writes first: a request
// for each SKU.
package kinds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"sluice/internal/bench/harness"
	"sluice/internal/bench/stage"
	"sluice/internal/testenv"
)

const (
	every = 100 // one of so many rows changes in the last scenario

	quota  = 150 // requests a window, of the Standard plan
	window = 30 * time.Second
)

// The contenders.
const (
	ours = "Sluice"
	loop = "plain loop"
)

var hashes = map[string]string{ours: "sluice", loop: "loop"}

// The scenarios, in the order in which each contender runs them on its store.
const (
	firstRun  = "first run"
	unchanged = "nothing changed"
	onePer100 = "1 % changed"
)

var scenarios = []string{firstRun, unchanged, onePer100}

// job is what both contenders have to get done.
type job struct {
	name     string // of the benchmarks
	about    string
	skus, of int // SKUs, and rows of each
	store    stage.StoreTask
	kind     string
	options  map[string]any
	header   string
	row      func(sku, k int, changed bool) string
	most     map[string]float64 // requests of Sluice that a scenario may take
	// prepare readies the loop; the function it returns writes all rows of a SKU. Both count.
	prepare func(ctx context.Context, c *stage.Client) (write func(ctx context.Context, sku int, changed bool) error, err error)
}

func (j *job) rows() int { return j.skus * j.of }

// changes says whether a row has another value in the last scenario.
func (j *job) changes(sku, k int) bool { return (sku*j.of+k)%every == 0 }

// name is that of the nth SKU, from 0, as sandbox.SeedProducts makes them.
func name(sku int) string { return fmt.Sprintf("SEED-%06d", sku+1) }

// Benchmarks has one of each job and scenario.
func Benchmarks() []harness.Benchmark {
	var list []harness.Benchmark
	for _, j := range jobs() {
		together := &harness.Together[part]{Run: func(ctx context.Context, _ int) (map[part]harness.Values, error) { return j.round(ctx) }}
		for _, s := range scenarios {
			list = append(list, j.benchmark(together, s))
		}
	}
	return list
}

// part is one contender's part of one scenario.
type part struct{ contender, scenario string }

const about = ` One after another, each contender on a store of its own and both at the same time: a first run, the same feed again, the feed with another
value in one row of %d. Sluice is the app, a process with PostgreSQL and Redis, which fetches a CSV feed and maps it by the mapping that it suggests.
The sandbox refuses nothing for the quota here and answers without latency: the requests are counted, and the last metric says how long so many take
at the Standard plan's %d requests in %s. One round: the requests are the same in each, and the time is the database's for the most part.`

func (j *job) benchmark(together *harness.Together[part], scenario string) harness.Benchmark {
	b := harness.Benchmark{
		Name: j.name + "/" + scenario, About: j.about + fmt.Sprintf(about, every, quota, window), Timeout: 30 * time.Minute, Rounds: 1,
		Metrics: []harness.Metric{
			{Name: "requests", Better: harness.Lower, Means: "that the sandbox got from the scenario's start to its end"},
			{Name: "time", Unit: "s", Better: harness.Lower, Means: "from the scenario's start until everything is written (Sluice: until its run is done), with no quota to wait for"},
			{Name: "at the quota", Unit: "s", Better: harness.Lower, Means: "the windows of 30 s that so many requests fill, at 150 each"},
		},
		Targets: []harness.Target{{Contender: ours, Metric: "requests", Op: harness.AtMost, Bound: j.most[scenario]}},
	}
	for _, c := range []string{ours, loop} {
		b.Contenders = append(b.Contenders, harness.Contender{Name: c, Round: together.Part(part{c, scenario})})
	}
	return b
}

// feed writes the feed as CSV.
func (j *job) feed(to io.Writer, changed bool) error {
	if _, err := fmt.Fprintln(to, j.header); err != nil {
		return err
	}
	for sku := range j.skus {
		for k := range j.of {
			if _, err := fmt.Fprintf(to, "%s,%s\n", name(sku), j.row(sku, k, changed && j.changes(sku, k))); err != nil {
				return err
			}
		}
	}
	return nil
}

// runner runs a scenario on its store and checks what came of it.
type runner func(ctx context.Context, scenario string) error

// round runs both contenders at the same time.
func (j *job) round(ctx context.Context) (result map[part]harness.Values, err error) {
	task := stage.SandboxTask{Window: window}
	for _, h := range hashes {
		spec := j.store
		spec.Hash, spec.Plan, spec.Products = h, "enterprise", j.skus
		task.Stores = append(task.Stores, spec)
	}
	server, err := stage.Start(ctx, stage.SandboxWorker, task)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	var info stage.SandboxInfo
	if err := server.Hear(&info); err != nil {
		return nil, err
	}
	app, stop, err := j.startApp(ctx, info)
	if err != nil {
		return nil, err
	}
	defer stop()
	result = map[part]harness.Values{}
	var group sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for contender, run := range map[string]runner{ours: app, loop: j.loop(stage.NewClient(info, hashes[loop]))} {
		group.Go(func() {
			for _, s := range scenarios {
				v, err := measure(ctx, info.URL, hashes[contender], func() error { return run(ctx, s) })
				mu.Lock()
				if err != nil {
					errs = append(errs, fmt.Errorf("%s, %s: %w", contender, s, err))
				} else {
					result[part{contender, s}] = v
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return result, nil
}

// loop writes every SKU, whatever the store has: it remembers nothing but what prepare found.
func (j *job) loop(c *stage.Client) runner {
	var write func(ctx context.Context, sku int, changed bool) error
	return func(ctx context.Context, scenario string) (err error) {
		if write == nil {
			if write, err = j.prepare(ctx, c); err != nil {
				return err
			}
		}
		for sku := range j.skus {
			if err := write(ctx, sku, scenario == onePer100); err != nil {
				return err
			}
		}
		return nil
	}
}

// startApp starts the app with its servers and a feed, and returns what runs a scenario with it.
func (j *job) startApp(ctx context.Context, info stage.SandboxInfo) (run runner, stop func(), err error) {
	var stops []func()
	stop = func() {
		for i := len(stops) - 1; i >= 0; i-- {
			stops[i]()
		}
	}
	defer func() {
		if err != nil {
			stop()
		}
	}()
	databaseURL, stopPostgres, err := testenv.StartPostgres("autovacuum_naptime=5s")
	if err != nil {
		return nil, nil, err
	}
	stops = append(stops, stopPostgres)
	redisURL, stopRedis, err := testenv.StartRedis()
	if err != nil {
		return nil, nil, err
	}
	stops = append(stops, stopRedis)
	var changed atomic.Bool
	feed, stopFeed, err := stage.ServeFeed(ctx, func(w io.Writer) error { return j.feed(w, changed.Load()) })
	if err != nil {
		return nil, nil, err
	}
	stops = append(stops, stopFeed)
	store := hashes[ours]
	before, err := stage.Requests(ctx, info.URL, store, 0)
	if err != nil {
		return nil, nil, err
	}
	app, err := stage.StartApp(ctx, databaseURL, redisURL, info.URL, store, info.Stores[store].Token)
	if err != nil {
		return nil, nil, err
	}
	stops = append(stops, app.Stop)
	flow, err := app.Flow(ctx, j.kind, feed, j.options)
	if err != nil {
		return nil, nil, err
	}
	if err := stage.Settled(ctx, info.URL, store, before.Total); err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context, scenario string) error {
		changed.Store(scenario == onePer100)
		r, err := app.Sync(ctx, flow, func() {})
		if err != nil {
			return err
		}
		return j.check(r, scenario)
	}, stop, nil
}

// check says whether a run did what the scenario is about.
func (j *job) check(r stage.Run, scenario string) error {
	rows := int64(j.rows())
	updated := map[string]int64{firstRun: rows, unchanged: 0, onePer100: rows / every}[scenario]
	want := stage.Run{ID: r.ID, State: "done", Read: rows, Updated: updated, Unchanged: rows - updated, Requests: r.Requests, Throttled: r.Throttled}
	if r != want {
		return fmt.Errorf("the run was not as expected: %+v", r)
	}
	return nil
}

// measure runs something on a store and reads what the sandbox counted meanwhile.
func measure(ctx context.Context, url, store string, run func() error) (harness.Values, error) {
	mark, err := stage.Requests(ctx, url, store, 0)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := run(); err != nil {
		return nil, err
	}
	took := time.Since(began)
	counted, err := stage.Requests(ctx, url, store, mark.Mark)
	if err != nil {
		return nil, err
	}
	return harness.Values{"requests": float64(counted.Total), "time": took.Seconds(), "at the quota": atQuota(counted.Total).Seconds()}, nil
}

// atQuota is how long requests take that the quota alone holds up.
func atQuota(requests int) time.Duration {
	return time.Duration(math.Ceil(float64(requests)/quota)) * window
}
