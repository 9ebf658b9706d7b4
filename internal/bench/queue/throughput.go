package queue

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"sluice/internal/bench/harness"
)

var stores = []int{1, 1000, 10_000}

func contenders(round func(make maker, stores int) func(context.Context, harness.Round) (harness.Values, error), single bool) []harness.Contender {
	var list []harness.Contender
	for _, n := range stores {
		list = append(list,
			harness.Contender{Name: label("Sluice", n), Round: round(newSluice, n)},
			harness.Contender{Name: label("asynq", n), Round: round(newAsynq, n)},
			harness.Contender{Name: label("asynq tuned", n), Round: round(newTuned, n)})
	}
	list[1].About = "A queue for each store, as fairness between stores needs; asynq's defaults but for the number of workers."
	list[2].About = "The stores split over eight servers, looking for tasks every 5 ms, with upkeep of the queues once a minute or an hour."
	if single {
		list = append(list, harness.Contender{Name: "asynq, all in one queue", Round: round(newSingle, 1),
			About: "For reference: asynq at its fastest. One store's backlog would hold up all others."})
	}
	return list
}

func throughput() harness.Benchmark {
	most := label("Sluice", 10_000)
	return harness.Benchmark{
		Name: "queue/throughput",
		About: "10,000 jobs wait, spread evenly over the stores; for each job that is handled one of 64 producers, goroutines beside the 32 workers as " +
			"the app's web side is, enqueues another for the same store. A job is so one enqueue, one claim and one acknowledgement; handlers do nothing; payload 200 bytes. " +
			"Redis without AOF. Sluice's rows in SQL are not part of it.",
		Metrics: []harness.Metric{
			{Name: "jobs", Unit: "jobs/s", Better: harness.Higher, Means: "jobs handled a second"},
			{Name: "redis time", Unit: "µs/job", Better: harness.Lower, Means: "processor time of Redis' main thread for a job"},
			{Name: "round trips", Unit: "per job", Better: harness.Lower, Means: "calls of Redis for a job, polling and upkeep included"},
		},
		Contenders: contenders(throughputRound, true),
		Targets: []harness.Target{
			{Contender: most, Metric: "jobs", Op: harness.AtLeast, Bound: 0.8, Of: label("Sluice", 1)},
			{Contender: most, Metric: "jobs", Op: harness.AtLeast, Bound: 10, Of: label("asynq", 10_000)},
			{Contender: most, Metric: "jobs", Op: harness.AtLeast, Bound: 10, Of: label("asynq tuned", 10_000)},
		},
		Setup: setup,
	}
}

func throughputRound(build maker, n int) func(context.Context, harness.Round) (harness.Values, error) {
	return func(ctx context.Context, r harness.Round) (v harness.Values, err error) {
		rdb, count, err := connect(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { _ = rdb.Close() }()
		list := names(n)
		s, err := build(ctx, rdb, list)
		if err != nil {
			return nil, err
		}
		if c, ok := s.(io.Closer); ok {
			defer func() { err = errors.Join(err, c.Close()) }()
		}
		var id, done atomic.Int64
		if err := each(backlog, func(i int) error { return s.enqueue(ctx, list[i%n], id.Add(1)) }); err != nil {
			return nil, err
		}
		failed := new(atomic.Value)
		handled := make(chan string, backlog+producers) // room for all jobs there are: no handler waits
		finish := produce(ctx, s, handled, &id, failed)
		stop, err := s.serve(ctx, func(store string, _ int64) {
			handled <- store
			done.Add(1)
		})
		if err != nil {
			finish()
			return nil, err
		}
		defer finish() // after the workers have stopped
		defer stop()
		if err := pause(ctx, 200*time.Millisecond); err != nil { // connections are open and scripts loaded
			return nil, err
		}
		cpu, err1 := processor(ctx, rdb)
		start, jobs, calls := time.Now(), done.Load(), count.n.Load()
		err2 := pause(ctx, r.Duration)
		jobs, calls = done.Load()-jobs, count.n.Load()-calls
		took := time.Since(start)
		after, err3 := processor(ctx, rdb)
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, err
		}
		if err, ok := failed.Load().(error); ok {
			return nil, err
		}
		v = harness.Values{"jobs": float64(jobs) / took.Seconds()}
		if jobs > 0 {
			v["redis time"] = (after - cpu) * 1e6 / float64(jobs)
			v["round trips"] = float64(calls) / float64(jobs)
		}
		return v, nil
	}
}

// produce starts the producers, which enqueue a job for each store that handled tells. finish has
// them end; nobody may tell them more then.
func produce(ctx context.Context, s system, handled chan string, id *atomic.Int64, failed *atomic.Value) (finish func()) {
	ctx = context.WithoutCancel(ctx)
	var group sync.WaitGroup
	ended := make(chan struct{})
	for range producers {
		group.Go(func() {
			for {
				select {
				case <-ended:
					return
				case store := <-handled:
					if err := s.enqueue(ctx, store, id.Add(1)); err != nil {
						failed.Store(err)
					}
				}
			}
		})
	}
	return func() { close(ended); group.Wait() }
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func pickup() harness.Benchmark {
	b := harness.Benchmark{
		Name: "queue/pickup",
		About: "Nothing waits. One job is enqueued for a store chosen at random, and when it has begun the next one follows, after a random gap of up to 20 ms. " +
			"How many were measured stands beside it: the slow ones have few, and their p99 is then the slowest.",
		Metrics: []harness.Metric{
			{Name: "p50", Unit: "ms", Better: harness.Lower, Means: "from before the enqueue until the handler began, median"},
			{Name: "p99", Unit: "ms", Better: harness.Lower, Means: "the same, 99th percentile"},
			{Name: "samples", Better: harness.Neither, Means: "jobs measured in a round"},
		},
		Contenders: contenders(pickupRound, false),
		Setup:      setup,
	}
	for _, n := range stores {
		b.Targets = append(b.Targets, harness.Target{Contender: label("Sluice", n), Metric: "p99", Op: harness.AtMost, Bound: 20})
	}
	return b
}

func pickupRound(make maker, n int) func(context.Context, harness.Round) (harness.Values, error) {
	return func(ctx context.Context, r harness.Round) (harness.Values, error) {
		rdb, _, err := connect(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { _ = rdb.Close() }()
		list := names(n)
		s, err := make(ctx, rdb, list)
		if err != nil {
			return nil, err
		}
		begun := newSignal()
		stop, err := s.serve(ctx, func(string, int64) { begun <- time.Now() })
		if err != nil {
			return nil, err
		}
		defer stop()
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return nil, err
		}
		var waits []float64
		for id, end := int64(1), time.Now().Add(r.Duration); len(waits) < 3 || time.Now().Before(end); id++ {
			if err := pause(ctx, rand.N(20*time.Millisecond)); err != nil {
				return nil, err
			}
			start := time.Now()
			if err := s.enqueue(ctx, list[rand.N(n)], id); err != nil {
				return nil, err
			}
			select {
			case at := <-begun:
				waits = append(waits, harness.Millis(at.Sub(start)))
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		return harness.Values{"p50": harness.Percentile(waits, 0.5), "p99": harness.Percentile(waits, 0.99), "samples": float64(len(waits))}, nil
	}
}

func newSignal() chan time.Time { return make(chan time.Time, workers) }

func idle() harness.Benchmark {
	return harness.Benchmark{
		Name: "queue/idle-store",
		About: "10,000 stores have each had a job and (with Sluice) a request and its answer, and now have nothing to do; Sluice's quota history of the minute has gone to SQL, as it does every 15 seconds. " +
			"What Redis keeps is how much its used_memory grows by these, divided by their number, after 1,000 others did the same " +
			"(so that connections and loaded scripts do not count); shared keys are included.",
		Metrics: []harness.Metric{{Name: "memory", Unit: "bytes/store", Better: harness.Lower, Means: "what Redis keeps of an idle store"}},
		Contenders: []harness.Contender{
			{Name: "Sluice", Round: idleRound(newSluice)},
			{Name: "asynq", Round: idleRound(newTuned), About: "Its counters of processed tasks and the queue's name."},
		},
		Targets: []harness.Target{{Contender: "Sluice", Metric: "memory", Op: harness.AtMost, Bound: 400}},
		Setup:   setup,
	}
}

func idleRound(make maker) func(context.Context, harness.Round) (harness.Values, error) {
	return func(ctx context.Context, _ harness.Round) (harness.Values, error) {
		const first, n = 1000, 10_000
		rdb, _, err := connect(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { _ = rdb.Close() }()
		list := names(first + n)
		if err := workOff(ctx, rdb, make, list[:first]); err != nil {
			return nil, err
		}
		before, err1 := info(ctx, rdb, "memory", "used_memory")
		err2 := workOff(ctx, rdb, make, list[first:])
		after, err3 := info(ctx, rdb, "memory", "used_memory")
		return harness.Values{"memory": (after - before) / n}, errors.Join(err1, err2, err3)
	}
}

// workOff gives each store a job and waits until all are done and forgotten.
func workOff(ctx context.Context, rdb redis.UniversalClient, make maker, list []string) error {
	s, err := make(ctx, rdb, list)
	if err != nil {
		return err
	}
	if err := each(len(list), func(i int) error { return s.enqueue(ctx, list[i], rand.Int64()) }); err != nil {
		return err
	}
	var done atomic.Int64
	all := newSignal()
	stop, err := s.serve(ctx, func(string, int64) {
		if done.Add(1) == int64(len(list)) {
			all <- time.Now()
		}
	})
	if err != nil {
		return err
	}
	select {
	case <-all:
	case <-ctx.Done():
	}
	stop() // the last ones are acknowledged
	if f, ok := s.(*sluice); ok && ctx.Err() == nil {
		return f.settle(ctx, rdb)
	}
	return ctx.Err()
}
