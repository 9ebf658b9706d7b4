package queue

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"
)

// eventBuffer is how many events a slow subscriber may be behind before the oldest are dropped.
const eventBuffer = 64

func (q *Queue) channel(store string) string {
	return q.shardKey(q.storeShard(store), "events:"+store)
}

// Publish tells the pages that watch a store that something happened. Nobody may be listening;
// nothing is kept.
func (q *Queue) Publish(ctx context.Context, store, event string) error {
	if err := q.rdb.Publish(ctx, q.channel(store), event).Err(); err != nil {
		return failure("publish", err)
	}
	return nil
}

// Subscribe returns a store's events from now on. The channel closes after stop (which may be
// called more than once), or when ctx ends. Events are hints that something changed: a slow reader
// misses the oldest, never the newest; so read the state after subscribing, and again at each
// event.
func (q *Queue) Subscribe(ctx context.Context, store string) (events <-chan string, stop func(), err error) {
	sub := q.rdb.Subscribe(ctx, q.channel(store))
	if _, err := sub.Receive(ctx); err != nil { // confirmed: no event from here on is missed
		_ = sub.Close() // the first error counts
		return nil, nil, failure("subscribe", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	out := make(chan string, eventBuffer)
	var done sync.WaitGroup
	done.Go(func() {
		defer close(out)
		defer sub.Close()
		forward(ctx, sub.Channel(), out)
	})
	return out, func() { cancel(); done.Wait() }, nil
}

func forward(ctx context.Context, in <-chan *redis.Message, out chan string) {
	for {
		select {
		case <-ctx.Done():
			return
		case m, ok := <-in:
			if !ok {
				return
			}
			for sent := false; !sent; {
				select {
				case out <- m.Payload:
					sent = true
				default:
					select {
					case <-out: // make room
					default:
					}
				}
			}
		}
	}
}
