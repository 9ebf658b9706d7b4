package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Lane orders a store's own work: a person waiting, then orders on their way out, then everything
// else.
type Lane string

// The lanes, first served first. The last tenth of a quota window is kept for the first two.
const (
	LaneInteractive Lane = "interactive"
	LaneOrders      Lane = "orders"
	LaneBulk        Lane = "bulk"
)

// priority is the lane's part of a job's score; an unknown or empty lane is bulk.
func (l Lane) priority() int {
	switch l {
	case LaneInteractive:
		return 0
	case LaneOrders:
		return 1
	default:
		return 2
	}
}

// Job is one bounded step of work for one store. Its truth is a row in SQL; here it only waits its
// turn.
type Job struct {
	ID      string // unique over all stores; enqueueing an ID again changes nothing
	Store   string // store hash
	Kind    string
	Payload []byte
	Lane    Lane      // "" = bulk
	Class   string    // endpoint class (see Classes): at most that many jobs of a store run at once; "" = no limit of its own
	Cost    int       // requests the step will make, for fairness between stores; below 1 = 1
	RunAt   time.Time // zero = now

	// Coalesce, if set, names what the job is about: of all jobs of a store with the same value at
	// most one waits (it carries the newest payload) while at most one runs.
	Coalesce string
}

// Lease is a job that this process holds until Expires, unless it is extended by Heartbeat.
type Lease struct {
	Job
	Attempt int       // 1 for the first; Snooze and GiveBack do not count
	Token   string    // proves that the lease is still ours
	Expires time.Time // as of Claim; Heartbeat does not touch it, so a lease may be read without a lock
}

// Options of a Queue; the zero value is right for production.
type Options struct {
	Prefix     string        // of every key; default "sluice"
	Shards     int           // Redis Cluster slots to spread over, 1 to MaxShards; default 1. See Rebuild for changing it
	LeaseFor   time.Duration // default 30 s
	StoreCap   int           // jobs of one store that run at once, unless SetCap says otherwise; default 4
	MaxWaiting int           // jobs of one store that Redis takes before ErrFull; default 10,000

	// Now replaces Redis' clock in tests. Nil in production: then every process goes by Redis' clock
	// alone.
	Now func() time.Time
	Log *slog.Logger // default slog.Default()

	// OnReserve, if set, is told what became of each request for quota: "admitted", or a Decision's
	// Reason. It must be quick, and is told no store on purpose: it feeds an operator's metrics.
	OnReserve func(outcome string)
}

var (
	// ErrNoEpoch means that Redis has lost its content (or never had any): call Rebuild, then try
	// again.
	ErrNoEpoch = errors.New("queue: redis holds no queue yet: rebuild needed")
	// ErrSuperseded means that a process that began later than this one has spread the queue over
	// another number of shards: this process can do nothing until it is restarted with that number, or
	// the number is set back. It is an ErrNoEpoch too.
	ErrSuperseded = fmt.Errorf("queue: the number of shards was changed after this process began: %w", ErrNoEpoch)
	// ErrLeaseLost means that the lease has expired and the job was given to someone else, or was
	// purged: stop work on it, its result no longer counts.
	ErrLeaseLost = errors.New("queue: lease lost")
	// ErrFull means that Redis holds MaxWaiting jobs of this store. The job stays in SQL, from where
	// it is enqueued again once there is room; it is no failure of the caller.
	ErrFull = errors.New("queue: the store's queue is full")
)

// Queue is every store's queue and quota. It is safe for concurrent use, and any number of
// processes may share a Redis.
type Queue struct {
	rdb     redis.UniversalClient
	o       Options
	scripts map[string]*redis.Script
	// seen is the id of the last change of the number of shards before this process began; superseded:
	// there was one since.
	seen       atomic.Pointer[string]
	superseded atomic.Bool

	merged  []merged // by shard
	purged  watchers
	trouble []atomic.Int64 // by shard: until when claims leave it alone, in ns since 1970 by this machine

	lookout      chan struct{}  // a permit: of those who wait in Claim one at a time looks out for work
	sleepers     *shardSleepers // who sleeps on which shard of a cluster
	marks        []string       // by shard: the key that wakes sleepers
	shardOfMark  map[string]int // and back
	longestSleep time.Duration
}

// New returns a Queue on rdb. It talks to Redis only when it is used.
func New(rdb redis.UniversalClient, o Options) *Queue {
	if o.Prefix == "" {
		o.Prefix = "sluice"
	}
	o.Shards = min(max(1, o.Shards), MaxShards)
	if o.LeaseFor <= 0 {
		o.LeaseFor = 30 * time.Second
	}
	if o.StoreCap < 1 {
		o.StoreCap = 4
	}
	if o.MaxWaiting < 1 {
		o.MaxWaiting = 10_000
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.OnReserve == nil {
		o.OnReserve = func(string) {}
	}
	q := &Queue{
		rdb: rdb, o: o, scripts: compile(o), trouble: make([]atomic.Int64, o.Shards), lookout: make(chan struct{}, 1),
		sleepers: newShardSleepers(o.Shards), shardOfMark: make(map[string]int, o.Shards), longestSleep: longestSleep,
	}
	q.lookout <- struct{}{}
	for s := range o.Shards {
		q.merged = append(q.merged, q.newMerged(s))
		mark := q.shardKey(s, "mark")
		q.marks = append(q.marks, mark)
		q.shardOfMark[mark] = s
	}
	return q
}

// shardKey builds a key of shard s. The braces make Redis Cluster keep a shard's keys in one slot.
func (q *Queue) shardKey(s int, name string) string {
	return q.o.Prefix + ":{" + strconv.Itoa(s) + "}:" + name
}

// storeShard is the shard that a store lives in, for good.
func (q *Queue) storeShard(store string) int { return jump(store, q.o.Shards) }

// nowArg is the time that scripts are told: "0" means that they ask Redis.
func (q *Queue) nowArg() string {
	if q.o.Now == nil {
		return "0"
	}
	return strconv.FormatInt(q.o.Now().UnixMilli(), 10)
}

// now is this process' idea of the time, for values that leave the queue (never for decisions in
// it).
func (q *Queue) now() time.Time {
	if q.o.Now != nil {
		return q.o.Now()
	}
	return time.Now()
}

// run carries out a script on a shard. Its only key argument is the shard's epoch; the script
// builds the others, all in the same slot, from it. ARGV[1] is always the time.
func (q *Queue) run(ctx context.Context, shard int, name string, args ...any) (any, error) {
	q.begin(ctx)
	argv := make([]any, 0, len(args)+1)
	argv = append(append(argv, q.nowArg()), args...)
	v, err := q.scripts[name].Run(ctx, q.rdb, []string{q.shardKey(shard, "epoch")}, argv...).Result()
	if err == nil || errors.Is(err, redis.Nil) {
		return v, nil
	}
	switch msg := err.Error(); {
	case strings.HasPrefix(msg, "NOEPOCH"):
		return nil, ErrNoEpoch
	case strings.HasPrefix(msg, "SHARDS "): // "SHARDS 4:"
		n := strings.TrimSuffix(strings.TrimPrefix(msg, "SHARDS "), ":")
		return nil, &ShardsError{Redis: int(integer(n)), Own: q.o.Shards}
	case strings.HasPrefix(msg, "LEASELOST"):
		return nil, ErrLeaseLost
	}
	return nil, failure(name, err)
}
