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

	// What becomes of a product's pictures of which nobody knows where they came from.
	optionImages  = "images"
	imagesIfNone  = "if_none"
	imagesAdd     = "add"
	imagesReplace = "replace"

	optionCategories = "categories"
	categoriesSet    = "set"
	categoriesAdd    = "add"

	optionImageBase = "image_base"
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
	}, {
		Name: optionImages, Type: flow.Choice, Default: imagesIfNone,
		Label: "Products that have pictures already", Help: "What to do with the pictures of a product that did not come from here. Pictures that did are kept as the file has them.",
		Values: []flow.Value{
			{Name: imagesIfNone, Label: "Leave them as they are"},
			{Name: imagesAdd, Label: "Add the file's pictures"},
			{Name: imagesReplace, Label: "Replace them with the file's pictures"},
		},
	}, {
		Name: optionImageBase, Type: flow.Words,
		Label: "Address of the pictures", Help: "What stands before picture names that are no whole addresses, such as https://www.example.com/media/.",
	}, {
		Name: optionCategories, Type: flow.Choice, Default: categoriesSet,
		Label: "Categories of products", Help: "Categories of other storefronts always stay.",
		Values: []flow.Value{
			{Name: categoriesSet, Label: "As the file says"},
			{Name: categoriesAdd, Label: "Add those of the file"},
		},
	}, {
		Name: optionChannels, Type: flow.Choice, Default: channelsAdd,
		Label: "Channels of products", Help: "Only if the matching fills the channels.",
		Values: []flow.Value{
			{Name: channelsAdd, Label: "Add those of the file"},
			{Name: channelsSet, Label: "As the file says"},
		},
	}},
	Scopes: []string{bigcommerce.ScopeProducts}, Webhooks: webhooks, CatchUp: catchUp,
}
