package main

import (
	"strings"
	"testing"

	"sluice/jobs"
	"sluice/jobs/queue"
)

func TestHeld(t *testing.T) {
	tests := map[string]struct {
		store storeView
		want  string
	}{
		"may go on":            {storeView{Live: &liveView{Ready: true, Waiting: 3}}, ""},
		"needs a reinstall":    {storeView{Backlog: jobs.Backlog{State: "needs_reinstall", Why: "no access"}}, "paused, needs_reinstall: no access"},
		"uninstalled":          {storeView{Backlog: jobs.Backlog{State: "uninstalled"}, Live: &liveView{}}, "paused, uninstalled"},
		"paused in Redis only": {storeView{Backlog: jobs.Backlog{State: "active"}, Live: &liveView{Paused: true}}, "paused in Redis, and not in SQL"},
		"at its cap":           {storeView{Held: "4 jobs at once is its cap", Live: &liveView{Waiting: 2}}, "4 jobs at once is its cap"},
		"out of quota":         {storeView{Live: &liveView{Parked: true, WakesMS: 12_340, Waiting: 2, Known: true}}, "no quota for 12.3s"},
		"cooling":              {storeView{Live: &liveView{Parked: true, WakesMS: 900, CoolMS: 5000, Waiting: 2}}, "BigCommerce asked for a pause, 5s"},
		"not due":              {storeView{Live: &liveView{Parked: true, WakesMS: 60_000, Delayed: 1}}, "its next job is due in 1m0s"},
		"embedded Redis":       {storeView{Backlog: jobs.Backlog{State: "active", Due: 3}}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.store.held(); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestQueueViewSaysWhatRedisLacks(t *testing.T) {
	for want, r := range map[string]*queue.Totals{
		"complete": {Complete: true}, "being rebuilt from SQL now": {Rebuilding: true}, "empty; the next worker rebuilds it": {},
	} {
		var b strings.Builder
		v := queueView{Redis: r, Stores: []storeView{{Backlog: jobs.Backlog{Store: "abc"}, Live: &liveView{Known: true, Quota: 150, Left: 20, WindowMS: 30_000, ResetMS: 4200}}}}
		if err := v.write(&b); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{want, "too many stores", "20 of 150", "4.2s of 30s left"} {
			if !strings.Contains(b.String(), text) {
				t.Errorf("does not say %q:\n%s", text, b.String())
			}
		}
	}
}
