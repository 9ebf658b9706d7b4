package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

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
	st    *Store
	wrong map[*stockCause][]string
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

// location checks that stock at a location may be written: that of a disabled one may not
// (inventory-locations.mdx).
func (f *finder) location(id int64) {
	switch l := f.st.locations().byID[id]; {
	case l == nil:
		f.refuse(&locationsNotFound, fmt.Sprint(id))
	case !l.enabled():
		f.refuse(&locationsDisabled, fmt.Sprint(id))
	}
}

// item finds what an identity names; ok is false with the reason collected. An item is addressed in
// the way that its product is tracked.
func (f *finder) item(id itemIdentity) (i item, ok bool) {
	ways, cat := f.st.sb.opts.Choices, &f.st.cat
	switch {
	case id.SKU != nil:
		i, ok = cat.stockBySKU(*id.SKU)
	case id.Variant != nil:
		i, ok = cat.itemByID(*id.Variant)
	default:
		i.p = cat.byID[*id.Product]
		ok = i.p != nil
	}
	if !ok {
		f.refuse(&itemsNotFound, id.name())
		return item{}, false
	}
	switch tracking := i.p.tracking(); {
	case tracking == "none":
		f.refuse(&itemsNotTracked, id.name())
	case tracking == "product" && (i.v != nil || id.Variant != nil && !ways.BaseVariantTaken || id.SKU != nil && ways.SKUByProductRefused):
		f.refuse(&trackedByProduct, id.name())
	case tracking == "variant" && id.Product != nil && (len(i.p.variants) > 0 || !ways.VariantByProductTaken):
		f.refuse(&trackedByVariant, id.name())
	default:
		return i, true
	}
	return item{}, false
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

// adjust accepts a batch of adjustments, or refuses it as a whole. An absolute one is never refused
// for what there is.
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
	moved, totals := st.stock().underWay(), productTotals{}
	for _, a := range list {
		f.location(a.Location)
		i, ok := f.item(a.itemIdentity)
		switch {
		case a.Quantity > maxInt32 || a.Quantity < -maxInt32:
			f.refuse(&quantitiesTooLarge, a.name())
		case !relative && a.Quantity < 0:
			f.refuse(&quantitiesNegative, a.name())
		}
		if !ok {
			continue
		}
		if relative {
			f.relative(i, a, moved)
		} else {
			totals.note(i, a)
		}
		w.Items = append(w.Items, stockAmount{i.stockKey(), a.Location, a.Quantity})
	}
	totals.check(f)
	if r := f.problem(); r != nil {
		return *r
	}
	defer st.flush()
	return st.stock().writes.accept(w)
}

// productTotals are what a batch sets of the variants of a product at a location, by product and
// location: together they may not be more than one variant may (inventory-adjustments.mdx).
type productTotals map[[2]int64]map[int64]adjustment

func (t productTotals) note(i item, a adjustment) {
	if i.v == nil {
		return
	}
	place := [2]int64{i.p.id, a.Location}
	if t[place] == nil {
		t[place] = map[int64]adjustment{}
	}
	t[place][i.id()] = a
}

func (t productTotals) check(f *finder) {
	places := slices.SortedFunc(maps.Keys(t), func(a, b [2]int64) int { return slices.Compare(a[:], b[:]) })
	for _, place := range places {
		set, sum := t[place], int64(0)
		for _, i := range f.st.cat.byID[place[0]].items() {
			if a, ok := set[i.id()]; ok {
				sum += a.Quantity
			} else {
				l := f.st.stock().level(i, place[1])
				sum += l.onHand()
			}
		}
		if sum <= maxInt32 {
			continue
		}
		for _, id := range sortedKeys(set) {
			f.refuse(&quantitiesTooLarge, set[id].name())
		}
	}
}

// relative checks a relative adjustment against what is visible and the relative ones under way: it
// needs an absolute one before it at the location, and must leave the safety stock.
func (f *finder) relative(i item, a adjustment, moved map[[2]int64]int64) {
	l := f.st.stock().level(i, a.Location)
	place := [2]int64{i.stockKey(), a.Location}
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

// underWay sums the relative adjustments that are accepted and not visible yet, by variant and
// location.
func (k *stock) underWay() map[[2]int64]int64 {
	sum := map[[2]int64]int64{}
	for _, w := range k.writes.byID {
		if !w.Does.Relative {
			continue
		}
		for _, a := range w.Does.Items {
			sum[[2]int64{a.Item, a.Location}] += a.Quantity
		}
	}
	return sum
}

// setStockSettings changes settings of items at a location. The place in the warehouse alone is not
// enough, by the description's own example of the refusal.
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
		if i, ok := f.item(s.Identity); ok {
			w.Settings = append(w.Settings, stockSetting{i.stockKey(), at, s.Safety, s.Warning, s.InStock, s.Bin})
		}
	}
	if r := f.problem(); r != nil {
		return *r
	}
	defer st.flush()
	return st.stock().writes.accept(w)
}
