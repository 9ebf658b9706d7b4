package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

const (
	rebuildLock  = 30 * time.Second // renewed with every batch
	rebuildPoll  = 200 * time.Millisecond
	rebuildBatch = 500
)

// NeedsRebuild says whether Redis has no complete queue.
func (q *Queue) NeedsRebuild(ctx context.Context) (bool, error) {
	for s := range q.o.Shards {
		n, err := q.rdb.Exists(ctx, q.shardKey(s, "epoch")).Result()
		if err != nil {
			return false, fmt.Errorf("queue: epoch: %w", err)
		}
		if n == 0 {
			return true, nil
		}
	}
	return false, nil
}

// Rebuild fills an empty Redis. load emits every unfinished job there is in SQL (any order; jobs that are in Redis already are
// left alone; jobs beyond MaxWaiting of a store are dropped silently, they stay in SQL) and may call Pause, SetWeight and SetCap.
// One process at a time loads; the others wait here until it is done, so all may call Rebuild when they meet ErrNoEpoch. A
// job that was running when Redis lost it runs again.
func (q *Queue) Rebuild(ctx context.Context, load func(ctx context.Context, emit func(Job) error) error) error {
	token := rand.Text()
	for {
		needed, err := q.NeedsRebuild(ctx)
		if err != nil || !needed {
			return err
		}
		got, err := q.lock(ctx, token, rebuildLock)
		if err != nil {
			return err
		}
		if got {
			return q.rebuild(ctx, token, load)
		}
		timer := time.NewTimer(rebuildPoll)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

func (q *Queue) rebuild(ctx context.Context, token string, load func(ctx context.Context, emit func(Job) error) error) (err error) {
	defer func() {
		// Let go even if ctx has ended, or the others wait for the lock to run out.
		if _, e := q.lock(context.WithoutCancel(ctx), token, 0); e != nil {
			err = errors.Join(err, e)
		}
	}()
	if needed, err := q.NeedsRebuild(ctx); err != nil || !needed { // someone was faster
		return err
	}
	var batch []Job
	flush := func() error {
		if ok, err := q.lock(ctx, token, rebuildLock); err != nil {
			return err
		} else if !ok {
			return errors.New("queue: rebuild: took too long, another process does it now")
		}
		_, err := q.enqueue(ctx, batch, true)
		batch = batch[:0]
		return err
	}
	err = load(ctx, func(j Job) error {
		batch = append(batch, j)
		if len(batch) < rebuildBatch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return fmt.Errorf("queue: rebuild: load: %w", err)
	}
	if err := flush(); err != nil {
		return err
	}
	if _, err := q.Audit(ctx); err != nil {
		return err
	}
	for s := range q.o.Shards {
		if err := q.rdb.Set(ctx, q.shardKey(s, "epoch"), token, 0).Err(); err != nil {
			return fmt.Errorf("queue: epoch: %w", err)
		}
	}
	return nil
}

// lock takes, renews or (hold 0) lets go of the rebuild lock; false if another token has it.
func (q *Queue) lock(ctx context.Context, token string, hold time.Duration) (bool, error) {
	return q.lockShard(ctx, 0, "rebuild", token, hold)
}

// lockShard is lock for any lock of any shard.
func (q *Queue) lockShard(ctx context.Context, shard int, name, token string, hold time.Duration) (bool, error) {
	v, err := q.run(ctx, shard, "lock", token, hold.Milliseconds(), name)
	return v == int64(1), err
}

// Audit recounts every store's counters from what they count, and puts every store where it belongs. It returns how many
// counters were wrong, which is 0 unless there is a bug. Any process may call it now and then.
func (q *Queue) Audit(ctx context.Context) (wrong int, err error) {
	for s := range q.o.Shards {
		var cursor uint64
		for {
			stores, next, err := q.rdb.SScan(ctx, q.shardKey(s, "stores"), cursor, "", 100).Result()
			if err != nil {
				return wrong, fmt.Errorf("queue: audit: %w", err)
			}
			if len(stores) > 0 {
				args := make([]any, len(stores))
				for i, store := range stores {
					args[i] = store
				}
				v, err := q.run(ctx, s, "audit", args...)
				if err != nil {
					return wrong, err
				}
				n, _ := v.(int64)
				wrong += int(n)
			}
			if cursor = next; cursor == 0 {
				break
			}
		}
	}
	return wrong, nil
}
