package tenants_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/limits"
	"sluice/internal/problem"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// limited gives db limits and returns how often each was reached.
func limited(db *tenants.DB, values map[limits.Name]int64) func(limits.Name) int64 {
	var mu sync.Mutex
	reached := map[limits.Name]int64{}
	db.SetLimits(limits.New(values, func(n limits.Name) { mu.Lock(); defer mu.Unlock(); reached[n]++ }))
	return func(n limits.Name) int64 { mu.Lock(); defer mu.Unlock(); return reached[n] }
}

// atOnce calls add n times at the same time and returns how many succeeded. Any failure but the
// limit's ends the test.
func atOnce(t *testing.T, n int, add func(i int) error) int64 {
	t.Helper()
	var group sync.WaitGroup
	var added atomic.Int64
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			switch err := add(i); {
			case err == nil:
				added.Add(1)
			case problem.CodeOf(err) != problem.LimitReached:
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	close(start)
	group.Wait()
	return added.Load()
}

// TestTheLastPlaceIsTakenOnce: twenty at the same time, room for five.
func TestTheLastPlaceIsTakenOnce(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, bbb := stores(t)
		reached := limited(db, map[limits.Name]int64{limits.Flows: 5, limits.APIKeys: 5, limits.Accounts: 5, limits.Snapshots: 5})
		for name, add := range map[limits.Name]func(ctx context.Context, i int) error{
			limits.Flows: func(ctx context.Context, i int) error {
				return db.CreateFlow(ctx, &tenants.Flow{Kind: "products", Name: fmt.Sprint(i)})
			},
			limits.APIKeys: func(ctx context.Context, i int) error {
				return db.CreateAPIKey(ctx, &tenants.APIKey{Name: fmt.Sprint(i), SecretHash: tenants.StoreHash(ctx) + fmt.Sprint(i)})
			},
			limits.Accounts: func(ctx context.Context, i int) error {
				return db.PutAccounts(ctx, []tenants.Account{{ExternalID: fmt.Sprint(i), CustomerID: 1}})
			},
			limits.Snapshots: func(ctx context.Context, i int) error {
				_, err := db.NewSnapshotWriter(ctx, tenants.Snapshot{})
				return err
			},
		} {
			if n := atOnce(t, 20, func(i int) error { return add(aaa, i) }); n != 5 || reached(name) < 15 {
				t.Errorf("%s: %d were added, and %d refused", name, n, reached(name))
			}
			if err := add(bbb, 0); err != nil {
				t.Errorf("%s of another store: %v", name, err)
			}
		}
	})
}

func TestAccountsAreCountedAsTheyChange(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, _ := stores(t)
		limited(db, map[limits.Name]int64{limits.Accounts: 3, limits.AccountBytes: 1000})
		put := func(accounts ...tenants.Account) problem.Code {
			t.Helper()
			return problem.CodeOf(db.PutAccounts(aaa, accounts))
		}
		account := func(id string, size int) tenants.Account {
			return tenants.Account{ExternalID: id, CustomerID: 1, Fields: map[string]string{"x": strings.Repeat("y", size)}}
		}
		for i, step := range []struct {
			accounts []tenants.Account
			want     problem.Code
		}{
			{[]tenants.Account{account("a", 100), account("b", 100), account("c", 100)}, ""},
			{[]tenants.Account{account("d", 1)}, problem.LimitReached},
			{[]tenants.Account{account("a", 100), account("d", 1)}, problem.LimitReached}, // all or none
			{[]tenants.Account{account("a", 700)}, ""},                                    // a replacement takes the place of what it replaces
			{[]tenants.Account{account("b", 800)}, problem.LimitReached},
			{[]tenants.Account{account("a", 100), account("b", 600)}, ""},
		} {
			if got := put(step.accounts...); got != step.want {
				t.Errorf("step %d: %q, want %q", i, got, step.want)
			}
		}
		if err := db.DeleteAccount(aaa, "b"); err != nil {
			t.Fatal(err)
		}
		if got := put(account("d", 600)); got != "" {
			t.Errorf("in the place of a deleted one: %s", got)
		}
		// What is counted is what is there.
		var usage []tenants.StoreUsage
		if err := db.Scoped(aaa).Find(&usage).Error; err != nil || len(usage) != 1 {
			t.Fatal(usage, err)
		}
		if want := int64(3 + 3*len(`{"x":""}`) + 100 + 100 + 600); usage[0].AccountRows != 3 || usage[0].AccountBytes != want {
			t.Errorf("%+v, want 3 of %d bytes", usage[0], want)
		}
	})
}

// age makes a snapshot as old as if it had been made so long ago.
func age(ctx context.Context, t *testing.T, db *tenants.DB, id string, by time.Duration) {
	t.Helper()
	if err := db.Scoped(ctx).Model(&tenants.Snapshot{}).Where("id = ?", id).Update("created_at", time.Now().UTC().Add(-by)).Error; err != nil {
		t.Fatal(err)
	}
}

func keepFile(ctx context.Context, db *tenants.DB, flow string, size int) (*tenants.Snapshot, error) {
	w, err := db.NewSnapshotWriter(ctx, tenants.Snapshot{FlowID: flow, URL: "https://x.example/" + flow})
	if err != nil {
		return nil, err
	}
	defer func() { _ = w.Abort() }()
	if _, err := io.Copy(w, bytes.NewReader(make([]byte, size))); err != nil {
		return nil, err
	}
	return w.Commit(true, tenants.SnapshotMeta{})
}

// TestFilesMakeRoom: what nothing needs goes, the oldest first; what is needed, or new, stays, and
// then there is no room.
func TestFilesMakeRoom(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, bbb := stores(t)
		const mib = 1 << 20
		reached := limited(db, map[limits.Name]int64{limits.SnapshotBytes: 10 * mib, limits.Snapshots: 100})
		flow := &tenants.Flow{Kind: "products", Name: "x"}
		if err := db.CreateFlow(aaa, flow); err != nil {
			t.Fatal(err)
		}
		must := func(s *tenants.Snapshot, err error) *tenants.Snapshot {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		older := must(keepFile(aaa, db, flow.ID, 3*mib))
		newest := must(keepFile(aaa, db, flow.ID, 3*mib)) // the next conditional fetch needs it
		upload := must(keepFile(aaa, db, "", 2*mib))      // of no flow
		for i, s := range []*tenants.Snapshot{older, newest, upload} {
			age(aaa, t, db, s.ID, time.Duration(9-i)*time.Hour)
		}
		fresh := must(keepFile(aaa, db, "", 2*mib)) // somebody is mapping it

		must(keepFile(aaa, db, "", 2*mib)) // older makes room
		if _, err := db.Snapshot(aaa, older.ID); problem.CodeOf(err) != problem.NotFound {
			t.Errorf("the older copy: %v", err)
		}
		if _, err := db.Snapshot(aaa, upload.ID); err != nil {
			t.Errorf("more went than was asked for: %v", err)
		}
		must(keepFile(aaa, db, "", 3*mib)) // 1 MiB was left; upload makes room
		for _, s := range []*tenants.Snapshot{newest, fresh} {
			if _, err := db.Snapshot(aaa, s.ID); err != nil {
				t.Errorf("a needed or new copy: %v", err)
			}
		}
		if err := db.RoomForSnapshot(aaa, mib); problem.CodeOf(err) != problem.LimitReached {
			t.Errorf("room for a known size: %v", err)
		}
		if s, err := keepFile(aaa, db, "", mib); problem.CodeOf(err) != problem.LimitReached || !strings.Contains(problem.MessageOf(err), "10 MiB") {
			t.Errorf("a file too many: %v, %v", s, err)
		}
		if reached(limits.SnapshotBytes) == 0 {
			t.Error("no refusal was counted")
		}
		must(keepFile(bbb, db, "", 9*mib))
		// A flow that is deleted needs its copies no longer.
		if err := db.DeleteFlow(aaa, flow.ID); err != nil {
			t.Fatal(err)
		}
		must(keepFile(aaa, db, "", mib))
		// Nothing of what was refused was left behind.
		var n int64
		if err := db.Scoped(aaa).Model(&tenants.Snapshot{}).Where("committed_at IS NULL").Count(&n).Error; err != nil || n != 0 {
			t.Errorf("%d rows left, %v", n, err)
		}
	})
}

// TestFilesAtTheSameTime: writers that do not know of each other never keep more than the store
// may.
func TestFilesAtTheSameTime(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, _ := stores(t)
		limited(db, map[limits.Name]int64{limits.SnapshotBytes: 5 << 20})
		atOnce(t, 8, func(int) error { _, err := keepFile(aaa, db, "", 2<<20); return err })
		var kept struct{ Bytes int64 }
		if err := db.Scoped(aaa).Model(&tenants.Snapshot{}).Select("SUM(size) AS bytes").Scan(&kept).Error; err != nil || kept.Bytes > 5<<20 {
			t.Errorf("%d bytes are kept, %v", kept.Bytes, err)
		}
	})
}

// TestAFileIsNotDeletedWhileItIsBound: whoever binds a file holds it.
func TestAFileIsNotDeletedWhileItIsBound(t *testing.T) {
	db := tenantstest.NewDB(t)
	aaa, _ := stores(t)
	limited(db, map[limits.Name]int64{limits.Snapshots: 1})
	s, err := keepFile(aaa, db, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	age(aaa, t, db, s.ID, 2*time.Hour)
	flow := &tenants.Flow{Kind: "products", Name: "x"}
	err = db.Tx(aaa, func(tx *tenants.DB) error {
		if _, err := tx.HoldSnapshot(aaa, s.ID); err != nil {
			return err
		}
		flow.SnapshotID = s.ID
		return tx.CreateFlow(aaa, flow)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keepFile(aaa, db, "", 10); problem.CodeOf(err) != problem.LimitReached {
		t.Errorf("a second file: %v", err)
	}
	if _, err := db.Snapshot(aaa, s.ID); err != nil {
		t.Errorf("the flow's file: %v", err)
	}
}

// TestRecordsAreTrimmed: those that no source has had for the longest go, of one store alone.
func TestRecordsAreTrimmed(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, bbb := stores(t)
		limited(db, map[limits.Name]int64{limits.Records: 4})
		seen := func(ctx context.Context, flow string, state tenants.RunState, keys ...string) {
			t.Helper()
			r := &tenants.Run{FlowID: flow, State: state}
			if err := db.CreateRun(ctx, r); err != nil {
				t.Fatal(err)
			}
			var lines []tenants.SeenKey
			for i, key := range keys {
				lines = append(lines, tenants.SeenKey{Key: key, Line: int64(i + 2)})
			}
			if err := db.MarkSeen(ctx, "products", flow, r.ID, lines); err != nil {
				t.Fatal(err)
			}
		}
		left := func(ctx context.Context) (keys []string) {
			t.Helper()
			if err := db.Scoped(ctx).Model(&tenants.Record{}).Order("flow_id, key").Pluck("key", &keys).Error; err != nil {
				t.Fatal(err)
			}
			return keys
		}
		seen(aaa, "f1", tenants.RunRunning, "under-way")
		seen(aaa, "f2", tenants.RunDone, "old-1", "old-2", "old-3")
		seen(aaa, "f3", tenants.RunDone, "new-1", "new-2")
		seen(bbb, "f4", tenants.RunDone, "b1", "b2", "b3", "b4")
		for _, want := range []int64{2, 0} { // a repeat finds nothing more
			if n, err := db.TrimRecords(aaa); err != nil || n != want {
				t.Errorf("%d went, %v; want %d", n, err, want)
			}
		}
		if keys := left(aaa); len(keys) != 4 || keys[0] != "under-way" || keys[2] != "new-1" || keys[3] != "new-2" {
			t.Errorf("left: %q", keys)
		}
		seen(aaa, "f3", tenants.RunRunning, "new-1", "new-2", "newer-1", "newer-2", "newer-3")
		if n, err := db.TrimRecords(aaa); err != nil || n != 1 {
			t.Errorf("%d went, %v: what runs under way have seen stays", n, err)
		}
		if keys := left(bbb); len(keys) != 4 {
			t.Errorf("the other store: %q", keys)
		}
	})
}

func TestHistoryIsTrimmed(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, bbb := stores(t)
		limited(db, map[limits.Name]int64{limits.SignIns: 3, limits.AuditEntries: 3, limits.Runs: 3})
		var runs []string
		for i := range 6 {
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			must(db.RecordSignIn(aaa, tenants.SignIn{Detail: fmt.Sprint(i)}))
			must(db.Audit(aaa, tenants.AuditEntry{Detail: fmt.Sprint(i)}))
			r := &tenants.Run{FlowID: fmt.Sprint(i), State: tenants.RunDone}
			must(db.CreateRun(aaa, r))
			runs = append(runs, r.ID)
			must(db.AddJournal(aaa, []tenants.JournalEntry{{RunID: r.ID, Key: "k"}}))
			_, err := db.AddIssues(aaa, []tenants.RunIssue{{RunID: r.ID, Line: 1, Severity: "error"}})
			must(err)
		}
		retry := &tenants.Run{FlowID: "r", State: tenants.RunRunning, RetryOf: runs[0]}
		if err := db.CreateRun(aaa, retry); err != nil {
			t.Fatal(err)
		}
		if err := db.RecordSignIn(bbb, tenants.SignIn{}); err != nil {
			t.Fatal(err)
		}
		for range 2 { // a repeat finds nothing more
			if _, err := db.TrimHistory(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		signIns, _, err := db.SignIns(aaa, tenants.Page{})
		if err != nil || len(signIns) != 3 || signIns[0].Detail != "5" {
			t.Errorf("%+v, %v", signIns, err)
		}
		entries, _, err := db.AuditLog(aaa, tenants.Page{})
		if err != nil || len(entries) != 3 || entries[2].Detail != "3" {
			t.Errorf("%+v, %v", entries, err)
		}
		if others, _, err := db.SignIns(bbb, tenants.Page{}); err != nil || len(others) != 1 {
			t.Errorf("%+v, %v", others, err)
		}
		for i, id := range runs {
			_, err := db.Run(aaa, id)
			stays := i >= 3 || i == 0 // the first is being retried
			if (err == nil) != stays {
				t.Errorf("run %d: %v", i, err)
			}
			journal, _, err := db.Journal(aaa, id, tenants.JournalFilter{})
			if err != nil || (len(journal) == 1) != stays {
				t.Errorf("journal of run %d: %+v, %v", i, journal, err)
			}
			issues, _, err := db.RunIssues(aaa, id, tenants.IssueFilter{})
			if err != nil || (len(issues) == 1) != stays {
				t.Errorf("issues of run %d: %+v, %v", i, issues, err)
			}
		}
		if _, err := db.Run(aaa, retry.ID); err != nil {
			t.Error(err)
		}
	})
}

// TestListsComeInPages: each once, whatever the page's length.
func TestListsComeInPages(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		aaa, _ := stores(t)
		var accounts []tenants.Account
		for i := range 7 {
			if err := db.CreateFlow(aaa, &tenants.Flow{Name: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
			if err := db.CreateAPIKey(aaa, &tenants.APIKey{Name: fmt.Sprint(i), SecretHash: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
			if _, err := db.EnsureUser(aaa, tenants.UserSeen{UserID: int64(i + 1)}); err != nil {
				t.Fatal(err)
			}
			accounts = append(accounts, tenants.Account{ExternalID: fmt.Sprint(i), CustomerID: 4})
		}
		if err := db.PutAccounts(aaa, accounts); err != nil {
			t.Fatal(err)
		}
		for name, read := range map[string]func(after string) (ids []string, next string, err error){
			"flows": func(after string) (ids []string, next string, err error) {
				rows, next, err := db.FlowPage(aaa, tenants.FlowFilter{}, tenants.Page{After: after, Limit: 3})
				for _, r := range rows {
					ids = append(ids, r.Name)
				}
				return ids, next, err
			},
			"keys": func(after string) (ids []string, next string, err error) {
				rows, next, err := db.APIKeyPage(aaa, tenants.Page{Before: after, Limit: 3})
				for _, r := range rows {
					ids = append(ids, r.Name)
				}
				return ids, next, err
			},
			"users": func(after string) (ids []string, next string, err error) {
				rows, next, err := db.UserPage(aaa, tenants.Page{After: after, Limit: 3})
				for _, r := range rows {
					ids = append(ids, fmt.Sprint(r.UserID-1))
				}
				return ids, next, err
			},
			"accounts": func(after string) (ids []string, next string, err error) {
				rows, next, err := db.AccountPage(aaa, tenants.AccountFilter{CustomerID: 4}, tenants.Page{After: after, Limit: 3})
				for _, r := range rows {
					ids = append(ids, r.ExternalID)
				}
				return ids, next, err
			},
		} {
			seen, after, pages := map[string]bool{}, "", 0
			for pages < 10 {
				ids, next, err := read(after)
				if err != nil || len(ids) > 3 {
					t.Fatalf("%s: %v, %v", name, ids, err)
				}
				for _, id := range ids {
					if seen[id] {
						t.Errorf("%s: %s twice", name, id)
					}
					seen[id] = true
				}
				pages++
				if after = next; after == "" {
					break
				}
			}
			if len(seen) != 7 || pages != 3 {
				t.Errorf("%s: %d in %d pages", name, len(seen), pages)
			}
		}
	})
}

// TestEndedKeysAreForgotten when there are too many of them.
func TestEndedKeysAreForgotten(t *testing.T) {
	db := tenantstest.NewDB(t)
	aaa, _ := stores(t)
	limited(db, map[limits.Name]int64{limits.APIKeys: 2})
	for i := range 9 {
		k := &tenants.APIKey{Name: fmt.Sprint(i), SecretHash: fmt.Sprint(i)}
		if err := db.CreateAPIKey(aaa, k); err != nil {
			t.Fatal(err)
		}
		if err := db.RevokeAPIKey(aaa, k.ID); err != nil {
			t.Fatal(err)
		}
	}
	if keys, err := db.ListAPIKeys(aaa); err != nil || len(keys) != 3 || keys[0].Name != "8" {
		t.Errorf("%+v, %v", keys, err)
	}
}
