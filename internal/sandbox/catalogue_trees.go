package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

const (
	defaultTree    = 1  // of the default channel; every store has it
	maxTreeUpserts = 50 // in a PUT, as documented
)

// tree is a tree of categories, which at most one channel shows.
type tree struct {
	ID       int64   `json:"id"`
	Name     string  `json:"name"`
	Channels []int64 `json:"channels"`
}

// treeID is the tree that a category is in.
func (c *category) treeID() int64 {
	if c.Tree == 0 {
		return defaultTree
	}
	return c.Tree
}

// noTree is what the platform says of a tree that is not there, down to the space at its end.
func noTree(id int64) string { return fmt.Sprintf("Entity with id tree [%d] was not found ", id) }

func firstTrees() map[int64]*tree {
	return map[int64]*tree{defaultTree: {ID: defaultTree, Name: "Default catalog tree", Channels: []int64{defaultChannelID}}}
}

func (st *Store) applyTree(e *entry) error {
	delete(st.cat.trees, e.ID)
	if e.Value == nil {
		return nil
	}
	t := new(tree)
	if err := json.Unmarshal(e.Value, t); err != nil {
		return err
	}
	st.cat.trees[t.ID] = t
	return nil
}

func (s *Sandbox) listTrees(c *call) reply {
	ids, channels := c.q.integers("id:in"), c.q.integers("channel_id:in")
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	rows := []*tree{}
	for _, id := range sortedKeys(c.st.cat.trees) {
		t := c.st.cat.trees[id]
		shown := func(id int64) bool { return slices.Contains(channels, id) }
		if (ids == nil || slices.Contains(ids, id)) && (channels == nil || slices.ContainsFunc(t.Channels, shown)) {
			rows = append(rows, t)
		}
	}
	return value(http.StatusOK, rows)
}

// treeFields are those of PUT /catalog/trees.
var treeFields = []fieldSpec{
	{name: "id", kind: kInteger},
	{name: "name", kind: kString, minLen: 1},
	{name: "channels", kind: kIntegers},
}

var treeIndex = index(treeFields)

// upsertTrees changes the trees that have an id and makes the others; all of them or none.
func (s *Sandbox) upsertTrees(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	list, r := c.readObjects()
	if r != nil {
		return *r
	}
	if len(list) > maxTreeUpserts {
		return fail(http.StatusRequestEntityTooLarge, "The request payload is too large. The maximum trees allowed in the array is 50.", nil)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	errs := map[string]string{}
	next := make([]*tree, len(list))
	shows := map[int64]bool{}
	for _, t := range st.cat.trees {
		for _, id := range t.Channels {
			shows[id] = true
		}
	}
	for i, in := range list {
		next[i] = st.assignTree(in, shows, strconv.Itoa(i)+".", errs)
	}
	if len(errs) > 0 {
		return invalid(errs)
	}
	for _, t := range next {
		if t.ID == 0 {
			t.ID = st.nextID(kindTree, defaultTree+1)
		}
		st.cat.trees[t.ID] = t
		st.record(kindTree, t.ID, t)
	}
	st.flush()
	return okJSON(http.StatusOK, map[string]any{"data": next, "meta": batchMeta(len(next), 0)})
}

// assignTree makes a tree of a request: a changed copy, or a new one without an id. shows are the
// channels that have a tree.
func (st *Store) assignTree(in map[string]any, shows map[int64]bool, prefix string, errs map[string]string) *tree {
	vals, wrong := validate(treeFields, treeIndex, in, false, prefix)
	for k, m := range wrong {
		errs[k] = m
	}
	next := &tree{Channels: []int64{}}
	var channels []int64
	for _, v := range vals {
		switch treeFields[v.field].name {
		case "id":
			next.ID = parseID(v.raw)
		case "name":
			next.Name = unquote(v.raw)
		case "channels":
			_ = json.Unmarshal([]byte(v.raw), &channels)
		}
	}
	if next.ID != 0 {
		old := st.cat.trees[next.ID]
		switch {
		case old == nil:
			errs[prefix+"id"] = noTree(next.ID)
		case in["channels"] != nil:
			errs[prefix+"channels"] = "The channels of a tree cannot be changed"
		case next.Name == "":
			next.Name = old.Name
			fallthrough
		default:
			next.Channels = old.Channels
		}
		return next
	}
	if next.Name == "" && wrong[prefix+"name"] == "" {
		errs[prefix+"name"] = msgMissing
	}
	switch {
	case in["channels"] == nil:
		errs[prefix+"channels"] = msgMissing
	case len(channels) != 1:
		errs[prefix+"channels"] = "A tree is assigned to one channel"
	case st.shop.channels[channels[0]] == nil:
		errs[prefix+"channels"] = fmt.Sprintf("Channel with id [%d] was not found", channels[0])
	case shows[channels[0]]:
		errs[prefix+"channels"] = fmt.Sprintf("Channel with id [%d] has a category tree already", channels[0])
	default:
		shows[channels[0]] = true
		next.Channels = channels
	}
	return next
}

// treesKept is the 422 of a deletion, in its own shape.
func treesKept(title, why string) reply {
	r := okJSON(http.StatusUnprocessableEntity, map[string]any{
		"errors": errorBody{http.StatusUnprocessableEntity, title, statusDocs, map[string]string{"id:in": why}}, "meta": map[string]any{},
	})
	r.err = title
	return r
}

// deleteTrees removes trees with their categories.
func (s *Sandbox) deleteTrees(c *call) reply {
	ids := c.q.integers("id:in")
	if r := c.q.problem(); r != nil {
		return *r
	}
	if ids == nil {
		return treesKept("A filter is required to delete category trees.", msgMissing)
	}
	if slices.Contains(ids, defaultTree) {
		return treesKept("The default channel's category tree cannot be deleted.", "error.forbidden")
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	gone := map[int64]bool{}
	for _, cat := range st.findCategories(func(c *category) bool { return slices.Contains(ids, c.treeID()) }) {
		gone[cat.ID] = true
	}
	st.dropCategories(gone)
	for _, id := range ids {
		if st.cat.trees[id] != nil {
			delete(st.cat.trees, id)
			st.record(kindTree, id, nil)
		}
	}
	st.flush()
	return noContent
}

// categoryNode is a category of GET /catalog/trees/{id}/categories.
type categoryNode struct {
	ID        int64           `json:"id"`
	ParentID  int64           `json:"parent_id"`
	Depth     int             `json:"depth"`
	Path      []int64         `json:"path"`
	Name      string          `json:"name"`
	IsVisible bool            `json:"is_visible"`
	URL       string          `json:"url"`
	Children  []*categoryNode `json:"children"`
}

func (s *Sandbox) categoryTree(c *call) reply {
	depth := c.q.integer("depth")
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	tree, _ := c.pathID()
	if c.st.cat.trees[tree] == nil {
		return fail(http.StatusNotFound, noTree(tree), nil)
	}
	top := []*categoryNode{}
	children := map[int64][]int64{}
	for _, id := range sortedKeys(c.st.cat.categories) {
		if cat := c.st.cat.categories[id]; cat.treeID() == tree {
			children[cat.Parent] = append(children[cat.Parent], id)
		}
	}
	var build func(parent *categoryNode, id int64, d int)
	build = func(parent *categoryNode, id int64, d int) {
		if depth != nil && int64(d) > *depth {
			return
		}
		cat := c.st.cat.categories[id]
		n := &categoryNode{ID: id, ParentID: cat.Parent, Depth: d, Name: cat.Name, URL: cat.Path,
			IsVisible: cat.Values.get("is_visible") == "true", Path: []int64{}, Children: []*categoryNode{}}
		if parent == nil {
			top = append(top, n)
		} else {
			n.Path = append(slices.Clone(parent.Path), parent.ID)
			parent.Children = append(parent.Children, n)
		}
		for _, kid := range children[id] {
			build(n, kid, d+1)
		}
	}
	for _, id := range children[0] {
		build(nil, id, 0)
	}
	return okJSON(http.StatusOK, map[string]any{"data": top, "meta": map[string]any{}})
}
