package bigcommerce

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseErrorBody(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want errorBody
	}{
		"empty":           {``, errorBody{}},
		"text":            {`Unauthorized`, errorBody{}},
		"a number":        {`17`, errorBody{}},
		"null":            {`null`, errorBody{}},
		"empty errors":    {`{"title":"no","errors":{}}`, errorBody{title: "no"}},
		"empty PHP array": {`{"title":"no","errors":[]}`, errorBody{title: "no"}},
		"null errors":     {`{"title":"no","errors":null}`, errorBody{title: "no"}},
		"errors as text":  {`{"title":"no","errors":"sku is taken"}`, errorBody{title: "no", fields: map[string]string{"": "sku is taken"}}},
		"list of texts":   {`{"title":"no","errors":["one","two"]}`, errorBody{title: "no", fields: map[string]string{"0": "one", "1": "two"}}},
		"nested":          {`{"title":"no","errors":{"variants":[{"price":"is negative"},{"sku":["a","b"]}]}}`, errorBody{title: "no", fields: map[string]string{"variants.0.price": "is negative", "variants.1.sku": "a; b"}}},
		"numbers":         {`{"title":"no","errors":{"code":9007199254740993,"fatal":true,"none":null}}`, errorBody{title: "no", fields: map[string]string{"code": "9007199254740993", "fatal": "true"}}},
		"a field called title": {
			`{"title":"no","errors":{"title":"is missing","type":"is unknown"}}`,
			errorBody{title: "no", fields: map[string]string{"title": "is missing", "type": "is unknown"}},
		},
		"detail":  {`{"status":400,"detail":"Bad JSON"}`, errorBody{title: "Bad JSON"}},
		"OAuth":   {`{"error":"invalid_client"}`, errorBody{title: "invalid_client"}},
		"V2, two": {`[{"status":409,"message":"first"},{"status":409,"message":"second","details":{"a":"b"}}]`, errorBody{title: "first", fields: map[string]string{"": "second", "a": "b"}}},
		// Every form of the official descriptions' 4xx, 5xx and 207 answers that differs from those
		// above.
		"title and detail": {`{"status":400,"title":"Input is invalid","type":"x","detail":"Syntax error"}`, errorBody{title: "Input is invalid", kind: "x", fields: map[string]string{"": "Syntax error"}}},
		"code for status":  {`{"code":401,"message":"Unauthorized"}`, errorBody{title: "Unauthorized"}},
		"status as text": {
			`{"errors":[{"status":"403","title":"Forbidden","error":"no scope"}]}`,
			errorBody{title: "Forbidden", fields: map[string]string{"": "no scope"}},
		},
		"price lists, 503": {
			`{"error":{"code":"SERVICE_DEGRADED","message":"Service temporarily unavailable","details":"please retry later","retry_after_seconds":30,"timestamp":"2024-01-01T00:00:00.000Z"}}`,
			errorBody{title: "Service temporarily unavailable", kind: "SERVICE_DEGRADED", fields: map[string]string{"": "please retry later"}, retryAfter: 30 * time.Second},
		},
		"a long wait":         {`{"error":{"code":"X","retry_after_seconds":99999999999}}`, errorBody{kind: "X", retryAfter: maxHeaderDuration}},
		"a wait of the past":  {`{"error":{"code":"X","retry_after_seconds":-5}}`, errorBody{kind: "X"}},
		"a wait by words":     {`{"error":{"code":"X","retry_after_seconds":"soon"}}`, errorBody{kind: "X"}},
		"promotion settings":  {`{"status":400,"title":"Bad","error":{"message":"the body is empty"}}`, errorBody{title: "Bad", fields: map[string]string{"": "the body is empty"}}},
		"fields as a list":    {`{"status":422,"title":"Bad","errors":[{"field":"a.b","message":"is wrong"},{"field":"c","message":"is missing"}]}`, errorBody{title: "Bad", fields: map[string]string{"a.b": "is wrong", "c": "is missing"}}},
		"variants":            {`{"batch_errors":[{"status":422,"title":"no","type":"x","errors":{"0.price":"is negative"}},{"status":422,"title":"no","errors":{"3.sku":"is taken"}}]}`, errorBody{title: "no", kind: "x", fields: map[string]string{"0.price": "is negative", "3.sku": "is taken"}}},
		"batch of texts":      {`{"batch_errors":["a","b"]}`, errorBody{fields: map[string]string{"batch_errors.0": "a", "batch_errors.1": "b"}}},
		"price records":       {`{"batch_errors":[{"data":{"variant_id":7,"sku":"A","currency":"usd"},"field_errors":{"price":"is negative"}}]}`, errorBody{fields: map[string]string{"variant_id 7 sku A currency usd.price": "is negative"}}},
		"one price record":    {`{"data":{"price_list_id":2,"variant_id":7,"currency":"usd"},"field_errors":{"price":["a","b"]}}`, errorBody{fields: map[string]string{"price_list_id 2 variant_id 7 currency usd.price": "a; b"}}},
		"refunds, 422":        {`{"data":[{"status":422,"title":"Unable to provide store credit for a guest customer.","type":"x"}]}`, errorBody{title: "Unable to provide store credit for a guest customer.", kind: "x"}},
		"refunds, 503":        {`{"data":[{"order_id":1,"status":503,"error":"Tax service gone away"}],"meta":{}}`, errorBody{title: "Tax service gone away"}},
		"data that is data":   {`{"data":[{"id":1,"title":"T","message":"M","status":"live"}],"errors":[{"status":422,"title":"no","type":"x","errors":{"0":"taken"}}],"meta":{"total":2,"success":1,"failed":1}}`, errorBody{title: "no", kind: "x", fields: map[string]string{"0": "taken"}}},
		"B2B":                 {`{"code":422,"data":{"errMsg":"The company e-mail is taken"},"meta":{"message":"Parameter error"}}`, errorBody{title: "Parameter error", fields: map[string]string{"": "The company e-mail is taken"}}},
		"B2B by field":        {`{"code":400,"data":{"errMsg":{"companyName":["is too long"]},"companyPhone":"is missing"},"meta":{"message":"Bad"}}`, errorBody{title: "Bad", fields: map[string]string{"companyName": "is too long", "companyPhone": "is missing"}}},
		"B2B without more":    {`{"code":404,"data":[],"meta":{"message":"Company does not exist"}}`, errorBody{title: "Company does not exist"}},
		"OAuth, described":    {`{"error":"invalid_grant","error_description":"the code was used"}`, errorBody{title: "invalid_grant", fields: map[string]string{"": "the code was used"}}},
		"under schema":        {`{"schema":{"code":"404","message":"Not found"}}`, errorBody{title: "Not found", kind: "404"}},
		"under value":         {`{"value":{"status":404,"title":"There was no metafield found with ID 1010","type":"x"}}`, errorBody{title: "There was no metafield found with ID 1010", kind: "x"}},
		"GraphQL":             {`{"errors":[{"message":"Cannot query field","locations":[{"line":1}]}]}`, errorBody{fields: map[string]string{"0.message": "Cannot query field", "0.locations.0.line": "1"}}},
		"site routes":         {`{"meta":{"saved_records":0},"title":"Bulk operation has failed","type":"x","errors":{"0.matching.type":"exists"},"status":422}`, errorBody{title: "Bulk operation has failed", kind: "x", fields: map[string]string{"0.matching.type": "exists"}}},
		"customers":           {`{"status":422,"title":"Create customers failed.","errors":{".customer_create":"Error creating customers"}}`, errorBody{title: "Create customers failed.", fields: map[string]string{".customer_create": "Error creating customers"}}},
		"a field called data": {`{"title":"no","errors":{"data":"is missing","meta":{"message":"is wrong"}}}`, errorBody{title: "no", fields: map[string]string{"data": "is missing", "meta.message": "is wrong"}}},

		"bad UTF-8":  {"{\"title\":\"caf\xe9\"}", errorBody{title: "caf\uFFFD"}},
		"cut":        {`{"title":"no","errors":{"a":`, errorBody{}},
		"two values": {`{"title":"no"}{"title":"yes"}`, errorBody{title: "no"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, parseErrorBody([]byte(tc.body), nil), cmp.AllowUnexported(errorBody{}), cmpopts.IgnoreFields(errorBody{}, "clean")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParseErrorBody(f *testing.F) {
	for _, seed := range []string{
		`{"status":422,"title":"JSON data is missing or invalid","type":"x","errors":{"name":"error.path.missing","0.sku":["a","b"]}}`,
		`{"errors":{"status":422,"title":"Bulk operation has failed","errors":{"0":{"name":"taken"}}},"meta":{"total":1}}`,
		`[{"status":400,"message":"The field is invalid.","details":{"invalid_reason":"out of range"}}]`,
		`{"errors":[{"status":400,"title":"Input is invalid"}]}`,
		`{"errors":{"errors":{"errors":{"errors":{"errors":{"errors":{"errors":{}}}}}}}}`,
		`{"error":{"code":"SERVICE_DEGRADED","message":"m","details":"d","retry_after_seconds":30}}`,
		`{"code":422,"data":{"errMsg":{"a":["b"]}},"meta":{"message":"m"}}`, `{"data":[{"status":503,"error":"gone","order_id":1}]}`,
		`{"batch_errors":[{"data":{"variant_id":7,"currency":"usd"},"field_errors":{"price":"x"}},{"status":422,"title":"t","errors":{"0.a":"b"}},"c"]}`,
		`{"schema":{"value":{"error":{"error":{"error":{"error":{"error":{}}}}}}}}`, `{"errors":[{"field":"a","message":{"b":["c"]}}]}`,
		`{"errors":{".customer_create":"Error creating customers: email jane@example.com already in use"}}`,
		strings.Repeat(`[`, 200), `<html>`, "\xff\xfe", `{"title":17,"errors":[null,[[[]]]]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c := &Client{token: func() string { return testToken }}
		e := parseErrorBody(body, c.redactor(request{path: customersPath}))
		if len(e.fields) > maxErrorFields || e.retryAfter < 0 || e.retryAfter > maxHeaderDuration {
			t.Errorf("%d fields, wait %v", len(e.fields), e.retryAfter)
		}
		texts := []string{e.title, e.kind}
		for key, text := range e.fields {
			texts = append(texts, key, text)
		}
		for _, text := range texts {
			if len(text) > maxErrorText || !utf8.ValidString(text) || emailPattern.MatchString(text) {
				t.Errorf("%d bytes of text: %q", len(text), text)
			}
		}
	})
}

// A refusal of a customer quotes a shopper's e-mail address; it must not be in anything that may be
// logged or shown, in whatever form it is written.
func TestErrorsNameNoShopper(t *testing.T) {
	for name, body := range map[string]string{
		"as recorded":   `{"status":422,"title":"Create customers failed.","type":"x","errors":{".customer_create":"Error creating customers: email jane.doe@example.com already in use"}}`,
		"in the title":  `{"status":422,"title":"email jane.doe@example.com already in use"}`,
		"as a key":      `{"status":422,"title":"no","errors":{"jane.doe@example.com":"is taken"}}`,
		"V2":            `[{"status":409,"message":"The customer jane.doe@example.com exists","details":{"conflict_reason":"<jane.doe@example.com>"}}]`,
		"B2B":           `{"code":409,"data":{"errMsg":"jane.doe@example.com is in use"},"meta":{"message":"Conflict"}}`,
		"escaped":       `{"status":422,"title":"email jane.doe\u0040example.com already in use"}`,
		"no JSON":       `email jane.doe@example.com already in use`,
		"quoted":        `{"status":422,"title":"email \"jane doe\"@example.com already in use"}`,
		"another":       `{"status":422,"title":"email jane.doe+o'neil@exämple.com already in use"}`,
		"long":          `{"status":422,"title":"` + strings.Repeat("x", maxErrorText-12) + ` jane.doe@example.com"}`,
		"long, excerpt": `{"status":422,"x":"` + strings.Repeat("x", maxBodyExcerpt-27) + ` jane.doe@example.com"}`,
		"two":           `{"status":422,"title":"jane.doe@example.com,jane@example.com"}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, answer(422, body))
			_, err := f.Customers.Create(t.Context(), NewCustomer{Email: "jane.doe@example.com", FirstName: "F", LastName: "L"})
			var api *APIError
			if !errors.As(err, &api) {
				t.Fatalf("%v", err)
			}
			if said := fmt.Sprintf("%v %+v", err, *api); strings.Contains(said, "jane") || strings.Contains(said, "doe") {
				t.Errorf("the error tells of the shopper: %s", said)
			}
			if name == "as recorded" && api.Fields[".customer_create"] != "Error creating customers: email [e-mail address] already in use" {
				t.Errorf("%v", api.Fields)
			}
		})
	}
	// A SKU is no address.
	f := newFixture(t, answer(409, `{"status":409,"title":"The sku A@B is a duplicate"}`))
	if _, err := f.Products.Create(t.Context(), Fields{"name": "Bolt"}); err == nil || !strings.Contains(err.Error(), "A@B") {
		t.Errorf("%v", err)
	}
}

// What an answer's body says of when to come back counts like a header.
func TestRetryAfterInTheBody(t *testing.T) {
	body := func(seconds int) string {
		return fmt.Sprintf(`{"error":{"code":"SERVICE_DEGRADED","message":"later","retry_after_seconds":%d}}`, seconds)
	}
	f := newFixture(t, answer(503, body(30)))
	_, err := f.Store.Time(t.Context())
	if RetryAfter(err) != 30*time.Second || len(f.log()) != 1 || len(f.slept) != 0 {
		t.Errorf("30 s: wait %v after %d requests: %v", RetryAfter(err), len(f.log()), err)
	}
	f = newFixture(t, answer(503, body(6)))
	if _, err = f.Store.Time(t.Context()); err == nil || len(f.log()) != maxRetries+1 {
		t.Errorf("6 s: %d requests: %v", len(f.log()), err)
	}
	for _, d := range f.slept {
		if d < 6*time.Second {
			t.Errorf("slept %v, was asked for 6 s", d)
		}
	}
	f = newFixture(t, answer(429, body(40)))
	_, err = f.Store.Time(t.Context())
	var limited *RateLimitError
	if !errors.As(err, &limited) || !limited.HasRetryAfter || limited.Wait() != 40*time.Second || RetryAfter(err) != 40*time.Second {
		t.Errorf("429: %v", err)
	}
	if RetryAfter(nil) != 0 || RetryAfter(errors.New("x")) != 0 {
		t.Error("a wait from nothing")
	}
}

func TestSplitIndex(t *testing.T) {
	for key, want := range map[string]struct {
		index int
		field string
		ok    bool
	}{
		"0.sku":              {0, "sku", true},
		"9.variants.0.price": {9, "variants.0.price", true},
		"3":                  {3, "", true},
		"name":               {0, "name", false},
		"variants.0.price":   {0, "variants.0.price", false},
		"-1.sku":             {0, "-1.sku", false},
		"":                   {0, "", false},
	} {
		if index, field, ok := SplitIndex(key); index != want.index || field != want.field || ok != want.ok {
			t.Errorf("SplitIndex(%q) = %d, %q, %v", key, index, field, ok)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, tc := range []struct {
		in    string
		limit int
		want  string
	}{
		{"short", 10, "short"},
		{"exactly10!", 10, "exactly10!"},
		{"eleven long", 10, "eleven …"},
		{"ääääää", 10, "äää…"},
		{"\xff\xff", 10, "\uFFFD"},
	} {
		if got := shorten(tc.in, tc.limit); got != tc.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", tc.in, tc.limit, got, tc.want)
		}
	}
}
