package ui

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/auth"
	"sluice/tenants"
)

// TestActivity: runs and changes in one list, each filter by itself and page by page.
func TestActivity(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	ctx := p.ctx(storeA)
	f := p.readyFlow(storeA, token)
	var other flowView
	p.call("POST", "/flows", token, map[string]string{"kind": "products", "name": "Outlet"}, http.StatusCreated, &other)
	key, _, err := auth.CreateAPIKey(ctx, p.db, "operator", auth.NewAPIKey{Name: "ERP nightly", Scopes: []string{auth.ScopeFlowsWrite}})
	if err != nil {
		t.Fatal(err)
	}
	users, err := p.db.Users(ctx)
	if err != nil || len(users) != 1 {
		t.Fatal(users, err)
	}
	at := p.clock.Now()
	p.ended(storeA, f.ID, at.AddDate(0, 0, -3), tenants.Run{State: tenants.RunDone, Trigger: "schedule", Counts: tenants.Counts{Created: 1}})
	p.ended(storeA, f.ID, at, tenants.Run{State: tenants.RunDone, Trigger: "api", StartedBy: key.ID, Counts: tenants.Counts{Created: 1, Failed: 1}})
	last := p.ended(storeA, other.ID, at, tenants.Run{State: tenants.RunFailed, Trigger: "manual", StartedBy: users[0].ID})
	for _, action := range []string{"run.started", "run.finished", "job.dead"} {
		if err := p.db.Audit(ctx, tenants.AuditEntry{Actor: "system", Action: action, Subject: "run:" + last.ID}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.db.Audit(ctx, tenants.AuditEntry{Actor: "user:" + users[0].ID, Action: "run.cancelled", Subject: "run:" + last.ID}); err != nil {
		t.Fatal(err)
	}

	says := func(e activityEntry) string {
		what := e.Action
		if e.Run != nil {
			what = "run " + string(e.Run.State)
		}
		return what + " of " + e.SubjectName + " by " + e.Actor.Type + " " + e.Actor.Name
	}
	get := func(token, query string) (lines []string, next string) {
		t.Helper()
		var got struct {
			Entries []activityEntry
			Next    string
		}
		p.call("GET", "/activity?"+query, token, nil, http.StatusOK, &got)
		for _, e := range got.Entries {
			lines = append(lines, says(e))
		}
		return lines, got.Next
	}
	all := []string{
		"run.cancelled of Outlet by user u@example.com",
		"run failed of Outlet by user u@example.com",
		"run done of Parts by key ERP nightly",
		"run done of Parts by schedule ",
		"api_key.created of ERP nightly by operator ",
		"flow.created of Outlet by user u@example.com",
		"flow.changed of Parts by user u@example.com",
		"flow.created of Parts by user u@example.com",
	}
	for query, want := range map[string][]string{
		"":                            all,
		"kind=products":               {all[1], all[2], all[3]},
		"kind=change&flow_id=" + f.ID: {all[6], all[7]},
		"flow_id=" + other.ID:         {all[0], all[1], all[5]},
		"result=problems":             {all[2]},
		"result=done":                 {all[3]},
		"result=failed":               {all[1]},
		"result=under_way":            nil,
		"actor=schedule":              {all[3]},
		"actor=key:" + key.ID:         {all[2]},
		"actor=operator":              {all[4]},
		"actor=user&kind=products":    {all[1]},
		"q=nightly":                   {all[2], all[4]},
		"q=outlet":                    {all[0], all[1], all[5]},
		"q=u%40EXAMPLE":               {all[0], all[1], all[5], all[6], all[7]},
		"kind=products&from=2026-11-22&to=2026-11-22": {all[1], all[2]},
		"kind=products&to=2026-11-21":                 {all[3]},
	} {
		got, _ := get(token, query)
		if query == "q=outlet" { // a change that is only about a run does not say whose
			want = want[1:]
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", query, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	var paged []string
	for next, n := "", 0; n == 0 || next != ""; n++ {
		var lines []string
		lines, next = get(token, "limit=3&after="+next)
		paged = append(paged, lines...)
		if n > 5 {
			t.Fatal("pages without end")
		}
	}
	if !slices.Equal(paged, all) {
		t.Errorf("page by page: %q", paged)
	}
	for _, wrong := range []string{"result=good", "from=yesterday", "limit=0"} {
		p.call("GET", "/activity?"+wrong, token, nil, http.StatusUnprocessableEntity, nil)
	}

	// Whoever may not read the audit sees no changes; another store sees nothing.
	p.open(storeA, 60)
	users, err = p.db.Users(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		if u.UserID == 60 {
			if _, err := p.db.SetRole(ctx, u.ID, tenants.RoleViewer, "user:x"); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.clock.advance(time.Second)
	viewer := p.open(storeA, 60)
	if got, _ := get(viewer, ""); !slices.Equal(got, all[1:4]) {
		t.Errorf("a viewer sees %q", got)
	}
	if got, _ := get(viewer, "kind=change"); len(got) != 0 {
		t.Errorf("a viewer sees %q", got)
	}
	if got, _ := get(p.open(storeB, 1), ""); len(got) != 0 {
		t.Errorf("another store sees %q", got)
	}
}
