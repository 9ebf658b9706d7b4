package storefront

import (
	"context"
	"fmt"
	"slices"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

// Sight is what BigCommerce lets Sluice see of a store's channels and sites.
type Sight struct {
	channels []*bigcommerce.Channel // nil: could not be seen
	sites    []*bigcommerce.Site    // nil: could not be seen
}

// Look reads the store's channels and where they are.
func (s *Storefronts) Look(ctx context.Context, store *tenants.Store) (*Sight, error) {
	client, err := s.cfg.Clients.Client(ctx, store.Hash, nil)
	if err != nil {
		return nil, err
	}
	channels, err := s.listChannels(ctx, store, client)
	if err != nil {
		return nil, err
	}
	sites, err := s.listSites(ctx, store, client)
	if err != nil {
		return nil, err
	}
	return &Sight{channels: channels, sites: sites}, nil
}

// Save records what was seen in tx, and says whether ctx's store has scripts to look after. What
// the store's scopes do not let it see stays as it is known; channel 1, which every store has, is
// there in any case, at the store's own address.
func (s *Sight) Save(ctx context.Context, tx *tenants.DB) (scripts bool, err error) {
	known, origins, err := join(ctx, tx, s.channels, s.sites)
	if err != nil {
		return false, err
	}
	if err := tx.ReplaceStorefronts(ctx, known, origins); err != nil {
		return false, err
	}
	list, err := tx.StorefrontScripts(ctx)
	return len(list) > 0, err
}

// join joins what BigCommerce listed (nil: could not be seen) with what is known, to the channels
// of ctx's store and their origins.
func join(ctx context.Context, tx *tenants.DB, listed []*bigcommerce.Channel, sites []*bigcommerce.Site) ([]tenants.Channel, map[int64][]string, error) {
	store, err := tx.Store(ctx, tenants.StoreHash(ctx))
	if err != nil {
		return nil, nil, err
	}
	channels, err := tx.Channels(ctx)
	if err != nil {
		return nil, nil, err
	}
	old, err := tx.ChannelOrigins(ctx)
	if err != nil {
		return nil, nil, err
	}
	urls, origins := map[int64]string{}, map[int64][]string{}
	if sites == nil {
		for _, c := range channels {
			urls[c.ChannelID] = c.SiteURL
		}
		for _, o := range old {
			origins[o.ChannelID] = append(origins[o.ChannelID], o.Origin)
		}
	}
	for _, site := range sites {
		if urls[site.ChannelID] == "" { // of several sites the first is the channel's address
			urls[site.ChannelID] = bigcommerce.StorefrontURL(site.URL)
		}
		origins[site.ChannelID] = append(origins[site.ChannelID], site.Origins()...)
	}
	if urls[tenants.DefaultChannel] == "" {
		own := &bigcommerce.Site{URL: store.SecureURL}
		urls[tenants.DefaultChannel], origins[tenants.DefaultChannel] = bigcommerce.StorefrontURL(own.URL), own.Origins()
	}
	if listed != nil {
		channels = channels[:0]
		for _, c := range listed {
			channels = append(channels, tenants.Channel{ChannelID: c.ID, Name: c.Name, Type: c.Type, Platform: c.Platform, Status: c.Status})
		}
	}
	if !slices.ContainsFunc(channels, func(c tenants.Channel) bool { return c.ChannelID == tenants.DefaultChannel }) {
		channels = append(channels, tenants.Channel{ChannelID: tenants.DefaultChannel, Name: store.Name, Type: tenants.TypeStorefront, Platform: tenants.PlatformStencil, Status: "active"})
	}
	for i := range channels {
		c := &channels[i]
		c.SiteURL = urls[c.ChannelID]
		if !c.Available() {
			delete(origins, c.ChannelID) // nobody shops there any more
		}
	}
	return channels, origins, nil
}

// listChannels returns every channel, nil if the store's scopes do not let Sluice see them.
func (s *Storefronts) listChannels(ctx context.Context, store *tenants.Store, client *bigcommerce.Client) ([]*bigcommerce.Channel, error) {
	if lacks(store, bigcommerce.ScopeChannelsRead) {
		return nil, nil
	}
	channels := []*bigcommerce.Channel{}
	for c, err := range client.Channels.List(ctx) {
		if forbidden(err) {
			s.cfg.Log.WarnContext(ctx, "BigCommerce does not let Sluice see the channels", "scope", bigcommerce.ScopeChannelsRead, "error", err)
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("channels: %w", err)
		}
		channels = append(channels, c)
	}
	return channels, nil
}

// listSites returns every site by its id, nil if the store's scopes do not let Sluice see them.
func (s *Storefronts) listSites(ctx context.Context, store *tenants.Store, client *bigcommerce.Client) ([]*bigcommerce.Site, error) {
	if lacks(store, bigcommerce.ScopeSitesRead) {
		return nil, nil
	}
	sites := []*bigcommerce.Site{}
	for site, err := range client.Sites.List(ctx) {
		if forbidden(err) {
			s.cfg.Log.WarnContext(ctx, "BigCommerce does not let Sluice see the sites", "scope", bigcommerce.ScopeSitesRead, "error", err)
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("sites: %w", err)
		}
		sites = append(sites, site)
	}
	slices.SortStableFunc(sites, func(a, b *bigcommerce.Site) int { return int(a.ID - b.ID) })
	return sites, nil
}
