package sandbox

import (
	"net/http"
	"slices"
	"strconv"
)

// productAssignments are /v3/catalog/products/channel-assignments and category-assignments. A new
// product is on the default channel.
func productAssignments(*Sandbox) *resource {
	r := &resource{}
	for path, k := range map[string]assignmentKind{
		"channel": {name: "channel_id", atOnce: 1, of: (*product).onChannels, put: (*product).putChannels,
			there: func(st *Store, id int64) bool { return st.shop.channels[id] != nil }},
		"category": {name: "category_id", of: (*product).categories, put: (*product).putCategories,
			there: func(st *Store, id int64) bool { return st.cat.categories[id] != nil }},
	} {
		at := "/v3/catalog/products/" + path + "-assignments"
		r.routes = append(r.routes,
			route{method: "GET", path: at, scopes: productsRead, handle: k.list},
			route{method: "PUT", path: at, scopes: productsWrite, concurrent: k.atOnce, handle: k.assign},
			route{method: "DELETE", path: at, scopes: productsWrite, handle: k.remove})
	}
	return r
}

// assignmentKind is what products are assigned to.
type assignmentKind struct {
	name   string // of its id
	atOnce int    // requests of a store: parallel ones are to be avoided, as described of channels
	of     func(*product) []int64
	put    func(*product, []int64)
	there  func(*Store, int64) bool
}

// onChannels are the channels that the product is on.
func (p *product) onChannels() []int64 {
	if p.channels == nil {
		return []int64{defaultChannelID}
	}
	return *p.channels
}

func (p *product) putChannels(ids []int64)   { p.channels = &ids }
func (p *product) putCategories(ids []int64) { p.put("categories", compact(ids)) }

func (k assignmentKind) list(c *call) reply {
	products, ids := c.q.integers("product_id:in"), c.q.integers(k.name+":in")
	page, limit := c.q.page()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	var views []map[string]any
	for _, p := range c.st.cat.order {
		if products != nil && !slices.Contains(products, p.id) {
			continue
		}
		for _, id := range k.of(p) {
			if ids == nil || slices.Contains(ids, id) {
				views = append(views, map[string]any{"product_id": p.id, k.name: id})
			}
		}
	}
	return c.pageOf(views, page, limit, func(v map[string]any) map[string]any { return v })
}

// assign adds assignments, all of them or none; those that are there stay. The keys of errors are
// the sandbox's own.
func (k assignmentKind) assign(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	list, r := c.readObjects()
	if r != nil {
		return *r
	}
	errs := map[string]string{}
	products, ids := make([]int64, len(list)), make([]int64, len(list))
	for i, in := range list {
		prefix := strconv.Itoa(i) + "."
		products[i], ids[i] = batchNumber(in, "product_id", prefix, errs), batchNumber(in, k.name, prefix, errs)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	for i := range list {
		prefix := strconv.Itoa(i) + "."
		if products[i] != 0 && st.cat.byID[products[i]] == nil {
			errs[prefix+"product_id"] = "The product does not exist"
		}
		if ids[i] != 0 && !k.there(st, ids[i]) {
			errs[prefix+k.name] = "The " + k.name + " does not exist"
		}
	}
	if len(errs) > 0 {
		return invalid(errs)
	}
	wanted := map[int64][]int64{}
	for i, id := range products {
		wanted[id] = append(wanted[id], ids[i])
	}
	k.change(st, wanted, func(have []int64, of int64) []int64 {
		for _, id := range wanted[of] {
			if !slices.Contains(have, id) {
				have = append(have, id)
			}
		}
		return have
	})
	return noContent
}

func (k assignmentKind) remove(c *call) reply {
	products, ids := c.q.integers("product_id:in"), c.q.integers(k.name+":in")
	if r := c.q.problem(); r != nil {
		return *r
	}
	if products == nil && ids == nil {
		return fail(http.StatusUnprocessableEntity, "At least one filter must be provided in order to delete assignments", nil) // as described
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	from := map[int64][]int64{}
	for _, p := range st.cat.order {
		if products == nil || slices.Contains(products, p.id) {
			from[p.id] = nil
		}
	}
	k.change(st, from, func(have []int64, _ int64) []int64 {
		return slices.DeleteFunc(have, func(id int64) bool { return ids == nil || slices.Contains(ids, id) })
	})
	return noContent
}

// change puts what to makes of the assignments of products into the catalogue.
func (k assignmentKind) change(st *Store, products map[int64][]int64, to func(have []int64, product int64) []int64) {
	var olds, nexts []*product
	for _, id := range sortedKeys(products) {
		old := st.cat.byID[id]
		have := k.of(old)
		ids := to(slices.Clone(have), id)
		if slices.Equal(ids, have) {
			continue
		}
		next := old.clone()
		k.put(next, ids)
		next.modified = st.sb.now().Unix()
		st.cat.replace(old, next)
		olds, nexts = append(olds, old), append(nexts, next)
	}
	st.commit(olds, nexts)
}
