package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

var optionTypes = []string{"radio_buttons", "rectangles", "dropdown", "product_list", "product_list_with_images", "swatch"}

// optionFields are those of productOption_Base, optionValueFields of its values
// (product-variant-options_catalog.v3.yml).
var (
	optionFields = []fieldSpec{
		{name: "display_name", kind: kString, minLen: 1, maxLen: 255, required: true},
		{name: "type", kind: kString, enum: optionTypes, required: true},
		{name: "sort_order", kind: kInteger},
		{name: "config", kind: kObject},
		{name: "image_url", kind: kString},
		{name: "option_values", kind: kObjects, fields: optionValueFields, required: true},
	}
	optionIndex = index(optionFields)

	optionValueFields = []fieldSpec{
		{name: "is_default", kind: kBool},
		{name: "label", kind: kString, minLen: 1, maxLen: 255, required: true},
		{name: "sort_order", kind: kInteger, min: num(-2147483648), max: num(maxInt32), required: true},
		{name: "value_data", kind: kObject, nullable: true},
	}
	optionValueIndex = index(optionValueFields)
)

// productOptions is /v3/catalog/products/{id}/options and the values below it. Deleting options and
// values is not simulated: what becomes of their variants is not described.
func productOptions(*Sandbox) *resource {
	const list = "/v3/catalog/products/{id}/options"
	const values = list + "/{option_id}/values"
	return &resource{routes: []route{
		{method: "GET", path: list, scopes: productsRead, handle: listOptions},
		{method: "POST", path: list, scopes: productsWrite, handle: createOption},
		{method: "GET", path: list + "/{option_id}", scopes: productsRead, handle: getOption},
		{method: "PUT", path: list + "/{option_id}", scopes: productsWrite, handle: updateOption},
		{method: "GET", path: values, scopes: productsRead, handle: listOptionValues},
		{method: "POST", path: values, scopes: productsWrite, handle: createOptionValue},
		{method: "GET", path: values + "/{value_id}", scopes: productsRead, handle: getOptionValue},
		{method: "PUT", path: values + "/{value_id}", scopes: productsWrite, handle: updateOptionValue},
	}}
}

// option finds the product of the path and the place of its option.
func (c *call) option() (*product, int, *reply) {
	p, r := c.product()
	if r != nil {
		return nil, 0, r
	}
	at := p.optionByID(c.numberOf("option_id"))
	if at < 0 {
		r := notFound("The option was not found")
		return nil, 0, &r
	}
	return p, at, nil
}

func listOptions(c *call) reply { return c.listOf((*product).optionViews) }

func (p *product) optionViews() []map[string]any {
	views := make([]map[string]any, len(p.options))
	for i, o := range p.options {
		views[i] = o.view(p.id)
	}
	return views
}

func getOption(c *call) reply {
	show := c.q.fields()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	p, at, r := c.option()
	if r != nil {
		return *r
	}
	return value(http.StatusOK, show(p.options[at].view(p.id)))
}

// take sets what was sent of an option, but for its values.
func (o *option) take(vals []fieldValue) {
	for _, v := range vals {
		switch optionFields[v.field].name {
		case "display_name":
			o.Name = unquote(v.raw)
		case "type":
			o.Type = unquote(v.raw)
		case "sort_order":
			o.Sort = parseID(v.raw)
		case "config":
			o.Config = json.RawMessage(v.raw)
		case "image_url":
			o.Image = unquote(v.raw)
		}
	}
}

func (v *optionValue) take(vals []fieldValue) {
	for _, val := range vals {
		switch optionValueFields[val.field].name {
		case "is_default":
			v.Default = val.raw == "true"
		case "label":
			v.Label = unquote(val.raw)
		case "sort_order":
			v.Sort = parseID(val.raw)
		case "value_data":
			v.Data = json.RawMessage(val.raw)
		}
	}
}

func createOption(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	vals, errs := validate(optionFields, optionIndex, in, true, "")
	sent, _ := in["option_values"].([]any)
	switch {
	case len(errs) > 0:
	case len(sent) == 0:
		errs["option_values"] = msgMinItems
	case len(sent) > maxOptionValues:
		errs["option_values"] = msgTooMany
	}
	if len(errs) > 0 {
		return invalid(errs)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	p, r := c.product()
	if r != nil {
		return *r
	}
	o := &option{Sort: int64(len(p.options))}
	o.take(vals)
	if p.optionNamed(o.Name) != nil {
		return takenOption(o.Name)
	}
	o.ID = st.nextID(kindOption, 100)
	for i, e := range sent {
		vals, _ := validate(optionValueFields, optionValueIndex, e.(map[string]any), true, "") // checked with the option
		v := optionValue{}
		v.take(vals)
		if o.labelled(v.Label) >= 0 {
			return invalid(map[string]string{"option_values." + strconv.Itoa(i) + ".label": "The label is a duplicate"})
		}
		v.ID = st.nextID(kindOption, 100)
		o.Values = append(o.Values, v)
	}
	next := p.clone()
	next.options = append(next.options, o)
	st.putOptions(p, next)
	return value(http.StatusOK, o.view(p.id))
}

// takenOption is the described 409 of an option's name; the words are the sandbox's own.
func takenOption(name string) reply {
	return conflict("display_name", "The product has an option named "+name+" already")
}

// putOptions puts a product with other options into the catalogue. Choices of variants follow the
// names.
func (st *Store) putOptions(p, next *product) {
	for n, v := range next.variants {
		renamed := *v
		renamed.choices = slices.Clone(v.choices)
		for i, ch := range renamed.choices {
			o := next.options[next.optionByID(ch.OptionID)]
			renamed.choices[i].Option, renamed.choices[i].Label = o.Name, o.Values[o.valueByID(ch.ID)].Label
		}
		next.variants[n] = &renamed
	}
	next.modified = st.sb.now().Unix()
	st.cat.replace(p, next)
	st.commit([]*product{p}, []*product{next})
}

func updateOption(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	if r := notSimulated(in, "option_values"); r != nil {
		return *r
	}
	vals, errs := validate(optionFields, optionIndex, in, false, "")
	if len(errs) > 0 {
		return invalid(errs)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	p, at, r := c.option()
	if r != nil {
		return *r
	}
	o := p.options[at].clone()
	o.take(vals)
	if other := p.optionNamed(o.Name); other != nil && other.ID != o.ID {
		return takenOption(o.Name)
	}
	next := p.clone()
	next.options[at] = o
	st.putOptions(p, next)
	return value(http.StatusOK, o.view(p.id))
}

func listOptionValues(c *call) reply {
	show := c.q.fields()
	page, limit := c.q.page()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	p, at, r := c.option()
	if r != nil {
		return *r
	}
	views := make([]map[string]any, len(p.options[at].Values))
	for i, v := range p.options[at].Values {
		views[i] = v.view()
	}
	return c.pageOf(views, page, limit, show)
}

func getOptionValue(c *call) reply {
	show := c.q.fields()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	p, at, r := c.option()
	if r != nil {
		return *r
	}
	o := p.options[at]
	n := o.valueByID(c.numberOf("value_id"))
	if n < 0 {
		return notFound("The option value was not found")
	}
	return value(http.StatusOK, show(o.Values[n].view()))
}

func createOptionValue(c *call) reply { return saveOptionValue(c, true) }
func updateOptionValue(c *call) reply { return saveOptionValue(c, false) }

// saveOptionValue needs label and sort_order of an update too: its description does.
func saveOptionValue(c *call, create bool) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	vals, errs := validate(optionValueFields, optionValueIndex, in, true, "")
	if len(errs) > 0 {
		return invalid(errs)
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	p, at, r := c.option()
	if r != nil {
		return *r
	}
	o := p.options[at].clone()
	n := len(o.Values)
	if create {
		o.Values = append(o.Values, optionValue{})
	} else if n = o.valueByID(c.numberOf("value_id")); n < 0 {
		return notFound("The option value was not found")
	}
	v := o.Values[n]
	v.take(vals)
	if len(o.Values) > maxOptionValues {
		return invalid(map[string]string{"option_values": msgTooMany})
	}
	if same := o.labelled(v.Label); same >= 0 && same != n {
		return invalid(map[string]string{"label": "The label is a duplicate"})
	}
	if create {
		v.ID = st.nextID(kindOption, 100)
	}
	o.Values[n] = v
	next := p.clone()
	next.options[at] = o
	st.putOptions(p, next)
	return value(http.StatusOK, v.view())
}
