package bigcommerce

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"
)

// StoreService reads the store itself (V2).
type StoreService struct{ service }

// StoreInfo is the store's settings, as far as Sluice uses them.
type StoreInfo struct {
	Hash                string   `json:"id"` // the store hash
	AccountUUID         string   `json:"account_uuid"`
	StoreID             int64    `json:"store_id"`
	Name                string   `json:"name"`
	Domain              string   `json:"domain"`
	SecureURL           string   `json:"secure_url"`
	ControlPanelBaseURL string   `json:"control_panel_base_url"`
	Status              string   `json:"status"` // "live" …
	PlanName            string   `json:"plan_name"`
	PlanLevel           string   `json:"plan_level"`
	PlanIsTrial         bool     `json:"plan_is_trial"`
	Timezone            Timezone `json:"timezone"`
	Language            string   `json:"language"`
	CountryCode         string   `json:"country_code"`
	Currency            string   `json:"currency"` // ISO 4217
	DecimalPlaces       int      `json:"decimal_places"`
	WeightUnits         string   `json:"weight_units"`
	DimensionUnits      string   `json:"dimension_units"`
	DefaultChannelID    int64    `json:"default_channel_id"`
	DefaultSiteID       int64    `json:"default_site_id"`
	PriceWithTax        bool     `json:"is_price_entered_with_tax"`
	Features            Features `json:"features"`
}

// Timezone is the store's time zone.
type Timezone struct {
	Name string `json:"name"` // IANA, "America/Chicago"
}

// Features are what the store's plan and set-up permit.
type Features struct {
	MultiStorefront bool `json:"multi_storefront_enabled"`
}

// Get returns the store's settings.
func (s *StoreService) Get(ctx context.Context) (*StoreInfo, error) {
	r := request{method: http.MethodGet, path: "/v2/store"}
	info, status, err := send[*StoreInfo](ctx, s.client, r)
	if err == nil && info == nil {
		err = s.client.unavailable(ctx, r, status, true, errNoData)
	}
	return info, err
}

// Time returns BigCommerce's clock, in whole seconds.
func (s *StoreService) Time(ctx context.Context) (time.Time, error) {
	answer, _, err := send[struct {
		Time int64 `json:"time"`
	}](ctx, s.client, request{method: http.MethodGet, path: "/v2/time"})
	if err != nil {
		return time.Time{}, err
	}
	return time.Unix(answer.Time, 0).UTC(), nil
}

// TaxClass is what a product's tax_class_id points to.
type TaxClass struct {
	ID   json.Number `json:"id"` // BigCommerce sends it as a string
	Name string      `json:"name"`
}

// TaxClasses lists the store's tax classes (V2).
func (s *StoreService) TaxClasses(ctx context.Context) iter.Seq2[*TaxClass, error] {
	return collectV2[*TaxClass](ctx, s.client, "/v2/tax_classes")
}
