package prices

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/jobs/upsert"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// world is one store with one flow of prices, and an engine that works for it with no more scopes
// than prices need.
type world struct {
	*upserttest.World
	feed string // without its header
}

var priceMapping = tenants.Mapping{Fields: []tenants.FieldMapping{
	{Target: targetSKU, Expression: "SKU"}, {Target: targetPrice, Expression: "Price"}, {Target: "sale_price", Expression: "Sale"},
	{Target: targetCost, Expression: "Cost"}, {Target: targetList, Expression: "List"}, {Target: targetCurrency, Expression: "Cur"},
	{Target: targetTiers, Expression: "Bulk"},
}}

const header = "SKU,Price,Sale,Cost,List,Cur,Bulk\n"

func newWorld(t testing.TB, options tenants.Options) *world {
	t.Helper()
	return worldThat(t, tenantstest.AnyDB(t), sandbox.Choices{}, options)
}

// worldThat is newWorld for a sandbox that chooses otherwise than it does by itself.
func worldThat(t testing.TB, db *tenants.DB, choices sandbox.Choices, options tenants.Options) *world {
	t.Helper()
	options, err := spec.CheckOptions(options) // with its guards
	if err != nil {
		t.Fatal(err)
	}
	w := upserttest.NewWorld(t, upserttest.PlatformOn(t, db, choices), upserttest.Setup{Target: New, Mapping: priceMapping, Options: options})
	w.Token = w.Store.Token("store_v2_products", "store_v2_information_read_only", "store_v2_customers_read_only", "store_channel_settings_read_only")
	return &world{World: w}
}

func (w *world) start(change ...func(*tenants.Run)) *tenants.Run {
	w.Helper()
	w.Feed.Body = header + w.feed
	return w.Start(change...)
}

func (w *world) run(change ...func(*tenants.Run)) *tenants.Run {
	w.Helper()
	return w.Finish(w.start(change...))
}

// counts is the part of a run that tests compare.
type counts struct{ Read, Updated, Unchanged, Failed int64 }

func (w *world) want(r *tenants.Run, want counts) {
	w.Helper()
	w.Want(r, upserttest.Counts{Read: want.Read, Updated: want.Updated, Unchanged: want.Unchanged, Failed: want.Failed})
}

// issues returns a run's issues as "line key field: message", sorted.
func (w *world) issues(r *tenants.Run, severity string) (out []string) {
	w.Helper()
	kinds, messages := w.Issues(r, severity)
	for _, kind := range kinds {
		out = append(out, kind+": "+messages[kind])
	}
	return out
}

// told fails the test unless one of the run's issues has all of these texts.
func (w *world) told(r *tenants.Run, severity string, texts ...string) {
	w.Helper()
	all := w.issues(r, severity)
	if !slices.ContainsFunc(all, func(issue string) bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(issue, text) })
	}) {
		w.Errorf("no %s with %q: %q", severity, texts, all)
	}
}

// journal returns a run's journal as "key: field before → after", sorted.
func (w *world) journal(r *tenants.Run) (out []string) {
	w.Helper()
	var rows []tenants.JournalEntry
	if err := w.DB.Scoped(w.Ctx).Where("run_id = ?", r.ID).Find(&rows).Error; err != nil {
		w.Fatal(err)
	}
	for _, e := range rows {
		var changes []upsert.Change
		dec := json.NewDecoder(strings.NewReader(e.Changes))
		dec.UseNumber()
		if err := dec.Decode(&changes); err != nil {
			w.Fatal(err)
		}
		for _, c := range changes {
			out = append(out, fmt.Sprintf("%s: %s %v → %v", e.Key, c.Field, c.Before, c.After))
		}
	}
	sort.Strings(out)
	return out
}

// requests counts the API requests that fn makes, by method and path without numbers.
func (w *world) requests(fn func()) (total int, byRoute map[string]int) {
	mark := w.Store.Log().Mark()
	fn()
	log := w.Store.Log().Since(mark)
	return log.Total, log.ByMethodPath
}

// product adds a product without options and returns its id.
func (w *world) product(sku, price string) int64 {
	w.Helper()
	p, err := w.Hand().Products.Create(w.Ctx, bigcommerce.Fields{"name": "Product " + sku, "sku": sku, "type": "physical", "weight": 0, "price": json.Number(price)})
	if err != nil {
		w.Fatal(err)
	}
	return upsert.Int(p["id"])
}

// variants gives a product options.
func (w *world) variants(product int64, skus ...string) []int64 {
	w.Helper()
	specs := make([]sandbox.VariantSpec, len(skus))
	for i, sku := range skus {
		specs[i] = sandbox.VariantSpec{SKU: sku, Choices: []sandbox.Choice{{Option: "Size", Value: sku}}}
	}
	ids, err := w.Store.AddVariants(product, specs...)
	if err != nil {
		w.Fatal(err)
	}
	return ids
}

// list makes a price list.
func (w *world) list(name string) int64 {
	w.Helper()
	l, err := w.Hand().PriceLists.Create(w.Ctx, name, true)
	if err != nil {
		w.Fatal(err)
	}
	return l.ID
}

// records returns the store's price records as "list sku currency: price sale tiers", sorted.
func (w *world) records() (out []string) {
	for _, r := range w.Store.PriceRecords() {
		out = append(out, fmt.Sprintf("%s %s %s: %s %s %s", r.PriceList, r.SKU, r.Currency, r.Price, r.SalePrice, r.Tiers))
	}
	sort.Strings(out)
	return out
}

// catalogue returns the store's variants as "sku: price sale cost", sorted.
func (w *world) catalogue() (out []string) {
	w.Helper()
	for v, err := range w.Hand().Variants.List(w.Ctx, bigcommerce.VariantFilter{}) {
		if err != nil {
			w.Fatal(err)
		}
		show := func(n json.Number) string { return cmp.Or(n.String(), "-") }
		out = append(out, fmt.Sprintf("%s: %s %s %s", v.SKU, show(v.Price), show(v.SalePrice), show(v.CostPrice)))
	}
	sort.Strings(out)
	return out
}
