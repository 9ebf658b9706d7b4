package tenants_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

func TestFlows(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		f := &tenants.Flow{Kind: "products", Name: "Parts"}
		if err := db.CreateFlow(ctx, f); err != nil {
			t.Fatal(err)
		}
		f.Format = tenants.Format{Type: "csv", Delimiter: ";"}
		f.Mapping = tenants.Mapping{Fields: []tenants.FieldMapping{{Target: "sku", Expression: "PartNum"}}}
		f.Options = tenants.Options{"repeated_names": "fail"}
		stale := *f
		if err := db.UpdateFlow(ctx, f); err != nil || f.Version != 2 {
			t.Fatalf("version %d, %v", f.Version, err)
		}
		stored, err := db.Flow(ctx, f.ID)
		if err != nil {
			t.Fatal(err)
		}
		f.CreatedAt, f.UpdatedAt = stored.CreatedAt, stored.UpdatedAt
		if diff := cmp.Diff(f, stored); diff != "" {
			t.Errorf("written (-) and read (+) differ:\n%s", diff)
		}
		wantCode(t, db.UpdateFlow(ctx, &stale), problem.Conflict)
		wantCode(t, db.UpdateFlow(ctx, &tenants.Flow{ID: "none"}), problem.NotFound)
		other := tenants.WithStore(t.Context(), "bbb")
		stolen := *f
		stolen.StoreHash = ""
		wantCode(t, db.UpdateFlow(other, &stolen), problem.NotFound)
		if flows, err := db.Flows(other); err != nil || len(flows) != 0 {
			t.Errorf("%v, %v", flows, err)
		}

		run := &tenants.Run{FlowID: f.ID}
		if err := errors.Join(db.CreateRun(ctx, run), db.UpsertRecords(ctx, recordsOf(f.ID, 1200))); err != nil {
			t.Fatal(err)
		}
		wantCode(t, db.DeleteFlow(ctx, f.ID), problem.Conflict)
		if _, err := db.MoveRun(ctx, run.ID, tenants.RunFailed, "x", tenants.RunQueued); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := db.DeleteFlow(ctx, f.ID); err != nil {
				t.Fatal(err)
			}
		}
		if found, err := db.RecordsByKeys(ctx, f.ID, []string{"k0001", "k1199"}); err != nil || len(found) != 0 {
			t.Errorf("records stay: %v, %v", found, err)
		}
		if _, err := db.Run(ctx, run.ID); err != nil {
			t.Errorf("the history is gone: %v", err)
		}
	})
}

func recordsOf(flowID string, n int) []tenants.Record {
	records := make([]tenants.Record, n)
	for i := range records {
		records[i] = tenants.Record{FlowID: flowID, Key: fmt.Sprintf("k%04d", i), UniqueKey: fmt.Sprintf("n%d", i%600), State: "ok", TargetID: int64(i)}
	}
	return records
}

// TestOneRunAtATime: of several starts at the same time one wins.
func TestOneRunAtATime(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		var wg sync.WaitGroup
		var started atomic.Int64
		for range 8 {
			wg.Go(func() {
				err := db.CreateRun(ctx, &tenants.Run{FlowID: "f"})
				if err == nil {
					started.Add(1)
				} else {
					wantCode(t, err, problem.Conflict)
				}
			})
		}
		wg.Wait()
		if started.Load() != 1 {
			t.Fatalf("%d runs started", started.Load())
		}
		active, err := db.ActiveRun(ctx, "f")
		if err != nil || active == nil || active.State != tenants.RunQueued || active.Phase != tenants.PhaseFetch {
			t.Fatalf("%+v, %v", active, err)
		}
		if err := db.CreateRun(ctx, &tenants.Run{FlowID: "g"}); err != nil {
			t.Errorf("another flow: %v", err)
		}
		if moved, err := db.MoveRun(ctx, active.ID, tenants.RunDone, "", tenants.RunQueued); !moved || err != nil {
			t.Fatal(moved, err)
		}
		if active, err := db.ActiveRun(ctx, "f"); active != nil || err != nil {
			t.Errorf("%+v, %v", active, err)
		}
		if err := db.CreateRun(ctx, &tenants.Run{FlowID: "f"}); err != nil {
			t.Errorf("after the end: %v", err)
		}
		runs, err := db.Runs(ctx, tenants.RunFilter{FlowID: "f"})
		if err != nil || len(runs) != 2 || runs[0].ID <= runs[1].ID {
			t.Fatalf("%+v, %v", runs, err)
		}
		rest, err := db.Runs(ctx, tenants.RunFilter{FlowID: "f", Before: runs[0].ID, Limit: 1})
		if err != nil || len(rest) != 1 || rest[0].ID != runs[1].ID {
			t.Errorf("%+v, %v", rest, err)
		}
	})
}

func TestSaveRunStep(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		start := func(flow string) *tenants.Run {
			t.Helper()
			r := &tenants.Run{FlowID: flow, Kind: "products"}
			if err := db.CreateRun(ctx, r); err != nil {
				t.Fatal(err)
			}
			return r
		}
		run := start("f")
		again := *run
		run.State, run.Phase, run.Checkpoint, run.Read, run.Error = tenants.RunRunning, tenants.PhasePlan, `{"offset":7}`, 12, strings.Repeat("ü", 2000)
		if err := db.SaveRunStep(ctx, run); err != nil || run.Step != 1 {
			t.Fatalf("step %d, %v", run.Step, err)
		}
		stored, err := db.Run(ctx, run.ID)
		if err != nil || stored.Step != 1 || stored.Read != 12 || stored.Phase != tenants.PhasePlan || stored.Checkpoint != run.Checkpoint || stored.Kind != "products" {
			t.Fatalf("%+v, %v", stored, err)
		}

		// A repeated step takes its effects back with it.
		err = db.Tx(ctx, func(tx *tenants.DB) error {
			if err := tx.InsertRunItems(ctx, []tenants.RunItem{{RunID: run.ID, Line: 9}}); err != nil {
				return err
			}
			return tx.SaveRunStep(ctx, &again)
		})
		if !errors.Is(err, tenants.ErrStaleRun) {
			t.Fatalf("%v, want ErrStaleRun", err)
		}
		if items, err := db.NextItems(ctx, run.ID, []tenants.ItemState{""}, 10); err != nil || len(items) != 0 {
			t.Errorf("a stale step left %v, %v", items, err)
		}

		// A cancel request that came during the step is not lost.
		cancelled, err := db.RequestCancel(ctx, run.ID)
		if err != nil || cancelled.State != tenants.RunCancelling || !cancelled.CancelRequested {
			t.Fatalf("%+v, %v", cancelled, err)
		}
		run.Read = 20
		if err := db.SaveRunStep(ctx, run); err != nil || !run.CancelRequested || run.State != tenants.RunCancelling || run.Read != 20 {
			t.Fatalf("%+v, %v", run, err)
		}
		run.State = tenants.RunCancelled
		if err := db.SaveRunStep(ctx, run); err != nil || run.State != tenants.RunCancelled {
			t.Fatalf("%+v, %v", run, err)
		}
		_, err = db.RequestCancel(ctx, run.ID)
		wantCode(t, err, problem.Conflict)
		if err := db.SaveRunStep(ctx, run); !errors.Is(err, tenants.ErrStaleRun) {
			t.Errorf("a step after the end: %v", err)
		}

		// So with a pause; but an end is an end.
		paused := start("g")
		paused.State = tenants.RunRunning
		if moved, err := db.MoveRun(ctx, paused.ID, tenants.RunPaused, "reinstall", tenants.RunQueued, tenants.RunRunning); !moved || err != nil {
			t.Fatal(moved, err)
		}
		if moved, err := db.MoveRun(ctx, paused.ID, tenants.RunPaused, "reinstall", tenants.RunRunning); moved || err != nil {
			t.Errorf("moved from a state it was not in: %v", err)
		}
		if err := db.SaveRunStep(ctx, paused); err != nil || paused.State != tenants.RunPaused {
			t.Fatalf("%+v, %v", paused, err)
		}
		paused.State = tenants.RunDone
		if err := db.SaveRunStep(ctx, paused); err != nil || paused.State != tenants.RunDone {
			t.Fatalf("%+v, %v", paused, err)
		}
		if _, err := db.MoveRun(ctx, paused.ID, tenants.RunRunning, "", tenants.RunDone); err == nil {
			t.Error("a run moved from a final state")
		}

		// A question outlives a pause, since nothing else would bring the run back to it; a cancel
		// request does not wait for the answer.
		for flow, want := range map[string]tenants.RunState{"asks": tenants.RunAsking, "ends": tenants.RunCancelling} {
			asking, meanwhile := start(flow), tenants.RunPaused
			if want == tenants.RunCancelling {
				meanwhile = want
			}
			asking.State = tenants.RunAsking
			asking.Question = &tenants.Question{Guard: "lost", Count: 1, Of: 2, Limit: 1.5, Examples: []string{"A-1"}, AskedAt: time.Now().UTC()}
			if _, err := db.MoveRun(ctx, asking.ID, meanwhile, "", tenants.RunQueued); err != nil {
				t.Fatal(err)
			}
			if err := db.SaveRunStep(ctx, asking); err != nil || asking.State != want {
				t.Errorf("%s while %s: %s, %v", tenants.RunAsking, meanwhile, asking.State, err)
			}
			if stored, err := db.Run(ctx, asking.ID); err != nil || !cmp.Equal(stored.Question, asking.Question) || stored.Answers != nil {
				t.Errorf("stored %+v, %v", stored, err)
			}
		}
		other := tenants.WithStore(t.Context(), "bbb")
		_, err = db.RequestCancel(other, paused.ID)
		wantCode(t, err, problem.NotFound)
	})
}

func TestRunRows(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		var items []tenants.RunItem
		for line := int64(2); line < 1300; line++ {
			items = append(items, tenants.RunItem{RunID: "r", Line: line, Key: fmt.Sprint("k", line), State: tenants.ItemPlanned, Document: `{"name":"\u0000"}`})
		}
		for range 2 { // a repeated step inserts nothing twice
			if err := db.InsertRunItems(ctx, items); err != nil {
				t.Fatal(err)
			}
		}
		next, err := db.NextItems(ctx, "r", []tenants.ItemState{tenants.ItemPlanned}, 600)
		if err != nil || len(next) != 600 || next[0].Line != 2 || next[599].Line != 601 {
			t.Fatalf("%d items, %v", len(next), err)
		}
		for i := range next {
			next[i].State, next[i].Action, next[i].TargetID = tenants.ItemCreate, "create", int64(i)
		}
		if err := db.UpdateRunItems(ctx, next); err != nil {
			t.Fatal(err)
		}
		// InsertRunItems leaves what has moved on alone.
		if err := db.InsertRunItems(ctx, items[:5]); err != nil {
			t.Fatal(err)
		}
		counts, err := db.CountItems(ctx, "r")
		want := []tenants.ItemCount{{State: tenants.ItemCreate, Action: "create", N: 600}, {State: tenants.ItemPlanned, N: 698}}
		if diff := cmp.Diff(want, counts); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
		page, cursor, err := db.RunItems(ctx, "r", tenants.ItemFilter{Actions: []string{"create"}, States: []tenants.ItemState{tenants.ItemCreate}, Limit: 250})
		if err != nil || len(page) != 250 || cursor != "251" {
			t.Fatalf("%d, %q, %v", len(page), cursor, err)
		}
		page, _, err = db.RunItems(ctx, "r", tenants.ItemFilter{Actions: []string{"create"}, After: cursor, Limit: 1})
		if err != nil || len(page) != 1 || page[0].Line != 252 {
			t.Errorf("%+v, %v", page, err)
		}
		_, _, err = db.RunItems(ctx, "r", tenants.ItemFilter{After: "no number"})
		wantCode(t, err, problem.Invalid)

		entries := []tenants.JournalEntry{{RunID: "r", Key: "a", Action: "create"}, {RunID: "r", Key: "b"}, {RunID: "r", Key: "a", Action: "update"}}
		for range 2 {
			if err := db.AddJournal(ctx, entries); err != nil {
				t.Fatal(err)
			}
		}
		journal, cursor, err := db.Journal(ctx, "r", tenants.JournalFilter{Limit: 1})
		if err != nil || len(journal) != 1 || journal[0].Key != "a" || journal[0].Action != "create" || journal[0].CreatedAt.IsZero() {
			t.Fatalf("%+v, %v", journal, err)
		}
		journal, cursor, err = db.Journal(ctx, "r", tenants.JournalFilter{After: cursor})
		if err != nil || len(journal) != 1 || journal[0].Key != "b" || cursor != "" {
			t.Errorf("%+v, %q, %v", journal, cursor, err)
		}
	})
}

func TestRunIssues(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		var issues []tenants.RunIssue
		for line := range int64(1500) {
			issue := tenants.RunIssue{RunID: "r", Line: line, Severity: "error", Field: "price", Message: strings.Repeat("ü", 1100), Value: "a\x00b\xff" + strings.Repeat("v", 300)}
			issues = append(issues, issue)
			if line%3 == 0 {
				issue.Severity = "warning"
				issues = append(issues, issue)
			}
		}
		if added, err := db.AddIssues(ctx, issues); err != nil || added != 2000 {
			t.Fatalf("added %d, %v", added, err)
		}
		if added, err := db.AddIssues(ctx, append(issues[:600:600], tenants.RunIssue{RunID: "r", Line: 5000, Severity: "error"})); err != nil || added != 1 {
			t.Fatalf("a repeat added %d, %v", added, err)
		}
		seen, after := 0, ""
		line := int64(-1)
		for {
			page, next, err := db.RunIssues(ctx, "r", tenants.IssueFilter{Severity: "error", After: after, Limit: 200})
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range page {
				if i.Line <= line || i.Severity != "error" {
					t.Fatalf("line %d after %d", i.Line, line)
				}
				line, seen = i.Line, seen+1
			}
			if next == "" {
				break
			}
			after = next
		}
		if seen != 1501 {
			t.Errorf("%d errors on pages", seen)
		}
		var each []int64
		err := db.EachRunIssue(ctx, "r", "", func(i tenants.RunIssue) error {
			each = append(each, i.Line)
			if n := len([]rune(i.Message)); n > 1000 || strings.ContainsRune(i.Value, 0) {
				t.Fatalf("message of %d characters, value %q", n, i.Value)
			}
			return nil
		})
		if err != nil || len(each) != 2001 || !slices.IsSorted(each) {
			t.Errorf("%d issues, %v", len(each), err)
		}
		stop := errors.New("stop")
		if err := db.EachRunIssue(ctx, "r", "", func(tenants.RunIssue) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("%v", err)
		}
		_, _, err = db.RunIssues(ctx, "r", tenants.IssueFilter{After: "x.y"})
		wantCode(t, err, problem.Invalid)
		if page, _, err := db.RunIssues(tenants.WithStore(t.Context(), "bbb"), "r", tenants.IssueFilter{}); err != nil || len(page) != 0 {
			t.Errorf("%v, %v", page, err)
		}
	})
}

func TestRecords(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		ctx := tenants.WithStore(t.Context(), "aaa")
		records := recordsOf("f", 1700)
		records = append(records, tenants.Record{FlowID: "f", Key: "k0000", TargetID: 99, State: "ok"}) // the last counts
		if err := db.UpsertRecords(ctx, records); err != nil {
			t.Fatal(err)
		}
		var keys, names []string
		for i := range 1700 {
			keys = append(keys, fmt.Sprintf("k%04d", i))
		}
		for i := range 600 {
			names = append(names, fmt.Sprintf("n%d", i))
		}
		found, err := db.RecordsByKeys(ctx, "f", append(keys, "unknown"))
		if err != nil || len(found) != 1700 || found["k0000"].TargetID != 99 || found["k1699"].TargetID != 1699 {
			t.Fatalf("%d records, %+v, %v", len(found), found["k0000"], err)
		}
		named, err := db.RecordsByUniqueKeys(ctx, "f", names)
		if err != nil || len(named) != 1699 {
			t.Errorf("%d records by name, %v", len(named), err)
		}
		if found, err := db.RecordsByKeys(ctx, "other", keys[:3]); err != nil || len(found) != 0 {
			t.Errorf("%v, %v", found, err)
		}

		seen := []tenants.SeenKey{{Key: "k0001", Line: 2}, {Key: "new", Line: 3}, {Key: "k0001", Line: 4}}
		if err := db.MarkSeen(ctx, "products", "f", "r", seen); err != nil {
			t.Fatal(err)
		}
		found, err = db.RecordsByKeys(ctx, "f", []string{"k0001", "new"})
		if err != nil || found["k0001"].SeenLine != 4 || found["k0001"].TargetID != 1 || found["k0001"].State != "ok" || found["new"].State != "pending" || found["new"].SeenRunID != "r" {
			t.Errorf("%+v, %v", found, err)
		}

		// Inside a Tx, undone with it; and another store cannot write over the rows.
		undo := errors.New("undo")
		err = db.Tx(ctx, func(tx *tenants.DB) error {
			if err := tx.UpsertRecords(ctx, []tenants.Record{{FlowID: "f", Key: "k0001", TargetID: 5}}); err != nil {
				return err
			}
			return undo
		})
		if !errors.Is(err, undo) {
			t.Fatal(err)
		}
		other := tenants.WithStore(t.Context(), "bbb")
		if err := db.UpsertRecords(other, []tenants.Record{{FlowID: "f", Key: "k0001", TargetID: 6}}); !errors.Is(err, tenants.ErrOtherStore) {
			t.Errorf("%v, want ErrOtherStore", err)
		}
		if err := db.MarkSeen(other, "products", "f", "r2", seen); !errors.Is(err, tenants.ErrOtherStore) {
			t.Errorf("%v, want ErrOtherStore", err)
		}
		found, _ = db.RecordsByKeys(ctx, "f", []string{"k0001"})
		if found["k0001"].TargetID != 1 || found["k0001"].SeenRunID != "r" {
			t.Errorf("%+v", found["k0001"])
		}
		if err := errors.Join(db.UpsertRecords(ctx, nil), db.MarkSeen(ctx, "products", "f", "r", nil), db.InsertRunItems(ctx, nil), db.AddJournal(ctx, nil)); err != nil {
			t.Errorf("nothing to do: %v", err)
		}
	})
}

func TestClean(t *testing.T) {
	for _, tt := range []struct {
		text string
		size int
		want string
	}{
		{"plain", 10, "plain"},
		{"exact", 5, "exact"},
		{"longer", 5, "long…"},
		{"üüü", 3, "üüü"},
		{"üüüü", 3, "üü…"},
		{"a\x00b", 5, "a\uFFFDb"},
		{"a\xff\xfeb", 5, "a\uFFFDb"},
		{"", 1, ""},
	} {
		if got := tenants.Clean(tt.text, tt.size); got != tt.want {
			t.Errorf("Clean(%q, %d) = %q, want %q", tt.text, tt.size, got, tt.want)
		}
	}
}
