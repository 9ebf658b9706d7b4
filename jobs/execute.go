package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/internal/tracing"
	"sluice/jobs/flow"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// handler carries out a job. On success the job's row is marked done, unless the handler did so in
// a transaction of its own (job.settled). A handler may be called again for a job that it has
// carried out, also at the same time by another process: what it does twice must count once.
type handler func(ctx context.Context, j *job) error

// job is a job under way.
type job struct {
	row     *tenants.Job
	store   *tenants.Store // as it was when the job began; nil for SystemStore
	log     *slog.Logger
	settled bool           // the handler has finished the row
	end     finishing      // else: what is saved with the row's end
	next    []*tenants.Job // rows that the handler inserted: to be enqueued before the ack
	after   func()         // audit and events of what the handler did, once the queue is told
}

func (j *job) payload(into any) error {
	if err := json.Unmarshal([]byte(j.row.Payload), into); err != nil {
		return fmt.Errorf("payload of job %s: %w", j.row.ID, err)
	}
	return nil
}

// settleTimeout bounds what is written about a job after it ran. It also runs when the job was
// stopped.
const settleTimeout = 15 * time.Second

// maxCrashes is how often a job may be claimed in all. Failures are counted in its row and end it
// long before; claims beyond that are workers that died with it, and it must not go on killing
// them.
const maxCrashes = 40

// execute carries out a claimed job and tells the queue how it ended.
func (w *Workers) execute(ctx context.Context, lease *queue.Lease) {
	ctx, stop := context.WithCancelCause(tenants.WithStore(ctx, lease.Store))
	log := w.log.With("store", lease.Store, "job", lease.ID, "kind", lease.Kind)
	settle, done := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	if !w.begin(lease, stop) {
		log.WarnContext(ctx, "this process still runs the job under a lost lease; later")
		w.logUnacked(settle, log, w.queue.Snooze(settle, lease, time.Now().Add(trouble)))
		done()
		stop(nil)
		return
	}
	done()
	w.claimed(lease)

	start := time.Now()
	j := &job{log: log}
	err := w.attempt(ctx, lease, j)
	end := func() {
		defer w.end(lease.ID)
		defer stop(nil)
		settle, done := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		defer done()
		if err == nil && j.row != nil && !j.settled {
			err = w.finish(settle, j)
		}
		w.settling(lease.ID)
		how := w.settle(settle, context.Cause(ctx), lease, j, err)
		w.cfg.Meter.Attempted(w.kindOf(lease.Kind), how, time.Since(start))
	}
	if err != nil || j.row == nil || j.settled {
		end()
		return
	}
	// Its end waits for the disk together with those of other jobs; the worker need not.
	w.ending <- struct{}{}
	w.ends.Go(func() {
		defer func() { <-w.ending }()
		end()
	})
}

// maxEnding is how many jobs may wait for their ends to be saved. They hold their leases until
// then.
const maxEnding = 128

// finish saves the end of a job that was done.
func (w *Workers) finish(ctx context.Context, j *job) error {
	j.end.id = j.row.ID
	stale, err := w.finishes.Call(ctx, j.end)
	return errors.Join(err, stale)
}

// attempt loads the job's row and calls its handler. A nil error with a nil row is a job without a
// row, or with a finished one.
func (w *Workers) attempt(ctx context.Context, lease *queue.Lease, j *job) (err error) {
	defer func() {
		if r := recover(); r != nil {
			j.log.ErrorContext(ctx, "job panicked", "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	have, err := w.s.loads.Call(ctx, lease)
	if err != nil {
		return err
	}
	row := have.row
	if row == nil || row.State != tenants.JobPending {
		j.log.DebugContext(ctx, "job is finished already")
		return w.enqueueSuccessor(ctx, lease)
	}
	j.row = row
	if row.StoreHash != SystemStore {
		j.store = have.store
		if j.store == nil || j.store.State == tenants.StoreUninstalled {
			j.settled = true
			return finishRow(ctx, w.db, row.ID, tenants.JobDropped, "the app was uninstalled")
		}
		if j.store.State != tenants.StoreActive {
			return errStorePaused
		}
	}
	if lease.Attempt > maxCrashes {
		return errCrashes
	}
	handle, ok := w.kinds[row.Kind]
	if !ok {
		return errUnknownKind
	}
	ctx, span := tracing.StartJob(ctx, row.Trace, tracing.Job{Store: lease.Store, Kind: row.Kind, ID: row.ID, Attempt: lease.Attempt})
	defer func() { tracing.End(span, err) }()
	return handle(ctx, j)
}

var (
	errStorePaused = errors.New("jobs: the store needs a reinstall")
	errCrashes     = errors.New("the worker ended every time it did this job")
	// errUnknownKind is of a job that a newer version of Sluice made: another process, or this one
	// after its update, carries it out.
	errUnknownKind = errors.New("jobs: this version of Sluice does not know the kind")
)

// unknownWait is when a job of an unknown kind is looked at again.
const unknownWait = 5 * time.Minute

// settle tells SQL and the queue how an attempt ended. stopped is why the job's context ended, if
// it did.
func (w *Workers) settle(ctx context.Context, stopped error, lease *queue.Lease, j *job, err error) Ending {
	switch {
	case err == nil:
		w.s.enqueue(ctx, j.next...)
		w.logUnacked(ctx, j.log, w.queue.Ack(ctx, lease))
		if j.after != nil {
			j.after()
		}
		return EndDone
	case errors.Is(err, errStale):
		j.log.DebugContext(ctx, "job was finished by someone else")
		w.logUnacked(ctx, j.log, w.queue.Ack(ctx, lease))
		return EndDone
	case errors.Is(stopped, queue.ErrLeaseLost), errors.Is(err, queue.ErrLeaseLost):
		j.log.InfoContext(ctx, "job stopped, its lease is lost", "error", err)
		return EndLost
	case errors.Is(err, queue.ErrNoEpoch): // Redis lost all, with it this lease: the rebuild brings the job again
		j.log.InfoContext(ctx, "job ended, the queue is to be rebuilt", "error", err)
		return EndLost
	case errors.Is(stopped, errStopping):
		j.log.InfoContext(ctx, "job given back, the process is stopping", "error", err)
		w.logUnacked(ctx, j.log, w.queue.GiveBack(ctx, lease))
		return EndReturned
	case errors.Is(err, errUnknownKind), errors.Is(err, flow.ErrUnknownKind):
		j.log.ErrorContext(ctx, "job kept for a version of Sluice that knows its kind", "again", unknownWait, "error", err)
		w.logUnacked(ctx, j.log, w.queue.Snooze(ctx, lease, time.Now().Add(unknownWait)))
		return EndUnknown
	case errors.Is(err, errRunPaused):
		j.log.InfoContext(ctx, "job waits for scopes", "again", scopeWait, "error", err)
		w.logUnacked(ctx, j.log, w.queue.Snooze(ctx, lease, time.Now().Add(scopeWait)))
		return EndPaused
	case errors.Is(err, errStorePaused):
		return w.park(ctx, lease, j, "")
	case isUnauthorized(err):
		return w.park(ctx, lease, j, reinstallReason)
	}
	if until, ok := w.quotaUntil(err); ok {
		j.log.DebugContext(ctx, "job waits for quota", "until", until)
		w.logUnacked(ctx, j.log, w.queue.Snooze(ctx, lease, until))
		return EndHeld
	}
	return w.failed(ctx, lease, j, err)
}

// logUnacked logs when the queue could not be told of a job's end. SQL knows it, so nothing is
// lost: the job comes up again and is seen to be finished.
func (w *Workers) logUnacked(ctx context.Context, log *slog.Logger, err error) {
	switch {
	case err == nil:
	case errors.Is(err, queue.ErrLeaseLost), errors.Is(err, queue.ErrNoEpoch):
		log.InfoContext(ctx, "the lease was lost before the job's end was told", "error", err)
	default:
		log.WarnContext(ctx, "queue not told of the job's end", "error", err)
	}
}

// reinstallReason is what the merchant reads when BigCommerce answered 401.
const reinstallReason = "BigCommerce no longer accepts Sluice's access to this store. Open Sluice from the control panel's app list to install it again; paused work then goes on."

func isUnauthorized(err error) bool {
	var unauthorized *bigcommerce.UnauthorizedError
	return errors.As(err, &unauthorized) || problem.CodeOf(err) == problem.NeedsReinstall
}

// park sets a job aside until its store is installed again. With a reason, the store is only now
// found to need that.
func (w *Workers) park(ctx context.Context, lease *queue.Lease, j *job, reason string) Ending {
	store, err := w.db.Store(ctx, lease.Store)
	if err != nil {
		return w.failed(ctx, lease, j, err)
	}
	switch {
	case store.State == tenants.StoreUninstalled:
		w.logUnacked(ctx, j.log, w.queue.GiveBack(ctx, lease)) // the next claim drops it
		return EndPaused
	case store.State == tenants.StoreActive && j.store != nil && !bytes.Equal(store.AccessToken, j.store.AccessToken):
		// Reinstalled while the job ran with the old token.
		w.logUnacked(ctx, j.log, w.queue.GiveBack(ctx, lease))
		return EndPaused
	case store.State == tenants.StoreActive && reason == "":
		w.logUnacked(ctx, j.log, w.queue.GiveBack(ctx, lease)) // reinstalled since we looked
		return EndPaused
	}
	if reason == "" {
		reason = store.StateReason
	}
	if err := w.s.PauseStore(ctx, lease.Store, reason); err != nil {
		return w.failed(ctx, lease, j, err)
	}
	// A paused store's jobs are not claimed; the next claim is after the resume.
	w.logUnacked(ctx, j.log, w.queue.GiveBack(ctx, lease))
	return EndPaused
}

// quotaUntil says whether err only means that the store's quota is used up, and until when.
func (w *Workers) quotaUntil(err error) (time.Time, bool) {
	var noQuota *bigcommerce.NoQuotaError
	if errors.As(err, &noQuota) {
		return noQuota.Until, true
	}
	var limited *bigcommerce.RateLimitError
	if errors.As(err, &limited) {
		wait := limited.Wait()
		if wait <= 0 { // platform load comes without headers: some seconds, and not all stores at once
			wait = time.Second + rand.N(4*time.Second)
		}
		return time.Now().Add(wait), true
	}
	return time.Time{}, false
}

// failed counts a failed attempt: another one later, or the job is dead.
func (w *Workers) failed(ctx context.Context, lease *queue.Lease, j *job, err error) Ending {
	if j.row == nil { // SQL is away: nothing can be counted there
		j.log.WarnContext(ctx, "job not begun", "error", err)
		w.logUnacked(ctx, j.log, w.queue.Fail(ctx, lease, time.Now().Add(w.cfg.Backoff(lease.Attempt))))
		return EndFailed
	}
	attempts := j.row.Attempts + 1
	if attempts >= w.cfg.MaxAttempts || errors.Is(err, errCrashes) {
		return w.bury(ctx, lease, j, attempts, err)
	}
	retryAt := time.Now().Add(max(w.cfg.Backoff(attempts), bigcommerce.RetryAfter(err)))
	j.log.WarnContext(ctx, "job failed; it will be tried again", "attempt", attempts, "retry_at", retryAt.UTC(), "error", err)
	if err := noteFailure(ctx, w.db, j.row.ID, attempts, w.s.now(), retryAt, err.Error()); err != nil {
		j.log.ErrorContext(ctx, "failure not counted", "error", err)
	}
	w.logUnacked(ctx, j.log, w.queue.Fail(ctx, lease, retryAt))
	return EndFailed
}

// backoff is the default of Config.Backoff. Half of it is random so that what failed together does
// not come back together.
func backoff(attempts int) time.Duration {
	d := min(time.Second<<min(max(attempts-1, 0), 16), 5*time.Minute)
	return d/2 + rand.N(d/2)
}

// bury makes a job a dead letter. A run whose step is dead has failed.
func (w *Workers) bury(ctx context.Context, lease *queue.Lease, j *job, attempts int, cause error) Ending {
	j.log.ErrorContext(ctx, "job is dead", "attempts", attempts, "error", cause)
	err := noteFailure(ctx, w.db, j.row.ID, attempts, w.s.now(), w.s.now(), cause.Error())
	if err == nil && j.row.Kind == kindRunStep {
		err = w.failRun(ctx, j, tenants.JobDead, cause)
	} else if err == nil {
		err = finishRow(ctx, w.db, j.row.ID, tenants.JobDead, cause.Error())
	}
	if err != nil && !errors.Is(err, errStale) && !errors.Is(err, flow.ErrStepLost) {
		j.log.ErrorContext(ctx, "dead job not recorded; it will be tried again", "error", err)
		w.logUnacked(ctx, j.log, w.queue.Fail(ctx, lease, time.Now().Add(w.cfg.Backoff(attempts))))
		return EndFailed
	}
	w.logUnacked(ctx, j.log, w.queue.Dead(ctx, lease))
	w.s.audit(ctx, actorSystem, "job.dead", "job:"+j.row.ID, cause.Error())
	if j.after != nil {
		j.after()
	}
	return EndDead
}
