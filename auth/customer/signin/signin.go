package signin

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"sluice/auth/customer/login"
	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/tenants"
)

// BigCommerce's scopes that signing in needs (openapi customer_login.yml and customers.v3.yml).
const (
	ScopeLogin          = "store_v2_customers_login"
	ScopeReadCustomers  = "store_v2_customers_read_only"
	ScopeWriteCustomers = "store_v2_customers"
)

// DefaultChannel is the channel that BigCommerce signs in at when a login names none.
const DefaultChannel = 1

// Clients makes the API client of a store. count is told each answer and may be nil.
type Clients interface {
	Client(ctx context.Context, storeHash string, count func(bigcommerce.Answer)) (*bigcommerce.Client, error)
}

// Service signs shoppers in. Its methods act for the store of their context and are safe for
// concurrent use.
type Service struct {
	DB      *tenants.DB
	Clients Clients
	Minter  *login.Minter
	Clock   *login.Clock
	Log     *slog.Logger
}

// Store returns the store of ctx if shoppers can be signed in at it: the app is installed there and
// may do so. Else the problem says what to do about it.
func (s *Service) Store(ctx context.Context) (*tenants.Store, error) {
	notInstalled := problem.New(problem.StoreNotInstalled, "Sluice is not installed on this store. Install it from the BigCommerce control panel.")
	hash := tenants.StoreHash(ctx)
	if !tenants.ValidStoreHash(hash) {
		return nil, notInstalled
	}
	store, err := s.DB.Store(ctx, hash)
	switch {
	case problem.CodeOf(err) == problem.NotFound:
		return nil, notInstalled
	case err != nil:
		return nil, err
	case store.State == tenants.StoreUninstalled:
		return nil, notInstalled
	case store.State != tenants.StoreActive:
		return nil, problem.New(problem.NeedsReinstall, "BigCommerce no longer accepts this store's access token. Open Sluice from the control panel to install it again.")
	case store.Origin == tenants.OriginCredentials:
		return nil, problem.New(problem.LoginUnavailable, "This store was added with the credentials of another API account (sluice store add). "+
			"BigCommerce takes customer logins of an app only where the app itself is installed: install Sluice on the store from its control panel.")
	}
	if err := needScope(store, ScopeLogin); err != nil {
		return nil, err
	}
	return store, nil
}

// needScope explains a scope that the store did not grant.
func needScope(store *tenants.Store, scope string) error {
	if len(bigcommerce.MissingScopes([]string{scope}, store.Scopes)) == 0 {
		return nil
	}
	why := map[string]string{
		ScopeLogin:          "to sign shoppers in (in the Developer Portal: Customers Login, login)",
		ScopeReadCustomers:  "to look customers up (in the Developer Portal: Customers, read-only)",
		ScopeWriteCustomers: "to create and change customers (in the Developer Portal: Customers, modify)",
	}[scope]
	return problem.New(problem.ScopeMissing, "The store has not granted the permission %s, which Sluice needs %s. "+
		"The operator of Sluice adds it to the app; then open Sluice from the control panel and accept the new permissions.", scope, why)
}

// MayRead says why customers of store cannot be looked up, nil if they can.
func (s *Service) MayRead(store *tenants.Store) error { return needScope(store, ScopeReadCustomers) }

// MayWrite says why customers of store cannot be created or changed, nil if they can.
func (s *Service) MayWrite(store *tenants.Store) error { return needScope(store, ScopeWriteCustomers) }

// Channel is a storefront to sign in at.
type Channel struct {
	ID       int64
	Origin   string // scheme://host[:port]
	Headless bool   // an application of the merchant's: see tenants.Channel
}

// gone are the states of channels that have no storefront any more.
var gone = []string{"deleted", "terminated", "archived"}

// Channel returns the storefront of a channel, 0 for BigCommerce's default channel.
func (s *Service) Channel(ctx context.Context, store *tenants.Store, id int64) (Channel, error) {
	if id == 0 {
		id = DefaultChannel
	}
	unknown := problem.New(problem.ChannelUnknown, "The store has no storefront on channel %d. "+
		"Check the channel and its site in BigCommerce, then refresh the channels in Sluice.", id)
	if id < 0 {
		return Channel{}, unknown
	}
	channels, err := s.DB.Channels(ctx)
	if err != nil {
		return Channel{}, err
	}
	known, headless := false, false
	for _, c := range channels {
		if c.ChannelID != id {
			continue
		}
		if known = true; slices.Contains(gone, c.Status) {
			return Channel{}, unknown
		}
		headless = c.Headless()
		if origin := originOf(c.SiteURL); origin != "" {
			return Channel{id, origin, headless}, nil
		}
	}
	origins, err := s.DB.ChannelOrigins(ctx)
	if err != nil {
		return Channel{}, err
	}
	for _, o := range origins {
		if o.ChannelID == id {
			return Channel{id, o.Origin, headless}, nil
		}
	}
	// Before the channels were read for the first time the store's own address is known.
	if origin := originOf(store.SecureURL); !known && id == DefaultChannel && origin != "" {
		return Channel{ID: id, Origin: origin}, nil
	}
	return Channel{}, unknown
}

// originOf returns the origin of an address, "" if it has none.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

// Client returns the API client of store for calls that a person waits for, and the context to use
// it with.
func (s *Service) Client(ctx context.Context, store *tenants.Store) (context.Context, *bigcommerce.Client, error) {
	client, err := s.Clients.Client(ctx, store.Hash, nil)
	return bigcommerce.WithInteractive(ctx), client, err
}

// URL returns the address that signs a customer in at a channel, and until when it works. It is a
// credential: it goes to the one who asked, and nowhere else.
func (s *Service) URL(ctx context.Context, client *bigcommerce.Client, at Channel, r login.Request) (address string, expires time.Time, err error) {
	r.StoreHash, r.ChannelID = tenants.StoreHash(ctx), at.ID
	now := s.Clock.Now(ctx, client.Store.Time)
	address, err = s.Minter.URL(at.Origin, r, now)
	return address, now.Add(login.ValidFor).UTC().Truncate(time.Second), err
}

// Record notes a sign-in in the store's log. That it cannot be noted keeps nobody from signing in.
func (s *Service) Record(ctx context.Context, row tenants.SignIn) {
	// The shopper may be gone by now: the merchant wants to know all the same.
	if err := s.DB.RecordSignIn(context.WithoutCancel(ctx), row); err != nil {
		s.Log.ErrorContext(ctx, "sign-in not recorded", "store", tenants.StoreHash(ctx), "result", row.Result, "error", err)
	}
}

// platform turns an error of BigCommerce's API into what can be done about it.
func platform(err error) error {
	var known *problem.Error
	var unauthorized *bigcommerce.UnauthorizedError
	var forbidden *bigcommerce.ForbiddenError
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &unauthorized):
		return problem.Wrap(err, problem.NeedsReinstall, "BigCommerce no longer accepts this store's access token. Open Sluice from the control panel to install it again.")
	case errors.As(err, &forbidden):
		return problem.Wrap(err, problem.ScopeMissing, "BigCommerce does not let Sluice see the store's customers. Open Sluice from the control panel and accept the new permissions.")
	default:
		return problem.Wrap(err, problem.Unavailable, "BigCommerce did not answer in time. Try again in a minute.")
	}
}
