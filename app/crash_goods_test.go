package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/internal/testenv"
	"sluice/tenants"
)

// goods are what a line carries: its products, as a kind of flow sees them.
type goods struct {
	kind string
	// seeded: the store has the products before the first run, which changes every one of them.
	seeded bool
	// flow has a line's mapping and options; without it the suggested mapping and the defaults are
	// used.
	flow func(prefix string) (tenants.Mapping, tenants.Options)
	// write makes the feed.
	write func(t testing.TB, path, prefix string, list []product)
	// want checks what stores have after all runs of their lines, and how it came there.
	want func(i *installation, lines []*line)

	// The size of TestSoakWorkersKilled: rows of a new line, those that later runs add, and kills.
	rows, more, kills int
}

// everyGoods has one of each kind of flow.
func everyGoods() []goods { return []goods{productGoods, stockGoods, priceGoods} }

var productGoods = goods{
	kind: "products", rows: 150, more: 60, kills: 20,
	write: func(t testing.TB, path, _ string, list []product) { writeCatalogue(t, path, list) },
	want:  (*installation).wantLines,
}

// stockGoods are levels at two locations. Tracking is switched on by the runs.
var stockGoods = goods{
	kind: "stock", rows: 60, kills: 8, seeded: true,
	flow: func(string) (tenants.Mapping, tenants.Options) {
		return mapped("sku", "SKU", "location", "Place", "quantity", "OnHand"), tenants.Options{"tracking": "switch"}
	},
	write: func(t testing.TB, path, _ string, list []product) {
		rows := [][]string{{"SKU", "Place", "OnHand"}}
		for n, p := range list {
			rows = append(rows, []string{p.sku, strconv.FormatInt(placeOf(n), 10), strconv.Itoa(p.stock)})
		}
		writeRows(t, path, rows)
	},
	want: (*installation).wantStock,
}

// priceGoods are prices of the catalogue in a store's first line, and records of two price lists,
// which the runs create, in its second.
var priceGoods = goods{
	kind: "prices", rows: 60, kills: 8, seeded: true,
	flow: func(prefix string) (tenants.Mapping, tenants.Options) {
		if !toLists(prefix) {
			return mapped("sku", "SKU", "price", "Price"), tenants.Options{}
		}
		return mapped("sku", "SKU", "price", "Price", "price_list", "List"),
			tenants.Options{"destination": "lists", "create_lists": "yes", "currency": "USD"}
	},
	write: func(t testing.TB, path, prefix string, list []product) {
		rows := [][]string{{"SKU", "Price", "List"}}
		for n, p := range list {
			rows = append(rows, []string{p.sku, fmt.Sprintf("%d.%02d", p.cents/100, p.cents%100), listOf(prefix, n)})
		}
		writeRows(t, path, rows)
	},
	want: (*installation).wantPrices,
}

// placeOf is the location of a line's nth product.
func placeOf(n int) int64 { return bigcommerce.DefaultLocation + int64(n%2) }

func toLists(prefix string) bool { return strings.HasSuffix(prefix, "F1") }

// listOf is the price list of a line's nth product, "" for the catalogue.
func listOf(prefix string, n int) string {
	if !toLists(prefix) {
		return ""
	}
	return []string{"Dealers of ", "Staff of "}[n%2] + prefix
}

// mapped makes a mapping of pairs of a target and a column.
func mapped(pairs ...string) (m tenants.Mapping) {
	for ; len(pairs) > 0; pairs = pairs[2:] {
		m.Fields = append(m.Fields, tenants.FieldMapping{Target: pairs[0], Expression: pairs[1]})
	}
	return m
}

// seededPrice is no line's, and so near to all that no run asks about it.
const seededPrice = 4.99

// seed makes the products of list in a store, and the second location of placeOf.
func (i *installation) seed(store sandboxStoreInfo, list []product) {
	i.t.Helper()
	ctx, client := i.t.Context(), i.client(store)
	for _, p := range list {
		_, err := client.Products.Create(ctx, bigcommerce.Fields{"name": p.name, "sku": p.sku, "type": "physical", "weight": 1, "price": seededPrice})
		if err != nil {
			i.t.Fatal(err)
		}
	}
	places := func() (n int64) {
		for _, err := range client.Locations.List(ctx) {
			if err != nil {
				i.t.Fatal(err)
			}
			n++
		}
		return n
	}
	if places() == placeOf(1) {
		return
	}
	i.post(i.sandbox.API+"/stores/"+store.Hash+"/v3/inventory/locations", store.Token, `[{
		"label": "West", "code": "WEST", "type_id": "PHYSICAL", "time_zone": "Etc/UTC", "managed_by_external_source": false,
		"address": {"address1": "1 Quay", "city": "Oakland", "state": "CA", "zip": "94607", "country_code": "US", "email": "west@shop.example",
			"geo_coordinates": {"latitude": 37.8, "longitude": -122.3}}
	}]`)
	testenv.Eventually(i.t, "the second location", func() bool { return places() == placeOf(1) })
}

// slow makes every answer of BigCommerce take some time, so that processes die while they wait for
// one.
func (i *installation) slow(ms int) {
	i.t.Helper()
	i.post(i.sandbox.Admin+"/sandbox/faults", "", fmt.Sprintf(`{"kind": %q, "ms": %d}`, sandbox.FaultLatency, ms))
}

func (i *installation) post(address, token, body string) {
	i.t.Helper()
	req, err := http.NewRequestWithContext(i.t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		i.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		i.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode >= http.StatusBadRequest {
		var answer bytes.Buffer
		_, _ = answer.ReadFrom(res.Body)
		i.t.Fatalf("POST %s: %s: %s", address, res.Status, &answer)
	}
}

// journal reads the sandbox's journal, which has every effect. The value of what was deleted is
// nil.
func (i *installation) journal(read func(store, kind string, id int64, value json.RawMessage)) {
	i.t.Helper()
	b, err := os.ReadFile(i.state + ".wal")
	if err != nil {
		i.t.Fatal(err)
	}
	for text := range strings.Lines(string(b)) {
		var entry struct {
			Store, Kind string
			ID          int64
			Value       json.RawMessage // of another form for each kind
		}
		if err := json.Unmarshal([]byte(text), &entry); err != nil {
			i.t.Fatal(err)
		}
		read(entry.Store, entry.Kind, entry.ID, entry.Value)
	}
}

// decode reads a value of the journal or of a dump.
func (i *installation) decode(data json.RawMessage, into any) {
	i.t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		i.t.Fatalf("%v in %s", err, data)
	}
}

// holding is what a dump of a store is looked at for.
type holding struct {
	Products []struct {
		SKU   string
		Price float64
	}
	Stock   []sandbox.StockLevel
	Records []sandbox.PriceRecord `json:"price_records"`
}

func (i *installation) holds(store string) (h holding) {
	i.t.Helper()
	dump, err := sandbox.Dump(i.state, store)
	if err != nil {
		i.t.Fatal(err)
	}
	i.decode(dump, &h)
	return h
}

// eachStore calls check with each store and its lines.
func (i *installation) eachStore(lines []*line, check func(store string, lines []*line)) {
	i.t.Helper()
	for n, store := range i.sandbox.Stores {
		var of []*line
		for _, l := range lines {
			if l.merchant == i.merchants[n] {
				of = append(of, l)
			}
		}
		check(store.Hash, of)
	}
}

// wantStock checks that each level of the lines, and no other, is what it was last. No write was
// relative, and none brought back what was there before: quantities only grow here.
func (i *installation) wantStock(lines []*line) {
	i.t.Helper()
	type level struct {
		sku string
		at  int64
	}
	i.eachStore(lines, func(store string, lines []*line) {
		want := map[level]int64{}
		for _, l := range lines {
			for n, p := range l.list {
				want[level{p.sku, placeOf(n)}] = int64(p.stock)
			}
		}
		got := i.holds(store).Stock
		for _, l := range got {
			if quantity, known := want[level{l.SKU, l.LocationID}]; !known || quantity != l.Quantity {
				i.t.Errorf("store %s has %d of %s at %d, want %d (%v)", store, l.Quantity, l.SKU, l.LocationID, quantity, known)
			}
		}
		if len(got) != len(want) {
			i.t.Errorf("store %s has %d levels, want %d", store, len(got), len(want))
		}
	})
	type item struct {
		store    string
		item, at int64
	}
	last := map[item]int64{}
	i.journal(func(store, kind string, _ int64, value json.RawMessage) {
		if kind != "stock_write" || value == nil {
			return
		}
		var write struct {
			Does struct {
				Relative bool
				Items    []struct{ Item, Location, Quantity int64 }
			}
		}
		i.decode(value, &write)
		if write.Does.Relative {
			i.t.Errorf("store %s: a relative adjustment: %s", store, value)
		}
		for _, a := range write.Does.Items {
			of := item{store, a.Item, a.Location}
			if a.Quantity < last[of] {
				i.t.Errorf("store %s: %d of item %d at %d were written after %d", store, a.Quantity, a.Item, a.Location, last[of])
			}
			last[of] = a.Quantity
		}
	})
	if len(last) == 0 {
		i.t.Error("the journal has no adjustment")
	}
	i.wantCreatedOnce(lines)
}

// wantPrices checks that each price of the lines is what it was last, and that each price list and
// each record was made once.
func (i *installation) wantPrices(lines []*line) {
	i.t.Helper()
	i.eachStore(lines, func(store string, lines []*line) {
		catalogue, records := map[string]string{}, map[string]string{}
		for _, l := range lines {
			for n, p := range l.list {
				price := fmt.Sprintf("%.2f", float64(p.cents)/100)
				catalogue[p.sku] = price
				if list := listOf(l.prefix, n); list != "" {
					catalogue[p.sku] = fmt.Sprint(seededPrice)
					records[p.sku+" "+list] = price
				}
			}
		}
		h := i.holds(store)
		for _, p := range h.Products {
			if got := fmt.Sprintf("%.2f", p.Price); got != catalogue[p.SKU] {
				i.t.Errorf("store %s: %s costs %s, want %q", store, p.SKU, got, catalogue[p.SKU])
			}
		}
		for _, r := range h.Records {
			var price float64
			i.decode(r.Price, &price)
			if want := records[r.SKU+" "+r.PriceList]; fmt.Sprintf("%.2f", price) != want {
				i.t.Errorf("store %s: %s costs %.2f on list %s, want %q", store, r.SKU, price, r.PriceList, want)
			}
		}
		if len(h.Products) != len(catalogue) || len(h.Records) != len(records) {
			i.t.Errorf("store %s has %d products and %d records, want %d and %d", store, len(h.Products), len(h.Records), len(catalogue), len(records))
		}
	})
	made := map[string]int64{} // ids of lists and records
	i.journal(func(store, kind string, id int64, value json.RawMessage) {
		var of struct {
			Name          string
			List, Variant int64
			Currency      string
		}
		switch kind {
		case "price_list", "price_record":
			i.decode(value, &of)
		default:
			return
		}
		what := fmt.Sprintf("store %s: %s %+v", store, kind, of)
		if first := made[what]; first != 0 && first != id {
			i.t.Errorf("%s was made twice", what)
		}
		made[what] = id
	})
	if len(made) == 0 {
		i.t.Error("the journal has no price list")
	}
	i.wantCreatedOnce(lines)
}
