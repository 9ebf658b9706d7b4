package bigcommerce

import (
	"context"
	"iter"
)

const (
	channelsPath = "/v3/channels"
	sitesPath    = "/v3/sites"
)

// ChannelsService is the store's sales channels (V3). Scope store_channel_settings_read_only.
type ChannelsService struct{ service }

// Channel is a sales channel. Channel 1 is the store's own storefront, and always there.
type Channel struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Type     string `json:"type"`     // pos, marketplace, storefront or marketing
	Platform string `json:"platform"` // "bigcommerce", "catalyst", "next" …
	Status   string `json:"status"`   // active, prelaunch, inactive, connected, disconnected, archived, deleted or terminated
}

// List walks every channel.
func (s *ChannelsService) List(ctx context.Context) iter.Seq2[*Channel, error] {
	return collect[*Channel](ctx, s.client, channelsPath, MaxPageSize, nil)
}

// SitesService is the addresses of channels (V3). Scope store_sites_read_only.
type SitesService struct{ service }

// Site is where a channel's storefront is reached.
type Site struct {
	ID        int64     `json:"id"`
	URL       string    `json:"url"`
	ChannelID int64     `json:"channel_id"`
	URLs      []SiteURL `json:"urls"`
}

// SiteURL is one address of a site.
type SiteURL struct {
	URL  string `json:"url"`
	Type string `json:"type"` // checkout, primary or canonical
}

// List walks the sites of every channel. Unlike other V3 collections this one does not say how many
// pages there are (its meta has offset, limit and total_items): a page that is not full is the
// last.
func (s *SitesService) List(ctx context.Context) iter.Seq2[*Site, error] {
	return func(yield func(*Site, error) bool) {
		for at := (position{page: 1}); ; at.page++ {
			env, err := fetchPage[*Site](ctx, s.client, sitesPath, MaxPageSize, at, nil)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, site := range env.Data {
				if !yield(site, nil) {
					return
				}
			}
			if len(env.Data) < MaxPageSize {
				return
			}
		}
	}
}
