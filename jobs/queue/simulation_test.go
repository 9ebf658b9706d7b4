package queue

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/testenv"
)

// world is a day of many stores that share the workers, in simulated time.
type world struct {
	t   *testing.T
	q   *Queue
	c   *clock
	rng *rand.Rand

	stores  []*simStore
	byHash  map[string]*simStore
	giants  int
	jobs    map[string]*simJob
	arrived []Job // to be enqueued before time moves on

	began     time.Time
	now       int64
	seq       int64
	events    events
	idle      int // workers
	waiting   int // jobs that are not in a worker's hands
	wakeAt    int64
	calls     int
	fullSince int64 // since when no worker is idle; -1: some are
	lastFull  int64 // when last none was

	*measures
}

// TestSoakADayOfManyStores simulates 24 hours of ten thousand stores with mixed plans on one Redis.
// BigCommerce's side, the fixed windows of each store, is simulated too and judges: it refuses what
// exceeds the quota. A step of a feed asks for up to 15 requests in one call of that cost, so that
// a day takes some hundred thousand scripts. Its small form, and what the embedded Redis can do, is
// a tenth of the world, and the log says so.
func TestSoakADayOfManyStores(t *testing.T) {
	soak := testenv.NewSoak(t)
	size, workers, giants := 10_000, 40, 12
	url, real := testenv.RealRedis(t)
	if !real {
		url = testenv.EmbeddedRedis(t)
	}
	if !real || !soak.Whole() {
		size, workers, giants = 1000, 16, 3
	}
	c := newClock()
	c.t = time.Date(2027, time.March, 3, 0, 0, 0, 0, time.UTC)
	w := &world{
		t: t, c: c, q: ready(t, client(t, url), Options{Now: c.Now, StoreCap: simCap, LeaseFor: time.Hour}),
		rng: rand.New(rand.NewPCG(soak.Seed(), 0)), byHash: map[string]*simStore{}, jobs: map[string]*simJob{},
		giants: giants, began: c.t, idle: workers, fullSince: -1, lastFull: -1, measures: &measures{},
	}
	start := time.Now()
	for i := range size {
		s := newSimStore(w.rng, i)
		w.stores = append(w.stores, s)
		w.byHash[s.hash] = s
		if s.weight != 1 {
			must(t, w.q.SetWeight(t.Context(), s.hash, s.weight))
		}
	}
	w.plan()
	w.run()
	t.Logf("24 h of %d stores on %d workers, real server: %v", size, workers, real)
	soak.Figure("stores", float64(size), "")
	soak.Figure("jobs", float64(w.done), "")
	soak.Figure("requests", float64(w.requests), "")
	soak.Figure("scripts", float64(w.calls), "")
	soak.Figure("took", time.Since(start).Round(100*time.Millisecond).Seconds(), "s")
	worst, _ := w.worstShare(4 * simStep)
	soak.Figure("worst share, of the fair one", worst, "")
	soak.Figure("quota used, of stores that we have to ourselves", w.alone.part(), "")
	soak.Figure("requests refused, of those stores", float64(w.alone.refused), "")
	soak.Figure("requests refused, of stores shared with other apps", float64(w.shared.refused), "")
	w.report(t)
	w.judge(t, size == 10_000)
	noAudit(t, w.q)
	if left := len(w.jobs); left > 0 {
		t.Errorf("%d jobs were never done", left)
	}
}

// run lets the events of the day happen, and what follows from them until all work is done.
func (w *world) run() {
	for len(w.events) > 0 {
		w.now = w.events[0].at
		w.c.mu.Lock()
		w.c.t = w.began.Add(time.Duration(w.now) * time.Millisecond)
		w.c.mu.Unlock()
		for len(w.events) > 0 && w.events[0].at == w.now {
			heap.Pop(&w.events).(event).fn()
		}
		w.enqueue()
		w.dispatch()
		w.slices()
	}
}

func (w *world) arrive(s *simStore, cost int, lane Lane, small bool) {
	w.seq++
	id := fmt.Sprintf("j%d", w.seq)
	if s.waiting == 0 {
		s.dry = w.now
	}
	s.waiting++
	w.waiting++
	w.jobs[id] = &simJob{store: s, cost: cost, left: cost, chunk: cost, at: w.now, small: small}
	w.arrived = append(w.arrived, Job{ID: id, Store: s.hash, Kind: "sim", Lane: lane, Cost: cost})
}

func (w *world) enqueue() {
	if len(w.arrived) == 0 {
		return
	}
	w.calls += (len(w.arrived) + enqueueBatch - 1) / enqueueBatch
	must(w.t, w.q.Enqueue(w.t.Context(), w.arrived...))
	w.arrived = w.arrived[:0]
}

// dispatch gives idle workers what they may do.
func (w *world) dispatch() {
	for w.idle > 0 && w.waiting > 0 {
		w.calls++
		l, next, err := w.q.claim(w.t.Context(), 0)
		must(w.t, err)
		if l == nil {
			if at := w.now + next.Milliseconds(); next >= 0 && (w.wakeAt <= w.now || at < w.wakeAt) {
				w.wakeAt = at
				w.at(at, func() {})
			}
			break
		}
		j := w.jobs[l.ID]
		s := j.store
		w.idle--
		w.waiting--
		s.waiting--
		if s.running++; s.running == simCap {
			s.limited = max(s.limited, w.now)
		}
		if s.waiting == 0 {
			s.dry = w.now
		}
		s.served += j.left
		if !j.begun {
			w.waited(j, w.now-j.at, w.fullSince >= 0)
		}
		j.begun = true
		j.chunk = j.left
		w.ask(l, j, 0)
	}
	if w.idle > 0 {
		w.fullSince = -1
	} else if w.fullSince < 0 {
		w.fullSince = w.now
	}
}

// ask wants to send the next requests of a job, as a worker with a Limiter does that blocks for two
// seconds at most; blocked is how long it has.
func (w *world) ask(l *Lease, j *simJob, blocked time.Duration) {
	s := j.store
	for {
		n := min(j.chunk, j.left)
		w.calls++
		d, err := w.q.reserve(w.t.Context(), s.hash, bigcommerce.Call{Cost: n, Interactive: l.Lane != LaneBulk}, nil)
		must(w.t, err)
		if d.Admitted {
			// One request after another, 150 to 250 ms each; the whole call is counted in the middle.
			took := int64(n) * (150 + w.rng.Int64N(100))
			w.at(w.now+took/2, func() { w.send(l, j, d, n, took-took/2) })
			return
		}
		s.limited = max(s.limited, w.now+d.Wait.Milliseconds()+simWindow) // the next window is paced
		if n > 1 && (d.Reason == "quota" || d.Reason == "margin") {
			j.chunk = n / 3 // the last requests of a window go in smaller calls
			continue
		}
		if blocked+d.Wait <= 2*time.Second {
			w.at(w.now+d.Wait.Milliseconds(), func() { w.ask(l, j, blocked+d.Wait) })
			return
		}
		w.calls++
		must(w.t, w.q.Snooze(w.t.Context(), l, w.c.Now().Add(d.Wait)))
		w.snoozed++
		s.served -= j.left
		s.waiting++
		w.waiting++
		w.free(s)
		return
	}
}

func (w *world) free(s *simStore) {
	s.running--
	w.idle++
}

func (w *world) send(l *Lease, j *simJob, d Decision, n int, back int64) {
	s := j.store
	s.roll(w.now, func(window int64, used int) { w.windowOver(s, window, used) })
	served, a := s.serve(w.now, n)
	w.requests += served
	w.of(s).calls += n
	j.left -= served
	if a.Left <= s.quota/10+simCap*simStep { // what its other jobs have asked for may be the last of the window, or of its nine tenths
		s.limited = max(s.limited, w.now+a.Reset.Milliseconds()+simWindow)
	}
	if served < n {
		w.refused(s, n-served)
	}
	reset := a.Reset
	w.at(w.now+back, func() {
		w.calls++
		a.Reset = max(0, reset-time.Duration(back)*time.Millisecond/2) // it was written half-way
		// No time passes between the answer and our telling it, whatever this machine is doing meanwhile.
		must(w.t, w.q.observe(w.t.Context(), s.hash, []report{{id: d.id, answer: a, at: time.Now().Add(time.Hour)}}))
		if j.left > 0 {
			w.ask(l, j, 0)
			return
		}
		w.calls++
		must(w.t, w.q.Ack(w.t.Context(), l))
		delete(w.jobs, l.ID)
		w.done++
		w.free(s)
	})
}

func (m *measures) report(t *testing.T) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(m.String()), "\n") {
		t.Log(line)
	}
}
