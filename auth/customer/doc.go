// Package customer tells which shopper is at a storefront, to programs that must not have to trust
// the browser.
//
//	storefront page ──sluice.js──▶ /customer/current.jwt (BigCommerce signs who is signed in)
//	        │
//	        └─▶ POST /storefront/{store_hash}/current-customer ──verify──▶ customer, session
//	        └─▶ GET  /storefront/{store_hash}/account ──session──▶ the account card
//
// The endpoints are public. Browsers may call them from the store's own origins only (origins.go),
// and everybody only so often (internal/ratelimit). They set no cookie and take none. A token is
// believed after its signature was checked with the app's secret, and only for the store in the
// address (verify.go). The session (session.go) names one customer of one store and opens nothing
// but that customer's card, which has the fields that the merchant chose (card.go) and no others.
//
// Only storefronts that BigCommerce renders (Stencil) have /customer/current.jwt; headless ones,
// Catalyst among them, ask Sluice's API on their own server. No document says which HMAC signs the
// token; recorded tokens of real stores are HS512, with application_id equal to aud.
//
// The script (script.go, script/sluice.js) is served by version and installed by others: Script
// gives its tag, address and integrity hash.
//
// The package never asks BigCommerce anything, and never logs or keeps a token or a shopper's
// address. Signing shoppers in is login's and sso's.
package customer
