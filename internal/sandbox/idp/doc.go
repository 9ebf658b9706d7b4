// Package idp is the sandbox's identity provider: an OpenID Connect provider as a merchant would
// have one, with a few people to sign in as and faults that can be switched on.
//
// It is as strict as a good provider: exact redirect URIs, PKCE with S256 for every client, codes
// that work once and for a minute, and client authentication by client_secret_basic or
// client_secret_post. It knows nothing of stores and shoppers, keeps sessions and codes in memory,
// and never asks for a password: whoever reaches its page may be anybody on it.
//
//	/authorize ──▶ sign-in page ──▶ redirect with code ──▶ /token ──▶ ID token (RS256), access token ──▶ /userinfo
//	/end_session ──▶ session over ──▶ post_logout_redirect_uri
//
// Specifications: OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0; RFC 6749, 6750,
// 7636 (PKCE), 9207 (iss in the authorization response).
package idp
