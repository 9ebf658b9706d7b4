// Package openapi is the description of the HTTP API, openapi.yaml (OpenAPI 3.1), and serves it: as
// it is at YAMLPath, and as a page for people at PagePath.
//
// The description is written by hand and is the contract with whoever calls. It is kept true by
// tests: the walk of the router's routes in app, who may call in ui, the limits beside what sets
// them, and openapitest, against which the tests of every surface hold the answers they get.
//
// Besides OpenAPI's own fields it has, of an operation:
//
//	x-access          read, write, admin, accounts or login (see auth.Access) below /api/v1; else public,
//	                  shopper (a storefront session) or signature (of a webhook)
//	x-max-body-bytes  the largest body that is read
//	x-rate-limits     [{per, burst, every_ms}]: burst requests at once, then one every every_ms, per address, per
//	                  principal or per store
//
// The page is made once, at the start, by html/template. It has no script and loads nothing. The
// package knows nothing of the surfaces that it describes.
package openapi
