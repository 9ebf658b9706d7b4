package main

import (
	"regexp"
	"testing"
)

// storefrontScopes are what README.md tells an operator to register for storefronts and sign-ins,
// besides those of the catalogue.
const storefrontScopes = "store_v2_products store_v2_information_read_only store_v2_customers store_v2_customers_login " +
	"store_v2_content store_channel_settings_read_only store_sites_read_only"

// aToken matches a JSON Web Token. The first of its three parts is a JSON object in base64: {" is
// eyJ there.
var aToken = regexp.MustCompile(`eyJ[\w-]*\.[\w-]+\.[\w-]+`)

// TestStorefrontInChromium drives what a merchant does to have shoppers sign in, and then what a
// shopper does at the storefront, between real processes as in TestOutcomeInChromium.
func TestStorefrontInChromium(t *testing.T) {
	s := openStage(t, storefrontScopes)
	if s == nil {
		return
	}
	idp := s.platform.Identity
	s.play(t, "e2e/storefront.mjs", "E2E_ISSUER="+idp.Issuer, "E2E_OIDC_CLIENT_ID="+idp.ClientID, "E2E_OIDC_CLIENT_SECRET="+idp.ClientSecret)
	if token := aToken.FindString(s.log.String()); token != "" {
		t.Errorf("the app logged a token: %.20s…", token)
	}
}
