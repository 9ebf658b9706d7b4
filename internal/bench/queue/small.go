package queue

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"sluice/internal/bench/harness"
)

// job is how long each job takes in queue/small store: about what a request to BigCommerce takes at its quickest.
const job = 5 * time.Millisecond

// The two stores.
const (
	large = "store0"
	small = "store1"
)

func smallStore() harness.Benchmark {
	const capped = "Sluice"
	return harness.Benchmark{
		Name: "queue/small store",
		About: "One store has jobs without end, each of 5 ms: 10,000 wait in the queue at any time, and what is done is replaced. That is what a store with a " +
			"million jobs is to Sluice's queue: of a store's rows no more than 10,000 are in Redis at once (jobs.Config.MaxQueued); the rest wait in SQL, whose " +
			"part is not measured here. Another store has one job at a time, after a random gap of up to 20 ms. 8 workers. asynq has the same 10,000; with a " +
			"million in one queue the small store would wait a hundred times longer.",
		Metrics: []harness.Metric{
			{Name: "p50", Unit: "ms", Better: harness.Lower, Means: "of the small store's job: from before the enqueue until the handler began, median"},
			{Name: "p99", Unit: "ms", Better: harness.Lower, Means: "the same, 99th percentile"},
			{Name: "samples", Better: harness.Neither, Means: "the small store's jobs that were measured"},
			{Name: "large", Unit: "jobs/s", Better: harness.Neither, Means: "the large store's jobs meanwhile"},
		},
		Contenders: []harness.Contender{
			{Name: capped, Round: smallRound(newCapped), About: "As it comes: of a store at most 4 jobs run at once."},
			{Name: "Sluice, without the cap", Round: smallRound(newSluice), About: "The large store may have all workers."},
			{Name: "asynq", Round: smallRound(newAsynq), About: "A queue for each store."},
			{Name: "asynq tuned", Round: smallRound(newTuned), About: "A queue for each store, each with workers of its own."},
			{Name: "asynq, all in one queue", Round: smallRound(newSingle)},
		},
		Targets: []harness.Target{{Contender: capped, Metric: "p99", Op: harness.AtMost, Bound: 50}},
		Setup:   setup,
	}
}

func smallRound(make maker) func(context.Context, harness.Round) (harness.Values, error) {
	return func(ctx context.Context, r harness.Round) (harness.Values, error) {
		rdb, _, err := connect(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { _ = rdb.Close() }()
		s, err := make(ctx, rdb, []string{large, small})
		if err != nil {
			return nil, err
		}
		var id, done atomic.Int64
		if err := each(backlog, func(int) error { return s.enqueue(ctx, large, id.Add(1)) }); err != nil {
			return nil, err
		}
		begun, failed := newSignal(), new(atomic.Value)
		stop, err := s.serve(ctx, func(store string, _ int64) {
			if store == small {
				begun <- time.Now()
			}
			if pause(ctx, job) != nil || store == small {
				return
			}
			if err := s.enqueue(context.WithoutCancel(ctx), large, id.Add(1)); err != nil {
				failed.Store(err)
			}
			done.Add(1)
		})
		if err != nil {
			return nil, err
		}
		defer stop()
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return nil, err
		}
		var waits []float64
		start, before := time.Now(), done.Load()
		for len(waits) == 0 || time.Since(start) < r.Duration {
			if err := pause(ctx, rand.N(20*time.Millisecond)); err != nil {
				return nil, err
			}
			asked := time.Now()
			if err := s.enqueue(ctx, small, id.Add(1)); err != nil {
				return nil, err
			}
			select {
			case at := <-begun:
				waits = append(waits, harness.Millis(at.Sub(asked)))
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		if err, ok := failed.Load().(error); ok {
			return nil, err
		}
		return harness.Values{
			"p50": harness.Percentile(waits, 0.5), "p99": harness.Percentile(waits, 0.99), "samples": float64(len(waits)),
			"large": float64(done.Load()-before) / time.Since(start).Seconds(),
		}, nil
	}
}
