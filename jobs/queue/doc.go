// Package queue keeps every store's queue and every store's API quota in Redis, together, because
// whether a job may start depends on both.
//
// # What it is
//
// A job is enqueued for a store; workers claim jobs one at a time. Which store is next is
// start-time fair queueing: each claim costs the store virtual time in proportion to the job's
// cost, and the store with the least is served, so a store with one job waits for one claim of a
// store with ten thousand, not for all of them. Stores that may not run (out of quota, cooling
// down, paused, at their cap) are not in the running at all and cost a claim nothing.
//
// The quota governor (Limiter) is asked before each request to BigCommerce and told each answer. It
// is what keeps all processes together within the store's quota, learnt from nothing but the
// answers' X-Rate-Limit headers. It leaves room for other apps at the rate they have used, spreads
// a backlog over the window (scripts/admit.lua), and lowers a store's cap while its answers are
// slow (scripts/cap.lua).
//
// # What it never does
//
// It never holds the only copy of anything: a job is a row in SQL first, and an empty Redis is
// refilled by Rebuild (every job script answers ErrNoEpoch until then). It never looks at the clock
// of this machine to decide something: time is Redis' own, or the injected one in tests. No key,
// error or event of one store names another.
//
// # Layout
//
// A store belongs to shard s by jump hash; all keys of a shard start "sluice:{s}:", so a script
// touches one slot and Redis Cluster works. See scripts/lib.lua for the state of a store, and for
// calm stores, of which enqueue, claim and ack read only a part; and scripts/place.lua for place,
// the last step of every script otherwise.
//
//	epoch         "<shards>:<token>"; without the token the queue is not complete yet, which is ErrNoEpoch as missing is
//	shards HASH   in shard 0: how many shards there are, see scripts/shards.lua and reshard.go
//	ready  ZSET   store → start tag (virtual time)      V  current virtual time, never falls
//	park   ZSET   store → wake time in ms               mark ZSET  wakes sleepers (BZPOPMIN)
//	lease  ZSET   job → expiry in ms: all jobs in flight dead ZSET  job → when it was given up
//	seq           counts jobs, for first come first served within a lane
//	stores SET    every store that has had a job, for Audit
//	left   ZSET   store that was purged → until when requests for it are refused, in ms
//	over   SET    stores of which SQL has jobs that were refused for lack of room
//	t:<store>     HASH: tag, weight, inflight, cap, quota window, cool-down, paused, classes, where it stands
//	q:<store>[:<class>] ZSET job → lane·1e14 + seq      d:<store> ZSET  job → run-at in ms
//	o:<store>     ZSET  requests on their way → when they are given up
//	j:<id>        HASH: one job                         k:<store> HASH  coalescing key → job
//	m:<store>     HASH  minute → what the quota did in it; expires after a day      minutes ZSET store → oldest of them
//	rebuild, flush, sweep, paging, audit HASH: locks
//
// # Flow
//
//	Enqueue → q or d → Claim → lease → Ack | Fail, Snooze → d | GiveBack, Reap → q | Dead → dead
//	Limiter: reserve → request → observe, in one round trip a request while there are requests to send
//	history: observe → m → FlushMinutes → SQL. Redis lost: the minutes that are not in SQL are lost, and nothing else
package queue
