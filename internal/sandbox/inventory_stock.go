package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	maxInventoryPage  = 1000
	maxInventoryBatch = 2000
	inventoryDelay    = 2 * time.Second

	kindStock      = "stock"       // by the id of the variant
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

type stockAmount struct{ Variant, Location, Quantity int64 }

// stockSetting changes what it names.
type stockSetting struct {
	Variant, Location int64
	Safety, Warning   *int64  `json:",omitempty"`
	InStock           *bool   `json:",omitempty"`
	Bin               *string `json:",omitempty"`
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
	for _, p := range k.st.cat.order {
		if item := k.byID[p.variant]; item != nil {
			add(kindStock, p.variant, item)
		}
	}
	k.writes.fold(add)
}

// inventoryStock is the items of the inventory, their adjustments and their settings. Bulk writes of a store go one at
// a time: the guide says to wait for each answer, no description has a number.
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
		due: func(st *Store, now time.Time) time.Time {
			k := st.stock()
			return k.writes.carryOut(now, k.carryOut)
		},
		dump: func(st *Store, out map[string]any) { out["stock"] = st.stockLevelsLocked() },
	}
}

// level is what there is of a product's item at a location. Of the default location the catalogue has the truth:
// inventory_level is what is available there, and is written through the catalogue too.
func (k *stock) level(p *product, at int64) stockLevel {
	var l stockLevel
	if item := k.byID[p.variant]; item != nil {
		l = item.At[at]
	}
	if at != defaultLocationID {
		return l
	}
	l.Warning, l.Bin = int64(p.number("inventory_warning_level")), p.text("bin_picking_number")
	if shown := int64(p.number("inventory_level")); shown != l.available() {
		n := shown + l.Safety
		l.OnHand = &n
	}
	return l
}

// setLevel writes what there is now, into the catalogue too where that shows it.
func (k *stock) setLevel(p *product, at int64, l stockLevel) {
	next := &itemStock{At: map[int64]stockLevel{}}
	if item := k.byID[p.variant]; item != nil {
		for id, other := range item.At {
			next.At[id] = other
		}
	}
	if at == defaultLocationID {
		changed := p.clone()
		changed.put("inventory_level", fmt.Sprint(l.available()))
		changed.put("inventory_warning_level", fmt.Sprint(l.Warning))
		changed.put("bin_picking_number", jsonString(l.Bin))
		k.st.cat.replace(p, changed)
		k.st.record(kindProduct, changed.id, changed)
		l.Warning, l.Bin = 0, ""
	}
	next.At[at] = l
	k.put(p.variant, next)
}

// forgetLocation deletes the stock of a location that is no more.
func (k *stock) forgetLocation(at int64) {
	for id, item := range k.byID {
		if _, ok := item.At[at]; !ok {
			continue
		}
		next := &itemStock{At: map[int64]stockLevel{}}
		for other, l := range item.At {
			if other != at {
				next.At[other] = l
			}
		}
		k.put(id, next)
	}
}

// variants finds products by the id of their variant.
func (c *catalogue) variants() map[int64]*product {
	m := make(map[int64]*product, len(c.order))
	for _, p := range c.order {
		m[p.variant] = p
	}
	return m
}

// carryOut makes visible what was accepted. What was deleted meanwhile is passed by.
func (k *stock) carryOut(w stockWrite) {
	variants := k.st.cat.variants()
	find := func(variant, at int64) *product {
		if k.st.locations().byID[at] == nil || variants[variant] == nil {
			return nil
		}
		return k.st.cat.byID[variants[variant].id]
	}
	for _, a := range w.Items {
		p := find(a.Variant, a.Location)
		if p == nil {
			continue
		}
		l := k.level(p, a.Location)
		before, n := l.onHand(), a.Quantity
		if w.Relative {
			n += before
		}
		if known := l.OnHand != nil; known && n == before {
			continue
		}
		l.OnHand = &n
		k.setLevel(p, a.Location, l)
		if n != before {
			k.tellStock(p, a.Location, n-before, w.Relative)
		}
	}
	for _, s := range w.Settings {
		p := find(s.Variant, s.Location)
		if p == nil {
			continue
		}
		old := k.level(p, s.Location)
		l := old
		l.Safety, l.Warning, l.Bin = or(s.Safety, l.Safety), or(s.Warning, l.Warning), or(s.Bin, l.Bin)
		l.OutOfStock = !or(s.InStock, !l.OutOfStock)
		if l == old {
			continue
		}
		k.setLevel(p, s.Location, l)
		if l.Bin = old.Bin; l != old { // the place of a thing in the warehouse is none of what is told of
			k.st.announce("store/channel/*/inventory/product/settings_changed", stockEvent(p, s.Location))
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

func stockEvent(p *product, at int64) map[string]any {
	return map[string]any{"variant_id": p.variant, "product_id": p.id, "location_id": at}
}

// tellStock fires what is described of stock that changed by n (webhooks.v3.yml, inventory-location.mdx): in the
// catalogue's way, of the SKU where variants are tracked, and in the inventory's.
func (k *stock) tellStock(p *product, at, n int64, relative bool) {
	method := "absolute"
	if relative {
		method = "relative"
	}
	change := map[string]any{"product_id": p.id, "method": method, "value": n}
	if p.tracking() == "variant" {
		change["variant_id"] = p.variant
		k.st.announce("store/sku/inventory/updated", map[string]any{"type": "sku", "id": p.variant, "inventory": change})
	} else {
		k.st.announce("store/product/inventory/updated", map[string]any{"type": "product", "id": p.id, "inventory": change})
	}
	k.st.announce("store/channel/*/inventory/product/stock_changed", stockEvent(p, at))
}

// tracking is how the product's stock is tracked: none, product or variant.
func (p *product) tracking() string { return p.text("inventory_tracking") }

// StockLevel is what a store has of an item at a location.
type StockLevel struct {
	SKU        string `json:"sku"`
	LocationID int64  `json:"location_id"`
	Quantity   int64  `json:"quantity"` // on hand, the safety stock included
}

// Stock returns every level that was set, by SKU and location, and what was accepted for it as if it were visible.
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
		if p.tracking() == "none" {
			continue
		}
		for _, at := range places {
			if l := k.level(p, at); l.OnHand != nil {
				out = append(out, StockLevel{p.sku, at, *l.OnHand})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b StockLevel) int {
		return cmp.Or(cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.LocationID, b.LocationID))
	})
	return out
}

// SetStock sets what there is of a SKU at a location at once, as the merchant does in the control panel.
func (st *Store) SetStock(sku string, at, quantity int64) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	p := st.cat.byID[st.cat.bySKU[skuKey(sku)]]
	switch {
	case p == nil:
		return fmt.Errorf("sandbox: store %s has no SKU %q", st.Hash, sku)
	case st.locations().byID[at] == nil:
		return fmt.Errorf("sandbox: store %s has no location %d", st.Hash, at)
	case p.tracking() == "none":
		return fmt.Errorf("sandbox: the stock of %q is not tracked", sku)
	}
	st.stock().carryOut(stockWrite{Items: []stockAmount{{p.variant, at, quantity}}})
	st.flush()
	return nil
}

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

// items finds what passes: only what is tracked is an item, so products that are not do not show. SKUs match as the
// catalogue's do.
func (st *Store) items(f stockFilter) []*product {
	candidates := st.cat.order
	if f.skus != nil || f.products != nil {
		candidates, _ = st.cat.candidates(&productFilter{ids: f.products, skus: f.skus})
	}
	var out []*product
	for _, p := range candidates {
		if p.tracking() != "none" && (f.variants == nil || slices.Contains(f.variants, p.variant)) {
			out = append(out, p)
		}
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
	k, found := c.st.stock(), c.st.items(f)
	from, to := window(len(found), page, limit)
	rows := make([][]byte, 0, to-from)
	for _, p := range found[from:to] {
		at := make([]place, len(shown))
		for i, one := range shown {
			l := k.level(p, one.ID)
			one.Available, one.OnHand, one.Settings = l.onHand()-l.Safety, l.onHand(), l.settings()
			at[i] = one
		}
		rows = append(rows, []byte(compact(struct {
			Identity  map[string]any `json:"identity"`
			Locations []place        `json:"locations"`
		}{map[string]any{"sku": p.sku, "variant_id": p.variant, "product_id": p.id, "sku_id": nil}, at}))) // no sku_id: a base variant
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
	k, found := c.st.stock(), c.st.items(f)
	from, to := window(len(found), page, limit)
	rows := make([][]byte, 0, to-from)
	for _, p := range found[from:to] {
		l := k.level(p, at)
		onHand := l.onHand()
		if c.st.sb.opts.Choices.OnHandWithoutSafety {
			onHand -= l.Safety
		}
		rows = append(rows, []byte(compact(struct {
			Identity  map[string]any `json:"identity"`
			Available int64          `json:"available_to_sell"`
			OnHand    int64          `json:"total_inventory_onhand"`
			Settings  stockSettings  `json:"settings"`
		}{map[string]any{"sku": p.sku, "variant_id": p.variant, "product_id": p.id}, l.onHand() - l.Safety, onHand, l.settings()})))
	}
	return collection(rows, c.q.meta(len(found), len(rows), page, limit))
}

// itemIdentity is what names an item in a request: exactly one of the three.
type itemIdentity struct {
	SKU     *string `json:"sku"`
	Variant *int64  `json:"variant_id"`
	Product *int64  `json:"product_id"`
}

// one reports whether exactly one is there.
func (id itemIdentity) one() bool {
	n := 0
	for _, there := range []bool{id.SKU != nil, id.Variant != nil, id.Product != nil} {
		if there {
			n++
		}
	}
	return n == 1
}

// name is what titles call it.
func (id itemIdentity) name() string {
	switch {
	case id.SKU != nil:
		return "sku " + *id.SKU
	case id.Variant != nil:
		return fmt.Sprint("variant_id ", *id.Variant)
	}
	return fmt.Sprint("product_id ", *id.Product)
}

// finder finds the items of one request, and collects why it must be refused.
type finder struct {
	st       *Store
	variants map[int64]*product // made when it is needed
	wrong    map[*stockCause][]string
}

// causes in the order in which one of them is told.
var stockCauses = []*stockCause{&locationsNotFound, &locationsDisabled, &itemsNotFound, &trackedByProduct, &trackedByVariant, &itemsNotTracked,
	&quantitiesNegative, &quantitiesTooLarge, &absoluteFirst, &stockInsufficient}

func (f *finder) refuse(cause *stockCause, name string) {
	if !slices.Contains(f.wrong[cause], name) {
		f.wrong[cause] = append(f.wrong[cause], name)
	}
}

// problem is the refusal of the whole request, or nil.
func (f *finder) problem() *reply {
	for _, cause := range stockCauses {
		if names := f.wrong[cause]; len(names) > 0 {
			r := f.st.refused(*cause, names)
			return &r
		}
	}
	return nil
}

// location checks that stock at a location may be written: that of a disabled one may not (inventory-locations.mdx).
func (f *finder) location(id int64) {
	switch l := f.st.locations().byID[id]; {
	case l == nil:
		f.refuse(&locationsNotFound, fmt.Sprint(id))
	case !l.enabled():
		f.refuse(&locationsDisabled, fmt.Sprint(id))
	}
}

// item finds what an identity names, or nil with the reason collected: an item is addressed in the way that its product
// is tracked.
func (f *finder) item(id itemIdentity) *product {
	ways := f.st.sb.opts.Choices
	var p *product
	switch {
	case id.SKU != nil:
		p = f.st.cat.byID[f.st.cat.bySKU[skuKey(*id.SKU)]]
		if p != nil && !strings.EqualFold(p.sku, *id.SKU) {
			p = nil
		}
	case id.Variant != nil:
		if f.variants == nil {
			f.variants = f.st.cat.variants()
		}
		p = f.variants[*id.Variant]
	default:
		p = f.st.cat.byID[*id.Product]
	}
	if p == nil {
		f.refuse(&itemsNotFound, id.name())
		return nil
	}
	switch tracking := p.tracking(); {
	case tracking == "none":
		f.refuse(&itemsNotTracked, id.name())
	case tracking == "product" && id.Variant != nil && !ways.BaseVariantTaken, tracking == "product" && id.SKU != nil && ways.SKUByProductRefused:
		f.refuse(&trackedByProduct, id.name())
	case tracking == "variant" && id.Product != nil && !ways.VariantByProductTaken:
		f.refuse(&trackedByVariant, id.name())
	default:
		return p
	}
	return nil
}

// adjustment is one element of a request.
type adjustment struct {
	itemIdentity
	Location int64 `json:"location_id"`
	Quantity int64 `json:"quantity"`
}

// batch reads a request's list of at most 2,000 things.
func (c *call) batch(specs []fieldSpec, name string, into any) *reply {
	if r := c.q.problem(); r != nil {
		return r
	}
	in, r := c.readObject()
	if r != nil {
		return r
	}
	vals, errs := validate(specs, index(specs), in, true, "")
	if list, ok := in[name].([]any); ok && len(errs) == 0 {
		switch {
		case len(list) == 0:
			errs[name] = msgMinItems
		case len(list) > maxInventoryBatch:
			errs[name] = fmt.Sprintf("No more than %d items are allowed", maxInventoryBatch)
		}
	}
	if len(errs) > 0 {
		r := payloadInvalid(errs)
		return &r
	}
	for _, v := range vals {
		if specs[v.field].name == name {
			if err := json.Unmarshal([]byte(v.raw), into); err != nil { // a number beyond every id
				r := payloadInvalid(map[string]string{name: msgMax})
				return &r
			}
		}
	}
	return nil
}

func adjustAbsolute(c *call) reply { return c.adjust(absoluteFields, false) }
func adjustRelative(c *call) reply { return c.adjust(relativeFields, true) }

// adjust accepts a batch of adjustments, or refuses it as a whole. An absolute one is never refused for what there is.
func (c *call) adjust(specs []fieldSpec, relative bool) reply {
	var list []adjustment
	if r := c.batch(specs, "items", &list); r != nil {
		return *r
	}
	errs := map[string]string{}
	for i, a := range list {
		if !a.one() {
			errs[fmt.Sprintf("items.%d", i)] = "Exactly one of sku, variant_id or product_id is required"
		}
	}
	if len(errs) > 0 {
		return payloadInvalid(errs)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	f := &finder{st: st, wrong: map[*stockCause][]string{}}
	w := stockWrite{Relative: relative}
	moved := st.stock().underWay()
	for _, a := range list {
		f.location(a.Location)
		p := f.item(a.itemIdentity)
		switch {
		case a.Quantity > maxInt32 || a.Quantity < -maxInt32:
			f.refuse(&quantitiesTooLarge, a.name())
		case !relative && a.Quantity < 0:
			f.refuse(&quantitiesNegative, a.name())
		}
		if p == nil {
			continue
		}
		if relative {
			f.relative(p, a, moved)
		}
		w.Items = append(w.Items, stockAmount{p.variant, a.Location, a.Quantity})
	}
	if r := f.problem(); r != nil {
		return *r
	}
	defer st.flush()
	return st.stock().writes.accept(w)
}

// relative checks a relative adjustment against what is visible and the relative ones under way: it needs an absolute
// one before it at the location, and must leave the safety stock.
func (f *finder) relative(p *product, a adjustment, moved map[[2]int64]int64) {
	l := f.st.stock().level(p, a.Location)
	place := [2]int64{p.variant, a.Location}
	moved[place] += a.Quantity
	switch n := l.onHand() + moved[place]; {
	case l.OnHand == nil:
		f.refuse(&absoluteFirst, a.name())
	case a.Quantity < 0 && n < l.Safety:
		f.refuse(&stockInsufficient, a.name())
	case n > maxInt32:
		f.refuse(&quantitiesTooLarge, a.name())
	}
}

// underWay sums the relative adjustments that are accepted and not visible yet, by variant and location.
func (k *stock) underWay() map[[2]int64]int64 {
	sum := map[[2]int64]int64{}
	for _, w := range k.writes.byID {
		if !w.Does.Relative {
			continue
		}
		for _, a := range w.Does.Items {
			sum[[2]int64{a.Variant, a.Location}] += a.Quantity
		}
	}
	return sum
}

// setStockSettings changes settings of items at a location. The place in the warehouse alone is not enough, by the
// description's own example of the refusal.
func setStockSettings(c *call) reply {
	var list []struct {
		Identity itemIdentity `json:"identity"`
		Safety   *int64       `json:"safety_stock"`
		Warning  *int64       `json:"warning_level"`
		InStock  *bool        `json:"is_in_stock"`
		Bin      *string      `json:"bin_picking_number"`
	}
	if r := c.batch(stockSettingFields, "settings", &list); r != nil {
		return *r
	}
	errs := map[string]string{}
	for i, s := range list {
		at := fmt.Sprintf("setting.%d.", i)
		if !s.Identity.one() {
			errs[at+"identity"] = "Exactly one of sku, variant_id or product_id is required"
		}
		if s.Safety == nil && s.Warning == nil && s.InStock == nil {
			errs[at+"settings"] = "At least one setting must be specified: warning_level, is_in_stock or safety_stock"
		}
		for name, n := range map[string]*int64{"safety_stock": s.Safety, "warning_level": s.Warning} {
			if n != nil && (*n < 0 || *n > maxInt32) {
				errs[at+name] = "Must be between 0 and 2147483647"
			}
		}
	}
	if len(errs) > 0 {
		return payloadInvalid(errs)
	}
	at, _ := c.pathID()
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	f := &finder{st: st, wrong: map[*stockCause][]string{}}
	f.location(at)
	var w stockWrite
	for _, s := range list {
		if p := f.item(s.Identity); p != nil {
			w.Settings = append(w.Settings, stockSetting{p.variant, at, s.Safety, s.Warning, s.InStock, s.Bin})
		}
	}
	if r := f.problem(); r != nil {
		return *r
	}
	defer st.flush()
	return st.stock().writes.accept(w)
}
