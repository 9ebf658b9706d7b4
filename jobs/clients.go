package jobs

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/tracing"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// maxQuotaBlock is how long a request waits for quota before its job is put aside instead: longer
// would hold a worker that another store could use.
const maxQuotaBlock = 2 * time.Second

// Clients makes API clients. They share one transport and the store's quota in Redis, so that every
// process of Sluice together stays within it.
type Clients struct {
	db        *tenants.DB
	queue     *queue.Queue
	apiURL    string
	userAgent string
	http      *http.Client
	log       *slog.Logger
	observe   func(bigcommerce.Answer)
}

// NewClients returns a factory of clients for the API at apiURL ("" for BigCommerce's own).
func NewClients(db *tenants.DB, q *queue.Queue, apiURL, userAgent string, log *slog.Logger) *Clients {
	transport := &http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		// All stores are behind one host.
		MaxIdleConns:          256,
		MaxIdleConnsPerHost:   128,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		ForceAttemptHTTP2:     true,
	}
	return &Clients{db: db, queue: q, apiURL: apiURL, userAgent: userAgent, http: &http.Client{Transport: tracing.Transport(transport)}, log: log}
}

// Observe makes fn be told every HTTP attempt of every store's client, without the store: it feeds
// an operator's metrics. It must be called before Client.
func (c *Clients) Observe(fn func(bigcommerce.Answer)) { c.observe = fn }

// Client returns a client of a store, with its access token as of now. count, if not nil, is told
// every HTTP attempt. It fails with problem.NeedsReinstall when the store has no token.
func (c *Clients) Client(ctx context.Context, storeHash string, count func(bigcommerce.Answer)) (*bigcommerce.Client, error) {
	token, err := c.db.AccessToken(ctx, storeHash)
	if err != nil {
		return nil, err
	}
	return c.client(storeHash, token, count)
}

// Accepted asks BigCommerce whether it accepts the token that store has, in whatever state the
// store is. The question goes through the store's quota. An error means that BigCommerce did not
// say.
func (c *Clients) Accepted(ctx context.Context, store *tenants.Store) (bool, error) {
	token, err := c.db.StoredToken(store)
	if err != nil {
		return false, err
	}
	client, err := c.client(store.Hash, token, nil)
	if err != nil {
		return false, err
	}
	_, err = client.Store.Get(ctx)
	var unauthorized *bigcommerce.UnauthorizedError
	var forbidden *bigcommerce.ForbiddenError
	switch {
	case errors.As(err, &unauthorized):
		return false, nil
	case err == nil, errors.As(err, &forbidden): // the token is one, if with fewer scopes
		return true, nil
	}
	return false, err
}

func (c *Clients) client(storeHash, token string, count func(bigcommerce.Answer)) (*bigcommerce.Client, error) {
	tell := count
	if c.observe != nil {
		tell = func(a bigcommerce.Answer) {
			c.observe(a)
			if count != nil {
				count(a)
			}
		}
	}
	return bigcommerce.New(bigcommerce.Config{
		APIURL: c.apiURL, StoreHash: storeHash, AccessToken: token, HTTP: c.http,
		Limiter: c.queue.Limiter(storeHash, maxQuotaBlock), UserAgent: c.userAgent, Log: c.log, OnRequest: tell,
	})
}

// Close ends the idle connections.
func (c *Clients) Close() { c.http.CloseIdleConnections() }
