// Package bigcommerce is a typed client of the BigCommerce APIs that Sluice speaks.
//
// A Client belongs to one store and is made of services (client.Products, client.Hooks …) in the
// manner of go-github. Collections are iter.Seq2 over all their pages; products can also be had as
// Fields, the generic documents that a sync diffs and sends, so that only mapped fields travel.
//
// How data flows through it: a service builds a request; the Limiter is asked whether the store's
// quota admits it; one HTTP attempt is made; the Limiter is told what the answer's headers said;
// the answer is decoded, or becomes one of the typed errors of errors.go. A GET, PUT or DELETE that
// met a 5xx or a cut connection is tried again after a random wait, and asks the Limiter again each
// time.
//
// What it never does: repeat a POST (an UnavailableError's Sent says whether the server may have
// acted on it: look before sending again); wait out a 429 (the caller has better things to do than
// to block); follow a redirect (the access token would travel along); put the access token into an
// error, a log line or a String; keep more than a small excerpt of an answer it did not understand.
//
// Field names, limits and filters are those of BigCommerce's official API descriptions.
// fields_products.go is generated from them by cmd/fieldgen.
package bigcommerce
