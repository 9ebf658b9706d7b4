package customer

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/internal/ratelimit"
	"sluice/tenants"
)

// Limits of the public endpoints. A page asks twice when it is loaded; a merchant's whole company
// may sit behind one address, and a shop's busiest hour behind one store.
var (
	perAddress = &ratelimit.Limit{Name: "storefront", Every: 50 * time.Millisecond, Burst: 120}
	perStore   = &ratelimit.Limit{Name: "storefront", Every: time.Millisecond, Burst: 5000}
	// scripts are cached by browsers for ever.
	scriptsPerAddress = &ratelimit.Limit{Name: "script", Every: 100 * time.Millisecond, Burst: 120}
	// strangers are stores that are not known to have the app: each is looked up in the database.
	strangers = &ratelimit.Limit{Name: "unknown-store", Every: 200 * time.Millisecond, Burst: 30}
)

// Config is what the storefront's endpoints need to know.
type Config struct {
	ClientID     string
	ClientSecret string
	AppURL       string // public base URL, with or without a trailing slash

	DB     *tenants.DB
	Limits *ratelimit.Limiter
	Log    *slog.Logger
	Now    func() time.Time // time.Now unless a test says otherwise
}

// Service answers the storefront's endpoints. Its methods are safe for concurrent use.
type Service struct {
	cfg      Config
	now      func() time.Time
	stores   *storeCache
	tokens   *verifier
	sessions *sessions
}

// New checks cfg and returns a Service.
func New(cfg Config) (*Service, error) {
	switch {
	case cfg.ClientID == "" || cfg.ClientSecret == "":
		return nil, errors.New("customer: the app's client id and secret are required")
	case cfg.AppURL == "":
		return nil, errors.New("customer: the app's public URL is required")
	case cfg.DB == nil || cfg.Limits == nil:
		return nil, errors.New("customer: DB and Limits are required")
	}
	cfg.AppURL = strings.TrimRight(cfg.AppURL, "/")
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	now := cfg.Now
	if now == nil {
		now = time.Now
	}
	// As auth's key of panel sessions: of the client secret, because whoever has that can make a token
	// of a shopper anyway, and all processes have it; of its own, so that no session passes for the
	// other kind.
	key, err := hkdf.Key(sha256.New, []byte(cfg.ClientSecret), nil, "sluice storefront session v1", 32)
	if err != nil {
		return nil, err
	}
	return &Service{
		cfg: cfg, now: now,
		stores:   newStoreCache(cfg.DB, cfg.AppURL, now, cfg.Log),
		tokens:   newVerifier(cfg.ClientID, cfg.ClientSecret, now),
		sessions: newSessions(key, now),
	}, nil
}

// Register mounts the storefront's endpoints.
func (s *Service) Register(r gin.IRouter) {
	g := r.Group("/storefront/:store_hash", problem.Middleware(s.cfg.Log))
	g.GET("/sluice.js", s.script)
	g.HEAD("/sluice.js", s.script)
	g.POST("/current-customer", s.open(s.currentCustomer))
	g.OPTIONS("/current-customer", s.open(preflight(http.MethodPost)))
	g.GET("/account", s.open(s.account))
	g.OPTIONS("/account", s.open(preflight(http.MethodGet)))
}

// Forget drops what is remembered of a store: call it after an install, an uninstall, and a change
// of its channels' origins. Other processes notice within storeFor.
func (s *Service) Forget(storeHash string) { s.stores.forget(storeHash) }
