package ui

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/auth/customer"
	"sluice/auth/customer/signin"
	"sluice/auth/customer/sso"
	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/jobs"
	"sluice/jobs/storefront"
	"sluice/tenants"
)

// storefrontView is everything of the page "Storefront" but the identity provider, which has an
// address of its own.
type storefrontView struct {
	Settings      tenants.StorefrontSettings `json:"settings"`
	Channels      []channelView              `json:"channels"` // those with pages of their own, but deleted ones
	MissingScopes []string                   `json:"missing_scopes"`
	ScopeHelp     map[string]string          `json:"scope_help"` // of each missing scope: what it is for and what to do
	Script        scriptFileView             `json:"script"`
	SSO           ssoView                    `json:"sso"`
	FieldKeys     []string                   `json:"field_keys"` // of the store's accounts, as far as a look at some tells
}

// channelView is a channel, where it is, and its script.
type channelView struct {
	ChannelID int64      `json:"channel_id"`
	Name      string     `json:"name"`
	Type      string     `json:"type"`
	Platform  string     `json:"platform"`
	Status    string     `json:"status"`
	SiteURL   string     `json:"site_url"` // "" without a site
	Origins   []string   `json:"origins"`
	Script    scriptView `json:"script"`
}

type scriptView struct {
	State     tenants.ScriptState `json:"state"` // removed also where there never was one
	Error     string              `json:"error"`
	Wanted    bool                `json:"wanted"`
	CheckedAt *time.Time          `json:"checked_at"`
	// VersionCurrent: the script that is installed is the one that would be installed now.
	VersionCurrent bool `json:"version_current"`
}

// scriptFileView is the script's text, which all channels share.
type scriptFileView struct {
	URL       string `json:"url"`
	Integrity string `json:"integrity"`
	BytesGzip int    `json:"bytes_gzip"`
}

type ssoView struct {
	LoginURL    string `json:"login_url"`
	LogoutURL   string `json:"logout_url"`
	CallbackURL string `json:"callback_url"` // of the store's own, whichever the provider knows
}

// storefrontScopes says what each scope of storefront identity is for.
var storefrontScopes = map[string]string{
	bigcommerce.ScopeChannelsRead: "to see the store's channels. Until then only the store's own storefront can be chosen",
	bigcommerce.ScopeSitesRead:    "to see the channels' addresses. Until then only pages of the store's own storefront may ask who is signed in",
	bigcommerce.ScopeScripts:      "to install the storefront script",
	signin.ScopeLogin:             "to sign shoppers in",
	signin.ScopeReadCustomers:     "to find the customer who signs in",
	signin.ScopeWriteCustomers:    "to create customers who sign in for the first time, and to replace the passwords of those who registered before",
}

// missingScopes returns the scopes of storefront identity that the store did not grant, with what
// to do.
func missingScopes(store *tenants.Store, provider *tenants.IdentityProvider) (missing []string, help map[string]string) {
	missing, help = []string{}, map[string]string{}
	wanted := append(slices.Clone(storefront.Scopes), signin.ScopeLogin, signin.ScopeReadCustomers)
	if provider != nil && (provider.CreateCustomers || !provider.KeepPasswords) {
		wanted[len(wanted)-1] = signin.ScopeWriteCustomers // covers reading
	}
	missing = append(missing, store.MissingScopes(wanted...)...)
	for _, scope := range missing {
		help[scope] = "Sluice needs " + scope + " " + storefrontScopes[scope] +
			". The operator of Sluice adds it to the app; then open Sluice from the control panel and accept the new permissions."
	}
	return missing, help
}

// storefront answers with everything of ctx's store that the page shows.
func (a *API) storefront(c *gin.Context) {
	view, err := a.storefrontView(c.Request.Context())
	answer(c, http.StatusOK, view, err)
}

func (a *API) storefrontView(ctx context.Context) (*storefrontView, error) {
	db, hash := a.cfg.DB, tenants.StoreHash(ctx)
	store, err := db.Store(ctx, hash)
	if err != nil {
		return nil, err
	}
	settings, err := db.StorefrontSettings(ctx)
	if err != nil {
		return nil, err
	}
	provider, err := db.IdentityProvider(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := db.AccountFieldKeys(ctx)
	if err != nil {
		return nil, err
	}
	v := &storefrontView{Settings: settings, FieldKeys: keys}
	v.MissingScopes, v.ScopeHelp = missingScopes(store, provider)
	tag := a.cfg.ScriptTag(hash, tenants.DefaultChannel, settings)
	v.Script = scriptFileView{URL: tag.URL, Integrity: tag.Integrity, BytesGzip: tag.Gzip}
	v.SSO = ssoView{LoginURL: sso.LoginURL(a.cfg.AppURL, hash), LogoutURL: sso.LogoutURL(a.cfg.AppURL, hash), CallbackURL: sso.OwnAddresses(a.cfg.AppURL, hash).Callback}
	v.Channels, err = a.channelViews(ctx)
	return v, err
}

func (a *API) channelViews(ctx context.Context) ([]channelView, error) {
	db, hash := a.cfg.DB, tenants.StoreHash(ctx)
	channels, err := db.Channels(ctx)
	if err != nil {
		return nil, err
	}
	origins, err := db.ChannelOrigins(ctx)
	if err != nil {
		return nil, err
	}
	scripts, err := db.StorefrontScripts(ctx)
	if err != nil {
		return nil, err
	}
	settings, err := db.ScriptSettings(ctx)
	if err != nil {
		return nil, err
	}
	views := []channelView{}
	for _, ch := range channels {
		v := channelView{ChannelID: ch.ChannelID, Name: ch.Name, Type: ch.Type, Platform: ch.Platform, Status: ch.Status, SiteURL: ch.SiteURL,
			Origins: []string{}, Script: scriptView{State: tenants.ScriptRemoved}}
		for _, o := range origins {
			if o.ChannelID == ch.ChannelID {
				v.Origins = append(v.Origins, o.Origin)
			}
		}
		i := slices.IndexFunc(scripts, func(sc tenants.StorefrontScript) bool { return sc.ChannelID == ch.ChannelID })
		if i >= 0 {
			sc := scripts[i]
			v.Script = scriptView{State: sc.State, Error: sc.Error, Wanted: sc.Wanted, CheckedAt: sc.CheckedAt,
				VersionCurrent: sc.ScriptUUID != "" && sc.Version == a.cfg.ScriptTag(hash, ch.ChannelID, settings).Version}
		}
		// A channel that has gone is shown only while its script is to be there.
		if ch.Type == tenants.TypeStorefront && (ch.Available() || v.Script.Wanted) {
			views = append(views, v)
		}
	}
	return views, nil
}

func (a *API) saveStorefront(c *gin.Context) {
	var want struct {
		CardFields      []tenants.CardField `json:"card_fields"`
		ConsentCategory string              `json:"consent_category"`
		AllowSignIn     bool                `json:"allow_sign_in"`
	}
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	ctx := jobs.WithActor(c.Request.Context(), caller(c).Actor())
	err := a.cfg.Jobs.SaveStorefront(ctx, tenants.StorefrontSettings{
		CardFields: want.CardFields, ConsentCategory: want.ConsentCategory, AllowSignIn: want.AllowSignIn,
	})
	if err != nil {
		_ = c.Error(err)
		return
	}
	a.storefront(c)
}

func (a *API) refreshStorefront(c *gin.Context) {
	answer(c, http.StatusAccepted, gin.H{}, a.cfg.Jobs.RefreshStorefront(c.Request.Context()))
}

// wantScript has a channel's script installed or removed. It is pending in the answer.
func (a *API) wantScript(c *gin.Context) {
	var want struct {
		Wanted *bool `json:"wanted"`
	}
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	if want.Wanted == nil {
		_ = c.Error(problem.New(problem.Invalid, "Say whether the channel is to have the script.").WithField("wanted", "is true or false"))
		return
	}
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		_ = c.Error(problem.New(problem.NotFound, "There is no such channel in this store."))
		return
	}
	ctx := jobs.WithActor(c.Request.Context(), caller(c).Actor())
	if err := a.cfg.Jobs.WantScript(ctx, id, *want.Wanted); err != nil {
		_ = c.Error(err)
		return
	}
	a.storefront(c)
}

// previewCard is the body of POST /storefront/preview: a card that need not be saved yet, of the
// account that one of the others names.
type previewCard struct {
	CardFields []tenants.CardField `json:"card_fields"`
	ExternalID string              `json:"external_id"`
	CustomerID int64               `json:"customer_id"`
	Email      string              `json:"email"`
}

// cardView is a card as the shopper sees it, and who that is.
type cardView struct {
	Fields    []tenants.CardValue `json:"fields"`
	UpdatedAt time.Time           `json:"updated_at"` // when the back-office system last wrote the account
	Account   struct {
		ExternalID string `json:"external_id"`
		CustomerID int64  `json:"customer_id"` // 0 while unknown
		Email      string `json:"email"`
	} `json:"account"`
	// ShownTo: "customer" (that of CustomerID), "verified_email" (a customer whose e-mail the identity
	// provider verified to be the account's; see tenants.DB.AccountOf), or "nobody" (the account has
	// neither, or its customer may have a password from before their first single sign-on).
	ShownTo string `json:"shown_to"`
}

func (a *API) previewCard(c *gin.Context) {
	var want previewCard
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	v, err := a.cardView(c.Request.Context(), &want, c.GetHeader("Accept-Language"))
	answer(c, http.StatusOK, v, err)
}

func (a *API) cardView(ctx context.Context, want *previewCard, language string) (*cardView, error) {
	named := 0
	for _, given := range []bool{want.ExternalID != "", want.CustomerID != 0, want.Email != ""} {
		if given {
			named++
		}
	}
	if named != 1 {
		return nil, problem.New(problem.Invalid, "Choose whose card to show: send one of external_id, customer_id and email.")
	}
	settings, err := a.cfg.DB.StorefrontSettings(ctx)
	if err != nil {
		return nil, err
	}
	settings.CardFields = want.CardFields
	if err := settings.Check(); err != nil {
		return nil, err
	}
	store, err := a.cfg.DB.Store(ctx, tenants.StoreHash(ctx))
	if err != nil {
		return nil, err
	}
	accounts, err := a.cfg.DB.Accounts(ctx, tenants.AccountFilter{ExternalID: want.ExternalID, CustomerID: want.CustomerID, Email: want.Email})
	if err != nil {
		return nil, err
	}
	if len(accounts) == 0 {
		return nil, problem.New(problem.NotFound, "Your back-office system has sent no such account. Send it with PUT /api/v1/customer-accounts, or choose another.")
	}
	account := &accounts[0]
	v := &cardView{Fields: customer.FormatCard(settings.Card(account), store.Currency, language), UpdatedAt: account.UpdatedAt, ShownTo: "nobody"}
	v.Account.ExternalID, v.Account.CustomerID, v.Account.Email = account.ExternalID, account.CustomerID, account.Email
	shown, err := a.cfg.DB.MayBeShown(ctx, account)
	switch {
	case err != nil:
		return nil, err
	case shown:
		v.ShownTo = "customer"
	case account.CustomerID == 0 && account.Email != "":
		v.ShownTo = "verified_email"
	}
	return v, nil
}
