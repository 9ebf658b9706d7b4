package products

import "sluice/jobs/flow"

// Name is the name of this kind of flow.
const Name = "products"

const (
	optionRepeatedNames = "repeated_names"
	repeatedAppend      = "append_sku"
	repeatedFail        = "fail"
)

var spec = flow.Spec{
	Name: Name, Singular: "product", Plural: "products",
	Options: []flow.Option{{
		Name: optionRepeatedNames, Values: []string{repeatedAppend, repeatedFail}, Default: repeatedAppend,
		Help: "What to do with a product whose name another product has: append its SKU, or fail the record.",
	}},
}
