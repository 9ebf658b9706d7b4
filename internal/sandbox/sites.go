package sandbox

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Site is where a channel's storefront is reached (sites.v3.yml). Values are never changed in
// place.
type Site struct {
	ID          int64
	ChannelID   int64
	URL         string // primary address as it was entered; "" is the platform's own: see StorefrontURL
	CheckoutURL string // "" is the shared checkout
	Created     int64  // unix seconds
	Modified    int64
	CheckoutAt  int64 // when CheckoutURL was set
}

// SetSite gives a channel's site another primary address, or makes the site; "" is the platform's
// own address. No webhook tells of it.
func (st *Store) SetSite(channel int64, primary string) error {
	if primary != "" && !validSiteURL(primary) {
		return fmt.Errorf("sandbox: url %q is not the address of a site", primary)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.shop.channels[channel] == nil {
		return fmt.Errorf("sandbox: store %s has no channel %d", st.Hash, channel)
	}
	if old := st.shop.siteOf(channel); old != nil {
		next := *old
		next.URL = primary
		st.replaceSiteLocked(&next)
	} else {
		st.insertSiteLocked(&Site{ChannelID: channel, URL: primary})
	}
	st.flush()
	return nil
}

// SiteOf returns the site of a channel, if it has one. Its URL may be "": see PrimaryURL.
func (st *Store) SiteOf(channel int64) (Site, bool) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	if site := st.shop.siteOf(channel); site != nil {
		return *site, true
	}
	return Site{}, false
}

// PrimaryURL is where a channel's storefront is reached, without trailing slash; "" without a site.
func (st *Store) PrimaryURL(channel int64) string {
	site, ok := st.SiteOf(channel)
	if !ok {
		return ""
	}
	return strings.TrimRight(st.primaryURL(&site), "/")
}

func (st *Store) primaryURL(site *Site) string {
	if site.URL == "" {
		return st.StorefrontURL(site.ChannelID)
	}
	return site.URL
}

// StorefrontURL is the platform's own address of a channel: the canonical URL of its site, and the
// primary one until the merchant sets another. Without trailing slash. Here it is the origin at
// which the sandbox serves the storefront; only while it does not serve, a name of the platform's
// kind.
func (st *Store) StorefrontURL(channel int64) string {
	if origin, ok := st.sb.fronts.url(st, channel); ok {
		return origin
	}
	if channel == defaultChannelID {
		return "https://store-" + st.Hash + ".mybigcommerce.com"
	}
	return "https://store-" + st.Hash + "-" + strconv.FormatInt(channel, 10) + ".mybigcommerce.com"
}

// validSiteURL holds a site's address to http(s), a host, and nothing that could hide another one.
func validSiteURL(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" && u.Opaque == ""
}

// insertSiteLocked and replaceSiteLocked fire nothing: there are no webhooks of sites.
func (st *Store) insertSiteLocked(site *Site) {
	site.ID = st.nextID(kindSite, firstSiteID)
	site.Created = st.sb.now().Unix()
	site.Modified = site.Created
	st.shop.sites[site.ID] = site
	st.record(kindSite, site.ID, site)
}

func (st *Store) replaceSiteLocked(next *Site) {
	next.Modified = st.sb.now().Unix()
	st.shop.sites[next.ID] = next
	st.record(kindSite, next.ID, next)
}
