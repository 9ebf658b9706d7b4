package bigcommerce

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// DefaultAPIURL is BigCommerce's API host.
const DefaultAPIURL = "https://api.bigcommerce.com"

// DefaultTimeout bounds one HTTP attempt, from dialling to the last byte of the answer. A batch
// update of ten products is slow on a busy store, but no gateway keeps a request for a minute.
const DefaultTimeout = time.Minute

// Config is what a Client is made from. StoreHash and AccessToken are required.
type Config struct {
	APIURL      string // default DefaultAPIURL
	StoreHash   string
	AccessToken string        `json:"-"`
	HTTP        *http.Client  // its transport is used, its CheckRedirect is not; default: one shared by all stores
	Limiter     Limiter       // default: admits everything
	UserAgent   string        // default "Sluice"
	Log         *slog.Logger  // each attempt at debug level; default: none
	Timeout     time.Duration // of one HTTP attempt, without the limiter's wait; default DefaultTimeout

	// OnRequest, if set, is told each HTTP attempt, after the limiter.
	OnRequest func(Answer)
	// Sleep waits before a retry; tests replace it. Default: a timer that ends with ctx.
	Sleep func(ctx context.Context, d time.Duration) error
}

// String leaves the access token out, so that a Config may be printed.
func (c Config) String() string {
	return fmt.Sprintf("bigcommerce.Config{APIURL: %q, StoreHash: %q}", c.APIURL, c.StoreHash)
}

// GoString is String: %#v must not print the token either.
func (c Config) GoString() string { return c.String() }

// LogValue is String for log/slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Client calls the API of one store. It is safe for use by many goroutines.
type Client struct {
	Store      *StoreService
	Products   *ProductsService
	Variants   *VariantsService
	Brands     *BrandsService
	Redirects  *RedirectsService
	Categories *CategoriesService
	Hooks      *HooksService
	Channels   *ChannelsService
	Sites      *SitesService
	Scripts    *ScriptsService
	Inventory  *InventoryService
	Locations  *LocationsService

	// What belongs to a product.
	Images       *PartsService
	CustomFields *PartsService
	BulkPricing  *PartsService // bulk pricing rules
	Videos       *PartsService
	Modifiers    *PartsService
	Options      *PartsService // variant options
	OptionValues *OptionValuesService

	ProductMetafields *MetafieldsService
	VariantMetafields *MetafieldsService

	Customers      *CustomersService
	CustomerGroups *CustomerGroupsService

	PriceLists *PriceListsService
	Currencies *CurrenciesService

	base      string // https://host/stores/{hash}
	storeHash string
	token     func() string // a function, because fmt prints neither its result nor what it holds
	http      *http.Client
	limiter   Limiter
	userAgent string
	log       *slog.Logger
	timeout   time.Duration
	maxAnswer int64 // bytes, decompressed
	onRequest func(Answer)
	sleep     func(ctx context.Context, d time.Duration) error
	jitter    func(limit time.Duration) time.Duration
}

// service is embedded by each service.
type service struct{ client *Client }

var (
	storeHashPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	tokenPattern     = regexp.MustCompile(`^[\x21-\x7e]{1,512}$`)
)

// New returns a client of one store.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(orDefault(cfg.APIURL, DefaultAPIURL))
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") ||
		base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("bigcommerce: the API URL must be http or https with a host, and perhaps a path")
	}
	if !storeHashPattern.MatchString(cfg.StoreHash) {
		return nil, fmt.Errorf("bigcommerce: store hash %q is not a store hash", cfg.StoreHash)
	}
	if !tokenPattern.MatchString(cfg.AccessToken) { // never name its value
		return nil, errors.New("bigcommerce: the access token is empty or has characters that no access token has")
	}
	c := &Client{
		base:      strings.TrimRight(base.String(), "/") + "/stores/" + cfg.StoreHash,
		storeHash: cfg.StoreHash,
		token:     func() string { return cfg.AccessToken },
		http:      httpClient(cfg.HTTP),
		limiter:   cfg.Limiter,
		userAgent: orDefault(cfg.UserAgent, "Sluice"),
		log:       cfg.Log,
		timeout:   cfg.Timeout,
		maxAnswer: defaultMaxAnswer,
		onRequest: cfg.OnRequest,
		sleep:     cfg.Sleep,
		jitter:    rand.N[time.Duration],
	}
	if c.limiter == nil {
		c.limiter = noLimit{}
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	if c.onRequest == nil {
		c.onRequest = func(Answer) {}
	}
	if c.sleep == nil {
		c.sleep = sleep
	}
	s := service{client: c}
	c.Store = &StoreService{s}
	c.Products = &ProductsService{s}
	c.Variants = &VariantsService{s}
	c.Brands = &BrandsService{s}
	c.Redirects = &RedirectsService{s}
	c.Categories = &CategoriesService{s}
	c.Images = &PartsService{service: s, name: "images"}
	c.CustomFields = &PartsService{service: s, name: "custom-fields"}
	c.BulkPricing = &PartsService{service: s, name: "bulk-pricing-rules", all: true}
	c.Videos = &PartsService{service: s, name: "videos"}
	c.Modifiers = &PartsService{service: s, name: "modifiers"}
	c.Options = &PartsService{service: s, name: "options"}
	c.OptionValues = &OptionValuesService{s}
	c.ProductMetafields = &MetafieldsService{s, productsPath + "/metafields"}
	c.VariantMetafields = &MetafieldsService{s, variantsPath + "/metafields"}
	c.Hooks = &HooksService{s}
	c.Channels = &ChannelsService{s}
	c.Sites = &SitesService{s}
	c.Scripts = &ScriptsService{s}
	c.Inventory = &InventoryService{s}
	c.Locations = &LocationsService{s}
	c.Customers = &CustomersService{s}
	c.CustomerGroups = &CustomerGroupsService{s}
	c.PriceLists = &PriceListsService{s}
	c.Currencies = &CurrenciesService{s}
	return c, nil
}

// StoreHash returns the store that the client belongs to.
func (c *Client) StoreHash() string { return c.storeHash }

// String names the store, and nothing secret.
func (c *Client) String() string { return "bigcommerce.Client(" + c.storeHash + ")" }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// sharedHTTP is used by every client that is given none, so that stores share connections.
// HTTP/2 and transparent gzip are net/http's defaults: neither may be turned off here.
var sharedHTTP = &http.Client{Transport: &http.Transport{
	Proxy:               http.ProxyFromEnvironment,
	DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
	ForceAttemptHTTP2:   true,
	MaxIdleConns:        256,
	MaxIdleConnsPerHost: 64, // all stores are one host
	IdleConnTimeout:     90 * time.Second,
	TLSHandshakeTimeout: 10 * time.Second,
}}

// httpClient returns a copy of h that does not follow redirects. net/http would send the
// X-Auth-Token header on to any host that an answer names.
func httpClient(h *http.Client) *http.Client {
	if h == nil {
		h = sharedHTTP
	}
	c := *h
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}
