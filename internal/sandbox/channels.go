package sandbox

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
)

const (
	defaultChannelID = 1         // the store's own storefront: always there
	firstChannelID   = 1_000_001 // of the channels that are added; the platform's are large as well
	firstSiteID      = 1000      // the default channel's site
)

// Channel is a place where the merchant sells (channels.v3.yml). Values are never changed in place.
type Channel struct {
	ID           int64
	Name         string
	Type         string // storefront, pos, marketplace or marketing
	Platform     string // bigcommerce (Stencil), catalyst, next, custom …: see channelPlatforms
	Status       string
	ExternalID   string
	Listable     bool // is_listable_from_ui
	Visible      bool
	GlobalLogins bool  // allow_global_logins of the channel's customer settings
	Created      int64 // unix seconds
	Modified     int64
}

// ChannelSpec is a channel to add as the merchant does.
type ChannelSpec struct {
	Name     string `json:"name"`
	Type     string `json:"type"`     // default storefront
	Platform string `json:"platform"` // default bigcommerce
	Status   string `json:"status"`   // default active or connected, by type
	URL      string `json:"url"`      // primary address of its site; "" makes no site, "platform" one at StorefrontURL
}

// platformSite is the URL of ChannelSpec for a site at the platform's own address.
const platformSite = "platform"

// AddChannel adds a channel, with a site if it has an address; store/channel/created fires.
func (st *Store) AddChannel(spec ChannelSpec) (Channel, error) {
	ch := Channel{Name: spec.Name, Type: spec.Type, Platform: spec.Platform, Status: spec.Status, Listable: true, Visible: true}
	if ch.Type == "" {
		ch.Type = "storefront"
	}
	if ch.Platform == "" {
		ch.Platform = "bigcommerce"
	}
	if ch.Status == "" {
		ch.Status = defaultStatus(ch.Type)
	}
	site := &Site{URL: spec.URL}
	if spec.URL == platformSite {
		site.URL = ""
	} else if spec.URL != "" && !validSiteURL(spec.URL) {
		return ch, fmt.Errorf("sandbox: url %q is not the address of a site", spec.URL)
	}
	if wrong := cmp.Or(ch.wrongName(), ch.wrongKind()); wrong != "" {
		return ch, fmt.Errorf("sandbox: %s", wrong)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	made := st.insertChannelLocked(ch)
	if spec.URL != "" {
		site.ChannelID = made.ID
		st.insertSiteLocked(site)
	}
	st.flush()
	return *made, nil
}

// SetChannelStatus changes a channel's status as the merchant does; store/channel/updated fires.
func (st *Store) SetChannelStatus(id int64, status string) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	old := st.shop.channels[id]
	if old == nil {
		return fmt.Errorf("sandbox: store %s has no channel %d", st.Hash, id)
	}
	if !slices.Contains(channelStatuses[old.Type], status) {
		return fmt.Errorf("sandbox: a %s channel cannot be %q", old.Type, status)
	}
	if next := *old; old.Status != status {
		next.Status = status
		st.replaceChannelLocked(&next)
	}
	return nil
}

// SetGlobalLogins changes allow_global_logins of a channel's customer settings.
func (st *Store) SetGlobalLogins(channel int64, allow bool) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	old := st.shop.channels[channel]
	if old == nil {
		return fmt.Errorf("sandbox: store %s has no channel %d", st.Hash, channel)
	}
	next := *old
	next.GlobalLogins = allow
	st.shop.channels[channel] = &next
	st.record(kindChannel, channel, &next)
	st.flush()
	return nil
}

// Channels returns every channel by id, deleted ones too.
func (st *Store) Channels() []Channel {
	st.mu.RLock()
	defer st.mu.RUnlock()
	out := make([]Channel, 0, len(st.shop.channels))
	for _, id := range sortedKeys(st.shop.channels) {
		out = append(out, *st.shop.channels[id])
	}
	return out
}

// Channel returns the channel with this id.
func (st *Store) Channel(id int64) (Channel, bool) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	if ch := st.shop.channels[id]; ch != nil {
		return *ch, true
	}
	return Channel{}, false
}

// defaultsLocked gives a store the storefront that every store has.
func (st *Store) defaultsLocked() {
	created := st.info.Created
	ch := &Channel{ID: defaultChannelID, Name: st.info.Name, Type: "storefront", Platform: "bigcommerce", Status: "active",
		Listable: true, Visible: true, GlobalLogins: true, Created: created, Modified: created}
	st.shop.channels[ch.ID] = ch
	st.record(kindChannel, ch.ID, ch)
	site := &Site{ID: st.nextID(kindSite, firstSiteID), ChannelID: ch.ID, Created: created, Modified: created}
	st.shop.sites[site.ID] = site
	st.record(kindSite, site.ID, site)
}

func (st *Store) insertChannelLocked(ch Channel) *Channel {
	ch.ID = st.nextID(kindChannel, firstChannelID)
	ch.Created = st.sb.now().Unix()
	ch.Modified = ch.Created
	st.shop.channels[ch.ID] = &ch
	st.record(kindChannel, ch.ID, &ch)
	st.flush()
	st.fire("store/channel/created", "channel", ch.ID)
	return &ch
}

func (st *Store) replaceChannelLocked(next *Channel) {
	next.Modified = st.sb.now().Unix()
	st.shop.channels[next.ID] = next
	st.record(kindChannel, next.ID, next)
	st.flush()
	st.fire("store/channel/updated", "channel", next.ID)
}

// channelPlatforms are the platforms with the types that each may have (channels.v3.yml).
var channelPlatforms = map[string][]string{
	"clover": {"pos"}, "square": {"pos"}, "stripe": {"pos"}, "talech": {"pos"}, "vend": {"pos"},
	"amazon": {"marketplace"}, "belk": {"marketplace"}, "catch": {"marketplace"}, "ebay": {"marketplace"}, "etsy": {"marketplace"},
	"facebook": {"marketplace", "marketing"}, "hudsons_bay": {"marketplace"}, "google": {"marketplace", "marketing"},
	"google_shopping": {"marketing"}, "instagram": {"marketplace", "marketing"}, "macys": {"marketplace"},
	"meta": {"marketplace", "marketing"}, "microsoft": {"marketing"}, "mirakl": {"marketplace"}, "overstock": {"marketplace"},
	"pinterest": {"marketplace"}, "target_plus": {"marketplace"}, "tiktok": {"marketplace"}, "wayfair": {"marketplace"},
	"wish": {"marketplace"}, "walmart": {"marketplace"},
	"acquia": {"storefront"}, "bigcommerce": {"storefront"}, "bloomreach": {"storefront"}, "catalyst": {"storefront"},
	"deity": {"storefront"}, "drupal": {"storefront"}, "gatsby": {"storefront"}, "next": {"storefront"}, "vue": {"storefront"},
	"wordpress": {"storefront"},
	"custom":    {"storefront", "pos", "marketing", "marketplace"},
}

// channelStatuses are the statuses that may be written, by type.
var channelStatuses = map[string][]string{
	"storefront":  {"prelaunch", "active", "inactive", "archived", "deleted"},
	"marketing":   {"connected", "disconnected", "archived", "deleted"},
	"marketplace": {"connected", "disconnected", "archived", "deleted"},
	"pos":         {"connected", "disconnected", "archived", "deleted"},
}

// defaultStatus is the status of a channel that is made without one.
func defaultStatus(kind string) string {
	if kind == "storefront" {
		return "active"
	}
	return "connected"
}

// wrongName and wrongKind say in the platform's words what is wrong with a channel: "" is nothing.
// The default channel is called as its store is, whatever that is.
func (ch *Channel) wrongName() string {
	if !channelName.MatchString(ch.Name) {
		return titleChannelName
	}
	return ""
}

func (ch *Channel) wrongKind() string {
	if !slices.Contains(channelPlatforms[ch.Platform], ch.Type) {
		return fmt.Sprintf("Input channel type [%s] with platform [%s] is not supported", ch.Type, ch.Platform)
	}
	if !slices.Contains(channelStatuses[ch.Type], ch.Status) {
		return fmt.Sprintf("Input channel status [%s] with type [%s] is not supported", ch.Status, ch.Type)
	}
	return ""
}

// channelName is what a channel may be called; spaces are in the description's own examples.
var channelName = regexp.MustCompile(`^[A-Za-z0-9_ -]+$`)

const titleChannelName = "Only latin alphabet letters, arabic numerals, dash and underscore are allowed to be used as channel name."

// twinLocked finds another channel that is the same in name, platform and type.
func (st *Store) twinLocked(ch *Channel) bool {
	for _, o := range st.shop.channels {
		if o.ID != ch.ID && o.Name == ch.Name && o.Platform == ch.Platform && o.Type == ch.Type && o.Status != "deleted" {
			return true
		}
	}
	return false
}
