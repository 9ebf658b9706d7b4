package upserttest

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/cause"
	"sluice/internal/sandbox"
	"sluice/jobs/upsert"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

func shrankAt(percent float64) tenants.Options { return tenants.Options{"guard_shrank": percent} }

// TestShrunkSource: a run asks when a whole source has far fewer rows than in the last complete run.
func TestShrunkSource(t *testing.T) {
	const n = 40
	both := tenants.Options{"guard_shrank": 30.0, "guard_lost": 20.0}
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		p := PlatformOn(t, db, sandbox.Choices{})
		for name, test := range map[string]struct {
			options tenants.Options
			n, have int
			title   string
			arrange func(w *World)
			want    *asked
			warned  bool
		}{
			"half":              {options: shrankAt(30), n: n, have: 20, title: "New", want: &asked{"shrank", 20, 40, 30, nil}},
			"just not":          {options: shrankAt(30), n: n, have: 28, title: "New"},
			"more":              {options: shrankAt(30), n: n, have: 50, title: "New"},
			"off":               {options: shrankAt(0), n: n, have: 5, title: "New"},
			"a few rows":        {options: shrankAt(30), n: 4, have: 2, title: "New"},
			"cut":               {options: shrankAt(30), n: n, have: 20, title: "New", arrange: func(w *World) { w.Feed.Complete = false }, warned: true},
			"nothing changed":   {options: shrankAt(30), n: n, have: 20, title: "Old", warned: true},
			"lost was answered": {options: both, n: n, have: 20, title: "New", want: &asked{"lost", 20, 40, 20, []string{"g-020", "g-021", "g-022", "g-023", "g-024"}}},
		} {
			t.Run(name, func(t *testing.T) {
				w := shelf(t, p, test.n, test.options)
				w.serve(test.have, func(i int) []string { return sized(i, first(i), test.title) })
				if test.arrange != nil {
					test.arrange(w)
				}
				for _, dry := range []bool{true, false} {
					r := w.Run(func(r *tenants.Run) { r.DryRun = dry })
					got := askedOf(r.Question)
					if got != nil && len(got.Examples) == 0 {
						got.Examples = nil
					}
					if diff := cmp.Diff(test.want, got); diff != "" {
						t.Fatalf("dry %v (-want +got):\n%s", dry, diff)
					}
					if _, messages := w.Issues(r, "warning"); (messages["0  "] != "") != test.warned {
						t.Errorf("dry %v: warnings %q", dry, messages)
					}
					if !dry && test.want != nil {
						w.Answer(r, time.Hour) // match is repeated; the source is the same
						r = w.Finish(r)
					}
					if r.State != tenants.RunDone {
						t.Errorf("dry %v: %s, %+v", dry, r.State, r.Question)
					}
				}
				// What somebody let a run go on with is what the next is compared with.
				w.serve(test.have, func(i int) []string { return sized(i, first(i), "Newer") })
				if r := w.Run(); r.State != tenants.RunDone && test.want != nil {
					t.Errorf("the next run is %s, %+v", r.State, r.Question)
				}
			})
		}
	})
}

// TestSourceWithoutRows: a file that has only a header is no success.
func TestSourceWithoutRows(t *testing.T) {
	p := NewPlatform(t)
	for _, body := range []string{"Code,Title,Size,Parts\n", "Code,Title,Size,Parts\n\n\n,,,\n"} {
		w := shelf(t, p, 10, tenants.Options{"guard_shrank": 30.0})
		w.Feed.Body = body
		for _, dry := range []bool{true, false} {
			r := w.Run(func(r *tenants.Run) { r.DryRun = dry })
			_, messages := w.Issues(r, "warning")
			if r.Outcome() != tenants.OutcomeEmpty || r.Warnings != 1 || !strings.Contains(messages["0  "], "no row with data") {
				t.Errorf("%q: %s, %d warnings %q", body, r.Outcome(), r.Warnings, messages)
			}
		}
		if got := len(workshop(w).Gadgets()); got != 10 {
			t.Errorf("%q: %d gadgets are left in the store", body, got)
		}
	}
}

// TestRowsOfTheSpreadsheet: issues and changes name the row that a spreadsheet shows, which is not
// the line where cells have line breaks; and issues of one kind have one cause.
func TestRowsOfTheSpreadsheet(t *testing.T) {
	p := NewPlatform(t)
	w := NewWorld(t, p, Setup{Target: func() upsert.Target { return Gadgets(GadgetOptions{}) }, Mapping: GadgetMapping, API: func() http.Handler { return NewWorkshop() }})
	w.Config.WindowRows = 2
	workshop(w).Add(Gadget{Code: "old", Title: "Old", Size: 1})
	w.Feed.Body = CSV(gadgetHeader,
		[]string{"a", "of\nthree\nlines", "1", ""}, // row 2, line 2
		[]string{"b", "B", "many", ""},             // row 3, line 5
		[]string{"c", "of\ntwo", "few", ""},        // row 4, line 6
		[]string{"A", "again", "2", ""},            // row 5, line 8
		[]string{"old", "", "2", ""},               // row 6, line 9
	)
	r := w.Run()
	w.Want(r, Counts{Read: 5, Created: 1, Updated: 1, Failed: 3})
	var got []string
	causes := make(map[string]int)
	err := w.DB.EachRunIssue(w.Ctx, r.ID, "", func(i tenants.RunIssue) error {
		got = append(got, fmt.Sprintf("row %d line %d %s %s %s", i.Row, i.Line, i.Key, i.Cure, i.Message))
		if i.Cause != cause.ID(i.Severity, i.Field, i.Message) {
			t.Errorf("cause %q of %s", i.Cause, i.Message)
		}
		causes[i.Cause]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`row 3 line 5 b matching "many" is not a number`,
		`row 4 line 6 c matching "few" is not a number`,
		`row 5 line 8 A file this code is already in row 2: the first is used. Remove one of them at the source`,
	}
	if d := cmp.Diff(want, got); d != "" || len(causes) != 2 {
		t.Errorf("%d causes, issues (-want +got):\n%s", len(causes), d)
	}
	changed := make(map[string]string)
	for _, e := range w.Entries(r) {
		changed[e.Key] = fmt.Sprintf("row %d %q", e.Row, e.Name)
	}
	if d := cmp.Diff(map[string]string{"a": `row 2 "of three lines"`, "old": `row 6 "Old"`}, changed); d != "" {
		t.Errorf("changes (-want +got):\n%s", d)
	}
	if r.BytesTotal != int64(len(w.Feed.Body)) || r.BytesRead != r.BytesTotal {
		t.Errorf("%d of %d bytes are read, of %d", r.BytesRead, r.BytesTotal, len(w.Feed.Body))
	}
}

// TestChangedFieldsAreCountedOnce: wherever the process dies, each record counts once for each of
// its fields, and what is counted is what the journal has.
func TestChangedFieldsAreCountedOnce(t *testing.T) {
	p := NewPlatform(t)
	p.Killable(t)
	for at, died := 0, true; died; at += 2 {
		w := shelf(t, p, 12, nil)
		w.Config.WindowRows = 5
		w.serve(15, func(i int) []string {
			switch {
			case i < 4:
				return sized(i, first(i), "New")
			case i < 6:
				return []string{code(i), "Newer", "7", "bolt"}
			}
			return sized(i, first(i), "Old")
		})
		r := w.Start()
		// A step that is not saved leaves nothing behind in the run that it was given.
		failed := errors.New("not saved")
		for e := w.Engine(); r.Phase != tenants.PhaseWrite; {
			if _, err := e.Step(w.Ctx, r, func(*tenants.DB, *tenants.Run) error { return failed }); !errors.Is(err, failed) {
				t.Fatal(err)
			}
			if _, err := e.Step(w.Ctx, r, nil); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Engine().Step(w.Ctx, r, func(*tenants.DB, *tenants.Run) error { return failed }); !errors.Is(err, failed) {
			t.Fatal(err)
		}
		if _, done := w.Live(r, at); !done {
			w.Live(r, forever)
		} else {
			died = false
		}
		r = w.Saved(r)
		w.Want(r, Counts{Read: 15, Created: 3, Updated: 6, Unchanged: 6})
		want := make(map[string]int64)
		for _, e := range w.Entries(r) {
			for _, c := range w.Changes(e.Changes) {
				want[c.Field]++
			}
		}
		if d := cmp.Diff(want, maps.Clone(r.ChangedFields)); d != "" {
			t.Errorf("killed at point %d: the journal (-) and the counts (+):\n%s", at, d)
		}
	}
}
