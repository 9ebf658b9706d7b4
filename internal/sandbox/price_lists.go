package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

const kindPriceList = "price_list"

// priceList is one price list (price_lists.v3.yml); its records and assignments are resources of
// their own.
type priceList struct {
	ID                int64
	Name              string // unique in the store
	Active            bool
	Created, Modified int64 // unix seconds
}

type priceLists struct{ things[priceList] }

func (st *Store) priceLists() *priceLists { return keptBy[*priceLists](st) }

// priceListResource is /v3/pricelists.
func priceListResource(*Sandbox) *resource {
	const all, one = "/v3/pricelists", "/v3/pricelists/{id}"
	return &resource{
		routes: []route{
			{method: "GET", path: all, scopes: productsRead, handle: listPriceLists},
			{method: "POST", path: all, scopes: productsWrite, handle: createPriceList},
			{method: "DELETE", path: all, scopes: productsWrite, handle: deletePriceLists},
			{method: "GET", path: one, scopes: productsRead, handle: getPriceList},
			{method: "PUT", path: one, scopes: productsWrite, handle: updatePriceList},
			{method: "DELETE", path: one, scopes: productsWrite, concurrent: 1, class: "price-list-delete", handle: deletePriceList},
		},
		events: []string{"store/priceList/created", "store/priceList/updated", "store/priceList/activated",
			"store/priceList/deactivated", "store/priceList/deleted", "store/priceLists/deleted"},
		kinds: []string{kindPriceList},
		keep:  func(st *Store) kept { return &priceLists{newThings[priceList](st, kindPriceList)} },
	}
}

func (p *priceList) view() map[string]any {
	return map[string]any{"id": p.ID, "name": p.Name, "active": p.Active,
		"date_created": zuluTime(p.Created), "date_modified": zuluTime(p.Modified)}
}

// priceList finds the list of the path.
func (c *call) priceList() (*priceList, *reply) {
	id, ok := c.pathID()
	if p := c.st.priceLists().byID[id]; ok && p != nil {
		return p, nil
	}
	r := notFound("The price list with id " + c.r.PathValue("id") + " was not found")
	return nil, &r
}

func listPriceLists(c *call) reply {
	q := c.q
	var tests []func(*priceList) bool
	test := func(ok func(*priceList) bool) { tests = append(tests, ok) }
	if q.has("name") {
		name := q.str("name")
		test(func(p *priceList) bool { return p.Name == name })
	}
	if q.has("name:like") {
		part := strings.ToLower(q.str("name:like"))
		test(func(p *priceList) bool { return strings.Contains(strings.ToLower(p.Name), part) })
	}
	if ids := q.integers("id:in"); ids != nil {
		test(func(p *priceList) bool { return slices.Contains(ids, p.ID) })
	}
	q.dates("date_created", func(ok func(int64) bool) { test(func(p *priceList) bool { return ok(p.Created) }) })
	q.dates("date_modified", func(ok func(int64) bool) { test(func(p *priceList) bool { return ok(p.Modified) }) })
	w := q.walk()
	if r := q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	lists := c.st.priceLists().byID
	var found []*priceList
	for _, id := range sortedKeys(lists) {
		if !slices.ContainsFunc(tests, func(ok func(*priceList) bool) bool { return !ok(lists[id]) }) {
			found = append(found, lists[id])
		}
	}
	from, to, meta := w.cut(len(found), func(i int) int64 { return found[i].ID })
	rows := []any{}
	for _, p := range found[from:to] {
		rows = append(rows, p.view())
	}
	return walked(rows, meta)
}

func getPriceList(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	p, r := c.priceList()
	if r != nil {
		return *r
	}
	return value(http.StatusOK, p.view())
}

var priceListIndex = index(priceListFields)

func createPriceList(c *call) reply { return savePriceList(c, true) }
func updatePriceList(c *call) reply { return savePriceList(c, false) }

func savePriceList(c *call, create bool) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	// The name is required in PUT too.
	vals, errs := validate(priceListFields, priceListIndex, in, true, "")
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	next := priceList{Active: true}
	if !create {
		old, r := c.priceList()
		if r != nil {
			return *r
		}
		next = *old
	}
	before := next
	for _, v := range vals {
		switch priceListFields[v.field].name {
		case "name":
			if next.Name = unquote(v.raw); strings.TrimSpace(next.Name) == "" {
				errs["name"] = msgMinLen
			}
		case "active":
			next.Active = v.raw == "true"
		}
	}
	if len(errs) > 0 {
		return invalid(errs)
	}
	for _, o := range st.priceLists().byID {
		if o.ID != next.ID && nameKey(o.Name) == nameKey(next.Name) {
			return conflict("name", "A price list with this name exists already")
		}
	}
	events := []string{"created"}
	switch {
	case create:
		next.ID = st.nextID(kindPriceList, 1)
		next.Created = st.sb.now().Unix()
		next.Modified = next.Created
	case next == before:
		return value(http.StatusOK, next.view()) // no news
	default:
		next.Modified = st.sb.now().Unix()
		events = []string{"updated"}
		if next.Active != before.Active {
			events = append(events, map[bool]string{true: "activated", false: "deactivated"}[next.Active])
		}
	}
	st.priceLists().put(next.ID, &next)
	st.flush()
	for _, e := range events {
		st.announce("store/priceList/"+e, map[string]any{"price_list_id": next.ID})
	}
	return value(http.StatusOK, next.view())
}

func deletePriceList(c *call) reply {
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	p, r := c.priceList()
	if r != nil {
		return noContent // described: the only answer but 503
	}
	st.dropPriceLists(p.ID)
	st.announce("store/priceList/deleted", map[string]any{"price_list_id": p.ID})
	return noContent
}

// deletePriceLists deletes what matches; without a filter that is every list, as described.
func deletePriceLists(c *call) reply {
	ids, named := c.q.integers("id:in"), c.q.has("name")
	name := c.q.str("name")
	if r := c.q.problem(); r != nil {
		return *r
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	var gone []int64
	for _, id := range sortedKeys(st.priceLists().byID) {
		if (ids == nil || slices.Contains(ids, id)) && (!named || st.priceLists().byID[id].Name == name) {
			gone = append(gone, id)
		}
	}
	if len(gone) > 0 {
		st.dropPriceLists(gone...)
		st.announce("store/priceLists/deleted", map[string]any{"price_list_ids": gone})
	}
	return noContent
}

// dropPriceLists deletes lists with their records and assignments.
func (st *Store) dropPriceLists(ids ...int64) {
	records, assignments := st.priceRecords(), st.priceAssignments()
	for id, r := range records.byID {
		if slices.Contains(ids, r.List) {
			records.drop(id)
		}
	}
	for id, a := range assignments.byID {
		if slices.Contains(ids, a.PriceListID) {
			assignments.drop(id)
		}
	}
	for _, id := range ids {
		st.priceLists().drop(id)
	}
	st.flush()
}
