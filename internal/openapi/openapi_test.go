package openapi_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"
	"golang.org/x/net/html"

	"sluice/internal/openapi"
	"sluice/internal/openapi/openapitest"
	"sluice/internal/problem"
)

// TestDescription: what OpenAPI does not ask for and whoever calls needs. That it is OpenAPI 3.1
// and that its examples are of their schemas, Load has checked.
func TestDescription(t *testing.T) {
	d := openapitest.Load(t)
	if !d.IsOpenAPI31OrLater() {
		t.Errorf("it is OpenAPI %s", d.OpenAPI)
	}
	ids := map[string]bool{}
	d.Operations(func(method, path string, op *openapi3.Operation) {
		name := method + " " + path
		if op.OperationID == "" || ids[op.OperationID] {
			t.Errorf("%s: the operationId %q is missing or another's too", name, op.OperationID)
		}
		ids[op.OperationID] = true
		var access string
		if op.Summary == "" || op.Security == nil || !openapitest.Extension(t, op, "x-access", &access) {
			t.Errorf("%s needs summary, security and x-access", name)
		}
		if op.RequestBody != nil {
			checkExamples(t, name, op.RequestBody.Value.Content)
		}
		var limits []any
		limited := openapitest.Extension(t, op, "x-rate-limits", &limits)
		if refused := op.Responses.Value("429") != nil || op.Responses.Value("4XX") != nil; limited != refused {
			t.Errorf("%s: rate limits %v, answers 429 %v", name, limited, refused)
		}
		for status, response := range op.Responses.Map() {
			checkExamples(t, name+" "+status, response.Value.Content)
			checkCodes(t, name, status, response.Value)
		}
	})
}

// checkExamples wants an example of every JSON that is sent.
func checkExamples(t *testing.T, name string, content openapi3.Content) {
	t.Helper()
	for media, m := range content {
		if media == "application/json" && m.Example == nil && len(m.Schema.Value.Examples) == 0 {
			t.Errorf("%s: %s has no example", name, media)
		}
	}
}

// checkCodes wants the codes of a problem, each with the status that problem gives it.
func checkCodes(t *testing.T, name, status string, r *openapi3.Response) {
	t.Helper()
	m := r.Content[problem.ContentType]
	if m == nil {
		return
	}
	n := 0
	for _, part := range m.Schema.Value.AllOf {
		if part.Ref != "" {
			continue
		}
		for _, code := range part.Value.Properties["code"].Value.Enum {
			n++
			if is := problem.Status(problem.New(problem.Code(code.(string)), "x")); strconv.Itoa(is) != status {
				t.Errorf("%s: code %s is described with %s and is answered with %d", name, code, status, is)
			}
		}
	}
	if n == 0 {
		t.Errorf("%s: %s names no code", name, status)
	}
}

func serve(t *testing.T, method, path string, header map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	docs, err := openapi.New()
	if err != nil {
		t.Fatal(err)
	}
	gin.SetMode(gin.TestMode)
	router := gin.New()
	docs.Register(router)
	r := httptest.NewRequest(method, path, nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	router.ServeHTTP(w, r)
	return w
}

// TestPage: it has every operation and schema, its links lead somewhere, it loads nothing, and its
// policy lets its style through.
func TestPage(t *testing.T) {
	w := serve(t, http.MethodGet, openapi.PagePath, nil)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %s", w.Code, w.Header())
	}
	page := w.Body.String()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	ids, links := map[string]bool{}, []string{}
	for n := range root.Descendants() {
		if slices.Contains([]string{"script", "link", "img", "iframe", "form", "object"}, n.Data) && n.Type == html.ElementNode {
			t.Errorf("the page has a <%s>", n.Data)
		}
		for _, a := range n.Attr {
			switch a.Key {
			case "id":
				if ids[a.Val] {
					t.Errorf("two elements are %s", a.Val)
				}
				ids[a.Val] = true
			case "href", "aria-labelledby":
				links = append(links, a.Val)
			case "style", "src":
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
	}
	for _, link := range links {
		if link != openapi.YAMLPath && !ids[strings.TrimPrefix(link, "#")] {
			t.Errorf("%s leads nowhere", link)
		}
	}
	_, style, _ := strings.Cut(page, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	if hash := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(w.Header().Get("Content-Security-Policy"), "style-src "+hash+";") {
		t.Errorf("the policy does not let the style (%s) through", hash)
	}
	d := openapitest.Load(t)
	d.Operations(func(method, path string, op *openapi3.Operation) {
		if !ids[op.OperationID] || !strings.Contains(page, "<code>"+method+" "+path+"</code>") {
			t.Errorf("the page lacks %s %s", method, path)
		}
	})
	for name := range d.Components.Schemas {
		if !ids["schema-"+name] {
			t.Errorf("the page lacks the schema %s", name)
		}
	}
	if leftover := regexp.MustCompile(`ZgotmplZ|%!|&lt;nil&gt;`).FindString(page); leftover != "" {
		t.Errorf("the page has %s", leftover)
	}
}

func TestServed(t *testing.T) {
	for path, contentType := range map[string]string{openapi.PagePath: "text/html; charset=utf-8", openapi.YAMLPath: "application/yaml"} {
		w := serve(t, http.MethodGet, path, nil)
		h := w.Header()
		csp := h.Get("Content-Security-Policy")
		if w.Code != http.StatusOK || h.Get("Content-Type") != contentType || h.Get("Cache-Control") != "public, max-age=300" ||
			h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(csp, "default-src 'none'; ") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: %d %v", path, w.Code, h)
		}
		if again := serve(t, http.MethodGet, path, map[string]string{"If-None-Match": h.Get("ETag")}); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("%s, which the browser has: %d", path, again.Code)
		}
		if head := serve(t, http.MethodHead, path, nil); head.Code != http.StatusOK || head.Body.Len() > 0 {
			t.Errorf("HEAD %s: %d", path, head.Code)
		}
		small := serve(t, http.MethodGet, path, map[string]string{"Accept-Encoding": "gzip"})
		if small.Header().Get("Content-Encoding") != "gzip" || small.Body.Len()*3 > w.Body.Len() {
			t.Errorf("%s, compressed: %d of %d bytes, %v", path, small.Body.Len(), w.Body.Len(), small.Header())
		}
	}
	if got := serve(t, http.MethodGet, openapi.YAMLPath, nil).Body.String(); got != string(openapi.YAML) {
		t.Error("openapi.yaml is served otherwise than it is")
	}
}
