package upsert

import (
	"context"
	"fmt"

	"sluice/tenants"
)

// bounded returns how many updates may be in memory at once, at most limit.
func (s *step) bounded(ctx context.Context, limit int) (int, error) {
	var sizes []int64
	err := s.DB().Scoped(ctx).Model(&tenants.RunItem{}).Where("run_id = ? AND state = ?", s.run.ID, tenants.ItemUpdate).
		Order("line").Limit(limit).Pluck("LENGTH(document) + LENGTH(changes)", &sizes).Error
	if err != nil {
		return 0, fmt.Errorf("upsert: sizes of items of run %s: %w", s.run.ID, err)
	}
	all := int64(0)
	for i, size := range sizes {
		if all += size; all > windowBytes && i > 0 {
			return i, nil
		}
	}
	return limit, nil
}

// markUnsafe notes, in a transaction of its own, which records must be looked at before they are
// sent again by a route that does not bear repetition: those of all that are about to be sent.
func (s *step) markUnsafe(ctx context.Context, all []*write) error {
	var items []tenants.RunItem
	for _, x := range all {
		if !x.route.Unsafe {
			continue
		}
		d, item := x.doc, x.item
		d.basis = basisDoubt
		var err error
		if item.Document, err = d.encode(); err != nil {
			return err
		}
		items = append(items, item)
	}
	if len(items) == 0 {
		return nil
	}
	return s.DB().Tx(ctx, func(tx *tenants.DB) error {
		if err := s.stillOurs(ctx, tx); err != nil {
			return err
		}
		return tx.UpdateRunItems(ctx, items)
	})
}

// suspectAfter is how many steps without any answer make every update go alone: perhaps it is not
// the platform that is away, but one record that breaks every batch it is in.
const suspectAfter = 2

// batches cuts the updates of a route into batches. Unless they are the last ones, what fills no
// batch is left for the next step, which fills it up. What failed without an answer before goes
// alone, in case it is the reason.
func (s *step) batches(all []*write, route Route, refs Refs, last bool) [][]*write {
	var groups []string // in the order of the feed
	together := make(map[string][]*write)
	var out [][]*write
	for _, x := range all {
		if x.route.Name != route.Name {
			continue
		}
		if s.cp.Tries[x.item.Line] > 0 || s.cp.Fruitless >= suspectAfter {
			out = append(out, []*write{x})
		} else {
			group := ""
			if route.Group != nil {
				group = route.Group(x.write(refs.Recalled()))
			}
			if together[group] == nil {
				groups = append(groups, group)
			}
			together[group] = append(together[group], x)
		}
	}
	largest, alone := 0, len(out)
	for _, all := range together {
		largest = max(largest, route.size(all))
	}
	// Where no group fills a batch, the fuller ones go.
	enough := min(route.Batch, max(largest/2, 1))
	for _, group := range groups {
		for _, batch := range route.chunks(together[group]) {
			if size := route.size(batch); last || size >= enough && (largest < route.Batch || size >= route.Batch || len(batch) == 1) {
				out = append(out, batch)
			}
		}
	}
	return out[:min(len(out), alone+takenOn(route.Batch))]
}

// size is how much of their batch writes take.
func (r Route) size(all []*write) (n int) {
	for _, x := range all {
		n += r.weight(x.due)
	}
	return n
}

// chunks cuts writes into batches, all but the last of which no more of them would fit in.
func (r Route) chunks(all []*write) (out [][]*write) {
	for len(all) > 0 {
		n, size := 1, r.weight(all[0].due)
		for n < len(all) && size+r.weight(all[n].due) <= r.Batch {
			size += r.weight(all[n].due)
			n++
		}
		out = append(out, all[:n])
		all = all[n:]
	}
	return out
}
