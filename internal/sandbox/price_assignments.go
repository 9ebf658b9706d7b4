package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	kindPriceAssignment = "price_assignment"
	maxAssignmentBatch  = 25
)

// priceAssignment says for whom a price list counts. A group on a channel, a group or a channel has
// one at most.
type priceAssignment struct {
	ID, PriceListID int64
	CustomerGroupID int64 // 0 for no group
	ChannelID       int64 // 0 for no channel
}

type priceAssignments struct{ things[priceAssignment] }

func (st *Store) priceAssignments() *priceAssignments { return keptBy[*priceAssignments](st) }

// priceAssignmentResource is /v3/pricelists/assignments.
func priceAssignmentResource(*Sandbox) *resource {
	const path = "/v3/pricelists/assignments"
	return &resource{
		routes: []route{
			{method: "GET", path: path, scopes: productsRead, handle: listAssignments},
			{method: "POST", path: path, scopes: productsWrite, handle: createAssignments},
			{method: "DELETE", path: path, scopes: productsWrite, handle: deleteAssignments},
			{method: "PUT", path: "/v3/pricelists/{id}/assignments", scopes: productsWrite, concurrent: 25, handle: upsertAssignment},
		},
		events: []string{"store/priceList/assignment/updated", "store/priceList/assignment/deleted"},
		kinds:  []string{kindPriceAssignment},
		keep:   func(st *Store) kept { return &priceAssignments{newThings[priceAssignment](st, kindPriceAssignment)} },
	}
}

func (a *priceAssignment) view() map[string]any {
	orNull := func(id int64) any {
		if id == 0 {
			return nil
		}
		return id
	}
	return map[string]any{"id": a.ID, "price_list_id": a.PriceListID, "customer_group_id": orNull(a.CustomerGroupID), "channel_id": orNull(a.ChannelID)}
}

func (a *priceAssignment) announce(st *Store, event string) {
	data := a.view()
	delete(data, "id")
	st.announce("store/priceList/assignment/"+event, data)
}

// all are those of groups and channels that are there, by id.
func (k *priceAssignments) all() []*priceAssignment {
	var out []*priceAssignment
	for _, id := range sortedKeys(k.byID) {
		a := k.byID[id]
		if (a.CustomerGroupID == 0 || k.st.groups().byID[a.CustomerGroupID] != nil) && (a.ChannelID == 0 || k.st.shop.channels[a.ChannelID] != nil) {
			out = append(out, a)
		}
	}
	return out
}

// of finds the assignment of a group and channel.
func (k *priceAssignments) of(group, channel int64) *priceAssignment {
	for _, a := range k.byID {
		if a.CustomerGroupID == group && a.ChannelID == channel {
			return a
		}
	}
	return nil
}

// assignmentFilter reads the filters of these names, and reports whether there is one.
func (q *query) assignmentFilter(names ...string) (ok func(*priceAssignment) bool, some bool) {
	of := map[string]func(*priceAssignment) int64{
		"id":                func(a *priceAssignment) int64 { return a.ID },
		"price_list_id":     func(a *priceAssignment) int64 { return a.PriceListID },
		"customer_group_id": func(a *priceAssignment) int64 { return a.CustomerGroupID },
		"channel_id":        func(a *priceAssignment) int64 { return a.ChannelID },
	}
	var tests []func(*priceAssignment) bool
	for _, name := range names {
		field, list := strings.CutSuffix(name, ":in")
		get := of[field]
		var ids []int64
		if list {
			ids = q.integers(name)
		} else if id := q.integer(name); id != nil {
			ids = []int64{*id}
		}
		if ids != nil {
			tests = append(tests, func(a *priceAssignment) bool { return slices.Contains(ids, get(a)) })
		}
	}
	return func(a *priceAssignment) bool {
		return !slices.ContainsFunc(tests, func(ok func(*priceAssignment) bool) bool { return !ok(a) })
	}, len(tests) > 0
}

func listAssignments(c *call) reply {
	ok, _ := c.q.assignmentFilter("id", "price_list_id", "customer_group_id", "channel_id",
		"id:in", "price_list_id:in", "customer_group_id:in", "channel_id:in")
	w := c.q.walk()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	found := slices.DeleteFunc(c.st.priceAssignments().all(), func(a *priceAssignment) bool { return !ok(a) })
	from, to, meta := w.cut(len(found), func(i int) int64 { return found[i].ID })
	rows := []any{}
	for _, a := range found[from:to] {
		rows = append(rows, a.view())
	}
	return walked(rows, meta)
}

var (
	assignmentIndex       = index(assignmentFields)
	assignmentUpsertIndex = index(assignmentUpsertFields)
)

// createAssignments makes a batch. What is wrong is a 422 that says how many were saved all the
// same.
func createAssignments(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	list, r := c.readObjects()
	if r != nil {
		return *r
	}
	if len(list) == 0 || len(list) > maxAssignmentBatch {
		return fail(http.StatusUnprocessableEntity, "The batch must have 1 to "+strconv.Itoa(maxAssignmentBatch)+" price list assignments", nil)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	var good []*priceAssignment
	errs := map[string]string{}
	for i, in := range list {
		a, es := st.newAssignment(in, strconv.Itoa(i)+".")
		if len(es) == 0 && slices.ContainsFunc(good, func(o *priceAssignment) bool {
			return o.CustomerGroupID == a.CustomerGroupID && o.ChannelID == a.ChannelID
		}) {
			es = map[string]string{strconv.Itoa(i) + ".price_list_id": msgAssigned}
		}
		if len(es) == 0 {
			good = append(good, a)
		}
		maps.Copy(errs, es)
	}
	if len(errs) > 0 && !st.sb.opts.Choices.GoodOfBatchSaved {
		good = nil
	}
	for _, a := range good {
		a.ID = st.nextID(kindPriceAssignment, 1)
		st.priceAssignments().put(a.ID, a)
	}
	st.flush()
	for _, a := range good {
		a.announce(st, "updated")
	}
	if len(errs) == 0 {
		return value(http.StatusOK, map[string]any{})
	}
	const title = "Bulk operation has failed"
	return reply{status: http.StatusUnprocessableEntity, err: title, body: []byte(compact(map[string]any{
		"status": http.StatusUnprocessableEntity, "title": title, "type": statusDocs, "errors": errs,
		"meta": map[string]int{"saved_records": len(good)},
	}))}
}

const msgAssigned = "a price list is assigned to this customer group and channel already"

// newAssignment checks one of a batch.
func (st *Store) newAssignment(in map[string]any, prefix string) (*priceAssignment, map[string]string) {
	vals, errs := validate(assignmentFields, assignmentIndex, in, true, prefix)
	a := &priceAssignment{}
	for _, v := range vals {
		switch assignmentFields[v.field].name {
		case "price_list_id":
			a.PriceListID = parseID(v.raw)
		case "customer_group_id":
			a.CustomerGroupID = parseID(v.raw)
		case "channel_id":
			a.ChannelID = parseID(v.raw)
		}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	if st.priceLists().byID[a.PriceListID] == nil {
		errs[prefix+"price_list_id"] = "the price list does not exist"
	}
	group := st.groups().byID[a.CustomerGroupID]
	switch {
	case in["customer_group_id"] != nil && group == nil:
		errs[prefix+"customer_group_id"] = "the customer group does not exist"
	case group != nil && group.hasDiscounts():
		errs[prefix+"customer_group_id"] = msgDiscounts
	}
	if in["channel_id"] != nil && st.shop.channels[a.ChannelID] == nil {
		errs[prefix+"channel_id"] = "the channel does not exist"
	}
	if in["customer_group_id"] == nil && in["channel_id"] == nil {
		errs[prefix+"customer_group_id"] = msgMissing
	}
	if len(errs) == 0 && st.priceAssignments().of(a.CustomerGroupID, a.ChannelID) != nil {
		errs[prefix+"price_list_id"] = msgAssigned
	}
	return a, errs
}

const msgDiscounts = "a customer group with discounts cannot have a price list: delete the discounts first"

// hasDiscounts reports whether a group has discount rules besides that of a price list.
func (g *CustomerGroup) hasDiscounts() bool {
	return slices.ContainsFunc(decodeRaw[[]any](string(g.DiscountRules)), func(rule any) bool {
		m, _ := rule.(map[string]any)
		return m["type"] != "price_list"
	})
}

// upsertAssignment gives a group on a channel this list, in the place of another that it may have.
func upsertAssignment(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	vals, errs := validate(assignmentUpsertFields, assignmentUpsertIndex, in, true, "")
	if len(errs) > 0 {
		return invalid(errs)
	}
	var group, channel int64
	for _, v := range vals {
		switch assignmentUpsertFields[v.field].name {
		case "customer_group_id":
			group = parseID(v.raw)
		case "channel_id":
			channel = parseID(v.raw)
		}
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	list, r := c.priceList()
	if r != nil {
		return *r
	}
	if st.groups().byID[group] == nil || st.shop.channels[channel] == nil {
		return notFound("A matching customer group or channel was not found")
	}
	if st.groups().byID[group].hasDiscounts() {
		return invalid(map[string]string{"customer_group_id": msgDiscounts})
	}
	next := priceAssignment{PriceListID: list.ID, CustomerGroupID: group, ChannelID: channel}
	old := st.priceAssignments().of(group, channel)
	if old != nil {
		next.ID = old.ID
	} else {
		next.ID = st.nextID(kindPriceAssignment, 1)
	}
	if old == nil || *old != next {
		st.priceAssignments().put(next.ID, &next)
		st.flush()
		next.announce(st, "updated")
	}
	return value(http.StatusOK, next.view())
}

func deleteAssignments(c *call) reply {
	ok, some := c.q.assignmentFilter("id", "price_list_id", "customer_group_id", "channel_id", "channel_id:in")
	if r := c.q.problem(); r != nil {
		return *r
	}
	if !some { // as recorded
		return fail(http.StatusUnprocessableEntity, "At least one filter must be set for a delete action.", nil)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	var gone []*priceAssignment
	for _, a := range st.priceAssignments().all() {
		if ok(a) {
			st.priceAssignments().drop(a.ID)
			gone = append(gone, a)
		}
	}
	st.flush()
	for _, a := range gone {
		a.announce(st, "deleted")
	}
	return noContent
}
