package sandbox

import "slices"

// Script is a script that the platform puts into a channel's pages (scripts.v3.yml). Values are
// never changed in place.
type Script struct {
	ID              int64 // the journal's; the API knows UUID only
	UUID            string
	ClientID        string // whose token made it: api_client_id
	Name            string
	Description     string
	Kind            string   // src or script_tag
	Src             string   // kind src
	HTML            string   // kind script_tag: exactly one script tag
	IntegrityHashes []string // kind src; all of them go into the integrity attribute, separated by spaces
	AutoUninstall   bool
	LoadMethod      string // default, async or defer
	Location        string // head or footer
	Visibility      string // storefront, all_pages, checkout or order_confirmation
	ConsentCategory string // unknown (not set), essential, functional, analytics or targeting
	Enabled         bool
	ChannelID       int64
	Created         int64 // unix seconds
	Modified        int64
}

// Scripts returns every script of every client, in the order of creation.
func (st *Store) Scripts() []Script {
	st.mu.RLock()
	defer st.mu.RUnlock()
	out := make([]Script, 0, len(st.shop.scripts))
	for _, id := range sortedKeys(st.shop.scripts) {
		sc := *st.shop.scripts[id]
		sc.IntegrityHashes = slices.Clone(sc.IntegrityHashes)
		out = append(out, sc)
	}
	return out
}

// PageScripts returns the enabled scripts of a channel's page in the order of creation: page is
// storefront, checkout or order_confirmation. Whether the shopper consented to a script's category
// is for the page to ask: one of category unknown does not run on a store with a consent banner.
func (st *Store) PageScripts(channel int64, page string) []Script {
	return slices.DeleteFunc(st.Scripts(), func(sc Script) bool {
		return !sc.Enabled || sc.ChannelID != channel || sc.Visibility != "all_pages" && sc.Visibility != page
	})
}

// RemoveScript deletes a script as the merchant does in the control panel; nothing tells its app.
// It reports whether there was one.
func (st *Store) RemoveScript(uuid string) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, sc := range st.shop.scripts {
		if sc.UUID == uuid {
			st.dropScriptLocked(sc)
			st.flush()
			return true
		}
	}
	return false
}

func (st *Store) dropScriptLocked(sc *Script) {
	delete(st.shop.scripts, sc.ID)
	st.record(kindScript, sc.ID, nil)
}
