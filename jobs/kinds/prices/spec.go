package prices

import (
	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
)

// Name is the name of this kind of flow.
const Name = "prices"

const (
	optionDestination = "destination"
	toCatalogue       = "catalogue"
	toLists           = "lists"

	optionPriceList = "price_list"
	optionCurrency  = "currency"

	optionFirst = "first"
	firstWrite  = "write"
	firstRead   = "read"

	optionCreateLists = "create_lists"
	no, yes           = "no", "yes"

	optionAssign = "assign"

	optionZero      = "guard_zero"
	zeroAsk         = "ask"
	zeroAllow       = "allow"
	optionBelowCost = "guard_below_cost"
	optionMagnitude = "guard_magnitude"
	optionMoved     = "guard_moved"
)

var spec = flow.Spec{
	Name: Name, Singular: "price", Plural: "prices", Bulk: true,
	Scopes: []string{bigcommerce.ScopeProducts, bigcommerce.ScopeInformationRead},
	Options: []flow.Option{
		{
			Name: optionDestination, Type: flow.Choice, Default: toCatalogue,
			Label: "Where the prices go", Help: "The catalogue's prices are what every shopper sees. A price list replaces them for the customer groups and channels that it is assigned to.",
			Values: []flow.Value{{Name: toCatalogue, Label: "The catalogue"}, {Name: toLists, Label: "Price lists"}},
		},
		{
			Name: optionPriceList, Type: flow.Words, Label: "Price list",
			Help: "Name or id of the price list for rows that name none. Leave it empty if a column has it. Of price lists only.",
		},
		{
			Name: optionCurrency, Type: flow.Words, Label: "Currency",
			Help: "Code of the currency, such as EUR, for rows that name none. Leave it empty if a column has it. Of price lists only.",
		},
		{
			Name: optionFirst, Type: flow.Choice, Default: firstWrite, Label: "The first time",
			Help:   "Reading a price list first finds prices that are right already and shows what they were, but takes a request for every 250 prices. Of price lists only.",
			Values: []flow.Value{{Name: firstWrite, Label: "Write at once"}, {Name: firstRead, Label: "Read the price list first"}},
		},
		{
			Name: optionCreateLists, Type: flow.Choice, Default: no, Label: "Price lists that are missing",
			Help:   "What to do with a price list that the store does not have.",
			Values: []flow.Value{{Name: no, Label: "Refuse its prices"}, {Name: yes, Label: "Create it"}},
		},
		{
			Name: optionAssign, Type: flow.Pairs, Label: "Who sees a price list",
			Help: "For the name of a price list, the customer groups and channels to assign it to, separated by semicolons: " +
				`"group:Dealers", "channel:1" or "group:Dealers on channel:Outlet". Other assignments of the list stay.`,
		},
		{
			Name: optionZero, Type: flow.Choice, Default: zeroAsk, Label: "Prices of 0",
			Help:   "Whether a run asks before it writes a price of 0, for which shoppers get the goods for nothing.",
			Values: []flow.Value{{Name: zeroAsk, Label: "Ask first"}, {Name: zeroAllow, Label: "Write them"}},
		},
		{
			Name: optionBelowCost, Type: flow.Number, Default: 10.0, Max: 100, Unit: "%", Label: "Prices below cost",
			Help: "A run asks before it writes if more than this part of its changed prices is below cost, where a cost is matched. 0: it never asks.",
		},
		{
			Name: optionMagnitude, Type: flow.Number, Default: 50.0, Max: 100, Unit: "%", Label: "Prices ten, a hundred or a thousand times as high or low",
			Help: "A run asks before it writes if more than this part of its changed prices moves by such a factor, as where cents are taken for whole units. 0: it never asks.",
		},
		{
			Name: optionMoved, Type: flow.Number, Default: 50.0, Max: 10_000, Unit: "%", Label: "Large moves of prices",
			Help: "A price that goes up or down by more than this is a large move. A run asks before it writes if one changed price in ten is, and five at least. 0: it never asks.",
		},
	},
}
