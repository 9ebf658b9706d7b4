package sandbox

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

const (
	maxInventoryPage  = 1000
	maxInventoryBatch = 2000
	inventoryDelay    = 2 * time.Second

	kindStock      = "stock"       // by stockKey
	kindStockWrite = "stock_write" // accepted, not visible yet
)

// stockLevel is what a store has of one item at one location, with its settings there.
type stockLevel struct {
	OnHand     *int64 `json:",omitempty"` // nil until the first absolute adjustment; shown as 0
	Safety     int64  `json:",omitempty"`
	Warning    int64  `json:",omitempty"`
	Bin        string `json:",omitempty"`
	OutOfStock bool   `json:",omitempty"` // is_in_stock is false
}

func (l *stockLevel) onHand() int64 {
	if l.OnHand == nil {
		return 0
	}
	return *l.OnHand
}

// available is what may be sold, as the catalogue shows it.
func (l *stockLevel) available() int64 { return max(0, l.onHand()-l.Safety) }

// itemStock is what a store has of one item, by location.
type itemStock struct{ At map[int64]stockLevel }

// stockWrite is one request that sets stock, or settings.
type stockWrite struct {
	Relative bool           `json:",omitempty"`
	Items    []stockAmount  `json:",omitempty"`
	Settings []stockSetting `json:",omitempty"`
}

type stockAmount struct{ Item, Location, Quantity int64 }

// stockSetting changes what it names.
type stockSetting struct {
	Item, Location  int64
	Safety, Warning *int64  `json:",omitempty"`
	InStock         *bool   `json:",omitempty"`
	Bin             *string `json:",omitempty"`
}

// stock is what a store keeps of its items, with what is under way.
type stock struct {
	things[itemStock]
	writes acceptedWrites[stockWrite]
}

func (st *Store) stock() *stock { return keptBy[*stock](st) }

func (k *stock) apply(e *entry) error {
	if e.Kind == kindStockWrite {
		return k.writes.apply(e)
	}
	return k.things.apply(e)
}

// fold leaves out what products left behind that are gone.
func (k *stock) fold(add func(kind string, id int64, v any)) {
	for _, key := range sortedKeys(k.byID) {
		if _, ok := k.st.cat.stockItem(key); ok {
			add(kindStock, key, k.byID[key])
		}
	}
	k.writes.fold(add)
}

// stockKey is what stock is kept by: the id of the variant. A product with options that is tracked
// as one thing has no variant of its own: it is the negative id of the product.
func (i item) stockKey() int64 {
	if id := i.id(); id != 0 {
		return id
	}
	return -i.p.id
}

// stockItem finds what a stockKey is of.
func (c *catalogue) stockItem(key int64) (item, bool) {
	if key < 0 {
		p := c.byID[-key]
		return item{p: p}, p != nil
	}
	return c.itemByID(key)
}

// stockItems are the items of which a product has stock: none, the product itself, or each of its
// variants.
func (p *product) stockItems() iter.Seq[item] {
	return func(yield func(item) bool) {
		switch p.tracking() {
		case "product":
			yield(item{p: p})
		case "variant":
			for _, i := range p.items() {
				if !yield(i) {
					return
				}
			}
		}
	}
}

// inventoryStock is the items of the inventory, their adjustments and their settings. Bulk writes
// of a store go one at a time: the guide says to wait for each answer, no description has a number.
func inventoryStock(*Sandbox) *resource {
	read, write := []string{"store_inventory", "store_inventory_read_only"}, []string{"store_inventory"}
	const oneLocation, class = "/v3/inventory/locations/{id}/items", "inventory-writes"
	return &resource{
		routes: []route{
			{method: "GET", path: "/v3/inventory/items", scopes: read, handle: listStock},
			{method: "GET", path: oneLocation, scopes: read, handle: listLocationStock},
			{method: "PUT", path: oneLocation, scopes: write, concurrent: 1, class: class, bulk: bulkStock, handle: setStockSettings},
			{method: "PUT", path: "/v3/inventory/adjustments/absolute", scopes: write, concurrent: 1, class: class, bulk: bulkStock, handle: adjustAbsolute},
			{method: "POST", path: "/v3/inventory/adjustments/relative", scopes: write, concurrent: 1, class: class, bulk: bulkStock, handle: adjustRelative},
		},
		events: []string{"store/channel/*/inventory/product/stock_changed", "store/channel/*/inventory/product/settings_changed",
			"store/channel/*/inventory/product/low_stock_reached", "store/channel/*/inventory/product/out_of_stock_reached"},
		kinds: []string{kindStock, kindStockWrite},
		keep: func(st *Store) kept {
			return &stock{newThings[itemStock](st, kindStock), acceptedWrites[stockWrite]{newThings[acceptedWrite[stockWrite]](st, kindStockWrite)}}
		},
		begin: func(st *Store) { st.stock().writes.resume() },
		forget: func(st *Store, variants []int64) {
			for _, id := range variants {
				if k := st.stock(); k.byID[id] != nil {
					k.drop(id)
				}
			}
		},
		due: func(st *Store, now time.Time) time.Time {
			k := st.stock()
			return k.writes.carryOut(now, k.carryOut)
		},
		dump: func(st *Store, out map[string]any) { out["stock"] = st.stockLevelsLocked() },
	}
}

// level is what there is of an item at a location. Of the default location the catalogue has the
// truth: inventory_level is what is available there, and is written through the catalogue too.
func (k *stock) level(i item, at int64) stockLevel {
	var l stockLevel
	if kept := k.byID[i.stockKey()]; kept != nil {
		l = kept.At[at]
	}
	if at != defaultLocationID {
		return l
	}
	l.Warning, l.Bin = int64(i.number("inventory_warning_level")), i.text("bin_picking_number")
	if shown := int64(i.number("inventory_level")); shown != l.available() {
		n := shown + l.Safety
		l.OnHand = &n
	}
	return l
}

// setLevel writes what there is now, into the catalogue too where that shows it.
func (k *stock) setLevel(i item, at int64, l stockLevel) {
	next := &itemStock{At: map[int64]stockLevel{}}
	if kept := k.byID[i.stockKey()]; kept != nil {
		for id, other := range kept.At {
			next.At[id] = other
		}
	}
	if at == defaultLocationID {
		k.showInCatalogue(i, l)
		l.Warning, l.Bin = 0, ""
	}
	next.At[at] = l
	k.put(i.stockKey(), next)
}

// showInCatalogue writes a level of the default location into the variant, or the product. The
// level of a product whose variants are tracked is the sum of theirs.
func (k *stock) showInCatalogue(i item, l stockLevel) {
	changed := i.p.clone()
	put := changed.put
	if i.v != nil {
		v := *i.v
		v.vals = slices.Clone(v.vals)
		changed.variants[slices.Index(changed.variants, i.v)] = &v
		put = func(name, raw string) { v.vals = set(variantFields, v.vals, fieldValue{variantIndex[name], raw}) }
	}
	put("inventory_level", fmt.Sprint(l.available()))
	put("inventory_warning_level", fmt.Sprint(l.Warning))
	put("bin_picking_number", jsonString(l.Bin))
	if i.v != nil {
		sum := 0.0
		for _, other := range changed.items() {
			sum += other.number("inventory_level")
		}
		changed.put("inventory_level", fmt.Sprint(int64(min(sum, maxInt32))))
	}
	k.st.cat.replace(i.p, changed)
	k.st.record(kindProduct, changed.id, changed)
}

// forgetLocation deletes the stock of a location that is no more.
func (k *stock) forgetLocation(at int64) {
	for id, kept := range k.byID {
		if _, ok := kept.At[at]; !ok {
			continue
		}
		next := &itemStock{At: map[int64]stockLevel{}}
		for other, l := range kept.At {
			if other != at {
				next.At[other] = l
			}
		}
		k.put(id, next)
	}
}

// carryOut makes visible what was accepted. What was deleted meanwhile is passed by.
func (k *stock) carryOut(w stockWrite) {
	find := func(key, at int64) (item, bool) {
		if k.st.locations().byID[at] == nil {
			return item{}, false
		}
		return k.st.cat.stockItem(key)
	}
	for _, a := range w.Items {
		i, ok := find(a.Item, a.Location)
		if !ok {
			continue
		}
		l := k.level(i, a.Location)
		before, n := l.onHand(), a.Quantity
		if w.Relative {
			n += before
		}
		if known := l.OnHand != nil; known && n == before {
			continue
		}
		l.OnHand = &n
		k.setLevel(i, a.Location, l)
		if n != before {
			k.tellStock(i, a.Location, n-before, w.Relative)
		}
	}
	for _, s := range w.Settings {
		i, ok := find(s.Item, s.Location)
		if !ok {
			continue
		}
		old := k.level(i, s.Location)
		l := old
		l.Safety, l.Warning, l.Bin = or(s.Safety, l.Safety), or(s.Warning, l.Warning), or(s.Bin, l.Bin)
		l.OutOfStock = !or(s.InStock, !l.OutOfStock)
		if l == old {
			continue
		}
		k.setLevel(i, s.Location, l)
		if l.Bin = old.Bin; l != old { // the place of a thing in the warehouse is none of what is told of
			k.st.announce("store/channel/*/inventory/product/settings_changed", stockEvent(i, s.Location))
		}
	}
}

// or is what v points to, or what there is without.
func or[T any](v *T, without T) T {
	if v == nil {
		return without
	}
	return *v
}

func stockEvent(i item, at int64) map[string]any {
	out := map[string]any{"product_id": i.p.id, "location_id": at}
	if id := i.id(); id != 0 {
		out["variant_id"] = id
	}
	return out
}

// tellStock fires what is described of stock that changed by n (webhooks.v3.yml,
// inventory-location.mdx): in the catalogue's way, of the SKU where variants are tracked, and in
// the inventory's.
func (k *stock) tellStock(i item, at, n int64, relative bool) {
	method := "absolute"
	if relative {
		method = "relative"
	}
	change := map[string]any{"product_id": i.p.id, "method": method, "value": n}
	if i.p.tracking() == "variant" {
		change["variant_id"] = i.id()
		k.st.announce("store/sku/inventory/updated", map[string]any{"type": "sku", "id": i.skuID(), "inventory": change})
	} else {
		k.st.announce("store/product/inventory/updated", map[string]any{"type": "product", "id": i.p.id, "inventory": change})
	}
	k.st.announce("store/channel/*/inventory/product/stock_changed", stockEvent(i, at))
}

// tracking is how the product's stock is tracked: none, product or variant.
func (p *product) tracking() string { return p.text("inventory_tracking") }

// StockLevel is what a store has of an item at a location.
type StockLevel struct {
	SKU        string `json:"sku"`
	LocationID int64  `json:"location_id"`
	Quantity   int64  `json:"quantity"` // on hand, the safety stock included
}

// Stock returns every level that was set, by SKU and location, and what was accepted for it as if
// it were visible.
func (st *Store) Stock() []StockLevel {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.carryOutLocked(farFuture)
	return st.stockLevelsLocked()
}

func (st *Store) stockLevelsLocked() []StockLevel {
	out := []StockLevel{}
	k, places := st.stock(), sortedKeys(st.locations().byID)
	for _, p := range st.cat.order {
		for i := range p.stockItems() {
			for _, at := range places {
				if l := k.level(i, at); l.OnHand != nil {
					out = append(out, StockLevel{i.sku(), at, *l.OnHand})
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b StockLevel) int {
		return cmp.Or(cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.LocationID, b.LocationID))
	})
	return out
}

// stockBySKU finds what a SKU names: a variant, or a product with options that is tracked as one
// thing.
func (c *catalogue) stockBySKU(sku string) (item, bool) {
	if i, ok := c.itemBySKU(sku); ok {
		return i, true
	}
	p := c.byID[c.bySKU[skuKey(sku)]]
	return item{p: p}, p != nil && strings.EqualFold(p.sku, sku) && p.tracking() == "product"
}

// SetStock sets what there is of a SKU at a location at once, as the merchant does in the control
// panel.
func (st *Store) SetStock(sku string, at, quantity int64) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	i, ok := st.cat.stockBySKU(sku)
	switch {
	case !ok:
		return fmt.Errorf("sandbox: store %s has no SKU %q", st.Hash, sku)
	case st.locations().byID[at] == nil:
		return fmt.Errorf("sandbox: store %s has no location %d", st.Hash, at)
	case i.p.tracking() == "none", i.p.tracking() == "product" && i.v != nil:
		return fmt.Errorf("sandbox: the stock of %q is not tracked", sku)
	}
	st.stock().carryOut(stockWrite{Items: []stockAmount{{i.stockKey(), at, quantity}}})
	st.flush()
	return nil
}

// SetTracking sets how the stock of every product is tracked (none, product or variant), as a bulk
// edit in the control panel does: quickly and without webhooks.
func (st *Store) SetTracking(tracking string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, p := range slices.Clone(st.cat.order) {
		next := p.clone()
		next.put("inventory_tracking", jsonString(tracking))
		st.cat.replace(p, next)
		st.record(kindProduct, next.id, next)
	}
	st.flush()
}
