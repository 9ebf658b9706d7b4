package bigcommerce

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// kinds are the types of error that a status can become.
var kinds = map[string]func(error) bool{
	"RateLimitError":    func(err error) bool { return errors.As(err, new(*RateLimitError)) },
	"ConflictError":     func(err error) bool { return errors.As(err, new(*ConflictError)) },
	"ValidationError":   func(err error) bool { return errors.As(err, new(*ValidationError)) },
	"UnauthorizedError": func(err error) bool { return errors.As(err, new(*UnauthorizedError)) },
	"ForbiddenError":    func(err error) bool { return errors.As(err, new(*ForbiddenError)) },
	"NotFoundError":     func(err error) bool { return errors.As(err, new(*NotFoundError)) },
	"TooLargeError":     func(err error) bool { return errors.As(err, new(*TooLargeError)) },
	"UnavailableError":  func(err error) bool { return errors.As(err, new(*UnavailableError)) },
	"PartialError":      func(err error) bool { return errors.As(err, new(*PartialError)) },
}

const statusCodesType = "/api-docs/getting-started/api-status-codes"

func TestEveryKindOfError(t *testing.T) {
	const path = productsPath
	for name, tc := range map[string]struct {
		status int
		body   string
		kind   string // "" for a plain APIError
		want   APIError
		text   string
	}{
		"422 with fields": {
			422, `{"status":422,"title":"JSON data is missing or invalid","type":"` + statusCodesType + `","errors":{"price":"error.expected.jsnumber","name":"error.path.missing"}}`,
			"ValidationError",
			APIError{Title: "JSON data is missing or invalid", Type: statusCodesType, Fields: map[string]string{"price": "error.expected.jsnumber", "name": "error.path.missing"}},
			"bigcommerce: POST /v3/catalog/products: 422 JSON data is missing or invalid; name: error.path.missing; price: error.expected.jsnumber",
		},
		"422 of a batch": {
			422, `{"code":422,"status":422,"title":"JSON data is missing or invalid","errors":{"0.sku":"must not be longer than 255 characters","3.name":["is empty","is required"]}}`,
			"ValidationError",
			APIError{Title: "JSON data is missing or invalid", Fields: map[string]string{"0.sku": "must not be longer than 255 characters", "3.name": "is empty; is required"}},
			"bigcommerce: POST /v3/catalog/products: 422 JSON data is missing or invalid; 0.sku: must not be longer than 255 characters; 3.name: is empty; is required",
		},
		"422 of category trees": {
			422, `{"errors":{"status":422,"title":"Bulk operation has failed","type":"` + statusCodesType + `","errors":{"0.name":"must be unique"}},"meta":{"total":1,"success":0,"failed":1}}`,
			"ValidationError",
			APIError{Title: "Bulk operation has failed", Type: statusCodesType, Fields: map[string]string{"0.name": "must be unique"}},
			"bigcommerce: POST /v3/catalog/products: 422 Bulk operation has failed; 0.name: must be unique",
		},
		"400 of category trees": {
			400, `{"errors":[{"status":400,"title":"Input is invalid","type":"x"}]}`,
			"ValidationError", APIError{Title: "Input is invalid", Type: "x"},
			"bigcommerce: POST /v3/catalog/products: 400 Input is invalid",
		},
		"400 of V2": {
			400, `[{"status":400,"message":"The field 'status_id' is invalid.","details":{"invalid_reason":"The value is out of range.","conflicting":[1,2]}}]`,
			"ValidationError",
			APIError{Title: "The field 'status_id' is invalid.", Fields: map[string]string{"invalid_reason": "The value is out of range.", "conflicting.0": "1", "conflicting.1": "2"}},
			"bigcommerce: POST /v3/catalog/products: 400 The field 'status_id' is invalid.; conflicting.0: 1; conflicting.1: 2; invalid_reason: The value is out of range.",
		},
		"401 in plain text": {
			401, `Unauthorized`, "UnauthorizedError", APIError{Title: "Unauthorized"},
			"bigcommerce: POST /v3/catalog/products: 401 Unauthorized",
		},
		"401 of hooks": {
			401, `{"status":401,"title":"Unauthorized - the v3 Auth client ID or token in the request are not a valid combination for this store.","type":"` + statusCodesType + `"}`,
			"UnauthorizedError",
			APIError{Title: "Unauthorized - the v3 Auth client ID or token in the request are not a valid combination for this store.", Type: statusCodesType},
			"bigcommerce: POST /v3/catalog/products: 401 Unauthorized - the v3 Auth client ID or token in the request are not a valid combination for this store.",
		},
		"403": {
			403, `{"status":403,"title":"You don't have a required scope to access the endpoint"}`, "ForbiddenError",
			APIError{Title: "You don't have a required scope to access the endpoint"},
			"bigcommerce: POST /v3/catalog/products: 403 You don't have a required scope to access the endpoint",
		},
		"404": {
			404, `{"status":404,"title":"The resource was not found.","type":"x","instance":""}`, "NotFoundError",
			APIError{Title: "The resource was not found.", Type: "x"},
			"bigcommerce: POST /v3/catalog/products: 404 The resource was not found.",
		},
		"404 of V2": {
			404, `[{"status":404,"message":"The requested resource was not found."}]`, "NotFoundError",
			APIError{Title: "The requested resource was not found."},
			"bigcommerce: POST /v3/catalog/products: 404 The requested resource was not found.",
		},
		"409": {
			409, `{"status":409,"title":"The product name is a duplicate","type":"x","errors":{"name":"The product name is a duplicate"}}`, "ConflictError",
			APIError{Title: "The product name is a duplicate", Type: "x", Fields: map[string]string{"name": "The product name is a duplicate"}},
			"bigcommerce: POST /v3/catalog/products: 409 The product name is a duplicate; name: The product name is a duplicate",
		},
		"413": {
			413, `{"errors":{},"status":413,"title":"The request payload is too large. The maximum items allowed in the array is 10.","type":"` + statusCodesType + `"}`, "TooLargeError",
			APIError{Title: "The request payload is too large. The maximum items allowed in the array is 10.", Type: statusCodesType},
			"bigcommerce: POST /v3/catalog/products: 413 The request payload is too large. The maximum items allowed in the array is 10.",
		},
		"414": {
			414, `<html><head><title>414 Request-URI Too Large</title></head></html>`, "TooLargeError",
			APIError{Title: "Request URI Too Long"},
			"bigcommerce: POST /v3/catalog/products: 414 Request URI Too Long",
		},
		"429": {
			429, `{"status":429,"title":"Too many requests","type":"x"}`, "RateLimitError",
			APIError{Title: "Too many requests", Type: "x"},
			"bigcommerce: POST /v3/catalog/products: 429 Too many requests",
		},
		"500": {
			500, ``, "UnavailableError", APIError{Title: "Internal Server Error"},
			"bigcommerce: POST /v3/catalog/products: 500 Internal Server Error",
		},
		"status without a kind": {
			418, `{}`, "", APIError{Title: "I'm a teapot"}, "bigcommerce: POST /v3/catalog/products: 418 I'm a teapot",
		},
		"status without a name": {
			599, `{}`, "UnavailableError", APIError{Title: "unexpected status"}, "bigcommerce: POST /v3/catalog/products: 599 unexpected status",
		},
		"no field": {
			422, `{"status":422,"title":"no","errors":"sku is taken"}`, "ValidationError",
			APIError{Title: "no", Fields: map[string]string{"": "sku is taken"}},
			"bigcommerce: POST /v3/catalog/products: 422 no; sku is taken",
		},
		"many fields": {
			422, `{"status":422,"title":"no","errors":{"a":"1","b":"2","c":"3","d":"4","e":"5","f":"6","g":"7"}}`, "ValidationError",
			APIError{Title: "no", Fields: map[string]string{"a": "1", "b": "2", "c": "3", "d": "4", "e": "5", "f": "6", "g": "7"}},
			"bigcommerce: POST /v3/catalog/products: 422 no; a: 1; b: 2; c: 3; d: 4; e: 5; and 2 more",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, answer(tc.status, tc.body))
			_, err := f.Products.Create(t.Context(), Fields{"name": "Bolt"})
			for kind, is := range kinds {
				if is(err) != (kind == tc.kind) {
					t.Errorf("is it a %s? %v", kind, is(err))
				}
			}
			var got *APIError
			if !errors.As(err, &got) {
				t.Fatalf("%v has no APIError", err)
			}
			tc.want.Status, tc.want.Method, tc.want.Path, tc.want.Body = tc.status, http.MethodPost, path, tc.body
			if diff := cmp.Diff(tc.want, *got); diff != "" {
				t.Error(diff)
			}
			if err.Error() != tc.text {
				t.Errorf("text\n%s, want\n%s", err, tc.text)
			}
		})
	}
}

func TestBodiesOfErrorsAreCapped(t *testing.T) {
	f := newFixture(t, answer(400, strings.Repeat("ö", maxErrorBody)))
	_, err := f.Store.Get(t.Context())
	var e *ValidationError
	if !errors.As(err, &e) || len(e.Body) > maxBodyExcerpt || !strings.HasSuffix(e.Body, "ö…") {
		t.Fatalf("%v; body has %d bytes and ends %q", err, len(e.Body), e.Body[len(e.Body)-8:])
	}
}

func TestRateLimitError(t *testing.T) {
	const (
		quota, left   = "X-Rate-Limit-Requests-Quota", "X-Rate-Limit-Requests-Left"
		window, reset = "X-Rate-Limit-Time-Window-Ms", "X-Rate-Limit-Time-Reset-Ms"
	)
	for name, tc := range map[string]struct {
		headers map[string]string
		want    RateLimitError
		wait    time.Duration
	}{
		"window used up": {
			map[string]string{quota: "150", left: "0", window: "30000", reset: "12000"},
			RateLimitError{HasQuota: true, Quota: 150, Window: 30 * time.Second, Reset: 12 * time.Second}, 12 * time.Second,
		},
		"window used up and a longer wait": {
			map[string]string{quota: "150", left: "0", window: "30000", reset: "12000", "X-Retry-After": "20"},
			RateLimitError{HasQuota: true, Quota: 150, Window: 30 * time.Second, Reset: 12 * time.Second, HasRetryAfter: true, RetryAfter: 20 * time.Second}, 20 * time.Second,
		},
		"concurrency of the endpoint": {
			map[string]string{quota: "150", left: "90", window: "30000", reset: "12000"},
			RateLimitError{HasQuota: true, Quota: 150, Left: 90, Window: 30 * time.Second, Reset: 12 * time.Second}, 0,
		},
		"retry after only":     {map[string]string{"X-Retry-After": "5"}, RateLimitError{HasRetryAfter: true, RetryAfter: 5 * time.Second}, 5 * time.Second},
		"load of the platform": {nil, RateLimitError{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, func(w http.ResponseWriter, r *http.Request) {
				for k, v := range tc.headers {
					w.Header().Set(k, v)
				}
				answer(429, `{"status":429,"title":"Too many requests"}`)(w, r)
			})
			_, err := f.Store.Get(t.Context())
			var e *RateLimitError
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			got := *e
			got.APIError = nil
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if e.Wait() != tc.wait {
				t.Errorf("wait %v, want %v", e.Wait(), tc.wait)
			}
			if a := f.limiter.answers; len(a) != 1 || a[0].Status != 429 || a[0].HasQuota != e.HasQuota || a[0].HasRetryAfter != e.HasRetryAfter {
				t.Errorf("the limiter was told %+v", a)
			}
		})
	}
}

func TestNoQuotaErrorText(t *testing.T) {
	err := &NoQuotaError{Until: time.Date(2026, 11, 22, 13, 0, 0, 0, time.FixedZone("CET", 3600))}
	if want := "bigcommerce: no quota left until 2026-11-22T12:00:00Z"; err.Error() != want {
		t.Errorf("%s, want %s", err, want)
	}
}
