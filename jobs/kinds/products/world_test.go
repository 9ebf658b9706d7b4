package products

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/jobs/flow"
	"sluice/jobs/source"
	"sluice/jobs/upsert"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// platform is a sandbox and a database that the tests of a function share; each test has its own store.
type platform struct {
	sb *sandbox.Sandbox
	db *tenants.DB
}

func newPlatform(t testing.TB) *platform {
	t.Helper()
	return platformOn(t, tenantstest.NewDB(t))
}

func platformOn(t testing.TB, db *tenants.DB) *platform {
	t.Helper()
	return platformThat(t, db, sandbox.Choices{})
}

// platformThat is platformOn for a sandbox that chooses otherwise than it does by itself.
func platformThat(t testing.TB, db *tenants.DB, choices sandbox.Choices) *platform {
	t.Helper()
	sb, err := sandbox.New(sandbox.Options{Plan: "enterprise", Choices: choices})
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
	return &platform{sb: sb, db: db}
}

// world is one store with one flow, and an engine that works for it.
type world struct {
	testing.TB
	*platform
	ctx   context.Context
	store *sandbox.Store
	token string
	flow  *tenants.Flow
	feed  *feed
	cfg   upsert.Config
	flows flow.Config
	wrap  func(http.RoundTripper) http.RoundTripper // around the client's transport
	limit bigcommerce.Limiter                       // of the client, nil for none

	mu    sync.Mutex
	ahead time.Duration // how far the engine's clock is ahead
}

// What the engine promises of sizes.
const (
	windowBytes   = 16 << 20 // of rows that one plan step reads
	shownValue    = 500      // characters of a value in a preview
	shownBytes    = 2 << 20  // of a preview
	maxPreview    = 50       // rows
	maxRemembered = 8 << 10  // bytes of a product
)

const feedURL = "https://erp.example/parts.csv"

// partsMapping is the mapping of the example feed.
var partsMapping = tenants.Mapping{Fields: []tenants.FieldMapping{
	{Target: "sku", Expression: "PartNum"},
	{Target: "name", Expression: "PartDescription"},
	{Target: "price", Expression: "number(ListPrice)"},
	{Target: "inventory_level", Expression: "number(OnHand)"},
	{Target: "category", Expression: "path(ProductGroup, Style)"},
	{Target: "type", Expression: `"physical"`},
	{Target: "weight", Expression: "0"},
}}

func newWorld(t testing.TB, p *platform) *world {
	t.Helper()
	st := p.sb.AddStore(sandbox.StoreSpec{})
	w := &world{TB: t, platform: p, store: st, token: st.Token(), feed: &feed{complete: true}}
	w.ctx = tenants.WithStore(t.Context(), st.Hash)
	conn := &tenants.Connection{Name: "ERP", Kind: "url", URL: feedURL}
	if err := p.db.SaveConnection(w.ctx, conn, nil); err != nil {
		t.Fatal(err)
	}
	w.flow = &tenants.Flow{Kind: "products", Name: "Parts", ConnectionID: conn.ID, Mapping: partsMapping}
	if err := p.db.CreateFlow(w.ctx, w.flow); err != nil {
		t.Fatal(err)
	}
	w.cfg = upsert.Config{DB: p.db, Fetcher: w.feed}
	w.flows = flow.Config{DB: p.db, Client: w.client, Now: w.now}
	return w
}

// engine is that of a process which has just begun.
func (w *world) engine() *flow.Engine { return flow.New(w.flows, upsert.New(w.cfg, New())) }

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

// waitUntil moves the engine's clock.
func (w *world) waitUntil(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := time.Until(at); d > w.ahead {
		w.ahead = d
	}
}

func (w *world) client(_ context.Context, hash string, count func(bigcommerce.Answer)) (*bigcommerce.Client, error) {
	transport := http.DefaultTransport
	if w.wrap != nil {
		transport = w.wrap(transport)
	}
	return bigcommerce.New(bigcommerce.Config{
		APIURL: w.sb.URLs().API, StoreHash: hash, AccessToken: w.token, OnRequest: count, Limiter: w.limit,
		HTTP:  &http.Client{Transport: transport},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
}

// api is a client of the test's own, not counted with the app's.
func (w *world) api() *bigcommerce.Client {
	w.Helper()
	c, err := bigcommerce.New(bigcommerce.Config{APIURL: w.sb.URLs().API, StoreHash: w.store.Hash, AccessToken: w.store.Token()})
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// start makes a run of the flow as it now is.
func (w *world) start(change ...func(*tenants.Run)) *tenants.Run {
	w.Helper()
	r := &tenants.Run{FlowID: w.flow.ID, Kind: "products", Trigger: "manual", Format: w.flow.Format, Mapping: w.flow.Mapping, Options: w.flow.Options}
	for _, c := range change {
		c(r)
	}
	if err := w.db.CreateRun(w.ctx, r); err != nil {
		w.Fatal(err)
	}
	return r
}

// finish steps a run to its end.
func (w *world) finish(r *tenants.Run) *tenants.Run {
	w.Helper()
	e := w.engine()
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

func (w *world) run(change ...func(*tenants.Run)) *tenants.Run {
	w.Helper()
	return w.finish(w.start(change...))
}

// saved returns the run as SQL has it.
func (w *world) saved(r *tenants.Run) *tenants.Run {
	w.Helper()
	out, err := w.db.Run(w.ctx, r.ID)
	if err != nil {
		w.Fatal(err)
	}
	return out
}

func dryRun(r *tenants.Run) { r.DryRun = true }

// requests counts the API requests that fn makes.
func (w *world) requests(fn func()) int {
	mark := w.store.Log().Mark()
	fn()
	return w.store.Log().Since(mark).Total
}

// products returns the store's products by SKU; a SKU that two products share fails the test.
func (w *world) products() map[string]*bigcommerce.Product {
	w.Helper()
	out := make(map[string]*bigcommerce.Product)
	for p, err := range w.api().Products.List(w.ctx, bigcommerce.ProductFilter{}) {
		if err != nil {
			w.Fatal(err)
		}
		if out[p.SKU] != nil {
			w.Fatalf("two products have SKU %q", p.SKU)
		}
		out[p.SKU] = p
	}
	return out
}

// issues returns a run's issues as "line severity key field", sorted, with their messages.
func (w *world) issues(r *tenants.Run, severity string) (kinds []string, messages map[string]string) {
	w.Helper()
	messages = make(map[string]string)
	err := w.db.EachRunIssue(w.ctx, r.ID, severity, func(i tenants.RunIssue) error {
		kind := fmt.Sprintf("%d %s %s", i.Line, i.Key, i.Field)
		kinds = append(kinds, kind)
		messages[kind] = i.Message
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	sort.Strings(kinds)
	return kinds, messages
}

// journal returns a run's journal as folded key → action.
func (w *world) journal(r *tenants.Run) map[string]string {
	w.Helper()
	var rows []tenants.JournalEntry
	if err := w.db.Scoped(w.ctx).Where("run_id = ?", r.ID).Find(&rows).Error; err != nil {
		w.Fatal(err)
	}
	out := make(map[string]string)
	for _, e := range rows {
		out[upsert.Fold(e.Key)] = e.Action
	}
	return out
}

// changes returns what a run's items say would change or changed, by key.
func (w *world) changes(r *tenants.Run) map[string][]upsert.Change {
	w.Helper()
	var rows []tenants.RunItem
	if err := w.db.Scoped(w.ctx).Where("run_id = ?", r.ID).Find(&rows).Error; err != nil {
		w.Fatal(err)
	}
	out := make(map[string][]upsert.Change)
	for _, item := range rows {
		var c []upsert.Change
		if err := json.Unmarshal([]byte(item.Changes), &c); err != nil {
			w.Fatalf("line %d: %v", item.Line, err)
		}
		out[item.Key] = c
	}
	return out
}

// counts is the part of a run that tests compare.
type counts struct{ Read, Created, Updated, Unchanged, Failed int64 }

func countsOf(r *tenants.Run) counts {
	return counts{r.Read, r.Created, r.Updated, r.Unchanged, r.Failed}
}

func (w *world) want(r *tenants.Run, want counts) {
	w.Helper()
	if r.State != tenants.RunDone || r.Error != "" {
		w.Fatalf("state %s, error %q", r.State, r.Error)
	}
	if got := countsOf(r); got != want {
		_, messages := w.issues(r, "")
		w.Fatalf("counts %+v, want %+v; issues %v", got, want, messages)
	}
	if r.FinishedAt == nil || r.StartedAt == nil {
		w.Error("a finished run has both times")
	}
}

// feed is a source in memory.
type feed struct {
	body     string
	etag     string // answered, and honoured when it comes back
	complete bool
	err      error
	fetches  int
	bodies   []string // of cut attempts, one after the other; then body
}

func (f *feed) Fetch(_ context.Context, req source.FetchRequest, w io.Writer) (source.FetchResult, error) {
	f.fetches++
	if f.err != nil {
		return source.FetchResult{}, f.err
	}
	if f.etag != "" && req.ETag == f.etag {
		return source.FetchResult{NotModified: true}, nil
	}
	body, complete := f.body, f.complete
	if len(f.bodies) > 0 {
		body, f.bodies, complete = f.bodies[0], f.bodies[1:], false
	}
	n, err := io.WriteString(w, body)
	return source.FetchResult{ETag: f.etag, ContentType: "text/csv", Size: int64(n), Complete: complete}, err
}

const header = "PartNum,PartDescription,ListPrice,OnHand,ProductGroup,Style"

// part is one row of the example feed.
func part(sku, name, price, stock string) string {
	return strings.Join([]string{sku, name, price, stock, "bags", "backpack"}, ",")
}

func csv(rows ...string) string { return header + "\n" + strings.Join(rows, "\n") + "\n" }

// parts returns n rows of which some names repeat.
func parts(n int) []string {
	rows := make([]string, n)
	for i := range rows {
		name := fmt.Sprintf("Part %d", i)
		if i%10 == 9 {
			name = fmt.Sprintf("Part %d", i-3)
		}
		rows[i] = fmt.Sprintf("P-%05d,%s,%d.99,%d,group %d,style %d", i, name, i%90+1, i%40, i%85%20, i%85)
	}
	return rows
}

var errDead = errors.New("the process was killed")
