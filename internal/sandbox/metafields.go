package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

const (
	kindMetafield = "metafield"
	maxMetafields = 250 // of a thing, for one client
)

// metafield is a value that an app keeps with a product or a variant.
type metafield struct {
	ID                      int64
	Kind                    string // "product" or "variant"
	Resource                int64
	Client                  string // whose it is
	Namespace, Key, Value   string
	Permission, Description string
	Created, Modified       int64 // unix seconds
}

type metafields struct{ things[metafield] }

// metafieldFields are those of metafield_Base and MetafieldBase_Post (products_catalog.v3.yml).
var (
	metafieldFields = []fieldSpec{
		{name: "permission_set", kind: kString, required: true, enum: []string{"app_only", "read", "write", "read_and_sf_access", "write_and_sf_access"}},
		{name: "namespace", kind: kString, minLen: 1, maxLen: 64, required: true},
		{name: "key", kind: kString, minLen: 1, maxLen: 64, required: true},
		{name: "value", kind: kString, minLen: 1, maxLen: 65535, required: true},
		{name: "description", kind: kString, maxLen: 255},
	}
	metafieldIndex = index(metafieldFields)
)

// metafieldKind is whose metafields a call is about.
type metafieldKind struct {
	kind  string // as answers have it
	id    string // of the thing, in the path
	there func(*Store, int64) bool
}

// catalogueMetafields are the metafields of products and of variants, one by one and in batches.
func catalogueMetafields(*Sandbox) *resource {
	const product, variant = "/v3/catalog/products", "/v3/catalog/variants"
	r := &resource{
		kinds: []string{kindMetafield},
		keep:  func(st *Store) kept { return &metafields{newThings[metafield](st, kindMetafield)} },
		forget: func(st *Store, variants []int64) {
			k := keptBy[*metafields](st)
			for _, id := range sortedKeys(k.byID) {
				m := k.byID[id]
				if m.Kind == "variant" && slices.Contains(variants, m.Resource) || m.Kind == "product" && st.cat.byID[m.Resource] == nil {
					k.drop(id)
				}
			}
		},
		dump: func(st *Store, out map[string]any) {
			list := []map[string]any{}
			k := keptBy[*metafields](st)
			for _, id := range sortedKeys(k.byID) {
				list = append(list, k.byID[id].view())
			}
			out["metafields"] = list
		},
	}
	for _, k := range []struct {
		metafieldKind
		batch, list string
	}{
		{metafieldKind{"product", "id", func(st *Store, id int64) bool { return st.cat.byID[id] != nil }}, product + "/metafields", product + "/{id}/metafields"},
		{metafieldKind{"variant", "variant_id", func(st *Store, id int64) bool { _, ok := st.cat.itemByID(id); return ok }}, variant + "/metafields", product + "/{id}/variants/{variant_id}/metafields"},
	} {
		one := k.list + "/{metafield_id}"
		r.routes = append(r.routes,
			route{method: "GET", path: k.batch, scopes: productsRead, handle: k.all},
			route{method: "POST", path: k.batch, scopes: productsWrite, handle: func(c *call) reply { return k.batchWrite(c, true) }},
			route{method: "PUT", path: k.batch, scopes: productsWrite, handle: func(c *call) reply { return k.batchWrite(c, false) }},
			route{method: "DELETE", path: k.batch, scopes: productsWrite, handle: k.batchDelete},
			route{method: "GET", path: k.list, scopes: productsRead, handle: k.of},
			route{method: "POST", path: k.list, scopes: productsWrite, handle: k.create},
			route{method: "GET", path: one, scopes: productsRead, handle: k.get},
			route{method: "PUT", path: one, scopes: productsWrite, handle: k.update},
			route{method: "DELETE", path: one, scopes: productsWrite, handle: k.remove})
	}
	return r
}

func (m *metafield) view() map[string]any {
	return map[string]any{
		"id": m.ID, "key": m.Key, "value": m.Value, "namespace": m.Namespace, "permission_set": m.Permission, "resource_type": m.Kind,
		"resource_id": m.Resource, "description": m.Description, "date_created": timeString(m.Created), "date_modified": timeString(m.Modified),
		"owner_client_id": m.Client,
	}
}

// visible reports whether a client may see it.
func (m *metafield) visible(client string) bool {
	return m.Client == client || m.Permission != "app_only"
}

// find returns the metafields of a kind that the caller may see, by id.
func (k metafieldKind) find(c *call, ok func(*metafield) bool) []map[string]any {
	all := keptBy[*metafields](c.st).byID
	var views []map[string]any
	for _, id := range sortedKeys(all) {
		if m := all[id]; m.Kind == k.kind && m.visible(c.tok.ClientID) && ok(m) {
			views = append(views, m.view())
		}
	}
	return views
}

// filter reads key and namespace.
func (k metafieldKind) filter(c *call, several bool) func(*metafield) bool {
	read := func(name string, of func(*metafield) string) func(*metafield) bool {
		word, given := c.q.str(name), c.q.has(name)
		var list []string
		if several {
			list = c.q.strings(name + ":in")
		}
		return func(m *metafield) bool {
			return (!given || of(m) == word) && (list == nil || slices.Contains(list, of(m)))
		}
	}
	key := read("key", func(m *metafield) string { return m.Key })
	space := read("namespace", func(m *metafield) string { return m.Namespace })
	return func(m *metafield) bool { return key(m) && space(m) }
}

func (k metafieldKind) all(c *call) reply {
	ok, show := k.filter(c, true), c.q.fields()
	down := c.q.enum("direction", "asc", "desc") == "desc"
	page, limit := c.q.page()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	views := k.find(c, ok)
	if down {
		slices.Reverse(views)
	}
	return c.pageOf(views, page, limit, show)
}

// thing is the id of the product or variant of the path.
func (k metafieldKind) thing(c *call) (int64, *reply) {
	if _, r := c.product(); r != nil {
		return 0, r
	}
	id := c.numberOf(k.id)
	if !k.there(c.st, id) {
		r := notFound("The " + k.kind + " was not found")
		return 0, &r
	}
	return id, nil
}

func (k metafieldKind) of(c *call) reply {
	ok, show := k.filter(c, false), c.q.fields()
	page, limit := c.q.page()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	id, r := k.thing(c)
	if r != nil {
		return *r
	}
	return c.pageOf(k.find(c, func(m *metafield) bool { return m.Resource == id && ok(m) }), page, limit, show)
}

// one finds the metafield of the path.
func (k metafieldKind) one(c *call) (*metafield, *reply) {
	id, r := k.thing(c)
	if r != nil {
		return nil, r
	}
	m := keptBy[*metafields](c.st).byID[c.numberOf("metafield_id")]
	if m == nil || m.Kind != k.kind || m.Resource != id || !m.visible(c.tok.ClientID) {
		r := notFound("The metafield was not found")
		return nil, &r
	}
	return m, nil
}

func (k metafieldKind) get(c *call) reply {
	show := c.q.fields()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	m, r := k.one(c)
	if r != nil {
		return *r
	}
	return value(http.StatusOK, show(m.view()))
}

// write makes a metafield, or changes old where that is not nil. The status of a refusal is that of
// a request for it alone.
func (k metafieldKind) write(c *call, old *metafield, resource int64, in map[string]any) (*metafield, int, map[string]string) {
	vals, errs := validate(metafieldFields, metafieldIndex, in, old == nil, "")
	if len(errs) > 0 {
		return nil, http.StatusUnprocessableEntity, errs
	}
	kept := keptBy[*metafields](c.st)
	now := c.st.sb.now().Unix()
	m := &metafield{Kind: k.kind, Resource: resource, Client: c.tok.ClientID, Created: now}
	if old != nil {
		copied := *old
		m = &copied
	}
	before := *m
	m.Modified = now
	for _, v := range vals {
		text := unquote(v.raw)
		switch metafieldFields[v.field].name {
		case "permission_set":
			m.Permission = text
		case "namespace":
			m.Namespace = text
		case "key":
			m.Key = text
		case "value":
			m.Value = text
		case "description":
			m.Description = text
		}
	}
	own := 0
	for _, other := range kept.byID {
		if other.Kind != m.Kind || other.Resource != m.Resource || other.Client != m.Client || other.ID == m.ID {
			continue
		}
		if own++; other.Namespace == m.Namespace && other.Key == m.Key {
			return nil, http.StatusConflict, map[string]string{"key": "The namespace and key are a duplicate"}
		}
	}
	switch {
	case old != nil && old.Client != c.tok.ClientID && (m.Namespace != before.Namespace || m.Key != before.Key || m.Value != before.Value || m.Permission != before.Permission):
		return nil, http.StatusForbidden, map[string]string{"id": "Only the API account that created a metafield can change it"} // as described
	case old == nil && own >= maxMetafields:
		return nil, http.StatusUnprocessableEntity, map[string]string{"key": msgTooMany}
	}
	if old == nil {
		m.ID = c.st.nextID(kindMetafield, 1)
	}
	kept.put(m.ID, m)
	return m, 0, nil
}

func (k metafieldKind) create(c *call) reply {
	return k.save(c, func() (*metafield, int64, *reply) {
		id, r := k.thing(c)
		return nil, id, r
	})
}

func (k metafieldKind) update(c *call) reply {
	return k.save(c, func() (*metafield, int64, *reply) {
		m, r := k.one(c)
		return m, 0, r
	})
}

func (k metafieldKind) save(c *call, of func() (*metafield, int64, *reply)) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	old, resource, r := of()
	if r != nil {
		return *r
	}
	m, status, errs := k.write(c, old, resource, in)
	if status != 0 {
		return fail(status, titleFields, errs)
	}
	c.st.flush()
	return value(http.StatusOK, m.view())
}

func (k metafieldKind) remove(c *call) reply {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	m, r := k.one(c)
	if r != nil {
		return *r
	}
	keptBy[*metafields](c.st).drop(m.ID)
	c.st.flush()
	return noContent
}

// batchWrite saves what is right. If something is not, the answer is a 422 with both: keys of its
// errors are places in the batch, as in the example.
func (k metafieldKind) batchWrite(c *call, create bool) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	list, r := c.readObjects()
	if r != nil {
		return *r
	}
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	saved := []map[string]any{}
	failed := map[string]string{}
	for i, in := range list {
		at, errs := strconv.Itoa(i), map[string]string{}
		var old *metafield
		name := "resource_id"
		if !create {
			name = "id"
		}
		id := batchNumber(in, name, "", errs)
		if len(errs) > 0 {
			failed[at] = name + ": " + errs[name]
			continue
		}
		switch {
		case create && !k.there(c.st, id):
			failed[at] = "The " + k.kind + " does not exist"
			continue
		case !create:
			if old = keptBy[*metafields](c.st).byID[id]; old == nil || old.Kind != k.kind || !old.visible(c.tok.ClientID) {
				failed[at] = "Metafield does not exist" // as described
				continue
			}
			id = old.Resource
		}
		m, status, errs := k.write(c, old, id, in)
		if status != 0 {
			key := sortedKeys(errs)[0]
			failed[at] = key + ": " + errs[key]
			continue
		}
		saved = append(saved, m.view())
	}
	c.st.flush()
	return bulkReply(saved, failed, len(list))
}

// bulkReply is the answer to a batch of metafields.
func bulkReply[T any](saved []T, failed map[string]string, total int) reply {
	status, errs := http.StatusOK, []errorBody{}
	if len(failed) > 0 {
		status = http.StatusUnprocessableEntity
		errs = append(errs, errorBody{status, "Bulk operation has failed", statusDocs, failed}) // as described
	}
	r := okJSON(status, map[string]any{"data": saved, "errors": errs,
		"meta": map[string]int{"total": total, "success": len(saved), "failed": total - len(saved)}})
	if len(failed) > 0 {
		r.err = errs[0].Title
	}
	return r
}

func (k metafieldKind) batchDelete(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	v, err := readJSON(c.r.Body)
	list, ok := v.([]any)
	if err != nil || !ok {
		return malformed()
	}
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	kept := keptBy[*metafields](c.st)
	gone, failed := []int64{}, map[string]string{}
	for i, e := range list {
		n, _ := e.(json.Number)
		id, _ := n.Int64()
		switch m := kept.byID[id]; {
		case m == nil || m.Kind != k.kind || !m.visible(c.tok.ClientID):
			failed[strconv.Itoa(i)] = "Metafield does not exist"
		case m.Client != c.tok.ClientID:
			failed[strconv.Itoa(i)] = "Unauthorized to delete"
		default:
			kept.drop(id)
			gone = append(gone, id)
		}
	}
	c.st.flush()
	return bulkReply(gone, failed, len(list))
}
