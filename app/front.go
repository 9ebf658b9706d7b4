package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"

	"github.com/gin-gonic/gin"

	"sluice/internal/openapi"
)

//go:embed front.html
var frontHTML string

//go:embed front.css
var frontCSS string

// registerFront mounts the page at APP_URL itself, for people who go there with a browser: the app
// opens from BigCommerce's control panel only. supportURL may be "".
func registerFront(r gin.IRouter, supportURL string) error {
	page, err := template.New("front").Parse(frontHTML)
	if err != nil {
		return fmt.Errorf("front page: %w", err)
	}
	var b bytes.Buffer
	err = page.Execute(&b, struct {
		Style, SupportURL any
		DocsPath          string
	}{template.CSS(frontCSS), template.URL(supportURL), openapi.PagePath}) //nolint:gosec // our own file, and an address that the configuration admits
	if err != nil {
		return fmt.Errorf("front page: %w", err)
	}
	sum := sha256.Sum256([]byte(frontCSS))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	show := func(c *gin.Context) {
		c.Header("Content-Security-Policy", policy)
		c.Header("Cache-Control", "public, max-age=300")
		c.Data(http.StatusOK, "text/html; charset=utf-8", b.Bytes())
	}
	r.GET("/", show)
	r.HEAD("/", show)
	return nil
}
