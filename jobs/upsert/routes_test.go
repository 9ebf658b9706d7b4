package upsert_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/jobs/flow"
	"sluice/jobs/upsert"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// bench is a World of gadgets.
type bench struct {
	*upserttest.World
	shop *upserttest.Workshop
}

func newBench(t *testing.T, p *upserttest.Platform, o upserttest.GadgetOptions) *bench {
	t.Helper()
	shop := upserttest.NewWorkshop()
	w := upserttest.NewWorld(t, p, upserttest.Setup{
		Target:  func() upsert.Target { return upserttest.Gadgets(o) },
		Mapping: upserttest.GadgetMapping,
		API:     func() http.Handler { return shop },
	})
	return &bench{w, shop}
}

// feed is of rows such as "A, Title, 1, bolt nut".
func (b *bench) feed(rows ...string) {
	split := make([][]string, len(rows))
	for i, row := range rows {
		split[i] = strings.Split(row, ", ")
	}
	b.Feed.Body = upserttest.CSV([]string{"Code", "Title", "Size", "Parts"}, split...)
}

// has fails the test unless these are the gadgets that there are, as rows of a feed.
func (b *bench) has(want ...string) {
	b.Helper()
	var got []string
	for _, g := range b.shop.Gadgets() {
		got = append(got, fmt.Sprintf("%s, %s, %d, %s", g.Code, g.Title, g.Size, strings.Join(g.Parts, " ")))
	}
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		b.Fatalf("gadgets: %s", d)
	}
}

func (b *bench) gadget(code string) upserttest.Gadget {
	all := b.shop.Gadgets()
	return all[slices.IndexFunc(all, func(g upserttest.Gadget) bool { return g.Code == code })]
}

// known has the rows written, and all of them remembered.
func (b *bench) known(rows ...string) {
	b.Helper()
	n := int64(len(rows))
	b.feed(rows...)
	b.Run()
	other := slices.Clone(rows)
	for i, row := range other { // by one route, whose answer shows everything
		parts := strings.Split(row, ", ")
		other[i] = strings.Join([]string{parts[0], "Other", parts[2], parts[3]}, ", ")
	}
	b.feed(other...)
	b.Want(b.Run(), upserttest.Counts{Read: n, Updated: n})
	b.feed(rows...)
	b.Want(b.Run(), upserttest.Counts{Read: n, Updated: n})
	b.has(rows...)
}

// put counts requests by the kind of route.
func puts(routes map[string]int) (gadgets, parts, reads int) {
	return routes["PUT/products"], routes["PUT/records"], routes["GET/products"]
}

// onPut has fn called before each write of the engine, told the body. An answer other than nil
// takes the place of the workshop's.
func (b *bench) onPut(fn func(path, body string) *http.Response) {
	b.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return upserttest.Tripper(func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodPut {
				return next.RoundTrip(r)
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			if res := fn(r.URL.Path, string(body)); res != nil {
				return res, nil
			}
			return next.RoundTrip(r)
		})
	}
}

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}
}

// TestBothRoutes: changes on both routes of a record, in one run, are one record.
func TestBothRoutes(t *testing.T) {
	p := upserttest.NewPlatform(t)
	for _, blind := range []bool{false, true} {
		b := newBench(t, p, upserttest.GadgetOptions{Blind: blind})
		b.known("A, First, 1, bolt", "B, Second, 1, bolt")
		b.feed("A, First, 2, nut", "B, Second, 1, bolt")
		r := b.Run()
		b.Want(r, upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1})
		b.has("A, First, 2, nut", "B, Second, 1, bolt")
		if d := cmp.Diff([]string{"parts: [bolt] → [nut]", "size: 1 → 2"}, b.Journalled(r, "A")); d != "" {
			t.Error(d)
		}
	}
}

// TestDriftLeavesTheOtherRoute: what others changed is set right with what another route has yet to
// write.
func TestDriftLeavesTheOtherRoute(t *testing.T) {
	b := newBench(t, upserttest.NewPlatform(t), upserttest.GadgetOptions{})
	b.known("A, First, 1, bolt", "B, Second, 1, bolt")
	b.shop.Edit("A", func(g *upserttest.Gadget) { g.Title = "Theirs" })
	b.shop.Edit("B", func(g *upserttest.Gadget) { g.Parts = []string{"glue"} })
	b.feed("A, First, 2, nut", "B, Second, 2, nut")
	r := b.Run()
	b.Want(r, upserttest.Counts{Read: 2, Updated: 2})
	b.has("A, First, 2, nut", "B, Second, 2, nut")
	if d := cmp.Diff([]string{"size: 1 → 2", "parts: [bolt] → [nut]", "title: Theirs → First"}, sorted(b.Journalled(r, "A"))); d != "" {
		t.Errorf("A: %s", d)
	}
	if d := cmp.Diff([]string{"size: 1 → 2", "parts: [glue] → [nut]"}, sorted(b.Journalled(r, "B"))); d != "" {
		t.Errorf("B: %s", d)
	}
}

// sorted puts what is about size first, and else sorts by name.
func sorted(changes []string) []string {
	slices.SortFunc(changes, func(a, b string) int {
		if x, y := strings.HasPrefix(a, "size"), strings.HasPrefix(b, "size"); x != y {
			if x {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	return changes
}

// TestOneRouteRefuses: what the first route wrote is in the journal though the second is refused,
// whatever the changes were worked out from; others of the batch land, and a retry writes the rest
// alone.
func TestOneRouteRefuses(t *testing.T) {
	p := upserttest.NewPlatform(t)
	for _, o := range []upserttest.GadgetOptions{{}, {Blind: true}} {
		for _, remembered := range []bool{false, true} {
			t.Run(fmt.Sprintf("%+v, remembered %t", o, remembered), func(t *testing.T) {
				b := newBench(t, p, o)
				before := []string{"A, First, 1, bolt", "B, Second, 1, bolt", "C, Third, 1, bolt"}
				if b.known(before...); !remembered {
					if err := b.DB.Scoped(b.Ctx).Where("1 = 1").Delete(&tenants.RememberedRecord{}).Error; err != nil {
						t.Fatal(err)
					}
				}
				b.feed("A, First, 2, nut", "B, Second, 2, "+upserttest.RefusedPart, "C, Third, 2, nut")
				r := b.Run()
				b.Want(r, upserttest.Counts{Read: 3, Updated: 2, Failed: 1})
				b.has("A, First, 2, nut", "B, Second, 2, bolt", "C, Third, 2, nut")
				if kinds, messages := b.Issues(r, flow.SeverityError); !cmp.Equal(kinds, []string{"3 B parts"}) {
					t.Errorf("%v", messages)
				}
				if d := cmp.Diff([]string{"size: 1 → 2"}, b.Journalled(r, "B")); d != "" {
					t.Errorf("journal: %s", d)
				}
				b.feed("A, First, 2, nut", "B, Second, 2, screw", "C, Third, 2, nut")
				var retry *tenants.Run
				gadgets, parts, reads := puts(b.Routes(func() { retry = b.Run(upserttest.RetryOf(r)) }))
				b.Want(retry, upserttest.Counts{Read: 1, Updated: 1})
				b.has("A, First, 2, nut", "B, Second, 2, screw", "C, Third, 2, nut")
				if gadgets+parts != 1 || reads != 1 {
					t.Errorf("the retry took %d, %d and %d requests", gadgets, parts, reads)
				}
			})
		}
	}
}

// TestARefusalThatWasWrong: a record of which one route was written, and that the look after the
// other's refusal finds right.
func TestARefusalThatWasWrong(t *testing.T) {
	b := newBench(t, upserttest.NewPlatform(t), upserttest.GadgetOptions{Blind: true})
	b.known("A, First, 1, bolt")
	b.feed("A, First, 2, nut")
	b.onPut(func(path, _ string) *http.Response {
		if !strings.HasSuffix(path, "/records") {
			return nil
		}
		b.shop.Edit("A", func(g *upserttest.Gadget) { g.Parts = []string{"nut"} })
		return answer(http.StatusUnprocessableEntity, `{"batch_errors":[{"data":{"sku":"`+b.shop.Gadgets()[0].Ref+`","currency":"none"},"field_errors":{"parts":"not now"}}]}`)
	})
	r := b.Run()
	b.Want(r, upserttest.Counts{Read: 1, Updated: 1})
	if r.ToUpdate != 1 {
		t.Errorf("%d to update", r.ToUpdate)
	}
	if d := cmp.Diff([]string{"size: 1 → 2"}, b.Journalled(r, "A")); d != "" {
		t.Error(d)
	}
}

// TestDeletedBetweenRoutes: a record that is deleted when one route has written is made anew, or
// its writes are told.
func TestDeletedBetweenRoutes(t *testing.T) {
	p := upserttest.NewPlatform(t)
	tests := make(map[string]upserttest.GadgetOptions)
	for _, o := range []upserttest.GadgetOptions{{}, {Blind: true}, {UpdateOnly: true}, {UpdateOnly: true, Blind: true}} {
		for _, remembered := range []bool{false, true} {
			tests[fmt.Sprintf("%+v, remembered %t", o, remembered)] = o
		}
	}
	for name, o := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, p, o)
			b.shop.Add(upserttest.Gadget{Code: "A", Title: "Seeded"})
			if strings.HasSuffix(name, "true") {
				b.known("A, Seeded, 1, bolt")
			}
			b.feed("A, First, 2, nut")
			n := 0
			b.onPut(func(string, string) *http.Response {
				if n++; n == 2 {
					b.shop.Remove("A")
				}
				return nil
			})
			r := b.Run()
			var actions []string
			for _, e := range b.Entries(r) {
				actions = append(actions, e.Action)
			}
			if o.UpdateOnly {
				b.Want(r, upserttest.Counts{Read: 1, Failed: 1})
				b.has()
				if got := b.Journalled(r, "A"); len(got) != 2 || !strings.HasSuffix(got[0], " → 2") || got[1] != "title: Seeded → First" {
					t.Errorf("journal %v", got)
				}
				return
			}
			b.Want(r, upserttest.Counts{Read: 1, Created: 1})
			b.has("A, First, 2, nut")
			if !cmp.Equal(actions, []string{"create"}) || r.ToCreate != 1 || r.ToUpdate != 0 {
				t.Errorf("journal %v, to create %d, to update %d", actions, r.ToCreate, r.ToUpdate)
			}
		})
	}
}

// TestACreateThatLeavesSomething: the rest is written by its route; what fails of it does not undo
// the create.
func TestACreateThatLeavesSomething(t *testing.T) {
	p := upserttest.NewPlatform(t)
	for _, o := range []upserttest.GadgetOptions{{}, {Blind: true}} {
		b := newBench(t, p, o)
		b.feed("A, First, 1, bolt", "B, Second, 1, "+upserttest.RefusedPart, "C, Third, 1, ")
		r := b.Run()
		b.Want(r, upserttest.Counts{Read: 3, Created: 2, Failed: 1})
		b.has("A, First, 1, bolt", "B, Second, 1, ", "C, Third, 1, ")
		if d := cmp.Diff(map[string]string{"a": "create", "b": "create", "c": "create"}, b.Journal(r)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"code: <nil> → A", "size: <nil> → 1", "title: <nil> → First", "parts: <nil> → [bolt]"}, b.Journalled(r, "A")); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"code: <nil> → B", "size: <nil> → 1", "title: <nil> → Second"}, b.Journalled(r, "B")); d != "" {
			t.Error(d)
		}
		if kinds, _ := b.Issues(r, flow.SeverityWarning); kinds != nil {
			t.Errorf("warnings %v", kinds)
		}
		b.feed("A, First, 1, bolt", "B, Second, 1, nut", "C, Third, 1, ")
		b.Want(b.Run(), upserttest.Counts{Read: 3, Updated: 1, Unchanged: 2})
		b.has("A, First, 1, bolt", "B, Second, 1, nut", "C, Third, 1, ")
	}
}

// TestMovedRecords: records that are found at another Ref are sent there, with all of their batch,
// and the next run knows it.
func TestMovedRecords(t *testing.T) {
	b := newBench(t, upserttest.NewPlatform(t), upserttest.GadgetOptions{Blind: true})
	b.known("A, First, 1, bolt", "B, Second, 1, bolt", "C, Third, 1, bolt")
	b.shop.Move("B")
	b.feed("A, First, 1, nut", "B, Second, 1, nut", "C, Third, 1, nut")
	var r *tenants.Run
	gadgets, parts, reads := puts(b.Routes(func() { r = b.Run() }))
	b.Want(r, upserttest.Counts{Read: 3, Updated: 3})
	b.has("A, First, 1, nut", "B, Second, 1, nut", "C, Third, 1, nut")
	if gadgets != 0 || parts != 2 || reads != 0 {
		t.Errorf("%d, %d and %d requests", gadgets, parts, reads)
	}
	b.feed("A, First, 1, nut", "B, Second, 1, screw", "C, Third, 1, nut")
	gadgets, parts, reads = puts(b.Routes(func() { r = b.Run() }))
	b.Want(r, upserttest.Counts{Read: 3, Updated: 1, Unchanged: 2})
	if gadgets != 0 || parts != 1 || reads != 0 {
		t.Errorf("the next run: %d, %d and %d requests", gadgets, parts, reads)
	}
}

// TestARecordThatMovesForEver is refused.
func TestARecordThatMovesForEver(t *testing.T) {
	b := newBench(t, upserttest.NewPlatform(t), upserttest.GadgetOptions{Blind: true})
	b.known("A, First, 1, bolt", "B, Second, 1, bolt")
	b.feed("A, First, 1, nut", "B, Second, 1, nut")
	first := b.gadget("A")
	n := 0
	b.onPut(func(_, body string) *http.Response {
		ref := first.Ref
		_, rest, found := strings.Cut(body, `"sku":"`+ref)
		if !found {
			return nil
		}
		at, _, _ := strings.Cut(rest, `"`)
		if n++; n > 100 {
			t.Fatal("it is sent for ever")
		}
		return answer(http.StatusUnprocessableEntity, fmt.Sprintf(`{"batch_errors":[{"data":{"sku":"%s%s","currency":"none"},"field_errors":{"moved":"%s%d"}}]}`, ref, at, ref, n))
	})
	r := b.Run()
	b.Want(r, upserttest.Counts{Read: 2, Updated: 1, Failed: 1})
	if kinds, messages := b.Issues(r, flow.SeverityError); !cmp.Equal(kinds, []string{"2 A "}) {
		t.Errorf("%v", messages)
	}
}

// TestBlindRoutes: what was sent is remembered, nobody looks at it, and requests go one at a time.
func TestBlindRoutes(t *testing.T) {
	b := newBench(t, upserttest.NewPlatform(t), upserttest.GadgetOptions{Blind: true})
	rows := make([]string, 60)
	for i := range rows {
		rows[i] = fmt.Sprintf("G-%02d, Gadget, 1, bolt", i)
	}
	b.known(rows...)
	for _, part := range []string{"nut", "screw"} {
		for i := range rows {
			rows[i] = fmt.Sprintf("G-%02d, Gadget, 1, %s", i, part)
		}
		b.feed(rows...)
		var r *tenants.Run
		gadgets, parts, reads := puts(b.Routes(func() { r = b.Run() }))
		b.Want(r, upserttest.Counts{Read: 60, Updated: 60})
		b.has(rows...)
		if gadgets != 0 || parts != 15 || reads != 0 {
			t.Errorf("%d, %d and %d requests", gadgets, parts, reads)
		}
		if kinds, _ := b.Issues(r, flow.SeverityWarning); kinds != nil {
			t.Errorf("warnings %v", kinds)
		}
	}
	if b.shop.Crowded() {
		t.Error("two requests to the list were under way at once")
	}
}

// TestWholeBatchesOfEachRoute: records that both routes are to write fill the batches of both,
// whichever are larger.
func TestWholeBatchesOfEachRoute(t *testing.T) {
	p := upserttest.NewPlatform(t)
	const n = 450
	for _, batch := range []int{4, 7, 1000} {
		t.Run(fmt.Sprint(batch), func(t *testing.T) {
			b := newBench(t, p, upserttest.GadgetOptions{UpdateOnly: true, Blind: true, PartsBatch: batch})
			rows := make([]string, n)
			for i := range rows {
				rows[i] = fmt.Sprintf("G-%03d, Gadget, 1, bolt", i)
				b.shop.Add(upserttest.Gadget{Code: fmt.Sprintf("G-%03d", i)})
			}
			b.feed(rows...)
			b.Limit = b.Sips(17) // steps end anywhere
			var r *tenants.Run
			gadgets, parts, _ := puts(b.Routes(func() { r = b.Run() }))
			b.Want(r, upserttest.Counts{Read: n, Updated: n})
			b.has(rows...)
			least := (n + batch - 1) / batch
			if gadgets > n/10+n/200 || parts > least+least/20 {
				t.Errorf("%d requests for gadgets, %d for parts, of which %d and %d are needed", gadgets, parts, n/10, least)
			}
		})
	}
}
