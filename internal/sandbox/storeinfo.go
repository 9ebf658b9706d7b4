package sandbox

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// planNames are what GET /v2/store calls the plans.
var planNames = map[string]string{"standard": "Standard", "plus": "Plus", "pro": "Pro", "enterprise": "Enterprise"}

var currencySymbols = map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "AUD": "$", "CAD": "$", "JPY": "¥"}

// getStore answers GET /v2/store: V2, so the object stands alone.
func (s *Sandbox) getStore(c *call) reply {
	st := c.st
	st.mu.RLock()
	defer st.mu.RUnlock()
	info, owner := st.info, st.users[0]
	first, last, _ := strings.Cut(owner.Username, ".")
	raw, dst, corrected := zoneOffsets(info.Timezone)
	symbol := currencySymbols[info.Currency]
	if symbol == "" {
		symbol = info.Currency
	}
	places := 2
	if info.Currency == "JPY" {
		places = 0
	}
	active, storefronts := st.storefrontsLocked()
	primary := strings.TrimRight(st.primaryURL(st.shop.siteOf(defaultChannelID)), "/") // the default site is always there
	return okJSON(http.StatusOK, map[string]any{
		"id": st.Hash, "account_uuid": info.AccountUUID, "domain": hostOf(primary), "secure_url": primary,
		"control_panel_base_url": s.URLs().ControlPanel, "status": "live", "name": info.Name,
		"first_name": first, "last_name": last, "address": "1 Sandbox Street", "country": "United States", "country_code": "US",
		"infrastructure_region": "us-central1", "phone": "555-123-4567", "admin_email": owner.Email, "order_email": owner.Email,
		"favicon_url": "", "timezone": map[string]any{
			"name": info.Timezone, "raw_offset": raw, "dst_offset": dst, "dst_correction": corrected,
			"date_format": map[string]string{"display": "M jS Y", "export": "M jS Y", "extended_display": "M jS Y @ g:i A"},
		},
		"language": "en", "currency": info.Currency, "currency_symbol": symbol, "decimal_separator": ".",
		"thousands_separator": ",", "decimal_places": places, "currency_symbol_location": "left", "weight_units": "Ounces",
		"dimension_units": "Inches", "dimension_decimal_places": 2, "dimension_decimal_token": ".", "dimension_thousands_token": ",",
		"plan_name": planNames[info.Plan], "plan_level": planNames[info.Plan], "plan_is_trial": false, "industry": "Industrial supplies",
		"logo": []any{}, "is_price_entered_with_tax": false, "store_id": info.NumericID, "default_channel_id": 1,
		"default_site_id": 1000, "active_comparison_modules": []any{}, "features": map[string]any{
			"stencil_enabled": true, "sitewidehttps_enabled": true, "facebook_catalog_id": "", "checkout_type": "optimized", //nolint:misspell // the platform's value
			"wishlists_enabled": true, "graphql_storefront_api_enabled": true, "shopper_consent_tracking_enabled": info.ConsentBanner,
			"multi_storefront_enabled": storefronts > 1, "storefront_limits": map[string]int{"active": active, "total_including_inactive": storefronts},
		},
	})
}

// storefrontsLocked counts the store's storefronts; a store without a second one answers 1 for
// both.
func (st *Store) storefrontsLocked() (active, all int) {
	for _, ch := range st.shop.channels {
		if ch.Type != "storefront" || ch.Status == "deleted" || ch.Status == "terminated" {
			continue
		}
		all++
		if ch.Status == "active" {
			active++
		}
	}
	if all <= 1 {
		return 1, 1
	}
	return active, all
}

// zoneOffsets returns a zone's winter and summer offsets from UTC in seconds.
func zoneOffsets(name string) (raw, dst int, corrected bool) {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return 0, 0, false
	}
	_, jan := time.Date(2026, 1, 1, 0, 0, 0, 0, loc).Zone()
	_, jul := time.Date(2026, 7, 1, 0, 0, 0, 0, loc).Zone()
	return min(jan, jul), max(jan, jul), jan != jul
}

func (s *Sandbox) getTime(*call) reply {
	return okJSON(http.StatusOK, map[string]int64{"time": s.now().Unix()})
}

// taxClasses are those of every new store (tax_classes.v2.yml); class 0 is the default and not
// listed.
var taxClasses = []string{"Non-Taxable Products", "Shipping", "Gift Wrapping"}

// listTaxClasses answers as V2 lists do: a plain array, and 204 without a body when the page is
// empty.
func (s *Sandbox) listTaxClasses(c *call) reply {
	page, limit := c.q.page()
	if r := c.q.problemV2(); r != nil {
		return *r
	}
	from, to := window(len(taxClasses), page, limit)
	if from == to {
		return noContent
	}
	c.st.mu.RLock()
	created := timeString(c.st.info.Created)
	c.st.mu.RUnlock()
	var out []map[string]string
	for i, name := range taxClasses[from:to] {
		out = append(out, map[string]string{"id": strconv.Itoa(from + i + 1), "name": name, "created_at": created, "updated_at": created})
	}
	return okJSON(http.StatusOK, out)
}
