package ui

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"sluice/auth"
	"sluice/internal/problem"
	"sluice/tenants"
)

func (a *API) users(c *gin.Context) {
	p, err := page(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	users, next, err := a.cfg.DB.UserPage(c.Request.Context(), tenants.Page{After: p.After, Limit: p.Limit})
	if err != nil {
		_ = c.Error(err)
		return
	}
	list(c, "users", users, next)
}

func (a *API) setRole(c *gin.Context) {
	var want struct {
		Role tenants.Role `json:"role"`
	}
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	if want.Role != tenants.RoleAdmin && want.Role != tenants.RoleViewer {
		_ = c.Error(problem.New(problem.Invalid, "The role could not be changed.").WithField("role", "choose admin or viewer; the owner is whoever owns the store"))
		return
	}
	ctx, id, by := c.Request.Context(), c.Param("id"), caller(c)
	var user *tenants.User
	err := a.cfg.DB.Tx(ctx, func(tx *tenants.DB) (err error) {
		if user, err = tx.SetRole(ctx, id, want.Role, by.Actor()); err != nil {
			return err
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: by.Actor(), Action: "user.role_changed", Subject: id, Detail: string(want.Role)})
	})
	if err == nil {
		a.cfg.Jobs.AccessChanged(ctx, by.StoreHash)
	}
	answer(c, http.StatusOK, user, err)
}

func (a *API) apiKeys(c *gin.Context) {
	p, err := page(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	keys, next, err := a.cfg.DB.APIKeyPage(c.Request.Context(), p)
	if err != nil {
		_ = c.Error(err)
		return
	}
	list(c, "api_keys", keys, next)
}

// newKeyView is the one answer that has a key's secret.
type newKeyView struct {
	*tenants.APIKey
	Secret string `json:"secret"`
}

func (a *API) createAPIKey(c *gin.Context) {
	var want auth.NewAPIKey
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	key, secret, err := auth.CreateAPIKey(c.Request.Context(), a.cfg.DB, caller(c).Actor(), want)
	answer(c, http.StatusCreated, newKeyView{key, secret}, err)
}

func (a *API) revokeAPIKey(c *gin.Context) {
	ctx, id, by := c.Request.Context(), c.Param("id"), caller(c)
	err := a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		if err := tx.RevokeAPIKey(ctx, id); err != nil {
			return err
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: by.Actor(), Action: "api_key.revoked", Subject: id})
	})
	if err != nil {
		_ = c.Error(err)
		return
	}
	a.cfg.Jobs.AccessChanged(ctx, by.StoreHash)
	c.Status(http.StatusNoContent)
}

// keepAPIKey lets a key go on that only the owner makes nowadays and another made before.
func (a *API) keepAPIKey(c *gin.Context) {
	ctx, id := c.Request.Context(), c.Param("id")
	err := a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		if err := tx.KeepAPIKey(ctx, id); err != nil {
			return err
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: caller(c).Actor(), Action: "api_key.kept", Subject: id})
	})
	if err != nil {
		_ = c.Error(err)
		return
	}
	c.Status(http.StatusNoContent)
}

func (a *API) audit(c *gin.Context) {
	n, err := limit(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	entries, next, err := a.cfg.DB.AuditLog(c.Request.Context(), tenants.Page{Before: c.Query("before"), Limit: n})
	if err != nil {
		_ = c.Error(err)
		return
	}
	list(c, "entries", entries, next)
}
