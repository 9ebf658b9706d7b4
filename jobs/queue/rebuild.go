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

// NeedsRebuild says whether Redis has no complete queue, or one spread over another number of
// shards. ErrSuperseded means the latter, and that it is not for this process to change that.
func (q *Queue) NeedsRebuild(ctx context.Context) (bool, error) {
	l, err := q.layout(ctx)
	if err != nil {
		return false, err
	}
	if err := q.mayLay(ctx, l); err != nil {
		return false, err
	}
	epochs, err := q.epochs(ctx, q.o.Shards)
	if err != nil {
		return false, err
	}
	for _, e := range epochs {
		if shards, complete := parseEpoch(e); !complete || shards != q.o.Shards {
			return true, nil
		}
	}
	return l.was > 0, nil
}

// Rebuild fills an empty Redis. load emits every unfinished job there is in SQL (any order; jobs
// that are in Redis already are left alone; jobs beyond MaxWaiting of a store are dropped silently,
// they stay in SQL) and may call Pause, SetWeight and SetCap. One process at a time loads; the
// others wait here until it is done, so all may call Rebuild when they meet ErrNoEpoch. A job that
// was running when Redis lost it runs again.
//
// It also moves a queue that is spread over another number of shards, by emptying it and filling it
// anew. That is as if Redis had lost it: leases are lost to their holders, who learn of it by their
// next heartbeat; so is what was known of the stores' quotas, with the requests on their way, and
// the minutes of the quota history that no FlushMinutes has moved yet. Until an answer tells a
// store's quota again, five requests of it may be under way beside those.
//
// Of processes with different numbers the one that began last wins, and the others get
// ErrSuperseded: so in a rolling restart the number changes once, however the old processes and the
// new ones take turns.
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
	if err := q.reshard(ctx, token); err != nil {
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
		if _, err := q.run(ctx, s, "complete", epochOf(q.o.Shards)+token); err != nil {
			return err
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

// Audit recounts every store's counters from what they count, and puts every store where it
// belongs. It returns how many counters were wrong, which is 0 unless there is a bug. Any process
// may call it now and then.
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
