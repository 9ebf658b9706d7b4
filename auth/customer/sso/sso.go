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

// Where the package's addresses are. CallbackPath and LoggedOutPath are the same for every store: a
// merchant registers them with the provider.
const (
	CallbackPath  = "/sso/callback"
	LoggedOutPath = "/sso/logged-out"
	loginPath     = "/sso/:store_hash/login"
	logoutPath    = "/sso/:store_hash/logout"
)

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

// CallbackURL is the redirect URI to register with a provider.
func (s *Service) CallbackURL() string { return s.cfg.AppURL + CallbackPath }

// LoggedOutURL is the post-logout redirect URI to register with a provider.
func (s *Service) LoggedOutURL() string { return s.cfg.AppURL + LoggedOutPath }

// Register mounts the addresses.
func (s *Service) Register(r gin.IRouter) {
	g := r.Group("", headers)
	g.GET(loginPath, s.login)
	g.GET(CallbackPath, s.callback)
	g.GET(logoutPath, s.logout)
	g.GET(LoggedOutPath, s.loggedOut)
}

// headers keep states, codes and login addresses out of caches and Referer headers, and our pages out
// of frames.
func headers(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("X-Frame-Options", "DENY")
}
