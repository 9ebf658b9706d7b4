package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Batch limits of the catalogue endpoints.
const (
	maxProductBatch  = 10
	maxProductDelete = 250
	maxVariantBatch  = 50
)

func (s *Sandbox) getProduct(c *call) reply {
	sel := c.q.selection(true)
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	p, r := c.product()
	if r != nil {
		return *r
	}
	return single(p.append(nil, sel))
}

// product is the product of the path. Callers hold st.mu.
func (c *call) product() (*product, *reply) {
	id, ok := c.pathID()
	if p := c.st.cat.byID[id]; ok && p != nil {
		return p, nil
	}
	r := noProduct(id)
	return nil, &r
}

func noProduct(id int64) reply {
	return notFound(fmt.Sprintf("A product with the id of %d was not found", id))
}

func (s *Sandbox) createProduct(c *call) reply {
	sel := c.q.selection(false).answersWhole(c.st, c.q)
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	if r := notSimulated(in, "options", "modifiers"); r != nil {
		return *r
	}
	vals, errs := validate(productFields, productIndex, in, true, "")
	inline := inlineVariants(in["variants"], errs)
	if len(errs) > 0 {
		return invalid(errs)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	p := &product{}
	if r := st.addInline(p, inline); r != nil {
		return *r
	}
	done, r := st.assign(p, vals, "", true)
	if r != nil {
		return *r
	}
	st.insertProductLocked(p)
	st.flush()
	if done.brand != 0 {
		st.fire("store/brand/created", "brand", done.brand)
	}
	st.fire("store/product/created", "product", p.id)
	for _, v := range p.variants {
		st.fireSKU("store/sku/created", item{p, v})
	}
	if c.partial {
		done.failed = map[string]string{"inventory_level": msgAsked}
	}
	if len(done.failed) > 0 {
		return multiStatus([]json.RawMessage{p.append(nil, sel)}, done.failed)
	}
	return single(p.append(nil, sel))
}

// multiStatus is the 207 of a write that took effect in part.
func multiStatus(data any, errs map[string]string) reply {
	return okJSON(http.StatusMultiStatus, map[string]any{"data": data, "meta": map[string]any{}, "errors": errorBody{
		Status: http.StatusMultiStatus, Title: "Part of the request failed", Type: statusDocs, Errors: errs}})
}

// notSimulated refuses fields that the sandbox would otherwise drop silently.
func notSimulated(in map[string]any, fields ...string) *reply {
	for _, f := range fields {
		if list, ok := in[f].([]any); ok && len(list) > 0 {
			r := fail(http.StatusNotImplemented, "The sandbox does not simulate "+f+" here.", nil)
			return &r
		}
	}
	return nil
}

// urlPath is what a custom URL may look like.
var urlPath = regexp.MustCompile(`^(/[A-Za-z0-9\-_.]{1,256})*/?$`)

// assigned is what an assignment did beside the product.
type assigned struct {
	brand  int64             // made on the way; 0 is none
	failed map[string]string // what did not take effect though the rest did: 207
}

func (a *assigned) fail(key, msg string) {
	if a.failed == nil {
		a.failed = map[string]string{}
	}
	a.failed[key] = msg
}

// assign writes validated values into p, which is not in the catalogue: a new product, or a copy of
// one. It checks what only the store can know; keys of errors are led by prefix. The reply is a
// 409, 422 or nil.
func (st *Store) assign(p *product, vals []fieldValue, prefix string, create bool) (done assigned, _ *reply) {
	errs := map[string]string{}
	for _, v := range vals {
		switch name := productFields[v.field].name; name {
		case "name":
			p.name = unquote(v.raw)
			if strings.TrimSpace(p.name) == "" {
				errs[prefix+name] = msgMinLen
			}
		case "sku":
			p.sku = unquote(v.raw)
		case "brand_name", "custom_url":
		case "custom_fields", "bulk_pricing_rules", "images", "videos":
			st.assignParts(p, name, v.raw, prefix, errs)
		default:
			p.vals = set(productFields, p.vals, v)
		}
	}
	if p.get("is_price_hidden") == "true" && p.get("availability") != `"disabled"` {
		errs[prefix+"is_price_hidden"] = "is_price_hidden needs availability to be disabled"
	}
	if len(errs) > 0 {
		r := invalid(errs)
		return done, &r
	}
	if r := st.download(p, vals, prefix, &done); r != nil {
		return done, r
	}
	if r := p.bulkConflict(prefix); r != nil {
		return done, r
	}
	if r := st.unique(p, prefix); r != nil {
		return done, r
	}
	if r := st.references(p, vals, prefix); r != nil {
		return done, r
	}
	oldURL := p.url
	for _, v := range vals {
		if productFields[v.field].name == "custom_url" {
			r := st.assignURL(p, v.raw, prefix)
			switch {
			case r != nil && r.status == http.StatusConflict && !create:
				// Documented: an update is saved without its URL when that is taken.
				done.fail(prefix+"custom_url", r.err)
			case r != nil:
				return done, r
			}
		}
	}
	if !p.customURL && p.url == oldURL && !create {
		p.url = st.cat.freeURL(p.name, p.id)
	}
	for _, v := range vals {
		if productFields[v.field].name == "brand_name" {
			name := unquote(v.raw)
			id, made, r := st.brandNamed(name, prefix)
			if r != nil {
				return done, r
			}
			if made {
				done.brand = id
			}
			p.put("brand_id", strconv.FormatInt(id, 10))
		}
	}
	return done, nil
}

// unique checks the name and the SKUs, those of variants too, against the other products and one
// another.
func (st *Store) unique(p *product, prefix string) *reply {
	if id, taken := st.cat.byName[nameKey(p.name)]; taken && id != p.id {
		r := conflict(prefix+"name", "The product name is a duplicate")
		return &r
	}
	own := map[string]bool{}
	for _, sku := range p.skus() {
		k := skuKey(sku)
		if k == "" {
			continue
		}
		if id, taken := st.cat.bySKU[k]; taken && id != p.id || own[k] {
			r := conflict(prefix+"sku", "The product sku is a duplicate")
			return &r
		}
		own[k] = true
	}
	return nil
}

// references checks that categories, the brand and the tax class exist: documented as a conflict.
func (st *Store) references(p *product, vals []fieldValue, prefix string) *reply {
	for _, v := range vals {
		switch productFields[v.field].name {
		case "categories":
			for _, id := range p.categories() {
				if st.cat.categories[id] == nil {
					r := conflict(prefix+"categories", "The category id "+strconv.FormatInt(id, 10)+" is invalid")
					return &r
				}
			}
		case "brand_id":
			if id := int64(p.number("brand_id")); id != 0 && st.cat.brands[id] == nil {
				r := conflict(prefix+"brand_id", "The brand_id "+strconv.FormatInt(id, 10)+" is invalid")
				return &r
			}
		case "tax_class_id":
			if id := parseID(v.raw); id > int64(len(taxClasses)) {
				r := conflict(prefix+"tax_class_id", "The tax_class_id "+v.raw+" is invalid")
				return &r
			}
		}
	}
	return nil
}

func (st *Store) assignURL(p *product, raw, prefix string) *reply {
	var in struct {
		URL any `json:"url"`
	}
	_ = json.Unmarshal([]byte(raw), &in)
	url, ok := in.URL.(string)
	switch {
	case in.URL == nil:
		return nil
	case !ok:
		r := invalid(map[string]string{prefix + "custom_url.url": msgString})
		return &r
	case url == "" || len(url) > 255 || !urlPath.MatchString(url):
		r := invalid(map[string]string{prefix + "custom_url.url": "error.pattern"})
		return &r
	}
	if id, taken := st.cat.byURL[url]; taken && id != p.id {
		r := conflict(prefix+"custom_url", "The custom_url is a duplicate")
		return &r
	}
	p.url, p.customURL = url, true
	return nil
}

func unquote(raw string) string {
	var s string
	_ = json.Unmarshal([]byte(raw), &s)
	return s
}

func (s *Sandbox) updateProduct(c *call) reply {
	sel := c.q.selection(true).answersWhole(c.st, c.q)
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	if r := notSimulated(in, "variants", "options", "modifiers"); r != nil {
		return *r
	}
	vals, errs := validate(productFields, productIndex, in, false, "")
	if len(errs) > 0 {
		return invalid(errs)
	}
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	old, r := c.product()
	if r != nil {
		return *r
	}
	next, done, r := c.st.change(old, vals, "")
	if r != nil {
		return *r
	}
	c.st.commit([]*product{old}, []*product{next}, done.brand)
	if done.failed != nil {
		return multiStatus(json.RawMessage(next.append(nil, sel)), done.failed)
	}
	return single(next.append(nil, sel))
}

// change puts a changed copy of old into the catalogue; nothing is journalled yet.
func (st *Store) change(old *product, vals []fieldValue, prefix string) (*product, assigned, *reply) {
	next := old.clone()
	done, r := st.assign(next, vals, prefix, false)
	if r != nil {
		return nil, done, r
	}
	next.modified = st.sb.now().Unix()
	st.cat.replace(old, next)
	return next, done, nil
}

// commit journals changed products and fires their webhooks; olds are what they were.
func (st *Store) commit(olds, changed []*product, brands ...int64) {
	for _, p := range changed {
		st.record(kindProduct, p.id, p)
	}
	st.flush()
	for _, id := range brands {
		if id != 0 {
			st.fire("store/brand/created", "brand", id)
		}
	}
	for _, p := range news(olds, changed) {
		st.fire("store/product/updated", "product", p.id)
	}
}

// updateProducts is the batch PUT: all of it, or nothing and the errors keyed "INDEX.FIELD".
func (s *Sandbox) updateProducts(c *call) reply {
	sel := c.q.selection(false).answersWhole(c.st, c.q)
	if r := c.q.problem(); r != nil {
		return *r
	}
	list, r := c.readObjects()
	if r != nil {
		return *r
	}
	if len(list) > maxProductBatch {
		return fail(http.StatusRequestEntityTooLarge, "The request payload is too large. The maximum items allowed in the array is 10.", nil)
	}
	ids, all, errs := make([]int64, len(list)), make([][]fieldValue, len(list)), map[string]string{}
	for i, in := range list {
		if r := notSimulated(in, "variants", "options", "modifiers"); r != nil {
			return *r
		}
		prefix := strconv.Itoa(i) + "."
		var es map[string]string
		all[i], es = validate(productFields, productIndex, in, false, prefix)
		maps.Copy(errs, es)
		ids[i] = batchNumber(in, "id", prefix, errs)
	}
	if len(errs) > 0 {
		return invalid(errs)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.changeBatch(c, sel, ids, all)
}

// batchNumber reads a required id of a batch element.
func batchNumber(in map[string]any, name, prefix string, errs map[string]string) int64 {
	if in[name] == nil {
		errs[prefix+name] = msgMissing
		return 0
	}
	n, ok := in[name].(json.Number)
	if !ok {
		errs[prefix+name] = msgNumber
		return 0
	}
	id, err := n.Int64()
	if err != nil {
		errs[prefix+name] = msgInteger
	}
	return id
}

func (st *Store) changeBatch(c *call, sel *selection, ids []int64, all [][]fieldValue) reply {
	var olds, nexts []*product
	var brands []int64
	undo := func() {
		for i := len(nexts) - 1; i >= 0; i-- {
			st.cat.unindex(nexts[i])
			st.cat.add(olds[i])
		}
		for _, id := range brands {
			st.forgetBrand(id)
		}
		st.pending.Reset()
	}
	failed := map[string]string{}
	for i, id := range ids {
		if c.partial && i == len(ids)-1 {
			failed[strconv.Itoa(i)+".inventory_level"] = msgAsked
			break
		}
		old := st.cat.byID[id]
		if old == nil {
			undo()
			return noProduct(id)
		}
		next, done, r := st.change(old, all[i], strconv.Itoa(i)+".")
		if r != nil {
			undo()
			return *r
		}
		olds, nexts = append(olds, old), append(nexts, next)
		if done.brand != 0 {
			brands = append(brands, done.brand)
		}
		maps.Copy(failed, done.failed)
	}
	st.commit(olds, nexts, brands...)
	rows := make([]json.RawMessage, len(nexts))
	for i, p := range nexts {
		rows[i] = p.append(nil, sel)
	}
	if len(failed) > 0 {
		return multiStatus(rows, failed)
	}
	return okJSON(http.StatusOK, map[string]any{"data": rows, "meta": map[string]any{}})
}

func (s *Sandbox) deleteProduct(c *call) reply {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	if id, ok := c.pathID(); ok && c.st.cat.byID[id] != nil {
		c.st.dropProducts([]int64{id})
	}
	return noContent // documented: the only answer
}

func (s *Sandbox) deleteProducts(c *call) reply {
	f := c.q.productFilter()
	if r := c.q.problem(); r != nil {
		return *r
	}
	if f.empty() {
		return fail(http.StatusUnprocessableEntity, "At least one filter is required to delete products.", nil)
	}
	if len(f.ids) > maxProductDelete {
		return fail(http.StatusUnprocessableEntity, "The maximum number of products you can delete at one time is 250.",
			map[string]string{"id:in": msgTooMany})
	}
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	found, _ := c.st.cat.search(f, 0, maxProductDelete)
	ids := make([]int64, len(found))
	for i, p := range found {
		ids[i] = p.id
	}
	slices.Sort(ids)
	c.st.dropProducts(ids)
	return noContent
}

// dropProducts removes products, journals that and fires the webhooks.
func (st *Store) dropProducts(ids []int64) {
	gone := make(map[int64]bool, len(ids))
	var variants []int64
	for _, id := range ids {
		gone[id] = true
		st.record(kindProduct, id, nil)
		for _, i := range st.cat.byID[id].items() {
			variants = append(variants, i.id())
		}
	}
	st.cat.remove(gone)
	st.forgetVariants(variants)
	st.flush()
	for _, id := range ids {
		st.fire("store/product/deleted", "product", id)
	}
}
