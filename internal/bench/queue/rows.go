package queue

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // sql.Open("pgx", …)
	"github.com/redis/go-redis/v9"

	"sluice/internal/bench/harness"
	"sluice/internal/testenv"
	"sluice/jobs"
	"sluice/jobs/flow"
	"sluice/jobs/kinds/products"
	"sluice/jobs/queue"
	"sluice/jobs/upsert"
	"sluice/tenants"
	"sluice/tenants/vault"
)

// forget is the kind of the jobs: what a webhook of a deleted product asks for. It needs no request
// to BigCommerce.
const forget = "event"

// postgres is the server of the benchmarks with rows: a database with all the stores, which each
// round copies.
var postgres struct {
	url    string
	keys   string
	rounds atomic.Int64
}

func withRows() harness.Benchmark {
	most := label("Sluice with rows", 10_000)
	b := harness.Benchmark{
		Name: "queue/with rows",
		About: "As queue/throughput, with all that the app does: each job is a row in PostgreSQL, committed, before it is in Redis (jobs.Service.Submit), and " +
			"jobs.Workers claim it, read its row and its store, do it (" + forget + ": two updates), commit its end and acknowledge. 32 workers in one process, as the app has them; " +
			"PostgreSQL with fsync and synchronous_commit on. What is saved at the same time is one transaction, so a commit's wait for the disk is shared. " +
			"asynq beside it keeps no rows: it does less, and loses what Redis loses.",
		Metrics: []harness.Metric{{Name: "jobs", Unit: "jobs/s", Better: harness.Higher, Means: "jobs done a second; one that failed does not count"},
			{Name: "redis time", Unit: "µs/job", Better: harness.Lower, Means: "processor time of Redis' main thread for a job"},
			{Name: "round trips", Unit: "per job", Better: harness.Lower, Means: "calls of Redis for a job"}},
		Targets: []harness.Target{
			{Contender: most, Metric: "jobs", Op: harness.AtLeast, Bound: 0.8, Of: label("Sluice with rows", 1)},
			{Contender: most, Metric: "jobs", Op: harness.AtLeast, Bound: 10, Of: label("asynq", 10_000)},
			{Contender: most, Metric: "jobs", Op: harness.AtLeast, Bound: 10, Of: label("asynq tuned", 10_000)},
		},
		Setup: setupRows,
	}
	for _, n := range stores {
		b.Contenders = append(b.Contenders,
			harness.Contender{Name: label("Sluice with rows", n), Round: throughputRound(newRows, n)},
			harness.Contender{Name: label("asynq", n), Round: throughputRound(newAsynq, n)},
			harness.Contender{Name: label("asynq tuned", n), Round: throughputRound(newTuned, n)})
	}
	return b
}

// setupRows starts both servers and makes the database that rounds copy.
func setupRows(ctx context.Context) (func(), error) {
	stop, err := startServers(ctx)
	if err != nil {
		return stop, err
	}
	if postgres.keys, err = vault.GenerateKey("bench"); err != nil {
		return stop, err
	}
	return stop, makeStores(ctx)
}

// startServers starts Redis and a PostgreSQL that keeps what it commits.
func startServers(ctx context.Context) (func(), error) {
	stopRedis, err := setup(ctx)
	if err != nil {
		return stopRedis, err
	}
	at, stopPostgres, err := testenv.StartPostgres("fsync=on", "synchronous_commit=on", "full_page_writes=on")
	if err != nil {
		return stopRedis, err
	}
	postgres.url = at
	return func() { stopPostgres(); stopRedis() }, nil
}

// makeStores makes a database of the largest number of stores.
func makeStores(ctx context.Context) error {
	if err := statement(ctx, "CREATE DATABASE stores"); err != nil {
		return err
	}
	at, err := database("stores")
	if err != nil {
		return err
	}
	db, err := tenants.Open(ctx, at, postgres.keys, nil)
	if err != nil {
		return err
	}
	if err = db.Migrate(ctx); err == nil {
		err = installStores(ctx, db, names(stores[len(stores)-1]))
	}
	return errors.Join(err, db.Close()) // a database that is in use cannot be copied
}

func installStores(ctx context.Context, db *tenants.DB, list []string) error {
	return each(len(list), func(i int) error {
		in := tenants.WithStore(ctx, list[i])
		_, err := db.UpsertInstalledStore(in, tenants.Install{StoreHash: list[i], AccessToken: "bench", Origin: tenants.OriginCredentials})
		return err
	})
}

// database returns the URL of another database of the server.
func database(name string) (string, error) {
	u, err := url.Parse(postgres.url)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

func statement(ctx context.Context, text string) error {
	db, err := sql.Open("pgx", postgres.url)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, text)
	return errors.Join(err, db.Close())
}

// rows is the queue as the app uses it: with rows, and jobs.Workers.
type rows struct {
	*sluice
	db      *tenants.DB
	service *jobs.Service
	name    string // of its database
	stores  []string
}

func newRows(ctx context.Context, rdb redis.UniversalClient, stores []string) (system, error) {
	// The cap is lifted higher than newSluice does: a job counts until its end is committed, for which
	// no worker waits.
	s, err := sluiceWith(ctx, rdb, stores, queue.Options{StoreCap: 1000})
	if err != nil {
		return nil, err
	}
	name := "round" + strconv.FormatInt(postgres.rounds.Add(1), 10)
	if err := statement(ctx, "CREATE DATABASE "+name+" TEMPLATE stores"); err != nil {
		return nil, err
	}
	at, err := database(name)
	if err != nil {
		return nil, err
	}
	db, err := tenants.Open(ctx, at, postgres.keys, nil)
	if err != nil {
		return nil, err
	}
	return &rows{sluice: s.(*sluice), db: db, service: jobs.NewService(jobs.Config{DB: db, Queue: s.(*sluice).q, Engine: engine(db)}), name: name, stores: stores}, nil
}

// engine knows the kind that forgets deleted products.
func engine(db *tenants.DB) *flow.Engine {
	return flow.New(flow.Config{DB: db}, upsert.New(upsert.Config{DB: db}, products.New()))
}

// Close ends the connections and drops the database.
func (r *rows) Close() error {
	return errors.Join(r.db.Close(), statement(context.Background(), "DROP DATABASE "+r.name))
}

// enqueue has the job committed and put into Redis.
func (r *rows) enqueue(ctx context.Context, store string, id int64) error {
	body, err := json.Marshal(map[string]any{"delivery_id": "delivery-" + strconv.FormatInt(id, 10), "scope": "store/product/deleted", "id": id, "padding": string(payload[:100])})
	if err != nil {
		return err
	}
	return r.service.Submit(ctx, &tenants.Job{ID: "forget:" + strconv.FormatInt(id, 10), StoreHash: store, Kind: forget, State: tenants.JobPending,
		Payload: string(body), Lane: string(queue.LaneBulk), Cost: 1, RunAt: time.Now().UTC()})
}

func (r *rows) serve(ctx context.Context, handle func(store string, id int64)) (func(), error) {
	ctx, cancel := context.WithCancel(ctx)
	w := jobs.NewWorkers(jobs.Config{DB: r.db, Queue: r.q, Engine: engine(r.db), Concurrency: workers, Meter: &meter{stores: r.stores, done: handle}})
	var group sync.WaitGroup
	failed := make(chan error, 1)
	group.Go(func() { failed <- w.Run(ctx) })
	select {
	case err := <-failed:
		cancel()
		return nil, fmt.Errorf("the workers ended: %w", err)
	default:
		return func() { cancel(); group.Wait() }, nil
	}
}

// meter tells of each job that was done. Workers tell it no store, so it names them in turn: with
// as many jobs of each, what is enqueued next is spread as evenly.
type meter struct {
	stores []string
	next   atomic.Int64
	done   func(store string, id int64)
}

func (m *meter) Attempted(kind string, how jobs.Ending, _ time.Duration) {
	if kind == forget && how == jobs.EndDone {
		n := m.next.Add(1)
		m.done(m.stores[int(n)%len(m.stores)], n)
	}
}

func (*meter) Claimed(time.Duration)                {}
func (*meter) Stepped(tenants.Phase, time.Duration) {}
func (*meter) Reaped(int)                           {}
func (*meter) Rebuilt(int, time.Duration)           {}
func (*meter) Audited(int)                          {}
