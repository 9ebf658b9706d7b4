package prices

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/internal/sandbox"
	"sluice/jobs/flow"
	"sluice/jobs/upsert"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// listsWorld is a world of three products, two price lists and two currencies.
func listsWorld(t testing.TB, db *tenants.DB, choices sandbox.Choices, options tenants.Options) *world {
	t.Helper()
	if options == nil {
		options = tenants.Options{}
	}
	options[optionDestination] = toLists
	w := worldThat(t, db, choices, options)
	if err := w.Store.AddCurrency("EUR"); err != nil {
		t.Fatal(err)
	}
	for _, sku := range []string{"A", "B", "C"} {
		w.product(sku, "1")
	}
	w.variants(w.product("SHIRT", "10"), "SHIRT-S")
	w.list("Dealers")
	w.list("Staff")
	return w
}

// TestListPrices: records land by list, SKU and currency; what is wrong with one keeps no other
// out; an unchanged run makes no request, and a changed price one.
func TestListPrices(t *testing.T) {
	for name, choices := range map[string]sandbox.Choices{
		"nothing of a bad batch is saved": {},
		"the good of a batch is saved":    {GoodOfBatchSaved: true, RecordsReplaced: true},
	} {
		t.Run(name, func(t *testing.T) {
			tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
				w := listsWorld(t, db, choices, nil)
				staff := w.Hand()
				id := int64(0)
				for l, err := range staff.PriceLists.List(w.Ctx, bigcommerce.PriceListFilter{Name: "Staff"}) {
					if err != nil {
						t.Fatal(err)
					}
					id = l.ID
				}
				w.feed = "A,9,8,3,Dealers,EUR,10:8.50; 50:5%\n" +
					"A,10,,,dealers,usd,\n" +
					"a,7,,," + string(rune('0'+id)) + ",EUR,\n" +
					"SHIRT-S,6,,,Staff,USD,\n" +
					"SHIRT,6,,,Staff,USD,\n" +
					"LOST,6,,,Dealers,EUR,\n" +
					"B,6,,,Nobody,EUR,\n" +
					"B,6,,,Dealers,GBP,\n" +
					"B,6,,,Dealers,,\n" +
					"B,6,,,,EUR,\n" +
					"B,,5,,Dealers,EUR,\n" +
					"B,6,,,Dealers,EUR,10 for 5\n" +
					"A,11,,,Dealers,USD,\n"
				r := w.run()
				w.want(r, counts{Read: 13, Updated: 4, Failed: 9})
				want := []string{
					`Dealers A eur: 9 8 [{"amount":8.5,"quantity_max":49,"quantity_min":10,"type":"fixed"},{"amount":5,"quantity_max":null,"quantity_min":50,"type":"percent"}]`,
					"Dealers A usd: 10 null []", "Staff A eur: 7 null []", "Staff SHIRT-S usd: 6 null []",
				}
				if d := cmp.Diff(want, w.records()); d != "" {
					t.Error(d)
				}
				for _, texts := range [][]string{
					{"6 SHIRT · Staff · USD sku:", "of its variants"}, {"7 LOST · Dealers · EUR sku:", "no product or variant with this SKU"},
					{"8 B · Nobody · EUR price_list:", "no price list"}, {"9 B · Dealers · GBP currency:", "no currency"},
					{"10 B currency:", "names no currency"}, {"11 B price_list:", "names no price list"},
					{"12 B · Dealers · EUR price:", "needs one"}, {"13 B · Dealers · EUR bulk_pricing_tiers:", "no colon"},
					{"14 A · Dealers · USD sku:", "already in row 3"},
				} {
					w.told(r, flow.SeverityError, texts...)
				}
				w.feed = strings.Join(strings.SplitAfter(w.feed, "\n")[:4], "")
				if n, routes := w.requests(func() { w.want(w.run(), counts{Read: 4, Unchanged: 4}) }); n != 0 {
					t.Errorf("unchanged: %v", routes)
				}
				w.feed = strings.Replace(w.feed, "A,9,8,3", "A,9.5,8,4", 1)
				n, routes := w.requests(func() { r = w.run() })
				w.want(r, counts{Read: 4, Updated: 1, Unchanged: 3})
				if d := cmp.Diff([]string{"A · Dealers · EUR: price 9 → 9.5"}, w.journal(r)); d != "" || n != 1 {
					t.Error(n, routes, d)
				}
				want[0] = strings.Replace(want[0], ": 9 8", ": 9.5 8", 1)
				if d := cmp.Diff(want, w.records()); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

// TestACostIsNoPriceOfAList: a cost that changes writes nothing, for records have none.
func TestACostIsNoPriceOfAList(t *testing.T) {
	w := listsWorld(t, tenantstest.AnyDB(t), sandbox.Choices{}, tenants.Options{optionPriceList: "Dealers", optionCurrency: "eur"})
	w.feed = "A,9,,3,,,\n"
	w.want(w.run(), counts{Read: 1, Updated: 1})
	w.feed = "A,9,,4,,,\n"
	if n, _ := w.requests(func() { w.want(w.run(), counts{Read: 1, Unchanged: 1}) }); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// TestReadFirst: records that are right already are left alone, the others show what they were;
// what changes afterwards needs no look.
func TestReadFirst(t *testing.T) {
	for name, choices := range map[string]sandbox.Choices{"null": {}, "left out": {UnsetPricesLeftOut: true}} {
		t.Run(name, func(t *testing.T) {
			w := listsWorld(t, tenantstest.AnyDB(t), choices, tenants.Options{optionFirst: firstRead})
			w.product("X,1", "1")
			dealers, err := listNamed(w.Ctx, w.Hand(), "Dealers")
			if err != nil {
				t.Fatal(err)
			}
			tiers, _ := parseTiers("10:5; 50:4")
			if err := w.Hand().PriceLists.UpsertRecords(w.Ctx, dealers, []bigcommerce.Fields{
				{"sku": "A", "currency": "eur", "price": 9, "bulk_pricing_tiers": fieldOfTiers(tiers)}, {"sku": "B", "currency": "eur", "price": 8},
				{"sku": "X,1", "currency": "eur", "price": 8},
			}); err != nil {
				t.Fatal(err)
			}
			w.feed = "a,9,,,Dealers,EUR,10:5; 50:4\nB,9,,,Dealers,EUR,10:5\nC,9,,,Dealers,EUR,\nA,7,,,Staff,EUR,\nA,9,,,Dealers,USD,\n\"X,1\",8,,,Dealers,EUR,\n"
			r := w.run()
			w.want(r, counts{Read: 6, Updated: 4, Unchanged: 2})
			if d := cmp.Diff([]string{
				"A · Dealers · USD: price <nil> → 9", "A · Staff · EUR: price <nil> → 7",
				"B · Dealers · EUR: bulk_pricing_tiers  → 10:5", "B · Dealers · EUR: price 8 → 9", "C · Dealers · EUR: price <nil> → 9",
			}, w.journal(r)); d != "" {
				t.Error(d)
			}
			w.feed = strings.Replace(w.feed, "a,9", "a,9.5", 1)
			n, routes := w.requests(func() { r = w.run() })
			w.want(r, counts{Read: 6, Updated: 1, Unchanged: 5})
			if d := cmp.Diff([]string{"a · Dealers · EUR: price 9 → 9.5"}, w.journal(r)); d != "" || n != 1 {
				t.Error(n, routes, d)
			}
		})
	}
}

// TestMissingListsAreMade: a list that is missing is made and assigned to whom the option says;
// what cannot be assigned is a warning. A dry run makes nothing and says what would be made.
func TestMissingListsAreMade(t *testing.T) {
	w := listsWorld(t, tenantstest.AnyDB(t), sandbox.Choices{}, tenants.Options{
		optionCreateLists: yes, optionCurrency: "EUR",
		optionAssign: map[string]any{
			"Fresh":   "group:Resellers; channel:Outlet; group:VIP on channel:Outlet; group:Nobody",
			"Dealers": "channel:1",
		},
	})
	resellers, err := w.Store.AddCustomerGroup("Resellers")
	if err != nil {
		t.Fatal(err)
	}
	vip, err := w.Store.AddCustomerGroup("VIP")
	if err != nil {
		t.Fatal(err)
	}
	outlet, err := w.Store.AddChannel(sandbox.ChannelSpec{Name: "Outlet", Platform: "catalyst"})
	if err != nil {
		t.Fatal(err)
	}
	staff, err := listNamed(w.Ctx, w.Hand(), "Staff")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Hand().PriceLists.Reassign(w.Ctx, staff, vip.ID, outlet.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.Hand().PriceLists.Assign(w.Ctx, []bigcommerce.PriceListAssignment{{PriceListID: staff, ChannelID: 1}}); err != nil {
		t.Fatal(err)
	}
	w.feed = "A,9,,,Fresh,,\nB,9,,,Fresh,,\nA,9,,,Dealers,,\n"
	r := w.run(upserttest.DryRun)
	w.want(r, counts{Read: 3, Updated: 3})
	w.told(r, flow.SeverityWarning, "price lists would be created", "Fresh")
	if len(w.records()) != 0 {
		t.Error(w.records())
	}
	r = w.run()
	w.want(r, counts{Read: 3, Updated: 3})
	w.told(r, flow.SeverityWarning, "assign: Fresh", "group:Nobody: the store has no customer group")
	w.told(r, flow.SeverityWarning, "assign: fresh", "group:VIP on channel:Outlet now, and price list \"Staff\" no longer is")
	w.told(r, flow.SeverityWarning, "assign: Dealers", "channel:1", "Staff")
	fresh, err := listNamed(w.Ctx, w.Hand(), "Fresh")
	if err != nil {
		t.Fatal(err)
	}
	var got []savedAssignmentOf
	for a, err := range w.Hand().PriceLists.Assignments(w.Ctx, bigcommerce.AssignmentFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, savedAssignmentOf{savedAssignment{a.CustomerGroupID, a.ChannelID}, a.PriceListID})
	}
	for _, want := range []savedAssignmentOf{
		{savedAssignment{resellers.ID, 0}, fresh}, {savedAssignment{0, outlet.ID}, fresh}, {savedAssignment{vip.ID, outlet.ID}, fresh}, {savedAssignment{0, 1}, staff},
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%+v is missing of %+v", want, got)
		}
	}
	if len(got) != 4 {
		t.Errorf("%+v", got)
	}
	if n, routes := w.requests(func() { w.want(w.run(), counts{Read: 3, Unchanged: 3}) }); n != 0 {
		t.Errorf("unchanged: %v", routes)
	}
	w.feed = strings.Replace(w.feed, "B,9", "B,8", 1)
	_, routes := w.requests(func() { w.want(w.run(), counts{Read: 3, Updated: 1, Unchanged: 2}) })
	if routes["POST /v3/pricelists"] != 0 || routes["POST /v3/pricelists/assignments"] != 0 {
		t.Errorf("%v", routes)
	}
}

// TestADeletedListIsMissed: prices of a list that was deleted are refused with its name, or go to a
// new one.
func TestADeletedListIsMissed(t *testing.T) {
	for create, want := range map[string]counts{no: {Read: 2, Unchanged: 1, Failed: 1}, yes: {Read: 2, Updated: 1, Unchanged: 1}} {
		t.Run(create, func(t *testing.T) {
			w := listsWorld(t, tenantstest.AnyDB(t), sandbox.Choices{}, tenants.Options{optionCreateLists: create, optionPriceList: "Dealers", optionCurrency: "EUR"})
			w.feed = "A,9,,3,,,\nB,9,,,,,\n"
			w.want(w.run(), counts{Read: 2, Updated: 2})
			id, err := listNamed(w.Ctx, w.Hand(), "Dealers")
			if err != nil {
				t.Fatal(err)
			}
			w.dropList(id)
			w.feed = "A,9,,3,,,\nB,8,,,,,\n"
			r := w.run()
			w.want(r, want)
			if create == no {
				w.told(r, flow.SeverityError, "3 B · Dealers · EUR price_list:", "no price list")
				return
			}
			if got := w.records(); len(got) != 1 || got[0] != "Dealers B eur: 8 null []" {
				t.Error(got)
			}
			w.feed = "A,9,,5,,,\nB,8,,,,,\n" // the price is the old list's, which the new one does not have
			w.want(w.run(), counts{Read: 2, Updated: 1, Unchanged: 1})
			if got := w.records(); len(got) != 2 {
				t.Error(got)
			}
		})
	}
}

// dropList deletes a price list, as the merchant does.
func (w *world) dropList(id int64) {
	w.Helper()
	w.Call("DELETE", fmt.Sprint("/v3/pricelists/", id), nil)
}

// TestKeysOfRecords: a list, a SKU and a currency are one record however they are written, and no
// other.
func TestKeysOfRecords(t *testing.T) {
	same := keyOf("Ab", "Dealers", "EUR")
	for _, other := range []upsert.Key{keyOf(" aB ", "DEALERS", "eur")} {
		if other.Folded != same.Folded || recordID(other) != recordID(same) {
			t.Errorf("%+v %+v", other, same)
		}
	}
	for _, other := range []upsert.Key{keyOf("Ab", "", ""), keyOf("Ab", "Dealer", "sEUR"), keyOf("Ac", "Dealers", "EUR"), keyOf("Ab", "Dealers", "USD")} {
		if other.Folded == same.Folded || recordID(other) == recordID(same) {
			t.Errorf("%+v %+v", other, same)
		}
	}
	if same.Shown != "Ab · Dealers · EUR" || keyOf("", "Dealers", "EUR").Folded != "" || keyOf("a\tb", "", "").Problem == "" {
		t.Errorf("%+v", same)
	}
}

// TestCoverageOfCurrencies: SKUs of a list without a price in a currency of the source or of the
// store are told, in each run and without a request.
func TestCoverageOfCurrencies(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		w := listsWorld(t, db, sandbox.Choices{}, nil)
		w.product("A-1", "1")
		w.product("A 2", "1")
		w.feed = "A,9,,,Dealers,EUR,\nA-1,9,,,Dealers,EUR,\nA 2,9,,,Dealers,EUR,\nA,9,,,Dealers,USD,\nA 2,9,,,Dealers,USD,\nA,9,,,Staff,USD,\nA,9,,,Staff,EUR,\n"
		for _, dry := range []bool{true, false, false} {
			r := w.run(func(r *tenants.Run) { r.DryRun = dry })
			if d := cmp.Diff([]string{"0  currency: Shoppers who pay in a currency that a price list has no price in pay the catalogue's price. " +
				"In this source price list Dealers has no price in USD for 1 of 3 SKUs."}, w.issues(r, flow.SeverityWarning)); d != "" {
				t.Error(d)
			}
		}
		if err := w.Store.AddCurrency("GBP"); err != nil {
			t.Fatal(err)
		}
		w.feed += "B,9,,,Staff,GBP,\nC,x,,,Staff,GBP,\n" // what is not known yet is asked for
		r := w.run()
		w.told(r, flow.SeverityWarning, "Dealers has no price in GBP for 3 of 3", "Staff has no price in EUR for 1 of 2", "Staff has no price in GBP for 1 of 2", "Staff has no price in USD for 1 of 2")
	})
}

// TestCheckOfOptions: options that no row could make good are refused when the flow is saved.
func TestCheckOfOptions(t *testing.T) {
	k := newWorld(t, nil).Kind()
	for options, want := range map[*tenants.Options]string{
		{}: "", {optionAssign: map[string]any{"Dealers": "group:Dealers"}, optionCurrency: "eur"}: "",
		{optionAssign: map[string]any{"Dealers": "Dealers"}}: "options.assign",
		{optionCurrency: "Euro"}:                             "options.currency",
		{optionFirst: "later"}:                               "options.first",
	} {
		err := k.Check(t.Context(), &tenants.Flow{Mapping: priceMapping, Options: *options})
		var p *problem.Error
		got := ""
		if errors.As(err, &p) && len(p.Fields) == 1 {
			got = p.Fields[0].Field
		}
		if got != want || (err == nil) != (want == "") {
			t.Errorf("%v: %v", *options, err)
		}
	}
}

// TestOneBadRecordOfABatch: of 1,000 records of which one is refused the others are sent again in
// one request, whatever was saved of them the first time; so with memory as without.
func TestOneBadRecordOfABatch(t *testing.T) {
	for name, choices := range map[string]sandbox.Choices{"nothing saved": {}, "the rest saved": {GoodOfBatchSaved: true}} {
		t.Run(name, func(t *testing.T) {
			w := listsWorld(t, tenantstest.AnyDB(t), choices, tenants.Options{optionPriceList: "Dealers", optionCurrency: "USD"})
			const n = 200
			w.Store.SeedProducts(n)
			for price := 9; price < 11; price++ {
				var b strings.Builder
				for i := range n {
					sku := fmt.Sprintf("SEED-%06d", i+5)
					if i == 77 {
						sku = "LOST"
					}
					fmt.Fprintf(&b, "%s,%d,,,,,\n", sku, price)
				}
				w.feed = b.String()
				var r *tenants.Run
				_, routes := w.requests(func() { r = w.run() })
				w.want(r, counts{Read: n, Updated: n - 1, Failed: 1})
				w.told(r, flow.SeverityError, "79 LOST · Dealers · USD sku:", "no product or variant")
				if got := routes["PUT /v3/pricelists/{id}/records"]; got != 2 {
					t.Errorf("%d writes: %v", got, routes)
				}
			}
			if got := w.records(); len(got) != n-1 || !strings.HasSuffix(got[0], "10 null []") {
				t.Errorf("%d records, %v", len(got), got[:1])
			}
		})
	}
}

// TestListsAreCompared: a run that compares with the store reads the lists, whatever the flow
// writes unseen, and sets right what others changed or deleted, and nothing else.
func TestListsAreCompared(t *testing.T) {
	w := listsWorld(t, tenantstest.AnyDB(t), sandbox.Choices{}, tenants.Options{optionPriceList: "Dealers", optionCurrency: "EUR"})
	w.feed = "A,9,8,3,,,10:7\nB,9,8,3,,,10:7\nC,9,8,3,,,10:7\n"
	w.want(w.run(), counts{Read: 3, Updated: 3})
	want := w.records()
	id, err := listNamed(w.Ctx, w.Hand(), "Dealers")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Hand().PriceLists.UpsertRecords(w.Ctx, id, []bigcommerce.Fields{{"sku": "A", "currency": "eur", "price": 9, "sale_price": 1}}); err != nil {
		t.Fatal(err)
	}
	w.Call("DELETE", fmt.Sprintf("/v3/pricelists/%d/records?sku:in=B", id), nil)
	compare := func(r *tenants.Run) { r.Compare = true }
	r := w.run(compare)
	w.want(r, counts{Read: 3, Updated: 2, Unchanged: 1})
	if d := cmp.Diff(want, w.records()); d != "" {
		t.Error(d)
	}
	if got := w.journal(r); !slices.Contains(got, "A · Dealers · EUR: sale_price 1 → 8") {
		t.Error(got)
	}
	_, routes := w.requests(func() { w.want(w.run(compare), counts{Read: 3, Unchanged: 3}) })
	if routes["PUT /v3/pricelists/{id}/records"] != 0 {
		t.Errorf("%v", routes)
	}
}

// TestANameThatMovedToAnotherList: after an hour prices go to the list that has the name now.
func TestANameThatMovedToAnotherList(t *testing.T) {
	w := listsWorld(t, tenantstest.AnyDB(t), sandbox.Choices{}, nil)
	w.feed = "A,9,,,Dealers,EUR,\n"
	w.want(w.run(), counts{Read: 1, Updated: 1})
	old, err := listNamed(w.Ctx, w.Hand(), "Dealers")
	if err != nil {
		t.Fatal(err)
	}
	w.Call("PUT", fmt.Sprintf("/v3/pricelists/%d", old), map[string]any{"name": "Dealers of last year"})
	w.list("Dealers")
	w.WaitUntil(time.Now().Add(time.Hour + time.Minute))
	w.feed = "A,8,,,Dealers,EUR,\n"
	w.want(w.run(), counts{Read: 1, Updated: 1})
	if d := cmp.Diff([]string{"Dealers A eur: 8 null []", "Dealers of last year A eur: 9 null []"}, w.records()); d != "" {
		t.Error(d)
	}
}
