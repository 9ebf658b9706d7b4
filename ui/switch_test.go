package ui

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/tenants"
)

// TestAFlowIsSwitchedOffAndOn: its schedule stands still meanwhile, and no time that went by is
// caught up with.
func TestAFlowIsSwitchedOffAndOn(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	f := p.readyFlow(storeA, token)
	p.call("PUT", "/flows/"+f.ID, token, change(f, map[string]any{"schedule": map[string]any{"cron": "0 2 * * *", "enabled": true}}), http.StatusOK, &f)
	version := f.Version
	p.jobs.changed = nil
	p.call("PUT", "/flows/"+f.ID+"/enabled", token, map[string]any{"enabled": false}, http.StatusOK, &f)
	if f.Enabled || f.Health.State != healthOff || f.Health.Since == nil || f.Schedule.NextRunAt != nil || !f.Schedule.Enabled {
		t.Errorf("off: %t %+v %+v", f.Enabled, f.Health, f.Schedule)
	}
	if due, err := p.db.DueFlows(t.Context(), tenants.TimetableRuns, p.clock.Now().AddDate(0, 0, 9), nil, 10); err != nil || len(due) != 0 {
		t.Errorf("due while it is off: %v, %v", due, err)
	}
	if kinds, err := p.db.FlowKinds(p.ctx(storeA)); err != nil || len(kinds) != 0 {
		t.Errorf("kinds with webhooks: %v, %v", kinds, err)
	}
	p.call("PUT", "/flows/"+f.ID+"/enabled", token, map[string]any{"enabled": false}, http.StatusOK, &f) // again is nothing
	p.clock.advance(72 * time.Hour)
	token = p.open(storeA, 1)
	p.call("PUT", "/flows/"+f.ID+"/enabled", token, map[string]any{"enabled": true}, http.StatusOK, &f)
	if !f.Enabled || f.Schedule.NextRunAt == nil || f.Schedule.NextRunAt.Before(p.clock.Now()) || f.Version != version {
		t.Errorf("on again: %t %+v, version %d of %d", f.Enabled, f.Schedule, f.Version, version)
	}
	if !slices.Equal(p.jobs.changed, []string{"products", "products"}) {
		t.Errorf("told of %v", p.jobs.changed)
	}
	p.call("PUT", "/flows/"+f.ID+"/enabled", token, map[string]any{}, http.StatusUnprocessableEntity, nil)
	entries, _, err := p.db.AuditLog(p.ctx(storeA), tenants.Page{Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, e := range entries {
		if strings.HasSuffix(e.Action, "abled") {
			actions = append(actions, e.Action)
		}
	}
	if !slices.Equal(actions, []string{"flow.enabled", "flow.disabled"}) {
		t.Errorf("audit %v", actions)
	}
}

// TestACopyOfAFlow has all but the records and a schedule that is on.
func TestACopyOfAFlow(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	f := p.readyFlow(storeA, token)
	p.call("PUT", "/flows/"+f.ID, token, change(f, map[string]any{"schedule": map[string]any{"cron": "0 2 * * *", "enabled": true},
		"format":  map[string]any{"encoding": "utf-8"},
		"options": map[string]any{"mode": "update"},
		"source":  map[string]any{"kind": "url", "url": "https://erp.example/parts.csv?token=abcdefgh12345678abcdefgh", "authorization": "Bearer erp-secret"}}), http.StatusOK, &f)
	p.jobs.changed = nil
	var made flowView
	p.call("POST", "/flows/"+f.ID+"/duplicate", token, map[string]any{}, http.StatusCreated, &made)
	if made.ID == f.ID || made.Name != "Parts (copy)" || !made.Source.HasSecret || made.Source.URL != f.Source.URL || len(made.Mapping.Fields) != len(f.Mapping.Fields) {
		t.Errorf("copy %+v", made)
	}
	if made.Format != f.Format || made.Format.Encoding == "" || made.Options.Text("mode") != "update" {
		t.Errorf("it is read as %+v, with the options %v", made.Format, made.Options)
	}
	if !slices.Equal(p.jobs.changed, []string{"products"}) {
		t.Errorf("workers were told of %q", p.jobs.changed)
	}
	if made.Schedule.Enabled || made.Schedule.Cron != "0 2 * * *" || made.LastRun != nil {
		t.Errorf("its schedule %+v", made.Schedule)
	}
	ctx := p.ctx(storeA)
	copied, err := p.db.Flow(ctx, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	if secret, err := p.db.ConnectionSecret(ctx, copied.ConnectionID); err != nil || secret != "Bearer erp-secret" {
		t.Errorf("secret %q, %v", secret, err)
	}
	conn, err := p.db.Connection(ctx, copied.ConnectionID)
	if err != nil {
		t.Fatal(err)
	}
	if address, err := p.db.ConnectionAddress(ctx, conn); err != nil || !strings.HasSuffix(address, "abcdefgh12345678abcdefgh") {
		t.Errorf("address %q, %v", address, err)
	}
	// The two are apart: another secret of the copy is not the first's.
	p.call("PUT", "/flows/"+made.ID, token, change(made, map[string]any{"source": map[string]any{"kind": "url", "url": made.Source.URL, "authorization": "other"}}), http.StatusOK, nil)
	first, err := p.db.Flow(ctx, f.ID)
	if err != nil {
		t.Fatal(err)
	}
	if secret, err := p.db.ConnectionSecret(ctx, first.ConnectionID); err != nil || secret != "Bearer erp-secret" {
		t.Errorf("secret of the first %q, %v", secret, err)
	}
	p.call("POST", "/flows/"+f.ID+"/duplicate", token, map[string]any{"name": strings.Repeat("x", 101)}, http.StatusUnprocessableEntity, nil)
	if name := copyName(strings.Repeat("é", 100)); len([]rune(name)) != 100 || !strings.HasSuffix(name, " (copy)") {
		t.Errorf("name %q", name)
	}

	var found struct{ Flows []flowView }
	p.call("GET", "/flows?q=CoPY&kind=products", token, nil, http.StatusOK, &found)
	if len(found.Flows) != 1 || found.Flows[0].ID != made.ID {
		t.Errorf("found %d", len(found.Flows))
	}
	p.call("GET", "/flows?kind=stock", token, nil, http.StatusOK, &found)
	if len(found.Flows) != 0 {
		t.Errorf("found %d of another kind", len(found.Flows))
	}
	p.call("GET", "/flows?q=%25", token, nil, http.StatusOK, &found)
	if len(found.Flows) != 0 {
		t.Errorf("%d have a percent sign in their name", len(found.Flows))
	}
}
