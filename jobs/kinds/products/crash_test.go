package products

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/jobs/flow"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// crashWorld is a store that has something for every kind of write: a product to update, one that
// is padded, one that is right already, one whose name a new one wants, and rows that fail.
func crashWorld(t testing.TB, p *upserttest.Platform, concurrency int) *world {
	w := newWorld(t, p)
	w.Config.Concurrency, w.Config.WindowRows = concurrency, 5
	w.add(stocked("OLD", "Old", 1))
	w.add(stocked("PAD ", "Padded", 5))
	w.add(stocked("  FAR  ", "Far padded", 5)) // no filter finds it: its create meets it
	w.add(stocked("ELSE", "Wanted", 5))
	w.Feed.Body = csv(
		part("N-1", "New 1", "1", "1"), part("OLD", "Old", "2", "1"), part("N-2", "New 2", "2", "1"), part("PAD", "Padded", "5", "1"),
		part("N-3", "New 1", "3", "1"), part("N-1", "Twice", "1", "1"), part("BAD", "Bad", "x", "1"), part("N-4", "Wanted", "4", "1"),
		"N-5,New 5,5,1,other,style", part("N-6", "New 6", "6", "1"), part("FAR", "Far padded", "5", "1"),
	)
	return w
}

// settled asserts the one right end of a crashWorld's run.
func (w *world) settled(r *tenants.Run, note string) {
	w.Helper()
	r = w.Saved(r)
	want := upserttest.Counts{Read: 11, Created: 6, Updated: 3, Failed: 2}
	if got := upserttest.CountsOf(r); r.State != tenants.RunDone || got != want {
		_, messages := w.Issues(r, "")
		w.Fatalf("%s: state %s %q, counts %+v, want %+v; issues %v", note, r.State, r.Error, got, want, messages)
	}
	prices := make(map[string]string)
	for sku, p := range w.products() {
		prices[sku] = p.Name + " " + p.Price.String()
		if sku != "ELSE" && len(p.Categories) != 1 {
			w.Errorf("%s: %s is in categories %v", note, sku, p.Categories)
		}
	}
	wantPrices := map[string]string{
		"N-1": "New 1 1", "N-2": "New 2 2", "N-3": "New 1 (N-3) 3", "N-4": "Wanted (N-4) 4", "N-5": "New 5 5", "N-6": "New 6 6",
		"OLD": "Old 2", "PAD": "Padded 5", "FAR": "Far padded 5", "ELSE": "Wanted 5",
	}
	if d := cmp.Diff(wantPrices, prices); d != "" {
		w.Fatalf("%s: %s", note, d)
	}
	wantJournal := map[string]string{"n-1": "create", "n-2": "create", "n-3": "create", "n-4": "create", "n-5": "create", "n-6": "create", "old": "update", "pad": "update", "far": "update"}
	if d := cmp.Diff(wantJournal, w.Journal(r)); d != "" {
		w.Fatalf("%s: journal %s", note, d)
	}
	kinds, _ := w.Issues(r, flow.SeverityError)
	if d := cmp.Diff([]string{"7 N-1 sku", "8 BAD price"}, kinds); d != "" {
		w.Fatalf("%s: errors %s", note, d)
	}
}

// crashScenario kills a run of crashWorld that does one to four things at a time.
func crashScenario(p *upserttest.Platform) upserttest.Scenario {
	return upserttest.Scenario{
		Points: 70, Stride: 9,
		New: func(t testing.TB, seed int) *upserttest.World { return crashWorld(t, p, 1+seed%4).World },
		Settled: func(base *upserttest.World, r *tenants.Run, note string) {
			w := &world{base}
			w.settled(r, note)
			again := w.Run()
			if upserttest.CountsOf(again) != (upserttest.Counts{Read: 11, Unchanged: 9, Failed: 2}) || again.Requests != 0 {
				w.Fatalf("%s: the next run has %+v and %d requests", note, upserttest.CountsOf(again), again.Requests)
			}
		},
	}
}

// TestSoakKilledAnywhere: killed at any point, the store ends with every product exactly once, and
// the run accounts for every row, with what upserttest's own scenario has no words for: padded
// SKUs, names that others have, categories.
func TestSoakKilledAnywhere(t *testing.T) {
	p := upserttest.NewPlatform(t)
	p.Killable(t)
	upserttest.KilledAnywhere(t, crashScenario(p))
}

// TestSoakKilledAgainAndAgain kills the process many times in one run, at random points.
func TestSoakKilledAgainAndAgain(t *testing.T) {
	p := upserttest.NewPlatform(t)
	p.Killable(t)
	upserttest.KilledAgainAndAgain(t, crashScenario(p))
}
