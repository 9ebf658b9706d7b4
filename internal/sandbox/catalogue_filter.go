package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// productFilter is what GET and DELETE /catalog/products filter by.
type productFilter struct {
	ids   []int64  // id or id:in; nil is no such filter
	skus  []string // sku or sku:in, exact but for letter case
	name  *string
	tests []func(*product, *catalogue) bool
	sort  string
	desc  bool
}

func (f *productFilter) empty() bool {
	return f.ids == nil && f.skus == nil && f.name == nil && len(f.tests) == 0
}

func (f *productFilter) test(ok func(*product) bool) {
	f.tests = append(f.tests, func(p *product, _ *catalogue) bool { return ok(p) })
}

// numberFilters are the numeric fields that are filtered by equality.
var numberFilters = []string{"price", "weight", "brand_id", "total_sold", "inventory_level"}

// productFilter reads every documented filter.
func (q *query) productFilter() *productFilter {
	f := &productFilter{ids: q.integers("id:in")}
	if id := q.integer("id"); id != nil {
		if f.ids == nil || slices.Contains(f.ids, *id) {
			f.ids = []int64{*id}
		} else {
			f.ids = []int64{}
		}
	}
	f.skus = q.strings("sku:in")
	if q.has("sku") {
		sku := q.str("sku")
		if f.skus == nil || slices.ContainsFunc(f.skus, func(s string) bool { return strings.EqualFold(s, sku) }) {
			f.skus = []string{sku}
		} else {
			f.skus = []string{}
		}
	}
	if q.has("name") {
		name := q.str("name")
		f.name = &name
	}
	q.idFilters(f)
	q.textFilters(f)
	q.numberFilters(f)
	q.dateFilters(f)
	f.sort = q.enum("sort", "id", "name", "sku", "price", "date_modified", "date_last_imported", "inventory_level",
		"is_visible", "total_sold", "calculated_price")
	f.desc = q.enum("direction", "asc", "desc") == "desc"
	return f
}

func (q *query) idFilters(f *productFilter) {
	if not := q.integers("id:not_in"); not != nil {
		f.test(func(p *product) bool { return !slices.Contains(not, p.id) })
	}
	q.bounds("id", f, func(p *product) float64 { return float64(p.id) })
	if cats := q.integers("categories:in"); cats != nil {
		f.test(func(p *product) bool { // documented: in all of them
			return !slices.ContainsFunc(cats, func(id int64) bool { return !p.inCategory(id) })
		})
	}
	if id := q.integer("categories"); id != nil {
		f.test(func(p *product) bool { ids := p.categories(); return len(ids) == 1 && ids[0] == *id })
	}
	if ch := q.integers("channel_id:in"); ch != nil {
		f.test(func(*product) bool { return slices.Contains(ch, 1) })
	}
}

// bounds reads NAME:min, :max, :greater and :less.
func (q *query) bounds(name string, f *productFilter, of func(*product) float64) {
	for op, ok := range map[string]func(v, limit float64) bool{
		"min":     func(v, l float64) bool { return v >= l },
		"max":     func(v, l float64) bool { return v <= l },
		"greater": func(v, l float64) bool { return v > l },
		"less":    func(v, l float64) bool { return v < l },
	} {
		if n := q.integer(name + ":" + op); n != nil {
			limit := float64(*n)
			f.test(func(p *product) bool { return ok(of(p), limit) })
		}
	}
}

func (q *query) textFilters(f *productFilter) {
	if q.has("name:like") {
		part := strings.ToLower(q.str("name:like"))
		f.test(func(p *product) bool { return strings.Contains(strings.ToLower(p.name), part) })
	}
	for _, name := range []string{"mpn", "upc"} {
		if q.has(name) {
			want := q.str(name)
			f.test(func(p *product) bool { return p.text(name) == want })
		}
	}
	for name, allowed := range map[string][]string{"type": {"digital", "physical"}, "condition": {"new", "used", "refurbished"},
		"availability": {"available", "disabled", "preorder"}} {
		if want := q.enum(name, allowed...); want != "" {
			f.test(func(p *product) bool { return strings.EqualFold(p.text(name), want) })
		}
	}
	q.enum("keyword_context", "shopper", "merchant")
	if q.has("keyword") {
		word := strings.ToLower(q.str("keyword"))
		f.tests = append(f.tests, func(p *product, c *catalogue) bool {
			if strings.Contains(strings.ToLower(p.name), word) || strings.Contains(strings.ToLower(p.sku), word) ||
				strings.Contains(strings.ToLower(p.text("description")), word) {
				return true
			}
			b := c.brands[int64(p.number("brand_id"))]
			return b != nil && strings.Contains(strings.ToLower(b.Name), word)
		})
	}
	for _, name := range []string{"is_visible", "is_featured", "is_free_shipping"} {
		if want := q.boolean(name); want != nil {
			f.test(func(p *product) bool { return (p.get(name) == "true") == *want })
		}
	}
}

func (q *query) numberFilters(f *productFilter) {
	for _, name := range numberFilters {
		if want := q.number(name); want != nil {
			f.test(func(p *product) bool { return p.number(name) == *want })
		}
	}
	stock := func(p *product) float64 { return p.number("inventory_level") }
	q.bounds("inventory_level", f, stock)
	if in := q.integers("inventory_level:in"); in != nil {
		f.test(func(p *product) bool { return slices.Contains(in, int64(stock(p))) })
	}
	if not := q.integers("inventory_level:not_in"); not != nil {
		f.test(func(p *product) bool { return !slices.Contains(not, int64(stock(p))) })
	}
	tracked := func(p *product) bool { return p.get("inventory_tracking") != `"none"` }
	if want := q.boolean("inventory_low"); want != nil {
		f.test(func(p *product) bool {
			return (tracked(p) && stock(p) <= p.number("inventory_warning_level")) == *want
		})
	}
	if want := q.boolean("out_of_stock"); want != nil && *want {
		f.test(func(p *product) bool { return tracked(p) && stock(p) == 0 })
	}
}

func (q *query) dateFilters(f *productFilter) {
	modified := func(p *product) time.Time { return time.Unix(p.modified, 0) }
	imported := func(p *product) time.Time { t, _ := parseDate(p.text("date_last_imported")); return t }
	for name, of := range map[string]func(*product) time.Time{"date_modified": modified, "date_last_imported": imported} {
		q.date(name, f, func(p *product, t time.Time) bool {
			return of(p).UTC().Format(time.DateOnly) == t.UTC().Format(time.DateOnly)
		})
		q.date(name+":min", f, func(p *product, t time.Time) bool { return !of(p).Before(t) })
		q.date(name+":max", f, func(p *product, t time.Time) bool { return !of(p).After(t) })
	}
	q.date("date_last_imported:not", f, func(p *product, t time.Time) bool { return !imported(p).Equal(t) })
}

func (q *query) date(name string, f *productFilter, ok func(*product, time.Time) bool) {
	if !q.has(name) {
		return
	}
	t, err := q.moment(name)
	if err != nil {
		q.errs[name] = msgDate
		return
	}
	f.test(func(p *product) bool { return ok(p, t) })
}

// moment reads a date to filter products by: ISO 8601 or, not described, Unix seconds. A bound
// without a time of day gets that of the request, as described.
func (q *query) moment(name string) (time.Time, error) {
	s := strings.TrimSpace(strings.Replace(q.v.Get(name), " ", "+", 1)) // "+00:00" that nobody escaped
	if isID(s) && s != "" {
		return time.Unix(parseID(s), 0), nil
	}
	t, err := parseDate(s)
	if err == nil && len(s) == len(time.DateOnly) && strings.Contains(name, ":") {
		now := q.now.UTC()
		t = time.Date(t.Year(), t.Month(), t.Day(), now.Hour(), now.Minute(), now.Second(), 0, time.UTC)
	}
	return t, err
}

// search returns the products from offset on, at most limit, and how many match in all. The page is
// found without copying the catalogue unless another order than by id is asked for. Callers hold
// st.mu.
func (c *catalogue) search(f *productFilter, offset, limit int) ([]*product, int) {
	candidates, narrowed := c.candidates(f)
	byID := f.sort == "" || f.sort == "id"
	if !narrowed && len(f.tests) == 0 && byID && !f.desc {
		from := min(offset, len(candidates))
		return candidates[from:min(len(candidates), from+limit)], len(candidates)
	}
	var out []*product
	total := 0
	take := func(p *product) {
		for _, ok := range f.tests {
			if !ok(p, c) {
				return
			}
		}
		if total++; !byID || total > offset && len(out) < limit {
			out = append(out, p)
		}
	}
	if byID && f.desc {
		for i := len(candidates) - 1; i >= 0; i-- {
			take(candidates[i])
		}
	} else {
		for _, p := range candidates {
			take(p)
		}
	}
	if byID {
		return out, total
	}
	sortProducts(out, f)
	from := min(offset, len(out))
	return out[from:min(len(out), from+limit)], total
}

// candidates uses the indexes where the filter has a key; they come by id.
func (c *catalogue) candidates(f *productFilter) (list []*product, narrowed bool) {
	if f.ids == nil && f.skus == nil && f.name == nil {
		return c.order, false
	}
	keep := map[int64]*product(nil)
	narrow := func(found []*product) {
		next := map[int64]*product{}
		for _, p := range found {
			if keep == nil || keep[p.id] != nil {
				next[p.id] = p
			}
		}
		keep = next
	}
	if f.ids != nil {
		var found []*product
		for _, id := range f.ids {
			if p := c.byID[id]; p != nil {
				found = append(found, p)
			}
		}
		narrow(found)
	}
	if f.skus != nil {
		var found []*product
		for _, sku := range f.skus {
			// The index is by what collides; the filter also minds the padding.
			if p := c.byID[c.bySKU[skuKey(sku)]]; p != nil && strings.EqualFold(p.sku, sku) {
				found = append(found, p)
			}
		}
		narrow(found)
	}
	if f.name != nil {
		var found []*product
		if p := c.byID[c.byName[nameKey(*f.name)]]; p != nil && strings.EqualFold(p.name, *f.name) {
			found = append(found, p)
		}
		narrow(found)
	}
	for _, id := range sortedKeys(keep) {
		list = append(list, keep[id])
	}
	return list, true
}

func sortProducts(list []*product, f *productFilter) {
	by := map[string]func(a, b *product) int{
		"name":          func(a, b *product) int { return cmp.Compare(nameKey(a.name), nameKey(b.name)) },
		"sku":           func(a, b *product) int { return cmp.Compare(a.sku, b.sku) },
		"price":         func(a, b *product) int { return cmp.Compare(a.number("price"), b.number("price")) },
		"date_modified": func(a, b *product) int { return cmp.Compare(a.modified, b.modified) },
		"date_last_imported": func(a, b *product) int {
			return cmp.Compare(a.text("date_last_imported"), b.text("date_last_imported"))
		},
		"inventory_level":  func(a, b *product) int { return cmp.Compare(a.number("inventory_level"), b.number("inventory_level")) },
		"is_visible":       func(a, b *product) int { return cmp.Compare(a.get("is_visible"), b.get("is_visible")) },
		"total_sold":       func(a, b *product) int { return cmp.Compare(a.number("total_sold"), b.number("total_sold")) },
		"calculated_price": func(a, b *product) int { return cmp.Compare(a.calculatedPrice(), b.calculatedPrice()) },
	}[f.sort]
	slices.SortStableFunc(list, func(a, b *product) int {
		if f.desc {
			return by(b, a)
		}
		return by(a, b)
	})
}

func (s *Sandbox) listProducts(c *call) reply {
	f := c.q.productFilter()
	sel := c.q.selection(true)
	page, limit := c.q.page()
	if r := c.q.problem(); r != nil {
		return *r
	}
	if sel.bulky() {
		limit = min(limit, maxProductBatch)
	}
	c.st.mu.RLock()
	found, total := c.st.cat.search(f, (page-1)*limit, limit)
	found = slices.Clone(found)
	c.st.mu.RUnlock()
	rows := make([][]byte, len(found)) // products in the catalogue never change: encoding needs no lock
	for i, p := range found {
		rows[i] = p.append(make([]byte, 0, 2048), sel)
	}
	r := collection(rows, c.q.meta(total, len(rows), page, limit))
	r.status = http.StatusOK
	return r
}
