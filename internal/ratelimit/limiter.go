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
	// keepAtLeast is how many entries a part has before any are looked at for being of no use any
	// more.
	keepAtLeast = 1024
	// narrow and wide are the IPv6 networks that an address counts by: a line has a /64, a /56 or a
	// /48 (RFC 6177, section 2). A wide one may also be of many customers, so it has the rate of
	// wideTimes narrow ones.
	narrow, wide = 64, 48
	wideTimes    = 16
)

// Limit is a rate: Burst at once, then one every Every. Make one per purpose and keep it: who
// called is counted by the Limit's address.
type Limit struct {
	Name  string // part of the Redis key: letters, digits and "-"
	Every time.Duration
	Burst int
	// Apart: it tells callers apart and refuses nobody, so Options.Refused is not told of it.
	Apart bool
}

// subject is who is counted.
type subject struct {
	limit *Limit
	store string
	net   netip.Prefix // what an address is counted by; the zero Prefix: all together
	id    string       // of a caller who is known by more than an address, "" otherwise
}

// rate is that of who is counted: burst in requests, every in nanoseconds.
func (s subject) rate() (burst, every int64) {
	burst, every = int64(s.limit.Burst), int64(s.limit.Every)
	if s.net.Addr().Is6() && s.net.Bits() == wide {
		burst, every = burst*wideTimes, max(1, every/wideTimes)
	}
	return burst, every
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
//
// An IPv6 address counts by its /64 and then by its /48, which has a larger rate of its own: what
// its /64 refuses uses nothing of the /48's.
func (l *Limiter) Wait(limit *Limit, store string, addr netip.Addr) time.Duration {
	addr = addr.Unmap().WithZone("")
	if !addr.Is6() {
		return l.wait(subject{limit: limit, store: store, net: network(addr, addr.BitLen())})
	}
	if wait := l.wait(subject{limit: limit, store: store, net: network(addr, narrow)}); wait > 0 {
		return wait
	}
	return l.wait(subject{limit: limit, store: store, net: network(addr, wide)})
}

// WaitID is Wait for a caller who is known by an id, such as an API key's, wherever the request
// comes from. The id is of letters, digits and "-".
func (l *Limiter) WaitID(limit *Limit, store, id string) time.Duration {
	return l.wait(subject{limit: limit, store: store, id: id})
}

func (l *Limiter) wait(s subject) time.Duration {
	now := l.clock()
	burst, every := s.rate()
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
	if over := e.arrival + every - now - burst*every; over > 0 {
		part.Unlock()
		if l.told != nil && !s.limit.Apart {
			l.told(s.limit.Name)
		}
		return time.Duration(over)
	}
	e.arrival += every
	e.untold += every
	tell := l.rdb != nil && !e.waiting && e.untold >= every*max(1, burst/shareAt)
	e.waiting = e.waiting || tell
	part.Unlock()
	if tell {
		l.tell(s)
	}
	return 0
}

// network is the network of addr with so many bits, the zero Prefix for the zero Addr.
func network(addr netip.Addr, bits int) netip.Prefix {
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
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
