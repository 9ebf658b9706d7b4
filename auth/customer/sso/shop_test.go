package sso

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"sluice/auth/customer/login"
	"sluice/auth/customer/signin"
	"sluice/auth/customer/signin/signintest"
	"sluice/internal/ratelimit"
	"sluice/internal/testenv"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("database/sql.(*DB).connectionOpener"))
}

const (
	appID, appSecret = "the-app", "the-app-secret-0123456789abcdef"
	appURL           = "https://sluice.example"
	storeA, storeB   = "aaa111", "bbb222"
	clientID         = "shop-at-the-provider"
	clientSecret     = "secret-at-the-provider"
)

var (
	signingKey = sync.OnceValue(newRSA)
	strangeKey = sync.OnceValue(newRSA)
	curveKey   = sync.OnceValue(func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		return key
	})
)

func newRSA() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

// idp is an OpenID Connect provider whose every answer a test can spoil.
type idp struct {
	server *httptest.Server
	now    func() time.Time

	mu       sync.Mutex
	grants   map[string]url.Values // what was asked for with each code
	user     map[string]any        // claims of whoever signs in next
	document func(map[string]any)  // changes the discovery document
	keys     func([]any) []any     // changes the key set
	sign     func(jwt.MapClaims) string
	edit     func(jwt.MapClaims)      // changes the ID token's claims
	token    http.HandlerFunc         // answers instead of the token endpoint
	answer   func(map[string]any)     // changes the token endpoint's answer
	userInfo map[string]any           // nil: there is no userinfo endpoint
	requests map[string]int           // by path
	forms    []url.Values             // that the token endpoint got
	delay    map[string]chan struct{} // paths that wait
}

func newIDP(t *testing.T, now func() time.Time) *idp {
	p := &idp{now: now, grants: map[string]url.Values{}, requests: map[string]int{}, delay: map[string]chan struct{}{}}
	p.server = httptest.NewServer(p)
	t.Cleanup(p.server.Close)
	p.reset()
	return p
}

// reset makes it an honest provider with a user whose e-mail is verified.
func (p *idp) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.user = map[string]any{"sub": "ada", "email": "ada@example.com", "email_verified": true, "given_name": "Ada", "family_name": "Lovelace", "company": "Engines Ltd"}
	p.document, p.keys, p.edit, p.token, p.answer, p.userInfo = nil, nil, nil, nil, nil, nil
	p.sign = func(c jwt.MapClaims) string { return signed(jwt.SigningMethodRS256, signingKey(), "k1", c) }
}

func signed(method jwt.SigningMethod, key any, kid string, c jwt.MapClaims) string {
	token := jwt.NewWithClaims(method, c)
	token.Header["kid"] = kid
	s, err := token.SignedString(key)
	if err != nil {
		panic(err)
	}
	return s
}

func (p *idp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.requests[r.URL.Path]++
	wait := p.delay[r.URL.Path]
	p.mu.Unlock()
	if wait != nil {
		select {
		case <-wait:
		case <-r.Context().Done():
			return
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	base := p.server.URL
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		doc := map[string]any{
			"issuer": base, "authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token", "jwks_uri": base + "/keys",
			"end_session_endpoint": base + "/end", "id_token_signing_alg_values_supported": []string{"RS256", "ES256", "HS256", "none"},
			"response_types_supported": []string{"code"}, "code_challenge_methods_supported": []string{"S256"},
			"token_endpoint_auth_methods_supported": []string{"client_secret_basic"}, "scopes_supported": []string{"openid", "profile", "email"},
		}
		if p.userInfo != nil {
			doc["userinfo_endpoint"] = base + "/userinfo"
		}
		if p.document != nil {
			p.document(doc)
		}
		_ = json.NewEncoder(w).Encode(doc)
	case "/keys":
		b64 := base64.RawURLEncoding.EncodeToString
		pub, curve := signingKey().PublicKey, curveKey().PublicKey
		point, err := curve.Bytes()
		if err != nil {
			panic(err)
		}
		keys := []any{
			map[string]any{"kty": "RSA", "kid": "k1", "use": "sig", "alg": "RS256", "n": b64(pub.N.Bytes()), "e": b64(big.NewInt(int64(pub.E)).Bytes())},
			map[string]any{"kty": "EC", "kid": "k2", "use": "sig", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])},
			map[string]any{"kty": "oct", "kid": "shared", "k": b64([]byte("a-key-that-everybody-can-read-0123456789"))},
		}
		if p.keys != nil {
			keys = p.keys(keys)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": keys})
	case "/token":
		_ = r.ParseForm()
		p.forms = append(p.forms, r.PostForm)
		if p.token != nil {
			p.token(w, r)
			return
		}
		p.redeem(w, r)
	case "/userinfo":
		_ = json.NewEncoder(w).Encode(p.userInfo)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// redeem is an honest token endpoint: it checks the client, the code, the redirect URI and PKCE.
func (p *idp) redeem(w http.ResponseWriter, r *http.Request) {
	fail := func(status int, code string) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": "repeats " + r.PostForm.Get("code")})
	}
	id, secret, _ := r.BasicAuth()
	if id != clientID || secret != clientSecret {
		fail(http.StatusUnauthorized, "invalid_client")
		return
	}
	grant, ok := p.grants[r.PostForm.Get("code")]
	delete(p.grants, r.PostForm.Get("code"))
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	if !ok || grant.Get("redirect_uri") != r.PostForm.Get("redirect_uri") || grant.Get("code_challenge_method") != "S256" ||
		grant.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) {
		fail(http.StatusBadRequest, "invalid_grant")
		return
	}
	now := p.now()
	claims := jwt.MapClaims{"iss": p.server.URL, "aud": clientID, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "nonce": grant.Get("nonce")}
	maps.Copy(claims, p.user)
	if p.edit != nil {
		p.edit(claims)
	}
	out := map[string]any{"access_token": "an-access-token", "token_type": "Bearer", "expires_in": 3600, "id_token": p.sign(claims)}
	if p.answer != nil {
		p.answer(out)
	}
	_ = json.NewEncoder(w).Encode(out)
}

// authorize is the person at the provider who signs in: it returns the callback's address.
func (p *idp) authorize(t *testing.T, location string) *url.URL {
	t.Helper()
	u, err := url.Parse(location)
	if err != nil || u.Path != "/authorize" {
		t.Fatalf("not sent to the provider: %s", location)
	}
	q, code := u.Query(), rand.Text()
	p.mu.Lock()
	p.grants[code] = q
	p.mu.Unlock()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		t.Fatal(err)
	}
	back.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	return back
}

// shop is the app with two stores, their customers and one provider.
type shop struct {
	t        *testing.T
	db       *tenants.DB
	rdb      redis.UniversalClient
	platform *signintest.Platform
	idp      *idp
	sso      *Service
	router   *gin.Engine
	log      *lockedBuffer

	mu   sync.Mutex
	time time.Time
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (s *shop) now() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.time }

func (s *shop) advance(d time.Duration) { s.mu.Lock(); defer s.mu.Unlock(); s.time = s.time.Add(d) }

func newShop(t *testing.T) *shop {
	t.Helper()
	gin.SetMode(gin.TestMode)
	s := &shop{t: t, db: tenantstest.NewDB(t), log: &lockedBuffer{}, time: time.Now().Truncate(time.Second)}
	options, err := redis.ParseURL(testenv.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	s.rdb = redis.NewClient(options)
	t.Cleanup(func() { _ = s.rdb.Close() })
	s.platform, s.idp = signintest.New(t, s.now), newIDP(t, s.now)
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	minter, err := login.NewMinter(appID, appSecret)
	if err != nil {
		t.Fatal(err)
	}
	s.sso, err = New(Config{
		AppURL: appURL, DB: s.db, Redis: s.rdb, Log: log, Now: s.now,
		SignIn:       &signin.Service{DB: s.db, Clients: s.platform, Minter: minter, Clock: login.NewClock(s.now, log), Log: log},
		Limiter:      ratelimit.New(nil, ratelimit.Options{Log: log, Now: s.now}),
		AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.sso.Close)
	s.router = gin.New()
	s.sso.Register(s.router)
	for _, store := range []string{storeA, storeB} {
		ctx := s.ctx(store)
		s.install(store, "store_v2_customers store_v2_customers_login")
		err := s.db.UpsertChannels(ctx, []tenants.Channel{
			{ChannelID: 1, Name: "Main", Status: "active", SiteURL: "https://" + store + ".example.com"},
			{ChannelID: 2, Name: "B2B", Status: "active", SiteURL: "https://b2b." + store + ".example.com"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.db.PutStorefrontSettings(ctx, tenants.StorefrontSettings{ConsentCategory: "functional", AllowSignIn: true}); err != nil {
			t.Fatal(err)
		}
		s.setProvider(store, func(*tenants.IdentityProvider) {})
	}
	return s
}

func (s *shop) ctx(store string) context.Context {
	return tenants.WithStore(context.Background(), store)
}

func (s *shop) install(store, scopes string) {
	s.t.Helper()
	_, err := s.db.UpsertInstalledStore(s.ctx(store), tenants.Install{StoreHash: store, AccessToken: "t", Scopes: scopes, Origin: tenants.OriginMarketplace})
	if err != nil {
		s.t.Fatal(err)
	}
}

// setProvider saves the store's provider with a change.
func (s *shop) setProvider(store string, change func(*tenants.IdentityProvider)) {
	s.t.Helper()
	ctx, secret := s.ctx(store), clientSecret
	p, err := s.db.IdentityProvider(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	if p == nil {
		p = &tenants.IdentityProvider{Preset: custom, Issuer: s.idp.server.URL, ClientID: clientID, Scopes: defaultScopes, Enabled: true, EndSession: true}
	}
	change(p)
	if err := s.sso.CheckProvider(p); err != nil {
		s.t.Fatal(err)
	}
	if err := s.db.SaveIdentityProvider(ctx, p, &secret); err != nil {
		s.t.Fatal(err)
	}
}

// browser keeps cookies by name and path.
type browser struct {
	shop    *shop
	cookies map[string]*http.Cookie
	addr    string
}

func (s *shop) browser() *browser {
	return &browser{shop: s, cookies: map[string]*http.Cookie{}, addr: "203.0.113.7:1234"}
}

func (b *browser) get(target string) *httptest.ResponseRecorder {
	b.shop.t.Helper()
	target = strings.TrimPrefix(target, appURL)
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.RemoteAddr = b.addr
	for _, c := range b.cookies {
		if strings.HasPrefix(r.URL.Path, c.Path) {
			r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
	w := httptest.NewRecorder()
	b.shop.router.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if b.cookies[c.Name+c.Path] = c; c.MaxAge < 0 {
			delete(b.cookies, c.Name+c.Path)
		}
	}
	return w
}

// begin starts a sign-in and returns the provider's address.
func (b *browser) begin(store, query string) string {
	b.shop.t.Helper()
	w := b.get("/sso/" + store + "/login?" + query)
	if w.Code != http.StatusFound {
		b.shop.t.Fatalf("login: %d %s", w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

// signIn goes all the way and returns the callback's answer.
func (b *browser) signIn(store, query string) *httptest.ResponseRecorder {
	b.shop.t.Helper()
	return b.get(b.shop.idp.authorize(b.shop.t, b.begin(store, query)).String())
}

// signedIn checks that an answer signs somebody in and returns the token's claims and its origin.
func (s *shop) signedIn(w *httptest.ResponseRecorder) (origin string, claims jwt.MapClaims) {
	s.t.Helper()
	origin, token, ok := strings.Cut(w.Header().Get("Location"), "/login/token/")
	if w.Code != http.StatusSeeOther || !ok {
		s.t.Fatalf("not signed in: %d %s", w.Code, w.Body)
	}
	claims = jwt.MapClaims{}
	if _, err := jwt.NewParser(jwt.WithoutClaimsValidation(), jwt.WithValidMethods([]string{"HS256"})).
		ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return []byte(appSecret), nil }); err != nil {
		s.t.Fatal(err)
	}
	return origin, claims
}

var codeOnPage = regexp.MustCompile(`Code: ([a-z_]+)`)

// refusedWith checks that an answer is a page with a code that signs nobody in.
func (s *shop) refusedWith(name string, w *httptest.ResponseRecorder, code string) {
	s.t.Helper()
	m := codeOnPage.FindStringSubmatch(w.Body.String())
	if m == nil || m[1] != code || w.Code < 400 || w.Header().Get("Location") != "" || strings.Contains(w.Body.String(), "/login/token/") {
		s.t.Errorf("%s: %d %v, want %s\n%s", name, w.Code, m, code, w.Body)
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || w.Header().Get("Cache-Control") != "no-store" {
		s.t.Errorf("%s: headers %v", name, w.Header())
	}
}

// lastSignIn returns the newest line of a store's log.
func (s *shop) lastSignIn(store string) tenants.SignIn {
	s.t.Helper()
	rows, _, err := s.db.SignIns(s.ctx(store), tenants.Page{Limit: 1})
	if err != nil || len(rows) != 1 {
		s.t.Fatal(rows, err)
	}
	return rows[0]
}
