package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// itemFilter is what GET /v3/catalog/variants filters by.
type itemFilter struct {
	id       *int64
	products []int64 // nil for any
	sku, upc *string
	baseSKUs bool // Choices.BaseVariantsBySKU
}

func (f *itemFilter) ok(i item) bool {
	switch {
	case f.id != nil && i.id() != *f.id,
		f.products != nil && !slices.Contains(f.products, i.p.id),
		f.sku != nil && (!strings.EqualFold(i.sku(), *f.sku) || i.v == nil && !f.baseSKUs),
		f.upc != nil && i.text("upc") != *f.upc:
		return false
	}
	return true
}

// candidates are the products one of whose variants may match, by id.
func (f *itemFilter) candidates(c *catalogue) []*product {
	ids := f.products
	switch {
	case f.id != nil:
		ids = []int64{c.byVariant[*f.id]}
	case f.sku != nil:
		ids = []int64{c.bySKU[skuKey(*f.sku)]}
	case ids == nil:
		return c.order
	}
	var out []*product
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		if p := c.byID[id]; p != nil {
			out = append(out, p)
		}
	}
	return out
}

// items returns the variants from offset on, at most limit, and how many match in all.
func (c *catalogue) items(f *itemFilter, offset, limit int) (page []item, total int) {
	for _, p := range f.candidates(c) {
		for _, i := range p.items() {
			if !f.ok(i) {
				continue
			}
			if total++; total > offset && len(page) < limit {
				page = append(page, i)
			}
		}
	}
	return page, total
}

func (s *Sandbox) listVariants(c *call) reply {
	f := itemFilter{id: c.q.integer("id"), products: c.q.integers("product_id:in"), baseSKUs: s.opts.Choices.BaseVariantsBySKU}
	if c.q.has("sku") {
		sku := c.q.str("sku")
		f.sku = &sku
	}
	if c.q.has("upc") {
		upc := c.q.str("upc")
		f.upc = &upc
	}
	known := func(string) bool { return true }
	only, without := c.q.names("include_fields", known), c.q.names("exclude_fields", known)
	page, limit := c.q.page()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	found, total := c.st.cat.items(&f, (page-1)*limit, limit)
	c.st.mu.RUnlock()
	show := func(n string) bool {
		return (only == nil || slices.Contains(only, n)) && !slices.Contains(without, n)
	}
	rows := make([][]byte, len(found)) // products in the catalogue never change: encoding needs no lock
	for n, i := range found {
		rows[n] = i.append(make([]byte, 0, 768), show)
	}
	return collection(rows, c.q.meta(total, len(rows), page, limit))
}

// batchErrors is the 422 of the variants batch, in its own shape.
func batchErrors(errs map[string]string) reply {
	return okBatch(errorBody{http.StatusUnprocessableEntity, titleFields, statusDocs, errs})
}

func okBatch(e errorBody) reply {
	r := okJSON(http.StatusUnprocessableEntity, map[string]any{"batch_errors": []errorBody{e}})
	r.err = e.Title
	return r
}

// updateVariants changes variants, all of them or none. Changing a base variant is changing its
// product.
func (s *Sandbox) updateVariants(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	list, r := c.readObjects()
	if r != nil {
		return *r
	}
	if len(list) > maxVariantBatch {
		return fail(http.StatusRequestEntityTooLarge, "The request payload is too large. The maximum items allowed in the array is 50", nil)
	}
	all, errs := make([][]fieldValue, len(list)), map[string]string{}
	ids := make([]int64, len(list))
	for i, in := range list {
		prefix := strconv.Itoa(i) + "."
		if opts, ok := in["option_values"].([]any); in["id"] == nil || ok && len(opts) > 0 {
			return fail(http.StatusNotImplemented, "The sandbox does not simulate product options: variants are updated by id only.", nil)
		}
		var es map[string]string
		all[i], es = validate(variantFields, variantIndex, in, false, prefix)
		maps.Copy(errs, es)
		ids[i] = batchID(in["id"], prefix, errs)
	}
	if len(errs) > 0 {
		return batchErrors(errs)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	var olds, nexts []item
	for i, id := range ids {
		prefix := strconv.Itoa(i) + "."
		old, ok := st.cat.itemByID(id)
		if !ok {
			r := batchErrors(map[string]string{prefix + "id": "The variant " + strconv.FormatInt(id, 10) + " does not exist"})
			return *st.undoVariants(olds, nexts, &r)
		}
		next, r := st.changeVariant(old, all[i], prefix)
		if r != nil {
			return *st.undoVariants(olds, nexts, r)
		}
		olds, nexts = append(olds, old), append(nexts, next)
	}
	rows := make([]json.RawMessage, len(nexts))
	for n, i := range nexts {
		rows[n] = i.append(nil, nil)
		st.record(kindProduct, i.p.id, i.p)
	}
	st.flush()
	for n, i := range nexts {
		if i.unlike(olds[n]) {
			st.fireSKU("store/sku/updated", i)
		}
	}
	return okJSON(http.StatusOK, map[string]any{"data": rows, "meta": map[string]any{}})
}

// undoVariants puts the products back that a refused batch has changed.
func (st *Store) undoVariants(olds, nexts []item, r *reply) *reply {
	for n := len(nexts) - 1; n >= 0; n-- {
		st.cat.replace(nexts[n].p, olds[n].p)
	}
	return r
}

// changeVariant puts a changed copy of a variant's product into the catalogue; nothing is
// journalled yet.
func (st *Store) changeVariant(old item, vals []fieldValue, prefix string) (item, *reply) {
	next := item{p: old.p.clone()}
	if old.v != nil {
		v := *old.v
		v.vals = slices.Clone(v.vals)
		next.v = &v
		next.p.variants[slices.Index(next.p.variants, old.v)] = &v
	}
	for _, v := range vals {
		switch name := variantFields[v.field].name; {
		case name == "id", name == "option_values":
		case name == "product_id":
			if v.raw != strconv.FormatInt(old.p.id, 10) {
				r := batchErrors(map[string]string{prefix + name: "The variant belongs to another product"})
				return item{}, &r
			}
		case name == "sku" && next.v != nil:
			next.v.sku = unquote(v.raw)
		case name == "sku":
			next.p.sku = unquote(v.raw)
		case next.v != nil:
			next.v.vals = set(variantFields, next.v.vals, v)
		case slices.Contains(variantOnly, name):
			next.p.variantVals = set(variantFields, next.p.variantVals, v)
		default:
			st.changeBase(next.p, v)
		}
	}
	if r := st.unique(next.p, prefix); r != nil {
		var e errorBody
		_ = json.Unmarshal(r.body, &e)
		b := okBatch(e)
		return item{}, &b
	}
	next.p.modified = st.sb.now().Unix()
	st.cat.replace(old.p, next.p)
	return next, nil
}

// changeBase writes a field of a base variant into its product. null, a variant's way to have its
// product's price, has two meanings for the product itself.
func (st *Store) changeBase(p *product, v fieldValue) {
	f := &variantFields[v.field]
	raw := v.raw
	if raw == "null" {
		if f.kind == kNumber && !st.sb.opts.Choices.BaseVariantNullClears {
			return
		}
		raw = productFields[fieldIndex(f.name)].def
	}
	p.put(f.name, raw)
}

// catalogSummary is a lightweight account of the catalogue.
func (s *Sandbox) catalogSummary(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	st := c.st
	st.mu.RLock()
	defer st.mu.RUnlock()
	var stock, sum, value, low, high float64
	var oldest, newest int64
	inCat := map[int64]int{}
	for n, p := range st.cat.order {
		for m, i := range p.items() {
			price := i.number("price")
			level := i.number("inventory_level")
			stock, sum, value = stock+level, sum+price, value+level*price
			if n == 0 && m == 0 || price < low {
				low = price
			}
			high = max(high, price)
		}
		if n == 0 {
			oldest = p.created
		}
		newest = max(newest, p.created)
		for _, id := range p.categories() {
			inCat[id]++
		}
	}
	var top int64
	for _, id := range sortedKeys(inCat) {
		if inCat[id] > inCat[top] {
			top = id
		}
	}
	data := map[string]any{
		"inventory_count": int64(stock), "inventory_value": value, "variant_count": len(st.cat.byVariant),
		"highest_variant_price": high, "average_variant_price": 0, "primary_category_id": top, "primary_category_name": "",
		"lowest_variant_price": strconv.FormatFloat(low, 'f', -1, 64), // documented as a string
		"oldest_variant_date":  timeString(oldest), "newest_variant_date": timeString(newest),
	}
	if n := len(st.cat.byVariant); n > 0 {
		data["average_variant_price"] = sum / float64(n)
	}
	if cat := st.cat.categories[top]; cat != nil {
		data["primary_category_name"] = cat.Name
	}
	return single([]byte(strings.TrimSpace(compact(data))))
}
