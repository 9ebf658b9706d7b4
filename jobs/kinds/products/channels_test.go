package products

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// on is a file whose last column names channels.
var on = tenants.Mapping{Fields: []tenants.FieldMapping{
	{Target: "sku", Expression: "PartNum"}, {Target: "name", Expression: "PartDescription"}, {Target: "price", Expression: "number(ListPrice)"},
	{Target: "type", Expression: `"physical"`}, {Target: "weight", Expression: "0"}, {Target: targetChannels, Expression: "Style"},
}}

// channelsOf returns the channels that each product is on.
func (w *world) channelsOf() map[string]string {
	w.Helper()
	page, _, err := w.Hand().Products.ListPage(w.Ctx, bigcommerce.ProductFilter{Include: []string{targetChannels}}, 1)
	if err != nil {
		w.Fatal(err)
	}
	out := make(map[string]string)
	for _, p := range page {
		ids := upsert.Ints(p[targetChannels])
		slices.Sort(ids)
		out[upsert.Text(p["sku"])] = fmt.Sprint(ids)
	}
	return out
}

// TestChannelsOfProducts: assigned by name or number, many products in a request; those that a file
// does not name stay, unless it is to say which they are.
func TestChannelsOfProducts(t *testing.T) {
	p := upserttest.NewPlatform(t)
	for option, want := range map[string]map[string]string{
		channelsAdd: {"A": "[1 B]", "B": "[1]", "C": "[1]", "OLD": "[1 A]", "OTHER": "[1 B]"},
		channelsSet: {"A": "[B]", "B": "[1]", "C": "[1]", "OLD": "[A]", "OTHER": "[1 B]"},
	} {
		t.Run(option, func(t *testing.T) {
			w := newWorld(t, p)
			w.Flow.Mapping, w.Flow.Options = on, tenants.Options{optionChannels: option}
			ids := make(map[string]int64)
			for _, name := range []string{"Outlet", "Market"} {
				w.Call(http.MethodPost, "/v3/channels", object{"name": name, "platform": "catalyst", "type": "storefront", "status": "active"})
			}
			for ch, err := range w.Hand().Channels.List(w.Ctx) {
				if err != nil {
					t.Fatal(err)
				}
				ids[ch.Name] = ch.ID
			}
			a, b := fmt.Sprint(ids["Market"]), fmt.Sprint(ids["Outlet"])
			old := bigcommerce.Fields{"name": "Name of OLD", "sku": "OLD", "type": "physical", "weight": 0, "price": 1}
			w.add(old)
			other := w.add(bigcommerce.Fields{"name": "Other", "sku": "OTHER", "type": "physical", "weight": 0, "price": 1})
			if err := w.Hand().Products.AssignChannels(w.Ctx, []bigcommerce.ChannelAssignment{{ProductID: other, ChannelID: ids["Outlet"]}}); err != nil {
				t.Fatal(err)
			}
			w.Feed.Body = relatedCSV("A: OUTLET", "B: 1, 1", "C: ", "OLD: "+a, "OTHER: ")
			w.Feed.Body = strings.ReplaceAll(w.Feed.Body, "Name of OTHER", "Other")
			var r *tenants.Run
			got := w.Routes(func() { r = w.Run() })
			w.Want(r, upserttest.Counts{Read: 5, Created: 3, Updated: 1, Unchanged: 1})
			named := strings.NewReplacer(" B]", " "+b+"]", " A]", " "+a+"]", "[B]", "["+b+"]", "[A]", "["+a+"]")
			for sku, list := range want {
				if want, got := named.Replace(list), w.channelsOf()[sku]; got != want {
					t.Errorf("%s is on %s, not %s", sku, got, want)
				}
			}
			routes := map[string]int{"PUT/channel-assignments": 2}
			if option == channelsSet {
				routes["DELETE/channel-assignments"] = 2 // one of a product that was there, one of a new one
			}
			for route := range got {
				if !strings.HasSuffix(route, "/channel-assignments") {
					delete(got, route)
				}
			}
			if d := cmp.Diff(routes, got); d != "" {
				t.Error(d)
			}
			if n := w.Requests(func() { w.Run() }); n != 0 {
				t.Errorf("%d requests though nothing changed", n)
			}
			// Another change of a product leaves its channels alone, and what is remembered of them.
			w.Feed.Body = strings.Replace(w.Feed.Body, "Name of A,1", "Name of A,2", 1)
			if got := w.Routes(func() { w.Run() }); got["PUT/products"] != 1 || w.total(got) != 1 {
				t.Errorf("a price: %v", got)
			}
			w.forget()
			got = w.Routes(func() { r = w.Run() })
			if w.Want(r, upserttest.Counts{Read: 5, Unchanged: 5}); got["PUT/channel-assignments"] != 0 {
				t.Errorf("%v", w.ItemChanges(r))
			}
			w.Feed.Body = relatedCSV("A: Market|Moon")
			w.Want(w.Run(), upserttest.Counts{Read: 1, Failed: 1})
		})
	}
}
