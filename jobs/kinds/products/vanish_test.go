package products

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// leaving is a store into which a flow brought n products P-00000, P-00001 …; of those of them that
// leave its source, state is what becomes.
func leaving(t *testing.T, n int, state string, guard float64) (*world, []string) {
	t.Helper()
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Flow.Mapping.Fields = without(partsMapping, "category")
	w.Flow.Options = tenants.Options{"left": state, "guard_left": guard, "guard_shrank": 0.0}
	rows := parts(n)
	w.Feed.Body = csv(rows...)
	w.Want(w.Run(), upserttest.Counts{Read: int64(n), Created: int64(n)})
	return w, rows
}

// visible tells of products whether they are shown, whether they are sold, and their stock.
func (w *world) visible() map[string]string {
	w.Helper()
	out := make(map[string]string)
	for sku, p := range w.products() {
		out[sku] = fmt.Sprint(p.IsVisible, " ", p.Availability, " ", p.InventoryLevel)
	}
	return out
}

// TestProductsThatLeft: what left is put into the chosen state, once, in batches and with an entry
// in the journal; a preview says so; what comes back is put right again, but for stock, which
// nobody knows.
func TestProductsThatLeft(t *testing.T) {
	for state, tc := range map[string]struct{ gone, back, journal string }{
		"nothing":     {"true available 3", "true available 3", ""},
		"hidden":      {"false available 3", "true available 3", "is_visible: true → false"},
		"unavailable": {"true disabled 3", "true available 3", "availability: available → disabled"},
		"stock_0":     {"true available 0", "true available 3", "inventory_level: 3 → 0"},
	} {
		t.Run(state, func(t *testing.T) {
			w, rows := leaving(t, 14, state, 0)
			w.Feed.Body = csv(rows[:3]...)
			left := int64(11)
			if state == "nothing" {
				left = 0
			}
			dry := w.Run(upserttest.DryRun)
			if dry.Updated != left || dry.Vanished != left || dry.Failed != 0 || w.visible()["P-00003"] != "true available 3" {
				t.Errorf("the preview has %+v", dry.Counts)
			}
			var r *tenants.Run
			got := w.Routes(func() { r = w.Run() })
			if r.Updated != left || r.Vanished != left || r.Unchanged != 3 || r.Failed != 0 {
				t.Errorf("%+v", r.Counts)
			}
			if left > 0 {
				if got["GET/products"] != 1 || got["PUT/products"]+got["PUT/absolute"] > 2 || w.total(got) > 3 {
					t.Errorf("%v", got)
				}
				if d := cmp.Diff([]string{tc.journal}, w.Journalled(r, "P-00003")); d != "" {
					t.Error(d)
				}
			}
			if now := w.visible(); now["P-00003"] != tc.gone || now["P-00002"] != "true available 2" {
				t.Errorf("%v", now)
			}
			if n := w.Requests(func() { r = w.Run() }); n != 0 || r.Vanished != 0 {
				t.Errorf("%d requests for what left before; %+v", n, r.Counts)
			}
			w.Feed.Body = csv(rows[:5]...)
			if r = w.Run(); r.Failed != 0 || r.Vanished != 0 {
				t.Errorf("%+v", r.Counts)
			}
			if now := w.visible(); now["P-00003"] != tc.back || state != "nothing" && now["P-00005"] == "true available 5" {
				t.Errorf("after two came back: %v", now)
			}
			if n := w.Requests(func() { w.Run() }); n != 0 {
				t.Errorf("%d requests for what came back before", n)
			}
		})
	}
}

// TestWhoDidNotLeave: a part of a file, one without rows, a row that nobody knows the product of and
// a retry say nothing of who is missing.
func TestWhoDidNotLeave(t *testing.T) {
	w, rows := leaving(t, 12, "hidden", 0)
	before := w.visible()
	for _, tc := range []struct {
		name string
		body string
		half bool
		note string
	}{
		{name: "half a file", body: csv(rows[:3]...), half: true},
		{name: "no rows", body: header + "\n"},
		{name: "a row without a key", body: csv(append(slices.Clone(rows[:3]), ",Nobody,1,1,bags,backpack")...), note: "1 rows do not say which product"},
	} {
		w.Feed.Body, w.Feed.Complete = tc.body, !tc.half
		r := w.Run()
		if d := cmp.Diff(before, w.visible()); d != "" || r.Vanished != 0 {
			t.Errorf("%s: %+v %s", tc.name, r.Counts, d)
		}
		if _, messages := w.Issues(r, "warning"); !strings.Contains(fmt.Sprint(messages), tc.note) {
			t.Errorf("%s: %v", tc.name, messages)
		}
	}
	w.Feed.Complete = true
	w.Feed.Body = csv(append(slices.Clone(rows[:11]), strings.Replace(rows[11], "12.99", "x", 1))...)
	failed := w.Run()
	w.Feed.Body = csv(append(slices.Clone(rows[:3]), rows[11])...)
	if r := w.Run(func(r *tenants.Run) { r.RetryOf = failed.ID }); r.Vanished != 0 || r.Read != 1 {
		t.Errorf("a retry: %+v", r.Counts)
	}
	if d := cmp.Diff(before, w.visible()); d != "" {
		t.Errorf("a retry: %s", d)
	}
}

// TestLeavingAsks: many that left at once are asked about; who answers late is not told of them
// twice, and stopping leaves them.
func TestLeavingAsks(t *testing.T) {
	w, rows := leaving(t, 20, "hidden", 20)
	before := w.visible()
	w.Feed.Body = csv(rows[:15]...)
	want := &tenants.Question{
		Guard: "left", Count: 5, Of: 20, Limit: 20, Examples: []string{"P-00015", "P-00016", "P-00017", "P-00018", "P-00019"},
		Message: "Many of the products are not in the file any more. What you chose for them would be done: Hide the product. Of a variant: stop selling it. Check that the file is whole.",
	}
	for _, dry := range []bool{true, false} {
		r := w.Run(func(r *tenants.Run) { r.DryRun = dry })
		if r.Question == nil {
			t.Fatalf("dry %t: nothing was asked; %+v", dry, r.Counts)
		}
		r.Question.AskedAt = time.Time{}
		if d := cmp.Diff(want, r.Question); d != "" {
			t.Errorf("dry %t: %s", dry, d)
		}
		if d := cmp.Diff(before, w.visible()); d != "" {
			t.Errorf("dry %t: %s", dry, d)
		}
		if dry {
			continue
		}
		w.Answer(r, time.Hour)
		if r = w.Finish(r); r.State != tenants.RunDone || r.Vanished != 5 || r.Updated != 5 || r.ToUpdate != 5 {
			t.Errorf("%s: %+v", r.State, r.Counts)
		}
		if now := w.visible(); now["P-00015"] != "false available 15" {
			t.Errorf("%v", now)
		}
	}
}

// TestLeftAsItWas: what somebody hid already stays so, whatever happens; what was deleted is no
// fault; what the flow did not bring in is not its own.
func TestLeftAsItWas(t *testing.T) {
	w, rows := leaving(t, 6, "hidden", 0)
	w.edit("P-00004", bigcommerce.Fields{"is_visible": false})
	w.remove("P-00005")
	w.add(stocked("OTHER", "Theirs", 1))
	w.Feed.Body = csv(rows[:3]...)
	r := w.Run()
	if r.Vanished != 1 || r.Updated != 1 || r.Failed != 0 {
		t.Errorf("%+v", r.Counts)
	}
	now := w.visible()
	if now["P-00003"] != "false available 3" || now["P-00004"] != "false available 4" || now["OTHER"] != "true available 1" {
		t.Errorf("%v", now)
	}
	w.Feed.Body = csv(rows...)
	if r = w.Run(); r.Failed != 0 || r.Created != 1 {
		t.Errorf("%+v", r.Counts)
	}
	now = w.visible()
	if now["P-00003"] != "true available 3" || now["P-00004"] != "false available 4" || now["P-00005"] != "true available 5" {
		t.Errorf("after they came back: %v", now)
	}
}

// TestLeavingOneOfTwo: a product that another flow still has stays; when both lost it, it comes back
// with either.
func TestLeavingOneOfTwo(t *testing.T) {
	w, rows := leaving(t, 4, "hidden", 0)
	first := w.Flow
	second := w.AddFlow("Second", first.Mapping, first.Options)
	with := func(f *tenants.Flow, n int) *tenants.Run {
		w.Flow, w.Feed.Body = f, csv(rows[:n]...)
		return w.Run()
	}
	with(second, 4)
	r := with(first, 3)
	if _, messages := w.Issues(r, "warning"); r.Vanished != 0 || !strings.Contains(fmt.Sprint(messages), "another sync has them") || w.visible()["P-00003"] != "true available 3" {
		t.Errorf("%+v, %v", r.Counts, messages)
	}
	if r = with(second, 3); r.Vanished != 1 || w.visible()["P-00003"] != "false available 3" {
		t.Errorf("both lost it: %+v", r.Counts)
	}
	if r = with(first, 4); r.Failed != 0 || w.visible()["P-00003"] != "true available 3" {
		t.Errorf("it came back to the first: %+v", r.Counts)
	}
	w.edit("P-00003", bigcommerce.Fields{"is_visible": false})
	if r = with(second, 4); r.Failed != 0 || w.visible()["P-00003"] != "false available 3" {
		t.Errorf("it was hidden by hand, then came back to the second: %+v, %s", r.Counts, w.visible()["P-00003"])
	}
}

// TestVariantsThatLeft: a variant is not sold any more, fifty in a request, and is sold again.
func TestVariantsThatLeft(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Flow.Mapping.Fields = without(partsMapping, "category")
	w.Flow.Options = tenants.Options{"left": "hidden", "guard_left": 0.0, "guard_shrank": 0.0}
	w.shirt("SH", "S", "M", "L")
	rows := []string{part("SH-S", "S", "11", "7"), part("SH-M", "M", "11", "7"), part("SH-L", "L", "11", "7")}
	w.Feed.Body = csv(rows...)
	w.Want(w.Run(), upserttest.Counts{Read: 3, Updated: 3})
	sold := func() (out []string) {
		for _, v := range partsOf(w.whole("SH")[fieldVariants]) {
			out = append(out, fmt.Sprint(v["sku"], " ", v["purchasing_disabled"]))
		}
		slices.Sort(out)
		return out
	}
	w.Feed.Body = csv(rows[0])
	var r *tenants.Run
	got := w.Routes(func() { r = w.Run() })
	if d := cmp.Diff([]string{"SH-L true", "SH-M true", "SH-S false"}, sold()); d != "" || r.Vanished != 2 || got["PUT/variants"] != 1 || got["PUT/products"] != 0 {
		t.Errorf("%+v, %v: %s", r.Counts, got, d)
	}
	w.Feed.Body = csv(rows...)
	r = w.Run()
	if d := cmp.Diff([]string{"SH-L false", "SH-M false", "SH-S false"}, sold()); d != "" || r.Failed != 0 {
		t.Errorf("%+v: %s", r.Counts, d)
	}
}

// TestLeavingSurvives: an outage is waited for, and a cancelled run has written nothing twice.
func TestLeavingSurvives(t *testing.T) {
	w, rows := leaving(t, 25, "hidden", 0)
	w.Feed.Body = csv(rows[:2]...)
	w.fault(sandbox.Fault{Method: "PUT", PathPrefix: productsAPI, Kind: sandbox.Fault503, Times: 2})
	r := w.Run()
	if r.State != tenants.RunDone || r.Vanished != 23 || r.Failed != 0 {
		t.Errorf("%s: %+v", r.State, r.Counts)
	}
	for sku, is := range w.visible() {
		if hidden := strings.HasPrefix(is, "false"); hidden != (sku > "P-00001") {
			t.Errorf("%s: %s", sku, is)
		}
	}
}
