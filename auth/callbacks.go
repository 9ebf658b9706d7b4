package auth

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/tenants"
)

// uninstall answers GET /uninstall: the token goes at once, all work stops, the data later.
func (a *Auth) uninstall(c *gin.Context) {
	p, ctx, err := a.callback(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	now := a.now()
	// A repeat of a failed call must not be refused as used, and a used token must not uninstall a
	// store that was installed again since.
	err = a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		if err := tx.UseToken(ctx, p.ID, p.ExpiresAt.Time, now, onceOnly); err != nil {
			return err
		}
		if err := tx.MarkUninstalled(ctx, p.storeHash, now.Add(a.cfg.RetainFor)); err != nil {
			return err
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: p.actor(), Action: "store.uninstalled", Subject: p.storeHash})
	})
	if err == nil {
		if err = a.cfg.Lifecycle.Uninstalled(ctx, p.storeHash); err != nil {
			// BigCommerce will repeat this very token: the rest must not be refused then.
			err = errors.Join(err, a.cfg.DB.ForgetToken(context.WithoutCancel(ctx), p.ID))
		}
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"uninstalled": p.storeHash})
}

// removeUser answers GET /remove_user: that person's sessions in this store end at once.
func (a *Auth) removeUser(c *gin.Context) {
	p, ctx, err := a.callback(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	err = a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		if err := tx.UseToken(ctx, p.ID, p.ExpiresAt.Time, a.now(), onceOnly); err != nil {
			return err
		}
		users, err := tx.Users(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(users, func(u tenants.User) bool { return u.UserID == p.User.ID }) {
			return problem.New(problem.NotFound, "This store has no such user.")
		}
		if err := tx.RemoveUser(ctx, p.User.ID); err != nil {
			return err
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: p.actor(), Action: "user.removed", Subject: p.storeHash})
	})
	if err != nil {
		_ = c.Error(err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"removed": p.User.ID})
}

// callback verifies a call of BigCommerce's server and returns its payload and the store's context.
func (a *Auth) callback(c *gin.Context) (*payload, context.Context, error) {
	p, err := a.verifyPayload(signedPayload(c))
	if err != nil {
		return nil, nil, err
	}
	ctx := tenants.WithStore(c.Request.Context(), p.storeHash)
	if _, err := a.cfg.DB.Store(ctx, p.storeHash); err != nil {
		return nil, nil, err
	}
	return p, ctx, nil
}
