package auth

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"sluice/internal/problem"
	"sluice/tenants"
)

const (
	sessionAudience = "sluice-panel"
	sessionIssuer   = "sluice"
	// sessionFor is how long a session token works; an open panel renews it before.
	sessionFor = 15 * time.Minute
	// sessionAtMost is how long a panel may renew itself: as long as BigCommerce's own load token works.
	sessionAtMost = 24 * time.Hour
)

// PanelSession is what the panel's page carries to the browser, kept there in memory only.
type PanelSession struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
	StoreHash string    `json:"store_hash"`
	DeepLink  string    `json:"deep_link"`  // where in the panel to go, "/" by default
	ChannelID *int64    `json:"channel_id"` // the channel the control panel was showing, if any
	Locale    string    `json:"locale"`
}

type sessionClaims struct {
	jwt.RegisteredClaims
	UserID    string `json:"uid"`
	Locale    string `json:"loc,omitempty"`
	DeepLink  string `json:"url,omitempty"`
	ChannelID *int64 `json:"ch,omitempty"`
	OpenedAt  int64  `json:"opn"` // Unix seconds of the load: bounds renewal
}

// showPanel answers with the panel's page and a new session in it.
func (a *Auth) showPanel(c *gin.Context, user *tenants.User, hash, link string, channelID *int64) {
	session, err := a.newSession(sessionClaims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: hash},
		UserID:           user.ID, Locale: user.Locale, DeepLink: link, ChannelID: channelID, OpenedAt: a.now().Unix(),
	})
	if err != nil {
		a.refuse(c, err)
		return
	}
	if err := a.cfg.Panel(c, session); err != nil {
		a.refuse(c, err)
	}
}

// newSession signs claims, filling in the times.
func (a *Auth) newSession(claims sessionClaims) (PanelSession, error) {
	now := a.now()
	expires := now.Add(sessionFor)
	if last := time.Unix(claims.OpenedAt, 0).Add(sessionAtMost); expires.After(last) {
		expires = last
	}
	claims.ID = tenants.NewID()
	claims.Issuer, claims.Audience = sessionIssuer, jwt.ClaimStrings{sessionAudience}
	claims.IssuedAt, claims.ExpiresAt = jwt.NewNumericDate(now), jwt.NewNumericDate(expires)
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(a.sessionKey)
	if err != nil {
		return PanelSession{}, err
	}
	return PanelSession{
		Token: token, ExpiresAt: expires.UTC(), StoreHash: claims.Subject, DeepLink: claims.DeepLink,
		ChannelID: claims.ChannelID, Locale: claims.Locale,
	}, nil
}

func (a *Auth) parseSession(raw string) (*sessionClaims, error) {
	var claims sessionClaims
	_, err := jwt.ParseWithClaims(raw, &claims, func(*jwt.Token) (any, error) { return a.sessionKey, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithAudience(sessionAudience),
		jwt.WithIssuer(sessionIssuer), jwt.WithExpirationRequired(), jwt.WithTimeFunc(a.now), jwt.WithStrictDecoding())
	if err != nil {
		return nil, problem.Wrap(reason(err), problem.Unauthenticated, "Your session has ended. Reopen Sluice from your BigCommerce control panel.")
	}
	return &claims, nil
}

// sessionPrincipal looks the user of a session up on each call: one who was removed, or whose role
// changed, is known so at once.
func (a *Auth) sessionPrincipal(ctx context.Context, raw string) (Principal, error) {
	claims, err := a.parseSession(raw)
	if err != nil {
		return Principal{}, err
	}
	ctx = tenants.WithStore(ctx, claims.Subject)
	if err := a.storeWorks(ctx, claims.Subject); err != nil {
		return Principal{}, err
	}
	user, err := a.cfg.DB.UserByID(ctx, claims.UserID)
	if problem.CodeOf(err) == problem.NotFound || (err == nil && user.RemovedAt != nil) {
		return Principal{}, problem.New(problem.Unauthenticated, "You no longer have access to Sluice on this store. Ask the store's owner.")
	}
	if err != nil {
		return Principal{}, err
	}
	return Principal{
		StoreHash: claims.Subject, UserID: user.ID, Role: user.Role, Locale: claims.Locale,
		ChannelID: claims.ChannelID, DeepLink: claims.DeepLink, ExpiresAt: claims.ExpiresAt.Time, session: claims,
	}, nil
}

// storeWorks refuses callers of a store that is not, or no longer, installed.
func (a *Auth) storeWorks(ctx context.Context, hash string) error {
	store, err := a.cfg.DB.Store(ctx, hash)
	if err != nil && problem.CodeOf(err) != problem.NotFound {
		return err
	}
	if err != nil || store.State == tenants.StoreUninstalled {
		return problem.New(problem.Unauthenticated, "Sluice is not installed on this store.")
	}
	return nil
}

// RenewSession returns a fresh session for the panel that p belongs to.
func (a *Auth) RenewSession(p Principal) (PanelSession, error) {
	if p.session == nil {
		return PanelSession{}, problem.New(problem.Forbidden, "Only a panel's session can be renewed; an API key works until it expires.")
	}
	if !a.now().Before(time.Unix(p.session.OpenedAt, 0).Add(sessionAtMost)) {
		return PanelSession{}, problem.New(problem.Unauthenticated, "Your session has ended. Reopen Sluice from your BigCommerce control panel.")
	}
	return a.newSession(*p.session)
}
