package customer

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/tenants"
)

const (
	// scriptForever is for addresses that name a version: their text never changes.
	scriptForever = "public, max-age=31536000, immutable"
	// scriptAwhile is for the address without one, which people may write into a theme by hand.
	scriptAwhile = "public, max-age=300"
)

// script answers GET /storefront/{store_hash}/sluice.js. The text is public and the same for
// everybody, so any page may load it (browsers check integrity only of what they may read): that
// opens nothing, since whatever the script asks for is subject to the rules of the store's own
// origins (origins.go).
func (s *Service) script(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	if !s.cfg.Limits.Pass(c, "", scriptsPerAddress, nil) {
		return
	}
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	text, cache := currentText, scriptAwhile
	if v, named := c.GetQuery("v"); named {
		text, cache = scriptTexts[v], scriptForever
	}
	if text == nil || !tenants.ValidStoreHash(c.Param("store_hash")) {
		// Not to be remembered: while a release is rolled out some processes do not have its text yet.
		h.Set("Cache-Control", "no-store")
		problem.Write(c, problem.New(problem.NotFound, "There is no such version of the storefront script."))
		return
	}
	h.Set("Cache-Control", cache)
	h.Add("Vary", "Accept-Encoding")
	h.Set("ETag", `"`+text.version+`"`)
	if strings.Contains(c.GetHeader("If-None-Match"), text.version) {
		c.Status(http.StatusNotModified)
		return
	}
	body := text.plain
	if acceptsGzip(c.GetHeader("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		h.Set("ETag", `"`+text.version+`-gzip"`)
		body = text.gzipped
	}
	c.Data(http.StatusOK, "text/javascript; charset=utf-8", body)
}

// acceptsGzip reads an Accept-Encoding header as far as it speaks of gzip. One that refuses it by
// weight is taken at its word.
func acceptsGzip(header string) bool {
	for coding := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			weight = strings.ReplaceAll(weight, " ", "")
			return !strings.HasPrefix(weight, "q=0") || strings.Trim(weight, "q=0.") != ""
		}
	}
	return false
}
