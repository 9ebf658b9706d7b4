package bigcommerce

import (
	"context"
	"iter"
)

// CurrenciesService is the currencies that a store shows and sells in (V2). Scope
// store_v2_information_read_only.
type CurrenciesService struct{ service }

// Currency is one of a store's currencies. Price records may be in any of them.
type Currency struct {
	ID              int64  `json:"id"`
	Code            string `json:"currency_code"` // ISO 4217
	Name            string `json:"name"`
	DecimalPlaces   int    `json:"decimal_places"`
	IsDefault       bool   `json:"is_default"` // the currency of the catalogue's prices
	Enabled         bool   `json:"enabled"`
	IsTransactional bool   `json:"is_transactional"` // false: shown only, converted from the default
}

// List walks every currency, those that are not enabled too.
func (s *CurrenciesService) List(ctx context.Context) iter.Seq2[*Currency, error] {
	return collectV2[*Currency](ctx, s.client, "/v2/currencies")
}
