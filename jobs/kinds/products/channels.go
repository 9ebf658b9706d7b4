package products

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/expression"
	"sluice/jobs/flow"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// The channels that a product is sold on. No write of a product carries them: they are assigned by
// requests of their own, for many products at once. A new product is on the store's own storefront.
const (
	targetChannels = "channels" // names or ids; once a row is prepared, ids

	// ReferenceChannel is the kind of what is remembered of channels.
	ReferenceChannel = "channel"

	optionChannels = "channels"
	channelsAdd    = "add"
	channelsSet    = "set"

	// channelBatch is how many products one assignment request is about.
	channelBatch = 50
	maxChannels  = 100 // of a product
)

type savedChannel struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// channelNames are a store's channels by their folded names and by their ids.
type channelNames struct {
	ids    map[string]int64
	loaded time.Time
}

func nameChannels(list []savedChannel, loaded time.Time) *channelNames {
	n := &channelNames{ids: make(map[string]int64, 2*len(list)), loaded: loaded}
	for _, c := range list {
		n.ids[strconv.FormatInt(c.ID, 10)] = c.ID
	}
	for _, c := range list { // what people call a channel comes before its number
		n.ids[upsert.Fold(c.Name)] = c.ID
	}
	return n
}

// recallChannels returns the channels that are remembered; nil if none are.
func recallChannels(ctx context.Context, s *flow.Step) (*channelNames, error) {
	var saved []savedChannel
	loaded, ok, err := upsert.RecallReferences(ctx, s, ReferenceChannel, maxReferenceAge, &saved)
	if err != nil || !ok {
		return nil, err
	}
	return nameChannels(saved, loaded), nil
}

// loadChannels reads the channels from the store, and remembers them.
func loadChannels(ctx context.Context, s *flow.Step) (*channelNames, error) {
	c, err := s.Client(ctx)
	if err != nil {
		return nil, err
	}
	loaded := s.Now()
	var list []savedChannel
	for ch, err := range c.Channels.List(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, savedChannel{ch.ID, ch.Name})
	}
	s.OnCommitOnce(ReferenceChannel, func(ctx context.Context, tx *tenants.DB) error {
		return upsert.SaveReferences(ctx, tx, ReferenceChannel, list, loaded)
	})
	return nameChannels(list, loaded), nil
}

// prepareChannels has rows name channels by their ids. A row that names one which the store does
// not have is refused: to leave it out would hide the product from where it is to be sold.
func prepareChannels(ctx context.Context, s *flow.Step, rows []*upsert.Row) error {
	var names *channelNames
	for _, row := range rows {
		list, has := row.Fields[targetChannels]
		if !has {
			continue
		}
		var err error
		if names == nil {
			if names, err = recallChannels(ctx, s); err != nil {
				return err
			}
		}
		ids, missing := names.find(texts(list))
		if names == nil || missing != "" && !upsert.ReadBy(s.Run(), names.loaded) {
			if names, err = loadChannels(ctx, s); err != nil {
				return err
			}
			ids, missing = names.find(texts(list))
		}
		switch {
		case missing != "":
			row.Miss(targetChannels, fmt.Sprintf("this store has no channel %s: write its name or its number as Channel Manager in the control panel has it", expression.Quote(expression.Clip(missing, 80))), missing)
		case len(ids) > maxChannels:
			row.Refuse(targetChannels, fmt.Sprintf("%d channels; Sluice assigns %d to a product", len(ids), maxChannels), "")
		}
		row.Fields[targetChannels] = ids
	}
	return nil
}

// find returns the ids of the channels that cells name, and the first that is not there. A cell is
// one name, or several with commas between them.
func (n *channelNames) find(cells []string) (ids []any, missing string) {
	ids = []any{}
	if n == nil {
		return ids, ""
	}
	add := func(name string) bool {
		id, known := n.ids[upsert.Fold(name)]
		if known && !slices.Contains(ids, any(id)) {
			ids = append(ids, id)
		}
		return known
	}
	for _, cell := range cells {
		if add(cell) {
			continue
		}
		for name := range strings.SplitSeq(cell, ",") {
			if name = expression.TrimText(name); name != "" && !add(name) && missing == "" {
				missing = name
			}
		}
	}
	return ids, missing
}

// diffChannels compares the channels that a product is on. With the option to add, it keeps all.
func (t *refTable) diffChannels(want, have any, shown bool) (c upsert.Change, differs bool) {
	now := upsert.Ints(have)
	after := t.onChannels(upsert.Ints(want), now)
	if shown && upsert.SameSet(after, now) {
		return upsert.Change{}, false
	}
	c = upsert.Change{Field: targetChannels, After: after, Unknown: !shown, Route: routeChannels}
	if shown {
		c.Before = now
	}
	return c, true
}

// onChannels returns the channels that a product is to be on.
func (t *refTable) onChannels(want, now []int64) []int64 {
	out := slices.Clone(want)
	if t.setsChannels {
		return out
	}
	for _, id := range now {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// leftChannels is what a create leaves to be assigned, if anything.
func leftChannels(run *tenants.Run, d upsert.Doc) []upsert.Change {
	want, has := d.Fields[targetChannels]
	if !has {
		return nil
	}
	t := &refTable{setsChannels: run.Options.Text(optionChannels) == channelsSet}
	if c, differs := t.diffChannels(want, []any{int64(defaultChannel)}, true); differs {
		return []upsert.Change{c}
	}
	return nil
}

// updateChannels assigns products to channels, then takes them out of others, so that none is ever
// on no channel in between. It may be repeated.
func updateChannels(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, w []upsert.Write) ([]upsert.Result, error) {
	before := make(map[int64][]int64, len(w))
	var unknown []int64
	for _, x := range w {
		if before[x.ID] = upsert.Ints(x.Changes[0].Before); x.Changes[0].Unknown {
			unknown = append(unknown, x.ID)
		}
	}
	if len(unknown) > 0 {
		for a, err := range c.Products.ChannelAssignments(ctx, unknown) {
			if err != nil {
				return nil, err
			}
			before[a.ProductID] = append(before[a.ProductID], a.ChannelID)
		}
	}
	t := &refTable{setsChannels: run.Options.Text(optionChannels) == channelsSet}
	var add []bigcommerce.ChannelAssignment
	var leaves [][]int64                // channels that are left together
	leavers := make(map[string][]int64) // by those
	out := make([]upsert.Result, len(w))
	for i, x := range w {
		want := t.onChannels(upsert.Ints(x.Changes[0].After), before[x.ID])
		for _, id := range want {
			if !slices.Contains(before[x.ID], id) {
				add = append(add, bigcommerce.ChannelAssignment{ProductID: x.ID, ChannelID: id})
			}
		}
		gone := slices.DeleteFunc(slices.Clone(before[x.ID]), func(id int64) bool { return slices.Contains(want, id) })
		if slices.Sort(gone); len(gone) > 0 {
			key := fmt.Sprint(gone)
			if leavers[key] == nil {
				leaves = append(leaves, gone)
			}
			leavers[key] = append(leavers[key], x.ID)
		}
		out[i] = landed(x)
		out[i].Live.Fields = bigcommerce.Fields{targetChannels: want}
	}
	for batch := range slices.Chunk(add, bigcommerce.MaxAssignments) {
		if err := c.Products.AssignChannels(ctx, batch); err != nil {
			return nil, err
		}
	}
	for _, gone := range leaves {
		if err := c.Products.UnassignChannels(ctx, leavers[fmt.Sprint(gone)], gone); err != nil {
			return nil, err
		}
	}
	return out, nil
}
