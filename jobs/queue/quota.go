package queue

import (
	"context"
	"fmt"
	"time"

	"sluice/internal/bigcommerce"
)

// Decision is the governor's answer to one request that wants to be sent.
type Decision struct {
	Admitted bool
	Wait     time.Duration // if not admitted: ask again after this
	// Reason, if not admitted: quota (the window is used up), kept (what is left is kept for those who
	// wait for an answer, and for other apps), pace (a backlog is spread over the window), margin
	// (others use the store too), first (the quota is not known yet), class (concurrency limit of the
	// endpoint), cool (BigCommerce asked for a pause).
	Reason string
	id     string // of the reservation, for Observe
}

// QuotaState is a store's quota and queue at a glance.
type QuotaState struct {
	Known    bool // false until the first answer with rate headers
	Quota    int  // requests a window
	Left     int  // of them, at the server, as far as is known; includes Out
	Out      int  // requests on their way
	Margin   int  // set aside for what other apps may have used since
	Window   time.Duration
	Reset    time.Duration // until the window ends
	Cooling  time.Duration // until requests may be sent again, if BigCommerce asked for a pause
	Waiting  int           // jobs that could run
	Delayed  int           // jobs that wait for a time
	InFlight int           // jobs under way
	Paused   bool
}

// Reserve asks to send one request now. If admitted, Observe must be called with the Decision once
// the answer, or none, is there; a reservation that is never observed is given up after two
// minutes. It is ErrLeaseLost for two minutes after the store was purged, unless it was resumed
// since.
func (q *Queue) Reserve(ctx context.Context, store string, call bigcommerce.Call) (Decision, error) {
	return q.reserve(ctx, store, call, nil)
}

// Observe tells the answer to a request that was admitted. Telling it twice counts once.
func (q *Queue) Observe(ctx context.Context, store string, d Decision, a bigcommerce.Answer) error {
	return q.observe(ctx, store, []report{{id: d.id, answer: a, at: time.Now()}})
}

// report is an answer on its way to Redis.
type report struct {
	id     string
	answer bigcommerce.Answer
	at     time.Time // when it came, on this machine's monotonic clock
}

// args are the OBSERVE_ARGS of scripts/quota.lua.
func (r report) args() []any {
	a, retryAfter, status, has := r.answer, "", r.answer.Status, 0
	if a.HasRetryAfter {
		retryAfter = fmt.Sprint(a.RetryAfter.Milliseconds())
	}
	if a.Lost {
		status = 0
	}
	if a.HasQuota {
		has = 1
	}
	return []any{
		r.id, max(0, time.Since(r.at).Milliseconds()), status, has, a.Quota, a.Left,
		a.Window.Milliseconds(), a.Reset.Milliseconds(), retryAfter,
	}
}

// random is what scripts derive jitter from, in millionths.
func random() int { return randomInt(1_000_000) }

func (q *Queue) reserve(ctx context.Context, store string, call bigcommerce.Call, answers []report) (Decision, error) {
	if !className.MatchString(call.Class) {
		return Decision{}, fmt.Errorf("queue: class %q is not of the form [a-z0-9_-]", call.Class)
	}
	cost := max(1, call.Cost)
	id := fmt.Sprintf("%s|%d|%s", randomText(), cost, call.Class)
	interactive := 0
	if call.Interactive {
		interactive = 1
	}
	args := make([]any, 0, 6+9*len(answers))
	args = append(args, store, random(), id, cost, call.Class, interactive)
	for _, r := range answers {
		args = append(args, r.args()...)
	}
	v, err := q.run(ctx, q.storeShard(store), "reserve", args...)
	if err != nil {
		return Decision{}, err
	}
	switch r := texts(v); {
	case len(r) == 1:
		q.o.OnReserve("admitted")
		return Decision{Admitted: true, id: id}, nil
	case len(r) == 3:
		q.o.OnReserve(r[2])
		return Decision{Wait: time.Duration(integer(r[1])) * time.Millisecond, Reason: r[2]}, nil
	}
	return Decision{}, fmt.Errorf("queue: reserve: unexpected answer %v", v)
}

func (q *Queue) observe(ctx context.Context, store string, answers []report) error {
	args := make([]any, 0, 2+9*len(answers))
	args = append(args, store, random())
	for _, r := range answers {
		args = append(args, r.args()...)
	}
	_, err := q.run(ctx, q.storeShard(store), "observe", args...)
	return err
}

// Quota tells a store's state.
func (q *Queue) Quota(ctx context.Context, store string) (QuotaState, error) {
	v, err := q.run(ctx, q.storeShard(store), "state", store)
	if err != nil {
		return QuotaState{}, err
	}
	r := texts(v)
	if len(r) != 12 {
		return QuotaState{}, fmt.Errorf("queue: state: unexpected answer %v", v)
	}
	n := func(i int) int { return int(integer(r[i])) }
	ms := func(i int) time.Duration { return time.Duration(integer(r[i])) * time.Millisecond }
	return QuotaState{
		Known: n(0) == 1, Quota: n(1), Left: n(2), Out: n(3), Window: ms(4), Reset: ms(5), Waiting: n(6), Delayed: n(7),
		InFlight: n(8), Paused: n(9) == 1, Cooling: ms(10), Margin: n(11),
	}, nil
}
