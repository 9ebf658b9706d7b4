package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"
)

// overBatch is how many stores with refused jobs a call looks at, of each shard.
const overBatch = 100

// MaxWaiting is how many jobs of one store may wait in Redis (Options.MaxWaiting).
func (q *Queue) MaxWaiting() int { return q.o.MaxWaiting }

// Turn says whether this process is the one to do, now, what one process at a time does about every
// interval. The turn is never given back: it is over when most of the interval is, so that the next
// one to ask, here or elsewhere, has it.
func (q *Queue) Turn(ctx context.Context, name string, interval time.Duration) (bool, error) {
	return q.turn(ctx, 0, name, interval)
}

func (q *Queue) turn(ctx context.Context, shard int, name string, interval time.Duration) (bool, error) {
	return q.lockShard(ctx, shard, name, rand.Text(), interval*4/5)
}

// StoresWithRoom returns stores that had jobs refused (ErrFull) and are at most half full now:
// enqueue what they have in SQL. It is for every process to call about every interval; of all that
// do one is told of a store, once, until the store has a job refused again. A shard that fails
// keeps it from no other.
func (q *Queue) StoresWithRoom(ctx context.Context, interval time.Duration) (stores []string, err error) {
	for s := range q.o.Shards {
		mine, e := q.turn(ctx, s, "paging", interval)
		if e != nil || !mine {
			err = errors.Join(err, e)
			continue
		}
		v, e := q.run(ctx, s, "over", q.o.MaxWaiting, overBatch)
		err = errors.Join(err, e)
		stores = append(stores, texts(v)...)
	}
	return stores, err
}

// Over returns the stores that had jobs refused (ErrFull) and that StoresWithRoom has not returned
// since: SQL has more of them.
func (q *Queue) Over(ctx context.Context) (stores []string, err error) {
	for s := range q.o.Shards {
		list, e := q.rdb.SMembers(ctx, q.shardKey(s, "over")).Result()
		if e != nil {
			err = errors.Join(err, fmt.Errorf("queue: over: %w", e))
		}
		stores = append(stores, list...)
	}
	return stores, err
}

// Missing returns those of a store's jobs that Enqueue would add: Redis does not hold them, or as
// dead. refused is true while the store is one that StoresWithRoom will return when it has room:
// until then there is no use in enqueuing more.
func (q *Queue) Missing(ctx context.Context, store string, ids ...string) (missing []string, refused bool, err error) {
	for some := range slices.Chunk(ids, lookBatch) {
		args := make([]any, 0, 1+len(some))
		args = append(args, store)
		for _, id := range some {
			args = append(args, id)
		}
		v, err := q.run(ctx, q.storeShard(store), "missing", args...)
		if err != nil {
			return nil, false, err
		}
		r := texts(v)
		if len(r) == 0 {
			return nil, false, fmt.Errorf("queue: missing: unexpected answer %v", v)
		}
		refused = r[0] == "1"
		missing = append(missing, r[1:]...)
	}
	return missing, refused, nil
}
