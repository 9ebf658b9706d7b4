package upserttest

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/jobs/upsert"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// guarded are gadgets whose runs ask: sizes stand for stock and prices.
type guarded struct {
	gadgetMaker
	specs []upsert.GuardSpec
}

var _ upsert.Guard = guarded{}

func (g guarded) Guards(*tenants.Run) []upsert.GuardSpec { return g.specs }

// What guards ask about, one example of each base.
var (
	toZero = upsert.GuardSpec{Name: "to_zero", Limit: 20, Of: upsert.OfRecords, Message: "Many stocked gadgets would be set to 0.",
		Has: func(f bigcommerce.Fields) bool { return upsert.Int(f["size"]) > 0 }}
	moved     = upsert.GuardSpec{Name: "moved", Limit: 20, Of: upsert.OfWeighed, Message: "Many sizes would move far."}
	magnitude = upsert.GuardSpec{Name: "magnitude", Limit: 50, Of: upsert.OfWeighed, Least: 3, Message: "Sizes seem to be in another unit."}
	zero      = upsert.GuardSpec{Name: "zero", Limit: 1, Of: upsert.OfNone, Least: 2, Message: "Some sizes are 0."}
	renamed   = upsert.GuardSpec{Name: "renamed", Limit: 50, Of: upsert.OfChanged, Message: "Most changes are new titles."}
	added     = upsert.GuardSpec{Name: "added", Limit: 30, Of: upsert.OfSource, Message: "Much of the source is new."}
)

// Weigh knows every guard; the engine asks about those that a run has.
func (guarded) Weigh(_ *tenants.Run, d upsert.Doc, live upsert.Live, changes []upsert.Change) (out []upsert.Weight) {
	after := upsert.Int(d.Fields["size"])
	out = append(out, upsert.Weight{Guard: "added", Counts: live.ID == 0}, upsert.Weight{Guard: "zero", Counts: after == 0})
	for _, c := range changes {
		switch {
		case c.Field == "title" && live.ID != 0:
			out = append(out, upsert.Weight{Guard: "renamed", Counts: true})
		case c.Field == "size" && live.ID != 0 && !c.Unknown:
			before := upsert.Int(c.Before)
			example := fmt.Sprintf("%d → %d", before, after)
			factor := float64(after) / float64(before)
			out = append(out,
				upsert.Weight{Guard: "to_zero", Counts: before > 0 && after == 0, Example: example},
				upsert.Weight{Guard: "moved", Counts: math.Abs(factor-1) > 0.5, Example: example},
				upsert.Weight{Guard: "magnitude", Counts: factor > 95 && factor < 105, Example: example})
		}
	}
	return out
}

func sized(i, size int, title string) []string {
	return []string{code(i), title, strconv.Itoa(size), ""}
}

// shelf returns a world in which a run has landed n gadgets of the sizes 100, 101, …, every tenth
// of them 0.
func shelf(t testing.TB, p *Platform, n int, options tenants.Options, specs ...upsert.GuardSpec) *World {
	t.Helper()
	s := Setup{Target: func() upsert.Target {
		return guarded{gadgetMaker{gadgets{GadgetOptions{PartsBatch: DefaultPartsBatch}}}, specs}
	}, Mapping: GadgetMapping, Options: options,
		API: func() http.Handler { return NewWorkshop() }}
	w := NewWorld(t, p, s)
	for i := range n {
		workshop(w).Add(Gadget{Code: code(i), Title: "Old", Size: int64(first(i))})
	}
	w.serve(n, func(i int) []string { return sized(i, first(i), "Old") })
	w.Want(w.Run(), Counts{Read: int64(n), Unchanged: int64(n)})
	return w
}

func first(i int) int {
	if i%10 == 9 {
		return 0
	}
	return 100 + i
}

func (w *World) serve(n int, row func(i int) []string) {
	rows := make([][]string, n)
	for i := range rows {
		rows[i] = row(i)
	}
	w.Feed.Body = CSV(gadgetHeader, rows...)
}

// forget has the next run look at everything, whether it changed or not.
func (w *World) forget() {
	w.Helper()
	if err := w.DB.DoubtRecords(w.Ctx, w.Flow.Kind); err != nil {
		w.Fatal(err)
	}
	if err := w.DB.Scoped(w.Ctx).Where("flow_id = ?", w.Flow.ID).Delete(&tenants.RememberedRecord{}).Error; err != nil {
		w.Fatal(err)
	}
}

// asked is what tests compare of a question.
type asked struct {
	Guard     string
	Count, Of int64
	Limit     float64
	Examples  []string
}

func askedOf(q *tenants.Question) *asked {
	if q == nil {
		return nil
	}
	return &asked{q.Guard, q.Count, q.Of, q.Limit, q.Examples}
}

// TestGuards: what kinds want to ask about can be said, and is asked whether records are
// remembered, looked at, or some of each. A dry run shows it and ends; a run that asks has written
// nothing, takes no step, and goes on with its answer.
func TestGuards(t *testing.T) {
	const n = 60
	change := func(some func(i int) bool, size func(i int) int, title string) func(i int) []string {
		return func(i int) []string {
			if some(i) {
				return sized(i, size(i), title)
			}
			return sized(i, first(i), "Old")
		}
	}
	below := func(most int) func(i int) bool { return func(i int) bool { return i < most } }
	none := func(int) int { return 0 }
	cases := map[string]struct {
		spec upsert.GuardSpec
		rows int
		row  func(i int) []string
		want *asked
	}{
		// 54 of 60 are stocked; 20 % of them are 10.8.
		"stock to 0":       {toZero, n, change(below(12), none, "Old"), &asked{"to_zero", 11, 54, 20, []string{"G-000: 100 → 0", "G-001: 101 → 0", "G-002: 102 → 0", "G-003: 103 → 0", "G-004: 104 → 0"}}},
		"less stock to 0":  {toZero, n, change(below(11), none, "Old"), nil},
		"sizes move":       {moved, n, change(below(20), func(i int) int { return 100 + i + i/4*50 }, "New"), &asked{"moved", 12, 16, 20, nil}},
		"another unit":     {magnitude, n, change(below(20), func(i int) int { return 100 * first(i) }, "Old"), &asked{"magnitude", 18, 18, 50, nil}},
		"some other units": {magnitude, n, change(below(20), func(i int) int { return (2 + 98*(i%2)) * first(i) }, "New"), nil},
		"a few other ones": {magnitude, n, change(below(2), func(i int) int { return 100 * first(i) }, "Old"), nil},
		"two zeros":        {zero, n, change(below(2), none, "Old"), &asked{"zero", 2, 2, 0, []string{"G-000", "G-001"}}},
		"one zero":         {zero, n, change(below(1), none, "Old"), nil},
		"titles":           {renamed, n, change(below(30), first, "New"), &asked{"renamed", 30, 30, 50, nil}},
		"new ones":         {added, n + 40, func(i int) []string { return sized(i, first(i), "Old") }, &asked{"added", 40, 100, 30, nil}},
		"few new ones":     {added, n + 20, func(i int) []string { return sized(i, first(i), "Old") }, nil},
		"off":              {upsert.GuardSpec{Name: "zero", Of: upsert.OfNone}, n, change(below(9), none, "Old"), nil},
	}
	memories := map[string]func(w *World){
		"remembered": func(*World) {}, "looked at": (*World).forget, "some of each": func(w *World) {
			if err := w.DB.ForgetRecords(w.Ctx, w.Flow.ID, []string{"g-001", "g-003", "g-009", "g-010"}); err != nil {
				w.Fatal(err)
			}
		},
	}
	tenantstest.OneDB(t, func(t *testing.T, db *tenants.DB) {
		p := PlatformOn(t, db, sandbox.Choices{})
		for name, test := range cases {
			for memory, forget := range memories {
				t.Run(name+", "+memory, func(t *testing.T) {
					w := shelf(t, p, n, nil, test.spec)
					forget(w)
					w.serve(test.rows, test.row)
					check := func(what string, q *tenants.Question) {
						t.Helper()
						got := askedOf(q)
						want := test.want
						if got != nil && want != nil && (want.Examples == nil || memory == "some of each") { // as they were found
							if len(got.Examples) != int(min(got.Count, 5)) {
								t.Errorf("%s: examples %q", what, got.Examples)
							}
							got.Examples = nil
							want = &asked{want.Guard, want.Count, want.Of, want.Limit, nil}
						}
						if diff := cmp.Diff(want, got); diff != "" {
							t.Errorf("%s asks (-want +got):\n%s", what, diff)
						}
					}
					dry := w.Run(DryRun)
					check("a dry run", dry.Question)
					if dry.State != tenants.RunDone || dry.Created+dry.Updated == 0 {
						t.Errorf("dry run %s: %+v", dry.State, CountsOf(dry))
					}
					r := w.Run()
					if test.want != nil {
						check("a run", r.Question)
						if left, err := w.Engine().Step(w.Ctx, r, nil); err != nil || !left.Asking || left.Done || r.Created+r.Updated != 0 {
							t.Fatalf("a run that asks: %+v, %v, %+v", left, err, CountsOf(r))
						}
						w.Answer(r, time.Minute)
						r = w.Finish(r)
					}
					w.Want(r, CountsOf(dry))
				})
			}
		}
	})
}

// TestGuardsOneAfterTheOther: an answer lifts one guard, and for as many records as it was about.
func TestGuardsOneAfterTheOther(t *testing.T) {
	w := shelf(t, NewPlatform(t), 30, nil, toZero, zero)
	w.serve(30, func(i int) []string { return sized(i, 0, "New") })
	r := w.Run()
	for _, want := range []asked{{Guard: "to_zero", Count: 27, Of: 27, Limit: 20}, {Guard: "zero", Count: 30, Of: 30}} {
		got := askedOf(r.Question)
		if got == nil || got.Guard != want.Guard || got.Count != want.Count || got.Of != want.Of || got.Limit != want.Limit {
			t.Fatalf("asked %+v, want %+v", got, want)
		}
		w.Answer(r, time.Second)
		r = w.Finish(r)
	}
	w.Want(r, Counts{Read: 30, Updated: 30})
}

// TestLateAnswers: after 15 minutes the run compares anew, and asks again only if there is more to
// ask about.
func TestLateAnswers(t *testing.T) {
	const n = 60
	for name, test := range map[string]struct {
		after   time.Duration
		arrange func(w *World, i int)
		asks    int64 // again; 0: not
		looks   bool
	}{
		"in time":    {15 * time.Minute, func(w *World, i int) { w.edit(i, 5) }, 0, false},
		"late":       {15*time.Minute + time.Second, func(*World, int) {}, 0, true},
		"late, less": {time.Hour, func(w *World, i int) { w.edit(i, 0) }, 0, true},
		"late, more": {time.Hour, func(w *World, i int) { w.edit(9, 7) }, 21, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := shelf(t, NewPlatform(t), n, nil, toZero)
			w.forget()
			w.serve(n, func(i int) []string {
				if i < 22 {
					return sized(i, 0, "New")
				}
				return sized(i, first(i), "Old")
			})
			r := w.Run()
			if q := askedOf(r.Question); q == nil || q.Count != 20 || q.Of != 54 {
				t.Fatalf("asked %+v", q)
			}
			test.arrange(w, 3)
			w.Answer(r, test.after)
			looks := w.Routes(func() { r = w.Finish(r) })["GET/products"]
			if test.looks != (looks > 0) {
				t.Errorf("%d looks", looks)
			}
			if test.asks != 0 {
				if q := askedOf(r.Question); r.State != tenants.RunAsking || q.Count != test.asks || q.Of != 55 {
					t.Fatalf("%s, asked %+v", r.State, q)
				}
				w.Answer(r, time.Minute)
				r = w.Finish(r)
			}
			w.Want(r, Counts{Read: n, Updated: 22, Unchanged: 38})
			if r.ToUpdate != 22 || r.ToCreate != 0 {
				t.Errorf("%d to update, %d to create", r.ToUpdate, r.ToCreate)
			}
		})
	}
}

func (w *World) edit(i int, size int64) {
	workshop(w).Edit(code(i), func(g *Gadget) { g.Size = size })
}

// TestBaseInPages: of more records than are read at once all are counted, once, and none while too
// few count.
func TestBaseInPages(t *testing.T) {
	const n = 1300
	w := shelf(t, NewPlatform(t), n, nil, toZero)
	for _, test := range []struct {
		zeros int
		want  *asked
	}{{300, &asked{"to_zero", 270, 1170, 20, nil}}, {200, nil}} {
		w.serve(n, func(i int) []string {
			if i < test.zeros {
				return sized(i, 0, "Old")
			}
			return sized(i, first(i), "Old")
		})
		r := w.Run(DryRun)
		got := askedOf(r.Question)
		if got != nil {
			got.Examples = nil
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%d zeros (-want +got):\n%s", test.zeros, diff)
		}
	}
}

// lostAt is the option of the engine's own guard.
func lostAt(percent float64) tenants.Options { return tenants.Options{"guard_lost": percent} }

// TestLostKeys: a run asks when a whole source no longer has many of the known good records, which
// stay.
func TestLostKeys(t *testing.T) {
	const n = 40
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		p := PlatformOn(t, db, sandbox.Choices{})
		for name, test := range map[string]struct {
			limit   float64
			have    int // of n
			arrange func(w *World)
			want    *asked
			warned  bool
		}{
			"half":            {limit: 20, have: 20, want: &asked{"lost", 20, 40, 20, []string{"g-020", "g-021", "g-022", "g-023", "g-024"}}},
			"just not":        {limit: 20, have: 32},
			"off":             {limit: 0, have: 5},
			"cut":             {limit: 20, have: 20, arrange: func(w *World) { w.Feed.Complete = false }},
			"nothing changed": {limit: 20, have: 20, arrange: func(w *World) { w.serve(20, func(i int) []string { return sized(i, first(i), "Old") }) }, warned: true},
		} {
			t.Run(name, func(t *testing.T) {
				w := shelf(t, p, n, lostAt(test.limit))
				w.serve(test.have, func(i int) []string { return sized(i, first(i), "New") })
				if test.arrange != nil {
					test.arrange(w)
				}
				for _, dry := range []bool{true, false} {
					r := w.Run(func(r *tenants.Run) { r.DryRun = dry })
					if diff := cmp.Diff(test.want, askedOf(r.Question)); diff != "" {
						t.Fatalf("dry %v (-want +got):\n%s", dry, diff)
					}
					if kinds, _ := w.Issues(r, "warning"); slices.Contains(kinds, "0  ") != (test.warned || r.Incomplete) {
						t.Errorf("dry %v: warnings %q", dry, kinds)
					}
					if !dry && test.want != nil {
						w.Answer(r, time.Hour) // match is repeated; the source is the same
						r = w.Finish(r)
					}
					if r.State != tenants.RunDone {
						t.Errorf("dry %v: %s, %+v", dry, r.State, r.Question)
					}
				}
				if got := len(workshop(w).Gadgets()); got != n {
					t.Errorf("%d gadgets are left in the store", got)
				}
				// What left is asked about until it is back or somebody lets a run go on.
				if r := w.Run(DryRun); test.want != nil && r.Question != nil {
					t.Errorf("nothing is to be written, and it asks %+v", r.Question)
				}
			})
		}
	})
}

// TestGuardsKilledAnywhere: wherever the process dies before the question and after the answer,
// each record counts once, and nothing is written without an answer.
func TestGuardsKilledAnywhere(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		p := PlatformOn(t, db, sandbox.Choices{})
		p.Killable(t)
		world := func() *World {
			w := shelf(t, p, 60, lostAt(1), toZero)
			w.Config.WindowRows = 15
			if err := w.DB.ForgetRecords(w.Ctx, w.Flow.ID, []string{"g-001", "g-003", "g-012", "g-019"}); err != nil {
				t.Fatal(err)
			}
			w.serve(55, func(i int) []string {
				if i < 20 {
					return sized(i, 0, "New")
				}
				return sized(i, first(i), "Old")
			})
			return w
		}
		check := func(w *World, r *tenants.Run, guard string, count, of int64, note string) {
			t.Helper()
			if q := askedOf(r.Question); r.State != tenants.RunAsking || q == nil || q.Guard != guard || q.Count != count || q.Of != of {
				t.Fatalf("%s: %s, asked %+v, want %s %d of %d", note, r.State, q, guard, count, of)
			}
			for _, g := range workshop(w).Gadgets() {
				if g.Title != "Old" {
					t.Fatalf("%s: %s was written before the answer", note, g.Code)
				}
			}
		}
		// live goes on after a death at a point of the leg that is to die.
		live := func(w *World, r *tenants.Run, dies bool, at int) (note string, died bool) {
			if !dies {
				at = forever
			}
			what, done := w.Live(r, at)
			if !done {
				w.Live(r, forever)
			}
			*r = *w.Saved(r)
			return fmt.Sprintf("killed at point %d, %s", at, what), !done
		}
		for leg := range 3 {
			trials := 0
			for at, died := leg, true; died; at += 3 {
				w := world()
				r := w.Start()
				note, dead := live(w, r, leg == 0, at)
				died = dead
				check(w, r, "lost", 5, 60, note)
				w.Answer(r, time.Minute)
				note, dead = live(w, r, leg == 1, at)
				died = died || dead
				check(w, r, "to_zero", 18, 54, note)
				w.Answer(r, time.Hour) // everything is compared anew
				_, dead = live(w, r, leg == 2, at)
				died = died || dead
				w.Want(r, Counts{Read: 55, Updated: 20, Unchanged: 35})
				if died {
					trials++
				}
			}
			if trials == 0 {
				t.Errorf("leg %d: nothing was killed", leg)
			}
		}
	})
}

// TestWhatLeftIsAskedAboutOnce: what somebody let a run go on without is not asked about again.
func TestWhatLeftIsAskedAboutOnce(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		w := shelf(t, PlatformOn(t, db, sandbox.Choices{}), 40, lostAt(20))
		w.serve(30, func(i int) []string { return sized(i, first(i), "New") })
		r := w.Run()
		if diff := cmp.Diff(&asked{"lost", 10, 40, 20, []string{"g-030", "g-031", "g-032", "g-033", "g-034"}}, askedOf(r.Question)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		w.Answer(r, time.Minute)
		if r = w.Finish(r); r.State != tenants.RunDone {
			t.Fatalf("%s, %+v", r.State, r.Question)
		}
		w.serve(29, func(i int) []string { return sized(i, first(i), "Newer") })
		if r = w.Run(); r.State != tenants.RunDone {
			t.Fatalf("%s, %+v", r.State, r.Question)
		}
		w.serve(10, func(i int) []string { return sized(i, first(i), "Newest") })
		if r = w.Run(); r.Question == nil || r.Question.Count != 19 || r.Question.Of != 29 {
			t.Fatalf("%s, %+v", r.State, r.Question)
		}
	})
}
