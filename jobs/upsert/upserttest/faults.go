package upserttest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

// fault is what becomes of a request.
type fault struct {
	name   string
	status int // of the answer that takes the place of BigCommerce's; 0: none comes
	header http.Header
	after  bool // the request is carried out all the same
}

var faults = []fault{
	{name: "429", status: http.StatusTooManyRequests, header: http.Header{
		"X-Rate-Limit-Requests-Quota": {"150"}, "X-Rate-Limit-Requests-Left": {"0"},
		"X-Rate-Limit-Time-Window-Ms": {"30000"}, "X-Rate-Limit-Time-Reset-Ms": {"2000"},
	}},
	{name: "429 without headers", status: http.StatusTooManyRequests},
	{name: "429 that says when", status: http.StatusTooManyRequests, header: http.Header{"X-Retry-After": {"3"}}},
	{name: "503", status: http.StatusServiceUnavailable},
	{name: "503 after the fact", status: http.StatusServiceUnavailable, after: true},
	{name: "cut before", after: false},
	{name: "cut after", after: true},
}

// strike has the next requests of the engine that are reads, or those that are not, meet a fault.
func (w *World) strike(f fault, reads bool, times int) {
	var mu sync.Mutex
	w.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return Tripper(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			strikes := times > 0 && reads == (r.Method == http.MethodGet)
			if strikes {
				times--
			}
			mu.Unlock()
			if !strikes {
				return next.RoundTrip(r)
			}
			connected(r)
			if f.after {
				resp, err := next.RoundTrip(r)
				if err != nil {
					return nil, err
				}
				drop(resp)
			}
			if f.status == 0 {
				return nil, errCut
			}
			header := f.header.Clone()
			if header == nil {
				header = http.Header{}
			}
			return &http.Response{StatusCode: f.status, Header: header, Body: http.NoBody, Request: r}, nil
		})
	}
}

// through is Finish for a job that is tried again when BigCommerce does not answer.
func (w *World) through(r *tenants.Run) *tenants.Run {
	w.Helper()
	for range maxSteps {
		res, err := w.Engine().Step(w.Ctx, r, nil)
		var away *bigcommerce.UnavailableError
		switch {
		case errors.As(err, &away):
			r = w.Saved(r)
		case err != nil:
			w.Fatalf("step %d (%s): %v", r.Step, r.Phase, err)
		case res.Done:
			return w.Saved(r)
		}
		w.WaitUntil(res.NotBefore)
	}
	w.Fatalf("the run goes on for ever in phase %s with checkpoint %s", r.Phase, r.Checkpoint)
	return nil
}

// testFaults: whatever BigCommerce does for a while, the run ends as without it.
func (s *suite) testFaults(t *testing.T) {
	const n = 12
	tests := []struct {
		name    string
		reads   bool // of a first run; else writes
		version int  // that is written: 1 is a change of what is remembered
	}{{name: "read", reads: true}, {name: "write"}, {name: "change", version: 1}}
	for _, tt := range tests {
		for _, f := range faults {
			if tt.reads && f.after || tt.version > 0 && !s.creates() { // whose first writes are changes
				continue
			}
			name := tt.name + " " + f.name
			t.Run(name, func(t *testing.T) {
				w := s.world(t, n)
				want := s.wrote(n)
				for v := range tt.version {
					w.feed(s.rows(n, all(v))...)
					w.Want(w.Run(), want)
					want = Counts{Read: n, Updated: n}
				}
				w.feed(s.rows(n, all(tt.version))...)
				w.strike(f, tt.reads, 5)
				r := w.through(w.Start())
				w.Wrap = nil
				w.Want(r, want)
				w.holds(name, n, all(tt.version))
				w.accounts(r, name)
				if throttling := strings.HasPrefix(f.name, "429"); throttling != (r.Throttled > 0) && !tt.reads {
					t.Errorf("%d throttled", r.Throttled)
				}
				if got := w.Requests(func() { r = w.Run() }); got != 0 {
					t.Errorf("afterwards: %d requests", got)
				}
			})
		}
	}
}

// sips is World.Sips.
type sips struct {
	w       *World
	most, n int64
	mu      sync.Mutex
}

func (s *sips) Wait(context.Context, bigcommerce.Call) (func(bigcommerce.Answer), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n++; s.n%(s.most+1) == 0 {
		return nil, &bigcommerce.NoQuotaError{Until: s.w.Now()}
	}
	return func(bigcommerce.Answer) {}, nil
}

// Sips returns a limiter that has quota for most requests at a time, so that a step does not do
// everything.
func (w *World) Sips(most int64) bigcommerce.Limiter { return &sips{w: w, most: most} }

// testCancelled: the journal of a run that is cancelled half-way has just what the store has of it,
// and the next run does the rest.
func (s *suite) testCancelled(t *testing.T) {
	const n = 12
	halfway := false
	for after := 1; after <= 6; after++ {
		w := s.world(t, n)
		w.Config.Concurrency = 1
		w.feed(s.rows(n, all(0))...)
		r := w.Start()
		writes := 0
		w.Wrap = func(next http.RoundTripper) http.RoundTripper {
			return Tripper(func(q *http.Request) (*http.Response, error) {
				resp, err := next.RoundTrip(q)
				if q.Method == http.MethodGet {
					return resp, err
				}
				if writes++; writes == after {
					if _, err := w.DB.RequestCancel(w.Ctx, r.ID); err != nil {
						t.Error(err)
					}
				}
				return resp, err
			})
		}
		r = w.Finish(r)
		if r.State != tenants.RunCancelled && (r.State != tenants.RunDone || writes > after) {
			t.Fatalf("cancelled after write %d: the run is %s", after, r.State)
		}
		var changed, journalled []string
		for key, fields := range w.landed("cancelled") {
			if !cmp.Equal(w.before[key], fields) {
				changed = append(changed, key)
			}
		}
		for _, e := range w.Entries(r) {
			if !slices.Contains(journalled, e.Key) {
				journalled = append(journalled, e.Key)
			}
		}
		slices.Sort(changed)
		slices.Sort(journalled)
		halfway = halfway || len(changed) > 0 && len(changed) < n
		if d := cmp.Diff(changed, journalled); d != "" {
			t.Errorf("cancelled after write %d: what the store has, and what the journal says: %s", after, d)
		}
		w.Wrap = nil
		if last := w.Run(); last.State != tenants.RunDone || last.Failed != 0 {
			t.Errorf("the next run: %s, %+v", last.State, CountsOf(last))
		}
		w.holds("the next run", n, all(0))
	}
	if s.creates() && !halfway {
		t.Error("no run was cancelled half-way")
	}
}
