package storefront

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

// Scopes are the OAuth scopes that storefronts need beside the flows', in the order a merchant
// reads them: to see channels, to see where they are, and to install the script.
var Scopes = []string{bigcommerce.ScopeChannelsRead, bigcommerce.ScopeSitesRead, bigcommerce.ScopeScripts}

// ScriptTag is the storefront script of one channel as it is installed.
type ScriptTag struct {
	Version string // changes with anything that makes an installed script another one
	HTML    string // one script element
}

// Clients makes the API client of a store; count may be nil.
type Clients interface {
	Client(ctx context.Context, storeHash string, count func(bigcommerce.Answer)) (*bigcommerce.Client, error)
}

// Config is what Storefronts need, all of it.
type Config struct {
	DB      *tenants.DB
	Clients Clients
	Log     *slog.Logger
	Now     func() time.Time

	// ScriptTag returns the storefront script of a store's channel. Only FixScripts calls it.
	ScriptTag func(storeHash string, channelID int64, settings tenants.StorefrontSettings) ScriptTag

	// Changed is told after something of ctx's store was recorded.
	Changed func(ctx context.Context)
	// Audit notes what Sluice did in ctx's store.
	Audit func(ctx context.Context, action, subject, detail string)
}

// Storefronts reads and fixes what stores have. Its methods act for the store that they are given,
// whose hash is in ctx.
type Storefronts struct{ cfg Config }

// New returns Storefronts; it starts nothing.
func New(cfg Config) *Storefronts { return &Storefronts{cfg: cfg} }

// lacks reports whether the store is known not to have granted scope.
func lacks(store *tenants.Store, scope string) bool { return len(store.MissingScopes(scope)) > 0 }

func forbidden(err error) bool {
	var forbidden *bigcommerce.ForbiddenError
	return errors.As(err, &forbidden)
}
