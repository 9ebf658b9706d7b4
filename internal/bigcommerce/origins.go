package bigcommerce

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// siteURLCheckout is the SiteURL.Type of addresses that serve the checkout. A store's channels may
// share one, and it is not where a channel's pages are.
const siteURLCheckout = "checkout"

// Origins returns the origins (RFC 6454, as browsers write them in the header Origin) at which
// shoppers reach the site's pages: of its own URL, and of its primary and canonical ones. Sorted,
// none twice.
func (s *Site) Origins() []string {
	var origins []string
	add := func(raw string) {
		if u, ok := storefrontURL(raw); ok {
			origins = append(origins, u.Scheme+"://"+u.Host)
		}
	}
	add(s.URL)
	for _, u := range s.URLs {
		if u.Type != siteURLCheckout {
			add(u.URL)
		}
	}
	slices.Sort(origins)
	return slices.Compact(origins)
}

// StorefrontURL returns the address that a storefront's paths are appended to, from a URL as
// BigCommerce has it: in the form of Origins, with the path that a site may have, without a slash
// at the end. "" if raw is no such address.
func StorefrontURL(raw string) string {
	u, ok := storefrontURL(raw)
	if !ok {
		return ""
	}
	return u.Scheme + "://" + u.Host + strings.TrimRight(u.EscapedPath(), "/")
}

// storefrontURL reads raw. BigCommerce serves its storefronts over HTTPS, but old sites still have
// a plain http URL; those are taken as HTTPS, because anyone on the way can be the http page.
// Loopback addresses stay http: nobody is on the way, and it is where storefronts are developed.
func storefrontURL(raw string) (*url.URL, bool) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.User != nil || u.Opaque != "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, false
	}
	host, loopback, ok := storefrontHost(u.Hostname())
	if !ok {
		return nil, false
	}
	scheme, port := u.Scheme, 0
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil || port < 1 || port > 65535 {
			return nil, false
		}
	}
	if scheme == "http" && !loopback {
		if port != 0 && port != 80 {
			return nil, false
		}
		scheme, port = "https", 0
	}
	if port != 0 && (scheme != "https" || port != 443) && (scheme != "http" || port != 80) {
		host += ":" + strconv.Itoa(port)
	}
	return &url.URL{Scheme: scheme, Host: host, Path: u.Path, RawPath: u.RawPath}, true
}

// hostProfile is idna.Lookup that also holds names and labels to the lengths of the DNS.
var hostProfile = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// storefrontHost returns a URL's host in the form that browsers use: an ASCII name in lower case,
// or an address, version 6 in brackets.
func storefrontHost(host string) (name string, loopback, ok bool) {
	if addr, err := netip.ParseAddr(host); err == nil {
		if addr.Zone() != "" {
			return "", false, false
		}
		if addr.Is6() {
			return "[" + addr.String() + "]", addr.IsLoopback(), true
		}
		return addr.String(), addr.IsLoopback(), true
	}
	name, err := hostProfile.ToASCII(strings.TrimSuffix(host, "."))
	if err != nil || !utf8.ValidString(host) || strings.HasSuffix(name, ".") || numeric(name[strings.LastIndexByte(name, '.')+1:]) {
		return "", false, false
	}
	if again, err := hostProfile.ToASCII(name); err != nil || again != name {
		return "", false, false
	}
	return name, name == "localhost" || strings.HasSuffix(name, ".localhost"), true
}

// numeric reports whether a name's last label is a number. Browsers take such a host as an IPv4
// address in a form that is not the usual one, and no domain ends in one.
func numeric(label string) bool {
	_, err := strconv.ParseUint(label, 0, 64)
	return err == nil
}
