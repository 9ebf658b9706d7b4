package products

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/jobs/upsert"
)

const (
	// categoryBatch is the most categories of one POST. The description of the endpoint names no
	// limit; this is the one of its sister for trees.
	categoryBatch = 50
	// defaultChannel is the store's own storefront, whose category tree new categories belong to.
	defaultChannel = 1

	pathSeparator = " > "
)

// categoryTable is one tree of a store's categories.
type categoryTable struct {
	tree     int64
	children map[int64]map[string]int64 // parent id → folded name → id
	plain    map[int64]map[string]int64 // the same without accents
	nodes    map[int64]categoryNode
	others   map[int64]bool     // ids of categories in other trees
	failed   map[string]string  // folded path → why it cannot be created
	found    map[string][]int64 // path text of a document → its categories; the same few repeat

	loaded   time.Time // when it was read from the store
	recalled bool      // not by this run
}

func newCategoryTable() *categoryTable {
	return &categoryTable{children: make(map[int64]map[string]int64), plain: make(map[int64]map[string]int64), nodes: make(map[int64]categoryNode), others: make(map[int64]bool), failed: make(map[string]string), found: make(map[string][]int64)}
}

type categoryNode struct {
	name   string
	parent int64
}

// splitPaths reads "A > B|C" as the paths [A B] and [C].
func splitPaths(s string) [][]string {
	var out [][]string
	for _, p := range strings.Split(s, "|") {
		var path []string
		for _, name := range strings.Split(p, ">") {
			if name = strings.TrimSpace(name); name != "" {
				path = append(path, name)
			}
		}
		if len(path) > 0 {
			out = append(out, path)
		}
	}
	return out
}

func joinPath(path []string) string { return strings.Join(path, pathSeparator) }

// foldPath is the form in which path texts are compared.
func foldPath(path string) string {
	names := strings.Split(path, ">")
	for i := range names {
		names[i] = unaccent(upsert.Fold(names[i]))
	}
	return joinPath(names)
}

func (t *categoryTable) find(path []string) (int64, bool) {
	at := int64(0)
	for _, name := range path {
		id, ok := t.child(at, name)
		if !ok {
			return 0, false
		}
		at = id
	}
	return at, true
}

// child returns the category of this name; if there is none, that whose name differs by accents
// alone, beside which BigCommerce makes no other.
func (t *categoryTable) child(parent int64, name string) (int64, bool) {
	if id, ok := t.children[parent][upsert.Fold(name)]; ok {
		return id, true
	}
	id, ok := t.plain[parent][unaccent(upsert.Fold(name))]
	return id, ok
}

// maxFound bounds categoryTable.found.
const maxFound = 10_000

// ids returns the categories of a document's path text, and the paths that the store does not have.
// The caller does not change ids.
func (t *categoryTable) ids(paths string) (ids []int64, missing []string) {
	if ids, ok := t.found[paths]; ok {
		return ids, nil
	}
	ids = []int64{} // sent as [], which takes a product out of every category
	for _, p := range splitPaths(paths) {
		id, ok := t.find(p)
		if !ok {
			missing = append(missing, joinPath(p))
		} else if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(missing) == 0 {
		if len(t.found) >= maxFound {
			clear(t.found)
		}
		t.found[paths] = ids
	}
	return ids, missing
}

func (t *categoryTable) add(c bigcommerce.Category) {
	switch {
	case c.ID == 0:
	case c.TreeID == 0 || c.TreeID == t.tree:
		t.put(c.ID, c.ParentID, c.Name)
	default:
		t.others[c.ID] = true
	}
}

func (t *categoryTable) put(id, parent int64, name string) {
	if t.children[parent] == nil {
		t.children[parent], t.plain[parent] = make(map[string]int64), make(map[string]int64)
	}
	if _, have := t.children[parent][upsert.Fold(name)]; !have {
		t.children[parent][upsert.Fold(name)] = id
	}
	if _, have := t.plain[parent][unaccent(upsert.Fold(name))]; !have {
		t.plain[parent][unaccent(upsert.Fold(name))] = id
	}
	t.nodes[id] = categoryNode{name, parent}
	clear(t.found)
}

// stays reports whether a product keeps a category that its document does not name: one of another
// tree. One that is not known is gone, or was made after the table was read.
func (t *categoryTable) stays(id int64) bool {
	_, own := t.nodes[id]
	return t.others[id] || !own && t.recalled
}

// text returns the categories as path text. Ids of another tree are shown as #id.
func (t *categoryTable) text(ids []int64) string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		var path []string
		for at, depth := id, 0; at != 0 && depth <= bigcommerce.MaxCategoryDepth; depth++ {
			node, ok := t.nodes[at]
			if !ok {
				path = []string{fmt.Sprintf("#%d", id)}
				break
			}
			path = append(path, node.name)
			at = node.parent
		}
		slices.Reverse(path)
		out = append(out, joinPath(path))
	}
	slices.Sort(out)
	return strings.Join(out, "|")
}

// loadCategories reads the store's categories, one request per 250. The tree is the default
// storefront's; the trees are only asked for when the categories do not tell.
func loadCategories(ctx context.Context, s *flow.Step) (*categoryTable, error) {
	c, err := s.Client(ctx)
	if err != nil {
		return nil, err
	}
	var all []bigcommerce.Category
	loaded := s.Now()
	trees := make(map[int64]bool)
	for cat, err := range c.Categories.List(ctx, bigcommerce.CategoryFilter{IncludeFields: []string{"category_id", "parent_id", "tree_id", "name"}}) {
		if err != nil {
			return nil, err
		}
		all = append(all, *cat)
		trees[cat.TreeID] = true
	}
	t := newCategoryTable()
	t.loaded = loaded
	if len(trees) == 1 && !trees[0] {
		t.tree = all[0].TreeID
	} else if t.tree, err = defaultTree(ctx, c); err != nil {
		return nil, err
	}
	for _, cat := range all {
		t.add(cat)
	}
	return t, nil
}

func defaultTree(ctx context.Context, c *bigcommerce.Client) (int64, error) {
	trees, err := c.Categories.Trees(ctx)
	if err != nil {
		return 0, err
	}
	if len(trees) == 0 {
		return 0, flow.Verdict(nil, "This store has no category tree. Open Products → Product Categories in the control panel once, then start the run again; or leave the category out of the matching.")
	}
	best := trees[0]
	for _, t := range trees {
		if slices.Contains(t.Channels, defaultChannel) {
			return t.ID, nil
		}
		if t.ID < best.ID {
			best = t
		}
	}
	return best.ID, nil
}

// createCategories creates the missing paths, parents first, a level of many paths in one request.
// A path that cannot be created is noted in the table; only quota, cut connections and the like are
// returned. What was created before such an error is in the table already.
func (r *refTable) createCategories(ctx context.Context, s *flow.Step, paths []string) error {
	t := r.cats
	var left [][]string
	for _, p := range paths {
		path := splitPaths(p)[0]
		if why := pathProblem(path); why != "" {
			t.failed[foldPath(p)] = why
		} else {
			left = append(left, path)
		}
	}
	for depth := 1; depth <= bigcommerce.MaxCategoryDepth; depth++ {
		var level []bigcommerce.Category
		planned := make(map[string]bool)
		for _, path := range left {
			if len(path) < depth {
				continue
			}
			if _, have := t.find(path[:depth]); have || planned[foldPath(joinPath(path[:depth]))] {
				continue
			}
			parent, ok := t.find(path[:depth-1])
			if !ok {
				continue // its parent was refused
			}
			planned[foldPath(joinPath(path[:depth]))] = true
			level = append(level, bigcommerce.Category{Name: path[depth-1], ParentID: parent, TreeID: t.tree})
		}
		for batch := range slices.Chunk(level, categoryBatch) {
			if err := r.createLevel(ctx, s, batch); err != nil {
				return err
			}
		}
	}
	for _, path := range left {
		if _, have := t.find(path); !have && t.failed[foldPath(joinPath(path))] == "" {
			t.failed[foldPath(joinPath(path))] = t.refusal(path)
		}
	}
	return nil
}

// createLevel creates siblings and cousins in one request; if that fails, one by one.
func (r *refTable) createLevel(ctx context.Context, s *flow.Step, batch []bigcommerce.Category) error {
	t := r.cats
	err := r.postCategories(ctx, s, batch)
	if err == nil || !refusal(err) {
		return err
	}
	// Something of the batch was refused, or is there meanwhile: see what there is, then one by one.
	fresh, err := loadCategories(ctx, s)
	if err != nil {
		return err
	}
	t.children, t.plain, t.nodes, t.others, t.loaded = fresh.children, fresh.plain, fresh.nodes, fresh.others, fresh.loaded
	for _, c := range batch {
		if _, have := t.child(c.ParentID, c.Name); have {
			continue
		}
		err := r.postCategories(ctx, s, []bigcommerce.Category{c})
		if err == nil {
			continue
		}
		if !refusal(err) {
			return err
		}
		t.failed[t.pathOf(c)] = fmt.Sprintf("BigCommerce refused to create the category %q: %s", c.Name, upsert.Reason(err))
	}
	return nil
}

func (r *refTable) postCategories(ctx context.Context, s *flow.Step, batch []bigcommerce.Category) error {
	t := r.cats
	c, err := s.Client(ctx)
	if err != nil {
		return err
	}
	made, err := c.Categories.Create(ctx, batch)
	for _, m := range made {
		if m.TreeID == 0 {
			m.TreeID = t.tree
		}
		t.add(m)
	}
	r.keepCategories(s)
	if err == nil && len(made) < len(batch) {
		return errNotAll
	}
	return err
}

// errNotAll is an answer that leaves out some of what was to be created.
var errNotAll = errors.New("upsert: BigCommerce did not answer with everything that was to be created")

// refusal reports whether err says that BigCommerce will not create something, or may have already;
// the other errors are about quota, the connection or the token.
func refusal(err error) bool {
	var missing *bigcommerce.NotFoundError
	return errors.Is(err, errNotAll) || upsert.Refuses(err) && !errors.As(err, &missing)
}

// pathOf returns the folded path of a category that is to be created.
func (t *categoryTable) pathOf(c bigcommerce.Category) string {
	if c.ParentID == 0 {
		return foldPath(c.Name)
	}
	return foldPath(t.text([]int64{c.ParentID}) + pathSeparator + c.Name)
}

// refusal says why path is missing: the reason of the first of its parents that was refused.
func (t *categoryTable) refusal(path []string) string {
	for depth := 1; depth < len(path); depth++ {
		if why := t.failed[foldPath(joinPath(path[:depth]))]; why != "" {
			return why
		}
	}
	return fmt.Sprintf("the category %q could not be created: create it in the control panel, then retry the record", joinPath(path))
}

// pathProblem says why BigCommerce would refuse a path, or "".
func pathProblem(path []string) string {
	if len(path) > bigcommerce.MaxCategoryDepth {
		return fmt.Sprintf("the category %q is %d levels deep; the limit is %d", joinPath(path), len(path), bigcommerce.MaxCategoryDepth)
	}
	for _, name := range path {
		if n := utf8.RuneCountInString(name); n > bigcommerce.MaxCategoryName {
			return fmt.Sprintf("the category name %q has %d characters; the limit is %d", name, n, bigcommerce.MaxCategoryName)
		}
	}
	return ""
}
