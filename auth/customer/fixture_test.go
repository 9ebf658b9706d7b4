package customer

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"sluice/internal/openapi/openapitest"
	"sluice/internal/problem"
	"sluice/internal/ratelimit"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

const (
	testClient = "6sv16tfx3j5gsopm42ss5dd67g2srvq"
	testSecret = "the app's client secret of forty characters"
	testApp    = "https://app.example"
	storeA     = "abc123"
	storeB     = "def456"
	originA    = "https://shop-a.example"
	originB    = "https://shop-b.example"
)

// began is the time of tests.
var began = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// fixture is the endpoints with two installed stores, one that uninstalled, and a clock.
type fixture struct {
	t       testing.TB
	db      *tenants.DB
	service *Service
	router  *gin.Engine
	now     time.Time
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	gin.SetMode(gin.TestMode)
	f := &fixture{t: t, db: tenantstest.NewDB(t), now: began}
	for hash, origin := range map[string]string{storeA: originA, storeB: originB, "gone00": "https://gone.example"} {
		ctx := f.ctx(hash)
		_, err := f.db.UpsertInstalledStore(ctx, tenants.Install{StoreHash: hash, AccessToken: "t", Origin: tenants.OriginMarketplace})
		f.must(err)
		f.must(f.db.SetStoreInfo(ctx, hash, tenants.StoreInfo{Name: hash, Currency: "EUR"}))
		f.must(f.db.ReplaceChannelOrigins(ctx, 1, []string{origin}))
	}
	f.must(f.db.MarkUninstalled(f.ctx("gone00"), "gone00", began.AddDate(0, 0, 30)))
	var err error
	f.service, err = New(Config{
		ClientID: testClient, ClientSecret: testSecret, AppURL: testApp + "/", DB: f.db,
		Limits: ratelimit.New(nil, ratelimit.Options{Now: func() time.Time { return f.now }}),
		Log:    slog.New(slog.DiscardHandler), Now: func() time.Time { return f.now },
	})
	f.must(err)
	f.router = gin.New()
	f.router.HandleMethodNotAllowed = true
	f.service.Register(f.router)
	return f
}

func (f *fixture) ctx(hash string) context.Context {
	return tenants.WithStore(context.Background(), hash)
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// claimsOf are the claims of a token as BigCommerce makes it; change alters them.
func claimsOf(store string, customer int64, change func(jwt.MapClaims)) jwt.MapClaims {
	c := jwt.MapClaims{
		"customer": map[string]any{"id": customer, "email": "john.doe@example.com", "group_id": "6"},
		"iss":      "bc/apps", "sub": store, "iat": began.Unix(), "exp": began.Add(15 * time.Minute).Unix(), "version": 1,
		"aud": testClient, "application_id": testClient, "store_hash": store, "operation": "current_customer",
	}
	if change != nil {
		change(c)
	}
	return c
}

// sign makes a token; key nil is the app's secret.
func sign(t testing.TB, method jwt.SigningMethod, claims jwt.Claims, key any) string {
	t.Helper()
	if key == nil {
		key = []byte(testSecret)
	}
	raw, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// token is a good token, as real stores send it.
func token(t testing.TB, store string, customer int64) string {
	t.Helper()
	return sign(t, jwt.SigningMethodHS512, claimsOf(store, customer, nil), nil)
}

// request is one to the endpoints.
type request struct {
	method, path string
	body         string
	header       map[string]string
}

func (f *fixture) do(r request) *httptest.ResponseRecorder {
	req := httptest.NewRequest(r.method, r.path, strings.NewReader(r.body))
	for k, v := range r.header {
		req.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	f.router.ServeHTTP(w, req)
	if _, fuzzing := f.t.(*testing.F); !fuzzing { // it cannot be failed from within its own runs
		openapitest.CheckResponse(f.t, req, w)
	}
	return w
}

// verify posts a token of a storefront's page.
func (f *fixture) verify(store, origin, raw string) *httptest.ResponseRecorder {
	return f.do(request{http.MethodPost, "/storefront/" + store + "/current-customer", raw, map[string]string{"Content-Type": "text/plain;charset=UTF-8", "Origin": origin}})
}

// session verifies a good token and returns the answer.
func (f *fixture) session(store string, customer int64) current {
	f.t.Helper()
	w := f.verify(store, map[string]string{storeA: originA, storeB: originB}[store], token(f.t, store, customer))
	if w.Code != http.StatusOK {
		f.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return decode[current](f.t, w)
}

func decode[T any](t testing.TB, w *httptest.ResponseRecorder) (v T) {
	t.Helper()
	d := json.NewDecoder(w.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// refused checks that an answer is a problem with this code and repeats nothing of the request.
func refused(t testing.TB, w *httptest.ResponseRecorder, code problem.Code) {
	t.Helper()
	var body problem.Body
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%d, no problem: %q", w.Code, w.Body)
	}
	if body.Code != code || w.Code != problem.Status(problem.New(code, "")) || w.Header().Get("Content-Type") != problem.ContentType {
		t.Errorf("%d %+v, want %s", w.Code, body, code)
	}
	if w.Header().Get("Cache-Control") != "no-store" || body.Detail == "" {
		t.Errorf("headers %v, detail %q", w.Header(), body.Detail)
	}
}

// fresh returns limits that nobody has used.
func fresh(f *fixture) *ratelimit.Limiter {
	return ratelimit.New(nil, ratelimit.Options{Now: func() time.Time { return f.now }})
}
