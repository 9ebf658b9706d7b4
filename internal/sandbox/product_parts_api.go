package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// partKind is how one sub-resource of products is reached by itself.
type partKind struct {
	name   string // as a field of the product
	word   string // in titles
	paged  bool   // its list has pages
	empty  bool   // an empty list is 204
	strict bool   // deleting what is not there is 404
}

// productParts are /v3/catalog/products/{id}/images, custom-fields, bulk-pricing-rules and videos.
func productParts(*Sandbox) *resource {
	r := &resource{}
	for path, k := range map[string]partKind{
		"images":             {name: "images", word: "image", paged: true, empty: true},
		"videos":             {name: "videos", word: "video", paged: true},
		"custom-fields":      {name: "custom_fields", word: "custom field", paged: true, strict: true},
		"bulk-pricing-rules": {name: "bulk_pricing_rules", word: "bulk pricing rule", strict: true},
	} {
		list, one := "/v3/catalog/products/{id}/"+path, "/v3/catalog/products/{id}/"+path+"/{part_id}"
		r.routes = append(r.routes,
			route{method: "GET", path: list, scopes: productsRead, handle: k.list},
			route{method: "POST", path: list, scopes: productsWrite, handle: k.create},
			route{method: "GET", path: one, scopes: productsRead, handle: k.get},
			route{method: "PUT", path: one, scopes: productsWrite, handle: k.update},
			route{method: "DELETE", path: one, scopes: productsWrite, handle: k.remove})
	}
	return r
}

// numberOf is an id of the path; 0 is that of nothing.
func (c *call) numberOf(name string) int64 {
	id, _ := strconv.ParseInt(c.r.PathValue(name), 10, 64)
	return id
}

// fields reads include_fields and exclude_fields of a collection of objects; its ids are always
// shown.
func (q *query) fields() func(map[string]any) map[string]any {
	known := func(string) bool { return true }
	only, without := q.names("include_fields", known), q.names("exclude_fields", known)
	return func(o map[string]any) map[string]any {
		out := maps.Clone(o)
		maps.DeleteFunc(out, func(name string, _ any) bool {
			return name != "id" && (only != nil && !slices.Contains(only, name) || slices.Contains(without, name))
		})
		return out
	}
}

// listOf answers a page of what belongs to the product of the path.
func (c *call) listOf(views func(p *product) []map[string]any) reply {
	show := c.q.fields()
	page, limit := c.q.page()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	p, r := c.product()
	if r != nil {
		return *r
	}
	return c.pageOf(views(p), page, limit, show)
}

// pageOf answers a page of views.
func (c *call) pageOf(views []map[string]any, page, limit int, show func(map[string]any) map[string]any) reply {
	from, to := window(len(views), page, limit)
	rows := make([][]byte, 0, to-from)
	for _, v := range views[from:to] {
		rows = append(rows, []byte(compact(show(v))))
	}
	return collection(rows, c.q.meta(len(views), len(rows), page, limit))
}

func (k partKind) list(c *call) reply {
	show := c.q.fields()
	page, limit := 1, maxLimit
	if k.paged {
		page, limit = c.q.page()
	}
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	p, r := c.product()
	if r != nil {
		return *r
	}
	list := p.parts(k.name)
	if len(list) == 0 && k.empty {
		return noContent // as described: there are none
	}
	for i, o := range list {
		list[i] = p.partView(k.name, o)
	}
	return c.pageOf(list, page, limit, show)
}

// part finds the product of the path and the place of its part.
func (k partKind) part(c *call) (p *product, list []part, at int, _ *reply) {
	p, r := c.product()
	if r != nil {
		return nil, nil, 0, r
	}
	list = p.parts(k.name)
	if at = findPart(list, c.numberOf("part_id")); at < 0 {
		r := notFound("The " + k.word + " was not found")
		return nil, nil, 0, &r
	}
	return p, list, at, nil
}

func (k partKind) get(c *call) reply {
	show := c.q.fields()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	p, list, at, r := k.part(c)
	if r != nil {
		return *r
	}
	return value(http.StatusOK, show(p.partView(k.name, list[at])))
}

func (k partKind) create(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	p, r := c.product()
	if r != nil {
		return *r
	}
	if r := k.refuse(in, true); r != nil {
		return *r
	}
	errs := map[string]string{}
	made := st.makePart(k.name, nil, in, "", true, errs)
	if len(errs) > 0 {
		return invalid(errs)
	}
	return k.save(st, p, append(p.parts(k.name), made), made)
}

func (k partKind) update(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	p, list, at, r := k.part(c)
	if r != nil {
		return *r
	}
	if r := k.refuse(in, false); r != nil {
		return *r
	}
	errs := map[string]string{}
	made := st.makePart(k.name, list[at], in, "", false, errs)
	if len(errs) > 0 {
		return invalid(errs)
	}
	if _, moved := in["sort_order"]; moved && k.name != "custom_fields" {
		makeRoom(list, at, made)
	}
	list[at] = made
	return k.save(st, p, list, made)
}

// refuse is what only requests of a part by itself are refused for.
func (k partKind) refuse(in map[string]any, create bool) *reply {
	source, sent := in["image_url"].(string)
	switch {
	case k.name == "images" && create && (!sent || source == ""):
		r := fail(http.StatusUnprocessableEntity, "image_url must be present if uploading by url", nil) // as described
		return &r
	case k.name == "images" && unreachable(source):
		r := fail(http.StatusBadRequest, msgNotDownloaded, nil)
		return &r
	case k.name == "videos" && create && in["video_id"] == nil:
		r := invalid(map[string]string{"video_id": msgMissing})
		return &r
	}
	if id, ok := in["video_id"].(string); ok && k.name == "videos" && len(id) > 25 {
		r := invalid(map[string]string{"video_id": msgMaxLen})
		return &r
	}
	return nil
}

// makeRoom is what is described of images and videos: one that goes further back moves those that
// are there already, or behind it.
func makeRoom(list []part, at int, made part) {
	order := func(o part) int64 { return integerOf(o, "sort_order") }
	if order(made) <= order(list[at]) {
		return
	}
	for i, o := range list {
		if i != at && order(o) >= order(made) {
			moved := maps.Clone(o)
			moved["sort_order"] = json.Number(strconv.FormatInt(order(o)+1, 10))
			list[i] = moved
		}
	}
}

// save puts the list of parts into the product, after what holds for all of them was checked.
func (k partKind) save(st *Store, p *product, list []part, made part) reply {
	if made["is_thumbnail"] == true {
		list = oneThumbnail(list, partID(made))
	}
	if k.name == "images" {
		st.firstThumbnail(list)
	}
	if _, msg := checkParts(k.name, list); msg != "" {
		return fail(http.StatusUnprocessableEntity, msg, map[string]string{k.name: msg})
	}
	next := p.clone()
	next.putParts(k.name, list)
	if r := next.bulkConflict(""); r != nil && k.name == "bulk_pricing_rules" {
		return *r
	}
	next.modified = st.sb.now().Unix()
	st.cat.replace(p, next)
	st.commit([]*product{p}, []*product{next})
	return value(http.StatusOK, next.partView(k.name, list[findPart(list, partID(made))]))
}

func (k partKind) remove(c *call) reply {
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	p, list, at, r := k.part(c)
	if r != nil && !k.strict {
		return noContent // the only answer that is described
	}
	if r != nil {
		return *r
	}
	list = slices.Delete(list, at, at+1)
	if k.name == "images" {
		st.firstThumbnail(list)
	}
	next := p.clone()
	next.putParts(k.name, list)
	next.modified = st.sb.now().Unix()
	st.cat.replace(p, next)
	st.commit([]*product{p}, []*product{next})
	return noContent
}
