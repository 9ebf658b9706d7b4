// Package mainjob compares the app with the loop that one writes first (look up each product by its
// SKU, then write it) and with the smallest number of requests that BigCommerce's API allows, on
// 10,000 products at the Standard plan's quota.
package mainjob

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sluice/internal/bench/harness"
	"sluice/internal/bench/stage"
)

const (
	products = 10_000
	every    = 100                    // one of so many changes in the last scenario
	batch    = 10                     // products that one PUT /v3/catalog/products may update
	window   = 500 * time.Millisecond // BigCommerce's is realWindow; the quota of a window is the same
	plan     = "standard"             // 150 requests a window

	realWindow = 30 * time.Second
)

// The contenders.
const (
	ours     = "Sluice"
	loop     = "plain loop"
	smallest = "smallest possible"
)

var hashes = map[string]string{ours: "sluice", loop: "loop", smallest: "smallest"}

// The scenarios, in the order in which each contender runs them on its store.
const (
	firstRun  = "first run"
	unchanged = "nothing changed"
	onePer100 = "1 % changed"
)

var scenarios = []string{firstRun, unchanged, onePer100}

// least returns the fewest requests that get so many products created and so many updated. A create
// is a request of its own (POST /v3/catalog/products takes one product); an update shares one with
// nine others (PUT takes ten and answers 413 to more). It takes for granted to know what the store
// has and what changed, so no request reads.
func least(creates, updates int) int {
	return creates + (updates+batch-1)/batch
}

// part is one contender's part of one scenario.
type part struct{ contender, scenario string }

// Benchmarks has one of each scenario.
func Benchmarks() []harness.Benchmark {
	together := &harness.Together[part]{Run: round}
	list := make([]harness.Benchmark, 0, len(scenarios))
	for _, s := range scenarios {
		list = append(list, benchmark(together, s))
	}
	return list
}

const about = `One after another, each contender on a store of its own and all of them at the same time: a first run of %d products into an
empty store; the same feed again; the feed with another price for one product in %d. Quota of the Standard plan, 150 requests a window,
in windows of %s instead of %s, and answers without latency, so that a round takes minutes instead of hours: who waits for the quota
takes as many windows at BigCommerce, which the last metric turns into minutes. A window so short also asks for 300 requests a second of each:
where this machine does not get that far, there are more windows than the quota makes (67 for 10,000 requests). Sluice is the app, a process with PostgreSQL and Redis,
which fetches a CSV feed of five columns (sku, name, type, weight, price). The plain loop looks each product up by its SKU, writes it
(POST or PUT of one), and after a 429 waits for the window's end. The smallest possible knows what the store has and what changed, sends nothing
but writes and waits when the quota is used up: %d creates, as POST /v3/catalog/products takes one product; nothing if nothing changed;
%d updates in %d requests, as PUT /v3/catalog/products takes %d.`

var notes = map[string]string{
	unchanged: " That Sluice sends nothing rests on what it remembers of each record: it does not see what somebody changed in the store meanwhile.",
	onePer100: " Sluice compares with what it remembers of each product from its last write, categories and brands too, so that no request reads. What " +
		"others changed meanwhile shows in the answers to the writes, and costs a second write of the products concerned; here there is none.",
}

func benchmark(together *harness.Together[part], scenario string) harness.Benchmark {
	b := harness.Benchmark{
		Name:  "mainjob/" + scenario,
		About: fmt.Sprintf(about, products, every, window, realWindow, least(products, 0), products/every, least(0, products/every), batch) + notes[scenario],
		Metrics: []harness.Metric{
			{Name: "requests", Better: harness.Lower, Means: "that the sandbox got from the scenario's start to its end, the refused ones included"},
			{Name: "429s", Better: harness.Lower, Means: "of these, refused because the quota was used up"},
			{Name: "time", Unit: "s", Better: harness.Lower, Means: "from the scenario's start until everything is written (Sluice: until its run is done)"},
			{Name: "windows", Better: harness.Lower, Means: "quota windows in which there was a request"},
			{Name: "at 30 s windows", Unit: "min", Better: harness.Lower, Means: "these windows at 30 s each"},
		},
		Timeout: 20 * time.Minute,
	}
	for _, c := range []string{ours, loop, smallest} {
		b.Contenders = append(b.Contenders, harness.Contender{Name: c, Round: together.Part(part{c, scenario})})
	}
	target := harness.Target{Contender: ours, Metric: "requests", Op: harness.AtMost, Bound: 1.05, Of: smallest}
	if scenario == unchanged { // of nothing there is no multiple
		target = harness.Target{Contender: ours, Metric: "requests", Op: harness.AtMost, Bound: 0}
	}
	b.Targets = []harness.Target{target}
	return b
}

// runner runs a scenario on its store and checks what came of it.
type runner func(ctx context.Context, scenario string) error

// round runs all contenders at the same time.
func round(ctx context.Context, _ int) (result map[part]harness.Values, err error) {
	task := stage.SandboxTask{Window: window}
	for _, h := range hashes {
		task.Stores = append(task.Stores, stage.StoreTask{Hash: h, Plan: plan})
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
	app, stop, err := startApp(ctx, info.URL, hashes[ours], info.Stores[hashes[ours]].Token)
	if err != nil {
		return nil, err
	}
	defer stop()
	runners := map[string]runner{
		ours:     app,
		loop:     newClient(info, hashes[loop]).loop,
		smallest: newSmallest(newClient(info, hashes[smallest])).run,
	}
	result = map[part]harness.Values{}
	var group sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for contender, run := range runners {
		group.Go(func() {
			for _, s := range scenarios {
				v, err := measure(ctx, info.URL, hashes[contender], func(ctx context.Context) error { return run(ctx, s) })
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

// measure runs something on a store and reads what the sandbox counted meanwhile.
func measure(ctx context.Context, url, store string, run func(context.Context) error) (harness.Values, error) {
	mark, err := stage.Requests(ctx, url, store, 0)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := run(ctx); err != nil {
		return nil, err
	}
	took := time.Since(began)
	counted, err := stage.Requests(ctx, url, store, mark.Mark)
	if err != nil {
		return nil, err
	}
	if err := stage.Wait(ctx, window); err != nil { // until the last window has ended, and so that the next scenario begins in another
		return nil, err
	}
	ended, err := stage.Windows(ctx, url, store)
	if err != nil {
		return nil, err
	}
	windows := 0
	for _, w := range ended {
		if w.Start.After(began.Add(-window)) {
			windows++
		}
	}
	have, err := stage.Products(ctx, url)
	if err != nil {
		return nil, err
	}
	if have[store] != products {
		return nil, fmt.Errorf("the store has %d products", have[store])
	}
	return harness.Values{
		"requests": float64(counted.Total), "429s": float64(counted.Throttled), "time": took.Seconds(),
		"windows": float64(windows), "at 30 s windows": (time.Duration(windows) * realWindow).Minutes(),
	}, nil
}
