package ratelimit

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
)

// Address is who makes the request, as far as the router's trusted proxies say so. The zero Addr, which
// counts all together, if that cannot be told.
func Address(c *gin.Context) netip.Addr {
	addr, err := netip.ParseAddr(c.ClientIP())
	if err != nil {
		return netip.Addr{}
	}
	return addr
}

// Pass admits a request of c at store under perAddress, then under perStore, or answers 429 with
// Retry-After and returns false. A nil limit admits everything. Whoever is over their own limit uses
// nothing of the store's.
func (l *Limiter) Pass(c *gin.Context, store string, perAddress, perStore *Limit) bool {
	var wait time.Duration
	if perAddress != nil {
		wait = l.Wait(perAddress, store, Address(c))
	}
	if wait == 0 && perStore != nil {
		wait = l.Wait(perStore, store, netip.Addr{})
	}
	if wait == 0 {
		return true
	}
	seconds := int64((wait + time.Second - 1) / time.Second)
	c.Header("Retry-After", strconv.FormatInt(seconds, 10))
	c.Header("Cache-Control", "no-store")
	problem.Write(c, problem.New(problem.RateLimited, "That is too often. Try again in %d seconds.", seconds))
	return false
}
