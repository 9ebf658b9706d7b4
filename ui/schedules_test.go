package ui

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/jobs/schedule"
	"sluice/tenants"
)

func (p *panel) timeZone(store, name string) {
	p.t.Helper()
	err := p.db.AcrossStores(p.t.Context()).Model(&tenants.Store{}).Where("hash = ?", store).Update("timezone", name).Error
	if err != nil {
		p.t.Fatal(err)
	}
}

// readyMapping is one that products can run with.
var readyMapping = tenants.Mapping{Fields: []tenants.FieldMapping{
	{Target: "sku", Expression: "SKU"}, {Target: "name", Expression: "Name"}, {Target: "price", Expression: "1"}, {Target: "type", Expression: `"physical"`}, {Target: "weight", Expression: "0"},
}}

// readyFlow makes a flow of products that can run, in a store that grants it.
func (p *panel) readyFlow(store, token string) flowView {
	p.t.Helper()
	err := p.db.AcrossStores(p.t.Context()).Model(&tenants.Store{}).Where("hash = ?", store).Update("scopes", loginScopes+" store_v2_products").Error
	if err != nil {
		p.t.Fatal(err)
	}
	var f flowView
	p.call("POST", "/flows", token, map[string]string{"kind": "products", "name": "Parts"}, http.StatusCreated, &f)
	if f.Ready || f.Health.State != healthDraft || len(f.Problems) != 2 || !f.Enabled {
		p.t.Fatalf("a flow from nothing: %+v %+v", f.Health, f.Problems)
	}
	p.call("PUT", "/flows/"+f.ID, token, map[string]any{"version": f.Version, "name": f.Name, "source": map[string]any{"kind": "upload", "snapshot_id": p.snapshot(store).ID},
		"format": map[string]any{}, "mapping": readyMapping, "options": map[string]any{}}, http.StatusOK, &f)
	if !f.Ready || f.Health.State != healthNever || len(f.Problems) != 0 {
		p.t.Fatalf("a flow that can run: %+v %+v", f.Health, f.Problems)
	}
	return f
}

func TestFlowSchedule(t *testing.T) {
	p := newPanel(t)
	p.timeZone(storeA, "Europe/Berlin")
	token := p.open(storeA, 1)
	f := p.readyFlow(storeA, token)
	if want := (scheduleView{TimeZone: "Europe/Berlin"}); f.Schedule != want {
		t.Fatalf("new flow %+v", f.Schedule)
	}
	put := func(s map[string]any) {
		t.Helper()
		body := map[string]any{"version": f.Version, "name": "Parts", "source": map[string]any{}, "format": map[string]any{}, "mapping": f.Mapping, "options": map[string]any{}}
		if s != nil {
			body["schedule"] = s
		}
		p.call("PUT", "/flows/"+f.ID, token, body, http.StatusOK, &f)
	}
	put(map[string]any{"cron": " 0  2 * * * ", "enabled": true})
	want := time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC).Add(schedule.Jitter(storeA, f.ID, 24*time.Hour))
	if f.Schedule.Cron != "0 2 * * *" || !f.Schedule.Enabled || f.Schedule.NextRunAt == nil || !f.Schedule.NextRunAt.Equal(want) {
		t.Fatalf("saved %+v, want %v", f.Schedule, want)
	}

	// Absent keeps it; the same again keeps even a time that has come, which a worker is about to see.
	p.clock.advance(40 * time.Hour)
	token = p.open(storeA, 1)
	put(nil)
	put(map[string]any{"cron": "0 2 * * *", "enabled": true})
	var list struct{ Flows []flowView }
	p.call("GET", "/flows", token, nil, http.StatusOK, &list)
	if s := list.Flows[0].Schedule; s.Cron != "0 2 * * *" || s.NextRunAt == nil || !s.NextRunAt.Equal(want) {
		t.Fatalf("kept %+v, want %v", s, want)
	}

	// Off keeps the expression; on again starts from now.
	put(map[string]any{"cron": "0 2 * * *", "enabled": false})
	if f.Schedule.Enabled || f.Schedule.NextRunAt != nil || f.Schedule.Cron != "0 2 * * *" {
		t.Fatalf("off %+v", f.Schedule)
	}
	put(map[string]any{"cron": "0 2 * * *", "enabled": true})
	if want := want.AddDate(0, 0, 2); !f.Schedule.NextRunAt.Equal(want) {
		t.Fatalf("on again %v, want %v", f.Schedule.NextRunAt, want)
	}
	put(map[string]any{"cron": "", "enabled": false})
	if f.Schedule.Cron != "" {
		t.Fatalf("removed %+v", f.Schedule)
	}

	entries, _, err := p.db.AuditLog(p.ctx(storeA), tenants.Page{Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	var details []string
	for _, e := range entries {
		if e.Action == "flow.scheduled" {
			details = append(details, e.Detail)
		}
	}
	slices.Reverse(details)
	if want := []string{"Parts: 0 2 * * * in Europe/Berlin", "Parts: off", "Parts: 0 2 * * * in Europe/Berlin", "Parts: off"}; !slices.Equal(details, want) {
		t.Errorf("audit %q, want %q", details, want)
	}
}

// TestCompareSchedule: the schedule of comparisons is set, kept and told apart from the other.
func TestCompareSchedule(t *testing.T) {
	p := newPanel(t)
	p.timeZone(storeA, "Europe/Berlin")
	token := p.open(storeA, 1)
	f := p.readyFlow(storeA, token)
	put := func(change map[string]any) {
		t.Helper()
		body := map[string]any{"version": f.Version, "name": "Parts", "source": map[string]any{}, "format": map[string]any{}, "mapping": f.Mapping, "options": map[string]any{}}
		maps.Copy(body, change)
		path := "/flows/" + f.ID
		f = flowView{}
		p.call("PUT", path, token, body, http.StatusOK, &f)
	}
	put(map[string]any{"compare_schedule": map[string]any{"cron": " 0  4 * * 0", "enabled": true}})
	want := time.Date(2026, 11, 29, 3, 0, 0, 0, time.UTC).Add(schedule.Jitter(storeA, f.ID, 7*24*time.Hour))
	if f.Compare.Cron != "0 4 * * 0" || !f.Compare.Enabled || f.Compare.NextRunAt == nil || !f.Compare.NextRunAt.Equal(want) || f.Compare.TimeZone != "Europe/Berlin" {
		t.Fatalf("saved %+v, want %v", f.Compare, want)
	}
	if f.Schedule.Cron != "" || f.Schedule.Enabled {
		t.Fatalf("the other schedule: %+v", f.Schedule)
	}
	put(map[string]any{"schedule": map[string]any{"cron": "0 2 * * *", "enabled": true}})
	if f.Compare.Cron != "0 4 * * 0" || !f.Compare.NextRunAt.Equal(want) || !f.Schedule.Enabled {
		t.Fatalf("left out: %+v and %+v", f.Schedule, f.Compare)
	}
	put(map[string]any{"compare_schedule": map[string]any{"cron": "0 4 * * 0", "enabled": false}})
	var list struct{ Flows []flowView }
	p.call("GET", "/flows", token, nil, http.StatusOK, &list)
	if f = list.Flows[0]; f.Compare.Enabled || f.Compare.NextRunAt != nil || f.Compare.Cron != "0 4 * * 0" || !f.Schedule.Enabled {
		t.Fatalf("off: %+v and %+v", f.Schedule, f.Compare)
	}
	w := p.do("PUT", Prefix+"/flows/"+f.ID, token, `{"version":`+strconv.Itoa(f.Version)+`,"name":"Parts","compare_schedule":{"cron":"nightly","enabled":true}}`)
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `"field":"compare_schedule.cron"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	entries, _, err := p.db.AuditLog(p.ctx(storeA), tenants.Page{Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	var details []string
	for _, e := range entries {
		if e.Action == "flow.scheduled" {
			details = append(details, e.Detail)
		}
	}
	slices.Reverse(details)
	if want := []string{"Parts: compare with the store 0 4 * * 0 in Europe/Berlin", "Parts: 0 2 * * * in Europe/Berlin", "Parts: compare with the store off"}; !slices.Equal(details, want) {
		t.Errorf("audit %q, want %q", details, want)
	}
}

func TestScheduleRefusals(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	var f flowView
	p.call("POST", "/flows", token, map[string]string{"kind": "products", "name": "Parts"}, http.StatusCreated, &f)
	for schedule, want := range map[string]string{
		`{"cron":"* * * * *","enabled":true}`:  `"field":"schedule.cron","message":"runs would be 1 minute apart`,
		`{"cron":"0 25 * * *","enabled":true}`: `"field":"schedule.cron","message":"the hour`,
		`{"cron":"nightly","enabled":false}`:   `"field":"schedule.cron"`,
		`{"cron":"","enabled":true}`:           `"field":"schedule.cron"`,
		`{"cron":"0 2 * * *","on":true}`:       `unknown field`,
		`{"cron":7,"enabled":true}`:            `"field":"schedule.cron"`,
	} {
		w := p.do("PUT", Prefix+"/flows/"+f.ID, token, `{"version":1,"name":"Renamed","source":{},"format":{},"mapping":{"fields":[]},"options":{},"schedule":`+schedule+`}`)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(strings.ReplaceAll(w.Body.String(), `\"`, `"`), want) {
			t.Errorf("%s: %d %s, want %s", schedule, w.Code, w.Body, want)
		}
	}
	if got, err := p.db.Flow(p.ctx(storeA), f.ID); err != nil || got.Version != 1 || got.Schedule != "" || got.Name != "Parts" {
		t.Errorf("a refused change was saved: %+v, %v", got, err)
	}
}

func TestSchedulePreview(t *testing.T) {
	p := newPanel(t)
	for _, tt := range []struct {
		name, zone, cron string
		next             []string
		zoneWant, err    string
	}{
		{"Berlin", "Europe/Berlin", "0 2 * * *", []string{"2026-11-23T01:00:00Z", "2026-11-24T01:00:00Z", "2026-11-25T01:00:00Z"}, "Europe/Berlin", ""},
		{"no zone", "", "0 2 * * MON", []string{"2026-11-23T02:00:00Z", "2026-11-30T02:00:00Z", "2026-12-07T02:00:00Z"}, "UTC", ""},
		{"an unknown zone", "Mars/Olympus", "30 12 * * *", []string{"2026-11-22T12:30:00Z", "2026-11-23T12:30:00Z", "2026-11-24T12:30:00Z"}, "UTC", ""},
		{"wrong", "Europe/Berlin", "0 2 * *", []string{}, "Europe/Berlin", "this has 4"},
		{"empty", "Europe/Berlin", "", []string{}, "Europe/Berlin", "this has 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.timeZone(storeA, tt.zone)
			var got struct {
				Next     []string `json:"next"`
				TimeZone string   `json:"time_zone"`
				Error    string   `json:"error"`
			}
			p.call("POST", "/schedules/preview", p.open(storeA, 1), map[string]string{"cron": tt.cron}, http.StatusOK, &got)
			if got.Next == nil || !slices.Equal(got.Next, tt.next) || got.TimeZone != tt.zoneWant {
				t.Errorf("%+v", got)
			}
			if (got.Error == "") != (tt.err == "") || !strings.Contains(got.Error, tt.err) {
				t.Errorf("error %q, want %q", got.Error, tt.err)
			}
		})
	}
}
