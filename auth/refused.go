package auth

import (
	"errors"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/internal/refusals"
)

// noteRefusal has the log of refusals name a page or callback that is refused, and the store that
// it says it is for.
func noteRefusal(c *gin.Context, kind string, err error) {
	refusals.Kind(c, kind)
	refusals.Claimed(c, claimedStore(c))
	cause := errors.Unwrap(err)
	if problem.CodeOf(err) != problem.Unauthenticated {
		cause = nil // only why a credential is none is known to quote nothing
	}
	refusals.Reason(c, string(problem.CodeOf(err)), problem.MessageOf(err), cause)
}

// noteCaller has the log of refusals name who makes the request: a principal, or what is known of
// one who was refused.
func (a *Auth) noteCaller(c *gin.Context, p Principal, err error) {
	if err == nil || p.ID() != "" {
		refusals.Caller(c, p.StoreHash, p.Actor())
		return
	}
	_, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	switch claims, notOurs := a.parseSession(token); {
	case strings.HasPrefix(token, keyPrefix):
		refusals.Caller(c, "", "key "+shownKey(token))
	case notOurs == nil: // a session that was good once
		refusals.Caller(c, claims.Subject, Principal{UserID: claims.UserID}.Actor())
	}
}

var keyPattern = regexp.MustCompile(`^` + keyPrefix + `[A-Z2-7]{26}$`)

// shownKey is what of a presented key may be seen: as much as the panel shows, if it is of a key's
// form, else only that it is none.
func shownKey(secret string) string {
	if !keyPattern.MatchString(secret) {
		return keyPrefix + "…, of no key's form"
	}
	return secret[:shownPrefix] + "…"
}
