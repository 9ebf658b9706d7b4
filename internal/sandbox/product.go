package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// product is one product with its variants. It is never changed once it is in the catalogue:
// writers put a changed copy in its place, so that readers may keep what they found.
type product struct {
	id                int64
	variant           int64 // its base variant; 0 for a product with options
	created, modified int64 // unix seconds
	name, sku         string
	url               string // path on the storefront
	customURL         bool
	vals              []fieldValue // the rest, sorted by field
	variantVals       []fieldValue // what only the base variant has (purchasing_disabled …)
	variants          []*variant   // of a product with options
	options           []*option    // which may have values that no variant has
	modifiers         []part       // replaced, never changed
	channels          *[]int64     // nil is the default channel
}

// productJSON is the journal's form of a product.
type productJSON struct {
	ID, Variant       int64
	Created, Modified int64
	Name, SKU, URL    string
	CustomURL         bool                       `json:",omitempty"`
	Values            map[string]json.RawMessage `json:",omitempty"`
	VariantValues     map[string]json.RawMessage `json:",omitempty"`
	Variants          []variantJSON              `json:",omitempty"`
	Options           []*option                  `json:",omitempty"`
	Modifiers         []part                     `json:",omitempty"`
	Channels          *[]int64                   `json:",omitempty"`
}

func rawMap(specs []fieldSpec, vals []fieldValue) map[string]json.RawMessage {
	m := make(map[string]json.RawMessage, len(vals))
	for _, v := range vals {
		m[specs[v.field].name] = json.RawMessage(v.raw)
	}
	return m
}

func rawValues(idx map[string]uint8, m map[string]json.RawMessage) ([]fieldValue, error) {
	out := make([]fieldValue, 0, len(m))
	for name, raw := range m {
		i, ok := idx[name]
		if !ok {
			return nil, fmt.Errorf("unknown field %q", name)
		}
		out = append(out, fieldValue{i, string(raw)})
	}
	slices.SortFunc(out, func(a, b fieldValue) int { return int(a.field) - int(b.field) })
	return out, nil
}

// MarshalJSON encodes for the journal.
func (p *product) MarshalJSON() ([]byte, error) {
	return []byte(compact(productJSON{p.id, p.variant, p.created, p.modified, p.name, p.sku, p.url, p.customURL,
		rawMap(productFields, p.vals), rawMap(variantFields, p.variantVals), p.variantsJSON(), p.options, p.modifiers, p.channels})), nil
}

// UnmarshalJSON decodes what MarshalJSON wrote.
func (p *product) UnmarshalJSON(b []byte) error {
	var j productJSON
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber() // for modifiers
	if err := dec.Decode(&j); err != nil {
		return err
	}
	vals, err := rawValues(productIndex, j.Values)
	if err != nil {
		return err
	}
	vvals, err := rawValues(variantIndex, j.VariantValues)
	if err != nil {
		return err
	}
	variants, err := variantsOf(j.Variants)
	if err != nil {
		return err
	}
	if j.Options == nil {
		j.Options = optionsOfVariants(variants)
	}
	*p = product{j.ID, j.Variant, j.Created, j.Modified, j.Name, j.SKU, j.URL, j.CustomURL, vals, vvals, variants, j.Options, j.Modifiers, j.Channels}
	return nil
}

func (p *product) clone() *product {
	c := *p
	c.vals = slices.Clone(p.vals)
	c.variantVals = slices.Clone(p.variantVals)
	c.variants = slices.Clone(p.variants)
	c.options = slices.Clone(p.options)
	c.modifiers = slices.Clone(p.modifiers)
	return &c
}

// set stores values; those equal to the default are dropped.
func set(specs []fieldSpec, vals []fieldValue, v fieldValue) []fieldValue {
	at, found := slices.BinarySearchFunc(vals, v.field, func(a fieldValue, f uint8) int { return int(a.field) - int(f) })
	if v.raw == specs[v.field].def {
		if found {
			return slices.Delete(vals, at, at+1)
		}
		return vals
	}
	if found {
		vals[at] = v
		return vals
	}
	return slices.Insert(vals, at, v)
}

func (p *product) put(name, raw string) {
	p.vals = set(productFields, p.vals, fieldValue{fieldIndex(name), raw})
}

// raw is a field's JSON: the stored value or the default.
func (p *product) raw(i uint8) string {
	for _, v := range p.vals {
		if v.field == i {
			return v.raw
		}
	}
	return productFields[i].def
}

func (p *product) get(name string) string { return p.raw(fieldIndex(name)) }

func (p *product) number(name string) float64 {
	f, _ := strconv.ParseFloat(p.get(name), 64)
	return f
}

// text is a string field, decoded.
func (p *product) text(name string) string {
	var s string
	_ = json.Unmarshal([]byte(p.get(name)), &s)
	return s
}

// categories are the ids of the product's categories.
func (p *product) categories() []int64 {
	var list []int64
	_ = json.Unmarshal([]byte(p.get("categories")), &list)
	return list
}

// calculatedPrice is the sale price when there is one, else the price.
func (p *product) calculatedPrice() float64 {
	if s := p.number("sale_price"); s > 0 {
		return s
	}
	return p.number("price")
}

// catalogue is a store's products, brands and categories. Guarded by Store.mu.
type catalogue struct {
	byID       map[int64]*product
	order      []*product       // by id
	bySKU      map[string]int64 // skuKey of the product and its variants → product id: what collides, not what filters match
	byVariant  map[int64]int64  // variant → product id
	byName     map[string]int64 // nameKey → product id
	byURL      map[string]int64
	brands     map[int64]*brand
	brandName  map[string]int64
	categories map[int64]*category
	catName    map[string]int64 // category.catKey → category id
	trees      map[int64]*tree
}

func (c *catalogue) init() {
	c.byID, c.bySKU, c.byName, c.byURL = map[int64]*product{}, map[string]int64{}, map[string]int64{}, map[string]int64{}
	c.byVariant = map[int64]int64{}
	c.brands, c.brandName = map[int64]*brand{}, map[string]int64{}
	c.categories, c.catName, c.trees = map[int64]*category{}, map[string]int64{}, firstTrees()
}

// skuKey is what must be unique among SKUs: letter case and surrounding spaces make no difference.
func skuKey(sku string) string { return strings.ToLower(strings.TrimSpace(sku)) }

// nameKey is what must be unique among names: letter case, accents and surrounding spaces make no
// difference.
func nameKey(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if plain(name) {
		return name
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(name))
}

// add puts a product into the catalogue and its indexes.
func (c *catalogue) add(p *product) {
	c.byID[p.id] = p
	if n := len(c.order); n == 0 || c.order[n-1].id < p.id {
		c.order = append(c.order, p)
	} else {
		at, found := c.find(p.id)
		if found {
			c.order[at] = p
		} else {
			c.order = slices.Insert(c.order, at, p)
		}
	}
	for _, sku := range p.skus() {
		if k := skuKey(sku); k != "" {
			c.bySKU[k] = p.id
		}
	}
	for _, i := range p.items() {
		c.byVariant[i.id()] = p.id
	}
	c.byName[nameKey(p.name)] = p.id
	c.byURL[p.url] = p.id
}

func (c *catalogue) find(id int64) (int, bool) {
	return sort.Find(len(c.order), func(i int) int {
		switch o := c.order[i].id; {
		case id < o:
			return -1
		case id > o:
			return 1
		}
		return 0
	})
}

// unindex takes a product's keys out of the indexes.
func (c *catalogue) unindex(p *product) {
	forget := func(m map[string]int64, key string) {
		if m[key] == p.id {
			delete(m, key)
		}
	}
	for _, sku := range p.skus() {
		forget(c.bySKU, skuKey(sku))
	}
	forget(c.byName, nameKey(p.name))
	forget(c.byURL, p.url)
	for _, i := range p.items() {
		delete(c.byVariant, i.id())
	}
}

// replace puts next in the place of old, which has the same id.
func (c *catalogue) replace(old, next *product) {
	c.unindex(old)
	c.add(next)
}

// remove takes products out, with one pass over the order.
func (c *catalogue) remove(gone map[int64]bool) {
	for id := range gone {
		if p := c.byID[id]; p != nil {
			c.unindex(p)
			delete(c.byID, id)
		}
	}
	c.order = slices.DeleteFunc(c.order, func(p *product) bool { return gone[p.id] })
}

// insertProductLocked gives a new product its ids, times and URL and journals it. A product with
// options has no base variant.
func (st *Store) insertProductLocked(p *product) {
	now := st.sb.now().Unix()
	p.id = st.nextID(kindProduct, 77)
	for _, v := range p.variants {
		v.id, v.skuID = st.nextID(kindVariant, 1), st.nextID(kindSKU, 1)
	}
	if len(p.variants) == 0 {
		p.variant = st.nextID(kindVariant, 1)
	}
	p.created, p.modified = now, now
	if p.url == "" {
		p.url = st.cat.freeURL(p.name, p.id)
	}
	st.cat.add(p)
	st.record(kindProduct, p.id, p)
}

// freeURL makes the storefront path of a name, as the platform does when none is given.
func (c *catalogue) freeURL(name string, id int64) string {
	url := "/" + slug(name) + "/"
	if owner, taken := c.byURL[url]; taken && owner != id {
		url = fmt.Sprintf("/%s-%d/", slug(name), id)
	}
	return url
}

// slug keeps letters and digits and joins what is between them by dashes.
func slug(name string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
		default:
			dash = true
		}
	}
	if b.Len() == 0 {
		return "product"
	}
	if b.Len() > 200 {
		return b.String()[:200]
	}
	return b.String()
}

func (st *Store) applyProduct(e *entry) error {
	if old := st.cat.byID[e.ID]; old != nil {
		if e.Value == nil {
			st.cat.remove(map[int64]bool{e.ID: true})
			return nil
		}
		st.cat.unindex(old)
	}
	if e.Value == nil {
		return nil
	}
	p := new(product)
	if err := json.Unmarshal(e.Value, p); err != nil {
		return err
	}
	st.info.Next[kindVariant] = max(st.info.Next[kindVariant], p.variant+1)
	for _, v := range p.variants {
		st.info.Next[kindVariant] = max(st.info.Next[kindVariant], v.id+1)
		st.info.Next[kindSKU] = max(st.info.Next[kindSKU], v.skuID+1)
	}
	for _, o := range p.modifiers {
		st.info.Next[kindOption] = max(st.info.Next[kindOption], partID(o)+1)
		values, _ := o["option_values"].([]any)
		for _, v := range values {
			m, _ := v.(map[string]any)
			st.info.Next[kindOption] = max(st.info.Next[kindOption], partID(m)+1)
		}
	}
	for name := range partFields { // ids of parts are those of their kind, whichever product has them
		for _, o := range p.parts(name) {
			st.info.Next[name] = max(st.info.Next[name], partID(o)+1)
		}
	}
	for _, o := range p.options {
		st.info.Next[kindOption] = max(st.info.Next[kindOption], o.ID+1)
		for _, v := range o.Values {
			st.info.Next[kindOption] = max(st.info.Next[kindOption], v.ID+1)
		}
	}
	st.cat.add(p)
	return nil
}

// inCategory reports whether the product is in the category.
func (p *product) inCategory(id int64) bool { return slices.Contains(p.categories(), id) }
