package prices

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// A store's price lists, currencies and assignments are remembered beside the runs, so that a run
// of changed prices reads none of them. What is remembered is believed as long as it has what the
// rows name. Rows are given their lists' names from memory of any age, for nothing is written by
// it; what is written by it is no older than maxReferenceAge: a name that moved to another list is
// no error that anybody would notice.
const (
	maxReferenceAge = time.Hour
	anyAge          = 100 * 365 * 24 * time.Hour
)

// Kinds of references, as tenants.StoreReferences has them.
const (
	referenceList     = "price_list"
	referenceCurrency = "currency"
	referenceAudience = "price_audience"
)

// listTable is a store's price lists.
type listTable struct {
	ids    map[string]int64 // by folded name
	names  map[int64]string
	loaded time.Time // when it was read from the store
}

type savedList struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func newListTable(loaded time.Time) *listTable {
	return &listTable{ids: make(map[string]int64), names: make(map[int64]string), loaded: loaded}
}

func (t *listTable) put(id int64, name string) {
	t.ids[upsert.Fold(name)], t.names[id] = id, name
}

// find returns the list of a name, or else of an id.
func (t *listTable) find(name string) (id int64, ok bool) {
	if id, ok = t.ids[upsert.Fold(name)]; ok {
		return id, true
	}
	id, err := strconv.ParseInt(strings.TrimSpace(name), 10, 64)
	if err != nil {
		return 0, false
	}
	_, ok = t.names[id]
	return id, ok
}

// recallLists returns the remembered price lists, nil if there are none.
func recallLists(ctx context.Context, s *flow.Step, maxAge time.Duration) (*listTable, error) {
	var saved []savedList
	loaded, ok, err := upsert.RecallReferences(ctx, s, referenceList, maxAge, &saved)
	if err != nil || !ok {
		return nil, err
	}
	t := newListTable(loaded)
	for _, l := range saved {
		t.put(l.ID, l.Name)
	}
	return t, nil
}

// loadLists reads the store's price lists, one request per 250, and remembers them.
func loadLists(ctx context.Context, s *flow.Step) (*listTable, error) {
	c, err := s.Client(ctx)
	if err != nil {
		return nil, err
	}
	t := newListTable(s.Now())
	for l, err := range c.PriceLists.List(ctx, bigcommerce.PriceListFilter{}) {
		if err != nil {
			return nil, err
		}
		t.put(l.ID, l.Name)
	}
	t.keep(s)
	return t, nil
}

// keep remembers the table, as it is at the step's end, with the step.
func (t *listTable) keep(s *flow.Step) {
	s.OnCommit(func(ctx context.Context, tx *tenants.DB) error {
		var saved []savedList
		for _, id := range slices.Sorted(maps.Keys(t.names)) {
			saved = append(saved, savedList{id, t.names[id]})
		}
		return upsert.SaveReferences(ctx, tx, referenceList, saved, t.loaded)
	})
}

// currencyTable is a store's currencies, by code.
type currencyTable map[string]savedCurrency

type savedCurrency struct {
	Default bool `json:"default,omitempty"` // of the catalogue's prices
	Pays    bool `json:"pays,omitempty"`    // shoppers may pay in it
}

// recallCurrencies returns the remembered currencies and when they were loaded, nil if there are
// none.
func recallCurrencies(ctx context.Context, s *flow.Step) (t currencyTable, loaded time.Time, err error) {
	loaded, ok, err := upsert.RecallReferences(ctx, s, referenceCurrency, anyAge, &t)
	if err != nil || !ok {
		return nil, time.Time{}, err
	}
	return t, loaded, nil
}

// loadCurrencies reads the store's currencies, one request, and remembers them.
func loadCurrencies(ctx context.Context, s *flow.Step) (currencyTable, error) {
	c, err := s.Client(ctx)
	if err != nil {
		return nil, err
	}
	t, now := make(currencyTable), s.Now()
	for x, err := range c.Currencies.List(ctx) {
		if err != nil {
			return nil, err
		}
		t[strings.ToUpper(x.Code)] = savedCurrency{Default: x.IsDefault, Pays: x.Enabled && x.IsTransactional}
	}
	s.OnCommit(func(ctx context.Context, tx *tenants.DB) error {
		return upsert.SaveReferences(ctx, tx, referenceCurrency, t, now)
	})
	return t, nil
}

// audienceTable is a store's customer groups and channels, as far as they are named, and the price
// lists that they have.
type audienceTable struct {
	Groups      map[string]int64          `json:"groups"` // by folded name
	Channels    map[string]int64          `json:"channels"`
	Assignments map[savedAssignment]int64 `json:"-"` // the price list of each
	Saved       []savedAssignmentOf       `json:"assignments"`

	loaded time.Time
}

// savedAssignment is a group, a channel or a group on a channel; 0 for none.
type savedAssignment struct {
	Group   int64 `json:"group,omitempty"`
	Channel int64 `json:"channel,omitempty"`
}

type savedAssignmentOf struct {
	savedAssignment
	List int64 `json:"list"`
}

func recallAudiences(ctx context.Context, s *flow.Step) (*audienceTable, error) {
	t := &audienceTable{Assignments: make(map[savedAssignment]int64)}
	loaded, ok, err := upsert.RecallReferences(ctx, s, referenceAudience, maxReferenceAge, t)
	if err != nil || !ok {
		return nil, err
	}
	for _, a := range t.Saved {
		t.Assignments[a.savedAssignment] = a.List
	}
	t.loaded = loaded
	return t, nil
}

// loadAudiences reads the store's assignments of price lists and, if the option has names of them,
// its customer groups and channels.
func loadAudiences(ctx context.Context, s *flow.Step, want assigned) (*audienceTable, error) {
	c, err := s.Client(ctx)
	if err != nil {
		return nil, err
	}
	t := &audienceTable{
		Groups: make(map[string]int64), Channels: make(map[string]int64), Assignments: make(map[savedAssignment]int64), loaded: s.Now(),
	}
	for a, err := range c.PriceLists.Assignments(ctx, bigcommerce.AssignmentFilter{}) {
		if err != nil {
			return nil, err
		}
		t.Assignments[savedAssignment{a.CustomerGroupID, a.ChannelID}] = a.PriceListID
	}
	groups, channels := want.names()
	if groups {
		for g, err := range c.CustomerGroups.List(ctx) {
			if err != nil {
				return nil, err
			}
			t.Groups[upsert.Fold(g.Name)] = g.ID
		}
	}
	if channels {
		for x, err := range c.Channels.List(ctx) {
			if err != nil {
				return nil, err
			}
			t.Channels[upsert.Fold(x.Name)] = x.ID
		}
	}
	t.keep(s)
	return t, nil
}

// names reports whether any group and any channel is given by its name.
func (a assigned) names() (groups, channels bool) {
	for _, who := range a {
		for _, w := range who {
			groups = groups || w.group != "" && idOf(w.group) == 0
			channels = channels || w.channel != "" && idOf(w.channel) == 0
		}
	}
	return groups, channels
}

func (t *audienceTable) keep(s *flow.Step) {
	s.OnCommitOnce(referenceAudience, func(ctx context.Context, tx *tenants.DB) error {
		t.Saved = t.Saved[:0]
		for a, list := range t.Assignments {
			t.Saved = append(t.Saved, savedAssignmentOf{a, list})
		}
		return upsert.SaveReferences(ctx, tx, referenceAudience, t, t.loaded)
	})
}

// resolve returns the ids of an audience. problem says what the store does not have.
func (t *audienceTable) resolve(a audience) (out savedAssignment, problem string) {
	if a.group != "" {
		if out.Group = idOf(a.group); out.Group == 0 {
			out.Group = t.Groups[upsert.Fold(a.group)]
		}
		if out.Group == 0 {
			return out, `the store has no customer group "` + a.group + `"`
		}
	}
	if a.channel != "" {
		if out.Channel = idOf(a.channel); out.Channel == 0 {
			out.Channel = t.Channels[upsert.Fold(a.channel)]
		}
		if out.Channel == 0 {
			return out, `the store has no channel "` + a.channel + `"`
		}
	}
	return out, ""
}

// idOf is text that is an id, 0 for a name.
func idOf(text string) int64 {
	id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || id < 0 {
		return 0
	}
	return id
}
