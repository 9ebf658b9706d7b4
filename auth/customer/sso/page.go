package sso

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"html/template"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/internal/ratelimit"
	"sluice/internal/refusals"
	"sluice/tenants"
)

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// show answers with a page. back is the storefront to link to, "" if it is not known.
func show(c *gin.Context, status int, title, message, code, back string) {
	nonce := rand.Text()
	var b bytes.Buffer
	err := page.Execute(&b, struct{ Nonce, Title, Message, Code, Back, RequestID string }{
		nonce, title, message, code, back, c.GetString(problem.RequestIDKey),
	})
	if err != nil {
		c.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	c.Header("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+nonce+"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	c.Abort()
	c.Data(status, "text/html; charset=utf-8", b.Bytes())
}

// refused ends a request that signs nobody in, with a page and, if row belongs to a store, a line
// in the store's log of sign-ins.
func (s *Service) refused(c *gin.Context, row *tenants.SignIn, back string, err error) {
	ctx, r := c.Request.Context(), refusalOf(err)
	refusals.Kind(c, refusals.SignIn)
	refusals.Reason(c, r.code, "", r.err)
	if r.status >= http.StatusInternalServerError {
		s.cfg.Log.WarnContext(ctx, "sign-in failed", "store", tenants.StoreHash(ctx), "route", c.FullPath(), "code", r.code,
			"request_id", c.GetString(problem.RequestIDKey), "error", r.err)
	}
	// Whom the provider named is always noted; what anybody can make happen is bounded.
	if row != nil && (row.Email != "" || row.CustomerID != 0 || s.cfg.Limiter.Wait(anonymous, tenants.StoreHash(ctx), netip.Addr{}) == 0) {
		row.Result, row.Detail = r.code, r.detail
		s.cfg.SignIn.Record(ctx, *row)
	}
	show(c, r.status, "You are not signed in", r.message, r.code, back)
}

// pass admits a request, or answers 429 with a page. One for a store that is not known to have the
// app counts against its address, whatever store it names: else each made-up name would have a
// limit of its own.
func (s *Service) pass(c *gin.Context, store string) bool {
	address := ratelimit.Address(c)
	var wait time.Duration
	if installed, known := s.stores.get(store, s.now()); !installed || !known {
		wait = s.cfg.Limiter.Wait(perAddress, "", address) // before it is looked up
	}
	if wait == 0 && s.installed(c.Request.Context(), store) {
		if wait = s.cfg.Limiter.Wait(perAddress, store, address); wait == 0 {
			wait = s.cfg.Limiter.Wait(perStore, store, netip.Addr{})
		}
	}
	if wait == 0 {
		return true
	}
	seconds := strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10)
	c.Header("Retry-After", seconds)
	refusals.Kind(c, refusals.SignIn)
	refusals.Reason(c, codeTooOften, "", nil)
	show(c, http.StatusTooManyRequests, "You are not signed in",
		"There were too many sign-ins from your network. Wait "+seconds+" seconds and load this page again.", codeTooOften, "")
	return false
}
