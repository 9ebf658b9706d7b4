package sandbox

import (
	"encoding/json"
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

// batchFields are those that the batch takes: its description does not have image_url, mpn and
// gtin, see Choices.BatchTakesAll.
func (st *Store) batchFields(vals []fieldValue) []fieldValue {
	if st.sb.opts.Choices.BatchTakesAll {
		return vals
	}
	return slices.DeleteFunc(vals, func(v fieldValue) bool {
		return slices.Contains([]string{"image_url", "mpn", "gtin"}, variantFields[v.field].name)
	})
}

// updateVariants changes variants by their ids, and makes those that have none. Changing a base
// variant is changing its product. If one is refused none is saved, or the others are:
// Choices.GoodOfBatchSaved.
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
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	var olds, nexts []item
	var refused []errorBody
	for i, in := range list {
		old, next, e := st.batchVariant(in, strconv.Itoa(i)+".")
		if e != nil {
			refused = append(refused, *e)
			continue
		}
		olds, nexts = append(olds, old), append(nexts, next)
	}
	if len(refused) > 0 && !s.opts.Choices.GoodOfBatchSaved {
		st.undoVariants(olds, nexts)
		return batchRefused(refused)
	}
	st.finishVariants(olds, nexts)
	if len(refused) > 0 {
		return batchRefused(refused)
	}
	rows := make([]json.RawMessage, len(nexts))
	for n, i := range nexts {
		rows[n] = i.append(nil, nil)
	}
	return okJSON(http.StatusOK, map[string]any{"data": rows, "meta": map[string]any{}})
}

// batchVariant carries out one element of the batch in the catalogue; nothing is journalled yet.
func (st *Store) batchVariant(in map[string]any, prefix string) (old, next item, _ *errorBody) {
	refuse := func(errs map[string]string) *errorBody {
		return &errorBody{http.StatusUnprocessableEntity, titleFields, statusDocs, errs}
	}
	create := in["id"] == nil
	vals, errs := validate(variantFields, variantIndex, in, create, prefix)
	name := "id"
	if create {
		name = "product_id"
		checkVariantSKU(in, prefix, errs)
	}
	id := batchNumber(in, name, prefix, errs)
	if len(errs) > 0 {
		return old, next, refuse(errs)
	}
	vals = st.batchFields(vals)
	var r *reply
	if create {
		p := st.cat.byID[id]
		if p == nil {
			return old, next, refuse(map[string]string{prefix + name: "The product " + strconv.FormatInt(id, 10) + " does not exist"})
		}
		var changed *product
		if changed, next, r = st.withVariant(p, in, vals, prefix); r == nil {
			old = item{p: p}
			st.cat.replace(p, changed)
			return old, next, nil
		}
	} else {
		var ok bool
		if old, ok = st.cat.itemByID(id); !ok {
			return old, next, refuse(map[string]string{prefix + name: "The variant " + strconv.FormatInt(id, 10) + " does not exist"})
		}
		if next, r = st.changeVariant(old, vals, prefix); r == nil {
			return old, next, nil
		}
	}
	var e errorBody
	_ = json.Unmarshal(r.body, &e)
	return old, next, &e
}

// batchRefused is the 422 of the variants batch, in its own shape.
func batchRefused(refused []errorBody) reply {
	r := okJSON(http.StatusUnprocessableEntity, map[string]any{"batch_errors": refused})
	r.err = refused[0].Title
	return r
}

// undoVariants puts the products back that a refused batch has changed.
func (st *Store) undoVariants(olds, nexts []item) {
	for n := len(nexts) - 1; n >= 0; n-- {
		st.cat.replace(nexts[n].p, olds[n].p)
	}
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
				r := invalid(map[string]string{prefix + name: "The variant belongs to another product"})
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
		return item{}, r
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
