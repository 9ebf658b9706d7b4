package sandbox

import (
	"encoding/json"
	"slices"
	"strconv"
)

// Limits of variants and options (product-variants_catalog.v3.yml,
// product-variant-options_catalog.v3.yml).
const (
	maxVariants     = 600 // of a product
	maxOptionValues = 250 // of an option
)

// option is a variant option of a product, as Size. Like a product, it is never changed once it is
// in the catalogue.
type option struct {
	ID     int64
	Name   string // display_name, unique in its product
	Type   string
	Sort   int64
	Image  string          `json:",omitempty"`
	Config json.RawMessage `json:",omitempty"` // as sent; nil is {}
	Values []optionValue
}

// optionValue is one value of an option, as Large.
type optionValue struct {
	ID      int64
	Label   string // unique in its option
	Sort    int64
	Default bool            `json:",omitempty"`
	Data    json.RawMessage `json:",omitempty"` // value_data, as sent; nil is {}
}

// madeOption is the type of an option that came of a variant's option_values. No document says it.
const madeOption = "dropdown"

// optionNamed finds an option of the product; nil when there is none.
func (p *product) optionNamed(name string) *option {
	at := slices.IndexFunc(p.options, func(o *option) bool { return o.Name == name })
	if at < 0 {
		return nil
	}
	return p.options[at]
}

// optionByID finds an option of the product and its place; -1 when there is none.
func (p *product) optionByID(id int64) (at int) {
	return slices.IndexFunc(p.options, func(o *option) bool { return o.ID == id })
}

func (o *option) clone() *option {
	c := *o
	c.Values = slices.Clone(o.Values)
	return &c
}

// labelled finds a value by its label; -1 when there is none.
func (o *option) labelled(label string) (at int) {
	return slices.IndexFunc(o.Values, func(v optionValue) bool { return v.Label == label })
}

// valueByID finds a value by its id; -1 when there is none.
func (o *option) valueByID(id int64) (at int) {
	return slices.IndexFunc(o.Values, func(v optionValue) bool { return v.ID == id })
}

// choose finds the option and the value that a choice names, and makes what is not there. p is not
// in the catalogue yet.
func (st *Store) choose(p *product, want Choice) choice {
	o := p.optionNamed(want.Option)
	if o == nil {
		o = &option{ID: st.nextID(kindOption, 100), Name: want.Option, Type: madeOption, Sort: int64(len(p.options))}
		p.options = append(p.options, o)
	}
	at := o.labelled(want.Value)
	if at < 0 {
		next := o.clone()
		next.Values = append(next.Values, optionValue{ID: st.nextID(kindOption, 100), Label: want.Value, Sort: int64(len(o.Values))})
		p.options[p.optionByID(o.ID)] = next
		o, at = next, len(next.Values)-1
	}
	return choice{ID: o.Values[at].ID, Label: want.Value, OptionID: o.ID, Option: want.Option}
}

// optionsOfVariants makes the options of a product of a state file from before options were kept.
func optionsOfVariants(list []*variant) []*option {
	var out []*option
	for _, v := range list {
		for _, c := range v.choices {
			at := slices.IndexFunc(out, func(o *option) bool { return o.ID == c.OptionID })
			if at < 0 {
				out = append(out, &option{ID: c.OptionID, Name: c.Option, Type: madeOption, Sort: int64(len(out))})
				at = len(out) - 1
			}
			if o := out[at]; o.valueByID(c.ID) < 0 {
				o.Values = append(o.Values, optionValue{ID: c.ID, Label: c.Label, Sort: int64(len(o.Values))})
			}
		}
	}
	return out
}

// view is an option as answers have it.
func (o *option) view(product int64) map[string]any {
	values := make([]map[string]any, len(o.Values))
	for i, v := range o.Values {
		values[i] = v.view()
	}
	config := json.RawMessage("{}")
	if o.Config != nil {
		config = o.Config
	}
	return map[string]any{
		"id": o.ID, "product_id": product, "name": o.Name + strconv.FormatInt(o.ID, 10) + "-" + strconv.FormatInt(product, 10),
		"display_name": o.Name, "type": o.Type, "sort_order": o.Sort, "config": config, "option_values": values,
	}
}

func (v optionValue) view() map[string]any {
	data := json.RawMessage("{}")
	if v.Data != nil {
		data = v.Data
	}
	return map[string]any{"id": v.ID, "label": v.Label, "sort_order": v.Sort, "is_default": v.Default, "value_data": data}
}
