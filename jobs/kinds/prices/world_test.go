package prices

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/jobs/connector"
	"sluice/jobs/flow"
	"sluice/jobs/upsert"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// world is one store with one flow of prices, and an engine that works for it.
type world struct {
	testing.TB
	db    *tenants.DB
	sb    *sandbox.Sandbox
	ctx   context.Context
	store *sandbox.Store
	token string
	flow  *tenants.Flow
	feed  string
	wrap  func(http.RoundTripper) http.RoundTripper

	mu    sync.Mutex
	ahead time.Duration
}

var priceMapping = tenants.Mapping{Fields: []tenants.FieldMapping{
	{Target: targetSKU, Expression: "SKU"}, {Target: targetPrice, Expression: "Price"}, {Target: "sale_price", Expression: "Sale"},
	{Target: targetCost, Expression: "Cost"}, {Target: targetList, Expression: "List"}, {Target: targetCurrency, Expression: "Cur"},
	{Target: targetTiers, Expression: "Bulk"},
}}

const header = "SKU,Price,Sale,Cost,List,Cur,Bulk\n"

func newWorld(t testing.TB, options tenants.Options) *world {
	t.Helper()
	return worldThat(t, tenantstest.NewDB(t), sandbox.Choices{}, options)
}

// worldThat is newWorld for a sandbox that chooses otherwise than it does by itself.
func worldThat(t testing.TB, db *tenants.DB, choices sandbox.Choices, options tenants.Options) *world {
	t.Helper()
	sb, err := sandbox.New(sandbox.Options{Plan: "enterprise", Choices: choices, Scopes: []string{
		"store_v2_products", "store_v2_information_read_only", "store_v2_customers_read_only", "store_channel_settings_read_only",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := sb.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	st := sb.AddStore(sandbox.StoreSpec{})
	w := &world{TB: t, db: db, sb: sb, store: st, token: st.Token(), ctx: tenants.WithStore(t.Context(), st.Hash)}
	conn := &tenants.Connection{Name: "ERP", Kind: "url", URL: "https://erp.example/prices.csv"}
	if err := db.SaveConnection(w.ctx, conn, nil); err != nil {
		t.Fatal(err)
	}
	if options, err = spec.CheckOptions(options); err != nil { // with its guards
		t.Fatal(err)
	}
	w.flow = &tenants.Flow{Kind: Name, Name: "Prices", ConnectionID: conn.ID, Mapping: priceMapping, Options: options}
	if err := db.CreateFlow(w.ctx, w.flow); err != nil {
		t.Fatal(err)
	}
	return w
}

// feed stands for a file at a web address.
type feed struct {
	connector.Source
	w *world
}

func (f feed) Fetch(_ context.Context, _ connector.Settings, _ string, _ connector.Have, out io.Writer) (connector.Got, error) {
	_, err := io.WriteString(out, header+f.w.feed)
	return connector.Got{ContentType: "text/csv", Complete: true}, err
}

func (w *world) kind() *upsert.Kind {
	from := feed{connector.NewURL(connector.URLOptions{}), w}
	return upsert.New(upsert.Config{DB: w.db, Sources: connector.NewSources(from)}, New())
}

// engine is that of a process which has just begun.
func (w *world) engine() *flow.Engine {
	return flow.New(flow.Config{DB: w.db, Client: w.client, Now: w.now}, w.kind())
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

func (w *world) waitUntil(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead = max(w.ahead, time.Until(at))
}

func (w *world) client(_ context.Context, hash string, count func(bigcommerce.Answer)) (*bigcommerce.Client, error) {
	transport := http.DefaultTransport
	if w.wrap != nil {
		transport = w.wrap(transport)
	}
	return bigcommerce.New(bigcommerce.Config{
		APIURL: w.sb.URLs().API, StoreHash: hash, AccessToken: w.token, OnRequest: count, HTTP: &http.Client{Transport: transport},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
}

// api is a client of the test's own, not counted with the app's.
func (w *world) api() *bigcommerce.Client {
	w.Helper()
	c, err := bigcommerce.New(bigcommerce.Config{APIURL: w.sb.URLs().API, StoreHash: w.store.Hash, AccessToken: w.token})
	if err != nil {
		w.Fatal(err)
	}
	return c
}

func (w *world) start(change ...func(*tenants.Run)) *tenants.Run {
	w.Helper()
	r := &tenants.Run{FlowID: w.flow.ID, Kind: Name, Trigger: "manual", Format: w.flow.Format, Mapping: w.flow.Mapping, Options: w.flow.Options}
	for _, c := range change {
		c(r)
	}
	if err := w.db.CreateRun(w.ctx, r); err != nil {
		w.Fatal(err)
	}
	return r
}

func dryRun(r *tenants.Run) { r.DryRun = true }

func (w *world) run(change ...func(*tenants.Run)) *tenants.Run {
	w.Helper()
	r, e := w.start(change...), w.engine()
	for range 2000 {
		res, err := e.Step(w.ctx, r, nil)
		if err != nil {
			w.Fatalf("step %d (%s): %v", r.Step, r.Phase, err)
		}
		if res.Done {
			return w.saved(r)
		}
		w.waitUntil(res.NotBefore)
	}
	w.Fatalf("the run goes on for ever, in phase %s with checkpoint %s", r.Phase, r.Checkpoint)
	return nil
}

func (w *world) saved(r *tenants.Run) *tenants.Run {
	w.Helper()
	out, err := w.db.Run(w.ctx, r.ID)
	if err != nil {
		w.Fatal(err)
	}
	return out
}

// counts is the part of a run that tests compare.
type counts struct{ Read, Updated, Unchanged, Failed int64 }

func (w *world) want(r *tenants.Run, want counts) {
	w.Helper()
	if r.State != tenants.RunDone || r.Error != "" {
		w.Fatalf("state %s, error %q", r.State, r.Error)
	}
	if got := (counts{r.Read, r.Updated, r.Unchanged, r.Failed}); got != want || r.Created != 0 {
		w.Fatalf("counts %+v, created %d, want %+v; issues %v", got, r.Created, want, w.issues(r, ""))
	}
}

// issues returns a run's issues as "line key field: message", sorted.
func (w *world) issues(r *tenants.Run, severity string) (out []string) {
	w.Helper()
	err := w.db.EachRunIssue(w.ctx, r.ID, severity, func(i tenants.RunIssue) error {
		out = append(out, fmt.Sprintf("%d %s %s: %s", i.Line, i.Key, i.Field, i.Message))
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	sort.Strings(out)
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
	if err := w.db.Scoped(w.ctx).Where("run_id = ?", r.ID).Find(&rows).Error; err != nil {
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
	mark := w.store.Log().Mark()
	fn()
	log := w.store.Log().Since(mark)
	return log.Total, log.ByMethodPath
}

// product adds a product without options and returns its id.
func (w *world) product(sku, price string) int64 {
	w.Helper()
	p, err := w.api().Products.Create(w.ctx, bigcommerce.Fields{"name": "Product " + sku, "sku": sku, "type": "physical", "weight": 0, "price": json.Number(price)})
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
	ids, err := w.store.AddVariants(product, specs...)
	if err != nil {
		w.Fatal(err)
	}
	return ids
}

// list makes a price list.
func (w *world) list(name string) int64 {
	w.Helper()
	l, err := w.api().PriceLists.Create(w.ctx, name, true)
	if err != nil {
		w.Fatal(err)
	}
	return l.ID
}

// records returns the store's price records as "list sku currency: price sale tiers", sorted.
func (w *world) records() (out []string) {
	for _, r := range w.store.PriceRecords() {
		out = append(out, fmt.Sprintf("%s %s %s: %s %s %s", r.PriceList, r.SKU, r.Currency, r.Price, r.SalePrice, r.Tiers))
	}
	sort.Strings(out)
	return out
}

// catalogue returns the store's variants as "sku: price sale cost", sorted.
func (w *world) catalogue() (out []string) {
	w.Helper()
	for v, err := range w.api().Variants.List(w.ctx, bigcommerce.VariantFilter{}) {
		if err != nil {
			w.Fatal(err)
		}
		show := func(n json.Number) string { return cmp.Or(n.String(), "-") }
		out = append(out, fmt.Sprintf("%s: %s %s %s", v.SKU, show(v.Price), show(v.SalePrice), show(v.CostPrice)))
	}
	sort.Strings(out)
	return out
}

// call makes a request that the client has no function for.
func (w *world) call(method, path, body string) {
	w.Helper()
	r, err := http.NewRequestWithContext(w.ctx, method, w.sb.URLs().API+"/stores/"+w.store.Hash+path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("X-Auth-Token", w.token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode >= 300 {
		w.Fatalf("%s %s: %d %v", method, path, resp.StatusCode, err)
	}
}
