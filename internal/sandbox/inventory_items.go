package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// stockSettings are settings as answers show them.
type stockSettings struct {
	Safety  int64  `json:"safety_stock"`
	InStock bool   `json:"is_in_stock"`
	Warning int64  `json:"warning_level"`
	Bin     string `json:"bin_picking_number"`
}

func (l *stockLevel) settings() stockSettings {
	return stockSettings{l.Safety, !l.OutOfStock, l.Warning, l.Bin}
}

// stockFilter are the filters that every list of items takes; nil is none.
type stockFilter struct {
	skus     []string
	variants []int64
	products []int64
}

func (q *query) stockFilter() stockFilter {
	return stockFilter{q.strings("sku:in"), q.integers("variant_id:in"), q.integers("product_id:in")}
}

// stockItems finds what passes: only what is tracked is an item, so products that are not do not
// show. SKUs match as the catalogue's do: in any letter case, with their spaces.
func (st *Store) stockItems(f stockFilter) []item {
	var products []*product
	if f.products == nil && f.variants == nil && f.skus == nil {
		products = st.cat.order
	} else {
		products = f.candidates(&st.cat)
	}
	var out []item
	for _, p := range products {
		for i := range p.stockItems() {
			if (f.variants == nil || slices.Contains(f.variants, i.id())) && (f.products == nil || slices.Contains(f.products, p.id)) &&
				(f.skus == nil || slices.ContainsFunc(f.skus, func(sku string) bool { return strings.EqualFold(sku, i.sku()) })) {
				out = append(out, i)
			}
		}
	}
	return out
}

// candidates are the products that one of the filters names, by id.
func (f stockFilter) candidates(c *catalogue) []*product {
	ids := slices.Clone(f.products)
	if ids == nil {
		for _, id := range f.variants {
			ids = append(ids, c.byVariant[id])
		}
		for _, sku := range f.skus {
			ids = append(ids, c.bySKU[skuKey(sku)])
		}
	}
	slices.Sort(ids)
	var out []*product
	for _, id := range slices.Compact(ids) {
		if p := c.byID[id]; p != nil {
			out = append(out, p)
		}
	}
	return out
}

// identity is what an item is called: sku_id is null of a base variant, variant_id of a product
// with options that is tracked as one thing.
func (i item) identity() map[string]any {
	out := map[string]any{"sku": i.sku(), "variant_id": nil, "product_id": i.p.id}
	if id := i.id(); id != 0 {
		out["variant_id"] = id
	}
	return out
}

func listStock(c *call) reply {
	f, places := c.q.stockFilter(), c.q.integers("location_id:in")
	codes := c.q.strings("location_code:in")
	page, limit := c.q.pageUpTo(maxInventoryPage)
	if r := c.q.problem(); r != nil {
		return *r
	}
	type place struct {
		ID        int64         `json:"location_id"`
		Code      string        `json:"location_code"`
		Name      string        `json:"location_name"`
		Available int64         `json:"available_to_sell"`
		OnHand    int64         `json:"total_inventory_onhand"`
		Enabled   bool          `json:"location_enabled"`
		Settings  stockSettings `json:"settings"`
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	var shown []place
	ls := c.st.locations()
	for _, id := range sortedKeys(ls.byID) {
		l := ls.byID[id]
		if (places == nil || slices.Contains(places, id)) && (codes == nil || slices.Contains(codes, l.text("code"))) {
			shown = append(shown, place{ID: id, Code: l.text("code"), Name: l.text("label"), Enabled: l.enabled()})
		}
	}
	k, found := c.st.stock(), c.st.stockItems(f)
	from, to := window(len(found), page, limit)
	rows := make([][]byte, 0, to-from)
	for _, item := range found[from:to] {
		at := make([]place, len(shown))
		for i, one := range shown {
			l := k.level(item, one.ID)
			one.Available, one.OnHand, one.Settings = l.onHand()-l.Safety, l.onHand(), l.settings()
			at[i] = one
		}
		id := item.identity()
		if id["sku_id"] = nil; item.v != nil {
			id["sku_id"] = item.v.skuID
		}
		rows = append(rows, []byte(compact(struct {
			Identity  map[string]any `json:"identity"`
			Locations []place        `json:"locations"`
		}{id, at})))
	}
	return collection(rows, c.q.meta(len(found), len(rows), page, limit))
}

func listLocationStock(c *call) reply {
	f := c.q.stockFilter()
	page, limit := c.q.pageUpTo(maxInventoryPage)
	if r := c.q.problem(); r != nil {
		return *r
	}
	at, _ := c.pathID()
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	if c.st.locations().byID[at] == nil {
		return inventoryFail(http.StatusNotFound, "Location with id "+c.r.PathValue("id")+" not found", nil)
	}
	k, found := c.st.stock(), c.st.stockItems(f)
	from, to := window(len(found), page, limit)
	rows := make([][]byte, 0, to-from)
	for _, item := range found[from:to] {
		l := k.level(item, at)
		onHand := l.onHand()
		if c.st.sb.opts.Choices.OnHandWithoutSafety {
			onHand -= l.Safety
		}
		rows = append(rows, []byte(compact(struct {
			Identity  map[string]any `json:"identity"`
			Available int64          `json:"available_to_sell"`
			OnHand    int64          `json:"total_inventory_onhand"`
			Settings  stockSettings  `json:"settings"`
		}{item.identity(), l.onHand() - l.Safety, onHand, l.settings()})))
	}
	return collection(rows, c.q.meta(len(found), len(rows), page, limit))
}
