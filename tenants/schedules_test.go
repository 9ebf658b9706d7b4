package tenants_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/problem"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

func scheduledFlow(t *testing.T, db *tenants.DB, store string, at time.Time) *tenants.Flow {
	t.Helper()
	ctx := tenants.WithStore(t.Context(), store)
	f := &tenants.Flow{Kind: "products", Name: "Parts"}
	if err := db.CreateFlow(ctx, f); err != nil {
		t.Fatal(err)
	}
	if err := db.SetSchedule(ctx, tenants.TimetableRuns, f.ID, "0 2 * * *", true, &at); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSchedules(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		now := time.Date(2026, 11, 22, 2, 0, 0, 123456000, time.UTC)
		for _, store := range []string{"aaa", "bbb", "ccc"} {
			_, err := db.UpsertInstalledStore(tenants.WithStore(t.Context(), store), tenants.Install{StoreHash: store, AccessToken: "t", Origin: tenants.OriginMarketplace})
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := db.MarkNeedsReinstall(t.Context(), "ccc", "x"); err != nil {
			t.Fatal(err)
		}
		a := scheduledFlow(t, db, "aaa", now)
		b := scheduledFlow(t, db, "bbb", now.Add(-time.Hour))
		paused := scheduledFlow(t, db, "ccc", now.Add(-time.Hour))
		later := scheduledFlow(t, db, "aaa", now.Add(time.Microsecond))
		off := scheduledFlow(t, db, "aaa", now)
		ctx := tenants.WithStore(t.Context(), "aaa")
		if err := db.SetSchedule(ctx, tenants.TimetableRuns, off.ID, "0 3 * * *", false, &now); err != nil {
			t.Fatal(err)
		}
		if f, err := db.Flow(ctx, off.ID); err != nil || f.NextRunAt != nil || f.ScheduleEnabled || f.Schedule != "0 3 * * *" {
			t.Errorf("turned off: %+v, %v", f, err)
		}

		var got []string
		var last *tenants.DueFlow
		for {
			due, err := db.DueFlows(t.Context(), tenants.TimetableRuns, now, last, 1)
			if err != nil {
				t.Fatal(err)
			}
			if len(due) == 0 {
				break
			}
			last = &due[0]
			got = append(got, last.StoreHash+" "+last.ID)
		}
		if len(got) != 2 || got[0] != "bbb "+b.ID || got[1] != "aaa "+a.ID {
			t.Errorf("due: %v (paused %s, later %s)", got, paused.ID, later.ID)
		}

		// One of many claims it, and nobody claims what is another store's, later, or off.
		var claimed atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				ok, err := db.ClaimSchedule(ctx, tenants.TimetableRuns, a.ID, now, now.Add(24*time.Hour))
				if err != nil {
					t.Error(err)
				}
				if ok {
					claimed.Add(1)
				}
			})
		}
		wg.Wait()
		if n := claimed.Load(); n != 1 {
			t.Errorf("claimed %d times", n)
		}
		for name, id := range map[string]string{"another store's": b.ID, "later": later.ID, "off": off.ID, "gone": "x"} {
			if ok, err := db.ClaimSchedule(ctx, tenants.TimetableRuns, id, now, now.Add(time.Hour)); ok || err != nil {
				t.Errorf("%s: claimed %v, %v", name, ok, err)
			}
		}
		f, err := db.Flow(ctx, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !f.NextRunAt.Equal(now.Add(24*time.Hour)) || !f.LastScheduledAt.Equal(now) || f.Version != a.Version {
			t.Errorf("after the claim: %v, %v, version %d", f.NextRunAt, f.LastScheduledAt, f.Version)
		}

		// A merchant who saves what they read before the claim does not turn the clock back.
		a.Name = "Renamed"
		if err := db.UpdateFlow(ctx, a); err != nil {
			t.Fatal(err)
		}
		if f, err = db.Flow(ctx, a.ID); err != nil || f.Name != "Renamed" || f.NextRunAt == nil || !f.NextRunAt.Equal(now.Add(24*time.Hour)) {
			t.Errorf("after saving: %+v, %v", f, err)
		}
		if flows, err := db.ScheduledFlows(ctx); err != nil || len(flows) != 2 {
			t.Errorf("scheduled flows: %d, %v", len(flows), err)
		}
		if err := db.SetSchedule(ctx, tenants.TimetableRuns, b.ID, "", false, nil); problem.CodeOf(err) != problem.NotFound {
			t.Errorf("another store's flow: %v", err)
		}
	})
}

// TestTimetablesAreApart: what is set, due and claimed of one of a flow's schedules leaves the
// other alone.
func TestTimetablesAreApart(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		now := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
		ctx := tenants.WithStore(t.Context(), "aaa")
		if _, err := db.UpsertInstalledStore(ctx, tenants.Install{StoreHash: "aaa", AccessToken: "t", Origin: tenants.OriginMarketplace}); err != nil {
			t.Fatal(err)
		}
		for i, which := range tenants.Timetables {
			other := tenants.Timetables[1-i]
			f := &tenants.Flow{Kind: "products", Name: "Parts"}
			if err := db.CreateFlow(ctx, f); err != nil {
				t.Fatal(err)
			}
			if err := db.SetSchedule(ctx, which, f.ID, "0 2 * * *", true, &now); err != nil {
				t.Fatal(err)
			}
			if due, err := db.DueFlows(t.Context(), other, now, nil, 10); err != nil || len(due) != 0 {
				t.Errorf("%s: due of the other: %v, %v", which, due, err)
			}
			due, err := db.DueFlows(t.Context(), which, now, nil, 10)
			if err != nil || len(due) != 1 || due[0].ID != f.ID || due[0].StoreHash != "aaa" || !due[0].Next.Equal(now) {
				t.Errorf("%s: due %+v, %v", which, due, err)
			}
			if flows, err := db.ScheduledFlows(ctx); err != nil || len(flows) != i+1 {
				t.Errorf("%s: %d scheduled flows, %v", which, len(flows), err)
			}
			if ok, err := db.ClaimSchedule(ctx, other, f.ID, now, now.Add(time.Hour)); ok || err != nil {
				t.Errorf("%s: claimed the other: %v, %v", which, ok, err)
			}
			if ok, err := db.ClaimSchedule(ctx, which, f.ID, now, now.Add(time.Hour)); !ok || err != nil {
				t.Errorf("%s: claimed %v, %v", which, ok, err)
			}
			if f, err = db.Flow(ctx, f.ID); err != nil {
				t.Fatal(err)
			}
			if s := f.Timetable(which); s.Cron != "0 2 * * *" || !s.Enabled || !s.Next.Equal(now.Add(time.Hour)) || !s.Last.Equal(now) {
				t.Errorf("%s: %+v", which, s)
			}
			if s := f.Timetable(other); s != (tenants.Schedule{}) {
				t.Errorf("%s: the other is %+v", which, s)
			}
		}
	})
}
