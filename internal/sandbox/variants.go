package sandbox

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// variant is one of the variants of a product with options. A product without has its base variant
// instead, which is the product itself. Like a product, it is never changed once it is in the
// catalogue.
type variant struct {
	id, skuID int64 // skuID is what V2 and webhooks call it
	sku       string
	vals      []fieldValue // what it has of its own, by variantFields
	choices   []choice
}

// choice is one option value that makes up a variant, as answers have it.
type choice struct {
	ID       int64  `json:"id"`
	Label    string `json:"label"`
	OptionID int64  `json:"option_id"`
	Option   string `json:"option_display_name"`
}

// variantJSON is the journal's form of a variant.
type variantJSON struct {
	ID, SKUID int64
	SKU       string
	Values    map[string]json.RawMessage `json:",omitempty"`
	Choices   []choice
}

// variantsJSON is the journal's form of a product's variants.
func (p *product) variantsJSON() []variantJSON {
	var out []variantJSON
	for _, v := range p.variants {
		out = append(out, variantJSON{v.id, v.skuID, v.sku, rawMap(variantFields, v.vals), v.choices})
	}
	return out
}

// variantsOf reads what variantsJSON wrote.
func variantsOf(list []variantJSON) ([]*variant, error) {
	var out []*variant
	for _, j := range list {
		vals, err := rawValues(variantIndex, j.Values)
		if err != nil {
			return nil, err
		}
		out = append(out, &variant{j.ID, j.SKUID, j.SKU, vals, j.Choices})
	}
	return out, nil
}

// item is one variant of the catalogue: of a product with options, or the base variant of one
// without, where v is nil.
type item struct {
	p *product
	v *variant
}

// items are the variants of a product, with their places.
func (p *product) items() iter.Seq2[int, item] {
	return func(yield func(int, item) bool) {
		if len(p.variants) == 0 {
			yield(0, item{p: p})
			return
		}
		for n, v := range p.variants {
			if !yield(n, item{p, v}) {
				return
			}
		}
	}
}

func (i item) id() int64 {
	if i.v != nil {
		return i.v.id
	}
	return i.p.variant
}

func (i item) sku() string {
	if i.v != nil {
		return i.v.sku
	}
	return i.p.sku
}

// skuID is the id of the SKU in webhooks; a base variant has none of its own.
func (i item) skuID() int64 {
	if i.v != nil {
		return i.v.skuID
	}
	return i.p.variant
}

// own is what a variant with options has of a field, "null" for nothing.
func (v *variant) own(field uint8) string {
	for _, have := range v.vals {
		if have.field == field {
			return have.raw
		}
	}
	return cmp.Or(variantFields[field].def, "null")
}

// number is a price or weight: the variant's own, or else the product's.
func (i item) number(name string) float64 {
	if i.v != nil {
		if raw := i.v.own(variantIndex[name]); raw != "null" {
			n, _ := strconv.ParseFloat(raw, 64)
			return n
		}
	}
	return i.p.number(name)
}

// text is a text field: the variant's own, decoded.
func (i item) text(name string) string {
	if i.v != nil {
		return unquote(i.v.own(variantIndex[name]))
	}
	return i.p.text(name)
}

// calculatedPrice is the sale price when there is one, else the price.
func (i item) calculatedPrice() float64 {
	if sale := i.number("sale_price"); sale > 0 {
		return sale
	}
	return i.number("price")
}

// append writes a variant as the API shows it; show nil shows everything. A base variant has no
// sku_id.
func (i item) append(b []byte, show func(string) bool) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), i.id(), 10)
	field := func(name, raw string) {
		if show != nil && !show(name) {
			return
		}
		b = append(append(append(append(b, `,"`...), name...), `":`...), raw...)
	}
	field("product_id", strconv.FormatInt(i.p.id, 10))
	field("sku", jsonString(i.sku()))
	if i.v != nil {
		field("sku_id", strconv.FormatInt(i.v.skuID, 10))
	}
	for at := 3; at < len(variantFields); at++ {
		name := variantFields[at].name
		switch {
		case name == "option_values" && i.v != nil:
			field(name, compact(i.v.choices))
		case name == "option_values":
			field(name, "[]")
		case i.v != nil:
			field(name, i.v.own(uint8(at))) // no table has 256 fields
		case slices.Contains(variantOnly, name):
			field(name, i.p.variantOwn(uint8(at)))
		default:
			field(name, i.p.get(name))
		}
	}
	field("calculated_price", strconv.FormatFloat(i.calculatedPrice(), 'f', -1, 64))
	field("calculated_weight", strconv.FormatFloat(i.number("weight"), 'f', -1, 64))
	return append(b, '}')
}

// variantOnly are what a base variant has beside its product.
var variantOnly = []string{"purchasing_disabled", "purchasing_disabled_message", "image_url"}

// variantOwn is one of variantOnly of a base variant.
func (p *product) variantOwn(field uint8) string {
	for _, v := range p.variantVals {
		if v.field == field {
			return v.raw
		}
	}
	return variantFields[field].def
}

// itemByID finds a variant; ok is false when there is none.
func (c *catalogue) itemByID(id int64) (found item, ok bool) {
	p := c.byID[c.byVariant[id]]
	if p == nil {
		return item{}, false
	}
	for _, i := range p.items() {
		if i.id() == id {
			return i, true
		}
	}
	return item{}, false
}

// itemBySKU finds a variant by its SKU, in any letter case. The SKU of a product with options is
// none of a variant.
func (c *catalogue) itemBySKU(sku string) (found item, ok bool) {
	p := c.byID[c.bySKU[skuKey(sku)]]
	if p == nil {
		return item{}, false
	}
	for _, i := range p.items() {
		if strings.EqualFold(i.sku(), sku) {
			return i, true
		}
	}
	return item{}, false
}

// skus are the SKUs of a product and its variants.
func (p *product) skus() []string {
	out := []string{p.sku}
	for _, v := range p.variants {
		out = append(out, v.sku)
	}
	return out
}

// Choice is a value of an option, as Size and Large.
type Choice struct{ Option, Value string }

// VariantSpec is a variant of a product with options.
type VariantSpec struct {
	SKU     string
	Choices []Choice // at least one
	Price   string   // of its own; "" for the product's
}

// AddVariants gives a product options and variants of them, as the merchant does in the control
// panel, and returns their ids. A base variant that the product had is gone.
func (st *Store) AddVariants(productID int64, specs ...VariantSpec) ([]int64, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	old := st.cat.byID[productID]
	if old == nil {
		return nil, fmt.Errorf("sandbox: no product %d", productID)
	}
	next := old.clone()
	next.variant, next.modified = 0, st.sb.now().Unix()
	var ids []int64
	for _, spec := range specs {
		if len(spec.Choices) == 0 {
			return nil, errors.New("sandbox: a variant needs a choice of an option")
		}
		v := &variant{sku: spec.SKU}
		if spec.Price != "" {
			price := &variantFields[variantIndex["price"]]
			raw, msg := price.number(json.Number(spec.Price))
			if msg != "" {
				return nil, fmt.Errorf("sandbox: price %q: %s", spec.Price, msg)
			}
			v.vals = []fieldValue{{variantIndex["price"], raw}}
		}
		for _, c := range spec.Choices {
			v.choices = append(v.choices, st.choose(next, c))
		}
		v.id, v.skuID = st.nextID(kindVariant, 1), st.nextID(kindSKU, 1)
		next.variants = append(next.variants, v)
		ids = append(ids, v.id)
	}
	if r := st.unique(next, ""); r != nil {
		return nil, fmt.Errorf("sandbox: %s", r.err)
	}
	st.cat.replace(old, next)
	st.record(kindProduct, next.id, next)
	if old.variant != 0 {
		st.forgetVariants([]int64{old.variant})
	}
	st.flush()
	for _, i := range next.items() {
		if slices.Contains(ids, i.id()) {
			st.fireSKU("store/sku/created", i)
		}
	}
	return ids, nil
}
