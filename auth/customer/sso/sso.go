package sso

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"sluice/auth/customer/signin"
	"sluice/internal/ratelimit"
	"sluice/tenants"
)

// Where the package's addresses are, below the app's. Each store has its own redirect URIs, which
// the merchant registers with the provider: an answer that comes to one store's is never another's
// (RFC 9700, section 4.4.2). The shared ones are for providers that were set up before
// (tenants.IdentityProvider.SharedUntil).
const (
	loginPath           = "/sso/:store_hash/login"
	logoutPath          = "/sso/:store_hash/logout"
	callbackPath        = "/sso/:store_hash/callback"
	loggedOutPath       = "/sso/:store_hash/logged-out"
	sharedCallbackPath  = "/sso/callback"
	sharedLoggedOutPath = "/sso/logged-out"
)

// Addresses are where a provider sends browsers back to.
type Addresses struct {
	Callback  string `json:"callback_url"`   // the redirect URI
	LoggedOut string `json:"logged_out_url"` // the post-logout redirect URI
}

// OwnAddresses are those of one store; AppURL has no trailing slash.
func OwnAddresses(appURL, storeHash string) Addresses {
	return Addresses{appURL + "/sso/" + storeHash + "/callback", appURL + "/sso/" + storeHash + "/logged-out"}
}

// SharedAddresses are those of all stores that were set up before each had its own.
func SharedAddresses(appURL string) Addresses {
	return Addresses{appURL + sharedCallbackPath, appURL + sharedLoggedOutPath}
}

// LoginURL is where a store's shoppers are sent to sign in; AppURL has no trailing slash.
func LoginURL(appURL, storeHash string) string { return appURL + "/sso/" + storeHash + "/login" }

// LogoutURL is where a store's shoppers are sent to sign out.
func LogoutURL(appURL, storeHash string) string { return appURL + "/sso/" + storeHash + "/logout" }

// How often an address may begin or end a sign-in at a store, and all of a store together. A person
// needs a few requests; an office behind one address needs some dozens in the morning.
var (
	perAddress = &ratelimit.Limit{Name: "sso-address", Burst: 40, Every: 3 * time.Second}
	perStore   = &ratelimit.Limit{Name: "sso-store", Burst: 1000, Every: 20 * time.Millisecond}
	// anonymous bounds what anybody can write into a store's log of sign-ins without the provider.
	anonymous = &ratelimit.Limit{Name: "sso-refused", Burst: 100, Every: 30 * time.Second}
)

// Config is what sso needs to know.
type Config struct {
	AppURL  string // public base URL, without a trailing slash
	DB      *tenants.DB
	Redis   redis.UniversalClient
	SignIn  *signin.Service
	Limiter *ratelimit.Limiter
	// AllowPrivate are addresses inside the host's network where providers may be, also without TLS.
	AllowPrivate []netip.Prefix
	UserAgent    string
	Log          *slog.Logger
	Now          func() time.Time // time.Now unless a test says otherwise
}

// Service is single sign-on. Its methods are safe for concurrent use.
type Service struct {
	cfg       Config
	now       func() time.Time
	http      *http.Client
	providers *providers
	stores    storeMemory
	secure    bool // the app's own address is https: cookies are for it alone
}

// New checks cfg and returns a Service.
func New(cfg Config) (*Service, error) {
	if cfg.AppURL == "" || cfg.DB == nil || cfg.Redis == nil || cfg.SignIn == nil || cfg.Limiter == nil {
		return nil, errors.New("sso: AppURL, DB, Redis, SignIn and Limiter are required")
	}
	cfg.AppURL = strings.TrimRight(cfg.AppURL, "/")
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	client := newHTTPClient(cfg.AllowPrivate, cfg.UserAgent)
	return &Service{
		cfg: cfg, now: cfg.Now, http: client, secure: strings.HasPrefix(cfg.AppURL, "https://"),
		providers: newProviders(client, len(cfg.AllowPrivate) > 0, cfg.Now),
	}, nil
}

// Close ends the idle connections to providers.
func (s *Service) Close() { s.http.CloseIdleConnections() }

// addresses are those that a store's provider is told.
func (s *Service) addresses(storeHash string, row *tenants.IdentityProvider) Addresses {
	if row.OnSharedAddress() {
		return SharedAddresses(s.cfg.AppURL)
	}
	return OwnAddresses(s.cfg.AppURL, storeHash)
}

// Register mounts the addresses.
func (s *Service) Register(r gin.IRouter) {
	g := r.Group("", headers)
	g.GET(loginPath, s.login)
	g.GET(callbackPath, s.callback)
	g.GET(sharedCallbackPath, s.callback)
	g.GET(logoutPath, s.logout)
	g.GET(loggedOutPath, s.loggedOut)
	g.GET(sharedLoggedOutPath, s.loggedOut)
}

// headers keep states, codes and login addresses out of caches and Referer headers, and our pages
// out of frames.
func headers(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("X-Frame-Options", "DENY")
}
