package prices

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/jobs/flow"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// TestCataloguePrices: prices go to products without options by their base variants and to variants
// by their SKUs; what is no variant is refused with what to do, and what changes by hand is set
// right.
func TestCataloguePrices(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		w := worldThat(t, db, sandbox.Choices{}, nil)
		w.product("A", "1")
		w.product("B", "2")
		w.product("PAD ", "1")
		w.product("COMMA,1", "1")
		w.variants(w.product("SHIRT", "10"), "SHIRT-S", "SHIRT-M")
		w.feed = "A,1.5,,0.5,,,\nb,2,,,,,\nPAD,3,,,,,\nSHIRT-S,9,8,,,,\nSHIRT,9,,,,,\nGONE,9,,,,,\n\"COMMA,1\",4,,,,,\nEMPTY,,,,,,\nA,7,,,,,\n"
		r := w.run()
		w.want(r, counts{Read: 9, Updated: 4, Unchanged: 1, Failed: 4})
		if d := cmp.Diff([]string{
			"A: 1.5 0 0.5", "B: 2 0 0", "COMMA,1: 4 0 0", "PAD : 3 0 0", "SHIRT-M: - - -", "SHIRT-S: 9 8 -",
		}, w.catalogue()); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{
			"A: cost_price 0 → 0.5", "A: price 1 → 1.5", "COMMA,1: price 1 → 4", "PAD: price 1 → 3",
			"SHIRT-S: price <nil> → 9", "SHIRT-S: sale_price <nil> → 8",
		}, w.journal(r)); d != "" {
			t.Error(d)
		}
		w.told(r, flow.SeverityError, "6 SHIRT sku:", "has options", "SKUs of the variants")
		w.told(r, flow.SeverityError, "7 GONE sku:", "no product or variant")
		w.told(r, flow.SeverityError, "9 EMPTY price:", "no price")
		w.told(r, flow.SeverityError, "10 A sku:", "already in row 2")
		w.told(r, flow.SeverityWarning, "4 PAD sku:", "spaces around it")

		w.feed = "A,1.5,,0.5,,,\nb,2,,,,,\nPAD,3,,,,,\nSHIRT-S,9,8,,,,\n\"COMMA,1\",4,,,,,\n"
		if n, routes := w.requests(func() { w.want(w.run(), counts{Read: 5, Unchanged: 5}) }); n != 0 {
			t.Errorf("unchanged: %v", routes)
		}
		w.feed = strings.Replace(w.feed, "SHIRT-S,9,8", "SHIRT-S,9.00006,8", 1)
		n, routes := w.requests(func() { r = w.run() })
		w.want(r, counts{Read: 5, Updated: 1, Unchanged: 4})
		if d := cmp.Diff([]string{"SHIRT-S: price 9 → 9.00006"}, w.journal(r)); d != "" || n != 1 {
			t.Error(n, routes, d)
		}
	})
}

// TestCatalogueHasOneCurrency: a price in another currency than the store's own is none of the
// catalogue's.
func TestCatalogueHasOneCurrency(t *testing.T) {
	w := newWorld(t, nil)
	if err := w.Store.AddCurrency("EUR"); err != nil {
		t.Fatal(err)
	}
	w.product("A", "1")
	w.product("B", "2")
	w.product("C", "3")
	w.feed = "A,9,,,,EUR,\nB,8,,,,usd,\nC,7,,,,,\n"
	r := w.run()
	w.want(r, counts{Read: 3, Updated: 2, Failed: 1})
	w.told(r, flow.SeverityError, "2 A currency:", "the store's own currency, USD")
	if d := cmp.Diff([]string{"A: 1 0 0", "B: 8 0 0", "C: 7 0 0"}, w.catalogue()); d != "" {
		t.Error(d)
	}
	if n, routes := w.requests(func() { w.want(w.run(), counts{Read: 3, Unchanged: 2, Failed: 1}) }); n > 1 {
		t.Errorf("unchanged: %v", routes)
	}
}

// TestAListIsNotTheCatalogue: a price of a list is not what everybody sees, though the flow was
// told to write the catalogue's prices.
func TestAListIsNotTheCatalogue(t *testing.T) {
	w := newWorld(t, nil)
	w.product("A", "30")
	w.product("B", "20")
	w.feed = "A,19,,,Dealers,,\nA,25,,,Retail,,\nB,21,,,,,\n"
	r := w.run()
	w.want(r, counts{Read: 3, Updated: 1, Failed: 2})
	w.told(r, flow.SeverityError, "2 A price_list:", "about a price list")
	if d := cmp.Diff([]string{"A: 30 0 0", "B: 21 0 0"}, w.catalogue()); d != "" {
		t.Error(d)
	}
}

// TestABasePriceIsTheProducts: what a base variant is given is its product's price.
func TestABasePriceIsTheProducts(t *testing.T) {
	w := newWorld(t, nil)
	id := w.product("A", "1")
	w.feed = "A,1.5,,,,,\n"
	w.want(w.run(), counts{Read: 1, Updated: 1})
	for p, err := range w.Hand().Products.List(w.Ctx, bigcommerce.ProductFilter{IDs: []int64{id}}) {
		if err != nil || p.Price.String() != "1.5" {
			t.Errorf("%+v %v", p, err)
		}
	}
}

// TestDryRunOfCatalogue changes nothing and says what would change.
func TestDryRunOfCatalogue(t *testing.T) {
	w := newWorld(t, nil)
	w.product("A", "1")
	w.feed = "A,1.5,,,,,\n"
	r := w.run(upserttest.DryRun)
	w.want(r, counts{Read: 1, Updated: 1})
	if d := cmp.Diff([]string{"A: 1 0 0"}, w.catalogue()); d != "" {
		t.Error(d)
	}
}

// TestOneBadPriceOfABatch: the others of its batch are sent again in one request.
func TestOneBadPriceOfABatch(t *testing.T) {
	w := newWorld(t, tenants.Options{optionMoved: 0.0})
	w.Store.SeedProducts(50)
	feed := func(price string) string {
		var b strings.Builder
		for i := range 50 {
			fmt.Fprintf(&b, "SEED-%06d,%s,,,,,\n", i+1, price)
		}
		return b.String()
	}
	w.feed = feed("7")
	w.want(w.run(), counts{Read: 50, Updated: 50})
	var gone []int64
	for p, err := range w.Hand().Products.List(w.Ctx, bigcommerce.ProductFilter{SKUs: []string{"SEED-000007"}}) {
		if err != nil {
			t.Fatal(err)
		}
		gone = append(gone, p.ID)
	}
	if err := w.Hand().Products.Delete(w.Ctx, gone); err != nil {
		t.Fatal(err)
	}
	w.feed = feed("8")
	var r *tenants.Run
	n, routes := w.requests(func() { r = w.run() })
	w.want(r, counts{Read: 50, Updated: 49, Failed: 1})
	w.told(r, flow.SeverityError, "8 SEED-000007 sku:", "no product or variant")
	if n > 6 { // refused, the rest, by id, by product, by variant, absent
		t.Errorf("%d requests: %v", n, routes)
	}
}

// TestAPriceThatIsRoundedLandsOnce: BigCommerce keeps four decimals; neither memory nor a look at
// the store makes a change of that.
func TestAPriceThatIsRoundedLandsOnce(t *testing.T) {
	w := newWorld(t, nil)
	w.product("A", "1")
	w.feed = "A,1.23456,,,,,\n"
	w.want(w.run(), counts{Read: 1, Updated: 1})
	w.forget()
	w.want(w.run(), counts{Read: 1, Unchanged: 1})
}

// forget makes the next run compare all with the store.
func (w *world) forget() {
	w.Helper()
	if err := w.DB.Scoped(w.Ctx).Model(&tenants.Record{}).Where("flow_id = ?", w.Flow.ID).Update("source_hash", "").Error; err != nil {
		w.Fatal(err)
	}
	if err := w.DB.Scoped(w.Ctx).Where("flow_id = ?", w.Flow.ID).Delete(&tenants.RememberedRecord{}).Error; err != nil {
		w.Fatal(err)
	}
}

// TestVariantsOfOptionsArePaged: variants are asked for one by one only while that is cheaper than
// all pages.
func TestVariantsOfOptionsArePaged(t *testing.T) {
	w := newWorld(t, nil)
	w.Store.SeedProducts(700)
	var skus []string
	var feed strings.Builder
	for i := range 300 {
		skus = append(skus, fmt.Sprintf("SHIRT-%03d", i))
		if i < 260 {
			fmt.Fprintf(&feed, "SHIRT-%03d,9,,,,,\n", i)
		}
	}
	w.variants(w.product("SHIRT", "10"), skus...)
	w.feed = feed.String()
	n, routes := w.requests(func() { w.want(w.run(), counts{Read: 260, Updated: 260}) })
	if most := 1 + alone + 4 + 6; n > most {
		t.Errorf("%d requests, at most %d: %v", n, most, routes)
	}
}
