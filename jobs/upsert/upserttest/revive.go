package upserttest

import (
	"testing"

	"sluice/jobs/flow"
	"sluice/tenants"
)

// GiveUp fails a run as jobs does, and returns the step that it was given up at.
func (w *World) GiveUp(r *tenants.Run) (step int64) {
	w.Helper()
	step = r.Step
	if err := w.Engine().Fail(w.Ctx, r, "tried several times", nil); err != nil {
		w.Fatal(err)
	}
	if r.State != tenants.RunFailed || r.Step != step+1 || r.FinishedAt == nil {
		w.Fatalf("after Fail: %s at step %d, finished %v", r.State, r.Step, r.FinishedAt)
	}
	return step
}

// Revive has a run that was given up at a step go on.
func (w *World) Revive(r *tenants.Run, step int64) error {
	w.Helper()
	return w.DB.Tx(w.Ctx, func(tx *tenants.DB) error { return flow.Revive(w.Ctx, tx, w.Saved(r), step) })
}

// testGivenUp: a run that was given up after any of its steps goes on to the same end as one that
// was not.
func (s *suite) testGivenUp(t *testing.T) {
	const n = 8
	for at := 0; ; at++ {
		w := s.world(t, n)
		w.Config.Concurrency, w.Config.WindowRows = 1, 4
		w.feed(append(s.rows(n, all(0)), s.Row(1, 1))...) // the last is a duplicate
		r := w.Start()
		e := w.Engine()
		for range at {
			res, err := e.Step(w.Ctx, r, nil)
			if err != nil {
				t.Fatal(err)
			}
			w.WaitUntil(res.NotBefore)
		}
		if r.State.Final() {
			if at < 5 {
				t.Errorf("the run had %d steps", at)
			}
			return
		}
		before := *w.Saved(r)
		step := w.GiveUp(r)
		if err := w.Revive(r, step); err != nil {
			t.Fatal(err)
		}
		r = w.Saved(r)
		if CountsOf(r) != CountsOf(&before) || r.Step != step || at > 0 && r.Phase != before.Phase || r.Error != "" || r.FinishedAt != nil {
			t.Errorf("revived with %+v at step %d of %s (%q, %v), want %+v at %d of %s", CountsOf(r), r.Step, r.Phase, r.Error, r.FinishedAt, CountsOf(&before), step, before.Phase)
		}
		want := s.wrote(n)
		want.Read, want.Failed = n+1, 1
		r = w.Finish(r)
		w.Want(r, want)
		w.holds("revived", n, all(0))
		w.accounts(r, "revived")
	}
}
