package products

import (
	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
)

// Name is the name of this kind of flow.
const Name = "products"

const (
	optionRepeatedNames = "repeated_names"
	repeatedAppend      = "append_sku"
	repeatedFail        = "fail"
)

var spec = flow.Spec{
	Name: Name, Singular: "product", Plural: "products", Bulk: true,
	Options: []flow.Option{{
		Name: optionRepeatedNames, Type: flow.Choice, Default: repeatedAppend,
		Label: "Products with the same name", Help: "What to do with a product whose name another product has.",
		Values: []flow.Value{
			{Name: repeatedAppend, Label: "Add the SKU to the name"},
			{Name: repeatedFail, Label: "Refuse the record"},
		},
	}},
	Scopes: []string{bigcommerce.ScopeProducts}, Webhooks: webhooks, CatchUp: catchUp,
}
