package bigcommerce

import (
	"slices"
	"strings"
)

// OAuth scopes of what Sluice does, from BigCommerce's API descriptions. A scope without the suffix
// _read_only includes the one with it.
const (
	ScopeProducts        = "store_v2_products"              // the catalogue and price lists
	ScopeInformationRead = "store_v2_information_read_only" // the store's settings, those of its inventory, and currencies
	ScopeChannelsRead    = "store_channel_settings_read_only"
	ScopeSitesRead       = "store_sites_read_only"
	ScopeScripts         = "store_v2_content"
	ScopeInventory       = "store_inventory"           // items, adjustments and settings of stock
	ScopeLocationsRead   = "store_locations_read_only" // the places where stock is
	ScopeCustomers       = "store_v2_customers"        // customers, their addresses, attributes and groups
	ScopeCustomersRead   = "store_v2_customers_read_only"
	ScopeOrders          = "store_v2_orders"                   // orders and their shipments
	ScopePaymentsRead    = "store_v2_transactions_read_only"   // transactions and refunds of orders
	ScopePickupsRead     = "store_order_fulfillment_read_only" // what of orders is picked up
)

// readOnlySuffix marks the read-only form of a scope, manageSuffix the other form of some.
const (
	readOnlySuffix = "_read_only"
	manageSuffix   = "_manage"
)

// MissingScopes returns which of required the granted scopes (space-separated, as BigCommerce sends
// them) do not cover. A modify scope covers its read-only form.
func MissingScopes(required []string, granted string) []string {
	have := strings.Fields(granted)
	var missing []string
	for _, scope := range required {
		modify := strings.TrimSuffix(scope, readOnlySuffix)
		if slices.Contains(have, scope) || slices.Contains(have, modify) || slices.Contains(have, modify+manageSuffix) {
			continue
		}
		missing = append(missing, scope)
	}
	return missing
}
