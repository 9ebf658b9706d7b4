package queue

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"sluice/internal/bench/harness"
)

// job is how long each job takes in queue/small store: about what a request to BigCommerce takes at
// its quickest.
const job = 5 * time.Millisecond

// The two stores.
const (
	large = "store0"
	small = "store1"
)

func smallStore() harness.Benchmark {
	const capped, rows = "Sluice, queue alone", "Sluice"
	return harness.Benchmark{
		Name: "queue/small store",
		About: "A store has a million jobs, and another has one at a time, after a random gap of up to 20 ms. 32 workers. Sluice has the million as rows in " +
			"PostgreSQL (fsync on) and pages them into Redis as there is room (10,000 at once); the large store's jobs are " + forget + ", done as fast as it goes, " +
			"and the small one's time runs until its job is done, its end committed. As that takes longer, a round of it is five times as long: a 99th percentile " +
			"of less than some hundred jobs would be the slowest one. " +
			"The others, and Sluice's queue alone, have 10,000 of the large store waiting at any time, each of 5 ms, and what is done is replaced; the time runs until " +
			"the small store's job begins. With a million in one queue of asynq the small store would wait a hundred times longer than with those.",
		Metrics: []harness.Metric{
			{Name: "p50", Unit: "ms", Better: harness.Lower, Means: "of the small store's job: from before the enqueue, median"},
			{Name: "p99", Unit: "ms", Better: harness.Lower, Means: "the same, 99th percentile"},
			{Name: "slowest", Unit: "ms", Better: harness.Lower, Means: "the same, of a round's slowest job"},
			{Name: "samples", Better: harness.Neither, Means: "the small store's jobs that were measured"},
			{Name: "large", Unit: "jobs/s", Better: harness.Neither, Means: "the large store's jobs meanwhile"},
		},
		Contenders: []harness.Contender{
			{Name: rows, Round: millionRound, About: "As it comes: rows in SQL, and of a store at most 4 jobs run at once."},
			{Name: capped, Round: smallRound(newCapped), About: "Of a store at most 4 jobs run at once."},
			{Name: "Sluice, queue alone without the cap", Round: smallRound(newSluice), About: "The large store may have all workers."},
			{Name: "asynq", Round: smallRound(newAsynq), About: "A queue for each store."},
			{Name: "asynq tuned", Round: smallRound(newTuned), About: "A queue for each store, each with workers of its own."},
			{Name: "asynq, all in one queue", Round: smallRound(newSingle)},
		},
		Targets: []harness.Target{
			{Contender: rows, Metric: "p99", Op: harness.AtMost, Bound: 50},
			{Contender: capped, Metric: "p99", Op: harness.AtMost, Bound: 50},
		},
		Setup: setupMillion,
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
		v, err := smallStoreWaits(ctx, r, begun, &done, func() error { return s.enqueue(ctx, small, id.Add(1)) })
		if err, ok := failed.Load().(error); ok {
			return nil, err
		}
		return v, err
	}
}

// smallStoreWaits asks for one job of the small store after another; begun tells when each has its
// turn, and done counts the large store's.
func smallStoreWaits(ctx context.Context, r harness.Round, begun <-chan time.Time, done *atomic.Int64, ask func() error) (harness.Values, error) {
	var waits []float64
	start, before := time.Now(), done.Load()
	for len(waits) == 0 || time.Since(start) < r.Duration {
		if err := pause(ctx, rand.N(20*time.Millisecond)); err != nil {
			return nil, err
		}
		asked := time.Now()
		if err := ask(); err != nil {
			return nil, err
		}
		select {
		case at := <-begun:
			waits = append(waits, harness.Millis(at.Sub(asked)))
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return harness.Values{
		"p50": harness.Percentile(waits, 0.5), "p99": harness.Percentile(waits, 0.99), "slowest": slices.Max(waits), "samples": float64(len(waits)),
		"large": float64(done.Load()-before) / time.Since(start).Seconds(),
	}, nil
}
