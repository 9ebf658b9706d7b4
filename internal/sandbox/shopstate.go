package sandbox

import "encoding/json"

// shop is what a store has for its storefronts; guarded by Store.mu. Values are replaced, never
// changed.
type shop struct {
	customers map[int64]*Customer
	emails    map[string]int64 // emailKey → customer
	channels  map[int64]*Channel
	sites     map[int64]*Site
	scripts   map[int64]*Script
}

func (s *shop) init() {
	s.customers, s.emails = map[int64]*Customer{}, map[string]int64{}
	s.channels, s.sites, s.scripts = map[int64]*Channel{}, map[int64]*Site{}, map[int64]*Script{}
}

func (s *shop) putCustomer(c *Customer) {
	s.customers[c.ID] = c
	s.emails[emailKey(c.Email)] = c.ID
}

func (s *shop) forgetCustomer(id int64) {
	if c := s.customers[id]; c != nil {
		delete(s.emails, emailKey(c.Email))
		delete(s.customers, id)
	}
}

// siteOf is the site of a channel, or nil: a channel has one at most.
func (s *shop) siteOf(channel int64) *Site {
	for _, site := range s.sites {
		if site.ChannelID == channel {
			return site
		}
	}
	return nil
}

// applyShop replays a journal entry; known is false for entries of other kinds.
func (st *Store) applyShop(e *entry) (known bool, err error) {
	s := &st.shop
	switch e.Kind {
	case kindCustomer:
		s.forgetCustomer(e.ID)
		if e.Value == nil {
			return true, nil
		}
		c := &Customer{}
		if err := json.Unmarshal(e.Value, c); err != nil {
			return true, err
		}
		s.putCustomer(c)
		for _, a := range c.Addresses {
			st.info.Next[kindAddress] = max(st.info.Next[kindAddress], a.ID+1)
		}
		return true, nil
	case kindChannel:
		return true, applyTo(s.channels, e)
	case kindSite:
		return true, applyTo(s.sites, e)
	case kindScript:
		return true, applyTo(s.scripts, e)
	}
	return false, nil
}

// applyTo puts an entry's value into its map, or deletes it.
func applyTo[T any](m map[int64]*T, e *entry) error {
	delete(m, e.ID)
	if e.Value == nil {
		return nil
	}
	v := new(T)
	if err := json.Unmarshal(e.Value, v); err != nil {
		return err
	}
	m[e.ID] = v
	return nil
}

// fold hands everything to add, for the state file. Channels come before what refers to them.
func (s *shop) fold(add func(kind string, id int64, v any)) {
	foldMap(s.channels, kindChannel, add)
	foldMap(s.sites, kindSite, add)
	foldMap(s.customers, kindCustomer, add)
	foldMap(s.scripts, kindScript, add)
}

func foldMap[T any](m map[int64]*T, kind string, add func(kind string, id int64, v any)) {
	for _, id := range sortedKeys(m) {
		add(kind, id, m[id])
	}
}
