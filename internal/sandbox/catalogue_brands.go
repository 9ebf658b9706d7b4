package sandbox

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

const maxBrands = 30000 // per store

// brand is one brand; like products, never changed in place.
type brand struct {
	ID        int64
	Name      string
	URL       string
	CustomURL bool `json:",omitempty"`
	Values    values
}

// values are field values whose journal form is an object, for tables other than products.
type values struct {
	specs []fieldSpec
	idx   map[string]uint8
	list  []fieldValue
}

func (v values) MarshalJSON() ([]byte, error) { return []byte(compact(rawMap(v.specs, v.list))), nil }

func (v *values) UnmarshalJSON(b []byte) error {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	var err error
	v.list, err = rawValues(v.idx, m)
	return err
}

func (v values) get(name string) string {
	i := v.idx[name]
	for _, f := range v.list {
		if f.field == i {
			return f.raw
		}
	}
	return v.specs[i].def
}

func brandValues() values { return values{specs: brandFields, idx: brandIndex} }

func (st *Store) applyBrand(e *entry) error {
	st.forgetBrand(e.ID)
	if e.Value == nil {
		return nil
	}
	b := &brand{Values: brandValues()}
	if err := json.Unmarshal(e.Value, b); err != nil {
		return err
	}
	st.putBrand(b)
	return nil
}

func (st *Store) putBrand(b *brand) {
	st.cat.brands[b.ID] = b
	st.cat.brandName[nameKey(b.Name)] = b.ID
}

func (st *Store) forgetBrand(id int64) {
	if b := st.cat.brands[id]; b != nil {
		delete(st.cat.brands, id)
		delete(st.cat.brandName, nameKey(b.Name))
	}
}

// newBrand makes a brand of this name, which is free.
func (st *Store) newBrand(name string) *brand {
	return &brand{ID: st.nextID(kindBrand, 35), Name: name, URL: "/brands/" + slug(name) + ".html", Values: brandValues()}
}

// brandNamed finds or makes the brand of a product's brand_name, as documented: letter case is
// ignored.
func (st *Store) brandNamed(name, prefix string) (id int64, made bool, _ *reply) {
	if id, ok := st.cat.brandName[nameKey(name)]; ok {
		return id, false, nil
	}
	if raw := nameKey(name); raw == "" || len(name) > 255 || len(st.cat.brands) >= maxBrands {
		r := invalid(map[string]string{prefix + "brand_name": msgMinLen})
		return 0, false, &r
	}
	b := st.newBrand(name)
	st.putBrand(b)
	st.record(kindBrand, b.ID, b)
	return b.ID, true, nil
}

func (b *brand) append(out []byte, show func(string) bool) []byte {
	out = append(out, `{"id":`...)
	out = strconv.AppendInt(out, b.ID, 10)
	for _, f := range brandFields {
		if show != nil && !show(f.name) {
			continue
		}
		raw := b.Values.get(f.name)
		switch f.name {
		case "name":
			raw = jsonString(b.Name)
		case "custom_url":
			raw = `{"url":` + jsonString(b.URL) + `,"is_customized":` + strconv.FormatBool(b.CustomURL) + `}`
		}
		out = append(append(append(append(out, `,"`...), f.name...), `":`...), raw...)
	}
	return append(out, '}')
}

// shownFields reads include_fields and exclude_fields of collections without a documented list.
func (q *query) shownFields(known map[string]uint8, id string) func(string) bool {
	ok := func(n string) bool { _, in := known[n]; return in || n == id }
	only, without := q.names("include_fields", ok), q.names("exclude_fields", ok)
	return func(n string) bool {
		return n == id || (only == nil || slices.Contains(only, n)) && !slices.Contains(without, n)
	}
}

func (s *Sandbox) listBrands(c *call) reply {
	q := c.q
	var tests []func(*brand) bool
	test := func(ok func(*brand) bool) { tests = append(tests, ok) }
	if id := q.integer("id"); id != nil {
		test(func(b *brand) bool { return b.ID == *id })
	}
	if in := q.integers("id:in"); in != nil {
		test(func(b *brand) bool { return slices.Contains(in, b.ID) })
	}
	if not := q.integers("id:not_in"); not != nil {
		test(func(b *brand) bool { return !slices.Contains(not, b.ID) })
	}
	for op, ok := range map[string]func(v, l int64) bool{
		"min": func(v, l int64) bool { return v >= l }, "max": func(v, l int64) bool { return v <= l },
		"greater": func(v, l int64) bool { return v > l }, "less": func(v, l int64) bool { return v < l },
	} {
		if n := q.integer("id:" + op); n != nil {
			test(func(b *brand) bool { return ok(b.ID, *n) })
		}
	}
	if q.has("name") {
		name := q.str("name")
		test(func(b *brand) bool { return strings.EqualFold(b.Name, name) })
	}
	if q.has("name:like") {
		part := strings.ToLower(q.str("name:like"))
		test(func(b *brand) bool { return strings.Contains(strings.ToLower(b.Name), part) })
	}
	if q.has("page_title") {
		title := q.str("page_title")
		test(func(b *brand) bool { return unquote(b.Values.get("page_title")) == title })
	}
	byName := q.enum("sort", "name") != ""
	desc := q.enum("direction", "asc", "desc") == "desc"
	show := q.shownFields(brandIndex, "id")
	page, limit := q.page()
	if r := q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	var found []*brand
	for _, id := range sortedKeys(c.st.cat.brands) {
		b := c.st.cat.brands[id]
		if !slices.ContainsFunc(tests, func(ok func(*brand) bool) bool { return !ok(b) }) {
			found = append(found, b)
		}
	}
	if byName {
		slices.SortStableFunc(found, func(a, b *brand) int { return strings.Compare(nameKey(a.Name), nameKey(b.Name)) })
	}
	if desc {
		slices.Reverse(found)
	}
	from, to := window(len(found), page, limit)
	rows := make([][]byte, 0, to-from)
	for _, b := range found[from:to] {
		rows = append(rows, b.append(nil, show))
	}
	return collection(rows, q.meta(len(found), len(rows), page, limit))
}

func (c *call) brand() (*brand, *reply) {
	id, ok := c.pathID()
	if b := c.st.cat.brands[id]; ok && b != nil {
		return b, nil
	}
	r := notFound("The requested resource was not found.")
	return nil, &r
}

func (s *Sandbox) getBrand(c *call) reply {
	show := c.q.shownFields(brandIndex, "id")
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	b, r := c.brand()
	if r != nil {
		return *r
	}
	return single(b.append(nil, show))
}

func (s *Sandbox) createBrand(c *call) reply { return s.saveBrand(c, true) }
func (s *Sandbox) updateBrand(c *call) reply { return s.saveBrand(c, false) }

func (s *Sandbox) saveBrand(c *call, create bool) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	vals, errs := validate(brandFields, brandIndex, in, create, "")
	if len(errs) > 0 {
		return invalid(errs)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	next := &brand{Values: brandValues()}
	if !create {
		old, r := c.brand()
		if r != nil {
			return *r
		}
		*next = *old
		next.Values.list = slices.Clone(old.Values.list)
	}
	if r := st.assignBrand(next, vals); r != nil {
		return *r
	}
	event := "store/brand/updated"
	if old := st.cat.brands[next.ID]; !create && reflect.DeepEqual(old, next) {
		event = ""
	}
	if create {
		if len(st.cat.brands) >= maxBrands {
			return fail(http.StatusUnprocessableEntity, "The store has reached its limit of 30000 brands.", nil)
		}
		made := st.newBrand(next.Name)
		next.ID = made.ID
		if !next.CustomURL {
			next.URL = made.URL
		}
		event = "store/brand/created"
	}
	st.forgetBrand(next.ID)
	st.putBrand(next)
	st.record(kindBrand, next.ID, next)
	st.flush()
	if event != "" {
		st.fire(event, "brand", next.ID)
	}
	return single(next.append(nil, nil))
}

func (st *Store) assignBrand(b *brand, vals []fieldValue) *reply {
	for _, v := range vals {
		switch brandFields[v.field].name {
		case "name":
			b.Name = unquote(v.raw)
			if nameKey(b.Name) == "" {
				r := invalid(map[string]string{"name": msgMinLen})
				return &r
			}
			if id, taken := st.cat.brandName[nameKey(b.Name)]; taken && id != b.ID {
				r := conflict("name", "The brand name is a duplicate")
				return &r
			}
		case "custom_url":
			var in struct{ URL string }
			if err := json.Unmarshal([]byte(v.raw), &in); err != nil || in.URL == "" || len(in.URL) > 1024 || !urlPath.MatchString(in.URL) {
				r := invalid(map[string]string{"custom_url.url": "error.pattern"})
				return &r
			}
			b.URL, b.CustomURL = in.URL, true
		default:
			b.Values.list = set(brandFields, b.Values.list, v)
		}
	}
	return nil
}

func (s *Sandbox) deleteBrand(c *call) reply {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	b, r := c.brand()
	if r != nil {
		return *r
	}
	c.st.dropBrand(b)
	return noContent
}

// deleteBrands needs the name filter.
func (s *Sandbox) deleteBrands(c *call) reply {
	hasName, name := c.q.has("name"), c.q.str("name")
	hasTitle, title := c.q.has("page_title"), c.q.str("page_title")
	if r := c.q.problem(); r != nil {
		return *r
	}
	if !hasName {
		return fail(http.StatusUnprocessableEntity, "A name filter is required to delete brands.", map[string]string{"name": msgMissing})
	}
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	if b := c.st.cat.brands[c.st.cat.brandName[nameKey(name)]]; b != nil && strings.EqualFold(b.Name, name) &&
		(!hasTitle || unquote(b.Values.get("page_title")) == title) {
		c.st.dropBrand(b)
	}
	return noContent
}

// dropBrand removes a brand and takes it off its products.
func (st *Store) dropBrand(b *brand) {
	st.forgetBrand(b.ID)
	st.record(kindBrand, b.ID, nil)
	id := strconv.FormatInt(b.ID, 10)
	for _, p := range slices.Clone(st.cat.order) {
		if p.get("brand_id") == id {
			next := p.clone()
			next.put("brand_id", "0")
			st.cat.replace(p, next)
			st.record(kindProduct, next.id, next)
		}
	}
	st.flush()
	st.fire("store/brand/deleted", "brand", b.ID)
}
