package jobs

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"sluice/internal/batch"
	"sluice/jobs/attention"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// errStopping ends jobs that are still running when the grace period of a stop is over.
var errStopping = errors.New("jobs: the process is stopping")

// Workers claim jobs and carry them out. Any number of processes may run Workers on one queue.
type Workers struct {
	cfg    Config
	s      *Service
	db     *tenants.DB
	queue  *queue.Queue
	log    *slog.Logger
	kinds  map[string]handler
	keeper *attention.Keeper

	finishes *batch.Batcher[finishing, error]
	ending   chan struct{}  // a place for each job whose end is being saved
	ends     sync.WaitGroup // the goroutines that do it

	rebuilding sync.Mutex
	away       atomic.Int64  // since when rows may not have got into Redis, in ns since 1970; 0: all is well
	back       chan struct{} // Redis answers again

	mu      sync.Mutex
	running map[string]*task // by job id
}

// task is a job under way in this process.
type task struct {
	lease   *queue.Lease
	stop    context.CancelCauseFunc
	expires time.Time // by our clock; moves with each heartbeat
	term    time.Duration

	// settling: the job is over and the queue is being told, which ends its lease. Guarded by
	// Workers.mu.
	settling bool
}

// NewWorkers returns Workers; Run starts them.
func NewWorkers(cfg Config) *Workers {
	s := NewService(cfg)
	w := &Workers{cfg: s.cfg, s: s, db: s.db, queue: s.queue, log: s.log, running: map[string]*task{}, back: make(chan struct{}, 1), ending: make(chan struct{}, maxEnding)}
	w.finishes = w.newFinishes()
	w.kinds, w.keeper = w.handlers(), newKeeper(s.cfg)
	return w
}

// Run works until ctx ends, then stops gracefully: it claims nothing more, lets running jobs reach
// their checkpoint for Config.Grace, then cancels and gives back what is left.
func (w *Workers) Run(ctx context.Context) error {
	// Jobs outlive ctx by the grace period, and the heartbeat outlives the jobs.
	jobs, stopJobs := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stopJobs(nil)
	beats, stopBeats := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBeats()

	defer w.queue.OnPurge(w.stopStore)()

	var claimers, others sync.WaitGroup
	for range w.cfg.Concurrency {
		claimers.Go(func() { w.claimLoop(ctx, jobs) })
	}
	others.Go(func() { every(beats, w.cfg.HeartbeatEvery, w.heartbeat) })
	others.Go(func() { every(ctx, w.cfg.ReapEvery, w.reap) })
	others.Go(func() { every(ctx, w.cfg.SweepEvery, w.sweep) })
	others.Go(func() { every(ctx, w.cfg.PageEvery, w.page) })
	others.Go(func() { every(ctx, w.cfg.AuditEvery, w.audit) })
	others.Go(func() { w.catchUp(ctx) })
	others.Go(func() { every(ctx, w.cfg.ScheduleEvery, w.fireSchedules) })
	others.Go(func() { every(ctx, w.cfg.AttendEvery, w.attend) })
	others.Go(func() { // apart: a mail server may be slow
		w.tell(ctx) // what waited for a process
		every(ctx, w.cfg.AttendEvery, w.tell)
	})
	others.Go(func() { every(ctx, w.cfg.FlushEvery, w.flushQuota) })
	others.Go(func() {
		w.scheduleHousekeeping(ctx)
		every(ctx, w.cfg.HousekeepEvery, w.scheduleHousekeeping)
	})
	others.Go(func() {
		<-ctx.Done()
		wait(beats, w.cfg.Grace) // ends early when every job has
		stopJobs(errStopping)
	})
	claimers.Wait()
	w.ends.Wait()
	stopBeats()
	others.Wait()
	return nil
}

// every calls fn at each interval, a little irregularly so that processes do not act in step, until
// ctx ends.
func every(ctx context.Context, interval time.Duration, fn func(context.Context)) {
	for wait(ctx, interval*9/10+rand.N(interval/5+1)) {
		fn(ctx)
	}
}

// wait returns true after d, false as soon as ctx ends.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// trouble is how long a worker leaves Redis alone after a failure of it.
const trouble = time.Second

// supersededWait is after how long a worker asks again whether the queue has its number of shards.
const supersededWait = 5 * time.Second

// claimLoop claims until ctx ends; jobs is the context that jobs run in.
func (w *Workers) claimLoop(ctx, jobs context.Context) {
	for ctx.Err() == nil {
		lease, err := w.queue.Claim(ctx, w.cfg.ClaimWait)
		w.noteTrouble(ctx, err)
		switch {
		case err == nil && lease == nil:
		case err == nil && ctx.Err() != nil: // it came while the stop began: whoever goes on has it at once
			settle, done := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
			w.logUnacked(settle, w.log.With("store", lease.Store, "job", lease.ID), w.queue.GiveBack(settle, lease))
			done()
		case err == nil:
			w.execute(jobs, lease)
		case ctx.Err() != nil:
		case errors.Is(err, queue.ErrNoEpoch):
			err := w.rebuild(ctx)
			switch {
			case err == nil, ctx.Err() != nil:
			case errors.Is(err, queue.ErrSuperseded): // the queue has logged it, once; it may be set back
				wait(ctx, supersededWait)
			default:
				w.log.ErrorContext(ctx, "rebuild of the queue failed", "error", err)
				wait(ctx, trouble)
			}
		default:
			w.log.ErrorContext(ctx, "claim failed", "error", err)
			wait(ctx, trouble)
		}
	}
}

// begin registers a job as running. It returns false if this process still runs it under an older
// lease, which is then ended.
func (w *Workers) begin(lease *queue.Lease, stop context.CancelCauseFunc) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if old := w.running[lease.ID]; old != nil {
		old.stop(queue.ErrLeaseLost)
		return false
	}
	// The lease's own clock is Redis'; what counts here is how long it lasts.
	term := max(time.Until(lease.Expires), w.cfg.HeartbeatEvery*2)
	w.running[lease.ID] = &task{lease: lease, stop: stop, expires: time.Now().Add(term), term: term}
	return true
}

// settling registers that the lease of a running job is being ended by this process itself.
func (w *Workers) settling(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running[id].settling = true
}

func (w *Workers) end(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.running, id)
}

// stopStore stops the jobs under way of a store that was purged: their leases are gone.
func (w *Workers) stopStore(store string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, t := range w.running {
		if t.lease.Store == store {
			w.log.Info("store purged; its job is stopped", "job", id, "store", store)
			t.stop(queue.ErrLeaseLost)
		}
	}
}

// Running returns how many jobs this process is carrying out.
func (w *Workers) Running() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.running)
}

// heartbeat extends the leases of running jobs and stops the jobs whose lease is lost: someone else
// has them, or will have them after the rebuild.
func (w *Workers) heartbeat(ctx context.Context) {
	start := time.Now()
	w.mu.Lock()
	tasks := make(map[string]*task, len(w.running))
	leases := make([]*queue.Lease, 0, len(w.running))
	for id, t := range w.running {
		tasks[id] = t
		leases = append(leases, t.lease)
	}
	w.mu.Unlock()
	if len(leases) == 0 {
		return
	}
	lost, err := w.queue.Heartbeat(ctx, leases)
	switch {
	case errors.Is(err, queue.ErrNoEpoch):
		for id := range tasks {
			lost = append(lost, id)
		}
	case err != nil:
		w.log.WarnContext(ctx, "heartbeat failed", "error", err)
		var part *queue.HeartbeatError
		some := errors.As(err, &part)
		for id, t := range tasks {
			switch {
			case some && !slices.Contains(part.IDs, id): // on a node that answered
				t.expires = start.Add(t.term)
			case start.After(t.expires):
				lost = append(lost, id)
			}
		}
	default:
		for _, t := range tasks {
			t.expires = start.Add(t.term) // only this goroutine reads or writes it from here on
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range lost {
		t := tasks[id]
		if t == nil || t.settling { // its own end came before the heartbeat
			continue
		}
		w.log.WarnContext(ctx, "lease lost; the job is stopped", "job", id, "store", t.lease.Store)
		t.stop(queue.ErrLeaseLost)
	}
}

// reap makes jobs claimable again whose worker has died.
func (w *Workers) reap(ctx context.Context) {
	n, err := w.queue.Reap(ctx)
	switch {
	case errors.Is(err, queue.ErrNoEpoch), ctx.Err() != nil:
	case err != nil:
		w.log.WarnContext(ctx, "reap failed", "error", err)
	case n > 0:
		w.cfg.Meter.Reaped(n)
		w.log.WarnContext(ctx, "jobs of a dead worker are taken up again", "jobs", n)
	}
}

// audit has the queue recount what it counts. One process does; the counters are never wrong unless
// there is a bug.
func (w *Workers) audit(ctx context.Context) {
	mine, err := w.queue.Turn(ctx, "audit", w.cfg.AuditEvery)
	if err == nil && !mine {
		return
	}
	wrong := 0
	if err == nil {
		wrong, err = w.queue.Audit(ctx)
	}
	if wrong > 0 {
		w.cfg.Meter.Audited(wrong)
		w.log.ErrorContext(ctx, "counters of the queue were wrong and have been put right; this is a bug", "counters", wrong)
	}
	if err != nil && ctx.Err() == nil {
		w.log.WarnContext(ctx, "audit of the queue failed", "error", err)
	}
}

// rebuild fills an empty Redis from SQL. Of the goroutines of this process that find it empty one
// does it; among processes the queue's own lock decides.
func (w *Workers) rebuild(ctx context.Context) error {
	w.rebuilding.Lock()
	defer w.rebuilding.Unlock()
	needed, err := w.queue.NeedsRebuild(ctx)
	if err != nil || !needed {
		return err
	}
	start, from, n := time.Now(), w.s.now().Add(-clockSkew), 0
	err = w.queue.Rebuild(ctx, func(ctx context.Context, emit func(queue.Job) error) error {
		n = 0
		return eachUnfinished(ctx, w.db, due(w.s.now().Add(horizon)), w.s.enough(), func(rows []*tenants.Job) error {
			for _, r := range rows {
				err := emit(queueJob(r))
				if errors.Is(err, queue.ErrFull) {
					return errNextStore
				}
				if err != nil {
					return err
				}
				n++
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	w.cfg.Meter.Rebuilt(n, time.Since(start))
	w.log.InfoContext(ctx, "queue rebuilt from the database", "jobs", n, "took", time.Since(start).Round(time.Millisecond))
	// A row that was committed while the rebuild read was refused by Redis and missed by the reading.
	_ = w.requeue(ctx, func(q *gorm.DB) *gorm.DB { // the sweeper tries again
		return q.Where("run_at <= ? AND updated_at >= ?", w.s.now().Add(horizon), from)
	})
	return nil
}
