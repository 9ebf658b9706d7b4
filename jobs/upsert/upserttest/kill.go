package upserttest

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

	"gorm.io/gorm"

	"sluice/internal/testenv"
	"sluice/tenants"
)

// Killer stands for kill -9: from its nth point on, nothing that the engine does has any effect,
// and every call fails. Points are: before and after each HTTP request, before each write to the
// database, and before the commit of each step.
type Killer struct {
	mu   sync.Mutex
	left int // points until death
	dead bool
	at   string // what it died at
}

// point reports whether the process is dead from here on.
func (k *Killer) point(what string, args ...any) bool {
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

func (k *Killer) isDead() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.dead
}

type killerKey struct{}

// Killable makes the platform's database die with the Killer of a context. Once for a platform.
func (p *Platform) Killable(t testing.TB) {
	t.Helper()
	of := func(db *gorm.DB) *Killer {
		k, _ := db.Statement.Context.Value(killerKey{}).(*Killer)
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
	cb := p.DB.AcrossStores(t.Context()).Callback()
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

// mortal is a transport that dies with the process: the request is not delivered, or its answer is
// lost.
type mortal struct {
	next http.RoundTripper
	k    *Killer
}

func (m mortal) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.k.point("before %s %s", r.Method, r.URL.Path) {
		connected(r) // the client cannot know that nothing arrived
		return nil, errDead
	}
	resp, err := m.next.RoundTrip(r)
	if err == nil && m.k.point("after %s %s", r.Method, r.URL.Path) {
		drop(resp)
		return nil, errDead
	}
	return resp, err
}

// connected tells the client that there was a connection, so that its request may have been carried
// out.
func connected(r *http.Request) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
}

func drop(resp *http.Response) {
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}

// Live steps a run until it ends or asks, or the process is killed after the given number of
// points.
func (w *World) Live(r *tenants.Run, points int) (at string, done bool) {
	w.Helper()
	k := &Killer{left: points}
	ctx := context.WithValue(w.Ctx, killerKey{}, k)
	w.Wrap = func(next http.RoundTripper) http.RoundTripper { return mortal{next, k} }
	defer func() { w.Wrap = nil }()
	e := w.Engine() // a new process has nothing in memory
	for range maxSteps {
		res, err := e.Step(ctx, r, func(*tenants.DB, *tenants.Run) error {
			if k.point("commit of step %d (%s)", r.Step, r.Phase) {
				return errDead
			}
			return nil
		})
		switch {
		case k.isDead():
			*r = *w.Saved(r)
			return k.at, false
		case err != nil:
			w.Fatalf("step %d (%s): %v", r.Step, r.Phase, err)
		case res.Done, res.Asking:
			return "", true
		}
		w.WaitUntil(res.NotBefore)
	}
	w.Fatalf("the run goes on for ever in phase %s with checkpoint %s", r.Phase, r.Checkpoint)
	return "", false
}

// forever is more points than a run has.
const forever = 1 << 30

// Scenario is a run that may be killed anywhere.
type Scenario struct {
	// New makes a world in which the run is to be started. seed varies what must not matter.
	New func(t testing.TB, seed int) *World
	// Start is what its run is started with.
	Start []func(*tenants.Run)
	// Settled fails the test unless the run has come to its one right end.
	Settled func(w *World, r *tenants.Run, note string)
	// Points is how many the run has at least: with fewer, nothing is killed where it matters.
	Points int
	// Stride is the distance between the points that are tried in a small test; all are in make
	// soak.
	Stride int
}

// KilledAnywhere kills the process at every single point of a run, one after the other, and lets
// another process go on. Small, it tries some of the points. The platform of its worlds must be
// Killable.
func KilledAnywhere(t testing.TB, s Scenario) {
	t.Helper()
	soak := testenv.NewSoak(t)
	stride := s.Stride
	if soak.Whole() {
		stride = 1
	}
	trials := 0
	for at := soak.Rand().IntN(stride); ; at += stride {
		w := s.New(t, trials)
		r := w.Start(s.Start...)
		what, done := w.Live(r, at)
		if done {
			s.Settled(w, r, "never killed")
			if at < s.Points {
				t.Fatalf("only %d points: is the killer wired up?", at)
			}
			soak.Figure("kills", float64(trials), "")
			return
		}
		trials++
		w.Live(r, forever)
		s.Settled(w, r, fmt.Sprintf("killed at point %d, %s", at, what))
	}
}

// KilledAgainAndAgain kills the process many times in one run, at random points.
func KilledAgainAndAgain(t testing.TB, s Scenario) {
	t.Helper()
	soak := testenv.NewSoak(t)
	for n := range uint64(soak.Size(1, 8)) {
		seed := soak.Seed() + n
		random := rand.New(rand.NewPCG(seed, 2))
		w := s.New(t, int(seed%4))
		r := w.Start(s.Start...)
		note := fmt.Sprintf("seed %d", seed)
		for range 20 {
			at, done := w.Live(r, 3+random.IntN(12))
			if done {
				break
			}
			note += "; " + at
		}
		if !r.State.Final() {
			w.Live(r, forever)
		}
		s.Settled(w, r, note)
	}
}
