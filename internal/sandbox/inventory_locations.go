package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// defaultLocationID is the location that every store has: it is the shipping origin, and what
// storefronts sell from.
const defaultLocationID = 1

const (
	kindLocation      = "location"
	kindLocationWrite = "location_write" // accepted, not visible yet
)

// activeLocations is how many locations may be enabled, by plan (inventory-locations.mdx); more
// than 100 no API gives.
var activeLocations = map[string]int{"standard": 4, "plus": 5, "pro": 8, "enterprise": 100}

// location is where a store keeps stock (locations.v3.yml).
type location struct {
	ID                int64
	Created, Modified int64 // unix seconds
	Values            map[string]json.RawMessage
}

// get is a field's JSON: the value, the default or "".
func (l *location) get(name string) string {
	if raw, ok := l.Values[name]; ok {
		return string(raw)
	}
	return locationFields[locationIndex[name]].def
}

func (l *location) text(name string) string { return unquote(l.get(name)) }
func (l *location) enabled() bool           { return l.get("enabled") == "true" }

func (l *location) view() []byte {
	out := map[string]json.RawMessage{
		"id":         json.RawMessage(strconv.FormatInt(l.ID, 10)),
		"created_at": json.RawMessage(jsonString(zuluTime(l.Created))),
		"updated_at": json.RawMessage(jsonString(zuluTime(l.Modified))),
	}
	for _, f := range locationFields {
		if raw := l.get(f.name); raw != "" {
			out[f.name] = json.RawMessage(raw)
		}
	}
	return []byte(compact(out))
}

var (
	locationIndex       = index(locationFields)
	locationUpdateIndex = index(locationUpdateFields)
)

// locationWrite is one request that makes, changes or deletes locations.
type locationWrite struct {
	Put  []locationPatch `json:",omitempty"`
	Gone []int64         `json:",omitempty"`
}

type locationPatch struct {
	ID     int64
	New    bool `json:",omitempty"`
	Values map[string]json.RawMessage
}

// locations are a store's, with what is under way.
type locations struct {
	things[location]
	writes acceptedWrites[locationWrite]
}

func (st *Store) locations() *locations { return keptBy[*locations](st) }

func (ls *locations) apply(e *entry) error {
	if e.Kind == kindLocationWrite {
		return ls.writes.apply(e)
	}
	return ls.things.apply(e)
}

func (ls *locations) fold(add func(kind string, id int64, v any)) {
	ls.things.fold(add)
	ls.writes.fold(add)
}

// inventoryLocations is /v3/inventory/locations. Metafields of locations are not simulated.
func inventoryLocations(*Sandbox) *resource {
	const path = "/v3/inventory/locations"
	read, write := []string{"store_locations", "store_locations_read_only"}, []string{"store_locations"}
	return &resource{
		routes: []route{
			{method: "GET", path: path, scopes: read, concurrent: 50, handle: listLocations},
			{method: "POST", path: path, scopes: write, concurrent: 50, handle: createLocations},
			{method: "PUT", path: path, scopes: write, concurrent: 50, handle: updateLocations},
			{method: "DELETE", path: path, scopes: write, handle: deleteLocations},
		},
		events: []string{"store/inventory/location/created", "store/inventory/location/updated", "store/inventory/location/*"},
		kinds:  []string{kindLocation, kindLocationWrite},
		keep: func(st *Store) kept {
			return &locations{newThings[location](st, kindLocation), acceptedWrites[locationWrite]{newThings[acceptedWrite[locationWrite]](st, kindLocationWrite)}}
		},
		begin: func(st *Store) {
			ls := st.locations()
			ls.writes.resume()
			if ls.byID[defaultLocationID] == nil {
				ls.make(defaultLocationID, st.info.Created, map[string]json.RawMessage{
					"code": json.RawMessage(`"BC-LOCATION-1"`), "label": json.RawMessage(`"Default location"`), "time_zone": json.RawMessage(`"Etc/UTC"`),
				})
				st.info.Next[kindLocation] = max(st.info.Next[kindLocation], defaultLocationID+1)
			}
		},
		due: func(st *Store, now time.Time) time.Time {
			ls := st.locations()
			return ls.writes.carryOut(now, ls.carryOut)
		},
	}
}

func (ls *locations) make(id, at int64, values map[string]json.RawMessage) {
	ls.put(id, &location{ID: id, Created: at, Modified: at, Values: values})
}

// carryOut makes visible what was accepted.
func (ls *locations) carryOut(w locationWrite) {
	now := ls.st.sb.now().Unix()
	for _, p := range w.Put {
		if p.New {
			ls.make(p.ID, now, p.Values)
			ls.st.announce("store/inventory/location/created", map[string]any{"location_id": p.ID})
			continue
		}
		old := ls.byID[p.ID]
		if old == nil {
			continue // deleted meanwhile
		}
		next := &location{ID: old.ID, Created: old.Created, Modified: now, Values: map[string]json.RawMessage{}}
		changed := false
		for name, raw := range old.Values {
			next.Values[name] = raw
		}
		for name, raw := range p.Values {
			changed = changed || old.get(name) != string(raw)
			next.Values[name] = raw
		}
		if changed {
			ls.put(next.ID, next)
			ls.st.announce("store/inventory/location/updated", map[string]any{"location_id": next.ID})
		}
	}
	for _, id := range w.Gone {
		if ls.byID[id] != nil {
			ls.drop(id)
			ls.st.stock().forgetLocation(id)
		}
	}
}

// planned is what a field of a location will be once what is under way is done, and which locations
// there will be.
func (ls *locations) planned() map[int64]map[string]string {
	out := map[int64]map[string]string{}
	for id, l := range ls.byID {
		out[id] = map[string]string{"code": l.text("code"), "enabled": l.get("enabled")}
	}
	for _, id := range sortedKeys(ls.writes.byID) {
		w := ls.writes.byID[id].Does
		for _, p := range w.Put {
			one := out[p.ID]
			if one == nil {
				one = map[string]string{"enabled": "true"}
				out[p.ID] = one
			}
			p.note(one)
		}
		for _, id := range w.Gone {
			delete(out, id)
		}
	}
	return out
}

func (p *locationPatch) note(one map[string]string) {
	if raw, ok := p.Values["code"]; ok {
		one["code"] = unquote(string(raw))
	}
	if raw, ok := p.Values["enabled"]; ok {
		one["enabled"] = string(raw)
	}
}

func listLocations(c *call) reply {
	q := c.q
	var tests []func(*location) bool
	test := func(ok func(*location) bool) { tests = append(tests, ok) }
	if in := q.integers("location_id:in"); in != nil {
		test(func(l *location) bool { return slices.Contains(in, l.ID) })
	}
	if in := q.strings("location_code:in"); in != nil {
		test(func(l *location) bool { return slices.Contains(in, l.text("code")) })
	}
	if want := q.boolean("is_default"); want != nil {
		test(func(l *location) bool { return (l.ID == defaultLocationID) == *want })
	}
	if in := q.names("type_id:in", func(w string) bool { return w == "PHYSICAL" || w == "VIRTUAL" }); in != nil {
		test(func(l *location) bool { return slices.Contains(in, l.text("type_id")) })
	}
	for filter, field := range map[string]string{"managed_by_external_source": "managed_by_external_source", "is_active": "enabled",
		"storefront_visibility": "storefront_visibility"} {
		if want := q.boolean(filter); want != nil {
			test(func(l *location) bool { return l.get(field) == strconv.FormatBool(*want) })
		}
	}
	page, limit := q.pageUpTo(maxInventoryPage)
	if r := q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	var found []*location
	ls := c.st.locations()
	for _, id := range sortedKeys(ls.byID) {
		l := ls.byID[id]
		if !slices.ContainsFunc(tests, func(ok func(*location) bool) bool { return !ok(l) }) {
			found = append(found, l)
		}
	}
	from, to := window(len(found), page, limit)
	rows := make([][]byte, 0, to-from)
	for _, l := range found[from:to] {
		rows = append(rows, l.view())
	}
	return collection(rows, q.meta(len(found), len(rows), page, limit))
}

// locationPatches reads a request that makes or changes locations. An empty label is refused like a
// field of the wrong type.
func (c *call) locationPatches(specs []fieldSpec, idx map[string]uint8) ([]locationPatch, *reply) {
	if r := c.q.problem(); r != nil {
		return nil, r
	}
	list, r := c.readObjects()
	if r != nil {
		return nil, r
	}
	errs := map[string]string{}
	out := make([]locationPatch, len(list))
	for i, in := range list {
		prefix := strconv.Itoa(i) + "."
		vals, es := validate(specs, idx, in, true, prefix)
		for k, m := range es {
			errs[k] = m
		}
		out[i].Values = rawMap(specs, vals)
		if raw, ok := out[i].Values["id"]; ok {
			out[i].ID = parseID(string(raw))
			delete(out[i].Values, "id")
		}
		for _, name := range []string{"label", "code", "time_zone"} {
			if raw, ok := out[i].Values[name]; ok && strings.TrimSpace(unquote(string(raw))) == "" {
				errs[prefix+name] = msgMinLen
			}
		}
	}
	switch {
	case len(errs) > 0:
		r := payloadInvalid(errs)
		return nil, &r
	case len(out) == 0:
		r := payloadInvalid(map[string]string{"obj": msgMissing})
		return nil, &r
	}
	return out, nil
}

// locationProblem is the refusal of a batch that would give two locations one code, or too many
// active ones.
func (st *Store) locationProblem(patches []locationPatch) *reply {
	planned := st.locations().planned()
	for i := range patches {
		one := planned[patches[i].ID]
		if one == nil {
			one = map[string]string{"enabled": "true"}
			planned[patches[i].ID] = one
		}
		patches[i].note(one)
	}
	active, codes := 0, map[string]bool{}
	for _, one := range planned {
		if one["enabled"] == "true" {
			active++
		}
		if codes[one["code"]] {
			r := inventoryFail(http.StatusUnprocessableEntity, fmt.Sprintf("Location with code %s already exists", one["code"]), nil)
			return &r
		}
		codes[one["code"]] = true
	}
	if most := activeLocations[st.info.Plan]; active > most {
		r := inventoryFail(http.StatusUnprocessableEntity, fmt.Sprintf("The limit of %d active locations is reached", most), nil)
		return &r
	}
	return nil
}

func createLocations(c *call) reply {
	patches, r := c.locationPatches(locationFields, locationIndex)
	if r != nil {
		return *r
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	next := st.info.Next[kindLocation]
	for i := range patches {
		patches[i].New, patches[i].ID = true, st.nextID(kindLocation, defaultLocationID+1)
		if patches[i].Values["code"] == nil {
			patches[i].Values["code"] = json.RawMessage(jsonString("BC-LOCATION-" + strconv.FormatInt(patches[i].ID, 10)))
		}
	}
	if r := st.locationProblem(patches); r != nil {
		st.info.Next[kindLocation] = next
		return *r
	}
	defer st.flush()
	return st.locations().writes.accept(locationWrite{Put: patches})
}

func updateLocations(c *call) reply {
	patches, r := c.locationPatches(locationUpdateFields, locationUpdateIndex)
	if r != nil {
		return *r
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	planned := st.locations().planned()
	var unknown []int64
	for _, p := range patches {
		if planned[p.ID] == nil {
			unknown = append(unknown, p.ID)
		}
		if p.ID == defaultLocationID && string(p.Values["enabled"]) == "false" {
			return inventoryFail(http.StatusUnprocessableEntity, "The default location can not be disabled", nil)
		}
	}
	if len(unknown) > 0 {
		return c.st.refused(locationsNotFound, identities(unknown))
	}
	if r := st.locationProblem(patches); r != nil {
		return *r
	}
	defer st.flush()
	return st.locations().writes.accept(locationWrite{Put: patches})
}

// deleteLocations deletes their stock too. There are no orders here that could hold a location.
func deleteLocations(c *call) reply {
	ids := c.q.integers("location_id:in")
	if r := c.q.problem(); r != nil {
		return *r
	}
	if ids == nil {
		return payloadInvalid(map[string]string{"location_id:in": msgMissing})
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	planned := st.locations().planned()
	for _, id := range ids {
		switch {
		case planned[id] == nil:
			return inventoryFail(http.StatusNotFound, "Location with id "+strconv.FormatInt(id, 10)+" not found", nil)
		case id == defaultLocationID:
			label := st.locations().byID[id].text("label")
			return inventoryFail(http.StatusUnprocessableEntity, "Location canʼt be deleted. "+label+" is set as a shipping origin for this store and canʼt be deleted.", nil)
		}
	}
	defer st.flush()
	return st.locations().writes.accept(locationWrite{Gone: ids})
}

// AddLocation opens a location at once, as the merchant does, and returns its id.
func (st *Store) AddLocation(code, label string) int64 {
	st.mu.Lock()
	defer st.mu.Unlock()
	id := st.nextID(kindLocation, defaultLocationID+1)
	st.locations().make(id, st.sb.now().Unix(), map[string]json.RawMessage{
		"code": json.RawMessage(jsonString(code)), "label": json.RawMessage(jsonString(label)), "time_zone": json.RawMessage(`"Etc/UTC"`),
	})
	st.flush()
	return id
}

// SetLocationEnabled enables or disables a location at once, as the merchant does.
func (st *Store) SetLocationEnabled(id int64, enabled bool) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.locations().byID[id] == nil {
		return fmt.Errorf("sandbox: store %s has no location %d", st.Hash, id)
	}
	st.locations().carryOut(locationWrite{Put: []locationPatch{{ID: id, Values: map[string]json.RawMessage{
		"enabled": json.RawMessage(strconv.FormatBool(enabled))}}}})
	st.flush()
	return nil
}
