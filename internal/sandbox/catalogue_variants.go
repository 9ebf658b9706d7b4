package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func (s *Sandbox) listVariants(c *call) reply {
	id, products := c.q.integer("id"), c.q.integers("product_id:in")
	sku, hasSKU := c.q.str("sku"), c.q.has("sku")
	upc, hasUPC := c.q.str("upc"), c.q.has("upc")
	known := func(string) bool { return true }
	only, without := c.q.names("include_fields", known), c.q.names("exclude_fields", known)
	page, limit := c.q.page()
	if r := c.q.problem(); r != nil {
		return *r
	}
	f := &productFilter{ids: products}
	if hasSKU {
		f.skus = []string{sku}
	}
	if id != nil {
		f.test(func(p *product) bool { return p.variant == *id })
	}
	if hasUPC {
		f.test(func(p *product) bool { return p.text("upc") == upc })
	}
	c.st.mu.RLock()
	found, total := c.st.cat.search(f, (page-1)*limit, limit)
	found = slices.Clone(found)
	c.st.mu.RUnlock()
	show := func(n string) bool {
		return (only == nil || slices.Contains(only, n)) && !slices.Contains(without, n)
	}
	rows := make([][]byte, len(found))
	for i, p := range found {
		rows[i] = p.appendVariant(make([]byte, 0, 768), show)
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

// updateVariants changes base variants, which is changing their products.
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
		for k, m := range es {
			errs[k] = m
		}
		ids[i] = batchID(in["id"], prefix, errs)
	}
	if len(errs) > 0 {
		return batchErrors(errs)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	byVariant := map[int64]*product{}
	for _, p := range st.cat.order {
		if slices.Contains(ids, p.variant) {
			byVariant[p.variant] = p
		}
	}
	var olds, nexts []*product
	for i, id := range ids {
		old := byVariant[id]
		prefix := strconv.Itoa(i) + "."
		var next *product
		if old == nil {
			r = &reply{}
			*r = batchErrors(map[string]string{prefix + "id": "The variant " + strconv.FormatInt(id, 10) + " does not exist"})
		} else {
			next, r = st.changeVariant(old, all[i], prefix)
		}
		if r != nil {
			for j := len(nexts) - 1; j >= 0; j-- {
				st.cat.replace(nexts[j], olds[j])
			}
			return *r
		}
		byVariant[id] = next
		olds, nexts = append(olds, old), append(nexts, next)
	}
	for _, p := range nexts {
		st.record(kindProduct, p.id, p)
	}
	st.flush()
	for _, p := range news(olds, nexts) {
		st.fireSKU("store/sku/updated", p)
	}
	rows := make([]json.RawMessage, len(nexts))
	for i, p := range nexts {
		rows[i] = p.appendVariant(nil, nil)
	}
	return okJSON(http.StatusOK, map[string]any{"data": rows, "meta": map[string]any{}})
}

func (st *Store) changeVariant(old *product, vals []fieldValue, prefix string) (*product, *reply) {
	next := old.clone()
	for _, v := range vals {
		switch name := variantFields[v.field].name; name {
		case "id", "option_values":
		case "product_id":
			if v.raw != strconv.FormatInt(old.id, 10) {
				r := batchErrors(map[string]string{prefix + name: "The variant belongs to another product"})
				return nil, &r
			}
		case "sku":
			next.sku = unquote(v.raw)
		case "purchasing_disabled", "purchasing_disabled_message", "image_url":
			next.variantVals = set(variantFields, next.variantVals, v)
		default:
			raw := v.raw
			if raw == "null" { // no price of its own: the product's, which is the same thing here
				raw = productFields[fieldIndex(name)].def
			}
			next.put(name, raw)
		}
	}
	if r := st.unique(next, prefix); r != nil {
		var e errorBody
		_ = json.Unmarshal(r.body, &e)
		b := okBatch(e)
		return nil, &b
	}
	next.modified = st.sb.now().Unix()
	st.cat.replace(old, next)
	return next, nil
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
	for i, p := range st.cat.order {
		price := p.number("price")
		n := p.number("inventory_level")
		stock, sum, value = stock+n, sum+price, value+n*price
		if i == 0 || price < low {
			low = price
		}
		high = max(high, price)
		if i == 0 {
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
		"inventory_count": int64(stock), "inventory_value": value, "variant_count": len(st.cat.order),
		"highest_variant_price": high, "average_variant_price": 0, "primary_category_id": top, "primary_category_name": "",
		"lowest_variant_price": strconv.FormatFloat(low, 'f', -1, 64), // documented as a string
		"oldest_variant_date":  timeString(oldest), "newest_variant_date": timeString(newest),
	}
	if n := len(st.cat.order); n > 0 {
		data["average_variant_price"] = sum / float64(n)
	}
	if cat := st.cat.categories[top]; cat != nil {
		data["primary_category_name"] = cat.Name
	}
	return single([]byte(strings.TrimSpace(compact(data))))
}
