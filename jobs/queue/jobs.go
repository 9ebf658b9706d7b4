package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	enqueueBatch = 200 // jobs a script call
	reapBatch    = 100
	purgeBatch   = 500
	// longestSleep bounds one BZPOPMIN: it must stay below go-redis' read timeout (3 s by default), it is how long a cancelled
	// Claim may take to return, and after it a wake-up lost with another process is noticed.
	longestSleep = time.Second
	// shardTrouble is how long claims leave a shard alone whose node did not answer.
	shardTrouble = time.Second
	// shardSkip is how long a worker that would sleep on such a shard waits before it takes the next one.
	shardSkip = 10 * time.Millisecond
)

var errShardsAway = errors.New("queue: no shard answers; their nodes did not a moment ago either")

// jobFields are what a claim script returns after "job".
const jobFields = 11

var className = regexp.MustCompile(`^[a-z0-9_-]{0,64}$`)

// Enqueue adds jobs. A job whose ID is queued, running or held back already is left as it is; one that was dead starts anew.
// ErrFull means that all jobs for which there was room were added, and the others were not; ErrNoEpoch that none was.
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

// EnqueueIDs is Enqueue for those who need to know what became of each job: its own ID if it is in the queue, the ID of the
// waiting job that took over its payload (same store and Coalesce), or "" if the store's queue is full.
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
	force := "0"
	if rebuilding {
		force = "1"
	}
	for s := range q.o.Shards {
		for todo := byShard[s]; len(todo) > 0; {
			n := min(len(todo), enqueueBatch)
			args := make([]any, 0, 2+9*n)
			args = append(args, force, q.o.MaxWaiting)
			for _, i := range todo[:n] {
				j := jobs[i]
				args = append(args, j.ID, j.Store, j.Kind, j.Payload, j.Lane.priority(), j.Class, max(1, j.Cost), millis(j.RunAt), j.Coalesce)
			}
			v, err := q.run(ctx, s, "enqueue", args...)
			if err != nil {
				return nil, err
			}
			got, ok := v.([]any)
			if !ok || len(got) != n {
				return nil, fmt.Errorf("queue: enqueue: unexpected answer %T", v)
			}
			for k, i := range todo[:n] {
				ids[i], _ = got[k].(string)
			}
			todo = todo[n:]
		}
	}
	return ids, nil
}

// Claim leases the next job, waiting up to wait for one; nil, nil when there was none. A cancelled ctx ends it within a
// second.
func (q *Queue) Claim(ctx context.Context, wait time.Duration) (*Lease, error) {
	deadline := time.Now().Add(wait)
	for {
		l, _, err := q.claimAny(ctx)
		if l != nil || err != nil {
			return l, err
		}
		left := time.Until(deadline)
		if left <= 0 {
			return nil, nil
		}
		// One goroutine a shard sleeps in Redis, the others here: workers must not use up the connection pool by waiting.
		timer := time.NewTimer(left)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-timer.C:
			return nil, nil
		case shard := <-q.sleepers:
			timer.Stop()
			l, err := q.claimSleeping(ctx, shard, deadline)
			q.sleepers <- shard
			if l != nil || err != nil {
				return l, err
			}
		}
	}
}

// claimSleeping sleeps on a shard until there may be something to claim, once.
func (q *Queue) claimSleeping(ctx context.Context, shard int, deadline time.Time) (*Lease, error) {
	l, next, err := q.claimAny(ctx) // the sleeper before us may have left something
	if l != nil || err != nil {
		return l, err
	}
	sleep := min(time.Until(deadline), longestSleep)
	if next >= 0 {
		sleep = min(sleep, next)
	}
	if sleep <= 0 {
		return nil, ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if q.o.Shards > 1 && q.inTrouble(shard) { // nothing wakes it: sleep on another
		timer := time.NewTimer(min(sleep, shardSkip))
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
			return nil, nil
		}
	}
	// As raw arguments: go-redis' own method rounds timeouts below a second up to one. "0" would mean for ever.
	seconds := strconv.FormatFloat(max(sleep, time.Millisecond).Seconds(), 'f', 3, 64)
	if err := q.rdb.Do(ctx, "bzpopmin", q.shardKey(shard, "mark"), seconds).Err(); err != nil && !errors.Is(err, redis.Nil) {
		q.trouble[shard].Store(time.Now().Add(shardTrouble).UnixNano())
		return nil, fmt.Errorf("queue: sleep: %w", err)
	}
	l, _, err = q.claimAny(ctx)
	return l, err
}

// claimAny tries the shards in turn, beginning at a random one. next is when the first parked store wakes, -1 if none. A shard
// whose node does not answer keeps nobody from the others' jobs: its error is returned only if these have none, and it is then left
// alone for shardTrouble, so that of the workers one a second waits for it.
func (q *Queue) claimAny(ctx context.Context) (l *Lease, next time.Duration, err error) {
	next = -1
	first := 0
	if q.o.Shards > 1 {
		first = randomInt(q.o.Shards)
	}
	var away error
	tried := 0
	for i := range q.o.Shards {
		s := (first + i) % q.o.Shards
		if q.o.Shards > 1 && q.inTrouble(s) {
			continue
		}
		tried++
		l, n, err := q.claim(ctx, s)
		switch {
		case l != nil:
			return l, 0, nil
		case err != nil && (errors.Is(err, ErrNoEpoch) || ctx.Err() != nil):
			return nil, 0, err
		case err != nil:
			away = err
			q.trouble[s].Store(time.Now().Add(shardTrouble).UnixNano())
			q.o.Log.WarnContext(ctx, "a shard of the queue does not answer; its stores wait", "shard", s, "error", err)
		case n >= 0 && (next < 0 || n < next):
			next = n
		}
	}
	if tried == 0 {
		return nil, 0, errShardsAway
	}
	return nil, next, away
}

// inTrouble says whether the shard's node did not answer a moment ago.
func (q *Queue) inTrouble(shard int) bool { return time.Now().UnixNano() < q.trouble[shard].Load() }

func (q *Queue) claim(ctx context.Context, shard int) (*Lease, time.Duration, error) {
	token := rand.Text()
	v, err := q.run(ctx, shard, "claim", token, q.o.LeaseFor.Milliseconds())
	if err != nil {
		return nil, 0, err
	}
	r := texts(v)
	switch {
	case len(r) == 2 && r[0] == "none":
		ms := integer(r[1])
		if ms < 0 {
			return nil, -1, nil
		}
		return nil, time.Duration(ms) * time.Millisecond, nil
	case len(r) == 1+jobFields && r[0] == "job":
		return &Lease{
			Job: Job{
				ID: r[1], Store: r[2], Kind: r[3], Payload: []byte(r[4]), Lane: laneOf(integer(r[5])), Class: r[6],
				Cost: int(integer(r[7])), RunAt: fromMillis(integer(r[10])), Coalesce: r[11],
			},
			Attempt: int(integer(r[8])), Token: token, Expires: fromMillis(integer(r[9])),
		}, 0, nil
	}
	return nil, 0, fmt.Errorf("queue: claim: unexpected answer %v", v)
}

// laneOf reads the lane back from a score.
func laneOf(score int64) Lane {
	switch score / 1e14 {
	case 0:
		return LaneInteractive
	case 1:
		return LaneOrders
	default:
		return LaneBulk
	}
}

// Ack ends a job that is done. ErrLeaseLost means that it was given to someone else meanwhile.
func (q *Queue) Ack(ctx context.Context, l *Lease) error { return q.end(ctx, "ack", l) }

// Dead gives a job up: it will not run again unless it is enqueued again.
func (q *Queue) Dead(ctx context.Context, l *Lease) error { return q.end(ctx, "dead", l) }

// Fail ends an attempt; the next is not before retryAt.
func (q *Queue) Fail(ctx context.Context, l *Lease, retryAt time.Time) error {
	return q.end(ctx, "fail", l, millis(retryAt))
}

// Snooze puts the job off until then without counting the attempt: there was no quota, or nothing to do yet.
func (q *Queue) Snooze(ctx context.Context, l *Lease, until time.Time) error {
	return q.end(ctx, "snooze", l, millis(until))
}

// GiveBack returns a job that was not finished, and not tried in vain either: it can be claimed at once, by another process
// if this one is about to stop.
func (q *Queue) GiveBack(ctx context.Context, l *Lease) error { return q.end(ctx, "snooze", l, 0) }

func (q *Queue) end(ctx context.Context, script string, l *Lease, args ...any) error {
	_, err := q.run(ctx, q.storeShard(l.Store), script, append([]any{l.ID, l.Token}, args...)...)
	return err
}

// Heartbeat extends the leases by Options.LeaseFor from now. It returns the IDs of those that are lost: stop work on them.
// A shard that fails keeps the leases of no other from being extended; the error, a *HeartbeatError, says whose were not.
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

// HeartbeatError says which leases could not be extended because Redis, or the node that has them, did not answer. They may be
// held still.
type HeartbeatError struct {
	IDs []string // of the jobs
	Err error
}

func (e *HeartbeatError) Error() string { return e.Err.Error() }

// Unwrap returns what Redis said.
func (e *HeartbeatError) Unwrap() error { return e.Err }

// Reap takes back the leases that have run out and says how many there were. Any process may call it, every few seconds. A shard
// that fails keeps it from no other.
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

// Pause lets no job of the store start until Resume; jobs under way go on, and so do single requests through a Limiter.
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

// Purge forgets everything about a store: jobs, leases (their holders lose them), settings, quota. No request of the store is
// admitted from then on (see Reserve), and those who asked for it (OnPurge) are told before Purge returns, even if it fails.
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

// OnPurge has fn called with each store that this Queue purges, until stop. Other processes' stores come up with Heartbeat.
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
