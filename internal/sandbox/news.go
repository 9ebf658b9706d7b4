package sandbox

import (
	"reflect"
	"slices"
)

// What an update tells of. A write that leaves a thing as it was fires no webhook, nor does one of
// images alone.

// unlike reports whether a product is another than before, but for its images and when it was
// written.
func (p *product) unlike(old *product) bool {
	return p.name != old.name || p.sku != old.sku || p.url != old.url || p.customURL != old.customURL ||
		!slices.EqualFunc(p.variants, old.variants, func(a, b *variant) bool { return !a.unlike(b) }) ||
		!reflect.DeepEqual(p.options, old.options) || !reflect.DeepEqual(p.modifiers, old.modifiers) ||
		!reflect.DeepEqual(withoutField(p.vals, fieldIndex("images")), withoutField(old.vals, fieldIndex("images"))) ||
		!reflect.DeepEqual(withoutField(p.variantVals, variantIndex["image_url"]), withoutField(old.variantVals, variantIndex["image_url"]))
}

// unlike is product.unlike for one variant of a product.
func (i item) unlike(old item) bool {
	if i.v == nil {
		return i.p.unlike(old.p)
	}
	return i.v.unlike(old.v)
}

func (v *variant) unlike(old *variant) bool {
	image := variantIndex["image_url"]
	return v.sku != old.sku || !reflect.DeepEqual(withoutField(v.vals, image), withoutField(old.vals, image))
}

func withoutField(vals []fieldValue, field uint8) []fieldValue {
	out := make([]fieldValue, 0, len(vals))
	for _, v := range vals {
		if v.field != field {
			out = append(out, v)
		}
	}
	return out
}

// news returns those of the changed products that are unlike what they were.
func news(olds, nexts []*product) []*product {
	var out []*product
	for i, p := range nexts {
		if p.unlike(olds[i]) {
			out = append(out, p)
		}
	}
	return out
}

// fireSKU tells of a variant, which is an event of its SKU and none of its product.
func (st *Store) fireSKU(scope string, i item) {
	st.announce(scope, map[string]any{"type": "sku", "id": i.skuID(), "sku": map[string]any{"product_id": i.p.id, "variant_id": i.id()}})
}
