package jobs

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/testenv"
	"sluice/tenants"
)

func TestHousekeeping(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.install("other1")
	old, fresh := time.Now().Add(-30*24*time.Hour), time.Now()
	rows := []tenants.Job{
		{ID: "old-done", Kind: "x", State: tenants.JobDone, UpdatedAt: old},
		{ID: "old-dead", Kind: "x", State: tenants.JobDead, UpdatedAt: old},
		{ID: "old-pending", Kind: kindEvent, Payload: "{}", State: tenants.JobPending, RunAt: fresh.Add(time.Hour), UpdatedAt: old},
		{ID: "new-done", Kind: "x", State: tenants.JobDone, UpdatedAt: fresh},
	}
	if err := e.db.Scoped(e.ctx).Create(&rows).Error; err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"old-dead", "new-done"} {
		attempt := tenants.JobAttempt{ID: tenants.NewID(), JobID: id, Attempt: 1, FailedAt: old}
		if err := e.db.Scoped(e.ctx).Create(&attempt).Error; err != nil {
			t.Fatal(err)
		}
	}
	events := []tenants.WebhookEvent{{DeliveryID: "old", ReceivedAt: old}, {DeliveryID: "new", ReceivedAt: fresh}}
	if err := e.db.Scoped(e.ctx).Create(&events).Error; err != nil {
		t.Fatal(err)
	}
	minutes := []tenants.QuotaMinute{
		tenants.NewQuotaMinute(testStore, old.Add(-time.Minute)), tenants.NewQuotaMinute(testStore, old.Add(time.Hour)), tenants.NewQuotaMinute("other1", fresh),
	}
	if err := e.db.SaveQuotaMinutes(t.Context(), minutes); err != nil {
		t.Fatal(err)
	}
	for i, at := range []time.Time{fresh.Add(-tenants.SignInsKept - time.Hour), fresh} {
		if err := e.db.RecordSignIn(e.ctx, tenants.SignIn{At: at, Method: tenants.MethodSSO, Result: tenants.SignInOK, CustomerID: int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	e.work()
	testenv.Eventually(t, "housekeeping done", func() bool {
		for _, row := range e.jobRows(SystemStore) {
			if row.Kind == kindHousekeeping {
				return row.State == tenants.JobDone
			}
		}
		return false
	})
	var kept []tenants.QuotaMinute
	if err := e.db.AcrossStores(t.Context()).Order("minute").Find(&kept).Error; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(minutes[1:], kept); diff != "" {
		t.Errorf("quota minutes left (-want +got):\n%s", diff)
	}
	if left, _, err := e.db.SignIns(e.ctx, tenants.Page{}); err != nil || len(left) != 1 || left[0].CustomerID != 1 {
		t.Errorf("sign-ins left: %+v, %v", left, err)
	}
	var ids []string
	checks := map[string]int{}
	for id, row := range e.jobRows(testStore) {
		every := map[string]time.Duration{kindHooksRegister: day, kindStorefrontChannels: day}[row.Kind]
		if every > 0 {
			checks[row.Kind]++
			if wait := time.Until(row.RunAt); wait < 0 || wait > 2*every {
				t.Errorf("%s in %s", row.Kind, wait)
			}
			continue
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if diff := cmp.Diff([]string{"new-done", "old-pending"}, ids); diff != "" {
		t.Errorf("jobs left (-want +got):\n%s", diff)
	}
	var attempts []string
	if err := e.db.Scoped(e.ctx).Model(&tenants.JobAttempt{}).Pluck("job_id", &attempts).Error; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"new-done"}, attempts); diff != "" {
		t.Errorf("history left (-want +got):\n%s", diff)
	}
	if len(checks) != 2 || checks[kindHooksRegister] != 1 || checks[kindStorefrontChannels] != 1 || len(e.jobRows("other1")) != 2 {
		t.Errorf("checks %v, and %d of the other store", checks, len(e.jobRows("other1")))
	}
	if left := e.events(testStore); len(left) != 1 || left[0].DeliveryID != "new" {
		t.Errorf("events left: %v", left)
	}
	// Another process, the same hour: no second job.
	if err := NewWorkers(e.cfg).doHousekeeping(e.ctx, &job{log: e.cfg.Log}); err != nil {
		t.Error(err)
	}
	NewWorkers(e.cfg).scheduleHousekeeping(t.Context())
	if n := len(e.jobRows(SystemStore)); n != 1 {
		t.Errorf("%d housekeeping jobs in one hour", n)
	}
}
