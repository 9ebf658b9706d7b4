package queue

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"sluice/internal/bench/harness"
	"sluice/jobs"
	"sluice/jobs/queue"
	"sluice/tenants"
	"sluice/tenants/vault"
)

const (
	// million is how many rows of the large store are pending at the beginning of each round.
	million = 1_000_000
	// millionTimes is how many times as long as others its rounds last: the small store's jobs take
	// longer there, and a 99th percentile needs some hundreds of them.
	millionTimes = 5
	// check is the kind of the small store's jobs: a look at its webhooks, which ends at once, as
	// stores that were added by credentials have none.
	check = "hooks.register"
)

// setupMillion starts both servers and makes a database in which the large store has a million
// jobs. It is made once a run, not once a round.
func setupMillion(ctx context.Context) (func(), error) {
	stop, err := startServers(ctx)
	if err != nil {
		return stop, err
	}
	if postgres.keys, err = vault.GenerateKey("bench"); err != nil {
		return stop, err
	}
	db, err := tenants.Open(ctx, postgres.url, postgres.keys, nil)
	if err != nil {
		return stop, err
	}
	if err = db.Migrate(ctx); err == nil {
		err = installStores(ctx, db, []string{large, small})
	}
	if err = errors.Join(err, db.Close()); err == nil {
		err = fill(ctx)
	}
	return stop, err
}

// fill brings the large store's pending rows up to a million; the rounds before did some of them.
func fill(ctx context.Context) error {
	db, err := sql.Open("pgx", postgres.url)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var all, pending int
	err = db.QueryRowContext(ctx, "SELECT COUNT(*), COUNT(*) FILTER (WHERE state = 'pending') FROM jobs WHERE store_hash = $1", large).Scan(&all, &pending)
	if err != nil || pending >= million {
		return err
	}
	_, err = db.ExecContext(ctx, `INSERT INTO jobs (id, store_hash, kind, state, payload, lane, class, cost, coalesce, run_at, attempts, last_error, created_at, updated_at)
		SELECT 'forget:' || n, $1, $2, 'pending', json_build_object('delivery_id', 'delivery-' || n, 'scope', 'store/product/deleted', 'id', n)::text, 'bulk', '', 1, '',
			now(), 0, '', now() + n * interval '1 microsecond', now()
		FROM generate_series($3::bigint, $4::bigint) AS n`, large, forget, all+1, all+million-pending)
	if err == nil {
		_, err = db.ExecContext(ctx, "VACUUM ANALYZE jobs") //nolint:misspell // PostgreSQL's command; autovacuum does it within a minute or so
	}
	return err
}

// millionRound measures how long a small store's job takes while the workers are at the large
// store's million.
func millionRound(ctx context.Context, r harness.Round) (v harness.Values, err error) {
	rdb, _, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rdb.Close() }()
	if err := fill(ctx); err != nil {
		return nil, err
	}
	db, err := tenants.Open(ctx, postgres.url, postgres.keys, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	m := &kinds{begun: newSignal()}
	cfg := jobs.Config{DB: db, Queue: queue.New(rdb, queue.Options{}), Engine: engine(db), Concurrency: workers, Meter: m}
	working, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() { _ = jobs.NewWorkers(cfg).Run(working) }) // its error is nil
	defer func() { cancel(); group.Wait() }()
	for m.large.Load() == 0 { // Redis is empty: the workers fill it from SQL first
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return nil, err
		}
	}
	service := jobs.NewService(cfg)
	r.Duration *= millionTimes
	return smallStoreWaits(ctx, r, m.begun, &m.large, func() error {
		return service.Submit(ctx, &tenants.Job{ID: "hooks:" + small + ":" + tenants.NewID(), StoreHash: small, Kind: check,
			State: tenants.JobPending, Payload: "{}", Lane: string(queue.LaneBulk), Cost: 1, RunAt: time.Now().UTC()})
	})
}

// kinds tells the two stores' jobs apart by their kinds.
type kinds struct {
	jobs.Meter
	large atomic.Int64
	begun chan time.Time // a small one ended
}

func (k *kinds) Attempted(kind string, how jobs.Ending, _ time.Duration) {
	switch {
	case how != jobs.EndDone:
	case kind == forget:
		k.large.Add(1)
	case kind == check:
		k.begun <- time.Now()
	}
}

func (*kinds) Claimed(time.Duration)                {}
func (*kinds) Stepped(tenants.Phase, time.Duration) {}
func (*kinds) Reaped(int)                           {}
func (*kinds) Rebuilt(int, time.Duration)           {}
func (*kinds) Audited(int)                          {}
