package auth

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"html/template"
	"net/http"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/internal/refusals"
)

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// refuse answers a browser with a page that says what is wrong and what to do, never with the
// token.
func (a *Auth) refuse(c *gin.Context, err error) {
	noteRefusal(c, refusals.Page, err)
	if problem.Status(err) >= http.StatusInternalServerError {
		a.cfg.Log.ErrorContext(c.Request.Context(), "page failed", "route", c.FullPath(), "request_id", c.GetString(problem.RequestIDKey), "error", err)
	}
	nonce := rand.Text()
	var b bytes.Buffer
	data := struct{ Nonce, Message, Code, RequestID string }{nonce, problem.MessageOf(err), string(problem.CodeOf(err)), c.GetString(problem.RequestIDKey)}
	if err := page.Execute(&b, data); err != nil {
		c.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+nonce+"'; base-uri 'none'; form-action 'none'; frame-ancestors "+FrameAncestors(a.cfg.FrameAncestors, claimedStore(c)))
	h.Del("X-Frame-Options") // which names no origins; the policy does
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	c.Abort()
	c.Data(problem.Status(err), "text/html; charset=utf-8", b.Bytes())
}
