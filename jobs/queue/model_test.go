package queue

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/internal/bigcommerce"
	"sluice/internal/testenv"
)

// TestModel carries out random sequences of operations and checks after each what must always hold.
func TestModel(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		rdb := client(t, url)
		rapid.Check(t, func(rt *rapid.T) {
			must(t, rdb.FlushAll(t.Context()).Err())
			c := newClock()
			m := &model{
				T: rt, t: t, c: c,
				q:      ready(t, rdb, Options{Now: c.Now, StoreCap: 2, LeaseFor: 10 * time.Second, MaxWaiting: modelRoom}),
				state:  map[string]string{},
				newest: map[string]string{},
				server: map[string]*fixedWindow{},
				out:    map[string][]reservation{},
				left:   map[string]time.Time{},
			}
			rt.Repeat(map[string]func(*rapid.T){
				"enqueue":   m.enqueue,
				"claim":     m.claim,
				"claim2":    m.claim,
				"claimMany": m.claimMany,
				"end":       m.end,
				"ackMany":   m.ackMany,
				"heartbeat": m.heartbeat,
				"reap":      m.reap,
				"tick":      m.tick,
				"reserve":   m.reserve,
				"reserve2":  m.reserve,
				"reserve3":  m.reserve,
				"answer":    m.answer,
				"answer2":   m.answer,
				"setting":   m.setting,
				"purge":     m.purge,
				"page":      m.page,
				"":          m.check,
			})
		})
	})
}

// fixedWindow is the server's side of a store's quota.
type fixedWindow struct {
	quota, used int
	ends        time.Time
}

const (
	modelWindow = 5 * time.Second
	modelRoom   = 6 // Options.MaxWaiting
)

type reservation struct {
	d        Decision
	at       time.Time
	blind    bool // it was admitted before anything was known of the quota
	answered bool // the server has seen it: a is what it said
	a        bigcommerce.Answer
}

type model struct {
	*rapid.T
	t *testing.T
	q *Queue
	c *clock

	n      int
	leases []*Lease
	state  map[string]string // job → "there" or "gone"
	newest map[string]string // store and coalescing key → newest payload that no claim has seen
	server map[string]*fixedWindow
	out    map[string][]reservation
	left   map[string]time.Time // store → until when its requests are refused, as it was purged
	vtime  float64

	stale bool // time has passed since every store was put where it belongs
}

var modelStores = []string{"a", "b"}

func (m *model) store() string { return rapid.SampledFrom(modelStores).Draw(m.T, "store") }

func (m *model) enqueue(*rapid.T) {
	m.n++
	j := Job{
		ID: "j" + strconv.Itoa(m.n), Store: m.store(), Kind: "k", Payload: []byte(strconv.Itoa(m.n)),
		Lane:  rapid.SampledFrom([]Lane{LaneInteractive, LaneOrders, LaneBulk}).Draw(m.T, "lane"),
		Class: rapid.SampledFrom([]string{"", "", "price-records-put", "other"}).Draw(m.T, "class"),
		Cost:  rapid.IntRange(0, 5).Draw(m.T, "cost"),
	}
	if rapid.Bool().Draw(m.T, "coalesce") {
		j.Coalesce = rapid.SampledFrom([]string{"x", "x", "y"}).Draw(m.T, "key")
	}
	if rapid.IntRange(0, 3).Draw(m.T, "delay") == 0 {
		j.RunAt = m.c.Now().Add(5 * time.Second)
	}
	ids, err := m.q.EnqueueIDs(m.t.Context(), j)
	must(m.t, err)
	if ids[0] == "" {
		if !m.over(j.Store) || m.waiting(j.Store) < modelRoom {
			m.Fatalf("%s had a job refused: over %v, %d wait", j.Store, m.over(j.Store), m.waiting(j.Store))
		}
		return
	}
	if ids[0] != j.ID && j.Coalesce == "" {
		m.Fatalf("job %s was absorbed by %s without a key", j.ID, ids[0])
	}
	if j.Coalesce != "" {
		m.newest[j.Store+" "+j.Coalesce] = string(j.Payload)
	}
	if ids[0] == j.ID {
		m.state[j.ID] = "there"
	} else if m.state[ids[0]] != "there" {
		m.Fatalf("job %s was absorbed by %s, which is not there", j.ID, ids[0])
	}
}

func (m *model) claim(*rapid.T) {
	l, err := m.q.Claim(m.t.Context(), 0)
	must(m.t, err)
	if l == nil {
		m.nothingReady()
		return
	}
	m.claimed(l)
}

// claimMany claims as several workers do at the same time.
func (m *model) claimMany(*rapid.T) {
	list, err := m.q.claimOn(m.t.Context(), 0, rapid.IntRange(2, 4).Draw(m.T, "workers"))
	must(m.t, err)
	for _, c := range list {
		if c.lease != nil {
			m.claimed(c.lease)
		}
	}
	if list[len(list)-1].lease == nil {
		m.nothingReady()
	}
}

func (m *model) nothingReady() {
	if left := m.members("ready"); len(left) > 0 {
		m.Fatalf("nothing to claim, but %v are ready", left)
	}
}

func (m *model) claimed(l *Lease) {
	if m.state[l.ID] != "there" {
		m.Fatalf("claimed %s, which is not there", l.ID)
	}
	if l.RunAt.After(m.c.Now()) {
		m.Fatalf("claimed %s before its time", l.ID)
	}
	if key := l.Store + " " + l.Coalesce; l.Coalesce != "" && m.newest[key] == string(l.Payload) {
		delete(m.newest, key)
	}
	m.leases = append(m.leases, l)
}

// ackMany ends some of the leases in one call, as jobs do that end at the same time.
func (m *model) ackMany(*rapid.T) {
	n := rapid.IntRange(0, len(m.leases)).Draw(m.T, "leases")
	if n == 0 {
		return
	}
	ended := m.leases[:n]
	m.leases = slices.Clone(m.leases[n:])
	held, err := m.q.ackOn(m.t.Context(), 0, ended)
	must(m.t, err)
	for i, l := range ended {
		if held[i] {
			m.state[l.ID] = "gone"
		}
	}
}

func (m *model) end(*rapid.T) {
	if len(m.leases) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.leases)-1).Draw(m.T, "lease")
	l := m.leases[i]
	m.leases = slices.Delete(m.leases, i, i+1)
	var err error
	gone := false
	switch rapid.IntRange(0, 5).Draw(m.T, "how") {
	case 0, 1:
		err, gone = m.q.Ack(m.t.Context(), l), true
	case 2:
		err, gone = m.q.Dead(m.t.Context(), l), true
	case 3:
		err = m.q.Fail(m.t.Context(), l, m.c.Now().Add(3*time.Second))
	case 4:
		err = m.q.Snooze(m.t.Context(), l, m.c.Now().Add(7*time.Second))
	case 5:
		err = m.q.GiveBack(m.t.Context(), l)
	}
	if err == nil && gone {
		m.state[l.ID] = "gone"
	}
	if err != nil && !errors.Is(err, ErrLeaseLost) {
		m.t.Fatal(err)
	}
}

func (m *model) heartbeat(*rapid.T) {
	lost, err := m.q.Heartbeat(m.t.Context(), m.leases)
	must(m.t, err)
	m.leases = slices.DeleteFunc(m.leases, func(l *Lease) bool { return slices.Contains(lost, l.ID) })
}

func (m *model) reap(*rapid.T) {
	_, err := m.q.Reap(m.t.Context())
	must(m.t, err)
}

func (m *model) tick(*rapid.T) {
	m.c.Add(time.Duration(rapid.SampledFrom([]int{1, 1, 40, 40, 900, 900, 4_000, 11_000, 130_000}).Draw(m.T, "ms")) * time.Millisecond)
	m.stale = true
}

// roll gives the server its clock: windows begin on multiples of their length.
func (m *model) roll(store string) *fixedWindow {
	w := m.server[store]
	if w == nil {
		w = &fixedWindow{quota: 6}
		m.server[store] = w
	}
	if now := m.c.Now(); !now.Before(w.ends) {
		w.used, w.ends = 0, now.Truncate(modelWindow).Add(modelWindow)
	}
	return w
}

func (m *model) reserve(*rapid.T) {
	store := m.store()
	call := bigcommerce.Call{
		Cost: 1, Interactive: rapid.Bool().Draw(m.T, "interactive"),
		Class: rapid.SampledFrom([]string{"", "", ClassCustomers}).Draw(m.T, "class"),
	}
	d, err := m.q.Reserve(m.t.Context(), store, call)
	if left := m.c.Now().Before(m.left[store]); left != errors.Is(err, ErrLeaseLost) {
		m.Fatalf("%s: reserve = %v; purged a moment ago: %v", store, err, left)
	} else if left {
		return
	}
	must(m.t, err)
	if !d.Admitted {
		if d.Wait <= 0 {
			m.Fatal("refused, but not until when")
		}
		return
	}
	t := m.hash("t:" + store)
	if num(t, "E") > 0 {
		if room := num(t, "L") - num(t, "out"); room < 0 {
			m.Fatalf("%s: admitted with %v requests too many on their way: %v", store, -room, t)
		}
	} else if num(t, "out") > firstRequests {
		m.Fatalf("%s: %v on their way while nothing is known", store, num(t, "out"))
	}
	m.out[store] = append(m.out[store], reservation{d: d, at: m.c.Now(), blind: num(t, "E") == 0})
}

// answer has the server count a request, or tells the governor an answer that is on its way back,
// or loses it.
func (m *model) answer(*rapid.T) {
	store := m.store()
	if len(m.out[store]) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.out[store])-1).Draw(m.T, "request")
	r := &m.out[store][i]
	if !r.answered {
		r.answered = true
		w := m.roll(store)
		a := bigcommerce.Answer{Status: 200}
		switch {
		case m.c.Now().Sub(r.at) > requestTTL:
			a = bigcommerce.Answer{Lost: true} // no client waits that long
		case w.used >= w.quota && r.blind:
			a.Status = 429
		case w.used >= w.quota:
			m.Fatalf("%s: request %d of a window of %d", store, w.used+1, w.quota)
		default:
			w.used++
		}
		if !a.Lost {
			a.HasQuota, a.Quota, a.Left, a.Window, a.Reset = true, w.quota, w.quota-w.used, modelWindow, w.ends.Sub(m.c.Now())
			if rapid.IntRange(0, 9).Draw(m.T, "lost") == 0 {
				a = bigcommerce.Answer{Lost: true}
			}
		}
		r.a = a
		if rapid.Bool().Draw(m.T, "on its way") {
			return
		}
	}
	must(m.t, m.q.Observe(m.t.Context(), store, r.d, r.a))
	m.out[store] = slices.Delete(m.out[store], i, i+1)
}

func (m *model) setting(*rapid.T) {
	store := m.store()
	switch rapid.IntRange(0, 4).Draw(m.T, "setting") {
	case 0:
		must(m.t, m.q.Pause(m.t.Context(), store))
	case 1, 2:
		must(m.t, m.q.Resume(m.t.Context(), store))
		delete(m.left, store)
	case 3:
		must(m.t, m.q.SetWeight(m.t.Context(), store, rapid.IntRange(1, 4).Draw(m.T, "weight")))
	case 4:
		must(m.t, m.q.SetCap(m.t.Context(), store, rapid.IntRange(0, 3).Draw(m.T, "cap")))
	}
}

func (m *model) purge(*rapid.T) {
	if rapid.IntRange(0, 9).Draw(m.T, "purge") != 0 { // now and then
		return
	}
	store := m.store()
	if len(m.out[store]) > 0 { // its requests would be forgotten while the server counts them
		return
	}
	m.left[store] = m.c.Now().Add(requestTTL)
	before := m.places()
	must(m.t, m.q.Purge(m.t.Context(), store))
	for id, where := range before {
		if where.store == store {
			m.state[id] = "gone"
		}
	}
	if m.over(store) {
		m.Fatalf("%s was purged and is said to have jobs that were refused", store)
	}
	maps.DeleteFunc(m.newest, func(k, _ string) bool { return strings.HasPrefix(k, store+" ") })
}

// page asks for the stores that were refused jobs and have room now.
func (m *model) page(*rapid.T) {
	want := map[string]bool{}
	for _, s := range modelStores {
		want[s] = m.over(s) && m.waiting(s) <= modelRoom/2
	}
	m.c.Add(time.Second)
	m.stale = true
	got, err := m.q.StoresWithRoom(m.t.Context(), time.Second)
	must(m.t, err)
	for _, s := range modelStores {
		if slices.Contains(got, s) != want[s] || want[s] && m.over(s) {
			m.Fatalf("roomy = %v, want %v", got, want)
		}
	}
}

// over says whether Redis has noted that the store had jobs refused.
func (m *model) over(store string) bool {
	is, err := m.q.rdb.SIsMember(m.t.Context(), m.q.shardKey(0, "over"), store).Result()
	must(m.t, err)
	return is
}

// waiting counts the store's jobs that wait, for a time too.
func (m *model) waiting(store string) (n int) {
	for _, w := range m.places() {
		if w.store == store && (strings.HasPrefix(w.in[0], "q:") || strings.HasPrefix(w.in[0], "d:")) {
			n++
		}
	}
	return n
}

func (m *model) hash(key string) map[string]string {
	h, err := m.q.rdb.HGetAll(m.t.Context(), m.q.shardKey(0, key)).Result()
	must(m.t, err)
	return h
}

func num(h map[string]string, field string) float64 {
	f, _ := strconv.ParseFloat(h[field], 64)
	return f
}

func (m *model) members(key string) []string {
	ids, err := m.q.rdb.ZRange(m.t.Context(), m.q.shardKey(0, key), 0, -1).Result()
	must(m.t, err)
	return ids
}

type where struct {
	store string
	in    []string
}

// places lists where each job is that Redis knows.
func (m *model) places() map[string]*where {
	all := map[string]*where{}
	prefix := m.q.shardKey(0, "")
	for _, k := range keys(m.t, m.q) {
		if id, ok := strings.CutPrefix(k, prefix+"j:"); ok {
			all[id] = &where{store: m.hash("j:" + id)["store"]}
		}
	}
	put := func(id, in string) {
		if all[id] == nil {
			all[id] = &where{}
		}
		all[id].in = append(all[id].in, in)
	}
	for _, k := range keys(m.t, m.q) {
		k = strings.TrimPrefix(k, prefix)
		if strings.HasPrefix(k, "q:") || strings.HasPrefix(k, "d:") || k == "lease" || k == "dead" {
			for _, id := range m.members(k) {
				put(id, k)
			}
		}
	}
	for id := range all {
		if next := m.hash("j:" + id)["again"]; next != "" {
			put(next, "behind "+id)
		}
	}
	return all
}

// check is what must hold after every operation.
func (m *model) check(*rapid.T) {
	places := m.places()
	for id, w := range places {
		if len(w.in) != 1 || w.store == "" {
			m.Fatalf("job %s of store %q is in %v", id, w.store, w.in)
		}
		if there := w.in[0] != "dead"; there != (m.state[id] == "there") {
			m.Fatalf("job %s is in %v, and should be %s", id, w.in, m.state[id])
		}
	}
	for id, s := range m.state {
		if s == "there" && places[id] == nil {
			m.Fatalf("job %s is lost", id)
		}
	}
	for key, payload := range m.newest {
		if !m.waits(places, payload) {
			m.Fatalf("the newest event %s of %s is lost", payload, key)
		}
	}
	v, _ := m.q.rdb.Get(m.t.Context(), m.q.shardKey(0, "V")).Float64()
	if v < m.vtime {
		m.Fatalf("V fell from %v to %v", m.vtime, v)
	}
	m.vtime = v
	ready, parked := m.members("ready"), m.members("park")
	for _, s := range ready {
		t := m.hash("t:" + s)
		limit := num(t, "cap")
		if limit == 0 {
			limit = 2
		}
		if slices.Contains(parked, s) || num(t, "paused") == 1 || num(t, "inflight") >= limit {
			m.Fatalf("%s is ready: parked %v, %v", s, slices.Contains(parked, s), t)
		}
	}
	if m.stale && rapid.IntRange(0, 2).Draw(m.T, "audit") != 0 {
		return // leave it to claim to find out that time has passed
	}
	// Counters are what they count, so no slot has leaked; and every store is where it belongs
	// already, unless time alone has moved it.
	wrong, err := m.q.Audit(m.t.Context())
	must(m.t, err)
	if wrong != 0 {
		m.Fatalf("audit found %d wrong counters", wrong)
	}
	after := m.members("ready")
	slices.Sort(ready)
	slices.Sort(after)
	if !m.stale && !slices.Equal(ready, after) {
		m.Fatalf("ready was %v, and should be %v", ready, after)
	}
	m.stale = false
	for _, s := range after {
		t := m.hash("t:" + s)
		if num(t, "E") > 0 && num(t, "L")-num(t, "out") < 1 || num(t, "cool") > float64(m.c.Now().UnixMilli()) {
			m.Fatalf("%s has no quota and is ready: %v", s, t)
		}
	}
}

// waits says whether a job with this payload is still to be run.
func (m *model) waits(places map[string]*where, payload string) bool {
	for id, w := range places {
		if w.in[0] != "lease" && w.in[0] != "dead" && m.hash("j:" + id)["payload"] == payload {
			return true
		}
	}
	return false
}
