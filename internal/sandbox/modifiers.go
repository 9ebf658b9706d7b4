package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// modifierFields are those of POST /catalog/products/{product_id}/modifiers, modifierValueFields of
// its option_values (product-modifiers_catalog.v3.yml).
var (
	modifierFields = []fieldSpec{
		{name: "display_name", kind: kString, minLen: 1, required: true},
		{name: "type", kind: kString, required: true, enum: append([]string{"date", "checkbox", "file", "text", "multi_line_text", "numbers_only_text"}, optionTypes...)},
		{name: "required", kind: kBool, required: true},
		{name: "sort_order", kind: kInteger},
		{name: "config", kind: kObject},
		{name: "option_values", kind: kObjects, fields: modifierValueFields},
	}
	modifierIndex       = index(modifierFields)
	modifierValueFields = []fieldSpec{
		{name: "is_default", kind: kBool},
		{name: "label", kind: kString, minLen: 1, maxLen: 255, required: true},
		{name: "sort_order", kind: kInteger, min: num(-2147483648), max: num(maxInt32), required: true},
		{name: "value_data", kind: kObject, nullable: true},
		{name: "adjusters", kind: kObject},
	}
)

// productModifiers is /v3/catalog/products/{id}/modifiers. Their values by themselves are not
// simulated.
func productModifiers(*Sandbox) *resource {
	const list = "/v3/catalog/products/{id}/modifiers"
	const one = list + "/{modifier_id}"
	return &resource{routes: []route{
		{method: "GET", path: list, scopes: productsRead, handle: listModifiers},
		{method: "POST", path: list, scopes: productsWrite, handle: createModifier},
		{method: "GET", path: one, scopes: productsRead, handle: getModifier},
		{method: "PUT", path: one, scopes: productsWrite, handle: updateModifier},
		{method: "DELETE", path: one, scopes: productsWrite, handle: deleteModifier},
	}}
}

// modifier finds the product of the path and the place of its modifier.
func (c *call) modifier() (*product, int, *reply) {
	p, r := c.product()
	if r != nil {
		return nil, 0, r
	}
	at := findPart(p.modifiers, c.numberOf("modifier_id"))
	if at < 0 {
		r := notFound("The modifier was not found")
		return nil, 0, &r
	}
	return p, at, nil
}

func (p *product) modifierView(o part) map[string]any {
	view := maps.Clone(o)
	view["product_id"] = p.id
	view["name"] = o["display_name"].(string) + "-" + strconv.FormatInt(partID(o), 10)
	return view
}

func listModifiers(c *call) reply { return c.listOf((*product).modifierViews) }

func (p *product) modifierViews() []map[string]any {
	views := make([]map[string]any, len(p.modifiers))
	for i, o := range p.modifiers {
		views[i] = p.modifierView(o)
	}
	return views
}

func getModifier(c *call) reply {
	show := c.q.fields()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	p, at, r := c.modifier()
	if r != nil {
		return *r
	}
	return value(http.StatusOK, show(p.modifierView(p.modifiers[at])))
}

func createModifier(c *call) reply { return saveModifier(c, true) }
func updateModifier(c *call) reply { return saveModifier(c, false) }

// saveModifier needs required and type of an update too: its description does.
func saveModifier(c *call, create bool) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	vals, errs := validate(modifierFields, modifierIndex, in, true, "")
	if !create && in["display_name"] == nil {
		delete(errs, "display_name")
	}
	if len(errs) > 0 {
		return invalid(errs)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	p, at, old := (*product)(nil), 0, part(nil)
	if create {
		p, r = c.product()
	} else if p, at, r = c.modifier(); r == nil {
		old = p.modifiers[at]
	}
	if r != nil {
		return *r
	}
	made := st.madeModifier(old, vals)
	name, _ := made["display_name"].(string)
	same := slices.ContainsFunc(p.modifiers, func(o part) bool { return o["display_name"] == name && partID(o) != partID(made) })
	if same || p.optionNamed(name) != nil {
		return takenOption(name)
	}
	next := p.clone()
	if create {
		next.modifiers = append(next.modifiers, made)
	} else {
		next.modifiers[at] = made
	}
	st.putOptions(p, next)
	return value(http.StatusOK, next.modifierView(made))
}

// madeModifier is old with what was sent, or a new modifier where old is nil.
func (st *Store) madeModifier(old part, vals []fieldValue) part {
	made := part{"sort_order": json.Number("0"), "config": map[string]any{}, "option_values": []any{}}
	maps.Copy(made, old)
	if old == nil {
		made["id"] = json.Number(strconv.FormatInt(st.nextID(kindOption, 100), 10))
	}
	for _, v := range vals {
		var sent any
		dec := json.NewDecoder(strings.NewReader(v.raw))
		dec.UseNumber()
		_ = dec.Decode(&sent) // canonical
		made[modifierFields[v.field].name] = sent
	}
	values, _ := made["option_values"].([]any)
	for _, e := range values {
		if o, ok := e.(map[string]any); ok && o["id"] == nil {
			o["id"], o["option_id"] = json.Number(strconv.FormatInt(st.nextID(kindOption, 100), 10)), made["id"]
		}
	}
	return made
}

func deleteModifier(c *call) reply {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	if p, at, r := c.modifier(); r == nil {
		next := p.clone()
		next.modifiers = slices.Delete(next.modifiers, at, at+1)
		c.st.putOptions(p, next)
	}
	return noContent // the only answer that is described
}
