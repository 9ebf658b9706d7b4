package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"sluice/auth"
	"sluice/auth/customer"
	"sluice/auth/customer/signin/signintest"
	"sluice/internal/openapi/openapitest"
	"sluice/internal/problem"
	"sluice/jobs"
	"sluice/jobs/connector"
	"sluice/jobs/flow"
	"sluice/jobs/kinds/products"
	"sluice/jobs/queue"
	"sluice/jobs/upsert"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

const (
	clientID, clientSecret = "the-client-id", "the-client-secret-of-this-app"
	storeA, storeB         = "aaa111", "bbb222"
	// markerA is in everything that store A has: no other store may ever see it.
	markerA = "only-store-a-has-this"
)

// panel is the API with two stores behind it, fakes for what works, and a clock.
type panel struct {
	t      *testing.T
	db     *tenants.DB
	router *gin.Engine
	api    *API
	jobs   *fakeJobs
	clock  *clock
	// platform has the stores' customers.
	platform *signintest.Platform
}

type clock struct {
	mu  stdsync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) advance(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// fakeJobs starts runs as rows only; nothing works on them.
type fakeJobs struct {
	db     *tenants.DB
	events chan string
	// announce has events tell of access that changed.
	announce  bool
	quota     queue.QuotaState
	changed   []string // kinds whose flows were made or deleted
	answered  []string // the guards
	pictures  map[flow.Record]string
	attention int // how often panels were to be told
}

func (f *fakeJobs) StartRun(ctx context.Context, s jobs.StartRun) (*tenants.Run, error) {
	if _, err := f.db.Flow(ctx, s.FlowID); err != nil {
		return nil, err
	}
	r := &tenants.Run{FlowID: s.FlowID, Kind: "products", State: tenants.RunQueued, Phase: tenants.PhaseFetch, DryRun: s.DryRun, Compare: s.Compare, Trigger: s.Trigger, StartedBy: s.StartedBy}
	return r, f.db.CreateRun(ctx, r)
}

func (f *fakeJobs) CancelRun(ctx context.Context, id string) error {
	_, err := f.db.RequestCancel(ctx, id)
	return err
}

// AnswerRun lets the run go on, or cancels it.
func (f *fakeJobs) AnswerRun(ctx context.Context, id, guard string, proceed bool) error {
	f.answered = append(f.answered, guard)
	to := tenants.RunCancelled
	if proceed {
		to = tenants.RunRunning
	}
	_, err := f.db.MoveRun(ctx, id, to, "", tenants.RunAsking)
	return err
}

func (f *fakeJobs) RetryRun(ctx context.Context, id, _, by string) (*tenants.Run, error) {
	old, err := f.db.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	return f.StartRun(ctx, jobs.StartRun{FlowID: old.FlowID, StartedBy: by})
}

func (f *fakeJobs) SaveStorefront(ctx context.Context, settings tenants.StorefrontSettings) error {
	return f.db.PutStorefrontSettings(ctx, settings)
}

func (f *fakeJobs) FlowsChanged(_ context.Context, kind string) error {
	f.changed = append(f.changed, kind)
	return nil
}

func (f *fakeJobs) RefreshStorefront(context.Context) error { return nil }

func (f *fakeJobs) RenewScripts(context.Context) error { return nil }

func (f *fakeJobs) WantScript(ctx context.Context, channelID int64, wanted bool) error {
	channels, err := f.db.Channels(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(channels, func(c tenants.Channel) bool { return c.ChannelID == channelID }) {
		return problem.New(problem.NotFound, "no such channel")
	}
	return f.db.WantStorefrontScript(ctx, channelID, wanted)
}

func (f *fakeJobs) Watch(context.Context, string) (<-chan string, func(), error) {
	return f.events, func() {}, nil
}

func (f *fakeJobs) Pictures(_ context.Context, _ *tenants.Run, of []flow.Record) map[flow.Record]string {
	out := make(map[flow.Record]string)
	for _, r := range of {
		if url := f.pictures[r]; url != "" {
			out[r] = url
		}
	}
	return out
}

func (f *fakeJobs) AttentionChanged(context.Context) {
	f.attention++
	if f.announce {
		f.events <- jobs.EventAttention
	}
}

func (f *fakeJobs) AccessChanged(context.Context, string) {
	if f.announce {
		f.events <- jobs.EventAccess
	}
}

func (f *fakeJobs) Quota(context.Context, string) (queue.QuotaState, error) { return f.quota, nil }

type noLifecycle struct{}

func (noLifecycle) Installed(context.Context, string) error                   { return nil }
func (noLifecycle) Uninstalled(context.Context, string) error                 { return nil }
func (noLifecycle) UninstallAsked(context.Context, *tenants.DB, string) error { return nil }
func (noLifecycle) Accepted(context.Context, *tenants.Store) (bool, error)    { return true, nil }
func (noLifecycle) AccessChanged(context.Context, string)                     {}

func scriptTag(store string, channelID int64, settings tenants.StorefrontSettings) customer.ScriptTag {
	return customer.Script(customer.ScriptSettings{AppURL: "https://sluice.example", ClientID: clientID, StoreHash: store, ChannelID: channelID,
		SignIn: settings.AllowSignIn, ConsentCategory: settings.ConsentCategory})
}

func newPanel(t *testing.T) *panel {
	t.Helper()
	gin.SetMode(gin.TestMode)
	p := &panel{t: t, db: tenantstest.NewDB(t), clock: &clock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}}
	p.jobs = &fakeJobs{db: p.db, events: make(chan string, 8)}
	log := slog.New(slog.DiscardHandler)
	shell, err := NewPanel(fstest.MapFS{"index.html": {Data: []byte(`<head><!--SLUICE_SESSION--></head><script nonce="__CSP_NONCE__"></script>`)},
		"assets/app-1a2B_c-4.js": {Data: []byte("1")}, "assets/app.js": {Data: []byte("2")}, "assets/notes.txt": {Data: []byte("3")},
		"assets/sub/app-1a2B_c-4.js": {Data: []byte("4")}}, []string{"https://store-{store_hash}.panel.example"}, "v1", log)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := auth.New(auth.Config{
		ClientID: clientID, ClientSecret: clientSecret, AppURL: "https://sluice.example",
		DB: p.db, Lifecycle: noLifecycle{}, Panel: shell.Page, Log: log, Now: p.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	sources := connector.NewSources(connector.NewURL(connector.URLOptions{}), connector.NewUpload())
	kinds := flow.New(flow.Config{}, upsert.New(upsert.Config{DB: p.db, Sources: sources}, products.New()))
	p.api = New(Config{DB: p.db, Auth: authority, Jobs: p.jobs, Kinds: kinds, Sources: sources, Version: "v1", Log: log, Now: p.clock.Now,
		AppURL: "https://sluice.example", ScriptTag: scriptTag})
	p.router = gin.New()
	p.router.ContextWithFallback = true
	authority.Register(p.router)
	shell.Register(p.router)
	p.api.Register(p.router)
	for _, store := range []string{storeA, storeB} {
		p.reinstall(store, loginScopes, tenants.OriginMarketplace)
	}
	p.platform = withSignIn(t, p)
	return p
}

func (p *panel) ctx(store string) context.Context {
	return tenants.WithStore(context.Background(), store)
}

// page opens the panel as user of store.
func (p *panel) page(store string, user int64) *httptest.ResponseRecorder {
	p.t.Helper()
	now := p.clock.Now()
	payload, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"aud": clientID, "iss": "bc", "iat": now.Unix(), "exp": now.Add(24 * time.Hour).Unix(), "jti": tenants.NewID(), "sub": "stores/" + store,
		"user": map[string]any{"id": user, "email": "u@example.com", "locale": "en-GB"}, "owner": map[string]any{"id": 1}, "url": "/runs",
	}).SignedString([]byte(clientSecret))
	if err != nil {
		p.t.Fatal(err)
	}
	return p.do(http.MethodGet, "/load?signed_payload_jwt="+payload, "", "")
}

// open returns the session token of user of store. User 1 owns each store.
func (p *panel) open(store string, user int64) string {
	p.t.Helper()
	body := p.page(store, user).Body.String()
	_, rest, ok := strings.Cut(body, `"token":"`)
	if !ok {
		p.t.Fatalf("no session in %s", body)
	}
	token, _, _ := strings.Cut(rest, `"`)
	return token
}

// do makes a request. Whatever is answered has to be as the API's description says.
func (p *panel) do(method, path, token, body string) *httptest.ResponseRecorder {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r := httptest.NewRequest(method, path, strings.NewReader(body)).WithContext(ctx)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	p.router.ServeHTTP(w, r)
	openapitest.CheckResponse(p.t, r, w)
	return w
}

// call is do for /api/v1 with JSON; it fails the test when the status is not want.
func (p *panel) call(method, path, token string, in any, want int, out any) {
	p.t.Helper()
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			p.t.Fatal(err)
		}
	}
	w := p.do(method, Prefix+path, token, body.String())
	if w.Code != want {
		p.t.Fatalf("%s %s: %d, want %d: %s", method, path, w.Code, want, w.Body)
	}
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			p.t.Fatalf("%s %s: %v: %s", method, path, err, w.Body)
		}
	}
}

// snapshot stores an upload of store.
func (p *panel) snapshot(store string) *tenants.Snapshot {
	p.t.Helper()
	w, err := p.db.NewSnapshotWriter(p.ctx(store), tenants.Snapshot{Filename: markerA + ".csv"})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := io.WriteString(w, "SKU,Name\n1,"+markerA+"\n"); err != nil {
		p.t.Fatal(err)
	}
	s, err := w.Commit(true, tenants.SnapshotMeta{})
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}
