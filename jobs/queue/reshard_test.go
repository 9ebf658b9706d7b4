package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"sluice/internal/testenv"
)

// begun returns a queue of a process that begins now.
func begun(t *testing.T, like *Queue, shards int) *Queue {
	t.Helper()
	o := like.o
	o.Shards = shards
	q := New(like.rdb, o)
	_, err := q.layout(t.Context()) // as workers do with their first claim
	must(t, err)
	return q
}

// table is what SQL is to the queue: the jobs that are not done.
type table struct {
	mu   sync.Mutex
	jobs map[string]Job
	runs map[string]int
}

func (tb *table) load(_ context.Context, emit func(Job) error) error {
	tb.mu.Lock()
	left := maps.Clone(tb.jobs)
	tb.mu.Unlock()
	for _, j := range left {
		if err := emit(j); err != nil {
			return err
		}
	}
	return nil
}

// done notes that a job has run.
func (tb *table) done(id string) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.runs[id]++
	delete(tb.jobs, id)
}

func (tb *table) left() int {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	return len(tb.jobs)
}

// filled puts three jobs of each of 40 stores into q.
func filled(t *testing.T, q *Queue) *table {
	t.Helper()
	tb := &table{jobs: map[string]Job{}, runs: map[string]int{}}
	for i := range 40 {
		for _, j := range jobs(fmt.Sprint("store", i), 3) {
			tb.jobs[j.ID] = j
			must(t, q.Enqueue(t.Context(), j))
		}
	}
	return tb
}

// drain claims all there is; each must be in the table, and come once.
func (tb *table) drain(t *testing.T, q *Queue) {
	t.Helper()
	for tb.left() > 0 {
		l := claim(t, q)
		if _, ok := tb.jobs[l.ID]; !ok {
			t.Fatalf("%s came though it is done", l.ID)
		}
		tb.done(l.ID)
		must(t, q.Ack(t.Context(), l))
	}
	claimNothing(t, q)
	noAudit(t, q)
}

func never(t *testing.T) func(context.Context, func(Job) error) error {
	return func(context.Context, func(Job) error) error {
		t.Error("loaded by a process that may not")
		return nil
	}
}

// TestReshard moves a queue to another number of shards under the hands of a process with the old
// one.
func TestReshard(t *testing.T) {
	for _, n := range []struct{ from, to int }{{1, 4}, {4, 1}, {2, 5}, {16, 3}} {
		t.Run(fmt.Sprintf("%d to %d", n.from, n.to), func(t *testing.T) {
			each(t, Options{Shards: n.from}, func(t *testing.T, old *Queue, c *clock) {
				ctx := t.Context()
				tb := filled(t, old)
				var leases []*Lease
				for i := range 10 {
					l := claim(t, old)
					if i%2 == 0 {
						tb.done(l.ID)
						must(t, old.Ack(ctx, l))
						continue
					}
					leases = append(leases, l)
				}
				next := begun(t, old, n.to)
				if _, err := next.Claim(ctx, 0); !errors.Is(err, ErrNoEpoch) {
					t.Fatalf("Claim = %v, want ErrNoEpoch", err)
				}
				var other *ShardsError
				if _, err := next.Totals(ctx); !errors.As(err, &other) || other.Redis != n.from || other.Own != n.to {
					t.Fatalf("Totals = %v, want both numbers", err)
				}
				refused := func() {
					t.Helper()
					_, claimErr := old.Claim(ctx, 0)
					_, beatErr := old.Heartbeat(ctx, leases)
					_, reserveErr := old.Reserve(ctx, leases[0].Store, call(""))
					for what, err := range map[string]error{
						"Claim": claimErr, "Heartbeat": beatErr, "Reserve": reserveErr,
						"Ack": old.Ack(ctx, leases[0]), "Enqueue": old.Enqueue(ctx, job("store1", "new")),
					} {
						if !errors.Is(err, ErrNoEpoch) {
							t.Errorf("the old process' %s = %v, want ErrNoEpoch", what, err)
						}
					}
					if err := old.Rebuild(ctx, never(t)); !errors.Is(err, ErrSuperseded) {
						t.Errorf("the old process' Rebuild = %v, want ErrSuperseded", err)
					}
				}
				must(t, next.Rebuild(ctx, func(ctx context.Context, emit func(Job) error) error {
					refused()
					return tb.load(ctx, emit)
				}))
				refused()
				for _, k := range keys(t, next) {
					var s int
					if _, err := fmt.Sscanf(k, "sluice:{%d}:", &s); err != nil {
						t.Fatal(k, err)
					}
					if s >= n.to && !strings.HasSuffix(k, ":epoch") {
						t.Errorf("%s was not deleted", k)
					}
				}
				tb.drain(t, next)
			})
		})
	}
}

// TestLastToBeginWins: a process with the old number that begins later sets it back, once; one that
// has the number again goes on.
func TestLastToBeginWins(t *testing.T) {
	each(t, Options{Shards: 1}, func(t *testing.T, first *Queue, _ *clock) {
		ctx := t.Context()
		tb := filled(t, first)
		second := begun(t, first, 3)
		must(t, second.Rebuild(ctx, tb.load))
		third := begun(t, first, 1) // crashed and started again with the old settings
		must(t, third.Rebuild(ctx, tb.load))
		if needed, err := first.NeedsRebuild(ctx); needed || err != nil {
			t.Errorf("the first process has the number again: %v, %v", needed, err)
		}
		must(t, first.Ack(ctx, claim(t, first)))
		if err := second.Rebuild(ctx, never(t)); !errors.Is(err, ErrSuperseded) {
			t.Errorf("second: %v, want ErrSuperseded", err)
		}
		fourth := begun(t, first, 3)
		must(t, fourth.Rebuild(ctx, tb.load))
		must(t, second.Rebuild(ctx, never(t))) // nothing to do
		for what, q := range map[string]*Queue{"first": first, "third": third} {
			if err := q.Rebuild(ctx, never(t)); !errors.Is(err, ErrSuperseded) {
				t.Errorf("%s: %v, want ErrSuperseded", what, err)
			}
		}
		tb.drain(t, second)
		flushRedis(t, second)
		if err := first.Rebuild(ctx, never(t)); !errors.Is(err, ErrSuperseded) {
			t.Errorf("in an empty Redis, first: %v, want ErrSuperseded", err)
		}
		must(t, second.Rebuild(ctx, tb.load))
	})
}

// dying is a process that ends after some commands: none of the others reaches Redis.
type dying struct {
	mu   sync.Mutex
	left int
}

var errDied = errors.New("the process has died")

func (d *dying) next() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left--; d.left < 0 {
		return errDied
	}
	return nil
}

func (d *dying) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (d *dying) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if err := d.next(); err != nil {
			return err
		}
		return next(ctx, cmd)
	}
}

func (d *dying) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if err := d.next(); err != nil {
			return err
		}
		return next(ctx, cmds)
	}
}

// TestReshardDiesAnywhere: the process that moves the queue dies after any number of commands, and
// another finishes it.
func TestReshardDiesAnywhere(t *testing.T) {
	url := testenv.EmbeddedRedis(t)
	for n := 1; ; n++ {
		rdb := client(t, url)
		must(t, rdb.FlushAll(t.Context()).Err())
		c := newClock()
		old := ready(t, rdb, Options{Shards: 2, Now: c.Now})
		tb := filled(t, old)
		tb.done(claim(t, old).ID)
		doomed := client(t, url)
		doomed.AddHook(&dying{left: n})
		err := New(doomed, Options{Shards: 3, Now: c.Now, Log: slog.New(slog.DiscardHandler)}).Rebuild(t.Context(), tb.load)
		if err != nil && !errors.Is(err, errDied) {
			t.Fatal(err)
		}
		next := begun(t, old, 3)
		c.Add(rebuildLock)
		must(t, next.Rebuild(t.Context(), tb.load))
		if e := old.Rebuild(t.Context(), never(t)); !errors.Is(e, ErrSuperseded) {
			t.Fatalf("died after %d commands: the old process' Rebuild = %v", n, e)
		}
		tb.drain(t, next)
		if err == nil {
			if n < 15 {
				t.Errorf("only %d commands", n)
			}
			return
		}
	}
}

// TestReshardUnderLoad: workers of an old process are at work while a new one moves the queue. No
// job is lost, and only what the old workers had in hand may run twice.
func TestReshardUnderLoad(t *testing.T) {
	const workers = 4
	each(t, Options{Shards: 2}, func(t *testing.T, old *Queue, _ *clock) {
		ctx := t.Context()
		tb := filled(t, old)
		all := tb.left()
		third := make(chan struct{})
		var once sync.Once
		work := func(q *Queue) {
			for {
				l, err := q.Claim(ctx, 0)
				if err != nil || l == nil {
					if err != nil && !errors.Is(err, ErrNoEpoch) {
						t.Error(err)
					}
					return
				}
				tb.done(l.ID) // SQL first
				if err := q.Ack(ctx, l); err != nil && !errors.Is(err, ErrNoEpoch) {
					t.Error(err)
				}
				if tb.left() < all*2/3 {
					once.Do(func() { close(third) })
				}
			}
		}
		var olds, news sync.WaitGroup
		for range workers {
			olds.Go(func() { work(old) })
		}
		<-third
		next := begun(t, old, 5)
		must(t, next.Rebuild(ctx, tb.load))
		for range workers {
			news.Go(func() { work(next) })
		}
		olds.Wait()
		news.Wait()
		runs := 0
		for _, n := range tb.runs {
			runs += n
		}
		if tb.left() != 0 || len(tb.runs) != all || runs > all+workers {
			t.Errorf("%d jobs are left, %d of %d ran, %d times altogether", tb.left(), len(tb.runs), all, runs)
		}
		noAudit(t, next)
	})
}
