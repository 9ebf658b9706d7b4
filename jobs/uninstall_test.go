package jobs

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/problem"
	"sluice/internal/testenv"
	"sluice/tenants"
)

// tokens answers whether BigCommerce accepts a store's token.
type tokens struct {
	ClientFactory
	answer func(*tenants.Store) (bool, error)
}

func (t tokens) Accepted(_ context.Context, s *tenants.Store) (bool, error) { return t.answer(s) }

// looker carries the questions for later out, each at its time, in simulated time.
type looker struct {
	*env
	w     *Workers
	now   time.Time
	asked []time.Duration // when BigCommerce was asked, after the beginning
}

func newLooker(t *testing.T, answer func(l *looker, s *tenants.Store) (bool, error)) *looker {
	l := &looker{env: newEnv(t, testenv.EmbeddedRedis(t)), now: time.Now().Truncate(time.Microsecond)}
	start := l.now
	l.cfg.Now = func() time.Time { return l.now }
	l.cfg.Clients = tokens{l.cfg.Clients, func(s *tenants.Store) (bool, error) {
		l.asked = append(l.asked, l.now.Sub(start))
		return answer(l, s)
	}}
	l.w = NewWorkers(l.cfg)
	l.svc = l.w.s
	l.ready()
	return l
}

// ask is the callback /uninstall, as far as it is jobs'.
func (l *looker) ask() {
	l.t.Helper()
	err := l.db.Tx(l.ctx, func(tx *tenants.DB) error { return l.svc.UninstallAsked(l.ctx, tx, testStore) })
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *looker) pending() []tenants.Job {
	l.t.Helper()
	var rows []tenants.Job
	ctx := tenants.WithStore(l.t.Context(), SystemStore)
	err := l.db.Scoped(ctx).Where("kind = ? AND state = ?", kindUninstallLook, tenants.JobPending).Order("run_at").Find(&rows).Error
	if err != nil {
		l.t.Fatal(err)
	}
	return rows
}

// look carries the pending question out, twice as a worker does that dies before it has said so;
// false if none is pending.
func (l *looker) look() bool {
	l.t.Helper()
	rows := l.pending()
	if len(rows) == 0 {
		return false
	}
	if len(rows) > 1 {
		l.t.Fatalf("%d questions are pending", len(rows))
	}
	if rows[0].RunAt.After(l.now) {
		l.now = rows[0].RunAt
	}
	ctx := tenants.WithStore(l.t.Context(), SystemStore)
	for range 2 {
		if err := l.w.doUninstallLook(ctx, &job{row: &rows[0], log: l.cfg.Log}); err != nil {
			l.t.Fatal(err)
		}
	}
	if err := finishRow(ctx, l.db, rows[0].ID, tenants.JobDone, ""); err != nil {
		l.t.Fatal(err)
	}
	return true
}

func (l *looker) state() tenants.StoreState {
	l.t.Helper()
	s, err := l.db.Store(l.ctx, testStore)
	if err != nil {
		l.t.Fatal(err)
	}
	return s.State
}

// inOrder leaves out that each question was carried out twice.
func inOrder(asked []time.Duration) []time.Duration { return slices.Compact(asked) }

// TestAnUninstallThatNobodyMeantIsForgotten after a day of questions that BigCommerce answers with
// yes.
func TestAnUninstallThatNobodyMeantIsForgotten(t *testing.T) {
	l := newLooker(t, func(*looker, *tenants.Store) (bool, error) { return true, nil })
	l.ask()
	for l.look() {
	}
	if !slices.Equal(inOrder(l.asked), uninstallLooks) {
		t.Errorf("asked after %v", inOrder(l.asked))
	}
	if l.state() != tenants.StoreActive || !slices.Contains(l.audited(), "store.uninstall_forgotten") {
		t.Errorf("the store is %s; audit %v", l.state(), l.audited())
	}
}

// TestATokenThatIsRevokedAfterTheCallback: the store goes at the next question, whichever it is.
func TestATokenThatIsRevokedAfterTheCallback(t *testing.T) {
	for looks := range uninstallLooks {
		revoked := uninstallLooks[looks] - time.Second
		var began time.Time
		l := newLooker(t, func(l *looker, _ *tenants.Store) (bool, error) { return l.now.Before(began.Add(revoked)), nil })
		began = l.now
		run := l.start()
		l.ask()
		for l.look() {
		}
		if l.state() != tenants.StoreUninstalled || l.run(run.ID).State != tenants.RunCancelled {
			t.Errorf("revoked after %v: the store is %s, its run %s", revoked, l.state(), l.run(run.ID).State)
		}
		if n := len(l.asked); n == 0 || l.asked[n-1] != uninstallLooks[looks] {
			t.Errorf("revoked after %v: BigCommerce was asked after %v", revoked, l.asked)
		}
		if !slices.Contains(l.audited(), "store.uninstalled") {
			t.Errorf("audit %v", l.audited())
		}
		purges := 0
		for _, row := range l.jobRows(SystemStore) {
			if row.Kind == kindStorePurge {
				purges++
			}
		}
		if purges != 1 {
			t.Errorf("%d purges", purges)
		}
	}
}

// TestBigCommerceIsAwayForAWeek: a real uninstall is not forgotten because nobody answered.
func TestBigCommerceIsAwayForAWeek(t *testing.T) {
	var back time.Time
	l := newLooker(t, func(l *looker, _ *tenants.Store) (bool, error) {
		if l.now.Before(back) {
			return false, errors.New("no answer")
		}
		return false, nil
	})
	back = l.now.Add(7 * day)
	l.ask()
	for l.look() {
		if l.now.Before(back) && l.state() != tenants.StoreActive {
			t.Fatal("uninstalled without an answer")
		}
	}
	if l.state() != tenants.StoreUninstalled || l.now.Sub(back) > uninstallUnanswered {
		t.Errorf("the store is %s, %v after BigCommerce came back", l.state(), l.now.Sub(back))
	}
}

// TestAskedAgain: there is one question at a time, and the newest uninstall that was asked for is
// asked about soon.
func TestAskedAgain(t *testing.T) {
	l := newLooker(t, func(*looker, *tenants.Store) (bool, error) { return true, nil })
	for range 50 {
		l.ask()
	}
	if n := len(l.jobRows(SystemStore)); n != 1 {
		t.Errorf("%d rows for 50 uninstalls that were asked for at once", n)
	}
	for range 4 {
		l.look()
	}
	if next := l.pending()[0].RunAt.Sub(l.now); next < time.Hour {
		t.Fatalf("the next question is in %v", next)
	}
	l.ask()
	if rows := l.pending(); len(rows) != 1 || rows[0].RunAt.Sub(l.now) > uninstallLooks[0] {
		t.Errorf("asked again: %d questions, the next in %v", len(rows), rows[0].RunAt.Sub(l.now))
	}
}

// TestTheQuestionIsAboutOneInstall: a store that was installed again is not asked about, though its
// new token be refused.
func TestTheQuestionIsAboutOneInstall(t *testing.T) {
	l := newLooker(t, func(*looker, *tenants.Store) (bool, error) { return false, nil })
	l.ask()
	l.install(testStore)
	l.look()
	if l.state() != tenants.StoreActive || len(l.asked) != 0 || len(l.pending()) != 0 {
		t.Errorf("the store is %s, BigCommerce was asked %d times, %d questions are left", l.state(), len(l.asked), len(l.pending()))
	}
}

// TestATokenThatChangesWhileItIsAsked is asked about anew: sealed with another key, it is the same
// one.
func TestATokenThatChangesWhileItIsAsked(t *testing.T) {
	rotated := false
	l := newLooker(t, func(l *looker, s *tenants.Store) (bool, error) {
		if !rotated {
			rotated = true
			if err := l.db.AcrossStores(l.ctx).Model(&tenants.Store{}).Where("hash = ?", s.Hash).Update("access_token", []byte("sealed anew")).Error; err != nil {
				l.t.Fatal(err)
			}
		}
		return false, nil
	})
	l.ask()
	for l.look() {
	}
	if l.state() != tenants.StoreUninstalled {
		t.Errorf("the store is %s", l.state())
	}
}

// TestStoresOfTheirCredentialsAreAsked as well: nobody's payload ends them while their API account
// works.
func TestStoresOfTheirCredentialsAreAsked(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	a := e.withAPI()
	ask := func() (bool, error) {
		s, err := e.db.Store(e.ctx, testStore)
		if err != nil {
			t.Fatal(err)
		}
		return e.svc.Accepted(e.ctx, s)
	}
	e.ready()
	_, err := e.db.UpsertInstalledStore(e.ctx, tenants.Install{StoreHash: testStore, AccessToken: "of-the-account", Origin: tenants.OriginCredentials})
	if err != nil {
		t.Fatal(err)
	}
	if accepted, err := ask(); !accepted || err != nil {
		t.Errorf("%v, %v", accepted, err)
	}
	// A store that needs a reinstall is asked with the token that it has: scopes may be missing, no
	// more.
	if _, err := e.db.MarkNeedsReinstall(e.ctx, testStore, "scopes are missing"); err != nil {
		t.Fatal(err)
	}
	if accepted, err := ask(); !accepted || err != nil {
		t.Errorf("needs a reinstall: %v, %v", accepted, err)
	}
	a.revoked = true
	if accepted, err := ask(); accepted || err != nil {
		t.Errorf("revoked: %v, %v", accepted, err)
	}
	for _, call := range a.calls {
		if call != "GET /v2/store" {
			t.Errorf("asked with %s", call)
		}
	}
}

// TestTheQuestionWaitsForNobody: without quota, and without Redis, there is no answer within
// seconds, and no uninstall.
func TestTheQuestionWaitsForNobody(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.withAPI().revoked = true
	store, err := e.db.Store(e.ctx, testStore)
	if err != nil {
		t.Fatal(err)
	}
	e.ready()
	if err := e.rdb.Close(); err != nil {
		t.Fatal(err)
	}
	if accepted, err := e.svc.Accepted(e.ctx, store); err == nil {
		t.Errorf("without Redis: %v", accepted)
	}
}

// TestAQuestionSurvivesTheProcess: nothing but the row is left of the process that was asked, and
// the workers of another carry it out.
func TestAQuestionSurvivesTheProcess(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.withAPI().revoked = true
	past := e.cfg
	past.Now = func() time.Time { return time.Now().Add(-time.Minute) }
	asked := NewService(past)
	if err := e.db.Tx(e.ctx, func(tx *tenants.DB) error { return asked.UninstallAsked(e.ctx, tx, testStore) }); err != nil {
		t.Fatal(err)
	}
	e.work()
	testenv.Eventually(t, "the store is uninstalled", func() bool {
		s, err := e.db.Store(e.ctx, testStore)
		return err == nil && s.State == tenants.StoreUninstalled
	})
	testenv.Eventually(t, "the question is done", func() bool {
		for id, row := range e.jobRows(SystemStore) {
			if strings.HasPrefix(id, "look:") {
				return row.State == tenants.JobDone
			}
		}
		return false
	})
}

// TestTheEndOfWorkIsOfStoresThatLeft: told of a store that came back, nothing ends.
func TestTheEndOfWorkIsOfStoresThatLeft(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	run := e.start()
	for _, hash := range []string{testStore, "unknown1"} {
		if err := e.svc.Uninstalled(t.Context(), hash); err != nil {
			t.Error(err)
		}
	}
	s, err := e.db.Store(e.ctx, testStore)
	if err != nil || s.State != tenants.StoreActive || e.run(run.ID).State != tenants.RunQueued {
		t.Errorf("the store is %s, its run %s, %v", s.State, e.run(run.ID).State, err)
	}
	if _, err := e.db.Store(t.Context(), "unknown1"); problem.CodeOf(err) != problem.NotFound {
		t.Error(err)
	}
}

func TestUninstallAndPurge(t *testing.T) {
	for name, back := range map[string]bool{"the store stays away": false, "the store comes back": true} {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t, testenv.EmbeddedRedis(t))
			e.withAPI()
			e.cfg.PurgeAfter = time.Millisecond
			e.svc = NewService(e.cfg)
			run := e.start()
			for range 2 { // told twice: by the callback and by the webhook
				if err := e.svc.Uninstall(t.Context(), testStore); err != nil {
					t.Fatal(err)
				}
			}
			if got := e.run(run.ID); got.State != tenants.RunCancelled || got.FinishedAt == nil {
				t.Errorf("run is %s", got.State)
			}
			if row := e.jobRows(testStore)[runJobID(run.ID, 0)]; row.State != tenants.JobDropped {
				t.Errorf("row is %s", row.State)
			}
			if n := len(e.jobRows(SystemStore)); n != 1 {
				t.Errorf("%d purges planned", n)
			}
			if back {
				e.install(testStore)
				if err := e.svc.Installed(t.Context(), testStore); err != nil {
					t.Fatal(err)
				}
			}
			e.work()
			testenv.Eventually(t, "purge job done", func() bool {
				for _, row := range e.jobRows(SystemStore) {
					if row.Kind == kindStorePurge {
						return row.State == tenants.JobDone
					}
				}
				return false
			})
			_, err := e.db.Store(t.Context(), testStore)
			if gone := problem.CodeOf(err) == problem.NotFound; gone == back {
				t.Errorf("store: %v", err)
			}
			if !back {
				if err := e.svc.Uninstall(t.Context(), testStore); err != nil {
					t.Errorf("an uninstall of a store nobody knows: %v", err)
				}
			}
		})
	}
}
