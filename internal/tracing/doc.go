// Package tracing follows work from a request, through the job that it made, to each call of
// BigCommerce, by OpenTelemetry.
//
//	request span ──Save──▶ jobs.trace ──Continue──▶ job span ──Transport──▶ BigCommerce span
//
// It is off, and costs next to nothing, until Start finds an OTLP endpoint in the environment; the
// names of the variables are OpenTelemetry's own. A span has the store's hash, routes, statuses and
// kinds of jobs. It never has a query, a header, a body, a token or a shopper's address. Traces of
// strangers are not continued, and BigCommerce is told of none.
package tracing
