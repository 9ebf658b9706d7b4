package bigcommerce

import (
	"context"
	"net/http"
	"testing"
)

func TestClassOf(t *testing.T) {
	for endpoint, want := range map[[2]string]string{
		{"POST", "/v3/customers"}:                               ClassCustomers,
		{"PUT", "/v3/customers"}:                                ClassCustomers,
		{"GET", "/v3/customers"}:                                "",
		{"DELETE", "/v3/customers"}:                             "",
		{"POST", "/v3/customers/addresses"}:                     "customer-addresses-post",
		{"PUT", "/v3/customers/addresses"}:                      "customer-addresses-put",
		{"PUT", "/v3/customers/attribute-values"}:               "customer-attribute-values",
		{"PUT", "/v3/pricelists/records"}:                       "price-records-put",
		{"PUT", "/v3/pricelists/7/records"}:                     "price-records-put",
		{"PUT", "/v3/pricelists/7/records/8/usd"}:               "",
		{"GET", "/v3/pricelists/7/records"}:                     "price-list-reads",
		{"DELETE", "/v3/pricelists/7"}:                          "price-list-delete",
		{"DELETE", "/v3/pricelists"}:                            "",
		{"DELETE", "/v3/pricelists/assignments"}:                "",
		{"POST", "/v3/segments/1b671a64/shopper-profiles"}:      "segments",
		{"PUT", "/v3/inventory/adjustments/absolute"}:           "inventory-writes",
		{"POST", "/v3/inventory/adjustments/relative"}:          "inventory-writes",
		{"PUT", "/v3/inventory/locations/2/items"}:              "inventory-writes",
		{"GET", "/v3/inventory/locations/2/items"}:              "",
		{"GET", "/v3/catalog/trees/1/categories"}:               "category-tree",
		{"GET", "/v3/catalog/trees//categories"}:                "",
		{"GET", "/v3/catalog/trees/categories"}:                 "",
		{"PUT", "/v3/catalog/products"}:                         "",
		{"GET", ""}:                                             "",
		{"PUT", "/v3/customers/attribute-values/and-much-more"}: "",
	} {
		if got := ClassOf(endpoint[0], endpoint[1]); got != want {
			t.Errorf("ClassOf(%q) = %q, want %q", endpoint, got, want)
		}
	}
	atOnce := map[string]int{}
	for _, c := range Classes() {
		if c.AtOnce < 1 || atOnce[c.Name] != 0 || len(c.Endpoints) == 0 {
			t.Errorf("%+v", c)
		}
		atOnce[c.Name] = c.AtOnce
	}
	for name, want := range map[string]int{
		ClassCustomers: 3, "customer-addresses-post": 10, "customer-addresses-put": 3, "customer-attributes": 3,
		"customer-attribute-values": 3, "customer-form-fields": 10, "price-records-put": 1, "price-records-post": 10, "price-list-reads": 10, "inventory-writes": 1,
	} {
		if atOnce[name] != want {
			t.Errorf("%d of %s at once, want %d", atOnce[name], name, want)
		}
	}
}

func TestPageLimits(t *testing.T) {
	for path, want := range map[string]string{
		"/v3/inventory/items":             "page=1&limit=1000",
		"/v3/inventory/locations":         "page=1&limit=1000",
		"/v3/inventory/locations/3/items": "page=1&limit=1000",
		customersPath:                     "page=1&limit=250",
		"/v3/inventory/items/7":           "page=1&limit=250",
	} {
		f := newFixture(t, answer(http.StatusOK, `{"data":[],"meta":{}}`))
		for _, limit := range []int{0, 5000} {
			for _, err := range collect[Fields](context.Background(), f.Client, path, limit, nil) {
				t.Error(err)
			}
		}
		for _, r := range f.log() {
			if r.Query != want {
				t.Errorf("%s: asked for %s, want %s", path, r.Query, want)
			}
		}
	}
}
