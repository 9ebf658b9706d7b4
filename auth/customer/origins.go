package customer

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/tenants"
)

// preflightFor is how long a browser may remember a preflight, in seconds: two hours, Chromium's
// longest. A page of an origin that was taken away meanwhile is still refused: each answer is
// checked too.
const preflightFor = "7200"

// open lets a request through to handle when it is for a store that has the app, from a page of one
// of that store's own storefronts or from no page at all (a server), and not too often. It writes
// what the browser needs to let the page read the answer, errors included.
func (s *Service) open(handle func(c *gin.Context, sf *storefront) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		h := c.Writer.Header()
		h["Cache-Control"], h["X-Content-Type-Options"], h["Vary"] = noStore, noSniff, varyOrigin
		sf := s.storefront(c)
		if sf == nil {
			return
		}
		if origins := c.Request.Header["Origin"]; len(origins) > 0 {
			if _, own := sf.origins[origins[0]]; !own || len(origins) > 1 {
				_ = c.Error(problem.New(problem.OriginRefused, "This page is none of the store's storefronts. Check the channel's site in BigCommerce, then refresh the channels in Sluice."))
				return
			}
			h["Access-Control-Allow-Origin"], h["Access-Control-Expose-Headers"] = origins, exposed
		}
		if !s.cfg.Limits.Pass(c, sf.hash, perAddress, perStore) {
			return
		}
		if err := handle(c, sf); err != nil {
			_ = c.Error(err)
		}
	}
}

// Headers that are the same in every answer.
var (
	noStore    = []string{"no-store"}
	noSniff    = []string{"nosniff"}
	varyOrigin = []string{"Origin"}
	exposed    = []string{"Retry-After"}
)

// storefront returns the store that the address names, or answers and returns nil.
func (s *Service) storefront(c *gin.Context) *storefront {
	hash := c.Param("store_hash")
	sf, fresh := s.stores.known(hash)
	if !fresh && tenants.ValidStoreHash(hash) {
		// Anybody may name any store: those who do not hit one are slowed down before the database is.
		if (sf == nil || !sf.installed) && !s.cfg.Limits.Pass(c, "", strangers, nil) {
			return nil
		}
		var err error
		if sf, err = s.stores.load(c.Request.Context(), hash); err != nil {
			_ = c.Error(problem.Wrap(err, problem.Unavailable, "The store cannot be looked up right now. Try again in a moment."))
			return nil
		}
	}
	if sf != nil && sf.installed {
		return sf
	}
	_ = c.Error(problem.New(problem.StoreNotInstalled, "Sluice is not installed on this store."))
	return nil
}

// preflight answers a browser that asks whether a page may call method.
func preflight(method string) func(*gin.Context, *storefront) error {
	return func(c *gin.Context, _ *storefront) error {
		h := c.Writer.Header()
		h.Set("Access-Control-Allow-Methods", method)
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		h.Set("Access-Control-Max-Age", preflightFor)
		c.Status(http.StatusNoContent)
		return nil
	}
}
