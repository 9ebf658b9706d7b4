package openapitest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"gopkg.in/yaml.v3"

	"sluice/internal/openapi"
	"sluice/internal/ratelimit"
)

// Document is the description, strict.
type Document struct {
	*openapi3.T
	templates []template
}

type template struct {
	path    string
	pattern *regexp.Regexp
}

var load = sync.OnceValues(func() (*Document, error) {
	for _, media := range []string{"text/event-stream", "text/html", "text/javascript", "application/x-ndjson"} {
		openapi3filter.RegisterBodyDecoder(media, openapi3filter.FileBodyDecoder)
	}
	// The decoder of the library answers with CSV written anew, and not all of ours is well formed on
	// purpose.
	openapi3filter.RegisterBodyDecoder("text/csv", openapi3filter.FileBodyDecoder)
	var tree map[string]any
	if err := yaml.Unmarshal(openapi.YAML, &tree); err != nil {
		return nil, err
	}
	closeObjects(tree["components"])
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	d := &Document{T: doc}
	for path := range doc.Paths.Map() {
		escaped := regexp.MustCompile(`\\\{[a-z_]+\\\}`).ReplaceAllString(regexp.QuoteMeta(path), `[^/]+`)
		d.templates = append(d.templates, template{path, regexp.MustCompile("^" + escaped + "$")})
	}
	return d, nil
})

// openObjects are described to be more than is described.
var openObjects = []string{"Webhook"}

// closeObjects refuses properties that are not described.
func closeObjects(components any) {
	schemas := components.(map[string]any)["schemas"].(map[string]any)
	for name, schema := range schemas {
		if !slices.Contains(openObjects, name) {
			closeObject(schema)
		}
	}
}

func closeObject(node any) {
	switch node := node.(type) {
	case map[string]any:
		_, hasProperties := node["properties"].(map[string]any)
		if _, said := node["additionalProperties"]; !said && hasProperties && node["type"] == "object" {
			node["additionalProperties"] = false
		}
		for name, child := range node {
			if name != "examples" {
				closeObject(child)
			}
		}
	case []any:
		for _, child := range node {
			closeObject(child)
		}
	}
}

// Load returns the description.
func Load(t testing.TB) *Document {
	t.Helper()
	d, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Operations calls each with every operation, in order.
func (d *Document) Operations(each func(method, path string, op *openapi3.Operation)) {
	for _, path := range slices.Sorted(maps.Keys(d.Paths.Map())) {
		ops := d.Paths.Value(path).Operations()
		for _, method := range slices.Sorted(maps.Keys(ops)) {
			each(method, path, ops[method])
		}
	}
}

// ginParam is a parameter of a route of gin.
var ginParam = regexp.MustCompile(`[:*]([a-z_]+)`)

// Path returns a route of gin as the description writes it.
func Path(route string) string { return ginParam.ReplaceAllString(route, "{$1}") }

// Operation returns the operation of a route of gin, nil if it is not described.
func (d *Document) Operation(method, route string) *openapi3.Operation {
	item := d.Paths.Value(Path(route))
	if item == nil {
		return nil
	}
	return item.GetOperation(method)
}

// Extension reads an operation's x- field into v and reports whether it is there.
func Extension(t testing.TB, op *openapi3.Operation, name string, v any) bool {
	t.Helper()
	raw, ok := op.Extensions[name]
	if !ok {
		return false
	}
	text, err := json.Marshal(raw)
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		t.Fatalf("%s of %s: %v", name, op.OperationID, err)
	}
	return true
}

func (d *Document) input(r *http.Request) *openapi3filter.RequestValidationInput {
	for _, one := range d.templates {
		if !one.pattern.MatchString(r.URL.EscapedPath()) {
			continue
		}
		item := d.Paths.Value(one.path)
		op := item.GetOperation(r.Method)
		if op == nil {
			return nil
		}
		return &openapi3filter.RequestValidationInput{
			Request: r, PathParams: pathParams(one.path, r.URL.EscapedPath()),
			Route:   &routers.Route{Spec: d.T, Server: d.Servers[0], Path: one.path, PathItem: item, Method: r.Method, Operation: op},
			Options: &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true},
		}
	}
	return nil
}

func pathParams(path, asked string) map[string]string {
	params := map[string]string{}
	parts := strings.Split(asked, "/")
	for i, name := range strings.Split(path, "/") {
		if strings.HasPrefix(name, "{") {
			params[strings.Trim(name, "{}")] = parts[i]
		}
	}
	return params
}

// CheckResponse fails t when w, the answer to r, is not as described. An address that is not
// described may answer what it likes: that each route is described is a test of its own.
func CheckResponse(t testing.TB, r *http.Request, w *httptest.ResponseRecorder) {
	t.Helper()
	d := Load(t)
	in := d.input(r)
	if in == nil {
		return
	}
	if err := d.response(in, w); err != nil {
		t.Errorf("%s %s answers %d, which is not as openapi.yaml says: %v", r.Method, r.URL.Path, w.Code, err)
	}
}

func (d *Document) response(in *openapi3filter.RequestValidationInput, w *httptest.ResponseRecorder) error {
	answer := in.Route.Operation.Responses.Status(w.Code)
	if answer != nil && len(answer.Value.Content) == 0 && w.Body.Len() > 0 {
		return fmt.Errorf("a body of %d bytes where none is described", w.Body.Len())
	}
	return openapi3filter.ValidateResponse(in.Request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: w.Code, Header: w.Header(), Options: in.Options, Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())),
	})
}

// CheckRequest fails t when r with this body is not a request that is described.
func CheckRequest(t testing.TB, r *http.Request, body string) {
	t.Helper()
	in := Load(t).input(r)
	if in == nil {
		t.Errorf("%s %s is not in openapi.yaml", r.Method, r.URL.Path)
		return
	}
	in.Request = r.Clone(r.Context())
	in.Request.Body = io.NopCloser(strings.NewReader(body))
	in.Request.ContentLength = int64(len(body))
	if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
		t.Errorf("%s %s: openapi.yaml does not describe the body %.200s: %v", r.Method, r.URL.Path, body, err)
	}
}

// CheckLimits fails t when the description of a route's rate limits is not of these. nil: there is
// none.
func CheckLimits(t testing.TB, method, route string, perAddress, perStore *ratelimit.Limit) {
	t.Helper()
	op := Load(t).Operation(method, route)
	if op == nil {
		t.Errorf("%s %s is not in openapi.yaml", method, route)
		return
	}
	type limit struct {
		Per     string `json:"per"`
		Burst   int    `json:"burst"`
		EveryMS int64  `json:"every_ms"`
	}
	var says, want []limit
	Extension(t, op, "x-rate-limits", &says)
	if perAddress != nil {
		want = append(want, limit{"address", perAddress.Burst, perAddress.Every.Milliseconds()})
	}
	if perStore != nil {
		want = append(want, limit{"store", perStore.Burst, perStore.Every.Milliseconds()})
	}
	if !slices.Equal(says, want) {
		t.Errorf("%s %s: rate limits %v are described, and they are %v", method, route, says, want)
	}
}
