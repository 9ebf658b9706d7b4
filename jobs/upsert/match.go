package upsert

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/jobs/flow"
	"sluice/tenants"
)

// Stages of the match phase. A step does one unit of a stage, which is at most one page of products
// or one window of items, so that a crash repeats no more than that.
const (
	stageStart  = ""       // is there anything to find?
	stageLeft   = "left"   // which records left the source
	stageSums   = "sums"   // what of the sums of rows is what landed last
	stageRefs   = "refs"   // categories and brands: load, and create the missing ones
	stageMemory = "memory" // what changes of the products that are remembered
	stageUnseen = "unseen" // what can be written without a look
	stageFind   = "find"   // choose between paging and looking up
	stagePages  = "pages"  // walk the catalogue by id
	stageIDs    = "ids"    // look up known products by id
	stageKeys   = "keys"   // look up the others by SKU
	stageRest   = "rest"   // what the whole catalogue does not have is to be created
	stageLost   = "lost"   // known ids that the catalogue does not have: look their SKUs up
	stageGone   = "gone"   // what becomes of records that left the source
	stageCost   = "cost"   // state the cost of writing
	stageBase   = "base"   // what the percentages of guards are of
	stageAsk    = "ask"    // is there something to be asked?
	stageLate   = "late"   // create what waited for the answers
	stageAgain  = "again"  // the answer came late: match what is to be written anew
	refsWindow  = 1000     // items whose references one step looks at
	cheapLookup = 4        // requests that a look-up may take
	restWindow  = 500      // items that one step turns into creates
	maxCompared = 4000     // records that one query asks for
)

// match finds the products of the planned items, one unit a step.
func (s *step) match(ctx context.Context) error {
	var err error
	switch s.cp.Stage {
	case stageStart:
		if s.limitOf(optionLost) > 0 && s.cp.Sums[guardLost] == nil {
			s.stage(stageLeft)
		} else {
			err = s.matchRows(ctx)
		}
	case stageLeft:
		err = s.matchLeft(ctx)
	case stageSums:
		err = s.matchSums(ctx)
	case stageRefs:
		err = s.matchRefs(ctx)
	case stageMemory:
		err = s.matchMemory(ctx)
	case stageUnseen:
		err = s.matchUnseen(ctx)
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
	case stageGone:
		err = s.matchVanished(ctx)
	case stageCost:
		err = s.stateCost(ctx)
	case stageBase:
		err = s.matchRemembered(ctx)
	case stageAsk:
		s.ask()
	case stageLate:
		err = s.matchLate(ctx)
	case stageAgain:
		err = s.matchAgain(ctx)
	default:
		return fmt.Errorf("upsert: run %s is in an unknown stage %q", s.run.ID, s.cp.Stage)
	}
	if s.Held(err) {
		return nil // what was found out so far is saved; the unit is repeated when there is quota
	}
	return err
}

func (s *step) stage(name string) { s.cp.Stage, s.cp.Cursor, s.cp.After = name, 0, "" }

// matchRows begins with the items.
func (s *step) matchRows(ctx context.Context) error {
	if m, ok := s.k.target.(Merger); ok && m.Merges(s.run) {
		s.stage(stageSums)
		return nil
	}
	return s.matchStart(ctx)
}

func (s *step) matchStart(ctx context.Context) error {
	t, err := s.tally(ctx)
	if err != nil {
		return err
	}
	switch {
	case t.unknown+t.known == 0:
		return s.stateCost(ctx)
	case s.refers():
		s.stage(stageRefs)
	default:
		s.stage(s.afterRefs())
	}
	return nil
}

// afterRefs is the stage that finds the records. A run that compares with the store recalls none.
func (s *step) afterRefs() string {
	if s.run.Compare {
		return stageFind
	}
	return stageMemory
}

// matchRefs looks at the references of a window of items. Missing ones are created by a real run
// and listed by a dry run.
func (s *step) matchRefs(ctx context.Context) error {
	items, err := s.find(ctx, query{state: tenants.ItemPlanned, after: s.cp.Cursor, limit: refsWindow})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		s.stage(s.afterRefs())
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
	missing := creatable(refs, docs...)
	if s.run.DryRun {
		s.cp.NewRefs = union(refs, s.cp.NewRefs, append(missing, inlineRefs(refs, docs...)...))
	} else if early, late := inTime(refs, missing); len(missing) > 0 && !s.selective() {
		s.cp.LateRefs = union(refs, s.cp.LateRefs, late)
		if err := refs.Create(ctx, s.Step, early); err != nil {
			return err
		}
		if early, _ = inTime(refs, creatable(refs, docs...)); len(early) > 0 {
			return nil // the step is spent: the next one begins with the same window, of which fewer are missing
		}
	}
	s.cp.Cursor = items[len(items)-1].Line
	return nil
}

// inTime divides missing references into those to be created at once and those that wait for the
// answers to the run's questions.
func inTime(refs Refs, missing []Ref) (early, late []Ref) {
	l, ok := refs.(LateRefs)
	for _, r := range missing {
		if ok && l.Late(r) {
			late = append(late, r)
		} else {
			early = append(early, r)
		}
	}
	return early, late
}

// matchLate creates what waited for the answers.
func (s *step) matchLate(ctx context.Context) error {
	if s.Spent(ctx) {
		return nil
	}
	refs, err := s.refs(ctx)
	if err != nil {
		return err
	}
	if err := refs.Create(ctx, s.Step, s.cp.LateRefs); err != nil {
		return err
	}
	s.cp.LateRefs = nil
	s.matched()
	return nil
}

// union appends to have what of add it lacks.
func union(refs Refs, have, add []Ref) []Ref {
	for _, a := range add {
		if !slices.ContainsFunc(have, func(h Ref) bool { return refs.Same(h, a) }) {
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
	scanner, scans := s.k.target.(Scanner)
	way := byLookup
	batch := s.k.target.LookupBatch()
	if s.cp.Took > 0 {
		batch = max(min(batch, s.cp.Asked/s.cp.Took), 1)
	}
	switch {
	case scans:
		way, _ = choose(t.unknown, t.known, t.keyBytes, pages, batch, scanner.PageSize())
	case t.unknown+t.known == 0:
		way = nothing
	}
	switch way {
	case nothing:
		s.stage(stageCost)
	case byLookup:
		s.stage(stageIDs)
	case byPages:
		s.stage(stagePages)
	case firstPage:
		more, total, err := s.page(ctx, scanner)
		if err != nil {
			return err
		}
		s.cp.Pages = max(ceilDiv(total, scanner.PageSize()), 1)
		if !more {
			s.stage(stageRest)
		}
	}
	return nil
}

func (s *step) matchPage(ctx context.Context) error {
	scanner, ok := s.k.target.(Scanner)
	if !ok {
		return fmt.Errorf("upsert: run %s pages through records that cannot be", s.run.ID)
	}
	more, _, err := s.page(ctx, scanner)
	if err == nil && !more {
		s.stage(stageRest)
	}
	return err
}

// page reads the next page of all records and compares what it has of the run's items.
func (s *step) page(ctx context.Context, scanner Scanner) (more bool, total int, err error) {
	c, err := s.Client(ctx)
	if err != nil {
		return false, 0, err
	}
	live, next, total, err := scanner.Scan(ctx, c, s.run, s.cp.LastID)
	if err != nil {
		return false, 0, err
	}
	if next != 0 && next <= s.cp.LastID {
		return false, 0, fmt.Errorf("upsert: the page of %s after %d leads back", s.k.spec.Plural, s.cp.LastID)
	}
	for part := range slices.Chunk(live, maxCompared) {
		if err := s.compareAll(ctx, part); err != nil {
			return false, 0, err
		}
	}
	s.cp.LastID = max(next, s.cp.LastID)
	return next != 0, total, nil
}

// matchIDs looks up a chunk of known records. Those that are gone are looked up by key later.
func (s *step) matchIDs(ctx context.Context) error {
	items, err := s.find(ctx, query{state: tenants.ItemPlanned, after: s.cp.Cursor, target: known, limit: s.k.target.LookupBatch()})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		s.stage(stageKeys)
		return nil
	}
	found, asked, err := s.findByID(ctx, items)
	if err != nil {
		return err
	}
	o := s.changeset()
	for _, item := range asked {
		if live, ok := found[identityOf(item)]; ok {
			if err := s.compare(ctx, o, item, live); err != nil {
				return err
			}
			continue
		}
		forgetTarget(&item)
		o.put(item)
	}
	return nil // what was asked for is no planned item of a known record any more; what was not may stand before it
}

// findByID looks up the records that items are known to be. asked are those that the request asked
// for, in order.
func (s *step) findByID(ctx context.Context, items []tenants.RunItem) (found map[identity]Live, asked []tenants.RunItem, err error) {
	c, err := s.Client(ctx)
	if err != nil {
		return nil, nil, err
	}
	want := make([]Want, len(items))
	for i, item := range items {
		want[i] = Want{ID: item.TargetID, Ref: item.TargetRef}
	}
	live, left, err := s.k.target.Lookup(ctx, c, s.run, want)
	if err != nil {
		return nil, nil, err
	}
	if len(left) >= len(want) {
		return nil, nil, fmt.Errorf("upsert: a look-up of %s asked for none", s.k.spec.Plural)
	}
	found = make(map[identity]Live, len(live))
	for _, l := range live {
		found[l.identity()] = l
	}
	skipped := make(map[identity]bool, len(left))
	for _, w := range left {
		skipped[identity{w.ID, w.Ref}] = true
	}
	for _, item := range items {
		if !skipped[identityOf(item)] {
			asked = append(asked, item)
		}
	}
	return found, asked, nil
}

// matchKeys looks up a chunk of unknown records by key. Those that are not there are to be created.
func (s *step) matchKeys(ctx context.Context) error {
	items, err := s.find(ctx, query{state: tenants.ItemPlanned, after: s.cp.Cursor, target: unknown, limit: s.k.target.LookupBatch()})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		s.stage(stageCost)
		return nil
	}
	before := s.Requests()
	found, asked, err := s.findByKey(ctx, items)
	if err != nil {
		return err
	}
	if took := int(s.Requests() - before); took > cheapLookup {
		s.cp.Asked, s.cp.Took = s.cp.Asked+len(asked), s.cp.Took+took
		defer s.stage(stageFind) // pages may turn out cheaper
	}
	o := s.changeset()
	var missing []tenants.RunItem
	for _, item := range asked {
		live, ok := found[item.Key]
		if !ok {
			missing = append(missing, item)
			continue
		}
		if err := s.compare(ctx, o, item, live); err != nil {
			return err
		}
	}
	if err := s.absent(ctx, o, missing); err != nil {
		return err
	}
	return nil // the chunk is planned no more, so the next step finds the next one
}

// findByKey looks up the records that have the keys of items. asked are those that it asked for.
func (s *step) findByKey(ctx context.Context, items []tenants.RunItem) (found map[string]Live, asked []tenants.RunItem, err error) {
	c, err := s.Client(ctx)
	if err != nil {
		return nil, nil, err
	}
	want := make([]Want, len(items))
	for i, item := range items {
		d, err := decodeDoc(item.Document)
		if err != nil {
			return nil, nil, err
		}
		want[i] = Want{Key: s.k.target.Key(d.Fields).Shown, Doc: d.Fields}
	}
	live, left, err := s.k.target.Lookup(ctx, c, s.run, want)
	if err != nil {
		return nil, nil, err
	}
	skipped := make(map[string]bool, len(left))
	for _, w := range left {
		skipped[w.Key] = true
	}
	for i, item := range items {
		if !skipped[want[i].Key] {
			asked = append(asked, item)
		}
	}
	if len(asked) == 0 {
		return nil, nil, fmt.Errorf("upsert: a look-up of %s asked for none", s.k.spec.Plural)
	}
	found, err = s.byKey(ctx, live, asked)
	return found, asked, err
}

// findAllByKey is findByKey for all items, in as many requests as that takes.
func (s *step) findAllByKey(ctx context.Context, items []tenants.RunItem) (map[string]Live, error) {
	found := make(map[string]Live)
	for len(items) > 0 {
		part, asked, err := s.findByKey(ctx, items[:min(len(items), s.k.target.LookupBatch())])
		if err != nil {
			return nil, err
		}
		maps.Copy(found, part)
		done := make(map[int64]bool, len(asked))
		for _, item := range asked {
			done[item.Line] = true
		}
		items = slices.DeleteFunc(slices.Clone(items), func(i tenants.RunItem) bool { return done[i.Line] })
	}
	return found, nil
}

// matchRest turns what the whole catalogue does not have into creates.
func (s *step) matchRest(ctx context.Context) error {
	limit := restWindow
	if _, ok := s.k.target.(Absenter); ok { // looks for them once more
		limit = min(limit, max(s.k.target.LookupBatch(), 1))
	}
	items, err := s.find(ctx, query{state: tenants.ItemPlanned, after: s.cp.Cursor, target: unknown, limit: limit})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		s.stage(stageLost)
		return nil
	}
	if err := s.absent(ctx, s.changeset(), items); err != nil {
		return err
	}
	s.cp.Cursor = items[len(items)-1].Line
	return nil
}

// matchUnseen makes updates of what a look would tell nothing new about. The rest is looked for.
func (s *step) matchUnseen(ctx context.Context) error {
	u, ok := s.k.target.(Upserter)
	if !ok || !u.Unseen(s.run) {
		s.stage(stageFind)
		return nil
	}
	items, err := s.find(ctx, query{state: tenants.ItemPlanned, after: s.cp.Cursor, limit: restWindow})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		s.stage(stageFind)
		return nil
	}
	o := s.changeset()
	for _, item := range items {
		d, err := decodeDoc(item.Document)
		if err != nil {
			return err
		}
		refs, err := s.refs(ctx, d)
		if err != nil {
			return err
		}
		if live, ok := u.Unknown(d.Doc, refs); ok {
			if err := s.compare(ctx, o, item, live); err != nil {
				return err
			}
		}
	}
	s.cp.Cursor = items[len(items)-1].Line
	return nil
}

// matchLost forgets the ids of records that are gone, so that matchKeys looks for their successors.
func (s *step) matchLost(ctx context.Context) error {
	items, err := s.find(ctx, query{state: tenants.ItemPlanned, after: s.cp.Cursor, target: known, limit: restWindow})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		s.stage(stageKeys)
		return nil
	}
	o := s.changeset()
	for _, item := range items {
		forgetTarget(&item)
		o.put(item)
	}
	s.cp.Cursor = items[len(items)-1].Line
	return nil
}

// stateCost says what writing takes, of records that left the source too.
func (s *step) stateCost(ctx context.Context) error {
	if s.vanishing() != "" && !s.cp.Left {
		s.stage(stageGone)
		return nil
	}
	if r, ok := s.k.target.(Reporter); ok {
		if err := r.Report(ctx, s.Step); err != nil {
			return err
		}
	}
	var extra int // a real run has made what it refers to by now
	if s.run.DryRun && len(s.cp.NewRefs) > 0 {
		refs, err := s.refs(ctx)
		if err != nil {
			return err
		}
		extra = refs.Requests(s.cp.NewRefs)
		s.listNew(refs)
	}
	// What reading took is part of what the run costs; the write is still to come.
	writes := s.run.ToCreate + int64(extra)
	for _, r := range s.k.target.Routes() {
		writes += int64(ceilDiv(int(s.cp.Writes[r.Name]), r.Batch))
	}
	s.run.PlannedRequests = s.run.Requests + s.Requests() + writes
	quota, window := s.Quota(ctx)
	s.run.PlannedSeconds = int64(duration(s.run.PlannedRequests, quota, window).Seconds() + 0.999)
	s.stage(stageBase)
	return nil
}

// matched ends the phase, and a dry run with it.
func (s *step) matched() {
	if len(s.cp.LateRefs) > 0 {
		s.stage(stageLate)
		return
	}
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

// listNew tells a dry run's reader what a real run would create besides the records themselves.
func (s *step) listNew(refs Refs) {
	names := make(map[string][]string)
	for _, r := range s.cp.NewRefs {
		names[r.Field] = append(names[r.Field], r.Name)
	}
	for _, field := range slices.Sorted(maps.Keys(names)) {
		s.Warn(flow.Issue{Field: field, Message: fmt.Sprintf("%d %s would be created: %s", len(names[field]), refs.Plural(field), strings.Join(names[field], "; "))})
	}
}

// forgetTarget makes an item one whose record is not known.
func forgetTarget(item *tenants.RunItem) { item.TargetID, item.ParentID, item.TargetRef = 0, 0, "" }

// setTarget notes which record an item is.
func setTarget(item *tenants.RunItem, l Live) {
	item.TargetID, item.ParentID, item.TargetRef = l.ID, l.Parent, l.Ref
}
