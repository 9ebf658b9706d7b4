package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	flushLock = 30 * time.Second // renewed with every batch
	// flushStores is how many stores' minutes one batch brings; a store has one or two unless the
	// database was away.
	flushStores = 200
	// flushGrace is how long after its end a minute is left alone, in case Redis' clock is set back a
	// little.
	flushGrace = 2 * time.Second
)

// Minute is what a store's API quota did in one minute, by Redis' clock.
type Minute struct {
	Store string
	At    time.Time // when it began, UTC
	Used  int64     // requests of ours that were answered or lost, but for those that a used-up window refused
	// Others is how much of the quota others used, as far as the answers to our requests tell: nothing
	// is known of a window in which we sent none.
	Others  int64
	LeftMin int64         // the fewest requests left that an answer told; -1 if none did
	Quota   int64         // requests a window, 0 if no answer told
	Window  time.Duration // its length, 0 if no answer told

	// Answers 429, by what they meant: the window was used up, too many at once for an endpoint, the
	// platform was overloaded.
	ByQuota, ByConcurrency, ByLoad int64
}

// FlushMinutes hands the minutes that are over to save, in batches, and then forgets them in Redis.
// Of the processes that call it at the same time one does it, shard by shard; for the others there
// is nothing to do. It returns how many it moved.
//
// save must be idempotent on store and minute: after a crash between save and forgetting, or an
// error of Redis, the same minutes, with the same values, come again. An error of save leaves them
// where they are, for a day.
func (q *Queue) FlushMinutes(ctx context.Context, save func(ctx context.Context, minutes []Minute) error) (n int, err error) {
	token := rand.Text()
	for shard := range q.o.Shards {
		moved, err := q.flushShard(ctx, shard, token, save)
		n += moved
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (q *Queue) flushShard(ctx context.Context, shard int, token string, save func(context.Context, []Minute) error) (n int, err error) {
	mine, err := q.lockShard(ctx, shard, "flush", token, flushLock)
	if err != nil || !mine {
		return 0, err
	}
	defer func() {
		_, e := q.lockShard(context.WithoutCancel(ctx), shard, "flush", token, 0)
		err = errors.Join(err, e)
	}()
	for mine && err == nil {
		v, err := q.run(ctx, shard, "minutes", flushStores, flushGrace.Milliseconds())
		if err != nil {
			return n, err
		}
		listed := texts(v)
		minutes, err := parseMinutes(listed)
		if err != nil || len(minutes) == 0 {
			return n, err
		}
		if err := save(ctx, minutes); err != nil {
			return n, fmt.Errorf("queue: quota history: %w", err)
		}
		args := make([]any, len(listed))
		for i, text := range listed {
			args[i] = text
		}
		if v, err = q.run(ctx, shard, "flushed", args...); err != nil {
			return n, err
		}
		forgotten, _ := v.(int64)
		if n += int(forgotten); forgotten == 0 {
			return n, nil // the clock was set back: they go on and come again
		}
		mine, err = q.lockShard(ctx, shard, "flush", token, flushLock)
		if err != nil {
			return n, err
		}
	}
	return n, err
}

// parseMinutes reads what scripts/minutes.lua lists: store, minute, packed of each.
func parseMinutes(listed []string) ([]Minute, error) {
	minutes := make([]Minute, 0, len(listed)/3)
	for i := 0; i+2 < len(listed); i += 3 {
		f := strings.Split(listed[i+2], ",")
		if len(f) != 8 {
			return nil, fmt.Errorf("queue: minute %s of store %s is %q", listed[i+1], listed[i], listed[i+2])
		}
		n := func(k int) int64 { return integer(f[k]) }
		minutes = append(minutes, Minute{
			Store: listed[i], At: time.Unix(integer(listed[i+1])*60, 0).UTC(), Used: n(0), Others: n(1), LeftMin: n(2),
			Quota: n(3), Window: time.Duration(n(4)) * time.Millisecond, ByQuota: n(5), ByConcurrency: n(6), ByLoad: n(7),
		})
	}
	return minutes, nil
}
