package governor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"sluice/internal/bench/stage"
	"sluice/internal/bigcommerce"
	"sluice/jobs"
	"sluice/jobs/queue"
	"sluice/tenants"
	"sluice/tenants/vault"
)

// clientWorker is the name under which runClient is to be found.
const clientWorker = "governor client"

// The ways to keep within a quota.
const (
	ours         = "ours"
	waitAfter429 = "wait after a 429"
	keepMinimum  = "keep a minimum remaining"
	otherApp     = "other app"
)

const (
	// minimum is the example value of min_requests_remaining in the Python client's documentation; it
	// has no default.
	minimum = 2
	// inFlight is how many requests of one store one of our processes has under way, as one run has
	// (jobs/upsert).
	inFlight = 8
)

// clientTask is what one client process does: use up the quota of each store until it is told to
// stop.
type clientTask struct {
	Way      string
	RedisURL string
	Stores   []storeTask
}

type storeTask struct {
	URL, Store, Token string
	PerSecond         float64 // of the other app: how often it comes on average
	Seed              uint64
}

// runClient is the worker.
func runClient(ctx context.Context, in json.RawMessage, _ func(any) error) error {
	var task clientTask
	if err := json.Unmarshal(in, &task); err != nil {
		return err
	}
	var all sync.WaitGroup
	defer all.Wait()
	if task.Way == ours {
		return sluice(ctx, &task)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	for _, s := range task.Stores {
		c := plain{store: s, http: &http.Client{Transport: transport}}
		switch task.Way {
		case waitAfter429:
			all.Go(func() { c.loop(ctx, -1) })
		case keepMinimum:
			all.Go(func() { c.loop(ctx, minimum) })
		case otherApp:
			all.Go(func() { c.poisson(ctx) })
		default:
			return fmt.Errorf("governor: no way %q", task.Way)
		}
	}
	return nil
}

// sluice is how the app's workers ask: clients as jobs makes them, and whoever gets no quota comes
// back when it is told to.
func sluice(ctx context.Context, task *clientTask) error {
	opts, err := redis.ParseURL(task.RedisURL)
	if err != nil {
		return err
	}
	rdb := redis.NewClient(opts)
	defer func() { _ = rdb.Close() }()
	keys, err := vault.GenerateKey("bench")
	if err != nil {
		return err
	}
	db, err := tenants.Open(ctx, "sqlite::memory:", keys, nil)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // removes its file
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	q := queue.New(rdb, queue.Options{Log: log})
	var all sync.WaitGroup
	defer all.Wait() // before what it uses is closed
	for _, s := range task.Stores {
		in := tenants.WithStore(ctx, s.Store)
		_, err := db.UpsertInstalledStore(in, tenants.Install{StoreHash: s.Store, AccessToken: s.Token, Origin: tenants.OriginCredentials})
		if err != nil {
			return err
		}
		client, err := jobs.NewClients(db, q, s.URL, "Sluice", log).Client(in, s.Store, nil)
		if err != nil {
			return err
		}
		for range inFlight {
			all.Go(func() { work(in, client) })
		}
	}
	return nil
}

func work(ctx context.Context, client *bigcommerce.Client) {
	for ctx.Err() == nil {
		_, _, err := client.Products.ListPage(ctx, bigcommerce.ProductFilter{Limit: 1, IncludeFields: []string{"name"}}, 1)
		var none *bigcommerce.NoQuotaError
		switch {
		case errors.As(err, &none):
			wait(ctx, time.Until(none.Until))
		case err != nil: // a 429 above all: the governor knows of it and makes the next request wait
			wait(ctx, 10*time.Millisecond)
		}
	}
}

// plain is a client without a governor, one request at a time, as the official Python and PHP ones
// are.
type plain struct {
	store storeTask
	http  *http.Client
}

// loop sends; when an answer leaves no more than least requests, or is a 429, it waits until the
// window ends.
func (c *plain) loop(ctx context.Context, least int) {
	for ctx.Err() == nil {
		status, left, reset, err := c.get(ctx)
		switch {
		case err != nil:
			wait(ctx, 10*time.Millisecond)
		case status == http.StatusTooManyRequests, left <= least:
			wait(ctx, reset)
		}
	}
}

// poisson sends at random moments, independent of one another, and minds no answer.
func (c *plain) poisson(ctx context.Context) {
	rnd := rand.New(rand.NewPCG(c.store.Seed, 1))
	var all sync.WaitGroup
	defer all.Wait()
	next := time.Now()
	for {
		next = next.Add(time.Duration(rnd.ExpFloat64() / c.store.PerSecond * float64(time.Second)))
		wait(ctx, time.Until(next))
		if ctx.Err() != nil {
			return
		}
		all.Go(func() { _, _, _, _ = c.get(ctx) }) // the sandbox counts
	}
}

func (c *plain) get(ctx context.Context) (status, left int, reset time.Duration, err error) {
	url := c.store.URL + "/stores/" + c.store.Store + "/v3/catalog/products?limit=1&include_fields=name"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, 0, 0, err
	}
	req.Header.Set("X-Auth-Token", c.store.Token)
	res, err := c.http.Do(req)
	if err != nil {
		return 0, 0, 0, err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return 0, 0, 0, err
	}
	left, err1 := strconv.Atoi(res.Header.Get("X-Rate-Limit-Requests-Left"))
	ms, err2 := strconv.Atoi(res.Header.Get("X-Rate-Limit-Time-Reset-Ms"))
	return res.StatusCode, left, time.Duration(ms) * time.Millisecond, errors.Join(err1, err2)
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// Workers are the processes that the benchmarks of this package start.
func Workers() map[string]stage.Worker {
	return map[string]stage.Worker{clientWorker: runClient, stage.SandboxWorker: stage.RunSandbox}
}
