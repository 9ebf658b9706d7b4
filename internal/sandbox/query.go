package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	defaultLimit = 50
	maxLimit     = 250
)

// query reads a collection's query parameters and collects what is wrong with them.
type query struct {
	v     url.Values
	known map[string]bool
	errs  map[string]string
	now   time.Time // of the request, for dates without a time of day
	lax   bool      // Choices.FieldsLeftOut
	title string    // of an API that says what is wrong in the title alone
}

// newQuery reads a request's query. "?&limit=1" has a parameter without a name, which the platform
// refuses.
func newQuery(rawQuery string) (*query, error) {
	v, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, err
	}
	if rawQuery != "" && slices.Contains(strings.Split(rawQuery, "&"), "") {
		v.Set("", "")
	}
	return &query{v: v, known: map[string]bool{}, errs: map[string]string{}}, nil
}

// has reports whether the parameter was sent, and makes it known.
func (q *query) has(name string) bool {
	q.known[name] = true
	return q.v.Has(name)
}

func (q *query) str(name string) string {
	q.known[name] = true
	return q.v.Get(name)
}

// integer returns nil when the parameter is absent or wrong.
func (q *query) integer(name string) *int64 {
	if !q.has(name) {
		return nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(q.v.Get(name)), 10, 64)
	if err != nil {
		q.errs[name] = msgInteger
		return nil
	}
	return &n
}

func (q *query) number(name string) *float64 {
	if !q.has(name) {
		return nil
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(q.v.Get(name)), 64)
	if err != nil {
		q.errs[name] = msgNumber
		return nil
	}
	return &n
}

// boolean takes true, false, 1 and 0.
func (q *query) boolean(name string) *bool {
	if !q.has(name) {
		return nil
	}
	switch q.v.Get(name) {
	case "true", "1":
		b := true
		return &b
	case "false", "0":
		b := false
		return &b
	}
	q.errs[name] = msgBool
	return nil
}

func (q *query) enum(name string, allowed ...string) string {
	v := q.str(name)
	if v != "" && !slices.Contains(allowed, v) {
		q.errs[name] = msgEnum
		return ""
	}
	return v
}

// integers reads a comma-separated list; nil when absent, empty but not nil when it names nothing.
func (q *query) integers(name string) []int64 {
	if !q.has(name) {
		return nil
	}
	out := []int64{}
	for part := range strings.SplitSeq(q.v.Get(name), ",") {
		n, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		if err != nil {
			q.errs[name] = msgInteger
			return nil
		}
		out = append(out, n)
	}
	return out
}

// strings reads a comma-separated list. Elements keep their spaces: padded SKUs are other SKUs.
func (q *query) strings(name string) []string {
	if !q.has(name) {
		return nil
	}
	return strings.Split(q.v.Get(name), ",")
}

// names reads a comma-separated list of words out of allowed. Names of fields that are not allowed
// may be left out instead of refused, see Choices.
func (q *query) names(name string, allowed func(string) bool) []string {
	list := q.strings(name)
	out := list[:0]
	for _, w := range list {
		if w = strings.TrimSpace(w); w == "" {
			continue
		}
		if !allowed(w) {
			if q.lax && strings.HasSuffix(name, "_fields") {
				continue
			}
			q.errs[name] = msgEnum
			return nil
		}
		out = append(out, w)
	}
	return out
}

// dates adds the tests of a date that is filtered by day or moment, by :min and by :max; the date
// is in unix seconds.
func (q *query) dates(name string, test func(ok func(int64) bool)) {
	read := func(param string) (time.Time, bool) {
		if !q.has(param) {
			return time.Time{}, false
		}
		t, err := parseDate(strings.Replace(q.v.Get(param), " ", "+", 1)) // "+00:00" that nobody escaped
		if err != nil {
			q.errs[param] = msgDate
		}
		return t, err == nil
	}
	if t, ok := read(name); ok {
		if day := t.UTC(); len(strings.TrimSpace(q.v.Get(name))) == len(time.DateOnly) {
			test(func(at int64) bool { return time.Unix(at, 0).UTC().Format(time.DateOnly) == day.Format(time.DateOnly) })
		} else {
			test(func(at int64) bool { return at == t.Unix() })
		}
	}
	if t, ok := read(name + ":min"); ok {
		test(func(at int64) bool { return at >= t.Unix() })
	}
	if t, ok := read(name + ":max"); ok {
		test(func(at int64) bool { return at <= t.Unix() })
	}
}

// page reads page and limit.
func (q *query) page() (page, limit int) { return q.pageUpTo(maxLimit) }

// pageUpTo is page of a collection that gives up to most a page.
func (q *query) pageUpTo(most int64) (page, limit int) {
	page, limit = 1, defaultLimit
	if n := q.integer("page"); n != nil {
		if *n < 1 || *n > 1<<31 {
			q.errs["page"] = msgMin
		} else {
			page = int(*n)
		}
	}
	if n := q.integer("limit"); n != nil {
		switch {
		case *n < 1:
			q.errs["limit"] = msgMin
		case *n > most:
			q.errs["limit"] = msgMax
		default:
			limit = int(*n)
		}
	}
	return page, limit
}

// problem returns the 422 for parameters that are unknown or wrong, or nil.
func (q *query) problem() *reply {
	var unknown []string
	for name := range q.v {
		if !q.known[name] {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		r := fail(http.StatusUnprocessableEntity, "The filter(s): "+strings.Join(unknown, ",")+" are not valid filter parameter(s).", nil)
		return &r
	}
	if q.title != "" {
		r := fail(http.StatusUnprocessableEntity, q.title, nil)
		return &r
	}
	if len(q.errs) > 0 {
		r := invalid(q.errs)
		return &r
	}
	return nil
}

// meta describes a page of total things; count of them are on it.
func (q *query) meta(total, count, page, limit int) pageMeta {
	pages := (total + limit - 1) / limit
	m := pageMeta{Total: total, Count: count, PerPage: limit, CurrentPage: page, TotalPages: pages}
	link := func(p int) string {
		v := url.Values{}
		for k, list := range q.v {
			v[k] = list
		}
		v.Set("page", strconv.Itoa(p))
		v.Set("limit", strconv.Itoa(limit))
		return "?" + v.Encode()
	}
	m.Links.Current = link(page)
	if page > 1 {
		m.Links.Previous = link(page - 1)
	}
	if page < pages {
		m.Links.Next = link(page + 1)
	}
	return m
}

// window returns the bounds of a page in a list of n.
func window(n, page, limit int) (from, to int) {
	from = min(n, (page-1)*limit)
	return from, min(n, from+limit)
}
