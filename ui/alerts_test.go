package ui

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"sluice/internal/limits"
	"sluice/internal/problem"
	"sluice/internal/ratelimit"
	"sluice/jobs/attention"
	"sluice/tenants"
)

// fakeAlerts sends nothing.
type fakeAlerts struct{ tested []string }

func (f *fakeAlerts) Test(_ context.Context, c *tenants.AlertChannel) (bool, string, error) {
	f.tested = append(f.tested, string(c.Kind))
	return true, "Taken.", nil
}

func (f *fakeAlerts) Reaches(tenants.AlertChannelKind) bool { return true }

type body = map[string]any

func alertsBody(version int, channels ...body) body {
	if channels == nil {
		channels = []body{}
	}
	return body{"rules": []body{}, "channels": channels, "quiet": body{"enabled": false, "from": "22:00", "to": "07:00"},
		"digest": body{"enabled": false, "at": "08:00"}, "version": version}
}

// TestAlertsOfAStore: on for whoever installed, and changed as a whole.
func TestAlertsOfAStore(t *testing.T) {
	p := newPanel(t)
	p.api.cfg.Alerts = &fakeAlerts{}
	owner := p.open(storeA, 1)
	var v alertsView
	p.call("GET", "/alerts", owner, nil, http.StatusOK, &v)
	if len(v.Rules) != len(attention.Rules) || len(v.Channels) != 1 || v.Channels[0].Kind != tenants.ChannelMail || !v.Channels[0].Enabled || !v.MailAvailable || v.TimeZone != "UTC" {
		t.Fatalf("%+v", v)
	}
	mail := body{"id": v.Channels[0].ID, "kind": "mail", "to": "Pat <pat@merchant.example>, sam@merchant.example", "enabled": true}
	hook := body{"kind": "webhook", "to": "https://hooks.merchant.example/in/S3CRET", "enabled": true}
	slack := body{"kind": "slack", "to": "https://hooks.slack.example/services/S3CRET", "enabled": true}
	change := alertsBody(1, mail, hook, slack)
	change["rules"] = []body{{"name": "late", "enabled": false, "params": body{"minutes": 30}}}
	change["digest"] = body{"enabled": true, "at": "08:00"}
	p.call("PUT", "/alerts", owner, change, http.StatusOK, &v)
	if len(v.Channels) != 3 || v.Channels[0].To != "pat@merchant.example, sam@merchant.example" || v.Version != 2 {
		t.Fatalf("%+v", v)
	}
	made := v.Channels[1]
	if made.To != "https://hooks.merchant.example/•••" || !made.HasSecret || !strings.HasPrefix(made.Secret, "whsec_") || v.Channels[2].HasSecret || v.Channels[2].Secret != "" {
		t.Fatalf("%+v", v.Channels)
	}
	for _, r := range v.Rules {
		if r.Name == "late" && (r.Enabled || r.Params["minutes"] != 30) {
			t.Errorf("%+v", r)
		}
	}
	ctx := p.ctx(storeA)
	s, err := p.db.AlertSettings(ctx)
	if want := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC); err != nil || s.DigestNextAt == nil || !s.DigestNextAt.Equal(want) {
		t.Errorf("the digest is due at %v, %v", s.DigestNextAt, err)
	}

	// What is shown says no secret, and is enough to keep them.
	w := p.do("GET", Prefix+"/alerts", owner, "")
	if strings.Contains(w.Body.String(), "S3CRET") || strings.Contains(w.Body.String(), "whsec_") {
		t.Errorf("a secret is shown: %s", w.Body)
	}
	hook["id"], hook["to"] = made.ID, made.To
	slack["id"], slack["to"], slack["enabled"] = v.Channels[2].ID, v.Channels[2].To, false
	p.call("PUT", "/alerts", owner, alertsBody(2, hook, slack), http.StatusOK, &v)
	channels, err := p.db.AlertChannels(ctx)
	if err != nil || len(channels) != 2 || channels[1].Enabled {
		t.Fatalf("%+v, %v", channels, err)
	}
	address, secret, err := p.db.OpenChannel(ctx, &channels[0])
	if err != nil || address != "https://hooks.merchant.example/in/S3CRET" || secret != made.Secret || v.Channels[0].Secret != "" {
		t.Errorf("%q, kept: %v, shown: %q, %v", address, secret == made.Secret, v.Channels[0].Secret, err)
	}
	hook["new_secret"] = true
	p.call("PUT", "/alerts", owner, alertsBody(3, hook), http.StatusOK, &v)
	if len(v.Channels) != 1 || v.Channels[0].Secret == "" || v.Channels[0].Secret == made.Secret {
		t.Errorf("%+v", v.Channels)
	}
	p.call("PUT", "/alerts", owner, alertsBody(3), http.StatusConflict, nil) // stale
	p.call("PUT", "/alerts", owner, alertsBody(4, body{"id": "another", "kind": "mail", "to": "x@y.example", "enabled": true}), http.StatusConflict, nil)
	p.call("GET", "/alerts", p.open(storeA, 2), nil, http.StatusOK, nil) // an administrator
}

// TestWrongAlertsAreRefused, and the field is named.
func TestWrongAlertsAreRefused(t *testing.T) {
	p := newPanel(t)
	owner := p.open(storeA, 1)
	with := func(name string, value any) body { b := alertsBody(1); b[name] = value; return b }
	many := make([]body, limits.New(nil, nil).Of(limits.AlertChannels)+1)
	for i := range many {
		many[i] = body{"kind": "mail", "to": "x@y.example", "enabled": true}
	}
	for _, c := range []struct {
		field string
		body  body
	}{
		{"channels.0.to", alertsBody(1, body{"kind": "mail", "to": "nobody", "enabled": true})},
		{"channels.0.to", alertsBody(1, body{"kind": "teams", "to": "https://x.example/•••", "enabled": true})},
		{"channels.0.kind", alertsBody(1, body{"kind": "pigeon", "to": "x", "enabled": true})},
		{"rules.0.name", with("rules", []body{{"name": "boredom", "enabled": true}})},
		{"rules.0.params.minutes", with("rules", []body{{"name": "late", "enabled": true, "params": body{"minutes": 1}}})},
		{"rules.0.params.weeks", with("rules", []body{{"name": "late", "enabled": true, "params": body{"weeks": 1}}})},
		{"quiet.from", with("quiet", body{"enabled": true, "from": "10pm", "to": "07:00"})},
		{"quiet.to", with("quiet", body{"enabled": true, "from": "07:00", "to": "07:00"})},
		{"digest.at", with("digest", body{"enabled": true, "at": "8:00"})},
	} {
		var got problem.Body
		p.call("PUT", "/alerts", owner, c.body, http.StatusUnprocessableEntity, &got)
		if len(got.Errors) != 1 || got.Errors[0].Field != c.field {
			t.Errorf("%s: %+v", c.field, got.Errors)
		}
	}
	p.call("PUT", "/alerts", owner, alertsBody(1, many...), http.StatusConflict, nil)
}

// TestATestOfAlerts is of the store's own channel, and a few a minute.
func TestATestOfAlerts(t *testing.T) {
	p := newPanel(t)
	sender := &fakeAlerts{}
	p.api.cfg.Alerts, p.api.cfg.Limiter = sender, ratelimit.New(nil, ratelimit.Options{Now: p.clock.Now})
	owner := p.open(storeA, 1)
	var v alertsView
	p.call("GET", "/alerts", owner, nil, http.StatusOK, &v)
	var got struct {
		Delivered bool
		Message   string
	}
	p.call("POST", "/alerts/test", owner, body{"channel_id": v.Channels[0].ID}, http.StatusOK, &got)
	if !got.Delivered || got.Message != "Taken." || len(sender.tested) != 1 {
		t.Errorf("%+v, %v", got, sender.tested)
	}
	p.call("POST", "/alerts/test", p.open(storeB, 1), body{"channel_id": v.Channels[0].ID}, http.StatusNotFound, nil)
	for range 9 {
		p.call("POST", "/alerts/test", owner, body{"channel_id": v.Channels[0].ID}, http.StatusOK, nil)
	}
	w := p.do("POST", Prefix+"/alerts/test", owner, `{"channel_id":"`+v.Channels[0].ID+`"}`)
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || len(sender.tested) != 10 {
		t.Errorf("%d, %v: %d tests", w.Code, w.Header(), len(sender.tested))
	}
}

// TestAttention: what is open is listed, counted, assigned and muted.
func TestAttention(t *testing.T) {
	p := newPanel(t)
	ctx, owner := p.ctx(storeA), p.open(storeA, 1)
	flow := &tenants.Flow{Kind: "products", Name: "Catalogue"}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(p.db.CreateFlow(ctx, flow))
	now := p.clock.Now()
	for _, cause := range []string{"run_failed", "late"} {
		must(p.db.OpenProblem(ctx, &tenants.Attention{FlowID: flow.ID, Kind: "products", Cause: cause, Message: "x", Since: now, LastSeenAt: now}))
	}
	must(p.db.OpenProblem(ctx, &tenants.Attention{Cause: "reinstall", Message: "x", Since: now, LastSeenAt: now}))
	type page struct {
		Problems []attentionView
		Next     string
		Open     int64
	}
	list := func(query string) (got page) {
		t.Helper()
		p.call("GET", "/attention"+query, owner, nil, http.StatusOK, &got)
		return got
	}
	all := list("")
	if len(all.Problems) != 3 || all.Open != 3 || all.Problems[0].Cause != "reinstall" || all.Problems[0].FlowName != "" || all.Problems[2].FlowName != "Catalogue" {
		t.Fatalf("%+v", all)
	}
	if first := list("?limit=2"); len(first.Problems) != 2 || len(list("?limit=2&after="+first.Next).Problems) != 1 {
		t.Errorf("%+v", first)
	}
	if got := list("?flow_id=" + flow.ID); len(got.Problems) != 2 || got.Open != 3 {
		t.Errorf("%+v", got)
	}
	var users struct{ Users []tenants.User }
	p.call("GET", "/users", owner, nil, http.StatusOK, &users)
	late := all.Problems[1].ID
	var changed attentionView
	p.call("PUT", "/attention/"+late, owner, body{"assigned_to": users.Users[0].ID, "muted_until": now.Add(time.Hour)}, http.StatusOK, &changed)
	if p.jobs.attention != 1 {
		t.Errorf("open panels were told %d times", p.jobs.attention)
	}
	if changed.AssignedTo != users.Users[0].ID || changed.MutedUntil == nil || changed.FlowName != "Catalogue" {
		t.Errorf("%+v", changed)
	}
	if got := list("?muted=true"); len(got.Problems) != 1 || got.Open != 2 {
		t.Errorf("%+v", got)
	}
	if got := list("?muted=false"); len(got.Problems) != 2 {
		t.Errorf("%+v", got)
	}
	var session struct{ Attention int64 }
	p.call("GET", "/session", owner, nil, http.StatusOK, &session)
	if session.Attention != 2 {
		t.Errorf("the bell says %d", session.Attention)
	}
	p.call("PUT", "/attention/"+late, owner, body{"muted_until": nil}, http.StatusOK, &changed)
	if changed.MutedUntil != nil || changed.AssignedTo == "" {
		t.Errorf("%+v", changed)
	}
	for _, wrong := range []body{{"assigned_to": "nobody"}, {"muted_until": now.Add(-time.Hour)}, {"muted_until": now.AddDate(2, 0, 0)}, {"muted_until": "soon"}} {
		p.call("PUT", "/attention/"+late, owner, wrong, http.StatusUnprocessableEntity, nil)
	}
	p.call("GET", "/attention?muted=perhaps", owner, nil, http.StatusUnprocessableEntity, nil)
}
