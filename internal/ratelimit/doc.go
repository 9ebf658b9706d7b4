// Package ratelimit says how often somebody may call, over all processes of the app, without asking
// Redis each time.
//
// # What it is
//
// Each Limit is a generic cell rate algorithm (GCRA): Burst requests at once, then one every Every.
// Who is limited is a store, or an address or a known caller at a store. A process decides at once
// from what it knows, in memory, and tells Redis what it admitted afterwards, in batches; Redis
// adds up and answers with what all processes admitted, which the process then goes by:
//
//	request ─▶ Wait ─▶ known here? ─▶ admitted, or when to come back
//	                        │  after an eighth of the burst
//	                        └──────▶ Redis: theoretical arrival time of all processes ──▶ known here
//
// Ordinary callers never use an eighth of a burst at a time and cost Redis nothing. The price is
// that a caller who hits all processes at once may get up to an eighth of the burst more from each,
// and what arrives while Redis answers.
//
// # What it never does
//
// It never makes a request wait for Redis, and never refuses one because Redis is away: each
// process then goes by what it sees itself. It keeps nothing about callers who are not near a
// limit: an entry is forgotten as soon as it says no more than none would, in memory at the next
// sweep and in Redis by expiry.
//
// # IPv6
//
// A caller over IPv6 is counted by /64, which is the least that one has, and by /48, which is the
// most: a line with a /56 has 256 of the former. A /48, which may also be many customers of a
// carrier, has 16 times the rate of a /64. Whoever has many /48s has as many rates.
//
// # Keys
//
//	sluice:rate:{<store>}:<limit>:<who>  theoretical arrival time in µs of Redis' clock; expires with it
//
// The store is "-" where there is none. Who is an address (of IPv6 the first of its /64, and its
// /48 with "/48"), the id of a caller who proved who it is, or "*"
// where all count together. A store's keys share a
// slot, so Redis Cluster works.
package ratelimit
