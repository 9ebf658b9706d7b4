package stock_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/jobs/flow"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// world is a store with n products that track their stock by product, and a second location.
func world(t *testing.T, n int, choices sandbox.Choices, change ...func(*upserttest.Setup)) *upserttest.World {
	t.Helper()
	s := setup()
	for _, c := range change {
		c(&s)
	}
	w := upserttest.NewWorld(t, upserttest.PlatformOn(t, tenantstest.AnyDB(t), choices), s)
	w.Store.AddLocation("WEST", "West")
	w.Store.SeedProducts(n)
	w.Store.SetTracking("product")
	return w
}

func with(name string, value any) func(*upserttest.Setup) {
	return func(s *upserttest.Setup) {
		s.Options = maps.Clone(s.Options)
		s.Options[name] = value
	}
}

func feed(rows ...string) string {
	return strings.Join(header, ",") + "\n" + strings.Join(rows, "\n") + "\n"
}

// levels is the store's stock by "SKU @ location".
func levels(w *upserttest.World) map[string]string {
	out := make(map[string]string)
	for _, r := range landed(w) {
		out[r.Key] = r.Fields["quantity"]
	}
	return out
}

// TestRequests is the least that BigCommerce allows: the first run reads all items once, later ones
// read nothing.
func TestRequests(t *testing.T) {
	const skus, places = 1500, 4
	w := world(t, skus, sandbox.Choices{})
	for i := 3; i <= places; i++ {
		w.Store.AddLocation("L"+strconv.Itoa(i), "Location "+strconv.Itoa(i))
	}
	body := func(changed int) string {
		rows := make([]string, 0, skus*places)
		for i := range skus {
			for at := 1; at <= places; at++ {
				n := i + at
				if len(rows) < changed {
					n += 1000
				}
				rows = append(rows, fmt.Sprintf("%s,%d,%d", sku(i), at, n))
			}
		}
		return feed(rows...)
	}
	w.Feed.Body = body(0)
	const all = skus * places
	var r *tenants.Run
	first := w.Routes(func() { r = w.Run() })
	w.Want(r, upserttest.Counts{Read: all, Updated: all})
	if diff := cmp.Diff(map[string]int{"GET/items": 2, "GET/locations": 1, "GET/inventory": 1, "PUT/absolute": 3}, first); diff != "" {
		t.Errorf("first run (-want +got):\n%s", diff)
	}
	unchanged := w.Routes(func() { r = w.Run() })
	w.Want(r, upserttest.Counts{Read: all, Unchanged: all})
	if len(unchanged) != 0 {
		t.Errorf("unchanged: %v", unchanged)
	}
	w.Feed.Body = body(all / 100)
	changed := w.Routes(func() { r = w.Run() })
	w.Want(r, upserttest.Counts{Read: all, Updated: all / 100, Unchanged: all - all/100})
	if diff := cmp.Diff(map[string]int{"PUT/absolute": 1}, changed); diff != "" {
		t.Errorf("1 %% changed (-want +got):\n%s", diff)
	}
	if n := w.Store.BulkOverlaps(); n != 0 {
		t.Errorf("%d bulk writes at the same time as others", n)
	}
	if got := levels(w); got[sku(0)+" @ 1"] != "1001" || got[sku(skus-1)+" @ 4"] != strconv.Itoa(skus-1+4) || len(got) != all {
		t.Errorf("%d levels, %q, %q", len(got), got[sku(0)+" @ 1"], got[sku(skus-1)+" @ 4"])
	}
}

// TestAnUnknownLocationIsLookedForOnce: it is there in each window of the rows, and may be new
// since the last run only.
func TestAnUnknownLocationIsLookedForOnce(t *testing.T) {
	const rows = 5000 // three windows
	w := world(t, 1, sandbox.Choices{})
	w.Feed.Body = feed(sku(0) + ",1,1")
	w.Run()
	w.Feed.Body = feed(slices.Repeat([]string{sku(0) + ",Atlantis,1"}, rows)...)
	var r *tenants.Run
	routes := w.Routes(func() { r = w.Run() })
	w.Want(r, upserttest.Counts{Read: rows, Failed: rows})
	if diff := cmp.Diff(map[string]int{"GET/locations": 1, "GET/inventory": 1}, routes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestOneBadAmongMany: what a refusal names is left out or addressed otherwise, and the rest is
// sent again, once.
func TestOneBadAmongMany(t *testing.T) {
	const n = 2000
	for name, tc := range map[string]struct {
		choices  sandbox.Choices
		spoil    func(w *upserttest.World) // of product 7, after the first run
		requests int
		message  string
	}{
		"deleted": {
			sandbox.Choices{}, func(w *upserttest.World) {
				w.Call("DELETE", fmt.Sprintf("/v3/catalog/products/%d", productID(w, sku(7))), nil)
			}, 2, "no product and no variant with this SKU",
		},
		"tracked no more": {
			sandbox.Choices{}, func(w *upserttest.World) { track(w, sku(7), "none") }, 2, "does not track its stock",
		},
		"tracked by variant": {
			sandbox.Choices{}, func(w *upserttest.World) { track(w, sku(7), "variant") }, 2, "",
		},
		"a silent title": { // bisected: 1 + 2 × 11, and 4 look-ups to tell why
			sandbox.Choices{StockTitles: sandbox.StockTitlesSilent}, func(w *upserttest.World) { track(w, sku(7), "none") }, 27, "does not track its stock",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := world(t, n, tc.choices)
			body := func(version int) string {
				rows := make([]string, n)
				for i := range rows {
					rows[i] = fmt.Sprintf("%s,1,%d", sku(i), 10+version)
				}
				return feed(rows...)
			}
			w.Feed.Body = body(0)
			w.Want(w.Run(), upserttest.Counts{Read: n, Updated: n})
			tc.spoil(w)
			w.Feed.Body = body(1)
			var r *tenants.Run
			if got := w.Requests(func() { r = w.Run() }); got != tc.requests {
				t.Errorf("%d requests, want %d", got, tc.requests)
			}
			_, messages := w.Issues(r, flow.SeverityError)
			if tc.message == "" {
				w.Want(r, upserttest.Counts{Read: n, Updated: n})
			} else {
				w.Want(r, upserttest.Counts{Read: n, Updated: n - 1, Failed: 1})
				if text := fmt.Sprint(messages); !strings.Contains(text, tc.message) || !strings.Contains(text, sku(7)) {
					t.Errorf("%s", text)
				}
			}
			got := levels(w)
			for i := range n {
				if want := "11"; got[sku(i)+" @ 1"] != want && (i != 7 || tc.message == "") {
					t.Fatalf("%s is %q, want %s", sku(i), got[sku(i)+" @ 1"], want)
				}
			}
		})
	}
}

// TestTitlesThatNameTheFirst: a store whose refusals name one item only costs look-ups of its
// products, not a request for each item.
func TestTitlesThatNameTheFirst(t *testing.T) {
	const n = 1000
	w := world(t, n, sandbox.Choices{StockTitleOfOne: true})
	w.Store.SetTracking("variant")
	rows := make([]string, n)
	for i := range rows {
		rows[i] = sku(i) + ",1,5"
	}
	w.Feed.Body = feed(rows...)
	var r *tenants.Run
	got := w.Routes(func() { r = w.Run() })
	w.Want(r, upserttest.Counts{Read: n, Updated: n})
	if got["PUT/absolute"] != 5 || got["GET/products"] != 4 {
		t.Errorf("%v", got)
	}
}

// track sets how a product's stock is tracked.
func track(w *upserttest.World, sku, tracking string) {
	w.Helper()
	w.Call("PUT", fmt.Sprintf("/v3/catalog/products/%d", productID(w, sku)), map[string]any{"inventory_tracking": tracking})
}

func productID(w *upserttest.World, sku string) int64 {
	w.Helper()
	for p, err := range w.Hand().Products.List(w.Ctx, bigcommerce.ProductFilter{SKU: sku}) {
		if err != nil {
			w.Fatal(err)
		}
		return p.ID
	}
	w.Fatalf("no product %s", sku)
	return 0
}

func TestLocations(t *testing.T) {
	w := world(t, 8, sandbox.Choices{}, with("locations", map[string]any{"W7": "West", "ambiguous": "2", "chosen": "code:2"}))
	w.Store.AddLocation("2", "Two")   // id 3: its code is the id of West
	w.Store.AddLocation("OLD", "Old") // id 4
	if err := w.Store.SetLocationEnabled(4, false); err != nil {
		t.Fatal(err)
	}
	w.Feed.Body = feed(sku(0)+",west,1", sku(1)+",WEST,2", sku(2)+",W7,3", sku(3)+",chosen,4", sku(4)+",2,5", sku(5)+",ambiguous,6", sku(6)+",Old,7", sku(7)+",,8")
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 8, Updated: 4, Failed: 4})
	if diff := cmp.Diff(map[string]string{sku(0) + " @ 2": "1", sku(1) + " @ 2": "2", sku(2) + " @ 2": "3", sku(3) + " @ 3": "4"}, levels(w)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, messages := w.Issues(r, flow.SeverityError)
	for line, want := range map[string]string{"6 " + sku(4): "it could be", "7 " + sku(5): "say which", "8 " + sku(6): "is disabled", "9 " + sku(7): "the row names no location"} {
		if i := slices.IndexFunc(slices.Collect(maps.Keys(messages)), func(k string) bool { return strings.HasPrefix(k, line) }); i < 0 || !strings.Contains(fmt.Sprint(messages), want) {
			t.Errorf("%s: %v, want %q", line, messages, want)
		}
	}
}

// TestAFixedLocation: one for all rows that name none. A location that appeared since it was looked
// at is found.
func TestAFixedLocation(t *testing.T) {
	w := world(t, 2, sandbox.Choices{}, with("location", "West"))
	w.Feed.Body = feed(sku(0)+",,1", sku(1)+",1,2")
	w.Want(w.Run(), upserttest.Counts{Read: 2, Updated: 2})
	w.Store.AddLocation("NEW", "New")
	w.Feed.Body = feed(sku(0)+",,1", sku(1)+",New,3")
	w.Want(w.Run(), upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1})
	if diff := cmp.Diff(map[string]string{sku(0) + " @ 2": "1", sku(1) + " @ 1": "2", sku(1) + " @ 3": "3"}, levels(w)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestOnlyLocation: a store with one needs none named.
func TestOnlyLocation(t *testing.T) {
	w := upserttest.NewWorld(t, upserttest.PlatformOn(t, tenantstest.NewDB(t), sandbox.Choices{}), setup())
	w.Store.SeedProducts(1)
	w.Store.SetTracking("product")
	w.Feed.Body = feed(sku(0) + ",,9")
	w.Want(w.Run(), upserttest.Counts{Read: 1, Updated: 1})
	if got := levels(w); got[sku(0)+" @ 1"] != "9" {
		t.Errorf("%v", got)
	}
}

// TestSum: the rows of a SKU are added up, across windows of the plan; what adds up to the same is
// not written again, and a SKU of which one row is bad is not written at all.
func TestSum(t *testing.T) {
	for _, window := range []int{1, 2000} {
		t.Run(fmt.Sprint("windows of ", window), func(t *testing.T) {
			w := world(t, 4, sandbox.Choices{}, with("sum", "sum"), with("location", "1"))
			w.Config.WindowRows = window
			w.Feed.Body = feed(sku(0)+",A,1", sku(1)+",A,10", sku(2)+",A,5", sku(0)+",B,2", sku(3)+",A,2147483647", sku(2)+",B,many", sku(3)+",B,1", sku(0)+",C,3")
			r := w.Run()
			w.Want(r, upserttest.Counts{Read: 4, Updated: 2, Failed: 2})
			if diff := cmp.Diff(map[string]string{sku(0) + " @ 1": "6", sku(1) + " @ 1": "10"}, levels(w)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			_, messages := w.Issues(r, flow.SeverityError)
			if text := fmt.Sprint(messages); !strings.Contains(text, "what the rows add up to is not known") || !strings.Contains(text, "adds up to 2147483648") {
				t.Error(text)
			}
			w.Feed.Body = feed(sku(0)+",C,2", sku(1)+",A,11", sku(0)+",A,4")
			if got := w.Requests(func() { r = w.Run() }); got != 1 {
				t.Errorf("%d requests, want 1", got)
			}
			w.Want(r, upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1})
			w.Feed.Body = feed(sku(0)+",A,6", sku(1)+",A,5", sku(1)+",A,6")
			if got := w.Requests(func() { r = w.Run(upserttest.DryRun) }); got != 0 {
				t.Errorf("%d requests of a dry run, want 0", got)
			}
			w.Want(r, upserttest.Counts{Read: 2, Unchanged: 2})
		})
	}
}

// TestNoSumOfPartOfASource: a source that stops before its end may lack a row of any SKU, and a sum
// of the others is no stock.
func TestNoSumOfPartOfASource(t *testing.T) {
	w := world(t, 2, sandbox.Choices{}, with("sum", "sum"), with("location", "1"))
	w.Feed.Body, w.Feed.Complete = feed(sku(0)+",A,1", sku(1)+",A,10"), false
	r := w.Run()
	if got := levels(w); r.State != tenants.RunFailed || !strings.Contains(r.Error, "add up to is not known") || len(got) > 0 {
		t.Errorf("run %s: %q, levels %v", r.State, r.Error, got)
	}
	w.Feed.Body, w.Feed.Complete = feed(sku(0)+",A,1", sku(1)+",A,10", sku(0)+",B,2", sku(1)+",B,5"), true
	w.Want(w.Run(), upserttest.Counts{Read: 2, Updated: 2})
	if diff := cmp.Diff(map[string]string{sku(0) + " @ 1": "3", sku(1) + " @ 1": "15"}, levels(w)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNegative(t *testing.T) {
	for option, want := range map[string]upserttest.Counts{"zero": {Read: 2, Updated: 2}, "refuse": {Read: 2, Updated: 1, Failed: 1}} {
		w := world(t, 2, sandbox.Choices{}, with("negative", option))
		if err := w.Store.SetStock(sku(0), 1, 3); err != nil {
			t.Fatal(err)
		}
		w.Feed.Body = feed(sku(0)+",1,-5", sku(1)+",1,5")
		r := w.Run()
		w.Want(r, want)
		_, warnings := w.Issues(r, flow.SeverityWarning)
		if got := levels(w); option == "zero" && (got[sku(0)+" @ 1"] != "0" || !strings.Contains(fmt.Sprint(warnings), "it counts as 0")) || option == "refuse" && got[sku(0)+" @ 1"] != "3" {
			t.Errorf("%s: %v, %v", option, got, warnings)
		}
	}
}

// TestNoQuantityIsNotZero: an empty cell writes nothing.
func TestNoQuantityIsNotZero(t *testing.T) {
	w := world(t, 1, sandbox.Choices{}, func(s *upserttest.Setup) {
		s.Mapping = tenants.Mapping{Fields: slices.Clone(stockMapping.Fields)}
		s.Mapping.Fields[2].Expression = `OnHand == "" ? nil : number(OnHand)`
	})
	w.Feed.Body = feed(sku(0) + ",1,")
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 1, Failed: 1})
	if got := levels(w); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// TestWhatIsNotTracked: it is named, and switched only if the flow says so.
func TestWhatIsNotTracked(t *testing.T) {
	for option, want := range map[string]upserttest.Counts{"report": {Read: 4, Failed: 4}, "switch": {Read: 4, Updated: 3, Failed: 1}} {
		t.Run(option, func(t *testing.T) {
			w := world(t, 2, sandbox.Choices{}, with("tracking", option))
			w.Store.SetTracking("none")
			if _, err := w.Store.AddVariants(productID(w, sku(1)), sandbox.VariantSpec{SKU: "V-1", Choices: []sandbox.Choice{{Option: "Size", Value: "S"}}}); err != nil {
				t.Fatal(err)
			}
			w.Feed.Body = feed(sku(0)+",1,5", sku(0)+",2,6", "V-1,1,7", sku(1)+",1,8")
			dry := w.Run(upserttest.DryRun)
			if w.Routes(func() { dry = w.Run(upserttest.DryRun) })["PUT/products"] != 0 {
				t.Error("a dry run switches tracking")
			}
			r := w.Run()
			w.Want(r, want)
			if dry.Failed != r.Failed || dry.Updated != r.Updated {
				t.Errorf("the dry run says %+v", upserttest.CountsOf(dry))
			}
			stock := map[string]string{}
			if option == "switch" {
				stock = map[string]string{sku(0) + " @ 1": "5", sku(0) + " @ 2": "6", "V-1 @ 1": "7"}
			}
			if diff := cmp.Diff(stock, levels(w)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			_, messages := w.Issues(r, flow.SeverityError)
			if text := fmt.Sprint(messages); option == "report" && strings.Count(text, "does not track its stock") != 4 || option == "switch" && !strings.Contains(text, "give the variants' SKUs") {
				t.Error(text)
			}
			if option == "switch" {
				w.Feed.Body = feed(sku(0)+",1,6", sku(0)+",2,6", "V-1,1,7")
				if got := w.Requests(func() { r = w.Run() }); got != 1 {
					t.Errorf("%d requests for a change after it, want 1", got)
				}
			}
		})
	}
}

// TestPaddedSKU: an item whose SKU has spaces around it is found, by pages and by look-up.
func TestPaddedSKU(t *testing.T) {
	w := world(t, 1, sandbox.Choices{})
	w.Call("POST", "/v3/catalog/products", map[string]any{"name": "Padded", "sku": "PAD ", "type": "physical", "weight": 1, "price": 1, "inventory_tracking": "product"})
	w.Feed.Body = feed("pad,1,3")
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 1, Updated: 1})
	if got := levels(w); got["PAD  @ 1"] != "3" {
		t.Errorf("%v", got)
	}
	if _, warnings := w.Issues(r, flow.SeverityWarning); !strings.Contains(fmt.Sprint(warnings), "has spaces around it") {
		t.Errorf("%v", warnings)
	}
}

// TestSettings: safety stock, warning level and bin go by an endpoint of their own, a location at a
// time.
func TestSettings(t *testing.T) {
	w := world(t, 2, sandbox.Choices{}, func(s *upserttest.Setup) {
		s.Mapping = tenants.Mapping{Fields: append(slices.Clone(stockMapping.Fields),
			tenants.FieldMapping{Target: "safety_stock", Expression: "number(Safety)"}, tenants.FieldMapping{Target: "bin_picking_number", Expression: "Bin"})}
	})
	body := func(safety, bin string) string {
		return "SKU,Warehouse,OnHand,Safety,Bin\n" + sku(0) + ",1,10," + safety + "," + bin + "\n" + sku(0) + ",2,20,3,B2\n" + sku(1) + ",2,30,4,B3\n"
	}
	w.Feed.Body = body("2", "B1")
	got := w.Routes(func() { w.Want(w.Run(), upserttest.Counts{Read: 3, Updated: 3}) })
	if got["PUT/absolute"] != 1 || got["PUT/items"] != 2 {
		t.Errorf("%v", got)
	}
	shown := func() map[string]string {
		out := make(map[string]string)
		items, _, err := w.Hand().Inventory.Items(w.Ctx, bigcommerce.InventoryFilter{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			for _, l := range item.Locations {
				out[fmt.Sprintf("%s @ %d", item.Identity.SKU, l.LocationID)] = fmt.Sprintf("%d %d %s", l.OnHand, l.Settings.SafetyStock, l.Settings.BinPickingNumber)
			}
		}
		return out
	}
	want := map[string]string{sku(0) + " @ 1": "10 2 B1", sku(0) + " @ 2": "20 3 B2", sku(1) + " @ 1": "0 0 ", sku(1) + " @ 2": "30 4 B3"}
	levels(w) // all writes take effect
	if diff := cmp.Diff(want, shown()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.Feed.Body = body("2", "B9") // a bin alone is refused: the safety stock goes with it
	got = w.Routes(func() { w.Want(w.Run(), upserttest.Counts{Read: 3, Updated: 1, Unchanged: 2}) })
	if diff := cmp.Diff(map[string]int{"PUT/items": 1}, got); diff != "" {
		t.Errorf("a changed bin (-want +got):\n%s", diff)
	}
	levels(w)
	want[sku(0)+" @ 1"] = "10 2 B9"
	if diff := cmp.Diff(want, shown()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSaidBeforeTheRun: a dry run says when orders take stock off, and which location nobody sells
// from.
func TestSaidBeforeTheRun(t *testing.T) {
	w := world(t, 1, sandbox.Choices{})
	w.Call("PUT", "/v3/inventory/locations", []map[string]any{{"id": 2, "storefront_visibility": false}})
	levels(w) // all writes take effect
	w.Feed.Body = feed(sku(0) + ",West,1")
	_, warnings := w.Issues(w.Run(upserttest.DryRun), flow.SeverityWarning)
	if text := fmt.Sprint(warnings); !strings.Contains(text, "No storefront shows the location West") || !strings.Contains(text, "takes stock off when") {
		t.Error(text)
	}
}

// TestLocationsAreRememberedForAnHour: then they are read again.
func TestLocationsAreRememberedForAnHour(t *testing.T) {
	w := world(t, 1, sandbox.Choices{})
	w.Feed.Body = feed(sku(0) + ",1,1")
	w.Run()
	w.WaitUntil(w.Now().Add(59 * time.Minute))
	if n := w.Requests(func() { w.Run() }); n != 0 {
		t.Errorf("%d requests within the hour", n)
	}
	w.WaitUntil(w.Now().Add(2 * time.Minute))
	if n := w.Requests(func() { w.Run() }); n != 2 {
		t.Errorf("%d requests after it, want 2", n)
	}
}

// TestStockThatWouldBeGone: a run asks before it sets much of what is in stock to 0, and when the
// source lost much of what it had. Without a question an empty column would empty the store.
func TestStockThatWouldBeGone(t *testing.T) {
	rows := func(n int, quantity func(i int) int) string {
		out := make([]string, n)
		for i := range out {
			out[i] = fmt.Sprintf("%s,1,%d", sku(i), quantity(i))
		}
		return feed(out...)
	}
	full := rows(20, func(i int) int { return i / 10 }) // ten of them in stock
	for name, tc := range map[string]struct {
		body  string
		guard string
		count int64
		of    int64
	}{
		"a third of the stock": {rows(20, func(i int) int {
			if i < 13 {
				return 0
			}
			return 1
		}), "to_zero", 3, 10},
		"two of ten": {rows(20, func(i int) int {
			if i < 12 {
				return 0
			}
			return 1
		}), "", 0, 0},
		"rows are missing": {rows(15, func(i int) int { return i/10 + 1 }), "lost", 5, 20},
	} {
		t.Run(name, func(t *testing.T) {
			w := world(t, 20, sandbox.Choices{}, with("guard_zero", 20.0), with("guard_lost", 20.0))
			w.Feed.Body = full
			w.Run()
			w.Feed.Body = tc.body
			dry := w.Run(upserttest.DryRun)
			r := w.Start()
			e := w.Engine()
			for !r.State.Final() && r.State != tenants.RunAsking {
				if _, err := e.Step(w.Ctx, r, nil); err != nil {
					t.Fatal(err)
				}
			}
			for _, run := range []*tenants.Run{dry, r} {
				switch q := run.Question; {
				case q == nil && tc.guard == "":
				case q == nil || q.Guard != tc.guard || q.Count != tc.count || q.Of != tc.of:
					t.Errorf("%+v", q)
				}
			}
			if (r.State == tenants.RunAsking) != (tc.guard != "") {
				t.Errorf("state %s", r.State)
			}
		})
	}
}

// TestABadRowOfASumWhoseSKUIsMade: the SKU of a row that cannot be read is known by its expression,
// so that the sum of the others is not written.
func TestABadRowOfASumWhoseSKUIsMade(t *testing.T) {
	w := world(t, 2, sandbox.Choices{}, with("sum", "sum"), with("location", "1"))
	w.Flow.Mapping.Fields = slices.Clone(w.Flow.Mapping.Fields)
	for i, f := range w.Flow.Mapping.Fields {
		if f.Target == "sku" {
			w.Flow.Mapping.Fields[i].Expression = "trim(" + f.Expression + ")"
		}
	}
	w.Feed.Body = feed(sku(0)+",A,1", sku(0)+",B,2,one too many", sku(1)+",A,10")
	w.Want(w.Run(), upserttest.Counts{Read: 2, Updated: 1, Failed: 1})
	if diff := cmp.Diff(map[string]string{sku(1) + " @ 1": "10"}, levels(w)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
