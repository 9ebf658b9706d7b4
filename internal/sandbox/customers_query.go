package sandbox

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// customerFilter is what GET /v3/customers filters and sorts by.
type customerFilter struct {
	tests []func(*Customer) bool
	less  func(a, b *Customer) int // nil: by id
}

func (f *customerFilter) test(ok func(*Customer) bool) { f.tests = append(f.tests, ok) }

// customerFilter reads every documented filter.
func (q *query) customerFilter() *customerFilter {
	f := &customerFilter{}
	if in := q.onlyIntegers("id:in"); in != nil {
		f.test(func(c *Customer) bool { return slices.Contains(in, c.ID) })
	}
	if in := q.onlyIntegers("customer_group_id:in"); in != nil {
		f.test(func(c *Customer) bool { return slices.Contains(in, c.GroupID) })
	}
	for name, of := range map[string]func(*Customer) string{
		"company:in": func(c *Customer) string { return c.Company }, "email:in": func(c *Customer) string { return c.Email },
		"name:in": (*Customer).name, "phone:in": func(c *Customer) string { return c.Phone },
		"registration_ip_address:in": func(c *Customer) string { return c.RegistrationIP },
	} {
		if in := q.strings(name); in != nil {
			f.test(func(c *Customer) bool {
				return slices.ContainsFunc(in, func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), of(c)) })
			})
		}
	}
	if in := q.strings("name:like"); in != nil {
		f.test(func(c *Customer) bool {
			name := strings.ToLower(c.name())
			return slices.ContainsFunc(in, func(s string) bool { return strings.Contains(name, strings.ToLower(strings.TrimSpace(s))) })
		})
	}
	q.dates("date_created", func(ok func(int64) bool) { f.test(func(c *Customer) bool { return ok(c.Created) }) })
	q.dates("date_modified", func(ok func(int64) bool) { f.test(func(c *Customer) bool { return ok(c.Modified) }) })
	field, dir, _ := strings.Cut(q.enum("sort", "date_created:asc", "date_created:desc", "last_name:asc", "last_name:desc",
		"date_modified:asc", "date_modified:desc"), ":")
	switch field {
	case "date_created":
		f.less = func(a, b *Customer) int { return cmp.Compare(a.Created, b.Created) }
	case "date_modified":
		f.less = func(a, b *Customer) int { return cmp.Compare(a.Modified, b.Modified) }
	case "last_name":
		f.less = func(a, b *Customer) int {
			return cmp.Compare(strings.ToLower(a.LastName), strings.ToLower(b.LastName))
		}
	}
	if asc := f.less; dir == "desc" {
		f.less = func(a, b *Customer) int { return asc(b, a) }
	}
	return f
}

// onlyIntegers is integers in the customers API's own words: what is wrong is in the title.
func (q *query) onlyIntegers(name string) []int64 {
	out := q.integers(name)
	if q.errs[name] == "" {
		return out
	}
	delete(q.errs, name)
	for part := range strings.SplitSeq(q.v.Get(name), ",") {
		if _, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64); err != nil && q.title == "" {
			q.title = `Query parameter "` + name + `" value may contain only integer values. For input string: "` + part + `".`
		}
	}
	return nil
}

func (c *Customer) name() string { return c.FirstName + " " + c.LastName }

// search returns the customers that pass, in order. Callers hold st.mu.
func (f *customerFilter) search(all map[int64]*Customer) []*Customer {
	out := []*Customer{}
	for _, id := range sortedKeys(all) {
		c := all[id]
		if !slices.ContainsFunc(f.tests, func(ok func(*Customer) bool) bool { return !ok(c) }) {
			out = append(out, c)
		}
	}
	if f.less != nil {
		slices.SortStableFunc(out, f.less)
	}
	return out
}

// cursor names a customer in a page's start or end.
type cursor struct {
	ID int64 `json:"id"`
}

func (c cursor) String() string { return base64.RawURLEncoding.EncodeToString([]byte(compact(c))) }

// cursor reads before or after; nil when absent or wrong. Padding and either alphabet are taken, as
// documented examples have both.
func (q *query) cursor(name string) *cursor {
	if !q.has(name) {
		return nil
	}
	text := strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(q.v.Get(name), "="))
	raw, err := base64.RawURLEncoding.DecodeString(text)
	var c cursor
	if err != nil || json.Unmarshal(raw, &c) != nil || c.ID == 0 {
		q.errs[name] = "error.invalid.cursor"
		return nil
	}
	return &c
}

// cursorMeta is meta.cursor_pagination.
type cursorMeta struct {
	Count       int         `json:"count"`
	PerPage     int         `json:"per_page"`
	StartCursor string      `json:"start_cursor,omitempty"`
	EndCursor   string      `json:"end_cursor,omitempty"`
	Links       cursorLinks `json:"links"`
}

type cursorLinks struct {
	Previous string `json:"previous,omitempty"`
	Next     string `json:"next,omitempty"`
}

// cursorPage is the part of a list after or before a cursor: at most limit customers, and whether
// there are more on either side. A customer that is gone from the list is where its id would be.
func cursorPage(list []*Customer, after, before *cursor, limit int) (from, to int) {
	at := func(id int64) (int, bool) {
		if i := slices.IndexFunc(list, func(c *Customer) bool { return c.ID == id }); i >= 0 {
			return i, true
		}
		i := slices.IndexFunc(list, func(c *Customer) bool { return c.ID > id })
		if i < 0 {
			i = len(list)
		}
		return i, false
	}
	if after != nil {
		i, found := at(after.ID)
		if found {
			i++
		}
		return i, min(len(list), i+limit)
	}
	i, _ := at(before.ID)
	return max(0, i-limit), i
}

// cursorMeta describes the page [from, to) of list.
func (q *query) cursorMeta(list []*Customer, from, to, limit int) *cursorMeta {
	m := &cursorMeta{Count: to - from, PerPage: limit}
	if from == to {
		return m
	}
	m.StartCursor, m.EndCursor = cursor{list[from].ID}.String(), cursor{list[to-1].ID}.String()
	link := func(param, at string) string {
		v := url.Values{}
		for k, vals := range q.v {
			if k != "page" && k != "after" && k != "before" {
				v[k] = vals
			}
		}
		v.Set("limit", strconv.Itoa(limit))
		v.Set(param, at)
		return "?" + v.Encode()
	}
	if from > 0 {
		m.Links.Previous = link("before", m.StartCursor)
	}
	if to < len(list) {
		m.Links.Next = link("after", m.EndCursor)
	}
	return m
}
