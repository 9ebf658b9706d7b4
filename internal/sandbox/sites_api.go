package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// siteView is a site as the API shows it. Its URLs are given exactly as they were entered.
func (st *Store) siteView(site *Site) map[string]any {
	entry := func(kind, u string, at int64) map[string]any {
		return map[string]any{"url": u, "type": kind, "created_at": zuluTime(site.Created), "updated_at": zuluTime(at)}
	}
	checkout, at := site.CheckoutURL, site.CheckoutAt
	if checkout == "" { // documented: falls back to the default channel's primary URL
		checkout, at = st.StorefrontURL(defaultChannelID), site.Created
		if def := st.shop.siteOf(defaultChannelID); def != nil {
			checkout = st.primaryURL(def)
		}
	}
	return map[string]any{
		"id": site.ID, "url": st.primaryURL(site), "channel_id": site.ChannelID, "created_at": zuluTime(site.Created),
		"updated_at": zuluTime(site.Modified), "ssl_status": "shared", "is_checkout_url_customized": site.CheckoutURL != "",
		"urls": []any{
			entry("primary", st.primaryURL(site), site.Modified),
			entry("canonical", st.StorefrontURL(site.ChannelID), site.Created),
			entry("checkout", checkout, at),
		},
	}
}

// listSites has a meta of its own: offset, limit and total_items instead of pages.
func (s *Sandbox) listSites(c *call) reply {
	channels := c.q.integers("channel_id:in")
	types := c.q.names("url_type:in", func(n string) bool { return slices.Contains([]string{"primary", "canonical", "checkout"}, n) })
	page, limit := c.q.page()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	found := []map[string]any{}
	for _, id := range sortedKeys(c.st.shop.sites) {
		site := c.st.shop.sites[id]
		// Every site has a primary and a canonical URL; a checkout URL of its own only if it was set.
		if channels != nil && !slices.Contains(channels, site.ChannelID) ||
			types != nil && site.CheckoutURL == "" && !slices.ContainsFunc(types, func(t string) bool { return t != "checkout" }) {
			continue
		}
		found = append(found, c.st.siteView(site))
	}
	from, to := window(len(found), page, limit)
	return okJSON(http.StatusOK, map[string]any{"data": found[from:to], "meta": map[string]any{
		"pagination": map[string]int{"offset": from, "limit": limit, "total_items": len(found)}}})
}

var siteNotFound = "The requested resource was not found."

// site finds the site of the path.
func (c *call) site() (*Site, *reply) {
	id, ok := c.pathID()
	if site := c.st.shop.sites[id]; ok && site != nil {
		return site, nil
	}
	r := notFound(siteNotFound)
	return nil, &r
}

// channelSite finds the site of the channel in the path.
func (c *call) channelSite() (*Site, *reply) {
	id, ok := c.pathID()
	if site := c.st.shop.siteOf(id); ok && site != nil {
		return site, nil
	}
	r := notFound(siteNotFound)
	return nil, &r
}

func (s *Sandbox) getSite(c *call) reply        { return s.showSite(c, c.site) }
func (s *Sandbox) getChannelSite(c *call) reply { return s.showSite(c, c.channelSite) }

func (s *Sandbox) showSite(c *call, find func() (*Site, *reply)) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	site, r := find()
	if r != nil {
		return *r
	}
	return value(http.StatusOK, c.st.siteView(site))
}

var siteFields = []fieldSpec{
	{name: "url", kind: kString, minLen: 1, required: true},
	{name: "channel_id", kind: kInteger, min: num(1)},
}

var siteIndex = index(siteFields)

// siteRequest reads a site's URL, and the channel where one is named.
func (c *call) siteRequest() (u string, channel int64, _ *reply) {
	if r := c.q.problem(); r != nil {
		return "", 0, r
	}
	in, r := c.readObject()
	if r != nil {
		return "", 0, r
	}
	vals, errs := validate(siteFields, siteIndex, in, true, "")
	for _, v := range vals {
		switch siteFields[v.field].name {
		case "url":
			if u = unquote(v.raw); !validSiteURL(u) {
				errs["url"] = "error.invalid.url"
			}
		case "channel_id":
			channel = parseID(v.raw)
		}
	}
	if len(errs) > 0 {
		r := invalid(errs)
		return "", 0, &r
	}
	return u, channel, nil
}

func (s *Sandbox) createSite(c *call) reply {
	u, channel, r := c.siteRequest()
	if r != nil {
		return *r
	}
	if channel == 0 {
		return invalid(map[string]string{"channel_id": msgMissing})
	}
	return c.st.createSite(http.StatusCreated, channel, u)
}

// createChannelSite is an alias of POST /sites, with another status.
func (s *Sandbox) createChannelSite(c *call) reply {
	u, channel, r := c.siteRequest()
	if r != nil {
		return *r
	}
	id, _ := c.pathID()
	if channel != 0 && channel != id {
		return invalid(map[string]string{"channel_id": "error.expected.channel: the path names another"})
	}
	return c.st.createSite(http.StatusOK, id, u)
}

func (st *Store) createSite(status int, channel int64, u string) reply {
	st.mu.Lock()
	defer st.mu.Unlock()
	if ch := st.shop.channels[channel]; ch == nil || ch.Status == "deleted" {
		return notFound(siteNotFound)
	}
	if st.shop.siteOf(channel) != nil {
		return conflict("channel_id", "The channel has a site already.")
	}
	site := &Site{ChannelID: channel, URL: u}
	if r := st.siteTaken(site); r != nil {
		return *r
	}
	st.insertSiteLocked(site)
	st.flush()
	return value(status, st.siteView(site))
}

// siteTaken is the 409 of an address that another site of the store has.
func (st *Store) siteTaken(site *Site) *reply {
	for _, o := range st.shop.sites {
		if o.ID != site.ID && origin(st.primaryURL(o)) == origin(site.URL) {
			r := conflict("url", "The URL is in use by another site.")
			return &r
		}
	}
	return nil
}

func (s *Sandbox) updateSite(c *call) reply        { return s.changeSite(c, c.site) }
func (s *Sandbox) updateChannelSite(c *call) reply { return s.changeSite(c, c.channelSite) }

func (s *Sandbox) changeSite(c *call, find func() (*Site, *reply)) reply {
	u, _, r := c.siteRequest()
	if r != nil {
		return *r
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	old, r := find()
	if r != nil {
		return *r
	}
	next := *old
	next.URL = u
	if r := st.siteTaken(&next); r != nil {
		return *r
	}
	st.replaceSiteLocked(&next)
	st.flush()
	return value(http.StatusOK, st.siteView(&next))
}

func (s *Sandbox) deleteSite(c *call) reply {
	if r := s.removeSite(c, c.site); r != nil {
		return *r
	}
	return noContent
}

// deleteChannelSite is an alias of DELETE /sites/{id}, with another status.
func (s *Sandbox) deleteChannelSite(c *call) reply {
	if r := s.removeSite(c, c.channelSite); r != nil {
		return *r
	}
	return okJSON(http.StatusOK, map[string]any{})
}

// removeSite takes a site's URL away. The default storefront goes back to the platform's own
// address; other channels have no site then.
func (s *Sandbox) removeSite(c *call, find func() (*Site, *reply)) *reply {
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	site, r := find()
	if r != nil {
		return r
	}
	if site.ChannelID == defaultChannelID {
		next := *site
		next.URL, next.CheckoutURL, next.CheckoutAt = "", "", 0
		st.replaceSiteLocked(&next)
	} else {
		delete(st.shop.sites, site.ID)
		st.record(kindSite, site.ID, nil)
	}
	st.flush()
	return nil
}

// setCheckoutURL answers with the bare site, as documented.
func (s *Sandbox) setCheckoutURL(c *call) reply {
	u, _, r := c.siteRequest()
	if r != nil {
		return *r
	}
	u = strings.Replace(u, "http://", "https://", 1) // documented
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	old, r := c.channelSite()
	if r != nil {
		return *r
	}
	if !sameMainDomain(u, st.primaryURL(old)) {
		return fail(http.StatusUnprocessableEntity, "Incorrect checkout url "+u+
			". Your checkout and storefront must be within the same main domain like “main.com” and “subdomain.main.com”", nil)
	}
	next := *old
	next.CheckoutURL, next.CheckoutAt = u, s.now().Unix()
	st.replaceSiteLocked(&next)
	st.flush()
	return okJSON(http.StatusOK, st.siteView(&next))
}

// sameMainDomain reports whether two URLs' hosts have the same registrable domain.
func sameMainDomain(a, b string) bool {
	domain := func(raw string) string {
		u, err := url.Parse(raw)
		if err != nil {
			return ""
		}
		d, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(u.Hostname()))
		if err != nil {
			return ""
		}
		return d
	}
	return domain(a) != "" && domain(a) == domain(b)
}

func (s *Sandbox) deleteCheckoutURL(c *call) reply {
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	old, r := c.channelSite()
	if r != nil {
		return *r
	}
	next := *old
	next.CheckoutURL, next.CheckoutAt = "", 0
	st.replaceSiteLocked(&next)
	st.flush()
	return value(http.StatusOK, map[string]any{})
}
