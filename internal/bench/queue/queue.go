// Package queue compares jobs/queue with asynq, on one redis-server that the benchmark starts: same
// workers, same payloads.
//
// AOF is off for all of them: what is compared is the queues' work, not this machine's disk. Rows
// in SQL are part of queue/with rows only.
package queue

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"sluice/internal/bench/harness"
	"sluice/internal/testenv"
)

const (
	workers   = 32     // as the app's WORKER_CONCURRENCY has it
	servers   = 8      // of asynq tuned
	producers = 64     // goroutines that enqueue while the workers work
	backlog   = 10_000 // jobs that wait at any time, over all stores
	setters   = 64     // goroutines that prepare
)

var payload = []byte(strings.Repeat("x", 200))

// system is a queue under test.
type system interface {
	enqueue(ctx context.Context, store string, id int64) error
	// serve runs the workers until ctx ends; handle is called for each job.
	serve(ctx context.Context, handle func(store string, id int64)) (stop func(), err error)
}

// maker makes a system for so many stores on an empty Redis.
type maker func(ctx context.Context, rdb redis.UniversalClient, stores []string) (system, error)

var server struct{ url string }

func setup(context.Context) (func(), error) {
	url, stop, err := testenv.StartRedis()
	server.url = url
	return stop, err
}

// trips counts the calls to Redis; a pipeline is one.
type trips struct{ n atomic.Int64 }

func (c *trips) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (c *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmd)
	}
}

func (c *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmds)
	}
}

// connect returns a client of the server, which it empties.
func connect(ctx context.Context) (*redis.Client, *trips, error) {
	o, err := redis.ParseURL(server.url)
	if err != nil {
		return nil, nil, err
	}
	o.PoolSize = 64
	rdb, count := redis.NewClient(o), &trips{}
	rdb.AddHook(count)
	if err := rdb.FlushAll(ctx).Err(); err != nil {
		return nil, nil, errors.Join(err, rdb.Close())
	}
	return rdb, count, nil
}

// info returns a number of Redis' INFO.
func info(ctx context.Context, rdb redis.UniversalClient, section, field string) (float64, error) {
	text, err := rdb.Info(ctx, section).Result()
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && name == field {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("INFO %s has no %s", section, field)
}

// processor returns the seconds that Redis' main thread has worked.
func processor(ctx context.Context, rdb redis.UniversalClient) (float64, error) {
	user, err1 := info(ctx, rdb, "cpu", "used_cpu_user_main_thread")
	sys, err2 := info(ctx, rdb, "cpu", "used_cpu_sys_main_thread")
	return user + sys, errors.Join(err1, err2)
}

func names(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = "store" + strconv.Itoa(i)
	}
	return list
}

// each calls fn with 0 … n-1 from several goroutines and returns an error of it.
func each(n int, fn func(i int) error) error {
	var next atomic.Int64
	var group sync.WaitGroup
	failed := make(chan error, setters)
	for range setters {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := fn(i); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failed)
	return <-failed
}

func label(name string, stores int) string {
	if stores == 1 {
		return name + ", 1 store"
	}
	return fmt.Sprintf("%s, %d,%03d stores", name, stores/1000, stores%1000)
}

// Benchmarks are those of this package.
func Benchmarks() []harness.Benchmark {
	return []harness.Benchmark{throughput(), withRows(), pickup(), smallStore(), idle()}
}
