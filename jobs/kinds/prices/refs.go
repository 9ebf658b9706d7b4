package prices

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// refTable is the price lists that a run writes to, and to whom they are to be assigned. A step has
// it to itself: a run's steps follow one another.
type refTable struct {
	run     *tenants.Run
	creates bool // missing lists
	assign  assigned

	lists     *listTable     // nil until loaded
	audiences *audienceTable // nil until loaded, or while nothing is to be assigned
	failed    map[string]string
	tried     map[string]bool // assignments that could not be made: no price fails because of one
}

func (prices) Refs(run *tenants.Run) upsert.Refs {
	if !writesLists(run) {
		return nil
	}
	assign, _ := parseAssigned(run.Options[optionAssign]) // Prepare has refused what is no such option
	return &refTable{
		run: run, creates: run.Options.Text(optionCreateLists) == yes, assign: assign,
		failed: make(map[string]string), tried: make(map[string]bool),
	}
}

// tableOf is refs as the lists' own table, an empty one if there are none.
func tableOf(refs upsert.Refs) *refTable {
	if t, ok := refs.(*refTable); ok {
		return t
	}
	return &refTable{}
}

// old reports whether something was not read from the store by this run.
func (t *refTable) old(loaded time.Time) bool {
	return !upsert.ReadBy(t.run, loaded)
}

// list returns the id of a price list.
func (t *refTable) list(name string) (id int64, ok bool) {
	if t.lists == nil {
		return 0, false
	}
	return t.lists.find(name)
}

// audiencesOf returns to whom the option assigns a list.
func (t *refTable) audiencesOf(list string) []audience {
	if who, ok := t.assign[upsert.Fold(list)]; ok {
		return who
	}
	if id, ok := t.list(list); ok {
		return t.assign[strconv.FormatInt(id, 10)]
	}
	return nil
}

// Load is part of Refs. What was only recalled and misses something is read from the store first.
func (t *refTable) Load(ctx context.Context, s *flow.Step, docs ...mapping.Document) (err error) {
	if t.lists == nil {
		if t.lists, err = recallLists(ctx, s, maxReferenceAge); err != nil {
			return err
		}
		if t.lists == nil {
			if t.lists, err = loadLists(ctx, s); err != nil {
				return err
			}
		}
	}
	if t.audiences == nil && len(t.assign) > 0 {
		if t.audiences, err = recallAudiences(ctx, s); err != nil {
			return err
		}
		if t.audiences == nil {
			if t.audiences, err = loadAudiences(ctx, s, t.assign); err != nil {
				return err
			}
		}
	}
	for _, d := range docs {
		for _, missing := range t.Missing(d) {
			switch {
			case missing.Field == targetList && t.old(t.lists.loaded):
				t.lists, err = loadLists(ctx, s)
			case missing.Field == optionAssign && t.old(t.audiences.loaded):
				t.audiences, err = loadAudiences(ctx, s, t.assign)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Missing returns the price list that d needs and the store does not have, and what it is to be
// assigned to and is not.
func (t *refTable) Missing(d mapping.Document) (out []upsert.Ref) {
	list := upsert.Text(d[targetList])
	id, ok := t.list(list)
	if !ok {
		out = append(out, upsert.Ref{Field: targetList, Name: list})
	}
	if t.audiences == nil {
		return out
	}
	for _, who := range t.audiencesOf(list) {
		name := assignmentName(list, who)
		to, problem := t.audiences.resolve(who)
		if has, there := t.audiences.Assignments[to]; (problem != "" || !ok || !there || has != id) && !t.tried[name] {
			out = append(out, upsert.Ref{Field: optionAssign, Name: name})
		}
	}
	return out
}

// Late is part of LateRefs: a list with prices, once assigned, changes what shoppers pay.
func (t *refTable) Late(r upsert.Ref) bool { return r.Field == optionAssign }

func assignmentName(list string, who audience) string {
	return upsert.Fold(list) + " → " + who.String()
}

// Create is part of Refs: lists one by one, then what they are assigned to.
func (t *refTable) Create(ctx context.Context, s *flow.Step, missing []upsert.Ref) error {
	for _, r := range missing {
		if r.Field != targetList {
			continue
		}
		if s.Spent(ctx) {
			return nil
		}
		if err := t.createList(ctx, s, r.Name); err != nil {
			return err
		}
	}
	if s.Spent(ctx) || !slices.ContainsFunc(missing, func(r upsert.Ref) bool { return r.Field == optionAssign }) {
		return nil
	}
	return t.assignAll(ctx, s, missing)
}

// createList creates a price list. One that cannot be created is noted; only quota, cut connections
// and the like are returned. A list that appeared meanwhile is taken as it is.
func (t *refTable) createList(ctx context.Context, s *flow.Step, name string) error {
	if _, there := t.list(name); there {
		return nil
	}
	c, err := s.Client(ctx)
	if err != nil {
		return err
	}
	made, err := c.PriceLists.Create(ctx, strings.TrimSpace(name), true)
	if err == nil || made.ID != 0 {
		t.lists.put(made.ID, made.Name)
		t.lists.put(made.ID, name)
		t.lists.keep(s)
		return nil
	}
	if !upsert.Refuses(err) {
		t.lists = nil // it may have been made
		return err
	}
	why := upsert.Reason(err)
	if t.lists, err = loadLists(ctx, s); err != nil {
		return err
	}
	if _, there := t.list(name); !there {
		t.failed[upsert.Fold(name)] = fmt.Sprintf("BigCommerce refused to create the price list %q: %s", name, why)
	}
	return nil
}

// assignment is one that is to be made.
type assignment struct {
	list, name string
	who        audience
	to         savedAssignment
	id         int64 // of the list
}

// assignAll makes the assignments of missing. What cannot be made is a warning: the prices are
// right all the same.
func (t *refTable) assignAll(ctx context.Context, s *flow.Step, missing []upsert.Ref) error {
	c, err := s.Client(ctx)
	if err != nil {
		return err
	}
	wanted := make(map[string]bool)
	for _, r := range missing {
		wanted[r.Name] = r.Field == optionAssign
	}
	problems := make(map[string][]string) // by list
	fail := func(a assignment, why string) {
		t.tried[a.name] = true
		problems[a.list] = append(problems[a.list], a.who.String()+": "+why)
	}
	var singles []assignment
	for _, a := range t.wantedAssignments(wanted) {
		to, problem := t.audiences.resolve(a.who)
		a.to = to
		has, there := t.audiences.Assignments[to]
		switch {
		case problem != "":
			fail(a, problem)
		case there && has == a.id:
		case to.Group != 0 && to.Channel != 0 && t.firstOf(to) != a.id: // else each takes it from the other for ever
			fail(a, "the option gives it another price list too: keep one of the two")
		case to.Group != 0 && to.Channel != 0:
			if _, err = c.PriceLists.Reassign(ctx, a.id, to.Group, to.Channel); err == nil {
				t.audiences.Assignments[to] = a.id
				if there {
					s.Warn(flow.Issue{Field: optionAssign + ": " + a.name, Cure: tenants.CureRules, Message: fmt.Sprintf("The price list %q is assigned to %s now, and price list %q no longer is.", a.list, a.who.String(), t.listName(has))})
				}
			} else if upsert.Refuses(err) {
				fail(a, upsert.Reason(err))
			} else {
				return t.doubtAudiences(err)
			}
		case there:
			fail(a, fmt.Sprintf("price list %s is assigned to it already: take that away in the control panel first", t.listName(has)))
		default:
			singles = append(singles, a)
		}
	}
	for part := range slices.Chunk(singles, bigcommerce.MaxAssignmentsPerCreate) {
		if err := t.assignSome(ctx, s, c, part, fail); err != nil {
			return err
		}
	}
	t.audiences.keep(s)
	for list, all := range problems {
		s.Warn(flow.Issue{Field: optionAssign + ": " + list, Cure: tenants.CureRules, Message: fmt.Sprintf("The price list %q could not be assigned to all: %s.", list, strings.Join(all, "; "))})
	}
	return nil
}

// firstOf returns the first price list, by name, that the option assigns to an audience.
func (t *refTable) firstOf(to savedAssignment) int64 {
	for _, list := range slices.Sorted(maps.Keys(t.assign)) {
		id, ok := t.list(list)
		for _, who := range t.assign[list] {
			if has, problem := t.audiences.resolve(who); ok && problem == "" && has == to {
				return id
			}
		}
	}
	return 0
}

// wantedAssignments returns the assignments of lists that there are.
func (t *refTable) wantedAssignments(wanted map[string]bool) (out []assignment) {
	lists := make(map[string]string) // folded → as written
	for name := range wanted {
		if list, _, ok := strings.Cut(name, " → "); ok {
			lists[list] = list
		}
	}
	for _, list := range lists {
		id, ok := t.list(list)
		if !ok {
			continue // it could not be created
		}
		for _, who := range t.audiencesOf(list) {
			if name := assignmentName(list, who); wanted[name] {
				out = append(out, assignment{list: t.listName(id), name: name, who: who, id: id})
			}
		}
	}
	slices.SortFunc(out, func(a, b assignment) int { return strings.Compare(a.name, b.name) })
	return out
}

func (t *refTable) listName(id int64) string {
	if name := t.lists.names[id]; name != "" {
		return name
	}
	return strconv.FormatInt(id, 10)
}

// assignSome makes assignments to groups and to channels in one request. After a refusal, of which
// a part may have been saved, the store is asked what is there.
func (t *refTable) assignSome(ctx context.Context, s *flow.Step, c *bigcommerce.Client, part []assignment, fail func(assignment, string)) error {
	batch := make([]bigcommerce.PriceListAssignment, len(part))
	for i, a := range part {
		batch[i] = bigcommerce.PriceListAssignment{PriceListID: a.id, CustomerGroupID: a.to.Group, ChannelID: a.to.Channel}
	}
	err := c.PriceLists.Assign(ctx, batch)
	if err == nil {
		for _, a := range part {
			t.audiences.Assignments[a.to] = a.id
		}
		return nil
	}
	if !upsert.Refuses(err) {
		return t.doubtAudiences(err)
	}
	refusal := err
	now, err := loadAudiences(ctx, s, t.assign)
	if err != nil {
		return t.doubtAudiences(err)
	}
	t.audiences = now
	var left []assignment
	for _, a := range part {
		if now.Assignments[a.to] != a.id {
			left = append(left, a)
		}
	}
	if len(left) == 1 {
		fail(left[0], upsert.Reason(refusal))
		return nil
	}
	for _, a := range left { // one may have kept the others out
		if err := t.assignSome(ctx, s, c, []assignment{a}, fail); err != nil {
			return err
		}
	}
	return nil
}

// doubtAudiences has the next step ask what is assigned.
func (t *refTable) doubtAudiences(err error) error {
	t.audiences = nil
	return err
}

// Refused is part of Refs.
func (t *refTable) Refused(r upsert.Ref) string {
	switch {
	case r.Field != targetList:
		return ""
	case !t.creates:
		return noSuchList(r.Name)
	}
	return t.failed[upsert.Fold(r.Name)]
}

func noSuchList(name string) string {
	return fmt.Sprintf("the store has no price list %q: create it in the control panel, correct the name, or let the sync create price lists", name)
}

// Requests is part of Refs.
func (t *refTable) Requests(missing []upsert.Ref) int {
	lists, pairs, singles := 0, 0, 0
	for _, r := range missing {
		switch {
		case r.Field == targetList:
			lists++
		case strings.Contains(r.Name, " on channel:"):
			pairs++
		default:
			singles++
		}
	}
	return lists + pairs + (singles+bigcommerce.MaxAssignmentsPerCreate-1)/bigcommerce.MaxAssignmentsPerCreate
}

// Plural is part of Refs.
func (t *refTable) Plural(field string) string {
	if field == targetList {
		return "price lists"
	}
	return "assignments of price lists"
}

// Same is part of Refs.
func (t *refTable) Same(a, b upsert.Ref) bool {
	return a.Field == b.Field && upsert.Fold(a.Name) == upsert.Fold(b.Name)
}

// Recalled is part of Refs.
func (t *refTable) Recalled() bool { return t.lists != nil && t.old(t.lists.loaded) }

// Blames is part of Refs.
func (t *refTable) Blames(err error) bool {
	var missing *bigcommerce.NotFoundError
	return errors.As(err, &missing)
}

// Forget is part of Refs. The next step loads the tables again.
func (t *refTable) Forget(s *flow.Step) {
	s.OnCommit(func(ctx context.Context, tx *tenants.DB) error {
		return tx.ForgetReferences(ctx, referenceList, referenceAudience)
	})
}
