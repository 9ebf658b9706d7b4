package auth

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/oauth2"

	"sluice/internal/limits"
	"sluice/internal/ratelimit"
	"sluice/tenants"
)

// DefaultLoginURL is BigCommerce's login host.
const DefaultLoginURL = "https://login.bigcommerce.com"

// Lifecycle is told what happened to a store, after it is safely in the database, and asks
// BigCommerce. Calls are repeated when BigCommerce repeats itself, so each must be idempotent.
type Lifecycle interface {
	Installed(ctx context.Context, storeHash string) error   // a token was stored: register hooks, resume work
	Uninstalled(ctx context.Context, storeHash string) error // the token is gone: stop all work

	// UninstallAsked sees to it, in tx, that Accepted is asked again later, and the store uninstalled
	// once it is not, whatever becomes of the caller.
	UninstallAsked(ctx context.Context, tx *tenants.DB, storeHash string) error
	// Accepted asks BigCommerce, within seconds, whether it still accepts the token that store has. An
	// error means that it did not say.
	Accepted(ctx context.Context, store *tenants.Store) (bool, error)
	// AccessChanged has open event streams of the store ask again whether they may go on.
	AccessChanged(ctx context.Context, storeHash string)
}

// PanelPage writes the panel's HTML with session in it. It owns status, headers and the nonce, and
// writes nothing when it fails.
type PanelPage func(c *gin.Context, session PanelSession) error

// Config is what auth needs to know.
type Config struct {
	ClientID     string
	ClientSecret string
	AppURL       string // public base URL, without a trailing slash; the auth callback is AppURL/auth
	LoginURL     string // DefaultLoginURL unless a sandbox is used

	// FrameAncestors are the origins that may frame our pages, with StoreHashPlaceholder for the
	// page's store.
	FrameAncestors []string
	// RetainFor is how long an uninstalled store's data is kept; 0 means DefaultRetention.
	RetainFor time.Duration

	DB        *tenants.DB
	Lifecycle Lifecycle
	Panel     PanelPage
	HTTP      *http.Client       // for the token exchange
	Gate      *ratelimit.Gate    // counts callers that prove nothing by address; nil: nobody does
	Limiter   *ratelimit.Limiter // counts the others by who they are; nil: nobody does
	Limits    *limits.Limits     // nil: the defaults
	Log       *slog.Logger
	Now       func() time.Time // time.Now unless a test says otherwise
}

// DefaultRetention is how long an uninstalled store's data is kept, for a merchant who comes back.
const DefaultRetention = 30 * 24 * time.Hour

// exchangeTimeout bounds the one request of an install: the merchant is looking at an empty frame.
const exchangeTimeout = 20 * time.Second

// Auth verifies callers. Its methods are safe for concurrent use.
type Auth struct {
	cfg        Config
	oauth      oauth2.Config
	sessionKey []byte
	now        func() time.Time
	installs   installLimits
	keys       goodKeys
}

// New checks cfg and returns an Auth.
func New(cfg Config) (*Auth, error) {
	switch {
	case cfg.ClientID == "" || cfg.ClientSecret == "":
		return nil, errors.New("auth: the app's client id and secret are required")
	case cfg.AppURL == "":
		return nil, errors.New("auth: the app's public URL is required")
	case cfg.DB == nil || cfg.Lifecycle == nil || cfg.Panel == nil:
		return nil, errors.New("auth: DB, Lifecycle and Panel are required")
	}
	cfg.AppURL = strings.TrimRight(cfg.AppURL, "/")
	cfg.LoginURL = strings.TrimRight(cfg.LoginURL, "/")
	if cfg.LoginURL == "" {
		cfg.LoginURL = DefaultLoginURL
	}
	if cfg.RetainFor == 0 {
		cfg.RetainFor = DefaultRetention
	}
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Client{Timeout: exchangeTimeout}
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	now := cfg.Now
	if now == nil {
		now = time.Now
	}
	// Whoever has the client secret can sign a load token and so open a session anyway; a key of its
	// own keeps a session token from verifying as anything else made from that secret. It stays the
	// same when encryption keys are rotated, so that open panels live on.
	key, err := hkdf.Key(sha256.New, []byte(cfg.ClientSecret), nil, "sluice panel session v1", 32)
	if err != nil {
		return nil, err
	}
	return &Auth{
		cfg:        cfg,
		sessionKey: key,
		now:        now,
		installs:   newInstallLimits(cfg.Limits),
		oauth: oauth2.Config{
			ClientID:     cfg.ClientID,
			ClientSecret: cfg.ClientSecret,
			RedirectURL:  cfg.AppURL + "/auth",
			// In params: auto-detection would post the one-time code twice.
			Endpoint: oauth2.Endpoint{TokenURL: cfg.LoginURL + "/oauth2/token", AuthStyle: oauth2.AuthStyleInParams},
		},
	}, nil
}
