package ui

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/tenants"
)

// minutesAgo is a minute of the panel's past.
func (p *panel) minutesAgo(store string, n int, change func(m *tenants.QuotaMinute)) tenants.QuotaMinute {
	m := tenants.NewQuotaMinute(store, p.clock.Now().Add(-time.Duration(n)*time.Minute))
	change(&m)
	return m
}

func TestQuotaHistory(t *testing.T) {
	p := newPanel(t) // at noon
	left := func(n int64) *int64 { return &n }
	err := p.db.SaveQuotaMinutes(t.Context(), []tenants.QuotaMinute{
		p.minutesAgo(storeA, 1, func(m *tenants.QuotaMinute) {
			m.Used, m.Others, m.LeftMin, m.Quota, m.WindowMS = 100, 7, left(43), 150, 30_000
			m.ThrottledQuota, m.ThrottledConcurrency, m.ThrottledLoad = 3, 2, 1
		}),
		p.minutesAgo(storeA, 2, func(m *tenants.QuotaMinute) {
			m.Used, m.Others, m.LeftMin, m.Quota, m.WindowMS = 50, 1, left(99), 150, 30_000
		}),
		p.minutesAgo(storeA, 65, func(m *tenants.QuotaMinute) { m.Used = 1 }),
		p.minutesAgo(storeA, 200, func(m *tenants.QuotaMinute) { m.Used = 9 }),
		p.minutesAgo(storeB, 1, func(m *tenants.QuotaMinute) { m.Used = 77 }),
	})
	if err != nil {
		t.Fatal(err)
	}
	token := p.open(storeA, 1)
	noon := p.clock.Now()
	at := func(n int) time.Time { return noon.Add(-time.Duration(n) * time.Minute) }
	last := historyPoint{At: at(1), Used: 100, Others: 7, LeftMin: left(43), Quota: 150, WindowMS: 30_000, ThrottledQuota: 3, ThrottledConcurrency: 2, ThrottledLoad: 1}
	before := historyPoint{At: at(2), Used: 50, Others: 1, LeftMin: left(99), Quota: 150, WindowMS: 30_000}
	both := func(began int) historyPoint {
		sum := last
		sum.At, sum.Used, sum.Others = at(began), 150, 8
		return sum
	}
	for _, tt := range []struct {
		name  string
		query url.Values
		want  historyView
	}{
		{"the last three hours", nil, historyView{[]historyPoint{{At: at(65), Used: 1}, before, last}, 1, at(180), noon}},
		{"one minute", url.Values{"from": {"2026-11-22T11:59:00Z"}, "to": {"2026-11-22T12:00:00Z"}}, historyView{[]historyPoint{last}, 1, at(1), noon}},
		{"an offset of time zones", url.Values{"from": {"2026-11-22T12:59:00+01:00"}, "to": {"2026-11-22T13:00:00+01:00"}}, historyView{[]historyPoint{last}, 1, at(1), noon}},
		{"seconds are widened to the minute", url.Values{"from": {"2026-11-22T11:58:59Z"}, "to": {"2026-11-22T11:59:01Z"}}, historyView{[]historyPoint{before, last}, 1, at(2), noon}},
		{"five minutes", url.Values{"from": {"2026-11-22T11:56:00Z"}, "step": {"5"}}, historyView{[]historyPoint{both(5)}, 5, at(5), noon}},
		{"hours", url.Values{"from": {"2026-11-22T11:30:00Z"}, "step": {"60"}}, historyView{[]historyPoint{both(60)}, 60, at(60), noon}},
		{"a day has minutes", url.Values{"from": {"2026-11-21T12:00:00Z"}}, historyView{[]historyPoint{{At: at(200), Used: 9}, {At: at(65), Used: 1}, before, last}, 1, at(24 * 60), noon}},
		{"two days have steps of five", url.Values{"from": {"2026-11-20T12:00:00Z"}},
			historyView{[]historyPoint{{At: at(200), Used: 9}, {At: at(65), Used: 1}, both(5)}, 5, at(48 * 60), noon}},
		{"thirty days have hours", url.Values{"from": {"2026-10-23T12:00:00Z"}},
			historyView{[]historyPoint{{At: at(240), Used: 9}, {At: at(120), Used: 1}, both(60)}, 60, at(30 * 24 * 60), noon}},
		{"nothing", url.Values{"from": {"2026-11-01T00:00:00Z"}, "to": {"2026-11-01T01:00:00Z"}}, historyView{[]historyPoint{}, 1,
			time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 1, 0, 0, 0, time.UTC)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got historyView
			p.call(http.MethodGet, "/quota/history?"+tt.query.Encode(), token, nil, http.StatusOK, &got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("history (-want +got):\n%s", diff)
			}
		})
	}
	// An API client sees null, not a missing field.
	w := p.do(http.MethodGet, Prefix+"/quota/history?from=2026-11-22T10:55:00Z&to=2026-11-22T10:56:00Z", token, "")
	const want = `{"points":[{"at":"2026-11-22T10:55:00Z","used":1,"others":0,"left_min":null,"quota":0,"window_ms":0,` +
		`"throttled_quota":0,"throttled_concurrency":0,"throttled_load":0}],"step_minutes":1,"from":"2026-11-22T10:55:00Z","to":"2026-11-22T10:56:00Z"}`
	if w.Body.String() != want {
		t.Errorf("answer\n%s, want\n%s", w.Body, want)
	}
}

func TestQuotaHistoryRefuses(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	for _, tt := range []struct{ name, query, field string }{
		{"a step that there is not", "step=2", "step"},
		{"a step that is no number", "step=x", "step"},
		{"a time without a zone", "from=2026-11-22T10:00:00", "from"},
		{"a time that is none", "to=noon", "to"},
		{"a time before 1970", "from=1969-12-31T23:59:59Z", "from"},
		{"an end before the beginning", "from=2026-11-22T10:00:00Z&to=2026-11-22T09:00:00Z", "from"},
		{"an empty range", "from=2026-11-22T10:00:00Z&to=2026-11-22T10:00:00Z", "from"},
		{"too many minutes", "from=2026-11-21T10:00:00Z&to=2026-11-22T11:01:00Z&step=1", "step"},
		{"too many hours", "from=2026-01-01T00:00:00Z&to=2026-11-22T11:00:00Z", "from"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var refusal struct {
				Errors []struct{ Field, Message string }
			}
			p.call(http.MethodGet, "/quota/history?"+tt.query, token, nil, http.StatusUnprocessableEntity, &refusal)
			if len(refusal.Errors) != 1 || refusal.Errors[0].Field != tt.field || refusal.Errors[0].Message == "" {
				t.Errorf("errors %+v, want one of %s", refusal.Errors, tt.field)
			}
		})
	}
	p.call(http.MethodGet, "/quota/history?from=2026-11-21T10:00:00Z&to=2026-11-22T11:00:00Z&step=1", token, nil, http.StatusOK, nil) // 1,500
}
