package queue

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"sluice/internal/testenv"
)

// TestCalmStores carries out random sequences of operations on two queues, one of which never takes
// the short way that scripts have for calm stores (scripts/lib.lua): every script must give the
// same answer in both, and leave the same state.
func TestCalmStores(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		rdb := client(t, url)
		calm := 0
		rapid.Check(t, func(rt *rapid.T) {
			must(t, rdb.FlushAll(t.Context()).Err())
			c := newClock()
			p := &pair{T: rt, ctx: t.Context(), c: c, rdb: rdb, used: map[string]int{}}
			p.short = ready(t, rdb, Options{Now: c.Now, StoreCap: 2, Prefix: "short"})
			p.long = ready(t, rdb, Options{Now: c.Now, StoreCap: 2, Prefix: "long"})
			longWay(t, p.long)
			for _, s := range pairStores { // each was served before, and its quota is known
				p.used[s] = 0
				p.send(s)
				p.answer(0, false)
				p.add(p.job(s, LaneBulk, ""))
				p.claim(1)
				p.ack(1)
			}
			some := map[string]func(*rapid.T){
				"put back": p.putBack, "setting": p.setting, "setting more": p.setting, "tick": p.tick, "tick more": p.tick, "refill": p.refill,
				"": p.compare,
			}
			for i := range 4 { // what there is most of
				n := strconv.Itoa(i)
				some["enqueue"+n] = p.enqueue
				some["claim"+n] = func(*rapid.T) { p.claim(p.draw("wanted", 1, 3)) }
				some["ack"+n] = func(*rapid.T) { p.ack(p.draw("acks", 1, 2)) }
				some["request"+n] = func(*rapid.T) { p.send(p.store()) }
				some["answer"+n] = p.anyAnswer
			}
			for range 4 { // some thirty operations each
				rt.Repeat(some)
			}
			calm += p.calm
		})
		if calm == 0 {
			t.Error("no store was ever calm")
		}
	})
}

// calmStore makes store abc calm, with one job that was done.
func calmStore(t *testing.T, q *Queue) {
	t.Helper()
	g := governor{t: t, q: q}
	g.observe(g.admitted(call("")), ok(100, 90, 20*time.Second))
	must(t, q.Enqueue(t.Context(), job("abc", "first")))
	must(t, q.Ack(t.Context(), claim(t, q)))
	if g.field("calm") != 1 {
		t.Fatal("abc is not calm")
	}
}

// TestNotCalm knows of a store, one by one, what its gate may close for: it is not calm then.
func TestNotCalm(t *testing.T) {
	each(t, Options{}, func(t *testing.T, q *Queue, c *clock) {
		calmStore(t, q)
		key := q.shardKey(q.storeShard("abc"), "t:abc")
		was, err := q.rdb.HGetAll(t.Context(), key).Result()
		must(t, err)
		for _, f := range []struct {
			name  string
			value any
		}{
			{"E", 0}, {"L", 11}, {"rate", 1}, {"margin", 1}, {"cool", c.Now().UnixMilli() + 1}, {"pace", 1}, {"paused", 1}, {"cap", 9}, {"slow", 1},
			{"weight", 2}, {"cs", "x\n"},
		} {
			must(t, q.rdb.Del(t.Context(), key).Err())
			must(t, q.rdb.HSet(t.Context(), key, was).Err())
			must(t, q.rdb.HSet(t.Context(), key, f.name, f.value).Err())
			wrong, err := q.Audit(t.Context())
			must(t, err)
			if calm := (governor{t: t, q: q}).field("calm"); wrong != 1 || calm != 0 {
				t.Errorf("%s = %v: calm is %d, and audit corrected %d fields", f.name, f.value, calm, wrong)
			}
		}
	})
}

// TestCalmUntilItsWindowEnds: what is known of a store is true of its window. The next one is begun
// by what comes first.
func TestCalmUntilItsWindowEnds(t *testing.T) {
	for name, do := range map[string]func(t *testing.T, q *Queue){
		"enqueue": func(t *testing.T, q *Queue) { must(t, q.Enqueue(t.Context(), job("abc", "third"))) },
		"claim":   func(t *testing.T, q *Queue) { claim(t, q) },
	} {
		t.Run(name, func(t *testing.T) {
			each(t, Options{}, func(t *testing.T, q *Queue, c *clock) {
				calmStore(t, q)
				must(t, q.Enqueue(t.Context(), job("abc", "second")))
				c.Add(time.Minute)
				do(t, q)
				if e := (governor{t: t, q: q}).field("E"); int64(e) <= c.Now().UnixMilli() {
					t.Errorf("the window has ended, and none was begun: %d", e)
				}
			})
		})
	}
}

// longWay has a queue open every store.
func longWay(t *testing.T, q *Queue) {
	const few, none = "local function few(", "local function few() return {} end\nlocal function unused("
	for name, text := range scriptTexts(q.o) {
		if !strings.Contains(text, few) {
			t.Fatalf("%s is not in %s", few, name)
		}
		q.scripts[name] = redis.NewScript(strings.Replace(text, few, none, 1))
	}
}

// pair are the two queues, and what is the same for both.
type pair struct {
	*rapid.T
	ctx         context.Context
	c           *clock
	rdb         *redis.Client
	short, long *Queue

	n      int
	leases [][2]string // id, token
	out    []sent
	used   map[string]int // requests of the window, by store
	calm   int            // how many stores were calm, over all comparisons
}

// sent is a request that is not answered yet.
type sent struct {
	store, rid string
	at         time.Time
}

const (
	pairRoom   = 3
	pairQuota  = 9
	pairWindow = 5000 // ms; windows end when a multiple of it comes
)

var pairStores = []string{"a", "b"}

func (p *pair) store() string { return rapid.SampledFrom(pairStores).Draw(p.T, "store") }

func (p *pair) draw(what string, least, most int) int {
	return rapid.IntRange(least, most).Draw(p.T, what)
}

func (p *pair) oneIn(n int, what string) bool { return p.draw(what, 1, n) == 1 }

func (p *pair) must(err error) {
	if err != nil {
		p.Fatal(err)
	}
}

func (p *pair) now() int64 { return p.c.Now().UnixMilli() }

// do runs a script on both sides and returns what it answers.
func (p *pair) do(script string, args ...any) any {
	p.Helper()
	var answers [2]any
	for i, q := range []*Queue{p.long, p.short} {
		v, err := q.run(p.ctx, 0, script, args...)
		if err != nil {
			v = err.Error()
		}
		answers[i] = v
	}
	if d := cmp.Diff(answers[0], answers[1]); d != "" {
		p.Fatalf("%s %v: the short way answers otherwise (-long +short):\n%s", script, args, d)
	}
	return answers[1]
}

func (p *pair) job(store string, lane Lane, key string) []any {
	p.n++
	return []any{strconv.Itoa(p.n), store, "k", "payload", lane.priority(), "", 1, 0, key}
}

func (p *pair) add(jobs ...[]any) {
	p.do("enqueue", slices.Concat([]any{"0", pairRoom}, slices.Concat(jobs...))...)
}

func (p *pair) enqueue(*rapid.T) {
	var jobs [][]any
	lane := rapid.SampledFrom([]Lane{LaneInteractive, LaneBulk}).Draw(p.T, "lane")
	for range p.draw("jobs", 1, 3) {
		j := p.job(p.store(), lane, rapid.SampledFrom([]string{"", "", "x"}).Draw(p.T, "key"))
		j[6] = p.draw("cost", 0, 3)
		if p.oneIn(12, "class") {
			j[5] = "price-records-put"
		}
		if p.oneIn(10, "delay") {
			j[7] = p.now() + 2000
		}
		if p.oneIn(20, "again") {
			j[0] = strconv.Itoa(p.draw("id", 1, p.n))
		}
		jobs = append(jobs, j)
	}
	p.add(jobs...)
}

func (p *pair) claim(n int) {
	args := []any{3_600_000}
	for i := range n {
		args = append(args, fmt.Sprintf("token%d.%d", p.n, i))
	}
	p.n++
	p.must(p.rdb.Del(p.ctx, "short:{0}:mark", "long:{0}:mark").Err()) // whoever claims was woken
	list, _ := p.do("claim", args...).([]any)
	for i, item := range list {
		if r := texts(item); r[0] == "job" {
			p.leases = append(p.leases, [2]string{r[1], args[1+i].(string)})
		}
	}
}

// lease takes a lease out of those that are held.
func (p *pair) lease() (l [2]string, ok bool) {
	if len(p.leases) == 0 {
		return l, false
	}
	i := p.draw("lease", 0, len(p.leases)-1)
	l = p.leases[i]
	p.leases = slices.Delete(p.leases, i, i+1)
	return l, true
}

func (p *pair) ack(n int) {
	var args []any
	for range n {
		if l, ok := p.lease(); ok {
			args = append(args, l[0], l[1])
		}
	}
	if args != nil {
		p.do("ack", args...)
	}
}

func (p *pair) putBack(*rapid.T) {
	if l, ok := p.lease(); ok {
		p.do(rapid.SampledFrom([]string{"fail", "snooze"}).Draw(p.T, "script"), l[0], l[1], p.now()+int64(p.draw("after", 0, 3000)))
	}
}

func (p *pair) send(store string) {
	p.n++
	r := sent{store: store, rid: fmt.Sprintf("r%d|1|", p.n), at: p.c.Now()}
	if v, _ := p.do("reserve", store, 500_000, r.rid, 1, "", 0).([]any); len(v) == 1 {
		p.out = append(p.out, r)
	}
}

// answer has the store count request i, and tell it, or refuse it because it is overloaded.
func (p *pair) answer(i int, overloaded bool) {
	r := p.out[i]
	p.out = slices.Delete(p.out, i, i+1)
	if overloaded {
		p.do("observe", r.store, 500_000, r.rid, 0, 429, 0, 0, 0, 0, 0, 300)
		return
	}
	status := 200
	if p.used[r.store] < pairQuota {
		p.used[r.store]++
	} else {
		status = 429
	}
	p.do("observe", r.store, 500_000, r.rid, 0, status, 1, pairQuota, pairQuota-p.used[r.store], pairWindow, pairWindow-p.now()%pairWindow, "")
}

func (p *pair) anyAnswer(*rapid.T) {
	if len(p.out) == 0 {
		return
	}
	i := p.draw("request", 0, len(p.out)-1)
	if s := p.out[i].store; p.used[s] < pairQuota && p.oneIn(15, "another app") {
		p.used[s]++
	}
	p.answer(i, p.oneIn(15, "overloaded"))
}

func (p *pair) setting(*rapid.T) {
	field := rapid.SampledFrom([]string{"paused", "paused", "weight", "cap"}).Draw(p.T, "field")
	p.do("setting", p.store(), field, rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(p.T, "value"))
}

// tick lets time pass. A short way leaves it to the next long one to begin a window that is due;
// here an audit does.
func (p *pair) tick(*rapid.T) {
	window := p.now() / pairWindow
	p.c.Add(time.Duration(p.draw("ms", 1, 1500)) * time.Millisecond)
	if p.now()/pairWindow > window {
		clear(p.used)
	}
	for len(p.out) > 0 && p.c.Now().Sub(p.out[0].at) > requestTTL/2 {
		p.answer(0, false)
	}
	p.audit()
}

// refill is what a rebuild does after somebody has deleted a key: a store's hash may then say what
// was before.
func (p *pair) refill(*rapid.T) {
	for _, prefix := range []string{"short", "long"} {
		p.must(p.rdb.Set(p.ctx, prefix+":{0}:epoch", epochOf(1), 0).Err())
		p.must(p.rdb.Del(p.ctx, prefix+":{0}:ready").Err())
	}
	p.do("enqueue", slices.Concat([]any{"1", pairRoom}, p.job(p.store(), LaneBulk, ""))...)
	p.compare(nil)
	p.do("audit", "a", "b")
	p.do("complete", epochOf(1)+"token")
}

func (p *pair) audit() {
	if wrong := p.do("audit", "a", "b"); wrong != int64(0) {
		p.Fatalf("audit found %v wrong counters", wrong)
	}
}

// compare looks whether both sides have the same keys with the same values. Only the short way
// knows calm stores by calm; a field of a store that is 0 and one that is missing mean the same.
func (p *pair) compare(*rapid.T) {
	if d := cmp.Diff(p.dump("long"), p.dump("short")); d != "" {
		p.Fatalf("the short way leaves another state (-long +short):\n%s", d)
	}
}

// dump reads all keys that begin so: key → member or field → value.
func (p *pair) dump(prefix string) map[string]map[string]string {
	prefix += ":{0}:"
	keys, err := p.rdb.Keys(p.ctx, prefix+"*").Result()
	p.must(err)
	hashes, sorted := map[string]*redis.MapStringStringCmd{}, map[string]*redis.ZSliceCmd{}
	sets, texts := map[string]*redis.StringSliceCmd{}, map[string]*redis.StringCmd{}
	pipe := p.rdb.Pipeline()
	for _, key := range keys {
		switch name, kind := strings.TrimPrefix(key, prefix), strings.SplitAfter(strings.TrimPrefix(key, prefix), ":")[0]; kind {
		case "t:", "j:", "k:", "m:", "shards":
			hashes[name] = pipe.HGetAll(p.ctx, key)
		case "q:", "d:", "o:", "ready", "park", "lease", "mark", "left", "minutes":
			sorted[name] = pipe.ZRangeWithScores(p.ctx, key, 0, -1)
		case "stores", "over":
			sets[name] = pipe.SMembers(p.ctx, key)
		default:
			texts[name] = pipe.Get(p.ctx, key)
		}
	}
	_, err = pipe.Exec(p.ctx)
	p.must(err)
	all := map[string]map[string]string{}
	for name, answer := range hashes {
		all[name] = answer.Val()
		if strings.HasPrefix(name, "t:") {
			if all[name]["calm"] == "1" {
				p.calm++
			}
			delete(all[name], "calm")
			maps.DeleteFunc(all[name], func(_, v string) bool { return v == "0" })
		}
	}
	for name, answer := range sorted {
		all[name] = map[string]string{}
		for _, m := range answer.Val() {
			all[name][fmt.Sprint(m.Member)] = strconv.FormatFloat(m.Score, 'f', -1, 64)
		}
	}
	for name, answer := range sets {
		all[name] = map[string]string{}
		for _, m := range answer.Val() {
			all[name][m] = ""
		}
	}
	for name, answer := range texts {
		all[name] = map[string]string{"": answer.Val()}
	}
	for _, name := range []string{"epoch", "shards"} {
		delete(all, name) // each has its own token
	}
	return all
}
