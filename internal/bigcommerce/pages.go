package bigcommerce

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

// MaxPageSize is the most that a collection returns in one page, but for those of pageLimits.
// Asking for less costs more requests.
const MaxPageSize = 250

// pageLimits are the collections that return more in a page, from their descriptions.
var pageLimits = []struct {
	path string // as of Class.Endpoints
	most int
}{
	{"/v3/inventory/items", 1000},
	{"/v3/inventory/locations", 1000},
	{"/v3/inventory/locations/{}/items", 1000},
}

// pageLimit returns the most that a collection returns in one page.
func pageLimit(path string) int {
	for _, l := range pageLimits {
		if matchesPath(l.path, path) {
			return l.most
		}
	}
	return MaxPageSize
}

// Pagination is where a page stands in its collection.
type Pagination struct {
	Total       int   `json:"total"` // items in the whole collection
	Count       int   `json:"count"` // items on this page
	PerPage     int   `json:"per_page"`
	CurrentPage int   `json:"current_page"` // from 1
	TotalPages  int   `json:"total_pages"`
	Links       Links `json:"links"`
}

// Links are query strings, such as "?page=2&limit=50".
type Links struct {
	Previous string `json:"previous,omitempty"`
	Current  string `json:"current,omitempty"`
	Next     string `json:"next,omitempty"`
}

// cursorPagination is how a page stands in a collection that is walked by cursors.
type cursorPagination struct {
	EndCursor string `json:"end_cursor"`
	Links     Links  `json:"links"`
}

// envelope is the form of every V3 answer.
type envelope[T any] struct {
	Data   T               `json:"data"`
	Meta   meta            `json:"meta"`
	Errors json.RawMessage `json:"errors"` // of a 207
}

type meta struct {
	Pagination *Pagination       `json:"pagination"`
	Cursor     *cursorPagination `json:"cursor_pagination"`
}

// UnmarshalJSON takes anything but an object as empty: an empty PHP array is "[]" in JSON, whether
// it would have been a list or an object.
func (m *meta) UnmarshalJSON(b []byte) error {
	type plain meta
	if !isObject(b) {
		return nil
	}
	return json.Unmarshal(b, (*plain)(m))
}

// UnmarshalJSON takes anything but an object as empty, see meta.
func (l *Links) UnmarshalJSON(b []byte) error {
	type plain Links
	if !isObject(b) {
		return nil
	}
	return json.Unmarshal(b, (*plain)(l))
}

func isObject(b []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) }

// position names a page: by its number, or by the cursor after which it starts.
type position struct {
	page  int
	after string
}

// next returns where the page after this one is; ok is false for the last page. A server that sends
// the reader back to where it was does not make it go round for ever.
func (p position) next(m meta) (position, bool) {
	if m.Cursor != nil {
		if m.Cursor.Links.Next == "" {
			return p, false
		}
		after := m.Cursor.EndCursor
		if link, err := url.Parse(m.Cursor.Links.Next); err == nil && link.Query().Get("after") != "" {
			after = link.Query().Get("after")
		}
		return position{after: after}, after != "" && after != p.after
	}
	if m.Pagination == nil || m.Pagination.CurrentPage >= m.Pagination.TotalPages {
		return p, false
	}
	return position{page: p.page + 1}, p.page < m.Pagination.TotalPages
}

// addTo asks for the page, of limit items or of the most that the collection gives.
func (p position) addTo(q *query, limit, most int) {
	if limit <= 0 || limit > most {
		limit = most
	}
	if p.after != "" {
		q.str("after", p.after)
	} else {
		q.num("page", int64(p.page))
	}
	q.num("limit", int64(limit))
}

// collect walks all pages of a V3 collection. filter writes the collection's own parameters. A
// break out of the loop stops the walk; an error is the last thing it yields.
func collect[T any](ctx context.Context, c *Client, path string, limit int, filter func(*query) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		for at, more := (position{page: 1}), true; more; {
			env, err := fetchPage[T](ctx, c, path, limit, at, filter)
			if err != nil {
				yield(zero, err)
				return
			}
			for _, item := range env.Data {
				if !yield(item, nil) {
					return
				}
			}
			if len(env.Data) == 0 {
				return
			}
			at, more = at.next(env.Meta)
		}
	}
}

// fetchPage gets one page of a V3 collection.
func fetchPage[T any](ctx context.Context, c *Client, path string, limit int, at position, filter func(*query) error) (envelope[[]T], error) {
	var q query
	if filter != nil {
		if err := filter(&q); err != nil {
			return envelope[[]T]{}, err
		}
	}
	at.addTo(&q, limit, pageLimit(path))
	env, _, err := send[envelope[[]T]](ctx, c, request{method: http.MethodGet, path: path, query: q.String()})
	return env, err
}

// collectV2 walks all pages of a V2 collection: plain arrays without totals, 204 for an empty one.
// A page that is not full is the last.
func collectV2[T any](ctx context.Context, c *Client, path string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		for page := 1; ; page++ {
			items, _, err := send[[]T](ctx, c, request{
				method: http.MethodGet, path: path,
				query: "page=" + strconv.Itoa(page) + "&limit=" + strconv.Itoa(MaxPageSize),
			})
			if err != nil {
				yield(zero, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if len(items) < MaxPageSize {
				return
			}
		}
	}
}
