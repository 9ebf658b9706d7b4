package auth

import (
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"sluice/tenants"
)

// StoreHashPlaceholder stands in an origin of FrameAncestors for the store whose page it is.
const StoreHashPlaceholder = "{store_hash}"

// FrameAncestors is the value of a policy's frame-ancestors for a page of one store; "" is a page
// of none, which the origins that name a store may not frame.
func FrameAncestors(origins []string, storeHash string) string {
	var out []string
	for _, origin := range origins {
		if strings.Contains(origin, StoreHashPlaceholder) {
			if !tenants.ValidStoreHash(storeHash) {
				continue
			}
			origin = strings.ReplaceAll(origin, StoreHashPlaceholder, storeHash)
		}
		out = append(out, origin)
	}
	if len(out) == 0 {
		return "'none'"
	}
	return strings.Join(out, " ")
}

// claimedStore is the store that a request says it is of, "" if it says none; nothing proves it. It
// is for the pages that refuse: they hold nothing of any store, and without it the control panel
// that opened one could not show it.
func claimedStore(c *gin.Context) string {
	if hash, ok := storeOf(c.Query("context")); ok {
		return hash
	}
	raw := signedPayload(c)
	if len(raw) > maxPayload {
		return ""
	}
	var claims jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(raw, &claims); err != nil {
		return ""
	}
	hash, _ := storeOf(claims.Subject)
	return hash
}
