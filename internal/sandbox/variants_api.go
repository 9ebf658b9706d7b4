package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

// productVariants is /v3/catalog/products/{id}/variants. Deleting a variant is not simulated: what
// becomes of a product whose last one goes is not described.
func productVariants(*Sandbox) *resource {
	const list = "/v3/catalog/products/{id}/variants"
	return &resource{routes: []route{
		{method: "GET", path: list, scopes: productsRead, handle: listProductVariants},
		{method: "POST", path: list, scopes: productsWrite, handle: createVariant},
		{method: "GET", path: list + "/{variant_id}", scopes: productsRead, handle: getVariant},
		{method: "PUT", path: list + "/{variant_id}", scopes: productsWrite, handle: updateVariant},
		{method: "POST", path: list + "/{variant_id}/image", scopes: productsWrite, handle: setVariantImage},
	}}
}

// shown reads include_fields and exclude_fields of variants.
func (q *query) shown() func(string) bool {
	known := func(string) bool { return true }
	only, without := q.names("include_fields", known), q.names("exclude_fields", known)
	return func(n string) bool {
		return (only == nil || slices.Contains(only, n)) && !slices.Contains(without, n)
	}
}

func listProductVariants(c *call) reply {
	show := c.q.shown()
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
	all := make([]item, 0, len(p.variants)+1)
	for _, i := range p.items() {
		all = append(all, i)
	}
	from, to := window(len(all), page, limit)
	rows := make([][]byte, 0, to-from)
	for _, i := range all[from:to] {
		rows = append(rows, i.append(nil, show))
	}
	return collection(rows, c.q.meta(len(all), len(rows), page, limit))
}

// item finds the variant of the path.
func (c *call) item() (item, *reply) {
	p, r := c.product()
	if r != nil {
		return item{}, r
	}
	for _, i := range p.items() {
		if i.id() == c.numberOf("variant_id") {
			return i, nil
		}
	}
	missing := notFound("The variant was not found")
	return item{}, &missing
}

func getVariant(c *call) reply {
	show := c.q.shown()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	i, r := c.item()
	if r != nil {
		return *r
	}
	return single(i.append(nil, show))
}

func createVariant(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	vals, errs := validate(variantFields, variantIndex, in, true, "")
	checkVariantSKU(in, "", errs)
	if len(errs) > 0 {
		return invalid(errs)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	p, r := c.product()
	if r != nil {
		return *r
	}
	next, made, r := st.withVariant(p, in, vals, "")
	if r != nil {
		return *r
	}
	st.cat.replace(p, next)
	st.finishVariants([]item{{p: p}}, []item{made})
	return single(made.append(nil, nil))
}

// withVariant is a copy of a product with one variant more; it is not in the catalogue yet.
func (st *Store) withVariant(p *product, in map[string]any, vals []fieldValue, prefix string) (*product, item, *reply) {
	next := p.clone()
	if len(next.variants) >= maxVariants {
		r := invalid(map[string]string{prefix + "sku": "A product can have no more than 600 variants"})
		return nil, item{}, &r
	}
	v := &variant{}
	for _, val := range vals {
		v.take(val)
	}
	errs := map[string]string{}
	v.choices = st.choicesByID(next, in["option_values"], prefix+"option_values", errs)
	if source := unquote(v.own(variantIndex["image_url"])); unreachable(source) {
		errs[prefix+"image_url"] = msgNotDownloaded
	}
	if len(errs) > 0 {
		r := invalid(errs)
		return nil, item{}, &r
	}
	for _, other := range next.variants {
		if other.combination() == v.combination() {
			return nil, item{}, takenCombination(prefix + "option_values")
		}
	}
	next.variants = append(next.variants, v)
	if r := st.unique(next, prefix); r != nil {
		return nil, item{}, r
	}
	v.id, v.skuID = st.nextID(kindVariant, 1), st.nextID(kindSKU, 1)
	next.variant, next.modified = 0, st.sb.now().Unix()
	return next, item{next, v}, nil
}

// choicesByID reads the option_values of a variant that joins a product: values that are there, one
// of each option. They are named by their ids; by words alone it is a choice
// (Choices.VariantsByWords), and a new value is refused, as integrators recorded. The words are the
// sandbox's own.
func (st *Store) choicesByID(p *product, in any, at string, errs map[string]string) []choice {
	list, ok := in.([]any)
	switch {
	case in == nil:
		errs[at] = msgMissing
		return nil
	case !ok:
		errs[at] = msgArray
		return nil
	case len(list) == 0:
		errs[at] = msgMinItems
		return nil
	}
	var out []choice
	for i, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			errs[at+"."+strconv.Itoa(i)] = msgObject
			continue
		}
		ch, ok := p.choiceOf(m, st.sb.opts.Choices.VariantsByWords)
		if !ok {
			errs[at+"."+strconv.Itoa(i)] = "The option value does not exist on the product"
			continue
		}
		if slices.ContainsFunc(out, func(o choice) bool { return o.OptionID == ch.OptionID }) {
			errs[at+"."+strconv.Itoa(i)] = "A variant can have only one value of an option"
		}
		out = append(out, ch)
	}
	if len(errs) == 0 && len(out) < len(p.options) {
		errs[at] = "A variant needs a value of each option of its product"
	}
	return out
}

// choiceOf finds the value that an element of option_values names.
func (p *product) choiceOf(m map[string]any, words bool) (choice, bool) {
	for _, o := range p.options {
		for _, v := range o.Values {
			byID := integerOf(m, "id") == v.ID && integerOf(m, "option_id") == o.ID
			byWords := words && m["id"] == nil && m["option_display_name"] == o.Name && m["label"] == v.Label
			if byID || byWords {
				return choice{ID: v.ID, Label: v.Label, OptionID: o.ID, Option: o.Name}, true
			}
		}
	}
	return choice{}, false
}

func updateVariant(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	vals, errs := validate(variantFields, variantIndex, in, false, "")
	if len(errs) > 0 {
		return invalid(errs)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	old, r := c.item()
	if r != nil {
		return *r
	}
	if source, _ := in["image_url"].(string); unreachable(source) {
		return invalid(map[string]string{"image_url": msgNotDownloaded})
	}
	next, r := st.changeVariant(old, slices.DeleteFunc(vals, func(v fieldValue) bool {
		name := variantFields[v.field].name
		return name == "product_id" || name == "option_values" // cannot be changed, as recorded: nothing is said
	}), "")
	if r != nil {
		return *r
	}
	st.finishVariants([]item{old}, []item{next})
	if c.partial {
		return multiStatus(json.RawMessage(next.append(nil, nil)), map[string]string{"inventory_level": msgAsked})
	}
	return single(next.append(nil, nil))
}

// finishVariants journals products whose variants were changed or made, and tells of those; olds are
// what they were, without v for one that was made of a product.
func (st *Store) finishVariants(olds, nexts []item) {
	var gone []int64
	for n, i := range nexts {
		st.record(kindProduct, i.p.id, i.p)
		if old := olds[n].p; old.variant != 0 && i.p.variant == 0 {
			gone = append(gone, old.variant)
		}
	}
	st.forgetVariants(gone)
	st.flush()
	for n, i := range nexts {
		switch {
		case olds[n].v == nil && i.v != nil:
			st.fireSKU("store/sku/created", i)
		case i.unlike(olds[n]):
			st.fireSKU("store/sku/updated", i)
		}
	}
}

func setVariantImage(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	source, ok := in["image_url"].(string)
	switch {
	case !ok || !isImageURL(source):
		return fail(http.StatusUnprocessableEntity, "image_url must be present if uploading by url", nil) // as described of images
	case unreachable(source):
		return fail(http.StatusBadRequest, msgNotDownloaded, nil)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	old, r := c.item()
	if r != nil {
		return *r
	}
	next, r := st.changeVariant(old, []fieldValue{{variantIndex["image_url"], jsonString(source)}}, "")
	if r != nil {
		return *r
	}
	st.finishVariants([]item{old}, []item{next})
	return value(http.StatusOK, map[string]any{"image_url": source})
}
