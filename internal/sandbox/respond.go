package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// statusDocs is the type of every V3 error.
const statusDocs = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"

// reply is an API answer before it is written, so that a fault may cut the connection instead.
type reply struct {
	status int
	ctype  string // default application/json
	body   []byte
	err    string // title of an error reply, for tests and the log
}

// errorBody is a V3 error.
type errorBody struct {
	Status int               `json:"status"`
	Title  string            `json:"title"`
	Type   string            `json:"type"`
	Errors map[string]string `json:"errors"`
}

func okJSON(status int, v any) reply {
	return reply{status: status, body: []byte(compact(v))}
}

// fail is a V3 error; errs may be nil.
func fail(status int, title string, errs map[string]string) reply {
	if errs == nil {
		errs = map[string]string{}
	}
	return reply{status: status, err: title, body: []byte(compact(errorBody{status, title, statusDocs, errs}))}
}

// invalid is the 422 of a request whose fields are wrong.
func invalid(errs map[string]string) reply {
	return fail(http.StatusUnprocessableEntity, titleFields, errs)
}

// conflict is the 409 of a value that must be unique.
func conflict(field, title string) reply {
	return fail(http.StatusConflict, title, map[string]string{field: title})
}

// notFound is a 404, which is documented without an errors object.
func notFound(title string) reply {
	return reply{status: http.StatusNotFound, err: title, body: []byte(compact(struct {
		Status int    `json:"status"`
		Title  string `json:"title"`
		Type   string `json:"type"`
	}{http.StatusNotFound, title, statusDocs}))}
}

func malformed() reply { return fail(http.StatusBadRequest, "Input is invalid.", nil) }

var noContent = reply{status: http.StatusNoContent}

// maxBody is the largest request body that is read.
const maxBody = 32 << 20

var errMalformed = errors.New("malformed JSON")

// readJSON decodes exactly one JSON value, with numbers as json.Number.
func readJSON(r io.Reader) (any, error) {
	dec := json.NewDecoder(io.LimitReader(r, maxBody))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, errMalformed
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errMalformed
	}
	return v, nil
}

// value answers one thing that is not encoded yet.
func value(status int, v any) reply {
	return okJSON(status, map[string]any{"data": v, "meta": map[string]any{}})
}

// readObject reads a request that must be one object.
func (c *call) readObject() (map[string]any, *reply) {
	v, err := readJSON(c.r.Body)
	if err != nil {
		r := malformed()
		return nil, &r
	}
	m, ok := v.(map[string]any)
	if !ok {
		r := invalid(map[string]string{"obj": msgObject})
		return nil, &r
	}
	return m, nil
}

// readObjects reads a request that must be an array of objects.
func (c *call) readObjects() ([]map[string]any, *reply) {
	v, err := readJSON(c.r.Body)
	if err != nil {
		r := malformed()
		return nil, &r
	}
	list, ok := v.([]any)
	if !ok {
		r := invalid(map[string]string{"obj": msgArray})
		return nil, &r
	}
	out := make([]map[string]any, len(list))
	for i, e := range list {
		if out[i], ok = e.(map[string]any); !ok {
			r := invalid(map[string]string{"obj": msgObject})
			return nil, &r
		}
	}
	return out, nil
}

// pageMeta is meta.pagination of a V3 collection.
type pageMeta struct {
	Total       int       `json:"total"`
	Count       int       `json:"count"`
	PerPage     int       `json:"per_page"`
	CurrentPage int       `json:"current_page"`
	TotalPages  int       `json:"total_pages"`
	Links       pageLinks `json:"links"`
}

type pageLinks struct {
	Previous string `json:"previous,omitempty"`
	Next     string `json:"next,omitempty"`
	Current  string `json:"current"`
}

// collection answers a page of a V3 collection; rows are encoded already.
func collection(rows [][]byte, meta pageMeta) reply {
	var b bytes.Buffer
	b.WriteString(`{"data":[`)
	for i, r := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(r)
	}
	b.WriteString(`],"meta":{"pagination":`)
	b.WriteString(compact(meta))
	b.WriteString("}}")
	return reply{status: http.StatusOK, body: b.Bytes()}
}

// isV2 reports whether a request is one of the V2 API.
func isV2(r *http.Request) bool {
	_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/stores/"), "/")
	return path == "v2" || strings.HasPrefix(path, "v2/")
}

// to gives an answer the form of the request's API. Whatever refused a V2 request, the error is
// V2's array: clients of V2 read nothing else.
func (r reply) to(req *http.Request) reply {
	if r.status < http.StatusBadRequest || !isV2(req) {
		return r
	}
	return errorV2(r.status, cmp.Or(r.err, http.StatusText(r.status)))
}

// errorV2 is a V2 error: an array of what is wrong.
func errorV2(status int, message string) reply {
	type one struct {
		Status  int    `json:"status"`
		Message string `json:"message"`
	}
	return reply{status: status, err: message, body: []byte(compact([]one{{status, message}}))}
}

// single answers one thing.
func single(raw []byte) reply {
	b := make([]byte, 0, len(raw)+22)
	b = append(b, `{"data":`...)
	b = append(b, raw...)
	return reply{status: http.StatusOK, body: append(b, `,"meta":{}}`...)}
}

func sortedKeys[K int64 | string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
