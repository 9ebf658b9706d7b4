package ui

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/auth"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// session answers who is looking, at which store, and what they may do.
func (a *API) session(c *gin.Context) {
	ctx, p := c.Request.Context(), caller(c)
	store, err := a.cfg.DB.Store(ctx, p.StoreHash)
	if err != nil {
		_ = c.Error(err)
		return
	}
	var user *tenants.User
	if p.UserID != "" {
		if user, err = a.cfg.DB.UserByID(ctx, p.UserID); err != nil {
			_ = c.Error(err)
			return
		}
	}
	missing := store.MissingScopes(a.cfg.Scopes...)
	if missing == nil {
		missing = []string{}
	}
	sharedUntil, err := a.cfg.DB.SharedAddressUntil(ctx)
	if err != nil {
		_ = c.Error(err)
		return
	}
	open, err := a.cfg.DB.CountAttention(ctx, a.now())
	if err != nil {
		_ = c.Error(err)
		return
	}
	c.JSON(http.StatusOK, gin.H{
		"store":          store,
		"attention":      open,
		"user":           user,
		"channel_id":     p.ChannelID,
		"deep_link":      p.DeepLink,
		"locale":         p.Locale,
		"missing_scopes": missing,
		"permissions":    gin.H{"write": p.Can(auth.AccessWrite), "admin": p.Can(auth.AccessAdmin), "owner": p.Can(auth.AccessOwner)},
		// until when shoppers may come back by the redirect URI that all stores share; null: no worry
		"shared_address_until": sharedUntil,
		"version":              a.cfg.Version,
		"sandbox":              a.cfg.Sandbox,
		"support_url":          a.cfg.SupportURL,
	})
}

// renew answers with a fresh token for an open panel.
func (a *API) renew(c *gin.Context) {
	session, err := a.cfg.Auth.RenewSession(caller(c))
	answer(c, http.StatusOK, gin.H{"token": session.Token, "expires_at": session.ExpiresAt}, err)
}

// signOut ends the panel's session, with every token that was renewed from it.
func (a *API) signOut(c *gin.Context) {
	if err := a.cfg.Auth.SignOut(c.Request.Context(), caller(c)); err != nil {
		_ = c.Error(err)
		return
	}
	c.Status(http.StatusNoContent)
}

// quotaView is a store's API quota and queue at one moment.
type quotaView struct {
	Known    bool      `json:"known"` // false until the store's first answer with rate headers
	Quota    int       `json:"quota"` // requests per window
	Left     int       `json:"left"`  // of the current window
	Out      int       `json:"out"`   // sent, not yet answered
	WindowMS int64     `json:"window_ms"`
	ResetMS  int64     `json:"reset_ms"` // until the window ends
	Waiting  int       `json:"waiting"`  // jobs
	Delayed  int       `json:"delayed"`
	InFlight int       `json:"in_flight"`
	Paused   bool      `json:"paused"`
	At       time.Time `json:"at"`
}

func (a *API) quotaView(q queue.QuotaState) quotaView {
	return quotaView{
		Known: q.Known, Quota: q.Quota, Left: q.Left, Out: q.Out, WindowMS: q.Window.Milliseconds(), ResetMS: q.Reset.Milliseconds(),
		Waiting: q.Waiting, Delayed: q.Delayed, InFlight: q.InFlight, Paused: q.Paused, At: a.now().UTC(),
	}
}

func (a *API) quota(c *gin.Context) {
	q, err := a.cfg.Jobs.Quota(c.Request.Context(), caller(c).StoreHash)
	answer(c, http.StatusOK, a.quotaView(q), err)
}
