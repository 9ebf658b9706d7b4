package bigcommerce

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
)

// oneOrFirst decodes an object, or the first of a list of objects: a 207 to a create has a list
// where a 200 has one.
type oneOrFirst[T any] struct{ value T }

func (o *oneOrFirst[T]) UnmarshalJSON(b []byte) error {
	if !bytes.HasPrefix(bytes.TrimSpace(b), []byte("[")) {
		return decodeNumbers(b, &o.value)
	}
	var list []T
	if err := decodeNumbers(b, &list); err != nil {
		return err
	}
	if len(list) > 0 {
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

// createOne posts one object and returns what was made of it, beside a *PartialError for a 207.
func createOne[T any](ctx context.Context, c *Client, path, query string, body any) (T, error) {
	r := request{method: http.MethodPost, path: path, query: query, body: body}
	env, status, err := send[envelope[oneOrFirst[T]]](ctx, c, r)
	if err != nil {
		return env.Data.value, err
	}
	return env.Data.value, partial(r, status, env.Errors)
}

// partial returns a *PartialError for a 207, else nil.
func partial(r request, status int, errors json.RawMessage) error {
	if status != http.StatusMultiStatus {
		return nil
	}
	body := parseErrorBody(errors)
	return &PartialError{&APIError{
		Status: status, Method: r.method, Path: r.path,
		Title: orDefault(body.title, http.StatusText(status)), Type: body.kind, Fields: body.fields,
	}}
}
