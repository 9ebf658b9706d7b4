package jobs

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/problem"
	"sluice/internal/testenv"
	"sluice/jobs/schedule"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// testClock is what a test says the time is.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *testClock) set(at time.Time) { c.mu.Lock(); defer c.mu.Unlock(); c.now = at }

// schedules is an env whose clock stands where the test puts it.
type schedules struct {
	*env
	clock *testClock
	w     *Workers
}

func newSchedules(t *testing.T, db *tenants.DB) *schedules {
	t.Helper()
	e := newEnvOn(t, testenv.EmbeddedRedis(t), db)
	clock := &testClock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	e.cfg.Now = clock.Now
	e.svc = NewService(e.cfg)
	s := &schedules{env: e, clock: clock, w: NewWorkers(e.cfg)}
	s.ready()
	return s
}

// schedule sets f's schedule as the panel does and returns when it is due.
func (s *schedules) schedule(f *tenants.Flow, cron, zone string) time.Time {
	s.t.Helper()
	return s.timetable(f, tenants.TimetableRuns, cron, zone)
}

// timetable is schedule for either of f's schedules.
func (s *schedules) timetable(f *tenants.Flow, which tenants.Timetable, cron, zone string) time.Time {
	s.t.Helper()
	at, err := schedule.Due(cron, zone, testStore, f.ID, s.clock.Now())
	if err == nil {
		err = s.db.SetSchedule(s.ctx, which, f.ID, cron, true, &at)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return at
}

// fireAt looks for due flows at a moment and returns the flow's runs, the oldest first.
func (s *schedules) fireAt(at time.Time) []tenants.Run {
	s.t.Helper()
	s.clock.set(at)
	s.w.fireSchedules(s.t.Context())
	return s.runs()
}

func (s *schedules) runs() []tenants.Run {
	s.t.Helper()
	runs, err := s.db.Runs(s.ctx, tenants.RunFilter{FlowID: s.flow.ID, Limit: 250})
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Reverse(runs)
	return runs
}

// finish ends every run of the flow, as workers would.
func (s *schedules) finish() {
	s.t.Helper()
	err := s.db.Scoped(s.ctx).Model(&tenants.Run{}).Where("flow_id = ?", s.flow.ID).Updates(map[string]any{"state": tenants.RunDone}).Error
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *schedules) next() time.Time {
	s.t.Helper()
	return s.nextOf(tenants.TimetableRuns)
}

func (s *schedules) nextOf(which tenants.Timetable) time.Time {
	s.t.Helper()
	f, err := s.db.Flow(s.ctx, s.flow.ID)
	if err != nil || f.Timetable(which).Next == nil {
		s.t.Fatalf("next run: %+v, %v", f, err)
	}
	return *f.Timetable(which).Next
}

func TestScheduleFires(t *testing.T) {
	s := newSchedules(t, tenantstest.NewDB(t))
	due := s.schedule(s.flow, "0 2 * * *", "UTC")
	if runs := s.fireAt(due.Add(-time.Second)); len(runs) != 0 {
		t.Fatalf("%d runs before the time", len(runs))
	}
	runs := s.fireAt(due)
	if len(runs) != 1 {
		t.Fatalf("%d runs", len(runs))
	}
	run := runs[0]
	if run.Trigger != "schedule" || run.StartedBy != "" || run.DryRun || run.State != tenants.RunQueued {
		t.Errorf("run %+v", run)
	}
	if _, ok := s.jobRows(testStore)[runJobID(run.ID, 0)]; !ok {
		t.Error("the run has no first job")
	}
	if want := due.AddDate(0, 0, 1); !s.next().Equal(want) {
		t.Errorf("next run %v, want %v", s.next(), want)
	}
	if runs := s.fireAt(due.Add(time.Hour)); len(runs) != 1 {
		t.Errorf("%d runs after a second look", len(runs))
	}
	s.finish()
	if runs := s.fireAt(due.AddDate(0, 0, 1)); len(runs) != 2 {
		t.Errorf("%d runs on the next day", len(runs))
	}
	if got := s.audited(); !slices.Equal(got[len(got)-2:], []string{"run.started", "run.started"}) {
		t.Errorf("audit %v", got)
	}
}

// TestScheduleCatchesUpOnce: however many times were missed, one run makes up for them, and the
// next one is at its usual time.
func TestScheduleCatchesUpOnce(t *testing.T) {
	s := newSchedules(t, tenantstest.NewDB(t))
	due := s.schedule(s.flow, "0 * * * *", "UTC")
	back := due.Truncate(time.Hour).Add(5*time.Hour + 30*time.Minute)
	if runs := s.fireAt(back); len(runs) != 1 {
		t.Fatalf("%d runs after five missed times", len(runs))
	}
	s.finish()
	if runs := s.fireAt(back.Add(time.Minute)); len(runs) != 1 {
		t.Fatalf("%d runs a minute later", len(runs))
	}
	if want := due.Add(6 * time.Hour); !s.next().Equal(want) {
		t.Errorf("next run %v, want %v", s.next(), want)
	}
	if runs := s.fireAt(due.Add(6 * time.Hour)); len(runs) != 2 {
		t.Errorf("%d runs at the next time", len(runs))
	}
}

// TestScheduleBetweenTimeAndJitter: who comes back between a time and its start is not late, and
// the missed time before it costs no second run.
func TestScheduleBetweenTimeAndJitter(t *testing.T) {
	s := newSchedules(t, tenantstest.NewDB(t))
	for schedule.Jitter(testStore, s.flow.ID, time.Hour) == 0 { // one flow of 360
		s.flow = s.newFlow()
	}
	due := s.schedule(s.flow, "0 * * * *", "UTC")
	jitter := due.Sub(due.Truncate(time.Hour))
	back := due.Truncate(time.Hour).Add(time.Hour) // the second time has come, its start has not
	if runs := s.fireAt(back); len(runs) != 1 {
		t.Fatalf("%d runs", len(runs))
	}
	s.finish()
	if runs := s.fireAt(back.Add(jitter)); len(runs) != 1 {
		t.Errorf("%d runs: the two times are one run", len(runs))
	}
}

func TestScheduleSkipsWhileARunIsActive(t *testing.T) {
	s := newSchedules(t, tenantstest.NewDB(t))
	due := s.schedule(s.flow, "0 2 * * *", "UTC")
	run := s.start()
	if runs := s.fireAt(due); len(runs) != 1 || runs[0].ID != run.ID {
		t.Fatalf("%d runs", len(runs))
	}
	entries, _, err := s.db.AuditLog(s.ctx, tenants.Page{Limit: 1})
	if err != nil || len(entries) != 1 {
		t.Fatal(err)
	}
	if e := entries[0]; e.Action != "run.skipped" || e.Actor != "system" || e.Subject != s.flow.ID || !strings.Contains(e.Detail, "already under way") || !strings.Contains(e.Detail, due.Format(time.RFC3339)) {
		t.Errorf("audit %+v", e)
	}
	s.finish()
	if runs := s.fireAt(due.Add(time.Hour)); len(runs) != 1 {
		t.Error("a skipped time came back")
	}
	if runs := s.fireAt(due.AddDate(0, 0, 1)); len(runs) != 2 {
		t.Error("the next time did not come")
	}
}

// TestRunNowLeavesTheSchedule: a run by hand neither moves the schedule nor is moved by it.
func TestRunNowLeavesTheSchedule(t *testing.T) {
	s := newSchedules(t, tenantstest.NewDB(t))
	due := s.schedule(s.flow, "0 2 * * *", "UTC")
	s.start()
	if !s.next().Equal(due) {
		t.Errorf("next run %v, want %v", s.next(), due)
	}
	s.finish()
	if runs := s.fireAt(due); len(runs) != 2 {
		t.Errorf("%d runs", len(runs))
	}
	if _, err := s.svc.StartRun(s.ctx, StartRun{FlowID: s.flow.ID}); problem.CodeOf(err) != problem.Conflict {
		t.Errorf("a run by hand beside the scheduled one: %v", err)
	}
}

// TestCompareScheduleFires: comparisons have times of their own, at which the other schedule does
// nothing.
func TestCompareScheduleFires(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		s := newSchedules(t, db)
		nightly := s.schedule(s.flow, "0 2 * * *", "UTC") // 23 November
		weekly := s.timetable(s.flow, tenants.TimetableCompare, "0 12 * * 1", "UTC")
		if runs := s.fireAt(nightly); len(runs) != 1 || runs[0].Compare {
			t.Fatalf("at night: %+v", runs)
		}
		s.finish()
		if runs := s.fireAt(weekly.Add(-time.Second)); len(runs) != 1 {
			t.Fatalf("%d runs before the time", len(runs))
		}
		runs := s.fireAt(weekly)
		if len(runs) != 2 || !runs[1].Compare || runs[1].Trigger != "schedule" || runs[1].DryRun {
			t.Fatalf("weekly: %+v", runs)
		}
		if _, ok := s.jobRows(testStore)[runJobID(runs[1].ID, 0)]; !ok {
			t.Error("the run has no first job")
		}
		if got, want := s.nextOf(tenants.TimetableCompare), weekly.AddDate(0, 0, 7); !got.Equal(want) {
			t.Errorf("the next comparison %v, want %v", got, want)
		}
		if got, want := s.next(), nightly.AddDate(0, 0, 1); !got.Equal(want) {
			t.Errorf("the next run %v, want %v", got, want)
		}
		s.finish()
		if runs := s.fireAt(weekly.Add(time.Minute)); len(runs) != 2 {
			t.Errorf("%d runs after a second look", len(runs))
		}
		f, err := s.db.Flow(s.ctx, s.flow.ID)
		if err != nil || f.CompareLastAt == nil || !f.CompareLastAt.Equal(weekly) || !f.LastScheduledAt.Equal(nightly) || f.Version != s.flow.Version {
			t.Errorf("last %v and %v, version %d: %v", f.LastScheduledAt, f.CompareLastAt, f.Version, err)
		}
	})
}

// TestOneComparisonForBothSchedules: when both are due, one run that compares is for both,
// whichever was found due.
func TestOneComparisonForBothSchedules(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		s := newSchedules(t, db)
		nightly := s.schedule(s.flow, "0 2 * * *", "UTC")
		weekly := s.timetable(s.flow, tenants.TimetableCompare, "0 2 * * 1", "UTC") // the same night
		if !nightly.Equal(weekly) {
			t.Fatalf("due at %v and %v", nightly, weekly)
		}
		runs := s.fireAt(nightly)
		if len(runs) != 1 || !runs[0].Compare {
			t.Fatalf("%+v", runs)
		}
		if !s.next().Equal(nightly.AddDate(0, 0, 1)) || !s.nextOf(tenants.TimetableCompare).Equal(weekly.AddDate(0, 0, 7)) {
			t.Errorf("next %v and %v", s.next(), s.nextOf(tenants.TimetableCompare))
		}
		if slices.Contains(s.audited(), "run.skipped") {
			t.Errorf("audit %v", s.audited())
		}
		s.finish()
		if runs := s.fireAt(nightly.Add(time.Hour)); len(runs) != 1 {
			t.Errorf("%d runs: the two times are one run", len(runs))
		}
		// Three weeks of standstill are one comparison.
		if runs := s.fireAt(nightly.AddDate(0, 0, 21).Add(time.Hour)); len(runs) != 2 || !runs[1].Compare {
			t.Errorf("%+v", runs)
		}
	})
}

// TestAComparisonWaitsForTheRunUnderWay: it is not passed over for a run from memory or a dry run.
// One that a person started is as good as its own, and the other schedule's time is passed over as
// ever.
func TestAComparisonWaitsForTheRunUnderWay(t *testing.T) {
	for name, tt := range map[string]struct {
		active StartRun
		waits  bool
	}{
		"a run from memory":  {StartRun{}, true},
		"a dry comparison":   {StartRun{DryRun: true, Compare: true}, true},
		"another comparison": {StartRun{Compare: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSchedules(t, tenantstest.NewDB(t))
			nightly := s.schedule(s.flow, "0 2 * * *", "UTC")
			weekly := s.timetable(s.flow, tenants.TimetableCompare, "0 2 * * 1", "UTC")
			tt.active.FlowID = s.flow.ID
			if _, err := s.svc.StartRun(s.ctx, tt.active); err != nil {
				t.Fatal(err)
			}
			for range 2 { // waiting is told to nobody
				if runs := s.fireAt(weekly); len(runs) != 1 {
					t.Fatalf("%d runs beside the one under way", len(runs))
				}
			}
			skipped := 0
			for _, action := range s.audited() {
				if action == "run.skipped" {
					skipped++
				}
			}
			if skipped != 1 || !s.next().Equal(nightly.AddDate(0, 0, 1)) {
				t.Errorf("%d skipped, next run %v", skipped, s.next())
			}
			if waits := s.nextOf(tenants.TimetableCompare).Equal(weekly); waits != tt.waits {
				t.Errorf("the next comparison %v", s.nextOf(tenants.TimetableCompare))
			}
			s.finish()
			runs := s.fireAt(weekly.Add(time.Hour))
			if want := map[bool]int{true: 2, false: 1}[tt.waits]; len(runs) != want {
				t.Fatalf("%d runs afterwards, want %d", len(runs), want)
			}
			if last := runs[len(runs)-1]; !last.Compare || last.DryRun {
				t.Errorf("run %+v", last)
			}
		})
	}
}

func TestScheduleThatDoesNotFire(t *testing.T) {
	for name, change := range map[string]func(s *schedules) error{
		"disabled": func(s *schedules) error {
			return s.db.SetSchedule(s.ctx, tenants.TimetableRuns, s.flow.ID, "0 2 * * *", false, nil)
		},
		"deleted": func(s *schedules) error { return s.db.DeleteFlow(s.ctx, s.flow.ID) },
		"uninstalled": func(s *schedules) error {
			return s.svc.Uninstall(t.Context(), testStore)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSchedules(t, tenantstest.NewDB(t))
			due := s.schedule(s.flow, "0 2 * * *", "UTC")
			if err := change(s); err != nil {
				t.Fatal(err)
			}
			if runs := s.fireAt(due.Add(48 * time.Hour)); len(runs) != 0 {
				t.Errorf("%d runs", len(runs))
			}
			if run, err := s.svc.startScheduled(s.ctx, s.flow.ID); run != nil || err != nil {
				t.Errorf("asked for it by name: %v, %v", run, err)
			}
		})
	}
}

func TestScheduleWaitsForTheStore(t *testing.T) {
	s := newSchedules(t, tenantstest.NewDB(t))
	due := s.schedule(s.flow, "0 2 * * *", "UTC")
	s.timetable(s.flow, tenants.TimetableCompare, "0 4 * * *", "UTC")
	if err := s.svc.PauseStore(t.Context(), testStore, "scopes"); err != nil {
		t.Fatal(err)
	}
	if runs := s.fireAt(due.AddDate(0, 0, 3)); len(runs) != 0 {
		t.Fatalf("%d runs of a paused store", len(runs))
	}
	if run, err := s.svc.startScheduled(s.ctx, s.flow.ID); run != nil || err != nil {
		t.Errorf("the store was paused after the look: %v, %v", run, err)
	}
	s.install(testStore)
	if err := s.svc.Installed(t.Context(), testStore); err != nil {
		t.Fatal(err)
	}
	if runs := s.fireAt(due.AddDate(0, 0, 3).Add(time.Hour)); len(runs) != 1 || !runs[0].Compare {
		t.Errorf("%d runs after the reinstall, three times missed", len(runs))
	}
}

func TestScheduleOfAFlowThatCannotRun(t *testing.T) {
	s := newSchedules(t, tenantstest.NewDB(t))
	s.flow.Mapping = tenants.Mapping{}
	if err := s.db.UpdateFlow(s.ctx, s.flow); err != nil {
		t.Fatal(err)
	}
	due := s.schedule(s.flow, "0 2 * * *", "UTC")
	if runs := s.fireAt(due); len(runs) != 0 {
		t.Fatalf("%d runs", len(runs))
	}
	if got := s.audited(); got[len(got)-1] != "run.skipped" {
		t.Errorf("audit %v", got)
	}
	if want := due.AddDate(0, 0, 1); !s.next().Equal(want) {
		t.Errorf("next run %v, want %v", s.next(), want)
	}
}

// TestScheduleNobodyUnderstands: an expression that got into the database by another way is turned
// off, loudly.
func TestScheduleNobodyUnderstands(t *testing.T) {
	s := newSchedules(t, tenantstest.NewDB(t))
	at := s.clock.Now()
	if err := s.db.SetSchedule(s.ctx, tenants.TimetableRuns, s.flow.ID, "@reboot", true, &at); err != nil {
		t.Fatal(err)
	}
	s.timetable(s.flow, tenants.TimetableCompare, "0 4 * * *", "UTC")
	if runs := s.fireAt(at.Add(time.Minute)); len(runs) != 0 {
		t.Fatalf("%d runs", len(runs))
	}
	f, err := s.db.Flow(s.ctx, s.flow.ID)
	if err != nil || f.ScheduleEnabled || f.NextRunAt != nil || !f.CompareEnabled {
		t.Errorf("%+v, %v", f, err)
	}
	if got := s.audited(); got[len(got)-1] != "flow.unscheduled" {
		t.Errorf("audit %v", got)
	}
}

// TestManyProcessesFireOnce: several processes, each with connections of its own, find the same
// flows due at the same moment. Each flow has one run, which has one first job.
func TestManyProcessesFireOnce(t *testing.T) {
	const processes, flows = 4, 12
	run := func(t *testing.T, url string, db *tenants.DB) {
		s := newSchedules(t, db)
		var latest time.Time
		for i := range flows {
			f := s.newFlow()
			if at := s.schedule(f, fmt.Sprintf("%d 2 * * *", i), "UTC"); at.After(latest) {
				latest = at
			}
		}
		s.clock.set(latest)
		var wg sync.WaitGroup
		begin := make(chan struct{})
		for range processes {
			cfg := s.cfg
			cfg.DB = tenantstest.Open(t, url)
			w := NewWorkers(cfg)
			wg.Go(func() {
				<-begin
				w.fireSchedules(t.Context())
			})
		}
		close(begin)
		wg.Wait()
		runs, err := s.db.Runs(s.ctx, tenants.RunFilter{Limit: 250})
		if err != nil {
			t.Fatal(err)
		}
		perFlow := map[string]int{}
		rows := s.jobRows(testStore)
		for _, r := range runs {
			perFlow[r.FlowID]++
			if _, ok := rows[runJobID(r.ID, 0)]; !ok {
				t.Errorf("run %s has no job", r.ID)
			}
		}
		if len(perFlow) != flows || len(runs) != flows || len(rows) != flows {
			t.Errorf("%d runs of %d flows, %d jobs; want %d of each", len(runs), len(perFlow), len(rows), flows)
		}
		skipped := 0
		for _, action := range s.audited() {
			if action == "run.skipped" {
				skipped++
			}
		}
		if skipped != 0 {
			t.Errorf("%d were skipped for a run of the same time", skipped)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		db, url := tenantstest.NewDBAt(t)
		run(t, url, db)
	})
	t.Run("postgres", func(t *testing.T) {
		db, url, ok := tenantstest.NewPostgresAt(t)
		if !ok {
			t.Skip("PostgreSQL is not installed")
		}
		run(t, url, db)
	})
}

// TestStartAndScheduleAtOnce: a person starts a run in the moment in which its schedule is due.
// There is one run, and the schedule has moved on, whoever was first.
func TestStartAndScheduleAtOnce(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		s := newSchedules(t, db)
		due := s.schedule(s.flow, "0 2 * * *", "UTC")
		s.clock.set(due)
		var wg sync.WaitGroup
		wg.Go(func() { s.w.fireSchedules(t.Context()) })
		wg.Go(func() {
			_, err := s.svc.StartRun(s.ctx, StartRun{FlowID: s.flow.ID, StartedBy: "u1"})
			if err != nil && problem.CodeOf(err) != problem.Conflict {
				t.Errorf("start: %v", err)
			}
		})
		wg.Wait()
		if runs := s.runs(); len(runs) != 1 {
			t.Errorf("%d runs", len(runs))
		}
		if want := due.AddDate(0, 0, 1); !s.next().Equal(want) {
			t.Errorf("next run %v, want %v", s.next(), want)
		}
	})
}

// TestScheduleIsUndoneAsAWhole: a process that dies before its transaction ends leaves the flow due
// and no run.
func TestScheduleIsUndoneAsAWhole(t *testing.T) {
	s := newSchedules(t, tenantstest.NewDB(t))
	due := s.schedule(s.flow, "0 2 * * *", "UTC")
	// The transaction's last statement fails: its table is away.
	g := s.db.AcrossStores(t.Context())
	if err := g.Migrator().RenameTable("audit", "audit_away"); err != nil {
		t.Fatal(err)
	}
	s.clock.set(due)
	if _, err := s.svc.startScheduled(s.ctx, s.flow.ID); err == nil {
		t.Fatal("no error")
	}
	if err := g.Migrator().RenameTable("audit_away", "audit"); err != nil {
		t.Fatal(err)
	}
	if !s.next().Equal(due) || len(s.runs()) != 0 || len(s.jobRows(testStore)) != 0 {
		t.Errorf("next %v, %d runs, %d jobs", s.next(), len(s.runs()), len(s.jobRows(testStore)))
	}
	if runs := s.fireAt(due); len(runs) != 1 {
		t.Errorf("%d runs after fixing", len(runs))
	}
}

// TestWorkersFireSchedules: real workers, real time: a flow that is due runs to its end by itself.
func TestWorkersFireSchedules(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	at := time.Now().Add(-time.Hour)
	if err := e.db.SetSchedule(e.ctx, tenants.TimetableRuns, e.flow.ID, "0 2 * * *", true, &at); err != nil {
		t.Fatal(err)
	}
	e.work(func(c *Config) { c.ScheduleEvery = 10 * time.Millisecond })
	testenv.Eventually(t, "the scheduled run is done", func() bool {
		runs, err := e.db.Runs(e.ctx, tenants.RunFilter{FlowID: e.flow.ID})
		return err == nil && len(runs) == 1 && runs[0].State == tenants.RunDone && runs[0].Trigger == "schedule"
	})
}

// TestNewTimeZone: when the store moves to another zone, schedules follow; what is due already
// stays due.
func TestNewTimeZone(t *testing.T) {
	s := newSchedules(t, tenantstest.NewDB(t))
	s.withAPI() // says America/Chicago
	waiting, off := s.newFlow(), s.newFlow()
	past := s.clock.Now().Add(-time.Minute)
	s.schedule(s.flow, "0 2 * * *", "UTC")
	s.timetable(s.flow, tenants.TimetableCompare, "0 2 * * *", "UTC")
	if err := s.db.SetSchedule(s.ctx, tenants.TimetableRuns, waiting.ID, "0 2 * * *", true, &past); err != nil {
		t.Fatal(err)
	}
	if err := s.db.SetSchedule(s.ctx, tenants.TimetableRuns, off.ID, "0 2 * * *", false, nil); err != nil {
		t.Fatal(err)
	}
	row, err := newRow("refresh", kindStoreRefresh, "bulk", s.clock.Now(), struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	row.StoreHash = testStore
	refresh := func() {
		t.Helper()
		w := NewWorkers(s.cfg)
		if err := w.doStoreRefresh(s.ctx, &job{row: row, log: s.cfg.Log}); err != nil {
			t.Fatal(err)
		}
	}
	refresh()
	want, err := schedule.Due("0 2 * * *", "America/Chicago", testStore, s.flow.ID, s.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, which := range tenants.Timetables {
		if got := s.nextOf(which); !got.Equal(want) || got.Hour() != 8 {
			t.Errorf("next of %s %v, want %v", which, got, want)
		}
	}
	for id, want := range map[string]*time.Time{waiting.ID: &past, off.ID: nil} {
		f, err := s.db.Flow(s.ctx, id)
		if err != nil || (f.NextRunAt == nil) != (want == nil) || want != nil && !f.NextRunAt.Equal(want.Truncate(time.Microsecond)) {
			t.Errorf("flow %s: next run %v, want %v; %v", id, f.NextRunAt, want, err)
		}
	}
	// The same zone again moves nothing, not even a time that was set by hand.
	by := s.clock.Now().Add(time.Hour)
	if err := s.db.SetSchedule(s.ctx, tenants.TimetableRuns, s.flow.ID, "0 2 * * *", true, &by); err != nil {
		t.Fatal(err)
	}
	refresh()
	if !s.next().Equal(by) {
		t.Errorf("next run %v, want %v", s.next(), by)
	}
}
