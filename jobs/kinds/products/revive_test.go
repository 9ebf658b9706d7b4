package products

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/jobs/flow"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// sips is a limiter that has quota for a few requests at a time, so that a step does not do everything.
type sips struct{ n atomic.Int64 }

func (s *sips) Wait(context.Context, bigcommerce.Call) (func(bigcommerce.Answer), error) {
	if s.n.Add(1)%10 == 0 {
		return nil, &bigcommerce.NoQuotaError{Until: time.Now()}
	}
	return func(bigcommerce.Answer) {}, nil
}

// stepTo steps a run until it is in the middle of a phase: reading rows, or creating products.
func (w *world) stepTo(r *tenants.Run, phase tenants.Phase) {
	w.Helper()
	e := w.engine()
	for r.Phase != phase || r.Read == 0 || (phase == tenants.PhaseWrite && r.Created == 0) {
		res, err := e.Step(w.ctx, r, nil)
		if err != nil || res.Done {
			w.Fatalf("the run never got to the middle of %s: %+v, %v", phase, res, err)
		}
		w.waitUntil(res.NotBefore)
	}
}

// giveUp fails a run as jobs does, and returns the step that it was given up at.
func (w *world) giveUp(r *tenants.Run) (step int64) {
	w.Helper()
	step = r.Step
	if err := w.engine().Fail(w.ctx, r, "tried several times", nil); err != nil {
		w.Fatal(err)
	}
	if r.State != tenants.RunFailed || r.Step != step+1 || r.FinishedAt == nil {
		w.Fatalf("after Fail: %s at step %d, finished %v", r.State, r.Step, r.FinishedAt)
	}
	return step
}

func (w *world) revive(r *tenants.Run, step int64) error {
	w.Helper()
	return w.db.Tx(w.ctx, func(tx *tenants.DB) error { return flow.Revive(w.ctx, tx, w.saved(r), step) })
}

// TestRevive: a run that was given up in the middle of any phase goes on to the same end as one that
// was not, with every product once.
func TestRevive(t *testing.T) {
	const size = 60
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		p := platformOn(t, db)
		for _, phase := range []tenants.Phase{tenants.PhaseFetch, tenants.PhasePlan, tenants.PhaseWrite} {
			t.Run(string(phase), func(t *testing.T) {
				w := newWorld(t, p)
				w.cfg.WindowRows = 10
				w.limit = &sips{}
				w.feed.body = csv(append(parts(size), part("P-00001", "Part 1", "1", "1"))...) // the last is a duplicate
				r := w.start()
				if phase != tenants.PhaseFetch {
					w.stepTo(r, phase)
				}
				before := countsOf(r)
				step := w.giveUp(r)
				if err := w.revive(r, step); err != nil {
					t.Fatal(err)
				}
				r = w.saved(r)
				if got := countsOf(r); got != before || r.Step != step || r.Phase != phase || r.Error != "" || r.FinishedAt != nil {
					t.Errorf("revived with %+v at step %d of %s (%q, %v), want %+v at %d of %s", got, r.Step, r.Phase, r.Error, r.FinishedAt, before, step, phase)
				}
				if phase == tenants.PhaseWrite && before.Created >= size/2 {
					t.Errorf("%d products were created already", before.Created)
				}
				w.want(w.finish(r), counts{Read: size + 1, Created: size, Failed: 1})
				if n := len(w.products()); n != size {
					t.Errorf("%d products, want %d", n, size)
				}
			})
		}
	})
}

// TestReviveDryRun: a dry run begins anew, and finds its duplicates again although its records are gone.
func TestReviveDryRun(t *testing.T) {
	w := newWorld(t, newPlatform(t))
	w.cfg.WindowRows = 10
	w.feed.body = csv(append(parts(30), part("P-00001", "Part 1", "1", "1"))...)
	r := w.start(dryRun)
	w.stepTo(r, tenants.PhasePlan)
	step := w.giveUp(r)
	if err := w.revive(r, step); err != nil {
		t.Fatal(err)
	}
	r = w.saved(r)
	if r.Phase != tenants.PhaseFetch || countsOf(r) != (counts{}) || r.Step != step {
		t.Errorf("revived in %s at step %d with %+v", r.Phase, r.Step, countsOf(r))
	}
	w.want(w.finish(r), counts{Read: 31, Created: 30, Failed: 1})
	if n := len(w.products()); n != 0 {
		t.Errorf("the dry run made %d products", n)
	}
	var left int64
	if err := w.db.Scoped(w.ctx).Model(&tenants.Record{}).Where("flow_id = ?", r.ID).Count(&left).Error; err != nil || left != 0 {
		t.Errorf("%d records of the dry run are left: %v", left, err)
	}
}

func TestReviveRefuses(t *testing.T) {
	p := newPlatform(t)
	tests := map[string]func(w *world, r *tenants.Run){
		"a newer run": func(w *world, _ *tenants.Run) { w.finish(w.start()) },
		"the file is gone": func(w *world, r *tenants.Run) {
			if err := w.db.DeleteSnapshot(w.ctx, r.SnapshotID); err != nil {
				w.Fatal(err)
			}
		},
		"the flow is gone": func(w *world, _ *tenants.Run) {
			if err := w.db.DeleteFlow(w.ctx, w.flow.ID); err != nil {
				w.Fatal(err)
			}
		},
	}
	for name, arrange := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, p)
			w.cfg.WindowRows = 10
			w.feed.body = csv(parts(30)...)
			r := w.start()
			w.stepTo(r, tenants.PhasePlan)
			step := w.giveUp(r)
			arrange(w, r)
			if err := w.revive(r, step); problem.CodeOf(err) != problem.Conflict {
				t.Errorf("error %v, want a conflict", err)
			}
			if got := w.saved(r); got.State != tenants.RunFailed || got.Step != step+1 {
				t.Errorf("the run is %s at step %d after the refusal", got.State, got.Step)
			}
		})
	}
}
