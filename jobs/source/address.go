package source

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// blockedError is the refusal to connect to an address that no merchant's feed may name.
type blockedError struct {
	addr  netip.Addr
	plain bool // the address is allowed, but not without TLS
}

func (e *blockedError) Error() string {
	if e.plain {
		return fmt.Sprintf("plain http to %s is not allowed", e.addr)
	}
	return fmt.Sprintf("address %s is not public", e.addr)
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

// schemeKey is the context key under which a connection's URL scheme reaches the dialer.
type schemeKey struct{}

// allowed reports whether a is inside the operator's AllowPrivate.
func (f *Fetcher) allowed(a netip.Addr) bool {
	a = a.Unmap()
	for _, p := range f.opts.AllowPrivate {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// control is called by the dialer for each address right before it connects, after the name was
// resolved: a name that changes its address between a check and its use gains nothing.
func (f *Fetcher) control(ctx context.Context, network, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || (network != "tcp4" && network != "tcp6") {
		return fmt.Errorf("source: cannot check the address %s %s", network, address)
	}
	if f.allowed(ap.Addr()) {
		return nil
	}
	if !public(ap.Addr()) {
		return &blockedError{addr: ap.Addr()}
	}
	if scheme, _ := ctx.Value(schemeKey{}).(string); scheme != "https" {
		return &blockedError{addr: ap.Addr(), plain: true}
	}
	return nil
}

// dialer returns the only way in which a Fetcher connects.
func (f *Fetcher) dialer() *net.Dialer {
	return &net.Dialer{Timeout: f.opts.ConnectTimeout, ControlContext: f.control, Resolver: f.resolver}
}
