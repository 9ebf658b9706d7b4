// Package problem is the one error type of Sluice and its HTTP form (RFC 9457,
// application/problem+json).
//
// Code that fails for a reason a person can act on returns an *Error; everything else is an
// ordinary Go error and leaves the process as "internal" without its text. Only Message, Fields and
// Code are ever shown outside; Err is for logs and errors.Is/As. The package knows nothing of
// stores, jobs or BigCommerce.
package problem
