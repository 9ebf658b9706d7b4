package auth

import (
	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/tenants"
)

// load answers GET /load: a user opens the panel. The payload opens it once: BigCommerce makes a
// new one each time that its page is opened or reloaded, and whoever finds a frame's address later
// must not get in by it.
func (a *Auth) load(c *gin.Context) {
	p, err := a.verifyPayload(signedPayload(c))
	if err != nil {
		if a.cfg.Gate.Pass(c) {
			a.refuse(c, err)
		}
		return
	}
	if !a.admitPayload(c, p) {
		return
	}
	ctx := tenants.WithStore(c.Request.Context(), p.storeHash)
	store, err := a.cfg.DB.Store(ctx, p.storeHash)
	switch {
	case problem.CodeOf(err) == problem.NotFound:
		a.refuse(c, errNotInstalled())
		return
	case err != nil:
		a.refuse(c, err)
		return
	case store.State == tenants.StoreUninstalled:
		a.refuse(c, errNotInstalled())
		return
	}
	var user *tenants.User
	err = a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		if err := tx.UseToken(ctx, p.ID, p.until(), a.now()); err != nil {
			if problem.CodeOf(err) == problem.Unauthenticated {
				err = problem.New(problem.Unauthenticated, "This page was opened before. Open Sluice from your BigCommerce control panel again.")
			}
			return err
		}
		user, err = tx.EnsureUser(ctx, tenants.UserSeen{
			UserID: p.User.ID, Email: p.User.Email, Locale: p.User.Locale, Owner: p.Owner.ID == p.User.ID,
			IssuedAt: p.IssuedAt.Time,
		})
		return err
	})
	if err != nil {
		a.refuse(c, err)
		return
	}
	a.showPanel(c, store, user, deepLink(p.URL), p.ChannelID)
}

// signedPayload returns the token of a callback, also under the legacy name, so that it can be
// refused by name.
func signedPayload(c *gin.Context) string {
	if raw := c.Query("signed_payload_jwt"); raw != "" {
		return raw
	}
	return c.Query("signed_payload")
}

func errNotInstalled() error {
	return problem.New(problem.NotFound, "Sluice is not installed on this store. Install it from the App Marketplace; if you just did, uninstall it and install it again.")
}
