package bigcommerce

import (
	"slices"
	"strings"
)

// Class is a group of endpoints of which BigCommerce carries out only so many requests of one store
// at a time; more are answered 429, though quota is left.
type Class struct {
	Name      string
	AtOnce    int
	Endpoints []string // "PUT /v3/customers"; "{}" stands for one segment of a path, "{#}" for one of digits
}

// ClassCustomers is the class of POST and PUT /customers.
const ClassCustomers = "customers"

// classes are those of BigCommerce's API reference ("limit of n concurrent requests", per
// operation). Limits from 25 on are left out: a store never has that many of our requests on their
// way. Where its pages differ the lower number counts: of price records only one bulk upsert of a
// store may run, whichever list it names.
var classes = []Class{
	{ClassCustomers, 3, []string{"POST /v3/customers", "PUT /v3/customers"}},
	{"customer-addresses-post", 10, []string{"POST /v3/customers/addresses"}},
	{"customer-addresses-put", 3, []string{"PUT /v3/customers/addresses"}},
	{"customer-attributes", 3, []string{"POST /v3/customers/attributes", "PUT /v3/customers/attributes"}},
	{"customer-attribute-values", 3, []string{"PUT /v3/customers/attribute-values"}},
	{"customer-form-fields", 10, []string{"PUT /v3/customers/form-field-values"}},
	{"segments", 10, []string{"POST /v3/segments", "PUT /v3/segments", "POST /v3/segments/{}/shopper-profiles"}},
	{"price-records-put", 1, []string{"PUT /v3/pricelists/records", "PUT /v3/pricelists/{}/records"}},
	{"price-records-post", 10, []string{"POST /v3/pricelists/records", "POST /v3/pricelists/{}/records"}},
	{"price-list-reads", 10, []string{"GET /v3/pricelists/{}/records"}},
	{"price-list-delete", 1, []string{"DELETE /v3/pricelists/{#}"}},
	// No number is documented of stock; the guide says to wait for each answer, and a second one of
	// the same item has an end that cannot be told.
	{"inventory-writes", 1, []string{"PUT /v3/inventory/adjustments/absolute", "POST /v3/inventory/adjustments/relative",
		"PUT /v3/inventory/locations/{}/items"}},
	// No number is documented: parallel requests are to be avoided.
	{"channel-assignments", 1, []string{"PUT /v3/catalog/products/channel-assignments"}},
	{"category-tree", 1, []string{"GET /v3/catalog/trees/{}/categories"}},
}

// Classes returns every class of endpoints.
func Classes() []Class { return slices.Clone(classes) }

// ClassOf returns the name of an endpoint's class, "" for one without a limit of its own. path is
// that below the store: "/v3/customers".
func ClassOf(method, path string) string {
	for _, c := range classes {
		for _, e := range c.Endpoints {
			if m, pattern, _ := strings.Cut(e, " "); m == method && matchesPath(pattern, path) {
				return c.Name
			}
		}
	}
	return ""
}

// matchesPath reports whether path has the pattern's segments, where "{}" is any one and "{#}" one
// of digits.
func matchesPath(pattern, path string) bool {
	for pattern != "" {
		var want, have string
		want, pattern, _ = strings.Cut(strings.TrimPrefix(pattern, "/"), "/")
		have, path, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
		digits := strings.Trim(have, "0123456789") == ""
		if have == "" || want != have && want != "{}" && (want != "{#}" || !digits) {
			return false
		}
	}
	return path == ""
}
