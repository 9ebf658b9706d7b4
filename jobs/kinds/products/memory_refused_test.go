package products

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// refuse answers writes by a method with 422 while more says so.
func (w *world) refuse(method string, more func(body string) bool) {
	w.answer(method, func(r *http.Request, body string) *http.Response {
		if !more(body) {
			return nil
		}
		return &http.Response{
			StatusCode: http.StatusUnprocessableEntity, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
			Body: io.NopCloser(strings.NewReader(`{"status":422,"title":"Not now","type":"x","errors":{"price":"is odd"}}`)),
		}
	})
}

// TestRefusedFromMemory: a record that is refused is looked at before that is believed, and only
// once.
func TestRefusedFromMemory(t *testing.T) {
	p := upserttest.NewPlatform(t)
	for _, refusals := range []int{1, 2, 1000} {
		t.Run(fmt.Sprintf("%d times", refusals), func(t *testing.T) {
			w := newWorld(t, p)
			w.Feed.Body = csv(part("A", "First", "1", "1"))
			w.Want(w.Run(), upserttest.Counts{Read: 1, Created: 1})
			w.edit("A", bigcommerce.Fields{"name": "Theirs"})
			w.Feed.Body = csv(part("A", "First", "2", "1"))
			var bodies []string
			w.refuse(http.MethodPut, func(body string) bool {
				bodies = append(bodies, body)
				return len(bodies) <= refusals
			})
			var r *tenants.Run
			reads := w.Routes(func() { r = w.Run() })["GET/products"]
			if refusals == 1 {
				w.Want(r, upserttest.Counts{Read: 1, Updated: 1})
				if d := cmp.Diff([]string{"name: Theirs → First", "price: 1 → 2"}, w.Journalled(r, "A")); d != "" {
					t.Error(d)
				}
			} else {
				w.Want(r, upserttest.Counts{Read: 1, Failed: 1})
			}
			if reads != 1 || len(bodies) != 2 {
				t.Errorf("%d looks, %d writes: %v", reads, len(bodies), bodies)
			}
			if strings.Contains(bodies[0], "First") || !strings.Contains(bodies[1], "First") {
				t.Errorf("the second write is not about the live product: %v", bodies)
			}
			// Once refused for good it is not sent again, and told all the same; when its row changes it is
			// looked at.
			w.Wrap = nil
			if n := w.Requests(func() { r = w.Run() }); n != 0 || r.Failed != int64(min(refusals-1, 1)) {
				t.Errorf("%d requests, %d failed", n, r.Failed)
			}
			if refusals == 1 {
				return
			}
			w.Feed.Body = csv(part("A", "First", "3", "1"))
			if d := cmp.Diff(map[string]int{"GET/products": 1, "PUT/products": 1}, w.Routes(func() { r = w.Run() })); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestFailsAfterHalfOfItWasWritten: the journal has what was written before the second write was
// refused.
func TestFailsAfterHalfOfItWasWritten(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = csv(part("A", "First", "1", "1"))
	w.Want(w.Run(), upserttest.Counts{Read: 1, Created: 1})
	w.edit("A", bigcommerce.Fields{"weight": 3})
	w.Feed.Body = csv(part("A", "First", "2", "1"))
	w.refuse(http.MethodPut, func(body string) bool { return strings.Contains(body, "weight") })
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 1, Failed: 1})
	if d := cmp.Diff([]string{"price: 1 → 2"}, w.Journalled(r, "A")); d != "" {
		t.Error(d)
	}
}

// TestRefusedUntilItChanges: what BigCommerce refused is not sent again, a preview says so too, and
// whatever may make a difference has it sent: another row, a comparison with the store, events that
// may have been missed, and a row that was wrong in between, whose fault is the one that is known.
func TestRefusedUntilItChanges(t *testing.T) {
	for name, change := range map[string]func(w *world) []func(*tenants.Run){
		"the row": func(w *world) []func(*tenants.Run) { w.Feed.Body = csv(part("A", "First", "2", "1")); return nil },
		"a comparison": func(*world) []func(*tenants.Run) {
			return []func(*tenants.Run){func(r *tenants.Run) { r.Compare = true }}
		},
		"missed events": func(w *world) []func(*tenants.Run) {
			if err := w.DB.DoubtRecords(w.Ctx, Name); err != nil {
				t.Error(err)
			}
			return nil
		},
		"a fault in between": func(w *world) []func(*tenants.Run) {
			good := w.Feed.Body
			w.Feed.Body = csv(part("A", "First", "much", "1"))
			w.Want(w.Run(), upserttest.Counts{Read: 1, Failed: 1})
			w.Feed.Body = good
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, upserttest.NewPlatform(t))
			w.Flow.Mapping.Fields = without(partsMapping, "category")
			w.Feed.Body = csv(part("A", "First", "1", "1"))
			w.refuse(http.MethodPost, func(string) bool { return true })
			w.Want(w.Run(), upserttest.Counts{Read: 1, Failed: 1})
			w.Wrap = nil
			for _, dry := range []bool{true, false} {
				if n := w.Requests(func() {
					w.Want(w.Run(func(r *tenants.Run) { r.DryRun = dry }), upserttest.Counts{Read: 1, Failed: 1})
				}); n != 0 {
					t.Errorf("dry run %t: %d requests", dry, n)
				}
			}
			w.Want(w.Run(change(w)...), upserttest.Counts{Read: 1, Created: 1})
		})
	}
}
