package jobs

import (
	"testing"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/testenv"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// TestWhatMayOpenOrHealAProblemIsLookedAt: each deed that may change what is wrong with a flow has
// it looked at, in its own transaction.
func TestWhatMayOpenOrHealAProblemIsLookedAt(t *testing.T) {
	for name, deed := range map[string]func(s *schedules, run *tenants.Run) error{
		"an answer":    func(s *schedules, run *tenants.Run) error { return s.svc.AnswerRun(s.ctx, run.ID, "lost", true) },
		"a stop":       func(s *schedules, run *tenants.Run) error { return s.svc.AnswerRun(s.ctx, run.ID, "lost", false) },
		"a cancel":     func(s *schedules, run *tenants.Run) error { return s.svc.CancelRun(s.ctx, run.ID) },
		"no access":    func(s *schedules, run *tenants.Run) error { s.pause(run.ID); return nil },
		"access again": func(s *schedules, run *tenants.Run) error { s.reinstall(run.ID); return nil },
		"a saved step": func(s *schedules, run *tenants.Run) error {
			run.State = tenants.RunDone
			return s.db.SaveRunStep(s.ctx, run)
		},
		"a schedule": func(s *schedules, _ *tenants.Run) error {
			return s.db.SetSchedule(s.ctx, tenants.TimetableRuns, s.flow.ID, "0 2 * * *", true, new(time.Now()))
		},
		"a switch": func(s *schedules, _ *tenants.Run) error { return s.db.SwitchFlow(s.ctx, s.flow.ID, new(time.Now())) },
		"a change": func(s *schedules, _ *tenants.Run) error {
			f, err := s.db.Flow(s.ctx, s.flow.ID)
			if err == nil {
				err = s.db.UpdateFlow(s.ctx, f)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, run := newAsking(t, tenantstest.NewDB(t))
			run = s.run(run.ID)
			far := time.Now().Add(1000 * time.Hour)
			if err := s.db.NextCheck(s.ctx, s.flow.ID, far); err != nil {
				t.Fatal(err)
			}
			if err := deed(s, run); err != nil {
				t.Fatal(err)
			}
			held, err := s.db.HoldCheck(s.ctx, s.flow.ID, time.Now().Add(time.Hour))
			if err != nil || !held {
				t.Errorf("nobody looks: %v", err)
			}
		})
	}
}

// TestWorkersLookAndTellPanels: a store that needs a reinstall, until it has had it.
func TestWorkersLookAndTellPanels(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.ready()
	events, stop, err := e.svc.Watch(t.Context(), testStore)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	e.work(func(c *Config) { c.AttendEvery = 10 * time.Millisecond })
	open := func(want int64) {
		t.Helper()
		testenv.Eventually(t, "the open problems", func() bool {
			n, err := e.db.CountAttention(e.ctx, time.Now())
			return err == nil && n == want
		})
		for late := time.After(10 * time.Second); ; {
			select {
			case event := <-events:
				if event == EventAttention {
					return
				}
			case <-late:
				t.Fatal("no panel was told")
			}
		}
	}
	if err := e.svc.PauseStore(t.Context(), testStore, "The token was refused."); err != nil {
		t.Fatal(err)
	}
	open(1)
	e.install(testStore)
	if err := e.svc.ResumeStore(t.Context(), testStore); err != nil {
		t.Fatal(err)
	}
	open(0)
}

// TestWebhooksThatWereAsleep: whoever looks after the store is told until they were found awake.
func TestWebhooksThatWereAsleep(t *testing.T) {
	m := newMall(t)
	off := func() bool {
		t.Helper()
		store, err := m.db.Store(m.ctx, testStore)
		m.must(err)
		return store.WebhooksOffAt != nil
	}
	looks := func() (n int) {
		for _, row := range m.jobRows(testStore) {
			if row.Kind == kindHooksRegister && time.Until(row.RunAt) > 50*time.Minute {
				n++
			}
		}
		return n
	}
	_, err := m.attemptHooks(testStore)
	m.must(err)
	if off() || looks() != 0 {
		t.Fatalf("new webhooks: off %v, %d looks", off(), looks())
	}
	client, err := m.cfg.Clients.Client(m.ctx, testStore, nil)
	m.must(err)
	for hook, err := range client.Hooks.List(m.ctx) {
		m.must(err)
		_, err = client.Hooks.Update(m.ctx, bigcommerce.Hook{ID: hook.ID, Scope: hook.Scope, Destination: hook.Destination, Headers: hook.Headers, IsActive: false})
		m.must(err)
		break
	}
	for range 2 { // the second time they are awake
		want := !off()
		_, err := m.attemptHooks(testStore)
		m.must(err)
		if off() != want || looks() != 1 {
			t.Fatalf("off: %v, want %v; %d looks", off(), want, looks())
		}
		if held, err := m.db.HoldCheck(m.ctx, "", time.Now().Add(time.Second)); err != nil || !held {
			t.Errorf("nobody looks: %v", err)
		}
		m.must(m.db.NextCheck(m.ctx, "", time.Now().Add(time.Hour)))
	}
}
