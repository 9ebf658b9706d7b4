package problem

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Code says what kind of failure an Error is. It is stable: clients may branch on it.
type Code string

// The codes that every surface shares; statuses gives the HTTP status of each.
const (
	Invalid         Code = "invalid"         // the request or record is wrong; Fields say where
	Unauthenticated Code = "unauthenticated" // nobody is signed in, or no longer
	Forbidden       Code = "forbidden"       // signed in, but not allowed
	NotFound        Code = "not_found"       // no such thing in this store
	Conflict        Code = "conflict"        // the thing is in a state that does not permit this
	TooLarge        Code = "too_large"       // a body, row or file over its limit
	RateLimited     Code = "rate_limited"    // come back later
	LimitReached    Code = "limit_reached"   // the store has as much of it as it may: something else has to go first
	Unavailable     Code = "unavailable"     // a dependency is away; the same call may succeed later
	NeedsReinstall  Code = "needs_reinstall" // BigCommerce no longer accepts the store's access token
	Internal        Code = "internal"        // our fault; the log has the reason under the request id
	Gone            Code = "caller_gone"     // nobody waits for the answer any more
)

// The codes of the storefront's identity endpoints: what a script on a shop's page can act on.
const (
	TokenExpired      Code = "token_expired"       // a genuine token whose time is over: get another
	TokenInvalid      Code = "token_invalid"       // not a token, or not one that BigCommerce or we signed
	WrongApp          Code = "wrong_app"           // a token made for another app
	WrongStore        Code = "wrong_store"         // a token of another store than the address names
	StoreNotInstalled Code = "store_not_installed" // the store does not have the app
	OriginRefused     Code = "origin_refused"      // a page that is none of the store's storefronts
)

// The codes of sign-ins: what a system that signs shoppers in can act on.
const (
	ScopeMissing         Code = "scope_missing"          // the store has not granted a scope that this needs
	LoginUnavailable     Code = "login_unavailable"      // BigCommerce takes no customer logins of ours at this store
	ChannelUnknown       Code = "channel_unknown"        // no such channel, or one without a storefront
	CustomerNotFound     Code = "customer_not_found"     // no customer has this id, e-mail or external id
	CustomerAmbiguous    Code = "customer_ambiguous"     // several customers have it
	CustomerOtherChannel Code = "customer_other_channel" // the customer may not sign in at this channel
)

// statusClientClosed is what nginx logs for a client that closed its request; no client sees it.
const statusClientClosed = 499

var statuses = map[Code]int{
	Invalid:         http.StatusUnprocessableEntity,
	Unauthenticated: http.StatusUnauthorized,
	Forbidden:       http.StatusForbidden,
	NotFound:        http.StatusNotFound,
	Conflict:        http.StatusConflict,
	TooLarge:        http.StatusRequestEntityTooLarge,
	RateLimited:     http.StatusTooManyRequests,
	LimitReached:    http.StatusConflict,
	Unavailable:     http.StatusServiceUnavailable,
	NeedsReinstall:  http.StatusConflict,
	Internal:        http.StatusInternalServerError,
	Gone:            statusClientClosed,

	TokenExpired:      http.StatusUnauthorized,
	TokenInvalid:      http.StatusUnauthorized,
	WrongApp:          http.StatusForbidden,
	WrongStore:        http.StatusForbidden,
	StoreNotInstalled: http.StatusNotFound,
	OriginRefused:     http.StatusForbidden,

	ScopeMissing:         http.StatusConflict,
	LoginUnavailable:     http.StatusConflict,
	ChannelUnknown:       http.StatusNotFound,
	CustomerNotFound:     http.StatusNotFound,
	CustomerAmbiguous:    http.StatusConflict,
	CustomerOtherChannel: http.StatusConflict,
}

// Field names one wrong field of a request or record and what to do about it.
type Field struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is a failure that a person can act on.
type Error struct {
	Code    Code
	Message string  // for the user: what is wrong and what to do next
	Fields  []Field // the fields that are wrong, if any
	Err     error   // the cause, for logs only
}

// New returns an Error without a cause.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap returns an Error whose cause stays inside the process.
func Wrap(err error, code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Err: err}
}

// WithField returns a copy of e that also names field.
func (e *Error) WithField(field, format string, args ...any) *Error {
	c := *e
	c.Fields = append(append([]Field(nil), e.Fields...), Field{Field: field, Message: fmt.Sprintf(format, args...)})
	return &c
}

func (e *Error) Error() string {
	if e.Err != nil {
		return string(e.Code) + ": " + e.Message + ": " + e.Err.Error()
	}
	return string(e.Code) + ": " + e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first Error in err's chain, Gone for what failed because its
// caller left, Internal for any other error and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Code
	case errors.Is(err, context.Canceled):
		return Gone
	}
	return Internal
}

// MessageOf returns what may be shown to a user of err: an Error's message, or a fixed sentence.
func MessageOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "Something went wrong on our side. Try again; if it happens again, contact support with the request id."
}

// Status returns the HTTP status of err's code.
func Status(err error) int {
	if s, ok := statuses[CodeOf(err)]; ok {
		return s
	}
	return http.StatusInternalServerError
}
