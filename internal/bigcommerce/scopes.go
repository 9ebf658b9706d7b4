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
)

// readOnlySuffix marks the read-only form of a scope.
const readOnlySuffix = "_read_only"

// MissingScopes returns which of required the granted scopes (space-separated, as BigCommerce sends
// them) do not cover. A modify scope covers its read-only form.
func MissingScopes(required []string, granted string) []string {
	have := strings.Fields(granted)
	var missing []string
	for _, scope := range required {
		if slices.Contains(have, scope) || slices.Contains(have, strings.TrimSuffix(scope, readOnlySuffix)) {
			continue
		}
		missing = append(missing, scope)
	}
	return missing
}
