// Package ui is the control panel: its page, its JSON API under /api/v1, and its live events.
//
// The front end in web/ is built by Vite into web/dist and embedded; panel.go writes its page with
// a nonce and the session of whoever opened it. The API is thin: each handler reads the request,
// asks tenants, jobs or a kind of flow, and shapes the answer. The store comes from the caller's
// Principal by way of the request's context and never from a parameter. Handlers write nothing when
// they fail: problem.Middleware does. The package talks to no BigCommerce API and holds no state of
// its own.
package ui
