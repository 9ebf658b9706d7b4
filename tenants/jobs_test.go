package tenants_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/testenv"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

func jobRow(store, id string, state tenants.JobState) *tenants.Job {
	return &tenants.Job{ID: id, StoreHash: store, Kind: "k", State: state, Payload: "{}", RunAt: quotaDay}
}

// odd is an id that needs quoting in every syntax that lists go through.
const odd = `a"b\c{,}'d`

// A job is kept with every field as it was, whichever way the database takes it.
func TestInsertedJobsAreWhole(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		installed(t, db, "aaa")
		full := &tenants.Job{
			ID: odd, StoreHash: "aaa", Kind: "kind", State: tenants.JobPending, Payload: `{"name":"Łódź \u0000 \\ \"","n":1e400}`, Lane: "lane", Class: "class", Cost: 7,
			Coalesce: "key", RunAt: quotaDay.Add(1234567 * time.Microsecond), Attempts: 3, LastError: "it's\nso", Trace: "00-trace", CreatedAt: quotaDay, UpdatedAt: quotaDay.Add(time.Second),
		}
		for field, value := range reflect.ValueOf(*full).Fields() {
			if value.IsZero() {
				t.Fatalf("%s has no value to look for", field.Name)
			}
		}
		want := *full
		plain := jobRow("aaa", "plain", tenants.JobPending)
		before := time.Now().Add(-time.Second)
		if n, err := db.InsertJobs(t.Context(), []*tenants.Job{full, plain}); err != nil || n != 2 {
			t.Fatal(n, err)
		}
		found, err := db.JobsByID(t.Context(), []string{odd, "plain"})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, found[odd]); diff != "" {
			t.Errorf("the job (-want +got):\n%s", diff)
		}
		if got := found["plain"]; got.CreatedAt.Before(before) || !got.CreatedAt.Equal(got.UpdatedAt) || !got.CreatedAt.Equal(plain.CreatedAt) {
			t.Errorf("created %v (told %v), updated %v", got.CreatedAt, plain.CreatedAt, got.UpdatedAt)
		}
	})
}

func TestJobsOfManyStores(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		installed(t, db, "aaa", "bbb")
		insert := func(want int64, rows ...*tenants.Job) {
			t.Helper()
			n, err := db.InsertJobs(t.Context(), rows)
			if err != nil || n != want {
				t.Errorf("InsertJobs = %d, %v, want %d", n, err, want)
			}
		}
		insert(4, jobRow("aaa", "1", tenants.JobPending), jobRow("bbb", odd, tenants.JobPending), jobRow("aaa", "2", tenants.JobDropped), jobRow("aaa", "3", tenants.JobPending))
		insert(1, jobRow("bbb", "1", tenants.JobPending), jobRow("bbb", "4", tenants.JobPending)) // "1" is aaa's
		insert(0)
		if _, err := db.InsertJobs(t.Context(), []*tenants.Job{jobRow("", "5", tenants.JobPending)}); !errors.Is(err, tenants.ErrNoScope) {
			t.Errorf("a job without a store: %v", err)
		}
		done, err := db.FinishJobs(t.Context(), []string{"1", odd, "2", "none"})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]bool{"1": true, odd: true}, done); diff != "" {
			t.Errorf("finished (-want +got):\n%s", diff)
		}
		if again, err := db.FinishJobs(t.Context(), []string{"1", odd}); err != nil || len(again) > 0 {
			t.Errorf("finished again: %v, %v", again, err)
		}
		found, err := db.JobsByID(t.Context(), []string{"1", odd, "2", "3", "4", "none"})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for id, r := range found {
			got[id] = fmt.Sprint(r.StoreHash, " ", r.State)
		}
		want := map[string]string{"1": "aaa done", odd: "bbb done", "2": "aaa dropped", "3": "aaa pending", "4": "bbb pending"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("jobs (-want +got):\n%s", diff)
		}
		stores, err := db.StoresByHash(t.Context(), []string{"bbb", "ccc", "aaa"})
		if err != nil || len(stores) != 2 || stores["aaa"].Hash != "aaa" || stores["bbb"].Hash != "bbb" {
			t.Errorf("StoresByHash = %v, %v", stores, err)
		}
		if none, err := db.StoresByHash(t.Context(), nil); err != nil || len(none) > 0 {
			t.Errorf("StoresByHash of none = %v, %v", none, err)
		}
	})
}

func TestWebhooksOfManyStores(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		installed(t, db, "aaa", "bbb")
		hook := func(store, id string) *tenants.WebhookEvent {
			return &tenants.WebhookEvent{StoreHash: store, DeliveryID: id, Scope: "s", Body: "{}", ReceivedAt: quotaDay}
		}
		if n, err := db.InsertWebhooks(t.Context(), []*tenants.WebhookEvent{hook("aaa", "1"), hook("bbb", "1"), hook("aaa", odd), hook("aaa", "1")}); err != nil || n != 3 {
			t.Errorf("InsertWebhooks = %d, %v, want 3", n, err)
		}
		if _, err := db.InsertWebhooks(t.Context(), []*tenants.WebhookEvent{hook("", "5")}); !errors.Is(err, tenants.ErrNoScope) {
			t.Errorf("a webhook without a store: %v", err)
		}
		at := quotaDay.Add(time.Hour)
		err := db.HandledWebhooks(t.Context(), []tenants.Delivery{{StoreHash: "aaa", DeliveryID: odd}, {StoreHash: "bbb", DeliveryID: "1"}, {StoreHash: "bbb", DeliveryID: odd}}, at)
		if err != nil {
			t.Fatal(err)
		}
		var rows []tenants.WebhookEvent
		if err := db.AcrossStores(t.Context()).Order("store_hash, delivery_id").Find(&rows).Error; err != nil {
			t.Fatal(err)
		}
		got := map[tenants.Delivery]bool{}
		for _, r := range rows {
			got[tenants.Delivery{StoreHash: r.StoreHash, DeliveryID: r.DeliveryID}] = r.HandledAt != nil && r.HandledAt.Equal(at)
		}
		want := map[tenants.Delivery]bool{{StoreHash: "aaa", DeliveryID: "1"}: false, {StoreHash: "aaa", DeliveryID: odd}: true, {StoreHash: "bbb", DeliveryID: "1"}: true}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("handled (-want +got):\n%s", diff)
		}
	})
}

// A product of one store is not another's, though both have the same id.
func TestForgetDeleted(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		installed(t, db, "aaa", "bbb")
		for _, store := range []string{"aaa", "bbb"} {
			records := []tenants.Record{
				{Kind: "products", FlowID: store + "1", Key: "k", TargetID: 7, SourceHash: "h", State: "ok"},
				{Kind: "products", FlowID: store + "2", Key: "k", TargetID: 7, SourceHash: "h", State: "ok"},
				{Kind: "products", FlowID: store + "1", Key: "l", TargetID: 8, SourceHash: "h", State: "ok"},
				{Kind: "customers", FlowID: store + "3", Key: "k", TargetID: 7, SourceHash: "h", State: "ok"}, // another record of the same id
			}
			if err := db.UpsertRecords(tenants.WithStore(t.Context(), store), records); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.ForgetDeleted(t.Context(), []tenants.DeletedRecord{{StoreHash: "aaa", Kind: "products", TargetID: 7}, {StoreHash: "bbb", Kind: "products", TargetID: 8}, {StoreHash: "bbb", Kind: "products", TargetID: 9}}); err != nil {
			t.Fatal(err)
		}
		var rows []tenants.Record
		if err := db.AcrossStores(t.Context()).Find(&rows).Error; err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, r := range rows {
			got[r.FlowID+" "+r.Key] = fmt.Sprintf("%d %s", r.TargetID, r.SourceHash)
		}
		want := map[string]string{"aaa1 k": "0 ", "aaa2 k": "0 ", "aaa1 l": "8 h", "bbb1 k": "7 h", "bbb2 k": "7 h", "bbb1 l": "0 ", "aaa3 k": "7 h", "bbb3 k": "7 h"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
	})
}

// TestForgetDeletedTakesRowsInOrder: it waits for the first of the records, as those do who write
// them, and holds none of the others meanwhile. PostgreSQL would end one of two that wait for each
// other.
func TestForgetDeletedTakesRowsInOrder(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		write := func(db *tenants.DB, key string) error {
			return db.UpsertRecords(ctx, []tenants.Record{{Kind: "products", FlowID: "f", Key: key, TargetID: int64(key[0])}})
		}
		for _, key := range []string{"z", "a"} { // the last one is found first
			if err := write(db, key); err != nil {
				t.Fatal(err)
			}
		}
		forgotten := make(chan error, 1)
		err := db.Tx(ctx, func(tx *tenants.DB) error {
			if err := write(tx, "a"); err != nil {
				return err
			}
			go func() {
				forgotten <- db.ForgetDeleted(ctx, []tenants.DeletedRecord{{StoreHash: "aaa", Kind: "products", TargetID: 'z'}, {StoreHash: "aaa", Kind: "products", TargetID: 'a'}})
			}()
			awaitBlocked(t, db, tx)
			return write(tx, "z")
		})
		if err := errors.Join(err, <-forgotten); err != nil {
			t.Error(err)
		}
	})
}

// awaitBlocked waits until another transaction waits for a lock of tx. In SQLite there is only one
// at a time.
func awaitBlocked(t *testing.T, db, tx *tenants.DB) {
	t.Helper()
	ctx := t.Context()
	if db.AcrossStores(ctx).Name() != "postgres" {
		return
	}
	var ours int
	if err := tx.AcrossStores(ctx).Raw("SELECT pg_backend_pid()").Scan(&ours).Error; err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, "a transaction that waits for the row", func() bool {
		var blocked int
		// Not by tx: it would see who was there when it first looked.
		if err := db.AcrossStores(ctx).Raw("SELECT count(*) FROM pg_stat_activity WHERE ? = ANY(pg_blocking_pids(pid))", ours).Scan(&blocked).Error; err != nil {
			t.Fatal(err)
		}
		return blocked > 0
	})
}
