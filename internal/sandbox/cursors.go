package sandbox

import (
	"encoding/base64"
	"maps"
	"net/url"
	"sort"
	"strconv"
)

// walk is how a request goes through a collection that has pages by number and by cursor, as price
// lists are described: an answer has both kinds of meta where the request says neither, else that
// of the kind that it uses.
type walk struct {
	q             *query
	page, limit   int
	numbered      bool
	after, before *int64 // ids; a cursor is one of them in base64
}

// walk reads page, limit, before and after.
func (q *query) walk() walk {
	w := walk{q: q, numbered: q.has("page")}
	w.page, w.limit = q.page()
	w.after, w.before = q.idCursor("after"), q.idCursor("before")
	for name, alone := range map[string]bool{
		"page": !q.v.Has("after") && !q.v.Has("before"), "before": !q.v.Has("after"),
	} {
		if q.v.Has(name) && !alone {
			q.errs[name] = "error.alone"
		}
	}
	return w
}

func (q *query) idCursor(name string) *int64 {
	if !q.has(name) {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(q.v.Get(name))
	id, idErr := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || idErr != nil {
		q.errs[name] = "error.invalid.cursor"
		return nil
	}
	return &id
}

// cut returns the bounds of the page in a list of n things, which are sorted by id, and the
// answer's meta.
func (w walk) cut(n int, id func(int) int64) (from, to int, meta map[string]any) {
	switch {
	case w.after != nil:
		from = sort.Search(n, func(i int) bool { return id(i) > *w.after })
		to = min(n, from+w.limit)
	case w.before != nil:
		to = sort.Search(n, func(i int) bool { return id(i) >= *w.before })
		from = max(0, to-w.limit)
	default:
		from, to = window(n, w.page, w.limit)
	}
	meta = map[string]any{}
	if w.after == nil && w.before == nil {
		meta["pagination"] = w.q.meta(n, to-from, w.page, w.limit)
	}
	if w.numbered {
		return from, to, meta
	}
	cursors := cursorMeta{Count: to - from, PerPage: w.limit}
	if from < to {
		cursors.StartCursor, cursors.EndCursor = cursorOf(id(from)), cursorOf(id(to-1))
		if from > 0 {
			cursors.Links.Previous = w.link("before", cursors.StartCursor)
		}
		if to < n {
			cursors.Links.Next = w.link("after", cursors.EndCursor)
		}
	}
	meta["cursor_pagination"] = cursors
	return from, to, meta
}

func cursorOf(id int64) string {
	return base64.StdEncoding.EncodeToString(strconv.AppendInt(nil, id, 10))
}

// link is the request for the page before or after a cursor.
func (w walk) link(name, cursor string) string {
	v := url.Values{}
	maps.Copy(v, w.q.v)
	v.Del("before")
	v.Del("after")
	v.Set(name, cursor)
	v.Set("limit", strconv.Itoa(w.limit))
	return "?" + v.Encode()
}

// walked answers a page of a collection that is walked; rows are encoded already.
func walked(rows []any, meta map[string]any) reply {
	return okJSON(200, map[string]any{"data": rows, "meta": meta})
}
