package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sluice/internal/openapi/openapitest"
	"sluice/internal/problem"
	"sluice/internal/testenv"
	"sluice/jobs/flow"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// delivery is one webhook as BigCommerce sends it.
type delivery struct {
	id, secret, body string
	at               time.Time
}

func (e *env) deliver(d delivery, change ...func(*http.Request)) *httptest.ResponseRecorder {
	e.t.Helper()
	r := gin.New()
	e.svc.Register(r)
	signer, err := standardwebhooks.NewWebhookRaw([]byte(d.secret))
	if err != nil {
		e.t.Fatal(err)
	}
	signature, err := signer.Sign(d.id, d.at, []byte(d.body))
	if err != nil {
		e.t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, WebhookPath, strings.NewReader(d.body))
	req.Header.Set(standardwebhooks.HeaderWebhookID, d.id)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, fmt.Sprint(d.at.Unix()))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	for _, c := range change {
		c(req)
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	openapitest.CheckResponse(e.t, req, w)
	return w
}

func productDeleted(store string, id int) string {
	return fmt.Sprintf(`{"scope":"store/product/deleted","store_id":"1025646","data":{"type":"product","id":%d},"hash":"352e4afc","created_at":1561482670,"producer":"stores/%s"}`, id, store)
}

func (e *env) events(store string) []tenants.WebhookEvent {
	e.t.Helper()
	var events []tenants.WebhookEvent
	if err := e.db.Scoped(tenants.WithStore(e.t.Context(), store)).Order("delivery_id").Find(&events).Error; err != nil {
		e.t.Fatal(err)
	}
	return events
}

func TestWebhooksAreVerified(t *testing.T) {
	good := delivery{id: "msg_1", secret: "secret-of-the-app", body: productDeleted(testStore, 205), at: time.Now()}
	with := func(change func(*delivery)) delivery {
		d := good
		change(&d)
		return d
	}
	tests := map[string]struct {
		delivery delivery
		request  func(*http.Request)
		status   int
		events   int
		jobs     int
	}{
		"good":                   {delivery: good, status: 200, events: 1, jobs: 1},
		"another secret":         {delivery: with(func(d *delivery) { d.secret = "another" }), status: 401},
		"a long id":              {delivery: with(func(d *delivery) { d.id = "msg_" + strings.Repeat("x", 300) }), status: 200, events: 1, jobs: 1},
		"ten minutes old":        {delivery: with(func(d *delivery) { d.at = d.at.Add(-10 * time.Minute) }), status: 401},
		"from the future":        {delivery: with(func(d *delivery) { d.at = d.at.Add(10 * time.Minute) }), status: 401},
		"not JSON":               {delivery: with(func(d *delivery) { d.body = "hello" }), status: 422},
		"no scope":               {delivery: with(func(d *delivery) { d.body = `{"producer":"stores/abc123"}` }), status: 422},
		"no producer":            {delivery: with(func(d *delivery) { d.body = `{"scope":"store/product/deleted"}` }), status: 422},
		"a producer with a path": {delivery: with(func(d *delivery) { d.body = productDeleted("abc123/x", 1) }), status: 422},
		"a store nobody knows":   {delivery: with(func(d *delivery) { d.body = productDeleted("unknown1", 1) }), status: 404},
		"a scope for nothing": {delivery: with(func(d *delivery) {
			d.body = strings.Replace(d.body, "product/deleted", "cart/created", 1)
		}), status: 200},
		"oversize": {delivery: with(func(d *delivery) {
			d.body = strings.Replace(d.body, `"hash":"`, `"hash":"`+strings.Repeat("0", maxWebhookBody), 1)
		}), status: 413},
		"no signature":               {delivery: good, request: func(r *http.Request) { r.Header.Del(standardwebhooks.HeaderWebhookSignature) }, status: 401},
		"another id than was signed": {delivery: good, request: func(r *http.Request) { r.Header.Set(standardwebhooks.HeaderWebhookID, "msg_2") }, status: 401},
		"another version of signature": {delivery: good, request: func(r *http.Request) {
			r.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Replace(r.Header.Get(standardwebhooks.HeaderWebhookSignature), "v1,", "v1a,", 1))
		}, status: 401},
		"an old and a new signature": {delivery: good, request: func(r *http.Request) {
			r.Header.Set(standardwebhooks.HeaderWebhookSignature, "v1,AAAA "+r.Header.Get(standardwebhooks.HeaderWebhookSignature))
		}, status: 200, events: 1, jobs: 1},
	}
	e := newEnv(t, testenv.EmbeddedRedis(t))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, model := range []any{&tenants.WebhookEvent{}, &tenants.Job{}} {
				if err := e.db.AcrossStores(t.Context()).Where("1 = 1").Delete(model).Error; err != nil {
					t.Fatal(err)
				}
			}
			var change []func(*http.Request)
			if tt.request != nil {
				change = append(change, tt.request)
			}
			w := e.deliver(tt.delivery, change...)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d: %s", w.Code, tt.status, w.Body)
			}
			if tt.status != 200 && w.Header().Get("Content-Type") != problem.ContentType {
				t.Errorf("content type %q", w.Header().Get("Content-Type"))
			}
			if strings.Contains(w.Body.String(), tt.delivery.secret) {
				t.Error("the answer has the secret")
			}
			if got := len(e.events(testStore)); got != tt.events {
				t.Errorf("%d events, want %d", got, tt.events)
			}
			if got := len(e.jobRows(testStore)); got != tt.jobs {
				t.Errorf("%d jobs, want %d", got, tt.jobs)
			}
		})
	}
}

func TestWebhookProductDeleted(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	records := []tenants.Record{
		{Kind: "products", FlowID: e.flow.ID, Key: "a", TargetID: 205, SourceHash: "h1", State: "ok"},
		{Kind: "products", FlowID: e.flow.ID, Key: "b", TargetID: 206, SourceHash: "h2", State: "ok"},
	}
	if err := e.db.Scoped(e.ctx).Create(&records).Error; err != nil {
		t.Fatal(err)
	}
	d := delivery{id: "msg_1", secret: e.cfg.ClientSecret, body: productDeleted(testStore, 205), at: time.Now()}
	for range 3 { // BigCommerce delivers at least once
		if w := e.deliver(d); w.Code != http.StatusOK {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
	}
	if n := len(e.jobRows(testStore)); n != 1 {
		t.Errorf("%d jobs after three deliveries of one event", n)
	}
	e.work()
	testenv.Eventually(t, "event handled", func() bool { return e.events(testStore)[0].HandledAt != nil })
	var got []tenants.Record
	if err := e.db.Scoped(e.ctx).Order("key").Find(&got).Error; err != nil {
		t.Fatal(err)
	}
	type known struct {
		Key, Hash string
		ID        int64
	}
	have := []known{}
	for _, r := range got {
		have = append(have, known{r.Key, r.SourceHash, r.TargetID})
	}
	if diff := cmp.Diff([]known{{"a", "", 0}, {"b", "h2", 206}}, have); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// TestEventsAreHandledOnce: a repeat of a delivery does not undo what was done since. What the
// kinds of flows do not act on, and what one of them cannot handle now, is not lost.
func TestEventsAreHandledOnce(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	has := func() bool {
		r, err := e.db.References(e.ctx, "shelf", time.Now().Add(-time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return r != nil
	}
	e.work()
	d := delivery{id: "msg_1", secret: e.cfg.ClientSecret, at: time.Now(),
		body: fmt.Sprintf(`{"scope":%q,"producer":"stores/abc123","data":{"type":"category","id":7}}`, scopeShelf)}
	for _, want := range []bool{false, true} {
		if err := e.db.SaveReferences(e.ctx, tenants.StoreReferences{Kind: "shelf", Data: []byte("x"), LoadedAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
		if w := e.deliver(d); w.Code != http.StatusOK {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		e.waitIdle()
		if got := has(); got != want {
			t.Errorf("shelves are remembered: %v", got)
		}
	}
	if events := e.events(testStore); len(events) != 1 || events[0].HandledAt == nil {
		t.Errorf("events %+v", events)
	}
}

// TestEventOfANewerKind: a job about an event that no kind acts on is a newer version's, and waits
// for it.
func TestEventOfANewerKind(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.ready()
	row, err := newRow("event:1", kindEvent, queue.LaneBulk, time.Now(), event{DeliveryID: "msg_1", Scope: "store/order/created", ID: 7})
	if err != nil {
		t.Fatal(err)
	}
	row.StoreHash = testStore
	if err := e.svc.Submit(e.ctx, row); err != nil {
		t.Fatal(err)
	}
	m := &endings{}
	e.cfg.Meter = m
	NewWorkers(e.cfg).execute(t.Context(), e.claim())
	if row := e.jobRows(testStore)["event:1"]; row.State != tenants.JobPending || row.Attempts != 0 || len(m.list) != 1 || m.list[0] != EndUnknown {
		t.Errorf("row is %s after %d attempts, which ended %v", row.State, row.Attempts, m.list)
	}
}

// TestEventsThatOneKindRefuses: what a kind cannot handle is tried again, and keeps nothing else
// from being handled.
func TestEventsThatOneKindRefuses(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	var calls int
	odd := fakeKind{spec: flow.Spec{Name: "odd", Plural: "odds", Webhooks: []flow.Webhook{{Scope: "store/order/created",
		Handle: func(_ context.Context, _ *tenants.DB, events []flow.Event) error {
			if calls++; calls < 3 {
				return errors.New("not now")
			}
			return nil
		}}}}}
	e.engine.kinds = append(e.engine.kinds, odd)
	w := NewWorkers(e.cfg)
	list := []finishing{
		{id: "a", scope: scopeGoneGood, event: &flow.Event{StoreHash: testStore, ID: 205}},
		{id: "b", scope: "store/order/created", event: &flow.Event{StoreHash: testStore, ID: 1}},
	}
	if err := e.svc.Submit(e.ctx, e.forgetRow("a"), e.forgetRow("b")); err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if stale, err := w.finishes.Call(t.Context(), f); (errors.Join(err, stale) != nil) != (f.id == "b") {
			t.Errorf("%s: %v, %v", f.id, err, stale)
		}
	}
	rows := e.jobRows(testStore)
	if rows["a"].State != tenants.JobDone || rows["b"].State != tenants.JobPending {
		t.Errorf("rows %s, %s", rows["a"].State, rows["b"].State)
	}
}

// endings notes how attempts ended.
type endings struct {
	noMeter
	list []Ending
}

func (m *endings) Attempted(_ string, how Ending, _ time.Duration) { m.list = append(m.list, how) }

func TestWebhookStoreUpdatedIsCoalesced(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	for i := range 3 {
		d := delivery{id: fmt.Sprint("msg_", i), secret: e.cfg.ClientSecret, at: time.Now(),
			body: `{"scope":"store/information/updated","producer":"stores/abc123","data":{"type":"store"}}`}
		if w := e.deliver(d); w.Code != http.StatusOK {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
	}
	if n := len(e.jobRows(testStore)); n != 1 {
		t.Errorf("%d jobs for three changes in a moment", n)
	}
	for _, event := range e.events(testStore) {
		if event.HandledAt == nil {
			t.Errorf("event %s has no job and is not handled", event.DeliveryID)
		}
	}
}

func TestWebhookAppUninstalled(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.cfg.PurgeAfter = 2 * time.Hour
	e.svc = NewService(e.cfg)
	run := e.start()
	// The queue of a store that needs a reinstall stands still; its end must not wait for that.
	if err := e.svc.PauseStore(t.Context(), testStore, "no access"); err != nil {
		t.Fatal(err)
	}
	d := delivery{id: "msg_1", secret: e.cfg.ClientSecret, at: time.Now(),
		body: `{"scope":"store/app/uninstalled","producer":"stores/abc123","data":{"type":"store"}}`}
	if w := e.deliver(d); w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	e.work()
	testenv.Eventually(t, "event handled", func() bool { return e.events(testStore)[0].HandledAt != nil })
	store, err := e.db.Store(t.Context(), testStore)
	if err != nil {
		t.Fatal(err)
	}
	if store.State != tenants.StoreUninstalled || len(store.AccessToken) != 0 {
		t.Errorf("store is %s with a token of %d bytes", store.State, len(store.AccessToken))
	}
	if got := e.run(run.ID); got.State != tenants.RunCancelled {
		t.Errorf("run is %s", got.State)
	}
	// What comes after the uninstall is taken, and does nothing.
	d = delivery{id: "msg_2", secret: e.cfg.ClientSecret, body: productDeleted(testStore, 1), at: time.Now()}
	if w := e.deliver(d); w.Code != http.StatusOK || len(e.events(testStore)) != 1 {
		t.Errorf("status %d, %d events", w.Code, len(e.events(testStore)))
	}
}

// BigCommerce repeats a delivery for a day: one of before a reinstall must not end the new
// installation.
func TestLateUninstallWebhook(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	store, err := e.db.Store(t.Context(), testStore)
	if err != nil {
		t.Fatal(err)
	}
	body := func(at time.Time) string {
		return fmt.Sprintf(`{"scope":"store/app/uninstalled","producer":"stores/%s","created_at":%d,"data":{"type":"store"}}`, testStore, at.Unix())
	}
	d := delivery{id: "msg_late", secret: e.cfg.ClientSecret, at: time.Now(), body: body(store.InstalledAt.Add(-time.Hour))}
	if w := e.deliver(d); w.Code != http.StatusOK || len(e.events(testStore)) != 0 {
		t.Fatalf("status %d, %d events", w.Code, len(e.events(testStore)))
	}
	// One that was taken before the reinstall, and comes up after it.
	d = delivery{id: "msg_taken", secret: e.cfg.ClientSecret, at: time.Now(), body: body(store.InstalledAt.Add(time.Second))}
	if w := e.deliver(d); w.Code != http.StatusOK || len(e.events(testStore)) != 1 {
		t.Fatalf("status %d, %d events", w.Code, len(e.events(testStore)))
	}
	err = e.db.AcrossStores(t.Context()).Model(&tenants.Store{}).Where("hash = ?", testStore).
		Update("installed_at", store.InstalledAt.Add(time.Minute)).Error
	if err != nil {
		t.Fatal(err)
	}
	e.work()
	testenv.Eventually(t, "event handled", func() bool { return e.events(testStore)[0].HandledAt != nil })
	if store, err = e.db.Store(t.Context(), testStore); err != nil || store.State != tenants.StoreActive {
		t.Fatalf("store is %s, %v", store.State, err)
	}
}

// A webhook is acknowledged although Redis is away; its job is done once Redis is back.
func TestWebhookWithoutRedis(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	hook, err := parseWebhook([]byte(productDeleted(testStore, 7)))
	if err != nil {
		t.Fatal(err)
	}
	row, _, err := e.svc.webhookRow(hook, "msg_1")
	if err != nil {
		t.Fatal(err)
	}
	row.StoreHash = testStore
	e.svc.enqueue(ctx, row) // fails inside, and says nothing
	d := delivery{id: "msg_1", secret: e.cfg.ClientSecret, body: productDeleted(testStore, 7), at: time.Now()}
	if w := e.deliver(d); w.Code != http.StatusOK { // the queue has no epoch yet
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	e.work()
	testenv.Eventually(t, "event handled", func() bool { return e.events(testStore)[0].HandledAt != nil })
}

func FuzzParseWebhook(f *testing.F) {
	for _, seed := range []string{
		productDeleted(testStore, 205), productDeleted(testStore, -1), `{}`, `null`, `[]`, ``, `{"scope":"a","producer":"stores/a"}`,
		`{"scope":"a","producer":"stores/a","data":{"id":"205"}}`, `{"scope":"a","producer":"stores/a","data":[1]}`,
		`{"scope":"a","producer":"stores/a","data":{"id":1e99}}`, `{"scope":"a","producer":"stores/../b"}`, `{"scope":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		hook, err := parseWebhook(body)
		if err != nil {
			if problem.CodeOf(err) != problem.Invalid {
				t.Errorf("code %s", problem.CodeOf(err))
			}
			return
		}
		if !json.Valid(body) || hook.Scope == "" || len(hook.Scope) > 100 || !tenants.ValidStoreHash(hook.StoreHash) || hook.DataID < 0 {
			t.Errorf("accepted %q as %+v", body, hook)
		}
	})
}
