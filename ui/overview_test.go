package ui

import (
	"net/http"
	"testing"
	"time"

	"sluice/tenants"
)

// ended keeps a run of a flow that was created and is over at a time.
func (p *panel) ended(store, flowID string, at time.Time, r tenants.Run) *tenants.Run {
	p.t.Helper()
	r.FlowID, r.Kind, r.CreatedAt, r.StartedAt = flowID, "products", at, &at
	if r.State.Final() {
		end := at.Add(90 * time.Second)
		r.FinishedAt = &end
	}
	if err := p.db.CreateRun(p.ctx(store), &r); err != nil {
		p.t.Fatal(err)
	}
	return &r
}

// TestOverviewGuide: each step is a fact. What is under way is not done, and a run that wrote
// nothing, or left something out, has landed nothing.
func TestOverviewGuide(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	at := p.clock.Now().Add(-time.Hour)
	want := func(step string, g guideView) {
		t.Helper()
		var o overviewView
		p.call("GET", "/overview", token, nil, http.StatusOK, &o)
		if o.Guide != g {
			t.Errorf("%s: %+v, want %+v", step, o.Guide, g)
		}
	}
	want("nothing", guideView{})
	f := p.readyFlow(storeA, token)
	want("a flow", guideView{Connected: true, Matched: true, FlowID: f.ID})
	r := p.ended(storeA, f.ID, at, tenants.Run{State: tenants.RunRunning, DryRun: true})
	want("a preview under way", guideView{Connected: true, Matched: true, FlowID: f.ID, RunID: r.ID, UnderWay: true})
	if _, err := p.db.MoveRun(p.ctx(storeA), r.ID, tenants.RunDone, "", tenants.RunRunning); err != nil {
		t.Fatal(err)
	}
	want("a preview", guideView{Connected: true, Matched: true, Previewed: true, FlowID: f.ID, RunID: r.ID})
	r = p.ended(storeA, f.ID, at, tenants.Run{State: tenants.RunDone})
	want("a run of a file without records", guideView{Connected: true, Matched: true, Previewed: true, FlowID: f.ID, RunID: r.ID})
	r = p.ended(storeA, f.ID, at, tenants.Run{State: tenants.RunDone, Counts: tenants.Counts{Read: 3, Created: 2, Failed: 1}})
	want("a run that left something out", guideView{Connected: true, Matched: true, Previewed: true, FlowID: f.ID, RunID: r.ID})
	r = p.ended(storeA, f.ID, at, tenants.Run{State: tenants.RunDone, Counts: tenants.Counts{Read: 3, Created: 1, Unchanged: 2}})
	want("a good run", guideView{Connected: true, Matched: true, Previewed: true, Landed: true, FlowID: f.ID, RunID: r.ID})

	// Another flow, of which nothing is known yet, takes nothing back.
	p.call("POST", "/flows", token, map[string]string{"kind": "products", "name": "Outlet"}, http.StatusCreated, nil)
	want("a second flow", guideView{Connected: true, Matched: true, Previewed: true, Landed: true, FlowID: f.ID, RunID: r.ID})
}

// TestOverviewHistory: fourteen days of the store's own, previews left out.
func TestOverviewHistory(t *testing.T) {
	p := newPanel(t)
	p.timeZone(storeA, "America/Los_Angeles") // it is 04:00 of the 22nd there
	token := p.open(storeA, 1)
	f := p.readyFlow(storeA, token)
	done := func(c tenants.Counts) tenants.Run { return tenants.Run{State: tenants.RunDone, Counts: c} }
	p.ended(storeA, f.ID, time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC), done(tenants.Counts{Created: 5, Updated: 2, Failed: 1})) // 23:00 of the 21st
	p.ended(storeA, f.ID, time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC), tenants.Run{State: tenants.RunFailed, Counts: tenants.Counts{Updated: 1}})
	p.ended(storeA, f.ID, time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), tenants.Run{State: tenants.RunDone, DryRun: true, Counts: tenants.Counts{Created: 9}})
	p.ended(storeA, f.ID, time.Date(2026, 11, 8, 7, 0, 0, 0, time.UTC), done(tenants.Counts{Created: 77})) // the 7th: too old
	last := p.ended(storeA, f.ID, time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC), done(tenants.Counts{Created: 1, Unchanged: 40, Failed: 3}))
	p.call("PUT", "/flows/"+f.ID, token, change(f, map[string]any{"schedule": map[string]any{"cron": "0 2 * * *", "enabled": true}}), http.StatusOK, &f)

	var o overviewView
	p.call("GET", "/overview", token, nil, http.StatusOK, &o)
	if len(o.History) != 14 || o.History[0].Date != "2026-11-09" || o.History[13].Date != "2026-11-22" {
		t.Fatalf("history %+v", o.History)
	}
	if got, want := o.History[12], (overviewDay{Date: "2026-11-21", Runs: 2, Changed: 8, Problems: 1, Failed: 1, Seconds: 180}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, want := o.History[13], (overviewDay{Date: "2026-11-22", Runs: 1, Changed: 1, Problems: 3, Seconds: 90}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if o.History[0] != (overviewDay{Date: "2026-11-09"}) {
		t.Errorf("a day without runs: %+v", o.History[0])
	}
	if len(o.Kinds) != 1 {
		t.Fatalf("kinds %+v", o.Kinds)
	}
	if k := o.Kinds[0]; k.Label != "Products" || k.Flows != 1 || k.State != healthAttention || k.Records != 41 || k.Problems != 3 || k.LastSuccessAt == nil || k.LastSuccessAt.After(last.CreatedAt) {
		t.Errorf("kind %+v", k)
	}
	if len(o.Next) != 1 || o.Next[0].FlowName != "Parts" || !o.Next[0].At.Equal(*f.Schedule.NextRunAt) {
		t.Errorf("next %+v", o.Next)
	}
	p.call("PUT", "/flows/"+f.ID+"/enabled", token, map[string]any{"enabled": false}, http.StatusOK, nil)
	p.call("GET", "/overview", token, nil, http.StatusOK, &o)
	if len(o.Next) != 0 || o.Kinds[0].State != healthNone {
		t.Errorf("switched off: %+v %+v", o.Next, o.Kinds[0])
	}
}
