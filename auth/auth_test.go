package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

const (
	testClientID = "client-id-of-this-app"
	testSecret   = "client-secret-of-this-app-0123456789abcdef"
	testToken    = "access-token-that-must-stay-secret"
	testStore    = "abc123"
	otherStore   = "xyz789"
)

// fixture is an app with a login host, a clock and a log that can be read.
type fixture struct {
	t         *testing.T
	auth      *Auth
	db        *tenants.DB
	router    *gin.Engine
	log       *safeBuffer
	login     *loginHost
	lifecycle *lifecycle
	clock     *clock
}

// safeBuffer is a bytes.Buffer for several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) advance(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// lifecycle is the work of the stores, and BigCommerce as far as it is asked.
type lifecycle struct {
	mu    sync.Mutex
	calls []string
	// accepts and silent are how BigCommerce answers whether it accepts a token: by default it does
	// not.
	accepts bool
	silent  error
	// asked, if set, is called while BigCommerce is asked.
	asked func()
	// fails is what Uninstalled answers.
	fails error
}

func (l *lifecycle) note(s string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, s)
	return nil
}

func (l *lifecycle) Installed(_ context.Context, hash string) error {
	return l.note("installed " + hash)
}

func (l *lifecycle) Uninstalled(_ context.Context, hash string) error {
	return errors.Join(l.note("uninstalled "+hash), l.fails)
}

// UninstallAsked notes the question in tx, as jobs does: it is gone when tx is undone.
func (l *lifecycle) UninstallAsked(ctx context.Context, tx *tenants.DB, hash string) error {
	return tx.Scoped(ctx).Create(&tenants.Job{ID: "look:" + tenants.NewID(), Kind: "uninstall.look", State: tenants.JobPending}).Error
}

func (l *lifecycle) Accepted(context.Context, *tenants.Store) (bool, error) {
	if l.asked != nil {
		l.asked()
	}
	return l.accepts, l.silent
}

func (l *lifecycle) AccessChanged(_ context.Context, hash string) { _ = l.note("access " + hash) }

func (l *lifecycle) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.calls, ", ")
}

// loginHost is BigCommerce's token endpoint.
type loginHost struct {
	mu     sync.Mutex
	posts  []url.Values
	status int
	answer map[string]any
}

func (l *loginHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.posts = append(l.posts, r.PostForm)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(l.status)
	_ = json.NewEncoder(w).Encode(l.answer)
}

func (l *loginHost) count() int { l.mu.Lock(); defer l.mu.Unlock(); return len(l.posts) }

func newFixture(t *testing.T) *fixture {
	t.Helper()
	gin.SetMode(gin.TestMode)
	f := &fixture{
		t: t, db: tenantstest.NewDB(t), log: &safeBuffer{}, lifecycle: &lifecycle{},
		clock: &clock{now: time.Now().UTC().Truncate(time.Second)}, // the database's, which is the machine's
		login: &loginHost{status: http.StatusOK, answer: map[string]any{
			"access_token": testToken, "scope": "store_v2_products store_v2_information", "context": "stores/" + testStore,
			"account_uuid": "a-uuid",
			"user":         map[string]any{"id": 7, "username": "ada", "email": "ada@example.com"},
			"owner":        map[string]any{"id": 7, "username": "ada", "email": "ada@example.com"},
		}},
	}
	server := httptest.NewServer(f.login)
	t.Cleanup(server.Close)
	var err error
	f.auth, err = New(Config{
		ClientID: testClientID, ClientSecret: testSecret, AppURL: "https://sluice.example", LoginURL: server.URL,
		FrameAncestors: []string{"https://store-{store_hash}.mybigcommerce.com", "https://login.bigcommerce.com"},
		DB:             f.db, Lifecycle: f.lifecycle, Log: slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Panel: func(c *gin.Context, s PanelSession) error { c.JSON(http.StatusOK, s); return nil }, Now: f.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	f.router = gin.New()
	f.auth.Register(f.router)
	f.router.GET("/read", f.auth.Require(AccessRead), func(c *gin.Context) {
		p, _ := PrincipalFrom(c.Request.Context())
		c.String(http.StatusOK, "%s %s", p.StoreHash, tenants.StoreHash(c.Request.Context()))
	})
	f.router.GET("/write", f.auth.Require(AccessWrite), func(c *gin.Context) { c.Status(http.StatusOK) })
	f.router.GET("/owner", f.auth.Require(AccessOwner), func(c *gin.Context) { c.Status(http.StatusOK) })
	f.router.GET("/admin", f.auth.Require(AccessAdmin), func(c *gin.Context) { c.Status(http.StatusOK) })
	return f
}

func (f *fixture) get(path string, query url.Values, header ...string) *httptest.ResponseRecorder {
	f.t.Helper()
	if query != nil {
		path += "?" + query.Encode()
	}
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	f.router.ServeHTTP(w, r)
	return w
}

func (f *fixture) install() PanelSession {
	f.t.Helper()
	return f.session(f.get("/auth", installQuery("a-code")))
}

func installQuery(code string) url.Values {
	return url.Values{"code": {code}, "scope": {"store_v2_products store_v2_information"}, "context": {"stores/" + testStore}, "account_uuid": {"a-uuid"}}
}

func (f *fixture) session(w *httptest.ResponseRecorder) PanelSession {
	f.t.Helper()
	if w.Code != http.StatusOK {
		f.t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	var s PanelSession
	if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil {
		f.t.Fatal(err)
	}
	return s
}

// claims are those of a load by user 7 of testStore, changed by edits (a nil value removes a
// claim).
func (f *fixture) claims(edits map[string]any) jwt.MapClaims {
	now := f.clock.Now()
	c := jwt.MapClaims{
		"aud": testClientID, "iss": "bc", "iat": now.Unix(), "nbf": now.Add(-5 * time.Second).Unix(), "exp": now.Add(24 * time.Hour).Unix(),
		"jti": tenants.NewID(), "sub": "stores/" + testStore,
		"user":  map[string]any{"id": 7, "email": "ada@example.com", "locale": "de-DE"},
		"owner": map[string]any{"id": 7, "email": "ada@example.com"},
		"url":   "/", "channel_id": nil,
	}
	for k, v := range edits {
		if v == nil {
			delete(c, k)
			continue
		}
		c[k] = v
	}
	return c
}

func (f *fixture) sign(method jwt.SigningMethod, key any, claims jwt.Claims) string {
	f.t.Helper()
	s, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func (f *fixture) payload(edits map[string]any) url.Values {
	return url.Values{"signed_payload_jwt": {f.sign(jwt.SigningMethodHS256, []byte(testSecret), f.claims(edits))}}
}

func (f *fixture) store(hash string) *tenants.Store {
	f.t.Helper()
	s, err := f.db.Store(tenants.WithStore(context.Background(), hash), hash)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// mustNotLog fails when the log has any of the texts.
func (f *fixture) mustNotLog(texts ...string) {
	f.t.Helper()
	for _, text := range texts {
		if text != "" && strings.Contains(f.log.String(), text) {
			f.t.Errorf("the log has %q", text)
		}
	}
}
