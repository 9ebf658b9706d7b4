package upsert

import (
	"context"
	"fmt"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

// compareAll compares a page of products with the items that are about them: by id if the item knows
// one, else by SKU.
func (s *step) compareAll(ctx context.Context, live []bigcommerce.Fields) error {
	if len(live) == 0 {
		return nil
	}
	ids := make([]int64, 0, len(live))
	keys := make([]string, 0, len(live))
	byID := make(map[int64]bigcommerce.Fields, len(live))
	for _, p := range live {
		id := intOf(p["id"])
		byID[id] = p
		ids = append(ids, id)
		if key := foldKey(text(p["sku"])); key != "" {
			keys = append(keys, key)
		}
	}
	o := s.outcome()
	sure, err := s.known(ctx, ids)
	if err != nil {
		return err
	}
	for _, item := range sure {
		if err := s.compare(ctx, o, item, byID[item.TargetID]); err != nil {
			return err
		}
	}
	items, err := s.find(ctx, query{state: tenants.ItemPlanned, keys: keys, known: unknown})
	if err != nil || len(items) == 0 {
		return err
	}
	found, err := s.byKey(ctx, live, items)
	if err != nil {
		return err
	}
	for _, item := range items {
		if p, ok := found[item.Key]; ok {
			if err := s.compare(ctx, o, item, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// known returns the planned items that are known to be one of these products. An item has its product's id from
// the flow's record, so the records lead to it by its key: the work list itself has no index by product, and
// reading all of a million items for each of the catalogue's pages takes hours.
func (s *step) known(ctx context.Context, ids []int64) ([]tenants.RunItem, error) {
	var keys []string
	err := s.DB().Scoped(ctx).Model(&tenants.Record{}).Where("kind = ? AND flow_id = ? AND target_id IN ?", s.run.Kind, s.run.FlowID, ids).Pluck("key", &keys).Error
	if err != nil {
		return nil, fmt.Errorf("upsert: records of products: %w", err)
	}
	if len(keys) == 0 {
		return nil, nil
	}
	return s.find(ctx, query{state: tenants.ItemPlanned, ids: ids, keys: keys})
}

// byKey pairs products with items by folded SKU, the exactly equal SKU first. A product that another
// row of this run is known to be is not taken from it, even if somebody gave it this SKU meanwhile.
func (s *step) byKey(ctx context.Context, live []bigcommerce.Fields, items []tenants.RunItem) (map[string]bigcommerce.Fields, error) {
	want := make(map[string]string, len(items))
	for _, item := range items {
		d, err := decodeDoc(item.Document)
		if err != nil {
			return nil, err
		}
		want[item.Key] = d.sku()
	}
	found := make(map[string]bigcommerce.Fields)
	var ids []int64
	for _, p := range live {
		sku := text(p["sku"])
		key := foldKey(sku)
		exact, wanted := want[key]
		if !wanted {
			continue
		}
		if _, have := found[key]; have && sku != exact {
			continue
		}
		found[key] = p
		ids = append(ids, intOf(p["id"]))
	}
	owners, err := s.owners(ctx, ids)
	if err != nil {
		return nil, err
	}
	for key, p := range found {
		if owner, ok := owners[intOf(p["id"])]; ok && owner != key {
			delete(found, key)
		}
	}
	return found, nil
}

// owners returns the keys of the products that rows of this run are known to be.
func (s *step) owners(ctx context.Context, ids []int64) (map[int64]string, error) {
	out := make(map[int64]string)
	if len(ids) == 0 {
		return out, nil
	}
	var records []tenants.Record
	err := s.DB().Scoped(ctx).Where("kind = ? AND flow_id = ? AND target_id IN ?", s.run.Kind, s.run.FlowID, ids).Find(&records).Error
	if err != nil {
		return nil, fmt.Errorf("upsert: owners of products: %w", err)
	}
	var copies map[string]tenants.Record
	if s.run.DryRun && len(records) > 0 {
		keys := make([]string, len(records))
		for i, r := range records {
			keys[i] = r.Key
		}
		if copies, err = s.DB().RecordsByKeys(ctx, s.run.ID, keys); err != nil {
			return nil, err
		}
	}
	for _, r := range records {
		_, copied := copies[r.Key]
		if r.SeenRunID == s.run.ID || copied {
			out[r.TargetID] = r.Key
		}
	}
	return out, nil
}

// compare decides about one item whose product was found.
func (s *step) compare(ctx context.Context, o *outcome, item tenants.RunItem, live bigcommerce.Fields) error {
	d, err := decodeDoc(item.Document)
	if err != nil {
		return err
	}
	refs, err := s.refs(ctx, d)
	if err != nil {
		return err
	}
	item.TargetID = intOf(live["id"])
	if paths, brand := refs.missing(d); !s.run.DryRun && (len(paths) > 0 || brand != "") {
		field, message := refs.refused(paths, brand)
		o.failed(item, d, field, message, text(d.fields[field]))
		return nil
	}
	changes := diff(d, live, refs)
	if len(changes) == 0 {
		return o.landed(item, item.TargetID, actionUnchanged, d, live)
	}
	return s.toUpdate(o, item, d, live, changes)
}

// toCreate decides about one item that has no product.
func (s *step) toCreate(ctx context.Context, o *outcome, item tenants.RunItem) error {
	d, err := decodeDoc(item.Document)
	if err != nil {
		return err
	}
	refs, err := s.refs(ctx, d)
	if err != nil {
		return err
	}
	if paths, brand := refs.missing(d); !s.run.DryRun && (len(paths) > 0 || brand != "") {
		field, message := refs.refused(paths, brand)
		o.failed(item, d, field, message, text(d.fields[field]))
		return nil
	}
	if item.Changes, err = encodeChanges(created(d)); err != nil {
		return err
	}
	item.State, item.Action, item.TargetID = tenants.ItemCreate, actionCreate, 0
	s.run.ToCreate++
	o.put(item)
	return nil
}
