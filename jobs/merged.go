package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sluice/internal/batch"
	"sluice/internal/problem"
	"sluice/jobs/flow"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// A small job costs the database more than it costs BigCommerce: its row is inserted, read and
// ended, and each commit waits for the disk. What the goroutines of a process have to save or read
// at the same time is therefore one transaction, or one statement, for the jobs of all stores.
// Nobody is told that something is saved before the transaction that saves it is. One that fails is
// done again job by job, so that what one job brings keeps no other from being saved.

const (
	mergedJobs = 128 // of one transaction
	// savedAtOnce transactions may be under way: while one waits for the disk, the next does its work.
	// What is only read does not wait for the disk, and is better read together.
	savedAtOnce, readAtOnce = 2, 1
	// gathered is how long a batch waits for more, once there are several: less than the disk takes,
	// and little beside a request.
	gathered = time.Millisecond
)

// saving is what is to be committed together: a delivery and its jobs, or jobs. All rows name their
// store.
type saving struct {
	event *tenants.WebhookEvent // may be nil
	rows  []*tenants.Job
}

// saved is the rows that were inserted; those of a delivery that was taken before are not.
type saved struct {
	inserted []*tenants.Job
	err      error
}

func (s *Service) newSaves() *batch.Batcher[saving, saved] {
	return batch.New(mergedJobs, savedAtOnce, func(ctx context.Context, list []saving) ([]saved, error) {
		ctx, done := context.WithTimeout(ctx, settleTimeout)
		defer done()
		return oneByOne(list, func(list []saving) ([]saved, error) { return s.saveAll(ctx, list) }, func(err error) saved { return saved{err: err} })
	}).Gather(gathered)
}

// oneByOne does a list together, and one by one if that fails and the reason may be one of them.
func oneByOne[In, Out any](list []In, do func([]In) ([]Out, error), failed func(error) Out) ([]Out, error) {
	out, err := do(list)
	if err == nil || len(list) == 1 || problem.CodeOf(err) == problem.Unavailable {
		return out, err
	}
	out = make([]Out, len(list))
	for i := range list {
		one, err := do(list[i : i+1])
		if err != nil {
			out[i] = failed(err)
		} else {
			out[i] = one[0]
		}
	}
	return out, nil
}

// errKnown says that some rows of several existed: which, only an insert of each tells.
var errKnown = errors.New("jobs: some of the rows exist")

// saveAll commits a list in one transaction.
func (s *Service) saveAll(ctx context.Context, list []saving) (out []saved, err error) {
	err = s.db.Tx(ctx, func(tx *tenants.DB) error {
		out = make([]saved, len(list))
		var events []*tenants.WebhookEvent
		for _, v := range list {
			if v.event != nil {
				events = append(events, v.event)
			}
		}
		n, err := tx.InsertWebhooks(ctx, events)
		switch {
		case err != nil:
			return err
		case n == int64(len(events)):
		case len(list) > 1:
			return errKnown
		default:
			return nil // a delivery that was taken before
		}
		var rows []*tenants.Job
		for i, v := range list {
			for _, row := range v.rows {
				if len(list) == 1 || row.Coalesce != "" {
					fresh, err := s.saveOne(tenants.WithStore(ctx, row.StoreHash), tx, row)
					if err != nil {
						return err
					}
					if !fresh {
						continue
					}
				} else {
					rows = append(rows, row)
				}
				out[i].inserted = append(out[i].inserted, row)
			}
		}
		if n, err = tx.InsertJobs(ctx, rows); err == nil && n < int64(len(rows)) {
			err = errKnown
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Service) saveOne(ctx context.Context, tx *tenants.DB, row *tenants.Job) (bool, error) {
	if row.StoreHash == "" {
		return false, tenants.ErrNoScope
	}
	if row.Coalesce != "" {
		return insertCoalesced(ctx, tx, row, s.now())
	}
	return insertRow(ctx, tx, row)
}

// Submit commits jobs' rows, which name their stores, and puts those that are new into the queue.
// Rows whose ids exist are left as they are. When it returns nil the jobs will be done, whatever
// becomes of Redis or this process.
func (s *Service) Submit(ctx context.Context, rows ...*tenants.Job) error {
	_, err := s.save(ctx, saving{rows: rows})
	return err
}

// enqueueWait bounds how long whoever submits waits for Redis: its rows are saved, and BigCommerce,
// say, wants an answer to its webhook.
const enqueueWait = 2 * time.Second

func (s *Service) save(ctx context.Context, v saving) (inserted []*tenants.Job, err error) {
	inTrace(ctx, v.rows...) // the batch is in nobody's trace
	out, err := s.saves.Call(ctx, v)
	if err = errors.Join(err, out.err); err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(ctx, enqueueWait)
	defer done()
	s.enqueue(ctx, out.inserted...)
	return out.inserted, nil
}

// loaded is what a worker reads before it does a job: its row and its store, each nil if there is
// none.
type loaded struct {
	row   *tenants.Job
	store *tenants.Store
}

func (s *Service) newLoads() *batch.Batcher[*queue.Lease, loaded] {
	return batch.New(mergedJobs, readAtOnce, func(ctx context.Context, leases []*queue.Lease) ([]loaded, error) {
		ctx, done := context.WithTimeout(ctx, settleTimeout)
		defer done()
		ids, hashes := make([]string, len(leases)), make([]string, len(leases))
		for i, l := range leases {
			ids[i], hashes[i] = l.ID, l.Store
		}
		rows, err := s.db.JobsByID(ctx, ids)
		if err != nil {
			return nil, err
		}
		slices.Sort(hashes)
		stores, err := s.db.StoresByHash(ctx, slices.Compact(hashes))
		if err != nil {
			return nil, err
		}
		out := make([]loaded, len(leases))
		for i, l := range leases {
			if row := rows[l.ID]; row != nil && row.StoreHash == l.Store {
				own := *row // a job that is leased twice is two jobs here
				out[i].row = &own
			}
			out[i].store = stores[l.Store]
		}
		return out, nil
	}).Gather(gathered)
}

// finishing is a job that was done, with what its handler left to be saved with its end.
type finishing struct {
	id    string
	scope string // of event
	event *flow.Event
	hook  *tenants.Delivery
}

func (w *Workers) newFinishes() *batch.Batcher[finishing, error] {
	return batch.New(mergedJobs, savedAtOnce, func(ctx context.Context, list []finishing) ([]error, error) {
		ctx, done := context.WithTimeout(ctx, settleTimeout)
		defer done()
		return oneByOne(list, func(list []finishing) ([]error, error) { return w.finishAll(ctx, list) }, func(err error) error { return err })
	}).Gather(gathered)
}

// finishAll commits the ends of jobs: for each nil, or errStale if its row was not pending any
// more.
func (w *Workers) finishAll(ctx context.Context, list []finishing) (out []error, err error) {
	ids := make([]string, len(list))
	events := map[string][]flow.Event{} // by scope
	var hooks []tenants.Delivery
	for i, f := range list {
		ids[i] = f.id
		if f.event != nil {
			events[f.scope] = append(events[f.scope], *f.event)
		}
		if f.hook != nil {
			hooks = append(hooks, *f.hook)
		}
	}
	var done map[string]bool
	finish := func(db *tenants.DB) (err error) {
		done, err = db.FinishJobs(ctx, ids)
		return err
	}
	if len(events)+len(hooks) == 0 { // one statement is a transaction of its own
		err = finish(w.db)
	} else {
		err = w.db.Tx(ctx, func(tx *tenants.DB) error {
			if err := w.s.handleEvents(ctx, tx, events); err != nil {
				return err
			}
			if err := tx.HandledWebhooks(ctx, hooks, w.s.now()); err != nil {
				return err
			}
			return finish(tx)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("finish jobs: %w", err)
	}
	out = make([]error, len(list))
	for i, id := range ids {
		if !done[id] {
			out[i] = errStale
		}
	}
	return out, nil
}
