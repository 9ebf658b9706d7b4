package auth

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/tenants"
)

// Access is what a route needs of its caller.
type Access int

// From the least to the most.
const (
	AccessRead     Access = iota + 1 // any user, or an API key with flows:read
	AccessWrite                      // owner or admin, or an API key with flows:write
	AccessAdmin                      // owner or admin in person; never an API key
	AccessAccounts                   // owner or admin, or an API key with accounts:write
	AccessLogin                      // an API key with identity:login; never a person
	AccessOwner                      // the owner in person: what lets somebody act as any shopper
)

// Principal is who calls, and for which store.
type Principal struct {
	StoreHash string
	UserID    string // tenants.User.ID; "" for an API key
	KeyID     string // tenants.APIKey.ID; "" for a person
	Role      tenants.Role
	Scopes    []string // of an API key
	Locale    string
	ChannelID *int64
	DeepLink  string
	ExpiresAt time.Time // of the session; zero for a key that does not expire

	session *sessionClaims
}

// Actor is how the audit names p.
func (p Principal) Actor() string {
	if p.KeyID != "" {
		return "key:" + p.KeyID
	}
	return "user:" + p.UserID
}

// ID is the user's or key's id.
func (p Principal) ID() string { return p.KeyID + p.UserID }

// Can reports whether p has access.
func (p Principal) Can(access Access) bool {
	if p.KeyID != "" {
		switch access {
		case AccessRead:
			return slices.Contains(p.Scopes, ScopeFlowsRead) || slices.Contains(p.Scopes, ScopeFlowsWrite)
		case AccessWrite:
			return slices.Contains(p.Scopes, ScopeFlowsWrite)
		case AccessAccounts:
			return slices.Contains(p.Scopes, ScopeAccountsWrite)
		case AccessLogin:
			return slices.Contains(p.Scopes, ScopeIdentityLogin)
		default:
			return false
		}
	}
	switch access {
	case AccessLogin:
		return false
	case AccessOwner:
		return p.Role == tenants.RoleOwner
	}
	return access == AccessRead || p.Role == tenants.RoleOwner || p.Role == tenants.RoleAdmin
}

type principalKey struct{}

// PrincipalFrom returns who makes the request of ctx; ok is false outside Require.
func PrincipalFrom(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}

// Require lets a request through when its bearer token belongs to a caller with access, and puts
// the Principal and the store into the request's context. Who calls too often is refused before
// that is looked up.
func (a *Auth) Require(access Access) gin.HandlerFunc {
	return func(c *gin.Context) {
		if !a.admit(c) {
			return
		}
		p, err := a.principal(c.Request.Context(), c.GetHeader("Authorization"))
		if err == nil && !p.Can(access) {
			err = errNotAllowed(p, access)
		}
		a.noteCaller(c, p, err)
		if err != nil {
			if problem.Status(err) >= http.StatusInternalServerError {
				a.cfg.Log.ErrorContext(c.Request.Context(), "caller not checked", "request_id", c.GetString(problem.RequestIDKey), "error", err)
			}
			problem.Write(c, err)
			return
		}
		ctx := tenants.WithAddress(tenants.WithStore(c.Request.Context(), p.StoreHash), c.ClientIP())
		c.Request = c.Request.WithContext(context.WithValue(ctx, principalKey{}, p))
		c.Next()
	}
}

func (a *Auth) principal(ctx context.Context, header string) (Principal, error) {
	token := bearer(header)
	if token == "" {
		return Principal{}, problem.New(problem.Unauthenticated, "Sign in first: open Sluice from your BigCommerce control panel, or send an API key as “Authorization: Bearer …”.")
	}
	if strings.HasPrefix(token, keyPrefix) {
		return a.keyPrincipal(ctx, token)
	}
	return a.sessionPrincipal(ctx, token)
}

func errNotAllowed(p Principal, access Access) error {
	switch {
	case access == AccessLogin:
		return problem.New(problem.Forbidden, "Only a program signs shoppers in here: call this with an API key that has the permission %s.", ScopeIdentityLogin)
	case p.KeyID != "":
		return problem.New(problem.Forbidden, "This API key does not allow that. Make one that does in Settings.")
	case access == AccessOwner && p.Role == tenants.RoleAdmin:
		return problem.New(problem.Forbidden, "Only the store's owner can do this: it decides who may sign shoppers in. Ask the owner to open Sluice and do it.")
	}
	return problem.New(problem.Forbidden, "Your role lets you look, not change. Ask the store's owner to make you an administrator of Sluice.")
}
