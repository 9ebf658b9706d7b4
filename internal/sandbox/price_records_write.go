package sandbox

import (
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The tables of the descriptions, with what only their texts say: prices are never below zero, may
// be empty, and are kept with four decimals like the catalogue's; a tier without a most has no end.
var (
	recordSpecs       = withPrices(priceRecordFields)
	recordAcrossSpecs = withPrices(priceRecordsFields)
	oneRecordSpecs    = withPrices(onePriceRecordFields)

	recordSpecIndex       = index(recordSpecs)
	recordAcrossSpecIndex = index(recordAcrossSpecs)
	oneRecordSpecIndex    = index(oneRecordSpecs)
)

func withPrices(specs []fieldSpec) []fieldSpec {
	out := slices.Clone(specs)
	for i := range out {
		f := &out[i]
		switch {
		case slices.Contains(pricesOfRecord, f.name):
			f.min, f.decimals, f.nullable = num(0), 4, true
		case f.name == "bulk_pricing_tiers":
			f.fields = slices.Clone(f.fields)
			for j := range f.fields {
				switch t := &f.fields[j]; t.name {
				case "amount":
					t.min, t.decimals, t.required = num(0), 4, true
				case "quantity_min":
					t.min, t.required = num(1), true
				case "quantity_max":
					t.min, t.nullable = num(0), true
				case "type":
					t.required = true
				}
			}
		}
	}
	return out
}

// recordWrite is one record of a request, checked.
type recordWrite struct {
	key  recordKey
	vals map[string]string // canonical, by field; "null" for empty
}

// recordBatch is a request that writes records.
type recordBatch struct {
	st     *Store
	create bool // records that are there already are refused
	specs  []fieldSpec
	idx    map[string]uint8
	list   int64 // 0: each record names its own

	seen   map[recordKey]bool
	writes []recordWrite
	failed []recordFailure
}

// recordFailure is one element of batch_errors.
type recordFailure struct {
	Data   map[string]any    `json:"data"`
	Errors map[string]string `json:"field_errors"`
}

// check takes one record of the request. The caller holds the store's lock.
func (b *recordBatch) check(in map[string]any) {
	vals, errs := validate(b.specs, b.idx, in, false, "")
	w := recordWrite{vals: map[string]string{}}
	for _, v := range vals {
		w.vals[b.specs[v.field].name] = v.raw
	}
	w.key.list = b.list
	if b.list == 0 {
		switch w.key.list = parseID(w.vals["price_list_id"]); {
		case in["price_list_id"] == nil:
			errs["price_list_id"] = msgMissing
		case errs["price_list_id"] == "" && b.st.priceLists().byID[w.key.list] == nil:
			errs["price_list_id"] = "the price list does not exist"
		}
	}
	w.key.variant = b.st.variantOfRecord(w.vals, in, errs)
	w.key.currency = b.st.currencyOfRecord(unquote(w.vals["currency"]), in["currency"] != nil, errs)
	if len(errs) == 0 {
		checkTiers(w.vals["bulk_pricing_tiers"], b.st.sb.opts.Choices, errs)
	}
	if len(errs) == 0 {
		b.conflicts(w, errs)
	}
	if len(errs) > 0 {
		b.fail(in, errs)
		return
	}
	b.seen[w.key] = true
	b.writes = append(b.writes, w)
}

// conflicts checks what is only known beside other records.
func (b *recordBatch) conflicts(w recordWrite, errs map[string]string) {
	choices := b.st.sb.opts.Choices
	there, twice := b.st.priceRecords().byKey[w.key] != 0, b.seen[w.key]
	price := w.vals["price"]
	if price == "" && (there || twice) && !choices.RecordsReplaced {
		price = "the one before"
	}
	switch {
	case b.create && there:
		errs["variant_id"] = "the price list has a record of this variant and currency already"
	case twice && (b.create || !choices.RepeatedRecordsTaken):
		errs["variant_id"] = "the request has another record of this variant and currency"
	case (price == "" || price == "null") && !choices.RecordsWithoutPrice:
		errs["price"] = msgMissing
	}
}

// fail refuses a record, which is named as it was sent.
func (b *recordBatch) fail(in map[string]any, errs map[string]string) {
	data := map[string]any{}
	if b.list != 0 {
		data["price_list_id"] = b.list
	}
	for _, name := range []string{"price_list_id", "variant_id", "sku", "currency"} {
		if v, sent := in[name]; sent && data[name] == nil {
			data[name] = v
		}
	}
	b.failed = append(b.failed, recordFailure{data, errs})
}

// variantOfRecord finds the variant that a record is of, by its id or its SKU. The SKU of a product
// with options is none of a variant.
func (st *Store) variantOfRecord(vals map[string]string, in map[string]any, errs map[string]string) int64 {
	id, sku := parseID(vals["variant_id"]), unquote(vals["sku"])
	byID, okID := st.cat.itemByID(id)
	bySKU, okSKU := st.cat.itemBySKU(sku)
	switch {
	case errs["variant_id"] != "" || errs["sku"] != "":
	case in["variant_id"] == nil && in["sku"] == nil:
		errs["variant_id"] = "either variant_id or sku is required"
	case in["variant_id"] != nil && !okID:
		errs["variant_id"] = "the variant does not exist"
	case in["sku"] != nil && (!okSKU || sku == ""):
		errs["sku"] = "no variant has this sku"
	case in["variant_id"] != nil && in["sku"] != nil && byID != bySKU:
		errs["sku"] = "the sku is not that of the variant"
	case okID:
		return byID.id()
	default:
		return bySKU.id()
	}
	return 0
}

// currencyOfRecord checks that the store has a currency, and returns it in lower case.
func (st *Store) currencyOfRecord(code string, sent bool, errs map[string]string) string {
	switch {
	case errs["currency"] != "":
	case !sent:
		errs["currency"] = msgMissing
	case st.currencies().named(code) == nil:
		errs["currency"] = "the store does not have this currency"
	}
	return strings.ToLower(code)
}

// checkTiers checks what the descriptions leave to sense: ranges that do not overlap, in rising
// order, and no more than all of a price taken off.
func checkTiers(raw string, choices Choices, errs map[string]string) {
	if raw == "" || raw == "null" {
		return
	}
	var tiers []struct {
		From   int64   `json:"quantity_min"`
		To     *int64  `json:"quantity_max"`
		Type   string  `json:"type"`
		Amount float64 `json:"amount"`
	}
	_ = json.Unmarshal([]byte(raw), &tiers) // validate made it
	end := func(i int) int64 {
		if to := tiers[i].To; to != nil && *to != 0 {
			return *to
		}
		return math.MaxInt64
	}
	for i, t := range tiers {
		at := "bulk_pricing_tiers." + strconv.Itoa(i) + "."
		if end(i) < t.From {
			errs[at+"quantity_max"] = "quantity_max must not be less than quantity_min"
		}
		if t.Type == "percent" && t.Amount > 100 {
			errs[at+"amount"] = msgMax
		}
		for j := range tiers[:i] {
			if t.From <= end(j) && tiers[j].From <= end(i) {
				errs[at+"quantity_min"] = "the quantities overlap those of another tier"
			} else if t.From < tiers[j].From && !choices.TiersInAnyOrder {
				errs[at+"quantity_min"] = "the tiers must be in the order of their quantities"
			}
		}
	}
}

// save writes what was checked, and returns the records that are new and those that are other than
// before.
func (b *recordBatch) save() (created, updated []*priceRecord) {
	k := b.st.priceRecords()
	for _, w := range b.writes {
		old := k.byID[k.byKey[w.key]]
		next := b.st.changedRecord(old, w)
		switch {
		case old == nil:
			next.ID, next.Created = b.st.nextID(kindPriceRecord, 1), b.st.sb.now().Unix()
			created = append(created, next)
		case next.Tiers == old.Tiers && maps.Equal(next.Prices, old.Prices):
			continue // no news
		default:
			updated = append(updated, next)
		}
		next.Modified = b.st.sb.now().Unix()
		k.put(next)
	}
	b.st.flush()
	return created, updated
}

// changedRecord is a record as a write leaves it; old is nil for a new one. What becomes of fields
// that were not sent is not described.
func (st *Store) changedRecord(old *priceRecord, w recordWrite) *priceRecord {
	next := &priceRecord{List: w.key.list, Variant: w.key.variant, Currency: w.key.currency}
	if old != nil {
		*next = *old
	}
	if old == nil || st.sb.opts.Choices.RecordsReplaced {
		next.Prices, next.Tiers = nil, ""
	}
	prices := map[string]string{}
	maps.Copy(prices, next.Prices)
	for _, name := range pricesOfRecord {
		switch raw := w.vals[name]; raw {
		case "":
		case "null":
			delete(prices, name)
		default:
			prices[name] = raw
		}
	}
	next.Prices = prices
	switch raw := w.vals["bulk_pricing_tiers"]; raw {
	case "":
	case "[]":
		next.Tiers = ""
	default:
		next.Tiers = sortedTiers(raw)
	}
	return next
}

// sortedTiers puts tiers in the order of their quantities. A missing end is null, as answers have
// it.
func sortedTiers(raw string) string {
	list := decodeRaw[[]any](raw)
	from := func(v any) float64 {
		m, _ := v.(map[string]any)
		n, _ := m["quantity_min"].(json.Number)
		f, _ := n.Float64()
		return f
	}
	slices.SortStableFunc(list, func(a, b any) int { return int(math.Copysign(1, from(a)-from(b))) })
	for _, v := range list {
		if m, ok := v.(map[string]any); ok && m["quantity_max"] == nil {
			m["quantity_max"] = nil
		}
	}
	return compact(list)
}

func createRecords(c *call) reply { return c.writeRecords(true, false) }
func upsertRecords(c *call) reply { return c.writeRecords(false, false) }

func createRecordsAcross(c *call) reply { return c.writeRecords(true, true) }
func upsertRecordsAcross(c *call) reply { return c.writeRecords(false, true) }

// writeRecords is the batch: all of it, or nothing, or all but what is wrong, see Choices.
func (c *call) writeRecords(create, across bool) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObjects()
	if r != nil {
		return *r
	}
	most := maxPriceUpsertBatch
	if create {
		most = maxPriceCreateBatch
	}
	if len(in) > most {
		return fail(http.StatusRequestEntityTooLarge, "The request payload is too large. The maximum items allowed in the array is "+strconv.Itoa(most), nil)
	}
	if len(in) == 0 {
		return invalid(map[string]string{"obj": "error.minItems"})
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	b := recordBatch{st: st, create: create, specs: recordSpecs, idx: recordSpecIndex, seen: map[recordKey]bool{}}
	if across {
		b.specs, b.idx = recordAcrossSpecs, recordAcrossSpecIndex
	} else {
		list, r := c.priceList()
		if r != nil {
			return *r
		}
		b.list = list.ID
	}
	for i, record := range in {
		if c.partial && i == len(in)-1 {
			b.fail(record, map[string]string{"price": msgAsked})
			break
		}
		b.check(record)
	}
	if len(b.failed) == 0 || st.sb.opts.Choices.GoodOfBatchSaved {
		created, updated := b.save()
		st.announceRecords("created", created)
		st.announceRecords("updated", updated)
	}
	if len(b.failed) == 0 {
		return value(http.StatusOK, map[string]any{})
	}
	// Across lists the descriptions have one failure, without a list of them.
	body := any(b.failed[0])
	if !across || st.sb.opts.Choices.RecordFailuresListed {
		body = map[string]any{"batch_errors": b.failed}
	}
	r2 := okJSON(http.StatusUnprocessableEntity, body)
	r2.err = titleFields
	return r2
}

// setPriceRecord creates or changes the one record of the path.
func setPriceRecord(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	list, r := c.priceList()
	if r != nil {
		return *r
	}
	of, ok := st.cat.itemByID(parseID(c.r.PathValue("variant_id")))
	if !ok {
		return notFound("The variant with id " + c.r.PathValue("variant_id") + " was not found")
	}
	vals, errs := validate(oneRecordSpecs, oneRecordSpecIndex, in, false, "")
	w := recordWrite{vals: map[string]string{}}
	for _, v := range vals {
		w.vals[oneRecordSpecs[v.field].name] = v.raw
	}
	w.key = recordKey{list.ID, of.id(), st.currencyOfRecord(c.r.PathValue("currency"), true, errs)}
	if len(errs) == 0 {
		checkTiers(w.vals["bulk_pricing_tiers"], st.sb.opts.Choices, errs)
	}
	b := recordBatch{st: st, writes: []recordWrite{w}}
	if len(errs) == 0 {
		b.conflicts(w, errs)
	}
	if len(errs) > 0 {
		return invalid(errs)
	}
	created, updated := b.save()
	for event, records := range map[string][]*priceRecord{"created": created, "updated": updated} {
		for _, r := range records {
			st.announce("store/priceList/record/"+event, r.event())
		}
	}
	record := st.priceRecords().find(w.key.list, w.key.variant, w.key.currency)
	return value(http.StatusOK, record.view(of, st.sb.opts.Choices, include{tiers: true}))
}
