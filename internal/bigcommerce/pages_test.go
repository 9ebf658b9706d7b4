package bigcommerce

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// products answers pages of a catalogue with n products.
func products(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		var data []map[string]any
		for id := (page-1)*limit + 1; id <= min(page*limit, n); id++ {
			data = append(data, map[string]any{"id": id, "price": 12.5})
		}
		_, _ = fmt.Fprintf(w, `{"data":%s,"meta":{"pagination":{"total":%d,"count":%d,"per_page":%d,"current_page":%d,"total_pages":%d,"links":{"current":"?page=%d"}}}}`,
			mustJSON(data), n, len(data), limit, page, (n+limit-1)/limit, page)
	}
}

func TestListWalksPages(t *testing.T) {
	for _, tc := range []struct{ products, limit, requests int }{
		{0, 0, 1}, {1, 0, 1}, {250, 0, 1}, {251, 0, 2}, {7, 3, 3}, {6, 3, 2}, {300, 1000, 2},
	} {
		f := newFixture(t, products(tc.products))
		want := int64(1)
		for p, err := range f.Products.List(t.Context(), ProductFilter{Limit: tc.limit}) {
			if err != nil || p.ID != want {
				t.Fatalf("product %d, error %v; want product %d", p.ID, err, want)
			}
			want++
		}
		if int(want)-1 != tc.products || len(f.log()) != tc.requests {
			t.Errorf("%d products in %d requests, want %d in %d", want-1, len(f.log()), tc.products, tc.requests)
		}
	}
}

func TestListStopsAtABreak(t *testing.T) {
	f := newFixture(t, products(1000))
	for p, err := range f.Products.List(t.Context(), ProductFilter{Limit: 10}) {
		if err != nil {
			t.Fatal(err)
		}
		if p.ID == 15 {
			break
		}
	}
	if n := len(f.log()); n != 2 {
		t.Errorf("%d requests for 15 products in pages of 10", n)
	}
}

func TestListStopsAtAnError(t *testing.T) {
	f := newFixture(t, script(products(30), answer(403, `{"status":403,"title":"no scope"}`)))
	var ids []int64
	var errs []error
	for p, err := range f.Products.List(t.Context(), ProductFilter{Limit: 10}) {
		if err != nil {
			errs = append(errs, err)
			continue // on purpose: the walk must end by itself
		}
		ids = append(ids, p.ID)
	}
	if len(ids) != 10 || len(errs) != 1 || !errors.As(errs[0], new(*ForbiddenError)) || len(f.log()) != 2 {
		t.Errorf("%d products, errors %v, %d requests", len(ids), errs, len(f.log()))
	}
}

func TestListCanBeWalkedTwice(t *testing.T) {
	f := newFixture(t, products(3))
	seq := f.Products.List(t.Context(), ProductFilter{Limit: 2})
	for range 2 {
		n := 0
		for range seq {
			n++
		}
		if n != 3 {
			t.Errorf("%d products, want 3", n)
		}
	}
}

func TestListFollowsCursors(t *testing.T) {
	page := func(ids, end, next string) http.HandlerFunc {
		return answer(200, `{"data":[`+ids+`],"meta":{"cursor_pagination":{"count":1,"per_page":1,"start_cursor":"x","end_cursor":"`+end+`","links":{"next":"`+next+`"}}}}`)
	}
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		queries []string
	}{
		"by the link": {
			script(page(`{"id":1}`, "aWQ6MQ==", "?limit=1&after=aWQ6Nw%3D%3D"), page(`{"id":2}`, "aWQ6Mg==", "")),
			[]string{"page=1&limit=1", "after=aWQ6Nw%3D%3D&limit=1"},
		},
		"by the end, when the link has none": {
			script(page(`{"id":1}`, "aWQ6MQ==", "?page=2"), page(`{"id":2}`, "aWQ6Mg==", "")),
			[]string{"page=1&limit=1", "after=aWQ6MQ%3D%3D&limit=1"},
		},
		"by the end, when the link is no link": {
			script(page(`{"id":1}`, "aWQ6MQ==", "%zz"), page(`{"id":2}`, "aWQ6Mg==", "")),
			[]string{"page=1&limit=1", "after=aWQ6MQ%3D%3D&limit=1"},
		},
		"once round": {
			page(`{"id":1}`, "same", "?after=same"),
			[]string{"page=1&limit=1", "after=same&limit=1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, tc.handler)
			n := 0
			for _, err := range f.Products.List(t.Context(), ProductFilter{Limit: 1}) {
				if err != nil {
					t.Fatal(err)
				}
				if n++; n > 10 {
					t.Fatal("the walk does not end")
				}
			}
			if diff := cmp.Diff(tc.queries, queries(f)); diff != "" || n != 2 {
				t.Errorf("%d products; %s", n, diff)
			}
		})
	}
}

func TestListEndsWhateverTheMetaSays(t *testing.T) {
	for name, tc := range map[string]struct {
		body  string
		items int
	}{
		"no meta":           {`{"data":[{"id":1}]}`, 1},
		"meta is a list":    {`{"data":[{"id":1}],"meta":[]}`, 1},
		"links is a list":   {`{"data":[{"id":1}],"meta":{"pagination":{"current_page":1,"total_pages":1,"links":[]}}}`, 1},
		"data is null":      {`{"data":null,"meta":{"pagination":{"current_page":1,"total_pages":9}}}`, 0},
		"always page 1":     {`{"data":[{"id":1}],"meta":{"pagination":{"current_page":1,"total_pages":3}}}`, 3},
		"a page beyond all": {`{"data":[{"id":1}],"meta":{"pagination":{"current_page":9,"total_pages":3}}}`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, answer(200, tc.body))
			n := 0
			for _, err := range f.Products.List(t.Context(), ProductFilter{}) {
				if err != nil {
					t.Fatal(err)
				}
				if n++; n > 10 {
					t.Fatal("the walk does not end")
				}
			}
			if n != tc.items {
				t.Errorf("%d items, want %d", n, tc.items)
			}
		})
	}
}

func TestListV2(t *testing.T) {
	class := func(id int) string { return `{"id":"` + strconv.Itoa(id) + `","name":"Class"}` }
	full := "[" + class(1)
	for id := 2; id <= MaxPageSize; id++ {
		full += "," + class(id)
	}
	full += "]"
	for name, tc := range map[string]struct {
		handler         http.HandlerFunc
		items, requests int
	}{
		"204 for an empty list":    {answer(204, ``), 0, 1},
		"a short page is the last": {answer(200, `[{"id":"1","name":"Default"},{"id":2,"name":"Shipping"}]`), 2, 1},
		"204 after a full page":    {script(answer(200, full), answer(204, ``)), MaxPageSize, 2},
		"two pages":                {script(answer(200, full), answer(200, "["+class(251)+"]")), MaxPageSize + 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, tc.handler)
			n := 0
			for class, err := range f.Store.TaxClasses(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				n++
				if class.ID.String() != strconv.Itoa(n) {
					t.Errorf("class %s, want %d", class.ID, n)
				}
			}
			if n != tc.items || len(f.log()) != tc.requests {
				t.Errorf("%d items in %d requests, want %d in %d", n, len(f.log()), tc.items, tc.requests)
			}
			if q := queries(f); !slices.Equal(q, []string{"page=1&limit=250", "page=2&limit=250"}[:tc.requests]) {
				t.Errorf("queries %v", q)
			}
		})
	}
	t.Run("error and break", func(t *testing.T) {
		f := newFixture(t, script(answer(200, full), answer(401, `[{"status":401,"message":"no"}]`)))
		for _, err := range f.Store.TaxClasses(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		var last error
		for _, last = range f.Store.TaxClasses(t.Context()) {
			if last != nil {
				continue
			}
		}
		if !errors.As(last, new(*UnauthorizedError)) {
			t.Errorf("%v", last)
		}
	})
}

func queries(f *fixture) []string {
	var qs []string
	for _, r := range f.log() {
		qs = append(qs, r.Query)
	}
	return qs
}
