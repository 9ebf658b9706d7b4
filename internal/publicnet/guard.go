package publicnet

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// BlockedError is the refusal to connect to an address that no merchant's URL may lead to.
type BlockedError struct {
	Addr  netip.Addr
	Plain bool // the address is allowed, but not without TLS
}

func (e *BlockedError) Error() string {
	if e.Plain {
		return fmt.Sprintf("plain http to %s is not allowed", e.Addr)
	}
	return fmt.Sprintf("address %s is not public", e.Addr)
}

// Guard decides which addresses may be connected to. The zero value admits public ones, over TLS.
type Guard struct {
	// AllowPrivate are addresses inside the host's network that are admitted too, also without TLS. A
	// cloud's metadata address is admitted by an entry of its own only, such as 169.254.169.254/32.
	AllowPrivate []netip.Prefix
	Resolver     *net.Resolver // nil is the system's; tests name hosts with it
}

// schemeKey is the context key under which a connection's URL scheme reaches the dialer.
type schemeKey struct{}

// allowed reports whether a is inside the operator's AllowPrivate. What the host itself answers on
// has to be named alone there, be it in an IPv6 disguise: whoever opens a network means the servers
// in it.
func (g Guard) allowed(a netip.Addr) bool {
	a = a.Unmap()
	if a.Zone() != "" {
		return false
	}
	for _, inside := range append(hidden(a), a) {
		if contains(ofTheHost, inside) && !g.named(inside) {
			return false
		}
	}
	return contains(g.AllowPrivate, a)
}

// named reports whether AllowPrivate has a by itself.
func (g Guard) named(a netip.Addr) bool {
	for _, p := range g.AllowPrivate {
		if p.IsSingleIP() && p.Addr() == a {
			return true
		}
	}
	return false
}

// control is called by the dialer for each address right before it connects, after the name was
// resolved: a name that changes its address between a check and its use gains nothing.
func (g Guard) control(ctx context.Context, network, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || (network != "tcp4" && network != "tcp6") {
		return fmt.Errorf("publicnet: cannot check the address %s %s", network, address)
	}
	if g.allowed(ap.Addr()) {
		return nil
	}
	if !public(ap.Addr()) {
		return &BlockedError{Addr: ap.Addr()}
	}
	if scheme, _ := ctx.Value(schemeKey{}).(string); scheme != "https" {
		return &BlockedError{Addr: ap.Addr(), Plain: true}
	}
	return nil
}

// Transport makes t connect through the guard and in no other way, and returns it as a
// RoundTripper. A connection is checked when it is made: a transport that keeps connections must be
// used for URLs of this guard only.
func (g Guard) Transport(t *http.Transport, connectTimeout time.Duration) http.RoundTripper {
	t.Proxy = nil // a proxy would connect for us, past every check of addresses
	t.DialTLSContext = nil
	t.DialContext = (&net.Dialer{Timeout: connectTimeout, ControlContext: g.control, Resolver: g.Resolver}).DialContext
	return schemeTransport{t}
}

// schemeTransport tells the dialer the scheme of the URL that it connects for, also after a
// redirect.
type schemeTransport struct{ *http.Transport }

func (t schemeTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	return t.Transport.RoundTrip(req.WithContext(context.WithValue(req.Context(), schemeKey{}, req.URL.Scheme)))
}
