package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/oauth2"

	"sluice/internal/problem"
	"sluice/tenants"
)

const (
	// codeMemory is how long a used code is remembered. BigCommerce's own lifetime is minutes.
	codeMemory = time.Hour
)

// install answers GET /auth: exchanges the code once, stores the encrypted token under the store
// hash, and shows the panel.
func (a *Auth) install(c *gin.Context) {
	if reason := c.Query("error"); reason != "" {
		a.refuse(c, problem.New(problem.Invalid, "BigCommerce did not complete the installation. Install Sluice again from the App Marketplace."))
		return
	}
	code, contextParam, scope := c.Query("code"), c.Query("context"), c.Query("scope")
	hash, ok := storeOf(contextParam)
	if !codeForm.MatchString(code) || !scopeForm.MatchString(scope) || !ok {
		a.refuse(c, problem.New(problem.Invalid, "This address is for BigCommerce: it needs what only BigCommerce sends. Install Sluice from the App Marketplace."))
		return
	}
	ctx := tenants.WithAddress(tenants.WithStore(c.Request.Context(), hash), c.ClientIP())
	release, err := a.mayInstall(c, hash)
	if err != nil {
		a.refuse(c, err)
		return
	}
	defer release()
	sum := sha256.Sum256([]byte(code))
	now := a.now()
	if err := a.cfg.DB.UseToken(ctx, "code:"+hex.EncodeToString(sum[:16]), now.Add(codeMemory), now); err != nil {
		if problem.CodeOf(err) == problem.Unauthenticated {
			err = problem.New(problem.Conflict, "This installation link was used already. Open Sluice from Apps in your BigCommerce control panel.")
		}
		a.refuse(c, err)
		return
	}
	grant, err := a.exchange(ctx, code, contextParam, scope)
	if err != nil {
		a.refuse(c, err)
		return
	}
	store, user, err := a.keep(ctx, hash, grant)
	if err != nil {
		a.refuse(c, err)
		return
	}
	// What scopes are missing stops only what needs them, and is told where it does.
	if err := a.cfg.Lifecycle.Installed(ctx, hash); err != nil {
		// The store is installed and its token is safe: show the panel, which tells the store's state.
		a.cfg.Log.ErrorContext(ctx, "install follow-up failed", "store", hash, "error", err)
	}
	a.showPanel(c, store, user, "/", nil)
}

// grant is the answer of the login host.
type grant struct {
	accessToken string
	Scope       string      `json:"scope"`
	Context     string      `json:"context"`
	AccountUUID string      `json:"account_uuid"`
	User        payloadUser `json:"user"`
	Owner       payloadUser `json:"owner"`
}

// exchange posts the code. It is never repeated: the code works once.
func (a *Auth) exchange(ctx context.Context, code, contextParam, scope string) (*grant, error) {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, a.cfg.HTTP), exchangeTimeout)
	defer cancel()
	token, err := a.oauth.Exchange(ctx, code, oauth2.SetAuthURLParam("context", contextParam), oauth2.SetAuthURLParam("scope", scope))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) {
			// The body may quote the code: keep the status only.
			return nil, problem.Wrap(errors.New("login host answered "+refused.Response.Status), problem.Invalid,
				"BigCommerce did not accept the installation code. Uninstall Sluice and install it again; if that fails, ask the operator to check the app's client id, secret and auth callback URL.")
		}
		return nil, problem.Wrap(errors.New("token exchange: no answer"), problem.Unavailable,
			"BigCommerce's login service did not answer, and its code works only once. Uninstall Sluice and install it again.")
	}
	g := &grant{accessToken: token.AccessToken}
	for name, into := range map[string]any{
		"scope": &g.Scope, "context": &g.Context, "account_uuid": &g.AccountUUID, "user": &g.User, "owner": &g.Owner,
	} {
		if err := decodeExtra(token, name, into); err != nil {
			return nil, problem.Wrap(err, problem.Unavailable, "BigCommerce's login service gave an answer that Sluice does not understand. Uninstall Sluice and install it again.")
		}
	}
	if g.Context != contextParam {
		return nil, problem.New(problem.Unauthenticated, "BigCommerce confirmed another store than the one that asked. Nothing was installed.")
	}
	if g.User.ID == 0 {
		return nil, problem.New(problem.Unavailable, "BigCommerce's login service did not say who installed Sluice. Uninstall it and install it again.")
	}
	return g, nil
}

// decodeExtra reads one extra parameter of the token answer into a typed value.
func decodeExtra(token *oauth2.Token, name string, into any) error {
	value := token.Extra(name)
	if value == nil {
		return nil
	}
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return errors.New("token answer: " + name + " has an unexpected form")
	}
	return nil
}

// keep stores what the exchange gave: the store with its sealed token, and who installed it.
func (a *Auth) keep(ctx context.Context, hash string, g *grant) (store *tenants.Store, user *tenants.User, err error) {
	before, err := a.cfg.DB.Store(ctx, hash)
	if err != nil && problem.CodeOf(err) != problem.NotFound {
		return nil, nil, err
	}
	err = a.cfg.DB.Tx(ctx, func(tx *tenants.DB) (err error) {
		store, err = tx.UpsertInstalledStore(ctx, tenants.Install{
			StoreHash: hash, AccessToken: g.accessToken, Scopes: g.Scope, AccountUUID: g.AccountUUID,
			OwnerID: g.Owner.ID, Origin: tenants.OriginMarketplace,
		})
		if err != nil {
			return err
		}
		if g.Owner.ID != 0 && g.Owner.ID != g.User.ID {
			if _, err := tx.EnsureUser(ctx, tenants.UserSeen{UserID: g.Owner.ID, Email: g.Owner.Email, Owner: true}); err != nil {
				return err
			}
		}
		user, err = tx.EnsureUser(ctx, tenants.UserSeen{
			UserID: g.User.ID, Email: g.User.Email, Locale: g.User.Locale, Owner: g.Owner.ID == 0 || g.Owner.ID == g.User.ID,
		})
		if err != nil {
			return err
		}
		if err := tx.EnsureAlerts(ctx, user.Email); err != nil {
			return err
		}
		action, detail := "store.installed", "scopes: "+g.Scope
		if before != nil {
			action = "store.reinstalled"
			if change := scopeChange(before.Scopes, g.Scope); change != "" {
				detail = "scopes changed: " + change
			}
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: "user:" + user.ID, Action: action, Subject: hash, Detail: detail})
	})
	return store, user, err
}
