package stock

import (
	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
)

// Name is the name of this kind of flow.
const Name = "stock"

const (
	optionLocation  = "location"
	optionLocations = "locations"
	optionSum       = "sum"
	optionNegative  = "negative"
	optionTracking  = "tracking"
	optionZero      = "guard_zero"
	optionLost      = "guard_lost" // upsert's own

	sumEach, sumAll                = "each", "sum"
	negativeZero, negativeRefuse   = "zero", "refuse"
	trackingReport, trackingSwitch = "report", "switch"
)

var spec = flow.Spec{
	Name: Name, Singular: "stock level", Plural: "stock levels", Bulk: true,
	Scopes: []string{bigcommerce.ScopeInventory, bigcommerce.ScopeLocationsRead, bigcommerce.ScopeInformationRead, bigcommerce.ScopeProducts},
	Options: []flow.Option{
		{
			Name: optionLocation, Type: flow.Words, Label: "Location",
			Help: "The store's location whose stock is set, by its name, code or id, where a row names none. Not needed in a store with one location. By default a storefront sells only what is at location 1.",
		},
		{
			Name: optionLocations, Type: flow.Pairs, Label: "Names of locations",
			Help: "What your system calls a warehouse, and the store's location that it is: its name, code or id. Write id:2, code:2 or name:2 where a number could mean two of them.",
		},
		{
			Name: optionSum, Type: flow.Choice, Default: sumEach, Label: "Stock in several warehouses",
			Help: "Whether each row sets the stock of its own location, or the rows of a SKU are added up and set at the one location above.",
			Values: []flow.Value{
				{Name: sumEach, Label: "Set the stock of each location"},
				{Name: sumAll, Label: "Add all up into one location"},
			},
		},
		{
			Name: optionNegative, Type: flow.Choice, Default: negativeZero, Label: "Stock below zero",
			Help: "What to do with a row whose quantity is below zero, which BigCommerce does not take.",
			Values: []flow.Value{
				{Name: negativeZero, Label: "Write 0, with a warning"},
				{Name: negativeRefuse, Label: "Refuse the row"},
			},
		},
		{
			Name: optionTracking, Type: flow.Choice, Default: trackingReport, Label: "Products that do not track stock",
			Help: "What to do with a product whose stock the store does not track, so that there is no stock to set.",
			Values: []flow.Value{
				{Name: trackingReport, Label: "Refuse the row"},
				{Name: trackingSwitch, Label: "Switch tracking on"},
			},
		},
		{
			Name: optionZero, Type: flow.Number, Max: 100, Unit: "%", Default: 20.0, Label: "Ask before so much is set to 0",
			Help: "A run waits for your answer before it sets more than this part of what is in stock to 0. 0 never asks.",
		},
		{
			Name: optionLost, Type: flow.Number, Max: 100, Unit: "%", Default: 20.0, Label: "Ask when so much is missing",
			Help: "A run waits for your answer when the source no longer has more than this part of what it had. 0 never asks.",
		},
	},
}
