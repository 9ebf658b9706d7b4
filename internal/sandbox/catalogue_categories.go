package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Limits of categories, as documented.
const (
	maxCategories      = 16000
	maxCategoryDepth   = 8
	maxCategoryUpdates = 50 // in a PUT, as recorded
)

// category is one category of the tree; never changed in place.
type category struct {
	ID, Parent int64
	Tree       int64 `json:",omitempty"` // 0 is the default tree, as in state files from before there were others
	UUID       string
	Name       string
	Path       string
	CustomPath bool `json:",omitempty"`
	Values     values
}

func categoryValues() values { return values{specs: categoryFields, idx: categoryIndex} }

// catKey is what must be unique: the name among its siblings, at the top of each tree too.
func (c *category) catKey() string {
	key := strconv.FormatInt(c.Parent, 10) + "/" + nameKey(c.Name)
	if c.Parent == 0 {
		key = strconv.FormatInt(c.treeID(), 10) + "/" + key
	}
	return key
}

func (st *Store) applyCategory(e *entry) error {
	st.forgetCategory(e.ID)
	if e.Value == nil {
		return nil
	}
	c := &category{Values: categoryValues()}
	if err := json.Unmarshal(e.Value, c); err != nil {
		return err
	}
	st.putCategory(c)
	return nil
}

func (st *Store) putCategory(c *category) {
	st.forgetCategory(c.ID)
	st.cat.categories[c.ID] = c
	st.cat.catName[c.catKey()] = c.ID
}

func (st *Store) forgetCategory(id int64) {
	if c := st.cat.categories[id]; c != nil {
		delete(st.cat.categories, id)
		delete(st.cat.catName, c.catKey())
	}
}

// depth is how many levels down a category under parent would be; parent 0 is the top, level 1. A
// loop counts as too deep.
func (st *Store) depth(parent int64) int {
	d := 1
	for parent != 0 && d <= maxCategoryDepth+1 {
		c := st.cat.categories[parent]
		if c == nil {
			break
		}
		parent = c.Parent
		d++
	}
	return d
}

// path is the storefront path under the parent's.
func (st *Store) path(parent int64, name string) string {
	base := "/"
	if p := st.cat.categories[parent]; p != nil {
		base = p.Path
	}
	return base + slug(name) + "/"
}

func (c *category) append(b []byte, show func(string) bool) []byte {
	b = append(b, '{')
	for i, f := range categoryFields {
		if show != nil && !show(f.name) {
			continue
		}
		raw := c.Values.get(f.name)
		switch f.name {
		case "category_id":
			raw = strconv.FormatInt(c.ID, 10)
		case "category_uuid":
			raw = jsonString(c.UUID)
		case "parent_id":
			raw = strconv.FormatInt(c.Parent, 10)
		case "tree_id":
			raw = strconv.FormatInt(c.treeID(), 10)
		case "name":
			raw = jsonString(c.Name)
		case "url":
			raw = `{"path":` + jsonString(c.Path) + `,"is_customized":` + strconv.FormatBool(c.CustomPath) + `}`
		}
		if i > 0 && len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(append(b, '"'), f.name...), `":`...), raw...)
	}
	return append(b, '}')
}

// categoryFilter reads the filters of the tree's endpoint.
func (q *query) categoryFilter() func(*category) bool {
	var tests []func(*category) bool
	test := func(ok func(*category) bool) { tests = append(tests, ok) }
	for name, of := range map[string]func(*category) int64{
		"category_id": func(c *category) int64 { return c.ID }, "parent_id": func(c *category) int64 { return c.Parent },
		"tree_id": (*category).treeID,
	} {
		if in := q.integers(name + ":in"); in != nil {
			test(func(c *category) bool { return slices.Contains(in, of(c)) })
		}
		if not := q.integers(name + ":not_in"); not != nil {
			test(func(c *category) bool { return !slices.Contains(not, of(c)) })
		}
	}
	if in := q.strings("category_uuid:in"); in != nil {
		test(func(c *category) bool { return slices.Contains(in, c.UUID) })
	}
	if not := q.strings("category_uuid:not_in"); not != nil {
		test(func(c *category) bool { return !slices.Contains(not, c.UUID) })
	}
	tests = append(tests, q.categoryText())
	return allOf(tests)
}

func allOf(tests []func(*category) bool) func(*category) bool {
	return func(c *category) bool {
		return !slices.ContainsFunc(tests, func(ok func(*category) bool) bool { return !ok(c) })
	}
}

// categoryText reads the filters that both category endpoints have.
func (q *query) categoryText() func(*category) bool {
	var tests []func(*category) bool
	test := func(ok func(*category) bool) { tests = append(tests, ok) }
	title := func(c *category) string { return unquote(c.Values.get("page_title")) }
	for name, of := range map[string]func(*category) string{"name": func(c *category) string { return c.Name }, "page_title": title} {
		if q.has(name) {
			want := q.str(name)
			test(func(c *category) bool { return strings.EqualFold(of(c), want) })
		}
		if q.has(name + ":like") {
			part := strings.ToLower(q.str(name + ":like"))
			test(func(c *category) bool { return strings.Contains(strings.ToLower(of(c)), part) })
		}
	}
	if q.has("keyword") {
		word := strings.ToLower(q.str("keyword"))
		test(func(c *category) bool {
			return strings.Contains(strings.ToLower(c.Name), word) || strings.Contains(strings.ToLower(c.Values.get("description")), word)
		})
	}
	if want := q.boolean("is_visible"); want != nil {
		test(func(c *category) bool { return (c.Values.get("is_visible") == "true") == *want })
	}
	return allOf(tests)
}

func (st *Store) findCategories(match func(*category) bool) []*category {
	var found []*category
	for _, id := range sortedKeys(st.cat.categories) {
		if c := st.cat.categories[id]; match(c) {
			found = append(found, c)
		}
	}
	return found
}

func (s *Sandbox) listCategories(c *call) reply {
	match := c.q.categoryFilter()
	show := c.q.shownFields(categoryIndex, "category_id")
	page, limit := c.q.page()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	found := c.st.findCategories(match)
	from, to := window(len(found), page, limit)
	rows := make([][]byte, 0, to-from)
	for _, cat := range found[from:to] {
		rows = append(rows, cat.append(nil, show))
	}
	return collection(rows, c.q.meta(len(found), len(rows), page, limit))
}

// batchMeta is meta of the category writes.
func batchMeta(total, failed int) map[string]int {
	return map[string]int{"total": total, "success": total - failed, "failed": failed}
}

// readCategories reads a batch. Its 400 has a shape of its own.
func (c *call) readCategories() ([]map[string]any, *reply) {
	list, r := c.readObjects()
	if r != nil || len(list) == 0 {
		b := okJSON(http.StatusBadRequest, map[string]any{"errors": []map[string]any{{
			"status": http.StatusBadRequest, "title": "Input is invalid. A list of categories is expected.", "type": statusDocs,
		}}})
		return nil, &b
	}
	return list, nil
}

// titleCategories is the title of every 422 of the trees' categories, as recorded.
const titleCategories = "Please verify if all required fields are present in the request body and are filled with values correctly."

func categoryErrors(errs map[string]string) map[string]any {
	return map[string]any{"status": http.StatusUnprocessableEntity, "title": titleCategories, "type": statusDocs, "errors": errs}
}

// createCategories makes each category on its own: 201 when all came about, 207 when some, 422 when
// none.
func (s *Sandbox) createCategories(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	list, r := c.readCategories()
	if r != nil {
		return *r
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	errs, failed := map[string]string{}, 0
	rows := []json.RawMessage{}
	var made []int64
	for i, in := range list {
		prefix := strconv.Itoa(i) + "."
		cat := &category{UUID: uuid.NewString(), Values: categoryValues()}
		es := st.assignCategory(cat, in, true, prefix)
		if c.partial && i == len(list)-1 {
			es = map[string]string{prefix + "name": msgAsked}
		}
		if len(es) > 0 {
			failed++
			for k, m := range es {
				errs[k] = m
			}
			continue
		}
		cat.ID = st.nextID(kindCategory, 24)
		st.putCategory(cat)
		st.record(kindCategory, cat.ID, cat)
		rows = append(rows, cat.append(nil, nil))
		made = append(made, cat.ID)
	}
	st.flush()
	for _, id := range made {
		st.fire("store/category/created", "category", id)
	}
	meta := batchMeta(len(list), failed)
	switch failed {
	case 0:
		return okJSON(http.StatusCreated, map[string]any{"data": rows, "meta": meta})
	case len(list):
		return okJSON(http.StatusUnprocessableEntity, map[string]any{"data": rows, "errors": categoryErrors(errs), "meta": meta})
	}
	return okJSON(http.StatusMultiStatus, map[string]any{"data": rows, "errors": categoryErrors(errs), "meta": meta})
}

// assignCategory validates and writes a request into cat, which is not in the catalogue yet.
func (st *Store) assignCategory(cat *category, in map[string]any, create bool, prefix string) map[string]string {
	vals, errs := validate(categoryFields, categoryIndex, in, create, prefix)
	if create && len(st.cat.categories) >= maxCategories {
		errs[prefix+"name"] = "The store has reached its limit of 16000 categories"
	}
	for _, v := range vals {
		switch name := categoryFields[v.field].name; name {
		case "category_id":
		case "name":
			cat.Name = unquote(v.raw)
			if nameKey(cat.Name) == "" {
				errs[prefix+name] = msgMinLen
			}
		case "parent_id":
			cat.Parent, _ = strconv.ParseInt(v.raw, 10, 64)
		case "tree_id":
			cat.Tree = parseID(v.raw)
		case "url":
			var u struct{ Path string }
			if err := json.Unmarshal([]byte(v.raw), &u); err != nil || u.Path == "" || len(u.Path) > 255 || !urlPath.MatchString(u.Path) {
				errs[prefix+"url.path"] = "error.pattern"
				continue
			}
			cat.Path, cat.CustomPath = u.Path, true
		default:
			cat.Values.list = set(categoryFields, cat.Values.list, v)
		}
	}
	st.placeCategory(cat, create, prefix, errs)
	if len(errs) > 0 {
		return errs
	}
	if id, taken := st.cat.catName[cat.catKey()]; taken && id != cat.ID {
		return map[string]string{prefix + "name": "A duplicate category with the name: '" + cat.Name + "' was found in the same parent"}
	}
	if st.depth(cat.Parent) > maxCategoryDepth || cat.ID != 0 && st.below(cat.Parent, cat.ID) {
		return map[string]string{prefix + "parent_id": "Categories may be 8 levels deep"}
	}
	if !cat.CustomPath {
		cat.Path = st.path(cat.Parent, cat.Name)
	}
	return nil
}

// placeCategory checks where a category is to stand: under a parent, whose tree it then is in
// whatever the request says, or at the top of a tree that it names.
func (st *Store) placeCategory(cat *category, create bool, prefix string, errs map[string]string) {
	if parent := st.cat.categories[cat.Parent]; parent != nil {
		cat.Tree = parent.Tree
		return
	}
	if cat.Parent != 0 {
		errs[prefix+"parent_id"] = fmt.Sprintf("A parent category with the id: %d was not found", cat.Parent)
	}
	switch {
	case create && cat.Tree == 0:
		errs[prefix+"tree_id"] = "Tree Id is required and can't be empty"
	case st.cat.trees[cat.treeID()] == nil:
		errs[prefix+"tree_id"] = noTree(cat.Tree)
	}
}

// takeAlong puts what is below a moved category into its tree.
func (st *Store) takeAlong(moved *category) {
	for _, cat := range st.findCategories(func(c *category) bool { return c.treeID() != moved.treeID() && st.below(c.ID, moved.ID) }) {
		next := *cat
		next.Tree = moved.Tree
		st.putCategory(&next)
		st.record(kindCategory, next.ID, &next)
	}
}

// below reports whether id is ancestor itself or under it.
func (st *Store) below(id, ancestor int64) bool {
	for d := 0; id != 0 && d <= maxCategories; d++ {
		if id == ancestor {
			return true
		}
		c := st.cat.categories[id]
		if c == nil {
			return false
		}
		id = c.Parent
	}
	return false
}

func (s *Sandbox) updateCategories(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	list, r := c.readCategories()
	if r != nil {
		return *r
	}
	if len(list) > maxCategoryUpdates {
		return fail(http.StatusRequestEntityTooLarge, "The request payload is too large. The maximum categories allowed in the array is 50.", nil)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	errs, failed := map[string]string{}, 0
	var changed []int64
	for i, in := range list {
		prefix := strconv.Itoa(i) + "."
		es := map[string]string{}
		var id int64
		if n, ok := in["category_id"].(json.Number); ok {
			id, _ = n.Int64()
		}
		old := st.cat.categories[id]
		if old == nil { // recorded: PUT makes nothing, whatever its description says
			es[prefix+"category_id"] = "Category does not exist."
		}
		if len(es) == 0 {
			next := *old
			next.Values.list = slices.Clone(old.Values.list)
			if es = st.assignCategory(&next, in, false, prefix); len(es) == 0 {
				st.putCategory(&next)
				st.record(kindCategory, id, &next)
				st.takeAlong(&next)
				if !reflect.DeepEqual(old, &next) {
					changed = append(changed, id)
				}
			}
		}
		if len(es) > 0 {
			failed++
			for k, m := range es {
				errs[k] = m
			}
		}
	}
	st.flush()
	for _, id := range changed {
		st.fire("store/category/updated", "category", id)
	}
	meta := batchMeta(len(list), failed)
	switch failed {
	case 0:
		return okJSON(http.StatusOK, map[string]any{"meta": meta})
	case len(list):
		return okJSON(http.StatusUnprocessableEntity, map[string]any{"errors": categoryErrors(errs), "meta": meta})
	}
	return okJSON(http.StatusMultiStatus, map[string]any{"errors": categoryErrors(errs), "meta": meta})
}

// deleteCategories removes what matches, with everything below it, and takes it off the products.
func (s *Sandbox) deleteCategories(c *call) reply {
	q := c.q
	var tests []func(*category) bool
	if in := q.strings("category_uuid:in"); in != nil {
		tests = append(tests, func(c *category) bool { return slices.Contains(in, c.UUID) })
	}
	for name, of := range map[string]func(*category) int64{"category_id:in": func(c *category) int64 { return c.ID },
		"tree_id:in": (*category).treeID, "parent_id:in": func(c *category) int64 { return c.Parent }} {
		if in := q.integers(name); in != nil {
			tests = append(tests, func(c *category) bool { return slices.Contains(in, of(c)) })
		}
	}
	if r := q.problem(); r != nil {
		return *r
	}
	if len(tests) == 0 {
		return okJSON(http.StatusUnprocessableEntity, map[string]any{"meta": batchMeta(0, 0), "errors": map[string]any{
			"status": http.StatusUnprocessableEntity, "title": "At least one filter is required to delete categories.", "type": statusDocs, "errors": map[string]string{}}})
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	roots := st.findCategories(allOf(tests))
	gone := map[int64]bool{}
	for _, cat := range st.findCategories(func(c *category) bool {
		return slices.ContainsFunc(roots, func(r *category) bool { return st.below(c.ID, r.ID) })
	}) {
		gone[cat.ID] = true
	}
	st.dropCategories(gone)
	if st.sb.opts.Choices.DeletedNoContent {
		return noContent
	}
	return okJSON(http.StatusAccepted, map[string]any{"meta": batchMeta(len(gone), 0)})
}

func (st *Store) dropCategories(gone map[int64]bool) {
	for _, p := range slices.Clone(st.cat.order) {
		ids := p.categories()
		kept := slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return gone[id] })
		if len(kept) == len(ids) {
			continue
		}
		next := p.clone()
		next.put("categories", compact(kept))
		st.cat.replace(p, next)
		st.record(kindProduct, next.id, next)
	}
	for _, id := range sortedKeys(gone) {
		st.forgetCategory(id)
		st.record(kindCategory, id, nil)
	}
	st.flush()
	for _, id := range sortedKeys(gone) {
		st.fire("store/category/deleted", "category", id)
	}
}
