package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sluice/internal/testenv"
)

// sink receives webhooks.
type sink struct {
	*httptest.Server
	got chan hit

	mu     sync.Mutex
	status []int // answers to give, then 200
}

type hit struct {
	header http.Header
	raw    []byte
	body   map[string]any
}

func newSink(t *testing.T, r *rig, status ...int) *sink {
	t.Helper()
	k := &sink{got: make(chan hit, 1000), status: status}
	k.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		raw, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		h := hit{header: req.Header, raw: raw}
		_ = json.Unmarshal(raw, &h.body)
		k.mu.Lock()
		code := 200
		if len(k.status) > 0 {
			code, k.status = k.status[0], k.status[1:]
		}
		k.mu.Unlock()
		w.WriteHeader(code)
		k.got <- h
	}))
	t.Cleanup(k.Close)
	r.s.SetApp(k.URL+"/auth", "", "", "")
	return k
}

func (k *sink) next(t *testing.T) hit {
	t.Helper()
	select {
	case h := <-k.got:
		return h
	case <-within(t).Done():
		t.Fatal("no webhook came")
	}
	return hit{}
}

func (r *rig) hook(scope, dest string) float64 {
	r.t.Helper()
	return r.want(200, "POST", "/v3/hooks", map[string]any{"scope": scope, "destination": dest, "headers": map[string]string{"X-Custom": "mine"}}).one()["id"].(float64)
}

func TestHooksCRUD(t *testing.T) {
	r := newRig(t, Options{})
	k := newSink(t, r)
	h := r.want(200, "POST", "/v3/hooks", `{"scope":"store/product/*","destination":"https://app.example/hooks"}`).one()
	if h["is_active"] != true || h["store_hash"] != "abc123" || h["headers"] != nil || h["created_at"] == nil || h["client_id"] == "" {
		t.Errorf("%v", h)
	}
	for body, field := range map[string]string{
		`{"destination":"https://app.example/hooks"}`:                                           "scope",
		`{"scope":"store/product/*"}`:                                                           "destination",
		`{"scope":"store/nonsense","destination":"https://app.example/hooks"}`:                  "scope",
		`{"scope":"store/product/created","destination":"http://app.example/hooks"}`:            "destination",
		`{"scope":"store/product/created","destination":"https://app.example:8443/hooks"}`:      "destination",
		`{"scope":"store/product/created","destination":"http://127.0.0.1:1/hooks"}`:            "destination",
		`{"scope":"store/product/created","destination":"nonsense"}`:                            "destination",
		`{"scope":"store/product/created","destination":"https://a.example","headers":{"a":1}}`: "headers.a",
		`{"scope":"store/product/created","destination":"https://a.example","is_active":"yes"}`: "is_active",
		`{"scope":"store/product/*","destination":"https://app.example/hooks"}`:                 "destination", // a second time
	} {
		if a := r.want(422, "POST", "/v3/hooks", body); a.errorsOf()[field] == nil {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	r.want(200, "POST", "/v3/hooks", map[string]any{"scope": "store/product/*", "destination": k.URL + "/hooks"}) // the app's own origin
	for i := range maxHooks - 2 {
		r.hook("store/product/*", sprint("https://app.example/hooks/%d", i))
	}
	if a := r.want(422, "POST", "/v3/hooks", `{"scope":"store/product/*","destination":"https://app.example/one-more"}`); a.errorsOf()["scope"] == nil {
		t.Errorf("%s", a.raw)
	}
	r.hook("store/category/*", "https://app.example/hooks") // another scope
	if n := r.want(200, "GET", "/v3/hooks?scope=store/category/*", nil).total(); n != 1 {
		t.Errorf("%d", n)
	}
	r.want(200, "PUT", "/v3/hooks/1", `{"is_active":false}`)
	r.want(422, "PUT", "/v3/hooks/1", `{}`)
	if n := r.want(200, "GET", "/v3/hooks?is_active=false", nil).total(); n != 1 {
		t.Errorf("%d", n)
	}
	// Another client sees none of them and has its own limit.
	mine := r.token
	r.token = r.st.Token()
	if a := r.want(404, "GET", "/v3/hooks/1", nil); a.json["title"] != "Webhook with id [1] not found" {
		t.Errorf("%s", a.raw)
	}
	r.hook("store/product/*", "https://app.example/hooks")
	r.token = mine
	if a := r.want(200, "DELETE", "/v3/hooks/1", nil); a.one()["id"] != 1.0 {
		t.Errorf("%s", a.raw)
	}
	r.want(404, "DELETE", "/v3/hooks/1", nil)
}

func TestWebhookDelivery(t *testing.T) {
	r := newRig(t, Options{})
	k := newSink(t, r)
	r.hook("store/product/*", k.URL+"/hooks")
	id := r.product("One", "S1")
	h := k.next(t)
	h.signedBy(t, r.owner.ClientSecret)
	if h.header.Get("X-Custom") != "mine" {
		t.Error("the custom header did not come back")
	}
	if hash, _ := h.body["hash"].(string); len(hash) != 40 || hash != h.header.Get("webhook-id") {
		t.Errorf("hash %q, webhook-id %q", hash, h.header.Get("webhook-id"))
	}
	delete(h.body, "hash")
	delete(h.body, "created_at")
	want := map[string]any{"scope": "store/product/created", "store_id": sprint("%d", r.st.numericID), "producer": "stores/abc123",
		"data": map[string]any{"type": "product", "id": float64(id)}}
	if d := cmp.Diff(want, h.body); d != "" {
		t.Error(d)
	}
	r.want(200, "PUT", "/v3/catalog/products", `[{"id":77,"price":3}]`)
	if h := k.next(t); h.body["scope"] != "store/product/updated" {
		t.Errorf("%v", h.body)
	}
	r.want(204, "DELETE", "/v3/catalog/products/77", nil)
	if h := k.next(t); h.body["scope"] != "store/product/deleted" {
		t.Errorf("%v", h.body)
	}
	r.hook("store/information/updated", k.URL+"/hooks")
	r.hook("store/category/created", k.URL+"/hooks")
	r.st.SetName("New name")
	if h := k.next(t); h.body["scope"] != "store/information/updated" || h.body["data"].(map[string]any)["id"] != nil {
		t.Errorf("%v", h.body)
	}
	r.want(201, "POST", "/v3/catalog/trees/categories", `[{"name":"x","tree_id":1}]`)
	if h := k.next(t); h.body["scope"] != "store/category/created" {
		t.Errorf("%v", h.body)
	}
	// What nobody subscribed to, and hooks that are off, are silent.
	r.want(200, "PUT", "/v3/hooks/1", `{"is_active":false}`)
	r.want(200, "POST", "/v3/catalog/brands", `{"name":"x"}`)
	r.product("Two", "S2")
	if err := r.s.SettleHooks(within(t)); err != nil {
		t.Fatal(err)
	}
	if n := len(k.got); n != 0 {
		t.Errorf("%d webhooks too many", n)
	}
	if n := len(r.st.Deliveries()); n != 5 {
		t.Errorf("%d deliveries on record", n)
	}
}

// signedBy fails the test unless the delivery is signed with the secret.
func (h *hit) signedBy(t *testing.T, secret string) {
	t.Helper()
	wh, err := standardwebhooks.NewWebhookRaw([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	if err := wh.Verify(h.raw, h.header); err != nil {
		t.Errorf("signature: %v", err)
	}
}

// Every client's hooks are signed with its own secret, and hear of an event under the same id.
func TestWebhooksOfSeveralClients(t *testing.T) {
	r := newRig(t, Options{})
	k := newSink(t, r)
	r.st.mu.Lock()
	app := r.st.issueLocked(token{ClientID: r.s.ClientID(), Scopes: r.s.allScopes(), App: true})
	r.st.mu.Unlock()
	second := r.st.APIAccount()
	secrets := map[string]string{"/first": r.owner.ClientSecret, "/app": r.s.ClientSecret(), "/second": second.ClientSecret}
	for path, tok := range map[string]string{"/first": r.token, "/app": app, "/second": second.AccessToken} {
		r.token = tok
		r.want(200, "POST", "/v3/hooks", map[string]any{"scope": "store/product/created", "destination": k.URL + path, "headers": map[string]string{"X-Path": path}})
	}
	r.product("One", "S1")
	ids := map[string]bool{}
	for range 3 {
		h := k.next(t)
		h.signedBy(t, secrets[h.header.Get("X-Path")])
		delete(secrets, h.header.Get("X-Path"))
		ids[h.header.Get("webhook-id")] = true
	}
	if len(secrets) != 0 || len(ids) != 1 {
		t.Errorf("not delivered: %v; ids %v", secrets, ids)
	}
}

// A new hook hears of nothing for a minute.
func TestNewHookIsDeafAtFirst(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now, HookStart: hookStart})
	k := newSink(t, r)
	r.hook("store/product/created", k.URL+"/hooks")
	r.product("Early", "S1")
	c.add(hookStart - time.Second)
	r.product("Too early", "S2")
	c.add(time.Second)
	r.product("In time", "S3")
	if id := k.next(t).body["data"].(map[string]any)["id"]; id != 79. {
		t.Errorf("heard of product %v first", id)
	}
	r.want(200, "PUT", "/v3/hooks/1", `{"headers":{"X-A":"b"}}`) // is no new hook
	r.product("Later", "S4")
	k.next(t)
	if n := len(r.st.Deliveries()); n > 2 {
		t.Errorf("%d deliveries", n)
	}
	for window, want := range map[time.Duration]time.Duration{0: time.Minute, time.Second: 2 * time.Second, time.Hour: time.Minute} {
		s, err := New(Options{Window: window})
		if err != nil {
			t.Fatal(err)
		}
		if s.opts.HookStart != want {
			t.Errorf("with a window of %v a hook is deaf for %v, want %v", window, s.opts.HookStart, want)
		}
	}
}

// A write that changes nothing is told of to nobody, nor is one of images; that of a variant is its
// SKU's.
func TestWhatWebhooksTellOf(t *testing.T) {
	r := newRig(t, Options{})
	k := newSink(t, r)
	id := r.product("One", "S1")
	r.want(200, "PUT", sprint("/v3/catalog/products/%d", id), `{"price":3}`)
	brand := sprint("/v3/catalog/brands/%v", r.want(200, "POST", "/v3/catalog/brands", `{"name":"Acme"}`).one()["id"])
	r.want(201, "POST", "/v3/catalog/trees/categories", `[{"name":"Bath","tree_id":1}]`)
	r.want(200, "POST", "/v3/customers", `[{"email":"a@x.example","first_name":"A","last_name":"B","company":"C"}]`)
	ch, err := r.st.AddChannel(ChannelSpec{Name: "Second", URL: "platform"})
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range []string{"product", "sku", "brand", "category", "customer", "channel"} {
		if group == "channel" {
			r.hook("store/channel/updated", k.URL+"/hooks")
			continue
		}
		r.hook("store/"+group+"/*", k.URL+"/hooks")
	}
	r.hook("store/information/updated", k.URL+"/hooks")
	category := r.want(200, "GET", "/v3/catalog/trees/categories", nil).data()[0]["category_id"]
	variant := r.st.cat.byID[id].variant
	for _, step := range []struct {
		method, path, body string
		want               string // the events that fire
	}{
		{"PUT", sprint("/v3/catalog/products/%d", id), `{"price":3,"name":"One","sku":"S1"}`, ""},
		{"PUT", sprint("/v3/catalog/products/%d", id), `{"images":[{"image_url":"https://x.example/a.png","is_thumbnail":true}]}`, ""},
		{"PUT", sprint("/v3/catalog/products/%d", id), `{"price":4}`, "store/product/updated"},
		{"PUT", "/v3/catalog/products", sprint(`[{"id":%d,"price":4}]`, id), ""},
		{"PUT", "/v3/catalog/products", sprint(`[{"id":%d,"price":5}]`, id), "store/product/updated"},
		{"PUT", "/v3/catalog/variants", sprint(`[{"id":%d,"price":5}]`, variant), ""},
		{"PUT", "/v3/catalog/variants", sprint(`[{"id":%d,"image_url":"https://x.example/b.png"}]`, variant), ""},
		{"PUT", "/v3/catalog/variants", sprint(`[{"id":%d,"price":6}]`, variant), "store/sku/updated"},
		{"PUT", brand, `{"name":"Acme"}`, ""},
		{"PUT", brand, `{"page_title":"P"}`, "store/brand/updated"},
		{"PUT", "/v3/catalog/trees/categories", sprint(`[{"category_id":%v,"name":"Bath"}]`, category), ""},
		{"PUT", "/v3/catalog/trees/categories", sprint(`[{"category_id":%v,"name":"Baths"}]`, category), "store/category/updated"},
		{"PUT", "/v3/customers", `[{"id":1,"company":"C","first_name":"A"}]`, ""},
		{"PUT", "/v3/customers", `[{"id":1,"company":"D"}]`, "store/customer/updated"},
		{"PUT", "/v3/customers", `[{"id":1,"authentication":{"new_password":"password1"}}]`, "store/customer/updated"},
		{"PUT", sprint("/v3/channels/%d", ch.ID), `{"name":"Second"}`, ""},
		{"PUT", sprint("/v3/channels/%d", ch.ID), `{"name":"Another"}`, "store/channel/updated"},
	} {
		r.want(200, step.method, step.path, step.body)
		if err := r.s.SettleHooks(within(t)); err != nil {
			t.Fatal(err)
		}
		got := ""
		for len(k.got) > 0 {
			h := <-k.got
			got = strings.TrimSpace(got + " " + h.body["scope"].(string))
			if h.body["scope"] == "store/sku/updated" {
				want := map[string]any{"type": "sku", "id": float64(variant), "sku": map[string]any{"product_id": float64(id), "variant_id": float64(variant)}}
				if d := cmp.Diff(want, h.body["data"]); d != "" {
					t.Error(d)
				}
			}
		}
		if got != step.want {
			t.Errorf("%s %s %s fired %q, want %q", step.method, step.path, step.body, got, step.want)
		}
	}
	r.st.SetName(r.st.Name())
	if err := r.s.SettleHooks(within(t)); err != nil || len(k.got) != 0 {
		t.Errorf("%d events of a name that stayed, %v", len(k.got), err)
	}
}

func TestWebhookRetriesAndDeactivation(t *testing.T) {
	r := newRig(t, Options{HookRetrySchedule: []time.Duration{time.Millisecond, time.Millisecond}})
	k := newSink(t, r, 500, 503, 200, 500, 500, 500)
	r.hook("store/product/created", k.URL+"/hooks")
	r.product("One", "S1")
	first, second, third := k.next(t), k.next(t), k.next(t)
	id := first.header.Get("webhook-id")
	if id == "" || second.header.Get("webhook-id") != id || third.header.Get("webhook-id") != id {
		t.Error("retries have other ids")
	}
	r.product("Two", "S2")
	for range 3 {
		k.next(t)
	}
	deadline := within(t)
	for {
		if err := r.s.SettleHooks(deadline); err != nil {
			t.Fatal(err)
		}
		if r.want(200, "GET", "/v3/hooks/1", nil).one()["is_active"] == false {
			break
		}
		if deadline.Err() != nil {
			t.Fatal("the hook was not deactivated")
		}
	}
	r.want(200, "PUT", "/v3/hooks/1", `{"is_active":true}`)
	r.product("Three", "S3")
	k.next(t)
}

func TestWebhookFaults(t *testing.T) {
	r := newRig(t, Options{})
	k := newSink(t, r)
	r.hook("store/product/created", k.URL+"/hooks")
	fault := func(kind string) {
		if _, err := r.s.AddFault(Fault{Kind: kind, PathPrefix: "store/product", Times: 1}); err != nil {
			t.Fatal(err)
		}
	}
	settle := func() []float64 {
		if err := r.s.SettleHooks(within(t)); err != nil {
			t.Fatal(err)
		}
		var ids []float64
		for len(k.got) > 0 {
			ids = append(ids, (<-k.got).body["data"].(map[string]any)["id"].(float64))
		}
		return ids
	}
	fault(FaultHookDrop)
	r.product("A", "a")
	if ids := settle(); len(ids) != 0 {
		t.Errorf("dropped, but came: %v", ids)
	}
	fault(FaultHookDuplicate)
	r.product("B", "b")
	first := k.next(t)
	second := k.next(t) // half a second later
	if first.header.Get("webhook-id") != second.header.Get("webhook-id") || first.body["data"].(map[string]any)["id"] != 78. {
		t.Errorf("%v, then %v", first.body, second.body)
	}
	testenv.Eventually(t, "both deliveries on record", func() bool { return len(r.st.Deliveries()) == 2 })
	if list := r.st.Deliveries(); list[1].At.Sub(list[0].At) < repeatAfter-100*time.Millisecond {
		t.Errorf("repeated after %v", list[1].At.Sub(list[0].At))
	}
	fault(FaultHookReorder)
	r.product("C", "c")
	if ids := settle(); len(ids) != 0 {
		t.Errorf("held back, but came: %v", ids)
	}
	r.product("D", "d")
	if ids := settle(); len(ids) != 2 {
		t.Errorf("%v", ids)
	}
}

func TestFailingDomainIsBlocked(t *testing.T) {
	c := newClock()
	s := &Sandbox{opts: Options{Now: c.now, HookBlockFor: platformBlock}}
	d := newDispatcher(s)
	defer d.stop()
	e := &event{st: &Store{Hash: "x"}}
	for i := range successMinimum - 1 {
		d.note(e, "app.example", 500, nil, i >= 11) // 11 of 99 failed
	}
	if !d.blockedUntil("app.example").IsZero() {
		t.Fatal("blocked before 100 deliveries")
	}
	d.note(e, "app.example", 200, nil, true)
	if until := d.blockedUntil("app.example"); until.Sub(c.now()) != platformBlock {
		t.Fatalf("89 of 100 succeeded, blocked until %s", until)
	}
	if !d.blockedUntil("other.example").IsZero() {
		t.Error("another domain is blocked")
	}
	c.add(platformBlock)
	if !d.blockedUntil("app.example").IsZero() {
		t.Error("blocked for too long")
	}
	for i := range successMinimum {
		d.note(e, "app.example", 200, nil, i >= 10) // exactly 90 %
	}
	if !d.blockedUntil("app.example").IsZero() {
		t.Error("blocked at 90 %")
	}
}

func TestCovers(t *testing.T) {
	for _, tc := range []struct {
		scope, event string
		want         bool
	}{
		{"store/product/*", "store/product/created", true},
		{"store/product/created", "store/product/created", true},
		{"store/product/created", "store/product/updated", false},
		{"store/product/*", "store/category/created", false},
	} {
		if got := covers(tc.scope, tc.event); got != tc.want {
			t.Errorf("covers(%q, %q) = %v", tc.scope, tc.event, got)
		}
	}
}
