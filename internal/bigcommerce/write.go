package bigcommerce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

var errNoData = errors.New("the answer has no data")

// one decodes an object, or the first of a list of objects: a 207 to a create has a list where a
// 200 has one object. found is false for null, an empty list, and when there was nothing to decode.
type one[T any] struct {
	value T
	found bool
}

func (o *one[T]) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	if !bytes.HasPrefix(b, []byte("[")) {
		o.found = true
		return decodeNumbers(b, &o.value)
	}
	var list []T
	if err := decodeNumbers(b, &list); err != nil {
		return err
	}
	if o.found = len(list) > 0; o.found {
		o.value = list[0]
	}
	return nil
}

// decodeNumbers is json.Unmarshal with numbers as json.Number: a decoder's UseNumber does not reach
// into an UnmarshalJSON.
func decodeNumbers(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	return dec.Decode(v)
}

// writeOne sends one object and returns what became of it, beside a *PartialError for a 207. A 207
// without an object wrote nothing and is a *ValidationError.
func writeOne[T any](ctx context.Context, c *Client, r request) (T, error) {
	env, status, err := send[envelope[one[T]]](ctx, c, r)
	switch {
	case err != nil:
		return env.Data.value, err
	case status == http.StatusMultiStatus && env.Data.found:
		return env.Data.value, &PartialError{c.multiStatus(r, env.Errors)}
	case status == http.StatusMultiStatus:
		return env.Data.value, &ValidationError{c.multiStatus(r, env.Errors)}
	case !env.Data.found:
		return env.Data.value, c.unavailable(ctx, r, status, true, errNoData)
	}
	return env.Data.value, nil
}

// multiStatus is what a 207 to r says went wrong.
func (c *Client) multiStatus(r request, raw json.RawMessage) *APIError {
	body := parseErrorBody(raw, c.redactor(r))
	return r.apiError(http.StatusMultiStatus, body, http.StatusText(http.StatusMultiStatus))
}

// BatchResult is what became of a batch.
type BatchResult struct {
	Data   []Fields     // the items as they now are; all of the batch unless Errors
	Errors []BatchError // a 207: what of the batch failed, although the request as a whole did not
}

// BatchError is one failure within a batch.
type BatchError struct {
	Status int
	Title  string
	Fields map[string]string // by BigCommerce's own keys, see APIError.Fields
}

// checkBatch refuses what BigCommerce would refuse, without the request.
func checkBatch(what string, batch []Fields, most int) error {
	if len(batch) == 0 || len(batch) > most {
		return fmt.Errorf("bigcommerce: %d %s in one update, must be 1 to %d", len(batch), what, most)
	}
	return nil
}

// putBatch updates a batch of documents.
func putBatch(ctx context.Context, c *Client, path, query string, batch []Fields) (BatchResult, error) {
	r := request{method: http.MethodPut, path: path, query: query, body: batch}
	env, status, err := send[envelope[[]Fields]](ctx, c, r)
	if err != nil {
		return BatchResult{}, err
	}
	result := BatchResult{Data: env.Data}
	if status == http.StatusMultiStatus {
		result.Errors = batchErrors(env.Errors, c.redactor(r))
	}
	return result, nil
}

// batchErrors reads the errors of a 207: an error object, or a list of them.
func batchErrors(raw json.RawMessage, clean func(string) string) []BatchError {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	if len(list) == 0 { // something failed, or it would be a 200
		list = []json.RawMessage{nil}
	}
	errs := make([]BatchError, 0, len(list))
	for _, item := range list {
		var head struct {
			Status int `json:"status"`
		}
		_ = json.Unmarshal(item, &head) // 0 if it has none
		body := parseErrorBody(item, clean)
		errs = append(errs, BatchError{
			Status: head.Status,
			Title:  orDefault(body.title, http.StatusText(http.StatusMultiStatus)),
			Fields: body.fields,
		})
	}
	return errs
}
