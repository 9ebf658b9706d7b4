package bigcommerce

import (
	"net/url"
	"strings"
)

const (
	// maxURLBytes keeps a request's URL well below the 8 KiB that common gateways accept for a
	// request line. BigCommerce does not document a limit of its own.
	maxURLBytes = 6000
	// urlReserve is what the rest of such a URL may take: host, path, include_fields with every field
	// of a product (1.1 KB), page and limit.
	urlReserve = 1500
)

// ListableSKU says whether sku can be one of several in ProductFilter.SKUs. A list is separated by
// commas and BigCommerce documents no escape for them, so a SKU with a comma would be read as two:
// it is looked up alone, with ProductFilter.SKU. An empty SKU cannot be looked up at all. Spaces,
// slashes and any other characters are fine.
func ListableSKU(sku string) bool { return sku != "" && !strings.Contains(sku, ",") }

// SKUsPerLookup returns how many of the first skus, all listable, fit into one request: at most
// MaxPageSize, so that the products fit on one page (SKUs are unique in a store), and few enough
// for the URL to be accepted. It is at least 1 unless skus is empty.
func SKUsPerLookup(skus []string) int {
	room := maxURLBytes - urlReserve
	for n, sku := range skus {
		room -= len(url.QueryEscape(sku)) + len(",")
		if n == MaxPageSize || (room < 0 && n > 0) {
			return n
		}
	}
	return len(skus)
}

// SKULookups returns the fewest filters, each good for one request, that together find all skus:
// lists of them, and each SKU that cannot be in a list alone. Empty SKUs are left out.
func SKULookups(skus []string) []ProductFilter {
	var listable []string
	var filters []ProductFilter
	for _, sku := range skus {
		switch {
		case sku == "":
		case ListableSKU(sku):
			listable = append(listable, sku)
		default:
			filters = append(filters, ProductFilter{SKU: sku})
		}
	}
	for len(listable) > 0 {
		n := SKUsPerLookup(listable)
		filters = append(filters, ProductFilter{SKUs: listable[:n:n]})
		listable = listable[n:]
	}
	return filters
}
