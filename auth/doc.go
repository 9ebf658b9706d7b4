// Package auth answers one question: who is calling?
//
// BigCommerce calls /auth, /load, /uninstall and /remove_user (install.go, load.go, callbacks.go);
// what it sends is believed only after its signature was checked (payload.go) or after
// BigCommerce's login host confirmed it. The panel calls /api/v1 with a short-lived session token
// (session.go), programs call it with an API key (apikeys.go); Require (middleware.go) turns either
// into a Principal and puts the store into the request's context, from which every query downstream
// takes it.
//
// The package stores tokens and people through tenants and never does work for a store: what has to
// follow an install or an uninstall is told to a Lifecycle, which app wires to jobs. It never logs
// a code, a signed payload or a token, never sets a cookie, and never puts a secret into a URL.
package auth
