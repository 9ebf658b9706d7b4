package products

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/limits"
	"sluice/internal/problem"
	"sluice/jobs/flow"
	"sluice/jobs/upsert"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

func TestFailuresOfTheSource(t *testing.T) {
	p := upserttest.NewPlatform(t)
	tests := []struct {
		name  string
		feed  upserttest.Feed
		wants string
	}{
		{"404", upserttest.Feed{Err: problem.New(problem.NotFound, "The server has no such file.")}, "The server has no such file."},
		{"empty", upserttest.Feed{Complete: true}, ""},
		{"HTML", upserttest.Feed{Body: "<!DOCTYPE html><html><body>Sign in</body></html>", Complete: true}, ""},
		{"away", upserttest.Feed{Err: problem.New(problem.Unavailable, "The server did not answer.")}, "The server did not answer."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, p)
			*w.Feed = tt.feed
			var r *tenants.Run
			n := w.Requests(func() { r = w.Run() })
			if r.State != tenants.RunFailed || r.Error == "" || !strings.Contains(r.Error, tt.wants) || r.FinishedAt == nil {
				t.Errorf("state %s, error %q", r.State, r.Error)
			}
			if n != 0 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// TestARunFromASourceOfAnUnknownKindFails, and so does a look at one.
func TestARunFromASourceOfAnUnknownKindFails(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	conn := &tenants.Connection{ID: w.Flow.ConnectionID, Name: "Fax", Kind: "fax", URL: upserttest.FeedURL}
	if err := w.DB.SaveConnection(w.Ctx, conn, nil); err != nil {
		t.Fatal(err)
	}
	const wants = `no source of the kind "fax": choose another`
	if r := w.Run(); r.State != tenants.RunFailed || !strings.Contains(r.Error, wants) {
		t.Errorf("state %s, error %q", r.State, r.Error)
	}
	if _, err := upsert.New(w.Config, New()).Inspect(w.Ctx, upsert.InspectRequest{Kind: "fax"}); problem.CodeOf(err) != problem.Invalid || !strings.Contains(problem.MessageOf(err), wants) {
		t.Errorf("a look at it: %v", err)
	}
	if w.Feed.Fetches != 0 {
		t.Errorf("%d fetches", w.Feed.Fetches)
	}
}

// TestASourceAboveALimitFailsTheRun, which says so and hangs nowhere; an ordinary run goes on as
// before.
func TestASourceAboveALimitFailsTheRun(t *testing.T) {
	p := upserttest.NewPlatform(t)
	body := csv(part("A", "First", "1.25", "1"), part("B", "Second", "2.50", "1"), part("C", "Third", "2.50", "1"))
	for name, test := range map[string]struct {
		limits map[limits.Name]int64
		wants  string
	}{
		"bytes kept": {map[limits.Name]int64{limits.SnapshotBytes: int64(len(body)) - 1}, "keeps"},
		"rows":       {map[limits.Name]int64{limits.FeedRows: 2}, "more than 2 rows"},
		"neither":    {map[limits.Name]int64{limits.SnapshotBytes: int64(len(body)), limits.FeedRows: 3}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, p)
			*w.Feed = upserttest.Feed{Body: body, Complete: true}
			l := limits.New(test.limits, nil)
			w.Config.Limits = l
			w.DB.SetLimits(l)
			defer w.DB.SetLimits(nil)
			r := w.Run()
			if test.wants == "" {
				if r.State != tenants.RunDone {
					t.Errorf("%s: %s", r.State, r.Error)
				}
				return
			}
			if r.State != tenants.RunFailed || !strings.Contains(r.Error, test.wants) || r.Created != 0 {
				t.Errorf("state %s, error %q, %d created", r.State, r.Error, r.Created)
			}
			left, err := w.DB.Scoped(w.Ctx).Model(&tenants.Snapshot{}).Where("committed_at IS NULL").Rows()
			if err != nil {
				t.Fatal(err)
			}
			defer left.Close()
			if left.Next() {
				t.Error("a part of the file was left behind")
			}
			if err := left.Err(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestCutStream(t *testing.T) {
	p := upserttest.NewPlatform(t)
	whole := csv(part("A", "First", "1.25", "1"), part("B", "Second", "2.50", "1"))
	t.Run("the third attempt comes whole", func(t *testing.T) {
		w := newWorld(t, p)
		w.Feed.Bodies, w.Feed.Body = []string{whole[:60], whole[:80]}, whole
		r := w.Run()
		w.Want(r, upserttest.Counts{Read: 2, Created: 2})
		if r.Incomplete || w.Feed.Fetches != 3 {
			t.Errorf("incomplete %v after %d fetches", r.Incomplete, w.Feed.Fetches)
		}
	})
	cuts := []struct {
		name string
		body string
		read int64
	}{
		{"inside the last number", csv(part("A", "First", "1.25", "1")) + "B,Second,2.50,1,bags,back", 1},
		{"before the last line end", strings.TrimSuffix(whole, "\n"), 1},
		{"after a line end", csv(part("A", "First", "1.25", "1")), 1},
		{"inside a quoted field of several lines", csv(part("A", "First", "1.25", "1")) + "B,\"Second\nC,Third,1,1,bags,backpack\nD,Fourth,1,1,bags,backpack\n", 1},
	}
	for _, tt := range cuts {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, p)
			w.Feed.Body = csv(part("A", "First", "1", "1"), part("B", "Second", "9", "9"), part("Z", "Third", "9", "9"))
			w.Want(w.Run(), upserttest.Counts{Read: 3, Created: 3})
			w.Feed.Body, w.Feed.Complete = tt.body, false
			r := w.Run()
			w.Want(r, upserttest.Counts{Read: tt.read, Updated: 1})
			if !r.Incomplete {
				t.Error("the run does not say that it is incomplete")
			}
			if _, messages := w.Issues(r, flow.SeverityWarning); !strings.Contains(messages["0  "], "row 2 ") {
				t.Errorf("the last line is not named: %v", messages)
			}
			products := w.products()
			if len(products) != 3 || products["B"].Price.String() != "9" || products["Z"] == nil {
				t.Errorf("what did not come was touched: %v", products)
			}
			w.Feed.Body, w.Feed.Complete = whole, true
			w.Want(w.Run(), upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1})
		})
	}
}

func TestConditionalFetch(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body, w.Feed.ETag = csv(part("A", "First", "1", "1")), `"v1"`
	first := w.Run()
	w.Feed.Body = "must not be read"
	l := limits.New(map[limits.Name]int64{limits.SnapshotBytes: 1}, nil) // what did not change takes no room
	w.DB.SetLimits(l)
	second := w.Run()
	w.DB.SetLimits(nil)
	w.Want(second, upserttest.Counts{Read: 1, Unchanged: 1})
	if second.SnapshotID != first.SnapshotID {
		t.Error("a 304 must work from the same snapshot")
	}
	w.Feed.Body, w.Feed.ETag = csv(part("A", "First", "2", "1")), `"v2"`
	third := w.Run()
	w.Want(third, upserttest.Counts{Read: 1, Updated: 1})
	var left []string
	if err := w.DB.Scoped(w.Ctx).Model(&tenants.Snapshot{}).Pluck("id", &left).Error; err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(left, []string{third.SnapshotID}) {
		t.Errorf("%d snapshots are left", len(left))
	}
}
