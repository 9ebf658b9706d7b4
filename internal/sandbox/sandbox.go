package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
)

// Options configure a sandbox; the zero value is a Standard-plan sandbox without state.
type Options struct {
	Plan         string        // standard, plus, pro or enterprise, for stores whose StoreSpec names none; default standard
	Window       time.Duration // length of a quota window; default 30 s, as on the platform
	Latency      time.Duration // added to every API answer
	StateFile    string        // JSON file that keeps stores between processes; "" keeps nothing
	ClientID     string        // the app's credentials; generated when empty, kept in the state file
	ClientSecret string

	AppAuthURL, AppLoadURL, AppUninstallURL, AppRemoveUserURL string // the app's registered callbacks

	Scopes            []string        // what the app asks for at install; default DefaultScopes
	Log               *slog.Logger    // default: discards
	HookRetrySchedule []time.Duration // waits between delivery attempts; default the platform's
	HookBlockFor      time.Duration   // how long a failing destination is blocked; default 3 min, as on the platform
	HookStart         time.Duration   // how long a new hook hears of nothing; negative for no time; default a minute, shorter as Window is shorter than 30 s

	// InventoryDelay is how long writes of stock and locations take to be seen; negative for no time;
	// default two seconds, shorter as Window is shorter than 30 s. No document says more than "a short
	// delay".
	InventoryDelay time.Duration

	Choices Choices // what the platform may do in one way or another

	APIAddr, PanelAddr string           // listen addresses; default a free loopback port each
	IdentityAddr       string           // of the identity provider; default the port of the state file, or a free one
	Now                func() time.Time // clock for tests; default time.Now
}

// Choices are what BigCommerce does in one way or another: no document says which, or documents and
// recorded answers differ. The app has to cope with both. The zero value is what is described, and
// the stricter way.
type Choices struct {
	FieldsLeftOut bool // what include_fields may not name is left out of the answer; else the request is refused
	// UninstallTellsFirst sends the uninstall callback before the app's token is revoked.
	UninstallTellsFirst bool
	DeletedNoContent    bool // deleted categories are answered with 204, as recorded; else with 202, as described
	// BaseVariantsBySKU lets GET /v3/catalog/variants find base variants by sku; else, as described,
	// products are to be asked for those.
	BaseVariantsBySKU bool
	// BaseVariantNullClears makes a price or weight of null for a base variant 0; else the product
	// keeps its own.
	BaseVariantNullClears bool

	// PartsNotAnswered leaves the sub-resources of a product out of answers to its writes; else images,
	// custom fields and bulk pricing rules are there unless include_fields says otherwise, as the example
	// has them, and variants and videos, which it does not have, besides.
	PartsNotAnswered bool
	// ListsMerged merges a list of custom fields, images, videos or bulk pricing rules that comes with an
	// update of its product into those that are there; else it takes their place.
	ListsMerged bool
	// FirstImageThumbnail makes the first image of a product the thumbnail where none was said to be.
	FirstImageThumbnail bool
	// BadImagesLeftOut saves a product without those of its images that cannot be downloaded, and answers
	// 207; else it is refused.
	BadImagesLeftOut bool
	// VariantsByWords lets a variant that joins a product name the values of its options by words alone;
	// else by their ids.
	VariantsByWords bool
	// BatchTakesAll lets the batch of variants take image_url, mpn and gtin, which its description does
	// not have; else it leaves them out and says nothing.
	BatchTakesAll bool

	// GoodOfBatchSaved saves what is right of a batch of price records, assignments or variants that is
	// refused; else nothing is.
	GoodOfBatchSaved bool
	// RecordFailuresListed answers a refusal of price records across lists as one of a list's, with
	// batch_errors; else, as described, with the first of its failures alone.
	RecordFailuresListed bool
	// TwoPriceUpserts lets two upserts of price records run at a time, as their description says; else
	// one, as the text about all of price lists has it.
	TwoPriceUpserts bool
	// RecordsReplaced takes the prices and tiers from a record that a write of it does not name; else
	// they stay.
	RecordsReplaced bool
	// RecordsWithoutPrice lets a price record have no price; else it needs one, as the guide says.
	RecordsWithoutPrice bool
	// RepeatedRecordsTaken lets an upsert name one record twice, and the last counts; else all but the
	// first are refused.
	RepeatedRecordsTaken bool
	// TiersInAnyOrder puts bulk pricing tiers in order; else they must be.
	TiersInAnyOrder bool
	// UnsetPricesLeftOut leaves prices that a record does not set out of answers; else they are null.
	UnsetPricesLeftOut bool
	// ZeroSalePriceCounts makes a sale price of 0 the calculated price of a record; else it is no sale
	// price.
	ZeroSalePriceCounts bool

	// StockTitles is how refusals of stock are worded that no description has.
	StockTitles StockTitles
	// StockTitleOfOne names only the first of the items that are refused for one cause; else the title
	// names all.
	StockTitleOfOne bool
	// BaseVariantTaken takes stock of a product that is tracked by product under the id of its base
	// variant; else that is refused, as described of any variant of such a product.
	BaseVariantTaken bool
	// SKUByProductRefused refuses stock under the SKU of a product that is tracked by product; else it
	// is taken.
	SKUByProductRefused bool
	// VariantByProductTaken takes stock of a product that is tracked by variant and has no options
	// under its product id.
	VariantByProductTaken bool
	// OnHandWithoutSafety shows total_inventory_onhand of one location's items without the safety
	// stock, as its field's text says; else with it, as the example of the guide has it.
	OnHandWithoutSafety bool
}

// scaled shortens a time of the platform as Window is shorter than the platform's.
func (o *Options) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) * min(1, float64(o.Window)/float64(defaultWindow)))
}

// DefaultScopes are what the app asks for when Options.Scopes is empty.
var DefaultScopes = []string{
	"store_channel_settings_read_only", "store_inventory", "store_locations_read_only", "store_order_fulfillment_read_only", "store_v2_customers",
	"store_v2_information_read_only", "store_v2_orders", "store_v2_products", "store_v2_transactions_read_only",
}

// URLs are the sandbox's addresses, without trailing slash.
type URLs struct {
	API          string // BIGCOMMERCE_API_URL: serves /stores/{hash}/v2|v3/…
	Login        string // BIGCOMMERCE_LOGIN_URL: serves /oauth2/token
	ControlPanel string // for browsers: /manage/{hash}/…
	Admin        string // the sandbox's own endpoints: /sandbox/…
	Issuer       string // of the identity provider
}

// Sandbox is one simulated platform. Its methods are safe for concurrent use.
type Sandbox struct {
	opts   Options
	log    *slog.Logger
	faults *faultSet

	resources []*resource

	oauth  *codes
	hooks  *dispatcher
	state  *stateFile // nil without StateFile
	fronts *fronts
	visits *visits

	provider provider

	mu     sync.RWMutex
	stores map[string]*Store
	app    appCallbacks

	clientID, clientSecret string

	urls    URLs
	servers []*http.Server
	serving sync.WaitGroup
	client  *http.Client // the platform's own calls: uninstall and remove_user callbacks, webhooks
	closed  sync.Once
	done    chan struct{}
}

type appCallbacks struct{ auth, load, uninstall, removeUser string }

// New makes a sandbox and restores the stores of Options.StateFile, if that exists.
func New(o Options) (*Sandbox, error) {
	if o.Plan == "" {
		o.Plan = defaultPlan
	}
	if _, ok := planQuota[o.Plan]; !ok {
		return nil, fmt.Errorf("sandbox: unknown plan %q: use standard, plus, pro or enterprise", o.Plan)
	}
	if o.Window <= 0 {
		o.Window = defaultWindow
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if len(o.Scopes) == 0 {
		o.Scopes = DefaultScopes
	}
	if o.HookRetrySchedule == nil {
		o.HookRetrySchedule = platformRetries
	}
	if o.HookBlockFor <= 0 {
		o.HookBlockFor = platformBlock
	}
	if o.HookStart == 0 {
		o.HookStart = o.scaled(hookStart)
	}
	if o.InventoryDelay == 0 {
		o.InventoryDelay = o.scaled(inventoryDelay)
	}
	if o.APIAddr == "" {
		o.APIAddr = "127.0.0.1:0"
	}
	if o.PanelAddr == "" {
		o.PanelAddr = "127.0.0.1:0"
	}
	s := &Sandbox{
		opts: o, log: o.Log, stores: map[string]*Store{}, done: make(chan struct{}),
		faults:   &faultSet{},
		clientID: o.ClientID, clientSecret: o.ClientSecret,
		app:    appCallbacks{o.AppAuthURL, o.AppLoadURL, o.AppUninstallURL, o.AppRemoveUserURL},
		client: &http.Client{Timeout: callbackTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: hookWorkers}},
	}
	s.resources = newResources(s)
	s.oauth = newCodes(o.Now)
	s.fronts = newFronts(s)
	s.visits = newVisits(o.Now)
	if o.StateFile != "" {
		st, err := openState(o.StateFile)
		if err != nil {
			return nil, err
		}
		s.state = st
		if err := s.restore(st); err != nil {
			_ = st.close()
			return nil, err
		}
	}
	if err := s.newProvider(s.provider.kept); err != nil {
		if s.state != nil {
			_ = s.state.close()
		}
		return nil, err
	}
	if s.clientID == "" {
		s.clientID = randomToken(16)
	}
	if s.clientSecret == "" {
		s.clientSecret = randomToken(32)
	}
	if s.state != nil {
		if err := s.fold(); err != nil {
			_ = s.state.close()
			return nil, err
		}
	}
	s.hooks = newDispatcher(s)
	return s, nil
}

// randomToken returns 2·n lower-case hexadecimal characters.
func randomToken(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // crypto/rand.Read never fails
	return hex.EncodeToString(b)
}

// ClientID is the app's id on this platform.
func (s *Sandbox) ClientID() string { return s.clientID }

// ClientSecret is what the app exchanges codes with, and what payloads and webhooks are signed
// with.
func (s *Sandbox) ClientSecret() string { return s.clientSecret }

// Start listens and serves until Close, or until ctx ends.
func (s *Sandbox) Start(ctx context.Context) error {
	var lc net.ListenConfig
	api, err := lc.Listen(ctx, "tcp", s.opts.APIAddr)
	if err != nil {
		return fmt.Errorf("sandbox: API host: %w", err)
	}
	panel, err := lc.Listen(ctx, "tcp", s.opts.PanelAddr)
	if err != nil {
		_ = api.Close()
		return fmt.Errorf("sandbox: control panel: %w", err)
	}
	base := "http://" + api.Addr().String()
	_, port, _ := net.SplitHostPort(panel.Addr().String())
	identity, err := s.startProvider()
	if err != nil {
		_ = api.Close()
		_ = panel.Close()
		return err
	}
	s.mu.Lock()
	s.urls = URLs{API: base, Login: base, Admin: base, ControlPanel: "http://localhost:" + port, Issuer: s.provider.p.Issuer()}
	s.mu.Unlock()
	s.fronts.start()
	s.servers = append(s.servers, identity, s.serve(api, s.apiHandler()), s.serve(panel, s.panelHandler()))
	s.hooks.start()
	go func() {
		select {
		case <-ctx.Done():
			if err := s.Close(); err != nil {
				s.log.Error("sandbox: close", "error", err)
			}
		case <-s.done:
		}
	}()
	return nil
}

func (s *Sandbox) serve(l net.Listener, h http.Handler) *http.Server {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 30 * time.Second, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	s.serving.Go(func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("sandbox: serve", "error", err)
		}
	})
	return srv
}

// URLs returns the addresses; empty before Start.
func (s *Sandbox) URLs() URLs {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.urls
}

// SetApp registers the app's callback URLs, as the Developer Portal does. Empty ones are unset.
func (s *Sandbox) SetApp(authURL, loadURL, uninstallURL, removeUserURL string) {
	s.mu.Lock()
	s.app = appCallbacks{authURL, loadURL, uninstallURL, removeUserURL}
	s.mu.Unlock()
	if err := s.registerApp(); err != nil {
		s.log.Error("sandbox: identity provider", "error", err)
	}
}

func (s *Sandbox) callbacks() appCallbacks {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.app
}

// Store returns the store with this hash, or nil.
func (s *Sandbox) Store(hash string) *Store {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.stores[hash]
}

// Stores returns every store, by hash.
func (s *Sandbox) Stores() []*Store {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]*Store, 0, len(s.stores))
	for _, st := range s.stores {
		out = append(out, st)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Hash < out[j].Hash })
	return out
}

// AddStore opens a store, or returns the one that exists under this hash already (restored from the
// state file), unchanged but for its plan.
func (s *Sandbox) AddStore(spec StoreSpec) *Store {
	spec.Hash = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(spec.Hash))
	if spec.Hash == "" {
		spec.Hash = randomToken(5)
	}
	defer func() { // once s.mu is free
		if err := s.allowApp("/sso/" + spec.Hash); err != nil {
			s.log.Error("sandbox: identity provider", "error", err)
		}
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.stores[spec.Hash]; st != nil {
		if spec.Plan != "" {
			st.setPlan(spec.Plan)
		}
		return st
	}
	st := newStore(s, spec)
	s.stores[spec.Hash] = st
	st.mu.Lock()
	st.record(kindStore, 0, st.infoLocked())
	for _, u := range st.users {
		st.record(kindUser, u.ID, u)
	}
	st.defaultsLocked()
	st.beginKept()
	st.mu.Unlock()
	return st
}

// Close stops serving, ends webhook deliveries and folds the journal into the state file.
func (s *Sandbox) Close() error {
	var err error
	s.closed.Do(func() {
		close(s.done)
		for _, srv := range slices.Concat(s.servers, s.fronts.stop()) {
			err = errors.Join(err, srv.Close())
		}
		s.serving.Wait()
		s.hooks.stop()
		s.client.CloseIdleConnections()
		if s.state != nil {
			err = errors.Join(err, s.fold(), s.state.close())
		}
	})
	return err
}

func (s *Sandbox) now() time.Time { return s.opts.Now() }
