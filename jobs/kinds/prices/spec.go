package prices

import "sluice/jobs/flow"

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
)

var spec = flow.Spec{
	Name: Name, Singular: "price", Plural: "prices", Bulk: true,
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
				`"group:Dealers", "channel:1" or "group:Dealers on channel:Outlet". What is assigned already stays.`,
		},
	},
}
