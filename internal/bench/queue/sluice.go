package queue

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"sluice/internal/bigcommerce"
	"sluice/jobs/queue"
)

type sluice struct{ q *queue.Queue }

// newSluice makes a queue whose stores all have a known quota that is far from used up. The cap of
// a store is lifted to all workers: it would otherwise hold back one store alone, and flatter the
// others.
func newSluice(ctx context.Context, rdb redis.UniversalClient, stores []string) (system, error) {
	return sluiceWith(ctx, rdb, stores, queue.Options{StoreCap: workers})
}

// newCapped makes the queue with its own cap.
func newCapped(ctx context.Context, rdb redis.UniversalClient, stores []string) (system, error) {
	return sluiceWith(ctx, rdb, stores, queue.Options{})
}

func sluiceWith(ctx context.Context, rdb redis.UniversalClient, stores []string, o queue.Options) (system, error) {
	q := queue.New(rdb, o)
	if err := q.Rebuild(ctx, func(context.Context, func(queue.Job) error) error { return nil }); err != nil {
		return nil, err
	}
	answer := bigcommerce.Answer{Status: 200, HasQuota: true, Quota: 1 << 30, Left: 1 << 29, Window: time.Hour, Reset: time.Hour}
	return &sluice{q}, each(len(stores), func(i int) error {
		d, err := q.Reserve(ctx, stores[i], bigcommerce.Call{Cost: 1})
		if err != nil {
			return err
		}
		return q.Observe(ctx, stores[i], d, answer)
	})
}

func (s *sluice) enqueue(ctx context.Context, store string, id int64) error {
	return s.q.Enqueue(ctx, queue.Job{ID: strconv.FormatInt(id, 10), Store: store, Kind: "bench", Payload: payload})
}

// settle does what workers do once the minute is over: it takes the quota history out of Redis. Its
// clock is ahead, so that nobody has to wait for that.
func (s *sluice) settle(ctx context.Context, rdb redis.UniversalClient) error {
	later := queue.New(rdb, queue.Options{Now: func() time.Time { return time.Now().Add(2 * time.Minute) }})
	_, err := later.FlushMinutes(ctx, func(context.Context, []queue.Minute) error { return nil })
	return err
}

func (s *sluice) serve(ctx context.Context, handle func(store string, id int64)) (func(), error) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for ctx.Err() == nil {
				l, err := s.q.Claim(ctx, time.Second)
				if err != nil || l == nil {
					continue
				}
				id, _ := strconv.ParseInt(l.ID, 10, 64)
				handle(l.Store, id)
				_ = s.q.Ack(context.WithoutCancel(ctx), l) // a lost lease shows as a missing job
			}
		})
	}
	return func() { cancel(); group.Wait() }, nil
}
