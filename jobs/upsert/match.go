package upsert

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

// Stages of the match phase. A step does one unit of a stage, which is at most one page of products
// or one window of items, so that a crash repeats no more than that.
const (
	stageStart  = ""       // is there anything to find?
	stageRefs   = "refs"   // categories and brands: load, and create the missing ones
	stageMemory = "memory" // what changes of the products that are remembered
	stageFind   = "find"   // choose between paging and looking up
	stagePages  = "pages"  // walk the catalogue by id
	stageIDs    = "ids"    // look up known products by id
	stageKeys   = "keys"   // look up the others by SKU
	stageRest   = "rest"   // what the whole catalogue does not have is to be created
	stageLost   = "lost"   // known ids that the catalogue does not have: look their SKUs up
	stageCost   = "cost"   // state the cost of writing
	refsWindow  = 1000     // items whose references one step looks at
	restWindow  = 500      // items that one step turns into creates
)

var (
	yes, no = true, false
	isKnown = &yes
	unknown = &no
)

// match finds the products of the planned items, one unit a step.
func (s *step) match(ctx context.Context) error {
	var err error
	switch s.cp.Stage {
	case stageStart:
		err = s.matchStart(ctx)
	case stageRefs:
		err = s.matchRefs(ctx)
	case stageMemory:
		err = s.matchMemory(ctx)
	case stageFind:
		err = s.matchFind(ctx)
	case stagePages:
		err = s.matchPage(ctx)
	case stageIDs:
		err = s.matchIDs(ctx)
	case stageKeys:
		err = s.matchKeys(ctx)
	case stageRest:
		err = s.matchRest(ctx)
	case stageLost:
		err = s.matchLost(ctx)
	case stageCost:
		s.stateCost(ctx)
	default:
		return fmt.Errorf("upsert: run %s is in an unknown stage %q", s.run.ID, s.cp.Stage)
	}
	if s.Held(err) {
		return nil // what was found out so far is saved; the unit is repeated when there is quota
	}
	return err
}

func (s *step) stage(name string) { s.cp.Stage, s.cp.Cursor = name, 0 }

func (s *step) matchStart(ctx context.Context) error {
	t, err := s.tally(ctx)
	if err != nil {
		return err
	}
	switch {
	case t.unknown+t.known == 0:
		s.stateCost(ctx)
	case hasTarget(s.run.Mapping, targetCategory) || hasTarget(s.run.Mapping, targetBrand):
		s.stage(stageRefs)
	default:
		s.stage(stageMemory)
	}
	return nil
}

// matchRefs looks at the references of a window of items. Missing ones are created by a real run and
// listed by a dry run.
func (s *step) matchRefs(ctx context.Context) error {
	items, err := s.find(ctx, query{state: tenants.ItemPlanned, after: s.cp.Cursor, limit: refsWindow})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		s.stage(stageMemory)
		return nil
	}
	docs := make([]itemDoc, len(items))
	for i, item := range items {
		if docs[i], err = decodeDoc(item.Document); err != nil {
			return err
		}
	}
	refs, err := s.refs(ctx, docs...)
	if err != nil {
		return err
	}
	var paths, brands []string
	seen := make(map[string]bool)
	for _, d := range docs {
		missing, brand := refs.missing(d)
		for _, p := range missing {
			if k := "c" + foldPath(p); !seen[k] && refs.cats.failed[foldPath(p)] == "" {
				seen[k] = true
				paths = append(paths, p)
			}
		}
		if k := "b" + fold(brand); brand != "" && !seen[k] && refs.brands.failed[fold(brand)] == "" {
			seen[k] = true
			brands = append(brands, brand)
		}
	}
	if s.run.DryRun {
		s.cp.NewCategories = union(s.cp.NewCategories, paths, foldPath)
		s.cp.NewBrands = union(s.cp.NewBrands, brands, fold)
	} else {
		if len(paths) > 0 {
			if err := s.createCategories(ctx, refs.cats, paths); err != nil {
				return err
			}
		}
		for _, name := range brands {
			if s.Spent(ctx) {
				return nil // the next step begins with the same window, of which fewer are missing
			}
			if err := s.createBrand(ctx, refs.brands, name); err != nil {
				return err
			}
		}
	}
	s.cp.Cursor = items[len(items)-1].Line
	return nil
}

// union appends to have what of add it lacks, compared by key.
func union(have, add []string, key func(string) string) []string {
	in := make(map[string]bool, len(have))
	for _, h := range have {
		in[key(h)] = true
	}
	for _, a := range add {
		if !in[key(a)] {
			in[key(a)] = true
			have = append(have, a)
		}
	}
	return have
}

// matchFind chooses the cheaper way. The first page of the catalogue is asked for when its size
// matters: it says it, and is the first page of the walk if that turns out cheaper.
func (s *step) matchFind(ctx context.Context) error {
	t, err := s.tally(ctx)
	if err != nil {
		return err
	}
	pages := -1
	if s.cp.Pages > 0 {
		pages = s.cp.Pages - 1 // the first was read
	}
	way, _ := choose(t.unknown, t.known, t.keyBytes, pages)
	switch way {
	case nothing:
		s.stage(stageCost)
	case byLookup:
		s.stage(stageIDs)
	case byPages:
		s.stage(stagePages)
	case firstPage:
		more, total, err := s.page(ctx)
		if err != nil {
			return err
		}
		s.cp.Pages = max(ceilDiv(total, pageSize), 1)
		if !more {
			s.stage(stageRest)
		}
	}
	return nil
}

func (s *step) matchPage(ctx context.Context) error {
	more, _, err := s.page(ctx)
	if err == nil && !more {
		s.stage(stageRest)
	}
	return err
}

// page reads the catalogue's next page, in the order of ids, and compares what it has of the run's
// items. Walking by id instead of by page number leaves no gap when products are deleted meanwhile.
func (s *step) page(ctx context.Context) (more bool, total int, err error) {
	c, err := s.Client(ctx)
	if err != nil {
		return false, 0, err
	}
	f := bigcommerce.ProductFilter{
		IDGreater: s.cp.LastID, Sort: "id", Direction: "asc", Limit: pageSize, IncludeFields: liveFields(s.run.Mapping),
	}
	live, at, err := c.Products.ListPage(ctx, f, 1)
	if err != nil {
		return false, 0, err
	}
	last := s.cp.LastID
	for _, p := range live {
		last = max(last, intOf(p["id"]))
	}
	if len(live) > 0 && last == s.cp.LastID {
		return false, 0, fmt.Errorf("upsert: the catalogue's page after product %d has no later product", last)
	}
	if err := s.compareAll(ctx, live); err != nil {
		return false, 0, err
	}
	s.cp.LastID = last
	return at.Total > len(live) && len(live) > 0, at.Total, nil
}

// matchIDs looks up a chunk of known products. Ids that are gone are looked up by SKU later.
func (s *step) matchIDs(ctx context.Context) error {
	items, err := s.find(ctx, query{state: tenants.ItemPlanned, after: s.cp.Cursor, known: isKnown, limit: pageSize})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		s.stage(stageKeys)
		return nil
	}
	c, err := s.Client(ctx)
	if err != nil {
		return err
	}
	ids := make([]int64, len(items))
	for i, item := range items {
		ids[i] = item.TargetID
	}
	live, _, err := c.Products.ListPage(ctx, bigcommerce.ProductFilter{
		IDs: ids, Limit: pageSize, IncludeFields: liveFields(s.run.Mapping),
	}, 1)
	if err != nil {
		return err
	}
	byID := make(map[int64]bigcommerce.Fields, len(live))
	for _, p := range live {
		byID[intOf(p["id"])] = p
	}
	o := s.outcome()
	for _, item := range items {
		if p, ok := byID[item.TargetID]; ok {
			if err := s.compare(ctx, o, item, p); err != nil {
				return err
			}
			continue
		}
		item.TargetID = 0
		o.put(item)
	}
	s.cp.Cursor = items[len(items)-1].Line
	return nil
}

// matchKeys looks up a chunk of unknown products by SKU. Those that are not there are to be created.
func (s *step) matchKeys(ctx context.Context) error {
	items, err := s.find(ctx, query{state: tenants.ItemPlanned, after: s.cp.Cursor, known: unknown, limit: pageSize})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		s.stage(stageCost)
		return nil
	}
	skus := make([]string, len(items))
	for i, item := range items {
		d, err := decodeDoc(item.Document)
		if err != nil {
			return err
		}
		skus[i] = d.sku()
	}
	filter := bigcommerce.SKULookups(skus)[0]
	asked := map[string]bool{filter.SKU: true}
	for _, sku := range filter.SKUs {
		asked[sku] = true
	}
	live, err := s.lookup(ctx, filter)
	if err != nil {
		return err
	}
	var chunk []tenants.RunItem
	for i, item := range items {
		if asked[skus[i]] {
			chunk = append(chunk, item)
		}
	}
	found, err := s.byKey(ctx, live, chunk)
	if err != nil {
		return err
	}
	if err := s.findPadded(ctx, chunk, found); err != nil {
		return err
	}
	o := s.outcome()
	for _, item := range chunk {
		if p, ok := found[item.Key]; ok {
			err = s.compare(ctx, o, item, p)
		} else {
			err = s.toCreate(ctx, o, item)
		}
		if err != nil {
			return err
		}
	}
	return nil // the chunk is planned no more, so the next step finds the next one
}

// findPadded adds to found the products whose SKU has a space before or after it: filters tell them
// from the plain SKU, but a create would meet them. It costs a hundredth of the creates it is for.
func (s *step) findPadded(ctx context.Context, chunk []tenants.RunItem, found map[string]bigcommerce.Fields) error {
	var left []tenants.RunItem
	var skus []string
	for _, item := range chunk {
		if found[item.Key] != nil {
			continue
		}
		d, err := decodeDoc(item.Document)
		if err != nil {
			return err
		}
		if sku := d.sku(); bigcommerce.ListableSKU(sku) {
			left = append(left, item)
			skus = append(skus, sku+" ", " "+sku)
		}
	}
	for _, f := range bigcommerce.SKULookups(skus) {
		live, err := s.lookup(ctx, f)
		if err != nil {
			return err
		}
		padded, err := s.byKey(ctx, live, left)
		if err != nil {
			return err
		}
		maps.Copy(found, padded)
	}
	return nil
}

// lookup returns the products that a filter of SKUs finds.
func (s *step) lookup(ctx context.Context, f bigcommerce.ProductFilter) ([]bigcommerce.Fields, error) {
	c, err := s.Client(ctx)
	if err != nil {
		return nil, err
	}
	f.Limit, f.IncludeFields = pageSize, liveFields(s.run.Mapping)
	live, _, err := c.Products.ListPage(ctx, f, 1)
	return live, err
}

// matchRest turns what the whole catalogue does not have into creates.
func (s *step) matchRest(ctx context.Context) error {
	items, err := s.find(ctx, query{state: tenants.ItemPlanned, after: s.cp.Cursor, known: unknown, limit: restWindow})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		s.stage(stageLost)
		return nil
	}
	o := s.outcome()
	for _, item := range items {
		if err := s.toCreate(ctx, o, item); err != nil {
			return err
		}
	}
	s.cp.Cursor = items[len(items)-1].Line
	return nil
}

// matchLost forgets the ids of products that are gone, so that matchKeys looks for their successors.
func (s *step) matchLost(ctx context.Context) error {
	items, err := s.find(ctx, query{state: tenants.ItemPlanned, after: s.cp.Cursor, known: isKnown, limit: restWindow})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		s.stage(stageKeys)
		return nil
	}
	o := s.outcome()
	for _, item := range items {
		item.TargetID = 0
		o.put(item)
	}
	s.cp.Cursor = items[len(items)-1].Line
	return nil
}

// stateCost says what writing takes, and ends a dry run.
func (s *step) stateCost(ctx context.Context) {
	var extra int64 // a real run has made its categories and brands by now
	if s.run.DryRun {
		extra = int64(ceilDiv(len(s.cp.NewCategories), categoryBatch) + len(s.cp.NewBrands))
		s.listNew("category", "categories", s.cp.NewCategories)
		s.listNew("brand", "brands", s.cp.NewBrands)
	}
	// What reading took is part of what the run costs; the write is still to come.
	writes := writeCost(s.run.ToCreate, s.run.ToUpdate, extra)
	s.run.PlannedRequests = s.run.Requests + s.Requests() + writes
	quota, window := s.Quota(ctx)
	s.run.PlannedSeconds = int64(duration(s.run.PlannedRequests, quota, window).Seconds() + 0.999)
	s.cp = checkpoint{}
	if s.run.DryRun {
		s.run.Created, s.run.Updated = s.run.ToCreate, s.run.ToUpdate
	}
	if s.run.DryRun || s.run.ToCreate+s.run.ToUpdate == 0 {
		s.Enter(tenants.PhaseFinish)
		return
	}
	s.Enter(tenants.PhaseWrite)
}

// listNew tells a dry run's reader what a real run would create besides products.
func (s *step) listNew(field, plural string, names []string) {
	if len(names) > 0 {
		s.Warn(0, "", field, fmt.Sprintf("%d %s would be created: %s", len(names), plural, strings.Join(names, "; ")), "")
	}
}
