package sandbox

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// appendLegacy writes a category as /catalog/categories shows it.
func (c *category) appendLegacy(b []byte, show func(string) bool) []byte {
	b = append(b, `{"id":`...)
	b = strconv.AppendInt(b, c.ID, 10)
	for _, f := range legacyCategoryFields[1:] {
		if show != nil && !show(f.name) {
			continue
		}
		var raw string
		switch f.name {
		case "parent_id":
			raw = strconv.FormatInt(c.Parent, 10)
		case "name":
			raw = jsonString(c.Name)
		case "custom_url":
			raw = `{"url":` + jsonString(c.Path) + `,"is_customized":` + strconv.FormatBool(c.CustomPath) + `}`
		default:
			raw = c.Values.get(f.name)
		}
		b = append(append(append(append(b, `,"`...), f.name...), `":`...), raw...)
	}
	return append(b, '}')
}

func (s *Sandbox) legacyListCategories(c *call) reply {
	q := c.q
	var tests []func(*category) bool
	test := func(ok func(*category) bool) { tests = append(tests, ok) }
	test(func(c *category) bool { return c.treeID() == defaultTree })
	if id := q.integer("id"); id != nil {
		test(func(c *category) bool { return c.ID == *id })
	}
	if not := q.integers("id:not_in"); not != nil {
		test(func(c *category) bool { return !slices.Contains(not, c.ID) })
	}
	if p := q.integer("parent_id"); p != nil {
		test(func(c *category) bool { return c.Parent == *p })
	}
	for name, of := range map[string]func(*category) int64{
		"id": func(c *category) int64 { return c.ID }, "parent_id": func(c *category) int64 { return c.Parent },
	} {
		if in := q.integers(name + ":in"); in != nil {
			test(func(c *category) bool { return slices.Contains(in, of(c)) })
		}
		for op, ok := range map[string]func(int) bool{
			"min": func(d int) bool { return d >= 0 }, "max": func(d int) bool { return d <= 0 },
			"greater": func(d int) bool { return d > 0 }, "less": func(d int) bool { return d < 0 },
		} {
			if n := q.integer(name + ":" + op); n != nil {
				test(func(c *category) bool { return ok(cmp.Compare(of(c), *n)) })
			}
		}
	}
	rest := q.categoryText()
	test(rest)
	q.enum("sort", legacySorts...)
	show := q.shownFields(legacyCategoryIndex, "id")
	page, limit := q.page()
	if r := q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	found := c.st.findCategories(allOf(tests))
	sortLegacy(found, q.str("sort"))
	from, to := window(len(found), page, limit)
	rows := make([][]byte, 0, to-from)
	for _, cat := range found[from:to] {
		rows = append(rows, cat.appendLegacy(nil, show))
	}
	return collection(rows, q.meta(len(found), len(rows), page, limit))
}

var legacySorts = []string{"id", "name", "parent_id", "sort_order"}

func sortLegacy(list []*category, by string) {
	slices.SortStableFunc(list, func(a, b *category) int {
		switch by {
		case "name":
			return strings.Compare(nameKey(a.Name), nameKey(b.Name))
		case "parent_id":
			return cmp.Compare(a.Parent, b.Parent)
		case "sort_order":
			x, _ := strconv.Atoi(a.Values.get("sort_order"))
			y, _ := strconv.Atoi(b.Values.get("sort_order"))
			return cmp.Compare(x, y)
		}
		return cmp.Compare(a.ID, b.ID)
	})
}

func (s *Sandbox) legacyGetCategory(c *call) reply {
	show := c.q.shownFields(legacyCategoryIndex, "id")
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	id, ok := c.pathID()
	cat := c.st.cat.categories[id]
	if !ok || cat == nil {
		return notFound("The requested resource was not found.")
	}
	return single(cat.appendLegacy(nil, show))
}

// legacyCreateCategory makes one category of the default tree.
func (s *Sandbox) legacyCreateCategory(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	if _, errs := validate(legacyCategoryFields, legacyCategoryIndex, in, true, ""); len(errs) > 0 {
		return invalid(errs)
	}
	// The same thing in the words of the tree's endpoint.
	if u, ok := in["custom_url"].(map[string]any); ok {
		in["url"] = map[string]any{"path": u["url"]}
	}
	in["tree_id"] = json.Number(strconv.Itoa(defaultTree))
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	cat := &category{UUID: uuid.NewString(), Values: categoryValues()}
	if errs := st.assignCategory(cat, in, true, ""); len(errs) > 0 {
		if m := errs["name"]; strings.Contains(m, "duplicate") {
			return conflict("name", m)
		}
		return invalid(errs)
	}
	cat.ID = st.nextID(kindCategory, 24)
	st.putCategory(cat)
	st.record(kindCategory, cat.ID, cat)
	st.flush()
	st.fire("store/category/created", "category", cat.ID)
	return single(cat.appendLegacy(nil, nil))
}
