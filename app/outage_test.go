package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"testing"

	"github.com/redis/go-redis/v9"

	"sluice/internal/problem"
	"sluice/internal/testenv"
)

// load is work under way on an installation: a run of each line after another, and workers that
// carry them out, while something that they need goes away.
type load struct {
	*installation
	s       stack
	web     *process
	lines   []*line
	workers []*worker
	random  *rand.Rand
	runs    int
}

// newLoad starts a web process, workers, and a run of each line.
func newLoad(t *testing.T, s stack, stores, linesEach, workers int, variables ...string) *load {
	t.Helper()
	o := &load{installation: install(t, s, stores, variables...), s: s, random: rand.New(rand.NewPCG(testenv.Seed(t), 0))}
	o.web = o.startWeb("serve", "--web")
	for n, m := range o.merchants {
		for f := range linesEach {
			l := o.newLine(m, fmt.Sprintf("S%dF%d", n, f), 400)
			l.start()
			o.lines = append(o.lines, l)
			o.runs++
		}
	}
	for range workers {
		o.workers = append(o.workers, o.startWorker())
	}
	return o
}

// unavailable reports whether the API answered that something it needs is away.
func unavailable(err error) bool {
	var answer *apiError
	return errors.As(err, &answer) && answer.Code == problem.Unavailable && answer.Status == http.StatusServiceUnavailable
}

// over reports whether a line's run is over; the app may not know at the moment.
func (o *load) over(l *line) bool {
	o.t.Helper()
	over, err := l.over()
	if err != nil && !unavailable(err) {
		o.t.Fatal(err)
	}
	return over
}

// keepBusy changes the feed of each line whose run is over, and starts the next.
func (o *load) keepBusy() {
	o.t.Helper()
	for _, l := range o.lines {
		if !o.over(l) {
			continue
		}
		l.change(90, 60)
		testenv.Eventually(o.t, "a run of "+l.prefix, func() bool {
			r, err := l.merchant.startRun(o.t.Context(), l.flow.ID)
			if err != nil && !unavailable(err) {
				o.t.Fatal(err)
			}
			l.current = r
			return err == nil
		})
		o.runs++
	}
}

// midRun waits until a store had a random number of requests more, with a worker at work.
func (o *load) midRun() {
	o.t.Helper()
	store := o.sandbox.Stores[o.random.IntN(len(o.sandbox.Stores))]
	until := o.requestsOf(store).Total + 1 + o.random.IntN(250)
	testenv.Eventually(o.t, "the middle of a run", func() bool {
		o.keepBusy()
		return o.requestsOf(store).Total >= until && o.busy() > 0
	})
}

// busy returns how many jobs the workers are carrying out; all workers must run.
func (o *load) busy() (n int) {
	o.t.Helper()
	for _, w := range o.workers {
		if !w.running() {
			o.t.Fatalf("a worker ended: %v\n%s", w.err, w.logTail())
		}
		n += w.busy()
	}
	return n
}

// troubles counts what each worker has complained of.
func (o *load) troubles() []int {
	o.t.Helper()
	all := make([]int, len(o.workers))
	for k, w := range o.workers {
		b, err := os.ReadFile(w.log)
		if err != nil {
			o.t.Fatal(err)
		}
		all[k] = bytes.Count(b, []byte(`"level":"WARN"`)) + bytes.Count(b, []byte(`"level":"ERROR"`))
	}
	return all
}

// noticed waits until every worker complained since the count of before.
func (o *load) noticed(before []int) {
	o.t.Helper()
	testenv.Eventually(o.t, "workers that notice", func() bool {
		for k, n := range o.troubles() {
			if n <= before[k] {
				return false
			}
		}
		return true
	})
}

// settled waits for the end of every run. Each product must have been created once, each change
// must have landed, and nothing may be left behind.
func (o *load) settled() {
	o.t.Helper()
	for _, l := range o.lines {
		testenv.Eventually(o.t, "the end of the run of "+l.prefix, func() bool { return o.over(l) })
	}
	o.t.Logf("%d runs", o.runs)
	o.busy()
	o.wantLines(o.lines)
	o.wantIdle(o.s.database, o.s.redis)
}

// TestRedisFlushed empties Redis again and again while runs are under way: the queue, the leases
// and what is known of the quotas. Workers fill it from SQL and go on.
func TestRedisFlushed(t *testing.T) {
	buildSluice(t)
	t.Parallel()
	s, ok := realStack(t, "workers in processes of their own need PostgreSQL and Redis")
	if !ok {
		return
	}
	o := newLoad(t, s, 2, 2, 2, "JOB_LEASE=1s")
	options, err := redis.ParseURL(s.redis)
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(options)
	defer rdb.Close()
	for range 12 {
		o.midRun()
		if err := rdb.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	o.settled()
}

// TestRedisRestarted kills Redis, which keeps an append-only file synced every second, and shuts it
// down, while runs are under way, and starts it again once the workers were without it. Webhooks
// that come meanwhile are saved, and acknowledged for that, and worked off once it is back.
func TestRedisRestarted(t *testing.T) {
	buildSluice(t)
	t.Parallel()
	database, ok := testenv.Postgres(t)
	server, ok2 := testenv.DurableRedis(t)
	if !ok || !ok2 {
		t.Log("needs PostgreSQL and Redis")
		return
	}
	o := newLoad(t, stack{database, server.URL}, 3, 1, 2, "JOB_LEASE=1s")
	for n, end := range []func(){server.Kill, server.Shutdown, server.Kill, server.Shutdown} {
		o.midRun()
		before := o.troubles()
		end()
		o.noticed(before)
		o.wantAnswer(n, http.StatusOK)
		server.Start()
	}
	o.settled()
	for _, store := range o.sandbox.Stores {
		o.wantHandled(database, store, 4)
	}
}

// wantAnswer delivers the n-th webhook of each store, about a product that no run knows.
func (o *load) wantAnswer(n, status int) {
	o.t.Helper()
	for _, store := range o.sandbox.Stores {
		if got, err := o.deliverAway(store, n); err != nil || got != status {
			o.t.Errorf("webhook %d of store %s was answered %d, %v, want %d", n, store.Hash, got, err, status)
		}
	}
}

// redeliver sends the n-th webhook of each store until it is acknowledged, as BigCommerce does.
func (o *load) redeliver(n int) {
	o.t.Helper()
	for _, store := range o.sandbox.Stores {
		testenv.Eventually(o.t, "an acknowledged webhook", func() bool {
			got, err := o.deliverAway(store, n)
			return err == nil && got == http.StatusOK
		})
	}
}

func (o *load) deliverAway(store sandboxStoreInfo, n int) (status int, err error) {
	return o.deliver(store, fmt.Sprintf("away-%s-%d", store.Hash, n), 1_000_000_000+n)
}

// TestPostgresRestarted stops PostgreSQL in its fast and its immediate mode while runs are under
// way, and starts it again once the workers were without it. What a worker did in the store
// meanwhile, and could not write down, is found and not done again. A webhook that cannot be saved
// is not acknowledged: BigCommerce sends it again.
func TestPostgresRestarted(t *testing.T) {
	buildSluice(t)
	t.Parallel()
	server, ok := testenv.RestartablePostgres(t)
	redisURL, ok2 := testenv.RealRedis(t)
	if !ok || !ok2 {
		t.Log("needs PostgreSQL and Redis")
		return
	}
	o := newLoad(t, stack{server.URL, redisURL}, 3, 1, 2, "JOB_LEASE=1s")
	for n, end := range []func(){server.StopFast, server.StopImmediate, server.StopFast, server.StopImmediate} {
		o.midRun()
		before := o.troubles()
		end()
		o.noticed(before)
		err := o.merchants[0].call(t.Context(), http.MethodGet, "/session", nil, nil)
		if !unavailable(err) {
			t.Errorf("without its database the API answers %v", err)
		}
		o.wantAnswer(n, http.StatusServiceUnavailable)
		server.Start()
		o.redeliver(n)
	}
	o.settled()
	for _, store := range o.sandbox.Stores {
		o.wantHandled(server.URL, store, 4)
	}
}
