package ui

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"sluice/auth/customer/signin"
	"sluice/auth/customer/sso"
	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/tenants"
)

// providerChange is the body of PUT /storefront/provider and POST /storefront/provider/test. A
// missing or null client_secret keeps the one that is there, "" clears it; one is never shown.
type providerChange struct {
	Version         int                    `json:"version"` // 0 for a first provider
	Preset          string                 `json:"preset"`
	Issuer          string                 `json:"issuer"`
	ClientID        string                 `json:"client_id"`
	ClientSecret    *string                `json:"client_secret"`
	Scopes          string                 `json:"scopes"`
	Enabled         bool                   `json:"enabled"`
	CreateCustomers bool                   `json:"create_customers"`
	GroupID         int64                  `json:"group_id"`
	Claims          []tenants.ClaimMapping `json:"claims"`
	EndSession      bool                   `json:"end_session"`
	EmailClaim      string                 `json:"email_claim"`
	TrustEmail      bool                   `json:"trust_email"`
	KeepPasswords   bool                   `json:"keep_passwords"`
	RequestIP       bool                   `json:"request_ip"`
	// OwnAddress: the provider knows the store's own redirect URI. A provider that is new or another
	// client has to; there is no way back to the shared one.
	OwnAddress bool `json:"own_address"`
}

const maxClientSecret = 4096

func (w *providerChange) provider() *tenants.IdentityProvider {
	return &tenants.IdentityProvider{
		Version: w.Version, Preset: w.Preset, Issuer: w.Issuer, ClientID: w.ClientID, Scopes: w.Scopes, Enabled: w.Enabled,
		CreateCustomers: w.CreateCustomers, GroupID: w.GroupID, Claims: w.Claims, EndSession: w.EndSession,
		EmailClaim: w.EmailClaim, TrustEmail: w.TrustEmail, KeepPasswords: w.KeepPasswords, RequestIP: w.RequestIP,
	}
}

// bindProvider reads and checks a providerChange. The provider that it returns has the redirect URI
// that it will have when it is saved.
func (a *API) bindProvider(c *gin.Context) (*providerChange, *tenants.IdentityProvider, error) {
	var want providerChange
	if err := bind(c, &want); err != nil {
		return nil, nil, err
	}
	if want.ClientSecret != nil && len(*want.ClientSecret) > maxClientSecret {
		return nil, nil, problem.New(problem.Invalid, "The identity provider could not be saved.").WithField("client_secret", "is longer than %d characters", maxClientSecret)
	}
	p := want.provider()
	if err := a.cfg.SSO.CheckProvider(p); err != nil {
		return nil, nil, err
	}
	saved, err := a.cfg.DB.IdentityProvider(c.Request.Context())
	if err == nil && saved != nil && !want.OwnAddress && saved.Issuer == p.Issuer && saved.ClientID == p.ClientID {
		p.SharedUntil = saved.SharedUntil
	}
	return &want, p, err
}

// identityProvider answers with the provider, null while there is none.
func (a *API) identityProvider(c *gin.Context) {
	p, err := a.cfg.DB.IdentityProvider(c.Request.Context())
	answer(c, http.StatusOK, gin.H{"provider": p}, err)
}

func (a *API) saveProvider(c *gin.Context) {
	want, p, err := a.bindProvider(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	ctx := c.Request.Context()
	err = a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		if err := tx.SaveIdentityProvider(ctx, p, want.ClientSecret); err != nil {
			return err
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: caller(c).Actor(), Action: "identity_provider.changed", Subject: p.ID, Detail: p.Issuer})
	})
	if err == nil { // scripts go by whether there is one
		err = a.cfg.Jobs.RenewScripts(ctx)
	}
	answer(c, http.StatusOK, gin.H{"provider": p}, err)
}

func (a *API) deleteProvider(c *gin.Context) {
	ctx := c.Request.Context()
	err := a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		p, err := tx.IdentityProvider(ctx)
		if err != nil || p == nil {
			return err
		}
		if err := tx.DeleteIdentityProvider(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: caller(c).Actor(), Action: "identity_provider.deleted", Subject: p.ID, Detail: p.Issuer})
	})
	if err == nil {
		err = a.cfg.Jobs.RenewScripts(ctx)
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	c.Status(http.StatusNoContent)
}

func (a *API) providerPresets(c *gin.Context) {
	own := sso.OwnAddresses(a.cfg.AppURL, tenants.StoreHash(c.Request.Context()))
	c.JSON(http.StatusOK, gin.H{
		"presets": sso.Presets(), "targets": sso.Targets, "callback_url": own.Callback, "logged_out_url": own.LoggedOut,
		"shared": sso.SharedAddresses(a.cfg.AppURL),
	})
}

// testProvider tries what the body says, saved or not. Without a client_secret it uses the saved
// one, as long as the body is of the same client of the same issuer: a secret is sent to nobody
// else.
func (a *API) testProvider(c *gin.Context) {
	want, p, err := a.bindProvider(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	ctx := c.Request.Context()
	secret := ""
	if want.ClientSecret != nil {
		secret = *want.ClientSecret
	} else if secret, err = a.savedSecret(ctx, p); err != nil {
		_ = c.Error(err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"checks": a.cfg.SSO.TestProvider(ctx, p, secret)})
}

func (a *API) savedSecret(ctx context.Context, p *tenants.IdentityProvider) (string, error) {
	saved, err := a.cfg.DB.IdentityProvider(ctx)
	if err != nil || saved == nil || saved.Issuer != p.Issuer || saved.ClientID != p.ClientID {
		return "", err
	}
	return a.cfg.DB.IdentityProviderSecret(ctx)
}

// customerGroups lists the store's customer groups, to choose one for new customers.
func (a *API) customerGroups(c *gin.Context) {
	ctx := c.Request.Context()
	store, err := a.cfg.DB.Store(ctx, tenants.StoreHash(ctx))
	if err == nil {
		err = a.cfg.SignIn.MayRead(store)
	}
	var groups []bigcommerce.CustomerGroup
	if err == nil {
		var client *bigcommerce.Client
		if ctx, client, err = a.cfg.SignIn.Client(ctx, store); err == nil {
			groups, err = signin.Groups(ctx, client)
		}
	}
	answer(c, http.StatusOK, gin.H{"groups": groups}, err)
}

func (a *API) signIns(c *gin.Context) {
	n, err := limit(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	rows, next, err := a.cfg.DB.SignIns(c.Request.Context(), tenants.Page{Before: c.Query("before"), Limit: n})
	if err != nil {
		_ = c.Error(err)
		return
	}
	list(c, "sign_ins", rows, next)
}

// unlinkCustomer undoes the link of a customer to the provider's user, so that the next sign-in
// makes a new one: for a customer who was deleted, or a user who is another person now.
func (a *API) unlinkCustomer(c *gin.Context) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id <= 0 {
		_ = c.Error(problem.New(problem.NotFound, "There is no such customer."))
		return
	}
	ctx := c.Request.Context()
	err = a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		n, err := tx.UnlinkCustomer(ctx, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return problem.New(problem.NotFound, "No user of the identity provider is linked to this customer.")
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: caller(c).Actor(), Action: "subject_link.deleted", Subject: "customer:" + c.Param("id")})
	})
	if err != nil {
		_ = c.Error(err)
		return
	}
	c.Status(http.StatusNoContent)
}
