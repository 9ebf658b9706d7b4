package openapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the files below
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzhttp"
)

// Where the description is served.
const (
	PagePath = "/docs"
	YAMLPath = "/docs/openapi.yaml"
)

// cacheFor is how long a browser shows what it has without asking: a release may change it.
const cacheFor = "public, max-age=300"

// YAML is the description, as it is served.
//
//go:embed openapi.yaml
var YAML []byte

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// Docs serves the description and its page.
type Docs struct {
	page, yaml http.Handler
}

// New makes the page. It fails only when the program was built with a description that cannot be
// read.
func New() (*Docs, error) {
	page, err := render(YAML)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	d := &Docs{}
	if d.page, err = file("text/html; charset=utf-8", page); err != nil {
		return nil, err
	}
	d.yaml, err = file("application/yaml", YAML)
	return d, err
}

// render makes the page of a description.
func render(text []byte) ([]byte, error) {
	v, err := view(text)
	if err != nil {
		return nil, err
	}
	page, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return nil, err
	}
	v.Style, v.YAMLPath = template.CSS(pageCSS), YAMLPath //nolint:gosec // our own file
	var b bytes.Buffer
	err = page.Execute(&b, v)
	return b.Bytes(), err
}

// file answers GET and HEAD with content, compressed for those who take that: nothing in it is
// secret or the caller's, so its length tells nothing (see compressedTypes in app).
func file(contentType string, content []byte) (http.Handler, error) {
	sum := sha256.Sum256(content)
	etag := `W/"` + hex.EncodeToString(sum[:8]) + `"` // weak: compressed or not
	wrap, err := gzhttp.NewWrapper(gzhttp.EnableZstd(false), gzhttp.ContentTypes([]string{contentType}))
	if err != nil {
		return nil, err
	}
	return wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("ETag", etag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})), nil
}

// Register mounts the addresses.
func (d *Docs) Register(r gin.IRouter) {
	for path, handler := range map[string]http.Handler{PagePath: d.page, YAMLPath: d.yaml} {
		r.GET(path, headers, gin.WrapH(handler))
		r.HEAD(path, headers, gin.WrapH(handler))
	}
}

// policy lets the page have its own style, known by its hash, and nothing else.
var policy = "default-src 'none'; style-src 'sha256-" + styleHash() + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func styleHash() string {
	sum := sha256.Sum256([]byte(pageCSS))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func headers(c *gin.Context) {
	c.Header("Cache-Control", cacheFor)
	c.Header("Content-Security-Policy", policy)
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("X-Frame-Options", "DENY")
}
