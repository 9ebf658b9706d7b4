package jobs

import (
	"slices"
	"sync"
	"testing"
	"time"

	"sluice/internal/problem"
	"sluice/internal/testenv"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// newAsking is an env with a run that asks at the end of its second step, and workers that are
// stopped again.
func newAsking(t *testing.T, db *tenants.DB) (*schedules, *tenants.Run) {
	t.Helper()
	s := newSchedules(t, db)
	s.engine.asks, s.engine.now = 2, s.clock.Now
	stop := s.work()
	run := s.start()
	s.waitRun(run.ID, tenants.RunAsking)
	testenv.Eventually(t, "run.asked in the audit", func() bool { return slices.Contains(s.audited(), "run.asked") })
	stop()
	return s, run
}

// pending are the jobs of runs that are to be done.
func (s *schedules) pending() (ids []string) {
	s.t.Helper()
	for id, row := range s.jobRows(testStore) {
		if row.Kind == kindRunStep && row.State == tenants.JobPending {
			ids = append(ids, id)
		}
	}
	return ids
}

// last is the newest entry of the audit.
func (s *schedules) last() tenants.AuditEntry {
	s.t.Helper()
	entries, _, err := s.db.AuditLog(s.ctx, tenants.Page{})
	if err != nil || len(entries) == 0 {
		s.t.Fatalf("audit: %v, %v", entries, err)
	}
	return entries[0]
}

// TestAskingHoldsNothing: a run that asks has no job, in SQL or in Redis, and an answer makes that
// of its next step.
func TestAskingHoldsNothing(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		s, run := newAsking(t, db)
		if left := s.pending(); len(left) != 0 {
			t.Fatalf("jobs of a run that asks: %v", left)
		}
		q, err := s.svc.Quota(t.Context(), testStore)
		if err != nil || q.Waiting+q.Delayed != 0 {
			t.Errorf("queue %+v, %v", q, err)
		}
		if _, err := s.svc.StartRun(s.ctx, StartRun{FlowID: s.flow.ID}); problem.CodeOf(err) != problem.Conflict {
			t.Errorf("another run started beside it: %v", err)
		}
		ctx := WithActor(s.ctx, "user:u1")
		if err := s.svc.AnswerRun(ctx, run.ID, "lost", true); err != nil {
			t.Fatal(err)
		}
		got := s.run(run.ID)
		if got.State != tenants.RunRunning || got.Question != nil || got.FinishedAt != nil {
			t.Errorf("after the answer: %s, %+v", got.State, got.Question)
		}
		if want := []string{runJobID(run.ID, 2)}; !slices.Equal(s.pending(), want) {
			t.Errorf("jobs %v, want %v", s.pending(), want)
		}
		a := got.Answers
		if len(a) != 1 || a[0].Guard != "lost" || a[0].Count != 30 || a[0].By != "user:u1" || !a[0].AskedAt.Equal(s.clock.Now()) || !a[0].At.Equal(s.clock.Now()) {
			t.Errorf("answers %+v", a)
		}
		if e := s.last(); e.Action != "run.answered" || e.Actor != "user:u1" || e.Detail != "proceed, lost: 30 of 100" {
			t.Errorf("audit %+v", e)
		}
		s.work()
		s.waitRun(run.ID, tenants.RunDone)
		if saved := s.engine.saved(run.ID); !slices.Equal(saved, []int{1, 1, 1, 1}) {
			t.Errorf("saved steps %v", saved)
		}
	})
}

func TestAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		arrange func(s *schedules, id string)
		guard   string
		proceed bool
		code    problem.Code
		state   tenants.RunState
	}{
		"stop":              {guard: "lost", state: tenants.RunCancelled},
		"another guard":     {guard: "zero", proceed: true, code: problem.Conflict, state: tenants.RunAsking},
		"an answer twice":   {arrange: (*schedules).answer, guard: "lost", proceed: true, code: problem.Conflict, state: tenants.RunRunning},
		"no access":         {arrange: (*schedules).pause, guard: "lost", proceed: true, code: problem.NeedsReinstall, state: tenants.RunAsking},
		"stop, no access":   {arrange: (*schedules).pause, guard: "lost", state: tenants.RunCancelled},
		"installed again":   {arrange: (*schedules).reinstall, guard: "lost", proceed: true, state: tenants.RunRunning},
		"cancelled already": {arrange: (*schedules).cancel, guard: "lost", proceed: true, code: problem.Conflict, state: tenants.RunCancelled},
		"uninstalled":       {arrange: (*schedules).uninstall, guard: "lost", proceed: true, code: problem.Conflict, state: tenants.RunCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			s, run := newAsking(t, tenantstest.NewDB(t))
			if test.arrange != nil {
				test.arrange(s, run.ID)
			}
			before := len(s.pending())
			err := s.svc.AnswerRun(s.ctx, run.ID, test.guard, test.proceed)
			if problem.CodeOf(err) != test.code && (err != nil || test.code != "") {
				t.Errorf("error %v, want %s", err, test.code)
			}
			got := s.run(run.ID)
			if got.State != test.state || (got.State == tenants.RunCancelled) != (got.FinishedAt != nil) {
				t.Errorf("%s, finished %v", got.State, got.FinishedAt)
			}
			if n := len(s.pending()) - before; n != 0 && (err != nil || !test.proceed) {
				t.Errorf("%d new jobs", n)
			}
			if test.state != tenants.RunCancelled {
				return
			}
			s.work() // nothing is left to do, and the flow is free
			if _, err := s.svc.StartRun(s.ctx, StartRun{FlowID: s.flow.ID}); name == "stop" && err != nil {
				t.Errorf("the flow is not free: %v", err)
			}
		})
	}
}

func (s *schedules) answer(id string) {
	if err := s.svc.AnswerRun(s.ctx, id, "lost", true); err != nil {
		s.t.Fatal(err)
	}
}

func (s *schedules) pause(string) {
	if err := s.svc.PauseStore(s.t.Context(), testStore, "no access"); err != nil {
		s.t.Fatal(err)
	}
}

func (s *schedules) reinstall(id string) {
	s.pause(id)
	s.install(testStore)
	if err := s.svc.ResumeStore(s.t.Context(), testStore); err != nil {
		s.t.Fatal(err)
	}
}

func (s *schedules) cancel(id string) {
	if err := s.svc.CancelRun(s.ctx, id); err != nil {
		s.t.Fatal(err)
	}
}

func (s *schedules) uninstall(string) {
	if err := s.svc.Uninstall(s.t.Context(), testStore); err != nil {
		s.t.Fatal(err)
	}
}

// TestAnswersAtOnce: of answers that come at the same moment one counts.
func TestAnswersAtOnce(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		s, run := newAsking(t, db)
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			wg.Go(func() { errs[i] = s.svc.AnswerRun(s.ctx, run.ID, "lost", i%2 == 0) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			switch {
			case err == nil:
				won++
			case problem.CodeOf(err) != problem.Conflict:
				t.Error(err)
			}
		}
		if got := s.run(run.ID); won != 1 || len(got.Answers)+len(s.pending()) == 1 {
			t.Errorf("%d answers counted; run %s with %d answers, jobs %v", won, got.State, len(got.Answers), s.pending())
		}
	})
}

// TestAnotherStoreCannotAnswer: a run is its store's.
func TestAnotherStoreCannotAnswer(t *testing.T) {
	s, run := newAsking(t, tenantstest.NewDB(t))
	s.install("other1")
	if err := s.svc.AnswerRun(tenants.WithStore(t.Context(), "other1"), run.ID, "lost", true); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("error %v", err)
	}
	if got := s.run(run.ID); got.State != tenants.RunAsking {
		t.Errorf("run %s", got.State)
	}
}

// TestNobodyAnswers: a question stands for 24 hours, in a store that lost its access too.
func TestNobodyAnswers(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		for name, arrange := range map[string]func(s *schedules, id string){
			"active": func(*schedules, string) {}, "without access": (*schedules).pause,
		} {
			t.Run(name, func(t *testing.T) {
				s, run := newAsking(t, db)
				arrange(s, run.ID)
				asked := s.clock.Now()
				for _, at := range []struct {
					after time.Duration
					want  tenants.RunState
				}{{24*time.Hour - time.Second, tenants.RunAsking}, {24 * time.Hour, tenants.RunCancelled}} {
					s.clock.set(asked.Add(at.after))
					if err := s.w.doHousekeeping(t.Context(), &job{log: s.cfg.Log}); err != nil {
						t.Fatal(err)
					}
					if got := s.run(run.ID); got.State != at.want {
						t.Errorf("after %s: %s", at.after, got.State)
					}
				}
				got := s.run(run.ID)
				if got.Error != unansweredMessage || got.FinishedAt == nil || got.Question == nil {
					t.Errorf("%q, finished %v, question %+v", got.Error, got.FinishedAt, got.Question)
				}
				if e := s.last(); e.Action != "run.finished" || e.Detail != "cancelled, not answered: lost: 30 of 100" {
					t.Errorf("audit %+v", e)
				}
				if err := s.db.DeleteFlow(s.ctx, s.flow.ID); err != nil {
					t.Fatal(err)
				}
			})
		}
	})
}

// TestNewcomerTakesThePlace: the run that a schedule starts ends the one that waits for an answer.
func TestNewcomerTakesThePlace(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		for _, which := range tenants.Timetables {
			s, run := newAsking(t, db)
			due := s.timetable(s.flow, which, "0 2 * * *", "UTC")
			runs := s.fireAt(due)
			if len(runs) != 2 || runs[1].State != tenants.RunQueued || runs[1].Trigger != triggerSchedule {
				t.Fatalf("%s: runs %+v", which, runs)
			}
			if got := s.run(run.ID); got.State != tenants.RunCancelled || got.Error != replacedMessage {
				t.Errorf("%s: the run that asked is %s: %q", which, got.State, got.Error)
			}
			if want := []string{runJobID(runs[1].ID, 0)}; !slices.Equal(s.pending(), want) {
				t.Errorf("%s: jobs %v, want %v", which, s.pending(), want)
			}
			if err := s.svc.CancelRun(s.ctx, runs[1].ID); err != nil { // the next one is of the same database
				t.Fatal(err)
			}
		}
	})
}

// TestNewcomerThatCannotStart: a scheduled run that cannot start leaves the question standing.
func TestNewcomerThatCannotStart(t *testing.T) {
	s, run := newAsking(t, tenantstest.NewDB(t))
	due := s.schedule(s.flow, "0 2 * * *", "UTC")
	f, err := s.db.Flow(s.ctx, s.flow.ID)
	if err == nil {
		f.Mapping = tenants.Mapping{}
		err = s.db.UpdateFlow(s.ctx, f)
	}
	if err != nil {
		t.Fatal(err)
	}
	if runs := s.fireAt(due); len(runs) != 1 {
		t.Fatalf("%d runs", len(runs))
	}
	if got := s.run(run.ID); got.State != tenants.RunAsking {
		t.Errorf("the run that asked is %s: %q", got.State, got.Error)
	}
	if e := s.last(); e.Action != "run.skipped" {
		t.Errorf("audit %+v", e)
	}
}

// TestAskingWhileInterrupted: a step under way ends with its question although the store lost its
// access meanwhile, and one that is to be cancelled does not ask.
func TestAskingWhileInterrupted(t *testing.T) {
	for name, test := range map[string]struct {
		interrupt func(s *schedules, id string)
		want      tenants.RunState
	}{
		"paused": {(*schedules).pause, tenants.RunAsking}, "cancelled": {(*schedules).cancel, tenants.RunCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSchedules(t, tenantstest.NewDB(t))
			s.engine.asks = 2
			g := s.gateAt(1)
			s.work()
			run := s.start()
			g.wait(t)
			test.interrupt(s, run.ID)
			close(g.release)
			s.waitRun(run.ID, test.want)
			if left := s.pending(); len(left) != 0 {
				t.Errorf("jobs %v", left)
			}
		})
	}
}

// TestLostEntryOfAnAnswer: the answer is in SQL, and its job comes into Redis although the process
// ended between the two.
func TestLostEntryOfAnAnswer(t *testing.T) {
	s, run := newAsking(t, tenantstest.NewDB(t))
	err := s.db.Tx(s.ctx, func(tx *tenants.DB) error { // AnswerRun up to its commit
		have, err := lockRun(s.ctx, tx, run.ID)
		if err != nil {
			return err
		}
		_, err = s.svc.goOn(s.ctx, tx, have)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.clock.set(time.Now().Add(time.Minute)) // the row is old enough for the sweeper
	s.w.sweep(t.Context())
	for lease := s.claim(); lease.ID != runJobID(run.ID, 2); lease = s.claim() {
		t.Logf("first comes %s", lease.ID) // upkeep of the store, which is due by now
	}
}

// TestAnsweredInThePreview: who starts a run from a preview that showed a question has answered it, as
// far as it was about so many records of the same flow.
func TestAnsweredInThePreview(t *testing.T) {
	s := newSchedules(t, tenantstest.NewDB(t))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	preview := &tenants.Run{ID: tenants.NewID(), StoreHash: testStore, FlowID: s.flow.ID, Kind: s.flow.Kind, State: tenants.RunDone, DryRun: true,
		FlowVersion: s.flow.Version, Question: &tenants.Question{Guard: "left_out", Count: 147, Of: 2046}}
	must(s.db.CreateRun(s.ctx, preview))
	real := &tenants.Run{ID: tenants.NewID(), StoreHash: testStore, FlowID: s.flow.ID, Kind: s.flow.Kind, State: tenants.RunDone, FlowVersion: s.flow.Version}
	must(s.db.CreateRun(s.ctx, real))

	started := func(of string) []tenants.Answer {
		t.Helper()
		run, err := s.svc.StartRun(s.ctx, StartRun{FlowID: s.flow.ID, Preview: of, Trigger: "manual", StartedBy: "u1"})
		must(err)
		kept, err := s.db.Run(s.ctx, run.ID)
		must(err)
		s.finish()
		return kept.Answers
	}
	if got := started(preview.ID); len(got) != 1 || got[0].Guard != "left_out" || got[0].Count != 147 || got[0].By != "user:u1" || !got[0].At.Equal(got[0].AskedAt) {
		t.Errorf("answers %+v", got)
	}
	if got := started(""); len(got) != 0 {
		t.Errorf("a run of its own begins with answers %+v", got)
	}
	if _, err := s.svc.StartRun(s.ctx, StartRun{FlowID: s.flow.ID, Preview: real.ID}); problem.CodeOf(err) != problem.Invalid {
		t.Errorf("a run instead of a preview: %v", err)
	}
	must(s.db.Scoped(s.ctx).Model(&tenants.Flow{}).Where("id = ?", s.flow.ID).Update("version", s.flow.Version+1).Error)
	if got := started(preview.ID); len(got) != 0 {
		t.Errorf("another flow than was previewed begins with answers %+v", got)
	}
}
