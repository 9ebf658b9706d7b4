package products

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"sluice/internal/testenv"
	"sluice/jobs/flow"
	"sluice/tenants"
)

// killer stands for kill -9: from its nth point on, nothing that the engine does has any effect, and
// every call fails. Points are: before and after each HTTP request, before each write to the
// database, and before the commit of each step.
type killer struct {
	mu   sync.Mutex
	left int // points until death
	dead bool
	at   string // what it died at
}

// point reports whether the process is dead from here on.
func (k *killer) point(what string, args ...any) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead {
		return true
	}
	if k.left--; k.left < 0 {
		k.dead, k.at = true, fmt.Sprintf(what, args...)
	}
	return k.dead
}

func (k *killer) isDead() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.dead
}

type killerKey struct{}

// killable makes the platform's database die with the killer of a context.
func (p *platform) killable(t testing.TB) {
	t.Helper()
	of := func(db *gorm.DB) *killer {
		k, _ := db.Statement.Context.Value(killerKey{}).(*killer)
		return k
	}
	write := func(db *gorm.DB) {
		if k := of(db); k != nil && k.point("write to %s", db.Statement.Table) {
			_ = db.AddError(errDead)
		}
	}
	read := func(db *gorm.DB) {
		if k := of(db); k != nil && k.isDead() {
			_ = db.AddError(errDead)
		}
	}
	cb := p.db.AcrossStores(t.Context()).Callback()
	err := errors.Join(
		cb.Create().Before("gorm:before_create").Register("test:kill", write),
		cb.Update().Before("gorm:before_update").Register("test:kill", write),
		cb.Delete().Before("gorm:before_delete").Register("test:kill", write),
		cb.Query().Before("gorm:query").Register("test:kill", read),
	)
	if err != nil {
		t.Fatal(err)
	}
}

// killable transport: the request is not delivered, or its answer is lost.
type mortal struct {
	next http.RoundTripper
	k    *killer
}

func (m mortal) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.k.point("before %s %s", r.Method, r.URL.Path) {
		if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GotConn != nil {
			trace.GotConn(httptrace.GotConnInfo{}) // the client cannot know that nothing arrived
		}
		return nil, errDead
	}
	resp, err := m.next.RoundTrip(r)
	if err == nil && m.k.point("after %s %s", r.Method, r.URL.Path) {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		return nil, errDead
	}
	return resp, err
}

// live steps a run until it ends or the process is killed after the given number of points.
func (w *world) live(r *tenants.Run, points int) (k *killer, done bool) {
	w.Helper()
	k = &killer{left: points}
	ctx := context.WithValue(w.ctx, killerKey{}, k)
	w.wrap = func(next http.RoundTripper) http.RoundTripper { return mortal{next, k} }
	defer func() { w.wrap = nil }()
	e := w.engine() // a new process has nothing in memory
	for range 2000 {
		res, err := e.Step(ctx, r, func(*tenants.DB, *tenants.Run) error {
			if k.point("commit of step %d (%s)", r.Step, r.Phase) {
				return errDead
			}
			return nil
		})
		switch {
		case k.isDead():
			*r = *w.saved(r)
			return k, false
		case err != nil:
			w.Fatalf("step %d (%s): %v", r.Step, r.Phase, err)
		case res.Done:
			return k, true
		}
		w.waitUntil(res.NotBefore)
	}
	w.Fatalf("the run goes on for ever in phase %s with checkpoint %s", r.Phase, r.Checkpoint)
	return nil, false
}

// crashWorld is a store that has something for every kind of write: a product to update, one that is
// padded, one that is right already, one whose name a new one wants, and rows that fail.
func crashWorld(t testing.TB, p *platform, concurrency int) *world {
	w := newWorld(t, p)
	w.cfg.Concurrency, w.cfg.WindowRows = concurrency, 5
	w.add(stocked("OLD", "Old", 1))
	w.add(stocked("PAD ", "Padded", 5))
	w.add(stocked("  FAR  ", "Far padded", 5)) // no filter finds it: its create meets it
	w.add(stocked("ELSE", "Wanted", 5))
	w.feed.body = csv(
		part("N-1", "New 1", "1", "1"), part("OLD", "Old", "2", "1"), part("N-2", "New 2", "2", "1"), part("PAD", "Padded", "5", "1"),
		part("N-3", "New 1", "3", "1"), part("N-1", "Twice", "1", "1"), part("BAD", "Bad", "x", "1"), part("N-4", "Wanted", "4", "1"),
		"N-5,New 5,5,1,other,style", part("N-6", "New 6", "6", "1"), part("FAR", "Far padded", "5", "1"),
	)
	return w
}

// settled asserts the one right end of a crashWorld's run.
func (w *world) settled(r *tenants.Run, note string) {
	w.Helper()
	r = w.saved(r)
	want := counts{Read: 11, Created: 6, Updated: 3, Failed: 2}
	if got := countsOf(r); r.State != tenants.RunDone || got != want {
		_, messages := w.issues(r, "")
		w.Fatalf("%s: state %s %q, counts %+v, want %+v; issues %v", note, r.State, r.Error, got, want, messages)
	}
	prices := make(map[string]string)
	for sku, p := range w.products() {
		prices[sku] = p.Name + " " + p.Price.String()
		if sku != "ELSE" && len(p.Categories) != 1 {
			w.Errorf("%s: %s is in categories %v", note, sku, p.Categories)
		}
	}
	wantPrices := map[string]string{
		"N-1": "New 1 1", "N-2": "New 2 2", "N-3": "New 1 (N-3) 3", "N-4": "Wanted (N-4) 4", "N-5": "New 5 5", "N-6": "New 6 6",
		"OLD": "Old 2", "PAD": "Padded 5", "FAR": "Far padded 5", "ELSE": "Wanted 5",
	}
	if d := cmp.Diff(wantPrices, prices); d != "" {
		w.Fatalf("%s: %s", note, d)
	}
	wantJournal := map[string]string{"n-1": "create", "n-2": "create", "n-3": "create", "n-4": "create", "n-5": "create", "n-6": "create", "old": "update", "pad": "update", "far": "update"}
	if d := cmp.Diff(wantJournal, w.journal(r)); d != "" {
		w.Fatalf("%s: journal %s", note, d)
	}
	kinds, _ := w.issues(r, flow.SeverityError)
	if d := cmp.Diff([]string{"7 N-1 sku", "8 BAD price"}, kinds); d != "" {
		w.Fatalf("%s: errors %s", note, d)
	}
}

// TestKilledAnywhere kills the process at every single point of a run, one after the other, and lets
// another process go on: the store must end with every product exactly once, and the run must account
// for every row. In its small form it tries some of the points.
func TestSoakKilledAnywhere(t *testing.T) {
	for _, concurrency := range []int{1, 4} {
		t.Run(fmt.Sprintf("%d at a time", concurrency), func(t *testing.T) {
			t.Parallel()
			soak := testenv.NewSoak(t)
			stride := pointStride(soak)
			p := newPlatform(t)
			p.killable(t)
			trials := 0
			for at := soak.Rand().IntN(stride); ; at += stride {
				w := crashWorld(t, p, concurrency)
				r := w.start()
				k, done := w.live(r, at)
				if done {
					w.settled(r, "never killed")
					if at < 70 {
						t.Fatalf("only %d points: is the killer wired up?", at)
					}
					soak.Figure("kills", float64(trials), "")
					return
				}
				trials++
				note := fmt.Sprintf("killed at point %d, %s", at, k.at)
				w.live(r, 1<<30)
				w.settled(r, note)
				if trials%4 != 0 {
					continue
				}
				again := w.run()
				if countsOf(again) != (counts{Read: 11, Unchanged: 9, Failed: 2}) || again.Requests != 0 {
					t.Fatalf("%s: the next run has %+v and %d requests", note, countsOf(again), again.Requests)
				}
			}
		})
	}
}

// pointStride is the distance between the points that a process is killed at: each, or each sixth.
func pointStride(soak *testenv.Soak) int {
	if soak.Whole() {
		return 1
	}
	return 6
}

// TestSoakKilledAgainAndAgain kills the process many times in one run, at random points.
func TestSoakKilledAgainAndAgain(t *testing.T) {
	soak := testenv.NewSoak(t)
	p := newPlatform(t)
	p.killable(t)
	for n := range uint64(soak.Size(1, 8)) {
		seed := soak.Seed() + n
		random := rand.New(rand.NewPCG(seed, 2))
		w := crashWorld(t, p, 1+int(seed%4))
		r := w.start()
		note := fmt.Sprintf("seed %d", seed)
		for kills := 0; kills < 20; kills++ {
			k, done := w.live(r, 3+random.IntN(12))
			if done {
				break
			}
			note += "; " + k.at
		}
		if !r.State.Final() {
			w.live(r, 1<<30)
		}
		w.settled(r, note)
	}
}
