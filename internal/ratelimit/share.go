package ratelimit

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// shareTimeout bounds one call to Redis.
	shareTimeout = time.Second
	// quietFor is how long Redis is left alone after it failed.
	quietFor = 5 * time.Second
	// shareMost is how many keys one script takes.
	shareMost = 500
)

// add adds up. KEYS are arrival times in µs of Redis' clock, ARGV what was admitted of each, in µs.
// The answer is how far each arrival lies ahead, in µs.
var add = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local ahead = {}
for i, key in ipairs(KEYS) do
  local arrival = math.max(tonumber(redis.call('GET', key) or '0'), now) + tonumber(ARGV[i])
  redis.call('SET', key, string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000) + 1)
  ahead[i] = arrival - now
end
return ahead
`)

// share tells Redis until there is nothing to tell.
func (l *Limiter) share(ctx context.Context) {
	for {
		l.mu.Lock()
		batch := l.untold
		l.untold = nil
		if len(batch) == 0 {
			l.telling = false
			l.mu.Unlock()
			return
		}
		quiet := l.clock() < l.quiet
		l.mu.Unlock()
		byStore := map[string][]subject{}
		for _, s := range batch {
			byStore[s.store] = append(byStore[s.store], s)
		}
		for store, subjects := range byStore {
			for len(subjects) > 0 {
				n := min(len(subjects), shareMost)
				if !quiet {
					quiet = !l.shareStore(ctx, store, subjects[:n])
				} else {
					l.settle(subjects[:n], nil, nil)
				}
				subjects = subjects[n:]
			}
		}
	}
}

// shareStore tells Redis of one store's subjects and reports whether it answered.
func (l *Limiter) shareStore(ctx context.Context, store string, subjects []subject) bool {
	ctx, cancel := context.WithTimeout(ctx, shareTimeout)
	defer cancel()
	keys, args, told := make([]string, len(subjects)), make([]any, len(subjects)), make([]int64, len(subjects))
	for i, s := range subjects {
		part := l.part(s)
		part.Lock()
		if e := part.entries[s]; e != nil {
			told[i] = e.untold
		}
		part.Unlock()
		keys[i], args[i] = key(store, s), told[i]/int64(time.Microsecond)
	}
	ahead, err := add.Run(ctx, l.rdb, keys, args...).Int64Slice()
	if err != nil || len(ahead) != len(subjects) {
		l.settle(subjects, nil, nil)
		l.mu.Lock()
		l.quiet = l.clock() + int64(quietFor)
		l.mu.Unlock()
		l.log.Warn("rate limits are counted by each process alone: Redis does not answer", "error", err)
		return false
	}
	l.settle(subjects, told, ahead)
	return true
}

// settle ends the wait of subjects, of which told was added up to what lies ahead; nil: Redis was
// not told, and will be with the next request.
func (l *Limiter) settle(subjects []subject, told, ahead []int64) {
	now := l.clock()
	for i, s := range subjects {
		part := l.part(s)
		part.Lock()
		if e := part.entries[s]; e != nil {
			e.waiting = false
			if told != nil {
				e.untold = max(0, e.untold-told[i])
				// What was admitted here meanwhile comes on top of what Redis knows. Never less than is known
				// here: Redis may have lost its memory.
				e.arrival = max(e.arrival, now+ahead[i]*int64(time.Microsecond)+e.untold)
			}
		}
		part.Unlock()
	}
}

func key(store string, s subject) string {
	if store == "" {
		store = "-"
	}
	who := "*"
	switch {
	case s.id != "":
		who = s.id
	case s.net.IsSingleIP(), s.net.IsValid() && s.net.Bits() == narrow:
		who = s.net.Addr().String()
	case s.net.IsValid():
		who = s.net.String()
	}
	return "sluice:rate:{" + store + "}:" + s.limit.Name + ":" + who
}
