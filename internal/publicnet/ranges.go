package publicnet

import "net/netip"

func prefixes(texts ...string) (out []netip.Prefix) {
	for _, p := range texts {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

// special are the ranges, of what looks like the internet at large, where no merchant's server can
// be: the IANA special-purpose registries of both families, those that are globally reachable too.
// They lead into the host's network, to nobody, or through a translator to any of those.
var special = prefixes(
	"0.0.0.0/8",       // this network
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // carrier-grade NAT; cloud metadata services lie there too
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.31.196.0/24", // AS112
	"192.52.193.0/24", // AMT relays
	"192.88.99.0/24",  // 6to4 relays
	"192.168.0.0/16",  // private
	"192.175.48.0/24", // AS112
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, broadcast

	"2001::/23",         // protocol assignments; 2001::/32 is Teredo
	"2001:db8::/32",     // documentation
	"2002::/16",         // 6to4
	"2620:4f:8000::/48", // AS112
	"3ffe::/16",         // 6bone, given back
	"3fff::/20",         // documentation
)

// globalUnicast is what of IPv6 IANA gives out; the rest is local, reserved, or IPv4 in disguise.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// ofTheHost are where clouds and their machines answer whoever asks from inside, often with
// credentials. A range in ALLOW_PRIVATE_SOURCES does not open them; an entry of that one address
// does.
var ofTheHost = prefixes(
	"168.63.129.16/32",   // Azure's host agent: it looks like the internet
	"169.254.0.0/16",     // metadata of AWS, Google, Azure, DigitalOcean, Hetzner, Tencent and others; ECS and EKS credentials
	"100.100.100.200/32", // Alibaba
	"192.0.0.192/32",     // Oracle
	"fe80::/10",          // fe80::a9fe:a9fe is OpenStack's
	"fd00:ec2::/32",      // AWS: metadata, DNS, time, EKS pod identity
	"fd20:ce::/32",       // Google
	"fd00:42::42/128",    // Scaleway
	"fd00:c1::/32",       // Oracle
)

// disguises are IPv6 ranges whose addresses lead to an IPv4 address that stands in them, and where.
var disguises = []struct {
	prefix netip.Prefix
	at     int  // of the IPv4 address's first byte
	not    byte // its bits are inverted by this
}{
	{netip.MustParsePrefix("::/96"), 12, 0},           // IPv4-compatible
	{netip.MustParsePrefix("::ffff:0:0/96"), 12, 0},   // IPv4-mapped
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12, 0}, // IPv4-translated
	{netip.MustParsePrefix("64:ff9b::/96"), 12, 0},    // NAT64
	{netip.MustParsePrefix("64:ff9b:1::/48"), 12, 0},  // local NAT64
	{netip.MustParsePrefix("2002::/16"), 2, 0},        // 6to4
	{netip.MustParsePrefix("2001::/32"), 12, 0xff},    // Teredo: the client
	{netip.MustParsePrefix("2001::/32"), 4, 0},        // Teredo: the server
}

// hidden returns the IPv4 addresses that an IPv6 address leads to, none for an honest one.
func hidden(a netip.Addr) (out []netip.Addr) {
	if !a.Is6() {
		return nil
	}
	b := a.As16()
	take := func(at int, not byte) {
		out = append(out, netip.AddrFrom4([4]byte{b[at] ^ not, b[at+1] ^ not, b[at+2] ^ not, b[at+3] ^ not}))
	}
	for _, d := range disguises {
		if d.prefix.Contains(a) {
			take(d.at, d.not)
		}
	}
	// ISATAP (RFC 5214) works under any prefix.
	if b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe {
		take(12, 0)
	}
	return out
}

func contains(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// public reports whether an address is one of the internet at large, where a merchant's server can
// be.
func public(a netip.Addr) bool {
	switch {
	case a.Zone() != "", contains(ofTheHost, a), contains(special, a):
		return false
	case a.Is4():
		return true
	}
	return globalUnicast.Contains(a) && len(hidden(a)) == 0
}
