package sandbox

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"sync"

	"sluice/internal/sandbox/idp"
)

// kindStorefront is a journal entry: the port of a channel's storefront, by channel.
const kindStorefront = "storefront"

// frontKey names one storefront: a channel of a store.
type frontKey struct {
	store   string
	channel int64
}

// front is a storefront that listens.
type front struct {
	url string
	srv *http.Server
}

// fronts are the sandbox's storefronts. Each has an origin of its own and begins to listen when
// somebody first asks for its address, so that a sandbox of ten thousand stores opens no port for
// nothing.
type fronts struct {
	s *Sandbox

	mu    sync.Mutex // taken after Store.mu, never before
	open  bool       // between Start and Close
	ports map[frontKey]int
	live  map[frontKey]*front
}

func newFronts(s *Sandbox) *fronts {
	return &fronts{s: s, ports: map[frontKey]int{}, live: map[frontKey]*front{}}
}

// url is the origin of a storefront; ok is false while the sandbox does not serve.
func (f *fronts) url(st *Store, channel int64) (origin string, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := frontKey{st.Hash, channel}
	if l := f.live[key]; l != nil {
		return l.url, true
	}
	if !f.open {
		return "", false
	}
	l, err := listenAgain("127.0.0.1", f.ports[key])
	if err != nil {
		f.s.log.Error("sandbox: storefront", "store", st.Hash, "channel", channel, "error", err)
		return "", false
	}
	port := portOf(l)
	if f.ports[key] != port {
		f.ports[key] = port
		f.s.journal(entry{Store: st.Hash, Kind: kindStorefront, ID: channel, Value: json.RawMessage(strconv.Itoa(port))})
	}
	origin = "http://localhost:" + strconv.Itoa(port)
	f.live[key] = &front{url: origin, srv: f.s.serve(l, newStorefront(f.s, st, channel))}
	f.s.allowSignOutTo(origin)
	return origin, true
}

// listenAgain listens on the port of an earlier process, or on a free one if that is 0 or taken.
func listenAgain(host string, port int) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil && port != 0 {
		l, err = lc.Listen(context.Background(), "tcp", net.JoinHostPort(host, "0"))
	}
	return l, err
}

// portOf is the port of a TCP listener.
func portOf(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

func (f *fronts) start() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open = true
}

// stop ends listening and returns the servers to close.
func (f *fronts) stop() []*http.Server {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open = false
	var out []*http.Server
	for _, l := range f.live {
		out = append(out, l.srv)
	}
	f.live = map[frontKey]*front{}
	return out
}

// apply replays a port of the state file.
func (f *fronts) apply(e *entry) error {
	var port int
	if err := json.Unmarshal(e.Value, &port); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ports[frontKey{e.Store, e.ID}] = port
	return nil
}

// fold returns the state file's entries of a store.
func (f *fronts) fold(store string, add func(kind string, id int64, v any)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, port := range f.ports {
		if key.store == store {
			add(kindStorefront, key.channel, port)
		}
	}
}

// Storefront is where a channel's storefront is served.
type Storefront struct {
	ChannelID int64  `json:"channel_id"`
	Name      string `json:"name"`
	Platform  string `json:"platform"` // bigcommerce is Stencil; every other is headless
	URL       string `json:"url"`      // its origin
}

// Storefronts returns the storefronts of the store by channel, and serves those that nobody asked
// for yet. It is empty before Start.
func (st *Store) Storefronts() []Storefront {
	var out []Storefront
	for _, ch := range st.Channels() {
		if ch.Type != "storefront" || !shopOpen(&ch) {
			continue
		}
		if url, ok := st.sb.fronts.url(st, ch.ID); ok {
			out = append(out, Storefront{ch.ID, ch.Name, ch.Platform, url})
		}
	}
	return out
}

// shopOpen reports whether shoppers may enter a channel.
func shopOpen(ch *Channel) bool { return ch.Status == "active" || ch.Status == "prelaunch" }

// IdentityProvider is the OpenID Connect provider of the sandbox's merchants.
func (s *Sandbox) IdentityProvider() *idp.Provider { return s.provider.p }

// IdentityProviderClient is the client that the app is at the provider: its id and secret, and the
// redirect URIs that follow from the app's auth callback.
func (s *Sandbox) IdentityProviderClient() idp.Client {
	c, _ := s.provider.p.Client(s.provider.kept.ClientID)
	return c
}
