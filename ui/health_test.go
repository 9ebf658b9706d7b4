package ui

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sluice/internal/problem"
	"sluice/jobs/flow"
	"sluice/tenants"
)

// change is the body of a PUT that changes nothing but what is given.
func change(f flowView, with map[string]any) map[string]any {
	body := map[string]any{"version": f.Version, "name": f.Name, "source": map[string]any{}, "format": f.Format, "mapping": f.Mapping, "options": map[string]any{}}
	for name, v := range with {
		body[name] = v
	}
	return body
}

// TestAFlowThatCannotRunSaysWhy: each problem names its field and where it is put right, and a
// schedule is neither switched on nor left on.
func TestAFlowThatCannotRunSaysWhy(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	f := p.readyFlow(storeA, token)
	on := map[string]any{"cron": "0 2 * * *", "enabled": true}
	p.call("PUT", "/flows/"+f.ID, token, change(f, map[string]any{"schedule": on}), http.StatusOK, &f)
	if !f.Schedule.Enabled || f.Notice != "" {
		t.Fatalf("schedule %+v, notice %q", f.Schedule, f.Notice)
	}

	broken := tenants.Mapping{Fields: []tenants.FieldMapping{
		{Target: "sku", Expression: "Sku"}, {Target: "name", Expression: "trim(Name"}, {Target: "price", Expression: "1"}, {Target: "type", Expression: `"physical"`},
	}}
	p.call("PUT", "/flows/"+f.ID, token, change(f, map[string]any{"mapping": broken, "schedule": on}), http.StatusOK, &f)
	got := map[string]string{}
	for _, problem := range f.Problems {
		if problem.Part != flow.PartMapping || !strings.HasPrefix(problem.Message, problem.Label+": ") {
			t.Errorf("problem %+v", problem)
		}
		got[problem.Field] = problem.Message
	}
	if len(got) != 2 || !strings.Contains(got["sku"], "did you mean SKU") || got["name"] == "" { // weight is needed of new products only
		t.Errorf("problems %v", got)
	}
	if f.Ready || f.Health.State != healthDraft || !strings.Contains(f.Health.Message, "One more thing") {
		t.Errorf("health %+v", f.Health)
	}
	if f.Schedule.Enabled || f.Schedule.Cron != "0 2 * * *" || !strings.Contains(f.Notice, "switched off") {
		t.Errorf("schedule %+v, notice %q", f.Schedule, f.Notice)
	}
	var refused problem.Body
	p.call("PUT", "/flows/"+f.ID, token, change(f, map[string]any{"schedule": on}), http.StatusUnprocessableEntity, &refused)
	if len(refused.Errors) != 1 || refused.Errors[0].Field != "schedule.enabled" || !strings.Contains(refused.Errors[0].Message, "SKU") {
		t.Errorf("refused %+v", refused)
	}

	// What is put right is put right at once, but the schedule is the merchant's to switch on.
	p.call("PUT", "/flows/"+f.ID, token, change(f, map[string]any{"mapping": readyMapping}), http.StatusOK, &f)
	if !f.Ready || f.Schedule.Enabled || f.Notice != "" {
		t.Errorf("ready %t, schedule %+v, notice %q", f.Ready, f.Schedule, f.Notice)
	}
}

// TestHealth: in a word and a sentence, from how the runs went.
func TestHealth(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	f := p.readyFlow(storeA, token)
	ctx := p.ctx(storeA)
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	run := func(r tenants.Run) {
		t.Helper()
		at = at.Add(time.Minute)
		end := at
		r.FlowID, r.Kind, r.StartedAt = f.ID, "products", &end
		if r.State.Final() {
			r.FinishedAt = &end
		}
		if err := p.db.CreateRun(ctx, &r); err != nil {
			t.Fatal(err)
		}
	}
	want := func(state healthState, since *time.Time, says string) {
		t.Helper()
		p.call("GET", "/flows/"+f.ID, token, nil, http.StatusOK, &f)
		if f.Health.State != state || !strings.Contains(f.Health.Message, says) {
			t.Errorf("%+v, want %s: %s", f.Health, state, says)
		}
		if since != nil && (f.Health.Since == nil || !f.Health.Since.Equal(*since)) {
			t.Errorf("%s since %v, want %v", state, f.Health.Since, since)
		}
	}
	run(tenants.Run{State: tenants.RunDone, DryRun: true, Counts: tenants.Counts{Read: 3, Failed: 1}})
	want(healthNever, nil, "not run yet")
	run(tenants.Run{State: tenants.RunDone, Counts: tenants.Counts{Read: 3, Created: 3}})
	want(healthOK, &at, "In step")
	run(tenants.Run{State: tenants.RunFailed, Error: "The file was not found."})
	first := at
	want(healthFailing, &first, "The file was not found.")
	run(tenants.Run{State: tenants.RunDone, Counts: tenants.Counts{Read: 3, Unchanged: 1, Failed: 2}})
	want(healthAttention, &first, "left out 2 records")
	run(tenants.Run{State: tenants.RunDone})
	want(healthAttention, nil, "no records")
	run(tenants.Run{State: tenants.RunCancelled})
	want(healthAttention, nil, "stopped")
	run(tenants.Run{State: tenants.RunDone, Counts: tenants.Counts{Read: 3, Unchanged: 3}})
	want(healthOK, &at, "In step")
	run(tenants.Run{State: tenants.RunRunning, DryRun: true})
	want(healthRunning, &at, "preview is under way")
}
