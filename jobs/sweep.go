package jobs

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"gorm.io/gorm"

	"sluice/jobs/queue"
	"sluice/tenants"
)

// clockSkew is by how much the clocks of processes that share a database may differ.
const clockSkew = 10 * time.Second

// horizon is how far ahead of its time a job is put into Redis. Until then SQL alone knows it.
const horizon = time.Hour

func due(before time.Time) func(*gorm.DB) *gorm.DB {
	return func(q *gorm.DB) *gorm.DB { return q.Where("run_at <= ?", before) }
}

// enough is how many jobs of a store are offered to a Redis that has none of them: as many as it
// takes, and one more, whose refusal tells it that SQL has more (queue.StoresWithRoom).
func (s *Service) enough() int { return s.queue.MaxWaiting() + 1 }

// sweep brings rows into Redis that should be there and are not: the process ended between the row
// and its entry, Redis was away, or the job's time was far off. Stores whose backlog is larger than
// Redis takes are left to page. One process sweeps; all do when it cannot be settled which.
func (w *Workers) sweep(ctx context.Context) {
	if mine, err := w.queue.Turn(ctx, "sweep", w.cfg.SweepEvery); err == nil && !mine {
		return
	}
	now := w.s.now()
	_ = w.requeue(ctx, func(q *gorm.DB) *gorm.DB {
		return q.Where("run_at <= ? AND updated_at <= ?", now, now.Add(-w.cfg.SweepAge))
	})
}

// noteTrouble remembers when claims began to fail, and wakes catchUp once one does not.
func (w *Workers) noteTrouble(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil, errors.Is(err, queue.ErrNoEpoch): // an empty Redis is rebuilt, which takes all
	case err != nil:
		// Others may have met it before this claim did.
		w.away.CompareAndSwap(0, w.s.now().Add(-clockSkew).UnixNano())
	case w.away.Load() != 0:
		select {
		case w.back <- struct{}{}:
		default:
		}
	}
}

// catchUp brings in, after each trouble with Redis, the rows that were written meanwhile: their
// entries may not have been made, and the sweeper would take its time.
func (w *Workers) catchUp(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.back:
		}
		since := w.away.Swap(0)
		if since == 0 {
			continue
		}
		err := w.requeue(ctx, func(q *gorm.DB) *gorm.DB {
			return q.Where("run_at <= ? AND updated_at >= ?", w.s.now().Add(horizon), time.Unix(0, since).UTC())
		})
		if err != nil { // it is away again, or SQL is: from the beginning, after the next claim
			w.away.Store(since)
			wait(ctx, trouble)
		}
	}
}

// page brings in more of the stores that SQL has a larger backlog of than Redis takes, once they
// are at most half full.
func (w *Workers) page(ctx context.Context) {
	stores, err := w.queue.StoresWithRoom(ctx, w.cfg.PageEvery)
	for _, store := range stores {
		err = errors.Join(err, w.bringIn(tenants.WithStore(ctx, store), due(w.s.now().Add(horizon))))
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, queue.ErrNoEpoch) {
		w.log.WarnContext(ctx, "backlog not paged in; the sweeper will do it", "error", err)
	}
}

// requeue puts the unfinished rows that narrow leaves into Redis, as far as they are not there.
// Stores of which SQL has more than Redis takes are left to page, which brings in what there is.
// Its error is logged.
func (w *Workers) requeue(ctx context.Context, narrow func(*gorm.DB) *gorm.DB) error {
	over, err := w.queue.Over(ctx)
	if err == nil {
		others := narrow
		if len(over) > 0 {
			others = func(q *gorm.DB) *gorm.DB { return narrow(q).Where("store_hash NOT IN ?", over) }
		}
		err = eachStore(ctx, w.db, others, func(ctx context.Context) error { return w.bringIn(ctx, narrow) })
	}
	switch {
	case err == nil, ctx.Err() != nil:
	case errors.Is(err, queue.ErrNoEpoch): // the claim loops see it as well and rebuild
	default:
		w.log.WarnContext(ctx, "sweep of jobs failed", "error", err)
	}
	return err
}

// bringIn enqueues those of the pending rows of ctx's store that narrow leaves and Redis does not
// know, oldest first, until Redis takes no more. Of those that it knows only the ids are read.
func (w *Workers) bringIn(ctx context.Context, narrow func(*gorm.DB) *gorm.DB) error {
	store := tenants.StoreHash(ctx)
	keys := func(q *gorm.DB) *gorm.DB { return narrow(q.Select("id", "created_at")) }
	err := eachOfStore(ctx, w.db, keys, math.MaxInt, func(page []*tenants.Job) error {
		ids := make([]string, len(page))
		for i, r := range page {
			ids[i] = r.ID
		}
		missing, refused, err := w.queue.Missing(ctx, store, ids...)
		if err != nil {
			return err
		}
		if refused {
			return errNextStore
		}
		if len(missing) == 0 {
			return nil
		}
		var rows []*tenants.Job
		if err := w.db.Scoped(ctx).Where("id IN ? AND state = ?", missing, tenants.JobPending).Order("created_at, id").Find(&rows).Error; err != nil {
			return fmt.Errorf("jobs of store %s: %w", store, err)
		}
		list := make([]queue.Job, len(rows))
		for i, r := range rows {
			list[i] = queueJob(r)
		}
		if err := w.queue.Enqueue(ctx, list...); !errors.Is(err, queue.ErrFull) {
			return err
		}
		return errNextStore
	})
	if errors.Is(err, errNextStore) {
		return nil
	}
	return err
}
