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

// notPublic are the ranges that net/netip has no name for, from the IANA special-purpose registries:
// they lead into the host's network, to nobody, or through a translator to any of those.
var notPublic = func() (out []netip.Prefix) {
	for _, p := range []string{
		"0.0.0.0/8",       // this network
		"100.64.0.0/10",   // carrier-grade NAT; cloud metadata services lie there too
		"192.0.0.0/24",    // protocol assignments
		"192.0.2.0/24",    // documentation
		"192.88.99.0/24",  // 6to4 relays
		"198.18.0.0/15",   // benchmarks
		"198.51.100.0/24", // documentation
		"203.0.113.0/24",  // documentation
		"240.0.0.0/4",     // reserved, broadcast
		"::/96",           // IPv4-compatible
		"64:ff9b:1::/48",  // local NAT64
		"100::/64",        // discard
		"2001::/23",       // protocol assignments, Teredo
		"2001:db8::/32",   // documentation
		"2002::/16",       // 6to4: any IPv4 address in disguise
		"3fff::/20",       // documentation
		"5f00::/16",       // segment routing
		"fec0::/10",       // site-local, deprecated
	} {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}()

var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// public reports whether an address is one of the internet at large.
func public(a netip.Addr) bool {
	if a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if nat64.Contains(a) { // the last four bytes are the IPv4 address that it leads to
		b := a.As16()
		return public(netip.AddrFrom4([4]byte(b[12:])))
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() { // not loopback, link-local, multicast, unspecified, RFC 1918, fc00::/7
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// Guard decides which addresses may be connected to. The zero value admits public ones, over TLS.
type Guard struct {
	AllowPrivate []netip.Prefix // addresses inside the host's network that are admitted too, also without TLS
	Resolver     *net.Resolver  // nil is the system's; tests name hosts with it
}

// schemeKey is the context key under which a connection's URL scheme reaches the dialer.
type schemeKey struct{}

// allowed reports whether a is inside the operator's AllowPrivate.
func (g Guard) allowed(a netip.Addr) bool {
	a = a.Unmap()
	for _, p := range g.AllowPrivate {
		if p.Contains(a) {
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

// Transport makes t connect through the guard and in no other way, and returns it as a RoundTripper.
// A connection is checked when it is made: a transport that keeps connections must be used for URLs of
// this guard only.
func (g Guard) Transport(t *http.Transport, connectTimeout time.Duration) http.RoundTripper {
	t.Proxy = nil // a proxy would connect for us, past every check of addresses
	t.DialTLSContext = nil
	t.DialContext = (&net.Dialer{Timeout: connectTimeout, ControlContext: g.control, Resolver: g.Resolver}).DialContext
	return schemeTransport{t}
}

// schemeTransport tells the dialer the scheme of the URL that it connects for, also after a redirect.
type schemeTransport struct{ *http.Transport }

func (t schemeTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	return t.Transport.RoundTrip(req.WithContext(context.WithValue(req.Context(), schemeKey{}, req.URL.Scheme)))
}
