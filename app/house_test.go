package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/internal/testenv"
	"sluice/jobs"
	"sluice/tenants"
	"sluice/tenants/vault"
	"sluice/ui"
)

// house is the whole program in this process, with a sandbox beside it. Stores do not meet, so
// tests of one house may run in parallel, each in a shop of its own.
type house struct {
	sandbox *sandbox.Sandbox
	program *program
	cfg     *Config
	app     string // base URL
	shops   atomic.Int64
}

// houseOptions are what a test may want otherwise.
type houseOptions struct {
	log        *slog.Logger
	sandboxLog *slog.Logger                    // log, unless it is given
	scopes     []string                        // that the app asks for, sandbox.DefaultScopes unless given
	wrap       func(http.Handler) http.Handler // around the app
}

func newHouse(t *testing.T, o houseOptions) *house {
	t.Helper()
	if _, ok := ui.Assets(); !ok {
		t.Fatal("the panel is not built: run make first")
	}
	if o.log == nil { // whatever the test is about, the log at its most talkative has no secret
		var logs lockedBuffer
		o.log, o.sandboxLog = newLogger(&logs, slog.LevelDebug), slog.New(slog.DiscardHandler)
		t.Cleanup(func() { wantQuiet(t, "the log", logs.bytes()) })
	}
	if o.sandboxLog == nil {
		o.sandboxLog = o.log
	}
	if o.scopes == nil {
		o.scopes = sandbox.DefaultScopes
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{app: "http://" + listener.Addr().String()}
	ctx, stop := context.WithCancel(context.Background())
	h.sandbox, err = sandbox.New(sandbox.Options{
		Plan: "pro", Window: time.Second, Log: o.sandboxLog, Scopes: o.scopes,
		AppAuthURL: h.app + "/auth", AppLoadURL: h.app + "/load", AppUninstallURL: h.app + "/uninstall", AppRemoveUserURL: h.app + "/remove_user",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.sandbox.Start(ctx); err != nil {
		t.Fatal(err)
	}
	key, err := vault.GenerateKey("house")
	if err != nil {
		t.Fatal(err)
	}
	urls := h.sandbox.URLs()
	h.cfg = &Config{
		ClientID: h.sandbox.ClientID(), ClientSecret: h.sandbox.ClientSecret(), AppURL: h.app, Scopes: o.scopes,
		DatabaseURL: "sqlite:" + filepath.Join(t.TempDir(), "house.db"), EncryptionKeys: key, LoginURL: urls.Login, APIURL: testenv.APIProxy(t, urls.API),
		FrameAncestors: []string{urls.ControlPanel}, PrivateSources: []string{"127.0.0.1/32"}, RedisConfig: RedisConfig{RedisShards: 1}, JobLease: 30 * time.Second, LogLevel: "debug",
		WorkerConcurrency: jobs.DefaultConcurrency,
	}
	if err := h.cfg.check(nil); err != nil {
		t.Fatal(err)
	}
	if h.program, err = assemble(ctx, h.cfg, o.log); err != nil {
		t.Fatal(err)
	}
	if err := h.program.migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if o.wrap != nil {
		h.program.handler = o.wrap(h.program.handler)
	}
	ended := make(chan error, 1)
	go func() { ended <- h.program.run(ctx, listener, true) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the program ended with %v", err)
		}
		h.program.close()
		if err := h.sandbox.Close(); err != nil {
			t.Errorf("sandbox: %v", err)
		}
	})
	return h
}

// shop is a store with Sluice installed, a products flow, and a back office that serves its feed.
type shop struct {
	t        *testing.T
	house    *house
	store    *sandbox.Store
	merchant *merchant
	office   atomic.Pointer[http.HandlerFunc]
	fetches  atomic.Int64
	address  string // of the feed
	flow     *demoFlow
	client   *bigcommerce.Client // the tests' own eyes on the store, with credentials of their own
}

const feedHeader = "PartNum,PartDescription,ListPrice,OnHand\n"

// newShop installs Sluice on a store of its own and maps its feed as Sluice suggests.
func (h *house) newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t, house: h}
	s.store = h.sandbox.AddStore(sandbox.StoreSpec{Hash: fmt.Sprintf("shop%d", h.shops.Add(1))})
	office := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fetches.Add(1)
		(*s.office.Load())(w, r)
	}))
	t.Cleanup(office.Close)
	s.address = office.URL + "/parts.csv"
	s.merchant = &merchant{app: h.app, panel: appPanelURL(h.sandbox, s.store), http: &http.Client{Timeout: time.Minute}}
	t.Cleanup(s.merchant.http.CloseIdleConnections)
	s.do(s.merchant.open(t.Context()))
	s.feed(feedHeader + "X-1,Example,1.50,3\n")
	var err error
	s.flow, err = s.merchant.prepareFlow(t.Context(), productsFrom(s.address))
	s.do(err)
	s.client, err = bigcommerce.New(bigcommerce.Config{APIURL: h.cfg.APIURL, StoreHash: s.store.Hash, AccessToken: s.store.Token()})
	s.do(err)
	return s
}

func (s *shop) do(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// serve makes the back office answer with f.
func (s *shop) serve(f http.HandlerFunc) { s.office.Store(&f) }

// feed makes the back office serve body as CSV.
func (s *shop) feed(body string) {
	s.serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		_, _ = w.Write([]byte(body))
	})
}

func (s *shop) call(method, path string, in, out any) {
	s.t.Helper()
	s.do(s.merchant.call(s.t.Context(), method, path, in, out))
}

// saveFlow writes the flow back, with its source.
func (s *shop) saveFlow() {
	s.t.Helper()
	s.call(http.MethodPut, "/flows/"+s.flow.ID, map[string]any{
		"version": s.flow.Version, "name": s.flow.Name, "source": map[string]string{"kind": "url", "url": s.address},
		"format": s.flow.Format, "mapping": s.flow.Mapping, "options": s.flow.Options,
	}, s.flow)
}

// mapField changes the mapping of one field.
func (s *shop) mapField(target, expression string) {
	s.t.Helper()
	for i, f := range s.flow.Mapping.Fields {
		if f.Target == target {
			s.flow.Mapping.Fields[i].Expression = expression
			s.saveFlow()
			return
		}
	}
	s.t.Fatalf("%s is not mapped: %+v", target, s.flow.Mapping)
}

func (s *shop) start() *demoRun {
	s.t.Helper()
	r, err := s.merchant.startRun(s.t.Context(), s.flow.ID)
	s.do(err)
	return r
}

// run starts a run and waits for its end.
func (s *shop) run() *demoRun { s.t.Helper(); return s.await(s.start().ID, nil) }

// await waits until the run is final, or until what holds of it.
func (s *shop) await(id string, what func(*demoRun) bool) *demoRun {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	var last *demoRun
	met := false
	_, err := s.merchant.watch(ctx, id, func(r *demoRun) {
		if last = r; what != nil && what(r) {
			met = true
			cancel()
		}
	})
	if !met && (err != nil || what != nil) {
		s.t.Fatalf("run %s: %v; at last %+v", id, err, last)
	}
	return last
}

// finding is an issue of a run as merchants see it.
type finding struct {
	Line                          int64
	Key, Field, Message, Severity string
}

func (s *shop) findings(runID string) []finding {
	s.t.Helper()
	var page struct {
		Issues []tenants.RunIssue `json:"issues"`
		Next   string             `json:"next"`
	}
	s.call(http.MethodGet, "/runs/"+runID+"/issues?limit=250", nil, &page)
	if page.Next != "" {
		s.t.Fatal("more than a page of issues")
	}
	list := make([]finding, 0, len(page.Issues))
	for _, i := range page.Issues {
		list = append(list, finding{i.Line, i.Key, i.Field, i.Message, i.Severity})
	}
	return list
}

// products returns the store's products by SKU, as BigCommerce has it. A SKU twice is an error.
func (s *shop) products() map[string]*bigcommerce.Product {
	s.t.Helper()
	all := map[string]*bigcommerce.Product{}
	for p, err := range s.client.Products.List(s.t.Context(), bigcommerce.ProductFilter{Limit: 250}) {
		s.do(err)
		key := strings.ToLower(strings.TrimSpace(p.SKU))
		if all[key] != nil {
			s.t.Errorf("SKU %q is there twice", p.SKU)
		}
		all[key] = p
	}
	out := make(map[string]*bigcommerce.Product, len(all))
	for _, p := range all {
		out[p.SKU] = p
	}
	return out
}

// add creates a product as somebody else would.
func (s *shop) add(fields bigcommerce.Fields) {
	s.t.Helper()
	full := bigcommerce.Fields{"type": "physical", "weight": 0, "price": 1}
	for k, v := range fields {
		full[k] = v
	}
	_, err := s.client.Products.Create(s.t.Context(), full)
	s.do(err)
}

// fault makes the platform misbehave towards this store.
func (s *shop) fault(f sandbox.Fault) {
	s.t.Helper()
	f.Store = s.store.Hash
	_, err := s.house.sandbox.AddFault(f)
	s.do(err)
}

// state returns the store's state as the panel shows it.
func (s *shop) state() tenants.StoreState {
	s.t.Helper()
	var session struct {
		Store json.RawMessage `json:"store"`
	}
	s.call(http.MethodGet, "/session", nil, &session)
	var store struct {
		State tenants.StoreState `json:"state"`
	}
	s.do(json.Unmarshal(session.Store, &store))
	return store.State
}
