package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

const (
	// MaxShards is how many there may be: enough for a cluster of dozens of nodes. Each costs an idle
	// process a look a second.
	MaxShards = 256
	// clearBatch is how many keys one SCAN looks at.
	clearBatch = 1000
	// closed is the number of shards in an epoch while it is being changed: no process' own.
	closed = 0
)

// ShardsError means that the queue in Redis is spread over another number of shards than this
// process is set to, or is about to be (Redis is 0). It is an ErrNoEpoch: Rebuild decides which
// number it is to be.
type ShardsError struct{ Redis, Own int }

func (e *ShardsError) Error() string {
	if e.Redis == closed {
		return "queue: the number of shards is being changed; this takes a moment"
	}
	return fmt.Sprintf("queue: redis holds a queue in %d shards and this process is set to %d: set the same number everywhere", e.Redis, e.Own)
}

// Unwrap returns ErrNoEpoch.
func (e *ShardsError) Unwrap() error { return ErrNoEpoch }

// layout is what scripts/shards.lua keeps in shard 0.
type layout struct {
	shards int    // 0: nothing is there
	id     string // of the change that set it
	was    int    // not 0: so many shards are still to be cleared
}

func (q *Queue) layout(ctx context.Context) (layout, error) {
	v, err := q.rdb.HMGet(ctx, q.shardKey(0, "shards"), "n", "id", "was").Result()
	if err != nil {
		return layout{}, fmt.Errorf("queue: shards: %w", err)
	}
	r := texts(v)
	l := layout{shards: int(integer(r[0])), id: r[1], was: int(integer(r[2]))}
	q.seen.CompareAndSwap(nil, &l.id)
	return l, nil
}

// Shards returns over how many shards the queue in Redis is spread, 0 if there is none or the
// number is being changed.
func (q *Queue) Shards(ctx context.Context) (int, error) {
	l, err := q.layout(ctx)
	return l.shards, err
}

// begin notes, before this process' first script, which change of the number of shards was the
// last. While shard 0 does not answer it is tried again, and keeps nobody from the other shards.
func (q *Queue) begin(ctx context.Context) {
	if q.seen.Load() != nil || q.inTrouble(0) {
		return
	}
	if _, err := q.layout(ctx); err != nil && ctx.Err() == nil {
		q.setTrouble(0)
	}
}

// mayLay is nil if the number of shards in Redis is this process' own, or was another before this
// process began: it is then for this process to change. Without that rule old and new processes
// would undo each other's changes for as long as there are both. A process that was once superseded
// does not set its number again even in a Redis that lost everything.
func (q *Queue) mayLay(ctx context.Context, l layout) error {
	switch {
	case l.shards == q.o.Shards:
		q.superseded.Store(false)
		return nil
	case !q.superseded.Load() && (l.shards == 0 || l.id == *q.seen.Load()):
		return nil
	}
	if !q.superseded.Swap(true) {
		q.o.Log.ErrorContext(ctx, "the queue was spread over another number of shards by a process that began later; this one works no more until it is restarted with that number",
			"shards", l.shards, "own", q.o.Shards)
	}
	return ErrSuperseded
}

// epochOf is the beginning of an epoch; a token follows once the shard is complete.
func epochOf(shards int) string { return strconv.Itoa(shards) + ":" }

// parseEpoch reads an epoch. One without a number is of a version that knew only one shard.
func parseEpoch(e string) (shards int, complete bool) {
	n, token, ok := strings.Cut(e, ":")
	if !ok {
		return 1, false
	}
	return int(integer(n)), token != ""
}

// epochs returns those of the first n shards; "" is one that is missing.
func (q *Queue) epochs(ctx context.Context, n int) ([]string, error) {
	pipe := q.rdb.Pipeline()
	answers := make([]*redis.StringCmd, n)
	for s := range n {
		answers[s] = pipe.Get(ctx, q.shardKey(s, "epoch"))
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("queue: epoch: %w", err)
	}
	out := make([]string, n)
	for s, a := range answers {
		if err := a.Err(); err != nil && !errors.Is(err, redis.Nil) {
			return nil, fmt.Errorf("queue: epoch: %w", err)
		}
		out[s] = a.Val()
	}
	return out, nil
}

func (q *Queue) setEpochs(ctx context.Context, n int, epoch string) error {
	_, err := q.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for s := range n {
			pipe.Set(ctx, q.shardKey(s, "epoch"), epoch, 0)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("queue: epoch: %w", err)
	}
	return nil
}

// reshard makes the shards this process' number, if they are another, and leaves them empty and
// without a token. The rebuild lock, which is in shard 0 whatever the number, must be held. It can
// end anywhere and be begun again:
//
//  1. shard 0 notes the new number and how many shards to clear
//  2. every old and new shard is closed: no script of any process does anything there, so no job starts and no request is sent
//     by what an old process believes to be the store's quota
//  3. all keys are deleted but the epochs and those of this procedure
//  4. the shards are given the new number, those that are no longer used too: an old process is refused there for good
func (q *Queue) reshard(ctx context.Context, token string) error {
	l, err := q.layout(ctx)
	if err != nil {
		return err
	}
	was := l.was
	if l.shards != 0 && l.shards != q.o.Shards {
		was = max(was, l.shards)
	}
	epochs, err := q.epochs(ctx, MaxShards)
	if err != nil {
		return err
	}
	for s, e := range epochs { // what shard 0 says may be lost, or a node may have come back with what it once had
		if n, _ := parseEpoch(e); e != "" && n != q.o.Shards {
			was = max(was, s+1)
		}
	}
	if was == 0 && l.shards == q.o.Shards {
		return nil
	}
	if was > 0 {
		was = max(was, q.o.Shards)
	}
	id := l.id
	if l.shards != q.o.Shards {
		id = rand.Text()
	}
	if err := q.lay(ctx, l.id, id, was); err != nil || was == 0 {
		return err
	}
	q.o.Log.InfoContext(ctx, "the queue is moved to another number of shards", "from", l.shards, "to", q.o.Shards)
	if err := q.setEpochs(ctx, was, epochOf(closed)); err != nil {
		return err
	}
	if err := q.clear(ctx, token); err != nil {
		return err
	}
	if err := q.setEpochs(ctx, was, epochOf(q.o.Shards)); err != nil {
		return err
	}
	return q.lay(ctx, id, id, 0)
}

// lay notes this process' number of shards as change id, the last one being the one that was read.
func (q *Queue) lay(ctx context.Context, read, id string, was int) error {
	v, err := q.run(ctx, 0, "shards", read, q.o.Shards, id, was)
	if err == nil && v != int64(1) {
		err = errors.New("queue: rebuild: another process changes the number of shards now")
	}
	return err
}

// clear deletes every key of every shard but the epochs, the rebuild lock and the number of shards.
func (q *Queue) clear(ctx context.Context, token string) error {
	ours := regexp.MustCompile("^" + regexp.QuoteMeta(q.o.Prefix) + `:\{\d+\}:(.+)$`)
	pattern := globEscape.Replace(q.o.Prefix) + ":{*}:*"
	scan := func(ctx context.Context, node redis.Cmdable) error {
		var cursor uint64
		for {
			if ok, err := q.lock(ctx, token, rebuildLock); err != nil {
				return err
			} else if !ok {
				return errors.New("queue: rebuild: took too long, another process does it now")
			}
			keys, next, err := node.Scan(ctx, cursor, pattern, clearBatch).Result()
			if err != nil {
				return fmt.Errorf("queue: clear: %w", err)
			}
			pipe := q.rdb.Pipeline() // of q.rdb, which follows a slot that moves
			for _, key := range keys {
				if m := ours.FindStringSubmatch(key); m != nil && m[1] != "epoch" && key != q.shardKey(0, "shards") && key != q.shardKey(0, "rebuild") {
					pipe.Unlink(ctx, key)
				}
			}
			if _, err := pipe.Exec(ctx); err != nil {
				return fmt.Errorf("queue: clear: %w", err)
			}
			if cursor = next; cursor == 0 {
				return nil
			}
		}
	}
	if cluster, ok := q.rdb.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return scan(ctx, node) })
	}
	return scan(ctx, q.rdb)
}

// globEscape makes a prefix stand for itself in a pattern.
var globEscape = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)
