// Package sso signs a store's shoppers in with the merchant's identity provider: OpenID Connect, by
// the authorization code flow with PKCE, state and nonce, whichever provider it is.
//
//	GET /sso/{store}/login ──state in Redis, cookie──▶ provider ──▶ GET /sso/{store}/callback
//	   the state is this store's and this browser's, and used once ──▶ code for tokens
//	   ID token verified (idtoken.go) ──▶ e-mail and who vouches for it (email.go)
//	   subject ──▶ customer (customer.go) ──▶ fields from claims (claims.go) ──▶ login address
//
// Each store has a redirect URI of its own: else a merchant with a provider of their own could have
// another store's shopper bring them the code of that store's provider (RFC 9700, section 4.4.2).
// Providers that were set up before share one; see tenants.IdentityProvider.SharedUntil.
//
// Who somebody is follows from the provider's issuer and subject alone. A subject without a link
// gets one by an e-mail that the provider verified, or with a new customer if the merchant allows
// that. A customer who was there before gets a password that nobody knows first: BigCommerce lets
// anybody register with anybody's e-mail. A link is never moved, a customer has one subject of a
// provider, and what does not fit is refused with a code of its own (refusal.go), on a page that
// says what to do.
//
// # Signing out
//
// GET /sso/{store}/logout goes to the provider's end_session_endpoint, if it has one and the
// merchant wants it, from there to /sso/{store}/logged-out, and from there to the storefront's
// /login.php?action=logout, which ends BigCommerce's session. That comes last because BigCommerce
// goes nowhere from there. A headless storefront, as Catalyst is one, has /logout instead, which
// leads on to redirect_to. A page that has ended it already (same origin, so by a fetch) says
// storefront=done, and is then led to redirect_to instead. ID tokens are kept by nobody but the
// browser, sealed, for providers that want them back as a hint.
//
// # What it never does
//
// It never believes an e-mail that the provider does not vouch for (unless the merchant does, for a
// provider that never says), never takes an identity from an authorization response, and never
// connects to an address inside the host's own network (internal/publicnet). Tokens, codes and
// verifiers are never logged and are in no record of a sign-in; what waits in Redis is sealed for
// its store and gone after ten minutes.
package sso
