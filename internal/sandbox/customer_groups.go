package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CustomerGroup is a group of customers (customers.v2.yml).
type CustomerGroup struct {
	ID             int64
	Name           string // unique in the store
	IsDefault      bool   // new customers join it
	ForGuests      bool
	CategoryAccess json.RawMessage // {"type":"all"} unless said otherwise
	DiscountRules  json.RawMessage // an array
	Created        int64           // unix seconds
	Modified       int64
}

const kindGroup = "customer_group"

// groups are a store's customer groups.
type groups struct{ things[CustomerGroup] }

func (st *Store) groups() *groups { return keptBy[*groups](st) }

// customerGroups is /v2/customer_groups.
func customerGroups(s *Sandbox) *resource {
	const path, one = "/v2/customer_groups", "/v2/customer_groups/{id}"
	return &resource{
		routes: []route{
			{method: "GET", path: path, scopes: customersRead, concurrent: 40, handle: s.listGroups},
			{method: "POST", path: path, scopes: customersWrite, concurrent: 40, handle: s.createGroup},
			{method: "GET", path: path + "/count", scopes: customersRead, handle: s.countGroups},
			{method: "GET", path: one, scopes: customersRead, handle: s.getGroup},
			{method: "PUT", path: one, scopes: customersWrite, handle: s.updateGroup},
			{method: "DELETE", path: one, scopes: customersWrite, concurrent: 40, handle: s.deleteGroup},
		},
		kinds: []string{kindGroup},
		keep:  func(st *Store) kept { return &groups{newThings[CustomerGroup](st, kindGroup)} },
	}
}

// AddCustomerGroup adds a group as the merchant does.
func (st *Store) AddCustomerGroup(name string) (CustomerGroup, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	g := CustomerGroup{Name: name}
	if msg := st.checkGroupLocked(&g); msg != "" {
		return g, fmt.Errorf("sandbox: %s", msg)
	}
	return *st.insertGroupLocked(g), nil
}

// CustomerGroups returns every group by id.
func (st *Store) CustomerGroups() []CustomerGroup {
	st.mu.RLock()
	defer st.mu.RUnlock()
	out := make([]CustomerGroup, 0, len(st.groups().byID))
	for _, id := range sortedKeys(st.groups().byID) {
		out = append(out, *st.groups().byID[id])
	}
	return out
}

func (st *Store) checkGroupLocked(g *CustomerGroup) string {
	if strings.TrimSpace(g.Name) == "" {
		return "name is required"
	}
	for _, o := range st.groups().byID {
		if o.ID != g.ID && strings.EqualFold(o.Name, g.Name) {
			return "a group with this name exists already"
		}
	}
	return ""
}

// insertGroupLocked adds a group; at most one is the default, and one for guests.
func (st *Store) insertGroupLocked(g CustomerGroup) *CustomerGroup {
	g.ID = st.nextID(kindGroup, 1)
	g.Created = st.sb.now().Unix()
	if g.CategoryAccess == nil {
		g.CategoryAccess = json.RawMessage(`{"type":"all"}`)
	}
	if g.DiscountRules == nil {
		g.DiscountRules = json.RawMessage(`[]`)
	}
	st.putGroupLocked(&g)
	return &g
}

func (st *Store) putGroupLocked(g *CustomerGroup) {
	g.Modified = st.sb.now().Unix()
	groups := st.groups()
	for _, o := range groups.byID {
		other := *o
		other.IsDefault, other.ForGuests = o.IsDefault && !g.IsDefault, o.ForGuests && !g.ForGuests
		if o.ID == g.ID || other.IsDefault == o.IsDefault && other.ForGuests == o.ForGuests {
			continue
		}
		groups.put(o.ID, &other)
	}
	groups.put(g.ID, g)
	st.flush()
}

// defaultGroupLocked is the group that new customers join, or 0.
func (st *Store) defaultGroupLocked() int64 {
	for _, g := range st.groups().byID {
		if g.IsDefault {
			return g.ID
		}
	}
	return 0
}

// groupFields are those of customers.v2.yml (customerGroup_Post_Put).
var groupFields = []fieldSpec{
	{name: "name", kind: kString, minLen: 1, required: true},
	{name: "is_default", kind: kBool},
	{name: "category_access", kind: kObject},
	{name: "discount_rules", kind: kObjects},
	{name: "is_group_for_guests", kind: kBool},
}

var groupIndex = index(groupFields)

var accessFields = []fieldSpec{
	{name: "type", kind: kString, enum: []string{"all", "specific", "none"}, required: true},
	{name: "categories", kind: kIntegers},
}

var accessIndex = index(accessFields)

var ruleFields = []fieldSpec{
	{name: "type", kind: kString, enum: []string{"price_list", "all", "category", "product"}, required: true},
	{name: "method", kind: kString, enum: []string{"percent", "fixed", "price"}},
	{name: "price_list_id", kind: kInteger, min: num(1)},
	{name: "category_id", kind: kInteger, min: num(1)},
	{name: "product_id", kind: kInteger, min: num(1)},
}

var ruleIndex = index(ruleFields)

// groupTime is the form of a group's dates.
func groupTime(t int64) string { return time.Unix(t, 0).UTC().Format(time.DateTime) }

func (g *CustomerGroup) view() map[string]any {
	return map[string]any{
		"id": g.ID, "name": g.Name, "is_default": g.IsDefault, "category_access": g.CategoryAccess, "discount_rules": g.DiscountRules,
		"date_created": groupTime(g.Created), "date_modified": groupTime(g.Modified), "is_group_for_guests": g.ForGuests,
	}
}

// problemV2 is the 400 for parameters that are unknown or wrong, or nil.
func (q *query) problemV2() *reply {
	if q.problem() == nil {
		return nil
	}
	name := ""
	for _, p := range sortedKeys(q.v) {
		if !q.known[p] || q.errs[p] != "" {
			name = p
		}
	}
	r := errorV2(http.StatusBadRequest, "The field '"+name+"' is invalid.")
	return &r
}

// listGroups answers as V2 lists do: a plain array, and 204 without a body when the page is empty.
func (s *Sandbox) listGroups(c *call) reply {
	q := c.q
	var tests []func(*CustomerGroup) bool
	test := func(ok func(*CustomerGroup) bool) { tests = append(tests, ok) }
	if q.has("name") {
		name := q.str("name")
		test(func(g *CustomerGroup) bool { return g.Name == name })
	}
	if q.has("name:like") {
		part := strings.ToLower(q.str("name:like"))
		test(func(g *CustomerGroup) bool { return strings.Contains(strings.ToLower(g.Name), part) })
	}
	if want := q.boolean("is_default"); want != nil {
		test(func(g *CustomerGroup) bool { return g.IsDefault == *want })
	}
	if want := q.boolean("is_group_for_guests"); want != nil {
		test(func(g *CustomerGroup) bool { return g.ForGuests == *want })
	}
	q.dates("date_created", func(ok func(int64) bool) { test(func(g *CustomerGroup) bool { return ok(g.Created) }) })
	q.dates("date_modified", func(ok func(int64) bool) { test(func(g *CustomerGroup) bool { return ok(g.Modified) }) })
	page, limit := q.page()
	if r := q.problemV2(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	found := []map[string]any{}
	for _, id := range sortedKeys(c.st.groups().byID) {
		g := c.st.groups().byID[id]
		if !slices.ContainsFunc(tests, func(ok func(*CustomerGroup) bool) bool { return !ok(g) }) {
			found = append(found, g.view())
		}
	}
	from, to := window(len(found), page, limit)
	if from == to {
		return noContent
	}
	return okJSON(http.StatusOK, found[from:to])
}

// group finds the group of the path.
func (c *call) group() (*CustomerGroup, *reply) {
	id, ok := c.pathID()
	if g := c.st.groups().byID[id]; ok && g != nil {
		return g, nil
	}
	r := errorV2(http.StatusNotFound, "The requested resource was not found.")
	return nil, &r
}

func (s *Sandbox) countGroups(c *call) reply {
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	return okJSON(http.StatusOK, map[string]int{"count": len(c.st.groups().byID)})
}

func (s *Sandbox) getGroup(c *call) reply {
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	g, r := c.group()
	if r != nil {
		return *r
	}
	return okJSON(http.StatusOK, g.view())
}

func (s *Sandbox) createGroup(c *call) reply { return s.saveGroup(c, true) }
func (s *Sandbox) updateGroup(c *call) reply { return s.saveGroup(c, false) }

func (s *Sandbox) saveGroup(c *call, create bool) reply {
	v, err := readJSON(c.r.Body)
	in, ok := v.(map[string]any)
	if err != nil || !ok {
		return errorV2(http.StatusBadRequest, "The request body is not a JSON object.")
	}
	vals, errs := validate(groupFields, groupIndex, in, create, "")
	if errs["name"] == msgMissing {
		return errorV2(http.StatusBadRequest, "The required field 'name' was not supplied.")
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	next := CustomerGroup{}
	if !create {
		old, r := c.group()
		if r != nil {
			return *r
		}
		next = *old
	}
	for _, v := range vals {
		switch groupFields[v.field].name {
		case "name":
			next.Name = unquote(v.raw)
		case "is_default":
			next.IsDefault = v.raw == "true"
		case "is_group_for_guests":
			next.ForGuests = v.raw == "true"
		case "category_access":
			maps.Copy(errs, checkAccess(decodeRaw[map[string]any](v.raw)))
			next.CategoryAccess = json.RawMessage(v.raw)
		case "discount_rules":
			rules := decodeRaw[[]any](v.raw)
			maps.Copy(errs, checkRules(rules))
			next.DiscountRules = json.RawMessage(compact(rules))
		}
	}
	if wrong := sortedKeys(errs); len(wrong) > 0 {
		return errorV2(http.StatusBadRequest, "The field '"+wrong[0]+"' is invalid.")
	}
	if msg := st.checkGroupLocked(&next); msg != "" {
		return errorV2(http.StatusConflict, msg) // undocumented; the control panel refuses a second group of a name
	}
	if create {
		return okJSON(http.StatusOK, st.insertGroupLocked(next).view())
	}
	st.putGroupLocked(&next)
	return okJSON(http.StatusOK, next.view())
}

func checkAccess(in map[string]any) map[string]string {
	_, errs := validate(accessFields, accessIndex, in, true, "category_access.")
	if _, sent := in["categories"]; sent && in["type"] != "specific" {
		errs["category_access.categories"] = msgEnum // documented: only with type specific
	}
	return errs
}

// checkRules: a price list stands alone, one rule for all products at most, and each rule has what
// its type needs. Amounts become what answers have, text of four decimals.
func checkRules(list []any) map[string]string {
	errs := map[string]string{}
	storewide := 0
	for i, e := range list {
		in, prefix := e.(map[string]any), "discount_rules."+strconv.Itoa(i)+"."
		_, es := validate(ruleFields, ruleIndex, in, true, prefix)
		maps.Copy(errs, es)
		need := []string{"method", "amount"}
		switch in["type"] {
		case "price_list":
			need = []string{"price_list_id"}
			if len(list) > 1 {
				errs[prefix+"type"] = "error.alone"
			}
		case "category":
			need = append(need, "category_id")
		case "product":
			need = append(need, "product_id")
		case "all":
			if storewide++; storewide > 1 {
				errs[prefix+"type"] = "error.once"
			}
		}
		for _, name := range need {
			if in[name] == nil {
				errs[prefix+name] = msgMissing
			}
		}
		if a := in["amount"]; a != nil {
			n, err := strconv.ParseFloat(fmt.Sprint(a), 64) // a number, or one as a string
			if err != nil {
				errs[prefix+"amount"] = msgNumber
			}
			in["amount"] = strconv.FormatFloat(n, 'f', 4, 64)
		}
	}
	return errs
}

// deleteGroup takes its members out of the group, as documented.
func (s *Sandbox) deleteGroup(c *call) reply {
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	g, r := c.group()
	if r != nil {
		return *r
	}
	for _, id := range sortedKeys(st.shop.customers) {
		if cu := st.shop.customers[id]; cu.GroupID == g.ID {
			next := *cu
			next.GroupID = 0
			st.shop.customers[id] = &next
			st.record(kindCustomer, id, &next)
		}
	}
	st.groups().drop(g.ID)
	st.flush()
	return noContent
}
