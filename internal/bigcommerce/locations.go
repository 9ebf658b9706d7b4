package bigcommerce

import (
	"context"
	"iter"
)

const locationsPath = "/v3/inventory/locations"

// DefaultLocation is the location that every store has. Unless BigCommerce enabled more for a
// store, its storefronts sell what is there alone.
const DefaultLocation = 1

// LocationsService is the places where a store keeps stock (V3). Scope ScopeLocationsRead.
type LocationsService struct{ service }

// Location is a place where a store keeps stock, as far as Sluice uses it.
type Location struct {
	ID    int64  `json:"id"`
	Code  string `json:"code"`  // unique, the merchant's own
	Label string `json:"label"` // its name
	Type  string `json:"type_id"`
	// Enabled is whether orders may be fulfilled from it; stock of a disabled location cannot be
	// written.
	Enabled           bool `json:"enabled"`
	ManagedExternally bool `json:"managed_by_external_source"` // stock cannot be changed in the control panel
	StorefrontVisible bool `json:"storefront_visibility"`
}

// List walks every location, disabled ones too.
func (s *LocationsService) List(ctx context.Context) iter.Seq2[*Location, error] {
	return collect[*Location](ctx, s.client, locationsPath, 0, nil)
}
