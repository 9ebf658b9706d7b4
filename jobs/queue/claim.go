package queue

import (
	"context"
	"errors"
	mathrand "math/rand/v2"
	"time"
)

// shardTrouble is how long claims leave a shard alone whose node did not answer.
const shardTrouble = time.Second

var errShardsAway = errors.New("queue: no shard answers; their nodes did not a moment ago either")

// jobFields are what a claim script returns after "job".
const jobFields = 11

// Claim leases the next job, waiting up to wait for one; nil, nil when there was none. A cancelled
// ctx ends it within a second.
func (q *Queue) Claim(ctx context.Context, wait time.Duration) (*Lease, error) {
	deadline := time.Now().Add(wait)
	l, _, err := q.claimAny(ctx, -1)
	if l != nil || err != nil || time.Until(deadline) <= 0 {
		return l, err
	}
	q.sleepers.enter()
	defer q.leaveShards(ctx)
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	for {
		// One goroutine looks out for work, the others wait for their turn: they must not use up the
		// connection pool by waiting.
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
			return nil, nil
		case <-q.lookout:
		}
		l, err := q.lookOut(ctx, deadline)
		q.lookout <- struct{}{}
		if l != nil || err != nil {
			return l, err
		}
	}
}

// lookOut sleeps until there may be something to claim, once.
func (q *Queue) lookOut(ctx context.Context, deadline time.Time) (*Lease, error) {
	l, next, err := q.claimAny(ctx, -1) // the one before us may have left something
	if l != nil || err != nil {
		return l, err
	}
	sleep := min(time.Until(deadline), q.longestSleep)
	if next >= 0 {
		sleep = min(sleep, next)
	}
	if err := ctx.Err(); err != nil || sleep <= 0 {
		return nil, err
	}
	woke, err := q.sleep(ctx, sleep)
	if err != nil {
		return nil, err
	}
	l, _, err = q.claimAny(ctx, woke)
	return l, err
}

// claimAny tries the shards until one has a job: first the given one (-1: none in particular), then
// the others in an order of its own each time, or the shards after idle ones would be served more
// often than others. next is when the first parked store wakes, -1 if none. A shard whose node does
// not answer keeps nobody from the others' jobs: its error is returned only if these have none, and
// it is then left alone for shardTrouble, so that of the workers one a second waits for it.
func (q *Queue) claimAny(ctx context.Context, first int) (l *Lease, next time.Duration, err error) {
	next = -1
	var away error
	tried := 0
	for _, s := range claimOrder(q.o.Shards, first) {
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
			q.setTrouble(s)
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

// claimOrder is all shards in random order, but for the first if it is one.
func claimOrder(shards, first int) []int {
	if shards == 1 {
		return []int{0}
	}
	order := mathrand.Perm(shards)
	for i, s := range order {
		if s == first {
			order[0], order[i] = order[i], order[0]
		}
	}
	return order
}

// inTrouble says whether the shard's node did not answer a moment ago.
func (q *Queue) inTrouble(shard int) bool { return time.Now().UnixNano() < q.trouble[shard].Load() }

func (q *Queue) setTrouble(shard int) {
	q.trouble[shard].Store(time.Now().Add(shardTrouble).UnixNano())
}

// claim is claimOn for one job, merged with the claims that others make meanwhile. A ctx that ends
// does not end its part in them: the lease would be lost to everybody until it runs out.
func (q *Queue) claim(ctx context.Context, shard int) (*Lease, time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	c, err := q.merged[shard].claims.Call(context.WithoutCancel(ctx), struct{}{})
	return c.lease, c.next, err
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
