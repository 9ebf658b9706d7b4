package jobs

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/testenv"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// api is the little of BigCommerce that the kinds here call.
type api struct {
	mu      sync.Mutex
	hooks   []bigcommerce.Hook
	refuse  bool // hooks are refused as invalid
	revoked bool // every call answers 401
	later   int  // every call answers 503, and to come back after so many seconds
	calls   []string
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/stores/"+testStore)
	a.calls = append(a.calls, r.Method+" "+path)
	answer := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	switch {
	case a.later > 0:
		answer(http.StatusServiceUnavailable, map[string]any{"error": map[string]any{"code": "SERVICE_DEGRADED", "message": "later", "retry_after_seconds": a.later}})
	case a.revoked:
		answer(http.StatusUnauthorized, map[string]any{"status": 401, "title": "Unauthorized"})
	case path == "/v2/store":
		answer(http.StatusOK, map[string]any{"id": testStore, "name": "Parts Ltd", "domain": "parts.example", "secure_url": "https://parts.example",
			"plan_name": "Pro", "timezone": map[string]any{"name": "America/Chicago"}, "currency": "USD"})
	case path == "/v3/hooks" && r.Method == http.MethodGet:
		answer(http.StatusOK, map[string]any{"data": a.hooks, "meta": map[string]any{"pagination": map[string]any{
			"total": len(a.hooks), "count": len(a.hooks), "per_page": 250, "current_page": 1, "total_pages": 1}}})
	case a.refuse:
		answer(http.StatusUnprocessableEntity, map[string]any{"status": 422, "title": "Unable to create webhook", "errors": map[string]any{"destination": "must be on port 443"}})
	case path == "/v3/hooks":
		var h bigcommerce.Hook
		_ = json.NewDecoder(r.Body).Decode(&h)
		h.ID = int64(100 + len(a.hooks))
		a.hooks = append(a.hooks, h)
		answer(http.StatusOK, map[string]any{"data": h, "meta": map[string]any{}})
	case strings.HasPrefix(path, "/v3/hooks/"):
		i := slices.IndexFunc(a.hooks, func(h bigcommerce.Hook) bool { return path == fmt.Sprint("/v3/hooks/", h.ID) })
		if i < 0 {
			answer(http.StatusNotFound, map[string]any{"status": 404, "title": "Not found"})
			return
		}
		var h bigcommerce.Hook
		_ = json.NewDecoder(r.Body).Decode(&h)
		a.hooks[i].IsActive = h.IsActive
		answer(http.StatusOK, map[string]any{"data": a.hooks[i], "meta": map[string]any{}})
	default:
		answer(http.StatusNotFound, map[string]any{"status": 404, "title": "Not found"})
	}
}

// withAPI gives e's workers an API.
func (e *env) withAPI() *api {
	a := &api{}
	srv := httptest.NewServer(a)
	e.t.Cleanup(srv.Close)
	clients := NewClients(e.db, e.queue, srv.URL, "Sluice/test", e.cfg.Log)
	e.t.Cleanup(clients.Close)
	e.cfg.Clients = clients
	e.svc = NewService(e.cfg)
	return a
}

func (e *env) waitIdle() {
	e.t.Helper()
	testenv.Eventually(e.t, "no job left", func() bool {
		n, err := e.svc.PendingJobs(e.ctx)
		return err == nil && n == 0
	})
}

func TestInstalled(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	a := e.withAPI()
	const ours = "https://app.example.com" + WebhookPath
	a.hooks = []bigcommerce.Hook{
		{ID: 1, Scope: scopeGoneGood, Destination: ours, IsActive: false},                                       // to be woken
		{ID: 2, Scope: scopeStoreUpdated, Destination: "https://other.example.com/hooks", IsActive: false},      // not ours
		{ID: 3, Scope: "store/order/created", Destination: ours, IsActive: false, Headers: map[string]string{}}, // not one we want
	}
	if err := e.svc.Installed(t.Context(), testStore); err != nil {
		t.Fatal(err)
	}
	e.work()
	e.waitIdle()
	store, err := e.db.Store(t.Context(), testStore)
	if err != nil {
		t.Fatal(err)
	}
	got := tenants.StoreInfo{Name: store.Name, Domain: store.Domain, SecureURL: store.SecureURL, PlanName: store.PlanName, Timezone: store.Timezone, Currency: store.Currency}
	want := tenants.StoreInfo{Name: "Parts Ltd", Domain: "parts.example", SecureURL: "https://parts.example", PlanName: "Pro", Timezone: "America/Chicago", Currency: "USD"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("store (-want +got):\n%s", diff)
	}
	active := map[string]bool{}
	for _, h := range a.hooks {
		active[h.Scope+" "+h.Destination] = h.IsActive
	}
	wantHooks := map[string]bool{
		scopeGoneGood + " " + ours:                                            true,
		scopeStoreUpdated + " " + ours:                                        true,
		scopeAppUninstalled + " " + ours:                                      true,
		scopeShelf + " " + ours:                                               true,
		scopeStoreUpdated + " " + "https://other.example.com/hooks":           false,
		"store/order/created" + " " + "https://app.example.com" + WebhookPath: false,
	}
	if diff := cmp.Diff(wantHooks, active); diff != "" {
		t.Errorf("hooks (-want +got):\n%s", diff)
	}
	// A second look finds all as it should be.
	a.calls = nil
	if err := e.svc.Installed(t.Context(), testStore); err != nil {
		t.Fatal(err)
	}
	e.waitIdle()
	for _, call := range a.calls {
		if !strings.HasPrefix(call, "GET ") {
			t.Errorf("%s on the second look", call)
		}
	}
}

func TestRefusedWebhooksAreNoFailure(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.withAPI().refuse = true
	if err := e.svc.Installed(t.Context(), testStore); err != nil {
		t.Fatal(err)
	}
	e.work()
	e.waitIdle()
	for id, row := range e.jobRows(testStore) {
		if row.RunAt.After(time.Now()) { // tomorrow's look at the webhooks
			continue
		}
		if row.State != tenants.JobDone || row.Attempts != 0 {
			t.Errorf("%s is %s after %d attempts: %s", id, row.State, row.Attempts, row.LastError)
		}
	}
}

// A 401 outside a run pauses the store as well.
func TestRevokedToken(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.withAPI().revoked = true
	if err := e.svc.Installed(t.Context(), testStore); err != nil {
		t.Fatal(err)
	}
	e.work()
	testenv.Eventually(t, "store needs a reinstall", func() bool {
		s, err := e.db.Store(t.Context(), testStore)
		return err == nil && s.State == tenants.StoreNeedsReinstall
	})
}

// A job comes back when BigCommerce asked it to, not sooner.
func TestComesBackWhenAskedTo(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	a := e.withAPI()
	a.later = 300
	row, err := newRow("store:later", kindStoreRefresh, queue.LaneInteractive, time.Now(), struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	row.StoreHash = testStore
	if err := e.svc.Submit(e.ctx, row); err != nil {
		t.Fatal(err)
	}
	e.work()
	testenv.Eventually(t, "an attempt", func() bool { return e.jobRows(testStore)[row.ID].Attempts == 1 })
	if wait := time.Until(e.jobRows(testStore)[row.ID].RunAt); wait < 4*time.Minute {
		t.Errorf("it comes back in %v, was asked for 5 min", wait)
	}
}
