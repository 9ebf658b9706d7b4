package queue

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"
)

const (
	enqueueBatch = 200 // jobs a script call
	reapBatch    = 100
	purgeBatch   = 500
)

var className = regexp.MustCompile(`^[a-z0-9_-]{0,64}$`)

// Enqueue adds jobs. A job whose ID is queued, running or held back already is left as it is; one
// that was dead starts anew. ErrFull means that all jobs for which there was room were added, and
// the others were not; ErrNoEpoch that none was.
func (q *Queue) Enqueue(ctx context.Context, jobs ...Job) error {
	ids, err := q.EnqueueIDs(ctx, jobs...)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if id == "" {
			return ErrFull
		}
	}
	return nil
}

// EnqueueIDs is Enqueue for those who need to know what became of each job: its own ID if it is in
// the queue, the ID of the waiting job that took over its payload (same store and Coalesce), or ""
// if the store's queue is full.
func (q *Queue) EnqueueIDs(ctx context.Context, jobs ...Job) ([]string, error) {
	return q.enqueue(ctx, jobs, false)
}

func (q *Queue) enqueue(ctx context.Context, jobs []Job, rebuilding bool) ([]string, error) {
	ids := make([]string, len(jobs))
	byShard := map[int][]int{}
	for i, j := range jobs {
		switch {
		case j.ID == "" || j.Store == "" || j.Kind == "":
			return nil, fmt.Errorf("queue: job %q of kind %q needs an id, a store and a kind", j.ID, j.Kind)
		case !className.MatchString(j.Class):
			return nil, fmt.Errorf("queue: job %q: class %q is not of the form [a-z0-9_-]", j.ID, j.Class)
		}
		s := q.storeShard(j.Store)
		byShard[s] = append(byShard[s], i)
	}
	for s := range q.o.Shards {
		part := make([]Job, len(byShard[s]))
		for k, i := range byShard[s] {
			part[k] = jobs[i]
		}
		var got []string
		var err error
		if rebuilding || len(part) > mergedJobs {
			got, err = q.enqueueOn(ctx, s, part, rebuilding)
		} else if len(part) > 0 {
			got, err = q.merged[s].enqueues.Call(ctx, part)
		}
		if err != nil {
			return nil, err
		}
		for k, i := range byShard[s] {
			ids[i] = got[k]
		}
	}
	return ids, nil
}

// enqueueOn enqueues jobs of one shard, some hundred a script call.
func (q *Queue) enqueueOn(ctx context.Context, shard int, jobs []Job, rebuilding bool) ([]string, error) {
	force := "0"
	if rebuilding {
		force = "1"
	}
	ids := make([]string, 0, len(jobs))
	for some := range slices.Chunk(jobs, enqueueBatch) {
		args := make([]any, 0, 2+9*len(some))
		args = append(args, force, q.o.MaxWaiting)
		for _, j := range some {
			args = append(args, j.ID, j.Store, j.Kind, j.Payload, j.Lane.priority(), j.Class, max(1, j.Cost), millis(j.RunAt), j.Coalesce)
		}
		v, err := q.run(ctx, shard, "enqueue", args...)
		if err != nil {
			return nil, err
		}
		got, ok := v.([]any)
		if !ok || len(got) != len(some) {
			return nil, fmt.Errorf("queue: enqueue: unexpected answer %T", v)
		}
		for _, id := range got {
			text, _ := id.(string)
			ids = append(ids, text)
		}
	}
	return ids, nil
}

// Ack ends a job that is done. ErrLeaseLost means that it was given to someone else meanwhile.
func (q *Queue) Ack(ctx context.Context, l *Lease) error {
	held, err := q.merged[q.storeShard(l.Store)].acks.Call(ctx, l)
	if err == nil && !held {
		return ErrLeaseLost
	}
	return err
}

// Dead gives a job up: it will not run again unless it is enqueued again.
func (q *Queue) Dead(ctx context.Context, l *Lease) error { return q.end(ctx, "dead", l) }

// Fail ends an attempt; the next is not before retryAt.
func (q *Queue) Fail(ctx context.Context, l *Lease, retryAt time.Time) error {
	return q.end(ctx, "fail", l, millis(retryAt))
}

// Snooze puts the job off until then without counting the attempt: there was no quota, or nothing
// to do yet.
func (q *Queue) Snooze(ctx context.Context, l *Lease, until time.Time) error {
	return q.end(ctx, "snooze", l, millis(until))
}

// GiveBack returns a job that was not finished, and not tried in vain either: it can be claimed at
// once, by another process if this one is about to stop.
func (q *Queue) GiveBack(ctx context.Context, l *Lease) error { return q.end(ctx, "snooze", l, 0) }

func (q *Queue) end(ctx context.Context, script string, l *Lease, args ...any) error {
	_, err := q.run(ctx, q.storeShard(l.Store), script, append([]any{l.ID, l.Token}, args...)...)
	return err
}

// Heartbeat extends the leases by Options.LeaseFor from now. It returns the IDs of those that are
// lost: stop work on them. A shard that fails keeps the leases of no other from being extended; the
// error, a *HeartbeatError, says whose were not.
func (q *Queue) Heartbeat(ctx context.Context, leases []*Lease) (lost []string, err error) {
	byShard := map[int][]any{}
	failed := &HeartbeatError{}
	for _, l := range leases {
		s := q.storeShard(l.Store)
		byShard[s] = append(byShard[s], l.ID, l.Token)
	}
	for s, args := range byShard {
		v, e := q.run(ctx, s, "heartbeat", append([]any{q.o.LeaseFor.Milliseconds()}, args...)...)
		if e != nil {
			for i := 0; i < len(args); i += 2 {
				failed.IDs = append(failed.IDs, fmt.Sprint(args[i]))
			}
			failed.Err = errors.Join(failed.Err, e)
			continue
		}
		lost = append(lost, texts(v)...)
	}
	if failed.Err != nil {
		return lost, failed
	}
	return lost, nil
}

// HeartbeatError says which leases could not be extended because Redis, or the node that has them,
// did not answer. They may be held still.
type HeartbeatError struct {
	IDs []string // of the jobs
	Err error
}

func (e *HeartbeatError) Error() string { return e.Err.Error() }

// Unwrap returns what Redis said.
func (e *HeartbeatError) Unwrap() error { return e.Err }

// Reap takes back the leases that have run out and says how many there were. Any process may call
// it, every few seconds. A shard that fails keeps it from no other.
func (q *Queue) Reap(ctx context.Context) (n int, err error) {
	for s := range q.o.Shards {
		for {
			v, e := q.run(ctx, s, "reap", reapBatch)
			if e != nil {
				err = errors.Join(err, e)
				break
			}
			got, _ := v.(int64)
			n += int(got)
			if got < reapBatch {
				break
			}
		}
	}
	return n, err
}

// Pause lets no job of the store start until Resume; jobs under way go on, and so do single
// requests through a Limiter.
func (q *Queue) Pause(ctx context.Context, store string) error { return q.set(ctx, store, "paused", 1) }

// Resume undoes Pause, and lets a store that was purged send requests again.
func (q *Queue) Resume(ctx context.Context, store string) error {
	return q.set(ctx, store, "paused", 0)
}

// SetWeight gives a store a larger share of the workers than others; 1 is the default.
func (q *Queue) SetWeight(ctx context.Context, store string, weight int) error {
	return q.set(ctx, store, "weight", max(1, weight))
}

// SetCap limits how many of the store's jobs run at once; 0 is Options.StoreCap.
func (q *Queue) SetCap(ctx context.Context, store string, n int) error {
	return q.set(ctx, store, "cap", max(0, n))
}

func (q *Queue) set(ctx context.Context, store, field string, value int) error {
	_, err := q.run(ctx, q.storeShard(store), "setting", store, field, value)
	return err
}

// Purge forgets everything about a store: jobs, leases (their holders lose them), settings, quota.
// No request of the store is admitted from then on (see Reserve), and those who asked for it
// (OnPurge) are told before Purge returns, even if it fails.
func (q *Queue) Purge(ctx context.Context, store string) error {
	defer q.purged.tell(store)
	for {
		v, err := q.run(ctx, q.storeShard(store), "purge", store, purgeBatch)
		if err != nil {
			return err
		}
		if v == int64(1) {
			return nil
		}
	}
}

// OnPurge has fn called with each store that this Queue purges, until stop. Other processes' stores
// come up with Heartbeat.
func (q *Queue) OnPurge(fn func(store string)) (stop func()) { return q.purged.add(fn) }

// watchers are functions to be told of a store.
type watchers struct {
	mu   sync.Mutex
	next int
	fns  map[int]func(store string)
}

func (w *watchers) add(fn func(store string)) (remove func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fns == nil {
		w.fns = map[int]func(string){}
	}
	id := w.next
	w.next++
	w.fns[id] = fn
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.fns, id)
	}
}

func (w *watchers) tell(store string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, fn := range w.fns {
		fn(store)
	}
}
