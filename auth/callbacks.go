package auth

import (
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/tenants"
)

// uninstall answers GET /uninstall. Anybody who may open the app has payloads of the store, so that
// one proves nothing: BigCommerce is asked whether it still accepts the store's token. If it does
// not, the token goes at once, all work stops, and the data goes later. If it does, or cannot be
// asked, everything stays, and Sluice looks again later: the token may be revoked only after the
// callback.
func (a *Auth) uninstall(c *gin.Context) {
	p, ctx, store, err := a.callback(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	if p == nil {
		return
	}
	err = a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		if err := tx.UseToken(ctx, p.ID, p.until(), a.now()); err != nil {
			return err
		}
		if store.State == tenants.StoreUninstalled {
			return nil
		}
		if err := tx.Audit(ctx, tenants.AuditEntry{Actor: p.actor(), Action: "store.uninstall_asked", Subject: p.storeHash}); err != nil {
			return err
		}
		return a.cfg.Lifecycle.UninstallAsked(ctx, tx, p.storeHash)
	})
	if err == nil && store.State != tenants.StoreUninstalled {
		err = a.uninstallIfGone(ctx, p, store)
	}
	if err == nil {
		err = a.cfg.Lifecycle.Uninstalled(ctx, p.storeHash)
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"uninstalled": p.storeHash})
}

// uninstallIfGone marks a store uninstalled if BigCommerce refuses its token.
func (a *Auth) uninstallIfGone(ctx context.Context, p *payload, store *tenants.Store) error {
	accepted, err := a.cfg.Lifecycle.Accepted(ctx, store)
	if err != nil {
		// The webhook of the same uninstall may have been first.
		if now, again := a.cfg.DB.Store(ctx, p.storeHash); again == nil && now.State == tenants.StoreUninstalled {
			return nil //nolint:nilerr // what was asked for has happened
		}
		return problem.Wrap(err, problem.Unavailable,
			"BigCommerce could not be asked whether the app was uninstalled. Nothing was changed; Sluice asks again by itself within a minute.")
	}
	if accepted {
		err := a.cfg.DB.Audit(ctx, tenants.AuditEntry{Actor: p.actor(), Action: "store.uninstall_refused", Subject: p.storeHash,
			Detail: "BigCommerce still accepts Sluice's access to the store"})
		if err != nil {
			return err
		}
		return problem.New(problem.Conflict, "BigCommerce still accepts Sluice's access to this store, so everything stays. "+
			"To remove Sluice, uninstall it under Apps in the control panel. Sluice looks again by itself for a day.")
	}
	return a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		if err := tx.MarkRefused(ctx, store, a.now().Add(a.cfg.RetainFor)); err != nil {
			return err
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: p.actor(), Action: "store.uninstalled", Subject: p.storeHash})
	})
}

// removeUser answers GET /remove_user: that person's sessions and API keys in this store end at
// once. BigCommerce cannot be asked who may open an app, so that a payload is believed; it removes
// its own user and nobody else, and never the owner, whom BigCommerce removes nowhere.
func (a *Auth) removeUser(c *gin.Context) {
	p, ctx, store, err := a.callback(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	if p == nil {
		return
	}
	err = a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		if err := tx.UseToken(ctx, p.ID, p.until(), a.now()); err != nil {
			return err
		}
		users, err := tx.Users(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(users, func(u tenants.User) bool { return u.UserID == p.User.ID }) {
			return problem.New(problem.NotFound, "This store has no such user.")
		}
		// A payload from before the ownership changed names the owner of then.
		owner := slices.ContainsFunc(users, func(u tenants.User) bool { return u.UserID == p.User.ID && u.Role == tenants.RoleOwner })
		since := store.OwnerAsOf != nil && !p.IssuedAt.After(*store.OwnerAsOf)
		if p.User.ID == p.Owner.ID || owner && since {
			return problem.New(problem.Conflict, "The store's owner cannot be removed. Ownership changes in BigCommerce.")
		}
		if err := tx.RemoveUser(ctx, p.User.ID, p.IssuedAt.Time, p.actor()); err != nil {
			return err
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: p.actor(), Action: "user.removed", Subject: p.storeHash})
	})
	if err != nil {
		_ = c.Error(err)
		return
	}
	a.cfg.Lifecycle.AccessChanged(ctx, p.storeHash)
	c.JSON(http.StatusOK, gin.H{"removed": p.User.ID})
}

// callback verifies a call of BigCommerce's server and returns its payload, and the store with its
// context; a nil payload without an error if it comes too often, which is answered.
func (a *Auth) callback(c *gin.Context) (*payload, context.Context, *tenants.Store, error) {
	p, err := a.verifyPayload(signedPayload(c))
	if err != nil {
		a.cfg.Gate.Pass(c)
		return nil, nil, nil, err
	}
	if !a.admitPayload(c, p) {
		return nil, nil, nil, nil
	}
	ctx := tenants.WithAddress(tenants.WithStore(c.Request.Context(), p.storeHash), c.ClientIP())
	store, err := a.cfg.DB.Store(ctx, p.storeHash)
	return p, ctx, store, err
}
