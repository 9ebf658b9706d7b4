package products

import (
	"testing"

	"sluice/internal/problem"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// TestReviveDryRun: a dry run begins anew, and finds its duplicates again although its records are
// gone.
func TestReviveDryRun(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Config.WindowRows = 10
	w.Feed.Body = csv(append(parts(30), part("P-00001", "Part 1", "1", "1"))...)
	r := w.Start(upserttest.DryRun)
	w.StepTo(r, tenants.PhasePlan)
	step := w.GiveUp(r)
	if err := w.Revive(r, step); err != nil {
		t.Fatal(err)
	}
	r = w.Saved(r)
	if r.Phase != tenants.PhaseFetch || upserttest.CountsOf(r) != (upserttest.Counts{}) || r.Step != step {
		t.Errorf("revived in %s at step %d with %+v", r.Phase, r.Step, upserttest.CountsOf(r))
	}
	w.Want(w.Finish(r), upserttest.Counts{Read: 31, Created: 30, Failed: 1})
	if n := len(w.products()); n != 0 {
		t.Errorf("the dry run made %d products", n)
	}
	var left int64
	if err := w.DB.Scoped(w.Ctx).Model(&tenants.Record{}).Where("flow_id = ?", r.ID).Count(&left).Error; err != nil || left != 0 {
		t.Errorf("%d records of the dry run are left: %v", left, err)
	}
}

func TestReviveRefuses(t *testing.T) {
	p := upserttest.NewPlatform(t)
	tests := map[string]func(w *world, r *tenants.Run){
		"a newer run": func(w *world, _ *tenants.Run) { w.Finish(w.Start()) },
		"the file is gone": func(w *world, r *tenants.Run) {
			if err := w.DB.DeleteSnapshot(w.Ctx, r.SnapshotID); err != nil {
				w.Fatal(err)
			}
		},
		"the flow is gone": func(w *world, _ *tenants.Run) {
			if err := w.DB.DeleteFlow(w.Ctx, w.Flow.ID); err != nil {
				w.Fatal(err)
			}
		},
	}
	for name, arrange := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, p)
			w.Config.WindowRows = 10
			w.Feed.Body = csv(parts(30)...)
			r := w.Start()
			w.StepTo(r, tenants.PhasePlan)
			step := w.GiveUp(r)
			arrange(w, r)
			if err := w.Revive(r, step); problem.CodeOf(err) != problem.Conflict {
				t.Errorf("error %v, want a conflict", err)
			}
			if got := w.Saved(r); got.State != tenants.RunFailed || got.Step != step+1 {
				t.Errorf("the run is %s at step %d after the refusal", got.State, got.Step)
			}
		})
	}
}
