package bigcommerce

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// APIError is an answer that is not a success. The kinds below embed it, and errors.As finds it in
// each of them; an APIError alone is a status that no kind is for.
type APIError struct {
	Status int    // 0 when no answer came back
	Method string // of the request
	Path   string // of the request, below the store: "/v3/catalog/products"
	Title  string // what BigCommerce says in one sentence, or the status's own name
	Type   string // BigCommerce's signifier or a link to its documentation

	// Fields says what is wrong with which field, by BigCommerce's own keys: "name", "0.sku" (the
	// first of a batch), "variants.0.price", or "" for what is about none. Nil when the answer had
	// nothing of the kind. See SplitIndex.
	Fields map[string]string
	// Body is the start of the answer's body, at most maxBodyExcerpt bytes of valid UTF-8.
	Body string
	// LongTitle is the whole of a title that had to be cut for Title, "" if that is the whole. It may
	// be as long as maxErrorBody and is for RefusedStock: refusals of stock name in it what is
	// refused.
	LongTitle string
}

func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "bigcommerce: %s %s: ", e.Method, e.Path)
	if e.Status != 0 {
		fmt.Fprintf(&b, "%d ", e.Status)
	}
	b.WriteString(e.Title)
	const shown = 5
	for i, key := range slices.Sorted(maps.Keys(e.Fields)) {
		if i == shown {
			fmt.Fprintf(&b, "; and %d more", len(e.Fields)-shown)
			break
		}
		b.WriteString("; ")
		if key != "" {
			b.WriteString(key + ": ")
		}
		b.WriteString(e.Fields[key])
	}
	return b.String()
}

// RateLimitError is a 429. It comes in three kinds: with HasQuota and Left 0 the window is used up;
// with HasQuota and Left above 0 the endpoint's own concurrency limit was hit; without headers it
// is load on the platform. RetryAfter comes from a header or from the body. The request was not
// carried out.
type RateLimitError struct {
	*APIError
	HasRetryAfter bool
	RetryAfter    time.Duration
	HasQuota      bool
	Quota, Left   int
	Window, Reset time.Duration
}

// Wait returns how long the answer says to wait, 0 if it does not.
func (e *RateLimitError) Wait() time.Duration {
	if e.HasQuota && e.Left == 0 {
		return max(e.Reset, e.RetryAfter)
	}
	return e.RetryAfter
}

// ConflictError is a 409: a name, SKU or URL that is taken, or a category, brand or tax class that
// does not exist.
type ConflictError struct{ *APIError }

// ValidationError is a 422 or a 400: Fields says what is wrong where, if BigCommerce did.
type ValidationError struct{ *APIError }

// UnauthorizedError is a 401: the access token is no longer, or not, this store's.
type UnauthorizedError struct{ *APIError }

// ForbiddenError is a 403: the access token lacks a scope.
type ForbiddenError struct{ *APIError }

// NotFoundError is a 404.
type NotFoundError struct{ *APIError }

// TooLargeError is a 413 or a 414: more items or bytes than the endpoint takes.
type TooLargeError struct{ *APIError }

// UnavailableError is a 5xx, or a request to which no whole answer came back: the connection was
// refused or cut, the time was up, the context ended, or the answer was not what the API sends.
type UnavailableError struct {
	*APIError
	// Sent says whether the request may have reached the server, so that a POST may have been
	// carried out.
	Sent bool
	// RetryAfter is how long a 5xx says to wait, 0 if it does not.
	RetryAfter time.Duration
	// Err is the failure, nil for a 5xx. errors.Is finds context.Canceled in it.
	Err error
}

// PartialError is a 207 to a request that created something: it exists and is returned beside this
// error, but the attributes in Fields were not saved.
type PartialError struct{ *APIError }

func (e *UnavailableError) Error() string {
	if e.Err == nil {
		return e.APIError.Error()
	}
	return e.APIError.Error() + ": " + e.Err.Error()
}

// Unwrap lets errors.As find the APIError in each kind.
func (e *RateLimitError) Unwrap() error    { return e.APIError }
func (e *ConflictError) Unwrap() error     { return e.APIError }
func (e *ValidationError) Unwrap() error   { return e.APIError }
func (e *UnauthorizedError) Unwrap() error { return e.APIError }
func (e *ForbiddenError) Unwrap() error    { return e.APIError }
func (e *NotFoundError) Unwrap() error     { return e.APIError }
func (e *TooLargeError) Unwrap() error     { return e.APIError }
func (e *PartialError) Unwrap() error      { return e.APIError }

// Unwrap gives both the APIError and the failure.
func (e *UnavailableError) Unwrap() []error {
	if e.Err == nil {
		return []error{e.APIError}
	}
	return []error{e.APIError, e.Err}
}

// RetryAfter is how long BigCommerce asks to wait before a request that failed with err is sent
// again, 0 if it does not say.
func RetryAfter(err error) time.Duration {
	var limited *RateLimitError
	var away *UnavailableError
	switch {
	case errors.As(err, &limited):
		return limited.Wait()
	case errors.As(err, &away):
		return away.RetryAfter
	}
	return 0
}

// kindOf turns an answer that is not a success into the error for its status. said is how long its
// body says to wait, 0 if it does not.
func kindOf(e *APIError, a Answer, said time.Duration) error {
	switch {
	case e.Status == http.StatusTooManyRequests:
		return &RateLimitError{
			APIError:      e,
			HasRetryAfter: a.HasRetryAfter || said > 0, RetryAfter: max(a.RetryAfter, said),
			HasQuota: a.HasQuota, Quota: a.Quota, Left: a.Left, Window: a.Window, Reset: a.Reset,
		}
	case e.Status == http.StatusConflict:
		return &ConflictError{e}
	case e.Status == http.StatusUnprocessableEntity, e.Status == http.StatusBadRequest:
		return &ValidationError{e}
	case e.Status == http.StatusUnauthorized:
		return &UnauthorizedError{e}
	case e.Status == http.StatusForbidden:
		return &ForbiddenError{e}
	case e.Status == http.StatusNotFound:
		return &NotFoundError{e}
	case e.Status == http.StatusRequestEntityTooLarge, e.Status == http.StatusRequestURITooLong:
		return &TooLargeError{e}
	case e.Status >= http.StatusInternalServerError:
		return &UnavailableError{APIError: e, Sent: true, RetryAfter: max(a.RetryAfter, said)}
	default:
		return e
	}
}
