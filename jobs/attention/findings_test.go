package attention

import (
	"errors"
	"slices"
	"testing"
	"time"

	"sluice/tenants"
)

// noon is when the facts of the tests are looked at.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) *time.Time { return new(noon.Add(-d)) }

// run is one that began, and ended, so long ago.
func run(id string, state tenants.RunState, since time.Duration, change ...func(*tenants.Run)) tenants.Run {
	r := tenants.Run{ID: id, State: state, CreatedAt: *ago(since), Counts: tenants.Counts{Read: 100}}
	if state.Final() {
		r.FinishedAt = ago(since)
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

func failed(n int64) func(*tenants.Run) { return func(r *tenants.Run) { r.Failed = n } }
func retryOf(id string) func(*tenants.Run) {
	return func(r *tenants.Run) { r.RetryOf = id }
}

// TestFindings goes over what is so, and what is wrong with it.
func TestFindings(t *testing.T) {
	hourly := func(f *tenants.Flow) {
		f.Schedule, f.ScheduleEnabled, f.ScheduleSince = "0 * * * *", true, ago(48*time.Hour)
	}
	question := func(guard string, asked time.Duration) func(*tenants.Run) {
		return func(r *tenants.Run) { r.Question = &tenants.Question{Guard: guard, AskedAt: *ago(asked)} }
	}
	for name, test := range map[string]struct {
		runs    []tenants.Run // the newest first
		flow    func(*tenants.Flow)
		state   tenants.StoreState
		granted error
		rules   map[string]tenants.AlertRule
		want    []string
	}{
		"nothing ran":                           {},
		"all is well":                           {runs: []tenants.Run{run("a", tenants.RunDone, time.Hour)}},
		"failed":                                {runs: []tenants.Run{run("b", tenants.RunFailed, time.Hour), run("a", tenants.RunDone, 2*time.Hour)}, want: []string{CauseRunFailed}},
		"failed, then well":                     {runs: []tenants.Run{run("b", tenants.RunDone, time.Hour), run("a", tenants.RunFailed, 2*time.Hour)}},
		"failed, then stopped by a person":      {runs: []tenants.Run{run("b", tenants.RunCancelled, time.Hour), run("a", tenants.RunFailed, 2*time.Hour)}, want: []string{CauseRunFailed}},
		"stopped by a person":                   {runs: []tenants.Run{run("a", tenants.RunCancelled, time.Hour, question("lost", 2*time.Hour))}},
		"nobody answered":                       {runs: []tenants.Run{run("a", tenants.RunCancelled, time.Hour, question("lost", 25*time.Hour))}, want: []string{CauseRunFailed}},
		"left out":                              {runs: []tenants.Run{run("a", tenants.RunDone, time.Hour, failed(3))}, want: []string{CauseProblems}},
		"left out, tried again":                 {runs: []tenants.Run{run("b", tenants.RunDone, time.Hour, retryOf("a")), run("a", tenants.RunDone, 2*time.Hour, failed(3))}},
		"left out, tried again, and again":      {runs: []tenants.Run{run("c", tenants.RunDone, 0, retryOf("b")), run("b", tenants.RunDone, time.Hour, retryOf("a"), failed(1)), run("a", tenants.RunDone, 2*time.Hour, failed(3))}},
		"left out, an older one tried again":    {runs: []tenants.Run{run("c", tenants.RunDone, 0, retryOf("a")), run("b", tenants.RunDone, time.Hour, failed(3)), run("a", tenants.RunDone, 2*time.Hour, failed(3))}, want: []string{CauseProblems}},
		"left out, then failed":                 {runs: []tenants.Run{run("b", tenants.RunFailed, time.Hour), run("a", tenants.RunDone, 2*time.Hour, failed(3))}, want: []string{CauseRunFailed, CauseProblems}},
		"an empty file":                         {runs: []tenants.Run{run("a", tenants.RunDone, time.Hour, func(r *tenants.Run) { r.Read = 0 })}, want: []string{CauseShrank}},
		"a cut file":                            {runs: []tenants.Run{run("a", tenants.RunDone, time.Hour, func(r *tenants.Run) { r.Incomplete = true })}, want: []string{CauseShrank}},
		"asks":                                  {runs: []tenants.Run{run("a", tenants.RunAsking, time.Hour, question("lost", 0))}, want: []string{CauseAsking}},
		"asks about a smaller file":             {runs: []tenants.Run{run("a", tenants.RunAsking, time.Hour, question(GuardShrank, 0))}, want: []string{CauseShrank}},
		"switched off":                          {runs: []tenants.Run{run("b", tenants.RunFailed, time.Hour)}, flow: func(f *tenants.Flow) { hourly(f); f.OffAt = ago(0) }},
		"in time":                               {runs: []tenants.Run{run("a", tenants.RunDone, time.Hour)}, flow: hourly},
		"late":                                  {runs: []tenants.Run{run("a", tenants.RunDone, 4*time.Hour)}, flow: hourly, want: []string{CauseLate}},
		"late, still under way":                 {runs: []tenants.Run{run("b", tenants.RunRunning, 3*time.Hour), run("a", tenants.RunDone, 4*time.Hour)}, flow: hourly, want: []string{CauseLate}},
		"late, and it asks":                     {runs: []tenants.Run{run("b", tenants.RunAsking, 3*time.Hour, question("lost", 0)), run("a", tenants.RunDone, 4*time.Hour)}, flow: hourly, want: []string{CauseAsking}},
		"late, but failed in time":              {runs: []tenants.Run{run("b", tenants.RunFailed, 30*time.Minute), run("a", tenants.RunDone, 4*time.Hour)}, flow: hourly, want: []string{CauseRunFailed}},
		"never ran, and was to":                 {flow: hourly, want: []string{CauseLate}},
		"a schedule of a moment ago":            {runs: []tenants.Run{run("a", tenants.RunDone, 400*time.Hour)}, flow: func(f *tenants.Flow) { hourly(f); f.ScheduleSince = ago(10 * time.Minute) }},
		"late, and the store needs a reinstall": {runs: []tenants.Run{run("a", tenants.RunDone, 4*time.Hour)}, flow: hourly, state: tenants.StoreNeedsReinstall},
		"late, and the rule is off":             {runs: []tenants.Run{run("a", tenants.RunDone, 4*time.Hour)}, flow: hourly, rules: map[string]tenants.AlertRule{CauseLate: {}}},
		"late, and nobody minds for five hours": {runs: []tenants.Run{run("a", tenants.RunDone, 4*time.Hour)}, flow: hourly, rules: map[string]tenants.AlertRule{CauseLate: {Enabled: true, Params: map[string]int64{"minutes": 300}}}},
		"comparisons are late, runs are not": {runs: []tenants.Run{run("a", tenants.RunDone, 0)}, flow: func(f *tenants.Flow) {
			f.CompareSchedule, f.CompareEnabled, f.CompareSince = "0 * * * *", true, ago(5*time.Hour)
		}, want: []string{CauseLate}},
		"no data":                      {runs: []tenants.Run{run("b", tenants.RunFailed, time.Hour), run("a", tenants.RunDone, 30*time.Hour)}, rules: map[string]tenants.AlertRule{CauseNoData: {Enabled: true}}, want: []string{CauseRunFailed, CauseNoData}},
		"no data, and the rule is off": {runs: []tenants.Run{run("a", tenants.RunDone, 30*time.Hour)}},
		"no data, and nobody said that there is any": {rules: map[string]tenants.AlertRule{CauseNoData: {Enabled: true}}},
		"a permission is missing":                    {runs: []tenants.Run{run("a", tenants.RunDone, 4*time.Hour)}, flow: hourly, granted: errors.New("x"), want: []string{CausePermission}},
	} {
		t.Run(name, func(t *testing.T) {
			a := facts{now: noon, store: &tenants.Store{Hash: "abc123", State: tenants.StoreActive}, flow: &tenants.Flow{ID: "f"}, runs: test.runs,
				singular: "product", plural: "products", granted: test.granted, rules: choose(tenants.AlertSettings{Rules: test.rules})}
			if test.state != "" {
				a.store.State = test.state
			}
			if test.flow != nil {
				test.flow(a.flow)
			}
			var got []string
			for _, x := range findings(a).list {
				got = append(got, x.cause)
				if x.since.IsZero() || x.since.After(noon) {
					t.Errorf("%s since %s", x.cause, x.since)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("found %v, want %v", got, test.want)
			}
		})
	}
}

// TestWhatIsTooFewIsShownAndNotTold: over either number is told.
func TestWhatIsTooFewIsShownAndNotTold(t *testing.T) {
	a := facts{now: noon, singular: "product", plural: "products", rules: choose(tenants.AlertSettings{})}
	for _, test := range []struct {
		failed, read int64
		quiet        bool
		message      string
	}{
		{1, 1000, true, "1 product of 1000 in the file could not be written."},
		{10, 1000, true, "10 products of 1000 in the file could not be written."},
		{11, 1000, false, "11 products of 1000 in the file could not be written."},
		{2, 10, false, "2 products of 10 in the file could not be written."},
	} {
		r := run("a", tenants.RunDone, 0, failed(test.failed))
		r.Read = test.read
		if x := a.leftOut(&r); x.quiet != test.quiet || x.message != test.message {
			t.Errorf("%d of %d: quiet %v, %q", test.failed, test.read, x.quiet, x.message)
		}
	}
}

// TestTheNextLookIsWhenTheClockAloneChangesTheAnswer.
func TestTheNextLookIsWhenTheClockAloneChangesTheAnswer(t *testing.T) {
	a := facts{now: noon, store: &tenants.Store{Hash: "abc123", State: tenants.StoreActive}, flow: &tenants.Flow{ID: "f"},
		runs: []tenants.Run{run("a", tenants.RunDone, 23*time.Hour)}, rules: choose(tenants.AlertSettings{Rules: map[string]tenants.AlertRule{CauseNoData: {Enabled: true}}})}
	if f := findings(a); !f.next.Equal(noon.Add(time.Hour)) || len(f.list) != 0 {
		t.Errorf("next at %s, found %v", f.next, f.list)
	}
	a.connection = &tenants.Connection{HasSecret: true, SecretSetAt: ago(365*24*time.Hour - time.Minute)}
	if f := findings(a); !f.next.Equal(noon.Add(time.Minute)) {
		t.Errorf("next at %s", f.next)
	}
}

func TestRulesAreChecked(t *testing.T) {
	for _, r := range Rules {
		chosen := r.Chosen(tenants.AlertSettings{})
		if _, field, wrong := Check(r.Name, chosen); wrong != "" {
			t.Errorf("the default of %s: %s %s", r.Name, field, wrong)
		}
		for _, p := range r.Params {
			if _, field, wrong := Check(r.Name, tenants.AlertRule{Params: map[string]int64{p.Name: p.Max + 1}}); field != p.Name || wrong == "" {
				t.Errorf("%s of %s: %q %q", p.Name, r.Name, field, wrong)
			}
		}
	}
	if _, _, wrong := Check("boredom", tenants.AlertRule{}); wrong == "" {
		t.Error("an unknown rule was taken")
	}
}
