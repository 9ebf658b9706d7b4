package queue

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"sluice/internal/bigcommerce"
)

// The world that the simulation lives in: stores with their quotas as BigCommerce keeps them, and
// what happens to them in a day. Times are milliseconds since the simulation began, at midnight
// UTC.

const (
	simWindow = 30_000 // ms, of BigCommerce's quota
	simStep   = 15     // requests that a full step of a feed makes
	simCap    = 4      // jobs of a store at a time: Options.StoreCap
	day       = 24 * 3_600_000
	minuteMS  = 60_000
)

// simStore is a store, as BigCommerce and the merchant know it, and what is measured of it.
type simStore struct {
	hash   string
	quota  int // requests a window
	weight int
	zone   int   // hours from UTC
	phase  int64 // ms by which its windows are shifted
	seed   uint64
	others float64 // what other apps use, as a part of the quota: up to twice this in a window, 0 in half of them; 0: nobody else

	window           int64 // the number of the window that used and foreign are of
	used, foreign    int   // requests counted in it: ours, other apps'
	waiting, running int   // our jobs: not claimed yet (or put off), in a worker's hands
	dry              int64 // when last no job of it waited
	limited          int64 // until when something else than the workers holds it back: quota, or its cap
	served           int   // requests of the jobs claimed since the slice began
	giant            bool
}

// simJob is a job of which `left` requests were not served yet.
type simJob struct {
	store *simStore
	cost  int
	left  int
	chunk int   // requests at a time: smaller near the end of a window
	at    int64 // when it was enqueued
	small bool  // a webhook of a store that had nothing else to do
	begun bool  // it was claimed at least once
}

// plans are BigCommerce's: Standard and Plus 150 requests a window, Pro 450, Enterprise about seven
// million. The parts are ours.
var plans = []struct {
	part  float64
	quota int
}{{0.5, 150}, {0.2, 150}, {0.25, 450}, {0.05, 7_000_000}}

// zones are where merchants live: most in the Americas and Europe.
var zones = []struct {
	part  float64
	hours int
}{{0.3, -5}, {0.15, -6}, {0.2, -8}, {0.15, 0}, {0.1, 1}, {0.1, 10}}

func newSimStore(rng *rand.Rand, i int) *simStore {
	s := &simStore{hash: fmt.Sprintf("s%05d", i), weight: 1, phase: rng.Int64N(simWindow), seed: rng.Uint64(), dry: -1, limited: -1, window: -1}
	p := rng.Float64()
	for _, plan := range plans {
		if s.quota = plan.quota; p < plan.part {
			break
		}
		p -= plan.part
	}
	z := rng.Float64()
	for _, zone := range zones {
		if s.zone = zone.hours; z < zone.part {
			break
		}
		z -= zone.part
	}
	if rng.IntN(20) == 0 {
		s.weight = 2
	}
	if rng.IntN(5) == 0 {
		s.others = 1.0 / 3
	}
	return s
}

// demand is how many requests other apps would like to send in a window, spread evenly over it.
func (s *simStore) demand(window int64) float64 {
	if s.others == 0 {
		return 0
	}
	r := rand.New(rand.NewPCG(s.seed, uint64(window)))
	if r.IntN(2) == 0 {
		return 0
	}
	return 2 * s.others * r.Float64() * float64(min(s.quota, 10_000))
}

// roll brings the store's window to the one of time at, and calls over for each that ended with
// what was used in it.
func (s *simStore) roll(at int64, over func(window int64, used int)) {
	window := (at + s.phase) / simWindow
	for s.window < window {
		if s.window >= 0 {
			s.othersUntil(1)
			over(s.window, s.used+s.foreign)
			if s.waiting == 0 && s.window+1 < window { // nobody wants anything of the windows between
				s.window = window - 1
			}
		} else {
			s.window = window - 1
		}
		s.window++
		s.used, s.foreign = 0, 0
	}
	s.othersUntil(float64((at+s.phase)%simWindow) / simWindow)
}

// othersUntil lets other apps use the window until this part of it is over, as far as BigCommerce
// lets them.
func (s *simStore) othersUntil(part float64) {
	want := int(math.Floor(s.demand(s.window)*part)) - s.foreign
	s.foreign += max(0, min(want, s.quota-s.used-s.foreign))
}

// serve is BigCommerce's part: it counts a call of n requests that reaches it now, or as many of
// them as the window still permits, and answers as it does. roll was called.
func (s *simStore) serve(at int64, n int) (served int, a bigcommerce.Answer) {
	served = min(n, s.quota-s.used-s.foreign)
	s.used += served
	a = bigcommerce.Answer{
		Status: 200, HasQuota: true, Quota: s.quota, Left: s.quota - s.used - s.foreign, Window: simWindow * time.Millisecond,
		Reset: time.Duration(simWindow-(at+s.phase)%simWindow) * time.Millisecond,
	}
	if served < n {
		a.Status = 429
	}
	return served, a
}

// event is something that happens at a time; those of the same time happen in the order they were
// planned in.
type event struct {
	at, seq int64
	fn      func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	x := old[len(old)-1]
	*e = old[:len(old)-1]
	return x
}

// at plans something for a time.
func (w *world) at(t int64, fn func()) {
	w.seq++
	heap.Push(&w.events, event{at: t, seq: w.seq, fn: fn})
}

// plan fills the day with what merchants' schedules and shoppers do.
func (w *world) plan() {
	for _, s := range w.stores {
		local := func(hour int) int64 { return int64((hour-s.zone+48)%24) * 60 * minuteMS }
		// The nightly feed: most at 02:00, the rest at some full hour. Sizes have a long tail.
		hour := 2
		if w.rng.IntN(5) < 2 {
			hour = w.rng.IntN(24)
		}
		steps := min(int(math.Ceil(math.Pow(1-w.rng.Float64(), -1/1.2))), 300)
		w.feed(s, local(hour), steps, simStep)
		if w.rng.IntN(20) == 0 { // prices, every hour
			for h := range 24 {
				w.feed(s, local(h), 1, 5)
			}
		}
		for range w.rng.IntN(7) { // webhooks, when shoppers are awake
			at := local(0) + int64((w.rng.NormFloat64()*3.5+15)*60*minuteMS)
			w.webhook(s, ((at%day)+day)%day)
		}
	}
	for i := range w.giants {
		s := w.stores[(i*7919+13)%len(w.stores)]
		if s.quota > unfilled {
			continue
		}
		s.giant = true
		w.feed(s, int64(1+2*i)*60*minuteMS, 40*s.quota/simStep, simStep) // forty windows' worth
	}
}

func (w *world) feed(s *simStore, at int64, steps, cost int) {
	w.at(at, func() {
		for range steps {
			w.arrive(s, cost, LaneBulk, false)
		}
	})
}

func (w *world) webhook(s *simStore, at int64) {
	w.at(at, func() { w.arrive(s, 1, LaneOrders, s.waiting+s.running == 0) })
}
