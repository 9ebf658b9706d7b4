// Package signin signs a store's shoppers in at its storefronts: it is what the API's customer
// login and single sign-on have in common.
//
//	store of ctx ──Store──▶ may it at all? ──Channel──▶ origin ─┐
//	id, e-mail ──CustomerByID, CustomerByEmail──▶ customer ──────┴──URL──▶ login address
//
// Whether BigCommerce takes the app's logins depends on how the store came here and on what it
// granted: Store says which of it is missing. Customers are looked up with the store's own API
// client, so their requests are part of its quota and go before bulk work.
//
// The package never decides that somebody is a customer: its callers do. It never logs or keeps a
// login address, and what it records of a sign-in has no token in it.
package signin
