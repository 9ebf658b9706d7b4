package prices

import (
	"fmt"
	"strings"
	"testing"

	"sluice/internal/testenv"
	"sluice/tenants"
)

// TestSoakRequestsOfCatalogue: 10,000 prices are found by pages and written 50 a request; 1 % of
// them changed is nothing but writes.
func TestSoakRequestsOfCatalogue(t *testing.T) {
	n := testenv.NewSoak(t).Size(1000, 10_000)
	w := newWorld(t, tenants.Options{optionMoved: 0.0})
	w.Store.SeedProducts(n)
	feed := func(changed int) {
		var b strings.Builder
		for i := range n {
			price := 7
			if i%100 == 5 {
				price += changed
			}
			fmt.Fprintf(&b, "SEED-%06d,%d,,,,,\n", i+1, price)
		}
		w.feed = b.String()
	}
	least := func(what string, most int, want counts) {
		t.Helper()
		var r *tenants.Run
		got, routes := w.requests(func() { r = w.run() })
		w.want(r, want)
		if got > most {
			t.Errorf("%s: %d requests, at most %d: %v", what, got, most, routes)
		}
	}
	feed(0)
	least("first", n/250+n/50, counts{Read: int64(n), Updated: int64(n)})
	least("unchanged", 0, counts{Read: int64(n), Unchanged: int64(n)})
	feed(1)
	least("1 % changed", (n/100+49)/50, counts{Read: int64(n), Updated: int64(n / 100), Unchanged: int64(n - n/100)})
}

// TestSoakRequestsOfLists: 100,000 records of five lists in two currencies are written 1,000 a
// request, whatever the order of the rows; 1,000 changed ones of a list are one request.
func TestSoakRequestsOfLists(t *testing.T) {
	const lists, currencies = 5, 2
	n := testenv.NewSoak(t).Size(5_000, 100_000)
	skus := n / lists / currencies
	w := newWorld(t, tenants.Options{optionDestination: toLists})
	w.Store.SeedProducts(skus)
	if err := w.Store.AddCurrency("EUR"); err != nil {
		t.Fatal(err)
	}
	for l := range lists {
		w.list(fmt.Sprint("List ", l))
	}
	feed := func(changed int) {
		var b strings.Builder
		for i := range skus {
			for l := range lists {
				for _, currency := range []string{"EUR", "USD"} {
					price := 5
					if l == 3 && currency == "EUR" && i%10 == 7 {
						price += changed
					}
					fmt.Fprintf(&b, "SEED-%06d,%d,,,List %d,%s,10:4; 50:3\n", i+1, price, l, currency)
				}
			}
		}
		w.feed = b.String()
	}
	least := func(what string, most int, want counts) {
		t.Helper()
		var r *tenants.Run
		got, routes := w.requests(func() { r = w.run() })
		w.want(r, want)
		if got > most || r.Throttled != 0 {
			t.Errorf("%s: %d requests, at most %d, %d of them throttled: %v", what, got, most, r.Throttled, routes)
		}
	}
	feed(0)
	least("first", n/1000+5, counts{Read: int64(n), Updated: int64(n)})
	if got := len(w.Store.PriceRecords()); got != n {
		t.Errorf("%d records", got)
	}
	least("unchanged", 0, counts{Read: int64(n), Unchanged: int64(n)})
	feed(1)
	least("1 % changed", 1, counts{Read: int64(n), Updated: int64(skus / 10), Unchanged: int64(n - skus/10)})
}

// TestAMissingListIsLookedForOnce: a list that a run is to create is missing in each window of its
// rows.
func TestAMissingListIsLookedForOnce(t *testing.T) {
	const n = 5000 // three windows
	w := newWorld(t, tenants.Options{optionDestination: toLists, optionPriceList: "Dealers", optionCreateLists: yes})
	w.Store.SeedProducts(n)
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "SEED-%06d,5,,,,USD,\n", i+1)
	}
	w.feed = b.String()
	got, routes := w.requests(func() { w.want(w.run(), counts{Read: n, Updated: n}) })
	if got != 3+n/1000 { // currencies, lists, the new list
		t.Errorf("%d requests: %v", got, routes)
	}
}
