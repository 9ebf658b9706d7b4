package auth

import (
	"cmp"
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
	// sessionAtMost is how long a panel may renew itself: as long as BigCommerce's own load token
	// works.
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
	// The moment of the load: whole Unix seconds, and microseconds beyond. It bounds renewal, and a
	// session ends when what it was opened with did (tenants.SessionHolds).
	OpenedAt     int64 `json:"opn"`
	OpenedMicros int64 `json:"opf,omitempty"`
	// SessionID is the same in all tokens of a session, which signing out ends together.
	SessionID string `json:"sid,omitempty"`
}

func (c *sessionClaims) opened() time.Time {
	return time.Unix(c.OpenedAt, c.OpenedMicros*int64(time.Microsecond))
}

// signedOut is what remembers, among the tokens that count once, that a session was signed out of.
// A token of before sessions had ids is a session of its own.
func (c *sessionClaims) signedOut() string { return "session:" + cmp.Or(c.SessionID, c.ID) }

// showPanel answers with the panel's page and a new session in it.
func (a *Auth) showPanel(c *gin.Context, store *tenants.Store, user *tenants.User, link string, channelID *int64) {
	opened := tenants.SessionOpened(a.now(), store, user)
	session, err := a.newSession(sessionClaims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: store.Hash},
		UserID:           user.ID, Locale: user.Locale, DeepLink: link, ChannelID: channelID,
		OpenedAt: opened.Unix(), OpenedMicros: int64(opened.Nanosecond() / 1000), SessionID: tenants.NewID(),
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
	if last := claims.opened().Add(sessionAtMost); expires.After(last) {
		expires = last
	}
	claims.SessionID = cmp.Or(claims.SessionID, claims.ID)
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

// sessionPrincipal looks up on each call what a session stands on: one whose user was removed or
// demoted, whose store was uninstalled, or that was signed out of, is over at once.
func (a *Auth) sessionPrincipal(ctx context.Context, raw string) (Principal, error) {
	claims, err := a.parseSession(raw)
	if err != nil {
		return Principal{}, err
	}
	return a.sessionHolder(ctx, claims)
}

func (a *Auth) sessionHolder(ctx context.Context, claims *sessionClaims) (Principal, error) {
	ctx = tenants.WithStore(ctx, claims.Subject)
	store, err := a.workingStore(ctx, claims.Subject)
	if err != nil {
		return Principal{}, err
	}
	user, err := a.cfg.DB.UserByID(ctx, claims.UserID)
	if problem.CodeOf(err) == problem.NotFound {
		return Principal{}, problem.New(problem.Unauthenticated, "You no longer have access to Sluice on this store. Ask the store's owner.")
	}
	if err != nil {
		return Principal{}, err
	}
	out, err := a.cfg.DB.TokenUsed(ctx, claims.signedOut())
	if err != nil {
		return Principal{}, err
	}
	if out || !tenants.SessionHolds(claims.opened(), store, user) {
		return Principal{}, errSessionEnded()
	}
	return Principal{
		StoreHash: claims.Subject, UserID: user.ID, Role: user.Role, Locale: claims.Locale,
		ChannelID: claims.ChannelID, DeepLink: claims.DeepLink, ExpiresAt: claims.ExpiresAt.Time, session: claims,
	}, nil
}

func errSessionEnded() error {
	return problem.New(problem.Unauthenticated, "Your session has ended. Reopen Sluice from your BigCommerce control panel.")
}

// workingStore returns a store, and refuses callers of one that is not, or no longer, installed.
func (a *Auth) workingStore(ctx context.Context, hash string) (*tenants.Store, error) {
	store, err := a.cfg.DB.Store(ctx, hash)
	if err != nil && problem.CodeOf(err) != problem.NotFound {
		return nil, err
	}
	if err != nil || store.State == tenants.StoreUninstalled {
		return nil, problem.New(problem.Unauthenticated, "Sluice is not installed on this store.")
	}
	return store, nil
}

// RenewSession returns a fresh session for the panel that p belongs to.
func (a *Auth) RenewSession(p Principal) (PanelSession, error) {
	if p.session == nil {
		return PanelSession{}, problem.New(problem.Forbidden, "Only a panel's session can be renewed; an API key works until it expires.")
	}
	if !a.now().Before(p.session.opened().Add(sessionAtMost)) {
		return PanelSession{}, errSessionEnded()
	}
	return a.newSession(*p.session)
}

// SignOut ends the session that p calls with: this token and all that were renewed from it, in
// every process. Other sessions of the user, in other windows, go on. A repeat is refused by
// Require already.
func (a *Auth) SignOut(ctx context.Context, p Principal) error {
	if p.session == nil {
		return problem.New(problem.Forbidden, "Only a panel's session can be signed out of. Revoke an API key in Settings.")
	}
	ctx = tenants.WithStore(ctx, p.StoreHash)
	// A renewal that is under way may live as long as the session can.
	err := a.cfg.DB.UseToken(ctx, p.session.signedOut(), p.session.opened().Add(sessionAtMost), a.now())
	if problem.CodeOf(err) == problem.Unauthenticated {
		err = nil // by another window's click at the same time
	}
	if err == nil {
		a.cfg.Lifecycle.AccessChanged(ctx, p.StoreHash)
	}
	return err
}

// Holds asks again whether p, whom Require let in a while ago, may still read: for answers that go
// on.
func (a *Auth) Holds(ctx context.Context, p Principal) error {
	now, err := a.again(ctx, p)
	if err == nil && !now.Can(AccessRead) {
		err = errNotAllowed(now, AccessRead)
	}
	return err
}

func (a *Auth) again(ctx context.Context, p Principal) (Principal, error) {
	if p.session != nil {
		if !a.now().Before(p.ExpiresAt) {
			return Principal{}, errSessionEnded()
		}
		return a.sessionHolder(ctx, p.session)
	}
	key, err := a.cfg.DB.APIKeyByID(tenants.WithStore(ctx, p.StoreHash), p.KeyID)
	if err != nil {
		return Principal{}, err
	}
	return a.keyHolder(ctx, key)
}
