package ratelimit

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
)

// Address is who makes the request, as far as the router's trusted proxies say so. The zero Addr,
// which counts all together, if that cannot be told.
func Address(c *gin.Context) netip.Addr {
	addr, err := netip.ParseAddr(c.ClientIP())
	if err != nil {
		return netip.Addr{}
	}
	return addr
}

// Pass admits a request of c at store under perAddress, then under perStore, or answers 429 with
// Retry-After and returns false. A nil limit admits everything. Whoever is over their own limit
// uses nothing of the store's.
func (l *Limiter) Pass(c *gin.Context, store string, perAddress, perStore *Limit) bool {
	var wait time.Duration
	if perAddress != nil {
		wait = l.Wait(perAddress, store, Address(c))
	}
	if wait == 0 && perStore != nil {
		wait = l.Wait(perStore, store, netip.Addr{})
	}
	return proceed(c, wait)
}

// Admit is Pass for one limit and a caller who is known by an id at store.
func (l *Limiter) Admit(c *gin.Context, store, id string, limit *Limit) bool {
	return proceed(c, l.WaitID(limit, store, id))
}

// proceed is true without a wait; else it answers 429 with Retry-After, as a page to whom a page
// would be shown.
func proceed(c *gin.Context, wait time.Duration) bool {
	if wait == 0 {
		return true
	}
	seconds := int64((wait + time.Second - 1) / time.Second)
	c.Header("Retry-After", strconv.FormatInt(seconds, 10))
	c.Header("Cache-Control", "no-store")
	if strings.Contains(c.GetHeader("Accept"), "text/html") {
		c.Header("Content-Security-Policy", "default-src 'none'")
		c.Header("X-Content-Type-Options", "nosniff")
		c.Abort()
		c.Data(http.StatusTooManyRequests, "text/html; charset=utf-8", []byte("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Too often</title>"+
			"<h1>That is too often</h1><p>There were too many requests from your network. Wait "+strconv.FormatInt(seconds, 10)+" seconds and load this page again.</p></html>"))
		return false
	}
	problem.Write(c, problem.New(problem.RateLimited, "That is too often. Try again in %d seconds.", seconds))
	return false
}

// Gate is the one limiter by address in front of whatever anybody may call. A nil Gate admits
// everybody.
type Gate struct {
	limiter *Limiter
	limit   *Limit
}

// NewGate returns a Gate that admits an address as often as limit says, over all routes and stores.
func NewGate(l *Limiter, limit *Limit) *Gate { return &Gate{l, limit} }

// Pass counts a request against its address and admits it, or answers 429 with Retry-After and
// returns false. A route whose callers prove who they are calls it for those who do not, once,
// before anything is stored, looked up, sent or logged for them; every other route is behind Front.
func (g *Gate) Pass(c *gin.Context) bool {
	return g == nil || g.limiter.Pass(c, "", g.limit, nil)
}

// Front is the middleware before every route but those for which unless is true. It is told the
// route's template, "" for an address that is none.
func (g *Gate) Front(unless func(route string) bool) gin.HandlerFunc {
	return func(c *gin.Context) {
		if !unless(c.FullPath()) {
			g.Pass(c)
		}
	}
}
