package products

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/jobs/flow"
	"sluice/jobs/upsert"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// TestRequestsOfACatalogue holds the price of a run: what it costs in requests is what it costs.
func TestRequestsOfACatalogue(t *testing.T) {
	size := 2465
	if raceDetector {
		size = 600 // the bounds below follow the size
	}
	pages := (size + pageSize - 1) / pageSize
	w := newWorld(t, upserttest.NewPlatform(t))
	rows := parts(size)
	w.Feed.Body = csv(rows...)
	var r *tenants.Run

	first := w.Requests(func() { r = w.Run() })
	w.Want(r, upserttest.Counts{Read: int64(size), Created: int64(size)})
	// Besides the creates: categories, their tree, the catalogue's first page, two levels of
	// categories.
	if r.Requests != int64(first) || r.PlannedRequests != int64(first) || first > size+8 {
		t.Errorf("first run: %d requests (run says %d, planned %d)", first, r.Requests, r.PlannedRequests)
	}
	if got := w.Store.Products(); got != size {
		t.Fatalf("the store has %d products", got)
	}
	if want := int64(size / 10); r.Warnings != want {
		t.Errorf("%d warnings, want one for each of %d repeated names", r.Warnings, want)
	}

	if n := w.Requests(func() { r = w.Run() }); n != 0 {
		t.Errorf("nothing changed: %d requests", n)
	}
	w.Want(r, upserttest.Counts{Read: int64(size), Unchanged: int64(size)})

	for i := range 100 {
		at := i * size / 100
		rows[at] = strings.Replace(rows[at], ".99,", ".49,", 1)
	}
	w.Feed.Body = csv(rows...)
	if n := w.Requests(func() { r = w.Run() }); n != 10 {
		t.Errorf("100 prices changed: %d requests", n)
	}
	w.Want(r, upserttest.Counts{Read: int64(size), Updated: 100, Unchanged: int64(size - 100)})

	// The app forgets everything; the store is full.
	for _, table := range []any{&tenants.Record{}, &tenants.RunItem{}} {
		if err := w.DB.Scoped(w.Ctx).Where("1 = 1").Delete(table).Error; err != nil {
			t.Fatal(err)
		}
	}
	mark := w.Store.Log().Mark()
	if n := w.Requests(func() { r = w.Run() }); n > pages+2 {
		t.Errorf("database lost: %d requests for %d pages", n, pages)
	}
	w.Want(r, upserttest.Counts{Read: int64(size), Unchanged: int64(size)})
	for route, n := range w.Store.Log().Since(mark).ByMethodPath {
		if !strings.HasPrefix(route, "GET ") {
			t.Errorf("database lost: %d × %s", n, route)
		}
	}
	if n := w.Requests(func() { r = w.Run() }); n != 0 {
		t.Errorf("after that, nothing changed: %d requests", n)
	}
}

func TestBadRowsAreNamedAndGoodOnesLand(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = header + "\n" +
		part("A-1", "Good one", "12.50", "5") + "\n" + // 2
		part("", "No SKU", "1", "1") + "\n" + // 3
		part("A-1", "Again", "1", "1") + "\n" + // 4
		part("A-3", "No price", `"12,5,0"`, "1") + "\n" + // 5
		part("A-4", "Word price", "abc", "1") + "\n" + // 6
		part("A-5", strings.Repeat("n", 300), "1", "1") + "\n" + // 7
		part("A-6", "A unit", "1", "5 kg") + "\n" + // 8
		"\n" + // 9, which is no record
		`A-7,"Unbalanced,1,1,bags,backpack` + "\n" + // 10
		"A-8\n" + // 11
		part("A-9", "NUL \x00 byte", "1", "1") + "\n" + // 12
		part("a-1 ", "Padded again", "1", "1") + "\n" + // 13
		part("A-10", "Good two", "3", "0") + "\n" // 14
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 12, Created: 2, Failed: 10})
	products := w.products()
	if len(products) != 2 || products["A-1"] == nil || products["A-10"] == nil {
		t.Errorf("products %v", products)
	}
	_, messages := w.Issues(r, flow.SeverityError)
	lines := make(map[string]bool)
	for kind := range messages {
		line, _, _ := strings.Cut(kind, " ")
		lines[line] = true
	}
	for line := 3; line <= 13; line++ {
		if lines[fmt.Sprint(line)] == (line == 9) {
			t.Errorf("line %d has no error; errors: %v", line, messages)
		}
	}
	for _, want := range []string{"4 A-1 sku", "13 a-1 sku", "5 A-3 price", "6 A-4 price", "7 A-5 name", "8 A-6 inventory_level", "3  sku"} {
		if messages[want] == "" {
			t.Errorf("no error %q; errors: %v", want, messages)
		}
	}
	if m := messages["4 A-1 sku"]; !strings.Contains(m, "row 2") {
		t.Errorf("the first line is not named: %q", m)
	}

	// Fixed rows land with a retry of the failed ones, and nothing else is touched.
	retry := w.Run(func(n *tenants.Run) { n.RetryOf = r.ID })
	w.Want(retry, upserttest.Counts{Read: 10, Failed: 10})
}

func TestRetryReadsOnlyWhatFailed(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = csv(part("A", "First", "1", "1"), part("B", "Second", "2;50", "1"), part("B", "Second again", "2", "1"), part("C", "Third", "3;50", "1"))
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 4, Created: 1, Failed: 3})
	// The merchant fixes the mapping.
	for i, f := range w.Flow.Mapping.Fields {
		if f.Target == "price" {
			w.Flow.Mapping.Fields = append([]tenants.FieldMapping(nil), w.Flow.Mapping.Fields...)
			w.Flow.Mapping.Fields[i].Expression = `number(replace(ListPrice, ";", "."))`
		}
	}
	var retry *tenants.Run
	writes := w.Requests(func() { retry = w.Run(func(n *tenants.Run) { n.RetryOf = r.ID }) })
	w.Want(retry, upserttest.Counts{Read: 3, Created: 2, Failed: 1})
	if got := w.products()["B"]; got == nil || got.Name != "Second" {
		t.Errorf("the duplicate won: %+v", got)
	}
	if writes > 6 {
		t.Errorf("%d requests", writes)
	}
}

// TestRetryOfAFixedFeed: the merchant fixes the feed where it comes from, and more has changed
// there.
func TestRetryOfAFixedFeed(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = csv(part("A", "First", "1", "1"), part("B", "Second", "2;50", "1"), part("", "No SKU", "2", "1"), part("C", "Third", "3;50", "1"))
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 4, Created: 1, Failed: 3})
	w.Feed.Body = csv(part("A", "First", "9", "1"), part("B", "Second", "2.50", "1"), part("D", "Has a SKU now", "2", "1"),
		part("E", "New", "5", "1"), part("C", "Third", "3.50", "1"))
	retry := w.Run(func(n *tenants.Run) { n.RetryOf, n.SnapshotID = r.ID, r.SnapshotID })
	w.Want(retry, upserttest.Counts{Read: 4, Created: 4}) // B and C by key; lines 4 and 5 failed, and have D and E now
	if got := w.products(); got["C"] == nil || got["D"] == nil || got["A"].Price != "1" {
		t.Errorf("products %v", got)
	}

	// While the source is away, the retry works from the file that there is.
	w.Feed.Body = csv(part("A", "First", "9", "1"), part("B", "Second", "x", "1"))
	r = w.Run()
	w.Want(r, upserttest.Counts{Read: 2, Updated: 1, Failed: 1})
	w.Feed.Err = problem.New(problem.NotFound, "The address answers 404.")
	w.Want(w.Run(func(n *tenants.Run) { n.RetryOf, n.SnapshotID = r.ID, r.SnapshotID }), upserttest.Counts{Read: 1, Failed: 1})
}

func TestRepeatedNames(t *testing.T) {
	p := upserttest.NewPlatform(t)
	body := csv(part("A", "Chair", "1", "1"), part("B", "chair", "2", "1"), part("C", "Table", "3", "1"))
	t.Run("append_sku", func(t *testing.T) {
		w := newWorld(t, p)
		w.Feed.Body = body
		r := w.Run()
		w.Want(r, upserttest.Counts{Read: 3, Created: 3})
		if got := w.products()["B"].Name; got != "chair (B)" {
			t.Errorf("name %q", got)
		}
		if kinds, _ := w.Issues(r, ""); !cmp.Equal(kinds, []string{"3 B name"}) || r.Warnings != 1 {
			t.Errorf("issues %v, %d warnings", kinds, r.Warnings)
		}
		if got := w.ItemChanges(r)["b"]; !containsAfter(got, "name", "chair (B)") {
			t.Errorf("the journal does not show the name that was written: %v", got)
		}
		w.Feed.Body = strings.Replace(body, "chair,2,", "chair,9,", 1)
		r = w.Run()
		w.Want(r, upserttest.Counts{Read: 3, Updated: 1, Unchanged: 2})
		if got := w.ItemChanges(r)["b"]; len(got) != 1 || got[0].Field != "price" {
			t.Errorf("the unique name counts as a difference: %v", got)
		}
	})
	t.Run("fail", func(t *testing.T) {
		w := newWorld(t, p)
		w.Feed.Body = body
		w.Flow.Options = tenants.Options{"repeated_names": "fail"}
		r := w.Run()
		w.Want(r, upserttest.Counts{Read: 3, Created: 2, Failed: 1})
		if kinds, _ := w.Issues(r, ""); !cmp.Equal(kinds, []string{"3 B name"}) {
			t.Errorf("issues %v", kinds)
		}
	})
	for _, option := range []string{"", "fail"} {
		t.Run("a name that a product outside the feed has/"+option, func(t *testing.T) {
			w := newWorld(t, p)
			w.Flow.Options = tenants.Options{"repeated_names": option}
			w.add(bigcommerce.Fields{"name": "Table", "sku": "OTHER", "type": "physical", "weight": 0, "price": 1})
			w.Feed.Body = body
			r := w.Run()
			if option == "fail" {
				w.Want(r, upserttest.Counts{Read: 3, Created: 1, Failed: 2})
				return
			}
			w.Want(r, upserttest.Counts{Read: 3, Created: 3})
			if got := w.products()["C"].Name; got != "Table (C)" {
				t.Errorf("name %q", got)
			}
			if kinds, _ := w.Issues(r, flow.SeverityWarning); !cmp.Equal(kinds, []string{"3 B name", "4 C name"}) {
				t.Errorf("warnings %v", kinds)
			}
			if n := w.Requests(func() { r = w.Run() }); n != 0 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func containsAfter(changes []upsert.Change, field string, after any) bool {
	for _, c := range changes {
		if c.Field == field && c.After == after {
			return true
		}
	}
	return false
}

func TestDryRunTellsAllAndChangesNothing(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = csv(part("A", "Chair", "1", "1"), part("B", "Chair", "2", "1"))
	w.Want(w.Run(), upserttest.Counts{Read: 2, Created: 2})
	w.Feed.Body = csv(part("A", "Chair", "9", "1"), part("B", "Chair", "2", "1"), part("A", "Dup", "1", "1"),
		"C,Stool,3,1,bags,new style", "D,Stool,3,1,other,style")
	records := w.records()
	mark := w.Store.Log().Mark()
	r := w.Run(upserttest.DryRun)
	w.Want(r, upserttest.Counts{Read: 5, Created: 2, Updated: 1, Unchanged: 1, Failed: 1})
	for route := range w.Store.Log().Since(mark).ByMethodPath {
		if !strings.HasPrefix(route, "GET ") {
			t.Errorf("a dry run sent %s", route)
		}
	}
	if d := cmp.Diff(records, w.records()); d != "" {
		t.Errorf("a dry run changed the flow's records: %s", d)
	}
	// Two creates, one batch of updates, one request for both new categories; and what the run reads,
	// two SKUs of it among variants.
	if reads := int64(w.Store.Log().Since(mark).Total); reads != 5 || r.PlannedRequests != 4+reads || r.PlannedSeconds != 2 {
		t.Errorf("planned %d requests, %d s", r.PlannedRequests, r.PlannedSeconds)
	}
	if d := cmp.Diff([]upsert.Change{{Field: "price", Before: n("1"), After: n("9")}}, numbers(w.ItemChanges(r)["a"])); d != "" {
		t.Error(d)
	}
	if got := w.ItemChanges(r)["d"]; !containsAfter(got, "name", "Stool (D)") {
		t.Errorf("the second stool: %v", got)
	}
	if _, messages := w.Issues(r, flow.SeverityWarning); !strings.Contains(messages["0  category"], "2 categories would be created: bags > new style; other > style") {
		t.Errorf("warnings %v", messages)
	}
	real := w.Run()
	w.Want(real, upserttest.Counts{Read: 5, Created: 2, Updated: 1, Unchanged: 1, Failed: 1})
}

// numbers makes decoded changes comparable with literal ones.
func numbers(changes []upsert.Change) []upsert.Change {
	for i := range changes {
		for _, v := range []*any{&changes[i].Before, &changes[i].After} {
			if text, ok := upsert.Number(*v); ok {
				*v = n(text)
			}
		}
	}
	return changes
}

func (w *world) records() []tenants.Record {
	w.Helper()
	var out []tenants.Record
	if err := w.DB.Scoped(w.Ctx).Order("flow_id, key").Find(&out).Error; err != nil {
		w.Fatal(err)
	}
	return out
}

func TestCancel(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = csv(parts(60)...)
	r := w.Start()
	e := w.Engine()
	for r.Created == 0 {
		if _, err := e.Step(w.Ctx, r, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.DB.RequestCancel(w.Ctx, r.ID); err != nil {
		t.Fatal(err)
	}
	before := w.Store.Products()
	if _, err := e.Step(w.Ctx, r, nil); err != nil {
		t.Fatal(err)
	}
	if r.State != tenants.RunCancelled || w.Store.Products() != before || r.Created != int64(before) {
		t.Errorf("state %s, %d created, %d products", r.State, r.Created, w.Store.Products())
	}
	again := w.Run()
	w.Want(again, upserttest.Counts{Read: 60, Created: 60 - r.Created, Unchanged: r.Created})
}

func TestStepsThatWereCarriedOutAreNoticed(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = csv(parts(3)...)
	r := w.Start()
	stale := *r
	e := w.Engine()
	if _, err := e.Step(w.Ctx, r, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Step(w.Ctx, &stale, nil); !errors.Is(err, flow.ErrStepLost) {
		t.Errorf("a repeated step: %v", err)
	}
	boom := errors.New("no job row")
	saved := *r
	if _, err := e.Step(w.Ctx, r, func(*tenants.DB, *tenants.Run) error { return boom }); !errors.Is(err, boom) {
		t.Errorf("inTx's error: %v", err)
	}
	if got := w.Saved(r); got.Step != saved.Step || r.Step != saved.Step {
		t.Error("a step whose job row failed was saved")
	}
	w.Want(w.Finish(r), upserttest.Counts{Read: 3, Created: 3})
}
