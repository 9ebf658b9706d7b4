package queue

import (
	"context"
	"sync"
	"time"

	"sluice/internal/bigcommerce"
)

const (
	// reportAfter is how long an answer waits for a next request to travel with.
	reportAfter = 3 * time.Millisecond
	// reportTimeout bounds telling an answer that no next request took along.
	reportTimeout = 5 * time.Second
)

// Limiter returns the governor of one store's requests, for any number of goroutines. Wait blocks
// up to maxBlock altogether, then answers a *bigcommerce.NoQuotaError that says when to come back;
// at once if that is known to be later than that.
//
// An answer travels to Redis with the next request of the same Limiter, so a chain of requests
// costs one round trip each.
func (q *Queue) Limiter(store string, maxBlock time.Duration) bigcommerce.Limiter {
	return &limiter{q: q, store: store, maxBlock: maxBlock, freed: make(chan struct{})}
}

type limiter struct {
	q        *Queue
	store    string
	maxBlock time.Duration

	mu      sync.Mutex
	reports []report      // answers that Redis has not been told
	timer   *time.Timer   // tells them, if no request takes them along
	freed   chan struct{} // closed when an answer has come: what waits for a slot may ask again
}

// Wait implements bigcommerce.Limiter.
func (l *limiter) Wait(ctx context.Context, call bigcommerce.Call) (func(bigcommerce.Answer), error) {
	deadline := time.Now().Add(l.maxBlock)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		reports, freed := l.take()
		d, err := l.q.reserve(ctx, l.store, call, reports)
		if err != nil {
			l.giveBack(reports)
			return nil, err
		}
		if d.Admitted {
			var once sync.Once
			return func(a bigcommerce.Answer) { once.Do(func() { l.done(d, a) }) }, nil
		}
		if time.Now().Add(d.Wait).After(deadline) {
			return nil, &bigcommerce.NoQuotaError{Until: l.q.now().Add(d.Wait)}
		}
		if d.Reason != "class" && d.Reason != "first" && d.Reason != "margin" {
			freed = nil // an answer changes nothing about a used-up window
		}
		timer := time.NewTimer(d.Wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-timer.C:
		case <-freed:
			timer.Stop()
		}
	}
}

// take hands over the answers that were not told yet, and a channel that closes with the next one.
func (l *limiter) take() ([]report, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.reports
	l.reports = nil
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	return r, l.freed
}

func (l *limiter) done(d Decision, a bigcommerce.Answer) {
	l.add(report{id: d.id, answer: a, at: time.Now()})
	l.mu.Lock()
	close(l.freed)
	l.freed = make(chan struct{})
	l.mu.Unlock()
}

// giveBack keeps answers that could not be told for the next try. Telling twice does no harm.
func (l *limiter) giveBack(reports []report) { l.add(reports...) }

func (l *limiter) add(reports ...report) {
	if len(reports) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reports = append(l.reports, reports...)
	if l.timer == nil {
		l.timer = time.AfterFunc(reportAfter, l.flush)
	}
}

// flush tells what no request has taken along. If Redis is away, the reservations run out by
// themselves.
func (l *limiter) flush() {
	reports, _ := l.take()
	if len(reports) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), reportTimeout)
	defer cancel()
	if err := l.q.observe(ctx, l.store, reports); err != nil {
		l.q.o.Log.WarnContext(ctx, "answers could not be told to the quota governor", "store", l.store, "answers", len(reports), "error", err)
	}
}
