package ratelimit

import (
	"context"
	"hash/maphash"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// shareAt is the part of a burst that one process may admit before it tells the others: an eighth.
	shareAt = 8
	// shards is how many parts the entries are in, each with its lock.
	shards = 32
	// keepAtLeast is how many entries a part has before any are looked at for being of no use any more.
	keepAtLeast = 1024
)

// Limit is a rate: Burst at once, then one every Every. Make one per purpose and keep it: who called is
// counted by the Limit's address.
type Limit struct {
	Name  string // part of the Redis key: letters, digits and "-"
	Every time.Duration
	Burst int
}

// subject is who is counted.
type subject struct {
	limit *Limit
	store string
	addr  netip.Addr // the zero Addr: all together
	id    string     // of a caller who is known by more than an address, "" otherwise
}

// entry is what is known of a subject. Times are nanoseconds since the Limiter began.
type entry struct {
	arrival int64 // theoretical arrival time: when all that was admitted is paid off
	untold  int64 // admitted here and not yet added up in Redis, in nanoseconds of Every
	waiting bool  // for its turn to be told
}

type shard struct {
	sync.Mutex
	entries map[subject]*entry
	sweepAt int // how many entries are too many
}

// Limiter counts for any number of Limits. It is safe for concurrent use.
type Limiter struct {
	rdb   redis.UniversalClient
	log   *slog.Logger
	now   func() time.Time
	told  func(limit string)
	began time.Time
	seed  maphash.Seed
	parts [shards]shard

	mu      sync.Mutex
	untold  []subject // to be told to Redis
	telling bool      // a goroutine does
	quiet   int64     // Redis was away: not to be asked before
}

// Options of a Limiter. The zero value is for production.
type Options struct {
	Log *slog.Logger
	Now func() time.Time // time.Now unless a test says otherwise
	// Refused is told the name of the limit each time that one is over; nil: nobody is.
	Refused func(limit string)
}

// New returns a Limiter that shares what it admits over rdb; nil counts in this process only.
func New(rdb redis.UniversalClient, o Options) *Limiter {
	l := &Limiter{rdb: rdb, log: o.Log, now: o.Now, told: o.Refused, seed: maphash.MakeSeed()}
	if l.log == nil {
		l.log = slog.Default()
	}
	if l.now == nil {
		l.now = time.Now
	}
	l.began = l.now()
	for i := range l.parts {
		l.parts[i] = shard{entries: map[subject]*entry{}, sweepAt: keepAtLeast}
	}
	return l
}

func (l *Limiter) clock() int64 { return int64(l.now().Sub(l.began)) }

func (l *Limiter) part(s subject) *shard {
	return &l.parts[maphash.Comparable(l.seed, s)%shards]
}

// Wait admits one request of addr at store and returns 0, or returns how long until one would be
// admitted. The zero Addr counts all of a store together; store "" is for what belongs to none.
func (l *Limiter) Wait(limit *Limit, store string, addr netip.Addr) time.Duration {
	return l.wait(subject{limit: limit, store: store, addr: network(addr)})
}

// WaitID is Wait for a caller who is known by an id, such as an API key's, wherever the request comes from.
// The id is of letters, digits and "-".
func (l *Limiter) WaitID(limit *Limit, store, id string) time.Duration {
	return l.wait(subject{limit: limit, store: store, id: id})
}

func (l *Limiter) wait(s subject) time.Duration {
	limit := s.limit
	now, every := l.clock(), int64(limit.Every)
	part := l.part(s)
	part.Lock()
	e := part.entries[s]
	if e == nil {
		if len(part.entries) >= part.sweepAt {
			part.sweep(now)
		}
		e = &entry{}
		part.entries[s] = e
	}
	if e.arrival <= now {
		// All is paid off, here: what was not told would say nothing any more.
		e.arrival, e.untold = now, 0
	}
	if over := e.arrival + every - now - int64(limit.Burst)*every; over > 0 {
		part.Unlock()
		if l.told != nil {
			l.told(limit.Name)
		}
		return time.Duration(over)
	}
	e.arrival += every
	e.untold += every
	tell := l.rdb != nil && !e.waiting && e.untold >= every*int64(max(1, limit.Burst/shareAt))
	e.waiting = e.waiting || tell
	part.Unlock()
	if tell {
		l.tell(s)
	}
	return 0
}

// network is what an address is counted by.
func network(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return addr
}

// sweep forgets the entries that say no more than none would.
func (p *shard) sweep(now int64) {
	for s, e := range p.entries {
		if e.arrival <= now && !e.waiting {
			delete(p.entries, s)
		}
	}
	p.sweepAt = max(keepAtLeast, 2*len(p.entries))
}

// tell has s added up in Redis soon, together with others that wait.
func (l *Limiter) tell(s subject) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.untold = append(l.untold, s)
	if !l.telling {
		l.telling = true
		go l.share(context.Background()) // of all requests, not of the one that started it
	}
}
