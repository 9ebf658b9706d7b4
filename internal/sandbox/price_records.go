package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	kindPriceRecord      = "price_record"
	maxPriceUpsertBatch  = 1000
	maxPriceCreateBatch  = 100
	classPriceRecordsPut = "price-records-put"
)

// priceRecord is the prices of one variant in one currency on one list: the three are its identity.
// Prices are canonical JSON, "" for none. The ID is the sandbox's own; cursors are made of it.
type priceRecord struct {
	ID, List, Variant int64
	Currency          string            // ISO 4217, in lower case, as answers have it
	Prices            map[string]string // by pricesOfRecord; never changed
	Tiers             string            `json:",omitempty"` // canonical JSON; "" for none
	Created, Modified int64             // unix seconds
}

var pricesOfRecord = []string{"price", "sale_price", "retail_price", "map_price"}

type recordKey struct {
	list, variant int64
	currency      string
}

func (r *priceRecord) key() recordKey { return recordKey{r.List, r.Variant, r.Currency} }

// priceRecords are those of all lists of a store.
type priceRecords struct {
	things[priceRecord]
	byKey  map[recordKey]int64
	byList map[int64][]*priceRecord // in the order of their making; made when it is needed
}

func (st *Store) priceRecords() *priceRecords { return keptBy[*priceRecords](st) }

func (k *priceRecords) apply(e *entry) error {
	if old := k.byID[e.ID]; old != nil {
		delete(k.byKey, old.key())
	}
	if err := k.things.apply(e); err != nil {
		return err
	}
	if r := k.byID[e.ID]; r != nil {
		k.byKey[r.key()] = r.ID
	}
	k.byList = nil
	return nil
}

func (k *priceRecords) put(r *priceRecord) {
	k.things.put(r.ID, r)
	k.byKey[r.key()] = r.ID
	k.byList = nil
}

func (k *priceRecords) drop(id int64) {
	delete(k.byKey, k.byID[id].key())
	k.things.drop(id)
	k.byList = nil
}

// of are a list's records in the order of their making. The caller holds the store's lock, for
// writing: the index is made here.
func (k *priceRecords) of(list int64) []*priceRecord {
	if k.byList == nil {
		k.byList = map[int64][]*priceRecord{}
		for _, id := range sortedKeys(k.byID) {
			r := k.byID[id]
			k.byList[r.List] = append(k.byList[r.List], r)
		}
	}
	return k.byList[list]
}

// forget drops the records of variants that are gone.
func (k *priceRecords) forget(variants []int64) {
	for id, r := range k.byID {
		if slices.Contains(variants, r.Variant) {
			k.drop(id)
		}
	}
}

// find returns the record of a variant in a currency, nil for none.
func (k *priceRecords) find(list, variant int64, currency string) *priceRecord {
	return k.byID[k.byKey[recordKey{list, variant, strings.ToLower(currency)}]]
}

// priceRecordResource is /v3/pricelists/{id}/records, and those across lists.
func priceRecordResource(s *Sandbox) *resource {
	const (
		across, all  = "/v3/pricelists/records", "/v3/pricelists/{id}/records"
		variant, one = all + "/{variant_id}", all + "/{variant_id}/{currency}"
	)
	upserts := 1
	if s.opts.Choices.TwoPriceUpserts {
		upserts = 2
	}
	return &resource{
		routes: []route{
			{method: "POST", path: across, scopes: productsWrite, concurrent: 10, class: "price-records-post", handle: createRecordsAcross},
			{method: "PUT", path: across, scopes: productsWrite, concurrent: 1, class: classPriceRecordsPut, handle: upsertRecordsAcross},
			{method: "GET", path: all, scopes: productsRead, concurrent: 10, class: "price-list-reads", handle: listPriceRecords},
			{method: "POST", path: all, scopes: productsWrite, concurrent: 10, class: "price-records-post", handle: createRecords},
			{method: "PUT", path: all, scopes: productsWrite, concurrent: upserts, class: classPriceRecordsPut, handle: upsertRecords},
			{method: "DELETE", path: all, scopes: productsWrite, handle: deletePriceRecords},
			{method: "GET", path: variant, scopes: productsRead, concurrent: 40, class: "GET " + variant, handle: listVariantRecords},
			{method: "GET", path: one, scopes: productsRead, concurrent: 50, class: "GET " + one, handle: getPriceRecord},
			{method: "PUT", path: one, scopes: productsWrite, concurrent: 40, class: "PUT " + one, handle: setPriceRecord},
			{method: "DELETE", path: one, scopes: productsWrite, concurrent: 25, class: "DELETE " + one, handle: deletePriceRecord},
		},
		events: []string{"store/priceList/record/created", "store/priceList/record/updated", "store/priceList/record/deleted",
			"store/priceList/records/created", "store/priceList/records/updated", "store/priceList/records/deleted"},
		kinds: []string{kindPriceRecord},
		keep: func(st *Store) kept {
			return &priceRecords{things: newThings[priceRecord](st, kindPriceRecord), byKey: map[recordKey]int64{}}
		},
		forget: func(st *Store, variants []int64) { st.priceRecords().forget(variants) },
		dump:   func(st *Store, out map[string]any) { out["price_records"] = st.priceRecordsLocked() },
	}
}

// PriceRecord is a price record as PriceRecords accounts for it. A price that is nil is not set.
type PriceRecord struct {
	PriceListID int64           `json:"price_list_id"`
	PriceList   string          `json:"price_list"` // its name
	VariantID   int64           `json:"variant_id"`
	SKU         string          `json:"sku"`
	Currency    string          `json:"currency"` // in lower case
	Price       json.RawMessage `json:"price"`
	SalePrice   json.RawMessage `json:"sale_price"`
	RetailPrice json.RawMessage `json:"retail_price"`
	MAPPrice    json.RawMessage `json:"map_price"`
	Tiers       json.RawMessage `json:"bulk_pricing_tiers"`
}

// PriceRecords returns the records of every price list, by list in the order of their making.
func (st *Store) PriceRecords() []PriceRecord {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.priceRecordsLocked()
}

func (st *Store) priceRecordsLocked() []PriceRecord {
	out := []PriceRecord{}
	for _, id := range sortedKeys(st.priceLists().byID) {
		for _, r := range st.priceRecords().of(id) {
			price := func(name string) json.RawMessage { return json.RawMessage(r.price(name)) }
			variant, _ := st.cat.itemByID(r.Variant)
			out = append(out, PriceRecord{
				PriceListID: id, PriceList: st.priceLists().byID[id].Name, VariantID: r.Variant, SKU: variant.sku(), Currency: r.Currency,
				Price: price("price"), SalePrice: price("sale_price"), RetailPrice: price("retail_price"), MAPPrice: price("map_price"),
				Tiers: json.RawMessage(orEmpty(r.Tiers)),
			})
		}
	}
	return out
}

// price is the JSON of one of pricesOfRecord.
func (r *priceRecord) price(name string) string {
	if raw := r.Prices[name]; raw != "" {
		return raw
	}
	return "null"
}

// number is one of pricesOfRecord; ok is false where it is not set.
func (r *priceRecord) number(name string) (n float64, ok bool) {
	raw := r.Prices[name]
	if raw == "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(raw, 64)
	return n, err == nil
}

// calculatedPrice is the sale price if there is one, else the price. Whether a sale price of 0 is
// one is not described.
func (r *priceRecord) calculatedPrice(choices Choices) (n float64, ok bool) {
	if sale, ok := r.number("sale_price"); ok && (sale > 0 || choices.ZeroSalePriceCounts) {
		return sale, true
	}
	return r.number("price")
}

// include is which sub-resources of records an answer shows. Other words in it are ignored, as
// described.
type include struct{ tiers, sku bool }

func (q *query) includeOfRecords() include {
	list := q.strings("include")
	return include{slices.Contains(list, "bulk_pricing_tiers"), slices.Contains(list, "sku")}
}

// view is a record as the API shows it; of is the variant that it is of.
func (r *priceRecord) view(of item, choices Choices, inc include) map[string]any {
	m := map[string]any{
		"price_list_id": r.List, "variant_id": r.Variant, "product_id": of.p.id, "currency": r.Currency,
		"date_created": zuluTime(r.Created), "date_modified": zuluTime(r.Modified), "calculated_price": nil,
	}
	for _, name := range pricesOfRecord {
		m[name] = json.RawMessage(r.price(name))
	}
	if n, ok := r.calculatedPrice(choices); ok {
		m["calculated_price"] = n
	}
	if choices.UnsetPricesLeftOut {
		maps.DeleteFunc(m, func(name string, v any) bool {
			raw, _ := v.(json.RawMessage)
			return v == nil || string(raw) == "null"
		})
	}
	if inc.tiers {
		m["bulk_pricing_tiers"] = json.RawMessage(orEmpty(r.Tiers))
	}
	if inc.sku {
		m["sku"] = of.sku()
	}
	return m
}

// recordFilter is what records are filtered by: each of tests must hold.
type recordFilter struct{ tests []func(*priceRecord) bool }

func (f *recordFilter) test(ok func(*priceRecord) bool) { f.tests = append(f.tests, ok) }

func (f *recordFilter) ok(r *priceRecord) bool {
	for _, ok := range f.tests {
		if !ok(r) {
			return false
		}
	}
	return true
}

// variants lets records of these variants through.
func (f *recordFilter) variants(ids []int64) {
	set := make(map[int64]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	f.test(func(r *priceRecord) bool { return set[r.Variant] })
}

// skus lets records of the variants with these SKUs through.
func (f *recordFilter) skus(c *catalogue, skus []string) {
	var ids []int64
	for _, sku := range skus {
		if i, ok := c.itemBySKU(sku); ok {
			ids = append(ids, i.id())
		}
	}
	f.variants(ids)
}

// products lets records of these products' variants through.
func (f *recordFilter) products(c *catalogue, products []int64) {
	var ids []int64
	for _, id := range products {
		if p := c.byID[id]; p != nil {
			for _, i := range p.items() {
				ids = append(ids, i.id())
			}
		}
	}
	f.variants(ids)
}

// currencies lets records in these currencies through.
func (f *recordFilter) currencies(codes []string) {
	f.test(func(r *priceRecord) bool {
		return slices.ContainsFunc(codes, func(code string) bool { return strings.EqualFold(code, r.Currency) })
	})
}

// recordFilter reads every filter that GET /v3/pricelists/{id}/records describes. The caller holds
// the store's lock.
func (c *call) recordFilter() *recordFilter {
	q, cat, choices := c.q, &c.st.cat, c.st.sb.opts.Choices
	f := &recordFilter{}
	if ids := q.integers("variant_id:in"); ids != nil {
		f.variants(ids)
	}
	if ids := q.integers("product_id:in"); ids != nil {
		f.products(cat, ids)
	}
	if q.has("sku") {
		f.skus(cat, []string{q.str("sku")})
	}
	if skus := q.strings("sku:in"); skus != nil {
		f.skus(cat, skus)
	}
	if q.has("currency") {
		f.currencies([]string{q.str("currency")})
	}
	if codes := q.strings("currency:in"); codes != nil {
		f.currencies(codes)
	}
	for _, name := range pricesOfRecord {
		q.recordPrices(name, f, func(r *priceRecord) (float64, bool) { return r.number(name) })
	}
	q.recordPrices("calculated_price", f, func(r *priceRecord) (float64, bool) { return r.calculatedPrice(choices) })
	q.dates("date_created", func(ok func(int64) bool) { f.test(func(r *priceRecord) bool { return ok(r.Created) }) })
	q.dates("date_modified", func(ok func(int64) bool) { f.test(func(r *priceRecord) bool { return ok(r.Modified) }) })
	return f
}

// recordPrices reads the filters of one price: the price, :min and :max. A price that is not set
// matches none.
func (q *query) recordPrices(name string, f *recordFilter, of func(*priceRecord) (float64, bool)) {
	for suffix, ok := range map[string]func(v, limit float64) bool{
		"":     func(v, l float64) bool { return v == l },
		":min": func(v, l float64) bool { return v >= l },
		":max": func(v, l float64) bool { return v <= l },
	} {
		if limit := q.number(name + suffix); limit != nil {
			f.test(func(r *priceRecord) bool {
				v, set := of(r)
				return set && ok(v, *limit)
			})
		}
	}
}

func listPriceRecords(c *call) reply {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	return c.listRecords(c.recordFilter())
}

// listVariantRecords answers the records of one variant, one for each currency.
func listVariantRecords(c *call) reply {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	f := &recordFilter{}
	f.variants([]int64{parseID(c.r.PathValue("variant_id"))})
	return c.listRecords(f)
}

func (c *call) listRecords(f *recordFilter) reply {
	inc := c.q.includeOfRecords()
	w := c.q.walk()
	if r := c.q.problem(); r != nil {
		return *r
	}
	list, r := c.priceList()
	if r != nil {
		return *r
	}
	found := c.st.priceRecords().of(list.ID)
	if len(f.tests) > 0 {
		var some []*priceRecord
		for _, r := range found {
			if f.ok(r) {
				some = append(some, r)
			}
		}
		found = some
	}
	from, to, meta := w.cut(len(found), func(i int) int64 { return found[i].ID })
	rows := []any{}
	for _, r := range found[from:to] {
		of, _ := c.st.cat.itemByID(r.Variant)
		rows = append(rows, r.view(of, c.st.sb.opts.Choices, inc))
	}
	return walked(rows, meta)
}

// record finds the record of the path and its variant.
func (c *call) record() (*priceRecord, item, *reply) {
	list, r := c.priceList()
	if r != nil {
		return nil, item{}, r
	}
	variant := parseID(c.r.PathValue("variant_id"))
	record := c.st.priceRecords().find(list.ID, variant, c.r.PathValue("currency"))
	of, ok := c.st.cat.itemByID(variant)
	if record == nil || !ok {
		r := notFound("The price record was not found")
		return nil, item{}, &r
	}
	return record, of, nil
}

func getPriceRecord(c *call) reply {
	inc := c.q.includeOfRecords()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	record, of, r := c.record()
	if r != nil {
		return *r
	}
	return value(http.StatusOK, record.view(of, c.st.sb.opts.Choices, inc))
}

func deletePriceRecord(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	record, _, r := c.record()
	if r != nil {
		return noContent // described: the only answer but 503
	}
	st.priceRecords().drop(record.ID)
	st.flush()
	st.announce("store/priceList/record/deleted", record.event())
	return noContent
}

// deletePriceRecords deletes those that match; without a filter all of the list, as described.
func deletePriceRecords(c *call) reply {
	q, st := c.q, c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	f := &recordFilter{}
	if ids := q.integers("variant_id:in"); ids != nil {
		f.variants(ids)
	}
	if skus := q.strings("sku:in"); skus != nil {
		f.skus(&st.cat, skus)
	}
	if q.has("currency") {
		f.currencies([]string{q.str("currency")})
	}
	if r := q.problem(); r != nil {
		return *r
	}
	list, r := c.priceList()
	if r != nil {
		return *r
	}
	var gone []*priceRecord
	for _, r := range st.priceRecords().of(list.ID) {
		if f.ok(r) {
			gone = append(gone, r)
		}
	}
	for _, r := range gone {
		st.priceRecords().drop(r.ID)
	}
	st.flush()
	st.announceRecords("deleted", gone)
	return noContent
}

// event is what webhooks say of a record.
func (r *priceRecord) event() map[string]any {
	return map[string]any{"price_list_id": r.List, "variant_id": r.Variant, "currency": strings.ToUpper(r.Currency)}
}

// announceRecords tells of a batch, in one event.
func (st *Store) announceRecords(what string, records []*priceRecord) {
	if len(records) == 0 {
		return
	}
	data := make([]map[string]any, len(records))
	for i, r := range records {
		data[i] = r.event()
	}
	st.announce("store/priceList/records/"+what, data)
}
